//! Whether anything is known of a person at all. Of most who are texted nothing is, and one statement tells, in the
//! transaction that asks; what there is is looked up then.

use rusqlite::{Connection, params};

use crate::clock::Timestamp;
use crate::contact::Addressee;

use super::StoreError;
use super::record::stored_subscriber;
use super::row::stored_number;

/// Each part is a search in an index. Of erased numbers the ledger has digests: whether there is any tells whether this
/// number must be digested.
const KNOWN: &str = "SELECT
     EXISTS (SELECT 1 FROM debtor_hours WHERE debtor = ?1),
     EXISTS (SELECT 1 FROM standing WHERE debtor = ?1) OR EXISTS (SELECT 1 FROM standing WHERE subscriber = ?2),
     EXISTS (SELECT 1 FROM suppression WHERE subscriber = ?2 AND lift IS NULL),
     EXISTS (SELECT 1 FROM suppression INDEXED BY suppression_mac WHERE mac IS NOT NULL AND lift IS NULL),
     EXISTS (SELECT 1 FROM touch WHERE subscriber = ?2 AND at > ?4)
         OR EXISTS (SELECT 1 FROM touch WHERE debtor = ?1 AND at > ?4),
     EXISTS (SELECT 1 FROM inbound WHERE number = ?3) OR EXISTS (SELECT 1 FROM inbound WHERE number = ?5),
     EXISTS (SELECT 1 FROM message WHERE recipient = ?3),
     EXISTS (SELECT 1 FROM debt WHERE id = ?6) OR EXISTS (SELECT 1 FROM debtor WHERE id = ?1)";

/// Of erased numbers again, where there is no other question beside it.
const ERASED: &str =
    "SELECT EXISTS (SELECT 1 FROM suppression INDEXED BY suppression_mac WHERE mac IS NOT NULL AND lift IS NULL)";

/// Whether the suppression ledger knows of any number that was erased.
pub(super) fn any_erased(conn: &Connection) -> Result<bool, StoreError> {
    Ok(conn.prepare_cached(ERASED)?.query_row([], |row| row.get(0))?)
}

/// What there is to look up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    /// Of the debtor's place and hours.
    pub(super) habit: bool,
    /// Of how things stand with the debtor, or with whoever has the number.
    pub(super) standing: bool,
    /// In the suppression ledger, under the number.
    pub(super) entries: bool,
    /// In the suppression ledger, of any number that was erased.
    pub(super) erased: bool,
    /// Texts that the debtor or the number had since the time that was asked for.
    pub(super) touches: bool,
    /// What the number wrote, in any of its forms.
    pub(super) answers: bool,
    /// Messages to the number, also those that wait.
    pub(super) messages: bool,
    /// Of the debt, or of the debtor's debts.
    pub(super) debts: bool,
}

impl Known {
    /// Looks what there is of the person whom a message is for, of texts those after `since`.
    pub(super) fn of(conn: &Connection, to: &Addressee, since: Timestamp) -> Result<Self, StoreError> {
        let Addressee { number, debtor, debt, .. } = to;
        // A line has one form or two.
        let other = number.forms().nth(1).map(stored_number);
        let values =
            params![debtor, stored_subscriber(*number), stored_number(*number), since.as_millis(), other, debt];
        Ok(conn.prepare_cached(KNOWN)?.query_row(values, |row| {
            Ok(Self {
                habit: row.get(0)?,
                standing: row.get(1)?,
                entries: row.get(2)?,
                erased: row.get(3)?,
                touches: row.get(4)?,
                answers: row.get(5)?,
                messages: row.get(6)?,
                debts: row.get(7)?,
            })
        })?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema;

    #[test]
    fn nothing_is_walked_to_see_that_nothing_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let conn = schema::open_writer(&folder.path().join("recado.db")).unwrap();
        let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {KNOWN}")).unwrap();
        let plan: Vec<String> =
            statement.query_map([1, 1, 1, 1, 1, 1], |row| row.get(3)).unwrap().map(Result::unwrap).collect();
        let looks: Vec<&String> =
            plan.iter().filter(|step| !step.contains("SUBQUERY") && !step.contains("CONSTANT")).collect();
        assert_eq!(looks.len(), 12, "{plan:?}");
        // Any of the erased ones will do: the first is met at once.
        let is_bounded = |step: &str| step.starts_with("SEARCH") || step.contains("COVERING INDEX suppression_mac");
        assert!(looks.iter().all(|step| is_bounded(step)), "{plan:?}");
    }
}
