//! Debtors as rows, with their numbers.

use std::borrow::Cow;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::contact::reply::Language;
use crate::dunning::debtor::{Confirmation, Debtor};
use crate::dunning::unsaid::Unsaid;
use crate::sms::number::PhoneNumber;

use super::super::StoreError;
use super::super::reader::Reader;
use super::super::record::confirmed;
use super::super::row::{number, stored_number};
use super::super::work::Work;
use super::{Taken, day, stored_day, stored_words, words};

macro_rules! debtors {
    ($which:literal) => {
        concat!("SELECT key, id, name, document, language, kind, since, tags FROM debtor WHERE ", $which)
    };
}

const NUMBERS: &str = "SELECT number FROM debtor_number WHERE debtor = ? ORDER BY place";

fn read(row: &Row<'_>) -> rusqlite::Result<(i64, Debtor)> {
    let (language, since): (Option<String>, Option<i64>) = (row.get(4)?, row.get(6)?);
    let debtor = Debtor {
        id: row.get(1)?,
        name: row.get(2)?,
        document: row.get(3)?,
        language: language.and_then(|code| Language::from_code(&code)),
        kind: row.get(5)?,
        since: since.and_then(day),
        tags: words(row.get::<_, Option<String>>(7)?.as_deref()),
        numbers: Vec::new(),
    };
    Ok((row.get(0)?, debtor))
}

/// A debtor by the caller's id, and the row.
pub(in super::super) fn debtor_of(conn: &Connection, id: &str) -> Result<Option<(i64, Debtor)>, StoreError> {
    let found = conn.prepare_cached(debtors!("id = ?"))?.query_row([id], read).optional()?;
    found.map(|(key, debtor)| with_numbers(conn, key, debtor)).transpose()
}

/// A debtor by the row.
pub(in super::super) fn debtor_by_key(conn: &Connection, key: i64) -> Result<Option<Debtor>, StoreError> {
    let found = conn.prepare_cached(debtors!("key = ?"))?.query_row([key], read).optional()?;
    found.map(|(key, debtor)| with_numbers(conn, key, debtor).map(|(_, debtor)| debtor)).transpose()
}

fn with_numbers(conn: &Connection, key: i64, mut debtor: Debtor) -> Result<(i64, Debtor), StoreError> {
    debtor.numbers = numbers_of(conn, key)?;
    Ok((key, debtor))
}

/// The numbers of a debtor, the one to try first in front.
fn numbers_of(conn: &Connection, debtor: i64) -> Result<Vec<PhoneNumber>, StoreError> {
    let mut statement = conn.prepare_cached(NUMBERS)?;
    let found = statement.query_map([debtor], |row| row.get(0).map(number))?.collect::<Result<Vec<_>, _>>()?;
    Ok(found.into_iter().flatten().collect())
}

impl Work<'_> {
    /// Takes a debtor in, with the numbers in their order.
    pub fn take_debtor(&mut self, debtor: &Debtor, client: &str) -> Result<Taken, StoreError> {
        self.take_debtor_but(debtor, Unsaid::default(), client)
    }

    /// The same, but for what is unsaid.
    pub(super) fn take_debtor_but(
        &mut self,
        debtor: &Debtor,
        unsaid: Unsaid,
        client: &str,
    ) -> Result<Taken, StoreError> {
        let known = debtor_of(self.conn, &debtor.id)?;
        let mut debtor = Cow::Borrowed(debtor);
        if let Some((_, known)) = known.as_ref().filter(|_| unsaid != Unsaid::default()) {
            unsaid.complete_debtor(debtor.to_mut(), known);
        }
        let debtor = debtor.as_ref();
        if known.as_ref().is_some_and(|(_, known)| known == debtor) {
            return Ok(Taken::Same);
        }
        let (sql, taken) = if known.is_none() {
            let insert = "INSERT INTO debtor (name, document, language, kind, since, tags, at, client, id)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
            (insert, Taken::Created)
        } else {
            let update =
                "UPDATE debtor SET name = ?, document = ?, language = ?, kind = ?, since = ?, tags = ?, at = ?,
                 client = ? WHERE id = ?";
            (update, Taken::Changed)
        };
        self.conn.prepare_cached(sql)?.execute(params![
            debtor.name,
            debtor.document,
            debtor.language.map(Language::code),
            debtor.kind,
            debtor.since.map(stored_day),
            stored_words(&debtor.tags),
            self.now.as_millis(),
            client,
            debtor.id,
        ])?;
        let (key, had) = match known {
            Some((key, known)) => (key, known.numbers),
            None => (self.conn.last_insert_rowid(), Vec::new()),
        };
        if had != debtor.numbers {
            self.conn.prepare_cached("DELETE FROM debtor_number WHERE debtor = ?")?.execute([key])?;
            let sql = "INSERT INTO debtor_number (debtor, place, number) VALUES (?, ?, ?)";
            let mut insert = self.conn.prepare_cached(sql)?;
            for (place, number) in (0_i64..).zip(&debtor.numbers) {
                insert.execute(params![key, place, stored_number(*number)])?;
            }
        }
        if taken == Taken::Changed {
            let is_gone = |number: &PhoneNumber| !debtor.numbers.iter().any(|has| has.is_same_line(*number));
            let gone: Vec<PhoneNumber> = had.into_iter().filter(is_gone).collect();
            if !gone.is_empty() {
                self.numbers_are_gone(&debtor.id, &gone)?;
                self.unconfirm_idle(&gone)?;
            }
            self.look_at_cases_of(&debtor.id)?;
        }
        Ok(taken)
    }
}

impl Work<'_> {
    /// What a caller said of numbers that no debtor has any more was said of somebody: who has one next is asked who it is.
    fn unconfirm_idle(&mut self, numbers: &[PhoneNumber]) -> Result<(), StoreError> {
        for &number in numbers {
            let mut is_idle = true;
            for form in number.forms() {
                let sql = "SELECT 1 FROM debtor_number WHERE number = ?";
                is_idle &= !self.conn.prepare_cached(sql)?.exists([stored_number(form)])?;
            }
            if is_idle {
                self.confirm_by_caller(Confirmation { number, is_confirmed: false })?;
            }
        }
        Ok(())
    }
}

/// Which debtors to list.
#[derive(Debug, Clone, Default)]
pub struct DebtorFilter {
    /// What is looked for; all where nothing is.
    pub sought: Option<Sought>,
    /// Who owe to this creditor.
    pub creditor: Option<String>,
    /// Who owe to one of these creditors; to any where it is empty.
    pub creditors: Vec<String>,
    /// Before this row.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

/// What debtors are looked for by: each that fits is enough. `Debug` does not show it.
#[derive(Clone)]
pub struct Sought {
    /// The id, as it was given.
    pub id: String,
    /// The identity document, the beginning of the name and the number, for those who may see them.
    pub person: Option<SoughtPerson>,
}

/// What is nobody's business who may not see it. `Debug` does not show it.
#[derive(Clone)]
pub struct SoughtPerson {
    /// The document, as documents are stored.
    pub document: String,
    /// The beginning of the name; upper and lower case of A to Z are one.
    pub name: String,
    /// The number in each form in which it may be stored; none where it is no number.
    pub numbers: Vec<PhoneNumber>,
}

impl std::fmt::Debug for Sought {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sought").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SoughtPerson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SoughtPerson").finish_non_exhaustive()
    }
}

/// Debtors with a name that are found by its beginning: more are no answer to anybody.
const NAMES_MAX: u32 = 1_000;

/// The highest character: behind every name with a beginning.
const LAST: char = char::MAX;

/// The list, of debtors that owe to whom is asked for.
const LIST: &str = "SELECT key, id, name, document, language, kind, since, tags FROM debtor
     WHERE key < coalesce(?1, 9223372036854775807) AND (?2 = '[]' OR EXISTS (
         SELECT 1 FROM debt JOIN creditor ON creditor.key = debt.creditor WHERE debt.debtor = debtor.key
         AND creditor.id IN (SELECT value FROM json_each(?2))
         AND (?3 IS NULL OR creditor.id = ?3)))";

/// Each part by its own index.
const FOUND: &str = " AND key IN (
         SELECT key FROM debtor WHERE id = ?5
         UNION ALL SELECT key FROM debtor WHERE document = ?6
         UNION ALL SELECT debtor FROM debtor_number WHERE number IN (SELECT value FROM json_each(?7))
         UNION ALL SELECT key FROM (SELECT key FROM debtor WHERE name >= ?8 COLLATE NOCASE AND name < ?9 COLLATE NOCASE
                                    ORDER BY name COLLATE NOCASE LIMIT ?10))";

const ORDER: &str = " ORDER BY key DESC LIMIT ?4";

impl Reader {
    /// A debtor by the caller's id.
    pub fn debtor(&self, id: &str) -> Result<Option<Debtor>, StoreError> {
        self.with(|conn| Ok(debtor_of(conn, id)?.map(|(_, debtor)| debtor)))
    }

    /// Which numbers of a debtor are confirmed.
    pub fn confirmed_of(&self, debtor: &Debtor) -> Result<Vec<PhoneNumber>, StoreError> {
        self.with(|conn| {
            let mut found = Vec::new();
            for number in &debtor.numbers {
                found.extend(confirmed(conn, *number)?.map(|_| *number));
            }
            Ok(found)
        })
    }

    /// Debtors, newest first, with their rows. Of those with a name that begins so, the first thousand by name are found.
    pub fn debtors(&self, filter: &DebtorFilter) -> Result<Vec<(i64, Debtor)>, StoreError> {
        // Who asks for one creditor asks for those who owe to it, also where any would do.
        let creditors = match &filter.creditor {
            Some(creditor) if filter.creditors.is_empty() => std::slice::from_ref(creditor),
            Some(_) | None => &filter.creditors,
        };
        let creditors = serde_json::to_string(creditors).unwrap_or_default();
        self.with(|conn| {
            let found = match &filter.sought {
                None => {
                    let mut statement = conn.prepare_cached(&format!("{LIST}{ORDER}"))?;
                    let rows =
                        statement.query_map(params![filter.before, creditors, filter.creditor, filter.limit], read)?;
                    rows.collect::<Result<Vec<_>, _>>()?
                }
                Some(Sought { id, person }) => {
                    let person = person.as_ref();
                    let document = person.map(|person| &person.document);
                    let numbers = person.map(|person| person.numbers.as_slice()).unwrap_or_default();
                    let numbers: Vec<i64> = numbers.iter().map(|number| stored_number(*number)).collect();
                    let numbers = serde_json::to_string(&numbers).unwrap_or_default();
                    let name = person.map(|person| &person.name).filter(|name| !name.is_empty());
                    let behind = name.map(|name| format!("{name}{LAST}"));
                    let mut statement = conn.prepare_cached(&format!("{LIST}{FOUND}{ORDER}"))?;
                    let rows = statement.query_map(
                        params![
                            filter.before,
                            creditors,
                            filter.creditor,
                            filter.limit,
                            id,
                            document,
                            numbers,
                            name,
                            behind,
                            NAMES_MAX
                        ],
                        read,
                    )?;
                    rows.collect::<Result<Vec<_>, _>>()?
                }
            };
            found.into_iter().map(|(key, debtor)| with_numbers(conn, key, debtor)).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema;

    #[test]
    fn debtors_are_found_by_indices() {
        let folder = tempfile::tempdir().unwrap();
        let conn = schema::open_writer(&folder.path().join("recado.db")).unwrap();
        let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {LIST}{FOUND}{ORDER}")).unwrap();
        let none = rusqlite::types::Null;
        let plan =
            statement.query_map(params![none, none, none, none, none, none, none, none, none, none], |row| row.get(3));
        let plan: Vec<String> = plan.unwrap().map(Result::unwrap).collect();
        for index in ["debtor_document", "debtor_name ", "debtor_number_number", "debt_debtor", "(id=?)"] {
            assert!(plan.iter().any(|step| step.contains(index)), "{index}: {plan:?}");
        }
        assert!(!plan.iter().any(|step| step.contains("SCAN debtor")), "{plan:?}");
    }
}
