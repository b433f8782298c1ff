//! SIMs that rest, what rests them, and the self-tests that bring them back.

use rusqlite::{Connection, params};
use sha2::{Digest as _, Sha256};

use crate::clock::Timestamp;
use crate::dispatch::health::{Rest, RestReason};
use crate::dispatch::plan::LaneKey;
use crate::dispatch::route::Route;
use crate::sms::id::{MessageId, MessageKey, SimKey};
use crate::sms::message::Purpose;
use crate::sms::number::PhoneNumber;
use crate::sms::operational;
use crate::sms::outcome::{Cause, Disposition, Phase};

use super::StoreError;
use super::alarm::{AlarmKind, Subject};
use super::board::Sim;
use super::control::Decision;
use super::event::{About, EventKind};
use super::row::MessageRow;
use super::work::Work;

/// What came of asking for a self-test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestAnswer {
    /// This message is on its way.
    Sent(MessageId),
    /// No SIM is known by that name.
    NoSuchSim,
    /// Neither was a number given nor does another SIM or an alarm have one.
    NoNumber,
    /// The number that was given is nobody's of ours.
    NotOurs,
}

/// The rest of a SIM as it was stored.
pub(super) fn rest(conn: &Connection, sim: SimKey) -> Result<Option<Rest>, StoreError> {
    let sql = "SELECT rest_reason, rest_since, rest_tests, rest_next_test FROM sim WHERE key = ?";
    let (reason, since, tests, next): (Option<String>, Option<i64>, Option<u32>, Option<i64>) =
        conn.prepare_cached(sql)?.query_row([sim.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    let Some(reason) = reason else { return Ok(None) };
    let corrupt = StoreError::Corrupt { table: "sim", key: sim.0, what: "reason to rest" };
    let reason: RestReason = reason.parse().or(Err(corrupt))?;
    let at = |ms: Option<i64>| Timestamp::from_millis(ms.unwrap_or_default());
    Ok(Some(Rest { reason, since: at(since), tests: tests.unwrap_or_default(), next_test: at(next) }))
}

impl Work<'_> {
    /// The network took a part of this message by `sim`.
    pub(super) fn note_accepted(&mut self, message: &MessageRow, sim: SimKey) -> Result<(), StoreError> {
        let proves = self.is_test(message.lane);
        let Some(entry) = self.board.sims.get_mut(&sim) else { return Ok(()) };
        let was_closed = entry.health.closed_until() > self.now;
        if proves && entry.health.rest.is_some() {
            entry.health.proven();
            return self.end_rest(sim);
        }
        entry.health.accepted();
        if was_closed {
            self.line_effect(sim);
        }
        Ok(())
    }

    /// `sim` was refused a part of this message.
    pub(super) fn note_refused(
        &mut self,
        message: &MessageRow,
        sim: SimKey,
        (cause, phase): (Cause, Phase),
        disposition: Disposition,
    ) -> Result<(), StoreError> {
        let now = self.now;
        let Some(entry) = self.board.sims.get_mut(&sim) else { return Ok(()) };
        entry.account.refused(cause);
        let begins = entry.health.refused(cause, phase, disposition, message.recipient()?.as_u64(), now);
        if let Some(reason) = begins {
            return self.begin_rest(sim, reason);
        }
        self.line_effect(sim);
        Ok(())
    }

    /// What became of a part that `sim` had is not known.
    pub(super) fn note_unknown(&mut self, sim: SimKey) -> Result<(), StoreError> {
        let now = self.now;
        match self.board.sims.get_mut(&sim).and_then(|entry| entry.health.lost_sight(now)) {
            Some(reason) => self.begin_rest(sim, reason),
            None => Ok(()),
        }
    }

    pub(super) fn is_test(&self, lane: LaneKey) -> bool {
        self.board.lanes.get(&lane).is_some_and(|info| info.route.is_test())
    }

    pub(super) fn begin_rest(&mut self, sim: SimKey, reason: RestReason) -> Result<(), StoreError> {
        self.save_rest(sim)?;
        let data = serde_json::json!({ "resting": true, "reason": reason.to_string() }).to_string();
        self.event(EventKind::SimResting, &About { sim: Some(sim), data: Some(data), ..About::default() })?;
        self.line_effect(sim);
        self.raise(AlarmKind::SimResting, Subject::sim(sim), &reason.detail())
    }

    pub(super) fn end_rest(&mut self, sim: SimKey) -> Result<(), StoreError> {
        self.save_rest(sim)?;
        let data = Some(serde_json::json!({ "resting": false }).to_string());
        self.event(EventKind::SimResting, &About { sim: Some(sim), data, ..About::default() })?;
        self.line_effect(sim);
        self.clear(AlarmKind::SimResting, Subject::sim(sim))
    }

    pub(super) fn save_rest(&self, sim: SimKey) -> Result<(), StoreError> {
        let rest = self.board.sims.get(&sim).and_then(|entry| entry.health.rest);
        self.conn
            .prepare_cached(
                "UPDATE sim SET rest_reason = ?, rest_since = ?, rest_tests = ?, rest_next_test = ? WHERE key = ?",
            )?
            .execute(params![
                rest.map(|rest| rest.reason.to_string()),
                rest.map(|rest| rest.since.as_millis()),
                rest.map(|rest| rest.tests),
                rest.map(|rest| rest.next_test.as_millis()),
                sim.0
            ])?;
        Ok(())
    }

    /// Sends the self-tests that are due, where there is a number to send them to.
    pub(super) fn test_due(&mut self) -> Result<(), StoreError> {
        let is_due = |sim: &Sim| sim.test_due().is_some_and(|at| at <= self.now);
        let sims: Vec<SimKey> = self.board.sims.iter().filter(|(_, sim)| is_due(sim)).map(|(key, _)| *key).collect();
        for sim in sims {
            let now = self.now;
            if let Some(rest) = self.board.sims.get_mut(&sim).and_then(|entry| entry.health.rest.as_mut()) {
                rest.test(now);
            }
            self.save_rest(sim)?;
            // One that waits, for the budget or for someone to resume, is enough.
            if !self.test_waits(sim)?
                && let Some(to) = self.own_number(sim)
            {
                self.send_test(sim, to)?;
            }
        }
        Ok(())
    }

    fn test_waits(&self, sim: SimKey) -> Result<bool, StoreError> {
        let Some(entry) = self.board.sims.get(&sim) else { return Ok(false) };
        let route = Route::Test(entry.card.names.iccid.clone()).to_string();
        let mut statement = self.conn.prepare_cached("SELECT 1 FROM lane WHERE route = ? AND waiting > 0")?;
        Ok(statement.exists([route])?)
    }

    /// Sends a self-test by the SIM with this name or ICCID, to this number of ours, or to one of them where none is given.
    pub fn self_test(&mut self, name: &str, to: Option<PhoneNumber>) -> Result<TestAnswer, StoreError> {
        let named = Route::Sim(name.to_owned());
        let found = self.board.sims.iter().find(|(_, sim)| named.admits(&sim.card.names)).map(|(key, _)| *key);
        let Some(sim) = found else { return Ok(TestAnswer::NoSuchSim) };
        if to.is_some_and(|to| !self.is_ours(to)) {
            return Ok(TestAnswer::NotOurs);
        }
        let Some(to) = to.or_else(|| self.own_number(sim)) else { return Ok(TestAnswer::NoNumber) };
        Ok(self.send_test(sim, to)?.map_or(TestAnswer::NoNumber, TestAnswer::Sent))
    }

    fn send_test(&mut self, sim: SimKey, to: PhoneNumber) -> Result<Option<MessageId>, StoreError> {
        let Some(names) = self.board.sims.get(&sim).map(|entry| entry.card.names.clone()) else { return Ok(None) };
        let text = format!("Recado: self-test of SIM {}", names.label());
        let made = operational::self_test(self.own_id(), to, &text, self.now);
        let Ok(mut submission) = made else { return Ok(None) };
        submission.sim = Some(names.iccid.clone());
        self.give_up_lost(sim)?;
        self.enqueue(&submission, Route::Test(names.iccid))?;
        Ok(Some(submission.id))
    }

    /// Nobody needs to look after self-tests and questions of this SIM whose outcome is not known: another one follows.
    pub(super) fn give_up_lost(&mut self, sim: SimKey) -> Result<(), StoreError> {
        let lost = self
            .conn
            .prepare_cached(
                "SELECT DISTINCT message.key FROM segment JOIN message ON message.key = segment.message
                 WHERE segment.sim = ? AND segment.state = 7 AND message.sim IS NOT NULL AND client = ? AND purpose = ?",
            )?
            .query_map(params![sim.0, operational::CLIENT, Purpose::Operational.name()], |row| {
                row.get(0).map(MessageKey)
            })?
            .collect::<Result<Vec<_>, _>>()?;
        for key in lost {
            if let Some((message, _)) = self.readable(key)? {
                self.decide(&message, Decision::GiveUp, operational::CLIENT)?;
            }
        }
        Ok(())
    }

    /// Whether a number is that of a configured SIM, or one that alarms go to. A self-test asks nothing of those who are not to
    /// be texted, so it goes to nobody else.
    pub(super) fn is_ours(&self, number: PhoneNumber) -> bool {
        let cards = self.settings.sims.cards.iter().filter_map(|card| card.number.as_deref());
        let mut parsed = cards.filter_map(|number| PhoneNumber::parse(number, self.settings.country).ok());
        self.settings.alarms.contains(&number) || parsed.any(|own| own == number)
    }

    /// A number of ours that is not this SIM's: of another SIM, one that works first, else the first that alarms go to.
    fn own_number(&self, sim: SimKey) -> Option<PhoneNumber> {
        let own = self.board.sims.get(&sim)?;
        let works = |iccid: &str| {
            let known = self.board.sims.values().find(|sim| sim.card.names.iccid == iccid);
            known.is_some_and(|sim| sim.place.is_some() && sim.health.rest.is_none())
        };
        let mut others: Vec<_> =
            self.settings.sims.cards.iter().filter(|card| card.names.iccid != own.card.names.iccid).collect();
        others.sort_by_key(|card| !works(&card.names.iccid));
        let numbers = others.into_iter().filter_map(|card| card.number.as_deref());
        let parsed = numbers.filter_map(|number| PhoneNumber::parse(number, self.settings.country).ok());
        parsed.chain(self.settings.alarms.iter().copied()).next()
    }

    /// A name for a message of ours. What makes it unique is the number of the event that follows.
    pub(super) fn own_id(&self) -> MessageId {
        let mut digest = Sha256::new();
        digest.update(self.counters.seq.to_be_bytes());
        digest.update(self.now.as_millis().to_be_bytes());
        let mut random = [0; 10];
        for (octet, made) in random.iter_mut().zip(digest.finalize()) {
            *octet = made;
        }
        MessageId::new(self.now, random)
    }
}
