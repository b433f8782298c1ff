//! Debts as JSON. Amounts are texts, so that no program reads them as a fraction of binary kind.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::dunning::debt::{Debt, Instalment};

use super::debtor::DebtorRequest;
use super::message::Eyes;

/// What is owed. It replaces what was there, but for how it stands and what it was at first where that is not said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct DebtRequest {
    /// Your id.
    #[schema(required, nullable = false)]
    pub(in super::super) id: Option<String>,
    /// To whom it is owed, by your id.
    #[schema(required, nullable = false)]
    pub(in super::super) creditor: Option<String>,
    /// Who owes it: your id of one who is known, or the debtor as in `POST /v1/debtors`, who is taken in before.
    #[schema(required, nullable = false, value_type = DebtorOfDebt)]
    pub(in super::super) debtor: Option<Box<RawValue>>,
    /// What both amounts are in: `BRL`, `MXN` or `USD`; the creditor's if nothing is said.
    pub(in super::super) currency: Option<String>,
    /// What it was at first; as it was if nothing is said, and as now of a new one or in another currency.
    #[schema(example = "100.00")]
    pub(in super::super) original_amount: Option<String>,
    /// What it is now, with interest and fees.
    #[schema(required, nullable = false, example = "110.00")]
    pub(in super::super) amount: Option<String>,
    /// When it is or was due: a day where the creditor is.
    #[schema(required, nullable = false, example = "2026-11-30")]
    pub(in super::super) due: Option<String>,
    /// Which of several instalments it is.
    pub(in super::super) instalment: Option<InstalmentWords>,
    /// The contract.
    pub(in super::super) contract: Option<String>,
    /// What was bought.
    pub(in super::super) product: Option<String>,
    /// On which terms, in your words.
    pub(in super::super) terms: Option<String>,
    /// The digitable line of a boleto, or the digits of its bar code.
    pub(in super::super) boleto: Option<String>,
    /// The text of a Pix code.
    pub(in super::super) pix: Option<String>,
    /// Where it can be paid or looked at.
    pub(in super::super) link: Option<String>,
    /// What opens the link.
    pub(in super::super) access_code: Option<String>,
    /// The ladder that it goes by; the creditor's if nothing is said.
    pub(in super::super) ladder: Option<String>,
    /// Anything else, in your words.
    #[serde(default)]
    pub(in super::super) tags: Vec<String>,
    /// `open`, `promised`, `agreed`, `disputed`, `paid` or `cancelled`; as it was if nothing is said, and `open` of a new one.
    pub(in super::super) status: Option<String>,
    /// The last day of a promise.
    pub(in super::super) until: Option<String>,
}

/// Who owes a debt.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes a value that is read by its kind")]
pub(in super::super) enum DebtorOfDebt {
    /// By your id.
    Id(String),
    /// As a whole.
    Debtor(Box<DebtorRequest>),
}

/// One of several instalments.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct InstalmentWords {
    /// Which, from 1.
    pub(in super::super) number: u16,
    /// Of how many.
    pub(in super::super) of: u16,
}

/// A debt. Without `pii` there is nothing by which it could be paid or looked at.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct DebtAnswer {
    /// Your id.
    id: String,
    /// To whom it is owed.
    creditor: String,
    /// Who owes it.
    debtor: String,
    /// What both amounts are in.
    currency: &'static str,
    /// What it was at first.
    original_amount: String,
    /// What it is now.
    amount: String,
    /// When it is or was due.
    due: String,
    /// Which of several instalments it is.
    #[schema(required)]
    instalment: Option<InstalmentWords>,
    /// The contract.
    #[schema(required)]
    contract: Option<String>,
    /// What was bought.
    #[schema(required)]
    product: Option<String>,
    /// On which terms.
    #[schema(required)]
    terms: Option<String>,
    /// The digitable line of a boleto.
    #[schema(required)]
    boleto: Option<String>,
    /// The text of a Pix code.
    #[schema(required)]
    pix: Option<String>,
    /// Where it can be paid or looked at.
    #[schema(required)]
    link: Option<String>,
    /// What opens the link.
    #[schema(required)]
    access_code: Option<String>,
    /// The ladder that it names.
    #[schema(required)]
    ladder: Option<String>,
    /// Anything else.
    tags: Vec<String>,
    /// How it stands.
    status: &'static str,
    /// The last day of a promise.
    #[schema(required)]
    until: Option<String>,
}

impl DebtAnswer {
    pub(in super::super) fn new(debt: Debt, eyes: Eyes) -> Self {
        let shown = |text: Option<String>| text.filter(|_| eyes.see_people());
        let words = |Instalment { number, of }| InstalmentWords { number, of };
        Self {
            id: debt.id,
            creditor: debt.creditor,
            debtor: debt.debtor,
            currency: debt.currency.code(),
            original_amount: debt.original.to_string(),
            amount: debt.amount.to_string(),
            due: debt.due.to_string(),
            instalment: debt.instalment.map(words),
            contract: debt.contract,
            product: debt.product,
            terms: debt.terms,
            boleto: shown(debt.boleto),
            pix: shown(debt.pix),
            link: shown(debt.link),
            access_code: shown(debt.access_code),
            ladder: debt.ladder,
            tags: debt.tags,
            status: debt.status.name(),
            until: debt.status.until().map(|until| until.to_string()),
        }
    }
}
