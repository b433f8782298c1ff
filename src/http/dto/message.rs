//! Messages as JSON.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::duration;
use crate::contact;
use crate::sms::evidence::{Evidence, Suggests};
use crate::sms::lifecycle::MessageState;
use crate::sms::message::{Body, Origin, Wording};
use crate::sms::number::{PhoneNumber, Sender};
use crate::store::view::{EventView, MessageView, PartView};

use super::super::explain::Explained;
use super::event::EventAnswer;
use super::{Reason, at, held};

/// How much the reader of an answer may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Eyes {
    /// Who people are, and texts.
    Open,
    /// Texts. Whose they are is masked.
    Texts,
    /// Neither.
    Masked,
}

impl Eyes {
    /// Numbers, names and identity documents.
    pub(in super::super) fn see_people(self) -> bool {
        self == Self::Open
    }

    /// What was written.
    pub(in super::super) fn see_texts(self) -> bool {
        matches!(self, Self::Open | Self::Texts)
    }

    /// A number as these eyes see it.
    pub(in super::super) fn number(self, number: PhoneNumber) -> String {
        if self.see_people() { number.e164() } else { number.masked() }
    }

    /// Who has written or called, as these eyes see it.
    pub(in super::super) fn sender(self, sender: &Sender) -> String {
        if self.see_people() { sender.as_str().to_owned() } else { sender.masked() }
    }

    /// A text as these eyes see it; in its place, its length.
    pub(in super::super) fn text(self, text: Body) -> String {
        if self.see_texts() { text.0 } else { format!("[{} characters]", text.0.chars().count()) }
    }
}

/// A message with all that was submitted.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct MessageAnswer {
    /// Its name.
    pub(super) id: String,
    /// Where it stands.
    #[schema(example = "delivered")]
    pub(super) state: &'static str,
    /// The recipient in E.164; nothing once it is erased.
    #[schema(required)]
    pub(super) to: Option<String>,
    /// How many parts.
    pub(super) segments: u32,
    /// The encoding that it came to.
    pub(super) encoding: String,
    /// Septets or UTF-16 units of the text.
    pub(super) units: u32,
    /// While it waits, the earliest time at which it could go; else the time that was asked for.
    #[schema(required)]
    pub(super) not_before: Option<String>,
    /// Why it does not go now.
    #[schema(required)]
    pub(super) reason: Option<Reason>,
    /// When it was submitted.
    created_at: String,
    /// Who submitted it.
    client: String,
    #[schema(required)]
    client_ref: Option<String>,
    /// The text as sent.
    text: String,
    purpose: String,
    priority: u8,
    /// The end of its validity.
    valid_until: String,
    /// The encoding that was asked for.
    encoding_asked: String,
    on_unknown: OnUnknownAnswer,
    #[schema(required)]
    max_segments: Option<u8>,
    /// The SIM that was asked for.
    #[schema(required)]
    sim: Option<String>,
    /// The group that was asked for.
    #[schema(required)]
    group: Option<String>,
    report: bool,
    #[schema(required)]
    debtor: Option<String>,
    #[schema(required)]
    debt: Option<String>,
    #[schema(required)]
    creditor: Option<String>,
    #[schema(required)]
    batch: Option<String>,
    #[schema(required)]
    team: Option<String>,
    #[schema(required)]
    operator: Option<String>,
    tags: Vec<String>,
    /// How it came about.
    origin: OriginAnswer,
    /// The message that it follows: it goes once that one was accepted, by the same SIM, or not at all. Left out for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    companion_of: Option<String>,
    /// `off`, `none`, `pending`, `delivered` or `undelivered`.
    report_state: &'static str,
    /// How many parts the network took.
    parts_sent: u32,
    /// Its parts; not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    parts: Option<Vec<PartAnswer>>,
    /// What happened to it, oldest first; not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    history: Option<Vec<EventAnswer>>,
}

/// How a message came about.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(in super::super) struct OriginAnswer {
    /// `single`, `batch`, `ladder` or `event`.
    mode: &'static str,
    /// The ladder that it is a step of.
    #[schema(required)]
    ladder: Option<String>,
    /// The step.
    #[schema(required)]
    step: Option<String>,
    /// The segment that it was picked by, where that has a name.
    #[schema(required)]
    segment: Option<String>,
    /// The template that it was written from.
    #[schema(required)]
    template: Option<String>,
    /// In which version.
    #[schema(required)]
    version: Option<u32>,
    /// Which of the template's texts.
    #[schema(required)]
    arm: Option<String>,
}

impl From<Origin> for OriginAnswer {
    fn from(origin: Origin) -> Self {
        let Origin { mode, ladder, step, segment, wording } = origin;
        let (template, version, arm) = match wording {
            Some(Wording { template, version, arm }) => (Some(template), Some(version), Some(arm)),
            None => (None, None, None),
        };
        Self { mode: mode.name(), ladder, step, segment, template, version, arm }
    }
}

/// What happens to a part whose outcome is not known.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub(in super::super) enum OnUnknownAnswer {
    /// `hold`: it stays unknown until evidence or an operator settles it.
    Hold(&'static str),
    /// It is sent once more after this time.
    Resend {
        /// Such as `30m`.
        resend_after: String,
    },
}

impl OnUnknownAnswer {
    fn new(resend_after_ms: Option<i64>) -> Self {
        match resend_after_ms {
            None => Self::Hold("hold"),
            Some(ms) => {
                let after = Duration::from_millis(u64::try_from(ms).unwrap_or(0));
                Self::Resend { resend_after: duration::format(after) }
            }
        }
    }
}

/// One part of a message.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct PartAnswer {
    /// Its place, from 1.
    part: u8,
    /// `waiting`, `offered`, `accepted`, `reported`, `refused`, `expired`, `unknown` or `withdrawn`.
    state: &'static str,
    /// TP-MR of its submission.
    #[schema(required)]
    tp_mr: Option<u8>,
    /// The SIM that carried it: its name or ICCID.
    #[schema(required)]
    sim: Option<String>,
    /// The modem that carried it.
    #[schema(required)]
    modem: Option<String>,
    #[schema(required)]
    offered_at: Option<String>,
    #[schema(required)]
    accepted_at: Option<String>,
    #[schema(required)]
    reported_at: Option<String>,
    /// TP-ST of the last report.
    #[schema(required)]
    tp_status: Option<u8>,
    /// Why it was refused, put back or is unknown.
    #[schema(required)]
    cause: Option<String>,
    /// While it is `unknown`, what speaks for or against its having been sent; else empty.
    evidence: Vec<EvidenceAnswer>,
}

/// One thing that is known about an unknown part.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct EvidenceAnswer {
    /// `seen`, `references`, `reports_off`, `no_report`, `report_without_part` or `answered`.
    code: &'static str,
    /// In words.
    detail: String,
    /// `sent` or `not_sent`: what it suggests. Nothing is done on it.
    #[schema(required)]
    suggests: Option<&'static str>,
    /// When it was seen.
    #[schema(required)]
    at: Option<String>,
}

impl From<Evidence> for EvidenceAnswer {
    fn from(evidence: Evidence) -> Self {
        Self {
            code: evidence.code(),
            detail: evidence.detail().into_owned(),
            suggests: evidence.suggests().map(Suggests::name),
            at: evidence.at().map(at),
        }
    }
}

impl From<PartView> for PartAnswer {
    fn from(part: PartView) -> Self {
        Self {
            part: part.part,
            state: part.state,
            tp_mr: part.tp_mr,
            sim: part.sim,
            modem: part.modem,
            offered_at: part.offered_at.map(at),
            accepted_at: part.accepted_at.map(at),
            reported_at: part.reported_at.map(at),
            tp_status: part.tp_status,
            cause: part.cause,
            evidence: part.evidence.into_iter().map(EvidenceAnswer::from).collect(),
        }
    }
}

impl MessageAnswer {
    /// A message as lists show it. `explained` is what the gate says of it while it waits.
    pub(in super::super) fn new(message: MessageView, explained: Option<Explained>, eyes: Eyes) -> Self {
        let (reason, until) = held(explained);
        let reason = reason.or_else(|| why_blocked(&message));
        let (to, text) = (message.to.map(|to| eyes.number(to)), eyes.text(message.text));
        let labels = message.labels;
        Self {
            id: message.id.to_string(),
            state: message.state.name(),
            to,
            segments: message.segments,
            encoding: message.encoding,
            units: message.units,
            not_before: until.or(message.not_before).map(at),
            reason,
            created_at: at(message.created_at),
            client: message.client,
            client_ref: message.client_ref,
            text,
            purpose: message.purpose,
            priority: message.priority,
            valid_until: at(message.valid_until),
            encoding_asked: message.encoding_asked,
            on_unknown: OnUnknownAnswer::new(message.resend_after_ms),
            max_segments: message.max_segments,
            sim: message.sim,
            group: message.group,
            report: message.report,
            debtor: labels.debtor,
            debt: labels.debt,
            creditor: labels.creditor,
            batch: labels.batch,
            team: labels.team,
            operator: labels.operator,
            tags: labels.tags,
            origin: OriginAnswer::from(labels.origin),
            companion_of: message.companion_of.map(|first| first.to_string()),
            report_state: message.report_state.name(),
            parts_sent: message.parts_sent,
            parts: None,
            history: None,
        }
    }

    /// With its parts and what happened to it.
    pub(in super::super) fn with_parts(mut self, parts: Vec<PartView>, history: Vec<EventView>, eyes: Eyes) -> Self {
        self.parts = Some(parts.into_iter().map(PartAnswer::from).collect());
        self.history = Some(history.into_iter().map(|event| EventAnswer::new(event, eyes)).collect());
        self
    }
}

/// Why the gate forbade a message for good: it stands with the parts that it took back.
fn why_blocked(message: &MessageView) -> Option<Reason> {
    if message.state != MessageState::Blocked {
        return None;
    }
    let causes = || message.parts.iter().filter_map(|part| part.cause.as_deref());
    let found = contact::Reason::ALL.into_iter().find(|reason| causes().any(|cause| cause == reason.code()))?;
    Some(Reason { code: found.code(), detail: found.detail().into() })
}

/// What came of a cancellation or a decision.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct StateAnswer {
    /// The message.
    pub(in super::super) id: String,
    /// Where it stands now.
    pub(in super::super) state: &'static str,
}
