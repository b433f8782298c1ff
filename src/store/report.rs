//! Status reports: which part they belong to and what they change.
//!
//! A report never puts a part back. One that fits no submission is parked: it may have come before the `+CMGS` of its own
//! message, and is tried again after each.

use std::time::Duration;

use rusqlite::{OptionalExtension as _, params};
use sha2::{Digest as _, Sha256};

use crate::clock::Timestamp;
use crate::pdu::StatusReportTpdu;
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

/// The bit in the first octet of a TPDU from the network.
const TP_MMS: u8 = 0x04;

/// A difference of clocks that has changed by less is not written again.
const AHEAD_STEP: Duration = Duration::from_secs(60);

/// A status report as it was read.
#[derive(Debug, Clone)]
pub struct ReportRead {
    /// By which SIM it came.
    sim: SimKey,
    tp_mr: u8,
    recipient: Sender,
    tp_status: TpStatus,
    /// TP-SCTS: when the centre took the submission, by its own clock.
    scts: Option<Timestamp>,
}

impl ReportRead {
    /// What came by this SIM.
    pub(super) fn new(sim: SimKey, tpdu: &StatusReportTpdu) -> Self {
        Self {
            sim,
            tp_mr: tpdu.tp_mr,
            recipient: Sender::new(tpdu.tp_ra.number()),
            tp_status: TpStatus(tpdu.tp_st),
            scts: tpdu.tp_scts.unix_seconds().checked_mul(1_000).map(Timestamp::from_millis),
        }
    }
}

/// What tells reports apart: all of the TPDU but TP-MMS, which says whether more is waiting for us (TS 23.040 clause 9.2.3.2),
/// and not the centre by which it came.
fn digest(octets: &[u8]) -> [u8; 32] {
    let smsc = octets.first().map_or(0, |length| usize::from(*length) + 1);
    let mut digest = Sha256::new();
    if let Some((first, rest)) = octets.get(smsc..).and_then(<[u8]>::split_first) {
        digest.update([first | TP_MMS]);
        digest.update(rest);
    }
    digest.finalize().into()
}

impl Work<'_> {
    /// Notes that a report was read. False when it was before: it was not deleted in time, or came twice. Once the reference
    /// has come back, the second would be taken for that of another part.
    pub(super) fn is_new_report(&self, sim: SimKey, octets: &[u8]) -> Result<bool, StoreError> {
        self.conn
            .prepare_cached("DELETE FROM report_read WHERE at <= ?")?
            .execute([(self.now - REPORTED_WITHIN).as_millis()])?;
        let digest = digest(octets);
        let inserted = self
            .conn
            .prepare_cached("INSERT INTO report_read (sim, digest, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")?
            .execute(params![sim.0, digest.as_slice(), self.now.as_millis()])?;
        Ok(inserted > 0)
    }

    /// A status report came in. True when it was tied to a part.
    pub(super) fn report(&mut self, report: &ReportRead) -> Result<bool, StoreError> {
        if let Some(segment) = self.find_reported(report)? {
            self.apply_report(segment, report)?;
            return Ok(true);
        }
        self.park(report)?;
        Ok(false)
    }

    /// Tries the reports of this SIM again that came before the submissions they belong to were answered.
    pub(super) fn apply_parked(&mut self, sim: SimKey) -> Result<(), StoreError> {
        let parked = self
            .conn
            .prepare_cached(
                "SELECT key, tp_mr, recipient, tp_status, scts FROM parked_report WHERE sim = ? AND at > ? ORDER BY key",
            )?
            .query_map(params![sim.0, (self.now - PARKED_FOR).as_millis()], |row| {
                let report = ReportRead {
                    sim,
                    tp_mr: row.get(1)?,
                    recipient: Sender::new(row.get::<_, String>(2)?),
                    tp_status: TpStatus(row.get(3)?),
                    scts: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_millis),
                };
                Ok((row.get::<_, i64>(0)?, report))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        for (key, report) in parked {
            if let Some(segment) = self.find_reported(&report)? {
                self.conn.prepare_cached("DELETE FROM parked_report WHERE key = ?")?.execute([key])?;
                self.apply_report(segment, &report)?;
            }
        }
        Ok(())
    }

    /// The clock was set back: no report came at a time that is still to come.
    pub(super) fn draw_in_reports(&self) -> Result<(), StoreError> {
        let now = [self.now.as_millis()];
        self.conn.prepare_cached("UPDATE parked_report SET at = ?1 WHERE at > ?1")?.execute(now)?;
        self.conn.prepare_cached("UPDATE report_read SET at = ?1 WHERE at > ?1")?.execute(now)?;
        Ok(())
    }

    /// The part that a report is about, as far as it can be told now.
    fn find_reported(&self, report: &ReportRead) -> Result<Option<SegmentId>, StoreError> {
        let ReportRead { sim, tp_mr, ref recipient, .. } = *report;
        let since = (self.now - REPORTED_WITHIN).as_millis();
        // The centre took what was unknown for a while when it was offered, not when somebody found out.
        let accepted =
            "SELECT segment.key, recipient, iif(unknown_at >= offered_at, offered_at, accepted_at) FROM segment
             JOIN message ON message.key = segment.message
             WHERE segment.sim = ? AND tp_mr = ? AND segment.state = 3 AND accepted_at > ? ORDER BY accepted_at DESC";
        let open = self.candidates(accepted, params![sim.0, tp_mr, since])?;
        let ahead = self.scts_ahead(sim)?;
        let taken_at = report.scts.map(|at| Timestamp::from_millis(at.as_millis().saturating_sub(ahead)));
        if let Some(chosen) = choose(recipient, taken_at, &open) {
            if let ([_], Some(scts)) = (open.as_slice(), report.scts) {
                self.learn_scts_ahead(sim, ahead, scts.as_millis() - chosen.at.as_millis())?;
            }
            return Ok(Some(chosen.segment));
        }
        // It may be about the part on the wire, whose reference is not known yet: an unknown one that was never sent would be
        // expected to have the same.
        let offered =
            "SELECT segment.key, recipient, offered_at FROM segment JOIN message ON message.key = segment.message
             WHERE segment.sim = ? AND segment.state = 2";
        if choose(recipient, None, &self.candidates(offered, [sim.0])?).is_some() {
            return Ok(None);
        }
        // The reference of an unknown part is a guess: it counts the unknown ones before it as sent. With several to one
        // recipient, or where a part of the message went again, a report may be about another one.
        let unknown =
            "SELECT segment.key, recipient, unknown_at FROM segment JOIN message ON message.key = segment.message
             WHERE segment.sim = ? AND expected_mr = ? AND segment.state = 7 AND unknown_at > ? AND NOT EXISTS (
                 SELECT 1 FROM segment AS other JOIN message AS its ON its.key = other.message
                 WHERE other.sim = segment.sim AND other.state = 7 AND other.key <> segment.key
                 AND its.recipient = message.recipient)
             AND NOT EXISTS (
                 SELECT 1 FROM segment AS again WHERE again.resent
                 AND again.key BETWEEN message.first_segment AND message.first_segment + message.parts - 1)
             ORDER BY unknown_at DESC";
        let lost = choose(recipient, None, &self.candidates(unknown, params![sim.0, tp_mr, since])?);
        Ok(lost.map(|candidate| candidate.segment))
    }

    /// By how many milliseconds the clock of the centre was ahead of ours when that was last seen.
    fn scts_ahead(&self, sim: SimKey) -> Result<i64, StoreError> {
        let sql = "SELECT scts_ahead FROM sim WHERE key = ?";
        let ahead: Option<Option<i64>> =
            self.conn.prepare_cached(sql)?.query_row([sim.0], |row| row.get(0)).optional()?;
        Ok(ahead.flatten().unwrap_or_default())
    }

    /// A report that can be about one part only shows how the clock of the centre goes.
    fn learn_scts_ahead(&self, sim: SimKey, known: i64, seen: i64) -> Result<(), StoreError> {
        // By a clock that is doubted nothing is learnt of another.
        if !self.board.is_clock_doubted() && u128::from(known.abs_diff(seen)) >= AHEAD_STEP.as_millis() {
            self.conn.prepare_cached("UPDATE sim SET scts_ahead = ? WHERE key = ?")?.execute([seen, sim.0])?;
        }
        Ok(())
    }

    fn candidates(&self, sql: &str, params: impl rusqlite::Params) -> Result<Vec<Candidate>, StoreError> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement
            .query_map(params, |row| Ok((SegmentId(row.get(0)?), row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)))?
            .collect::<Result<Vec<_>, _>>()?;
        let candidate = |(segment, digits, at): (SegmentId, i64, i64)| {
            let recipient = PhoneNumber::from_digits(&digits.to_string())?;
            Some(Candidate { segment, recipient, at: Timestamp::from_millis(at) })
        };
        Ok(rows.into_iter().filter_map(candidate).collect())
    }

    fn apply_report(&mut self, segment: SegmentId, report: &ReportRead) -> Result<(), StoreError> {
        let ReportRead { tp_mr, tp_status, .. } = *report;
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

    /// Keeps a report that fits nothing, for as long as it may tell a person something about an unknown part.
    fn park(&mut self, report: &ReportRead) -> Result<(), StoreError> {
        self.conn
            .prepare_cached("DELETE FROM parked_report WHERE sim = ? AND at <= ?")?
            .execute([report.sim.0, (self.now - REPORTED_WITHIN).as_millis()])?;
        self.conn
            .prepare_cached(
                "INSERT INTO parked_report (at, sim, tp_mr, recipient, tp_status, scts) VALUES (?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                self.now.as_millis(),
                report.sim.0,
                report.tp_mr,
                report.recipient.as_str(),
                report.tp_status.0,
                report.scts.map(Timestamp::as_millis),
            ])?;
        Ok(())
    }
}
