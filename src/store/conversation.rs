//! Texts of a person and answers to them: who looks after it, and until when.

use rusqlite::{OptionalExtension as _, params};

use crate::sms::number::PhoneNumber;

use super::StoreError;
use super::row::number;
use super::work::Work;

/// What a person does with a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Care {
    /// It is looked after by this person; by nobody where none is named.
    Assign(Option<String>),
    /// Nothing is to be done any more, until the next text.
    Close,
}

impl Work<'_> {
    /// Changes who looks after a conversation. The number of the person; `None` where there is no such conversation.
    pub fn care(&mut self, conversation: i64, care: &Care) -> Result<Option<PhoneNumber>, StoreError> {
        let changed = match care {
            Care::Assign(to) => self
                .conn
                .prepare_cached("UPDATE conversation SET assigned = ? WHERE key = ? RETURNING number")?
                .query_row(params![to, conversation], |row| row.get(0))
                .optional()?,
            Care::Close => self
                .conn
                .prepare_cached("UPDATE conversation SET is_open = 0, needs_person = 0 WHERE key = ? RETURNING number")?
                .query_row([conversation], |row| row.get(0))
                .optional()?,
        };
        Ok(changed.and_then(number))
    }
}
