//! Tags of templates in a text: Liquid's, Jinja's, Handlebars', and Hugo's shortcodes.

use std::ops::Range;

/// A tag is not longer, in bytes.
const LONGEST: usize = 400;

/// How tags begin and end; the longer ones first.
const FORMS: [(&str, &str); 4] = [("{{<", ">}}"), ("{{%", "%}}"), ("{{", "}}"), ("{%", "%}")];

/// The first tag of `text` that begins within `range` and ends before byte `end`.
pub(super) fn first(text: &str, range: Range<usize>, end: usize) -> Option<Range<usize>> {
    let mut at = range.start;
    while at < range.end {
        let start = at + text.get(at..range.end)?.find('{')?;
        let rest = &text[start..end];
        if let Some(length) = FORMS.iter().find_map(|(opens, closes)| length(rest, opens, closes)) {
            return Some(start..start + length);
        }
        at = start + 1;
    }
    None
}

/// How long the tag at the beginning of `rest` is.
fn length(rest: &str, opens: &str, closes: &str) -> Option<usize> {
    let inner = rest.strip_prefix(opens)?;
    // No more is looked at, however many braces a text has.
    let inner = &inner[..inner.floor_char_boundary(LONGEST)];
    // Something is named in it: `{{ page.title }}`, `{{/if}}`, `{%- endif %}`, `{{> part}}`.
    let named = inner.trim_start_matches(['-', '~', '#', '/', '^', '>', '&', '{', '.', '$', ' ', '\t']);
    if !named.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '"' | '\'')) {
        return None;
    }
    // In a paragraph: what is closed beneath an empty line was opened by nobody.
    let inner = inner.split("\n\n").next().unwrap_or_default();
    Some(opens.len() + inner.find(closes)? + closes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_told_from_braces() {
        let found = |text: &str| first(text, 0..text.len(), text.len()).map(|at| text[at].to_owned());
        for (text, tag) in [
            ("See {{ site.url }}/about.", "{{ site.url }}"),
            ("{% include ad.html id=\"7\" %} Text", "{% include ad.html id=\"7\" %}"),
            ("{%- endif -%}", "{%- endif -%}"),
            ("A {{< youtube w7Ft2ymGmfc >}} film", "{{< youtube w7Ft2ymGmfc >}}"),
            ("{{% notice %}}Mind{{% /notice %}}", "{{% notice %}}"),
            ("{{/if}} and {{ x }}", "{{/if}}"),
            ("{{ \"x\" | upcase }}", "{{ \"x\" | upcase }}"),
            ("{ {{a}} }", "{{a}}"),
            ("{{< fig\n  src=\"a.png\" >}}", "{{< fig\n  src=\"a.png\" >}}"),
        ] {
            assert_eq!(found(text).as_deref(), Some(tag), "{text}");
        }
        for text in [
            "{}",
            "{{}}",
            "{{ }}",
            "{{ 1, 2 }}",
            "{{ not closed",
            "{a} {b}",
            "{% %}",
            "100 {%}",
            "{{ a\n\nb }}",
            "{ % if % }",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
