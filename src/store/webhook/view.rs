//! Endpoints and deliveries as readers see them.

use std::time::Duration;

use rusqlite::types::Value;
use rusqlite::{OptionalExtension as _, Row};

use crate::clock::Timestamp;

use super::super::StoreError;
use super::super::reader::{EVENT, Reader};
use super::super::view::{EventView, Page};
use super::outbox::DeliveryState;
use super::{EndpointTerms, EndpointUrl, SigningKey, Wanted};

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointView {
    /// Its row.
    pub key: i64,
    /// What is said of it.
    pub terms: EndpointTerms,
    /// Who made it.
    pub client: String,
    /// When.
    pub created_at: Timestamp,
    /// Why it was disabled, where nobody did that.
    pub disabled_why: Option<String>,
    /// By what it knows us.
    pub secret: SigningKey,
    /// The key of before, and until when it signs.
    pub old_secret: Option<(SigningKey, Timestamp)>,
    /// Counts what was said of it.
    pub revision: i64,
    /// Up to which event of the log it has come.
    pub seq: i64,
    /// Since when nothing gets through.
    pub failing_since: Option<Timestamp>,
    /// Events that wait to be tried again.
    pub waiting: u64,
    /// Events that were given up.
    pub dead: u64,
    /// Events behind its place that are not kept any more: it was disabled when they went.
    pub passed_over: u64,
}

impl EndpointView {
    /// The keys that sign at this time, the newest first.
    pub fn keys(&self, now: Timestamp) -> Vec<SigningKey> {
        let old = self.old_secret.filter(|(_, until)| now < *until).map(|(key, _)| key);
        std::iter::once(self.secret).chain(old).collect()
    }
}

/// An event at an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryView {
    /// Which event.
    pub seq: i64,
    /// Of which type; nothing where it is not kept any more.
    pub kind: Option<String>,
    /// What became of it.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was tried last.
    pub at: Option<Timestamp>,
    /// When it is tried next.
    pub due: Option<Timestamp>,
    /// What the endpoint answered last.
    pub status: Option<u16>,
    /// How long that took.
    pub took: Option<Duration>,
    /// Why it was not taken.
    pub error: Option<String>,
}

const ENDPOINT: &str =
    "SELECT key, url, types, creditors, pii, batch, client, created_at, enabled, disabled_why, secret,
     old_secret, old_until, revision, seq, failing_since,
     (SELECT count(*) FROM webhook_delivery WHERE webhook = webhook.key AND state = 0),
     (SELECT count(*) FROM webhook_delivery WHERE webhook = webhook.key AND state = 2),
     max(0, coalesce((SELECT min(event.seq) FROM event) - 1 - webhook.seq, 0)) FROM webhook";

impl Reader {
    /// All endpoints, oldest first.
    pub fn webhooks(&self) -> Result<Vec<EndpointView>, StoreError> {
        self.with(|conn| {
            let sql = format!("{ENDPOINT} ORDER BY key");
            let endpoints = conn.prepare_cached(&sql)?.query_map([], read_endpoint)?.collect::<Result<_, _>>();
            Ok(endpoints?)
        })
    }

    /// One endpoint.
    pub fn webhook(&self, webhook: i64) -> Result<Option<EndpointView>, StoreError> {
        self.with(|conn| {
            let sql = format!("{ENDPOINT} WHERE key = ?");
            Ok(conn.prepare_cached(&sql)?.query_row([webhook], read_endpoint).optional()?)
        })
    }

    /// Events at an endpoint: those in a state, or all of which something is kept.
    pub fn webhook_deliveries(
        &self,
        webhook: i64,
        state: Option<DeliveryState>,
        page: Page,
        limit: u32,
    ) -> Result<Vec<DeliveryView>, StoreError> {
        let select = "SELECT d.seq, event.type, d.state, d.attempts, d.at, d.due, d.status, d.took_ms, d.error
             FROM webhook_delivery AS d LEFT JOIN event ON event.seq = d.seq";
        let of = [("d.webhook = ?", Value::Integer(webhook))];
        let only = of.into_iter().chain(state.map(|state| ("d.state = ?", Value::Integer(state.code()))));
        self.numbered(select, "d.seq", page, limit, only, read_delivery)
    }

    /// These events of the log, in their order, as far as they are kept.
    pub fn events_of_numbers(&self, seqs: &[i64]) -> Result<Vec<EventView>, StoreError> {
        let sql = format!("{EVENT} WHERE event.seq IN (SELECT value FROM json_each(?)) ORDER BY event.seq");
        let seqs = serde_json::Value::from(seqs).to_string();
        self.with(|conn| {
            let events =
                conn.prepare_cached(&sql)?.query_map([seqs], |row| self.read_event(row))?.collect::<Result<_, _>>();
            Ok(events?)
        })
    }
}

fn read_endpoint(row: &Row<'_>) -> rusqlite::Result<EndpointView> {
    let words = |json: String| serde_json::from_str(&json).unwrap_or_default();
    let old_secret = row.get::<_, Option<_>>(11)?.map(SigningKey);
    let old_until = row.get::<_, Option<i64>>(12)?.map(Timestamp::from_millis);
    Ok(EndpointView {
        key: row.get(0)?,
        terms: EndpointTerms {
            url: EndpointUrl(row.get(1)?),
            wanted: Wanted(words(row.get(2)?)),
            creditors: words(row.get(3)?),
            pii: row.get(4)?,
            batch: row.get(5)?,
            enabled: row.get(8)?,
        },
        client: row.get(6)?,
        created_at: Timestamp::from_millis(row.get(7)?),
        disabled_why: row.get(9)?,
        secret: SigningKey(row.get(10)?),
        old_secret: old_secret.zip(old_until),
        revision: row.get(13)?,
        seq: row.get(14)?,
        failing_since: row.get::<_, Option<i64>>(15)?.map(Timestamp::from_millis),
        waiting: row.get(16)?,
        dead: row.get(17)?,
        passed_over: row.get(18)?,
    })
}

fn read_delivery(row: &Row<'_>) -> rusqlite::Result<DeliveryView> {
    let state = row.get(2)?;
    Ok(DeliveryView {
        seq: row.get(0)?,
        kind: row.get(1)?,
        state: DeliveryState::from_code(state).ok_or(rusqlite::Error::IntegralValueOutOfRange(2, state))?,
        attempts: row.get(3)?,
        at: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_millis),
        due: row.get::<_, Option<i64>>(5)?.map(Timestamp::from_millis),
        status: row.get(6)?,
        took: row.get::<_, Option<u64>>(7)?.map(Duration::from_millis),
        error: row.get(8)?,
    })
}
