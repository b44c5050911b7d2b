//! Why deliveries are not sent, and who may have more than one copy: the same words in `straight send` and `status`.

use std::io::{self, Write};

use crate::delivery::State;
use crate::delivery::reasons::Reasons;
use crate::store::InDoubt;

/// A line for each of the kinds that are shown, and one for all the others; `more` says where those are seen.
pub(super) fn tell_reasons(reasons: &Reasons, more: &str, out: &mut dyn Write) -> io::Result<()> {
    for (state, reason, readers) in &reasons.largest {
        // What waits has not failed: the reason is that of the time before.
        let again = if *state == State::Queued { " again after" } else { "" };
        writeln!(out, "    {readers} × {}{again}: {reason}", state.as_str())?;
    }
    match (reasons.other_kinds, readers(reasons.other_readers)) {
        (0, _) => Ok(()),
        (1, readers) => writeln!(out, "    and 1 more kind ({readers}): {more}"),
        (kinds, readers) => writeln!(out, "    and {kinds} more kinds ({readers}): {more}"),
    }
}

/// A line for those who may have it twice, and one for those who may have it although it does not count as sent.
pub(super) fn tell_in_doubt(in_doubt: InDoubt, out: &mut dyn Write) -> io::Result<()> {
    if in_doubt.twice > 0 {
        let readers = readers(in_doubt.twice);
        writeln!(out, "  sent once more to {readers}, because no answer came the first time: on record")?;
    }
    if in_doubt.already > 0 {
        let readers = readers(in_doubt.already);
        writeln!(out, "  not sent, and perhaps there already, for {readers}: an attempt got no answer")?;
    }
    Ok(())
}

/// `1 reader`, `2 readers`.
pub(super) fn readers(count: u64) -> String {
    match count {
        1 => "1 reader".to_owned(),
        many => format!("{many} readers"),
    }
}
