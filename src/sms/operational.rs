//! Texts of Recado's own: self-tests and alarms, to numbers of the company that runs it, and questions to its operators.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::pdu::{Address, AddressError, EncodeError};

use super::id::MessageId;
use super::message::{Body, Labels, OnUnknown, Purpose, Submission};
use super::number::PhoneNumber;
use super::segment::Segments;
use super::text::{Encoding, TextError, TextOptions};

/// A self-test that could not go for so long is tried anew.
const TEST_VALIDITY: Duration = Duration::from_secs(24 * 60 * 60);

/// An alarm that no SIM could carry for so long was seen elsewhere. It is withdrawn as soon as it is over.
const ALARM_VALIDITY: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A question is asked again in a day, and its answer waited for as long as this.
const QUESTION_VALIDITY: Duration = Duration::from_secs(60 * 60);

/// Parts of the longest.
const PARTS: u8 = 3;

/// The name under which they stand in lists.
pub const CLIENT: &str = "recado";

/// Why such a text cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OperationalError {
    /// The text.
    #[error(transparent)]
    Text(#[from] TextError),
    /// The number.
    #[error(transparent)]
    Number(#[from] AddressError),
    /// Its parts.
    #[error(transparent)]
    Part(#[from] EncodeError),
}

/// A text to one of our own numbers that proves a SIM.
pub fn self_test(id: MessageId, to: PhoneNumber, text: &str, now: Timestamp) -> Result<Submission, OperationalError> {
    submission(id, to, text, now, TEST_VALIDITY)
}

/// A text that tells of an alarm.
pub fn alarm(id: MessageId, to: PhoneNumber, text: &str, now: Timestamp) -> Result<Submission, OperationalError> {
    submission(id, to, text, now, ALARM_VALIDITY)
}

/// A text to a service of the operator.
pub fn question(id: MessageId, to: PhoneNumber, text: &str, now: Timestamp) -> Result<Submission, OperationalError> {
    submission(id, to, text, now, QUESTION_VALIDITY)
}

/// An answer to a text, of which nobody wrote a word.
pub fn answer(id: MessageId, to: PhoneNumber, text: &str, now: Timestamp) -> Result<Submission, OperationalError> {
    let made = submission(id, to, text, now, TEST_VALIDITY)?;
    Ok(Submission { purpose: Purpose::Reply, ..made })
}

/// Most urgent, at once, without a status report. What no alphabet of seven bits has is replaced.
fn submission(
    id: MessageId,
    to: PhoneNumber,
    text: &str,
    now: Timestamp,
    validity: Duration,
) -> Result<Submission, OperationalError> {
    let options = TextOptions { encoding: Encoding::Transliterate, max_segments: PARTS, ..TextOptions::default() };
    let segments = Segments::new(text, &options, id.as_bytes().last().copied().unwrap_or_default())?;
    Ok(Submission {
        id,
        client: CLIENT.to_owned(),
        client_ref: None,
        fingerprint: [0; 32],
        // A short code is no international number, and is written without `+`.
        parts: segments.submits(Address::from_number(&to.e164())?, false)?,
        to,
        text: Body(text.to_owned()),
        purpose: Purpose::Operational,
        priority: 9,
        not_before: None,
        due: now,
        expires: now + validity,
        encoding_asked: options.encoding.as_str(),
        encoding: segments.coding().encoding().as_str(),
        units: u32::try_from(segments.units()).unwrap_or(u32::MAX),
        on_unknown: OnUnknown::Hold,
        max_segments: None,
        sim: None,
        group: None,
        report: false,
        labels: Labels::default(),
        confirms_opt_out: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_is_urgent_and_short() {
        let now = Timestamp::from_millis(1_795_525_200_000);
        let to = PhoneNumber::from_digits("5511987654321").unwrap();
        let made = alarm(MessageId::new(now, [7; 10]), to, "SIM norte não envia", now).unwrap();
        assert_eq!(
            (made.priority, made.purpose, made.parts.len(), made.encoding),
            (9, Purpose::Operational, 1, "gsm7")
        );
        assert!(!made.report);
    }
}
