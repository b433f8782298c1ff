//! The report of a doctor: sections of facts and tables, and findings, each with where, what and what to do. The last thing
//! that every word goes through is [`redact`].

use serde_json::{Map, Value, json};

use crate::cli::print;

use super::redact::redact;

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) sections: Vec<Section>,
    pub(super) findings: Vec<Finding>,
}

/// Something that a person should do something about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    /// Where: a key, a port, a file.
    pub(super) place: String,
    /// What is wrong.
    pub(super) what: String,
    /// What to do.
    pub(super) remedy: String,
}

/// What is said of one thing.
#[derive(Debug)]
pub(super) struct Section {
    name: &'static str,
    facts: Vec<(&'static str, Value)>,
    tables: Vec<Table>,
}

#[derive(Debug)]
struct Table {
    name: &'static str,
    columns: Vec<&'static str>,
    rows: Vec<Vec<Value>>,
}

impl Finding {
    pub(super) fn new(place: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into(), remedy: remedy.into() }
    }
}

impl Section {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, facts: Vec::new(), tables: Vec::new() }
    }

    /// Something that is so.
    pub(super) fn fact(&mut self, name: &'static str, value: impl Into<Value>) {
        self.facts.push((name, value.into()));
    }

    /// Several things of one kind.
    pub(super) fn table<const N: usize>(
        &mut self,
        name: &'static str,
        columns: [&'static str; N],
        rows: impl IntoIterator<Item = [Value; N]>,
    ) {
        let rows = rows.into_iter().map(Vec::from).collect();
        self.tables.push(Table { name, columns: columns.into(), rows });
    }
}

impl Report {
    /// One object.
    pub(super) fn to_json(&self) -> Value {
        let finding = |found: &Finding| json!({"where": found.place, "what": found.what, "do": found.remedy});
        let mut report = Map::new();
        for section in &self.sections {
            let mut said: Map<String, Value> =
                section.facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
            for Table { name, columns, rows } in &section.tables {
                let row = |row: &Vec<Value>| -> Value {
                    columns.iter().zip(row).map(|(column, value)| ((*column).to_owned(), value.clone())).collect()
                };
                said.insert((*name).to_owned(), rows.iter().map(row).collect());
            }
            report.insert(section.name.to_owned(), Value::Object(said));
        }
        report.insert("findings".to_owned(), self.findings.iter().map(finding).collect());
        redacted(Value::Object(report))
    }

    /// For people: what is wrong first.
    pub(super) fn to_text(&self) -> String {
        let mut lines = vec![match self.findings.len() {
            0 => "nothing found that a person must do something about".to_owned(),
            1 => "1 finding".to_owned(),
            several => format!("{several} findings"),
        }];
        for (index, Finding { place, what, remedy }) in self.findings.iter().enumerate() {
            lines.push(format!("{:3}. {}: {}", index + 1, line(place), line(what)));
            lines.push(format!("     do: {}", line(remedy)));
        }
        for section in &self.sections {
            lines.push(format!("\n{}", section.name.to_uppercase()));
            let width = section.facts.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
            let fact = |(name, value): &(&str, Value)| {
                let name = name.replace('_', " ");
                format!("  {name:width$}  {}", print::plain(&spoken(value)))
            };
            lines.extend(section.facts.iter().map(fact));
            lines.extend(section.tables.iter().flat_map(Table::lines));
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

impl Table {
    fn lines(&self) -> Vec<String> {
        let name = self.name.replace('_', " ");
        if self.rows.is_empty() {
            return vec![format!("  {name}: none")];
        }
        let heading: Vec<String> = self.columns.iter().map(|column| column.replace('_', " ").to_uppercase()).collect();
        let rows = self.rows.iter().map(|row| row.iter().map(|cell| spoken(cell)).collect());
        let rows: Vec<Vec<String>> = std::iter::once(heading).chain(rows).collect();
        let rows = print::aligned(&rows).into_iter().map(|row| format!("    {row}"));
        std::iter::once(format!("  {name}")).chain(rows).collect()
    }
}

/// Yes and no for people; the rest as in lists, without what must not leave the house.
fn spoken(value: &Value) -> String {
    match value {
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(items) if !items.is_empty() => items.iter().map(spoken).collect::<Vec<_>>().join("; "),
        Value::String(text) => redact(text),
        other => print::text(other),
    }
}

/// Nothing in it moves the cursor or leaves the house.
fn line(text: &str) -> String {
    print::plain(&redact(text))
}

fn redacted(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(redact(&text)),
        Value::Array(items) => items.into_iter().map(redacted).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, redacted(value))).collect(),
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_)) => plain,
    }
}
