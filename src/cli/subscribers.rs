//! `straight subscribers`: see and change who gets the edition.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{BufWriter, IsTerminal as _, Write};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};

use super::args::{
    AddArgs, EraseArgs, ExportArgs, ImportArgs, ListArgs, PutBackArgs, RemoveArgs, ReviveArgs, ShowArgs,
    SubscribersCommand,
};
use super::control::who;
use super::readers;
use super::why::readers as counted;
use crate::edition::EditionKey;
use crate::press::Press;
use crate::store::{Commented, Consent, OfDomain, Origin, PutBack, PutBackBy, Received, StruckOff};
use crate::subscriber::list::{Format, Writer};
use crate::subscriber::{EmailAddress, NewSubscriber, Status, Subscriber, SubscriberId};

/// How many subscribers are in memory at a time.
const PAGE: u32 = 1_000;

/// Runs one of the commands.
pub(super) async fn run(
    press: &Press,
    command: &SubscribersCommand,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    match command {
        SubscribersCommand::List(args) => list(press, args, out).await,
        SubscribersCommand::Add(args) => add(press, args, out).await,
        SubscribersCommand::Remove(args) => remove(press, args, out).await,
        SubscribersCommand::Revive(args) => revive(press, args, out).await,
        SubscribersCommand::Show(args) => show(press, args, out).await,
        SubscribersCommand::Erase(args) => erase(press, args, out).await,
        SubscribersCommand::PutBack(args) => put_back(press, args, out).await,
        SubscribersCommand::Import(args) => import(press, args, out).await,
        SubscribersCommand::Export(args) => export(press, args, out).await,
    }
}

async fn list(press: &Press, args: &ListArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let mut after = SubscriberId(0);
    loop {
        let page = press.store.subscribers(after, args.status, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for subscriber in &page {
            let since = subscriber.since.with_timezone(&press.config.schedule.timezone).format("%Y-%m-%d");
            let name = subscriber.name.as_deref().unwrap_or_default();
            let line = format!(
                "{:<12}  {since}  {:<40}  {name}",
                subscriber.status.as_str(),
                subscriber.email.as_str()
            );
            writeln!(out, "{}", line.trim_end())?;
        }
    }
    let counts = press.store.subscriber_counts().await?;
    let counted = args
        .status
        .map_or(counts.clone(), |status| counts.into_iter().filter(|(s, _)| *s == status).collect());
    let words: Vec<String> = counted.iter().map(|(status, count)| format!("{count} {status}")).collect();
    writeln!(out, "{}", if words.is_empty() { "nobody".to_owned() } else { words.join(", ") })?;
    Ok(true)
}

async fn add(press: &Press, args: &AddArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let reader = NewSubscriber {
        email: args.email.clone(),
        name: args.name.clone(),
        timezone: args.timezone,
        status: Status::Active,
        since: None,
    };
    let report = press.store.import(&[reader], Origin::Operator, press.clock.now()).await?;
    let (email, word) = (
        &args.email,
        match (report.new, report.updated, report.suppressed) {
            (1, ..) => "is subscribed",
            (_, 1, _) => "is brought up to date",
            (.., 1) => bail!("{}", stays_out(press, &args.email).await?),
            _ => "was there just so",
        },
    );
    writeln!(out, "{email} {word}.")?;
    Ok(true)
}

async fn remove(press: &Press, args: &RemoveArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    match (&args.email, &args.domain) {
        (Some(email), _) => remove_one(press, email, out).await,
        (None, Some(domain)) if args.dry_run => {
            forecast(press, domain, OfDomain::Active, "would be set aside", out).await
        }
        (None, Some(domain)) => remove_domain(press, domain, out).await,
        (None, None) => bail!("name an address, or say --domain"),
    }
}

async fn remove_domain(press: &Press, domain: &str, out: &mut dyn Write) -> anyhow::Result<bool> {
    match press.store.remove_domain(domain, &who(), press.clock.now()).await? {
        0 => writeln!(out, "Nobody at {domain} gets editions: nothing is changed.")?,
        count => {
            writeln!(
                out,
                "Set aside as bounced: {} at {domain}. No import brings them back.",
                counted(count)
            )?;
            writeln!(out, "  `straight subscribers revive --domain {domain}` does")?;
        }
    }
    Ok(true)
}

/// Shows who is meant of those at a domain, and what would become of them.
async fn forecast(
    press: &Press,
    domain: &str,
    which: OfDomain,
    becomes: &str,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    let (mut after, mut count) = (SubscriberId(0), 0);
    loop {
        let page = press.store.at_domain(domain, which, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for subscriber in &page {
            writeln!(out, "{}", subscriber.email)?;
            count += 1;
        }
    }
    writeln!(out, "{} at {domain} {becomes}; nothing is changed.", counted(count))?;
    Ok(true)
}

async fn remove_one(press: &Press, email: &EmailAddress, out: &mut dyn Write) -> anyhow::Result<bool> {
    let Some(subscriber) = press.store.by_email(email).await? else {
        bail!("{email} is not among the subscribers");
    };
    if press.store.remove(subscriber.id, &who(), press.clock.now()).await? {
        writeln!(out, "{} is unsubscribed: no import brings them back.", subscriber.email)?;
    } else {
        writeln!(out, "{} is {} already.", subscriber.email, subscriber.status)?;
    }
    Ok(true)
}

async fn revive(press: &Press, args: &ReviveArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    match (&args.email, &args.edition, &args.domain) {
        (Some(email), ..) => revive_one(press, email, out).await,
        (None, Some(key), _) => revive_all(press, key, args, out).await,
        (None, None, Some(domain)) if args.dry_run => {
            forecast(press, domain, OfDomain::Removed, "would be active again", out).await
        }
        (None, None, Some(domain)) => revive_domain(press, domain, out).await,
        (None, None, None) => bail!("name an address, or say --edition or --domain"),
    }
}

async fn revive_domain(press: &Press, domain: &str, out: &mut dyn Write) -> anyhow::Result<bool> {
    match press.store.put_back_domain(domain, press.clock.now()).await? {
        0 => writeln!(out, "Nobody is revived: `remove --domain {domain}` set nobody aside who could be.")?,
        count => {
            tell_of_the_revived(count, out)?;
            writeln!(
                out,
                "  `straight deliveries retry --all` sends the latest one too to whoever missed it"
            )?;
        }
    }
    Ok(true)
}

fn tell_of_the_revived(count: u64, out: &mut dyn Write) -> std::io::Result<()> {
    let again = if count == 1 { "is active again, and gets" } else { "are active again, and get" };
    writeln!(out, "{} {again} the next edition.", counted(count))
}

async fn revive_all(
    press: &Press,
    key: &EditionKey,
    args: &ReviveArgs,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    let Some(edition) = press.store.edition_summary(key).await? else {
        bail!("the edition {key} has not gone out");
    };
    let reason = args.reason.as_deref();
    if args.dry_run {
        let (mut after, mut count) = (SubscriberId(0), 0);
        loop {
            let page = press.store.struck_off(edition.id, reason, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.subscriber;
            for StruckOff { email, reason, .. } in &page {
                writeln!(out, "{}", format!("{email:<40}  {reason}").trim_end())?;
                count += 1;
            }
        }
        writeln!(out, "{} would be active again; nothing is changed.", counted(count))?;
        return Ok(true);
    }
    match press.store.revive_all(edition.id, reason, press.clock.now()).await? {
        0 => writeln!(
            out,
            "Nobody is revived: the edition {key} struck nobody off who could be, for that reason."
        )?,
        count => {
            tell_of_the_revived(count, out)?;
            writeln!(
                out,
                "  `straight deliveries retry --all --edition {key}` sends that one too; an address that bounces again is set aside again"
            )?;
        }
    }
    Ok(true)
}

async fn revive_one(press: &Press, email: &EmailAddress, out: &mut dyn Write) -> anyhow::Result<bool> {
    let Some(Subscriber { id, email, status, .. }) = press.store.by_email(email).await? else {
        bail!("{email} is not among the subscribers");
    };
    if press.store.revive(id, press.clock.now()).await? {
        writeln!(out, "{email} is active again, and gets the next edition.")?;
        writeln!(
            out,
            "  `straight deliveries retry {email}` sends the latest one too; if the address bounces again, it is set aside again"
        )?;
        return Ok(true);
    }
    match status {
        Status::Active => {
            writeln!(out, "{email} is active: there is nothing to revive.")?;
            Ok(true)
        }
        Status::Bounced => {
            bail!("{email} signed up and never confirmed: only their own sign-up brings them in")
        }
        Status::Pending | Status::Unsubscribed | Status::Complained => {
            bail!("{email} {}", stays_out_as(status))
        }
    }
}

/// Why an address is not taken in.
async fn stays_out(press: &Press, email: &EmailAddress) -> anyhow::Result<String> {
    Ok(match press.store.by_email(email).await? {
        Some(reader) => format!("{email} {}", stays_out_as(reader.status)),
        None => {
            format!(
                "{email} was erased, or given up for another address: only their own sign-up brings them back"
            )
        }
    })
}

/// What is said behind one address, or a number of them, that gets nothing, and what would change that.
pub(super) fn stays_out_as(status: Status) -> &'static str {
    match status {
        Status::Active => "will get the next edition",
        Status::Pending => "never confirmed: only their own click brings them in",
        Status::Unsubscribed => "left: only their own sign-up brings them back",
        Status::Bounced => {
            "bounced: once the address works again, `straight subscribers revive` takes it for good"
        }
        Status::Complained => "reported an edition as spam: nothing is sent there any more",
    }
}

async fn show(press: &Press, args: &ShowArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let Some(subscriber) = press.store.by_email(&args.email).await? else {
        return show_guest(press, args, out).await;
    };
    let known = press.store.known(&subscriber).await?;
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&known)?)?;
        return Ok(true);
    }
    let day = |at| press.config.schedule.local(at);
    let (email, status) = (&known.email, &known.status);
    let (since, changed) = (day(known.since), day(known.changed_at));
    writeln!(
        out,
        "{email} is {status}; on the list since {since}, by {}; last changed {changed}.",
        known.origin
    )?;
    if let (Some(at), Some(by)) = (known.removed_at, &known.removed_by) {
        let back = if known.status == Status::Active.as_str() { ", and back since then" } else { "" };
        writeln!(out, "Taken off the list on {} by {by}{back}.", day(at))?;
    }
    let paused = known.paused_until.map(day);
    for (what, value) in [("Name", known.name), ("Time zone", known.timezone), ("Paused until", paused)] {
        if let Some(value) = value {
            writeln!(out, "{what}: {value}")?;
        }
    }
    if known.consents.is_empty() {
        writeln!(out, "Consent: nothing on record here; they came by a file or a command.")?;
    }
    show_consents(&known.consents, day, out)?;
    if let Some(moved) = press.store.last_move(subscriber.id).await? {
        let until = day(moved.until());
        writeln!(
            out,
            "Moved here from {} on {}; the old address can take it back until {until}, `straight subscribers put-back` always.",
            moved.former,
            day(moved.at)
        )?;
    }
    show_received("Edition", &known.editions, day, out)?;
    show_received("Letter", &known.letters, day, out)?;
    show_comments(&known.comments, day, out)?;
    show_elsewhere(press, &args.email, out).await?;
    Ok(true)
}

fn show_consents(
    consents: &[Consent],
    day: impl Fn(DateTime<Utc>) -> String,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    for consent in consents {
        let from = consent.asked_from.as_deref().map(|from| format!(" from {from}")).unwrap_or_default();
        let (kind, email) = (&consent.kind, &consent.email);
        writeln!(
            out,
            "Consent: {kind} of {email} on {}{from}, by {}",
            day(consent.asked_at),
            consent.origin
        )?;
        writeln!(out, "  read: {}", consent.words)?;
        for (what, given) in
            [("name", &consent.name), ("time zone", &consent.timezone), ("instead of", &consent.former)]
        {
            if let Some(given) = given {
                writeln!(out, "  {what}: {given}")?;
            }
        }
        match (consent.confirmed_at, consent.confirmed_from.as_deref()) {
            (Some(at), Some(from)) => writeln!(out, "  confirmed on {} from {from}", day(at))?,
            (Some(at), None) => writeln!(out, "  confirmed on {}", day(at))?,
            (None, _) => writeln!(out, "  not confirmed ({})", consent.state)?,
        }
        if let Some(at) = consent.put_back_at {
            writeln!(out, "  taken back on {}", day(at))?;
        }
    }
    Ok(())
}

fn show_received(
    kind: &str,
    received: &[Received],
    day: impl Fn(DateTime<Utc>) -> String,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    for one in received {
        let to = one.to.as_deref().map(|to| format!(" to {to}")).unwrap_or_default();
        let at = one.at.map(|at| format!(" on {}", day(at))).unwrap_or_default();
        let reason = one.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        writeln!(out, "{kind}: {}{to}, {}{at}{reason}", one.what, one.state)?;
        for attempt in &one.attempts {
            let reason = attempt.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
            writeln!(
                out,
                "  attempt {}, {} on {}{reason}",
                attempt.attempt,
                attempt.outcome,
                day(attempt.at)
            )?;
        }
    }
    Ok(())
}

/// Tells that readers keep something under an address that they have given up, and what to do.
async fn show_elsewhere(press: &Press, email: &EmailAddress, out: &mut dyn Write) -> anyhow::Result<bool> {
    let elsewhere = press.store.kept_elsewhere(email).await?;
    for today in &elsewhere {
        writeln!(
            out,
            "A reader had {email} before and gets the mail at {} today: their consent and letters there are kept with them. `show` and `erase` with the address of today (see `straight subscribers list`) have those too.",
            today.masked()
        )?;
    }
    Ok(!elsewhere.is_empty())
}

fn show_comments(
    comments: &[Commented],
    day: impl Fn(DateTime<Utc>) -> String,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    for comment in comments {
        writeln!(out, "Comment: {}, {}, on {}", comment.article, comment.moderation, day(comment.at))?;
    }
    Ok(())
}

/// What is kept of one who is no subscriber, and may have commented, or have been one.
async fn show_guest(press: &Press, args: &ShowArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let (guest, now) = (press.store.guest(&args.email).await?, press.clock.now());
    if args.json
        && let Some(guest) = &guest
    {
        writeln!(out, "{}", serde_json::to_string_pretty(guest)?)?;
        return Ok(true);
    }
    if let Some(guest) = &guest {
        writeln!(out, "{} is not among the subscribers.", guest.email)?;
        let day = |at| press.config.schedule.local(at);
        show_consents(&guest.sign_ups, day, out)?;
        show_received("Letter", &guest.letters, day, out)?;
        show_comments(&guest.comments, day, out)?;
    }
    // Whoever asks for JSON gets that, or an error.
    let is_elsewhere = !args.json && show_elsewhere(press, &args.email, out).await?;
    let is_erased = press.store.is_erased(&args.email, now).await?;
    let erased = "was erased, or given up for another address: only their own sign-up brings them back";
    match (guest.is_some() || is_elsewhere, is_erased) {
        (true, true) => writeln!(out, "{} {erased}.", args.email)?,
        (true, false) => {}
        (false, true) => bail!("{} {erased}", args.email),
        (false, false) => {
            bail!("{} is not among the subscribers, and nothing else is kept of them", args.email)
        }
    }
    Ok(true)
}

async fn erase(press: &Press, args: &EraseArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let now = press.clock.now();
    let Some(subscriber) = press.store.by_email(&args.email).await? else {
        let Some(guest) = press.store.guest(&args.email).await? else {
            if show_elsewhere(press, &args.email, out).await? {
                bail!("{} is no subscriber's address of today: nothing is erased", args.email);
            }
            bail!("{} is not among the subscribers, and nothing else is kept of them", args.email);
        };
        press.store.erase_guest(&args.email, &press.keys(), now).await?;
        let (comments, letters, sign_ups) = (guest.comments.len(), guest.letters.len(), guest.sign_ups.len());
        writeln!(
            out,
            "{} was no subscriber. Erased: comments {comments}, letters {letters}, sign-ups {sign_ups}. A keyed digest of the address keeps imports from making them one. Take it out of your own files and backups too.",
            args.email
        )?;
        show_elsewhere(press, &args.email, out).await?;
        return Ok(true);
    };
    press.store.erase(subscriber.id, &press.keys(), now).await?;
    writeln!(
        out,
        "{} is erased: a keyed digest of the address keeps imports from bringing them back. Take it out of your own files and backups too.",
        args.email
    )?;
    show_elsewhere(press, &args.email, out).await?;
    Ok(true)
}

async fn put_back(press: &Press, args: &PutBackArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let email = &args.email;
    let Some(reader) = press.store.by_email(email).await? else {
        bail!("{email} is not among the subscribers: name the address to which the mail goes today");
    };
    let Some(moved) = press.store.last_move(reader.id).await? else {
        bail!("{email} has not come from another address: there is nothing to put back");
    };
    let (former, now) = (&moved.former, press.clock.now());
    match press.store.put_back(&moved, PutBackBy::Operator, &press.keys(), now).await? {
        PutBack::Now | PutBack::Before => {
            writeln!(out, "The mail for {email} goes to {former} again, and what they said comes with it.")?;
        }
        PutBack::Taken => bail!(
            "somebody is subscribed with {former} by now: `straight subscribers erase {email}` if the address of today is nobody's"
        ),
        PutBack::No => bail!("{email} has been erased meanwhile"),
    }
    Ok(true)
}

async fn import(press: &Press, args: &ImportArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let mut well = true;
    for file in &args.files {
        let imported = readers::import_file(press, file, args.format, Origin::File, out).await?;
        writeln!(out, "{}: {imported}", file.display())?;
        well &= imported.bad == 0;
    }
    Ok(well)
}

async fn export(press: &Press, args: &ExportArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let named = args.out.as_deref().and_then(Format::of);
    let format = args.format.or(named).unwrap_or(Format::Yaml);
    let Some(file) = &args.out else {
        let exported = write_all(press, args.status, Writer::new(out, format)).await?;
        // Beside a list on the screen a number would look like a part of it; beside nothing it is all there is to say.
        if exported.written == 0 || exported.left_out > 0 || !std::io::stdout().is_terminal() {
            super::out::complain(&exported.told(""));
        }
        return Ok(true);
    };
    let cannot = || format!("cannot write {}", file.display());
    // Whole or not at all: a list that is cut off looks like one that is not.
    let unfinished = file.with_extension("unfinished");
    let target = BufWriter::new(own_file(&unfinished).with_context(cannot)?);
    let exported = write_all(press, args.status, Writer::new(target, format)).await.with_context(cannot)?;
    std::fs::rename(&unfinished, file).with_context(cannot)?;
    writeln!(out, "{}", exported.told(&format!(" in {}", file.display())))?;
    Ok(true)
}

/// How many an export has written.
#[derive(Debug, Clone, Copy, Default)]
struct Exported {
    written: u64,
    /// Who is not active, where the format has no word for that.
    left_out: u64,
}

impl Exported {
    /// In words; `whither` is where they are, if that is to be said.
    fn told(self, whither: &str) -> String {
        let Exported { written, left_out } = self;
        let subscribers = if written == 1 { "subscriber" } else { "subscribers" };
        let rest = match left_out {
            0 => String::new(),
            1 => "; 1 who is not active is left out, and `--format csv` has them".to_owned(),
            many => format!("; {many} who are not active are left out, and `--format csv` has them"),
        };
        format!("{written} {subscribers}{whither}{rest}")
    }
}

/// An empty file for its owner alone, as the database is: every reader's address goes into it.
fn own_file(path: &Path) -> std::io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    // One that an export before left unfinished keeps the rights that it had.
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

async fn write_all<W: Write>(
    press: &Press,
    status: Option<Status>,
    mut list: Writer<W>,
) -> anyhow::Result<Exported> {
    let mut after = SubscriberId(0);
    let mut exported = Exported::default();
    loop {
        let page = press.store.subscribers(after, status, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for subscriber in &page {
            match list.write(subscriber)? {
                true => exported.written += 1,
                false => exported.left_out += 1,
            }
        }
    }
    list.finish()?;
    Ok(exported)
}
