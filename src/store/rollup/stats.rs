//! Results, added up as they are asked for.
//!
//! Cells are read by origin: first the origins that are asked for, which are few, then of each its hours. A cell is added to
//! its group while it is read.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use rusqlite::{Connection, Row as SqlRow, params};

use crate::clock::Timestamp;
use crate::dunning::money::{Amount, Currency};
use crate::dunning::result::{Counts, Dimension, PAID_WITHIN_MAX, Paid, Spent, read_counts, read_paid, read_spent};
use crate::sms::id::SimKey;

use super::super::StoreError;
use super::super::event;
use super::super::origin::OriginKey;
use super::super::reader::Reader;
use super::{Hour, cursor};

/// How far apart points in time are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Every {
    /// Hours of the clock in UTC.
    Hour,
    /// Civil days.
    Day,
    /// Weeks that begin on Monday.
    Week,
}

impl Every {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Hour, Self::Day, Self::Week];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
        }
    }

    /// The period with this word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|every| every.name() == name)
    }

    /// When the period begins in which this hour is, and what it is called there: a day by its date, a week by that of its
    /// Monday, an hour by the time at which it begins.
    fn period_of(self, hour: Hour, zone: &TimeZone) -> (i64, String) {
        let Some(begins) = hour.begins().to_jiff().map(|at| at.to_zoned(zone.clone())) else {
            return (i64::MAX, String::new());
        };
        let day = begins.date();
        match self {
            Self::Hour => {
                let name = begins.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
                (hour.0, name)
            }
            Self::Day => (day_number(day), day.to_string()),
            Self::Week => {
                let monday =
                    if day.weekday() == Weekday::Monday { Ok(day) } else { day.nth_weekday(-1, Weekday::Monday) };
                let monday = monday.unwrap_or(day);
                (day_number(monday), monday.to_string())
            }
        }
    }
}

fn day_number(day: jiff::civil::Date) -> i64 {
    super::super::portfolio::stored_day(day)
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct StatsQuestion {
    /// What results are told apart by.
    pub by: Vec<Dimension>,
    /// And over time, if at all.
    pub every: Option<Every>,
    /// Where days begin.
    pub zone: TimeZone,
    /// Only of these creditors; of all where it is empty.
    pub creditors: Vec<String>,
    /// Only of what is so.
    pub only: Vec<(Dimension, String)>,
    /// Only of texts that were taken in from this hour on.
    pub since: Option<Hour>,
    /// Only of texts that were taken in before this hour.
    pub until: Option<Hour>,
    /// Payments count that came within so many days.
    pub within: u8,
    /// More rows than this are refused.
    pub rows_max: usize,
}

/// Results of some texts.
#[derive(Debug, Clone, Default)]
pub struct Total {
    /// How many of what.
    pub counts: Counts,
    /// Parts and what they have cost.
    pub spent: Spent,
    /// What was paid.
    pub paid: BTreeMap<Currency, Paid>,
}

impl Total {
    /// Debts of which something was paid.
    pub fn paid_debts(&self) -> u64 {
        self.paid.values().map(|paid| paid.debts).fold(0, u64::saturating_add)
    }

    /// How much was paid.
    pub fn paid_amounts(&self) -> Vec<(Currency, Amount)> {
        let amount =
            |(currency, paid): (&Currency, &Paid)| Some((*currency, Amount::from_hundredths(paid.hundredths)?));
        self.paid.iter().filter_map(amount).collect()
    }
}

/// Results of one group.
#[derive(Debug, Clone)]
pub struct Row {
    /// What it is told apart by, in the order that was asked for. What does not apply is empty.
    pub group: Vec<String>,
    /// The period, if periods were asked for.
    pub period: Option<String>,
    /// What came of it.
    pub total: Total,
}

/// An answer.
#[derive(Debug, Clone, Default)]
pub struct Stats {
    /// The rows, in order of their groups and then of time.
    pub rows: Vec<Row>,
    /// Events that are not counted yet.
    pub behind: i64,
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum StatsError {
    /// Too much is told apart.
    #[error("more than {0} rows")]
    TooMany(usize),
    /// The database cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An origin in its words.
struct Origin {
    key: OriginKey,
    words: HashMap<Dimension, String>,
}

/// The columns of an origin, in the order in which they are read.
const COLUMNS: [Dimension; 11] = [
    Dimension::Creditor,
    Dimension::Batch,
    Dimension::Ladder,
    Dimension::Step,
    Dimension::Segment,
    Dimension::Template,
    Dimension::Version,
    Dimension::Arm,
    Dimension::Mode,
    Dimension::Team,
    Dimension::Operator,
];

const ORIGINS: &str = "SELECT key, creditor, batch, ladder, step, segment, template,
     iif(version = 0, '', CAST(version AS TEXT)), arm, mode, team, operator FROM origin
     UNION ALL SELECT 0, '', '', '', '', '', '', '', '', 'single', '', '' ORDER BY 1";

impl Reader {
    /// Adds results up.
    pub fn stats(&self, question: &StatsQuestion) -> Result<Result<Stats, StatsError>, StoreError> {
        self.with(|conn| match self.add_up(conn, question) {
            Err(StatsError::Store(error)) => Err(error),
            answer => Ok(answer),
        })
    }

    fn add_up(&self, conn: &Connection, question: &StatsQuestion) -> Result<Stats, StatsError> {
        let behind = event::last(conn)?.0.saturating_sub(cursor(conn)?);
        let sims = self.sims_of(conn)?;
        let mut adding = Adding::new(question, &sims);
        let since = question.since.map_or(i64::MIN, |hour| hour.0);
        let until = question.until.map_or(i64::MAX, |hour| hour.0);
        let sql = "SELECT hour, counts, spent, paid FROM stat WHERE origin = ? AND hour >= ? AND hour < ?";
        let mut cells = conn.prepare_cached(sql).map_err(StoreError::from)?;
        for origin in origins(conn, question)? {
            let mut rows = cells.query(params![origin.key.0, since, until]).map_err(StoreError::from)?;
            let word = |by: &Dimension| origin.words.get(by).cloned().unwrap_or_default();
            let group = adding.group(question.by.iter().map(word).collect());
            while let Some(row) = rows.next().map_err(StoreError::from)? {
                adding.add(group, origin.key, row)?;
            }
        }
        Ok(Stats { rows: adding.finish(), behind })
    }

    /// What SIMs are called.
    fn sims_of(&self, conn: &Connection) -> Result<HashMap<SimKey, String>, StoreError> {
        let mut statement = conn.prepare_cached("SELECT key, iccid FROM sim")?;
        let rows = statement.query_map([], |row| Ok((SimKey(row.get(0)?), row.get::<_, String>(1)?)))?;
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        Ok(rows.into_iter().map(|(key, iccid)| (key, self.sim_label(iccid))).collect())
    }
}

fn origins(conn: &Connection, question: &StatsQuestion) -> Result<Vec<Origin>, StoreError> {
    let read = |row: &SqlRow<'_>| {
        let key = OriginKey(row.get(0)?);
        let word = |(place, dimension): (usize, Dimension)| Ok((dimension, row.get(place)?));
        let words = (1..).zip(COLUMNS).map(word).collect::<rusqlite::Result<_>>()?;
        Ok(Origin { key, words })
    };
    let mut statement = conn.prepare_cached(ORIGINS)?;
    let mut found = statement.query_map([], read)?.collect::<Result<Vec<Origin>, _>>()?;
    found.retain(|origin| {
        let word = |dimension: Dimension| origin.words.get(&dimension).map_or("", String::as_str);
        let creditor = word(Dimension::Creditor);
        let is_own = question.creditors.is_empty() || question.creditors.iter().any(|own| own == creditor);
        let mut only = question.only.iter().filter(|(dimension, _)| *dimension != Dimension::Sim);
        is_own && only.all(|(dimension, value)| word(*dimension) == value)
    });
    Ok(found)
}

/// Groups, periods and rows by their places in the lists of them, so that nothing is copied for a cell.
struct Adding<'a> {
    question: &'a StatsQuestion,
    sims: &'a HashMap<SimKey, String>,
    groups: Vec<Vec<String>>,
    known_groups: HashMap<Vec<String>, usize>,
    periods: Vec<Option<(i64, String)>>,
    /// The period of each hour, and of each beginning.
    of_hours: HashMap<Hour, usize>,
    of_beginnings: HashMap<i64, usize>,
    rows: Vec<(usize, usize, Total)>,
    known_rows: HashMap<(usize, usize), usize>,
    /// Rows of the SIMs of one group in one period: the same ones follow each other.
    sim_rows: ((usize, usize), Vec<(SimKey, usize)>),
}

impl<'a> Adding<'a> {
    fn new(question: &'a StatsQuestion, sims: &'a HashMap<SimKey, String>) -> Self {
        Self {
            question,
            sims,
            groups: Vec::new(),
            known_groups: HashMap::new(),
            periods: if question.every.is_none() { vec![None] } else { Vec::new() },
            of_hours: HashMap::new(),
            of_beginnings: HashMap::new(),
            rows: Vec::new(),
            known_rows: HashMap::new(),
            sim_rows: ((0, 0), Vec::new()),
        }
    }

    /// The place of a group.
    fn group(&mut self, words: Vec<String>) -> usize {
        if let Some(place) = self.known_groups.get(&words) {
            return *place;
        }
        self.groups.push(words.clone());
        self.known_groups.insert(words, self.groups.len() - 1);
        self.groups.len() - 1
    }

    /// The row of a SIM within a group.
    fn of_sim(&mut self, group: usize, period: usize, sim: SimKey, column: usize) -> Result<&mut Total, StatsError> {
        if self.sim_rows.0 != (group, period) {
            self.sim_rows = ((group, period), Vec::new());
        }
        let known = self.sim_rows.1.iter().find(|(one, _)| *one == sim).map(|(_, place)| *place);
        if let Some(place) = known {
            return self.total(place);
        }
        let mut words = self.groups.get(group).cloned().unwrap_or_default();
        if let Some(word) = words.get_mut(column) {
            *word = self.sims.get(&sim).cloned().unwrap_or_default();
        }
        let of_sim = self.group(words);
        let place = self.row(of_sim, period)?;
        self.sim_rows.1.push((sim, place));
        self.total(place)
    }

    fn period(&mut self, hour: Hour) -> usize {
        let Some(every) = self.question.every else { return 0 };
        if let Some(place) = self.of_hours.get(&hour) {
            return *place;
        }
        let (begins, name) = every.period_of(hour, &self.question.zone);
        let next = self.periods.len();
        let place = *self.of_beginnings.entry(begins).or_insert(next);
        if place == next {
            self.periods.push(Some((begins, name)));
        }
        self.of_hours.insert(hour, place);
        place
    }

    /// Adds a cell of an origin that is in this group.
    fn add(&mut self, group: usize, origin: OriginKey, row: &SqlRow<'_>) -> Result<(), StatsError> {
        let corrupt = || StoreError::Corrupt { table: "stat", key: origin.0, what: "counts, parts or payments" };
        let blob = |column| row.get_ref(column).map_err(StoreError::from)?.as_blob().map_err(|_no_blob| corrupt());
        let (counts, spent, paid) = (blob(1)?, blob(2)?, blob(3)?);
        let period = self.period(Hour(row.get(0).map_err(StoreError::from)?));
        let question = self.question;
        let only_sim = question.only.iter().find(|(dimension, _)| *dimension == Dimension::Sim);
        let sims = self.sims;
        let is_asked = |sim: SimKey| only_sim.is_none_or(|(_, name)| sims.get(&sim).is_some_and(|label| label == name));
        if let Some(column) = question.by.iter().position(|by| *by == Dimension::Sim) {
            let mut result = Ok(());
            let each = |sim, spent| {
                if result.is_ok() && is_asked(sim) {
                    result = self.of_sim(group, period, sim, column).map(|total| total.spent.add(spent));
                }
            };
            read_spent(spent, each).ok_or_else(corrupt)?;
            return result;
        }
        let place = self.row(group, period)?;
        let total = self.total(place)?;
        let each = |sim, spent| {
            if is_asked(sim) {
                total.spent.add(spent);
            }
        };
        read_spent(spent, each).ok_or_else(corrupt)?;
        if only_sim.is_some() {
            return Ok(());
        }
        read_counts(counts, &mut total.counts).ok_or_else(corrupt)?;
        let each = |day, currency, paid| {
            if day <= question.within {
                total.paid.entry(currency).or_default().add(paid);
            }
        };
        read_paid(paid, each).ok_or_else(corrupt)?;
        Ok(())
    }

    /// The place of the row of a group in a period.
    fn row(&mut self, group: usize, period: usize) -> Result<usize, StatsError> {
        let next = self.rows.len();
        let place = *self.known_rows.entry((group, period)).or_insert(next);
        if place == next {
            if next >= self.question.rows_max {
                return Err(StatsError::TooMany(self.question.rows_max));
            }
            self.rows.push((group, period, Total::default()));
        }
        Ok(place)
    }

    fn total(&mut self, place: usize) -> Result<&mut Total, StatsError> {
        let (_, _, total) = self.rows.get_mut(place).ok_or(StatsError::TooMany(self.question.rows_max))?;
        Ok(total)
    }

    fn finish(mut self) -> Vec<Row> {
        let name = |period: usize| self.periods.get(period).cloned().flatten();
        let words = |group: usize| self.groups.get(group).cloned().unwrap_or_default();
        let rows = std::mem::take(&mut self.rows).into_iter();
        let mut rows: Vec<_> = rows.map(|(group, period, total)| (words(group), name(period), total)).collect();
        rows.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
        let row = |(group, period, total): (Vec<String>, Option<(i64, String)>, Total)| {
            let period = period.map(|(_, name)| name);
            Row { group, period, total }
        };
        rows.into_iter().map(row).collect()
    }
}

impl StatsQuestion {
    /// Everything together, of all time.
    pub fn new(zone: TimeZone) -> Self {
        Self {
            by: Vec::new(),
            every: None,
            zone,
            creditors: Vec::new(),
            only: Vec::new(),
            since: None,
            until: None,
            within: PAID_WITHIN_MAX,
            rows_max: usize::MAX,
        }
    }

    /// Of the hours from the one of `since` to before the one of `until`.
    #[must_use]
    pub fn between(self, since: Option<Timestamp>, until: Option<Timestamp>) -> Self {
        // An hour that has begun counts as a whole.
        let ceil = |at: Timestamp| {
            let hour = Hour::of(at);
            if hour.begins() < at { Hour(hour.0 + 1) } else { hour }
        };
        Self { since: since.map(Hour::of), until: until.map(ceil), ..self }
    }
}
