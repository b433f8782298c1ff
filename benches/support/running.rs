//! What the benchmarks of a gateway with modems share: a caller, messages, and a look at its database.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use rusqlite::OptionalExtension;

use super::support::{Connection, TEXT, post, token};

/// One row as soon as so many modems have come up.
pub(crate) const UP: &str = "SELECT 1 FROM event WHERE type = 'modem.up' GROUP BY type HAVING count(*) >= ?1";

/// Everybody, for the doors that stop and start sending.
const ALL: &str = r#"{"scope":"all","reason":"bench"}"#;

/// A caller.
pub(crate) struct Door {
    pub(crate) connection: Connection,
    pub(crate) token: String,
}

impl Door {
    /// `folder` is where the database is.
    pub(crate) async fn open(address: SocketAddr, folder: &Path) -> Self {
        Self { connection: Connection::open(address).await, token: token(folder) }
    }

    pub(crate) async fn send(&mut self, path: &str, body: &str, expected: u16) {
        let request = post(path, &self.token, body);
        assert_eq!(self.connection.ask(&request).await, expected, "{path}");
    }

    /// Has these messages queued with nothing sent yet.
    pub(crate) async fn queue(&mut self, messages: impl Iterator<Item = String>) {
        self.send("/v1/pause", ALL, 200).await;
        let messages: Vec<String> = messages.collect();
        for some in messages.chunks(1_000) {
            self.send("/v1/messages", &format!("[{}]", some.join(",")), 202).await;
        }
    }

    /// Lets them go.
    pub(crate) async fn resume(&mut self) {
        self.send("/v1/resume", ALL, 200).await;
    }
}

/// A message to a number of its own, with nothing that an emulated network knows it by.
pub(crate) fn message(number: usize) -> String {
    format!(r#"{{"to":"+55119{:08}","text":"{TEXT}"}}"#, 60_000_009 + number * 10)
}

/// Waits until a query of the database, asked with `count`, gives a row.
pub(crate) async fn until(database: &Path, query: &str, count: usize) {
    while !database.exists() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let conn = rusqlite::Connection::open(database).unwrap();
    loop {
        let row = conn.query_row(query, [i64::try_from(count).unwrap()], |_| Ok(())).optional();
        if let Ok(Some(())) = row {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The time below which this share of times lies.
pub(crate) fn quantile(times: &[Duration], share: f64) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index"
    )]
    let index = ((sorted.len() - 1) as f64 * share).round() as usize;
    sorted.get(index).copied().unwrap()
}
