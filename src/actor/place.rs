//! Where a modem's port is: always the same one, or wherever the modem was found last.

use std::path::PathBuf;

use tokio::sync::watch;

/// Where a modem is.
#[derive(Debug)]
pub enum Place {
    /// On this port, which may be a symbolic link and may come and go.
    Fixed(PathBuf),
    /// Where it was found; nowhere while it is not plugged in.
    Found(watch::Receiver<Option<Spot>>),
}

/// Where a modem was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// Its port.
    pub port: PathBuf,
    /// The place of that port on the USB.
    pub slot: String,
}

impl Place {
    /// The port to open, if there is one.
    pub(super) fn port(&self) -> Option<PathBuf> {
        match self {
            Self::Fixed(port) => Some(port.clone()),
            Self::Found(spot) => spot.borrow().as_ref().map(|spot| spot.port.clone()),
        }
    }

    /// The place on the USB, where that is known without looking.
    pub(super) fn slot(&self) -> Option<String> {
        match self {
            Self::Fixed(_) => None,
            Self::Found(spot) => spot.borrow().as_ref().map(|spot| spot.slot.clone()),
        }
    }

    /// Waits until the modem is somewhere else. Can be dropped at any time.
    pub(super) async fn moved(&mut self) {
        if let Self::Found(spot) = self
            && spot.changed().await.is_ok()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}
