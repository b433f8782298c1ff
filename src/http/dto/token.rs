//! Tokens as JSON.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::store::view::TokenView;

use super::at;

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct TokenRequest {
    /// The name of the client; it survives the rotation of its tokens.
    #[schema(required, nullable = false)]
    pub(in super::super) client: Option<String>,
    /// Of `send`, `read`, `pii` and `manage`.
    #[schema(required, nullable = false)]
    pub(in super::super) scopes: Option<Vec<String>>,
    /// Creditors that it is limited to; none for all.
    pub(in super::super) creditors: Option<Vec<String>>,
    /// When it ends, RFC 3339.
    pub(in super::super) expires_at: Option<String>,
}

/// A token that was made. Its secret is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct NewTokenAnswer {
    /// For revoking it.
    pub(in super::super) key: i64,
    /// The secret.
    #[schema(example = "rcd_...")]
    pub(in super::super) token: String,
    pub(in super::super) client: String,
    pub(in super::super) scopes: Vec<String>,
    pub(in super::super) creditors: Vec<String>,
    #[schema(required)]
    pub(in super::super) expires_at: Option<String>,
}

/// A token without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct TokenAnswer {
    /// For revoking it.
    key: i64,
    client: String,
    scopes: Vec<String>,
    creditors: Vec<String>,
    created_at: String,
    #[schema(required)]
    expires_at: Option<String>,
    /// To the minute.
    #[schema(required)]
    last_used: Option<String>,
    #[schema(required)]
    revoked_at: Option<String>,
}

impl From<TokenView> for TokenAnswer {
    fn from(token: TokenView) -> Self {
        Self {
            key: token.key,
            client: token.client,
            scopes: token.scopes,
            creditors: token.creditors,
            created_at: at(token.created_at),
            expires_at: token.expires_at.map(at),
            last_used: token.last_used.map(at),
            revoked_at: token.revoked_at.map(at),
        }
    }
}

/// A token that is revoked.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct RevokedAnswer {
    pub(in super::super) key: i64,
    pub(in super::super) revoked: bool,
}
