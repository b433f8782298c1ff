//! What an endpoint was not told while it was disabled, because it is not kept any more.
//!
//! Events go at the end of their time (`retention.rs`), whether an endpoint that is disabled was told of them or not: nobody need have
//! noticed that it is, and with the log everything that is as old would stay. So that nothing goes unseen, the endpoint shows how many
//! events that are, and once it is enabled a dead letter does.

use rusqlite::{OptionalExtension as _, params};

use super::super::StoreError;
use super::super::work::Work;
use super::outbox::DeliveryState;

/// Why an event that waited was given up.
const GONE: &str = "not kept any more: deleted while the endpoint was disabled";

impl Work<'_> {
    /// An endpoint goes on behind what is not kept any more, and what waited of that is given up.
    pub(super) fn pass_over(&self, webhook: i64) -> Result<(), StoreError> {
        let sql = "SELECT seq, (SELECT min(seq) FROM event) FROM webhook WHERE key = ?";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let found = self.conn.prepare_cached(sql)?.query_row([webhook], read).optional()?;
        let Some((place, Some(oldest))): Option<(i64, Option<i64>)> = found else { return Ok(()) };
        let (now, dead, waiting) = (self.now.as_millis(), DeliveryState::Dead.code(), DeliveryState::Waiting.code());
        self.conn
            .prepare_cached(
                "UPDATE webhook_delivery SET state = ?3, due = NULL, at = ?4, error = ?5
                 WHERE webhook = ?1 AND state = ?6 AND seq < ?2",
            )?
            .execute(params![webhook, oldest, dead, now, GONE, waiting])?;
        let last = oldest - 1;
        if place >= last {
            return Ok(());
        }
        let error = format!("{} events up to this one were deleted while the endpoint was disabled", last - place);
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO webhook_delivery (webhook, seq, state, attempts, at, error) VALUES (?, ?, ?, 0, ?, ?)",
            )?
            .execute(params![webhook, last, dead, now, error])?;
        self.conn.prepare_cached("UPDATE webhook SET seq = ?2 WHERE key = ?1")?.execute([webhook, last])?;
        Ok(())
    }
}
