//! `recado suppressions`: who must not be texted – look, add, lift, and lists in and out as CSV.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal as _, Read};
use std::path::PathBuf;

use hyper::Method;
use serde_json::{Value, json};

use crate::dunning::import::delimiter;

use crate::http::csv::safe;

use super::client::{Ask, Client, Query};
use super::exit::Exit;
use super::failure::Failure;
use super::messages::items;
use super::print::{Printer, cell, counted, text};
use super::remote::Command;

/// Numbers in one request of an import.
const PIECE: usize = 10_000;

/// Entries on one page of an export.
const PAGE: u32 = 1_000;

/// Bad lines that are shown one by one.
const SHOWN: usize = 20;

/// What `suppressions` was called with.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct SuppressionsArgs {
    #[command(subcommand)]
    action: Option<Action>,
    /// Of this number
    #[arg(long, value_name = "NUMBER")]
    number: Option<String>,
    /// At most so many, newest first
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Go on where a list ended
    #[arg(long)]
    cursor: Option<String>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Put numbers on the list; what waits for them is stopped
    Add(AddArgs),
    /// Take a number off the list
    Lift(LiftArgs),
    /// Erase a number: it stays suppressed and can no more be read
    Erase {
        /// The number
        #[arg(allow_hyphen_values = true)]
        number: String,
    },
    /// Put the numbers of a CSV file on the list
    Import(ImportArgs),
    /// Write the whole ledger as CSV
    Export,
}

#[derive(Debug, clap::Args)]
struct AddArgs {
    /// The numbers
    #[arg(required = true)]
    numbers: Vec<String>,
    #[command(flatten)]
    entry: EntryArgs,
}

/// What an entry says.
#[derive(Debug, clap::Args)]
struct EntryArgs {
    /// Why: `manual`, `opt_out`, `wrong_person`, `deceased` or `register`
    #[arg(long)]
    kind: Option<String>,
    /// For what they must not be texted, such as promotion; everything if nothing is said
    #[arg(long, value_delimiter = ',')]
    purposes: Vec<String>,
    /// For which creditor; for all if nothing is said
    #[arg(long)]
    creditor: Option<String>,
    /// From when (RFC 3339); now if nothing is said
    #[arg(long, value_name = "TIME")]
    effective: Option<String>,
    /// Where it comes from, such as the name of the register
    #[arg(long)]
    source: Option<String>,
    /// Why, for those who ask later
    #[arg(long)]
    why: Option<String>,
}

#[derive(Debug, clap::Args)]
struct LiftArgs {
    /// The number
    #[arg(allow_hyphen_values = true)]
    number: String,
    /// Why the person may be texted again; it stays in the ledger
    #[arg(long)]
    why: String,
    /// Only entries of this kind
    #[arg(long)]
    kind: Option<String>,
}

#[derive(Debug, clap::Args)]
struct ImportArgs {
    /// The file; - for the standard input
    file: PathBuf,
    /// The column with the numbers, by its heading or its place from 1
    #[arg(long, default_value = "1")]
    column: String,
    #[command(flatten)]
    entry: EntryArgs,
}

impl EntryArgs {
    fn body(&self, kind: &str) -> Value {
        let mut body = json!({ "kind": self.kind.as_deref().unwrap_or(kind) });
        let fields = [
            ("creditor", &self.creditor),
            ("effective", &self.effective),
            ("source", &self.source),
            ("why", &self.why),
        ];
        for (name, value) in fields {
            set(&mut body, name, value.as_ref().map(|value| json!(value)));
        }
        set(&mut body, "purposes", (!self.purposes.is_empty()).then(|| json!(self.purposes)));
        body
    }
}

fn set(body: &mut Value, name: &str, value: Option<Value>) {
    if let (Some(value), Some(fields)) = (value, body.as_object_mut()) {
        fields.insert(name.to_owned(), value);
    }
}

impl Command for SuppressionsArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        match self.action {
            None => {
                let query =
                    Query::default().with("number", self.number).with("limit", self.limit).with("cursor", self.cursor);
                list(&client.get(&query.on("/v1/suppressions")).await?, printer)
            }
            Some(Action::Add(args)) => add(&args, client, printer).await,
            Some(Action::Lift(args)) => {
                let mut body = json!({ "number": args.number, "why": args.why });
                set(&mut body, "kind", args.kind.map(|kind| json!(kind)));
                change("/v1/suppressions/lift", &body, "lifted", client, printer).await
            }
            Some(Action::Erase { number }) => {
                change("/v1/suppressions/erase", &json!({ "number": number }), "erased", client, printer).await
            }
            Some(Action::Import(args)) => import(&args, client, printer).await,
            Some(Action::Export) => export(client, printer).await,
        }
    }
}

fn list(page: &Value, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
    let heading = ["ID", "NUMBER", "KIND", "PURPOSES", "CREDITOR", "SINCE", "SOURCE", "BY", "LIFTED"];
    printer.list(heading, items(page), |entry| {
        let lifted = entry.get("lifted").filter(|lifted| !lifted.is_null()).map(|lifted| cell(lifted, "at"));
        let field = |name| cell(entry, name);
        [
            field("id"),
            field("number"),
            field("kind"),
            all_or(entry),
            field("creditor"),
            field("effective"),
            field("source"),
            field("client"),
            lifted.unwrap_or_default(),
        ]
    })?;
    Ok(Exit::Done)
}

/// The purposes of an entry.
fn all_or(entry: &Value) -> String {
    let purposes = entry.get("purposes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if purposes.len() == crate::sms::message::Purpose::ALL.len() {
        return "all".to_owned();
    }
    purposes.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")
}

async fn add(args: &AddArgs, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
    let mut body = args.entry.body("manual");
    set(&mut body, "numbers", Some(json!(args.numbers)));
    let answer = client.ask(Ask { method: Method::POST, path: "/v1/suppressions", body: Some(&body) }).await?;
    if printer.is_json {
        printer.line(&answer.to_string())?;
    } else {
        printer.line(&told(&answer))?;
    }
    let refused = answer.get("refused").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let shown = if printer.is_json { &[] } else { refused };
    for bad in shown {
        let place = bad.get("index").and_then(Value::as_u64).and_then(|index| usize::try_from(index).ok());
        let number = place.and_then(|place| args.numbers.get(place)).map(String::as_str).unwrap_or_default();
        printer.line(&format!("{number}: {}", cell(bad, "detail")))?;
    }
    Ok(if refused.is_empty() { Exit::Done } else { Exit::Negative })
}

fn told(answer: &Value) -> String {
    let on_wire = answer.get("on_wire").and_then(Value::as_array).map_or(0, Vec::len);
    let stopped = counted(&cell(answer, "stopped"), "message", "messages");
    format!("{} added, {stopped} stopped, {on_wire} on the wire", cell(answer, "added"))
}

async fn change(
    path: &str,
    body: &Value,
    done: &str,
    client: &Client,
    printer: &mut Printer<'_>,
) -> Result<Exit, Failure> {
    let answer = client.ask(Ask { method: Method::POST, path, body: Some(body) }).await?;
    let entries = answer.get("entries").and_then(Value::as_u64).unwrap_or(0);
    printer.line(&if printer.is_json {
        answer.to_string()
    } else {
        format!("{} {done}", counted(&entries.to_string(), "entry", "entries"))
    })?;
    Ok(if entries > 0 { Exit::Done } else { Exit::Negative })
}

/// What an import came to.
#[derive(Debug, Default)]
struct Imported {
    read: u64,
    added: u64,
    stopped: u64,
    on_wire: Vec<Value>,
    /// What is wrong with the number, by its line.
    bad: BTreeMap<u64, String>,
}

async fn import(args: &ImportArgs, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
    let source: Box<dyn Read> =
        if args.file.as_os_str() == "-" { Box::new(io::stdin()) } else { Box::new(File::open(&args.file)?) };
    let mut reader = rows(BufReader::new(source))?;
    let mut entry = args.entry.body("register");
    if args.entry.source.is_none() {
        let name = args.file.file_name().map(|name| name.to_string_lossy().into_owned());
        set(&mut entry, "source", name.map(|name| json!(name)));
    }
    let shows = !printer.is_json && io::stderr().is_terminal();
    let mut imported = Imported::default();
    let mut column = Column::new(&args.column);
    let (mut lines, mut numbers) = (Vec::new(), Vec::new());
    for record in reader.byte_records() {
        let record = record.map_err(io::Error::other)?;
        let line = record.position().map_or(0, csv::Position::line);
        let Some(field) = column.of(&record) else { continue };
        if field.is_empty() {
            continue;
        }
        lines.push(line);
        numbers.push(field);
        if numbers.len() == PIECE {
            send_piece(&entry, &mut lines, &mut numbers, &mut imported, client).await?;
            if shows {
                progress(&imported);
            }
        }
    }
    send_piece(&entry, &mut lines, &mut numbers, &mut imported, client).await?;
    if shows {
        progress(&imported);
        progress_ends();
    }
    conclude(&imported, printer)
}

#[expect(clippy::print_stderr, reason = "progress is for the terminal, not for what reads the output")]
fn progress(imported: &Imported) {
    eprint!("\r{} numbers read", imported.read);
}

#[expect(clippy::print_stderr, reason = "progress is for the terminal, not for what reads the output")]
fn progress_ends() {
    eprintln!();
}

fn conclude(imported: &Imported, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
    if printer.is_json {
        let bad: Vec<Value> =
            imported.bad.iter().map(|(line, detail)| json!({ "line": line, "detail": detail })).collect();
        let answer = json!({
            "read": imported.read, "added": imported.added, "stopped": imported.stopped, "on_wire": imported.on_wire,
            "refused": bad,
        });
        printer.line(&answer.to_string())?;
    } else {
        for (line, detail) in imported.bad.iter().take(SHOWN) {
            printer.line(&format!("line {line}: {detail}"))?;
        }
        if imported.bad.len() > SHOWN {
            printer.line(&format!("and {} lines more", imported.bad.len() - SHOWN))?;
        }
        printer.line(&format!(
            "{} read, {} added, {} refused; {} stopped, {} on the wire",
            counted(&imported.read.to_string(), "number", "numbers"),
            imported.added,
            imported.bad.len(),
            counted(&imported.stopped.to_string(), "message", "messages"),
            imported.on_wire.len()
        ))?;
    }
    Ok(if imported.bad.is_empty() { Exit::Done } else { Exit::Negative })
}

async fn send_piece(
    entry: &Value,
    lines: &mut Vec<u64>,
    numbers: &mut Vec<String>,
    imported: &mut Imported,
    client: &Client,
) -> Result<(), Failure> {
    if numbers.is_empty() {
        return Ok(());
    }
    let mut body = entry.clone();
    set(&mut body, "numbers", Some(json!(numbers)));
    let answer = client.ask(Ask { method: Method::POST, path: "/v1/suppressions", body: Some(&body) }).await?;
    let count = |field: &str| answer.get(field).and_then(Value::as_u64).unwrap_or(0);
    imported.read += numbers.len() as u64;
    imported.added += count("added");
    imported.stopped += count("stopped");
    imported.on_wire.extend(answer.get("on_wire").and_then(Value::as_array).cloned().unwrap_or_default());
    for bad in answer.get("refused").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default() {
        let place = bad.get("index").and_then(Value::as_u64).and_then(|index| usize::try_from(index).ok());
        if let Some(line) = place.and_then(|place| lines.get(place)) {
            imported.bad.insert(*line, cell(bad, "detail"));
        }
    }
    lines.clear();
    numbers.clear();
    Ok(())
}

/// The rows of a list, whatever parts its columns.
fn rows<R: BufRead>(mut source: R) -> io::Result<csv::Reader<R>> {
    let head = source.fill_buf()?;
    let mut options = csv::ReaderBuilder::new();
    options.has_headers(false).flexible(true).trim(csv::Trim::All).delimiter(delimiter(head));
    Ok(options.from_reader(source))
}

/// The numbers of a list, as far as it can be read.
pub(super) fn numbers(column: &str, list: &[u8]) -> Vec<String> {
    let mut column = Column::new(column);
    let Ok(mut reader) = rows(list) else { return Vec::new() };
    reader.byte_records().map_while(Result::ok).filter_map(|record| column.of(&record)).collect()
}

/// The column with the numbers.
#[derive(Debug)]
enum Column {
    /// By its heading, until the headings were read.
    Named(String),
    /// By its place. The first row is left out where it is a heading.
    At { place: usize, is_first: bool },
}

impl Column {
    fn new(given: &str) -> Self {
        match given.parse::<usize>() {
            Ok(place) => Self::At { place: place.saturating_sub(1), is_first: true },
            Err(_) => Self::Named(given.to_owned()),
        }
    }

    /// The number of a row; `None` for the row of headings.
    fn of(&mut self, record: &csv::ByteRecord) -> Option<String> {
        let field = |place: usize| {
            let text = String::from_utf8_lossy(record.get(place).unwrap_or_default()).into_owned();
            text.trim_start_matches('\u{feff}').to_owned()
        };
        match self {
            Self::Named(name) => {
                let place = (0..record.len()).find(|place| field(*place).eq_ignore_ascii_case(name)).unwrap_or(0);
                *self = Self::At { place, is_first: false };
                None
            }
            Self::At { place, is_first } => {
                let (text, was_first) = (field(*place), std::mem::take(is_first));
                let is_heading = was_first && !text.bytes().any(|octet| octet.is_ascii_digit());
                (!is_heading).then_some(text)
            }
        }
    }
}

async fn export(client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
    let mut cursor: Option<String> = None;
    let heading = "id,number,kind,purposes,creditor,effective,source,by,why,inbound,at,lifted_at,lifted_by,lifted_why";
    if !printer.is_json {
        printer.line(heading)?;
    }
    loop {
        let query = Query::default().with("limit", Some(PAGE)).with("cursor", cursor);
        let page = client.get(&query.on("/v1/suppressions")).await?;
        for entry in items(&page) {
            printer.line(&if printer.is_json { entry.to_string() } else { row(entry)? })?;
        }
        cursor = page.get("next").and_then(Value::as_str).map(str::to_owned);
        if cursor.is_none() {
            return Ok(Exit::Done);
        }
    }
}

/// A row of the export. A field that a spreadsheet would take for a formula is written as text.
fn row(entry: &Value) -> Result<String, Failure> {
    let said =
        |object: &Value, name: &str| object.get(name).filter(|value| !value.is_null()).map(text).unwrap_or_default();
    let field = |name: &str| safe(&said(entry, name));
    let lifted = entry.get("lifted").cloned().unwrap_or(Value::Null);
    let end = |name: &str| safe(&said(&lifted, name));
    let fields = [
        field("id"),
        // A number begins with a plus; it is no formula.
        said(entry, "number"),
        field("kind"),
        all_or(entry),
        field("creditor"),
        field("effective"),
        field("source"),
        field("client"),
        field("why"),
        field("inbound"),
        field("at"),
        end("at"),
        end("client"),
        end("why"),
    ];
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
    writer.write_record(fields).map_err(io::Error::other)?;
    let octets = writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    Ok(String::from_utf8_lossy(&octets).trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(column: &str, text: &str) -> Vec<String> {
        numbers(column, text.as_bytes())
    }

    #[test]
    fn numbers_are_found_with_and_without_headings() {
        let numbers = ["11987654321", "+55 21 98765-4321"];
        assert_eq!(read("1", "11987654321\n+55 21 98765-4321\n"), numbers);
        assert_eq!(read("1", "\u{feff}telefone;nome\r\n11987654321\r\n+55 21 98765-4321\r\n"), numbers);
        assert_eq!(read("2", "nome,fone\nAna,11987654321\n\"B, C\",+55 21 98765-4321\n"), numbers);
        assert_eq!(read("2", "nome;fone\nAna, a boa;11987654321\nBia;+55 21 98765-4321\n"), numbers);
        assert_eq!(read("Fone", "nome,fone\nAna,11987654321\nBia,+55 21 98765-4321\n"), numbers);
    }

    #[test]
    fn what_a_spreadsheet_would_calculate_is_text() {
        let entry = json!({ "id": 1, "number": "+5511987654321", "why": "=1+1", "source": "a,b", "purposes": [] });
        assert_eq!(row(&entry).unwrap(), "1,+5511987654321,,,,,\"a,b\",,'=1+1,,,,,");
    }
}
