//! `recado template lint`: what is wrong with a template in a file, or doubtful. Needs no daemon.

use std::io::Write;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::config::rules::RuleBook;
use crate::config::{Config, Environment};
use crate::contact::place::{Atlas, State};
use crate::dunning::template::{Asked, Fault, Finding, Place, Severity, lint};
use crate::sms::number::Country;
use crate::store::definition::read_template;

use super::super::definition::{FileError, read, told};
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::print::Printer;

/// What `template lint` was called with.
#[derive(Debug, clap::Args)]
pub(in super::super) struct LintArgs {
    /// A TOML file as for `template save`
    file: PathBuf,
    /// A name that creditors write under, as good in a text as {{ sender }}; may be given several times
    #[arg(long = "sender", value_name = "NAME")]
    senders: Vec<String>,
    /// The country of those who get it, such as MX; may be given several times. The configured one if nothing is said
    #[arg(long = "country", value_name = "CODE", value_parser = country)]
    countries: Vec<Country>,
    /// A state of the one country where they live, such as RJ: what it asks for is then an error. May be given several times
    #[arg(long = "state", value_name = "STATE", value_parser = state)]
    states: Vec<State>,
    /// The configuration; /etc/recado/recado.toml if nothing is said
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print JSON: a finding per line
    #[arg(long)]
    json: bool,
}

/// Looks and prints. Exit code 1 where something must not be sent.
pub(in super::super) fn run(
    args: &LintArgs,
    environment: &Environment,
    output: &mut dyn Write,
) -> Result<Exit, Failure> {
    let (name, written) = read(&args.file)?;
    let template = read_template(&name, 0, written).map_err(|error| FileError::new(&args.file, &error))?;
    let config = Config::load(args.config.as_deref(), environment).map_err(Failure::Configuration)?;
    let book = RuleBook::load(&config.region, &config.contact).map_err(Failure::Configuration)?;
    let senders: Vec<&str> = args.senders.iter().map(String::as_str).collect();
    let places = args.places(config.region.country, book.calendar.atlas())?;
    let asked = Asked { wording: &book.wording, places: &places, senders: &senders };
    let found = match template.compile() {
        Ok(compiled) => lint(&compiled, &asked).iter().map(of_finding).collect(),
        Err(faults) => faults.iter().map(of_fault).collect::<Vec<Value>>(),
    };
    let mut printer = Printer::new(output, args.json);
    for finding in &found {
        printer.line(&if args.json { finding.to_string() } else { told(finding) })?;
    }
    let is_error = |finding: &Value| finding.get("severity").is_some_and(|word| word == Severity::Error.name());
    Ok(if found.iter().any(is_error) { Exit::Negative } else { Exit::Done })
}

impl LintArgs {
    fn places(&self, configured: Country, atlas: &Atlas) -> Result<Vec<(Country, Option<State>)>, Failure> {
        let countries = if self.countries.is_empty() { &[configured][..] } else { &self.countries };
        match (countries, self.states.as_slice()) {
            (countries, []) => Ok(countries.iter().map(|country| (*country, None)).collect()),
            ([country], states) => {
                let known = atlas.states(*country);
                if states.iter().any(|state| !known.contains(state)) {
                    return Err(Failure::Usage("--state needs a state of that country, such as RJ of BR"));
                }
                Ok(states.iter().map(|state| (*country, Some(*state))).collect())
            }
            (_, _) => Err(Failure::Usage("--state needs one --country; look at each country by itself")),
        }
    }
}

fn country(code: &str) -> Result<Country, String> {
    Country::from_iso(&code.to_ascii_uppercase()).ok_or_else(|| "not a country; give a code such as MX".to_owned())
}

fn state(name: &str) -> Result<State, String> {
    State::new(&name.to_ascii_uppercase()).ok_or_else(|| "not a state; give two or three letters such as RJ".to_owned())
}

fn of_finding(finding: &Finding) -> Value {
    let Finding { severity, code, text, place, advice, rule, operands: _ } = finding;
    let (line, column) = divided(*place);
    json!({
        "severity": severity.name(), "code": code, "text": text, "line": line, "column": column, "detail": advice,
        "rule": rule,
    })
}

fn of_fault(fault: &Fault) -> Value {
    // The detail of a fault names its place.
    json!({ "severity": Severity::Error.name(), "code": "fault", "detail": fault.to_string() })
}

fn divided(place: Option<Place>) -> (Option<usize>, Option<usize>) {
    (place.map(|place| place.line), place.map(|place| place.column))
}
