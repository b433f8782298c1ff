//! `recado import`: debtors and debts out of a CSV file. Good rows are sent, the others explained by row and column.

mod file;
mod remembered;
mod report;
mod united;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use hyper::Method;
use serde_json::{Value, json};

use crate::contact::reply::Language;
use crate::dunning::import::{Dates, Decimals, Field, HeadingError, Import, Options, Row, Survey, SurveyError};
use crate::dunning::money::Currency;
use crate::sms::number::Country;

use super::client::{Ask, Client, Query};
use super::exit::Exit;
use super::failure::Failure;
use super::messages::items;
use super::print::{Printer, cell};
use super::remote::Command;
use file::CsvFile;
use remembered::Remembered;
use report::Report;
use united::United;

pub(super) use file::Progress;

/// Rows of one request: some hundred kilobytes.
const PIECE: usize = 1_000;

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
        let mut report = Report::new(self.errors.as_deref())?;
        let mut progress = Progress::new(!printer.is_json);
        let mut rows = file.rows()?;
        let (mut piece, mut united) = (Vec::with_capacity(PIECE), United::default());
        while let Some((record, line)) = rows.next_row()? {
            match import.row(record, line) {
                Ok(None) => {}
                Ok(Some(mut row)) => {
                    united.unite(&mut row.debtor);
                    piece.push(row);
                }
                Err(faults) => report.refused(&faults)?,
            }
            if piece.len() == PIECE {
                send(&mut piece, self.dry_run, client, &mut report).await?;
                progress.show(rows.part(), report.rows());
            }
        }
        send(&mut piece, self.dry_run, client, &mut report).await?;
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

/// Sends rows and notes what became of them.
async fn send(rows: &mut Vec<Row>, is_dry: bool, client: &Client, report: &mut Report) -> Result<(), Failure> {
    if rows.is_empty() {
        return Ok(());
    }
    for row in rows.iter() {
        report.warned(&row.warnings)?;
    }
    if is_dry {
        report.fit(rows.len());
        rows.clear();
        return Ok(());
    }
    let body: Vec<Value> = rows.iter().map(debt).collect();
    let body = Value::Array(body);
    let answer = client.ask(Ask { method: Method::POST, path: "/v1/debts", body: Some(&body) }).await?;
    for (item, row) in items(&answer).iter().zip(rows.iter()) {
        let is = |name| item.get(name).and_then(Value::as_bool).unwrap_or(false);
        if item.get("id").is_some() && item.get("type").is_none() {
            report.taken(is("created"), is("changed"));
        } else {
            report.refused_by_daemon(row.line, &cell(item, "field"), &cell(item, "detail"))?;
        }
    }
    rows.clear();
    Ok(())
}

/// A row as the API takes it.
fn debt(row: &Row) -> Value {
    let Row { line: _, debtor, debt, status, warnings: _ } = row;
    let numbers: Vec<String> = debtor.numbers.iter().map(|number| number.e164()).collect();
    json!({
        "id": debt.id,
        "creditor": debt.creditor,
        "debtor": {
            "id": debtor.id,
            "name": debtor.name,
            "document": debtor.document,
            "language": debtor.language.map(Language::code),
            "kind": debtor.kind,
            "since": debtor.since.map(|since| since.to_string()),
            "tags": debtor.tags,
            "numbers": numbers,
        },
        "currency": debt.currency.code(),
        "original_amount": debt.original.to_string(),
        "amount": debt.amount.to_string(),
        "due": debt.due.to_string(),
        "instalment": debt.instalment.map(|instalment| json!({ "number": instalment.number, "of": instalment.of })),
        "contract": debt.contract,
        "product": debt.product,
        "terms": debt.terms,
        "boleto": debt.boleto,
        "pix": debt.pix,
        "link": debt.link,
        "access_code": debt.access_code,
        "ladder": debt.ladder,
        "tags": debt.tags,
        "status": status.map(crate::dunning::debt::Status::name),
    })
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
