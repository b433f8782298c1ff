//! The first start on a copy of a database.
//!
//! What the original did after the copy was made is not known here: it may have sent what waits in the copy, and texts that the
//! copy has never heard of. A copy says so itself (`copied`), however it came to its place. Therefore everything is paused until
//! a person has looked; nothing that was unknown is sent again by its policy; and where whoever restored it said so, what waited
//! is given up. What waits for persons who were erased meanwhile is taken back, as far as the restore could tell who they are
//! (`store::backup`). All of that is written before anything else, and again after a crash in between.

use rusqlite::OptionalExtension as _;

use crate::clock::Timestamp;
use crate::sms::id::MessageKey;
use crate::sms::lifecycle::{SegmentState, Withdrawal};

use super::alarm::{AlarmKind, Subject};
use super::board::Scope;
use super::row::SegmentRow;
use super::work::Work;
use super::{Store, StoreError};

/// Messages that are given up in one transaction.
const AT_ONCE: usize = 500;

/// Whose pause it is.
const CLIENT: &str = "recado";

/// Where what is given up comes from, as the log says.
const CAUSE: &str = "restored";

/// What a copy says of its first start, as the column `gives_up` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// What waited is given up.
    pub(super) gives_up: bool,
    /// What was forbidden after the copy was made is in it.
    pub(super) carried: bool,
}

impl Mark {
    const GIVES_UP: i64 = 1;
    const CARRIED: i64 = 2;

    pub(super) fn stored(self) -> i64 {
        i64::from(self.gives_up) * Self::GIVES_UP + i64::from(self.carried) * Self::CARRIED
    }

    fn from_stored(stored: i64) -> Self {
        Self { gives_up: stored & Self::GIVES_UP != 0, carried: stored & Self::CARRIED != 0 }
    }
}

impl Store {
    /// Does what the first start on a copy asks for.
    pub(super) fn settle_copy(&mut self, now: Timestamp) -> Result<(), StoreError> {
        loop {
            #[expect(
                clippy::redundant_closure_for_method_calls,
                reason = "the method is not general enough over its lifetime"
            )]
            let (is_more, _) = self.commit(now, |work| work.settle_some_of_copy())?;
            if !is_more {
                return Ok(());
            }
        }
    }
}

impl Work<'_> {
    /// Whether there is more of it.
    fn settle_some_of_copy(&mut self) -> Result<bool, StoreError> {
        let sql = "SELECT at, gives_up FROM copied ORDER BY at LIMIT 1";
        let copied = self.conn.prepare_cached(sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some((at, mark)): Option<(i64, i64)> = copied else { return Ok(false) };
        let (at, Mark { gives_up, carried }) = (Timestamp::from_millis(at), Mark::from_stored(mark));
        let reason = format!("this database is a copy of {at}; what was sent after that is not known here");
        self.pause(Scope::All, "", &reason, CLIENT)?;
        let forbidden = if carried {
            "Numbers that were suppressed since, tokens that were revoked and persons who were erased are taken from the \
             database that it replaces."
        } else {
            "Numbers that were suppressed since, tokens that were revoked and persons who were erased are not known here \
             either: suppress, revoke and erase them again before you resume."
        };
        let detail = format!(
            "It is a copy of {at}. What was sent after that is not known here, so everything is paused. {forbidden} \
             Look at what waits, cancel what has gone, then resume."
        );
        self.raise(AlarmKind::Restored, Subject::default(), &detail)?;
        // A policy counts on what the network says soon afterwards, which the original was told.
        self.conn
            .prepare_cached(
                "UPDATE message SET resend_after = NULL WHERE state IN (0, 1, 5) AND resend_after IS NOT NULL",
            )?
            .execute([])?;
        self.withdraw_for_erasures()?;
        if gives_up && self.give_up_some()? {
            return Ok(true);
        }
        self.conn.prepare_cached("DELETE FROM copied")?.execute([])?;
        self.note_own("restore", &at.to_string(), 0)?;
        Ok(false)
    }

    /// Withdraws some of what waits. Whether there was any.
    fn give_up_some(&mut self) -> Result<bool, StoreError> {
        // What tells people of alarms is their own.
        let sql = "SELECT DISTINCT message FROM segment JOIN message ON message.key = segment.message
             WHERE segment.state = 0 AND purpose <> 'operational' LIMIT ?";
        let waiting = self
            .conn
            .prepare_cached(sql)?
            .query_map([AT_ONCE], |row| row.get(0).map(MessageKey))?
            .collect::<Result<Vec<_>, _>>()?;
        let some = !waiting.is_empty();
        for key in waiting {
            let Some((message, mut segments)) = self.readable(key)? else { continue };
            for row in
                segments.iter_mut().filter(|row: &&mut SegmentRow| matches!(row.state, SegmentState::Waiting { .. }))
            {
                row.state = row.state.clone().withdraw(Withdrawal::Cancelled)?;
                self.save(row)?;
                row.save_cause(self.conn, CAUSE)?;
            }
            self.update_message(&message, &segments)?;
        }
        Ok(some)
    }
}
