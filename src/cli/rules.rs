//! `recado rules explain`: whether a number may be texted at a time, why, and which rules say so. Needs no daemon.

use std::io::{self, Write};
use std::path::PathBuf;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::config::rules::RuleBook;
use crate::config::{Config, Environment};
use crate::contact::calendar::{Certainty, Class, DayOff, Decision, Explanation, Local, Reason, Window};
use crate::contact::place::{Residence, State, Whereabouts};
use crate::sms::message::Purpose;
use crate::sms::number::{Country, PhoneNumber};

use super::exit::Exit;
use super::failure::Failure;
use super::print::Printer;

/// What `rules explain` was called with.
#[derive(Debug, clap::Args)]
pub(super) struct ExplainArgs {
    /// The number, in any form of the configured country
    #[arg(value_name = "NUMBER", allow_hyphen_values = true)]
    number: String,
    /// At this time (RFC 3339); now if nothing is said
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// What for, as in the API
    #[arg(long, value_name = "PURPOSE", default_value = "collection", value_parser = purpose)]
    purpose: Purpose,
    /// The configuration; /etc/recado/recado.toml if nothing is said
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

fn purpose(name: &str) -> Result<Purpose, String> {
    let names = || Purpose::ALL.map(Purpose::name).join(", ");
    Purpose::from_name(name).ok_or_else(|| format!("expected one of {}", names()))
}

/// Explains and prints. Exit code 0, open or closed.
pub(super) fn explain(
    args: &ExplainArgs,
    environment: &Environment,
    now: Timestamp,
    output: &mut dyn Write,
) -> Result<Exit, Failure> {
    let config = Config::load(args.config.as_deref(), environment).map_err(Failure::Configuration)?;
    let book = RuleBook::load(&config.region, &config.contact).map_err(Failure::Configuration)?;
    let number = PhoneNumber::parse(&args.number, config.region.country).map_err(Failure::Number)?;
    let whereabouts = book.calendar.locate(number, &Residence::default(), args.purpose);
    let class = Class::new(args.purpose, whereabouts.spots.clone());
    let at = args.at.unwrap_or(now);
    let answer = Answer {
        number,
        purpose: args.purpose,
        at,
        explanation: book.calendar.explain(&class, None, at),
        class,
        whereabouts,
    };
    let mut printer = Printer::new(output, args.json);
    if args.json {
        printer.line(&answer.to_json().to_string())?;
    } else {
        answer.print(&mut printer)?;
    }
    Ok(Exit::Done)
}

struct Answer {
    number: PhoneNumber,
    purpose: Purpose,
    at: Timestamp,
    class: Class,
    whereabouts: Whereabouts,
    explanation: Explanation,
}

impl Answer {
    fn to_json(&self) -> Value {
        let Self { number, purpose, at, class, whereabouts, explanation } = self;
        let (reason, until, next_opening) = match explanation.window {
            Window::Open { until } => (None, until, None),
            Window::Closed { reason, until, next_opening } => (Some(reason), until, next_opening),
        };
        let until = (until != Timestamp::MAX).then(|| until.to_string());
        let warnings = whereabouts.warnings.iter();
        json!({
            "number": number.e164(),
            "purpose": purpose.name(),
            "at": at.to_string(),
            "class": class.to_string(),
            "open": explanation.window.is_open(),
            "reason": reason.map(|reason| json!({"code": reason.code(), "detail": reason.detail()})),
            "until": until,
            "next_opening": next_opening.map(|at| at.to_string()),
            "places": explanation.locals.iter().map(place_json).collect::<Vec<_>>(),
            "rules": explanation.decisions.iter().map(rule_json).collect::<Vec<_>>(),
            "days_off": explanation.days_off.iter().map(day_off_json).collect::<Vec<_>>(),
            "warnings": warnings.map(|one| json!({"code": one.code(), "detail": one.detail()})).collect::<Vec<_>>(),
        })
    }

    fn print(&self, printer: &mut Printer<'_>) -> io::Result<()> {
        let explanation = &self.explanation;
        printer.line(&format!("{} for {} at {}", self.number.e164(), self.purpose.name(), self.at))?;
        printer.line(&self.verdict())?;
        for warning in &self.whereabouts.warnings {
            printer.line(&format!("warning: {}", warning.detail()))?;
        }
        for day in &explanation.days_off {
            let name = day.name.as_deref().unwrap_or("closed by the company");
            let place = day.country.map(|country| format!(" ({})", place_name(country, day.state)));
            printer.line(&format!("{}: {name}{}", day.date, place.unwrap_or_default()))?;
        }
        if !explanation.locals.is_empty() {
            printer.line("")?;
            let heading = ["PLACE", "ZONE", "LOCAL TIME", "STATE"].map(str::to_owned);
            let row = |local: &Local| {
                let time = local.time.strftime(LOCAL_TIME).to_string();
                [place_name(local.country, local.state), local.zone.clone(), time, word(local.closed)]
            };
            let rows: Vec<_> = std::iter::once(heading).chain(explanation.locals.iter().map(row)).collect();
            printer.table(&rows)?;
        }
        if !explanation.decisions.is_empty() {
            printer.line("")?;
            let heading = ["RULE", "SAYS", "STATUS", "CERTAINTY", "LAW"].map(str::to_owned);
            let row = |rule: &Decision| {
                let says = if rule.is_open { "open" } else { "closed" };
                let certainty = rule.certainty.map_or("-", Certainty::name);
                [&rule.id, says, rule.status.name(), certainty, &rule.law].map(str::to_owned)
            };
            let rows: Vec<_> = std::iter::once(heading).chain(explanation.decisions.iter().map(row)).collect();
            printer.table(&rows)?;
        }
        Ok(())
    }

    /// The answer in a line, with its time where the recipient is, if that is one place.
    fn verdict(&self) -> String {
        let clocks = self.explanation.locals.iter().map(|local| local.time.time_zone().clone());
        let mut clocks: Vec<TimeZone> = clocks.collect();
        clocks.dedup();
        let show = |at: Timestamp| match (clocks.as_slice(), at.to_jiff()) {
            ([clock], Some(at)) => at.to_zoned(clock.clone()).strftime(LOCAL_TIME).to_string(),
            _ => at.to_string(),
        };
        match self.explanation.window {
            Window::Open { until: Timestamp::MAX } => "open, and never closes".to_owned(),
            Window::Open { until } => format!("open until {}", show(until)),
            Window::Closed { reason, next_opening: Some(at), .. } => {
                format!("closed ({reason}) until {}: {}", show(at), reason.detail())
            }
            Window::Closed { reason, next_opening: None, .. } => {
                format!("closed ({reason}), and does not open within 400 days: {}", reason.detail())
            }
        }
    }
}

/// Such as `Thu 2026-12-24 10:00 -03:00`.
const LOCAL_TIME: &str = "%a %Y-%m-%d %H:%M %:z";

fn word(closed: Option<Reason>) -> String {
    closed.map_or_else(|| "open".to_owned(), |reason| format!("closed ({reason})"))
}

fn place_name(country: Country, state: Option<State>) -> String {
    state.map_or_else(|| country.to_string(), |state| format!("{country}-{state}"))
}

fn place_json(local: &Local) -> Value {
    json!({
        "country": local.country.to_string(),
        "state": local.state.map(|state| state.to_string()),
        "zone": local.zone,
        "time": local.time.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        "open": local.closed.is_none(),
        "reason": local.closed.map(Reason::code),
    })
}

fn rule_json(rule: &Decision) -> Value {
    json!({
        "id": rule.id,
        "law": rule.law,
        "status": rule.status.name(),
        "certainty": rule.certainty.map(Certainty::name),
        "open": rule.is_open,
    })
}

fn day_off_json(day: &DayOff) -> Value {
    json!({
        "date": day.date.to_string(),
        "name": day.name,
        "country": day.country.map(|country| country.to_string()),
        "state": day.state.map(|state| state.to_string()),
        "certainty": day.certainty.map(Certainty::name),
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        explain: ExplainArgs,
    }

    /// Explains with a configuration, and says how it ended.
    fn run(config: &str, arguments: &[&str]) -> Result<String, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recado.toml");
        std::fs::write(&path, config).unwrap();
        let own = ["explain", "--config", path.to_str().unwrap()];
        let Command { explain: args } = Command::try_parse_from(own.iter().chain(arguments)).unwrap();
        let now = "2026-11-24T13:00:00Z".parse().unwrap();
        let mut output = Vec::new();
        let exit = explain(&args, &Environment::default(), now, &mut output)?;
        assert_eq!(exit, Exit::Done);
        Ok(String::from_utf8(output).unwrap())
    }

    #[test]
    fn an_open_window_says_until_when() {
        insta::assert_snapshot!(run("", &["(11) 98765-4321"]).unwrap(), @r"
        +5511987654321 for collection at 2026-11-24T13:00:00.000Z
        open until Tue 2026-11-24 20:00 -03:00

        PLACE  ZONE               LOCAL TIME                   STATE
        BR-SP  America/Sao_Paulo  Tue 2026-11-24 10:00 -03:00  open

        RULE              SAYS  STATUS    CERTAINTY  LAW
        br_default        open  profile   -          usual in states without a law; the hours of São Paulo and Alagoas
        br-sp-15426-2014  open  in_force  high       Lei Estadual 15.426/2014
        ");
    }

    #[test]
    fn a_holiday_is_named_with_the_next_opening() {
        let closures = "contact.closures = [\"2026-12-26\"]\n";
        let output = run(closures, &["+5561987654321", "--at", "2026-12-25T12:00:00-03:00"]).unwrap();
        insta::assert_snapshot!(output, @r"
        +5561987654321 for collection at 2026-12-25T15:00:00.000Z
        closed (holiday) until Mon 2026-12-28 08:00 -03:00: it is a holiday where the recipient may be, or a day on which the company is closed
        warning: the area code belongs to several states: texts must be allowed in each
        2026-12-25: Natal (BR)

        PLACE  ZONE               LOCAL TIME                   STATE
        BR-DF  America/Sao_Paulo  Fri 2026-12-25 12:00 -03:00  closed (holiday)
        BR-GO  America/Sao_Paulo  Fri 2026-12-25 12:00 -03:00  closed (holiday)

        RULE        SAYS    STATUS   CERTAINTY  LAW
        br_default  closed  profile  -          usual in states without a law; the hours of São Paulo and Alagoas
        ");
    }

    #[test]
    fn programs_get_one_object() {
        let arguments = ["+5521987654321", "--at", "2026-04-23T22:00:00Z", "--purpose", "promotion", "--json"];
        insta::assert_snapshot!(run("", &arguments).unwrap(), @r#"
        {"at":"2026-04-23T22:00:00.000Z","class":"promotion,BR-RJ@America/Sao_Paulo","days_off":[{"certainty":"medium","country":"BR","date":"2026-04-23","name":"São Jorge","state":"RJ"}],"next_opening":"2026-04-24T12:00:00.000Z","number":"+5521987654321","open":false,"places":[{"country":"BR","open":false,"reason":"holiday","state":"RJ","time":"2026-04-23T19:00:00-03:00","zone":"America/Sao_Paulo"}],"purpose":"promotion","reason":{"code":"holiday","detail":"it is a holiday where the recipient may be, or a day on which the company is closed"},"rules":[{"certainty":null,"id":"br_default","law":"usual in states without a law; the hours of São Paulo and Alagoas","open":false,"status":"profile"},{"certainty":"medium","id":"br-rj-7868-2018","law":"Lei Estadual 7.868/2018, amending Lei 6.854/2014","open":false,"status":"in_force"},{"certainty":"high","id":"br-rj-7853-2018","law":"Lei Estadual 7.853/2018, amending Lei 4.896/2006","open":false,"status":"in_force"}],"until":"2026-04-23T23:00:00.000Z","warnings":[]}
        "#);
    }

    #[test]
    fn what_is_always_open_has_no_rules() {
        insta::assert_snapshot!(run("", &["+5511987654321", "--purpose", "operational"]).unwrap(), @r"
        +5511987654321 for operational at 2026-11-24T13:00:00.000Z
        open, and never closes
        ");
    }

    #[test]
    fn a_number_that_is_none_is_a_wrong_argument() {
        let failure = run("", &["1132145678"]).unwrap_err();
        assert_eq!(failure.exit(), Exit::Usage);
        assert_eq!(failure.explain(), "error: failed to understand the number: a landline, which cannot receive texts");
    }

    #[test]
    fn a_profile_that_is_not_there_is_a_finding() {
        let failure = run("region.rules = \"br_strickt\"\n", &["11987654321"]).unwrap_err();
        assert_eq!(failure.exit(), Exit::Configuration);
        let expected = "auto, none, br_default, br_strict, mx_default, us_default";
        let expected = format!(
            "error: built-in/contact.toml: region.rules: unknown name \"br_strickt\", expected one of {expected}"
        );
        assert_eq!(failure.explain(), expected);
    }
}
