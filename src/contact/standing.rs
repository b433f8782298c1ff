//! How things stand with a debtor: what was said or paid since, which holds texts that ask for payment.

use crate::clock::Timestamp;

use super::{Lasts, Obstacle, Reason};

/// Where a debt stands, as far as it is known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// It may be asked for.
    #[default]
    Open,
    /// The debtor promised to pay: nothing is asked until then.
    Promised {
        /// The promised day and the days of grace are over.
        until: Timestamp,
    },
    /// There is an agreement.
    Agreed,
    /// The debtor says that it is not owed.
    Disputed,
    /// It is paid.
    Paid,
    /// The debtor says that it is paid, and nobody has looked yet.
    Unconfirmed,
    /// It is no longer asked for.
    Cancelled,
}

impl Standing {
    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Promised { .. } => "promised",
            Self::Agreed => "agreed",
            Self::Disputed => "disputed",
            Self::Paid => "paid",
            Self::Unconfirmed => "unconfirmed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The standing with this word; a promise needs its time.
    pub fn from_name(name: &str, until: Option<Timestamp>) -> Option<Self> {
        Some(match (name, until) {
            ("open", _) => Self::Open,
            ("promised", Some(until)) => Self::Promised { until },
            ("agreed", _) => Self::Agreed,
            ("disputed", _) => Self::Disputed,
            ("paid", _) => Self::Paid,
            ("unconfirmed", _) => Self::Unconfirmed,
            ("cancelled", _) => Self::Cancelled,
            _ => return None,
        })
    }

    /// Until when it holds by itself.
    pub fn until(self) -> Option<Timestamp> {
        match self {
            Self::Promised { until } => Some(until),
            Self::Open | Self::Agreed | Self::Disputed | Self::Paid | Self::Unconfirmed | Self::Cancelled => None,
        }
    }

    /// Of two that are known of one person the higher one holds.
    pub fn severity(self) -> u8 {
        match self {
            Self::Open => 0,
            Self::Promised { .. } => 1,
            Self::Agreed => 2,
            Self::Unconfirmed => 3,
            Self::Disputed => 4,
            Self::Cancelled => 5,
            Self::Paid => 6,
        }
    }

    /// Whether it holds offers too. Who has paid or agreed may get one; who is not sure to be the debtor, or wants to be left
    /// alone, may not.
    pub fn holds_offers(self) -> bool {
        match self {
            Self::Paid | Self::Cancelled | Self::Agreed | Self::Open => false,
            Self::Promised { .. } | Self::Disputed | Self::Unconfirmed => true,
        }
    }

    /// What it puts in the way of a text that asks for payment.
    pub fn obstacle(self, at: Timestamp) -> Option<Obstacle> {
        let (reason, lasts) = match self {
            Self::Open => return None,
            Self::Promised { until } if until <= at => return None,
            Self::Promised { until } => (Reason::Promise, Lasts::Until(until)),
            Self::Agreed => (Reason::Agreed, Lasts::Open),
            Self::Disputed => (Reason::Disputed, Lasts::Open),
            // Whoever has paid is never asked again by what was written before.
            Self::Paid => (Reason::Paid, Lasts::ForGood),
            Self::Unconfirmed => (Reason::Unconfirmed, Lasts::Open),
            Self::Cancelled => (Reason::Outdated, Lasts::ForGood),
        };
        Some(Obstacle { reason, lasts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);
    const LATER: Timestamp = Timestamp::from_millis(2_000_000);

    #[test]
    fn a_promise_holds_until_its_time_and_no_longer() {
        let promised = Standing::Promised { until: LATER };
        assert_eq!(promised.obstacle(NOW), Some(Obstacle { reason: Reason::Promise, lasts: Lasts::Until(LATER) }));
        assert_eq!(promised.obstacle(LATER), None);
    }

    #[test]
    fn what_is_owed_no_more_is_for_good() {
        for (standing, lasts) in [
            (Standing::Agreed, Lasts::Open),
            (Standing::Disputed, Lasts::Open),
            (Standing::Unconfirmed, Lasts::Open),
            (Standing::Paid, Lasts::ForGood),
            (Standing::Cancelled, Lasts::ForGood),
        ] {
            assert_eq!(standing.obstacle(NOW).map(|obstacle| obstacle.lasts), Some(lasts), "{}", standing.name());
        }
        assert_eq!(Standing::Open.obstacle(NOW), None);
    }

    #[test]
    fn words_come_back() {
        for standing in [
            Standing::Open,
            Standing::Promised { until: LATER },
            Standing::Agreed,
            Standing::Disputed,
            Standing::Paid,
            Standing::Unconfirmed,
            Standing::Cancelled,
        ] {
            assert_eq!(Standing::from_name(standing.name(), standing.until()), Some(standing));
        }
        assert_eq!(Standing::from_name("promised", None), None);
        assert_eq!(Standing::from_name("gone", None), None);
    }
}
