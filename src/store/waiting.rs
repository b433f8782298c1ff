//! What waits in the queue, and for what: lanes as wholes, and those that were put off one by one.
//!
//! A lane that is closed holds all of its parts for one reason, which costs nothing to say however many they are. Within a lane
//! some are due later for a reason of their own: these are walked in the index of the queue, up to a bound, and why they were
//! put off is what the log says last. So the answer comes in the same time from a queue of ten million.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::Deserialize;

use crate::clock::Timestamp;
use crate::contact;
use crate::dispatch::gate::Reason;
use crate::dispatch::plan::LaneKey;

use super::StoreError;
use super::campaign::Outlook;
use super::reader::Reader;
use super::work::Work;

/// Parts that are counted one by one, over all lanes: some 50 ms.
const COUNTED: u64 = 200_000;

/// Parts of which it is looked up why they were put off, over all lanes: some 50 ms.
const LOOKED_AT: u64 = 2_000;

/// Those of a lane that are due later. The priorities are written out, so that the index `segment_due` is sought for each.
const LATER: &str =
    "FROM segment INDEXED BY segment_due WHERE lane = ?1 AND prio IN (0, 1, 2, 3, 4, 5, 6, 7, 8, 9) AND state = 0
     AND due > ?2 LIMIT ?3";

/// What the log says last of why a message is held. The index `event_message` is made for it.
const HELD: &str = "SELECT data FROM event WHERE message = ? AND type = 'message.held' ORDER BY seq DESC LIMIT 1";

/// What waits in a lane, and what holds all of it.
#[derive(Debug, Clone)]
pub struct LaneQueue {
    /// Which.
    pub lane: LaneKey,
    /// Parts that wait there.
    pub parts: u64,
    /// Why none of them goes now, and until when where that is known; nothing where they wait for their turn.
    pub held: Option<(Reason, Option<Timestamp>)>,
}

/// The queue as the writer knows it.
#[derive(Debug, Clone)]
pub struct Queue {
    /// The lanes in which something waits.
    pub lanes: Vec<LaneQueue>,
    /// What an estimate of its end is made from.
    pub outlook: Outlook,
}

/// Parts that wait for one reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub parts: u64,
    /// When the first of them may go, where that is known.
    pub next: Option<Timestamp>,
}

impl Waiting {
    fn add(&mut self, parts: u64, next: Option<Timestamp>) {
        self.parts += parts;
        self.next = [self.next, next].into_iter().flatten().min();
    }
}

/// Why parts wait: the code of the API and its words. Those of the gate, and two more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Why {
    /// The code.
    pub code: &'static str,
    /// What it means.
    pub detail: &'static str,
}

impl Why {
    /// Other parts are before them, and the pace of the SIMs.
    pub const TURN: Self = Self { code: "turn", detail: "nothing holds them but what goes before them" };

    /// They were put off, each for a reason of its own.
    pub const LATER: Self =
        Self { code: "later", detail: "put off, each for a reason of its own: too many to look at each" };
}

impl From<Reason> for Why {
    fn from(reason: Reason) -> Self {
        Self { code: reason.code(), detail: reason.detail() }
    }
}

/// The queue by reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QueueByReason {
    /// What waits for what.
    pub waiting: BTreeMap<Why, Waiting>,
    /// All that were put off were counted; else some of them stand under what holds their lane.
    pub is_whole: bool,
}

impl Work<'_> {
    /// What waits, lane by lane.
    pub fn queue(&self) -> Result<Queue, StoreError> {
        let board = &*self.board;
        let mut lanes = Vec::new();
        for (key, info) in &board.lanes {
            let parts = board.waiting.get(key).and_then(|parts| u64::try_from(*parts).ok()).unwrap_or(0);
            if parts > 0 {
                lanes.push(LaneQueue { lane: *key, parts, held: board.hold_of_lane(self.conn, info, self.now)? });
            }
        }
        Ok(Queue { lanes, outlook: self.outlook_of_all() })
    }
}

impl Reader {
    /// What waits in lanes, by its reason.
    pub fn queue_by_reason(&self, lanes: &[LaneQueue], now: Timestamp) -> Result<QueueByReason, StoreError> {
        self.with(|conn| by_reason(conn, lanes, now, (COUNTED, LOOKED_AT)))
    }
}

fn by_reason(
    conn: &Connection,
    lanes: &[LaneQueue],
    now: Timestamp,
    (mut counted, mut looked_at): (u64, u64),
) -> Result<QueueByReason, StoreError> {
    let mut found = QueueByReason { is_whole: true, ..QueueByReason::default() };
    for LaneQueue { lane, parts, held } in lanes {
        let mut rest = *parts;
        // A pause is the first of all reasons.
        if !matches!(held, Some((Reason::Paused, _))) {
            let later = count_later(conn, *lane, now, counted)?;
            found.is_whole &= later.parts < counted || counted == 0 && later.parts == 0;
            counted -= later.parts;
            rest = rest.saturating_sub(later.parts);
            let mut others = later;
            if later.parts > 0 && looked_at > 0 {
                for (reason, due) in look_at_later(conn, *lane, now, looked_at)? {
                    found.waiting.entry(reason.into()).or_default().add(1, due);
                    looked_at -= 1;
                    others.parts = others.parts.saturating_sub(1);
                }
            }
            if others.parts > 0 {
                found.waiting.entry(Why::LATER).or_default().add(others.parts, others.next);
            }
        }
        if rest > 0 {
            let (why, next) = held.map_or((Why::TURN, None), |(reason, until)| (reason.into(), until));
            found.waiting.entry(why).or_default().add(rest, next);
        }
    }
    Ok(found)
}

fn count_later(conn: &Connection, lane: LaneKey, now: Timestamp, most: u64) -> Result<Waiting, StoreError> {
    let sql = format!("SELECT count(*), min(due) FROM (SELECT due {LATER})");
    let mut statement = conn.prepare_cached(&sql)?;
    Ok(statement.query_row(params![lane.0, now.as_millis(), most], |row| {
        Ok(Waiting { parts: row.get(0)?, next: row.get::<_, Option<i64>>(1)?.map(Timestamp::from_millis) })
    })?)
}

/// Why some of a lane were put off, and until when where time alone tells.
fn look_at_later(
    conn: &Connection,
    lane: LaneKey,
    now: Timestamp,
    most: u64,
) -> Result<Vec<(Reason, Option<Timestamp>)>, StoreError> {
    let mut statement = conn.prepare_cached(&format!("SELECT message, due, expires {LATER}"))?;
    let rows = statement.query_map(params![lane.0, now.as_millis(), most], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
    })?;
    let mut held = conn.prepare_cached(HELD)?;
    let mut found = Vec::new();
    for row in rows {
        let (message, due, expires) = row?;
        let said: Option<String> = held.query_row([message], |row| row.get(0)).optional()?.flatten();
        let why = said.and_then(|said| put_off_for(&said, due));
        // What lies at the end of its validity waits for a person.
        let due = (due < expires).then(|| Timestamp::from_millis(due));
        found.push((why.map_or(Reason::NotDue, Reason::Contact), due));
    }
    Ok(found)
}

/// What a hold says.
#[derive(Deserialize)]
struct Said {
    code: String,
    not_before: Option<String>,
}

/// The reason about the person for which something was put off until it is due; none where another one holds it by now, such as
/// the time that follows a failure.
fn put_off_for(said: &str, due: i64) -> Option<contact::Reason> {
    let Said { code, not_before } = serde_json::from_str(said).ok()?;
    let until: Option<jiff::Timestamp> = not_before.map(|at| at.parse()).transpose().ok()?;
    let is_of_this = until.is_none_or(|until| until.as_millisecond() == due);
    contact::Reason::ALL.into_iter().find(|known| is_of_this && known.code() == code)
}

#[cfg(test)]
mod tests {
    use super::super::schema;
    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    fn database() -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let conn = schema::open_writer(&folder.path().join("recado.db")).unwrap();
        conn.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        (folder, conn)
    }

    /// A part that waits, and what the log says of it.
    fn put(conn: &Connection, lane: i64, due: i64, held: Option<&str>) {
        let sql = "INSERT INTO segment (message, part, state, lane, prio, due, expires, pdu) VALUES (?, 1, 0, ?, 5, ?, ?, x'')";
        let message: i64 =
            conn.query_row("SELECT coalesce(max(key), 0) + 1 FROM segment", [], |row| row.get(0)).unwrap();
        conn.execute(sql, params![message, lane, due, NOW + 86_400_000]).unwrap();
        if let Some(held) = held {
            let sql = "INSERT INTO event (at, type, message, data) VALUES (?, 'message.held', ?, ?)";
            conn.execute(sql, params![NOW, message, held]).unwrap();
        }
    }

    fn lane(key: i64, parts: u64, held: Option<Reason>) -> LaneQueue {
        LaneQueue { lane: LaneKey(key), parts, held: held.map(|reason| (reason, None)) }
    }

    fn counts(found: &QueueByReason) -> Vec<(&'static str, u64)> {
        found.waiting.iter().map(|(why, waiting)| (why.code, waiting.parts)).collect()
    }

    const HOUR: i64 = 3_600_000;

    #[test]
    fn what_is_put_off_says_why_and_the_rest_waits_for_what_holds_its_lane() {
        let (_folder, conn) = database();
        let until = Timestamp::from_millis(NOW + HOUR);
        put(&conn, 1, NOW - 1, None);
        put(&conn, 1, NOW + HOUR, Some(&format!("{{\"code\":\"frequency_day\",\"not_before\":\"{until}\"}}")));
        // It was held then; now it waits after a failure.
        put(&conn, 1, NOW + HOUR, Some("{\"code\":\"promise\",\"not_before\":\"2027-01-01T00:00:00.000Z\"}"));
        // What only a person can change lies at the end of its validity.
        put(&conn, 1, NOW + 24 * HOUR, Some("{\"code\":\"disputed\"}"));
        put(&conn, 2, NOW + HOUR, Some("{\"code\":\"disputed\"}"));
        let lanes = [lane(1, 4, Some(Reason::Contact(contact::Reason::Window))), lane(2, 1, Some(Reason::Paused))];
        let found = by_reason(&conn, &lanes, Timestamp::from_millis(NOW), (100, 100)).unwrap();
        assert!(found.is_whole);
        let expected = [("disputed", 1), ("frequency_day", 1), ("not_due", 1), ("paused", 1), ("window", 1)];
        assert_eq!(counts(&found), expected);
        let next = |reason| found.waiting[&Why::from(Reason::Contact(reason))].next;
        let (capped, disputed) = (next(contact::Reason::FrequencyDay), next(contact::Reason::Disputed));
        assert_eq!((capped, disputed), (Some(until), None));
    }

    #[test]
    fn what_is_too_much_to_look_at_is_counted_and_what_is_too_much_to_count_says_so() {
        let (_folder, conn) = database();
        for nth in 0..10 {
            put(&conn, 1, NOW + HOUR + nth, None);
        }
        let count = |bounds| {
            let found = by_reason(&conn, &[lane(1, 10, None)], Timestamp::from_millis(NOW), bounds).unwrap();
            (counts(&found), found.is_whole)
        };
        assert_eq!(count((100, 4)), (vec![("later", 6), ("not_due", 4)], true));
        assert_eq!(count((5, 0)), (vec![("later", 5), ("turn", 5)], false));
    }

    #[test]
    fn a_long_queue_is_sought_and_not_walked() {
        let (_folder, conn) = database();
        for sql in [format!("SELECT due {LATER}"), format!("SELECT message, due, expires {LATER}"), HELD.to_owned()] {
            let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let values = vec![rusqlite::types::Null; statement.parameter_count()];
            let rows = statement.query_map(rusqlite::params_from_iter(values), |row| row.get(3)).unwrap();
            let steps: Vec<String> = rows.collect::<Result<_, _>>().unwrap();
            assert_eq!(steps.len(), 1, "{steps:?}");
            assert!(
                steps[0].contains("segment_due (lane=? AND prio=? AND due>?)")
                    || steps[0].contains("event_message (message=?"),
                "{steps:?}"
            );
        }
    }
}
