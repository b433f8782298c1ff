//! Templates as JSON: `{"purpose": "reminder", "companion": "pix", "texts": [{"name": "a", "body": "{{ sender }}: …"}]}`.
//! Name and version stand beside it, and `"limit": 159` where a text must not be longer for anybody. In files, where texts are tables of their own, the key may be `text`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::contact::reply::Language;
use crate::dunning::template::{Companion, ONE_PART_MAX, Template, Text};
use crate::sms::message::Purpose;

use super::segment::{read_segment, write_segment};
use super::{DefinitionError, named, objects, whole};

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default = "collection")]
    purpose: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    companion: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit: Option<u64>,
    #[serde(alias = "text", deserialize_with = "objects")]
    texts: Vec<WrittenText>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct WrittenText {
    name: String,
    #[serde(default, skip_serializing_if = "is_everything")]
    segment: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(default = "one")]
    share: u8,
    body: String,
}

fn collection() -> String {
    Purpose::Collection.name().to_owned()
}

fn one() -> u8 {
    1
}

fn is_everything(segment: &Value) -> bool {
    segment.as_object().is_none_or(serde_json::Map::is_empty)
}

/// Reads a template of this name and version. Whether its texts can be filled is asked of [`Template::compile`].
pub fn read_template(name: &str, version: u32, written: Value) -> Result<Template, DefinitionError> {
    let written: Written = whole(written)?;
    let companion = written.companion.map(|word| named("companion", &word, Companion::ALL, Companion::name));
    let texts = (1..).zip(written.texts).map(|(place, text)| {
        let name = text.name.clone();
        read_text(text).map_err(|error| error.at(format_args!("text {place} ({name})")))
    });
    let limit = written.limit.map(|limit| {
        let limit = u8::try_from(limit).ok().filter(|limit| (1..=ONE_PART_MAX).contains(&usize::from(*limit)));
        limit.ok_or_else(|| DefinitionError::of(format!("limit: give 1 to {ONE_PART_MAX} units, or leave it out")))
    });
    Ok(Template {
        name: name.to_owned(),
        version,
        purpose: named("purpose", &written.purpose, Purpose::ALL, Purpose::name)?,
        texts: texts.collect::<Result<_, _>>()?,
        companion: companion.transpose()?,
        limit: limit.transpose()?,
    })
}

fn read_text(text: WrittenText) -> Result<Text, DefinitionError> {
    let language = text.language.map(|word| named("language", &word, Language::ALL, Language::code));
    Ok(Text {
        name: text.name,
        segment: read_segment(text.segment).map_err(|error| error.at("segment"))?,
        language: language.transpose()?,
        share: text.share,
        body: text.body,
    })
}

/// Writes a template without its name and version.
pub fn write_template(template: &Template) -> Value {
    let texts = template.texts.iter().map(|text| WrittenText {
        name: text.name.clone(),
        segment: write_segment(&text.segment),
        language: text.language.map(|language| language.code().to_owned()),
        share: text.share,
        body: text.body.clone(),
    });
    let written = Written {
        purpose: template.purpose.name().to_owned(),
        companion: template.companion.map(|companion| companion.name().to_owned()),
        limit: template.limit.map(u64::from),
        texts: texts.collect(),
    };
    serde_json::to_value(written).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_written_comes_back() {
        let written = json!({
            "purpose": "reminder",
            "companion": "pix",
            "limit": 159,
            "texts": [
                { "name": "a", "segment": { "days_late": { "min": 15 } }, "language": "pt-BR", "share": 70, "body": "{{ sender }}" },
                { "name": "b", "share": 0, "body": "x" },
            ],
        });
        let template = read_template("lembrete", 2, written.clone()).unwrap();
        assert_eq!((template.name.as_str(), template.version, template.texts.len()), ("lembrete", 2, 2));
        assert_eq!((template.limit, template.units_max()), (Some(159), 159));
        assert_eq!(write_template(&template), written);
    }

    #[test]
    fn the_shortest_form_has_the_defaults() {
        let template = read_template("t", 1, json!({ "text": [{ "name": "a", "body": "x" }] })).unwrap();
        assert_eq!((template.purpose, template.companion, template.texts[0].share), (Purpose::Collection, None, 1));
    }

    #[test]
    fn a_mistake_names_its_text() {
        let text = |text: Value| json!({ "texts": [text] });
        for (written, part) in [
            (
                text(json!({ "name": "a", "body": "x", "language": "fr" })),
                "text 1 (a): language: no \"fr\"; there are pt-BR",
            ),
            (text(json!({ "name": "a", "body": "x", "shares": 2 })), "unknown field `shares`"),
            (text(json!({ "name": "a", "body": "x", "share": 256 })), "256"),
            (text(json!({ "name": "a", "body": "x", "segment": { "x": 1 } })), "text 1 (a): segment: unknown field"),
            (json!(["reminder", null, []]), "expected an object"),
            (text(json!(["a", {}, null, 1, "x"])), "expected an object"),
            (json!({ "texts": [], "companion": "qr" }), "companion: no \"qr\"; there are pix, boleto"),
            (json!({ "texts": [], "purpose": "advert" }), "purpose: no \"advert\""),
            (json!({ "texts": [], "limit": 0 }), "limit: give 1 to 160 units"),
            (json!({ "texts": [], "limit": 161 }), "limit: give 1 to 160 units"),
        ] {
            let error = read_template("t", 1, written).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
