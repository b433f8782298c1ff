//! The text of a step as a message.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::clock::Timestamp;
use crate::dunning::case::Case;
use crate::dunning::ladder::Text;
use crate::dunning::template::{Compiled, RenderError, Rendered};
use crate::pdu::{Address, AddressError, EncodeError};
use crate::sms::id::MessageId;
use crate::sms::message::{Body, Labels, Mode, OnUnknown, Origin, Submission, Wording};
use crate::sms::segment::Segments;
use crate::sms::text::{Encoding, TextError, TextOptions};
use crate::store::ladder::Loaded;

/// The name under which texts of ladders stand in lists.
const CLIENT: &str = "ladder";

/// A text that is held by caps or hours waits so long for its turn; a later step overtakes it before.
const VALIDITY: Duration = Duration::from_secs(7 * 86_400);

/// As urgent as what asks for nothing else.
const PRIORITY: u8 = 5;

/// Randomness of one message: its name, and the reference of its parts.
pub(in super::super) type Random = [u8; 11];

/// Why a step has no text.
#[derive(Debug, thiserror::Error)]
pub(super) enum LetterError {
    #[error("no template {name:?} is approved")]
    NoTemplate { name: String },
    #[error("the debtor has no number that may be texted")]
    NoNumber,
    #[error("template {name:?}: {error}")]
    Template { name: String, error: RenderError },
    #[error("template {name:?}: {error}")]
    Text { name: String, error: TextError },
    #[error("the number: {0}")]
    Number(#[from] AddressError),
    #[error("the parts: {0}")]
    Parts(#[from] EncodeError),
}

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
    pub(super) fn write(&self, random: Random) -> Result<Submission, LetterError> {
        let Self { loaded, text, now, .. } = *self;
        let name = || text.template.to_owned();
        let template = self.templates.get(text.template).ok_or_else(|| LetterError::NoTemplate { name: name() })?;
        let to = loaded.number.ok_or(LetterError::NoNumber)?;
        // It speaks of the debts that travel with it, and of no other.
        let case = Case { debts: text.debts.iter().map(|debt| (*debt).clone()).collect(), ..loaded.case.clone() };
        let rendered = template.render(&case).map_err(|error| LetterError::Template { name: name(), error })?;
        // No character of a code may be replaced.
        let encoding = if rendered.holds_code { Encoding::Auto } else { self.options.encoding };
        let options = TextOptions { encoding, ..self.options.clone() };
        let [concat_ref, id @ ..] = random;
        let segments = Segments::new(&rendered.text, &options, concat_ref)
            .map_err(|error| LetterError::Text { name: name(), error })?;
        let zone = &case.creditor.zone;
        let due = text.at.and_then(|at| time_of(case.today, at, zone)).map_or(now, |at| at.max(now));
        let expires =
            text.last.and_then(|last| end_of(last, zone)).map_or(due + VALIDITY, |end| end.min(due + VALIDITY));
        Ok(Submission {
            id: MessageId::new(now, id),
            client: CLIENT.to_owned(),
            client_ref: None,
            fingerprint: [0; 32],
            to,
            parts: segments.submits(Address::international(&to.e164())?, true)?,
            text: Body(segments.sent_text(&rendered.text)),
            purpose: template.template().purpose,
            priority: PRIORITY,
            not_before: None,
            due,
            expires,
            encoding_asked: encoding.as_str(),
            encoding: segments.coding().encoding().as_str(),
            units: u32::try_from(segments.units()).unwrap_or(u32::MAX),
            on_unknown: OnUnknown::Hold,
            max_segments: None,
            sim: None,
            group: None,
            report: true,
            labels: self.labels(&case, rendered),
            confirms_opt_out: false,
        })
    }

    fn labels(&self, case: &Case, rendered: Rendered) -> Labels {
        let Text { ladder, step, template, .. } = self.text;
        Labels {
            debtor: Some(case.debtor.id.clone()),
            debt: Some(self.text.debt.id.clone()),
            creditor: Some(case.creditor.id.clone()),
            batch: Some(format!("ladder {}", ladder.name)),
            origin: Origin {
                mode: Mode::Ladder,
                ladder: Some(ladder.name.clone()),
                step: Some(step.id.0.clone()),
                segment: step.segment.label.0.clone().or(rendered.segment),
                wording: Some(Wording {
                    template: (*template).to_owned(),
                    version: rendered.version,
                    arm: rendered.arm,
                }),
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
