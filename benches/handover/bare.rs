//! Floors: the modem alone and the disk alone.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use recado::clock::Clock;
use recado::emulator;

use super::loops;
use super::support::rate;

/// Messages per second of loops that do nothing but speak to modems which this process plays: no queue, no disk.
pub(crate) async fn modem_loops(
    folder: &Path,
    pdu: &[u8],
    modems: usize,
    airtime: Duration,
    messages: usize,
    clock: &Clock,
) -> f64 {
    let report_delay = Duration::from_secs(3600);
    let config = emulator::Config { modems, airtime, report_delay, ..emulator::Config::default() };
    let (handle, running) = emulator::pty::start(config, folder, None, clock).unwrap();
    let ports = running.paths().to_vec();
    let mut emulator = tokio::task::JoinSet::new();
    emulator.spawn(running.run());
    let mut digits = String::new();
    for octet in pdu {
        write!(digits, "{octet:02X}").unwrap();
    }
    let time = loops::run(&ports, &digits, messages, clock).await;
    handle.stop().await.unwrap();
    rate(messages, time)
}

/// A database that is written one small synced row at a time.
pub(crate) struct Disk(rusqlite::Connection);

impl Disk {
    pub(crate) fn open(folder: &Path) -> Self {
        let conn = rusqlite::Connection::open(folder.join("floor.db")).unwrap();
        conn.pragma_update(None, "journal_mode", "WAL").unwrap();
        conn.pragma_update(None, "synchronous", "FULL").unwrap();
        conn.execute("CREATE TABLE done (key INTEGER PRIMARY KEY, at INTEGER NOT NULL)", []).unwrap();
        Self(conn)
    }

    /// How long one takes.
    pub(crate) fn insert(&self, clock: &Clock) -> Duration {
        let began = clock.now().instant;
        self.0.prepare_cached("INSERT INTO done (at) VALUES (0)").unwrap().execute([]).unwrap();
        clock.now().instant.saturating_since(began)
    }

    /// How many a second.
    pub(crate) fn inserts(&self, count: usize, clock: &Clock) -> f64 {
        let began = clock.now().instant;
        for _ in 0..count {
            self.insert(clock);
        }
        rate(count, clock.now().instant.saturating_since(began))
    }
}
