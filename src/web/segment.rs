//! Segments in forms and in words: conditions on debts that must all hold.

use serde::Deserialize;
use serde_json::Value;

use super::frame::Frame;

/// Conditions with a least and a most: the name and what kind of value it is.
pub(super) const BOUNDS: [(&str, &str); 7] = [
    ("days_late", "number"),
    ("amount", "amount"),
    ("attempts", "number"),
    ("promises_broken", "number"),
    ("instalment", "number"),
    ("age_days", "number"),
    ("customer_for", "number"),
];

/// Conditions with a list of words.
pub(super) const LISTS: [&str; 5] = ["tags_any", "tags_none", "product", "terms", "kind"];

/// Conditions of which some are chosen.
pub(super) const CHOICES: [(&str, &[&str]); 4] = [
    ("history", &["good_payer", "repeat_offender", "other"]),
    (
        "last_reply",
        &[
            "none",
            "promise_to_pay",
            "already_paid",
            "dispute",
            "wants_contact",
            "wrong_person",
            "opt_out",
            "opt_in",
            "deceased",
            "help",
            "yes",
            "no",
        ],
    ),
    ("language", &["pt-BR", "es-MX", "en"]),
    ("currency", &["BRL", "MXN", "USD"]),
];

/// A segment as the API has it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Segment(Value);

impl Segment {
    pub(super) fn is_everything(&self) -> bool {
        self.0.as_object().is_none_or(|conditions| conditions.keys().all(|name| name == "name"))
    }

    /// What results are told apart by.
    pub(super) fn name(&self) -> &str {
        self.0.get("name").and_then(Value::as_str).unwrap_or_default()
    }

    /// The least or the most of a condition.
    pub(super) fn bound(&self, name: &str, end: &str) -> String {
        match self.0.get(name).and_then(|bounds| bounds.get(end)) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// The words of a condition.
    pub(super) fn list(&self, name: &str) -> String {
        self.all(name).collect::<Vec<_>>().join(", ")
    }

    /// Whether a choice is one of those of a condition.
    pub(super) fn has(&self, name: &str, choice: &str) -> bool {
        self.all(name).any(|one| one == choice)
    }

    /// For whom it is.
    pub(super) fn words(&self, frame: &Frame) -> String {
        let bounds = BOUNDS.iter().filter_map(|(name, _)| {
            let said = match (self.bound(name, "min"), self.bound(name, "max")) {
                (min, max) if min.is_empty() && max.is_empty() => return None,
                (min, max) if max.is_empty() => format!("\u{2265} {}", frame.number(min)),
                (min, max) if min.is_empty() => format!("\u{2264} {}", frame.number(max)),
                (min, max) if min == max => frame.number(min),
                (min, max) => format!("{}\u{2013}{}", frame.number(min), frame.number(max)),
            };
            Some(format!("{} {said}", frame.tt("condition", name)))
        });
        let lists = LISTS.iter().map(|name| (*name, self.list(name))).filter(|(_, said)| !said.is_empty());
        let choices = CHOICES.iter().filter_map(|(name, _)| {
            let said: Vec<String> = self.all(name).map(|one| frame.tt("choice", one)).collect();
            (!said.is_empty()).then(|| (*name, said.join(", ")))
        });
        let others = lists.chain(choices).map(|(name, said)| format!("{}: {said}", frame.tt("condition", name)));
        let all: Vec<String> = bounds.chain(others).collect();
        if all.is_empty() { frame.t("segment.everyone") } else { all.join(" \u{b7} ") }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
    use axum::http::header::ACCEPT_LANGUAGE;
    use serde_json::json;

    use super::*;

    #[test]
    fn conditions_are_said_in_words() {
        let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, "en".parse().unwrap())]);
        let frame = Frame::new(&headers, "/".to_owned(), None);
        for (segment, expected) in [
            (json!(null), "everyone"),
            (json!({ "name": "late" }), "everyone"),
            (json!({ "days_late": { "min": 5 } }), "Days late \u{2265} 5"),
            (
                json!({ "amount": { "min": "1000.00", "max": "2000.00" }, "tags_none": ["vip", "x"], "history": ["other"] }),
                "Amount owed 1,000.00\u{2013}2,000.00 \u{b7} Without these tags: vip, x \u{b7} History: other",
            ),
        ] {
            assert_eq!(Segment(segment.clone()).words(&frame), expected, "{segment}");
        }
    }
}
