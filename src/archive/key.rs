//! Keys of authors and tags: what stands in the address of their page.

use aws_lc_rs::digest::{SHA256, digest};

use super::Named;
use crate::article::Slug;

impl Named {
    /// `name` with its key: as an article's slug is made, and for other scripts than Latin a hash.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let key = Slug::of_text(&name).map_or_else(|| hashed(&name), |slug| slug.to_string());
        Named { key, name }
    }
}

fn hashed(name: &str) -> String {
    let hash = digest(&SHA256, name.to_lowercase().as_bytes());
    hash.as_ref()[..6].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_any_script_has_a_key_for_addresses() {
        assert_eq!(Named::of(" Mara  Lind ").key, "mara-lind");
        assert_eq!(Named::of("Übersee & Häfen").key, "ubersee-hafen");
        let arabic = Named::of("منى خليل");
        assert_eq!((arabic.key.len(), arabic.name.as_str()), (12, "منى خليل"));
        assert_ne!(arabic.key, Named::of("كريم منصور").key);
        for hostile in ["../../etc/passwd", "<script>", "a/b?c#d", "…"] {
            let key = Named::of(hostile).key;
            assert!(key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && !key.is_empty(), "{key}");
        }
    }
}
