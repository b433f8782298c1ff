//! Tables as CSV (RFC 4180), for spreadsheets: what a spreadsheet would take for a formula begins with an apostrophe.

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use super::problem::Problem;

/// Whether a caller wants CSV: by `format`, else by `Accept`.
pub(super) fn is_wanted(format: Option<&str>, headers: &HeaderMap) -> Result<bool, Problem> {
    match format {
        Some("csv") => Ok(true),
        Some("json") => Ok(false),
        Some(_) => Err(Problem::bad("format", "there are csv and json")),
        None => {
            let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
            Ok(accept.is_some_and(|accept| accept.contains("text/csv")))
        }
    }
}

/// A table with a heading.
pub(super) fn answer(heading: &[String], rows: impl IntoIterator<Item = Vec<String>>) -> Response {
    let body: String = std::iter::once(heading.to_vec()).chain(rows).map(|row| line(&row)).collect();
    ([(header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present")], body).into_response()
}

/// A row.
pub(crate) fn line(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| quoted(&harmless(cell))).collect();
    format!("{}\r\n", cells.join(","))
}

/// A telephone number begins with a plus and is no formula.
fn harmless(cell: &str) -> String {
    let is_number = cell.strip_prefix('+').is_some_and(|digits| digits.bytes().all(|octet| octet.is_ascii_digit()));
    if is_number { cell.to_owned() } else { safe(cell) }
}

/// A cell that no spreadsheet calculates.
pub(crate) fn safe(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_none_breaks_its_row() {
        for (cell, written) in [
            ("loja", "loja"),
            ("=1+1", "'=1+1"),
            ("+1-1", "'+1-1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("+5511987654321", "+5511987654321"),
            ("a,b", "\"a,b\""),
            ("a\"b", "\"a\"\"b\""),
            ("=\"a\",1", "\"'=\"\"a\"\",1\""),
            ("a\nb", "\"a\nb\""),
            ("", ""),
        ] {
            assert_eq!(line(&[cell.to_owned(), "x".to_owned()]), format!("{written},x\r\n"), "{cell:?}");
        }
    }
}
