//! A part that a modem has been given, and how that ends.

use std::fmt;

use crate::pdu::EncodedPdu;
use crate::sms::id::{MessageKey, SegmentId};
use crate::sms::outcome::Cause;

/// One part, leased to one modem.
#[derive(Clone, PartialEq, Eq)]
pub struct Lease {
    /// The part.
    pub segment: SegmentId,
    /// Its message.
    pub message: MessageKey,
    /// Its place in the message, from 1.
    pub part: u8,
    /// Parts of the message.
    pub of: u8,
    /// What to write.
    pub pdu: EncodedPdu,
    /// Whether the next part of the same message will be ready within a second of this one's result.
    pub follows_soon: bool,
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lease({} of message {}, part {} of {})", self.segment, self.message, self.part, self.of)
    }
}

/// The answer to [`super::Output::Offer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// The offer is on disk: the PDU may be written.
    Go,
    /// The gate said no: nothing is written.
    Stop,
}

/// How a lease ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// The network has it.
    Accepted {
        /// The reference that its status report will carry.
        tp_mr: u8,
    },
    /// The network has it after all: corrects an [`Settlement::Unknown`] of the same segment, and is the only settlement
    /// that follows another.
    LateAccepted {
        /// The reference that its status report will carry.
        tp_mr: u8,
    },
    /// The network or the modem refused it after the PDU was written, and that is proven.
    Refused {
        /// To be judged in [`crate::sms::outcome::Phase::AfterPdu`].
        cause: Cause,
    },
    /// The PDU was written; nobody knows what became of it.
    Unknown {
        /// What is known.
        why: UnknownWhy,
    },
    /// No octet of the PDU was written.
    Returned {
        /// Why.
        why: ReturnedWhy,
    },
}

/// Why an outcome is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownWhy {
    /// A final result that proves nothing.
    Cause(Cause),
    /// `OK` without a reference.
    NoReference,
    /// No result in the time allowed.
    Silence,
    /// The port went away.
    PortLost,
    /// The modem started anew.
    Restarted,
    /// The SIM was taken out or changed.
    SimChanged,
    /// The daemon stopped, and the time for draining was over.
    DaemonStopped,
}

/// Why a lease came back untouched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReturnedWhy {
    /// The modem refused `AT+CMGS`; to be judged in [`crate::sms::outcome::Phase::BeforePdu`].
    Cause(Cause),
    /// No prompt in time.
    NoPrompt,
    /// The offer was answered with [`Offer::Stop`].
    Stopped,
    /// The offer was not answered in time.
    OfferLate,
    /// The PDU is longer than `AT+CMGS` can announce.
    TooLong,
    /// The modem is not registered.
    NotRegistered,
    /// The SIM is roaming, and is not to be used there.
    Roaming,
    /// The machine takes nothing new any more.
    Draining,
    /// The port went away.
    PortLost,
    /// The modem is being recovered or has started anew.
    ModemDown,
}

/// The stable form for store and API.
impl fmt::Display for UnknownWhy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cause(cause) => cause.fmt(f),
            Self::NoReference => f.write_str("no-reference"),
            Self::Silence => f.write_str("no-answer"),
            Self::PortLost => f.write_str("port-lost"),
            Self::Restarted => f.write_str("modem-restarted"),
            Self::SimChanged => f.write_str("sim-changed"),
            Self::DaemonStopped => f.write_str("daemon-stopped"),
        }
    }
}

/// The stable form for store and API.
impl fmt::Display for ReturnedWhy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cause(cause) => cause.fmt(f),
            Self::NoPrompt => f.write_str("no-prompt"),
            Self::Stopped => f.write_str("stopped"),
            Self::OfferLate => f.write_str("offer-late"),
            Self::TooLong => f.write_str("too-long"),
            Self::NotRegistered => f.write_str("not-registered"),
            Self::Roaming => f.write_str("roaming"),
            Self::Draining => f.write_str("draining"),
            Self::PortLost => f.write_str("port-lost"),
            Self::ModemDown => f.write_str("modem-down"),
        }
    }
}
