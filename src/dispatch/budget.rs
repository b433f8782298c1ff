//! What a SIM may still spend, counted in parts, and to how many recipients.
//!
//! `min_gap` is the pace between messages; `per_minute` and `per_hour` hold in any sliding 60 s and 3600 s; `per_day` and
//! `per_month` are civil periods in the SIM's zone that begin at its reset hour; `recipients_per_month` counts distinct
//! numbers in the civil month. `warm_up` lowers the limit of the day while a line is new. Everything is counted when a part
//! is offered. The counts live in the store; this is their image in memory, with the arithmetic.
//!
//! **A clock that is set back opens nothing anew.** What was spent later than now counts as spent now in the sliding windows
//! and in the day and month of now, and it counts in its own day and month too when these come. The image cannot know all of
//! that by itself: its owner reads it anew from what is stored when the clock goes back and when [`Budget::is_stale`] says
//! so.

mod civil;
mod estimate;
mod window;

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::clock::Timestamp;

pub use estimate::Course;

use civil::{Calendar, Span};
use window::Window;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// The first day of a new line, in parts, and the days after which it counts as proven.
const WARM_UP: (u32, u32) = (20, 14);

/// What a new line grows to if there is no limit for the day: the default of that limit.
const WARM_UP_TO: u32 = 300;

/// The limits of one SIM. Zero means none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Parts in any sliding 60 s.
    pub per_minute: u32,
    /// Parts in any sliding 3600 s.
    pub per_hour: u32,
    /// Parts in a civil day.
    pub per_day: u32,
    /// Parts in a civil month.
    pub per_month: u32,
    /// Distinct recipients in a civil month.
    pub recipients_per_month: u32,
    /// Whether a new line begins with a lower limit for the day, which grows for 14 days.
    pub warm_up: bool,
    /// Time from one message's last part to the next message's first.
    pub min_gap: Duration,
    /// Where the SIM's days and months are counted.
    pub zone: TimeZone,
    /// The hour at which they begin, 0..=23.
    pub reset_hour: i8,
}

impl Limits {
    /// No limit at all, with days in UTC.
    pub fn none() -> Self {
        Self {
            per_minute: 0,
            per_hour: 0,
            per_day: 0,
            per_month: 0,
            recipients_per_month: 0,
            warm_up: false,
            min_gap: Duration::ZERO,
            zone: TimeZone::UTC,
            reset_hour: 0,
        }
    }

    fn calendar(&self) -> Calendar<'_> {
        Calendar { zone: &self.zone, reset_hour: self.reset_hour }
    }

    /// The limit of the day that comes so many days after the one on which the SIM was first seen.
    fn day_limit(&self, age_days: u32) -> u32 {
        let (first, days) = WARM_UP;
        if !self.warm_up || age_days >= days {
            return self.per_day;
        }
        let full = if self.per_day == 0 { WARM_UP_TO } else { self.per_day };
        let grown = u64::from(full.saturating_sub(first)) * u64::from(age_days) / u64::from(days);
        full.min(first + u32::try_from(grown).unwrap_or(u32::MAX - first))
    }
}

/// Which limit answers, in the words of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// The pace between messages.
    Gap,
    /// Any sliding minute.
    Minute,
    /// Any sliding hour.
    Hour,
    /// The civil day.
    Day,
    /// The civil month.
    Month,
    /// Distinct recipients in the civil month.
    Recipients,
}

impl Period {
    /// The word in the API and in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Recipients => "recipients",
        }
    }
}

/// What is asked of a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// Parts that must fit together.
    pub parts: u32,
    /// The message has begun, so that the pace between messages does not apply.
    pub begun: bool,
    /// The SIM has sent nothing to the recipient in this month.
    pub stranger: bool,
}

impl Demand {
    /// A message of one part to a number that the SIM has sent to.
    pub const ONE: Self = Self { parts: 1, begun: false, stranger: false };
}

/// Whether a SIM may spend now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowance {
    /// It may.
    Now,
    /// Not before `at`, because of `period`.
    From {
        /// When it may.
        at: Timestamp,
        /// The limit that holds longest.
        period: Period,
    },
    /// Never: the message is larger than the limit itself.
    Never {
        /// The limit that is too small.
        period: Period,
        /// Its value, in parts.
        limit: u32,
    },
}

/// What one limit has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Which limit.
    pub period: Period,
    /// Its value, in parts or recipients.
    pub limit: u32,
    /// How much of it is spent.
    pub used: u32,
    /// When something of it comes back.
    pub resets_at: Timestamp,
}

/// How much of its day's budget a SIM has left: what decides between SIMs that could send the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Millionths; all of it without a limit.
    pub left: u32,
    /// The end of the day: from then on all of it is left.
    pub until: Timestamp,
}

impl Share {
    /// All of it, for as long as nothing else is said.
    pub const WHOLE: Self = Self { left: 1_000_000, until: Timestamp::MAX };

    /// What is left at `now`.
    pub fn at(self, now: Timestamp) -> u32 {
        if now < self.until { self.left } else { Self::WHOLE.left }
    }
}

/// The counts of one SIM.
#[derive(Debug, Clone)]
pub struct Budget {
    limits: Limits,
    first_seen: Timestamp,
    minute: Window,
    hour: Window,
    /// The last part and the one before.
    last: [Option<Timestamp>; 2],
    day: Count,
    month: Count,
    recipients: u32,
    /// Something was counted that is later than now.
    is_ahead: bool,
}

/// Parts of a civil period, and of what is later.
#[derive(Debug, Clone, Copy)]
struct Count {
    span: Span,
    used: u32,
}

impl Count {
    /// The same, or the period of `now` with nothing spent.
    fn at(self, now: Timestamp, fresh: impl FnOnce(Timestamp) -> Span) -> Self {
        if now < self.span.until { self } else { Self { span: fresh(now), used: 0 } }
    }

    fn used_at(&self, now: Timestamp) -> u32 {
        if now < self.span.until { self.used } else { 0 }
    }
}

/// From when on the counts need to know what was spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    /// For the sliding windows.
    pub recent: Timestamp,
    /// For the civil day.
    pub day: Timestamp,
    /// For the civil month.
    pub month: Timestamp,
}

/// What was spent, as it is stored. Times may be later than now.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Parts after [`Horizon::recent`], oldest first.
    pub recent: Vec<(Timestamp, u32)>,
    /// Parts from [`Horizon::day`] on.
    pub day: u32,
    /// Parts from [`Horizon::month`] on.
    pub month: u32,
    /// Distinct recipients from [`Horizon::month`] on.
    pub recipients: u32,
    /// The last part and the one before.
    pub last: [Option<Timestamp>; 2],
}

impl Budget {
    /// A SIM with nothing spent, which was first seen then.
    pub fn new(limits: Limits, first_seen: Timestamp, now: Timestamp) -> Self {
        let calendar = limits.calendar();
        let (day, month) = (calendar.day(now), calendar.month(now));
        Self {
            minute: Window::new(MINUTE, limits.per_minute),
            hour: Window::new(HOUR, limits.per_hour),
            limits,
            first_seen,
            last: [None; 2],
            day: Count { span: day, used: 0 },
            month: Count { span: month, used: 0 },
            recipients: 0,
            is_ahead: false,
        }
    }

    /// The limits that it holds.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What [`Self::restore`] must be told, for a budget that is new at `now`.
    pub fn horizon(&self, now: Timestamp) -> Horizon {
        Horizon { recent: now - HOUR, day: self.day.span.from, month: self.month.span.from }
    }

    /// When the month of `now` began: whoever was sent something since is no stranger.
    pub fn month_start(&self, now: Timestamp) -> Timestamp {
        if now < self.month.span.until { self.month.span.from } else { self.limits.calendar().month(now).from }
    }

    /// Takes over what was spent before.
    pub fn restore(&mut self, history: &History, now: Timestamp) {
        for &(at, parts) in &history.recent {
            self.minute.spend(at.min(now), parts);
            self.hour.spend(at.min(now), parts);
        }
        (self.day.used, self.month.used) = (history.day, history.month);
        self.recipients = history.recipients;
        self.is_ahead = history.last.iter().flatten().any(|&at| at > now);
        self.last = history.last.map(|at| at.map(|at| at.min(now)));
    }

    /// Whether a civil period has begun of which something may have been spent when the clock was ahead: the counts must be
    /// read anew.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.is_ahead && now >= self.day.span.until
    }

    /// Whether a message may go now.
    pub fn ask(&self, demand: Demand, now: Timestamp) -> Allowance {
        let parts = demand.parts;
        if let Err(never) = Self::ever_fits(&self.limits, parts) {
            return never;
        }
        let holds = [
            (self.gap_opens(demand, now), Period::Gap),
            (self.minute.opens(parts, now), Period::Minute),
            (self.hour.opens(parts, now), Period::Hour),
            (self.day_opens(parts, now), Period::Day),
            (self.month_opens(parts, now), Period::Month),
            (self.recipients_open(demand, now), Period::Recipients),
        ];
        let longest = holds.into_iter().filter_map(|(at, period)| at.map(|at| (at, period))).max_by_key(|&(at, _)| at);
        longest.map_or(Allowance::Now, |(at, period)| Allowance::From { at, period })
    }

    /// Whether a message of `parts` is larger than what the limits could ever give.
    pub fn ever_fits(limits: &Limits, parts: u32) -> Result<(), Allowance> {
        let all = [
            (Period::Minute, limits.per_minute),
            (Period::Hour, limits.per_hour),
            (Period::Day, limits.per_day),
            (Period::Month, limits.per_month),
        ];
        match all.into_iter().find(|&(_, limit)| limit != 0 && parts > limit) {
            Some((period, limit)) => Err(Allowance::Never { period, limit }),
            None => Ok(()),
        }
    }

    /// Whether a recipient more is too many, in the month of `now`.
    pub fn is_full_of_recipients(&self, now: Timestamp) -> bool {
        let used = if now < self.month.span.until { self.recipients } else { 0 };
        self.limits.recipients_per_month != 0 && used >= self.limits.recipients_per_month
    }

    fn gap_opens(&self, demand: Demand, now: Timestamp) -> Option<Timestamp> {
        let [last, _] = self.last;
        last.filter(|_| !demand.begun).map(|last| last + self.limits.min_gap).filter(|&at| at > now)
    }

    fn day_opens(&self, parts: u32, now: Timestamp) -> Option<Timestamp> {
        let today = if now < self.day.span.until { self.day.span } else { self.limits.calendar().day(now) };
        let age = self.age_of(today);
        let fits = |limit: u32, used: u32| limit == 0 || used.saturating_add(parts) <= limit;
        if fits(self.limits.day_limit(age), self.day.used_at(now)) {
            return None;
        }
        // The next day, or the first one whose limit is large enough for all parts.
        let days = (1..=WARM_UP.1).find(|days| fits(self.limits.day_limit(age.saturating_add(*days)), 0)).unwrap_or(1);
        let date = today.date.and_then(|date| date.checked_add(jiff::Span::new().try_days(days).ok()?).ok());
        Some(date.and_then(|date| self.limits.calendar().start(date)).unwrap_or(today.until))
    }

    fn month_opens(&self, parts: u32, now: Timestamp) -> Option<Timestamp> {
        let used = self.month.used_at(now).saturating_add(parts);
        (self.limits.per_month != 0 && used > self.limits.per_month).then_some(self.month.span.until)
    }

    fn recipients_open(&self, demand: Demand, now: Timestamp) -> Option<Timestamp> {
        (demand.stranger && self.is_full_of_recipients(now)).then_some(self.month.span.until)
    }

    /// Days since the SIM was first seen.
    fn age_of(&self, day: Span) -> u32 {
        if self.limits.warm_up { day.days_since(self.limits.calendar().day(self.first_seen)) } else { WARM_UP.1 }
    }

    /// Counts one part offered at `now`; `stranger` says that it is the first to its recipient in this month.
    pub fn spend(&mut self, stranger: bool, now: Timestamp) {
        self.roll(now);
        self.day.used = self.day.used.saturating_add(1);
        self.month.used = self.month.used.saturating_add(1);
        self.recipients = self.recipients.saturating_add(u32::from(stranger));
        self.minute.spend(now, 1);
        self.hour.spend(now, 1);
        self.last = [Some(now), self.last[0]];
    }

    /// Gives back the part offered at `at`, of whose PDU no byte was written; `stranger` says that nothing else went to its
    /// recipient in this month.
    pub fn give_back(&mut self, at: Timestamp, stranger: bool) {
        self.minute.give_back(at);
        self.hour.give_back(at);
        if at >= self.day.span.from {
            self.day.used = self.day.used.saturating_sub(1);
        }
        if at >= self.month.span.from {
            self.month.used = self.month.used.saturating_sub(1);
            self.recipients = self.recipients.saturating_sub(u32::from(stranger));
        }
        if self.last[0] == Some(at) {
            self.last = [self.last[1], None];
        }
    }

    /// What each limit has left. Limits of zero are left out.
    pub fn levels(&self, now: Timestamp) -> Vec<Level> {
        let calendar = self.limits.calendar();
        let day = self.day.at(now, |now| calendar.day(now));
        let month = self.month.at(now, |now| calendar.month(now));
        let recipients = if now < self.month.span.until { self.recipients } else { 0 };
        let limits = &self.limits;
        let all = [
            (Period::Minute, limits.per_minute, self.minute.used(now)),
            (Period::Hour, limits.per_hour, self.hour.used(now)),
            (Period::Day, limits.day_limit(self.age_of(day.span)), (day.used, day.span.until)),
            (Period::Month, limits.per_month, (month.used, month.span.until)),
            (Period::Recipients, limits.recipients_per_month, (recipients, month.span.until)),
        ];
        let in_force = all.into_iter().filter(|&(_, limit, _)| limit != 0);
        in_force.map(|(period, limit, (used, resets_at))| Level { period, limit, used, resets_at }).collect()
    }

    /// How much of the day's budget is left.
    pub fn share(&self, now: Timestamp) -> Share {
        let Some(day) = self.levels(now).into_iter().find(|level| level.period == Period::Day) else {
            return Share::WHOLE;
        };
        let left = u64::from(day.limit.saturating_sub(day.used)) * u64::from(Share::WHOLE.left) / u64::from(day.limit);
        Share { left: u32::try_from(left).unwrap_or(Share::WHOLE.left), until: day.resets_at }
    }

    fn roll(&mut self, now: Timestamp) {
        let calendar = self.limits.calendar();
        self.day = self.day.at(now, |now| calendar.day(now));
        if now >= self.month.span.until {
            self.recipients = 0;
        }
        self.month = self.month.at(now, |now| calendar.month(now));
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
