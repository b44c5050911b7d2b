//! Markup that became none: readers see its signs.

use std::ops::Range;

use super::super::findings::Findings;
use super::super::markdown;
use super::editorial::Manuscript;
use super::shortened;

const RULE: &str = "failed-markup";

/// Tells of markup that readers would see as it is written; code is left alone, and so is what is escaped.
pub(super) fn look(manuscript: &Manuscript<'_>, findings: &mut Findings) {
    let Manuscript { document, body, front, .. } = manuscript;
    let runs = document.runs();
    for run in &runs {
        for (at, failed) in in_text(body, run) {
            failed.tell(&body[run.clone()], manuscript.at(&at), findings);
        }
    }
    for span in &document.paragraphs {
        if let Some((length, failed)) = in_paragraph(&body[span.clone()]) {
            failed.tell(&body[span.clone()], manuscript.at(&(span.start..span.start + length)), findings);
        }
    }
    if let Some(at) = conflict(body).filter(|at| runs.iter().any(|run| run.contains(&at.start))) {
        Failed::Conflict.tell(&body[at.clone()], manuscript.at(&at), findings);
    }
    if let Some(fence) = &document.open_fence {
        Failed::Fence.tell(&body[fence.clone()], manuscript.at(fence), findings);
    }
    for (line, place) in front.lines.iter() {
        let runs = markdown::document(line).runs();
        if let Some((_, failed)) = runs.iter().flat_map(|run| in_text(line, run)).next() {
            failed.tell(line, place.clone(), findings);
        }
    }
    let summary = front.summary.as_deref().zip(front.summary_place.clone());
    let title = front.title.as_deref().map(|title| (title, front.title_place.clone()));
    for (name, (text, place)) in
        [("title", title), ("summary", summary)].into_iter().filter_map(|(name, of)| Some((name, of?)))
    {
        if let Some(sign) = in_plain(text) {
            findings.report(
                RULE,
                place,
                format!("readers see `{}` as it stands: `{name}` is plain text", shortened(sign)),
                "write it without marks, tags and entities",
            );
        }
    }
}

/// What became of signs that are markup elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failed {
    Bold,
    Link,
    Picture,
    Conflict,
    Heading,
    Table,
    Fence,
}

impl Failed {
    fn tell(self, text: &str, at: Range<usize>, findings: &mut Findings) {
        let line = text.lines().next().unwrap_or_default();
        let (message, remedy) = match self {
            Failed::Bold => (
                "these asterisks make nothing bold: readers see them".to_owned(),
                "put a space before the first two or behind the last two, and none within: `**Note:** text`; or write `<strong>`",
            ),
            Failed::Link => (
                "this makes no link: readers see its brackets".to_owned(),
                "write `[text](address)`: nothing between `]` and `(`, and `%20` for a space in the address",
            ),
            Failed::Picture => (
                "this shows no picture: readers see its brackets".to_owned(),
                "write `![what is to be seen](images/quay.jpg)`: nothing between `]` and `(`, and `%20` for a space in the name",
            ),
            Failed::Conflict => (
                "git left two versions here, one behind the other: readers see both, and its signs"
                    .to_owned(),
                "keep one of the two, and remove the lines of `<<<<<<<`, `=======` and `>>>>>>>`",
            ),
            Failed::Heading => (
                format!("`{}` is no heading: readers see its sign", shortened(line)),
                "write a space behind the `#`; or `\\#`, if it is meant",
            ),
            Failed::Table => (
                "these lines make no table: readers see their strokes".to_owned(),
                "write as the second line `|---|---|`, with as many columns as the first one has",
            ),
            Failed::Fence => (
                "this block of code is never closed, and takes in all that follows".to_owned(),
                "write its line of ``` once more where the code ends",
            ),
        };
        findings.report(RULE, at, message, remedy);
    }
}

/// Markup that failed within the text `run` of `body`: the first that was to be bold, and each link.
fn in_text(body: &str, run: &Range<usize>) -> Vec<(Range<usize>, Failed)> {
    let text = &body[run.clone()];
    let place = |at: usize| run.start + at..run.start + at + 2;
    let bold = text.match_indices("**").find(|(at, _)| {
        let (before, behind) = (&body[..run.start + at], &body[run.start + at + 2..]);
        // Not in `2**3`, `f**k`, or a row of them; nor a mark of a note.
        let begins = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '*' | '\\'));
        before.chars().next_back().is_none_or(begins)
            && behind.starts_with(|c: char| !(c.is_whitespace() || matches!(c, '*' | ')' | ']')))
    });
    let links = text.match_indices(']').filter(|(at, _)| {
        let behind = &body[run.start + at + 1..];
        let leads = ["(http", " (http", "(www."].iter().any(|opens| behind.starts_with(opens));
        (leads || is_path(behind)) && text[..*at].contains('[')
    });
    let links = links.map(|(at, _)| {
        let opens = text[..at].rfind('[').unwrap_or_default();
        let is_picture =
            body[..run.start + opens].ends_with('!') && !body[..run.start + opens].ends_with("\\!");
        (place(at), if is_picture { Failed::Picture } else { Failed::Link })
    });
    let bold = bold.map(|(at, _)| (place(at), Failed::Bold));
    bold.into_iter().chain(links).collect()
}

/// Whether what stands behind a bracket is the path of an article or a picture, in its own: `(my quay.jpg)`.
fn is_path(behind: &str) -> bool {
    const ENDS: [&str; 7] = [".md)", ".markdown)", ".jpg)", ".jpeg)", ".png)", ".gif)", ".webp)"];
    let Some(path) = behind.strip_prefix('(').or_else(|| behind.strip_prefix(" (")) else { return false };
    // No further than it may reach: a text may be full of brackets.
    let path = path.split(['[', ']', '<', '>', '"', '\n']).next().unwrap_or_default().to_ascii_lowercase();
    ENDS.iter().any(|end| path.contains(end))
}

/// Where git put two versions of something.
fn conflict(body: &str) -> Option<Range<usize>> {
    let line = |signs: &str, from: usize| {
        let mut found = body[from..].match_indices(signs).map(|(at, _)| from + at);
        found.find(|at| *at == 0 || body[..*at].ends_with('\n'))
    };
    let at = line("<<<<<<< ", 0)?;
    line(">>>>>>> ", line("=======", at)?)?;
    Some(at..at + body[at..].lines().next().unwrap_or_default().trim_end().len())
}

/// A paragraph that was to be a heading or a table, and how much of it to show.
fn in_paragraph(text: &str) -> Option<(usize, Failed)> {
    let text = text.trim_end();
    let line = text.lines().next().unwrap_or_default();
    let words = text.trim_start_matches('#');
    let signs = text.len() - words.len();
    // `#ferry` in a sentence, or among others, is a tag.
    let is_tag = signs == 1 && (words.contains('#') || text.ends_with(['.', '!', '?', '…']));
    if (1..=6).contains(&signs)
        && words.starts_with(char::is_alphabetic)
        && line.len() == text.len()
        && !is_tag
    {
        return Some((line.len(), Failed::Heading));
    }
    let is_table = text.lines().count() > 1 && text.lines().all(|line| line.trim_start().starts_with('|'));
    is_table.then_some((line.len(), Failed::Table))
}

/// What is markup elsewhere, in a text that has none.
fn in_plain(text: &str) -> Option<&str> {
    entity(text).or_else(|| tag(text)).or_else(|| between(text, "**", "**")).or_else(|| {
        let link = between(text, "[", ")")?;
        (link.contains("](") && !link.contains("]( ")).then_some(link)
    })
}

/// `&amp;`, `&#39;`
fn entity(text: &str) -> Option<&str> {
    text.match_indices('&').find_map(|(at, _)| {
        let name = text[at + 1..].split(';').next()?;
        let is_name = (2..=8).contains(&name.len())
            && name.trim_start_matches('#').bytes().all(|b| b.is_ascii_alphanumeric())
            && text[at + 1 + name.len()..].starts_with(';');
        is_name.then(|| &text[at..at + name.len() + 2])
    })
}

/// `<em>`, `</b>`, `<br>`
fn tag(text: &str) -> Option<&str> {
    const TAGS: [&str; 16] = [
        "a", "b", "br", "code", "del", "em", "i", "img", "mark", "p", "s", "small", "span", "strong", "sub",
        "sup",
    ];
    text.match_indices('<').find_map(|(at, _)| {
        let end = at + text[at..].find('>')? + 1;
        let name = text[at + 1..end - 1].trim_start_matches('/');
        let name = name.split([' ', '/']).next().unwrap_or_default().to_ascii_lowercase();
        TAGS.contains(&name.as_str()).then(|| &text[at..end])
    })
}

/// From `opens` to `closes`, with something between them.
fn between<'t>(text: &'t str, opens: &str, closes: &str) -> Option<&'t str> {
    let start = text.find(opens)?;
    let inner = &text[start + opens.len()..];
    let length = inner.find(closes).filter(|length| *length > 0)?;
    Some(&text[start..start + opens.len() + length + closes.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of `body`: each failure with the text at its place.
    fn told(body: &str) -> Vec<(String, Failed)> {
        let document = markdown::document(body);
        let runs = document.runs();
        let texts = runs.iter().flat_map(|run| in_text(body, run));
        let paragraphs = document.paragraphs.iter().filter_map(|span| {
            let (length, failed) = in_paragraph(&body[span.clone()])?;
            Some((span.start..span.start + length, failed))
        });
        let fence = document.open_fence.iter().map(|at| (at.clone(), Failed::Fence));
        texts.chain(paragraphs).chain(fence).map(|(at, failed)| (body[at].to_owned(), failed)).collect()
    }

    #[test]
    fn markup_that_became_none_is_told_at_its_place() {
        for (body, at, failed) in [
            ("**Note:**text of it", "**", Failed::Bold),
            ("これは**重要。**次の文", "**", Failed::Bold),
            ("See [x](https://x.example/a b) now", "](", Failed::Link),
            ("See [text] (https://x.example/a) now", "] ", Failed::Link),
            ("See [text](the other.md) now", "](", Failed::Link),
            ("![The quay](My Photo (1).JPG)", "](", Failed::Picture),
            ("So ![the quay] (images/quay.png)", "] ", Failed::Picture),
            ("Text.\n\n#Heading\n\nText.", "#Heading", Failed::Heading),
            ("##What it costs", "##What it costs", Failed::Heading),
            ("| a | b |\n|---|\n| 1 | 2 |", "| a | b |", Failed::Table),
            ("Text.\n\n```rust\nlet x;\n\nMore.", "```rust", Failed::Fence),
            ("~~~", "~~~", Failed::Fence),
        ] {
            assert_eq!(told(body), [(at.to_owned(), failed)], "{body}");
        }
    }

    #[test]
    fn what_is_markup_or_is_meant_is_left_alone() {
        for body in [
            "**Note:** text, and wo**r**ds, and **重要** 次",
            r"\*\*Note:\*\*text",
            "`**Note:**text` and `[x](https://x.example/a b)`",
            "```\n**Note:**text\n#Heading\n[a] (https://x.example)\n```",
            "    **Note:**text",
            "2**3 is 8, and f**k is not said; ** is a mark, **** a row",
            "[text](https://x.example/a) and [it] (as they say)",
            "[text](other.md), ![quay](a%20b.png), and [sic] (a [b](c.png))",
            "#MeToo is what they said.\n\n#ferry #quay\n\n#1 again\n\n\\#Heading",
            "| a | b |\n|---|---|\n| 1 | 2 |",
            "He said | and no more",
            "Two pounds [**] (**)",
            "Text.\n\n```\ncode\n```",
            "> ```\n> code\n> ```\n",
            "~~~~\ncode\n~~~~~\n\n",
        ] {
            assert_eq!(told(body), [], "{body}");
        }
    }

    #[test]
    fn two_versions_that_git_left_are_found_at_the_first_line() {
        let both = "Text.\n<<<<<<< HEAD\nMine.\n=======\nTheirs.\n>>>>>>> branch\n";
        assert_eq!(&both[conflict(both).unwrap()], "<<<<<<< HEAD");
        for text in ["<<<<<<< HEAD\nMine.\n", "a <<<<<<< b\n=======\n>>>>>>> c\n", "Text\n=======\n"] {
            assert_eq!(conflict(text), None, "{text}");
        }
    }

    #[test]
    fn a_plain_text_has_no_marks() {
        for (text, sign) in [
            ("Fish &amp; chips", "&amp;"),
            ("Don&#39;t", "&#39;"),
            ("The <em>new</em> ferry", "<em>"),
            ("One<br/>two", "<br/>"),
            ("The **new** ferry", "**new**"),
            ("See [it](https://x.example)", "[it](https://x.example)"),
        ] {
            assert_eq!(in_plain(text), Some(sign), "{text}");
        }
        for text in [
            "R&D; and more",
            "AT&T",
            "a < b > c",
            "<3",
            "5** hotel",
            "[sic] (as they say)",
            "Q&A: what next; and why",
        ] {
            assert_eq!(in_plain(text), None, "{text}");
        }
    }
}
