//! Copies, and what is no copy.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};

use crate::contact::secret::Secret;

use crate::config::Config;
use crate::contact::ContactSettings;
use crate::store::verify::verify;
use crate::store::{Settings, Store};

use super::*;

pub(super) const NOW: Timestamp = Timestamp::from_millis(1_795_525_200_000);

pub(super) fn settings(secret: [u8; 32]) -> Settings {
    let config = Config::default();
    let contact = ContactSettings { secret: Secret::new(secret), ..ContactSettings::none() };
    Settings {
        sims: config.sim_settings(),
        free_floor: 0,
        country: config.region.country,
        alarms: Vec::new(),
        contact: contact.into(),
    }
}

/// A database in a folder of its own, open.
pub(super) fn made() -> (tempfile::TempDir, PathBuf, Store) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recado.db");
    let store = Store::open(&path, settings([7; 32]), NOW).unwrap();
    (folder, path, store)
}

pub(super) fn copied(path: &Path, folder: &Path) -> PathBuf {
    let copy = folder.join("copy.db");
    backup(path, &copy, NOW, |_, _| ()).unwrap();
    copy
}

#[test]
fn a_copy_is_made_while_the_database_is_open_and_is_its_owners_alone() {
    let (folder, path, _store) = made();
    let copy = folder.path().join("copy.db");
    let told = Arc::new(Mutex::new(0));
    let seen = Arc::clone(&told);
    let made = backup(&path, &copy, NOW, move |_, all| *seen.lock().unwrap() = all).unwrap();
    assert_eq!((made.schema, made.last_event), (schema::known(), 0));
    assert_eq!(std::fs::metadata(&copy).unwrap().len(), made.octets);
    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(verify(&copy, |_| ()).unwrap(), []);
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().contains(".part")), "{names:?}");
}

/// It is all that is known of everybody, in a file that may be taken along.
#[test]
fn whoever_copies_the_database_is_in_its_audit_and_in_that_of_the_copy() {
    let (folder, path, store) = made();
    let copy = folder.path().join("copy.db");
    assert!(backup(&path, &copy, NOW, |_, _| ()).unwrap().is_noted);
    drop(store);
    for file in [&path, &copy] {
        let sql = "SELECT client || ' ' || kind || ' ' || route || ' ' || id FROM audit";
        let noted: String = Connection::open(file).unwrap().query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(noted, format!("local view recado backup {}", copy.display()));
        assert_eq!(verify(file, |_| ()).unwrap(), []);
    }
    // What has no audit is copied all the same.
    Connection::open(&path).unwrap().execute("DROP TABLE audit", []).unwrap();
    assert!(!backup(&path, &folder.path().join("other.db"), NOW, |_, _| ()).unwrap().is_noted);
}

#[test]
fn nothing_is_written_over() {
    let (folder, path, _store) = made();
    let copy = folder.path().join("copy.db");
    std::fs::write(&copy, "a letter").unwrap();
    assert!(matches!(backup(&path, &copy, NOW, |_, _| ()), Err(BackupError::Exists { .. })));
    assert_eq!(std::fs::read(&copy).unwrap(), b"a letter");
}

#[test]
fn a_copy_that_was_killed_stands_in_nobodys_way_and_one_that_goes_on_does() {
    let (folder, path, _store) = made();
    let (copy, part) = (folder.path().join("copy.db"), folder.path().join("copy.db.part"));
    let other = create(&part).unwrap();
    other.lock().unwrap();
    assert!(matches!(backup(&path, &copy, NOW, |_, _| ()), Err(BackupError::Busy { .. })));
    assert!(part.exists() && !copy.exists());
    // With the process its hold goes; what it has left stays.
    drop(other);
    std::fs::write(&part, "half a copy").unwrap();
    std::fs::write(beside(&part, "-journal"), "half a journal").unwrap();
    backup(&path, &copy, NOW, |_, _| ()).unwrap();
    assert_eq!(verify(&copy, |_| ()).unwrap(), []);
    assert!(!part.exists() && !beside(&part, "-journal").exists());
}

#[test]
fn whatever_is_counted_wrongly_or_changed_is_found() {
    let (folder, path, mut store) = made();
    store.commit(NOW, |work| work.note_pass(crate::store::retention::Class::Inbox, 3)).unwrap();
    drop(store);
    for (change, expected) in [
        ("INSERT INTO tally VALUES (3, 5)", "messages in state 3 are not as many as is counted"),
        ("UPDATE rollup SET seq = 99", "results are counted up to event 99, which is not there"),
        ("DROP TRIGGER audit_stays; UPDATE audit SET client = 'bob'", "entry 1 is not what was written"),
        (
            "PRAGMA foreign_keys = OFF; INSERT INTO segment (message, part, state, lane, prio, due, expires, pdu)
             VALUES (77, 1, 6, 1, 5, 0, 0, x'')",
            "segment refers to nothing in message",
        ),
    ] {
        let changed = folder.path().join("changed.db");
        std::fs::copy(&path, &changed).unwrap();
        Connection::open(&changed).unwrap().execute_batch(change).unwrap();
        let flaws = verify(&changed, |_| ()).unwrap();
        assert!(flaws.iter().any(|flaw| flaw.detail == expected), "{change}: {flaws:?}");
    }
    assert_eq!(verify(&path, |_| ()).unwrap(), []);
}
