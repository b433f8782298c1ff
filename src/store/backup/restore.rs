//! Putting a copy in the place of the database, so that a kill at any moment leaves either what was there or the copy.
//!
//! The copy is made ready under a name of its own (`.restoring`). Its second name (`.restored`) decides: from then on whoever
//! opens the database ends what was begun ([`finish`]). What was there gets the name under which it is kept, with SQLite's log if
//! the last process left one; the log leaves its place, because SQLite would read it into whatever file stands there; and the copy
//! takes the place. Each of these steps can be done again.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use crate::clock::Timestamp;
use crate::contact::secret::Secret;

use super::super::audit::{self, Counted, Deed, Entry};
use super::super::copied::Mark;
use super::super::{OpenError, free_octets, log, schema};
use super::carry::{self, Carry};
use super::{
    BackupError, SPARE, beside, create, file_error, is_ours, is_sound, last_event, remove, rename, sync, sync_folder,
};

/// The name of a copy that is being made ready.
const RESTORING: &str = ".restoring";

/// The name of a copy that is ready, until it has the name of the database.
const RESTORED: &str = ".restored";

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

/// A copy that was put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// When the copy was made, where it says so.
    pub made_at: Option<Timestamp>,
    /// The last event in it.
    pub last_event: i64,
    /// Texts that wait in it.
    pub waiting: u64,
    /// What of the database that it replaces is in it now.
    pub carry: Carry,
    /// Where what was there before is kept.
    pub kept: Option<PathBuf>,
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
    finish(to, now)?;
    let size = std::fs::metadata(from).map_err(|source| file_error(from, source))?.len();
    if let Some(free) = free_octets(to).filter(|free| *free < size + SPARE) {
        let mib = |octets: u64| octets.div_ceil(1 << 20);
        return Err(BackupError::NoRoom { path: to.to_owned(), needed: mib(size + SPARE), free: mib(free) });
    }
    fold_log(to);
    let fresh = beside(to, RESTORING);
    let ready = make_ready(from, &fresh, to, since, secret, now);
    if ready.is_err() {
        drop(clear(&fresh));
    }
    let ready = ready?;
    let kept = decide(&fresh, to, now)?;
    Ok(Restored { kept, ..ready })
}

/// Ends a restore that was decided and killed. True if there was one.
pub(in super::super) fn finish(path: &Path, now: Timestamp) -> Result<bool, OpenError> {
    let file = |source| OpenError::File { path: beside(path, RESTORED), source };
    if !beside(path, RESTORED).try_exists().map_err(file)? {
        return Ok(false);
    }
    let of = |error| match error {
        BackupError::File { path, source } => OpenError::File { path, source },
        BackupError::Open(error) => error,
        // The steps have files to do with alone.
        other @ (BackupError::Exists { .. }
        | BackupError::Busy { .. }
        | BackupError::NoRoom { .. }
        | BackupError::Damaged { .. }
        | BackupError::Empty { .. }
        | BackupError::Sqlite { .. }) => {
            OpenError::File { path: path.to_owned(), source: io::Error::other(other.to_string()) }
        }
    };
    let kept = kept_name(path, now).map_err(of)?;
    STEPS.iter().try_for_each(|step| step(path, &kept)).map_err(of)?;
    Ok(true)
}

/// Gives a copy that is ready the place of the database. Where that one is kept, if there was one.
fn decide(fresh: &Path, path: &Path, now: Timestamp) -> Result<Option<PathBuf>, BackupError> {
    let was_there = path.try_exists().map_err(|source| file_error(path, source))?;
    let kept = kept_name(path, now)?;
    rename(fresh, &beside(path, RESTORED))?;
    for (number, step) in STEPS.iter().enumerate() {
        if let Err(error) = step(path, &kept) {
            if number < UNDONE {
                // Nothing has left its place: it is as if it had not been asked for.
                for second in [beside(path, RESTORED), beside(&kept, "-wal"), kept] {
                    drop(remove(&second));
                }
            }
            return Err(error);
        }
    }
    Ok(was_there.then_some(kept))
}

type Step = fn(&Path, &Path) -> Result<(), BackupError>;

/// What follows the decision: each is given the place of the database and the name under which that is kept.
const STEPS: [Step; 4] = [keep_file, keep_log, clear_log, take_place];

/// Before this one everything is where it was.
const UNDONE: usize = 2;

fn keep_file(path: &Path, kept: &Path) -> Result<(), BackupError> {
    link(path, kept)
}

fn keep_log(path: &Path, kept: &Path) -> Result<(), BackupError> {
    link(&beside(path, "-wal"), &beside(kept, "-wal"))?;
    sync_folder(path)
}

fn clear_log(path: &Path, _kept: &Path) -> Result<(), BackupError> {
    for tail in ["-wal", "-shm", "-journal"] {
        remove(&beside(path, tail))?;
    }
    sync_folder(path)
}

fn take_place(path: &Path, _kept: &Path) -> Result<(), BackupError> {
    rename(&beside(path, RESTORED), path)
}

/// A second name for a file, where it is there and has not that name already.
fn link(here: &Path, there: &Path) -> Result<(), BackupError> {
    match std::fs::hard_link(here, there) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if is_same(here, there)? {
                Ok(())
            } else {
                Err(file_error(there, error))
            }
        }
        Err(error) => Err(file_error(there, error)),
    }
}

fn is_same(here: &Path, there: &Path) -> Result<bool, BackupError> {
    let inode = |path: &Path| std::fs::metadata(path).map(|file| (file.dev(), file.ino()));
    Ok(inode(here).map_err(|source| file_error(here, source))?
        == inode(there).map_err(|source| file_error(there, source))?)
}

/// Under which name the database at `path` is kept: the one that a killed restore gave it already, or one that is free.
fn kept_name(path: &Path, now: Timestamp) -> Result<PathBuf, BackupError> {
    for name in replaced(path).map_err(|source| file_error(path, source))? {
        if path.exists() && is_same(path, &name)? {
            return Ok(name);
        }
    }
    let mut second = now.as_millis() / 1_000;
    loop {
        let name = beside(path, &format!(".replaced-{second}"));
        if !name.exists() && !beside(&name, "-wal").exists() {
            return Ok(name);
        }
        second += 1;
    }
}

/// Databases that were replaced and are kept beside the one at `path`, oldest first.
pub fn replaced(path: &Path) -> io::Result<Vec<PathBuf>> {
    let begins = beside(Path::new(path.file_name().unwrap_or_default()), ".replaced-");
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let tail = name.as_encoded_bytes().strip_prefix(begins.as_os_str().as_encoded_bytes());
        if tail.is_some_and(|tail| !tail.is_empty() && tail.iter().all(u8::is_ascii_digit)) {
            found.push(path.with_file_name(name));
        }
    }
    found.sort();
    Ok(found)
}

/// Copies SQLite's log of a killed process into the file that it belongs to, so that one file is kept. A file in which that is
/// not possible is kept with its log.
fn fold_log(path: &Path) {
    if !path.exists() || schema::inspect(path).is_err() {
        return;
    }
    drop(schema::open_copier(path).map(|conn| log::truncate(&conn)));
}

/// Removes a copy that is being made ready, with whatever SQLite has left beside it.
fn clear(fresh: &Path) -> Result<(), BackupError> {
    ["-wal", "-shm", "-journal", ""].iter().try_for_each(|tail| remove(&beside(fresh, tail)))
}

/// Makes a file beside the database that is the copy, and says in it what its first start must do.
fn make_ready(
    from: &Path,
    fresh: &Path,
    to: &Path,
    since: Since,
    secret: Option<&Secret>,
    now: Timestamp,
) -> Result<Restored, BackupError> {
    // What a restore that was killed has left; nobody works on it, as the database is locked.
    clear(fresh)?;
    let of = |source| file_error(fresh, source);
    // Its octets only: who may read a copy says nothing of who may read the database.
    let mut written = create(fresh)?;
    io::copy(&mut File::open(from).map_err(|source| file_error(from, source))?, &mut written).map_err(of)?;
    drop(written);
    let made_at = prepare(fresh, since, secret, now)?;
    let carry = match since {
        Since::Nothing => Carry::NotNeeded,
        Since::Unknown | Since::GivenUp => carry::carry(to, fresh, secret, now)?,
    };
    let ready = describe(fresh, since, made_at, carry, now)?;
    sync(fresh)?;
    Ok(ready)
}

/// Looks whether the copy can be used with this key, and brings it up to date. When it was made, where it says so.
fn prepare(
    path: &Path,
    since: Since,
    secret: Option<&Secret>,
    now: Timestamp,
) -> Result<Option<Timestamp>, BackupError> {
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
    drop(conn);
    let conn = schema::open_writer(path)?;
    let made_at: Option<i64> = conn.query_row("SELECT min(at) FROM copied", [], |row| row.get(0)).map_err(of)?;
    conn.execute("DELETE FROM copied", []).map_err(of)?;
    if since != Since::Nothing {
        // A file that does not say when it was made ends with its last event.
        let last: Option<i64> = conn.query_row("SELECT max(at) FROM event", [], |row| row.get(0)).map_err(of)?;
        let at = made_at.or(last).unwrap_or(now.as_millis());
        let mark = Mark { gives_up: since == Since::GivenUp, carried: false };
        conn.execute("INSERT INTO copied (at, gives_up) VALUES (?, ?)", params![at, mark.stored()]).map_err(of)?;
    }
    Ok(made_at.map(Timestamp::from_millis))
}

/// Writes down what was carried over and who put the copy back, and makes one file of it.
fn describe(
    path: &Path,
    since: Since,
    made_at: Option<Timestamp>,
    carry: Carry,
    now: Timestamp,
) -> Result<Restored, BackupError> {
    let of = |source| BackupError::Sqlite { path: path.to_owned(), source };
    let conn = schema::open_writer(path)?;
    let mark = Mark { gives_up: since == Since::GivenUp, carried: carry.is_whole() };
    conn.execute("UPDATE copied SET gives_up = ?", [mark.stored()]).map_err(of)?;
    let entry = Entry {
        // As on the Unix socket: whoever may use the files of this machine.
        client: "local".to_owned(),
        token: None,
        deed: Deed::Change,
        route: "recado restore".to_owned(),
        object: "restore".to_owned(),
        id: made_at.map(|at| at.to_string()),
        status: None,
    };
    let transaction = conn.unchecked_transaction().map_err(of)?;
    audit::write(&transaction, &Counted::once(entry), now).map_err(OpenError::from)?;
    transaction.commit().map_err(of)?;
    let waiting = conn
        .query_row("SELECT count(DISTINCT message) FROM segment WHERE state = 0", [], |row| row.get(0))
        .map_err(of)?;
    let last_event = last_event(&conn).map_err(of)?;
    one_file(&conn).map_err(of)?;
    Ok(Restored { made_at, last_event, waiting, carry, kept: None })
}

/// Everything in the file itself: a log beside it would not go with its name. The next start begins one anew.
fn one_file(conn: &Connection) -> Result<(), rusqlite::Error> {
    conn.pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get::<_, String>(0)).map(drop)
}

#[cfg(test)]
mod tests;
