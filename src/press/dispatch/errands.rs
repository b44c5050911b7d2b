//! The thread on which the couriers go about. One thread for all connections: a message is mostly waiting, and an answer
//! that is read where it is wanted wakes nobody else.

use std::io;

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// A thread with a runtime of its own, which ends when this is dropped.
pub(super) struct Errands {
    handle: Handle,
    /// Dropped, it ends the thread.
    _end: oneshot::Sender<()>,
}

impl Errands {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel::<()>();
        std::thread::Builder::new().name("couriers".to_owned()).spawn(move || {
            // It is never sent anything; it is closed.
            let _ = runtime.block_on(ended);
            // All couriers are back by then, or are to be cut off.
            runtime.shutdown_background();
        })?;
        Ok(Errands { handle, _end: end })
    }

    /// Where the couriers are spawned.
    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }
}
