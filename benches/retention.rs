//! Retention beside work: `cargo bench --bench retention [-- ROWS]`, 1 000 000 rows if nothing is said.
//!
//! A database of so many messages whose time is over, with debtors, creditors, batches, parts and events as they are in use. First the
//! writer alone: one caller at a time takes a message in and waits for its answer. Then the same while retention deletes all of
//! it. The floor is SQLite alone that deletes the same rows of another copy, a thousand messages with a commit.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints, and ends where something fails")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use recado::actor::retention::{self, Setup};
use recado::actor::writer::{Handle, Writer};
use recado::clock::{Clock, Instant, Timestamp};
use recado::contact::ContactSettings;
use recado::dispatch::balance::Rule;
use recado::dispatch::budget::Limits;
use recado::dispatch::sim::SimSettings;
use recado::sms::id::MessageId;
use recado::sms::number::{Country, PhoneNumber};
use recado::sms::operational;
use recado::store::reader::Reader;
use recado::store::retention::Terms;
use recado::store::{FREE_FLOOR, Settings, Store};
use recado::telemetry::Metrics;
use rusqlite::{Connection, params};
use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Asked: while rows go, others wait no longer than this.
const TARGET: Duration = Duration::from_millis(5);

/// Answers that are measured before it begins.
const BEFORE: usize = 2_000;

/// Between two callers: a busy pool takes some hundreds of messages a second.
const APART: Duration = Duration::from_millis(5);

const DAY: Duration = Duration::from_secs(86_400);

fn main() {
    let rows: i64 = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(1_000_000);
    // On the disk that the build is on; the system's temporary folder may be in memory.
    let disk = tempfile::tempdir_in(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap();
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (path, other) = (disk.path().join("recado.db"), disk.path().join("floor.db"));
    let clock = Clock::host();
    let began = clock.now().instant;
    drop(Store::open(&path, settings(), clock.now().utc).unwrap());
    fill(&path, rows, clock.now().utc - DAY * 400);
    std::fs::copy(&path, &other).unwrap();
    let size = std::fs::metadata(&path).unwrap().len() / (1 << 20);
    println!("retention  {rows} messages, {size} MiB, built in {:.0} s", since(&clock, began).as_secs_f64());
    floor(&clock, &other);
    runtime.block_on(measure(&clock, &path));
}

fn settings() -> Settings {
    Settings {
        sims: SimSettings { default: Limits::none(), balance: Rule::default(), cards: Vec::new() },
        free_floor: FREE_FLOOR,
        country: Country::from_iso("BR").unwrap(),
        alarms: Vec::new(),
        contact: ContactSettings::none().into(),
    }
}

/// Messages as they are when all is over, one part and three events each, a millisecond apart.
fn fill(path: &Path, rows: i64, from: Timestamp) {
    let mut conn = Connection::open(path).unwrap();
    for (pragma, value) in [("synchronous", "OFF"), ("foreign_keys", "OFF"), ("cache_size", "-524288")] {
        conn.pragma_update(None, pragma, value).unwrap();
    }
    let transaction = conn.transaction().unwrap();
    transaction.execute("INSERT INTO lane (key, class, route, batch) VALUES (1, 'always', '', '')", []).unwrap();
    transaction.execute("INSERT INTO sim (key, iccid, first_seen) VALUES (1, 'sim', 0)", []).unwrap();
    {
        let mut message = transaction
            .prepare(
                "INSERT INTO message (key, id, created_at, client, recipient, text, purpose, priority, due, expires,
                 encoding_asked, encoding, units, report, debtor, creditor, batch, lane, first_segment, parts, parts_sent, state)
                 VALUES (?1, ?2, ?3, 'bench', ?4, 'Ola, sua parcela vence amanha. Responda SAIR para nao receber.',
                 'collection', 5, ?3, ?3, 'auto', 'gsm7', 62, 1, ?5, ?6, ?7, 1, ?1, 1, 1, 3)",
            )
            .unwrap();
        let mut segment = transaction
            .prepare(
                "INSERT INTO segment (key, message, part, state, lane, prio, due, expires, pdu, sim, modem, tp_mr,
                 offered_at, accepted_at, reported_at, tp_status)
                 VALUES (?1, ?1, 1, 4, 1, 5, ?2, ?2, zeroblob(60), 1, 'm1', ?1 % 256, ?2, ?2, ?2, 0)",
            )
            .unwrap();
        let mut event = transaction
            .prepare("INSERT INTO event (seq, at, type, message, hash) VALUES (?, ?, ?, ?, zeroblob(32))")
            .unwrap();
        for key in 1..=rows {
            let at = from.as_millis() + key;
            let mut random = [0; 10];
            for (octet, own) in random.iter_mut().skip(2).zip(key.to_be_bytes()) {
                *octet = own;
            }
            let id = MessageId::new(Timestamp::from_millis(at), random);
            let debtor = key % (rows / 10).max(1);
            let labels =
                (format!("debtor {debtor}"), format!("creditor {}", key % 8), format!("batch {}", key * 100 / rows));
            message
                .execute(params![key, id.as_bytes(), at, 5_511_900_000_000 + debtor, labels.0, labels.1, labels.2])
                .unwrap();
            segment.execute(params![key, at]).unwrap();
            for (place, kind) in ["message.queued", "segment.accepted", "message.delivered"].into_iter().enumerate() {
                let seq = key * 3 - 2 + i64::try_from(place).unwrap();
                event.execute(params![seq, at, kind, key]).unwrap();
            }
        }
    }
    transaction.execute("INSERT OR REPLACE INTO tally (state, messages) VALUES (3, ?)", [rows]).unwrap();
    transaction.execute("UPDATE rollup SET seq = ?", [rows * 3]).unwrap();
    transaction.commit().unwrap();
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
}

/// The same rows deleted by SQLite alone, with the settings of the writer.
fn floor(clock: &Clock, path: &Path) {
    let conn = Connection::open(path).unwrap();
    for (pragma, value) in [("synchronous", "FULL"), ("secure_delete", "ON"), ("foreign_keys", "ON")] {
        conn.pragma_update(None, pragma, value).unwrap();
    }
    let last: i64 = conn.query_row("SELECT max(key) FROM message", [], |row| row.get(0)).unwrap();
    let (began, mut gone) = (clock.now().instant, 0);
    for from in (0..last).step_by(1_000) {
        let to = (from + 1_000).min(last - 1);
        conn.execute_batch("BEGIN IMMEDIATE").unwrap();
        conn.execute("DELETE FROM segment WHERE key > ? AND key <= ?", [from, to]).unwrap();
        gone += conn.execute("DELETE FROM message WHERE key > ? AND key <= ?", [from, to]).unwrap();
        conn.execute("DELETE FROM event WHERE seq > ? AND seq <= ?", [from * 3, to * 3]).unwrap();
        conn.execute_batch("COMMIT").unwrap();
    }
    let took = since(clock, began).as_secs_f64();
    println!(
        "retention  floor: {gone} messages deleted by SQLite alone in {took:.1} s, {:.0} a second",
        rate(gone as u64, took)
    );
}

async fn measure(clock: &Clock, path: &Path) {
    let store = Store::open(path, settings(), clock.now().utc).unwrap();
    let writer = Writer::start(store, clock.clone(), Arc::new(Metrics::default())).unwrap();
    let reader = Arc::new(Reader::new(path, settings().sims));
    let before: i64 = reader.tally().unwrap().iter().map(|(_, messages)| i64::try_from(*messages).unwrap()).sum();
    let mut alone = Vec::new();
    for _ in 0..BEFORE.min(usize::try_from(before).unwrap()) {
        alone.push(submit(clock, &writer.handle()).await);
        tokio::time::sleep(APART).await;
    }
    tell("before", &mut alone);
    let (stop, stopped) = watch::channel(false);
    let kept = Some(DAY * 365);
    let (_, terms) = watch::channel(Terms { messages: kept, events: kept, ..Terms::default() });
    let setup =
        Setup { reader: Arc::clone(&reader), writer: writer.handle(), clock: clock.clone(), terms, stop: stopped };
    let began = clock.now().instant;
    let mut task = JoinSet::new();
    task.spawn(retention::once(setup));
    let mut meanwhile = Vec::new();
    while task.try_join_next().is_none() {
        meanwhile.push(submit(clock, &writer.handle()).await);
        tokio::time::sleep(APART).await;
    }
    let took = since(clock, began).as_secs_f64();
    drop(stop);
    tell("during", &mut meanwhile);
    let gone: u64 = reader.passes().unwrap().iter().map(|(_, _, rows)| rows).sum();
    println!("retention  {gone} rows of {before} messages in {took:.0} s, {:.0} a second", rate(gone, took));
    let p99 = at(&meanwhile, 99);
    println!("retention  p99 while rows go {:.2} ms; asked {:.0} ms", ms(p99), ms(TARGET));
    tokio::task::spawn_blocking(|| writer.stop()).await.unwrap();
}

/// How long a caller waits for the answer to a message.
async fn submit(clock: &Clock, writer: &Handle) -> Duration {
    let now = clock.now();
    let mut random = [0; 10];
    getrandom::fill(&mut random).unwrap();
    let number = PhoneNumber::from_digits("5511987654321").unwrap();
    let submission = operational::answer(MessageId::new(now.utc, random), number, "ola", now.utc).unwrap();
    let began = clock.now().instant;
    writer.submit(vec![submission]).await.unwrap();
    since(clock, began)
}

fn tell(when: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let worst = times.last().copied().unwrap_or_default();
    println!(
        "retention  answer of the writer {when}: p50 {:.2} ms, p99 {:.2} ms, worst {:.2} ms, of {}",
        ms(at(times, 50)),
        ms(at(times, 99)),
        ms(worst),
        times.len()
    );
}

fn at(times: &[Duration], percent: usize) -> Duration {
    times.get(times.len() * percent / 100).copied().unwrap_or_default()
}

fn since(clock: &Clock, began: Instant) -> Duration {
    clock.now().instant.saturating_since(began)
}

#[expect(clippy::cast_precision_loss, reason = "a count of rows")]
fn rate(rows: u64, seconds: f64) -> f64 {
    rows as f64 / seconds
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
