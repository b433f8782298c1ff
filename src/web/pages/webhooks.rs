//! Where events are posted to: how each endpoint does, what was posted last, and what was given up.

use askama::Template;
use axum::extract::Path;
use serde::Deserialize;

use super::super::api::List;
use super::super::asked::Asked;
use super::super::frame::{Drawn, Frame, draw};

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

#[derive(Template)]
#[template(path = "webhook.html")]
struct WebhookPage {
    frame: Frame,
    webhook: Webhook,
    deliveries: Vec<Delivery>,
}

/// One endpoint with what was posted last.
pub(super) async fn show(asked: Asked, Path(id): Path<i64>) -> Drawn {
    let webhook = asked.or_say(asked.api.get(&format!("/v1/webhooks/{id}")).await)?;
    let deliveries: List<Delivery> = asked.or_say(asked.api.get(&format!("/v1/webhooks/{id}/deliveries")).await)?;
    Ok(draw(&WebhookPage { frame: asked.frame, webhook, deliveries: deliveries.items }))
}
