//! Numbers of debtors who stand in several rows of a file: the API has the last row's replace those before, and a file means
//! all of them. So they are known before the first row goes, and no number is taken from a debtor for the time between two
//! rows.

use std::collections::HashMap;
use std::io;

use sha2::{Digest as _, Sha256};

use crate::dunning::debtor::Debtor;
use crate::dunning::import::Import;
use crate::sms::number::PhoneNumber;

use super::file::CsvFile;

/// Numbers that the API takes of one debtor.
const NUMBERS_MAX: usize = 20;

/// The numbers of debtors whose rows do not all have the same.
#[derive(Default)]
pub(crate) struct United(HashMap<Key, Numbers>);

/// Stands for a debtor's id, so that a large file needs some forty octets for each debtor while it is read. Two ids never have
/// the same: a debtor would get a stranger's number.
type Key = [u8; 16];

/// What the rows so far have.
enum Numbers {
    One(PhoneNumber),
    Several(Vec<PhoneNumber>),
}

impl United {
    /// Reads a file for its numbers. Rows that cannot be taken in say nothing.
    pub(crate) fn of(file: &mut CsvFile, import: &Import) -> io::Result<Self> {
        let mut united = Self::default();
        let mut rows = file.rows()?;
        while let Some((record, line)) = rows.next_row()? {
            if let Ok(Some(row)) = import.row(record, line) {
                united.add(&row.debtor);
            }
        }
        united.0.retain(|_, numbers| matches!(numbers, Numbers::Several(all) if !all.is_empty()));
        united.0.shrink_to_fit();
        Ok(united)
    }

    fn add(&mut self, debtor: &Debtor) {
        if debtor.numbers.is_empty() {
            // The API has a row without any take all of them away.
            let known = self.0.entry(key(&debtor.id)).or_insert(Numbers::Several(Vec::new()));
            if let Numbers::One(one) = known {
                *known = Numbers::Several(vec![*one]);
            }
        }
        for &number in &debtor.numbers {
            let known = self.0.entry(key(&debtor.id)).or_insert(Numbers::One(number));
            match known {
                Numbers::One(one) if *one == number => {}
                Numbers::One(one) => *known = Numbers::Several(vec![*one, number]),
                Numbers::Several(all) if all.contains(&number) || all.len() == NUMBERS_MAX => {}
                Numbers::Several(all) => all.push(number),
            }
        }
    }

    /// Gives a debtor all numbers of the file, in its order.
    pub(crate) fn complete(&self, debtor: &mut Debtor) {
        if let Some(Numbers::Several(all)) = self.0.get(&key(&debtor.id)) {
            debtor.numbers.clone_from(all);
        }
    }
}

fn key(id: &str) -> Key {
    *Sha256::digest(id).first_chunk().expect("a digest has 32 octets")
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
    fn each_row_of_a_debtor_has_all_numbers_in_the_order_of_the_file() {
        let (a, b, c) = ("5511987654321", "5511987654322", "5511987654323");
        let mut united = United::default();
        let rows = [
            ("ana", vec![b]),
            ("rui", vec![c]),
            ("eva", vec![]),
            ("ana", vec![a, b]),
            ("ana", vec![]),
            ("rui", vec![c]),
            ("lia", vec![a]),
            ("lia", vec![]),
        ];
        for (id, numbers) in &rows {
            united.add(&debtor(id, numbers));
        }
        let completed = rows.map(|(id, numbers)| {
            let mut row = debtor(id, &numbers);
            united.complete(&mut row);
            row.numbers
        });
        let expected = [vec![b, a], vec![c], vec![], vec![b, a], vec![b, a], vec![c], vec![a], vec![a]];
        assert_eq!(completed, expected.map(|numbers| debtor("x", &numbers).numbers));
    }
}
