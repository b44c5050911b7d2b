//! Writing of elsewhere becomes articles that pass the check; what is lost is told.
#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod shapes;
mod sites;
mod wordpress;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::lint::program::straight;

/// A folder with a site in it.
struct Site(tempfile::TempDir);

impl Site {
    fn new() -> Self {
        Site(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn with(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    /// The file `name` was last changed at `moment`.
    fn changed_at(self, name: &str, moment: &str) -> Self {
        let file = fs::File::options().append(true).open(self.path().join(name)).unwrap();
        file.set_modified(moment.parse::<chrono::DateTime<chrono::Utc>>().unwrap().into()).unwrap();
        self
    }

    fn import(&self, line: &str) -> (i32, String) {
        let mut arguments = vec!["import"];
        arguments.extend(line.split(' '));
        straight(self.path(), &arguments)
    }

    /// Every article, with its path.
    fn articles(&self) -> String {
        let mut files = Vec::new();
        walk(&self.path().join("out"), &mut files);
        let shown = files.iter().map(|file| {
            let name = file.strip_prefix(self.path()).unwrap().display();
            match fs::read_to_string(file) {
                Ok(text) => format!("## {name}\n{text}\n"),
                Err(_) => format!("## {name}\n"),
            }
        });
        shown.collect()
    }

    /// The check finds no error in what was written.
    fn passes(&self) {
        let (code, told) = straight(self.path(), &["check", "--articles", "out", "out"]);
        assert_eq!(code, 0, "{told}");
    }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}

fn png() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(4, 4).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn jekyll() -> Site {
    Site::new()
        .with("blog/_config.yml", "title: The Harbour\n")
        .with("blog/assets/ferry.png", png())
        .with(
            "blog/_posts/2016-03-04-the-ferry.md",
            "---\nlayout: post\ntitle:  \"The Ferry: Back\"\ndate:   2016-03-04 06:00:00 -0500\ncategories: harbour news\nauthor: ann\n\
             image: /assets/ferry.png\nreading_time: 4\n---\nIt sails {% include times.html %} again.\n<!--more-->\n\n\
             ![A ferry]({{ site.baseurl }}/assets/ferry.png)\n![Gone](/assets/gone.png)\n\n{% highlight rust %}\nlet x;\n{% endhighlight %}\n\n\
             See [the tide]({% post_url 2016-03-05-tide %}), [the map](/map.html), [here](#no-heading) and [it](javascript:x).\n\
             {: .note}\n\n<div class=\"x\"><b>Raw</b> &amp; <a href=\"/old\">old</a><iframe src=\"x\"></iframe></div>\n",
        )
        .with("blog/_posts/2016-03-05-tide.markdown", "---\ntitle: 2016\ntags: [tide, \"the sea\"]\n---\n\nHigh.\n")
        .with("blog/_posts/2016-03-06-broken.md", "---\ntitle: The ferry: back again\n---\nText.\n")
        .with("blog/_posts/2016-03-07-latin.md", b"---\ntitle: Caf\xe9\n---\nText.\n")
        .with("blog/_posts/2016-03-08-tide.md", "---\n---\nNo title of its own.\n")
        .with("blog/_drafts/later.md", "---\ntitle: Later\n---\nText.\n")
        .changed_at("blog/_drafts/later.md", "2016-05-06T12:00:00Z")
        .with("blog/_posts/2016-03-09-hidden.md", "---\ntitle: Hidden\npublished: false\n---\nText.\n")
        .with("blog/about.md", "---\ntitle: About\n---\nNo post.\n")
}

#[test]
fn a_jekyll_site_becomes_articles() {
    let site = jekyll();
    let (code, dry) = site.import("jekyll blog --out out --dry-run");
    assert_eq!(code, 1, "{dry}");
    assert!(!site.path().join("out").exists());
    let (code, told) = site.import("jekyll blog --out out");
    assert_eq!(code, 1);
    assert_eq!(
        dry.replace("would become articles", "became articles"),
        told.lines()
            .filter(|line| !line.contains("may still mend"))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    );
    site.passes();
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!("jekyll_report", told);
        insta::assert_snapshot!("jekyll_articles", site.articles());
    });
    // Nothing is overwritten, and nothing changes.
    let before = site.articles();
    let (code, again) = site.import("jekyll blog/_posts --out out");
    assert_eq!(code, 1);
    assert!(again.contains("0 posts became articles; 1 did not. 5 are there already, unchanged."), "{again}");
    assert_eq!(site.articles(), before);
}

#[test]
fn links_within_the_old_site_lead_there_when_it_is_named() {
    let site = jekyll();
    site.import("jekyll blog --out out --site https://blog.example.com/a/");
    let articles = site.articles();
    assert!(articles.contains("[the map](https://blog.example.com/map.html)"), "{articles}");
    assert!(articles.contains("![Gone](https://blog.example.com/assets/gone.png)"), "{articles}");
    site.passes();
}

#[test]
fn a_hugo_site_becomes_articles() {
    let site = Site::new()
        .with("site/static/img/quay.png", png())
        .with("site/content/posts/ferry/boat.png", png())
        .with(
            "site/content/posts/ferry/index.md",
            "+++\ntitle = 'The Ferry'\ndate = 2016-03-04T06:00:00+01:00\ntags = [\"harbour\"]\nauthors = [\"Ann Reed\", \"Bo\"]\n\
             [cover]\nimage = \"boat.png\"\nalt = \"A boat\"\n[params]\nseries = 3\n+++\n{{< figure src=\"boat.png\" alt=\"A boat\" \
             caption=\"On trials\" >}}\n\n![Quay](/img/quay.png)\n\nSee [tide]({{< ref \"tide.md\" >}}). {{< chart id=3 >}}\n\n\
             {{< youtube w7Ft2ymGmfc >}}\n",
        )
        .with("site/content/posts/tide.md", "---\ntitle: Tide\ndate: 2016-03-05\ndraft: true\n---\nHigh.\n")
        .with("site/content/posts/json.md", "{\n \"title\": \"JSON\",\n \"date\": \"2016-03-06\"\n}\n\nText.\n")
        .with("site/content/posts/bad-toml.md", "+++\ntitle = The Ferry\n+++\nText.\n")
        .with("site/content/posts/no-date.md", "---\ntitle: No date\n---\nText.\n")
        .with("site/content/posts/unclosed.md", "+++\ntitle = \"x\"\nText.\n")
        .with("site/content/_index.md", "---\ntitle: Home\n---\n");
    let (code, told) = site.import("hugo site --out out");
    assert_eq!(code, 1);
    site.passes();
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!("hugo_report", told);
        insta::assert_snapshot!("hugo_articles", site.articles());
    });
}

fn item(kind: &str, status: &str, more: &str) -> String {
    format!(
        "<item>\n<dc:creator><![CDATA[ann]]></dc:creator>\n<wp:post_date_gmt>2016-03-04 11:00:00</wp:post_date_gmt>\n\
         <wp:status><![CDATA[{status}]]></wp:status>\n<wp:post_type><![CDATA[{kind}]]></wp:post_type>\n{more}\n</item>\n"
    )
}

fn export(items: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<!DOCTYPE rss [<!ENTITY x SYSTEM \"file:///etc/passwd\"><!ENTITY y \"&x;&x;\">]>\n\
         <rss version=\"2.0\"><channel>\n<title>The Harbour</title>\n<wp:author><wp:author_login>ann</wp:author_login>\
         <wp:author_display_name><![CDATA[Ann Reed]]></wp:author_display_name></wp:author>\n{items}</channel>\n</rss>\n"
    )
}

#[test]
fn a_wordpress_export_becomes_articles() {
    let post = "<title>Fish &amp; Chips &y; &#8217;n&#8217; more</title><wp:post_id>1</wp:post_id><wp:post_name>fish</wp:post_name>\
        <content:encoded><![CDATA[<!-- wp:paragraph -->\n<p>It <strong>sails</strong>.</p>\n<!-- /wp:paragraph -->\n\n\
        <!-- wp:image --><figure><img src=\"https://old.example/wp-content/uploads/2016/03/ferry-300x200.png\" alt=\"A ferry\"/>\
        <figcaption>On trials</figcaption></figure><!-- /wp:image -->\n<p>[gallery ids=\"1\"] <a href=\"/about\">About</a> \
        <a href=\"https://old.example/x\">x</a></p>]]></content:encoded><excerpt:encoded><![CDATA[<p>It &nbsp; sails.</p>]]></excerpt:encoded>\
        <category domain=\"category\" nicename=\"news\"><![CDATA[News &amp; Views]]></category><category>Uncategorized</category>\
        <wp:comment><wp:comment_content>Hello</wp:comment_content></wp:comment>\
        <wp:postmeta><wp:meta_key>_thumbnail_id</wp:meta_key><wp:meta_value>9</wp:meta_value></wp:postmeta>";
    let classic = "<title>Classic</title><wp:post_name>%C3%A4rger</wp:post_name><content:encoded><![CDATA[One.\nTwo.\n\nThree.]]></content:encoded>";
    let picture = "<wp:post_id>9</wp:post_id><wp:attachment_url>https://old.example/wp-content/uploads/2016/03/ferry.png</wp:attachment_url>\
        <wp:postmeta><wp:meta_key>_wp_attachment_image_alt</wp:meta_key><wp:meta_value>The ferry</wp:meta_value></wp:postmeta>";
    let items = item("post", "publish", post)
        + &item("post", "publish", classic)
        + &item("post", "draft", "<title>Draft</title>")
        + &item("post", "private", "<title>Mine</title>")
        + &item("page", "publish", "<title>About</title>")
        + &item("attachment", "inherit", picture)
        + &item("post", "publish", "<content:encoded>no title</content:encoded>");
    let site = Site::new().with("export.xml", export(&items)).with("uploads/2016/03/ferry.png", png());
    let (code, told) = site.import("wordpress export.xml --out out --uploads uploads");
    assert_eq!(code, 1);
    site.passes();
    assert!(!site.articles().contains("root:"));
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!("wordpress_report", told);
        insta::assert_snapshot!("wordpress_articles", site.articles());
    });
    let before = site.articles();
    let (code, again) = site.import("wordpress export.xml --out out --uploads uploads");
    assert!(
        code == 1 && again.contains("0 posts became articles; 1 did not. 2 are there already, unchanged."),
        "{again}"
    );
    assert_eq!(site.articles(), before);
}

#[test]
fn a_post_with_a_password_becomes_no_article_and_is_counted() {
    let with = |name: &str, password: &str| {
        let more = format!(
            "<title>{name}</title><wp:post_name>{name}</wp:post_name><wp:post_password><![CDATA[{password}]]></wp:post_password>\
             <content:encoded><![CDATA[<p>Of {name}.</p>]]></content:encoded>"
        );
        item("post", "publish", &more)
    };
    let site = Site::new().with("export.xml", export(&(with("members", "quay") + &with("all", ""))));
    let (code, told) = site.import("wordpress export.xml --out out");
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("Passed over: posts with a password (1)."), "{told}");
    assert!(!site.articles().contains("members") && site.articles().contains("Of all."), "{told}");
}

#[test]
fn pictures_that_stay_on_the_web_are_told_with_their_article() {
    let post = "<title>Fish</title><wp:post_name>fish</wp:post_name><content:encoded><![CDATA[<p>It sails.</p>\
        <img src=\"https://old.example/wp-content/uploads/2016/03/ferry.png\" alt=\"A ferry\"/>\
        <p><img src=\"https://pictures.example/quay.jpg\" alt=\"A quay\"/></p>\
        <img src=\"https://pictures.example/quay.jpg\" alt=\"Again\"/>]]></content:encoded>";
    let site = Site::new().with("export.xml", export(&item("post", "publish", post)));
    let site = site.with("uploads/2016/03/ferry.png", png());
    let (code, told) = site.import("wordpress export.xml --out out --dry-run");
    assert_eq!(code, 0, "{told}");
    let all = "\nPictures that stay on the web:\n  out/2016/2016-03-04-fish.md: https://old.example/wp-content/uploads/2016/03/ferry.png\n  \
        out/2016/2016-03-04-fish.md: https://pictures.example/quay.jpg\n  They are shown for as long as they are there. \
        To have them: import anew with --uploads FOLDER,";
    assert!(told.contains(all), "{told}");
    let (_, told) = site.import("wordpress export.xml --out out --uploads uploads");
    assert!(told.contains("with 1 picture.") && !told.contains("ferry.png"), "{told}");
    assert!(told.contains("fish.md: https://pictures.example/quay.jpg\n  They are"), "{told}");
    assert!(told.contains("To have them: save each beside its article"), "{told}");
    site.passes();
}

#[test]
fn what_is_no_export_is_told_with_its_place() {
    let deep = format!("<rss>{}", "<a>".repeat(100_000));
    let huge = format!("<rss><item><title>{}</title></item></rss>", "x".repeat(17 << 20));
    let laughs = export("<item><title>&lol9;</title></item>");
    let bad = [b"<rss><channel><item><title>Caf\xe9 \x08</title>".as_slice(), item("x", "y", "").as_bytes()]
        .concat();
    let mut report = String::new();
    for (name, bytes) in [
        ("page.xml", b"<html><body>x</body></html>".to_vec()),
        ("empty.xml", Vec::new()),
        ("cut.xml", b"<rss>\n<channel>\n<item>\n<title>x".to_vec()),
        ("crossed.xml", b"<rss>\n<channel>\n</rss>".to_vec()),
        ("deep.xml", deep.into_bytes()),
        ("huge.xml", huge.into_bytes()),
        ("laughs.xml", laughs.into_bytes()),
        ("bad.xml", bad),
    ] {
        let site = Site::new().with(name, bytes);
        let (code, told) = site.import(&format!("wordpress {name} --out out"));
        report.push_str(&format!("# {name}: {code}\n{told}\n"));
    }
    for line in ["wordpress . --out out", "wordpress no.xml", "jekyll no", "jekyll .", "hugo . --site here"] {
        let (code, told) = Site::new().import(line);
        report.push_str(&format!("# {line}: {code}\n{told}\n"));
    }
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(report) });
}

#[test]
fn a_large_export_takes_little_memory() {
    let site = Site::new();
    let mut file = std::io::BufWriter::new(fs::File::create(site.path().join("export.xml")).unwrap());
    let text = "<p>The ferry sails again on Monday.</p>\n".repeat(2_500);
    file.write_all(b"<rss version=\"2.0\"><channel>\n").unwrap();
    // Pages are passed over, so that the test measures the reading: 40 MB of it.
    for number in 0..400 {
        let more = format!("<title>{number}</title><content:encoded><![CDATA[{text}]]></content:encoded>");
        file.write_all(item("page", "publish", &more).as_bytes()).unwrap();
    }
    file.write_all(b"</channel></rss>\n").unwrap();
    drop(file);
    let size = fs::metadata(site.path().join("export.xml")).unwrap().len();
    assert!(size > 30_000_000, "{size}");
    let program = env!("CARGO_BIN_EXE_straight");
    let limited = format!("ulimit -v 900000; exec {program} import wordpress export.xml --out out --dry-run");
    // The program refuses variables that it does not know, and the tests have one of their own.
    let output = std::process::Command::new("bash")
        .args(["-c", &limited])
        .current_dir(site.path())
        .env_clear()
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("Passed over: pages (400)."), "{told}{complaint}");
}
