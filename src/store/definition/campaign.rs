//! Campaigns as JSON: `{"creditor": "loja", "segment": {"days_late": {"min": 5}}, "template": "atraso", "per_day": 300}`. The
//! name stands beside it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::Timestamp;
use crate::dunning::campaign::{Audience, Campaign, Content};
use crate::sms::message::Purpose;

use super::segment::{read_segment, write_segment};
use super::{DefinitionError, named, whole};

/// The priority of a campaign that asks for none: below what is sent one by one.
const PRIORITY: u8 = 4;

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    creditor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    team: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purpose: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sim: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    per_day: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    segment: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    segment_name: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    each_debt: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<String>,
}

/// Reads a campaign of this name. One without a segment is for a list.
pub fn read_campaign(name: &str, written: Value) -> Result<Campaign, DefinitionError> {
    let written: Written = whole(written)?;
    let time = |field: &str, given: Option<String>| {
        let read = |text: String| {
            let read = text.parse::<Timestamp>();
            read.map_err(|error| {
                DefinitionError::of(format!("{field}: {error}; give a time as 2026-11-24T10:00:00-03:00"))
            })
        };
        given.map(read).transpose()
    };
    let audience = match written.segment {
        Some(segment) => Audience::Segment {
            segment: Box::new(read_segment(segment).map_err(|error| error.at("segment"))?),
            name: written.segment_name,
            each: written.each_debt,
        },
        None if written.segment_name.is_some() => {
            return Err(DefinitionError::of("segment_name: belongs to a segment"));
        }
        None if written.each_debt => return Err(DefinitionError::of("each_debt: belongs to a segment")),
        None => Audience::Rows,
    };
    let content = match (written.text, written.template) {
        (Some(text), None) => Content::Text(text),
        (None, Some(template)) => Content::Template(template),
        (Some(_), Some(_)) => return Err(DefinitionError::of("template: give text or template, not both")),
        (None, None) => return Err(DefinitionError::of("template: give the template that is sent, or a text")),
    };
    let purpose = written.purpose.as_deref().map(|word| named("purpose", word, Purpose::ALL, Purpose::name));
    if written.sim.is_some() && written.group.is_some() {
        return Err(DefinitionError::of("group: give sim or group, not both"));
    }
    if written.priority.is_some_and(|priority| priority > 9) {
        return Err(DefinitionError::of("priority: 0 to 9 is possible"));
    }
    if written.per_day == Some(0) {
        return Err(DefinitionError::of("per_day: give 1 or more, or leave it out"));
    }
    let (start_at, valid_until) = (time("start_at", written.start_at)?, time("valid_until", written.valid_until)?);
    if start_at.zip(valid_until).is_some_and(|(start, end)| end <= start) {
        return Err(DefinitionError::of("valid_until: ends before start_at"));
    }
    Ok(Campaign {
        name: name.to_owned(),
        creditor: written.creditor.ok_or_else(|| DefinitionError::of("creditor: say for whom it is sent"))?,
        team: written.team,
        operator: written.operator,
        purpose: purpose.transpose()?.unwrap_or(Purpose::Collection),
        priority: written.priority.unwrap_or(PRIORITY),
        sim: written.sim,
        group: written.group,
        per_day: written.per_day,
        start_at,
        valid_until,
        audience,
        content,
    })
}

/// Writes a campaign without its name.
pub fn write_campaign(campaign: &Campaign) -> Value {
    let (segment, segment_name, each_debt) = match &campaign.audience {
        Audience::Segment { segment, name, each } => (Some(write_segment(segment)), name.clone(), *each),
        Audience::Rows => (None, None, false),
    };
    let (text, template) = match &campaign.content {
        Content::Text(text) => (Some(text.clone()), None),
        Content::Template(template) => (None, Some(template.clone())),
    };
    let written = Written {
        creditor: Some(campaign.creditor.clone()),
        team: campaign.team.clone(),
        operator: campaign.operator.clone(),
        purpose: Some(campaign.purpose.name().to_owned()),
        priority: Some(campaign.priority),
        sim: campaign.sim.clone(),
        group: campaign.group.clone(),
        per_day: campaign.per_day,
        start_at: campaign.start_at.map(|at| at.to_string()),
        valid_until: campaign.valid_until.map(|at| at.to_string()),
        segment,
        segment_name,
        each_debt,
        text,
        template,
    };
    serde_json::to_value(written).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_comes_back() {
        let segment = json!({
            "creditor": "loja", "team": "t", "operator": "o", "purpose": "promotion", "priority": 3, "group": "vip",
            "per_day": 300, "start_at": "2026-11-26T12:00:00.000Z", "valid_until": "2026-11-28T12:00:00.000Z",
            "segment": { "days_late": { "min": 5 } }, "segment_name": "late", "each_debt": true, "template": "oferta",
        });
        let list = json!({ "creditor": "loja", "purpose": "collection", "priority": 4, "sim": "norte", "text": "Oi" });
        for written in [segment, list] {
            assert_eq!(write_campaign(&read_campaign("c", written.clone()).unwrap()), written);
        }
    }

    #[test]
    fn what_makes_no_campaign_is_refused_with_its_field() {
        let with = |field: &str, value: Value| {
            let mut written = json!({ "creditor": "loja", "template": "t", "segment": {} });
            written.as_object_mut().unwrap().insert(field.to_owned(), value);
            written
        };
        for (written, part) in [
            (json!({ "template": "t" }), "creditor: say for whom"),
            (json!({ "creditor": "loja" }), "template: give the template"),
            (json!({ "creditor": "loja", "text": "Oi", "each_debt": true }), "each_debt: belongs to a segment"),
            (with("text", json!("Oi")), "template: give text or template"),
            (with("segment", json!({ "late": 1 })), "segment: unknown field `late`"),
            (with("per_day", json!(0)), "per_day: give 1 or more"),
            (with("priority", json!(10)), "priority: 0 to 9"),
            (with("start_at", json!("tomorrow")), "start_at: "),
            (with("colour", json!(1)), "unknown field `colour`"),
            (json!([]), "expected an object"),
        ] {
            let error = read_campaign("c", written).unwrap_err().to_string();
            assert!(error.starts_with(part) || error.contains(part), "{error}");
        }
    }
}
