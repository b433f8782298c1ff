//! What is wrong with a configuration, and where.

use std::fmt;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::contact::calendar::{Overlap, SpanError};
use crate::contact::reply::PhraseError;
use crate::dispatch::balance::PatternError;
use crate::sms::number::NumberError;

use super::credential::NotAService;
use super::pin::PinError;
use crate::clock::duration::{self, DurationError};

/// One thing that is wrong. `Display` is a line: place, key, problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where it is written.
    pub place: Place,
    /// The dotted key, such as `sim.card[2].zone`; empty for the file itself.
    pub key: String,
    /// What is wrong.
    pub problem: Problem,
}

/// Where something is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Nowhere: it is the default.
    Default,
    /// A file as a whole.
    File(PathBuf),
    /// A place in a file; lines and columns count from 1, columns in characters.
    Line {
        /// The file.
        file: PathBuf,
        /// Its line.
        line: usize,
        /// The column in that line.
        column: usize,
    },
    /// A variable of the environment.
    Variable(String),
}

/// What can be wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(ErrorKind),
    /// Not TOML.
    #[error("{0}")]
    Syntax(String),
    /// No such key.
    #[error("unknown key{}", meant(.suggestion.as_deref()))]
    UnknownKey {
        /// The key that was probably meant.
        suggestion: Option<String>,
    },
    /// No such variable.
    #[error("unknown variable{}", meant(.suggestion.as_deref()))]
    UnknownVariable {
        /// The variable that was probably meant.
        suggestion: Option<String>,
    },
    /// A key without which the section says nothing.
    #[error("missing")]
    Missing,
    /// A value of another kind.
    #[error("expected {expected}, found {found}")]
    Kind {
        /// What is written there.
        expected: &'static str,
        /// What was.
        found: String,
    },
    /// A number outside its range.
    #[error("expected a whole number from {min} to {max}, found {found}")]
    Range {
        /// The least.
        min: i64,
        /// The most.
        max: i64,
        /// What was written.
        found: String,
    },
    /// A name that is none of those listed.
    #[error("unknown name {found:?}, expected one of {expected}")]
    UnknownName {
        /// What was written.
        found: String,
        /// The names that there are.
        expected: String,
    },
    /// No such time zone.
    #[error("unknown time zone {found:?}{}", meant(.suggestion.as_deref()))]
    UnknownZone {
        /// What was written.
        found: String,
        /// The zone that was probably meant.
        suggestion: Option<String>,
    },
    /// No such country.
    #[error("unknown country {found:?}, expected an ISO 3166 code such as BR or MX")]
    UnknownCountry {
        /// What was written.
        found: String,
    },
    /// Not a duration.
    #[error("failed to {0}")]
    Duration(#[from] DurationError),
    /// A duration that makes no sense there.
    #[error("expected more than 0 and at most {}", duration::format(*.max))]
    Validity {
        /// The longest that does.
        max: Duration,
    },
    /// Something else would miss what is deleted so early.
    #[error("expected 0 (for ever) or at least {}: caps, answers and reports rest on what is younger", duration::format(*.least))]
    KeptTooShort {
        /// The shortest time.
        least: Duration,
    },
    /// Not an address to listen at.
    #[error("expected an IP address and a port such as 127.0.0.1:7670, found {found:?}")]
    Address {
        /// What was written.
        found: String,
    },
    /// Everybody on the network could read tokens and texts.
    #[error(
        "{listen} is not loopback and nothing is encrypted; give tls_cert and tls_key, or say allow_plaintext = true if the network is trusted"
    )]
    Plaintext {
        /// Where it would listen.
        listen: SocketAddr,
    },
    /// A certificate without its key, or a key without its certificate.
    #[error("a certificate and its key go together; give {missing} too")]
    HalfTls {
        /// What is not given.
        missing: &'static str,
    },
    /// A secret of a service that is not there.
    #[error("failed to {0}")]
    Credential(NotAService),
    /// Said before.
    #[error("the same as {first}")]
    Twice {
        /// Where.
        first: Place,
    },
    /// A modem that could be any.
    #[error("names no modem; say one of port, imei and slot")]
    Unbound,
    /// A modem that is told from others in two ways.
    #[error("a modem is told by one of port, imei and slot, and {first} says one already")]
    BoundTwice {
        /// Where.
        first: Place,
    },
    /// Not the number of a modem.
    #[error("expected the 14 to 16 digits of an IMEI, as AT+CGSN tells them")]
    Imei,
    /// Not a place on the USB.
    #[error("expected a place on the USB such as 1-1.4:1.2, found {found:?}; recado probe shows them")]
    Slot {
        /// What was written.
        found: String,
    },
    /// Not the number of a SIM card.
    #[error("expected the 18 to 20 digits of a SIM card")]
    Iccid,
    /// Not a phone number. The number itself is not shown.
    #[error("not a phone number: {0}")]
    Number(NumberError),
    /// Not the number of a service centre.
    #[error("expected the digits of a service centre, with + if they begin with a country code")]
    Smsc,
    /// Not what finds an amount.
    #[error("{0}")]
    Pattern(PatternError),
    /// Not a phrase.
    #[error("{0}")]
    Phrase(#[from] PhraseError),
    /// A phrase that is never found, because the text has the full word there.
    #[error("{short:?} is read as {full:?} everywhere; write the full word")]
    Abbreviated {
        /// The word in the phrase.
        short: String,
        /// What it is read as.
        full: String,
    },
    /// A list that must name each thing once.
    #[error("expected each of {expected} once")]
    Order {
        /// What there is to name.
        expected: String,
    },
    /// Not a date.
    #[error("expected a date such as 2026-11-22, found {found:?}")]
    Date {
        /// What was written.
        found: String,
    },
    /// A balance that is asked in two ways, or in half of one.
    #[error("a balance is asked by ussd, or by sms_to and sms_text")]
    BalanceWays,
    /// Not hours of a day.
    #[error("{error}, found {found:?}")]
    Span {
        /// What was written.
        found: String,
        /// What is wrong with it.
        error: SpanError,
    },
    /// Hours that have time in common.
    #[error("{0}")]
    Overlap(Overlap),
    /// A profile that leaves days open.
    #[error("says nothing of {days}; a profile speaks of every day, with [] for one on which nothing may be sent")]
    Gap {
        /// Keys of the days.
        days: String,
    },
    /// A holiday that is told in several ways, or in none.
    #[error("a day is told by one of date, easter, and month with weekday and nth")]
    WhenForms,
    /// Years that are counted from nowhere.
    #[error("counts years from since, which is missing")]
    StepWithoutSince,
    /// A country of which nothing is known.
    #[error("it is not known where {country} is; list it in countries.toml")]
    UnknownPlace {
        /// Its code.
        country: String,
    },
    /// A country without zones.
    #[error("no time zones of {country} are known; say zones, or give its area codes in {file}")]
    NoZones {
        /// Its code.
        country: String,
        /// The file that would tell them.
        file: String,
    },
    /// A country with rules and without hours of our own.
    #[error("there is no profile {name}, which goes with the rules of its country")]
    NoProfile {
        /// What it must be called.
        name: String,
    },
    /// A file that nobody reads.
    #[error("not a file of rules{}", meant(.suggestion.as_deref()))]
    UnknownFile {
        /// The name that was probably meant.
        suggestion: Option<String>,
    },
    /// A table that begins otherwise.
    #[error("expected the heading {expected} and lines below it")]
    Heading {
        /// What must be there.
        expected: &'static str,
    },
    /// A line of a table with fields too many or too few.
    #[error("expected {expected} fields, found {found}")]
    Fields {
        /// How many there must be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// Not an area code.
    #[error("expected 1 to 5 digits of an area code, found {found:?}")]
    AreaCode {
        /// What was written.
        found: String,
    },
    /// No PIN can be had.
    #[error("failed to {0}")]
    Pin(PinError),
}

fn meant(suggestion: Option<&str>) -> String {
    suggestion.map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(file) => write!(f, "{}", file.display()),
            Self::Line { file, line, column } => write!(f, "{}:{line}:{column}", file.display()),
            Self::Variable(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, key, problem } = self;
        if key.is_empty() { write!(f, "{place}: {problem}") } else { write!(f, "{place}: {key}: {problem}") }
    }
}
