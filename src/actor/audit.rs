//! What is to be noted of a request, from the door to the transaction.
//!
//! The door opens a [`Sheet`] for each request and lets its handler run over it ([`over`]). Whoever lets the caller in and
//! whoever shows numbers or texts writes on it. The first transaction that the handler asks the writer for takes the note of a
//! change along, so that there is no change without its note and no note without its transaction.
//!
//! A look at persons is noted after the answer, by a task of its own ([`run`]): nobody who reads waits for the disk. The first look
//! of a client at one thing by one route is written at once; what follows within a minute is counted and written as one entry. A
//! disk that takes nothing stops nobody from reading: what was seen is kept in memory, up to [`KEPT_MAX`] entries, and written when
//! it can be; beyond that only how many looks there were is kept. What a `kill -9` takes is what was not written then: counts of
//! less than a minute.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::clock::{Clock, Instant};
use crate::store::audit::{Counted, Deed, Entry};

use super::writer::{Handle, WriteError};

/// Looks of a client at one thing within this time are one entry.
const TOGETHER: Duration = Duration::from_secs(60);

/// Looks that wait for the task; who has more to tell is counted only.
const WAITING_MAX: usize = 4_096;

/// Different looks that are kept while the disk takes nothing.
pub const KEPT_MAX: usize = 10_000;

/// Between attempts to write what could not be written.
const AGAIN: Duration = Duration::from_secs(2);

/// Entries of one transaction.
const AT_ONCE: usize = 256;

tokio::task_local! {
    static SHEET: Arc<Sheet>;
}

/// What is known of a request while it is carried out.
#[derive(Debug, Default)]
pub struct Sheet(Mutex<Written>);

#[derive(Debug, Default)]
struct Written {
    who: Option<(String, Option<i64>)>,
    /// What the first transaction takes along.
    change: Option<Entry>,
    is_noted: bool,
    has_seen: bool,
    items: Option<u64>,
    id: Option<String>,
}

/// What came of a request, for whoever opened the sheet.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Who asked, if anybody was let in, and by which token.
    pub who: Option<(String, Option<i64>)>,
    /// Whether numbers, names or texts were shown.
    pub has_seen: bool,
    /// How many items.
    pub items: u64,
    /// Whether a transaction took the note of the change along.
    pub is_noted: bool,
    /// Whom it was about, where the handler knew better than the path.
    pub id: Option<String>,
}

impl Sheet {
    /// A sheet for a request that is to be noted as a change, if it is one. The client is not known yet.
    pub fn new(change: Option<Entry>) -> Self {
        Self(Mutex::new(Written { change, ..Written::default() }))
    }

    fn with<T>(&self, write: impl FnOnce(&mut Written) -> T) -> T {
        write(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is written on it now.
    pub fn read(&self) -> Seen {
        self.with(|written| Seen {
            who: written.who.clone(),
            has_seen: written.has_seen,
            items: written.items.unwrap_or(u64::from(written.has_seen)),
            is_noted: written.is_noted,
            id: written.id.clone(),
        })
    }

    /// The note of the change, unless it was taken along already.
    pub(super) fn change(&self) -> Option<Entry> {
        self.with(|written| {
            let (client, token) = written.who.clone()?;
            let change = written.change.clone().filter(|_| !written.is_noted)?;
            let id = written.id.clone().or(change.id);
            Some(Entry { client, token, id, ..change })
        })
    }

    /// The transaction that took it along is committed.
    pub(super) fn noted(&self) {
        self.with(|written| written.is_noted = true);
    }
}

/// Runs a handler over a sheet.
pub async fn over<F: Future>(sheet: Arc<Sheet>, handler: F) -> F::Output {
    SHEET.scope(sheet, handler).await
}

/// The sheet of the request that is carried out here, if there is one.
pub(super) fn sheet() -> Option<Arc<Sheet>> {
    SHEET.try_with(Arc::clone).ok()
}

/// The caller was let in.
pub fn let_in(client: &str, token: Option<i64>) {
    if let Some(sheet) = sheet() {
        sheet.with(|written| written.who = Some((client.to_owned(), token)));
    }
}

/// Whom the request is about, as a digest.
pub fn about(id: &str) {
    if let Some(sheet) = sheet() {
        sheet.with(|written| written.id = Some(id.to_owned()));
    }
}

/// The caller may see numbers, names and texts in what is answered.
pub fn shows() {
    if let Some(sheet) = sheet() {
        sheet.with(|written| written.has_seen = true);
    }
}

/// The answer is a list of so many items.
pub fn counts(items: usize) {
    if let Some(sheet) = sheet() {
        sheet.with(|written| written.items = Some(written.items.unwrap_or(0).max(items as u64)));
    }
}

/// Where looks are told to. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Looks {
    told: mpsc::Sender<(Entry, u64)>,
    lost: Arc<AtomicU64>,
}

/// Where looks come out.
#[derive(Debug)]
pub struct Told {
    looks: mpsc::Receiver<(Entry, u64)>,
    lost: Arc<AtomicU64>,
}

/// A way from doors to the task.
pub fn looks() -> (Looks, Told) {
    let (told, looks) = mpsc::channel(WAITING_MAX);
    let lost = Arc::new(AtomicU64::new(0));
    (Looks { told, lost: Arc::clone(&lost) }, Told { looks, lost })
}

impl Looks {
    /// Tells of a look. Nobody waits for it; where too many wait already it is counted only.
    pub fn tell(&self, entry: Entry, items: u64) {
        if self.told.try_send((entry, items)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What the task is given.
#[derive(Debug)]
pub struct Setup {
    /// What is to be noted.
    pub told: Told,
    /// Who writes.
    pub writer: Handle,
    /// The time.
    pub clock: Clock,
    /// Turns true when the daemon stops.
    pub stop: watch::Receiver<bool>,
}

/// Looks that were counted since the last entry of their kind was written.
#[derive(Debug)]
struct Count {
    since: Instant,
    items: u64,
    times: u64,
}

/// Looks on their way to the disk.
#[derive(Debug, Default)]
struct Tally {
    open: HashMap<Entry, Count>,
    /// To be written, in order.
    ready: Vec<Counted>,
    /// Looks of which only the number is known.
    lost: u64,
}

impl Tally {
    fn take(&mut self, entry: Entry, items: u64, now: Instant) {
        if let Some(count) = self.open.get_mut(&entry) {
            count.items = count.items.saturating_add(items);
            count.times += 1;
        } else if self.open.len() + self.ready.len() >= KEPT_MAX {
            self.lost += 1;
        } else {
            self.open.insert(entry.clone(), Count { since: now, items: 0, times: 0 });
            self.ready.push(Counted { entry, items, times: 1 });
        }
    }

    /// What was counted for long enough is to be written; all of it at the end.
    fn close(&mut self, now: Instant, is_end: bool) {
        let is_over = |count: &Count| is_end || now.saturating_since(count.since) >= TOGETHER;
        let mut closed: Vec<(Entry, Count)> = self.open.extract_if(|_, count| is_over(count)).collect();
        closed.sort_by(|one, other| one.0.cmp(&other.0));
        let some = closed.into_iter().filter(|(_, count)| count.times > 0);
        self.ready.extend(some.map(|(entry, Count { items, times, .. })| Counted { entry, items, times }));
        if self.lost > 0 && self.ready.len() < KEPT_MAX {
            let times = std::mem::take(&mut self.lost);
            self.ready.push(Counted { entry: lost(), items: 0, times });
        }
    }

    /// When the first count is over.
    fn deadline(&self) -> Option<Instant> {
        self.open.values().map(|count| count.since + TOGETHER).min()
    }
}

fn lost() -> Entry {
    Entry {
        client: "recado".to_owned(),
        token: None,
        deed: Deed::View,
        route: String::new(),
        object: "looks that could not be kept apart".to_owned(),
        id: None,
        status: None,
    }
}

/// Writes looks down until the daemon stops, or its writer is gone.
pub async fn run(setup: Setup) {
    let Setup { told: Told { looks: mut told, lost }, writer, clock, mut stop } = setup;
    let (mut tally, mut some, mut failed) = (Tally::default(), Vec::new(), false);
    loop {
        let now = clock.now().instant;
        let again = (!tally.ready.is_empty()).then(|| now + if failed { AGAIN } else { Duration::ZERO });
        let due = [again, tally.deadline()].into_iter().flatten().min();
        let is_end = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => true,
            count = told.recv_many(&mut some, AT_ONCE) => count == 0,
            () = wait(&clock, due) => false,
        };
        let now = clock.now().instant;
        if is_end {
            told.close();
            while told.recv_many(&mut some, AT_ONCE).await > 0 {}
        }
        some.drain(..).for_each(|(entry, items)| tally.take(entry, items, now));
        tally.lost += lost.swap(0, Ordering::Relaxed);
        tally.close(now, is_end);
        failed = false;
        while !tally.ready.is_empty() && !failed {
            let piece: Vec<Counted> = tally.ready.iter().take(AT_ONCE).cloned().collect();
            match writer.note_looks(piece.clone()).await {
                Ok(()) => drop(tally.ready.drain(..piece.len())),
                Err(WriteError::Stopping) => return,
                Err(error) => {
                    tracing::warn!(%error, "looks not written yet");
                    failed = true;
                }
            }
        }
        if is_end {
            return;
        }
    }
}

async fn wait(clock: &Clock, until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(clock.deadline(until)).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(id: &str) -> Entry {
        Entry {
            client: "painel".into(),
            token: Some(1),
            deed: Deed::View,
            route: "GET /v1/messages".into(),
            object: "messages".into(),
            id: Some(id.into()),
            status: None,
        }
    }

    #[test]
    fn the_first_look_is_written_at_once_and_those_of_a_minute_together() {
        let clock = Clock::starting_at("2026-11-24T13:00:00Z".parse().unwrap());
        let start = clock.now().instant;
        let mut tally = Tally::default();
        tally.take(look("a"), 50, start);
        tally.take(look("b"), 1, start);
        tally.close(start, false);
        assert_eq!(tally.ready.len(), 2);
        tally.ready.clear();
        for second in 1..=30 {
            tally.take(look("a"), 50, start + Duration::from_secs(second));
        }
        tally.close(start + Duration::from_secs(59), false);
        assert!(tally.ready.is_empty());
        assert_eq!(tally.deadline(), Some(start + TOGETHER));
        tally.close(start + TOGETHER, false);
        assert_eq!(tally.ready, [Counted { entry: look("a"), items: 1_500, times: 30 }]);
        assert!(tally.open.is_empty());
    }

    #[test]
    fn what_cannot_be_kept_apart_is_counted() {
        let clock = Clock::starting_at("2026-11-24T13:00:00Z".parse().unwrap());
        let now = clock.now().instant;
        let mut tally = Tally::default();
        for id in 0..KEPT_MAX {
            tally.take(look(&id.to_string()), 1, now);
        }
        assert_eq!((tally.open.len() + tally.ready.len(), tally.lost > 0), (KEPT_MAX, true));
        let lost = tally.lost;
        tally.ready.clear();
        tally.close(now, true);
        assert_eq!(tally.ready, [Counted { entry: super::lost(), items: 0, times: lost }]);
    }
}
