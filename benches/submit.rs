//! Durable submits over HTTP against bare SQLite: `cargo bench --bench submit [-- ROUNDS]`.
//!
//! Single messages come over 64 connections that are kept, arrays of 10 000 over one. The floor writes the very rows that the
//! daemon has written into an equal schema with equal settings, with one commit per 64 messages or one per array, and
//! nothing else. Client, daemon and its writer share the machine; the floor has it for itself.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints, and ends where something fails")]

#[path = "support/daemon.rs"]
mod daemon;
mod support;

use std::path::{Path, PathBuf};
use std::time::Duration;

use daemon::{start_daemon, working_hours};
use recado::clock::Clock;
use recado::config::Config;
use recado::store::{FREE_FLOOR, Settings, Store};
use rusqlite::types::Value;
use rusqlite::{params, params_from_iter};
use support::{Connection, TEXT, load, median, post, rate, token};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

const CONNECTIONS: usize = 64;
const SINGLES: usize = CONNECTIONS * 400;
const ARRAY: usize = 10_000;
const ARRAYS: usize = 4;
const TARGET: f64 = 0.5;

fn main() {
    let rounds = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(5);
    let bench = Bench::new();
    println!(
        "{:<10} {:>7} {:>13} {:>13} {:>7} {:>6}",
        "submit", "round", "daemon msg/s", "floor msg/s", "ratio", "load"
    );
    for (name, run) in [("single", Bench::singles as fn(&Bench, &Path) -> Duration), ("array", Bench::arrays)] {
        let (count, commit) = if name == "single" { (SINGLES, CONNECTIONS) } else { (ARRAYS * ARRAY, ARRAY) };
        let (mut daemon, mut floor, mut ratio) = (Vec::new(), Vec::new(), Vec::new());
        for round in 1..=rounds {
            let folder = bench.folder();
            let over_http = rate(count, run(&bench, folder.path()));
            let rows = Rows::read(&folder.path().join("recado.db"), count);
            let bare = rate(count, bench.floor(&rows, commit));
            println!("{name:<10} {round:>7} {over_http:>13.0} {bare:>13.0} {:>7.2} {:>6}", over_http / bare, load());
            daemon.push(over_http);
            floor.push(bare);
            ratio.push(over_http / bare);
        }
        println!(
            "{name:<10} {:>7} {:>13.0} {:>13.0} {:>7.2}  (target {TARGET:.2} or more)",
            "median",
            median(&daemon),
            median(&floor),
            median(&ratio)
        );
    }
}

struct Bench {
    clock: Clock,
    server: Runtime,
    client: Runtime,
    /// On the disk that the build is on; the system's temporary folder may be in memory.
    disk: PathBuf,
}

impl Bench {
    fn new() -> Self {
        let server = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let client = Builder::new_current_thread().enable_all().build().unwrap();
        Self { clock: working_hours(), server, client, disk: PathBuf::from(env!("CARGO_TARGET_TMPDIR")) }
    }

    fn folder(&self) -> tempfile::TempDir {
        tempfile::tempdir_in(&self.disk).unwrap()
    }

    fn singles(&self, folder: &Path) -> Duration {
        let daemon = self.server.block_on(start_daemon(folder, &self.clock, None, &[]));
        let token = token(folder);
        let requests = |lane: usize| -> Vec<Vec<u8>> {
            (0..SINGLES / CONNECTIONS).map(|n| post("/v1/messages", &token, &message(n * CONNECTIONS + lane))).collect()
        };
        let address = daemon.address();
        let time = self.client.block_on(async {
            let mut lanes = Vec::new();
            for lane in 0..CONNECTIONS {
                lanes.push((Connection::open(address).await, requests(lane)));
            }
            let mut tasks = JoinSet::new();
            let began = self.clock.now().instant;
            for (mut connection, requests) in lanes {
                tasks.spawn(async move {
                    for request in requests {
                        assert_eq!(connection.ask(&request).await, 202);
                    }
                });
            }
            while let Some(done) = tasks.join_next().await {
                done.unwrap();
            }
            self.clock.now().instant.saturating_since(began)
        });
        self.server.block_on(daemon.stop());
        time
    }

    fn arrays(&self, folder: &Path) -> Duration {
        let daemon = self.server.block_on(start_daemon(folder, &self.clock, None, &[]));
        let token = token(folder);
        let requests: Vec<Vec<u8>> = (0..ARRAYS)
            .map(|array| {
                let items: Vec<String> = (0..ARRAY).map(|item| message(array * ARRAY + item)).collect();
                post("/v1/messages", &token, &format!("[{}]", items.join(",")))
            })
            .collect();
        let time = self.client.block_on(async {
            let mut connection = Connection::open(daemon.address()).await;
            let began = self.clock.now().instant;
            for request in &requests {
                assert_eq!(connection.ask(request).await, 202);
            }
            self.clock.now().instant.saturating_since(began)
        });
        self.server.block_on(daemon.stop());
        time
    }

    fn floor(&self, rows: &Rows, commit: usize) -> Duration {
        let folder = self.folder();
        let path = folder.path().join("recado.db");
        let config = Config::default();
        let (sims, country) = (config.sim_settings(), config.region.country);
        let settings = Settings {
            sims,
            free_floor: FREE_FLOOR,
            country,
            alarms: Vec::new(),
            contact: recado::contact::ContactSettings::none().into(),
        };
        drop(Store::open(&path, settings, self.clock.now().utc).unwrap());
        let mut conn = rusqlite::Connection::open(&path).unwrap();
        for (name, value) in [("synchronous", "FULL"), ("secure_delete", "ON"), ("foreign_keys", "ON")] {
            conn.pragma_update(None, name, value).unwrap();
        }
        for (name, value) in [("cache_size", -4096), ("wal_autocheckpoint", 4_000)] {
            conn.pragma_update(None, name, value).unwrap();
        }
        for table in &rows.named {
            for row in &table.rows {
                conn.execute(&table.insert, params_from_iter(row)).unwrap();
            }
        }
        let messages = rows.messages;
        let began = self.clock.now().instant;
        for from in (0..messages).step_by(commit) {
            let to = (from + commit).min(messages);
            let transaction = conn.transaction().unwrap();
            for table in &rows.tables {
                let mut insert = transaction.prepare_cached(&table.insert).unwrap();
                for row in table.rows.get(from * table.each..to * table.each).unwrap() {
                    insert.execute(params_from_iter(row)).unwrap();
                }
            }
            let count = i64::try_from(to - from).unwrap();
            transaction
                .prepare_cached(
                    "INSERT INTO tally (state, messages) VALUES (0, ?1)
                     ON CONFLICT (state) DO UPDATE SET messages = messages + ?1",
                )
                .unwrap()
                .execute(params![count])
                .unwrap();
            transaction.commit().unwrap();
        }
        self.clock.now().instant.saturating_since(began)
    }
}

fn message(number: usize) -> String {
    format!(
        r#"{{"to":"+55119{:08}","text":"{TEXT}","client_ref":"fatura-{number}","debtor":"cliente-{}"}}"#,
        60_000_000 + number * 7,
        number / 3
    )
}

/// What submits have written.
struct Rows {
    messages: usize,
    /// What messages name, a row or two for all of them: there before the first.
    named: [Table; 2],
    tables: [Table; 4],
}

struct Table {
    insert: String,
    /// Rows of one message.
    each: usize,
    rows: Vec<Vec<Value>>,
}

impl Rows {
    fn read(path: &Path, messages: usize) -> Self {
        let conn = rusqlite::Connection::open(path).unwrap();
        let named = [("lane", "key"), ("origin", "key")].map(|(table, order)| Table::read(&conn, table, order, 1));
        let tables = [("message", "key"), ("segment", "key"), ("event", "seq"), ("client_ref", "at")]
            .map(|(table, order)| Table::read(&conn, table, order, messages));
        Self { messages, named, tables }
    }
}

impl Table {
    /// All its rows, as many for each of so many.
    fn read(conn: &rusqlite::Connection, table: &str, order: &str, many: usize) -> Self {
        let mut select = conn.prepare(&format!("SELECT * FROM {table} ORDER BY {order}")).unwrap();
        let columns = select.column_count();
        let rows: Vec<Vec<Value>> = select
            .query_map([], |row| (0..columns).map(|column| row.get(column)).collect())
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(rows.len() % many, 0, "{table} has as many rows for each message");
        let marks = vec!["?"; columns].join(", ");
        Self { insert: format!("INSERT INTO {table} VALUES ({marks})"), each: rows.len() / many, rows }
    }
}
