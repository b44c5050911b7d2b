//! Addresses within a text, masked: servers repeat in their replies whom they refuse, and logs and alarms repeat the replies.

use std::borrow::Cow;

/// `text` with each address in it as [`EmailAddress::masked`](super::EmailAddress::masked) has it.
#[must_use]
pub fn masked_in(text: &str) -> Cow<'_, str> {
    with_addresses(text, |local, domain, masked| {
        masked.extend(local.trim_start_matches('"').chars().next());
        masked.push('…');
        masked.push('@');
        masked.push_str(domain);
    })
}

/// `text` with what `told` writes for each address in it, given its local part and its domain as they stand there.
pub fn with_addresses(text: &str, mut told: impl FnMut(&str, &str, &mut String)) -> Cow<'_, str> {
    if !text.contains('@') {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let (before, behind) = rest.split_at(at);
        let begin = beginning(before);
        let domain = behind[1..].split(|c: char| !(c.is_alphanumeric() || "[.-_".contains(c))).next();
        let domain = domain.unwrap_or_default();
        let local = &before[begin..];
        written.push_str(&before[..begin]);
        if domain.is_empty() || local.trim_start_matches('"').is_empty() {
            written.push_str(local);
            written.push('@');
            written.push_str(domain);
        } else {
            told(local, domain, &mut written);
        }
        rest = &behind[1 + domain.len()..];
    }
    written.push_str(rest);
    Cow::Owned(written)
}

/// Where the local part at the end of `before` begins (RFC 5321 §4.1.2: a dot-string, or a quoted one).
fn beginning(before: &str) -> usize {
    if let Some(quoted) = before.strip_suffix('"') {
        return quoted.rfind('"').unwrap_or(0);
    }
    let is_outside = |c: char| c.is_whitespace() || "<>()[],;:\"'`".contains(c);
    before.char_indices().rev().find(|(_, c)| is_outside(*c)).map_or(0, |(place, c)| place + c.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::masked_in;

    #[test]
    fn what_servers_say_keeps_its_sense_and_loses_its_reader() {
        for (said, told) in [
            ("5.1.1 nobody of that name", "5.1.1 nobody of that name"),
            ("5.1.1 <ann@example.org>: no such user", "5.1.1 <a…@example.org>: no such user"),
            ("ann@example.org", "a…@example.org"),
            (
                "RCPT TO:<Ann.Bee+news@example.org> and bo@example.net.",
                "RCPT TO:<A…@example.org> and b…@example.net.",
            ),
            ("'ann@example.org' (\"b c\"@example.org)", "'a…@example.org' (b…@example.org)"),
            ("user=ann@example.org;", "u…@example.org;"),
            ("mailto:ann@müller.example, jörg@x.example", "mailto:a…@müller.example, j…@x.example"),
            ("a@b@example.org", "a…@b@example.org"),
            ("at @ noon, @home and ann@", "at @ noon, @home and ann@"),
            ("a…@example.org", "a…@example.org"),
            ("x@[192.0.2.1]: refused", "x…@[192.0.2.1]: refused"),
        ] {
            assert_eq!(masked_in(said), told, "{said}");
        }
    }
}
