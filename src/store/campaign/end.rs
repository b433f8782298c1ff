//! The end of a campaign by a person: nothing of it is handed over after the answer that was not on the wire.
//!
//! The first transaction closes it and says what is on the wire; what waits is withdrawn in steps after that, so that results
//! never wait behind a long list. A daemon that dies within them goes on with it at its next start.

use rusqlite::params;

use crate::dunning::campaign::State;
use crate::sms::id::{MessageId, MessageKey};
use crate::sms::lifecycle::{SegmentState, Withdrawal};

use super::super::StoreError;
use super::super::row::SegmentRow;
use super::super::work::Work;
use super::{ChangeAnswer, view};

/// Messages of one step: a few milliseconds of work.
const AT_ONCE: usize = 200;

/// What a step of a cancellation came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CancelStep {
    /// Messages of which nothing more will be handed over.
    pub stopped: u64,
    /// Whether there are more of them.
    pub is_more: bool,
}

impl Work<'_> {
    /// Ends a campaign, and says what of it is on the wire or may be; what waits is withdrawn by
    /// [`Self::withdraw_cancelled`].
    pub fn cancel_campaign(&mut self, name: &str) -> Result<Result<Vec<MessageId>, ChangeAnswer>, StoreError> {
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
        let mut on_wire = Vec::new();
        for state in ["2", "7"] {
            let sql = format!(
                "SELECT DISTINCT segment.message FROM segment JOIN message ON message.key = segment.message
                 WHERE segment.state = {state} AND message.batch = ?"
            );
            let mut statement = self.conn.prepare_cached(&sql)?;
            let keys = statement.query_map([name], |row| row.get(0).map(MessageKey))?.collect::<Result<Vec<_>, _>>()?;
            for key in keys {
                on_wire.extend(self.public_id(key)?.filter(|id| !on_wire.contains(id)));
            }
        }
        Ok(Ok(on_wire))
    }

    /// Withdraws some of what waits of a campaign that was cancelled.
    pub fn withdraw_cancelled(&mut self, name: &str) -> Result<CancelStep, StoreError> {
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
        let mut stopped = 0;
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
            stopped += 1;
        }
        Ok(CancelStep { stopped, is_more })
    }
}
