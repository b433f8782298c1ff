//! Numbers of debtors who stand in several rows of a file: the API has the last row's replace those before, and a file means
//! all of them.

use std::collections::HashMap;

use crate::dunning::debtor::Debtor;
use crate::sms::number::PhoneNumber;

/// Numbers that the API takes of one debtor.
const NUMBERS_MAX: usize = 20;

/// The numbers of each debtor so far.
#[derive(Default)]
pub(super) struct United(HashMap<String, Vec<PhoneNumber>>);

impl United {
    /// Puts the numbers of the rows before in front of a row's own, each once.
    pub(super) fn unite(&mut self, debtor: &mut Debtor) {
        let known = self.0.entry(debtor.id.clone()).or_default();
        for number in &debtor.numbers {
            if !known.contains(number) && known.len() < NUMBERS_MAX {
                known.push(*number);
            }
        }
        debtor.numbers.clone_from(known);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dunning::sample;

    fn debtor(id: &str, numbers: &[&str]) -> Debtor {
        Debtor {
            numbers: numbers.iter().map(|number| PhoneNumber::from_digits(number).unwrap()).collect(),
            ..sample::debtor(id)
        }
    }

    #[test]
    fn rows_of_one_debtor_have_all_numbers_in_the_order_of_the_file() {
        let (a, b, c) = ("5511987654321", "5511987654322", "5511987654323");
        let mut united = United::default();
        let mut check = |id: &str, numbers: &[&str], expected: &[&str]| {
            let mut row = debtor(id, numbers);
            united.unite(&mut row);
            assert_eq!(row.numbers, debtor(id, expected).numbers);
        };
        check("ana", &[b], &[b]);
        check("rui", &[c], &[c]);
        check("ana", &[a, b], &[b, a]);
        check("ana", &[], &[b, a]);
        check("rui", &[], &[c]);
    }
}
