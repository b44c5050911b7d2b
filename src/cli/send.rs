//! `straight send`: publishes today's edition, delivers it, and says what was done.

use std::io::{IsTerminal as _, Write};
use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio_util::sync::CancellationToken;

use super::render::tell_what_is_missing;
use super::why;
use crate::delivery::State;
use crate::diagnostic;
use crate::edition::EditionKey;
use crate::press::{Asker, Dispatched, Ending, Press, Published, Route, Withheld};
use crate::store::{Counts, Course, Decision, InDoubt, Ownership, SenderLock, StoredEdition, Trouble};

/// How long a send waits for files that are being written.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// How often a send without a terminal says how far it is.
const PLAIN_LINE: Duration = Duration::from_secs(5);
/// For how long nothing moves before a halt is this edition's: after that of another the process that sends comes to it.
const NOTHING_MOVES: Duration = Duration::from_secs(2);
/// How many kinds of reasons are shown.
const REASONS: usize = 5;

/// Publishes and delivers the edition `key`, today's when absent, and sends the letters that wait, also where there is no
/// edition to send. Gives whether all is well: everything accepted or nothing to do.
///
/// # Errors
/// When nothing could be done at all; the ledger says what is left.
pub(super) async fn send(
    press: &Press,
    key: Option<EditionKey>,
    out: &mut dyn Write,
    stop: &CancellationToken,
) -> anyhow::Result<bool> {
    press.guard()?;
    super::readers::read_in(press, out).await?;
    let key = key.unwrap_or_else(|| press.key_at(press.clock.now()));
    let route = Route::prepare(&press.config.transport)?;
    let began = press.clock.now();
    let well = match edition_to_send(press, &key, out, stop).await {
        Ok(ControlFlow::Continue(edition)) => {
            let done = deliver(press, &route, &edition, stop).await?;
            tell_of_letters(press, began, out).await?;
            return report(press, &route, &edition, &done, out).await;
        }
        Ok(ControlFlow::Break(well)) => Ok(well),
        Err(why) => Err(why),
    };
    let letters = send_letters(press, &route, began, out, stop).await;
    let well = well?;
    letters?;
    Ok(well)
}

/// The edition that is to be sent, published if it was not; or that there is none, which is told, and whether it is well so.
async fn edition_to_send(
    press: &Press,
    key: &EditionKey,
    out: &mut dyn Write,
    stop: &CancellationToken,
) -> anyhow::Result<ControlFlow<bool, Box<StoredEdition>>> {
    let (edition, is_new) = match publish(press, key, out, stop).await? {
        Published::Out { edition, waiting, skipped } => {
            let summary = &edition.summary;
            writeln!(out, "Edition {key}, no. {}: {}", summary.number, summary.subject)?;
            for headline in edition.rendered.headlines.iter().skip(1) {
                writeln!(out, "  also in it: {}", headline.title)?;
            }
            tell_what_is_missing(&edition.rendered, &waiting, &skipped, out)?;
            (edition, true)
        }
        Published::AlreadyOut(edition) => (edition, false),
        Published::Nothing { waiting } => {
            writeln!(out, "Nothing new for {key}: nothing is sent.")?;
            for article in waiting {
                writeln!(out, "  {} {}", article.path.display(), article.why)?;
            }
            return Ok(ControlFlow::Break(true));
        }
        Published::NoReaders => bail!(
            "nobody is subscribed, so nothing is sent; add readers with `straight subscribers add` or `straight subscribers import FILE`"
        ),
        Published::Unsettled(files) => {
            bail!("stopped while waiting for {} to rest; nothing is sent", list(&files))
        }
        Published::Held(held) => {
            let shown = diagnostic::human(&held.errors, super::colour());
            bail!("the edition {key} is held; nothing is sent until this is mended:\n\n{shown}");
        }
        Published::Withheld(why) => {
            if let Withheld::Changed(changed) = &why {
                writeln!(out, "{}", changed.how)?;
            }
            bail!("the edition {key} {why}, and nothing is sent: {}", why.remedy(key))
        }
    };
    let counts = press.store.counts(edition.summary.id).await?;
    let stopped = press.store.stop_of(edition.summary.id).await?;
    let is_cancelled = stopped.as_ref().is_some_and(|stop| stop.course == Course::Cancelled);
    if !is_new && counts.open() == 0 && !is_cancelled {
        let (sent, of) = (counts.of(State::Sent), counts.total());
        writeln!(out, "The edition {key} has gone out already, to {sent} of {of} readers: nothing is sent.")?;
        for state in [State::Failed, State::Uncertain, State::Suppressed] {
            if counts.of(state) > 0 {
                let word = state.as_str();
                writeln!(out, "  {} {word}; `straight status --edition {key}` says why", counts.of(state))?;
            }
        }
        return Ok(ControlFlow::Break(true));
    }
    if let Some(stop) = stopped {
        writeln!(out, "The edition {key} was {stop}: nothing is sent.")?;
        tell_how_to_go_on(key, &stop, out)?;
        // What is paused is left undone; what is cancelled is as a person wants it.
        return Ok(ControlFlow::Break(is_cancelled));
    }
    if !is_new {
        let (open, total) = (counts.open(), counts.total());
        let id = edition.summary.id;
        let waits = counts.of(State::Deferred) == open && !press.store.has_due(id, press.clock.now()).await?;
        match press.store.next_due(id).await?.filter(|_| waits) {
            Some(due) => writeln!(
                out,
                "The edition {key} is out in part: {open} of {total} are deferred, and none is due before {}.",
                due.with_timezone(&press.config.schedule.timezone).format("%H:%M %Z")
            )?,
            None => {
                writeln!(out, "The edition {key} is out in part: going on with {open} of {total}.")?;
            }
        }
    }
    Ok(ControlFlow::Continue(edition))
}

/// Sends the letters that are due, if this process may send: else the one that does is asked to. Fails when the server
/// lets none through.
async fn send_letters(
    press: &Press,
    route: &Route,
    began: DateTime<Utc>,
    out: &mut dyn Write,
    stop: &CancellationToken,
) -> anyhow::Result<()> {
    let (ending, of_the_rest) = match press.store.acquire_sender().await? {
        Ownership::Ours(_lock) => {
            press.recover().await?;
            let ending = press.send_letters(route, stop).await?;
            let is_stopped = ending == Ending::Stopped;
            (ending, is_stopped.then_some("Stopped. `straight send` goes on with the letters."))
        }
        Ownership::Others => {
            press.store.ask_to_send(began).await?;
            (Ending::Complete, Some("Another process is sending, and is asked to take what waits."))
        }
    };
    let open = tell_of_letters(press, began, out).await?;
    if let Some(words) = of_the_rest.filter(|_| open > 0) {
        writeln!(out, "{words}")?;
    }
    let_through(&ending, "straight send")
}

/// Says how many letters went out since `since`, and how many wait; gives these.
async fn tell_of_letters(press: &Press, since: DateTime<Utc>, out: &mut dyn Write) -> anyhow::Result<u64> {
    let (sent, open) = press.store.letters_sent_and_open(since).await?;
    match sent {
        0 => {}
        1 => writeln!(out, "1 letter went out.")?,
        many => writeln!(out, "{many} letters went out.")?,
    }
    match open {
        0 => {}
        1 => writeln!(out, "1 letter waits; `straight letters list` shows it.")?,
        many => writeln!(out, "{many} letters wait; `straight letters list` shows them.")?,
    }
    Ok(open)
}

/// Fails, with the reason and the remedy, which ends in the command `send`, when the server was to blame for the end.
fn let_through(ending: &Ending, send: &str) -> anyhow::Result<()> {
    match ending {
        Ending::Complete | Ending::Stopped | Ending::Paused(_) | Ending::Cancelled(_) => Ok(()),
        Ending::Unreachable(why) => {
            bail!(
                "nothing gets through: {why}\nWhoever waits is not given up before `delivery.give_up_after`: `{send}` goes on where it stopped"
            )
        }
        Ending::Halted(why) => {
            bail!(
                "sending is halted: {why}\nWhoever waits is not given up before `delivery.give_up_after`: mend it, and `{send}` goes on"
            )
        }
    }
}

/// Publishes, once files that were changed just now have rested; those that are written to on and on go another day.
async fn publish(
    press: &Press,
    key: &EditionKey,
    out: &mut dyn Write,
    stop: &CancellationToken,
) -> anyhow::Result<Published> {
    let asker = match super::out::is_watched() {
        true => Asker::Person,
        false => Asker::Program,
    };
    let mut told = false;
    let give_up = press.clock.now() + chrono::TimeDelta::from_std(LONGEST_WAIT)?;
    loop {
        let files = match press.publish_when_settled(asker, key.clone()).await? {
            Published::Unsettled(files) => files,
            published => return Ok(published),
        };
        if press.clock.now() >= give_up {
            return Ok(press.publish_for(asker, key.clone()).await?);
        }
        if !told {
            writeln!(out, "Waiting a moment for {}, changed just now …", list(&files))?;
            told = true;
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(Published::Unsettled(files)),
            () = tokio::time::sleep(Duration::from_millis(250)) => {}
        }
    }
}

fn list(files: &[std::path::PathBuf]) -> String {
    match files {
        [file] => file.display().to_string(),
        files => format!("{} files", files.len()),
    }
}

/// Sends, or watches another process send.
async fn deliver(
    press: &Press,
    route: &Route,
    edition: &StoredEdition,
    stop: &CancellationToken,
) -> anyhow::Result<Dispatched> {
    let bar = bar();
    let told = Mutex::new(Instant::now());
    let progress = |done: u64, total: u64| {
        bar.set_length(total);
        bar.set_position(done);
        if bar.is_hidden() {
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            if told.elapsed() >= PLAIN_LINE {
                *told = Instant::now();
                super::out::complain(&format!("{done} of {total}"));
            }
        }
    };
    let mut watched = Watched { bar: &bar, key: &edition.summary.key, told: false };
    let done = loop {
        let place = match press.store.acquire_sender().await? {
            Ownership::Ours(lock) => Followed::TakenOver(lock),
            Ownership::Others => follow(press, edition, &progress, &mut watched, stop).await?,
        };
        let done = match place {
            Followed::TakenOver(_lock) => {
                press.recover().await?;
                match press.send_letters(route, stop).await? {
                    Ending::Complete => {
                        let done = see_through(press, route, edition, &progress, stop).await?;
                        if let Ending::Halted(_) | Ending::Complete = done.ending {
                            // What the editors are told of it: an alarm may get through where editions do not.
                            press.send_letters(route, stop).await?;
                        }
                        done
                    }
                    ending => Dispatched { ending, counts: press.store.counts(edition.summary.id).await? },
                }
            }
            Followed::ToTheEnd(done) => done,
        };
        // Paused while we sent: others may send meanwhile, and we go on when it is resumed.
        let Ending::Paused(_) = done.ending else { break done };
        loop {
            watched.look(press.store.stop_of(edition.summary.id).await?.as_ref());
            if stop.is_cancelled() || !watched.told {
                break;
            }
            rest(stop).await;
        }
        if stop.is_cancelled() {
            break done;
        }
    };
    bar.finish_and_clear();
    Ok(done)
}

/// Says once when a person has paused what we wait for, and once when it goes on.
struct Watched<'a> {
    bar: &'a ProgressBar,
    key: &'a EditionKey,
    told: bool,
}

impl Watched<'_> {
    fn look(&mut self, stop: Option<&Decision>) {
        let paused = stop.filter(|stop| stop.course == Course::Paused);
        let line = match (paused, self.told) {
            (Some(stop), false) => format!("{stop}: `straight resume --edition {}` lets it go on", self.key),
            (None, true) => "resumed".to_owned(),
            (Some(_), true) | (None, false) => return,
        };
        self.told = paused.is_some();
        self.bar.suspend(|| super::out::complain(&line));
    }
}

/// A moment, or until we are to stop.
async fn rest(stop: &CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = tokio::time::sleep(Duration::from_millis(300)) => {}
    }
}

/// Says what the person who stopped the edition `key`, or another, can do about it.
pub(super) fn tell_how_to_go_on(
    key: &EditionKey,
    stop: &Decision,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    match stop.course {
        Course::Paused => writeln!(
            out,
            "  `straight resume --edition {key}` lets it go on, `straight cancel --edition {key}` ends it"
        ),
        Course::Cancelled => writeln!(out, "  what is cancelled does not go on"),
        Course::Resumed => Ok(()),
    }
}

/// How looking on ended.
enum Followed {
    /// The other process is through, or we were asked to stop.
    ToTheEnd(Dispatched),
    /// The other process is gone: it is our turn.
    TakenOver(SenderLock),
}

/// Dispatches; beside other nodes until they are done too, and takes up what one of them leaves behind.
async fn see_through(
    press: &Press,
    route: &Route,
    edition: &StoredEdition,
    progress: &crate::press::Progress<'_>,
    stop: &CancellationToken,
) -> anyhow::Result<Dispatched> {
    let mut done = press.dispatch(route, edition, progress, stop).await?;
    let waits = |counts: &Counts| counts.of(State::Queued) + counts.of(State::Sending) > 0;
    while press.store.is_shared() && done.ending == Ending::Complete && waits(&done.counts) {
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
        }
        press.recover().await?;
        done = if stop.is_cancelled() || press.store.has_due(edition.summary.id, press.clock.now()).await? {
            press.dispatch(route, edition, progress, stop).await?
        } else {
            Dispatched { counts: press.store.counts(edition.summary.id).await?, ..done }
        };
        progress(done.counts.total() - done.counts.open(), done.counts.total());
    }
    Ok(done)
}

/// Another process sends: it takes the edition up at its next beat, and we look on, until it is through or says that
/// nothing gets through.
async fn follow(
    press: &Press,
    edition: &StoredEdition,
    progress: &crate::press::Progress<'_>,
    watched: &mut Watched<'_>,
    stop: &CancellationToken,
) -> anyhow::Result<Followed> {
    // One that rests after a halt tries again at once.
    let asked = press.clock.now();
    press.store.ask_to_send(asked).await?;
    let (mut stood, mut since) = (Counts::default(), Instant::now());
    loop {
        let counts = press.store.counts(edition.summary.id).await?;
        let told = told_since(press, asked).await?;
        if told.is_none() || counts != stood {
            (stood, since) = (counts, Instant::now());
        }
        progress(counts.total() - counts.open(), counts.total());
        let decision = press.store.stop_of(edition.summary.id).await?;
        watched.look(decision.as_ref());
        let ending = if counts.of(State::Queued) + counts.of(State::Sending) == 0 {
            match decision {
                Some(stop) if stop.course == Course::Cancelled => Ending::Cancelled(stop),
                Some(_) | None => Ending::Complete,
            }
        } else if stop.is_cancelled() {
            Ending::Stopped
        } else if let Ownership::Ours(lock) = press.store.acquire_sender().await? {
            return Ok(Followed::TakenOver(lock));
        } else if let Some(ending) = told.filter(|_| since.elapsed() >= NOTHING_MOVES) {
            ending
        } else {
            rest(stop).await;
            continue;
        };
        return Ok(Followed::ToTheEnd(Dispatched { ending, counts }));
    }
}

/// What the process that sends has noted since `since` of a server that lets nothing through.
async fn told_since(press: &Press, since: DateTime<Utc>) -> anyhow::Result<Option<Ending>> {
    let troubles = press.store.troubles_here(press.clock.now()).await?;
    Ok(troubles.into_iter().filter(|noted| noted.seen_at > since).find_map(|noted| match noted.trouble {
        Trouble::Halted => Some(Ending::Halted(noted.told)),
        Trouble::Unreachable => Some(Ending::Unreachable(noted.told)),
        Trouble::Slowed | Trouble::Broken => None,
    }))
}

async fn report(
    press: &Press,
    route: &Route,
    edition: &StoredEdition,
    done: &Dispatched,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    let counts = done.counts;
    let sent = counts.of(State::Sent);
    writeln!(out, "Sent to {sent} of {} readers.", counts.total())?;
    let rest = [
        (State::Queued, "waiting in the queue"),
        (State::Deferred, "put off, and tried again"),
        (State::Failed, "failed"),
        (State::Uncertain, "uncertain: no answer came, so that they may have it or not"),
        (State::Suppressed, "left out: they are no readers any more, or the edition was cancelled"),
        (State::Sending, "on the wire"),
    ];
    for (state, words) in rest {
        let count = counts.of(state);
        if count > 0 {
            writeln!(out, "  {count} {words}")?;
        }
    }
    let reasons = press.store.reasons(edition.summary.id, REASONS).await?;
    let key = &edition.summary.key;
    why::tell_reasons(&reasons, &format!("`straight status --edition {key}` has more of them"), out)?;
    if counts.of(State::Failed) + counts.of(State::Uncertain) > 0 {
        writeln!(out, "  `straight deliveries list --edition {key}` names them")?;
    }
    let in_doubt = press.store.in_doubt(edition.summary.id).await?;
    why::tell_in_doubt(in_doubt, out)?;
    if counts.of(State::Deferred) > 0
        && let Some(due) = press.store.next_due(edition.summary.id).await?
    {
        let due = due.with_timezone(&press.config.schedule.timezone).format("%H:%M %Z");
        writeln!(
            out,
            "  the next try is due at {due}; `straight run` makes it, or `straight send --edition {key}` then"
        )?;
    }
    if let Some(page) =
        press.show(route, edition).context("the messages are in the outbox, its page is not")?
    {
        writeln!(out, "Look at it: {}", page.display())?;
        writeln!(out, "The messages: {}", page.with_file_name("new").display())?;
    }
    match &done.ending {
        Ending::Complete => {
            let is_done = counts.of(State::Queued) + counts.of(State::Sending) == 0;
            // A few dead addresses are part of every list, and what is uncertain is told as that.
            let in_vain = counts.of(State::Failed) + counts.of(State::Uncertain);
            Ok(is_done && counts.of(State::Failed) <= sent && (sent > 0 || in_vain == 0))
        }
        Ending::Stopped => {
            writeln!(out, "{}", stopped(key, counts, in_doubt))?;
            Ok(true)
        }
        Ending::Paused(decision) => {
            writeln!(out, "The edition is {decision}.")?;
            tell_how_to_go_on(&edition.summary.key, decision, out)?;
            Ok(true)
        }
        Ending::Cancelled(decision) => {
            writeln!(out, "The edition was {decision}: nobody else gets it.")?;
            Ok(true)
        }
        ending @ (Ending::Unreachable(_) | Ending::Halted(_)) => {
            let_through(ending, &format!("straight send --edition {key}")).map(|()| false)
        }
    }
}

/// What is true of a send that was stopped: an answer that was not waited for may have been a yes. The edition is named: by
/// tomorrow `straight send` alone means another.
fn stopped(key: &EditionKey, counts: Counts, in_doubt: InDoubt) -> String {
    let goes_on = format!("Stopped. `straight send --edition {key}` goes on where it stopped");
    if in_doubt.already > 0 && counts.open() > 0 {
        format!("{goes_on}. Who waits and may have it already gets it once more.")
    } else {
        format!("{goes_on}, and sends to nobody again who has it for certain.")
    }
}

fn bar() -> ProgressBar {
    // On a terminal only; elsewhere plain lines say how far it is.
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} {per_sec} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(None, target).with_style(style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_send_that_was_stopped_promises_nothing_to_who_may_have_it_already() {
        let counts = |queued| {
            let rows = [(State::Queued, queued), (State::Sent, 3)];
            rows.into_iter().collect::<Counts>()
        };
        let in_doubt = InDoubt { twice: 0, already: 1 };
        let key: EditionKey = "2025-11-04-flood".parse().unwrap();
        let told = |queued, in_doubt| {
            let told = stopped(&key, counts(queued), in_doubt);
            assert!(told.contains("`straight send --edition 2025-11-04-flood` goes on"), "{told}");
            told
        };
        assert!(told(1, in_doubt).ends_with("Who waits and may have it already gets it once more."));
        let certain = "sends to nobody again who has it for certain.";
        assert!(told(1, InDoubt::default()).ends_with(certain));
        assert!(told(0, in_doubt).ends_with(certain), "nobody waits: it has failed, or was left out");
    }
}
