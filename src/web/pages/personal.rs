//! What is held of a person, and that it is held no more: the export, the request to erase or block, and how far it has come.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::Path;
use serde::Deserialize;

use super::super::asked::Asked;
use super::super::format::encode;
use super::super::frame::{Drawn, Frame, draw};

#[derive(Deserialize)]
struct Debtor {
    id: String,
    name: Option<String>,
    numbers: Vec<String>,
}

#[derive(Template)]
#[template(path = "personal.html")]
struct PersonalPage {
    frame: Frame,
    debtor: Debtor,
}

/// What can be done with what is held of a debtor.
pub(super) async fn debtor(asked: Asked, Path(id): Path<String>) -> Drawn {
    let debtor: Debtor = asked.or_say(asked.api.get(&format!("/v1/debtors/{}", encode(&id))).await)?;
    Ok(draw(&PersonalPage { frame: asked.frame, debtor }))
}

#[derive(Deserialize)]
struct Erasure {
    id: i64,
    at: String,
    client: String,
    reason: String,
    mode: String,
    until: Option<String>,
    state: String,
    erased: BTreeMap<String, u64>,
    ended_at: Option<String>,
}

impl Erasure {
    /// The word for where it stands, of the states that other things have.
    fn colour(&self) -> &'static str {
        match self.state.as_str() {
            "done" => "ready",
            "blocked" => "paused",
            "dropped" => "cancelled",
            _ => "sending",
        }
    }
}

#[derive(Template)]
#[template(path = "erasure.html")]
struct ErasurePage {
    frame: Frame,
    erasure: Erasure,
}

/// How far an erasure has come.
pub(super) async fn erasure(asked: Asked, Path(id): Path<i64>) -> Drawn {
    let erasure: Erasure = asked.or_say(asked.api.get(&format!("/v1/erasures/{id}")).await)?;
    Ok(draw(&ErasurePage { frame: asked.frame, erasure }))
}
