//! How a database file is, for a look from another process than the daemon's: it is opened for reading alone.

use std::path::Path;

use super::OpenError;
use super::schema;

/// Instructions of SQLite's machine between two looks at the time: some milliseconds.
const STEPS: i32 = 100_000;

/// Complaints that are kept; the first ones say enough.
const COMPLAINTS_MAX: usize = 10;

/// What there is to say of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkup {
    /// Migrations that it has.
    pub schema: usize,
    /// Migrations that this release knows.
    pub known: usize,
    /// How SQLite keeps what is not in the file yet: `wal` or `rollback`.
    pub journal: &'static str,
    /// Octets of a page.
    pub page_octets: u64,
    /// Pages of the file.
    pub pages: u64,
    /// Those of them that hold nothing.
    pub free_pages: u64,
    /// What `PRAGMA quick_check` says.
    pub soundness: Soundness,
}

/// Whether a file is what its own structure says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Soundness {
    /// It is.
    Sound,
    /// It is not, in SQLite's words, which hold nothing of what is stored.
    Unsound(Vec<String>),
    /// The look took too long; nothing was wrong with what was seen.
    CutShort,
}

/// Examines a database. `is_late` is asked now and then, and ends the look at its structure.
pub fn checkup(path: &Path, is_late: impl FnMut() -> bool + Send + 'static) -> Result<Checkup, OpenError> {
    schema::inspect(path)?;
    let mut conn = schema::open_looker(path)?;
    conn.progress_handler(STEPS, Some(is_late))?;
    let number = |name: &str| conn.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
    let schema = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let (page_octets, pages, free_pages) = (number("page_size")?, number("page_count")?, number("freelist_count")?);
    let complaints = || {
        let mut statement = conn.prepare(&format!("PRAGMA quick_check({COMPLAINTS_MAX})"))?;
        statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()
    };
    let soundness = match complaints() {
        Ok(complaints) if complaints == ["ok"] => Soundness::Sound,
        Ok(complaints) => Soundness::Unsound(complaints),
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) => {
            Soundness::CutShort
        }
        // So damaged that SQLite does not go on.
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseCorrupt) => {
            Soundness::Unsound(vec![error.to_string()])
        }
        Err(error) => return Err(error.into()),
    };
    let journal = schema::journal(path)?;
    Ok(Checkup { schema, known: schema::known(), journal, page_octets, pages, free_pages, soundness })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::config::Config;
    use crate::contact::ContactSettings;
    use crate::store::{Settings, Store};

    fn made() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recado.db");
        let config = Config::default();
        let settings = Settings {
            sims: config.sim_settings(),
            free_floor: 0,
            country: config.region.country,
            alarms: Vec::new(),
            contact: ContactSettings::none().into(),
        };
        drop(Store::open(&path, settings, Timestamp::from_millis(1_795_525_200_000)).unwrap());
        (folder, path)
    }

    #[test]
    fn a_file_of_this_release_is_sound_and_nothing_is_left_beside_it() {
        let (folder, path) = made();
        let before = std::fs::read_dir(folder.path()).unwrap().count();
        let found = checkup(&path, || false).unwrap();
        assert_eq!((found.schema, found.journal, &found.soundness), (found.known, "wal", &Soundness::Sound));
        assert!(found.pages > 10 && found.page_octets == 4096, "{found:?}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), before);
    }

    #[test]
    fn a_page_that_was_overwritten_is_found() {
        let (_folder, path) = made();
        let mut octets = std::fs::read(&path).unwrap();
        let half = octets.len() / 2 / 4096 * 4096;
        for octet in octets.iter_mut().skip(half).take(4 * 4096) {
            *octet = 0xA5;
        }
        std::fs::write(&path, octets).unwrap();
        let found = checkup(&path, || false).unwrap();
        assert!(matches!(found.soundness, Soundness::Unsound(ref says) if !says.is_empty()), "{found:?}");
    }

    #[test]
    fn a_look_that_takes_too_long_is_cut_short() {
        let (_folder, path) = made();
        let long = "WITH RECURSIVE n (k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < 50000)
                    INSERT INTO client_ref SELECT 'c', k, 0, x'00', x'00' FROM n";
        rusqlite::Connection::open(&path).unwrap().execute_batch(long).unwrap();
        assert_eq!(checkup(&path, || true).unwrap().soundness, Soundness::CutShort);
    }

    #[test]
    fn what_is_no_database_of_ours_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes");
        std::fs::write(&path, "x".repeat(200)).unwrap();
        assert!(matches!(checkup(&path, || false), Err(OpenError::Foreign { .. })));
    }
}
