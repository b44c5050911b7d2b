//! The part of Markdown that a stranger may use on our pages.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use url::Url;

/// How deep quotes and lists go; what lies deeper is shown at this depth.
const DEEPEST: usize = 4;

/// A comment's text as HTML: paragraphs, quotes, lists, code, emphasis and links, whatever it tries. Headings are strong
/// text, pictures their description, HTML itself is shown as it was written; a line break is one.
///
/// The links say `nofollow` and `ugc`, and lead to http and https alone.
#[must_use]
pub fn html(text: &str) -> String {
    let mut writer = Writer { html: String::with_capacity(text.len() * 2), depth: 0, links: Vec::new() };
    for event in Parser::new_ext(text, Options::ENABLE_STRIKETHROUGH) {
        writer.event(event);
    }
    writer.html
}

struct Writer {
    html: String,
    /// How many quotes and lists are open, those beyond [`DEEPEST`] included.
    depth: usize,
    /// The open links; none for one that leads nowhere.
    links: Vec<Option<Link>>,
}

/// A link whose text is being written.
struct Link {
    url: Url,
    /// Where its text begins in the HTML.
    begins: usize,
    /// The text as it is read.
    said: String,
}

impl Link {
    /// Whether its text names another site than the one it leads to.
    fn misleads(&self) -> bool {
        let leads = self.url.host_str().map(bare);
        self.said.split_whitespace().filter_map(named_host).any(|named| Some(bare(&named)) != leads)
    }
}

fn bare(host: &str) -> &str {
    host.strip_prefix("www.").unwrap_or(host)
}

/// The host of a word that reads like an address, with its scheme or without.
fn named_host(word: &str) -> Option<String> {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '/');
    let whole = if word.contains("://") { word.to_owned() } else { format!("https://{word}") };
    let host = Url::parse(&whole).ok()?.host_str()?.to_owned();
    let (_, last) = host.rsplit_once('.')?;
    (last.len() > 1 && !last.bytes().all(|b| b.is_ascii_digit())).then_some(host)
}

impl Writer {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.text(&text),
            Event::Code(text) => {
                self.html.push_str("<code>");
                self.text(&text);
                self.html.push_str("</code>");
            }
            Event::SoftBreak | Event::HardBreak => self.html.push_str("<br>\n"),
            Event::Rule => self.html.push_str("<hr>\n"),
            // Not enabled; what they would show is their source.
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                self.text(&text);
            }
            Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock => self.html.push_str("<p>"),
            Tag::Heading { .. } => self.html.push_str("<p><strong>"),
            Tag::BlockQuote(_) => self.open("<blockquote>\n"),
            Tag::CodeBlock(_) => self.html.push_str("<pre><code>"),
            Tag::List(None) => self.open("<ul>\n"),
            Tag::List(Some(first)) => self.open(&format!("<ol start=\"{first}\">\n")),
            Tag::Item if self.depth <= DEEPEST => self.html.push_str("<li>"),
            Tag::Item => {}
            Tag::Emphasis => self.html.push_str("<em>"),
            Tag::Strong => self.html.push_str("<strong>"),
            Tag::Strikethrough => self.html.push_str("<del>"),
            Tag::Link { dest_url, .. } => {
                let url = Url::parse(dest_url).ok().filter(|url| {
                    matches!(url.scheme(), "http" | "https")
                        && url.username().is_empty()
                        && url.password().is_none()
                });
                if let Some(url) = &url {
                    self.html.push_str("<a rel=\"nofollow ugc noopener\" href=\"");
                    self.escaped(url.as_str());
                    self.html.push_str("\">");
                }
                let begins = self.html.len();
                self.links.push(url.map(|url| Link { url, begins, said: String::new() }));
            }
            Tag::Image { .. }
            | Tag::FootnoteDefinition(_)
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::Table(_)
            | Tag::TableHead
            | Tag::TableRow
            | Tag::TableCell
            | Tag::Superscript
            | Tag::Subscript
            | Tag::MetadataBlock(_) => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock => self.html.push_str("</p>\n"),
            TagEnd::Heading(_) => self.html.push_str("</strong></p>\n"),
            TagEnd::BlockQuote(_) => self.close("</blockquote>\n"),
            TagEnd::CodeBlock => self.html.push_str("</code></pre>\n"),
            TagEnd::List(false) => self.close("</ul>\n"),
            TagEnd::List(true) => self.close("</ol>\n"),
            TagEnd::Item if self.depth <= DEEPEST => self.html.push_str("</li>\n"),
            TagEnd::Item => self.html.push_str("<br>\n"),
            TagEnd::Emphasis => self.html.push_str("</em>"),
            TagEnd::Strong => self.html.push_str("</strong>"),
            TagEnd::Strikethrough => self.html.push_str("</del>"),
            TagEnd::Link => {
                if let Some(link) = self.links.pop().flatten() {
                    if link.misleads() {
                        self.html.truncate(link.begins);
                        self.escaped(link.url.as_str());
                    }
                    self.html.push_str("</a>");
                }
            }
            TagEnd::Image
            | TagEnd::FootnoteDefinition
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition
            | TagEnd::Table
            | TagEnd::TableHead
            | TagEnd::TableRow
            | TagEnd::TableCell
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::MetadataBlock(_) => {}
        }
    }

    fn open(&mut self, tag: &str) {
        self.depth += 1;
        if self.depth <= DEEPEST {
            self.html.push_str(tag);
        }
    }

    fn close(&mut self, tag: &str) {
        if self.depth <= DEEPEST {
            self.html.push_str(tag);
        }
        self.depth -= 1;
    }

    fn text(&mut self, text: &str) {
        for link in self.links.iter_mut().flatten() {
            link.said.push_str(text);
        }
        self.escaped(text);
    }

    fn escaped(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.html.push_str("&amp;"),
                '<' => self.html.push_str("&lt;"),
                '>' => self.html.push_str("&gt;"),
                '"' => self.html.push_str("&quot;"),
                '\'' => self.html.push_str("&#39;"),
                c => self.html.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::html;

    #[test]
    fn the_harmless_part_is_kept() {
        assert_eq!(
            html("One *two* **three** `a<b`\nfour"),
            "<p>One <em>two</em> <strong>three</strong> <code>a&lt;b</code><br>\nfour</p>\n"
        );
        assert_eq!(
            html("> said\n\n- a\n- b\n\n3. c"),
            "<blockquote>\n<p>said</p>\n</blockquote>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n<ol start=\"3\">\n<li>c</li>\n</ol>\n"
        );
        assert_eq!(
            html("See [the table](https://example.org/a?b=1&c=\"d\")."),
            "<p>See <a rel=\"nofollow ugc noopener\" href=\"https://example.org/a?b=1&amp;c=%22d%22\">the table</a>.</p>\n"
        );
        assert_eq!(html("# Loud"), "<p><strong>Loud</strong></p>\n");
        assert_eq!(html("![a cat](https://example.org/cat.png)"), "<p>a cat</p>\n");
    }

    #[test]
    fn a_link_that_names_another_site_shows_where_it_leads() {
        let link = |text: &str| html(&format!("[{text}](https://evil.example/x?a&b)"));
        let leads = "<p><a rel=\"nofollow ugc noopener\" href=\"https://evil.example/x?a&amp;b\">https://evil.example/x?a&amp;b</a></p>\n";
        for text in [
            "https://bank.example",
            "bank.example",
            "go to **www.bank.example/login** now",
            "ba*nk.exa*mple",
            "https&#58;//bank.example",
            "(bank.example)",
            "mail@bank.example",
        ] {
            assert_eq!(link(text), leads, "{text}");
        }
        for text in [
            "the table",
            "https://evil.example",
            "www.evil.example",
            "evil.example/x",
            "3.5 t, 1.2.2026",
            "e.g.",
        ] {
            assert!(link(text).contains(&format!("\">{text}</a>")), "{}", link(text));
        }
    }

    #[test]
    fn nothing_of_a_strangers_runs_or_deceives() {
        for attack in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[x](javascript:alert(1))",
            "[x](data:text/html,<script>alert(1)</script>)",
            "[x](https://user:pass@example.org/)",
            "[x](/unsubscribe/1)",
            "<javascript:alert(1)>",
            "![x](https://example.org/x.png\" onerror=\"alert(1))",
            "[x](https://example.org/\"onmouseover=\"alert(1))",
            "`</code><script>alert(1)</script>`",
            "    </code></pre><script>alert(1)</script>",
            "</div></body><h1>Gone",
            "<style>body{display:none}</style>",
            "<!--\n",
        ] {
            let html = html(attack);
            let mut rest = html.as_str();
            while let Some(begin) = rest.find('<') {
                let end = rest[begin..].find('>').map_or(rest.len(), |end| begin + end + 1);
                let tag = &rest[begin..end];
                let name =
                    tag.trim_start_matches(['<', '/']).split(|c: char| !c.is_ascii_alphanumeric()).next();
                assert!(
                    [
                        "p",
                        "a",
                        "em",
                        "strong",
                        "code",
                        "pre",
                        "br",
                        "blockquote",
                        "ul",
                        "ol",
                        "li",
                        "hr",
                        "del"
                    ]
                    .contains(&name.unwrap_or_default()),
                    "{attack}: {html}"
                );
                if let Some(link) = tag.strip_prefix("<a rel=\"nofollow ugc noopener\" href=\"http") {
                    assert_eq!(link.matches('"').count(), 1, "{attack}: {html}");
                } else {
                    assert!(!tag.contains('"') || tag.starts_with("<ol start="), "{attack}: {html}");
                }
                rest = &rest[end..];
            }
        }
    }

    #[test]
    fn depth_is_bounded() {
        let html = html(&"> ".repeat(2_000));
        assert!(html.matches("<blockquote>").count() <= 4, "{html}");
        assert_eq!(html.matches("<blockquote>").count(), html.matches("</blockquote>").count());
    }
}
