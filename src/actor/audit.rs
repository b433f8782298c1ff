//! What is to be noted of a request, from the door to the transaction.
//!
//! The door opens a [`Sheet`] for each request and lets its handler run over it ([`over`]). Whoever lets the caller in and
//! whoever shows numbers or texts writes on it. The first transaction that the handler asks the writer for takes the note of a
//! change along, so that there is no change without its note and no note without its transaction.
//!
//! Whom a request is about is written on the sheet too, as digests, by whoever knows ([`concerns`]): the entry of the request then
//! is followed by one for each of them, so that one finds what was done about a person. Of more than [`FEW`] no one is named.
//!
//! A look at persons is noted after the answer, by a task of its own ([`run`]): nobody who reads waits for the disk. The first look
//! of a client at one thing by one route is written at once; what follows within a minute is counted and written as one entry. A
//! disk that takes nothing stops nobody from reading: what was seen is kept in memory, up to [`KEPT_MAX`] entries, and written when
//! it can be; beyond that only how many looks there were is kept. What a `kill -9` takes is what was not written then: counts of
//! less than a minute.

use std::collections::{BTreeMap, HashMap};
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

/// Persons that a request is about one by one. A page of a list is about more as a rule: that is noted with how many it showed.
pub const FEW: usize = 8;

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
    whom: Whom,
}

/// Digests of those whom a request is about, and of each how much.
#[derive(Debug)]
enum Whom {
    Few(BTreeMap<String, u64>),
    Many,
}

impl Default for Whom {
    fn default() -> Self {
        Self::Few(BTreeMap::new())
    }
}

impl Whom {
    fn add(&mut self, digest: String) {
        if let Self::Few(few) = self {
            *few.entry(digest).or_default() += 1;
            if few.len() > FEW {
                *self = Self::Many;
            }
        }
    }

    fn each(&self) -> impl Iterator<Item = (&String, u64)> {
        let few = match self {
            Self::Few(few) => Some(few),
            Self::Many => None,
        };
        few.into_iter().flatten().map(|(digest, items)| (digest, *items))
    }
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
    /// Whom it was about besides, where they are few, and how many of the items were theirs.
    pub whom: Vec<(String, u64)>,
}

impl Seen {
    /// The entries of a request, of which `entry` is what the path says, with how many items each is of.
    pub fn entries(&self, entry: Entry) -> Vec<(Entry, u64)> {
        let id = self.id.clone().or(entry.id);
        divided(Entry { id, ..entry }, self.items, self.whom.iter().map(|(digest, items)| (digest, *items)))
    }
}

/// One entry for a request, and one for each person whom it is about and whom it does not name; one alone where that says all.
fn divided<'a>(entry: Entry, items: u64, whom: impl Iterator<Item = (&'a String, u64)>) -> Vec<(Entry, u64)> {
    let others: Vec<_> = whom.filter(|(digest, _)| entry.id.as_ref() != Some(digest)).collect();
    if let (None, [(digest, _)]) = (&entry.id, &others[..]) {
        return vec![(Entry { id: Some((*digest).clone()), ..entry }, items)];
    }
    let each = |(digest, items): (&String, u64)| (Entry { id: Some(digest.clone()), ..entry.clone() }, items);
    let others: Vec<_> = others.into_iter().map(each).collect();
    [(entry, items)].into_iter().chain(others).collect()
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
            whom: written.whom.each().map(|(digest, items)| (digest.clone(), items)).collect(),
        })
    }

    /// The notes of the change, unless they were taken along already.
    pub(super) fn change(&self) -> Option<Vec<Entry>> {
        self.with(|written| {
            let (client, token) = written.who.clone()?;
            let change = written.change.clone().filter(|_| !written.is_noted)?;
            let id = written.id.clone().or(change.id);
            let entries = divided(Entry { client, token, id, ..change }, 0, written.whom.each());
            Some(entries.into_iter().map(|(entry, _)| entry).collect())
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

/// Whom the request, or an item of its answer, is about besides, as a digest.
pub fn concerns(digest: String) {
    if let Some(sheet) = sheet() {
        sheet.with(|written| written.whom.add(digest));
    }
}

/// Whether it is worth saying whom it is about: somebody notes it, and they are few as yet.
pub fn names_persons() -> bool {
    sheet().is_some_and(|sheet| sheet.with(|written| matches!(written.whom, Whom::Few(_))))
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
    fn persons_are_named_one_by_one_where_they_are_few() {
        let named = |id: Option<&str>, whom: &[&str]| {
            let mut few = Whom::default();
            for digest in whom {
                few.add((*digest).to_owned());
            }
            let entry = Entry { id: id.map(str::to_owned), ..look("") };
            let named = |(entry, items): (Entry, u64)| (entry.id.unwrap_or_default(), items);
            divided(entry, 9, few.each()).into_iter().map(named).collect::<Vec<_>>()
        };
        let of = |id: &str, items| (id.to_owned(), items);
        assert_eq!(named(Some("m"), &[]), [of("m", 9)]);
        assert_eq!(named(Some("m"), &["~a"]), [of("m", 9), of("~a", 1)]);
        assert_eq!(named(Some("~a"), &["~a", "~a"]), [of("~a", 9)]);
        assert_eq!(named(None, &["~a", "~a"]), [of("~a", 9)]);
        assert_eq!(named(None, &["~a", "~b", "~a"]), [of("", 9), of("~a", 2), of("~b", 1)]);
        let many: Vec<String> = (0..=FEW).map(|place| format!("~{place}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(named(None, &many[1..]).len(), FEW + 1);
        assert_eq!(named(None, &many), [of("", 9)]);
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
