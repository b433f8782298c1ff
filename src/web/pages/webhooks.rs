//! Where events are posted to: how each endpoint does, what was posted last, and what was given up.

use askama::Template;
use axum::extract::{Path, Query};
use serde::Deserialize;

use super::super::api::List;
use super::super::asked::Asked;
use super::super::frame::{Drawn, Frame, draw};
use super::super::query::query;

#[derive(Deserialize)]
struct Webhook {
    id: i64,
    url: String,
    types: Vec<String>,
    state: String,
    enabled: bool,
    reason: Option<String>,
    failing_since: Option<String>,
    seq: i64,
    waiting: u64,
    dead: u64,
    passed_over: u64,
}

#[derive(Deserialize)]
struct Delivery {
    seq: i64,
    r#type: Option<String>,
    state: String,
    attempts: u32,
    at: Option<String>,
    next: Option<String>,
    status: Option<u16>,
    took_ms: Option<u64>,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "webhooks.html")]
struct WebhooksPage {
    frame: Frame,
    webhooks: Vec<Webhook>,
}

/// All endpoints.
pub(super) async fn list(asked: Asked) -> Drawn {
    let webhooks: List<Webhook> = asked.or_say(asked.api.get("/v1/webhooks").await)?;
    Ok(draw(&WebhooksPage { frame: asked.frame, webhooks: webhooks.items }))
}

/// Which part of the deliveries is shown: where the page before ended, of all and of those that were given up.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Place {
    cursor: String,
    dead: String,
}

/// Some of the deliveries, and the page with older ones.
struct Part {
    name: String,
    items: Vec<Delivery>,
    older: Option<String>,
}

#[derive(Template)]
#[template(path = "webhook.html")]
struct WebhookPage {
    frame: Frame,
    webhook: Webhook,
    dead: Part,
    last: Part,
}

/// One endpoint with what was given up, which is never behind what was delivered since, and with what was posted last.
pub(super) async fn show(asked: Asked, Path(id): Path<i64>, Query(place): Query<Place>) -> Drawn {
    let webhook = asked.or_say(asked.api.get(&format!("/v1/webhooks/{id}")).await)?;
    let (page, list) = (format!("/settings/webhooks/{id}"), format!("/v1/webhooks/{id}/deliveries"));
    let dead = query(&list, &[("state", "dead"), ("cursor", &place.dead)]);
    let dead: List<Delivery> = asked.or_say(asked.api.get(&dead).await)?;
    let last: List<Delivery> = asked.or_say(asked.api.get(&query(&list, &[("cursor", &place.cursor)])).await)?;
    let frame = asked.frame;
    let dead = Part {
        name: frame.t("webhooks.dead"),
        items: dead.items,
        older: dead.next.map(|next| query(&page, &[("cursor", &place.cursor), ("dead", &next)])),
    };
    let last = Part {
        name: frame.t("webhooks.last"),
        items: last.items,
        older: last.next.map(|next| query(&page, &[("cursor", &next), ("dead", &place.dead)])),
    };
    Ok(draw(&WebhookPage { frame, webhook, dead, last }))
}
