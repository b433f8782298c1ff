//! Tokens as JSON.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::store::view::TokenView;

use super::super::auth::Role;
use super::at;

/// A token to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct TokenRequest {
    /// The name of the client; it survives the rotation of its tokens.
    #[schema(required, nullable = false)]
    pub(in super::super) client: Option<String>,
    /// Of `send`, `read`, `text`, `pii`, `manage` and `admin`; or give a role.
    pub(in super::super) scopes: Option<Vec<String>>,
    /// `operator` (`send`, `read`, `text`), `manager` (`send`, `read`, `pii`, `manage`) or `administrator` (everything).
    pub(in super::super) role: Option<String>,
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
    /// The role that may do just that, if one does.
    #[schema(required)]
    pub(in super::super) role: Option<&'static str>,
    pub(in super::super) creditors: Vec<String>,
    #[schema(required)]
    pub(in super::super) expires_at: Option<String>,
    /// Of a rotation: when the token before ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in super::super) before_ends_at: Option<String>,
}

/// A token to be replaced.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct RotateTokenRequest {
    /// How long the token before goes on beside the new one, 24 h unless something is said; `0s` ends it at once.
    #[schema(example = "24h")]
    pub(in super::super) grace: Option<String>,
    /// When the new one ends, RFC 3339. If nothing is said it lasts as long as the one before was made for.
    pub(in super::super) expires_at: Option<String>,
}

/// A token without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct TokenAnswer {
    /// For revoking it.
    key: i64,
    client: String,
    scopes: Vec<String>,
    /// The role that may do just that, if one does.
    #[schema(required)]
    role: Option<&'static str>,
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
            role: Role::of(&token.scopes).map(Role::name),
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
