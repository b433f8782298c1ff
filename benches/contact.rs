//! The gate with a long suppression list, and the list on its way in: `cargo bench --bench contact [-- NUMBERS]`.
//!
//! A decision is the whole question of a submission: rules, list, frequency and SIMs, without writing anything. Its floor is
//! one lookup of a number in the same list by bare SQLite. The list comes in through the door, in the pieces of
//! `recado suppressions import`; its floor inserts the same rows into an equal schema with one commit for each piece.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints, and ends where something fails")]

#[path = "support/daemon.rs"]
mod daemon;
mod support;

use std::path::Path;
use std::time::Duration;

use recado::clock::Clock;
use recado::config::Config;
use recado::config::rules::RuleBook;
use recado::contact::secret::Secret;
use recado::contact::suppression::{Kind, Purposes};
use recado::contact::{Addressee, ContactSettings, Habit, TextMark};
use recado::dispatch::gate::Question;
use recado::dispatch::route::Route;
use recado::sms::message::Purpose;
use recado::sms::number::PhoneNumber;
use recado::store::suppression::Act;
use recado::store::{FREE_FLOOR, Settings, Store};
use rusqlite::{Connection as Sqlite, params};
use support::{Connection, TEXT, load, median, post, rate, token};
use tokio::runtime::Builder;

/// Numbers in one request of an import.
const PIECE: usize = 10_000;
/// Numbers of a list that the writer suppresses in one transaction.
const AT_ONCE: usize = 200;
const QUESTIONS: usize = 20_000;
const ROUNDS: usize = 5;

fn main() {
    let numbers: usize = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(1_000_000);
    let disk = Path::new(env!("CARGO_TARGET_TMPDIR"));
    decide(numbers, &tempfile::tempdir_in(disk).unwrap());
    import(numbers, &tempfile::tempdir_in(disk).unwrap());
}

/// Brazilian mobiles of all area codes of São Paulo and Rio.
fn number(index: usize) -> PhoneNumber {
    let areas = [11, 12, 13, 19, 21, 22, 24, 81];
    let area = areas.get(index % areas.len()).unwrap();
    PhoneNumber::from_digits(&format!("55{area}9{:08}", 60_000_000 + index)).unwrap()
}

fn settings() -> Settings {
    let config = Config::default();
    let book = RuleBook::load(&config.region, &config.contact).unwrap();
    let contact: ContactSettings = config.contact_settings(book, Secret::new([7; 32]));
    Settings {
        sims: config.sim_settings(),
        free_floor: FREE_FLOOR,
        country: config.region.country,
        alarms: Vec::new(),
        contact: contact.into(),
    }
}

fn decide(numbers: usize, folder: &tempfile::TempDir) {
    let clock = Clock::host();
    let path = folder.path().join("recado.db");
    let mut store = Store::open(&path, settings(), clock.now().utc).unwrap();
    let now = "2026-11-24T13:00:00Z".parse().unwrap();
    let act = Act {
        kind: Kind::Register,
        purposes: Purposes::ALL,
        creditor: None,
        debt: None,
        effective: now,
        source: "bench".into(),
        client: "bench".into(),
        why: None,
        inbound: None,
    };
    let (key, _) = store.commit(now, |work| work.decide_to_suppress(&act)).unwrap();
    for from in (0..numbers).step_by(AT_ONCE) {
        let piece: Vec<PhoneNumber> = (from..(from + AT_ONCE).min(numbers)).map(number).collect();
        store.commit(now, |work| work.suppress_more(key, &piece)).unwrap();
    }
    let bare = Sqlite::open(&path).unwrap();
    bare.pragma_update(None, "cache_size", -4096).unwrap();
    let before = resident_kb();
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        // Every second number is on the list; a step that shares no factor with their count meets them in no order.
        let asked: Vec<PhoneNumber> =
            (0..QUESTIONS).map(|n| number((round * QUESTIONS + n) * 7_919 % (2 * numbers))).collect();
        let began = clock.now().instant;
        let (blocked, _) = store
            .commit(now, |work| {
                let mut blocked = 0;
                for number in &asked {
                    let question = Question {
                        paused: false,
                        asked: now,
                        due: now,
                        expires: now + Duration::from_secs(86_400),
                        parts: 1,
                        begun: false,
                    };
                    let ruling = work.preview(&Route::Any, "", Some(addressee(*number)), question)?;
                    blocked += u32::from(matches!(ruling.verdict, recado::dispatch::gate::Verdict::Block { .. }));
                }
                Ok(blocked)
            })
            .unwrap();
        ours.push(micros(clock.now().instant.saturating_since(began)));
        assert!(blocked > 0);
        let began = clock.now().instant;
        let mut statement = bare.prepare("SELECT act FROM suppression WHERE subscriber = ? AND lift IS NULL").unwrap();
        for number in &asked {
            std::hint::black_box(statement.exists([i64::try_from(number.subscriber()).unwrap()]).unwrap());
        }
        floor.push(micros(clock.now().instant.saturating_since(began)));
    }
    println!(
        "gate       {numbers} suppressed: {:.2} us a decision, bare lookup {:.2} us, ratio {:.1} (target under 20 us); \
         resident {} kB, {} kB more than before the questions (target under 100 MB); load {}",
        median(&ours),
        median(&floor),
        median(&ours) / median(&floor),
        resident_kb(),
        resident_kb().saturating_sub(before),
        load()
    );
}

fn addressee(number: PhoneNumber) -> Addressee {
    Addressee {
        number,
        purpose: Purpose::Collection,
        debtor: None,
        creditor: None,
        text: TextMark::of(TEXT),
        confirms_opt_out: false,
        habit: Habit::default(),
    }
}

fn import(numbers: usize, folder: &tempfile::TempDir) {
    let clock = daemon::working_hours();
    let server = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let client = Builder::new_current_thread().enable_all().build().unwrap();
    let daemon = server.block_on(daemon::start_daemon(folder.path(), &clock, None, &[]));
    let token = token(folder.path());
    let requests: Vec<Vec<u8>> = (0..numbers)
        .step_by(PIECE)
        .map(|from| {
            let piece: Vec<String> =
                (from..(from + PIECE).min(numbers)).map(|index| format!("\"{}\"", number(index).e164())).collect();
            post("/v1/suppressions", &token, &format!("{{\"kind\":\"register\",\"numbers\":[{}]}}", piece.join(",")))
        })
        .collect();
    let address = daemon.address();
    let took = client.block_on(async {
        let mut connection = Connection::open(address).await;
        let began = clock.now().instant;
        for request in &requests {
            assert_eq!(connection.ask(request).await, 200);
        }
        clock.now().instant.saturating_since(began)
    });
    server.block_on(daemon.stop());
    let bare = folder.path().join("bare.db");
    drop(Store::open(&bare, settings(), clock.now().utc).unwrap());
    let mut conn = Sqlite::open(&bare).unwrap();
    conn.pragma_update(None, "synchronous", "FULL").unwrap();
    conn.execute(
        "INSERT INTO suppression_act (key, at, kind, purposes, effective, source, client)
         VALUES (1, 0, 'register', 127, 0, 'bench', 'bench')",
        [],
    )
    .unwrap();
    let began = clock.now().instant;
    for from in (0..numbers).step_by(AT_ONCE) {
        let transaction = conn.transaction().unwrap();
        let mut insert =
            transaction.prepare_cached("INSERT INTO suppression (act, subscriber, number) VALUES (1, ?, ?)").unwrap();
        for index in from..(from + AT_ONCE).min(numbers) {
            let number = number(index);
            insert.execute(params![number.subscriber(), number.as_u64()]).unwrap();
        }
        drop(insert);
        transaction.commit().unwrap();
    }
    let floor = clock.now().instant.saturating_since(began);
    println!(
        "import     {numbers} numbers: {:.1} s, {:.0} a second, bare SQLite {:.1} s, ratio {:.2} (target under 20 s); load {}",
        took.as_secs_f64(),
        rate(numbers, took),
        floor.as_secs_f64(),
        took.as_secs_f64() / floor.as_secs_f64(),
        load()
    );
}

fn micros(took: Duration) -> f64 {
    took.as_secs_f64() * 1e6 / f64::from(u32::try_from(QUESTIONS).unwrap())
}

/// What this process holds.
fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}
