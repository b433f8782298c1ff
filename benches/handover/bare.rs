//! Floors: the modem alone and the disk alone.

use std::path::Path;
use std::time::Duration;

use recado::clock::Clock;
use recado::{emulator, serial};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_serial::SerialStream;

use super::support::rate;

/// Messages per second of a loop that does nothing but speak to the modem: no queue, no disk.
pub(crate) async fn modem_loop(folder: &Path, pdu: &[u8], messages: usize, clock: &Clock) -> f64 {
    let config = emulator::Config {
        airtime: Duration::ZERO,
        report_delay: Duration::from_secs(3600),
        ..emulator::Config::default()
    };
    let (handle, running) = emulator::pty::start(config, folder, None, clock).unwrap();
    let mut port = serial::open(running.paths().first().unwrap()).unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(running.run());
    let smsc = 1 + usize::from(*pdu.first().unwrap());
    let command = format!("AT+CMGS={}\r", pdu.len() - smsc);
    let mut line: Vec<u8> = pdu.iter().flat_map(|octet| format!("{octet:02X}").into_bytes()).collect();
    line.push(0x1A);
    let mut buffer = Vec::new();
    ask(&mut port, b"ATE0\r", b"OK\r\n", &mut buffer).await;
    let began = clock.now().instant;
    for _ in 0..messages {
        ask(&mut port, command.as_bytes(), b"> ", &mut buffer).await;
        ask(&mut port, &line, b"OK\r\n", &mut buffer).await;
    }
    let time = clock.now().instant.saturating_since(began);
    handle.stop().await.unwrap();
    rate(messages, time)
}

async fn ask(port: &mut SerialStream, bytes: &[u8], end: &[u8], buffer: &mut Vec<u8>) {
    port.write_all(bytes).await.unwrap();
    buffer.clear();
    while !buffer.ends_with(end) {
        assert_ne!(port.read_buf(buffer).await.unwrap(), 0, "port closed");
    }
}

/// Transactions per second that write one small row and are synced.
pub(crate) fn synced_inserts(folder: &Path, count: usize, clock: &Clock) -> f64 {
    let conn = rusqlite::Connection::open(folder.join("floor.db")).unwrap();
    conn.pragma_update(None, "journal_mode", "WAL").unwrap();
    conn.pragma_update(None, "synchronous", "FULL").unwrap();
    conn.execute("CREATE TABLE done (key INTEGER PRIMARY KEY, at INTEGER NOT NULL)", []).unwrap();
    let mut insert = conn.prepare("INSERT INTO done (at) VALUES (?)").unwrap();
    let began = clock.now().instant;
    for at in 0..count {
        insert.execute([i64::try_from(at).unwrap()]).unwrap();
    }
    rate(count, clock.now().instant.saturating_since(began))
}
