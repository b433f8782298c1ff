//! The rounds of a task that follows what is committed: it looks again when something is, when a time comes, and now and
//! then anyway.

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::{Clock, Timestamp};

use super::writer::Handle;

/// No wait is longer than this, so that a jump of the civil clock is noticed.
const LOOK: Duration = Duration::from_secs(30);

/// What ends a rest.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Woken<T> {
    /// The next round is up.
    Round,
    /// Something was asked of the task, which is done in the next round.
    Asked(T),
    /// The daemon stops, or the writer is gone: without it there is nothing to do.
    End,
}

/// What a task waits for between two rounds.
#[derive(Debug)]
pub(super) struct Rounds {
    clock: Clock,
    committed: watch::Receiver<i64>,
    stop: watch::Receiver<bool>,
    /// What changes together is looked at together.
    settles: Duration,
}

impl Rounds {
    /// The rounds of a task that writes by this writer.
    pub(super) fn new(writer: &Handle, clock: &Clock, stop: &watch::Receiver<bool>, settles: Duration) -> Self {
        Self { clock: clock.clone(), committed: writer.committed(), stop: stop.clone(), settles }
    }

    /// A round begins: what was committed before is seen by it.
    pub(super) fn begin(&mut self) {
        self.committed.borrow_and_update();
    }

    /// Waits for the next round: until `next`, or until something is asked.
    pub(super) async fn rest<T>(
        &mut self,
        next: Option<Timestamp>,
        asked: impl Future<Output = Option<T>>,
    ) -> Woken<T> {
        let now = self.clock.now();
        let look = now.instant + LOOK;
        let due = next.map_or(look, |next| now.instant + next.saturating_since(now.utc));
        let until = self.clock.deadline(due.min(look));
        tokio::select! {
            _ = self.stop.wait_for(|stop| *stop) => return Woken::End,
            changed = self.committed.changed() => if changed.is_err() { return Woken::End },
            Some(asked) = asked => return Woken::Asked(asked),
            () = tokio::time::sleep_until(until) => return Woken::Round,
        }
        let settled = self.clock.deadline(self.clock.now().instant + self.settles);
        tokio::select! {
            _ = self.stop.wait_for(|stop| *stop) => Woken::End,
            () = tokio::time::sleep_until(settled) => Woken::Round,
        }
    }
}

/// A thread that read ended badly.
#[derive(Debug, thiserror::Error)]
#[error("a round ended badly")]
pub(super) struct Ended;

/// Reads on a thread where that is allowed.
pub(super) async fn blocking<T: Send + 'static>(read: impl FnOnce() -> T + Send + 'static) -> Result<T, Ended> {
    tokio::task::spawn_blocking(read).await.map_err(|_panicked| Ended)
}
