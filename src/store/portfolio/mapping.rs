//! How files of creditors are read, as somebody said it once. What stands in a mapping is the business of whoever reads files.

use rusqlite::{OptionalExtension as _, params};

use super::super::StoreError;
use super::super::reader::Reader;
use super::super::work::Work;

impl Work<'_> {
    /// Remembers how files of a creditor are read; of files with several creditors under the empty id.
    pub fn remember_mapping(&mut self, creditor: &str, mapping: &str, client: &str) -> Result<(), StoreError> {
        let sql = "INSERT OR REPLACE INTO import_mapping (creditor, mapping, at, client) VALUES (?, ?, ?, ?)";
        let values = params![creditor, mapping, self.now.as_millis(), client];
        self.conn.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }
}

impl Reader {
    /// How files of a creditor are read, where somebody said it.
    pub fn mapping(&self, creditor: &str) -> Result<Option<String>, StoreError> {
        self.with(|conn| {
            let mut statement = conn.prepare_cached("SELECT mapping FROM import_mapping WHERE creditor = ?")?;
            Ok(statement.query_row([creditor], |row| row.get(0)).optional()?)
        })
    }
}
