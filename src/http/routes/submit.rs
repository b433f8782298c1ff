//! `POST /v1/messages`: one message, or an array of them.

use std::collections::HashMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::sync::mpsc;

use crate::actor::campaign::behind;
use crate::actor::writer::BATCH_MAX;
use crate::clock::Timestamp;
use crate::dispatch::gate::Verdict;
use crate::sms::id::MessageId;
use crate::sms::message::Submission;
use crate::store::submit::{Post, Ruling, SubmitAnswer as Submitted};
use crate::store::view::MessageView;

use super::super::auth::{Caller, Scope};
use super::super::dto::message::{Eyes, MessageAnswer};
use super::super::dto::submit::{
    Receipt, SubmitAnswer, SubmitAnswers, SubmitBody, SubmitItem, SubmitRequest, WarningAnswer,
};
use super::super::explain::{Explained, Lane, explain};
use super::super::filled::fill;
use super::super::json::{Octets, array, is_array, object};
use super::super::problem::{Document, Kind, Problem};
use super::super::submission::Checked;
use super::super::{Phase, Site, aside};
use super::messages::explained;

/// Most items of one array.
const ITEMS_MAX: usize = 10_000;

/// Submit a message, or an array of them.
///
/// `202` is sent when they are on disk. A repeat of a `client_ref` with the same content answers `200` with how the
/// message stands. In an array each item is taken in or refused by itself, and answered in its place.
#[utoipa::path(
    post,
    path = "/v1/messages",
    operation_id = "submitMessages",
    tag = "messages",
    request_body = SubmitBody,
    responses(
        (status = ACCEPTED, description = "On disk", body = SubmitAnswered),
        (status = OK, body = SubmitAnswer, description = "A repeat of a `client_ref`"),
        (status = CONFLICT, body = Document, description = "`duplicate-ref`: the reference has another content; `conflict`: the batch is a campaign"),
        (
            status = UNPROCESSABLE_ENTITY,
            body = Document,
            description = "`bad-number`, `bad-text`, `too-long` or `exceeds-budget`"
        ),
        (status = "4XX", description = "A problem", body = Document),
        (status = SERVICE_UNAVAILABLE, body = Document, description = "`busy`, `no-space` or `not-ready`")
    )
)]
pub(super) async fn submit(
    State(site): State<Site>,
    caller: Caller,
    Octets(octets): Octets,
) -> Result<Response, Problem> {
    caller.needs(Scope::Send)?;
    takes_in(&site)?;
    let began = site.clock.now().instant;
    let response = if is_array(&octets) {
        submit_many(&site, caller, octets).await
    } else {
        submit_one(&site, &caller, &octets).await
    }?;
    site.metrics.submitted(site.clock.now().instant.saturating_since(began));
    Ok(response)
}

/// Refuses what is new while the daemon stops.
pub(super) fn takes_in(site: &Site) -> Result<(), Problem> {
    if site.phase() == Phase::Open {
        return Ok(());
    }
    Err(Problem::new(Kind::NotReady, "the daemon is stopping; try again when it is back"))
}

/// The answer to one or to many.
#[derive(utoipa::ToSchema)]
#[schema(as = SubmitAnswered)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes answers that are written by themselves")]
enum SubmitAnswered {
    One(SubmitAnswer),
    Many(SubmitAnswers),
}

/// What became of one item, before repeats are looked up.
enum Outcome {
    Queued(Box<Receipt>, Ruling),
    Repeat(MessageId),
    Refused(Problem),
}

async fn submit_one(site: &Site, caller: &Caller, octets: &[u8]) -> Result<Response, Problem> {
    for _ in 0..TRIES {
        let request = written(site, caller, object(octets)?, site.clock.now().utc).await?;
        let posted = check_filled(request, site, caller)?;
        let (receipt, eyes) = (posted.receipt(caller).worded(posted.of_words(site)), posted.eyes(caller));
        let answers = site.writer.post(vec![posted.post]).await?;
        let answer = answers.into_iter().next().ok_or_else(|| Problem::internal(&"no answer to a submission"))?;
        if answer != Submitted::Changed {
            return answered(site, receipt, answer, eyes).await;
        }
    }
    Err(changed())
}

/// What is owed changed while the text was written: it is written again so many times.
const TRIES: usize = 3;

fn changed() -> Problem {
    Problem::new(Kind::Conflict, "what is owed changed while the text was written; send it again")
}

/// Fills the template of a request, and finds the number, where that is asked for.
pub(super) async fn written(
    site: &Site,
    caller: &Caller,
    mut request: SubmitRequest,
    now: Timestamp,
) -> Result<SubmitRequest, Problem> {
    if request.template.is_none() && request.vars.is_none() && request.to.is_some() {
        return Ok(request);
    }
    let (caller, settings) = (caller.clone(), site.settings().clone());
    site.read(move |reader| Ok(fill(&mut request, reader, &caller, &settings, now)?.map(|()| request))).await?
}

/// A message that was checked.
struct Posted {
    post: Post,
    found_number: bool,
}

impl Posted {
    /// Who did not name the number sees it as the token allows.
    fn eyes(&self, caller: &Caller) -> Eyes {
        if self.found_number { caller.eyes() } else { Eyes::Open }
    }

    /// What there is to say of words that nobody has approved.
    fn of_words(&self, site: &Site) -> Vec<WarningAnswer> {
        let Submission { text, purpose, labels, .. } = &self.post.submission;
        match labels.origin.wording {
            Some(_) => Vec::new(),
            None => WarningAnswer::of_words(&text.0, *purpose, &site.settings().wording),
        }
    }

    fn receipt(&self, caller: &Caller) -> Receipt {
        Receipt::from(&self.post.submission).seen_with(self.eyes(caller), self.post.submission.to)
    }
}

/// Checks a request that has its text and number.
fn check_filled(request: SubmitRequest, site: &Site, caller: &Caller) -> Result<Posted, Problem> {
    if site.writer.is_clock_doubted() && (request.not_before.is_some() || request.valid_until.is_some()) {
        let detail = "the clock of this host is doubted, and not_before and valid_until cannot be judged by it; send it again when \
                      the alarm clock_doubted is over, or with a ttl";
        return Err(Problem::new(Kind::NotReady, detail));
    }
    let now = site.clock.now().utc;
    let mut random = [0; 11];
    getrandom::fill(&mut random).map_err(|error| Problem::internal(&error))?;
    let mut checked = Checked::new(request, caller, &site.settings(), now)?;
    let filled = checked.filled.take();
    let found_number = filled.as_ref().is_some_and(|filled| filled.found_number);
    let (code, basis) = filled.map(|filled| (filled.companion, filled.basis)).unwrap_or_default();
    let submission = checked.into_submission(caller.client(), now, random)?;
    let companion = code.map(|code| behind(&submission, &code, random)).transpose();
    let companion = companion.map_err(|error| Problem::new(Kind::BadText, error.to_string()).field("template"))?;
    Ok(Posted { post: Post { submission, companion, basis }, found_number })
}

/// What became of one submission, for eyes that may see its recipient or not.
pub(super) async fn answered(
    site: &Site,
    receipt: Receipt,
    answer: Submitted,
    eyes: Eyes,
) -> Result<Response, Problem> {
    match outcome(receipt, answer) {
        Outcome::Queued(receipt, Ruling { verdict, warnings }) => {
            let explained = in_words(site, vec![(receipt.lane.clone(), verdict)]).await.pop();
            let explained = explained.unwrap_or(Explained { verdict, pause: None });
            Ok((StatusCode::ACCEPTED, Json(receipt.queued(explained, warnings))).into_response())
        }
        Outcome::Refused(problem) => Err(problem),
        Outcome::Repeat(id) => {
            let answer = present(site, vec![id], eyes).await?.remove(&id).ok_or_else(|| forgotten(id))?;
            Ok(Json(answer).into_response())
        }
    }
}

/// What holds messages that were just taken in; nothing where that cannot be had, since they are on disk all the same.
async fn in_words(site: &Site, verdicts: Vec<(Lane, Verdict)>) -> Vec<Explained> {
    explain(site, verdicts).await.unwrap_or_default()
}

async fn submit_many(site: &Site, caller: Caller, octets: Bytes) -> Result<Response, Problem> {
    // While one chunk is written, the next is checked.
    let (chunks, mut checked) = mpsc::channel(2);
    let checking = {
        let site = site.clone();
        aside(move || check_all(&octets, &site, &caller, &chunks))
    };
    // It owns its end of the channel: when it gives up, the checking ends too.
    let writing = async move {
        let mut outcomes: Vec<Outcome> = Vec::new();
        while let Some(chunk) = checked.recv().await {
            let fresh = !outcomes.iter().any(|outcome| !matches!(outcome, Outcome::Refused(_)));
            outcomes.extend(write_chunk(site, chunk, fresh).await?);
        }
        Ok::<_, Problem>(outcomes)
    };
    let (checking, outcomes) = tokio::join!(checking, writing);
    let outcomes = outcomes?;
    checking??;
    let repeats = outcomes.iter().filter_map(|outcome| match outcome {
        Outcome::Repeat(id) => Some(*id),
        Outcome::Queued(..) | Outcome::Refused(_) => None,
    });
    let present = present(site, repeats.collect(), Eyes::Open).await?;
    let queued = outcomes.iter().filter_map(|outcome| match outcome {
        Outcome::Queued(receipt, ruling) => Some((receipt.lane.clone(), ruling.verdict)),
        Outcome::Repeat(_) | Outcome::Refused(_) => None,
    });
    let mut explained = in_words(site, queued.collect()).await.into_iter();
    let items = outcomes.into_iter().enumerate().map(|(index, outcome)| match outcome {
        Outcome::Queued(receipt, Ruling { verdict, warnings }) => {
            let explained = explained.next().unwrap_or(Explained { verdict, pause: None });
            SubmitItem::Message(Box::new(receipt.queued(explained, warnings)))
        }
        Outcome::Refused(problem) => SubmitItem::Problem(problem.at_index(index)),
        Outcome::Repeat(id) => match present.get(&id) {
            Some(answer) => SubmitItem::Message(Box::new(answer.clone())),
            None => SubmitItem::Problem(forgotten(id).at_index(index)),
        },
    });
    Ok((StatusCode::ACCEPTED, Json(SubmitAnswers { items: items.collect() })).into_response())
}

type Chunk = Vec<Result<(Posted, Receipt), Problem>>;

/// Reads and checks an array, chunk by chunk; ends early when nobody takes the chunks any more.
fn check_all(octets: &[u8], site: &Site, caller: &Caller, chunks: &mpsc::Sender<Chunk>) -> Result<(), Problem> {
    let items = array(octets)?;
    if items.len() > ITEMS_MAX {
        let detail = format!("an array may have {ITEMS_MAX} items, this one has {}; divide it", items.len());
        return Err(Problem::new(Kind::TooLarge, detail));
    }
    for chunk in items.chunks(BATCH_MAX) {
        let checked = chunk.iter().map(|item| {
            let mut request: SubmitRequest = object(item.get().as_bytes())?;
            let now = site.clock.now().utc;
            fill(&mut request, &site.reader, caller, &site.settings(), now).map_err(Problem::from)??;
            let posted = check_filled(request, site, caller)?;
            let receipt = posted.receipt(caller);
            Ok((posted, receipt))
        });
        if chunks.blocking_send(checked.collect()).is_err() {
            break;
        }
    }
    Ok(())
}

/// Submits what is right of a chunk. When the writer refuses all of it, this is the answer to the request if nothing was
/// taken in before (`fresh`), and the answer to each item otherwise.
async fn write_chunk(site: &Site, chunk: Chunk, fresh: bool) -> Result<Vec<Outcome>, Problem> {
    let mut submissions = Vec::with_capacity(chunk.len());
    let receipts: Vec<Result<Receipt, Problem>> = chunk
        .into_iter()
        .map(|checked| {
            let (posted, receipt) = checked?;
            submissions.push(posted.post);
            Ok(receipt)
        })
        .collect();
    let answers = if submissions.is_empty() { Ok(Vec::new()) } else { site.writer.post(submissions).await };
    let answers = answers.map_err(Problem::from);
    if let Err(problem) = &answers
        && fresh
    {
        return Err(problem.clone());
    }
    let mut answers = answers.map(IntoIterator::into_iter);
    let outcomes = receipts.into_iter().map(|receipt| match (receipt, &mut answers) {
        (Err(problem), _) => Outcome::Refused(problem),
        (Ok(_), Err(problem)) => Outcome::Refused(problem.clone()),
        (Ok(receipt), Ok(answers)) => match answers.next() {
            Some(answer) => outcome(receipt, answer),
            None => Outcome::Refused(Problem::internal(&"no answer to a submission")),
        },
    });
    Ok(outcomes.collect())
}

/// Checks one request and divides its text.
pub(super) fn check(request: SubmitRequest, site: &Site, caller: &Caller) -> Result<Submission, Problem> {
    check_filled(request, site, caller).map(|posted| posted.post.submission)
}

fn outcome(receipt: Receipt, answer: Submitted) -> Outcome {
    match answer {
        Submitted::Queued(ruling) => Outcome::Queued(Box::new(receipt), ruling),
        Submitted::Repeated(id) => Outcome::Repeat(id),
        Submitted::DuplicateRef(id) => {
            let problem =
                Problem::new(Kind::DuplicateRef, "another message was submitted under this reference; see `id`");
            Outcome::Refused(problem.field("client_ref").of_message(id.to_string()))
        }
        Submitted::Changed => Outcome::Refused(changed()),
        Submitted::OfCampaign => {
            Outcome::Refused(Problem::new(Kind::Conflict, "is a campaign; choose another name").field("batch"))
        }
        Submitted::Over => Outcome::Refused(Problem::bad("valid_until", "this time is over")),
        Submitted::ExceedsBudget { parts, period, limit } => {
            let period = period.name();
            let detail = format!(
                "the text takes {parts} parts; no SIM on its route may send more than {limit} a {period}; shorten it"
            );
            Outcome::Refused(Problem::new(Kind::ExceedsBudget, detail).field("text"))
        }
    }
}

fn forgotten(id: MessageId) -> Problem {
    let detail = "this was submitted before under the same reference and is no longer kept";
    Problem::new(Kind::Gone, detail).field("client_ref").of_message(id.to_string())
}

/// How messages that were submitted before stand now. The caller knows what they say: it has just said it again.
async fn present(site: &Site, ids: Vec<MessageId>, eyes: Eyes) -> Result<HashMap<MessageId, SubmitAnswer>, Problem> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let views = site
        .read(move |reader| {
            ids.into_iter().filter_map(|id| reader.message(id).transpose()).collect::<Result<Vec<_>, _>>()
        })
        .await?;
    let explained = explained(site, views).await?;
    let answer = |(view, explained): (MessageView, _)| (view.id, MessageAnswer::new(view, explained, eyes).into());
    Ok(explained.into_iter().map(answer).collect())
}
