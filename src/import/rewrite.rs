//! A link or a picture as it is written in Markdown, with another address or without one.

use crate::article::markdown::{What, document, escape};

/// The same link or picture with another address.
pub(super) fn readdressed(source: &str, written: &str, target: &str) -> String {
    if let Some(address) = bare_address(source) {
        return format!("[{}]({target})", escape(address));
    }
    // Behind its text; in a tag behind the attribute. A title may hold the same words.
    let address = match source.starts_with('<') {
        true => ["href", "src"].iter().find_map(|name| source.find(name)),
        false => address_at(source, written),
    };
    let found = address.and_then(|from| Some(from + source[from..].find(written)?));
    if let Some(at) = found.or_else(|| source.rfind(written)).filter(|_| !written.is_empty()) {
        return format!("{}{target}{}", &source[..at], &source[at + written.len()..]);
    }
    // By its label, or written with escapes.
    let open = if source.starts_with('!') { 2 } else { 1 };
    match (
        source.starts_with(['[', '!']),
        source.rfind("](").or_else(|| source.rfind("][")).or_else(|| source.rfind(']')),
    ) {
        (true, Some(end)) if end >= open => format!("{}]({target})", &source[..end]),
        _ => source.to_owned(),
    }
}

/// Where the address `written` stands behind a text: of a picture the first, whose caption may hold links; of a link the last,
/// whose text may hold pictures.
fn address_at(source: &str, written: &str) -> Option<usize> {
    let is_it = |at: &usize| {
        let address = source[*at + 2..].trim_start_matches([' ', '<']);
        let ends = |rest: &str| rest.is_empty() || rest.starts_with([')', '>', ' ', '\n']);
        address.strip_prefix(written).is_some_and(ends)
    };
    match source.starts_with('!') {
        true => source.match_indices("](").map(|(at, _)| at).find(is_it),
        false => source.rmatch_indices("](").map(|(at, _)| at).find(is_it),
    }
}

/// The address that is all of a link, between angle brackets or in the text; none of a tag.
fn bare_address(source: &str) -> Option<&str> {
    match source.strip_prefix('<') {
        Some(inner) => inner.strip_suffix('>').filter(|inner| !inner.contains(char::is_whitespace)),
        None => (!source.starts_with(['[', '!'])).then_some(source),
    }
}

/// The text of a link, or the description of a picture with the line beneath it.
pub(super) fn bare(source: &str, what: &What) -> String {
    if let What::Image { alt, .. } = what {
        let words = if alt.is_empty() { String::new() } else { format!("*{}*", escape(alt)) };
        let picture = document(source);
        return match picture.caption() {
            Some(caption) if words.is_empty() => caption.to_owned(),
            Some(caption) => format!("{words} {caption}"),
            None => words,
        };
    }
    if let Some(address) = bare_address(source) {
        return address.to_owned();
    }
    let end = source.rfind("](").or_else(|| source.rfind("][")).or_else(|| source.rfind(']'));
    match end.filter(|end| source.starts_with('[') && *end > 0) {
        Some(end) => source[1..end].to_owned(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_changes_and_nothing_else() {
        for (source, new) in [
            ("[quay](/quay)", "[quay](a.md)"),
            ("[quay](/quay \"as /quay\")", "[quay](a.md \"as /quay\")"),
            ("[/quay](/quay)", "[/quay](a.md)"),
            ("[![x](/quay.png)](/quay)", "[![x](/quay.png)](a.md)"),
            ("![x](</quay> \"[large](/quay)\")", "![x](<a.md> \"[large](/quay)\")"),
            ("[![x](/quay)](/quay)", "[![x](/quay)](a.md)"),
            ("<a title=\"/quay\" href=\"/quay\">", "<a title=\"/quay\" href=\"a.md\">"),
            ("<img alt='/quay' src='/quay'>", "<img alt='/quay' src='a.md'>"),
            ("[quay][label]", "[quay](a.md)"),
            ("[quay]", "[quay](a.md)"),
            ("https://example.org/quay", "[https://example.org/quay](a.md)"),
            ("<https://example.org/quay>", "[https://example.org/quay](a.md)"),
        ] {
            let written = if source.contains("https") { "https://example.org/quay" } else { "/quay" };
            assert_eq!(readdressed(source, written, "a.md"), new, "{source}");
        }
    }

    #[test]
    fn of_a_link_that_goes_its_text_stays() {
        let link = What::Link { target: "/quay".to_owned(), text: None };
        for (source, text) in [
            ("[the *quay*](/quay)", "the *quay*"),
            ("[quay][label]", "quay"),
            ("<https://example.org/quay>", "https://example.org/quay"),
            ("https://example.org/quay", "https://example.org/quay"),
            ("<a href=\"/quay\">", ""),
        ] {
            assert_eq!(bare(source, &link), text, "{source}");
        }
        let image = |alt: &str| What::Image { src: "/quay.png".to_owned(), alt: alt.to_owned() };
        assert_eq!(bare("![The quay](/quay.png)", &image("The quay")), "*The quay*");
        assert_eq!(bare("![](/quay.png)", &image("")), "");
        let beneath = "![The quay](</quay.png> \"By [Ann](https://e.org)\")";
        assert_eq!(bare(beneath, &image("The quay")), "*The quay* By [Ann](https://e.org)");
        assert_eq!(bare("![](/quay.png \"By Ann\")", &image("")), "By Ann");
    }
}
