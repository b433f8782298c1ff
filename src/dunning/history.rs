//! What became of debts and of promises about them: which were paid late, and which promises were broken.
//!
//! A promise is kept by a payment until its last day, the days of grace among them. It is waited for no longer where an
//! agreement, another due day, a dispute or the creditor's own word took its place in time, or another promise until the day
//! that was promised. Whatever else happens keeps no promise.

use jiff::civil::Date;

use super::case::Past;

/// Something that happened to a debt and matters for its promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Something was paid.
    Paid {
        /// It was everything.
        is_all: bool,
    },
    /// It was promised to be paid.
    Promised {
        /// Until this day.
        until: Date,
        /// The last day on which it is waited for: that one, or the last of the grace.
        ends: Date,
    },
    /// An agreement, another due day or a dispute: a promise is no longer waited for.
    Replaced,
    /// It is no longer asked for.
    Cancelled,
    /// It is owed again.
    Reopened,
}

/// A debt with what happened to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// When it is due.
    pub due: Date,
    /// Whether it is paid.
    pub is_paid: bool,
    /// What happened, in its order, with the days where the creditor is.
    pub deeds: Vec<(Date, Deed)>,
}

impl History {
    /// Whether it was paid, and later than it was due.
    fn is_paid_late(&self) -> bool {
        let mut payments = self.deeds.iter().rev().filter(|(_, deed)| matches!(deed, Deed::Paid { .. }));
        self.is_paid && payments.next().is_some_and(|(day, _)| *day > self.due)
    }

    /// How many promises were broken by `today`.
    fn broken(&self, today: Date) -> u32 {
        let (mut broken, mut is_owed) = (0, true);
        for (place, (_, deed)) in self.deeds.iter().enumerate() {
            match *deed {
                Deed::Paid { is_all: true } | Deed::Cancelled => is_owed = false,
                Deed::Reopened => is_owed = true,
                // Told of a debt that is not owed, it promises nothing.
                Deed::Promised { until, ends } if is_owed && ends < today => {
                    let mut later = self.deeds.iter().skip(place + 1);
                    let is_settled = later.any(|(day, deed)| match deed {
                        Deed::Paid { .. } | Deed::Replaced | Deed::Cancelled => *day <= ends,
                        Deed::Promised { .. } => *day <= until,
                        Deed::Reopened => false,
                    });
                    broken += u32::from(!is_settled);
                }
                Deed::Promised { .. } | Deed::Paid { is_all: false } | Deed::Replaced => {}
            }
        }
        broken
    }
}

impl Past {
    /// What the debts of a debtor tell of the past by `today`.
    pub fn of(histories: &[History], today: Date) -> Self {
        let count = |which: fn(&History) -> bool| {
            u32::try_from(histories.iter().filter(|history| which(history)).count()).unwrap_or(u32::MAX)
        };
        Self {
            paid: count(|history| history.is_paid),
            paid_late: count(History::is_paid_late),
            promises_broken: histories.iter().map(|history| history.broken(today)).sum(),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn november(day: i8) -> Date {
        date(2026, 11, day)
    }

    /// A promise with two days of grace.
    fn promise(until: i8) -> Deed {
        Deed::Promised { until: november(until), ends: november(until + 2) }
    }

    const PAID: Deed = Deed::Paid { is_all: true };
    const PART: Deed = Deed::Paid { is_all: false };

    /// On the 26th, of a debt that was due on the 5th.
    fn check(deeds: &[(i8, Deed)], expected: u32) {
        let deeds = deeds.iter().map(|(day, deed)| (november(*day), *deed)).collect();
        let history = History { due: november(5), is_paid: false, deeds };
        assert_eq!(Past::of(std::slice::from_ref(&history), november(26)).promises_broken, expected, "{history:?}");
    }

    #[test]
    fn a_promise_is_kept_by_a_payment_in_time_and_by_nothing_else() {
        check(&[(6, promise(10))], 1);
        check(&[(6, promise(10)), (10, PAID)], 0);
        check(&[(6, promise(10)), (12, PAID)], 0);
        check(&[(6, promise(10)), (12, PART)], 0);
        check(&[(6, promise(10)), (13, PAID)], 1);
        check(&[(6, promise(10)), (7, Deed::Reopened)], 1);
        for end in [Deed::Replaced, Deed::Cancelled] {
            check(&[(6, promise(10)), (12, end)], 0);
            check(&[(6, promise(10)), (13, end)], 1);
        }
    }

    #[test]
    fn a_promise_is_replaced_by_another_until_its_day() {
        check(&[(6, promise(10)), (8, promise(20))], 1);
        check(&[(6, promise(10)), (10, promise(20))], 1);
        check(&[(6, promise(10)), (11, promise(20))], 2);
        check(&[(6, promise(10)), (12, promise(20)), (20, PAID)], 1);
        check(&[(6, promise(10)), (12, promise(15)), (18, promise(20))], 3);
    }

    #[test]
    fn a_promise_is_waited_for_until_its_grace_is_over() {
        check(&[(6, promise(24))], 0);
        check(&[(6, promise(23))], 1);
    }

    #[test]
    fn a_promise_of_what_is_not_owed_is_none() {
        check(&[(6, PAID), (7, promise(10))], 0);
        check(&[(6, Deed::Cancelled), (7, promise(10))], 0);
        check(&[(6, PAID), (7, Deed::Reopened), (8, promise(10))], 1);
    }

    #[test]
    fn what_is_paid_after_it_was_due_is_late() {
        let paid = |day| History { due: november(5), is_paid: true, deeds: vec![(november(day), PAID)] };
        let open = History { is_paid: false, ..paid(6) };
        // What was imported as paid is not known to be late.
        let imported = History { deeds: Vec::new(), ..paid(6) };
        let past = Past::of(&[paid(4), paid(5), paid(6), open, imported], november(26));
        assert_eq!((past.paid, past.paid_late, past.promises_broken), (4, 1, 0));
    }
}
