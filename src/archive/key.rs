//! Keys of authors and tags: what stands in the address of their page.

use aws_lc_rs::digest::{SHA256, digest};

use super::Named;
use crate::article::Slug;

impl Named {
    /// `name` with its key: as an article's slug is made, and for other scripts than Latin a hash. A name of which a slug
    /// keeps only a part has both, so that `C`, `C++` and `C#` have a page each, and so have 王 Smith and 李 Smith.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let key = match Slug::of_text(&name) {
            None => hashed(&name),
            Some(slug) if name.chars().any(is_lost) => format!("{slug}-{}", &hashed(&name)[..6]),
            Some(slug) => slug.to_string(),
        };
        Named { key, name }
    }
}

/// Whether a slug has nothing of `sign`, which tells names apart.
fn is_lost(sign: char) -> bool {
    match sign {
        '+' | '#' => true,
        _ => sign.is_alphanumeric() && Slug::of_text(sign.encode_utf8(&mut [0; 4])).is_none(),
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
        let all = ["C", "C++", "C#", "日本 Ltd", "Ltd", "中国 Ltd", "王 Smith", "李 Smith", "Smith"]
            .map(|name| Named::of(name).key);
        assert_eq!(all.iter().collect::<std::collections::HashSet<_>>().len(), all.len(), "{all:?}");
        assert_eq!((all[0].as_str(), all[8].as_str()), ("c", "smith"));
        assert_eq!(Named::of("ΑΘΗΝΑ 2004").key, Named::of("αθηνα 2004").key);
        for hostile in ["../../etc/passwd", "<script>", "a/b?c#d", "…"] {
            let key = Named::of(hostile).key;
            assert!(key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && !key.is_empty(), "{key}");
        }
    }
}
