//! One place and what binds there: its hours as an unbroken line of open and closed stretches, each exact to the moment at
//! which a clock reaches its edge, also on days on which the clock is moved.
//!
//! A moment is open if the time that local clocks show is open. An hour that is skipped in spring is never shown; one that
//! comes twice in autumn is open twice, or not at all.

use std::sync::Arc;
use std::time::Duration;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::clock::Timestamp;
use crate::contact::place::{State, Zone};
use crate::sms::number::Country;

use super::Reason;
use super::holiday::{Holiday, easter};
use super::rule::{Day, Rule, Week};
use super::span::DAY_MS;

/// How far a search for an opening or a closing looks.
pub(super) const HORIZON: Duration = Duration::from_secs(400 * 86_400);

/// What binds at a place, whatever its zone.
#[derive(Debug, Clone, Default)]
pub(super) struct Schedule {
    pub(super) rules: Vec<Arc<Rule>>,
    pub(super) holidays: Vec<Arc<Holiday>>,
}

/// A place.
#[derive(Debug, Clone)]
pub(super) struct Site<'a> {
    pub(super) country: Country,
    pub(super) state: Option<State>,
    pub(super) zone: Zone,
    pub(super) schedule: &'a Schedule,
    /// Days on which the company is closed, in order.
    pub(super) closures: &'a [Date],
    /// Hours of the debtor.
    pub(super) person: Option<&'a Week>,
}

/// What holds at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    /// Nothing if it is open.
    pub(super) closed: Option<Reason>,
    /// Nothing changes before.
    pub(super) until: Timestamp,
}

impl Look {
    pub(super) fn is_open(self) -> bool {
        self.closed.is_none()
    }
}

/// A moment as clocks at a place show it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) local: DateTime,
    today: Day,
    /// The same day where no hours run past midnight.
    yesterday: Day,
    /// Since midnight.
    ms: i64,
}

impl Moment {
    /// Whether these hours are open.
    pub(super) fn is_open_by(self, week: &Week) -> bool {
        week.is_open(self.today, self.yesterday, self.ms)
    }
}

impl Site<'_> {
    /// What holds at a moment. Outside the years that civil time knows everything is closed.
    pub(super) fn look(&self, at: Timestamp) -> Look {
        let Some(moment) = self.moment(at) else { return Look { closed: Some(Reason::Window), until: Timestamp::MAX } };
        let date = moment.local.date();
        if self.is_closure(date) {
            return Look { closed: Some(Reason::Holiday), until: self.at(at, moment, DAY_MS) };
        }
        if self.weeks().next().is_none() && self.closures.last().is_none_or(|last| *last < date) {
            return Look { closed: None, until: Timestamp::MAX };
        }
        let edges = self.weeks().map(|week| week.next_edge(moment.today, moment.yesterday, moment.ms));
        let until = self.at(at, moment, edges.fold(DAY_MS, i64::min));
        Look { closed: self.closed(moment), until }
    }

    /// The first moment from `from` on at which it is open, within [`HORIZON`] of `start`.
    pub(super) fn next_open(&self, from: Timestamp, start: Timestamp) -> Option<Timestamp> {
        let mut at = from;
        loop {
            let look = self.look(at);
            if look.is_open() {
                return Some(at);
            }
            if look.until >= start + HORIZON {
                return None;
            }
            at = look.until;
        }
    }

    /// How clocks show a moment there.
    pub(super) fn moment(&self, at: Timestamp) -> Option<Moment> {
        let local = self.zone.clock().to_datetime(at.to_jiff()?);
        let today = self.day(local.date());
        let runs_past_midnight = self.weeks().any(Week::runs_past_midnight);
        let yesterday = if runs_past_midnight { self.day(local.date().yesterday().ok()?) } else { today };
        let seconds = i64::from(local.hour()) * 3600 + i64::from(local.minute()) * 60 + i64::from(local.second());
        let ms = seconds * 1000 + i64::from(local.millisecond());
        Some(Moment { local, today, yesterday, ms })
    }

    /// Whether the company is closed on this day.
    pub(super) fn is_closure(&self, date: Date) -> bool {
        self.closures.binary_search(&date).is_ok()
    }

    /// The holidays of a date.
    pub(super) fn holidays_on(&self, date: Date) -> impl Iterator<Item = &Holiday> {
        let easter = easter(date.year());
        self.schedule.holidays.iter().map(Arc::as_ref).filter(move |holiday| holiday.falls_on(date, easter))
    }

    fn closed(&self, moment: Moment) -> Option<Reason> {
        let mut closed = None;
        for week in self.weeks().filter(|week| !moment.is_open_by(week)) {
            if moment.today.is_holiday && week.speaks_of_holidays() {
                return Some(Reason::Holiday);
            }
            closed = Some(Reason::Window);
        }
        closed
    }

    fn weeks(&self) -> impl Iterator<Item = &Week> {
        self.schedule.rules.iter().map(|rule| &rule.week).chain(self.person)
    }

    fn day(&self, date: Date) -> Day {
        let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or_default();
        let is_asked = self.weeks().any(Week::speaks_of_holidays);
        Day { weekday, is_holiday: is_asked && self.holidays_on(date).next().is_some() }
    }

    /// The moment at which local clocks reach a time of the day of `moment`, or at which they are moved, if that is sooner.
    fn at(&self, now: Timestamp, moment: Moment, ms: i64) -> Timestamp {
        let ahead = u64::try_from(ms - moment.ms).unwrap_or_default();
        let edge = now + Duration::from_millis(ahead);
        next_move(self.zone.clock(), now).map_or(edge, |moved| moved.min(edge))
    }
}

/// When the clock is moved next.
fn next_move(zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
    let moved = zone.following(after.to_jiff()?).next()?;
    Some(Timestamp::from_jiff(moved.timestamp()))
}
