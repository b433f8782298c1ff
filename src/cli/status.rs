//! `recado status`: whether the daemon takes and sends messages, how many there are, what is paused, and its modems.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::client::Client;
use super::exit::Exit;
use super::failure::Failure;
use super::messages::items;
use super::print::Printer;
use super::remote::Command;
use super::{modems, print};

/// What `status` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct StatusArgs {}

/// Exit code 0 if the daemon takes messages and sends them, else 1.
impl Command for StatusArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let ready = readiness(client).await?;
        let (_, metrics) = client.fetch("/metrics").await?;
        let tallies = tallies(&String::from_utf8_lossy(&metrics));
        let modems = client.get("/v1/modems").await?;
        let pauses = client.get("/v1/pause").await?;
        if printer.is_json {
            let status = json!({"ready": ready, "messages": tallies, "pauses": items(&pauses),
                                "modems": items(&modems)});
            printer.line(&status.to_string())?;
        } else {
            let lines = summary(&ready, &tallies).into_iter().chain(items(&pauses).iter().map(paused));
            for line in lines {
                printer.line(&line)?;
            }
            modems::print(items(&modems), printer)?;
        }
        Ok(if is(&ready, "accepting") && is(&ready, "sending") { Exit::Done } else { Exit::Negative })
    }
}

/// The document of `/readyz`, which comes with an error status when the answer is no.
async fn readiness(client: &Client) -> Result<Value, Failure> {
    let (status, octets) = client.fetch("/readyz").await?;
    let document = serde_json::from_slice::<Value>(&octets).ok();
    document.filter(|ready| ready.get("ready").is_some()).ok_or_else(|| client.stranger(status))
}

fn summary(ready: &Value, tallies: &BTreeMap<String, u64>) -> Vec<String> {
    let word = |field, yes: &'static str, no: &'static str| if is(ready, field) { yes } else { no };
    let (accepting, sending) =
        (word("accepting", "accepting", "not accepting"), word("sending", "sending", "not sending"));
    let mut lines = vec![format!("{}: {accepting}, {sending}", word("ready", "ready", "not ready"))];
    let reasons = ready.get("reasons").and_then(Value::as_array).into_iter().flatten();
    lines.extend(reasons.map(|reason| format!("  {}", print::text(reason))));
    let tallies: Vec<String> = tallies.iter().map(|(state, count)| format!("{count} {state}")).collect();
    if !tallies.is_empty() {
        lines.push(format!("messages: {}", tallies.join(", ")));
    }
    lines
}

/// `paused: batch november, since 2026-11-24T13:00:00.000Z, by ana: wrong amount`
fn paused(pause: &Value) -> String {
    let word = |field| pause.get(field).and_then(Value::as_str).map(print::plain);
    let what: Vec<String> = ["scope", "id"].into_iter().filter_map(word).collect();
    let (since, by) = (word("since").unwrap_or_default(), word("client").unwrap_or_default());
    let why = word("reason").map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("paused: {}, since {since}, by {by}{why}", what.join(" "))
}

fn is(ready: &Value, field: &str) -> bool {
    ready.get(field).and_then(Value::as_bool).unwrap_or(false)
}

/// Messages by state, from the text of the metrics. States without messages are left out.
fn tallies(metrics: &str) -> BTreeMap<String, u64> {
    let tally = |line: &str| {
        let (state, count) = line.strip_prefix("recado_messages{state=\"")?.split_once("\"} ")?;
        let count = count.trim().parse().ok().filter(|count| *count > 0)?;
        Some((state.to_owned(), count))
    };
    metrics.lines().filter_map(tally).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tallies_come_from_the_metrics() {
        let metrics = "# HELP recado_messages x\nrecado_messages{state=\"queued\"} 7\nrecado_messages{state=\"failed\"} 0\n\
                       recado_modem_up{modem=\"a\"} 1\nrecado_messages{state=\"sending\"} 1\n# EOF\n";
        assert_eq!(tallies(metrics), [("queued".to_owned(), 7), ("sending".to_owned(), 1)].into());
    }

    #[test]
    fn a_summary_says_why_not() {
        let ready = json!({"ready": false, "accepting": true, "sending": false, "reasons": ["no modem is up"]});
        insta::assert_snapshot!(summary(&ready, &[("queued".to_owned(), 3)].into()).join("\n"), @r"
        not ready: accepting, not sending
          no modem is up
        messages: 3 queued
        ");
    }
}
