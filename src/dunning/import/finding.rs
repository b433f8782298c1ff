//! What is found in a file, with the line and the column where it stands.

use std::fmt;

use crate::sms::number::NumberError;

use super::super::boleto::BoletoError;
use super::super::money::Currency;
use super::super::paper::Mismatch;
use super::super::pix::PixError;
use super::amount::CellError;

/// Characters of a cell that are shown.
const CELL_CHARS: usize = 100;

/// Something about a cell. `Debug` does not show what is in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Finding<W> {
    /// The line on which its row begins, from 1.
    pub line: u64,
    /// The heading of its column; `None` where it is about the whole row.
    pub column: Option<String>,
    /// The beginning of what stands there, for whoever sent the file.
    pub cell: String,
    /// What it is.
    pub what: W,
}

/// Why a row cannot be taken in.
pub type Fault = Finding<Wrong>;

/// What somebody should look at although the row can be taken in.
pub type Warning = Finding<Doubt>;

/// What is wrong with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// Nothing stands where something must.
    #[error("empty")]
    Empty,
    /// Neither an id of the debt, nor what would make one.
    #[error("the debt has no id: fill in the column of the id, or contract and instalment")]
    NoDebtId,
    /// There is no such creditor.
    #[error("no creditor has this id; make the creditor known first")]
    NoCreditor,
    /// There are more cells than headings.
    #[error("more cells than headings; a cell with a delimiter in it is to stand in quotes")]
    TooManyCells,
    /// Longer than such a thing is.
    #[error("longer than {0} characters")]
    TooLong(usize),
    /// No amount.
    #[error(transparent)]
    Amount(CellError),
    /// The amount is in another currency than the row.
    #[error("the amount is in {}, the debt in {}", .stated.code(), .expected.code())]
    OtherCurrency {
        /// What the cell names.
        stated: Currency,
        /// What the debt is in.
        expected: Currency,
    },
    /// No currency.
    #[error("not a currency; there are BRL, MXN and USD")]
    Currency,
    /// No day.
    #[error("not a day such as 31/12/2026 or 2026-12-31")]
    Day,
    /// No instalment.
    #[error("not an instalment such as 3/12")]
    Instalment,
    /// No number can be texted.
    #[error("{0}")]
    Number(NumberError),
    /// No language.
    #[error("not a language; there are pt-BR, es-MX and en")]
    Language,
    /// No status.
    #[error("not a status; there are open, agreed, disputed, paid and cancelled")]
    Status,
    /// No boleto.
    #[error("{0}")]
    Boleto(BoletoError),
    /// No Pix code.
    #[error("{0}")]
    Pix(PixError),
}

/// What is doubtful in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// One of several numbers cannot be texted, and is left out.
    #[error("left out: {0}")]
    Number(NumberError),
    /// There is no number at all.
    #[error("there is no number")]
    NoNumber,
    /// What pays it says something else than the row.
    #[error("{0}")]
    Paper(Mismatch),
}

impl<W: fmt::Debug> fmt::Debug for Finding<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, cell: _, what } = self;
        f.debug_struct("Finding")
            .field("line", line)
            .field("column", column)
            .field("what", what)
            .finish_non_exhaustive()
    }
}

impl<W> Finding<W> {
    /// A finding about a cell, of which the beginning is kept.
    pub(super) fn new(line: u64, column: Option<&str>, cell: &str, what: W) -> Self {
        let cell = cell.chars().take(CELL_CHARS).collect();
        Self { line, column: column.map(str::to_owned), cell, what }
    }
}
