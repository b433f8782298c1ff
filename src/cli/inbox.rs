//! `recado inbox`: texts or calls that came in, oldest first.

use super::client::{Client, Query};
use super::exit::Exit;
use super::failure::Failure;
use super::messages::items;
use super::print::{Printer, cell};
use super::remote::Command;

/// What `inbox` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct InboxArgs {
    /// Only what came after this number; the newest if nothing is said
    #[arg(long, value_name = "SEQ")]
    after: Option<i64>,
    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Those that answer messages to this debtor, by your id
    #[arg(long, value_name = "ID", conflicts_with = "calls")]
    debtor: Option<String>,
    /// Those that are understood to want this, such as dispute
    #[arg(long, value_name = "INTENT", conflicts_with = "calls")]
    intent: Option<String>,
    /// Calls instead of texts; each was hung up on
    #[arg(long)]
    calls: bool,
}

impl Command for InboxArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let query = Query::default().with("after", self.after).with("limit", self.limit);
        if self.calls {
            let page = client.get(&query.on("/v1/calls")).await?;
            printer.list(["SEQ", "AT", "FROM", "SIM", "DEBTOR"], oldest_first(items(&page), self.after), |call| {
                ["seq", "at", "from", "to_sim", "debtor"].map(|field| cell(call, field))
            })?;
            return Ok(Exit::Done);
        }
        let query = query.with("debtor", self.debtor).with("intent", self.intent);
        let page = client.get(&query.on("/v1/inbox")).await?;
        let heading = ["SEQ", "AT", "FROM", "SIM", "INTENTS", "TEXT"];
        printer.list(heading, oldest_first(items(&page), self.after), |text| {
            ["seq", "at", "from", "to_sim", "intents", "text"].map(|field| cell(text, field))
        })?;
        Ok(Exit::Done)
    }
}

/// Without `after` the API gives the newest first; people and programs read downwards in time.
pub(super) fn oldest_first(
    items: &[serde_json::Value],
    after: Option<i64>,
) -> Box<dyn Iterator<Item = &serde_json::Value> + '_> {
    if after.is_some() { Box::new(items.iter()) } else { Box::new(items.iter().rev()) }
}
