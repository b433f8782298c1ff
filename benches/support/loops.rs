//! The floor of whatever sends: loops that do nothing but speak to their modems, without queue and disk.

use std::path::PathBuf;
use std::time::Duration;

use recado::clock::Clock;
use recado::serial;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Sends `messages` over these ports, as many over each, all of them the PDU with these hexadecimal digits; how long it
/// took.
pub(crate) async fn run(ports: &[PathBuf], pdu: &str, messages: usize, clock: &Clock) -> Duration {
    let smsc = 1 + usize::from_str_radix(pdu.get(..2).unwrap(), 16).unwrap();
    let command = format!("AT+CMGS={}\r", pdu.len() / 2 - smsc);
    let line = format!("{pdu}\x1a");
    let ports: Vec<serial::Port> = ports.iter().map(|path| serial::open(path).unwrap()).collect();
    let each = messages / ports.len();
    let mut loops = tokio::task::JoinSet::new();
    let began = clock.now().instant;
    for port in ports {
        loops.spawn(modem_loop(port, command.clone(), line.clone(), each));
    }
    while let Some(ended) = loops.join_next().await {
        ended.unwrap();
    }
    clock.now().instant.saturating_since(began)
}

async fn modem_loop(mut port: serial::Port, command: String, line: String, messages: usize) {
    let mut buffer = Vec::new();
    ask(&mut port, b"ATE0\r", b"OK\r\n", &mut buffer).await;
    for _ in 0..messages {
        ask(&mut port, command.as_bytes(), b"> ", &mut buffer).await;
        ask(&mut port, line.as_bytes(), b"OK\r\n", &mut buffer).await;
    }
}

async fn ask(port: &mut serial::Port, bytes: &[u8], end: &[u8], buffer: &mut Vec<u8>) {
    port.write_all(bytes).await.unwrap();
    buffer.clear();
    while !buffer.ends_with(end) {
        assert_ne!(port.read_buf(buffer).await.unwrap(), 0, "port closed");
    }
}
