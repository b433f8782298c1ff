//! What bare SQLite needs for the rows that have come of something.

use std::path::Path;
use std::time::Duration;

use recado::clock::Clock;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

/// Which rows.
#[derive(Debug)]
pub(crate) struct Rows {
    /// Their tables, in the order in which one names the other.
    pub(crate) tables: &'static [&'static str],
    /// So many of what they have come of are written with one commit.
    pub(crate) at_once: usize,
}

/// Writes what was written into an equal schema with equal settings, and nothing else.
pub(crate) fn floor(folder: &Path, clock: &Clock, count: usize, rows: &Rows) -> Duration {
    let from = Connection::open(folder.join("recado.db")).unwrap();
    let path = folder.join("floor.db");
    let mut to = Connection::open(&path).unwrap();
    for (name, value) in [("journal_mode", "WAL"), ("synchronous", "FULL"), ("foreign_keys", "OFF")] {
        to.pragma_update(None, name, value).unwrap();
    }
    let mut schema = from
        .prepare("SELECT sql FROM sqlite_schema WHERE tbl_name IN (SELECT value FROM json_each(?)) AND sql NOT NULL ORDER BY rowid")
        .unwrap();
    let names = serde_json::to_string(rows.tables).unwrap();
    for sql in schema.query_map([names], |row| row.get::<_, String>(0)).unwrap() {
        to.execute(&sql.unwrap(), []).unwrap();
    }
    let tables: Vec<(String, Vec<Vec<Value>>)> = rows
        .tables
        .iter()
        .map(|table| {
            let mut select = from.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = select.column_count();
            let found = select
                .query_map([], |row| (0..columns).map(|column| row.get(column)).collect())
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            (format!("INSERT INTO {table} VALUES ({})", vec!["?"; columns].join(", ")), found)
        })
        .collect();
    let began = clock.now().instant;
    for commit in 0..count.div_ceil(rows.at_once) {
        let transaction = to.transaction().unwrap();
        for (insert, rows_of_table) in &tables {
            let mut insert = transaction.prepare_cached(insert).unwrap();
            // Each commit has its share of every table.
            let share = |commit: usize| rows_of_table.len() * (commit * rows.at_once).min(count) / count;
            for row in rows_of_table.get(share(commit)..share(commit + 1)).unwrap() {
                insert.execute(params_from_iter(row)).unwrap();
            }
        }
        transaction.commit().unwrap();
    }
    let took = clock.now().instant.saturating_since(began);
    drop(to);
    std::fs::remove_file(&path).unwrap();
    took
}
