//! `recado pause` and `recado resume`: stop sending for a while, over restarts too.

use hyper::Method;
use serde_json::json;

use super::client::{Ask, Client};
use super::exit::Exit;
use super::failure::Failure;
use super::print::Printer;
use super::remote::Command;

/// What `pause` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct PauseArgs {
    #[command(flatten)]
    scope: ScopeArgs,
    /// Why, for those who ask why nothing goes out
    #[arg(long)]
    reason: Option<String>,
}

/// What `resume` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct ResumeArgs {
    #[command(flatten)]
    scope: ScopeArgs,
}

/// What is paused.
#[derive(Debug, clap::Args)]
struct ScopeArgs {
    /// Everything, one batch or one SIM
    scope: Scope,
    /// Which batch or SIM
    #[arg(required_if_eq_any([("scope", "batch"), ("scope", "sim")]))]
    name: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Scope {
    All,
    Batch,
    Sim,
}

impl Command for PauseArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        change("/v1/pause", &self.scope, self.reason.as_deref(), client, printer).await
    }
}

impl Command for ResumeArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        change("/v1/resume", &self.scope, None, client, printer).await
    }
}

async fn change(
    path: &str,
    scope: &ScopeArgs,
    reason: Option<&str>,
    client: &Client,
    printer: &mut Printer<'_>,
) -> Result<Exit, Failure> {
    let mut body = match (scope.scope, &scope.name) {
        (Scope::All, None) => json!({"scope": "all"}),
        (Scope::All, Some(_)) => return Err(Failure::Usage("all has no name")),
        (Scope::Batch, name) => json!({"scope": "batch", "id": name}),
        (Scope::Sim, name) => json!({"scope": "sim", "id": name}),
    };
    if let (Some(reason), Some(fields)) = (reason, body.as_object_mut()) {
        fields.insert("reason".to_owned(), json!(reason));
    }
    let answer = client.ask(Ask { method: Method::POST, path, body: Some(&body) }).await?;
    if printer.is_json {
        printer.line(&answer.to_string())?;
    } else {
        let done = if path == "/v1/pause" { "paused" } else { "resumed" };
        let what = match scope.scope {
            Scope::All => "all".to_owned(),
            Scope::Batch => format!("batch {}", scope.name.as_deref().unwrap_or_default()),
            Scope::Sim => format!("sim {}", scope.name.as_deref().unwrap_or_default()),
        };
        printer.line(&format!("{done} {what}"))?;
        if path == "/v1/resume" && answer.get("paused") == Some(&json!(true)) {
            printer.line(
                "nothing is sent yet: the clock of the host is doubted; if it is right, say so by the same once more",
            )?;
        }
    }
    Ok(Exit::Done)
}
