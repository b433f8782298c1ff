//! Results of ten million messages, and how fast events are counted: `cargo bench --bench stats [-- MESSAGES]`.
//!
//! The rows of results are added up message by message with the code of the roll-up: 90 days of 11 hours, 5 creditors with a
//! ladder of 12 steps in two wordings, 20 operators who write themselves, 8 SIMs. The floor of a question is counting the same
//! rows. Events are counted from a log of messages as they are sent, delivered and answered; the floor is a commit of one row
//! for each batch.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints, and ends where something fails")]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::tz::TimeZone;
use recado::clock::{Clock, Timestamp};
use recado::dispatch::balance::Rule;
use recado::dispatch::budget::Limits;
use recado::dispatch::sim::SimSettings;
use recado::dunning::money::{Cost, Currency, PartPrice, Prices};
use recado::dunning::result::{Cell, Count, Dimension, Paid, Spent};
use recado::sms::id::SimKey;
use recado::sms::lifecycle::MessageState;
use recado::sms::number::Country;
use recado::store::reader::Reader;
use recado::store::rollup::{Every, StatsQuestion};
use recado::store::{FREE_FLOOR, Settings, Store};
use rusqlite::{Connection, params};

const ROUNDS: usize = 21;
const CREDITORS: u64 = 5;
const STEPS: u64 = 12;
const ARMS: u64 = 2;
const OPERATORS: u64 = 20;
const SIMS: u64 = 8;
const DAYS: u64 = 90;
const HOURS: u64 = 11;
/// The first day, in hours since 1970.
const BEGINS: u64 = 20_000 * 24 + 11;
/// Messages of which every event is in the log.
const LOGGED: i64 = 40_000;
/// Events that are counted at once, as the daemon does.
const AT_ONCE: u32 = 512;

fn main() {
    let messages: u64 = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(10_000_000);
    let disk = Path::new(env!("CARGO_TARGET_TMPDIR"));
    ask(messages, &tempfile::tempdir_in(disk).unwrap());
    count(&tempfile::tempdir_in(disk).unwrap());
}

fn settings() -> Settings {
    Settings {
        sims: SimSettings { default: Limits::none(), balance: Rule::default(), cards: Vec::new() },
        free_floor: FREE_FLOOR,
        country: Country::from_iso("BR").unwrap(),
        alarms: Vec::new(),
        contact: recado::contact::ContactSettings::none().into(),
    }
}

fn database(folder: &tempfile::TempDir) -> (std::path::PathBuf, Connection) {
    let path = folder.path().join("recado.db");
    drop(Store::open(&path, settings(), Clock::host().now().utc).unwrap());
    let conn = Connection::open(&path).unwrap();
    for sim in 1..=SIMS {
        conn.execute("INSERT INTO sim (key, iccid, first_seen) VALUES (?, ?, 0)", params![sim, format!("sim-{sim}")])
            .unwrap();
    }
    let mut insert = conn
        .prepare(
            "INSERT INTO origin (mode, creditor, batch, ladder, step, segment, template, version, arm, team, operator)
             VALUES (?, ?, '', ?, ?, '', ?, ?, ?, ?, ?)",
        )
        .unwrap();
    for creditor in 0..CREDITORS {
        let creditor = format!("creditor {creditor}");
        for (step, arm) in (0..STEPS).flat_map(|step| (0..ARMS).map(move |arm| (step, arm))) {
            let values = [
                "ladder",
                &creditor,
                "padrao",
                &format!("d{step}"),
                &format!("t{step}"),
                "1",
                &format!("{arm}"),
                "",
                "",
            ];
            insert.execute(values).unwrap();
        }
        for operator in 0..OPERATORS {
            insert.execute(["single", &creditor, "", "", "", "0", "", "azul", &format!("op{operator}")]).unwrap();
        }
    }
    drop(insert);
    (path, conn)
}

fn origins() -> u64 {
    CREDITORS * (STEPS * ARMS + OPERATORS)
}

/// A number that nobody can guess from the one before, and always the same (splitmix64).
fn mixed(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

/// What becomes of a message.
fn live(cell: &mut Cell, lot: u64) {
    let price: PartPrice = "0.0325".parse().unwrap();
    cell.counts.moved(None, MessageState::Queued);
    if lot.is_multiple_of(50) {
        cell.counts.moved(Some(MessageState::Queued), MessageState::Blocked);
        return;
    }
    cell.counts.moved(Some(MessageState::Queued), MessageState::Sending);
    cell.counts.moved(Some(MessageState::Sending), MessageState::Accepted);
    let sim = i64::try_from(lot / 50 % SIMS + 1).unwrap();
    cell.spent.entry(SimKey(sim)).or_default().add(Spent { parts: 1, cost: Cost::from(price) });
    let end = if lot % 20 == 1 { MessageState::Undelivered } else { MessageState::Delivered };
    cell.counts.moved(Some(MessageState::Accepted), end);
    if lot % 12 == 3 {
        cell.counts.add(Count::Replied, 1);
        if lot % 24 == 3 {
            cell.counts.add(Count::Promised, 1);
        }
    }
    if lot % 18 == 5 {
        let day = u8::try_from(lot / 1_000 % 30).unwrap();
        cell.paid.entry((day, Currency::Brl)).or_default().add(Paid { debts: 1, hundredths: 11_050 });
    }
}

fn fill(conn: &mut Connection, messages: u64) -> usize {
    let mut cells: BTreeMap<(u64, u64), Cell> = BTreeMap::new();
    for n in 0..messages {
        let lot = mixed(n);
        let origin = lot % origins() + 1;
        let hour = BEGINS + lot / origins() % DAYS * 24 + lot / (origins() * DAYS) % HOURS;
        live(cells.entry((origin, hour)).or_default(), mixed(lot));
    }
    let transaction = conn.transaction().unwrap();
    let mut insert =
        transaction.prepare("INSERT INTO stat (origin, hour, counts, spent, paid) VALUES (?, ?, ?, ?, ?)").unwrap();
    for ((origin, hour), cell) in &cells {
        let values = params![origin, hour, cell.written_counts(), cell.written_spent(), cell.written_paid()];
        insert.execute(values).unwrap();
    }
    drop(insert);
    transaction.commit().unwrap();
    cells.len()
}

fn ask(messages: u64, folder: &tempfile::TempDir) {
    let clock = Clock::host();
    let (path, mut conn) = database(folder);
    let rows = fill(&mut conn, messages);
    let reader = Reader::new(&path, settings().sims);
    let floor = median(&clock, || {
        let counted: usize = conn.query_row("SELECT count(*) FROM stat", [], |row| row.get(0)).unwrap();
        assert_eq!(counted, rows);
    });
    println!("stats      {messages} messages in {rows} rows; counting these rows {:.1} ms", ms(floor));
    let question = |by: &[Dimension], every| StatsQuestion {
        by: by.to_vec(),
        every,
        within: 7,
        ..StatsQuestion::new(TimeZone::get("America/Sao_Paulo").unwrap())
    };
    for (name, question) in [
        ("by step", question(&[Dimension::Step], None)),
        ("by creditor", question(&[Dimension::Creditor], None)),
        ("by template and arm", question(&[Dimension::Template, Dimension::Arm], None)),
        ("by operator", question(&[Dimension::Operator], None)),
        ("by day", question(&[], Some(Every::Day))),
        ("by creditor, step and day", question(&[Dimension::Creditor, Dimension::Step], Some(Every::Day))),
        ("by SIM", question(&[Dimension::Sim], None)),
    ] {
        let mut found = 0;
        let took = median(&clock, || {
            let stats = reader.stats(&question).unwrap().unwrap();
            found = stats.rows.len();
            if !question.by.contains(&Dimension::Sim) {
                let taken: i64 = stats.rows.iter().map(|row| row.total.counts.get(Count::Taken)).sum();
                assert_eq!(u64::try_from(taken).unwrap(), messages);
            }
        });
        println!(
            "stats      {name}: {:.1} ms for {found} rows, ratio {:.1} (target under 200 ms)",
            ms(took),
            took.as_secs_f64() / floor.as_secs_f64()
        );
    }
}

/// Messages as the queue leaves them, with all that the log says of them.
fn log(conn: &mut Connection) -> i64 {
    let transaction = conn.transaction().unwrap();
    let mut message = transaction
        .prepare(
            "INSERT INTO message (key, id, created_at, client, recipient, text, purpose, priority, due, expires,
             encoding_asked, encoding, units, report, lane, first_segment, parts, parts_sent, state, origin)
             VALUES (?1, ?2, ?3, 'bench', ?4, 'text', 'collection', 5, ?3, ?3, 'auto', 'gsm7', 4, 1, 1, ?1, 1, 1, 3, ?5)",
        )
        .unwrap();
    let mut event = transaction
        .prepare("INSERT INTO event (seq, at, type, message, part, sim, data) VALUES (?, ?, ?, ?, 1, ?, ?)")
        .unwrap();
    let mut seq = 0;
    // Many are on their way at a time: an event of one is followed by those of others.
    for from in (1..=LOGGED).step_by(64) {
        let some = from..(from + 64).min(LOGGED + 1);
        for kind in [
            "message.queued",
            "segment.offered",
            "message.sending",
            "segment.accepted",
            "message.accepted",
            "segment.reported",
            "message.delivered",
            "inbound.received",
        ] {
            for key in some.clone() {
                let lot = mixed(key.cast_unsigned());
                let at = i64::try_from(BEGINS).unwrap() * 3_600_000 + key * 100;
                if kind == "message.queued" {
                    let mut id = [0; 16];
                    id[8..].copy_from_slice(&key.to_be_bytes());
                    let number = 5_511_960_000_000 + lot % 39_999_999;
                    message.execute(params![key, id, at, number, lot % origins() + 1]).unwrap();
                }
                let data = match kind {
                    "segment.reported" => Some("{\"tp_status\":0}"),
                    "inbound.received" if lot % 12 == 3 => Some("{\"understood\":{\"intents\":[\"promise_to_pay\"]}}"),
                    "inbound.received" => continue,
                    _ => None,
                };
                seq += 1;
                event.execute(params![seq, at, kind, key, lot % SIMS + 1, data]).unwrap();
            }
        }
    }
    drop((message, event));
    transaction.commit().unwrap();
    seq
}

fn count(folder: &tempfile::TempDir) {
    let clock = Clock::host();
    let (path, mut conn) = database(folder);
    let events = log(&mut conn);
    drop(conn);
    let mut store = Store::open(&path, settings(), clock.now().utc).unwrap();
    let reader = Reader::new(&path, settings().sims);
    let prices = Prices { each: "0.0325".parse().unwrap(), cards: Vec::new() };
    let (mut commits, mut reading) = (Vec::new(), Duration::ZERO);
    let mut took = move || {
        let before = clock.now().instant;
        let counted = reader.roll_up(AT_ONCE, &prices).unwrap()?;
        let between = clock.now().instant;
        let (is_added, _) = store.commit(Timestamp::from_millis(0), |work| work.count_up(&counted)).unwrap();
        assert!(is_added);
        let after = clock.now().instant;
        Some((between.saturating_since(before), after.saturating_since(between)))
    };
    while let Some((read, wrote)) = took() {
        reading += read;
        commits.push(wrote);
    }
    let writing: Duration = commits.iter().sum();
    commits.sort_unstable();
    let p99 = commits.get(commits.len() * 99 / 100).copied().unwrap();
    let floor = bare_commits(&path, commits.len());
    println!(
        "roll-up    {events} events in {} batches: {:.0} events a second; the writer had {:.2} ms for a batch, p99 {:.2} ms, \
         of which a bare commit of one row is {:.2} ms, ratio {:.1}",
        commits.len(),
        rate(events, reading + writing),
        ms(writing) / count_of(commits.len()),
        ms(p99),
        ms(floor) / count_of(commits.len()),
        writing.as_secs_f64() / floor.as_secs_f64()
    );
}

fn bare_commits(path: &Path, commits: usize) -> Duration {
    let clock = Clock::host();
    let conn = Connection::open(path).unwrap();
    conn.pragma_update(None, "synchronous", "FULL").unwrap();
    let before = clock.now().instant;
    for _ in 0..commits {
        conn.execute("UPDATE rollup SET seq = seq + 1", []).unwrap();
    }
    clock.now().instant.saturating_since(before)
}

fn median(clock: &Clock, mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let before = clock.now().instant;
            work();
            clock.now().instant.saturating_since(before)
        })
        .collect();
    times.sort_unstable();
    times.get(ROUNDS / 2).copied().unwrap()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[expect(clippy::cast_precision_loss, reason = "a count of batches")]
fn count_of(batches: usize) -> f64 {
    batches as f64
}

#[expect(clippy::cast_precision_loss, reason = "a count of events")]
fn rate(events: i64, time: Duration) -> f64 {
    events as f64 / time.as_secs_f64()
}
