//! Walking through the parsed file: every key is asked for once, and whatever nobody asked for is unknown.
//!
//! A wrong value leaves the default in its place and the walk goes on, so that all findings come at once.

use std::collections::HashMap;
use std::hash::Hash;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::environment::{CREDENTIALS, Environment};
use super::finding::{Finding, Place, Problem};
use super::value::Raw;
use crate::suggest::closest;

/// The walk through one file and the environment.
pub(super) struct Reading<'a> {
    file: &'a Path,
    text: &'a str,
    environment: &'a Environment,
    /// All that is wrong so far.
    pub(super) findings: Vec<Finding>,
    /// Variables that stand for keys.
    variables: Vec<String>,
    /// All keys that were asked for, dotted, without the places of elements.
    pub(super) keys: Vec<String>,
    /// Those that somebody has written, in the order of the program.
    pub(super) written: Vec<Written>,
}

/// A key that is in the file or in the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The dotted key, such as `sim.card[2].zone`.
    pub key: String,
    /// The same without the places of elements: `sim.card.zone`.
    pub plain_key: String,
    /// Where.
    pub place: Place,
    /// What is written; none where it cannot be used.
    pub value: Option<String>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(file: &'a Path, text: &'a str, environment: &'a Environment) -> Self {
        Self {
            file,
            text,
            environment,
            findings: Vec::new(),
            variables: Vec::new(),
            keys: Vec::new(),
            written: Vec::new(),
        }
    }

    /// The parsed file. If it is not TOML, all that is wrong with its syntax is reported and nothing else: what was
    /// meant is anybody's guess.
    pub(super) fn parse(&mut self) -> Option<DeTable<'a>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let place = error.span().map_or_else(|| Place::File(self.file.to_owned()), |span| self.place(span.start));
            let problem = Problem::Syntax(error.message().replace('\n', "; "));
            self.findings.push(Finding { place, key: String::new(), problem });
        }
        errors.is_empty().then(|| table.into_inner())
    }

    /// Variables that look like ours and stand for nothing.
    pub(super) fn report_unknown_variables(&mut self) {
        let mut findings = Vec::new();
        for name in self.environment.names().filter(|name| !self.variables.iter().any(|known| known == name)) {
            let suggestion = closest(name, self.variables.iter().map(String::as_str));
            // Without a double underscore it may be somebody else's, such as the address of the daemon.
            if name.contains("__") || suggestion.as_ref().is_some_and(|known| known.replace("__", "_") == name) {
                let problem = Problem::UnknownVariable { suggestion };
                findings.push(Finding { place: Place::Variable(name.to_owned()), key: String::new(), problem });
            }
        }
        self.findings.extend(findings);
    }

    fn place(&self, offset: usize) -> Place {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
        Place::Line { file: self.file.to_owned(), line, column }
    }
}

/// One table of the file, or what stands for it when it is absent.
pub(super) struct Section<'r, 'a> {
    reading: &'r mut Reading<'a>,
    table: Option<&'r DeTable<'r>>,
    /// Where the table begins.
    place: Place,
    /// Dotted, with the places of elements; empty for the root.
    path: String,
    /// The same without the places of elements.
    plain_path: String,
    /// Elements of arrays have no variables.
    has_variables: bool,
    known: Vec<&'static str>,
}

impl<'r, 'a> Section<'r, 'a> {
    /// The root of a file over which no variables go.
    pub(super) fn root_of_rules(reading: &'r mut Reading<'a>, table: &'r DeTable<'r>) -> Self {
        Section { has_variables: false, ..Self::root(reading, table) }
    }

    pub(super) fn root(reading: &'r mut Reading<'a>, table: &'r DeTable<'r>) -> Self {
        let place = Place::File(reading.file.to_owned());
        Section {
            reading,
            table: Some(table),
            place,
            path: String::new(),
            plain_path: String::new(),
            has_variables: true,
            known: Vec::new(),
        }
    }

    /// Reads a key into `target`, which keeps its default when nothing or something wrong is written. Where it is
    /// written comes back.
    pub(super) fn set<T>(
        &mut self,
        key: &'static str,
        target: &mut T,
        parse: impl Fn(Raw<'_>) -> Result<T, Problem>,
    ) -> Place {
        self.note(key);
        let name = Environment::name_of(&join(&self.plain_path, key));
        let over = if self.has_variables { self.reading.environment.get(&name) } else { None };
        let (raw, place) = match (over, self.value(key)) {
            (Some(text), _) => (Raw::Text(text), Place::Variable(name.clone())),
            (None, Some(value)) => (Raw::Toml(value.get_ref()), self.reading.place(value.span().start)),
            (None, None) => return Place::Default,
        };
        let value = raw.to_string();
        let parsed = parse(raw);
        self.reading.written.push(Written {
            key: join(&self.path, key),
            plain_key: join(&self.plain_path, key),
            place: place.clone(),
            value: parsed.is_ok().then_some(value),
        });
        match parsed {
            Ok(value) => *target = value,
            Err(problem) => self.report(key, place.clone(), problem),
        }
        place
    }

    /// The same for a key without a default.
    pub(super) fn set_some<T>(
        &mut self,
        key: &'static str,
        target: &mut Option<T>,
        parse: impl Fn(Raw<'_>) -> Result<T, Problem>,
    ) -> Place {
        self.set(key, target, |raw| parse(raw).map(Some))
    }

    /// The same for a key that must be there; `None` unless it is and has a good value.
    pub(super) fn require<T>(
        &mut self,
        key: &'static str,
        target: &mut T,
        parse: impl Fn(Raw<'_>) -> Result<T, Problem>,
    ) -> Option<Place> {
        let findings = self.reading.findings.len();
        let place = self.set(key, target, parse);
        if place == Place::Default {
            self.report(key, self.place.clone(), Problem::Missing);
        }
        (self.reading.findings.len() == findings).then_some(place)
    }

    /// Reads a table below this one, absent or not.
    pub(super) fn table(&mut self, key: &'static str, read: impl FnOnce(&mut Section<'_, 'a>)) {
        self.known.push(key);
        let found = self.value(key);
        let (table, place) = match found.map(|value| (value.get_ref(), self.reading.place(value.span().start))) {
            Some((DeValue::Table(table), place)) => (Some(table), place),
            Some((other, place)) => {
                self.report(key, place, wrong_kind("a table", other));
                return;
            }
            None => (None, self.place.clone()),
        };
        let path = join(&self.path, key);
        let plain_path = join(&self.plain_path, key);
        let has_variables = self.has_variables;
        let mut section =
            Section { reading: &mut *self.reading, table, place, path, plain_path, has_variables, known: Vec::new() };
        read(&mut section);
        section.finish();
    }

    /// Reads an array of tables below this one. What is no table is reported and left out.
    pub(super) fn tables<T>(&mut self, key: &'static str, mut read: impl FnMut(&mut Section<'_, 'a>) -> T) -> Vec<T> {
        self.known.push(key);
        let Some(value) = self.value(key) else { return Vec::new() };
        let DeValue::Array(elements) = value.get_ref() else {
            let place = self.reading.place(value.span().start);
            self.report(key, place, wrong_kind("an array of tables", value.get_ref()));
            return Vec::new();
        };
        let (path, plain_path) = (join(&self.path, key), join(&self.plain_path, key));
        let mut read_element = |(index, element): (usize, &'r Spanned<DeValue<'r>>)| {
            let place = self.reading.place(element.span().start);
            let path = format!("{path}[{}]", index + 1);
            let DeValue::Table(table) = element.get_ref() else {
                let problem = wrong_kind("a table", element.get_ref());
                self.reading.findings.push(Finding { place, key: path, problem });
                return None;
            };
            let mut section = Section {
                reading: &mut *self.reading,
                table: Some(table),
                place,
                path,
                plain_path: plain_path.clone(),
                has_variables: false,
                known: Vec::new(),
            };
            let value = read(&mut section);
            section.finish();
            Some(value)
        };
        elements.iter().enumerate().filter_map(&mut read_element).collect()
    }

    /// Reads the texts of a list, each with the place where it stands. What is wrong is reported and left out.
    pub(super) fn each_text<T>(
        &mut self,
        key: &'static str,
        mut parse: impl FnMut(&str, &Place) -> Result<T, Problem>,
    ) -> Vec<T> {
        self.note(key);
        let Some(value) = self.value(key) else { return Vec::new() };
        let expected = "a list of texts";
        let Some(elements) = value.get_ref().as_array() else {
            let place = self.reading.place(value.span().start);
            self.report(key, place, wrong_kind(expected, value.get_ref()));
            return Vec::new();
        };
        let mut read = Vec::with_capacity(elements.len());
        for element in elements {
            let place = self.reading.place(element.span().start);
            let raw = Raw::Toml(element.get_ref());
            match raw.text(expected).and_then(|text| parse(text, &place)) {
                Ok(value) => read.push(value),
                Err(problem) => self.report(key, place, problem),
            }
        }
        read
    }

    /// Reads all keys of this table, whatever their names, with their texts.
    pub(super) fn each_entry<T>(&mut self, mut parse: impl FnMut(&str, &str) -> Result<T, Problem>) -> Vec<T> {
        let mut read = Vec::new();
        let entries = self.table.take().into_iter().flat_map(DeTable::iter);
        for (key, value) in entries {
            let name = key.get_ref().as_ref();
            match Raw::Toml(value.get_ref()).text("a word as text").and_then(|text| parse(name, text)) {
                Ok(value) => read.push(value),
                Err(problem) => {
                    let place = self.reading.place(value.span().start);
                    self.report(name, place, problem);
                }
            }
        }
        read
    }

    /// The folder of the credentials that a service manager has given to this process.
    pub(super) fn credentials(&self) -> Option<&'a Path> {
        self.reading.environment.get(CREDENTIALS).map(Path::new)
    }

    /// Reports what is wrong with a key of this table.
    pub(super) fn report(&mut self, key: &str, place: Place, problem: Problem) {
        self.reading.findings.push(Finding { place, key: join(&self.path, key), problem });
    }

    /// Reports what is wrong with this table as a whole.
    pub(super) fn report_here(&mut self, problem: Problem) {
        self.reading.findings.push(Finding { place: self.place.clone(), key: self.path.clone(), problem });
    }

    /// Notes where `value` of a key stands; reports it when it stood somewhere before.
    pub(super) fn is_first<T: Eq + Hash>(
        &mut self,
        key: &'static str,
        seen: &mut HashMap<T, Place>,
        value: T,
        at: Place,
    ) -> bool {
        if let Some(first) = seen.get(&value).cloned() {
            self.report(key, at, Problem::Twice { first });
            return false;
        }
        seen.insert(value, at);
        true
    }

    /// Whether the table is there.
    pub(super) fn is_written(&self) -> bool {
        self.table.is_some()
    }

    /// Reports the keys that nobody asked for.
    pub(super) fn finish(self) {
        for key in self.table.into_iter().flat_map(DeTable::keys) {
            let name = key.get_ref().as_ref();
            if !self.known.contains(&name) {
                let suggestion = closest(name, self.known.iter().copied());
                let place = self.reading.place(key.span().start);
                let problem = Problem::UnknownKey { suggestion };
                self.reading.findings.push(Finding { place, key: join(&self.path, name), problem });
            }
        }
    }

    fn note(&mut self, key: &'static str) {
        self.known.push(key);
        let plain = join(&self.plain_path, key);
        if self.has_variables {
            self.reading.variables.push(Environment::name_of(&plain));
        }
        self.reading.keys.push(plain);
    }

    fn value(&self, key: &str) -> Option<&'r Spanned<DeValue<'r>>> {
        self.table?.get(key)
    }
}

fn wrong_kind(expected: &'static str, found: &DeValue<'_>) -> Problem {
    Problem::Kind { expected, found: Raw::Toml(found).to_string() }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
