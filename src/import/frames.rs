//! What HTML shows from elsewhere, as links to it: films, sounds, pieces of code.

/// The HTML with a link in place of each frame, script and player of which it is known what it shows.
pub(super) fn as_links(html: &str) -> String {
    if !["<iframe", "<script", "<video", "<audio"].iter().any(|tag| html.contains(tag)) {
        return html.to_owned();
    }
    let mut out = String::with_capacity(html.len());
    let mut at = 0;
    while let Some(found) = html[at..].find('<') {
        let open = at + found;
        out.push_str(&html[at..open]);
        at = match shown(html, open) {
            Some((address, end)) => {
                let name =
                    if is_film(&address) { &address } else { address.rsplit('/').next().unwrap_or(&address) };
                out.push_str(&format!("<a href=\"{address}\">{name}</a>"));
                end
            }
            None => {
                out.push('<');
                open + 1
            }
        };
    }
    out.push_str(&html[at..]);
    out
}

fn is_film(address: &str) -> bool {
    ["youtube.com/", "vimeo.com/", "gist.github.com/"].iter().any(|site| address.contains(site))
}

/// The address of what the element at `open` shows, and where it ends.
fn shown(html: &str, open: usize) -> Option<(String, usize)> {
    let name = ["iframe", "script", "video", "audio"].into_iter().find(|name| {
        let rest = html[open + 1..].strip_prefix(name);
        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_whitespace() || c == '>'))
    })?;
    let tag_end = open + html[open..].find('>')? + 1;
    let close = format!("</{name}>");
    let (inner_end, end) = html[tag_end..]
        .find(&close)
        .map_or((tag_end, tag_end), |at| (tag_end + at, tag_end + at + close.len()));
    let source = || attribute(&html[tag_end..inner_end], "src");
    let address = attribute(&html[open..tag_end], "src").or_else(source)?;
    let id = |mark: &str| {
        address.split_once(mark).map(|(_, id)| id.split(['?', '&', '/']).next().unwrap_or_default())
    };
    let address = match name {
        "iframe" => id("youtube.com/embed/")
            .or_else(|| id("youtube-nocookie.com/embed/"))
            .map(|id| format!("https://www.youtube.com/watch?v={id}"))
            .or_else(|| id("player.vimeo.com/video/").map(|id| format!("https://vimeo.com/{id}")))?,
        "script" => {
            let path = id_of_gist(address)?;
            format!("https://gist.github.com/{path}")
        }
        _ => address.to_owned(),
    };
    let is_whole = !address.is_empty()
        && address.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'"'));
    is_whole.then_some((address, end))
}

/// `ann/123` of `https://gist.github.com/ann/123.js?file=a.rs`.
fn id_of_gist(address: &str) -> Option<&str> {
    let (_, path) = address.split_once("gist.github.com/")?;
    path.split('?').next()?.strip_suffix(".js")
}

/// The value of the first attribute `name` in the tags of `html`.
pub(super) fn attribute<'h>(html: &'h str, name: &str) -> Option<&'h str> {
    let mut at = 0;
    loop {
        let found = at + html[at..].find(name)?;
        at = found + name.len();
        let Some(value) = html[at..].trim_start().strip_prefix('=').map(str::trim_start) else { continue };
        if !html[..found].ends_with(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')) {
            continue;
        }
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        return match quote {
            Some(quote) => value[1..].split(quote).next(),
            None => value.split(|c: char| c.is_whitespace() || c == '>').next(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_from_elsewhere_becomes_a_link() {
        for (html, links) in [
            (
                "<p>a</p><iframe width=5 src='https://www.youtube-nocookie.com/embed/abc?x=1'></iframe>b",
                "<p>a</p><a href=\"https://www.youtube.com/watch?v=abc\">https://www.youtube.com/watch?v=abc</a>b",
            ),
            (
                "<script src=\"https://gist.github.com/ann/1.js?file=a.rs\"></script>",
                "<a href=\"https://gist.github.com/ann/1\">https://gist.github.com/ann/1</a>",
            ),
            ("<video controls><source src=\"/a/v.mp4\">x</video>", "<a href=\"/a/v.mp4\">v.mp4</a>"),
            ("<audio data-src=x src=/a.mp3 >", "<a href=\"/a.mp3\">a.mp3</a>"),
        ] {
            assert_eq!(as_links(html), links, "{html}");
        }
        for same in [
            "<iframe src=\"https://x.example/\"></iframe>",
            "<script>x</script>",
            "<videos>",
            "<video",
            "a < b",
        ] {
            assert_eq!(as_links(same), same);
        }
    }
}
