//! Rows as the API takes them where it keeps what is unsaid. A file has many: they are written down as they are, without a tree
//! of values between.

use serde::Serialize;

use crate::contact::reply::Language;
use crate::dunning::debt::{Instalment, Status};
use crate::dunning::debtor::{Confirmation, Debtor};
use crate::dunning::import::Row;
use crate::dunning::unsaid::{Part, Unsaid};
use crate::sms::number::PhoneNumber;

/// Where the items of [`written`] go.
pub(crate) const PATH: &str = "/v1/debts?unsaid=keep";

/// What is said of something; outside, whether anything is.
type Said<T> = Option<T>;

#[derive(Serialize)]
struct DebtItem<'a> {
    id: &'a str,
    creditor: &'a str,
    debtor: DebtorItem<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Said<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    original_amount: Said<String>,
    amount: String,
    due: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    instalment: Said<Option<InstalmentItem>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contract: Said<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Said<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    terms: Said<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    boleto: Said<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pix: Said<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Said<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_code: Said<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ladder: Said<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Said<&'a [String]>,
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

#[derive(Serialize)]
struct DebtorItem<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Said<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Said<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Said<Option<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Said<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Said<Option<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Said<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    numbers: Said<Vec<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    confirmed: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unconfirmed: Vec<String>,
}

#[derive(Serialize)]
struct InstalmentItem {
    number: u16,
    of: u16,
}

fn said<T>(unsaid: Unsaid, part: Part, value: T) -> Said<T> {
    (!unsaid.has(part)).then_some(value)
}

impl<'a> From<&'a Row> for DebtItem<'a> {
    fn from(row: &'a Row) -> Self {
        let Row { line: _, debtor, debt, status, unsaid, confirmations, warnings: _ } = row;
        let text = |part, value: &'a Option<String>| said(*unsaid, part, value.as_deref());
        let words = |Instalment { number, of }| InstalmentItem { number, of };
        Self {
            id: &debt.id,
            creditor: &debt.creditor,
            debtor: DebtorItem::new(debtor, *unsaid, confirmations),
            currency: said(*unsaid, Part::Currency, debt.currency.code()),
            original_amount: said(*unsaid, Part::Original, debt.original.to_string()),
            amount: debt.amount.to_string(),
            due: debt.due.to_string(),
            instalment: said(*unsaid, Part::Instalment, debt.instalment.map(words)),
            contract: text(Part::Contract, &debt.contract),
            product: text(Part::Product, &debt.product),
            terms: text(Part::Terms, &debt.terms),
            boleto: text(Part::Boleto, &debt.boleto),
            pix: text(Part::Pix, &debt.pix),
            link: text(Part::Link, &debt.link),
            access_code: text(Part::AccessCode, &debt.access_code),
            ladder: text(Part::Ladder, &debt.ladder),
            tags: said(*unsaid, Part::Tags, &debt.tags),
            status: status.map(Status::name),
            until: status.and_then(Status::until).map(|until| until.to_string()),
        }
    }
}

impl<'a> DebtorItem<'a> {
    fn new(debtor: &'a Debtor, unsaid: Unsaid, confirmations: &[Confirmation]) -> Self {
        let Debtor { id, name, document, language, kind, since, tags, numbers } = debtor;
        let written = |number: PhoneNumber| number.e164();
        let said_so = |yes| confirmations.iter().filter(move |said| said.is_confirmed == yes).map(|said| said.number);
        let text = |part, value: &'a Option<String>| said(unsaid, part, value.as_deref());
        Self {
            id,
            name: text(Part::Name, name),
            document: text(Part::Document, document),
            language: said(unsaid, Part::Language, language.map(Language::code)),
            kind: text(Part::Kind, kind),
            since: said(unsaid, Part::Since, since.map(|since| since.to_string())),
            tags: said(unsaid, Part::DebtorTags, tags),
            numbers: said(unsaid, Part::Numbers, numbers.iter().copied().map(written).collect()),
            confirmed: said_so(true).map(written).collect(),
            unconfirmed: said_so(false).map(written).collect(),
        }
    }
}

/// The body of a request to [`PATH`].
pub(crate) fn written(rows: &[Row]) -> Vec<u8> {
    let items: Vec<DebtItem<'_>> = rows.iter().map(DebtItem::from).collect();
    serde_json::to_vec(&items).expect("words and numbers can be written")
}
