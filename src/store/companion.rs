//! Companions: a code that follows a text as a message of its own.
//!
//! A companion lies at the end of its validity until the network has taken the whole of its first. Then it goes by the same
//! SIM, held by the same hours and by how things stand, and counts once with its first. What ends the first ends it too:
//! both are written in one transaction, whatever the cause.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::contact::Companion;
use crate::dispatch::route::Route;
use crate::sms::id::MessageKey;
use crate::sms::lifecycle::{MessageState, SegmentState, Withdrawal};
use crate::sms::message::Submission;

use super::StoreError;
use super::board::LaneInfo;
use super::queue::carrier_of;
use super::row::{MessageRow, SegmentRow, message_state_of};
use super::submit::{SubmitAnswer, route_of};
use super::work::Work;

/// Whether a stored message follows another one, and whether that has left.
pub(super) fn companion(conn: &Connection, message: MessageKey) -> Result<Companion, StoreError> {
    let sql = "SELECT first.state FROM message JOIN message AS first ON first.key = message.companion_of
         WHERE message.key = ?";
    let first = conn.prepare_cached(sql)?.query_row([message.0], |row| row.get(0)).optional()?;
    Ok(match first.map(message_state_of) {
        None => Companion::No,
        Some(Some(state)) if has_left(state) => Companion::Follows,
        Some(_) => Companion::Waits,
    })
}

/// Parts of a message and of the one that follows it.
pub(super) fn whole(conn: &Connection, message: &MessageRow) -> Result<u32, StoreError> {
    let sql = "SELECT coalesce(sum(parts), 0) FROM message WHERE companion_of = ?";
    let follows: i64 = conn.prepare_cached(sql)?.query_row([message.key.0], |row| row.get(0))?;
    Ok(u32::try_from(message.parts.saturating_add(follows)).unwrap_or(u32::MAX))
}

/// Whether the network has taken the whole of a message.
fn has_left(state: MessageState) -> bool {
    matches!(state, MessageState::Accepted | MessageState::Delivered | MessageState::Undelivered)
}

impl Work<'_> {
    /// Takes a message in with the one that follows it, both or neither. Where the first is turned away for good there is
    /// nothing to follow it.
    pub fn submit_both(&mut self, first: &Submission, companion: &Submission) -> Result<SubmitAnswer, StoreError> {
        let route = self.route(route_of(first), first.purpose, first.to)?;
        if let Some(refused) = self.never_fits(companion, &route) {
            return Ok(self.find_ref(first)?.unwrap_or(refused));
        }
        let answer = self.submit(first)?;
        if !matches!(answer, SubmitAnswer::Queued(_)) {
            return Ok(answer);
        }
        let Some(row) = MessageRow::by_id(self.conn, first.id)?.filter(|row| row.state == MessageState::Queued) else {
            return Ok(answer);
        };
        self.enqueue_behind(companion, route, row.key)?;
        Ok(answer)
    }

    /// The message that follows another one.
    pub(super) fn companion_of(&self, first: MessageKey) -> Result<Option<MessageKey>, StoreError> {
        let mut statement = self.conn.prepare_cached("SELECT key FROM message WHERE companion_of = ?")?;
        Ok(statement.query_row([first.0], |row| row.get(0).map(MessageKey)).optional()?)
    }

    /// Notes which message one follows.
    pub(super) fn tie_behind(&self, first: MessageKey, companion: MessageKey) -> Result<(), StoreError> {
        let sql = "UPDATE message SET companion_of = ? WHERE key = ?";
        self.conn.prepare_cached(sql)?.execute(params![first.0, companion.0])?;
        Ok(())
    }

    /// What another state of a message means for the one that follows it.
    pub(super) fn lead(
        &mut self,
        first: &MessageRow,
        state: MessageState,
        segments: &[SegmentRow],
    ) -> Result<(), StoreError> {
        let is_over = match state {
            MessageState::Queued | MessageState::Sending | MessageState::Unknown => return Ok(()),
            MessageState::Accepted | MessageState::Delivered if has_left(first.state) => return Ok(()),
            MessageState::Accepted | MessageState::Delivered => false,
            MessageState::Undelivered
            | MessageState::Failed
            | MessageState::Expired
            | MessageState::Blocked
            | MessageState::Cancelled => true,
        };
        let Some(key) = self.companion_of(first.key)? else { return Ok(()) };
        let Some((companion, mut waiting)) = self.readable(key)? else { return Ok(()) };
        if !waiting.iter().all(|row| matches!(row.state, SegmentState::Waiting { .. })) {
            return Ok(());
        }
        if is_over { self.end_with(first, state, &companion, &mut waiting) } else { self.let_go(&companion, segments) }
    }

    /// Sends a companion after its first, by the SIM that has carried it.
    fn let_go(&mut self, companion: &MessageRow, first: &[SegmentRow]) -> Result<(), StoreError> {
        let carrier = first.iter().find_map(|segment| carrier_of(&segment.state));
        let sim = carrier.and_then(|carrier| self.board.sims.get(&carrier.sim));
        if let (Some(sim), Some(info)) = (sim, self.board.lanes.get(&companion.lane)) {
            let route = Route::Sim(sim.card.names.iccid.clone());
            // It was counted with its first.
            let info = LaneInfo { route, begun: self.board.has_share(info), ..info.clone() };
            self.move_to_lane(companion, info)?;
        }
        let Some((companion, mut segments)) = self.readable(companion.key)? else { return Ok(()) };
        let due = companion.due.max(self.now);
        self.bring_forward(&companion, &mut segments, due)
    }

    /// Ends a companion as its first has ended.
    fn end_with(
        &mut self,
        first: &MessageRow,
        state: MessageState,
        companion: &MessageRow,
        waiting: &mut [SegmentRow],
    ) -> Result<(), StoreError> {
        let (withdrawal, cause) = match state {
            MessageState::Expired => return self.expire(companion, waiting),
            MessageState::Cancelled => (Withdrawal::Cancelled, "cancelled".to_owned()),
            MessageState::Blocked => (Withdrawal::Blocked, self.why_blocked(first)?.unwrap_or_default()),
            MessageState::Queued
            | MessageState::Sending
            | MessageState::Accepted
            | MessageState::Delivered
            | MessageState::Undelivered
            | MessageState::Unknown
            | MessageState::Failed => (Withdrawal::PartRefused, "first-refused".to_owned()),
        };
        for row in waiting.iter_mut() {
            row.state = row.state.clone().withdraw(withdrawal)?;
            self.save(row)?;
            row.save_cause(self.conn, &cause)?;
        }
        let data = (withdrawal == Withdrawal::Blocked).then(|| serde_json::json!({ "code": cause }).to_string());
        self.update_message_as(companion, waiting, data)
    }

    fn why_blocked(&self, message: &MessageRow) -> Result<Option<String>, StoreError> {
        let sql = "SELECT cause FROM segment WHERE key >= ? AND key < ? AND state = 9 AND cause IS NOT NULL LIMIT 1";
        let range = params![message.first_segment, message.first_segment + message.parts];
        Ok(self.conn.prepare_cached(sql)?.query_row(range, |row| row.get(0)).optional()?)
    }
}
