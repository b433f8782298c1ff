//! Ladders, templates and portfolio of a database: what is wrong with them, found before anybody is texted.
//!
//! The findings are those of the API ([`Review`]); here they become lines. The database is only read, also while a daemon
//! works on it.

use std::path::Path;

use crate::actor::ladder::review::{Doubt, Found, Measure, Review};
use crate::clock::Timestamp;
use crate::config::Config;
use crate::config::rules::RuleBook;
use crate::dunning::ladder::Severity;
use crate::dunning::template::{self, Fault, Template};
use crate::store::StoreError;
use crate::store::reader::Reader;

use super::Line;

/// What there is to say of a database that is there.
pub(super) fn examine(config: &Config, book: RuleBook, now: Timestamp) -> Vec<Line> {
    let path = &config.store.path;
    let reader = match Reader::look(path, config.sim_settings()) {
        Ok(Some(reader)) => reader,
        Ok(None) => return older(path),
        Err(error) => return vec![Line::bad("ladder", &"", format!("the database cannot be read: {error}"))],
    };
    let measure = Measure {
        calendar: book.calendar.into(),
        wording: book.wording.into(),
        country: config.region.country,
        zone: config.zone(),
        text: config.text_options(),
    };
    let lines = look(&measure, &reader, now);
    lines.unwrap_or_else(|error| vec![Line::bad("ladder", &"", format!("the database cannot be read now: {error}"))])
}

/// Empty, or of a release before this one, which the daemon brings up to date.
fn older(path: &Path) -> Vec<Line> {
    if path.metadata().is_ok_and(|file| file.len() == 0) {
        return Vec::new();
    }
    let says = "not looked at: an older release wrote the database; start the daemon once, then check again";
    vec![Line::warning("ladder", &"", says.to_owned())]
}

fn look(measure: &Measure, reader: &Reader, now: Timestamp) -> Result<Vec<Line>, StoreError> {
    let review = Review::read(measure, reader, now)?;
    let mut lines = Vec::new();
    for name in reader.ladder_names()? {
        match reader.ladder(&name) {
            Ok(Some(ladder)) => {
                let steps = match ladder.steps.len() {
                    1 => "1 step".to_owned(),
                    steps => format!("{steps} steps"),
                };
                let doubts = review.ladder(&ladder)?.into_iter().map(|doubt| of_doubt("ladder", &name, doubt));
                lines.extend(or_good(doubts.collect(), "ladder", &name, steps));
            }
            Ok(None) => {}
            Err(error) if error.is_of_a_row() => {
                lines.push(Line::bad("ladder", &name, "cannot be read; save it again".to_owned()));
            }
            Err(error) => return Err(error),
        }
    }
    for (used, newest) in review.templates() {
        let mut doubts = Vec::new();
        match used {
            None => doubts.push(draft(newest, "no version is approved, and nothing is sent from it")),
            Some(used) if used.version < newest.version => {
                let sent = format!("version {} is approved and sent", used.version);
                doubts.push(draft(newest, &sent));
            }
            Some(_) => {}
        }
        let looked_at = used.unwrap_or(newest);
        match review.template(looked_at.clone()) {
            Ok(findings) => doubts.extend(findings.into_iter().map(|found| of_finding(found, looked_at))),
            Err(faults) => doubts.extend(faults.iter().map(|fault| of_fault(fault, looked_at))),
        }
        let good = format!("version {} is sent", looked_at.version);
        lines.extend(or_good(doubts, "template", &newest.name, good));
    }
    let of_portfolio = review.portfolio()?.into_iter();
    lines.extend(of_portfolio.map(|Found { about, doubt }| of_doubt("portfolio", &about, doubt)));
    Ok(lines)
}

fn or_good(doubts: Vec<Line>, check: &'static str, name: &str, good: String) -> Vec<Line> {
    if doubts.is_empty() { vec![Line::good(check, &name, good)] } else { doubts }
}

fn of_doubt(check: &'static str, about: &str, doubt: Doubt) -> Line {
    let Doubt { severity, code, operands: _, detail } = doubt;
    let says = format!("{detail} ({code})");
    match severity {
        Severity::Error => Line::bad(check, &about, says),
        Severity::Warning => Line::warning(check, &about, says),
    }
}

/// A newest version that nobody has approved.
fn draft(newest: &Template, so: &str) -> Line {
    let says = format!("version {} waits for approval: {so} (not_approved)", newest.version);
    Line::warning("template", &newest.name, says)
}

fn of_finding(finding: template::Finding, of: &Template) -> Line {
    let template::Finding { severity, code, text, place, advice, rule, operands: _ } = finding;
    let place = place.map(|place| format!(":{}:{}", place.line, place.column)).unwrap_or_default();
    let rule = rule.map(|rule| format!(", rule {rule}")).unwrap_or_default();
    let says = format!("version {}, text {text}{place}: {advice} ({code}{rule})", of.version);
    match severity {
        template::Severity::Error => Line::bad("template", &of.name, says),
        template::Severity::Warning => Line::warning("template", &of.name, says),
    }
}

fn of_fault(fault: &Fault, of: &Template) -> Line {
    Line::bad("template", &of.name, format!("version {}: {fault} (fault)", of.version))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::{Value, json};

    use super::*;
    use crate::config::{Contact, Region};
    use crate::contact::ContactSettings;
    use crate::dunning::creditor::Creditor;
    use crate::dunning::debt::Debt;
    use crate::dunning::debtor::Debtor;
    use crate::dunning::sample;
    use crate::store::definition::{read_ladder, read_template};
    use crate::store::portfolio::Item;
    use crate::store::work::Work;
    use crate::store::{FREE_FLOOR, Settings, Store};

    fn now() -> Timestamp {
        "2026-11-24T13:00:00Z".parse().unwrap()
    }

    fn store(folder: &Path) -> Store {
        let settings = Settings {
            sims: Config::default().sim_settings(),
            free_floor: FREE_FLOOR,
            country: crate::sms::number::Country::BRAZIL,
            alarms: Vec::new(),
            contact: ContactSettings::none().into(),
        };
        Store::open(&folder.join("recado.db"), settings, now()).unwrap()
    }

    fn put_ladder(work: &mut Work<'_>, name: &str, steps: &Value) -> Result<(), StoreError> {
        let ladder = read_ladder(name, 1, json!({ "steps": steps })).unwrap();
        work.store_ladder(&ladder, "local").map(drop)
    }

    fn put_template(work: &mut Work<'_>, name: &str, body: &str, is_approved: bool) -> Result<(), StoreError> {
        let template = json!({ "purpose": "reminder", "texts": [{ "name": "a", "body": body }] });
        let template = read_template(name, 1, template).unwrap();
        let version = work.save_template(&template, "local")?;
        if is_approved {
            work.approve_template(name, version, "local", false)?;
        }
        Ok(())
    }

    fn owe(work: &mut Work<'_>, debts: Vec<Debt>, ladder: &str, name: &str) -> Result<(), StoreError> {
        let creditor = Creditor { ladder: Some(ladder.to_owned()), ..sample::creditor() };
        let debtor = Debtor { name: Some(name.to_owned()), ..sample::debtor("d1") };
        let mut items = vec![Item::Creditor(creditor.into()), Item::Debtor(debtor.into())];
        items.extend(debts.into_iter().map(|debt| Item::Debt { debtor: None, debt: debt.into(), status: None }));
        let taken = work.take_each(&items, "local")?;
        assert!(taken.iter().all(Result::is_ok), "{taken:?}");
        Ok(())
    }

    /// The lines about a database.
    fn check(folder: &Path, expected: &[&str]) {
        let config = Config { store: crate::config::Store { path: folder.join("recado.db") }, ..Config::default() };
        let book = RuleBook::load(&Region::default(), &Contact::default()).unwrap();
        let lines = examine(&config, book, now());
        let mut output = Vec::new();
        let mut printer = super::super::Printer::new(&mut output, false);
        for line in &lines {
            line.print(&mut printer).unwrap();
        }
        printer.flush().unwrap();
        let output = String::from_utf8(output).unwrap();
        assert_eq!(output.lines().collect::<Vec<_>>(), expected, "{output}");
    }

    const GOOD: &str = "{{ sender }}: {{ first_name }}, vence hoje. PARE para sair";

    #[test]
    fn ladders_and_templates_with_nothing_to_say_are_good() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(folder.path());
        store
            .commit(now(), |work| {
                put_ladder(work, "leve", &json!([{ "id": "hoje", "on": "D+0 14:00", "text": "hoje" }]))?;
                put_template(work, "hoje", GOOD, true)?;
                owe(work, vec![sample::debt("x1", "d1", date(2026, 11, 24))], "leve", "ANA LIMA")
            })
            .unwrap();
        check(folder.path(), &["ok    ladder leve: 1 step", "ok    template hoje: version 1 is sent"]);
        // A draft that must not be sent is no mistake: what is sent is another version.
        store.commit(now(), |work| put_template(work, "hoje", "{{ first_name }}, vence hoje.", false)).unwrap();
        let draft = "warn  template hoje: version 2 waits for approval: version 1 is approved and sent (not_approved)";
        check(folder.path(), &["ok    ladder leve: 1 step", draft]);
        // Approved by a release that did not know what is wrong with it.
        store.commit(now(), |work| work.approve_template("hoje", 2, "local", false)).unwrap();
        let wrong = "wrong template hoje: version 2, text a: it does not say who writes; put {{ sender }} where every recipient \
             reads it (no_sender)";
        check(folder.path(), &["ok    ladder leve: 1 step", wrong]);
    }

    #[test]
    fn whatever_is_wrong_with_ladders_and_templates_is_found_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(folder.path());
        let name = format!("{} LIMA", "A".repeat(150));
        store
            .commit(now(), |work| {
                put_ladder(
                    work,
                    "leve",
                    &json!([
                        { "id": "noite", "on": "D+1 23:30", "text": "hoje" },
                        { "id": "falta", "on": "D+2", "text": "nada" },
                        { "id": "rascunho", "on": "D+3", "text": "novo" },
                    ]),
                )?;
                put_ladder(work, "vazia", &json!([]))?;
                put_template(work, "hoje", GOOD, true)?;
                put_template(work, "novo", GOOD, false)?;
                let again = Debt { ladder: Some("dura".to_owned()), ..sample::debt("x2", "d1", date(2026, 11, 24)) };
                owe(work, vec![sample::debt("x1", "d1", date(2026, 11, 24)), again], "leve", &name)
            })
            .unwrap();
        check(
            folder.path(),
            &[
                "warn  ladder leve: step falta: there is no template \"nada\"; until one is written and approved, the step \
                 sends nothing (no_template)",
                "warn  ladder leve: step rascunho: no version of template \"novo\" is approved; until one is, the step sends \
                 nothing (not_approved)",
                "warn  ladder leve: step noite (D+1 23:30) comes outside the hours of contact everywhere in BR: it never goes on \
                 its day, but the day after at 08:00 at the soonest; in MS, MT, RJ, RO, RR it never goes on its day, but the day \
                 after at 09:00 at the soonest; in AC, AM it never goes on its day, but the day after at 10:00 at the soonest; \
                 give it a time within the hours, or none (outside_hours)",
                "wrong ladder vazia: it has no steps (no_steps)",
                "ok    template hoje: version 1 is sent",
                "warn  template novo: version 1 waits for approval: no version is approved, and nothing is sent from it \
                 (not_approved)",
                "warn  portfolio debts: there is no ladder \"dura\"; debts that name it are not texted (no_ladder)",
                "warn  portfolio ladder vazia: no creditor and no debt goes by it; name it in a creditor, or in debts (unused)",
                "warn  portfolio debtor d1: debts x1 and x2 look like one, and go by ladders leve and dura: its debtor is asked \
                 by both; take one of them back, or put both on one ladder (two_ladders)",
                "warn  portfolio template hoje: text a takes 2 parts in its longest case, of debtor d1 (189 units in gsm7); \
                 shorten it, or leave a variable out (long)",
            ],
        );
    }

    #[test]
    fn what_the_state_of_a_debtor_asks_for_is_missed_in_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = store(folder.path());
        let numbers = |number: &str| vec![crate::sms::number::PhoneNumber::from_digits(number).unwrap()];
        let body = "{{ sender }}: {{ first_name }}, {{ amount | money }} em aberto.";
        let template = json!({ "texts": [{ "name": "a", "body": body }] });
        let template = read_template("cobra", 1, template).unwrap();
        store
            .commit(now(), |work| {
                let version = work.save_template(&template, "local")?;
                work.approve_template("cobra", version, "local", false)?;
                put_ladder(work, "leve", &json!([{ "id": "d1", "on": "D+1", "text": "cobra" }]))?;
                owe(work, vec![sample::debt("x1", "d1", date(2026, 11, 24))], "leve", "ANA LIMA")?;
                let debtor = Debtor { numbers: numbers("5511987654321"), ..sample::debtor("d1") };
                work.take_each(&[Item::Debtor(debtor.into())], "local")
            })
            .unwrap();
        // A warning of approval, for states that may be met.
        let may = "version 1, text a: write {{ original_amount }}, {{ added }} and {{ amount }}; ";
        let warned = [
            "ok    ladder leve: 1 step".to_owned(),
            format!(
                "warn  template cobra: {may}Lei Estadual 6.854/2014 asks for it in BR-RJ (itemise, rule br-rj-6854-2014)"
            ),
            format!(
                "warn  template cobra: {may}Lei 16.559/2019 (Código Estadual de Defesa do Consumidor), art. 26-A asks for it in BR-PE (itemise, rule \
                 br-pe-26a)"
            ),
        ];
        let warned: Vec<&str> = warned.iter().map(String::as_str).collect();
        check(folder.path(), &warned);
        // A debtor of the state is there.
        store
            .commit(now(), |work| {
                let debtor = Debtor { numbers: numbers("5521987654321"), ..sample::debtor("d2") };
                let debt = sample::debt("x2", "d2", date(2026, 11, 24));
                work.take_each(&[Item::Debt { debtor: Some(debtor.into()), debt: debt.into(), status: None }], "local")
            })
            .unwrap();
        let wrong = "wrong portfolio template cobra: text a: write {{ original_amount }}, {{ added }} and {{ amount }}; Lei \
                     Estadual 6.854/2014 asks for it in BR-RJ (numbers of debtors there: 1; rule \
                     br-rj-6854-2014) (itemise)";
        check(folder.path(), &[&warned[..], &[wrong]].concat());
    }

    #[test]
    fn a_look_changes_nothing_whoever_works_on_the_database() {
        let folder = tempfile::tempdir().unwrap();
        let files = || {
            let names = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path());
            let mut files: Vec<_> = names.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
            files.sort();
            files
        };
        let mut open = store(folder.path());
        open.commit(now(), |work| put_ladder(work, "leve", &json!([{ "id": "a", "on": "D+30", "exit": "letter" }])))
            .unwrap();
        let expected = [
            "ok    ladder leve: 1 step",
            "warn  portfolio ladder leve: no creditor and no debt goes by it; \
             name it in a creditor, or in debts (unused)",
        ];
        // What is committed and lies in the log still is seen, beside a writer.
        check(folder.path(), &expected);
        drop(open);
        let before = files();
        assert_eq!(before.len(), 1, "{before:?}");
        check(folder.path(), &expected);
        assert!(files() == before);
    }

    #[test]
    fn a_database_of_an_older_release_is_left_to_the_daemon() {
        let folder = tempfile::tempdir().unwrap();
        drop(store(folder.path()));
        let path = folder.path().join("recado.db");
        crate::store::schema::age(&path);
        check(
            folder.path(),
            &[
                "warn  ladder: not looked at: an older release wrote the database; start the daemon once, then check again",
            ],
        );
    }
}
