//! Alarms and self-tests as JSON.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::store::alarm::AlarmView;

use super::at;

/// What a person must look after.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct AlarmAnswer {
    pub(in super::super) id: i64,
    /// What is wrong.
    #[schema(example = "sim_resting")]
    kind: String,
    /// The SIM that it is about: the name or ICCID.
    #[schema(required)]
    sim: Option<String>,
    /// The modem that it is about.
    #[schema(required)]
    modem: Option<String>,
    /// The endpoint of webhooks that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook: Option<i64>,
    /// In words.
    detail: String,
    raised_at: String,
    /// When it was over.
    #[schema(required)]
    cleared_at: Option<String>,
}

impl From<AlarmView> for AlarmAnswer {
    fn from(alarm: AlarmView) -> Self {
        Self {
            id: alarm.key,
            kind: alarm.kind,
            sim: alarm.sim,
            modem: alarm.modem,
            webhook: alarm.webhook,
            detail: alarm.detail,
            raised_at: at(alarm.raised_at),
            cleared_at: alarm.cleared_at.map(at),
        }
    }
}

/// An alarm that a person has cleared.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct ClearedAnswer {
    pub(in super::super) id: i64,
    pub(in super::super) cleared: bool,
}

/// Where a self-test goes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct TestRequest {
    /// A number of your own: of a configured SIM, or one that alarms go to. Without one: the configured number of another SIM, else the first that alarms go to.
    pub(in super::super) to: Option<String>,
}

/// A self-test on its way.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct TestAnswer {
    /// The message that tells how it went.
    pub(in super::super) message: String,
}
