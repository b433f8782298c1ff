//! The thread that copies SQLite's log to the database proper, so that no commit has to wait for it.
//!
//! It sleeps until the writer wakes it, and ends when the writer does.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use crate::store::log::Checkpointer;

/// Wakes the thread. Dropping it ends the thread; [`CheckpointThread::stop`] also waits for that.
#[derive(Debug)]
pub(super) struct CheckpointThread {
    wake: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl CheckpointThread {
    pub(super) fn start(checkpointer: Checkpointer) -> Result<Self, std::io::Error> {
        // One wish is as good as many.
        let (wake, wishes) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("checkpoint".to_owned())
            .spawn(move || copy_at_each(&wishes, &checkpointer))?;
        Ok(Self { wake, thread })
    }

    /// Copies the log as soon as may be. A wish that waits already is enough.
    pub(super) fn wish(&self) {
        self.wake.try_send(()).unwrap_or_default();
    }

    pub(super) fn stop(self) {
        let Self { wake, thread } = self;
        drop(wake);
        if thread.join().is_err() {
            tracing::error!("checkpoint thread ended by a panic");
        }
    }
}

fn copy_at_each(wishes: &Receiver<()>, checkpointer: &Checkpointer) {
    while wishes.recv().is_ok() {
        if let Err(error) = checkpointer.run() {
            // The log stays as it is; the writer copies it itself when it has grown too long.
            tracing::debug!(%error, "log not copied");
        }
    }
}
