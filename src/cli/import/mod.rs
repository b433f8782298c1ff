//! `recado import`: debtors and debts out of a CSV file. Good rows are sent, the others explained by row and column.

mod file;
mod item;
mod remembered;
mod report;
mod united;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use hyper::Method;
use serde_json::Value;
use tokio::task::yield_now;

use crate::dunning::import::{Dates, Decimals, Fault, Field, HeadingError, Import, Options, Row, Survey, SurveyError};
use crate::dunning::money::Currency;
use crate::sms::number::Country;

use super::client::{Ask, Client, Query};
use super::exit::Exit;
use super::failure::Failure;
use super::messages::items;
use super::print::{Printer, cell};
use super::remote::Command;
use file::{CsvFile, Rows};
use remembered::Remembered;
use report::Report;
use united::United;

pub(super) use file::Progress;

/// Rows of one request: some hundred kilobytes.
const PIECE: usize = 1_000;

/// Lines after which reading lets others go on.
const BREATH: u64 = 16;

/// Rows that belong to one request, and those between them that cannot be read.
#[derive(Default)]
struct Piece {
    good: Vec<Row>,
    refused: Vec<Vec<Fault>>,
}

impl Piece {
    fn is_empty(&self) -> bool {
        self.good.is_empty() && self.refused.is_empty()
    }
}

/// What `import` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct ImportArgs {
    /// The file; - for the standard input
    file: PathBuf,
    /// To whom is owed what stands in rows that name nobody
    #[arg(long)]
    creditor: Option<String>,
    /// Which heading a field has, such as due=Vencto; several for phone and area. With nothing behind = the field is not read
    #[arg(long = "map", value_name = "FIELD=HEADING", value_parser = mapped)]
    mapping: Vec<(Field, String)>,
    /// The order of days: `dmy` or `ymd`; by their form if nothing is said
    #[arg(long, value_name = "ORDER", value_parser = dates)]
    dates: Option<Dates>,
    /// What stands before decimals: `comma` or `point`; by what the file shows if nothing is said
    #[arg(long, value_name = "MARK", value_parser = decimals)]
    decimals: Option<Decimals>,
    /// Whose national forms numbers have, such as `BR`; that of the creditor's currency if nothing is said
    #[arg(long, value_name = "COUNTRY", value_parser = country)]
    country: Option<Country>,
    /// Check everything and store nothing
    #[arg(long)]
    dry_run: bool,
    /// Where to write all errors and warnings as CSV
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,
}

/// Why a file cannot be imported at all.
#[derive(Debug, thiserror::Error)]
pub(super) enum ImportError {
    /// The creditor is not known.
    #[error("no creditor has the id {0:?}; see `recado creditors`")]
    NoCreditor(String),
    /// The headings do not say enough.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  "))]
    Headings(Vec<HeadingError>),
    /// The amounts do not say enough.
    #[error("{0}, with --decimals")]
    Survey(SurveyError),
}

fn mapped(text: &str) -> Result<(Field, String), String> {
    let (name, heading) = text.split_once('=').ok_or("expected FIELD=HEADING")?;
    let all = || Field::ALL.map(Field::name).join(", ");
    let field = Field::from_name(name.trim()).ok_or_else(|| format!("no such field; there are {}", all()))?;
    Ok((field, heading.trim().to_owned()))
}

fn dates(text: &str) -> Result<Dates, &'static str> {
    Dates::from_name(text).ok_or("there are dmy and ymd")
}

fn decimals(text: &str) -> Result<Decimals, &'static str> {
    Decimals::from_name(text).ok_or("there are comma and point")
}

fn country(text: &str) -> Result<Country, &'static str> {
    Country::from_iso(text).ok_or("not a country such as BR")
}

impl Command for ImportArgs {
    async fn run(self, client: &Client, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        let creditors = creditors(client).await?;
        let own = self.creditor.as_ref().map(|id| creditors.get(id).copied().ok_or_else(|| id.clone())).transpose();
        let own = own.map_err(ImportError::NoCreditor)?;
        let path = Query::default().with("creditor", self.creditor.as_ref()).on("/v1/imports/mapping");
        let remembered = Remembered::read(&client.get(&path).await?);
        let reading = remembered.overruled(&self.mapping, self.decimals, self.dates);
        let options = Options {
            creditor: self.creditor.clone(),
            creditors,
            country: self.country.unwrap_or_else(|| at_home(own)),
            decimals: reading.decimals,
            dates: reading.dates.unwrap_or_default(),
            mapping: reading.mapping.clone(),
        };
        let mut file = CsvFile::open(&self.file)?;
        let import = survey(&mut file, options)?;
        if self.dry_run && !printer.is_json {
            describe(&import, printer)?;
        }
        if !self.dry_run && reading != remembered {
            client.ask(Ask { method: Method::PUT, path: &path, body: Some(&reading.json()) }).await?;
        }
        let united = United::of(&mut file, &import)?;
        let mut report = Report::new(self.errors.as_deref())?;
        let mut progress = Progress::new(!printer.is_json);
        let mut rows = file.rows()?;
        let mut piece = next_piece(&mut rows, &import, &united).await?;
        while !piece.is_empty() {
            // One goes and the next is read; two on the way might arrive in the other order.
            let (answer, next) =
                tokio::join!(send(&piece.good, self.dry_run, client), next_piece(&mut rows, &import, &united));
            let answer = answer?;
            note(&piece, (!self.dry_run).then_some(&answer), &mut report)?;
            progress.show(rows.part(), report.rows());
            piece = next?;
        }
        progress.end(report.rows());
        report.conclude(self.dry_run, printer)
    }
}

/// All creditors, and what is owed to them.
async fn creditors(client: &Client) -> Result<BTreeMap<String, Currency>, Failure> {
    let page = client.get("/v1/creditors").await?;
    let known = items(&page).iter().filter_map(|creditor| {
        let currency = creditor.get("currency")?.as_str().and_then(Currency::from_code)?;
        Some((creditor.get("id")?.as_str()?.to_owned(), currency))
    });
    Ok(known.collect())
}

/// Where a currency is at home.
fn at_home(currency: Option<Currency>) -> Country {
    let other = match currency {
        Some(Currency::Mxn) => return Country::MEXICO,
        Some(Currency::Usd) => Country::from_iso("US"),
        Some(Currency::Brl) | None => None,
    };
    other.unwrap_or(Country::BRAZIL)
}

/// The first reading.
fn survey(file: &mut CsvFile, options: Options) -> Result<Import, Failure> {
    let mut survey = Survey::new(file.heading(), options).map_err(ImportError::Headings)?;
    let mut rows = file.rows()?;
    while let Some((record, line)) = rows.next_row()? {
        survey.look(record, line);
    }
    Ok(survey.conclude().map_err(ImportError::Survey)?)
}

/// How the file is understood.
fn describe(import: &Import, printer: &mut Printer<'_>) -> io::Result<()> {
    printer.line(&format!("encoding: {}", import.encoding().name()))?;
    let cells: Vec<[String; 2]> = std::iter::once(("COLUMN", "READ AS"))
        .chain(import.columns().map(|(heading, field)| (heading, field.map_or("-", Field::name))))
        .map(|(heading, field)| [heading.to_owned(), field.to_owned()])
        .collect();
    printer.table(&cells)
}

/// Reads the next rows. It lets others go on between them: the piece before is on its way.
async fn next_piece(rows: &mut Rows<'_>, import: &Import, united: &United) -> io::Result<Piece> {
    let mut piece = Piece::default();
    while piece.good.len() + piece.refused.len() < PIECE {
        let Some((record, line)) = rows.next_row()? else { break };
        match import.row(record, line) {
            Ok(None) => {}
            Ok(Some(mut row)) => {
                united.complete(&mut row.debtor);
                piece.good.push(row);
            }
            Err(faults) => piece.refused.push(faults),
        }
        if line % BREATH == 0 {
            yield_now().await;
        }
    }
    Ok(piece)
}

/// Sends rows; what became of each.
async fn send(rows: &[Row], is_dry: bool, client: &Client) -> Result<Value, Failure> {
    if rows.is_empty() || is_dry {
        return Ok(Value::Null);
    }
    client.post("/v1/debts", item::written(rows).into()).await
}

/// Notes what was found in rows and what became of them.
fn note(piece: &Piece, answer: Option<&Value>, report: &mut Report) -> io::Result<()> {
    piece.refused.iter().try_for_each(|faults| report.refused(faults))?;
    piece.good.iter().try_for_each(|row| report.warned(&row.warnings))?;
    let Some(answer) = answer else {
        report.fit(piece.good.len());
        return Ok(());
    };
    for (item, row) in items(answer).iter().zip(&piece.good) {
        let is = |name| item.get(name).and_then(Value::as_bool).unwrap_or(false);
        if item.get("id").is_some() && item.get("type").is_none() {
            report.taken(is("created"), is("changed"));
        } else {
            report.refused_by_daemon(row.line, &cell(item, "field"), &cell(item, "detail"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_mapped_by_their_names() {
        assert_eq!(mapped("due=Vencto"), Ok((Field::Due, "Vencto".to_owned())));
        assert_eq!(mapped("status="), Ok((Field::Status, String::new())));
        assert_eq!(mapped("link=a=b"), Ok((Field::Link, "a=b".to_owned())));
        assert!(mapped("vencimento=x").unwrap_err().starts_with("no such field; there are debtor, name"));
        assert!(mapped("due").is_err());
    }

    #[test]
    fn numbers_are_read_where_the_money_is() {
        assert_eq!(at_home(None), Country::BRAZIL);
        assert_eq!(at_home(Some(Currency::Mxn)), Country::MEXICO);
        assert_eq!(at_home(Some(Currency::Usd)).to_string(), "US");
    }
}
