//! Where debtors are and which hours suit them, as it is stored.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::contact::Addressee;
use crate::contact::calendar::Span;
use crate::contact::habit::{Habit, HabitError};
use crate::sms::id::MessageKey;

use super::StoreError;
use super::board::LaneInfo;
use super::event::{About, EventKind};
use super::record::addressee;
use super::row::MessageRow;
use super::work::Work;

const HABIT: &str = "SELECT state, zone, preferred, forbidden FROM debtor_hours WHERE debtor = ?";

/// What is stored of a debtor.
pub(super) fn habit(conn: &Connection, debtor: &str) -> Result<Option<Habit>, StoreError> {
    Ok(conn.prepare_cached(HABIT)?.query_row([debtor], read).optional()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Habit> {
    let spans = |text: String| -> Vec<Span> { text.split(',').filter_map(|span| span.parse().ok()).collect() };
    Ok(Habit { state: row.get(0)?, zone: row.get(1)?, preferred: spans(row.get(2)?), forbidden: spans(row.get(3)?) })
}

impl Work<'_> {
    /// Notes where a debtor is and which hours suit. What waits for the debtor goes by it from now on.
    pub fn set_habit(
        &mut self,
        debtor: &str,
        habit: &Habit,
        client: &str,
    ) -> Result<Result<(), HabitError>, StoreError> {
        if let Err(error) = habit.check(self.board.contact.calendar.atlas()) {
            return Ok(Err(error));
        }
        let spans = |spans: &[Span]| spans.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO debtor_hours (debtor, state, zone, preferred, forbidden, at, client)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                debtor,
                habit.state,
                habit.zone,
                spans(&habit.preferred),
                spans(&habit.forbidden),
                self.now.as_millis(),
                client,
            ])?;
        let data = serde_json::json!({ "hours": true, "by": client }).to_string();
        self.event(EventKind::DebtChanged, &About { data: Some(data), ..About::default() })?;
        let waiting = self.open_of_debtor(debtor)?;
        for message in &waiting {
            self.move_to_its_hours(*message)?;
        }
        self.look_again(&waiting).map(drop)?;
        Ok(Ok(()))
    }

    fn move_to_its_hours(&mut self, key: MessageKey) -> Result<(), StoreError> {
        let message = MessageRow::by_key(self.conn, key)?;
        let Some(info) = self.board.lanes.get(&message.lane).cloned() else { return Ok(()) };
        let to = with_habit(self.conn, addressee(self.conn, key)?)?;
        let class = self.board.contact.class(&to).to_string();
        self.move_to_lane(&message, LaneInfo { class, ..info })
    }
}

/// The addressee with what is stored of the debtor.
pub(super) fn with_habit(conn: &Connection, to: Addressee) -> Result<Addressee, StoreError> {
    let found = match &to.debtor {
        Some(debtor) => habit(conn, debtor)?,
        None => None,
    };
    Ok(Addressee { habit: found.unwrap_or_default(), ..to })
}
