//! The end of a campaign by a person: nothing of it is handed over after the answer that was not on the wire.
//!
//! The first transaction closes it, counts what waits and says what is on the wire: it costs the same however long the list
//! is. What waits is withdrawn in steps after that, so that results never wait behind it. A daemon that dies within them goes on
//! with it at its next start.

use std::collections::BTreeSet;

use rusqlite::params;

use crate::dunning::campaign::State;
use crate::sms::id::{MessageId, MessageKey};
use crate::sms::lifecycle::{MessageState, SegmentState, Withdrawal};

use super::super::StoreError;
use super::super::row::{SegmentRow, message_code};
use super::super::suppression::Stopped;
use super::super::work::Work;
use super::{CampaignKey, CampaignView, ChangeAnswer, view};

/// What is on the wire, or may be.
const ON_WIRE: [&str; 2] = [
    "SELECT DISTINCT segment.message FROM segment INDEXED BY segment_offered
     CROSS JOIN message ON message.key = segment.message WHERE segment.state = 2 AND +message.batch = ?",
    "SELECT DISTINCT segment.message FROM segment INDEXED BY segment_unknown
     CROSS JOIN message ON message.key = segment.message WHERE segment.state = 7 AND +message.batch = ?",
];

/// Messages of which something has gone and something waits. Few are in these states, whatever the length of the list.
const PARTLY: &str = "SELECT count(*) FROM message WHERE state = ?2 AND +batch = ?1 AND EXISTS
     (SELECT 1 FROM segment WHERE key >= first_segment AND key < first_segment + message.parts AND segment.state = 0)";

/// Messages of one step: a few milliseconds of work.
const AT_ONCE: usize = 200;

impl Work<'_> {
    /// Ends a campaign, and says of how many messages nothing more is handed over and what is on the wire or may be; what
    /// waits is withdrawn by [`Self::withdraw_cancelled`]. Of one that was ended before, what waits still.
    pub fn cancel_campaign(&mut self, name: &str) -> Result<Result<Stopped, ChangeAnswer>, StoreError> {
        let Some(view) = view::by_name(self.conn, name)? else { return Ok(Err(ChangeAnswer::NotFound)) };
        if view.state == State::Done {
            return Ok(Err(ChangeAnswer::Not(view.state)));
        }
        if view.state != State::Cancelled {
            self.conn.prepare_cached("UPDATE campaign SET state = 'cancelled' WHERE key = ?")?.execute([view.key.0])?;
            if let Some(image) = self.board.campaigns.get_mut(name) {
                image.is_cancelled = true;
            }
            self.batch_effects(name);
            self.campaign_event(name, State::Cancelled)?;
        }
        Ok(Ok(Stopped { stopped: self.waiting_of(&view)?, on_wire: self.on_wire_of(name)?, ..Stopped::default() }))
    }

    /// Messages of a campaign of which a part waits.
    fn waiting_of(&self, view: &CampaignView) -> Result<u64, StoreError> {
        let queued = self.counted_of(view.key, view.progress.of(MessageState::Queued), MessageState::Queued);
        let mut partly = self.conn.prepare_cached(PARTLY)?;
        let mut waiting = queued;
        for state in [MessageState::Sending, MessageState::Unknown] {
            let count: u64 = partly.query_row(params![view.campaign.name, message_code(state)], |row| row.get(0))?;
            waiting += count;
        }
        Ok(waiting)
    }

    /// What is stored of a tally, with what this transaction has counted so far.
    fn counted_of(&self, campaign: CampaignKey, stored: u64, state: MessageState) -> u64 {
        let change = self.campaign_tally.get(&(campaign, message_code(state))).copied().unwrap_or(0);
        stored.saturating_add_signed(change)
    }

    fn on_wire_of(&self, batch: &str) -> Result<Vec<MessageId>, StoreError> {
        let mut keys = BTreeSet::new();
        for sql in ON_WIRE {
            let mut statement = self.conn.prepare_cached(sql)?;
            for key in statement.query_map([batch], |row| row.get(0).map(MessageKey))? {
                keys.insert(key?);
            }
        }
        let mut ids = Vec::with_capacity(keys.len());
        for key in keys {
            ids.extend(self.public_id(key)?);
        }
        Ok(ids)
    }

    /// Withdraws some of what waits of a campaign that was cancelled. Whether there is more of it.
    pub fn withdraw_cancelled(&mut self, name: &str) -> Result<bool, StoreError> {
        let of_batch = self.board.lanes.iter().filter(|(_, info)| info.batch == name);
        let lanes: Vec<_> = of_batch.map(|(key, _)| *key).collect();
        let mut waiting: Vec<MessageKey> = Vec::new();
        for lane in lanes {
            let sql = "SELECT DISTINCT message FROM segment WHERE lane = ? AND state = 0 LIMIT ?";
            let mut statement = self.conn.prepare_cached(sql)?;
            let room = AT_ONCE.saturating_sub(waiting.len());
            let found = statement.query_map(params![lane.0, room], |row| row.get(0).map(MessageKey))?;
            waiting.extend(found.collect::<Result<Vec<_>, _>>()?);
        }
        let is_more = waiting.len() >= AT_ONCE;
        for key in waiting {
            let Some((message, mut segments)) = self.readable(key)? else { continue };
            for row in
                segments.iter_mut().filter(|row: &&mut SegmentRow| matches!(row.state, SegmentState::Waiting { .. }))
            {
                row.state = row.state.clone().withdraw(Withdrawal::Cancelled)?;
                self.save(row)?;
                row.save_cause(self.conn, "cancelled")?;
            }
            self.update_message(&message, &segments)?;
        }
        Ok(is_more)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::schema;
    use super::*;

    #[test]
    fn an_end_costs_the_same_however_long_the_list_is() {
        let folder = tempfile::tempdir().unwrap();
        let conn = schema::open_writer(&folder.path().join("recado.db")).unwrap();
        for (sql, first) in [
            (ON_WIRE[0], "INDEX segment_offered"),
            (ON_WIRE[1], "INDEX segment_unknown"),
            (PARTLY, "INDEX message_state (state=?)"),
        ] {
            let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let values = vec![rusqlite::types::Null; statement.parameter_count()];
            let rows = statement.query_map(rusqlite::params_from_iter(values), |row| row.get(3)).unwrap();
            let steps: Vec<String> = rows.collect::<Result<_, _>>().unwrap();
            assert!(steps[0].contains(first), "{steps:?}");
            assert!(!steps[1..].iter().any(|step| step.contains("SCAN")), "{steps:?}");
        }
    }
}
