//! What the benchmarks of the whole daemon share: a lean HTTP client, and the figures.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use recado::clock::Clock;
use recado::config::{Binding, Config};
use recado::daemon::{Daemon, Options, Simulate};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A daemon in this process: SIMs without limits, the door on a free port, the database in `folder`.
pub(crate) async fn start_daemon(folder: &Path, clock: &Clock, simulate: Option<Simulate>, ports: &[&Path]) -> Daemon {
    let mut config = Config::default();
    config.store.path = folder.join("recado.db");
    config.http.listen = (Ipv4Addr::LOCALHOST, 0).into();
    (config.sim.per_minute, config.sim.per_hour, config.sim.per_day, config.sim.per_month) = (0, 0, 0, 0);
    config.sim.min_gap = Duration::ZERO;
    let modem =
        |port: &&Path| recado::config::Modem { by: Binding::Port(port.to_path_buf()), name: None, power_cycle: None };
    config.modems = ports.iter().map(modem).collect();
    config.discovery.discover = false;
    Daemon::start(Options { config, clock: clock.clone(), simulate }).await.unwrap()
}

/// The token that the daemon wrote beside its database.
pub(crate) fn token(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("admin.token")).unwrap().trim().to_owned()
}

/// A whole request, ready to be written.
pub(crate) fn post(path: &str, token: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

/// One connection that is kept.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: Vec::with_capacity(64 * 1024) }
    }

    /// Writes a request and reads the answer to its end; the status.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> u16 {
        self.stream.write_all(request).await.unwrap();
        self.buffer.clear();
        loop {
            assert_ne!(self.stream.read_buf(&mut self.buffer).await.unwrap(), 0, "connection closed");
            if let Some((status, length)) = head(&self.buffer) {
                while self.buffer.len() < length {
                    assert_ne!(self.stream.read_buf(&mut self.buffer).await.unwrap(), 0, "connection closed");
                }
                return status;
            }
        }
    }
}

/// The status, and the length of head and body together, once the head is there.
fn head(buffer: &[u8]) -> Option<(u16, usize)> {
    let end = buffer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(buffer.get(..end)?).unwrap();
    let status = text.get(9..12)?.parse().unwrap();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
    Some((status, end + length))
}

/// A text of one part, as they are.
pub(crate) const TEXT: &str = "Maria, sua fatura de R$ 245,90 vence em 25/11. Pague pelo app ou peca a segunda via \
     respondendo este SMS. Se ja pagou, desconsidere.";

/// How much work the machine has besides: its load average over a minute.
pub(crate) fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap();
    text.split(' ').next().unwrap_or_default().to_owned()
}

#[expect(clippy::cast_precision_loss, reason = "a count of messages")]
pub(crate) fn rate(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

pub(crate) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap()
}
