//! What is submitted, previewed and decided.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::contact::place::Warning;
use crate::dispatch::gate::Verdict;
use crate::dunning::money::PartPrice;
use crate::dunning::template::{Wording, cautions};
use crate::sms::lifecycle::MessageState;
use crate::sms::message::{Purpose, Submission};
use crate::sms::number::PhoneNumber;
use crate::sms::preview::Preview;
use crate::sms::text::{Change, CharacterAt};

use super::super::explain::{Explained, Lane, lane};
use super::super::filled::Filled;
use super::super::problem::{Document, Problem};
use super::message::{Eyes, MessageAnswer};
use super::{Reason, at, held};

/// A message to be sent.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct SubmitRequest {
    /// The recipient: E.164, or a national number of the configured country. May be left out where `debtor` and `creditor`
    /// or `debt` name somebody with a number that may be texted.
    #[schema(example = "+5511987654321")]
    pub(in super::super) to: Option<String>,
    /// The text; or give `template`.
    pub(in super::super) text: Option<String>,
    /// The template that is filled, by its name: with what is known of `debt`, or of all that `debtor` owes to `creditor`.
    pub(in super::super) template: Option<String>,
    /// Values that go over what is known, by the names of variables: `{"amount": "80.00", "due": "2026-12-05"}`.
    pub(in super::super) vars: Option<BTreeMap<String, String>>,
    /// Idempotency: the same reference with the same content is the same message, per client.
    pub(in super::super) client_ref: Option<String>,
    /// `collection` (default), `reminder`, `identity_check`, `promotion`, `confirmation`, `reply` or `operational`. A `reply`
    /// without `sim` and `group` leaves by the SIM that last received from the number, else the one that last sent to it,
    /// and waits for that SIM as if it had been asked for.
    pub(in super::super) purpose: Option<String>,
    /// 0 to 9, 9 most urgent; default 5.
    #[schema(minimum = 0, maximum = 9)]
    pub(in super::super) priority: Option<i64>,
    /// The earliest time, RFC 3339.
    pub(in super::super) not_before: Option<String>,
    /// The end of validity, RFC 3339; or give `ttl`.
    pub(in super::super) valid_until: Option<String>,
    /// Validity from the due time, such as `24h`.
    pub(in super::super) ttl: Option<String>,
    /// `auto`, `gsm7`, `national`, `ucs2` or `transliterate`.
    pub(in super::super) encoding: Option<String>,
    /// What happens to a part whose outcome is not known; default `"hold"`.
    pub(in super::super) on_unknown: Option<OnUnknownRequest>,
    /// The most parts that it may take.
    #[schema(minimum = 1, maximum = 255)]
    pub(in super::super) max_segments: Option<i64>,
    /// The SIM that it must leave by: its name or ICCID.
    pub(in super::super) sim: Option<String>,
    /// The group of SIMs that it must leave by.
    pub(in super::super) group: Option<String>,
    /// Whether to ask for a status report; default `true`.
    pub(in super::super) report: Option<bool>,
    /// Whose message it is: the debtor, by the caller's id.
    pub(in super::super) debtor: Option<String>,
    /// The debt, by the caller's id.
    pub(in super::super) debt: Option<String>,
    /// The creditor, by the caller's id.
    pub(in super::super) creditor: Option<String>,
    /// The batch that it belongs to.
    pub(in super::super) batch: Option<String>,
    /// The team that sends it.
    pub(in super::super) team: Option<String>,
    /// The person who sends it.
    pub(in super::super) operator: Option<String>,
    /// Anything else.
    pub(in super::super) tags: Option<Vec<String>>,
    /// What was looked up for it.
    #[serde(skip)]
    pub(in super::super) filled: Option<Box<Filled>>,
}

/// What happens to a part whose outcome is not known.
#[derive(Deserialize, ToSchema)]
#[serde(untagged, expecting = "expected \"hold\" or {\"resend_after\": DURATION}")]
pub(in super::super) enum OnUnknownRequest {
    /// It stays unknown until evidence or an operator settles it.
    Hold(Hold),
    /// It is sent once more after a time.
    Resend(Resend),
}

/// It is sent once more after a time.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Resend {
    /// Such as `30m`.
    pub(in super::super) resend_after: String,
}

/// The word `hold`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum Hold {
    /// It stays unknown until evidence or an operator settles it.
    Hold,
}

/// One message, or up to 10 000.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes a body that is read item by item")]
pub(in super::super) enum SubmitBody {
    /// One.
    One(Box<SubmitRequest>),
    /// Several.
    Many(Vec<SubmitRequest>),
}

/// What became of a message that was submitted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in super::super) struct SubmitAnswer {
    /// Its name.
    #[schema(example = "019ab1c8-5e6a-7c3e-9f10-3a5b6c7d8e9f")]
    id: String,
    /// Where it stands.
    state: &'static str,
    /// The recipient in E.164.
    to: String,
    /// How many parts.
    segments: usize,
    /// The encoding that it came to.
    #[schema(value_type = String)]
    encoding: Cow<'static, str>,
    /// Septets or UTF-16 units of the text.
    units: u32,
    /// The earliest time at which it could go, where there is one.
    #[schema(required)]
    not_before: Option<String>,
    /// Why it does not go now.
    #[schema(required)]
    reason: Option<Reason>,
    /// Where hours are stricter than they would be if more were known of the recipient, or nothing limits them; left out
    /// where there is nothing to say, and in the answer to a repeat.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<WarningAnswer>,
}

/// What a person may want to know of the hours that hold for a message, or of its words.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in super::super) struct WarningAnswer {
    /// `unknown_area`, `several_states`, `several_zones`, `uncertain_area`, `unknown_zone` or `no_rules`; of the words
    /// `threat`, `pressure` or `debt_shown`.
    #[schema(example = "several_states")]
    code: &'static str,
    /// What it means.
    detail: Cow<'static, str>,
}

impl WarningAnswer {
    /// What should not stand in words that nobody has approved. It is sent all the same.
    pub(in super::super) fn of_words(text: &str, purpose: Purpose, wording: &Wording) -> Vec<Self> {
        let found = cautions(text, purpose, wording).into_iter();
        found.map(|(_, code, caution)| Self { code, detail: caution.reason.clone().into() }).collect()
    }
}

impl From<Warning> for WarningAnswer {
    fn from(warning: Warning) -> Self {
        Self { code: warning.code(), detail: warning.detail().into() }
    }
}

/// What is kept of a submission for its answer while the writer has the rest.
#[derive(Debug)]
pub(in super::super) struct Receipt {
    pub(in super::super) id: String,
    to: String,
    segments: usize,
    encoding: &'static str,
    units: u32,
    not_before: Option<Timestamp>,
    pub(in super::super) lane: Lane,
    words: Vec<WarningAnswer>,
}

impl From<&Submission> for Receipt {
    fn from(submission: &Submission) -> Self {
        Self {
            id: submission.id.to_string(),
            to: submission.to.e164(),
            segments: submission.parts.len(),
            encoding: submission.encoding,
            units: submission.units,
            not_before: submission.not_before,
            lane: lane(submission.sim.as_ref(), submission.group.as_ref(), submission.labels.batch.as_ref()),
            words: Vec::new(),
        }
    }
}

impl Receipt {
    /// For a caller who did not name the number.
    pub(in super::super) fn seen_with(self, eyes: Eyes, to: PhoneNumber) -> Self {
        Self { to: eyes.number(to), ..self }
    }

    /// With what there is to say of the message's words.
    pub(in super::super) fn worded(self, words: Vec<WarningAnswer>) -> Self {
        Self { words, ..self }
    }

    /// The answer when it was queued.
    pub(in super::super) fn queued(self, explained: Explained, warnings: Vec<Warning>) -> SubmitAnswer {
        let state = match explained.verdict {
            Verdict::Block { .. } => MessageState::Blocked,
            Verdict::Go | Verdict::Hold { .. } => MessageState::Queued,
        };
        let (reason, until) = held(Some(explained));
        SubmitAnswer {
            id: self.id,
            state: state.name(),
            to: self.to,
            segments: self.segments,
            encoding: self.encoding.into(),
            units: self.units,
            not_before: until.or(self.not_before).map(at),
            reason,
            warnings: warnings.into_iter().map(WarningAnswer::from).chain(self.words).collect(),
        }
    }
}

/// The answer to a repeat: the same shape, with how it stands now.
impl From<MessageAnswer> for SubmitAnswer {
    fn from(message: MessageAnswer) -> Self {
        let MessageAnswer { id, state, to, segments, encoding, units, not_before, reason, .. } = message;
        let segments = usize::try_from(segments).unwrap_or(usize::MAX);
        // What is erased is no repeat of anything.
        let to = to.unwrap_or_default();
        Self { id, state, to, segments, encoding: encoding.into(), units, not_before, reason, warnings: Vec::new() }
    }
}

/// The answer to an array, in its order.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct SubmitAnswers {
    pub(in super::super) items: Vec<SubmitItem>,
}

/// The answer to one item of an array.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(in super::super) enum SubmitItem {
    /// It was taken in.
    Message(Box<SubmitAnswer>),
    /// It was not.
    #[schema(value_type = Document)]
    Problem(Problem),
}

/// What a text would take.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct PreviewAnswer {
    /// Parts.
    segments: usize,
    /// The text of the template that was filled; left out where none was, or without `pii`.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// Parts of the code that follows as a second message; left out where none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    companion_segments: Option<usize>,
    /// The encoding as asked for.
    encoding: &'static str,
    /// Septets or UTF-16 units of the text.
    units: usize,
    /// What all parts cost, those of the code too, where a price is configured.
    #[schema(required)]
    cost: Option<String>,
    /// Characters that GSM 7-bit lacks, and those that cost it two septets.
    costly: Vec<CharacterAnswer>,
    /// What other encodings would take.
    alternatives: Vec<AlternativeAnswer>,
    /// What transliteration would replace, where it was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<ChangeAnswer>,
    /// The earliest time at which it could go, where there is one.
    #[schema(required)]
    not_before: Option<String>,
    /// Why it would not go now.
    #[schema(required)]
    reason: Option<Reason>,
    /// Where hours are stricter than they would be if more were known of the recipient, or nothing limits them; left out
    /// where there is nothing to say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<WarningAnswer>,
}

/// A character of the text.
#[derive(Debug, Serialize, ToSchema)]
struct CharacterAnswer {
    /// The character.
    char: char,
    /// Its index in the text, counted in characters from 0.
    index: usize,
}

/// Another encoding.
#[derive(Debug, Serialize, ToSchema)]
struct AlternativeAnswer {
    /// Its name.
    encoding: &'static str,
    /// Parts that it takes.
    segments: usize,
}

/// A character that would be replaced.
#[derive(Debug, Serialize, ToSchema)]
struct ChangeAnswer {
    /// The character.
    char: char,
    /// Its index in the text, counted in characters from 0.
    index: usize,
    /// What would stand in its place.
    replacement: String,
}

impl PreviewAnswer {
    pub(in super::super) fn new(
        preview: Preview,
        changes: Vec<Change>,
        explained: Option<Explained>,
        asked: Option<Timestamp>,
        warnings: Vec<Warning>,
    ) -> Self {
        let (reason, until) = held(explained);
        let costly =
            preview.costly.into_iter().map(|CharacterAt { character: char, index }| CharacterAnswer { char, index });
        let alternatives = preview
            .alternatives
            .into_iter()
            .map(|other| AlternativeAnswer { encoding: other.encoding.as_str(), segments: other.segments });
        let changes = changes.into_iter().map(|change| ChangeAnswer {
            char: change.original.character,
            index: change.original.index,
            replacement: change.replacement,
        });
        Self {
            segments: preview.segments,
            text: None,
            companion_segments: None,
            cost: None,
            encoding: preview.coding.encoding().as_str(),
            units: preview.units,
            costly: costly.collect(),
            alternatives: alternatives.collect(),
            changes: changes.collect(),
            not_before: until.or(asked).map(at),
            reason,
            warnings: warnings.into_iter().map(WarningAnswer::from).collect(),
        }
    }
}

impl PreviewAnswer {
    /// With the text of a template.
    pub(in super::super) fn filled(self, text: Option<String>, companion_segments: Option<usize>) -> Self {
        Self { text, companion_segments, ..self }
    }

    /// With what there is to say of its words.
    pub(in super::super) fn worded(mut self, words: Vec<WarningAnswer>) -> Self {
        self.warnings.extend(words);
        self
    }

    /// With what it costs by a price, if there is one.
    pub(in super::super) fn priced(self, price: PartPrice) -> Self {
        let parts = self.segments + self.companion_segments.unwrap_or_default();
        let cost = price.of(u64::try_from(parts).unwrap_or(u64::MAX)).to_string();
        Self { cost: Some(cost).filter(|_| price != PartPrice::default()), ..self }
    }
}

/// How to settle a message that is unknown.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct ResolveRequest {
    /// `sent`, `resend` or `give_up`.
    #[schema(required, nullable = false)]
    pub(in super::super) decision: Option<String>,
}
