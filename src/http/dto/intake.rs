//! What became of creditors, debtors and debts that were sent, as JSON.

use serde::Serialize;
use utoipa::ToSchema;

use crate::store::portfolio::Taken;

use super::super::problem::{Document, Problem};

/// Something that was taken in.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct TakenAnswer {
    /// Your id.
    id: String,
    /// It is new.
    pub(in super::super) created: bool,
    /// It was there, and something of it is another now.
    pub(in super::super) changed: bool,
    /// What somebody should look at, such as a boleto over another amount.
    warnings: Vec<String>,
}

impl TakenAnswer {
    pub(in super::super) fn new(id: String, taken: Taken, warnings: Vec<String>) -> Self {
        Self { id, created: taken == Taken::Created, changed: taken == Taken::Changed, warnings }
    }
}

/// The answer to an array or to lines, in their order. Where nothing was stored, because all or nothing was asked for, the
/// problems alone.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct TakenAnswers {
    pub(in super::super) items: Vec<TakenItem>,
}

/// The answer to one item.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(in super::super) enum TakenItem {
    /// It was taken in.
    Taken(TakenAnswer),
    /// It was not.
    #[schema(value_type = Document)]
    Problem(Problem),
}

/// The answer to one or to many.
#[derive(ToSchema)]
#[schema(as = Taken)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes answers that are written by themselves")]
pub(in super::super) enum TakenAnswered {
    /// To one.
    One(TakenAnswer),
    /// To several.
    Many(TakenAnswers),
}

/// One, or up to 10 000 in an array or one on each line (`application/x-ndjson`).
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes a body that is read item by item")]
pub(in super::super) enum OneOrMany<T> {
    /// One.
    One(T),
    /// Several.
    Many(Vec<T>),
}
