//! What is found in a file, with the line and the column where it stands.

use std::fmt;

use crate::sms::number::NumberError;

use super::super::boleto::BoletoError;
use super::super::money::Currency;
use super::super::operands::Operands;
use super::super::paper::Mismatch;
use super::super::pix::PixError;
use super::amount::CellError;
use super::field::Field;

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
    /// Neither yes nor no.
    #[error("not a yes or a no")]
    Confirmed,
    /// No language.
    #[error("not a language; there are pt-BR, es-MX and en")]
    Language,
    /// No status.
    #[error("not a status; there are open, promised, agreed, disputed, paid and cancelled")]
    Status,
    /// A promise without its last day.
    #[error("a promise needs its last day in a column of its own; map until to its heading")]
    PromiseDay,
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
    /// What was said last of files of this creditor is not so of this one: it has no such heading.
    #[error("no such heading, which was {} in a file before; what is stored of it stays", .0.name())]
    NoHeading(Field),
}

/// What is found has a word, and what it is about.
pub trait Coded {
    /// The word for it.
    fn code(&self) -> &'static str;

    /// What it is about, by name; never what stands in the cell.
    fn operands(&self) -> Operands;
}

impl Wrong {
    /// The words of all that is wrong, beside those of [`NumberError`].
    pub const CODES: [&str; 20] = [
        "empty",
        "no_debt_id",
        "no_creditor",
        "too_many_cells",
        "too_long",
        "amount_form",
        "amount_negative",
        "amount_fraction",
        "amount_large",
        "other_currency",
        "currency",
        "day",
        "instalment",
        "confirmed",
        "language",
        "status",
        "promise_day",
        "boleto",
        "pix",
        "refused",
    ];
}

impl Coded for Wrong {
    fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NoDebtId => "no_debt_id",
            Self::NoCreditor => "no_creditor",
            Self::TooManyCells => "too_many_cells",
            Self::TooLong(_) => "too_long",
            Self::Amount(CellError::Form(_)) => "amount_form",
            Self::Amount(CellError::Negative) => "amount_negative",
            Self::Amount(CellError::Fraction) => "amount_fraction",
            Self::Amount(CellError::TooLarge(_)) => "amount_large",
            Self::OtherCurrency { .. } => "other_currency",
            Self::Currency => "currency",
            Self::Day => "day",
            Self::Instalment => "instalment",
            Self::Number(error) => error.code(),
            Self::Confirmed => "confirmed",
            Self::Language => "language",
            Self::Status => "status",
            Self::PromiseDay => "promise_day",
            Self::Boleto(_) => "boleto",
            Self::Pix(_) => "pix",
        }
    }

    fn operands(&self) -> Operands {
        match self {
            Self::TooLong(most) => Operands::of("max", most),
            Self::Amount(CellError::Form(example)) => Operands::of("example", example),
            Self::OtherCurrency { stated, expected } => {
                Operands::of("stated", stated.code()).and("expected", expected.code())
            }
            Self::Boleto(error) => Operands::of("why", error),
            Self::Pix(error) => Operands::of("why", error),
            Self::Empty
            | Self::NoDebtId
            | Self::NoCreditor
            | Self::TooManyCells
            | Self::Amount(CellError::Negative | CellError::Fraction | CellError::TooLarge(_))
            | Self::Currency
            | Self::Day
            | Self::Instalment
            | Self::Number(_)
            | Self::Confirmed
            | Self::Language
            | Self::Status
            | Self::PromiseDay => Operands::none(),
        }
    }
}

impl Doubt {
    /// The words of all doubts.
    pub const CODES: [&str; 5] = ["number_left_out", "no_number", "paper_amount", "paper_due", "no_heading"];
}

impl Coded for Doubt {
    fn code(&self) -> &'static str {
        match self {
            Self::Number(_) => "number_left_out",
            Self::NoNumber => "no_number",
            Self::Paper(Mismatch::Amount { .. }) => "paper_amount",
            Self::Paper(Mismatch::Due { .. }) => "paper_due",
            Self::NoHeading(_) => "no_heading",
        }
    }

    fn operands(&self) -> Operands {
        match self {
            Self::Number(error) => Operands::of("number", error.code()),
            Self::NoNumber => Operands::none(),
            Self::NoHeading(field) => Operands::of("field", field.name()),
            Self::Paper(Mismatch::Amount { paper, stated, owed }) => {
                Operands::of("paper", paper).and("stated", stated).and("owed", owed)
            }
            Self::Paper(Mismatch::Due { paper, stated, due }) => {
                Operands::of("paper", paper).and("stated_day", stated).and("due_day", due)
            }
        }
    }
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
