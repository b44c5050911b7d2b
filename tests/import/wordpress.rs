//! An export of WordPress: its links, and the shapes in which its posts come.

use super::{Site, export, item, png};

/// An export of the site at this address, with these items.
fn export_of(home: &str, items: &str) -> String {
    export(items).replace(
        "<title>The Harbour</title>",
        &format!(
            "<title>The Harbour</title>\n<link>{home}</link>\n<wp:base_site_url>{home}</wp:base_site_url>\n\
             <wp:base_blog_url>{home}</wp:base_blog_url>\n<image><url>x</url><link>https://elsewhere.example</link></image>"
        ),
    )
}

fn entry(id: u32, name: &str, link: &str, content: &str) -> String {
    format!(
        "<title>{name}</title><link>{link}</link><guid isPermaLink=\"false\">http://before.example/?p={id}</guid>\
         <wp:post_id>{id}</wp:post_id><wp:post_name><![CDATA[{name}]]></wp:post_name>\
         <content:encoded><![CDATA[{content}]]></content:encoded>"
    )
}

/// The article of the post that is called `name`, without its head.
fn body(site: &Site, name: &str) -> String {
    let file = site.path().join(format!("out/2016/2016-03-04-{name}.md"));
    std::fs::read_to_string(file).unwrap().splitn(3, "---\n").nth(2).unwrap().to_owned()
}

#[test]
fn links_between_posts_lead_to_their_articles() {
    let links = "<p><a href=\"https://old.example/blog/2016/03/04/tide/\">a</a> <a href=\"http://www.old.example/blog/2016/03/04/tide\">b</a> \
        <a href=\"https://old.example/blog/?p=2\">c</a> <a href=\"/blog/?p=2\">d</a> <a href=\"/blog/2016/03/04/tide/?utm=x\">e</a> \
        <a href=\"../tide/#the-quay\">f</a> <a href=\"https://old.example/blog/2016/03/04/tide/#comments\">g</a> \
        <a href=\"http://before.example/?p=2\">h</a> <a href=\"https://old.example/blog/2016/03/04/ebb/\">i</a> \
        <a href=\"https://old.example/blog/index.php/2016/03/04/TIDE/\">j</a></p>";
    let others = "<p><a href=\"https://old.example/blog/about/\">about</a> <a href=\"/blog/about/\">us</a> <a href=\"https://old.example/blog/?p=4\">draft</a> \
        <a href=\"https://old.example/blog/tag/x/\">tag</a> <a href=\"https://old.example/blog/\">home</a> <a href=\"https://old.example/shop/\">shop</a> \
        <a href=\"https://old.example/blog/2016/03/04/tide/quay/\">quay</a> <a href=\"https://old.example/blog/?attachment_id=6\">again</a> \
        <a href=\"https://old.example/blog/wp-content/uploads/plan.pdf\">plan</a> <a href=\"https://other.example/2016/03/04/tide/\">other</a></p>\
        <a href=\"https://old.example/blog/wp-content/uploads/quay.png\"><img src=\"https://old.example/blog/wp-content/uploads/quay-300x200.png\" alt=\"The quay\"></a>";
    let tide = entry(
        2,
        "tide",
        "https://old.example/blog/2016/03/04/tide/",
        "<h2>The Quay</h2><p><a href=\"#the-quay\">x</a></p>",
    ) + "<wp:postmeta><wp:meta_key>_wp_old_slug</wp:meta_key><wp:meta_value>ebb</wp:meta_value></wp:postmeta>";
    let quay = entry(6, "quay", "https://old.example/blog/2016/03/04/tide/quay/", "")
        + "<wp:attachment_url>https://old.example/blog/wp-content/uploads/quay.png</wp:attachment_url>";
    let items =
        item("post", "publish", &entry(1, "links", "https://old.example/blog/2016/03/04/links/", links))
            + &item(
                "post",
                "publish",
                &entry(3, "others", "https://old.example/blog/2016/03/04/others/", others),
            )
            + &item("post", "publish", &tide)
            + &item("post", "draft", &entry(4, "later", "https://old.example/blog/?p=4", ""))
            + &item("page", "publish", &entry(5, "about", "https://old.example/blog/about/", ""))
            + &item("attachment", "inherit", &quay);
    let site = Site::new()
        .with("export.xml", export_of("https://old.example/blog", &items))
        .with("uploads/quay.png", png());
    let (code, told) = site.import("wordpress export.xml --out out --uploads uploads");
    assert_eq!(code, 0, "{told}");
    site.passes();
    let tide = "../2016/2016-03-04-tide.md";
    let to_tide = |name: &str| format!("[{name}]({tide})");
    let expected = ["a", "b", "c", "d", "e"].map(to_tide).join(" ")
        + &format!(" [f]({tide}#the-quay) ")
        + &["g", "h", "i", "j"].map(to_tide).join(" ");
    assert_eq!(body(&site, "links").trim(), expected);
    assert!(
        told.contains("tide/#comments` leads to the whole post: that has no heading `#comments`"),
        "{told}"
    );
    assert_eq!(
        body(&site, "others").trim(),
        "[about](https://old.example/blog/about/) [us](https://old.example/blog/about/) [draft](https://old.example/blog/?p=4) \
         [tag](https://old.example/blog/tag/x/) [home](https://old.example/blog/) [shop](https://old.example/shop/) \
         [quay](https://old.example/blog/wp-content/uploads/quay.png) [again](https://old.example/blog/wp-content/uploads/quay.png) \
         [plan](https://old.example/blog/wp-content/uploads/plan.pdf) [other](https://other.example/2016/03/04/tide/)\n\n\
         ![The quay](images/others/quay.png)"
    );
    for (link, what) in [
        ("about/", "a page"),
        ("?p=4", "a draft"),
        ("tag/x/", "what is no post of the export"),
        ("wp-content/uploads/plan.pdf", "a file"),
    ] {
        let line = format!(
            "the link `https://old.example/blog/{link}` stays as it is: it leads to the old site, to {what}, which is not imported"
        );
        assert_eq!(told.matches(&line).count(), 1, "{line}\n{told}");
    }
    assert_eq!(told.matches("stays as it is").count(), 4, "{told}");
    let (_, again) = site.import("wordpress export.xml --out out --uploads uploads");
    assert!(again.contains("3 are there already, unchanged."), "{again}");
}

#[test]
fn a_post_has_the_day_and_the_zone_of_its_site() {
    let fields = entry(1, "early", "https://old.example/early/", "<p>Text.</p>")
        + "<wp:post_date><![CDATA[2016-03-05 00:30:00]]></wp:post_date>\
           <wp:post_date_gmt><![CDATA[2016-03-04 22:30:00]]></wp:post_date_gmt>";
    let site =
        Site::new().with("export.xml", export_of("https://old.example", &item("post", "publish", &fields)));
    let (code, told) = site.import("wordpress export.xml --out out");
    assert_eq!(code, 0, "{told}");
    site.passes();
    let article = std::fs::read_to_string(site.path().join("out/2016/2016-03-05-early.md")).unwrap();
    assert!(article.contains("\ndate: 2016-03-05T00:30:00+02:00\n"), "{article}");
}

#[test]
fn a_synced_pattern_is_put_in_and_what_the_site_alone_could_show_is_told() {
    let content = "<!-- wp:paragraph -->\n<p>Before.</p>\n<!-- /wp:paragraph -->\n\n<!-- wp:block {\"ref\":99} /-->\n\n\
        <!-- wp:latest-posts /--><!-- wp:rss {\"feedURL\":\"https://x.example/feed\"} /-->\n<!-- wp:image /-->\n\
        <!-- wp:block {\"ref\":98} /-->\n<!-- wp:block {\"ref\":97} /-->\n<!-- wp:paragraph -->\n<p>After [chart id=1].</p>\n\
        <!-- /wp:paragraph -->\n<!-- wp:block {\"ref\":96,\"content\":{\"Word\":{\"content\":\"Of its own.\"}}} /-->\n\
        <!-- wp:block {\"ref\":96,\"content\":{}} /-->\n<!-- wp:block {\"ref\":95,\"content\":{\"Lead\":{\"content\":\"\\u003cem\\u003eHere\\u003c/em\\u003e only.\"}}} /-->";
    let named = "<!-- wp:paragraph {\"metadata\":{\"name\":\"Lead\"}} -->\n<p>Everywhere.</p>\n<!-- /wp:paragraph -->";
    let pattern = "<!-- wp:paragraph -->\n<p>The text of the <b>house</b>.</p>\n<!-- /wp:paragraph -->\n<!-- wp:block {\"ref\":96} /-->";
    let none = "https://old.example/?p=";
    let items = item("post", "publish", &entry(1, "house", "https://old.example/house/", content))
        + &item("wp_block", "publish", &entry(99, "pattern", none, pattern))
        + &item("wp_block", "draft", &entry(97, "unseen", none, "<p>Not yet.</p>"))
        + &item("wp_block", "publish", &entry(96, "inner", none, "<p>Within it.</p>"))
        + &item("wp_block", "publish", &entry(95, "named", none, named));
    let export = export_of("https://old.example", &items);
    let first = export[..export.find("<p>Before").unwrap()].matches('\n').count();
    let site = Site::new().with("export.xml", export);
    let (code, told) = site.import("wordpress export.xml --out out");
    assert_eq!(code, 0, "{told}");
    site.passes();
    assert_eq!(
        body(&site, "house").trim(),
        "Before.\n\nThe text of the **house**.\n\nWithin it.\n\nAfter .\n\nWithin it.\n\nWithin it.\n\n*Here* only."
    );
    let places = [
        (6, "the block `latest-posts` is left out: its site makes what it shows"),
        (6, "the block `rss` is left out: its site makes what it shows"),
        (8, "the synced pattern 98 is left out: the export does not have it"),
        (9, "the synced pattern 97 is left out: the export does not have it"),
        (11, "the shortcode `[chart id=1]` is left out"),
        (
            13,
            "of what this post says in place of words of the synced pattern 96, not all can be put in: that is left out",
        ),
    ];
    for (line, what) in places {
        let line = format!("export.xml:{}: {what}", first + line);
        assert_eq!(told.matches(&line).count(), 1, "{line}\n{told}");
    }
    assert_eq!(told.matches("is left out").count(), places.len(), "{told}");
    assert!(told.contains("Passed over: synced patterns (4)."), "{told}");
}

#[test]
fn what_stands_above_more_is_the_summary_without_pictures_and_a_format_is_no_tag() {
    let picture = "<img src=\"https://old.example/a.png\" alt=\"A quay\">";
    let blocks = format!(
        "<!-- wp:paragraph -->\n<p>It {picture} <b>sails</b>.</p>\n<!-- /wp:paragraph -->\n<!-- wp:image --><figure>{picture}</figure>\
         <!-- /wp:image -->\n<!-- wp:more {{\"customText\":\"On\"}} -->\n<!--more On-->\n\
         <!-- /wp:more -->\n<!-- wp:paragraph -->\n<p>Rest.</p>\n<!-- /wp:paragraph -->"
    );
    let long = format!("{}<!--more-->\n\nRest.", "Long. ".repeat(60));
    let formats = "<category domain=\"post_format\" nicename=\"post-format-aside\"><![CDATA[Aside]]></category>\
        <category domain=\"post_tag\" nicename=\"sea\"><![CDATA[Sea]]></category>";
    let excerpt = "<excerpt:encoded><![CDATA[Its own.]]></excerpt:encoded>";
    let at = |id: u32, name: &str, content: &str| {
        entry(id, name, &format!("https://old.example/{name}/"), content)
    };
    let items = item("post", "publish", &(at(1, "blocks", &blocks) + formats))
        + &item("post", "publish", &at(2, "classic", "First.\n\nSecond.<!--more-->\n\nRest."))
        + &item("post", "publish", &(at(3, "own", "First.\n\n<!--more-->\n\nRest.") + excerpt))
        + &item("post", "publish", &at(4, "long", &long));
    let site = Site::new().with("export.xml", export_of("https://old.example", &items));
    let (code, told) = site.import("wordpress export.xml --out out");
    assert_eq!(code, 0, "{told}");
    site.passes();
    let articles = site.articles();
    let of =
        |key: &str| -> Vec<&str> { articles.lines().filter_map(|line| line.strip_prefix(key)).collect() };
    assert_eq!(of("summary: "), ["It sails.", "First. Second.", "Its own."], "{articles}");
    assert_eq!(of("tags: "), ["[Sea]"], "{articles}");
    let jekyll = Site::new().with(
        "blog/_posts/2016-03-04-a.md",
        "---\ntitle: The <b>ferry</b>\n---\nIt ![A quay](https://old.example/a.png) *sails*.\n\n![At night](https://old.example/b.png)\n\
         <!--more-->\n\nRest.\n",
    );
    let (code, told) = jekyll.import("jekyll blog --out out");
    assert_eq!(code, 0, "{told}");
    let article = jekyll.articles();
    assert!(
        article.contains("\nsummary: It sails.\n") && article.contains("\ntitle: The ferry\n"),
        "{article}"
    );
}

#[test]
fn footnotes_of_the_editor_become_footnotes() {
    let sup = |id: &str| {
        format!("<sup data-fn=\"{id}\" class=\"fn\"><a href=\"#{id}\" id=\"{id}-link\">1</a></sup>")
    };
    let content = format!(
        "<!-- wp:paragraph -->\n<p>One{} and <b>two</b>{}, one again{}.</p>\n<!-- /wp:paragraph -->\n\
         <!-- wp:heading -->\n<h2>Three{}</h2>\n<!-- /wp:heading -->\n<!-- wp:footnotes /-->",
        sup("b"),
        sup("a"),
        sup("b"),
        sup("gone")
    );
    let notes = r#"[{"content":"The <em>first</em>,<br>of <a href=\"https://e.org/\">two</a>.","id":"a"},{"content":"A \u201csecond\u201d. <iframe src=\"https://www.youtube.com/embed/9\"></iframe><iframe src=\"https://player.example/9\"></iframe>","id":"b"},{"content":"x","id":"c"}]"#;
    let fields = entry(1, "notes", "https://old.example/notes/", &content)
        + &format!(
            "<wp:postmeta><wp:meta_key>footnotes</wp:meta_key><wp:meta_value><![CDATA[{notes}]]></wp:meta_value></wp:postmeta>"
        );
    let export = export_of("https://old.example", &item("post", "publish", &fields));
    let first = export[..export.find("<p>One").unwrap()].matches('\n').count();
    let site = Site::new().with("export.xml", export);
    let (code, told) = site.import("wordpress export.xml --out out");
    assert_eq!(code, 0, "{told}");
    site.passes();
    assert_eq!(
        body(&site, "notes").trim(),
        "One[^1] and **two**[^2], one again[^1].\n\n## Three\n\n[^1]: A “second”. <https://www.youtube.com/watch?v=9>\n\n\
         [^2]: The *first*,\\\n    of [two](https://e.org/)."
    );
    for line in [
        format!(
            "export.xml:{}: a reference to a footnote is left out: the export does not have the note",
            first + 4
        ),
        format!("export.xml:{}: footnotes to which nothing refers are left out (1)", first + 6),
        format!(
            "export.xml:{}: of footnote 1: `<iframe>` does not go into a mail and is left out",
            first + 6
        ),
    ] {
        assert!(told.contains(&line), "{line}\n{told}");
    }
    assert_eq!(told.matches("left out").count(), 3, "{told}");
}

#[test]
fn what_is_lost_is_told_at_its_own_line() {
    let content = "<!-- wp:paragraph -->\n<p>One.</p>\n<!-- /wp:paragraph -->\n<!-- wp:paragraph -->\n\
        <p><a href=\"#gone\">a</a> <a href=\"#fares\">b</a>\n<a href=\"https://old.example/about/?a=1&amp;b=2\">c</a></p>\n<!-- /wp:paragraph -->\n\
        <!-- wp:heading -->\n<h2 id=\"fares\">What it costs</h2>\n<!-- /wp:heading -->\n\
        <table><tr><td\nrowspan=\"2\">1</td><td>2</td></tr><tr><td>3</td></tr></table>\n<!-- wp:html -->\n<!-- half\n\
        <p>Hidden.</p>\n<!-- /wp:html -->\n<p>Seen.</p>";
    let about = item("page", "publish", &entry(2, "about", "https://old.example/about/", ""));
    let items = item("post", "publish", &entry(1, "lines", "https://old.example/lines/", content)) + &about;
    let export = export_of("https://old.example", &items);
    let line = |mark: &str| export[..export.find(mark).unwrap()].matches('\n').count() + 1;
    let expected = [
        (line("#gone"), "the link `#gone` is left out: there is no such heading"),
        (line("about/?a"), "the link `https://old.example/about/?a=1&b=2` stays as it is"),
        (line("rowspan"), "a cell over several rows (`rowspan`) stands in the first of them"),
        (line("<!-- half"), "a comment that is never closed"),
    ]
    .map(|(line, what)| format!("  export.xml:{line}: {what}"));
    let site = Site::new().with("export.xml", export);
    let (code, told) = site.import("wordpress export.xml --out out");
    assert_eq!(code, 0, "{told}");
    site.passes();
    for line in &expected {
        assert!(told.contains(line), "{line}\n{told}");
    }
    assert_eq!(told.matches("  export.xml").count(), expected.len(), "{told}");
    let body = body(&site, "lines");
    assert!(body.contains("a [b](#fares)") && body.contains("## What it costs {#fares}"), "{body}");
    assert!(body.contains("| 1 | 2 |\n| --- | --- |\n|  | 3 |") && body.contains("Seen."), "{body}");
}

#[test]
fn a_name_that_is_taken_and_a_date_that_is_none_are_told_as_they_are() {
    let post = |name: &str, date: &str, more: &str| {
        let fields = entry(1, name, "https://old.example/x/", "<p>Text.</p>") + more;
        item("post", "publish", &fields).replace("2016-03-04 11:00:00", date)
    };
    let none = "0000-00-00 00:00:00";
    let items = post("same", "2016-03-04 11:00:00", "")
        + &post("same", "2016-03-05 11:00:00", "")
        + &post("undated", "", "")
        + &post("odd", none, "<wp:post_date>0000-00-00 00:00:00</wp:post_date>")
        + &post("fed", none, "<pubDate>Fri, 04 Mar 2016 11:00:00 +0200</pubDate>");
    let site = Site::new().with("export.xml", export_of("https://old.example", &items));
    let (code, told) = site.import("wordpress export.xml --out out");
    assert_eq!(code, 1, "{told}");
    for what in [
        ": the name `same` is that of out/2016/2016-03-04-same.md; here it is `same-2`\n",
        ": it has no date\n",
        ": its date is `0000-00-00 00:00:00`, which is none\n",
    ] {
        assert!(told.contains(what), "{what}{told}");
    }
    let articles = site.articles();
    assert!(
        articles
            .contains("## out/2016/2016-03-04-fed.md\n---\ntitle: fed\ndate: 2016-03-04T11:00:00+02:00\n"),
        "{articles}"
    );
    let site = Site::new()
        .with("site/content/posts/odd.md", "---\ntitle: Odd\ndate: Sept 5, 2026\n---\nText.\n")
        .with("site/content/posts/none.md", "---\ntitle: None\n---\nText.\n");
    let (_, told) = site.import("hugo site --out out");
    for line in [
        "posts/odd.md:3: `Sept 5, 2026` is no date that is read; write it as in 2016-03-04\n",
        "posts/none.md: it has no date, in its head or its file's name\n",
    ] {
        assert!(told.contains(line), "{line}{told}");
    }
}

#[test]
fn letters_of_windows_are_read_as_they_were_meant() {
    let head = b"---\ntitle: Latin\ndate: 2016-03-04\n---\n".as_slice();
    let site = Site::new()
        .with("blog/_posts/2016-03-04-latin.md", [head, b"F\xe4hre \x96 \x805 \xe2\x82\xac\n"].concat());
    let (code, told) = site.import("jekyll blog --out out");
    assert_eq!(code, 0, "{told}");
    let line = "latin.md:5: this is not UTF-8 but Windows-1252, and is read as that";
    assert!(told.contains(line), "{told}");
    assert!(site.articles().contains("\nFähre – €5 €\n"), "{}", site.articles());
    let export = export_of(
        "https://old.example",
        &item("post", "publish", &entry(1, "boat", "https://old.example/b/", "<p>F#hre.</p>")),
    );
    let line = export[..export.find("F#hre").unwrap()].matches('\n').count() + 1;
    let bytes: Vec<u8> = export.bytes().map(|b| if b == b'#' { 0xe4 } else { b }).collect();
    let site = Site::new().with("export.xml", bytes);
    let (code, told) = site.import("wordpress export.xml --out out");
    assert_eq!(code, 0, "{told}");
    assert!(told.contains(&format!("  export.xml:{line}: this is not UTF-8")), "{told}");
    assert_eq!(body(&site, "boat"), "Fähre.\n");
}
