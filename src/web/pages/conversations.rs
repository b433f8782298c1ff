//! Conversations: what people wrote, those first whom somebody must answer, and one with its answers.

use askama::Template;
use axum::extract::{Path, Query};
use serde::Deserialize;
use serde_json::json;

use super::super::api::{List, Refused};
use super::super::asked::Asked;
use super::super::format::encode;
use super::super::frame::{Drawn, Frame, draw};
use super::super::query::query;

/// What texts are understood to want, as the API calls it.
const INTENTS: [&str; 11] = [
    "wants_contact",
    "already_paid",
    "promise_to_pay",
    "dispute",
    "opt_out",
    "wrong_person",
    "deceased",
    "help",
    "opt_in",
    "yes",
    "no",
];

/// What is shown of all; nothing chosen are the open ones, those for a person before the others.
const SHOWN: [&str; 4] = ["waiting", "rest", "closed", "all"];

/// How things may be said to stand by a button; a promise needs a day.
const STANDINGS: [&str; 5] = ["open", "paid", "agreed", "disputed", "unconfirmed"];

/// What is looked for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Sought {
    show: String,
    intent: String,
    assigned: String,
    debtor: String,
    cursor: String,
}

impl Sought {
    /// The query of the API for some of them.
    fn asks(&self, show: &str, cursor: &str) -> String {
        let (state, needs_person) = match show {
            "waiting" => ("open", "true"),
            "rest" => ("open", "false"),
            "closed" => ("closed", ""),
            _ => ("", ""),
        };
        let Self { intent, assigned, debtor, .. } = self;
        let named = [
            ("state", state),
            ("needs_person", needs_person),
            ("intent", intent),
            ("assigned", assigned.trim()),
            ("debtor", debtor.trim()),
            ("cursor", cursor),
        ];
        query("/v1/conversations", &named)
    }

    /// The page with more of them.
    fn more(&self, show: &str, cursor: &str) -> String {
        let Self { intent, assigned, debtor, .. } = self;
        let named =
            [("show", show), ("intent", intent), ("assigned", assigned), ("debtor", debtor), ("cursor", cursor)];
        query("/conversations", &named)
    }
}

#[derive(Deserialize)]
struct Conversation {
    id: i64,
    number: String,
    debtor: Option<String>,
    sim: String,
    state: String,
    needs_person: bool,
    assigned: Option<String>,
    last_at: String,
    last_text: String,
    last_intents: Vec<String>,
    standing: String,
    standing_until: Option<String>,
}

/// Some of the conversations.
struct Part {
    show: &'static str,
    items: Vec<Conversation>,
    more: Option<String>,
}

#[derive(Template)]
#[template(path = "conversations.html")]
struct ConversationsPage {
    frame: Frame,
    sought: Sought,
    parts: Vec<Part>,
}

/// The inbox.
pub(super) async fn list(asked: Asked, Query(sought): Query<Sought>) -> Drawn {
    let chosen = SHOWN.into_iter().find(|show| *show == sought.show);
    let shown = chosen.map_or_else(|| vec!["waiting", "rest"], |show| vec![show]);
    let mut parts = Vec::with_capacity(shown.len());
    for show in shown {
        let found: List<Conversation> = asked.or_say(asked.api.get(&sought.asks(show, &sought.cursor)).await)?;
        let more = found.next.map(|cursor| sought.more(show, &cursor));
        parts.push(Part { show, items: found.items, more });
    }
    Ok(draw(&ConversationsPage { frame: asked.frame, sought, parts }))
}

#[derive(Deserialize)]
struct Whole {
    #[serde(flatten)]
    conversation: Conversation,
    messages: Vec<Turn>,
    next: Option<String>,
}

/// What one side said.
#[derive(Deserialize)]
#[serde(tag = "direction", rename_all = "lowercase")]
enum Turn {
    Out { id: String, at: String, text: String, purpose: String, state: String, operator: Option<String> },
    In { at: String, text: String, intents: Vec<String> },
}

#[derive(Template)]
#[template(path = "conversation.html")]
struct ConversationPage {
    frame: Frame,
    whole: Conversation,
    turns: Vec<Turn>,
    older: Option<String>,
    /// The debtor is one of the portfolio.
    is_known: bool,
}

impl ConversationPage {
    /// Whether the number can be put on the list from here: it must be seen, and it must be clear for whom.
    fn may_suppress(&self) -> bool {
        self.frame.may("send") && self.frame.may("pii") && self.frame.creditors().len() < 2
    }

    fn suppression(&self, kind: &str) -> String {
        let creditor = self.frame.creditors().first();
        let said = format!("conversation {}", self.whole.id);
        json!({ "number": self.whole.number, "kind": kind, "source": said, "creditor": creditor }).to_string()
    }

    fn standing(name: &str) -> String {
        json!({ "standing": name }).to_string()
    }

    fn assign(to: Option<&str>) -> String {
        json!({ "to": to }).to_string()
    }

    fn own_name(&self) -> &str {
        self.frame.session.as_ref().map_or("", |session| &session.client)
    }

    fn is_mine(&self) -> bool {
        self.whole.assigned.as_deref() == Some(self.own_name())
    }
}

/// Which part of a conversation is shown.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Place {
    cursor: String,
}

/// One conversation.
pub(super) async fn show(asked: Asked, Path(id): Path<String>, Query(place): Query<Place>) -> Drawn {
    let path = query(&format!("/v1/conversations/{}", encode(&id)), &[("cursor", &place.cursor)]);
    let answer: Result<Whole, Refused> = asked.api.get(&path).await;
    let Whole { conversation, messages, next } = asked.or_say(answer)?;
    let older = next.map(|cursor| query(&format!("/conversations/{}", conversation.id), &[("cursor", &cursor)]));
    let is_known = asked.knows(conversation.debtor.as_deref()).await;
    Ok(draw(&ConversationPage { frame: asked.frame, whole: conversation, turns: messages, older, is_known }))
}
