//! Pauses as JSON.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::store::board::Pause;

use super::at;

/// What to pause or resume.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct PauseRequest {
    /// `all`, `batch` or `sim`.
    #[schema(required, nullable = false)]
    pub(in super::super) scope: Option<String>,
    /// The batch, or the name or ICCID of the SIM.
    pub(in super::super) id: Option<String>,
    /// Why, for those who wonder later.
    pub(in super::super) reason: Option<String>,
}

/// What is paused or resumed now.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct PauseAnswer {
    /// `all`, `batch` or `sim`.
    pub(in super::super) scope: &'static str,
    /// The batch, or the ICCID of the SIM.
    #[schema(required)]
    pub(in super::super) id: Option<String>,
    /// Whether it is paused now.
    pub(in super::super) paused: bool,
}

/// Something that is paused.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct PausedAnswer {
    /// `all`, `batch` or `sim`.
    scope: &'static str,
    /// The batch, or the ICCID of the SIM.
    #[schema(required)]
    id: Option<String>,
    /// Why, in the words of whoever paused it last.
    #[schema(required)]
    reason: Option<String>,
    /// When the pause began.
    since: String,
    /// Who began it.
    client: String,
}

impl From<Pause> for PausedAnswer {
    fn from(pause: Pause) -> Self {
        let given = |words: String| Some(words).filter(|words| !words.is_empty());
        Self {
            scope: pause.scope.name(),
            id: given(pause.id),
            reason: given(pause.reason),
            since: at(pause.since),
            client: pause.client,
        }
    }
}
