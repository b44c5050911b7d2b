//! Replies as bytes (RFC 5321 §4.2): taken line by line, within limits, and made safe to store and to show.

use crate::delivery::Reply;

/// RFC 5321 §4.5.3.1.5 says 512 octets; the generous say more.
pub(super) const LONGEST_LINE: usize = 4 * 1024;
const LONGEST_REPLY: usize = 64 * 1024;
const MOST_LINES: usize = 100;
/// How many characters of the text the ledger keeps.
const LONGEST_TEXT: usize = 1000;

/// A whole reply as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RawReply {
    pub(super) code: u16,
    /// What stands behind the code, one for each line.
    pub(super) lines: Vec<Vec<u8>>,
}

/// Why bytes are no reply; the connection is out of step then, and of no more use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ReplyError {
    #[error("the server's answer is no SMTP reply: {0}")]
    Garbage(String),
    #[error("the lines of the server's reply have different codes ({0} and {1})")]
    MixedCodes(u16, u16),
    #[error("the server's reply is too long")]
    TooLong,
}

/// A reply under way.
#[derive(Debug, Default)]
pub(super) struct Parser {
    code: Option<u16>,
    lines: Vec<Vec<u8>>,
    octets: usize,
}

impl Parser {
    /// Takes one line without its end; the reply when this was its last.
    pub(super) fn line(&mut self, line: &[u8]) -> Result<Option<RawReply>, ReplyError> {
        self.octets += line.len();
        if line.len() > LONGEST_LINE || self.octets > LONGEST_REPLY || self.lines.len() == MOST_LINES {
            return Err(ReplyError::TooLong);
        }
        let garbage = || ReplyError::Garbage(printable(line, 60));
        let (digits, rest) = line.split_at_checked(3).ok_or_else(garbage)?;
        let is_code = matches!(digits, [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9']);
        let (more, text) = match rest {
            [] => (false, rest),
            [b' ', text @ ..] => (false, text),
            [b'-', text @ ..] => (true, text),
            _ => return Err(garbage()),
        };
        if !is_code {
            return Err(garbage());
        }
        let code = digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
        if let Some(first) = self.code.filter(|&first| first != code) {
            return Err(ReplyError::MixedCodes(first, code));
        }
        self.code = Some(code);
        self.lines.push(text.to_vec());
        if more {
            return Ok(None);
        }
        Ok(Some(RawReply { code, lines: std::mem::take(&mut self.lines) }))
    }
}

impl RawReply {
    /// What the ledger keeps of it.
    pub(super) fn to_reply(&self) -> Reply {
        let enhanced = self.lines.first().and_then(|line| enhanced_code(line, self.code));
        // RFC 2034 §4: the code stands at the beginning of each line; once is enough.
        let repeated = enhanced.map(|(class, subject, detail)| format!("{class}.{subject}.{detail} "));
        let mut text = Vec::new();
        for (number, line) in self.lines.iter().enumerate() {
            let prefix = repeated.as_deref().filter(|_| number > 0).unwrap_or_default();
            if number > 0 {
                text.push(b' ');
            }
            text.extend_from_slice(line.strip_prefix(prefix.as_bytes()).unwrap_or(line));
        }
        Reply { code: self.code, enhanced, text: printable(&text, LONGEST_TEXT) }
    }
}

/// RFC 3463 §2 `class.subject.detail` at the beginning of `text`; its class must agree with `code`.
fn enhanced_code(text: &[u8], code: u16) -> Option<(u8, u16, u16)> {
    let word = text.split(|&b| b == b' ').next()?;
    let mut numbers = std::str::from_utf8(word).ok()?.split('.');
    let mut number = || {
        let digits = numbers.next()?;
        let is_number = (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        digits.parse::<u16>().ok().filter(|_| is_number)
    };
    let (class, subject, detail) = (number()?, number()?, number()?);
    let agrees =
        class == code / 100 && number().is_none() && word.iter().filter(|&&b| b == b'.').count() == 2;
    agrees.then_some((u8::try_from(class).ok()?, subject, detail))
}

/// `bytes` with all escaped that a terminal or a page could take for more than text, at most `limit` characters.
fn printable(bytes: &[u8], limit: usize) -> String {
    let mut shown = String::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' | '\'' => shown.push(c),
                c => shown.extend(c.escape_debug()),
            }
        }
        for b in chunk.invalid() {
            shown.push_str(&format!("\\x{b:02x}"));
        }
    }
    match shown.char_indices().nth(limit) {
        Some((end, _)) => shown[..end].to_owned(),
        None => shown,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(lines: &[&[u8]]) -> Result<Option<RawReply>, ReplyError> {
        let mut parser = Parser::default();
        let mut last = None;
        for line in lines {
            last = parser.line(line)?;
        }
        Ok(last)
    }

    fn reply(lines: &[&[u8]]) -> Reply {
        parse(lines).unwrap().unwrap().to_reply()
    }

    #[test]
    fn a_reply_has_a_code_an_enhanced_code_and_a_text() {
        let gone = reply(&[b"550-5.1.1 No such user.", b"550 5.1.1 Ask the postmaster."]);
        assert_eq!(gone.code, 550);
        assert_eq!(gone.enhanced, Some((5, 1, 1)));
        assert_eq!(gone.to_string(), "550 5.1.1 No such user. Ask the postmaster.");
        assert_eq!(reply(&[b"250"]), Reply { code: 250, enhanced: None, text: String::new() });
    }

    #[test]
    fn what_only_looks_like_an_enhanced_code_is_text() {
        for text in
            ["250 5.1.1 class disagrees", "250 2.1 x", "250 2.1.1.1 x", "250 2.1234.1 x", "250 127.0.0.1 x"]
        {
            assert_eq!(reply(&[text.as_bytes()]).enhanced, None, "{text}");
        }
        assert_eq!(reply(&[b"250 2.1.5"]).enhanced, Some((2, 1, 5)));
    }

    #[test]
    fn control_sequences_and_bad_utf8_are_escaped() {
        let shown = reply(
            b"250 a\0b\x1b[31mred\xff \xe2\x80\xae \xc3\xbc 'ok'"
                .split(|_| false)
                .collect::<Vec<_>>()
                .as_slice(),
        );
        assert_eq!(shown.text, r"a\0b\u{1b}[31mred\xff \u{202e} ü 'ok'");
    }

    #[test]
    fn long_text_is_cut() {
        let line = [b"250 ".as_slice(), &[0xfc; 3000]].concat();
        assert_eq!(reply(&[&line]).text.chars().count(), LONGEST_TEXT);
    }

    #[test]
    fn garbage_mixed_codes_and_endless_replies_are_errors() {
        for line in ["", "2", "HTTP/1.1 400 Bad Request", "999 x", "150 x", "25x x", "250x", "2500"] {
            assert!(matches!(parse(&[line.as_bytes()]), Err(ReplyError::Garbage(_))), "{line}");
        }
        assert_eq!(parse(&[b"250-a", b"550 b"]), Err(ReplyError::MixedCodes(250, 550)));
        assert_eq!(parse(&vec![b"250-x".as_slice(); 101]), Err(ReplyError::TooLong));
        let long = [b"250-".as_slice(), &[b'x'; 4000]].concat();
        assert_eq!(parse(&vec![long.as_slice(); 20]), Err(ReplyError::TooLong));
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_printable_reply_or_an_error(
            lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..5),
            prefix in any::<bool>(),
        ) {
            let mut parser = Parser::default();
            for line in lines {
                let line = if prefix { [b"250 ".as_slice(), &line].concat() } else { line };
                if let Ok(Some(raw)) = parser.line(&line) {
                    prop_assert!(!raw.to_reply().text.chars().any(char::is_control));
                }
            }
        }
    }
}
