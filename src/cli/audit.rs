//! `recado audit`: who changed what, and who looked at whom, oldest first.

use super::client::{Client, Query};
use super::exit::Exit;
use super::failure::Failure;
use super::inbox::oldest_first;
use super::messages::items;
use super::print::{Printer, cell};
use super::remote::Command;

/// What `audit` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct AuditArgs {
    /// Only entries after this number; the newest if nothing is said
    #[arg(long, value_name = "SEQ")]
    after: Option<i64>,
    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Only of this client
    #[arg(long)]
    client: Option<String>,
    /// Only change, view, refused or recado
    #[arg(long)]
    kind: Option<String>,
    /// Only from this time on (RFC 3339)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only about this debtor, by your id
    #[arg(long, value_name = "ID")]
    debtor: Option<String>,
    /// Only about whoever has this number
    #[arg(long, conflicts_with = "debtor")]
    number: Option<String>,
}

impl Command for AuditArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let query = Query::default()
            .with("after", self.after)
            .with("limit", self.limit)
            .with("client", self.client)
            .with("kind", self.kind)
            .with("since", self.since)
            .with("debtor", self.debtor)
            .with("number", self.number);
        let page = client.get(&query.on("/v1/audit")).await?;
        let heading = ["SEQ", "AT", "CLIENT", "KIND", "ROUTE", "ABOUT", "ITEMS", "TIMES"];
        printer.list(heading, oldest_first(items(&page), self.after), |entry| {
            let about = format!("{} {}", cell(entry, "object"), cell(entry, "id"));
            let kind = match cell(entry, "status").as_str() {
                "-" => cell(entry, "kind"),
                status => format!("{} {status}", cell(entry, "kind")),
            };
            let [seq, at, client, route] = ["seq", "at", "client", "route"].map(|field| cell(entry, field));
            [seq, at, client, kind, route, about, cell(entry, "items"), cell(entry, "times")]
        })?;
        Ok(Exit::Done)
    }
}
