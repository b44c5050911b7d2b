//! The edition as everybody may see it: without what is personal.

use super::{RenderedEdition, Slot, slot};

/// What stands between these in the HTML is for the mail only; templates write them as they are.
const MAIL_ONLY: (&str, &str) = ("<!--mail-only-->", "<!--/mail-only-->");

/// The HTML of `edition` for a browser: every article is whole, passages for the mail only are left out, every slot is filled with words or
/// addresses for everybody, and pictures come from `{public_url}/images/`.
///
/// `public_url` has no slash at its end; empty, it makes addresses on the host that serves the page.
#[must_use]
pub fn public_html(edition: &RenderedEdition, public_url: &str) -> String {
    let whole = edition.shortened.as_ref().map_or(&edition.html, |shortened| &shortened.whole_html);
    let html = without_mail_only(whole);
    let html = slot::fill_with(&html, |slot| match slot {
        Slot::Email => "…".to_owned(),
        Slot::Name | Slot::Since => String::new(),
        Slot::UnsubscribeUrl | Slot::PreferencesUrl => format!("{public_url}/"),
    });
    edition.embedded.iter().fold(html, |html, picture| {
        html.replace(
            &format!("cid:{}", picture.content_id),
            &format!("{public_url}/images/{}", picture.file_name),
        )
    })
}

fn without_mail_only(html: &str) -> String {
    let (open, close) = MAIL_ONLY;
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, behind)) = rest.split_once(open) {
        out.push_str(before);
        rest = behind.split_once(close).map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out
}
