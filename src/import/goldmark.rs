//! What Hugo's Markdown has of its own: attributes on a line beneath a block, and GitHub's alerts. Lines stay lines.

/// `body` without attribute lists, and with the kind of an alert as a word of its text.
pub(super) fn as_markdown(body: &str) -> String {
    if !body.contains("\n{") && !body.contains("[!") {
        return body.to_owned();
    }
    let mut out = String::with_capacity(body.len());
    let mut fence: Option<String> = None;
    let mut before = "";
    for line in body.split_inclusive('\n') {
        let text = line.trim();
        let run: String =
            text.chars().take_while(|c| text.starts_with(*c) && matches!(c, '`' | '~')).collect();
        let is_code = fence.is_some() || run.len() >= 3 || line.starts_with("    ");
        if run.len() >= 3 {
            fence = match fence {
                None => Some(run),
                Some(open) if run.starts_with(open.as_str()) && text == run => None,
                open => open,
            };
        }
        let end = &line[line.trim_end_matches('\n').len()..];
        match alert(text).filter(|_| !is_code) {
            _ if !is_code && !before.is_empty() && is_attributes(text) => out.push_str(end),
            Some(kind) => out.push_str(&format!("> **{kind}:**{end}")),
            None => out.push_str(line),
        }
        before = text;
    }
    out
}

/// `{.center width="30"}`
fn is_attributes(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else { return false };
    let is_named = inner.starts_with(|c: char| c.is_ascii_alphabetic()) && inner.contains('=');
    (inner.starts_with(['.', '#']) || is_named) && !inner.contains(['{', '}', ':', ';'])
}

/// `> [!NOTE]` → `Note`.
fn alert(text: &str) -> Option<String> {
    let inner = text.strip_prefix('>')?.trim_start().strip_prefix("[!")?;
    let name = inner.trim_end_matches(['+', '-']).strip_suffix(']')?;
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphabetic());
    is_name.then(|| name[..1].to_uppercase() + &name[1..].to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_go_and_alerts_say_what_they_are() {
        for (body, left) in [
            ("![A](a.png)\n{.center width=\"30\"}\n", "![A](a.png)\n\n"),
            ("A.\n{#top}\nB.\n", "A.\n\nB.\n"),
            ("> [!WARNING]\n> Mind the gap.\n", "> **Warning:**\n> Mind the gap.\n"),
        ] {
            assert_eq!(as_markdown(body), left, "{body}");
        }
        for same in
            ["```\na\n{.b}\n> [!NOTE]\n```\n", "A {.b}\n", "x\n{a: 1}\n", "\n{.b}\n", "> [!x y]\n", "> [1]\n"]
        {
            assert_eq!(as_markdown(same), same);
        }
    }
}
