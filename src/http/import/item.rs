//! Rows as the API takes them. A file has many: they are written down as they are, without a tree of values between.

use serde::Serialize;

use crate::contact::reply::Language;
use crate::dunning::debt::{Instalment, Status};
use crate::dunning::debtor::Debtor;
use crate::dunning::import::Row;

#[derive(Serialize)]
struct DebtItem<'a> {
    id: &'a str,
    creditor: &'a str,
    debtor: DebtorItem<'a>,
    currency: &'static str,
    original_amount: String,
    amount: String,
    due: String,
    instalment: Option<InstalmentItem>,
    contract: Option<&'a str>,
    product: Option<&'a str>,
    terms: Option<&'a str>,
    boleto: Option<&'a str>,
    pix: Option<&'a str>,
    link: Option<&'a str>,
    access_code: Option<&'a str>,
    ladder: Option<&'a str>,
    tags: &'a [String],
    status: Option<&'static str>,
}

#[derive(Serialize)]
struct DebtorItem<'a> {
    id: &'a str,
    name: Option<&'a str>,
    document: Option<&'a str>,
    language: Option<&'static str>,
    kind: Option<&'a str>,
    since: Option<String>,
    tags: &'a [String],
    numbers: Vec<String>,
}

#[derive(Serialize)]
struct InstalmentItem {
    number: u16,
    of: u16,
}

impl<'a> From<&'a Row> for DebtItem<'a> {
    fn from(Row { line: _, debtor, debt, status, warnings: _ }: &'a Row) -> Self {
        Self {
            id: &debt.id,
            creditor: &debt.creditor,
            debtor: debtor.into(),
            currency: debt.currency.code(),
            original_amount: debt.original.to_string(),
            amount: debt.amount.to_string(),
            due: debt.due.to_string(),
            instalment: debt.instalment.map(|Instalment { number, of }| InstalmentItem { number, of }),
            contract: debt.contract.as_deref(),
            product: debt.product.as_deref(),
            terms: debt.terms.as_deref(),
            boleto: debt.boleto.as_deref(),
            pix: debt.pix.as_deref(),
            link: debt.link.as_deref(),
            access_code: debt.access_code.as_deref(),
            ladder: debt.ladder.as_deref(),
            tags: &debt.tags,
            status: status.map(Status::name),
        }
    }
}

impl<'a> From<&'a Debtor> for DebtorItem<'a> {
    fn from(Debtor { id, name, document, language, kind, since, tags, numbers }: &'a Debtor) -> Self {
        Self {
            id,
            name: name.as_deref(),
            document: document.as_deref(),
            language: language.map(Language::code),
            kind: kind.as_deref(),
            since: since.map(|since| since.to_string()),
            tags,
            numbers: numbers.iter().map(|number| number.e164()).collect(),
        }
    }
}

/// The body of `POST /v1/debts`.
pub(crate) fn written(rows: &[Row]) -> Vec<u8> {
    let items: Vec<DebtItem<'_>> = rows.iter().map(DebtItem::from).collect();
    serde_json::to_vec(&items).expect("words and numbers can be written")
}
