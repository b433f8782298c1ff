//! What was forbidden after a copy was made: taken from the database that the copy replaces, as far as that can be read.
//!
//! - Numbers that must not be texted, as numbers or as digests. What was lifted since stays in force: that errs on the side of
//!   not texting.
//! - Ends of tokens. Tokens that were made since are not in the copy, and a copy gives no rights that it had not.
//! - Erasures. One that is not done says whom it is about. One that is done says it to nobody; but the audit has a digest of whom
//!   it was asked for, and the list of numbers one of each number, so that those of whom the copy holds something are found.
//!
//! The file that is replaced may be damaged, which is why somebody restores. What cannot be read of it is said, and hinders nothing.

use std::collections::HashSet;
use std::path::Path;

use rusqlite::{Connection, Row, params};

use crate::clock::Timestamp;
use crate::contact::secret::Secret;

use super::super::{OpenError, StoreError, schema};
use super::BackupError;

mod erased;
mod suppressed;

/// What of the database that is replaced is in the copy now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carry {
    /// Nothing happened since the copy was made.
    NotNeeded,
    /// There was no database.
    NothingThere,
    /// It cannot be read, in words about the file.
    Unreadable(String),
    /// It was read.
    Done(Carried),
}

impl Carry {
    /// Whether everything that was forbidden since is in the copy.
    pub fn is_whole(&self) -> bool {
        matches!(self, Self::Done(carried) if carried.missed.is_empty())
    }
}

/// What was carried over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Carried {
    /// Entries of numbers that must not be texted.
    pub suppressions: u64,
    /// Tokens that were revoked, or end earlier.
    pub tokens: u64,
    /// Persons who are erased again at the first start.
    pub erasures: u64,
    /// What could not be read, in words.
    pub missed: Vec<String>,
}

/// Carries over what the database at `old` forbids. Fails only where the copy cannot be written.
pub(super) fn carry(old: &Path, fresh: &Path, secret: Option<&Secret>, now: Timestamp) -> Result<Carry, BackupError> {
    match schema::inspect(old) {
        Err(OpenError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Carry::NothingThere);
        }
        // Its tables may be those that are asked for.
        Ok(()) | Err(OpenError::Newer { .. }) => {}
        Err(error) => return Ok(Carry::Unreadable(error.to_string())),
    }
    let from = match schema::open_looker(old) {
        Ok(from) => from,
        Err(error) => return Ok(Carry::Unreadable(error.to_string())),
    };
    let to = schema::open_writer(fresh)?;
    let of = |source| BackupError::Sqlite { path: fresh.to_owned(), source };
    let mut carried = Carried::default();
    let transaction = to.unchecked_transaction().map_err(of)?;
    let mut work = Work { from: &from, to: &transaction, secret, now, erased: HashSet::new(), carried: &mut carried };
    for what in What::ALL {
        let done = match what {
            What::Suppressions => work.suppressions(),
            What::Tokens => work.tokens(),
            What::Erasures => work.erasures(),
        };
        match done {
            Ok(()) => {}
            Err(Fault::Old(why)) => work.carried.missed.push(format!("{}: {why}", what.words())),
            Err(Fault::Copy(error)) => return Err(OpenError::from(error).into()),
        }
    }
    transaction.commit().map_err(of)?;
    Ok(Carry::Done(carried))
}

/// What is carried over, in this order: who was erased is told by the list of numbers too.
#[derive(Clone, Copy)]
enum What {
    Suppressions,
    Tokens,
    Erasures,
}

impl What {
    const ALL: [Self; 3] = [Self::Suppressions, Self::Tokens, Self::Erasures];

    fn words(self) -> &'static str {
        match self {
            Self::Suppressions => "who must not be texted",
            Self::Tokens => "which tokens were revoked",
            Self::Erasures => "who was erased",
        }
    }
}

/// Which of the two files is to blame.
enum Fault {
    Old(rusqlite::Error),
    Copy(StoreError),
}

/// Everything that is written goes by the copy's connection.
impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Copy(error.into())
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Copy(error)
    }
}

type Digest = [u8; 32];

struct Work<'a> {
    from: &'a Connection,
    to: &'a Connection,
    secret: Option<&'a Secret>,
    now: Timestamp,
    /// Digests of numbers that were erased since.
    erased: HashSet<Digest>,
    carried: &'a mut Carried,
}

impl Work<'_> {
    fn tokens(&mut self) -> Result<(), Fault> {
        let sql =
            "SELECT hash, revoked_at, expires_at FROM token WHERE revoked_at IS NOT NULL OR expires_at IS NOT NULL";
        let mut statement = self.from.prepare(sql).map_err(Fault::Old)?;
        let mut rows = statement.query([]).map_err(Fault::Old)?;
        while let Some(row) = rows.next().map_err(Fault::Old)? {
            let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            let (hash, revoked, expires): (Vec<u8>, Option<i64>, Option<i64>) = read(row).map_err(Fault::Old)?;
            let changed = self
                .to
                .prepare_cached(
                    "UPDATE token SET revoked_at = coalesce(revoked_at, ?2),
                         expires_at = coalesce(min(expires_at, ?3), expires_at, ?3)
                     WHERE hash = ?1 AND ((revoked_at IS NULL AND ?2 IS NOT NULL)
                         OR (?3 IS NOT NULL AND (expires_at IS NULL OR expires_at > ?3)))",
                )?
                .execute(params![hash, revoked, expires])?;
            self.carried.tokens += changed as u64;
        }
        Ok(())
    }

    /// Whether the database that is replaced has a table: one of an earlier release may not.
    fn has(&self, table: &str) -> Result<bool, Fault> {
        let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?";
        self.from.prepare(sql).and_then(|mut statement| statement.exists([table])).map_err(Fault::Old)
    }
}
