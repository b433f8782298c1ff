//! `recado hygiene`: numbers of debtors that want looking after.

use serde_json::Value;

use crate::http::csv::line;

use super::client::{Client, Query};
use super::exit::Exit;
use super::failure::Failure;
use super::messages::items;
use super::print::{Printer, cell, text};
use super::remote::Command;

/// What `hygiene` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct HygieneArgs {
    /// Only with this trouble: `no_number`, `wrong_person`, `unusable`, `dead`, `never_delivered` or `unconfirmed`
    #[arg(long)]
    trouble: Option<String>,
    /// Only of debtors of this creditor
    #[arg(long)]
    creditor: Option<String>,
    /// Texts of which none arrived, after which a number is `never_delivered`
    #[arg(long, value_name = "N")]
    sent: Option<u32>,
    /// Numbers on a page
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Go on where a list ended
    #[arg(long)]
    cursor: Option<String>,
    /// Print all of them as CSV, for spreadsheets
    #[arg(long, conflicts_with_all = ["json", "limit", "cursor"])]
    csv: bool,
}

/// Columns of the table.
const COLUMNS: [&str; 9] =
    ["debtor", "number", "trouble", "sent", "delivered", "undelivered", "last_status", "last_report_at", "answered_at"];

/// Numbers that are asked for at a time when all are.
const AT_ONCE: u32 = 1_000;

impl HygieneArgs {
    fn query(&self, limit: Option<u32>, cursor: Option<&str>) -> Query {
        Query::default()
            .with("trouble", self.trouble.as_ref())
            .with("creditor", self.creditor.as_ref())
            .with("sent", self.sent)
            .with("limit", limit)
            .with("cursor", cursor)
    }
}

impl Command for HygieneArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        if self.csv {
            printer.raw(line(&COLUMNS.map(str::to_owned)).as_bytes())?;
            let mut cursor: Option<String> = None;
            loop {
                let page = client.get(&self.query(Some(AT_ONCE), cursor.as_deref()).on("/v1/hygiene")).await?;
                for found in items(&page) {
                    let written = |name| found.get(name).filter(|value| !value.is_null()).map(text).unwrap_or_default();
                    printer.raw(line(&COLUMNS.map(written)).as_bytes())?;
                }
                cursor = page.get("next").and_then(Value::as_str).map(ToOwned::to_owned);
                if cursor.is_none() {
                    return Ok(Exit::Done);
                }
            }
        }
        let page = client.get(&self.query(self.limit, self.cursor.as_deref()).on("/v1/hygiene")).await?;
        let heading = ["DEBTOR", "NUMBER", "TROUBLE", "SENT", "DELIVERED", "LAST REPORT", "ANSWERED"];
        printer.list(heading, items(&page), |row| {
            ["debtor", "number", "trouble", "sent", "delivered", "last_status", "answered_at"]
                .map(|field| cell(row, field))
        })?;
        if let (false, Some(cursor)) = (printer.is_json, page.get("next").and_then(Value::as_str)) {
            printer.line(&format!("there may be more: --cursor {cursor}"))?;
        }
        Ok(Exit::Done)
    }
}
