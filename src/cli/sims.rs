//! `recado sims`: how each SIM is and what it may still spend.

use serde_json::Value;

use super::client::Client;
use super::exit::Exit;
use super::failure::Failure;
use super::messages::items;
use super::print::{Printer, cell};
use super::remote::Command;

/// What `sims` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct SimsArgs {}

impl Command for SimsArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let page = client.get("/v1/sims").await?;
        let heading = ["ICCID", "NAME", "NUMBER", "GROUP", "STATE", "SPENT", "BALANCE", "QUEUE ENDS", "REASON"];
        printer.list(heading, items(&page), |sim| {
            let field = |name| cell(sim, name);
            [
                field("iccid"),
                field("name"),
                field("number"),
                field("group"),
                field("state"),
                spent(sim),
                balance(sim),
                field("queue_ends_at"),
                field("reason"),
            ]
        })?;
        Ok(Exit::Done)
    }
}

/// `12.34 BRL`; what was said where no amount was found in it.
fn balance(sim: &Value) -> String {
    let field = |name| sim.pointer(name).and_then(Value::as_str);
    match (field("/balance/amount"), field("/balance/currency")) {
        (Some(amount), Some(currency)) => format!("{amount} {currency}"),
        (Some(amount), None) => amount.to_owned(),
        (None, _) => field("/balance/text").unwrap_or("-").to_owned(),
    }
}

/// `2/6 a minute, 10/300 a day, 7/500 recipients`
pub(super) fn spent(sim: &Value) -> String {
    let levels = sim.get("budget").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let level = |level: &Value| {
        let (used, limit, period) = (cell(level, "used"), cell(level, "limit"), cell(level, "period"));
        let of = if period == "recipients" {
            ""
        } else if period == "hour" {
            "an "
        } else {
            "a "
        };
        format!("{used}/{limit} {of}{period}")
    };
    if levels.is_empty() { "-".to_owned() } else { levels.iter().map(level).collect::<Vec<_>>().join(", ") }
}
