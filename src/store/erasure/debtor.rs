//! The debtor of an erasure: what is found by the debtor's id goes first, and all of it before anybody of that id can come in again.
//!
//! A file that is imported again brings a debtor back, as somebody new. It may do so at any time, also while the erasure is on its way:
//! then what is left of the one before goes in the transaction of the import ([`Work::part_with_erased`]), and the erasure looks for
//! the debtor's rows no more. Of the others it takes those of messages that were there when it was asked for, and of the numbers.
//!
//! An erasure at the end of a debtor's time was asked for by nobody, so it does not outlive its reason: where something came in
//! meanwhile, it is dropped, and numbers that somebody uses are left out of it.

use std::collections::BTreeSet;

use rusqlite::{params, params_from_iter};
use serde_json::Value;

use super::super::StoreError;
use super::super::personal::{TABLES, Table, Who};
use super::super::retention;
use super::super::work::Work;
use super::{Erasure, ErasureKey};

/// Debts of one step, with all that hangs on each: some milliseconds of the writer.
const DEBTS_AT_ONCE: i64 = 10;

/// As what debtors are counted. The count is there once no row of the debtor is left, also where there never was one.
const CLASS: &str = "debtors";

/// Messages are tied to debts on both sides: what is left of these rows when the debtor has gone goes with the messages.
const TIES: &str = "message_debt";

impl Erasure {
    /// Whether there may be rows of the debtor that are part of it.
    pub(super) fn has_debtor_left(&self) -> bool {
        self.debtor.is_some() && self.state == "running" && !self.counts.contains_key(CLASS)
    }

    /// How many debts are looked for at once; none once they have gone.
    pub(super) fn debts(&self) -> i64 {
        if self.has_debtor_left() { DEBTS_AT_ONCE } else { 0 }
    }

    /// Whether rows of a table have gone with the debtor.
    pub(super) fn is_done_with(&self, table: &Table) -> bool {
        self.debtor.is_some() && table.goes_with_debtor() && table.name != TIES
    }

    pub(super) fn count(&mut self, class: &str, rows: usize) {
        if !class.is_empty() && rows > 0 {
            let before = self.counts.get(class).and_then(Value::as_u64).unwrap_or_default();
            self.counts.insert(class.to_owned(), Value::from(before + rows as u64));
        }
    }
}

impl Work<'_> {
    /// Empties at most so many of a person's rows of a table.
    pub(super) fn empty(&self, table: &Table, who: &Who, limit: i64) -> Result<usize, StoreError> {
        let mut values = who.values().to_vec();
        values.push(rusqlite::types::Value::Integer(limit));
        Ok(self.conn.prepare_cached(&table.statement())?.execute(params_from_iter(values))?)
    }

    /// Empties rows of the debtor: all of them, or those of a few debts while there are more. Nothing that points to a row is left
    /// when it goes, whatever came in since the step before.
    pub(super) fn empty_debtor(&mut self, erasure: &mut Erasure) -> Result<(), StoreError> {
        let who = erasure.who(&self.board.contact.secret, self.now);
        for table in TABLES.iter().filter(|table| table.goes_with_debtor()) {
            let emptied = self.empty(table, &who, i64::MAX)?;
            erasure.count(table.class, emptied);
            if table.name == "debt" && i64::try_from(emptied) == Ok(DEBTS_AT_ONCE) {
                return self.save_erasure(erasure);
            }
        }
        erasure.counts.entry(CLASS).or_insert_with(|| Value::from(0));
        self.save_erasure(erasure)
    }

    /// Debtors with these ids come in. Of those who are being erased nothing may be left by then, or it would be taken for theirs, and
    /// they for somebody who is erased. Results of the last second that are not counted yet may lack a payment.
    pub(in super::super) fn part_with_erased(&mut self, debtors: &BTreeSet<&str>) -> Result<(), StoreError> {
        let is_any = "SELECT EXISTS (SELECT 1 FROM erasure INDEXED BY erasure_debtor WHERE debtor IS NOT NULL)";
        if !self.conn.prepare_cached(is_any)?.query_row([], |row| row.get::<_, bool>(0))? {
            return Ok(());
        }
        for debtor in debtors {
            let open = "SELECT key FROM erasure WHERE debtor = ? AND state = 'running' ORDER BY key";
            let keys = self
                .conn
                .prepare_cached(open)?
                .query_map([debtor], |row| row.get(0).map(ErasureKey))?
                .collect::<Result<Vec<_>, _>>()?;
            for key in keys {
                let Some(mut erasure) = Erasure::by_key(self.conn, key)? else { continue };
                while !erasure.by_term && erasure.has_debtor_left() {
                    self.empty_debtor(&mut erasure)?;
                }
            }
        }
        Ok(())
    }

    /// Holds an erasure at the end of a debtor's time against what came in since it was begun. False where it has no reason any more.
    pub(super) fn is_still_over(&mut self, erasure: &mut Erasure) -> Result<bool, StoreError> {
        let Some(debtor) = erasure.debtor.as_deref().filter(|_| erasure.by_term) else { return Ok(true) };
        if erasure.has_debtor_left() && !retention::is_settled(self.conn, debtor, erasure.at)? {
            self.drop_erasure(erasure.key)?;
            return Ok(false);
        }
        let quiet = retention::quiet(self.conn, debtor, &erasure.numbers, erasure.at)?;
        erasure.numbers = quiet;
        Ok(true)
    }

    /// Nothing more of it is done, and it says no more whom it was about.
    fn drop_erasure(&mut self, key: ErasureKey) -> Result<(), StoreError> {
        let sql =
            "UPDATE erasure SET state = 'dropped', debtor = NULL, numbers = NULL, subscribers = NULL, held = NULL,
             ended_at = ? WHERE key = ?";
        self.conn.prepare_cached(sql)?.execute(params![self.now.as_millis(), key.0])?;
        self.tell_erasure(key, "dropped", None)
    }
}
