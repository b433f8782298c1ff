//! Campaigns as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::dispatch::forecast::{Never, Quota, left_over};
use crate::dunning::campaign::State;
use crate::dunning::operands::Operands;
use crate::dunning::template::{Wording, cautions};
use crate::sms::message::Purpose;
use crate::store::campaign::{CampaignView, Progress};
use crate::store::definition::write_campaign;
use crate::store::suppression::Stopped;

use super::{Reason, at};

/// One of a list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct RowRequest {
    /// The number; that of the debtor if nothing is said.
    pub(in super::super) to: Option<String>,
    /// The debtor, by your id.
    pub(in super::super) debtor: Option<String>,
    /// The debt, by your id.
    pub(in super::super) debt: Option<String>,
    /// What fills the template, by the names of its variables.
    pub(in super::super) vars: Option<BTreeMap<String, String>>,
}

/// Rows of a list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct RowsRequest {
    /// The place of the first of them in the whole list, from 1. What is sent twice stands once.
    #[schema(required, nullable = false)]
    pub(in super::super) from: Option<i64>,
    /// Up to 10 000 of them.
    #[schema(required, nullable = false)]
    pub(in super::super) rows: Option<Vec<RowRequest>>,
}

/// How to look at a campaign.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct LookRequest {
    /// What a part costs, such as `0.0325`.
    pub(in super::super) price: Option<String>,
}

/// Where to send a test.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct TestRequest {
    /// Your own numbers, up to 10.
    #[schema(required, nullable = false)]
    pub(in super::super) to: Option<Vec<String>>,
}

/// Why it is held.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct HoldRequest {
    /// For those who wonder later.
    pub(in super::super) reason: Option<String>,
}

/// A segment to be counted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct SegmentRequest {
    /// To whom it is owed.
    #[schema(required, nullable = false)]
    pub(in super::super) creditor: Option<String>,
    /// The segment, as in ladders and templates; nothing at all is everything.
    #[schema(value_type = Object)]
    pub(in super::super) segment: Option<Value>,
}

/// How many are in a segment.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(in super::super) struct SegmentAnswer {
    /// Debts, however they stand.
    pub(in super::super) debts: u64,
    /// Debtors.
    pub(in super::super) debtors: u64,
    /// Debts that may be asked for.
    pub(in super::super) asked_for: u64,
}

/// A campaign.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct CampaignAnswer {
    #[serde(skip)]
    pub(in super::super) key: i64,
    /// Its name, which is the `batch` of its messages.
    pub(in super::super) name: String,
    /// Which writing of it this is, from 1: a draft may be written anew.
    pub(in super::super) revision: u32,
    /// `draft`, `scheduled`, `running`, `paused`, `done` or `cancelled`.
    pub(in super::super) state: &'static str,
    /// What was written.
    #[schema(value_type = Object)]
    definition: Value,
    /// When.
    created_at: String,
    /// By whom it was written last.
    client: String,
    /// When it begins, or began.
    #[schema(required)]
    start_at: Option<String>,
    /// The version of its template that was test sent; 0 for a text without one.
    #[schema(required)]
    tested_version: Option<u32>,
    /// The version that is sent.
    #[schema(required)]
    version: Option<u32>,
    /// Rows of its list.
    rows: u64,
    /// Rows that were announced when it was written: it does not start with fewer.
    rows_announced: u64,
    /// Why nothing more of it can be queued, while that is so: it is looked at again and again.
    #[schema(required)]
    problem: Option<String>,
    /// The same for programs: `no_template`, `faulty` or `no_creditor`, and what it is about; in the answer about one campaign.
    #[schema(required)]
    pub(in super::super) problem_reason: Option<CampaignWarning>,
    /// What somebody may want to know before it starts: `rows_since_test`.
    warnings: Vec<CampaignWarning>,
    /// Whether all of it is in the queue, or behind it.
    queued: bool,
    /// Its messages.
    messages: u64,
    /// Its messages by their state.
    progress: BTreeMap<&'static str, u64>,
    /// Who got no text, by the reason.
    left_out: BTreeMap<String, u64>,
}

impl From<CampaignView> for CampaignAnswer {
    fn from(view: CampaignView) -> Self {
        let Progress(states) = &view.progress;
        let warnings = rows_since_test(&view).into_iter().collect();
        Self {
            key: view.key.0,
            revision: view.revision,
            state: view.state.name(),
            definition: write_campaign(&view.campaign),
            created_at: at(view.at),
            client: view.client,
            start_at: view.start_at.map(at),
            tested_version: view.tested,
            version: view.version,
            rows: view.rows,
            rows_announced: view.announced,
            problem: view.problem,
            problem_reason: None,
            warnings,
            queued: view.queued_at.is_some(),
            messages: view.progress.all(),
            progress: states.iter().map(|(state, count)| (state.name(), *count)).collect(),
            left_out: view.left,
            name: view.campaign.name,
        }
    }
}

/// The test proves the words, not the rows: those that came later may hold longer ones.
fn rows_since_test(view: &CampaignView) -> Option<CampaignWarning> {
    let parts = view.tested_parts.filter(|_| view.state == State::Draft && view.untested > 0)?;
    let detail = format!(
        "rows written since the test: {}; its text had {}, and the preview knows the longest",
        view.untested,
        counted(parts.into())
    );
    let operands = Operands::of("rows", view.untested).and("parts", parts);
    Some(CampaignWarning::new("rows_since_test", operands, detail))
}

fn counted(parts: u64) -> String {
    if parts == 1 { "1 part".to_owned() } else { format!("{parts} parts") }
}

/// The longest text has more parts than the one that was test sent.
pub(in super::super) fn longer_than_tested(longest: usize, tested: u32) -> Option<CampaignWarning> {
    let longest = u64::try_from(longest).unwrap_or(u64::MAX);
    let detail =
        || format!("the longest text has {}, the one that was test sent {}", counted(longest), counted(tested.into()));
    let operands = || Operands::of("longest", longest).and("tested", tested);
    (longest > u64::from(tested)).then(|| CampaignWarning::new("longer_than_tested", operands(), detail()))
}

/// Parts of which the validity ends before their turn comes: by the campaign's own limit, or as far as can be foreseen.
pub(in super::super) fn outlives_validity(
    parts: u64,
    quota: Option<Quota>,
    ends: Option<Timestamp>,
    expires: Timestamp,
) -> Option<CampaignWarning> {
    let over = quota.map(|quota| (quota.per_day, left_over(quota, parts, expires))).filter(|(_, over)| *over > 0);
    let until = at(expires);
    Some(match (over, ends) {
        (Some((per_day, over)), _) => {
            let operands =
                Operands::of("parts", parts).and("per_day", per_day).and("over", over).and("until_time", &until);
            let parts = counted(parts);
            let detail = format!(
                "of {parts} at {per_day} a day {over} would expire: the texts are valid until {until}; raise per_day or set \
                 valid_until"
            );
            CampaignWarning::new("outlives_validity", operands, detail)
        }
        (None, Some(ends)) if ends > expires => {
            let operands =
                Operands::of("ends_time", at(ends)).and("until_time", &until).and("problem", "outlives_forecast");
            let detail = format!("the last part would leave about {}, and the texts are valid until {until}", at(ends));
            CampaignWarning::new("outlives_validity", operands, detail)
        }
        (None, _) => return None,
    })
}

/// Words of a text without a template that it should not have.
pub(in super::super) fn cautioned(text: &str, purpose: Purpose, wording: &Wording) -> Vec<CampaignWarning> {
    let found = cautions(text, purpose, wording).into_iter();
    found
        .map(|(_, code, caution)| CampaignWarning::new(code, Operands::of("what", &caution.id), caution.reason.clone()))
        .collect()
}

/// Something that somebody may want to know.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct CampaignWarning {
    /// What, for programs.
    #[schema(example = "outlives_validity")]
    code: &'static str,
    /// What it is about, by name, for whoever says it in other words.
    operands: BTreeMap<&'static str, String>,
    /// What it is and what to do.
    detail: String,
}

impl CampaignWarning {
    pub(in super::super) fn new(code: &'static str, operands: Operands, detail: String) -> Self {
        Self { code, operands: operands.into_map(), detail }
    }
}

/// What was stopped.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct StoppedAnswer {
    /// Messages of which nothing more is handed over.
    stopped: u64,
    /// Messages of which a part was on the wire, or may have been: nothing else is accepted by the network from now on.
    on_wire: Vec<String>,
}

impl From<Stopped> for StoppedAnswer {
    fn from(stopped: Stopped) -> Self {
        Self { stopped: stopped.stopped, on_wire: stopped.on_wire.iter().map(ToString::to_string).collect() }
    }
}

/// What a campaign comes to now.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct LookAnswer {
    /// The version of its template; 0 for a text without one.
    pub(in super::super) version: u32,
    /// Texts that would be queued.
    pub(in super::super) recipients: u64,
    /// Their parts.
    pub(in super::super) parts: u64,
    /// What they cost, where a price was given or is configured.
    #[schema(required)]
    pub(in super::super) cost: Option<String>,
    /// Who would get no text, by the reason.
    pub(in super::super) left_out: BTreeMap<&'static str, u64>,
    /// Whose text would wait, by what holds it: what they had, said or promised. They are among the recipients.
    pub(in super::super) held: BTreeMap<&'static str, u64>,
    /// The longest text.
    #[schema(required)]
    pub(in super::super) longest: Option<ExampleAnswer>,
    /// The first few.
    pub(in super::super) examples: Vec<ExampleAnswer>,
    /// When it would end.
    pub(in super::super) forecast: ForecastAnswer,
    /// What somebody may want to change: `outlives_validity` (some would expire before their turn), `longer_than_tested`.
    pub(in super::super) warnings: Vec<CampaignWarning>,
}

/// What somebody would get.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in super::super) struct ExampleAnswer {
    /// Who: the debtor, or the place in the list.
    pub(in super::super) who: String,
    /// The number; masked without `pii`.
    pub(in super::super) to: String,
    /// The text; null without `pii`.
    #[schema(required)]
    pub(in super::super) text: Option<String>,
    /// Its parts.
    pub(in super::super) segments: usize,
    /// What it is sent in.
    pub(in super::super) encoding: &'static str,
    /// Its septets or UTF-16 units.
    pub(in super::super) units: u32,
}

/// When the last part will have left: an estimate from budgets, pace and hours.
///
/// What will be submitted, what the network refuses and what people answer is not known; texts that caps hold for days are
/// reckoned as if they went in their turn.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in super::super) struct ForecastAnswer {
    /// When.
    #[schema(required)]
    ends_at: Option<String>,
    /// Why there is none.
    #[schema(required)]
    reason: Option<Reason>,
    /// Parts that it was made for.
    parts: u64,
}

impl ForecastAnswer {
    pub(in super::super) fn new(ends: Result<Timestamp, Never>, parts: u64) -> Self {
        let reason = |never: &Never| Reason { code: never.code(), detail: never.detail().into() };
        Self { reason: ends.as_ref().err().map(reason), ends_at: ends.ok().map(at), parts }
    }
}

/// A test that was sent.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct TestAnswer {
    /// The version of its template; 0 for a text without one.
    pub(in super::super) version: u32,
    /// Whose text it is.
    pub(in super::super) who: String,
    /// Its parts.
    pub(in super::super) segments: usize,
    /// The messages, in the order of the numbers.
    pub(in super::super) messages: Vec<String>,
    /// The codes that follow them as messages of their own; empty where none does.
    pub(in super::super) codes: Vec<String>,
}
