//! A day of ladders over a portfolio, while modems work.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan as _};
use recado::clock::{Clock, Instant};
use recado::contact::ContactSettings;
use recado::contact::reply::Language;
use recado::dunning::creditor::Creditor;
use recado::dunning::debt::{Debt, Status};
use recado::dunning::debtor::Debtor;
use recado::dunning::money::Currency;
use recado::sms::number::PhoneNumber;
use recado::store::definition::{read_ladder, read_template};
use recado::store::portfolio::Item;
use recado::store::{FREE_FLOOR, Settings, Store};
use rusqlite::{Connection, params};
use serde_json::json;
use tokio::task::JoinSet;

use super::daemon::{start_daemon, working_hours};
use super::process::Process;
use super::relay::{self, Seen};
use super::running::{Door, UP, message, quantile, until};
use super::support::{load, rate};

const MODEMS: usize = 8;
const TARGET: Duration = Duration::from_secs(30);

/// How long the modems are watched before the run.
const QUIET: Duration = Duration::from_secs(20);

/// For a few minutes of eight modems.
const MESSAGES: usize = 6_000;

/// The day of the clock.
const TODAY: Date = date(2026, 11, 24);

/// Debts fall due over a year: of each day there are as many.
const DAYS: usize = 365;

/// Debts that are taken in at once.
const AT_ONCE: usize = 10_000;

/// A row while a case is up or to be looked at.
const UP_TODAY: &str = "SELECT 1 FROM creditor WHERE looked IS NOT NULL
     UNION ALL SELECT 1 FROM dunning_case WHERE creditor = 1 AND next <= ? LIMIT 1";

/// A result and what came of it: when the result came, and how long the next command took.
type Times = Arc<Mutex<Vec<(Instant, Duration)>>>;

pub(crate) async fn measure(disk: &Path, debts: usize) {
    let folder = tempfile::tempdir_in(disk).unwrap();
    let clock = working_hours();
    let database = folder.path().join("recado.db");
    fill(&database, &clock, debts);
    let floor = floor(folder.path(), &database, &clock);
    run(folder.path(), &database, &clock, debts, floor).await;
}

async fn run(folder: &Path, database: &Path, clock: &Clock, debts: usize, floor: Duration) {
    let airtime = ["--airtime", "300ms", "--report-delay", "1h", "--reply-rate", "0"];
    let (_modems, ports) = Process::emulate(&folder.join("ports"), MODEMS, &airtime).await;
    let times = Times::default();
    let mut relays = JoinSet::new();
    let ports: Vec<PathBuf> = ports
        .iter()
        .map(|modem| {
            let (times, mut result) = (Arc::clone(&times), None);
            relay::start(modem, clock, &mut relays, move |seen, at| match seen {
                Seen::Result => result = Some(at),
                Seen::Command => {
                    let took = result.take().map(|result: Instant| (result, at.saturating_since(result)));
                    times.lock().unwrap().extend(took);
                }
            })
        })
        .collect();
    let ports: Vec<&Path> = ports.iter().map(PathBuf::as_path).collect();
    let daemon = start_daemon(folder, clock, None, &ports).await;
    until(database, UP, MODEMS).await;
    let mut door = Door::open(daemon.address(), folder).await;
    door.queue((0..MESSAGES).map(message)).await;
    door.resume().await;
    let quiet = clock.now().instant;
    tokio::time::sleep(QUIET).await;
    let began = clock.now().instant;
    let creditor = r#"{"id":"loja","name":"Loja Azul","sender":"Loja Azul","zone":"America/Sao_Paulo","language":"pt-BR","currency":"BRL","ladder":"padrao"}"#;
    door.send("/v1/creditors", creditor, 200).await;
    let answered = clock.now().instant;
    over(database, TODAY).await;
    let ended = clock.now().instant;
    tokio::time::sleep(Duration::from_secs(1)).await;
    daemon.stop().await;
    relays.shutdown().await;
    let conn = Connection::open(database).unwrap();
    let texts = |conn: &Connection| -> usize {
        let sql = "SELECT count(*) FROM message WHERE client = 'ladder'";
        conn.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let first = ended.saturating_since(began);
    println!(
        "{:<10} {debts} debts looked at, {} texts: {:.1} s ({:.0} debts/s; target under {} s); the creditor's new ladder took {:.3} s to answer; bare SQLite that reads each case and writes its next day {:.1} s; load {}",
        "day",
        texts(&conn),
        first.as_secs_f64(),
        rate(debts, first),
        TARGET.as_secs(),
        answered.saturating_since(began).as_secs_f64(),
        floor.as_secs_f64(),
        load()
    );
    let seen = times.lock().unwrap().clone();
    for (name, from, to) in [("before it", quiet, began), ("during it", began, ended)] {
        let within: Vec<Duration> =
            seen.iter().filter(|(at, _)| (from..to).contains(at)).map(|(_, took)| *took).collect();
        if within.is_empty() {
            println!("{:<10} {name}: no text followed another", "day");
            continue;
        }
        let ms = |share| quantile(&within, share).as_secs_f64() * 1e3;
        println!(
            "{:<10} {name}: from a result to the next AT+CMGS, {} of them: p50 {:.2} ms, p99 {:.2} ms, longest {:.2} ms",
            "day",
            within.len(),
            ms(0.5),
            ms(0.99),
            ms(1.0)
        );
    }
    let before = texts(&conn);
    let tomorrow = Clock::starting_at(clock.now().utc + Duration::from_secs(86_400));
    let began = tomorrow.now().instant;
    let daemon = start_daemon(folder, &tomorrow, None, &[]).await;
    over(database, TODAY + 1.day()).await;
    let second = tomorrow.now().instant.saturating_since(began);
    daemon.stop().await;
    println!(
        "{:<10} the next day with the start of the daemon: {} texts, {:.1} s; load {}",
        "day",
        texts(&conn) - before,
        second.as_secs_f64(),
        load()
    );
}

/// Waits until nothing is up any more.
async fn over(database: &Path, today: Date) {
    let conn = Connection::open(database).unwrap();
    let today = stored(today);
    while conn.prepare_cached(UP_TODAY).unwrap().exists([today]).unwrap() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn stored(day: Date) -> i64 {
    i64::from(date(1970, 1, 1).until(day).unwrap().get_days())
}

/// The same cases, with reads and writes and nothing else.
fn floor(folder: &Path, database: &Path, clock: &Clock) -> Duration {
    let copy = folder.join("floor.db");
    std::fs::copy(database, &copy).unwrap();
    let mut conn = Connection::open(&copy).unwrap();
    conn.pragma_update(None, "synchronous", "FULL").unwrap();
    let began = clock.now().instant;
    let mut after = 0;
    loop {
        let transaction = conn.transaction().unwrap();
        let last = {
            let sql = "SELECT debtor FROM dunning_case WHERE creditor = 1 AND debtor > ? ORDER BY debtor LIMIT 128";
            let mut cases = transaction.prepare_cached(sql).unwrap();
            let debtors: Vec<i64> =
                cases.query_map([after], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
            let mut read = transaction.prepare_cached("SELECT * FROM debt WHERE debtor = ?").unwrap();
            let mut write = transaction
                .prepare_cached("UPDATE dunning_case SET next = ? WHERE creditor = 1 AND debtor = ?")
                .unwrap();
            for debtor in &debtors {
                let due: i64 = read.query_row([debtor], |row| row.get("due")).unwrap();
                write.execute(params![due, debtor]).unwrap();
            }
            debtors.last().copied()
        };
        transaction.commit().unwrap();
        let Some(last) = last else { break };
        after = last;
    }
    drop(conn);
    std::fs::remove_file(&copy).unwrap();
    clock.now().instant.saturating_since(began)
}

/// Debtors with a debt each, a ladder of ten steps that nobody goes by yet, and its template.
fn fill(database: &Path, clock: &Clock, debts: usize) {
    let settings = Settings {
        sims: recado::config::Config::default().sim_settings(),
        free_floor: FREE_FLOOR,
        country: recado::sms::number::Country::BRAZIL,
        alarms: Vec::new(),
        contact: ContactSettings::none().into(),
    };
    let now = clock.now().utc;
    let mut store = Store::open(database, settings, now).unwrap();
    let steps: Vec<_> = [-5, -1, 1, 3, 7, 15, 30, 45, 60, 90]
        .iter()
        .map(|day: &i32| json!({ "id": format!("d{day}"), "on": format!("D{day:+}"), "text": "atraso" }))
        .collect();
    let ladder = read_ladder("padrao", 0, json!({ "steps": steps })).unwrap();
    let body = "{{ sender }}: {{ first_name }}, sua parcela de {{ amount | money }} venceu em {{ due | date }}.";
    let texts = json!({ "purpose": "collection", "texts": [{ "name": "a", "body": body }] });
    let template = read_template("atraso", 0, texts).unwrap();
    let creditor = Item::Creditor(Box::new(Creditor {
        id: "loja".to_owned(),
        name: "Loja Azul".to_owned(),
        sender: "Loja Azul".to_owned(),
        zone: TimeZone::get("America/Sao_Paulo").unwrap(),
        language: Language::Portuguese,
        currency: Currency::Brl,
        ladder: None,
        triggers: BTreeMap::new(),
    }));
    store
        .commit(now, |work| {
            work.store_ladder(&ladder, "bench")?;
            let version = work.save_template(&template, "bench")?;
            work.approve_template("atraso", version, "bench", false)?;
            work.take_each(&[creditor], "bench")
        })
        .unwrap();
    let began = clock.now().instant;
    for from in (0..debts).step_by(AT_ONCE) {
        let items: Vec<Item> = (from..debts.min(from + AT_ONCE)).map(item).collect();
        store.commit(now, |work| work.take_each(&items, "bench")).unwrap();
    }
    // Without a ladder nothing comes of them.
    let took = clock.now().instant.saturating_since(began);
    drop(store);
    let conn = Connection::open(database).unwrap();
    conn.execute("UPDATE dunning_case SET next = NULL", []).unwrap();
    println!("{:<10} {debts} debts taken in without HTTP: {:.1} s", "day", took.as_secs_f64());
}

fn item(number: usize) -> Item {
    let debtor = Debtor {
        id: format!("cliente-{number}"),
        name: Some("MARIA DA SILVA SANTOS".to_owned()),
        document: None,
        language: None,
        kind: None,
        since: None,
        tags: Vec::new(),
        numbers: PhoneNumber::from_digits(&format!("55119{:08}", 60_000_000 + number)).into_iter().collect(),
    };
    let late = Span::new().days(i64::try_from(number % DAYS).unwrap());
    let debt = Debt {
        id: format!("contrato-{number}"),
        creditor: "loja".to_owned(),
        debtor: debtor.id.clone(),
        currency: Currency::Brl,
        original: "245.90".parse().unwrap(),
        amount: "251.17".parse().unwrap(),
        due: TODAY - late,
        instalment: None,
        contract: None,
        product: Some("crediario".to_owned()),
        terms: None,
        boleto: None,
        pix: None,
        link: None,
        access_code: None,
        ladder: None,
        tags: Vec::new(),
        status: Status::Open,
    };
    Item::Debt { debtor: Some(Box::new(debtor)), debt: Box::new(debt), status: None }
}
