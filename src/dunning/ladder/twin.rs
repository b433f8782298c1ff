//! One debt that was taken in twice, under two ids: its debtor is asked for it twice, by two ladders or as a part of one sum.
//!
//! A debt goes by one ladder, its own or its creditor's. That two debts are one is a guess from what tells them apart, for a
//! person to look at; only where a payment slip or the instalment of a contract says it is it taken for granted.

use crate::dunning::creditor::Creditor;
use crate::dunning::debt::Debt;

use super::Ladder;

/// Two debts that look like one, and the ladders that they go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Twins<'a> {
    /// The one.
    pub one: (&'a Debt, &'a str),
    /// The other.
    pub other: (&'a Debt, &'a str),
}

impl Twins<'_> {
    /// Whether both go by one ladder.
    pub fn are_on_one_ladder(&self) -> bool {
        self.one.1 == self.other.1
    }
}

/// The pairs of a debtor's debts to a creditor that look like one and go by ladders.
pub fn twins<'a>(debts: &'a [Debt], creditor: &'a Creditor) -> Vec<Twins<'a>> {
    let asked = debts.iter().filter(|debt| debt.status.is_asked_for());
    let on_ladder: Vec<(&Debt, &str)> =
        asked.filter_map(|debt| Some((debt, Ladder::name_for(debt, creditor)?))).collect();
    let mut found = Vec::new();
    for (index, one) in on_ladder.iter().enumerate() {
        let others = on_ladder.iter().skip(index + 1).filter(|other| look_like_one(one.0, other.0));
        found.extend(others.map(|other| Twins { one: *one, other: *other }));
    }
    found
}

/// Debts of a debtor to a creditor without those that are one with another before them: a text asks for each once.
pub fn each_once<'a>(debts: &[&'a Debt]) -> Vec<&'a Debt> {
    let mut found: Vec<&Debt> = Vec::with_capacity(debts.len());
    for debt in debts {
        if !found.iter().any(|other| are_one(debt, other)) {
            found.push(debt);
        }
    }
    found
}

/// Whether two debts of a debtor to a creditor are one beyond doubt: the same is owed on the same day by one payment slip, or as
/// one instalment of a contract.
fn are_one(one: &Debt, other: &Debt) -> bool {
    let owed = |debt: &Debt| (debt.currency, debt.amount, debt.due);
    let is_one_part = one.contract.is_some()
        && one.instalment.is_some()
        && (&one.contract, one.instalment, &one.product) == (&other.contract, other.instalment, &other.product);
    let is_one_thing = match (&one.boleto, &other.boleto) {
        (Some(one), Some(other)) => one == other,
        _ => is_one_part,
    };
    one.id != other.id && owed(one) == owed(other) && is_one_thing
}

/// One contract's instalment of one day, or one payment slip; without a contract, one amount of one day.
fn look_like_one(one: &Debt, other: &Debt) -> bool {
    if are_one(one, other) {
        return true;
    }
    let is_same_part = (one.due, one.currency, one.instalment) == (other.due, other.currency, other.instalment);
    let is_same_thing = match (&one.contract, &other.contract) {
        (Some(one), Some(other)) => one == other,
        (None, None) => one.original == other.original && one.product == other.product,
        (Some(_), None) | (None, Some(_)) => false,
    };
    is_same_part && is_same_thing
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::dunning::debt::{Instalment, Status};
    use crate::dunning::sample;

    fn debt(id: &str, contract: Option<&str>, ladder: Option<&str>) -> Debt {
        Debt {
            contract: contract.map(ToOwned::to_owned),
            ladder: ladder.map(ToOwned::to_owned),
            ..sample::debt(id, "p1", date(2026, 11, 5))
        }
    }

    fn check(debts: &[Debt], expected: &[(&str, &str)]) {
        let creditor = Creditor { ladder: Some("leve".to_owned()), ..sample::creditor() };
        let found = twins(debts, &creditor);
        let found: Vec<_> = found.iter().map(|twins| (twins.one.0.id.as_str(), twins.other.0.id.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn one_contract_under_two_ids_is_found() {
        let (one, other) = (debt("a", Some("c1"), None), debt("b", Some("c1"), Some("dura")));
        check(&[one.clone(), other.clone()], &[("a", "b")]);
        // By one ladder it is one text, and a sum of both.
        check(&[one.clone(), debt("b", Some("c1"), Some("leve"))], &[("a", "b")]);
        // What is paid is not asked for.
        check(&[one.clone(), Debt { status: Status::Paid, ..other.clone() }], &[]);
        // Another month.
        check(&[one, Debt { due: date(2026, 12, 5), ..other }], &[]);
    }

    #[test]
    fn without_contracts_the_amount_and_the_day_tell() {
        check(&[debt("a", None, None), debt("b", None, Some("dura"))], &[("a", "b")]);
        let dearer = Debt { original: "99.00".parse().unwrap(), ..debt("b", None, Some("dura")) };
        check(&[debt("a", None, None), dearer], &[]);
        check(&[debt("a", None, None), debt("b", Some("c1"), Some("dura"))], &[]);
    }

    /// Whether a text asks for both.
    fn check_both(one: &Debt, other: &Debt, expected: bool) {
        let both = each_once(&[one, other]);
        assert_eq!(both.len() == 2, expected, "{one:?} {other:?}");
        assert_eq!(both.first().map(|debt| &debt.id), Some(&one.id));
    }

    #[test]
    fn what_is_one_beyond_doubt_is_asked_for_once() {
        let part = |id, number| Debt { instalment: Some(Instalment { number, of: 12 }), ..debt(id, Some("c1"), None) };
        let (one, other) = (part("a", 3), part("b", 3));
        check_both(&one, &other, false);
        check_both(&one, &part("b", 4), true);
        check_both(&one, &Debt { amount: "99.00".parse().unwrap(), ..other.clone() }, true);
        check_both(&one, &Debt { product: Some("card".to_owned()), ..other.clone() }, true);
        // A contract alone may have several debts of a day, and so may a debtor.
        check_both(&debt("a", Some("c1"), None), &debt("b", Some("c1"), None), true);
        check_both(&debt("a", None, None), &debt("b", None, None), true);
        let slip = |debt: &Debt, slip: &str| Debt { boleto: Some(slip.to_owned()), ..debt.clone() };
        check_both(&slip(&debt("a", None, None), "1234"), &slip(&debt("b", Some("c9"), None), "1234"), false);
        check_both(&slip(&one, "1234"), &slip(&other, "5678"), true);
        check_both(&slip(&one, "1234"), &other, false);
    }
}
