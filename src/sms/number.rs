//! Phone numbers: E.164, checked once.
//!
//! Number plans come from libphonenumber's data. What the plan calls invalid is still accepted as long as it is possible
//! as E.164 (plans change faster than data); only what is certain is refused, which today is a Brazilian landline
//! (Anatel Resolution 749/2022: eight-digit subscriber numbers that begin with 2 to 5 are fixed lines).

use std::fmt;

use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, ParseError, Region, ValidationError};

/// A subscriber's number in E.164: country code and national number, 15 digits at most.
///
/// `Debug` shows the last two digits only and there is no `Display`, so that a number gets into a log only by a call of
/// [`PhoneNumber::e164`] that a reader can see.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber(u64);

/// A country whose national number forms are understood, by its ISO 3166 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country(Region);

/// Why a text is no number that can be texted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Nothing was given.
    #[error("empty")]
    Empty,
    /// Not digits with the usual punctuation.
    #[error("not a phone number")]
    NotANumber,
    /// The country code is not assigned.
    #[error("unknown country code")]
    UnknownCountry,
    /// Fewer digits than any number of that country.
    #[error("too short for its country")]
    TooShort,
    /// More digits than any number of that country.
    #[error("too long for its country")]
    TooLong,
    /// A length that no number of that country has.
    #[error("no number of its country has this length")]
    WrongLength,
    /// A fixed line, which cannot receive texts.
    #[error("a landline, which cannot receive texts")]
    Landline,
}

impl Country {
    /// The country of an ISO 3166 two-letter code, such as `BR`.
    pub fn from_iso(code: &str) -> Option<Self> {
        let region: Region = code.parse().ok()?;
        PHONE_NUMBER_UTIL.get_country_code_for_region(region).map(|_| Self(region))
    }
}

impl PhoneNumber {
    /// Reads a number as people write it: E.164 with `+`, or a national form of `country`.
    pub fn parse(text: &str, country: Country) -> Result<Self, NumberError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NumberError::Empty);
        }
        let parsed = PHONE_NUMBER_UTIL.parse(text, Some(country.0)).map_err(|e| match e {
            ParseError::InvalidCountryCode => NumberError::UnknownCountry,
            ParseError::TooShortAfterIdd | ParseError::TooShortNsn => NumberError::TooShort,
            ParseError::TooLongNsn => NumberError::TooLong,
            ParseError::NotANumber(_) => NumberError::NotANumber,
        })?;
        match PHONE_NUMBER_UTIL.is_possible_number_with_reason(&parsed) {
            Ok(NumberLengthType::IsPossible) => {}
            Err(ValidationError::TooShort) | Ok(NumberLengthType::IsPossibleLocalOnly) => {
                return Err(NumberError::TooShort);
            }
            Err(ValidationError::TooLong) => return Err(NumberError::TooLong),
            Err(ValidationError::InvalidCountryCode) => return Err(NumberError::UnknownCountry),
            Err(ValidationError::InvalidLength) => return Err(NumberError::WrongLength),
        }
        let national = rlibphonenumber::get_national_significant_number_owned(&parsed);
        if parsed.country_code == 55 && is_brazilian_landline(&national) {
            return Err(NumberError::Landline);
        }
        let digits = format!("{}{national}", parsed.country_code);
        Self::from_digits(&digits).ok_or(NumberError::TooLong)
    }

    /// A number from its E.164 digits without `+`, or a short code of three digits and more; `None` where they cannot be one.
    pub fn from_digits(digits: &str) -> Option<Self> {
        let possible =
            (3..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
        if possible { digits.parse().ok().map(Self) } else { None }
    }

    /// The digits as one integer, as they are stored.
    pub fn as_u64(self) -> u64 {
        self.0
    }

    /// Whether it is a short code, which is good in one network only: no number of a country has fewer than seven digits.
    pub fn is_short_code(self) -> bool {
        self.0 < 1_000_000
    }

    /// The full number with `+`; a short code as it is. For the network, the store and readers who may see it.
    pub fn e164(self) -> String {
        if self.is_short_code() { self.0.to_string() } else { format!("+{}", self.0) }
    }

    /// Whether this and `other` are one line, of which one may be written as it was before its number plan changed: Brazil
    /// has added a ninth digit before those of mobiles, Mexico has taken a 1 away after the country code.
    pub fn is_same_line(self, other: Self) -> bool {
        self.without_plan_digit() == other.without_plan_digit()
    }

    fn without_plan_digit(self) -> String {
        let digits = self.0.to_string();
        let place = match digits.as_bytes() {
            [b'5', b'5', _, _, b'9', rest @ ..] if rest.len() == 8 => Some(4),
            [b'5', b'2', b'1', rest @ ..] if rest.len() == 10 => Some(2),
            _ => None,
        };
        let is_kept = |&(index, _): &(usize, char)| Some(index) != place;
        digits.chars().enumerate().filter(is_kept).map(|(_, digit)| digit).collect()
    }

    /// The number for readers who may not see it: country prefix and last two digits.
    pub fn masked(self) -> String {
        mask_digits(&self.e164())
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({})", self.masked())
    }
}

/// Last digits that all forms of a number share. What has fewer is a short code.
pub const SUFFIX_DIGITS: usize = 8;

/// How many last digits are compared, the strictest first: ten and eleven tell numbers of several area codes apart, where
/// both forms have them.
const AGREEMENTS: [usize; 3] = [11, 10, SUFFIX_DIGITS];

/// Who sent a text: a number, a short code or an alphanumeric name, as the network gave it.
///
/// International numbers carry a leading `+`; everything else is verbatim. `Debug` hides all but the last two characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sender(String);

impl Sender {
    /// A sender from the address of a DELIVER.
    pub fn new(address: impl Into<String>) -> Self {
        Self(address.into())
    }

    /// The address verbatim.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address for readers who may not see it.
    pub fn masked(&self) -> String {
        mask_digits(&self.0)
    }

    /// The number, where the address is one in an international form or in a national one of `country`; `None` for local
    /// forms, names and short codes.
    pub fn number(&self, country: Country) -> Option<PhoneNumber> {
        self.suffix(SUFFIX_DIGITS)?;
        if let Some(digits) = self.0.strip_prefix('+').or_else(|| self.0.strip_prefix("00")) {
            return PhoneNumber::from_digits(digits);
        }
        PhoneNumber::parse(&self.0, country).ok()
    }

    /// The last digits of the address, for comparing forms of one number; `None` for names and short codes.
    pub fn suffix(&self, digits: usize) -> Option<&str> {
        let bare = self.0.trim_start_matches('+');
        let numeric = bare.bytes().all(|b| b.is_ascii_digit());
        if numeric { bare.len().checked_sub(digits).and_then(|from| bare.get(from..)) } else { None }
    }

    /// Those of `candidates` whose number agrees with this address in the most last digits, in their order.
    pub fn nearest<T: Copy>(&self, candidates: &[T], number: impl Fn(&T) -> PhoneNumber) -> Vec<T> {
        let with_suffix = |digits: usize| -> Vec<T> {
            let Some(suffix) = self.suffix(digits) else { return Vec::new() };
            candidates.iter().filter(|one| number(one).e164().ends_with(suffix)).copied().collect()
        };
        AGREEMENTS.into_iter().map(with_suffix).find(|fits| !fits.is_empty()).unwrap_or_default()
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sender({})", self.masked())
    }
}

/// Keeps the first three and the last two characters of an address; of a short one, none.
fn mask_digits(address: &str) -> String {
    let len = address.chars().count();
    if len < 8 {
        return "*".repeat(len);
    }
    address.chars().enumerate().map(|(i, c)| if i < 3 || i + 2 >= len { c } else { '*' }).collect()
}

fn is_brazilian_landline(national: &str) -> bool {
    national.len() == 10 && matches!(national.as_bytes().get(2), Some(b'2'..=b'5'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, country: &str, expected: Result<&str, NumberError>) {
        let country = Country::from_iso(country).unwrap();
        assert_eq!(
            PhoneNumber::parse(text, country).map(PhoneNumber::e164),
            expected.map(ToOwned::to_owned),
            "{text:?}"
        );
    }

    #[test]
    fn international_and_national_forms_are_one_number() {
        check("+5511987654321", "BR", Ok("+5511987654321"));
        check("(11) 98765-4321", "BR", Ok("+5511987654321"));
        check("011 98765 4321", "BR", Ok("+5511987654321"));
        check("55 1234 5678", "MX", Ok("+525512345678"));
        check("+52 55 1234 5678", "BR", Ok("+525512345678"));
        check("+1 202 555 0173", "BR", Ok("+12025550173"));
    }

    #[test]
    fn what_cannot_be_texted_is_refused_with_the_reason() {
        check("", "BR", Err(NumberError::Empty));
        check("hello", "BR", Err(NumberError::NotANumber));
        check("+5511", "BR", Err(NumberError::TooShort));
        check("+999123456789", "BR", Err(NumberError::UnknownCountry));
        check("+55119876543210123", "BR", Err(NumberError::TooLong));
        check("+55 11 3214-5678", "BR", Err(NumberError::Landline));
    }

    #[test]
    fn debug_output_never_shows_a_number() {
        let number = PhoneNumber::from_digits("5511987654321").unwrap();
        assert_eq!(format!("{number:?}"), "PhoneNumber(+55*********21)");
        assert_eq!(format!("{:?}", Sender::new("28149")), "Sender(*****)");
    }

    #[test]
    fn a_line_keeps_its_identity_when_the_plan_changes() {
        let same =
            |a: &str, b: &str| PhoneNumber::from_digits(a).unwrap().is_same_line(PhoneNumber::from_digits(b).unwrap());
        assert!(same("5511987654321", "551187654321"));
        assert!(same("5215512345678", "525512345678"));
        assert!(!same("5511987654321", "5521987654321"));
        assert!(!same("12025550173", "12025550174"));
    }

    #[test]
    fn suffixes_compare_forms_of_one_number() {
        assert_eq!(Sender::new("+5511987654321").suffix(8), Some("87654321"));
        assert_eq!(Sender::new("011987654321").suffix(8), Some("87654321"));
        assert_eq!(Sender::new("Banco").suffix(8), None);
        assert_eq!(Sender::new("28149").suffix(8), None);
    }
}
