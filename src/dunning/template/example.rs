//! Made-up debtors, so that a text can be read while it is written: a usual one, and one for whom all is as long as it gets.
//!
//! Every value that a text may ask for is there. Knows nothing of real debtors.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::contact::reply::Language;

use super::super::case::{Case, Happened, Past};
use super::super::creditor::Creditor;
use super::super::debt::{Debt, Instalment, Status};
use super::super::debtor::Debtor;
use super::super::money::{Amount, Currency};

/// The characters of a bank's slip, which pays nothing.
const BOLETO: &str = "23793381286000782713695000063305997630000023000";

/// As long as such a code usually is; it pays nothing.
const PIX: &str = "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-426655440000\
    520400005303986540710.005802BR5909LOJA AZUL6009SAO PAULO62070503***63041D3D";

/// What differs between the two.
struct Person {
    name: &'static str,
    amount: i64,
    product: &'static str,
    contract: &'static str,
    link: &'static str,
    debts: u8,
}

const USUAL: Person = Person {
    name: "MARIA DA SILVA",
    amount: 123_456,
    product: "Cart\u{e3}o",
    contract: "A-1042",
    link: "https://exemplo.com.br/p/7f3a",
    debts: 1,
};

const LONG: Person = Person {
    name: "MAXIMILIANA APARECIDA CONCEI\u{c7}\u{c3}O DOS SANTOS ALBUQUERQUE",
    amount: 12_345_678,
    product: "Empr\u{e9}stimo pessoal consignado",
    contract: "2026-000104277-08",
    link: "https://pagamentos.exemplo.com.br/p/7f3a9c21e8",
    debts: 3,
};

/// The two, with what they are called: what they owe is asked for by this creditor, and written in this language.
pub fn examples(language: Option<Language>, creditor: Option<&Creditor>, today: Date) -> [(&'static str, Case); 2] {
    [("usual", case(&USUAL, language, creditor, today)), ("long", case(&LONG, language, creditor, today))]
}

fn case(person: &Person, language: Option<Language>, creditor: Option<&Creditor>, today: Date) -> Case {
    let creditor = creditor.cloned().unwrap_or_else(|| nobody(language));
    let debtor = Debtor {
        id: "example".to_owned(),
        name: Some(person.name.to_owned()),
        document: Some("12345678909".to_owned()),
        language,
        kind: None,
        since: None,
        tags: Vec::new(),
        numbers: Vec::new(),
    };
    let debts: Vec<Debt> = (1..=person.debts).map(|number| debt(person, number, &creditor, today)).collect();
    let amount = debts.first().map(|debt| debt.amount).unwrap_or_default();
    let entered = debts.iter().map(|debt| (debt.id.clone(), debt.due)).collect::<BTreeMap<_, _>>();
    Case {
        creditor: Arc::new(creditor),
        debtor,
        debts,
        past: Past::default(),
        today,
        entered,
        happened: Some(Happened { paid: Some(amount), remaining: amount }),
    }
}

/// The creditor where there is none yet.
fn nobody(language: Option<Language>) -> Creditor {
    let language = language.unwrap_or(Language::Portuguese);
    let currency = match language {
        Language::Portuguese => Currency::Brl,
        Language::Spanish => Currency::Mxn,
        Language::English => Currency::Usd,
    };
    Creditor {
        id: "example".to_owned(),
        name: "Loja Azul".to_owned(),
        sender: "Loja Azul".to_owned(),
        zone: TimeZone::UTC,
        language,
        currency,
        ladder: None,
        triggers: BTreeMap::new(),
    }
}

/// Of several, the first was due first.
fn debt(person: &Person, number: u8, creditor: &Creditor, today: Date) -> Debt {
    let due = today.saturating_sub((i32::from(person.debts - number) * 30 + 5).days());
    Debt {
        id: format!("example-{number}"),
        creditor: creditor.id.clone(),
        debtor: "example".to_owned(),
        currency: creditor.currency,
        original: Amount::from_hundredths(person.amount / 10 * 9).unwrap_or_default(),
        amount: Amount::from_hundredths(person.amount).unwrap_or_default(),
        due,
        instalment: Some(Instalment { number: 10, of: 12 }),
        contract: Some(person.contract.to_owned()),
        product: Some(person.product.to_owned()),
        terms: Some("3x sem juros".to_owned()),
        boleto: Some(BOLETO.to_owned()),
        pix: Some(PIX.to_owned()),
        link: Some(person.link.to_owned()),
        access_code: Some("4821".to_owned()),
        ladder: None,
        tags: Vec::new(),
        status: Status::Promised { until: today.saturating_add(5.days()) },
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::sample::{template, text};
    use super::super::{Survey, VARIABLES, Yardstick};
    use super::*;

    #[test]
    fn every_variable_is_filled_in_every_language() {
        let asked = VARIABLES.iter().filter(|variable| !["debt_list", "last"].contains(&variable.name));
        for variable in asked {
            let compiled = template(vec![text("a", &format!("{{{{ {} }}}}", variable.name))]).compile().unwrap();
            for language in [None, Some(Language::Portuguese), Some(Language::Spanish), Some(Language::English)] {
                for (example, case) in examples(language, None, date(2026, 11, 24)) {
                    let rendered = compiled.render(&case);
                    assert!(rendered.is_ok_and(|rendered| !rendered.text.is_empty()), "{} {example}", variable.name);
                }
            }
        }
    }

    #[test]
    fn the_long_one_is_longer() {
        let compiled =
            template(vec![text("a", "{{ sender }}: {{ name }} {{ amount }} {{ product }}")]).compile().unwrap();
        let mut survey = Survey::new(Yardstick::default());
        for (example, case) in examples(None, None, date(2026, 11, 24)) {
            survey.add(example, Ok(&compiled.render(&case).unwrap())).unwrap();
        }
        assert_eq!(survey.arms()["a"].longest.as_ref().unwrap().row, "long");
    }
}
