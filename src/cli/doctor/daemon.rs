//! The running daemon as it tells about itself.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::cli::client::Client;
use crate::cli::failure::Failure;
use crate::cli::messages::items;
use crate::cli::print;

use super::report::{Finding, Section};

/// A daemon that is well answers in milliseconds.
const WITHIN: Duration = Duration::from_secs(10);

/// What it says, if it is there.
pub(super) async fn ask(socket: Option<PathBuf>) -> (Section, Vec<Finding>) {
    let mut section = Section::new("daemon");
    let mut findings = Vec::new();
    let Some(socket) = socket else {
        section.fact("reachable", false);
        let what = "the configuration does not say where its socket is";
        findings.push(Finding::new("daemon", what, "correct the configuration, and run this again"));
        return (section, findings);
    };
    section.fact("socket", socket.display().to_string());
    let client = Client::over_socket(&socket);
    let asked = timeout(WITHIN, whole(&client, &mut section, &mut findings)).await;
    let failure = match asked {
        Ok(Ok(())) => None,
        Ok(Err(failure)) => Some(failure.explain()),
        Err(_elapsed) => Some("it does not answer within 10 s".to_owned()),
    };
    section.fact("reachable", failure.is_none());
    if let Some(says) = failure {
        let says = says.trim_start_matches("error: failed to ").trim_start_matches("error: ").to_owned();
        let what = says.split("; is `recado serve`").next().unwrap_or_default().to_owned();
        findings.push(Finding::new(
            "daemon",
            what,
            "start it (`systemctl start recado`, or `recado serve`); if it runs, see its log",
        ));
    }
    (section, findings)
}

async fn whole(client: &Client, section: &mut Section, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    let (status, octets) = client.fetch("/readyz").await?;
    let ready: Value = serde_json::from_slice(&octets).map_err(|_not_ours| client.stranger(status))?;
    let document = client.get("/openapi.json").await?;
    let version = document.pointer("/info/version").and_then(Value::as_str).unwrap_or_default();
    section.fact("version", version);
    if version != env!("CARGO_PKG_VERSION") {
        let what = format!("it is of version {version} and this program of {}", env!("CARGO_PKG_VERSION"));
        findings.push(Finding::new("daemon", what, "restart the daemon"));
    }
    for field in ["ready", "accepting", "sending", "reasons"] {
        section.fact(field, ready.get(field).cloned().unwrap_or_default());
    }
    for reason in ready.get("reasons").and_then(Value::as_array).into_iter().flatten() {
        findings.push(Finding::new("daemon", print::text(reason), "see `recado status`"));
    }
    let modems = client.get("/v1/modems").await?;
    let columns = [
        "id",
        "state",
        "port",
        "slot",
        "model",
        "profile",
        "sim",
        "operator",
        "registration",
        "signal_dbm",
        "rung",
        "reason",
    ];
    let row = |of: &Value| columns.map(|column| of.get(column).cloned().unwrap_or_default());
    section.table("modems", columns, items(&modems).iter().map(row));
    let sims = client.get("/v1/sims").await?;
    let row = |sim: &Value| {
        let name = sim.get("name").filter(|name| !name.is_null()).or(sim.get("iccid")).cloned().unwrap_or_default();
        let field = |field| sim.get(field).cloned().unwrap_or_default();
        [name, field("state"), json!(super::super::sims::spent(sim)), field("queue_ends_at"), field("reason")]
    };
    section.table("sims", ["sim", "state", "spent", "queue_ends_at", "reason"], items(&sims).iter().map(row));
    let pauses = client.get("/v1/pause").await?;
    section.fact("pauses", items(&pauses).len());
    Ok(())
}
