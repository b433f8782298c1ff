//! An outbox against an endpoint in virtual time.

use proptest::prelude::*;

use super::*;

const START: Timestamp = Timestamp::from_millis(1_795_525_200_000);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// The message of an event; 0 for none.
fn message(number: u8) -> Option<MessageId> {
    (number > 0).then(|| MessageId::from_bytes([number; 16]))
}

/// A log, what was written of an endpoint, and what it got.
struct World {
    now: Timestamp,
    /// The message of each event; the first event is 1.
    log: Vec<u8>,
    outbox: Outbox,
    place: i64,
    failing_since: Option<Timestamp>,
    disabled: Option<&'static str>,
    records: BTreeMap<i64, Record>,
    /// What the endpoint took, and when.
    got: Vec<(i64, Timestamp)>,
    requests: usize,
    /// Requests to which no answer came yet.
    open: Vec<Request>,
}

/// What an endpoint does with a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    Takes,
    Refuses,
    /// Takes it, and its answer does not come yet.
    TakesSlowly,
    /// Nothing for now.
    Hangs,
}

impl World {
    fn new(log: &[u8]) -> Self {
        let outbox = Outbox::new(0, 1, Vec::new(), None, Jitter(9), START);
        Self {
            now: START,
            log: log.to_vec(),
            outbox,
            place: 0,
            failing_since: None,
            disabled: None,
            records: BTreeMap::new(),
            got: Vec::new(),
            requests: 0,
            open: Vec::new(),
        }
    }

    fn feed(&mut self) {
        let end = i64::try_from(self.log.len()).unwrap();
        let read = self.outbox.read();
        if read < end && self.outbox.wants_more() {
            let upto = end.min(read + 100);
            let items = (read + 1..=upto).map(|seq| Item { seq, message: self.message_of(seq) });
            let items: Vec<Item> = items.collect();
            self.outbox.take_in(items, upto);
        }
    }

    fn message_of(&self, seq: i64) -> Option<MessageId> {
        message(self.log[usize::try_from(seq - 1).unwrap()])
    }

    fn note(&mut self) {
        let Some(notes) = self.outbox.take_notes() else { return };
        (self.place, self.failing_since, self.disabled) = (notes.seq, notes.failing_since, notes.disabled);
        self.records.extend(notes.records.into_iter().map(|record| (record.seq, record)));
    }

    /// The process is killed and starts again with what was written.
    fn restart(&mut self) {
        let waiting = self.records.values().filter(|record| record.state == DeliveryState::Waiting);
        let waiting = waiting.map(|record| Waiting {
            seq: record.seq,
            message: self.message_of(record.seq),
            attempts: record.attempts,
            first_at: record.first_at,
            due: record.due,
        });
        self.outbox = Outbox::new(self.place, 1, waiting.collect(), self.failing_since, Jitter(9), self.now);
        self.open.clear();
    }

    /// Goes on until a time, with an endpoint that does not answer everything at once.
    fn run_slowly(&mut self, until: Timestamp, endpoint: impl Fn(i64, Timestamp) -> Does) {
        for request in std::mem::take(&mut self.open) {
            let does = endpoint(request.seqs[0], self.now);
            self.answer(request, does);
        }
        loop {
            self.feed();
            while let Some(request) = self.outbox.poll_request(self.now) {
                self.requests += 1;
                assert!(self.requests < 20_000, "there is no end of requests");
                let flies = |seq: &i64| self.open.iter().any(|open| open.seqs.contains(seq));
                assert!(!request.seqs.iter().any(flies), "{:?} are on their way already", request.seqs);
                let does = endpoint(request.seqs[0], self.now);
                self.answer(request, does);
                self.feed();
            }
            self.note();
            match self.outbox.deadline() {
                Some(at) if at <= until => self.now = self.now.max(at),
                _ => break,
            }
        }
        self.now = until;
    }

    fn answer(&mut self, request: Request, does: Does) {
        if matches!(does, Does::Takes | Does::TakesSlowly) {
            self.got.extend(request.seqs.iter().map(|seq| (*seq, self.now)));
        }
        let outcome = match does {
            Does::Takes => Outcome::Delivered,
            Does::Refuses => Outcome::Failed(None),
            Does::TakesSlowly | Does::Hangs => return self.open.push(request),
        };
        self.outbox.handle_result(request.ticket, &outcome, &Told::default(), self.now);
    }

    /// Goes on until a time, with an endpoint that answers at once.
    fn run(&mut self, until: Timestamp, endpoint: impl Fn(i64, Timestamp) -> Outcome) {
        loop {
            self.feed();
            while let Some(Request { ticket, seqs }) = self.outbox.poll_request(self.now) {
                self.requests += 1;
                let outcomes: Vec<Outcome> = seqs.iter().map(|seq| endpoint(*seq, self.now)).collect();
                let outcome = outcomes.into_iter().find(|one| *one != Outcome::Delivered).unwrap_or(Outcome::Delivered);
                if outcome == Outcome::Delivered {
                    self.got.extend(seqs.iter().map(|seq| (*seq, self.now)));
                }
                self.outbox.handle_result(ticket, &outcome, &Told::default(), self.now);
                self.feed();
            }
            self.note();
            match self.outbox.deadline() {
                Some(at) if at <= until => self.now = self.now.max(at),
                _ => break,
            }
        }
        self.now = until;
    }

    fn seqs(&self) -> Vec<i64> {
        self.got.iter().map(|(seq, _)| *seq).collect()
    }

    fn in_state(&self, state: DeliveryState) -> Vec<i64> {
        self.records.values().filter(|record| record.state == state).map(|record| record.seq).collect()
    }
}

const OK: fn(i64, Timestamp) -> Outcome = |_, _| Outcome::Delivered;
const DOWN: fn(i64, Timestamp) -> Outcome = |_, _| Outcome::Failed(None);

#[test]
fn what_is_taken_leaves_nothing_but_the_last_ones_for_people() {
    let mut world = World::new(&[1; 300]);
    world.run(START + SECOND, OK);
    assert_eq!(world.seqs(), (1..=300).collect::<Vec<_>>());
    assert_eq!((world.place, world.outbox.pending(), world.outbox.deadline()), (300, 0, None));
    assert_eq!(world.in_state(DeliveryState::Waiting), [0; 0]);
    assert!(world.records.len() >= SHOWN && world.records.contains_key(&300));
}

#[test]
fn a_day_of_500_costs_few_attempts_and_everything_comes_soon_after_it() {
    let log: Vec<u8> = (0..5_000).map(|event| u8::try_from(event % 200 + 1).unwrap()).collect();
    let mut world = World::new(&log);
    world.run(START + DAY, DOWN);
    assert!(world.requests < 200, "{} requests", world.requests);
    assert!(world.records.len() < 200, "{} records", world.records.len());
    assert_eq!(world.failing_since, Some(START));
    world.run(START + DAY + HOUR, OK);
    let mut seqs = world.seqs();
    let back = world.got.iter().map(|(_, at)| at.saturating_since(START + DAY)).max().unwrap();
    assert!(back < Duration::from_secs(12 * 60), "all of it came {back:?} after the endpoint was back");
    check_order(&world);
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=5_000).collect::<Vec<_>>());
    assert_eq!((world.failing_since, world.outbox.pending()), (None, 0));
}

#[test]
fn an_event_that_is_not_liked_is_given_up_after_two_days_and_holds_up_its_message_alone() {
    let mut world = World::new(&[1, 2, 1, 3, 0, 1]);
    let poison = |seq, _| if seq == 1 { Outcome::Failed(None) } else { Outcome::Delivered };
    world.run(START + HOUR, poison);
    assert_eq!(world.seqs(), [2, 4, 5]);
    assert_eq!((world.place, world.in_state(DeliveryState::Waiting)), (6, vec![1, 3, 6]));
    // Others get through all the time.
    for hour in 1..60 {
        world.log.push(9);
        world.run(START + hour * HOUR, poison);
    }
    assert_eq!(world.in_state(DeliveryState::Dead), [1]);
    assert!(world.records[&1].attempts < 70, "{:?}", world.records[&1]);
    let last = world.got.iter().filter(|(seq, _)| [3, 6].contains(seq)).collect::<Vec<_>>();
    assert_eq!(last, [&(3, START + plan::TRIED_FOR), &(6, START + plan::TRIED_FOR)]);
    assert_eq!(world.disabled, None);
}

#[test]
fn events_that_are_not_liked_one_after_the_other_do_not_halt_the_others_for_long() {
    let mut world = World::new(&[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    world.run(
        START + Duration::from_secs(10 * 60),
        |seq, _| if seq < 9 { Outcome::Failed(None) } else { Outcome::Delivered },
    );
    assert_eq!(world.seqs(), [9]);
}

#[test]
fn an_endpoint_that_takes_nothing_for_two_days_is_disabled_and_keeps_its_place() {
    let mut world = World::new(&[0; 2_000]);
    world.run(START + 3 * DAY, DOWN);
    assert_eq!(world.disabled, Some("nothing got through for two days"));
    assert_eq!(world.in_state(DeliveryState::Dead), [0; 0]);
    let waiting = world.in_state(DeliveryState::Waiting);
    assert_eq!(world.outbox.poll_request(world.now), None);
    assert_eq!(waiting, (1..=world.place).collect::<Vec<_>>());
}

#[test]
fn an_endpoint_that_is_gone_is_disabled_at_once() {
    let mut world = World::new(&[0, 0, 0]);
    world.run(START + SECOND, |_, _| Outcome::Gone);
    assert_eq!((world.requests, world.place), (1, 1));
    assert_eq!(world.disabled, Some("the endpoint answered that it is gone (410)"));
    assert_eq!(world.in_state(DeliveryState::Waiting), [1]);
}

#[test]
fn one_event_alone_disables_nobody() {
    let mut world = World::new(&[1, 1]);
    world.run(START + 3 * DAY, |seq, _| if seq == 1 { Outcome::Failed(None) } else { Outcome::Delivered });
    assert_eq!((world.in_state(DeliveryState::Dead), world.seqs()), (vec![1], vec![2]));
    assert_eq!((world.records[&1].attempts, world.disabled), (12, None));
}

#[test]
fn an_hour_without_anything_is_noted_for_the_alarm() {
    let mut world = World::new(&[0]);
    world.run(START + HOUR - SECOND, DOWN);
    assert_eq!(world.outbox.alarm_at(), Some(START + HOUR));
    world.now = START + HOUR;
    world.outbox.poll_request(world.now);
    assert!(world.outbox.has_notes());
    world.note();
    assert_eq!((world.outbox.alarm_at(), world.failing_since), (None, Some(START)));
}

#[test]
fn a_batch_holds_what_there_is_and_fails_in_pieces() {
    let mut world = World::new(&[1, 1, 2, 0]);
    world.outbox = Outbox::new(0, 3, Vec::new(), None, Jitter(9), START);
    world.feed();
    let first = world.outbox.poll_request(START).unwrap();
    assert_eq!(first.seqs, [1, 2, 3]);
    assert_eq!(world.outbox.poll_request(START).unwrap().seqs, [4]);
    world.outbox.handle_result(first.ticket, &Outcome::Failed(None), &Told::default(), START);
    world.note();
    assert_eq!(world.in_state(DeliveryState::Waiting), [1, 2, 3]);
    let later = START + Duration::from_secs(6);
    let mut again: Vec<i64> =
        std::iter::from_fn(|| world.outbox.poll_request(later)).flat_map(|one| one.seqs).collect();
    again.sort_unstable();
    assert_eq!(again, [1, 3], "the second of a message waits for the first");
}

#[test]
fn a_few_requests_are_on_their_way_at_once_and_none_of_the_same_message() {
    let mut world = World::new(&[1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    world.feed();
    let flying: Vec<i64> = std::iter::from_fn(|| world.outbox.poll_request(START)).flat_map(|one| one.seqs).collect();
    assert_eq!(flying, [1, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn when_the_clock_is_set_back_nothing_waits_for_its_time_to_come_again() {
    let mut world = World::new(&[1, 2]);
    world.run(START + HOUR, |seq, _| if seq == 1 { Outcome::Failed(None) } else { Outcome::Delivered });
    world.now = START + HOUR - DAY;
    assert_eq!(world.outbox.poll_request(world.now).unwrap().seqs, [1]);
}

#[test]
fn what_waits_above_the_place_that_was_noted_is_tried_once_after_a_restart_and_holds_up_nothing() {
    let mut world = World::new(&[1, 2, 3]);
    // The first has no answer, the second is not liked, the third is taken: something gets through.
    let endpoint = |seq, _| [Does::Hangs, Does::Refuses, Does::Takes][usize::try_from(seq - 1).unwrap()];
    world.run_slowly(START + SECOND, endpoint);
    assert_eq!((world.place, world.in_state(DeliveryState::Waiting), world.failing_since), (0, vec![2], None));
    world.restart();
    world.requests = 0;
    world.log.extend([4, 2]);
    let refuses = |seq, _| if seq == 2 { Does::Refuses } else { Does::Takes };
    world.run_slowly(START + HOUR, refuses);
    assert!(world.requests < 20, "{} requests", world.requests);
    assert_eq!((world.seqs(), world.in_state(DeliveryState::Waiting)), (vec![3, 1, 3, 4], vec![2, 5]));
    world.run_slowly(START + DAY, |_, _| Does::Takes);
    assert_eq!((world.seqs(), world.outbox.pending()), (vec![3, 1, 3, 4, 2, 5], 0));
}

#[track_caller]
fn check_order(world: &World) {
    let mut last: HashMap<MessageId, i64> = HashMap::new();
    let mut seen = HashSet::new();
    for (seq, _) in &world.got {
        if !seen.insert(*seq) {
            continue;
        }
        if let Some(message) = world.message_of(*seq) {
            let before = last.insert(message, *seq);
            assert!(before.is_none_or(|before| before < *seq), "{seq} after {before:?}");
        }
    }
}

proptest! {
    /// Whatever fails, is slow, and whenever the process is killed with requests on their way, each event comes at least once,
    /// and those of a message in order.
    #[test]
    fn nothing_is_missed_and_the_order_of_a_message_holds(
        log in prop::collection::vec(0_u8..6, 1..60),
        faults in prop::collection::vec((0_u64..30, 0_u8..5, 0_u8..3), 0..60),
        kills in prop::collection::vec(0_u64..30, 0..8),
    ) {
        let mut world = World::new(&[]);
        let endpoint = |seq: i64, at: Timestamp| {
            let minute = at.saturating_since(START).as_secs() / 60;
            let hit = |(when, which, _): &&(u64, u8, u8)| *when == minute && seq.rem_euclid(5) == i64::from(*which);
            match faults.iter().find(hit) {
                None => Does::Takes,
                Some((_, _, 0)) => Does::Refuses,
                Some((_, _, 1)) => Does::TakesSlowly,
                Some(_) => Does::Hangs,
            }
        };
        let mut events = log.chunks(2);
        for minute in 0..30 {
            world.log.extend(events.next().unwrap_or_default());
            world.run_slowly(START + Duration::from_secs(minute * 60), endpoint);
            if kills.contains(&minute) {
                world.restart();
            }
        }
        world.run_slowly(START + DAY, |_, _| Does::Takes);
        let mut seqs = world.seqs();
        check_order(&world);
        // Each try of each event costs one, and not more than the steps allow.
        prop_assert!(world.requests < log.len() * 100, "{} requests", world.requests);
        seqs.sort_unstable();
        seqs.dedup();
        prop_assert_eq!(seqs, (1..=i64::try_from(log.len()).unwrap()).collect::<Vec<_>>());
        prop_assert_eq!(world.outbox.pending(), 0);
    }
}
