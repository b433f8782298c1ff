//! What pays a debt, and where it says something else than the debt that it pays.

use std::fmt;

use jiff::civil::Date;

use super::money::Amount;

/// What a debt is paid with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Paper {
    /// A boleto, by its digitable line.
    Boleto,
    /// A Pix code, to copy and paste.
    Pix,
}

impl fmt::Display for Paper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Boleto => "boleto",
            Self::Pix => "pix code",
        })
    }
}

/// A paper that says something else than its debt. It is no error: interest of one day is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The amounts differ.
    #[error("the {paper} says {stated}, the debt {owed}")]
    Amount {
        /// What says so.
        paper: Paper,
        /// Its amount.
        stated: Amount,
        /// The debt's.
        owed: Amount,
    },
    /// The days differ.
    #[error("the {paper} is due on {stated}, the debt on {due}")]
    Due {
        /// What says so.
        paper: Paper,
        /// Its day.
        stated: Date,
        /// The debt's.
        due: Date,
    },
}

impl Mismatch {
    /// Where a paper states an amount that is not `owed`.
    pub(super) fn of_amount(paper: Paper, stated: Option<Amount>, owed: Amount) -> Option<Self> {
        stated.filter(|stated| *stated != owed).map(|stated| Self::Amount { paper, stated, owed })
    }

    /// Where a paper states a day that is not `due`.
    pub(super) fn of_due(paper: Paper, stated: Option<Date>, due: Date) -> Option<Self> {
        stated.filter(|stated| *stated != due).map(|stated| Self::Due { paper, stated, due })
    }
}
