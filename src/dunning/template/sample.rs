//! A debtor with a debt, and templates, for tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

use crate::sms::message::Purpose;

use super::super::case::{Case, Happened, Past};
use super::super::creditor::Creditor;
use super::super::debt::{Debt, Instalment};
use super::super::debtor::Debtor;
use super::super::sample;
use super::super::segment::Segment;
use super::{Template, Text};

pub(super) fn template(texts: Vec<Text>) -> Template {
    Template {
        name: "reminder".to_owned(),
        version: 3,
        purpose: Purpose::Collection,
        texts,
        companion: None,
        limit: None,
    }
}

pub(super) fn text(name: &str, body: &str) -> Text {
    Text { name: name.to_owned(), segment: Segment::default(), language: None, share: 1, body: body.to_owned() }
}

/// Maria owes one debt that was due thirty days ago.
pub(super) fn case() -> Case {
    let creditor = Creditor {
        id: "azul".to_owned(),
        name: "Banco Azul".to_owned(),
        sender: "Cobra Bem".to_owned(),
        zone: TimeZone::UTC,
        ..sample::creditor()
    };
    let debtor = Debtor {
        name: Some("MARIA DA SILVA".to_owned()),
        document: Some("12345678901".to_owned()),
        ..sample::debtor("d-1")
    };
    let debts = vec![Debt {
        instalment: Some(Instalment { number: 3, of: 12 }),
        contract: Some("A-00001042".to_owned()),
        product: Some("Cart\u{e3}o".to_owned()),
        terms: Some("3x sem juros".to_owned()),
        boleto: Some("23793381286000782713695000063305997630000023000".to_owned()),
        pix: Some("00020126580014br.gov.bcb.pix".to_owned()),
        link: Some("https://exemplo.com.br/p/7f3a".to_owned()),
        access_code: Some("4821".to_owned()),
        ..debt("d1", "1000", "1234.56", date(2026, 11, 5))
    }];
    let happened = Some(Happened { paid: "500".parse().ok(), remaining: "734.56".parse().unwrap() });
    Case {
        creditor: Arc::new(creditor),
        debtor,
        debts,
        past: Past::default(),
        today: date(2026, 12, 5),
        entered: BTreeMap::new(),
        happened,
    }
}

pub(super) fn debt(id: &str, original: &str, amount: &str, due: Date) -> Debt {
    Debt {
        creditor: "azul".to_owned(),
        original: original.parse().unwrap(),
        amount: amount.parse().unwrap(),
        ..sample::debt(id, "d-1", due)
    }
}
