//! What results are told apart by: whose messages, and how they came about, each combination once.

use rusqlite::{OptionalExtension as _, Row, params};

use crate::sms::message::{Labels, Mode, Origin, Wording};

use super::StoreError;
use super::work::Work;

/// The row of an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct OriginKey(pub(super) i64);

impl Work<'_> {
    /// The row for messages with these labels.
    pub(super) fn origin_of(&self, labels: &Labels) -> Result<OriginKey, StoreError> {
        let text = |word: &Option<String>| word.clone().unwrap_or_default();
        let Origin { mode, ladder, step, segment, wording } = &labels.origin;
        let wording = wording.as_ref();
        let values = params![
            text(&labels.batch),
            text(step),
            text(&labels.operator),
            text(&labels.creditor),
            wording.map_or("", |wording| wording.arm.as_str()),
            wording.map_or("", |wording| wording.template.as_str()),
            wording.map_or(0, |wording| wording.version),
            text(segment),
            text(ladder),
            text(&labels.team),
            mode.name(),
        ];
        let known = "SELECT key FROM origin WHERE batch = ? AND step = ? AND operator = ? AND creditor = ? AND arm = ?
             AND template = ? AND version = ? AND segment = ? AND ladder = ? AND team = ? AND mode = ?";
        let known = self.conn.prepare_cached(known)?.query_row(values, |row| row.get(0)).optional()?;
        if let Some(key) = known {
            return Ok(OriginKey(key));
        }
        self.conn
            .prepare_cached(
                "INSERT INTO origin (batch, step, operator, creditor, arm, template, version, segment, ladder, team, mode)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(values)?;
        Ok(OriginKey(self.conn.last_insert_rowid()))
    }
}

/// Reads mode, ladder, step, segment, template, version and arm, from a column on.
pub(super) fn read_origin(row: &Row<'_>, first: usize) -> rusqlite::Result<Origin> {
    let word = |column: usize| {
        let word: Option<String> = row.get(first + column)?;
        Ok::<_, rusqlite::Error>(word.filter(|word| !word.is_empty()))
    };
    let wording = match (word(4)?, row.get(first + 5)?, word(6)?) {
        (Some(template), Some(version), arm) => Some(Wording { template, version, arm: arm.unwrap_or_default() }),
        _ => None,
    };
    let mode = word(0)?.and_then(|mode| Mode::from_name(&mode)).unwrap_or_default();
    Ok(Origin { mode, ladder: word(1)?, step: word(2)?, segment: word(3)?, wording })
}
