//! `straight run`: the daemon. A heartbeat, the watch over the schedule, the sender, and the web address.

use std::io::Write;

use anyhow::{Context as _, bail};
use tokio::sync::watch;
use tokio_cron_scheduler::{Job, JobScheduler};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::config::AcceptComments;
use crate::press::health::Work;
use crate::press::{Press, PressError, Sender, Watch};
use crate::web;

/// When the heart beats: every five seconds. The planner decides what is due; the beat only asks.
const BEAT: &str = "*/5 * * * * *";

/// Runs until `stop`; with `once` does what is due now, and ends.
///
/// # Errors
/// When it cannot begin: the store, the way out, the web address. What fails later is logged and tried again.
pub(super) async fn run(
    press: &Press,
    once: bool,
    out: &mut dyn Write,
    stop: &CancellationToken,
) -> anyhow::Result<bool> {
    press.guard()?;
    super::readers::read_in(press, out).await?;
    let mut watch = Watch::begin(press.clone()).await?;
    let mut sender = Sender::prepare(press.clone())?;
    if once {
        watch.publish_due().await?;
        sender.send_due(stop).await?;
        if let Some(why) = sender.held_up() {
            bail!("not everything went out: {why}; `straight status` says how it stands")
        }
        if let Some(slot) = watch.next_slot() {
            let at = slot.at.with_timezone(&press.config.schedule.timezone);
            writeln!(out, "Done; the next edition is due {}.", at.format("%Y-%m-%d %H:%M %Z"))?;
        }
        return Ok(true);
    }
    let served = serve(press, stop).await?;
    if let Some(slot) = watch.next_slot() {
        let at = slot.at.with_timezone(&press.config.schedule.timezone);
        info!(edition = %slot.date, at = %at.format("%Y-%m-%d %H:%M %Z"), "the next edition is due");
    }
    let (beat, beats) = watch::channel(0_u64);
    let mut heart = heart(beat).await.context("the heartbeat does not start")?;
    let publishing = async {
        let mut beats = beats.clone();
        while next(&mut beats, stop).await {
            let published = watch.publish_due().await;
            press.note_work(Work::Publishing, &published);
            if let Err(error) = published {
                error!(%error, "cannot publish; trying again");
            }
        }
    };
    let sending = async {
        let mut beats = beats.clone();
        while next(&mut beats, stop).await {
            let sent = sender.send_due(stop).await;
            press.note_work(Work::Sending, &sent);
            match sent {
                Ok(()) => {}
                // After a failed fsync nothing that this process still has in memory can be relied on.
                Err(PressError::Store(error)) if error.is_fatal() => {
                    stop.cancel();
                    return Err(error);
                }
                Err(error) => error!(%error, "cannot send; trying again"),
            }
        }
        Ok(())
    };
    let ((), sent) = tokio::join!(publishing, sending);
    heart.shutdown().await.context("the heartbeat does not stop")?;
    if let Some(served) = served {
        served.await.context("the web server was cut off")?;
    }
    sent.context("the store cannot be relied on; nothing more is sent")?;
    info!("stopped; what is left waits in the ledger");
    Ok(true)
}

/// Serves the web address, if there is one.
async fn serve(
    press: &Press,
    stop: &CancellationToken,
) -> anyhow::Result<Option<tokio::task::JoinHandle<()>>> {
    let Some(address) = press.config.web.listen else { return Ok(None) };
    let listener = tokio::net::TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}; set web.listen to a free address, or to off")
    })?;
    let here = listener.local_addr()?;
    info!(address = %here, "serving");
    if press.config.comments.accept == AcceptComments::Open && press.config.moderators().is_empty() {
        warn!(
            "readers may comment, and nobody is written to about it: name `comments.moderators` or `publication.editors`, \
             look with `straight comments list`, or set `comments.accept: closed`"
        );
    }
    if press.config.publication.sample_keys.contains(&"publication.public_url") {
        warn!(
            "public_url is still the sample's, and the links of letters and editions lead there; to try them on this \
             machine, start with STRAIGHT_PUBLIC_URL=http://{here}"
        );
    }
    let pages = web::Web::new(press)?;
    Ok(Some(tokio::spawn(web::serve(listener, pages, stop.clone()))))
}

/// Waits for the next beat; `false` when it is time to stop.
async fn next(beats: &mut watch::Receiver<u64>, stop: &CancellationToken) -> bool {
    tokio::select! {
        () = stop.cancelled() => false,
        changed = beats.changed() => changed.is_ok(),
    }
}

/// tokio-cron-scheduler as the heartbeat only: it knows no time zone rules that we rely on.
async fn heart(beat: watch::Sender<u64>) -> Result<JobScheduler, tokio_cron_scheduler::JobSchedulerError> {
    let heart = JobScheduler::new().await?;
    beat.send_modify(|count| *count += 1);
    let job = Job::new(BEAT, move |_, _| beat.send_modify(|count| *count += 1))?;
    heart.add(job).await?;
    heart.start().await?;
    Ok(heart)
}
