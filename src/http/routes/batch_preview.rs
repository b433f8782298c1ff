//! Looking at campaigns: whom they reach and what they come to, a test to one's own numbers, when they end.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::Value;

use crate::actor::campaign::{PieceError, Planned, Random, Sheet, SheetError, ends, expires, trial};
use crate::clock::Timestamp;
use crate::contact::{Addressee, Habit, Reason as ContactReason, TextMark};
use crate::dispatch::forecast::Never;
use crate::dispatch::gate::{Question, Reason, Verdict};
use crate::dunning::campaign::{Audience, Campaign, Content, LeftOut, State as CampaignState, Subject, is_repeat};
use crate::dunning::money::PartPrice;
use crate::sms::message::Submission;
use crate::sms::number::PhoneNumber;
use crate::store::StoreError;
use crate::store::campaign::{CampaignKey, CampaignRow, CampaignText, fresh_quota};
use crate::store::definition::read_segment;
use crate::store::submit::{Post, Ruling, SubmitAnswer};

use super::super::Site;
use super::super::auth::{Caller, Scope};
use super::super::dto::campaign::{
    ExampleAnswer, ForecastAnswer, LookAnswer, LookRequest, SegmentAnswer, SegmentRequest, TestAnswer, TestRequest,
    cautioned, longer_than_tested, outlives_validity,
};
use super::super::dto::message::Eyes;
use super::super::explain::{Lane, lane};
use super::super::json::{Body, Key};
use super::super::problem::{Document, Kind, Problem};
use super::super::submission::recipient;
use super::batches::{Written, own, read};
use super::submit::takes_in;

/// Of those whom a campaign is for, so many are asked about at once.
const PIECE: u32 = 64;

/// A test shows the longest of so many.
const TESTED: usize = 1_000;

/// Numbers of a test.
const TEST_NUMBERS_MAX: usize = 10;

/// Texts that are shown.
const EXAMPLES: usize = 5;

/// What a campaign would come to, without writing it.
#[utoipa::path(
    post,
    path = "/v1/batches/preview",
    operation_id = "previewNewBatch",
    tag = "dunning",
    request_body(content = Object, description = "As in `POST /v1/batches`, and `price` of a part"),
    responses(
        (status = OK, description = "Counted; nothing is stored", body = LookAnswer),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn preview_new(
    State(site): State<Site>,
    caller: Caller,
    Body(mut written): Body<Value>,
) -> Result<Json<LookAnswer>, Problem> {
    caller.needs(Scope::Read)?;
    let price = match written.as_object_mut().and_then(|fields| fields.remove("price")) {
        None | Some(Value::Null) => None,
        Some(Value::String(price)) => Some(price),
        Some(_) => return Err(Problem::bad("price", "give a price as text, such as \"0.0325\"")),
    };
    let Written { campaign, rows, .. } = read(written, &site, &caller)?;
    let sheet = sheet_of(&site, campaign, None, None).await?.map_err(|error| sheet_problem(&error))?;
    look(&site, &caller, Arc::new(sheet), Some(rows), Asked { price, tested_parts: None }).await.map(Json)
}

/// What a campaign comes to now: whom it reaches, who is left out and why, and when it would end.
#[utoipa::path(
    post,
    path = "/v1/batches/{batch}/preview",
    operation_id = "previewBatch",
    tag = "dunning",
    params(("batch" = String, Path, description = "Its name")),
    request_body = LookRequest,
    responses(
        (status = OK, description = "Counted", body = LookAnswer),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn preview(
    State(site): State<Site>,
    caller: Caller,
    Key(name): Key<String>,
    Body(request): Body<LookRequest>,
) -> Result<Json<LookAnswer>, Problem> {
    caller.needs(Scope::Read)?;
    let view = own(&site, &caller, name).await?;
    let sheet = sheet_of(&site, view.campaign, Some(view.key), view.version).await?;
    let sheet = sheet.map_err(|error| sheet_problem(&error))?;
    let asked = Asked { price: request.price, tested_parts: view.tested_parts };
    look(&site, &caller, Arc::new(sheet), None, asked).await.map(Json)
}

/// Send the real text of somebody, the longest of the first thousand, to numbers of your own, with the code that follows it. It
/// counts for nobody. It proves the words: rows that are added later leave it valid, and the campaign warns of them.
///
/// It needs `pii` beside `send`, since it shows what somebody would be told.
#[utoipa::path(
    post,
    path = "/v1/batches/{batch}/test",
    operation_id = "testBatch",
    tag = "dunning",
    params(("batch" = String, Path, description = "Its name")),
    request_body = TestRequest,
    responses(
        (status = OK, description = "Queued", body = TestAnswer),
        (status = CONFLICT, description = "`conflict`: nobody would get a text", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn test(
    State(site): State<Site>,
    caller: Caller,
    Key(name): Key<String>,
    Body(request): Body<TestRequest>,
) -> Result<Json<TestAnswer>, Problem> {
    caller.needs(Scope::Send)?;
    caller.needs(Scope::Pii)?;
    takes_in(&site)?;
    let view = own(&site, &caller, name).await?;
    let name = view.campaign.name.clone();
    let to = request.to.unwrap_or_default();
    if to.is_empty() || to.len() > TEST_NUMBERS_MAX {
        return Err(Problem::bad("to", format!("give 1 to {TEST_NUMBERS_MAX} numbers of your own")));
    }
    let to = to.iter().map(|to| recipient("to", to, &site.settings())).collect::<Result<Vec<_>, _>>()?;
    let sheet = sheet_of(&site, view.campaign, Some(view.key), view.version).await?;
    let sheet = Arc::new(sheet.map_err(|error| sheet_problem(&error))?);
    let mut longest: Option<(String, Box<CampaignText>)> = None;
    let (mut after, mut seen) = (0, 0);
    loop {
        let piece = piece_of(&site, Arc::clone(&sheet), after).await?;
        after = piece.place;
        seen += piece.rows.len();
        for Planned { who, outcome } in piece.rows {
            let Ok(text) = outcome else { continue };
            let size = |text: &CampaignText| (text.submission.parts.len(), text.submission.units);
            if longest.as_ref().is_none_or(|(_, longest)| size(&text) > size(longest)) {
                longest = Some((who, text));
            }
        }
        if piece.is_last || seen >= TESTED {
            break;
        }
    }
    let nobody = || Problem::new(Kind::Conflict, "nobody would get a text; the preview says why");
    let (who, text) = longest.ok_or_else(nobody)?;
    let now = site.clock.now().utc;
    let mut texts: Vec<Post> = Vec::with_capacity(to.len());
    for to in to {
        let mut random = Random::default();
        getrandom::fill(&mut random).map_err(|error| Problem::internal(&error))?;
        let mut trial = trial(&text, to, &site.settings().text, now, random)
            .map_err(|error| Problem::new(Kind::BadText, error.to_string()))?;
        for message in std::iter::once(&mut trial.submission).chain(&mut trial.companion) {
            caller.client().clone_into(&mut message.client);
        }
        texts.push(trial);
    }
    let messages = texts.iter().map(|text| text.submission.id.to_string()).collect();
    let codes = texts.iter().filter_map(|text| text.companion.as_ref()).map(|code| code.id.to_string()).collect();
    let segments = text.submission.parts.len();
    let parts = u32::try_from(segments).unwrap_or(u32::MAX);
    let answers = site.writer.test_campaign(name, sheet.version(), parts, texts).await?;
    for answer in answers {
        match answer {
            SubmitAnswer::Queued(Ruling { verdict: Verdict::Block { reason }, .. }) => {
                let detail = format!("one of these numbers is not texted: {}", reason.detail());
                return Err(Problem::new(Kind::Conflict, detail).field("to"));
            }
            SubmitAnswer::Queued(_) => {}
            SubmitAnswer::Repeated(_)
            | SubmitAnswer::DuplicateRef(_)
            | SubmitAnswer::Over
            | SubmitAnswer::Changed
            | SubmitAnswer::OfCampaign
            | SubmitAnswer::ExceedsBudget { .. } => {
                return Err(Problem::new(Kind::ExceedsBudget, "no SIM may send so many parts").field("text"));
            }
        }
    }
    Ok(Json(TestAnswer { version: sheet.version(), who, segments, messages, codes }))
}

/// When a campaign will have left, as far as that can be told now.
#[utoipa::path(
    get,
    path = "/v1/batches/{batch}/forecast",
    operation_id = "forecastBatch",
    tag = "dunning",
    params(("batch" = String, Path, description = "Its name")),
    responses(
        (status = OK, description = "An estimate, or why there is none", body = ForecastAnswer),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn forecast(
    State(site): State<Site>,
    caller: Caller,
    Key(name): Key<String>,
) -> Result<Json<ForecastAnswer>, Problem> {
    caller.needs(Scope::Read)?;
    let view = own(&site, &caller, name).await?;
    match view.state {
        CampaignState::Draft | CampaignState::Scheduled => {
            let sheet = sheet_of(&site, view.campaign, Some(view.key), view.version).await?;
            let sheet = sheet.map_err(|error| sheet_problem(&error))?;
            Ok(Json(look(&site, &caller, Arc::new(sheet), None, Asked::default()).await?.forecast))
        }
        CampaignState::Done | CampaignState::Cancelled => Ok(Json(ForecastAnswer::new(Err(Never::NotRunning), 0))),
        CampaignState::Running | CampaignState::Paused if view.queued_at.is_none() => {
            Ok(Json(ForecastAnswer::new(Err(Never::NotCounted), 0)))
        }
        CampaignState::Running | CampaignState::Paused => {
            let (route, batch) = lane_of(&view.campaign);
            let outlook = site.writer.outlook(Some(batch), route).await?;
            let own = outlook.own.clone();
            let parts = own.iter().map(|(_, parts)| parts).sum();
            let (priority, now) = (view.campaign.priority, site.clock.now().utc);
            let ends = site.read(move |reader| ends(reader, outlook, &own, priority, now)).await?;
            Ok(Json(ForecastAnswer::new(ends, parts)))
        }
    }
}

/// How many debts and debtors are in a segment.
#[utoipa::path(
    post,
    path = "/v1/segments/count",
    operation_id = "countSegment",
    tag = "dunning",
    request_body = SegmentRequest,
    responses(
        (status = OK, description = "Counted today, in the creditor's zone", body = SegmentAnswer),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn count(
    State(site): State<Site>,
    caller: Caller,
    Body(request): Body<SegmentRequest>,
) -> Result<Json<SegmentAnswer>, Problem> {
    caller.needs(Scope::Read)?;
    let id = request.creditor.ok_or_else(|| Problem::bad("creditor", "say to whom it is owed"))?;
    let segment = read_segment(request.segment.unwrap_or_default());
    let segment = segment.map_err(|error| Problem::bad("segment", error.to_string()))?;
    let now = site.clock.now().utc;
    let is_covered = caller.covers(Some(&id));
    let found = site
        .read(move |reader| {
            let found = reader.creditor_rows()?.into_iter().find(|(_, creditor)| creditor.id == id);
            let Some((row, creditor)) = found.filter(|_| is_covered) else { return Ok(None) };
            let today = now.to_jiff().map_or(jiff::civil::Date::MAX, |now| now.to_zoned(creditor.zone.clone()).date());
            let (mut counted, mut after) = (SegmentAnswer::default(), 0);
            loop {
                let cases = reader.cases_after(row, after, PIECE)?;
                let Some((last, _)) = cases.last() else { return Ok(Some(counted)) };
                after = *last;
                let keys: Vec<_> = cases.into_iter().map(|(_, key)| key).collect();
                // What cannot be read is in nobody's segment; the log of its daemon names it when it is due.
                for loaded in reader.cases(&keys, &creditor, today, now)?.into_iter().flatten() {
                    let inside = loaded.case.debts.iter().filter(|debt| segment.matches(&loaded.case, debt));
                    let (debts, asked_for) = inside.fold((0, 0), |(debts, asked_for), debt| {
                        (debts + 1, asked_for + u64::from(debt.status.is_asked_for()))
                    });
                    counted.debts += debts;
                    counted.debtors += u64::from(debts > 0);
                    counted.asked_for += asked_for;
                }
            }
        })
        .await?;
    found.map(Json).ok_or_else(|| Problem::bad("creditor", "no creditor has this id"))
}

/// What a campaign is written from.
pub(super) async fn sheet_of(
    site: &Site,
    campaign: Campaign,
    key: Option<CampaignKey>,
    version: Option<u32>,
) -> Result<Result<Sheet, SheetError>, Problem> {
    let options = site.settings().text.clone();
    site.read(move |reader| Sheet::new(reader, campaign, key, version, options)).await
}

/// What keeps a campaign from having texts at all.
pub(super) fn sheet_problem(error: &SheetError) -> Problem {
    let field = match error {
        SheetError::NoTemplate { .. } | SheetError::Faulty { .. } => "template",
        SheetError::NoCreditor { .. } => "creditor",
    };
    Problem::bad(field, error.to_string())
}

fn lane_of(campaign: &Campaign) -> Lane {
    lane(campaign.sim.as_ref(), campaign.group.as_ref(), Some(&campaign.name))
}

/// What is only looked at needs no names.
async fn piece_of(site: &Site, sheet: Arc<Sheet>, after: i64) -> Result<crate::actor::campaign::Piece, Problem> {
    let now = site.clock.now().utc;
    site.read(move |reader| sheet.piece(reader, after, PIECE, now, &mut || Ok(Random::default())).map_err(of_store))
        .await
}

fn of_store(error: PieceError) -> StoreError {
    match error {
        PieceError::Store(error) => error,
        PieceError::Random(_) => StoreError::Full,
    }
}

fn digest(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// Counts as it goes.
struct Counting {
    eyes: Eyes,
    answer: LookAnswer,
    /// What each number has; digests, since a campaign may be long.
    numbers: BTreeMap<PhoneNumber, Vec<Subject<u64>>>,
    classes: BTreeMap<String, u64>,
}

impl Counting {
    /// Whether somebody has no text yet.
    fn is_first(&mut self, text: &CampaignText) -> bool {
        let (to, labels) = (text.submission.to, &text.submission.labels);
        let now = Subject { debtor: labels.debtor.as_deref().map(digest), debt: labels.debt.as_deref().map(digest) };
        let mut before = to.forms().filter_map(|form| self.numbers.get(&form)).flatten();
        if before.any(|before| is_repeat(before, &now)) {
            self.leave_out(LeftOut::Duplicate.code());
            return false;
        }
        self.numbers.entry(to).or_default().push(now);
        true
    }

    fn leave_out(&mut self, code: &'static str) {
        *self.answer.left_out.entry(code).or_default() += 1;
    }

    /// `follows` are the parts of the code that follows.
    fn judged(&mut self, who: &str, (submission, follows): (&Submission, usize), verdict: Verdict, class: String) {
        match verdict {
            Verdict::Block { reason } => return self.leave_out(reason.code()),
            Verdict::Hold { reason: Reason::Contact(ContactReason::Window | ContactReason::Holiday), .. }
            | Verdict::Go => {}
            Verdict::Hold { reason: Reason::Contact(reason), .. } => {
                *self.answer.held.entry(reason.code()).or_default() += 1;
            }
            Verdict::Hold { .. } => {}
        }
        let parts = submission.parts.len();
        self.answer.recipients += 1;
        let all = (parts + follows) as u64;
        self.answer.parts += all;
        *self.classes.entry(class).or_default() += all;
        let is_longer = |longest: &ExampleAnswer| (parts, submission.units) > (longest.segments, longest.units);
        if self.answer.longest.as_ref().is_none_or(is_longer) {
            self.answer.longest = Some(example(who, submission, self.eyes));
        }
        if self.answer.examples.len() < EXAMPLES {
            self.answer.examples.push(example(who, submission, self.eyes));
        }
    }
}

fn example(who: &str, submission: &Submission, eyes: Eyes) -> ExampleAnswer {
    let to = eyes.number(submission.to);
    // It is filled with the name of whom it is for.
    let text = eyes.see_people().then(|| submission.text.0.clone());
    ExampleAnswer {
        who: who.to_owned(),
        to,
        text,
        segments: submission.parts.len(),
        encoding: submission.encoding,
        units: submission.units,
    }
}

/// What is known of a look besides the campaign.
#[derive(Debug, Default)]
struct Asked {
    /// What a part costs.
    price: Option<String>,
    /// Parts of the text that was test sent.
    tested_parts: Option<u32>,
}

/// Walks through all of a campaign, asks the gate about each text, and counts.
async fn look(
    site: &Site,
    caller: &Caller,
    sheet: Arc<Sheet>,
    mut rows: Option<Vec<CampaignRow>>,
    asked: Asked,
) -> Result<LookAnswer, Problem> {
    let price: Option<PartPrice> = asked
        .price
        .map(|price| price.parse().map_err(|_form| Problem::bad("price", "give a price such as 0.0325")))
        .transpose()?;
    let price = price.or(Some(site.settings().price)).filter(|price| *price != PartPrice::default());
    let campaign = sheet.campaign();
    let (route, batch) = lane_of(campaign);
    // What is not written yet is not what may have its name.
    let asked_as = if sheet.is_written() { batch.clone() } else { String::new() };
    let nothing = ForecastAnswer::new(Err(Never::NotCounted), 0);
    let answer = LookAnswer {
        version: sheet.version(),
        recipients: 0,
        parts: 0,
        cost: None,
        left_out: BTreeMap::new(),
        held: BTreeMap::new(),
        longest: None,
        examples: Vec::new(),
        forecast: nothing,
        warnings: Vec::new(),
    };
    let mut counting = Counting { eyes: caller.eyes(), answer, numbers: BTreeMap::new(), classes: BTreeMap::new() };
    let mut after = 0;
    loop {
        let (planned, is_last) = match &mut rows {
            Some(rows) if matches!(campaign.audience, Audience::Rows) => {
                let rest = rows.split_off(rows.len().min(usize::try_from(PIECE).unwrap_or(usize::MAX)));
                let (some, sheet) = (std::mem::replace(rows, rest), Arc::clone(&sheet));
                let now = site.clock.now().utc;
                let planned = site
                    .read(move |reader| {
                        sheet.of_rows(reader, &some, now, &mut || Ok(Random::default())).map_err(of_store)
                    })
                    .await?;
                (planned, rows.is_empty())
            }
            _ => {
                let piece = piece_of(site, Arc::clone(&sheet), after).await?;
                after = piece.place;
                (piece.rows, piece.is_last)
            }
        };
        let mut texts = Vec::with_capacity(planned.len());
        for Planned { who, outcome } in planned {
            match outcome {
                Ok(text) if campaign.per_day.is_some_and(|most| text.parts() > most) => {
                    counting.leave_out(LeftOut::ExceedsShare.code());
                }
                Ok(text) => {
                    if counting.is_first(&text) {
                        let follows = text.companion.as_ref().map_or(0, |code| code.parts.len());
                        texts.push((who, text.submission, follows));
                    }
                }
                Err(code) => counting.leave_out(code),
            }
        }
        let asked = texts.iter().map(|(_, submission, _)| question(submission)).collect();
        let judged = site.writer.judge(route.clone(), asked_as.clone(), asked).await?;
        for ((who, submission, follows), (verdict, class)) in texts.iter().zip(judged) {
            counting.judged(who, (submission, *follows), verdict, class);
        }
        if is_last {
            break;
        }
    }
    let Counting { mut answer, classes, .. } = counting;
    answer.cost = price.map(|price| price.of(answer.parts).to_string());
    let now = site.clock.now().utc;
    let from = campaign.start_at.map_or(now, |at| at.max(now));
    let mut outlook = site.writer.outlook(Some(batch).filter(|_| sheet.is_written()), route).await?;
    if !sheet.is_written() {
        outlook.quota = campaign.per_day.map(|per_day| fresh_quota(per_day, &sheet.zone(), from));
    }
    let (own, parts, priority): (Vec<(String, u64)>, _, _) =
        (classes.into_iter().collect(), answer.parts, campaign.priority);
    let quota = outlook.quota;
    let ends = site.read(move |reader| ends(reader, outlook, &own, priority, from)).await?;
    if let Content::Text(text) = &campaign.content {
        let purpose = campaign.purpose;
        answer.warnings.extend(cautioned(text, purpose, &site.settings().wording));
    }
    answer.warnings.extend(outlives_validity(parts, quota, ends.ok(), expires(campaign, from)));
    let longest = answer.longest.as_ref().zip(asked.tested_parts);
    answer.warnings.extend(longest.and_then(|(longest, tested)| longer_than_tested(longest.segments, tested)));
    answer.forecast = ForecastAnswer::new(ends, parts);
    Ok(answer)
}

/// What is asked of the gate about a text that is only looked at.
fn question(submission: &Submission) -> (Addressee, Question) {
    let labels = &submission.labels;
    let to = Addressee {
        number: submission.to,
        purpose: submission.purpose,
        debtor: labels.debtor.clone(),
        creditor: labels.creditor.clone(),
        debt: labels.debt.clone(),
        text: TextMark::of(&submission.text.0),
        confirms_opt_out: false,
        habit: Habit::default(),
    };
    let due: Timestamp = submission.due;
    let parts = u32::try_from(submission.parts.len()).unwrap_or(u32::MAX);
    (to, Question { paused: false, asked: due, due, expires: submission.expires, parts, begun: false })
}
