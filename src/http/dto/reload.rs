//! Reading the configuration again, as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use crate::actor::reload::Reloaded;

/// What came of reading the configuration again.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct ReloadAnswer {
    /// Whether the file is in force, but for what needs a restart. With findings it is not, and nothing was changed.
    reloaded: bool,
    /// What is wrong with it: place, key, problem.
    #[schema(example = json!(["/etc/recado/recado.toml:12:1: sim.per_dya: unknown key; did you mean per_day?"]))]
    findings: Vec<String>,
    /// Keys and sections that are others from now on.
    changed: Vec<&'static str>,
    /// Keys and sections that are others in the file and hold from the next start on.
    needs_restart: Vec<&'static str>,
}

impl From<Reloaded> for ReloadAnswer {
    fn from(reloaded: Reloaded) -> Self {
        let Reloaded { findings, changed, needs_restart } = reloaded;
        Self { reloaded: findings.is_empty(), findings, changed, needs_restart }
    }
}
