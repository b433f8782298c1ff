//! What the variables stand for in one case.
//!
//! Of several debts, amounts are added up, the first due day counts, and of the rest what all of them share: one link is
//! everybody's link, and two contracts are none.

use minijinja::Value;

use crate::contact::reply::Language;

use super::super::case::Case;
use super::super::debt::{Debt, Instalment};
use super::super::money::Amount;
use super::given::{Content, Given};
use super::value::{Day, Document, Money, Unfilled};
use super::variable::{Scope, Variable};
use super::{Companion, format};

/// A case with the language that its amounts and days are written in.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) case: &'a Case,
    /// What goes over it.
    pub(super) given: &'a Given,
    pub(super) language: Language,
}

impl<'a> Row<'a> {
    /// All of these variables, by their names.
    pub(super) fn values(self, names: impl IntoIterator<Item = &'static str>) -> Value {
        Value::from_pairs(names.into_iter().map(|name| (name, self.value(name))))
    }

    /// The code that goes with the text; of several debts the one that they share.
    pub(super) fn code(self, companion: Companion) -> Option<&'a str> {
        self.given.text(companion.name()).or_else(|| self.shared_code(companion))
    }

    fn shared_code(self, companion: Companion) -> Option<&'a str> {
        self.shared(|debt| match companion {
            Companion::Pix => debt.pix.as_deref(),
            Companion::Boleto => debt.boleto.as_deref(),
        })
    }

    fn value(self, name: &'static str) -> Value {
        if let Some(value) = self.given(name) {
            return value;
        }
        let Self { case, .. } = self;
        let debtor = &case.debtor;
        let found = match name {
            "name" => debtor.name.as_deref().map(Value::from),
            "first_name" => debtor.name.as_deref().map(|name| Value::from(format::first_name(name))),
            "document" => debtor.document.clone().map(|document| Value::from_object(Document(document))),
            "sender" => Some(Value::from(&*case.creditor.sender)),
            "creditor" => Some(Value::from(&*case.creditor.name)),
            "today" => Some(self.day(case.today)),
            "debts" => Some(Value::from(case.debts.len())),
            "debt_list" => Some(case.debts.iter().map(|debt| self.debt(debt)).collect()),
            "paid" => case.happened.and_then(|happened| self.money(&case.debts, happened.paid?)),
            "remaining" => case.happened.and_then(|happened| self.money(&case.debts, happened.remaining)),
            _ => return self.of_debts(&case.debts, name),
        };
        found.filter(is_something).unwrap_or_else(|| Value::from_object(Unfilled { name }))
    }

    /// What was given for a variable, or for the one that it follows from.
    fn given(self, name: &'static str) -> Option<Value> {
        let given = self.given;
        match (name, given.get(name)) {
            (_, Some(Content::Text(text))) => Some(Value::from(text.as_str())),
            (_, Some(Content::Day(day))) => Some(self.day(*day)),
            (_, Some(Content::Number(number))) => Some(Value::from(*number)),
            (_, Some(Content::Document(document))) => Some(Value::from_object(Document(document.clone()))),
            (_, Some(Content::Amount(amount))) => Some(self.amount(*amount)),
            ("first_name", None) => given.text("name").map(|name| Value::from(format::first_name(name))),
            ("total", None) => match given.get("amount")? {
                Content::Amount(amount) => Some(self.amount(*amount)),
                Content::Text(_) | Content::Day(_) | Content::Number(_) | Content::Document(_) => None,
            },
            ("days_late", None) => {
                let late = self.case.today.since(given.day("due")?).map_or(0, |span| span.get_days());
                Some(Value::from(late.max(0)))
            }
            (_, None) => None,
        }
    }

    /// An amount that was given: in the currency of the debts, else of the creditor.
    fn amount(self, amount: Amount) -> Value {
        let currency = shared(&self.case.debts, |debt| Some(debt.currency)).unwrap_or(self.case.creditor.currency);
        Value::from_object(Money { amount, currency, language: self.language })
    }

    /// What a round of the loop knows of its debt.
    fn debt(self, debt: &Debt) -> Value {
        let names = Variable::names(&[Scope::Debt]);
        let debts = std::slice::from_ref(debt);
        Value::from_pairs(names.map(|name| (name, self.of_debts(debts, name))))
    }

    /// What several debts have in common under a name.
    fn of_debts(self, debts: &[Debt], name: &'static str) -> Value {
        let sum = |amount: fn(&Debt) -> Amount| self.money(debts, debts.iter().map(amount).sum());
        let text = |text: fn(&Debt) -> Option<&str>| shared(debts, text).map(Value::from);
        let found = match name {
            "amount" | "total" => sum(|debt| debt.amount),
            "original_amount" => sum(|debt| debt.original),
            "added" => {
                let (now, before): (Amount, Amount) =
                    (debts.iter().map(|debt| debt.amount).sum(), debts.iter().map(|debt| debt.original).sum());
                Amount::from_hundredths(now.hundredths() - before.hundredths())
                    .and_then(|added| self.money(debts, added))
            }
            "due" => debts.iter().map(|debt| debt.due).min().map(|due| self.day(due)),
            "days_late" => {
                let late = debts.iter().map(|debt| debt.days_late(self.case.today)).max();
                late.map(|days| Value::from(days.max(0)))
            }
            "instalment" => shared(debts, |debt| debt.instalment)
                .map(|Instalment { number, of }| Value::from(format!("{number}/{of}"))),
            "contract" => text(|debt| debt.contract.as_deref()),
            "product" => text(|debt| debt.product.as_deref()),
            "terms" => text(|debt| debt.terms.as_deref()),
            "link" => text(|debt| debt.link.as_deref()),
            "access_code" => text(|debt| debt.access_code.as_deref()),
            "boleto" => text(|debt| debt.boleto.as_deref()),
            "pix" => text(|debt| debt.pix.as_deref()),
            "promise_date" => debts.iter().filter_map(|debt| debt.status.until()).min().map(|until| self.day(until)),
            _ => None,
        };
        found.filter(is_something).unwrap_or_else(|| Value::from_object(Unfilled { name }))
    }

    fn shared<T: PartialEq>(self, of: impl Fn(&'a Debt) -> Option<T>) -> Option<T> {
        shared(&self.case.debts, of)
    }

    /// An amount of these debts; nothing if they are in different currencies.
    fn money(self, debts: &[Debt], amount: Amount) -> Option<Value> {
        let currency = shared(debts, |debt| Some(debt.currency))?;
        Some(Value::from_object(Money { amount, currency, language: self.language }))
    }

    fn day(self, date: jiff::civil::Date) -> Value {
        Value::from_object(Day { date, language: self.language })
    }
}

/// What all debts have, if it is the same.
fn shared<'d, T: PartialEq>(debts: &'d [Debt], of: impl Fn(&'d Debt) -> Option<T>) -> Option<T> {
    let mut all = debts.iter().map(of);
    let first = all.next()??;
    all.all(|other| other.as_ref() == Some(&first)).then_some(first)
}

/// A text without a letter fills no place.
fn is_something(value: &Value) -> bool {
    value.as_str().is_none_or(|text| !text.trim().is_empty())
}
