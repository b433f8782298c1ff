//! Imports of files as JSON.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::super::import::{Findings, Run, Snapshot, Told};
use super::at;
use super::message::Eyes;

/// What a file seems to hold, by its beginning.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct ImportColumns {
    /// The columns in their order.
    pub(in super::super) columns: Vec<ImportColumn>,
    /// The cells of the first rows.
    pub(in super::super) rows: Vec<Vec<String>>,
    /// Why the file could not be read like that: a column that every row needs is missing, or there is one too many.
    pub(in super::super) problems: Vec<String>,
    /// What amounts have before decimals, as it was said last: `comma` or `point`.
    #[schema(required)]
    pub(in super::super) decimals: Option<&'static str>,
    /// The order of days, as it was said last: `dmy` or `ymd`.
    #[schema(required)]
    pub(in super::super) dates: Option<&'static str>,
}

/// A column.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct ImportColumn {
    /// What stands in the first line.
    pub(in super::super) heading: String,
    /// What it is read as; nothing where it is not read.
    #[schema(required)]
    pub(in super::super) field: Option<&'static str>,
}

/// How an import stands.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct ImportAnswer {
    /// Its number.
    id: i64,
    /// `running`, `done`, or `failed`: then `problem` says why not all was read.
    state: &'static str,
    /// Whether nothing is stored.
    dry_run: bool,
    /// How much was read, in hundredths.
    part: u64,
    /// Rows that were read.
    rows: u64,
    /// Debts that are new.
    created: u64,
    /// Debts of which something is another now.
    changed: u64,
    /// Debts that were there as they are.
    same: u64,
    /// Of a dry run: rows that could be stored.
    fit: u64,
    /// Rows that could not be read or stored.
    refused: u64,
    /// What is wrong.
    errors: ImportFindings,
    /// What somebody should look at.
    warnings: ImportFindings,
    /// Why not all was read.
    #[schema(required)]
    problem: Option<String>,
    /// When it began.
    began_at: String,
    /// When it ended.
    #[schema(required)]
    ended_at: Option<String>,
}

/// Findings of one kind.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct ImportFindings {
    /// How many.
    count: u64,
    /// The first 20.
    first: Vec<ImportFinding>,
}

/// Something about a cell.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct ImportFinding {
    /// The line, from 1.
    line: u64,
    /// The heading of the column, or the field.
    column: String,
    /// What, for programs.
    code: &'static str,
    /// What it is about, by name, for whoever says it in other words.
    operands: BTreeMap<&'static str, String>,
    /// What it is.
    what: String,
    /// The beginning of what stands there; nothing without `pii`.
    cell: String,
}

impl ImportAnswer {
    pub(in super::super) fn new(run: &Run, eyes: Eyes) -> Self {
        let Snapshot { part, counts, ended } = run.snapshot();
        let (ended_at, problem) = ended.map_or((None, None), |(when, why)| (Some(at(when)), why));
        Self {
            id: run.id,
            state: match (&ended_at, &problem) {
                (None, _) => "running",
                (Some(_), None) => "done",
                (Some(_), Some(_)) => "failed",
            },
            dry_run: run.is_dry,
            part,
            rows: counts.rows(),
            created: counts.created,
            changed: counts.changed,
            same: counts.same,
            fit: counts.fit,
            refused: counts.refused,
            errors: ImportFindings::new(counts.errors, eyes),
            warnings: ImportFindings::new(counts.warnings, eyes),
            problem,
            began_at: at(run.began),
            ended_at,
        }
    }
}

impl ImportFindings {
    fn new(Findings { count, first }: Findings, eyes: Eyes) -> Self {
        let finding = |Told { line, column, code, operands, what, cell }| ImportFinding {
            code,
            operands,
            line,
            column,
            what,
            cell: if eyes.see_people() { cell } else { String::new() },
        };
        Self { count, first: first.into_iter().map(finding).collect() }
    }
}
