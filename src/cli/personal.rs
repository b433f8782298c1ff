//! `recado erase` and `recado export`: what is held of a person, and that it is held no more.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};

use super::client::{Ask, Client, Query, encode};
use super::exit::Exit;
use super::failure::Failure;
use super::print::{Printer, cell, text};
use super::remote::Command;

/// How long the command looks on while rows are emptied.
const LOOKS: u32 = 60;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(500);

/// What `erase` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct EraseArgs {
    #[command(flatten)]
    person: PersonArgs,
    /// Why, in words that name nobody: they stay
    #[arg(long)]
    reason: String,
    /// Block the person until then (RFC 3339), and erase after that: only an export shows what is held meanwhile
    #[arg(long, value_name = "TIME")]
    block_until: Option<String>,
    /// Do not put the numbers on the suppression list; those that are on it stay there
    #[arg(long, conflicts_with = "block_until")]
    allow_again: bool,
}

/// What `export` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    person: PersonArgs,
}

/// Who.
#[derive(Debug, clap::Args)]
struct PersonArgs {
    /// A debtor by your id, or a number
    what: What,
    /// Which
    #[arg(value_name = "ID", allow_hyphen_values = true)]
    name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    Debtor,
    Number,
}

impl Command for EraseArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let mut body = json!({ "reason": self.reason, "suppress": !self.allow_again });
        if let Some(fields) = body.as_object_mut() {
            let field = match self.person.what {
                What::Debtor => "debtor",
                What::Number => "number",
            };
            fields.insert(field.to_owned(), self.person.name.into());
            if let Some(until) = self.block_until {
                fields.insert("mode".to_owned(), "block".into());
                fields.insert("until".to_owned(), until.into());
            }
        }
        let path = "/v1/erasures";
        let begun = client.ask(Ask { method: Method::POST, path, body: Some(&body) }).await?;
        let path = format!("{path}/{}", cell(&begun, "id"));
        let mut erasure = begun;
        for _ in 0..LOOKS {
            if !matches!(erasure.get("state").and_then(Value::as_str), Some("running" | "copying")) {
                break;
            }
            tokio::time::sleep(LOOK).await;
            erasure = client.get(&path).await?;
        }
        if printer.is_json {
            printer.line(&erasure.to_string())?;
        } else {
            tell(&erasure, printer)?;
        }
        Ok(Exit::Done)
    }
}

fn tell(erasure: &Value, printer: &mut Printer<'_>) -> Result<(), Failure> {
    let id = cell(erasure, "id");
    let state = cell(erasure, "state");
    let more = match state.as_str() {
        "waiting" => "; a text is on its way, or its report: the rest is erased after it",
        "running" | "copying" => "; it goes on by itself",
        "dropped" => "; something came in about the debtor, who stays",
        _ => "",
    };
    printer.line(&format!("erasure {id}: {state}{more}"))?;
    if let Some(erased) = erasure.get("erased").and_then(Value::as_object) {
        for (class, rows) in erased {
            printer.line(&format!("  {class} {}", text(rows)))?;
        }
    }
    Ok(())
}

impl Command for ExportArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let path = match self.person.what {
            What::Debtor => format!("/v1/debtors/{}/export", encode(&self.person.name)),
            What::Number => Query::default().with("number", Some(self.person.name)).on("/v1/export"),
        };
        let document = client.get(&path).await?;
        printer.line(&if printer.is_json { document.to_string() } else { format!("{document:#}") })?;
        Ok(Exit::Done)
    }
}
