//! A template filled for a case: the message, and the code that follows it.

use crate::clock::Timestamp;
use crate::dunning::case::Case;
use crate::dunning::operands::Operands;
use crate::dunning::template::{Compiled, RenderError};
use crate::pdu::{Address, AddressError, EncodeError};
use crate::sms::id::MessageId;
use crate::sms::message::{Body, Labels, OnUnknown, Submission, Wording};
use crate::sms::number::PhoneNumber;
use crate::sms::segment::Segments;
use crate::sms::text::{Encoding, TextError, TextOptions};
use crate::store::ladder::NoText;

/// As urgent as what asks for nothing else.
const PRIORITY: u8 = 5;

/// A code goes before what else waits for the SIM that has carried its text.
const PRIORITY_OF_CODE: u8 = PRIORITY + 1;

/// Randomness of one message and its companion: their names, and the references of their parts.
pub(crate) type Random = [u8; 11];

/// Why there is no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LetterError {
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

impl LetterError {
    /// The code in answers.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NoTemplate { .. } => "no_template",
            Self::NoNumber => "no_number",
            Self::Template { error, .. } => error.code(),
            Self::Text { error: TextError::Empty, .. } => "empty",
            Self::Text { error: TextError::TooLong { .. }, .. } => "too_long",
            Self::Text { error: TextError::NotEncodable { .. }, .. } | Self::Number(_) | Self::Parts(_) => {
                "not_encodable"
            }
        }
    }

    /// What it is about, by name.
    fn operands(&self) -> Operands {
        match self {
            Self::NoTemplate { name } | Self::Text { name, .. } => Operands::of("template", name),
            Self::Template { name, error } => {
                let of = Operands::of("template", name);
                match error {
                    RenderError::UnknownText { name } => of.and("text", name),
                    RenderError::Unfilled { variable } => of.and("variable", variable),
                    RenderError::Refused { line } => of.and("line", line),
                    RenderError::NoText | RenderError::TooLong | RenderError::Empty => of,
                }
            }
            Self::NoNumber | Self::Number(_) | Self::Parts(_) => Operands::none(),
        }
    }
}

impl From<LetterError> for NoText {
    fn from(error: LetterError) -> Self {
        Self::new(error.code(), error.operands(), error.to_string())
    }
}

/// What a message is written from.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    /// Who submits it.
    pub(crate) client: &'a str,
    /// What it says.
    pub(crate) template: &'a Compiled,
    /// To whom and about what.
    pub(crate) case: &'a Case,
    /// The number.
    pub(crate) to: PhoneNumber,
    /// How it is encoded.
    pub(crate) options: &'a TextOptions,
    /// When it is written.
    pub(crate) now: Timestamp,
    /// When its time comes.
    pub(crate) due: Timestamp,
    /// When its time is over.
    pub(crate) expires: Timestamp,
    /// Whose it is and how it came about, but for the wording.
    pub(crate) labels: Labels,
}

/// A message with what follows it.
#[derive(Debug)]
pub(crate) struct Written {
    /// The message.
    pub(crate) submission: Submission,
    /// The code that follows.
    pub(crate) companion: Option<Submission>,
}

impl Draft<'_> {
    /// Fills the template.
    pub(crate) fn write(&self, random: Random) -> Result<Written, LetterError> {
        let name = || self.template.template().name.clone();
        let rendered =
            self.template.render(self.case).map_err(|error| LetterError::Template { name: name(), error })?;
        let mut labels = self.labels.clone();
        labels.origin.wording =
            Some(Wording { template: name(), version: rendered.version, arm: rendered.arm.clone() });
        labels.origin.segment = labels.origin.segment.or_else(|| rendered.segment.clone());
        // No character of a code may be replaced.
        let encoding = if rendered.holds_code { Encoding::Auto } else { self.options.encoding };
        let options = TextOptions { encoding, ..self.options.clone() };
        let submission = self.submission(&rendered.text, &options, labels.clone(), random)?;
        let as_it_is = TextOptions { encoding: Encoding::Auto, national: Vec::new(), max_segments: 0 };
        let companion = rendered.companion.as_deref().map(|code| {
            let companion = self.submission(code, &as_it_is, labels, another(random))?;
            Ok::<_, LetterError>(Submission { priority: PRIORITY_OF_CODE, ..companion })
        });
        Ok(Written { submission, companion: companion.transpose()? })
    }

    fn submission(
        &self,
        text: &str,
        options: &TextOptions,
        labels: Labels,
        random: Random,
    ) -> Result<Submission, LetterError> {
        let [concat_ref, id @ ..] = random;
        let template = self.template.template();
        let segments = Segments::new(text, options, concat_ref)
            .map_err(|error| LetterError::Text { name: template.name.clone(), error })?;
        Ok(Submission {
            id: MessageId::new(self.now, id),
            client: self.client.to_owned(),
            client_ref: None,
            fingerprint: [0; 32],
            to: self.to,
            parts: segments.submits(Address::international(&self.to.e164())?, true)?,
            text: Body(segments.sent_text(text)),
            purpose: template.purpose,
            priority: PRIORITY,
            not_before: None,
            due: self.due,
            expires: self.expires,
            encoding_asked: options.encoding.as_str(),
            encoding: segments.coding().encoding().as_str(),
            units: u32::try_from(segments.units()).unwrap_or(u32::MAX),
            on_unknown: OnUnknown::Hold,
            max_segments: None,
            sim: None,
            group: None,
            report: true,
            labels,
            confirms_opt_out: false,
        })
    }
}

/// The name and reference next to these.
pub(super) fn another(random: Random) -> Random {
    let [concat_ref, id @ .., last] = random;
    let mut next = [concat_ref.wrapping_add(1); 11];
    if let Some(rest) = next.get_mut(1..10) {
        rest.copy_from_slice(&id);
    }
    if let Some(octet) = next.last_mut() {
        *octet = last ^ 1;
    }
    next
}
