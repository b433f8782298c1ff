//! Events after the cursor, counted.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde_json::Value;

use crate::contact::reply::Intent;
use crate::dunning::money::{Cost, PartPrice, Prices};
use crate::dunning::result::{Cell, Count, Spent};
use crate::sms::id::SimKey;
use crate::sms::lifecycle::MessageState;

use super::super::StoreError;
use super::super::origin::OriginKey;
use super::super::reader::Reader;
use super::super::row;
use super::health::NumberChange;
use super::payment::{Payment, payment};
use super::{Hour, RolledUp, cursor};

const EVENTS: &str =
    "SELECT seq, event.at, type, event.sim, data, message.key, message.created_at, message.origin, recipient,
     companion_of IS NOT NULL
     FROM event LEFT JOIN message ON message.key = event.message WHERE seq > ? ORDER BY seq LIMIT ?";

/// The state that a message was in before an event.
const STATE_BEFORE: &str =
    "SELECT type FROM event WHERE message = ?1 AND seq < ?2 AND type >= 'message.' AND type < 'message/'
     AND type <> 'message.held' ORDER BY seq DESC LIMIT 1";

/// Answers to a message before an event.
const ANSWERS_BEFORE: &str = "SELECT data FROM event WHERE message = ?1 AND seq < ?2
     AND type IN ('inbound.received', 'inbound.partial')";

/// An event, with what is needed of its message.
struct Event {
    seq: i64,
    at: i64,
    kind: String,
    sim: Option<SimKey>,
    data: Option<String>,
    about: Option<About>,
}

#[derive(Debug, Clone, Copy)]
struct About {
    message: i64,
    origin: OriginKey,
    hour: Hour,
    subscriber: Option<i64>,
    /// A code that follows a text: one text with that, but for what its parts cost.
    is_companion: bool,
}

fn read_event(row: &Row<'_>) -> rusqlite::Result<Event> {
    let about = match row.get::<_, Option<i64>>(5)? {
        None => None,
        Some(message) => Some(About {
            message,
            origin: OriginKey(row.get::<_, Option<i64>>(7)?.unwrap_or_default()),
            hour: Hour::of(crate::clock::Timestamp::from_millis(row.get(6)?)),
            subscriber: row::number(row.get(8)?).map(super::super::record::stored_subscriber),
            is_companion: row.get(9)?,
        }),
    };
    Ok(Event {
        seq: row.get(0)?,
        at: row.get(1)?,
        kind: row.get(2)?,
        sim: row.get::<_, Option<i64>>(3)?.map(SimKey),
        data: row.get(4)?,
        about,
    })
}

impl Reader {
    /// Counts at most `limit` events that are not counted yet. `None` where there are none.
    pub fn roll_up(&self, limit: u32, prices: &Prices) -> Result<Option<RolledUp>, StoreError> {
        self.with(|conn| {
            let after = cursor(conn)?;
            let events = conn
                .prepare_cached(EVENTS)?
                .query_map([after, limit.into()], read_event)?
                .collect::<Result<Vec<_>, _>>()?;
            let Some(upto) = events.last().map(|event| event.seq) else { return Ok(None) };
            let mut counting = Counting {
                conn,
                prices,
                cells: BTreeMap::new(),
                numbers: BTreeMap::new(),
                states: HashMap::new(),
                of_sims: HashMap::new(),
            };
            for event in &events {
                counting.count(event)?;
            }
            let Counting { cells, numbers, .. } = counting;
            Ok(Some(RolledUp { after, upto, cells, numbers, events: events.len() }))
        })
    }
}

struct Counting<'a> {
    conn: &'a Connection,
    prices: &'a Prices,
    cells: BTreeMap<(OriginKey, Hour), Cell>,
    numbers: BTreeMap<i64, NumberChange>,
    /// States that messages of these events are in so far.
    states: HashMap<i64, MessageState>,
    of_sims: HashMap<SimKey, PartPrice>,
}

impl Counting<'_> {
    fn count(&mut self, event: &Event) -> Result<(), StoreError> {
        match (event.kind.as_str(), event.about) {
            ("message.held", _) => Ok(()),
            ("segment.accepted", Some(about)) => self.accepted(event, about),
            ("segment.reported", Some(about)) => {
                let status = data(event).get("tp_status").and_then(Value::as_u64);
                if let (Some(status), Some(number)) = (status, self.number(about)) {
                    number.reported(u8::try_from(status).unwrap_or_default(), event.at);
                }
                Ok(())
            }
            ("inbound.received" | "inbound.partial", Some(about)) => self.answered(event, about),
            ("debt.changed", _) => match payment(self.conn, event.seq, event.at, &data(event))? {
                Some(Payment { origin, hour, day, currency, paid }) => {
                    self.cell(origin, hour).paid.entry((day, currency)).or_default().add(paid);
                    Ok(())
                }
                None => Ok(()),
            },
            (kind, Some(about)) => match kind.strip_prefix("message.").and_then(MessageState::from_name) {
                Some(state) => self.moved(event, about, state),
                None => Ok(()),
            },
            (_, None) => Ok(()),
        }
    }

    fn cell(&mut self, origin: OriginKey, hour: Hour) -> &mut Cell {
        self.cells.entry((origin, hour)).or_default()
    }

    fn number(&mut self, about: About) -> Option<&mut NumberChange> {
        Some(self.numbers.entry(about.subscriber?).or_default())
    }

    fn moved(&mut self, event: &Event, about: About, state: MessageState) -> Result<(), StoreError> {
        let before = match self.states.insert(about.message, state) {
            Some(before) => Some(before),
            None => self.state_before(event, about)?,
        };
        if !about.is_companion {
            self.cell(about.origin, about.hour).counts.moved(before, state);
        }
        if let Some(number) = self.number(about) {
            number.moved(before, state);
        }
        Ok(())
    }

    fn state_before(&self, event: &Event, about: About) -> Result<Option<MessageState>, StoreError> {
        let mut statement = self.conn.prepare_cached(STATE_BEFORE)?;
        let kind: Option<String> = statement.query_row([about.message, event.seq], |row| row.get(0)).optional()?;
        Ok(kind.and_then(|kind| MessageState::from_name(kind.strip_prefix("message.")?)))
    }

    /// The network has taken a part. What was unknown and is found to be sent comes as this, too.
    fn accepted(&mut self, event: &Event, about: About) -> Result<(), StoreError> {
        let Some(sim) = event.sim else { return Ok(()) };
        let price = if let Some(price) = self.of_sims.get(&sim) {
            *price
        } else {
            let sql = "SELECT iccid FROM sim WHERE key = ?";
            let iccid: Option<String> =
                self.conn.prepare_cached(sql)?.query_row(params![sim.0], |row| row.get(0)).optional()?;
            let price = iccid.map_or(self.prices.each, |iccid| self.prices.of(&iccid));
            self.of_sims.insert(sim, price);
            price
        };
        let spent = Spent { parts: 1, cost: Cost::from(price) };
        self.cell(about.origin, about.hour).spent.entry(sim).or_default().add(spent);
        Ok(())
    }

    /// Somebody answered. A text counts once as answered, and once for each thing that its answers want.
    fn answered(&mut self, event: &Event, about: About) -> Result<(), StoreError> {
        let mut statement = self.conn.prepare_cached(ANSWERS_BEFORE)?;
        let mut earlier = Vec::new();
        for data in statement.query_map([about.message, event.seq], |row| row.get::<_, Option<String>>(0))? {
            earlier.push(wants(&parsed(data?.as_deref())));
        }
        let cell = self.cell(about.origin, about.hour);
        if earlier.is_empty() {
            cell.counts.add(Count::Replied, 1);
        }
        for count in wants(&data(event)) {
            if !earlier.iter().flatten().any(|one| *one == count) {
                cell.counts.add(count, 1);
            }
        }
        if let Some(number) = self.number(about) {
            number.answered(event.at);
        }
        Ok(())
    }
}

fn data(event: &Event) -> Value {
    parsed(event.data.as_deref())
}

fn parsed(data: Option<&str>) -> Value {
    data.and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default()
}

/// What an answer is counted as, each once.
fn wants(data: &Value) -> Vec<Count> {
    let intents = data.pointer("/understood/intents").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let intents = intents.iter().filter_map(|intent| Intent::from_code(intent.as_str()?));
    let mut counts = Vec::new();
    for count in intents.filter_map(Count::of) {
        if !counts.contains(&count) {
            counts.push(count);
        }
    }
    counts
}
