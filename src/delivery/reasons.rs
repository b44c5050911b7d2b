//! Why deliveries are not sent, counted by kind: what servers say to a thousand readers is one reason and not a thousand,
//! though they name each reader, the queue's number of each message, and the second.

use std::borrow::Cow;
use std::collections::HashMap;

use super::State;
use crate::subscriber::with_addresses;

/// What stands for the reader to whom a reply was said.
const READER: &str = "(the reader)";
/// What stands for any other address.
const ANOTHER: &str = "(another address)";
/// What stands for what is different each time.
const DIFFERENT: &str = "…";
/// How many kinds are told apart by their words; beyond, by their codes alone, so that memory stays bounded.
const MOST: usize = 1_000;
/// A run of letters and digits of that length is a number that somebody gave to this one message.
const LONG: usize = 9;

/// The most frequent kinds of reasons, and how much there is beside them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reasons {
    /// State, reason and number of readers, the most frequent first.
    pub largest: Vec<(State, String, u64)>,
    /// How many kinds there are besides.
    pub other_kinds: u64,
    /// How many readers those concern.
    pub other_readers: u64,
}

/// Counts reasons by kind, whatever their number.
#[derive(Debug, Default)]
pub struct Tally {
    kinds: HashMap<(State, String), u64>,
}

impl Tally {
    /// Counts one reader, whose address is written `email` and kept as `key`.
    pub fn add(&mut self, state: State, reason: &str, email: &str, key: &str) {
        let kind = kind(reason, email, key);
        let kind = match self.kinds.len() {
            ..MOST => kind,
            _ if self.kinds.contains_key(&(state, kind.clone())) => kind,
            _ => by_code(&kind),
        };
        *self.kinds.entry((state, kind)).or_default() += 1;
    }

    /// The `limit` most frequent kinds; those of the same size by state and words.
    #[must_use]
    pub fn largest(self, limit: usize) -> Reasons {
        let mut all: Vec<_> =
            self.kinds.into_iter().map(|((state, kind), readers)| (state, kind, readers)).collect();
        all.sort_unstable_by(|a, b| b.2.cmp(&a.2).then_with(|| (a.0, &a.1).cmp(&(b.0, &b.1))));
        let others = all.split_off(limit.min(all.len()));
        Reasons {
            largest: all,
            other_kinds: others.len() as u64,
            other_readers: others.iter().map(|(_, _, readers)| readers).sum(),
        }
    }
}

/// `reason` without what is particular to the reader or the moment.
fn kind(reason: &str, email: &str, key: &str) -> String {
    // A quoted local part may have an `@` of its own.
    let reason = match email.starts_with('"') {
        true => Cow::Owned(reason.replace(email, READER).replace(key, READER)),
        false => Cow::Borrowed(reason),
    };
    let whole = with_addresses(&reason, |local, domain, told| {
        let is_theirs = [email, key].iter().any(|address| {
            address
                .rsplit_once('@')
                .is_some_and(|(l, d)| l.eq_ignore_ascii_case(local) && d.eq_ignore_ascii_case(domain))
        });
        told.push_str(if is_theirs { READER } else { ANOTHER });
    });
    let local = email.rsplit_once('@').map_or("", |(local, _)| local);
    let mut told = String::with_capacity(whole.len());
    let mut before = '\0';
    let mut rest = &*whole;
    while !rest.is_empty() {
        let end = rest.bytes().position(is_between).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        let after = behind.chars().next().unwrap_or('\0');
        if word.is_empty() {
            told.push(after);
            before = after;
            rest = &behind[after.len_utf8()..];
            continue;
        }
        if is_name_of(word, local, before, after) {
            told.push_str(READER);
        } else if is_count(word) && is_a_time(behind.trim_start()) {
            told.push('#');
        } else {
            push_word(word, &mut told);
        }
        before = word.chars().next_back().unwrap_or('\0');
        rest = behind;
    }
    told
}

/// What parts words, and stays. All of it is one octet each, so that text may be searched octet by octet.
fn is_between(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'\t'
            | b'\n'
            | b'\r'
            | b'<'
            | b'>'
            | b'('
            | b')'
            | b'['
            | b']'
            | b'{'
            | b'}'
            | b'"'
            | b'\''
            | b'`'
            | b','
            | b';'
            | b'='
            | b'&'
            | b'?'
            | b'/'
            | b'|'
    )
}

/// Whether a word is the local part of the reader's address, rather than a word of the language that looks the same.
fn is_name_of(word: &str, local: &str, before: char, after: char) -> bool {
    let named = word.trim_end_matches([':', '.']);
    let is_marked = "<\"'`([".contains(before) || named.len() < word.len() || ">\"'`)]".contains(after);
    !local.is_empty()
        && named.eq_ignore_ascii_case(local)
        && (is_marked || local.contains(|c: char| !c.is_ascii_alphabetic()))
}

/// Whether what is counted is seconds, minutes or hours.
fn is_a_time(counted: &str) -> bool {
    ["sec", "min", "hour"].iter().any(|unit| counted.starts_with(unit))
}

fn is_count(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())
}

/// `word`, or what stands for it: addresses of machines stay, numbers in their names do not, and what was given to one
/// message alone is left out.
fn push_word(word: &str, told: &mut String) {
    if !word.bytes().any(|b| b.is_ascii_digit()) {
        told.push_str(word);
        return;
    }
    let core = word.trim_matches([':', '.', '!', '*', '#', '-']);
    if core.parse::<std::net::IpAddr>().is_ok() {
        told.push_str(word);
        return;
    }
    let at = word.find(core).unwrap_or_default();
    told.push_str(&word[..at]);
    if is_clock(core) {
        told.push_str(DIFFERENT);
    } else if is_host(core) {
        for (n, label) in core.split('.').enumerate() {
            if n > 0 {
                told.push('.');
            }
            if is_given(label) { told.push_str(DIFFERENT) } else { push_without_numbers(label, told) }
        }
    } else if is_given(core) {
        told.push_str(DIFFERENT);
    } else {
        told.push_str(core);
    }
    told.push_str(&word[at + core.len()..]);
}

/// `mta4210` as `mta#`.
fn push_without_numbers(label: &str, told: &mut String) {
    for c in label.chars() {
        match c {
            '0'..='9' if told.ends_with('#') => {}
            '0'..='9' => told.push('#'),
            other => told.push(other),
        }
    }
}

/// `07:00:00`, alone or behind a date.
fn is_clock(core: &str) -> bool {
    let mut parts = core.split(':');
    core.bytes().filter(|b| *b == b':').count() == 2
        && parts.all(|part| !part.is_empty() && part.bytes().next_back().is_some_and(|b| b.is_ascii_digit()))
        && core.bytes().all(|b| b.is_ascii_digit() || b":-T.+".contains(&b))
}

/// `mx1.example.org`.
fn is_host(core: &str) -> bool {
    let mut labels = core.split('.');
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    core.contains('.')
        && labels
            .next_back()
            .is_some_and(|last| last.len() > 1 && last.bytes().all(|b| b.is_ascii_alphabetic()))
        && labels.all(is_label)
}

/// Whether somebody gave this name to one message: long, with digits, and not a provider's code such as `AUP#In-1310`.
fn is_given(core: &str) -> bool {
    let bytes = core.bytes();
    let (length, digits) =
        bytes.fold((0, 0), |(all, digits), b| (all + 1, digits + usize::from(b.is_ascii_digit())));
    if length < LONG || digits == 0 {
        return false;
    }
    let words = core.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_code = core.len() - words.len() == digits && digits <= 4 && words.contains(['#', '-', '_']);
    // `5.7.1` and its kind are numbers with dots; they are short.
    !is_code
}

/// What is left where there are too many kinds: the codes at the beginning.
fn by_code(kind: &str) -> String {
    let is_code = |word: &&str| {
        word.bytes().all(|b| b.is_ascii_digit() || b == b'.') && word.bytes().any(|b| b.is_ascii_digit())
    };
    let (expired, said) = match kind.strip_prefix("expired: ") {
        Some(said) => ("expired: ", said),
        None => ("", kind),
    };
    let codes: Vec<&str> = said.split(' ').take(2).take_while(is_code).collect();
    // A code is three digits, its enhanced status three numbers of at most three: what is longer is none.
    let codes = if codes.iter().any(|code| code.len() > LONG) { String::new() } else { codes.join(" ") };
    format!("{expired}{codes} {DIFFERENT} (each time in other words)").trim_start().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn of_one_kind(said: &[(&str, &str)], told: &str) {
        for (email, reason) in said {
            assert_eq!(kind(reason, email, &email.to_lowercase()), told, "{reason}");
        }
    }

    #[test]
    fn what_servers_say_to_each_reader_is_one_kind() {
        of_one_kind(
            &[
                ("Ann@example.org", "550 5.1.1 <ann@example.org>: user unknown in table 4bX2kF1Lz9z9sQ"),
                (
                    "bo.b+x@example.net",
                    "550 5.1.1 <bo.b+x@example.net>: user unknown in table 4bX2kG0Aa1z9sR",
                ),
            ],
            "550 5.1.1 <(the reader)>: user unknown in table …",
        );
        of_one_kind(
            &[
                (
                    "ann@gmail.com",
                    "550 5.7.26 https://support.google.com/mail/?p=Unauthenticated d75a77b69052e-4abcsi5678qtb.12 - gsmtp",
                ),
                (
                    "bo@gmail.com",
                    "550 5.7.26 https://support.google.com/mail/?p=Unauthenticated 98e67ed59e1d1-31cdesi999qta.4 - gsmtp",
                ),
            ],
            "550 5.7.26 https://support.google.com/mail/?p=Unauthenticated … - gsmtp",
        );
        of_one_kind(
            &[
                ("ann@x.example", "451 4.7.1 Greylisted, try again in 287 seconds"),
                ("bo@x.example", "451 4.7.1 Greylisted, try again in 12 seconds"),
            ],
            "451 4.7.1 Greylisted, try again in # seconds",
        );
        of_one_kind(
            &[
                (
                    "ann@x.example",
                    "452 4.5.3 mta4210.mail.bf1.example.com 2026-09-24T07:00:01.123Z busy (08DE1234ABCD)",
                ),
                (
                    "bo@x.example",
                    "452 4.5.3 mta7.mail.bf22.example.com 2026-09-24T07:00:02.001Z busy (08DE99FF0011)",
                ),
            ],
            "452 4.5.3 mta#.mail.bf#.example.com … busy (…)",
        );
        of_one_kind(
            &[
                ("ann@x.example", "554 5.0.0 (ann) over quota; see carl@x.example"),
                ("bo7@x.example", "554 5.0.0 (bo7) over quota; see dora@x.example"),
            ],
            "554 5.0.0 ((the reader)) over quota; see (another address)",
        );
        of_one_kind(
            &[("dee@münchen.example", "550 <dee@xn--mnchen-3ya.example> no")],
            "550 <(another address)> no",
        );
        assert_eq!(
            kind("550 <dee@xn--mnchen-3ya.example> no", "dee@münchen.example", "dee@xn--mnchen-3ya.example"),
            "550 <(the reader)> no",
            "under either name of the domain"
        );
    }

    #[test]
    fn what_tells_a_person_something_stays() {
        for said in [
            "550 5.7.1 Service unavailable, client [192.0.2.17] blocked using zen.example.org (S3150)",
            "554 5.7.1 [2001:db8::17] refused, AUP#In-1310",
            "421 RL000001 too fast",
            "552 5.3.4 message size 10485760 exceeds the limit",
            "550 user unknown",
            "unsubscribed",
            "cancelled: wrong list of 2026",
            "5 attempts in a row came to nothing: at MAIL: the server hung up",
        ] {
            assert_eq!(kind(said, "user@example.org", "user@example.org"), said);
        }
    }

    #[test]
    fn the_largest_are_shown_and_the_others_counted() {
        let mut tally = Tally::default();
        for (state, reason, times) in [
            (State::Failed, "550 5.1.1 unknown", 3),
            (State::Deferred, "451 later", 5),
            (State::Failed, "550 5.7.1 no", 1),
            (State::Suppressed, "unsubscribed", 1),
        ] {
            (0..times).for_each(|_| tally.add(state, reason, "ann@example.org", "ann@example.org"));
        }
        assert_eq!(
            tally.largest(2),
            Reasons {
                largest: vec![
                    (State::Deferred, "451 later".to_owned(), 5),
                    (State::Failed, "550 5.1.1 unknown".to_owned(), 3)
                ],
                other_kinds: 2,
                other_readers: 2,
            }
        );
    }

    #[test]
    fn a_server_that_never_says_the_same_twice_costs_no_memory() {
        let mut tally = Tally::default();
        for n in 0..20_000_u32 {
            // In letters, so that it looks like a word.
            let word: String = n.to_string().bytes().map(|b| char::from(b + b'a' - b'0')).collect();
            tally.add(State::Failed, &format!("550 5.1.1 {word} says no"), "ann@x.example", "ann@x.example");
        }
        assert!(tally.kinds.len() <= MOST + 1, "{}", tally.kinds.len());
        let reasons = tally.largest(1);
        assert_eq!(
            reasons.largest,
            [(State::Failed, "550 5.1.1 … (each time in other words)".to_owned(), 19_000)]
        );
        assert_eq!((reasons.other_kinds, reasons.other_readers), (1_000, 1_000));
    }
}
