//! What ladders would do and could not, as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::actor::ladder::Ran;
use crate::actor::ladder::foresight::{Fate, ForeseenStep};
use crate::dunning::ladder::Why;
use crate::store::ladder::{CaseProblem, NoText};

use super::at;
use super::ladder::FindingAnswer;

/// What a day brings to debtors of a ladder.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct PlanAnswer {
    /// What becomes of steps, by debtor.
    pub(in super::super) items: Vec<PlanItem>,
    /// How many debtors were looked at for this page.
    pub(in super::super) debtors: u64,
    /// Where the next page begins.
    #[schema(required)]
    pub(in super::super) next: Option<String>,
    /// What is doubtful: about the ladder, on the first page, and about the debtors and texts of the page.
    pub(in super::super) findings: Vec<FindingAnswer>,
}

/// What becomes of a step of a debt.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct PlanItem {
    /// Who owes, by your id.
    debtor: String,
    /// To whom, by your id.
    creditor: String,
    /// The debt, by your id.
    debt: String,
    /// The step.
    step: String,
    /// `text` (it goes), `with` (it travels in the text of another debt), `queued` (it waits in the queue already), `exit`
    /// (it is left to another channel), `problem` (its text cannot be written) or `skipped`.
    outcome: &'static str,
    /// The template of a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    template: Option<String>,
    /// The parts of a text, with those of its code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    segments: Option<usize>,
    /// From when a text may go, by the hours of contact; caps and budgets may hold it longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    not_before: Option<String>,
    /// The debt in whose text it travels.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    with: Option<String>,
    /// The channel that it is left to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    channel: Option<&'static str>,
    /// Why it does not go: `opt_out`, `wrong_person`, `deceased`, `agreed`, `disputed`, `paid`, `cancelled`, `promise`,
    /// `passed`, `too_late`, `segment`, `overtaken`, `bureau_first`, `unsettled` or `other_text`; or what its text would wait for
    /// in the queue: `unconfirmed` (what the debtor says of a payment, or the number), `disputed`, `promise`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    why: Option<&'static str>,
    /// The same, or the problem, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detail: Option<String>,
    /// The problem for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    problem: Option<NoTextAnswer>,
    /// The last day of that, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    until: Option<String>,
}

impl From<ForeseenStep> for PlanItem {
    fn from(foreseen: ForeseenStep) -> Self {
        let ForeseenStep { debtor, creditor, debt, step, fate } = foreseen;
        let outcome = match &fate {
            Fate::Text { .. } => "text",
            Fate::With { .. } => "with",
            Fate::Queued => "queued",
            Fate::Exit(_) => "exit",
            Fate::Problem(_) => "problem",
            Fate::Held { .. } | Fate::Skipped { .. } => "skipped",
        };
        let mut item = Self {
            debtor,
            creditor,
            debt,
            step,
            outcome,
            template: None,
            segments: None,
            not_before: None,
            with: None,
            channel: None,
            why: None,
            detail: None,
            problem: None,
            until: None,
        };
        match fate {
            Fate::Text { template, not_before, parts, text_parts: _ } => {
                (item.template, item.not_before, item.segments) = (Some(template), Some(at(not_before)), Some(parts));
            }
            Fate::With { debt } => item.with = Some(debt),
            Fate::Queued => {}
            Fate::Exit(channel) => item.channel = Some(channel.name()),
            Fate::Problem(problem) => {
                (item.detail, item.problem) = (Some(problem.detail.clone()), Some(problem.into()));
            }
            Fate::Held { reason, until } => {
                (item.why, item.detail) = (Some(reason.code()), Some(reason.detail().to_owned()));
                item.until = until.map(|day| day.to_string());
            }
            Fate::Skipped { why, until } => {
                (item.why, item.detail) = (Some(why.name()), Some(detail(&why)));
                item.until = until.map(|day| day.to_string());
            }
        }
        item
    }
}

fn detail(why: &Why) -> String {
    match why {
        Why::Person(_) => "the debtor is not asked any more".to_owned(),
        Why::Status(status) => format!("the debt is {}", status.name()),
        Why::Promise => "its day falls inside a promise".to_owned(),
        Why::Passed => "its day was over before it could be planned".to_owned(),
        Why::TooLate => "it speaks of a due day that is over".to_owned(),
        Why::Segment => "the debt is not in the segment of the step".to_owned(),
        Why::Overtaken { by } => format!("step {by} goes instead"),
        Why::BureauFirst => "nothing went before it, and a credit bureau is never first".to_owned(),
        Why::Unsettled => "what the debtor said is not settled; another channel waits until it is".to_owned(),
        Why::OtherText => "the debtor is texted by another step that day; it waits for the next".to_owned(),
    }
}

/// A debtor whose text could not be written.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct CaseProblemAnswer {
    /// Who owes, by your id.
    debtor: String,
    /// To whom, by your id.
    creditor: String,
    /// Why. It is tried again on the next day, and whenever something of the debts, the ladder or the templates changes.
    problem: String,
    /// The same for programs.
    reason: NoTextAnswer,
}

impl From<CaseProblem> for CaseProblemAnswer {
    fn from(found: CaseProblem) -> Self {
        let CaseProblem { key: _, creditor, debtor, problem } = found;
        Self { debtor, creditor, problem: problem.detail.clone(), reason: problem.into() }
    }
}

/// Why a text could not be written.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct NoTextAnswer {
    /// `no_template`, `no_number`, `no_text`, `unknown_text`, `unfilled`, `too_long`, `empty`, `refused`, `not_encodable`,
    /// `not_taken` (no SIM may ever send so much), or `other` (found by a release of before).
    #[schema(example = "no_template")]
    code: String,
    /// What it is about, by name, for whoever says it in other words.
    operands: BTreeMap<String, String>,
    /// What it is.
    detail: String,
}

impl From<NoText> for NoTextAnswer {
    fn from(NoText { code, operands, detail }: NoText) -> Self {
        Self { code, operands, detail }
    }
}

/// What was carried out.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct RanAnswer {
    /// Debtors of creditors whose day was planned.
    cases: u64,
    /// Texts that were queued.
    texts: u64,
    /// Debts that were left to other channels.
    exits: u64,
    /// Debtors whose text could not be written.
    problems: u64,
    /// Debtors of whom something changed meanwhile; they are planned again at once.
    changed: u64,
}

impl From<Ran> for RanAnswer {
    fn from(ran: Ran) -> Self {
        let Ran { cases, texts, exits, problems, changed } = ran;
        Self { cases, texts, exits, problems, changed }
    }
}
