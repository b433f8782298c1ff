//! Ladders as rows, the cases that they are planned for, and what came of a plan.

mod carry;
mod case;
mod no_text;

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::clock::Timestamp;
use crate::contact::edition::Edition;
use crate::dunning::ladder::Ladder;

use super::StoreError;
use super::definition::{read_ladder, write_ladder};
use super::reader::Reader;
use super::work::Work;

pub use carry::{Carried, Exit, Looked, Sending, Step};
pub(super) use case::revision;
pub use case::{CaseKey, CaseProblem, Followed, Loaded, Readable, Up};
pub use no_text::NoText;

/// The newest version of a ladder.
pub(super) fn ladder_of(conn: &Connection, name: &str) -> Result<Option<Ladder>, StoreError> {
    let sql = "SELECT version, definition FROM ladder WHERE name = ? ORDER BY version DESC LIMIT 1";
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, u32>(0)?, row.get::<_, String>(1)?));
    let Some((version, written)) = conn.prepare_cached(sql)?.query_row([name], read).optional()? else {
        return Ok(None);
    };
    let corrupt = StoreError::Corrupt { table: "ladder", key: i64::from(version), what: "definition" };
    let ladder = serde_json::from_str(&written).ok().and_then(|written| read_ladder(name, version, written).ok());
    ladder.map(Some).ok_or(corrupt)
}

fn ladder_names(conn: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement = conn.prepare_cached("SELECT DISTINCT name FROM ladder ORDER BY name")?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

impl Work<'_> {
    /// Stores a ladder as the next version of its name, whatever version it says it is. Returns which that is; the one that
    /// is there, where it is the same. Every debt that may go by it is looked at again.
    pub fn store_ladder(&mut self, ladder: &Ladder, client: &str) -> Result<u32, StoreError> {
        let known = match ladder_of(self.conn, &ladder.name) {
            Err(error) if error.is_of_a_row() => None,
            known => known?,
        };
        if let Some(known) = known
            && write_ladder(&known) == write_ladder(ladder)
        {
            return Ok(known.version);
        }
        let sql = "INSERT INTO ladder (name, version, definition, at, client)
             SELECT ?1, 1 + coalesce(max(version), 0), ?2, ?3, ?4 FROM ladder WHERE name = ?1 RETURNING version";
        let written = write_ladder(ladder).to_string();
        let values = params![ladder.name, written, self.now.as_millis(), client];
        let version = self.conn.prepare_cached(sql)?.query_row(values, |row| row.get(0))?;
        self.look_at_cases_to(None)?;
        Ok(version)
    }

    /// The same, unless the newest version is another than the one that was read, 0 for none: that one is returned as an error
    /// then, and nothing is stored. What is there already may be stored again.
    pub fn store_ladder_over(
        &mut self,
        ladder: &Ladder,
        read: u32,
        client: &str,
    ) -> Result<Result<u32, u32>, StoreError> {
        let sql = "SELECT coalesce(max(version), 0) FROM ladder WHERE name = ?";
        let newest: u32 = self.conn.prepare_cached(sql)?.query_row([&ladder.name], |row| row.get(0))?;
        let known = ladder_of(self.conn, &ladder.name).ok().flatten();
        let is_there = known.is_some_and(|known| write_ladder(&known) == write_ladder(ladder));
        if newest != read && !is_there {
            return Ok(Err(newest));
        }
        self.store_ladder(ladder, client).map(Ok)
    }

    /// Cases are planned by the business days of this edition of the rules from now on: every case is looked at again where
    /// that is another than before. Returns whether it is.
    pub fn plan_by(&mut self, edition: Edition) -> Result<bool, StoreError> {
        let edition = edition.to_string();
        let sql = "SELECT 1 FROM ladder_rules WHERE edition = ?";
        if self.conn.prepare_cached(sql)?.exists([&edition])? {
            return Ok(false);
        }
        self.conn.prepare_cached("DELETE FROM ladder_rules")?.execute([])?;
        self.conn.prepare_cached("INSERT INTO ladder_rules (edition) VALUES (?)")?.execute([&edition])?;
        self.look_at_cases_to(None)?;
        Ok(true)
    }
}

impl Reader {
    /// The newest version of a ladder.
    pub fn ladder(&self, name: &str) -> Result<Option<Ladder>, StoreError> {
        self.with(|conn| ladder_of(conn, name))
    }

    /// When a version of a ladder was written, and by whom.
    pub fn ladder_written(&self, name: &str, version: u32) -> Result<Option<(Timestamp, String)>, StoreError> {
        self.with(|conn| {
            let sql = "SELECT at, client FROM ladder WHERE name = ? AND version = ?";
            let read = |row: &rusqlite::Row<'_>| Ok((Timestamp::from_millis(row.get(0)?), row.get(1)?));
            Ok(conn.prepare_cached(sql)?.query_row(params![name, version], read).optional()?)
        })
    }

    /// The names of all ladders, in order.
    pub fn ladder_names(&self) -> Result<Vec<String>, StoreError> {
        self.with(ladder_names)
    }

    /// The newest version of each ladder, by name. One that cannot be read is left out.
    pub fn ladders(&self) -> Result<Vec<Ladder>, StoreError> {
        self.with(|conn| {
            let names = ladder_names(conn)?;
            let found = names.iter().map(|name| ladder_of(conn, name));
            Ok(found.filter_map(|ladder| ladder.ok().flatten()).collect())
        })
    }
}
