//! `recado conversations`: what people wrote, what waits for an answer, and what a person does about it.

use hyper::Method;
use serde_json::{Value, json};

use super::client::{Ask, Client, Query};
use super::exit::Exit;
use super::failure::Failure;
use super::messages::items;
use super::print::{Printer, cell, counted, plain};
use super::remote::Command;
use super::send;

/// What `conversations` was called with.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct ConversationsArgs {
    #[command(subcommand)]
    action: Option<Action>,
    /// Those that a person is to read
    #[arg(long)]
    needs_person: bool,
    /// open or closed; both if nothing is said
    #[arg(long)]
    state: Option<String>,
    /// Looked after by this person
    #[arg(long, value_name = "NAME")]
    assigned: Option<String>,
    /// Whose last text is understood to want this, such as dispute
    #[arg(long)]
    intent: Option<String>,
    /// With this debtor, by your id
    #[arg(long, value_name = "ID")]
    debtor: Option<String>,
    /// At most so many, the newest first
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Go on where a list ended
    #[arg(long)]
    cursor: Option<String>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show what both sides said
    Show {
        /// The conversation
        id: i64,
        /// Show what is older, from where a page ended
        #[arg(long)]
        cursor: Option<String>,
    },
    /// Answer, by the SIM to which the person wrote
    Reply(ReplyArgs),
    /// Say who looks after it
    Assign {
        /// The conversation
        id: i64,
        /// The person
        #[arg(required_unless_present = "nobody")]
        name: Option<String>,
        /// Nobody looks after it any more
        #[arg(long, conflicts_with = "name")]
        nobody: bool,
    },
    /// Say that nothing is to be done any more; the next text opens it again
    Close {
        /// The conversation
        id: i64,
    },
    /// Say how things stand: open, promised, agreed, disputed, paid or unconfirmed
    Standing {
        /// The conversation
        id: i64,
        /// The word
        standing: String,
        /// Of promised: until when nothing is asked (RFC 3339)
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
struct ReplyArgs {
    /// The conversation
    id: i64,
    /// The text
    #[arg(allow_hyphen_values = true)]
    text: String,
    /// The person who answers
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// Your own reference: the same again answers with the first message
    #[arg(long, value_name = "REF")]
    client_ref: Option<String>,
    /// By another SIM where the one to which the person wrote is in no modem
    #[arg(long)]
    any_sim: bool,
}

impl Command for ConversationsArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        match self.action {
            None => {
                let query = Query::default()
                    .with("state", self.state)
                    .with("needs_person", self.needs_person.then_some(true))
                    .with("assigned", self.assigned)
                    .with("intent", self.intent)
                    .with("debtor", self.debtor)
                    .with("limit", self.limit)
                    .with("cursor", self.cursor);
                list(&client.get(&query.on("/v1/conversations")).await?, printer)
            }
            Some(Action::Show { id, cursor }) => {
                let query = Query::default().with("cursor", cursor);
                show(&client.get(&query.on(&format!("/v1/conversations/{id}"))).await?, printer)
            }
            Some(Action::Reply(args)) => {
                let path = format!("/v1/conversations/{}/reply", args.id);
                let message = post(&path, &args.body(), client).await?;
                send::print(&message, printer)?;
                Ok(send::taken(&message))
            }
            Some(Action::Assign { id, name, nobody: _ }) => {
                let answer = post(&format!("/v1/conversations/{id}/assign"), &json!({ "to": name }), client).await?;
                cared(&answer, printer)
            }
            Some(Action::Close { id }) => {
                let path = format!("/v1/conversations/{id}/close");
                let answer = client.ask(Ask { method: Method::POST, path: &path, body: None }).await?;
                cared(&answer, printer)
            }
            Some(Action::Standing { id, standing, until }) => {
                let body = json!({ "standing": standing, "until": until });
                let answer = post(&format!("/v1/conversations/{id}/standing"), &body, client).await?;
                let on_wire = items_of(&answer, "on_wire").len();
                printer.line(&if printer.is_json {
                    answer.to_string()
                } else {
                    format!(
                        "{} stopped, {on_wire} on the wire",
                        counted(&cell(&answer, "stopped"), "message", "messages")
                    )
                })?;
                Ok(Exit::Done)
            }
        }
    }
}

impl ReplyArgs {
    fn body(&self) -> Value {
        json!({
            "text": self.text, "operator": self.operator, "client_ref": self.client_ref, "any_sim": self.any_sim,
        })
    }
}

async fn post(path: &str, body: &Value, client: &Client) -> Result<Value, Failure> {
    client.ask(Ask { method: Method::POST, path, body: Some(body) }).await
}

fn list(page: &Value, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
    let heading = ["ID", "AT", "NUMBER", "DEBTOR", "SIM", "STATE", "STANDING", "ASSIGNED", "INTENTS", "TEXT"];
    printer.list(heading, items(page), |conversation| {
        let field = |name| cell(conversation, name);
        [
            field("id"),
            field("last_at"),
            field("number"),
            field("debtor"),
            field("sim"),
            state(conversation),
            field("standing"),
            field("assigned"),
            field("last_intents"),
            field("last_text"),
        ]
    })?;
    more(page, printer)
}

/// Open or closed, and whether somebody is waited for.
fn state(conversation: &Value) -> String {
    let waits = conversation.get("needs_person").and_then(Value::as_bool).unwrap_or_default();
    let state = cell(conversation, "state");
    if waits { format!("{state}, needs a person") } else { state }
}

fn show(conversation: &Value, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
    if printer.is_json {
        printer.line(&conversation.to_string())?;
        return Ok(Exit::Done);
    }
    let fields = ["number", "debtor", "sim", "standing", "standing_until", "assigned"];
    let mut rows = vec![["state".to_owned(), state(conversation)]];
    let told = fields.iter().filter(|name| conversation.get(**name).is_some_and(|value| !value.is_null()));
    rows.extend(told.map(|name| [(*name).to_owned(), cell(conversation, name)]));
    printer.table(&rows)?;
    printer.line("")?;
    let heading = ["AT", "WHO", "STATE", "INTENTS", "TEXT"];
    printer.list(heading, items_of(conversation, "messages"), |turn| {
        let is_ours = turn.get("direction").and_then(Value::as_str) == Some("out");
        let who = match (is_ours, turn.get("operator").and_then(Value::as_str)) {
            (true, Some(operator)) => format!("we ({operator})"),
            (true, None) => "we".to_owned(),
            (false, _) => "they".to_owned(),
        };
        [cell(turn, "at"), who, cell(turn, "state"), cell(turn, "intents"), cell(turn, "text")]
    })?;
    more(conversation, printer)
}

/// Says where a list goes on.
fn more(page: &Value, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
    if let (false, Some(cursor)) = (printer.is_json, page.get("next").and_then(Value::as_str)) {
        printer.line(&format!("there are more: --cursor {cursor}"))?;
    }
    Ok(Exit::Done)
}

fn cared(answer: &Value, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
    let line = match answer.get("assigned").and_then(Value::as_str) {
        Some(name) => format!("{} {}, assigned to {}", cell(answer, "id"), state(answer), plain(name)),
        None => format!("{} {}, assigned to nobody", cell(answer, "id"), state(answer)),
    };
    printer.line(&if printer.is_json { answer.to_string() } else { line })?;
    Ok(Exit::Done)
}

fn items_of<'v>(object: &'v Value, name: &str) -> &'v [Value] {
    object.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}
