//! What a check of everything looks at: debts with the longest values, those that look like one, and where debtors are.
//!
//! Each answer is one pass over what is asked for, made for a person who waits; nothing on the way of a message asks these.

use std::collections::{BTreeMap, BTreeSet};

use crate::contact::Habit;
use crate::sms::number::PhoneNumber;
use crate::sms::text::TextCoding;

use super::super::StoreError;
use super::super::ladder::CaseKey;
use super::super::reader::Reader;
use super::super::row;

/// What a text may be filled with, and whose it is.
const VALUES: &str = "SELECT debtor.id, debtor.name, contract, product, terms, link, access_code, boleto, pix,
     CAST(amount AS TEXT) FROM debt JOIN debtor ON debtor.key = debt.debtor
     WHERE debt.creditor = ? AND status IN ('open', 'promised')";

/// Values of a row of [`VALUES`].
const FIELDS: usize = 9;

/// Numbers of debtors of whom something is asked for.
const NUMBERS: &str = "SELECT number, debtor_hours.state, debtor_hours.zone FROM debtor
     JOIN debtor_number ON debtor_number.debtor = debtor.key
     LEFT JOIN debtor_hours ON debtor_hours.debtor = debtor.id
     WHERE debtor.key IN (SELECT debtor FROM debt WHERE creditor = ? AND status IN ('open', 'promised'))";

/// The debtor with the most debts.
const MOST: &str = "SELECT debtor.id FROM debt JOIN debtor ON debtor.key = debt.debtor
     WHERE debt.creditor = ? AND status IN ('open', 'promised')
     GROUP BY debt.debtor ORDER BY count(*) DESC, debt.debtor LIMIT 1";

/// Debtors with debts that go by ladders and may be one debt twice: as one contract or one amount, or by one payment slip.
const DOUBLE: &str = "SELECT debt.creditor, debtor FROM debt JOIN creditor ON creditor.key = debt.creditor
     WHERE status IN ('open', 'promised') AND coalesce(debt.ladder, creditor.ladder) IS NOT NULL
     GROUP BY debtor, debt.creditor, due, debt.currency, instalment, contract,
     iif(contract IS NULL, original, 0), iif(contract IS NULL, product, NULL) HAVING count(*) > 1
     UNION SELECT debt.creditor, debtor FROM debt JOIN creditor ON creditor.key = debt.creditor
     WHERE status IN ('open', 'promised') AND coalesce(debt.ladder, creditor.ladder) IS NOT NULL AND boleto IS NOT NULL
     GROUP BY debtor, debt.creditor, due, debt.currency, amount, boleto
     HAVING count(*) > 1 LIMIT ?";

impl Reader {
    /// Debtors of a creditor who have the longest of what texts are filled with, and the one with the most debts: their texts
    /// are the longest. A value with a character that is not in the GSM alphabet makes a text costly and is looked for apart.
    pub fn longest_debtors(&self, creditor: i64) -> Result<BTreeSet<String>, StoreError> {
        self.with(|conn| {
            let mut longest = Longest::default();
            let mut statement = conn.prepare_cached(VALUES)?;
            let mut rows = statement.query([creditor])?;
            while let Some(row) = rows.next()? {
                let debtor = row.get_ref(0)?.as_str().unwrap_or_default();
                for field in 0..FIELDS {
                    let value = row.get_ref(field + 1)?.as_str().unwrap_or_default();
                    longest.look(field, value, debtor);
                    // A first name is as long as it is, however long the name.
                    if field == 0 {
                        longest.look(FIELDS, value.split(' ').next().unwrap_or_default(), debtor);
                    }
                }
            }
            let mut found: BTreeSet<String> = longest.0.into_values().map(|(_, debtor)| debtor).collect();
            let mut most = conn.prepare_cached(MOST)?;
            found.extend(most.query_map([creditor], |row| row.get(0))?.collect::<Result<Vec<_>, _>>()?);
            Ok(found)
        })
    }

    /// Has each number of each debtor of a creditor looked at, with what is known of the debtor's place.
    pub fn numbers_of_debtors(
        &self,
        creditor: i64,
        mut look: impl FnMut(PhoneNumber, &Habit),
    ) -> Result<(), StoreError> {
        self.with(|conn| {
            let mut statement = conn.prepare_cached(NUMBERS)?;
            let mut rows = statement.query([creditor])?;
            while let Some(row) = rows.next()? {
                let habit = Habit { state: row.get(1)?, zone: row.get(2)?, ..Habit::default() };
                if let Some(number) = row::number(row.get(0)?) {
                    look(number, &habit);
                }
            }
            Ok(())
        })
    }

    /// Cases with debts that may be one debt under two ids; `limit` of them at most.
    pub fn cases_with_doubles(&self, limit: u32) -> Result<Vec<CaseKey>, StoreError> {
        self.with(|conn| {
            let mut statement = conn.prepare_cached(DOUBLE)?;
            let rows =
                statement.query_map([limit], |row| Ok(CaseKey { creditor: row.get(0)?, debtor: row.get(1)? }))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The ladders that debts name, each once.
    pub fn ladders_of_debts(&self) -> Result<BTreeSet<String>, StoreError> {
        self.with(|conn| {
            let sql = "SELECT DISTINCT ladder FROM debt WHERE ladder IS NOT NULL";
            let mut statement = conn.prepare_cached(sql)?;
            Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
        })
    }
}

/// By field and whether it is costly, the longest value's units and whose it is.
#[derive(Default)]
struct Longest(BTreeMap<(usize, bool), (usize, String)>);

impl Longest {
    fn look(&mut self, field: usize, value: &str, debtor: &str) {
        let septets = TextCoding::Gsm7.units(value);
        let units = septets.unwrap_or_else(|| value.encode_utf16().count());
        if units == 0 {
            return;
        }
        let key = (field, septets.is_none());
        if self.0.get(&key).is_none_or(|(most, _)| *most < units) {
            self.0.insert(key, (units, debtor.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_of_both_alphabets_are_kept() {
        let mut longest = Longest::default();
        for (value, debtor) in [("Ana", "d1"), ("Jo\u{e3}o", "d2"), ("Carolina", "d3"), ("", "d4"), ("Carolino", "d5")]
        {
            longest.look(0, value, debtor);
        }
        let found: Vec<_> = longest.0.into_iter().collect();
        assert_eq!(found, [((0, false), (8, "d3".to_owned())), ((0, true), (4, "d2".to_owned()))]);
    }
}
