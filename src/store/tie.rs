//! What comes in, tied to the message that it most likely answers.

use std::time::Duration;

use rusqlite::params;

use crate::sms::id::{MessageKey, SimKey};
use crate::sms::number::SUFFIX_DIGITS;
use crate::sms::number::{PhoneNumber, Sender};
use crate::sms::reply::{Earlier, choose};

use super::StoreError;
use super::row;
use super::work::Work;

/// Who answers later than this answers something else: a dunning goes on within a month.
const ANSWERED_WITHIN: Duration = Duration::from_secs(30 * 24 * 3600);

/// How many messages to numbers with the same last digits are looked at, newest first.
const LOOKED_AT: usize = 64;

/// Messages to numbers with these last digits that left, or may have. The index `message_suffix` is made for it.
const SAME_DIGITS: &str = "SELECT message.key, recipient, segment.sim FROM message
     JOIN segment ON segment.key = message.first_segment
     WHERE recipient % 100000000 = ? AND (parts_sent > 0 OR message.state = 5) AND segment.offered_at > ?
     ORDER BY message.key DESC LIMIT ?";

/// Who it is, and what it is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tie {
    /// The message that is answered.
    pub(super) message: Option<MessageKey>,
    /// The number in the form in which it is written to, else in the one that it shows.
    pub(super) number: Option<PhoneNumber>,
}

impl Work<'_> {
    /// Who wrote to `sim` or called it, and the message that this answers.
    pub(super) fn tie(&self, sender: &Sender, sim: SimKey) -> Result<Tie, StoreError> {
        let country = self.settings.country;
        let answered = choose(sender, country, sim, &self.earlier(sender)?);
        let number = answered.map(|earlier| earlier.recipient).or_else(|| sender.number(country));
        Ok(Tie { message: answered.map(|earlier| earlier.message), number })
    }

    fn earlier(&self, sender: &Sender) -> Result<Vec<Earlier>, StoreError> {
        let Some(suffix) = sender.suffix(SUFFIX_DIGITS).and_then(|digits| digits.parse::<i64>().ok()) else {
            return Ok(Vec::new());
        };
        let since = (self.now - ANSWERED_WITHIN).as_millis();
        let rows = self
            .conn
            .prepare_cached(SAME_DIGITS)?
            .query_map(params![suffix, since, LOOKED_AT], |row| {
                Ok((MessageKey(row.get(0)?), row.get(1)?, row.get::<_, Option<i64>>(2)?.map(SimKey)))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        let earlier = |(message, stored, sim)| Some(Earlier { message, recipient: row::number(stored)?, sim });
        Ok(rows.into_iter().filter_map(earlier).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema;

    #[test]
    fn earlier_messages_are_found_by_the_index() {
        let folder = tempfile::tempdir().unwrap();
        let conn = schema::open_writer(&folder.path().join("recado.db")).unwrap();
        let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {SAME_DIGITS}")).unwrap();
        let plan: Vec<String> =
            statement.query_map(params![1, 1, 1], |row| row.get(3)).unwrap().map(Result::unwrap).collect();
        assert!(plan.iter().any(|step| step.contains("message_suffix (<expr>=?)")), "{plan:?}");
        assert!(!plan.iter().any(|step| step.contains("B-TREE")), "{plan:?}");
    }
}
