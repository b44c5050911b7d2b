//! What a server says it can do (RFC 5321 §4.1.1.1).

use super::reply::RawReply;

/// The extensions we make use of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Capabilities {
    /// RFC 2920.
    pub(super) pipelining: bool,
    /// RFC 3207.
    pub(super) starttls: bool,
    /// RFC 6531.
    pub(super) smtputf8: bool,
    /// RFC 1870: SIZE is understood; the limit in octets, if there is one.
    pub(super) size: Option<Option<u64>>,
    /// RFC 4954: the mechanisms, in upper case.
    pub(super) auth: Vec<String>,
}

impl Capabilities {
    /// Reads the reply to EHLO; what is not understood is left out.
    pub(super) fn of(reply: &RawReply) -> Self {
        let mut found = Capabilities::default();
        for line in reply.lines.iter().skip(1) {
            let line = String::from_utf8_lossy(line).to_ascii_uppercase();
            // `AUTH=LOGIN` is how old servers write it.
            let mut words = line.split([' ', '=']).filter(|word| !word.is_empty());
            match words.next() {
                Some("PIPELINING") => found.pipelining = true,
                Some("STARTTLS") => found.starttls = true,
                Some("SMTPUTF8") => found.smtputf8 = true,
                Some("SIZE") => {
                    let limit = words.next().and_then(|limit| limit.parse().ok());
                    found.size = Some(limit.filter(|&limit| limit > 0));
                }
                Some("AUTH") => found.auth.extend(words.map(str::to_owned)),
                Some(_) | None => {}
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_read_in_any_case() {
        let lines =
            ["mx.example.org PIPELINING", "pipelining", "SIZE 1000", "AUTH PLAIN login", "AUTH=XOAUTH2", "X"];
        let reply = RawReply { code: 250, lines: lines.map(|line| line.as_bytes().to_vec()).to_vec() };
        let found = Capabilities::of(&reply);
        assert!(found.pipelining && !found.starttls && !found.smtputf8);
        assert_eq!(found.size, Some(Some(1000)));
        assert_eq!(found.auth, ["PLAIN", "LOGIN", "XOAUTH2"]);
    }

    #[test]
    fn a_size_of_zero_or_none_is_no_limit() {
        for line in ["SIZE", "SIZE 0", "SIZE many"] {
            let reply = RawReply { code: 250, lines: vec![b"x".to_vec(), line.as_bytes().to_vec()] };
            assert_eq!(Capabilities::of(&reply).size, Some(None), "{line}");
        }
    }
}
