//! What is wrong with a ladder, before anybody is texted by it.

use std::fmt;

use crate::dunning::operands::Operands;
use crate::dunning::segment::{Bounds, Contradiction};

use super::due::rank;
use super::hours::{On, Places};
use super::offset::{Anchor, Offset};
use super::{Action, Channel, Ladder, Roll, Step, StepId};

/// Days between a step and what it is counted from, at most.
pub const DAYS_MAX: i32 = 3650;

/// Something wrong with a ladder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It has no steps.
    NoSteps,
    /// A step has no id; which, from 1.
    NoId(usize),
    /// Two steps have this id.
    DuplicateId(StepId),
    /// A step texts by a template without a name.
    NoTemplate(StepId),
    /// A step is further away than [`DAYS_MAX`].
    OutOfRange(StepId),
    /// A step after a promise has a day on which the promise is not broken yet.
    InsidePromise(StepId),
    /// The segment of a step is empty.
    Empty(StepId, Contradiction),
    /// The segment of a step leaves out the days late that a debt has on its day.
    NeverThen(StepId),
    /// A step never goes: another one of its day goes for every debt.
    Shadowed {
        /// Which.
        step: StepId,
        /// The other one.
        by: StepId,
    },
    /// Two steps of one day are for the same debts in part; one of them goes.
    Overlap {
        /// The one that does not go.
        step: StepId,
        /// The one that goes.
        by: StepId,
    },
    /// A credit bureau comes before anything else.
    BureauFirst(StepId),
    /// A step comes outside the hours of contact on all business days.
    Outside {
        /// Which.
        step: StepId,
        /// When it is meant to go.
        offset: Offset,
        /// On which days that is so.
        on: On,
        /// Where, and when it goes there.
        places: Places,
    },
    /// Saturday is a business day of the ladder, and nothing may go on Saturdays; where, and when that goes which falls on one.
    NoSaturday(Places),
}

/// The words of doubts about a ladder beside its own findings: what the templates and the portfolio make of it.
pub const DOUBTS: [&str; 8] =
    ["not_approved", "no_template", "no_ladder", "unused", "too_long", "long", "two_ladders", "double"];

/// Whether a ladder with a finding can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can, and may not do what is wanted.
    Warning,
}

impl Severity {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

impl Finding {
    /// Whether the ladder can be used.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Overlap { .. } | Self::Outside { .. } | Self::NoSaturday(_) => Severity::Warning,
            Self::NoSteps
            | Self::NoId(_)
            | Self::DuplicateId(_)
            | Self::NoTemplate(_)
            | Self::OutOfRange(_)
            | Self::InsidePromise(_)
            | Self::Empty(..)
            | Self::NeverThen(_)
            | Self::Shadowed { .. }
            | Self::BureauFirst(_) => Severity::Error,
        }
    }

    /// The word for it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSteps => "no_steps",
            Self::NoId(_) => "no_id",
            Self::DuplicateId(_) => "duplicate_id",
            Self::NoTemplate(_) => "unnamed_template",
            Self::OutOfRange(_) => "out_of_range",
            Self::InsidePromise(_) => "inside_promise",
            Self::Empty(..) => "empty_segment",
            Self::NeverThen(_) => "never_then",
            Self::Shadowed { .. } => "shadowed",
            Self::Overlap { .. } => "overlap",
            Self::BureauFirst(_) => "bureau_first",
            Self::Outside { .. } => "outside_hours",
            Self::NoSaturday(_) => "no_saturday",
        }
    }
}

impl Finding {
    /// The words of all findings.
    pub const CODES: [&str; 13] = [
        "no_steps",
        "no_id",
        "duplicate_id",
        "unnamed_template",
        "out_of_range",
        "inside_promise",
        "empty_segment",
        "never_then",
        "shadowed",
        "overlap",
        "bureau_first",
        "outside_hours",
        "no_saturday",
    ];

    /// What it is about, by name.
    pub fn operands(&self) -> Operands {
        match self {
            Self::NoSteps => Operands::none(),
            Self::NoId(place) => Operands::of("place", place),
            Self::DuplicateId(step)
            | Self::NoTemplate(step)
            | Self::InsidePromise(step)
            | Self::NeverThen(step)
            | Self::BureauFirst(step) => Operands::of("step", step),
            Self::OutOfRange(step) => Operands::of("step", step).and("days", DAYS_MAX),
            Self::Empty(step, why) => Operands::of("step", step).and("condition", why.condition()),
            Self::Shadowed { step, by } | Self::Overlap { step, by } => Operands::of("step", step).and("by", by),
            Self::Outside { step, offset, on, places } => {
                let on = match on {
                    On::Weekdays => "weekdays",
                    On::Saturdays => "saturdays",
                };
                places.operands().and("step", step).and("offset", offset).and("on", on)
            }
            Self::NoSaturday(places) => places.operands(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSteps => f.write_str("it has no steps"),
            Self::NoId(place) => write!(f, "step number {place} has no id"),
            Self::DuplicateId(id) => write!(f, "two steps have the id {id}"),
            Self::NoTemplate(id) => write!(f, "step {id} names no template"),
            Self::OutOfRange(id) => write!(f, "step {id} is more than {DAYS_MAX} days away"),
            Self::InsidePromise(id) => write!(f, "step {id} falls inside the promise; P+1 is the first day after it"),
            Self::Empty(id, why) => write!(f, "step {id} is for nobody: {why}"),
            Self::NeverThen(id) => write!(f, "step {id} is for nobody: no debt is that many days late on its day"),
            Self::Shadowed { step, by } => write!(f, "step {step} never goes: step {by} goes instead, for every debt"),
            Self::Overlap { step, by } => write!(f, "steps {step} and {by} meet for some debts; {by} goes"),
            Self::BureauFirst(id) => write!(f, "step {id} leaves a debt to a credit bureau before anything else"),
            Self::Outside { step, offset, on, places } => {
                let on = match on {
                    On::Weekdays => "",
                    On::Saturdays => " on Saturdays",
                };
                write!(f, "step {step} ({offset}) comes outside the hours of contact{on} {places}; ")?;
                f.write_str("give it a time within the hours, or none")
            }
            Self::NoSaturday(places) => {
                f.write_str("Saturday is a business day of this ladder, and nothing may go on Saturdays ")?;
                write!(f, "{places}; leave Saturday out if such steps should go on Monday")
            }
        }
    }
}

/// Everything that is wrong with a ladder, in the order of its steps.
pub fn check(ladder: &Ladder) -> Vec<Finding> {
    let mut findings = Vec::new();
    if ladder.steps.is_empty() {
        findings.push(Finding::NoSteps);
    }
    for (index, step) in ladder.steps.iter().enumerate() {
        findings.extend(alone(index, step));
        let before = ladder.steps.iter().take(index);
        if before.clone().any(|other| other.id == step.id) {
            findings.push(Finding::DuplicateId(step.id.clone()));
        }
        if is_bureau(step) && !ladder.steps.iter().any(|other| !is_bureau(other) && comes_before(other, step)) {
            findings.push(Finding::BureauFirst(step.id.clone()));
        }
    }
    findings.extend(meetings(ladder));
    findings
}

/// What is wrong with a step whatever the others.
fn alone(index: usize, step: &Step) -> Vec<Finding> {
    let Step { id, offset, roll, segment, action } = step;
    let mut findings = Vec::new();
    if id.0.trim().is_empty() {
        findings.push(Finding::NoId(index + 1));
    }
    if matches!(action, Action::Text { template } if template.trim().is_empty()) {
        findings.push(Finding::NoTemplate(id.clone()));
    }
    let is_far = offset.days.unsigned_abs() > DAYS_MAX.unsigned_abs();
    if is_far {
        findings.push(Finding::OutOfRange(id.clone()));
    }
    if offset.from == Anchor::Promise && offset.days < 1 {
        findings.push(Finding::InsidePromise(id.clone()));
    }
    if let Some(contradiction) = segment.contradiction() {
        findings.push(Finding::Empty(id.clone(), contradiction));
    } else if offset.from == Anchor::Due && !is_far && !segment.days_late.overlaps(&days_late(offset.days, *roll)) {
        findings.push(Finding::NeverThen(id.clone()));
    }
    findings
}

/// Days late that a debt may have when a step goes on time. A run of closed days is a week long at most.
fn days_late(days: i32, roll: Roll) -> Bounds<i32> {
    match roll {
        Roll::Stay => Bounds::between(days, days),
        Roll::Next => Bounds::between(days, days + 7),
        Roll::Previous => Bounds::between(days - 7, days),
    }
}

fn is_bureau(step: &Step) -> bool {
    step.action == Action::Exit { channel: Channel::Bureau }
}

fn comes_before(one: &Step, other: &Step) -> bool {
    (one.offset.from, one.offset.days) < (other.offset.from, other.offset.days)
}

/// Steps of one day and kind that are for the same debts.
fn meetings(ladder: &Ladder) -> Vec<Finding> {
    let mut findings = Vec::new();
    let ranked: Vec<_> = ladder.steps.iter().enumerate().map(|(index, step)| (rank(step, index), step)).collect();
    for (one_rank, one) in &ranked {
        let goes_instead = |other: &&&Step| {
            let same_kind = matches!(one.action, Action::Text { .. }) == matches!(other.action, Action::Text { .. });
            let same_day = (one.offset.from, one.offset.days) == (other.offset.from, other.offset.days);
            same_kind && same_day && one.segment.contradiction().is_none() && other.segment.contradiction().is_none()
        };
        let winners = ranked.iter().filter(|(rank, _)| rank > one_rank).map(|(_, step)| step).filter(goes_instead);
        let (step, mut covering) = (one.id.clone(), winners.clone().filter(|by| by.segment.covers(&one.segment)));
        if let Some(by) = covering.next() {
            findings.push(Finding::Shadowed { step, by: by.id.clone() });
            continue;
        }
        let meeting = winners.filter(|by| by.segment.overlaps(&one.segment));
        findings.extend(meeting.map(|by| Finding::Overlap { step: step.clone(), by: by.id.clone() }));
    }
    findings
}
