//! The audit as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use crate::store::audit::AuditView;

use super::at;

/// Something that somebody changed or looked at.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct AuditAnswer {
    /// Its number.
    pub(in super::super) seq: i64,
    /// When.
    at: String,
    /// Who.
    client: String,
    /// By which token; nothing on the Unix socket and for what Recado did by itself.
    #[schema(required)]
    token: Option<i64>,
    /// `change`; `view` of numbers, names or texts; `refused`, of the change that was noted before it; `recado`, by itself.
    kind: String,
    /// Method and path, without what stood in its places.
    #[schema(example = "GET /v1/messages")]
    route: String,
    /// The kind of thing.
    object: String,
    /// Which one. A debtor, a debt and a number are a digest, which begins with `~`: ask for one with `debtor` or `number`.
    #[schema(required)]
    id: Option<String>,
    /// How many items were seen.
    items: u64,
    /// How many requests this is of: looks of one client at one thing within a minute are one entry after the first.
    times: u64,
    /// The status of a refusal.
    #[schema(required)]
    status: Option<u16>,
}

impl From<AuditView> for AuditAnswer {
    fn from(view: AuditView) -> Self {
        let AuditView { seq, at: when, client, token, deed, route, object, id, items, times, status } = view;
        Self { seq, at: at(when), client, token, kind: deed, route, object, id, items, times, status }
    }
}
