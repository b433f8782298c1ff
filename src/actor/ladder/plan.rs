//! From a case as it was loaded to what is carried out.

use std::sync::Arc;

use jiff::civil::Date;

use crate::clock::Timestamp;
use crate::contact::calendar::{Calendar, Class};
use crate::contact::place::Residence;
use crate::dunning::case::Case;
use crate::dunning::ladder::{self, Done, Entry, Ladder, Outcome, Plan, Record, Situation, Track};
use crate::sms::message::Purpose;
use crate::sms::text::TextOptions;
use crate::store::ladder::{Carried, Exit, Loaded, Sending, Step};
use crate::store::portfolio::DebtKey;

use super::super::letter::{LetterError, Random, Written};
use super::Papers;
use super::letter::Letter;

/// What is needed beside a case.
#[derive(Debug)]
pub(in super::super) struct Means {
    pub(in super::super) papers: Arc<Papers>,
    pub(in super::super) calendar: Arc<Calendar>,
    pub(in super::super) text: TextOptions,
    pub(in super::super) now: Timestamp,
}

impl Means {
    /// Plans the day of a case and writes its text.
    pub(in super::super) fn plan(&self, loaded: &Loaded, random: Random) -> Carried {
        let entries = self.entries(loaded);
        let class = self.class(loaded);
        let holiday = |day: Date| class.as_ref().is_some_and(|class| self.calendar.is_holiday(class, day));
        let case = &loaded.case;
        let mut plan = ladder::plan(&situation(loaded, &entries, &holiday));
        let (sending, problem) = match self.letter(loaded, &plan, random) {
            Ok(sending) => (sending, None),
            Err(error) => {
                // It is tried again on the next day, and whenever something of the case changes.
                plan.text = None;
                plan.records.retain(|record| !matches!(record.done.outcome, Outcome::Queued | Outcome::Grouped));
                plan.next = case.today.tomorrow().ok().into_iter().chain(plan.next).min();
                (None, Some(error.into()))
            }
        };
        let row = |id: &str| Self::row(loaded, id);
        let goes_today = |done: &Done| matches!(done.outcome, Outcome::Queued | Outcome::Grouped);
        let step =
            |Record { debt, done }: Record<'_>| Some(Step { debt: row(debt)?, is_sending: goes_today(&done), done });
        let ladder = |entry: &Entry<'_>| Some((row(&entry.debt.id)?, entry.ladder.name.clone(), entry.ladder.version));
        Carried {
            key: loaded.key,
            revision: loaded.revision,
            day: case.today,
            sending,
            withdraw: plan
                .withdraw
                .iter()
                .filter_map(|(debt, step, cycle)| Some((row(debt)?, step.clone(), *cycle)))
                .collect(),
            ladders: entries.iter().filter_map(ladder).collect(),
            exits: plan
                .exits
                .iter()
                .filter_map(|exit| {
                    Some(Exit { debt: row(&exit.debt.id)?, step: exit.step.id.clone(), channel: exit.channel })
                })
                .collect(),
            steps: plan.records.into_iter().filter_map(step).collect(),
            next: plan.next,
            problem,
        }
    }

    /// Debts of a case that go by a ladder.
    pub(super) fn entries<'a>(&'a self, loaded: &'a Loaded) -> Vec<Entry<'a>> {
        let Loaded { case, tracks, .. } = loaded;
        case.debts.iter().zip(tracks).filter_map(|(debt, (_, track))| self.entry(case, debt, track)).collect()
    }

    fn entry<'a>(
        &'a self,
        case: &'a Case,
        debt: &'a crate::dunning::debt::Debt,
        track: &'a Track,
    ) -> Option<Entry<'a>> {
        let ladder = self.papers.ladders.get(Ladder::name_for(debt, &case.creditor)?)?;
        Some(Entry { debt, ladder, track })
    }

    fn row(loaded: &Loaded, id: &str) -> Option<DebtKey> {
        let place = loaded.case.debts.iter().position(|debt| debt.id == id)?;
        loaded.tracks.get(place).map(|(key, _)| *key)
    }

    /// Where the debtor lives, as far as the number tells.
    pub(super) fn class(&self, loaded: &Loaded) -> Option<Class> {
        let spots = self.calendar.atlas().spots(loaded.number?, &Residence::default());
        Some(Class::new(Purpose::Collection, spots))
    }

    pub(super) fn letter(
        &self,
        loaded: &Loaded,
        plan: &Plan<'_>,
        random: Random,
    ) -> Result<Option<Sending>, LetterError> {
        let Some(text) = &plan.text else { return Ok(None) };
        let letter = Letter { loaded, text, templates: &self.papers.templates, options: &self.text, now: self.now };
        let Written { submission, companion } = letter.write(random)?;
        let debts = text.debts.iter().filter_map(|debt| Self::row(loaded, &debt.id)).collect();
        Ok(Some(Sending { submission, companion, debts }))
    }
}

/// What a case is planned from.
pub(super) fn situation<'a>(
    loaded: &'a Loaded,
    entries: &'a [Entry<'a>],
    holiday: &'a dyn Fn(Date) -> bool,
) -> Situation<'a> {
    let Loaded { case, stop, is_unsettled, texted, .. } = loaded;
    Situation { case, entries, stop: *stop, is_unsettled: *is_unsettled, texted: *texted, holiday }
}
