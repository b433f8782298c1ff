//! `recado ladder`: which text goes on which day.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use hyper::Method;
use serde_json::{Value, json};

use super::client::{Ask, Client, Query, encode};
use super::definition::{findings, read, told};
use super::exit::Exit;
use super::failure::Failure;
use super::import::Progress;
use super::messages::items;
use super::print::{Printer, cell};
use super::remote::Command;

/// What `ladder list` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {}

/// What `ladder show` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct ShowArgs {
    /// Its name
    name: String,
}

/// What `ladder save` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct SaveArgs {
    /// A TOML file with `name`, `saturday`, `catch_up`, `group` and [[steps]], as in the API
    file: PathBuf,
}

/// What `ladder plan` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct PlanArgs {
    /// Its name
    name: String,
    /// Debts to this creditor
    #[arg(long, value_name = "ID")]
    creditor: Option<String>,
    /// The day, such as 2026-11-30, as if all texts until then were sent and nothing else happened; today if nothing is said
    #[arg(long)]
    date: Option<String>,
    /// The counts alone
    #[arg(long)]
    summary: bool,
}

/// What `ladder run` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct RunArgs {}

/// Debtors of one request.
const PLANNED_AT_ONCE: u32 = 1_000;

/// Findings that `plan` names.
const DOUBTS_SHOWN: usize = 20;

/// Debtors with problems that `show` names.
const PROBLEMS_SHOWN: u32 = 20;

impl Command for PlanArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let path = format!("/v1/ladders/{}/plan", encode(&self.name));
        let mut counts: BTreeMap<[String; 3], u64> = BTreeMap::new();
        let (mut debtors, mut cursor) = (0, None::<String>);
        let mut is_first = true;
        let (mut doubts, mut known) = (Vec::<Value>::new(), HashSet::new());
        // Where lines are printed, they tell how far it is.
        let mut progress = Progress::new(self.summary && !printer.is_json);
        loop {
            let query = Query::default()
                .with("creditor", self.creditor.as_ref())
                .with("date", self.date.as_ref())
                .with("limit", Some(PLANNED_AT_ONCE))
                .with("cursor", cursor.as_ref());
            let page = client.get(&query.on(&path)).await?;
            for finding in findings(&page) {
                if known.insert(finding.to_string()) {
                    doubts.push(finding.clone());
                }
            }
            debtors += page.get("debtors").and_then(Value::as_u64).unwrap_or(0);
            progress.count(debtors, "debtors");
            for item in items(&page) {
                let key = ["step", "outcome", "why"].map(|field| cell(item, field));
                *counts.entry(key).or_default() += 1;
            }
            if !self.summary && (printer.is_json || !items(&page).is_empty()) {
                let heading = ["DEBTOR", "DEBT", "STEP", "OUTCOME", "WHAT", "WHEN", "WHY"];
                printer.list(heading, items(&page), planned)?;
                is_first = false;
            }
            cursor = page.get("next").and_then(Value::as_str).map(ToOwned::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        progress.counted();
        if printer.is_json && !self.summary {
            doubts.iter().try_for_each(|finding| printer.line(&json!({ "finding": finding }).to_string()))?;
            return Ok(Exit::Done);
        }
        if !is_first {
            printer.line("")?;
        }
        let count = |([step, outcome, why], number): (&[String; 3], &u64)| json!({ "step": step, "outcome": outcome, "why": why, "debts": number });
        let counted: Vec<Value> = counts.iter().map(count).collect();
        printer.list(["STEP", "OUTCOME", "WHY", "DEBTS"], &counted, |count| {
            ["step", "outcome", "why", "debts"].map(|field| cell(count, field))
        })?;
        if printer.is_json {
            doubts.iter().try_for_each(|finding| printer.line(&json!({ "finding": finding }).to_string()))?;
            return Ok(Exit::Done);
        }
        printer.line(&format!("of {}", super::print::counted(&debtors.to_string(), "debtor", "debtors")))?;
        let shown = doubts.len().min(DOUBTS_SHOWN);
        doubts.iter().take(shown).try_for_each(|finding| printer.line(&told(finding)))?;
        if doubts.len() > shown {
            printer.line(&format!("and {} more; --json has them", doubts.len() - shown))?;
        }
        Ok(Exit::Done)
    }
}

/// What becomes of a step, as a line.
fn planned(item: &Value) -> [String; 7] {
    let [debtor, debt, step, outcome, when] =
        ["debtor", "debt", "step", "outcome", "not_before"].map(|field| cell(item, field));
    let what = ["template", "channel", "with"].into_iter().find(|field| item.get(field).is_some());
    let until = item.get("until").and_then(Value::as_str).map(|until| format!(" until {until}"));
    let why = cell(item, "detail") + &until.unwrap_or_default();
    [debtor, debt, step, outcome, what.map_or_else(|| "-".to_owned(), |field| cell(item, field)), when, why]
}

impl Command for RunArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let ran = client.ask(Ask { method: Method::POST, path: "/v1/ladders/run", body: None }).await?;
        if printer.is_json {
            printer.line(&ran.to_string())?;
            return Ok(Exit::Done);
        }
        printer.list(["DEBTORS", "TEXTS", "EXITS", "PROBLEMS", "CHANGED MEANWHILE"], [&ran], |ran| {
            ["cases", "texts", "exits", "problems", "changed"].map(|field| cell(ran, field))
        })?;
        Ok(Exit::Done)
    }
}

impl Command for ListArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let page = client.get("/v1/ladders").await?;
        printer.list(["NAME", "VERSION", "STEPS", "FINDINGS"], items(&page), |ladder| {
            let count = |many: &[Value]| many.len().to_string();
            [cell(ladder, "name"), cell(ladder, "version"), count(steps(ladder)), count(findings(ladder))]
        })?;
        Ok(Exit::Done)
    }
}

impl Command for ShowArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let ladder = client.get(&format!("/v1/ladders/{}", encode(&self.name))).await?;
        if printer.is_json {
            printer.line(&ladder.to_string())?;
            return Ok(Exit::Done);
        }
        let heading = ["STEP", "ON", "ROLL", "TEXT", "EXIT", "SEGMENT"];
        printer.list(heading, steps(&ladder), |step| {
            ["id", "on", "roll", "text", "exit", "segment"].map(|field| cell(step, field))
        })?;
        tell(&ladder, printer)?;
        let path = format!("/v1/ladders/{}/problems?limit={PROBLEMS_SHOWN}", encode(&self.name));
        let problems = client.get(&path).await?;
        for found in items(&problems) {
            let [debtor, problem] = ["debtor", "problem"].map(|field| cell(found, field));
            printer.line(&format!("no text for {debtor}: {problem}"))?;
        }
        if problems.get("next").is_some_and(|next| !next.is_null()) {
            printer.line("and more; GET /v1/ladders/NAME/problems has all of them")?;
        }
        Ok(Exit::Done)
    }
}

impl Command for SaveArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let (name, written) = read(&self.file)?;
        let path = format!("/v1/ladders/{}", encode(&name));
        let ladder = client.ask(Ask { method: Method::PUT, path: &path, body: Some(&written) }).await?;
        if printer.is_json {
            printer.line(&ladder.to_string())?;
            return Ok(Exit::Done);
        }
        printer.line(&format!("{name} is in version {}", cell(&ladder, "version")))?;
        tell(&ladder, printer)
    }
}

fn steps(ladder: &Value) -> &[Value] {
    let steps = ladder.pointer("/definition/steps").and_then(Value::as_array);
    steps.map(Vec::as_slice).unwrap_or_default()
}

fn tell(ladder: &Value, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
    for finding in findings(ladder) {
        printer.line(&told(finding))?;
    }
    Ok(Exit::Done)
}
