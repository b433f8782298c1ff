//! A creditor, a debtor and a debt with nothing in them that is not needed, for tests: each test says what it is about.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::contact::reply::Language;

use super::creditor::Creditor;
use super::debt::{Debt, Status};
use super::debtor::Debtor;
use super::money::Currency;

/// Keeps its days in São Paulo.
pub(crate) fn creditor() -> Creditor {
    Creditor {
        id: "loja".to_owned(),
        name: "Loja Azul".to_owned(),
        sender: "Loja Azul".to_owned(),
        zone: TimeZone::get("America/Sao_Paulo").unwrap(),
        language: Language::Portuguese,
        currency: Currency::Brl,
        ladder: None,
        triggers: BTreeMap::new(),
    }
}

/// Has neither name nor number.
pub(crate) fn debtor(id: &str) -> Debtor {
    Debtor {
        id: id.to_owned(),
        name: None,
        document: None,
        language: None,
        kind: None,
        since: None,
        tags: Vec::new(),
        numbers: Vec::new(),
    }
}

/// Of `debtor` to the creditor, open: 110.00, of which 10.00 were added.
pub(crate) fn debt(id: &str, debtor: &str, due: Date) -> Debt {
    Debt {
        id: id.to_owned(),
        creditor: "loja".to_owned(),
        debtor: debtor.to_owned(),
        currency: Currency::Brl,
        original: "100.00".parse().unwrap(),
        amount: "110.00".parse().unwrap(),
        due,
        instalment: None,
        contract: None,
        product: None,
        terms: None,
        boleto: None,
        pix: None,
        link: None,
        access_code: None,
        ladder: None,
        tags: Vec::new(),
        status: Status::Open,
    }
}
