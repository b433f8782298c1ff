//! The text of a step as a message.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::clock::Timestamp;
use crate::dunning::case::Case;
use crate::dunning::ladder::{Text, each_once};
use crate::dunning::template::Compiled;
use crate::sms::message::{Labels, Mode, Origin};
use crate::sms::text::TextOptions;
use crate::store::ladder::Loaded;

use super::super::letter::{Draft, LetterError, Random, Written};

/// The name under which texts of ladders stand in lists.
const CLIENT: &str = "ladder";

/// A text that is held by caps or hours waits so long for its turn; a later step overtakes it before.
const VALIDITY: Duration = Duration::from_secs(7 * 86_400);

/// What a message is written from.
#[derive(Debug)]
pub(super) struct Letter<'a> {
    pub(super) loaded: &'a Loaded,
    pub(super) text: &'a Text<'a>,
    pub(super) templates: &'a BTreeMap<String, Compiled>,
    pub(super) options: &'a TextOptions,
    pub(super) now: Timestamp,
}

impl Letter<'_> {
    pub(super) fn write(&self, random: Random) -> Result<Written, LetterError> {
        let Self { loaded, text, now, .. } = *self;
        let no_template = || LetterError::NoTemplate { name: text.template.to_owned() };
        let template = self.templates.get(text.template).ok_or_else(no_template)?;
        let to = loaded.number.ok_or(LetterError::NoNumber)?;
        // It speaks of the debts that travel with it, and of no other; of one that was taken in twice, once.
        let debts = each_once(&text.debts).into_iter().cloned().collect();
        let case = Case { debts, ..loaded.case.clone() };
        let zone = &case.creditor.zone;
        let due = text.at.and_then(|at| time_of(case.today, at, zone)).map_or(now, |at| at.max(now));
        let expires =
            text.last.and_then(|last| end_of(last, zone)).map_or(due + VALIDITY, |end| end.min(due + VALIDITY));
        let labels = self.labels(&case);
        let draft =
            Draft { client: CLIENT, template, case: &case, to, options: self.options, now, due, expires, labels };
        draft.write(random)
    }

    fn labels(&self, case: &Case) -> Labels {
        let Text { ladder, step, .. } = self.text;
        Labels {
            debtor: Some(case.debtor.id.clone()),
            debt: Some(self.text.debt.id.clone()),
            creditor: Some(case.creditor.id.clone()),
            batch: Some(format!("ladder {}", ladder.name)),
            origin: Origin {
                mode: Mode::Ladder,
                ladder: Some(ladder.name.clone()),
                step: Some(step.id.0.clone()),
                segment: step.segment.label.0.clone(),
                ..Origin::default()
            },
            ..Labels::default()
        }
    }
}

fn time_of(day: Date, at: jiff::civil::Time, zone: &TimeZone) -> Option<Timestamp> {
    day.to_datetime(at).to_zoned(zone.clone()).ok().map(|at| Timestamp::from_jiff(at.timestamp()))
}

/// The end of a day.
fn end_of(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    let next = day.tomorrow().ok()?.to_zoned(zone.clone()).ok()?;
    Some(Timestamp::from_jiff(next.timestamp()))
}
