//! How files are read, as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which column is what in files of a creditor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct ImportMapping {
    /// Headings of fields: several of `phone`, `area` and `confirmed`, one of others. A field with an empty heading is not read.
    #[serde(default)]
    #[schema(example = json!({ "due": ["Vencto"], "phone": ["Fone", "Celular"] }))]
    pub(in super::super) columns: BTreeMap<String, Vec<String>>,
    /// What stands before decimals: `comma` or `point`; by what the file shows if nothing is said.
    pub(in super::super) decimals: Option<String>,
    /// The order of days: `dmy` or `ymd`; by their form if nothing is said.
    pub(in super::super) dates: Option<String>,
}
