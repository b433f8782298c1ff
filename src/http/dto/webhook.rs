//! Endpoints of webhooks and their deliveries as JSON.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::actor::webhook::Tested;
use crate::clock::Timestamp;
use crate::store::webhook::{DeliveryView, EndpointView, SigningKey};

use super::at;

/// What is said of an endpoint.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct WebhookRequest {
    /// Where to: https, or http too where `[webhooks] allow_private` is set. It may hold a user and a password.
    #[schema(example = "https://example.com/recado")]
    pub(in super::super) url: Option<String>,
    /// Types of events, or their beginnings such as `message.*`; all of them if nothing is said.
    pub(in super::super) types: Option<Vec<String>>,
    /// Only events about messages and debts of these creditors; none for all.
    pub(in super::super) creditors: Option<Vec<String>>,
    /// Whether it gets what a reader with the scope `pii` gets. Needs that scope. False if nothing is said.
    pub(in super::super) pii: Option<bool>,
    /// With a number, the body is an array of up to so many events, 1 to 1000; with 0, or if nothing is said, it is one event.
    pub(in super::super) batch: Option<i64>,
    /// Whether anything is posted. True if nothing is said.
    pub(in super::super) enabled: Option<bool>,
}

/// An endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct WebhookAnswer {
    pub(in super::super) id: i64,
    /// Where to, without the password.
    url: String,
    types: Vec<String>,
    creditors: Vec<String>,
    pii: bool,
    batch: u32,
    enabled: bool,
    /// `ok`, `failing` or `disabled`.
    state: &'static str,
    /// Why it was disabled, where nobody did that.
    #[schema(required)]
    reason: Option<String>,
    /// Since when nothing gets through.
    #[schema(required)]
    failing_since: Option<String>,
    /// Up to which event of the log it has come, as far as that was noted.
    seq: i64,
    /// Events before that which wait to be tried again, or behind one of their message that does.
    waiting: u64,
    /// Events that were given up.
    dead: u64,
    /// Events behind `seq` that are not kept any more: it was disabled when they were deleted at the end of their time.
    passed_over: u64,
    /// Who made it.
    client: String,
    created_at: String,
    /// Until when the secret of before signs too.
    #[schema(required)]
    old_secret_until: Option<String>,
}

impl From<EndpointView> for WebhookAnswer {
    fn from(endpoint: EndpointView) -> Self {
        let EndpointView { terms, .. } = endpoint;
        let state = match (terms.enabled, endpoint.failing_since) {
            (false, _) => "disabled",
            (true, Some(_)) => "failing",
            (true, None) => "ok",
        };
        Self {
            id: endpoint.key,
            url: without_password(&terms.url.0),
            types: terms.wanted.0,
            creditors: terms.creditors,
            pii: terms.pii,
            batch: terms.batch,
            enabled: terms.enabled,
            state,
            reason: endpoint.disabled_why,
            failing_since: endpoint.failing_since.map(at),
            seq: endpoint.seq,
            waiting: endpoint.waiting,
            dead: endpoint.dead,
            passed_over: endpoint.passed_over,
            client: endpoint.client,
            created_at: at(endpoint.created_at),
            old_secret_until: endpoint.old_secret.map(|(_, until)| at(until)),
        }
    }
}

/// An endpoint that was made. Its secret is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct NewWebhookAnswer {
    #[serde(flatten)]
    pub(in super::super) webhook: WebhookAnswer,
    /// By which requests are signed: HMAC-SHA256 as Standard Webhooks has it.
    #[schema(example = "whsec_...")]
    secret: String,
}

impl NewWebhookAnswer {
    pub(in super::super) fn new(endpoint: EndpointView, key: SigningKey) -> Self {
        Self { webhook: endpoint.into(), secret: key.text() }
    }
}

/// For how long the secret of before signs too.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct RotateRequest {
    /// Such as `24h`, which it is if nothing is said; at most 30 days.
    pub(in super::super) keep_old: Option<String>,
}

/// A new secret, shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct RotatedAnswer {
    id: i64,
    #[schema(example = "whsec_...")]
    secret: String,
    /// Until when the one of before signs too.
    old_secret_until: String,
}

impl RotatedAnswer {
    pub(in super::super) fn new(id: i64, key: SigningKey, until: Timestamp) -> Self {
        Self { id, secret: key.text(), old_secret_until: at(until) }
    }
}

/// From where on to deliver again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct ReplayRequest {
    /// The first event.
    #[schema(required, nullable = false)]
    pub(in super::super) from: Option<i64>,
    /// `dead`: only what was given up. Everything if nothing is said.
    pub(in super::super) only: Option<String>,
}

/// What is delivered again.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct ReplayedAnswer {
    pub(in super::super) id: i64,
    pub(in super::super) from: i64,
    /// So many events are looked at again; with `only`, are tried again.
    pub(in super::super) events: u64,
}

/// An endpoint that was removed.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct RemovedAnswer {
    pub(in super::super) id: i64,
    pub(in super::super) removed: bool,
}

/// What an endpoint made of a test.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct WebhookTestAnswer {
    delivered: bool,
    /// The HTTP status.
    #[schema(required)]
    status: Option<u16>,
    took_ms: u64,
    /// Why it was not taken.
    #[schema(required)]
    error: Option<String>,
    /// How the body of the answer begins.
    answer: String,
}

impl From<Tested> for WebhookTestAnswer {
    fn from(tested: Tested) -> Self {
        Self {
            delivered: tested.is_delivered,
            status: tested.status,
            took_ms: u64::try_from(tested.took.as_millis()).unwrap_or(u64::MAX),
            error: tested.error,
            answer: tested.answer,
        }
    }
}

/// An event at an endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct DeliveryAnswer {
    pub(in super::super) seq: i64,
    /// Of which type the event is.
    #[schema(required)]
    r#type: Option<String>,
    /// `waiting`, `delivered` or `dead`.
    state: &'static str,
    attempts: u32,
    /// When it was tried last.
    #[schema(required)]
    at: Option<String>,
    /// When it is tried next; nothing while an earlier one of its message goes before it.
    #[schema(required)]
    next: Option<String>,
    /// What the endpoint answered last.
    #[schema(required)]
    status: Option<u16>,
    #[schema(required)]
    took_ms: Option<u64>,
    /// Why it was not taken.
    #[schema(required)]
    error: Option<String>,
}

impl From<DeliveryView> for DeliveryAnswer {
    fn from(delivery: DeliveryView) -> Self {
        Self {
            seq: delivery.seq,
            r#type: delivery.kind,
            state: delivery.state.name(),
            attempts: delivery.attempts,
            at: delivery.at.map(at),
            next: delivery.due.map(at),
            status: delivery.status,
            took_ms: delivery.took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX)),
            error: delivery.error,
        }
    }
}

/// User and password of a URL are nobody's business.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://***@{host}{path}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(without_password("https://u:p@x.example:8443/a@b"), "https://***@x.example:8443/a@b");
        assert_eq!(without_password("https://x.example/a@b"), "https://x.example/a@b");
        assert_eq!(without_password("https://u@x.example?q"), "https://***@x.example?q");
    }
}
