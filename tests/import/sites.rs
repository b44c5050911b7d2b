//! Whole sites, as someone has them who moves: what is a post becomes an article, and nothing else is lost sight of.

use std::fs;

use super::{Site, png, straight};

fn post(title: &str, more: &str, body: &str) -> String {
    format!("---\ntitle: {title}\n{more}---\n{body}\n")
}

/// A photograph that is not like the others.
fn png_of(shade: u8) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(4, 4, image::Rgb([shade; 3]));
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn harbour_blog() -> Site {
    Site::new()
        .with("blog/_config.yml", "title: The Harbour\ncollections: {boats: {output: true}}\n")
        .with("blog/_layouts/post.html", "---\nlayout: default\n---\n{{ content }}\n")
        .with("blog/_includes/times.html", "07:00\n")
        .with("blog/_boats/anna.md", post("Anna", "", "A cutter."))
        .with("blog/_site/2016/03/04/ferry.html", "<p>Built.</p>")
        .with("blog/index.md", post("Home", "layout: home\n", "Welcome."))
        .with("blog/about/index.html", "---\ntitle: About\n---\n<p>Us.</p>\n")
        .with("blog/map.html", "<p>No front matter: copied as it is.</p>")
        .with("blog/assets/quay.png", png())
        .with(
            "blog/_posts/2016-03-04-ferry.md",
            post(
                "The Ferry",
                "tags: [boats]\n",
                "![Quay](/assets/quay.png)\n\nSee [the final]({% post_url sport/2016-03-05-results %}), \
                 [a result]({% post_url 2016-03-05-results %}) and [the draft](../_drafts/wreck.md), \
                 [the vote](/news/local/2016/03/05/results.html), [the wreck]({{ site.baseurl }}/wrecks/anna/) and [elsewhere](/map.html).\n\n{% include times.html %}\n\n\
                 {% highlight sh %}\nls\n{% endhighlight %}",
            ),
        )
        .with("blog/_posts/wreck.md", post("The Wreck", "", "Its name has no day."))
        .with("blog/_posts/2016-03-07-moved.textile", "h1. Moved\n")
        .with("blog/sport/_posts/2016-03-05-results.md", post("The Final", "", "Two to one."))
        .with("blog/news/local/_posts/2016-03-05-results.md", post("The Vote", "", "Forty to ten."))
        .with("blog/_drafts/wreck.md", post("The Wreck", "date: 2016-04-01\npermalink: /wrecks/anna/\n", "To be written."))
}

#[test]
fn a_whole_jekyll_site_moves() {
    let site = harbour_blog();
    let (code, told) = site.import("jekyll blog --out out");
    assert_eq!(code, 0, "{told}");
    site.passes();
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!("jekyll_site_report", told);
        insta::assert_snapshot!("jekyll_site_articles", site.articles());
    });
}

#[test]
fn a_draft_without_a_day_has_that_of_its_file_and_stays_a_draft() {
    let site = harbour_blog()
        .with("blog/_drafts/later.md", post("Later", "", "Soon."))
        .changed_at("blog/_drafts/later.md", "2016-05-06T12:00:00Z");
    let (code, told) = site.import("jekyll blog --out out");
    assert_eq!(code, 0, "{told}");
    assert!(
        told.contains("blog/_drafts/later.md: this draft has no date, and gets that of its file, 2016-05-06"),
        "{told}"
    );
    let article = fs::read_to_string(site.path().join("out/2016/2016-05-06-later.md")).unwrap();
    assert!(article.contains("\ndate: 2016-05-06\n") && article.contains("\ndraft: true\n"), "{article}");
    site.passes();
}

fn tidings() -> Site {
    Site::new()
        .with("site/hugo.toml", "defaultContentLanguage = 'en'\n[languages.en]\n[languages.de]\n")
        .with("site/archetypes/default.md", "+++\ndate = '{{ .Date }}'\n+++\n")
        .with("site/themes/plain/exampleSite/content/post/hello.md", post("Hello", "date: 2016-01-01\n", "x"))
        .with("site/public/post/tide/index.html", "<p>Built.</p>")
        .with("site/static/img/quay.png", png())
        .with("site/content/_index.md", post("Home", "", "Welcome."))
        .with("site/content/about.md", post("About", "date: 2016-01-01\n", "Us."))
        .with("site/content/post/_index.md", post("Posts", "", "All of them."))
        .with("site/content/post/notes.org", "* Notes\n")
        .with(
            "site/content/post/tide.md",
            post(
                "High Tide",
                "date: 2016-03-04\n",
                "![Quay](/img/quay.png)\n\nSee [the flood](flood/index.md#the-quay), [it again](/post/flood/), [low water](/old/low.html) and [last year]({{< ref \"/blog/2015/tide.md\" >}}), \
                 [which one]({{< relref \"nowhere.md\" >}}).\n\n{{< figure src=\"/img/quay.png\" alt=\"The quay\" attr=\"Ann Reed\" >}}\n\n\
                 {{< youtube w7Ft2ymGmfc >}}\n\n{{< poll id=3 >}}",
            ),
        )
        .with("site/content/post/tide.de.md", post("Flut", "date: 2016-03-04\n", "Hoch."))
        .with("site/content/blog/2015/tide.md", post("Low Tide", "date: 2015-03-04\naliases: [/old/low.html]\n", "Low."))
        .with(
            "site/content/post/flood/index.md",
            post("The Flood", "date: 2016-03-05\n", "## The quay\n\n![The quay under water](water.png)"),
        )
        .with("site/content/post/flood/water.png", png_of(80))
        .with("site/content/post/flood/unused.png", png_of(90))
        .with("site/content/post/flood/figures.csv", "a,b\n")
        .with("site/content/post/flood/sidebar.md", post("Sidebar", "", "In numbers."))
        .with("site/content/post/ebb.md", post("Ebb", "date: 2016-03-06\ndraft: true\n", "To be written."))
        .with("site/content/post/2016-03-08-day.md", post("The Day Is in Its Name", "", "Yes."))
        .with("site/content/post/future.md", post("The New Quay", "date: 2199-01-02\n", "It opens."))
        .with(
            "site/content/post/embargo.md",
            post("The Budget", "publishDate: 2199-01-03\ndate: 2016-03-07\n", "Not before the vote."),
        )
        .with("site/content/post/gone.md", post("Gone", "date: 2016-03-09\nexpiryDate: 2017-01-01\n", "Over."))
}

#[test]
fn a_whole_hugo_site_moves() {
    let site = tidings();
    let (code, told) = site.import("hugo site --out out");
    assert_eq!(code, 0, "{told}");
    site.passes();
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!("hugo_site_report", told);
        insta::assert_snapshot!("hugo_site_articles", site.articles());
    });
}

#[test]
fn a_section_alone_may_be_named_and_its_pictures_are_those_of_its_site() {
    let site = tidings();
    let (code, told) = site.import("hugo site/content/post --out out --dry-run");
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("out/2016/2016-03-04-tide.md\n") && told.contains("with 2 pictures."), "{told}");
    assert!(!told.contains("out/2015"), "{told}");
    let (_, told) = harbour_blog().import("jekyll blog/_posts --out out --dry-run");
    assert!(told.contains("1 post would become articles, with 1 picture."), "{told}");
}

#[test]
fn whole_addresses_of_the_site_that_is_named_lead_to_its_posts() {
    let link = "[the final](https://blog.example.com/sport/2016/03/05/results.html#goals) and \
                [the map](https://blog.example.com/map.html) and [another](https://example.com/2016/03/04/ferry.html).\n\n\
                Bare: https://blog.example.com/2016/03/04/ferry.html, <https://blog.example.com/2016/03/04/ferry.html>.";
    let site = harbour_blog().with("blog/_posts/2016-03-09-links.md", post("Links", "", link));
    let (code, told) = site.import("jekyll blog --out out --site https://blog.example.com");
    assert_eq!(code, 0, "{told}");
    let told_of = "links.md:4: the link `https://blog.example.com/sport/2016/03/05/results.html#goals` leads to the whole post: \
                   that has no heading `#goals`";
    assert!(told.contains(told_of), "{told}");
    site.passes();
    let article = fs::read_to_string(site.path().join("out/2016/2016-03-09-links.md")).unwrap();
    let links = "[the final](../2016/2016-03-05-results-2.md) and [the map](https://blog.example.com/map.html) and \
                 [another](https://example.com/2016/03/04/ferry.html).\n\n\
                 Bare: [https://blog.example.com/2016/03/04/ferry.html](../2016/2016-03-04-ferry.md), \
                 [https://blog.example.com/2016/03/04/ferry.html](../2016/2016-03-04-ferry.md).";
    assert!(article.contains(links), "{article}");
}

/// Names that YAML reads as numbers, and a post that cannot become an article: others do not link to it.
#[test]
fn links_lead_to_articles_that_there_are() {
    let site = Site::new()
        .with(
            "site/content/post/a.md",
            post("A", "date: 2016-03-04\n", "[x](404.md) [y](bad.md) [z]({{< ref \"bad.md\" >}})"),
        )
        .with("site/content/post/404.md", post("Not found", "date: 2016-03-05\n", "x"))
        .with("site/content/post/bad.md", post(&"x".repeat(2_000), "date: 2016-13-45\n", "x"))
        .with("site/content/post/2016-02-30-bad.md", post("No such day", "", "x"));
    let (code, told) = site.import("hugo site --out out");
    assert!(code == 1 && told.contains("2 posts became articles; 2 did not."), "{told}");
    assert!(told.contains("there is no post `bad.md` to link to"), "{told}");
    assert!(told.contains("2016-02-30-bad.md: it would be no article: "), "{told}");
    assert!(site.articles().contains("[x](../2016/2016-03-05-404.md) y z"), "{}", site.articles());
    site.passes();
}

/// A heading that another post does not have would be an error of the check.
#[test]
fn links_to_headings_that_are_not_there_lead_to_the_post() {
    let site = Site::new()
        .with(
            "site/content/post/a.md",
            post("A", "date: 2016-03-04\n", "[x]({{< ref \"b.md#none\" >}}) [y](b.md#the-quay)"),
        )
        .with("site/content/post/b.md", post("B", "date: 2016-03-05\n", "## The quay\n\n[a](a.md#)"));
    let (code, told) = site.import("hugo site --out out");
    assert!(
        code == 0 && told.contains("a.md:5: the link `../2016/2016-03-05-b.md#none` leads to the whole post"),
        "{told}"
    );
    assert!(site.articles().contains("[x](../2016/2016-03-05-b.md) [y](../2016/2016-03-05-b.md#the-quay)"));
    site.passes();
}

/// Two of a name, one that an editor wrote: each keeps what is its own.
#[test]
fn no_post_takes_the_name_of_another_or_of_an_article() {
    let site = Site::new()
        .with("site/content/a/tide.md", post("Tide A", "date: 2016-03-04\n", "One."))
        .with("site/content/b/tide.md", post("Tide B", "date: 2016-03-04\n", "Two."))
        .with("site/content/b/ferry.md", post("Ferry", "date: 2016-03-05\n", "Three."))
        .with("out/mine.md", post("Ferry", "date: 2020-01-01\nslug: ferry\n", "Of an editor."));
    let (code, told) = site.import("hugo site --out out");
    assert_eq!(code, 0, "{told}");
    for line in [
        "site/content/b/tide.md: the name `tide` is that of site/content/a/tide.md; here it is `tide-2`",
        "site/content/b/ferry.md: the name `ferry` is that of out/mine.md; here it is `ferry-2`",
    ] {
        assert!(told.contains(line), "{told}");
    }
    let read = |name: &str| fs::read_to_string(site.path().join("out").join(name)).unwrap();
    assert!(read("2016/2016-03-04-tide.md").contains("One."));
    assert!(read("2016/2016-03-04-tide-2.md").contains("Two."));
    assert!(read("2016/2016-03-05-ferry-2.md").contains("slug: ferry-2\n"));
    assert!(read("mine.md").contains("Of an editor."));
    site.passes();
}

#[test]
fn a_second_run_adds_what_is_new_and_changes_nothing() {
    for (line, site) in [("jekyll blog --out out", harbour_blog()), ("hugo site --out out", tidings())] {
        let (_, first) = site.import(line);
        let before = site.articles();
        let written = first.lines().filter(|line| line.starts_with("out/")).count();
        let (code, again) = site.import(line);
        assert_eq!(code, 0, "{again}");
        assert!(
            again.contains(&format!("0 posts became articles. {written} are there already, unchanged.")),
            "{again}"
        );
        assert!(!again.contains("Left out") && !again.contains("Not imported"), "{again}");
        assert_eq!(site.articles(), before);
    }

    // A post that came in between, and sorts before one of its name, takes nothing from it.
    let site = tidings();
    site.import("hugo site --out out");
    let before = site.articles();
    let site = site.with("site/content/a/tide.md", post("Another Tide", "date: 2014-03-04\n", "New."));
    let (code, told) = site.import("hugo site --out out");
    assert!(code == 0 && told.contains("out/2014/2014-03-04-tide-3.md\n"), "{told}");
    assert!(told.contains("1 post became articles."), "{told}");
    fs::remove_file(site.path().join("out/2014/2014-03-04-tide-3.md")).unwrap();
    assert_eq!(site.articles(), before);

    // What an editor has mended since is left as it is, and told.
    let mended = site.path().join("out/2016/2016-03-05-flood.md");
    fs::write(&mended, fs::read_to_string(&mended).unwrap().replace("under water", "below the water"))
        .unwrap();
    let (code, told) = site.import("hugo site --out out");
    assert_eq!(code, 1, "{told}");
    assert!(
        told.contains("flood/index.md: `out/2016/2016-03-05-flood.md` is there already, with another content, and is not overwritten"),
        "{told}"
    );
    assert!(fs::read_to_string(&mended).unwrap().contains("below the water"));
}

/// Whoever stands in the folder of the posts has the articles beneath it.
#[test]
fn articles_that_are_written_into_the_site_are_no_posts_of_it() {
    let site = Site::new().with("2016-03-04-ferry.md", post("Ferry", "", "It sails."));
    let (code, first) = site.import("jekyll . --out out");
    assert!(code == 0 && first.contains("1 post became articles."), "{first}");
    let before = site.articles();
    let (code, again) = site.import("jekyll . --out out");
    assert!(
        code == 0 && again.contains("0 posts became articles. 1 is there already, unchanged."),
        "{again}"
    );
    assert_eq!(site.articles(), before);
}

#[test]
fn a_picture_that_is_there_already_is_not_overwritten() {
    let site = tidings().with("out/2016/images/flood/water.png", png_of(7));
    let (_, dry) = site.import("hugo site --out out --dry-run");
    let (_, told) = site.import("hugo site --out out");
    let line = "`out/2016/images/flood/water.png` is there already, another picture, and is not overwritten";
    assert!(dry.contains(line) && told.contains(line), "{told}");
    assert_eq!(fs::read(site.path().join("out/2016/images/flood/water.png")).unwrap(), png_of(7));
}

/// What is outside of the site is nobody's post and nobody's picture, by whatever way it is named.
#[cfg(unix)]
#[test]
fn nothing_outside_of_the_site_is_read() {
    use std::os::unix::fs::symlink;
    let site = Site::new()
        .with("secret.png", png_of(1))
        .with("secret/2016-01-01-diary.md", post("Diary", "date: 2016-01-01\n", "Dear diary."))
        .with("site/hugo.toml", "contentDir = '../secret'\n")
        .with(
            "site/content/post/a.md",
            post(
                "A",
                "date: 2016-03-04\nimage: ../../../secret.png\n",
                "![x](../../../secret.png) ![y](/../../secret.png) ![z](link.png) ![w](/deep/secret.png) ![v](..%2f..%2f..%2fsecret.png)",
            ),
        )
        .with("blog/_config.yml", "")
        .with("blog/_posts/2016-03-04-b.md", post("B", "", "![x](/../secret.png)"));
    let path = |name: &str| site.path().join(name);
    symlink(path("secret.png"), path("site/content/post/link.png")).unwrap();
    symlink(path("secret"), path("site/content/post/more")).unwrap();
    symlink(path("secret/2016-01-01-diary.md"), path("site/content/post/diary.md")).unwrap();
    symlink(path("."), path("site/static")).unwrap();
    fs::create_dir(path("blog/sport")).unwrap();
    symlink(path("secret"), path("blog/sport/_posts")).unwrap();
    for line in ["hugo site --out out", "hugo site/content --out out2", "jekyll blog --out out"] {
        let (_, told) = site.import(line);
        assert!(!told.contains("Diary") && !told.contains("with 1 picture"), "{told}");
        assert!(told.contains(": a symbolic link, which is not followed"), "{told}");
        assert!(told.contains("1 post became articles."), "{told}");
    }
    let articles = site.articles();
    assert!(!articles.contains("diary") && !articles.contains("images/"), "{articles}");
}

#[test]
fn a_site_in_one_language_is_imported_from_the_folder_of_that_language() {
    let site = Site::new()
        .with(
            "site/config/_default/hugo.yaml",
            "defaultContentLanguage: de\nlanguages:\n  de: {contentDir: content/de}\n  en: {contentDir: content/en}\n",
        )
        .with("site/content/de/post/flut.md", post("Flut", "date: 2016-03-04\n", "Hoch."))
        .with("site/content/en/post/flut.md", post("Tide", "date: 2016-03-04\n", "High."));
    let (code, told) = site.import("hugo site --out out");
    assert_eq!(code, 0, "{told}");
    assert!(
        told.contains("site/content/en/post/flut.md: in another language (`en`) than the site's"),
        "{told}"
    );
    assert!(told.contains("1 post became articles."), "{told}");
    assert!(site.articles().contains("title: Flut"));

    // Without a configuration a translation is known by what stands beside it.
    let site = Site::new()
        .with("posts/tide.md", post("Tide", "date: 2016-03-04\n", "High."))
        .with("posts/tide.de.md", post("Flut", "date: 2016-03-04\n", "Hoch."))
        .with("posts/node.js.md", post("On Node", "date: 2016-03-05\n", "A program."));
    let (code, told) = straight(site.path(), &["import", "hugo", "posts", "--out", "out"]);
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("posts/tide.de.md: in another language (`de`)"), "{told}");
    assert!(told.contains("2 posts became articles."), "{told}");
}

/// The line of the front matter of the article `name` that begins with `key`.
fn line_of(site: &Site, name: &str, key: &str) -> Option<String> {
    let article = fs::read_to_string(site.path().join("out").join(name)).unwrap();
    let head = article.split("---\n").nth(1).unwrap().to_owned();
    head.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": ").map(str::to_owned))
}

#[test]
fn what_jekyll_says_of_many_posts_at_once_is_theirs_unless_they_say_otherwise() {
    let config = "\
defaults:
  - scope: {path: sport}
    values: {author: Ann Reed, tags: [match]}
  - scope: {path: '', type: posts}
    values: {author: The Desk, description: From the harbour., layout: post, show_sidebar: true}
  - scope: {path: ''}
    values: {author: Nobody, tags: [all]}
  - scope: {path: 'sport/*/2016-03-06-*'}
    values: {published: false}
  - scope: {path: '', type: pages}
    values: {description: A page.}
";
    let site = Site::new()
        .with("blog/_config.yml", config)
        .with("blog/_posts/2016-03-04-ferry.md", post("The Ferry", "", "It sails."))
        .with(
            "blog/_posts/2016-03-05-quay.md",
            post("The Quay", "authors: [Bo Ek]\nexcerpt: Ours.\n", "It stands."),
        )
        .with("blog/sport/_posts/2016-03-05-final.md", post("The Final", "", "Two to one."))
        .with("blog/sport/_posts/2016-03-06-cup.md", post("The Cup", "tags: [cup]\n", "Lost."))
        .with("blog/sport/_posts/2016-03-06-won.md", post("The Game", "published: true\n", "Won."));
    let (code, told) = site.import("jekyll blog --out out");
    assert_eq!(code, 0, "{told}");
    site.passes();
    let line = |name: &str, key: &str| line_of(&site, name, key).unwrap_or_default();
    assert_eq!(line("2016/2016-03-04-ferry.md", "author"), "{name: The Desk}");
    assert_eq!(line("2016/2016-03-04-ferry.md", "summary"), "From the harbour.");
    assert_eq!(line("2016/2016-03-04-ferry.md", "tags"), "[all]");
    assert_eq!(line("2016/2016-03-05-quay.md", "author"), "{name: Bo Ek}");
    assert_eq!(line("2016/2016-03-05-quay.md", "summary"), "Ours.");
    assert_eq!(line("2016/2016-03-05-final.md", "author"), "{name: Ann Reed}");
    assert_eq!(line("2016/2016-03-05-final.md", "tags"), "[match, sport]");
    assert_eq!(line("2016/2016-03-05-final.md", "draft"), "");
    assert_eq!(line("2016/2016-03-06-cup.md", "tags"), "[cup, sport]");
    assert_eq!(line("2016/2016-03-06-cup.md", "draft"), "true");
    assert_eq!(line("2016/2016-03-06-won.md", "draft"), "");
    assert!(!site.articles().contains("show_sidebar"), "a theme's settings are nothing of a post");

    // The folder of posts alone is one of its site; a configuration that cannot be read is told.
    fs::remove_dir_all(site.path().join("out")).unwrap();
    site.import("jekyll blog/sport/_posts --out out");
    assert_eq!(line("2016/2016-03-05-final.md", "author"), "{name: Ann Reed}");
    let site = site.with("blog/_config.yml", "title: [x\n");
    let (code, told) = site.import("jekyll blog --out out2");
    assert!(code == 0 && told.contains("blog/_config.yml: line 1: "), "{told}");
    assert!(told.contains("its `defaults` are not taken"), "{told}");
}

#[test]
fn what_hugo_hands_down_to_a_section_is_its_posts_and_what_has_no_page_is_none() {
    let section = |cascade: &str| format!("---\ntitle: Section\n{cascade}---\nAll of them.\n");
    let one = "cascade:\n  author: Ann Reed\n  banner: /img/quay.png\n  _build: {list: local}\n";
    let several = "cascade:\n- _target: {path: '/post/sport/final*'}\n  draft: true\n- target: {kind: section}\n  \
                   author: Nobody\n- author: The Sport Desk\n";
    let site = Site::new()
        .with("site/hugo.toml", "[cascade]\nauthor = 'The Desk'\nsummary = 'From the harbour.'\n")
        .with("site/static/img/quay.png", png())
        .with("site/content/post/_index.md", section(one))
        .with("site/content/post/tide.md", post("High Tide", "date: 2016-03-04\n", "Up."))
        .with("site/content/post/ebb.md", post("Ebb", "date: 2016-03-05\nauthor: Bo Ek\n", "Down."))
        .with("site/content/post/sport/_index.md", section(several))
        .with("site/content/post/sport/final.md", post("The Final", "date: 2016-03-06\n", "Lost."))
        .with("site/content/post/sport/cup.md", post("The Cup", "date: 2016-03-07\n", "Won."))
        .with("site/content/blog/old.md", post("Old", "date: 2015-03-07\n", "Of before."))
        .with(
            "site/content/post/parts/index.md",
            post("Parts", "date: 2016-03-08\nheadless: true\n", "Shown elsewhere."),
        )
        .with("site/content/post/parts/ship.png", png_of(70))
        .with(
            "site/content/post/never.md",
            post("Never", "date: 2016-03-09\nbuild: {render: never, list: never}\n", "Nowhere."),
        )
        .with("site/content/broken/_index.md", "---\ncascade: [x\n---\n")
        .with("site/content/broken/post.md", post("Whole", "date: 2016-03-10\n", "Beside it."));
    let (code, told) = site.import("hugo site --out out");
    assert_eq!(code, 0, "{told}");
    site.passes();
    let line = |name: &str, key: &str| line_of(&site, name, key).unwrap_or_default();
    assert_eq!(line("2016/2016-03-04-tide.md", "author"), "{name: Ann Reed}");
    assert_eq!(line("2016/2016-03-04-tide.md", "summary"), "From the harbour.");
    assert!(line("2016/2016-03-04-tide.md", "image").contains("images/tide/quay.png"));
    assert_eq!(line("2016/2016-03-05-ebb.md", "author"), "{name: Bo Ek}");
    assert_eq!(line("2016/2016-03-06-final.md", "author"), "{name: The Sport Desk}");
    assert_eq!(line("2016/2016-03-06-final.md", "draft"), "true");
    assert_eq!(line("2016/2016-03-07-cup.md", "draft"), "");
    assert_eq!(line("2015/2015-03-07-old.md", "author"), "{name: The Desk}");
    for name in ["parts/index.md", "never.md"] {
        let what = format!(
            "site/content/post/{name}: without a page of its own (`headless` or `build`), not a post"
        );
        assert!(told.contains(&what), "{told}");
    }
    assert!(!told.contains("ship.png"), "{told}");
    assert!(
        told.contains("site/content/broken/_index.md: ") && told.contains("its `cascade` is not taken"),
        "{told}"
    );
}

#[test]
fn a_relative_link_leads_on_from_the_address_of_its_post() {
    let hugo = Site::new()
        .with("site/hugo.toml", "title = 'x'\n")
        .with("site/content/posts/a.md", post("A", "date: 2016-03-04\n", "[f](../b/) and [g](../gone/)."))
        .with("site/content/posts/b.md", post("B", "date: 2016-03-05\n", "Text."));
    let (code, told) = hugo.import("hugo site --out out --site https://blog.example.com");
    assert_eq!(code, 0, "{told}");
    let articles = hugo.articles();
    assert!(articles.contains("[f](../2016/2016-03-05-b.md)"), "{articles}");
    assert!(articles.contains("[g](https://blog.example.com/posts/gone/)"), "{articles}");
    assert!(
        told.contains("a.md:5: the link `../gone/` leads to https://blog.example.com/posts/gone/"),
        "{told}"
    );
    let jekyll = Site::new()
        .with("blog/_posts/2016-03-04-a.md", post("A", "", "[f](../05/b.html)."))
        .with("blog/_posts/2016-03-05-b.md", post("B", "", "Text."));
    let (code, told) = jekyll.import("jekyll blog --out out --site https://blog.example.com");
    assert_eq!(code, 0, "{told}");
    assert!(jekyll.articles().contains("[f](../2016/2016-03-05-b.md)"), "{}", jekyll.articles());
}

/// The words of the link in the post of each of these names, which leads to the article of "b".
fn all_lead_to_b(site: &Site, line: &str, links: usize) {
    let (code, told) = site.import(line);
    assert_eq!(code, 0, "{told}");
    site.passes();
    let article = fs::read_to_string(site.path().join("out/2016/2016-03-04-a.md")).unwrap();
    assert_eq!(article.matches("](../2016/2016-03-05-b.md)").count(), links, "{article}\n{told}");
}

#[test]
fn links_are_followed_by_the_pattern_of_addresses_that_jekyll_is_configured_with() {
    for (pattern, address) in [
        ("pretty", "/news/2016/03/05/b/"),
        ("ordinal", "/news/2016/065/b.html"),
        ("weekdate", "/news/2016/W09/Sat/b.html"),
        ("none", "/news/b.html"),
        ("/articles/:title", "/articles/b"),
        ("/:year/:i_month/:slug.html", "/2016/3/b.html"),
    ] {
        let links = format!(
            "[a]({address}) [b](/blog{address}) [c](https://www.harbour.example/blog{address}#x) [d]({{{{ site.url }}}}{{{{ site.baseurl }}}}{address})"
        );
        let config = format!("permalink: {pattern}\nurl: https://harbour.example\nbaseurl: /blog\n");
        let site = Site::new()
            .with("blog/_config.yml", config)
            .with("blog/_posts/2016-03-04-a.md", post("A", "", &links))
            .with("blog/_posts/2016-03-05-b.md", post("B", "categories: news\n", "Text."));
        all_lead_to_b(&site, "jekyll blog --out out", 4);
    }
    // Of one post, or of many at once; and relative to the post's own address.
    let config = "defaults:\n- scope: {path: ''}\n  values: {permalink: '/w/:title/'}\n";
    let links = "[a](/w/b/) [b](../../w/b/) [c](/wrecks/anna/)";
    let site = Site::new()
        .with("blog/_config.yml", config)
        .with("blog/_posts/2016-03-04-a.md", post("A", "permalink: /deep/:year/\n", links))
        .with("blog/_posts/2016-03-05-b.md", post("B", "redirect_from: [/wrecks/anna]\n", "Text."));
    all_lead_to_b(&site, "jekyll blog --out out", 3);
    let site = Site::new()
        .with("blog/_config.yml", "permalink: /:colour/:title/\n")
        .with("blog/_posts/2016-03-05-b.md", post("B", "permalink: '/:size/'\n", "Text."));
    let (_, told) = site.import("jekyll blog --out out");
    for line in [
        "blog/_config.yml: `:colour` of the permalink `/:colour/:title/` is not understood: links by such addresses are not followed",
        "2016-03-05-b.md: `:size` of its address `/:size/` is not understood",
    ] {
        assert!(told.contains(line), "{told}");
    }
}

#[test]
fn links_are_followed_by_the_patterns_of_addresses_that_hugo_is_configured_with() {
    for (config, head, address) in [
        ("[permalinks]\nposts = '/:year/:month/:title/'\n", "", "/2016/03/the-b/"),
        ("[permalinks.page]\nposts = '/:slug/'\nnews = '/n/:slug/'\n", "slug: bee\n", "/bee/"),
        ("[permalinks]\nposts = '/:filename.html'\n", "", "/b.html"),
        ("uglyURLs = true\n", "", "/posts/b.html"),
        ("", "slug: bee\n", "/posts/bee/"),
        ("", "url: /bees/:year/\n", "/bees/2016/"),
        ("", "aliases: [old-bee]\n", "/posts/old-bee/"),
    ] {
        let links = format!("[a]({address}) [b](/blog{address}) [c](http://harbour.example/blog{address})");
        let config = format!("baseURL = 'https://www.harbour.example/blog/'\n{config}");
        let site = Site::new()
            .with("site/hugo.toml", config)
            .with("site/content/posts/a.md", post("A", "date: 2016-03-04\n", &links))
            .with("site/content/posts/b.md", post("The B", &format!("date: 2016-03-05\n{head}"), "Text."));
        let (code, told) = site.import("hugo site --out out");
        assert_eq!(code, 0, "{told}");
        let article = fs::read_to_string(site.path().join("out/2016/2016-03-04-a.md")).unwrap();
        assert_eq!(article.matches("](../2016/2016-03-05-b").count(), 3, "{article}\n{told}");
    }
    let site = Site::new()
        .with("site/config/_default/hugo.yaml", "title: x\n")
        .with("site/config/_default/permalinks.yaml", "posts: /:year/:slug/\n")
        .with("site/content/posts/a.md", post("A", "date: 2016-03-04\n", "[a](../b/) [b](/2016/b)"))
        .with("site/content/posts/b.md", post("B", "date: 2016-03-05\n", "Text."));
    all_lead_to_b(&site, "hugo site --out out", 2);
}

/// The names of the files of articles, each with its `date:`.
fn dates(site: &Site) -> Vec<String> {
    let articles = site.articles();
    let lines =
        articles.lines().filter_map(|line| line.strip_prefix("## out/").or(line.strip_prefix("date: ")));
    let lines: Vec<&str> = lines.collect();
    lines.chunks(2).map(|both| both.join(" ")).collect()
}

#[test]
fn a_time_keeps_its_zone_and_its_post_the_day_that_its_author_wrote() {
    let link = "[x]({% post_url 2020-02-01-early %}) [y](/2020/02/01/early.html) [z](/2020/01/31/early.html)";
    let jekyll = Site::new()
        .with("blog/_posts/2020-02-01-early.md", post("Early", "date: 2020-02-01 00:30:00 +0200\n", "Text."))
        .with("blog/_posts/2020-02-02-late.md", post("Late", "date: 2020-02-02 23:30:00 -0500\n", link));
    let (code, told) = jekyll.import("jekyll blog --out out");
    assert_eq!(code, 0, "{told}");
    jekyll.passes();
    assert_eq!(
        dates(&jekyll),
        [
            "2020/2020-02-01-early.md 2020-02-01T00:30:00+02:00",
            "2020/2020-02-02-late.md 2020-02-02T23:30:00-05:00"
        ]
    );
    assert_eq!(
        jekyll.articles().matches("](../2020/2020-02-01-early.md)").count(),
        3,
        "{}",
        jekyll.articles()
    );
    let hugo = Site::new()
        .with("site/content/posts/a.md", post("A", "date: 2020-01-01T00:10:00+02:00\n", "Text."))
        .with(
            "site/content/posts/b.md",
            // Of the two the first is the later one, though it does not look so.
            post("B", "date: 2020-02-01T10:00:00-08:00\npublishDate: 2020-02-01T12:00:00+02:00\n", "Text."),
        )
        .with("site/content/posts/c.md", post("C", "date: 2020-02-01T10:00:00Z\n", "Text."));
    let (code, told) = hugo.import("hugo site --out out");
    assert_eq!(code, 0, "{told}");
    hugo.passes();
    assert_eq!(
        dates(&hugo),
        [
            "2020/2020-01-01-a.md 2020-01-01T00:10:00+02:00",
            "2020/2020-02-01-b.md 2020-02-01T10:00:00-08:00",
            "2020/2020-02-01-c.md 2020-02-01T10:00:00Z"
        ]
    );
}

#[test]
fn what_keeps_a_post_of_jekyll_from_being_an_article_is_told_in_plain_words() {
    let site = Site::new()
        .with("blog/_config.yml", "title: The Harbour\n")
        .with("blog/_posts/2016-03-04-indented.md", "---\ntitle: A\n date: 2016-03-04\n---\nText.\n")
        .with("blog/_posts/2016-13-45-quay.md", post("Quay", "", "Text."))
        .with("blog/_posts/2016-03-05-text.txt", post("Text", "", "Text."))
        .with("blog/_posts/2016-03-06-plan.csv", "a,b\n");
    let (code, told) = site.import("jekyll blog --out out");
    assert_eq!(code, 1, "{told}");
    for words in [
        "2016-03-04-indented.md:3: the front matter cannot be read: `date:` stands further in than `title:` above it",
        "2016-13-45-quay.md: it would be no article: `2016-13-45` is no date",
        "2016-03-05-text.txt: it begins as a post does, and its name does not end in `.md`",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(!told.contains("yet to come") && !told.contains("plan.csv"), "{told}");
}

#[test]
fn of_a_picture_of_hugo_the_caption_is_carried_over_or_told() {
    let site = Site::new()
        .with("site/static/img/quay.png", png())
        .with(
            "site/content/posts/quay.md",
            "---\ntitle: Quay\ndate: 2016-03-04\ncover: {image: /img/quay.png, alt: The quay, caption: \"By [Ann](https://e.org), *here*\"}\n---\n\
             Text.\n\n{{< figure src=\"/img/quay.png\" alt=\"Quay\" caption=\"A **cap** with [link](https://x.example)\" >}}\n\n\
             {{< figure src=\"/img/quay.png\" alt=\"Quay\" caption=\"It's \\\"so\\\" -- [sic]\" >}}\n",
        )
        .with(
            "site/content/posts/map.md",
            "---\ntitle: Map\ndate: 2016-03-05\ncover: {image: /img/quay.png, alt: The quay, caption: \"[Map](/map)\"}\n---\nText.\n",
        );
    let (code, told) = site.import("hugo site --out out");
    assert_eq!(code, 0, "{told}");
    site.passes();
    let articles = site.articles();
    assert!(articles.contains("alt: The quay, caption: \"By [Ann](https://e.org), *here*\"}"), "{articles}");
    assert!(articles.contains("alt: The quay, caption: Map}"), "{articles}");
    let line = "![Quay](<images/quay/quay.png> \"A **cap** with [link](https://x.example)\")";
    assert!(articles.contains(line), "{articles}");
    assert!(told.contains("map.md: of the caption `[Map](/map)` only the words stay"), "{told}");
    assert_eq!(told.matches("only the words stay").count(), 1, "{told}");
}
