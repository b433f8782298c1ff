//! Copies of a database while it is in use; putting one back is in [`restore()`].
//!
//! A copy is made by SQLite itself (`VACUUM INTO`) in one read of what was committed when it began; the daemon goes on
//! meanwhile. It gets its name when it is whole, on disk and looked through. It says that it is a copy, so that the first start on
//! it, however it came to its place, does what `store::copied` says.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use crate::clock::Timestamp;

use super::audit::{self, Counted, Deed, Entry};
use super::checkup::{Soundness, checkup};
use super::{OpenError, StoreError, free_octets, schema};

mod carry;
mod restore;

pub use carry::{Carried, Carry};
pub(super) use restore::finish;
pub use restore::{Restored, Since, replaced, restore};

/// Instructions of SQLite's machine between two looks at how far it is: some milliseconds.
const STEPS: i32 = 100_000;

/// Free space that a copy leaves on its disk, in octets.
const SPARE: u64 = 16 * 1024 * 1024;

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
    /// Whether the audit of the database knows of it.
    pub is_noted: bool,
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
            let (mine, there) = (left.metadata().map_err(of)?.ino(), std::fs::symlink_metadata(part));
            if there.map_or(true, |there| there.ino() != mine) {
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
    let is_noted = note(&mut conn, to, now).is_ok();
    let written = part.to_owned();
    let look = move || {
        progress(std::fs::metadata(&written).map_or(0, |file| file.len()).min(needed), needed);
        false
    };
    conn.progress_handler(STEPS, Some(look)).map_err(of)?;
    conn.execute("VACUUM INTO ?", [part.to_string_lossy()]).map_err(of)?;
    let copied = Copied { is_noted, ..mark(part, now)? };
    is_sound(part)?;
    sync(part)?;
    if to.exists() {
        return Err(BackupError::Exists { path: to.to_owned() });
    }
    rename(part, to)?;
    Ok(copied)
}

/// Writes into the audit that everything is about to be copied. It is one row, beside a daemon too, which waits for it as for any
/// other that locks the file; a database that cannot be written, or has no such audit yet, is copied all the same.
fn note(conn: &mut Connection, to: &Path, now: Timestamp) -> Result<(), StoreError> {
    let entry = Entry {
        // As on the Unix socket: whoever may use the files of this machine.
        client: "local".to_owned(),
        token: None,
        deed: Deed::View,
        route: "recado backup".to_owned(),
        object: "backup".to_owned(),
        id: Some(to.display().to_string()),
        status: None,
    };
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    audit::write(&transaction, &Counted::once(entry), now)?;
    Ok(transaction.commit()?)
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
    Ok(Copied { octets, schema, last_event, is_noted: false })
}

fn last_event(conn: &Connection) -> Result<i64, rusqlite::Error> {
    conn.query_row("SELECT coalesce(max(seq), 0) FROM event", [], |row| row.get(0))
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
    sync_folder(to)
}

/// What was named and removed beside this file stays so after a power cut.
fn sync_folder(to: &Path) -> Result<(), BackupError> {
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
