//! The hand-over of a part: the offer transaction and what settles it.

use std::time::Duration;

use rusqlite::params;

use crate::dispatch::gate::{Question, Reason, Verdict};
use crate::modem::{ReturnedWhy, Settlement, UnknownWhy};
use crate::sms::id::{ModemId, SegmentId, SimKey};
use crate::sms::lifecycle::{Carrier, SegmentState, Withdrawal};
use crate::sms::outcome::{Cause, Disposition, Phase, disposition};

use super::StoreError;
use super::event::{About, EventKind};
use super::row::{MessageRow, SegmentRow};
use super::work::{Effect, Fact, Settled, Work};

/// Whether the PDU may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferAnswer {
    /// It may, as soon as the commit is done and the prompt is there.
    Go,
    /// It may not: the part does not wait any more, or the gate said no.
    Stop,
}

/// TP-FCS 0xC5: the centre has a message with this reference and recipient already (TS 23.040 clause 9.2.3.22). To a part
/// that was sent again with TP-RD it says that the first one had arrived.
const DUPLICATE: Cause = Cause::Cms(197);

/// Waiting times after refusals for now: congestion clears in minutes, outages in an hour. After the last the part is
/// refused for good.
const BACK_OFF: [Duration; 7] = [
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(15 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(60 * 60),
    Duration::from_secs(60 * 60),
];

/// Waiting times after a cause that passes within seconds: the first attempts.
const AT_ONCE: [Duration; 5] = [
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1_600),
    Duration::from_millis(3_200),
];

/// Whether a SIM has unknown parts: most have none. The index `segment_unknown` is made for it.
const HAS_UNKNOWN: &str = "SELECT 1 FROM segment WHERE sim = ?1 AND state = 7 LIMIT 1";

/// What was expected to have this reference has another one, or none. The index `segment_expected` is made for it.
const TAKEN: &str = "UPDATE segment SET expected_mr = NULL WHERE sim = ?1 AND state = 7 AND expected_mr = ?2";

/// The first reference after unknown parts. The index `segment_no_reference_after` is made for it.
const FOLLOWED: &str = "UPDATE segment SET mr_after = ?2 WHERE sim = ?1 AND state = 7 AND mr_after IS NULL";

impl Work<'_> {
    /// The offer transaction: asks the gate again, counts the budget, and notes that the part is on its way.
    pub fn offer(&mut self, segment: SegmentId, carrier: &Carrier) -> Result<OfferAnswer, StoreError> {
        let (message, mut segments, state) = SegmentRow::with_message(self.conn, segment)?;
        let SegmentState::Waiting { due } = state else {
            return Ok(self.stop(carrier.sim, segment));
        };
        // Parts go in order: one that came back goes before those that follow it.
        let first = segments.iter().find(|s| matches!(s.state, SegmentState::Waiting { .. }));
        if first.is_some_and(|first| first.id != segment) {
            return Ok(self.stop(carrier.sim, segment));
        }
        let waiting = segments.iter().filter(|s| matches!(s.state, SegmentState::Waiting { .. })).count();
        let question = Question {
            paused: false,
            asked: message.due.min(due),
            due,
            expires: message.expires,
            parts: u32::try_from(waiting).unwrap_or(u32::MAX),
            begun: waiting < segments.len(),
        };
        let record = self.board.record_of(self.conn, &message, question, self.now)?;
        let only = Some(carrier.sim);
        let verdict = self.board.ask_with(self.conn, &message, only, question, &record, self.now)?;
        if verdict != Verdict::Go {
            if matches!(verdict, Verdict::Hold { reason: Reason::BatchBudget, .. }) {
                self.close_share(message.lane);
            }
            self.turn_away(&message, &mut segments, verdict)?;
            return Ok(self.stop(carrier.sim, segment));
        }
        if !record.is_counted() {
            self.touch(message.key, &record.addressee)?;
        }
        self.spend(carrier.sim, segment, message.recipient()?)?;
        let decision = self.decision(&record, carrier.sim)?;
        for row in segments.iter_mut().filter(|row| row.id == segment) {
            row.attempts += 1;
            row.state = row.state.clone().offer(carrier.clone(), self.now)?;
            self.save(row)?;
            self.segment_event(EventKind::SegmentOffered, row, carrier, Some(decision.clone()))?;
        }
        self.update_message(&message, &segments)?;
        // What has begun was counted whole, and what follows another one with that.
        if !record.is_counted() {
            self.spend_share(&message)?;
        }
        self.fact(Fact::HandedOver(self.now.saturating_since(due)));
        let (free_at, share) = (self.free_at(carrier.sim), self.share(carrier.sim));
        self.effect(Effect::Offered { sim: carrier.sim, segment, free_at, share });
        Ok(OfferAnswer::Go)
    }

    /// What follows from a verdict that is no yes: what is for good is final, and what is about the person waits in the queue
    /// until it may be asked about again.
    pub(super) fn turn_away(
        &mut self,
        message: &MessageRow,
        segments: &mut [SegmentRow],
        verdict: Verdict,
    ) -> Result<(), StoreError> {
        match verdict {
            Verdict::Go => Ok(()),
            Verdict::Block { reason: Reason::Expired } => {
                self.fact(Fact::Blocked(Reason::Expired));
                self.expire(message, segments)
            }
            Verdict::Block { reason } => self.block(message, segments, reason),
            Verdict::Hold { reason: Reason::Contact(_), until } => {
                // What only a person can change lies at the end of its validity until someone does.
                self.put_off(message, segments, until.unwrap_or(message.expires))?;
                self.note_hold(message.key, verdict)
            }
            Verdict::Hold { .. } => self.note_hold(message.key, verdict),
        }
    }

    /// Records what became of a part that `modem` had, also when that is down by now. What is settled already stays as it is,
    /// and so does what another modem has by now: a lease that came back late says nothing about the one that followed it.
    pub fn settle(
        &mut self,
        segment: SegmentId,
        modem: &ModemId,
        sim: Option<SimKey>,
        settlement: Settlement,
    ) -> Result<(), StoreError> {
        self.settle_as(segment, modem, sim, |resent| Fate::of(settlement, resent))
    }

    fn settle_as(
        &mut self,
        segment: SegmentId,
        modem: &ModemId,
        sim: Option<SimKey>,
        fate: impl FnOnce(bool) -> Fate,
    ) -> Result<(), StoreError> {
        let (message, mut segments, state) = SegmentRow::with_message(self.conn, segment)?;
        let carrier = carrier_on_the_wire(&state).filter(|carrier| carrier.modem == *modem).cloned();
        let Some(carrier) = carrier else {
            if let Some(sim) = sim {
                self.effect(Effect::Finished { sim, segment, go_on: false });
            }
            return Ok(());
        };
        let resent = segments.iter().any(|row| row.id == segment && row.resent);
        let fate = fate(resent);
        let offered_at = if let SegmentState::Offered { at, .. } = state { Some(at) } else { None };
        let mut part = Part { message: &message, segments: &mut segments, segment, carrier: &carrier };
        if let Some(sim) = self.board.sims.get(&carrier.sim) {
            let sim = sim.card.names.clone();
            self.fact(Fact::Settled { sim, result: fate.result() });
        }
        let is_untouched = matches!(fate, Fate::Returned(_));
        let go_on = match fate {
            Fate::Accepted(tp_mr) => {
                self.note_accepted(&message, carrier.sim)?;
                self.accept(&mut part, tp_mr).map(|()| true)?
            }
            Fate::Refused(cause, disposition) => {
                self.note_refused(&message, carrier.sim, (cause, Phase::AfterPdu), disposition)?;
                self.refuse(&mut part, &cause.to_string()).map(|()| false)?
            }
            Fate::Retry(cause, disposition) => {
                self.note_refused(&message, carrier.sim, (cause, Phase::AfterPdu), disposition)?;
                self.retry(&mut part, cause, disposition).map(|()| false)?
            }
            Fate::NotWritten(cause, disposition) => {
                self.unspend_part(&mut part)?;
                self.note_refused(&message, carrier.sim, (cause, Phase::BeforePdu), disposition)?;
                self.retry(&mut part, cause, disposition).map(|()| false)?
            }
            Fate::Unknown(why) => {
                self.note_unknown(carrier.sim)?;
                self.lose_sight(&mut part, &why).map(|()| true)?
            }
            Fate::Orphaned(why) => self.lose_sight(&mut part, &why).map(|()| true)?,
            Fate::Returned(why) => self.give_back(&mut part, &why).map(|()| false)?,
        };
        self.update_message(&message, &segments)?;
        let mut lane = message.lane;
        if !segments.iter().any(|row| row.state.has_left()) {
            self.untouch(message.key)?;
            // What the network has had once and did not want yet is counted once, whenever it is tried again.
            if let Some(at) = offered_at
                && is_untouched
                && segments.iter().all(|row| row.attempts == 0)
            {
                lane = self.unspend_share(&message, at)?;
            }
        }
        self.effect(Effect::Finished { sim: carrier.sim, segment, go_on });
        // Parts that wait without a lease, because they came back on their own, must be found again.
        let waiting = segments.iter().filter(|row| matches!(row.state, SegmentState::Waiting { .. }));
        if let Some(due) = waiting.map(|row| row.due).min() {
            let (message, priority) = (message.key, message.priority);
            self.effect(Effect::Left { message, lane, priority, due });
        }
        // A report may have come before it was known what it belongs to.
        self.apply_parked(carrier.sim)
    }

    /// After a crash: whatever was offered may or may not have been sent.
    pub(super) fn settle_crash(&mut self, is_clock_believed: bool) -> Result<(), StoreError> {
        if is_clock_believed {
            self.draw_in()?;
        }
        self.forget_stores()?;
        let mut statement = self.conn.prepare("SELECT key, modem FROM segment WHERE state = 2")?;
        let offered = statement
            .query_map([], |row| Ok((SegmentId(row.get(0)?), row.get::<_, String>(1)?)))?
            .collect::<Result<Vec<_>, _>>()?;
        for (segment, modem) in offered {
            let orphaned = |_| Fate::Orphaned("daemon-ended".to_owned());
            match self.settle_as(segment, &ModemId::new(&modem), None, orphaned) {
                // It is read before anything is written.
                Err(error) if error.is_of_a_row() => self.set_aside_with(segment, &error.to_string())?,
                settled => settled?,
            }
        }
        Ok(())
    }

    fn stop(&mut self, sim: SimKey, segment: SegmentId) -> OfferAnswer {
        self.effect(Effect::Finished { sim, segment, go_on: false });
        self.line_effect(sim);
        OfferAnswer::Stop
    }

    fn accept(&mut self, part: &mut Part<'_>, tp_mr: Option<u8>) -> Result<(), StoreError> {
        let carrier = part.carrier;
        for row in part.rows() {
            row.state = row.state.clone().accept(tp_mr, self.now)?;
            self.save(row)?;
            let data = tp_mr.map(|tp_mr| format!("{{\"tp_mr\":{tp_mr}}}"));
            self.segment_event(EventKind::SegmentAccepted, row, carrier, data)?;
        }
        if let Some(tp_mr) = tp_mr {
            if self.conn.prepare_cached(HAS_UNKNOWN)?.exists([carrier.sim.0])? {
                self.conn.prepare_cached(TAKEN)?.execute(params![carrier.sim.0, tp_mr])?;
                self.conn.prepare_cached(FOLLOWED)?.execute(params![carrier.sim.0, tp_mr])?;
            }
            self.conn.prepare_cached("UPDATE sim SET last_mr = ?, next_mr = ? WHERE key = ?")?.execute(params![
                tp_mr,
                tp_mr.wrapping_add(1),
                carrier.sim.0
            ])?;
        }
        Ok(())
    }

    /// Refuses a part for good; the parts that wait would make no sense without it.
    pub(super) fn refuse(&mut self, part: &mut Part<'_>, cause: &str) -> Result<(), StoreError> {
        let carrier = part.carrier;
        for row in part.rows() {
            row.state = row.state.clone().refuse()?;
            self.save(row)?;
            row.save_cause(self.conn, cause)?;
            let data = Some(serde_json::json!({ "cause": cause }).to_string());
            self.segment_event(EventKind::SegmentRefused, row, carrier, data)?;
        }
        for row in part.segments.iter_mut().filter(|row| matches!(row.state, SegmentState::Waiting { .. })) {
            row.state = row.state.clone().withdraw(Withdrawal::PartRefused)?;
            self.save(row)?;
            row.save_cause(self.conn, "part-refused")?;
        }
        Ok(())
    }

    /// Puts a part back until it may be tried again, or refuses it for good.
    fn retry(&mut self, part: &mut Part<'_>, cause: Cause, disposition: Disposition) -> Result<(), StoreError> {
        let carrier = part.carrier;
        // A self-test that fails has told what it was to tell; the next one comes in its time.
        let is_test = self.is_test(part.message.lane);
        let wait = if is_test { None } else { self.wait_after(part, cause, disposition)? };
        let Some(wait) = wait else {
            return self.refuse(part, &cause.to_string());
        };
        let due = self.now + wait;
        for row in part.rows() {
            if disposition == Disposition::AnotherSim {
                row.avoid = Some(carrier.sim);
                row.save_avoid(self.conn)?;
            }
            row.state = row.state.clone().put_back(due)?;
            self.save(row)?;
            row.save_cause(self.conn, &cause.to_string())?;
            let data = serde_json::json!({ "cause": cause.to_string(), "not_before": due.to_string() });
            self.segment_event(EventKind::SegmentReturned, row, carrier, Some(data.to_string()))?;
        }
        self.put_off(part.message, part.segments, due)
    }

    /// How long a part waits after a refusal for now; `None` when it was tried often enough, or when two SIMs were refused
    /// for one cause, which therefore is the recipient's.
    fn wait_after(
        &self,
        part: &mut Part<'_>,
        cause: Cause,
        disposition: Disposition,
    ) -> Result<Option<Duration>, StoreError> {
        let (sim, message) = (part.carrier.sim, part.message);
        let Some(row) = part.rows().next() else { return Ok(None) };
        let place = usize::try_from(row.attempts).unwrap_or(usize::MAX).saturating_sub(1);
        let later = BACK_OFF.get(place).copied();
        Ok(match disposition {
            // The SIM rests from now on, and another one may have it at once. One message does not rest all of them.
            Disposition::RestSim => later.map(|_| Duration::ZERO),
            Disposition::AnotherSim => match row.avoid {
                Some(other) if other != sim && row.cause(self.conn)? == Some(cause.to_string()) => None,
                None if self.board.has_other(self.conn, message, sim, self.now)? => Some(Duration::ZERO),
                Some(_) | None => later,
            },
            Disposition::RetryNow => AT_ONCE.get(place).copied().or(later),
            Disposition::RetryLater
            | Disposition::RecoverModem
            | Disposition::FailRecipient
            | Disposition::FailMessage
            | Disposition::Unknown => later,
        })
    }

    /// Marks a part unknown, and notes the reference that it has if it was sent, where that can be told.
    fn lose_sight(&mut self, part: &mut Part<'_>, why: &str) -> Result<(), StoreError> {
        let carrier = part.carrier;
        let mut expected = None;
        for row in part.rows().filter(|row| matches!(row.state, SegmentState::Offered { .. })) {
            row.state = row.state.clone().lose_sight(self.now)?;
            self.save(row)?;
            row.save_cause(self.conn, why)?;
            expected = self
                .conn
                .prepare_cached("SELECT next_mr FROM sim WHERE key = ?")?
                .query_row([carrier.sim.0], |row| row.get::<_, Option<u8>>(0))?;
            self.conn
                .prepare_cached(
                    "UPDATE segment SET expected_mr = ?1, mr_after = NULL,
                     mr_before = (SELECT last_mr FROM sim WHERE sim.key = ?2) WHERE key = ?3",
                )?
                .execute(params![expected, carrier.sim.0, row.id.0])?;
            let data = Some(serde_json::json!({ "cause": why }).to_string());
            self.segment_event(EventKind::SegmentUnknown, row, carrier, data)?;
        }
        if let Some(expected) = expected {
            // The next part is expected to get the one after, as if this one had been sent.
            self.conn
                .prepare_cached("UPDATE sim SET next_mr = ? WHERE key = ?")?
                .execute(params![expected.wrapping_add(1), carrier.sim.0])?;
        }
        self.note_decision(part.message);
        Ok(())
    }

    /// Back into the queue and to its place there, and the budget as if nothing had been: no octet of the PDU was written.
    fn give_back(&mut self, part: &mut Part<'_>, why: &str) -> Result<(), StoreError> {
        let carrier = part.carrier;
        self.unspend_part(part)?;
        let mut due = self.now;
        for row in part.rows() {
            row.attempts = row.attempts.saturating_sub(1);
            due = row.due;
            row.state = row.state.clone().put_back(due)?;
            self.save(row)?;
            let data = Some(serde_json::json!({ "cause": why }).to_string());
            self.segment_event(EventKind::SegmentReturned, row, carrier, data)?;
        }
        self.put_off(part.message, part.segments, due)
    }

    fn unspend_part(&mut self, part: &mut Part<'_>) -> Result<(), StoreError> {
        let (carrier, recipient) = (part.carrier, part.message.recipient()?);
        for row in part.rows() {
            if let SegmentState::Offered { at, .. } = row.state {
                self.unspend(carrier.sim, row.id, recipient, at)?;
            }
        }
        self.line_effect(carrier.sim);
        Ok(())
    }

    pub(super) fn segment_event(
        &mut self,
        kind: EventKind,
        row: &SegmentRow,
        carrier: &Carrier,
        data: Option<String>,
    ) -> Result<(), StoreError> {
        let about = About {
            message: Some(row.message),
            part: Some(row.part),
            modem: Some(carrier.modem.as_str()),
            sim: Some(carrier.sim),
            data,
        };
        self.event(kind, &about)
    }

    /// The waiting parts of a message whose validity is over.
    pub(super) fn expire(&mut self, message: &MessageRow, segments: &mut [SegmentRow]) -> Result<(), StoreError> {
        for row in segments.iter_mut() {
            if matches!(row.state, SegmentState::Waiting { .. }) {
                row.state = row.state.clone().expire()?;
                self.save(row)?;
            }
        }
        self.update_message(message, segments)
    }
}

/// A part on the wire among its siblings.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub(super) message: &'a MessageRow,
    pub(super) segments: &'a mut [SegmentRow],
    pub(super) segment: SegmentId,
    pub(super) carrier: &'a Carrier,
}

impl Part<'_> {
    /// The row of the part itself.
    pub(super) fn rows(&mut self) -> impl Iterator<Item = &mut SegmentRow> {
        let segment = self.segment;
        self.segments.iter_mut().filter(move |row| row.id == segment)
    }
}

/// What a settlement means for the queue.
enum Fate {
    Accepted(Option<u8>),
    Refused(Cause, Disposition),
    Retry(Cause, Disposition),
    /// Refused before an octet of the PDU was written.
    NotWritten(Cause, Disposition),
    Unknown(String),
    /// Unknown because this process or its port ended, which says nothing about the SIM.
    Orphaned(String),
    Returned(String),
}

impl Fate {
    fn result(&self) -> Settled {
        match self {
            Self::Accepted(_) => Settled::Accepted,
            Self::Refused(..) => Settled::Refused,
            Self::Retry(..) | Self::NotWritten(..) | Self::Returned(_) => Settled::Returned,
            Self::Unknown(_) | Self::Orphaned(_) => Settled::Unknown,
        }
    }

    /// `resent` says that the part went a second time, with TP-RD.
    fn of(settlement: Settlement, resent: bool) -> Self {
        match settlement {
            Settlement::Refused { cause: DUPLICATE } if resent => Self::Accepted(None),
            Settlement::Accepted { tp_mr } | Settlement::LateAccepted { tp_mr } => Self::Accepted(Some(tp_mr)),
            Settlement::Refused { cause } => match disposition(cause, Phase::AfterPdu) {
                disposition @ (Disposition::FailRecipient | Disposition::FailMessage) => {
                    Self::Refused(cause, disposition)
                }
                Disposition::Unknown => Self::Unknown(cause.to_string()),
                disposition @ (Disposition::AnotherSim
                | Disposition::RestSim
                | Disposition::RetryLater
                | Disposition::RetryNow
                | Disposition::RecoverModem) => Self::Retry(cause, disposition),
            },
            Settlement::Unknown {
                why: why @ (UnknownWhy::DaemonStopped | UnknownWhy::PortLost | UnknownWhy::SimChanged),
            } => Self::Orphaned(why.to_string()),
            Settlement::Unknown { why } => Self::Unknown(why.to_string()),
            // Refused before the PDU: it would be refused again at once, so it waits, and not for ever.
            Settlement::Returned { why: ReturnedWhy::Cause(cause) } => {
                Self::NotWritten(cause, disposition(cause, Phase::BeforePdu))
            }
            Settlement::Returned { why } => Self::Returned(why.to_string()),
        }
    }
}

fn carrier_on_the_wire(state: &SegmentState) -> Option<&Carrier> {
    match state {
        SegmentState::Offered { to: carrier, .. } | SegmentState::Unknown { with: carrier, .. } => Some(carrier),
        SegmentState::Waiting { .. }
        | SegmentState::Accepted { .. }
        | SegmentState::Reported { .. }
        | SegmentState::Refused
        | SegmentState::Expired
        | SegmentState::Withdrawn(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::params_from_iter;

    use super::*;
    use crate::store::schema;

    #[test]
    fn a_result_does_not_look_at_unknown_parts_that_it_says_nothing_about() {
        let folder = tempfile::tempdir().unwrap();
        let conn = schema::open_writer(&folder.path().join("recado.db")).unwrap();
        for (sql, index) in [
            (TAKEN, "INDEX segment_expected (sim=? AND expected_mr=?)"),
            (FOLLOWED, "INDEX segment_no_reference_after (sim=?)"),
            (HAS_UNKNOWN, "INDEX segment_unknown (sim=?)"),
        ] {
            let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let values = std::iter::repeat_n(1, statement.parameter_count());
            let plan: String = statement.query_row(params_from_iter(values), |row| row.get(3)).unwrap();
            assert!(plan.contains(index), "{plan}");
        }
    }
}
