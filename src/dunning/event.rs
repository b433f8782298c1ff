//! What happens to a debt, as its keeper tells it.

use jiff::civil::Date;

use super::debt::{Debt, Status};
use super::money::Amount;

/// Something that happened to a debt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// Its day has passed without payment.
    Overdue,
    /// Something was paid; everything, where no amount is told.
    PaymentReceived {
        /// How much.
        amount: Option<Amount>,
    },
    /// It was promised to be paid until this day.
    Promise {
        /// The last day.
        until: Date,
    },
    /// An agreement took its place.
    Agreement,
    /// It is due later than it was.
    ExtensionGranted {
        /// The new day.
        due: Date,
    },
    /// The debtor says that it is not owed.
    Dispute,
    /// What it was owed for is no longer supplied.
    ServiceCut,
    /// It is owed again: a payment bounced, an agreement was broken, a dispute was settled.
    Reopened,
    /// It is no longer asked for.
    Cancelled,
}

impl Happening {
    /// The words of all of them.
    pub const NAMES: [&str; 9] = [
        "overdue",
        "payment_received",
        "promise",
        "agreement",
        "extension_granted",
        "dispute",
        "service_cut",
        "reopened",
        "cancelled",
    ];

    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::PaymentReceived { .. } => "payment_received",
            Self::Promise { .. } => "promise",
            Self::Agreement => "agreement",
            Self::ExtensionGranted { .. } => "extension_granted",
            Self::Dispute => "dispute",
            Self::ServiceCut => "service_cut",
            Self::Reopened => "reopened",
            Self::Cancelled => "cancelled",
        }
    }

    /// The word as it is known here; `None` where nothing is called so.
    pub fn known(name: &str) -> Option<&'static str> {
        Self::NAMES.into_iter().find(|known| *known == name)
    }

    /// The amount that it tells.
    pub fn amount(self) -> Option<Amount> {
        match self {
            Self::PaymentReceived { amount } => amount,
            Self::Overdue
            | Self::Promise { .. }
            | Self::Agreement
            | Self::ExtensionGranted { .. }
            | Self::Dispute
            | Self::ServiceCut
            | Self::Reopened
            | Self::Cancelled => None,
        }
    }

    /// The day that it tells.
    pub fn day(self) -> Option<Date> {
        match self {
            Self::Promise { until } => Some(until),
            Self::ExtensionGranted { due } => Some(due),
            Self::Overdue
            | Self::PaymentReceived { .. }
            | Self::Agreement
            | Self::Dispute
            | Self::ServiceCut
            | Self::Reopened
            | Self::Cancelled => None,
        }
    }

    /// Makes a debt what it is afterwards.
    ///
    /// What is paid in part is owed for the rest, and a promise or an agreement about it stays. What is paid or cancelled
    /// stays so until it is reopened: a promise that is told late takes nothing back. What is disputed or agreed is not asked
    /// for before it is reopened either: a promise or another day alone does not end a dispute, nor an agreement.
    pub fn apply(self, debt: &mut Debt) {
        if !debt.status.is_owed() && self != Self::Reopened {
            return;
        }
        match self {
            Self::PaymentReceived { amount } => {
                let left = amount.map_or(0, |paid| debt.amount.hundredths() - paid.hundredths());
                match Amount::from_hundredths(left).filter(|_| left > 0) {
                    Some(left) => debt.amount = left,
                    None => debt.status = Status::Paid,
                }
            }
            Self::Promise { until } => {
                if debt.status.is_asked_for() {
                    debt.status = Status::Promised { until };
                }
            }
            Self::Agreement => debt.status = Status::Agreed,
            Self::ExtensionGranted { due } => {
                debt.due = due;
                if debt.status.is_asked_for() {
                    debt.status = Status::Open;
                }
            }
            Self::Dispute => debt.status = Status::Disputed,
            Self::Reopened => debt.status = Status::Open,
            Self::Cancelled => debt.status = Status::Cancelled,
            Self::Overdue | Self::ServiceCut => {}
        }
    }

    /// Whether texts that were written before may say what is no longer so, and must not go.
    pub fn outdates_texts(self) -> bool {
        match self {
            Self::PaymentReceived { .. } | Self::ExtensionGranted { .. } | Self::Agreement | Self::Cancelled => true,
            Self::Overdue | Self::Promise { .. } | Self::Dispute | Self::ServiceCut | Self::Reopened => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dunning::sample;
    use jiff::civil::date;

    fn debt() -> Debt {
        Debt { creditor: "c1".to_owned(), ..sample::debt("d1", "p1", date(2026, 11, 10)) }
    }

    fn after(happenings: &[Happening]) -> (Status, String) {
        let mut debt = debt();
        for one in happenings {
            one.apply(&mut debt);
        }
        (debt.status, debt.amount.to_string())
    }

    fn paid(amount: &str) -> Happening {
        Happening::PaymentReceived { amount: Some(amount.parse().unwrap()) }
    }

    #[test]
    fn a_payment_of_all_or_more_ends_it() {
        let whole = Happening::PaymentReceived { amount: None };
        for happening in [whole, paid("110.00"), paid("500.00")] {
            assert_eq!(after(&[happening]).0, Status::Paid, "{happening:?}");
        }
    }

    #[test]
    fn a_part_leaves_the_rest_and_the_promise() {
        assert_eq!(after(&[paid("60.00")]), (Status::Open, "50.00".to_owned()));
        let until = date(2026, 12, 1);
        let promised = Happening::Promise { until };
        assert_eq!(after(&[promised, paid("60.00")]), (Status::Promised { until }, "50.00".to_owned()));
        assert_eq!(after(&[paid("60.00"), paid("50.00")]).0, Status::Paid);
    }

    #[test]
    fn what_is_told_late_takes_no_payment_back() {
        let late = [paid("110.00"), Happening::Promise { until: date(2026, 12, 1) }, Happening::Dispute];
        assert_eq!(after(&late).0, Status::Paid);
        assert_eq!(after(&[paid("110.00"), Happening::Reopened]).0, Status::Open);
    }

    #[test]
    fn a_dispute_and_an_agreement_hold_until_the_debt_is_reopened() {
        let until = date(2026, 12, 1);
        let later = [Happening::Promise { until }, Happening::ExtensionGranted { due: until }];
        for later in later {
            assert_eq!(after(&[Happening::Dispute, later]).0, Status::Disputed, "{later:?}");
            assert_eq!(after(&[Happening::Agreement, later]).0, Status::Agreed, "{later:?}");
            let promised_before = [Happening::Promise { until }, Happening::Dispute, later];
            assert_eq!(after(&promised_before).0, Status::Disputed, "{later:?}");
            assert_eq!(after(&[Happening::Dispute, later, Happening::Reopened]).0, Status::Open);
        }
        assert_eq!(after(&[Happening::Dispute, Happening::Agreement]).0, Status::Agreed);
        assert_eq!(after(&[Happening::Agreement, Happening::Dispute]).0, Status::Disputed);
        let mut disputed = debt();
        Happening::Dispute.apply(&mut disputed);
        Happening::ExtensionGranted { due: until }.apply(&mut disputed);
        assert_eq!(disputed.due, until);
    }

    #[test]
    fn an_extension_moves_the_day_and_ends_the_promise() {
        let mut debt = debt();
        Happening::Promise { until: date(2026, 11, 20) }.apply(&mut debt);
        Happening::ExtensionGranted { due: date(2026, 12, 10) }.apply(&mut debt);
        assert_eq!((debt.status, debt.due), (Status::Open, date(2026, 12, 10)));
    }
}
