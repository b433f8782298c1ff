//! Segments as JSON: `{"name": "late", "days_late": {"min": 5, "max": 30}, "amount": {"min": "100.00"}, "tags_none": ["vip"]}`.
//! The name binds nothing: results are told apart by it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::contact::reply::{Intent, Language};
use crate::dunning::money::{Amount, Currency};
use crate::dunning::segment::{Bounds, History, Label, Segment, Word};

use super::{DefinitionError, named, object, whole};

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(deserialize_with = "object", skip_serializing_if = "Ends::is_none")]
    days_late: Ends<i32>,
    #[serde(deserialize_with = "object", skip_serializing_if = "Ends::is_none")]
    age_days: Ends<i32>,
    #[serde(deserialize_with = "object", skip_serializing_if = "Ends::is_none")]
    amount: Ends<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    currency: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    product: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    terms: Vec<String>,
    #[serde(deserialize_with = "object", skip_serializing_if = "Ends::is_none")]
    instalment: Ends<u16>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags_any: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags_none: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    kind: Vec<String>,
    #[serde(deserialize_with = "object", skip_serializing_if = "Ends::is_none")]
    customer_for: Ends<i32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    language: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    history: Vec<String>,
    #[serde(deserialize_with = "object", skip_serializing_if = "Ends::is_none")]
    promises_broken: Ends<u32>,
    #[serde(deserialize_with = "object", skip_serializing_if = "Ends::is_none")]
    attempts: Ends<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    last_reply: Vec<String>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Ends<T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<T>,
}

impl<T> Default for Ends<T> {
    fn default() -> Self {
        Self { min: None, max: None }
    }
}

impl<T> Ends<T> {
    fn is_none(&self) -> bool {
        self.min.is_none() && self.max.is_none()
    }

    fn bounds(self) -> Bounds<T> {
        Bounds { min: self.min, max: self.max }
    }
}

/// The most characters of a name.
const NAME_MAX: usize = 100;

/// How no answer is written among answers.
const NO_REPLY: &str = "none";

/// Reads a segment. What is left out does not bind; nothing at all is everything.
pub fn read_segment(written: Value) -> Result<Segment, DefinitionError> {
    if written.is_null() {
        return Ok(Segment::default());
    }
    let written: Written = whole(written)?;
    if let Some(name) = &written.name
        && (name.trim().is_empty() || name.chars().count() > NAME_MAX)
    {
        return Err(DefinitionError::of(format!("name: has 1 to {NAME_MAX} characters")));
    }
    let amount = |end: Option<String>| {
        let read =
            |text: String| text.parse().map_err(|error| DefinitionError::of(format!("amount: {text:?} is {error}")));
        end.map(read).transpose()
    };
    let words = |list: Vec<String>| list.iter().map(|word| Word::new(word)).collect();
    let each = |list: Vec<String>| list.into_iter();
    Ok(Segment {
        label: Label(written.name),
        days_late: written.days_late.bounds(),
        age_days: written.age_days.bounds(),
        amount: Bounds { min: amount(written.amount.min)?, max: amount(written.amount.max)? },
        currency: each(written.currency)
            .map(|code| named("currency", &code, Currency::ALL, Currency::code))
            .collect::<Result<_, _>>()?,
        product: words(written.product),
        terms: words(written.terms),
        instalment: written.instalment.bounds(),
        tags_any: words(written.tags_any),
        tags_none: words(written.tags_none),
        kind: words(written.kind),
        customer_for: written.customer_for.bounds(),
        language: each(written.language)
            .map(|code| named("language", &code, Language::ALL, Language::code))
            .collect::<Result<_, _>>()?,
        history: each(written.history)
            .map(|name| named("history", &name, History::ALL, History::name))
            .collect::<Result<_, _>>()?,
        promises_broken: written.promises_broken.bounds(),
        attempts: written.attempts.bounds(),
        last_reply: each(written.last_reply)
            .map(|code| match code.as_str() {
                NO_REPLY => Ok(None),
                code => named("last_reply", code, Intent::ALL, Intent::code).map(Some),
            })
            .collect::<Result<_, _>>()?,
    })
}

/// Writes a segment. Everything is an empty object.
pub fn write_segment(segment: &Segment) -> Value {
    fn ends<T: Copy>(bounds: &Bounds<T>) -> Ends<T> {
        Ends { min: bounds.min, max: bounds.max }
    }
    let words = |list: &[Word]| list.iter().map(|word| word.as_str().to_owned()).collect();
    let codes = |codes: Vec<&str>| codes.into_iter().map(ToOwned::to_owned).collect();
    let amount = |end: Option<Amount>| end.map(|amount| amount.to_string());
    let written = Written {
        name: segment.label.0.clone(),
        days_late: ends(&segment.days_late),
        age_days: ends(&segment.age_days),
        amount: Ends { min: amount(segment.amount.min), max: amount(segment.amount.max) },
        currency: codes(segment.currency.iter().map(|currency| currency.code()).collect()),
        product: words(&segment.product),
        terms: words(&segment.terms),
        instalment: ends(&segment.instalment),
        tags_any: words(&segment.tags_any),
        tags_none: words(&segment.tags_none),
        kind: words(&segment.kind),
        customer_for: ends(&segment.customer_for),
        language: codes(segment.language.iter().map(|language| language.code()).collect()),
        history: codes(segment.history.iter().map(|history| history.name()).collect()),
        promises_broken: ends(&segment.promises_broken),
        attempts: ends(&segment.attempts),
        last_reply: codes(segment.last_reply.iter().map(|reply| reply.map_or(NO_REPLY, Intent::code)).collect()),
    };
    serde_json::to_value(written).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_written_comes_back() {
        let all = json!({
            "name": "late",
            "days_late": { "min": -5, "max": 30 },
            "age_days": { "max": 60 },
            "amount": { "min": "100.00" },
            "currency": ["BRL"],
            "product": ["card"],
            "terms": ["30d"],
            "instalment": { "max": 3 },
            "tags_any": ["a", "b"],
            "tags_none": ["vip"],
            "kind": ["person"],
            "customer_for": { "min": 365 },
            "language": ["pt-BR"],
            "history": ["good_payer"],
            "promises_broken": { "max": 0 },
            "attempts": { "min": 1 },
            "last_reply": ["none", "already_paid"],
        });
        for written in [all, json!({})] {
            assert_eq!(write_segment(&read_segment(written.clone()).unwrap()), written);
        }
        assert_eq!(read_segment(Value::Null).unwrap(), Segment::default());
    }

    #[test]
    fn a_name_is_no_condition() {
        let named = read_segment(json!({ "name": "late" })).unwrap();
        assert_eq!((named.label.0.as_deref(), &named), (Some("late"), &Segment::default()));
    }

    #[test]
    fn what_is_misspelt_is_refused_with_what_there_is() {
        for (written, part) in [
            (json!({ "day_late": { "min": 1 } }), "unknown field `day_late`, expected one of `name`, `days_late`"),
            (json!({ "days_late": { "from": 1 } }), "unknown field `from`, expected `min` or `max`"),
            (json!({ "amount": { "min": "1.234,56" } }), "amount: \"1.234,56\" is not an amount"),
            (json!({ "history": ["bad"] }), "history: no \"bad\"; there are good_payer, repeat_offender, other"),
            (json!({ "last_reply": ["maybe"] }), "last_reply: no \"maybe\"; there are deceased"),
            (json!({ "name": " " }), "name: has 1 to 100 characters"),
            (json!([]), "expected an object"),
            (json!({ "days_late": [1, 2] }), "expected an object"),
        ] {
            let error = read_segment(written).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
