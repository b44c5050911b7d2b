//! The MIME skeleton of an edition, encoded once; filling it for one subscriber is copying.

use std::sync::Arc;

use crate::edition::{EditionKey, EmbeddedPicture, RenderedEdition};
use crate::words::Calendar;

use super::body::{Body, Markup, Segment, segments};
use super::personal::Personal;
use super::pieces::{Filling, Message, Stock, Stretch};
use super::{Letterhead, Recipient, TokenKeys, base64_body, header, message_id, rfc5322_date};

/// Who we are in Feedback-ID, for Gmail's postmaster pages.
const SENDER: &str = "straight";
/// With a path and a token behind it, an address must stay on one line of 998 octets.
const LONGEST_PUBLIC_URL: usize = 700;
/// About how many octets of a message are its reader's own, the header among them.
const USUAL_OWN: usize = 4_096;

/// One edition as RFC 5322 bytes with the places known that differ from reader to reader.
///
/// multipart/alternative of text and HTML; with embedded pictures the HTML stands in a multipart/related with them.
/// Lines end in CRLF and have at most 998 octets; all is ASCII.
#[derive(Debug, Clone)]
pub struct Skeleton {
    key: EditionKey,
    letterhead: Letterhead,
    calendar: Calendar,
    /// Date and From.
    opening: Vec<u8>,
    subject: Subject,
    /// The header's other fields, and the blank line behind them.
    fields: Vec<u8>,
    /// What of the body is the same for all.
    stock: Arc<Stock>,
    /// Up to and with the text's own header.
    before_text: Stretch,
    text: Body,
    /// Up to and with the HTML's own header.
    before_html: Stretch,
    html: Body,
    /// Pictures and closing boundaries.
    closing: Stretch,
}

#[derive(Debug, Clone)]
enum Subject {
    /// The whole field.
    Encoded(Vec<u8>),
    /// Text with markers.
    Personal(String),
}

/// What a message is sent for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Occasion {
    /// The edition goes out.
    Edition,
    /// Editors try it on themselves.
    Trial,
}

/// Why an edition cannot be made a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// A control character where a header field goes.
    #[error("{field} has a control character ({value:?}); remove it")]
    Control {
        /// Which field.
        field: &'static str,
        /// Its value.
        value: String,
    },
    /// A value that its header field cannot hold.
    #[error("{field} cannot stand in a header ({value:?}); {remedy}")]
    Malformed {
        /// Which field.
        field: &'static str,
        /// Its value.
        value: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A marker that names no slot: templates write slots as `slot.name` only.
    #[error("the edition's {part} has a marker that names no slot; use those of `slot` in the template")]
    UnknownSlot {
        /// Subject, text or html.
        part: &'static str,
    },
    /// An address with which the header cannot be written in ASCII.
    #[error(
        "{field} has letters beyond ASCII before the @, which many servers refuse; use an address without"
    )]
    AddressBeyondAscii {
        /// Which field.
        field: &'static str,
    },
    /// The letter's builder refused.
    #[error("the letter cannot be composed: {0}")]
    Letter(String),
}

impl Skeleton {
    /// Encodes `edition` once under `letterhead`.
    ///
    /// # Errors
    /// When a header field cannot hold its value, or a marker names no slot.
    pub fn new(edition: &RenderedEdition, letterhead: &Letterhead) -> Result<Self, ComposeError> {
        Skeleton::build(edition, letterhead, Occasion::Edition)
    }

    /// The same for a trial on editors: `[Test]` stands before the subject, `X-Straight-Test` in the header, and
    /// Feedback-ID counts it apart from the edition.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of_trial(edition: &RenderedEdition, letterhead: &Letterhead) -> Result<Self, ComposeError> {
        let subject = format!("[Test] {}", edition.subject);
        Skeleton::build(&RenderedEdition { subject, ..edition.clone() }, letterhead, Occasion::Trial)
    }

    fn build(
        edition: &RenderedEdition,
        letterhead: &Letterhead,
        occasion: Occasion,
    ) -> Result<Self, ComposeError> {
        check_letterhead(letterhead)?;
        no_controls("subject", &edition.subject)?;
        let name = boundary_name(&edition.hash)?;

        let mut stock = Stock::default();
        let text = Body::new("text", &edition.text, Markup::Text, &mut stock)?;
        let html = Body::new("html", &edition.html, Markup::Html, &mut stock)?;

        let mut opening = Vec::new();
        header::verbatim(&mut opening, "Date", &rfc5322_date(edition.frozen_at));
        header::mailbox(&mut opening, "From", Some(&letterhead.from_name), &letterhead.from);

        let mut fields = fixed_fields(&edition.key, letterhead, occasion);
        header::verbatim(&mut fields, "MIME-Version", "1.0");
        header::verbatim(&mut fields, "Content-Type", &multipart("alternative", &name, 'a', ""));
        fields.extend_from_slice(b"\r\n");
        let mut before_text = format!("--{name}a\r\n").into_bytes();
        before_text.extend_from_slice(&text_part_header("plain", &text));

        let mut before_html = format!("\r\n--{name}a\r\n").into_bytes();
        let mut closing = Vec::new();
        // An article that is cut for the mail keeps its pictures for the web.
        let is_shown = |picture: &&EmbeddedPicture| edition.html.contains(&picture.content_id);
        let shown: Vec<&EmbeddedPicture> = edition.embedded.iter().filter(is_shown).collect();
        if !shown.is_empty() {
            let related = multipart("related", &name, 'r', "; type=\"text/html\"");
            header::verbatim(&mut before_html, "Content-Type", &related);
            before_html.extend_from_slice(format!("\r\n--{name}r\r\n").as_bytes());
            for picture in shown {
                closing.extend_from_slice(format!("\r\n--{name}r\r\n").as_bytes());
                closing.extend_from_slice(&picture_part(picture)?);
            }
            closing.extend_from_slice(format!("\r\n--{name}r--\r\n").as_bytes());
        }
        before_html.extend_from_slice(&text_part_header("html", &html));
        closing.extend_from_slice(format!("\r\n--{name}a--\r\n").as_bytes());

        let before_text = stock.keep(&before_text);
        let before_html = stock.keep(&before_html);
        let closing = stock.keep(&closing);
        stock.begin_with([Some(&before_text), text.first_stretch()].into_iter().flatten().cloned().collect());
        Ok(Skeleton {
            key: edition.key.clone(),
            letterhead: letterhead.clone(),
            calendar: Calendar::of(&letterhead.language),
            opening,
            subject: Subject::new(&edition.subject)?,
            fields,
            stock: Arc::new(stock),
            before_text,
            text,
            before_html,
            html,
            closing,
        })
    }

    /// The whole message for `recipient`, lines ending in CRLF.
    ///
    /// Control characters in the recipient's name are left out.
    #[must_use]
    pub fn fill(&self, recipient: &Recipient, keys: &TokenKeys) -> Message {
        let personal = Personal::of(recipient, &self.letterhead, &self.calendar, keys);
        let mut header = Vec::with_capacity(USUAL_OWN);
        header.extend_from_slice(&self.opening);
        let display = Some(personal.name.as_ref()).filter(|name| !name.is_empty());
        header::mailbox(&mut header, "To", display, &recipient.email);
        self.subject.fill(&personal, &mut header);
        let id = message_id(keys, &self.key, recipient.id, self.letterhead.from.domain());
        header::verbatim(&mut header, "Message-ID", &format!("<{id}>"));
        header::verbatim(&mut header, "List-Unsubscribe", &format!("<{}>", personal.unsubscribe_url));
        header.extend_from_slice(&self.fields);

        let mut body = Filling::new(&self.stock, header, 3 + self.text.pieces() + self.html.pieces());
        body.share(&self.before_text);
        self.text.fill(&personal, &mut body);
        body.share(&self.before_html);
        self.html.fill(&personal, &mut body);
        body.share(&self.closing);
        body.finish()
    }
}

impl Subject {
    fn new(text: &str) -> Result<Self, ComposeError> {
        let personal = segments("subject", text)?.iter().any(|segment| matches!(segment, Segment::Slot(_)));
        if personal {
            return Ok(Subject::Personal(text.to_owned()));
        }
        let mut field = Vec::new();
        header::unstructured(&mut field, "Subject", text);
        Ok(Subject::Encoded(field))
    }

    fn fill(&self, personal: &Personal<'_>, out: &mut Vec<u8>) {
        match self {
            Subject::Encoded(field) => out.extend_from_slice(field),
            Subject::Personal(text) => {
                let filled: String = segments("subject", text)
                    .expect("its markers were checked when the skeleton was made")
                    .iter()
                    .map(|segment| match segment {
                        Segment::Fixed(text) => text,
                        Segment::Slot(slot) => personal.value(*slot),
                    })
                    .collect();
                header::unstructured(out, "Subject", filled.trim());
            }
        }
    }
}

/// The fields that are the same for every reader, Subject and those about MIME left out.
fn fixed_fields(key: &EditionKey, letterhead: &Letterhead, occasion: Occasion) -> Vec<u8> {
    let mut out = Vec::new();
    if let Some(reply_to) = &letterhead.reply_to {
        header::mailbox(&mut out, "Reply-To", None, reply_to);
    }
    header::phrase_and_angle(&mut out, "List-Id", &letterhead.list_name, &letterhead.list_id);
    header::verbatim(&mut out, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
    let help = letterhead.reply_to.as_ref().unwrap_or(&letterhead.from);
    header::verbatim(
        &mut out,
        "List-Help",
        &format!("<mailto:{}?subject=help>", mailto_path(&help.to_path())),
    );
    header::verbatim(&mut out, "List-Archive", &format!("<{}/>", letterhead.public_url));
    header::verbatim(&mut out, "List-Post", "NO");
    header::verbatim(&mut out, "Auto-Submitted", "auto-generated");
    header::verbatim(&mut out, "Precedence", "bulk");
    let kind = match occasion {
        Occasion::Edition => "edition",
        Occasion::Trial => {
            header::verbatim(&mut out, "X-Straight-Test", &key.to_string());
            "test"
        }
    };
    header::verbatim(&mut out, "Feedback-ID", &format!("{key}:{}:{kind}:{SENDER}", letterhead.list_id));
    header::verbatim(&mut out, "Content-Language", &letterhead.language);
    out
}

/// RFC 6068 §2: what an address in a `mailto:` may have as it is.
fn mailto_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for b in path.bytes() {
        if b.is_ascii_alphanumeric() || b"-._~@!$'*+".contains(&b) {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

/// `=_` occurs neither in quoted-printable nor in base64, so that no content holds a boundary.
fn boundary_name(hash: &str) -> Result<String, ComposeError> {
    match hash.get(..32) {
        Some(start) if start.bytes().all(|b| b.is_ascii_hexdigit()) => Ok(format!("=_{start}_")),
        _ => Err(ComposeError::Malformed {
            field: "hash",
            value: hash.to_owned(),
            remedy: "it is 64 hexadecimal digits",
        }),
    }
}

fn multipart(kind: &str, name: &str, letter: char, parameters: &str) -> String {
    format!("multipart/{kind}; boundary=\"{name}{letter}\"{parameters}")
}

fn text_part_header(kind: &str, body: &Body) -> Vec<u8> {
    let mut out = Vec::new();
    header::verbatim(&mut out, "Content-Type", &format!("text/{kind}; charset=utf-8"));
    header::verbatim(&mut out, "Content-Transfer-Encoding", body.transfer_encoding());
    out.extend_from_slice(b"\r\n");
    out
}

fn picture_part(picture: &EmbeddedPicture) -> Result<Vec<u8>, ComposeError> {
    let is_plain = |value: &str, more: &[u8]| {
        (1..=200).contains(&value.len())
            && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b) || more.contains(&b))
    };
    for (field, value, more) in [
        ("a picture's file name", &picture.file_name, b"".as_slice()),
        ("a picture's media type", &picture.media_type, b"/+"),
        ("a picture's content id", &picture.content_id, b"@"),
    ] {
        if !is_plain(value, more) {
            let remedy = "use ASCII letters, digits, `-`, `.` and `_`";
            return Err(ComposeError::Malformed { field, value: value.clone(), remedy });
        }
    }
    let mut out = Vec::new();
    let name = &picture.file_name;
    header::verbatim(&mut out, "Content-Type", &format!("{}; name=\"{name}\"", picture.media_type));
    header::verbatim(&mut out, "Content-Transfer-Encoding", "base64");
    header::verbatim(&mut out, "Content-ID", &format!("<{}>", picture.content_id));
    header::verbatim(&mut out, "Content-Disposition", &format!("inline; filename=\"{name}\""));
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(&base64_body::lines(&picture.bytes));
    Ok(out)
}

fn check_letterhead(letterhead: &Letterhead) -> Result<(), ComposeError> {
    no_controls("from name", &letterhead.from_name)?;
    no_controls("list name", &letterhead.list_name)?;
    for (field, address) in [("from", Some(&letterhead.from)), ("reply_to", letterhead.reply_to.as_ref())] {
        if address.is_some_and(|address| address.needs_smtputf8()) {
            return Err(ComposeError::AddressBeyondAscii { field });
        }
    }
    let id = &letterhead.list_id;
    let is_dot_atom = id.split('.').all(|label| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    });
    if !is_dot_atom || id.len() > 200 {
        let remedy = "write it like a host name: daily.example.com";
        return Err(ComposeError::Malformed { field: "list_id", value: id.clone(), remedy });
    }
    let url = &letterhead.public_url;
    if url.len() > LONGEST_PUBLIC_URL || !url.bytes().all(|b| b.is_ascii_graphic() && b != b'<' && b != b'>')
    {
        let remedy = "write an https address of at most 700 characters";
        return Err(ComposeError::Malformed { field: "public_url", value: url.clone(), remedy });
    }
    let language = &letterhead.language;
    if !(1..=35).contains(&language.len())
        || !language.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    {
        let remedy = "write a BCP 47 tag: en-US";
        return Err(ComposeError::Malformed { field: "language", value: language.clone(), remedy });
    }
    Ok(())
}

fn no_controls(field: &'static str, value: &str) -> Result<(), ComposeError> {
    if value.chars().any(char::is_control) {
        return Err(ComposeError::Control { field, value: value.to_owned() });
    }
    Ok(())
}
