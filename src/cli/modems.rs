//! `recado modems`: how each modem is.

use serde_json::Value;

use super::client::Client;
use super::exit::Exit;
use super::failure::Failure;
use super::messages::items;
use super::print::{Printer, cell};
use super::remote::Command;

/// What `modems` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct ModemsArgs {}

impl Command for ModemsArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let page = client.get("/v1/modems").await?;
        print(items(&page), printer)?;
        Ok(Exit::Done)
    }
}

/// The table of modems.
pub(super) fn print(modems: &[Value], printer: &mut Printer<'_>) -> Result<(), Failure> {
    let heading = ["ID", "STATE", "PORT", "MODEL", "SIM", "OPERATOR", "SIGNAL", "REASON"];
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
            signal,
            field("reason"),
        ]
    })?)
}
