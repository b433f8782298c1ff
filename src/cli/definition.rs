//! Templates and ladders as files: TOML with the name and the fields that the API has.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::failure::Failure;
use super::print::text;

/// Why a file is no definition.
#[derive(Debug, thiserror::Error)]
#[error("read {}: {what}", path.display())]
pub(super) struct FileError {
    path: PathBuf,
    what: String,
}

impl FileError {
    pub(super) fn new(path: &Path, what: &impl ToString) -> Self {
        Self { path: path.to_owned(), what: what.to_string() }
    }
}

/// Reads a definition and its name, which stands beside it in the API.
pub(super) fn read(path: &Path) -> Result<(String, Value), Failure> {
    let written = std::fs::read_to_string(path).map_err(|error| FileError::new(path, &error))?;
    Ok(parse(&written).map_err(|what| FileError::new(path, &what))?)
}

fn parse(written: &str) -> Result<(String, Value), String> {
    let mut fields: serde_json::Map<String, Value> = toml::from_str(written).map_err(|error| {
        let before = error.span().and_then(|span| written.get(..span.start)).unwrap_or_default();
        format!("line {}: {}", before.matches('\n').count() + 1, error.message())
    })?;
    match fields.remove("name") {
        Some(Value::String(name)) => Ok((name, Value::Object(fields))),
        Some(_) => Err("name: expected a text".to_owned()),
        None => Err("name: give one at the head of the file".to_owned()),
    }
}

/// A finding as one line: how bad it is, where, what, and its code.
pub(super) fn told(finding: &Value) -> String {
    let field = |name| finding.get(name).filter(|value| !value.is_null()).map(text);
    let place: String = ["text", "line", "column"].into_iter().filter_map(field).map(|part| part + ":").collect();
    let gap = if place.is_empty() { "" } else { " " };
    let [severity, detail, code] = ["severity", "detail", "code"].map(|name| field(name).unwrap_or_default());
    let rule = field("rule").map(|rule| format!(", rule {rule}")).unwrap_or_default();
    format!("{severity}: {place}{gap}{detail} ({code}{rule})")
}

/// The findings of an answer.
pub(super) fn findings(answer: &Value) -> &[Value] {
    answer.get("findings").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_file_has_its_name_beside_the_fields_of_the_api() {
        let written =
            "name = 'leve'\nsaturday = true\n[[steps]]\nid = 'a'\non = 'D+3'\nsegment = { days_late = { min = 3 } }\n";
        let step = json!({ "id": "a", "on": "D+3", "segment": { "days_late": { "min": 3 } } });
        assert_eq!(parse(written), Ok(("leve".to_owned(), json!({ "saturday": true, "steps": [step] }))));
    }

    #[test]
    fn what_is_wrong_has_its_line() {
        let error = parse("name = 'a'\nx = \n").unwrap_err();
        assert!(error.starts_with("line 2: "), "{error}");
        assert_eq!(parse("x = 1").unwrap_err(), "name: give one at the head of the file");
        assert_eq!(parse("name = 1").unwrap_err(), "name: expected a text");
    }

    #[test]
    fn findings_are_lines() {
        let whole = json!({
            "severity": "error", "code": "fault", "text": "a", "line": 2, "column": 5, "detail": "no such variable",
            "rule": null
        });
        assert_eq!(told(&whole), "error: a:2:5: no such variable (fault)");
        let bare = json!({ "severity": "warning", "code": "no_template", "detail": "none", "rule": "r1" });
        assert_eq!(told(&bare), "warning: none (no_template, rule r1)");
    }
}
