//! What is posted to one endpoint next: pure, told what the log has, what came back, and the time.
//!
//! Events of one message go one after the other; those of others do not wait for them. What is not taken gets a record and
//! steps of its own ([`plan`]), and what is about the same message waits behind it, so that the place in the log goes on.
//! When nothing gets through any more ([`HALTED_AFTER`] failures in a row, of several events) the endpoint is halted: the
//! log is not read on, and one event at a time looks whether anything is taken again, mostly new ones, since it may be those
//! that wait which are not liked. So an outage costs some records, however many events happen meanwhile. After two days of
//! that the endpoint is disabled, and keeps its place; no event of it is given up.
//!
//! Contract: [`Outbox::take_in`] what the log has while [`Outbox::wants_more`]; send every [`Outbox::poll_request`] until there
//! is none, and give each result to [`Outbox::handle_result`]; have [`Outbox::take_notes`] written now and then.
//! [`Outbox::deadline`] is the next time at which there may be a request without any of these.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::sms::id::MessageId;
use crate::store::webhook::{ALARM_AFTER, DeliveryState, Record, Waiting};

use super::plan::{self, Jitter};

/// Requests on their way at once, so that a distant endpoint keeps up too.
pub(super) const FLYING_MAX: usize = 8;

/// Events that were read and not tried.
const AHEAD_MAX: usize = 1_000;

/// Events that wait with a record. With so many the log is not read on.
const PARKED_MAX: usize = 10_000;

/// Failures in a row after which the endpoint is halted.
const HALTED_AFTER: u32 = 4;

/// Deliveries of which a record is written at once; the last ones are enough for people.
const SHOWN: usize = 50;

/// A clock that goes back by more than this was set.
const SET_BACK: Duration = Duration::from_secs(1);

/// An event of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) seq: i64,
    pub(super) message: Option<MessageId>,
}

/// Something to post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) ticket: u64,
    /// The events, in their order.
    pub(super) seqs: Vec<i64>,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was taken.
    Delivered,
    /// It was not; the endpoint may have said when to try again.
    Failed(Option<Duration>),
    /// The endpoint wants nothing any more.
    Gone,
}

/// What there is to tell of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Told {
    pub(super) status: Option<u16>,
    pub(super) took: Duration,
    pub(super) error: Option<String>,
}

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notes {
    pub(super) seq: i64,
    pub(super) records: Vec<Record>,
    pub(super) failing_since: Option<Timestamp>,
    pub(super) disabled: Option<&'static str>,
}

/// An event that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Parked {
    message: Option<MessageId>,
    attempts: u32,
    first_at: Option<Timestamp>,
    /// None while another one goes before it, or while it is on its way.
    due: Option<Timestamp>,
}

#[derive(Debug)]
struct Flight {
    items: Vec<Item>,
    /// They have no record yet.
    is_new: bool,
}

/// The endpoint is halted.
#[derive(Debug, Clone, Copy)]
struct Halt {
    probes: u32,
    at: Timestamp,
}

/// What waits for an endpoint and what is on its way.
#[derive(Debug)]
pub(super) struct Outbox {
    /// Events in one request.
    batch: usize,
    jitter: Jitter,
    /// Up to which event the log was read.
    read: i64,
    ahead: VecDeque<Item>,
    parked: BTreeMap<i64, Parked>,
    /// Those of them that can be tried, by when.
    due: BTreeSet<(Timestamp, i64)>,
    /// Those of them that are about a message; the first goes before the others.
    of_message: HashMap<MessageId, BTreeSet<i64>>,
    flying: HashMap<u64, Flight>,
    /// Messages that new events on their way are about.
    airborne: HashSet<MessageId>,
    tickets: u64,
    /// Failures in a row, the first event of them, and whether others are among them.
    failures: u32,
    first_failed: i64,
    is_several: bool,
    failing_since: Option<Timestamp>,
    halt: Option<Halt>,
    disabled: Option<&'static str>,
    /// The latest time that was told.
    latest: Timestamp,
    records: BTreeMap<i64, Record>,
    shown: VecDeque<Record>,
    /// What was written last, beside the records.
    noted: Stand,
    /// That nothing gets through was noted again after an hour of it.
    is_told: bool,
}

/// How it stands with the endpoint as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stand {
    seq: i64,
    failing_since: Option<Timestamp>,
    disabled: Option<&'static str>,
    is_told: bool,
}

impl Outbox {
    /// Goes on from the place `read`, with what waits from before.
    pub(super) fn new(
        read: i64,
        batch: usize,
        waiting: Vec<Waiting>,
        failing_since: Option<Timestamp>,
        jitter: Jitter,
        now: Timestamp,
    ) -> Self {
        let mut outbox = Self {
            batch: batch.max(1),
            jitter,
            read,
            ahead: VecDeque::new(),
            parked: BTreeMap::new(),
            due: BTreeSet::new(),
            of_message: HashMap::new(),
            flying: HashMap::new(),
            airborne: HashSet::new(),
            tickets: 0,
            failures: 0,
            first_failed: 0,
            is_several: false,
            failing_since,
            halt: None,
            disabled: None,
            latest: now,
            records: BTreeMap::new(),
            shown: VecDeque::new(),
            noted: Stand { seq: read, failing_since, disabled: None, is_told: false },
            is_told: false,
        };
        for Waiting { seq, message, attempts, first_at, due } in waiting {
            let before = message.and_then(|message| outbox.of_message.get(&message)).is_some();
            // Nobody can have meant later than a day from now; the clock was another one then.
            let due = due.unwrap_or(now).min(now + plan::TRIED_FOR);
            outbox.park(seq, Parked { message, attempts, first_at, due: (!before).then_some(due) });
        }
        if failing_since.is_some() {
            outbox.halt = Some(Halt { probes: 0, at: now });
        }
        outbox
    }

    /// Up to which event the log was read.
    pub(super) fn read(&self) -> i64 {
        self.read
    }

    /// Whether more of the log can be taken in.
    pub(super) fn wants_more(&self) -> bool {
        let room = if self.halt.is_some() { self.ahead.is_empty() } else { self.ahead.len() < AHEAD_MAX / 2 };
        room && self.parked.len() < PARKED_MAX && self.disabled.is_none()
    }

    /// Takes in what the log has up to `read`. What waits already was found above the place that was noted: it is not new.
    pub(super) fn take_in(&mut self, items: impl IntoIterator<Item = Item>, read: i64) {
        self.ahead.extend(items.into_iter().filter(|item| !self.parked.contains_key(&item.seq)));
        self.read = self.read.max(read);
    }

    /// Events that were read and are not delivered.
    pub(super) fn pending(&self) -> usize {
        let new = self.flying.values().filter(|flight| flight.is_new).map(|flight| flight.items.len());
        self.ahead.len() + self.parked.len() + new.sum::<usize>()
    }

    /// Why nothing is posted any more.
    pub(super) fn disabled(&self) -> Option<&'static str> {
        self.disabled
    }

    /// What to post next, if anything.
    pub(super) fn poll_request(&mut self, now: Timestamp) -> Option<Request> {
        self.look_at_clock(now);
        if self.disabled.is_some() {
            return None;
        }
        if let Some(halt) = self.halt {
            if !self.flying.is_empty() || now < halt.at {
                return None;
            }
            // With nothing that waits a new one, with nothing new one that waits.
            if halt.probes % 4 != 3
                && let Some(request) = self.new_request(1)
            {
                return Some(request);
            }
            let first = self.due.first().map(|(_, seq)| *seq);
            return first.map(|seq| self.again(seq)).or_else(|| self.new_request(1));
        }
        if self.flying.len() >= FLYING_MAX {
            return None;
        }
        match self.due.first() {
            Some(&(at, seq)) if at <= now => Some(self.again(seq)),
            _ => self.new_request(self.batch),
        }
    }

    /// What came of a request.
    pub(super) fn handle_result(&mut self, ticket: u64, outcome: &Outcome, told: &Told, now: Timestamp) {
        let Some(flight) = self.flying.remove(&ticket) else { return };
        for message in flight.items.iter().filter_map(|item| item.message).filter(|_| flight.is_new) {
            self.airborne.remove(&message);
        }
        match outcome {
            Outcome::Delivered => self.delivered(&flight, told, now),
            Outcome::Failed(asked) => self.failed(&flight, *asked, told, now),
            Outcome::Gone => {
                self.failed(&flight, None, told, now);
                self.disabled = Some("the endpoint answered that it is gone (410)");
            }
        }
    }

    /// The next time at which [`Outbox::poll_request`] has something to do by itself.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        if self.disabled.is_some() {
            return None;
        }
        let next = match self.halt {
            Some(halt) => (self.flying.is_empty() && self.pending() > 0).then_some(halt.at),
            None => self.due.first().map(|(at, _)| *at).filter(|_| self.flying.len() < FLYING_MAX),
        };
        next.into_iter().chain(self.alarm_at()).min()
    }

    /// What is to be written since it was asked last; `None` where there is nothing.
    pub(super) fn take_notes(&mut self) -> Option<Notes> {
        if !self.has_notes() {
            return None;
        }
        self.noted = self.stand();
        let Stand { seq, failing_since, disabled, .. } = self.noted;
        let records =
            std::mem::take(&mut self.shown).into_iter().chain(std::mem::take(&mut self.records).into_values());
        Some(Notes { seq, records: records.collect(), failing_since, disabled })
    }

    /// Whether there is anything to write.
    pub(super) fn has_notes(&self) -> bool {
        !self.records.is_empty() || !self.shown.is_empty() || self.noted != self.stand()
    }

    fn stand(&self) -> Stand {
        let Self { failing_since, disabled, is_told, .. } = *self;
        Stand { seq: self.place(), failing_since, disabled, is_told }
    }

    /// Up to which event nothing is left without a record.
    fn place(&self) -> i64 {
        let flying = self.flying.values().filter(|flight| flight.is_new).flat_map(|flight| &flight.items);
        let first = flying.map(|item| item.seq).chain(self.ahead.front().map(|item| item.seq)).min();
        first.map_or(self.read, |first| first - 1)
    }

    fn alarm_at(&self) -> Option<Timestamp> {
        self.failing_since.filter(|_| !self.is_told).map(|since| since + ALARM_AFTER)
    }

    /// A clock that was set back would have everything wait for its time to come again.
    fn look_at_clock(&mut self, now: Timestamp) {
        if now + SET_BACK < self.latest {
            self.all_due(now);
            self.failing_since = self.failing_since.map(|since| since.min(now));
            if let Some(halt) = &mut self.halt {
                halt.at = halt.at.min(now);
            }
            self.latest = now;
        }
        self.latest = self.latest.max(now);
        self.is_told |= self.alarm_at().is_some_and(|at| at <= now);
    }

    fn all_due(&mut self, now: Timestamp) {
        let later: Vec<(Timestamp, i64)> = self.due.iter().filter(|(at, _)| *at > now).copied().collect();
        for (at, seq) in later {
            self.due.remove(&(at, seq));
            self.set_due(seq, now);
        }
    }

    fn set_due(&mut self, seq: i64, at: Timestamp) {
        if let Some(parked) = self.parked.get_mut(&seq) {
            parked.due = Some(at);
            self.due.insert((at, seq));
        }
    }

    fn park(&mut self, seq: i64, parked: Parked) {
        if let Some(message) = parked.message {
            self.of_message.entry(message).or_default().insert(seq);
        }
        let due = parked.due;
        if let Some(before) = self.parked.insert(seq, parked).and_then(|before| before.due) {
            self.due.remove(&(before, seq));
        }
        if let Some(due) = due {
            self.due.insert((due, seq));
        }
    }

    /// One is done with; the next of its message can go.
    fn unpark(&mut self, seq: i64, now: Timestamp) -> Option<Parked> {
        let parked = self.parked.remove(&seq)?;
        if let Some(due) = parked.due {
            self.due.remove(&(due, seq));
        }
        if let Some(message) = parked.message
            && let Some(seqs) = self.of_message.get_mut(&message)
        {
            seqs.remove(&seq);
            match seqs.first().copied() {
                Some(next) => self.set_due(next, now),
                None => drop(self.of_message.remove(&message)),
            }
        }
        Some(parked)
    }

    fn fly(&mut self, items: Vec<Item>, is_new: bool) -> Request {
        self.tickets += 1;
        let seqs = items.iter().map(|item| item.seq).collect();
        self.flying.insert(self.tickets, Flight { items, is_new });
        Request { ticket: self.tickets, seqs }
    }

    /// Tries one that waits.
    fn again(&mut self, seq: i64) -> Request {
        let mut message = None;
        if let Some(parked) = self.parked.get_mut(&seq) {
            message = parked.message;
            if let Some(due) = parked.due.take() {
                self.due.remove(&(due, seq));
            }
        }
        self.fly(vec![Item { seq, message }], false)
    }

    /// Tries new ones. Those whose message waits wait as well.
    fn new_request(&mut self, most: usize) -> Option<Request> {
        let mut taken = Vec::new();
        let mut passed = HashSet::new();
        let mut place = 0;
        while taken.len() < most {
            let Some(item) = self.ahead.get(place).copied() else { break };
            let waits = |message: &MessageId| self.airborne.contains(message) || passed.contains(message);
            match item.message {
                Some(message) if self.of_message.contains_key(&message) => {
                    self.ahead.remove(place);
                    let parked = Parked { message: Some(message), attempts: 0, first_at: None, due: None };
                    self.record(item.seq, DeliveryState::Waiting, &parked, None);
                    self.park(item.seq, parked);
                }
                Some(message) if waits(&message) => {
                    passed.insert(message);
                    place += 1;
                }
                Some(_) | None => {
                    self.ahead.remove(place);
                    taken.push(item);
                }
            }
        }
        if taken.is_empty() {
            return None;
        }
        self.airborne.extend(taken.iter().filter_map(|item| item.message));
        Some(self.fly(taken, true))
    }

    fn delivered(&mut self, flight: &Flight, told: &Told, now: Timestamp) {
        // What is back after a while gets what it has missed at once.
        let was_away = self.failing_since.is_some_and(|since| now.saturating_since(since) >= plan::PROBE_MAX);
        let was_halted = self.halt.take().is_some();
        (self.failures, self.is_several, self.failing_since, self.is_told) = (0, false, None, false);
        for item in &flight.items {
            let parked = self.unpark(item.seq, now);
            let mut parked = parked.unwrap_or(Parked { message: None, attempts: 0, first_at: Some(now), due: None });
            parked.attempts += 1;
            parked.due = None;
            if flight.is_new {
                self.shown.push_back(record(item.seq, DeliveryState::Delivered, &parked, Some((told, now))));
                if self.shown.len() > SHOWN {
                    self.shown.pop_front();
                }
            } else {
                self.record(item.seq, DeliveryState::Delivered, &parked, Some((told, now)));
            }
        }
        if was_halted || was_away {
            self.all_due(now);
        }
    }

    fn failed(&mut self, flight: &Flight, asked: Option<Duration>, told: &Told, now: Timestamp) {
        let first = flight.items.first().map_or(0, |item| item.seq);
        if self.failures == 0 {
            self.first_failed = first;
        }
        self.is_several |= self.first_failed != first;
        self.failures = self.failures.saturating_add(1);
        let since = *self.failing_since.get_or_insert(now);
        match &mut self.halt {
            Some(halt) => {
                halt.probes = halt.probes.saturating_add(1);
                halt.at = now + plan::probe(halt.probes, asked, self.jitter);
            }
            None if self.failures >= HALTED_AFTER && self.is_several => {
                self.halt = Some(Halt { probes: 0, at: now + plan::probe(0, asked, self.jitter) });
            }
            None => {}
        }
        if self.halt.is_some() && now.saturating_since(since) >= plan::TRIED_FOR {
            self.disabled = Some("nothing got through for two days");
        }
        for item in &flight.items {
            self.failed_item(item, flight.is_new, asked, told, now);
        }
    }

    fn failed_item(&mut self, item: &Item, is_new: bool, asked: Option<Duration>, told: &Told, now: Timestamp) {
        let before = if is_new {
            // Of a batch, an earlier one of this message may be parked by now.
            let is_behind = item.message.is_some_and(|message| self.of_message.contains_key(&message));
            if is_behind {
                let parked = Parked { message: item.message, attempts: 1, first_at: Some(now), due: None };
                self.record(item.seq, DeliveryState::Waiting, &parked, Some((told, now)));
                self.park(item.seq, parked);
                return;
            }
            Parked { message: item.message, attempts: 0, first_at: None, due: None }
        } else {
            match self.parked.get(&item.seq) {
                Some(parked) => parked.clone(),
                None => return,
            }
        };
        let attempts = before.attempts.saturating_add(1);
        let first_at = before.first_at.unwrap_or(now);
        let again = plan::again(attempts, first_at, now, asked, (self.jitter, item.seq));
        // While nothing gets through it is not the event's fault.
        let due = again.or_else(|| self.halt.map(|halt| halt.at));
        let parked = Parked { message: item.message, attempts, first_at: Some(first_at), due };
        if due.is_some() {
            self.record(item.seq, DeliveryState::Waiting, &parked, Some((told, now)));
            self.park(item.seq, parked);
        } else {
            self.unpark(item.seq, now);
            self.record(item.seq, DeliveryState::Dead, &parked, Some((told, now)));
        }
    }

    fn record(&mut self, seq: i64, state: DeliveryState, parked: &Parked, told: Option<(&Told, Timestamp)>) {
        self.records.insert(seq, record(seq, state, parked, told));
    }
}

fn record(seq: i64, state: DeliveryState, parked: &Parked, told: Option<(&Told, Timestamp)>) -> Record {
    Record {
        seq,
        state,
        attempts: parked.attempts,
        first_at: parked.first_at,
        due: parked.due,
        at: told.map(|(_, at)| at),
        status: told.and_then(|(told, _)| told.status),
        took: told.map(|(told, _)| told.took),
        error: told.and_then(|(told, _)| told.error.clone()),
    }
}

#[cfg(test)]
mod tests;
