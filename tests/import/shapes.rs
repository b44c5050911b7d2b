//! The shapes in which people have written their posts, one site of each program.

use super::{Site, export, item, png};

fn post(name: &str, body: &str) -> String {
    format!("---\ntitle: \"{name}\"\ndate: 2016-03-04\n---\n{body}")
}

/// What came of `line`: the report and the articles, which pass the check.
fn told(site: &Site, line: &str) -> String {
    let (code, told) = site.import(line);
    assert_eq!(code, 0, "{told}");
    site.passes();
    format!("{told}\n{}", site.articles())
}

#[test]
fn posts_of_jekyll_in_many_shapes() {
    let mut site = Site::new()
        .with("blog/_config.yml", "title: The Harbour\nurl: https://harbour.example\nbaseurl: /blog\npermalink: pretty\nauthor: {name: Ann}\n")
        .with("blog/img/quay.png", png())
        .with("blog/assets/low tide.png", png());
    for (name, body) in [
        (
            "notice",
            "<div markdown=\"1\" class=\"note\">\n**Mind** [the gap](/2016/03/04/pictures/).\n\n* one\n* two\n</div>\n\n\
             {% capture notice %}\n#### New\n\n* Times\n{% endcapture %}\n\n<div class=\"notice\">\n  {{ notice | markdownify }}\n</div>\n\n\
             <details markdown=\"1\">\n<summary>More</summary>\n\nHidden *text*.\n</details>\n",
        ),
        (
            "pictures",
            "![](../img/quay.png)\n![Rel](../../../../img/quay.png)\n![Abs]({{ site.url }}{{ site.baseurl }}/img/quay.png)\n\
             ![Low]({{ \"/assets/low tide.png\" | relative_url }})\n<img src=\"{{ site.baseurl }}/img/quay.png\" alt=\"In HTML\">\n\n\
             <figure>\n<a href=\"/img/quay.png\"><img src=\"/img/quay.png\" alt=\"Quay\"></a>\n<figcaption>The quay</figcaption>\n</figure>\n[![Large](/img/quay.png)](/img/quay.png)\n![Gone](/img/gone.png)\n\n\
             {% include figure image_path=\"/img/quay.png\" alt=\"The quay\" caption=\"At *night*.\" %}\n",
        ),
        (
            "references",
            "See [the note][n], [the map] and [it](../pictures/){:target=\"_blank\"}.[^1]\n\n*[TK]: To come\n\n\
             [n]: {{ site.baseurl }}{% post_url 2016-03-04-notice %}\n[the map]: https://map.example/ \"Map\"\n\n[^1]: A note,\n    of two lines.\n",
        ),
        (
            "code",
            "{% highlight ruby linenos %}\nputs \"{% raw %}{{ x }}{% endraw %}\"\n{% endhighlight %}\n\n~~~ ruby\nx\n\n\ny\n~~~\n{: .wide}\n\n\
             1. One\n\n   {% highlight sh %}\n   ls\n   {% endhighlight %}\n\n2. Two, `x`{:.sh}\n",
        ),
        (
            "liquid",
            "{% assign ship = \"Anna\" %}{{ ship }} of {{ site.title }}, by {{ site.author.name }}.\n\n\
             {% for post in site.posts %}\n* {{ post.title }}\n{% endfor %}\n\n{% if site.ads %}Ads{% else %}Free{% endif %} at {{ site.url }}.\n\n\
             {% include toc.html %}\n{% include video id=\"abc\" provider=\"youtube\" %}\n\nHalf {% a tag\n",
        ),
        (
            "tables",
            "|---\n| Ship | Tons | Flag |\n|:-|-:\n| Anna | 90 | fi |\n|---\n\n|-----+-----|\n| a  | b   |\n|:----|----:|\n| 1   | 2   |\n|=====+=====|\n| 3   | 4   |\n\nTide\n: Water that comes\n",
        ),
        (
            "html",
            "<iframe width=\"560\" src=\"https://www.youtube.com/embed/abc\"></iframe>\n\n<script src=\"https://gist.github.com/ann/123.js\"></script>\n\n\
             A </a> stray, <a name=\"top\"></a>an anchor, <a href=\"/map\">the map</a></a>, <span style=\"color:red\">red</span>.\n\n\
             {::options parse_block_html=\"true\" /}\n\n<div>\n**Bold** in it.\n</div>\n\n{::comment}\nsecret\n{:/comment}\n\nIntro.<!--more-->Rest.\n",
        ),
    ] {
        site = site.with(&format!("blog/_posts/2016-03-04-{name}.md"), post(name, body));
    }
    let told = told(&site, "jekyll blog --out out");
    assert!(!told.contains("secret"), "{told}");
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(told) });
}

#[test]
fn posts_of_hugo_in_many_shapes() {
    let mut site = Site::new()
        .with(
            "site/hugo.toml",
            "baseURL = 'https://tidings.example/'\n[permalinks]\nposts = '/:year/:slug/'\n",
        )
        .with("site/static/img/quay.png", png())
        .with("site/content/posts/bundle/boat.png", png())
        .with("site/content/posts/bundle/img/deck.png", png());
    for (name, body) in [
        (
            "figures",
            "{{< figure src=\"/img/quay.png\" title=\"The quay\" >}}\n\n{{< figure\n  src=\"/img/quay.png\"\n  alt=\"Quay\"\n  caption=\"By [Ann](https://ann.example), *now*\"\n>}}\n\n\
             {{< figure src=\"/img/quay.png\" alt=\"A \\\"quay\\\"\" link=\"https://map.example\" >}}\n\n![Quay](/img/quay.png)\n{.center width=\"30\"}\n",
        ),
        (
            "media",
            "{{< youtube id=\"w7Ft2ymGmfc\" autoplay=\"true\" >}}\n\n{{< vimeo 146022717 >}}\n\n{{< gist ann 7896402 \"a.html\" >}}\n\n{{< tweet user=\"ann\" id=\"14\" >}}\n\n\
             <iframe src=\"https://player.vimeo.com/video/1\"></iframe>\n\n{{< soundcloud 1 >}}\n",
        ),
        (
            "code",
            "{{< highlight html \"linenos=table\" >}}\n<p>{{ .Content }}</p>\n{{< /highlight >}}\n\n```go {linenos=table}\nx := {{ .Title }}\n```\n\n\
             Write `{{</* ref \"x\" */>}}`.\n\n{{< mermaid >}}\na --> b\n{{< /mermaid >}}\n\n- item\n\n  {{< highlight sh >}}\n  ls\n  {{< /highlight >}}\n",
        ),
        (
            "links",
            "[a]({{< ref \"figures.md\" >}}) [b]({{< relref \"/posts/media\" >}}) [c]({{< relref \"#here\" >}}) [d](/2016/code/) [e](../media/) \
             [f](https://www.tidings.example/2016/bundle/) [g](bundle/index.md) [h](/tags/x/)\n\n## Here\n",
        ),
        (
            "boxes",
            "{{< notice warning >}}\nMind the **gap**.\n{{< /notice >}}\n\n{{% details summary=\"More\" %}}\nHidden.\n{{% /details %}}\n\n\
             {{< tabs >}}{{< tab \"One\" >}}First{{< /tab >}}{{< tab \"Two\" >}}Second{{< /tab >}}{{< /tabs >}}\n\n{{< button href=\"https://map.example\" >}}Map{{< /button >}}\n\n\
             {{< quote author=\"Ann\" >}}\nIt sails.\n{{< /quote >}}\n\n> [!NOTE]\n> Not today.\n\n{{< chart >}}\n{\"a\": 1}\n{{< /chart >}}\n\n{{< half a code\n",
        ),
        (
            "bundle/index",
            "![](boat.png) ![Deck](./img/deck.png) ![Quay](/img/quay.png) ![Quay](https://tidings.example/img/quay.png)\n\n\
             [![Large](boat.png)](boat.png)\n\n<a id=\"top\"></a>A <a href=\"/posts/media/\">film</a> and a stray</a>.\n",
        ),
    ] {
        let title = name.trim_end_matches("/index");
        site = site.with(&format!("site/content/posts/{name}.md"), post(title, body));
    }
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(told(&site, "hugo site --out out")) });
}

#[test]
fn posts_of_wordpress_in_many_shapes() {
    let classic = "Paragraph with <strong>bold</strong>.\nSecond line.\n\n\
        [caption id=\"a\" width=\"300\"]<a href=\"http://old.example/wp-content/uploads/quay.png\"><img src=\"http://old.example/wp-content/uploads/quay-300x200.png\" alt=\"Quay\" /></a> At <em>night</em>[/caption]\n\n\
        <h3>Fares</h3>\nText after it\nnext line\n<ul>\n\t<li>One\n<ul>\n\t<li>Nested</li>\n</ul>\n</li>\n\t<li>Two</li>\n</ul>\nText after a list\n\n\
        <pre lang=\"php\">if ($a &lt; 1) {\n\n  echo \"[x]\";\n}</pre>\n[sourcecode language=\"php\"]\n$a = \"<b>\";\n\n$b = [1];\n[/sourcecode]\n\n\
        [youtube=http://www.youtube.com/watch?v=abc&w=640]\n\n[vimeo 123]\n\n[gallery ids=\"9,10\"]\n\n[gallery]\n\n[audio mp3=\"http://sound.example/x.mp3\"][/audio]\n\n\
        [contact-form-7 id=\"1\"] [button link=\"http://map.example\"]Map[/button] [[gallery]] [sic] note[1]\n\n<!--more-->\n\n\
        <table><tbody><tr><td>a</td><td>b</td></tr><tr><td>1</td><td>2</td></tr></tbody></table>\n<form action=\"x\"><input name=\"q\"></form>\n* no list\n# no heading";
    let blocks = "<!-- wp:list {\"ordered\":true} -->\n<ol><!-- wp:list-item -->\n<li>One<!-- wp:list -->\n<ul><!-- wp:list-item -->\n<li>Nested</li>\n<!-- /wp:list-item --></ul>\n<!-- /wp:list --></li>\n<!-- /wp:list-item --></ol>\n<!-- /wp:list -->\n\n\
        <!-- wp:gallery -->\n<figure class=\"wp-block-gallery\"><!-- wp:image -->\n<figure><a href=\"http://old.example/wp-content/uploads/quay.png\"><img src=\"http://old.example/wp-content/uploads/quay-1024x768.png\" alt=\"Quay\"/></a><figcaption>The quay</figcaption></figure>\n<!-- /wp:image --></figure>\n<!-- /wp:gallery -->\n\n\
        <!-- wp:code -->\n<pre class=\"wp-block-code\"><code>let x = &lt;1&gt;;\n  [code a=\"1\"]</code></pre>\n<!-- /wp:code -->\n\n\
        <!-- wp:table -->\n<figure><table><thead><tr><th>A</th><th>B</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table><figcaption>Tons</figcaption></figure>\n<!-- /wp:table -->\n\n\
        <!-- wp:embed {\"url\":\"x\"} -->\n<figure><div>\nhttps://www.youtube.com/watch?v=abc\n</div></figure>\n<!-- /wp:embed -->\n\n\
        <!-- wp:file -->\n<div class=\"wp-block-file\"><a href=\"http://old.example/wp-content/uploads/plan.pdf\">Plan</a><a href=\"http://old.example/wp-content/uploads/plan.pdf\" class=\"wp-block-file__button\" download>Download</a></div>\n<!-- /wp:file -->\n\n\
        <!-- wp:video -->\n<figure><video controls src=\"http://film.example/v.mp4\"></video></figure>\n<!-- /wp:video -->\n\n\
        <!-- wp:columns -->\n<div><!-- wp:column -->\n<div><!-- wp:paragraph -->\n<p>Left</p>\n<!-- /wp:paragraph --></div>\n<!-- /wp:column --></div>\n<!-- /wp:columns -->\n\n\
        <!-- wp:latest-posts /-->\n\n<!-- wp:freeform -->\nClassic.\n\nSecond.\n<!-- /wp:freeform -->\n\n<!-- wp:quote -->\n<blockquote><p>Quoted</p><cite>Ann</cite></blockquote>\n<!-- /wp:quote -->";
    let entry = |id: u32, name: &str, content: &str| {
        let more = format!(
            "<title>{name}</title><link>http://old.example/{name}/</link><wp:post_id>{id}</wp:post_id><wp:post_name>{name}</wp:post_name>\
             <content:encoded><![CDATA[{content}]]></content:encoded>"
        );
        item("post", "publish", &more)
    };
    let picture = |id: u32, parent: u32, name: &str| {
        let more = format!(
            "<title>{name}</title><link>http://old.example/?attachment_id={id}</link><wp:post_id>{id}</wp:post_id><wp:post_parent>{parent}</wp:post_parent>\
             <wp:attachment_url>http://old.example/wp-content/uploads/{name}</wp:attachment_url>\
             <wp:postmeta><wp:meta_key>_wp_attachment_image_alt</wp:meta_key><wp:meta_value>Of {name}</wp:meta_value></wp:postmeta>"
        );
        item("attachment", "inherit", &more)
    };
    let items = entry(1, "classic", classic)
        + &entry(2, "blocks", blocks)
        + &picture(9, 2, "quay.png")
        + &picture(10, 1, "boat.png")
        + &picture(11, 1, "plan.pdf");
    let site = Site::new()
        .with("export.xml", export(&items))
        .with("uploads/quay.png", png())
        .with("uploads/boat.png", png());
    let told = told(&site, "wordpress export.xml --out out --uploads uploads");
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(told) });
}
