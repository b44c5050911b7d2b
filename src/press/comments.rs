//! Moderators hear of each comment: by a letter with a link that approves it and one that keeps it out.

use chrono::{DateTime, TimeDelta, Utc};
use tracing::info;

use super::{Press, PressError};
use crate::comment::Comment;
use crate::message::TokenKeys;
use crate::subscriber::EmailAddress;

/// How long a moderator's links work.
const LINKS_WORK: TimeDelta = TimeDelta::days(30);
/// How many comments are read at a time.
const AT_A_TIME: u32 = 64;

/// When the moderators' links of `comment` end.
#[must_use]
pub fn links_end(comment: &Comment) -> DateTime<Utc> {
    comment.made_at + LINKS_WORK
}

impl Press {
    /// Writes to the moderators about each comment of which they have not heard; how many comments that were. While nobody
    /// is named who decides, nobody is told, and all that has come is told once somebody is.
    ///
    /// # Errors
    /// When the store or a template fails; who has not heard yet hears at the next call.
    pub async fn tell_moderators(&self) -> Result<usize, PressError> {
        let mut told = 0;
        let moderators = self.config.moderators();
        if moderators.is_empty() {
            return Ok(told);
        }
        loop {
            let untold = self.store.untold_comments(AT_A_TIME).await?;
            if untold.is_empty() {
                return Ok(told);
            }
            let keys = self.renew_keys().await?;
            for comment in &untold {
                self.tell_of(comment, moderators, &keys).await?;
                told += 1;
            }
        }
    }

    async fn tell_of(
        &self,
        comment: &Comment,
        moderators: &[EmailAddress],
        keys: &TokenKeys,
    ) -> Result<(), PressError> {
        let now = self.clock.now();
        let article = self.store.out(&comment.slug).await?;
        let title = article.map_or_else(|| comment.slug.clone(), |out| out.headline.title);
        let letter = self.letters.comment(keys, comment, title, links_end(comment))?;
        let mut letters = 0;
        for moderator in moderators {
            let cause = format!("comment/{}", comment.id);
            letters += usize::from(self.store.post_letter(&cause, moderator, &letter, None, now).await?);
        }
        self.store.moderators_told(comment.id, now).await?;
        info!(comment = %comment.id, slug = comment.slug, letters, "a comment waits for a decision");
        Ok(())
    }
}
