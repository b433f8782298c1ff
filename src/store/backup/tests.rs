//! Copies, and what is no copy.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};

use crate::config::Config;
use crate::contact::ContactSettings;
use crate::contact::suppression::{Kind, Purposes};
use crate::sms::number::PhoneNumber;
use crate::store::suppression::Act;
use crate::store::verify::verify;
use crate::store::{Settings, Store};

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_795_525_200_000);

fn settings(secret: [u8; 32]) -> Settings {
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
fn made() -> (tempfile::TempDir, PathBuf, Store) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recado.db");
    let store = Store::open(&path, settings([7; 32]), NOW).unwrap();
    (folder, path, store)
}

fn copied(path: &Path, folder: &Path) -> PathBuf {
    let copy = folder.join("copy.db");
    backup(path, &copy, NOW, |_, _| ()).unwrap();
    copy
}

fn erase_a_number(store: &mut Store) {
    let number = PhoneNumber::from_digits("5511987654321").unwrap();
    let act = Act {
        kind: Kind::Manual,
        purposes: Purposes::ALL,
        creditor: None,
        effective: NOW,
        source: "test".into(),
        client: "ana".into(),
        why: None,
        inbound: None,
    };
    store.commit(NOW, |work| work.suppress(&act, &[number]).and_then(|_| work.erase_suppressed(number))).unwrap();
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

#[test]
fn nothing_is_written_over() {
    let (folder, path, _store) = made();
    let copy = folder.path().join("copy.db");
    std::fs::write(&copy, "a letter").unwrap();
    assert!(matches!(backup(&path, &copy, NOW, |_, _| ()), Err(BackupError::Exists { .. })));
    assert_eq!(std::fs::read(&copy).unwrap(), b"a letter");
}

#[test]
fn files_of_other_programs_newer_releases_and_damaged_ones_are_not_put_back() {
    let (folder, path, store) = made();
    let copy = copied(&path, folder.path());
    drop(store);
    let before = std::fs::read(&path).unwrap();
    let refused = |from: &Path| restore(from, &path, Since::Unknown, None, NOW).unwrap_err();
    let letter = folder.path().join("letter");
    std::fs::write(&letter, "x".repeat(4096)).unwrap();
    assert!(matches!(refused(&letter), BackupError::Open(OpenError::Foreign { .. })));
    std::fs::write(&letter, "").unwrap();
    assert!(matches!(refused(&letter), BackupError::Empty { .. }));
    assert!(matches!(refused(&folder.path().join("none")), BackupError::File { .. }));
    let newer = folder.path().join("newer.db");
    std::fs::copy(&copy, &newer).unwrap();
    Connection::open(&newer).unwrap().pragma_update(None, "user_version", 9_999).unwrap();
    assert!(matches!(refused(&newer), BackupError::Open(OpenError::Newer { found: 9_999, .. })));
    let damaged = folder.path().join("damaged.db");
    let mut octets = std::fs::read(&copy).unwrap();
    let half = octets.len() / 2 / 4096 * 4096;
    octets[half..half + 4 * 4096].fill(0xA5);
    std::fs::write(&damaged, octets).unwrap();
    assert!(matches!(refused(&damaged), BackupError::Damaged { .. }));
    // Whatever was refused, what is there stays, and nothing is left beside it.
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().contains("restoring")), "{names:?}");
}

#[test]
fn what_was_there_is_kept_with_its_log() {
    let (folder, path, mut store) = made();
    let copy = copied(&path, folder.path());
    erase_a_number(&mut store);
    // As after a kill: the log is not in the file yet.
    let (main, log) = (std::fs::read(&path).unwrap(), std::fs::read(beside(&path, "-wal")).unwrap());
    drop(store);
    std::fs::write(&path, main).unwrap();
    std::fs::write(beside(&path, "-wal"), log).unwrap();
    let restored = restore(&copy, &path, Since::Unknown, None, NOW).unwrap();
    assert_eq!((restored.made_at, restored.waiting), (Some(NOW), 0));
    let kept = restored.kept.unwrap();
    let count = |path: &Path| -> i64 {
        let conn = Connection::open(path).unwrap();
        conn.query_row("SELECT count(*) FROM suppression", [], |row| row.get(0)).unwrap()
    };
    assert_eq!((count(&kept), count(&path)), (1, 0));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_copy_with_erased_numbers_needs_the_key_of_that_time() {
    let (folder, path, mut store) = made();
    erase_a_number(&mut store);
    let copy = copied(&path, folder.path());
    drop(store);
    let to = folder.path().join("new").join("recado.db");
    std::fs::create_dir(folder.path().join("new")).unwrap();
    for secret in [None, Some(Secret::new([8; 32]))] {
        let refused = restore(&copy, &to, Since::Nothing, secret.as_ref(), NOW).unwrap_err();
        assert!(matches!(refused, BackupError::Open(OpenError::OtherKey { .. })), "{refused:?}");
        assert!(!to.exists());
    }
    restore(&copy, &to, Since::Nothing, Some(&Secret::new([7; 32])), NOW).unwrap();
    assert!(matches!(Store::open(&to, settings([8; 32]), NOW), Err(OpenError::OtherKey { .. })));
    Store::open(&to, settings([7; 32]), NOW).unwrap();
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
