//! Who changed what, and who looked at whom.

use askama::Template;
use axum::extract::Query;
use serde::Deserialize;

use super::super::api::List;
use super::super::asked::Asked;
use super::super::frame::{Drawn, Frame, draw};
use super::super::query::query;

/// What is told apart, as the API calls it.
const KINDS: [&str; 4] = ["change", "view", "refused", "recado"];

/// What is looked for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Sought {
    client: String,
    kind: String,
    since: String,
    debtor: String,
    cursor: String,
}

#[derive(Deserialize)]
struct Entry {
    seq: i64,
    at: String,
    client: String,
    token: Option<i64>,
    kind: String,
    route: String,
    object: String,
    id: Option<String>,
    items: u64,
    times: u64,
    status: Option<u16>,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    frame: Frame,
    sought: Sought,
    entries: Vec<Entry>,
    next: Option<String>,
}

/// Entries, newest first.
pub(super) async fn list(asked: Asked, Query(sought): Query<Sought>) -> Drawn {
    let since = sought.since.parse::<jiff::civil::Date>().ok();
    let since = since.and_then(|day| day.to_zoned(asked.frame.zone().clone()).ok());
    let since = since.map(|since| since.timestamp().to_string()).unwrap_or_default();
    let only = [("client", sought.client.trim()), ("kind", &sought.kind), ("debtor", sought.debtor.trim())];
    let of = |path: &str, since: &str, cursor: &str| {
        query(path, &[&only[..], &[("since", since), ("cursor", cursor)]].concat())
    };
    let found: List<Entry> = asked.or_say(asked.api.get(&of("/v1/audit", &since, &sought.cursor)).await)?;
    let next = found.next.map(|cursor| of("/settings/audit", &sought.since, &cursor));
    Ok(draw(&AuditPage { frame: asked.frame, entries: found.items, next, sought }))
}
