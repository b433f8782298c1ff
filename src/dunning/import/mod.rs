//! From a file of other programs to debtors and debts: CSV as it comes out of collection systems and spreadsheets.
//!
//! A file is read twice. The first time ([`Survey`]) it tells how it is written: its characters, and which mark stands before
//! decimals, which single cells such as `1.234` do not tell. The second time ([`Import`]) each line becomes a [`Row`] or the
//! [`Fault`]s that say why not. Lines are given one by one; nothing of them is kept. Whether two rows are
//! one debt is not known here.

mod amount;
mod columns;
mod date;
mod encoding;
mod field;
mod finding;
mod row;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use csv::ByteRecord;

use crate::sms::number::Country;

use super::money::Currency;
use amount::{Habits, Style};
use columns::Columns;
use row::Line;

pub use amount::{CellError, Decimals, Example};
pub use columns::HeadingError;
pub use date::Dates;
pub use encoding::Encoding;
pub use field::Field;
pub use finding::{Coded, Doubt, Fault, Finding, Warning, Wrong};
pub use row::Row;

/// The mark of UTF-8 that some programs put in front.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What a file does not say of itself.
#[derive(Debug, Clone)]
pub struct Options {
    /// To whom is owed what stands in rows that name nobody.
    pub creditor: Option<String>,
    /// The creditors that there are, by their ids, and what is owed to them in rows that do not say it.
    pub creditors: BTreeMap<String, Currency>,
    /// Whose national forms numbers have.
    pub country: Country,
    /// The mark before decimals; by what the file shows if nothing is said.
    pub decimals: Option<Decimals>,
    /// The order of days.
    pub dates: Dates,
    /// Headings of fields, before what they seem to be.
    pub mapping: Vec<(Field, String)>,
}

/// Why a file cannot be read although its headings can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SurveyError {
    /// An amount may be read in two ways, and no other tells which.
    #[error("line {line}: an amount such as 1.234 may be a thousand or a fraction; say decimals: comma or point")]
    Decimals {
        /// The line of the first one.
        line: u64,
    },
}

/// The first reading of a file.
#[derive(Debug)]
pub struct Survey {
    options: Options,
    columns: Columns,
    habits: Habits,
    is_utf_8: bool,
}

/// The second reading of a file: each line for itself.
#[derive(Debug)]
pub struct Import {
    columns: Columns,
    encoding: Encoding,
    style: Style,
    dates: Dates,
    creditor: Option<String>,
    creditors: BTreeMap<String, Currency>,
    country: Country,
}

/// What parts the columns of a file, by its first line: `;`, `,` or a tab, whichever it has most of outside quotes.
pub fn delimiter(first_line: &[u8]) -> u8 {
    let line = first_line.split(|octet| matches!(octet, b'\n' | b'\r')).next().unwrap_or_default();
    let count = |delimiter: u8| {
        let outside = line.split(|octet| *octet == b'"').step_by(2);
        outside.flatten().filter(|octet| **octet == delimiter).count()
    };
    // Of equally many the first counts, which is the last for `max_by_key`.
    [b'\t', b',', b';'].into_iter().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b';')
}

/// What the columns of a file seem to be.
#[derive(Debug)]
pub struct Outline {
    /// The headings, and what each column is; `None` for those that are not read.
    pub columns: Vec<(String, Option<Field>)>,
    /// What keeps the file from being read like that.
    pub errors: Vec<HeadingError>,
}

/// Looks at the line of headings alone.
pub fn outline(heading: &ByteRecord, mapping: &[(Field, String)], has_creditor: bool) -> Outline {
    let (columns, errors) = Columns::outline(cells(heading), mapping, has_creditor);
    Outline { columns: columns.all().map(|(heading, field)| (heading.to_owned(), field)).collect(), errors }
}

/// Whether a line of headings has this one, as it is written or as people take it for the same.
pub fn has_heading(line: &ByteRecord, heading: &str) -> bool {
    let folded = field::fold(heading);
    cells(line).iter().any(|one| one == heading.trim() || field::fold(one) == folded)
}

/// The cells of a line as they are shown.
pub fn cells(record: &ByteRecord) -> Vec<String> {
    let shown = |cell: &[u8]| {
        let cell = cell.strip_prefix(BYTE_ORDER_MARK).unwrap_or(cell);
        Encoding::of(cell).decode(cell).trim().to_owned()
    };
    record.iter().map(shown).collect()
}

impl Survey {
    /// Begins with the line of headings.
    pub fn new(heading: &ByteRecord, options: Options) -> Result<Self, Vec<HeadingError>> {
        let columns = Columns::read(cells(heading), &options.mapping, options.creditor.is_some())?;
        Ok(Self { options, columns, habits: Habits::default(), is_utf_8: true })
    }

    /// Looks at a line.
    pub fn look(&mut self, record: &ByteRecord, line: u64) {
        self.is_utf_8 &= record.iter().all(|cell| Encoding::of(cell) == Encoding::Utf8);
        for field in [Field::Original, Field::Amount] {
            let cell = self.columns.place(field).and_then(|place| record.get(place));
            // No octet of an amount differs between the encodings, but for a space that is cut off.
            if let Some(cell) = cell.map(|cell| Encoding::of(cell).decode(cell)) {
                self.habits.look(&cell, line);
            }
        }
    }

    /// How the file is to be read.
    pub fn conclude(self) -> Result<Import, SurveyError> {
        let Self { options, columns, habits, is_utf_8 } = self;
        let style = habits.conclude(options.decimals).map_err(|line| SurveyError::Decimals { line })?;
        let encoding = if is_utf_8 { Encoding::Utf8 } else { Encoding::Windows1252 };
        let Options { creditor, creditors, country, dates, decimals: _, mapping: _ } = options;
        Ok(Import { columns, encoding, style, dates, creditor, creditors, country })
    }
}

impl Import {
    /// The row of a line, `None` for one of empty cells; or all that is wrong with it.
    pub fn row(&self, record: &ByteRecord, line: u64) -> Result<Option<Row>, Vec<Fault>> {
        if record.iter().all(|cell| cell.trim_ascii().is_empty()) {
            return Ok(None);
        }
        Line::new(self, record, line).read().map(Some)
    }

    /// What its characters are written in.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Its headings, and what each column is; `None` for those that are not read.
    pub fn columns(&self) -> impl Iterator<Item = (&str, Option<Field>)> {
        self.columns.all()
    }
}
