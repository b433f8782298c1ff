//! What survives a restart: messages, segments, events, SIM spending, pauses, tokens and inbound texts, in SQLite.
//!
//! One writing connection. Everything that changes goes through [`Store::commit`], which runs its work in one transaction
//! and answers after the commit (WAL, `synchronous=FULL`: after the log is synced). Readers have their own connections
//! ([`reader`]). SQL stands in this module only.
//!
//! The store keeps an image of what is small and asked all the time ([`board`]): SIMs with their budgets, lanes, pauses. It
//! is changed with the rows and read anew after a rollback.

pub mod alarm;
pub mod audit;
pub mod backup;
pub mod balance;
pub mod board;
pub mod call;
pub mod campaign;
pub mod chain;
pub mod checkup;
mod clock_doubt;
pub mod clock_trust;
mod companion;
pub mod control;
pub mod conversation;
mod copied;
mod decision;
pub mod definition;
pub mod dossier;
pub mod erasure;
pub mod event;
mod evidence;
pub mod export;
pub mod habit;
pub mod handover;
pub mod health;
pub mod inbound;
pub mod journey;
mod known;
pub mod ladder;
mod lane;
pub mod line;
mod listing;
pub mod log;
mod origin;
mod part_set;
mod personal;
pub mod portfolio;
pub mod published;
pub mod queue;
pub mod reader;
mod record;
mod redate;
#[cfg(test)]
mod released;
mod reply;
pub mod report;
pub mod retention;
pub mod rollup;
pub(crate) mod row;
pub mod schema;
pub mod seal;
mod set_aside;
mod set_back;
pub mod spend;
pub mod standing;
pub mod submit;
pub mod suppression;
pub mod template;
mod tie;
pub mod token;
pub mod verify;
pub mod view;
pub mod waiting;
pub mod webhook;
pub mod work;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use crate::clock::Timestamp;
use crate::contact::ContactSettings;
use crate::dispatch::sim::SimSettings;

use board::Board;
use chain::{ChainHash, Head};
use log::{Checkpointer, LogPages};
pub use schema::{OpenError, inspect};
use seal::Salts;
use work::Counters;
pub use work::{Aftermath, Effect, Fact, LOG_TARGET, Line, Settled, Work};

/// What the store is told at start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Names, groups and limits of SIMs.
    pub sims: SimSettings,
    /// Below this much free space, in octets, submits are refused, so that results and replies can still be written.
    pub free_floor: u64,
    /// The country whose national number forms are understood, to tie replies to messages.
    pub country: crate::sms::number::Country,
    /// Who is told of alarms by a text.
    pub alarms: Vec<crate::sms::number::PhoneNumber>,
    /// Who may be texted, and when.
    pub contact: Arc<ContactSettings>,
}

/// Free space that is kept for results and replies: a day of one SIM's traffic is under 1 MiB, and SQLite's log grows to
/// 16 MiB between checkpoints.
pub const FREE_FLOOR: u64 = 64 * 1024 * 1024;

/// The writing side of the database. A plain value: an actor or a simulation owns it.
#[derive(Debug)]
pub struct Store {
    conn: Connection,
    log: LogPages,
    path: PathBuf,
    board: Board,
    settings: Settings,
    salts: Salts,
    counters: Counters,
}

/// Why something could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk is full.
    #[error("no space left for the database")]
    Full,
    /// SQLite's own words.
    #[error("database: {0}")]
    Sqlite(rusqlite::Error),
    /// Pages of the file contradict each other.
    #[error("the file of the database is damaged: {0}; {do}", do = schema::DAMAGED_DO)]
    Damaged(rusqlite::Error),
    /// A row does not say what a row says.
    #[error("row {key} of {table} is not readable: {what}")]
    Corrupt {
        /// Of which table.
        table: &'static str,
        /// Which row.
        key: i64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A transition that the life of a segment does not have.
    #[error(transparent)]
    Transition(#[from] crate::sms::lifecycle::IllegalTransition),
}

impl StoreError {
    /// Whether one row is to blame, and not the database: the rows beside it can be read.
    pub fn is_of_a_row(&self) -> bool {
        match self {
            Self::Corrupt { .. } | Self::Transition(_) => true,
            Self::Sqlite(error) => matches!(
                error,
                rusqlite::Error::FromSqlConversionFailure(..)
                    | rusqlite::Error::IntegralValueOutOfRange(..)
                    | rusqlite::Error::InvalidColumnType(..)
            ),
            Self::Full | Self::Damaged(_) => false,
        }
    }

    /// Whether nothing can be written, whatever it is: what is tried instead fails too.
    pub fn is_of_the_disk(&self) -> bool {
        match self {
            Self::Full => true,
            Self::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(
                    ErrorCode::SystemIoFailure
                        | ErrorCode::ReadOnly
                        | ErrorCode::CannotOpen
                        | ErrorCode::DatabaseBusy
                        | ErrorCode::DatabaseLocked
                        | ErrorCode::OutOfMemory
                )
            ),
            // Other pages may be whole; what cannot go on without those says so.
            Self::Damaged(_) | Self::Corrupt { .. } | Self::Transition(_) => false,
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(error),
            _ => Self::Sqlite(error),
        }
    }
}

impl Store {
    /// Opens the database at `path` and brings it up to date, or makes it. What was on the wire when the last process ended
    /// is unknown from now on.
    pub fn open(path: &Path, settings: Settings, now: Timestamp) -> Result<Self, OpenError> {
        Self::open_file(path, settings, now).map_err(|error| error.of(path))
    }

    fn open_file(path: &Path, settings: Settings, now: Timestamp) -> Result<Self, OpenError> {
        backup::finish(path, now)?;
        let mut conn = schema::open_writer(path)?;
        if !suppression::check_key(&conn, &settings.contact)? {
            return Err(OpenError::OtherKey { path: path.to_owned() });
        }
        let log = LogPages::watch(&mut conn)?;
        let board = Board::load(&conn, &settings, now)?;
        let counters = Counters::load(&conn)?;
        let salts = Salts::random().map_err(OpenError::Random)?;
        let mut store = Self { conn, log, path: path.to_owned(), board, settings, salts, counters };
        let doubt = clock_doubt::at_start(&store.conn, &store.board, board::last_written(&store.conn)?, now)?;
        if doubt.is_some() {
            // Nothing is moved to a time that may be wrong.
            store.board.begin_at(now);
        }
        store.commit(now, |work| {
            work.settle_crash(doubt.is_none())?;
            doubt.map_or(Ok(()), |doubt| work.hold_for_the_clock(doubt))
        })?;
        store.settle_copy(now)?;
        Ok(store)
    }

    /// Runs `work` in one transaction. When it or the commit fails nothing of it happened, neither here nor on disk.
    ///
    /// The aftermath is what the dispatcher and the counters must be told.
    pub fn commit<T>(
        &mut self,
        now: Timestamp,
        work: impl FnOnce(&mut Work<'_>) -> Result<T, StoreError>,
    ) -> Result<(T, Aftermath), StoreError> {
        let result = self.try_commit(now, work);
        if result.is_err() {
            // The image may be ahead of the rows.
            self.board = self.board.reload(&self.conn, &self.settings, now)?;
        }
        result
    }

    fn try_commit<T>(
        &mut self,
        now: Timestamp,
        work: impl FnOnce(&mut Work<'_>) -> Result<T, StoreError>,
    ) -> Result<(T, Aftermath), StoreError> {
        let transaction = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut open = Work::new(&transaction, &mut self.board, &self.settings, &self.salts, now, self.counters);
        open.begin()?;
        let value = work(&mut open)?;
        let (aftermath, counters) = open.finish()?;
        transaction.commit()?;
        self.board.committed();
        self.counters = counters;
        Ok((value, aftermath))
    }

    /// Goes by other settings from now on, also for what waits already. Nothing of them is in the rows. The dispatcher is told in
    /// the next transaction, with [`Work::retell_lines`].
    pub fn set_settings(&mut self, settings: Settings, now: Timestamp) -> Result<(), StoreError> {
        let mut board = self.board.reload(&self.conn, &settings, now)?;
        board.set_rules(Arc::clone(&settings.contact), now);
        board.committed();
        (self.board, self.settings) = (board, settings);
        Ok(())
    }

    /// Pages in SQLite's log after the last commit.
    pub fn log_pages(&self) -> u32 {
        self.log.pages()
    }

    /// Copies SQLite's log to the database and cuts it to nothing, so that it holds no octet of what was erased. False while
    /// somebody reads pages of before.
    pub fn truncate_log(&self) -> Result<bool, StoreError> {
        log::truncate(&self.conn)
    }

    /// A connection of its own that empties the log, for another thread: it holds no commit up.
    pub fn checkpointer(&self) -> Result<Checkpointer, StoreError> {
        Ok(Checkpointer::open(&self.path)?)
    }

    /// What the dispatcher must be told at start: lanes, their heads and pauses.
    pub fn initial_effects(&self) -> Result<Vec<Effect>, StoreError> {
        queue::initial_effects(&self.conn, &self.board)
    }

    /// The image of SIMs, lanes and pauses.
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// The number of the last committed event.
    pub fn last_seq(&self) -> i64 {
        self.counters.seq
    }

    /// The end of the chain over the events; `None` while none is chained.
    pub fn head(&self) -> Option<Head> {
        let Counters { seq, hash, .. } = self.counters;
        (hash != ChainHash::ZERO).then_some(Head { seq, hash })
    }

    /// The end of the chain over the audit; `None` while there is no entry.
    pub fn audit_head(&self) -> Result<Option<Head>, StoreError> {
        audit::head(&self.conn)
    }

    /// A file beside the database.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.path.with_file_name(name)
    }

    /// The writing connection, for reading what was committed.
    pub(crate) fn connection(&self) -> &Connection {
        &self.conn
    }

    /// Whether there is room for new messages above the floor.
    pub fn has_room(&self) -> bool {
        // A file system that cannot be asked is not a reason to refuse: the write itself will tell.
        free_octets(&self.path).is_none_or(|free| free >= self.settings.free_floor)
    }
}

/// What the file system of the database has left for this user; `None` if it does not say.
pub fn free_octets(path: &Path) -> Option<u64> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let stat = rustix::fs::statvfs(folder).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_a_row_and_of_the_disk_are_told_apart() {
        let sqlite = |code| StoreError::from(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None));
        let told = |error: &StoreError| (error.is_of_a_row(), error.is_of_the_disk());
        let corrupt = StoreError::Corrupt { table: "debt", key: 1, what: "due" };
        assert_eq!(told(&corrupt), (true, false));
        for code in [rusqlite::ffi::SQLITE_IOERR, rusqlite::ffi::SQLITE_READONLY, rusqlite::ffi::SQLITE_FULL] {
            assert_eq!(told(&sqlite(code)), (false, true), "{code}");
        }
        // One statement is to blame, and others may succeed.
        for code in [rusqlite::ffi::SQLITE_CONSTRAINT, rusqlite::ffi::SQLITE_CORRUPT] {
            assert_eq!(told(&sqlite(code)), (false, false), "{code}");
        }
    }
}
