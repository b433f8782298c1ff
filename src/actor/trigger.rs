//! Texts at events: what happens to a debt brings the text that its creditor has for it, or that the event names.
//!
//! The text is written from the case as it will be, beside the writer's thread; the writer takes event and text in together,
//! and only if the case is still the one that the text was written from.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;

use crate::clock::Timestamp;
use crate::contact::calendar::{Calendar, Class, Window};
use crate::contact::{Habit, bounds};
use crate::dunning::case::{Case, Happened};
use crate::dunning::creditor::Creditor;
use crate::dunning::debt::Status;
use crate::dunning::event::Happening;
use crate::dunning::template::Compiled;
use crate::sms::message::{Labels, Mode, Origin, Purpose};
use crate::sms::number::PhoneNumber;
use crate::sms::text::TextOptions;
use crate::store::StoreError;
use crate::store::ladder::{Loaded, Sending};
use crate::store::portfolio::happening::{HappeningAnswer, Prompt, Told, Untold};
use crate::store::reader::Reader;

use super::letter::{Draft, LetterError, Random, Written};
use super::writer::{Handle, WriteError};

/// The name under which texts at events stand in lists.
const CLIENT: &str = "event";

/// A text that asks for something at an event is old news so long after the hours in which it may go have begun.
const VALIDITY: Duration = Duration::from_secs(86_400);

/// Thanks, and what was agreed, are worth reading for as long as texts of ladders are.
const VALIDITY_OF_CONFIRMATION: Duration = Duration::from_secs(7 * 86_400);

/// How often a text is written anew because its case has changed meanwhile. After that the event goes without, and says so.
const ATTEMPTS: u8 = 16;

/// What the debtor is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// What the creditor has for such events, if anything.
    AsTheCreditorHas,
    /// This template.
    Template(String),
    /// Nothing.
    Nothing,
}

/// Why an event was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum TellError {
    /// The case cannot be read.
    #[error(transparent)]
    Read(#[from] StoreError),
    /// The event cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The reading ended badly.
    #[error("a reading task ended badly")]
    Ended,
    /// The system gives no random octets.
    #[error("random octets: {0}")]
    Random(#[from] getrandom::Error),
}

/// Where events are taken in, and what their texts are written with.
#[derive(Debug, Clone)]
pub struct Desk {
    /// Where cases are read.
    pub reader: Arc<Reader>,
    /// Where events are written.
    pub writer: Handle,
    /// How texts are encoded.
    pub text: TextOptions,
    /// When they may go.
    pub calendar: Arc<Calendar>,
}

impl Desk {
    /// Takes an event in with the text about it. `now` tells the time.
    pub async fn tell(
        &self,
        told: Told,
        wish: Wish,
        now: impl Fn() -> Timestamp,
    ) -> Result<HappeningAnswer, TellError> {
        for _ in 0..ATTEMPTS {
            let mut random = Random::default();
            getrandom::fill(&mut random)?;
            let (desk, at) = (self.clone(), now());
            let (asked, event) = (wish.clone(), told.clone());
            let read = move || desk.means().prompt(&event, &asked, at, random);
            let prompt = tokio::task::spawn_blocking(read).await.map_err(|_panicked| TellError::Ended)??;
            if let Some(answer) = self.writer.happen_and_tell(told.clone(), prompt).await? {
                return Ok(answer);
            }
        }
        Ok(self.writer.happen_untold(told, changing()).await?)
    }

    fn means(&self) -> Means<'_> {
        Means { reader: &self.reader, options: &self.text, calendar: &self.calendar }
    }
}

/// What texts are written with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Means<'a> {
    pub(super) reader: &'a Reader,
    pub(super) options: &'a TextOptions,
    pub(super) calendar: &'a Calendar,
}

/// Why a text is left out that was out of date whenever it was written.
fn changing() -> Untold {
    let detail = format!("the debtor's debts changed {ATTEMPTS} times while it was written; it is left out");
    Untold { code: "changing".to_owned(), detail }
}

impl Means<'_> {
    /// The text about an event that is about to be told; `None` where nothing is to be said, or nothing is known of the debt.
    pub(super) fn prompt(
        self,
        told: &Told,
        wish: &Wish,
        now: Timestamp,
        random: Random,
    ) -> Result<Option<Prompt>, StoreError> {
        let Some(debt) = self.reader.debt(&told.debt)? else { return Ok(None) };
        let mut creditors = self.reader.creditors()?.into_iter();
        let creditor = creditors.find(|creditor| creditor.id == debt.creditor).map(Arc::new);
        let Some(creditor) = creditor else { return Ok(None) };
        let template = match wish {
            Wish::Nothing => None,
            Wish::Template(name) => Some(name),
            Wish::AsTheCreditorHas => creditor.triggers.get(told.happening.name()),
        };
        let Some(template) = template else { return Ok(None) };
        let today = today(&creditor, now);
        let Some(loaded) = self.reader.case_of(&debt.debtor, &creditor, today, now)? else { return Ok(None) };
        let habit = self.reader.habit(&debt.debtor)?.unwrap_or_default();
        let used = self.reader.template_in_use(template)?.and_then(|view| view.template.compile().ok());
        let no_template = || LetterError::NoTemplate { name: template.clone() };
        let text = match used.ok_or_else(no_template).map_err(|error| untold(&error)) {
            Ok(used) => Event { told, loaded: &loaded, template: &used, habit: &habit, now }.text(self, random),
            Err(untold) => Err(untold),
        };
        Ok(Some(Prompt { key: loaded.key, revision: loaded.revision, text }))
    }

    /// When a text that is written now is not worth sending any more. What may not go yet has its time before it.
    fn expires(self, purpose: Purpose, to: PhoneNumber, habit: &Habit, now: Timestamp) -> Timestamp {
        let atlas = self.calendar.atlas();
        let class = Class::new(purpose, atlas.spots(to, &habit.residence(atlas)));
        let begins = match self.calendar.window(&class, habit.hours().as_ref(), now) {
            Window::Closed { next_opening, .. } => next_opening.unwrap_or(now),
            Window::Open { .. } => now,
        };
        begins + if purpose == Purpose::Confirmation { VALIDITY_OF_CONFIRMATION } else { VALIDITY }
    }
}

/// The day of a creditor.
fn today(creditor: &Creditor, now: Timestamp) -> Date {
    now.to_jiff().map_or(Date::MAX, |now| now.to_zoned(creditor.zone.clone()).date())
}

/// An event of a debt, and what is said about it.
struct Event<'a> {
    told: &'a Told,
    loaded: &'a Loaded,
    template: &'a Compiled,
    habit: &'a Habit,
    now: Timestamp,
}

impl Event<'_> {
    fn text(&self, means: Means<'_>, random: Random) -> Result<Sending, Untold> {
        let Self { told, loaded, template, habit, now } = *self;
        let place = loaded.case.debts.iter().position(|debt| debt.id == told.debt);
        let found = place.and_then(|place| loaded.case.debts.get(place).zip(loaded.tracks.get(place)));
        let Some((before, (row, _))) = found else {
            return Err(Untold { code: "no_debt".to_owned(), detail: "the debt cannot be read".to_owned() });
        };
        if !before.status.is_owed() && told.happening != Happening::Reopened {
            let detail = format!("the debt is {} already, and this changes nothing", before.status.name());
            return Err(Untold { code: "not_owed".to_owned(), detail });
        }
        let mut after = before.clone();
        told.happening.apply(&mut after);
        let purpose = template.template().purpose;
        let asks = bounds(purpose).minds_standing && purpose != Purpose::Promotion;
        if asks && after.status != Status::Open {
            let code = "purpose".to_owned();
            let (status, confirmation) = (after.status.name(), Purpose::Confirmation.name());
            let detail = format!(
                "a text of purpose {} is held while the debt is {status}; give the template the purpose {confirmation}",
                purpose.name()
            );
            return Err(Untold { code, detail });
        }
        let to = loaded.number.ok_or_else(|| untold(&LetterError::NoNumber))?;
        let happened = Some(Happened::new(told.happening, before, &after));
        let case = Case { debts: vec![after], happened, ..loaded.case.clone() };
        let labels = Labels {
            debtor: Some(case.debtor.id.clone()),
            debt: Some(told.debt.clone()),
            creditor: Some(case.creditor.id.clone()),
            origin: Origin { mode: Mode::Event, ..Origin::default() },
            ..Labels::default()
        };
        let expires = means.expires(purpose, to, habit, now);
        let options = means.options;
        let draft = Draft { client: CLIENT, template, case: &case, to, options, now, due: now, expires, labels };
        let Written { submission, companion } = draft.write(random).map_err(|error| untold(&error))?;
        Ok(Sending { submission, companion, debts: vec![*row] })
    }
}

fn untold(error: &LetterError) -> Untold {
    Untold { code: error.code().to_owned(), detail: error.to_string() }
}
