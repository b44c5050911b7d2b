//! The content hash of a rendered edition.

use std::fmt::Write as _;

use aws_lc_rs::digest;

use super::{Cut, RenderedEdition};

/// SHA-256 over every field but the hash itself, each with its length before it; 64 hex digits.
pub(super) fn hash(edition: &RenderedEdition) -> String {
    let RenderedEdition {
        key,
        subject,
        preheader,
        html,
        text,
        embedded,
        headlines,
        frozen_at,
        shortened,
        hash: _,
    } = edition;
    let mut fields = Fields(digest::Context::new(&digest::SHA256));
    fields.text("straight edition 1");
    fields.text(&key.to_string());
    for part in [subject, preheader, html, text] {
        fields.text(part);
    }
    if let Some(shortened) = shortened {
        let Cut { beginnings, highlights, headlines, left_out } = shortened.cut;
        fields.count(highlights);
        // Editions from before there were these keep their hash.
        if beginnings + headlines + left_out > 0 {
            [beginnings, headlines, left_out].into_iter().for_each(|count| fields.count(count));
        }
        fields.text(&shortened.whole_html);
    }
    fields.count(embedded.len());
    for picture in embedded {
        fields.text(&picture.content_id);
        fields.text(&picture.file_name);
        fields.text(&picture.media_type);
        fields.bytes(&picture.bytes);
    }
    fields.count(headlines.len());
    for headline in headlines {
        fields.text(&headline.slug);
        fields.text(&headline.title);
        fields.text(&headline.url);
        fields.text(&headline.date.to_string());
        match &headline.summary {
            Some(summary) => {
                fields.count(1);
                fields.text(summary);
            }
            None => fields.count(0),
        }
    }
    fields.text(&frozen_at.timestamp().to_string());
    fields.0.finish().as_ref().iter().fold(String::with_capacity(64), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a String takes all that is written");
        hex
    })
}

struct Fields(digest::Context);

impl Fields {
    fn count(&mut self, n: usize) {
        self.0.update(&(n as u64).to_be_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.update(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }
}
