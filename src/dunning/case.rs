//! What ladder, segment and template are given: one debtor, what is owed to one creditor, and what came before.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use crate::contact::reply::Intent;

use super::creditor::Creditor;
use super::debt::Debt;
use super::debtor::Debtor;
use super::event::Happening;
use super::money::Amount;

/// A debtor and the debts to one creditor on a day.
#[derive(Debug, Clone)]
pub struct Case {
    /// To whom it is owed.
    pub creditor: Arc<Creditor>,
    /// Who owes.
    pub debtor: Debtor,
    /// What is owed, the debt due first in front.
    pub debts: Vec<Debt>,
    /// What came before.
    pub past: Past,
    /// The day, in the creditor's zone.
    pub today: Date,
    /// The days on which debts were taken in, by the caller's ids.
    pub entered: BTreeMap<String, Date>,
    /// What has just happened to the debt, where the text is about that.
    pub happened: Option<Happened>,
}

/// What an event has left of a debt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Happened {
    /// What was paid.
    pub paid: Option<Amount>,
    /// What is still owed.
    pub remaining: Amount,
}

impl Happened {
    /// What an event makes of a debt that was `before` and is `after`.
    pub fn new(happening: Happening, before: &Debt, after: &Debt) -> Self {
        let paid = match happening {
            Happening::PaymentReceived { amount } => Some(amount.unwrap_or(before.amount)),
            Happening::Overdue
            | Happening::Promise { .. }
            | Happening::Agreement
            | Happening::ExtensionGranted { .. }
            | Happening::Dispute
            | Happening::ServiceCut
            | Happening::Reopened
            | Happening::Cancelled => None,
        };
        let remaining = if after.status.is_owed() { after.amount } else { Amount::default() };
        Self { paid, remaining }
    }
}

/// What is known of a debtor from before, over all creditors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Past {
    /// Debts that were paid.
    pub paid: u32,
    /// Of these, paid after they were due.
    pub paid_late: u32,
    /// Promises that were not kept.
    pub promises_broken: u32,
    /// Texts that were handed over since the last answer.
    pub attempts: u32,
    /// What the last answer wanted, the strictest first.
    pub last_intent: Option<Intent>,
}
