//! Messages as a reader's program takes them apart.

#![expect(clippy::unwrap_used, reason = "what a helper cannot unwrap fails the test that asked it")]

use std::sync::Arc;

use base64::Engine as _;
use chrono::{NaiveDate, TimeZone as _, Utc};
use mail_parser::{Address, HeaderValue, MessageParser, MimeHeaders as _};
use proptest::prelude::*;
use straight::edition::{EmbeddedPicture, RenderedEdition, Slot};
use straight::letter::{self, Letter};
use straight::message::{
    ComposeError, Letterhead, Purpose, Recipient, Skeleton, TokenKey, TokenKeys, Trust, Verdict, message_id,
};
use straight::subscriber::{Birthmark, Holder, SubscriberId};

fn keys() -> TokenKeys {
    TokenKeys::new(vec![TokenKey::new(1, [7; 32])])
}

fn letterhead() -> Letterhead {
    Letterhead {
        from_name: "The Daily Tide".to_owned(),
        from: "tide@news.example.org".parse().unwrap(),
        reply_to: Some("editors@news.example.org".parse().unwrap()),
        list_name: "The Daily Tide".to_owned(),
        list_id: "daily.news.example.org".to_owned(),
        public_url: "https://news.example.org".to_owned(),
        language: "en-US".to_owned(),
    }
}

fn edition(subject: &str, text: &str, html: &str) -> RenderedEdition {
    RenderedEdition {
        shortened: None,
        key: "2025-11-04".parse().unwrap(),
        subject: subject.to_owned(),
        preheader: String::new(),
        html: html.to_owned(),
        text: text.to_owned(),
        embedded: Vec::new(),
        headlines: Vec::new(),
        frozen_at: Utc.with_ymd_and_hms(2025, 11, 4, 6, 59, 58).unwrap(),
        hash: "0123456789abcdef".repeat(4),
    }
}

/// Every slot in one line each, among words of some script.
fn with_slots(words: &str) -> String {
    let slots = Slot::ALL.map(|slot| format!("{}: [{}] {words}\n", slot.name(), slot.marker()));
    format!("{words}\n{}{words}\n", slots.concat())
}

fn ann() -> Recipient {
    Recipient {
        id: SubscriberId(42),
        birthmark: Birthmark::new(0x0123_4567_89ab_cdef),
        email: "Ann.Bee@example.org".parse().unwrap(),
        name: Some("Ann Bee".to_owned()),
        since: NaiveDate::from_ymd_opt(2026, 1, 1).unwrap(),
    }
}

/// Whoever has this number, and the birthmark of Ann.
fn holder(number: i64) -> Holder {
    Holder { id: SubscriberId(number), ..ann().holder() }
}

/// Whoever had this number before there were birthmarks.
fn of_before(number: i64) -> Holder {
    Holder { id: SubscriberId(number), birthmark: Birthmark::NONE }
}

fn filled(edition: &RenderedEdition, recipient: &Recipient) -> Vec<u8> {
    let out = Skeleton::new(edition, &letterhead()).unwrap().fill(recipient, &keys()).to_bytes();
    assert_is_clean(&out);
    out
}

/// What RFC 5322 §2.3 and §2.1.1 demand, and 7-bit relays besides.
fn assert_is_clean(message: &[u8]) {
    assert!(message.is_ascii(), "only ASCII");
    assert!(message.ends_with(b"\r\n"));
    let text = std::str::from_utf8(message).unwrap();
    for line in text.split_terminator("\r\n") {
        assert!(line.len() <= 998, "{} octets: {line}", line.len());
        assert!(!line.contains(['\r', '\n', '\0']), "{line:?}");
    }
}

/// The names of the header's fields, in their order.
fn field_names(message: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(message).unwrap();
    let header = text.split("\r\n\r\n").next().unwrap();
    header
        .split("\r\n")
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split(':').next().unwrap().to_owned())
        .collect()
}

fn raw_field<'m>(message: &'m [u8], name: &str) -> &'m str {
    let text = std::str::from_utf8(message).unwrap();
    let begin = text.find(&format!("\r\n{name}: ")).unwrap_or_else(|| panic!("no {name}")) + 4 + name.len();
    let end = text[begin..].find("\r\n").unwrap();
    &text[begin..begin + end]
}

fn url_of(purpose: Purpose, path: &str, recipient: &Recipient) -> String {
    format!("https://news.example.org/{path}/{}", keys().issue(purpose, recipient.holder()))
}

fn escaped(value: &str) -> String {
    let mut out = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    out = out.replace('"', "&quot;");
    out.replace('\'', "&#39;")
}

/// `with_slots(words)` as `recipient` should read it.
fn as_read(words: &str, recipient: &Recipient, write: impl Fn(&str) -> String) -> String {
    let name: String =
        recipient.name.as_deref().unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
    let value = |slot| match slot {
        Slot::Email => recipient.email.as_str().to_owned(),
        Slot::Name => name.trim().to_owned(),
        Slot::Since => recipient.since.format("%B %-d, %Y").to_string(),
        Slot::UnsubscribeUrl => url_of(Purpose::Unsubscribe, "unsubscribe", recipient),
        Slot::PreferencesUrl => url_of(Purpose::Preferences, "preferences", recipient),
    };
    let slots = Slot::ALL.map(|slot| format!("{}: [{}] {words}\n", slot.name(), write(&value(slot))));
    format!("{words}\n{}{words}\n", slots.concat())
}

fn bodies(message: &[u8]) -> (String, String) {
    let parsed = MessageParser::default().parse(message).unwrap();
    let part = |id: u32| parsed.part(id).unwrap().text_contents().unwrap().replace("\r\n", "\n");
    (part(parsed.text_body[0]), part(parsed.html_body[0]))
}

#[test]
fn every_header_field_reads_back() {
    let edition = edition("Rare Earths aren’t “a Metal.”", "Hello.\n", "<p>Hello.</p>\n");
    let message = filled(&edition, &ann());

    assert_eq!(
        field_names(&message),
        [
            "Date",
            "From",
            "To",
            "Subject",
            "Message-ID",
            "List-Unsubscribe",
            "Reply-To",
            "List-Id",
            "List-Unsubscribe-Post",
            "List-Help",
            "List-Archive",
            "List-Post",
            "Auto-Submitted",
            "Precedence",
            "Feedback-ID",
            "Content-Language",
            "MIME-Version",
            "Content-Type",
        ]
    );
    let parsed = MessageParser::default().parse(&message).unwrap();
    assert_eq!(parsed.subject(), Some("Rare Earths aren’t “a Metal.”"));
    assert_eq!(parsed.date().unwrap().to_rfc3339(), "2025-11-04T06:59:58Z");
    let of = |address: Option<&Address<'_>>| {
        let first = address.and_then(Address::first).unwrap();
        (first.name().map(str::to_owned), first.address().map(str::to_owned))
    };
    let pair = |name: Option<&str>, address: &str| (name.map(str::to_owned), Some(address.to_owned()));
    assert_eq!(of(parsed.from()), pair(Some("The Daily Tide"), "tide@news.example.org"));
    assert_eq!(of(parsed.to()), pair(Some("Ann Bee"), "Ann.Bee@example.org"));
    assert_eq!(of(parsed.reply_to()), pair(None, "editors@news.example.org"));
    let id = message_id(&keys(), &edition.key, SubscriberId(42), "news.example.org");
    assert_eq!(parsed.message_id(), Some(id.as_str()));

    for (name, value) in [
        ("List-Unsubscribe", format!("<{}>", url_of(Purpose::Unsubscribe, "unsubscribe", &ann())).as_str()),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("List-Id", "The Daily Tide <daily.news.example.org>"),
        ("List-Help", "<mailto:editors@news.example.org?subject=help>"),
        ("List-Archive", "<https://news.example.org/>"),
        ("List-Post", "NO"),
        ("Auto-Submitted", "auto-generated"),
        ("Precedence", "bulk"),
        ("Feedback-ID", "2025-11-04:daily.news.example.org:edition:straight"),
        ("Content-Language", "en-US"),
        ("MIME-Version", "1.0"),
    ] {
        assert_eq!(raw_field(&message, name), value, "{name}");
    }
}

#[test]
fn the_whole_message_is_the_same_bytes_each_time() {
    let edition = edition("A calm day", &with_slots("Sea."), &with_slots("<b>Sea.</b>"));
    let message = String::from_utf8(filled(&edition, &ann())).unwrap();
    insta::assert_snapshot!("message", message.replace('\r', ""));
    assert_eq!(message.as_bytes(), filled(&edition, &ann()));
}

#[test]
fn latin_text_goes_quoted_printable_and_arabic_base64() {
    for (words, encoding) in [
        ("The café opened – late.", "quoted-printable"),
        ("أعلنت الوزارة اليوم عن خطة جديدة للمعادن النادرة في البلاد", "base64"),
    ] {
        let edition = edition("x", &with_slots(words), &with_slots(words));
        let message = filled(&edition, &ann());
        let parsed = MessageParser::default().parse(&message).unwrap();
        assert_eq!(parsed.part(1).unwrap().content_transfer_encoding(), Some(encoding));
        let (text, html) = bodies(&message);
        assert_eq!(text, as_read(words, &ann(), str::to_owned));
        assert_eq!(html, as_read(words, &ann(), escaped));
    }
}

#[test]
fn no_encoded_line_is_longer_than_76() {
    for words in ["word ".repeat(60), "é".repeat(100), "أخبار".repeat(80)] {
        let message = filled(&edition("x", &with_slots(&words), &with_slots(&words)), &ann());
        let body = String::from_utf8(message).unwrap();
        let body = body.split_once("\r\n\r\n").unwrap().1;
        assert!(body.lines().all(|line| line.len() <= 76));
    }
}

#[test]
fn pictures_travel_beside_the_html_that_shows_them() {
    let picture: Arc<[u8]> = (0..=255).cycle().take(1000).collect::<Vec<u8>>().into();
    let mut edition = edition("x", "Text.\n", "<img src=\"cid:3f2a.png@straight\">\n");
    edition.embedded.push(EmbeddedPicture {
        content_id: "3f2a.png@straight".to_owned(),
        file_name: "3f2a.png".to_owned(),
        media_type: "image/png".to_owned(),
        bytes: Arc::clone(&picture),
    });
    let message = filled(&edition, &ann());
    let parsed = MessageParser::default().parse(&message).unwrap();

    let kind = |id: u32| {
        let content_type = parsed.part(id).unwrap().content_type().unwrap();
        format!("{}/{}", content_type.ctype(), content_type.subtype().unwrap())
    };
    let kinds: Vec<_> = (0..5).map(kind).collect();
    assert_eq!(kinds, ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]);
    let part = parsed.part(4).unwrap();
    assert_eq!(part.content_id(), Some("3f2a.png@straight"));
    assert_eq!(part.attachment_name(), Some("3f2a.png"));
    assert_eq!(part.contents(), picture.as_ref());
}

#[test]
fn a_personal_subject_is_encoded_for_each_reader() {
    let edition = edition(&format!("Good morning, {}", Slot::Name.marker()), "x\n", "x\n");
    let mut jörg = ann();
    jörg.name = Some("Jörg".to_owned());
    for (recipient, subject) in [(ann(), "Good morning, Ann Bee"), (jörg, "Good morning, Jörg")] {
        let message = filled(&edition, &recipient);
        assert_eq!(MessageParser::default().parse(&message).unwrap().subject(), Some(subject));
    }
}

#[test]
fn a_name_cannot_bring_a_header_of_its_own() {
    let mut mallory = ann();
    mallory.name = Some("Mallory\r\nBcc: all@example.org\r\n\r\n<script>".to_owned());
    let edition = edition(&format!("Hi {}", Slot::Name.marker()), &with_slots("x"), &with_slots("x"));
    let message = filled(&edition, &mallory);
    assert_eq!(field_names(&message), field_names(&filled(&edition, &ann())));
    assert!(bodies(&message).1.contains("[MalloryBcc: all@example.org&lt;script&gt;]"));
}

#[test]
fn a_reader_beyond_ascii_still_gets_an_ascii_message() {
    let mut jörg = ann();
    jörg.email = "jörg@bücher.example".parse().unwrap();
    let message = filled(&edition("x", "x\n", "x\n"), &jörg);
    let parsed = MessageParser::default().parse(&message).unwrap();
    let HeaderValue::Address(Address::Group(groups)) = parsed.header("To").unwrap() else {
        panic!("{:?}", parsed.header("To"))
    };
    assert_eq!(groups[0].name.as_deref(), Some("Ann Bee jörg@xn--bcher-kva.example"));
    assert!(groups[0].addresses.is_empty());
}

#[test]
fn what_no_header_can_hold_is_refused_with_its_remedy() {
    let refused = |change: fn(&mut RenderedEdition, &mut Letterhead)| {
        let (mut edition, mut letterhead) = (edition("x", "x\n", "x\n"), letterhead());
        change(&mut edition, &mut letterhead);
        Skeleton::new(&edition, &letterhead).unwrap_err().to_string()
    };
    let messages = [
        refused(|edition, _| edition.subject = "a\nBcc: b@example.org".to_owned()),
        refused(|edition, _| edition.text = "\u{E000}price\u{E001}".to_owned()),
        refused(|edition, _| edition.hash = "short".to_owned()),
        refused(|_, letterhead| letterhead.from_name = "A\0B".to_owned()),
        refused(|_, letterhead| letterhead.from = "jörg@example.org".parse().unwrap()),
        refused(|_, letterhead| letterhead.list_id = "a b".to_owned()),
        refused(|_, letterhead| letterhead.public_url = "https://a.example/>".to_owned()),
        refused(|_, letterhead| letterhead.language = "en\r\nX: y".to_owned()),
    ];
    insta::assert_snapshot!("refusals", messages.join("\n"));
    let error = Skeleton::new(&edition("a\0", "", ""), &letterhead()).unwrap_err();
    assert_eq!(error, ComposeError::Control { field: "subject", value: "a\0".to_owned() });
}

#[test]
fn a_token_is_good_for_its_purpose_its_reader_and_its_key_alone() {
    let old = TokenKey::new(1, [7; 32]);
    let keys = TokenKeys::new(vec![old.clone()]);
    let token = keys.issue(Purpose::Unsubscribe, holder(42));
    assert_eq!(keys.verify(Purpose::Unsubscribe, token.as_str()), Some(holder(42)));

    assert_eq!(keys.verify(Purpose::Preferences, token.as_str()), None);
    // Each character counts, and there is one way to write a token.
    let (head, sealed) = token.as_str().split_once('.').unwrap();
    for place in 0..sealed.len() {
        let mut forged = sealed.as_bytes().to_vec();
        forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
        let forged = format!("{head}.{}", String::from_utf8(forged).unwrap());
        assert_eq!(keys.verify(Purpose::Unsubscribe, &forged), None, "{forged}");
    }
    let theirs = keys.issue(Purpose::Unsubscribe, holder(43)).to_string();
    assert_eq!(
        keys.verify(Purpose::Unsubscribe, &format!("{}{}", &theirs[..24], &token.as_str()[24..])),
        None
    );
    let other = TokenKeys::new(vec![TokenKey::new(1, [8; 32])]);
    assert_eq!(other.verify(Purpose::Unsubscribe, token.as_str()), None);
    for nonsense in
        ["", "1", "1.42", "1.42.", "1.42.%%%", "x.42.abc", "9.42.abc", "1.", "1.abc", &token.as_str()[..20]]
    {
        assert_eq!(keys.verify(Purpose::Unsubscribe, nonsense), None, "{nonsense}");
    }

    let rotated = TokenKeys::new(vec![TokenKey::new(2, [9; 32]), old]);
    assert_eq!(rotated.verify(Purpose::Unsubscribe, token.as_str()), Some(holder(42)));
    assert_ne!(rotated.issue(Purpose::Unsubscribe, holder(42)), token);
    let edition = "2025-11-04".parse().unwrap();
    assert_eq!(
        message_id(&rotated, &edition, SubscriberId(42), "example.org"),
        message_id(&keys, &edition, SubscriberId(42), "example.org"),
    );
}

#[test]
fn a_key_that_has_leaked_lets_readers_leave_and_nothing_else() {
    let old = TokenKey::new(1, [7; 32]);
    let before = TokenKeys::new(vec![old.clone()]);
    let after = TokenKeys::new(vec![old.trusted(Trust::LeavingOnly), TokenKey::new(2, [9; 32])]);
    let ann = holder(42);
    let leave = before.issue(Purpose::Unsubscribe, ann);
    assert_eq!(after.verify(Purpose::Unsubscribe, leave.as_str()), Some(ann));
    // Links of before, whose content stood in the clear, too.
    let leave = "1.42.3FoWjKa4aSV3BV4T2wR0x-YzlXwPoBg2";
    assert_eq!(after.verify(Purpose::Unsubscribe, leave), Some(of_before(42)));

    assert_eq!(after.verify(Purpose::Preferences, before.issue(Purpose::Preferences, ann).as_str()), None);
    let until = Utc.with_ymd_and_hms(2025, 11, 4, 6, 0, 0).unwrap();
    let now = until - chrono::TimeDelta::seconds(1);
    for purpose in [Purpose::Confirm, Purpose::NewAddress, Purpose::PutBack, Purpose::Moderate] {
        let token = before.issue_until(purpose, 42, until);
        assert_eq!(
            before.verify_until(purpose, token.as_str(), now),
            Verdict::Good { number: 42, expires: until.timestamp() }
        );
        assert_eq!(after.verify_until(purpose, token.as_str(), now), Verdict::Forged, "{purpose:?}");
        let token = after.issue_until(purpose, 42, until);
        assert_eq!(
            after.verify_until(purpose, token.as_str(), now),
            Verdict::Good { number: 42, expires: until.timestamp() },
            "{purpose:?}"
        );
    }
    let confirm = "1.42.1762236000.6KW0-bveM7voMVXFYdcXMNKLoUJw8n5R";
    assert_eq!(after.verify_until(Purpose::Confirm, confirm, now), Verdict::Forged);
}

#[test]
fn an_editions_own_key_signs_its_links_until_it_leaks() {
    let (old, new) = (TokenKey::new(1, [7; 32]), TokenKey::new(2, [9; 32]));
    let of = |keys: &TokenKeys| keys.issue(Purpose::Unsubscribe, holder(42));
    let (first, second) = (of(&TokenKeys::new(vec![old.clone()])), of(&TokenKeys::new(vec![new.clone()])));
    let keys = TokenKeys::new(vec![new.clone(), old.clone()]);
    assert_eq!((of(&keys), of(&keys.under(1)), of(&keys.under(2))), (second.clone(), first, second.clone()));
    assert!(keys.under(1).verify(Purpose::Unsubscribe, second.as_str()).is_some(), "all verify still");
    assert_eq!(of(&keys.under(1).under(2)), second);
    assert_eq!(of(&keys.under(9)), second, "no such key");
    let leaked = TokenKeys::new(vec![old.trusted(Trust::LeavingOnly), new]);
    assert_eq!(of(&leaked.under(1)), second);
}

#[test]
fn a_token_tells_neither_who_nor_how_many() {
    let keys = TokenKeys::new(vec![TokenKey::new(1, [7; 32])]);
    let of = |purpose, number| keys.issue(purpose, holder(number)).to_string();
    let mut all: Vec<String> = (1..=2_000).map(|number| of(Purpose::Unsubscribe, number)).collect();
    assert!(all.iter().all(|token| token.len() == 45), "one length, whoever it is: {}", all[0].len());
    assert_eq!(of(Purpose::Unsubscribe, i64::MAX).len(), 45);
    // In order of their numbers, neighbours have nothing in common beyond the key's number: each of the 42
    // characters whose bits are all in use of the first thousand pairs is the same about once in 64.
    for place in 2..44 {
        let same =
            all.windows(2).take(1_000).filter(|pair| pair[0].as_bytes()[place] == pair[1].as_bytes()[place]);
        let same = same.count();
        assert!(same < 60, "character {place} is the same in {same} of 1000 neighbours");
    }
    let in_order = all.clone();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 2_000);
    let rising = in_order.windows(2).filter(|pair| pair[0] < pair[1]).count();
    assert!((800..1_200).contains(&rising), "{rising} of 1999 rise");
    // Two links of one reader do not tell that they are one reader's.
    assert_ne!(of(Purpose::Unsubscribe, 42)[2..], of(Purpose::Preferences, 42)[2..]);
    // The same at each attempt.
    assert_eq!(of(Purpose::Unsubscribe, 42), of(Purpose::Unsubscribe, 42));
    let until = Utc.with_ymd_and_hms(2025, 11, 4, 6, 0, 0).unwrap();
    let expiring = keys.issue_until(Purpose::Confirm, 7, until).to_string();
    assert_eq!((expiring.len(), expiring.matches('.').count()), (45, 1));
    assert!(!expiring.contains(&until.timestamp().to_string()), "{expiring}");
}

#[test]
fn nothing_in_a_message_tells_the_reader_s_number() {
    let edition = edition("A calm day", &with_slots("x"), &format!("<p>{}</p>", with_slots("x")));
    let number = 7_654_321;
    let message = filled(&edition, &Recipient { id: SubscriberId(number), ..ann() });
    let text = String::from_utf8(message).unwrap();
    assert!(text.contains("/unsubscribe/") && text.contains("Message-ID: <2025-11-04."), "{text}");
    // In digits, in hexadecimal, or as the bytes of base64.
    for shape in [number.to_string(), format!("{number:x}"), format!("{number:X}")] {
        assert!(!text.contains(&shape), "{shape} is in {text}");
    }
    use base64::Engine as _;
    let bytes = number.to_be_bytes();
    for bytes in [&bytes[..], &bytes[4..]] {
        for engine in [
            base64::engine::general_purpose::STANDARD_NO_PAD,
            base64::engine::general_purpose::URL_SAFE_NO_PAD,
        ] {
            let shape = engine.encode(bytes);
            assert!(!text.contains(&shape), "{shape} is in {text}");
        }
    }
}

#[test]
fn links_of_mails_that_are_out_already_go_on_working() {
    // Made by another implementation, over the text that tokens had when their content stood in the clear.
    let keys = TokenKeys::new(vec![TokenKey::new(1, [7; 32]), TokenKey::new(2, [9; 32])]);
    let leave = "1.42.3FoWjKa4aSV3BV4T2wR0x-YzlXwPoBg2";
    assert_eq!(keys.verify(Purpose::Unsubscribe, leave), Some(of_before(42)));
    assert_eq!(keys.verify(Purpose::Preferences, leave), None);
    let until = Utc.with_ymd_and_hms(2025, 11, 4, 6, 0, 0).unwrap();
    let before = until - chrono::TimeDelta::seconds(1);
    let confirm = "1.42.1762236000.6KW0-bveM7voMVXFYdcXMNKLoUJw8n5R";
    assert_eq!(
        keys.verify_until(Purpose::Confirm, confirm, before),
        Verdict::Good { number: 42, expires: until.timestamp() }
    );
    assert_eq!(keys.verify_until(Purpose::Confirm, confirm, until), Verdict::Expired);
    for forged in [leave.replace(".42.", ".43."), leave.replacen("1.", "2.", 1), leave[..30].to_owned()] {
        assert_eq!(keys.verify(Purpose::Unsubscribe, &forged), None, "{forged}");
    }
    for forged in [
        confirm.replace(".42.", ".43."),
        confirm.replace("1762236000", "1862236000"),
        confirm.replacen("1.", "2.", 1),
    ] {
        assert_eq!(keys.verify_until(Purpose::Confirm, &forged, before), Verdict::Forged, "{forged}");
    }
}

#[test]
fn a_row_of_before_birthmarks_has_the_links_that_it_had() {
    // As the messages of editions have them that were frozen then, and are sent again.
    for (purpose, token) in [
        (Purpose::Unsubscribe, "1.yKx2uzRvX8smv6dItjxLrmfUK2MG12fJ"),
        (Purpose::Preferences, "1.x_MbpfZTk8oGZxUY9ZhYV_WHUwDucvXN"),
    ] {
        assert_eq!(keys().issue(purpose, of_before(42)).as_str(), token);
        assert_eq!(keys().verify(purpose, token), Some(of_before(42)));
    }
    // The number alone is another's link, and so is another's birthmark.
    let theirs = Holder { birthmark: Birthmark::new(9), ..holder(42) };
    let tokens = [of_before(42), holder(42), theirs].map(|one| keys().issue(Purpose::Preferences, one));
    let read = tokens.each_ref().map(|token| keys().verify(Purpose::Preferences, token.as_str()).unwrap());
    assert_eq!(read, [of_before(42), holder(42), theirs]);
}

#[test]
fn a_letter_reads_back() {
    let to = "editor@example.org".parse().unwrap();
    let at = Utc.with_ymd_and_hms(2025, 11, 4, 6, 0, 0).unwrap();
    let text = "The edition of “4 November” waits.\n\narticles/tide.md:4:1: unknown key\n";
    for html in [None, Some("<p>The edition of “4 November” waits.</p>\n")] {
        let letter = Letter {
            to: &to,
            subject: "Held:\r\nBcc: “tide.md”",
            text,
            html,
            unsubscribe_url: None,
            attachment: None,
        };
        let bytes = letter::compose(&letter, &letterhead(), "alarm.1@news.example.org", at).unwrap();
        assert_is_clean(&bytes);
        assert_eq!(bytes, letter::compose(&letter, &letterhead(), "alarm.1@news.example.org", at).unwrap());
        let parsed = MessageParser::default().parse(&bytes).unwrap();
        assert_eq!(parsed.subject(), Some("Held: Bcc: “tide.md”"));
        assert_eq!(parsed.message_id(), Some("alarm.1@news.example.org"));
        assert_eq!(parsed.date().unwrap().to_rfc3339(), "2025-11-04T06:00:00Z");
        assert_eq!(parsed.header_raw("Auto-Submitted").map(str::trim), Some("auto-generated"));
        assert_eq!(parsed.from().unwrap().first().unwrap().name(), Some("The Daily Tide"));
        assert_eq!(parsed.body_text(0).unwrap().replace("\r\n", "\n"), text);
        if let Some(html) = html {
            assert_eq!(parsed.body_html(0).unwrap().replace("\r\n", "\n"), html);
        }
    }
}

#[test]
fn a_letter_may_be_left_by_one_click_and_carry_a_file() {
    let to = "ann@example.org".parse().unwrap();
    let at = Utc.with_ymd_and_hms(2025, 11, 4, 6, 0, 0).unwrap();
    let url =
        "https://news.example.org/a/path/that/is/long/unsubscribe/1.4242.abcdefghijklmnopqrstuvwxyz012345";
    let letter = Letter {
        to: &to,
        subject: "Your data",
        text: "See the file.\n",
        html: Some("<p>See the file.</p>\n"),
        unsubscribe_url: Some(url),
        attachment: Some(("your-data.json", "{\"name\": \"Änn\"}")),
    };
    let bytes = letter::compose(&letter, &letterhead(), "letter.1@news.example.org", at).unwrap();
    assert_is_clean(&bytes);
    let text = String::from_utf8(bytes.clone()).unwrap();
    // On one line each: folding has broken signatures downstream.
    assert!(text.contains(&format!("\r\nList-Unsubscribe: <{url}>\r\n")), "{text}");
    assert!(text.contains("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{text}");
    let parsed = MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(parsed.body_text(0).unwrap().trim(), "See the file.");
    assert_eq!(parsed.body_html(0).unwrap().trim(), "<p>See the file.</p>");
    let file = parsed.attachments().next().unwrap();
    assert_eq!(file.attachment_name(), Some("your-data.json"));
    assert_eq!(file.contents(), "{\"name\": \"Änn\"}".as_bytes());
    assert_eq!(bytes, letter::compose(&letter, &letterhead(), "letter.1@news.example.org", at).unwrap());
}

#[test]
fn a_letter_needs_an_ascii_address() {
    let to = "jörg@example.org".parse().unwrap();
    let letter =
        Letter { to: &to, subject: "x", text: "x\n", html: None, unsubscribe_url: None, attachment: None };
    let at = Utc.with_ymd_and_hms(2025, 11, 4, 6, 0, 0).unwrap();
    let error = letter::compose(&letter, &letterhead(), "a@example.org", at).unwrap_err();
    assert_eq!(error, ComposeError::AddressBeyondAscii { field: "to" });
}

fn any_name() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        Just(None),
        any::<String>().prop_map(Some),
        "[ -~]{0,120}".prop_map(Some),
        "[\r\n\0\t :,<>\"@=?.\\\\a-zé漢]{0,80}".prop_map(Some),
        "[a-z]{900,1200}".prop_map(Some),
    ]
}

fn any_address() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z0-9!#$%&'*+/=?^_{|}~-]{1,30}@[a-z]{1,20}\\.example",
        "\"[ a-z@.,;:<>()]{1,30}\"@[a-z]{1,20}\\.example",
        "[a-zéü漢]{1,15}@[a-zü]{1,10}\\.example",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_a_reader_is_called_the_message_is_clean_and_reads_back(
        name in any_name(),
        address in any_address(),
        subject in "[^\\x00-\\x1f\\x7f-\\x9f\u{E000}\u{E001}]{0,150}",
        words in prop_oneof!["[ -~\n]{0,200}", "[ا-ي\n ]{40,200}", "[^\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f\u{E000}\u{E001}]{0,200}"],
        number in any::<i64>(),
    ) {
        let Ok(email) = address.parse() else { return Ok(()) };
        let recipient = Recipient { id: SubscriberId(number), email, name, ..ann() };
        let personal = format!("{subject}{}", Slot::Name.marker());
        let plain = filled(&edition("x", "x\n", "x\n"), &ann());
        let message = filled(&edition(&personal, &with_slots(&words), &with_slots(&words)), &recipient);

        prop_assert_eq!(field_names(&message), field_names(&plain));
        prop_assert_eq!(
            raw_field(&message, "List-Unsubscribe"),
            format!("<{}>", url_of(Purpose::Unsubscribe, "unsubscribe", &recipient))
        );
        let (text, html) = bodies(&message);
        prop_assert_eq!(text, as_read(&words, &recipient, str::to_owned));
        prop_assert_eq!(html, as_read(&words, &recipient, escaped));

        let shown: String =
            recipient.name.as_deref().unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
        let shown = shown.trim();
        let decoded = decoded_words(&unfolded(&message, "Subject"));
        let wanted = format!("{subject}{shown}");
        prop_assert_eq!(decoded, wanted.trim());
        if !recipient.email.needs_smtputf8() {
            let to = unfolded(&message, "To");
            let path = recipient.email.to_path();
            let ends_well = to == path || to.ends_with(&format!(" <{path}>"));
            prop_assert!(ends_well, "{}", to);
            if !shown.is_empty() {
                let phrase = to.strip_suffix(&format!(" <{path}>")).unwrap();
                prop_assert_eq!(unquoted(&decoded_words(phrase), phrase), shown);
            }
        }
    }
}

/// A field's value with its folds taken out (RFC 5322 §2.2.3).
fn unfolded(message: &[u8], name: &str) -> String {
    let text = std::str::from_utf8(message).unwrap();
    let header = text.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
    let line = header.split("\r\n").find(|line| line.starts_with(&format!("{name}:"))).unwrap();
    line.split_once(": ").unwrap().1.to_owned()
}

/// RFC 2047 read by the book: white space between encoded words is none.
fn decoded_words(value: &str) -> String {
    if !value.starts_with("=?utf-8?") {
        return value.to_owned();
    }
    let mut bytes = Vec::new();
    for word in value.split(' ') {
        assert!(word.len() <= 75, "{word}");
        let inner = word.strip_prefix("=?utf-8?").unwrap().strip_suffix("?=").unwrap();
        let part = match inner.split_at(2) {
            ("q?", text) => {
                let spaced = text.replace('_', " ");
                let mut rest = spaced.as_bytes();
                let mut decoded = Vec::new();
                while let [first, more @ ..] = rest {
                    if *first == b'=' {
                        decoded
                            .push(u8::from_str_radix(std::str::from_utf8(&more[..2]).unwrap(), 16).unwrap());
                        rest = &more[2..];
                    } else {
                        decoded.push(*first);
                        rest = more;
                    }
                }
                decoded
            }
            ("b?", text) => base64::engine::general_purpose::STANDARD.decode(text).unwrap(),
            other => panic!("{other:?}"),
        };
        // Each word is of whole characters.
        bytes.extend_from_slice(std::str::from_utf8(&part).unwrap().as_bytes());
    }
    String::from_utf8(bytes).unwrap()
}

fn unquoted(decoded: &str, raw: &str) -> String {
    match raw.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')) {
        Some(inner) => inner.replace("\\\"", "\"").replace("\\\\", "\\"),
        None => decoded.to_owned(),
    }
}

mod dkim {
    use straight::dkim::{DkimError, DkimKey, SignedFields, Signer, new_ed25519_key, new_rsa_key};

    use super::*;

    #[test]
    fn both_signatures_stand_before_the_message_and_are_the_same_each_time() {
        let rsa = DkimKey::from_pem("news.example.org", "r2025", &new_rsa_key()).unwrap();
        let ed25519 = DkimKey::from_pem("news.example.org", "e2025", &new_ed25519_key()).unwrap();
        assert!(rsa.dns_record().starts_with("v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"));
        assert!(ed25519.dns_record().starts_with("v=DKIM1; k=ed25519; p="));

        let message = filled(&edition("A calm day", "Sea.\n", "<p>Sea.</p>\n"), &ann());
        let signer = Signer::new(vec![rsa, ed25519], SignedFields::all());
        let at = Utc.with_ymd_and_hms(2025, 11, 4, 7, 0, 0).unwrap();
        let signed = signer.signed(&message, at);
        assert_is_clean(&signed);
        assert_eq!(signed, signer.signed(&message, at));
        assert_eq!(field_names(&signed)[..3], ["DKIM-Signature", "DKIM-Signature", "Date"]);

        let text = String::from_utf8(signed).unwrap().replace("\r\n ", " ");
        let fields: Vec<&str> = text.split("\r\n").take(2).collect();
        let tag = |field: &str, name: &str| {
            let found = field.split(';').map(str::trim).find_map(|tag| tag.strip_prefix(name));
            found.unwrap().replace(' ', "")
        };
        assert_eq!([tag(fields[0], "s="), tag(fields[1], "s=")], ["r2025", "e2025"]);
        let listed = tag(fields[0], "h=");
        for name in ["from", "subject", "list-id", "list-unsubscribe", "list-unsubscribe-post"] {
            assert_eq!(listed.split(':').filter(|listed| *listed == name).count(), 2, "{name} is oversigned");
        }
        for name in ["to", "date", "message-id", "content-type"] {
            assert_eq!(listed.split(':').filter(|listed| *listed == name).count(), 1, "{name}");
        }
        assert!(!fields[0].split(';').any(|tag| tag.trim().starts_with("l=")), "no body length");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        // Of a message in pieces each is put into its canonical form and hashed by itself, what they share only once.
        #[test]
        fn a_message_in_pieces_is_signed_as_the_whole_is(
            name in any_name(),
            words in prop_oneof!["[ab \t.=\n]{0,200}", "[ا-ي \t\n]{40,200}", "[ -~\t\n]{0,300}"],
            begins_with_a_slot in any::<bool>(),
            has_picture in any::<bool>(),
        ) {
            let opening = if begins_with_a_slot { Slot::Name.marker() } else { String::new() };
            let text = format!("{opening}{}", with_slots(&words));
            let mut edition = edition("A calm day", &text, &format!("<img src=\"cid:sea@x\">{text}"));
            if has_picture {
                edition.embedded.push(EmbeddedPicture {
                    content_id: "sea@x".to_owned(),
                    file_name: "sea.png".to_owned(),
                    media_type: "image/png".to_owned(),
                    bytes: Arc::from(vec![0_u8; 300]),
                });
            }
            let ed25519 = DkimKey::from_pem("news.example.org", "e2025", &new_ed25519_key()).unwrap();
            let signer = Signer::new(vec![ed25519], SignedFields::all());
            let skeleton = Skeleton::new(&edition, &letterhead()).unwrap();
            let mut message = skeleton.fill(&Recipient { name, ..ann() }, &keys());
            let whole = signer.signed(&message.to_bytes(), edition.frozen_at);
            let seal = signer.seal(skeleton.fill(&ann(), &keys()).header(), edition.frozen_at);
            message.sign_by(&seal);
            prop_assert_eq!(message.octets(), whole.len());
            prop_assert_eq!(String::from_utf8(message.to_bytes()), String::from_utf8(whole));
        }
    }

    #[test]
    fn an_rsa_key_is_read_from_pkcs_1_as_from_pkcs_8() {
        let engine = base64::engine::general_purpose::STANDARD;
        let pkcs8 = new_rsa_key();
        let der =
            engine.decode(pkcs8.lines().filter(|line| !line.starts_with("---")).collect::<String>()).unwrap();
        // Version, algorithm and the heads of the nested strings are 26 octets for a key of 2048 bits.
        let pkcs1 = format!(
            "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n",
            engine.encode(&der[26..])
        );
        let record = |pem: &str| DkimKey::from_pem("example.org", "s", pem).unwrap().dns_record();
        assert_eq!(record(&pkcs1), record(&pkcs8));
    }

    #[test]
    fn a_key_that_will_not_do_is_refused_with_its_remedy() {
        let refused = |domain: &str, pem: &str| DkimKey::from_pem(domain, "s", pem).map(drop).unwrap_err();
        assert_eq!(refused("a b", &new_ed25519_key()), DkimError::Name("a b".to_owned()));
        assert!(matches!(refused("example.org", "nothing"), DkimError::Unreadable(_)));
        let other = rcgen::KeyPair::generate().unwrap().serialize_pem();
        assert!(matches!(refused("example.org", &other), DkimError::Unsuitable));
        let shown = format!("{:?}", DkimKey::from_pem("example.org", "s", &new_ed25519_key()).unwrap());
        assert_eq!(shown, "DkimKey(s._domainkey.example.org, ed25519-sha256, ********)");
    }
}

#[test]
fn a_token_that_expires_is_bound_to_its_purpose_number_and_moment() {
    let keys = TokenKeys::new(vec![TokenKey::new(1, [7; 32])]);
    let until = Utc.with_ymd_and_hms(2025, 11, 4, 6, 0, 0).unwrap();
    let before = until - chrono::TimeDelta::seconds(1);
    let token = keys.issue_until(Purpose::Confirm, 42, until).to_string();
    assert_eq!(
        keys.verify_until(Purpose::Confirm, &token, before),
        Verdict::Good { number: 42, expires: until.timestamp() }
    );
    assert_eq!(keys.verify_until(Purpose::Confirm, &token, until), Verdict::Expired);
    assert_eq!(keys.verify_until(Purpose::NewAddress, &token, before), Verdict::Forged);
    let later = keys.issue_until(Purpose::Confirm, 42, until + chrono::TimeDelta::days(9)).to_string();
    for forged in [
        // The tag of one and the content of another.
        format!("{}{}", &token[..24], &later[24..]),
        format!("{}{}", &later[..24], &token[24..]),
        token.replacen("1.", "2.", 1),
        token[..token.len() - 1].to_owned(),
        keys.issue(Purpose::Confirm, holder(42)).to_string(),
        String::new(),
        "....".to_owned(),
    ] {
        assert_eq!(keys.verify_until(Purpose::Confirm, &forged, before), Verdict::Forged, "{forged}");
    }
    let rotated = TokenKeys::new(vec![TokenKey::new(2, [9; 32]), TokenKey::new(1, [7; 32])]);
    assert_eq!(
        rotated.verify_until(Purpose::Confirm, &token, before),
        Verdict::Good { number: 42, expires: until.timestamp() }
    );
}
