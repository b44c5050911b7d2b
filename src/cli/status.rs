//! `straight status`: where the deliveries of an edition stand, at which domains, and why.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::bail;
use serde_json::{Map, Value, json};

use super::approve::{CalledOff, due_next};
use super::args::{StatusArgs, StatusFormat};
use super::letters::{self, LATELY};
use super::why;
use crate::comment::Moderation;
use crate::config::ApprovalPolicy;
use crate::delivery::State;
use crate::delivery::reasons::Reasons;
use crate::edition::EditionKey;
use crate::press::{Consent, Press, Withheld, moment_of};
use crate::store::{Counts, Course, Decision, Domains, EditionSummary, InDoubt, Noted, Trouble};
use crate::subscriber::masked_in;

/// How many kinds of reasons are shown.
const REASONS: usize = 20;

/// All that is told of one edition.
struct Standing {
    summary: EditionSummary,
    counts: Counts,
    domains: Domains,
    reasons: Reasons,
    /// Attempts without an answer.
    unanswered: u64,
    in_doubt: InDoubt,
    decisions: Vec<Decision>,
    stop: Option<Decision>,
    /// Local time.
    next_try: Option<chrono::DateTime<chrono_tz::Tz>>,
    /// Local time at which whoever has not got it is given up, while somebody waits and nobody has stopped it.
    gives_up: Option<chrono::DateTime<chrono_tz::Tz>>,
}

/// Prints where the edition stands that `args` names, the newest when absent.
///
/// # Errors
/// When there is no such edition.
pub(super) async fn status(press: &Press, args: &StatusArgs, out: &mut dyn Write) -> anyhow::Result<bool> {
    let held = match &args.edition {
        Some(_) => None,
        None => held(press).await?,
    };
    let newest = press.store.editions(None, 1).await?.into_iter().next();
    let summary = match &args.edition {
        None => newest,
        Some(key) => match press.store.edition_summary(key).await? {
            None => bail!("the edition {key} has not gone out"),
            found => found,
        },
    };
    let standing = match summary {
        None => None,
        Some(summary) => Some(standing(press, summary, args.domains).await?),
    };
    let troubles = press.store.troubles(press.clock.now()).await?;
    let going = press.store.going_editions().await?;
    let send = match going.as_slice() {
        [] => "`straight send`".to_owned(),
        keys => {
            let each = keys.iter().map(|key| format!("`straight send --edition {key}`"));
            each.collect::<Vec<_>>().join(" and ")
        }
    };
    let counts = press.store.comment_counts().await?;
    let waiting = counts.iter().find(|(moderation, _)| *moderation == Moderation::Pending);
    let waiting = waiting.map_or(0, |(_, count)| *count);
    let in_trouble = press.store.letters_in_trouble(press.clock.now() - LATELY).await?;
    match args.format {
        StatusFormat::Human => {
            for noted in &troubles {
                tell_trouble(noted, press.config.schedule.timezone, &send, out)?;
            }
            if let Some(held) = held {
                writeln!(out, "{held}")?;
            }
            match standing {
                None => writeln!(out, "No edition has gone out yet.")?,
                Some(standing) => tell(&standing, out)?,
            }
            for (state, count, reason) in &in_trouble {
                let reason =
                    reason.as_deref().map_or_else(String::new, |reason| format!(": {}", masked_in(reason)));
                let (state, days) = (state.as_str(), LATELY.num_days());
                writeln!(out, "Letters of the last {days} days: {count} {state}{reason}")?;
            }
            if !in_trouble.is_empty() {
                writeln!(out, "  `straight letters list` shows them")?;
            }
            letters::tell_stood_in(press, out).await?;
            match waiting {
                0 => {}
                1 => writeln!(out, "1 comment waits for a decision: `straight comments list` shows it.")?,
                many => writeln!(
                    out,
                    "{many} comments wait for a decision: `straight comments list` shows them."
                )?,
            }
        }
        StatusFormat::Json => {
            let troubles: Vec<Value> = troubles.iter().map(trouble_json).collect();
            let told = json!({
                "troubles": troubles,
                "held": held,
                "edition": standing.as_ref().map(as_json),
                "comments_waiting": waiting,
                "letters": in_trouble.iter().map(|(state, count, _)| (state.as_str(), *count)).collect::<BTreeMap<_, _>>(),
                "letters_by_built_in_templates": letters::stood_in_json(press).await?,
            });
            writeln!(out, "{}", serde_json::to_string_pretty(&told)?)?;
        }
    }
    Ok(true)
}

/// What keeps a node from sending, and what helps: the commands `send` among it.
fn tell_trouble(
    noted: &Noted,
    timezone: chrono_tz::Tz,
    send: &str,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let Noted { node, trouble, since, told, .. } = noted;
    let since = since.with_timezone(&timezone).format("%Y-%m-%d %H:%M %Z");
    match trouble {
        Trouble::Halted => {
            writeln!(out, "Sending is HALTED on {node} since {since}: {told}")?;
            writeln!(
                out,
                "  Mend it; then it goes on at once with {send}, with `straight run` by itself, in ten minutes or later."
            )?;
        }
        Trouble::Unreachable => {
            writeln!(out, "Nothing gets through from {node} since {since}: {told}")?;
            writeln!(out, "  `straight run` tries again by itself; else it goes on with {send}.")?;
        }
        Trouble::Slowed => {
            writeln!(out, "Since {since} {told} (from {node}); nobody loses an attempt by that")?
        }
        Trouble::Broken => {
            writeln!(out, "Since {since} {told} (from {node})")?;
            writeln!(
                out,
                "  Behind the name in `smtp.url` one of several servers may be broken. Nobody is struck off for what it says."
            )?;
        }
    }
    Ok(())
}

fn trouble_json(noted: &Noted) -> Value {
    json!({
        "trouble": noted.trouble.as_str(),
        "node": noted.node,
        "since": noted.since.to_rfc3339(),
        "seen_at": noted.seen_at.to_rfc3339(),
        "told": noted.told,
    })
}

/// Why today's edition is not out, when something is wrong with it.
async fn held(press: &Press) -> anyhow::Result<Option<String>> {
    let next = due_next(press, CalledOff::Name).await?;
    let now = press.clock.now();
    let leaving = moment_of(&press.config.schedule, &next, now);
    match Consent::of(&press.store, &press.config, &next, leaving, now).await? {
        Consent::Withheld(why @ Withheld::Decided(_)) => {
            let remedy = why.remedy(&next);
            return Ok(Some(format!("The edition of {next}, which has not gone out, {why}; {remedy}.")));
        }
        Consent::Withheld(Withheld::Changed(_)) => {
            return Ok(Some(format!(
                "The edition of {next} has changed since it was approved, and does not go out; \
                 `straight approve {next} --show` says how."
            )));
        }
        Consent::Withheld(why @ Withheld::Early(_)) => {
            return Ok(Some(format!("The edition of {next} {why}.")));
        }
        Consent::Approved(approved) => {
            let who = &approved.approval.who;
            return Ok(Some(format!("The edition of {next} is approved by {who}, and unchanged since.")));
        }
        Consent::NotNeeded | Consent::Withheld(Withheld::Unapproved | Withheld::Overtaken) => {}
    }
    let today: EditionKey = press.key_at(now);
    if press.store.edition_summary(&today).await?.is_some() {
        return Ok(None);
    }
    Ok(match press.draft(today.clone(), now).await.map(|draft| draft.errors.len()) {
        Ok(0) if press.config.edition.approval == ApprovalPolicy::Required => {
            Some(format!("The edition of {next} is not approved; `straight approve {next}` does it."))
        }
        Ok(0) => None,
        Ok(count) => {
            Some(format!("The edition of {today} is held by {count} errors; `straight check` shows them."))
        }
        Err(why) => Some(format!("The edition of {today} cannot be made: {why}")),
    })
}

async fn standing(press: &Press, summary: EditionSummary, domains: u32) -> anyhow::Result<Standing> {
    let (store, id) = (&press.store, summary.id);
    let stop = store.stop_of(id).await?;
    let next_try = match &stop {
        Some(_) => None,
        None => store.next_due(id).await?.map(|due| due.with_timezone(&press.config.schedule.timezone)),
    };
    let counts = store.counts(id).await?;
    let gives_up = (stop.is_none() && counts.open() > 0)
        .then(|| press.gives_up_at(&summary).with_timezone(&press.config.schedule.timezone));
    let domains = match domains {
        0 => Domains::default(),
        limit => store.domains(id, limit).await?,
    };
    Ok(Standing {
        counts,
        domains,
        reasons: store.reasons(id, REASONS).await?,
        unanswered: store.uncertain_attempts(id).await?,
        in_doubt: store.in_doubt(id).await?,
        decisions: store.decisions(id).await?,
        stop,
        next_try,
        gives_up,
        summary,
    })
}

fn tell(standing: &Standing, out: &mut dyn Write) -> anyhow::Result<()> {
    let Standing { summary, counts, .. } = standing;
    let key = &summary.key;
    writeln!(out, "Edition {key}, no. {}: {}", summary.number, summary.subject)?;
    writeln!(
        out,
        "  frozen {}, content hash {}",
        summary.frozen_at.format("%Y-%m-%d %H:%M:%S UTC"),
        summary.hash
    )?;
    for decision in &standing.decisions {
        writeln!(out, "  {decision}")?;
    }
    if standing.stop.as_ref().is_some_and(|stop| stop.course == Course::Paused) {
        writeln!(
            out,
            "  `straight resume --edition {key}` lets it go on, `straight cancel --edition {key}` ends it"
        )?;
    }
    writeln!(out, "  {:>10}  readers, of whom", summary.recipients)?;
    for state in State::ALL {
        if counts.of(state) > 0 {
            writeln!(out, "  {:>10}  {}", counts.of(state), state.as_str())?;
        }
    }
    tell_domains(standing, out)?;
    let uncertain = counts.of(State::Uncertain);
    if uncertain > 0 {
        writeln!(
            out,
            "  uncertain: {} may have it or not; `straight deliveries resolve` settles it, `retry` sends it again",
            why::readers(uncertain)
        )?;
    }
    why::tell_in_doubt(standing.in_doubt, out)?;
    if !standing.reasons.largest.is_empty() {
        writeln!(out, "  why, by frequency (`straight deliveries list --edition {key}` names the readers):")?;
    }
    why::tell_reasons(
        &standing.reasons,
        &format!("`straight deliveries list --edition {key}` has each"),
        out,
    )?;
    if let Some(due) = standing.next_try {
        writeln!(out, "  next try {}", due.format("%Y-%m-%d %H:%M %Z"))?;
    }
    if let Some(at) = standing.gives_up {
        let at = at.format("%Y-%m-%d %H:%M %Z");
        writeln!(
            out,
            "  given up {at} for whoever waits then; a halt does not stop that clock, `straight pause` does"
        )?;
    }
    Ok(())
}

/// A line a domain, a column for each state that occurs.
fn tell_domains(standing: &Standing, out: &mut dyn Write) -> anyhow::Result<()> {
    let Standing { counts, domains, .. } = standing;
    if domains.largest.is_empty() {
        return Ok(());
    }
    let states: Vec<State> = State::ALL.into_iter().filter(|state| counts.of(*state) > 0).collect();
    write!(out, "  {:>10}", "readers")?;
    for state in &states {
        write!(out, "  {:>10}", state.as_str())?;
    }
    writeln!(out, "  at")?;
    let others = others(standing);
    let others = others.map(|(count, counts)| (format!("{count} other domains"), counts));
    for (domain, counts) in domains.largest.iter().chain(&others) {
        write!(out, "  {:>10}", counts.total())?;
        for state in &states {
            write!(out, "  {:>10}", counts.of(*state))?;
        }
        writeln!(out, "  {domain}")?;
    }
    Ok(())
}

/// The domains that have no line of their own, added up: how many, and how they stand.
fn others(standing: &Standing) -> Option<(u64, Counts)> {
    let rest = standing.domains.all.saturating_sub(standing.domains.largest.len() as u64);
    let largest = standing.domains.largest.iter().map(|(_, counts)| counts);
    (rest > 0).then(|| (rest, standing.counts.without(largest)))
}

fn as_json(standing: &Standing) -> Value {
    let Standing { summary, counts, .. } = standing;
    let domains: Vec<Value> = standing
        .domains
        .largest
        .iter()
        .map(|(domain, counts)| {
            json!({ "domain": domain, "recipients": counts.total(), "counts": counts_json(counts) })
        })
        .collect();
    let others = others(standing).map(
        |(count, counts)| json!({ "domains": count, "recipients": counts.total(), "counts": counts_json(&counts) }),
    );
    let reasons: Vec<Value> = standing
        .reasons
        .largest
        .iter()
        .map(|(state, reason, count)| json!({ "state": state.as_str(), "reason": reason, "count": count }))
        .collect();
    let Reasons { other_kinds, other_readers, .. } = standing.reasons;
    let InDoubt { twice, already } = standing.in_doubt;
    json!({
        "key": summary.key.to_string(),
        "number": summary.number,
        "subject": summary.subject,
        "frozen_at": summary.frozen_at.to_rfc3339(),
        "hash": summary.hash,
        "recipients": summary.recipients,
        "counts": counts_json(counts),
        "domains": domains,
        "other_domains": others,
        "reasons": reasons,
        "other_reasons": (other_kinds > 0).then(|| json!({ "kinds": other_kinds, "count": other_readers })),
        "uncertain_attempts": standing.unanswered,
        "in_doubt": { "sent_twice": twice, "not_sent_but_perhaps_there": already },
        "stopped": standing.stop.as_ref().map(decision_json),
        "decisions": standing.decisions.iter().map(decision_json).collect::<Vec<_>>(),
        "next_try": standing.next_try.map(|due| due.to_rfc3339()),
        "gives_up_at": standing.gives_up.map(|at| at.to_rfc3339()),
    })
}

fn counts_json(counts: &Counts) -> Map<String, Value> {
    State::ALL.into_iter().map(|state| (state.as_str().to_owned(), counts.of(state).into())).collect()
}

fn decision_json(decision: &Decision) -> Value {
    json!({
        "course": decision.course.as_str(),
        "at": decision.at.to_rfc3339(),
        "who": decision.who,
        "reason": decision.reason,
    })
}
