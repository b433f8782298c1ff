//! What the machine reports.

use std::fmt;
use std::time::Duration;

use super::lease::Settlement;
use super::ussd::UssdAnswer;
use crate::at::{Overrun, Registered, Routed, Store};
use crate::sms::id::SegmentId;
use crate::sms::outcome::Cause;

/// One fact or wish. The caller acts on each in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Octets for the port, in one write.
    Write(Vec<u8>),
    /// `AT+CMGS` was written for this segment: run the offer transaction now and answer by `offer_answered`. Until the
    /// answer comes, the segment is not settled, whatever the modem does.
    Offer(SegmentId),
    /// A lease has ended.
    Settled {
        /// Whose.
        segment: SegmentId,
        /// How.
        result: Settlement,
    },
    /// Something was received. When it is on disk, answer by `stored`; only then it leaves the modem.
    Inbound(Inbound),
    /// Somebody called and was hung up on.
    Call {
        /// The number, if the network showed it.
        from: Option<String>,
    },
    /// A request of `request_ussd` is done with.
    Ussd(UssdAnswer),
    /// The PIN of this SIM is what is written next. That it is spent must be on disk before the octets go out.
    Pin {
        /// Whose.
        iccid: String,
    },
    /// The modem is ready for leases as soon as it is registered.
    Up {
        /// Who it is.
        identity: Identity,
        /// What the state of its SIM hangs on.
        sim: String,
    },
    /// Something about the modem has changed. Also sent once after each [`Output::Up`].
    Changed(Status),
    /// The modem takes no leases for now; the machine works on it.
    Down {
        /// Why.
        reason: DownReason,
        /// Rung of the recovery ladder that is tried now, 0 to 7; none where the ladder has no help.
        rung: Option<u8>,
    },
    /// Close the port (drop DTR and RTS for a second), open it again after the pause, and say `port_opened`.
    Reopen {
        /// Least pause between close and open.
        after: Duration,
    },
    /// A reset is wanted: answer by `reset_permitted` when this modem may leave the bus. With `false`: no longer.
    Permit(bool),
    /// Close the port, reset the modem from outside, and say `reset_done`.
    Reset(HostReset),
    /// Draining is over: nothing is on the wire, the port may be closed.
    Drained,
    /// For the log and the counters.
    Note(Note),
}

/// The last rung of the recovery ladder: nothing has helped, and a person must look after the modem.
pub const RUNG_DEAD: u8 = 7;

/// What resets a modem that does not do it by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostReset {
    /// Unplugging it and plugging it in again, as far as the kernel can play that.
    Replug,
    /// Taking its power away for a while.
    PowerCycle,
}

/// Names one received message between [`Output::Inbound`] and `stored`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(pub(crate) u64);

/// A message as received, whatever its type: the PDU says what it is, the announcement does not.
#[derive(Clone, PartialEq, Eq)]
pub struct Inbound {
    /// For `stored`.
    pub handle: Handle,
    /// SMSC field and TPDU.
    pub octets: Vec<u8>,
    /// Where it came from.
    pub origin: Origin,
}

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Inbound({}, {} octets, {:?})", self.handle.0, self.octets.len(), self.origin)
    }
}

/// Where a received message came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Read from a store.
    Store(Store),
    /// Routed to the port by `+CMT` or `+CDS`.
    Routed(Routed),
}

/// Who the modem is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// `AT+CGSN`.
    pub imei: Option<String>,
    /// `AT+CGMI`.
    pub manufacturer: Option<String>,
    /// `AT+CGMM`.
    pub model: Option<String>,
    /// `AT+CGMR`.
    pub firmware: Option<String>,
    /// The SIM.
    pub iccid: Option<String>,
    /// `AT+CIMI`.
    pub imsi: Option<String>,
    /// The family that the modem was taken for; empty before it has said what it is.
    pub profile: &'static str,
}

impl Identity {
    /// Whether this is the same modem, whatever SIM is in it. Where an IMEI was not told, maker, model and firmware decide.
    pub(super) fn is_modem_of(&self, other: &Self) -> bool {
        if self.imei.is_some() && other.imei.is_some() {
            return self.imei == other.imei;
        }
        let kind = |identity: &Self| [&identity.manufacturer, &identity.model, &identity.firmware].map(Option::clone);
        kind(self) == kind(other)
    }

    /// What the state of the SIM hangs on: its ICCID, or its IMSI where the modem has no command that tells the ICCID.
    pub fn sim_label(&self) -> Option<String> {
        self.iccid.clone().or_else(|| self.imsi.as_ref().map(|imsi| format!("imsi-{imsi}")))
    }
}

/// How the modem is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// The best of its registrations.
    pub registration: Registered,
    /// Whether messages may be sent by it: it is at home, or roaming with a SIM that may be used there.
    pub may_send: bool,
    /// Network code, or name where the modem knows no code.
    pub operator: Option<String>,
    /// Received signal strength.
    pub signal_dbm: Option<i16>,
    /// Service centre on the SIM.
    pub smsc: Option<String>,
    /// Four fifths of the places for received messages were taken when they were last counted.
    pub is_nearly_full: bool,
}

/// Why a modem takes no leases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DownReason {
    /// The port is gone.
    PortLost,
    /// Nothing answers on this port.
    Mute,
    /// Something answers that is no modem.
    NotAModem,
    /// A command got no answer.
    Silent,
    /// The modem started anew.
    Restarted,
    /// The SIM was taken out or changed.
    SimChanged,
    /// The modem has no PDU mode.
    NoPduMode,
    /// No SIM, or one that does not work.
    NoSim,
    /// The SIM tells neither ICCID nor IMSI, so that nobody knows whose budget a part would be taken from.
    SimNotNamed,
    /// The SIM wants a PIN and none is known for it.
    PinNeeded,
    /// The PIN was wrong, or nobody knows whether it was: it must not be tried again.
    PinRefused {
        /// The SIM whose PIN it was.
        iccid: String,
        /// The SIM says that it is wrong; otherwise nobody knows whether it was taken.
        is_wrong: bool,
    },
    /// The SIM wants its PUK.
    PukNeeded,
    /// The modem wants a key of its own (network or device lock).
    Locked,
    /// It has been without a network for too long.
    Unregistered,
    /// The network took none of the last messages.
    Refused,
    /// It has carried nothing for long, while others have.
    Suspicious,
    /// The SIM is there and does not get ready.
    SimFailure,
    /// The modem says that it has failed.
    Failed(Cause),
    /// It did not come back from a reset.
    NotBack,
}

/// In words for a person, with what to do where that is known.
impl fmt::Display for DownReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PortLost => "the port is gone",
            Self::Mute => "nothing answers on this port",
            Self::NotAModem => "what answers on this port is not a modem",
            Self::Silent => "a command got no answer",
            Self::Restarted => "the modem started anew",
            Self::SimChanged => "the SIM was taken out or changed",
            Self::NoPduMode => "the modem has no PDU mode",
            Self::NoSim => "no SIM, or one that does not work",
            Self::SimNotNamed => "the SIM tells neither ICCID nor IMSI; take it out and put it in again",
            Self::PinNeeded => "the SIM wants a PIN, and none that may be tried is configured for it",
            Self::PinRefused { is_wrong: true, .. } => "the PIN was refused; it is not tried again until it is changed",
            Self::PinRefused { is_wrong: false, .. } => {
                "the PIN may have been refused; it is not tried again until it is changed or the SIM is ready"
            }
            Self::PukNeeded => "the SIM is locked and wants its PUK",
            Self::Locked => "the modem is locked to another SIM or network",
            Self::Unregistered => "no network for minutes",
            Self::Refused => "the network took none of the last messages",
            Self::Suspicious => "it has sent and received nothing for long, while others have",
            Self::SimFailure => "the SIM does not get ready; take it out and put it in again",
            Self::Failed(cause) => return write!(f, "the modem has failed: {} ({cause})", cause.meaning()),
            Self::NotBack => "the modem did not come back from a reset; unplug it and plug it in again",
        })
    }
}

/// For the log and the counters. Closed, and without numbers or texts of messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// A line that nobody knows, by what stands before its colon.
    UnknownLine(String),
    /// A bound was exceeded.
    Overrun(Overrun),
    /// A submission has been without a result for 45 s; it is still waited for.
    SlowResult(SegmentId),
    /// The modem lost its settings (an unexpected echo showed it); it is brought up again.
    SettingsLost,
    /// The modem echoes although it was told not to and said `OK`; from now on its echo is taken to say nothing.
    EchoStays,
    /// The modem took a way to announce received messages and does not follow it.
    IndicationsDiffer,
    /// Received messages are announced in none of the ways that were tried; they are found by sweeping.
    NoIndications,
    /// No store could be selected; only directly routed messages are received.
    NoStore,
    /// `AT+CMGL` does not work; stores are read place by place.
    ListFails,
    /// A stored message could not be deleted; it will be read again.
    DeleteFails,
    /// An MMS push was deleted unread, because reading it can hang the modem.
    PushDropped,
    /// A page of a cell broadcast was dropped.
    BroadcastDropped,
    /// What came instead of a PDU is not hexadecimal; the place is left alone.
    Garbled,
    /// The network began a session that nobody asked for, or said something in none.
    UnaskedUssd,
    /// A message came over the port before the modem was up, and too many are kept already.
    TooEarly,
    /// So many messages that came over the port before the modem was up are dropped: another SIM may have been in it then.
    EarlyDropped(usize),
}
