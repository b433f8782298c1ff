//! Who is owed, and in whose name debtors are texted.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use crate::contact::reply::Language;

use super::money::Currency;

/// A creditor, by the caller's id.
#[derive(Debug, Clone, PartialEq)]
pub struct Creditor {
    /// The caller's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Who writes: the name that stands in every text. The agency's where one collects for the creditor.
    pub sender: String,
    /// Where its days begin and end: due dates and steps are days of this zone.
    pub zone: TimeZone,
    /// What its debtors are written in, unless something else is known of one.
    pub language: Language,
    /// What its debts are in.
    pub currency: Currency,
    /// The ladder of debts that name none.
    pub ladder: Option<String>,
    /// The templates that debtors are sent at once when something happens to their debts, by the word of what happens.
    pub triggers: BTreeMap<&'static str, String>,
}
