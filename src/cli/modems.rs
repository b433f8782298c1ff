//! `recado modems`: how each modem is, whether its SIM can send, and what its network answers.

mod screen;
mod watch;

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};

use super::client::{Ask, Client, encode};
use super::exit::Exit;
use super::failure::Failure;
use super::messages::items;
use super::print::{Printer, cell, plain};
use super::remote::Command;
use super::send::await_acceptance;

/// What `modems` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct ModemsArgs {
    #[command(subcommand)]
    action: Option<Action>,
    /// Show them as they change, with what their SIMs have left, until Ctrl-C; where nobody looks, a line for each change
    #[arg(long)]
    watch: bool,
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
    /// Send a code such as *100# to the network by a modem, and print what it says
    ///
    /// Where the network waits for an answer, give it the same way within a minute. Exit code 7 if nothing came in time.
    Ussd {
        /// The modem's name
        modem: String,
        /// Digits, *, # and +; quote it, or the shell takes * and # for something else
        code: String,
    },
}

/// Longer than a modem may take to answer.
const TEST_LIMIT: Duration = Duration::from_secs(180);

/// Longer than a part that is on the wire, the commands of a session and the network together take.
const USSD_LIMIT: Duration = Duration::from_secs(600);

impl Command for ModemsArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        match self.action {
            Some(_) if self.watch => Err(Failure::Usage("--watch shows all modems and does nothing else")),
            Some(Action::Test { sim, to }) => test(&sim, to.as_deref(), client, printer).await,
            Some(Action::Ussd { modem, code }) => ussd(&modem, &code, client, printer).await,
            None if self.watch => watch::run(client, printer).await,
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
    let path = format!("/v1/sims/{}/test", encode(sim));
    let answer = client.ask(Ask { method: Method::POST, path: &path, body: Some(&body) }).await?;
    let message = answer.get("message").and_then(Value::as_str).unwrap_or_default();
    await_acceptance(message, after, TEST_LIMIT, client, printer).await
}

async fn ussd(modem: &str, code: &str, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
    let path = format!("/v1/modems/{}/ussd", encode(modem));
    let ask = Ask { method: Method::POST, path: &path, body: Some(&json!({ "code": code })) };
    let answer = client.ask_within(ask, USSD_LIMIT).await?;
    let text = answer.get("text").and_then(Value::as_str);
    let status = answer.get("status").and_then(Value::as_str).unwrap_or_default();
    if printer.is_json {
        printer.line(&answer.to_string())?;
    } else {
        text.iter().flat_map(|text| text.lines()).try_for_each(|line| printer.line(&plain(line)))?;
        if text.is_none() || status != "done" {
            printer.line(&format!("({})", status.replace('_', " ")))?;
        }
        if let Some(withheld) = answer.get("withheld").and_then(Value::as_str) {
            printer.line(&format!("({withheld})"))?;
        }
    }
    Ok(match (status, text) {
        ("timeout", _) => Exit::Timeout,
        ("done" | "reply_expected", _) | ("ended", Some(_)) => Exit::Done,
        _ => Exit::Negative,
    })
}

/// The table of modems.
pub(super) fn print(modems: &[Value], printer: &mut Printer<'_>) -> Result<(), Failure> {
    let heading =
        ["ID", "STATE", "PORT", "MODEL", "SIM", "OPERATOR", "NETWORK", "SIGNAL", "RUNG", "REASON", "LAST FAULT"];
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
            modem.get("last_fault").filter(|fault| fault.is_object()).map_or_else(|| "-".to_owned(), fault),
        ]
    })?)
}

/// What a modem was last down for, when, and how far it went.
fn fault(fault: &Value) -> String {
    let rung = fault.get("rung").and_then(Value::as_u64).map(|rung| format!(" (rung {rung})")).unwrap_or_default();
    format!("{}: {}{rung}", cell(fault, "at"), cell(fault, "reason"))
}
