//! Debtors: found, and one with numbers, debts and everything that happened, in order.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use serde::Deserialize;

use super::super::api::{List, Refused};
use super::super::asked::Asked;
use super::super::format::encode;
use super::super::frame::{Drawn, Frame, draw};
use super::super::query::query;

/// What may be told of a debt, as the API calls it.
const EVENTS: [&str; 9] = [
    "payment_received",
    "promise",
    "agreement",
    "extension_granted",
    "dispute",
    "service_cut",
    "reopened",
    "cancelled",
    "overdue",
];

/// Debts of one debtor on the page.
const DEBTS: &str = "100";

/// Stages of a journey on one page.
const STAGES: &str = "200";

/// What is looked for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Sought {
    search: String,
    creditor: String,
    cursor: String,
}

#[derive(Deserialize)]
struct Debtor {
    id: String,
    name: Option<String>,
    document: Option<String>,
    language: Option<String>,
    kind: Option<String>,
    since: Option<String>,
    tags: Vec<String>,
    numbers: Vec<String>,
}

impl Debtor {
    fn called(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}

#[derive(Deserialize)]
struct Creditor {
    id: String,
    name: String,
}

#[derive(Template)]
#[template(path = "debtors.html")]
struct DebtorsPage {
    frame: Frame,
    sought: Sought,
    debtors: Vec<Debtor>,
    creditors: Vec<Creditor>,
    next: Option<String>,
}

/// Debtors, newest first.
pub(super) async fn list(asked: Asked, Query(sought): Query<Sought>) -> Drawn {
    let of_cursor = |path: &str, cursor: &str| {
        query(path, &[("search", sought.search.trim()), ("creditor", &sought.creditor), ("cursor", cursor)])
    };
    let found: List<Debtor> = asked.or_say(asked.api.get(&of_cursor("/v1/debtors", &sought.cursor)).await)?;
    let creditors: List<Creditor> = asked.or_say(asked.api.get("/v1/creditors").await)?;
    let next = found.next.map(|cursor| of_cursor("/debtors", &cursor));
    Ok(draw(&DebtorsPage { frame: asked.frame, debtors: found.items, creditors: creditors.items, next, sought }))
}

/// How a number fares.
#[derive(Deserialize)]
struct Faring {
    number: String,
    trouble: Option<String>,
    confirmed_at: Option<String>,
    confirmed_by: Option<String>,
    sent: i64,
    delivered: i64,
    undelivered: i64,
    last_report_at: Option<String>,
    answered_at: Option<String>,
}

#[derive(Deserialize)]
struct Instalment {
    number: u16,
    of: u16,
}

#[derive(Deserialize)]
struct Debt {
    id: String,
    creditor: String,
    currency: String,
    original_amount: String,
    amount: String,
    due: String,
    instalment: Option<Instalment>,
    contract: Option<String>,
    product: Option<String>,
    ladder: Option<String>,
    status: String,
    until: Option<String>,
}

/// Something on the way of a debtor.
#[derive(Deserialize)]
struct Stage {
    at: String,
    kind: String,
    debt: Option<String>,
    message: Option<String>,
    number: Option<String>,
    text: Option<String>,
    amount: Option<String>,
    details: BTreeMap<String, String>,
}

impl Stage {
    /// What of the page it is about, for its colour.
    fn subject(&self) -> &str {
        self.kind.split('.').next().unwrap_or_default()
    }

    /// What else there is to say, with its name.
    fn more(&self, frame: &Frame) -> Vec<(String, String)> {
        // Numbers of rows are for programs.
        let shown = self.details.iter().filter(|(name, _)| !matches!(name.as_str(), "inbound" | "currency"));
        let value = |name: &str, value: &str| match name {
            "reason" => frame.tt("reason", value),
            "purpose" => frame.tt("purpose", value),
            "standing" | "status" | "was" => frame.tt("standing", value),
            "kind" => frame.tt("suppression", value),
            "confirmed_by" => frame.tt("confirmed", value),
            "intents" => value.split(',').map(|intent| frame.tt("intent", intent)).collect::<Vec<_>>().join(", "),
            "due" | "day" => frame.day(value),
            "not_before" => frame.time(value),
            _ => value.to_owned(),
        };
        shown.map(|(name, text)| (frame.tt("detail", name), value(name, text))).collect()
    }
}

/// Where a debtor is and which hours suit.
#[derive(Default, Deserialize)]
struct Hours {
    state: Option<String>,
    zone: Option<String>,
    preferred: Vec<String>,
    forbidden: Vec<String>,
}

#[derive(Template)]
#[template(path = "debtor.html")]
struct DebtorPage {
    frame: Frame,
    debtor: Debtor,
    numbers: Vec<Faring>,
    debts: Vec<Debt>,
    stages: Vec<Stage>,
    next: Option<String>,
    hours: Hours,
}

impl DebtorPage {
    /// A new message to this debtor.
    fn write_to(&self, number: &str) -> String {
        let number = if self.frame.may("pii") { number } else { "" };
        let creditor = self.debts.first().map_or("", |debt| &debt.creditor);
        query("/messages/new", &[("to", number), ("debtor", &self.debtor.id), ("creditor", creditor)])
    }

    /// A new message about a debt, to the number that is texted.
    fn write_about(&self, debt: &Debt) -> String {
        let of = [("debtor", self.debtor.id.as_str()), ("creditor", &debt.creditor), ("debt", &debt.id)];
        query("/messages/new", &of)
    }

    fn first_number(&self) -> &str {
        self.debtor.numbers.first().map_or("", String::as_str)
    }
}

/// Which part of the way is shown.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Place {
    cursor: String,
}

/// One debtor.
pub(super) async fn show(asked: Asked, Path(id): Path<String>, Query(place): Query<Place>) -> Drawn {
    let path = format!("/v1/debtors/{}", encode(&id));
    let debtor: Debtor = asked.or_say(asked.api.get(&path).await)?;
    let numbers: List<Faring> = asked.or_say(asked.api.get(&format!("{path}/numbers")).await)?;
    let debts = query("/v1/debts", &[("debtor", &id), ("limit", DEBTS)]);
    let debts: List<Debt> = asked.or_say(asked.api.get(&debts).await)?;
    let journey = query(&format!("{path}/journey"), &[("limit", STAGES), ("cursor", &place.cursor)]);
    let journey: List<Stage> = asked.or_say(asked.api.get(&journey).await)?;
    let hours = match asked.api.get(&format!("{path}/hours")).await {
        // Nobody has said anything of them.
        Err(Refused::Problem { status: StatusCode::NOT_FOUND, .. }) => Hours::default(),
        answer => asked.or_say(answer)?,
    };
    let next = journey.next.map(|cursor| query(&format!("/debtors/{}", encode(&id)), &[("cursor", &cursor)]));
    Ok(draw(&DebtorPage {
        frame: asked.frame,
        debtor,
        numbers: numbers.items,
        debts: debts.items,
        stages: journey.items,
        next,
        hours,
    }))
}
