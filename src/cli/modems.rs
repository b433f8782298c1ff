//! `recado modems`: how each modem is, and whether its SIM can send.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};

use super::client::{Ask, Client};
use super::exit::Exit;
use super::failure::Failure;
use super::messages::items;
use super::print::{Printer, cell};
use super::remote::Command;
use super::send::await_acceptance;

/// What `modems` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct ModemsArgs {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Send a text to a number of your own by a SIM, and say whether the network took it
    ///
    /// A SIM that rests is back after that.
    Test {
        /// Its name or ICCID
        sim: String,
        /// The number; without it that of another SIM in the configuration
        #[arg(long, value_name = "NUMBER")]
        to: Option<String>,
    },
}

/// Longer than a modem may take to answer.
const TEST_LIMIT: Duration = Duration::from_secs(180);

impl Command for ModemsArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        match self.action {
            Some(Action::Test { sim, to }) => test(&sim, to.as_deref(), client, printer).await,
            None => {
                let page = client.get("/v1/modems").await?;
                print(items(&page), printer)?;
                Ok(Exit::Done)
            }
        }
    }
}

async fn test(sim: &str, to: Option<&str>, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
    let after = client.newest_event().await?;
    let body = to.map_or_else(|| json!({}), |to| json!({ "to": to }));
    let path = format!("/v1/sims/{sim}/test");
    let answer = client.ask(Ask { method: Method::POST, path: &path, body: Some(&body) }).await?;
    let message = answer.get("message").and_then(Value::as_str).unwrap_or_default();
    await_acceptance(message, after, TEST_LIMIT, client, printer).await
}

/// The table of modems.
pub(super) fn print(modems: &[Value], printer: &mut Printer<'_>) -> Result<(), Failure> {
    let heading = ["ID", "STATE", "PORT", "MODEL", "SIM", "OPERATOR", "NETWORK", "SIGNAL", "RUNG", "REASON"];
    Ok(printer.list(heading, modems, |modem| {
        let signal = match modem.get("signal_dbm").and_then(Value::as_i64) {
            Some(dbm) => format!("{dbm} dBm"),
            None => "-".to_owned(),
        };
        let field = |name| cell(modem, name);
        [
            field("id"),
            field("state"),
            field("port"),
            field("model"),
            field("sim"),
            field("operator"),
            field("registration"),
            signal,
            field("rung"),
            field("reason"),
        ]
    })?)
}
