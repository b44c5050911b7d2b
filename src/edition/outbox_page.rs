//! `outbox/index.html`: the edition to look at, and the messages that were written.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tera::{Context, Tera};

use super::{RenderedEdition, Slot, dates, slot};
use crate::config::Publication;
use crate::words::{self, Words};

/// Nobody reads further down a list of files, and a list of a million would be no page.
const MOST_MESSAGES: usize = 200;

/// A message that lies in the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxMessage<'a> {
    /// Its file, relative to the outbox folder, with `/` between folders.
    pub file: &'a str,
    /// To whom it goes, as it is to be shown.
    pub to: &'a str,
}

/// The page: the edition in a sandboxed frame with sample words in its slots, and links to the first 200 of
/// `messages`, of which there are `total`.
#[must_use]
pub fn outbox_page(
    edition: &RenderedEdition,
    publication: &Publication,
    words: &Words,
    messages: &[OutboxMessage<'_>],
    total: usize,
) -> String {
    let shown: Vec<_> = messages
        .iter()
        .take(MOST_MESSAGES)
        .map(|message| json!({ "href": href(message.file), "to": message.to }))
        .collect();
    let page = json!({
        "language": publication.language,
        "dir": words.direction(),
        "publication": publication.name,
        "key": edition.key.to_string(),
        "date": words.calendar().with_weekday(edition.key.date()),
        "subject": with_sample_words(&edition.subject, edition, publication),
        "preheader": edition.preheader,
        "hash": edition.hash,
        "srcdoc": srcdoc(edition, publication),
        "text": with_sample_words(&edition.text, edition, publication),
        "messages": shown,
        "shown": shown.len(),
        "total": total.max(shown.len()),
        "css": publication.theme.style_variables() + include_str!("../../templates/outbox/index.css"),
    });
    let mut tera = Tera::new();
    words::register(&mut tera, words);
    tera.add_raw_template("index.html", include_str!("../../templates/outbox/index.html"))
        .expect("a test compiles the outbox page");
    let context = Context::from_serialize(&page).expect("the page's variables are a map");
    tera.render("index.html", &context).expect("a test renders the outbox page")
}

/// The edition as one document, its pictures within it, its links in a new window.
fn srcdoc(edition: &RenderedEdition, publication: &Publication) -> String {
    let html = with_sample_words(&edition.html, edition, publication);
    let html = edition.embedded.iter().fold(html, |html, picture| {
        let data = format!("data:{};base64,{}", picture.media_type, STANDARD.encode(&picture.bytes));
        html.replace(&format!("cid:{}", picture.content_id), &data)
    });
    html.replacen("<head>", "<head><base target=\"_blank\">", 1)
}

/// `text` of `edition` with sample words in its slots.
#[must_use]
pub fn with_sample_words(text: &str, edition: &RenderedEdition, publication: &Publication) -> String {
    slot::fill_with(text, |slot| match slot {
        Slot::Email => "reader@example.org".to_owned(),
        Slot::Name => "Robin Reader".to_owned(),
        Slot::Since => dates::day(edition.key.date(), &publication.language),
        Slot::UnsubscribeUrl => publication.link("unsubscribe/sample"),
        Slot::PreferencesUrl => publication.link("preferences/sample"),
    })
}

/// A relative address: everything but letters, digits, `-._~` and the slash is percent-encoded (RFC 3986 §2.3).
fn href(file: &str) -> String {
    use std::fmt::Write as _;
    file.bytes().fold(String::from("./"), |mut href, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            href.push(char::from(byte));
        } else {
            write!(href, "%{byte:02X}").expect("a String takes all that is written");
        }
        href
    })
}
