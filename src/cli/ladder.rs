//! `recado ladder`: which text goes on which day.

use std::path::PathBuf;

use hyper::Method;
use serde_json::Value;

use super::client::{Ask, Client, encode};
use super::definition::{findings, read, told};
use super::exit::Exit;
use super::failure::Failure;
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
        tell(&ladder, printer)
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
