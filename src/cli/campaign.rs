//! `recado campaign`: one text to many people, from a segment of the portfolio or from a file.

mod list;

use std::path::PathBuf;
use std::time::Duration;

use hyper::Method;
use serde_json::{Map, Value, json};

use crate::clock::{Clock, Timestamp};

use super::client::{Ask, Client, encode};
use super::definition::FileError;
use super::exit::Exit;
use super::failure::Failure;
use super::import::Progress;
use super::messages::items;
use super::print::{Printer, cell, counted};
use super::remote::Command;
use list::List;

/// Rows of one request.
const PIECE: usize = 1_000;

/// A large campaign is counted for some minutes.
const COUNTED_WITHIN: Duration = Duration::from_secs(1_800);

/// Between two looks of `--follow`.
const LOOK: Duration = Duration::from_secs(2);

/// What `campaign create` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct CreateArgs {
    /// What it is called; its messages have this batch
    name: String,
    /// For whom it is sent
    #[arg(long, value_name = "ID")]
    creditor: String,
    /// The template that is sent
    #[arg(long, value_name = "NAME", conflicts_with = "text")]
    template: Option<String>,
    /// The same text for everybody
    #[arg(long)]
    text: Option<String>,
    /// To whom: a segment as JSON, such as `{"days_late": {"min": 5}}`; `{}` is everybody
    #[arg(long, value_name = "JSON", value_parser = segment, conflicts_with = "file")]
    segment: Option<Value>,
    /// What the segment is called in results
    #[arg(long, value_name = "NAME", requires = "segment")]
    segment_name: Option<String>,
    /// One text for each debt, instead of one for each debtor
    #[arg(long, requires = "segment")]
    each_debt: bool,
    /// To whom: a CSV file with the columns to, debtor, debt and variables of the template, or NDJSON with rows as in the API
    #[arg(long, value_name = "FILE", required_unless_present = "segment")]
    file: Option<PathBuf>,
    /// Why a text is sent, such as promotion; a template knows
    #[arg(long, requires = "text")]
    purpose: Option<String>,
    /// 0 to 9; 9 is most urgent
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=9))]
    priority: Option<u8>,
    /// Parts a day at most
    #[arg(long, value_name = "PARTS", value_parser = clap::value_parser!(u32).range(1..))]
    per_day: Option<u32>,
    /// Begin at this time once it is started, such as 2026-11-24T10:00:00-03:00
    #[arg(long, value_name = "TIME")]
    start_at: Option<Timestamp>,
    /// What was not sent by then is not sent
    #[arg(long, value_name = "TIME")]
    valid_until: Option<Timestamp>,
    /// By this SIM: its name or ICCID
    #[arg(long, value_name = "NAME", conflicts_with = "group")]
    sim: Option<String>,
    /// By a SIM of this group
    #[arg(long, value_name = "NAME")]
    group: Option<String>,
    /// The team that sends it
    #[arg(long, value_name = "NAME")]
    team: Option<String>,
    /// The person who sends it
    #[arg(long, value_name = "NAME")]
    operator: Option<String>,
    /// What a part costs, such as 0.0325, for the count that follows; as configured if nothing is said
    #[arg(long)]
    price: Option<String>,
}

/// What `campaign list` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {}

/// What `campaign show` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct ShowArgs {
    /// Its name
    name: String,
    /// Show how it goes on until it is over
    #[arg(long)]
    follow: bool,
}

/// What `campaign preview` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct PreviewArgs {
    /// Its name
    name: String,
    /// What a part costs, such as 0.0325
    #[arg(long)]
    price: Option<String>,
}

/// What `campaign test` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct TestArgs {
    /// Its name
    name: String,
    /// Numbers of your own
    #[arg(required = true)]
    to: Vec<String>,
}

/// What `campaign pause` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct PauseArgs {
    /// Its name
    name: String,
    /// Why, for those who wonder later
    #[arg(long)]
    reason: Option<String>,
}

/// What commands were called with that need its name alone.
#[derive(Debug, clap::Args)]
pub(super) struct StartArgs {
    /// Its name
    name: String,
}

/// What `campaign resume` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct ResumeArgs {
    /// Its name
    name: String,
}

/// What `campaign cancel` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct CancelArgs {
    /// Its name
    name: String,
}

/// What `campaign delete` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct DeleteArgs {
    /// Its name
    name: String,
}

/// What `campaign forecast` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct ForecastArgs {
    /// Its name
    name: String,
}

pub(super) fn segment(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

fn path(name: &str, of: &str) -> String {
    format!("/v1/batches/{}{of}", encode(name))
}

impl Command for CreateArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        // A file that cannot be read makes no campaign.
        let rows = self.file.as_ref().map(|file| List::read(file)).transpose()?;
        let mut body = self.body();
        if let (Some(list), Some(fields)) = (&rows, body.as_object_mut()) {
            // What ends in the midst is not started by mistake.
            fields.insert("rows_announced".to_owned(), json!(list.rows.len()));
        }
        let made = client.ask(Ask { method: Method::POST, path: "/v1/batches", body: Some(&body) }).await?;
        if let Some(List { rows }) = rows {
            let (mut progress, mut sent, all) = (Progress::new(!printer.is_json), 0, rows.len());
            for piece in rows.chunks(PIECE) {
                let body = json!({ "from": sent + 1, "rows": piece });
                client.ask(Ask { method: Method::POST, path: &path(&self.name, "/rows"), body: Some(&body) }).await?;
                sent += piece.len();
                progress.show((sent as u64 * 100).checked_div(all as u64).unwrap_or(100), sent as u64, "rows");
            }
            progress.end(sent as u64, "rows");
        }
        if printer.is_json {
            printer.line(&made.to_string())?;
            return Ok(Exit::Done);
        }
        printer.line(&format!("{} is a draft; this is what it comes to now:", self.name))?;
        let looked = look(client, &self.name, self.price.as_deref()).await?;
        print_look(&looked, printer)?;
        printer.line(&format!("test it with `recado campaign test {} NUMBER`, then start it", self.name))?;
        Ok(Exit::Done)
    }
}

impl CreateArgs {
    /// The fields that were given; the daemon knows the defaults.
    fn body(&self) -> Value {
        let time = |at: Option<Timestamp>| at.map(|at| json!(at.to_string()));
        let text = |text: &Option<String>| text.as_ref().map(|text| json!(text));
        let fields = [
            ("name", Some(json!(self.name))),
            ("creditor", Some(json!(self.creditor))),
            ("template", text(&self.template)),
            ("text", text(&self.text)),
            ("segment", self.segment.clone()),
            ("segment_name", text(&self.segment_name)),
            ("each_debt", Some(json!(true)).filter(|_| self.each_debt)),
            ("purpose", text(&self.purpose)),
            ("priority", self.priority.map(|priority| json!(priority))),
            ("per_day", self.per_day.map(|parts| json!(parts))),
            ("start_at", time(self.start_at)),
            ("valid_until", time(self.valid_until)),
            ("sim", text(&self.sim)),
            ("group", text(&self.group)),
            ("team", text(&self.team)),
            ("operator", text(&self.operator)),
        ];
        let given = fields.into_iter().filter_map(|(name, value)| value.map(|value| (name.to_owned(), value)));
        Value::Object(given.collect::<Map<_, _>>())
    }
}

async fn look(client: &Client, name: &str, price: Option<&str>) -> Result<Value, Failure> {
    let body = price.map_or_else(|| json!({}), |price| json!({ "price": price }));
    let ask = Ask { method: Method::POST, path: &path(name, "/preview"), body: Some(&body) };
    client.ask_within(ask, COUNTED_WITHIN).await
}

fn print_look(looked: &Value, printer: &mut Printer<'_>) -> Result<(), Failure> {
    let parts = counted(&cell(looked, "parts"), "part", "parts");
    let cost = match looked.get("cost") {
        None | Some(Value::Null) => String::new(),
        Some(_) => format!(", {}", cell(looked, "cost")),
    };
    printer.line(&format!("{}, {parts}{cost}", counted(&cell(looked, "recipients"), "recipient", "recipients")))?;
    for (field, word) in [("left_out", "left out"), ("held", "held for now")] {
        for (code, count) in looked.get(field).and_then(Value::as_object).into_iter().flatten() {
            printer.line(&format!("  {count} {word}: {code}"))?;
        }
    }
    if let Some(longest) = looked.get("longest").filter(|longest| longest.is_object()) {
        let parts = counted(&cell(longest, "segments"), "part", "parts");
        printer.line(&format!("longest: {parts}, {} in {}", cell(longest, "units"), cell(longest, "encoding")))?;
    }
    for example in looked.get("examples").and_then(Value::as_array).into_iter().flatten() {
        printer.line(&format!("  {} {}: {}", cell(example, "who"), cell(example, "to"), cell(example, "text")))?;
    }
    print_forecast(looked.get("forecast").unwrap_or(&Value::Null), printer)?;
    for warning in looked.get("warnings").and_then(Value::as_array).into_iter().flatten() {
        printer.line(&format!("warning: {}", cell(warning, "detail")))?;
    }
    Ok(())
}

fn print_forecast(forecast: &Value, printer: &mut Printer<'_>) -> Result<(), Failure> {
    let why = || forecast.pointer("/reason/detail").and_then(Value::as_str).unwrap_or("nothing is known");
    let ends_at = forecast.get("ends_at").and_then(Value::as_str);
    let line = ends_at.map_or_else(|| format!("no estimate: {}", why()), |at| format!("ends about {}", for_people(at)));
    Ok(printer.line(&line)?)
}

/// `Thursday 10:40` in the zone of this machine, with the date behind it.
fn for_people(at: &str) -> String {
    let parsed: Option<jiff::Timestamp> = at.parse().ok();
    parsed.map_or_else(
        || at.to_owned(),
        |at| at.to_zoned(jiff::tz::TimeZone::system()).strftime("%A %H:%M (%Y-%m-%d, %Z)").to_string(),
    )
}

impl Command for ListArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let page = client.get("/v1/batches?limit=1000").await?;
        printer.list(["NAME", "STATE", "CREDITOR", "MESSAGES", "QUEUED", "START"], items(&page), |campaign| {
            let creditor = campaign.pointer("/definition/creditor").map_or_else(|| "-".to_owned(), super::print::text);
            let waits = campaign.pointer("/progress/queued").map_or_else(|| "0".to_owned(), super::print::text);
            let [name, state, messages, start] = ["name", "state", "messages", "start_at"].map(|f| cell(campaign, f));
            [name, state, creditor, messages, waits, start]
        })?;
        Ok(Exit::Done)
    }
}

impl Command for ShowArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let clock = Clock::host();
        let mut last = String::new();
        loop {
            let campaign = client.get(&path(&self.name, "")).await?;
            let line = if printer.is_json { campaign.to_string() } else { summary(&campaign) };
            if line != last {
                printer.line(&line)?;
                printer.flush()?;
                last = line;
            }
            let is_over = matches!(campaign.get("state").and_then(Value::as_str), Some("done" | "cancelled"));
            if !self.follow || is_over {
                return Ok(Exit::Done);
            }
            tokio::time::sleep_until(clock.deadline(clock.now().instant + LOOK)).await;
        }
    }
}

/// State, messages by theirs, and who was left out, on one line.
fn summary(campaign: &Value) -> String {
    let of = |field: &str, word: &str| {
        let counts = campaign.get(field).and_then(Value::as_object).into_iter().flatten();
        let told: Vec<String> = counts.map(|(code, count)| format!(", {count} {word}{code}")).collect();
        told.concat()
    };
    let messages = counted(&cell(campaign, "messages"), "message", "messages");
    let rest = if campaign.get("queued") == Some(&json!(false)) { " so far" } else { "" };
    let warnings = campaign.get("warnings").and_then(Value::as_array).into_iter().flatten();
    let warnings: Vec<String> = warnings.map(|warning| format!("; {}", cell(warning, "detail"))).collect();
    let problem = campaign.get("problem").and_then(Value::as_str).map(|problem| format!("; cannot go on: {problem}"));
    format!(
        "{} {}: {messages}{rest}{}{}{}{}",
        cell(campaign, "name"),
        cell(campaign, "state"),
        of("progress", ""),
        of("left_out", "left out "),
        problem.unwrap_or_default(),
        warnings.concat()
    )
}

impl Command for PreviewArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let looked = look(client, &self.name, self.price.as_deref()).await?;
        if printer.is_json {
            printer.line(&looked.to_string())?;
        } else {
            print_look(&looked, printer)?;
        }
        Ok(Exit::Done)
    }
}

impl Command for TestArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let body = json!({ "to": self.to });
        let sent =
            client.ask(Ask { method: Method::POST, path: &path(&self.name, "/test"), body: Some(&body) }).await?;
        if printer.is_json {
            printer.line(&sent.to_string())?;
            return Ok(Exit::Done);
        }
        let parts = counted(&cell(&sent, "segments"), "part", "parts");
        printer.line(&format!(
            "the text of {} is on its way, {parts}: {}",
            cell(&sent, "who"),
            cell(&sent, "messages")
        ))?;
        Ok(Exit::Done)
    }
}

/// Asks for a change and says how the campaign is now.
async fn change(
    client: &Client,
    name: &str,
    what: &str,
    body: Option<&Value>,
    printer: &mut Printer<'_>,
) -> Result<Exit, Failure> {
    let campaign = client.ask(Ask { method: Method::POST, path: &path(name, what), body }).await?;
    let line = if printer.is_json { campaign.to_string() } else { summary(&campaign) };
    printer.line(&line)?;
    Ok(Exit::Done)
}

impl Command for StartArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        change(client, &self.name, "/start", None, printer).await
    }
}

impl Command for PauseArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let body = self.reason.as_ref().map_or_else(|| json!({}), |reason| json!({ "reason": reason }));
        change(client, &self.name, "/pause", Some(&body), printer).await
    }
}

impl Command for ResumeArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        change(client, &self.name, "/resume", None, printer).await
    }
}

impl Command for CancelArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let ask = Ask { method: Method::POST, path: &path(&self.name, "/cancel"), body: None };
        let stopped = client.ask_within(ask, COUNTED_WITHIN).await?;
        if printer.is_json {
            printer.line(&stopped.to_string())?;
            return Ok(Exit::Done);
        }
        let messages = counted(&cell(&stopped, "stopped"), "message", "messages");
        printer.line(&format!("{messages} stopped; on the wire: {}", cell(&stopped, "on_wire")))?;
        Ok(Exit::Done)
    }
}

impl Command for DeleteArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        client.ask(Ask { method: Method::DELETE, path: &path(&self.name, ""), body: None }).await?;
        if !printer.is_json {
            printer.line(&format!("{} is deleted", self.name))?;
        }
        Ok(Exit::Done)
    }
}

impl Command for ForecastArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let path = path(&self.name, "/forecast");
        let forecast = client.ask_within(Ask { method: Method::GET, path: &path, body: None }, COUNTED_WITHIN).await?;
        if printer.is_json {
            printer.line(&forecast.to_string())?;
        } else {
            print_forecast(&forecast, printer)?;
        }
        Ok(Exit::Done)
    }
}

/// Why a file is no list.
fn wrong(file: &std::path::Path, what: &impl ToString) -> Failure {
    FileError::new(file, what).into()
}

/// The rows of a list, read as if they stood in a file.
pub(super) fn rows_of(text: &str) -> Result<Vec<Value>, String> {
    list::parse(text).map(|list| list.rows)
}
