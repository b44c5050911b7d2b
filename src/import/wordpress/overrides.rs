//! What a post says in place of a synced pattern's own words (WordPress calls it "overrides"): blocks of the pattern have a
//! name, and the post has words for names.

use std::ops::Range;

use serde_json::{Map, Value};

use crate::article::markdown::escaped;

/// The words of a post, by the names of blocks.
pub(super) type Own = Map<String, Value>;

/// `pattern` with the words of `own` where they are plain: of a paragraph, a heading, a button. Whether all are in.
pub(super) fn put_in(pattern: &str, own: &Own) -> (String, bool) {
    let (mut out, mut at) = (String::with_capacity(pattern.len()), 0);
    let mut done: Vec<&str> = Vec::new();
    while let Some(block) = next_named(pattern, at) {
        if let Some((name, said)) = own.get_key_value(&block.name)
            && let Some(inside) =
                said.as_object().and_then(|said| written(&pattern[block.inside.clone()], block.tag, said))
        {
            out.push_str(&pattern[at..block.inside.start]);
            out.push_str(&inside);
            at = block.inside.end;
            done.push(name);
        } else {
            out.push_str(&pattern[at..block.inside.start]);
            at = block.inside.start;
        }
    }
    out.push_str(&pattern[at..]);
    (out, own.keys().all(|name| done.contains(&name.as_str())))
}

/// A block of a pattern that has a name: `<!-- wp:paragraph {"metadata":{"name":"Greeting"}} -->`.
struct Named {
    name: String,
    /// How the element begins that has its words.
    tag: &'static str,
    /// What stands between its two comments.
    inside: Range<usize>,
}

fn next_named(pattern: &str, from: usize) -> Option<Named> {
    const BEGINS: &str = "<!-- wp:";
    let mut at = from;
    loop {
        let start = at + pattern[at..].find(BEGINS)?;
        let end = start + pattern[start..].find("-->")?;
        at = end + 3;
        let (kind, settings) = pattern[start + BEGINS.len()..end].split_once(' ').unwrap_or_default();
        let tag = match kind {
            "paragraph" => "<p",
            "heading" => "<h",
            "button" => "<a",
            _ => continue,
        };
        let settings: Value = serde_json::from_str(settings.trim()).unwrap_or_default();
        let Some(name) = settings.pointer("/metadata/name").and_then(Value::as_str) else { continue };
        let closes = pattern[at..].find(&format!("<!-- /wp:{kind} -->"))?;
        return Some(Named { name: name.to_owned(), tag, inside: at..at + closes });
    }
}

/// `inside` with what the post says, if its words and address are all that it says.
fn written(inside: &str, tag: &str, said: &Map<String, Value>) -> Option<String> {
    let start = inside.find(tag)?;
    let opened = start + inside[start..].find('>')? + 1;
    let closed = inside.rfind("</")?;
    let closed = if tag == "<a" { inside.rfind("</a")? } else { closed };
    let words = if tag == "<a" { "text" } else { "content" };
    let mut element = inside[start..opened].to_owned();
    let mut text = inside.get(opened..closed)?;
    for (what, value) in said {
        let value = value.as_str()?;
        match what.as_str() {
            what if what == words => text = value,
            "url" if tag == "<a" => element = leading_to(&element, value),
            // How a link opens is no matter of an article.
            "linkTarget" | "rel" if tag == "<a" => {}
            _ => return None,
        }
    }
    Some([&inside[..start], &element, text, &inside[closed..]].concat())
}

/// The tag of a link with another address.
fn leading_to(tag: &str, address: &str) -> String {
    const HREF: &str = " href=\"";
    let address = escaped(address);
    let rest = match tag.find(HREF) {
        Some(at) => {
            let behind = &tag[at + HREF.len()..];
            tag[..at].to_owned() + behind.split_once('"').map_or(">", |(_, rest)| rest)
        }
        None => tag.to_owned(),
    };
    rest.replacen("<a", &format!("<a{HREF}{address}\""), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATTERN: &str = "<!-- wp:heading {\"metadata\":{\"name\":\"Head\"}} -->\n<h2 class=\"x\">House</h2>\n<!-- /wp:heading -->\n\
        <!-- wp:paragraph {\"metadata\":{\"name\":\"Lead\",\"bindings\":{}}} -->\n<p>Words of <em>all</em>.</p>\n<!-- /wp:paragraph -->\n\
        <!-- wp:paragraph -->\n<p>Kept.</p>\n<!-- /wp:paragraph -->\n\
        <!-- wp:buttons --><!-- wp:button {\"metadata\":{\"name\":\"Go\"}} -->\n<div><a class=\"b\" href=\"https://old.example/\">Old</a></div>\n<!-- /wp:button --><!-- /wp:buttons -->\n\
        <!-- wp:image {\"metadata\":{\"name\":\"Face\"}} --><img src=\"a.png\"/><!-- /wp:image -->";

    fn filled(own: &str) -> (String, bool) {
        put_in(PATTERN, serde_json::from_str::<Value>(own).unwrap().as_object().unwrap())
    }

    #[test]
    fn a_post_says_its_own_in_paragraphs_headings_and_buttons() {
        let own = r#"{"Head":{"content":"Harbour"},"Lead":{"content":"Only <strong>here</strong>."},
            "Go":{"text":"New","url":"https://new.example/?a=1&b=\"2","rel":""}}"#;
        let expected = PATTERN
            .replace("House", "Harbour")
            .replace("Words of <em>all</em>.", "Only <strong>here</strong>.")
            .replace(
                "<a class=\"b\" href=\"https://old.example/\">Old</a>",
                "<a href=\"https://new.example/?a=1&amp;b=&quot;2\" class=\"b\">New</a>",
            );
        assert_eq!(filled(own), (expected, true));
        assert_eq!(filled("{}"), (PATTERN.to_owned(), true));
    }

    #[test]
    fn what_is_not_plain_stays_and_is_told() {
        for own in [
            r#"{"Face":{"url":"b.png"}}"#,
            r#"{"Nobody":{"content":"?"}}"#,
            r#"{"Lead":{"content":"Here.","dropCap":true}}"#,
            r#"{"Lead":"Here."}"#,
        ] {
            assert_eq!(filled(own), (PATTERN.to_owned(), false), "{own}");
        }
        let broken = "<!-- wp:paragraph {\"metadata\":{\"name\":\"Lead\"}} --><p>No end";
        let own = serde_json::from_str::<Own>(r#"{"Lead":{"content":"Here."}}"#).unwrap();
        assert_eq!(put_in(broken, &own), (broken.to_owned(), false));
    }
}
