//! Who asks, and what they may.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use crate::actor::audit;

use super::dto::message::Eyes;
use super::problem::{Kind, Problem};
use super::serve::Peer;
use super::{Door, Site, session};

/// What a token may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Submit, preview, cancel and settle messages.
    Send,
    /// See messages, events, modems and SIMs, with people and texts masked.
    Read,
    /// See what was written. People stay masked where a text does not name them.
    Text,
    /// See who people are, and what was written.
    Pii,
    /// Run the business: pause and resume, templates and ladders, creditors, suppressions that are lifted.
    Manage,
    /// Run the installation: tokens, endpoints, reloads, and the erasure and export of people.
    Admin,
}

impl Scope {
    pub(super) const ALL: [Self; 6] = [Self::Send, Self::Read, Self::Text, Self::Pii, Self::Manage, Self::Admin];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Read => "read",
            Self::Text => "text",
            Self::Pii => "pii",
            Self::Manage => "manage",
            Self::Admin => "admin",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// A set of scopes that people know by a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Texts debtors and answers them. The scope `send` is for campaigns and debts too.
    Operator,
    /// Writes templates and ladders, runs campaigns and follows results.
    Manager,
    /// Does everything.
    Administrator,
}

impl Role {
    pub(super) const ALL: [Self; 3] = [Self::Operator, Self::Manager, Self::Administrator];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Manager => "manager",
            Self::Administrator => "administrator",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    pub(super) fn scopes(self) -> &'static [Scope] {
        match self {
            Self::Operator => &[Scope::Send, Scope::Read, Scope::Text],
            Self::Manager => &[Scope::Send, Scope::Read, Scope::Pii, Scope::Manage],
            Self::Administrator => &Scope::ALL,
        }
    }

    /// The role that may do what these scopes allow, and no more.
    pub(super) fn of(scopes: &[String]) -> Option<Self> {
        let named: Vec<Scope> = scopes.iter().filter_map(|name| Scope::from_name(name)).collect();
        Self::ALL
            .into_iter()
            .find(|role| Scope::ALL.into_iter().all(|scope| allow(&named, scope) == allow(role.scopes(), scope)))
    }
}

/// Whether scopes hold one: who may see people may see texts, which name them.
fn allow(scopes: &[Scope], scope: Scope) -> bool {
    scopes.contains(&scope) || (scope == Scope::Text && scopes.contains(&Scope::Pii))
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
        allow(&self.grant.scopes, scope)
    }

    /// How much the caller may see. Whoever asks this shows it: what open eyes see is noted in the audit.
    pub(super) fn eyes(&self) -> Eyes {
        let eyes = match (self.has(Scope::Pii), self.has(Scope::Text)) {
            (true, _) => Eyes::Open,
            (false, true) => Eyes::Texts,
            (false, false) => Eyes::Masked,
        };
        if eyes != Eyes::Masked {
            audit::shows();
        }
        eyes
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
        let caller = match site.door {
            Door::Unix => Self::holding(site.tokens().local()),
            Door::Tcp { .. } => {
                let (token, grant) = match bearer(parts) {
                    Some(secret) => show(site, parts, secret)?,
                    None => session::resume(site, parts)?,
                };
                site.rates().take(token, site.clock.now().instant, site.settings().pace)?;
                Self { grant, token: Some(token) }
            }
        };
        audit::let_in(caller.client(), caller.token.map(|token| token.0));
        Ok(caller)
    }
}

/// The token of a secret. A right one is always let in, so that nobody is kept out by a neighbour behind the same address;
/// wrong ones are told to wait once an address has shown too many. No answer to a wrong one helps to find a right one.
fn show(site: &Site, parts: &Parts, secret: &str) -> Result<(TokenKey, Arc<Grant>), Problem> {
    let now = site.clock.now();
    site.tokens().authenticate(secret, now.utc, &site.writer).or_else(|problem| {
        let peer = parts.extensions.get().copied().unwrap_or(Peer(None));
        site.strangers().may_try(peer, now.instant)?;
        site.strangers().refused(peer, now.instant);
        Err(problem)
    })
}

fn bearer(parts: &Parts) -> Option<&str> {
    let (scheme, secret) = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}
