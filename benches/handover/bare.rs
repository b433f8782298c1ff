//! Floors: the modem alone and the disk alone.

use std::path::Path;
use std::time::Duration;

use recado::clock::Clock;
use recado::{emulator, serial};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::support::rate;

/// Messages per second of loops that do nothing but speak to their modems: no queue, no disk.
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
    let ports: Vec<serial::Port> = running.paths().iter().map(|path| serial::open(path).unwrap()).collect();
    let mut emulator = tokio::task::JoinSet::new();
    emulator.spawn(running.run());
    let smsc = 1 + usize::from(*pdu.first().unwrap());
    let command = format!("AT+CMGS={}\r", pdu.len() - smsc);
    let mut line: Vec<u8> = pdu.iter().flat_map(|octet| format!("{octet:02X}").into_bytes()).collect();
    line.push(0x1A);
    let mut loops = tokio::task::JoinSet::new();
    let began = clock.now().instant;
    for port in ports {
        loops.spawn(modem_loop(port, command.clone(), line.clone(), messages / modems));
    }
    while let Some(ended) = loops.join_next().await {
        ended.unwrap();
    }
    let time = clock.now().instant.saturating_since(began);
    handle.stop().await.unwrap();
    rate(messages, time)
}

async fn modem_loop(mut port: serial::Port, command: String, line: Vec<u8>, messages: usize) {
    let mut buffer = Vec::new();
    ask(&mut port, b"ATE0\r", b"OK\r\n", &mut buffer).await;
    for _ in 0..messages {
        ask(&mut port, command.as_bytes(), b"> ", &mut buffer).await;
        ask(&mut port, &line, b"OK\r\n", &mut buffer).await;
    }
}

async fn ask(port: &mut serial::Port, bytes: &[u8], end: &[u8], buffer: &mut Vec<u8>) {
    port.write_all(bytes).await.unwrap();
    buffer.clear();
    while !buffer.ends_with(end) {
        assert_ne!(port.read_buf(buffer).await.unwrap(), 0, "port closed");
    }
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
