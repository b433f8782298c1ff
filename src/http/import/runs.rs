//! Imports that the daemon carries out: how far each is, and what it found. They are kept in memory: a restart forgets them,
//! and a file that is imported again changes nothing that is as it says already.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Timestamp;

use super::report::{Counts, Told};

/// Imports that are remembered.
const KEPT: usize = 16;

/// Findings of one import that are kept: some tens of megabytes. A file with more of them is another file.
const FINDINGS_MAX: usize = 100_000;

/// All imports.
#[derive(Debug, Default)]
pub(in super::super) struct Runs(Mutex<BTreeMap<i64, Arc<Run>>>);

/// One import.
#[derive(Debug)]
pub(in super::super) struct Run {
    pub(in super::super) id: i64,
    /// Whose it is.
    pub(in super::super) client: String,
    pub(in super::super) is_dry: bool,
    pub(in super::super) began: Timestamp,
    now: Mutex<Now>,
}

/// How an import stands.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Snapshot {
    /// How much was read, in hundredths.
    pub(in super::super) part: u64,
    pub(in super::super) counts: Counts,
    /// When it ended, and why before the end of the file, where it did.
    pub(in super::super) ended: Option<(Timestamp, Option<String>)>,
}

#[derive(Default)]
struct Now {
    snapshot: Snapshot,
    findings: Vec<(Told, bool)>,
}

impl std::fmt::Debug for Now {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Now").field("snapshot", &self.snapshot).finish_non_exhaustive()
    }
}

/// An import on its way: it ends with this, whatever happens.
#[derive(Debug)]
pub(in super::super) struct Begun(Arc<Run>);

impl Runs {
    /// Begins an import; `None` while another is on its way.
    pub(in super::super) fn begin(&self, client: &str, is_dry: bool, now: Timestamp) -> Option<Begun> {
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if runs.values().any(|run| run.snapshot().ended.is_none()) {
            return None;
        }
        let last = runs.last_key_value().map_or(0, |(id, _)| *id);
        let id = now.as_millis().max(last + 1);
        let run = Arc::new(Run { id, client: client.to_owned(), is_dry, began: now, now: Mutex::default() });
        runs.insert(id, Arc::clone(&run));
        if runs.len() > KEPT {
            runs.pop_first();
        }
        Some(Begun(run))
    }

    /// An import of this client.
    pub(in super::super) fn find(&self, id: i64, client: &str) -> Option<Arc<Run>> {
        let runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        runs.get(&id).filter(|run| run.client == client).map(Arc::clone)
    }
}

impl Run {
    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in super::super) fn snapshot(&self) -> Snapshot {
        self.now().snapshot.clone()
    }

    /// All findings as rows of a table, as far as they are kept.
    pub(in super::super) fn findings(&self) -> Vec<[String; 5]> {
        self.now().findings.iter().map(|(told, is_error)| told.cells(*is_error)).collect()
    }

    pub(in super::super) fn found(&self, told: &Told, is_error: bool) {
        let mut now = self.now();
        if now.findings.len() < FINDINGS_MAX {
            now.findings.push((told.clone(), is_error));
        }
    }

    pub(in super::super) fn has_come(&self, part: u64, counts: &Counts) {
        let mut now = self.now();
        now.snapshot.part = part;
        now.snapshot.counts = counts.clone();
    }

    /// It has ended, at the end of the file or before.
    pub(in super::super) fn end(&self, at: Timestamp, why: Option<String>) {
        let mut now = self.now();
        if why.is_none() {
            now.snapshot.part = 100;
        }
        now.snapshot.ended = Some((at, why));
    }
}

impl Begun {
    pub(in super::super) fn run(&self) -> &Arc<Run> {
        &self.0
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        let mut now = self.0.now();
        // Whoever sent the file has gone, or what carried it out has broken.
        now.snapshot.ended.get_or_insert_with(|| (self.0.began, Some("the file did not come to its end".to_owned())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000);

    #[test]
    fn one_import_goes_at_a_time_and_each_has_its_own_number() {
        let runs = Runs::default();
        let first = runs.begin("crm", false, NOW).unwrap();
        assert!(runs.begin("erp", false, NOW).is_none());
        first.run().end(NOW, None);
        let second = runs.begin("crm", true, NOW).unwrap();
        assert_eq!((first.run().id, second.run().id), (1_000, 1_001));
        assert!(runs.find(1_000, "crm").is_some() && runs.find(1_000, "erp").is_none());
    }

    #[test]
    fn what_breaks_off_has_ended() {
        let runs = Runs::default();
        let begun = runs.begin("crm", false, NOW).unwrap();
        let run = Arc::clone(begun.run());
        drop(begun);
        assert!(run.snapshot().ended.unwrap().1.is_some());
        assert!(runs.begin("crm", false, NOW).is_some());
    }

    #[test]
    fn old_imports_are_forgotten() {
        let runs = Runs::default();
        for _ in 0..=KEPT {
            runs.begin("crm", false, NOW).unwrap().run().end(NOW, None);
        }
        assert!(runs.find(1_000, "crm").is_none() && runs.find(1_001, "crm").is_some());
    }
}
