//! Databases that earlier releases wrote (`tests/data/db`): each is opened, brought up to date and used.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use crate::clock::Timestamp;
use crate::config::Config;
use crate::contact::ContactSettings;
use crate::sms::lifecycle::MessageState;

use super::reader::Reader;
use super::verify::verify;
use super::view::{MessageFilter, Page};
use super::{Settings, Store, schema};

fn settings() -> Settings {
    let config = Config::default();
    Settings {
        sims: config.sim_settings(),
        free_floor: 0,
        country: config.region.country,
        alarms: Vec::new(),
        contact: ContactSettings::none().into(),
    }
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/db");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "db"));
    files.sort();
    files
}

/// An hour after the last thing that happened in it.
fn later(path: &Path) -> Timestamp {
    let conn = Connection::open(path).unwrap();
    let last: i64 = conn.query_row("SELECT max(at) FROM event", [], |row| row.get(0)).unwrap();
    Timestamp::from_millis(last + 3_600_000)
}

fn rows(path: &Path, sql: &str) -> Vec<(String, i64)> {
    let conn = Connection::open(path).unwrap();
    let mut statement = conn.prepare(sql).unwrap();
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

/// What every release has: its messages by name and state, its references and its spending.
fn kept(path: &Path) -> Vec<(String, i64)> {
    rows(
        path,
        "SELECT hex(id), state FROM message UNION ALL SELECT client || ref, 0 FROM client_ref
         UNION ALL SELECT 'spent', sum(parts) FROM spend UNION ALL SELECT 'pauses', count(*) FROM pause ORDER BY 1",
    )
}

#[test]
fn databases_of_earlier_releases_are_brought_up_to_date_with_all_that_is_in_them() {
    let files = files();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recado.db");
        std::fs::copy(&file, &path).unwrap();
        let (now, before) = (later(&path), kept(&path));
        drop(Store::open(&path, settings(), now).unwrap());
        let name = file.display();
        let flaws = verify(&path, |_| ()).unwrap();
        assert_eq!(flaws, [], "{name}");
        assert_eq!(kept(&path), before, "{name}");
        let conn = Connection::open(&path).unwrap();
        let version: usize = conn.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(version, schema::known(), "{name}");
        // What pages and the command line read first.
        let reader = Reader::new(&path, settings().sims);
        let all = reader.messages(&MessageFilter { limit: 100, ..MessageFilter::default() }).unwrap();
        assert!(all.len() >= 5, "{name}: {}", all.len());
        assert!(all.iter().any(|message| message.parts.len() > 1 && message.parts_sent > 0), "{name}");
        let of_state = |state| all.iter().filter(|message| message.state == state).count();
        assert!(of_state(MessageState::Queued) >= 1, "{name}");
        assert!(of_state(MessageState::Accepted) + of_state(MessageState::Delivered) >= 2, "{name}");
        let counted: u64 = reader.tally().unwrap().iter().map(|(_, messages)| messages).sum();
        assert_eq!(counted, all.len() as u64, "{name}");
        for message in &all {
            assert!(!reader.history(message.key).unwrap().is_empty(), "{name}");
        }
        assert!(reader.events(Page::After(0), 1_000, &[]).unwrap().len() > 20, "{name}");
        assert!(!reader.tokens().unwrap().is_empty(), "{name}");
        reader.alarms(Page::Before(None), 100).unwrap();
        reader.inbox(Page::Before(None), 100, &[]).unwrap();
        while let Some(counted) = reader.roll_up(512, &crate::dunning::money::Prices::default()).unwrap() {
            let mut store = Store::open(&path, settings(), now).unwrap();
            let counted = Arc::new(counted);
            assert!(store.commit(now, |work| work.count_up(&counted)).unwrap().0, "{name}");
        }
    }
}
