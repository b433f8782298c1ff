//! Modems and the SIMs in them, as far as the queue must know.

use rusqlite::params;

use crate::modem::RUNG_DEAD;
use crate::sms::id::{ModemId, SimKey};

use super::StoreError;
use super::alarm::{AlarmKind, Subject};
use super::board::Place;
use super::event::{About, EventKind};
use super::work::{Effect, Work};

impl Work<'_> {
    /// A modem is up with this SIM in it. Returns the SIM's row.
    pub fn modem_up(&mut self, modem: &ModemId, iccid: &str) -> Result<SimKey, StoreError> {
        let sim = self.sim(iccid)?;
        // A SIM that is ready counts wrong PINs anew.
        self.conn
            .prepare_cached("UPDATE sim SET pin_refused = NULL WHERE key = ? AND pin_refused IS NOT NULL")?
            .execute([sim.0])?;
        // A SIM that was moved is in one modem only.
        self.board.set_place(sim, Some(Place { modem: modem.clone(), ready: false }));
        self.event(EventKind::ModemUp, &About { modem: Some(modem.as_str()), sim: Some(sim), ..About::default() })?;
        self.line_effect(sim);
        Ok(sim)
    }

    /// A modem that is up was found in this slot. It is in no other one.
    pub fn modem_at(&mut self, modem: &ModemId, slot: &str) -> Result<(), StoreError> {
        let values = params![slot, modem.as_str()];
        self.conn.prepare_cached("DELETE FROM modem_place WHERE modem = ?2 AND slot <> ?1")?.execute(values)?;
        self.conn
            .prepare_cached(
                "INSERT INTO modem_place (slot, modem) VALUES (?, ?)
                 ON CONFLICT (slot) DO UPDATE SET modem = excluded.modem WHERE modem <> excluded.modem",
            )?
            .execute(values)?;
        Ok(())
    }

    /// A rung of the recovery ladder is tried. On the last one a person must look after the modem, until it can send again.
    pub fn modem_recovery(
        &mut self,
        modem: &ModemId,
        sim: Option<SimKey>,
        rung: u8,
        reason: &str,
    ) -> Result<(), StoreError> {
        let data = Some(serde_json::json!({ "rung": rung, "reason": reason }).to_string());
        self.event(EventKind::ModemRecovery, &About { modem: Some(modem.as_str()), sim, data, ..About::default() })?;
        if rung == RUNG_DEAD {
            self.raise(AlarmKind::ModemDead, Subject::modem(modem), reason)?;
        }
        Ok(())
    }

    /// At start: a USB device that a killed process had taken from its drivers was given back, or why it could not be.
    pub fn given_back(&mut self, place: &str, failure: Option<&str>) -> Result<(), StoreError> {
        let modem = ModemId::of_slot(place);
        match failure {
            None => self.clear(AlarmKind::ModemDead, Subject::modem(&modem)),
            Some(failure) => {
                let detail = format!(
                    "It was taken off the bus by a reset and cannot be put back ({failure}). Unplug it and plug it in again."
                );
                self.raise(AlarmKind::ModemDead, Subject::modem(&modem), &detail)
            }
        }
    }

    /// The modem can send, or cannot for now, because it is not registered.
    pub fn line_ready(&mut self, sim: SimKey, modem: &ModemId, ready: bool) -> Result<(), StoreError> {
        let place = self.board.sims.get(&sim).and_then(|entry| entry.place.as_ref());
        let Some(was_ready) = place.filter(|place| place.modem == *modem).map(|place| place.ready) else {
            return Ok(());
        };
        self.board.set_place(sim, Some(Place { modem: modem.clone(), ready }));
        self.line_effect(sim);
        if ready && !was_ready {
            self.clear(AlarmKind::ModemDead, Subject::modem(modem))?;
        }
        Ok(())
    }

    /// The modem is gone or being recovered; what it held was settled before.
    pub fn modem_down(&mut self, modem: &ModemId, sim: Option<SimKey>, reason: &str) -> Result<(), StoreError> {
        let data = Some(serde_json::json!({ "reason": reason }).to_string());
        self.event(EventKind::ModemDown, &About { modem: Some(modem.as_str()), sim, data, ..About::default() })?;
        if let Some(sim) = sim.filter(|&sim| self.is_in(sim, modem)) {
            self.board.set_place(sim, None);
            self.effect(Effect::Gone(sim));
        }
        Ok(())
    }

    fn is_in(&self, sim: SimKey, modem: &ModemId) -> bool {
        let place = self.board.sims.get(&sim).and_then(|entry| entry.place.as_ref());
        place.is_some_and(|place| place.modem == *modem)
    }

    /// A PIN, of which `mark` is the digest, is about to be written to the SIM. Three wrong ones lock it, so this one is not
    /// written again before the SIM has been ready.
    pub fn spend_pin(&mut self, iccid: &str, mark: &[u8; 32]) -> Result<(), StoreError> {
        self.conn
            .prepare_cached(
                "INSERT INTO sim (iccid, first_seen, pin_refused) VALUES (?1, ?2, ?3)
                 ON CONFLICT (iccid) DO UPDATE SET pin_refused = ?3",
            )?
            .execute(params![iccid, self.now.as_millis(), mark])?;
        Ok(())
    }

    /// The row of a SIM, which is made and announced when it is new.
    fn sim(&mut self, iccid: &str) -> Result<SimKey, StoreError> {
        self.conn
            .prepare_cached("INSERT INTO sim (iccid, first_seen) VALUES (?, ?) ON CONFLICT DO NOTHING")?
            .execute(params![iccid, self.now.as_millis()])?;
        let sim = self
            .conn
            .prepare_cached("SELECT key FROM sim WHERE iccid = ?")?
            .query_row([iccid], |row| row.get(0).map(SimKey))?;
        if self.board.sims.contains_key(&sim) {
            return Ok(sim);
        }
        self.board.add_sim(self.conn, self.settings.sims.card(iccid), sim, self.now)?;
        self.event(EventKind::SimSeen, &About { sim: Some(sim), ..About::default() })?;
        Ok(sim)
    }

    /// Tells the dispatcher how a SIM stands now.
    pub(super) fn line_effect(&mut self, sim: SimKey) {
        let Some(entry) = self.board.sims.get(&sim) else { return };
        let effect = Effect::Line {
            sim,
            names: entry.card.names.clone(),
            ready: entry.place.as_ref().is_some_and(|place| place.ready),
            paused: self.board.sim_is_paused(entry),
            resting: entry.health.rest.is_some(),
            free_at: self.free_at(sim),
            share: self.share(sim),
        };
        self.effect(effect);
    }
}
