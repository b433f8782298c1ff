//! Who owes.

use std::fmt;

use jiff::civil::Date;

use crate::contact::reply::Language;
use crate::sms::number::PhoneNumber;

/// A debtor, by the caller's id. `Debug` shows the id only.
#[derive(Clone, PartialEq, Eq)]
pub struct Debtor {
    /// The caller's id.
    pub id: String,
    /// The name, as it is written to the person.
    pub name: Option<String>,
    /// The number of an identity document, without its punctuation.
    pub document: Option<String>,
    /// What the person is written in; the creditor's language if nothing is known.
    pub language: Option<Language>,
    /// What kind of customer it is, in the caller's words.
    pub kind: Option<String>,
    /// Customer since.
    pub since: Option<Date>,
    /// Anything else, in the caller's words.
    pub tags: Vec<String>,
    /// The numbers, the one to try first in front.
    pub numbers: Vec<PhoneNumber>,
}

/// What a caller says of a number of a debtor's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confirmation {
    /// The number.
    pub number: PhoneNumber,
    /// Whether it is known to be the debtor's.
    pub is_confirmed: bool,
}

impl fmt::Debug for Debtor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Debtor").field("id", &self.id).finish_non_exhaustive()
    }
}
