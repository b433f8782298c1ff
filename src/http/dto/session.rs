//! Sessions of browsers as JSON.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A token to begin a session with.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct SessionRequest {
    /// Its secret.
    #[schema(required, nullable = false, example = "rcd_...")]
    pub(in super::super) token: Option<String>,
}

/// Who is asking.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct SessionAnswer {
    /// The client of the token.
    pub(in super::super) client: String,
    /// Of `send`, `read`, `text`, `pii`, `manage` and `admin`.
    pub(in super::super) scopes: Vec<&'static str>,
    /// Creditors that it is limited to; none for all.
    pub(in super::super) creditors: Vec<String>,
    /// The configured zone.
    #[schema(example = "America/Sao_Paulo")]
    pub(in super::super) zone: String,
    /// What time it is for the daemon.
    pub(in super::super) now: String,
}
