//! `/healthz`, `/readyz` and `/metrics`: for machines that watch machines.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::actor::fleet::ModemState;
use crate::actor::writer::WriteError;
use crate::clock::Instant;
use crate::store::board::SimStatus;
use crate::telemetry::metrics::{BudgetStanding, MEDIA_TYPE, ModemStanding, Standing};

use super::super::auth::{Caller, Scope};
use super::super::dto::line::{CauseAnswer, HealthAnswer, ReadyAnswer, standing};
use super::super::problem::{Document, Problem};
use super::super::{Door, Phase, Site, session};

/// Whether the process runs.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "healthz",
    tag = "operation",
    security(()),
    responses((status = OK, description = "It runs", body = HealthAnswer))
)]
pub(super) async fn healthz() -> Json<HealthAnswer> {
    Json(HealthAnswer { ok: true })
}

/// Whether the daemon does its work: 503 when it takes nothing in.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "readyz",
    tag = "operation",
    security(()),
    responses(
        (status = OK, description = "It works", body = ReadyAnswer),
        (status = SERVICE_UNAVAILABLE, description = "Nothing is taken in", body = ReadyAnswer),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn readyz(
    State(site): State<Site>,
    _: Passer,
    Known(is_known): Known,
) -> (StatusCode, Json<ReadyAnswer>) {
    let answer = if is_known { readiness(&site).await } else { lately(&site).await };
    let status = if answer.accepting { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(answer))
}

/// Whether it is known who asks, and so how often.
#[derive(Debug)]
pub(super) struct Known(bool);

impl FromRequestParts<Site> for Known {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Infallible> {
        let says_who = [header::AUTHORIZATION, header::COOKIE].iter().any(|name| parts.headers.contains_key(name));
        let is_asked_for = says_who || site.door == Door::Unix;
        Ok(Self(is_asked_for && Caller::from_request_parts(parts, site).await.is_ok()))
    }
}

/// Whoever is not known gets an answer that is no older than this.
const LATELY: Duration = Duration::from_secs(1);

/// How it was when it was last looked at.
#[derive(Debug)]
pub(in super::super) struct Looked {
    at: Instant,
    phase: Phase,
    answer: ReadyAnswer,
}

/// Whoever needs no token may ask as often as the connections allow: one looks at a time, and the others take what it has seen.
async fn lately(site: &Site) -> ReadyAnswer {
    let mut looked = site.looked().lock().await;
    let (now, phase) = (site.clock.now().instant, site.phase());
    let is_fresh = |last: &&Looked| now.saturating_since(last.at) < LATELY && last.phase == phase;
    if let Some(last) = looked.as_ref().filter(is_fresh) {
        return last.answer.clone();
    }
    let answer = readiness(site).await;
    *looked = Some(Looked { at: now, phase, answer: answer.clone() });
    answer
}

async fn readiness(site: &Site) -> ReadyAnswer {
    let mut answer =
        ReadyAnswer { ready: false, accepting: false, sending: false, reasons: Vec::new(), causes: Vec::new() };
    let draining = site.phase() != Phase::Open;
    if draining {
        answer.note("the daemon is stopping".to_owned(), CauseAnswer::new("stopping"));
    }
    // An empty submission is refused exactly when a real one would be.
    let refusal = site.writer.submit(Vec::new()).await.err();
    if let Some(refusal) = &refusal {
        let words = refusal.to_string();
        answer.note(words.clone(), CauseAnswer { detail: Some(words), ..CauseAnswer::new("refused") });
    }
    let paused = site.writer.all_paused().await.unwrap_or(true);
    if paused && refusal.is_none() {
        answer.note("sending is paused".to_owned(), CauseAnswer::new("paused"));
    }
    let modems = site.fleet.list();
    if modems.is_empty() {
        answer.note("there is no modem".to_owned(), CauseAnswer::new("no_modem"));
    }
    for (id, modem) in modems.iter().filter(|(_, modem)| modem.state != ModemState::Ready) {
        let (about, state) = (Some(id.to_string()), Some(modem.state.name()));
        answer.note(standing(id, modem), CauseAnswer { code: "modem", about, state, detail: modem.reason.clone() });
    }
    let lines = site.writer.sims().await.unwrap_or_default();
    let is_held = |sim: &&SimStatus| sim.state == "paused" || sim.rest.is_some();
    let (held, others): (Vec<&SimStatus>, Vec<&SimStatus>) =
        lines.iter().filter(|sim| sim.modem.is_some()).partition(is_held);
    for sim in &held {
        // Who needs no token sees no ICCID.
        let name = sim.card.names.label();
        let about = Some(name.clone());
        match sim.rest {
            Some(rest) if sim.state != "paused" => {
                let detail = rest.reason.detail();
                let words = format!("SIM {name} rests: {detail}");
                let cause = CauseAnswer { about, detail: Some(detail), ..CauseAnswer::new("sim_resting") };
                answer.note(words, cause);
            }
            _ => answer.note(format!("SIM {name} is paused"), CauseAnswer { about, ..CauseAnswer::new("sim_paused") }),
        }
    }
    answer.ready =
        !draining && !matches!(refusal, Some(WriteError::Stopping | WriteError::Store(_) | WriteError::Disk(_)));
    answer.accepting = answer.ready && refusal.is_none();
    let all_held = !held.is_empty() && !others.iter().any(|sim| sim.state == "ready");
    answer.sending = site.fleet.any_ready() && !paused && !all_held;
    answer
}

/// Whoever asks without a token, of a host that has this name; with a right token, whatever the name.
#[derive(Debug)]
pub(super) struct Passer;

impl FromRequestParts<Site> for Passer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        let named = if site.door == Door::Unix { Ok(()) } else { session::is_open(site, &parts.headers) };
        if named.is_err() && parts.headers.contains_key(header::AUTHORIZATION) {
            return Caller::from_request_parts(parts, site).await.map(|_known| Self);
        }
        named.map(|()| Self)
    }
}

/// Whoever may see the metrics: this host without a token, others with the scope `read`.
#[derive(Debug)]
pub(super) struct Watcher;

impl FromRequestParts<Site> for Watcher {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        if !matches!(site.door, Door::Tcp { loopback: true, .. }) {
            Caller::from_request_parts(parts, site).await?.needs(Scope::Read)?;
            return Ok(Self);
        }
        Passer::from_request_parts(parts, site).await.map(|Passer| Self)
    }
}

/// All metrics as text. On loopback no token is needed.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "metrics",
    tag = "operation",
    security((), ("token" = [])),
    responses(
        (status = OK, description = "OpenMetrics text", body = String, content_type = "application/openmetrics-text"),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn metrics(State(site): State<Site>, _: Watcher) -> Result<Response, Problem> {
    let ReadyAnswer { ready, accepting, sending, .. } = readiness(&site).await;
    let (tally, disk_free) = site.read(|reader| Ok((reader.tally()?, reader.free_octets()))).await?;
    let sims = site.writer.sims().await?;
    let budgets = sims.into_iter().flat_map(|sim| {
        let label = sim.card.names.label();
        sim.levels.into_iter().map(move |level| BudgetStanding {
            sim: label.clone(),
            period: level.period.name(),
            limit: level.limit,
            left: level.limit.saturating_sub(level.used),
        })
    });
    let modems = site.fleet.list().into_iter().map(|(id, modem)| ModemStanding {
        modem: id.to_string(),
        up: modem.state == ModemState::Ready,
        signal_dbm: modem.signal_dbm,
    });
    let standing = Standing {
        ready,
        accepting,
        sending,
        disk_free,
        messages: tally.into_iter().map(|(state, count)| (state.name(), count)).collect(),
        budgets: budgets.collect(),
        modems: modems.collect(),
    };
    let text = site.metrics.scrape(standing).map_err(|error| Problem::internal(&error))?;
    Ok(([(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response())
}
