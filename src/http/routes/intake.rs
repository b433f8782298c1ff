//! Taking in creditors, debtors and debts: one, an array, or one on each line.

use axum::Json;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::store::StoreError;
use crate::store::portfolio::{Stated, Taken, Untaken};

use super::super::Site;
use super::super::audit::concerns;
use super::super::auth::Caller;
use super::super::dto::intake::{TakenAnswer, TakenAnswers, TakenItem};
use super::super::json::{array, is_array};
use super::super::portfolio::{Checked, Desk, Subject};
use super::super::problem::{Kind, Problem};
use super::submit::takes_in;

/// Most items of one request.
const ITEMS_MAX: usize = 10_000;

/// What is to become of good items beside bad ones.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TakeParameters {
    /// `item` (default): the good ones are stored. `all`: nothing is stored where one is bad.
    on_error: Option<String>,
    /// What becomes of fields that an item does not have. `clear` (default): what was stored is taken away, but for what the
    /// field says of itself. `keep`: it stays; a field that is `null`, or an empty list, takes it away.
    unsaid: Option<String>,
}

/// What was sent.
pub(super) struct Intake {
    pub(super) asked: TakeParameters,
    pub(super) headers: HeaderMap,
    pub(super) octets: Bytes,
}

/// How a body holds its items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    One,
    Array,
    Lines,
}

/// Takes in what was sent.
pub(super) async fn take(site: &Site, caller: Caller, intake: Intake, subject: Subject) -> Result<Response, Problem> {
    takes_in(site)?;
    let Intake { asked, headers, octets } = intake;
    let is_all = match asked.on_error.as_deref() {
        None | Some("item") => false,
        Some("all") => true,
        Some(_) => return Err(Problem::bad("on_error", "is item or all")),
    };
    let keeps = match asked.unsaid.as_deref() {
        None | Some("clear") => false,
        Some("keep") => true,
        Some(_) => return Err(Problem::bad("unsaid", "is clear or keep")),
    };
    let form = form(&headers, &octets);
    let client = caller.client().to_owned();
    let checked = check(site, caller, (form, keeps), octets, subject).await?;
    if is_all && checked.iter().any(Result::is_err) {
        return Ok(nothing_stored(checked.into_iter().map(Result::err)));
    }
    let (slots, items) = divided(checked);
    if form == Form::One {
        // Of many how many they were is in the answer, and who they are in their rows.
        for item in &items {
            concerns(site, item.item.debtor(), None);
        }
    }
    let answers = if items.is_empty() { Vec::new() } else { site.writer.take(items, is_all, client).await? };
    if is_all && answers.iter().any(Result::is_err) {
        return Ok(nothing_stored(answers.into_iter().map(|answer| answer.err().map(untaken))));
    }
    let mut answered = answered(slots, answers);
    if form == Form::One {
        let one = answered.pop().unwrap_or_else(|| Err(Problem::internal(&"no answer to an item")));
        return one.map(|answer| Json(answer).into_response());
    }
    let item = |(index, answer): (usize, Result<TakenAnswer, Problem>)| {
        answer.map_or_else(|problem| TakenItem::Problem(problem.at_index(index)), TakenItem::Taken)
    };
    Ok(Json(TakenAnswers { items: answered.into_iter().enumerate().map(item).collect() }).into_response())
}

/// Takes in an array of debts, each by itself. What is unsaid of them stays.
pub(super) async fn take_debts(
    site: &Site,
    caller: Caller,
    octets: Bytes,
) -> Result<Vec<Result<TakenAnswer, Problem>>, Problem> {
    let client = caller.client().to_owned();
    let (slots, items) = divided(check(site, caller, (Form::Array, true), octets, Subject::Debt).await?);
    let answers = if items.is_empty() { Vec::new() } else { site.writer.take(items, false, client).await? };
    Ok(answered(slots, answers))
}

/// What of an item is needed for its answer, or why it is refused.
type Slot = Result<(String, Vec<String>), Problem>;

/// Good items, and the places of all.
fn divided(checked: Vec<Result<Checked, Problem>>) -> (Vec<Slot>, Vec<Stated>) {
    let mut items = Vec::with_capacity(checked.len());
    let slot = |one: Result<Checked, Problem>| {
        one.map(|Checked { id, item, warnings }| {
            items.push(item);
            (id, warnings)
        })
    };
    let slots = checked.into_iter().map(slot).collect();
    (slots, items)
}

/// The answers to all, in their order.
fn answered(slots: Vec<Slot>, answers: Vec<Result<Taken, Untaken>>) -> Vec<Result<TakenAnswer, Problem>> {
    let mut answers = answers.into_iter();
    let answered = slots.into_iter().map(|slot| {
        let (id, warnings) = slot?;
        let taken = answers.next().ok_or_else(|| Problem::internal(&"no answer to an item"))?;
        taken.map(|taken| TakenAnswer::new(id, taken, warnings)).map_err(untaken)
    });
    answered.collect()
}

fn form(headers: &HeaderMap, octets: &[u8]) -> Form {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/x-ndjson") {
        Form::Lines
    } else if is_array(octets) {
        Form::Array
    } else {
        Form::One
    }
}

/// Reads and checks what was sent where that may take long.
async fn check(
    site: &Site,
    caller: Caller,
    (form, keeps): (Form, bool),
    octets: Bytes,
    subject: Subject,
) -> Result<Vec<Result<Checked, Problem>>, Problem> {
    let settings = site.settings().clone();
    let checked = move |reader: &_| {
        let desk = Desk::new(reader, &settings, &caller, keeps)?;
        let items: Vec<&[u8]> = match form {
            Form::One => vec![&octets],
            Form::Array => match array(&octets) {
                Ok(items) => items.into_iter().map(|item| item.get().as_bytes()).collect(),
                Err(problem) => return Ok(Err(problem)),
            },
            Form::Lines => octets.split(|octet| *octet == b'\n').filter(|line| !line.trim_ascii().is_empty()).collect(),
        };
        if items.len() > ITEMS_MAX {
            let detail = format!("a request may have {ITEMS_MAX} items, this one has {}; divide it", items.len());
            return Ok(Err(Problem::new(Kind::TooLarge, detail)));
        }
        Ok::<_, StoreError>(Ok(items.into_iter().map(|item| desk.check(subject, item)).collect()))
    };
    site.read(checked).await?
}

/// The answer where all or nothing was asked for: the problems, by their places.
fn nothing_stored(problems: impl Iterator<Item = Option<Problem>>) -> Response {
    let at = |(index, problem): (usize, Option<Problem>)| Some(TakenItem::Problem(problem?.at_index(index)));
    let items = problems.enumerate().filter_map(at).collect();
    (StatusCode::UNPROCESSABLE_ENTITY, Json(TakenAnswers { items })).into_response()
}

fn untaken(untaken: Untaken) -> Problem {
    let (kind, field) = match untaken {
        Untaken::NoCreditor => (Kind::BadRequest, "creditor"),
        Untaken::NoDebtor => (Kind::BadRequest, "debtor"),
        Untaken::OfAnotherCreditor => (Kind::Conflict, "id"),
    };
    Problem::new(kind, untaken.to_string()).field(field)
}
