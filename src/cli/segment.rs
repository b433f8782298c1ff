//! `recado segment`: how many a segment holds, before a campaign or a step of a ladder is for it.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};

use super::client::{Ask, Client, encode};
use super::exit::Exit;
use super::failure::Failure;
use super::import::Progress;
use super::print::{Printer, cell};
use super::remote::Command;

/// A large portfolio is counted for some minutes.
const COUNTED_WITHIN: Duration = Duration::from_secs(1_800);

/// What `segment count` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct CountArgs {
    /// To whom it is owed
    #[arg(long, value_name = "ID")]
    creditor: String,
    /// A segment as JSON, such as `{"days_late": {"min": 5}}`; everybody if nothing is said
    #[arg(value_name = "JSON", value_parser = super::campaign::segment, conflicts_with = "ladder")]
    segment: Option<Value>,
    /// The segment of each step of this ladder
    #[arg(long, value_name = "NAME")]
    ladder: Option<String>,
}

impl Command for CountArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let named = match &self.ladder {
            None => vec![("-".to_owned(), self.segment.clone().unwrap_or_else(|| json!({})))],
            Some(ladder) => {
                let ladder = client.get(&format!("/v1/ladders/{}", encode(ladder))).await?;
                let steps = ladder.pointer("/definition/steps").and_then(Value::as_array);
                let segment = |step: &Value| step.get("segment").cloned().unwrap_or_else(|| json!({}));
                steps.into_iter().flatten().map(|step| (cell(step, "id"), segment(step))).collect()
            }
        };
        let mut progress = Progress::new(!printer.is_json);
        let (mut counted, all) = (Vec::new(), named.len() as u64);
        for (step, segment) in named {
            let body = json!({ "creditor": self.creditor, "segment": segment });
            let ask = Ask { method: Method::POST, path: "/v1/segments/count", body: Some(&body) };
            let mut count = client.ask_within(ask, COUNTED_WITHIN).await?;
            if let (Some(_), Some(fields)) = (&self.ladder, count.as_object_mut()) {
                fields.insert("step".to_owned(), json!(step));
            }
            counted.push(count);
            if self.ladder.is_some() {
                let done = counted.len() as u64;
                progress.show((done * 100).checked_div(all).unwrap_or(100), done, "steps");
            }
        }
        if self.ladder.is_some() {
            progress.end(all, "steps");
        }
        printer.list(["STEP", "DEBTORS", "DEBTS", "ASKED FOR"], &counted, |count| {
            ["step", "debtors", "debts", "asked_for"].map(|field| cell(count, field))
        })?;
        Ok(Exit::Done)
    }
}
