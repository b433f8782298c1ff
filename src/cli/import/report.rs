//! What became of the rows of a file: counted, the first ones shown, all of them written where that is asked for.

use std::fmt::Display;
use std::fs::File;
use std::io;
use std::path::Path;

use serde_json::{Value, json};

use crate::dunning::import::{Fault, Finding, Warning};

use crate::http::csv::safe;

use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::print::{Printer, plain};

/// Errors that are shown one by one, and as many warnings.
const SHOWN: usize = 20;

/// What was found so far.
pub(super) struct Report {
    all: Option<csv::Writer<File>>,
    errors: Findings,
    warnings: Findings,
    created: u64,
    changed: u64,
    same: u64,
    /// Rows that could be sent in a run that sends nothing.
    fit: u64,
    refused: u64,
}

/// Things of one kind.
#[derive(Default)]
struct Findings {
    count: u64,
    first: Vec<Told>,
}

/// Something about a cell.
struct Told {
    line: u64,
    column: String,
    what: String,
    cell: String,
}

impl Told {
    fn of<W: Display>(finding: &Finding<W>) -> Self {
        let Finding { line, column, cell, what } = finding;
        Self { line: *line, column: column.clone().unwrap_or_default(), what: what.to_string(), cell: cell.clone() }
    }

    fn line(&self) -> String {
        let Self { line, column, what, cell } = self;
        let column = if column.is_empty() { String::new() } else { format!(", {column}") };
        let cell = if cell.is_empty() { String::new() } else { format!(": {cell:?}") };
        plain(&format!("line {line}{column}: {what}{cell}"))
    }

    fn json(&self) -> Value {
        json!({ "line": self.line, "column": self.column, "what": self.what, "cell": self.cell })
    }
}

impl Report {
    /// A report that writes all it is told to a file, where one is named.
    pub(super) fn new(all: Option<&Path>) -> Result<Self, Failure> {
        let all = all.map(csv::Writer::from_path).transpose().map_err(io::Error::other)?;
        let mut report = Self {
            all,
            errors: Findings::default(),
            warnings: Findings::default(),
            created: 0,
            changed: 0,
            same: 0,
            fit: 0,
            refused: 0,
        };
        report.write(["line", "column", "kind", "what", "cell"])?;
        Ok(report)
    }

    fn write(&mut self, record: [&str; 5]) -> io::Result<()> {
        match &mut self.all {
            Some(all) => all.write_record(record).map_err(io::Error::other),
            None => Ok(()),
        }
    }

    fn note(&mut self, told: Told, is_error: bool) -> io::Result<()> {
        let kind = if is_error { "error" } else { "warning" };
        self.write([&told.line.to_string(), &safe(&told.column), kind, &told.what, &safe(&told.cell)])?;
        let findings = if is_error { &mut self.errors } else { &mut self.warnings };
        findings.count += 1;
        if findings.first.len() < SHOWN {
            findings.first.push(told);
        }
        Ok(())
    }

    /// A row that cannot be read.
    pub(super) fn refused(&mut self, faults: &[Fault]) -> io::Result<()> {
        self.refused += 1;
        faults.iter().try_for_each(|fault| self.note(Told::of(fault), true))
    }

    /// A row that the daemon does not take.
    pub(super) fn refused_by_daemon(&mut self, line: u64, field: &str, detail: &str) -> io::Result<()> {
        self.refused += 1;
        let (column, what, cell) = (field.to_owned(), detail.to_owned(), String::new());
        self.note(Told { line, column, what, cell }, true)
    }

    /// What is doubtful in a row that is sent.
    pub(super) fn warned(&mut self, warnings: &[Warning]) -> io::Result<()> {
        warnings.iter().try_for_each(|warning| self.note(Told::of(warning), false))
    }

    /// A row that was stored.
    pub(super) fn taken(&mut self, is_created: bool, is_changed: bool) {
        match (is_created, is_changed) {
            (true, _) => self.created += 1,
            (false, true) => self.changed += 1,
            (false, false) => self.same += 1,
        }
    }

    /// Rows that would be sent.
    pub(super) fn fit(&mut self, rows: usize) {
        self.fit += rows as u64;
    }

    /// Rows so far.
    pub(super) fn rows(&self) -> u64 {
        self.created + self.changed + self.same + self.fit + self.refused
    }

    /// Tells it.
    pub(super) fn conclude(mut self, is_dry: bool, printer: &mut Printer<'_>) -> Result<Exit, Failure> {
        if let Some(all) = &mut self.all {
            all.flush()?;
        }
        if printer.is_json {
            let first = |findings: &Findings| findings.first.iter().map(Told::json).collect::<Vec<_>>();
            let answer = json!({
                "rows": self.rows(), "created": self.created, "changed": self.changed, "same": self.same,
                "refused": self.refused, "dry_run": is_dry, "fit": self.fit,
                "errors": { "count": self.errors.count, "first": first(&self.errors) },
                "warnings": { "count": self.warnings.count, "first": first(&self.warnings) },
            });
            printer.line(&answer.to_string())?;
        } else {
            self.show(printer)?;
            let end = if is_dry {
                format!(
                    "{} rows read, {} can be stored, {} refused; nothing was stored",
                    self.rows(),
                    self.fit,
                    self.refused
                )
            } else {
                format!(
                    "{} rows read, {} created, {} changed, {} as they were, {} refused",
                    self.rows(),
                    self.created,
                    self.changed,
                    self.same,
                    self.refused
                )
            };
            printer.line(&end)?;
        }
        Ok(if self.refused == 0 { Exit::Done } else { Exit::Negative })
    }

    fn show(&self, printer: &mut Printer<'_>) -> io::Result<()> {
        for (findings, mark, name) in [(&self.errors, "", "errors"), (&self.warnings, "warning: ", "warnings")] {
            for told in &findings.first {
                printer.line(&format!("{mark}{}", told.line()))?;
            }
            let more = findings.count - findings.first.len() as u64;
            if more > 0 {
                let hint = if self.all.is_some() { "" } else { "; --errors FILE writes all of them" };
                printer.line(&format!("and {more} {name} more{hint}"))?;
            }
        }
        Ok(())
    }
}
