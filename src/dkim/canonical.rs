//! The relaxed canonical forms of header and body (RFC 6376 §3.4.2, §3.4.4).

use std::borrow::Cow;

/// One header field as it stands, folds included, its last CRLF not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'m> {
    pub(super) bytes: &'m [u8],
}

impl Field<'_> {
    /// Its name, in lower case.
    pub(super) fn name(&self) -> String {
        let name = self.bytes.split(|&b| b == b':').next().unwrap_or_default();
        String::from_utf8_lossy(name.trim_ascii_end()).to_ascii_lowercase()
    }

    /// Whether this is its name, given in lower case.
    pub(super) fn is_named(&self, lower: &str) -> bool {
        let name = self.bytes.split(|&b| b == b':').next().unwrap_or_default();
        name.trim_ascii_end().eq_ignore_ascii_case(lower.as_bytes())
    }
}

/// The fields of a header whose lines end in CRLF.
pub(super) fn fields(header: &[u8]) -> Vec<Field<'_>> {
    let mut found = Vec::new();
    let mut begin = 0;
    for end in memchr::memmem::find_iter(header, b"\r\n") {
        let continues = matches!(header.get(end + 2), Some(b' ' | b'\t'));
        if !continues {
            found.push(Field { bytes: &header[begin..end] });
            begin = end + 2;
        }
    }
    if begin < header.len() {
        found.push(Field { bytes: &header[begin..] });
    }
    found
}

/// Appends `field` with its name in lower case and all white space reduced; no CRLF behind it.
pub(super) fn relaxed_field(field: &[u8], out: &mut Vec<u8>) {
    let colon = memchr::memchr(b':', field).unwrap_or(field.len());
    out.extend(field[..colon].trim_ascii_end().iter().map(u8::to_ascii_lowercase));
    out.push(b':');
    let mut words = field[colon..].get(1..).unwrap_or_default().split(|b| b" \t\r\n".contains(b));
    let mut words = words.by_ref().filter(|word| !word.is_empty());
    if let Some(first) = words.next() {
        out.extend_from_slice(first);
    }
    for word in words {
        out.push(b' ');
        out.extend_from_slice(word);
    }
}

/// Gives `body`, whose lines end in CRLF, in its canonical form to `take`, in long runs where nothing changes.
pub(super) fn relaxed_body(body: &[u8], mut take: impl FnMut(&[u8])) {
    // Whole lines that need no change and have not been given away, and the empty lines behind them, which count only
    // when something follows.
    let mut run = 0..0;
    let (mut blanks, mut blanks_are_bare) = (0, true);
    let mut begin = 0;
    let line_end = memchr::memmem::Finder::new(b"\r\n");
    while begin < body.len() {
        let end = line_end.find(&body[begin..]).map_or(body.len(), |at| begin + at);
        let next = (end + 2).min(body.len());
        let line = &body[begin..end];
        if line.iter().all(is_space) {
            blanks += 1;
            blanks_are_bare &= line.is_empty();
        } else {
            let stays = end + 2 == next && is_reduced(line);
            if !stays || !blanks_are_bare {
                take(&body[run]);
                (0..blanks).for_each(|_| take(b"\r\n"));
                run = begin..begin;
            }
            if stays {
                run.end = next;
            } else {
                take(&reduced(line));
                take(b"\r\n");
                run = next..next;
            }
            (blanks, blanks_are_bare) = (0, true);
        }
        begin = next;
    }
    take(&body[run]);
}

/// The canonical form of `lines` that are not the last of a body, whatever stands around them: whole lines that end in
/// CRLF, or a stretch without white space but line breaks.
#[must_use]
pub fn canonical_lines(lines: &[u8]) -> Cow<'_, [u8]> {
    let pairs = lines.iter().zip(lines.get(1..).unwrap_or_default());
    let is_odd = |(a, b): (&u8, &u8)| (*a == b'\t') | ((*a == b' ') & ((*b == b' ') | (*b == b'\r')));
    // Every byte is looked at, because that is done with vectors.
    let odd = pairs.fold(false, |odd, pair| odd | is_odd(pair));
    if !odd && !lines.last().is_some_and(is_space) {
        return Cow::Borrowed(lines);
    }
    let mut canonical = Vec::with_capacity(lines.len());
    let mut begin = 0;
    for end in memchr::memmem::find_iter(lines, b"\r\n") {
        canonical.extend(reduced(&lines[begin..end]));
        canonical.extend_from_slice(b"\r\n");
        begin = end + 2;
    }
    canonical.extend(reduced(&lines[begin..]));
    Cow::Owned(canonical)
}

fn is_space(b: &u8) -> bool {
    matches!(b, b' ' | b'\t')
}

/// Looks at every byte, because that is faster than to stop at the first that counts: it is done with vectors.
fn is_reduced(line: &[u8]) -> bool {
    let Some((last, others)) = line.split_last() else { return true };
    let pairs = others.iter().zip(&line[1..]);
    let is_odd = |(a, b): (&u8, &u8)| (*a == b'\t') | ((*a == b' ') & (*b == b' '));
    !is_space(last) && !pairs.fold(false, |odd, pair| odd | is_odd(pair))
}

/// `line` with each run of white space as one space, and none at its end.
fn reduced(line: &[u8]) -> Vec<u8> {
    let mut reduced = Vec::with_capacity(line.len());
    let mut space = false;
    for b in line {
        if is_space(b) {
            space = true;
        } else {
            if std::mem::take(&mut space) {
                reduced.push(b' ');
            }
            reduced.push(*b);
        }
    }
    reduced
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header(field: &str) -> String {
        let mut out = Vec::new();
        relaxed_field(field.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    fn body(body: &str) -> String {
        let mut out = Vec::new();
        relaxed_body(body.as_bytes(), |bytes| out.extend_from_slice(bytes));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_example_of_rfc_6376_3_4_5() {
        assert_eq!(header("A: X"), "a:X");
        assert_eq!(header("B : Y\t\r\n\tZ  "), "b:Y Z");
        assert_eq!(body(" C \r\nD \t E\r\n\r\n\r\n"), " C\r\nD E\r\n");
    }

    #[test]
    fn fields_are_cut_where_no_fold_follows() {
        let found = fields(b"A: 1\r\n 2\r\nB:\r\n");
        let texts: Vec<_> = found.iter().map(|field| String::from_utf8_lossy(field.bytes)).collect();
        assert_eq!(texts, ["A: 1\r\n 2", "B:"]);
        assert!(found[1].is_named("b"));
    }

    #[test]
    fn an_empty_body_is_nothing_and_a_last_line_gets_its_end() {
        for empty in ["", "\r\n", " \r\n\t\r\n"] {
            assert_eq!(body(empty), "", "{empty:?}");
        }
        assert_eq!(body("x"), "x\r\n");
    }

    proptest! {
        #[test]
        fn lines_that_something_follows_keep_their_form_wherever_they_are_cut(
            text in "(([ \\t]{0,2}|[ab \\t\\r]{0,6})\\r\\n){0,20}", cut in 0_usize..20
        ) {
            let lines: Vec<&str> = text.split_inclusive("\r\n").collect();
            let (before, behind) = lines.split_at(cut.min(lines.len()));
            let pieces = [before.concat(), behind.concat(), "end\r\n".to_owned()];
            let canonical: Vec<u8> =
                pieces.iter().flat_map(|piece| canonical_lines(piece.as_bytes()).into_owned()).collect();
            prop_assert_eq!(String::from_utf8(canonical).unwrap(), body(&pieces.concat()));
        }

        #[test]
        fn runs_give_what_line_by_line_gives(text in "([ \\t]{0,2}|[ab \\t]{0,6}|\\r\\n){0,20}") {
            let lines = text.split("\r\n").map(|line| String::from_utf8(reduced(line.as_bytes())).unwrap());
            let plain = lines.collect::<Vec<_>>().join("\r\n");
            let plain = plain.trim_end_matches("\r\n");
            let wanted = if plain.is_empty() { String::new() } else { format!("{plain}\r\n") };
            prop_assert_eq!(body(&text), wanted);
        }
    }
}
