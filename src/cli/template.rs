//! `recado template`: the texts that are sent – written, looked at, approved, and filled with real rows.

mod lint;

use std::path::PathBuf;

use hyper::Method;
use serde_json::{Value, json};

use super::client::{Ask, Client, encode};
use super::definition::{findings, read, told};
use super::exit::Exit;
use super::failure::Failure;
use super::messages::items;
use super::print::{Printer, cell, counted, plain, text};
use super::remote::Command;

pub(super) use lint::{LintArgs, run as lint};

/// What `template list` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {}

/// What `template show` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct ShowArgs {
    /// Its name
    name: String,
}

/// What `template save` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct SaveArgs {
    /// A TOML file with `name`, `purpose`, `companion`, `limit` (units that a text has at most) and [[text]] of `name`, `segment`, `language`, `share` and `body`
    file: PathBuf,
}

/// What `template approve` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct ApproveArgs {
    /// Its name
    name: String,
    /// The version that was read; the newest if nothing is said
    #[arg(long, value_name = "N")]
    version: Option<u64>,
}

/// What `template preview` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct PreviewArgs {
    /// Its name
    name: String,
    /// A debtor, by your id; may be given several times. Without any, those of the portfolio with the longest values
    #[arg(long = "debtor", value_name = "ID", num_args = 1..)]
    debtors: Vec<String>,
    /// A version, approved or not; the newest if nothing is said
    #[arg(long, value_name = "N")]
    version: Option<u64>,
    /// What is owed to this creditor; to each of them if nothing is said
    #[arg(long, value_name = "ID")]
    creditor: Option<String>,
}

impl Command for ListArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let page = client.get("/v1/templates").await?;
        let heading = ["NAME", "VERSION", "PURPOSE", "WRITTEN BY", "APPROVED", "APPROVED BY", "FINDINGS"];
        printer.list(heading, items(&page), |template| {
            let field = |name| cell(template, name);
            [
                field("name"),
                field("version"),
                template.pointer("/definition/purpose").map(text).unwrap_or_default(),
                field("client"),
                field("approved_at"),
                field("approved_by"),
                findings(template).len().to_string(),
            ]
        })?;
        Ok(Exit::Done)
    }
}

impl Command for ShowArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let page = client.get(&path(&self.name)).await?;
        for version in items(&page) {
            if printer.is_json {
                printer.line(&version.to_string())?;
            } else {
                show(version, printer)?;
            }
        }
        Ok(Exit::Done)
    }
}

fn show(version: &Value, printer: &mut Printer<'_>) -> Result<(), Failure> {
    let field = |name| cell(version, name);
    let approval = match version.get("approved_by").and_then(Value::as_str) {
        Some(by) => format!("approved by {by} at {}", field("approved_at")),
        None => "not approved".to_owned(),
    };
    printer.line(&format!("{} {}: {approval}", field("name"), field("version")))?;
    let texts = version.pointer("/definition/texts").and_then(Value::as_array).map(Vec::as_slice);
    for one in texts.unwrap_or_default() {
        printer.line(&format!("  {}, share {}", cell(one, "name"), cell(one, "share")))?;
        for line in cell(one, "body").lines() {
            printer.line(&format!("    {}", plain(line)))?;
        }
    }
    tell(version, printer)
}

impl Command for SaveArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let (name, written) = read(&self.file)?;
        let stored = client.ask(Ask { method: Method::PUT, path: &path(&name), body: Some(&written) }).await?;
        if printer.is_json {
            printer.line(&stored.to_string())?;
            return Ok(Exit::Done);
        }
        printer.line(&format!("{name} is in version {}", cell(&stored, "version")))?;
        tell(&stored, printer)?;
        Ok(Exit::Done)
    }
}

impl Command for ApproveArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let version = match self.version {
            Some(version) => json!(version),
            None => client.get(&path(&self.name)).await?.pointer("/items/0/version").cloned().unwrap_or_default(),
        };
        let path = format!("{}/approve", path(&self.name));
        let body = json!({ "version": version });
        let approved = client.ask(Ask { method: Method::POST, path: &path, body: Some(&body) }).await?;
        if printer.is_json {
            printer.line(&approved.to_string())?;
            return Ok(Exit::Done);
        }
        let by = cell(&approved, "approved_by");
        printer.line(&format!("{} {} is approved by {by}", self.name, cell(&approved, "version")))?;
        tell(&approved, printer)?;
        Ok(Exit::Done)
    }
}

impl Command for PreviewArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let path = format!("{}/preview", path(&self.name));
        let body = json!({ "debtors": self.debtors, "version": self.version, "creditor": self.creditor });
        let answer = client.ask(Ask { method: Method::POST, path: &path, body: Some(&body) }).await?;
        let rows = answer.get("rows").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let arms = answer.pointer("/survey/arms").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let is_refused = |row: &Value| row.get("refusal").is_some_and(|refusal| !refusal.is_null());
        let over_limit = |arm: &Value| arm.get("over_limit").and_then(Value::as_u64).unwrap_or_default();
        if printer.is_json {
            printer.line(&answer.to_string())?;
        } else {
            printer.list(["DEBTOR", "CREDITOR", "ARM", "PARTS", "ENCODING", "UNITS", "ROOM", "TEXT"], rows, preview)?;
            let parts = answer.pointer("/survey/parts").map(text).unwrap_or_default();
            let cost = answer.pointer("/survey/cost").and_then(Value::as_str);
            let cost = cost.map(|cost| format!(", cost {cost}")).unwrap_or_default();
            printer.line(&format!("{} in all{cost}", counted(&parts, "part", "parts")))?;
            for arm in arms {
                let over = over_limit(arm);
                if over > 0 {
                    let texts = counted(&over.to_string(), "text", "texts");
                    printer.line(&format!("{}: {texts} too long", cell(arm, "arm")))?;
                }
            }
        }
        let is_fine = !rows.iter().any(is_refused) && arms.iter().all(|arm| over_limit(arm) == 0);
        Ok(if is_fine { Exit::Done } else { Exit::Negative })
    }
}

fn preview(row: &Value) -> [String; 8] {
    let [debtor, creditor] = ["debtor", "creditor"].map(|field| cell(row, field));
    let taken = row.get("taken").unwrap_or(&Value::Null);
    let [arm, segments, encoding, units, room, shown] =
        ["arm", "segments", "encoding", "units", "room", "text"].map(|field| cell(taken, field));
    let more = taken.get("companion_segments").and_then(Value::as_u64).filter(|more| *more > 0);
    let parts = more.map_or_else(|| segments.clone(), |more| format!("{segments}+{more}"));
    let refusal = row.get("refusal").filter(|refusal| !refusal.is_null());
    let shown = refusal.map_or(shown, |refusal| format!("{}: {}", cell(refusal, "code"), cell(refusal, "detail")));
    [debtor, creditor, arm, parts, encoding, units, room, shown]
}

fn path(name: &str) -> String {
    format!("/v1/templates/{}", encode(name))
}

fn tell(template: &Value, printer: &mut Printer<'_>) -> Result<(), Failure> {
    Ok(findings(template).iter().try_for_each(|finding| printer.line(&told(finding)))?)
}
