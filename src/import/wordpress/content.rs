//! What WordPress keeps as the text of a post → Markdown: blocks, classic paragraphs, shortcodes.

use std::collections::HashSet;

use crate::article::markdown::from_html;

/// A piece between blocks is converted by itself, so that a long post is no large document.
const PIECE: usize = 200;

/// Turns the content of a post into Markdown; tells what is lost, with its byte.
pub(super) fn markdown(content: &str, lost: &mut dyn FnMut(usize, String)) -> String {
    let has_blocks = content.contains("<!-- wp:");
    let mut out = String::new();
    for (at, piece) in pieces(content, has_blocks) {
        let html = shortcodes(piece, &mut |within, what| lost(at + within, what));
        let html = with_embeds(&html);
        let html = if has_blocks { html } else { paragraphs(&html) };
        for part in parts(&html) {
            let converted = from_html(part);
            for what in converted.lost {
                lost(at, format!("{what} does not go into a mail and is left out"));
            }
            if !converted.markdown.trim().is_empty() {
                if !out.is_empty() {
                    out.push('\n');
                }
                out.push_str(&converted.markdown);
            }
        }
    }
    out
}

/// Pieces of whole lines with so few tags that each is converted: a longer one would be taken for an attack.
fn parts(html: &str) -> Vec<&str> {
    const MOST_TAGS: usize = 2_000;
    let mut parts = Vec::new();
    let (mut start, mut at, mut tags) = (0, 0, 0);
    for line in html.split_inclusive('\n') {
        let more = line.matches('<').count();
        if tags + more > MOST_TAGS && at > start {
            parts.push(&html[start..at]);
            (start, tags) = (at, 0);
        }
        tags += more;
        at += line.len();
    }
    parts.push(&html[start..]);
    parts
}

/// The blocks of the editor, a handful at a time; without blocks the whole.
fn pieces(content: &str, has_blocks: bool) -> Vec<(usize, &str)> {
    if !has_blocks {
        return vec![(0, content)];
    }
    let mut pieces = Vec::new();
    let (mut start, mut at, mut depth, mut count) = (0, 0, 0_usize, 0_usize);
    while let Some(found) = content[at..].find("<!-- ") {
        let open = at + found;
        let Some(length) = content[open..].find("-->") else { break };
        let end = open + length + 3;
        let inner = &content[open + 5..end - 3];
        if inner.starts_with("/wp:") {
            depth = depth.saturating_sub(1);
        } else if inner.starts_with("wp:") && !inner.trim_end().ends_with('/') {
            depth += 1;
        }
        at = end;
        if depth == 0 {
            count += 1;
            if count.is_multiple_of(PIECE) {
                pieces.push((start, &content[start..end]));
                start = end;
            }
        }
    }
    pieces.push((start, &content[start..]));
    pieces
}

/// Shortcodes of WordPress's own, and a note for those of plug-ins.
fn shortcodes(html: &str, lost: &mut dyn FnMut(usize, String)) -> String {
    let ends: HashSet<&str> =
        html.split("[/").skip(1).filter_map(|rest| Some(rest.split_once(']')?.0)).collect();
    let mut out = String::with_capacity(html.len());
    let mut at = 0;
    while let Some(found) = html[at..].find('[') {
        let open = at + found;
        out.push_str(&html[at..open]);
        let rest = &html[open + 1..];
        let (closes, named) = rest.strip_prefix('/').map_or((false, rest), |rest| (true, rest));
        let name: String = named
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
            .take(40)
            .collect();
        let end = rest.find(']').filter(|end| *end < 2_000).map(|end| open + 1 + end + 1);
        let (Some(end), false) = (end, name.is_empty()) else {
            out.push('[');
            at = open + 1;
            continue;
        };
        let inner = &html[open + 1..end - 1];
        let known = matches!(
            name.as_str(),
            "caption" | "wp_caption" | "embed" | "gallery" | "audio" | "video" | "playlist" | "more"
        );
        // `[sic]` and `[1]` are brackets; a plug-in's code has attributes, an end or an underscore.
        let of_plugin = inner.contains('=') || ends.contains(name.as_str()) || name.contains('_');
        if !known && !of_plugin {
            out.push('[');
            at = open + 1;
            continue;
        }
        at = end;
        match name.as_str() {
            // What stands between the two stays: the picture and its words, the address.
            "caption" | "wp_caption" => {
                out.push_str(if closes { "</figcaption></figure>" } else { "<figure>" })
            }
            "embed" => out.push_str(if closes { "</p>" } else { "<p>" }),
            _ if closes => {}
            _ => {
                let shown: String = inner.chars().take(60).collect();
                lost(open, format!("the shortcode `[{shown}]` is left out"));
            }
        }
        if matches!(name.as_str(), "caption" | "wp_caption") && !closes {
            // `<img …> the words`: a caption of its own.
            let until = html[at..].find("[/").map_or(html.len(), |end| at + end);
            let piece = &html[at..until];
            let image_end = piece.find("<img").and_then(|img| Some(img + piece[img..].find('>')? + 1));
            let image_end = image_end.map(|end| if piece[end..].starts_with("</a>") { end + 4 } else { end });
            if let Some(image_end) = image_end {
                out.push_str(&piece[..image_end]);
                out.push_str("<figcaption>");
                at += image_end;
            } else {
                out.push_str("<figcaption>");
            }
        }
    }
    out.push_str(&html[at..]);
    out
}

/// Frames of films become links to them, and addresses that stand alone become links.
fn with_embeds(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut at = 0;
    while let Some(found) = html[at..].find("<iframe") {
        let open = at + found;
        out.push_str(&html[at..open]);
        let end = html[open..].find('>').map_or(html.len(), |end| open + end + 1);
        let address = html[open..end]
            .split_once("src=")
            .map(|(_, rest)| rest.trim_start_matches(['"', '\'']))
            .and_then(|rest| rest.split(['"', '\'', ' ', '>']).next());
        let film = address.and_then(|address| {
            let id = |mark: &str| {
                address.split_once(mark).map(|(_, id)| id.split(['?', '&', '/']).next().unwrap_or_default())
            };
            id("youtube.com/embed/")
                .or_else(|| id("youtube-nocookie.com/embed/"))
                .map(|id| format!("https://www.youtube.com/watch?v={id}"))
                .or_else(|| id("player.vimeo.com/video/").map(|id| format!("https://vimeo.com/{id}")))
        });
        match film {
            Some(film) if film.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'"')) => {
                out.push_str(&format!("<a href=\"{film}\">{film}</a>"));
                at = html[end..].find("</iframe>").map_or(end, |close| end + close + 9);
            }
            _ => {
                out.push_str(&html[open..end]);
                at = end;
            }
        }
    }
    out.push_str(&html[at..]);
    let alone = |line: &str| {
        let text = line.trim();
        let is_address = (text.starts_with("https://") || text.starts_with("http://"))
            && !text.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"'));
        if is_address {
            line.replace(text, &format!("<a href=\"{text}\">{text}</a>"))
        } else {
            line.to_owned()
        }
    };
    out.split('\n').map(alone).collect::<Vec<_>>().join("\n")
}

/// Elements that need no paragraph around them.
const BLOCKS: [&str; 22] = [
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "blockquote",
    "pre",
    "table",
    "figure",
    "div",
    "hr",
    "dl",
    "section",
    "form",
    "iframe",
    "script",
    "/",
];

/// The classic editor keeps paragraphs as blank lines.
fn paragraphs(html: &str) -> String {
    let mut out = String::with_capacity(html.len() + 64);
    let mut preformatted = false;
    for part in html.split("\n\n") {
        let within = preformatted;
        preformatted = match (part.rfind("<pre"), part.rfind("</pre")) {
            (Some(open), close) => close.is_none_or(|close| close < open),
            (None, Some(_)) => false,
            (None, None) => preformatted,
        };
        if within {
            out.push_str("\n\n");
            out.push_str(part);
            continue;
        }
        let text = part.trim();
        if text.is_empty() {
            continue;
        }
        let name: String = text
            .strip_prefix('<')
            .unwrap_or_default()
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '/')
            .collect();
        let is_block = BLOCKS
            .iter()
            .any(|block| name.eq_ignore_ascii_case(block) || *block == "/" && name.starts_with('/'));
        if is_block {
            out.push_str(text);
        } else {
            out.push_str(&format!("<p>{}</p>", text.replace('\n', "<br>")));
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(html: &str) -> (String, Vec<String>) {
        let mut lost = Vec::new();
        let text = markdown(html, &mut |at, what| lost.push(format!("{at}: {what}")));
        (text, lost)
    }

    #[test]
    fn the_classic_editor_keeps_paragraphs_as_blank_lines() {
        let (text, lost) = converted(
            "The ferry <em>sails</em>.\nAgain.\n\n<strong>Soon</strong> [sic] &amp; often.\n\n<ul>\n\t<li>One</li>\n</ul>\n\n\
             [caption id=\"x\" width=\"3\"]<a href=\"https://e.org/\"><img src=\"https://e.org/a.jpg\" alt=\"A ferry\"></a> On trials[/caption]\n\n\
             https://www.youtube.com/watch?v=1\n\n[gallery ids=\"1,2\"]\n\n[su_note color=red]Mind[/su_note]\n\n<pre>a\n\nb</pre>",
        );
        insta::with_settings!({ snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots"), omit_expression => true }, {
            insta::assert_snapshot!(text);
        });
        assert_eq!(
            lost,
            [
                "259: the shortcode `[gallery ids=\"1,2\"]` is left out",
                "280: the shortcode `[su_note color=red]` is left out"
            ]
        );
    }

    #[test]
    fn blocks_lose_their_comments() {
        let (text, lost) = converted(
            "<!-- wp:heading {\"level\":3} -->\n<h3>The fare</h3>\n<!-- /wp:heading -->\n\n<!-- wp:paragraph -->\n<p>It stays.</p>\n\
             <!-- /wp:paragraph -->\n\n<!-- wp:embed {\"url\":\"x\"} -->\n<figure class=\"wp-block-embed\"><div>\n\
             https://example.com/film\n</div></figure>\n<!-- /wp:embed -->\n<!-- wp:more -->\n<!--more-->\n<!-- /wp:more -->\n\
             <!-- wp:html --><iframe src=\"https://www.youtube.com/embed/abc?x=1\"></iframe><iframe src=\"https://m.example/\"></iframe><!-- /wp:html -->",
        );
        assert_eq!(
            text,
            "### The fare\n\nIt stays.\n\n<https://example.com/film>\n\n<https://www.youtube.com/watch?v=abc>\n"
        );
        assert_eq!(lost.len(), 1, "{lost:?}");
    }

    #[test]
    fn a_long_post_is_converted_in_pieces() {
        let block = "<!-- wp:paragraph -->\n<p>One <b>of</b> many.</p>\n<!-- /wp:paragraph -->\n";
        let (text, lost) = converted(&block.repeat(5_000));
        assert_eq!((text.matches("One **of** many.").count(), lost.len()), (5_000, 0));
        let (text, lost) = converted(&"<p>One <b>of</b> many.</p>\n".repeat(5_000));
        assert_eq!((text.matches("One **of** many.").count(), lost.len()), (5_000, 0));
    }
}
