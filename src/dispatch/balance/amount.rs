//! Amounts of money as operators write them.

use std::fmt;

/// Hundredths of a currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(i64);

impl Amount {
    /// From hundredths.
    pub const fn from_hundredths(hundredths: i64) -> Self {
        Self(hundredths)
    }

    /// In hundredths.
    pub const fn as_hundredths(self) -> i64 {
        self.0
    }

    /// Reads an amount with decimal point or comma, separators of thousands, a sign, and a currency before or after. What is
    /// less than a hundredth is left out.
    ///
    /// Where both separators occur the last one is the decimal; one that occurs once is too, unless three digits follow and
    /// something other than a zero stands before.
    pub fn read(text: &str) -> Option<Self> {
        let first = text.find(|c: char| c.is_ascii_digit())?;
        let (before, number) = text.split_at(first);
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | ' ' | '\u{a0}' | '\'');
        let number = number.split_at(number.find(|c| !is_part(c)).unwrap_or(number.len())).0;
        let number = number.trim_end_matches(|c: char| !c.is_ascii_digit());
        let (whole, fraction) = match decimal(number) {
            Some(at) => number.split_at(at),
            None => (number, ""),
        };
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let units: i64 = digits(whole).parse().ok()?;
        let hundredths: i64 = format!("{:0<2}", digits(fraction)).get(..2)?.parse().ok()?;
        let value = units.checked_mul(100)?.checked_add(hundredths)?;
        Some(Self(if before.contains('-') { -value } else { value }))
    }
}

/// The place of the decimal separator.
fn decimal(number: &str) -> Option<usize> {
    let last = number.rfind(['.', ','])?;
    let (whole, rest) = (number.get(..last)?, number.get(last..)?);
    let is_again = rest.chars().next().is_some_and(|separator| whole.contains(separator));
    let has_other = whole.contains(['.', ',']) && !is_again;
    let groups_thousands = rest.len() == 4 && !whole.trim_start_matches('0').is_empty();
    (has_other || !is_again && !groups_thousands).then_some(last)
}

/// With two decimals and a point.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let value = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", value / 100, value % 100)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_as_they_are_written() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(Amount::read(text).map(|amount| amount.to_string()).as_deref(), expected, "{text}");
        };
        check("12,34", Some("12.34"));
        check("12.34", Some("12.34"));
        check("R$ 12,34.", Some("12.34"));
        check("R$12", Some("12.00"));
        check("1.234,56", Some("1234.56"));
        check("1,234.56 MXN", Some("1234.56"));
        check("1.234.567", Some("1234567.00"));
        check("1.234", Some("1234.00"));
        check("1,234", Some("1234.00"));
        check("0.125", Some("0.12"));
        check("1.2345", Some("1.23"));
        check("12,5", Some("12.50"));
        check("1 234,56", Some("1234.56"));
        check("-3,20", Some("-3.20"));
        check("- R$ 0,05", Some("-0.05"));
        check("7", Some("7.00"));
        check("saldo", None);
        check("", None);
        check("99999999999999999999", None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(hundredths in -1_000_000_000_i64..1_000_000_000) {
            let amount = Amount::from_hundredths(hundredths);
            prop_assert_eq!(Amount::read(&amount.to_string()), Some(amount));
        }

        #[test]
        fn any_text_is_read_without_panic(text in "\\PC{0,30}") {
            if let Some(amount) = Amount::read(&text) {
                prop_assert!(text.contains(|c: char| c.is_ascii_digit()), "{amount}");
            }
        }
    }
}
