//! Debtors as rows, with their numbers.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::contact::reply::Language;
use crate::dunning::debtor::Debtor;
use crate::sms::number::PhoneNumber;

use super::super::StoreError;
use super::super::reader::Reader;
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
pub(super) fn debtor_of(conn: &Connection, id: &str) -> Result<Option<(i64, Debtor)>, StoreError> {
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
        let known = debtor_of(self.conn, &debtor.id)?;
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
            }
            self.look_at_cases_of(&debtor.id)?;
        }
        Ok(taken)
    }
}

impl Reader {
    /// A debtor by the caller's id.
    pub fn debtor(&self, id: &str) -> Result<Option<Debtor>, StoreError> {
        self.with(|conn| Ok(debtor_of(conn, id)?.map(|(_, debtor)| debtor)))
    }
}
