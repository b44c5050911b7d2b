//! Who is asked anew because the connection that refused them ended before it had accepted anybody behind them. Where each
//! carries one message or two, nothing else tells a broken server among several from sound ones: who is taken over another
//! connection was not meant, and who is refused there too was, unless others are taken. Pure.

use std::collections::HashMap;

use crate::subscriber::SubscriberId;

/// How many are kept in mind at a time.
const MOST: usize = 4_096;
/// Of so many the answers are awaited before a second refusal is believed.
const ANSWERS: usize = 10;
/// When so many were taken, it is told.
const TOLD: usize = 3;

/// Those of one run.
#[derive(Debug, Default)]
pub(super) struct Anew {
    /// Who has not been taken since, and what was said to them.
    asked: HashMap<SubscriberId, String>,
    /// How often one of them was answered.
    answers: usize,
    /// How many of them were taken over another connection.
    taken: usize,
    /// What had been said to the last of those.
    words: String,
}

impl Anew {
    /// Whether somebody has not been asked anew yet; `was_refused` before, in whichever run, where that is not kept in mind.
    pub(super) fn is_new(&self, subscriber: SubscriberId, was_refused: bool) -> bool {
        !self.asked.contains_key(&subscriber) && (self.asked.len() < MOST || !was_refused)
    }

    /// They are asked anew, who were refused in these words.
    pub(super) fn ask(&mut self, subscriber: SubscriberId, words: &str) {
        if self.asked.len() < MOST {
            self.asked.insert(subscriber, words.to_owned());
        }
    }

    /// Somebody was refused; whether they had been asked anew.
    pub(super) fn refused(&mut self, subscriber: SubscriberId) -> bool {
        let again = self.asked.contains_key(&subscriber);
        self.answers += usize::from(again);
        again
    }

    /// Somebody was taken; whether they had been asked anew.
    pub(super) fn taken(&mut self, subscriber: SubscriberId) -> bool {
        let Some(words) = self.asked.remove(&subscriber) else { return false };
        self.answers += 1;
        self.taken += 1;
        self.words = words;
        true
    }

    /// It is decided what becomes of them.
    pub(super) fn forget(&mut self, subscriber: SubscriberId) {
        self.asked.remove(&subscriber);
    }

    /// Whether enough of them were answered to believe a second refusal.
    pub(super) fn has_answers(&self) -> bool {
        self.answers >= ANSWERS
    }

    /// How many were taken over another connection, and what had been said to one of them, if that is to be told.
    pub(super) fn told(&self) -> Option<(usize, &str)> {
        (self.taken >= TOLD).then_some((self.taken, self.words.as_str()))
    }
}
