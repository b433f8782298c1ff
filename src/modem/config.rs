//! What the machine is told at the start.

use std::fmt;

use sha2::{Digest, Sha256};

/// Settings of one modem slot.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// The cards that have settings. Which one is in the modem is known only after its ICCID was read.
    pub cards: Vec<Card>,
}

/// Settings of one SIM.
#[derive(Clone, Default)]
pub struct Card {
    /// Which SIM, 18 to 20 digits.
    pub iccid: String,
    /// Its PIN, entered at most once per modem start. `None` where none is known, or where it was refused before: the
    /// caller remembers [`super::DownReason::PinRefused`] over restarts.
    pub pin: Option<String>,
    /// Service centre to set if the SIM has another one or none.
    pub smsc: Option<String>,
    /// Whether it is used while it is roaming, which costs more.
    pub roaming: bool,
}

impl Card {
    /// A digest of SIM and PIN, to know a refused PIN again without keeping it.
    pub fn pin_mark(&self) -> Option<[u8; 32]> {
        let pin = self.pin.as_ref()?;
        Some(Sha256::digest(format!("{}:{pin}", self.iccid)).into())
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Card").field("iccid", &self.iccid).finish_non_exhaustive()
    }
}

impl Config {
    pub(super) fn card(&self, iccid: &str) -> Option<&Card> {
        self.cards.iter().find(|card| card.iccid == iccid)
    }
}
