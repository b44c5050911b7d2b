//! Shortcodes of Hugo → Markdown.

use std::collections::HashSet;

use super::tags::{
    Words, begin_line, breaks, caption, fence, picture, plain, short, shown_elsewhere, unescaped,
};
use crate::article::markdown::escape;

/// The service that a shortcode shows something of.
fn service_of(name: &str) -> &str {
    name.strip_suffix("_simple").or(name.strip_suffix("lite")).unwrap_or(name)
}

/// What shortcodes are expanded with.
pub(super) struct Shortcodes<'a> {
    pub(super) post: &'a dyn Fn(&str) -> Result<String, &'static str>,
    pub(super) lost: &'a mut dyn FnMut(usize, String),
    /// Names that nothing closes any more, from some place on.
    pub(super) unclosed: HashSet<String>,
}

/// One shortcode.
struct Code<'t> {
    name: &'t str,
    rest: &'t str,
    /// Behind it.
    end: usize,
    open: &'static str,
    close: &'static str,
}

fn code(text: &str, start: usize) -> Option<Code<'_>> {
    let (open, close) = match &text[start..] {
        rest if rest.starts_with("{{<") => ("{{<", ">}}"),
        rest if rest.starts_with("{{%") => ("{{%", "%}}"),
        _ => return None,
    };
    let inner = &text[start + open.len()..];
    // One that is never closed is none.
    let length = inner.find(close).filter(|length| *length < 4_000).unwrap_or_default();
    let end = start + open.len() + length + if length > 0 { close.len() } else { 0 };
    let inner = inner[..length].trim();
    let (name, rest) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
    // `{{< / highlight >}}`
    let (name, rest) =
        if name == "/" { (&inner[..inner.len() - rest.trim_start().len()], "") } else { (name, rest) };
    Some(Code { name, rest: rest.trim(), end, open, close })
}

/// Where the shortcode that closes `name` begins behind `from`, and where it ends.
fn closing(text: &str, from: usize, name: &str) -> Option<(usize, usize)> {
    let mut at = from;
    while let Some(found) = text[at..].find("{{") {
        let start = at + found;
        at = start + 2;
        if let Some(code) = code(text, start) {
            if code.name.strip_prefix('/').map(str::trim) == Some(name) {
                return Some((start, code.end));
            }
            at = code.end.max(at);
        }
    }
    None
}

impl Shortcodes<'_> {
    /// Where what is between `code` and the one that closes it ends, and where that ends.
    fn closing(&mut self, text: &str, code: &Code<'_>) -> Option<(usize, usize)> {
        if self.unclosed.contains(code.name) {
            return None;
        }
        let found = closing(text, code.end, code.name);
        if found.is_none() {
            self.unclosed.insert(code.name.to_owned());
        }
        found
    }

    pub(super) fn expand(mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        while let Some(found) = text[at..].find("{{") {
            let start = at + found;
            out.push_str(&text[at..start]);
            at = match code(text, start) {
                Some(code) if code.name.is_empty() => {
                    (self.lost)(start, format!("`{}` is never closed, and is left out", code.open));
                    start + code.open.len()
                }
                Some(code) => self.replace(text, start, &code, &mut out),
                None => {
                    out.push_str("{{");
                    start + 2
                }
            };
        }
        out.push_str(&text[at..]);
        out
    }

    /// Writes what stands for a shortcode; gives the place to go on from.
    fn replace(&mut self, text: &str, start: usize, code: &Code<'_>, out: &mut String) -> usize {
        // `{{</* figure */>}}` is one that is shown, not used.
        if let Some(shown) = code.name.strip_prefix("/*") {
            let inner = format!("{shown} {}", code.rest);
            let inner = inner.trim().trim_end_matches("*/").trim();
            out.push_str(&format!("{} {inner} {}", code.open, code.close));
            return code.end;
        }
        let words = Words::of(code.rest);
        match code.name {
            "figure" | "img" | "image" | "picture" | "imgproc" | "fig" => self.figure(start, &words, out),
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
            // What stands between the two is code, or drawn from it.
            "highlight" | "code" | "mermaid" | "math" | "katex" | "latex" => {
                let Some((inner_end, end)) = self.closing(text, code) else {
                    return self.unknown(start, code);
                };
                let language = match code.name {
                    "highlight" | "code" => words.named("lang").or(words.first()).unwrap_or_default(),
                    name => name,
                };
                let inner = &text[code.end..inner_end];
                let indent: String = out[out.rfind('\n').map_or(0, |at| at + 1)..].to_owned();
                fence(out, language.trim_matches(','), inner);
                if !inner.starts_with('\n') {
                    out.push('\n');
                }
                out.push_str(inner.trim_end_matches([' ', '\t']));
                begin_line(out);
                if indent.trim().is_empty() && out.ends_with('\n') {
                    out.push_str(&indent);
                }
                let longest = inner.split(|c| c != '`').map(str::len).max().unwrap_or_default();
                out.push_str(&"`".repeat(longest.max(2) + 1));
                return end;
            }
            "youtube" | "vimeo" | "gist" | "tweet" | "twitter" | "x" | "instagram" | "youtubelite"
            | "vimeo_simple" | "twitter_simple" | "instagram_simple" => {
                let service = service_of(code.name);
                match shown_elsewhere(service, &words) {
                    Some(link) => out.push_str(&link),
                    None => return self.unknown(start, code),
                }
            }
            "video" | "audio" => match words.any(&["src", "url", "mp4", "webm"]).or(words.first()) {
                Some(src) => out.push_str(&format!("[{}](<{src}>)", src.rsplit('/').next().unwrap_or(src))),
                None => return self.unknown(start, code),
            },
            "button" | "btn" | "link" if words.any(&["href", "url", "link", "relref"]).is_some() => {
                let target = words.any(&["href", "url", "link", "relref"]).unwrap_or_default();
                let (label, end) = match self.closing(text, code) {
                    Some((inner_end, end)) => (text[code.end..inner_end].trim(), end),
                    None => (words.any(&["text", "label", "title"]).unwrap_or(target), code.end),
                };
                out.push_str(&format!("[{label}](<{target}>)"));
                return end;
            }
            "details" | "spoiler" | "expand" | "admonition" | "callout" | "alert" | "notice" | "hint"
            | "tab"
                if words.any(&["summary", "title", "name"]).is_some()
                    || code.name == "tab" && words.first().is_some() =>
            {
                // Its line above what it opens.
                let title = words.any(&["summary", "title", "name"]).or(words.first()).unwrap_or_default();
                if !out.is_empty() && !out.ends_with('\n') {
                    out.push_str("\n\n");
                }
                out.push_str(&format!("**{}**", escape(&unescaped(title))));
                let rest = &text[code.end..];
                out.push_str(if rest.starts_with('\n') && !rest.starts_with("\n\n") { "\n" } else { " " });
                return code.end;
            }
            "quote" | "blockquote" | "epigraph" => {
                let Some((inner_end, end)) = self.closing(text, code) else {
                    return self.unknown(start, code);
                };
                let inner = &text[code.end..inner_end];
                let by = [words.any(&["author", "cite"]), words.any(&["source", "title"])];
                let by: Vec<String> = by.into_iter().flatten().map(unescaped).collect();
                let by = match (by.join(", "), words.any(&["url", "link"])) {
                    (by, _) if by.is_empty() => String::new(),
                    (by, Some(url)) => format!(" — [{by}](<{url}>)"),
                    (by, None) => format!(" — {by}"),
                };
                let lines: Vec<String> = inner.trim().lines().map(|line| format!("> {line}")).collect();
                begin_line(out);
                out.push_str(&breaks(&inner[..inner.len() - inner.trim_start().len()]));
                out.push_str(&lines.join("\n"));
                out.push_str(&by);
                out.push_str(&breaks(&inner[inner.trim_end().len()..]));
                return end;
            }
            // What stood beside the text.
            "footnote" | "sidenote" | "marginnote" | "fn" => out.push_str(" ("),
            "/footnote" | "/sidenote" | "/marginnote" | "/fn" => out.push(')'),
            // Data that a program draws from.
            "chart" | "echarts" | "music" | "mapbox" | "graph" => {
                let end = self.closing(text, code).map_or(code.end, |(_, end)| end);
                out.push_str(&breaks(&text[start..end]));
                self.unknown(start, code);
                return end;
            }
            _ => return self.unknown(start, code),
        }
        code.end
    }

    /// Leaves out a shortcode of which no more is known; what stands between a pair of them stays.
    fn unknown(&mut self, start: usize, code: &Code<'_>) -> usize {
        if !code.name.starts_with('/') {
            let shown = short(&format!("{} {}", code.name, code.rest));
            (self.lost)(start, format!("the shortcode `{shown}` is left out"));
        }
        code.end
    }

    fn figure(&mut self, start: usize, words: &Words<'_>, out: &mut String) {
        let alt = words.any(&["alt", "caption", "title"]).unwrap_or_default();
        let Some(src) = words.any(&["src", "url", "link-src"]).or(words.first()) else {
            (self.lost)(start, "a figure without a source is left out".to_owned());
            return;
        };
        let link = words.named("link");
        let caption = beneath(words).map(|written| caption(written, link, |lost| (self.lost)(start, lost)));
        if words.any(&["attr"]).is_none()
            && let Some(lost) = words.any(&["attrlink"])
        {
            (self.lost)(start, format!("`attrlink: {}` of the figure is left out", short(lost)));
        }
        out.push_str(&picture(src, &plain(&unescaped(alt)), caption.as_deref(), link));
    }
}

/// What stands beneath a figure, as one line of Markdown: title, caption and whose it is.
fn beneath(words: &Words<'_>) -> Option<String> {
    let given = |name| words.any(&[name]).map(unescaped);
    let (title, caption) = (given("title"), given("caption"));
    let whose = given("attr").map(|attr| match words.any(&["attrlink"]) {
        Some(url) => format!("[{attr}](<{url}>)"),
        None => attr,
    });
    let (title, caption) = match (title, caption) {
        (Some(title), Some(caption)) => (Some(format!("**{}**", escape(&title))), Some(caption)),
        (title, caption) => (None, caption.or(title)),
    };
    let parts: Vec<String> = [title, caption, whose].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> (String, Vec<String>) {
        let mut lost = Vec::new();
        let post = |name: &str| match name.contains("ferry") {
            true => Ok("../2016/2016-03-04-ferry.md".to_owned()),
            false => Err("there is no post"),
        };
        let mut tell = |at: usize, what: String| lost.push(format!("{at}: {what}"));
        let text = Shortcodes { post: &post, lost: &mut tell, unclosed: HashSet::new() }.expand(text);
        (text, lost)
    }

    #[test]
    fn what_stands_beneath_a_figure_stays_with_its_emphasis_and_links() {
        for (figure, markdown) in [
            (
                "caption=\"By [Ann](https://e.org), *here*\"",
                "![By Ann, here](<a.jpg> \"By [Ann](https://e.org), *here*\")",
            ),
            (
                "alt=\"A ferry\" caption=\"a\\*b \\\"c\\\" **d**\"",
                "![A ferry](<a.jpg> \"a\\\\*b \\\"c\\\" **d**\")",
            ),
            (
                "alt=\"A ferry\" title=\"New *and* large\" caption=\"On trials.\"",
                "![A ferry](<a.jpg> \"**New \\\\*and\\\\* large** On trials.\")",
            ),
            (
                "alt=\"A ferry\" caption=\"On trials.\" attr=\"Ann Reed\" attrlink=\"https://ann.example\"",
                "![A ferry](<a.jpg> \"On trials. [Ann Reed](<https://ann.example>)\")",
            ),
            ("alt=\"A ferry\" attr=\"Ann Reed\"", "![A ferry](<a.jpg> \"Ann Reed\")"),
            (
                "alt=\"A ferry\" caption=\"On *trials*\" link=\"/map\"",
                "[![A ferry](<a.jpg>)](</map>)<br>On *trials*",
            ),
            // Behind the picture its links are those of the text, and are followed as they are.
            (
                "alt=\"A\" caption=\"The [map](/map)\" link=\"/map\"",
                "[![A](<a.jpg>)](</map>)<br>The [map](/map)",
            ),
        ] {
            let figure = format!("{{{{< figure src=\"a.jpg\" {figure} >}}}}");
            assert_eq!(expanded(&figure), (markdown.to_owned(), Vec::new()), "{figure}");
        }
        // What would lead astray from an article is told.
        for (caption, words) in [("The [map](/map)", "The map"), ("A ![b](c.png) *d*", "A b d")] {
            let (text, lost) =
                expanded(&format!("{{{{< figure src=\"a.jpg\" alt=\"A\" caption=\"{caption}\" >}}}}"));
            assert_eq!(text, format!("![A](<a.jpg> \"{words}\")"));
            assert_eq!(lost, [format!("0: of the caption `{caption}` only the words stay")]);
        }
        let (_, lost) = expanded("{{< figure src=\"a.jpg\" attrlink=\"https://ann.example\" >}}");
        assert_eq!(lost, ["0: `attrlink: https://ann.example` of the figure is left out"]);
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
            (
                "{{< quote author=\"Ann\" url=\"https://e.org\" >}}\nOne.\n\nTwo.\n{{< /quote >}}",
                "\n> One.\n> \n> Two. — [Ann](<https://e.org>)\n",
            ),
            ("A{{< sidenote >}}b{{< /sidenote >}}.", "A (b)."),
            ("{{< vimeo_simple 12 >}}", "<https://vimeo.com/12>"),
            ("- x\n  {{< highlight sh >}}\n  ls\n  {{< /highlight >}}", "- x\n  ```sh\n  ls\n  ```"),
            ("{{< mermaid >}}a-->b{{< /mermaid >}}", "```mermaid\na-->b\n```"),
            ("{{< button href=\"https://e.org\" >}}Go{{< /button >}}", "[Go](<https://e.org>)"),
            ("{{< tab \"One\" >}}a{{< /tab >}}{{< tab \"Two\" >}}b{{< /tab >}}", "**One** a\n\n**Two** b"),
        ] {
            assert_eq!(expanded(shortcode), (markdown.to_owned(), Vec::new()), "{shortcode}");
        }
        let (text, lost) = expanded(
            "{{< figure src=\"a.jpg\" caption=\"On trials\" title=\"The ferry\" link=\"/map\" attr=\"Ann Reed\" >}}",
        );
        assert_eq!(text, "[![On trials](<a.jpg>)](</map>)<br>**The ferry** On trials Ann Reed");
        assert_eq!(lost, [""; 0]);
        let (text, lost) = expanded("{{% notice tip %}}Mind the gap.{{% /notice %}}");
        assert_eq!(text, "Mind the gap.");
        // In time that grows with the text.
        expanded(&"{{< highlight >}}{{< quote >}}".repeat(20_000));
        assert_eq!(expanded("a {{< no end").0, "a  no end");
        assert_eq!(expanded("a {{< no end").1, ["2: `{{<` is never closed, and is left out"]);
        assert_eq!(lost, ["0: the shortcode `notice tip` is left out"]);
    }
}
