//! Endpoints that events are posted to, and the outbox of each.
//!
//! The log of events is the queue: an endpoint has a place in it, and rows of its own only for what waits to be tried again,
//! for what was given up, and for the last that were delivered. Whoever delivers says how far it has come for many events at
//! once ([`Work::note_deliveries`]), so that the writer has little to do for it. What was delivered and not noted before a
//! crash is delivered again.
//!
//! The log is not cut behind the place of an endpoint that is enabled. One that is disabled holds nothing up: what goes of the log
//! before it goes on is passed over, which its view says, and a dead letter when it is enabled again.

mod outbox;
mod passed;
mod view;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rusqlite::{OptionalExtension as _, params};

use crate::clock::Timestamp;

use super::StoreError;
use super::alarm::{AlarmKind, Subject};
use super::reader::json_list;
use super::work::Work;

pub use outbox::{ALARM_AFTER, DeliveryState, Progress, Record, Waiting};
pub use view::{DeliveryView, EndpointView};

/// Endpoints at most: each has a task and connections of its own.
pub const ENDPOINTS_MAX: u32 = 64;

/// What the texts of secrets begin with, as Standard Webhooks has it.
const SECRET_PREFIX: &str = "whsec_";

/// The key by which an endpoint knows that events come from here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SigningKey(pub [u8; 32]);

impl SigningKey {
    /// As it is shown, once.
    pub fn text(&self) -> String {
        format!("{SECRET_PREFIX}{}", STANDARD.encode(self.0))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

/// Where events are posted to. It may hold a password, so it is not shown by chance.
#[derive(Clone, PartialEq, Eq)]
pub struct EndpointUrl(pub String);

impl fmt::Debug for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EndpointUrl")
    }
}

/// What events an endpoint wants: their types, or beginnings of them such as `message.*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted(pub Vec<String>);

impl Wanted {
    /// Whether an event of this type is wanted.
    pub fn has(&self, kind: &str) -> bool {
        self.0.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(beginning) => kind.starts_with(beginning),
            None => pattern == kind,
        })
    }
}

/// What is said of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointTerms {
    /// Where to.
    pub url: EndpointUrl,
    /// What events.
    pub wanted: Wanted,
    /// Only events about messages and debts of these creditors; empty for all.
    pub creditors: Vec<String>,
    /// Whether it may see what a reader with `pii` sees.
    pub pii: bool,
    /// Events in one request; 0 for one that is no array.
    pub batch: u32,
    /// Whether anything is posted.
    pub enabled: bool,
}

/// What came of a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayAnswer {
    /// There is no such endpoint.
    NotFound,
    /// The event is not kept any more; this is the oldest.
    Gone(i64),
    /// So many events are looked at again, or were put back.
    Done(u64),
}

/// What is delivered again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// Everything that it wants.
    All,
    /// What was given up.
    Dead,
}

impl Work<'_> {
    /// Makes an endpoint that hears of everything from now on. Returns its key; `None` where there are too many.
    pub fn create_webhook(
        &mut self,
        terms: &EndpointTerms,
        key: SigningKey,
        client: &str,
    ) -> Result<Option<i64>, StoreError> {
        let there: u32 = self.conn.prepare_cached("SELECT count(*) FROM webhook")?.query_row([], |row| row.get(0))?;
        if there >= ENDPOINTS_MAX {
            return Ok(None);
        }
        self.conn
            .prepare_cached(
                "INSERT INTO webhook (url, types, creditors, pii, batch, client, created_at, enabled, secret, revision, seq)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)",
            )?
            .execute(params![
                terms.url.0,
                json_list(&terms.wanted.0),
                json_list(&terms.creditors),
                terms.pii,
                terms.batch,
                client,
                self.now.as_millis(),
                terms.enabled,
                key.0,
                self.counters.seq,
            ])?;
        Ok(Some(self.conn.last_insert_rowid()))
    }

    /// Says other things of an endpoint. What waits is tried at once, and an alarm about it is over. False where there is none.
    pub fn change_webhook(&mut self, webhook: i64, terms: &EndpointTerms) -> Result<bool, StoreError> {
        let changed = self
            .conn
            .prepare_cached(
                "UPDATE webhook SET url = ?2, types = ?3, creditors = ?4, pii = ?5, batch = ?6, enabled = ?7,
                 disabled_why = NULL, failing_since = NULL, revision = revision + 1 WHERE key = ?1",
            )?
            .execute(params![
                webhook,
                terms.url.0,
                json_list(&terms.wanted.0),
                json_list(&terms.creditors),
                terms.pii,
                terms.batch,
                terms.enabled,
            ])?;
        if changed == 0 {
            return Ok(false);
        }
        if terms.enabled {
            self.pass_over(webhook)?;
        }
        self.conn
            .prepare_cached(
                "UPDATE webhook_delivery SET due = ?2, first_at = ?2 WHERE webhook = ?1 AND state = 0 AND due > ?2",
            )?
            .execute([webhook, self.now.as_millis()])?;
        self.clear(AlarmKind::WebhookFailing, Subject::webhook(webhook))?;
        Ok(true)
    }

    /// Removes an endpoint with all that waits for it. False where there is none.
    pub fn remove_webhook(&mut self, webhook: i64) -> Result<bool, StoreError> {
        let removed = self.conn.prepare_cached("DELETE FROM webhook WHERE key = ?")?.execute([webhook])? > 0;
        if removed {
            self.clear(AlarmKind::WebhookFailing, Subject::webhook(webhook))?;
        }
        Ok(removed)
    }

    /// Gives an endpoint another key. Until `until` the one before signs too. False where there is no such endpoint.
    pub fn rotate_webhook(&mut self, webhook: i64, key: SigningKey, until: Timestamp) -> Result<bool, StoreError> {
        let changed = self
            .conn
            .prepare_cached(
                "UPDATE webhook SET old_secret = secret, old_until = ?3, secret = ?2, revision = revision + 1
                 WHERE key = ?1",
            )?
            .execute(params![webhook, key.0, until.as_millis()])?;
        Ok(changed > 0)
    }

    /// Delivers again from an event on. An endpoint that has not come so far yet comes there anyway.
    pub fn replay_webhook(&mut self, webhook: i64, from: i64, what: Replay) -> Result<ReplayAnswer, StoreError> {
        let sql = "SELECT seq FROM webhook WHERE key = ?";
        let seq: Option<i64> = self.conn.prepare_cached(sql)?.query_row([webhook], |row| row.get(0)).optional()?;
        let Some(seq) = seq else { return Ok(ReplayAnswer::NotFound) };
        let again = match what {
            // An event that was cut cannot be posted any more, and its row says so until it is forgotten.
            Replay::Dead => self
                .conn
                .prepare_cached(
                    "UPDATE webhook_delivery SET state = 0, due = ?3, first_at = ?3 WHERE webhook = ?1 AND seq >= ?2
                     AND state = 2 AND seq IN (SELECT seq FROM event)",
                )?
                .execute([webhook, from, self.now.as_millis()])? as u64,
            Replay::All => {
                let sql = "SELECT coalesce(min(seq), 1) FROM event";
                let oldest: i64 = self.conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
                if from < oldest {
                    return Ok(ReplayAnswer::Gone(oldest));
                }
                self.conn
                    .prepare_cached("DELETE FROM webhook_delivery WHERE webhook = ?1 AND seq >= ?2")?
                    .execute([webhook, from])?;
                let place = seq.min(from - 1);
                self.conn.prepare_cached("UPDATE webhook SET seq = ?2 WHERE key = ?1")?.execute([webhook, place])?;
                u64::try_from(seq - place).unwrap_or_default()
            }
        };
        self.conn.prepare_cached("UPDATE webhook SET revision = revision + 1 WHERE key = ?")?.execute([webhook])?;
        Ok(ReplayAnswer::Done(again))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_wanted_by_its_name_or_its_beginning() {
        let wanted = |patterns: &[&str], kind: &str| Wanted(patterns.iter().map(|&p| p.to_owned()).collect()).has(kind);
        assert!(wanted(&["*"], "alarm.raised"));
        assert!(wanted(&["message.*"], "message.delivered"));
        assert!(wanted(&["inbound.received", "message.delivered"], "message.delivered"));
        assert!(!wanted(&["message.*"], "messages"));
        assert!(!wanted(&["message.delivered"], "message.delivered.late"));
        assert!(!wanted(&[], "message.delivered"));
    }

    #[test]
    fn secrets_and_addresses_are_not_shown_by_chance() {
        let key = SigningKey([7; 32]);
        assert_eq!(key.text(), "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=");
        assert_eq!(format!("{key:?} {:?}", EndpointUrl("https://u:p@x".into())), "SigningKey EndpointUrl");
    }
}
