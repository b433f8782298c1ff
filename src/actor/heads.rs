//! The heads of both chains of each day, over the events and over the audit, told to the log and to a file beside the database: whoever keeps one elsewhere sees
//! later whether anything before it was changed.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::clock::Timestamp;
use crate::store::StoreError;
use crate::store::chain::{Daily, Head};
use crate::store::published::Published;

/// The file beside the database: a line for each day, its time and the heads ([`Published`]).
pub(super) const FILE: &str = "heads.log";

/// Publishes heads.
#[derive(Debug)]
pub(super) struct Heads {
    path: PathBuf,
    daily: Daily,
}

impl Heads {
    /// Goes on from the last line of the file.
    pub(super) fn open(path: PathBuf) -> Self {
        // Of a file that cannot be read nothing is known: a day twice is better than none.
        let lines = std::fs::read_to_string(&path).unwrap_or_default();
        let last = lines.lines().rev().find_map(|line| line.split_whitespace().next()?.parse().ok());
        Self { path, daily: Daily::since(last) }
    }

    /// Something was committed, after which the chain of events ends at `events` and that of the audit where `audit` says.
    pub(super) fn committed(
        &mut self,
        events: Option<Head>,
        audit: impl FnOnce() -> Result<Option<Head>, StoreError>,
        now: Timestamp,
    ) {
        let Some(head) = events.filter(|_| self.daily.is_due(now)) else { return };
        let audit = audit().unwrap_or_else(|error| {
            tracing::warn!(%error, "head of the audit not read");
            None
        });
        let audit_head = audit.map(tracing::field::display);
        tracing::info!(%head, audit_head, "chain of events: head of the day");
        if let Err(error) = append(&self.path, Published { at: now, events: Some(head), audit }) {
            tracing::warn!(%error, "head of the day not written to its file");
        }
    }
}

fn append(path: &Path, line: Published) -> io::Result<()> {
    let mut file: File = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::chain::ChainHash;

    #[test]
    fn a_day_has_one_line_also_over_restarts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let head = |seq| Some(Head { seq, hash: ChainHash([7; 32]) });
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let mut heads = Heads::open(path.clone());
        let mut commit = |events, audit, time| heads.committed(events, || Ok(audit), at(time));
        commit(None, head(1), "2026-11-24T12:00:00Z");
        commit(head(3), None, "2026-11-24T13:00:00Z");
        commit(head(4), None, "2026-11-24T14:00:00Z");
        let mut heads = Heads::open(path.clone());
        let mut commit = |events, audit, time| heads.committed(events, || Ok(audit), at(time));
        commit(head(5), None, "2026-11-24T15:00:00Z");
        commit(head(6), head(2), "2026-11-25T00:00:01Z");
        let hash = "07".repeat(32);
        let expected = format!("2026-11-24T13:00:00.000Z 3:{hash}\n2026-11-25T00:00:01.000Z 6:{hash} audit 2:{hash}\n");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
    }

    #[test]
    fn a_file_that_cannot_be_written_stops_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let mut heads = Heads::open(folder.path().to_owned());
        heads.committed(Some(Head { seq: 1, hash: ChainHash([7; 32]) }), || Ok(None), Timestamp::from_millis(0));
        assert!(!heads.daily.is_due(Timestamp::from_millis(1)));
    }
}
