//! What a caller asks to be sent, after it was checked.

use std::fmt;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::pdu::EncodedPdu;

use super::id::MessageId;
use super::number::PhoneNumber;

/// The longest validity, 63 weeks: TP-VP cannot say more (TS 23.040 clause 9.2.3.12.1), so it could not be handed over.
pub const VALIDITY_MAX: Duration = Duration::from_secs(63 * 7 * 86_400);

/// Why a text is sent; decides which rules apply to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Asking for payment.
    Collection,
    /// A reminder before or at the due date.
    Reminder,
    /// Asking whether the number belongs to the person.
    IdentityCheck,
    /// An offer.
    Promotion,
    /// Thanks for a payment.
    Confirmation,
    /// An answer within 24 h of an inbound text.
    Reply,
    /// Own staff, alarms, self-tests.
    Operational,
}

impl Purpose {
    /// All purposes; the first is the default.
    pub const ALL: [Self; 7] = [
        Self::Collection,
        Self::Reminder,
        Self::IdentityCheck,
        Self::Promotion,
        Self::Confirmation,
        Self::Reply,
        Self::Operational,
    ];

    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Collection => "collection",
            Self::Reminder => "reminder",
            Self::IdentityCheck => "identity_check",
            Self::Promotion => "promotion",
            Self::Confirmation => "confirmation",
            Self::Reply => "reply",
            Self::Operational => "operational",
        }
    }

    /// The purpose with this word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name() == name)
    }
}

/// A text of a message or an answer. `Debug` shows its length only.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Body(pub String);

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} characters)", self.0.chars().count())
    }
}

/// What happens to a part whose outcome is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnUnknown {
    /// It stays unknown until evidence or an operator settles it.
    Hold,
    /// It is sent once more after this time, with TP-RD set.
    ResendAfter(Duration),
}

/// Whose message this is: the caller's own words, stored and returned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Labels {
    /// The debtor, by the caller's id.
    pub debtor: Option<String>,
    /// The debt, by the caller's id.
    pub debt: Option<String>,
    /// The creditor, by the caller's id.
    pub creditor: Option<String>,
    /// The batch that the message belongs to.
    pub batch: Option<String>,
    /// The team that sends it.
    pub team: Option<String>,
    /// The person who sends it.
    pub operator: Option<String>,
    /// Anything else.
    pub tags: Vec<String>,
    /// How it came about.
    pub origin: Origin,
}

/// How a message came about: what its results are told apart by, beside whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// In which way it was sent.
    pub mode: Mode,
    /// The ladder that it is a step of.
    pub ladder: Option<String>,
    /// The step.
    pub step: Option<String>,
    /// The segment that it was picked by.
    pub segment: Option<String>,
    /// The template that it was written from.
    pub wording: Option<Wording>,
}

/// The words of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// The template, by its name.
    pub template: String,
    /// In which version.
    pub version: u32,
    /// Which of its texts.
    pub arm: String,
}

/// In which way messages are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// One by one.
    #[default]
    Single,
    /// As one of a batch.
    Batch,
    /// As a step of a ladder.
    Ladder,
    /// Because something happened to a debt.
    Event,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Single, Self::Batch, Self::Ladder, Self::Event];

    /// The word in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Batch => "batch",
            Self::Ladder => "ladder",
            Self::Event => "event",
        }
    }

    /// The way with this word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

/// A checked message, ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// Its public name.
    pub id: MessageId,
    /// Who submits it.
    pub client: String,
    /// The caller's idempotency key.
    pub client_ref: Option<String>,
    /// A digest of what was asked, to tell a repeat from another message under the same key.
    pub fingerprint: [u8; 32],
    /// To whom.
    pub to: PhoneNumber,
    /// The body as it is sent, after any transliteration.
    pub text: Body,
    /// Why.
    pub purpose: Purpose,
    /// 0 to 9, 9 most urgent.
    pub priority: u8,
    /// The earliest time that was asked for.
    pub not_before: Option<Timestamp>,
    /// When its time comes.
    pub due: Timestamp,
    /// End of its validity.
    pub expires: Timestamp,
    /// The encoding asked for, by its name.
    pub encoding_asked: &'static str,
    /// The alphabet that it came to, by its name.
    pub encoding: &'static str,
    /// Septets, octets or UTF-16 units of the text.
    pub units: u32,
    /// Policy for an unknown outcome.
    pub on_unknown: OnUnknown,
    /// The most parts that the caller allows.
    pub max_segments: Option<u8>,
    /// The SIM that it must leave by.
    pub sim: Option<String>,
    /// The group of SIMs that it must leave by.
    pub group: Option<String>,
    /// Whether a status report is asked for.
    pub report: bool,
    /// Whose message it is.
    pub labels: Labels,
    /// It confirms an opt-out: the one text that may follow it.
    pub confirms_opt_out: bool,
    /// Its parts in order, encoded.
    pub parts: Vec<EncodedPdu>,
}
