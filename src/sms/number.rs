//! Phone numbers: E.164, checked once.
//!
//! Number plans come from libphonenumber's data. What the plan calls invalid is still accepted as long as it is possible
//! as E.164 (plans change faster than data); only what is certain is refused, which today is a Brazilian landline
//! (Anatel Resolution 749/2022: eight-digit subscriber numbers that begin with 2 to 5 are fixed lines). Forms that people
//! still type and the data no longer knows are mended: Mexican prefixes of before August 2019 (01, 044, 045, and the 1 after
//! the country code), Brazilian carrier codes, and Brazilian mobiles without their ninth digit. Where a number is at home
//! beyond its country is not known here.

use std::fmt;

use rlibphonenumber::{NumberLengthType, PHONE_NUMBER_UTIL, ParseError, Region, ValidationError};

/// A subscriber's number in E.164: country code and national number, 15 digits at most.
///
/// `Debug` shows the last two digits only and there is no `Display`, so that a number gets into a log only by a call of
/// [`PhoneNumber::e164`] that a reader can see.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber(u64);

/// A country whose national number forms are understood, by its ISO 3166 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

impl NumberError {
    /// The words of all errors.
    pub const CODES: [&str; 7] = [
        "number_empty",
        "number_form",
        "number_country",
        "number_short",
        "number_long",
        "number_length",
        "number_landline",
    ];

    /// The word for it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "number_empty",
            Self::NotANumber => "number_form",
            Self::UnknownCountry => "number_country",
            Self::TooShort => "number_short",
            Self::TooLong => "number_long",
            Self::WrongLength => "number_length",
            Self::Landline => "number_landline",
        }
    }
}

impl Country {
    /// Brazil.
    pub const BRAZIL: Self = Self(Region::BR);
    /// Mexico.
    pub const MEXICO: Self = Self(Region::MX);

    /// The country of an ISO 3166 two-letter code, such as `BR`.
    pub fn from_iso(code: &str) -> Option<Self> {
        let region: Region = code.parse().ok()?;
        PHONE_NUMBER_UTIL.get_country_code_for_region(region).map(|_| Self(region))
    }
}

/// The ISO 3166 code.
impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl PhoneNumber {
    /// Reads a number as people write it: E.164 with `+`, or a national form of `country`.
    pub fn parse(text: &str, country: Country) -> Result<Self, NumberError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NumberError::Empty);
        }
        let from_abroad = if country == Country::BRAZIL { dialled_from_abroad(text) } else { None };
        let text = from_abroad.as_deref().unwrap_or(text);
        let parsed = PHONE_NUMBER_UTIL.parse(text, Some(country.0)).map_err(|e| match e {
            ParseError::InvalidCountryCode => NumberError::UnknownCountry,
            ParseError::TooShortAfterIdd | ParseError::TooShortNsn => NumberError::TooShort,
            ParseError::TooLongNsn => NumberError::TooLong,
            ParseError::NotANumber(_) => NumberError::NotANumber,
        })?;
        let mut national = rlibphonenumber::get_national_significant_number_owned(&parsed);
        match mend(parsed.country_code, &national, text) {
            Some(mended) => national = mended,
            None => match PHONE_NUMBER_UTIL.is_possible_number_with_reason(&parsed) {
                Ok(NumberLengthType::IsPossible) => {}
                Err(ValidationError::TooShort) | Ok(NumberLengthType::IsPossibleLocalOnly) => {
                    return Err(NumberError::TooShort);
                }
                Err(ValidationError::TooLong) => return Err(NumberError::TooLong),
                Err(ValidationError::InvalidCountryCode) => return Err(NumberError::UnknownCountry),
                Err(ValidationError::InvalidLength) => return Err(NumberError::WrongLength),
            },
        }
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

    /// The country that the number belongs to, and the number within it; `None` for short codes and for what belongs to no
    /// country. What is not valid in any country of a shared code, such as +1, counts for the largest of them.
    pub fn plan(self) -> Option<(Country, String)> {
        if self.is_short_code() {
            return None;
        }
        let digits = self.0.to_string();
        if let Some(national) = digits.strip_prefix("55") {
            return Some((Country::BRAZIL, national.to_owned()));
        }
        if let Some(national) = digits.strip_prefix("52") {
            let national = mexican(national).unwrap_or_else(|| national.to_owned());
            return Some((Country::MEXICO, national));
        }
        let parsed = PHONE_NUMBER_UTIL.parse(self.e164(), None).ok()?;
        let region = PHONE_NUMBER_UTIL.get_region_for_number(&parsed);
        let region = region.or_else(|| PHONE_NUMBER_UTIL.get_region_for_country_code(parsed.country_code))?;
        let national = rlibphonenumber::get_national_significant_number_owned(&parsed);
        (region != Region::World).then_some((Country(region), national))
    }

    /// Whether this and `other` are one line, of which one may be written as it was before its number plan changed: Brazil
    /// has added a ninth digit before those of mobiles, Mexico has taken a 1 away after the country code.
    pub fn is_same_line(self, other: Self) -> bool {
        self.subscriber() == other.subscriber()
    }

    /// What all forms of one line have in common: its digits without those that number plans have added or taken away.
    pub fn subscriber(self) -> u64 {
        let digits = self.0.to_string();
        let place = match digits.as_bytes() {
            [b'5', b'5', _, _, b'9', rest @ ..] if rest.len() == 8 => Some(4),
            [b'5', b'2', b'1', rest @ ..] if rest.len() == 10 => Some(2),
            _ => None,
        };
        let is_kept = |&(index, _): &(usize, char)| Some(index) != place;
        let kept = digits.chars().enumerate().filter(is_kept).filter_map(|(_, digit)| digit.to_digit(10));
        kept.fold(0, |line, digit| line * 10 + u64::from(digit))
    }

    /// The number in every form in which one line may be stored, this one first.
    pub fn forms(self) -> impl Iterator<Item = Self> {
        let digits = self.0.to_string();
        let other = match digits.as_bytes() {
            // An eight-digit mobile number had begun with 6 to 9 before it got its 9.
            [b'5', b'5', _, _, b'9', rest @ ..] if rest.len() == 8 => Some(without(&digits, 4)),
            [b'5', b'5', _, _, b'6'..=b'9', rest @ ..] if rest.len() == 7 => {
                Some(format!("{}9{}", &digits[..4], &digits[4..]))
            }
            [b'5', b'2', b'1', rest @ ..] if rest.len() == 10 => Some(without(&digits, 2)),
            [b'5', b'2', rest @ ..] if rest.len() == 10 => Some(format!("521{}", &digits[2..])),
            _ => None,
        };
        std::iter::once(self).chain(other.and_then(|digits| digits.parse().ok().map(Self)))
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

/// A Brazilian mobile behind 0055, as it is dialled from Europe. Dialled in Brazil 55 would be a carrier, and the number of
/// another country would follow.
fn dialled_from_abroad(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let national = digits.strip_prefix("0055").filter(|_| !text.starts_with('+'))?;
    let is_mobile = match (national.len(), national.get(2..3)) {
        (11, Some("9")) => true,
        (10, Some(first)) => matches!(first, "6" | "7" | "8" | "9"),
        _ => false,
    };
    is_mobile.then(|| format!("+55{national}"))
}

/// The national number where people's way of writing it has to be undone; `None` where it is left to the number plan.
fn mend(country_code: i32, national: &str, text: &str) -> Option<String> {
    match country_code {
        52 => mexican(national),
        55 => {
            let bare = without_carrier(national, text);
            with_ninth_digit(bare.unwrap_or(national)).or(bare.map(str::to_owned))
        }
        _ => None,
    }
}

/// Ten digits behind a prefix that was dialled before August 2019: 01 for other cities, 044 and 045 for mobiles, 1 after the
/// country code.
fn mexican(national: &str) -> Option<String> {
    let bare = ["044", "045", "01", "1"].into_iter().filter_map(|prefix| national.strip_prefix(prefix));
    let mut whole = bare.filter(|bare| bare.len() == 10 && !bare.starts_with(['0', '1']));
    whole.next().map(str::to_owned)
}

/// What follows 0 and a carrier's two digits. Of the carriers, libphonenumber knows some only.
fn without_carrier<'a>(national: &'a str, text: &str) -> Option<&'a str> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let is_behind_zero = digits.strip_suffix(national).is_some_and(|before| before.ends_with('0'));
    let bare = national.get(2..).filter(|bare| is_behind_zero && matches!(bare.len(), 10 | 11))?;
    (!bare.starts_with('0')).then_some(bare)
}

/// A mobile as it was written before its ninth digit: area code and eight digits of which the first is 6 to 9 (Anatel
/// Resolution 553/2010, carried out in all area codes by 2016).
fn with_ninth_digit(national: &str) -> Option<String> {
    let (area, subscriber) = national.split_at_checked(2).filter(|_| national.len() == 10)?;
    subscriber.starts_with(['6', '7', '8', '9']).then(|| format!("{area}9{subscriber}"))
}

fn without(digits: &str, place: usize) -> String {
    digits.chars().enumerate().filter(|(index, _)| *index != place).map(|(_, digit)| digit).collect()
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
    fn brazilian_forms_as_people_type_them() {
        for text in [
            "11987654321",
            "(11)98765-4321",
            "11 9 8765 4321",
            "011 98765-4321",
            "(0xx11) 98765-4321",
            "0 15 11 98765-4321",
            "0151198765-4321",
            "021 11 98765 4321",
            "0 17 11 98765-4321",
            "90 11 98765-4321",
            "55 11 98765-4321",
            "5511987654321",
            "+55 (11) 98765-4321",
            "+55 011 98765-4321",
            "+55 0 41 11 98765-4321",
            "00 55 11 98765-4321",
            "0055 11 8765-4321",
        ] {
            check(text, "BR", Ok("+5511987654321"));
        }
        // 55 is a carrier here.
        check("00 55 1 202 555 0173", "BR", Ok("+12025550173"));
    }

    #[test]
    fn a_brazilian_mobile_without_its_ninth_digit_gets_it() {
        for text in [
            "1187654321",
            "(11) 8765-4321",
            "011 8765-4321",
            "0 15 11 8765-4321",
            "0 17 11 8765-4321",
            "55 11 8765-4321",
            "+551187654321",
        ] {
            check(text, "BR", Ok("+5511987654321"));
        }
        check("+55 92 6123-4567", "BR", Ok("+5592961234567"));
        check("+55 21 7123-4567", "BR", Ok("+5521971234567"));
        check("+55 68 9999-1234", "BR", Ok("+5568999991234"));
        // An area code that is also the country's.
        check("(55) 9876-5432", "BR", Ok("+5555998765432"));
        check("(55) 99876-5432", "BR", Ok("+5555998765432"));
    }

    #[test]
    fn eight_digits_that_begin_with_2_to_5_stay_a_landline() {
        for text in [
            "(11) 2345-6789",
            "(11) 3214-5678",
            "11 4321 5678",
            "0 15 11 5432-1678",
            "0 17 11 5432-1678",
            "+551132145678",
        ] {
            check(text, "BR", Err(NumberError::Landline));
        }
    }

    #[test]
    fn mexican_forms_as_people_type_them() {
        for text in [
            "5512345678",
            "55 1234 5678",
            "(55) 1234-5678",
            "01 55 1234 5678",
            "044 55 1234 5678",
            "045 55 1234 5678",
            "1 55 1234 5678",
            "52 55 1234 5678",
            "52 1 55 1234 5678",
            "+52 55 1234 5678",
            "+52 1 55 1234 5678",
            "+52 1 (55) 1234-5678",
            "+52 044 55 1234 5678",
            "+52 01 55 1234 5678",
            "00 52 55 1234 5678",
        ] {
            check(text, "MX", Ok("+525512345678"));
        }
        check("+52 1 55 1234 5678", "BR", Ok("+525512345678"));
        check("045 656 123 4567", "MX", Ok("+526561234567"));
        check("044 55 1234 567", "MX", Err(NumberError::TooLong));
        check("55 1234 567", "MX", Err(NumberError::TooShort));
    }

    #[test]
    fn any_country_is_e164() {
        check("+351 912 345 678", "BR", Ok("+351912345678"));
        check("+54 9 11 2345 6789", "MX", Ok("+5491123456789"));
        check("+44 7400 123456", "BR", Ok("+447400123456"));
        check("011 52 55 1234 5678", "US", Ok("+525512345678"));
    }

    #[test]
    fn a_number_belongs_to_the_country_of_its_plan() {
        let check = |digits: &str, expected: Option<(&str, &str)>| {
            let plan = PhoneNumber::from_digits(digits).unwrap().plan();
            let plan = plan.map(|(country, national)| (country.to_string(), national));
            assert_eq!(plan, expected.map(|(iso, national)| (iso.to_owned(), national.to_owned())), "{digits}");
        };
        check("5511987654321", Some(("BR", "11987654321")));
        check("525512345678", Some(("MX", "5512345678")));
        check("5215512345678", Some(("MX", "5512345678")));
        check("12125550173", Some(("US", "2125550173")));
        check("17875550173", Some(("PR", "7875550173")));
        check("14165550173", Some(("CA", "4165550173")));
        check("351912345678", Some(("PT", "912345678")));
        check("19995550173", Some(("US", "9995550173")));
        check("80012345678", None);
        check("28149", None);
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
