//! Kept HTML made ready for the page that shows it: our own addresses put in, links to elsewhere marked.

use crate::article::markdown::escaped;

/// Stands in kept HTML for the address of this site, before a path: content holds no such character, because Markdown
/// and titles are read without it.
pub const SITE: &str = "\u{E000}";

/// What becomes of links to other sites.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outside<'a> {
    /// They open as any link does.
    SameTab,
    /// They open in a new tab, and say so in these words.
    NewTab {
        /// "opens in a new tab"
        notice: &'a str,
    },
}

/// `html` with `site` (no slash at its end) as the address of this site. Links that lead to neither `site` nor
/// `public_url` have `rel="noopener"`, and are marked as `outside` says.
#[must_use]
pub fn placed(html: &str, site: &str, public_url: &str, outside: Outside<'_>) -> String {
    let html = html.replace(SITE, site);
    let mut out = String::with_capacity(html.len() + 256);
    let mut rest = html.as_str();
    // The renderer writes every link as `<a href="…"`, and nothing else so: text has no `<`.
    while let Some((before, link)) = rest.split_once("<a href=\"") {
        out.push_str(before);
        let (target, behind) = link.split_once('"').unwrap_or((link, ""));
        if leads_out(target, public_url) {
            out.push_str(&format!("<a href=\"{target}\" rel=\"noopener\""));
            rest = behind;
            if let Outside::NewTab { notice } = outside
                && let Some((content, after)) = behind.split_once("</a>")
            {
                let notice = escaped(notice);
                out.push_str(&format!(
                    " target=\"_blank\"{content}<span class=\"aloud\"> ({notice})</span></a>"
                ));
                rest = after;
            }
        } else {
            out.push_str(&format!("<a href=\"{target}\""));
            rest = behind;
        }
    }
    out.push_str(rest);
    out
}

/// Whether `target`, escaped as in an attribute, is a page of another site than `public_url`.
pub(crate) fn leads_out(target: &str, public_url: &str) -> bool {
    let web = target.starts_with("https://") || target.starts_with("http://");
    let ours = target
        .strip_prefix(public_url)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '#', '?']));
    web && !ours
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "https://news.example.com/daily";

    #[test]
    fn our_own_addresses_are_put_in_and_others_are_marked() {
        let kept = format!(
            "<p><img src=\"{SITE}/images/a.png\" alt=\"\"><a href=\"{SITE}/articles/tide\">Tide</a> \
             <a href=\"https://other.example/?a=1&amp;b=2\"><em>There</em></a> <a href=\"#x\">down</a> \
             <a href=\"https://news.example.com/dailyx\">near</a> <a href=\"mailto:a@b.example\">mail</a></p>"
        );
        let page = placed(&kept, "/daily", HERE, Outside::SameTab);
        assert_eq!(
            page,
            "<p><img src=\"/daily/images/a.png\" alt=\"\"><a href=\"/daily/articles/tide\">Tide</a> \
             <a href=\"https://other.example/?a=1&amp;b=2\" rel=\"noopener\"><em>There</em></a> <a href=\"#x\">down</a> \
             <a href=\"https://news.example.com/dailyx\" rel=\"noopener\">near</a> \
             <a href=\"mailto:a@b.example\">mail</a></p>"
        );
        let feed = placed(&kept, HERE, HERE, Outside::NewTab { notice: "a <new> tab" });
        assert!(feed.contains("<a href=\"https://news.example.com/daily/articles/tide\">Tide</a>"), "{feed}");
        assert!(
            feed.contains(
                "rel=\"noopener\" target=\"_blank\"><em>There</em><span class=\"aloud\"> (a &lt;new&gt; tab)</span></a>"
            ),
            "{feed}"
        );
    }
}
