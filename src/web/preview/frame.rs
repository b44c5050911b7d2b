//! The message as one mail program or another shows it: the same document, with what that program would change.

use super::choice::{Choice, Scheme, Shown};
use crate::edition::{EmbeddedPicture, find_ignoring_case, tags};

/// What a media feature becomes that is true, or is not, whatever the machine prefers.
const TRUE: &str = "(min-width:0px)";
const FALSE: &str = "(max-width:0px)";

/// Turns every colour over but those of pictures, as mail programs do that know no dark style sheet.
const INVERT: &str = "<style>html{background:#fff;filter:invert(1) hue-rotate(180deg)}img{filter:invert(1) hue-rotate(180deg)}</style>";

/// The document of the frame: `html` of one reader's copy with the colours forced, styles taken away, pictures from
/// the preview, and links that open beside it.
pub(super) fn document<'p>(
    html: &str,
    pictures: impl IntoIterator<Item = &'p EmbeddedPicture>,
    choice: &Choice,
) -> String {
    let html = match choice.styles {
        Shown::On => html.to_owned(),
        Shown::Off => without_styles(html),
    };
    let dark = match choice.scheme {
        Scheme::Light | Scheme::Inverted => false,
        Scheme::Dark => true,
    };
    let mut html = with_links_outside(&forced(&html, dark));
    for picture in pictures {
        html =
            html.replace(&format!("cid:{}", picture.content_id), &format!("/picture/{}", picture.file_name));
    }
    if choice.scheme == Scheme::Inverted {
        let at = find_ignoring_case(&html, "</head>").unwrap_or(0);
        html.insert_str(at, INVERT);
    }
    html
}

/// What the frame's document may do: show itself. Without pictures it may not even ask for them, so that they stand
/// as they do in a program that blocks them.
pub(super) fn policy(choice: &Choice) -> String {
    let pictures = match choice.images {
        Shown::On => "'self' https: http: data:",
        Shown::Off => "'none'",
    };
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; img-src {pictures}; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'self'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
    )
}

/// `html` without its style sheets, as programs show it that strip them.
fn without_styles(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut at = 0;
    for tag in tags(html) {
        let ends = match tag.name.as_str() {
            "style" => {
                let close = find_ignoring_case(&html[tag.span.end..], "</style");
                let close = close.map_or(html.len(), |from| tag.span.end + from);
                html[close..].find('>').map_or(html.len(), |end| close + end + 1)
            }
            "link" => tag.span.end,
            _ => continue,
        };
        if tag.span.start >= at {
            out.push_str(&html[at..tag.span.start]);
            at = ends;
        }
    }
    out + &html[at.min(html.len())..]
}

/// `html` as under a dark or a light system: the media feature is decided, and there is one scheme. Words of the
/// article that speak of such things are left as they are.
fn forced(html: &str, dark: bool) -> String {
    let scheme = if dark { "dark" } else { "light" };
    let mut out = String::with_capacity(html.len() + 256);
    let mut at = 0;
    for tag in tags(html) {
        out.push_str(&html[at..tag.span.start]);
        let of_scheme = || {
            tag.attribute("name")
                .is_some_and(|name| name.ends_with("color-scheme") || name.ends_with("color-schemes"))
        };
        at = tag.span.end;
        if tag.name == "meta" && of_scheme() {
            out.push_str(&format!("<meta name=\"color-scheme\" content=\"only {scheme}\">"));
            continue;
        }
        out.push_str(&decided(&html[tag.span.clone()], dark));
        if tag.name == "style" {
            let end = find_ignoring_case(&html[at..], "</style").map_or(html.len(), |from| at + from);
            out.push_str(&decided(&html[at..end], dark));
            at = end;
        }
    }
    out.push_str(&html[at..]);
    // The canvas, scroll bars and form controls.
    let head = find_ignoring_case(&out, "</head>").unwrap_or(0);
    out.insert_str(head, &format!("<style>:root{{color-scheme:only {scheme}!important}}</style>"));
    out
}

/// A style sheet or a tag in which `(prefers-color-scheme: …)` is true or false.
fn decided(text: &str, dark: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(found) = find_ignoring_case(rest, "prefers-color-scheme") {
        let start = rest[..found].rfind('(');
        let end = rest[found..].find(')').map(|end| found + end);
        let (Some(start), Some(end)) = (start, end) else { break };
        out.push_str(&rest[..start]);
        let asks_for_dark = rest[found..end].to_ascii_lowercase().contains("dark");
        out.push_str(if asks_for_dark == dark { TRUE } else { FALSE });
        rest = &rest[end + 1..];
    }
    out + rest
}

/// `html` with links that open in a window of their own; those within the document stay there.
fn with_links_outside(html: &str) -> String {
    let mut out = String::with_capacity(html.len() + 1024);
    let mut at = 0;
    for tag in tags(html).filter(|tag| tag.name == "a") {
        let leads_out = tag.attribute("href").is_some_and(|href| !href.starts_with('#'));
        if leads_out {
            let behind = tag.span.start + "<a".len();
            out.push_str(&html[at..behind]);
            out.push_str(" target=\"_blank\" rel=\"noopener noreferrer\"");
            at = behind;
        }
    }
    out + &html[at..]
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "<!doctype html><html><head><meta name=\"color-scheme\" content=\"light dark\">\
        <STYLE>:root{color-scheme:light dark}@media (Prefers-Color-Scheme: dark) and (max-width:480px){p{color:red}}\
        @media (prefers-color-scheme:light){p{color:blue}}</STYLE></head>\
        <body><a href=\"https://a.example\">out</a><a href=\"#b\">in</a> in light dark (prefers-color-scheme: dark)<img src=\"cid:x@straight\" alt=\"X\"></body></html>";

    fn shown(change: impl FnOnce(&mut Choice)) -> String {
        let picture = EmbeddedPicture {
            content_id: "x@straight".to_owned(),
            file_name: "x.png".to_owned(),
            media_type: "image/png".to_owned(),
            bytes: std::sync::Arc::from(&b""[..]),
        };
        document(MAIL, &[picture], &Choice::default().with(change))
    }

    #[test]
    fn both_schemes_can_be_seen_whatever_the_system_prefers() {
        let dark = shown(|choice| choice.scheme = Scheme::Dark);
        assert!(dark.contains("@media (min-width:0px) and (max-width:480px){p{color:red}}"), "{dark}");
        assert!(dark.contains("@media (max-width:0px){p{color:blue}}"), "{dark}");
        assert!(
            dark.contains("content=\"only dark\">") && dark.contains("color-scheme:only dark!important"),
            "{dark}"
        );
        assert!(dark.contains("in light dark (prefers-color-scheme: dark)"), "words stay: {dark}");
        let light = shown(|_| {});
        assert!(light.contains("@media (max-width:0px) and (max-width:480px){p{color:red}}"), "{light}");
        assert!(
            !light.contains("content=\"light dark") && light.contains("content=\"only light\""),
            "{light}"
        );
        let inverted = shown(|choice| choice.scheme = Scheme::Inverted);
        assert!(inverted.contains("invert(1)") && inverted.contains("content=\"only light\""), "{inverted}");
    }

    #[test]
    fn styles_and_pictures_are_taken_away_as_programs_do() {
        let bare = shown(|choice| choice.styles = Shown::Off);
        assert!(!bare.contains("color:red") && bare.contains("<meta") && bare.contains(">out</a>"), "{bare}");
        assert_eq!(without_styles("a<style>b</style >c<link rel=x>d<style>e"), "acd");
        let on = Choice::default();
        assert!(policy(&on).contains("img-src 'self' https:"));
        assert!(policy(&on.with(|choice| choice.images = Shown::Off)).contains("img-src 'none'"));
        assert!(!policy(&on).contains("allow-scripts"));
    }

    #[test]
    fn pictures_come_from_here_and_links_open_beside() {
        let html = shown(|_| {});
        assert!(html.contains("src=\"/picture/x.png\""), "{html}");
        assert!(
            html.contains("<a target=\"_blank\" rel=\"noopener noreferrer\" href=\"https://a.example\">"),
            "{html}"
        );
        assert!(html.contains("<a href=\"#b\">"), "{html}");
    }

    #[test]
    fn documents_without_a_head_or_with_broken_styles_are_still_shown() {
        for html in
            ["", "<p>x", "<style>", "<style>@media prefers-color-scheme", "(prefers-color-scheme", "é<a"]
        {
            for scheme in [Scheme::Light, Scheme::Dark, Scheme::Inverted] {
                let choice = Choice::default().with(|choice| {
                    choice.scheme = scheme;
                    choice.styles = Shown::Off;
                });
                document(html, &[], &choice);
            }
        }
    }
}
