//! `recado messages`: lists, one message with its parts, and the two decisions that a person can take about one.

use hyper::Method;
use serde_json::{Value, json};

use crate::sms::id::MessageId;

use super::client::{Ask, Client, Query};
use super::exit::Exit;
use super::failure::Failure;
use super::print::{Printer, cell};
use super::remote::Command;
use super::send::standing;

/// What `messages` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct MessagesArgs {
    /// One message, with its parts and its history
    #[arg(conflicts_with = "Filter")]
    id: Option<MessageId>,
    /// Cancel it, if nothing of it has left
    #[arg(long, requires = "id", conflicts_with = "resolve")]
    cancel: bool,
    /// Settle it, if its outcome is unknown
    #[arg(long, requires = "id", value_name = "DECISION")]
    resolve: Option<Decision>,
    #[command(flatten)]
    filter: Filter,
}

/// Which messages to list, newest first.
#[derive(Debug, Default, clap::Args)]
struct Filter {
    /// In this state, such as queued or unknown
    #[arg(long)]
    state: Option<String>,
    /// Of this batch
    #[arg(long, value_name = "NAME")]
    batch: Option<String>,
    /// About this debtor
    #[arg(long, value_name = "ID")]
    debtor: Option<String>,
    /// To this number
    #[arg(long, value_name = "NUMBER")]
    to: Option<String>,
    /// With this reference
    #[arg(long, value_name = "REF")]
    client_ref: Option<String>,
    /// Submitted at or after this time
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Go on where a list ended
    #[arg(long)]
    cursor: Option<String>,
}

/// What a person knows of an unknown message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Decision {
    /// It left
    Sent,
    /// It did not leave: send it again
    Resend,
    /// Leave it at that
    GiveUp,
}

impl Decision {
    fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Resend => "resend",
            Self::GiveUp => "give_up",
        }
    }
}

impl Command for MessagesArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let Some(id) = self.id else { return list(&self.filter, client, printer).await };
        let path = format!("/v1/messages/{id}");
        let message = if self.cancel {
            client.ask(Ask { method: Method::DELETE, path: &path, body: None }).await?
        } else if let Some(decision) = self.resolve {
            // What the decision rests on is gone with it. Whoever may not read may decide all the same.
            if !printer.is_json
                && let Ok(message) = client.get(&path).await
            {
                print_evidence(&message, printer)?;
            }
            let body = json!({"decision": decision.name()});
            let path = format!("{path}/resolve");
            client.ask(Ask { method: Method::POST, path: &path, body: Some(&body) }).await?
        } else {
            let message = client.get(&path).await?;
            if !printer.is_json {
                print_whole(&message, printer)?;
                return Ok(Exit::Done);
            }
            message
        };
        printer.line(&if printer.is_json { message.to_string() } else { format!("{id} {}", standing(&message)) })?;
        Ok(Exit::Done)
    }
}

async fn list(filter: &Filter, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
    let query = Query::default()
        .with("state", filter.state.as_ref())
        .with("batch", filter.batch.as_ref())
        .with("debtor", filter.debtor.as_ref())
        .with("to", filter.to.as_ref())
        .with("client_ref", filter.client_ref.as_ref())
        .with("since", filter.since.as_ref())
        .with("limit", filter.limit)
        .with("cursor", filter.cursor.as_ref());
    let page = client.get(&query.on("/v1/messages")).await?;
    let heading = ["ID", "TO", "PARTS", "REPORT", "STATE"];
    printer.list(heading, items(&page), |message| {
        let sent = format!("{}/{}", cell(message, "parts_sent"), cell(message, "segments"));
        [cell(message, "id"), cell(message, "to"), sent, cell(message, "report_state"), standing(message)]
    })?;
    if let (false, Some(cursor)) = (printer.is_json, page.get("next").and_then(Value::as_str)) {
        printer.line(&format!("there are more: --cursor {cursor}"))?;
    }
    Ok(Exit::Done)
}

/// The items of a page.
pub(super) fn items(page: &Value) -> &[Value] {
    page.get("items").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A row per field that says something, then the parts and what happened.
fn print_whole(message: &Value, printer: &mut Printer<'_>) -> Result<(), Failure> {
    let fields = message.as_object().into_iter().flatten();
    let told = fields.filter(|(name, value)| {
        !value.is_null() && *value != &json!([]) && !matches!(name.as_str(), "parts" | "history" | "reason" | "state")
    });
    let mut rows = vec![["state".to_owned(), standing(message)]];
    rows.extend(told.map(|(name, _)| [name.clone(), cell(message, name)]));
    printer.table(&rows)?;
    print_rows(message, "parts", PART_COLUMNS, printer)?;
    print_evidence(message, printer)?;
    print_rows(message, "history", HISTORY_COLUMNS, printer)
}

fn print_rows<const N: usize>(
    object: &Value,
    name: &str,
    columns: [(&str, &str); N],
    printer: &mut Printer<'_>,
) -> Result<(), Failure> {
    let rows = object.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if !rows.is_empty() {
        printer.line("")?;
        printer.list(columns.map(|(heading, _)| heading), rows, |row| columns.map(|(_, field)| cell(row, field)))?;
    }
    Ok(())
}

/// What is known about each unknown part.
fn print_evidence(message: &Value, printer: &mut Printer<'_>) -> Result<(), Failure> {
    let parts = message.get("parts").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    for part in parts.iter().filter(|part| part.get("evidence").is_some_and(|evidence| *evidence != json!([]))) {
        printer.line(&format!("\nWhat is known about part {}:", cell(part, "part")))?;
        print_rows(part, "evidence", EVIDENCE_COLUMNS, printer)?;
    }
    Ok(())
}

const EVIDENCE_COLUMNS: [(&str, &str); 3] = [("SUGGESTS", "suggests"), ("AT", "at"), ("SEEN", "detail")];

const PART_COLUMNS: [(&str, &str); 6] = [
    ("PART", "part"),
    ("STATE", "state"),
    ("SIM", "sim"),
    ("MODEM", "modem"),
    ("ACCEPTED", "accepted_at"),
    ("CAUSE", "cause"),
];

const HISTORY_COLUMNS: [(&str, &str); 6] =
    [("SEQ", "seq"), ("AT", "at"), ("EVENT", "type"), ("PART", "part"), ("MODEM", "modem"), ("DATA", "data")];
