//! "Did you mean": the known word nearest to an unknown one.

/// The candidate that `word` is most likely a slip for, if any is near enough.
#[must_use]
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let plain = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    let word = plain(word);
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let other = plain(candidate);
            let slips = strsim::damerau_levenshtein(&word, &other);
            let near = slips <= 1 + other.chars().count().min(word.chars().count()) / 4;
            // One that only has more or fewer letters at its end is meant more often than not.
            let begins = word.len() >= 3
                && other.len() >= 3
                && (other.starts_with(word.as_str()) || word.starts_with(other.as_str()));
            (near || begins).then_some((slips, candidate))
        })
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let keys = ["title", "date", "tags", "summary", "highlights"];
        assert_eq!(nearest("tittle", keys), Some("title"));
        assert_eq!(nearest("Title", keys), Some("title"));
        assert_eq!(nearest("tag", keys), Some("tags"));
        assert_eq!(nearest("hilights", keys), Some("highlights"));
        assert_eq!(nearest("sumary", keys), Some("summary"));
        assert_eq!(nearest("flavour", keys), None);
        assert_eq!(nearest("", keys), None);
    }
}
