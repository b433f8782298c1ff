//! Amounts: whole hundredths of a currency, never a fraction of binary kind.

use std::fmt;
use std::str::FromStr;

/// Digits before the decimal point: more are a mistake, and this much can be added up without care.
const WHOLE_DIGITS_MAX: usize = 13;

/// What an amount is in. All of them have hundredths (ISO 4217).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Currency {
    /// Brazilian real.
    Brl,
    /// Mexican peso.
    Mxn,
    /// United States dollar.
    Usd,
}

impl Currency {
    /// All that are known.
    pub const ALL: [Self; 3] = [Self::Brl, Self::Mxn, Self::Usd];

    /// The code of ISO 4217.
    pub fn code(self) -> &'static str {
        match self {
            Self::Brl => "BRL",
            Self::Mxn => "MXN",
            Self::Usd => "USD",
        }
    }

    /// The currency with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|currency| currency.code() == code)
    }
}

/// An amount in hundredths. It is written with a point and two decimals, as programs write it: `1234.56`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(i64);

/// Why a text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// There is something else than digits and one point.
    #[error("not an amount; write it with a point and at most two decimals, as 1234.56")]
    Form,
    /// More than anybody owes.
    #[error("more than {WHOLE_DIGITS_MAX} digits before the decimals")]
    TooLarge,
}

impl Amount {
    /// From hundredths; `None` for one that is negative or has too many digits.
    pub fn from_hundredths(hundredths: i64) -> Option<Self> {
        let ceiling = 10_i64.pow(u32::try_from(WHOLE_DIGITS_MAX + 2).unwrap_or(0));
        (0..ceiling).contains(&hundredths).then_some(Self(hundredths))
    }

    /// In hundredths.
    pub fn hundredths(self) -> i64 {
        self.0
    }
}

impl std::iter::Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self(amounts.map(|amount| amount.0).fold(0, i64::saturating_add))
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "00"));
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
        if !are_digits(whole) || !are_digits(decimals) || decimals.len() > 2 {
            return Err(AmountError::Form);
        }
        let whole = whole.trim_start_matches('0');
        if whole.len() > WHOLE_DIGITS_MAX {
            return Err(AmountError::TooLarge);
        }
        let hundredths = format!("{whole}{decimals:0<2}").parse().map_err(|_not_a_number| AmountError::Form)?;
        Ok(Self(hundredths))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// What a part costs, in ten-thousandths: plans come to less than a hundredth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PartPrice(u32);

/// What parts have cost together, exactly, in ten-thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Cost(pub u64);

impl Cost {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl From<PartPrice> for Cost {
    fn from(price: PartPrice) -> Self {
        Self(price.0.into())
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:0PRICE_DECIMALS$}", self.0 / 10_000, self.0 % 10_000)
    }
}

/// What a part costs by which SIM.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prices {
    /// By SIMs of which nothing else is said.
    pub each: PartPrice,
    /// By these, which are named by their ICCID.
    pub cards: Vec<(String, PartPrice)>,
}

impl Prices {
    /// What a part costs by this SIM.
    pub fn of(&self, iccid: &str) -> PartPrice {
        self.cards.iter().find(|(card, _)| card == iccid).map_or(self.each, |(_, price)| *price)
    }
}

/// Decimals of a price.
const PRICE_DECIMALS: usize = 4;

impl PartPrice {
    /// What so many parts cost, rounded to the nearest hundredth.
    pub fn of(self, parts: u64) -> Amount {
        let hundredths = (u128::from(self.0) * u128::from(parts) + 50) / 100;
        let ceiling = 10_u128.pow(u32::try_from(WHOLE_DIGITS_MAX + 2).unwrap_or(0)) - 1;
        Amount(i64::try_from(hundredths.min(ceiling)).unwrap_or(i64::MAX))
    }
}

impl FromStr for PartPrice {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
        if !are_digits(whole) || !are_digits(decimals) || decimals.len() > PRICE_DECIMALS {
            return Err(AmountError::Form);
        }
        format!("{whole}{decimals:0<PRICE_DECIMALS$}")
            .parse()
            .map(Self)
            .map_err(|_too_many_digits| AmountError::TooLarge)
    }
}

impl fmt::Display for PartPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:0PRICE_DECIMALS$}", self.0 / 10_000, self.0 % 10_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_exactly_and_written_back() {
        for (text, hundredths, written) in [
            ("0", 0, "0.00"),
            ("0.01", 1, "0.01"),
            ("1234.56", 123_456, "1234.56"),
            ("1234.5", 123_450, "1234.50"),
            ("0000000000000000001", 100, "1.00"),
            ("9999999999999.99", 999_999_999_999_999, "9999999999999.99"),
        ] {
            let amount: Amount = text.parse().unwrap();
            assert_eq!((amount.hundredths(), amount.to_string().as_str()), (hundredths, written), "{text}");
        }
    }

    #[test]
    fn what_is_no_plain_amount_is_refused() {
        for text in ["", ".", "1.", ".5", "-1", "+1", "1,50", "1.234,56", "1.005", "1e3", "R$ 5", " 5", "٣"] {
            assert_eq!(text.parse::<Amount>(), Err(AmountError::Form), "{text}");
        }
        assert_eq!("10000000000000".parse::<Amount>(), Err(AmountError::TooLarge));
    }

    #[test]
    fn hundredths_have_the_same_bounds() {
        assert_eq!(Amount::from_hundredths(-1), None);
        assert_eq!(Amount::from_hundredths(1_000_000_000_000_000), None);
        assert_eq!(
            Amount::from_hundredths(999_999_999_999_999).map(|a| a.to_string()).as_deref(),
            Some("9999999999999.99")
        );
    }

    #[test]
    fn what_parts_cost_is_added_up_before_it_is_rounded() {
        let price: PartPrice = "0.0325".parse().unwrap();
        let hundred = (0..100).map(|_| Cost::from(price)).fold(Cost::default(), Cost::plus);
        assert_eq!((hundred, hundred.to_string().as_str()), (Cost(32_500), "3.2500"));
        let prices = Prices { each: price, cards: vec![("a".to_owned(), PartPrice::default())] };
        assert_eq!((prices.of("a"), prices.of("b")), (PartPrice::default(), price));
    }

    #[test]
    fn parts_cost_less_than_a_hundredth_each() {
        let price: PartPrice = "0.0325".parse().unwrap();
        assert_eq!(
            (price.to_string().as_str(), price.of(100).hundredths(), price.of(1).hundredths()),
            ("0.0325", 325, 3)
        );
        assert_eq!(price.of(u64::MAX).hundredths(), 999_999_999_999_999);
        assert_eq!("1.5".parse::<PartPrice>().map(|price| price.of(2).hundredths()), Ok(300));
        for text in ["", "0,03", "0.00001", "-1", "."] {
            assert_eq!(text.parse::<PartPrice>(), Err(AmountError::Form), "{text}");
        }
        assert_eq!("429497".parse::<PartPrice>(), Err(AmountError::TooLarge));
    }
}
