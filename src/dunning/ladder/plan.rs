//! What a day brings to one debtor: at most one text to one creditor's debts, what is left to other channels, and which
//! queued texts are no longer wanted.
//!
//! Debts whose steps are up on one day travel in one text, under the step that is furthest on; the step that each of them
//! had up is done with it, and no other. A debt with nothing up stays out of the text. Debts in another currency, and those
//! of a ladder that does not group, go on another day. A text that still waits in the queue is overtaken when a step up
//! today is further on, or is of one of its own debts; then everything in it travels anew.

use std::cmp::Reverse;

use jiff::civil::{Date, Time};

use crate::dunning::case::Case;
use crate::dunning::debt::Debt;

use super::due::{Dated, Look, Looking};
use super::track::{Done, Outcome};
use super::{Action, Channel, Entry, Ladder, Step, StepId, Stop, Why};

/// What a plan is made from: a debtor and the debts to one creditor, on a day.
pub struct Situation<'a> {
    /// The debtor, and the day.
    pub case: &'a Case,
    /// Debts of the case that go by a ladder, in any order, each once.
    pub entries: &'a [Entry<'a>],
    /// Why the debtor is not asked any more.
    pub stop: Option<Stop>,
    /// The debtor has said something that nobody has settled: that it is paid, or perhaps that no more texts are wanted. Debts
    /// are left to no other channel meanwhile.
    pub is_unsettled: bool,
    /// The last day on which a text of a ladder was planned for the debtor or handed over, over all other creditors.
    pub texted: Option<Date>,
    /// Holidays of where the debtor lives.
    pub holiday: &'a dyn Fn(Date) -> bool,
}

impl std::fmt::Debug for Situation<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Situation").field("case", self.case).finish_non_exhaustive()
    }
}

/// What a day brings. Whoever carries it out withdraws, queues and writes the records in one transaction, and notes the
/// plan in every track. If a text that is to be withdrawn is on its way by then, nothing of the plan holds: it is noted as
/// sent, and the day is planned again.
#[derive(Debug, Default)]
pub struct Plan<'a> {
    /// The text of the day.
    pub text: Option<Text<'a>>,
    /// What is left to other channels.
    pub exits: Vec<Exit<'a>>,
    /// Steps whose text is in the queue and is not to be sent, with the day from which they were counted.
    pub withdraw: Vec<(&'a str, StepId, Date)>,
    /// What becomes of steps; each replaces what there was of its debt, step and cycle.
    pub records: Vec<Record<'a>>,
    /// What could have been done and is not.
    pub skipped: Vec<Skipped<'a>>,
    /// The next day on which something could be up. Nothing before it is missed unless a debt, its ladder, the calendar or
    /// the debtor changes.
    pub next: Option<Date>,
}

impl Plan<'_> {
    /// Whether there is nothing to carry out.
    pub fn is_idle(&self) -> bool {
        self.text.is_none() && self.exits.is_empty() && self.withdraw.is_empty() && self.records.is_empty()
    }
}

/// A text to queue.
#[derive(Debug)]
pub struct Text<'a> {
    /// The debt whose step it is.
    pub debt: &'a Debt,
    /// The ladder of that debt.
    pub ladder: &'a Ladder,
    /// The step.
    pub step: &'a Step,
    /// The name of its template.
    pub template: &'a str,
    /// The time of the day from which it may go, in the creditor's zone.
    pub at: Option<Time>,
    /// The last day on which it is true: that on which the debt is due, for a text that speaks of it before.
    pub last: Option<Date>,
    /// All debts that it is about, the one due first in front.
    pub debts: Vec<&'a Debt>,
}

/// A debt that is left to another channel.
#[derive(Debug)]
pub struct Exit<'a> {
    /// The debt.
    pub debt: &'a Debt,
    /// The step.
    pub step: &'a Step,
    /// To which channel.
    pub channel: Channel,
}

/// What becomes of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<'a> {
    /// Of which debt, by the caller's id.
    pub debt: &'a str,
    /// What.
    pub done: Done,
}

/// A step that is not done today, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped<'a> {
    /// Of which debt, by the caller's id.
    pub debt: &'a str,
    /// Which step.
    pub step: &'a StepId,
    /// Why.
    pub why: Why,
}

/// Plans a day. The order of the debts does not matter.
pub fn plan<'a>(situation: &Situation<'a>) -> Plan<'a> {
    let mut entries: Vec<&Entry<'a>> = situation.entries.iter().collect();
    entries.sort_by_key(|entry| (entry.debt.due, &entry.debt.id));
    let mut day = Day {
        situation,
        views: entries.into_iter().map(|entry| View::new(*entry)).collect(),
        withdrawn: Vec::new(),
        plan: Plan::default(),
    };
    day.withdraw();
    day.leave();
    day.text();
    day.drop_withdrawn();
    day.finish()
}

/// A debt while its debtor's day is planned.
struct View<'a> {
    entry: Entry<'a>,
    /// What its track says, but for what has been withdrawn since.
    done: Vec<Done>,
    look: Look<'a>,
    /// Nothing is asked for it today.
    is_stopped: bool,
}

impl<'a> View<'a> {
    fn new(entry: Entry<'a>) -> Self {
        Self { entry, done: entry.track.done.clone(), look: Look::default(), is_stopped: false }
    }

    fn id(&self) -> &'a str {
        &self.entry.debt.id
    }

    /// The step whose text is in the queue.
    fn queued(&self) -> Option<&Done> {
        self.done.iter().find(|done| done.outcome == Outcome::Queued)
    }

    /// Whether the text in the queue is about it. There is one at most.
    fn is_in_queue(&self) -> bool {
        self.done.iter().any(|done| matches!(done.outcome, Outcome::Queued | Outcome::Grouped))
    }

    /// How far on its step is, among the debts of a debtor; of equals the debt due first, then by id.
    fn order(&self, step: &Dated<'a>) -> impl Ord + use<'a> {
        let (anchor, days, time, _) = step.rank;
        (anchor, days, time, Reverse((self.entry.debt.due, self.id())))
    }
}

/// The day of a debtor while it is planned.
struct Day<'a, 'b> {
    situation: &'b Situation<'a>,
    views: Vec<View<'a>>,
    /// Steps that were taken out of the queue, until it is known what becomes of them.
    withdrawn: Vec<(&'a str, StepId, Date)>,
    plan: Plan<'a>,
}

impl<'a> Day<'a, '_> {
    fn today(&self) -> Date {
        self.situation.case.today
    }

    /// Takes the text out of the queue that is not wanted any more. What was in it waits again.
    fn withdraw(&mut self) {
        self.look();
        if !self.is_unwanted() {
            return;
        }
        for view in &mut self.views {
            let id = view.id();
            for done in &mut view.done {
                if done.outcome == Outcome::Queued {
                    self.plan.withdraw.push((id, done.step.clone(), done.cycle));
                }
                if matches!(done.outcome, Outcome::Queued | Outcome::Grouped) {
                    done.outcome = Outcome::Waiting;
                    self.withdrawn.push((id, done.step.clone(), done.cycle));
                }
            }
        }
        self.look();
    }

    fn look(&mut self) {
        let Situation { case, stop, holiday, .. } = *self.situation;
        for view in &mut self.views {
            let looking = Looking { case, entry: view.entry, done: &view.done, stop, holiday };
            view.is_stopped = looking.stopped().is_some();
            view.look = looking.look();
        }
    }

    /// Whether the text in the queue is not wanted any more.
    fn is_unwanted(&self) -> bool {
        let Some((view, done)) = self.views.iter().find_map(|view| Some((view, view.queued()?))) else {
            // The debt that it was named for is gone, and what travelled with it is not.
            return self.views.iter().any(View::is_in_queue);
        };
        let is_about_stopped = self.views.iter().any(|other| other.is_stopped && other.is_in_queue());
        is_about_stopped || self.is_outdated(view, done) || self.is_overtaken(view, done)
    }

    /// Whether a text in the queue speaks of a day that has been moved since.
    fn is_outdated(&self, view: &View<'a>, done: &Done) -> bool {
        let Situation { case, stop, holiday, .. } = *self.situation;
        let looking = Looking { case, entry: view.entry, done: &view.done, stop, holiday };
        looking.cycle_of(&done.step).is_some_and(|cycle| cycle != done.cycle)
    }

    /// Whether a step that is up today takes the place of a text in the queue.
    fn is_overtaken(&self, view: &View<'a>, done: &Done) -> bool {
        if view.look.text.is_some() {
            return true;
        }
        let ladder = view.entry.ladder;
        let Some(step) = ladder.step(&done.step).filter(|_| ladder.group) else { return false };
        let order = |offset: super::Offset| (offset.from, offset.days, offset.time);
        self.views.iter().any(|other| {
            let is_with = other.entry.ladder.group && other.entry.debt.currency == view.entry.debt.currency;
            is_with && other.look.text.is_some_and(|up| order(up.step.offset) > order(step.offset))
        })
    }

    /// What is left to other channels. It goes beside the text of the day.
    fn leave(&mut self) {
        let today = self.today();
        for view in &self.views {
            let Some(dated) = view.look.exit else { continue };
            let Action::Exit { channel } = dated.step.action else { continue };
            if self.situation.is_unsettled {
                let waits = record(view, &dated, today, Outcome::Waiting);
                let is_noted = |done: &Done| Done { day: today, ..done.clone() } == waits.done;
                if !view.done.iter().any(is_noted) {
                    self.plan.records.push(waits);
                }
                self.plan.skipped.push(Skipped { debt: view.id(), step: &dated.step.id, why: Why::Unsettled });
                self.plan.next = today.tomorrow().ok().into_iter().chain(self.plan.next).min();
                continue;
            }
            self.plan.exits.push(Exit { debt: view.entry.debt, step: dated.step, channel });
            self.plan.records.push(record(view, &dated, today, Outcome::Left));
        }
    }

    /// The text of the day, and what becomes of the steps that are up.
    fn text(&mut self) {
        let up = self.views.iter().filter_map(|view| Some((view, view.look.text?)));
        let was_texted = self.situation.texted == Some(self.today())
            || self
                .views
                .iter()
                .flat_map(|view| &view.done)
                .any(|done| done.outcome == Outcome::Sent && done.day == self.today());
        let has_queued = self.views.iter().any(|view| view.queued().is_some());
        let lead = up.clone().max_by_key(|(view, dated)| view.order(dated)).filter(|_| !was_texted && !has_queued);

        let mut text = lead.and_then(|(view, dated)| self.text_of(view, &dated));
        let mut records = Vec::new();
        let mut waiting = Vec::new();
        for (view, dated) in up {
            let outcome = match &mut text {
                Some(text) if travels(view, text) => {
                    text.debts.push(view.entry.debt);
                    let leads = std::ptr::eq(text.debt, view.entry.debt);
                    if leads { Outcome::Queued } else { Outcome::Grouped }
                }
                // The text that waits is about this debt already.
                None if !was_texted && view.is_in_queue() => Outcome::Grouped,
                Some(_) | None => {
                    waiting.push(Skipped { debt: view.id(), step: &dated.step.id, why: Why::OtherText });
                    Outcome::Waiting
                }
            };
            let record = record(view, &dated, self.today(), outcome);
            let is_known = |done: &Done| done.step == record.done.step && done.cycle == record.done.cycle;
            let was = view.entry.track.done.iter().find(|done| is_known(done)).map(|done| done.outcome);
            if outcome != Outcome::Waiting || was != Some(Outcome::Waiting) {
                records.push(record);
            }
        }
        if !waiting.is_empty() {
            self.plan.next = self.today().tomorrow().ok();
        }
        self.plan.text = text;
        self.plan.records.extend(records);
        self.plan.skipped.extend(waiting);
    }

    fn text_of(&self, view: &View<'a>, dated: &Dated<'a>) -> Option<Text<'a>> {
        let Action::Text { template } = &dated.step.action else { return None };
        let Entry { debt, ladder, .. } = view.entry;
        let speaks_of_due = dated.step.offset.is_reminder() && self.today() <= debt.due;
        Some(Text {
            debt,
            ladder,
            step: dated.step,
            template,
            at: dated.step.offset.time,
            last: speaks_of_due.then_some(debt.due),
            debts: Vec::new(),
        })
    }

    /// What was taken out of the queue and has no part in what goes now is done with.
    fn drop_withdrawn(&mut self) {
        let today = self.today();
        for (debt, step, cycle) in std::mem::take(&mut self.withdrawn) {
            let is_same =
                |record: &Record<'_>| record.debt == debt && record.done.step == step && record.done.cycle == cycle;
            if !self.plan.records.iter().any(is_same) {
                let done = Done { step, cycle, day: today, outcome: Outcome::Dropped };
                self.plan.records.push(Record { debt, done });
            }
        }
    }

    fn finish(mut self) -> Plan<'a> {
        for view in &mut self.views {
            let debt = view.id();
            let skipped = std::mem::take(&mut view.look.skipped);
            self.plan.skipped.extend(skipped.into_iter().map(|(step, why)| Skipped { debt, step, why }));
            self.plan.next = [self.plan.next, view.look.next].into_iter().flatten().min();
        }
        self.plan
    }
}

/// Whether a debt with a step up goes in this text.
fn travels(view: &View<'_>, text: &Text<'_>) -> bool {
    let Entry { debt, ladder, .. } = view.entry;
    std::ptr::eq(debt, text.debt) || (ladder.group && text.ladder.group && debt.currency == text.debt.currency)
}

fn record<'a>(view: &View<'a>, dated: &Dated<'a>, day: Date, outcome: Outcome) -> Record<'a> {
    let done = Done { step: dated.step.id.clone(), cycle: dated.cycle, day, outcome };
    Record { debt: view.id(), done }
}
