//! Creditors as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::dunning::creditor::Creditor;

/// Who is owed. It replaces what was there.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct CreditorRequest {
    /// Your id.
    #[schema(required, nullable = false)]
    pub(in super::super) id: Option<String>,
    /// Its name.
    #[schema(required, nullable = false)]
    pub(in super::super) name: Option<String>,
    /// The name that stands in every text; its own if nothing is said.
    pub(in super::super) sender: Option<String>,
    /// Where its days begin and end.
    #[schema(required, nullable = false, example = "America/Sao_Paulo")]
    pub(in super::super) zone: Option<String>,
    /// What its debtors are written in: `pt-BR`, `es-MX` or `en`.
    #[schema(required, nullable = false)]
    pub(in super::super) language: Option<String>,
    /// What its debts are in: `BRL`, `MXN` or `USD`.
    #[schema(required, nullable = false)]
    pub(in super::super) currency: Option<String>,
    /// The ladder of debts that name none.
    pub(in super::super) ladder: Option<String>,
    /// Templates that debtors are sent at once when something happens to their debts, by the type of the event.
    #[serde(default)]
    #[schema(example = json!({ "payment_received": "obrigado" }))]
    pub(in super::super) on: BTreeMap<String, String>,
}

/// A creditor.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct CreditorAnswer {
    /// Your id.
    id: String,
    /// Its name.
    name: String,
    /// The name that stands in every text.
    sender: String,
    /// Where its days begin and end.
    zone: String,
    /// What its debtors are written in.
    language: &'static str,
    /// What its debts are in.
    currency: &'static str,
    /// The ladder of debts that name none.
    #[schema(required)]
    ladder: Option<String>,
    /// Templates that debtors are sent at once when something happens to their debts, by the type of the event.
    on: BTreeMap<&'static str, String>,
}

impl From<Creditor> for CreditorAnswer {
    fn from(creditor: Creditor) -> Self {
        Self {
            id: creditor.id,
            name: creditor.name,
            sender: creditor.sender,
            zone: creditor.zone.iana_name().unwrap_or("UTC").to_owned(),
            language: creditor.language.code(),
            currency: creditor.currency.code(),
            ladder: creditor.ladder,
            on: creditor.triggers,
        }
    }
}
