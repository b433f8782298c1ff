//! What happens to debts as JSON.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::dunning::debt::Status;
use crate::dunning::money::Amount;
use crate::store::suppression::Stopped;

/// Something that happened to a debt.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct HappeningRequest {
    /// `overdue`, `payment_received`, `promise`, `agreement`, `extension_granted`, `dispute`, `service_cut`, `reopened` or
    /// `cancelled`.
    #[serde(rename = "type")]
    #[schema(example = "payment_received")]
    pub(in super::super) kind: Option<String>,
    /// What was paid, such as `110.00`; everything if nothing is said.
    pub(in super::super) amount: Option<String>,
    /// The last day of a promise, such as `2026-11-30`.
    pub(in super::super) until: Option<String>,
    /// The new day of an extension.
    pub(in super::super) due: Option<String>,
    /// Your name for it: the same one is taken in once.
    #[serde(rename = "ref")]
    pub(in super::super) reference: Option<String>,
}

/// How the debt stands now, and what was stopped.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct HappeningAnswer {
    /// How it stands.
    pub(in super::super) status: &'static str,
    /// What is owed.
    #[schema(example = "60.00")]
    pub(in super::super) amount: String,
    /// It was noted before, under the same `ref`.
    pub(in super::super) repeated: bool,
    /// Messages of which nothing more is handed over.
    pub(in super::super) stopped: u64,
    /// Messages of which a part was on the wire, or may have been: nothing else is accepted by the network from now on.
    pub(in super::super) on_wire: Vec<String>,
}

impl HappeningAnswer {
    /// Of what was noted now.
    pub(in super::super) fn noted(status: Status, amount: Amount, stopped: Stopped) -> Self {
        let Stopped { added: _, stopped, on_wire } = stopped;
        let on_wire = on_wire.iter().map(ToString::to_string).collect();
        Self { status: status.name(), amount: amount.to_string(), repeated: false, stopped, on_wire }
    }

    /// Of what was noted before.
    pub(in super::super) fn repeated(status: Status, amount: Amount, stopped: Stopped) -> Self {
        Self { repeated: true, ..Self::noted(status, amount, stopped) }
    }
}
