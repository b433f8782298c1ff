//! Ladders as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::actor::ladder::review::Doubt;

/// A version of a ladder.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct LadderAnswer {
    /// Its name.
    pub(in super::super) name: String,
    /// Which version, from 1.
    pub(in super::super) version: u32,
    /// When it was written.
    pub(in super::super) created_at: String,
    /// Who wrote it.
    pub(in super::super) client: String,
    /// The ladder as it is put.
    #[schema(value_type = Object)]
    pub(in super::super) definition: Value,
    /// What is doubtful about it.
    pub(in super::super) findings: Vec<FindingAnswer>,
}

impl From<Doubt> for FindingAnswer {
    fn from(doubt: Doubt) -> Self {
        let Doubt { severity, code, operands, detail } = doubt;
        Self { severity: severity.name(), code, operands: operands.into_map(), detail }
    }
}

/// Something that is wrong or doubtful.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct FindingAnswer {
    /// `error` or `warning`.
    severity: &'static str,
    /// What, for programs.
    code: &'static str,
    /// What it is about, by name, for whoever says it in other words.
    operands: BTreeMap<&'static str, String>,
    /// What, where, and what to do.
    detail: String,
}
