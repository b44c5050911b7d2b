//! Bytes of a file → text → front matter and Markdown.

use std::ops::Range;

/// Why a file's bytes are no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotText {
    /// The text as far as it can be shown.
    pub(super) shown: String,
    /// Where in `shown` it goes wrong.
    pub(super) span: Range<usize>,
    pub(super) message: String,
    pub(super) remedy: &'static str,
}

const SAVE_AS_UTF8: &str =
    "save the file as UTF-8: programs ask for that where they ask for its name, as “Encoding”";

/// Decodes UTF-8 (with or without a byte order mark) and UTF-16 that has one.
pub(super) fn decode(bytes: &[u8]) -> Result<String, NotText> {
    let text = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => decode_utf8(rest)?,
        [0xFF, 0xFE, rest @ ..] => decode_utf16(rest, u16::from_le_bytes)?,
        [0xFE, 0xFF, rest @ ..] => decode_utf16(rest, u16::from_be_bytes)?,
        _ => decode_utf8(bytes)?,
    };
    match text.find('\0') {
        Some(at) => Err(NotText {
            shown: text.replace('\0', "\u{2400}"),
            span: at..at + '\u{2400}'.len_utf8(),
            message: "a NUL character stands here".to_owned(),
            remedy: "delete it; if the text is UTF-16 or UTF-32, save it as UTF-8",
        }),
        None => Ok(text),
    }
}

/// Why a file that can be read is better saved as UTF-8: other programs, git among them, take it for something else.
pub(super) fn oddity(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xEF, 0xBB, 0xBF, ..] => {
            Some("this file begins with a byte order mark, which other programs show as signs")
        }
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => {
            Some("this file is UTF-16, which git and other programs do not take for text")
        }
        _ => None,
    }
}

fn decode_utf8(bytes: &[u8]) -> Result<String, NotText> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            let at = error.valid_up_to();
            let byte = bytes[at];
            let hint = match byte {
                byte if windows_1252(byte) != '\u{FFFD}' => {
                    format!("; in Windows-1252 it would be `{}`", windows_1252(byte))
                }
                _ => String::new(),
            };
            Err(NotText {
                shown: String::from_utf8_lossy(bytes).into_owned(),
                span: at..at + '\u{FFFD}'.len_utf8(),
                message: format!("this is not UTF-8: byte 0x{byte:02X} stands here{hint}"),
                remedy: SAVE_AS_UTF8,
            })
        }
    }
}

/// What a byte that is not of UTF-8 stands for in Windows-1252, which is ISO 8859-1 with more letters.
pub(crate) fn windows_1252(byte: u8) -> char {
    const MORE: [char; 32] = [
        '€', '\u{FFFD}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{FFFD}', 'Ž', '\u{FFFD}',
        '\u{FFFD}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{FFFD}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9F => MORE[usize::from(byte - 0x80)],
        byte => char::from(byte),
    }
}

fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, NotText> {
    let (pairs, odd) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(bytes.len());
    let mut wrong = None;
    for decoded in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        text.push(decoded.unwrap_or_else(|_| {
            wrong.get_or_insert(text.len());
            '\u{FFFD}'
        }));
    }
    if !odd.is_empty() {
        wrong.get_or_insert(text.len());
        text.push('\u{FFFD}');
    }
    match wrong {
        None => Ok(text),
        Some(at) => Err(NotText {
            shown: text,
            span: at..at + '\u{FFFD}'.len_utf8(),
            message: "this is not UTF-16: half a character stands here".to_owned(),
            remedy: SAVE_AS_UTF8,
        }),
    }
}

/// The two parts of an article's file, as ranges of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parts {
    /// Between the two lines of `---`.
    pub(super) front_matter: Range<usize>,
    /// Behind the second one.
    pub(super) body: Range<usize>,
}

/// Why a file has no front matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoFrontMatter {
    /// There is nothing in the file.
    Empty,
    /// The first line is not `---`.
    Missing,
    /// `+++`, as for TOML.
    Toml,
    /// `{`, as for JSON.
    Json,
    /// ```` ``` ````, as around an example.
    Fenced,
    /// A dash that a writing program made of `---`.
    Dash,
    /// Two dashes, or four, or three behind a space; or other signs in a row.
    Dashes,
    /// The first line is a key.
    Bare,
    /// Something stands above it.
    Below,
    /// No line ends but by a carriage return.
    CarriageReturns,
    /// No second `---` follows.
    Unclosed,
}

impl NoFrontMatter {
    /// The rule, what is wrong, and what to do about it.
    pub(super) fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            NoFrontMatter::Empty => {
                ("empty-file", "the file is empty", "write an article into it, or delete it")
            }
            NoFrontMatter::Missing => (
                "no-front-matter",
                "the file does not begin with front matter",
                "begin it with a line of `---`, then `title:` and `date:`, then another line of `---`; or move it out of the folder, if it is no article",
            ),
            NoFrontMatter::Toml => (
                "no-front-matter",
                "this front matter is TOML",
                "`straight import hugo` reads it; or write it in YAML: `---` for `+++`, and `title: …` for `title = \"…\"`",
            ),
            NoFrontMatter::Json => (
                "no-front-matter",
                "this front matter is JSON",
                "`straight import hugo` reads it; or write `---` for its first and last brace, and each line as `title: …`",
            ),
            NoFrontMatter::Fenced => (
                "no-front-matter",
                "the front matter stands in a block of code",
                "remove this line, and the line of ``` below",
            ),
            NoFrontMatter::Dash => (
                "no-front-matter",
                "here stands a long dash instead of three short ones",
                "write `---`, and switch off that the program replaces it",
            ),
            NoFrontMatter::Dashes => (
                "no-front-matter",
                "this line should be three dashes, and nothing else",
                "write `---` at the beginning of the line",
            ),
            NoFrontMatter::Bare => (
                "no-front-matter",
                "above the front matter there is no line of `---`",
                "write `---` on a line above its first key, and on one below its last",
            ),
            NoFrontMatter::Below => (
                "no-front-matter",
                "this stands above the front matter, which is the first thing in a file",
                "move it below the second line of `---`, or remove it",
            ),
            NoFrontMatter::CarriageReturns => (
                "line-ends",
                "the lines of this file end in carriage returns alone",
                "save it with the line ends of Unix (LF) or Windows (CRLF)",
            ),
            NoFrontMatter::Unclosed => (
                "unclosed-front-matter",
                "the front matter that begins here is never closed",
                "put a line of `---` below its last key",
            ),
        }
    }

    /// The line to show.
    pub(super) fn place(self, text: &str) -> Range<usize> {
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let shown = match self {
                NoFrontMatter::Dash => is_long_dash(line),
                NoFrontMatter::Dashes => is_other_end(line),
                NoFrontMatter::Empty
                | NoFrontMatter::Missing
                | NoFrontMatter::Toml
                | NoFrontMatter::Json
                | NoFrontMatter::Fenced
                | NoFrontMatter::Bare
                | NoFrontMatter::Below
                | NoFrontMatter::CarriageReturns
                | NoFrontMatter::Unclosed => !line.trim().is_empty(),
            };
            if shown {
                let line = line.split(['\r', '\n']).next().unwrap_or_default();
                return at..at + line.len().min(200);
            }
            at += line.len();
        }
        0..0
    }
}

/// What writing programs make of `---`.
pub(super) fn is_long_dash(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty()
        && line.chars().count() <= 3
        && line.chars().all(|c| matches!(c, '—' | '–' | '―' | '-'))
        && line != "---"
        && line.contains(['—', '–', '―'])
}

/// What stands where three dashes at the beginning of the line are meant: `--`, `-----`, ` ---`, `===`.
pub(super) fn is_other_dashes(line: &str) -> bool {
    let signs = line.trim();
    let is_row_of = |sign: u8| signs.bytes().all(|b| b == sign);
    let is_row =
        (signs.len() >= 2 && is_row_of(b'-')) || (signs.len() >= 3 && b"=*_~+".iter().any(|s| is_row_of(*s)));
    is_row && line.trim_end() != "---"
}

/// The same, or three dashes with a text behind them.
pub(super) fn is_other_end(line: &str) -> bool {
    is_other_dashes(line) || line.trim_end().starts_with("--- ")
}

/// Whether a line may be one of a head: `title: …`, `- an item`, what is indented, a comment.
fn is_of_head(line: &str) -> bool {
    let word = line.split(':').next().unwrap_or_default();
    let is_key = line.contains(':') && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    line.trim().is_empty() || line.starts_with([' ', '\t', '-', '#']) || (is_key && !word.is_empty())
}

/// Why the first line is no `---`.
fn missing(text: &str, first: &str) -> NoFrontMatter {
    if text.contains('\r') && !text.contains('\n') {
        NoFrontMatter::CarriageReturns
    } else if first.trim_end() == "+++" {
        NoFrontMatter::Toml
    } else if first.starts_with('{') && text.lines().take(30).any(|line| line.contains("\"title\":")) {
        NoFrontMatter::Json
    } else if (first.starts_with("```") || first.starts_with("~~~") && has_head_below(text))
        && is_title_near(text)
    {
        NoFrontMatter::Fenced
    } else if is_long_dash(first) {
        NoFrontMatter::Dash
    } else if is_other_end(first) && is_title_near(text) {
        NoFrontMatter::Dashes
    } else if is_of_head(first) && first.starts_with(char::is_alphabetic) && is_title_near(text) {
        NoFrontMatter::Bare
    } else if has_head_below(text) {
        NoFrontMatter::Below
    } else {
        NoFrontMatter::Missing
    }
}

/// Whether a head stands below a first line that is none of its own.
fn has_head_below(text: &str) -> bool {
    text.lines().take(30).skip_while(|line| line.trim_end() != "---").any(is_title)
}

/// Whether a line further up than those of any text is `title: …`.
fn is_title_near(text: &str) -> bool {
    text.lines().take(30).any(is_title)
}

fn is_title(line: &str) -> bool {
    line.trim_start().starts_with("title:")
}

/// Finds the front matter: a first line of `---`, above which only blank lines may stand, and the next one.
pub(super) fn split(text: &str) -> Result<Parts, NoFrontMatter> {
    if text.trim().is_empty() {
        return Err(NoFrontMatter::Empty);
    }
    let blank: usize =
        text.split_inclusive('\n').take_while(|line| line.trim().is_empty()).map(str::len).sum();
    let mut lines = text[blank..].split_inclusive('\n');
    let first = lines.next().unwrap_or_default();
    if first.trim_end() != "---" {
        return Err(missing(text, first));
    }
    let start = blank + first.len();
    let mut at = start;
    for line in lines {
        if line.trim_end() == "---" || line.trim_end() == "..." {
            return Ok(Parts { front_matter: start..at, body: at + line.len()..text.len() });
        }
        at += line.len();
    }
    let mut head = text[start..].split_inclusive('\n').take(100);
    if head.clone().any(is_long_dash) {
        return Err(NoFrontMatter::Dash);
    }
    // Below the text of an article such a line makes a heading.
    let dashes = head.find(|line| is_other_end(line) || !is_of_head(line)).is_some_and(is_other_end);
    Err(if dashes { NoFrontMatter::Dashes } else { NoFrontMatter::Unclosed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_order_marks_are_understood() {
        let utf16 = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
            "\u{FEFF}Ära 🜚".encode_utf16().flat_map(unit).collect()
        };
        for bytes in ["\u{FEFF}Ära 🜚".as_bytes().to_vec(), utf16(u16::to_le_bytes), utf16(u16::to_be_bytes)]
        {
            assert_eq!(decode(&bytes).as_deref(), Ok("Ära 🜚"));
        }
    }

    #[test]
    fn what_is_no_text_is_refused_at_its_place() {
        let latin1 = decode(b"caf\xE9\n").unwrap_err();
        assert_eq!((latin1.span.start, latin1.shown.as_str()), (3, "caf\u{FFFD}\n"));
        assert!(latin1.message.contains("0xE9") && latin1.message.contains('é'), "{}", latin1.message);
        assert_eq!(decode(b"\xFF\xFEa\0\0\xD8").unwrap_err().span.start, 1);
        assert_eq!(decode(b"\xFF\xFEa\0b").unwrap_err().span.start, 1);
        assert_eq!(decode(b"a\nb\0").unwrap_err().span.start, 3);
    }

    #[test]
    fn front_matter_ends_at_the_next_dashes() {
        let text = "---\r\ntitle: x\r\n--- \r\nBody\n---\n";
        let parts = split(text).unwrap();
        assert_eq!(&text[parts.front_matter], "title: x\r\n");
        assert_eq!(&text[parts.body], "Body\n---\n");
        assert_eq!(split("---\n---"), Ok(Parts { front_matter: 4..4, body: 7..7 }));
        let below = split("\n \r\n---\ntitle: x\n---\n");
        assert_eq!(below, Ok(Parts { front_matter: 8..17, body: 21..21 }));
        assert_eq!(split(" \n"), Err(NoFrontMatter::Empty));
        assert_eq!(split("# Title\n"), Err(NoFrontMatter::Missing));
        assert_eq!(split("---\ntitle: x\n"), Err(NoFrontMatter::Unclosed));
    }

    #[test]
    fn what_was_meant_as_front_matter_is_recognised() {
        for (text, fault, shown) in [
            ("+++\ntitle = \"x\"\n+++\n", NoFrontMatter::Toml, "+++"),
            ("—\ntitle: x\n—\n", NoFrontMatter::Dash, "—"),
            ("–-\ntitle: x\n", NoFrontMatter::Dash, "–-"),
            ("---\ntitle: x\n—\nText — and more\n", NoFrontMatter::Dash, "—"),
            ("---\rtitle: x\r---\r", NoFrontMatter::CarriageReturns, "---"),
            ("— he said\n", NoFrontMatter::Missing, "— he said"),
            ("----\ntitle: x\n---\n", NoFrontMatter::Dashes, "----"),
            (" ---\ntitle: x\n---\n", NoFrontMatter::Dashes, " ---"),
            ("---\ntitle: x\ntags:\n- a\n-----\nText.\n", NoFrontMatter::Dashes, "-----"),
            ("---\ntitle: x\n\nA heading\n---------\nText.\n", NoFrontMatter::Unclosed, "---"),
            ("------\nA table\n", NoFrontMatter::Missing, "------"),
            ("{\"title\": \"x\"}\n", NoFrontMatter::Json, "{\"title\": \"x\"}"),
            ("{ as they say }\n", NoFrontMatter::Missing, "{ as they say }"),
            ("---\ntitle: x\n===\nText.\n", NoFrontMatter::Dashes, "==="),
            ("---\ntitle: x\n--- Text.\nMore.\n", NoFrontMatter::Dashes, "--- Text."),
            ("title: x\ndate: y\n\nText.\n", NoFrontMatter::Bare, "title: x"),
            ("# x\n---\ntitle: x\n---\n", NoFrontMatter::Below, "# x"),
            ("# x\n\n---\nText.\n", NoFrontMatter::Missing, "# x"),
            ("```yaml\n---\ntitle: x\n---\n```\n", NoFrontMatter::Fenced, "```yaml"),
        ] {
            assert_eq!(split(text), Err(fault), "{text:?}");
            assert_eq!(&text[fault.place(text)], shown, "{text:?}");
        }
    }
}
