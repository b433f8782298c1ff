//! Erasing a person: what waits is withdrawn, numbers stay suppressed as digests, and the rows are emptied a few at a time.
//!
//! The row of an erasure says how far it has come, so that it goes on after a crash. It goes through these states:
//!
//! - `running`: what waits was withdrawn when it was asked for. Once the log is counted up to there, so that results stay as
//!   they are, the tables of `store::personal` are emptied in their order, 200 rows in a transaction.
//! - `waiting`: a message is on the wire, or its report may still come. It is looked at again until all are settled.
//! - `copying`: everything is emptied, also the row of the erasure; what SQLite's log still holds of it is gone when the log
//!   is copied and truncated ([`super::Store::truncate_log`]).
//! - `blocked`: the same, but that one document with what was there is held until a date. Answers cannot show what is not in
//!   the tables any more; an export can.
//! - `done`.
//! - `dropped`: it was begun at the end of a debtor's time, and something came in about the debtor before it was carried out.
//!
//! A person is a debtor by the caller's id, with the numbers that no other debtor has; or whoever has a number.

mod debtor;

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Row, params, params_from_iter};
use serde_json::{Map, Value, json};

use crate::clock::Timestamp;
use crate::contact::secret::Secret;
use crate::contact::suppression::{Kind, Purposes};
use crate::sms::id::MessageKey;
use crate::sms::lifecycle::{SegmentState, Withdrawal};
use crate::sms::number::PhoneNumber;

use super::StoreError;
use super::event::{About, EventKind};
use super::export;
use super::personal::{Fate, TABLES, WHO, Who};
use super::portfolio::debtor_of;
use super::reader::Reader;
use super::record::stored_subscriber;
use super::retention::is_by_term;
use super::row::{self, SegmentRow, stored_number};
use super::suppression::{Act, Stopped};
use super::work::Work;

/// Rows of one step: a few milliseconds of the writer.
const AT_ONCE: i64 = 200;

/// A report that comes later is tied to nothing (`report.rs`).
const REPORTED_WITHIN: Duration = Duration::from_secs(3 * 24 * 3600);

/// Numbers that a person may have, with those to which texts went in the past. An id with more is no person's.
pub const NUMBERS_MAX: usize = 1_000;

/// Where the suppressions of erased persons come from, as the ledger says.
const SOURCE: &str = "erasure";

/// Who is to be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Person {
    /// A debtor, by the caller's id. Not shown in `Debug` of what holds it.
    Debtor(String),
    /// Whoever has this number.
    Number(PhoneNumber),
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct ErasureOrder {
    /// Who.
    pub person: Person,
    /// Why, in words that name nobody: they stay.
    pub reason: String,
    /// Who asks.
    pub client: String,
    /// Until when what is there is held, for an export alone; erased at once where it is none.
    pub until: Option<Timestamp>,
    /// Whether the numbers must not be texted any more. Those that are suppressed already stay so in any case.
    pub suppress: bool,
}

/// The row of an erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ErasureKey(pub i64);

/// What was begun.
#[derive(Debug, Clone)]
pub struct Begun {
    /// Its row.
    pub key: ErasureKey,
    /// What was withdrawn, and what is on the wire.
    pub stopped: Stopped,
}

/// How far an erasure has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// More can be done at once.
    More,
    /// Results must be counted first, or a message must come to its end.
    Waits,
    /// SQLite's log must be truncated.
    Copy,
    /// Held until then.
    Held(Timestamp),
    /// There is nothing more to do.
    Done,
}

/// An erasure, without whom it was about.
#[derive(Debug, Clone)]
pub struct ErasureView {
    /// Its number.
    pub key: ErasureKey,
    /// When it was asked for.
    pub at: Timestamp,
    /// By whom.
    pub client: String,
    /// Why.
    pub reason: String,
    /// Until when it is held.
    pub until: Option<Timestamp>,
    /// Where it stands.
    pub state: String,
    /// How many rows of each class.
    pub counts: Vec<(String, u64)>,
    /// When it was done.
    pub ended_at: Option<Timestamp>,
}

const VIEW: &str = "SELECT key, at, client, reason, until, state, counts, ended_at FROM erasure";

fn read_view(row: &Row<'_>) -> rusqlite::Result<ErasureView> {
    let counts: String = row.get(6)?;
    let counts: Map<String, Value> = serde_json::from_str(&counts).unwrap_or_default();
    let at = |ms: Option<i64>| ms.map(Timestamp::from_millis);
    Ok(ErasureView {
        key: ErasureKey(row.get(0)?),
        at: Timestamp::from_millis(row.get(1)?),
        client: row.get(2)?,
        reason: row.get(3)?,
        until: at(row.get(4)?),
        state: row.get(5)?,
        counts: counts
            .into_iter()
            .map(|(class, rows)| (class, rows.as_u64().unwrap_or_default()))
            .filter(|(_, rows)| *rows > 0)
            .collect(),
        ended_at: at(row.get(7)?),
    })
}

/// A row, as far as its work needs it.
struct Erasure {
    key: ErasureKey,
    at: Timestamp,
    /// Nobody asked for it: the debtor's time is over.
    by_term: bool,
    state: String,
    stage: usize,
    debtor: Option<String>,
    numbers: Vec<PhoneNumber>,
    message: i64,
    seq: i64,
    until: Option<Timestamp>,
    counts: Map<String, Value>,
}

impl Erasure {
    fn by_key(conn: &Connection, key: ErasureKey) -> Result<Option<Self>, StoreError> {
        let sql = "SELECT state, stage, debtor, numbers, message, seq, until, counts, at, client, reason
             FROM erasure WHERE key = ?";
        let read = |row: &Row<'_>| {
            let numbers: Option<String> = row.get(3)?;
            let (counts, client, reason): (String, String, String) = (row.get(7)?, row.get(9)?, row.get(10)?);
            Ok(Self {
                key,
                at: Timestamp::from_millis(row.get(8)?),
                by_term: is_by_term(&client, &reason),
                state: row.get(0)?,
                stage: row.get(1)?,
                debtor: row.get(2)?,
                numbers: numbers.as_deref().map(read_numbers).unwrap_or_default(),
                message: row.get(4)?,
                seq: row.get(5)?,
                until: row.get::<_, Option<i64>>(6)?.map(Timestamp::from_millis),
                counts: serde_json::from_str(&counts).unwrap_or_default(),
            })
        };
        Ok(conn.prepare_cached(sql)?.query_row([key.0], read).optional()?)
    }

    fn who(&self, secret: &Secret, now: Timestamp) -> Who {
        let since = (now - REPORTED_WITHIN).as_millis();
        Who { debts: self.debts(), ..who(self.debtor.clone(), &self.numbers, secret, self.message, since) }
    }
}

fn read_numbers(stored: &str) -> Vec<PhoneNumber> {
    let stored: Vec<i64> = serde_json::from_str(stored).unwrap_or_default();
    stored.into_iter().filter_map(row::number).collect()
}

/// What finds the rows of a person.
pub(super) fn who(debtor: Option<String>, numbers: &[PhoneNumber], secret: &Secret, message: i64, since: i64) -> Who {
    let forms: Vec<PhoneNumber> = numbers.iter().flat_map(|number| number.forms()).collect();
    let stored: Vec<i64> = forms.iter().map(|number| stored_number(*number)).collect();
    let subscribers: Vec<i64> = numbers.iter().map(|number| stored_subscriber(*number)).collect();
    let digest = |number: &PhoneNumber| {
        let mac = secret.mac(*number);
        let digest = mac.first_chunk::<8>().map_or(0, |octets| i64::from_be_bytes(*octets));
        // No number is negative.
        (stored_number(*number).to_string(), Value::from(-(digest >> 8).abs() - 1))
    };
    Who {
        debtor,
        numbers: Value::from(stored).to_string(),
        subscribers: Value::from(subscribers).to_string(),
        message,
        since,
        digests: Value::Object(forms.iter().map(digest).collect()).to_string(),
        octets: Value::from(forms.iter().map(|number| address_end(*number)).collect::<Vec<_>>()).to_string(),
        debts: -1,
    }
}

/// The last octets of a number in an address field, as hexadecimal digits: digits in pairs, the second first (TS 23.040
/// clause 9.1.2.3). They are the same with and without the prefix of the country where that has two digits.
fn address_end(number: PhoneNumber) -> String {
    let digits = number.e164();
    let mut digits: Vec<char> = digits.trim_start_matches('+').chars().collect();
    if digits.len() % 2 == 1 {
        digits.push('F');
    }
    let pairs: Vec<String> = digits.chunks(2).map(|pair| pair.iter().rev().collect()).collect();
    pairs.get(pairs.len().saturating_sub(5)..).unwrap_or_default().concat()
}

/// The numbers of a debtor that are nobody else's: those that are known, and those that texts went to.
const OWN_NUMBERS: &str = "SELECT number FROM (
         SELECT number FROM debtor_number WHERE debtor = (SELECT key FROM debtor WHERE id = ?1)
         UNION SELECT recipient FROM message WHERE debtor = ?1 AND recipient > 0)
     WHERE NOT EXISTS (SELECT 1 FROM debtor_number AS other WHERE other.number = number
         AND other.debtor IS NOT (SELECT key FROM debtor WHERE id = ?1))";

const IS_KNOWN: &str = "SELECT EXISTS (SELECT 1 FROM debtor WHERE id = ?1)
     OR EXISTS (SELECT 1 FROM message WHERE debtor = ?1) OR EXISTS (SELECT 1 FROM standing WHERE debtor = ?1)
     OR EXISTS (SELECT 1 FROM debtor_hours WHERE debtor = ?1) OR EXISTS (SELECT 1 FROM touch WHERE debtor = ?1)
     OR EXISTS (SELECT 1 FROM campaign_row WHERE debtor = ?1)";

/// A debtor's id, where it is one, and numbers.
pub(super) type Whom = (Option<String>, Vec<PhoneNumber>);

/// Whom that is; `None` for a debtor of whom nothing is known.
pub(super) fn numbers_of(conn: &Connection, person: &Person) -> Result<Option<Whom>, StoreError> {
    match person {
        Person::Number(number) => Ok(Some((None, vec![*number]))),
        Person::Debtor(id) => {
            if !conn.prepare_cached(IS_KNOWN)?.query_row([id], |row| row.get::<_, bool>(0))? {
                return Ok(None);
            }
            let mut statement = conn.prepare_cached(OWN_NUMBERS)?;
            let found = statement.query_map([id], |row| row.get(0).map(row::number))?;
            let numbers = found.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
            Ok(Some((Some(id.clone()), numbers)))
        }
    }
}

impl Reader {
    /// How many numbers a person has.
    pub fn count_numbers(&self, person: &Person) -> Result<usize, StoreError> {
        self.with(|conn| Ok(numbers_of(conn, person)?.map_or(0, |(_, numbers)| numbers.len())))
    }
}

impl Work<'_> {
    /// Begins to erase a person: nothing that waits is handed over any more. `None` where nothing is known of a debtor.
    pub fn begin_erasure(&mut self, order: &ErasureOrder) -> Result<Option<Begun>, StoreError> {
        let Some((debtor, numbers)) = numbers_of(self.conn, &order.person)? else { return Ok(None) };
        self.begin_erasure_of(order, debtor.as_deref(), &numbers).map(Some)
    }

    /// The same of whom the person is: a debtor's id, and numbers.
    pub(super) fn begin_erasure_of(
        &mut self,
        order: &ErasureOrder,
        debtor: Option<&str>,
        numbers: &[PhoneNumber],
    ) -> Result<Begun, StoreError> {
        let message: i64 = self.conn.query_row("SELECT coalesce(max(key), 0) FROM message", [], |row| row.get(0))?;
        let whose = who(debtor.map(str::to_owned), numbers, &self.board.contact.secret, message, 0);
        let held = order.until.map(|_| export::tables(self.conn, &whose)).transpose()?;
        let mut stopped = Stopped::default();
        if order.suppress || order.until.is_some() {
            let act = Act {
                kind: Kind::Manual,
                purposes: Purposes::ALL,
                creditor: None,
                effective: self.now,
                source: SOURCE.to_owned(),
                client: order.client.clone(),
                why: None,
                inbound: None,
            };
            if !numbers.is_empty() {
                stopped = self.suppress(&act, numbers)?;
            }
        }
        self.withdraw_all(debtor, numbers, &mut stopped)?;
        if debtor.is_none() {
            self.take_from_debtors(numbers, &order.client)?;
        }
        let stored: Vec<i64> = numbers.iter().map(|number| stored_number(*number)).collect();
        self.conn
            .prepare_cached(
                "INSERT INTO erasure (at, client, reason, until, state, stage, debtor, numbers, subscribers, message, seq,
                 held, counts) VALUES (?, ?, ?, ?, 'running', 0, ?, ?, ?, ?, 0, ?, '{}')",
            )?
            .execute(params![
                self.now.as_millis(),
                order.client,
                order.reason,
                order.until.map(Timestamp::as_millis),
                debtor,
                Value::from(stored).to_string(),
                whose.subscribers,
                message,
                held.map(|held| held.to_string()),
            ])?;
        let key = ErasureKey(self.conn.last_insert_rowid());
        self.tell_erasure(key, "running", Some(&order.client))?;
        let seq = self.counters.seq;
        self.conn.prepare_cached("UPDATE erasure SET seq = ? WHERE key = ?")?.execute([seq, key.0])?;
        Ok(Begun { key, stopped })
    }

    /// Takes back what waits for persons whose erasure was asked for in another database, as [`Self::begin_erasure`] does.
    /// For all others there is nothing to do.
    pub(super) fn withdraw_for_erasures(&mut self) -> Result<(), StoreError> {
        let sql = "SELECT key FROM erasure WHERE state IN ('running', 'waiting')";
        let open: Vec<i64> =
            self.conn.prepare_cached(sql)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for key in open {
            let Some(erasure) = Erasure::by_key(self.conn, ErasureKey(key))? else { continue };
            let sql = "SELECT client FROM erasure WHERE key = ?";
            let client: String = self.conn.prepare_cached(sql)?.query_row([key], |row| row.get(0))?;
            self.withdraw_all(erasure.debtor.as_deref(), &erasure.numbers, &mut Stopped::default())?;
            if erasure.debtor.is_none() {
                self.take_from_debtors(&erasure.numbers, &client)?;
            }
            let seq = self.counters.seq;
            self.conn.prepare_cached("UPDATE erasure SET seq = ? WHERE key = ?")?.execute([seq, key])?;
        }
        Ok(())
    }

    /// What waits is not sent, and what is unknown not sent again.
    fn withdraw_all(
        &mut self,
        debtor: Option<&str>,
        numbers: &[PhoneNumber],
        stopped: &mut Stopped,
    ) -> Result<(), StoreError> {
        let mut open: Vec<MessageKey> = Vec::new();
        for number in numbers {
            open.extend(self.open_of_number(*number)?);
        }
        if let Some(debtor) = debtor {
            open.extend(self.open_of_debtor(debtor)?);
        }
        open.sort_unstable();
        open.dedup();
        for key in open {
            self.conn.prepare_cached("UPDATE message SET resend_after = NULL WHERE key = ?")?.execute([key.0])?;
            let Some((message, mut segments)) = self.readable(key)? else { continue };
            if segments.iter().any(SegmentRow::may_be_on_wire) {
                stopped.on_wire.extend(self.public_id(key)?);
            }
            if !segments.iter().any(|row| matches!(row.state, SegmentState::Waiting { .. })) {
                continue;
            }
            stopped.stopped += 1;
            for row in segments.iter_mut().filter(|row| matches!(row.state, SegmentState::Waiting { .. })) {
                row.state = row.state.clone().withdraw(Withdrawal::Cancelled)?;
                self.save(row)?;
                row.save_cause(self.conn, SOURCE)?;
            }
            self.update_message(&message, &segments)?;
        }
        stopped.on_wire.sort_unstable();
        stopped.on_wire.dedup();
        Ok(())
    }

    /// Debtors who have the number have it no more.
    fn take_from_debtors(&mut self, numbers: &[PhoneNumber], client: &str) -> Result<(), StoreError> {
        for form in numbers.iter().flat_map(|number| number.forms()) {
            let sql =
                "SELECT debtor.id FROM debtor_number JOIN debtor ON debtor.key = debtor_number.debtor WHERE number = ?";
            let having: Vec<String> = self
                .conn
                .prepare_cached(sql)?
                .query_map([stored_number(form)], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            for id in having {
                let Some((_, mut debtor)) = debtor_of(self.conn, &id)? else { continue };
                debtor.numbers.retain(|number| *number != form);
                self.take_debtor(&debtor, client)?;
            }
        }
        Ok(())
    }

    /// Does a little of an erasure.
    pub fn erase_some(&mut self, key: ErasureKey) -> Result<Stage, StoreError> {
        let Some(mut erasure) = Erasure::by_key(self.conn, key)? else { return Ok(Stage::Done) };
        match erasure.state.as_str() {
            "running" | "waiting" if self.counted()? < erasure.seq => Ok(Stage::Waits),
            "running" | "waiting" => self.go_on_with(&mut erasure),
            "copying" => Ok(Stage::Copy),
            "blocked" => match erasure.until {
                Some(until) if until > self.now => Ok(Stage::Held(until)),
                Some(_) | None => self.forget_whom(key).map(|()| Stage::Copy),
            },
            _ => Ok(Stage::Done),
        }
    }

    fn go_on_with(&mut self, erasure: &mut Erasure) -> Result<Stage, StoreError> {
        if !self.is_still_over(erasure)? {
            return Ok(Stage::Done);
        }
        if erasure.has_debtor_left() {
            return self.empty_debtor(erasure).map(|()| Stage::More);
        }
        self.empty_some(erasure)
    }

    /// Up to which event results are counted.
    fn counted(&self) -> Result<i64, StoreError> {
        Ok(self.conn.prepare_cached("SELECT seq FROM rollup")?.query_row([], |row| row.get(0))?)
    }

    /// Empties some rows of the table that is next.
    fn empty_some(&mut self, erasure: &mut Erasure) -> Result<Stage, StoreError> {
        let who = erasure.who(&self.board.contact.secret, self.now);
        let is_again = erasure.state == "waiting";
        while let Some(table) = TABLES.get(erasure.stage) {
            let emptied = match table.fate {
                Fate::Gone | Fate::Emptied if (table.again || !is_again) && !erasure.is_done_with(table) => {
                    self.empty(table, &who, AT_ONCE)?
                }
                Fate::Digested if !is_again => self.digest(&erasure.numbers)?,
                Fate::Plain | Fate::Own | Fate::Gone | Fate::Emptied | Fate::Digested => 0,
            };
            if emptied == 0 {
                erasure.stage += 1;
                continue;
            }
            erasure.count(table.class, emptied);
            if table.name == "message" {
                // Somebody may be counting what became of these, with their numbers.
                erasure.seq = self.counters.seq;
            }
            self.save_erasure(erasure)?;
            return Ok(Stage::More);
        }
        self.end_pass(erasure, &who)
    }

    fn digest(&mut self, numbers: &[PhoneNumber]) -> Result<usize, StoreError> {
        numbers.iter().map(|number| self.erase_suppressed(*number)).sum()
    }

    /// Every table was gone through: it is over unless a message is on its way, or something is not counted yet.
    fn end_pass(&mut self, erasure: &mut Erasure, who: &Who) -> Result<Stage, StoreError> {
        let sql = format!("{WHO} SELECT EXISTS (SELECT 1 FROM text)");
        let is_left: bool =
            self.conn.prepare_cached(&sql)?.query_row(params_from_iter(who.values()), |row| row.get(0))?;
        if is_left || self.counted()? < erasure.seq {
            let was_running = std::mem::replace(&mut erasure.state, "waiting".to_owned()) == "running";
            erasure.stage = 0;
            self.save_erasure(erasure)?;
            if was_running {
                self.tell_erasure(erasure.key, "waiting", None)?;
            }
            return Ok(Stage::Waits);
        }
        if erasure.until.is_none_or(|until| until <= self.now) {
            self.forget_whom(erasure.key)?;
        } else {
            let sql = "UPDATE erasure SET state = 'copying' WHERE key = ?";
            self.conn.prepare_cached(sql)?.execute([erasure.key.0])?;
        }
        Ok(Stage::Copy)
    }

    fn save_erasure(&self, erasure: &Erasure) -> Result<(), StoreError> {
        let Erasure { key, state, stage, seq, counts, .. } = erasure;
        let counts = Value::Object(counts.clone()).to_string();
        self.conn
            .prepare_cached("UPDATE erasure SET state = ?, stage = ?, seq = ?, counts = ? WHERE key = ?")?
            .execute(params![state, stage, seq, counts, key.0])?;
        Ok(())
    }

    /// Nothing says any more whom it was about.
    fn forget_whom(&self, key: ErasureKey) -> Result<(), StoreError> {
        let sql = "UPDATE erasure SET state = 'copying', debtor = NULL, numbers = NULL, subscribers = NULL, held = NULL
             WHERE key = ?";
        self.conn.prepare_cached(sql)?.execute([key.0])?;
        Ok(())
    }

    /// The log was truncated after everything was emptied.
    pub fn end_erasure(&mut self, key: ErasureKey) -> Result<(), StoreError> {
        let sql =
            "UPDATE erasure SET state = iif(held IS NULL, 'done', 'blocked'), ended_at = iif(held IS NULL, ?, NULL)
             WHERE key = ? AND state = 'copying' RETURNING state";
        let state: Option<String> =
            self.conn.prepare_cached(sql)?.query_row([self.now.as_millis(), key.0], |row| row.get(0)).optional()?;
        state.map_or(Ok(()), |state| self.tell_erasure(key, &state, None))
    }

    fn tell_erasure(&mut self, key: ErasureKey, state: &str, client: Option<&str>) -> Result<(), StoreError> {
        let mut data = json!({ "erasure": key.0, "state": state });
        if let (Some(client), Some(fields)) = (client, data.as_object_mut()) {
            fields.insert("client".to_owned(), client.into());
        }
        self.event(EventKind::ErasureChanged, &About { data: Some(data.to_string()), ..About::default() })
    }
}

impl Reader {
    /// An erasure by its number.
    pub fn erasure(&self, key: ErasureKey) -> Result<Option<ErasureView>, StoreError> {
        let sql = format!("{VIEW} WHERE key = ?");
        self.with(|conn| Ok(conn.prepare_cached(&sql)?.query_row([key.0], read_view).optional()?))
    }

    /// Erasures, newest first, before this one.
    pub fn erasures(&self, page: super::view::Page, limit: u32) -> Result<Vec<ErasureView>, StoreError> {
        self.numbered(VIEW, "key", page, limit, None, read_view)
    }

    /// Those that are neither done nor dropped.
    pub fn open_erasures(&self) -> Result<Vec<ErasureKey>, StoreError> {
        self.with(|conn| {
            let sql = "SELECT key FROM erasure WHERE state <> 'done' AND state <> 'dropped' ORDER BY key";
            let mut statement = conn.prepare_cached(sql)?;
            Ok(statement.query_map([], |row| row.get(0).map(ErasureKey))?.collect::<Result<_, _>>()?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(digits: &str) -> PhoneNumber {
        PhoneNumber::from_digits(digits).unwrap()
    }

    #[test]
    fn a_number_is_known_by_the_end_of_its_octets() {
        // +55 11 98765-4321 is 55 11 89 67 45 23 F1 in an address field.
        assert_eq!(address_end(number("5511987654321")), "89674523F1");
        assert_eq!(address_end(number("551187654321")), "1178563412");
    }

    #[test]
    fn what_stands_for_a_number_is_no_number_and_the_same_for_its_forms() {
        let who = who(None, &[number("5511987654321")], &Secret::new([7; 32]), 0, 0);
        let digests: Map<String, Value> = serde_json::from_str(&who.digests).unwrap();
        let values: Vec<i64> = digests.values().filter_map(Value::as_i64).collect();
        assert_eq!(values.len(), 2);
        assert!(values[0] < 0 && values[0] == values[1]);
    }
}
