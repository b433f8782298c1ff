//! One debt that was taken in twice, under two ids, and goes by two ladders: its debtor is asked by both.
//!
//! A debt goes by one ladder, its own or its creditor's. That two debts are one is a guess from what tells them apart.

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

/// The pairs of a debtor's debts to a creditor that look like one and go by two ladders.
pub fn twins<'a>(debts: &'a [Debt], creditor: &'a Creditor) -> Vec<Twins<'a>> {
    let asked = debts.iter().filter(|debt| debt.status.is_asked_for());
    let on_ladder: Vec<(&Debt, &str)> =
        asked.filter_map(|debt| Some((debt, Ladder::name_for(debt, creditor)?))).collect();
    let mut found = Vec::new();
    for (index, one) in on_ladder.iter().enumerate() {
        let others = on_ladder.iter().skip(index + 1).filter(|other| one.1 != other.1 && look_like_one(one.0, other.0));
        found.extend(others.map(|other| Twins { one: *one, other: *other }));
    }
    found
}

/// One contract's instalment of one day; without a contract, one amount of one day.
fn look_like_one(one: &Debt, other: &Debt) -> bool {
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
    use crate::dunning::debt::Status;
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
    fn one_contract_under_two_ids_and_two_ladders_is_found() {
        let (one, other) = (debt("a", Some("c1"), None), debt("b", Some("c1"), Some("dura")));
        check(&[one.clone(), other.clone()], &[("a", "b")]);
        // By one ladder it is one text.
        check(&[one.clone(), debt("b", Some("c1"), Some("leve"))], &[]);
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
}
