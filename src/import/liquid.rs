//! Tags of Jekyll's Liquid → Markdown.

use std::collections::HashMap;
use std::ops::Range;

use super::tags::{
    Words, begin_line, breaks, caption, fence, is_in_address, picture, plain, short, shown_elsewhere,
    unescaped,
};
use super::variables::{Found, Place, Variables};

/// Blocks within blocks are followed no deeper.
const DEEPEST: usize = 20;

/// What Liquid is expanded with.
pub(super) struct Liquid<'a> {
    pub(super) post: &'a dyn Fn(&str) -> Result<String, &'static str>,
    pub(super) variables: Variables<'a>,
    pub(super) lost: &'a mut dyn FnMut(usize, String),
}

/// A piece of a text: its bytes, and what it is.
#[derive(Debug, Clone)]
struct Piece<'t> {
    start: usize,
    end: usize,
    kind: Kind<'t>,
}

/// A text with its tags, and where their blocks end.
struct All<'t> {
    text: &'t str,
    pieces: Vec<Piece<'t>>,
    ends: Vec<Option<usize>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind<'t> {
    Text,
    /// What a comment says.
    Silent,
    /// `{{ … }}`
    Value(&'t str),
    /// `{% name … %}`
    Tag(&'t str, &'t str),
    /// A tag that is never closed.
    Open,
}

/// The text as texts and tags; what stands between `raw` and `endraw` is text.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut text_from = 0;
    while let Some(found) = text[at..].find('{') {
        let start = at + found;
        let (close, is_tag) = match &text[start..] {
            rest if rest.starts_with("{%") => ("%}", true),
            rest if rest.starts_with("{{") => ("}}", false),
            _ => {
                at = start + 1;
                continue;
            }
        };
        if text_from < start {
            pieces.push(Piece { start: text_from, end: start, kind: Kind::Text });
        }
        let inner = &text[start + 2..];
        let Some(length) = inner.find(close).filter(|length| *length < 4_000) else {
            pieces.push(Piece { start, end: start + 2, kind: Kind::Open });
            at = start + 2;
            text_from = at;
            continue;
        };
        let mut end = start + 2 + length + 2;
        let inner = inner[..length].trim_matches('-').trim();
        let (name, rest) = inner.split_once(char::is_whitespace).unwrap_or((inner, ""));
        let kind = if is_tag { Kind::Tag(name, rest.trim()) } else { Kind::Value(inner) };
        if is_tag && matches!(name, "raw" | "comment") {
            if let Some((length, whole)) = closing(&text[end..], &format!("end{name}")) {
                let kind = if name == "raw" { Kind::Text } else { Kind::Silent };
                pieces.push(Piece { start: end, end: end + length, kind });
                end += whole;
            }
        } else if !is_tag || !matches!(name, "endraw" | "endcomment") {
            pieces.push(Piece { start, end, kind });
        }
        at = end;
        text_from = end;
    }
    if text_from < text.len() {
        pieces.push(Piece { start: text_from, end: text.len(), kind: Kind::Text });
    }
    pieces
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
        at = start + 2;
    }
    None
}

/// Whether a tag stands alone on its line.
fn is_alone(text: &str, piece: &Piece<'_>) -> bool {
    let before = text[..piece.start].rsplit('\n').next().unwrap_or_default();
    let behind = text[piece.end..].split('\n').next().unwrap_or_default();
    before.trim().is_empty() && behind.trim().is_empty()
}

/// For each piece that begins a block the place of the tag that closes it.
fn ends_of(pieces: &[Piece<'_>]) -> Vec<Option<usize>> {
    let mut ends = vec![None; pieces.len()];
    let mut open: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, piece) in pieces.iter().enumerate() {
        let Kind::Tag(name, _) = piece.kind else { continue };
        match name.strip_prefix("end") {
            Some(name) => {
                if let Some(start) = open.get_mut(name).and_then(Vec::pop) {
                    ends[start] = Some(at);
                }
            }
            None => open.entry(name).or_default().push(at),
        }
    }
    ends
}

/// The condition and the pieces of each branch of an `if` or an `unless` between two places.
fn branches<'t>(
    pieces: &[Piece<'t>],
    first: &'t str,
    from: usize,
    end: usize,
) -> Vec<(Option<&'t str>, usize, usize)> {
    let mut all = Vec::new();
    let (mut condition, mut start, mut depth) = (Some(first), from, 0_usize);
    for (at, piece) in pieces.iter().enumerate().take(end).skip(from) {
        match piece.kind {
            Kind::Tag("if" | "unless" | "case", _) => depth += 1,
            Kind::Tag("endif" | "endunless" | "endcase", _) => depth = depth.saturating_sub(1),
            Kind::Tag(name @ ("else" | "elsif"), rest) if depth == 0 => {
                all.push((condition, start, at));
                (condition, start) = ((name == "elsif").then_some(rest), at + 1);
            }
            _ => {}
        }
    }
    all.push((condition, start, end));
    all
}

impl Liquid<'_> {
    pub(super) fn expand(mut self, text: &str) -> String {
        let pieces = pieces(text);
        let all = All { text, ends: ends_of(&pieces), pieces };
        let mut out = String::with_capacity(text.len());
        self.all(&all, 0..all.pieces.len(), 0, &mut out);
        out
    }

    fn all(&mut self, all: &All<'_>, range: Range<usize>, depth: usize, out: &mut String) {
        let text = all.text;
        let mut at = range.start;
        while let Some(piece) = all.pieces[..range.end].get(at) {
            let written = &text[piece.start..piece.end];
            at = match piece.kind {
                Kind::Text => {
                    out.push_str(written);
                    at + 1
                }
                Kind::Silent => {
                    out.push_str(&breaks(written));
                    at + 1
                }
                Kind::Open => {
                    (self.lost)(piece.start, format!("`{written}` is never closed, and is left out"));
                    at + 1
                }
                Kind::Value(expression) => {
                    let place = if is_in_address(out) { Place::Address } else { Place::Text };
                    match self.variables.value(expression, place) {
                        Found::Text(value) if place == Place::Address => {
                            out.push_str(&value.trim().replace(' ', "%20"));
                        }
                        // Between tags of HTML it would be no Markdown.
                        Found::Text(value) if expression.contains("markdownify") && value.contains('\n') => {
                            out.push_str(&format!("\n\n{}\n\n", value.trim()));
                        }
                        Found::Text(value) if expression.contains("markdownify") && is_alone(text, piece) => {
                            out.push_str(&format!("\n\n{}\n", value.trim()));
                        }
                        Found::Text(value) => out.push_str(&value),
                        Found::Nothing | Found::Unknown => {
                            (self.lost)(
                                piece.start,
                                format!("`{{{{ {} }}}}` is left out", short(expression)),
                            );
                        }
                    }
                    out.push_str(&breaks(written));
                    at + 1
                }
                Kind::Tag(name, rest) => {
                    let end = all.ends[at].filter(|end| depth < DEEPEST && *end < range.end);
                    let next = match end {
                        Some(end) => self.block(all, (at, end), depth, out),
                        None => false,
                    };
                    match end.filter(|_| next) {
                        Some(end) => end + 1,
                        None => {
                            self.tag(piece.start, name, rest, out);
                            out.push_str(&breaks(written));
                            at + 1
                        }
                    }
                }
            };
        }
    }

    /// Writes what stands for a block between its two tags; whether it is one that is known.
    fn block(&mut self, all: &All<'_>, (at, end): (usize, usize), depth: usize, out: &mut String) -> bool {
        let (text, pieces) = (all.text, all.pieces.as_slice());
        let (first, last) = (&pieces[at], &pieces[end]);
        let Kind::Tag(name, rest) = first.kind else { return false };
        let inner = &text[first.end..last.start];
        let within = at + 1..end;
        match name {
            "highlight" | "codeblock" => {
                let language = match name {
                    "highlight" => rest.split_whitespace().next().unwrap_or_default(),
                    _ => rest
                        .split_once("lang:")
                        .map_or("", |(_, rest)| rest.split_whitespace().next().unwrap_or_default()),
                };
                let indent: String = out[out.rfind('\n').map_or(0, |at| at + 1)..].to_owned();
                let mut code = String::new();
                self.all(all, within, depth + 1, &mut code);
                fence(out, language, &code);
                if !code.starts_with('\n') {
                    out.push('\n');
                }
                out.push_str(code.trim_end_matches([' ', '\t']));
                begin_line(out);
                if indent.trim().is_empty() && out.ends_with('\n') {
                    out.push_str(&indent);
                }
                fence(out, "", &code);
            }
            "if" | "unless" | "ifchanged" => {
                let mut open = Vec::new();
                let mut taken = None;
                for (condition, from, to) in branches(pieces, rest, at + 1, end) {
                    let holds = match condition {
                        Some(condition) => self
                            .variables
                            .holds(condition)
                            .map(|holds| holds == (name != "unless" || from != at + 1)),
                        None => Some(true),
                    };
                    match holds {
                        Some(true) => {
                            taken = Some((from, to));
                            break;
                        }
                        Some(false) => {}
                        None => open.push((from, to)),
                    }
                }
                // Of those that might hold the first; and that is told.
                if let Some(might) = open.first() {
                    let alone = branches(pieces, rest, at + 1, end).len() == 1;
                    let what = if alone {
                        "what stands in it is kept"
                    } else {
                        "the first of what stands in it is kept"
                    };
                    let shown = short(&format!("{name} {rest}"));
                    (self.lost)(first.start, format!("whether `{{% {shown} %}}` holds is not known: {what}"));
                    taken = Some(*might);
                }
                let (from, to) = taken.unwrap_or((end, end));
                let before = &text[first.start..pieces[from].start];
                out.push_str(&breaks(before));
                self.all(all, from..to, depth + 1, out);
                out.push_str(&breaks(&text[pieces[to].start..last.end]));
            }
            "capture" => {
                let mut captured = String::new();
                self.all(all, within, depth + 1, &mut captured);
                self.variables.set.insert(
                    rest.trim_matches(['"', '\'']).to_owned(),
                    Found::Text(captured.trim().to_owned()),
                );
                out.push_str(&breaks(&text[first.start..last.end]));
            }
            "blockquote" | "quote" | "pullquote" => {
                let mut quoted = String::new();
                self.all(all, within, depth + 1, &mut quoted);
                let is_quote = name != "pullquote";
                out.push_str(&breaks(&text[first.start..first.end]));
                let quoted = quoted.trim_matches('\n').replace("{\"", "").replace("\"}", "");
                let lines: Vec<String> = quoted
                    .lines()
                    .map(|line| if is_quote { format!("> {line}") } else { line.to_owned() })
                    .collect();
                let leading = inner.len() - inner.trim_start_matches('\n').len();
                let trailing = inner.len() - inner.trim_end_matches('\n').len();
                out.push_str(&"\n".repeat(leading));
                out.push_str(&lines.join("\n"));
                if !rest.is_empty() && is_quote {
                    out.push_str(&format!(" — {rest}"));
                }
                out.push_str(&"\n".repeat(if inner.trim().is_empty() { 0 } else { trailing }));
            }
            // What is made of lists, of the site's posts or its data.
            "for" | "tablerow" | "case" => {
                let shown = short(&format!("{name} {rest}"));
                (self.lost)(first.start, format!("`{{% {shown} %}}` is left out, with what stands in it"));
                out.push_str(&breaks(&text[first.start..last.end]));
            }
            name => {
                // A plug-in's: what stands in it stays.
                let shown = short(&format!("{name} {rest}"));
                (self.lost)(
                    first.start,
                    format!("`{{% {shown} %}}` is left out, and what stands in it is kept"),
                );
                out.push_str(&breaks(&text[first.start..first.end]));
                self.all(all, within, depth + 1, out);
                out.push_str(&breaks(&text[last.start..last.end]));
            }
        }
        true
    }

    fn tag(&mut self, start: usize, name: &str, rest: &str, out: &mut String) {
        let words = Words::of(rest);
        match name {
            "post_url" | "link" => {
                let name = rest.trim_matches(['"', '\'']);
                match (self.post)(name) {
                    Ok(path) => out.push_str(&path),
                    // A page or a file: its address, which is followed as others are.
                    Err(_) if is_in_address(out) && !name.ends_with(".md") && name.contains('.') => {
                        out.push_str(&format!("/{}", name.trim_start_matches('/')));
                    }
                    Err(why) => (self.lost)(start, format!("{why} `{}` to link to", short(name))),
                }
                return;
            }
            "assign" => {
                if let Some((name, expression)) = rest.split_once('=') {
                    let value = self.variables.value(expression, Place::Address);
                    self.variables.set.insert(name.trim().to_owned(), value);
                    return;
                }
            }
            "gist" | "youtube" | "vimeo" | "twitter" | "tweet" | "instagram" => {
                if let Some(link) = shown_elsewhere(name, &words) {
                    out.push_str(&link);
                    return;
                }
            }
            "include" | "include_cached" if self.include(start, rest, out) => return,
            "img" => {
                // Octopress: `{% img left /images/quay.png 350 350 "title" "alt" %}`
                let is_picture = |word: &&&str| word.contains('/') || word.contains('.');
                if let Some(src) = words.bare.iter().find(is_picture) {
                    let texts: Vec<&&str> = words
                        .bare
                        .iter()
                        .skip_while(|word| *word != src)
                        .skip(1)
                        .filter(|word| word.parse::<f64>().is_err() && !word.ends_with('%'))
                        .collect();
                    let alt = texts.last().map(|text| unescaped(text)).unwrap_or_default();
                    let title = texts.first().filter(|_| texts.len() > 1).map(|text| unescaped(text));
                    out.push_str(&picture(src, &alt, title.as_deref(), None));
                    return;
                }
            }
            _ => {}
        }
        let what = format!("`{{% {} %}}` is left out", short(&format!("{name} {rest}")));
        (self.lost)(start, what);
    }

    /// Writes what stands for an include whose name says what it shows: a picture, a film.
    fn include(&mut self, start: usize, rest: &str, out: &mut String) -> bool {
        let (file, arguments) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let stem =
            file.rsplit('/').next().unwrap_or(file).split('.').next().unwrap_or_default().to_lowercase();
        let words = Words::of(arguments);
        // Its arguments are expressions: a text, or the name of one.
        let text = |names: &[&str]| {
            let name = names.iter().find(|name| words.named(name).is_some())?;
            let value = words.named(name)?;
            let at = arguments.find(value)?;
            let is_quoted = arguments[..at].ends_with(['"', '\'']);
            match is_quoted {
                true => Some(unescaped(value)),
                false => match self.variables.value(value, Place::Address) {
                    Found::Text(value) => Some(value),
                    Found::Nothing | Found::Unknown => None,
                },
            }
        };
        let provider = text(&["provider"]).unwrap_or_default();
        for service in ["youtube", "vimeo"] {
            if stem.contains(service) || provider == service {
                let Some(id) = text(&["id", "video_id", "videoid", "video", "v", "url"]) else {
                    return false;
                };
                let Some(link) = shown_elsewhere(service, &Words::of(&id)) else { return false };
                out.push_str(&link);
                return true;
            }
        }
        let is_of_pictures = ["figure", "fig", "image", "img", "picture", "photo", "screenshot"]
            .iter()
            .any(|name| stem.contains(name));
        let src = text(&["src", "url", "image_path", "path", "file", "image", "img", "filename", "name"]);
        let Some(src) = src.filter(|src| is_of_pictures && src.contains('.')) else { return false };
        let written = text(&["caption", "description", "title"]);
        let alt = text(&["alt", "image_alt"]).or_else(|| written.clone()).unwrap_or_default();
        let link = text(&["link", "href"]);
        let lose = |lost| (self.lost)(start, lost);
        let caption = written.map(|written| caption(written, link.as_deref(), lose));
        out.push_str(&picture(&src, &plain(&alt), caption.as_deref(), link.as_deref()));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::head::Head;

    fn expanded(text: &str) -> (String, Vec<String>) {
        let settings =
            serde_json::json!({ "title": "The Harbour", "comments": false, "author": { "name": "Ann" } });
        let serde_json::Value::Object(settings) = settings else { panic!("no settings") };
        let extra = serde_json::json!({ "colour": "red", "sidebar": true });
        let serde_json::Value::Object(extra) = extra else { panic!("no head") };
        let head =
            Head { title: "The Ferry".to_owned(), date: "2016-03-04".to_owned(), extra, ..Head::default() };
        let variables = Variables {
            settings: &settings,
            url: Some("https://harbour.example"),
            base: "/blog",
            head: &head,
            set: HashMap::new(),
        };
        let mut lost = Vec::new();
        let post = |name: &str| match name.contains("ferry") {
            true => Ok("../2016/2016-03-04-ferry.md".to_owned()),
            false => Err("there is no post"),
        };
        let mut tell = |at: usize, what: String| lost.push(format!("{at}: {what}"));
        let text = Liquid { post: &post, variables, lost: &mut tell }.expand(text);
        (text, lost)
    }

    #[test]
    fn liquid_becomes_markdown() {
        for (liquid, markdown) in [
            ("{% highlight rust linenos %}\nlet x;\n{% endhighlight %}\n", "```rust\nlet x;\n```\n"),
            ("[x]({% post_url 2016-03-04-ferry %})", "[x](../2016/2016-03-04-ferry.md)"),
            ("![a]({{ site.baseurl }}/img/a.png)", "![a](/img/a.png)"),
            ("![a]({{ \"/img/a b.png\" | relative_url }})", "![a](/img/a%20b.png)"),
            (
                "<img src='{{ '/img/a.png' | prepend: site.baseurl | prepend: site.url }}'>",
                "<img src='/img/a.png'>",
            ),
            ("[map]: {{ site.url }}/map", "[map]: /map"),
            ("At {{ site.url }}{{ site.baseurl }}.", "At https://harbour.example/blog."),
            (
                "{{ 'tides' | absolute_url }}, {{ \"/tides\" | relative_url }}",
                "https://harbour.example/blog/tides, /blog/tides",
            ),
            (
                "{{ site.title | upcase }} of {{ site.author.name }}: {{ page.title }}",
                "THE HARBOUR of Ann: The Ferry",
            ),
            ("{{- page.date | date: '%B %-d, %Y' -}}", "March 4, 2016"),
            ("{{ page.colour | replace: 'red', 'blue' | append: \"|\" }}", "blue|"),
            ("{% assign p = '/img/' | append: 'a.png' %}![a]({{ p }})", "![a](/img/a.png)"),
            ("{% capture x %}so{% endcapture %}{{ x }}", "so"),
            (
                "{% capture x %}\n* a\n{% endcapture %}<div>\n  {{ x | markdownify }}\n</div>",
                "\n\n<div>\n  \n\n* a\n\n</div>",
            ),
            ("{% if page.sidebar %}yes{% else %}no{% endif %}", "yes"),
            ("{% unless page.sidebar %}yes{% else %}no{% endunless %}", "no"),
            ("{% if site.comments %}\na\n{% elsif page.colour == 'red' %}b{% else %}c{% endif %}", "\n\nb"),
            ("{% if page.sidebar and page.unknown %}{% if x %}a{% else %}b{% endif %}{% endif %}c", "c"),
            (
                "{% include figure.html src=\"/a.png\" alt=\"A \\\"boat\\\"\" caption='Out' %}",
                "![A \"boat\"](</a.png> \"Out\")",
            ),
            (
                "{% include figure.html src=\"/a.png\" caption=\"By *Ann*, [here](https://ann.example)\" %}",
                "![By Ann, here](</a.png> \"By *Ann*, [here](https://ann.example)\")",
            ),
            ("{% include youtube.html id=\"abc\" %}", "<https://www.youtube.com/watch?v=abc>"),
            ("{% img left /a.png 30 40 \"Out\" \"A boat\" %}", "![A boat](</a.png> \"Out\")"),
            ("- x\n\n  {% highlight sh %}\n  ls\n  {% endhighlight %}\n", "- x\n\n  ```sh\n  ls\n  ```\n"),
            ("{% highlight md %}\n```\n{% endhighlight %}", "````md\n```\n````"),
            ("{% blockquote Ann %}\nIt sails.\n{% endblockquote %}", "\n> It sails. — Ann\n"),
            ("{% raw %}{{ x }} {% y %}{% endraw %}z", "{{ x }} {% y %}z"),
            ("a{% comment %}\nb\n{% endcomment %}c", "a\n\nc"),
            ("{% gist ann/5555251 %}", "<https://gist.github.com/ann/5555251>"),
            ("{ {x} %} }}", "{ {x} %} }}"),
        ] {
            assert_eq!(expanded(liquid), (markdown.to_owned(), Vec::new()), "{liquid}");
        }
        let (text, lost) = expanded("a {% include x.html %} b {{ page.x }} {% post_url tide %}");
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
    fn of_what_only_the_site_knows_no_half_a_tag_stays() {
        for (liquid, left, told) in [
            (
                "a {% if user %}b{% else %}c{% endif %} d",
                "a b d",
                "2: whether `{% if user %}` holds is not known: the first of what stands in it is kept",
            ),
            (
                "{% for post in site.posts %}\n* {{ post.title }}\n{% endfor %}",
                "\n\n",
                "0: `{% for post in site.posts %}` is left out, with what stands in it",
            ),
            ("{% note %}b{% endnote %}", "b", "0: `{% note %}` is left out, and what stands in it is kept"),
            ("a {% no end", "a  no end", "2: `{%` is never closed, and is left out"),
            ("a {{ no end", "a  no end", "2: `{{` is never closed, and is left out"),
            ("a{% endif %}", "a", "1: `{% endif %}` is left out"),
            ("{{ '/a' | plugin: 1 }}", "", "0: `{{ '/a' | plugin: 1 }}` is left out"),
            ("{{ x | default: 'a' }}", "", "0: `{{ x | default: 'a' }}` is left out"),
        ] {
            assert_eq!(expanded(liquid), (left.to_owned(), vec![told.to_owned()]), "{liquid}");
        }
        // In time that grows with the text.
        expanded(&"{% if x %}{% x %}".repeat(40_000));
        expanded(&("{% if page.sidebar %}".repeat(40_000) + "{% endif %}"));
        let deep = "{% if page.sidebar %}".repeat(100) + "x" + &"{% endif %}".repeat(100);
        let (text, _) = expanded(&deep);
        assert_eq!(text, "x");
    }
}
