//! `POST /v1/reload`: the daemon reads its configuration again.

use axum::Json;
use axum::extract::State;

use super::super::Site;
use super::super::auth::{Caller, Scope};
use super::super::dto::reload::ReloadAnswer;
use super::super::problem::{Document, Kind, Problem};

/// Read the configuration and the rules of contact again. What has a mistake is not taken, and everything stays as it was. No
/// message is lost or sent twice by it.
#[utoipa::path(
    post,
    path = "/v1/reload",
    operation_id = "reload",
    tag = "operation",
    responses(
        (status = OK, description = "What came of it", body = ReloadAnswer),
        (status = SERVICE_UNAVAILABLE, description = "`not-ready`: it is not read now", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn reload(State(site): State<Site>, caller: Caller) -> Result<Json<ReloadAnswer>, Problem> {
    caller.needs(Scope::Admin)?;
    // It is about the whole installation, and findings quote what is written there.
    if !caller.creditors().is_empty() {
        return Err(Problem::new(Kind::Forbidden, "this token is limited to creditors"));
    }
    let reloaded = site.reload.reload().await.map_err(|error| Problem::new(Kind::NotReady, error.to_string()))?;
    Ok(Json(reloaded.into()))
}
