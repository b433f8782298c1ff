//! The task that keeps results up with the log of events: a while after something was committed, it has what is new counted.
//!
//! A reader counts and the writer adds, some events at a time, so that offers wait for no more than a few rows. After a long
//! absence, or with a database of a release that counted nothing, it catches up in the same steps, with pauses as long as the
//! steps.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::dunning::money::Prices;
use crate::store::reader::Reader;

use super::writer::{Handle, WriteError};

/// Events that are counted at once: what came of them is a few milliseconds of the writer's time.
const AT_ONCE: u32 = 512;

/// What happens within this time is counted together. Results are looked at by people, and each count is a commit.
const SETTLES: Duration = Duration::from_secs(5);

/// After what could not be read or written.
const AGAIN: Duration = Duration::from_secs(30);

/// What the task is given.
#[derive(Debug)]
pub struct Setup {
    /// Where events are read.
    pub reader: Arc<Reader>,
    /// Where results are written.
    pub writer: Handle,
    /// The time.
    pub clock: Clock,
    /// What parts cost.
    pub prices: watch::Receiver<Arc<Prices>>,
    /// Turns true when the daemon stops.
    pub stop: watch::Receiver<bool>,
}

#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error(transparent)]
    Read(#[from] crate::store::StoreError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("a round ended badly")]
    Ended,
}

/// Counts until the daemon stops, or its writer is gone.
pub async fn run(mut setup: Setup) {
    let mut committed = setup.writer.committed();
    loop {
        committed.borrow_and_update();
        let failed = match setup.catch_up().await {
            Ok(()) => false,
            Err(error) => {
                tracing::warn!(%error, "results are not counted; they are again in a while");
                true
            }
        };
        let wait = if failed { AGAIN } else { SETTLES };
        if !failed {
            tokio::select! {
                _ = setup.stop.wait_for(|stop| *stop) => return,
                changed = committed.changed() => if changed.is_err() { return },
            }
        }
        if setup.rests(wait).await {
            return;
        }
    }
}

impl Setup {
    /// Counts what there is; under a clock that is doubted not, since what is written by it has no hour yet.
    async fn catch_up(&mut self) -> Result<(), RoundError> {
        if self.writer.is_clock_doubted() {
            return Ok(());
        }
        loop {
            let began = self.clock.now().instant;
            let (reader, prices) = (Arc::clone(&self.reader), Arc::clone(&self.prices.borrow()));
            let counted = tokio::task::spawn_blocking(move || reader.roll_up(AT_ONCE, &prices)).await;
            let Some(counted) = counted.or(Err(RoundError::Ended))?? else { return Ok(()) };
            let is_last = counted.events() < AT_ONCE as usize;
            self.writer.count_up(Arc::new(counted)).await?;
            if is_last {
                return Ok(());
            }
            let took = self.clock.now().instant.saturating_since(began);
            if self.rests(took).await {
                return Ok(());
            }
        }
    }

    /// Waits. True when the daemon stops.
    async fn rests(&mut self, time: Duration) -> bool {
        let until = self.clock.deadline(self.clock.now().instant + time);
        tokio::select! {
            _ = self.stop.wait_for(|stop| *stop) => true,
            () = tokio::time::sleep_until(until) => false,
        }
    }
}

#[cfg(test)]
mod tests;
