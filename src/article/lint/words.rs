//! Words that tell of something unfinished or of no use.

use std::ops::Range;

/// What stands for a text that was to be written, within `text`, with its name.
pub(super) fn placeholders(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut last_end = 0;
    for (at, word) in words(text) {
        let (before, behind_it) = (&text[..at], &text[at + word.len()..]);
        let held = match word {
            "TODO" | "FIXME" | "TBD" => true,
            // `Super Bowl XXX` is the thirtieth.
            "XXX" => !is_numbered(before),
            "XX" => is_amount(behind_it),
            "TK" if behind_it.trim_start().to_ascii_lowercase().starts_with("maxx") => false,
            // "To come", as printers write it: TK, TKTK.
            word if word.len() >= 2 && word.len() % 2 == 0 => {
                word.as_bytes().chunks(2).all(|pair| pair == b"TK")
            }
            _ => false,
        };
        let latin = word.eq_ignore_ascii_case("lorem")
            && text[at + word.len()..]
                .trim_start()
                .get(..5)
                .is_some_and(|next| next.eq_ignore_ascii_case("ipsum"));
        // A name of files and code is no note of an editor's: `XXX.com`, `#TODO`.
        let behind = text[at + word.len()..].chars().next();
        let is_name = behind.is_some_and(|c| matches!(c, '/' | '_' | '@'))
            || matches!(behind, Some('.' | '-'))
                && text[at + word.len() + 1..].starts_with(char::is_alphanumeric);
        if (held && !is_name || latin) && at >= last_end {
            let end = if latin {
                at + text[at..].to_ascii_lowercase().find("ipsum").unwrap_or(0) + 5
            } else {
                at + word.len()
            };
            found.push(at..end);
            last_end = end;
        }
    }
    for (at, _) in text.match_indices("[insert ").chain(text.match_indices("[Insert ")) {
        // Within a line, and no link.
        let end = text[at..].find([']', '\n']).filter(|end| text[at + end..].starts_with(']'));
        let Some(whole) = end.map(|end| at..at + end + 1) else { continue };
        // `[insert photo TK here]` is one.
        found.retain(|within| !(whole.start <= within.start && within.end <= whole.end));
        found.push(whole);
    }
    found
}

/// Whether two capitalised words stand before a number of Rome's: the name of what is numbered.
fn is_numbered(before: &str) -> bool {
    let mut words = before.split_whitespace().rev();
    let is_name = |word: Option<&str>| word.is_some_and(|word| word.starts_with(char::is_uppercase));
    before.ends_with(' ') && is_name(words.next()) && is_name(words.next())
}

/// Whether what follows `XX` makes it an amount that is to be filled in.
fn is_amount(behind: &str) -> bool {
    const COUNTED: [&str; 22] = [
        "tonnes",
        "tons",
        "percent",
        "per",
        "million",
        "billion",
        "euros",
        "dollars",
        "pounds",
        "people",
        "years",
        "days",
        "hours",
        "minutes",
        "miles",
        "kilometres",
        "metres",
        "km",
        "kg",
        "homes",
        "jobs",
        "votes",
    ];
    let word = behind.trim_start().split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    behind.trim_start().starts_with('%') || behind.starts_with(' ') && COUNTED.contains(&word)
}

/// Words of letters and digits, with where they begin.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.char_indices()
        .filter(|&(at, c)| {
            c.is_alphanumeric()
                && !text[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
        })
        .map(|(at, _)| {
            let rest = &text[at..];
            let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
            (at, &rest[..end])
        })
}

/// Where `text` speaks of an attachment, in the words of `language`.
pub(super) fn attachment(text: &str, language: &str) -> Option<Range<usize>> {
    const ENGLISH: [&str; 14] = [
        "see attached",
        "find attached",
        "attached you",
        "attached please",
        "attached file",
        "attached document",
        "attached pdf",
        "attached spreadsheet",
        "attached report",
        "attached image",
        "i have attached",
        "we have attached",
        "in the attachment",
        "see the attachment",
    ];
    const ATTACHED: [&str; 5] =
        ["is attached", "are attached", "pdf attached", "file attached", "document attached"];
    const GERMAN: [&str; 11] = [
        "anbei",
        "als anhang",
        "beiliegend",
        "im anhang",
        "in der anlage",
        "siehe anhang",
        "siehe anlage",
        "angehängte datei",
        "angehängten datei",
        "beigefügte datei",
        "beigefügten datei",
    ];
    // Not "في المرفق", which is "at the facility" as well.
    const ARABIC: [&str; 14] = [
        "الملف المرفق",
        "الملفات المرفقة",
        "المستند المرفق",
        "المستندات المرفقة",
        "الوثيقة المرفقة",
        "الوثائق المرفقة",
        "التقرير المرفق",
        "الجدول المرفق",
        "المرفقات",
        "مرفق طيه",
        "مرفق لكم",
        "مرفقا لكم",
        "أرفقنا لكم",
        "نرفق لكم",
    ];
    let (phrases, stems): (&[&str], &[&str]) = match language.split('-').next().unwrap_or_default() {
        "ar" => (&ARABIC, &["رفق"]),
        "de" => (&GERMAN, &["anbei", "anhang", "anlage", "beilieg", "beigefügt", "angehängt"]),
        "en" => (&ENGLISH, &["attach"]),
        _ => return None,
    };
    // Lower-case letters may be longer than their capitals: only a text that keeps its length has its places.
    let lower = text.to_lowercase();
    // Each phrase has one of these, and hardly a text does.
    let is_stemmed = |text: &str| stems.iter().any(|stem| text.contains(stem));
    debug_assert!(
        phrases.iter().all(|phrase| is_stemmed(phrase)),
        "a phrase without its stem is never found"
    );
    if !is_stemmed(&lower) {
        return None;
    }
    // At the end of what is said: a pier is attached to the quay.
    let is_end = |at: &Range<usize>| {
        !lower[at.end..].trim_start().starts_with(|c: char| c.is_alphanumeric() || matches!(c, '“' | '"'))
    };
    let ends: &[&str] = if language.starts_with("en") { &ATTACHED } else { &[] };
    let ends = ends.iter().filter_map(|phrase| whole_phrases(&lower, phrase).find(is_end));
    phrases
        .iter()
        .filter_map(|phrase| whole_phrases(&lower, phrase).next())
        .chain(ends)
        .min_by_key(|at| at.start)
        .map(|at| if lower.len() == text.len() { at } else { 0..text.len() })
}

fn whole_phrases<'l>(lower: &'l str, phrase: &'l str) -> impl Iterator<Item = Range<usize>> + 'l {
    // Arabic writes "and", "in" and "as" as a letter before the word.
    let joined = ['و', 'ف', 'ب', 'ك'];
    lower.match_indices(phrase).map(|(at, _)| at..at + phrase.len()).filter(move |at| {
        let before = lower[..at.start].strip_suffix(joined).unwrap_or(&lower[..at.start]);
        !before.ends_with(char::is_alphanumeric) && !lower[at.end..].starts_with(char::is_alphanumeric)
    })
}

/// Whether the text of a link says nothing of where it leads.
pub(super) fn is_vague(text: &str) -> bool {
    const VAGUE: [&str; 37] = [
        "here",
        "click here",
        "click",
        "click this",
        "this",
        "this link",
        "link",
        "the link",
        "read more",
        "more",
        "learn more",
        "see here",
        "find out more",
        "tap here",
        "over here",
        "right here",
        "hier",
        "hier klicken",
        "klicken sie hier",
        "mehr",
        "weiterlesen",
        "dieser link",
        "هنا",
        "من هنا",
        "اضغط هنا",
        "إضغط هنا",
        "اضغطوا هنا",
        "انقر هنا",
        "أنقر هنا",
        "انقروا هنا",
        "المزيد",
        "اقرأ المزيد",
        "إقرأ المزيد",
        "لمعرفة المزيد",
        "تابع القراءة",
        "الرابط",
        "هذا الرابط",
    ];
    VAGUE.contains(&bare(text).as_str())
}

/// Whether the text of a picture says nothing of what is to be seen; `src` is the picture's address.
pub(super) fn is_useless_alt(alt: &str, src: &str) -> bool {
    const USELESS: [&str; 26] = [
        "image",
        "img",
        "picture",
        "photo",
        "photograph",
        "graphic",
        "figure",
        "screenshot",
        "screen shot",
        "icon",
        "logo",
        "chart",
        "diagram",
        "illustration",
        "alt",
        "alt text",
        "untitled",
        "image description",
        "an image",
        "a picture",
        "a photo",
        "featured image",
        "bild",
        "foto",
        "grafik",
        "abbildung",
    ];
    let bare = bare(alt);
    let file = src.split(['?', '#']).next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let picture_name =
        [".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg"].iter().any(|end| bare.ends_with(end));
    // `IMG_1234`, `DSC00012`, `Screenshot 2026-03-02 at 10.11.12`: what a camera or a machine calls it.
    let machine =
        ["img", "dsc", "dscf", "pxl", "image", "screenshot", "bildschirmfoto", "photo", "picture", "figure"]
            .iter()
            .any(|start| {
                bare.strip_prefix(start).is_some_and(|rest| {
                    rest.contains(|c: char| c.is_ascii_digit())
                        && rest.split_whitespace().all(|word| {
                            matches!(word, "at" | "um" | "am" | "pm" | "from" | "of")
                                || word
                                    .chars()
                                    .all(|c| c.is_ascii_digit() || matches!(c, '-' | '_' | '.' | ':'))
                        })
                })
            });
    USELESS.contains(&bare.as_str())
        || picture_name && !bare.contains(' ')
        || machine
        || !bare.is_empty()
            && !bare.contains(' ')
            && (alt == file || stem.len() > 3 && alt == stem && stem.contains(['-', '_']))
        || !bare.is_empty() && bare.chars().all(|c| !c.is_alphanumeric())
}

/// Lower-case, with single spaces, without the signs around it.
fn bare(text: &str) -> String {
    let signs_only = !text.contains(char::is_alphanumeric);
    if signs_only {
        return text.trim().to_owned();
    }
    let text = text.trim_matches(|c: char| {
        c.is_whitespace()
            || matches!(c, '.' | ':' | '!' | '…' | '«' | '»' | '<' | '>' | '←' | '→' | '“' | '”' | '"')
    });
    // Arabic is written with its short vowels and drawn out, or without.
    let text = text.replace(|c: char| matches!(c, '\u{640}' | '\u{64B}'..='\u{652}'), "");
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Where addresses of the web stand in `text` that name a user and a password (RFC 3986, §3.2.1).
pub(super) fn passwords(text: &str) -> Vec<Range<usize>> {
    let schemes = text.match_indices("://").filter(|(at, _)| text[..*at].ends_with(['p', 'P', 's', 'S']));
    schemes
        .filter_map(|(at, sign)| {
            let behind = at + sign.len();
            let rest = &text[behind..];
            let authority =
                rest.find(|c: char| c.is_whitespace() || "/?#<>()".contains(c)).unwrap_or(rest.len());
            let (user, _) = rest[..authority].rsplit_once('@')?;
            let start = text[..at].rfind(|c: char| !c.is_ascii_alphabetic()).map_or(0, |at| at + 1);
            let start = if text.is_char_boundary(start) { start } else { at };
            user.contains(':').then_some(start..behind + authority)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_to_be_written_is_found() {
        let found = |text: &str| -> Vec<String> {
            placeholders(text).into_iter().map(|at| text[at].to_owned()).collect()
        };
        assert_eq!(found("The price is TK, TODO: ask."), ["TK", "TODO"]);
        assert_eq!(found("TKTK and Lorem ipsum dolor"), ["TKTK", "Lorem ipsum"]);
        assert_eq!(found("It costs XXX, XX tonnes of it, at XX % (TBD)."), ["XXX", "XX", "XX", "TBD"]);
        for whole in ["[insert photo of the quay]", "[insert photo TK here]", "[Insert TK, TODO]"] {
            assert_eq!(found(&format!("The quay. {whole}")), [whole]);
        }
        for text in [
            "a todo list",
            "TKO in round two",
            "stk",
            "XXX.com",
            "TODO_LIST",
            "Fall in lorem",
            "XXXL",
            "tk",
            "TK-421 is not at its post",
            "TK Maxx opens",
            "at Super Bowl XXX in Tempe",
            "in the siglo XX de Oro",
            "chapter XX",
            "to [insert",
        ] {
            assert_eq!(found(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn attachments_are_spoken_of_in_the_language_of_the_edition() {
        for (text, language, finds) in [
            ("Please see attached the plan.", "en-US", true),
            ("The plan is IN THE ATTACHMENT.", "en", true),
            ("with no strings attached to it", "en", false),
            ("The plan is attached.", "en-GB", true),
            ("Two maps are attached", "en", true),
            ("The pier is attached to the quay. The plan is attached.", "en", true),
            ("(PDF attached)", "en", true),
            ("The pier is attached to the quay.", "en", false),
            ("No strings attached.", "en", false),
            ("The plan is attached.", "fr", false),
            ("Der Plan steht im Anhang.", "de-DE", true),
            ("Das Team hat im Anhangverfahren", "de", false),
            ("im Anhang", "en", false),
            ("Anbei der Plan.", "de", true),
            ("nebenanbei", "de", false),
            ("تجدون التفاصيل في الملف المرفق.", "ar-EG", true),
            ("الخطة والجداول بالملف المرفق", "ar", true),
            ("افتتح الوزير المرفق الصحي الجديد", "ar", false),
            ("الملف المرفق", "en", false),
            ("see attached", "fr", false),
        ] {
            assert_eq!(attachment(text, language).is_some(), finds, "{text}");
        }
    }

    #[test]
    fn words_that_say_nothing() {
        for text in
            ["here", "Click here!", "  Read   more… ", "hier", "انقر هُنا", "«المزيد»", "اقرأ المـزيد ←"]
        {
            assert!(is_vague(text), "{text}");
        }
        assert!(!is_vague("the harbour's timetable") && !is_vague("المزيد من القوارب"));
        for (alt, src) in [
            ("image", "a.png"),
            ("Image.", "a.png"),
            ("ferry-2.jpg", "x.png"),
            ("ferry_2", "images/ferry_2.jpg"),
            ("IMG_1234", "x.jpg"),
            ("DSC00012", "x.jpg"),
            ("Screenshot 2026-03-02 at 10.11.12", "x.png"),
            ("image 1", "x.png"),
            ("...", "x.png"),
        ] {
            assert!(is_useless_alt(alt, src), "{alt}");
        }
        for (alt, src) in [
            ("A white ferry", "ferry.jpg"),
            ("Ferry", "ferry.jpg"),
            ("Photo 51, the first picture of DNA", "x.png"),
            ("Figure of eight", "x.png"),
            ("", "x.png"),
            ("Image of a ferry", "x.png"),
        ] {
            assert!(!is_useless_alt(alt, src), "{alt}");
        }
    }
}
