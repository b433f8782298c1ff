//! The gate: may this message go now?
//!
//! One ordered, pure function, asked at submit to answer the caller and in the offer transaction to decide. Its order is the
//! order of the reasons that a caller sees; a later check is never reached while an earlier one holds.

use std::fmt;

use crate::clock::Timestamp;
use crate::contact::{self, Lasts, Obstacle};

use super::budget::{Allowance, Budget, Demand, Period};

/// Why a message does not go now. The words are part of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The daemon, the batch or every SIM on the route is paused by a person.
    Paused,
    /// Its time has not come.
    NotDue,
    /// Its validity is over.
    Expired,
    /// The person must not be texted now.
    Contact(contact::Reason),
    /// No SIM is on the route.
    NoSim,
    /// The pace between messages.
    SimPace,
    /// A limit of the SIM is spent.
    SimBudget,
    /// Every SIM on the route is out of service for now.
    SimResting,
    /// Its campaign has handed over what it may in a day.
    BatchBudget,
}

impl Reason {
    /// The code in the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::NotDue => "not_due",
            Self::Expired => "expired",
            Self::Contact(reason) => reason.code(),
            Self::NoSim => "no_sim",
            Self::SimPace => "sim_pace",
            Self::SimBudget => "sim_budget",
            Self::SimResting => "sim_resting",
            Self::BatchBudget => "batch_budget",
        }
    }

    /// What it means, in words for a person.
    pub fn detail(self) -> &'static str {
        match self {
            Self::Paused => "sending is paused until someone resumes it",
            Self::NotDue => "its time has not come",
            Self::Expired => "its validity is over",
            Self::Contact(reason) => reason.detail(),
            Self::NoSim => "no SIM is available on its route",
            Self::SimPace => "the SIM keeps a gap between messages",
            Self::SimBudget => "the budget of the SIM is spent for now",
            Self::SimResting => "the SIM is out of service for now",
            Self::BatchBudget => "its campaign has handed over what it may in a day",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The gate's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may go now.
    Go,
    /// Not now.
    Hold {
        /// The first check that holds.
        reason: Reason,
        /// The earliest time at which the gate could say yes to this message alone; `None` where only a person or a
        /// returning modem can tell.
        until: Option<Timestamp>,
    },
    /// Never.
    Block {
        /// The check that forbids it.
        reason: Reason,
    },
}

/// What is asked of the gate about one message.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// The daemon or the message's batch is paused.
    pub paused: bool,
    /// The earliest time that was asked for.
    pub asked: Timestamp,
    /// Earliest time of hand-over; later than that was asked for where it was put off.
    pub due: Timestamp,
    /// End of validity.
    pub expires: Timestamp,
    /// Parts that are still to go.
    pub parts: u32,
    /// Whether the first part has gone already, so that the pace between messages does not apply.
    pub begun: bool,
}

/// One SIM as the gate sees it.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// A person paused it.
    pub paused: bool,
    /// It is in a modem that is up and registered.
    pub ready: bool,
    /// It takes no debtor's message until it has proven itself.
    pub resting: bool,
    /// Until when congestion keeps it still.
    pub closed_until: Timestamp,
    /// What it may spend.
    pub budget: &'a Budget,
    /// It has sent nothing to the recipient in this month; where it may have one more, either answer will do.
    pub stranger: bool,
}

/// How many times the checks that give a time are asked in turn until all of them agree on one. Each round goes past one
/// obstacle; a week has fewer windows.
const ROUNDS: usize = 24;

/// Decides. `contact` tells what stands between the message and the person at a time; `lines` are the SIMs that the message
/// may leave by: all on its route at submit, the one that it is for in the offer.
pub fn decide(
    question: &Question,
    contact: impl Fn(Timestamp) -> Option<Obstacle>,
    lines: &[Line<'_>],
    now: Timestamp,
) -> Verdict {
    if question.expires <= now {
        return Verdict::Block { reason: Reason::Expired };
    }
    let start = question.due.max(now);
    let asked = question.asked.max(now);
    let first = contact(asked);
    if let Some(reason) = first.and_then(forbids) {
        return Verdict::Block { reason };
    }
    // Most are asked about one time only.
    let contact = |at| if at == asked { first } else { contact(at) };
    let (mut reason, mut until) = (None, Some(start));
    if question.paused {
        (reason, until) = (Some(Reason::Paused), None);
    } else if asked > now {
        reason = Some(Reason::NotDue);
    } else if start > now {
        // It was put off: for what holds it still, else for a while.
        reason = Some(contact(now).map_or(Reason::NotDue, |obstacle| Reason::Contact(obstacle.reason)));
    }
    for _ in 0..ROUNDS {
        let Some(at) = until else { break };
        let next = match contact(at) {
            Some(Obstacle { reason, lasts: Lasts::Until(later) }) if later > at => {
                Some((Reason::Contact(reason), Some(later)))
            }
            Some(Obstacle { reason, .. }) => Some((Reason::Contact(reason), None)),
            // When the SIM is back nobody knows, but it need not be before the person may be texted.
            None => best(question, lines, at).obstacle().map(|(why, later)| match (reason, later) {
                (Some(Reason::Contact(_)), None) if at > now && why != Reason::Paused => (why, Some(at)),
                (_, later) => (why, later),
            }),
        };
        let Some((why, later)) = next else { break };
        let is_known = later != until;
        // A later obstacle moves the time, not the reason: the first check that holds is the one that is named. A pause is
        // the first of all.
        if why == Reason::Paused {
            reason = Some(why);
        }
        reason.get_or_insert(why);
        until = later;
        if !is_known {
            break;
        }
    }
    match reason {
        Some(reason) => Verdict::Hold { reason, until },
        None => Verdict::Go,
    }
}

/// Why a message can never go, if an obstacle is for good.
fn forbids(obstacle: Obstacle) -> Option<Reason> {
    (obstacle.lasts == Lasts::ForGood).then_some(Reason::Contact(obstacle.reason))
}

/// What the best of the SIMs could do at `start`.
fn best(question: &Question, lines: &[Line<'_>], start: Timestamp) -> Prospect {
    let prospects = lines.iter().map(|line| look(question, line, start));
    prospects.min_by_key(Prospect::rank).unwrap_or(Prospect::Absent)
}

/// What one SIM could do for a message.
#[derive(Debug, Clone, Copy)]
enum Prospect {
    Open,
    Spent { at: Option<Timestamp>, reason: Reason },
    Resting,
    Paused,
    Absent,
}

impl Prospect {
    /// Why it cannot go, and until when; `None` when it can.
    fn obstacle(self) -> Option<(Reason, Option<Timestamp>)> {
        match self {
            Self::Open => None,
            Self::Spent { at, reason } => Some((reason, at)),
            Self::Resting => Some((Reason::SimResting, None)),
            Self::Paused => Some((Reason::Paused, None)),
            Self::Absent => Some((Reason::NoSim, None)),
        }
    }

    /// The best prospect of several SIMs is the one with the lowest rank.
    fn rank(&self) -> (u8, Timestamp) {
        match self {
            Self::Open => (0, Timestamp::default()),
            Self::Spent { at, .. } => (1, at.unwrap_or(Timestamp::MAX)),
            Self::Resting => (2, Timestamp::default()),
            Self::Paused => (3, Timestamp::default()),
            Self::Absent => (4, Timestamp::default()),
        }
    }
}

fn look(question: &Question, line: &Line<'_>, start: Timestamp) -> Prospect {
    if line.paused {
        return Prospect::Paused;
    }
    // Once it has begun, each part goes when there is room for it.
    let parts = if question.begun { 1 } else { question.parts };
    let demand = Demand { parts, begun: question.begun, stranger: line.stranger };
    let can_send = line.ready && !line.resting;
    match line.budget.ask(demand, start) {
        // A pace of seconds says nothing about a line that cannot send anyway.
        Allowance::Now | Allowance::From { period: Period::Gap, .. } if !can_send => Prospect::Resting,
        Allowance::From { at, period } => {
            let reason = if period == Period::Gap { Reason::SimPace } else { Reason::SimBudget };
            Prospect::Spent { at: can_send.then_some(at), reason }
        }
        Allowance::Never { .. } => Prospect::Spent { at: None, reason: Reason::SimBudget },
        Allowance::Now if line.closed_until > start => {
            Prospect::Spent { at: Some(line.closed_until), reason: Reason::SimResting }
        }
        Allowance::Now => Prospect::Open,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::budget::Limits;
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_525_200_000);

    fn open(budget: &Budget) -> Line<'_> {
        Line { paused: false, ready: true, resting: false, closed_until: Timestamp::default(), budget, stranger: false }
    }

    fn budget(spent: u32) -> Budget {
        let limits = Limits { per_minute: 2, per_day: 4, min_gap: Duration::from_secs(5), ..Limits::none() };
        let mut budget = Budget::new(limits, NOW, NOW);
        for _ in 0..spent {
            budget.spend(false, NOW);
        }
        budget
    }

    fn question() -> Question {
        Question {
            paused: false,
            asked: NOW,
            due: NOW,
            expires: NOW + Duration::from_secs(3600),
            parts: 1,
            begun: false,
        }
    }

    fn check(question: Question, lines: &[Line<'_>], expected: Verdict) {
        assert_eq!(decide(&question, |_| None, lines, NOW), expected);
    }

    fn hold(reason: Reason, until: Option<u64>) -> Verdict {
        Verdict::Hold { reason, until: until.map(|s| NOW + Duration::from_secs(s)) }
    }

    #[test]
    fn the_first_check_that_holds_is_named() {
        let fresh = budget(0);
        let paced = budget(1);
        let spent = budget(2);
        check(question(), &[open(&fresh)], Verdict::Go);
        check(Question { paused: true, ..question() }, &[open(&fresh)], hold(Reason::Paused, None));
        check(question(), &[Line { paused: true, ..open(&fresh) }], hold(Reason::Paused, None));
        check(question(), &[], hold(Reason::NoSim, None));
        check(question(), &[Line { ready: false, ..open(&fresh) }], hold(Reason::SimResting, None));
        check(question(), &[open(&paced)], hold(Reason::SimPace, Some(5)));
        check(question(), &[open(&spent)], hold(Reason::SimBudget, Some(60)));
        check(Question { expires: NOW, ..question() }, &[open(&fresh)], Verdict::Block { reason: Reason::Expired });
    }

    #[test]
    fn a_line_that_cannot_send_names_no_time() {
        let (paced, spent) = (budget(1), budget(2));
        check(question(), &[Line { resting: true, ..open(&paced) }], hold(Reason::SimResting, None));
        check(question(), &[Line { ready: false, ..open(&paced) }], hold(Reason::SimResting, None));
        check(question(), &[Line { resting: true, ..open(&spent) }], hold(Reason::SimBudget, None));
    }

    #[test]
    fn congestion_says_until_when() {
        let fresh = budget(0);
        let closed_until = NOW + Duration::from_secs(30);
        check(question(), &[Line { closed_until, ..open(&fresh) }], hold(Reason::SimResting, Some(30)));
    }

    #[test]
    fn one_open_line_is_enough() {
        let (fresh, spent) = (budget(0), budget(2));
        let lines = [open(&spent), Line { paused: true, ..open(&fresh) }, open(&fresh)];
        check(question(), &lines, Verdict::Go);
        check(question(), &lines[..2], hold(Reason::SimBudget, Some(60)));
    }

    #[test]
    fn what_is_not_due_says_so_and_looks_past_its_time() {
        let spent = budget(2);
        let line = open(&spent);
        let at = |s| Question { asked: NOW + Duration::from_secs(s), due: NOW + Duration::from_secs(s), ..question() };
        let later = at(30);
        check(later, &[line], hold(Reason::NotDue, Some(60)));
        let much_later = at(300);
        check(much_later, &[line], hold(Reason::NotDue, Some(300)));
    }

    #[test]
    fn parts_that_follow_are_not_paced_but_counted() {
        let (paced, spent) = (budget(1), budget(2));
        let follow = Question { begun: true, ..question() };
        check(follow, &[open(&paced)], Verdict::Go);
        check(follow, &[open(&spent)], hold(Reason::SimBudget, Some(60)));
    }

    fn after(s: u64) -> Timestamp {
        NOW + Duration::from_secs(s)
    }

    /// Closed until `s` seconds from now.
    fn closed(s: u64) -> impl Fn(Timestamp) -> Option<Obstacle> {
        let obstacle = Obstacle { reason: contact::Reason::Window, lasts: Lasts::Until(after(s)) };
        move |at| (at < after(s)).then_some(obstacle)
    }

    const WINDOW: Reason = Reason::Contact(contact::Reason::Window);

    #[test]
    fn the_person_comes_before_the_sim_and_the_time_suits_both() {
        let spent = budget(2);
        let lines = [open(&spent)];
        assert_eq!(decide(&question(), closed(30), &lines, NOW), hold(WINDOW, Some(60)));
        assert_eq!(decide(&question(), closed(600), &lines, NOW), hold(WINDOW, Some(600)));
        assert_eq!(decide(&question(), closed(600), &[], NOW), hold(WINDOW, Some(600)), "whenever a SIM comes");
    }

    #[test]
    fn hours_that_open_and_close_are_followed_until_the_sim_can() {
        // Open for five of every hundred seconds; the budget opens at 60.
        let hours = |at: Timestamp| {
            let second = at.saturating_since(NOW).as_secs() % 100;
            let next = at + Duration::from_secs(100 - second);
            (second >= 5).then_some(Obstacle { reason: contact::Reason::Window, lasts: Lasts::Until(next) })
        };
        let spent = budget(2);
        assert_eq!(decide(&question(), hours, &[open(&spent)], NOW), hold(Reason::SimBudget, Some(100)));
    }

    #[test]
    fn what_is_forbidden_is_blocked_also_when_paused_or_not_due() {
        let fresh = budget(0);
        let never = |_| Some(Obstacle { reason: contact::Reason::Suppressed, lasts: Lasts::ForGood });
        let blocked = Verdict::Block { reason: Reason::Contact(contact::Reason::Suppressed) };
        let paused = Question { paused: true, ..question() };
        assert_eq!(decide(&paused, never, &[open(&fresh)], NOW), blocked);
        let later = Question { asked: after(9), due: after(9), ..question() };
        assert_eq!(decide(&later, never, &[open(&fresh)], NOW), blocked);
    }

    #[test]
    fn what_was_put_off_says_for_what() {
        let fresh = budget(0);
        let put_off = Question { due: after(600), ..question() };
        assert_eq!(decide(&put_off, closed(600), &[open(&fresh)], NOW), hold(WINDOW, Some(600)));
        assert_eq!(decide(&put_off, |_| None, &[open(&fresh)], NOW), hold(Reason::NotDue, Some(600)));
    }

    #[test]
    fn a_paused_sim_is_named_before_closed_hours() {
        let fresh = budget(0);
        let line = Line { paused: true, ..open(&fresh) };
        assert_eq!(decide(&question(), closed(30), &[line], NOW), hold(Reason::Paused, None));
    }
}
