//! Lists that people write: any octets may be one.

use super::campaign;
use super::suppressions;

/// A list of numbers that must not be texted. The first octet chooses the column.
pub(crate) fn suppressions(octets: &[u8]) {
    let [choice, list @ ..] = octets else { return };
    let column = match choice % 4 {
        0 => "1",
        1 => "3",
        2 => "fone",
        _ => "99999999999999999999",
    };
    let numbers = suppressions::numbers(column, list);
    let rows = list.iter().filter(|octet| matches!(octet, b'\n' | b'\r')).count() + 1;
    assert!(numbers.len() <= rows, "more numbers than rows");
}

/// Whom a campaign goes to, as CSV or JSON.
pub(crate) fn list(octets: &[u8]) {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    match campaign::rows_of(text) {
        Ok(rows) => assert!(!rows.is_empty(), "an empty list is none"),
        Err(what) => assert!(!what.is_empty(), "refused without a word"),
    }
}
