//! Who asks, and what they may.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use super::dto::message::Eyes;
use super::problem::{Kind, Problem};
use super::{Door, Site, session};

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Submit, preview, cancel and settle messages.
    Send,
    /// See messages, events, modems and SIMs, with numbers and texts masked.
    Read,
    /// See numbers and texts.
    Pii,
    /// Pause, resume, and administer tokens.
    Manage,
}

impl Scope {
    pub(super) const ALL: [Self; 4] = [Self::Send, Self::Read, Self::Pii, Self::Manage];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Read => "read",
            Self::Pii => "pii",
            Self::Manage => "manage",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// What is known of who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grant {
    /// The name under which idempotency keys are kept.
    pub(super) client: String,
    pub(super) scopes: Vec<Scope>,
    /// Creditors that the client is limited to; empty for all.
    pub(super) creditors: Arc<[String]>,
}

impl Grant {
    /// Who may do everything.
    pub(super) fn everything(client: &str) -> Self {
        Self { client: client.to_owned(), scopes: Scope::ALL.to_vec(), creditors: Arc::default() }
    }
}

/// Who asks.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    grant: Arc<Grant>,
    /// The token that was shown; none on the Unix socket.
    token: Option<TokenKey>,
}

/// The row of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TokenKey(pub(super) i64);

impl Caller {
    /// Who was granted this without a token.
    pub(super) fn holding(grant: Arc<Grant>) -> Self {
        Self { grant, token: None }
    }

    pub(super) fn client(&self) -> &str {
        &self.grant.client
    }

    /// The token by which the caller was let in, for what goes on after the answer has begun.
    pub(super) fn token(&self) -> Option<TokenKey> {
        self.token
    }

    /// The names of what the caller may do.
    pub(super) fn scopes(&self) -> Vec<&'static str> {
        self.grant.scopes.iter().map(|scope| scope.name()).collect()
    }

    /// Refuses a caller who lacks a scope.
    pub(super) fn needs(&self, scope: Scope) -> Result<(), Problem> {
        if self.has(scope) {
            return Ok(());
        }
        Err(Problem::new(Kind::Forbidden, format!("this needs a token with the scope `{}`", scope.name())))
    }

    pub(super) fn has(&self, scope: Scope) -> bool {
        self.grant.scopes.contains(&scope)
    }

    /// How much the caller may see.
    pub(super) fn eyes(&self) -> Eyes {
        if self.has(Scope::Pii) { Eyes::Open } else { Eyes::Masked }
    }

    /// Creditors that the caller is limited to; empty for all.
    pub(super) fn creditors(&self) -> &Arc<[String]> {
        &self.grant.creditors
    }

    /// Whether messages of this creditor are the caller's business.
    pub(super) fn covers(&self, creditor: Option<&str>) -> bool {
        let creditors = self.creditors();
        creditors.is_empty() || creditor.is_some_and(|creditor| creditors.iter().any(|own| own == creditor))
    }
}

impl FromRequestParts<Site> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        match site.door {
            Door::Unix => Ok(Self::holding(site.tokens().local())),
            Door::Tcp { .. } => {
                let (token, grant) = match bearer(parts) {
                    Some(secret) => site.tokens().authenticate(secret, site.clock.now().utc, &site.writer)?,
                    None => session::resume(site, parts)?,
                };
                Ok(Self { grant, token: Some(token) })
            }
        }
    }
}

fn bearer(parts: &Parts) -> Option<&str> {
    let (scheme, secret) = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}
