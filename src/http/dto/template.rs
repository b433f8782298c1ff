//! Templates, and what they come to with real rows, as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::dunning::ladder;
use crate::dunning::template::{Arm, Fault, Finding, Measured, Refusal, Rendered, Survey};
use crate::store::definition::write_template;
use crate::store::template::TemplateView;

use super::message::Eyes;
use super::{Reason, at};

/// A version of a template.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct TemplateAnswer {
    /// Its name.
    name: String,
    /// Which version, from 1.
    version: u32,
    /// When it was written.
    created_at: String,
    /// Who wrote it.
    client: String,
    /// When it was approved.
    #[schema(required)]
    approved_at: Option<String>,
    /// Who approved it.
    #[schema(required)]
    approved_by: Option<String>,
    /// The version of this name that is used now; null where none is approved.
    #[schema(required)]
    used_version: Option<u32>,
    /// Whether another one than its author must approve it.
    four_eyes: bool,
    /// The template as it is put.
    #[schema(value_type = Object)]
    definition: Value,
    /// What a person should look at.
    findings: Vec<TemplateFinding>,
}

impl TemplateAnswer {
    pub(in super::super) fn new(
        view: TemplateView,
        findings: Vec<TemplateFinding>,
        used_version: Option<u32>,
        four_eyes: bool,
    ) -> Self {
        let definition = write_template(&view.template);
        let (approved_at, approved_by) = view.approved.map(|(time, by)| (at(time), by)).unzip();
        Self {
            name: view.template.name,
            version: view.template.version,
            created_at: at(view.created_at),
            client: view.client,
            approved_at,
            approved_by,
            used_version,
            four_eyes,
            definition,
            findings,
        }
    }
}

/// Something that is wrong with a template, or doubtful.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(in super::super) struct TemplateFinding {
    /// `error` or `warning`.
    pub(in super::super) severity: &'static str,
    /// What, for programs.
    code: &'static str,
    /// What it is about, by name, for whoever says it in other words. Of a `fault`, `problem` says which it is.
    operands: BTreeMap<&'static str, String>,
    /// In which text.
    #[schema(required)]
    text: Option<String>,
    /// In which line of its body, from 1.
    #[schema(required)]
    line: Option<usize>,
    /// In which column of the line, in characters from 1.
    #[schema(required)]
    column: Option<usize>,
    /// What it is and what to do.
    detail: String,
    /// The rule that says so.
    #[schema(required)]
    rule: Option<String>,
}

impl From<Finding> for TemplateFinding {
    fn from(finding: Finding) -> Self {
        Self {
            severity: finding.severity.name(),
            code: finding.code,
            operands: finding.operands.into_map(),
            text: Some(finding.text),
            line: finding.place.map(|place| place.line),
            column: finding.place.map(|place| place.column),
            detail: finding.advice,
            rule: finding.rule,
        }
    }
}

/// What is wrong with a ladder stands in no text.
impl From<&ladder::Finding> for TemplateFinding {
    fn from(finding: &ladder::Finding) -> Self {
        Self {
            severity: finding.severity().name(),
            code: finding.code(),
            operands: finding.operands().into_map(),
            text: None,
            line: None,
            column: None,
            detail: finding.to_string(),
            rule: None,
        }
    }
}

impl From<Fault> for TemplateFinding {
    fn from(fault: Fault) -> Self {
        let detail = match &fault {
            Fault::InText { problem, .. } => problem.to_string(),
            Fault::Name { .. } | Fault::TwoTexts { .. } | Fault::Texts { .. } | Fault::Nobody { .. } => {
                fault.to_string()
            }
        };
        let (code, operands) = (fault.code(), fault.operands().into_map());
        let (text, place) = match fault {
            Fault::Name { .. } | Fault::Texts { .. } => (None, None),
            Fault::TwoTexts { name } => (Some(name), None),
            Fault::Nobody { text, .. } => (Some(text), None),
            Fault::InText { text, place, .. } => (Some(text), Some(place)),
        };
        let (line, column) = (place.map(|place| place.line), place.map(|place| place.column));
        Self { severity: "error", code, operands, text, line, column, detail, rule: None }
    }
}

/// Which version is approved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct ApproveRequest {
    /// The version that was read.
    #[schema(required, nullable = false)]
    pub(in super::super) version: Option<u32>,
}

/// For whom a template is filled.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct TemplatePreviewRequest {
    /// Debtors, by your ids; without any, those of the portfolio with the longest values.
    #[serde(default)]
    pub(in super::super) debtors: Vec<String>,
    /// Of which version; of the newest if nothing is said.
    pub(in super::super) version: Option<u32>,
    /// What is owed to this creditor; to each of them if nothing is said.
    pub(in super::super) creditor: Option<String>,
}

/// A template that somebody is writing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct DraftRequest {
    /// The template as it is put.
    #[schema(value_type = Object, required, nullable = false)]
    pub(in super::super) definition: Option<Value>,
    /// Who writes to the debtor of the example; any creditor if nothing is said.
    pub(in super::super) creditor: Option<String>,
    /// A debtor of yours for whom it is filled too, by your id.
    pub(in super::super) debtor: Option<String>,
}

/// What a template that somebody is writing comes to.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct DraftAnswer {
    /// What is wrong with it, or doubtful.
    pub(in super::super) findings: Vec<TemplateFinding>,
    /// What each of its texts comes to for made-up debtors; nothing while it has faults.
    pub(in super::super) examples: Vec<DraftExample>,
    /// What the debtor that was named would get.
    pub(in super::super) rows: Vec<PreviewRow>,
}

/// What a text comes to for a made-up debtor.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct DraftExample {
    /// Which of the template's texts.
    pub(in super::super) arm: String,
    /// For whom: `usual`, or `long`, whose name and amounts are as long as they get.
    pub(in super::super) example: &'static str,
    /// What it takes; null where there is a refusal.
    #[schema(required)]
    pub(in super::super) taken: Option<PreviewTaken>,
    /// What its parts cost, with those of its code, where a price is configured.
    #[schema(required)]
    pub(in super::super) cost: Option<String>,
    /// Why there is no text.
    #[schema(required)]
    pub(in super::super) refusal: Option<Reason>,
}

/// What a template comes to.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct TemplatePreviewAnswer {
    /// The template.
    pub(in super::super) name: String,
    /// Which version.
    pub(in super::super) version: u32,
    /// For each debtor and creditor in the order of the request.
    pub(in super::super) rows: Vec<PreviewRow>,
    /// All of them together.
    pub(in super::super) survey: SurveyAnswer,
}

/// What one debtor would get.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct PreviewRow {
    /// Who.
    pub(in super::super) debtor: String,
    /// To whom is owed; null where nothing is.
    #[schema(required)]
    pub(in super::super) creditor: Option<String>,
    /// What it takes; null where there is a refusal.
    #[schema(required)]
    pub(in super::super) taken: Option<PreviewTaken>,
    /// What its parts cost, with those of its code, where a price is configured.
    #[schema(required)]
    pub(in super::super) cost: Option<String>,
    /// Why there is no text.
    #[schema(required)]
    pub(in super::super) refusal: Option<Reason>,
}

/// A text that was filled.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct PreviewTaken {
    /// The text; null without `pii`.
    #[schema(required)]
    text: Option<String>,
    /// Its characters.
    characters: usize,
    /// Which of the template's texts it is.
    arm: String,
    /// Its parts.
    segments: usize,
    /// What it is sent in.
    encoding: &'static str,
    /// Its septets or UTF-16 units.
    units: usize,
    /// Units that are left to the template's limit, or to one part where it has none; negative when it is passed.
    room: i64,
    /// Whether a code follows as a second message.
    companion: bool,
    /// The parts of that message.
    companion_segments: usize,
}

impl PreviewTaken {
    pub(in super::super) fn new(rendered: Rendered, measured: &Measured, eyes: Eyes) -> Self {
        Self {
            characters: rendered.text.chars().count(),
            text: Some(rendered.text).filter(|_| eyes.see_people()),
            arm: rendered.arm,
            segments: measured.parts,
            encoding: measured.coding.encoding().as_str(),
            units: measured.units,
            room: measured.room,
            companion: rendered.companion.is_some(),
            companion_segments: measured.companion_parts,
        }
    }
}

impl From<&Refusal> for Reason {
    fn from(refusal: &Refusal) -> Self {
        Self { code: refusal.code(), detail: refusal.to_string().into() }
    }
}

/// What all rows come to.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct SurveyAnswer {
    /// All parts.
    parts: u64,
    /// What they cost at the configured price of a part (`[sim] price`); null where there is none.
    #[schema(required)]
    cost: Option<String>,
    /// Rows without a text, by the code of their refusal.
    refused: BTreeMap<&'static str, u64>,
    /// What each of the texts comes to.
    arms: Vec<ArmAnswer>,
}

/// What one of the texts comes to.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct ArmAnswer {
    /// Its name.
    arm: String,
    /// Rows that get it.
    rows: u64,
    /// Parts, those of codes too.
    parts: u64,
    /// Messages by how many parts they take, those of codes too.
    by_parts: BTreeMap<usize, u64>,
    /// Texts by encoding.
    by_encoding: BTreeMap<&'static str, u64>,
    /// Texts that are longer than the template's limit, or than one part where it has none.
    over_limit: u64,
    /// The longest.
    #[schema(required)]
    longest: Option<LongestAnswer>,
}

/// The longest text of all rows.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct LongestAnswer {
    /// Whose it is.
    debtor: String,
    /// The text; null without `pii`.
    #[schema(required)]
    text: Option<String>,
    /// Its parts.
    segments: usize,
    /// What it is sent in.
    encoding: &'static str,
    /// Its septets or UTF-16 units.
    units: usize,
    /// Units that are left to the template's limit, or to one part where it has none; negative when it is passed.
    room: i64,
}

impl SurveyAnswer {
    pub(in super::super) fn new(survey: &Survey, eyes: Eyes) -> Self {
        let arms = survey.arms().iter().map(|(name, arm)| ArmAnswer::new(name, arm, eyes)).collect();
        let cost = survey.cost().map(|cost| cost.to_string());
        Self { parts: survey.parts(), cost, refused: survey.refused().clone(), arms }
    }
}

impl ArmAnswer {
    fn new(name: &str, arm: &Arm, eyes: Eyes) -> Self {
        let longest = arm.longest.as_ref().map(|longest| LongestAnswer {
            debtor: longest.row.clone(),
            text: Some(longest.text.clone()).filter(|_| eyes.see_people()),
            segments: longest.parts,
            encoding: longest.coding.encoding().as_str(),
            units: longest.units,
            room: longest.room,
        });
        Self {
            arm: name.to_owned(),
            rows: arm.rows,
            parts: arm.parts,
            by_parts: arm.by_parts.clone(),
            by_encoding: arm.by_encoding.clone(),
            over_limit: arm.over_limit,
            longest,
        }
    }
}
