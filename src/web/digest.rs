//! Short digests, for addresses and tags that change with what they stand for.

use aws_lc_rs::digest::{Context, SHA256};

/// The first 16 hex digits of the SHA-256 of `text`.
pub(super) fn hash(text: &str) -> String {
    let mut digest = Digest::default();
    digest.0.update(text.as_bytes());
    digest.hex()[..16].to_owned()
}

/// A digest of several texts, which tells where each ends.
#[derive(Clone)]
pub(super) struct Digest(Context);

impl Default for Digest {
    fn default() -> Self {
        Digest(Context::new(&SHA256))
    }
}

impl Digest {
    /// Adds a text.
    pub(super) fn part(&mut self, text: &str) {
        self.0.update(&text.len().to_le_bytes());
        self.0.update(text.as_bytes());
    }

    /// 32 hex digits.
    pub(super) fn hex(self) -> String {
        let digest = self.0.finish();
        digest.as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Digest;

    #[test]
    fn where_one_text_ends_and_the_next_begins_matters() {
        let of = |parts: &[&str]| {
            let mut digest = Digest::default();
            parts.iter().for_each(|part| digest.part(part));
            digest.hex()
        };
        assert_eq!(of(&["ab", "c"]), of(&["ab", "c"]));
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["a", ""]), of(&["", "a"]));
        assert_eq!(of(&[]).len(), 32);
    }
}
