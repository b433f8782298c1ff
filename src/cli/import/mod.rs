//! `recado import`: debtors and debts out of a CSV file. Good rows are sent, the others explained by row and column.

mod progress;
mod report;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use hyper::Method;
use serde_json::Value;

use crate::dunning::import::{Dates, Decimals, Field, HeadingError, Import, Options, SurveyError};
use crate::dunning::money::Currency;
use crate::http::csv::safe;
use crate::http::import::{
    Counts, CsvFile, HEADING, Outcome, PATH, Remembered, Report, Told, at_home, carry_out, look_through, survey,
};
use crate::sms::number::Country;

use super::client::{Ask, Client, Query};
use super::exit::Exit;
use super::failure::Failure;
use super::messages::items;
use super::print::{Printer, cell};
use super::remote::Command;
use report::conclude;

pub(super) use progress::Progress;

/// What `import` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct ImportArgs {
    /// The file; - for the standard input
    file: PathBuf,
    /// To whom is owed what stands in rows that name nobody
    #[arg(long)]
    creditor: Option<String>,
    /// Which heading a field has, such as due=Vencto; several for phone, area and confirmed. With nothing behind = the field is not read
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
        let said = Remembered { mapping: self.mapping, decimals: self.decimals, dates: self.dates };
        let known = remembered.overruled(&said.mapping, said.decimals, said.dates);
        let mut file = CsvFile::open(&self.file)?;
        let (reading, passed_over) = remembered.reading(&said, file.heading());
        let options = Options {
            creditor: self.creditor.clone(),
            creditors,
            country: self.country.unwrap_or_else(|| at_home(own)),
            decimals: reading.decimals,
            dates: reading.dates.unwrap_or_default(),
            mapping: reading.mapping,
        };
        let import = looked_through(&mut file, options, known.mapping.clone())?;
        if self.dry_run && !printer.is_json {
            describe(&import, printer)?;
        }
        if !self.dry_run && known != remembered {
            client.ask(Ask { method: Method::PUT, path: &path, body: Some(&known.json()) }).await?;
        }
        let mut all = self.errors.as_deref().map(csv::Writer::from_path).transpose().map_err(io::Error::other)?;
        if let Some(all) = &mut all {
            all.write_record(HEADING).map_err(io::Error::other)?;
        }
        let has_file = all.is_some();
        let mut report = Report::new(|told: &Told, is_error| match &mut all {
            Some(all) => all.write_record(told.cells(is_error).map(|cell| safe(&cell))).map_err(io::Error::other),
            None => Ok(()),
        });
        report.warned(&passed_over)?;
        let mut progress = Progress::new(!printer.is_json);
        let send = async |body: Vec<u8>| Ok::<_, Failure>(outcomes(&client.post(PATH, body.into()).await?));
        let show = |part, counts: &Counts| progress.show(part, counts.rows(), "rows");
        carry_out(&mut file, &import, self.dry_run, &mut report, send, show).await?;
        let counts = std::mem::take(&mut report.counts);
        drop(report);
        if let Some(all) = &mut all {
            all.flush()?;
        }
        progress.end(counts.rows(), "rows");
        conclude(&counts, self.dry_run, has_file, printer)
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

/// The first reading.
fn looked_through(file: &mut CsvFile, options: Options, known: Vec<(Field, String)>) -> Result<Import, Failure> {
    let mut survey = survey(file, options, known).map_err(ImportError::Headings)?;
    look_through(file, &mut survey)?;
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

/// What became of the rows of one request.
fn outcomes(answer: &Value) -> Vec<Outcome> {
    let outcome = |item: &Value| {
        let is = |name| item.get(name).and_then(Value::as_bool).unwrap_or(false);
        if item.get("id").is_some() && item.get("type").is_none() {
            Outcome::Taken { is_created: is("created"), is_changed: is("changed") }
        } else {
            Outcome::Refused { field: cell(item, "field"), detail: cell(item, "detail") }
        }
    };
    items(answer).iter().map(outcome).collect()
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
}
