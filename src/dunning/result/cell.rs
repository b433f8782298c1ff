//! The texts of one origin and one hour, and how they are written down: as varints, since a table of them is read whole
//! whenever somebody asks, and most counts are small.

use std::collections::BTreeMap;

use crate::sms::id::SimKey;

use super::super::money::{Cost, Currency};
use super::{Counts, varint};

/// What came of the texts of one origin that were taken in within one hour; or what is to be added to that.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    /// How many of what.
    pub counts: Counts,
    /// What they have cost, by SIM.
    pub spent: BTreeMap<SimKey, Spent>,
    /// What was paid afterwards, by days from the text to the payment.
    pub paid: BTreeMap<(u8, Currency), Paid>,
}

/// Parts that the network has taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spent {
    /// How many.
    pub parts: u64,
    /// At the prices of their time.
    pub cost: Cost,
}

impl Spent {
    /// Adds others.
    pub fn add(&mut self, more: Self) {
        self.parts = self.parts.saturating_add(more.parts);
        self.cost = self.cost.plus(more.cost);
    }
}

/// What was paid after texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Paid {
    /// Debts of which something was paid.
    pub debts: u64,
    /// How much, in hundredths.
    pub hundredths: i64,
}

impl Paid {
    /// Adds more of it.
    pub fn add(&mut self, more: Self) {
        self.debts = self.debts.saturating_add(more.debts);
        self.hundredths = self.hundredths.saturating_add(more.hundredths);
    }
}

impl Cell {
    /// The counts as they are stored.
    pub fn written_counts(&self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(self.counts.0.len());
        for count in &self.counts.0 {
            varint::write(&mut octets, *count);
        }
        // What is zero at the end need not be said.
        let used = octets.iter().rposition(|octet| *octet != 0).map_or(0, |last| last + 1);
        octets.truncate(used);
        octets
    }

    /// What was spent, as it is stored.
    pub fn written_spent(&self) -> Vec<u8> {
        let mut octets = Vec::new();
        for (sim, spent) in &self.spent {
            for number in [sim.0, spent.parts.cast_signed(), spent.cost.0.cast_signed()] {
                varint::write(&mut octets, number);
            }
        }
        octets
    }

    /// What was paid, as it is stored.
    pub fn written_paid(&self) -> Vec<u8> {
        let mut octets = Vec::new();
        for ((day, currency), paid) in &self.paid {
            let place = Currency::ALL.iter().position(|one| one == currency).unwrap_or_default();
            let place = i64::try_from(place).unwrap_or_default();
            for number in [i64::from(*day), place, paid.debts.cast_signed(), paid.hundredths] {
                varint::write(&mut octets, number);
            }
        }
        octets
    }

    /// Adds what is stored; `None` where that cannot be read.
    pub fn add_written(&mut self, counts: &[u8], spent: &[u8], paid: &[u8]) -> Option<()> {
        read_counts(counts, &mut self.counts)?;
        read_spent(spent, |sim, more| self.spent.entry(sim).or_default().add(more))?;
        read_paid(paid, |day, currency, more| self.paid.entry((day, currency)).or_default().add(more))
    }
}

/// Adds counts that are stored; `None` where they cannot be read.
pub fn read_counts(mut octets: &[u8], counts: &mut Counts) -> Option<()> {
    for count in &mut counts.0 {
        if octets.is_empty() {
            break;
        }
        *count = count.saturating_add(varint::read(&mut octets)?);
    }
    Some(())
}

/// Gives what was spent, SIM by SIM; `None` where it cannot be read.
pub fn read_spent(mut octets: &[u8], mut each: impl FnMut(SimKey, Spent)) -> Option<()> {
    while !octets.is_empty() {
        let mut next = || varint::read(&mut octets);
        let (sim, parts, cost) = (next()?, next()?, next()?);
        each(SimKey(sim), Spent { parts: parts.cast_unsigned(), cost: Cost(cost.cast_unsigned()) });
    }
    Some(())
}

/// Gives what was paid, by day and currency; `None` where it cannot be read.
pub fn read_paid(mut octets: &[u8], mut each: impl FnMut(u8, Currency, Paid)) -> Option<()> {
    while !octets.is_empty() {
        let mut next = || varint::read(&mut octets);
        let (day, currency, debts, hundredths) = (next()?, next()?, next()?, next()?);
        let currency = Currency::ALL.get(usize::try_from(currency).ok()?)?;
        each(u8::try_from(day).ok()?, *currency, Paid { debts: debts.cast_unsigned(), hundredths });
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::super::Count;
    use super::*;
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    fn cells() -> impl Strategy<Value = Cell> {
        let counts = vec((0..Count::ALL.len(), 0..1_000_000_i64), 0..6);
        let spent = btree_map(1..9_i64, (0..100_000_u64, 0..1_000_000_u64), 0..4);
        let paid = btree_map((0..=90_u8, 0..3_usize), (0..1_000_u64, 0..100_000_000_i64), 0..4);
        (counts, spent, paid).prop_map(|(counts, spent, paid)| {
            let mut cell = Cell::default();
            for (place, more) in counts {
                cell.counts.add(Count::ALL[place], more);
            }
            cell.spent = spent
                .into_iter()
                .map(|(sim, (parts, cost))| (SimKey(sim), Spent { parts, cost: Cost(cost) }))
                .collect();
            let paid = paid.into_iter();
            cell.paid = paid
                .map(|((day, place), (debts, hundredths))| ((day, Currency::ALL[place]), Paid { debts, hundredths }))
                .collect();
            cell
        })
    }

    fn add(to: &mut Cell, cell: &Cell) -> Option<()> {
        to.add_written(&cell.written_counts(), &cell.written_spent(), &cell.written_paid())
    }

    proptest! {
        #[test]
        fn what_is_written_is_what_is_read(cell in cells()) {
            let mut read = Cell::default();
            prop_assert_eq!(add(&mut read, &cell), Some(()));
            prop_assert_eq!(read, cell);
        }

        #[test]
        fn two_are_added_in_either_order(one in cells(), other in cells()) {
            let (mut this, mut that) = (one.clone(), other.clone());
            prop_assert!(add(&mut this, &other).is_some() && add(&mut that, &one).is_some());
            prop_assert_eq!(this, that);
        }

        #[test]
        fn what_was_cut_or_changed_does_not_panic(octets: Vec<u8>) {
            let mut cell = Cell::default();
            for part in 0..3 {
                let at = |place| if place == part { octets.as_slice() } else { &[] };
                cell.add_written(at(0), at(1), at(2));
            }
        }
    }

    #[test]
    fn an_hour_of_a_step_takes_a_few_dozen_octets() {
        let mut cell = Cell::default();
        cell.counts.add(Count::Taken, 60);
        cell.spent.insert(SimKey(1), Spent { parts: 60, cost: Cost(19_500) });
        assert!(cell.written_counts().len() + cell.written_spent().len() < 12);
        assert!(Cell::default().written_counts().is_empty());
    }
}
