//! `recado creditors`, `recado debts` and `recado debtors`: who is owed, what, and by whom.

use std::collections::BTreeMap;

use hyper::Method;
use serde_json::{Value, json};

use crate::dunning::event::Happening;

use super::client::{Ask, Client, Query, encode};
use super::exit::Exit;
use super::failure::Failure;
use super::messages::items;
use super::print::{Printer, cell, text};
use super::remote::Command;

/// What `creditors` was called with.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct CreditorsArgs {
    #[command(subcommand)]
    action: Option<CreditorAction>,
}

#[derive(Debug, clap::Subcommand)]
enum CreditorAction {
    /// Make a creditor known, or known otherwise
    Set(SetArgs),
}

#[derive(Debug, clap::Args)]
struct SetArgs {
    /// Your id
    id: String,
    /// Its name
    #[arg(long)]
    name: String,
    /// The name that stands in every text; as it was if nothing is said, and its own of a new one
    #[arg(long)]
    sender: Option<String>,
    /// Where its days begin and end, such as `America/Sao_Paulo`
    #[arg(long)]
    zone: String,
    /// What its debtors are written in: pt-BR, es-MX or en
    #[arg(long)]
    language: String,
    /// What its debts are in: BRL, MXN or USD
    #[arg(long)]
    currency: String,
    /// The ladder of debts that name none; as it was if nothing is said
    #[arg(long)]
    ladder: Option<String>,
    /// Debts that name no ladder go by none
    #[arg(long, conflicts_with = "ladder")]
    no_ladder: bool,
    /// The template that debtors are sent when something happens to their debts, such as `payment_received=obrigado`; may be
    /// given several times. With nothing behind = debtors are sent none at that event; other events stay as they were
    #[arg(long = "on", value_name = "EVENT=TEMPLATE", value_parser = trigger)]
    on: Vec<(String, String)>,
}

impl SetArgs {
    /// The creditor as it is to be: the API replaces what was there, and what is not said here stays.
    fn body(self, page: &Value) -> Value {
        let known = items(page).iter().find(|creditor| cell(creditor, "id") == self.id);
        let word = |name| Some(known?.get(name)?.as_str()?.to_owned());
        let on = known.and_then(|known| known.get("on")?.as_object());
        let on = on.into_iter().flatten().filter_map(|(event, template)| Some((event.clone(), template.as_str()?)));
        let mut on: BTreeMap<String, String> = on.map(|(event, template)| (event, template.to_owned())).collect();
        on.extend(self.on);
        on.retain(|_, template| !template.is_empty());
        let ladder = if self.no_ladder { None } else { self.ladder.or_else(|| word("ladder")) };
        json!({
            "id": self.id, "name": self.name, "sender": self.sender.or_else(|| word("sender")), "zone": self.zone,
            "language": self.language, "currency": self.currency, "ladder": ladder, "on": on,
        })
    }
}

fn trigger(text: &str) -> Result<(String, String), String> {
    let (event, template) = text.split_once('=').ok_or("expected EVENT=TEMPLATE")?;
    let known = Happening::known(event.trim());
    let event = known.ok_or_else(|| format!("no such event; there are {}", Happening::NAMES.join(", ")))?;
    Ok((event.to_owned(), template.trim().to_owned()))
}

impl Command for CreditorsArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let Some(CreditorAction::Set(args)) = self.action else {
            let page = client.get("/v1/creditors").await?;
            let heading = ["ID", "NAME", "SENDER", "ZONE", "LANGUAGE", "CURRENCY", "LADDER"];
            printer.list(heading, items(&page), |creditor| {
                ["id", "name", "sender", "zone", "language", "currency", "ladder"].map(|field| cell(creditor, field))
            })?;
            return Ok(Exit::Done);
        };
        let body = args.body(&client.get("/v1/creditors").await?);
        let answer = client.ask(Ask { method: Method::POST, path: "/v1/creditors", body: Some(&body) }).await?;
        let is = |name| answer.get(name).and_then(Value::as_bool).unwrap_or(false);
        let word = match (is("created"), is("changed")) {
            (true, _) => "created",
            (false, true) => "changed",
            (false, false) => "as it was",
        };
        printer.line(&if printer.is_json { answer.to_string() } else { word.to_owned() })?;
        let warnings = answer.get("warnings").and_then(Value::as_array).filter(|_| !printer.is_json);
        for warning in warnings.into_iter().flatten().filter_map(Value::as_str) {
            printer.line(&format!("warning: {warning}"))?;
        }
        Ok(Exit::Done)
    }
}

/// What `debts` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct DebtsArgs {
    /// One debt, by your id
    id: Option<String>,
    /// Of this debtor
    #[arg(long)]
    debtor: Option<String>,
    /// To this creditor
    #[arg(long)]
    creditor: Option<String>,
    /// That stand so: open, promised, agreed, disputed, paid or cancelled
    #[arg(long)]
    status: Option<String>,
    /// At most so many, newest first
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Go on where a list ended
    #[arg(long)]
    cursor: Option<String>,
}

impl Command for DebtsArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        if let Some(id) = &self.id {
            let debt = client.get(&format!("/v1/debts/{}", encode(id))).await?;
            return fields(&debt, printer);
        }
        let query = Query::default()
            .with("debtor", self.debtor)
            .with("creditor", self.creditor)
            .with("status", self.status)
            .with("limit", self.limit)
            .with("cursor", self.cursor);
        let page = client.get(&query.on("/v1/debts")).await?;
        let heading = ["ID", "CREDITOR", "DEBTOR", "AMOUNT", "CURRENCY", "DUE", "STATUS", "UNTIL"];
        printer.list(heading, items(&page), |debt| {
            ["id", "creditor", "debtor", "amount", "currency", "due", "status", "until"].map(|field| cell(debt, field))
        })?;
        Ok(Exit::Done)
    }
}

/// What `debtors` was called with.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct DebtorsArgs {
    #[command(subcommand)]
    action: Option<DebtorAction>,
    /// The debtor, by your id
    #[arg(required = true)]
    id: Option<String>,
}

#[derive(Debug, clap::Subcommand)]
enum DebtorAction {
    /// Show everything about a debtor in order
    Journey(JourneyArgs),
    /// Say that numbers of a debtor are known to be theirs: nobody is asked there who it is
    Confirm(ConfirmArgs),
}

#[derive(Debug, clap::Args)]
struct ConfirmArgs {
    /// The debtor, by your id
    id: String,
    /// Numbers that the debtor has
    #[arg(required = true)]
    numbers: Vec<String>,
    /// Say it no longer; what the owner has said by text stands
    #[arg(long)]
    not: bool,
}

#[derive(Debug, clap::Args)]
struct JourneyArgs {
    /// The debtor, by your id
    id: String,
    /// What comes after this place
    #[arg(long, value_name = "PLACE")]
    after: Option<i64>,
    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
}

impl Command for DebtorsArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        match self.action {
            Some(DebtorAction::Journey(args)) => return journey(args, client, printer).await,
            Some(DebtorAction::Confirm(args)) => return confirm(args, client, printer).await,
            None => {}
        }
        let debtor = client.get(&format!("/v1/debtors/{}", encode(&self.id.unwrap_or_default()))).await?;
        fields(&debtor, printer)
    }
}

async fn confirm(args: ConfirmArgs, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
    let word = if args.not { "unconfirmed" } else { "confirmed" };
    let body = json!({ "id": args.id, word: args.numbers });
    let path = "/v1/debtors?unsaid=keep";
    let answer = client.ask(Ask { method: Method::POST, path, body: Some(&body) }).await?;
    let is_new = answer.get("changed").and_then(Value::as_bool).unwrap_or(false);
    let told = if is_new { "noted" } else { "as it was" };
    printer.line(&if printer.is_json { answer.to_string() } else { told.to_owned() })?;
    Ok(Exit::Done)
}

async fn journey(args: JourneyArgs, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
    let query = Query::default().with("after", args.after).with("limit", args.limit);
    let page = client.get(&query.on(&format!("/v1/debtors/{}/journey", encode(&args.id)))).await?;
    printer.list(["PLACE", "AT", "WHAT", "DEBT", "DETAILS", "TEXT"], items(&page), |stage| {
        let words = stage.get("details").and_then(Value::as_object).into_iter().flatten();
        let mut details: Vec<String> = words.map(|(name, value)| format!("{name} {}", text(value))).collect();
        details.extend(stage.get("amount").map(|amount| format!("amount {}", text(amount))));
        let details = if details.is_empty() { "-".to_owned() } else { details.join(", ") };
        let field = |name| cell(stage, name);
        [field("place"), field("at"), field("kind"), field("debt"), details, field("text")]
    })?;
    if let (false, Some(last)) = (printer.is_json || page.get("next").is_none_or(Value::is_null), items(&page).last()) {
        printer.line(&format!("there is more: --after {}", cell(last, "place")))?;
    }
    Ok(Exit::Done)
}

/// One thing: a line for each of its fields.
fn fields(thing: &Value, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
    if printer.is_json {
        printer.line(&thing.to_string())?;
        return Ok(Exit::Done);
    }
    let names = thing.as_object().into_iter().flat_map(serde_json::Map::keys);
    let rows: Vec<[String; 2]> = names.map(|name| [name.clone(), cell(thing, name)]).collect();
    printer.table(&rows)?;
    Ok(Exit::Done)
}
