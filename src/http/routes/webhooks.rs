//! `/v1/webhooks`: endpoints that events are posted to, what became of them there, and doing it again.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use crate::clock::duration;
use crate::store::event::EventKind;
use crate::store::reader::Reader;
use crate::store::webhook::{
    DeliveryState, ENDPOINTS_MAX, EndpointTerms, EndpointUrl, EndpointView, Replay, ReplayAnswer, SigningKey, Wanted,
};

use super::super::Site;
use super::super::auth::{Caller, Scope};
use super::super::dto::List;
use super::super::dto::webhook::{
    DeliveryAnswer, NewWebhookAnswer, RemovedAnswer, ReplayRequest, ReplayedAnswer, RotateRequest, RotatedAnswer,
    WebhookAnswer, WebhookRequest, WebhookTestAnswer,
};
use super::super::json::{Body, Key, Parameters};
use super::super::page::PageParameters;
use super::super::problem::{Document, Kind, Problem};
use super::super::submission::word;

/// Events in one request at most.
const BATCH_MAX: i64 = 1_000;

/// Types, or creditors, of one endpoint.
const WORDS_MAX: usize = 100;

/// For how long the secret of before signs too, if nothing is said.
const KEEP_OLD: Duration = Duration::from_secs(24 * 60 * 60);
const KEEP_OLD_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// All endpoints, oldest first.
#[utoipa::path(
    get,
    path = "/v1/webhooks",
    operation_id = "listWebhooks",
    tag = "webhooks",
    responses(
        (status = OK, description = "All of them", body = List<WebhookAnswer>),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn list(State(site): State<Site>, caller: Caller) -> Result<Json<List<WebhookAnswer>>, Problem> {
    caller.needs(Scope::Manage)?;
    let endpoints = site.read(Reader::webhooks).await?;
    Ok(Json(List::whole(endpoints.into_iter().map(WebhookAnswer::from).collect())))
}

/// Make an endpoint, which hears of everything that it wants from now on. Its secret is in this answer and nowhere else.
///
/// Requests are `{"type","timestamp","data"}` with an event of `/v1/events` as `data`, or an array of these where `batch` is
/// said, with the headers `webhook-id`, `webhook-timestamp` and `webhook-signature` of Standard Webhooks. An event comes at
/// least once, and those of one message in order. The same id means the same events; an array may be divided otherwise when
/// its events are posted again, under other ids then, and `data.seq` tells a repeat. Any 2xx takes it; 410 disables the
/// endpoint.
#[utoipa::path(
    post,
    path = "/v1/webhooks",
    operation_id = "createWebhook",
    tag = "webhooks",
    request_body = WebhookRequest,
    responses(
        (status = CREATED, description = "Made", body = NewWebhookAnswer),
        (status = CONFLICT, description = "`conflict`: there are too many", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn create(
    State(site): State<Site>,
    caller: Caller,
    Body(request): Body<WebhookRequest>,
) -> Result<(StatusCode, Json<NewWebhookAnswer>), Problem> {
    caller.needs(Scope::Admin)?;
    let terms = EndpointTerms {
        url: EndpointUrl(String::new()),
        wanted: Wanted(vec!["*".to_owned()]),
        creditors: Vec::new(),
        pii: false,
        batch: 0,
        enabled: true,
    };
    if request.url.is_none() {
        return Err(Problem::bad("url", "is missing: where are events posted to?"));
    }
    let terms = changed(&site, &caller, terms, request)?;
    let key = random_key()?;
    let made = site.writer.create_webhook(terms, key, caller.client().to_owned()).await?;
    let id = made.ok_or_else(|| {
        let detail = format!("there are {ENDPOINTS_MAX} endpoints, which is as many as there can be; remove one");
        Problem::new(Kind::Conflict, detail)
    })?;
    site.webhooks.changed();
    let endpoint = find(&site, Some(id)).await?;
    Ok((StatusCode::CREATED, Json(NewWebhookAnswer::new(endpoint, key))))
}

/// One endpoint.
#[utoipa::path(
    get,
    path = "/v1/webhooks/{id}",
    operation_id = "showWebhook",
    tag = "webhooks",
    params(("id" = i64, Path, description = "Of the endpoint")),
    responses(
        (status = OK, description = "It", body = WebhookAnswer),
        (status = NOT_FOUND, description = "`not-found`", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn show(
    State(site): State<Site>,
    caller: Caller,
    Key(id): Key<i64>,
) -> Result<Json<WebhookAnswer>, Problem> {
    caller.needs(Scope::Manage)?;
    Ok(Json(find(&site, id).await?.into()))
}

/// Change what is said of an endpoint; the rest stays. What waits is tried at once, and one that was disabled and is enabled goes
/// on from its place.
#[utoipa::path(
    patch,
    path = "/v1/webhooks/{id}",
    operation_id = "changeWebhook",
    tag = "webhooks",
    params(("id" = i64, Path, description = "Of the endpoint")),
    request_body = WebhookRequest,
    responses(
        (status = OK, description = "As it is now", body = WebhookAnswer),
        (status = NOT_FOUND, description = "`not-found`", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn change(
    State(site): State<Site>,
    caller: Caller,
    Key(id): Key<i64>,
    Body(request): Body<WebhookRequest>,
) -> Result<Json<WebhookAnswer>, Problem> {
    caller.needs(Scope::Admin)?;
    let endpoint = find(&site, id).await?;
    let key = endpoint.key;
    let terms = changed(&site, &caller, endpoint.terms, request)?;
    if !site.writer.change_webhook(key, terms).await? {
        return Err(missing());
    }
    site.webhooks.changed();
    Ok(Json(find(&site, id).await?.into()))
}

/// Remove an endpoint with all that waits for it.
#[utoipa::path(
    delete,
    path = "/v1/webhooks/{id}",
    operation_id = "removeWebhook",
    tag = "webhooks",
    params(("id" = i64, Path, description = "Of the endpoint")),
    responses(
        (status = OK, description = "Done", body = RemovedAnswer),
        (status = NOT_FOUND, description = "`not-found`", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn remove(
    State(site): State<Site>,
    caller: Caller,
    Key(id): Key<i64>,
) -> Result<Json<RemovedAnswer>, Problem> {
    caller.needs(Scope::Admin)?;
    let id = id.ok_or_else(missing)?;
    if !site.writer.remove_webhook(id).await? {
        return Err(missing());
    }
    site.webhooks.changed();
    Ok(Json(RemovedAnswer { id, removed: true }))
}

/// Give an endpoint another secret, which is in this answer and nowhere else. Both sign for a while.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{id}/rotate",
    operation_id = "rotateWebhook",
    tag = "webhooks",
    params(("id" = i64, Path, description = "Of the endpoint")),
    request_body = RotateRequest,
    responses(
        (status = OK, description = "Done", body = RotatedAnswer),
        (status = NOT_FOUND, description = "`not-found`", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn rotate(
    State(site): State<Site>,
    caller: Caller,
    Key(id): Key<i64>,
    Body(request): Body<RotateRequest>,
) -> Result<Json<RotatedAnswer>, Problem> {
    caller.needs(Scope::Admin)?;
    let id = id.ok_or_else(missing)?;
    let keep = request.keep_old.as_deref().map(duration::parse).transpose().ok().map(|keep| keep.unwrap_or(KEEP_OLD));
    let keep = keep.filter(|keep| *keep <= KEEP_OLD_MAX);
    let keep = keep.ok_or_else(|| Problem::bad("keep_old", "give a duration such as \"24h\", at most \"30d\""))?;
    let (key, until) = (random_key()?, site.clock.now().utc + keep);
    if !site.writer.rotate_webhook(id, key, until).await? {
        return Err(missing());
    }
    site.webhooks.changed();
    Ok(Json(RotatedAnswer::new(id, key, until)))
}

/// Post a signed event of the type `webhook.test` to an endpoint, and say what it made of it. Nothing of it is kept.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{id}/test",
    operation_id = "testWebhook",
    tag = "webhooks",
    params(("id" = i64, Path, description = "Of the endpoint")),
    responses(
        (status = OK, description = "Whether it was taken", body = WebhookTestAnswer),
        (status = NOT_FOUND, description = "`not-found`", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn test(
    State(site): State<Site>,
    caller: Caller,
    Key(id): Key<i64>,
) -> Result<Json<WebhookTestAnswer>, Problem> {
    caller.needs(Scope::Manage)?;
    let endpoint = find(&site, id).await?;
    Ok(Json(site.webhooks.test(&endpoint).await.into()))
}

/// Which deliveries to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DeliveryParameters {
    /// `waiting`, `delivered` or `dead`.
    state: Option<String>,
    /// Only events with a higher number, oldest first. Not together with `cursor`.
    #[param(value_type = Option<i64>)]
    after: Option<String>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// Items on the page: 1 to 1000, default 50.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000)]
    limit: Option<String>,
}

/// Events at an endpoint: all that wait, all that were given up, and the last hundred that were delivered. Newest events first.
#[utoipa::path(
    get,
    path = "/v1/webhooks/{id}/deliveries",
    operation_id = "listDeliveries",
    tag = "webhooks",
    params(("id" = i64, Path, description = "Of the endpoint"), DeliveryParameters),
    responses(
        (status = OK, description = "A page", body = List<DeliveryAnswer>),
        (status = NOT_FOUND, description = "`not-found`", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn deliveries(
    State(site): State<Site>,
    caller: Caller,
    Key(id): Key<i64>,
    Parameters(asked): Parameters<DeliveryParameters>,
) -> Result<Json<List<DeliveryAnswer>>, Problem> {
    caller.needs(Scope::Manage)?;
    let key = find(&site, id).await?.key;
    let state = asked.state.as_deref().map(|word| {
        DeliveryState::ALL
            .into_iter()
            .find(|state| state.name() == word)
            .ok_or_else(|| Problem::bad("state", "there are `waiting`, `delivered` and `dead`"))
    });
    let state = state.transpose()?;
    let (page, limit) = PageParameters { after: asked.after, cursor: asked.cursor, limit: asked.limit }.page()?;
    let found = site.read(move |reader| reader.webhook_deliveries(key, state, page, limit)).await?;
    let items = found.into_iter().map(DeliveryAnswer::from).collect();
    Ok(Json(List::page(items, limit, page, |delivery: &DeliveryAnswer| delivery.seq)))
}

/// Deliver again from an event on: everything that the endpoint wants, or only what was given up. What is posted alone has the
/// same id again.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{id}/replay",
    operation_id = "replayWebhook",
    tag = "webhooks",
    params(("id" = i64, Path, description = "Of the endpoint")),
    request_body = ReplayRequest,
    responses(
        (status = OK, description = "Done", body = ReplayedAnswer),
        (status = NOT_FOUND, description = "`not-found`", body = Document),
        (status = GONE, description = "`gone`: older than the `oldest` that is kept", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn replay(
    State(site): State<Site>,
    caller: Caller,
    Key(id): Key<i64>,
    Body(request): Body<ReplayRequest>,
) -> Result<Json<ReplayedAnswer>, Problem> {
    caller.needs(Scope::Manage)?;
    let id = id.ok_or_else(missing)?;
    let from = request.from.filter(|from| *from >= 0);
    let from = from.ok_or_else(|| Problem::bad("from", "give the number of an event, 0 or more"))?;
    let what = match request.only.as_deref() {
        None => Replay::All,
        Some("dead") => Replay::Dead,
        Some(_) => return Err(Problem::bad("only", "there is `dead`; leave it out for everything")),
    };
    // The first event is 1; whoever has none yet asks from 0.
    match site.writer.replay_webhook(id, from.max(1), what).await? {
        ReplayAnswer::Done(events) => {
            site.webhooks.changed();
            Ok(Json(ReplayedAnswer { id, from, events }))
        }
        ReplayAnswer::Gone(oldest) => {
            let detail = format!("events up to {} are no longer kept; go on from `oldest`", oldest - 1);
            Err(Problem::new(Kind::Gone, detail).field("from").with_oldest(oldest))
        }
        ReplayAnswer::NotFound => Err(missing()),
    }
}

fn missing() -> Problem {
    Problem::new(Kind::NotFound, "there is no webhook with this id")
}

async fn find(site: &Site, id: Option<i64>) -> Result<EndpointView, Problem> {
    let id = id.ok_or_else(missing)?;
    site.read(move |reader| reader.webhook(id)).await?.ok_or_else(missing)
}

fn random_key() -> Result<SigningKey, Problem> {
    let mut octets = [0; 32];
    getrandom::fill(&mut octets).map_err(|error| Problem::internal(&error))?;
    Ok(SigningKey(octets))
}

/// What is said of an endpoint, with what is said anew.
fn changed(
    site: &Site,
    caller: &Caller,
    mut terms: EndpointTerms,
    request: WebhookRequest,
) -> Result<EndpointTerms, Problem> {
    if let Some(url) = request.url {
        site.webhooks.check(&url).map_err(|error| Problem::bad("url", error.to_string()))?;
        terms.url = EndpointUrl(url);
    }
    if let Some(types) = request.types {
        terms.wanted = wanted(types)?;
    }
    if let Some(creditors) = request.creditors {
        if creditors.len() > WORDS_MAX {
            return Err(Problem::bad("creditors", format!("{WORDS_MAX} are possible")));
        }
        for creditor in &creditors {
            word("creditors", Some(creditor.clone()))?;
        }
        terms.creditors = creditors;
    }
    if let Some(pii) = request.pii {
        if pii {
            caller.needs(Scope::Pii)?;
        }
        terms.pii = pii;
    }
    if let Some(batch) = request.batch {
        let batch = u32::try_from(batch).ok().filter(|_| batch <= BATCH_MAX);
        terms.batch = batch.ok_or_else(|| Problem::bad("batch", format!("give 0 to {BATCH_MAX} events")))?;
    }
    terms.enabled = request.enabled.unwrap_or(terms.enabled);
    Ok(terms)
}

/// Types and beginnings of types. One that no event has is a slip of the finger.
fn wanted(types: Vec<String>) -> Result<Wanted, Problem> {
    if types.is_empty() || types.len() > WORDS_MAX {
        return Err(Problem::bad("types", format!("give 1 to {WORDS_MAX} types, or leave it out for all")));
    }
    for pattern in &types {
        let alone = Wanted(vec![pattern.clone()]);
        if !EventKind::all().any(|kind| alone.has(kind.name())) {
            let detail =
                "no event has this type: give types such as `message.delivered`, or beginnings such as `message.*`";
            return Err(Problem::bad("types", detail));
        }
    }
    Ok(Wanted(types))
}
