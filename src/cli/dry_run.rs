//! `straight send --dry-run`: what would be sent, to how many, and when. Nothing is changed, not even made.

use std::collections::{BTreeMap, HashSet};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::readers::EXAMPLE_FILE;
use super::send::tell_how_to_go_on;
use crate::config::{DeliveryConfig, OnBrokenArticle, Rate, Transport};
use crate::delivery::State;
use crate::diagnostic::{self, Diagnostic};
use crate::edition::{self, EditionKey, RenderedEdition, Waiting};
use crate::press::schedule::next_slot;
use crate::press::{Approved, Consent, Look, Withheld, missing_words};
use crate::store::{Store, StoredEdition};
use crate::subscriber::list::{self, Format};
use crate::subscriber::{EmailAddress, Status, SubscriberId};

/// How many readers are in memory at a time.
const AT_A_TIME: u32 = 2_000;

/// Says what `straight send` would do with the edition `key`, today's when absent. Gives whether it would do it.
///
/// # Errors
/// When the articles, the readers' files or the store cannot be read, or a template fails.
pub(super) async fn dry_run(
    look: &Look,
    key: Option<EditionKey>,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    writeln!(out, "Nothing is sent, and nothing is changed: this is what `straight send` would do.")?;
    let now = look.clock.now();
    let key = key.unwrap_or_else(|| look.key_at(now));
    if let (Some(gone), Some(store)) = (look.edition(&key).await?, &look.store) {
        return tell_gone(store, &gone, out).await;
    }
    let needs_approval = match look.consent(&key, now).await? {
        Consent::NotNeeded => false,
        // Whether there is anything to approve is to be seen.
        Consent::Withheld(Withheld::Unapproved) => true,
        Consent::Withheld(why) => return tell_withheld(&key, &why, out),
        Consent::Approved(approved) => {
            let Approved { approval, again } = *approved;
            let goes_out = tell_edition(look, &approval.rendered, out).await?;
            writeln!(out, "  just as it was approved by {}", approval.who)?;
            tell_time(look, &key, now, out)?;
            tell_left_out(&again.waiting, &[], out)?;
            return Ok(tell_refusal(look, out)? && goes_out);
        }
    };
    let draft = look.draft(&key, now).await?;
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
    if needs_approval {
        goes_out = tell_withheld(&key, &Withheld::Unapproved, out)?;
    } else {
        tell_time(look, &key, now, out)?;
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
    let readers = Readers::of(look).await?;
    let goes_out = readers.tell(out)?;
    tell_way(look, &readers, out)?;
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

/// Who would get it.
#[derive(Debug, Default)]
struct Readers {
    /// Those in the store.
    known: u64,
    /// Those that files add first, by file.
    added: Vec<(String, u64)>,
    /// By domain, where a limit a domain is set.
    domains: BTreeMap<String, u64>,
}

impl Readers {
    async fn of(look: &Look) -> anyhow::Result<Self> {
        let mut readers = Readers::default();
        let mut seen = HashSet::new();
        for file in &look.config.subscribers {
            let rows = list::open(file)
                .map_err(|wrong| anyhow::anyhow!("{}", diagnostic::one(&wrong, super::colour())))?;
            let mut added = 0;
            for row in rows {
                // A bad row is told when the file is imported.
                let Ok(row) = row else { continue };
                let reader = row.subscriber;
                if reader.status == Status::Active
                    && seen.insert(reader.email.key().to_owned())
                    && !readers.knows(look, &reader.email).await?
                {
                    added += 1;
                    readers.count_domain(look, &reader.email);
                }
            }
            readers.added.push((file.display().to_string(), added));
        }
        let is_outbox = matches!(look.config.transport, Transport::Outbox { .. });
        let is_empty = match &look.store {
            Some(store) => store.has_no_subscribers().await?,
            None => true,
        };
        if is_empty && is_outbox && look.config.subscribers.is_empty() {
            let rows = list::read(list::EXAMPLE.as_bytes(), Format::Yaml, Path::new(EXAMPLE_FILE));
            let active = rows.flatten().filter(|row| row.subscriber.status == Status::Active).count();
            readers.added.push((format!("{EXAMPLE_FILE}, the examples"), active as u64));
            return Ok(readers);
        }
        if let Some(store) = &look.store {
            // The examples step back for the first reader of one's own.
            let examples_too = is_outbox && readers.added.iter().all(|(_, count)| *count == 0);
            readers.known = store.count_recipients(examples_too).await?;
            readers.count_domains(look).await?;
        }
        Ok(readers)
    }

    async fn knows(&self, look: &Look, email: &EmailAddress) -> anyhow::Result<bool> {
        Ok(match &look.store {
            Some(store) => store.by_email(email).await?.is_some(),
            None => false,
        })
    }

    fn count_domain(&mut self, look: &Look, email: &EmailAddress) {
        if look.config.delivery.rate_per_domain.of(email.domain()).is_some() {
            *self.domains.entry(email.domain().to_owned()).or_default() += 1;
        }
    }

    async fn count_domains(&mut self, look: &Look) -> anyhow::Result<()> {
        let limits = &look.config.delivery.rate_per_domain;
        let Some(store) = look.store.as_ref().filter(|_| limits.default.is_some() || !limits.of.is_empty())
        else {
            return Ok(());
        };
        let mut after = SubscriberId(0);
        loop {
            let page = store.subscribers(after, Some(Status::Active), AT_A_TIME).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.id;
            for reader in &page {
                self.count_domain(look, &reader.email);
            }
        }
    }

    fn total(&self) -> u64 {
        self.known + self.added.iter().map(|(_, count)| count).sum::<u64>()
    }

    /// Says to how many it would go; whether there is anybody.
    fn tell(&self, out: &mut dyn Write) -> anyhow::Result<bool> {
        match self.total() {
            0 => writeln!(out, "  to nobody: no reader is subscribed, and `straight send` would refuse")?,
            1 => writeln!(out, "  to 1 reader")?,
            total => writeln!(out, "  to {total} readers")?,
        }
        for (file, count) in self.added.iter().filter(|(_, count)| *count > 0) {
            writeln!(out, "    {count} of them taken in first from {file}")?;
        }
        Ok(self.total() > 0)
    }
}

/// Says by which way it would go, and how long the limits make it.
fn tell_way(look: &Look, readers: &Readers, out: &mut dyn Write) -> anyhow::Result<()> {
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
fn longest(delivery: &DeliveryConfig, readers: &Readers) -> Option<(String, Duration)> {
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

/// Says when it would go.
fn tell_time(look: &Look, key: &EditionKey, now: DateTime<Utc>, out: &mut dyn Write) -> anyhow::Result<()> {
    let Some(slot) = next_slot(&look.config.schedule, now) else { return Ok(()) };
    let at = slot.at.with_timezone(&look.config.schedule.timezone).format("%Y-%m-%d %H:%M %Z");
    if EditionKey::of(slot.date) == *key {
        writeln!(out, "  `straight send` at once, `straight run` at {at}")?;
    } else {
        writeln!(out, "  at once; the next edition of `straight run` is due {at}")?;
    }
    Ok(())
}
