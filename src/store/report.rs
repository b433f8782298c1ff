//! Status reports: which part they belong to and what they change.
//!
//! A report never puts a part back. One that fits no submission is parked: it may have come before the `+CMGS` of its own
//! message, and is tried again after each.

use std::time::Duration;

use rusqlite::params;

use crate::sms::id::{SegmentId, SimKey};
use crate::sms::lifecycle::SegmentState;
use crate::sms::number::{PhoneNumber, Sender};
use crate::sms::report::{Candidate, choose};
use crate::sms::tp_status::{Reported, TpStatus};

use super::StoreError;
use super::event::EventKind;
use super::row::SegmentRow;
use super::work::{Fact, Work};

/// A report that comes later belongs to another submission with the same reference: centres give up after their validity,
/// which is three days where nothing else is said, and references come back after 256 messages.
const REPORTED_WITHIN: Duration = Duration::from_secs(3 * 24 * 3600);

/// How long a report waits for its submission.
const PARKED_FOR: Duration = Duration::from_secs(10 * 60);

impl Work<'_> {
    /// A status report came in by `sim`. True when it was tied to a part.
    pub fn report(
        &mut self,
        sim: SimKey,
        tp_mr: u8,
        recipient: &Sender,
        tp_status: TpStatus,
    ) -> Result<bool, StoreError> {
        if let Some(segment) = self.find_reported(sim, tp_mr, recipient)? {
            self.apply_report(segment, tp_mr, tp_status)?;
            return Ok(true);
        }
        self.park(sim, tp_mr, recipient, tp_status)?;
        Ok(false)
    }

    /// Tries the reports of this SIM again that came before the submissions they belong to were answered.
    pub(super) fn apply_parked(&mut self, sim: SimKey) -> Result<(), StoreError> {
        let parked = self
            .conn
            .prepare_cached(
                "SELECT key, tp_mr, recipient, tp_status FROM parked_report WHERE sim = ? AND at > ? ORDER BY key",
            )?
            .query_map(params![sim.0, (self.now - PARKED_FOR).as_millis()], |row| {
                let recipient = Sender::new(row.get::<_, String>(2)?);
                Ok((row.get::<_, i64>(0)?, row.get::<_, u8>(1)?, recipient, TpStatus(row.get(3)?)))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        for (key, tp_mr, recipient, tp_status) in parked {
            if let Some(segment) = self.find_reported(sim, tp_mr, &recipient)? {
                self.conn.prepare_cached("DELETE FROM parked_report WHERE key = ?")?.execute([key])?;
                self.apply_report(segment, tp_mr, tp_status)?;
            }
        }
        Ok(())
    }

    /// The part that a report is about, as far as it can be told now.
    fn find_reported(&self, sim: SimKey, tp_mr: u8, recipient: &Sender) -> Result<Option<SegmentId>, StoreError> {
        let since = (self.now - REPORTED_WITHIN).as_millis();
        let accepted = "SELECT segment.key, recipient FROM segment JOIN message ON message.key = segment.message
             WHERE segment.sim = ? AND tp_mr = ? AND segment.state = 3 AND accepted_at > ? ORDER BY accepted_at DESC";
        if let Some(segment) = choose(recipient, &self.candidates(accepted, params![sim.0, tp_mr, since])?) {
            return Ok(Some(segment));
        }
        // It may be about the part on the wire, whose reference is not known yet: an unknown one that was never sent would be
        // expected to have the same.
        let offered = "SELECT segment.key, recipient FROM segment JOIN message ON message.key = segment.message
             WHERE segment.sim = ? AND segment.state = 2";
        if choose(recipient, &self.candidates(offered, [sim.0])?).is_some() {
            return Ok(None);
        }
        // The reference of an unknown part is a guess: it counts the unknown ones before it as sent. With several to one
        // recipient, or where a part of the message went again, a report may be about another one.
        let unknown = "SELECT segment.key, recipient FROM segment JOIN message ON message.key = segment.message
             WHERE segment.sim = ? AND expected_mr = ? AND segment.state = 7 AND unknown_at > ? AND NOT EXISTS (
                 SELECT 1 FROM segment AS other JOIN message AS its ON its.key = other.message
                 WHERE other.sim = segment.sim AND other.state = 7 AND other.key <> segment.key
                 AND its.recipient = message.recipient)
             AND NOT EXISTS (
                 SELECT 1 FROM segment AS again WHERE again.resent
                 AND again.key BETWEEN message.first_segment AND message.first_segment + message.parts - 1)
             ORDER BY unknown_at DESC";
        Ok(choose(recipient, &self.candidates(unknown, params![sim.0, tp_mr, since])?))
    }

    fn candidates(&self, sql: &str, params: impl rusqlite::Params) -> Result<Vec<Candidate>, StoreError> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement
            .query_map(params, |row| Ok((SegmentId(row.get(0)?), row.get::<_, i64>(1)?)))?
            .collect::<Result<Vec<_>, _>>()?;
        let candidate = |(segment, digits): (SegmentId, i64)| {
            Some(Candidate { segment, recipient: PhoneNumber::from_digits(&digits.to_string())? })
        };
        Ok(rows.into_iter().filter_map(candidate).collect())
    }

    fn apply_report(&mut self, segment: SegmentId, tp_mr: u8, tp_status: TpStatus) -> Result<(), StoreError> {
        let (message, mut segments, _) = SegmentRow::with_message(self.conn, segment)?;
        for row in segments.iter_mut().filter(|row| row.id == segment) {
            let (SegmentState::Accepted { by: carrier, .. } | SegmentState::Unknown { with: carrier, .. }) = &row.state
            else {
                continue;
            };
            let carrier = carrier.clone();
            if let SegmentState::Accepted { at, .. } = row.state {
                self.fact(Fact::Reported(self.now.saturating_since(at)));
            }
            if matches!(row.state, SegmentState::Unknown { .. }) {
                // The network has it, so it was sent: the report is the proof.
                row.state = row.state.clone().accept(Some(tp_mr), self.now)?;
                self.save(row)?;
                let data = Some(format!("{{\"tp_mr\":{tp_mr},\"evidence\":\"report\"}}"));
                self.segment_event(EventKind::SegmentAccepted, row, &carrier, data)?;
            }
            match tp_status.reported() {
                Reported::Delivered | Reported::Undelivered => {
                    row.state = row.state.clone().report(tp_status.0, self.now)?;
                    self.save(row)?;
                }
                Reported::KeepsAccepted => {
                    self.conn
                        .prepare_cached("UPDATE segment SET tp_status = ?, reported_at = ? WHERE key = ?")?
                        .execute(params![tp_status.0, self.now.as_millis(), segment.0])?;
                }
            }
            let data = Some(format!("{{\"tp_status\":{}}}", tp_status.0));
            self.segment_event(EventKind::SegmentReported, row, &carrier, data)?;
        }
        self.update_message(&message, &segments)
    }

    fn park(&mut self, sim: SimKey, tp_mr: u8, recipient: &Sender, tp_status: TpStatus) -> Result<(), StoreError> {
        self.conn
            .prepare_cached("DELETE FROM parked_report WHERE at <= ?")?
            .execute([(self.now - PARKED_FOR).as_millis()])?;
        self.conn
            .prepare_cached("INSERT INTO parked_report (at, sim, tp_mr, recipient, tp_status) VALUES (?, ?, ?, ?, ?)")?
            .execute(params![self.now.as_millis(), sim.0, tp_mr, recipient.as_str(), tp_status.0])?;
        Ok(())
    }
}
