//! The sanitiser's output as tags and text.

use super::super::tree::Image;
use super::super::{clean, clean_line};
use super::tag_name;

#[derive(Debug, PartialEq)]
pub(super) enum Token {
    Open { name: String, attributes: Vec<(String, String)> },
    Close(String),
    Text(String),
}

pub(super) fn attribute(attributes: &[(String, String)], name: &str) -> Option<String> {
    let value = attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim())?;
    (!value.is_empty()).then(|| clean_line(value))
}

pub(super) fn image(attributes: &[(String, String)]) -> Option<Image> {
    let src = attribute(attributes, "src")?;
    Some(Image { src, alt: attribute(attributes, "alt").unwrap_or_default(), title: None })
}

/// Reads ammonia's output: well-formed, attributes in double quotes, comments gone.
pub(super) fn tokens(html: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = html;
    while !rest.is_empty() {
        let Some(inside) = rest.strip_prefix('<') else {
            let end = rest.find('<').unwrap_or(rest.len());
            tokens.push(Token::Text(clean(&decode(&rest[..end]))));
            rest = &rest[end..];
            continue;
        };
        let end = tag_end(inside);
        let (tag, after) = (&inside[..end], inside.get(end + 1..).unwrap_or_default());
        rest = after;
        match tag.strip_prefix('/') {
            Some(name) => tokens.push(Token::Close(tag_name(name))),
            None => tokens.push(Token::Open { name: tag_name(tag), attributes: attributes(tag) }),
        }
    }
    tokens
}

/// Where a tag ends: at the first `>` outside quotes.
fn tag_end(inside: &str) -> usize {
    let mut quoted = false;
    inside
        .bytes()
        .position(|b| {
            quoted ^= b == b'"';
            b == b'>' && !quoted
        })
        .unwrap_or(inside.len())
}

fn attributes(tag: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = tag;
    while let Some((before, after)) = rest.split_once("=\"") {
        let name = before.rsplit(' ').next().unwrap_or_default();
        let (value, next) = after.split_once('"').unwrap_or((after, ""));
        found.push((name.to_owned(), decode(value)));
        rest = next;
    }
    found
}

/// The character references that the serialiser writes.
fn decode(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&nbsp;", "\u{A0}")
        .replace("&amp;", "&")
}
