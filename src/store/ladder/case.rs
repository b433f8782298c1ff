//! Cases as they are loaded for a plan: the debtor, the debts with how far they have come, and what came before.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::clock::Timestamp;
use crate::contact::reply::Intent;
use crate::contact::secret::Secret;
use crate::contact::standing::Standing;
use crate::contact::suppression::{Entry, Kind};
use crate::dunning::case::{Case, Past};
use crate::dunning::creditor::Creditor;
use crate::dunning::debtor::Debtor;
use crate::dunning::history::{Deed, History};
use crate::dunning::ladder::{Done, Outcome, Planned, StepId, Stop, Track};
use crate::sms::lifecycle::MessageState;
use crate::sms::message::Purpose;
use crate::sms::number::PhoneNumber;

use super::super::known::any_erased;
use super::super::portfolio::{self, DebtKey, day, stored_day};
use super::super::reader::Reader;
use super::super::row::{message_state_of, stored_number};
use super::super::{StoreError, reply};
use super::super::{record, rollup, suppression};
use super::no_text::NoText;

/// Cases with something that may be up on a day, the one that was up first in front.
const UP: &str =
    "SELECT debtor, next FROM dunning_case WHERE creditor = ?1 AND next <= ?2 AND (next, debtor) > (?3, ?4)
     ORDER BY next, debtor LIMIT ?5";

/// Of most debtors nothing more is known than what they owe: one statement tells, and the others are not asked.
const AROUND: &str = "SELECT revision + epoch, epoch,
     EXISTS (SELECT 1 FROM debt WHERE debt.debtor = ?2 AND +debt.creditor <> ?1),
     EXISTS (SELECT 1 FROM standing WHERE standing.debtor = debtor.id),
     EXISTS (SELECT 1 FROM touch WHERE touch.debtor = debtor.id)
     FROM dunning_case JOIN creditor ON creditor.key = ?1 JOIN debtor ON debtor.key = ?2
     WHERE dunning_case.creditor = ?1 AND dunning_case.debtor = ?2";

/// The same of a number, in the forms that a line has.
const OF_NUMBER: &str = "SELECT EXISTS (SELECT 1 FROM suppression WHERE subscriber = ?1 AND lift IS NULL),
     EXISTS (SELECT 1 FROM confirmed_number WHERE subscriber = ?1),
     EXISTS (SELECT 1 FROM standing WHERE subscriber = ?1),
     EXISTS (SELECT 1 FROM inbound WHERE number = ?2) OR EXISTS (SELECT 1 FROM inbound WHERE number = ?3)";

/// How far the debts of a case have come.
const OF_DEBTS: &str = "SELECT debt.key, entered_at, since, planned, version, promise, track.ladder,
     EXISTS (SELECT 1 FROM step WHERE step.debt = debt.key),
     status = 'paid' OR EXISTS (SELECT 1 FROM debt_event WHERE debt_event.debt = debt.key)
     FROM debt LEFT JOIN track ON track.debt = debt.key WHERE debt.debtor = ?2 AND +debt.creditor = ?1";

/// What became of a debt's steps. Parts of a message are consecutive rows.
const STEPS: &str = "SELECT step.step, cycle, step.day, outcome, message.state, message.parts_sent,
     (SELECT min(offered_at) FROM segment
     WHERE segment.key BETWEEN message.first_segment AND message.first_segment + message.parts - 1)
     FROM step LEFT JOIN message ON message.key = step.message WHERE step.debt = ? ORDER BY step.day, step.step";

/// Debts of a debtor to other creditors that ladders have done something about.
const TEXTED: &str = "SELECT debt.key FROM debt WHERE debt.debtor = ?1 AND +debt.creditor <> ?2
     AND EXISTS (SELECT 1 FROM step WHERE step.debt = debt.key)";

/// Whether the network has given up on a number.
const DEAD: &str = "SELECT EXISTS (SELECT 1 FROM number_health WHERE subscriber = ?1 AND dead >= ?2)";

/// What happened to the debts of a debtor, one after the other. A promise of before its end was noted has no grace.
const HAPPENED: &str = "SELECT debt.key, due, status = 'paid', zone, kind, debt_event.at, debt_event.amount IS NULL,
     day, coalesce(ends, day) FROM debt JOIN creditor ON creditor.key = debt.creditor
     LEFT JOIN debt_event ON debt_event.debt = debt.key WHERE debt.debtor = ? ORDER BY debt.key, debt_event.key";

/// What a number wrote last.
const WROTE: &str = "SELECT at, understood FROM inbound WHERE number = ? ORDER BY seq DESC LIMIT 1";

/// How often a debtor was texted since then.
const TOUCHED: &str = "SELECT count(*) FROM touch WHERE debtor = ? AND at > ?";

/// A case that may be up, and since which day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Up {
    /// Which.
    pub key: CaseKey,
    since: i64,
}

/// The row of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseKey {
    pub(in super::super) creditor: i64,
    pub(in super::super) debtor: i64,
}

impl CaseKey {
    /// The case of these rows.
    pub fn new(creditor: i64, debtor: i64) -> Self {
        Self { creditor, debtor }
    }

    /// The rows of creditor and debtor.
    pub fn rows(self) -> (i64, i64) {
        (self.creditor, self.debtor)
    }
}

/// A creditor whose debts may go by ladders.
#[derive(Debug, Clone)]
pub struct Followed {
    /// The row.
    pub row: i64,
    /// Another one after each edit of a ladder.
    pub epoch: i64,
    /// Whatever their day, the cases after this debtor are to be looked at since that edit; `None` where all were.
    pub looked: Option<i64>,
    /// The creditor.
    pub creditor: Arc<Creditor>,
}

/// A case whose last text could not be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseProblem {
    /// Which.
    pub key: CaseKey,
    /// To whom, by the caller's id.
    pub creditor: String,
    /// Who, by the caller's id.
    pub debtor: String,
    /// Why.
    pub problem: NoText,
}

/// A case as it was loaded.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Which.
    pub key: CaseKey,
    /// Which revision of it.
    pub revision: i64,
    /// The part of that which is the creditor's: another one after each edit of a ladder.
    pub epoch: i64,
    /// The case.
    pub case: Case,
    /// For each debt of the case, in the same order, its row and how far it has come.
    pub tracks: Vec<(DebtKey, Track)>,
    /// Why the debtor is not asked any more.
    pub stop: Option<Stop>,
    /// The debtor has said something that nobody has settled.
    pub is_unsettled: bool,
    /// What of that holds texts to the number that is texted.
    pub standing: Standing,
    /// The number that is texted; none where the debtor has none, or none that may be texted.
    pub number: Option<PhoneNumber>,
    /// Whether its owner has said who it is.
    pub is_confirmed: bool,
    /// The last day on which a ladder texted the debtor for another creditor.
    pub texted: Option<Date>,
}

/// A case as it was loaded, or why it cannot be read.
pub type Readable = Result<Loaded, (CaseKey, StoreError)>;

/// The day of a time.
fn day_of(at: Timestamp, zone: &TimeZone) -> Date {
    at.to_jiff().map_or(Date::MAX, |at| at.to_zoned(zone.clone()).date())
}

impl Reader {
    /// Creditors with their rows.
    pub fn creditor_rows(&self) -> Result<Vec<(i64, Arc<Creditor>)>, StoreError> {
        self.with(|conn| {
            let rows = portfolio::creditor_rows(conn)?;
            Ok(rows.into_iter().map(|(key, creditor)| (key, Arc::new(creditor))).collect())
        })
    }

    /// Creditors whose debts may go by ladders, as they are at one moment.
    pub fn creditors_of_ladders(&self) -> Result<Vec<Followed>, StoreError> {
        self.with(|conn| {
            let snapshot = conn.unchecked_transaction()?;
            let mut found = Vec::new();
            for (row, creditor) in portfolio::creditor_rows(conn)? {
                let sql = "SELECT epoch, looked FROM creditor WHERE key = ?";
                let read = |of: &Row<'_>| {
                    Ok(Followed { row, epoch: of.get(0)?, looked: of.get(1)?, creditor: Arc::new(creditor) })
                };
                found.push(conn.prepare_cached(sql)?.query_row([row], read)?);
            }
            snapshot.finish()?;
            Ok(found)
        })
    }

    /// Cases of a creditor with something that may be up on a day, after one of them where that is given.
    pub fn cases_up(&self, creditor: i64, today: Date, after: Option<Up>, limit: u32) -> Result<Vec<Up>, StoreError> {
        self.with(|conn| {
            let (since, debtor) = after.map_or((i64::MIN, i64::MIN), |after| (after.since, after.key.debtor));
            let mut statement = conn.prepare_cached(UP)?;
            let read = |row: &Row<'_>| Ok(Up { key: CaseKey { creditor, debtor: row.get(0)? }, since: row.get(1)? });
            let rows = statement.query_map(params![creditor, stored_day(today), since, debtor, limit], read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// All cases of a creditor, after the debtor of one of them; with the rows of their debtors, by which they are in order.
    pub fn cases_after(&self, creditor: i64, after: i64, limit: u32) -> Result<Vec<(i64, CaseKey)>, StoreError> {
        self.with(|conn| {
            let sql = "SELECT debtor FROM dunning_case WHERE creditor = ?1 AND debtor > ?2 ORDER BY debtor LIMIT ?3";
            let mut statement = conn.prepare_cached(sql)?;
            let rows = statement.query_map(params![creditor, after, limit], |row| row.get(0))?;
            rows.map(|debtor| debtor.map(|debtor| (debtor, CaseKey { creditor, debtor })).map_err(StoreError::from))
                .collect()
        })
    }

    /// Cases with debts that go by a ladder, to one creditor where it is named, after one of them where that is given.
    pub fn cases_on(
        &self,
        ladder: &str,
        creditor: Option<&str>,
        after: Option<CaseKey>,
        limit: u32,
    ) -> Result<Vec<CaseKey>, StoreError> {
        self.with(|conn| {
            let sql = "SELECT dunning_case.creditor, dunning_case.debtor FROM dunning_case
                 JOIN creditor ON creditor.key = dunning_case.creditor
                 WHERE (dunning_case.creditor, dunning_case.debtor) > (?1, ?2) AND (?3 IS NULL OR creditor.id = ?3)
                 AND EXISTS (SELECT 1 FROM debt WHERE debt.debtor = dunning_case.debtor
                 AND +debt.creditor = dunning_case.creditor AND coalesce(debt.ladder, creditor.ladder) = ?4)
                 ORDER BY dunning_case.creditor, dunning_case.debtor LIMIT ?5";
            let (after_creditor, after_debtor) =
                after.map_or((i64::MIN, i64::MIN), |after| (after.creditor, after.debtor));
            let mut statement = conn.prepare_cached(sql)?;
            let values = params![after_creditor, after_debtor, creditor, ladder, limit];
            let rows = statement.query_map(values, |row| Ok(CaseKey { creditor: row.get(0)?, debtor: row.get(1)? }))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Cases with debts that go by a ladder, whose last text could not be written, and why. Of these creditors alone; of all
    /// where there are none.
    pub fn cases_with_problems(
        &self,
        ladder: &str,
        creditors: &[String],
        after: Option<CaseKey>,
        limit: u32,
    ) -> Result<Vec<CaseProblem>, StoreError> {
        let creditors = serde_json::to_string(creditors).unwrap_or_default();
        self.with(|conn| {
            let sql = "SELECT dunning_case.creditor, dunning_case.debtor, creditor.id, debtor.id, problem
                 FROM dunning_case INDEXED BY dunning_case_problem
                 JOIN creditor ON creditor.key = dunning_case.creditor JOIN debtor ON debtor.key = dunning_case.debtor
                 WHERE problem IS NOT NULL AND (dunning_case.creditor, dunning_case.debtor) > (?1, ?2)
                 AND (?3 = '[]' OR creditor.id IN (SELECT value FROM json_each(?3)))
                 AND EXISTS (SELECT 1 FROM debt WHERE debt.debtor = dunning_case.debtor
                 AND +debt.creditor = dunning_case.creditor AND coalesce(debt.ladder, creditor.ladder) = ?4)
                 ORDER BY dunning_case.creditor, dunning_case.debtor LIMIT ?5";
            let (after_creditor, after_debtor) =
                after.map_or((i64::MIN, i64::MIN), |after| (after.creditor, after.debtor));
            let mut statement = conn.prepare_cached(sql)?;
            let values = params![after_creditor, after_debtor, creditors, ladder, limit];
            let rows = statement.query_map(values, |row| {
                let key = CaseKey { creditor: row.get(0)?, debtor: row.get(1)? };
                Ok(CaseProblem {
                    key,
                    creditor: row.get(2)?,
                    debtor: row.get(3)?,
                    problem: NoText::from_stored(row.get(4)?),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The next day on which something may be up for a creditor.
    pub fn next_case(&self, creditor: i64) -> Result<Option<Date>, StoreError> {
        self.with(|conn| {
            let sql = "SELECT min(next) FROM dunning_case WHERE creditor = ? AND next IS NOT NULL";
            let next: Option<i64> = conn.prepare_cached(sql)?.query_row([creditor], |row| row.get(0))?;
            Ok(next.and_then(day))
        })
    }

    /// Loads cases as they are at one moment. Nothing for one that is no more.
    pub fn cases(
        &self,
        keys: &[CaseKey],
        creditor: &Arc<Creditor>,
        today: Date,
        now: Timestamp,
    ) -> Result<Vec<Readable>, StoreError> {
        self.with(|conn| {
            let snapshot = conn.unchecked_transaction()?;
            let mut loaded = Vec::with_capacity(keys.len());
            let erased = self.erased(conn)?;
            for key in keys {
                match load(conn, *key, creditor, erased, today, now) {
                    Ok(found) => loaded.extend(found.map(Ok)),
                    Err(error) if error.is_of_a_row() => loaded.push(Err((*key, error))),
                    Err(error) => return Err(error),
                }
            }
            snapshot.finish()?;
            Ok(loaded)
        })
    }

    /// Loads what a debtor owes to a creditor, by the debtor's id. `None` where nothing was ever owed.
    pub fn case_of(
        &self,
        debtor: &str,
        creditor: &Arc<Creditor>,
        today: Date,
        now: Timestamp,
    ) -> Result<Option<Loaded>, StoreError> {
        self.with(|conn| {
            let sql = "SELECT creditor.key, debtor.key FROM creditor, debtor WHERE creditor.id = ? AND debtor.id = ?";
            let read = |row: &Row<'_>| Ok(CaseKey { creditor: row.get(0)?, debtor: row.get(1)? });
            let key = conn.prepare_cached(sql)?.query_row([&creditor.id, debtor], read).optional()?;
            key.map_or(Ok(None), |key| load(conn, key, creditor, self.erased(conn)?, today, now))
        })
    }

    /// By what numbers that were erased are known again, where there are any: of all cases that are read together it is asked once.
    fn erased(&self, conn: &Connection) -> Result<Option<&Secret>, StoreError> {
        Ok(if any_erased(conn)? { self.secret.as_ref() } else { None })
    }
}

/// The revision of a case, which is another one after everything that changes it.
pub(in super::super) fn revision(conn: &Connection, key: CaseKey) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT revision + epoch FROM dunning_case JOIN creditor ON creditor.key = dunning_case.creditor
         WHERE creditor = ? AND debtor = ?";
    let mut statement = conn.prepare_cached(sql)?;
    Ok(statement.query_row([key.creditor, key.debtor], |row| row.get(0)).optional()?)
}

fn load(
    conn: &Connection,
    key: CaseKey,
    creditor: &Arc<Creditor>,
    erased: Option<&Secret>,
    today: Date,
    now: Timestamp,
) -> Result<Option<Loaded>, StoreError> {
    let Some((around, debtor)) = around(conn, key)?.zip(portfolio::debtor_by_key(conn, key.debtor)?) else {
        return Ok(None);
    };
    let mut numbers = Vec::with_capacity(debtor.numbers.len());
    for number in &debtor.numbers {
        numbers.push(of_number(conn, *number)?);
    }
    // Of several another one may be better.
    for of in numbers.iter_mut().filter(|_| debtor.numbers.len() > 1) {
        let values = params![record::stored_subscriber(of.number), rollup::DEAD];
        of.dead = conn.prepare_cached(DEAD)?.query_row(values, |row| row.get(0))?;
    }
    let mut followed = of_debts(conn, key, today)?;
    for debt in followed.iter_mut().filter(|debt| debt.stepped) {
        debt.track.done = done(conn, debt.key, &creditor.zone)?;
    }
    let (number, stop) = number(conn, &numbers, &creditor.id, erased, now)?;
    let is_unsettled = standing(conn, &around, &debtor, &numbers, now)?.obstacle(now).is_some();
    let texted_one = numbers.iter().find(|of| number.is_some_and(|number| of.number == number));
    let is_confirmed = texted_one.is_some_and(|of| of.confirmed);
    // What another number of the debtor said holds no text to this one.
    let standing = match texted_one {
        Some(of) if is_unsettled => standing(conn, &around, &debtor, std::slice::from_ref(of), now)?,
        _ => Standing::Open,
    };
    let texted = if around.others { texted(conn, key, &creditor.zone)? } else { None };
    let has_happened = around.others || followed.iter().any(|debt| debt.happened);
    let known = if has_happened { Past::of(&histories(conn, key.debtor)?, today) } else { Past::default() };
    let (attempts, last_intent) = answered(conn, &around, &debtor, &numbers)?;
    let past = Past { attempts, last_intent, ..known };
    let (mut tracks, mut debts, mut entered) = (Vec::new(), Vec::new(), BTreeMap::new());
    for (debt, owed) in portfolio::debts_of_case(conn, key.creditor, key.debtor)? {
        let of = followed.iter().position(|of| of.key == debt).map(|place| followed.swap_remove(place));
        if let Some(of) = of {
            entered.insert(owed.id.clone(), day_of(of.entered, &creditor.zone));
            tracks.push((debt, of.track));
            debts.push(owed);
        }
    }
    let Around { revision, epoch, .. } = around;
    let case = Case { creditor: Arc::clone(creditor), debtor, debts, past, today, entered, happened: None };
    Ok(Some(Loaded { key, revision, epoch, case, tracks, stop, is_unsettled, standing, number, is_confirmed, texted }))
}

/// What there is beside a case, so that what there is not need not be looked for.
struct Around {
    revision: i64,
    epoch: i64,
    /// The debtor owes to others, too.
    others: bool,
    /// It was said how things stand with the debtor.
    standing: bool,
    /// The debtor was texted.
    touched: bool,
}

fn around(conn: &Connection, key: CaseKey) -> Result<Option<Around>, StoreError> {
    let read = |row: &Row<'_>| {
        let (revision, epoch) = (row.get(0)?, row.get(1)?);
        Ok(Around { revision, epoch, others: row.get(2)?, standing: row.get(3)?, touched: row.get(4)? })
    };
    Ok(conn.prepare_cached(AROUND)?.query_row([key.creditor, key.debtor], read).optional()?)
}

/// What there is of a number.
struct OfNumber {
    number: PhoneNumber,
    suppressed: bool,
    confirmed: bool,
    standing: bool,
    wrote: bool,
    /// The network has given up on it.
    dead: bool,
}

fn of_number(conn: &Connection, number: PhoneNumber) -> Result<OfNumber, StoreError> {
    // A line has one form or two.
    let other = number.forms().nth(1).map(stored_number);
    let read = |row: &Row<'_>| {
        let (suppressed, confirmed) = (row.get(0)?, row.get(1)?);
        Ok(OfNumber { number, suppressed, confirmed, standing: row.get(2)?, wrote: row.get(3)?, dead: false })
    };
    let values = params![record::stored_subscriber(number), stored_number(number), other];
    Ok(conn.prepare_cached(OF_NUMBER)?.query_row(values, read)?)
}

/// A debt of a case as it is followed.
struct OfDebt {
    key: DebtKey,
    entered: Timestamp,
    track: Track,
    /// Something has become of its steps.
    stepped: bool,
    /// It was paid, or something else was said or done about it.
    happened: bool,
}

fn of_debts(conn: &Connection, key: CaseKey, today: Date) -> Result<Vec<OfDebt>, StoreError> {
    let read = |row: &Row<'_>| {
        let since: Option<i64> = row.get(2)?;
        let (planned, version): (Option<i64>, Option<u32>) = (row.get(3)?, row.get(4)?);
        let planned = planned.and_then(day).zip(version);
        let ladder = row.get(6)?;
        let planned = planned.map(|(day, version)| Planned { day, ladder, version });
        let promise: Option<i64> = row.get(5)?;
        let from = since.and_then(day).unwrap_or(today);
        Ok(OfDebt {
            key: DebtKey(row.get(0)?),
            entered: Timestamp::from_millis(row.get(1)?),
            track: Track { from, planned, promise: promise.and_then(day), done: Vec::new() },
            stepped: row.get(7)?,
            happened: row.get(8)?,
        })
    };
    let mut statement = conn.prepare_cached(OF_DEBTS)?;
    Ok(statement.query_map([key.creditor, key.debtor], read)?.collect::<Result<_, _>>()?)
}

/// What became of a debt's steps.
fn done(conn: &Connection, debt: DebtKey, zone: &TimeZone) -> Result<Vec<Done>, StoreError> {
    // What became of a text is told by its message, and is not written a second time.
    let mut statement = conn.prepare_cached(STEPS)?;
    let rows = statement.query_map([debt.0], |row| {
        let (cycle, on, outcome): (i64, i64, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
        let became: Option<(i64, i64)> = row.get::<_, Option<i64>>(4)?.zip(row.get(5)?);
        let offered: Option<i64> = row.get(6)?;
        let stored = Outcome::from_name(&outcome);
        let step = StepId(row.get(0)?);
        let (outcome, on) = match (stored, became) {
            (Some(Outcome::Queued | Outcome::Grouped), Some((state, parts_sent))) => {
                let offered = offered.map(|at| stored_day(day_of(Timestamp::from_millis(at), zone)));
                let outcome = of_message(message_state_of(state), parts_sent, stored.unwrap_or(Outcome::Queued));
                (Some(outcome), if outcome == Outcome::Sent { offered.unwrap_or(on) } else { on })
            }
            (stored, _) => (stored, on),
        };
        let done = |(cycle, on)| Done {
            step,
            cycle,
            day: on,
            // What a later release wrote was done.
            outcome: outcome.unwrap_or(Outcome::Sent),
        };
        Ok(day(cycle).zip(day(on)).map(done))
    })?;
    Ok(rows.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// What became of a step by what became of its text.
fn of_message(state: Option<MessageState>, parts_sent: i64, queued: Outcome) -> Outcome {
    match state {
        _ if parts_sent > 0 => Outcome::Sent,
        Some(MessageState::Queued) => queued,
        // What the gate turned away was no longer true, or for another number: the step is still to be done.
        Some(MessageState::Blocked) => Outcome::Waiting,
        Some(MessageState::Failed | MessageState::Expired | MessageState::Cancelled) => Outcome::Dropped,
        // Something of it is on the wire, or may have been.
        Some(
            MessageState::Sending
            | MessageState::Accepted
            | MessageState::Delivered
            | MessageState::Undelivered
            | MessageState::Unknown,
        )
        | None => Outcome::Sent,
    }
}

/// The first number that may be asked for payment, one that its owner has confirmed before others, and one that the network has
/// given up on after all others; or why there is none.
/// Whoever wants no more texts is not looked for at another number; where a number is another person's, the next is tried. That
/// outlives erasure: what was known of a number that was erased is looked up by its digest.
fn number(
    conn: &Connection,
    numbers: &[OfNumber],
    creditor: &str,
    erased: Option<&Secret>,
    now: Timestamp,
) -> Result<(Option<PhoneNumber>, Option<Stop>), StoreError> {
    let (mut sure, mut found, mut dead_one, mut stop) = (None, None, None, None);
    for OfNumber { number, suppressed, confirmed, dead, .. } in numbers {
        let mut entries = if *suppressed { suppression::entries(conn, *number)? } else { Vec::new() };
        if let Some(secret) = erased {
            entries.extend(suppression::erased_entries(conn, secret, *number)?);
        }
        let binds = |entry: &&Entry| entry.covers(Purpose::Collection, Some(creditor), now);
        let binding = || entries.iter().filter(binds);
        if let Some(stop) = binding().find_map(|entry| stop_everywhere(entry.kind)) {
            return Ok((None, Some(stop)));
        }
        match binding().next().map(|entry| stop_of(entry.kind)) {
            Some(why) => stop = stop.or(Some(why)),
            None if *dead => dead_one = dead_one.or(Some(*number)),
            None if *confirmed => sure = sure.or(Some(*number)),
            None => found = found.or(Some(*number)),
        }
    }
    let found = sure.or(found).or(dead_one);
    Ok((found, if found.is_some() { None } else { stop }))
}

/// What stops a debtor, whatever the number that it was said of.
fn stop_everywhere(kind: Kind) -> Option<Stop> {
    match kind {
        Kind::OptOut => Some(Stop::OptOut),
        Kind::Deceased => Some(Stop::Deceased),
        Kind::Manual | Kind::Register | Kind::WrongPerson => None,
    }
}

fn stop_of(kind: Kind) -> Stop {
    match kind {
        Kind::OptOut | Kind::Manual | Kind::Register => Stop::OptOut,
        Kind::WrongPerson => Stop::WrongPerson,
        Kind::Deceased => Stop::Deceased,
    }
}

/// The last day on which a text of a ladder waited for the debtor or was handed over, over all other creditors. One that was
/// turned away takes no day from anybody.
fn texted(conn: &Connection, key: CaseKey, zone: &TimeZone) -> Result<Option<Date>, StoreError> {
    let mut statement = conn.prepare_cached(TEXTED)?;
    let rows = statement.query_map([key.debtor, key.creditor], |row| row.get(0).map(DebtKey))?;
    let mut last = None;
    for debt in rows.collect::<Result<Vec<_>, _>>()? {
        let goes = |done: &Done| matches!(done.outcome, Outcome::Queued | Outcome::Grouped | Outcome::Sent);
        last = done(conn, debt, zone)?.iter().filter(|done| goes(done)).map(|done| done.day).chain(last).max();
    }
    Ok(last)
}

/// How things stand with the debtor and these numbers, beside the debts.
fn standing(
    conn: &Connection,
    around: &Around,
    debtor: &Debtor,
    numbers: &[OfNumber],
    now: Timestamp,
) -> Result<Standing, StoreError> {
    let of_debtor = around.standing.then_some(debtor.id.as_str());
    let numbers: Vec<PhoneNumber> = numbers.iter().filter(|of| of.standing).map(|of| of.number).collect();
    if of_debtor.is_none() && numbers.is_empty() {
        return Ok(Standing::Open);
    }
    record::standing(conn, of_debtor, &numbers, Purpose::Collection, now)
}

/// What became of the debts of a debtor to all creditors, each on the days of where its creditor is.
fn histories(conn: &Connection, debtor: i64) -> Result<Vec<History>, StoreError> {
    let mut histories: Vec<(i64, History)> = Vec::new();
    let mut statement = conn.prepare_cached(HAPPENED)?;
    let mut rows = statement.query([debtor])?;
    while let Some(row) = rows.next()? {
        let key = row.get(0)?;
        if histories.last().is_none_or(|(last, _)| *last != key) {
            let Some(due) = day(row.get(1)?) else { continue };
            histories.push((key, History { due, is_paid: row.get(2)?, deeds: Vec::new() }));
        }
        let (Some((_, history)), Some(deed)) = (histories.last_mut(), deed(row)?) else { continue };
        let zone = TimeZone::get(row.get_ref(3)?.as_str().unwrap_or_default()).unwrap_or(TimeZone::UTC);
        history.deeds.push((day_of(Timestamp::from_millis(row.get(5)?), &zone), deed));
    }
    Ok(histories.into_iter().map(|(_, history)| history).collect())
}

/// What a row of [`HAPPENED`] says. Nothing where nothing happened, and where it keeps no promise.
fn deed(row: &Row<'_>) -> rusqlite::Result<Option<Deed>> {
    let kind: Option<String> = row.get(4)?;
    Ok(match kind.as_deref() {
        Some("payment_received") => Some(Deed::Paid { is_all: row.get(6)? }),
        Some("promise") => {
            let days: (Option<i64>, Option<i64>) = (row.get(7)?, row.get(8)?);
            let days = days.0.and_then(day).zip(days.1.and_then(day));
            days.map(|(until, ends)| Deed::Promised { until, ends })
        }
        Some("agreement" | "extension_granted" | "dispute") => Some(Deed::Replaced),
        Some("cancelled") => Some(Deed::Cancelled),
        Some("reopened") => Some(Deed::Reopened),
        _ => None,
    })
}

/// How often the debtor was texted since the last answer, and what that wanted.
fn answered(
    conn: &Connection,
    around: &Around,
    debtor: &Debtor,
    numbers: &[OfNumber],
) -> Result<(u32, Option<Intent>), StoreError> {
    let mut answered: Option<(i64, Option<String>)> = None;
    for number in numbers.iter().filter(|of| of.wrote).flat_map(|of| of.number.forms()) {
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let last = conn.prepare_cached(WROTE)?.query_row([stored_number(number)], read).optional()?;
        answered = answered.into_iter().chain(last).max_by_key(|(at, _)| *at);
    }
    let since = answered.as_ref().map_or(i64::MIN, |(at, _)| *at);
    let attempts = if around.touched {
        conn.prepare_cached(TOUCHED)?.query_row(params![debtor.id, since], |row| row.get(0))?
    } else {
        0
    };
    let understood = answered.and_then(|(_, understood)| reply::retold(&understood?));
    Ok((attempts, understood.and_then(|told| told.intents.first().and_then(|code| Intent::from_code(code)))))
}

#[cfg(test)]
mod tests {
    use super::super::super::schema;
    use super::*;

    #[test]
    fn a_case_costs_the_same_however_large_the_portfolio_is() {
        let folder = tempfile::tempdir().unwrap();
        let conn = schema::open_writer(&folder.path().join("recado.db")).unwrap();
        for (sql, first) in [
            (
                UP,
                "SEARCH dunning_case USING COVERING INDEX dunning_case_next (creditor=? AND (next,debtor)>(?,?) AND next<?)",
            ),
            (AROUND, "SEARCH dunning_case USING PRIMARY KEY (creditor=? AND debtor=?)"),
            (AROUND, "SEARCH touch USING COVERING INDEX touch_debtor (debtor=?)"),
            (OF_NUMBER, "SEARCH suppression USING"),
            (OF_DEBTS, "SEARCH debt USING INDEX debt_debtor (debtor=?)"),
            (STEPS, "SEARCH step USING PRIMARY KEY (debt=?)"),
            (TEXTED, "SEARCH debt USING INDEX debt_debtor (debtor=?)"),
            (DEAD, "SEARCH number_health USING"),
            (HAPPENED, "SEARCH debt USING INDEX debt_debtor (debtor=?)"),
            (HAPPENED, "SEARCH debt_event USING INDEX debt_event_debt (debt=?)"),
            (WROTE, "SEARCH inbound USING INDEX inbound_number (number=?)"),
            (TOUCHED, "SEARCH touch USING COVERING INDEX touch_debtor (debtor=? AND at>?)"),
            (portfolio::DEBTS_OF_CASE, "SEARCH debt USING INDEX debt_debtor (debtor=?)"),
        ] {
            let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let values = vec![rusqlite::types::Null; statement.parameter_count()];
            let rows = statement.query_map(rusqlite::params_from_iter(values), |row| row.get(3)).unwrap();
            let steps: Vec<String> = rows.collect::<Result<_, _>>().unwrap();
            assert!(steps.iter().any(|step| step.starts_with(first)), "{sql}: {steps:?}");
            let whole = |step: &&String| {
                (step.starts_with("SCAN") && *step != "SCAN CONSTANT ROW") || step.ends_with("segment")
            };
            assert_eq!(steps.iter().find(whole), None, "{sql}");
        }
    }
}
