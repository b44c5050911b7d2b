//! Addresses that a server does not know are struck off, and no others: whoever has moved meanwhile is asked there.

pub(super) const ADDRESS: &str = "SELECT email FROM subscribers WHERE id = $1";
pub(super) const BOUNCE: &str = "UPDATE subscribers SET status = 'bounced', changed_at = $2
    WHERE id = $1 AND status IN ('pending', 'active') AND email = $3";
// What was said of the address before is forgotten with it.
pub(super) const ASK_ANEW: &str =
    "UPDATE deliveries SET state = 'queued', due_at = $4, settled_at = NULL, code = NULL,
        reason = NULL
    WHERE edition_id = $1 AND subscriber_id = $2 AND attempt = $3 AND state = 'failed'
        AND EXISTS (SELECT 1 FROM subscribers s WHERE s.id = subscriber_id AND s.status = 'active')";
/// The same of all that is open for a reader who has moved. (By when it is due, the index of what is open is used.)
pub(super) const ASK_AT_THE_NEW_ADDRESS: &str =
    "UPDATE deliveries SET state = 'queued', due_at = $2, settled_at = NULL, code = NULL, reason = NULL
    WHERE subscriber_id = $1 AND state || '' IN ('queued', 'deferred') AND code >= 500
        AND edition_id IN (SELECT e.id FROM editions e WHERE EXISTS (SELECT 1 FROM deliveries d
            WHERE d.edition_id = e.id AND d.state IN ('queued', 'deferred') AND d.due_at < $3))";

/// Strikes off the address that `$attempt` asked, which has failed at `$at`; if its reader has another one by now, that is
/// asked.
macro_rules! strike_off {
    ($c:expr, $attempt:expr, $at:expr) => {{
        use $crate::store::struck_off::{ADDRESS, ASK_ANEW, BOUNCE};
        let present: Option<String> =
            sqlx::query_scalar(ADDRESS).bind($attempt.subscriber.0).fetch_optional(&mut *$c).await?;
        match present {
            Some(asked) if $crate::subscriber::AddressPrint::of(&asked) == $attempt.asked => {
                let bounce = sqlx::query(BOUNCE).bind($attempt.subscriber.0).bind($at).bind(asked);
                bounce.execute(&mut *$c).await?;
            }
            Some(_) | None => {
                sqlx::query(ASK_ANEW)
                    .bind($attempt.edition.0)
                    .bind($attempt.subscriber.0)
                    .bind(i64::from($attempt.attempt))
                    .bind($at)
                    .execute(&mut *$c)
                    .await?;
            }
        }
    }};
}
