//! How the modems are, and a word with them: each modem's actor writes its own entry and hears what it is asked, the API
//! reads all entries and asks.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use crate::clock::{Instant, Timestamp};
use crate::modem::{UssdAnswer, UssdCode, UssdRefusal};
use crate::sms::id::ModemId;

/// One modem as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModemStatus {
    /// The port as configured, or where it was found.
    pub port: String,
    /// Its place on the USB.
    pub slot: Option<String>,
    /// `AT+CGSN`.
    pub imei: Option<String>,
    /// `AT+CGMM`.
    pub model: Option<String>,
    /// The family that it is treated as.
    pub profile: Option<String>,
    /// What it does.
    pub state: ModemState,
    /// Why it does not send, in words.
    pub reason: Option<String>,
    /// ICCID of its SIM.
    pub iccid: Option<String>,
    /// The network that it is registered on.
    pub operator: Option<String>,
    /// The word for its registration.
    pub registration: Option<&'static str>,
    /// Received signal strength.
    pub signal_dbm: Option<i16>,
    /// When the network last took a part from it.
    pub last_sent_at: Option<Timestamp>,
    /// Rung of the recovery ladder that is being tried.
    pub rung: Option<u8>,
    /// What it was last down for, also after it is back.
    pub last_fault: Option<Fault>,
    /// When it last carried anything: a part, a report or a text.
    pub last_traffic: Option<Instant>,
}

/// Why a modem was down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// In words.
    pub reason: String,
    /// When that was noticed last.
    pub at: Timestamp,
    /// Rung of the recovery ladder that it came to.
    pub rung: Option<u8>,
}

/// What a modem does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ModemState {
    /// The port is not there, or cannot be opened.
    #[default]
    Absent,
    /// It is being asked who it is and set up.
    Starting,
    /// It can send.
    Ready,
    /// It is up but not registered on a network.
    Unregistered,
    /// It is up, and its SIM is not to be used where it roams.
    Roaming,
    /// It does not answer as it should and is being brought back.
    Recovering,
    /// Nothing has brought it back, and a person must look after it.
    Dead,
}

impl ModemState {
    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Unregistered => "unregistered",
            Self::Roaming => "roaming",
            Self::Recovering => "recovering",
            Self::Dead => "dead",
        }
    }
}

/// A code for the network that a person sends by one modem.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) code: UssdCode,
    pub(crate) reply: oneshot::Sender<Result<UssdAnswer, UssdRefusal>>,
}

/// Why a code was not sent, or nobody knows what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// There is no modem of this name.
    #[error("there is no modem of this name")]
    NoModem,
    /// The modem does not take it now.
    #[error(transparent)]
    Refused(#[from] UssdRefusal),
    /// The modem's task has ended.
    #[error("the modem is not driven any more")]
    Ended,
}

/// Codes that wait for a modem's task. It refuses all but one at once.
const ASKS: usize = 4;

/// The entries of all modems. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Fleet(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    entries: RwLock<BTreeMap<ModemId, ModemStatus>>,
    ears: RwLock<BTreeMap<ModemId, mpsc::Sender<Ask>>>,
}

impl Fleet {
    /// All modems, by name.
    pub fn list(&self) -> Vec<(ModemId, ModemStatus)> {
        let entries = self.0.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.iter().map(|(id, status)| (id.clone(), status.clone())).collect()
    }

    /// Changes one entry, which is made when it is new.
    pub fn update(&self, id: &ModemId, change: impl FnOnce(&mut ModemStatus)) {
        let mut entries = self.0.entries.write().unwrap_or_else(PoisonError::into_inner);
        change(entries.entry(id.clone()).or_default());
    }

    /// When any other modem last carried anything.
    pub fn last_traffic_beside(&self, id: &ModemId) -> Option<Instant> {
        let entries = self.0.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.iter().filter(|(other, _)| *other != id).filter_map(|(_, status)| status.last_traffic).max()
    }

    /// Sends a code to the network by this modem, or answers the network in a session that is open there. Takes as long as
    /// the network does.
    pub async fn ask(&self, id: &ModemId, code: UssdCode) -> Result<UssdAnswer, AskError> {
        let ear = self.0.ears.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        let (reply, answer) = oneshot::channel();
        ear.ok_or(AskError::NoModem)?.try_send(Ask { code, reply }).map_err(|error| match error {
            TrySendError::Full(_) => AskError::Refused(UssdRefusal::Busy),
            TrySendError::Closed(_) => AskError::Ended,
        })?;
        answer.await.unwrap_or(Err(UssdRefusal::NotReady)).map_err(AskError::from)
    }

    /// What is asked of this modem from now on.
    pub(crate) fn listen(&self, id: &ModemId) -> mpsc::Receiver<Ask> {
        let (ear, asks) = mpsc::channel(ASKS);
        self.0.ears.write().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), ear);
        asks
    }

    /// Whether any modem can send.
    pub fn any_ready(&self) -> bool {
        self.0.entries.read().unwrap_or_else(PoisonError::into_inner).values().any(|m| m.state == ModemState::Ready)
    }
}
