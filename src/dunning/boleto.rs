//! The digitable line of a Brazilian boleto, and the bar code that it repeats.
//!
//! A bank's boleto has 47 digits (Banco Central, Carta Circular 2.926 of 2000, and FEBRABAN's convention of the bar code of
//! collection): three fields with a digit of modulo 10 each, the digit of modulo 11 of the whole bar code, four digits for
//! the day, ten for the amount. What utilities and public bodies collect has 48 (FEBRABAN, Layout padrão de
//! arrecadação/recebimento com utilização do código de barras): four blocks with a digit each, of modulo 10 or 11 by the
//! third digit.
//!
//! The day is a count from 7 October 1997 that had only four digits: after 9999, on 21 February 2025, it went on with 1000.
//! So a line names several days, and the debt tells which of them is meant. What stands in the field that each bank or
//! company fills as it likes is not known here.

use std::fmt;

use jiff::ToSpan as _;
use jiff::civil::{Date, date};

use super::money::Amount;
use super::paper::{Mismatch, Paper};

/// Digits of a bar code.
const BARCODE_DIGITS: usize = 44;

/// Digits of the line of a bank.
const BANK_DIGITS: usize = 47;

/// Digits of the line of a utility or a public body.
const COLLECTION_DIGITS: usize = 48;

/// The first digit of what utilities and public bodies collect; no bank's number begins with it.
const COLLECTION: u8 = 8;

/// The day from which the factor counts.
const BASE: Date = date(1997, 10, 7);

/// The first factor that was given out, for 3 July 2000, and the one that followed upon 9999.
const FACTOR_MIN: u32 = 1000;

/// Days until a factor comes again.
const CYCLE_DAYS: i32 = 9000;

/// A boleto whose digits are right. `Debug` shows its kind only.
#[derive(Clone, PartialEq, Eq)]
pub struct Boleto {
    line: String,
    barcode: Vec<u8>,
    kind: Kind,
}

/// Who issued it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A bank.
    Bank,
    /// A utility or a public body.
    Collection,
}

/// Why a text is no boleto.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BoletoError {
    /// There is something else than digits, spaces, dots and hyphens.
    #[error("not a boleto: `{0}` is no digit")]
    NotADigit(char),
    /// There are too few or too many digits.
    #[error("a boleto has 47 or 48 digits, or 44 as a bar code, not {0}")]
    Length(usize),
    /// The digit of a field is not what the others make it.
    #[error("the check digit of field {0} is wrong")]
    Field(usize),
    /// The digit of the whole is not what the others make it.
    #[error("the general check digit is wrong")]
    General,
    /// The third digit does not say how the others are checked.
    #[error("no boleto of a utility has `{0}` as its third digit")]
    ValueIdentifier(u8),
}

impl fmt::Debug for Boleto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Boleto").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Boleto {
    /// Reads a line as people write it, or the digits of a bar code.
    pub fn parse(text: &str) -> Result<Self, BoletoError> {
        let digits = digits(text)?;
        let kind = match (digits.len(), digits.first()) {
            (COLLECTION_DIGITS, _) | (BARCODE_DIGITS, Some(&COLLECTION)) => Kind::Collection,
            (BANK_DIGITS | BARCODE_DIGITS, _) => Kind::Bank,
            (length, _) => return Err(BoletoError::Length(length)),
        };
        let is_line = digits.len() != BARCODE_DIGITS;
        let barcode = match kind {
            Kind::Bank if is_line => bank_barcode(&digits),
            Kind::Collection if is_line => digits.chunks(12).flat_map(|block| block.iter().take(11)).copied().collect(),
            Kind::Bank | Kind::Collection => digits.clone(),
        };
        let line = match kind {
            Kind::Bank => bank_line(&barcode),
            Kind::Collection => collection_line(&barcode)?,
        };
        // Nothing but the digits of the fields was made anew.
        let wrong = digits.iter().zip(&line).position(|(given, made)| given != made).filter(|_| is_line);
        if let Some(place) = wrong {
            let field = match kind {
                Kind::Bank => (place + 2) / 11,
                Kind::Collection => (place + 1) / 12,
            };
            return Err(BoletoError::Field(field));
        }
        if general_digit(&barcode, kind)? != barcode.get(general_place(kind)).copied() {
            return Err(BoletoError::General);
        }
        let line = line.into_iter().map(|digit| char::from(b'0' + digit)).collect();
        Ok(Self { line, barcode, kind })
    }

    /// The digits of the line, without anything between them.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// Who issued it.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The amount in reais; `None` where it is not stated, or where the digits count something else.
    pub fn amount(&self) -> Option<Amount> {
        let digits = match self.kind {
            Kind::Bank => self.barcode.get(9..19),
            Kind::Collection if matches!(self.barcode.get(2), Some(6 | 8)) => self.barcode.get(4..15),
            Kind::Collection => None,
        };
        let hundredths = digits?.iter().fold(0, |sum: i64, digit| sum * 10 + i64::from(*digit));
        Amount::from_hundredths(hundredths).filter(|amount| *amount != Amount::default())
    }

    /// The day on which it is due: of those that its factor may mean, the one next to `near`. `None` where it states none.
    pub fn due(&self, near: Date) -> Option<Date> {
        let factor = match self.kind {
            Kind::Bank => self.barcode.get(5..9)?.iter().fold(0, |sum, digit| sum * 10 + u32::from(*digit)),
            Kind::Collection => return None,
        };
        if factor < FACTOR_MIN {
            return None;
        }
        let first = BASE.checked_add(i32::try_from(factor).ok()?.days()).ok()?;
        let from_first = near.since(first).ok()?.get_days();
        // Half a cycle before and after a day, it is the nearest.
        let cycles = (from_first + CYCLE_DAYS / 2).div_euclid(CYCLE_DAYS).max(0);
        first.checked_add((cycles * CYCLE_DAYS).days()).ok()
    }

    /// What it says otherwise than a debt of this amount and day.
    pub fn mismatches(&self, owed: Amount, due: Date) -> Vec<Mismatch> {
        let amount = Mismatch::of_amount(Paper::Boleto, self.amount(), owed);
        amount.into_iter().chain(Mismatch::of_due(Paper::Boleto, self.due(due), due)).collect()
    }
}

/// The digits of a text without what stands between them.
fn digits(text: &str) -> Result<Vec<u8>, BoletoError> {
    let is_between = |c: char| c.is_whitespace() || matches!(c, '.' | '-');
    let digit = |c: char| match c.to_digit(10).map(u8::try_from) {
        Some(Ok(digit)) => Ok(digit),
        _ => Err(BoletoError::NotADigit(c)),
    };
    text.chars().filter(|c| !is_between(*c)).map(digit).collect()
}

/// The bar code of a bank's line: the fields without their digits, the free ones last.
fn bank_barcode(line: &[u8]) -> Vec<u8> {
    [0..4, 32..47, 4..9, 10..20, 21..31].into_iter().filter_map(|field| line.get(field)).flatten().copied().collect()
}

/// The line of a bank's bar code.
fn bank_line(barcode: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(BANK_DIGITS);
    for [head, free] in [[0..4, 19..24], [24..29, 29..34], [34..39, 39..44]] {
        let digits: Vec<u8> =
            [head, free].into_iter().filter_map(|part| barcode.get(part)).flatten().copied().collect();
        line.extend(&digits);
        line.push(modulo_10(&digits));
    }
    line.extend(barcode.get(4..19).unwrap_or_default());
    line
}

/// The line of a utility's bar code.
fn collection_line(barcode: &[u8]) -> Result<Vec<u8>, BoletoError> {
    let mut line = Vec::with_capacity(COLLECTION_DIGITS);
    for block in barcode.chunks(11) {
        line.extend(block);
        line.push(collection_digit(barcode, block)?);
    }
    Ok(line)
}

fn general_place(kind: Kind) -> usize {
    match kind {
        Kind::Bank => 4,
        Kind::Collection => 3,
    }
}

/// The digit of the whole bar code, made from all others.
fn general_digit(barcode: &[u8], kind: Kind) -> Result<Option<u8>, BoletoError> {
    let place = general_place(kind);
    let mut others = barcode.to_vec();
    if place >= others.len() {
        return Ok(None);
    }
    others.remove(place);
    match kind {
        // What has no digit of its own (0, 10, 11) has 1.
        Kind::Bank => Ok(Some(match 11 - modulo_11(&others) {
            digit @ 2..=9 => digit,
            _ => 1,
        })),
        Kind::Collection => collection_digit(barcode, &others).map(Some),
    }
}

/// The digit of some digits of a utility's bar code, which says itself how they are counted.
fn collection_digit(barcode: &[u8], digits: &[u8]) -> Result<u8, BoletoError> {
    match barcode.get(2).copied().unwrap_or_default() {
        6 | 7 => Ok(modulo_10(digits)),
        8 | 9 => Ok(match modulo_11(digits) {
            0 | 1 => 0,
            rest => 11 - rest,
        }),
        other => Err(BoletoError::ValueIdentifier(other)),
    }
}

/// Weights 2 and 1 from the right; of a product of two digits, both are added up.
fn modulo_10(digits: &[u8]) -> u8 {
    let product = |(digit, weight): (&u8, u8)| (digit * weight) / 10 + (digit * weight) % 10;
    let sum: u32 = digits.iter().rev().zip([2, 1].into_iter().cycle()).map(product).map(u32::from).sum();
    u8::try_from((10 - sum % 10) % 10).unwrap_or_default()
}

/// Weights 2 to 9 from the right; what remains after division by 11.
fn modulo_11(digits: &[u8]) -> u8 {
    let weighted = digits.iter().rev().zip((2..=9).cycle()).map(|(digit, weight)| u32::from(*digit) * weight);
    u8::try_from(weighted.sum::<u32>() % 11).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A bank's line that has been shown in public since 2007, for one real.
    const BANK: &str = "00190.50095 40144.816069 06809.350314 3 37370000000100";
    const BANK_BARCODE: &str = "00193373700000001000500940144816060680935031";
    /// A telephone company's, checked by modulo 10.
    const UTILITY: &str = "83620000000-5 66780048100-0 18097565731-3 00158963608-1";
    /// A public body's, checked by modulo 11.
    const PUBLIC: &str = "848900000002404201622015806051904292586034111220";

    #[track_caller]
    fn check(text: &str, near: Date, amount: Option<&str>, due: Option<Date>) {
        let boleto = Boleto::parse(text).unwrap();
        assert_eq!(boleto.amount().map(|amount| amount.to_string()).as_deref(), amount, "{text}");
        assert_eq!(boleto.due(near), due, "{text}");
    }

    #[test]
    fn lines_say_what_is_owed_and_when() {
        check(BANK, date(2008, 1, 2), Some("1.00"), Some(date(2007, 12, 31)));
        check(BANK_BARCODE, date(2008, 1, 2), Some("1.00"), Some(date(2007, 12, 31)));
        check(UTILITY, date(2026, 11, 24), Some("66.78"), None);
        check(PUBLIC, date(2026, 11, 24), Some("40.42"), None);
    }

    #[test]
    fn a_line_is_kept_as_its_digits() {
        let digits = "00190500954014481606906809350314337370000000100";
        assert_eq!(Boleto::parse(BANK).unwrap().line(), digits);
        assert_eq!(Boleto::parse(BANK_BARCODE).unwrap().line(), digits);
        assert_eq!(Boleto::parse(PUBLIC).unwrap().line(), PUBLIC);
        assert_eq!(Boleto::parse("83620000000667800481001809756573100158963608"), Boleto::parse(UTILITY));
    }

    #[test]
    fn what_is_no_boleto_is_told() {
        for (text, expected) in [
            ("", BoletoError::Length(0)),
            ("00190.50095", BoletoError::Length(10)),
            ("00190.50095 40144.816069 06809.350314 3 3737000000010O", BoletoError::NotADigit('O')),
            ("00190.50096 40144.816069 06809.350314 3 37370000000100", BoletoError::Field(1)),
            ("00190.50095 40144.816068 06809.350314 3 37370000000100", BoletoError::Field(2)),
            ("00190.50095 40144.816069 06809.350315 3 37370000000100", BoletoError::Field(3)),
            ("00190.50095 40144.816069 06809.350314 4 37370000000100", BoletoError::General),
            ("00190.50095 40144.816069 06809.350314 3 37370000000200", BoletoError::General),
            ("848900000002404201622015806051904292586034111221", BoletoError::Field(4)),
            ("84190000000404201622018060519042958603411122", BoletoError::ValueIdentifier(1)),
        ] {
            assert_eq!(Boleto::parse(text), Err(expected), "{text}");
        }
    }

    /// A bank's boleto for a factor and an amount, its general digit found by trying.
    fn bank(factor: u32, hundredths: i64) -> Boleto {
        let with = |digit: u8| format!("2379{digit}{factor:04}{hundredths:010}1234567890123456789012345");
        (1..=9).find_map(|digit| Boleto::parse(&with(digit)).ok()).unwrap()
    }

    #[test]
    fn the_count_of_days_began_again() {
        for (factor, near, expected) in [
            (1000, date(2000, 7, 1), date(2000, 7, 3)),
            (9999, date(2025, 3, 1), date(2025, 2, 21)),
            (1000, date(2025, 3, 1), date(2025, 2, 22)),
            (1002, date(2025, 2, 10), date(2025, 2, 24)),
            (9998, date(2026, 11, 24), date(2025, 2, 20)),
            (1640, date(2026, 11, 24), date(2026, 11, 24)),
            (9999, date(2049, 10, 1), date(2049, 10, 13)),
            (1000, date(1990, 1, 1), date(2000, 7, 3)),
        ] {
            assert_eq!(bank(factor, 1).due(near), Some(expected), "{factor} near {near}");
        }
        assert_eq!(bank(0, 1).due(date(2026, 11, 24)), None);
        assert_eq!(bank(999, 1).due(date(2026, 11, 24)), None);
    }

    #[test]
    fn what_differs_from_the_debt_is_told() {
        let (owed, other): (Amount, Amount) = ("150.00".parse().unwrap(), "151.50".parse().unwrap());
        let (due, day_after) = (date(2026, 11, 24), date(2026, 11, 25));
        assert_eq!(bank(1640, 15_000).mismatches(owed, due), []);
        assert_eq!(bank(0, 0).mismatches(owed, due), []);
        assert_eq!(
            bank(1641, 15_150).mismatches(owed, due),
            [
                Mismatch::Amount { paper: Paper::Boleto, stated: other, owed },
                Mismatch::Due { paper: Paper::Boleto, stated: day_after, due },
            ]
        );
    }

    #[test]
    fn nothing_of_it_is_shown_in_logs() {
        assert_eq!(format!("{:?}", Boleto::parse(BANK).unwrap()), "Boleto { kind: Bank, .. }");
    }

    proptest! {
        #[test]
        fn one_wrong_digit_is_found(
            utility in any::<bool>(), place in 0_usize..48, by in 1_u8..=9,
        ) {
            let line = Boleto::parse(if utility { UTILITY } else { BANK }).unwrap().line().to_owned();
            let mut digits = line.into_bytes();
            prop_assume!(place < digits.len());
            digits[place] = b'0' + (digits[place] - b'0' + by) % 10;
            prop_assert!(Boleto::parse(&String::from_utf8(digits).unwrap()).is_err());
        }

        #[test]
        fn any_text_is_answered(text in "[0-9. -]{0,60}|.{0,60}") {
            if let Ok(boleto) = Boleto::parse(&text) {
                prop_assert_eq!(Boleto::parse(boleto.line()), Ok(boleto));
            }
        }

        #[test]
        fn bar_code_and_line_are_one_boleto(factor in 1000_u32..=9999, hundredths in 0_i64..10_000_000_000) {
            let boleto = bank(factor, hundredths);
            prop_assert_eq!(boleto.amount().map_or(0, Amount::hundredths), hundredths);
            prop_assert_eq!(&Boleto::parse(boleto.line()).unwrap(), &boleto);
        }
    }
}
