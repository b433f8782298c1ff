//! Messages: found, looked at, sent, taken back, and settled where nobody knows whether they went.

use askama::Template;
use axum::extract::{Path, Query};
use serde::Deserialize;
use serde_json::Value;

use super::super::api::List;
use super::super::asked::Asked;
use super::super::format::encode;
use super::super::frame::{Drawn, Frame, draw};
use super::super::query::query;

/// States in the order of a message's life.
const STATES: [&str; 10] = [
    "queued",
    "sending",
    "accepted",
    "delivered",
    "undelivered",
    "unknown",
    "failed",
    "expired",
    "blocked",
    "cancelled",
];

const PURPOSES: [&str; 6] = ["collection", "reminder", "identity_check", "promotion", "confirmation", "operational"];

/// What is looked for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Sought {
    state: String,
    to: String,
    debtor: String,
    batch: String,
    client_ref: String,
    since: String,
    cursor: String,
}

#[derive(Deserialize)]
struct Reason {
    code: String,
    detail: String,
}

#[derive(Deserialize)]
struct Message {
    id: String,
    state: String,
    to: Option<String>,
    text: String,
    segments: u32,
    encoding: String,
    created_at: String,
    valid_until: String,
    not_before: Option<String>,
    reason: Option<Reason>,
    client: String,
    client_ref: Option<String>,
    purpose: String,
    debtor: Option<String>,
    debt: Option<String>,
    creditor: Option<String>,
    batch: Option<String>,
    team: Option<String>,
    operator: Option<String>,
    report_state: String,
    companion_of: Option<String>,
    #[serde(default)]
    parts: Vec<Part>,
    #[serde(default)]
    history: Vec<Event>,
}

impl Message {
    fn is_waiting(&self) -> bool {
        self.state == "queued"
    }
}

#[derive(Deserialize)]
struct Part {
    #[serde(rename = "part")]
    number: u8,
    state: String,
    sim: Option<String>,
    modem: Option<String>,
    offered_at: Option<String>,
    accepted_at: Option<String>,
    reported_at: Option<String>,
    cause: Option<String>,
    evidence: Vec<Evidence>,
}

#[derive(Deserialize)]
struct Evidence {
    code: String,
    detail: String,
    suggests: Option<String>,
    at: Option<String>,
}

impl Evidence {
    /// Its detail says more than its code does.
    fn is_technical(&self) -> bool {
        matches!(self.code.as_str(), "seen" | "references" | "report_without_part")
    }
}

#[derive(Deserialize)]
struct Event {
    seq: i64,
    at: String,
    r#type: String,
    part: Option<u8>,
    modem: Option<String>,
    data: Value,
}

impl Event {
    /// What more is known, in the words of the API.
    fn more(&self) -> String {
        let object = self.data.as_object();
        // Hashes are for the evidence, not for eyes.
        let is_shown = |name: &str| name != "id" && !name.ends_with("_hash");
        let pairs = object.into_iter().flatten().filter(|(name, value)| !value.is_null() && is_shown(name));
        let pairs = pairs.map(|(name, value)| match value.as_str() {
            Some(text) => format!("{name}: {text}"),
            None => format!("{name}: {value}"),
        });
        pairs.collect::<Vec<_>>().join(" · ")
    }
}

#[derive(Template)]
#[template(path = "messages.html")]
struct MessagesPage {
    frame: Frame,
    sought: Sought,
    messages: Vec<Message>,
    next: Option<String>,
}

/// Messages, newest first.
pub(super) async fn list(asked: Asked, Query(sought): Query<Sought>) -> Drawn {
    let since = sought.since.parse::<jiff::civil::Date>().ok();
    let since = since.and_then(|day| day.to_zoned(asked.frame.zone().clone()).ok());
    let since = since.map(|since| since.timestamp().to_string()).unwrap_or_default();
    let of_cursor = |cursor: &str, since: &str, path: &str| {
        let Sought { state, to, debtor, batch, client_ref, .. } = &sought;
        let named = [("state", state), ("to", to), ("debtor", debtor), ("batch", batch), ("client_ref", client_ref)];
        let named = named.map(|(name, value)| (name, value.trim()));
        query(path, &[&named[..], &[("since", since), ("cursor", cursor)]].concat())
    };
    let path = of_cursor(&sought.cursor, &since, "/v1/messages");
    let found: List<Message> = asked.or_say(asked.api.get(&path).await)?;
    let next = found.next.map(|cursor| of_cursor(&cursor, &sought.since, "/messages"));
    Ok(draw(&MessagesPage { frame: asked.frame, messages: found.items, next, sought }))
}

#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage {
    frame: Frame,
    message: Message,
    /// The debtor is one of the portfolio.
    is_known: bool,
}

/// One message with its parts and what happened to it.
pub(super) async fn show(asked: Asked, Path(id): Path<String>) -> Drawn {
    let message: Message = asked.or_say(asked.api.get(&format!("/v1/messages/{}", encode(&id))).await)?;
    let is_known = asked.knows(message.debtor.as_deref()).await;
    Ok(draw(&MessagePage { frame: asked.frame, message, is_known }))
}

/// What a form for a new message begins with.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Draft {
    to: String,
    debtor: String,
    creditor: String,
    debt: String,
}

impl Draft {
    /// Whether it is known whose number it goes to.
    fn names_somebody(&self) -> bool {
        !self.debt.is_empty() || (!self.debtor.is_empty() && !self.creditor.is_empty())
    }
}

/// A template as lists have it.
#[derive(Deserialize)]
struct Written {
    name: String,
    used_version: Option<u32>,
}

#[derive(Deserialize)]
struct Sim {
    iccid: String,
    name: Option<String>,
}

#[derive(Template)]
#[template(path = "new_message.html")]
struct NewMessagePage {
    frame: Frame,
    draft: Draft,
    sims: Vec<Sim>,
    /// Those that are approved, by name.
    templates: Vec<String>,
}

/// The form for a new message.
pub(super) async fn new(asked: Asked, Query(draft): Query<Draft>) -> Drawn {
    let sims: List<Sim> = asked.or_say(asked.api.get("/v1/sims").await)?;
    let written: List<Written> = asked.or_say(asked.api.get("/v1/templates").await)?;
    let is_used = |written: &Written| written.used_version.is_some();
    let templates = written.items.into_iter().filter(is_used).map(|written| written.name).collect();
    Ok(draw(&NewMessagePage { frame: asked.frame, draft, sims: sims.items, templates }))
}
