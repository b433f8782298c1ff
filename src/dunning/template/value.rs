//! Values as the template engine holds them.
//!
//! The engine knows numbers of binary kind; none of ours becomes one. An amount, a day and a document are things that know
//! how they are written, and what a row lacks is a thing that says so when it is to be written and is false in a condition.

use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;
use minijinja::value::{Object, ObjectRepr};
use minijinja::{Environment, Error, ErrorKind, Value};

use crate::contact::reply::Language;

use super::super::money::{Amount, Currency};
use super::format;

/// An amount as it is written in a language. `Debug` shows nothing of it.
#[derive(Clone, Copy)]
pub(super) struct Money {
    pub(super) amount: Amount,
    pub(super) currency: Currency,
    pub(super) language: Language,
}

/// A day as it is written in a language.
#[derive(Clone, Copy)]
pub(super) struct Day {
    pub(super) date: Date,
    pub(super) language: Language,
}

/// A document, masked.
pub(super) struct Document(pub(super) String);

/// What a row lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nothing to fill {name} with")]
pub(super) struct Unfilled {
    pub(super) name: &'static str,
}

macro_rules! opaque {
    ($($kind:ident),*) => {
        $(impl fmt::Debug for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($kind))
            }
        })*
    };
}

opaque!(Money, Day, Document);

impl Object for Money {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.amount != Amount::default()
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format::money(self.amount, self.currency, self.language))
    }
}

impl Object for Day {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format::date(self.date, self.language))
    }
}

impl Object for Document {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format::mask(&self.0))
    }
}

impl Object for Unfilled {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        false
    }
}

/// Makes an engine with our filters and no other, that refuses to write what is not there.
pub(super) fn engine(fuel: u64) -> Environment<'static> {
    let mut engine = Environment::empty();
    engine.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    engine.set_fuel(Some(fuel));
    engine.set_formatter(|output, state, value| match filled(value)?.as_str() {
        Some(text) => Ok(output.write_str(&format::one_line(text))?),
        None => minijinja::escape_formatter(output, state, value),
    });
    // Both are written so without a filter.
    engine.add_filter("money", |value: &Value| filled(value).cloned());
    engine.add_filter("date", |value: &Value| filled(value).cloned());
    engine.add_filter("short_date", |value: &Value| {
        let day = filled(value)?.downcast_object_ref::<Day>();
        day.map(|day| format::short_date(day.date, day.language)).ok_or_else(wrong_kind)
    });
    add_text_filter(&mut engine, "first_name", format::first_name);
    add_text_filter(&mut engine, "title", format::title);
    add_text_filter(&mut engine, "upper", str::to_uppercase);
    add_text_filter(&mut engine, "lower", str::to_lowercase);
    engine.add_filter("mask", |value: &Value| match filled(value)?.downcast_object_ref::<Document>() {
        Some(document) => Ok(format::mask(&document.0)),
        None => value.as_str().map(format::mask).ok_or_else(wrong_kind),
    });
    engine
}

fn add_text_filter(engine: &mut Environment<'static>, name: &'static str, filter: fn(&str) -> String) {
    engine.add_filter(name, move |value: &Value| filled(value)?.as_str().map(filter).ok_or_else(wrong_kind));
}

/// The value, unless it is what a row lacks.
fn filled(value: &Value) -> Result<&Value, Error> {
    match value.downcast_object_ref::<Unfilled>() {
        Some(unfilled) => Err(Error::new(ErrorKind::UndefinedError, unfilled.name).with_source(*unfilled)),
        None => Ok(value),
    }
}

/// The outline lets nobody come here.
fn wrong_kind() -> Error {
    Error::new(ErrorKind::InvalidOperation, "a filter on another kind of value")
}
