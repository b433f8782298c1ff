//! Debtors whose debts have long been settled: they are erased as if somebody had asked for it.
//!
//! Nobody has, so it is not carried out where something came in about the debtor meanwhile.

use rusqlite::{Connection, params};

use crate::clock::Timestamp;

use super::super::StoreError;
use super::super::erasure::{ErasureOrder, Person};
use super::super::work::Work;
use super::kept::{SETTLED, STILL_DEBTORS};

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
            self.begin_erasure(&order)?;
        }
        Ok(ids.len())
    }
}
