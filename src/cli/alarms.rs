//! `recado alarms`: what a person must look after, oldest first, and clearing what is over.

use hyper::Method;

use super::client::{Ask, Client, Query};
use super::exit::Exit;
use super::failure::Failure;
use super::inbox::oldest_first;
use super::messages::items;
use super::print::{Printer, cell};
use super::remote::Command;

/// What `alarms` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct AlarmsArgs {
    #[command(subcommand)]
    action: Option<Action>,
    /// Only those after this number; the newest if nothing is said
    #[arg(long, value_name = "ID")]
    after: Option<i64>,
    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Say that an alarm is over, for instance of a modem or SIM that was replaced
    ///
    /// Others are cleared by themselves when their cause is gone.
    Clear {
        /// Its number
        id: i64,
    },
}

impl Command for AlarmsArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        if let Some(Action::Clear { id }) = self.action {
            let path = format!("/v1/alarms/{id}/clear");
            let answer = client.ask(Ask { method: Method::POST, path: &path, body: None }).await?;
            printer.line(&if printer.is_json { answer.to_string() } else { format!("cleared alarm {id}") })?;
            return Ok(Exit::Done);
        }
        let query = Query::default().with("after", self.after).with("limit", self.limit);
        let page = client.get(&query.on("/v1/alarms")).await?;
        let heading = ["ID", "RAISED", "CLEARED", "KIND", "SIM", "MODEM", "DETAIL"];
        printer.list(heading, oldest_first(items(&page), self.after), |alarm| {
            ["id", "raised_at", "cleared_at", "kind", "sim", "modem", "detail"].map(|field| cell(alarm, field))
        })?;
        Ok(Exit::Done)
    }
}
