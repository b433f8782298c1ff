//! What people and time do to messages that wait: cancel, decide, pause, resume, expire.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, params};

use crate::clock::Timestamp;
use crate::dispatch::route::Route;
use crate::sms::id::{MessageId, MessageKey, SegmentId, SimKey};
use crate::sms::lifecycle::{MessageState, SegmentState, Withdrawal};

use super::StoreError;
use super::alarm::{AlarmKind, Subject};
use super::board::{Pause, Scope};
use super::event::EventKind;
use super::handover::Part;
use super::row::{MessageRow, SegmentRow};
use super::work::{Effect, Work};

/// What came of a cancellation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelAnswer {
    /// Nothing of it is on its way, and nothing of it will be handed over any more.
    Cancelled,
    /// Too late, or over: the message is in this state and stays there.
    TooLate(MessageState),
    /// There is no such message.
    NotFound,
}

/// How an operator settles a message that is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It was sent.
    Sent,
    /// Send it once more, with TP-RD set.
    Resend,
    /// Leave it: it counts as failed.
    GiveUp,
}

impl Decision {
    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Resend => "resend",
            Self::GiveUp => "give_up",
        }
    }

    /// The decision with this word.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Sent, Self::Resend, Self::GiveUp].into_iter().find(|decision| decision.name() == name)
    }
}

/// What came of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResolveAnswer {
    /// Settled.
    Done,
    /// Nothing of the message is unknown; it is in this state.
    NotUnknown(MessageState),
    /// It cannot go again: it was valid until then.
    NotValid(Timestamp),
    /// There is no such message.
    NotFound,
}

/// How many messages one transaction expires, so that results never wait long behind an outage's backlog.
const EXPIRED_AT_ONCE: usize = 200;

impl Work<'_> {
    /// Cancels a message of which nothing was handed over.
    pub fn cancel(&mut self, id: MessageId) -> Result<CancelAnswer, StoreError> {
        let Some(message) = MessageRow::by_id(self.conn, id)? else { return Ok(CancelAnswer::NotFound) };
        let mut segments = SegmentRow::of(self.conn, &message)?;
        if !segments.iter().all(|row| matches!(row.state, SegmentState::Waiting { .. })) {
            return Ok(CancelAnswer::TooLate(message.state));
        }
        for row in &mut segments {
            row.state = row.state.clone().withdraw(Withdrawal::Cancelled)?;
            self.save(row)?;
            row.save_cause(self.conn, "cancelled")?;
        }
        self.update_message(&message, &segments)?;
        Ok(CancelAnswer::Cancelled)
    }

    /// Settles the unknown parts of a message as a person decided.
    pub fn resolve(&mut self, id: MessageId, decision: Decision, client: &str) -> Result<ResolveAnswer, StoreError> {
        let Some(message) = MessageRow::by_id(self.conn, id)? else { return Ok(ResolveAnswer::NotFound) };
        if message.state != MessageState::Unknown {
            return Ok(ResolveAnswer::NotUnknown(message.state));
        }
        if decision == Decision::Resend && message.expires <= self.now {
            return Ok(ResolveAnswer::NotValid(message.expires));
        }
        self.decide(&message, decision, &format!("client {client}"))?;
        Ok(ResolveAnswer::Done)
    }

    pub(super) fn decide(&mut self, message: &MessageRow, decision: Decision, by: &str) -> Result<(), StoreError> {
        let mut segments = SegmentRow::of(self.conn, message)?;
        let unknown: Vec<SegmentId> =
            segments.iter().filter(|s| matches!(s.state, SegmentState::Unknown { .. })).map(|s| s.id).collect();
        for segment in unknown {
            self.decide_part(message, &mut segments, segment, decision, by)?;
        }
        self.update_message(message, &segments)?;
        if decision == Decision::Sent {
            // A report may have come while nobody knew.
            let sim = |row: &SegmentRow| match &row.state {
                SegmentState::Accepted { by, .. } => Some(by.sim),
                SegmentState::Waiting { .. }
                | SegmentState::Offered { .. }
                | SegmentState::Reported { .. }
                | SegmentState::Refused
                | SegmentState::Expired
                | SegmentState::Unknown { .. }
                | SegmentState::Withdrawn(_) => None,
            };
            let sims: BTreeSet<SimKey> = segments.iter().filter_map(sim).collect();
            sims.into_iter().try_for_each(|sim| self.apply_parked(sim))?;
        }
        Ok(())
    }

    fn decide_part(
        &mut self,
        message: &MessageRow,
        segments: &mut [SegmentRow],
        segment: SegmentId,
        decision: Decision,
        by: &str,
    ) -> Result<(), StoreError> {
        let Some(row) = segments.iter_mut().find(|row| row.id == segment) else { return Ok(()) };
        let SegmentState::Unknown { with: carrier, .. } = row.state.clone() else { return Ok(()) };
        let mut data = serde_json::json!({ "decision": decision.name(), "by": by });
        // If it was sent, it has the reference that its SIM was to give next.
        let tp_mr = if decision == Decision::Sent { row.expected_mr(self.conn)? } else { None };
        if let (Some(tp_mr), Some(fields)) = (tp_mr, data.as_object_mut()) {
            fields.insert("tp_mr".to_owned(), tp_mr.into());
        }
        let data = Some(data.to_string());
        match decision {
            Decision::Sent => {
                row.state = row.state.clone().accept(tp_mr, self.now)?;
                self.save(row)?;
                self.segment_event(EventKind::SegmentAccepted, row, &carrier, data)
            }
            Decision::Resend => {
                row.state = row.state.clone().send_again(self.now)?;
                row.resent = true;
                self.save(row)?;
                self.segment_event(EventKind::SegmentReturned, row, &carrier, data)?;
                self.put_off(message, segments, self.now)
            }
            Decision::GiveUp => {
                self.refuse(&mut Part { message, segments, segment, carrier: &carrier }, &format!("given up by {by}"))
            }
        }
    }

    /// The id under which a pause of this scope is kept: of a SIM its ICCID, whichever of its two names is given. `None` for
    /// a SIM that was neither seen nor configured.
    pub fn pause_id(&self, scope: Scope, id: &str) -> Option<String> {
        if scope != Scope::Sim {
            return Some(id.to_owned());
        }
        let seen = self.board.sims.values().map(|sim| &sim.card);
        let names: Vec<_> = seen.chain(&self.settings.sims.cards).map(|card| &card.names).collect();
        let is_name = |name: &Option<String>| name.as_deref() == Some(id);
        let found = names.iter().find(|names| names.iccid == id).or(names.iter().find(|names| is_name(&names.name)));
        found.map(|names| names.iccid.clone())
    }

    /// Closes a scope until someone resumes it. `id` is a batch or what [`Self::pause_id`] gave. A second pause of the same
    /// corrects the reason.
    pub fn pause(&mut self, scope: Scope, id: &str, reason: &str, client: &str) -> Result<(), StoreError> {
        self.conn
            .prepare_cached(
                "INSERT INTO pause (scope, id, reason, at, client) VALUES (?, ?, ?, ?, ?)
                 ON CONFLICT (scope, id) DO UPDATE SET reason = excluded.reason",
            )?
            .execute(params![scope.name(), id, reason, self.now.as_millis(), client])?;
        let pause = self.board.pauses.entry((scope, id.to_owned())).or_insert_with(|| Pause {
            scope,
            id: id.to_owned(),
            reason: String::new(),
            since: self.now,
            client: client.to_owned(),
        });
        reason.clone_into(&mut pause.reason);
        self.pause_effects(scope, id);
        Ok(())
    }

    /// Opens a scope again. False when it was not paused. Where a person paused everything and the clock is doubted too, the
    /// pause ends first: whoever resumes that need not know of the clock, and once more says that it is right.
    pub fn resume(&mut self, scope: Scope, id: &str) -> Result<bool, StoreError> {
        let was_paused = self.open_scope(scope, id)?;
        if scope == Scope::All && !was_paused {
            return self.told_the_clock_is_right();
        }
        Ok(was_paused)
    }

    /// Ends the pause of a person.
    fn open_scope(&mut self, scope: Scope, id: &str) -> Result<bool, StoreError> {
        // Rows of before this rule may have the name of the SIM.
        let name = (scope == Scope::Sim).then(|| self.settings.sims.card(id).names.name).flatten();
        let mut removed = 0;
        for id in std::iter::once(id).chain(name.as_deref()) {
            removed += self
                .conn
                .prepare_cached("DELETE FROM pause WHERE scope = ? AND id = ?")?
                .execute(params![scope.name(), id])?;
            self.board.pauses.remove(&(scope, id.to_owned()));
        }
        if scope == Scope::All && removed > 0 {
            // Whoever lets a restored database go on has looked.
            self.clear(AlarmKind::Restored, Subject::default())?;
        }
        self.pause_effects(scope, id);
        Ok(removed > 0)
    }

    /// For each lane the pause that holds its messages, if any.
    pub fn pauses_over(&self, lanes: &[(Route, String)]) -> Vec<Option<Pause>> {
        lanes.iter().map(|(route, batch)| self.board.pause_over(route, batch).cloned()).collect()
    }

    fn pause_effects(&mut self, scope: Scope, id: &str) {
        match scope {
            Scope::All => {
                let paused = self.board.all_paused();
                self.effect(Effect::Pause(paused));
            }
            Scope::Batch => {
                let of_batch = self.board.lanes.iter().filter(|(_, info)| info.batch == id);
                let lanes: Vec<_> = of_batch.map(|(key, _)| *key).collect();
                for lane in lanes {
                    self.lane_effect(lane);
                }
            }
            Scope::Sim => {
                let sims: Vec<_> = self.board.sims.keys().copied().collect();
                for sim in sims {
                    self.line_effect(sim);
                }
            }
        }
    }

    /// What time alone does: messages expire, policies of unknown parts, self-tests and balances come due, texts are published
    /// although parts of them are missing, and lanes of batches that are over are removed. What is left of the queue after the
    /// clock was set back is moved too. By a clock that is doubted nothing expires, no policy comes due, and parts are waited for.
    pub fn tick(&mut self) -> Result<(), StoreError> {
        let is_believed = !self.board.is_clock_doubted();
        if is_believed && self.board.next_expiry.is_some_and(|at| at <= self.now) {
            self.expire_due()?;
        }
        if is_believed && self.board.next_decision.is_some_and(|at| at <= self.now) {
            self.apply_policies()?;
        }
        if self.board.next_test().is_some_and(|at| at <= self.now) {
            self.test_due()?;
        }
        if self.board.next_balance().is_some_and(|at| at <= self.now) {
            self.ask_balances()?;
        }
        if is_believed && self.board.next_partial.is_some_and(|at| at <= self.now) {
            self.publish_partials()?;
        }
        if self.board.next_lanes.is_some_and(|at| at <= self.now) {
            self.tidy_lanes()?;
        }
        self.move_queue()
    }

    fn expire_due(&mut self) -> Result<(), StoreError> {
        let due = self
            .conn
            .prepare_cached("SELECT DISTINCT message FROM segment WHERE state = 0 AND expires <= ? LIMIT ?")?
            .query_map(params![self.now.as_millis(), EXPIRED_AT_ONCE], |row| row.get(0).map(MessageKey))?
            .collect::<Result<Vec<_>, _>>()?;
        for key in due {
            let Some((message, mut segments)) = self.readable(key)? else { continue };
            self.expire(&message, &mut segments)?;
        }
        self.board.next_expiry = next_expiry(self.conn)?;
        Ok(())
    }

    fn apply_policies(&mut self) -> Result<(), StoreError> {
        let due = self
            .conn
            .prepare_cached(
                "SELECT message.key, segment.key FROM segment JOIN message ON message.key = segment.message
                 WHERE segment.state = 7 AND resent = 0 AND unknown_at + resend_after <= ?1 AND message.expires > ?1",
            )?
            .query_map([self.now.as_millis()], |row| Ok((MessageKey(row.get(0)?), SegmentId(row.get(1)?))))?
            .collect::<Result<Vec<_>, _>>()?;
        for (key, segment) in due {
            let Some((message, mut segments)) = self.readable(key)? else { continue };
            self.decide_part(&message, &mut segments, segment, Decision::Resend, "on_unknown")?;
            self.update_message(&message, &segments)?;
        }
        self.board.next_decision = next_decision(self.conn, self.now)?;
        Ok(())
    }

    /// A message that expires then is in the queue.
    pub(super) fn note_expiry(&mut self, at: Timestamp) {
        self.board.next_expiry = Some(self.board.next_expiry.map_or(at, |known| known.min(at)));
    }

    /// A part of this message is unknown since now.
    pub(super) fn note_decision(&mut self, message: &MessageRow) {
        let after = message.resend_after_ms.and_then(|ms| u64::try_from(ms).ok());
        if let Some(after) = after {
            let at = self.now + std::time::Duration::from_millis(after);
            self.board.next_decision = Some(self.board.next_decision.map_or(at, |known| known.min(at)));
        }
    }
}

pub(super) fn next_expiry(conn: &rusqlite::Connection) -> Result<Option<Timestamp>, StoreError> {
    let next: Option<Option<i64>> = conn
        .prepare_cached("SELECT min(expires) FROM segment WHERE state = 0")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(next.flatten().map(Timestamp::from_millis))
}

/// When the first policy comes due. A part whose validity is over cannot go again: it stays unknown, because it may have
/// been sent.
pub(super) fn next_decision(conn: &rusqlite::Connection, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let next: Option<i64> = conn
        .prepare_cached(
            "SELECT min(unknown_at + resend_after) FROM segment JOIN message ON message.key = segment.message
             WHERE segment.state = 7 AND resent = 0 AND message.expires > ?",
        )?
        .query_row([now.as_millis()], |row| row.get(0))?;
    Ok(next.map(Timestamp::from_millis))
}
