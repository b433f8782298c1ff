//! Tells what became of the rows of a file.

use std::io;

use serde_json::{Value, json};

use crate::http::import::{Counts, Findings, Told};

use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::print::{Printer, plain};

fn line(told: &Told) -> String {
    let Told { line, column, what, cell, code: _, operands: _ } = told;
    let column = if column.is_empty() { String::new() } else { format!(", {column}") };
    let cell = if cell.is_empty() { String::new() } else { format!(": {cell:?}") };
    plain(&format!("line {line}{column}: {what}{cell}"))
}

fn object(told: &Told) -> Value {
    json!({ "line": told.line, "column": told.column, "what": told.what, "cell": told.cell })
}

/// Tells it.
pub(super) fn conclude(
    counts: &Counts,
    is_dry: bool,
    has_file: bool,
    printer: &mut Printer<'_>,
) -> Result<Exit, Failure> {
    let Counts { created, changed, same, fit, refused, errors, warnings } = counts;
    if printer.is_json {
        let first = |findings: &Findings| findings.first.iter().map(object).collect::<Vec<_>>();
        let answer = json!({
            "rows": counts.rows(), "created": created, "changed": changed, "same": same,
            "refused": refused, "dry_run": is_dry, "fit": fit,
            "errors": { "count": errors.count, "first": first(errors) },
            "warnings": { "count": warnings.count, "first": first(warnings) },
        });
        printer.line(&answer.to_string())?;
    } else {
        show(counts, has_file, printer)?;
        let rows = counts.rows();
        let end = if is_dry {
            format!("{rows} rows read, {fit} can be stored, {refused} refused; nothing was stored")
        } else {
            format!("{rows} rows read, {created} created, {changed} changed, {same} as they were, {refused} refused")
        };
        printer.line(&end)?;
    }
    Ok(if *refused == 0 { Exit::Done } else { Exit::Negative })
}

fn show(counts: &Counts, has_file: bool, printer: &mut Printer<'_>) -> io::Result<()> {
    for (findings, mark, name) in [(&counts.errors, "", "errors"), (&counts.warnings, "warning: ", "warnings")] {
        for told in &findings.first {
            printer.line(&format!("{mark}{}", line(told)))?;
        }
        let more = findings.count - findings.first.len() as u64;
        if more > 0 {
            let hint = if has_file { "" } else { "; --errors FILE writes all of them" };
            printer.line(&format!("and {more} {name} more{hint}"))?;
        }
    }
    Ok(())
}
