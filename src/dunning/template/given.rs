//! Values that a caller gives for one text: they fill places of a template beside what is known, and go over it.
//!
//! They have the names of the variables and nothing else, so that what a template may say is the same wherever its values
//! come from. An amount is written `1234.56` and a day `2026-12-05`, whatever the language of the text is.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;

use crate::suggest::closest;

use super::super::boleto::Boleto;
use super::super::money::Amount;
use super::super::pix::Pix;
use super::variable::{Kind, VARIABLES};

/// Characters of one value: more would not be read on a telephone.
const VALUE_CHARACTERS_MAX: usize = 500;

/// Values by the names of variables. `Debug` shows the names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Given(BTreeMap<&'static str, Content>);

/// What fills a place.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Content {
    Text(String),
    Amount(Amount),
    Day(Date),
    Number(i64),
    Document(String),
}

/// Why a value cannot be given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GivenError {
    /// No variable has this name.
    #[error("no variable is called {name:?}{}", suggestion.as_ref().map(|near| format!("; did you mean {near}?")).unwrap_or_default())]
    Unknown {
        /// What was written.
        name: String,
        /// What may have been meant.
        suggestion: Option<String>,
    },
    /// It follows from something else.
    #[error("{name} is not given but follows from what is known")]
    NotGiven {
        /// The variable.
        name: &'static str,
    },
    /// The value has not the form of such a thing.
    #[error("{name} is not {expected}")]
    Form {
        /// The variable.
        name: &'static str,
        /// What would be right.
        expected: &'static str,
    },
}

impl Given {
    /// Nothing.
    pub(super) const NONE: &'static Self = &Self(BTreeMap::new());

    /// Reads values. A name is given once.
    pub fn read<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, GivenError> {
        let mut given = BTreeMap::new();
        for (name, value) in pairs {
            let variable = VARIABLES.iter().find(|variable| variable.name == name).ok_or_else(|| {
                let short = name.chars().take(40).collect::<String>();
                let suggestion = closest(&short, VARIABLES.iter().map(|variable| variable.name));
                GivenError::Unknown { name: short, suggestion }
            })?;
            let name = variable.name;
            if matches!(name, "sender" | "creditor" | "today" | "debts" | "total" | "added") {
                return Err(GivenError::NotGiven { name });
            }
            given.insert(name, content(name, variable.kind, value.trim())?);
        }
        Ok(Self(given))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The names of those that tell of one debt.
    pub fn of_debts(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied().filter(|name| !matches!(*name, "name" | "first_name" | "document"))
    }

    pub(super) fn get(&self, name: &str) -> Option<&Content> {
        self.0.get(name)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Content::Text(text) => Some(text),
            Content::Amount(_) | Content::Day(_) | Content::Number(_) | Content::Document(_) => None,
        }
    }

    pub(super) fn day(&self, name: &str) -> Option<Date> {
        match self.get(name)? {
            Content::Day(day) => Some(*day),
            Content::Text(_) | Content::Amount(_) | Content::Number(_) | Content::Document(_) => None,
        }
    }
}

fn content(name: &'static str, kind: Kind, value: &str) -> Result<Content, GivenError> {
    let form = |expected| GivenError::Form { name, expected };
    let is_text =
        !value.is_empty() && value.chars().count() <= VALUE_CHARACTERS_MAX && !value.chars().any(char::is_control);
    if !is_text {
        return Err(form("1 to 500 characters on one line"));
    }
    Ok(match kind {
        Kind::Text => Content::Text(value.to_owned()),
        Kind::Document => Content::Document(value.to_owned()),
        Kind::Money => Content::Amount(value.parse().map_err(|_form| form("an amount such as 1234.56"))?),
        Kind::Date => Content::Day(value.parse().map_err(|_form| form("a day such as 2026-12-05"))?),
        Kind::Number => Content::Number(value.parse().map_err(|_form| form("a whole number"))?),
        Kind::Code if name == "pix" => Content::Text(
            Pix::parse(value).map_err(|_form| form("a Pix code whose check digits are right"))?.text().to_owned(),
        ),
        Kind::Code => Content::Text(
            Boleto::parse(value).map_err(|_form| form("a boleto line whose check digits are right"))?.line().to_owned(),
        ),
        Kind::Flag | Kind::List => return Err(GivenError::NotGiven { name }),
    })
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Given").field(&self.0.keys().collect::<Vec<_>>()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, value: &str, expected: &str) {
        let read = Given::read([(name, value)]);
        let told = read.map_or_else(|error| error.to_string(), |given| format!("{given:?}"));
        assert_eq!(told, expected, "{name} {value:?}");
    }

    #[test]
    fn values_have_the_form_of_their_variable() {
        check("first_name", "Ana", "Given([\"first_name\"])");
        check("amount", "110.50", "Given([\"amount\"])");
        check("due", "2026-12-05", "Given([\"due\"])");
        check("days_late", "3", "Given([\"days_late\"])");
        check("amount", "110,50", "amount is not an amount such as 1234.56");
        check("due", "05/12/2026", "due is not a day such as 2026-12-05");
        check("days_late", "three", "days_late is not a whole number");
        check("pix", "00020126", "pix is not a Pix code whose check digits are right");
        check("boleto", "123", "boleto is not a boleto line whose check digits are right");
        check("product", " ", "product is not 1 to 500 characters on one line");
        check("product", "a\nb", "product is not 1 to 500 characters on one line");
    }

    #[test]
    fn what_is_no_variable_or_follows_from_others_is_refused() {
        check("amout", "1", "no variable is called \"amout\"; did you mean amount?");
        check("discount_of_the_week", "1", "no variable is called \"discount_of_the_week\"");
        check("sender", "x", "sender is not given but follows from what is known");
        check("debt_list", "x", "debt_list is not given but follows from what is known");
        check("last", "x", "last is not given but follows from what is known");
    }
}
