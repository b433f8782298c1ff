//! Rows as readers see them: messages, parts, events, inbound texts and tokens.

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::contact::suppression::Purposes;
use crate::dispatch::gate::Question;
use crate::sms::evidence::Evidence;
use crate::sms::id::{MessageId, MessageKey};
use crate::sms::lifecycle::{MessageState, ReportState};
use crate::sms::message::{Body, Labels};
use crate::sms::number::{PhoneNumber, Sender};

use super::chain::ChainHash;

/// A message with all that was submitted.
#[derive(Debug, Clone)]
pub struct MessageView {
    /// Its row, which is also its place in lists.
    pub key: MessageKey,
    /// Its public name.
    pub id: MessageId,
    /// Where it stands.
    pub state: MessageState,
    /// When it was submitted.
    pub created_at: Timestamp,
    /// Who submitted it.
    pub client: String,
    /// The caller's idempotency key.
    pub client_ref: Option<String>,
    /// To whom; nothing once it is erased.
    pub to: Option<PhoneNumber>,
    /// The text as sent; empty once it is erased.
    pub text: Body,
    /// Why.
    pub purpose: String,
    /// 0 to 9.
    pub priority: u8,
    /// The earliest time that was asked for.
    pub not_before: Option<Timestamp>,
    /// End of validity.
    pub valid_until: Timestamp,
    /// The encoding asked for.
    pub encoding_asked: String,
    /// The encoding that it came to.
    pub encoding: String,
    /// Septets or UTF-16 units.
    pub units: u32,
    /// Milliseconds after which an unknown part is sent once more; `None` for hold.
    pub resend_after_ms: Option<i64>,
    /// The most parts that the caller allows.
    pub max_segments: Option<u8>,
    /// SIM asked for.
    pub sim: Option<String>,
    /// Group asked for.
    pub group: Option<String>,
    /// Whether a status report was asked for.
    pub report: bool,
    /// Whose message it is.
    pub labels: Labels,
    /// What reports say.
    pub report_state: ReportState,
    /// How many parts.
    pub segments: u32,
    /// How many the network took.
    pub parts_sent: u32,
    /// What to ask of the gate, to say what holds it; only while something of it waits.
    pub waiting: Option<Question>,
    /// The message that it follows, as its code.
    pub companion_of: Option<MessageId>,
    /// Its parts.
    pub parts: Vec<PartView>,
}

/// One part of a message.
#[derive(Debug, Clone)]
pub struct PartView {
    /// Its place, from 1.
    pub part: u8,
    /// The word for its state.
    pub state: &'static str,
    /// TP-MR of its submission.
    pub tp_mr: Option<u8>,
    /// The SIM that carried it, by name or ICCID.
    pub sim: Option<String>,
    /// The modem that carried it.
    pub modem: Option<String>,
    /// When it was handed over.
    pub offered_at: Option<Timestamp>,
    /// When the network took it.
    pub accepted_at: Option<Timestamp>,
    /// When the last report came.
    pub reported_at: Option<Timestamp>,
    /// TP-ST of the last report.
    pub tp_status: Option<u8>,
    /// Why it was refused, put back or is unknown.
    pub cause: Option<String>,
    /// While it is unknown, what speaks for or against its having been sent.
    pub evidence: Vec<Evidence>,
}

/// Which inbound texts to list.
#[derive(Debug, Clone, Default)]
pub struct InboxFilter {
    /// That answer messages to this debtor, by the caller's id.
    pub debtor: Option<String>,
    /// That are understood to want this.
    pub intent: Option<String>,
    /// That answer messages of these creditors; empty for all.
    pub creditors: Arc<[String]>,
}

/// One event.
#[derive(Debug, Clone)]
pub struct EventView {
    /// Its number.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: String,
    /// About which message.
    pub message: Option<MessageId>,
    /// About which part.
    pub part: Option<u8>,
    /// By which modem.
    pub modem: Option<String>,
    /// By which SIM, by name or ICCID.
    pub sim: Option<String>,
    /// The debtor of the message, or of the debt, by the caller's id.
    pub debtor: Option<String>,
    /// The debt that it is about; nothing where it is about none.
    pub owed: Option<OwedView>,
    /// The rest, a JSON object.
    pub data: Option<String>,
    /// Its link of the chain; none for events of before.
    pub hash: Option<ChainHash>,
}

/// A debt that an event is about, by the caller's ids. Nothing of one that is no longer kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwedView {
    /// Which.
    pub debt: Option<String>,
    /// To whom it is owed.
    pub creditor: Option<String>,
    /// Who owes it.
    pub debtor: Option<String>,
}

impl EventView {
    /// The first word of what it is: `message` of `message.queued`.
    pub fn subject(&self) -> String {
        self.kind.split('.').next().unwrap_or_default().to_owned()
    }
}

/// An inbound text.
#[derive(Debug, Clone)]
pub struct InboundView {
    /// Its number.
    pub seq: i64,
    /// When it was read from the SIM.
    pub at: Timestamp,
    /// Who sent it.
    pub from: Sender,
    /// The SIM that it came to, by name or ICCID.
    pub to_sim: String,
    /// The modem that read it.
    pub modem: String,
    /// What it says.
    pub text: Body,
    /// Parts in which it came.
    pub parts: u32,
    /// The message that it most likely answers.
    pub message: Option<MessageId>,
    /// The debtor of that message.
    pub debtor: Option<String>,
    /// Parts that are not there; empty when the text is whole.
    pub missing: Vec<u8>,
    /// The text of before that showed less of the same.
    pub replaces: Option<i64>,
    /// What was understood of it; `None` where nobody could be answered.
    pub understood: Option<Understood>,
}

/// What was understood of a text: words of the rules, never of the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Understood {
    /// What is wanted, the strictest first.
    pub intents: Vec<String>,
    /// What changed.
    pub effects: Vec<String>,
    /// Why a person should look.
    pub doubts: Vec<String>,
    /// What each intent was seen by.
    pub seen_by: Vec<Seen>,
    /// The day of a promise.
    pub promise_date: Option<String>,
}

/// What an intent was seen by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The intent.
    pub intent: String,
    /// The phrase as it stands in the rules.
    pub phrase: String,
}

/// A token without its secret.
#[derive(Debug, Clone)]
pub struct TokenView {
    /// Its row.
    pub key: i64,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    /// The client that it speaks for.
    pub client: String,
    /// `send`, `read`, `text`, `pii`, `manage`, `admin`.
    pub scopes: Vec<String>,
    /// Creditors that it is limited to; empty for all.
    pub creditors: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Which messages to list.
#[derive(Debug, Clone, Default)]
pub struct MessageFilter {
    /// In this state.
    pub state: Option<MessageState>,
    /// Of this batch.
    pub batch: Option<String>,
    /// To this debtor.
    pub debtor: Option<String>,
    /// To this number.
    pub to: Option<PhoneNumber>,
    /// Under this idempotency key, of any client.
    pub client_ref: Option<String>,
    /// Submitted at or after this time.
    pub since: Option<Timestamp>,
    /// Of one of these creditors; empty for all.
    pub creditors: Arc<[String]>,
    /// Older than this row: the cursor.
    pub before: Option<MessageKey>,
    /// At most so many.
    pub limit: u32,
}

/// An entry of the suppression ledger.
#[derive(Debug, Clone)]
pub struct SuppressionView {
    /// Its row.
    pub key: i64,
    /// The number; nothing once it is erased.
    pub number: Option<PhoneNumber>,
    /// Why it is there.
    pub kind: String,
    /// What it forbids.
    pub purposes: Purposes,
    /// For which creditor.
    pub creditor: Option<String>,
    /// From when.
    pub effective: Timestamp,
    /// Where it comes from.
    pub source: String,
    /// Who decided.
    pub client: String,
    /// In whose words.
    pub why: Option<String>,
    /// The inbound text that it rests on.
    pub inbound: Option<i64>,
    /// When it was written.
    pub at: Timestamp,
    /// How it was lifted.
    pub lifted: Option<LiftView>,
}

/// The end of an entry.
#[derive(Debug, Clone)]
pub struct LiftView {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub client: String,
    /// Why.
    pub why: String,
}

/// A page of numbered rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// Oldest first, above this number.
    After(i64),
    /// Newest first, below this number; `None` from the newest.
    Before(Option<i64>),
}
