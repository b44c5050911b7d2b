//! Every rule of `straight check`: one table for the checker, for the configuration and for docs/lint.md.

use std::collections::BTreeMap;

use super::Severity;

/// A rule that findings name.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// In kebab case, stable: `missing-alt`.
    pub name: &'static str,
    /// What its findings weigh unless the configuration says otherwise.
    pub severity: Severity,
    /// Whether it can be switched.
    pub standing: Standing,
    /// What it looks at.
    pub reach: Reach,
    /// What it finds, in one sentence.
    pub finds: &'static str,
    /// What `straight check --fix` does about it, in one sentence, when it does something.
    pub mends: Option<&'static str>,
}

/// Whether a [`Rule`] can be switched off, and made to weigh more or less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// By the configuration and in the file.
    Switchable,
    /// Not at all: what it finds keeps a file from being an article.
    Fixed,
}

/// What a [`Rule`] has to look at besides the file that its findings are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Nothing.
    File,
    /// The other articles of the folder.
    Folder,
    /// What has gone out before.
    Past,
    /// The edition that it goes out with.
    Edition,
    /// What is answered over the network, with `--links` only.
    Network,
}

const fn fixed(name: &'static str, finds: &'static str) -> Rule {
    Rule {
        name,
        severity: Severity::Error,
        standing: Standing::Fixed,
        reach: Reach::File,
        finds,
        mends: None,
    }
}

const fn rule(name: &'static str, severity: Severity, finds: &'static str) -> Rule {
    Rule { name, severity, standing: Standing::Switchable, reach: Reach::File, finds, mends: None }
}

const fn error(name: &'static str, finds: &'static str) -> Rule {
    rule(name, Severity::Error, finds)
}

const fn warning(name: &'static str, finds: &'static str) -> Rule {
    rule(name, Severity::Warning, finds)
}

const fn hint(name: &'static str, finds: &'static str) -> Rule {
    rule(name, Severity::Hint, finds)
}

const fn mended(rule: Rule, mends: &'static str) -> Rule {
    Rule { mends: Some(mends), ..rule }
}

const fn reaching(reach: Reach, rule: Rule) -> Rule {
    Rule { reach, ..rule }
}

/// Rules under the heading that they have in docs/lint.md.
pub const CHAPTERS: &[(&str, &[Rule])] = &[
    ("Head", HEAD),
    ("Headline and highlights", HEADLINE),
    ("Text", TEXT),
    ("Links", LINKS),
    ("Links, asked about with `--links`", ASKED),
    ("Pictures", PICTURES),
    ("Beside other articles and editions", FOLDER),
    ("What makes a file an article", FORM),
];

const HEAD: &[Rule] = &[
    warning("empty-key", "A key without a value."),
    warning("empty-item", "An item of a list without a text."),
    warning("foreign-key", "Keys of another program: which are read, and which are passed over."),
    mended(
        warning(
            "misread-text",
            "A text for readers of which YAML takes a part for something else: what stands behind ` #` for a comment, `!word` or `&word` at its beginning for a mark of its own, a nested `- ` for more of the line above.",
        ),
        "A text that loses `#1` or the like is put in quotes.",
    ),
    warning("date-in-name", "A date that only the file's name says."),
    error("unknown-author", "An author's key that is not among the configured authors."),
    hint("future-date", "An article that waits for its day."),
    hint("draft", "An article that says that it is a draft."),
    mended(hint("repeated-tag", "A tag that stands twice."), "The second goes, when both are written alike."),
    mended(
        warning("unknown-rule", "A `lint-disable` comment that names no rule."),
        "The rule's name is written as it is, when it is clear which one is meant.",
    ),
    mended(
        warning("useless-disable", "A `lint-disable` comment that has nothing to silence."),
        "The comment goes, when nothing it names is of use.",
    ),
];

const HEADLINE: &[Rule] = &[
    warning("long-title", "A title of more than 70 characters, which subject lines cut."),
    mended(hint("double-space", "Two spaces in a title where one is meant."), "One space stays."),
    warning("no-highlights", "No highlights, so that the top of the edition says nothing of the article."),
    hint("few-highlights", "One or two highlights, where three to seven are read."),
    warning("many-highlights", "More than seven highlights."),
    hint("long-highlight", "A highlight of more than 160 characters."),
    warning("number-not-in-text", "A number in the highlights that the text does not have."),
    hint("missing-summary", "No summary, which the preview of the inbox and the list of recent news show."),
    hint("long-summary", "A summary of more than 300 characters."),
];

const TEXT: &[Rule] = &[
    mended(
        hint("odd-encoding", "A file in UTF-16, or one that begins with a byte order mark."),
        "The file is saved as UTF-8 without a byte order mark.",
    ),
    warning("empty-body", "An article without a text."),
    warning(
        "placeholder",
        "TK, TBD, TODO, FIXME, XX tonnes, [insert photo] or lorem ipsum: something was to be written here.",
    ),
    hint("long-paragraph", "A paragraph of more than 150 words."),
    mended(
        hint("skipped-heading", "A heading two levels below the one before it."),
        "It is lifted, and the headings beneath it with it.",
    ),
    warning("missing-attachment", "A text that speaks of an attachment: editions have none."),
    hint("stale-year", "A copyright line of an earlier year."),
    warning(
        "template-tag",
        "A tag of another program's templates, which goes out as it stands: `{% … %}`, `{{ … }}`, `{{< … >}}`.",
    ),
    warning(
        "failed-markup",
        "Markup that makes nothing, so that readers see its signs: `**Note:**text`, `[text] (https://…)`, `#Heading`, a table whose second line has too few columns, a picture whose name has a space in it, a block of code without its end, two versions that git left; and any markup in the title or summary, which are plain text.",
    ),
    warning("dropped-html", "HTML that does not go into a mail."),
    warning("undefined-note", "A reference to a footnote that is not there."),
    warning("unused-note", "A footnote that nothing refers to."),
];

const LINKS: &[Rule] = &[
    mended(
        error(
            "broken-link",
            "A relative link to an article or a heading that is not there, or a link without an address.",
        ),
        "The name of a file or heading gets its letters in the case that it has.",
    ),
    warning("dead-link", "A link to an article that goes out later, or never."),
    warning("undefined-label", "A `[text][label]` whose label has no address."),
    warning("empty-link", "A link without a text."),
    warning("vague-link", "A link whose text says nothing: \"click here\"."),
    warning("shown-password", "An address that holds a name and a password."),
    hint("bare-url", "A link whose text is its address. For people one hint a file, with their number."),
    hint("repeated-link", "An address that the article links to before."),
    warning("shortened-link", "An address that a shortening service hides."),
    warning(
        "private-link",
        "A link to this machine or into a private network, or to an address that is for nobody.",
    ),
    hint("plain-http", "A link that is not encrypted."),
];

const ASKED: &[Rule] = &[
    reaching(
        Reach::Network,
        error("gone-link", "A page that is not there any more: its server answers 404 or 410."),
    ),
    reaching(
        Reach::Network,
        warning(
            "failing-link",
            "A page that cannot be opened: no such name, no connection, a certificate that is not good, an error of the server, or one redirect after another.",
        ),
    ),
    reaching(Reach::Network, hint("moved-link", "A page that has moved for good: the new address.")),
    reaching(
        Reach::Network,
        hint(
            "unclear-link",
            "A page whose server does not let programs look: it answers 401, 403, 405, 429 or the like.",
        ),
    ),
];

const PICTURES: &[Rule] = &[
    warning("missing-alt", "A picture without a text for those who cannot see it."),
    warning("useless-alt", "A picture whose text says nothing: \"image\", or its file's name."),
    warning("insecure-image", "A picture that is fetched without encryption."),
    warning("misplaced-image", "A picture in a line that can hold none."),
    warning("still-picture", "A moving picture that has to be sent as a still one."),
    hint("heavy-image", "A picture of more than 5 MiB or 5000 pixels."),
];

const FOLDER: &[Rule] = &[
    reaching(Reach::Folder, warning("same-title", "An article with the title of another one.")),
    reaching(
        Reach::Past,
        warning(
            "already-sent",
            "A due article that went out before under another name: most of its text, or within a month its title, is that of an earlier edition's.",
        ),
    ),
    reaching(
        Reach::Past,
        hint(
            "similar-title",
            "A due article whose title differs from one that went out within the backlog by spaces and signs, by the spelling of a long word, or by one word before or behind it.",
        ),
    ),
    reaching(
        Reach::Folder,
        warning(
            "unread-file",
            "A file in the folder that is no article by its name, and may have been meant as one: a document of a writing program, or `tide.txt` that begins with a head.",
        ),
    ),
    reaching(
        Reach::Edition,
        hint("subject-length", "The next edition's subject of fewer than 30 or more than 50 characters."),
    ),
];

const FORM: &[Rule] = &[
    fixed("not-text", "A file that is no UTF-8 and no UTF-16."),
    fixed("empty-file", "A file without content."),
    mended(fixed("line-ends", "Lines that end in carriage returns alone."), "Lines end with line feeds."),
    mended(
        fixed("no-front-matter", "A file that does not begin with `---`."),
        "A long dash, another number of dashes, or other signs in a row become `---`.",
    ),
    fixed("unclosed-front-matter", "Front matter without its closing `---`."),
    mended(
        fixed("broken-yaml", "Front matter that is no YAML."),
        "A text that holds a colon or begins with a sign is put in quotes; tabs that indent become spaces; a colon gets its space.",
    ),
    mended(
        fixed("wrong-type", "A value of another kind than its key has."),
        "A number or `true` where text is meant is put in quotes; `yes` becomes `true`; one text becomes a list.",
    ),
    mended(
        fixed("unknown-key", "A key that is not known."),
        "A key is written as it is, when it is clear which one is meant and its value fits.",
    ),
    mended(fixed("duplicate-key", "A key that stands twice."), "The second goes, when both say the same."),
    fixed("missing-title", "No title."),
    fixed("missing-date", "No date."),
    fixed("missing-name", "An author, or a source, without a name."),
    mended(
        fixed("bad-date", "A date in a form that is not read."),
        "A date that can be read in one way is written as it is to be: `2025-11-04`.",
    ),
    mended(
        fixed("bad-slug", "A slug with other signs than lower-case letters, digits and hyphens."),
        "It gets lower-case letters and hyphens.",
    ),
    fixed("bad-url", "A value, or a link, that is no web address."),
    fixed("control-character", "A line break or control character where one line is meant."),
    fixed("unsafe-link", "A link of a kind that no mail may hold: `javascript:`."),
    fixed("unsafe-image", "A picture's address of such a kind."),
    fixed("unsafe-path", "A path out of the articles folder, or one that is no regular file."),
    mended(
        fixed("missing-image", "A picture that is not there."),
        "The name of a file gets its letters in the case that it has.",
    ),
    fixed("large-image", "A picture's file of more than 25 MiB."),
    fixed("bad-image", "A file that is no picture, is damaged, or has too many pixels."),
    fixed("too-deep", "Lists, quotes or folders nested deeper than is read."),
    fixed("duplicate-slug", "Two articles with one name."),
    fixed("large-file", "An article's file of more than 1 MiB."),
    fixed("missing-file", "A path that leads to nothing."),
    fixed("not-mended", "A file that `--fix` cannot write."),
    fixed("unreadable", "A path that cannot be read."),
    fixed("more-findings", "Findings of one file beyond its first hundred."),
];

/// Every rule.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    CHAPTERS.iter().flat_map(|(_, rules)| rules.iter())
}

/// The rule called `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.name == name)
}

/// The names of the rules that can be switched.
pub fn switchable() -> impl Iterator<Item = &'static str> {
    all().filter(|rule| rule.standing == Standing::Switchable).map(|rule| rule.name)
}

/// What the findings of a rule weigh, when not what the table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// There are none.
    Off,
    /// This much.
    At(Severity),
}

/// The rules that the configuration switches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Levels(BTreeMap<&'static str, Level>);

impl Levels {
    /// Lets the findings of `rule` weigh `level`; a fixed rule stays what it is.
    pub fn set(&mut self, rule: &'static Rule, level: Level) {
        if rule.standing == Standing::Switchable {
            self.0.insert(rule.name, level);
        }
    }

    /// What a finding of the rule `name` weighs that weighs `usual` by itself; nothing when it is switched off.
    #[must_use]
    pub fn of(&self, name: &str, usual: Severity) -> Option<Severity> {
        match self.0.get(name) {
            None => Some(usual),
            Some(Level::At(severity)) => Some(*severity),
            Some(Level::Off) => None,
        }
    }

    /// Whether a rule of the table has findings at all.
    #[must_use]
    pub fn is_on(&self, name: &str) -> bool {
        self.0.get(name) != Some(&Level::Off)
    }
}

/// The page docs/lint.md from its first rule on: a chapter a heading, a rule a row.
#[must_use]
pub fn page() -> String {
    let mut page = String::new();
    for (chapter, rules) in CHAPTERS {
        page.push_str(&format!("### {chapter}\n\n"));
        if rules.iter().all(|rule| rule.standing == Standing::Fixed) {
            page.push_str("These are errors, and cannot be switched: without them there is no article.\n\n");
        }
        page.push_str("| rule | severity | finds | `--fix` |\n|---|---|---|---|\n");
        for rule in *rules {
            let severity = rule.severity.as_str();
            let mends = rule.mends.unwrap_or_default();
            page.push_str(&format!("| `{}` | {severity} | {} | {mends} |\n", rule.name, rule.finds));
        }
        page.push('\n');
    }
    page
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_rule_has_one_name_in_kebab_case() {
        let mut names = BTreeSet::new();
        for rule in all() {
            assert!(names.insert(rule.name), "{} stands twice", rule.name);
            assert!(rule.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{}", rule.name);
            assert!(rule.finds.ends_with('.'), "{}", rule.name);
        }
    }

    #[test]
    fn the_page_of_rules_is_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/lint.md");
        let text = std::fs::read_to_string(path).unwrap();
        let (before, _) = text.split_once("## Rules\n\n").unwrap();
        let should = format!("{before}## Rules\n\n{}\n", page().trim_end());
        if text != should && std::env::var_os("INSTA_UPDATE").is_some() {
            std::fs::write(path, should).unwrap();
            return;
        }
        assert!(text == should, "docs/lint.md is not what the table says; INSTA_UPDATE=always mends it");
    }

    #[test]
    fn a_fixed_rule_stays_what_it_is() {
        let mut levels = Levels::default();
        levels.set(find("broken-yaml").unwrap(), Level::Off);
        levels.set(find("bare-url").unwrap(), Level::Off);
        levels.set(find("missing-alt").unwrap(), Level::At(Severity::Error));
        assert_eq!(levels.of("broken-yaml", Severity::Error), Some(Severity::Error));
        assert_eq!(levels.of("bare-url", Severity::Hint), None);
        assert_eq!(levels.of("missing-alt", Severity::Warning), Some(Severity::Error));
    }
}
