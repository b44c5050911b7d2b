//! The archive's pages as they were rendered last, by version: while nothing changes, a page is rendered once and not for
//! each visitor. A version is never another page's, nor that of another content after a backup is restored (`fresh.rs`), so
//! nothing has to be taken out when something changes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;

/// How much is kept at most, in bytes of HTML: a few hundred pages.
const CAPACITY: usize = 4 * 1024 * 1024;

/// Pages in two generations: the younger one holds what was asked for lately. When it is half of all, it becomes the older
/// one, and what was there and was not asked for since goes.
#[derive(Debug)]
pub(super) struct PageCache {
    capacity: usize,
    generations: Mutex<Generations>,
}

#[derive(Debug, Default)]
struct Generations {
    younger: HashMap<String, Bytes>,
    younger_bytes: usize,
    older: HashMap<String, Bytes>,
}

impl Default for PageCache {
    fn default() -> Self {
        PageCache { capacity: CAPACITY, generations: Mutex::default() }
    }
}

impl PageCache {
    /// The page of version `tag`, if it is here.
    pub(super) fn get(&self, tag: &str) -> Option<Bytes> {
        let mut generations = self.lock();
        if let Some(page) = generations.younger.get(tag) {
            return Some(page.clone());
        }
        let (tag, page) = generations.older.remove_entry(tag)?;
        generations.add(tag, page.clone(), self.capacity / 2);
        Some(page)
    }

    /// Keeps `page`, which is of version `tag`; one that is larger than all that is kept is not.
    pub(super) fn put(&self, tag: &str, page: Bytes) {
        if page.len() <= self.capacity / 2 {
            self.lock().add(tag.to_owned(), page, self.capacity / 2);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        // Nothing in here panics in the middle of a change.
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn add(&mut self, tag: String, page: Bytes, generation: usize) {
        if self.younger_bytes + page.len() > generation {
            self.older = std::mem::take(&mut self.younger);
            self.younger_bytes = 0;
        }
        self.younger_bytes += page.len();
        if let Some(before) = self.younger.insert(tag, page) {
            self.younger_bytes -= before.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> PageCache {
        PageCache { capacity: 100, generations: Mutex::default() }
    }

    fn page(length: usize) -> Bytes {
        Bytes::from(vec![b'x'; length])
    }

    #[test]
    fn what_is_asked_for_stays_and_the_rest_goes() {
        let cache = cache();
        cache.put("asked for", page(20));
        cache.put("forgotten", page(20));
        for number in 0..10 {
            assert!(cache.get("asked for").is_some(), "before page {number}");
            cache.put(&number.to_string(), page(20));
        }
        assert!(cache.get("forgotten").is_none());
        assert!(cache.get("9").is_some());
    }

    #[test]
    fn it_never_holds_more_than_it_may() {
        let cache = cache();
        for number in 0..1000_usize {
            cache.put(&(number % 7).to_string(), page(number % 60));
            cache.get(&(number % 5).to_string());
            let generations = cache.lock();
            let bytes = |pages: &HashMap<String, Bytes>| pages.values().map(Bytes::len).sum::<usize>();
            assert_eq!(bytes(&generations.younger), generations.younger_bytes);
            assert!(bytes(&generations.younger) + bytes(&generations.older) <= 100, "after {number}");
        }
        cache.put("too large", page(51));
        assert!(cache.get("too large").is_none());
    }
}
