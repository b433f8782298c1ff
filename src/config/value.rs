//! Values as they are written: in the file with TOML's kinds, in the environment as text.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use toml::de::DeValue;

use crate::contact::calendar::Policy;
use crate::sms::number::{Country, PhoneNumber};
use crate::sms::text::{Encoding, NationalTable};

use crate::dispatch::balance::Amount;
use crate::dunning::money::PartPrice;
use crate::modem::UssdCode;

use super::LogFormat;
use super::finding::Problem;
use crate::suggest::closest;

/// A value that has been found but not understood.
#[derive(Debug, Clone, Copy)]
pub(super) enum Raw<'a> {
    /// From the file.
    Toml(&'a DeValue<'a>),
    /// From the environment.
    Text(&'a str),
}

impl<'a> Raw<'a> {
    pub(super) fn text(self, expected: &'static str) -> Result<&'a str, Problem> {
        match self {
            Self::Toml(value) => value.as_str().ok_or_else(|| self.not(expected)),
            Self::Text(text) => Ok(text),
        }
    }

    /// The elements of an array, or of a text with commas.
    pub(super) fn texts(self, expected: &'static str) -> Result<Vec<&'a str>, Problem> {
        match self {
            Self::Toml(value) => {
                let elements = value.as_array().ok_or_else(|| self.not(expected))?.iter();
                elements.map(|element| Raw::Toml(element.get_ref()).text(expected)).collect()
            }
            Self::Text(text) => Ok(text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect()),
        }
    }

    pub(super) fn whole(self, min: i64, max: i64) -> Result<i64, Problem> {
        let number = match self {
            Self::Toml(value) => {
                let integer = value.as_integer().ok_or_else(|| self.not("a whole number"))?;
                i64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix())
            }
            Self::Text(text) => text.trim().parse(),
        };
        let out = || Problem::Range { min, max, found: self.to_string() };
        number.ok().filter(|number| (min..=max).contains(number)).ok_or_else(out)
    }

    pub(super) fn not(self, expected: &'static str) -> Problem {
        Problem::Kind { expected, found: self.to_string() }
    }
}

/// What was found, for a finding: short values verbatim, the rest by their kind.
impl fmt::Display for Raw<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Toml(DeValue::String(text)) => write!(f, "{text:?}"),
            Self::Toml(DeValue::Integer(integer)) => f.write_str(integer.as_str()),
            Self::Toml(DeValue::Boolean(truth)) => write!(f, "{truth}"),
            Self::Toml(value) => {
                let kind = value.type_str();
                write!(f, "{} {kind}", if kind.starts_with('a') { "an" } else { "a" })
            }
        }
    }
}

pub(super) fn truth(raw: Raw<'_>) -> Result<bool, Problem> {
    let expected = "true or false";
    let truth = match raw {
        Raw::Toml(value) => value.as_bool(),
        Raw::Text(text) => text.trim().parse().ok(),
    };
    truth.ok_or_else(|| raw.not(expected))
}

/// Names of a host, without ports.
pub(super) fn hosts(raw: Raw<'_>) -> Result<Vec<String>, Problem> {
    let expected = "names of this host such as \"recado.example.com\", without ports";
    let names = raw.texts(expected)?;
    let is_name = |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "-._".contains(c));
    if names.iter().all(is_name) { Ok(names.into_iter().map(str::to_owned).collect()) } else { Err(raw.not(expected)) }
}

pub(super) fn count(raw: Raw<'_>) -> Result<u32, Problem> {
    raw.whole(0, u32::MAX.into()).map(|count| u32::try_from(count).expect("the range was checked"))
}

/// Days that a person can oversee.
pub(super) fn days(raw: Raw<'_>) -> Result<u32, Problem> {
    raw.whole(0, 366).map(|days| u32::try_from(days).unwrap_or_default())
}

pub(super) fn hour(raw: Raw<'_>) -> Result<i8, Problem> {
    raw.whole(0, 23).map(|hour| i8::try_from(hour).expect("the range was checked"))
}

pub(super) fn duration(raw: Raw<'_>) -> Result<Duration, Problem> {
    let text = raw.text("a duration as text, such as \"90s\"")?;
    Ok(crate::clock::duration::parse(text)?)
}

/// A program and its arguments, which no shell reads.
pub(super) fn command(raw: Raw<'_>) -> Result<Vec<String>, Problem> {
    let expected = "a program and its arguments, as a list of texts";
    let words: Vec<String> = raw.texts(expected)?.into_iter().map(str::to_owned).collect();
    if words.first().is_some_and(|program| !program.is_empty()) { Ok(words) } else { Err(raw.not(expected)) }
}

pub(super) fn path(raw: Raw<'_>) -> Result<PathBuf, Problem> {
    let expected = "the path of a file";
    raw.text(expected).and_then(|text| if text.is_empty() { Err(raw.not(expected)) } else { Ok(text.into()) })
}

/// Names, as a list.
pub(super) fn names(raw: Raw<'_>) -> Result<Vec<&str>, Problem> {
    raw.texts("a list of names as text")
}

/// A name that can stand in a path of the API and in a lane.
pub(super) fn name(raw: Raw<'_>) -> Result<String, Problem> {
    let expected = "a name without spaces, / or :";
    let text = raw.text(expected)?;
    let is_plain =
        !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control() || "/:".contains(c));
    if is_plain { Ok(text.to_owned()) } else { Err(raw.not(expected)) }
}

pub(super) fn address(raw: Raw<'_>) -> Result<SocketAddr, Problem> {
    let text = raw.text("an IP address and a port as text")?;
    text.trim().parse().ok().ok_or_else(|| Problem::Address { found: text.to_owned() })
}

pub(super) fn country(raw: Raw<'_>) -> Result<Country, Problem> {
    let text = raw.text("the ISO 3166 code of a country as text")?;
    Country::from_iso(text).ok_or_else(|| Problem::UnknownCountry { found: text.to_owned() })
}

pub(super) fn zone(raw: Raw<'_>) -> Result<TimeZone, Problem> {
    let text = raw.text("the name of a time zone as text")?;
    let unknown = || {
        let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
        Problem::UnknownZone { found: text.to_owned(), suggestion: closest(text, names.iter().map(String::as_str)) }
    };
    TimeZone::get(text).ok().ok_or_else(unknown)
}

/// A civil date.
pub(super) fn date(raw: Raw<'_>) -> Result<Date, Problem> {
    read_date(raw.text("a date as text, such as \"2026-12-24\"")?)
}

pub(super) fn dates(raw: Raw<'_>) -> Result<Vec<Date>, Problem> {
    let texts = raw.texts("a list of dates as text, such as [\"2026-12-24\"]")?;
    texts.into_iter().map(read_date).collect()
}

/// Nothing but year, month and day: times and weekdays beside it would be left out unheard.
fn read_date(text: &str) -> Result<Date, Problem> {
    let date = text.parse::<Date>().ok().filter(|date| date.to_string() == text);
    date.ok_or_else(|| Problem::Date { found: text.to_owned() })
}

/// Which profile of contact rules holds. Whether there is one of this name is known when the rules are read.
pub(super) fn policy(raw: Raw<'_>) -> Result<Policy, Problem> {
    let expected = "auto, none, or the name of a profile";
    match raw.text(expected)? {
        "auto" => Ok(Policy::Auto),
        "none" => Ok(Policy::None),
        _ => name(raw).map(Policy::Profile).map_err(|_not_a_name| raw.not(expected)),
    }
}

/// A folder; empty for none.
pub(super) fn folder(raw: Raw<'_>) -> Result<Option<PathBuf>, Problem> {
    let text = raw.text("the path of a folder")?;
    Ok((!text.is_empty()).then(|| text.into()))
}

pub(super) fn encoding(raw: Raw<'_>) -> Result<Encoding, Problem> {
    named(raw.text("the name of an encoding as text")?)
}

pub(super) fn log_format(raw: Raw<'_>) -> Result<LogFormat, Problem> {
    match raw.text("text or json")? {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        found => Err(Problem::UnknownName { found: found.to_owned(), expected: "text, json".to_owned() }),
    }
}

pub(super) fn national(raw: Raw<'_>) -> Result<Vec<NationalTable>, Problem> {
    let names = raw.texts("a list of names as text")?;
    names.into_iter().map(named).collect()
}

fn named<T: FromStr<Err = crate::sms::text::UnknownName>>(name: &str) -> Result<T, Problem> {
    name.parse().map_err(|error: crate::sms::text::UnknownName| Problem::UnknownName {
        found: name.to_owned(),
        expected: error.expected,
    })
}

pub(super) fn iccid(raw: Raw<'_>) -> Result<String, Problem> {
    let text = raw.text("the 18 to 20 digits of a SIM card as text")?;
    let is_iccid = (18..=20).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_digit());
    if is_iccid { Ok(text.to_owned()) } else { Err(Problem::Iccid) }
}

/// 15 digits (3GPP TS 23.003, 6.2.1); some modems tell 14 or, with a software version, 16.
pub(super) fn imei(raw: Raw<'_>) -> Result<String, Problem> {
    let text = raw.text("the digits of an IMEI as text")?;
    let is_imei = (14..=16).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_digit());
    if is_imei { Ok(text.to_owned()) } else { Err(Problem::Imei) }
}

/// As sysfs names it: bus, ports, and perhaps configuration and interface.
pub(super) fn slot(raw: Raw<'_>) -> Result<String, Problem> {
    let text = raw.text("a place on the USB as text")?;
    let is_place = text.contains('-') && text.starts_with(|c: char| c.is_ascii_digit());
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "-.:".contains(c));
    if is_place && is_plain { Ok(text.to_owned()) } else { Err(Problem::Slot { found: text.to_owned() }) }
}

/// Any form of the country, kept as E.164.
pub(super) fn number(raw: Raw<'_>, country: Country) -> Result<String, Problem> {
    let text = raw.text("a phone number as text")?;
    PhoneNumber::parse(text, country).map(PhoneNumber::e164).map_err(Problem::Number)
}

/// Numbers in any form of the country.
pub(super) fn numbers(raw: Raw<'_>, country: Country) -> Result<Vec<PhoneNumber>, Problem> {
    let texts = raw.texts("a list of phone numbers as text")?;
    texts.into_iter().map(|text| PhoneNumber::parse(text, country).map_err(Problem::Number)).collect()
}

/// At most the 20 digits that an address field holds (3GPP TS 23.040, 9.1.2.5).
pub(super) fn smsc(raw: Raw<'_>) -> Result<String, Problem> {
    let text = raw.text("the number of a service centre as text")?;
    let digits = text.strip_prefix('+').unwrap_or(text);
    let is_smsc = (3..=20).contains(&digits.len()) && digits.bytes().all(|octet| octet.is_ascii_digit());
    if is_smsc { Ok(text.to_owned()) } else { Err(Problem::Smsc) }
}

/// Whether balances are asked.
pub(super) fn balance(raw: Raw<'_>) -> Result<bool, Problem> {
    let expected = "\"daily\" or \"off\"";
    match raw.text(expected)? {
        "daily" => Ok(true),
        "off" => Ok(false),
        _ => Err(raw.not(expected)),
    }
}

/// A code for the network.
pub(super) fn code(raw: Raw<'_>) -> Result<String, Problem> {
    let expected = "a code of digits, *, # and + as text, such as \"*100#\"";
    let text = raw.text(expected)?;
    UssdCode::new(text).map(|code| code.as_str().to_owned()).ok_or_else(|| raw.not(expected))
}

/// A number of a service, which has no country.
pub(super) fn short_code(raw: Raw<'_>) -> Result<String, Problem> {
    let expected = "the 3 to 6 digits of a short code as text";
    let text = raw.text(expected)?;
    let number = PhoneNumber::from_digits(text).filter(|number| number.is_short_code());
    number.map(|_| text.to_owned()).ok_or_else(|| raw.not(expected))
}

/// A text that may be empty.
pub(super) fn any_text(raw: Raw<'_>) -> Result<String, Problem> {
    raw.text("a text").map(str::to_owned)
}

/// Something to send.
pub(super) fn text(raw: Raw<'_>) -> Result<String, Problem> {
    let expected = "a text";
    let text = raw.text(expected)?;
    if text.is_empty() { Err(raw.not(expected)) } else { Ok(text.to_owned()) }
}

/// Money, as a number.
pub(super) fn amount(raw: Raw<'_>) -> Result<Amount, Problem> {
    let expected = "an amount such as 5 or 5.50";
    let written = match raw {
        Raw::Toml(DeValue::Integer(number)) => number.as_str(),
        Raw::Toml(DeValue::Float(number)) => number.as_str(),
        Raw::Toml(_) => return Err(raw.not(expected)),
        Raw::Text(text) => text,
    };
    let is_plain = written.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.'));
    // Three decimals would be read as thousands.
    let fits = written.split_once('.').is_none_or(|(_, decimals)| decimals.len() <= 2);
    Amount::read(written).filter(|_| is_plain && fits).ok_or_else(|| raw.not(expected))
}

/// What a part costs, as a number.
pub(super) fn price(raw: Raw<'_>) -> Result<PartPrice, Problem> {
    let expected = "a price with at most four decimals, such as 0.0325";
    let written = match raw {
        Raw::Toml(DeValue::Integer(number)) => number.as_str(),
        Raw::Toml(DeValue::Float(number)) => number.as_str(),
        Raw::Toml(_) => return Err(raw.not(expected)),
        Raw::Text(text) => text,
    };
    written.parse().or(Err(raw.not(expected)))
}
