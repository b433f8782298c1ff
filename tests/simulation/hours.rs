//! The hours of the places that scenes use, written by hand from the laws and profiles, for the weeks that scenes lie in.
//!
//! Mid-November to the end of December 2026: no place among these changes its clocks then. What is not listed here is
//! never open.

use jiff::Zoned;
use jiff::civil::Weekday;
use jiff::tz::{Offset, TimeZone};
use recado::clock::Timestamp;

/// Where people of a scene are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    SaoPaulo,
    Rio,
    Manaus,
    /// Its area code belongs to the Federal District and to Goiás: what binds in either binds.
    Brasilia,
    MexicoCity,
    Tijuana,
}

/// Which rules hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    None,
    Auto,
    BrDefault,
    BrStrict,
    MxDefault,
}

impl Policy {
    pub(crate) const ALL: [Self; 5] = [Self::None, Self::Auto, Self::BrDefault, Self::BrStrict, Self::MxDefault];
}

/// Hours of a day, the end not among them.
type Open = Option<(i8, i8)>;

impl Place {
    pub(crate) const ALL: [Self; 6] =
        [Self::SaoPaulo, Self::Rio, Self::Manaus, Self::Brasilia, Self::MexicoCity, Self::Tijuana];

    /// Country and area code.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::SaoPaulo => "5511",
            Self::Rio => "5521",
            Self::Manaus => "5592",
            Self::Brasilia => "5561",
            Self::MexicoCity => "5255",
            Self::Tijuana => "52664",
        }
    }

    pub(crate) fn is_mexican(self) -> bool {
        matches!(self, Self::MexicoCity | Self::Tijuana)
    }

    /// Its clocks at that time.
    pub(crate) fn local(self, at: Timestamp) -> Zoned {
        let hours = match self {
            Self::SaoPaulo | Self::Rio | Self::Brasilia => -3,
            Self::Manaus => -4,
            Self::MexicoCity => -6,
            Self::Tijuana => -8,
        };
        at.to_jiff().unwrap().to_zoned(TimeZone::fixed(Offset::constant(hours)))
    }

    fn is_holiday(self, policy: Policy, month: i8, day: i8) -> bool {
        match (month, day) {
            (11, 16) => self.is_mexican(),
            (11, 20) => !self.is_mexican(),
            (11, 30) => self == Self::Brasilia,
            (12, 24) => !self.is_mexican() && policy == Policy::BrStrict,
            (12, 25) => true,
            _ => false,
        }
    }

    /// Of Mondays to Fridays, and of Saturdays.
    fn hours(self, policy: Policy, is_promotion: bool) -> (Open, Open) {
        // A strict profile brings in bills and what the trade advises: of advertising, nothing before ten.
        if policy == Policy::BrStrict {
            let from = if is_promotion && !self.is_mexican() { 10 } else { 9 };
            return (Some((from, 18)), None);
        }
        let (week, saturday) = match (self, is_promotion) {
            (Self::SaoPaulo, _) | (Self::Brasilia, false) => ((8, 20), Some((8, 14))),
            (Self::Brasilia, true) => ((9, 20), Some((9, 13))),
            (Self::Rio, false) => ((9, 19), None),
            (Self::Rio, true) => ((9, 18), None),
            (Self::Manaus, _) => ((8, 18), None),
            (Self::MexicoCity | Self::Tijuana, _) => ((8, 20), None),
        };
        (Some(week), saturday.filter(|_| policy != Policy::MxDefault))
    }

    /// Whether somebody here may be texted.
    pub(crate) fn is_open(self, policy: Policy, is_promotion: bool, at: Timestamp) -> bool {
        if policy == Policy::None {
            return true;
        }
        let local = self.local(at);
        let (week, saturday) = self.hours(policy, is_promotion);
        let open = match local.weekday() {
            Weekday::Sunday => None,
            Weekday::Saturday => saturday,
            _ => week,
        };
        let is_open = open.is_some_and(|(from, to)| (from..to).contains(&local.hour()));
        is_open && !self.is_holiday(policy, local.month(), local.day())
    }
}
