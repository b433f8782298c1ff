//! `recado token`: who may use the HTTP door.

use hyper::Method;
use serde_json::{Value, json};

use crate::clock::duration;
use crate::clock::{Clock, Timestamp};

use super::client::{Ask, Client};
use super::exit::Exit;
use super::failure::Failure;
use super::messages::items;
use super::print::{Printer, cell};
use super::remote::Command;

/// What `token create` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct CreateArgs {
    /// For whom: a name that stays when the token is replaced
    #[arg(long, value_name = "NAME")]
    client: String,
    /// What it may do; may be given several times
    #[arg(long = "scope", required_unless_present = "role", value_delimiter = ',')]
    scopes: Vec<Scope>,
    /// What it may do, by who has it
    #[arg(long, conflicts_with = "scopes")]
    role: Option<Role>,
    /// Only for this creditor; may be given several times
    #[arg(long = "creditor", value_name = "ID")]
    creditors: Vec<String>,
    /// When it ends: a time such as 2027-01-01T00:00:00Z, or a duration such as 90d
    #[arg(long, value_name = "WHEN", value_parser = Expiry::parse)]
    expires: Option<Expiry>,
}

/// What `token list` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {}

/// What `token rotate` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct RotateArgs {
    /// The key, from the list, or the client if it has one token
    #[arg(value_name = "KEY|CLIENT")]
    which: String,
    /// How long the token before goes on: 24h if nothing is said; 0 ends it at once
    #[arg(long, value_name = "DURATION", value_parser = grace)]
    grace: Option<String>,
    /// When the new one ends; if nothing is said it lasts as long as the one before was made for
    #[arg(long, value_name = "WHEN", value_parser = Expiry::parse)]
    expires: Option<Expiry>,
}

/// What `token revoke` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct RevokeArgs {
    /// The key, from the list
    key: i64,
}

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Scope {
    /// Submit, cancel and settle messages
    Send,
    /// See states and events, with people and texts masked
    Read,
    /// See texts, with people masked
    Text,
    /// See people and texts
    Pii,
    /// Pause and resume, write templates and ladders, lift suppressions
    Manage,
    /// Tokens, webhooks, reload, erasure and export of people
    Admin,
}

/// Whose token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Role {
    /// Answers debtors: send, read, text
    Operator,
    /// Writes templates and follows results: send, read, pii, manage
    Manager,
    /// Everything
    Administrator,
}

fn grace(text: &str) -> Result<String, String> {
    duration::parse(text).map(|_| text.to_owned()).map_err(|error| format!("failed to {error}"))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expiry {
    At(Timestamp),
    After(std::time::Duration),
}

impl Expiry {
    fn parse(text: &str) -> Result<Self, String> {
        if let Ok(at) = text.parse() {
            return Ok(Self::At(at));
        }
        let after = duration::parse(text).map(Self::After).ok();
        after.ok_or_else(|| "expected a time such as 2027-01-01T00:00:00Z or a duration such as 90d".to_owned())
    }

    fn time(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::After(duration) => now + duration,
        }
    }
}

impl Scope {
    fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Read => "read",
            Self::Text => "text",
            Self::Pii => "pii",
            Self::Manage => "manage",
            Self::Admin => "admin",
        }
    }
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Manager => "manager",
            Self::Administrator => "administrator",
        }
    }
}

impl Command for CreateArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let scopes: Vec<_> = self.scopes.iter().map(|scope| scope.name()).collect();
        let mut body = match self.role {
            Some(role) => json!({"client": self.client, "role": role.name()}),
            None => json!({"client": self.client, "scopes": scopes}),
        };
        if let Some(fields) = body.as_object_mut() {
            if !self.creditors.is_empty() {
                fields.insert("creditors".to_owned(), json!(self.creditors));
            }
            if let Some(expires) = self.expires {
                fields.insert("expires_at".to_owned(), json!(expires.time(Clock::host().now().utc).to_string()));
            }
        }
        let token = client.ask(Ask { method: Method::POST, path: "/v1/tokens", body: Some(&body) }).await?;
        // The token alone on its line, so that a script can take it; it is never shown again.
        printer.line(&if printer.is_json { token.to_string() } else { cell(&token, "token") })?;
        Ok(Exit::Done)
    }
}

impl Command for RotateArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let key = match self.which.parse() {
            Ok(key) => key,
            Err(_) => only_token(&client.get("/v1/tokens").await?, &self.which)?,
        };
        let mut body = serde_json::Map::new();
        body.extend(self.grace.map(|grace| ("grace".to_owned(), json!(grace))));
        let expires = self.expires.map(|expires| expires.time(Clock::host().now().utc).to_string());
        body.extend(expires.map(|at| ("expires_at".to_owned(), json!(at))));
        let (path, body) = (format!("/v1/tokens/{key}/rotate"), Value::from(body));
        let token = client.ask(Ask { method: Method::POST, path: &path, body: Some(&body) }).await?;
        printer.line(&if printer.is_json { token.to_string() } else { cell(&token, "token") })?;
        Ok(Exit::Done)
    }
}

/// The key of the token that a client has and that goes on.
fn only_token(page: &Value, client: &str) -> Result<i64, Failure> {
    let now = Clock::host().now().utc;
    let has_ended = |token: &Value| {
        token["expires_at"].as_str().and_then(|at| at.parse().ok()).is_some_and(|at: Timestamp| at <= now)
    };
    let lasts = |token: &&Value| token["client"] == client && token["revoked_at"].is_null() && !has_ended(token);
    let mut found = items(page).iter().filter(lasts).filter_map(|token| token["key"].as_i64());
    match (found.next(), found.next()) {
        (Some(key), None) => Ok(key),
        (Some(_), Some(_)) => {
            Err(Failure::Usage("this client has several tokens; give the key of one, from `recado token list`"))
        }
        (None, _) => Err(Failure::Usage("no client of this name has a token; see `recado token list`")),
    }
}

impl Command for ListArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let page = client.get("/v1/tokens").await?;
        let heading = ["KEY", "CLIENT", "ROLE", "SCOPES", "CREDITORS", "EXPIRES", "LAST USED", "REVOKED"];
        printer.list(heading, items(&page), |token: &Value| {
            let field = |name| cell(token, name);
            [
                field("key"),
                field("client"),
                field("role"),
                field("scopes"),
                field("creditors"),
                field("expires_at"),
                field("last_used"),
                field("revoked_at"),
            ]
        })?;
        Ok(Exit::Done)
    }
}

impl Command for RevokeArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let path = format!("/v1/tokens/{}", self.key);
        let answer = client.ask(Ask { method: Method::DELETE, path: &path, body: None }).await?;
        printer.line(&if printer.is_json { answer.to_string() } else { format!("revoked {}", self.key) })?;
        Ok(Exit::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn an_end_is_a_time_or_a_duration_from_now() {
        let now: Timestamp = "2026-11-24T13:00:00Z".parse().unwrap();
        assert_eq!(Expiry::parse("90d").unwrap().time(now), now + Duration::from_secs(90 * 86_400));
        assert_eq!(Expiry::parse("2026-11-24T10:00:00-03:00").unwrap().time(Timestamp::MAX), now);
        assert!(Expiry::parse("tomorrow").is_err());
    }
}
