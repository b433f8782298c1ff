//! What ladders would do on a day, with nothing carried out: who gets what and when, and why others do not.
//!
//! A day to come is reached through those before it, as if every text of theirs were sent on its day and nothing else
//! happened. Of what the gate would say of a text on its day is told what is known already: the hours, what the debtor has said,
//! and whether the number is confirmed. The rest depends on what comes until then.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;

use crate::clock::Timestamp;
use crate::contact::calendar::{Class, Window};
use crate::contact::{Habit, Lasts, Obstacle, Reason, bounds};
use crate::dunning::creditor::Creditor;
use crate::dunning::debt::Status;
use crate::dunning::ladder::{self, Channel, Done, Ladder, Outcome, Plan, Planned, Twins, Why, twins};
use crate::sms::message::{Purpose, Submission};
use crate::store::StoreError;
use crate::store::ladder::{CaseKey, Loaded, NoText};
use crate::store::reader::Reader;

use super::super::letter::Random;
use super::plan::{Means, situation};
use super::review::{Doubt, long_text, look_like_one};
use super::{BEGINS, Handle, Papers};

/// Days that are gone through to reach a day to come: more is a mistake.
pub const DAYS_MAX: i32 = 400;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question {
    /// Debts of this ladder.
    pub ladder: String,
    /// To this creditor.
    pub creditor: Option<String>,
    /// On this day of each creditor; today if none is named.
    pub date: Option<Date>,
    /// After this case.
    pub after: Option<CaseKey>,
    /// At most so many cases.
    pub limit: u32,
    /// Whether texts that ask for payment wait until the number is confirmed.
    pub confirm_numbers: bool,
}

/// What is foreseen of some cases.
#[derive(Debug, Default)]
pub struct Foreseen {
    /// What the day brings, by debtor.
    pub steps: Vec<ForeseenStep>,
    /// How many cases were looked at.
    pub cases: u64,
    /// The last of them, if there may be more.
    pub last: Option<CaseKey>,
    /// What is doubtful about them: one debt under two ids, texts of more than one part.
    pub doubts: Vec<Doubt>,
}

/// What a day brings to a debt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeseenStep {
    /// Who owes, by the caller's id.
    pub debtor: String,
    /// To whom, by the caller's id.
    pub creditor: String,
    /// The debt, by the caller's id.
    pub debt: String,
    /// The step.
    pub step: String,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It goes as a text.
    Text {
        /// From which template.
        template: String,
        /// From when: not before the hours of contact allow it.
        not_before: Timestamp,
        /// In how many parts, those of a code too.
        parts: usize,
        /// In how many parts without the code that follows.
        text_parts: usize,
    },
    /// The debt travels in the text of another one.
    With {
        /// Of this.
        debt: String,
    },
    /// It is in the queue already.
    Queued,
    /// It is left to another channel.
    Exit(Channel),
    /// Its text cannot be written.
    Problem(NoText),
    /// It would wait: for what the debtor said, or until the number is confirmed.
    Held {
        /// For what.
        reason: Reason,
        /// The last day of that, where it is known.
        until: Option<Date>,
    },
    /// It is not done.
    Skipped {
        /// Why.
        why: Why,
        /// The last day of that, where it is known.
        until: Option<Date>,
    },
}

impl Handle {
    /// Foresees a day.
    pub fn foresee(&self, reader: &Reader, question: &Question, now: Timestamp) -> Result<Foreseen, StoreError> {
        let papers = Arc::new(Papers::read(reader)?);
        let creditors: HashMap<i64, Arc<Creditor>> = reader.creditor_rows()?.into_iter().collect();
        let Question { ladder, creditor, date, after, limit, confirm_numbers } = question;
        let keys = reader.cases_on(ladder, creditor.as_deref(), *after, *limit)?;
        let mut foreseen = Foreseen { cases: keys.len() as u64, ..Foreseen::default() };
        foreseen.last = keys.last().copied().filter(|_| keys.len() >= usize::try_from(*limit).unwrap_or(usize::MAX));
        let mut longest: BTreeMap<String, usize> = BTreeMap::new();
        for keys in keys.chunk_by(|one, other| one.rows().0 == other.rows().0) {
            let creditor = keys.first().and_then(|key| creditors.get(&key.rows().0));
            let Some(creditor) = creditor else { continue };
            let today = now.to_jiff().map_or(Date::MAX, |now| now.to_zoned(creditor.zone.clone()).date());
            // What cannot be read is not planned either.
            for loaded in reader.cases(keys, creditor, today, now)?.into_iter().flatten() {
                let of_ladder = |twins: &&Twins<'_>| [twins.one.1, twins.other.1].contains(&ladder.as_str());
                foreseen.doubts.extend(twins(&loaded.case.debts, creditor).iter().filter(of_ladder).map(look_like_one));
                let means = Means {
                    papers: Arc::clone(&papers),
                    calendar: Arc::clone(&self.calendar.borrow()),
                    text: self.text.clone(),
                    now,
                };
                let habit = reader.habit(&loaded.case.debtor.id)?.unwrap_or_default();
                let steps = Walk { means, loaded, ladder, habit, confirm_numbers: *confirm_numbers };
                let steps = steps.to(date.unwrap_or(today));
                for step in &steps {
                    if let Fate::Text { template, text_parts, .. } = &step.fate {
                        let most = longest.entry(template.clone()).or_default();
                        *most = (*most).max(*text_parts);
                    }
                }
                foreseen.steps.extend(steps);
            }
        }
        let long = |(template, parts)| long_text(&format!("template {template}"), parts, " of this day");
        foreseen.doubts.extend(longest.into_iter().filter_map(long));
        Ok(foreseen)
    }
}

/// A case on its way through the days.
struct Walk<'a> {
    means: Means,
    loaded: Loaded,
    ladder: &'a str,
    habit: Habit,
    confirm_numbers: bool,
}

impl Walk<'_> {
    fn to(mut self, date: Date) -> Vec<ForeseenStep> {
        for _ in 0..=DAYS_MAX {
            let today = self.loaded.case.today;
            if today >= date {
                return self.day(Self::steps);
            }
            let (records, next) = self.day(|walk, plan| {
                let row = |id: &str| walk.loaded.case.debts.iter().position(|debt| debt.id == id);
                let records = plan.records.iter().filter_map(|record| Some((row(record.debt)?, record.done.clone())));
                (records.collect::<Vec<_>>(), plan.next)
            });
            self.live(records);
            let tomorrow = today.tomorrow().unwrap_or(date);
            self.loaded.case.today = next.map_or(date, |next| next.max(tomorrow)).min(date);
            self.means.now = begin_of(self.loaded.case.today, &self.loaded.case.creditor).unwrap_or(self.means.now);
        }
        Vec::new()
    }

    /// Plans the day that it has come to.
    fn day<T>(&self, look: impl FnOnce(&Self, &Plan<'_>) -> T) -> T {
        let class = self.means.class(&self.loaded);
        let holiday = |day: Date| class.as_ref().is_some_and(|class| self.means.calendar.is_holiday(class, day));
        let entries = self.means.entries(&self.loaded);
        look(self, &ladder::plan(&situation(&self.loaded, &entries, &holiday)))
    }

    /// Notes what a day has brought, as if all of it were sent.
    fn live(&mut self, records: Vec<(usize, Done)>) {
        let today = self.loaded.case.today;
        let creditor = Arc::clone(&self.loaded.case.creditor);
        for (place, done) in records {
            let Some((_, track)) = self.loaded.tracks.get_mut(place) else { continue };
            track.done.retain(|one| one.step != done.step || one.cycle != done.cycle);
            track.done.push(done);
        }
        for (debt, (_, track)) in self.loaded.case.debts.iter().zip(&mut self.loaded.tracks) {
            for done in &mut track.done {
                if matches!(done.outcome, Outcome::Queued | Outcome::Grouped) {
                    (done.outcome, done.day) = (Outcome::Sent, today);
                }
            }
            let name = Ladder::name_for(debt, &creditor);
            if let Some(ladder) = name.and_then(|name| self.means.papers.ladder(name)) {
                let (name, version) = (Some(ladder.name.clone()), ladder.version);
                track.planned = Some(Planned { day: today, ladder: name, version });
            }
        }
    }

    /// What the day brings to debts of the ladder.
    fn steps(&self, plan: &Plan<'_>) -> Vec<ForeseenStep> {
        let case = &self.loaded.case;
        let is_on = |id: &str| {
            let debt = case.debts.iter().find(|debt| debt.id == id);
            debt.is_some_and(|debt| Ladder::name_for(debt, &case.creditor) == Some(self.ladder))
        };
        let step = |debt: &str, step: &str, fate: Fate| ForeseenStep {
            debtor: case.debtor.id.clone(),
            creditor: case.creditor.id.clone(),
            debt: debt.to_owned(),
            step: step.to_owned(),
            fate,
        };
        let letter = self.means.letter(&self.loaded, plan, Random::default());
        let lead = plan.text.as_ref().map(|text| text.debt.id.as_str());
        let mut steps = Vec::new();
        let held = letter.as_ref().ok().and_then(Option::as_ref).and_then(|text| self.held(text.submission.purpose));
        for record in &plan.records {
            let fate = match (record.done.outcome, lead, &letter, &held) {
                (Outcome::Queued | Outcome::Grouped, _, Err(error), _) => Fate::Problem(error.clone().into()),
                // It is put in the queue, and waits there.
                (Outcome::Queued | Outcome::Grouped, Some(_), Ok(_), Some(held)) => held.clone(),
                (Outcome::Queued, _, Ok(Some(sending)), _) => Fate::Text {
                    template: plan.text.as_ref().map_or_else(String::new, |text| text.template.to_owned()),
                    not_before: self.opening(&sending.submission),
                    parts: [Some(&sending.submission), sending.companion.as_ref()]
                        .into_iter()
                        .flatten()
                        .map(|message| message.parts.len())
                        .sum(),
                    text_parts: sending.submission.parts.len(),
                },
                (Outcome::Grouped, Some(lead), Ok(_), _) => Fate::With { debt: lead.to_owned() },
                (Outcome::Grouped | Outcome::Queued, _, Ok(_), _) => Fate::Queued,
                (Outcome::Left, ..) => {
                    let exit = plan.exits.iter().find(|exit| exit.debt.id == record.debt);
                    let Some(exit) = exit else { continue };
                    Fate::Exit(exit.channel)
                }
                (Outcome::Waiting | Outcome::Sent | Outcome::Dropped, ..) => continue,
            };
            steps.push(step(record.debt, &record.done.step.0, fate));
        }
        // Of what waits in the queue and is not touched today nothing is recorded.
        for (debt, (_, track)) in case.debts.iter().zip(&self.loaded.tracks) {
            for done in track.done.iter().filter(|done| matches!(done.outcome, Outcome::Queued | Outcome::Grouped)) {
                let is_told = |one: &ladder::Record<'_>| {
                    one.debt == debt.id && one.done.step == done.step && one.done.cycle == done.cycle
                };
                if !plan.records.iter().any(is_told) {
                    steps.push(step(&debt.id, &done.step.0, Fate::Queued));
                }
            }
        }
        for skipped in &plan.skipped {
            let until = self.until(skipped.debt, &skipped.why);
            steps.push(step(skipped.debt, &skipped.step.0, Fate::Skipped { why: skipped.why.clone(), until }));
        }
        steps.retain(|step| is_on(&step.debt));
        steps
    }

    /// When the hours of contact let a text go first.
    fn opening(&self, text: &Submission) -> Timestamp {
        let calendar = &self.means.calendar;
        let residence = self.habit.residence(calendar.atlas());
        let class = Class::new(text.purpose, calendar.atlas().spots(text.to, &residence));
        match calendar.window(&class, self.habit.hours().as_ref(), text.due) {
            Window::Open { .. } => text.due,
            Window::Closed { next_opening, .. } => next_opening.unwrap_or(text.due),
        }
    }

    /// What holds every text of a purpose to the debtor.
    fn held(&self, purpose: Purpose) -> Option<Fate> {
        if !bounds(purpose).minds_standing {
            return None;
        }
        let Loaded { standing, is_confirmed, case, .. } = &self.loaded;
        let is_held = purpose != Purpose::Promotion || standing.holds_offers();
        let obstacle = standing.obstacle(self.means.now).filter(|_| is_held);
        let day = |at: Timestamp| at.to_jiff().map(|at| at.to_zoned(case.creditor.zone.clone()).date());
        let until = |lasts| match lasts {
            // Its end is the beginning of the day after.
            Lasts::Until(at) => day(at - Duration::from_millis(1)),
            Lasts::Open | Lasts::ForGood => None,
        };
        let held = obstacle.map(|Obstacle { reason, lasts }| Fate::Held { reason, until: until(lasts) });
        let unconfirmed = || Fate::Held { reason: Reason::Unconfirmed, until: None };
        held.or_else(|| (self.confirm_numbers && !is_confirmed).then(unconfirmed))
    }

    fn until(&self, debt: &str, why: &Why) -> Option<Date> {
        let Loaded { case, tracks, .. } = &self.loaded;
        match why {
            Why::Promise => {
                let place = case.debts.iter().position(|one| one.id == debt)?;
                let ends = tracks.get(place).and_then(|(_, track)| track.promise);
                ends.or_else(|| case.debts.get(place).map(|debt| debt.status).and_then(Status::until))
            }
            Why::OtherText | Why::Unsettled => Some(case.today),
            Why::Person(_)
            | Why::Status(_)
            | Why::Passed
            | Why::TooLate
            | Why::Segment
            | Why::Overtaken { .. }
            | Why::BureauFirst => None,
        }
    }
}

/// When a day begins for ladders.
fn begin_of(day: Date, creditor: &Creditor) -> Option<Timestamp> {
    let begins = day.to_datetime(BEGINS).to_zoned(creditor.zone.clone());
    begins.ok().map(|begins| Timestamp::from_jiff(begins.timestamp()))
}
