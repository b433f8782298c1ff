//! `recado events`: the log of everything that happened, oldest first; with `--follow` as it happens.

use serde_json::Value;

use super::client::{Client, Query};
use super::exit::Exit;
use super::failure::Failure;
use super::inbox::oldest_first;
use super::messages::items;
use super::print::{Printer, cell};
use super::remote::Command;

/// What `events` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct EventsArgs {
    /// Go on with what happens, until Ctrl-C
    #[arg(long, conflicts_with = "limit")]
    follow: bool,
    /// Only what happened after this number; the newest if nothing is said, and from now on with --follow
    #[arg(long, value_name = "SEQ")]
    after: Option<i64>,
    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
}

impl Command for EventsArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        if self.follow {
            let after = match self.after {
                Some(after) => after,
                None => client.newest_event().await?,
            };
            let mut events = client.follow(after).await?;
            loop {
                let event = events.next().await?;
                printer.line(&if printer.is_json { event.to_string() } else { row(&event).join(" ") })?;
                printer.flush()?;
            }
        }
        let query = Query::default().with("after", self.after).with("limit", self.limit);
        let page = client.get(&query.on("/v1/events")).await?;
        printer.list(["SEQ", "AT", "EVENT", "ABOUT", "DATA"], oldest_first(items(&page), self.after), row)?;
        Ok(Exit::Done)
    }
}

fn row(event: &Value) -> [String; 5] {
    let about = |field| event.get(field).filter(|value| !value.is_null()).map(|_| cell(event, field));
    let message = match (about("message"), about("part")) {
        (Some(message), Some(part)) => Some(format!("{message}/{part}")),
        (message, _) => message,
    };
    let about: Vec<String> = [message, about("debt"), about("modem"), about("sim")].into_iter().flatten().collect();
    let about = if about.is_empty() { "-".to_owned() } else { about.join(" ") };
    [cell(event, "seq"), cell(event, "at"), cell(event, "type"), about, cell(event, "data")]
}
