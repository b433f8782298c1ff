//! The cost of picking the next due part, by length of the queue: `cargo bench --bench queue [-- ROWS]`.
//!
//! Nine of ten rows lie in lanes that are closed. The floor is one seek by key in the same table and run. Closing a lane is
//! timed too, with the rows that it rewrites.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints, and ends where something fails")]

use std::path::Path;
use std::time::Duration;

use recado::clock::{Clock, Timestamp};
use recado::dispatch::balance::Rule;
use recado::dispatch::budget::Limits;
use recado::dispatch::plan::{Draw, LaneKey};
use recado::dispatch::sim::SimSettings;
use recado::sms::id::SimKey;
use recado::sms::number::Country;
use recado::store::board::Scope;
use recado::store::queue::Drawn;
use recado::store::{FREE_FLOOR, Settings, Store};
use rusqlite::{Connection, params};

const ROUNDS: usize = 2_001;
/// Lanes 1 to 9 are batches that will be paused, lane 10 is open.
const LANES: i64 = 10;
const OPEN: LaneKey = LaneKey(LANES);
const DUE: i64 = 1_795_525_200_000;

fn main() {
    let longest = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(10_000_000);
    println!(
        "{:>12} {:>12} {:>12} {:>12} {:>16} {:>14}",
        "rows", "pick median", "pick p99", "seek median", "close a lane", "rows changed"
    );
    for rows in [1_000, longest] {
        measure(rows);
    }
}

fn measure(rows: i64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recado.db");
    let now = Timestamp::from_millis(DUE + 1);
    drop(Store::open(&path, settings(), now).unwrap());
    fill(&path, rows);
    let mut store = Store::open(&path, settings(), now).unwrap();
    let clock = Clock::host();
    let pick = times(&clock, || {
        let draw = Draw { sim: SimKey(1), lane: OPEN, priority: 5, after: None };
        assert!(matches!(store.draw(draw, |_| false, now).unwrap(), Drawn::Message { .. }));
    });
    let floor_conn = Connection::open(&path).unwrap();
    let mut key = 0;
    let seek = times(&clock, || {
        key = (key + 7_919) % rows;
        let mut statement = floor_conn.prepare_cached("SELECT message, due FROM segment WHERE key = ?").unwrap();
        statement.query_row([key + 1], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))).unwrap();
    });
    let queued = "SELECT count(*) FROM segment WHERE lane < 10 AND (state <> 0 OR due <> 1795525200000)";
    let before = clock.now().instant;
    let pause = |work: &mut recado::store::Work<'_>| {
        (1..LANES).try_for_each(|batch| work.pause(Scope::Batch, &format!("batch {batch}"), "bench", "bench"))
    };
    store.commit(now, pause).unwrap();
    let closing = clock.now().instant.saturating_since(before) / u32::try_from(LANES - 1).unwrap();
    let rewritten: i64 = floor_conn.query_row(queued, [], |row| row.get(0)).unwrap();
    println!(
        "{rows:>12} {:>12} {:>12} {:>12} {:>16} {:>14}",
        micros(at(&pick, 0.5)),
        micros(at(&pick, 0.99)),
        micros(at(&seek, 0.5)),
        micros(closing),
        rewritten,
    );
}

fn times(clock: &Clock, mut work: impl FnMut()) -> Vec<Duration> {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let before = clock.now().instant;
            work();
            clock.now().instant.saturating_since(before)
        })
        .collect();
    times.sort_unstable();
    times
}

fn at(sorted: &[Duration], share: f64) -> Duration {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index"
    )]
    let index = ((sorted.len() - 1) as f64 * share) as usize;
    sorted.get(index).copied().unwrap_or_default()
}

fn micros(time: Duration) -> String {
    format!("{:.1} us", time.as_secs_f64() * 1e6)
}

fn settings() -> Settings {
    let sims = SimSettings { default: Limits::none(), balance: Rule::default(), cards: Vec::new() };
    Settings {
        sims,
        free_floor: FREE_FLOOR,
        country: Country::from_iso("BR").unwrap(),
        alarms: Vec::new(),
        contact: recado::contact::ContactSettings::none().into(),
    }
}

/// Rows as submissions leave them, one part each, nine of ten in the first nine lanes.
fn fill(path: &Path, rows: i64) {
    let mut conn = Connection::open(path).unwrap();
    conn.pragma_update(None, "synchronous", "OFF").unwrap();
    conn.pragma_update(None, "foreign_keys", "OFF").unwrap();
    conn.pragma_update(None, "cache_size", -524_288).unwrap();
    let transaction = conn.transaction().unwrap();
    for lane in 1..=LANES {
        let batch = if lane == LANES { String::new() } else { format!("batch {lane}") };
        let own = "INSERT INTO lane (key, class, route, batch, waiting) VALUES (?, 'always', '', ?, ?)";
        transaction.execute(own, params![lane, batch, rows / LANES]).unwrap();
    }
    {
        let mut message = transaction
            .prepare(
                "INSERT INTO message (key, id, created_at, client, recipient, text, purpose, priority, due, expires,
                 encoding_asked, encoding, units, report, lane, first_segment, parts, parts_sent, state)
                 VALUES (?1, ?2, ?3, 'bench', 5511987654321, 'text', 'collection', 5, ?3, ?4, 'auto', 'gsm7', 4, 1, ?5, ?1, 1, 0, 0)",
            )
            .unwrap();
        let mut segment = transaction
            .prepare(
                "INSERT INTO segment (key, message, part, state, lane, prio, due, expires, pdu)
                 VALUES (?1, ?1, 1, 0, ?2, 5, ?3, ?4, x'00')",
            )
            .unwrap();
        let expires = DUE + 86_400_000;
        for row in 1..=rows {
            let lane = row % LANES + 1;
            let mut id = [0; 16];
            id[8..].copy_from_slice(&row.to_be_bytes());
            message.execute(params![row, id, DUE, expires, lane]).unwrap();
            segment.execute(params![row, lane, DUE, expires]).unwrap();
        }
    }
    transaction.commit().unwrap();
}
