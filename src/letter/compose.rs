//! A letter as one RFC 5322 message, by lettre's builder.

use chrono::{DateTime, Utc};
use lettre::Address;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, Message, MultiPart, SinglePart};

use crate::message::{ComposeError, Letterhead};
use crate::subscriber::EmailAddress;

/// One message to one person, not about an edition.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'l> {
    /// Whom it is for.
    pub to: &'l EmailAddress,
    /// One line; a line break in it becomes a space.
    pub subject: &'l str,
    /// Plain text, lines ending in LF.
    pub text: &'l str,
    /// The same as a whole HTML document, if there is one.
    pub html: Option<&'l str>,
    /// Where its reader leaves by one click (RFC 8058), when they are subscribed.
    pub unsubscribe_url: Option<&'l str>,
    /// A file that travels with it: its name and its text (JSON).
    pub attachment: Option<(&'l str, &'l str)>,
}

/// The letter as bytes, lines ending in CRLF: the same for the same `message_id` (without angle brackets) and `date`.
///
/// # Errors
/// When an address has no ASCII form, or lettre refuses it.
pub fn compose(
    letter: &Letter<'_>,
    letterhead: &Letterhead,
    message_id: &str,
    date: DateTime<Utc>,
) -> Result<Vec<u8>, ComposeError> {
    let from_name = one_line(&letterhead.from_name);
    let mut builder = Message::builder()
        .date(date.into())
        .from(Mailbox::new(Some(from_name), address("from", &letterhead.from)?))
        .to(Mailbox::new(None, address("to", letter.to)?))
        .subject(one_line(letter.subject))
        .message_id(Some(format!("<{message_id}>")))
        .raw_header(raw("Auto-Submitted", "auto-generated"))
        .raw_header(raw("Content-Language", &letterhead.language));
    if let Some(reply_to) = &letterhead.reply_to {
        builder = builder.reply_to(Mailbox::new(None, address("reply_to", reply_to)?));
    }
    if let Some(url) = letter.unsubscribe_url {
        builder = builder
            .raw_header(raw("List-Unsubscribe", &format!("<{url}>")))
            .raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
    }
    let boundary = |of| boundary(message_id, of);
    let text = |text: &str| SinglePart::plain(text.to_owned());
    let message = match (letter.html, letter.attachment) {
        // lettre ends the message with a line break of its own.
        (None, None) => builder.singlepart(text(letter.text.strip_suffix('\n').unwrap_or(letter.text))),
        (Some(html), None) => builder.multipart(both(letter.text, html, &boundary("letter"))),
        (html, Some((name, content))) => {
            let whole = MultiPart::mixed().boundary(boundary("file"));
            let whole = match html {
                Some(html) => whole.multipart(both(letter.text, html, &boundary("letter"))),
                None => whole.singlepart(text(letter.text)),
            };
            let json = ContentType::parse("application/json").expect("this is a media type");
            builder
                .multipart(whole.singlepart(Attachment::new(one_line(name)).body(content.to_owned(), json)))
        }
    };
    Ok(message.map_err(|error| ComposeError::Letter(error.to_string()))?.formatted())
}

/// Text and HTML, the text first.
fn both(text: &str, html: &str, boundary: &str) -> MultiPart {
    MultiPart::alternative()
        .boundary(boundary.to_owned())
        .singlepart(SinglePart::plain(text.to_owned()))
        .singlepart(SinglePart::html(html.to_owned()))
}

/// `=_` occurs neither in quoted-printable nor in base64; in a 7-bit body the identifier tells it apart.
fn boundary(message_id: &str, of: &str) -> String {
    let unique = message_id.chars().filter(char::is_ascii_alphanumeric).take(40).collect::<String>();
    format!("=_{unique}_{of}")
}

fn address(field: &'static str, address: &EmailAddress) -> Result<Address, ComposeError> {
    if address.needs_smtputf8() {
        return Err(ComposeError::AddressBeyondAscii { field });
    }
    // lettre's error would show the address.
    Address::new(address.local_part(), address.domain())
        .map_err(|_| ComposeError::Letter(format!("lettre refuses the address of {field}")))
}

fn raw(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), one_line(value))
}

fn one_line(text: &str) -> String {
    text.split(char::is_control).filter(|piece| !piece.is_empty()).collect::<Vec<_>>().join(" ")
}
