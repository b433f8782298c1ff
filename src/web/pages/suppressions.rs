//! Who must not be texted: the ledger, what is written into it, and what is taken back with a reason.

use askama::Template;
use axum::extract::Query;
use serde::Deserialize;

use super::super::api::List;
use super::super::asked::Asked;
use super::super::frame::{Drawn, Frame, draw};
use super::super::query::query;

/// Why a number is put on the list, as the API calls it.
const KINDS: [&str; 5] = ["opt_out", "wrong_person", "deceased", "register", "manual"];

/// What can be forbidden alone, as a list of the API's purposes.
const PURPOSES: [(&str, &str); 2] = [("collection;reminder", "collection"), ("promotion", "promotion")];

/// All purposes there are.
const ALL: usize = 7;

/// What is looked for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Sought {
    number: String,
    cursor: String,
}

#[derive(Deserialize)]
struct Lifted {
    at: String,
    client: String,
    why: String,
}

#[derive(Deserialize)]
struct Entry {
    id: i64,
    number: Option<String>,
    kind: String,
    purposes: Vec<String>,
    creditor: Option<String>,
    effective: String,
    source: String,
    client: String,
    why: Option<String>,
    at: String,
    lifted: Option<Lifted>,
}

impl Entry {
    fn is_for_all(&self) -> bool {
        self.purposes.len() == ALL
    }
}

#[derive(Template)]
#[template(path = "suppressions.html")]
struct SuppressionsPage {
    frame: Frame,
    sought: Sought,
    entries: Vec<Entry>,
    next: Option<String>,
}

impl SuppressionsPage {
    /// The page that asks why an entry is to bind no more.
    fn lifting(number: &str, kind: &str) -> String {
        query("/suppressions/lift", &[("number", number), ("kind", kind)])
    }
}

/// The ledger, newest first.
pub(super) async fn list(asked: Asked, Query(sought): Query<Sought>) -> Drawn {
    let of_cursor = |path: &str, cursor: &str| query(path, &[("number", sought.number.trim()), ("cursor", cursor)]);
    let found: List<Entry> = asked.or_say(asked.api.get(&of_cursor("/v1/suppressions", &sought.cursor)).await)?;
    let next = found.next.map(|cursor| of_cursor("/suppressions", &cursor));
    Ok(draw(&SuppressionsPage { frame: asked.frame, entries: found.items, next, sought }))
}

#[derive(Deserialize)]
struct Creditor {
    id: String,
    name: String,
}

#[derive(Template)]
#[template(path = "suppress.html")]
struct SuppressPage {
    frame: Frame,
    creditors: Vec<Creditor>,
}

/// The form for new entries.
pub(super) async fn new(asked: Asked) -> Drawn {
    let creditors: List<Creditor> = asked.or_say(asked.api.get("/v1/creditors").await)?;
    Ok(draw(&SuppressPage { frame: asked.frame, creditors: creditors.items }))
}

/// Which entry.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Which {
    number: String,
    kind: String,
}

#[derive(Template)]
#[template(path = "lift.html")]
struct LiftPage {
    frame: Frame,
    which: Which,
}

/// The form that takes an entry back.
pub(super) async fn lift(asked: Asked, Query(which): Query<Which>) -> Drawn {
    Ok(draw(&LiftPage { frame: asked.frame, which }))
}
