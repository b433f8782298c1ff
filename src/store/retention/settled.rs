//! Debtors whose debts have long been settled: they are erased as if somebody had asked for it.
//!
//! Nobody has, so nothing goes with them that is somebody else's today. A number is theirs alone while nothing newer than the time of
//! their class is known of it, and no text to it was another debtor's. Who has it today keeps it, with what was said and noted since.

use rusqlite::{Connection, params};

use crate::clock::Timestamp;
use crate::sms::number::PhoneNumber;

use super::super::StoreError;
use super::super::erasure::{ErasureOrder, Person, numbers_of};
use super::super::record::stored_subscriber;
use super::super::row::stored_number;
use super::super::work::Work;
use super::kept::{IN_USE, SETTLED, STILL_DEBTORS};

/// In whose name debtors are erased, and why.
const CLIENT: &str = "recado";
const REASON: &str = "[retention] debtors";

/// Whether an erasure was begun here, by who asked for it and why.
pub(in super::super) fn is_by_term(client: &str, reason: &str) -> bool {
    client == CLIENT && reason == REASON
}

/// Whether a debtor is known, of whom there is nothing open and nothing as young as that.
pub(in super::super) fn is_settled(conn: &Connection, debtor: &str, before: Timestamp) -> Result<bool, StoreError> {
    Ok(conn.prepare_cached(SETTLED)?.exists(params![before.as_millis(), debtor])?)
}

/// Those of a debtor's numbers that are the debtor's alone, as far as is known.
pub(in super::super) fn quiet(
    conn: &Connection,
    debtor: &str,
    numbers: &[PhoneNumber],
    before: Timestamp,
) -> Result<Vec<PhoneNumber>, StoreError> {
    let mut statement = conn.prepare_cached(IN_USE)?;
    let mut quiet = Vec::new();
    for number in numbers {
        // A line has one form or two.
        let mut forms = number.forms().map(stored_number);
        let (one, other) = (forms.next(), forms.next());
        let values = params![before.as_millis(), one, other, stored_subscriber(*number), debtor];
        if !statement.query_row(values, |row| row.get::<_, bool>(0))? {
            quiet.push(*number);
        }
    }
    Ok(quiet)
}

impl Work<'_> {
    /// What is known of debtors begins to be erased; it is done a little later, some at a time.
    pub(super) fn let_go_of_debtors(&mut self, before: Timestamp, list: &str) -> Result<usize, StoreError> {
        let mut statement = self.conn.prepare_cached(STILL_DEBTORS)?;
        let ids = statement
            .query_map(params![before.as_millis(), list], |row| row.get(0))?
            .collect::<Result<Vec<String>, _>>()?;
        for id in &ids {
            let order = ErasureOrder {
                person: Person::Debtor(id.clone()),
                reason: REASON.to_owned(),
                client: CLIENT.to_owned(),
                until: None,
                suppress: false,
            };
            let Some((debtor, numbers)) = numbers_of(self.conn, &order.person)? else { continue };
            let numbers = quiet(self.conn, id, &numbers, before)?;
            self.begin_erasure_of(&order, debtor.as_deref(), &numbers)?;
        }
        Ok(ids.len())
    }
}
