//! `recado webhook`: endpoints that events are posted to.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};

use super::client::{Ask, Client, Query};
use super::exit::Exit;
use super::failure::Failure;
use super::messages::items;
use super::print::{Printer, cell, plain};
use super::remote::Command;

/// The daemon waits for the endpoint for a minute at most.
const TEST_WITHIN: Duration = Duration::from_secs(90);

/// What `webhook list` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {}

/// What `webhook add` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct AddArgs {
    /// Where to, such as <https://example.com/recado>
    #[arg(value_name = "URL")]
    to: String,
    #[command(flatten)]
    terms: Terms,
}

/// What is said of an endpoint.
#[derive(Debug, clap::Args)]
struct Terms {
    /// Only events of this type, or with this beginning, such as `message.*`; may be given several times
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',')]
    types: Vec<String>,
    /// Only events about messages and debts of this creditor; may be given several times
    #[arg(long = "creditor", value_name = "ID")]
    creditors: Vec<String>,
    /// It gets what a reader with the scope `pii` gets
    #[arg(long)]
    pii: bool,
    /// Post arrays of up to so many events
    #[arg(long, value_name = "N")]
    batch: Option<u32>,
}

/// What `webhook show` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct ShowArgs {
    /// Its number, from the list
    id: i64,
}

/// What `webhook test` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct TestArgs {
    /// Its number, from the list
    id: i64,
}

/// What `webhook enable` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct EnableArgs {
    /// Its number, from the list
    id: i64,
}

/// What `webhook disable` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct DisableArgs {
    /// Its number, from the list
    id: i64,
}

/// What `webhook remove` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct RemoveArgs {
    /// Its number, from the list
    id: i64,
}

/// What `webhook rotate` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct RotateArgs {
    /// Its number, from the list
    id: i64,
    /// For how long the secret of before signs too, such as 24h
    #[arg(long, value_name = "DURATION")]
    keep_old: Option<String>,
}

/// What `webhook replay` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct ReplayArgs {
    /// Its number, from the list
    id: i64,
    /// The first event that is delivered again
    #[arg(long, value_name = "SEQ")]
    from: i64,
    /// Only what was given up
    #[arg(long)]
    dead: bool,
}

/// What `webhook deliveries` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct DeliveriesArgs {
    /// Its number, from the list
    id: i64,
    /// Only those in this state
    #[arg(long, value_name = "STATE")]
    state: Option<State>,
    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum State {
    /// It is tried again
    Waiting,
    /// It was taken
    Delivered,
    /// It was given up
    Dead,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }
}

const HEADING: [&str; 8] = ["ID", "STATE", "URL", "TYPES", "SEQ", "WAITING", "DEAD", "REASON"];

fn row(webhook: &Value) -> [String; 8] {
    ["id", "state", "url", "types", "seq", "waiting", "dead", "reason"].map(|field| cell(webhook, field))
}

impl Command for ListArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let page = client.get("/v1/webhooks").await?;
        printer.list(HEADING, items(&page), row)?;
        Ok(Exit::Done)
    }
}

impl Command for AddArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let Self { to, terms: Terms { types, creditors, pii, batch } } = self;
        let some = |words: Vec<String>| (!words.is_empty()).then_some(words);
        let body = json!({
            "url": to, "types": some(types), "creditors": some(creditors), "pii": pii.then_some(true), "batch": batch,
        });
        let made = client.ask(Ask { method: Method::POST, path: "/v1/webhooks", body: Some(&body) }).await?;
        if printer.is_json {
            printer.line(&made.to_string())?;
        } else {
            printer.line(&format!("webhook {} to {}", cell(&made, "id"), cell(&made, "url")))?;
            printer.line(&format!("secret, which is not shown again: {}", cell(&made, "secret")))?;
        }
        Ok(Exit::Done)
    }
}

impl Command for ShowArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let webhook = client.get(&format!("/v1/webhooks/{}", self.id)).await?;
        printer.list(HEADING, &[webhook], row)?;
        Ok(Exit::Done)
    }
}

impl Command for TestArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let path = format!("/v1/webhooks/{}/test", self.id);
        let test = client.ask_within(Ask { method: Method::POST, path: &path, body: None }, TEST_WITHIN).await?;
        let is_delivered = test.get("delivered").and_then(Value::as_bool).unwrap_or_default();
        if printer.is_json {
            printer.line(&test.to_string())?;
        } else {
            let verdict = if is_delivered { "taken" } else { "not taken" };
            printer.line(&format!("{verdict}: status {}, {} ms", cell(&test, "status"), cell(&test, "took_ms")))?;
            if !is_delivered {
                printer.line(&format!("error: {}", plain(&cell(&test, "error"))))?;
            }
            // Whoever answers is a stranger.
            printer.line(&format!("answer: {}", plain(&cell(&test, "answer"))))?;
        }
        Ok(if is_delivered { Exit::Done } else { Exit::Negative })
    }
}

impl Command for EnableArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        switch(self.id, true, client, printer).await
    }
}

impl Command for DisableArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        switch(self.id, false, client, printer).await
    }
}

async fn switch(id: i64, enabled: bool, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
    let (path, body) = (format!("/v1/webhooks/{id}"), json!({ "enabled": enabled }));
    let webhook = client.ask(Ask { method: Method::PATCH, path: &path, body: Some(&body) }).await?;
    printer.list(HEADING, &[webhook], row)?;
    Ok(Exit::Done)
}

impl Command for RemoveArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let path = format!("/v1/webhooks/{}", self.id);
        let answer = client.ask(Ask { method: Method::DELETE, path: &path, body: None }).await?;
        printer.line(&if printer.is_json { answer.to_string() } else { format!("removed webhook {}", self.id) })?;
        Ok(Exit::Done)
    }
}

impl Command for RotateArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let (path, body) = (format!("/v1/webhooks/{}/rotate", self.id), json!({ "keep_old": self.keep_old }));
        let answer = client.ask(Ask { method: Method::POST, path: &path, body: Some(&body) }).await?;
        // The secret alone on its line, so that a script can take it.
        printer.line(&if printer.is_json { answer.to_string() } else { cell(&answer, "secret") })?;
        Ok(Exit::Done)
    }
}

impl Command for ReplayArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let only = self.dead.then_some("dead");
        let (path, body) = (format!("/v1/webhooks/{}/replay", self.id), json!({ "from": self.from, "only": only }));
        let answer = client.ask(Ask { method: Method::POST, path: &path, body: Some(&body) }).await?;
        let words = || format!("webhook {} goes on from {}: {} events", self.id, self.from, cell(&answer, "events"));
        printer.line(&if printer.is_json { answer.to_string() } else { words() })?;
        Ok(Exit::Done)
    }
}

impl Command for DeliveriesArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let query = Query::default().with("state", self.state.map(State::name)).with("limit", self.limit);
        let page = client.get(&query.on(&format!("/v1/webhooks/{}/deliveries", self.id))).await?;
        let heading = ["SEQ", "TYPE", "STATE", "ATTEMPTS", "AT", "NEXT", "STATUS", "MS", "ERROR"];
        printer.list(heading, items(&page), |delivery| {
            ["seq", "type", "state", "attempts", "at", "next", "status", "took_ms", "error"]
                .map(|field| cell(delivery, field))
        })?;
        Ok(Exit::Done)
    }
}
