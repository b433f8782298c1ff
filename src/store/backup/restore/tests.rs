//! Copies that are put back: what is refused, what is kept, what is carried over, and kills in between.

use std::os::unix::fs::PermissionsExt as _;

use crate::contact::suppression::{Kind, Purposes};
use crate::sms::number::PhoneNumber;
use crate::store::Store;
use crate::store::audit::digest_of_number;
use crate::store::backup::carry::Carried;
use crate::store::backup::tests::{NOW, copied, made, settings};
use crate::store::erasure::{ErasureOrder, Person};
use crate::store::suppression::{self, Act};
use crate::store::token::NewToken;
use crate::store::verify::verify;

use super::*;

const LATER: Timestamp = Timestamp::from_millis(1_795_525_200_000 + 3_600_000);

fn number(digits: &str) -> PhoneNumber {
    PhoneNumber::from_digits(digits).unwrap()
}

fn suppress(store: &mut Store, number: PhoneNumber, at: Timestamp) {
    let act = Act {
        kind: Kind::Manual,
        purposes: Purposes::ALL,
        creditor: None,
        effective: at,
        source: "test".into(),
        client: "ana".into(),
        why: None,
        inbound: None,
    };
    store.commit(at, |work| work.suppress(&act, &[number])).unwrap();
}

fn erase_a_number(store: &mut Store) {
    let number = number("5511987654321");
    suppress(store, number, NOW);
    store.commit(NOW, |work| work.erase_suppressed(number)).unwrap();
}

fn secret() -> Secret {
    Secret::new([7; 32])
}

fn count(path: &Path, sql: &str) -> i64 {
    Connection::open(path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

/// The database as a kill leaves it: with what was committed since in SQLite's log alone.
fn killed(path: &Path, store: Store) {
    let (main, log) = (std::fs::read(path).unwrap(), std::fs::read(beside(path, "-wal")).unwrap());
    drop(store);
    std::fs::write(path, main).unwrap();
    std::fs::write(beside(path, "-wal"), log).unwrap();
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
    killed(&path, store);
    let restored = restore(&copy, &path, Since::Nothing, None, NOW).unwrap();
    assert_eq!((restored.made_at, restored.waiting, restored.carry), (Some(NOW), 0, Carry::NotNeeded));
    let kept = restored.kept.unwrap();
    let suppressed = |path: &Path| count(path, "SELECT count(*) FROM suppression");
    assert_eq!((suppressed(&kept), suppressed(&path)), (1, 0));
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

/// Who may read a copy says nothing of who may read the database.
#[test]
fn a_copy_that_everybody_may_read_becomes_a_database_for_its_owner_alone() {
    let (folder, path, store) = made();
    let copy = copied(&path, folder.path());
    drop(store);
    std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o644)).unwrap();
    restore(&copy, &path, Since::Unknown, None, NOW).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

/// A kill after each step: what was decided is ended by the next start, with everything of before in what is kept.
#[test]
fn a_restore_that_is_killed_after_its_decision_is_ended_by_the_next_start() {
    for done in 0..=STEPS.len() {
        let (folder, path, mut store) = made();
        let copy = copied(&path, folder.path());
        suppress(&mut store, number("5511987654321"), LATER);
        killed(&path, store);
        let fresh = beside(&path, RESTORING);
        make_ready(&copy, &fresh, &path, Since::Unknown, None, LATER).unwrap();
        let kept = kept_name(&path, LATER).unwrap();
        rename(&fresh, &beside(&path, RESTORED)).unwrap();
        for step in &STEPS[..done] {
            step(&path, &kept).unwrap();
        }
        let store = Store::open(&path, settings([7; 32]), LATER).unwrap();
        let raised = count(&path, "SELECT count(*) FROM alarm WHERE kind = 'restored'");
        assert_eq!(raised, 1, "after {done} steps");
        drop(store);
        assert_eq!(replaced(&path).unwrap(), std::slice::from_ref(&kept), "after {done} steps");
        assert_eq!(count(&kept, "SELECT count(*) FROM suppression"), 1, "after {done} steps");
        assert_eq!(verify(&path, |_| ()).unwrap(), [], "after {done} steps");
        assert!(!beside(&path, RESTORED).exists());
    }
}

#[test]
fn a_restore_that_is_killed_before_its_decision_has_changed_nothing() {
    let (folder, path, mut store) = made();
    let copy = copied(&path, folder.path());
    suppress(&mut store, number("5511987654321"), LATER);
    killed(&path, store);
    let fresh = beside(&path, RESTORING);
    make_ready(&copy, &fresh, &path, Since::Unknown, None, LATER).unwrap();
    fold_log(&path);
    drop(Store::open(&path, settings([7; 32]), LATER).unwrap());
    assert_eq!(count(&path, "SELECT count(*) FROM suppression"), 1);
    assert_eq!(count(&path, "SELECT count(*) FROM alarm"), 0);
    // The next one is not held up by what is left.
    restore(&copy, &path, Since::Unknown, None, LATER).unwrap();
    assert!(!fresh.exists());
}

#[test]
fn a_database_that_cannot_be_read_is_replaced_all_the_same_and_that_is_told() {
    let (folder, path, store) = made();
    let copy = copied(&path, folder.path());
    drop(store);
    let whole = std::fs::read(&path).unwrap();
    let mut damaged = whole.clone();
    damaged[4096..].fill(0xA5);
    for (octets, expected) in [(b"not a database".to_vec(), "not a database of Recado"), (damaged, "malformed")] {
        std::fs::write(&path, octets).unwrap();
        let restored = restore(&copy, &path, Since::Unknown, None, LATER).unwrap();
        let told = format!("{:?}", restored.carry);
        assert!(!restored.carry.is_whole() && told.contains(expected), "{told}");
        drop(Store::open(&path, settings([7; 32]), LATER).unwrap());
        let detail = "SELECT count(*) FROM alarm WHERE detail LIKE '%not known here either%'";
        assert_eq!(count(&path, detail), 1);
    }
}

/// A number that was on nobody's list, a token and a person, as they were when the copy was made; then they were suppressed,
/// revoked and erased.
#[test]
fn what_was_forbidden_after_the_copy_stays_forbidden() {
    let (folder, path, mut store) = made();
    let (stays, erased, waits) = (number("5511987654321"), number("5511912345678"), number("5511955554444"));
    let token = NewToken {
        hash: [9; 32],
        client: "crm".into(),
        scopes: vec!["send".into()],
        creditors: Vec::new(),
        expires_at: None,
    };
    let key = store.commit(NOW, |work| work.create_token(&token)).unwrap().0;
    suppress(&mut store, erased, NOW);
    suppress(&mut store, number("5511933332222"), NOW);
    let copy = copied(&path, folder.path());
    suppress(&mut store, stays, LATER);
    let order = |number| ErasureOrder {
        person: Person::Number(number),
        reason: "asked in a letter".into(),
        client: "ana".into(),
        until: None,
        suppress: true,
    };
    let entry = |number| {
        Counted::once(Entry {
            client: "ana".into(),
            token: None,
            deed: Deed::Change,
            route: "POST /v1/erasures".into(),
            object: "erasures".into(),
            id: Some(digest_of_number(&secret(), number)),
            status: None,
        })
    };
    store
        .commit(LATER, |work| {
            work.revoke_token(key)?;
            work.begin_erasure(&order(waits))?;
            work.note(&entry(waits))?;
            work.begin_erasure(&order(erased))?;
            work.note(&entry(erased))?;
            work.erase_suppressed(erased)
        })
        .unwrap();
    drop(store);
    // One erasure has come to its end: nothing says any more whom it was about.
    let ended = "UPDATE erasure SET state = 'done', debtor = NULL, numbers = NULL, subscribers = NULL WHERE key = 2";
    Connection::open(&path).unwrap().execute(ended, []).unwrap();
    let restored = restore(&copy, &path, Since::Unknown, Some(&secret()), LATER).unwrap();
    let Carry::Done(carried) = &restored.carry else { panic!("{:?}", restored.carry) };
    let expected = Carried { suppressions: 4, tokens: 1, erasures: 2, missed: Vec::new() };
    assert_eq!(*carried, expected);
    assert_eq!(verify(&path, |_| ()).unwrap(), []);
    let store = Store::open(&path, settings([7; 32]), LATER).unwrap();
    for number in [stays, waits] {
        assert!(!suppression::entries(store.connection(), number).unwrap().is_empty());
    }
    assert!(!suppression::erased_entries(store.connection(), &secret(), erased).unwrap().is_empty());
    assert_eq!(count(&path, "SELECT count(*) FROM token WHERE revoked_at IS NOT NULL"), 1);
    assert_eq!(count(&path, "SELECT count(*) FROM erasure WHERE state = 'running' AND numbers IS NOT NULL"), 2);
    let detail = "SELECT count(*) FROM alarm WHERE detail LIKE '%taken from the database that it replaces%'";
    assert_eq!(count(&path, detail), 1);
    assert_eq!(count(&path, "SELECT count(*) FROM audit WHERE route = 'recado restore' AND client = 'local'"), 1);
    // Once more, over what was carried over: there is nothing new.
    drop(store);
    let again = restore(&path, &path.with_file_name("other.db"), Since::Unknown, Some(&secret()), LATER).unwrap();
    assert_eq!(again.carry, Carry::NothingThere);
    let copy = copied(&path, &{
        let other = folder.path().join("more");
        std::fs::create_dir(&other).unwrap();
        other
    });
    let again = restore(&copy, &path, Since::Unknown, Some(&secret()), LATER).unwrap();
    assert_eq!(again.carry, Carry::Done(Carried::default()));
}
