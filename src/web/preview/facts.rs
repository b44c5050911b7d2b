//! What a message's octets say, made readable: its header field by field, and its source without endless base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// A longer run of base64 lines is told by its number.
const SHOWN_BASE64: usize = 40;

/// One field of the header.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Field {
    pub(super) name: String,
    /// Unfolded, encoded words decoded.
    pub(super) value: String,
    /// What it is good for.
    pub(super) purpose: &'static str,
}

/// The fields of `message` in their order.
pub(super) fn fields(message: &[u8]) -> Vec<Field> {
    let text = String::from_utf8_lossy(message);
    let head = text.split("\r\n\r\n").next().unwrap_or_default();
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in head.split("\r\n") {
        match (line.strip_prefix([' ', '\t']), fields.last_mut()) {
            (Some(more), Some((_, value))) => {
                value.push(' ');
                value.push_str(more.trim_start());
            }
            _ => {
                let (name, value) = line.split_once(':').unwrap_or((line, ""));
                fields.push((name.to_owned(), value.trim().to_owned()));
            }
        }
    }
    let field = |(name, value): (String, String)| {
        let purpose = purpose(&name);
        Field { value: decoded(&value), purpose, name }
    };
    fields.into_iter().map(field).collect()
}

fn purpose(name: &str) -> &'static str {
    match name.to_ascii_lowercase().as_str() {
        "dkim-signature" => "Shows receivers that the message is ours and unchanged (RFC 6376).",
        "date" => "The moment at which the edition is frozen.",
        "message-id" => "The same at each attempt, so that a message sent twice is seen as one.",
        "list-id" => "Lets readers sort our mail by a name that stays (RFC 2919).",
        "list-unsubscribe" | "list-unsubscribe-post" => {
            "The leave button beside the sender's name, which takes one click (RFC 8058)."
        }
        "list-help" | "list-archive" | "list-post" => "What mail programs offer for lists (RFC 2369).",
        "auto-submitted" | "precedence" => "Keeps away answers of machines, such as holiday notes.",
        "feedback-id" => "Counts complaints by edition on Gmail's postmaster pages.",
        "content-language" => "The language, for translators and screen readers.",
        _ => "",
    }
}

/// `text` with its encoded words (RFC 2047) decoded; white space between two of them is none.
fn decoded(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    let mut after_word = false;
    while let Some((before, behind)) = rest.split_once("=?") {
        let mut parts = behind.splitn(4, '?');
        let word = (parts.next(), parts.next(), parts.next(), parts.next());
        let (Some(charset), Some(encoding), Some(content), Some(after)) = word else { break };
        let bytes = after.strip_prefix('=').and_then(|_| match encoding {
            "B" | "b" => STANDARD.decode(content).ok(),
            "Q" | "q" => quoted(content),
            _ => None,
        });
        let Some(bytes) = bytes.filter(|_| charset.eq_ignore_ascii_case("utf-8")) else { break };
        if !(after_word && before.trim().is_empty()) {
            out.push_str(before);
        }
        out.push_str(&String::from_utf8_lossy(&bytes));
        after_word = true;
        rest = &after[1..];
    }
    out + rest
}

fn quoted(content: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = content.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'_' => b' ',
            b'=' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    Some(bytes)
}

/// The message as text, with long runs of base64 left out.
pub(super) fn source(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(message);
    let lines: Vec<&str> = text.split("\r\n").collect();
    let is_base64 = |line: &str| {
        line.len() == 76 && line.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
    };
    let mut out = String::with_capacity(text.len().min(256 * 1024));
    let mut at = 0;
    while at < lines.len() {
        let run = lines[at..].iter().take_while(|line| is_base64(line)).count();
        let shown = if run > SHOWN_BASE64 { 3 } else { run.max(1) };
        for line in &lines[at..at + shown] {
            out.push_str(line);
            out.push('\n');
        }
        if run > SHOWN_BASE64 {
            out.push_str(&format!("[… {} more lines of base64 …]\n", run - shown));
        }
        at += run.max(1);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_unfolded_and_decoded() {
        let message = b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n =?UTF-8?B?IGFuIGFsbGU=?= now\r\nList-Id: <a.example>\r\n\r\nSubject: no\r\n";
        let fields = fields(message);
        assert_eq!(fields.len(), 2);
        assert_eq!((fields[0].name.as_str(), fields[0].value.as_str()), ("Subject", "Grüße an alle now"));
        assert!(fields[1].purpose.contains("RFC 2919"));
    }

    #[test]
    fn what_is_no_encoded_word_stays() {
        for text in
            ["=?", "=?utf-8?q?x", "=?utf-8?z?x?=", "=?latin1?q?=E9?=", "=?utf-8?q?=Z?=", "a =? b ?= c"]
        {
            assert_eq!(decoded(text), text);
        }
    }

    #[test]
    fn pictures_are_told_by_their_length() {
        let picture = format!("{}\r\n", "A".repeat(76)).repeat(500);
        let source = source(format!("Subject: x\r\n\r\ntext\r\n{picture}--end\r\n").as_bytes());
        assert!(source.contains("[… 497 more lines of base64 …]\n--end\n"), "{source}");
        assert!(source.starts_with("Subject: x\n\ntext\nAAAA") && source.len() < 600);
    }
}
