//! Lists and searches over ten million messages, first page and a page deep in: `cargo bench --bench lists [-- [start] [MESSAGES]]`.
//! With `start`: how long the program takes on that database from its beginning until it says that it is ready, after the first
//! time as the next one after a kill; the floor is SQLite alone that opens it and reads the end of the log.
//!
//! A hundred batches, eight creditors and one small one, debtors with ten messages each; most messages are delivered, one in
//! 10 000 is unknown. The floor is a page of rows by their key on a bare connection in the same run.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints, and ends where something fails")]

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use recado::clock::{Clock, Timestamp};
use recado::dispatch::balance::Rule;
use recado::dispatch::budget::Limits;
use recado::dispatch::sim::SimSettings;
use recado::sms::id::{MessageId, MessageKey};
use recado::sms::lifecycle::MessageState;
use recado::sms::number::{Country, PhoneNumber};
use recado::store::reader::Reader;
use recado::store::view::MessageFilter;
use recado::store::{FREE_FLOOR, Settings, Store};
use rusqlite::{Connection, params};

const ROUNDS: usize = 101;
const BATCHES: i64 = 100;
/// Messages to one debtor, who has one number.
const EACH: i64 = 10;
const BEGINS: i64 = 1_795_525_200_000;
/// Between two messages, in milliseconds.
const APART: i64 = 100;
const LIMIT: u32 = 50;
const NUMBERS: i64 = 5_511_900_000_000;
const TARGET: Duration = Duration::from_millis(200);

fn main() {
    let messages: i64 = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(10_000_000);
    let folder = tempfile::tempdir_in(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap();
    let path = folder.path().join("recado.db");
    let clock = Clock::host();
    let began = clock.now().instant;
    drop(Store::open(&path, settings(), clock.now().utc).unwrap());
    fill(&path, messages);
    let size = std::fs::metadata(&path).unwrap().len() / (1 << 20);
    println!("lists      {messages} messages, {size} MiB, built in {:.0} s", seconds(&clock, began));
    if std::env::args().any(|arg| arg == "start") {
        start(&clock, folder.path(), &path);
    } else {
        ask(&clock, &path, messages);
    }
}

/// How often the program is started.
const STARTS: usize = 5;

/// Asked: ready within this.
const READY: Duration = Duration::from_secs(2);

fn start(clock: &Clock, folder: &Path, path: &Path) {
    let listen = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let file = folder.join("recado.toml");
    let text =
        format!("[store]\npath = '{}'\n[http]\nlisten = '{listen}'\n[modems]\ndiscover = false\n", path.display());
    std::fs::write(&file, text).unwrap();
    let mut floor = Vec::new();
    let mut ready = Vec::new();
    for round in 0..STARTS {
        let began = clock.now().instant;
        let conn = Connection::open(path).unwrap();
        let sql = "SELECT coalesce(max(seq), 0) FROM event";
        let last: i64 = conn.query_row(sql, [], |row| row.get(0)).unwrap();
        floor.push(clock.now().instant.saturating_since(began));
        drop(conn);
        let began = clock.now().instant;
        let mut command = Command::new(env!("CARGO_BIN_EXE_recado"));
        let silent = command.args(["serve", "--config"]).arg(&file).stdin(Stdio::null()).stdout(Stdio::null());
        let mut process = silent.stderr(Stdio::null()).spawn().unwrap();
        while !is_ready(listen) {
            std::thread::yield_now();
        }
        ready.push(clock.now().instant.saturating_since(began));
        println!("start      {round}: ready after {:.0} ms, up to event {last}", ms(*ready.last().unwrap()));
        // The next start has a log to recover.
        process.kill().unwrap();
        process.wait().unwrap();
    }
    floor.sort_unstable();
    ready.sort_unstable();
    println!("start      {:32} median {:8.2} ms", "floor: SQLite opens and reads", ms(at(&floor, 50)));
    let (median, worst) = (at(&ready, 50), *ready.last().unwrap());
    let verdict = if worst < READY { "" } else { "  MISSED" };
    println!(
        "start      {:32} median {:8.2} ms, worst {:8.2} ms (target under 2000 ms){verdict}",
        "from the beginning to ready",
        ms(median),
        ms(worst)
    );
}

/// Whether it takes messages in.
fn is_ready(at: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(at) else { return false };
    let asked = stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    let mut answer = String::new();
    asked.is_ok() && stream.read_to_string(&mut answer).is_ok() && answer.contains("\"accepting\":true")
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

fn code(state: MessageState) -> i64 {
    MessageState::ALL.iter().position(|s| *s == state).and_then(|place| i64::try_from(place).ok()).unwrap()
}

/// Rows as they are when all is over, one part and one event each. Indexes are made afterwards, which is faster and gives the same.
fn fill(path: &Path, messages: i64) {
    let mut conn = Connection::open(path).unwrap();
    for (pragma, value) in [("synchronous", "OFF"), ("foreign_keys", "OFF"), ("cache_size", "-524288")] {
        conn.pragma_update(None, pragma, value).unwrap();
    }
    let indexes: Vec<(String, String)> = conn
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name IN ('message', 'segment') AND sql IS NOT NULL")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let transaction = conn.transaction().unwrap();
    for (name, _) in &indexes {
        transaction.execute(&format!("DROP INDEX {name}"), []).unwrap();
    }
    transaction.execute("INSERT INTO lane (key, class, route, batch) VALUES (1, 'always', '', '')", []).unwrap();
    transaction.execute("INSERT INTO sim (key, iccid, first_seen) VALUES (1, 'sim', 0)", []).unwrap();
    let states = [MessageState::Delivered, MessageState::Undelivered, MessageState::Unknown].map(code);
    let mut tally = [0_i64; 3];
    {
        let mut message = transaction
            .prepare(
                "INSERT INTO message (key, id, created_at, client, client_ref, recipient, text, purpose, priority, due, expires,
                 encoding_asked, encoding, units, report, debtor, creditor, batch, lane, first_segment, parts, parts_sent, state)
                 VALUES (?1, ?2, ?3, 'bench', ?4, ?5, 'Ola, sua parcela vence amanha. Responda SAIR para nao receber.',
                 'collection', 5, ?3, ?3, 'auto', 'gsm7', 62, 1, ?6, ?7, ?8, 1, ?1, 1, 1, ?9)",
            )
            .unwrap();
        let mut segment = transaction
            .prepare(
                "INSERT INTO segment (key, message, part, state, lane, prio, due, expires, pdu, sim, modem, tp_mr,
                 offered_at, accepted_at, reported_at, tp_status)
                 VALUES (?1, ?1, 1, 4, 1, 5, ?2, ?2, zeroblob(60), 1, 'm1', ?1 % 256, ?2, ?2, ?2, 0)",
            )
            .unwrap();
        let mut reference = transaction
            .prepare("INSERT INTO client_ref (client, ref, at, fingerprint, message) VALUES ('bench', ?, ?, zeroblob(32), ?)")
            .unwrap();
        let mut event = transaction
            .prepare("INSERT INTO event (seq, at, type, message, hash) VALUES (?1, ?2, 'message.delivered', ?1, zeroblob(32))")
            .unwrap();
        for key in 1..=messages {
            let at = BEGINS + key * APART;
            let mut random = [0; 10];
            for (octet, own) in random.iter_mut().skip(2).zip(key.to_be_bytes()) {
                *octet = own;
            }
            let id = MessageId::new(Timestamp::from_millis(at), random);
            let which = match key % 10_000 {
                0 => 2,
                n if n % 20 == 1 => 1,
                _ => 0,
            };
            *tally.get_mut(which).unwrap() += 1;
            let name = format!("ref-{key:08}");
            let debtor = debtor_of(key, messages);
            let creditor = if key % 100_000 == 7 { "small".to_owned() } else { format!("creditor {}", key % 8) };
            message
                .execute(params![
                    key,
                    id.as_bytes(),
                    at,
                    name,
                    NUMBERS + debtor,
                    format!("debtor {debtor}"),
                    creditor,
                    batch_of(key, messages),
                    states.get(which)
                ])
                .unwrap();
            segment.execute(params![key, at]).unwrap();
            reference.execute(params![name, at, id.as_bytes()]).unwrap();
            event.execute([key, at]).unwrap();
        }
    }
    for (state, count) in states.iter().zip(tally) {
        transaction
            .execute("INSERT OR REPLACE INTO tally (state, messages) VALUES (?, ?)", params![state, count])
            .unwrap();
    }
    transaction.execute("UPDATE rollup SET seq = ?", [messages]).unwrap();
    for (_, sql) in &indexes {
        transaction.execute(sql, []).unwrap();
    }
    transaction.commit().unwrap();
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
}

/// Messages to one debtor lie far apart.
fn debtor_of(key: i64, messages: i64) -> i64 {
    key % (messages / EACH).max(1)
}

/// A batch is submitted at once: its messages lie together.
fn batch_of(key: i64, messages: i64) -> String {
    format!("batch {}", key * BATCHES / (messages + 1))
}

fn ask(clock: &Clock, path: &Path, messages: i64) {
    let reader = Reader::new(path, settings().sims);
    let bare = Connection::open(path).unwrap();
    let floor = times(clock, |round| {
        let sql = "SELECT id, state, recipient, text FROM message WHERE key < ? ORDER BY key DESC LIMIT 50";
        let mut statement = bare.prepare_cached(sql).unwrap();
        let rows = statement.query_map([somewhere(round, messages)], |row| row.get::<_, i64>(2)).unwrap();
        assert_eq!(rows.map(Result::unwrap).count(), 50);
    });
    println!(
        "lists      {:32} median {:8.2} ms, p99 {:8.2} ms",
        "floor: 50 rows by key",
        ms(at(&floor, 50)),
        ms(at(&floor, 99))
    );
    let debtor = |round: i64| debtor_of(somewhere(round, messages), messages);
    let number = |round| PhoneNumber::from_digits(&(NUMBERS + debtor(round)).to_string());
    let name = |round| Some(format!("ref-{:08}", somewhere(round, messages)));
    let batch = |round| Some(batch_of(somewhere(round, messages), messages));
    let since = |round| Some(Timestamp::from_millis(BEGINS + somewhere(round, messages) * APART));
    let of = |names: &[&str]| -> Arc<[String]> { names.iter().map(|&name| name.to_owned()).collect() };
    let none = || MessageFilter { limit: LIMIT, ..MessageFilter::default() };
    let lists: [(&str, &dyn Fn(i64) -> MessageFilter); 15] = [
        ("all", &|_| none()),
        ("number", &|n| MessageFilter { to: number(n), ..none() }),
        ("number and state", &|n| MessageFilter { to: number(n), state: Some(MessageState::Delivered), ..none() }),
        ("reference", &|n| MessageFilter { client_ref: name(n), ..none() }),
        ("debtor", &|n| MessageFilter { debtor: Some(format!("debtor {}", debtor(n))), ..none() }),
        ("batch", &|n| MessageFilter { batch: batch(n), ..none() }),
        ("batch and state", &|n| MessageFilter { batch: batch(n), state: Some(MessageState::Undelivered), ..none() }),
        ("batch and a rare state", &|n| MessageFilter {
            batch: batch(n),
            state: Some(MessageState::Unknown),
            ..none()
        }),
        ("state", &|_| MessageFilter { state: Some(MessageState::Delivered), ..none() }),
        ("a rare state", &|_| MessageFilter { state: Some(MessageState::Unknown), ..none() }),
        ("time", &|n| MessageFilter { since: since(n), ..none() }),
        ("state and time", &|n| MessageFilter { state: Some(MessageState::Undelivered), since: since(n), ..none() }),
        ("two creditors", &|_| MessageFilter { creditors: of(&["creditor 1", "creditor 2"]), ..none() }),
        ("a small creditor and state", &|_| MessageFilter {
            creditors: of(&["small"]),
            state: Some(MessageState::Delivered),
            ..none()
        }),
        ("two creditors and a rare state", &|_| MessageFilter {
            creditors: of(&["creditor 1", "small"]),
            state: Some(MessageState::Unknown),
            ..none()
        }),
    ];
    for (name, filter) in lists {
        for is_deep in [false, true] {
            let mut most = 0;
            let took = times(clock, |round| {
                let mut filter = filter(round);
                // The middle of everything: what lies deeper is no dearer.
                filter.before = is_deep.then(|| MessageKey(messages / 2 + round));
                most = reader.messages(&filter).unwrap().len().max(most);
            });
            let page = if is_deep { "deep in" } else { "first page" };
            let verdict = if at(&took, 99) < TARGET { "" } else { "  MISSED" };
            println!(
                "lists      {:32} median {:8.2} ms, p99 {:8.2} ms (target under 200 ms), up to {most} rows{verdict}",
                format!("{name}, {page}"),
                ms(at(&took, 50)),
                ms(at(&took, 99)),
            );
        }
    }
}

/// A row that nobody can guess from the one before, and always the same.
fn somewhere(round: i64, messages: i64) -> i64 {
    (round + 1).wrapping_mul(2_654_435_761).rem_euclid(messages.max(101) - 100) + 100
}

/// The first round finds nothing in the caches of the process.
fn times(clock: &Clock, mut work: impl FnMut(i64)) -> Vec<Duration> {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|round| {
            let before = clock.now().instant;
            work(i64::try_from(round).unwrap());
            clock.now().instant.saturating_since(before)
        })
        .collect();
    times.sort_unstable();
    times
}

fn at(sorted: &[Duration], percent: usize) -> Duration {
    sorted.get((sorted.len() - 1) * percent / 100).copied().unwrap_or_default()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn seconds(clock: &Clock, began: recado::clock::Instant) -> f64 {
    clock.now().instant.saturating_since(began).as_secs_f64()
}
