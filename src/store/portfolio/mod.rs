//! The portfolio as rows: creditors, debtors and debts, taken in by the caller's ids.
//!
//! What is taken in again replaces what was there, but for what is unsaid ([`Unsaid`]), and for how a debt stands: that changes
//! by what happens to it ([`happening`]), or where the caller says it.

mod creditor;
mod debt;
mod debtor;
mod extreme;
pub mod happening;
mod mapping;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Span;
use jiff::civil::{Date, date};

use rusqlite::{Connection, OptionalExtension as _};

use crate::dunning::creditor::Creditor;
use crate::dunning::debt::{Debt, Status};
use crate::dunning::debtor::{Confirmation, Debtor};
use crate::dunning::unsaid::Unsaid;

use super::StoreError;
use super::event::{About, EventKind};
use super::work::Work;

pub use debtor::{DebtorFilter, Sought, SoughtPerson};
pub(super) use debtor::{debtor_by_key, debtor_of};

pub(super) use creditor::creditor_rows;
#[cfg(test)]
pub(super) use debt::DEBTS_OF_CASE;
pub use debt::{DebtFilter, DebtKey};
pub(super) use debt::{debts_of_case, debts_of_message, standing_of_all_debts, standing_of_debts};

/// Something to take in.
#[derive(Debug, Clone)]
pub enum Item {
    /// A creditor.
    Creditor(Box<Creditor>),
    /// A debtor with the numbers.
    Debtor(Box<Debtor>),
    /// A debt, with its debtor where that is told beside it.
    Debt {
        /// The debtor, taken in before.
        debtor: Option<Box<Debtor>>,
        /// The debt. Its status is that of `status`, else what it was.
        debt: Box<Debt>,
        /// How it stands, where that is told.
        status: Option<Status>,
    },
}

impl Item {
    /// The debtor whom it is about, by the caller's id.
    pub fn debtor(&self) -> Option<&str> {
        match self {
            Self::Creditor(_) => None,
            Self::Debtor(debtor) => Some(&debtor.id),
            Self::Debt { debt, .. } => Some(&debt.debtor),
        }
    }
}

/// Something to take in, and what it does not speak of.
#[derive(Debug, Clone)]
pub struct Stated {
    /// What is said.
    pub item: Item,
    /// What is not, and stays as it is stored.
    pub unsaid: Unsaid,
    /// What is said of numbers of the debtor's. Of others nothing changes.
    pub confirmations: Vec<Confirmation>,
}

impl From<Item> for Stated {
    /// Says everything.
    fn from(item: Item) -> Self {
        Self { item, unsaid: Unsaid::default(), confirmations: Vec::new() }
    }
}

/// The same where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Statement<'a> {
    item: &'a Item,
    unsaid: Unsaid,
    confirmations: &'a [Confirmation],
}

impl<'a> From<&'a Item> for Statement<'a> {
    /// Says everything.
    fn from(item: &'a Item) -> Self {
        Self { item, unsaid: Unsaid::default(), confirmations: &[] }
    }
}

impl<'a> From<&'a Stated> for Statement<'a> {
    fn from(Stated { item, unsaid, confirmations }: &'a Stated) -> Self {
        Self { item, unsaid: *unsaid, confirmations }
    }
}

/// What became of an item that was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is new.
    Created,
    /// It was there, and something of it is another now.
    Changed,
    /// It was there as it is.
    Same,
}

/// Why an item cannot be taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Untaken {
    /// There is no creditor with this id.
    #[error("no creditor has this id; make the creditor known first")]
    NoCreditor,
    /// There is no debtor with this id.
    #[error("no debtor has this id; make the debtor known first, or with the debt")]
    NoDebtor,
    /// The id is taken.
    #[error("a debt to another creditor has this id")]
    OfAnotherCreditor,
}

const EPOCH: Date = date(1970, 1, 1);

/// The day that is stored as this integer.
pub(super) fn day(stored: i64) -> Option<Date> {
    EPOCH.checked_add(Span::new().try_days(stored).ok()?).ok()
}

/// The integer as which a day is stored.
pub(super) fn stored_day(day: Date) -> i64 {
    EPOCH.until(day).map_or(0, |span| i64::from(span.get_days()))
}

/// Words of the caller's that are stored as one text.
fn words(stored: Option<&str>) -> Vec<String> {
    stored.and_then(|words| serde_json::from_str(words).ok()).unwrap_or_default()
}

/// The debtors whom items are about, by the caller's ids.
fn debtors<'a, T>(items: &'a [T]) -> BTreeSet<&'a str>
where
    Statement<'a>: From<&'a T>,
{
    items.iter().filter_map(|item| Statement::from(item).item.debtor()).collect()
}

fn stored_words(words: &[String]) -> Option<String> {
    if words.is_empty() { None } else { serde_json::to_string(words).ok() }
}

impl Work<'_> {
    /// Takes items in, each by itself.
    pub fn take_each<'a, T>(&mut self, items: &'a [T], client: &str) -> Result<Vec<Result<Taken, Untaken>>, StoreError>
    where
        Statement<'a>: From<&'a T>,
    {
        self.part_with_erased(&debtors(items))?;
        let taken: Vec<_> =
            items.iter().map(|item| self.take(item.into(), client)).collect::<Result<_, StoreError>>()?;
        let count = |which| taken.iter().filter(|one| **one == Ok(which)).count();
        let (created, changed) = (count(Taken::Created), count(Taken::Changed));
        // Whoever follows the log sees that there is something new, once for all of them.
        if created + changed > 0 {
            let data = serde_json::json!({ "created": created, "changed": changed, "client": client });
            self.event(EventKind::DebtChanged, &About { data: Some(data.to_string()), ..About::default() })?;
        }
        Ok(taken)
    }

    /// Takes all of them in, or none where one of them cannot be.
    pub fn take_all<'a, T>(&mut self, items: &'a [T], client: &str) -> Result<Vec<Result<Taken, Untaken>>, StoreError>
    where
        Statement<'a>: From<&'a T>,
    {
        self.part_with_erased(&debtors(items))?;
        // Whether each can be is known before anything is written: a savepoint would leave the image of the lanes ahead.
        let mut known = Known::default();
        let refusals = items
            .iter()
            .map(|item| known.refusal(self.conn, Statement::from(item).item))
            .collect::<Result<Vec<_>, _>>()?;
        if refusals.iter().any(Option::is_some) {
            return Ok(refusals.into_iter().map(|refusal| refusal.map_or(Ok(Taken::Same), Err)).collect());
        }
        self.take_each(items, client)
    }

    fn take(&mut self, statement: Statement<'_>, client: &str) -> Result<Result<Taken, Untaken>, StoreError> {
        match statement.item {
            Item::Creditor(creditor) => self.take_creditor(creditor, client).map(Ok),
            Item::Debtor(debtor) => self.take_person(debtor, statement, client).map(Ok),
            Item::Debt { debtor, debt, status } => {
                if let Some(untaken) = Known::default().refusal(self.conn, statement.item)? {
                    return Ok(Err(untaken));
                }
                let of_debtor = debtor.as_ref().map(|debtor| self.take_person(debtor, statement, client));
                let of_debtor = of_debtor.transpose()?;
                let taken = self.take_debt(debt, statement.unsaid, *status, client)?;
                let is_changed = of_debtor.is_some_and(|taken| taken != Taken::Same);
                Ok(taken.map(|taken| if taken == Taken::Same && is_changed { Taken::Changed } else { taken }))
            }
        }
    }

    /// Takes in a debtor, and then what is said of the numbers.
    fn take_person(&mut self, debtor: &Debtor, statement: Statement<'_>, client: &str) -> Result<Taken, StoreError> {
        let taken = self.take_debtor_but(debtor, statement.unsaid, client)?;
        if statement.confirmations.is_empty() {
            return Ok(taken);
        }
        let numbers = debtor_of(self.conn, &debtor.id)?.map(|(_, debtor)| debtor.numbers).unwrap_or_default();
        let mut is_changed = false;
        for said in statement.confirmations {
            if numbers.iter().any(|number| number.is_same_line(said.number)) {
                is_changed |= self.confirm_by_caller(*said)?;
            }
        }
        if is_changed {
            self.look_at_cases_of(&debtor.id)?;
        }
        Ok(if taken == Taken::Same && is_changed { Taken::Changed } else { taken })
    }
}

/// Creditors and debtors of a list that are known once the items before have been taken in.
#[derive(Default)]
struct Known<'a> {
    creditors: BTreeSet<&'a str>,
    debtors: BTreeSet<&'a str>,
    /// Debts of the list, and to whom they are owed.
    debts: BTreeMap<&'a str, &'a str>,
}

impl<'a> Known<'a> {
    /// Why an item cannot be taken in after those before it.
    fn refusal(&mut self, conn: &Connection, item: &'a Item) -> Result<Option<Untaken>, StoreError> {
        match item {
            Item::Creditor(creditor) => {
                self.creditors.insert(&creditor.id);
            }
            Item::Debtor(debtor) => {
                self.debtors.insert(&debtor.id);
            }
            Item::Debt { debtor, debt, .. } => {
                let is_there = |sql: &str, id: &str| conn.prepare_cached(sql)?.exists([id]);
                if !self.creditors.contains(debt.creditor.as_str())
                    && !is_there("SELECT 1 FROM creditor WHERE id = ?", &debt.creditor)?
                {
                    return Ok(Some(Untaken::NoCreditor));
                }
                let is_told = debtor.as_ref().is_some_and(|debtor| debtor.id == debt.debtor);
                if !is_told
                    && !self.debtors.contains(debt.debtor.as_str())
                    && !is_there("SELECT 1 FROM debtor WHERE id = ?", &debt.debtor)?
                {
                    return Ok(Some(Untaken::NoDebtor));
                }
                let owed_to =
                    "SELECT creditor.id FROM debt JOIN creditor ON creditor.key = debt.creditor WHERE debt.id = ?";
                let stored: Option<String> =
                    conn.prepare_cached(owed_to)?.query_row([&debt.id], |row| row.get(0)).optional()?;
                let owed_to = self.debts.get(debt.id.as_str()).copied().or(stored.as_deref());
                if owed_to.is_some_and(|owed_to| owed_to != debt.creditor) {
                    return Ok(Some(Untaken::OfAnotherCreditor));
                }
                self.debts.insert(&debt.id, &debt.creditor);
                self.debtors.insert(&debt.debtor);
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan as _;

    #[test]
    fn days_come_back() {
        for each in [EPOCH, date(1969, 12, 31), date(2026, 11, 24), date(1900, 1, 1), date(9999, 12, 31)] {
            assert_eq!(day(stored_day(each)), Some(each));
        }
        assert_eq!(day(i64::MAX), None);
        assert_eq!(stored_day(EPOCH + 1.day()), 1);
    }
}
