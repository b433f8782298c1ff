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
    #[arg(long = "scope", required = true, value_delimiter = ',')]
    scopes: Vec<Scope>,
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
    /// See states and events, with numbers and texts masked
    Read,
    /// See numbers and texts
    Pii,
    /// Pause and resume, make and revoke tokens
    Manage,
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
            Self::Pii => "pii",
            Self::Manage => "manage",
        }
    }
}

impl Command for CreateArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let scopes: Vec<_> = self.scopes.iter().map(|scope| scope.name()).collect();
        let mut body = json!({"client": self.client, "scopes": scopes});
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

impl Command for ListArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let page = client.get("/v1/tokens").await?;
        let heading = ["KEY", "CLIENT", "SCOPES", "CREDITORS", "EXPIRES", "LAST USED", "REVOKED"];
        printer.list(heading, items(&page), |token: &Value| {
            let field = |name| cell(token, name);
            [
                field("key"),
                field("client"),
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
