//! From what a caller wrote to a [`Submission`]: every field is checked here, once.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::clock::{Timestamp, duration as span};
use crate::contact::{Addressee, Habit, TextMark};
use crate::pdu::Address;
use crate::sms::id::MessageId;
use crate::sms::message::{Body, Labels, Mode, OnUnknown, Origin, Purpose, Submission, VALIDITY_MAX};
use crate::sms::number::PhoneNumber;
use crate::sms::segment::Segments;
use crate::sms::text::{Encoding, TextError, TextOptions};

use super::Settings;
use super::auth::Caller;
use super::dto::submit::{OnUnknownRequest, SubmitRequest};
use super::explain::{Lane, lane};
use super::filled::Filled;
use super::problem::{Kind, Problem};

/// A time further ahead is a mistake.
const AHEAD_MAX: Duration = Duration::from_secs(2 * 366 * 86_400);

/// Characters in a label, a reference or the name of a SIM: longer ones are mistakes.
const WORD_MAX: usize = 200;
/// The priority of a message that asks for none.
const PRIORITY: u8 = 5;
/// Tags of one message.
const TAGS_MAX: usize = 20;
/// Characters that a text may have before anything of it is counted: 255 parts of 153 septets.
const TEXT_MAX: usize = 255 * 153;

/// A request whose fields are right, each by itself and together.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) to: Option<PhoneNumber>,
    pub(super) text: Body,
    pub(super) options: TextOptions,
    pub(super) times: Times,
    pub(super) sim: Option<String>,
    pub(super) group: Option<String>,
    pub(super) labels: Labels,
    pub(super) purpose: Purpose,
    client_ref: Option<String>,
    priority: u8,
    encoding_asked: Encoding,
    on_unknown: OnUnknown,
    max_segments: Option<u8>,
    report: bool,
    fingerprint: [u8; 32],
    /// What was looked up for it.
    pub(super) filled: Option<Box<Filled>>,
}

/// When a message may go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) not_before: Option<Timestamp>,
    pub(super) due: Timestamp,
    pub(super) expires: Timestamp,
}

/// Randomness of one submission: its name and the reference of its parts.
pub(super) type Random = [u8; 11];

impl Checked {
    /// Checks a request. Everything but the text's length and the recipient's presence, which a preview does not need.
    pub(super) fn new(
        request: SubmitRequest,
        caller: &Caller,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let mut digest = Fingerprint::default();
        let to = request.to.as_deref().map(|to| recipient("to", to, settings)).transpose()?;
        let filled = request.filled;
        let asked = to.filter(|_| filled.as_ref().is_none_or(|filled| !filled.found_number));
        digest.add(asked.map(PhoneNumber::as_u64).unwrap_or_default().to_be_bytes());
        let no_text = || Problem::new(Kind::BadText, "give the text to send, or a template").field("text");
        let text = request.text.ok_or_else(no_text)?;
        if text.chars().nth(TEXT_MAX).is_some() {
            let detail = format!("text has more than {TEXT_MAX} characters, which no message can have");
            return Err(Problem::new(Kind::TooLong, detail).field("text"));
        }
        match filled.as_ref().filter(|filled| filled.wording.is_some()) {
            Some(filled) => digest.add(&filled.asked),
            None => digest.add(&text),
        }
        let purpose = named("purpose", request.purpose.as_deref(), &Purpose::ALL, Purpose::name)?;
        let encoding = named("encoding", request.encoding.as_deref(), &Encoding::ALL, Encoding::as_str)?;
        let priority = ranged("priority", request.priority, 0..=9)?;
        let max_segments = ranged("max_segments", request.max_segments, 1..=255)?;
        let not_before = time("not_before", request.not_before.as_deref())?;
        let valid_until = time("valid_until", request.valid_until.as_deref())?;
        let ttl = request.ttl.as_deref().map(|ttl| duration("ttl", ttl)).transpose()?;
        let on_unknown = match &request.on_unknown {
            None | Some(OnUnknownRequest::Hold(_)) => OnUnknown::Hold,
            Some(OnUnknownRequest::Resend(resend)) => {
                OnUnknown::ResendAfter(duration("on_unknown", &resend.resend_after)?)
            }
        };
        let report = request.report.unwrap_or(true);
        let purpose = purpose.unwrap_or(Purpose::Collection);
        let priority = priority.unwrap_or(PRIORITY);
        digest.add(purpose.name());
        // The configured default may change between a submission and its repeat.
        digest.add(encoding.map_or("", Encoding::as_str));
        digest.add([priority, max_segments.unwrap_or_default(), u8::from(report)]);
        for at in [not_before, valid_until] {
            digest.add(at.map_or(i64::MIN, Timestamp::as_millis).to_be_bytes());
        }
        let resend_after = match on_unknown {
            OnUnknown::Hold => None,
            OnUnknown::ResendAfter(after) => Some(after),
        };
        for after in [ttl, resend_after] {
            digest.add(after.unwrap_or_default().as_millis().to_be_bytes());
        }

        let mut word =
            |field, value| word(field, value).inspect(|value| digest.add(value.as_deref().unwrap_or_default()));
        let client_ref = word("client_ref", request.client_ref)?;
        let sim = word("sim", request.sim)?;
        let group = word("group", request.group)?;
        let mut labels = Labels {
            debtor: word("debtor", request.debtor)?,
            debt: word("debt", request.debt)?,
            creditor: word("creditor", request.creditor)?,
            batch: word("batch", request.batch)?,
            team: word("team", request.team)?,
            operator: word("operator", request.operator)?,
            tags: tags(request.tags.unwrap_or_default())?,
            origin: Origin::default(),
        };
        if labels.batch.is_some() {
            labels.origin.mode = Mode::Batch;
        }
        labels.origin.wording = filled.as_ref().and_then(|filled| filled.wording.clone());
        labels.tags.iter().for_each(|tag| digest.add(tag));
        if sim.is_some() && group.is_some() {
            return Err(Problem::bad("group", "give sim or group, not both"));
        }
        covered(caller, labels.creditor.as_deref())?;
        let encoding_asked = encoding.unwrap_or(settings.text.encoding);
        Ok(Self {
            to,
            text: Body(text),
            options: TextOptions {
                encoding: encoding_asked,
                national: settings.text.national.clone(),
                max_segments: max_segments.unwrap_or_default(),
            },
            times: times(not_before, valid_until, ttl, settings.validity, now)?,
            sim,
            group,
            labels,
            client_ref,
            purpose,
            priority,
            encoding_asked,
            on_unknown,
            max_segments,
            report,
            fingerprint: digest.finish(),
            filled,
        })
    }

    /// The SIMs that it may leave by, and its batch.
    pub(super) fn lane(&self) -> Lane {
        lane(self.sim.as_ref(), self.group.as_ref(), self.labels.batch.as_ref())
    }

    /// To whom it goes and why; `None` without a recipient.
    pub(super) fn addressee(&self) -> Option<Addressee> {
        Some(Addressee {
            number: self.to?,
            purpose: self.purpose,
            debtor: self.labels.debtor.clone(),
            creditor: self.labels.creditor.clone(),
            debt: self.labels.debt.clone(),
            text: TextMark::of(&self.text.0),
            confirms_opt_out: false,
            habit: Habit::default(),
        })
    }

    /// Divides and encodes the text: the message as it is stored.
    pub(super) fn into_submission(self, client: &str, now: Timestamp, random: Random) -> Result<Submission, Problem> {
        let to = self.to.ok_or_else(|| Problem::new(Kind::BadNumber, "give the recipient's number").field("to"))?;
        let [concat_ref, id @ ..] = random;
        let segments = Segments::new(&self.text.0, &self.options, concat_ref).map_err(|error| text_problem(&error))?;
        let tp_da = Address::international(&to.e164()).map_err(|error| Problem::internal(&error))?;
        let parts = segments.submits(tp_da, self.report).map_err(|error| Problem::internal(&error))?;
        Ok(Submission {
            id: MessageId::new(now, id),
            client: client.to_owned(),
            client_ref: self.client_ref,
            fingerprint: self.fingerprint,
            to,
            text: Body(segments.sent_text(&self.text.0)),
            purpose: self.purpose,
            priority: self.priority,
            not_before: self.times.not_before,
            due: self.times.due,
            expires: self.times.expires,
            encoding_asked: self.encoding_asked.as_str(),
            encoding: segments.coding().encoding().as_str(),
            units: u32::try_from(segments.units()).unwrap_or(u32::MAX),
            on_unknown: self.on_unknown,
            max_segments: self.max_segments,
            sim: self.sim,
            group: self.group,
            report: self.report,
            labels: self.labels,
            confirms_opt_out: false,
            parts,
        })
    }
}

/// Refuses what is none of the caller's creditors' business.
pub(super) fn covered(caller: &Caller, creditor: Option<&str>) -> Result<(), Problem> {
    if caller.covers(creditor) {
        return Ok(());
    }
    let detail = format!("this token is limited to these creditors: {}", caller.creditors().join(", "));
    Err(Problem::new(Kind::Forbidden, detail).field("creditor"))
}

/// A number as callers write it.
pub(super) fn recipient(field: &'static str, text: &str, settings: &Settings) -> Result<PhoneNumber, Problem> {
    PhoneNumber::parse(text, settings.country)
        .map_err(|error| Problem::new(Kind::BadNumber, format!("{field} is {error}")).field(field))
}

/// What is wrong with a text.
pub(super) fn text_problem(error: &TextError) -> Problem {
    match error {
        TextError::Empty => Problem::new(Kind::BadText, "text is empty").field("text"),
        TextError::TooLong { .. } => {
            Problem::new(Kind::TooLong, format!("{error}; shorten it or allow more max_segments")).field("text")
        }
        TextError::NotEncodable { characters } => {
            let first: Vec<String> =
                characters.iter().take(10).map(|at| format!("{:?} at {}", at.character, at.index)).collect();
            let detail = format!("{error}: {}; choose another encoding or other characters", first.join(", "));
            Problem::new(Kind::BadText, detail).field("text")
        }
    }
}

fn times(
    not_before: Option<Timestamp>,
    valid_until: Option<Timestamp>,
    ttl: Option<Duration>,
    validity: Duration,
    now: Timestamp,
) -> Result<Times, Problem> {
    let due = not_before.map_or(now, |at| at.max(now));
    if due.saturating_since(now) > AHEAD_MAX {
        return Err(Problem::bad("not_before", "is more than two years ahead"));
    }
    let expires = match (valid_until, ttl) {
        (Some(_), Some(_)) => return Err(Problem::bad("ttl", "give ttl or valid_until, not both")),
        // Whether it is over is told after the repeat of an earlier submission was ruled out.
        (Some(until), None) if until <= now => until,
        (Some(until), None) if until <= due => {
            return Err(Problem::bad("valid_until", "ends before not_before, so that it could never go"));
        }
        (Some(until), None) if until.saturating_since(due) > VALIDITY_MAX => {
            return Err(Problem::bad("valid_until", "ends more than 63 weeks after the due time"));
        }
        (Some(until), None) => until,
        (None, ttl) => due + ttl.unwrap_or(validity),
    };
    Ok(Times { not_before, due, expires })
}

fn named<T: Copy>(
    field: &'static str,
    given: Option<&str>,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<Option<T>, Problem> {
    let Some(given) = given else { return Ok(None) };
    let found = all.iter().copied().find(|one| name(*one) == given);
    found.map(Some).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|one| name(*one)).collect();
        Problem::bad(field, format!("no such {field}; there are {}", names.join(", ")))
    })
}

fn ranged(field: &'static str, given: Option<i64>, range: std::ops::RangeInclusive<u8>) -> Result<Option<u8>, Problem> {
    let Some(given) = given else { return Ok(None) };
    u8::try_from(given).ok().filter(|value| range.contains(value)).map(Some).ok_or_else(|| {
        Problem::bad(field, format!("{given} is out of range; {} to {} is possible", range.start(), range.end()))
    })
}

/// An RFC 3339 time.
pub(super) fn time(field: &'static str, given: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    given
        .map(|text| {
            text.parse::<Timestamp>()
                .map_err(|error| Problem::bad(field, format!("{error}; give a time as 2026-11-24T10:00:00-03:00")))
        })
        .transpose()
}

/// A time span such as `90s`, `30m`, `24h` or `7d`; a day is 24 hours.
fn duration(field: &'static str, given: &str) -> Result<Duration, Problem> {
    let wrong = |_| Problem::bad(field, "give a duration such as \"90s\", \"30m\", \"24h\" or \"7d\"");
    let length = span::parse(given).map_err(wrong)?;
    if length < Duration::from_secs(1) || length > VALIDITY_MAX {
        return Err(Problem::bad(field, "must be between one second and 63 weeks"));
    }
    Ok(length)
}

/// A name of the caller's.
pub(super) fn word(field: &'static str, given: Option<String>) -> Result<Option<String>, Problem> {
    match given {
        Some(word) if word.trim().is_empty() => Err(Problem::bad(field, "is empty; leave it out instead")),
        Some(word) if word.chars().any(char::is_control) => {
            Err(Problem::bad(field, "holds a control character, such as a line break"))
        }
        Some(word) if word.chars().nth(WORD_MAX).is_some() => {
            Err(Problem::bad(field, format!("is longer than {WORD_MAX} characters")))
        }
        word => Ok(word),
    }
}

pub(super) fn tags(given: Vec<String>) -> Result<Vec<String>, Problem> {
    if given.len() > TAGS_MAX {
        return Err(Problem::bad("tags", format!("there are {}; {TAGS_MAX} are possible", given.len())));
    }
    for tag in &given {
        word("tags", Some(tag.clone()))?;
    }
    Ok(given)
}

/// A digest of what was asked. Each value is preceded by its length, so that no two requests look alike.
#[derive(Default)]
struct Fingerprint(Sha256);

impl Fingerprint {
    fn add(&mut self, value: impl AsRef<[u8]>) {
        let value = value.as_ref();
        self.0.update(value.len().to_be_bytes());
        self.0.update(value);
    }

    fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}
