//! Tags of Jekyll's Liquid and shortcodes of Hugo → Markdown, or a note of what is lost.

use super::Flavour;

/// What tags are expanded with.
pub(super) struct Expander<'a> {
    pub(super) flavour: Flavour,
    /// The Markdown path of another post, as this one links to it; else what there is of its name: `there is no post`.
    pub(super) post: &'a dyn Fn(&str) -> Result<String, &'static str>,
    /// Told of what is lost: bytes into the text, and what.
    pub(super) lost: &'a mut dyn FnMut(usize, String),
}

/// A tag's name, what stands behind it, and where the tag ends.
struct Tag<'t> {
    name: &'t str,
    rest: &'t str,
    end: usize,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `{{ … }}`
    Value,
    /// `{% … %}`, `{{< … >}}`, `{{% … %}}`
    Tag,
}

impl Expander<'_> {
    /// The text with its tags expanded; lines stay lines.
    pub(super) fn expand(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        while let Some(found) = text[at..].find('{') {
            let start = at + found;
            out.push_str(&text[at..start]);
            at = match self.tag(text, start) {
                Some(tag) => self.replace(text, start, &tag, &mut out),
                None => {
                    out.push('{');
                    start + 1
                }
            };
        }
        out.push_str(&text[at..]);
        out
    }

    fn tag<'t>(&self, text: &'t str, start: usize) -> Option<Tag<'t>> {
        let rest = &text[start..];
        let (open, close, kind) = match self.flavour {
            Flavour::Jekyll if rest.starts_with("{%") => ("{%", "%}", Kind::Tag),
            Flavour::Jekyll if rest.starts_with("{{") => ("{{", "}}", Kind::Value),
            Flavour::Hugo if rest.starts_with("{{<") => ("{{<", ">}}", Kind::Tag),
            Flavour::Hugo if rest.starts_with("{{%") => ("{{%", "%}}", Kind::Tag),
            Flavour::Jekyll | Flavour::Hugo => return None,
        };
        // A tag that is never closed is text.
        let length = rest[open.len()..].find(close).filter(|length| *length < 4_000)?;
        let inner = rest[open.len()..open.len() + length].trim_matches('-').trim();
        let (name, behind) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
        Some(Tag { name, rest: behind.trim(), end: start + open.len() + length + close.len(), kind })
    }

    /// Writes what stands for a tag; gives the place to go on from.
    fn replace(&mut self, text: &str, start: usize, tag: &Tag<'_>, out: &mut String) -> usize {
        match self.flavour {
            Flavour::Jekyll if tag.kind == Kind::Value => self.value(start, tag, out),
            Flavour::Jekyll => return self.liquid(text, start, tag, out),
            Flavour::Hugo => self.shortcode(text, start, tag, out),
        }
        tag.end
    }

    fn value(&mut self, start: usize, tag: &Tag<'_>, out: &mut String) {
        match tag.name {
            // The site's own address: what is left is a path within it.
            "site.baseurl" | "site.url" | "site.github.url" => {}
            _ => {
                let quoted =
                    tag.name.strip_prefix(['"', '\'']).and_then(|rest| rest.strip_suffix(['"', '\'']));
                // `{{ "/img/a.png" | relative_url }}`
                match quoted.filter(|_| tag.rest.is_empty() || tag.rest.starts_with('|')) {
                    Some(text) => out.push_str(text),
                    None => (self.lost)(start, format!("`{{{{ {} }}}}` is left out", short(tag.name))),
                }
            }
        }
    }

    fn liquid(&mut self, text: &str, start: usize, tag: &Tag<'_>, out: &mut String) -> usize {
        match tag.name {
            "highlight" => {
                let language = tag.rest.split_whitespace().next().unwrap_or_default();
                begin_line(out);
                out.push_str(&format!("```{language}"));
            }
            "endhighlight" => {
                begin_line(out);
                out.push_str("```");
            }
            "raw" | "comment" => {
                let end_name = format!("end{}", tag.name);
                let Some((length, end)) = closing(&text[tag.end..], &end_name) else { return tag.end };
                let inner = &text[tag.end..tag.end + length];
                if tag.name == "raw" {
                    out.push_str(inner);
                } else {
                    out.extend(inner.chars().filter(|c| *c == '\n'));
                }
                return tag.end + end;
            }
            "endraw" | "endcomment" => {}
            "gist" if !tag.rest.is_empty() => {
                let id = tag.rest.split_whitespace().next().unwrap_or_default();
                out.push_str(&format!("<https://gist.github.com/{}>", id.trim_matches(['"', '\''])));
            }
            "post_url" | "link" => {
                let name = tag.rest.trim_matches(['"', '\'']);
                match (self.post)(name) {
                    Ok(path) => out.push_str(&path),
                    Err(why) => (self.lost)(start, format!("{why} `{}` to link to", short(name))),
                }
            }
            name => {
                let what = format!("`{{% {} %}}` is left out", short(&format!("{name} {}", tag.rest)));
                (self.lost)(start, what);
            }
        }
        tag.end
    }

    fn shortcode(&mut self, text: &str, start: usize, tag: &Tag<'_>, out: &mut String) {
        // `{{</* figure */>}}` is one that is shown, not used.
        if let Some(shown) = tag.name.strip_prefix("/*") {
            let inner = format!("{shown} {}", tag.rest);
            let (open, close) =
                if text[start..].starts_with("{{<") { ("{{<", ">}}") } else { ("{{%", "%}}") };
            out.push_str(&format!("{open} {} {close}", inner.trim().trim_end_matches("*/").trim()));
            return;
        }
        let words = Words::of(tag.rest);
        match tag.name {
            "figure" | "img" | "image" => {
                let alt = words
                    .named("alt")
                    .or(words.named("caption"))
                    .or(words.named("title"))
                    .unwrap_or_default();
                match words.named("src").or(words.first()) {
                    Some(src) => {
                        let title =
                            words.named("caption").or(words.named("title")).filter(|title| *title != alt);
                        let title = title
                            .map(|title| format!(" \"{}\"", title.replace('"', "\\\"")))
                            .unwrap_or_default();
                        let picture = format!("![{}](<{src}>{title})", crate::article::markdown::escape(alt));
                        match words.named("link").filter(|link| !link.is_empty()) {
                            Some(link) => out.push_str(&format!("[{picture}](<{link}>)")),
                            None => out.push_str(&picture),
                        }
                        // Of two lines beneath a picture one has a place.
                        let second = words.named("title").filter(|_| words.named("caption").is_some());
                        for (name, lost) in [
                            ("title", second),
                            ("attr", words.named("attr")),
                            ("attrlink", words.named("attrlink")),
                        ] {
                            if let Some(lost) = lost.filter(|lost| !lost.is_empty()) {
                                let what = format!("`{name}: {}` of the figure is left out", short(lost));
                                (self.lost)(start, what);
                            }
                        }
                    }
                    None => (self.lost)(start, "a figure without a source is left out".to_owned()),
                }
            }
            "ref" | "relref" => {
                let target = words.named("path").or(words.first()).unwrap_or_default();
                let (path, id) = target.split_once('#').map_or((target, ""), |(path, id)| (path, id));
                match (self.post)(path) {
                    _ if path.is_empty() && !id.is_empty() => out.push_str(&format!("#{id}")),
                    Ok(path) if id.is_empty() => out.push_str(&path),
                    Ok(path) => out.push_str(&format!("{path}#{id}")),
                    Err(why) => (self.lost)(start, format!("{why} `{}` to link to", short(target))),
                }
            }
            "highlight" => {
                begin_line(out);
                out.push_str(&format!("```{}", words.first().unwrap_or_default()));
            }
            "/highlight" => {
                begin_line(out);
                out.push_str("```");
            }
            "youtube" | "vimeo" | "gist" | "tweet" | "x" | "instagram" => {
                let id = words.named("id").or(words.first()).unwrap_or_default();
                let second = words.bare.get(1).copied().unwrap_or_default();
                let address = match tag.name {
                    "youtube" => format!("https://www.youtube.com/watch?v={id}"),
                    "vimeo" => format!("https://vimeo.com/{id}"),
                    "instagram" => format!("https://www.instagram.com/p/{id}/"),
                    "gist" => format!("https://gist.github.com/{id}/{second}"),
                    _ => {
                        let user = words.named("user").unwrap_or("i");
                        let id = if words.named("id").is_none() && !second.is_empty() { second } else { id };
                        format!("https://x.com/{user}/status/{id}")
                    }
                };
                out.push_str(&format!("<{}>", address.trim_end_matches('/')));
            }
            name => {
                // What stands between a pair of them stays.
                if !name.starts_with('/') {
                    let what =
                        format!("the shortcode `{}` is left out", short(&format!("{name} {}", tag.rest)));
                    (self.lost)(start, what);
                }
            }
        }
    }
}

/// Where `{% name %}` stands in `text`, and where it ends.
fn closing(text: &str, name: &str) -> Option<(usize, usize)> {
    let mut at = 0;
    while let Some(found) = text[at..].find("{%") {
        let start = at + found;
        let end = start + text[start..].find("%}")? + 2;
        if text[start + 2..end - 2].trim_matches('-').trim() == name {
            return Some((start, end));
        }
        at = end;
    }
    None
}

fn begin_line(out: &mut String) {
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}

fn short(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// Arguments of a shortcode: `"ferry.jpg" alt="A white ferry"`.
struct Words<'t> {
    bare: Vec<&'t str>,
    named: Vec<(&'t str, &'t str)>,
}

impl<'t> Words<'t> {
    fn of(text: &'t str) -> Self {
        let mut words = Words { bare: Vec::new(), named: Vec::new() };
        let mut rest = text.trim_end_matches('/').trim_start();
        while !rest.is_empty() {
            let name_end =
                rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_'))).unwrap_or(rest.len());
            let name = Some(&rest[..name_end]).filter(|_| rest[name_end..].starts_with('='));
            let value = if name.is_some() { &rest[name_end + 1..] } else { rest };
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '`' | '\''));
            let (value, after) = match quote {
                Some(quote) => {
                    let inner = &value[1..];
                    let end = inner.find(quote).unwrap_or(inner.len());
                    (&inner[..end], inner.get(end + 1..).unwrap_or_default())
                }
                None => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
            };
            match name {
                Some(name) => words.named.push((name, value)),
                None => words.bare.push(value),
            }
            rest = after.trim_start();
        }
        words
    }

    fn named(&self, name: &str) -> Option<&'t str> {
        self.named.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    fn first(&self) -> Option<&'t str> {
        self.bare.first().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(flavour: Flavour, text: &str) -> (String, Vec<String>) {
        let mut lost = Vec::new();
        let post = |name: &str| match name.contains("ferry") {
            true => Ok("../2016/2016-03-04-ferry.md".to_owned()),
            false => Err("there is no post"),
        };
        let mut tell = |at: usize, what: String| lost.push(format!("{at}: {what}"));
        let text = Expander { flavour, post: &post, lost: &mut tell }.expand(text);
        (text, lost)
    }

    #[test]
    fn liquid_becomes_markdown() {
        for (liquid, markdown) in [
            ("{% highlight rust linenos %}\nlet x;\n{% endhighlight %}\n", "```rust\nlet x;\n```\n"),
            ("[x]({% post_url 2016-03-04-ferry %})", "[x](../2016/2016-03-04-ferry.md)"),
            ("![a]({{ site.baseurl }}/img/a.png)", "![a](/img/a.png)"),
            ("{{ \"/img/a.png\" | relative_url }}", "/img/a.png"),
            ("{% raw %}{{ x }} {% y %}{% endraw %}z", "{{ x }} {% y %}z"),
            ("a{% comment %}\nb\n{% endcomment %}c", "a\n\nc"),
            ("{% gist ann/5555251 %}", "<https://gist.github.com/ann/5555251>"),
            ("{ {% no end", "{ {% no end"),
        ] {
            assert_eq!(expanded(Flavour::Jekyll, liquid), (markdown.to_owned(), Vec::new()), "{liquid}");
        }
        let (text, lost) =
            expanded(Flavour::Jekyll, "a {% include x.html %} b {{ page.x }} {% post_url tide %}");
        assert_eq!(text, "a  b  ");
        assert_eq!(
            lost,
            [
                "2: `{% include x.html %}` is left out",
                "25: `{{ page.x }}` is left out",
                "38: there is no post `tide` to link to"
            ]
        );
    }

    #[test]
    fn shortcodes_become_markdown() {
        for (shortcode, markdown) in [
            (
                "{{< figure src=\"a b.jpg\" alt=\"A ferry\" caption=\"On trials\" >}}",
                "![A ferry](<a b.jpg> \"On trials\")",
            ),
            ("[x]({{< ref \"ferry.md#cost\" >}})", "[x](../2016/2016-03-04-ferry.md#cost)"),
            ("{{< highlight go >}}\nx\n{{< /highlight >}}", "```go\nx\n```"),
            ("{{< youtube abc >}}", "<https://www.youtube.com/watch?v=abc>"),
            ("{{< tweet user=ann id=12 >}}", "<https://x.com/ann/status/12>"),
            ("{{</* figure src=x */>}}", "{{< figure src=x >}}"),
            ("{{ .Title }}", "{{ .Title }}"),
        ] {
            assert_eq!(expanded(Flavour::Hugo, shortcode), (markdown.to_owned(), Vec::new()), "{shortcode}");
        }
        let (text, lost) = expanded(
            Flavour::Hugo,
            "{{< figure src=\"a.jpg\" caption=\"On trials\" title=\"The ferry\" link=\"/map\" attr=\"Ann Reed\" >}}",
        );
        assert_eq!(text, "[![On trials](<a.jpg>)](</map>)");
        assert_eq!(
            lost,
            [
                "0: `title: The ferry` of the figure is left out",
                "0: `attr: Ann Reed` of the figure is left out"
            ]
        );
        let (text, lost) = expanded(Flavour::Hugo, "{{% notice tip %}}Mind the gap.{{% /notice %}}");
        assert_eq!(text, "Mind the gap.");
        assert_eq!(lost, ["0: the shortcode `notice tip` is left out"]);
    }
}
