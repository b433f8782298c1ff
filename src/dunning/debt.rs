//! What is owed, and how it stands.

use std::fmt;

use jiff::civil::Date;

use super::money::{Amount, Currency};

/// A debt, by the caller's id. `Debug` shows ids and status only.
#[derive(Clone, PartialEq, Eq)]
pub struct Debt {
    /// The caller's id.
    pub id: String,
    /// To whom it is owed, by the caller's id.
    pub creditor: String,
    /// Who owes it, by the caller's id.
    pub debtor: String,
    /// What both amounts are in.
    pub currency: Currency,
    /// What it was at first.
    pub original: Amount,
    /// What it is now, with interest and fees.
    pub amount: Amount,
    /// When it is or was due: a day of the creditor's zone.
    pub due: Date,
    /// Which of several instalments it is.
    pub instalment: Option<Instalment>,
    /// The contract.
    pub contract: Option<String>,
    /// What was bought.
    pub product: Option<String>,
    /// On which terms, in the caller's words.
    pub terms: Option<String>,
    /// The digits of the line that pays a boleto.
    pub boleto: Option<String>,
    /// The text of a Pix QR code, to copy and paste.
    pub pix: Option<String>,
    /// Where it can be paid or looked at.
    pub link: Option<String>,
    /// What opens the link.
    pub access_code: Option<String>,
    /// The ladder that it goes by; the creditor's if none is named.
    pub ladder: Option<String>,
    /// Anything else, in the caller's words.
    pub tags: Vec<String>,
    /// How it stands.
    pub status: Status,
}

impl fmt::Debug for Debt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, creditor, debtor, status, .. } = self;
        f.debug_struct("Debt")
            .field("id", id)
            .field("creditor", creditor)
            .field("debtor", debtor)
            .field("status", status)
            .finish_non_exhaustive()
    }
}

impl Debt {
    /// Days since it was due on `today`; negative before.
    pub fn days_late(&self, today: Date) -> i32 {
        today.since(self.due).map_or(0, |span| span.get_days())
    }
}

/// One of several instalments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instalment {
    /// Which, from 1.
    pub number: u16,
    /// Of how many.
    pub of: u16,
}

/// How a debt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Status {
    /// It is owed.
    #[default]
    Open,
    /// The debtor promised to pay until this day.
    Promised {
        /// The last day of the promise, in the creditor's zone.
        until: Date,
    },
    /// There is an agreement, which has debts of its own.
    Agreed,
    /// The debtor says that it is not owed.
    Disputed,
    /// It is paid.
    Paid,
    /// It is no longer asked for.
    Cancelled,
}

impl Status {
    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Promised { .. } => "promised",
            Self::Agreed => "agreed",
            Self::Disputed => "disputed",
            Self::Paid => "paid",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status with this word; a promise needs its day.
    pub fn from_name(name: &str, until: Option<Date>) -> Option<Self> {
        Some(match (name, until) {
            ("open", _) => Self::Open,
            ("promised", Some(until)) => Self::Promised { until },
            ("agreed", _) => Self::Agreed,
            ("disputed", _) => Self::Disputed,
            ("paid", _) => Self::Paid,
            ("cancelled", _) => Self::Cancelled,
            _ => return None,
        })
    }

    /// The day of a promise.
    pub fn until(self) -> Option<Date> {
        match self {
            Self::Promised { until } => Some(until),
            Self::Open | Self::Agreed | Self::Disputed | Self::Paid | Self::Cancelled => None,
        }
    }

    /// Whether it may be asked for, now or after a promise.
    pub fn is_asked_for(self) -> bool {
        match self {
            Self::Open | Self::Promised { .. } => true,
            Self::Agreed | Self::Disputed | Self::Paid | Self::Cancelled => false,
        }
    }

    /// Whether something is still owed.
    pub fn is_owed(self) -> bool {
        match self {
            Self::Open | Self::Promised { .. } | Self::Agreed | Self::Disputed => true,
            Self::Paid | Self::Cancelled => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn words_come_back() {
        let until = date(2026, 11, 30);
        let all = [
            Status::Open,
            Status::Promised { until },
            Status::Agreed,
            Status::Disputed,
            Status::Paid,
            Status::Cancelled,
        ];
        for status in all {
            assert_eq!(Status::from_name(status.name(), status.until()), Some(status));
        }
        assert_eq!(Status::from_name("promised", None), None);
        assert_eq!(Status::from_name("gone", None), None);
    }
}
