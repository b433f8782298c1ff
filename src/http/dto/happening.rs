//! What happens to debts as JSON.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::dunning::debt::Status;
use crate::dunning::money::Amount;
use crate::store::portfolio::happening::{Echo, Untold};
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
    /// The template that the debtor is sent at once; that of the creditor for such events if nothing is said, and nothing
    /// for `null` or `none`.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>)]
    pub(in super::super) template: TemplateWish,
    /// Your name for it: the same one is taken in once.
    #[serde(rename = "ref")]
    pub(in super::super) reference: Option<String>,
}

/// What is said to be nothing is told from what is not said.
fn said<'de, D: Deserializer<'de>>(given: D) -> Result<TemplateWish, D::Error> {
    Option::deserialize(given).map(TemplateWish::Said)
}

/// Which template an event names.
#[derive(Debug, Default)]
pub(in super::super) enum TemplateWish {
    /// Nothing is said.
    #[default]
    Unsaid,
    /// This one, or that there is to be none.
    Said(Option<String>),
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
    /// The text that the debtor is sent about it, where a template was named or the creditor has one.
    #[schema(required)]
    pub(in super::super) message: Option<String>,
    /// Why there is none although there is a template for it.
    #[schema(required)]
    pub(in super::super) untold: Option<UntoldAnswer>,
}

/// Why no text is sent.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct UntoldAnswer {
    /// `no_template`, `no_number`, `purpose`, `not_owed`, `exceeds_budget`, `changing` (its debts changed whenever it was
    /// written), or why the template could not be filled.
    #[schema(example = "no_template")]
    code: String,
    /// In words.
    detail: String,
}

impl From<Untold> for UntoldAnswer {
    fn from(Untold { code, detail }: Untold) -> Self {
        Self { code, detail }
    }
}

impl HappeningAnswer {
    /// Of what was noted now.
    pub(in super::super) fn noted(status: Status, amount: Amount, stopped: Stopped, echo: Echo) -> Self {
        let Stopped { added: _, stopped, on_wire } = stopped;
        let on_wire = on_wire.iter().map(ToString::to_string).collect();
        let message = echo.message.map(|message| message.to_string());
        let untold = echo.untold.map(UntoldAnswer::from);
        let (status, amount) = (status.name(), amount.to_string());
        Self { status, amount, repeated: false, stopped, on_wire, message, untold }
    }

    /// Of what was noted before.
    pub(in super::super) fn repeated(status: Status, amount: Amount, stopped: Stopped, echo: Echo) -> Self {
        Self { repeated: true, ..Self::noted(status, amount, stopped, echo) }
    }
}
