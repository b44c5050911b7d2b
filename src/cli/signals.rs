//! Ctrl-C and SIGTERM: the first asks for a stop, a second one does not wait.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that the first signal cancels; the second ends the process at once, with code 130.
///
/// # Errors
/// When the system gives no signals.
pub(super) fn stop() -> std::io::Result<CancellationToken> {
    stop_saying("stopping: messages on the wire are finished first; once more to stop at once")
}

/// As [`stop`], with what the first signal is answered with.
///
/// # Errors
/// When the system gives no signals.
pub(super) fn stop_saying(what: &'static str) -> std::io::Result<CancellationToken> {
    let token = CancellationToken::new();
    let cancelled = token.clone();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        for count in 0.. {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if count > 0 {
                std::process::exit(130);
            }
            super::out::complain(what);
            cancelled.cancel();
        }
    });
    Ok(token)
}
