//! What a dispute about a message needs: what was sent, what held when each part went, and the records with their chain.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::Path;
use serde::Deserialize;
use serde_json::Value;

use super::super::api::List;
use super::super::asked::Asked;
use super::super::format::encode;
use super::super::frame::{Drawn, Frame, draw};

#[derive(Deserialize)]
struct Evidence {
    id: String,
    created_at: String,
    client: String,
    purpose: String,
    creditor: Option<String>,
    to: Option<String>,
    text: Option<String>,
    matches: Matches,
    events: Vec<Record>,
}

#[derive(Deserialize)]
struct Matches {
    holds: bool,
}

#[derive(Deserialize)]
struct Record {
    seq: i64,
    at: String,
    r#type: String,
    part: Option<u8>,
    sim: Option<String>,
    data: Option<BTreeMap<String, Value>>,
    hash: Option<String>,
}

impl Record {
    fn told(&self, name: &str) -> Option<String> {
        let value = self.data.as_ref()?.get(name)?;
        match value {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            Value::Array(all) => Some(all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" – ")),
            other @ (Value::Bool(_) | Value::Number(_) | Value::Object(_)) => Some(other.to_string()),
        }
    }

    /// A part was handed over: what was decided by stands in its record.
    fn is_decision(&self) -> bool {
        self.r#type == "segment.offered" && self.told("class").is_some()
    }

    /// All that it says.
    fn says(&self) -> String {
        let names = self.data.iter().flat_map(BTreeMap::keys);
        let pairs = names.filter_map(|name| Some(format!("{name}: {}", self.told(name)?)));
        pairs.collect::<Vec<_>>().join(" · ")
    }
}

impl Evidence {
    fn decisions(&self) -> impl Iterator<Item = &Record> {
        self.events.iter().filter(|event| event.is_decision())
    }

    fn unchained(&self) -> usize {
        self.events.iter().filter(|event| event.hash.is_none()).count()
    }

    /// Countries and states of the classes of hours by which it went, such as `collection,BR-SP@America/Sao_Paulo`.
    fn places(&self) -> Vec<(String, Option<String>)> {
        let mut places = Vec::new();
        for class in self.decisions().filter_map(|event| event.told("class")) {
            for place in class.split(',').skip(1) {
                let (spot, _) = place.split_once('@').unwrap_or((place, ""));
                let (country, state) =
                    spot.split_once('-').map_or((spot, None), |(country, state)| (country, Some(state)));
                let place = (country.to_owned(), state.map(ToOwned::to_owned));
                if !places.contains(&place) {
                    places.push(place);
                }
            }
        }
        places
    }
}

#[derive(Deserialize)]
struct Rule {
    id: String,
    law: String,
    country: String,
    state: Option<String>,
    status: String,
    collection: bool,
    telemarketing: bool,
}

impl Rule {
    /// Whether it speaks of such a message in one of these places.
    fn binds(&self, purpose: &str, places: &[(String, Option<String>)]) -> bool {
        let is_of_kind = self.collection || (self.telemarketing && purpose == "promotion");
        let is_there = |(country, state): &(String, Option<String>)| {
            *country == self.country && (self.state.is_none() || self.state == *state)
        };
        is_of_kind && places.iter().any(is_there)
    }
}

#[derive(Template)]
#[template(path = "evidence.html")]
struct EvidencePage {
    frame: Frame,
    evidence: Evidence,
    laws: Vec<Rule>,
}

/// The evidence of a message.
pub(super) async fn show(asked: Asked, Path(id): Path<String>) -> Drawn {
    let path = format!("/v1/messages/{}/evidence", encode(&id));
    let evidence: Evidence = asked.or_say(asked.api.get(&path).await)?;
    let rules: List<Rule> = asked.or_say(asked.api.get("/v1/rules").await)?;
    let places = evidence.places();
    let binds = |rule: &Rule| rule.binds(&evidence.purpose, &places);
    let laws = rules.items.into_iter().filter(binds).collect();
    Ok(draw(&EvidencePage { frame: asked.frame, evidence, laws }))
}
