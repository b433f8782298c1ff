//! SQLite's write-ahead log: how long it is, and copying it to the database proper (a checkpoint).
//!
//! A checkpoint writes thousands of pages and syncs the database, which takes some hundredths of a second. A second
//! connection does it beside the commits (`SQLITE_CHECKPOINT_PASSIVE` waits for nobody and nobody waits for it); the next
//! commit after a whole copy begins the log anew. Under load without a pause a copy is never whole, so the log grows: at
//! `PAGES_MAX` the commit finishes the copy itself, of which little is left by then.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

use super::{StoreError, schema};

/// Pages (4 KiB) from which the log is worth copying: SQLite's own measure.
pub const PAGES_WORTH: u32 = 1_000;

/// Pages at which a commit copies the log itself: 16 MiB.
const PAGES_MAX: u32 = 4_000;

/// The length of the log after the last commit of a connection.
#[derive(Debug)]
pub(super) struct LogPages(Arc<AtomicU32>);

impl LogPages {
    /// Watches the commits of `conn`, instead of its automatic checkpoints.
    pub(super) fn watch(conn: &mut Connection) -> Result<Self, rusqlite::Error> {
        let pages = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&pages);
        conn.wal_hook(Some(move |log: &mut rusqlite::hooks::Wal, length| {
            let length = u32::try_from(length).unwrap_or_default();
            seen.store(length, Ordering::Relaxed);
            if length >= PAGES_MAX {
                // It fails when the other connection is at it. The transaction is committed all the same, and a failure
                // that is passed on would be taken for its own.
                log.checkpoint().unwrap_or_default();
            }
            Ok(())
        }))?;
        Ok(Self(pages))
    }

    pub(super) fn pages(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// For so long a truncation waits for readers: everything waits for it.
const TRUNCATES_WITHIN: Duration = Duration::from_millis(20);

/// How long statements wait for others on a connection, as `schema.rs` has it.
const BUSY: Duration = Duration::from_secs(5);

/// Copies the log and cuts it to no octet. False while somebody reads pages of before, or is copying.
pub(super) fn truncate(conn: &Connection) -> Result<bool, StoreError> {
    conn.busy_timeout(TRUNCATES_WITHIN)?;
    let busy = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
    conn.busy_timeout(BUSY)?;
    match busy {
        Ok(busy) => Ok(busy == 0),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// A connection that does nothing but copy the log.
#[derive(Debug)]
pub struct Checkpointer(Connection);

impl Checkpointer {
    pub(super) fn open(path: &Path) -> Result<Self, rusqlite::Error> {
        Ok(Self(schema::open_copier(path)?))
    }

    /// Copies what the log holds as far as no reader needs the old pages.
    pub fn run(&self) -> Result<(), rusqlite::Error> {
        self.0.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    fn database(folder: &Path) -> Connection {
        let conn = Connection::open(folder.join("log.db")).unwrap();
        conn.pragma_update(None, "journal_mode", "WAL").unwrap();
        conn.execute_batch("CREATE TABLE page (octets BLOB)").unwrap();
        conn
    }

    fn commit_pages(conn: &Connection, pages: u32) {
        conn.execute("INSERT INTO page VALUES (zeroblob(?))", [pages * 4_096]).unwrap();
    }

    #[test]
    fn the_log_begins_anew_after_a_whole_copy() {
        let folder = tempfile::tempdir().unwrap();
        let mut conn = database(folder.path());
        let log = LogPages::watch(&mut conn).unwrap();
        commit_pages(&conn, 1_500);
        assert!(log.pages() >= 1_500, "{}", log.pages());
        Checkpointer::open(&folder.path().join("log.db")).unwrap().run().unwrap();
        commit_pages(&conn, 1);
        assert!(log.pages() < 10, "{}", log.pages());
    }

    #[test]
    fn a_copy_at_the_same_time_fails_no_commit() {
        let folder = tempfile::tempdir().unwrap();
        let mut conn = database(folder.path());
        let _log = LogPages::watch(&mut conn).unwrap();
        let path = folder.path().join("log.db");
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let copying = scope.spawn(|| {
                let copier = Checkpointer::open(&path).unwrap();
                while !done.load(Ordering::Relaxed) {
                    // What the commits themselves are copying is none of its business.
                    copier.run().unwrap_or_default();
                }
            });
            let insert = "INSERT INTO page VALUES (zeroblob(8000000))";
            let commits: Vec<_> = (0..20).map(|_| conn.execute(insert, [])).collect();
            done.store(true, Ordering::Relaxed);
            copying.join().unwrap();
            assert!(commits.iter().all(Result::is_ok), "{commits:?}");
        });
    }

    #[test]
    fn a_log_is_cut_to_nothing_unless_somebody_reads_what_was_before() {
        let folder = tempfile::tempdir().unwrap();
        let conn = database(folder.path());
        commit_pages(&conn, 10);
        let octets = || std::fs::metadata(folder.path().join("log.db-wal")).unwrap().len();
        let reader = Connection::open(folder.path().join("log.db")).unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM page").unwrap();
        commit_pages(&conn, 10);
        assert!(!truncate(&conn).unwrap() && octets() > 0);
        reader.execute_batch("END").unwrap();
        assert!(truncate(&conn).unwrap());
        assert_eq!(octets(), 0);
    }

    #[test]
    fn a_log_that_nobody_copies_stays_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let mut conn = database(folder.path());
        let log = LogPages::watch(&mut conn).unwrap();
        for _ in 0..20 {
            commit_pages(&conn, 500);
            assert!(log.pages() < PAGES_MAX + 600, "{}", log.pages());
        }
    }
}
