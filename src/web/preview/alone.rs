//! Articles that are looked at by themselves: each is read when it is asked for, and the last few stay at hand.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::sheet::Proof;
use crate::edition::EmbeddedPicture;

/// A page, its frame and its pictures are asked for one after the other, in a tab or two.
const MOST: usize = 8;

/// The articles that were looked at last.
#[derive(Debug, Default)]
pub(super) struct Alone(Mutex<VecDeque<(String, Arc<Proof>)>>);

impl Alone {
    /// The article `slug` as it was shown with the sheet `version`, else what `make` gives.
    pub(super) fn shown(
        &self,
        slug: &str,
        version: u64,
        make: impl FnOnce() -> Option<Proof>,
    ) -> Option<Arc<Proof>> {
        let known = self.kept().iter().find(|(of, proof)| of == slug && proof.version == version).cloned();
        if let Some((_, proof)) = known {
            return Some(proof);
        }
        // Not while others wait: it may take a moment.
        let proof = Arc::new(make()?);
        let mut kept = self.kept();
        kept.truncate(MOST - 1);
        kept.push_front((slug.to_owned(), Arc::clone(&proof)));
        Some(proof)
    }

    /// The picture of this name; of an earlier sheet too, which a browser may still show.
    pub(super) fn picture(&self, file_name: &str) -> Option<EmbeddedPicture> {
        self.kept().iter().find_map(|(_, proof)| proof.picture(file_name).cloned())
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<(String, Arc<Proof>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
