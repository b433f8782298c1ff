//! The plan: which line draws from which lane next, and when to look again.
//!
//! A **lane** is a class of messages that open and close together (route and batch); within it and a priority, messages
//! leave in the order of their due times. A **line** is a SIM in a modem. A pause closes lanes or lines, never messages, so
//! closing costs nothing however many texts wait.
//!
//! The plan keeps no messages: it knows for each lane and priority the earliest due time that may be there. It asks its
//! caller to draw ([`Step`]) and is told what came of it. What is drawn is **leased**: known here only, gone after a
//! restart, and asked back when it was not offered in time; it is free again when the line has answered. A line gets its next
//! lease as soon as the one before is offered and its budget is open, so that the next PDU is ready when a result comes.
//!
//! Higher priority first; within a priority lanes take turns. Of the lines that could send, the one with the largest part of
//! its day's budget left goes first, and those with the same take turns.
//!
//! What a line cannot send for as long as its budget stands (a recipient more than its month allows) it looks past: the plan
//! keeps the place from which that line goes on, so that nothing is looked at twice and what follows is not held up.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use crate::clock::Timestamp;
use crate::sms::id::{MessageKey, SegmentId, SimKey};

use super::budget::Share;
use super::route::{Route, SimNames};

/// How long a lease may lie unoffered before another line may have it. A result takes up to 45 s on networks that work
/// (the relay layer's own timer), and a message should not wait longer than that behind a line that does not.
pub const LEASE: Duration = Duration::from_secs(45);

/// Priorities 0 to 9.
const PRIORITIES: usize = 10;

/// The row of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneKey(pub i64);

/// What the caller should do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Draw the first due message; answer by [`Plan::drawn`] or [`Plan::empty`].
    Draw(Draw),
    /// Load the next part of the message that the line has begun.
    Continue {
        /// For which SIM.
        sim: SimKey,
        /// The part.
        segment: SegmentId,
    },
    /// Ask for a lease back that was not offered in time. It ends when the line says so.
    Recall {
        /// Of which SIM.
        sim: SimKey,
        /// The part.
        segment: SegmentId,
    },
}

/// A place in the order of a lane and priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// When the part there is due.
    pub due: Timestamp,
    /// The part.
    pub segment: SegmentId,
}

/// How far a line has looked in vain.
#[derive(Debug, Clone, Copy)]
struct Passed {
    place: Place,
    /// When it begins anew, because it left something to others.
    until: Option<Timestamp>,
}

/// From where to draw, and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw {
    /// For which SIM.
    pub sim: SimKey,
    /// From which lane.
    pub lane: LaneKey,
    /// At which priority.
    pub priority: u8,
    /// The line has looked at everything up to here.
    pub after: Option<Place>,
}

/// The dispatcher's memory.
#[derive(Debug, Default)]
pub struct Plan {
    lanes: BTreeMap<LaneKey, Lane>,
    lines: BTreeMap<SimKey, Line>,
    /// Lanes with something due, in turn, by priority.
    due: [VecDeque<LaneKey>; PRIORITIES],
    /// Lanes whose head is not due yet.
    later: BTreeSet<(Timestamp, usize, LaneKey)>,
    leases: HashMap<MessageKey, Lease>,
    paused: bool,
    /// Counts draws, to give lines and lanes their turns.
    turn: u64,
    /// Lines that do nothing more in this round.
    sitting_out: BTreeSet<SimKey>,
    /// Lanes in which a line has found nothing for itself in this round, and when it should look again.
    passed_over: HashMap<(SimKey, LaneKey, usize), Option<Timestamp>>,
    /// How far a line has looked past what it cannot send.
    passed: HashMap<(SimKey, LaneKey, usize), Passed>,
}

/// Who has a message, and where it was drawn from.
#[derive(Debug, Clone, Copy)]
struct Lease {
    sim: SimKey,
    lane: LaneKey,
    priority: u8,
}

#[derive(Debug)]
struct Lane {
    route: Route,
    paused: bool,
    /// Where each priority's head is noted.
    heads: [Head; PRIORITIES],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    Empty,
    Later(Timestamp),
    Due,
}

#[derive(Debug)]
struct Line {
    names: SimNames,
    ready: bool,
    paused: bool,
    /// Only its self-test may leave by it.
    resting: bool,
    free_at: Timestamp,
    share: Share,
    turn: u64,
    in_hand: Vec<InHand>,
    /// Parts of the message that the line has begun.
    rest: VecDeque<(MessageKey, SegmentId)>,
}

#[derive(Debug, Clone, Copy)]
struct InHand {
    message: MessageKey,
    segment: SegmentId,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Leased {
        until: Timestamp,
    },
    /// The line was asked to give it back, and has not answered.
    Recalled,
    Offered,
}

impl Line {
    /// Whether it can be given another lease: nothing in hand, or one that is on the wire already.
    fn has_room(&self) -> bool {
        match self.in_hand.as_slice() {
            [] => true,
            [only] => only.stage == Stage::Offered,
            _ => false,
        }
    }

    fn take(&mut self, message: MessageKey, segment: SegmentId, now: Timestamp) {
        self.in_hand.push(InHand { message, segment, stage: Stage::Leased { until: now + LEASE } });
    }

    fn has_part_of(&self, message: MessageKey) -> bool {
        self.in_hand.iter().any(|h| h.message == message) || self.rest.iter().any(|&(m, _)| m == message)
    }

    fn is_open(&self) -> bool {
        self.ready && !self.paused
    }
}

impl Plan {
    /// Makes a lane known, or changes whether it is paused.
    pub fn lane(&mut self, key: LaneKey, route: &Route, paused: bool) {
        let lane = self.lanes.entry(key).or_insert_with(|| Lane {
            route: route.clone(),
            paused,
            heads: [Head::Empty; PRIORITIES],
        });
        lane.paused = paused;
    }

    /// A lane is no more; nothing waits in it and nothing of it is leased.
    pub fn no_lane(&mut self, key: LaneKey) {
        self.lanes.remove(&key);
        self.due.iter_mut().for_each(|queue| queue.retain(|lane| *lane != key));
        self.later.retain(|&(_, _, lane)| lane != key);
        self.passed.retain(|&(_, lane, _), _| lane != key);
        self.passed_over.retain(|&(_, lane, _), _| lane != key);
    }

    /// Something of this lane and priority is due at `due`, or earlier than was known.
    pub fn queued(&mut self, key: LaneKey, priority: u8, due: Timestamp) {
        let p = usize::from(priority).min(PRIORITIES - 1);
        // Whoever has looked past that place looks again.
        self.passed.retain(|&(_, lane, at), passed| (lane, at) != (key, p) || passed.place.due < due);
        let Some(head) = self.lanes.get_mut(&key).and_then(|lane| lane.heads.get_mut(p)) else { return };
        match *head {
            Head::Due => return,
            Head::Later(known) if known <= due => return,
            Head::Later(known) => {
                self.later.remove(&(known, p, key));
            }
            Head::Empty => {}
        }
        *head = Head::Later(due);
        self.later.insert((due, p, key));
    }

    /// A SIM is in a modem. `ready` says whether it can send, `resting` that it may carry its self-test only.
    pub fn line(&mut self, sim: SimKey, names: &SimNames, ready: bool, paused: bool, resting: bool) {
        let line = self.lines.entry(sim).or_insert_with(|| Line {
            names: names.clone(),
            ready,
            paused,
            resting,
            free_at: Timestamp::default(),
            share: Share::WHOLE,
            turn: 0,
            in_hand: Vec::new(),
            rest: VecDeque::new(),
        });
        line.names.clone_from(names);
        line.ready = ready;
        line.paused = paused;
        line.resting = resting;
    }

    /// The earliest time at which the budget of `sim` lets a message begin.
    pub fn free_at(&mut self, sim: SimKey, at: Timestamp) {
        if let Some(line) = self.lines.get_mut(&sim) {
            line.free_at = at;
        }
    }

    /// How much of its day's budget `sim` has left.
    pub fn share(&mut self, sim: SimKey, share: Share) {
        if let Some(line) = self.lines.get_mut(&sim) {
            line.share = share;
        }
    }

    /// Pauses or resumes everything.
    pub fn pause(&mut self, paused: bool) {
        self.paused = paused;
    }

    /// Whether `sim` still holds the lease of `segment`, so that an offer of it is to be considered.
    pub fn holds(&self, sim: SimKey, segment: SegmentId) -> bool {
        self.lines.get(&sim).is_some_and(|line| line.in_hand.iter().any(|h| h.segment == segment))
    }

    /// Whether the message is leased, so that it must not be drawn again.
    pub fn is_leased(&self, message: MessageKey) -> bool {
        self.leases.contains_key(&message)
    }

    /// The draw gave a message: its parts that wait, in order.
    pub fn drawn(&mut self, from: Draw, message: MessageKey, parts: &[SegmentId], now: Timestamp) {
        let Some((&first, rest)) = parts.split_first() else { return };
        let Some(line) = self.lines.get_mut(&from.sim) else { return };
        self.turn += 1;
        line.turn = self.turn;
        line.rest = rest.iter().map(|&segment| (message, segment)).collect();
        line.take(message, first, now);
        self.leases.insert(message, Lease { sim: from.sim, lane: from.lane, priority: from.priority });
        // The lane has had its turn.
        if let Some(queue) = self.due.get_mut(usize::from(from.priority))
            && queue.front() == Some(&from.lane)
        {
            queue.rotate_left(1);
        }
    }

    /// The line sits out until [`Plan::begin_round`].
    pub fn sit_out(&mut self, sim: SimKey) {
        self.sitting_out.insert(sim);
    }

    /// What is due in that lane is not for this line now: it looks into others until [`Plan::begin_round`], which should be
    /// at `again` if nothing happens before.
    pub fn pass_over(&mut self, from: Draw, again: Option<Timestamp>) {
        self.passed_over.insert(place_of(from), again);
    }

    /// What is at that place and before is not for this line for as long as its budget stands, or until a time: it goes on
    /// from there.
    pub fn passed(&mut self, from: Draw, place: Place, until: Option<Timestamp>) {
        let passed = self.passed.entry(place_of(from)).or_insert(Passed { place, until });
        passed.place = place;
        passed.until = passed.until.into_iter().chain(until).min();
    }

    /// The budget of the line has changed: it looks at everything again.
    pub fn look_again(&mut self, sim: SimKey) {
        self.passed.retain(|&(line, _, _), _| line != sim);
    }

    /// Something was committed, so lines that sat out may look again.
    pub fn begin_round(&mut self, now: Timestamp) {
        self.passed.retain(|_, passed| passed.until.is_none_or(|until| until > now));
        self.sitting_out.clear();
        self.passed_over.clear();
    }

    /// The draw gave nothing: what is next in that lane and priority is due at `next`, or there is nothing.
    pub fn empty(&mut self, from: Draw, next: Option<Timestamp>) {
        let Draw { lane, priority, .. } = from;
        let p = usize::from(priority).min(PRIORITIES - 1);
        if let Some(queue) = self.due.get_mut(p) {
            queue.retain(|&key| key != lane);
        }
        if let Some(head) = self.lanes.get_mut(&lane).and_then(|lane| lane.heads.get_mut(p)) {
            *head = Head::Empty;
        }
        if let Some(due) = next {
            self.queued(lane, priority, due);
        }
    }

    /// The offer of `segment` is committed.
    pub fn offered(&mut self, sim: SimKey, segment: SegmentId) {
        if let Some(line) = self.lines.get_mut(&sim) {
            for held in &mut line.in_hand {
                if held.segment == segment {
                    held.stage = Stage::Offered;
                }
            }
        }
    }

    /// The line has done with `segment`, whatever came of it. With `go_on`, the parts that follow go to the same line
    /// next; otherwise what still waits of the message is free to be drawn again.
    pub fn finished(&mut self, sim: SimKey, segment: SegmentId, go_on: bool) {
        let Some(line) = self.lines.get_mut(&sim) else { return };
        let Some(index) = line.in_hand.iter().position(|h| h.segment == segment) else { return };
        let message = line.in_hand.remove(index).message;
        if !go_on {
            line.rest.retain(|&(m, _)| m != message);
            line.in_hand.retain(|h| h.message != message || h.stage == Stage::Offered);
        }
        if !line.has_part_of(message)
            && let Some(lease) = self.leases.remove(&message)
            && !go_on
        {
            self.queued(lease.lane, lease.priority, Timestamp::default());
        }
    }

    /// The line is gone: all its leases end and their messages may be drawn by others.
    pub fn release(&mut self, sim: SimKey) {
        if let Some(line) = self.lines.get_mut(&sim) {
            line.ready = false;
            line.in_hand.clear();
            line.rest.clear();
        }
        let ended: Vec<_> = self.leases.extract_if(|_, lease| lease.sim == sim).map(|(_, lease)| lease).collect();
        for lease in ended {
            self.queued(lease.lane, lease.priority, Timestamp::default());
        }
    }

    /// What to do next at `now`; `None` until something changes or [`Plan::deadline`] comes.
    pub fn next(&mut self, now: Timestamp) -> Option<Step> {
        if let Some(recall) = self.recall(now) {
            return Some(recall);
        }
        if self.paused {
            return None;
        }
        self.promote(now);
        // A message that has begun goes on before another one starts.
        let may_look = |sim: &SimKey| !self.sitting_out.contains(sim);
        let open = self.lines.iter().filter(|(sim, l)| may_look(sim) && l.is_open() && l.has_room());
        let order =
            |(&sim, line): (&SimKey, &Line)| (line.rest.is_empty(), Reverse(line.share.at(now)), line.turn, sim);
        let mut lines: Vec<_> = open.map(order).collect();
        lines.sort_unstable();
        lines.into_iter().find_map(|(_, _, _, sim)| self.step_for(sim, now))
    }

    fn step_for(&mut self, sim: SimKey, now: Timestamp) -> Option<Step> {
        let line = self.lines.get_mut(&sim)?;
        if let Some((message, segment)) = line.rest.pop_front() {
            line.take(message, segment, now);
            return Some(Step::Continue { sim, segment });
        }
        if line.free_at > now {
            return None;
        }
        let (priority, lane) = self.lane_for(sim)?;
        let after = self.passed.get(&(sim, lane, usize::from(priority))).map(|passed| passed.place);
        Some(Step::Draw(Draw { sim, lane, priority, after }))
    }

    /// The lane whose turn it is for this line: it comes to the front of its queue.
    fn lane_for(&mut self, sim: SimKey) -> Option<(u8, LaneKey)> {
        let Line { names, resting, .. } = self.lines.get(&sim)?;
        for (p, queue) in self.due.iter_mut().enumerate().rev() {
            let admits = |route: &Route| route.admits(names) && (!resting || route.is_test());
            let open = |key: &LaneKey| {
                let has_more = !self.passed_over.contains_key(&(sim, *key, p));
                has_more && self.lanes.get(key).is_some_and(|l| !l.paused && admits(&l.route))
            };
            if let Some(index) = queue.iter().position(open) {
                let key = queue.remove(index)?;
                queue.push_front(key);
                return Some((u8::try_from(p).ok()?, key));
            }
        }
        None
    }

    /// Lanes whose head has come due queue up.
    fn promote(&mut self, now: Timestamp) {
        while let Some(&(due, p, key)) = self.later.first()
            && due <= now
        {
            self.later.pop_first();
            if let Some(head) = self.lanes.get_mut(&key).and_then(|l| l.heads.get_mut(p)) {
                *head = Head::Due;
            }
            if let Some(queue) = self.due.get_mut(p) {
                queue.push_back(key);
            }
        }
    }

    /// A lease that was not offered in time is asked back, once. What was offered stays with its line until it is settled.
    fn recall(&mut self, now: Timestamp) -> Option<Step> {
        let late = |h: &InHand| matches!(h.stage, Stage::Leased { until } if until <= now);
        let mut held = self.lines.iter_mut().flat_map(|(&sim, line)| line.in_hand.iter_mut().map(move |h| (sim, h)));
        let (sim, stale) = held.find(|(_, h)| late(h))?;
        stale.stage = Stage::Recalled;
        Some(Step::Recall { sim, segment: stale.segment })
    }

    /// When [`Plan::next`] may have something to do although nothing was told to the plan; `None` for never.
    pub fn deadline(&self, now: Timestamp) -> Option<Timestamp> {
        let leases = self.lines.values().flat_map(|l| &l.in_hand).filter_map(|h| match h.stage {
            Stage::Leased { until } => Some(until),
            Stage::Recalled | Stage::Offered => None,
        });
        if self.paused {
            return leases.min();
        }
        let anything_due = self.due.iter().any(|queue| !queue.is_empty());
        let heads = self.later.first().map(|&(due, _, _)| due);
        let lines = self.lines.values().filter(|l| anything_due && l.is_open() && l.has_room() && l.free_at > now);
        let again = self.passed_over.values().filter_map(|again| *again);
        let passed = self.passed.values().filter_map(|passed| passed.until).filter(|until| *until > now);
        leases.chain(heads).chain(again).chain(passed).chain(lines.map(|l| l.free_at)).min()
    }
}

fn place_of(draw: Draw) -> (SimKey, LaneKey, usize) {
    (draw.sim, draw.lane, usize::from(draw.priority).min(PRIORITIES - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);
    const A: SimKey = SimKey(1);
    const B: SimKey = SimKey(2);
    const X: LaneKey = LaneKey(1);
    const Y: LaneKey = LaneKey(2);

    fn later(s: u64) -> Timestamp {
        NOW + Duration::from_secs(s)
    }

    fn names(name: &str) -> SimNames {
        SimNames { iccid: name.into(), name: None, group: None }
    }

    fn plan(sims: &[SimKey]) -> Plan {
        let mut plan = Plan::default();
        for sim in sims {
            plan.line(*sim, &names(&sim.0.to_string()), true, false, false);
        }
        plan.lane(X, &Route::Any, false);
        plan.lane(Y, &Route::Any, false);
        plan
    }

    fn draw(plan: &mut Plan, at: Timestamp) -> Draw {
        match plan.next(at) {
            Some(Step::Draw(draw)) => draw,
            other => panic!("expected a draw, got {other:?}"),
        }
    }

    fn lease(plan: &mut Plan, message: i64, parts: &[i64]) -> Draw {
        let from = draw(plan, NOW);
        let parts: Vec<_> = parts.iter().copied().map(SegmentId).collect();
        plan.drawn(from, MessageKey(message), &parts, NOW);
        from
    }

    #[test]
    fn nothing_queued_means_nothing_to_do_and_no_deadline() {
        let mut plan = plan(&[A]);
        assert_eq!(plan.next(NOW), None);
        assert_eq!(plan.deadline(NOW), None);
    }

    #[test]
    fn higher_priority_goes_first_and_lanes_take_turns() {
        let mut plan = plan(&[A]);
        plan.queued(X, 5, NOW);
        plan.queued(Y, 5, NOW);
        plan.queued(Y, 9, NOW);
        let mut order = Vec::new();
        for message in 0..5 {
            let from = lease(&mut plan, message, &[message]);
            if from.priority == 9 {
                plan.empty(from, None);
            }
            order.push((from.lane, from.priority));
            plan.offered(A, SegmentId(message));
            plan.finished(A, SegmentId(message), true);
        }
        assert_eq!(order, [(Y, 9), (X, 5), (Y, 5), (X, 5), (Y, 5)]);
    }

    #[test]
    fn a_line_has_one_on_the_wire_and_one_in_hand() {
        let mut plan = plan(&[A]);
        plan.queued(X, 5, NOW);
        lease(&mut plan, 1, &[1]);
        assert_eq!(plan.next(NOW), None, "the first lease is not offered yet");
        plan.offered(A, SegmentId(1));
        lease(&mut plan, 2, &[2]);
        assert_eq!(plan.next(NOW), None);
        plan.finished(A, SegmentId(1), true);
        assert_eq!(plan.next(NOW), None, "the second is not offered yet");
    }

    #[test]
    fn a_spent_budget_sets_the_deadline() {
        let mut plan = plan(&[A]);
        plan.queued(X, 5, NOW);
        plan.free_at(A, later(60));
        assert_eq!(plan.next(NOW), None);
        assert_eq!(plan.deadline(NOW), Some(later(60)));
        assert!(plan.next(later(60)).is_some());
    }

    #[test]
    fn what_is_due_later_sets_the_deadline() {
        let mut plan = plan(&[A]);
        plan.queued(X, 5, later(30));
        plan.queued(X, 5, later(20));
        assert_eq!(plan.next(NOW), None);
        assert_eq!(plan.deadline(NOW), Some(later(20)));
        assert_eq!(draw(&mut plan, later(20)).lane, X);
    }

    #[test]
    fn a_closed_lane_costs_the_others_nothing() {
        let mut plan = plan(&[A]);
        plan.queued(X, 9, NOW);
        plan.queued(Y, 1, NOW);
        plan.lane(X, &Route::Any, true);
        assert_eq!(draw(&mut plan, NOW).lane, Y);
        plan.lane(X, &Route::Any, false);
        assert_eq!(draw(&mut plan, NOW).lane, X);
    }

    #[test]
    fn parts_of_one_message_stay_on_one_line_back_to_back() {
        let mut plan = plan(&[A, B]);
        plan.queued(X, 5, NOW);
        let sim = lease(&mut plan, 1, &[10, 11]).sim;
        let other = if sim == A { B } else { A };
        plan.queued(X, 5, NOW);
        assert_eq!(draw(&mut plan, NOW).sim, other);
        plan.offered(sim, SegmentId(10));
        plan.free_at(sim, later(5));
        assert_eq!(plan.next(NOW), Some(Step::Continue { sim, segment: SegmentId(11) }));
        plan.finished(sim, SegmentId(10), true);
        assert!(plan.is_leased(MessageKey(1)));
        plan.offered(sim, SegmentId(11));
        plan.finished(sim, SegmentId(11), true);
        assert!(!plan.is_leased(MessageKey(1)));
    }

    #[test]
    fn a_part_that_comes_back_frees_the_whole_message() {
        let mut plan = plan(&[A]);
        plan.queued(X, 5, NOW);
        let from = lease(&mut plan, 1, &[10, 11]);
        plan.empty(from, None);
        plan.finished(A, SegmentId(10), false);
        assert!(!plan.is_leased(MessageKey(1)));
        assert_eq!(draw(&mut plan, NOW).lane, X);
    }

    #[test]
    fn a_lease_behind_a_hanging_part_is_asked_back_and_then_goes_to_another_line() {
        let mut plan = plan(&[A]);
        plan.queued(X, 5, NOW);
        lease(&mut plan, 1, &[1]);
        plan.offered(A, SegmentId(1));
        let from = lease(&mut plan, 2, &[2]);
        plan.empty(from, None);
        plan.line(B, &names("2"), true, false, false);
        assert_eq!(plan.deadline(NOW), Some(NOW + LEASE));
        assert_eq!(plan.next(NOW + LEASE), Some(Step::Recall { sim: A, segment: SegmentId(2) }));
        assert_eq!(plan.next(NOW + LEASE), None, "asked once, and still in hand until the line answers");
        plan.finished(A, SegmentId(2), false);
        assert_eq!(draw(&mut plan, NOW + LEASE).sim, B);
        assert!(plan.holds(A, SegmentId(1)), "what is offered stays until it is settled");
    }

    #[test]
    fn a_pause_does_not_stop_a_recall() {
        let mut plan = plan(&[A]);
        plan.queued(X, 5, NOW);
        lease(&mut plan, 1, &[1]);
        plan.pause(true);
        assert!(matches!(plan.next(NOW + LEASE), Some(Step::Recall { .. })));
        assert_eq!(plan.deadline(NOW + LEASE), None);
    }

    #[test]
    fn a_line_that_found_nothing_for_itself_leaves_the_others_their_turn() {
        let mut plan = plan(&[A, B]);
        plan.queued(X, 5, NOW);
        plan.sit_out(A);
        assert_eq!(draw(&mut plan, NOW).sim, B);
        plan.begin_round(NOW);
        assert_eq!(draw(&mut plan, NOW).sim, A);
    }

    #[test]
    fn what_is_not_for_a_line_in_one_lane_does_not_keep_it_from_another() {
        let mut plan = plan(&[A]);
        plan.queued(X, 5, NOW);
        plan.queued(Y, 1, NOW);
        let from = draw(&mut plan, NOW);
        assert_eq!(from.lane, X);
        plan.pass_over(from, Some(later(7)));
        assert_eq!(draw(&mut plan, NOW).lane, Y);
        assert_eq!(plan.deadline(NOW), Some(later(7)));
        plan.begin_round(NOW);
        assert_eq!(draw(&mut plan, NOW).lane, X);
    }

    #[test]
    fn a_line_goes_on_where_it_stopped_until_something_comes_before_that() {
        let mut plan = plan(&[A]);
        plan.queued(X, 5, NOW);
        let from = draw(&mut plan, NOW);
        let place = Place { due: NOW, segment: SegmentId(7) };
        plan.passed(from, place, None);
        plan.queued(X, 5, later(1));
        plan.queued(X, 4, Timestamp::default());
        assert_eq!(draw(&mut plan, later(1)).after, Some(place), "what comes after it changes nothing");
        plan.queued(X, 5, NOW);
        assert_eq!(draw(&mut plan, NOW).after, None);
        plan.passed(from, place, None);
        plan.look_again(A);
        assert_eq!(draw(&mut plan, NOW).after, None);
    }

    #[test]
    fn a_line_that_left_something_to_others_begins_anew_after_a_while() {
        let mut plan = plan(&[A]);
        plan.queued(X, 5, NOW);
        let from = draw(&mut plan, NOW);
        let place = |segment| Place { due: NOW, segment: SegmentId(segment) };
        plan.passed(from, place(7), Some(later(60)));
        plan.passed(from, place(8), None);
        assert_eq!(draw(&mut plan, later(1)).after, Some(place(8)));
        assert_eq!(plan.deadline(later(1)), Some(later(60)));
        plan.begin_round(later(60));
        assert_eq!(draw(&mut plan, later(60)).after, None);
    }

    #[test]
    fn the_line_with_the_largest_share_left_goes_first() {
        let mut plan = plan(&[A, B]);
        plan.queued(X, 5, NOW);
        plan.share(A, Share { left: 400_000, until: later(60) });
        plan.share(B, Share { left: 400_001, until: later(90) });
        assert_eq!(draw(&mut plan, NOW).sim, B);
        assert_eq!(draw(&mut plan, later(60)).sim, A, "its next day has begun");
    }

    #[test]
    fn a_lost_line_gives_its_leases_back() {
        let mut plan = plan(&[A, B]);
        plan.queued(X, 5, NOW);
        let from = lease(&mut plan, 1, &[1, 2]);
        plan.empty(from, None);
        plan.release(from.sim);
        let next = draw(&mut plan, NOW);
        assert_ne!(next.sim, from.sim);
        assert!(!plan.is_leased(MessageKey(1)));
    }

    #[test]
    fn a_forced_route_is_kept() {
        let mut plan = plan(&[A, B]);
        plan.lane(LaneKey(3), &Route::Sim("2".into()), false);
        plan.queued(LaneKey(3), 5, NOW);
        assert_eq!(draw(&mut plan, NOW).sim, B);
    }

    #[test]
    fn a_pause_stops_everything_and_ends() {
        let mut plan = plan(&[A]);
        plan.queued(X, 5, NOW);
        plan.pause(true);
        assert_eq!(plan.next(NOW), None);
        plan.pause(false);
        assert!(plan.next(NOW).is_some());
    }

    #[test]
    fn a_resting_line_draws_from_its_self_test_only() {
        let mut plan = plan(&[A]);
        let test = LaneKey(9);
        plan.lane(test, &Route::Test("1".into()), false);
        plan.queued(X, 9, NOW);
        plan.line(A, &names("1"), true, false, true);
        assert_eq!(plan.next(NOW), None);
        plan.queued(test, 5, NOW);
        assert_eq!(draw(&mut plan, NOW).lane, test);
        plan.line(A, &names("1"), true, false, false);
        assert_eq!(draw(&mut plan, NOW).lane, X);
    }
}
