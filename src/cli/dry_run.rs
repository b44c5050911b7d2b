//! `straight send --dry-run`: what would be sent, to how many, and when. Nothing is changed, not even made.

use std::io::Write;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::send::tell_how_to_go_on;
use crate::config::{DeliveryConfig, OnBrokenArticle, Rate, Transport};
use crate::delivery::State;
use crate::diagnostic::{self, Diagnostic};
use crate::edition::{self, EditionKey, RenderedEdition, Waiting};
use crate::press::schedule::{next_slot, slot_on, slots};
use crate::press::{
    Approved, Consent, Look, Recipients, RecipientsError, Withheld, missing_words, moment_of,
};
use crate::store::{Approval, Store, StoredEdition};

/// Says what `straight send` would do with the edition `key`, today's when absent. Gives whether it would do it.
///
/// # Errors
/// When the articles, the readers' files or the store cannot be read, or a template fails.
pub(super) async fn dry_run(
    look: &Look,
    key: Option<EditionKey>,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    let now = look.clock.now();
    let key = key.unwrap_or_else(|| look.key_at(now));
    let is_to_come = key.date() > look.key_at(now).date();
    // What is approved is made as of its hour, so that is what is shown, and what its approval is held against.
    let hour = moment_of(&look.config.schedule, &key, now);
    let leaving = if is_to_come { hour } else { now };
    if is_to_come {
        writeln!(
            out,
            "Nothing is sent, and nothing is changed. This is a forecast of the edition {key}, as it would be at {}.",
            look.config.schedule.local(hour)
        )?;
    } else {
        writeln!(out, "Nothing is sent, and nothing is changed: this is what `straight send` would do.")?;
    }
    if let (Some(gone), Some(store)) = (look.edition(&key).await?, &look.store) {
        return tell_gone(store, &gone, out).await;
    }
    let needs_approval = match look.consent(&key, leaving).await? {
        Consent::NotNeeded => false,
        // Whether there is anything to approve is to be seen.
        Consent::Withheld(Withheld::Unapproved) => true,
        Consent::Withheld(why) => {
            // Before its hour, what is approved is all there is to tell of what will go out.
            if let (Withheld::Early(_), Some(store)) = (&why, &look.store)
                && let Some(approval) = store.approval(&key).await?
            {
                tell_approved(look, &approval, out).await?;
            }
            return tell_withheld(&key, &why, out);
        }
        Consent::Approved(approved) => {
            let Approved { approval, again } = *approved;
            let goes_out = tell_approved(look, &approval, out).await?;
            if is_to_come {
                tell_taken_before(look, &approval.rendered, out).await?;
                tell_hour(look, &key, out)?;
            } else {
                tell_time(look, &key, now, out).await?;
            }
            tell_left_out(&again.waiting, &[], out)?;
            return Ok(tell_refusal(look, out)? && goes_out);
        }
    };
    let as_of = if needs_approval { hour } else { leaving };
    match (as_of > now, is_to_come) {
        (false, _) => {}
        (true, true) => writeln!(out, "What is saved until then still changes it.")?,
        (true, false) => {
            writeln!(
                out,
                "As it would be approved, at its hour; what is saved until then still changes it."
            )?;
        }
    }
    let draft = look.draft(&key, as_of).await?;
    let is_held = !draft.errors.is_empty() && look.config.articles.on_broken == OnBrokenArticle::HoldEdition;
    if is_held {
        let shown = diagnostic::human(&draft.errors, super::colour());
        writeln!(out, "The edition {key} would be held until this is mended:\n\n{shown}")?;
        return Ok(false);
    }
    let Some(rendered) = &draft.rendered else {
        writeln!(out, "Nothing new for {key}: nothing would be sent.")?;
        tell_left_out(&draft.waiting, &draft.errors, out)?;
        return Ok(true);
    };
    let mut goes_out = tell_edition(look, rendered, out).await?;
    if is_to_come {
        tell_taken_before(look, rendered, out).await?;
    }
    if needs_approval {
        goes_out = tell_withheld(&key, &Withheld::Unapproved, out)?;
    } else if is_to_come {
        tell_hour(look, &key, out)?;
        writeln!(
            out,
            "  `straight send --edition {key}` does not wait: it sends what is due when it is typed"
        )?;
    } else {
        tell_time(look, &key, now, out).await?;
    }
    tell_left_out(&draft.waiting, &draft.errors, out)?;
    Ok(tell_refusal(look, out)? && goes_out)
}

/// Says what is left to do of an edition that is out. Gives whether it would be done.
async fn tell_gone(store: &Store, gone: &StoredEdition, out: &mut dyn Write) -> anyhow::Result<bool> {
    let key = &gone.summary.key;
    let counts = store.counts(gone.summary.id).await?;
    let (sent, total, open) = (counts.of(State::Sent), counts.total(), counts.open());
    if open == 0 {
        writeln!(out, "The edition {key} has gone out already, to {sent} of {total} readers: nothing.")?;
        return Ok(true);
    }
    if let Some(stop) = store.stop_of(gone.summary.id).await? {
        writeln!(out, "The edition {key} was {stop}: nothing would be sent.")?;
        tell_how_to_go_on(key, &stop, out)?;
        return Ok(false);
    }
    writeln!(out, "The edition {key} is out in part: it would go on with {open} of {total}.")?;
    Ok(true)
}

/// Says that nothing would be sent, and what is to be done. Gives that it would not.
fn tell_withheld(key: &EditionKey, why: &Withheld, out: &mut dyn Write) -> anyhow::Result<bool> {
    if let Withheld::Changed(changed) = why {
        writeln!(out, "{}", changed.how)?;
    }
    writeln!(out, "The edition {key} {why}, and nothing would be sent: {}.", why.remedy(key))?;
    Ok(false)
}

/// Says what it is, to whom it goes, and by which way. Gives whether there is anybody.
async fn tell_edition(look: &Look, rendered: &RenderedEdition, out: &mut dyn Write) -> anyhow::Result<bool> {
    writeln!(out, "Edition {}: {}", rendered.key, rendered.subject)?;
    for headline in rendered.headlines.iter().skip(1) {
        writeln!(out, "  also in it: {}", headline.title)?;
    }
    for warning in edition::size_report(rendered).warnings {
        writeln!(out, "  warning: {warning}")?;
    }
    for missing in missing_words(&look.config) {
        writeln!(out, "  {missing}")?;
    }
    let counted = Recipients::of(&look.config, look.store.as_ref(), look.clock.now()).await;
    let readers = counted.map_err(|error| match error {
        RecipientsError::File(wrong) => anyhow::anyhow!("{}", diagnostic::one(&wrong, super::colour())),
        RecipientsError::Store(error) => error.into(),
    })?;
    let goes_out = tell_readers(&readers, out)?;
    tell_way(look, &readers, out)?;
    Ok(goes_out)
}

/// Says what was approved, and by whom. Gives whether there is anybody to get it.
async fn tell_approved(look: &Look, approval: &Approval, out: &mut dyn Write) -> anyhow::Result<bool> {
    let goes_out = tell_edition(look, &approval.rendered, out).await?;
    writeln!(out, "  just as it was approved by {}", approval.who)?;
    Ok(goes_out)
}

/// Says whether samples stand where they would reach people. Gives whether it may go out.
fn tell_refusal(look: &Look, out: &mut dyn Write) -> anyhow::Result<bool> {
    match look.guard() {
        Ok(()) => Ok(true),
        Err(refusal) => {
            writeln!(out, "It would be refused: {refusal}")?;
            Ok(false)
        }
    }
}

fn tell_left_out(waiting: &[Waiting], errors: &[Diagnostic], out: &mut dyn Write) -> anyhow::Result<()> {
    if waiting.len() + errors.len() > 0 {
        writeln!(out, "Left out:")?;
    }
    for article in waiting {
        writeln!(out, "  {} {}", article.path.display(), article.why)?;
    }
    for error in errors {
        writeln!(out, "  {error}")?;
    }
    Ok(())
}

/// Says to how many it would go; whether there is anybody.
fn tell_readers(readers: &Recipients, out: &mut dyn Write) -> anyhow::Result<bool> {
    match readers.total() {
        0 => writeln!(out, "  to nobody: no reader is subscribed, and `straight send` would refuse")?,
        1 => writeln!(out, "  to 1 reader")?,
        total => writeln!(out, "  to {total} readers")?,
    }
    for (file, count) in readers.added.iter().filter(|(_, count)| *count > 0) {
        writeln!(out, "    {count} of them taken in first from {file}")?;
    }
    Ok(readers.total() > 0)
}

/// Says by which way it would go, and how long the limits make it.
fn tell_way(look: &Look, readers: &Recipients, out: &mut dyn Write) -> anyhow::Result<()> {
    let config = &look.config;
    match &config.transport {
        Transport::Outbox { folder } => writeln!(out, "  into the outbox {}", folder.display())?,
        Transport::Smtp(smtp) => {
            writeln!(out, "  through {}:{}, {} connections", smtp.host, smtp.port, smtp.connections)?;
        }
    }
    match longest(&config.delivery, readers) {
        None => writeln!(out, "  as fast as it is taken: no limit is set")?,
        Some((why, time)) => writeln!(out, "  in {} at least, for {why}", rounded(time))?,
    }
    Ok(())
}

/// The limit that takes longest, and how long.
fn longest(delivery: &DeliveryConfig, readers: &Recipients) -> Option<(String, Duration)> {
    let time = |count: u64, rate: Rate| rate.per.mul_f64(count as f64 / f64::from(rate.messages.get()));
    let all = delivery.rate.map(|rate| ("delivery.rate".to_owned(), time(readers.total(), rate)));
    let domains = readers.domains.iter().filter_map(|(domain, count)| {
        let rate = delivery.rate_per_domain.of(domain)?;
        Some((format!("the {count} readers at {domain} (delivery.rate_per_domain)"), time(*count, rate)))
    });
    all.into_iter().chain(domains).max_by_key(|(_, time)| *time)
}

/// As in 40 seconds, 12 minutes, 3.5 hours.
fn rounded(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let counted = |count: f64, unit: &str| {
        let count = count.round();
        format!("{count} {unit}{}", if count == 1.0 { "" } else { "s" })
    };
    if seconds < 100.0 {
        counted(seconds.max(1.0), "second")
    } else if seconds < 6_000.0 {
        counted(seconds / 60.0, "minute")
    } else {
        format!("{:.1} hours", seconds / 3_600.0)
    }
}

/// Says which articles of an edition to come go with the one that is due before it, if that goes out. Gives the name of
/// that one, when nobody needs to let it go any more.
pub(super) async fn tell_taken_before(
    look: &Look,
    edition: &RenderedEdition,
    out: &mut dyn Write,
) -> anyhow::Result<Option<EditionKey>> {
    let now = look.clock.now();
    let overdue = look.overdue(now).await?.into_iter();
    let before = overdue.chain(slots(&look.config.schedule, now, edition.frozen_at));
    for slot in before.filter(|slot| slot.date < edition.key.date()) {
        let key = EditionKey::of(slot.date);
        if look.edition(&key).await?.is_some() {
            continue;
        }
        let leaving = slot.at.max(now);
        let (headlines, is_let_go) = match look.consent(&key, leaving).await? {
            Consent::Withheld(Withheld::Decided(_)) => continue,
            Consent::Approved(approved) => (approved.approval.rendered.headlines, true),
            consent @ (Consent::NotNeeded | Consent::Withheld(_)) => {
                let Some(before) = look.draft(&key, leaving).await?.rendered else { continue };
                (before.headlines, matches!(consent, Consent::NotNeeded))
            }
        };
        // What later ones take depends on this one.
        let is_taken = |slug: &str| headlines.iter().any(|headline| headline.slug == slug);
        let taken = edition.headlines.iter().filter(|headline| is_taken(&headline.slug));
        let taken: Vec<&str> = taken.map(|headline| headline.title.as_str()).collect();
        if taken.is_empty() {
            return Ok(None);
        }
        let at = look.config.schedule.local(slot.at);
        let when = match slot.at > now {
            true => format!("at {at}"),
            false => format!("as soon as `straight run` runs, for it makes up for {at}"),
        };
        let condition = if is_let_go { "" } else { ", once it is approved" };
        writeln!(
            out,
            "  the edition {key} comes before it, {when}{condition}, and takes: {}",
            taken.join("; ")
        )?;
        return Ok(is_let_go.then_some(key));
    }
    Ok(None)
}

/// Says when it would go.
async fn tell_time(
    look: &Look,
    key: &EditionKey,
    now: DateTime<Utc>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let schedule = &look.config.schedule;
    if let Some(slot) = look.overdue(now).await?.filter(|slot| EditionKey::of(slot.date) == *key) {
        let until = schedule.local(slot.at + schedule.catch_up);
        let at = look.config.schedule.local(slot.at);
        writeln!(
            out,
            "  `straight send --edition {key}` at once, and so does `straight run`: it makes up for {at} until {until}"
        )?;
        return Ok(());
    }
    let Some(slot) = next_slot(schedule, now) else { return Ok(()) };
    let at = look.config.schedule.local(slot.at);
    if EditionKey::of(slot.date) == *key {
        writeln!(out, "  `straight send` at once, `straight run` at {at}")?;
    } else {
        writeln!(out, "  at once; the next edition of `straight run` is due {at}")?;
    }
    Ok(())
}

/// Says at which hour an edition of a day to come goes.
fn tell_hour(look: &Look, key: &EditionKey, out: &mut dyn Write) -> anyhow::Result<()> {
    let schedule = &look.config.schedule;
    match slot_on(schedule, key.date()).filter(|_| key.is_regular()) {
        Some(slot) => {
            writeln!(out, "  `straight run` at {}", look.config.schedule.local(slot.at))?;
        }
        None => writeln!(out, "  the schedule has no hour for it: `straight send --edition {key}` sends it")?,
    }
    Ok(())
}
