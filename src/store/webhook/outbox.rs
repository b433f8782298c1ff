//! How far an endpoint has come: what was read of the log, what waits, what was delivered or given up.

use std::time::Duration;

use rusqlite::{OptionalExtension as _, params};

use crate::clock::Timestamp;
use crate::sms::id::MessageId;

use super::super::StoreError;
use super::super::alarm::{AlarmKind, Subject};
use super::super::reader::Reader;
use super::super::work::Work;

/// Nothing getting through for so long is an alarm.
pub const ALARM_AFTER: Duration = Duration::from_secs(60 * 60);

/// Deliveries that went well of which a row is kept.
pub(super) const DELIVERED_KEPT: u32 = 100;

/// What became of an event at an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is tried again, or waits behind an earlier one of its message.
    Waiting,
    /// The endpoint took it.
    Delivered,
    /// It was given up.
    Dead,
}

impl DeliveryState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Delivered, Self::Dead];

    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }

    pub(super) fn code(self) -> i64 {
        match self {
            Self::Waiting => 0,
            Self::Delivered => 1,
            Self::Dead => 2,
        }
    }

    pub(super) fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// What is known of an event at an endpoint after an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Which event.
    pub seq: i64,
    /// What became of it.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was tried first.
    pub first_at: Option<Timestamp>,
    /// When it is tried next; none while another one goes before it.
    pub due: Option<Timestamp>,
    /// When it was tried last.
    pub at: Option<Timestamp>,
    /// What the endpoint answered last.
    pub status: Option<u16>,
    /// How long that took.
    pub took: Option<Duration>,
    /// Why it was not taken.
    pub error: Option<String>,
}

/// How far an endpoint has come since it was noted last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Which endpoint.
    pub webhook: i64,
    /// What was said of it then; under another revision none of this holds.
    pub revision: i64,
    /// Up to which event everything was delivered, was not wanted, or has a record.
    pub seq: i64,
    /// Events of which something else is known now.
    pub records: Vec<Record>,
    /// Since when nothing gets through.
    pub failing_since: Option<Timestamp>,
    /// Why nothing is posted any more.
    pub disabled: Option<&'static str>,
    /// What was given up before this time is forgotten.
    pub forget: Timestamp,
}

/// An event that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Which.
    pub seq: i64,
    /// The message that it is about.
    pub message: Option<MessageId>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was tried first.
    pub first_at: Option<Timestamp>,
    /// When it is tried next.
    pub due: Option<Timestamp>,
}

impl Work<'_> {
    /// Notes how far an endpoint has come. False where something else was said of it meanwhile: nothing is noted then.
    pub fn note_deliveries(&mut self, progress: &Progress) -> Result<bool, StoreError> {
        let &Progress { webhook, revision, seq, failing_since, disabled, forget, .. } = progress;
        let sql = "SELECT failing_since IS NOT NULL FROM webhook WHERE key = ? AND revision = ?";
        let failed = self.conn.prepare_cached(sql)?.query_row([webhook, revision], |row| row.get(0)).optional()?;
        let Some(failed): Option<bool> = failed else { return Ok(false) };
        self.conn
            .prepare_cached(
                "UPDATE webhook SET seq = ?2, failing_since = ?3, enabled = enabled AND ?4 IS NULL,
                 disabled_why = ?4 WHERE key = ?1",
            )?
            .execute(params![webhook, seq, failing_since.map(Timestamp::as_millis), disabled])?;
        for record in &progress.records {
            self.note_delivery(webhook, record)?;
        }
        if !progress.records.is_empty() {
            self.forget_deliveries(webhook, forget)?;
        }
        let subject = Subject::webhook(webhook);
        if let Some(why) = disabled {
            // In its own words, even if it was raised before for failing.
            self.clear(AlarmKind::WebhookFailing, subject)?;
            self.raise(AlarmKind::WebhookFailing, subject, &format!("It is disabled: {why}."))?;
        } else if failing_since.is_some_and(|since| self.now.saturating_since(since) >= ALARM_AFTER) {
            let detail = "Nothing got through for an hour. What waits goes on as soon as something does.";
            self.raise(AlarmKind::WebhookFailing, subject, detail)?;
        } else if failing_since.is_none() && failed {
            self.clear(AlarmKind::WebhookFailing, subject)?;
        }
        Ok(true)
    }

    fn note_delivery(&self, webhook: i64, record: &Record) -> Result<(), StoreError> {
        let ms = |at: Option<Timestamp>| at.map(Timestamp::as_millis);
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO webhook_delivery
                 (webhook, seq, state, attempts, first_at, due, at, status, took_ms, error)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                webhook,
                record.seq,
                record.state.code(),
                record.attempts,
                ms(record.first_at),
                ms(record.due),
                ms(record.at),
                record.status,
                record.took.map(|took| i64::try_from(took.as_millis()).unwrap_or(i64::MAX)),
                record.error,
            ])?;
        Ok(())
    }

    fn forget_deliveries(&self, webhook: i64, forget: Timestamp) -> Result<(), StoreError> {
        self.conn
            .prepare_cached(
                "DELETE FROM webhook_delivery WHERE webhook = ?1 AND state = 1 AND (at, seq) <=
                 (SELECT at, seq FROM webhook_delivery WHERE webhook = ?1 AND state = 1
                  ORDER BY at DESC, seq DESC LIMIT 1 OFFSET ?2)",
            )?
            .execute(params![webhook, DELIVERED_KEPT])?;
        self.conn
            .prepare_cached("DELETE FROM webhook_delivery WHERE webhook = ?1 AND state = 2 AND at < ?2")?
            .execute([webhook, forget.as_millis()])?;
        Ok(())
    }
}

impl Reader {
    /// What waits for an endpoint, in the order of events.
    pub fn webhook_waiting(&self, webhook: i64) -> Result<Vec<Waiting>, StoreError> {
        let sql = "SELECT d.seq, message.id, d.attempts, d.first_at, d.due FROM webhook_delivery AS d
             LEFT JOIN event ON event.seq = d.seq LEFT JOIN message ON message.key = event.message
             WHERE d.webhook = ? AND d.state = 0 ORDER BY d.seq";
        self.with(|conn| {
            let waiting = conn
                .prepare_cached(sql)?
                .query_map([webhook], |row| {
                    Ok(Waiting {
                        seq: row.get(0)?,
                        message: row.get::<_, Option<_>>(1)?.map(MessageId::from_bytes),
                        attempts: row.get(2)?,
                        first_at: row.get::<_, Option<i64>>(3)?.map(Timestamp::from_millis),
                        due: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_millis),
                    })
                })?
                .collect::<Result<_, _>>();
            Ok(waiting?)
        })
    }
}
