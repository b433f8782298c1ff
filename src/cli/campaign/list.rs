//! A list in a file: CSV with a heading, or a JSON object on each line.

use std::io::Read as _;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::dunning::template::VARIABLES;

use super::super::failure::Failure;
use super::wrong;

/// Columns that are no variables.
const COLUMNS: [&str; 3] = ["to", "debtor", "debt"];

/// Rows as the API takes them.
#[derive(Debug)]
pub(super) struct List {
    pub(super) rows: Vec<Value>,
}

impl List {
    /// Reads a file; `-` is the standard input.
    pub(super) fn read(file: &Path) -> Result<Self, Failure> {
        let mut octets = Vec::new();
        if file.as_os_str() == "-" {
            std::io::stdin().lock().read_to_end(&mut octets)?;
        } else {
            octets = std::fs::read(file).map_err(|error| wrong(file, &error))?;
        }
        let text = String::from_utf8(octets).map_err(|_not_utf8| wrong(file, &"is not UTF-8"))?;
        parse(text.trim_start_matches('\u{feff}')).map_err(|what| wrong(file, &what))
    }
}

pub(super) fn parse(text: &str) -> Result<List, String> {
    let rows = if text.trim_start().starts_with('{') { lines(text)? } else { table(text)? };
    if rows.is_empty() { Err("there are no rows".to_owned()) } else { Ok(List { rows }) }
}

fn lines(text: &str) -> Result<Vec<Value>, String> {
    let filled = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    let read =
        |(line, number): (&str, u32)| serde_json::from_str(line).map_err(|error| format!("line {number}: {error}"));
    filled.map(read).collect()
}

fn table(text: &str) -> Result<Vec<Value>, String> {
    let heading = text.lines().next().unwrap_or_default();
    let delimiter = if heading.matches(';').count() > heading.matches(',').count() { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(text.as_bytes());
    let columns = reader.headers().map_err(|error| error.to_string())?.clone();
    for column in &columns {
        if !COLUMNS.contains(&column) && !VARIABLES.iter().any(|variable| variable.name == column) {
            let known = COLUMNS.iter().copied().chain(VARIABLES.iter().map(|variable| variable.name));
            let near = crate::suggest::closest(column, known).map(|near| format!("; did you mean {near}?"));
            return Err(format!("no column is called {column:?}{}", near.unwrap_or_default()));
        }
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        let cells = || columns.iter().zip(&record).filter(|(_, cell)| !cell.is_empty());
        let mut row: Map<String, Value> = cells()
            .filter(|(column, _)| COLUMNS.contains(column))
            .map(|(c, cell)| (c.to_owned(), json!(cell)))
            .collect();
        let vars: Map<String, Value> = cells()
            .filter(|(column, _)| !COLUMNS.contains(column))
            .map(|(c, cell)| (c.to_owned(), json!(cell)))
            .collect();
        if !vars.is_empty() {
            row.insert("vars".to_owned(), Value::Object(vars));
        }
        rows.push(Value::Object(row));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<Value, &str>) {
        let read = parse(text).map(|list| Value::Array(list.rows));
        assert_eq!(read, expected.map_err(ToOwned::to_owned), "{text:?}");
    }

    #[test]
    fn columns_are_fields_and_variables() {
        let rows = json!([
            { "to": "+5511987654321", "vars": { "first_name": "Ana", "amount": "80.00" } },
            { "debtor": "d2" },
        ]);
        check("to;debtor;first_name;amount\n+5511987654321;;Ana;80.00\n;d2;;\n", Ok(rows.clone()));
        check("to,debtor,first_name,amount\r\n+5511987654321,,\"Ana\",80.00\r\n,d2,,\r\n", Ok(rows));
        check("to;frist_name\n1;2\n", Err("no column is called \"frist_name\"; did you mean first_name?"));
        check("to\n", Err("there are no rows"));
    }

    #[test]
    fn lines_are_rows_as_the_api_has_them() {
        check("{\"debt\":\"x1\"}\n\n{\"to\":\"1\"}\n", Ok(json!([{ "debt": "x1" }, { "to": "1" }])));
        assert!(parse("{\"debt\":\"x1\"}\n{").unwrap_err().starts_with("line 2: "));
    }
}
