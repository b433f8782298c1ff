//! Copies of a database while it is in use, and putting one back.
//!
//! A copy is made by SQLite itself (`VACUUM INTO`) in one read of what was committed when it began; the daemon goes on
//! meanwhile. It gets its name when it is whole, on disk and looked through. It says that it is a copy, so that the first start on
//! it, however it came to its place, does what `store::copied` says.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use crate::clock::Timestamp;
use crate::contact::secret::Secret;

use super::checkup::{Soundness, checkup};
use super::{OpenError, free_octets, schema};

/// Instructions of SQLite's machine between two looks at how far it is: some milliseconds.
const STEPS: i32 = 100_000;

/// Free space that a copy leaves on its disk, in octets.
const SPARE: u64 = 16 * 1024 * 1024;

/// What whoever restores says of the time after the copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// Nothing is known of it: everything is paused at the first start.
    Unknown,
    /// The same, and what waited is given up.
    GivenUp,
    /// The original has sent nothing since, as at a move to another machine.
    Nothing,
}

/// Why a copy was not made, or not put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Something is there already.
    #[error("{path}: there is a file already; nothing is written over")]
    Exists {
        /// Where.
        path: PathBuf,
    },
    /// Another copy is being made there.
    #[error("{path}: another `recado backup` is writing it")]
    Busy {
        /// Where.
        path: PathBuf,
    },
    /// The disk has too little room.
    #[error("{path}: {free} MiB are free, and the copy needs {needed} MiB")]
    NoRoom {
        /// Where.
        path: PathBuf,
        /// What it needs.
        needed: u64,
        /// What there is.
        free: u64,
    },
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// The copy is not what its own structure says.
    #[error("{path}: the file is damaged: {}", says.first().map_or("", String::as_str))]
    Damaged {
        /// Which.
        path: PathBuf,
        /// SQLite's words.
        says: Vec<String>,
    },
    /// The file is empty.
    #[error("{path}: there is nothing in it")]
    Empty {
        /// Which.
        path: PathBuf,
    },
    /// It cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// SQLite's own words.
    #[error("{path}: {source}")]
    Sqlite {
        /// Which file.
        path: PathBuf,
        /// Them.
        source: rusqlite::Error,
    },
}

/// A copy that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Its size in octets.
    pub octets: u64,
    /// Migrations that it has.
    pub schema: usize,
    /// The last event in it.
    pub last_event: i64,
}

/// A copy that was put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// When the copy was made, where it says so.
    pub made_at: Option<Timestamp>,
    /// The last event in it.
    pub last_event: i64,
    /// Texts that wait in it.
    pub waiting: u64,
    /// Where what was there before is kept.
    pub kept: Option<PathBuf>,
}

/// Makes a copy of the database at `from`, which others may be using, in a file at `to`, which must not be there. `progress` is
/// told how many octets of how many are written.
pub fn backup(
    from: &Path,
    to: &Path,
    now: Timestamp,
    progress: impl FnMut(u64, u64) + Send + 'static,
) -> Result<Copied, BackupError> {
    is_ours(from)?;
    if to.exists() {
        return Err(BackupError::Exists { path: to.to_owned() });
    }
    let part = beside(to, ".part");
    // Held until the copy has its name, so that a part that nobody holds is what a killed copy has left.
    let _held = hold(&part)?;
    let made = write_copy(from, to, &part, now, progress);
    if made.is_err() {
        // Half a copy is none. Why it is half is what is told.
        drop(std::fs::remove_file(&part));
    }
    made
}

/// Makes the file of a copy that is being made, for this process alone. What a killed copy has left in its place goes.
fn hold(part: &Path) -> Result<File, BackupError> {
    let of = |source| file_error(part, source);
    let busy = || BackupError::Busy { path: part.to_owned() };
    let is_locked = |file: &File| match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(busy()),
        Err(TryLockError::Error(source)) => Err(of(source)),
    };
    match File::open(part) {
        Ok(left) => {
            is_locked(&left)?;
            // Only whoever holds it takes it away: if it is gone, another copy was quicker.
            let there = std::fs::symlink_metadata(part).map_err(|_| busy())?;
            if there.ino() != left.metadata().map_err(of)?.ino() {
                return Err(busy());
            }
            // SQLite takes what lies beside a file for its log.
            for tail in ["-journal", "-wal", "-shm", ""] {
                remove(&beside(part, tail))?;
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(of(error)),
    }
    let held = create(part)?;
    is_locked(&held)?;
    Ok(held)
}

fn write_copy(
    from: &Path,
    to: &Path,
    part: &Path,
    now: Timestamp,
    mut progress: impl FnMut(u64, u64) + Send + 'static,
) -> Result<Copied, BackupError> {
    let of = |source| BackupError::Sqlite { path: from.to_owned(), source };
    let mut conn = schema::open_copier(from).map_err(of)?;
    let number = |name: &str| conn.pragma_query_value(None, name, |row| row.get::<_, u64>(0)).map_err(of);
    let needed = (number("page_count")? - number("freelist_count")?) * number("page_size")?;
    if let Some(free) = free_octets(to).filter(|free| *free < needed + SPARE) {
        let mib = |octets: u64| octets.div_ceil(1 << 20);
        return Err(BackupError::NoRoom { path: to.to_owned(), needed: mib(needed + SPARE), free: mib(free) });
    }
    let written = part.to_owned();
    let look = move || {
        progress(std::fs::metadata(&written).map_or(0, |file| file.len()).min(needed), needed);
        false
    };
    conn.progress_handler(STEPS, Some(look)).map_err(of)?;
    conn.execute("VACUUM INTO ?", [part.to_string_lossy()]).map_err(of)?;
    let copied = mark(part, now)?;
    is_sound(part)?;
    sync(part)?;
    if to.exists() {
        return Err(BackupError::Exists { path: to.to_owned() });
    }
    rename(part, to)?;
    Ok(copied)
}

/// Writes into a copy that it is one. Releases before this one did not know how: their next start does.
fn mark(path: &Path, now: Timestamp) -> Result<Copied, BackupError> {
    let of = |source| BackupError::Sqlite { path: path.to_owned(), source };
    let conn = schema::open_copier(path).map_err(of)?;
    let sql = "CREATE TABLE IF NOT EXISTS copied (at INTEGER NOT NULL, gives_up INTEGER NOT NULL DEFAULT 0) STRICT";
    conn.execute(sql, []).map_err(of)?;
    conn.execute("INSERT INTO copied (at) VALUES (?)", [now.as_millis()]).map_err(of)?;
    let schema = conn.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(of)?;
    let last_event = last_event(&conn).map_err(of)?;
    drop(conn);
    let octets = std::fs::metadata(path).map_err(|source| file_error(path, source))?.len();
    Ok(Copied { octets, schema, last_event })
}

fn last_event(conn: &Connection) -> Result<i64, rusqlite::Error> {
    conn.query_row("SELECT coalesce(max(seq), 0) FROM event", [], |row| row.get(0))
}

/// Puts a copy in the place of the database at `to`, which nobody may be using. What was there is kept beside it.
pub fn restore(
    from: &Path,
    to: &Path,
    since: Since,
    secret: Option<&Secret>,
    now: Timestamp,
) -> Result<Restored, BackupError> {
    is_ours(from)?;
    is_sound(from)?;
    let size = std::fs::metadata(from).map_err(|source| file_error(from, source))?.len();
    if let Some(free) = free_octets(to).filter(|free| *free < size + SPARE) {
        let mib = |octets: u64| octets.div_ceil(1 << 20);
        return Err(BackupError::NoRoom { path: to.to_owned(), needed: mib(size + SPARE), free: mib(free) });
    }
    let fresh = beside(to, ".restoring");
    // What a restore that was killed has left; nobody works on it, as the database is locked.
    match std::fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file_error(&fresh, error)),
        Ok(()) | Err(_) => {}
    }
    create(&fresh)?;
    std::fs::copy(from, &fresh).map_err(|source| file_error(&fresh, source))?;
    let found = prepare(&fresh, since, secret, now);
    let (made_at, last_event, waiting) = match found {
        Ok(found) => found,
        Err(error) => {
            drop(std::fs::remove_file(&fresh));
            return Err(error);
        }
    };
    sync(&fresh)?;
    let kept = keep(to, now)?;
    rename(&fresh, to)?;
    Ok(Restored { made_at, last_event, waiting, kept })
}

/// Says in the file what its first start must do.
fn prepare(
    path: &Path,
    since: Since,
    secret: Option<&Secret>,
    now: Timestamp,
) -> Result<(Option<Timestamp>, i64, u64), BackupError> {
    let of = |source| BackupError::Sqlite { path: path.to_owned(), source };
    let conn = schema::open_copier(path).map_err(of)?;
    // Before suppression keys there was no table of them.
    let has_erased = "SELECT count(*) FROM sqlite_schema WHERE name = 'suppression_key'";
    if conn.query_row(has_erased, [], |row| row.get::<_, bool>(0)).map_err(of)? {
        let sql = "SELECT mac FROM suppression_key WHERE EXISTS (SELECT 1 FROM suppression WHERE mac IS NOT NULL)";
        let known: Vec<Vec<u8>> = conn
            .prepare(sql)
            .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
            .map_err(of)?;
        let check = secret.map(Secret::check);
        if known.first().is_some_and(|known| check.is_none_or(|check| *known != check)) {
            return Err(OpenError::OtherKey { path: path.to_owned() }.into());
        }
    }
    let sql = "CREATE TABLE IF NOT EXISTS copied (at INTEGER NOT NULL, gives_up INTEGER NOT NULL DEFAULT 0) STRICT";
    conn.execute(sql, []).map_err(of)?;
    let made_at: Option<i64> = conn.query_row("SELECT min(at) FROM copied", [], |row| row.get(0)).map_err(of)?;
    conn.execute("DELETE FROM copied", []).map_err(of)?;
    if since != Since::Nothing {
        // A file that does not say when it was made ends with its last event.
        let last: Option<i64> = conn.query_row("SELECT max(at) FROM event", [], |row| row.get(0)).map_err(of)?;
        let at = made_at.or(last).unwrap_or(now.as_millis());
        let sql = "INSERT INTO copied (at, gives_up) VALUES (?, ?)";
        conn.execute(sql, params![at, since == Since::GivenUp]).map_err(of)?;
    }
    let waiting = conn
        .query_row("SELECT count(DISTINCT message) FROM segment WHERE state = 0", [], |row| row.get(0))
        .map_err(of)?;
    Ok((made_at.map(Timestamp::from_millis), last_event(&conn).map_err(of)?, waiting))
}

/// Keeps what is there under another name, with SQLite's log if the last process left one. Until the new file has its place,
/// the old one is in it.
fn keep(path: &Path, now: Timestamp) -> Result<Option<PathBuf>, BackupError> {
    if !path.exists() {
        return Ok(None);
    }
    let kept = beside(path, &format!(".replaced-{}", now.as_millis() / 1_000));
    for tail in ["", "-wal"] {
        let (here, there) = (beside(path, tail), beside(&kept, tail));
        match std::fs::hard_link(&here, &there) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(file_error(&there, error)),
        }
    }
    for tail in ["-wal", "-shm"] {
        let here = beside(path, tail);
        match std::fs::remove_file(&here) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(file_error(&here, error)),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(Some(kept))
}

fn is_ours(path: &Path) -> Result<(), BackupError> {
    let size = std::fs::metadata(path).map_err(|source| file_error(path, source))?.len();
    if size == 0 {
        return Err(BackupError::Empty { path: path.to_owned() });
    }
    Ok(schema::inspect(path)?)
}

fn is_sound(path: &Path) -> Result<(), BackupError> {
    match checkup(path, || false)?.soundness {
        Soundness::Sound | Soundness::CutShort => Ok(()),
        Soundness::Unsound(says) => Err(BackupError::Damaged { path: path.to_owned(), says }),
    }
}

/// A new file, readable for its owner alone from the first moment on.
fn create(path: &Path) -> Result<File, BackupError> {
    match OpenOptions::new().create_new(true).write(true).mode(0o600).open(path) {
        Ok(file) => Ok(file),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(BackupError::Exists { path: path.to_owned() })
        }
        Err(error) => Err(file_error(path, error)),
    }
}

/// Removes a file if it is there.
fn remove(path: &Path) -> Result<(), BackupError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file_error(path, error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn sync(path: &Path) -> Result<(), BackupError> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|source| file_error(path, source))
}

fn rename(from: &Path, to: &Path) -> Result<(), BackupError> {
    std::fs::rename(from, to).map_err(|source| file_error(to, source))?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    sync(folder)
}

fn beside(path: &Path, tail: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(tail);
    name.into()
}

fn file_error(path: &Path, source: io::Error) -> BackupError {
    BackupError::File { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
