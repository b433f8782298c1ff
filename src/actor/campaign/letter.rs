//! The text of a campaign as a message.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::dunning::campaign::Campaign;
use crate::pdu::{Address, AddressError, EncodeError};
use crate::sms::id::MessageId;
use crate::sms::message::{Body, Labels, Mode, OnUnknown, Origin, Purpose, Submission, VALIDITY_MAX};
use crate::sms::number::PhoneNumber;
use crate::sms::segment::Segments;
use crate::sms::text::{Encoding, TextError, TextOptions};
use crate::store::submit::Post;

use super::super::letter::another;

/// The name under which texts of campaigns stand in lists.
const CLIENT: &str = "campaign";

/// How long a text is valid where the campaign says nothing: caps and hours may hold it for days.
const VALIDITY: Duration = Duration::from_secs(7 * 86_400);

/// Randomness of one message: its name, and the reference of its parts.
pub type Random = [u8; 11];

/// Random octets of the system.
pub(super) fn random() -> Result<Random, getrandom::Error> {
    let mut octets = Random::default();
    getrandom::fill(&mut octets)?;
    Ok(octets)
}

/// Why a text is no message.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// It cannot be divided into parts.
    #[error(transparent)]
    Text(#[from] TextError),
    /// The number cannot be written.
    #[error("the number: {0}")]
    Number(#[from] AddressError),
    /// A part cannot be written.
    #[error("the parts: {0}")]
    Parts(#[from] EncodeError),
}

impl LetterError {
    /// The code in answers.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Text(TextError::Empty) => "empty",
            Self::Text(TextError::TooLong { .. }) => "too_long",
            Self::Text(TextError::NotEncodable { .. }) | Self::Number(_) | Self::Parts(_) => "not_encodable",
        }
    }
}

/// What a message is written from.
pub(super) struct Letter<'a> {
    pub(super) campaign: &'a Campaign,
    pub(super) to: PhoneNumber,
    pub(super) text: &'a str,
    pub(super) purpose: Purpose,
    pub(super) options: &'a TextOptions,
    pub(super) labels: Labels,
    pub(super) now: Timestamp,
}

impl Letter<'_> {
    pub(super) fn write(self, random: Random) -> Result<Submission, LetterError> {
        let Self { campaign, to, text, purpose, options, labels, now } = self;
        let [concat_ref, id @ ..] = random;
        let segments = Segments::new(text, options, concat_ref)?;
        let expires = expires(campaign, now);
        Ok(Submission {
            id: MessageId::new(now, id),
            client: CLIENT.to_owned(),
            client_ref: None,
            fingerprint: [0; 32],
            to,
            parts: segments.submits(Address::international(&to.e164())?, true)?,
            text: Body(segments.sent_text(text)),
            purpose,
            priority: campaign.priority,
            not_before: None,
            due: now,
            expires,
            encoding_asked: options.encoding.as_str(),
            encoding: segments.coding().encoding().as_str(),
            units: u32::try_from(segments.units()).unwrap_or(u32::MAX),
            on_unknown: OnUnknown::Hold,
            max_segments: None,
            sim: campaign.sim.clone(),
            group: campaign.group.clone(),
            report: true,
            labels,
            confirms_opt_out: false,
        })
    }
}

/// When the validity of what a campaign queues at a time ends.
pub fn expires(campaign: &Campaign, now: Timestamp) -> Timestamp {
    campaign.valid_until.unwrap_or(now + VALIDITY).min(now + VALIDITY_MAX)
}

/// The code that follows a text as a message of its own, as it is.
pub fn behind(first: &Submission, code: &str, random: Random) -> Result<Submission, LetterError> {
    let as_it_is = TextOptions { encoding: Encoding::Auto, national: Vec::new(), max_segments: 0 };
    let [concat_ref, id @ ..] = another(random);
    let segments = Segments::new(code, &as_it_is, concat_ref)?;
    Ok(Submission {
        id: MessageId::new(first.due, id),
        client_ref: None,
        fingerprint: [0; 32],
        parts: segments.submits(Address::international(&first.to.e164())?, first.report)?,
        text: Body(segments.sent_text(code)),
        // It goes before what else waits for the SIM that has carried its text.
        priority: (first.priority + 1).min(9),
        encoding_asked: as_it_is.encoding.as_str(),
        encoding: segments.coding().encoding().as_str(),
        units: u32::try_from(segments.units()).unwrap_or(u32::MAX),
        max_segments: None,
        ..first.clone()
    })
}

/// The text of somebody for one of our own numbers, to be looked at: in the same octets, with the code that follows it. It is of
/// no batch, about no debt, and counts for nobody.
pub fn trial(
    real: &Post,
    to: PhoneNumber,
    options: &TextOptions,
    now: Timestamp,
    random: Random,
) -> Result<Post, LetterError> {
    let text = &real.submission;
    // A text that holds a code is not encoded as others are.
    let encoding = Encoding::ALL.into_iter().find(|encoding| encoding.as_str() == text.encoding_asked);
    let options = TextOptions { encoding: encoding.unwrap_or(options.encoding), ..options.clone() };
    let [concat_ref, id @ ..] = random;
    let segments = Segments::new(&text.text.0, &options, concat_ref)?;
    let Labels { creditor, team, operator, origin, .. } = &text.labels;
    let origin = Origin { mode: Mode::Single, wording: origin.wording.clone(), ..Origin::default() };
    let submission = Submission {
        id: MessageId::new(now, id),
        to,
        parts: segments.submits(Address::international(&to.e164())?, true)?,
        purpose: Purpose::Operational,
        due: now,
        expires: now + Duration::from_secs(3600),
        labels: Labels {
            creditor: creditor.clone(),
            team: team.clone(),
            operator: operator.clone(),
            origin,
            ..Labels::default()
        },
        ..text.clone()
    };
    let follows = real.companion.as_ref().map(|code| behind(&submission, &code.text.0, random));
    Ok(Post { companion: follows.transpose()?, submission, basis: None })
}
