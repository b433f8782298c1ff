//! Ladders as JSON:
//! `{"saturday": true, "steps": [{"id": "d3", "on": "D+3", "roll": "next", "segment": {…}, "text": "lembrete"}]}`.
//! Name and version stand beside it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::dunning::ladder::{Action, CatchUp, Channel, Ladder, Roll, Step, StepId};

use super::segment::{read_segment, write_segment};
use super::{DefinitionError, named, objects, whole};

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    saturday: bool,
    #[serde(default = "skip")]
    catch_up: String,
    #[serde(default = "yes")]
    group: bool,
    #[serde(deserialize_with = "objects")]
    steps: Vec<WrittenStep>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct WrittenStep {
    id: String,
    on: String,
    #[serde(default = "stay")]
    roll: String,
    #[serde(default, skip_serializing_if = "is_everything")]
    segment: Value,
    /// The template of a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// The channel that the debt is left to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exit: Option<String>,
}

fn skip() -> String {
    CatchUp::Skip.name().to_owned()
}

fn stay() -> String {
    Roll::Stay.name().to_owned()
}

fn yes() -> bool {
    true
}

fn is_everything(segment: &Value) -> bool {
    segment.as_object().is_none_or(serde_json::Map::is_empty)
}

/// Reads a ladder of this name and version. Whether its steps make sense together is asked of
/// [`crate::dunning::ladder::check`].
pub fn read_ladder(name: &str, version: u32, written: Value) -> Result<Ladder, DefinitionError> {
    let written: Written = whole(written)?;
    let catch_up = named("catch_up", &written.catch_up, [CatchUp::Skip, CatchUp::Latest], CatchUp::name)?;
    let steps = (1..).zip(written.steps).map(|(place, step)| {
        let id = step.id.clone();
        read_step(step).map_err(|error| error.at(format_args!("step {place} ({id})")))
    });
    Ok(Ladder {
        name: name.to_owned(),
        version,
        steps: steps.collect::<Result<_, _>>()?,
        saturday: written.saturday,
        catch_up,
        group: written.group,
    })
}

fn read_step(step: WrittenStep) -> Result<Step, DefinitionError> {
    let action = match (step.text, step.exit) {
        (Some(template), None) => Action::Text { template },
        (None, Some(channel)) => Action::Exit { channel: named("exit", &channel, Channel::ALL, Channel::name)? },
        (Some(_), Some(_)) => return Err(DefinitionError::of("give text or exit, not both")),
        (None, None) => return Err(DefinitionError::of("give text (a template) or exit (a channel)")),
    };
    Ok(Step {
        id: StepId(step.id),
        offset: step.on.parse().map_err(|error| DefinitionError::of(format!("on: {:?} is {error}", step.on)))?,
        roll: named("roll", &step.roll, Roll::ALL, Roll::name)?,
        segment: read_segment(step.segment).map_err(|error| error.at("segment"))?,
        action,
    })
}

/// Writes a ladder without its name and version.
pub fn write_ladder(ladder: &Ladder) -> Value {
    let steps = ladder.steps.iter().map(|step| {
        let (text, exit) = match &step.action {
            Action::Text { template } => (Some(template.clone()), None),
            Action::Exit { channel } => (None, Some(channel.name().to_owned())),
        };
        WrittenStep {
            id: step.id.to_string(),
            on: step.offset.to_string(),
            roll: step.roll.name().to_owned(),
            segment: write_segment(&step.segment),
            text,
            exit,
        }
    });
    let written = Written {
        saturday: ladder.saturday,
        catch_up: ladder.catch_up.name().to_owned(),
        group: ladder.group,
        steps: steps.collect(),
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
            "saturday": true,
            "catch_up": "latest",
            "group": false,
            "steps": [
                { "id": "antes", "on": "D-5", "roll": "previous", "text": "lembrete" },
                { "id": "d15", "on": "D+15 09:30", "roll": "next", "segment": { "days_late": { "min": 15 } }, "text": "boleto" },
                { "id": "quebra", "on": "P+1", "roll": "stay", "text": "promessa" },
                { "id": "carta", "on": "D+60", "roll": "stay", "exit": "letter" },
                { "id": "horas", "on": "D+36h", "roll": "stay", "text": "lembrete" },
            ],
        });
        let ladder = read_ladder("padrão", 3, written.clone()).unwrap();
        assert_eq!((ladder.name.as_str(), ladder.version, ladder.steps.len()), ("padrão", 3, 5));
        assert_eq!(write_ladder(&ladder), written);
    }

    #[test]
    fn the_shortest_form_has_the_defaults() {
        let ladder = read_ladder("l", 1, json!({ "steps": [{ "id": "a", "on": "D+1", "text": "t" }] })).unwrap();
        assert_eq!((ladder.saturday, ladder.catch_up, ladder.group), (false, CatchUp::Skip, true));
    }

    #[test]
    fn a_mistake_names_its_step() {
        for (step, part) in [
            (json!({ "id": "a", "on": "3 days", "text": "t" }), "step 1 (a): on: \"3 days\" is not a day of a ladder"),
            (
                json!({ "id": "a", "on": "36h 10:00", "text": "t" }),
                "step 1 (a): on: \"36h 10:00\" is hours and a time of day",
            ),
            (json!({ "id": "a", "on": "D+1" }), "step 1 (a): give text (a template) or exit (a channel)"),
            (json!({ "id": "a", "on": "D+1", "exit": "fax" }), "no \"fax\"; there are email, letter, call, bureau"),
            (json!({ "id": "a", "on": "D+1", "text": "t", "exit": "call" }), "not both"),
            (
                json!({ "id": "a", "on": "D+1", "text": "t", "segment": { "x": 1 } }),
                "step 1 (a): segment: unknown field",
            ),
        ] {
            let error = read_ladder("l", 1, json!({ "steps": [step] })).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn an_array_in_the_place_of_an_object_is_refused() {
        for written in [json!([false, "skip", true, []]), json!({ "steps": [["a", "D+1", "stay", {}, "t", null]] })] {
            assert_eq!(read_ladder("l", 1, written).unwrap_err().to_string(), "expected an object");
        }
    }
}
