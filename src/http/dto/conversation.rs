//! Conversations as JSON.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::sms::message::Body;
use crate::store::conversation::{Cared, ConversationView, Turn, TurnsPage};
use crate::store::suppression::Stopped;
use crate::store::view::Understood;

use super::super::page::turns_cursor;
use super::at;
use super::message::Eyes;

/// Texts of a person and answers to them.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct ConversationAnswer {
    /// Its number.
    id: i64,
    /// With whom; masked without `pii`.
    number: String,
    /// The debtor, by the caller's id.
    #[schema(required)]
    debtor: Option<String>,
    /// The SIM that received last, by which answers go: its name or ICCID.
    sim: String,
    /// `open` or `closed`.
    state: &'static str,
    /// Whether a person is to read it.
    needs_person: bool,
    /// Who looks after it.
    #[schema(required)]
    assigned: Option<String>,
    /// When the last text came.
    last_at: String,
    /// What it says; its length without `text` and `pii`.
    last_text: String,
    /// What it is understood to want.
    last_intents: Vec<String>,
    /// How things stand: `open`, `promised`, `agreed`, `disputed`, `paid` or `unconfirmed`.
    standing: &'static str,
    /// Until when it stands so by itself.
    #[schema(required)]
    standing_until: Option<String>,
}

impl ConversationAnswer {
    pub(in super::super) fn new(view: ConversationView, eyes: Eyes) -> Self {
        let (number, last_text) = (eyes.number(view.number), eyes.text(view.last_text));
        Self {
            id: view.key,
            number,
            debtor: view.debtor,
            sim: view.sim,
            state: state(view.is_open),
            needs_person: view.needs_person,
            assigned: view.assigned,
            last_at: at(view.last_at),
            last_text,
            last_intents: intents(view.last_understood),
            standing: view.standing.name(),
            standing_until: view.standing.until().map(at),
        }
    }
}

fn state(is_open: bool) -> &'static str {
    if is_open { "open" } else { "closed" }
}

fn intents(understood: Option<Understood>) -> Vec<String> {
    understood.map(|understood| understood.intents).unwrap_or_default()
}

/// A conversation with what was said.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct WholeConversationAnswer {
    #[serde(flatten)]
    conversation: ConversationAnswer,
    /// What both sides said, the newest 100, in order of time.
    messages: Vec<TurnAnswer>,
    /// For `cursor`, where there is more that is older.
    #[schema(required)]
    next: Option<String>,
}

impl WholeConversationAnswer {
    pub(in super::super) fn new(view: ConversationView, page: TurnsPage, eyes: Eyes) -> Self {
        Self {
            conversation: ConversationAnswer::new(view, eyes),
            messages: page.turns.into_iter().map(|turn| TurnAnswer::new(turn, eyes)).collect(),
            next: page.next.map(turns_cursor),
        }
    }
}

/// What one side said.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "direction", rename_all = "lowercase")]
pub(in super::super) enum TurnAnswer {
    /// A message to the person.
    Out {
        /// Its name.
        id: String,
        /// When it was submitted.
        at: String,
        /// What it says; its length without `text` and `pii`.
        text: String,
        /// Why it was sent.
        purpose: String,
        /// Where it stands.
        state: &'static str,
        /// Who wrote it.
        #[schema(required)]
        operator: Option<String>,
    },
    /// A text of the person.
    In {
        /// Its number in the inbox.
        seq: i64,
        /// When it came.
        at: String,
        /// What it says; its length without `text` and `pii`.
        text: String,
        /// What it is understood to want.
        intents: Vec<String>,
    },
}

impl TurnAnswer {
    fn new(turn: Turn, eyes: Eyes) -> Self {
        let shown = |text: Body| eyes.text(text);
        match turn {
            Turn::Ours { key: _, id, at: when, text, purpose, state, operator } => {
                let text = shown(text);
                Self::Out { id: id.to_string(), at: at(when), text, purpose, state: state.name(), operator }
            }
            Turn::Theirs { seq, at: when, text, understood } => {
                Self::In { seq, at: at(when), text: shown(text), intents: intents(understood) }
            }
        }
    }
}

/// An answer of a person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct ReplyRequest {
    /// The text.
    #[schema(required, nullable = false)]
    pub(in super::super) text: Option<String>,
    /// Who wrote it.
    pub(in super::super) operator: Option<String>,
    /// Idempotency: the same reference with the same content is the same message, per client.
    pub(in super::super) client_ref: Option<String>,
    /// Whether it may go by another SIM where the one that received last is in no modem; default `false`.
    pub(in super::super) any_sim: Option<bool>,
}

/// Who is to look after a conversation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct AssignRequest {
    /// The person; nobody where it is null.
    #[schema(required)]
    pub(in super::super) to: Option<String>,
}

/// How a conversation is looked after.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct CareAnswer {
    /// The conversation.
    id: i64,
    /// `open` or `closed`.
    state: &'static str,
    /// Whether a person is to read it.
    needs_person: bool,
    /// Who looks after it.
    #[schema(required)]
    assigned: Option<String>,
}

impl CareAnswer {
    pub(in super::super) fn new(id: i64, cared: Cared) -> Self {
        Self { id, state: state(cared.is_open), needs_person: cared.needs_person, assigned: cared.assigned }
    }
}

/// How things stand with the person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct StandingRequest {
    /// `open`, `promised`, `agreed`, `disputed`, `paid` or `unconfirmed`.
    #[schema(required, nullable = false)]
    pub(in super::super) standing: Option<String>,
    /// Of `promised`: until when nothing is asked, RFC 3339.
    pub(in super::super) until: Option<String>,
}

/// What a decision has stopped.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct StandingAnswer {
    /// Messages of which nothing more is handed over.
    stopped: u64,
    /// Messages of which a part was on the wire, or may have been: nothing else is accepted by the network from now on.
    on_wire: Vec<String>,
}

impl From<Stopped> for StandingAnswer {
    fn from(stopped: Stopped) -> Self {
        Self { stopped: stopped.stopped, on_wire: stopped.on_wire.iter().map(ToString::to_string).collect() }
    }
}
