//! What is let go at the end of its time: which rows those are, and how they go.
//!
//! Each class has a clock of its own: a message counts from its last event, a received text or call from its arrival, an event from
//! its time, a reference from its message's submission or the time that was set for it. A reader looks for what is due, a piece at
//! a time ([`Reader::due`]); the writer deletes what it found, a few rows in a transaction, and asks every condition once more
//! ([`Work::delete_due`]). Nothing of how far that has come is stored: whoever begins anew finds what is left.
//!
//! Kept although their time is over:
//!
//! - whatever somebody still needs of the log: events behind the results (`rollup`), or behind the place of an endpoint that is
//!   enabled or of something that waits for it, and all rows that are as old as these; events of messages that are not over, from the
//!   oldest on;
//! - messages that are not over, that an unsettled debt or a companion goes by, that the last text of an open conversation or
//!   somebody's wish not to be texted answers, and the newest to each debtor of the portfolio;
//! - debtors with a debt that is not settled or was changed since, a text or an answer of within that time, a conversation that is
//!   not closed, or a campaign that is not over. What is known of one whose time is over is erased as if a person had asked
//!   (`erasure.rs`), so that it goes everywhere, and never before the texts to and from it may go ([`Terms::of`]). It is not
//!   where something came in meanwhile, and what is known of a number that somebody uses stays (`settled.rs`);
//! - received texts that a conversation which is not closed, a suppression, its lifting, a standing, a confirmed number or
//!   something that happened to a debt rests on;
//! - references of messages that are not over: a repeat would bring a second text;
//! - the newest row of each table, so that no key and no number is given twice.
//!
//! Results stay as they are, and so do the counts of campaigns. What counts towards caps of persons is younger than the shortest
//! time that can be configured; budgets have rows of their own.

mod kept;
mod settled;

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::clock::Timestamp;

use super::reader::Reader;
use super::work::Work;
use super::{StoreError, audit};
use kept::{DELETE_REF, FIND_REFS, SPARE, STILL_INBOUND, STILL_MESSAGES, UNTOLD};

pub(super) use settled::{is_by_term, is_settled, quiet};

/// Rows that a reader looks at in one piece.
const LOOKED_AT: i64 = 2_000;

/// Rows of budgets are kept for so long in any case (`spend.rs`).
const SPEND_KEPT: Duration = Duration::from_secs(62 * 86_400);

/// What is kept for a time of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Debtors whose debts are settled, with all that is known of them.
    Debtors,
    /// Messages with their parts, and the lists of campaigns that are over.
    Messages,
    /// What came in: texts, calls, octets.
    Inbox,
    /// The log of events.
    Events,
    /// Callers' references.
    ClientRefs,
    /// Who changed what, and who looked.
    Audit,
}

impl Class {
    /// In the order in which they are gone through.
    pub const ALL: [Self; 6] =
        [Self::Debtors, Self::Messages, Self::Inbox, Self::Events, Self::ClientRefs, Self::Audit];

    /// The word in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Debtors => "debtors",
            Self::Messages => "messages",
            Self::Inbox => "inbox",
            Self::Events => "events",
            Self::ClientRefs => "client_refs",
            Self::Audit => "audit",
        }
    }
}

/// For how long each class is kept; none for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terms {
    /// [`Class::Debtors`].
    pub debtors: Option<Duration>,
    /// [`Class::Messages`].
    pub messages: Option<Duration>,
    /// [`Class::Inbox`].
    pub inbox: Option<Duration>,
    /// [`Class::Events`].
    pub events: Option<Duration>,
    /// [`Class::ClientRefs`].
    pub client_refs: Option<Duration>,
    /// [`Class::Audit`].
    pub audit: Option<Duration>,
}

impl Terms {
    /// The time of a class. With a debtor the texts to and from it go, which have a time of their own.
    pub fn of(&self, class: Class) -> Option<Duration> {
        match class {
            Class::Debtors => Some(self.debtors?.max(self.messages?).max(self.inbox?)),
            Class::Messages => self.messages,
            Class::Inbox => self.inbox,
            Class::Events => self.events,
            Class::ClientRefs => self.client_refs,
            Class::Audit => self.audit,
        }
    }
}

/// How far a pass over a class has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    table: usize,
    /// The last key that was looked at.
    after: i64,
    /// The last reference, with its client.
    reference: (String, String),
}

/// Rows that may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    class: Class,
    table: usize,
    /// Only what is older.
    before: Timestamp,
    rows: Rows,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rows {
    Keys(Vec<i64>),
    /// All up to this one.
    UpTo(i64),
    Refs(Vec<(String, String)>),
}

impl Due {
    /// How many rows, or numbers of the log, that is.
    pub fn len(&self) -> usize {
        match &self.rows {
            Rows::Keys(keys) => keys.len(),
            Rows::UpTo(_) => 1,
            Rows::Refs(refs) => refs.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first of them, and the rest; of the log there is no first.
    #[must_use]
    pub fn first(mut self, count: usize) -> (Self, Option<Self>) {
        let Self { class, table, before, .. } = self;
        let rest = match &mut self.rows {
            Rows::Keys(keys) if keys.len() > count => Some(Rows::Keys(keys.split_off(count))),
            Rows::Refs(refs) if refs.len() > count => Some(Rows::Refs(refs.split_off(count))),
            Rows::Keys(_) | Rows::Refs(_) | Rows::UpTo(_) => None,
        };
        (self, rest.map(|rows| Self { class, table, before, rows }))
    }
}

/// The time before which rows may go: nothing that is as old as an event which somebody still has to read.
fn before(conn: &Connection, before: Timestamp) -> Result<Timestamp, StoreError> {
    let needed: Option<i64> = conn.prepare_cached(UNTOLD)?.query_row([], |row| row.get(0)).optional()?;
    Ok(needed.map_or(before, |at| before.min(Timestamp::from_millis(at))))
}

impl Reader {
    /// What of a class may go, from a place on, and the place behind it; none at the end of the pass. What is later than `now`
    /// was written by a clock that was wrong, and tells nothing of what lies behind it.
    pub fn due(
        &self,
        class: Class,
        older: Timestamp,
        now: Timestamp,
        from: &Place,
    ) -> Result<(Option<Due>, Option<Place>), StoreError> {
        self.with(|conn| match class {
            Class::Debtors | Class::Messages | Class::Inbox => due_of_table(conn, class, older, now, from),
            Class::Events | Class::Audit => due_of_log(conn, class, older, now, from),
            Class::ClientRefs => due_refs(conn, older, from),
        })
    }

    /// The oldest that is kept of a class, where that is told without walking it.
    pub fn oldest(&self, class: Class) -> Result<Option<Timestamp>, StoreError> {
        let sql = match class {
            Class::Messages => "SELECT created_at FROM message ORDER BY key LIMIT 1",
            Class::Inbox => "SELECT at FROM inbound ORDER BY seq LIMIT 1",
            Class::Events => "SELECT at FROM event ORDER BY seq LIMIT 1",
            Class::Audit => "SELECT at FROM audit ORDER BY seq LIMIT 1",
            // A walk over all of them would tell it.
            Class::Debtors | Class::ClientRefs => return Ok(None),
        };
        self.with(|conn| {
            let oldest: Option<i64> = conn.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?;
            Ok(oldest.map(Timestamp::from_millis))
        })
    }

    /// When each class was gone through last, and how many rows of it have gone.
    pub fn passes(&self) -> Result<Vec<(String, Timestamp, u64)>, StoreError> {
        self.with(|conn| {
            let mut statement = conn.prepare_cached("SELECT class, ended_at, gone FROM retention")?;
            let rows =
                statement.query_map([], |row| Ok((row.get(0)?, Timestamp::from_millis(row.get(1)?), row.get(2)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

type Found = (Option<Due>, Option<Place>);

/// Whether a piece has as many rows as it may: there may be more behind it.
fn is_whole(rows: usize) -> bool {
    i64::try_from(rows) == Ok(LOOKED_AT)
}

fn due_of_table(
    conn: &Connection,
    class: Class,
    older: Timestamp,
    now: Timestamp,
    from: &Place,
) -> Result<Found, StoreError> {
    let Some(kept) = class.tables().get(from.table) else { return Ok((None, None)) };
    let before = before(conn, older)?;
    let mut statement = conn.prepare_cached(kept.find)?;
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let rows = statement.query_map(params![before.as_millis(), from.after, LOOKED_AT], read)?;
    let rows = rows.collect::<Result<Vec<(i64, bool, i64)>, _>>()?;
    let is_old = |at: i64| at < before.as_millis() || at > now.as_millis();
    let goes_on = is_whole(rows.len()) && rows.iter().any(|(_, _, at)| is_old(*at));
    let last = rows.last().filter(|_| goes_on).map(|(key, ..)| *key);
    let keys: Vec<i64> = rows.iter().filter(|(_, is_due, _)| *is_due).map(|(key, ..)| *key).collect();
    let due = (!keys.is_empty()).then_some(Due { class, table: from.table, before, rows: Rows::Keys(keys) });
    let next_table = Place { table: from.table + 1, ..Place::default() };
    let next = last.map_or(next_table, |after| Place { table: from.table, after, ..Place::default() });
    Ok((due, (next.table < class.tables().len()).then_some(next)))
}

/// The log goes from its beginning, and never with a gap.
fn due_of_log(
    conn: &Connection,
    class: Class,
    older: Timestamp,
    now: Timestamp,
    from: &Place,
) -> Result<Found, StoreError> {
    let (sql, last) = if class == Class::Audit {
        ("SELECT seq, at FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2", "SELECT max(seq) - 1 FROM audit")
    } else {
        ("SELECT seq, at FROM event WHERE seq > ?1 ORDER BY seq LIMIT ?2", SPARE)
    };
    let last: Option<i64> = conn.prepare_cached(last)?.query_row([], |row| row.get(0))?;
    let Some(last) = last else { return Ok((None, None)) };
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map(params![from.after, LOOKED_AT], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let rows = rows.collect::<Result<Vec<(i64, i64)>, _>>()?;
    let is_old = |at: i64| at < older.as_millis();
    let may_go = |(seq, at): &&(i64, i64)| *seq <= last && (is_old(*at) || *at > now.as_millis());
    let run: Vec<&(i64, i64)> = rows.iter().take_while(may_go).collect();
    let up_to = run.iter().rev().find(|(_, at)| is_old(*at)).map(|(seq, _)| *seq);
    let goes_on = is_whole(run.len());
    let next = run.last().filter(|_| goes_on).map(|(seq, _)| Place { after: *seq, ..Place::default() });
    let due = up_to.map(|up_to| Due { class, table: 0, before: older, rows: Rows::UpTo(up_to) });
    Ok((due, next))
}

fn due_refs(conn: &Connection, older: Timestamp, from: &Place) -> Result<Found, StoreError> {
    let mut statement = conn.prepare_cached(FIND_REFS)?;
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let rows = statement.query_map(params![older.as_millis(), from.reference.0, from.reference.1, LOOKED_AT], read)?;
    let rows = rows.collect::<Result<Vec<(String, String, bool)>, _>>()?;
    let goes_on = is_whole(rows.len());
    let place = |(client, name, _): &(String, String, bool)| Place {
        reference: (client.clone(), name.clone()),
        ..Place::default()
    };
    let next = rows.last().filter(|_| goes_on).map(place);
    let refs: Vec<(String, String)> =
        rows.into_iter().filter(|(_, _, is_due)| *is_due).map(|(client, name, _)| (client, name)).collect();
    let due =
        (!refs.is_empty()).then_some(Due { class: Class::ClientRefs, table: 0, before: older, rows: Rows::Refs(refs) });
    Ok((due, next))
}

impl Work<'_> {
    /// Deletes what may still go of rows that a reader found; of a log at most `count` entries. How many rows went, and whether
    /// there is more to do with the same.
    pub fn delete_due(&mut self, due: &Due, count: usize) -> Result<(usize, bool), StoreError> {
        match &due.rows {
            Rows::Keys(keys) => self.let_go_of_table(due, keys),
            Rows::Refs(refs) => {
                let mut delete = self.conn.prepare_cached(DELETE_REF)?;
                let mut gone = 0;
                for (client, name) in refs {
                    gone += delete.execute(params![due.before.as_millis(), client, name])?;
                }
                Ok((gone, false))
            }
            Rows::UpTo(seq) if due.class == Class::Audit => audit::cut(self.conn, *seq, count, self.now),
            Rows::UpTo(seq) => self.cut_log(*seq, count),
        }
    }

    fn let_go_of_table(&mut self, due: &Due, keys: &[i64]) -> Result<(usize, bool), StoreError> {
        let Some(kept) = due.class.tables().get(due.table) else { return Ok((0, false)) };
        let before = before(self.conn, due.before)?;
        let mut list = serde_json::Value::from(keys).to_string();
        let asked = match (due.class, due.table) {
            (Class::Messages, 0) => Some(STILL_MESSAGES),
            (Class::Inbox, 0) => Some(STILL_INBOUND),
            (Class::Debtors, _) => return Ok((self.let_go_of_debtors(before, &list)?, false)),
            _ => None,
        };
        let before = before.as_millis();
        if let Some(still) = asked {
            let mut statement = self.conn.prepare_cached(still)?;
            let left = statement.query_map(params![before, list], |row| row.get(0))?;
            list = serde_json::Value::from(left.collect::<Result<Vec<i64>, _>>()?).to_string();
        }
        let is_message = due.class == Class::Messages && due.table == 0;
        if is_message {
            self.uncount(&list)?;
        }
        let mut gone = 0;
        for sql in kept.delete {
            gone = self.conn.prepare_cached(sql)?.execute(params![before, list])?;
        }
        if is_message {
            self.forget_spent_long_ago()?;
        }
        // A list of a campaign goes a hundred rows at a time.
        Ok((gone, due.class == Class::Messages && due.table == 1 && gone > 0))
    }

    /// Messages that go are counted in no state any more; what campaigns came to stays.
    fn uncount(&mut self, list: &str) -> Result<(), StoreError> {
        let sql = "SELECT state, count(*) FROM message WHERE key IN (SELECT value FROM json_each(?)) GROUP BY state";
        let states = self
            .conn
            .prepare_cached(sql)?
            .query_map([list], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<Vec<(i64, i64)>, _>>()?;
        for (state, messages) in states {
            self.uncount_messages(state, messages);
        }
        Ok(())
    }

    /// Of SIMs that nobody offers anything any more, what they spent goes here.
    fn forget_spent_long_ago(&self) -> Result<(), StoreError> {
        let sql = "DELETE FROM spend WHERE (sim, at, segment) IN (SELECT spend.sim, spend.at, spend.segment FROM sim
             CROSS JOIN spend ON spend.sim = sim.key AND spend.at < ?1 LIMIT 10)";
        self.conn.prepare_cached(sql)?.execute([(self.now - SPEND_KEPT).as_millis()])?;
        Ok(())
    }

    /// Takes events from the beginning of the log, up to this one at most, and keeps the hash of the last.
    fn cut_log(&mut self, up_to: i64, count: usize) -> Result<(usize, bool), StoreError> {
        let spare: Option<i64> = self.conn.prepare_cached(SPARE)?.query_row([], |row| row.get(0))?;
        let up_to = spare.map_or(0, |spare| spare.min(up_to));
        let sql = "SELECT seq, hash FROM (SELECT seq, hash FROM event WHERE seq <= ? ORDER BY seq LIMIT ?)
             ORDER BY seq DESC LIMIT 1";
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        let last = self.conn.prepare_cached(sql)?.query_row([up_to, count], |row| Ok((row.get(0)?, row.get(1)?)));
        let Some((last, hash)): Option<(i64, Option<Vec<u8>>)> = last.optional()? else { return Ok((0, false)) };
        self.conn.prepare_cached("DELETE FROM event_cut")?.execute([])?;
        self.conn.prepare_cached("INSERT INTO event_cut (seq, hash, at) VALUES (?, ?, ?)")?.execute(params![
            last,
            hash,
            self.now.as_millis()
        ])?;
        let gone = self.conn.prepare_cached("DELETE FROM event WHERE seq <= ?")?.execute([last])?;
        Ok((gone, last < up_to))
    }

    /// A class was gone through: so many rows went.
    pub fn note_pass(&mut self, class: Class, gone: u64) -> Result<(), StoreError> {
        self.conn
            .prepare_cached(
                "INSERT INTO retention (class, ended_at, gone) VALUES (?1, ?2, ?3)
                 ON CONFLICT (class) DO UPDATE SET ended_at = ?2, gone = gone + ?3",
            )?
            .execute(params![class.name(), self.now.as_millis(), gone])?;
        if gone > 0 {
            self.note_own("retention", class.name(), gone)?;
        }
        Ok(())
    }

    /// Gives some of the free pages back to the file system. False when few are left: what comes next is written there.
    pub fn give_back_pages(&self, pages: u32) -> Result<bool, StoreError> {
        let number = |name: &str| self.conn.pragma_query_value(None, name, |row| row.get::<_, u64>(0));
        let (all, free) = (number("page_count")?, number("freelist_count")?);
        if free <= all / 20 + 256 {
            return Ok(false);
        }
        let mut statement = self.conn.prepare(&format!("PRAGMA incremental_vacuum({pages})"))?;
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
        Ok(true)
    }
}
