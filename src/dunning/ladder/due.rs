//! Which step of one debt is up on a day, and why others are not.
//!
//! A step is up on its day. It is up later only if nobody could plan it then, or the debtor's text of the day was another's;
//! and never when a later step is up too. What is carried out on a day settles every step of the debt whose day is not
//! after it. Steps up to the due day speak of that day: they are counted for each due day anew, so that an extension
//! reminds again, and they are not done once the day is over. Steps after it are done once, whatever the due day.

use std::cmp::Reverse;

use jiff::civil::{Date, Time};

use crate::dunning::case::Case;
use crate::dunning::debt::{Debt, Status};

use super::business::BusinessDays;
use super::offset::Anchor;
use super::track::{Done, Outcome, Track};
use super::{Action, CatchUp, Channel, Ladder, Step, StepId};

/// A debt, the ladder that it goes by, and how far it has come.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The debt.
    pub debt: &'a Debt,
    /// Its ladder.
    pub ladder: &'a Ladder,
    /// How far it has come.
    pub track: &'a Track,
}

/// Why a debtor is not asked any more, whatever the debt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stop {
    /// No more texts are wanted.
    OptOut,
    /// The numbers are another person's.
    WrongPerson,
    /// The debtor has died.
    Deceased,
}

impl Stop {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OptOut => "opt_out",
            Self::WrongPerson => "wrong_person",
            Self::Deceased => "deceased",
        }
    }
}

/// Why a step is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The debtor is not asked any more.
    Person(Stop),
    /// The debt is agreed, disputed, paid or cancelled.
    Status(Status),
    /// Its day falls inside a promise.
    Promise,
    /// Its day was over before it could be planned.
    Passed,
    /// It speaks of a due day that is over.
    TooLate,
    /// The debt is not in its segment.
    Segment,
    /// This step of the debt goes instead.
    Overtaken {
        /// Which.
        by: StepId,
    },
    /// Nothing went before it, and a credit bureau is never first.
    BureauFirst,
    /// The debtor is texted by another step already: it waits for the next day.
    OtherText,
    /// What the debtor said is not settled: another channel waits until it is.
    Unsettled,
}

impl Why {
    /// The word for it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Person(stop) => stop.name(),
            Self::Status(status) => status.name(),
            Self::Promise => "promise",
            Self::Passed => "passed",
            Self::TooLate => "too_late",
            Self::Segment => "segment",
            Self::Overtaken { .. } => "overtaken",
            Self::BureauFirst => "bureau_first",
            Self::OtherText => "other_text",
            Self::Unsettled => "unsettled",
        }
    }
}

/// How far on a step is. A broken promise is further on than any day of the debt, a later day or time than an earlier one;
/// of equals, what stands in front in its ladder.
pub(super) type Rank = (Anchor, i32, Option<Time>, Reverse<usize>);

/// The rank of a step at this place of its ladder.
pub(super) fn rank(step: &Step, index: usize) -> Rank {
    (step.offset.from, step.offset.days, step.offset.time, Reverse(index))
}

/// A step with its day for a debt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dated<'a> {
    pub(super) step: &'a Step,
    pub(super) rank: Rank,
    /// The day from which it is counted.
    pub(super) cycle: Date,
    /// Its day, on a business day if it rolls.
    pub(super) day: Date,
}

impl Dated<'_> {
    /// Later days are further on; on one day the broken promise is.
    fn order(&self) -> (Date, Rank) {
        (self.day, self.rank)
    }
}

/// What is up for a debt.
#[derive(Debug, Default)]
pub(super) struct Look<'a> {
    /// The text.
    pub(super) text: Option<Dated<'a>>,
    /// What is left to another channel.
    pub(super) exit: Option<Dated<'a>>,
    /// What could be up and is not.
    pub(super) skipped: Vec<(&'a StepId, Why)>,
    /// The next day on which something could be up.
    pub(super) next: Option<Date>,
}

/// Looks at one debt, with `done` in place of what its track says.
pub(super) struct Looking<'a, 'b> {
    pub(super) case: &'b Case,
    pub(super) entry: Entry<'a>,
    pub(super) done: &'b [Done],
    pub(super) stop: Option<Stop>,
    pub(super) holiday: &'b dyn Fn(Date) -> bool,
}

impl<'a> Looking<'a, '_> {
    /// What is up.
    pub(super) fn look(&self) -> Look<'a> {
        let mut look = Look::default();
        let (mut texts, mut exits) = (Vec::new(), Vec::new());
        let stopped = self.stopped();
        let steps: Vec<Dated<'a>> = self.dated().collect();
        for dated in steps.iter().filter(|dated| !self.is_settled(dated, &steps)).copied() {
            if dated.day > self.today() {
                if self.may_be_up_on(dated.day, stopped.as_ref()) {
                    look.next = Some(look.next.map_or(dated.day, |next: Date| next.min(dated.day)));
                }
                continue;
            }
            match (self.obstacle(&dated, stopped.as_ref()), &dated.step.action) {
                (Err(Some(why)), _) => look.skipped.push((&dated.step.id, why)),
                (Err(None), _) => {}
                (Ok(()), Action::Text { .. }) => texts.push(dated),
                (Ok(()), Action::Exit { .. }) => exits.push(dated),
            }
        }
        (look.text, look.exit) = (furthest(&texts), furthest(&exits));
        for (all, chosen) in [(texts, look.text), (exits, look.exit)] {
            let Some(chosen) = chosen else { continue };
            let others = all.into_iter().filter(|dated| dated.rank != chosen.rank);
            let why = || Why::Overtaken { by: chosen.step.id.clone() };
            look.skipped.extend(others.map(|dated| (&dated.step.id, why())));
        }
        look
    }

    /// What stands in the way of every step today.
    pub(super) fn stopped(&self) -> Option<Why> {
        if let Some(stop) = self.stop {
            return Some(Why::Person(stop));
        }
        match self.entry.debt.status {
            Status::Open => None,
            Status::Promised { until } => (self.today() <= self.end_of_promise(until)).then_some(Why::Promise),
            status @ (Status::Agreed | Status::Disputed | Status::Paid | Status::Cancelled) => {
                Some(Why::Status(status))
            }
        }
    }

    /// The day from which a step with this id is counted now; `None` if there is no such step, or nothing to count from.
    pub(super) fn cycle_of(&self, id: &StepId) -> Option<Date> {
        self.cycle(self.entry.ladder.step(id)?.offset.from)
    }

    fn today(&self) -> Date {
        self.case.today
    }

    /// With its grace, as far as that is known.
    fn end_of_promise(&self, until: Date) -> Date {
        self.entry.track.promise.map_or(until, |end| end.max(until))
    }

    /// The last day of the promise that is waited for or was broken.
    fn promise(&self) -> Option<Date> {
        match self.entry.debt.status {
            Status::Promised { until } => Some(self.end_of_promise(until)),
            // A promise that the debt has come out of before its end is no longer waited for.
            Status::Open => self.entry.track.promise.filter(|end| *end < self.today()),
            Status::Agreed | Status::Disputed | Status::Paid | Status::Cancelled => None,
        }
    }

    fn cycle(&self, anchor: Anchor) -> Option<Date> {
        match anchor {
            Anchor::Due => Some(self.entry.debt.due),
            Anchor::Promise => self.promise(),
        }
    }

    /// The steps that have a day.
    fn dated(&self) -> impl Iterator<Item = Dated<'a>> {
        let ladder = self.entry.ladder;
        let days = BusinessDays::new(self.holiday, ladder.saturday);
        ladder.steps.iter().enumerate().filter_map(move |(index, step)| {
            let cycle = self.cycle(step.offset.from)?;
            let day = days.roll(step.offset.day(cycle)?, step.roll)?;
            Some(Dated { step, rank: rank(step, index), cycle, day })
        })
    }

    /// Whether a step of a day to come could be up then, if nothing else happens.
    fn may_be_up_on(&self, day: Date, stopped: Option<&Why>) -> bool {
        match stopped {
            None => true,
            Some(Why::Promise) => self.promise().is_some_and(|end| end < day),
            Some(_) => false,
        }
    }

    /// Whether it was done, or a step that is further on was.
    fn is_settled(&self, dated: &Dated<'_>, steps: &[Dated<'_>]) -> bool {
        let is_exit = matches!(dated.step.action, Action::Exit { .. });
        let mut settled = self.done.iter().filter(|done| done.outcome != Outcome::Waiting);
        settled.any(|done| {
            if done.step == dated.step.id {
                let is_of_debt = dated.step.offset.from == Anchor::Due && !dated.step.offset.is_reminder();
                return done.cycle == dated.cycle || (is_of_debt && done.outcome.outlasts_extension());
            }
            if (done.outcome == Outcome::Left) != is_exit {
                return false;
            }
            // The broken promise has the day on which it meets a step of the debt.
            let is_over = match dated.rank.0 {
                Anchor::Due => dated.day <= done.day,
                Anchor::Promise => dated.day < done.day,
            };
            is_over || is_behind(dated, done, steps)
        })
    }

    /// Why a step whose day is not to come is not up; `None` inside if there is nothing to say about it.
    fn obstacle(&self, dated: &Dated<'_>, stopped: Option<&Why>) -> Result<(), Option<Why>> {
        if !self.is_in_time(dated) {
            // Said once, when the debt is new on the ladder, and not every day.
            return Err(self.is_new().then_some(Why::Passed));
        }
        if let Some(why) = stopped {
            return Err(Some(why.clone()));
        }
        let is_of_debt = dated.rank.0 == Anchor::Due;
        // When the promise was made is not known: what was left undone before it is dropped with what falls inside.
        if is_of_debt && self.promise().is_some_and(|end| dated.day <= end) {
            return Err(Some(Why::Promise));
        }
        let is_late = dated.day < self.today();
        if is_late && dated.step.offset.is_reminder() && self.entry.debt.due < self.today() {
            return Err(Some(Why::TooLate));
        }
        if matches!(dated.step.action, Action::Exit { channel: Channel::Bureau }) && !self.has_reached() {
            return Err(Some(Why::BureauFirst));
        }
        if dated.step.segment.matches(self.case, self.entry.debt) { Ok(()) } else { Err(Some(Why::Segment)) }
    }

    /// Whether it is its day, or its day was missed and it may be done late.
    fn is_in_time(&self, dated: &Dated<'_>) -> bool {
        let Track { from, planned, .. } = self.entry.track;
        // What waited when the debt was paid or agreed is not done late once it is owed again.
        let waits = |done: &Done| {
            let is_this = done.step == dated.step.id && done.cycle == dated.cycle;
            done.outcome == Outcome::Waiting && is_this && done.day >= *from
        };
        let was_missed = dated.day >= *from && planned.as_ref().is_none_or(|planned| planned.day < dated.day);
        let catches_up = self.entry.ladder.catch_up == CatchUp::Latest && self.is_new();
        dated.day == self.today() || was_missed || catches_up || self.done.iter().any(waits)
    }

    /// Whether the debt was never planned by this version of its ladder.
    fn is_new(&self) -> bool {
        let ladder = self.entry.ladder;
        self.entry.track.planned.as_ref().is_none_or(|planned| {
            planned.version != ladder.version || planned.ladder.as_ref().is_some_and(|name| *name != ladder.name)
        })
    }

    /// Whether a text of this debt was handed over, or it was left to another channel.
    fn has_reached(&self) -> bool {
        self.done.iter().any(|done| matches!(done.outcome, Outcome::Sent | Outcome::Left))
    }
}

/// Whether a step stands before one that was done: days that roll towards each other can change places.
fn is_behind(dated: &Dated<'_>, done: &Done, steps: &[Dated<'_>]) -> bool {
    let is_that = |other: &&Dated<'_>| other.step.id == done.step && other.cycle == done.cycle;
    let mut others = steps.iter().filter(|other| other.rank.0 == dated.rank.0).filter(is_that);
    // A step that was done and then moved to a later day holds nothing up until that day.
    others.any(|other| dated.rank < other.rank && other.day <= done.day)
}

/// The step that is furthest on: by the order of the ladder, and between debt and promise by the day.
fn furthest<'a>(steps: &[Dated<'a>]) -> Option<Dated<'a>> {
    let of = |anchor| steps.iter().filter(move |dated| dated.rank.0 == anchor).max_by_key(|dated| dated.rank);
    [of(Anchor::Due), of(Anchor::Promise)].into_iter().flatten().max_by_key(|dated| dated.order()).copied()
}
