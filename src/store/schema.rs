//! Opening a database: what is set at creation, what at every opening, and migrations.
//!
//! Migrations are numbered files, forward only; `PRAGMA user_version` is the number of the last one applied. A database of a
//! newer version is refused.

use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

/// "RCDO": tells Recado's databases from others (`PRAGMA application_id`).
const APPLICATION_ID: i32 = 0x5243_444F;

/// SQLite before this version can corrupt a database when a WAL is reset (fixed in 3.51.3).
const SQLITE_MIN: i32 = 3_051_003;

const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
    include_str!("migrations/0007.sql"),
    include_str!("migrations/0008.sql"),
    include_str!("migrations/0009.sql"),
    include_str!("migrations/0010.sql"),
    include_str!("migrations/0011.sql"),
    include_str!("migrations/0012.sql"),
    include_str!("migrations/0013.sql"),
    include_str!("migrations/0014.sql"),
    include_str!("migrations/0015.sql"),
    include_str!("migrations/0016.sql"),
    include_str!("migrations/0017.sql"),
    include_str!("migrations/0018.sql"),
    include_str!("migrations/0019.sql"),
    include_str!("migrations/0020.sql"),
    include_str!("migrations/0021.sql"),
    include_str!("migrations/0022.sql"),
    include_str!("migrations/0023.sql"),
    include_str!("migrations/0024.sql"),
    include_str!("migrations/0025.sql"),
    include_str!("migrations/0026.sql"),
    include_str!("migrations/0027.sql"),
];

/// What a database file begins with.
const HEADER_OCTETS: usize = 100;

/// Statements of the hot paths number about eighty.
const STATEMENTS_CACHED: usize = 160;

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file or its folder cannot be made or opened.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
    /// The file is no database of Recado.
    #[error("{path}: not a database of Recado (application id {found:#x})")]
    Foreign {
        /// Which.
        path: PathBuf,
        /// What it says it is.
        found: i32,
    },
    /// The file was written by a newer release.
    #[error(
        "{path}: written by a newer release (schema {found}, this one knows {known}); upgrade Recado or restore a backup"
    )]
    Newer {
        /// Which.
        path: PathBuf,
        /// Its schema.
        found: usize,
        /// Ours.
        known: usize,
    },
    /// Another program keeps the file for itself.
    #[error(
        "{path}: locked by another program; close that one (a database shell, a program that copies the file), and start again"
    )]
    Locked {
        /// Which.
        path: PathBuf,
    },
    /// The file, or what holds it, cannot be written.
    #[error(
        "{path}: cannot be written: {source}; mount its file system for writing, or give file and folder to the user of the daemon"
    )]
    ReadOnly {
        /// Which.
        path: PathBuf,
        /// SQLite's word.
        source: rusqlite::Error,
    },
    /// There is no room to open it.
    #[error("{path}: no space left on its file system; free some, and start again")]
    Full {
        /// Which.
        path: PathBuf,
    },
    /// Its pages contradict each other.
    #[error("{path}: damaged: {source}; {DAMAGED_DO}")]
    Damaged {
        /// Which.
        path: PathBuf,
        /// SQLite's word.
        source: rusqlite::Error,
    },
    /// The SQLite library is too old to be trusted with a log.
    #[error("SQLite {found} can corrupt databases; 3.51.3 or newer is needed")]
    OldSqlite {
        /// Its version.
        found: &'static str,
    },
    /// Numbers were erased under another key than the one that is there.
    #[error(
        "{path}: numbers on the suppression list were erased under another key; put the suppression.key of that time back, \
         or they would be texted again"
    )]
    OtherKey {
        /// Which database.
        path: PathBuf,
    },
    /// The system gives no random octets.
    #[error("random octets: {0}")]
    Random(getrandom::Error),
    /// SQLite's own words.
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    /// Reading what is in it failed.
    #[error(transparent)]
    Store(#[from] super::StoreError),
}

/// What is to be done about a damaged file.
pub(super) const DAMAGED_DO: &str =
    "stop the daemon, keep a copy of the file, put a backup in its place, and look at the disk";

impl OpenError {
    /// The same with the file that it is about, where SQLite's word for it says what is to be done.
    pub(super) fn of(self, path: &Path) -> Self {
        let path = path.to_owned();
        let source = match self {
            Self::Sqlite(source)
            | Self::Store(super::StoreError::Sqlite(source) | super::StoreError::Damaged(source)) => source,
            Self::Store(super::StoreError::Full) => return Self::Full { path },
            other @ (Self::File { .. }
            | Self::Foreign { .. }
            | Self::Newer { .. }
            | Self::Locked { .. }
            | Self::ReadOnly { .. }
            | Self::Full { .. }
            | Self::Damaged { .. }
            | Self::OldSqlite { .. }
            | Self::OtherKey { .. }
            | Self::Random(_)
            | Self::Store(_)) => return other,
        };
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked { path },
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::ReadOnly { path, source }
            }
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged { path, source },
            _ => Self::Sqlite(source),
        }
    }

    /// Whether the next start fails as well unless a person does something about the file.
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Foreign { .. }
            | Self::Newer { .. }
            | Self::Damaged { .. }
            | Self::OldSqlite { .. }
            | Self::OtherKey { .. } => true,
            Self::File { .. }
            | Self::Locked { .. }
            | Self::ReadOnly { .. }
            | Self::Full { .. }
            | Self::Random(_)
            | Self::Sqlite(_)
            | Self::Store(_) => false,
        }
    }
}

/// Opens or makes the database for writing and brings it up to date.
pub(super) fn open_writer(path: &Path) -> Result<Connection, OpenError> {
    if rusqlite::version_number() < SQLITE_MIN {
        return Err(OpenError::OldSqlite { found: rusqlite::version() });
    }
    let file_error = |source| OpenError::File { path: path.to_owned(), source };
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(file_error)?;
    }
    // The file is made before SQLite does, so that nobody else can read it at any time.
    std::fs::OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path).map_err(file_error)?;
    let mut conn = open_existing(path)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    let version: usize = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if version == 0 && tables == 0 {
        // In this order and before the first table: auto_vacuum cannot be changed afterwards.
        conn.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        conn.pragma_update(None, "application_id", APPLICATION_ID)?;
        conn.pragma_update(None, "journal_mode", "WAL")?;
    }
    let found: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if found != APPLICATION_ID {
        return Err(OpenError::Foreign { path: path.to_owned(), found });
    }
    if version > MIGRATIONS.len() {
        return Err(OpenError::Newer { path: path.to_owned(), found: version, known: MIGRATIONS.len() });
    }
    set_every_time(&conn)?;
    migrate(&mut conn, version)?;
    Ok(conn)
}

/// Whether a file is a database that this release can open, or empty. Reads the header without SQLite, which would leave
/// files beside it (SQLite file format, 1.3); a newer schema that still lies in the log of a killed process is not seen.
pub fn inspect(path: &Path) -> Result<(), OpenError> {
    let file_error = |source| OpenError::File { path: path.to_owned(), source };
    let mut header = Vec::with_capacity(HEADER_OCTETS);
    let file = std::fs::File::open(path).map_err(file_error)?;
    file.take(HEADER_OCTETS as u64).read_to_end(&mut header).map_err(file_error)?;
    if header.is_empty() {
        return Ok(());
    }
    let number = |at: usize| header.get(at..at + 4).and_then(|octets| octets.try_into().ok()).map(i32::from_be_bytes);
    let found = number(68).filter(|_| header.starts_with(b"SQLite format 3\0")).unwrap_or_default();
    if found != APPLICATION_ID {
        return Err(OpenError::Foreign { path: path.to_owned(), found });
    }
    let version = number(60).and_then(|version| usize::try_from(version).ok()).unwrap_or(usize::MAX);
    if version > MIGRATIONS.len() {
        return Err(OpenError::Newer { path: path.to_owned(), found: version, known: MIGRATIONS.len() });
    }
    Ok(())
}

/// Migrations that this release knows.
pub(super) fn known() -> usize {
    MIGRATIONS.len()
}

/// How SQLite keeps what is not in the file yet (SQLite file format, 1.3.3). A connection that is told that nobody writes does
/// not say it.
pub(super) fn journal(path: &Path) -> Result<&'static str, OpenError> {
    let file_error = |source| OpenError::File { path: path.to_owned(), source };
    let mut header = Vec::with_capacity(HEADER_OCTETS);
    let file = std::fs::File::open(path).map_err(file_error)?;
    file.take(HEADER_OCTETS as u64).read_to_end(&mut header).map_err(file_error)?;
    Ok(if header.get(18) == Some(&2) { "wal" } else { "rollback" })
}

/// These are not stored in the file, or not in that of a copy.
fn set_every_time(conn: &Connection) -> Result<(), rusqlite::Error> {
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "secure_delete", "ON")?;
    conn.pragma_update(None, "foreign_keys", "ON")?;
    conn.pragma_update(None, "cache_size", -4096)?;
    // A plan must not depend on the values that are bound: SQLite would make it anew at every call.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.pragma_update(None, "temp_store", "MEMORY")
}

fn migrate(conn: &mut Connection, version: usize) -> Result<(), rusqlite::Error> {
    for (index, sql) in MIGRATIONS.iter().enumerate().skip(version) {
        let transaction = conn.transaction()?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", index + 1)?;
        transaction.commit()?;
    }
    Ok(())
}

/// Opens an up-to-date database for reading.
pub(super) fn open_reader(path: &Path) -> Result<Connection, rusqlite::Error> {
    let conn = open_existing(path)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    conn.pragma_update(None, "query_only", "ON")?;
    conn.pragma_update(None, "cache_size", -1024)?;
    Ok(conn)
}

/// Opens a database for reading alone, so that nothing of it changes and nothing is left beside it, whoever uses it or none.
pub(super) fn open_looker(path: &Path) -> Result<Connection, rusqlite::Error> {
    // Without a log nobody has it open, and all of it is in its file (SQLite documentation, "Write-Ahead Logging", 10).
    // A daemon that is started meanwhile begins with a log; at worst this look then ends with an error.
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let has_log = std::fs::metadata(log).is_ok_and(|file| file.len() > 0);
    let octet = |octet: &u8| match octet {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => char::from(*octet).to_string(),
        _ => format!("%{octet:02X}"),
    };
    let escaped: String = path.as_os_str().as_encoded_bytes().iter().map(octet).collect();
    let how = if has_log { "mode=ro" } else { "mode=ro&immutable=1" };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(format!("file:{escaped}?{how}"), flags)?;
    conn.busy_timeout(std::time::Duration::from_secs(5))?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    Ok(conn)
}

/// Whether a database that was opened has all migrations of this release, and no others.
pub(super) fn is_current(conn: &Connection, path: &Path) -> Result<bool, OpenError> {
    let version: usize = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > MIGRATIONS.len() {
        return Err(OpenError::Newer { path: path.to_owned(), found: version, known: MIGRATIONS.len() });
    }
    Ok(version == MIGRATIONS.len())
}

/// Opens an up-to-date database for copying its log. It syncs like the writer.
pub(super) fn open_copier(path: &Path) -> Result<Connection, rusqlite::Error> {
    let conn = open_existing(path)?;
    conn.pragma_update(None, "synchronous", "FULL")?;
    conn.pragma_update(None, "cache_size", -64)?;
    Ok(conn)
}

fn open_existing(path: &Path) -> Result<Connection, rusqlite::Error> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(std::time::Duration::from_secs(5))?;
    Ok(conn)
}

/// Makes a database look as if the release before this one had written it, for tests.
#[cfg(test)]
pub(crate) fn age(path: &Path) {
    open_existing(path).unwrap().pragma_update(None, "user_version", MIGRATIONS.len() - 1).unwrap();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<T: rusqlite::types::FromSql>(conn: &Connection, name: &str) -> T {
        conn.pragma_query_value(None, name, |row| row.get(0)).unwrap()
    }

    #[test]
    fn every_connection_has_the_settings_that_the_promises_rest_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recado.db");
        // Made, and opened again: most of these are not stored in the file.
        for _ in 0..2 {
            let conn = open_writer(&path).unwrap();
            assert_eq!(value::<String>(&conn, "journal_mode"), "wal");
            assert_eq!(value::<i64>(&conn, "synchronous"), 2);
            assert_eq!(value::<i64>(&conn, "secure_delete"), 1);
            assert_eq!(value::<i64>(&conn, "foreign_keys"), 1);
            assert_eq!(value::<i64>(&conn, "auto_vacuum"), 2);
            assert_eq!(value::<i32>(&conn, "application_id"), APPLICATION_ID);
            assert_eq!(value::<usize>(&conn, "user_version"), MIGRATIONS.len());
        }
        let copier = open_copier(&path).unwrap();
        assert_eq!((value::<String>(&copier, "journal_mode").as_str(), value(&copier, "synchronous")), ("wal", 2));
        assert_eq!(value::<i64>(&open_reader(&path).unwrap(), "query_only"), 1);
    }

    /// A database as the release with this schema left it, with a message that went out in two parts.
    fn database_of_schema_1(path: &Path) {
        let conn = Connection::open(path).unwrap();
        conn.execute_batch(include_str!("migrations/0001.sql")).unwrap();
        conn.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        conn.pragma_update(None, "user_version", 1).unwrap();
        conn.execute_batch(include_str!("testdata/0001.sql")).unwrap();
    }

    #[test]
    fn a_database_of_the_first_schema_is_brought_up_to_date_with_all_that_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recado.db");
        database_of_schema_1(&path);
        let conn = open_writer(&path).unwrap();
        assert_eq!(value::<usize>(&conn, "user_version"), MIGRATIONS.len());
        let rows = |sql: &str| -> Vec<(i64, Option<i64>)> {
            let mut statement = conn.prepare(sql).unwrap();
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
        };
        let spent = rows("SELECT segment, recipient FROM spend ORDER BY segment");
        // The last row is of a message that is not there any more.
        assert_eq!(spent, [(1, Some(5_511_987_654_321)), (2, Some(5_511_987_654_321)), (9, None)]);
        assert_eq!(rows("SELECT key, sum(parts) FROM message"), [(1, Some(4))]);
        assert_eq!(rows("SELECT key, waiting FROM lane ORDER BY key"), [(1, Some(0)), (2, Some(2))]);
        assert_eq!(rows("SELECT seq, number FROM inbound ORDER BY seq"), [(1, Some(5_511_987_654_321)), (2, None)]);
        let waiting_since = 1_795_525_400_000;
        assert_eq!(rows("SELECT key, waiting_since FROM part_set"), [(1, Some(waiting_since))]);
        assert_eq!(
            rows("SELECT seq, part_set FROM received WHERE seq IS NOT NULL ORDER BY seq"),
            [(1, Some(1)), (3, Some(1))]
        );
        let violations = rows("SELECT rowid, parent FROM pragma_foreign_key_check");
        assert_eq!(violations, []);
    }

    /// Migration 0023: whoever could administer the installation goes on, and nobody else begins to.
    #[test]
    fn tokens_of_before_the_scope_admin_may_do_what_they_could() {
        let mut conn = Connection::open_in_memory().unwrap();
        for sql in &MIGRATIONS[..22] {
            conn.execute_batch(sql).unwrap();
        }
        let scopes = ["send read pii manage", "manage", "send read pii", "read"];
        for (key, scopes) in (1..).zip(scopes) {
            let sql = "INSERT INTO token (hash, client, scopes, created_at) VALUES (?, 'a', ?, 0)";
            conn.execute(sql, (vec![key; 32], scopes)).unwrap();
        }
        migrate(&mut conn, 22).unwrap();
        let mut rows = conn.prepare("SELECT scopes FROM token ORDER BY key").unwrap();
        let found: Vec<String> = rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert_eq!(found, ["send read pii manage admin", "manage admin", "send read pii", "read"]);
    }

    #[test]
    fn a_database_of_a_newer_release_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recado.db");
        open_writer(&path).unwrap().pragma_update(None, "user_version", 9_999).unwrap();
        assert!(matches!(open_writer(&path), Err(OpenError::Newer { found: 9_999, .. })));
    }

    #[test]
    fn what_is_wrong_with_the_file_is_said_with_what_to_do() {
        use rusqlite::ffi;
        let told = |code| {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let error = OpenError::Store(error.into()).of(Path::new("r.db"));
            (error.to_string(), error.is_lasting())
        };
        for (code, words, is_lasting) in [
            (ffi::SQLITE_BUSY, "r.db: locked by another program; close that one", false),
            (ffi::SQLITE_READONLY, "r.db: cannot be written", false),
            (ffi::SQLITE_CANTOPEN, "r.db: cannot be written", false),
            (ffi::SQLITE_FULL, "r.db: no space left on its file system; free some", false),
            (ffi::SQLITE_CORRUPT, "r.db: damaged", true),
            (ffi::SQLITE_NOTADB, "r.db: damaged", true),
        ] {
            let (said, lasts) = told(code);
            assert!(said.starts_with(words), "{said}");
            assert_eq!(lasts, is_lasting, "{said}");
        }
    }

    #[test]
    fn somebody_elses_database_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
        assert!(matches!(open_writer(&path), Err(OpenError::Foreign { .. })));
    }

    #[test]
    fn a_look_at_the_header_changes_nothing_and_tells_ours_from_others() {
        let folder = tempfile::tempdir().unwrap();
        let (ours, other) = (folder.path().join("recado.db"), folder.path().join("other.db"));
        drop(open_writer(&ours).unwrap());
        inspect(&ours).unwrap();
        open_writer(&ours).unwrap().pragma_update(None, "user_version", 9_999).unwrap();
        assert!(matches!(inspect(&ours), Err(OpenError::Newer { found: 9_999, .. })));
        std::fs::write(&other, "a letter").unwrap();
        assert!(matches!(inspect(&other), Err(OpenError::Foreign { found: 0, .. })));
        std::fs::write(&other, "").unwrap();
        inspect(&other).unwrap();
        assert!(matches!(inspect(&folder.path().join("none")), Err(OpenError::File { .. })));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn only_the_owner_can_read_the_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recado.db");
        drop(open_writer(&path).unwrap());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
