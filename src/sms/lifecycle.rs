//! The life of a segment and the state of a message that follows from it.
//!
//! A segment's transitions take the old state by value, so that what is not allowed does not happen; the state of a message
//! is computed from its segments by one function, [`message_state`], and stored beside them in the same transaction.

use crate::clock::Timestamp;

use super::id::{ModemId, SimKey};

/// Where one part of a message stands. `Leased` is kept in memory only: on disk a leased segment is `Waiting`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SegmentState {
    /// Queued; may go from `due` on.
    Waiting {
        /// Earliest time at which it may be handed over.
        due: Timestamp,
    },
    /// Its hand-over is committed: the PDU may be on its way to the network.
    Offered {
        /// Who got it.
        to: Carrier,
        /// When the hand-over was committed.
        at: Timestamp,
    },
    /// The network took it.
    Accepted {
        /// Who carried it.
        by: Carrier,
        /// TP-MR of the submission; `None` where an operator decided that it was sent and nobody can tell which it got.
        tp_mr: Option<u8>,
        /// When the result was seen.
        at: Timestamp,
    },
    /// A status report closed it.
    Reported {
        /// Who carried it.
        by: Carrier,
        /// TP-MR of the submission.
        tp_mr: Option<u8>,
        /// TP-ST as received.
        tp_status: u8,
        /// When the report was seen.
        at: Timestamp,
    },
    /// Refused for good.
    Refused,
    /// Not sent within its validity.
    Expired,
    /// Handed over, and what became of it is not known.
    Unknown {
        /// Who had it.
        with: Carrier,
        /// Since when.
        since: Timestamp,
    },
    /// Taken back before it was handed over.
    Withdrawn(Withdrawal),
}

/// The modem that had a segment and the SIM that was in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrier {
    /// The modem.
    pub modem: ModemId,
    /// The SIM, on which references and budgets hang.
    pub sim: SimKey,
}

/// Why a segment was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawal {
    /// The caller cancelled the message.
    Cancelled,
    /// The gate forbade it for good.
    Blocked,
    /// Another part of the message was refused, so this one would make no sense.
    PartRefused,
}

/// The transition is not one that a segment can make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a segment that is {from} cannot become {to}")]
pub struct IllegalTransition {
    /// The state it is in.
    pub from: &'static str,
    /// The state asked for.
    pub to: &'static str,
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "what a transition does not name is illegal, also for states to come"
)]
impl SegmentState {
    /// The word for this state in API and events.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Waiting { .. } => "waiting",
            Self::Offered { .. } => "offered",
            Self::Accepted { .. } => "accepted",
            Self::Reported { .. } => "reported",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Unknown { .. } => "unknown",
            Self::Withdrawn(_) => "withdrawn",
        }
    }

    /// The hand-over is being committed.
    pub fn offer(self, to: Carrier, at: Timestamp) -> Result<Self, IllegalTransition> {
        match self {
            Self::Waiting { .. } => Ok(Self::Offered { to, at }),
            other => Err(other.cannot("offered")),
        }
    }

    /// No byte of the PDU was written, or the network refused it for now.
    pub fn put_back(self, due: Timestamp) -> Result<Self, IllegalTransition> {
        match self {
            Self::Offered { .. } => Ok(Self::Waiting { due }),
            other => Err(other.cannot("waiting")),
        }
    }

    /// A recorded decision sends an unknown segment once more.
    pub fn send_again(self, due: Timestamp) -> Result<Self, IllegalTransition> {
        match self {
            Self::Unknown { .. } => Ok(Self::Waiting { due }),
            other => Err(other.cannot("waiting")),
        }
    }

    /// The network took it, by its answer or by later evidence.
    pub fn accept(self, tp_mr: Option<u8>, at: Timestamp) -> Result<Self, IllegalTransition> {
        match self {
            Self::Offered { to: by, .. } | Self::Unknown { with: by, .. } => Ok(Self::Accepted { by, tp_mr, at }),
            other => Err(other.cannot("accepted")),
        }
    }

    /// The network will never take it.
    pub fn refuse(self) -> Result<Self, IllegalTransition> {
        match self {
            Self::Waiting { .. } | Self::Offered { .. } | Self::Unknown { .. } => Ok(Self::Refused),
            other => Err(other.cannot("refused")),
        }
    }

    /// Silence, reset, unplug or crash after the hand-over.
    pub fn lose_sight(self, since: Timestamp) -> Result<Self, IllegalTransition> {
        match self {
            Self::Offered { to: with, .. } => Ok(Self::Unknown { with, since }),
            other => Err(other.cannot("unknown")),
        }
    }

    /// A status report that closes the segment. A report never reopens one: a later final report replaces an earlier
    /// value only when that one was not final, which the caller has checked.
    pub fn report(self, tp_status: u8, at: Timestamp) -> Result<Self, IllegalTransition> {
        match self {
            Self::Accepted { by, tp_mr, .. } => Ok(Self::Reported { by, tp_mr, tp_status, at }),
            Self::Unknown { with: by, .. } => Ok(Self::Reported { by, tp_mr: None, tp_status, at }),
            other => Err(other.cannot("reported")),
        }
    }

    /// Its validity ended before it could go.
    pub fn expire(self) -> Result<Self, IllegalTransition> {
        match self {
            Self::Waiting { .. } => Ok(Self::Expired),
            other => Err(other.cannot("expired")),
        }
    }

    /// Taken back before hand-over.
    pub fn withdraw(self, why: Withdrawal) -> Result<Self, IllegalTransition> {
        match self {
            Self::Waiting { .. } => Ok(Self::Withdrawn(why)),
            other => Err(other.cannot("withdrawn")),
        }
    }

    /// Whether the network has it, or may have it.
    pub fn has_left(&self) -> bool {
        self.is_sent() || matches!(self, Self::Offered { .. } | Self::Unknown { .. })
    }

    /// Whether the network has it for certain.
    pub fn is_sent(&self) -> bool {
        matches!(self, Self::Accepted { .. } | Self::Reported { .. })
    }

    fn cannot(&self, to: &'static str) -> IllegalTransition {
        IllegalTransition { from: self.name(), to }
    }
}

/// Where a message stands, as callers see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageState {
    /// Accepted by Recado, nothing handed over yet.
    Queued,
    /// Being handed over, part by part.
    Sending,
    /// The network took every part.
    Accepted,
    /// Every part was reported as received.
    Delivered,
    /// A report says that a part was not received.
    Undelivered,
    /// A part was handed over and its outcome is not known.
    Unknown,
    /// Refused for good.
    Failed,
    /// Not sent within its validity.
    Expired,
    /// The gate forbade it for good.
    Blocked,
    /// Cancelled by the caller before anything was handed over.
    Cancelled,
}

impl MessageState {
    /// All states, in the order of their stored codes.
    pub const ALL: [Self; 10] = [
        Self::Queued,
        Self::Sending,
        Self::Accepted,
        Self::Delivered,
        Self::Undelivered,
        Self::Unknown,
        Self::Failed,
        Self::Expired,
        Self::Blocked,
        Self::Cancelled,
    ];

    /// The word for this state in API, events and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Accepted => "accepted",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Blocked => "blocked",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state with this word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }
}

/// The state of a message: the first of these that applies to its segments, in this order – any unknown; any offered; any
/// refused, expired or withdrawn; sent and waiting together; any negative report; all received; all sent; else queued.
pub fn message_state<'a>(segments: impl IntoIterator<Item = &'a SegmentState>) -> MessageState {
    let mut seen = Tally::default();
    for segment in segments {
        seen.count(segment);
    }
    seen.state()
}

/// What a message's segments add up to.
#[derive(Debug, Default)]
struct Tally {
    unknown: bool,
    offered: bool,
    refused: bool,
    expired: bool,
    blocked: bool,
    cancelled: bool,
    waiting: bool,
    sent: bool,
    unreported: bool,
    undelivered: bool,
}

impl Tally {
    fn count(&mut self, segment: &SegmentState) {
        match segment {
            SegmentState::Waiting { .. } => self.waiting = true,
            SegmentState::Offered { .. } => self.offered = true,
            SegmentState::Accepted { .. } => {
                self.sent = true;
                self.unreported = true;
            }
            SegmentState::Reported { tp_status, .. } => {
                self.sent = true;
                self.undelivered |= *tp_status != 0;
            }
            SegmentState::Refused | SegmentState::Withdrawn(Withdrawal::PartRefused) => self.refused = true,
            SegmentState::Expired => self.expired = true,
            SegmentState::Unknown { .. } => self.unknown = true,
            SegmentState::Withdrawn(Withdrawal::Blocked) => self.blocked = true,
            SegmentState::Withdrawn(Withdrawal::Cancelled) => self.cancelled = true,
        }
    }

    fn state(&self) -> MessageState {
        if self.unknown {
            MessageState::Unknown
        } else if self.offered {
            MessageState::Sending
        } else if self.refused {
            MessageState::Failed
        } else if self.expired {
            MessageState::Expired
        } else if self.blocked {
            MessageState::Blocked
        } else if self.cancelled {
            MessageState::Cancelled
        } else if self.waiting {
            if self.sent { MessageState::Sending } else { MessageState::Queued }
        } else if self.undelivered {
            MessageState::Undelivered
        } else if self.unreported {
            MessageState::Accepted
        } else if self.sent {
            MessageState::Delivered
        } else {
            MessageState::Queued
        }
    }
}

/// What is known from status reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportState {
    /// No report was asked for.
    Off,
    /// None has come.
    None,
    /// Some parts are reported, or a report said "still trying".
    Pending,
    /// All parts were received.
    Delivered,
    /// A part was not received.
    Undelivered,
}

impl ReportState {
    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::None => "none",
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
        }
    }
}

/// What the reports of a message add up to. `interim` says whether a report that decides nothing has come for any part.
pub fn report_state(asked: bool, interim: bool, segments: &[SegmentState]) -> ReportState {
    let reported = |s: &&SegmentState| matches!(s, SegmentState::Reported { .. });
    let lost = |s: &SegmentState| matches!(s, SegmentState::Reported { tp_status, .. } if *tp_status != 0);
    if segments.iter().any(lost) {
        ReportState::Undelivered
    } else if !segments.is_empty() && segments.iter().all(|s| reported(&s)) {
        ReportState::Delivered
    } else if interim || segments.iter().any(|s| reported(&s)) {
        ReportState::Pending
    } else if asked {
        ReportState::None
    } else {
        ReportState::Off
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_millis(1_000);

    fn carrier() -> Carrier {
        Carrier { modem: ModemId::new("m1"), sim: SimKey(1) }
    }

    fn waiting() -> SegmentState {
        SegmentState::Waiting { due: AT }
    }

    fn offered() -> SegmentState {
        waiting().offer(carrier(), AT).unwrap()
    }

    fn accepted() -> SegmentState {
        offered().accept(Some(7), AT).unwrap()
    }

    fn reported(status: u8) -> SegmentState {
        accepted().report(status, AT).unwrap()
    }

    fn unknown() -> SegmentState {
        offered().lose_sight(AT).unwrap()
    }

    fn refused() -> SegmentState {
        offered().refuse().unwrap()
    }

    fn check(segments: &[SegmentState], expected: MessageState) {
        assert_eq!(message_state(segments), expected, "{segments:?}");
    }

    #[test]
    fn a_message_is_what_its_parts_say() {
        check(&[waiting(), waiting()], MessageState::Queued);
        check(&[offered(), waiting()], MessageState::Sending);
        check(&[accepted(), waiting()], MessageState::Sending);
        check(&[accepted(), accepted()], MessageState::Accepted);
        check(&[reported(0), accepted()], MessageState::Accepted);
        check(&[reported(0), reported(0)], MessageState::Delivered);
        check(&[reported(0), reported(0x46)], MessageState::Undelivered);
        check(&[accepted(), reported(0x46)], MessageState::Undelivered);
        check(&[unknown(), reported(0x46)], MessageState::Unknown);
        check(&[unknown(), offered()], MessageState::Unknown);
        check(&[accepted(), refused()], MessageState::Failed);
        check(&[refused(), waiting().withdraw(Withdrawal::PartRefused).unwrap()], MessageState::Failed);
        check(&[accepted(), waiting().expire().unwrap()], MessageState::Expired);
        check(&[waiting().withdraw(Withdrawal::Cancelled).unwrap()], MessageState::Cancelled);
        check(&[waiting().withdraw(Withdrawal::Blocked).unwrap()], MessageState::Blocked);
    }

    #[test]
    fn what_was_handed_over_cannot_be_taken_back() {
        assert!(offered().withdraw(Withdrawal::Cancelled).is_err());
        assert!(accepted().withdraw(Withdrawal::Cancelled).is_err());
        assert!(unknown().withdraw(Withdrawal::Cancelled).is_err());
        assert!(offered().expire().is_err());
    }

    #[test]
    fn an_unknown_segment_goes_again_by_decision_only() {
        assert!(unknown().put_back(AT).is_err());
        assert!(unknown().offer(carrier(), AT).is_err());
        assert_eq!(unknown().send_again(AT), Ok(waiting()));
    }

    #[test]
    fn a_report_never_puts_a_segment_back() {
        assert!(reported(0x41).put_back(AT).is_err());
        assert!(reported(0x41).send_again(AT).is_err());
        assert!(reported(0).report(0x41, AT).is_err());
    }

    #[test]
    fn late_evidence_settles_the_unknown() {
        assert!(unknown().accept(Some(3), AT).unwrap().is_sent());
        assert!(unknown().report(0, AT).unwrap().is_sent());
    }

    #[test]
    fn report_state_follows_the_parts() {
        assert_eq!(report_state(false, false, &[accepted()]), ReportState::Off);
        assert_eq!(report_state(true, false, &[accepted()]), ReportState::None);
        assert_eq!(report_state(true, true, &[accepted()]), ReportState::Pending);
        assert_eq!(report_state(true, false, &[accepted(), reported(0)]), ReportState::Pending);
        assert_eq!(report_state(true, false, &[reported(0), reported(0)]), ReportState::Delivered);
        assert_eq!(report_state(true, false, &[accepted(), reported(0x46)]), ReportState::Undelivered);
    }

    #[test]
    fn names_round_trip() {
        for state in MessageState::ALL {
            assert_eq!(MessageState::from_name(state.name()), Some(state));
        }
    }
}
