//! What became of the rows of a file: counted, the first findings kept, all of them told to whoever wants them.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io;

use crate::dunning::import::{Coded, Fault, Finding, Warning};

/// Errors that are kept one by one, and as many warnings.
const KEPT: usize = 20;

/// The heading of a table of findings.
pub(crate) const HEADING: [&str; 5] = ["line", "column", "kind", "what", "cell"];

/// Where all findings go; the flag is set for an error.
type Sink<'a> = Box<dyn FnMut(&Told, bool) -> io::Result<()> + 'a>;

/// What was found so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    pub(crate) created: u64,
    pub(crate) changed: u64,
    pub(crate) same: u64,
    /// Rows that could be stored in a run that stores nothing.
    pub(crate) fit: u64,
    pub(crate) refused: u64,
    pub(crate) errors: Findings,
    pub(crate) warnings: Findings,
}

impl Counts {
    /// Rows so far.
    pub(crate) fn rows(&self) -> u64 {
        self.created + self.changed + self.same + self.fit + self.refused
    }
}

/// Things of one kind. `Debug` shows how many.
#[derive(Clone, Default)]
pub(crate) struct Findings {
    pub(crate) count: u64,
    pub(crate) first: Vec<Told>,
}

impl std::fmt::Debug for Findings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Findings").field("count", &self.count).finish_non_exhaustive()
    }
}

/// Something about a cell.
#[derive(Clone)]
pub(crate) struct Told {
    pub(crate) line: u64,
    pub(crate) column: String,
    pub(crate) code: &'static str,
    pub(crate) operands: BTreeMap<&'static str, String>,
    pub(crate) what: String,
    pub(crate) cell: String,
}

impl Told {
    fn of<W: Display + Coded>(finding: &Finding<W>) -> Self {
        let Finding { line, column, cell, what } = finding;
        Self {
            line: *line,
            column: column.clone().unwrap_or_default(),
            code: what.code(),
            operands: what.operands().into_map(),
            what: what.to_string(),
            cell: cell.clone(),
        }
    }

    /// As a row of the table.
    pub(crate) fn cells(&self, is_error: bool) -> [String; 5] {
        let kind = if is_error { "error" } else { "warning" };
        [self.line.to_string(), self.column.clone(), kind.to_owned(), self.what.clone(), self.cell.clone()]
    }
}

/// What a row came to where it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was stored.
    Taken { is_created: bool, is_changed: bool },
    /// It was not.
    Refused { field: String, detail: String },
}

/// Counts, and tells all that is found.
pub(crate) struct Report<'a> {
    pub(crate) counts: Counts,
    sink: Sink<'a>,
}

impl std::fmt::Debug for Report<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Report").field("counts", &self.counts).finish_non_exhaustive()
    }
}

impl<'a> Report<'a> {
    /// A report that tells all findings on.
    pub(crate) fn new(sink: impl FnMut(&Told, bool) -> io::Result<()> + 'a) -> Self {
        Self { counts: Counts::default(), sink: Box::new(sink) }
    }

    fn note(&mut self, told: Told, is_error: bool) -> io::Result<()> {
        (self.sink)(&told, is_error)?;
        let findings = if is_error { &mut self.counts.errors } else { &mut self.counts.warnings };
        findings.count += 1;
        if findings.first.len() < KEPT {
            findings.first.push(told);
        }
        Ok(())
    }

    /// A row that cannot be read.
    pub(super) fn refused(&mut self, faults: &[Fault]) -> io::Result<()> {
        self.counts.refused += 1;
        faults.iter().try_for_each(|fault| self.note(Told::of(fault), true))
    }

    /// What is doubtful in a row that is sent, or of the headings.
    pub(crate) fn warned(&mut self, warnings: &[Warning]) -> io::Result<()> {
        warnings.iter().try_for_each(|warning| self.note(Told::of(warning), false))
    }

    /// What became of a row that was sent.
    pub(super) fn ended(&mut self, line: u64, outcome: Outcome) -> io::Result<()> {
        match outcome {
            Outcome::Taken { is_created: true, .. } => self.counts.created += 1,
            Outcome::Taken { is_changed: true, .. } => self.counts.changed += 1,
            Outcome::Taken { .. } => self.counts.same += 1,
            Outcome::Refused { field, detail } => {
                self.counts.refused += 1;
                let operands = BTreeMap::from([("why", detail.clone())]);
                let code = "refused";
                let told = Told { line, column: field, code, operands, what: detail, cell: String::new() };
                return self.note(told, true);
            }
        }
        Ok(())
    }

    /// Rows that would be sent.
    pub(super) fn fit(&mut self, rows: usize) {
        self.counts.fit += rows as u64;
    }
}
