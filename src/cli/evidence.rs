//! `recado evidence`: what a dispute about a message needs, and whether the log that says so is what was written.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};

use crate::sms::id::MessageId;
use crate::store::chain::Head;

use super::client::{Ask, Client, Query};
use super::exit::Exit;
use super::failure::Failure;
use super::print::{Printer, cell, text};
use super::remote::Command;

/// A walk along ten million events takes half a minute, and longer on a slow disk.
const WALK_WITHIN: Duration = Duration::from_secs(600);

/// What `evidence` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct EvidenceArgs {
    /// The message
    id: MessageId,
    /// A head of the chain that was kept, such as a line of heads.log says: the log must have it
    #[arg(long, value_name = "SEQ:HEX")]
    head: Option<Head>,
}

impl Command for EvidenceArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let evidence = client.get(&format!("/v1/messages/{}/evidence", self.id)).await?;
        let path = Query::default().with("head", self.head).on("/v1/evidence/chain");
        let chain = client.ask_within(Ask { method: Method::GET, path: &path, body: None }, WALK_WITHIN).await?;
        let is_true = |object: &Value, pointer: &str| object.pointer(pointer) == Some(&json!(true));
        let holds = is_true(&evidence, "/matches/holds") && is_true(&chain, "/holds") && unchained(&evidence) == 0;
        if printer.is_json {
            printer.line(&json!({ "holds": holds, "evidence": evidence, "chain": chain }).to_string())?;
        } else {
            print(&evidence, &chain, printer)?;
        }
        Ok(if holds { Exit::Done } else { Exit::Negative })
    }
}

fn print(evidence: &Value, chain: &Value, printer: &mut Printer<'_>) -> Result<(), Failure> {
    let fields = ["id", "created_at", "client", "purpose", "creditor", "to", "text", "salt"];
    let mut rows: Vec<[String; 2]> = fields.map(|field| [field.to_owned(), cell(evidence, field)]).into();
    for field in ["id", "to", "text"] {
        let says = match evidence.pointer(&format!("/matches/{field}")).and_then(Value::as_bool) {
            Some(true) => "as queued",
            Some(false) => "NOT AS QUEUED",
            None => "cannot be told",
        };
        rows.push([format!("{field} is"), says.to_owned()]);
    }
    printer.table(&rows)?;
    printer.line("")?;
    printer.list(["SEQ", "AT", "EVENT", "PART", "SIM", "MODEM", "SAYS"], events(evidence), |event| {
        let [seq, at, kind, part, sim, modem] =
            ["seq", "at", "type", "part", "sim", "modem"].map(|field| cell(event, field));
        [seq, at, kind, part, sim, modem, said(event)]
    })?;
    printer.line("")?;
    match unchained(evidence) {
        0 => {}
        events => printer.line(&format!("NOT IN THE CHAIN: {events} of these events, of which nothing is known"))?,
    }
    printer.line(&verdict(chain))?;
    Ok(())
}

fn events(evidence: &Value) -> &[Value] {
    evidence.get("events").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// How many events of the message have no hash: those of before the chain, or whose hash somebody removed.
fn unchained(evidence: &Value) -> usize {
    events(evidence).iter().filter(|event| event.get("hash").is_none_or(Value::is_null)).count()
}

/// The data of an event, `name value` each.
fn said(event: &Value) -> String {
    let data = event.get("data").and_then(Value::as_object).into_iter().flatten();
    let said: Vec<String> = data.map(|(name, value)| format!("{name} {}", text(value))).collect();
    if said.is_empty() { "-".to_owned() } else { said.join("; ") }
}

fn verdict(chain: &Value) -> String {
    let of_before = match chain.get("before").and_then(Value::as_u64) {
        Some(before) if before > 0 => format!("; {before} events of before the chain cannot be verified"),
        Some(_) | None => String::new(),
    };
    let Some(fault) = chain.get("fault").filter(|fault| !fault.is_null()) else {
        if chain.get("begins").is_none_or(Value::is_null) {
            return format!("No event has a hash: nothing can be verified{of_before}");
        }
        let [events, begins, last, hash] = ["events", "begins", "last", "hash"].map(|field| cell(chain, field));
        return format!("The chain holds: {events} events from {begins} to {last}, head {last}:{hash}{of_before}");
    };
    let [seq, detail] = ["seq", "detail"].map(|field| cell(fault, field));
    format!("THE CHAIN DOES NOT HOLD from event {seq} on: {detail}{of_before}")
}
