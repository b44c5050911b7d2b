//! Quoted-printable (RFC 2045 §6.7) with places left open.

/// RFC 2045 §6.7 (5): 76 characters a line, of which the last may be the `=` of a soft break.
const ROOM: usize = 75;

/// Appends `text`, whose lines end in LF, as whole lines or ending in a soft break, so that whatever follows begins a line.
pub(super) fn encode(out: &mut Vec<u8>, text: &str) {
    let mut lines = text.split('\n').peekable();
    let mut column = 0;
    while let Some(line) = lines.next() {
        let ends_hard = lines.peek().is_some();
        encode_line(out, line, ends_hard, &mut column);
        if ends_hard {
            out.extend_from_slice(b"\r\n");
            column = 0;
        }
    }
    if column > 0 {
        out.extend_from_slice(b"=\r\n");
    }
}

fn encode_line(out: &mut Vec<u8>, line: &str, ends_hard: bool, column: &mut usize) {
    for (at, c) in line.char_indices() {
        let end = at + c.len_utf8();
        let stands_for_itself = match c {
            // White space before a line break is lost on the way (§6.7 (3)).
            ' ' | '\t' => !(ends_hard && end == line.len()),
            '=' => false,
            // Some relays forget to double a dot, others put `>` before `From`.
            '.' => *column > 0,
            'F' => *column > 0 || !line[at..].starts_with("From "),
            c => c.is_ascii_graphic(),
        };
        let cost = if stands_for_itself { 1 } else { 3 * c.len_utf8() };
        if *column + cost > ROOM {
            out.extend_from_slice(b"=\r\n");
            *column = 0;
            // The rules for the beginning of a line hold anew.
            if c == '.' || (c == 'F' && line[at..].starts_with("From ")) {
                escape(out, c as u8);
                *column = 3;
                continue;
            }
        }
        if stands_for_itself {
            out.push(c as u8);
        } else {
            line.as_bytes()[at..end].iter().for_each(|&b| escape(out, b));
        }
        *column += cost;
    }
}

fn escape(out: &mut Vec<u8>, b: u8) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    out.extend_from_slice(&[b'=', HEX[usize::from(b >> 4)], HEX[usize::from(b & 15)]]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &str) -> String {
        let mut out = Vec::new();
        encode(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn plain_lines_pass_and_the_rest_is_escaped() {
        assert_eq!(encoded("a = b\ncafé \n"), "a =3D b\r\ncaf=C3=A9=20\r\n");
        assert_eq!(encoded("tail\t"), "tail\t=\r\n");
        assert_eq!(encoded(""), "");
        assert_eq!(encoded("\n\n"), "\r\n\r\n");
    }

    #[test]
    fn dots_and_from_at_the_beginning_of_a_line_are_escaped() {
        assert_eq!(encoded(".x\nFrom here\nFromage\n"), "=2Ex\r\n=46rom here\r\nFromage\r\n");
        let wrapped = encoded(&format!("{}.end\n", "x".repeat(75)));
        assert_eq!(wrapped, format!("{}=\r\n=2Eend\r\n", "x".repeat(75)));
    }

    #[test]
    fn lines_are_at_most_76_and_characters_whole() {
        let text = encoded(&"éa漢".repeat(100));
        for line in text.lines() {
            assert!(line.len() <= 76, "{line}");
            assert!(!line.starts_with("=A9") && !line.starts_with("=BC"), "{line}");
        }
    }
}
