//! What is emulated, and how much of it.

use std::time::Duration;

use super::fault::{FaultRate, Rate};
use super::profile::Profiles;

/// What is emulated.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// How many modems.
    pub modems: usize,
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// From 0x1A to the result of a part.
    pub airtime: Duration,
    /// From acceptance to the status report, give or take a tenth.
    pub report_delay: Duration,
    /// The share of messages that get an answer.
    pub reply_rate: Rate,
    /// From acceptance to the answer, give or take a half.
    pub reply_delay: Duration,
    /// Slots of each message store.
    pub storage_slots: usize,
    /// What is left on each SIM at the start, in hundredths.
    pub credit: u32,
    /// Which faults happen, and how often.
    pub faults: Vec<FaultRate>,
    /// Which modem families are played, in turn.
    pub profiles: Profiles,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            modems: 1,
            seed: 0,
            airtime: Duration::from_millis(300),
            report_delay: Duration::from_secs(5),
            reply_rate: Rate::NEVER,
            reply_delay: Duration::from_secs(8),
            storage_slots: 30,
            credit: 10_000,
            faults: Vec::new(),
            profiles: Profiles::default(),
        }
    }
}
