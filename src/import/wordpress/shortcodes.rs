//! The shortcodes of WordPress: its own and those that many plug-ins share.

use std::collections::HashSet;

use super::super::tags::Words;

/// Those whose inside is code.
const CODES: [&str; 14] = [
    "sourcecode",
    "code",
    "crayon",
    "highlight",
    "php",
    "python",
    "java",
    "javascript",
    "js",
    "css",
    "html",
    "xml",
    "bash",
    "sql",
];

/// The addresses and texts of the pictures of a gallery: of those that are named, else of the post's own.
pub(super) type Gallery<'a> = dyn Fn(Option<&str>) -> Vec<(String, String)> + 'a;

/// The HTML with shortcodes as what they show, and a note for those of plug-ins. Code is left as it is.
pub(super) fn expanded(html: &str, gallery: &Gallery<'_>, lost: &mut dyn FnMut(usize, String)) -> String {
    let ends: HashSet<&str> =
        html.split("[/").skip(1).filter_map(|rest| Some(rest.split_once(']')?.0)).collect();
    // Where the next piece of code begins; each mark is looked for once.
    let mut codes = ["<pre", "<code"].map(|mark| (mark, html.find(mark)));
    let mut next_code = |from: usize| {
        for (mark, place) in &mut codes {
            if place.is_some_and(|place| place < from) {
                *place = html[from..].find(*mark).map(|at| from + at);
            }
        }
        codes.iter().filter_map(|(_, place)| *place).min()
    };
    let mut out = String::with_capacity(html.len());
    let mut at = 0;
    let mut code = next_code(0);
    while let Some(found) = html[at..].find('[') {
        let open = at + found;
        if let Some(start) = code.filter(|start| *start < open) {
            if start < at {
                code = next_code(at);
                continue;
            }
            let close = if html[start..].starts_with("<pre") { "</pre>" } else { "</code>" };
            let end = html[start..].find(close).map_or(start + 1, |length| start + length + close.len());
            out.push_str(&html[at..end]);
            at = end;
            code = next_code(end);
            continue;
        }
        out.push_str(&html[at..open]);
        // `[[gallery]]` is shown as it is written.
        if let Some(shown) = html[open..].strip_prefix("[[").and_then(|rest| Some(rest.split_once("]]")?.0))
            && !shown.contains('[')
            && shown.len() < 200
        {
            out.push_str(&format!("[{shown}]"));
            at = open + shown.len() + 4;
            continue;
        }
        let Some(code) = Code::at(html, open, &ends) else {
            out.push('[');
            at = open + 1;
            continue;
        };
        at = code.write((html, &ends), open, gallery, lost, &mut out);
    }
    out.push_str(&html[at..]);
    out
}

struct Code<'h> {
    name: &'h str,
    /// What stands behind the name.
    rest: &'h str,
    closes: bool,
    end: usize,
}

impl<'h> Code<'h> {
    fn at(html: &'h str, open: usize, ends: &HashSet<&str>) -> Option<Self> {
        let rest = &html[open + 1..];
        let end = rest.find(']').filter(|end| *end < 2_000)?;
        let inner = &rest[..end];
        let (closes, inner) = inner.strip_prefix('/').map_or((false, inner), |inner| (true, inner));
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let length = inner.find(|c| !is_name(c)).unwrap_or(inner.len());
        let (name, rest) = inner.split_at(length);
        if name.is_empty() || length > 40 {
            return None;
        }
        let known = matches!(
            name,
            "caption"
                | "wp_caption"
                | "embed"
                | "gallery"
                | "audio"
                | "video"
                | "playlist"
                | "more"
                | "youtube"
                | "vimeo"
                | "tweet"
                | "twitter"
        );
        // `[sic]` and `[1]` are brackets; a plug-in's code has attributes, an end or an underscore.
        let of_plugin = inner.contains('=') || ends.contains(name) || name.contains('_');
        (known || of_plugin).then_some(Code { name, rest, closes, end: open + 1 + end + 1 })
    }

    /// Where what is between this code and the one that closes it ends, and where that ends.
    fn closing(&self, html: &str, ends: &HashSet<&str>) -> Option<(usize, usize)> {
        // Not where nothing closes it.
        let close = format!("[/{}]", self.name);
        let found = if ends.contains(self.name) { html[self.end..].find(&close) } else { None };
        found.map(|at| (self.end + at, self.end + at + close.len()))
    }

    /// As `closing`, where no other code and no tag is between the two.
    fn next_closing(&self, html: &str) -> Option<(usize, usize)> {
        let close = format!("[/{}]", self.name);
        let at = self.end + html[self.end..].find(['[', '<'])?;
        html[at..].starts_with(&close).then(|| (at, at + close.len()))
    }

    /// Writes what it stands for; gives the place to go on from.
    fn write(
        &self,
        (html, ends): (&'h str, &HashSet<&str>),
        open: usize,
        gallery: &Gallery<'_>,
        lost: &mut dyn FnMut(usize, String),
        out: &mut String,
    ) -> usize {
        let words = Words::of(self.rest);
        let tell = |lost: &mut dyn FnMut(usize, String)| {
            let shown: String = format!("{}{}", self.name, self.rest).chars().take(60).collect();
            lost(open, format!("the shortcode `[{shown}]` is left out"));
        };
        match self.name {
            "caption" | "wp_caption" if self.closes => out.push_str("</figcaption></figure>"),
            "caption" | "wp_caption" => {
                // `<img …> the words`: a caption of its own.
                let until = html[self.end..].find("[/").map_or(html.len(), |end| self.end + end);
                let piece = &html[self.end..until];
                let image_end = piece.find("<img").and_then(|img| Some(img + piece[img..].find('>')? + 1));
                let image_end =
                    image_end.map(|end| if piece[end..].starts_with("</a>") { end + 4 } else { end });
                let image = &piece[..image_end.unwrap_or_default()];
                out.push_str(&format!("<figure>{image}<figcaption>"));
                return self.end + image.len();
            }
            "embed" => out.push_str(if self.closes { "</p>" } else { "<p>" }),
            _ if self.closes => {}
            name if CODES.contains(&name) => {
                let Some((inner_end, end)) = self.closing(html, ends) else {
                    tell(lost);
                    return self.end;
                };
                let inner = html[self.end..inner_end].trim_matches(['\n', '\r']);
                // Of both editors one keeps `<` as an entity.
                let is_escaped =
                    ["&lt;", "&gt;", "&amp;", "&quot;"].iter().any(|entity| inner.contains(entity));
                let inner = if is_escaped {
                    inner.to_owned()
                } else {
                    inner.replace('&', "&amp;").replace('<', "&lt;")
                };
                out.push_str(&format!("<pre>{inner}</pre>"));
                return end;
            }
            "gallery" => {
                let pictures = gallery(words.any(&["ids", "include"]));
                if pictures.is_empty() {
                    tell(lost);
                }
                for (src, alt) in pictures {
                    out.push_str(&format!(
                        "<figure><img src=\"{}\" alt=\"{}\"></figure>",
                        quoted(&src),
                        quoted(&alt)
                    ));
                }
            }
            "youtube" | "vimeo" | "tweet" | "twitter" | "audio" | "video" => {
                let inner = self.next_closing(html);
                let between =
                    inner.map(|(end, _)| html[self.end..end].trim()).filter(|text| !text.is_empty());
                // `[youtube=https://youtu.be/x&w=640]`, `[vimeo 123]`
                let own = self.rest.trim_start_matches(['=', ' ', ':']).split([' ', '&']).next();
                let named =
                    words.any(&["id", "url", "src", "mp3", "mp4", "m4a", "m4v", "ogg", "wav", "webm"]);
                let shown = named
                    .or(between)
                    .or(own.filter(|own| !own.is_empty() && !own.contains('=') || own.contains("?v=")));
                let address = shown.and_then(|shown| address(self.name, shown.trim_matches(['"', '\''])));
                let Some(address) = address else {
                    tell(lost);
                    return self.end;
                };
                let label =
                    if matches!(self.name, "audio" | "video") { address.rsplit('/').next() } else { None };
                let (address, label) = (quoted(&address), quoted(label.unwrap_or(&address)));
                out.push_str(&format!("<a href=\"{address}\">{label}</a>"));
                return inner.map_or(self.end, |(_, end)| end);
            }
            "button" | "su_button" | "btn" if words.any(&["link", "url", "href"]).is_some() => {
                let target = words.any(&["link", "url", "href"]).unwrap_or_default();
                let (inner_end, end) = self.next_closing(html).unwrap_or((self.end, self.end));
                let label = html.get(self.end..inner_end).filter(|label| !label.trim().is_empty());
                let label = label.or(words.any(&["text", "title", "label"])).unwrap_or(target);
                out.push_str(&format!("<a href=\"{}\">{label}</a>", quoted(target)));
                return end;
            }
            _ => tell(lost),
        }
        self.end
    }
}

/// Where on the web `shown` is: a whole address, or the number of a film.
fn address(name: &str, shown: &str) -> Option<String> {
    let is_id = shown.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    match name {
        _ if shown.starts_with("http://") || shown.starts_with("https://") => Some(shown.to_owned()),
        "youtube" if is_id => Some(format!("https://www.youtube.com/watch?v={shown}")),
        "vimeo" if is_id => Some(format!("https://vimeo.com/{shown}")),
        "audio" | "video" if shown.starts_with('/') => Some(shown.to_owned()),
        _ => None,
    }
}

/// As the value of an attribute.
fn quoted(text: &str) -> String {
    text.replace('"', "&quot;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortcodes_become_what_they_show() {
        let gallery = |ids: Option<&str>| match ids {
            Some(_) => vec![("/a.png".to_owned(), "A \"boat\"".to_owned())],
            None => Vec::new(),
        };
        let expand = |html: &str| {
            let mut told = Vec::new();
            let text = expanded(html, &gallery, &mut |at, what| told.push(format!("{at}: {what}")));
            (text, told)
        };
        for (html, shown) in [
            (
                "[sourcecode language=\"php\"]\n$a = \"<b>\";\n\n$b = [1];\n[/sourcecode]",
                "<pre>$a = \"&lt;b>\";\n\n$b = [1];</pre>",
            ),
            ("[code]a &lt; b[/code]", "<pre>a &lt; b</pre>"),
            ("[gallery ids=\"1,2\"]", "<figure><img src=\"/a.png\" alt=\"A &quot;boat&quot;\"></figure>"),
            (
                "[youtube=http://www.youtube.com/watch?v=abc&w=640]",
                "<a href=\"http://www.youtube.com/watch?v=abc\">http://www.youtube.com/watch?v=abc</a>",
            ),
            (
                "[youtube]http://youtu.be/abc[/youtube]",
                "<a href=\"http://youtu.be/abc\">http://youtu.be/abc</a>",
            ),
            ("[vimeo 123]", "<a href=\"https://vimeo.com/123\">https://vimeo.com/123</a>"),
            ("[audio mp3=\"http://e.org/x.mp3\"][/audio]", "<a href=\"http://e.org/x.mp3\">x.mp3</a>"),
            ("[button link=\"http://e.org\"]Press[/button]", "<a href=\"http://e.org\">Press</a>"),
            ("[[gallery]] [sic] [1]", "[gallery] [sic] [1]"),
            ("<code>a</code>[sic]<pre>[x y=1]</pre>[1]", "<code>a</code>[sic]<pre>[x y=1]</pre>[1]"),
            ("<pre>[x y=1]</pre><code>[a b=1]</code>", "<pre>[x y=1]</pre><code>[a b=1]</code>"),
        ] {
            assert_eq!(expand(html), (shown.to_owned(), Vec::new()), "{html}");
        }
        for (html, shown, told) in [
            ("a [gallery]", "a ", "2: the shortcode `[gallery]` is left out"),
            ("[tabs a=1]x[/tabs]", "x", "0: the shortcode `[tabs a=1]` is left out"),
            ("[video]", "", "0: the shortcode `[video]` is left out"),
        ] {
            assert_eq!(expand(html), (shown.to_owned(), vec![told.to_owned()]), "{html}");
        }
    }
}
