//! `straight subscribers`: see and change who gets the edition.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};

use super::args::{
    AddArgs, EraseArgs, ExportArgs, ImportArgs, ListArgs, RemoveArgs, ReviveArgs, ShowArgs,
    SubscribersCommand,
};
use super::readers;
use crate::press::Press;
use crate::store::{Commented, Origin};
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
    let Some(subscriber) = press.store.by_email(&args.email).await? else {
        bail!("{} is not among the subscribers", args.email);
    };
    if press.store.unsubscribe(subscriber.id, press.clock.now()).await? {
        writeln!(out, "{} is unsubscribed: no import brings them back.", subscriber.email)?;
    } else {
        writeln!(out, "{} is {} already.", subscriber.email, subscriber.status)?;
    }
    Ok(true)
}

async fn revive(press: &Press, args: &ReviveArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let Some(Subscriber { id, email, status, .. }) = press.store.by_email(&args.email).await? else {
        bail!("{} is not among the subscribers", args.email);
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
        if press.store.is_erased(&args.email, press.clock.now()).await? {
            bail!(
                "{} was erased, or given up for another address: only their own sign-up brings them back",
                args.email
            );
        }
        return show_guest(press, args, out).await;
    };
    let known = press.store.known(&subscriber).await?;
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&known)?)?;
        return Ok(true);
    }
    let zone = press.config.schedule.timezone;
    let day = |at: DateTime<Utc>| at.with_timezone(&zone).format("%Y-%m-%d %H:%M %Z").to_string();
    writeln!(out, "{} is {} since {}.", known.email, known.status, day(known.since))?;
    let paused = known.paused_until.map(day);
    for (what, value) in [("Name", known.name), ("Time zone", known.timezone), ("Paused until", paused)] {
        if let Some(value) = value {
            writeln!(out, "{what}: {value}")?;
        }
    }
    if known.consents.is_empty() {
        writeln!(out, "Consent: nothing on record here; they came by a file or a command.")?;
    }
    for consent in &known.consents {
        let from = consent.asked_from.as_deref().map(|from| format!(" from {from}")).unwrap_or_default();
        writeln!(out, "Consent: {} on {}{from}, by {}", consent.kind, day(consent.asked_at), consent.origin)?;
        writeln!(out, "  read: {}", consent.words)?;
        match consent.confirmed_at {
            Some(at) => writeln!(out, "  confirmed on {}", day(at))?,
            None => writeln!(out, "  not confirmed")?,
        }
    }
    for (kind, received) in [("Edition", &known.editions), ("Letter", &known.letters)] {
        for one in received {
            let at = one.at.map(|at| format!(" on {}", day(at))).unwrap_or_default();
            writeln!(out, "{kind}: {}, {}{at}", one.what, one.state)?;
        }
    }
    show_comments(&known.comments, day, out)
}

fn show_comments(
    comments: &[Commented],
    day: impl Fn(DateTime<Utc>) -> String,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    for comment in comments {
        writeln!(out, "Comment: {}, {}, on {}", comment.article, comment.moderation, day(comment.at))?;
    }
    Ok(true)
}

/// What is kept of one who is no subscriber, and may have commented.
async fn show_guest(press: &Press, args: &ShowArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let Some(guest) = press.store.guest(&args.email).await? else {
        bail!("{} is not among the subscribers, and nothing else is kept of them", args.email);
    };
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&guest)?)?;
        return Ok(true);
    }
    writeln!(out, "{} is not among the subscribers.", guest.email)?;
    if guest.sign_ups > 0 {
        writeln!(out, "Sign-ups: {}, none confirmed", guest.sign_ups)?;
    }
    let zone = press.config.schedule.timezone;
    let day = |at: DateTime<Utc>| at.with_timezone(&zone).format("%Y-%m-%d %H:%M %Z").to_string();
    for letter in &guest.letters {
        let at = letter.at.map(|at| format!(" on {}", day(at))).unwrap_or_default();
        writeln!(out, "Letter: {}, {}{at}", letter.what, letter.state)?;
    }
    show_comments(&guest.comments, day, out)
}

async fn erase(press: &Press, args: &EraseArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let Some(subscriber) = press.store.by_email(&args.email).await? else {
        let Some(guest) = press.store.guest(&args.email).await? else {
            bail!("{} is not among the subscribers, and nothing else is kept of them", args.email);
        };
        press.store.erase_guest(&args.email).await?;
        let (comments, letters) = (guest.comments.len(), guest.letters.len());
        writeln!(
            out,
            "{} was no subscriber. Erased: {comments} comments, {letters} letters, {} sign-ups. Take it out of your backups too.",
            args.email, guest.sign_ups
        )?;
        return Ok(true);
    };
    press.store.erase(subscriber.id, &press.keys(), press.clock.now()).await?;
    writeln!(
        out,
        "{} is erased: a keyed digest of the address keeps imports from bringing them back. Take it out of your own files and backups too.",
        args.email
    )?;
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
        write_all(press, args.status, Writer::new(out, format)).await?;
        return Ok(true);
    };
    let cannot = || format!("cannot write {}", file.display());
    // Whole or not at all: a list that is cut off looks like one that is not.
    let unfinished = file.with_extension("unfinished");
    let target = BufWriter::new(own_file(&unfinished).with_context(cannot)?);
    let count = write_all(press, args.status, Writer::new(target, format)).await.with_context(cannot)?;
    std::fs::rename(&unfinished, file).with_context(cannot)?;
    writeln!(out, "{count} subscribers in {}", file.display())?;
    Ok(true)
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
) -> anyhow::Result<u64> {
    let mut after = SubscriberId(0);
    let mut count = 0;
    loop {
        let page = press.store.subscribers(after, status, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for subscriber in &page {
            list.write(subscriber)?;
            count += 1;
        }
    }
    list.finish()?;
    Ok(count)
}
