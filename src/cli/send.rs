//! `recado send`: one message, and with `--wait` what became of it.

use std::time::Duration;

use hyper::Method;
use serde_json::{Map, Value, json};

use crate::clock::duration;
use crate::clock::{Clock, Timestamp};
use crate::sms::lifecycle::MessageState;

use super::client::{Ask, Client};
use super::exit::Exit;
use super::failure::Failure;
use super::print::{Printer, cell, counted};
use super::remote::Command;

/// What `send` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct SendArgs {
    /// The recipient: E.164, or national in the daemon's country; the debtor's number if it is left out
    #[arg(required_unless_present_any = ["debtor", "debt"])]
    to: Option<String>,
    /// The text
    #[arg(required_unless_present = "template")]
    text: Option<String>,
    /// The template that is filled with what is known of the debt, or of all that the debtor owes
    #[arg(long, value_name = "NAME", conflicts_with = "text")]
    template: Option<String>,
    /// A value that goes over what is known, such as amount=80.00; may be given several times
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = variable, requires = "template")]
    vars: Vec<(String, String)>,
    /// Wait until the network accepted the message, or until it was delivered
    #[arg(long, value_name = "UNTIL", num_args = 0..=1, require_equals = true, default_missing_value = "accepted")]
    wait: Option<Until>,
    /// How long to wait
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, default_value = "2m", requires = "wait")]
    timeout: Duration,
    /// Your own reference: sending the same again answers with the first message
    #[arg(long, value_name = "REF")]
    client_ref: Option<String>,
    /// Why it is sent, such as collection, reminder or operational
    #[arg(long)]
    purpose: Option<String>,
    /// 0 to 9; 9 is most urgent
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=9))]
    priority: Option<u8>,
    /// Not earlier than this time, such as 2026-11-24T10:00:00-03:00
    #[arg(long, value_name = "TIME")]
    not_before: Option<Timestamp>,
    /// Not later than this time
    #[arg(long, value_name = "TIME", conflicts_with = "ttl")]
    valid_until: Option<Timestamp>,
    /// Not later than this after it is due, such as 24h
    #[arg(long, value_name = "DURATION")]
    ttl: Option<String>,
    /// auto, gsm7, national, ucs2 or transliterate
    #[arg(long)]
    encoding: Option<String>,
    /// Send a part whose outcome is unknown once more after this time, instead of holding it
    #[arg(long, value_name = "DURATION")]
    resend_after: Option<String>,
    /// Refuse the text if it takes more parts
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..))]
    max_segments: Option<u8>,
    /// By this SIM: its name or ICCID
    #[arg(long, value_name = "NAME", conflicts_with = "group")]
    sim: Option<String>,
    /// By a SIM of this group
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// Do not ask the network for a delivery report
    #[arg(long)]
    no_report: bool,
    /// Whom it is about
    #[arg(long, value_name = "ID")]
    debtor: Option<String>,
    /// What it is about
    #[arg(long, value_name = "ID")]
    debt: Option<String>,
    /// For whom it is sent
    #[arg(long, value_name = "ID")]
    creditor: Option<String>,
    /// The batch that it belongs to
    #[arg(long, value_name = "NAME")]
    batch: Option<String>,
    /// The team that sends it
    #[arg(long, value_name = "NAME")]
    team: Option<String>,
    /// The person who sends it
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// Anything else; may be given several times
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
}

fn variable(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

/// What to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Until {
    /// The network took all parts.
    Accepted,
    /// The handset has them.
    Delivered,
}

impl Command for SendArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        if self.wait == Some(Until::Delivered) && self.no_report {
            return Err(Failure::Usage("--wait=delivered needs a report, and --no-report asks for none"));
        }
        // Events are followed from before the message, so that none about it is missed.
        let after = match self.wait {
            Some(_) => client.newest_event().await?,
            None => 0,
        };
        let body = self.body();
        let ask = Ask { method: Method::POST, path: "/v1/messages", body: Some(&body) };
        let mut message = client.ask(ask).await?;
        let Some(until) = self.wait else {
            print(&message, printer)?;
            return Ok(taken(&message));
        };
        if !printer.is_json {
            print(&message, printer)?;
            printer.flush()?;
        }
        let outcome = wait(client, after, &mut message, until, self.timeout).await;
        // Its name is needed most when the wait failed.
        if printer.is_json {
            print(&message, printer)?;
        } else if outcome.is_ok() {
            printer.line(&format!("{} {}", cell(&message, "id"), standing(&message)))?;
        }
        outcome
    }
}

impl SendArgs {
    /// The fields that were given; the daemon knows the defaults.
    fn body(&self) -> Value {
        let time = |at: Option<Timestamp>| at.map(|at| json!(at.to_string()));
        let text = |text: &Option<String>| text.as_ref().map(|text| json!(text));
        let vars: Map<String, Value> = self.vars.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let fields = [
            ("to", text(&self.to)),
            ("text", text(&self.text)),
            ("template", text(&self.template)),
            ("vars", Some(json!(vars)).filter(|_| !self.vars.is_empty())),
            ("client_ref", text(&self.client_ref)),
            ("purpose", text(&self.purpose)),
            ("priority", self.priority.map(|priority| json!(priority))),
            ("not_before", time(self.not_before)),
            ("valid_until", time(self.valid_until)),
            ("ttl", text(&self.ttl)),
            ("encoding", text(&self.encoding)),
            ("on_unknown", self.resend_after.as_ref().map(|after| json!({"resend_after": after}))),
            ("max_segments", self.max_segments.map(|segments| json!(segments))),
            ("sim", text(&self.sim)),
            ("group", text(&self.group)),
            ("report", Some(json!(false)).filter(|_| self.no_report)),
            ("debtor", text(&self.debtor)),
            ("debt", text(&self.debt)),
            ("creditor", text(&self.creditor)),
            ("batch", text(&self.batch)),
            ("team", text(&self.team)),
            ("operator", text(&self.operator)),
            ("tags", Some(json!(self.tags)).filter(|_| !self.tags.is_empty())),
        ];
        let given = fields.into_iter().filter_map(|(name, value)| value.map(|value| (name.to_owned(), value)));
        Value::Object(given.collect::<Map<_, _>>())
    }
}

/// The exit code of a message that was taken and is not waited for. Its turn and its due time hold no message.
pub(super) fn taken(message: &Value) -> Exit {
    if is_held(message) || state(message) == Some(MessageState::Blocked) { Exit::Held } else { Exit::Done }
}

/// Waits until the network has accepted a message that was submitted after the event `after`, and says what came of it.
pub(super) async fn await_acceptance(
    id: &str,
    after: i64,
    timeout: Duration,
    client: &Client,
    printer: &mut Printer<'_>,
) -> Result<Exit, Failure> {
    let mut message = client.get(&format!("/v1/messages/{id}")).await?;
    let outcome = wait(client, after, &mut message, Until::Accepted, timeout).await;
    print(&message, printer)?;
    outcome
}

/// Waits until the message came to something. `message` is what was last known of it.
async fn wait(
    client: &Client,
    after: i64,
    message: &mut Value,
    until: Until,
    timeout: Duration,
) -> Result<Exit, Failure> {
    let clock = Clock::host();
    let deadline = clock.deadline(clock.now().instant + timeout);
    let path = format!("/v1/messages/{}", cell(message, "id"));
    // The daemon's civil time may not be ours, so it is read from the first event about the message.
    let mut gives_up_at = None;
    if let Some(exit) = verdict(message, until, gives_up_at) {
        return Ok(exit);
    }
    let mut events = client.follow(after).await?;
    loop {
        let Ok(event) = tokio::time::timeout_at(deadline, events.next()).await else {
            return Ok(if is_held(message) { Exit::Held } else { Exit::Timeout });
        };
        let event = event?;
        if event.get("message").is_some_and(|about| Some(about) == message.get("id")) {
            let at = event.get("at").and_then(Value::as_str).and_then(|at| at.parse::<Timestamp>().ok());
            gives_up_at = gives_up_at.or(at.map(|at| at + timeout));
            *message = client.get(&path).await?;
            if let Some(exit) = verdict(message, until, gives_up_at) {
                return Ok(exit);
            }
        }
    }
}

/// The exit code of a message, or `None` if it is worth waiting on.
fn verdict(message: &Value, until: Until, gives_up_at: Option<Timestamp>) -> Option<Exit> {
    match (state(message)?, until) {
        (MessageState::Queued, _) => {
            let code = hold(message).filter(|code| *code != "sim_pace")?;
            let opens = message.get("not_before").and_then(Value::as_str).and_then(|at| at.parse::<Timestamp>().ok());
            match (opens, gives_up_at) {
                (None, _) if code != "not_due" => Some(Exit::Held),
                (Some(opens), Some(gives_up_at)) if opens > gives_up_at => Some(Exit::Held),
                _ => None,
            }
        }
        (MessageState::Sending, _) | (MessageState::Accepted, Until::Delivered) => None,
        (MessageState::Accepted, Until::Accepted) | (MessageState::Delivered, _) => Some(Exit::Done),
        (MessageState::Blocked, _) => Some(Exit::Held),
        (MessageState::Unknown, _) => Some(Exit::Unknown),
        (MessageState::Undelivered | MessageState::Failed | MessageState::Expired | MessageState::Cancelled, _) => {
            Some(Exit::Negative)
        }
    }
}

fn state(message: &Value) -> Option<MessageState> {
    MessageState::from_name(message.get("state")?.as_str()?)
}

/// Whether something more than its turn or its due time holds it.
fn is_held(message: &Value) -> bool {
    hold(message).is_some_and(|code| !matches!(code, "not_due" | "sim_pace"))
}

/// What holds a message that waits.
fn hold(message: &Value) -> Option<&str> {
    message.pointer("/reason/code")?.as_str()
}

/// A message that was taken in.
pub(super) fn print(message: &Value, printer: &mut Printer<'_>) -> Result<(), Failure> {
    if printer.is_json {
        return Ok(printer.line(&message.to_string())?);
    }
    let parts = counted(&cell(message, "segments"), "part", "parts");
    let (id, to, encoding) = (cell(message, "id"), cell(message, "to"), cell(message, "encoding"));
    printer.line(&format!("{id} to {to}, {parts} in {encoding}: {}", standing(message)))?;
    for warning in message.get("warnings").and_then(Value::as_array).into_iter().flatten() {
        printer.line(&format!("warning: {}", cell(warning, "detail")))?;
    }
    Ok(())
}

/// Its state and what holds it.
pub(super) fn standing(message: &Value) -> String {
    let state = cell(message, "state");
    let Some(code) = hold(message) else { return state };
    let detail = message.pointer("/reason/detail").and_then(Value::as_str).unwrap_or_default();
    let until = match message.get("not_before").and_then(Value::as_str) {
        Some(at) => format!(" until {at}"),
        None => String::new(),
    };
    let detail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
    format!("{state}, held{until} ({code}){detail}")
}
