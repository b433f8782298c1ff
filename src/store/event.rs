//! The event log: every transition, numbered without gaps, written in the transaction that makes it.
//!
//! Events hold ids and codes, never numbers or texts; readers join these, so that erasure works. Of a text and its recipient
//! the log has salted hashes alone ([`super::seal`]), whose salt is erased with them.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::sms::id::{MessageKey, SimKey};
use crate::sms::lifecycle::MessageState;

use super::StoreError;
use super::chain::{ChainHash, Columns};

/// What happened. The words are part of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// The state of a message is now this one.
    Message(MessageState),
    /// The gate holds a message that could otherwise go.
    MessageHeld,
    /// A part was handed over.
    SegmentOffered,
    /// The network took a part.
    SegmentAccepted,
    /// The network refused a part.
    SegmentRefused,
    /// A status report came for a part.
    SegmentReported,
    /// A part's outcome is not known.
    SegmentUnknown,
    /// A part waits again.
    SegmentReturned,
    /// A text came in.
    InboundReceived,
    /// A text was published of which parts are missing.
    InboundPartial,
    /// A call came in and was rejected.
    InboundCall,
    /// A modem can send.
    ModemUp,
    /// A modem cannot send.
    ModemDown,
    /// A rung of the recovery ladder is tried.
    ModemRecovery,
    /// A SIM is in a modem.
    SimSeen,
    /// A SIM takes no debtor's message any more, or does again.
    SimResting,
    /// Numbers must not be texted any more.
    SuppressionAdded,
    /// They may again.
    SuppressionLifted,
    /// How things stand with a debtor is known anew.
    DebtChanged,
    /// Something became of a step of a ladder.
    LadderStep,
    /// A ladder leaves a debt to another channel.
    LadderExit,
    /// A campaign is in another state.
    BatchChanged,
    /// Somebody looks after a conversation now, or nobody must any more.
    ConversationChanged,
    /// The erasure of a person has come further.
    ErasureChanged,
    /// A person must look after something.
    AlarmRaised,
    /// Nobody must any more.
    AlarmCleared,
}

impl EventKind {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let others = [
            Self::MessageHeld,
            Self::SegmentOffered,
            Self::SegmentAccepted,
            Self::SegmentRefused,
            Self::SegmentReported,
            Self::SegmentUnknown,
            Self::SegmentReturned,
            Self::InboundReceived,
            Self::InboundPartial,
            Self::InboundCall,
            Self::ModemUp,
            Self::ModemDown,
            Self::ModemRecovery,
            Self::SimSeen,
            Self::SimResting,
            Self::SuppressionAdded,
            Self::SuppressionLifted,
            Self::DebtChanged,
            Self::LadderStep,
            Self::LadderExit,
            Self::BatchChanged,
            Self::ConversationChanged,
            Self::ErasureChanged,
            Self::AlarmRaised,
            Self::AlarmCleared,
        ];
        MessageState::ALL.into_iter().map(Self::Message).chain(others)
    }

    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Message(state) => match state {
                MessageState::Queued => "message.queued",
                MessageState::Sending => "message.sending",
                MessageState::Accepted => "message.accepted",
                MessageState::Delivered => "message.delivered",
                MessageState::Undelivered => "message.undelivered",
                MessageState::Unknown => "message.unknown",
                MessageState::Failed => "message.failed",
                MessageState::Expired => "message.expired",
                MessageState::Blocked => "message.blocked",
                MessageState::Cancelled => "message.cancelled",
            },
            Self::MessageHeld => "message.held",
            Self::SegmentOffered => "segment.offered",
            Self::SegmentAccepted => "segment.accepted",
            Self::SegmentRefused => "segment.refused",
            Self::SegmentReported => "segment.reported",
            Self::SegmentUnknown => "segment.unknown",
            Self::SegmentReturned => "segment.returned",
            Self::InboundReceived => "inbound.received",
            Self::InboundPartial => "inbound.partial",
            Self::InboundCall => "inbound.call",
            Self::ModemUp => "modem.up",
            Self::ModemDown => "modem.down",
            Self::ModemRecovery => "modem.recovery",
            Self::SimSeen => "sim.seen",
            Self::SimResting => "sim.resting",
            Self::SuppressionAdded => "suppression.added",
            Self::SuppressionLifted => "suppression.lifted",
            Self::DebtChanged => "debt.changed",
            Self::LadderStep => "ladder.step",
            Self::LadderExit => "ladder.exit",
            Self::BatchChanged => "batch.changed",
            Self::ConversationChanged => "conversation.changed",
            Self::ErasureChanged => "erasure.changed",
            Self::AlarmRaised => "alarm.raised",
            Self::AlarmCleared => "alarm.cleared",
        }
    }
}

/// An event about to be written. What does not apply is left out.
#[derive(Debug, Clone, Default)]
pub(super) struct About<'a> {
    pub(super) message: Option<MessageKey>,
    pub(super) part: Option<u8>,
    pub(super) modem: Option<&'a str>,
    pub(super) sim: Option<SimKey>,
    /// A JSON object with what else there is to say.
    pub(super) data: Option<String>,
}

/// The number of the last event and its hash; zeros where it has none, and where there is no event.
pub(super) fn last(conn: &Connection) -> Result<(i64, ChainHash), StoreError> {
    let sql = "SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1";
    let last = conn.query_row(sql, [], |row| Ok((row.get(0)?, ChainHash::from_stored(row.get(1)?)))).optional()?;
    Ok(last.map_or((0, ChainHash::ZERO), |(seq, hash)| (seq, hash.unwrap_or(ChainHash::ZERO))))
}

/// Writes an event behind the one that has the hash `previous`. Returns its own.
pub(super) fn insert(
    conn: &Connection,
    seq: i64,
    at: i64,
    kind: EventKind,
    about: &About<'_>,
    previous: ChainHash,
) -> Result<ChainHash, StoreError> {
    let columns = Columns {
        seq,
        at,
        kind: kind.name().as_bytes(),
        message: about.message.map(|message| message.0),
        part: about.part.map(i64::from),
        modem: about.modem.map(str::as_bytes),
        sim: about.sim.map(|sim| sim.0),
        data: about.data.as_deref().map(str::as_bytes),
    };
    let hash = columns.hash(previous);
    conn.prepare_cached(
        "INSERT INTO event (seq, at, type, message, part, modem, sim, data, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        seq,
        at,
        kind.name(),
        columns.message,
        columns.part,
        about.modem,
        columns.sim,
        about.data,
        hash.0,
    ])?;
    Ok(hash)
}
