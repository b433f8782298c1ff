//! `POST /v1/preview`: what a message would take, without sending it.

use axum::Json;
use axum::extract::State;

use crate::dispatch::gate::Question;
use crate::sms::preview;
use crate::sms::text::{Encoding, TextOptions, choose};
use crate::store::submit::Ruling;

use super::super::Site;
use super::super::auth::{Caller, Scope};
use super::super::dto::submit::{PreviewAnswer, SubmitRequest, WarningAnswer};
use super::super::explain::explain;
use super::super::json::Body;
use super::super::problem::{Document, Problem};
use super::super::submission::{Checked, text_problem};
use super::submit::written;

/// What a message would take, and what a template says when it is filled. `to` may be left out; a text that is too long is
/// counted, not refused.
#[utoipa::path(
    post,
    path = "/v1/preview",
    operation_id = "previewMessage",
    tag = "messages",
    request_body = SubmitRequest,
    responses(
        (status = OK, description = "What it would take", body = PreviewAnswer),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn preview(
    State(site): State<Site>,
    caller: Caller,
    Body(request): Body<SubmitRequest>,
) -> Result<Json<PreviewAnswer>, Problem> {
    caller.needs(Scope::Send)?;
    previewed(&site, &caller, request).await.map(Json)
}

/// What a request would take.
pub(super) async fn previewed(site: &Site, caller: &Caller, request: SubmitRequest) -> Result<PreviewAnswer, Problem> {
    let now = site.clock.now().utc;
    let is_filled = request.template.is_some() || request.vars.is_some();
    let request = if is_filled { written(site, caller, request, now).await? } else { request };
    let checked = Checked::new(request, caller, &site.settings(), now)?;
    let text = &checked.text.0;
    let preview = preview::preview(text, &checked.options).map_err(|error| text_problem(&error))?;
    let changes = choose(text, &checked.options).map_err(|error| text_problem(&error))?.changes;
    let question = Question {
        paused: false,
        asked: checked.times.due,
        due: checked.times.due,
        expires: checked.times.expires,
        parts: u32::try_from(preview.segments).unwrap_or(u32::MAX),
        begun: false,
    };
    let (route, batch) = checked.lane();
    let Ruling { verdict, warnings } =
        site.writer.preview(route.clone(), batch.clone(), checked.addressee(), question).await?;
    let explained = explain(site, vec![((route, batch), verdict)]).await?.pop();
    let answer = PreviewAnswer::new(preview, changes, explained, checked.times.not_before, warnings);
    let filled = checked.filled.filter(|filled| filled.wording.is_some());
    let answer = match filled {
        None => {
            let wording = &site.settings().wording;
            answer.worded(WarningAnswer::of_words(&checked.text.0, checked.purpose, wording))
        }
        Some(filled) => {
            let as_it_is = TextOptions { encoding: Encoding::Auto, national: Vec::new(), max_segments: 0 };
            let code = filled.companion.as_deref().map(|code| preview::preview(code, &as_it_is)).transpose();
            let code = code.map_err(|error| text_problem(&error))?;
            let text = Some(checked.text.0).filter(|_| caller.eyes().see_people());
            answer.filled(text, code.map(|code| code.segments))
        }
    };
    Ok(answer.priced(site.settings().price))
}
