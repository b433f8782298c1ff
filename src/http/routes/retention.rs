//! `GET /v1/retention`: for how long what is kept, and how far that has come.

use axum::Json;
use axum::extract::State;

use crate::store::retention::Class;

use super::super::Site;
use super::super::auth::{Caller, Scope};
use super::super::dto::List;
use super::super::dto::retention::RetentionAnswer;
use super::super::problem::{Document, Problem};

/// For how long what is kept, the oldest of it, and what has gone.
#[utoipa::path(
    get,
    path = "/v1/retention",
    operation_id = "listRetention",
    tag = "personal data",
    responses(
        (status = OK, description = "Each class", body = List<RetentionAnswer>),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn list(State(site): State<Site>, caller: Caller) -> Result<Json<List<RetentionAnswer>>, Problem> {
    caller.needs(Scope::Read)?;
    let (terms, now) = (site.settings().kept, site.clock.now().utc);
    let items = site.read(move |reader| {
        let passes = reader.passes()?;
        let of = |class: Class| {
            let pass = passes.iter().find(|(name, ..)| name == class.name()).map(|(_, at, gone)| (*at, *gone));
            Ok(RetentionAnswer::new(class, terms.of(class), reader.oldest(class)?, pass, now))
        };
        Class::ALL.into_iter().map(of).collect::<Result<Vec<_>, _>>()
    });
    Ok(Json(List::whole(items.await?)))
}
