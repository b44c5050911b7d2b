//! Moderators hear of each comment: by a letter with a link that approves it and one that keeps it out.

use chrono::TimeDelta;
use tracing::info;

use super::{Press, PressError};
use crate::comment::Comment;
use crate::message::TokenKeys;
use crate::subscriber::EmailAddress;

/// How long a moderator's links work.
const LINKS_WORK: TimeDelta = TimeDelta::days(30);
/// How many comments are read at a time.
const AT_A_TIME: u32 = 64;

/// Whether the moderators' links of `comment` end with this second: those of another one of its number, of a backup that was
/// restored, end with another. Those of letters that went out before told by when the comment was made.
#[must_use]
pub fn links_end_with(comment: &Comment, second: i64) -> bool {
    let told = [comment.told_at, Some(comment.made_at)];
    told.into_iter().flatten().any(|told| (told + LINKS_WORK).timestamp() == second)
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
        // From now, and not from when the comment came: it may have waited for somebody to be named.
        let letter = self.letters.comment(keys, comment, title, now + LINKS_WORK)?;
        let letters = self.store.tell_of_comment(comment.id, moderators, &letter, now).await?;
        info!(comment = %comment.id, slug = comment.slug, letters, "a comment waits for a decision");
        Ok(())
    }
}
