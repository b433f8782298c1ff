//! Alarms: what a person must look after, until it is over.
//!
//! An alarm is about a SIM, a modem, an endpoint of webhooks or the gateway itself, and is raised once while it is open. Who is named for alarms gets
//! a text. It waits for a SIM that works for as long as the alarm is open, and is not sent once that is over. What comes and
//! goes is told once an hour. A person can clear an alarm whose cause went with its modem or SIM.

use std::time::Duration;

use rusqlite::{OptionalExtension as _, params};

use crate::clock::Timestamp;
use crate::dispatch::route::Route;
use crate::sms::id::{MessageId, ModemId, SimKey};
use crate::sms::operational;

use super::StoreError;
use super::control::CancelAnswer;
use super::event::{About, EventKind};
use super::work::Work;

/// What kind of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmKind {
    /// A SIM takes no debtor's message until it has proven itself.
    SimResting,
    /// A modem does not work, and nothing that Recado can do has brought it back.
    ModemDead,
    /// Little is left on a prepaid SIM.
    BalanceLow,
    /// The store of a modem has little room for what comes in.
    StoreNearlyFull,
    /// Nothing gets through to an endpoint.
    WebhookFailing,
    /// The configuration was read again and has a mistake in it.
    ConfigurationRefused,
    /// The files of the door's certificate were read again and cannot be used.
    CertificateRefused,
    /// The door's certificate is over soon, or is over.
    CertificateEnding,
    /// The database is a copy of before, and nothing is sent until a person has looked.
    Restored,
    /// At the start the clock of the host showed a time that is past.
    ClockDoubted,
}

impl AlarmKind {
    /// The word in the API, and how a text begins that tells of it; `{}` is what it is about.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::SimResting => ("sim_resting", "SIM {} rests"),
            Self::ModemDead => ("modem_dead", "modem {} does not work"),
            Self::BalanceLow => ("balance_low", "the balance of SIM {} is low"),
            Self::StoreNearlyFull => ("store_nearly_full", "the store of modem {} is nearly full"),
            Self::WebhookFailing => ("webhook_failing", "webhook {} takes no events"),
            Self::ConfigurationRefused => {
                ("configuration_refused", "the configuration has a mistake and was not taken")
            }
            Self::CertificateRefused => ("certificate_refused", "the certificate of the API was not taken"),
            Self::CertificateEnding => ("certificate_ending", "the certificate of the API ends"),
            Self::Restored => ("restored", "the database was restored and nothing is sent"),
            Self::ClockDoubted => ("clock_doubted", "the clock of the host may be wrong"),
        }
    }

    /// The word in the API.
    pub fn name(self) -> &'static str {
        self.words().0
    }
}

/// Between two texts of one kind about one thing.
const TOLD_AGAIN: Duration = Duration::from_secs(60 * 60);

/// What an alarm is about: a SIM, a modem, an endpoint of webhooks, or, by default, the gateway itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Subject<'a> {
    sim: Option<SimKey>,
    modem: Option<&'a str>,
    webhook: Option<i64>,
}

impl<'a> Subject<'a> {
    pub(super) fn sim(sim: SimKey) -> Self {
        Self { sim: Some(sim), ..Self::default() }
    }

    pub(super) fn modem(modem: &'a ModemId) -> Self {
        Self { modem: Some(modem.as_str()), ..Self::default() }
    }

    pub(super) fn webhook(webhook: i64) -> Self {
        Self { webhook: Some(webhook), ..Self::default() }
    }
}

/// An alarm as readers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmView {
    /// Its row.
    pub key: i64,
    /// The word for its kind.
    pub kind: String,
    /// The SIM that it is about, by name or ICCID.
    pub sim: Option<String>,
    /// The modem that it is about.
    pub modem: Option<String>,
    /// The endpoint of webhooks that it is about.
    pub webhook: Option<i64>,
    /// In words for a person.
    pub detail: String,
    /// Since when.
    pub raised_at: Timestamp,
    /// When it was over.
    pub cleared_at: Option<Timestamp>,
}

/// What came of clearing an alarm by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClearAnswer {
    /// It is over.
    Cleared,
    /// It was over before.
    Over,
    /// There is no such alarm.
    NotFound,
}

impl Work<'_> {
    /// Raises an alarm, unless it is raised already, and tells those whom alarms are to be sent to.
    pub(super) fn raise(&mut self, kind: AlarmKind, subject: Subject<'_>, detail: &str) -> Result<(), StoreError> {
        let raised = self
            .conn
            .prepare_cached(
                "INSERT INTO alarm (kind, sim, modem, webhook, detail, raised_at) VALUES (?, ?, ?, ?, ?, ?)
                 ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                kind.name(),
                subject.sim.map(|sim| sim.0),
                subject.modem,
                subject.webhook,
                detail,
                self.now.as_millis(),
            ])?;
        if raised == 0 {
            return Ok(());
        }
        let alarm = self.conn.last_insert_rowid();
        self.alarm_event(EventKind::AlarmRaised, kind.name(), subject, None)?;
        self.tell(alarm, kind, subject, detail)
    }

    /// Sends the texts about an alarm: at once, or an hour after the last ones of its kind about the same thing.
    fn tell(&mut self, alarm: i64, kind: AlarmKind, subject: Subject<'_>, detail: &str) -> Result<(), StoreError> {
        let told: Option<i64> = self
            .conn
            .prepare_cached(
                "SELECT max(told_at) FROM alarm WHERE kind = ? AND sim IS ? AND modem IS ? AND webhook IS ?",
            )?
            .query_row(params![kind.name(), subject.sim.map(|sim| sim.0), subject.modem, subject.webhook], |row| {
                row.get(0)
            })?;
        // The clock may have been set back since.
        let told = told.map(|at| Timestamp::from_millis(at).min(self.now));
        let due = told.map_or(self.now, |at| self.now.max(at + TOLD_AGAIN));
        let text = format!("Recado: {}. {detail}", kind.words().1.replace("{}", &self.label(subject)));
        for to in self.settings.alarms.clone() {
            // A number that cannot be written to was refused with the configuration.
            if let Ok(submission) = operational::alarm(self.own_id(), to, &text, due) {
                self.enqueue(&submission, Route::Any)?;
                self.conn
                    .prepare_cached("INSERT INTO alarm_text (alarm, message) VALUES (?, ?)")?
                    .execute(params![alarm, submission.id.as_bytes()])?;
                self.conn
                    .prepare_cached("UPDATE alarm SET told_at = ? WHERE key = ?")?
                    .execute([due.as_millis(), alarm])?;
            }
        }
        Ok(())
    }

    /// The cause of an alarm is gone.
    pub(super) fn clear(&mut self, kind: AlarmKind, subject: Subject<'_>) -> Result<(), StoreError> {
        let cleared = self
            .conn
            .prepare_cached(
                "UPDATE alarm SET cleared_at = ? WHERE kind = ? AND sim IS ? AND modem IS ? AND webhook IS ?
                 AND cleared_at IS NULL RETURNING key",
            )?
            .query_map(
                params![
                    self.now.as_millis(),
                    kind.name(),
                    subject.sim.map(|sim| sim.0),
                    subject.modem,
                    subject.webhook
                ],
                |row| row.get(0),
            )?
            .collect::<Result<Vec<i64>, _>>()?;
        for alarm in cleared {
            self.alarm_event(EventKind::AlarmCleared, kind.name(), subject, None)?;
            self.withdraw_texts(alarm)?;
        }
        Ok(())
    }

    /// A person says that an alarm is over: what it was about may not be there any more. While its cause lasts it is not
    /// raised again.
    pub fn clear_alarm(&mut self, alarm: i64, client: &str) -> Result<ClearAnswer, StoreError> {
        let row = self
            .conn
            .prepare_cached("SELECT kind, sim, modem, webhook, cleared_at IS NOT NULL FROM alarm WHERE key = ?")?
            .query_row([alarm], |row| {
                let sim = row.get::<_, Option<i64>>(1)?.map(SimKey);
                Ok((row.get::<_, String>(0)?, sim, row.get::<_, Option<String>>(2)?, row.get(3)?, row.get(4)?))
            })
            .optional()?;
        let Some((kind, sim, modem, webhook, is_over)) = row else { return Ok(ClearAnswer::NotFound) };
        if is_over {
            return Ok(ClearAnswer::Over);
        }
        self.conn
            .prepare_cached("UPDATE alarm SET cleared_at = ? WHERE key = ?")?
            .execute([self.now.as_millis(), alarm])?;
        let subject = Subject { sim, modem: modem.as_deref(), webhook };
        self.alarm_event(EventKind::AlarmCleared, &kind, subject, Some(&format!("client {client}")))?;
        self.withdraw_texts(alarm)?;
        Ok(ClearAnswer::Cleared)
    }

    /// What is to be told of a modem's store, now that it was counted.
    pub fn store_counted(&mut self, modem: &ModemId, is_nearly_full: bool) -> Result<(), StoreError> {
        let subject = Subject::modem(modem);
        if is_nearly_full {
            let detail = "Texts that find no room wait in the network. Look for messages that were stored by others.";
            self.raise(AlarmKind::StoreNearlyFull, subject, detail)
        } else {
            self.clear(AlarmKind::StoreNearlyFull, subject)
        }
    }

    /// The configuration was read: at start, or again. What is wrong with it, if something is, is where to look.
    pub fn configuration_read(&mut self, mistake: Option<&str>) -> Result<(), StoreError> {
        match mistake {
            Some(place) => self.raise(
                AlarmKind::ConfigurationRefused,
                Subject::default(),
                &format!("That of before holds. Look at {place}, or run recado check; then recado reload."),
            ),
            None => self.clear(AlarmKind::ConfigurationRefused, Subject::default()),
        }
    }

    /// How the certificate of the door stands: where to look if its files cannot be used, and when it ends if that is soon.
    pub fn certificate_stands(&mut self, refused: Option<&str>, ends: Option<Timestamp>) -> Result<(), StoreError> {
        match refused {
            Some(file) => self.raise(
                AlarmKind::CertificateRefused,
                Subject::default(),
                &format!("That of before is shown. Look at {file}, or run recado check."),
            )?,
            None => self.clear(AlarmKind::CertificateRefused, Subject::default())?,
        }
        match ends {
            Some(at) => self.raise(
                AlarmKind::CertificateEnding,
                Subject::default(),
                &format!("It holds until {at}. Put another one in its place; it is taken by itself."),
            ),
            None => self.clear(AlarmKind::CertificateEnding, Subject::default()),
        }
    }

    /// At start: how full stores are is counted anew.
    pub(super) fn forget_stores(&mut self) -> Result<(), StoreError> {
        let sql = "SELECT modem FROM alarm WHERE kind = ? AND modem IS NOT NULL AND cleared_at IS NULL";
        let modems = self
            .conn
            .prepare(sql)?
            .query_map([AlarmKind::StoreNearlyFull.name()], |row| row.get(0))?
            .collect::<Result<Vec<String>, _>>()?;
        modems.iter().try_for_each(|modem| self.store_counted(&ModemId::new(modem), false))
    }

    /// What still waits to tell of an alarm that is over is not sent.
    fn withdraw_texts(&mut self, alarm: i64) -> Result<(), StoreError> {
        let texts = self
            .conn
            .prepare_cached("DELETE FROM alarm_text WHERE alarm = ? RETURNING message")?
            .query_map([alarm], |row| row.get(0).map(MessageId::from_bytes))?
            .collect::<Result<Vec<_>, _>>()?;
        let mut was_told = texts.is_empty();
        for id in texts {
            // One that was handed over is too late, and is true.
            was_told |= self.cancel(id)? != CancelAnswer::Cancelled;
        }
        if !was_told {
            self.conn.prepare_cached("UPDATE alarm SET told_at = NULL WHERE key = ?")?.execute([alarm])?;
        }
        Ok(())
    }

    fn label(&self, subject: Subject<'_>) -> String {
        let sim = subject.sim.and_then(|sim| self.board.sims.get(&sim)).map(|entry| entry.card.names.label());
        let webhook = subject.webhook.map(|webhook| webhook.to_string());
        sim.or_else(|| subject.modem.map(ToOwned::to_owned)).or(webhook).unwrap_or_default()
    }

    fn alarm_event(
        &mut self,
        event: EventKind,
        kind: &str,
        subject: Subject<'_>,
        by: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut data = serde_json::Map::from_iter([("kind".to_owned(), kind.into())]);
        data.extend(by.map(|by| ("by".to_owned(), by.into())));
        data.extend(subject.webhook.map(|webhook| ("webhook".to_owned(), webhook.into())));
        let data = serde_json::Value::from(data);
        let data = Some(data.to_string());
        self.event(event, &About { modem: subject.modem, sim: subject.sim, data, ..About::default() })
    }
}
