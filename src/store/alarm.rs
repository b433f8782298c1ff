//! Alarms: what a person must look after, until it is over.

use rusqlite::params;

use crate::clock::Timestamp;
use crate::dispatch::route::Route;
use crate::sms::id::SimKey;
use crate::sms::operational;

use super::StoreError;
use super::event::{About, EventKind};
use super::work::Work;

/// What kind of thing is wrong. The words are part of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmKind {
    /// A SIM takes no debtor's message until it has proven itself.
    SimResting,
}

impl AlarmKind {
    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::SimResting => "sim_resting",
        }
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
    /// In words for a person.
    pub detail: String,
    /// Since when.
    pub raised_at: Timestamp,
    /// When it was over.
    pub cleared_at: Option<Timestamp>,
}

impl Work<'_> {
    /// Raises an alarm about a SIM, unless it is raised already, and tells those whom alarms are to be sent to.
    pub(super) fn raise(&mut self, kind: AlarmKind, sim: SimKey, detail: &str) -> Result<(), StoreError> {
        let raised = self
            .conn
            .prepare_cached(
                "INSERT INTO alarm (kind, sim, detail, raised_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            )?
            .execute(params![kind.name(), sim.0, detail, self.now.as_millis()])?;
        if raised == 0 {
            return Ok(());
        }
        self.alarm_event(EventKind::AlarmRaised, kind, sim)?;
        let label = self.board.sims.get(&sim).map(|entry| entry.card.names.label()).unwrap_or_default();
        let text = format!("Recado: SIM {label} rests. {detail}");
        for to in self.settings.alarms.clone() {
            // A number that cannot be written to was refused with the configuration.
            if let Ok(submission) = operational::submission(self.own_id(), to, &text, self.now) {
                self.enqueue(&submission, Route::Any)?;
            }
        }
        Ok(())
    }

    /// The cause of an alarm is gone.
    pub(super) fn clear(&mut self, kind: AlarmKind, sim: SimKey) -> Result<(), StoreError> {
        let cleared = self
            .conn
            .prepare_cached("UPDATE alarm SET cleared_at = ? WHERE kind = ? AND sim = ? AND cleared_at IS NULL")?
            .execute(params![self.now.as_millis(), kind.name(), sim.0])?;
        if cleared > 0 {
            self.alarm_event(EventKind::AlarmCleared, kind, sim)?;
        }
        Ok(())
    }

    fn alarm_event(&mut self, event: EventKind, kind: AlarmKind, sim: SimKey) -> Result<(), StoreError> {
        let data = Some(serde_json::json!({ "kind": kind.name() }).to_string());
        self.event(event, &About { sim: Some(sim), data, ..About::default() })
    }
}
