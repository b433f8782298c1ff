//! Having the configuration read again: whoever asks, and whoever does it.
//!
//! What a signal asks for is asked for here too, by the API, which then can say what came of it. The daemon reads the file; this
//! is only the way there and back.

use tokio::sync::{mpsc, oneshot};

/// What came of reading the configuration again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// What is wrong with it, by place and key. Nothing was changed then.
    pub findings: Vec<String>,
    /// Keys and sections that are others from now on.
    pub changed: Vec<&'static str>,
    /// Keys and sections that are others in the file and hold from the next start on.
    pub needs_restart: Vec<&'static str>,
}

/// Somebody wants it read again.
#[derive(Debug)]
pub struct Ask(oneshot::Sender<Reloaded>);

impl Ask {
    /// Says what came of it.
    pub fn answer(self, reloaded: Reloaded) {
        // Who has gone away finds it in the log.
        drop(self.0.send(reloaded));
    }
}

/// Nobody reads it: the daemon stops, or is being asked by others already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the configuration is not read now")]
pub struct NotNow;

/// To ask. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Handle(mpsc::Sender<Ask>);

/// Those who wait at a time. One more is told to come again.
const WAITING: usize = 4;

/// The way there.
pub fn channel() -> (Handle, mpsc::Receiver<Ask>) {
    let (sender, asks) = mpsc::channel(WAITING);
    (Handle(sender), asks)
}

impl Handle {
    /// Has the configuration read again.
    pub async fn reload(&self) -> Result<Reloaded, NotNow> {
        let (reply, reloaded) = oneshot::channel();
        self.0.try_send(Ask(reply)).map_err(|_full_or_closed| NotNow)?;
        reloaded.await.map_err(|_gone| NotNow)
    }
}
