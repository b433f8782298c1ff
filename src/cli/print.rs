//! What a command prints: aligned columns for people, the API's JSON for programs.

use std::io::{self, Write};

use serde_json::Value;

/// Between columns.
const GAP: &str = "  ";

/// Where answers go and in which form.
pub(super) struct Printer<'a> {
    output: &'a mut dyn Write,
    /// The form for programs.
    pub(super) is_json: bool,
}

impl<'a> Printer<'a> {
    pub(super) fn new(output: &'a mut dyn Write, is_json: bool) -> Self {
        Self { output, is_json }
    }

    /// One line, or several. For people nothing in it moves the cursor, whoever has written it.
    pub(super) fn line(&mut self, line: &str) -> io::Result<()> {
        if self.is_json {
            return writeln!(self.output, "{line}");
        }
        line.split('\n').try_for_each(|line| writeln!(self.output, "{}", plain(line)))
    }

    /// Lists: an object per line, or the table that `row` makes of them.
    pub(super) fn list<'v, const N: usize>(
        &mut self,
        heading: [&str; N],
        items: impl IntoIterator<Item = &'v Value>,
        row: impl Fn(&Value) -> [String; N],
    ) -> io::Result<()> {
        if self.is_json {
            return items.into_iter().try_for_each(|item| self.line(&item.to_string()));
        }
        let heading = heading.map(str::to_owned);
        let rows: Vec<[String; N]> = std::iter::once(heading).chain(items.into_iter().map(row)).collect();
        self.table(&rows)
    }

    /// What goes to a file as it is.
    pub(super) fn raw(&mut self, octets: &[u8]) -> io::Result<()> {
        self.output.write_all(octets)
    }

    /// Rows with aligned columns.
    pub(super) fn table(&mut self, rows: &[impl AsRef<[String]>]) -> io::Result<()> {
        aligned(rows).iter().try_for_each(|row| self.line(row))
    }

    /// Shows what was printed, before a wait.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

/// Lines of rows with aligned columns; a column is as wide as its widest cell, in characters.
pub(super) fn aligned(rows: &[impl AsRef<[String]>]) -> Vec<String> {
    let row = |row: &[String]| row.iter().map(|cell| plain(cell)).collect();
    let rows: Vec<Vec<String>> = rows.iter().map(|cells| row(cells.as_ref())).collect();
    let mut widths = vec![0; rows.first().map_or(0, Vec::len)];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join(GAP).trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// A field for people; `-` where there is nothing.
pub(super) fn cell(object: &Value, field: &str) -> String {
    object.get(field).map_or_else(|| "-".to_owned(), text)
}

/// A value for people.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => plain(text),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// Texts come from strangers: nothing in them may move the cursor, hide or turn around what stands beside them.
pub(super) fn plain(text: &str) -> String {
    let is_safe = |c: char| !c.is_control() && !matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if is_safe(c) {
            plain.push(c);
        } else {
            plain.extend(c.escape_debug());
        }
    }
    plain
}

/// How many, with the word for one or for several.
pub(super) fn counted(number: &str, one: &str, several: &str) -> String {
    format!("{number} {}", if number == "1" { one } else { several })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn printed(is_json: bool, items: &[Value]) -> String {
        let mut output = Vec::new();
        let row = |item: &Value| [cell(item, "name"), cell(item, "count"), cell(item, "text")];
        Printer::new(&mut output, is_json).list(["NAME", "COUNT", "TEXT"], items, row).unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_in_characters() {
        let items = [
            json!({"name": "João", "count": 3, "text": "Olá, tudo bem?"}),
            json!({"name": "a longer name", "count": null}),
            json!({"name": ["a", "b"], "count": 12345, "text": "evil\r\u{1b}[2J\u{202E}"}),
        ];
        insta::assert_snapshot!(printed(false, &items), @r"
        NAME           COUNT  TEXT
        João           3      Olá, tudo bem?
        a longer name  -      -
        a,b            12345  evil\r\u{1b}[2J\u{202e}
        ");
    }

    #[test]
    fn what_strangers_wrote_neither_moves_the_cursor_nor_begins_a_line() {
        let item = json!({"to": "Maria\r\n\u{1b}]0;pwned\u{7}\u{9b}2J\u{202e}etad"});
        let mut output = Vec::new();
        let mut printer = Printer::new(&mut output, false);
        printer.line(&format!("{}: given", cell(&item, "to"))).unwrap();
        printer.line("\u{1b}[2J\nsecond").unwrap();
        let printed = String::from_utf8(output).unwrap();
        assert_eq!(printed, "Maria\\r\\n\\u{1b}]0;pwned\\u{7}\\u{9b}2J\\u{202e}etad: given\n\\u{1b}[2J\nsecond\n");
    }

    #[test]
    fn json_is_an_object_per_line() {
        insta::assert_snapshot!(printed(true, &[json!({"name": "a"}), json!({"name": "b\n"})]), @r#"
        {"name":"a"}
        {"name":"b\n"}
        "#);
    }
}
