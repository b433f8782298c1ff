//! Errands: changes that somebody asked for, carried to their end whether or not whoever asked still listens.
//!
//! A server drops what it does for a caller who hangs up, wherever it stands: behind the commit and before what must follow it,
//! or behind a code that is with the modem already and before its note. So each change runs in a task of its own, and the
//! caller merely waits for that. What a change is, and what it does, is not known here.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tracing::Instrument as _;

/// Errands at a time: two full doors of 256 connections, and as many callers again who have hung up. Further ones wait.
const AT_ONCE: u32 = 1_024;

/// Those that are under way. Clones share them.
#[derive(Debug, Clone)]
pub struct Errands(Arc<Semaphore>);

/// What was asked for came to a bad end; the log says where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an errand panicked")]
pub struct Panicked;

impl Default for Errands {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE as usize)))
    }
}

impl Errands {
    /// Does something to its end, also when nobody waits for this any more.
    #[expect(clippy::disallowed_methods, reason = "`over` waits for these tasks")]
    pub async fn run<F>(&self, errand: F) -> Result<F::Output, Panicked>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        // Nobody closes it, and nothing has begun before there is a place.
        let place = Arc::clone(&self.0).acquire_owned().await.map_err(|_closed| Panicked)?;
        let kept = async move {
            let output = errand.await;
            drop(place);
            output
        };
        tokio::spawn(kept.in_current_span()).await.map_err(|_panicked| Panicked)
    }

    /// Waits until none is under way. Those that come meanwhile wait for this.
    pub async fn over(&self) {
        drop(self.0.acquire_many(AT_ONCE).await);
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::task::Poll;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn an_errand_goes_on_when_nobody_waits_for_it_and_is_waited_for_at_the_end() {
        let errands = Errands::default();
        let (go, may_go) = oneshot::channel::<()>();
        let (done, is_done) = oneshot::channel::<()>();
        let mut asked = Box::pin(errands.run(async move {
            may_go.await.unwrap();
            done.send(()).unwrap();
        }));
        assert!(std::future::poll_fn(|cx| Poll::Ready(asked.as_mut().poll(cx).is_pending())).await);
        drop(asked);
        go.send(()).unwrap();
        errands.over().await;
        assert_eq!(is_done.await, Ok(()));
    }

    #[tokio::test]
    async fn a_panic_is_told_and_leaves_its_place() {
        let errands = Errands::default();
        let panics = async {
            std::hint::black_box(None::<()>).expect("as this test wants it");
        };
        assert_eq!(errands.run(panics).await, Err(Panicked));
        errands.over().await;
    }

    #[tokio::test]
    async fn more_than_can_go_at_once_wait_for_a_place() {
        let errands = Errands(Arc::new(Semaphore::new(2)));
        let mut asked: Vec<_> = (0..3).map(|_| Box::pin(errands.run(pending::<()>()))).collect();
        for one in &mut asked {
            assert!(std::future::poll_fn(|cx| Poll::Ready(one.as_mut().poll(cx).is_pending())).await);
        }
        assert_eq!(errands.0.available_permits(), 0);
    }
}
