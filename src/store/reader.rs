//! Reading: connections of their own, `query_only`, short statements.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use crate::clock::Timestamp;
use crate::contact::Habit;
use crate::contact::secret::Secret;
use crate::contact::suppression::Purposes;
use crate::dispatch::gate::Question;
use crate::dispatch::sim::SimSettings;
use crate::sms::id::{MessageId, MessageKey, ModemId};
use crate::sms::lifecycle::{MessageState, ReportState, SegmentState, report_state};
use crate::sms::message::{Body, Labels};
use crate::sms::number::{PhoneNumber, Sender};

use super::alarm::AlarmView;
use super::board::{PAUSE, Pause};
use super::call::CallView;
use super::chain::ChainHash;
use super::clock_doubt;
use super::origin::read_origin;
use super::row::{MessageRow, SegmentRow, code, message_state_of};
use super::view::{
    EventView, InboundView, InboxFilter, LiftView, MessageFilter, MessageView, OwedView, Page, PartView,
    SuppressionView, TokenView,
};
use super::{OpenError, StoreError, evidence, habit, listing, record, reply, row, schema};

/// Reads what was committed. Cheap to share; each call takes a connection from a small pool. Calls block: async callers use
/// `spawn_blocking`.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    sims: RwLock<SimSettings>,
    idle: Mutex<Vec<Connection>>,
    /// By which numbers that were erased are known again.
    pub(super) secret: Option<Secret>,
    opens: fn(&Path) -> Result<Connection, rusqlite::Error>,
    /// Held by whoever walks along the chain.
    pub(super) walk: Mutex<()>,
}

/// Connections kept open; more are opened when needed and closed again.
const KEPT: usize = 2;

impl Reader {
    /// A reader of the database that [`super::Store::open`] has made.
    pub fn new(path: &Path, sims: SimSettings) -> Self {
        Self::opening(path, sims, schema::open_reader)
    }

    /// Knows numbers again that were erased: who plans texts needs it, and who looks what would be planned.
    #[must_use]
    pub fn with_secret(mut self, secret: Secret) -> Self {
        self.secret = Some(secret);
        self
    }

    /// A reader that changes nothing at all and leaves nothing behind, for a look from another process than the daemon's.
    /// `None` where a release before this one wrote the database last, or nothing was ever written to it.
    pub fn look(path: &Path, sims: SimSettings) -> Result<Option<Self>, OpenError> {
        let is_current = schema::is_current(&schema::open_looker(path)?, path)?;
        Ok(is_current.then(|| Self::opening(path, sims, schema::open_looker)))
    }

    /// Calls SIMs by other names from now on.
    pub fn set_sims(&self, sims: SimSettings) {
        *self.sims.write().unwrap_or_else(PoisonError::into_inner) = sims;
    }

    fn opening(path: &Path, sims: SimSettings, opens: fn(&Path) -> Result<Connection, rusqlite::Error>) -> Self {
        let sims = RwLock::new(sims);
        Self { path: path.to_owned(), sims, secret: None, idle: Mutex::new(Vec::new()), opens, walk: Mutex::new(()) }
    }

    pub(super) fn with<T>(&self, read: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let conn = match kept {
            Some(conn) => conn,
            None => (self.opens)(&self.path)?,
        };
        let result = read(&conn);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT {
            idle.push(conn);
        }
        result
    }

    /// How a SIM is called in answers: its configured name, else its ICCID.
    pub fn sim_label(&self, iccid: String) -> String {
        self.sims.read().unwrap_or_else(PoisonError::into_inner).card(&iccid).names.name.unwrap_or(iccid)
    }

    /// One message with its parts.
    pub fn message(&self, id: MessageId) -> Result<Option<MessageView>, StoreError> {
        self.with(|conn| {
            let sql = format!("{MESSAGE} WHERE message.id = ?");
            let found = conn.prepare_cached(&sql)?.query_row([id.as_bytes()], read_message).optional()?;
            found.map(|view| self.complete(conn, view)).transpose()
        })
    }

    /// Messages, newest first.
    pub fn messages(&self, filter: &MessageFilter) -> Result<Vec<MessageView>, StoreError> {
        self.with(|conn| listing::list(conn, filter)?.into_iter().map(|view| self.complete(conn, view)).collect())
    }

    /// What happened to a message, oldest first.
    pub fn history(&self, message: MessageKey) -> Result<Vec<EventView>, StoreError> {
        self.with(|conn| self.events_of(conn, message))
    }

    /// The same on a connection.
    pub(super) fn events_of(&self, conn: &Connection, message: MessageKey) -> Result<Vec<EventView>, StoreError> {
        let sql = format!("{EVENT} WHERE event.message = ? ORDER BY seq");
        let rows =
            conn.prepare_cached(&sql)?.query_map([message.0], |row| self.read_event(row))?.collect::<Result<_, _>>();
        Ok(rows?)
    }

    /// Events of the log, without those that are about messages, debts and campaigns of other creditors than these; empty for
    /// all. What is about none of these, as a modem or an import, is everybody's.
    pub fn events(&self, page: Page, limit: u32, creditors: &[String]) -> Result<Vec<EventView>, StoreError> {
        let terms = [
            "(event.message IS NULL OR message.creditor IN (SELECT value FROM json_each(?)))",
            "(event.type <> 'batch.changed' OR EXISTS (SELECT 1 FROM campaign
             WHERE campaign.name = json_extract(event.data, '$.batch')
             AND campaign.creditor IN (SELECT value FROM json_each(?))))",
            OF_DEBTS_TO,
        ];
        let only = terms.into_iter().filter(|_| !creditors.is_empty()).map(|term| (term, json_list(creditors)));
        self.numbered(EVENT, "seq", page, limit, only, |row| self.read_event(row))
    }

    /// The number of the oldest event that is kept; 0 when there is none.
    pub fn oldest_event(&self) -> Result<i64, StoreError> {
        let sql = "SELECT coalesce(min(seq), 0) FROM event";
        self.with(|conn| Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?))
    }

    /// Inbound texts; those that answer messages of these creditors, or all when it is empty.
    pub fn inbox(&self, page: Page, limit: u32, creditors: &[String]) -> Result<Vec<InboundView>, StoreError> {
        self.inbox_of(page, limit, &InboxFilter { creditors: creditors.into(), ..InboxFilter::default() })
    }

    /// Some of the inbound texts.
    pub fn inbox_of(&self, page: Page, limit: u32, filter: &InboxFilter) -> Result<Vec<InboundView>, StoreError> {
        let select =
            "SELECT inbound.seq, inbound.at, sender, sim.iccid, modem, inbound.text, inbound.parts, message.id,
             message.debtor, missing, replaces, understood FROM inbound JOIN sim ON sim.key = inbound.sim
             LEFT JOIN message ON message.key = inbound.message";
        let InboxFilter { debtor, intent, creditors } = filter;
        let of_debtor = debtor.clone().map(|debtor| ("message.debtor = ?", Value::Text(debtor)));
        let wants = "EXISTS (SELECT 1 FROM json_each(understood, '$.intents') WHERE value = ?)";
        let of_intent = intent.clone().map(|intent| (wants, Value::Text(intent)));
        let only = of_creditors(creditors).into_iter().chain(of_debtor).chain(of_intent);
        self.numbered(select, "inbound.seq", page, limit, only, |row| {
            Ok(InboundView {
                seq: row.get(0)?,
                at: Timestamp::from_millis(row.get(1)?),
                from: Sender::new(row.get::<_, String>(2)?),
                to_sim: self.sim_label(row.get(3)?),
                modem: row.get(4)?,
                text: Body(row.get(5)?),
                parts: row.get(6)?,
                message: row.get::<_, Option<_>>(7)?.map(MessageId::from_bytes),
                debtor: row.get(8)?,
                missing: row
                    .get::<_, Option<String>>(9)?
                    .and_then(|json| serde_json::from_str(&json).ok())
                    .unwrap_or_default(),
                replaces: row.get(10)?,
                understood: row.get::<_, Option<String>>(11)?.and_then(|stored| reply::retold(&stored)),
            })
        })
    }

    /// Calls that came in; those of recipients of these creditors, or all when it is empty.
    pub fn calls(&self, page: Page, limit: u32, creditors: &[String]) -> Result<Vec<CallView>, StoreError> {
        let select = "SELECT call.seq, call.at, caller, sim.iccid, modem, message.id, message.debtor
             FROM call JOIN sim ON sim.key = call.sim LEFT JOIN message ON message.key = call.message";
        let only = of_creditors(creditors);
        self.numbered(select, "call.seq", page, limit, only, |row| {
            Ok(CallView {
                seq: row.get(0)?,
                at: Timestamp::from_millis(row.get(1)?),
                from: row.get::<_, Option<String>>(2)?.map(Sender::new),
                to_sim: self.sim_label(row.get(3)?),
                modem: row.get(4)?,
                message: row.get::<_, Option<_>>(5)?.map(MessageId::from_bytes),
                debtor: row.get(6)?,
            })
        })
    }

    /// What the file system of the database has left, in octets; `None` if it does not say.
    pub fn free_octets(&self) -> Option<u64> {
        super::free_octets(&self.path)
    }

    /// How many messages are in each state.
    pub fn tally(&self) -> Result<Vec<(MessageState, u64)>, StoreError> {
        self.with(|conn| {
            let rows = conn
                .prepare_cached("SELECT state, messages FROM tally")?
                .query_map([], |row| Ok((message_state_of(row.get(0)?), row.get::<_, u64>(1)?)))?
                .collect::<Result<Vec<_>, _>>()?;
            Ok(rows.into_iter().filter_map(|(state, count)| Some((state?, count))).collect())
        })
    }

    /// Alarms, also those that are over.
    pub fn alarms(&self, page: Page, limit: u32) -> Result<Vec<AlarmView>, StoreError> {
        let select = "SELECT alarm.key, kind, sim.iccid, alarm.modem, webhook, detail, raised_at, cleared_at
             FROM alarm LEFT JOIN sim ON sim.key = alarm.sim";
        self.numbered(select, "alarm.key", page, limit, None, |row| {
            Ok(AlarmView {
                key: row.get(0)?,
                kind: row.get(1)?,
                sim: row.get::<_, Option<String>>(2)?.map(|iccid| self.sim_label(iccid)),
                modem: row.get(3)?,
                webhook: row.get(4)?,
                detail: row.get(5)?,
                raised_at: Timestamp::from_millis(row.get(6)?),
                cleared_at: row.get::<_, Option<i64>>(7)?.map(Timestamp::from_millis),
            })
        })
    }

    /// Where a debtor is and which hours suit, where that is known.
    pub fn habit(&self, debtor: &str) -> Result<Option<Habit>, StoreError> {
        self.with(|conn| habit::habit(conn, debtor))
    }

    /// The suppression ledger, as far as it is these creditors'; all of it when they are none. Of one number if it is given,
    /// with what it becomes when it is erased.
    pub fn suppressions(
        &self,
        number: Option<(PhoneNumber, [u8; 32])>,
        creditors: &[String],
        page: Page,
        limit: u32,
    ) -> Result<Vec<SuppressionView>, StoreError> {
        let select = "SELECT suppression.key, number, kind, purposes, creditor, effective, source, act.client, act.why,
             act.inbound, act.at, lifted.at, lifted.client, lifted.why FROM suppression
             JOIN suppression_act AS act ON act.key = suppression.act
             LEFT JOIN suppression_lift AS lifted ON lifted.key = suppression.lift";
        let own =
            (!creditors.is_empty()).then(|| ("act.creditor IN (SELECT value FROM json_each(?))", json_list(creditors)));
        let list = |only: Option<(&'static str, Value)>| {
            let only = only.into_iter().chain(own.clone());
            self.numbered(select, "suppression.key", page, limit, only, read_suppression)
        };
        let Some((number, mac)) = number else { return list(None) };
        // A number is erased as a whole or not at all.
        let found = list(Some(("subscriber = ?", Value::Integer(record::stored_subscriber(number)))))?;
        if found.is_empty() { list(Some(("mac = ?", Value::Blob(mac.to_vec())))) } else { Ok(found) }
    }

    /// What is paused, widest first, without batches that have no message of these creditors; empty for all.
    pub fn pauses(&self, creditors: &[String]) -> Result<Vec<Pause>, StoreError> {
        let only = (!creditors.is_empty()).then(|| json_list(creditors));
        let and = only.as_ref().map_or("", |_| {
            " WHERE scope <> 'batch' OR EXISTS (SELECT 1 FROM message WHERE message.batch = pause.id
             AND message.creditor IN (SELECT value FROM json_each(?)))"
        });
        // In this order of the alphabet: all, batch, sim.
        let sql = format!("{PAUSE}{and} UNION ALL {} ORDER BY scope, id, client", clock_doubt::SHOWN);
        self.with(|conn| {
            let rows = conn
                .prepare_cached(&sql)?
                .query_map(params_from_iter(only), Pause::read)?
                .collect::<Result<Vec<_>, _>>()?;
            Ok(rows.into_iter().flatten().collect())
        })
    }

    /// SIMs that refused a PIN, by ICCID, and the digest of that PIN.
    pub fn refused_pins(&self) -> Result<Vec<(String, [u8; 32])>, StoreError> {
        self.with(|conn| {
            let rows = conn
                .prepare_cached("SELECT iccid, pin_refused FROM sim WHERE pin_refused IS NOT NULL")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>();
            Ok(rows?)
        })
    }

    /// The modems that were found on the USB, each with the slot in which it was up last.
    pub fn modem_places(&self) -> Result<Vec<(ModemId, String)>, StoreError> {
        self.with(|conn| {
            let mut statement = conn.prepare_cached("SELECT modem, slot FROM modem_place ORDER BY slot")?;
            let rows = statement.query_map([], |row| Ok((ModemId::new(&row.get::<_, String>(0)?), row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// All tokens, newest first.
    pub fn tokens(&self) -> Result<Vec<TokenView>, StoreError> {
        let sql =
            "SELECT key, hash, client, scopes, creditors, created_at, expires_at, last_used, revoked_at FROM token
             ORDER BY key DESC";
        let words = |text: Option<String>| -> Vec<String> {
            text.map(|t| t.split_whitespace().map(ToOwned::to_owned).collect()).unwrap_or_default()
        };
        let at = |ms: Option<i64>| ms.map(Timestamp::from_millis);
        self.with(|conn| {
            let rows = conn
                .prepare_cached(sql)?
                .query_map([], |row| {
                    Ok(TokenView {
                        key: row.get(0)?,
                        hash: row.get(1)?,
                        client: row.get(2)?,
                        scopes: words(row.get(3)?),
                        creditors: row
                            .get::<_, Option<String>>(4)?
                            .and_then(|json| serde_json::from_str(&json).ok())
                            .unwrap_or_default(),
                        created_at: Timestamp::from_millis(row.get(5)?),
                        expires_at: at(row.get(6)?),
                        last_used: at(row.get(7)?),
                        revoked_at: at(row.get(8)?),
                    })
                })?
                .collect::<Result<_, _>>();
            Ok(rows?)
        })
    }

    pub(super) fn numbered<'t, T>(
        &self,
        select: &str,
        seq: &str,
        page: Page,
        limit: u32,
        only: impl IntoIterator<Item = (&'t str, Value)>,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let (bound, condition, order) = match page {
            Page::After(after) => (after, ">", "ASC"),
            Page::Before(before) => (before.unwrap_or(i64::MAX), "<", "DESC"),
        };
        let (terms, mut values): (Vec<&str>, Vec<Value>) = only.into_iter().unzip();
        let and: String = terms.iter().flat_map(|term| [" AND ", term]).collect();
        let sql = format!("{select} WHERE {seq} {condition} ?{and} ORDER BY {seq} {order} LIMIT {limit}");
        values.insert(0, Value::Integer(bound));
        self.with(|conn| {
            let rows = conn.prepare_cached(&sql)?.query_map(params_from_iter(values), read)?.collect::<Result<_, _>>();
            Ok(rows?)
        })
    }

    pub(super) fn read_event(&self, row: &Row<'_>) -> rusqlite::Result<EventView> {
        Ok(EventView {
            seq: row.get(0)?,
            at: Timestamp::from_millis(row.get(1)?),
            kind: row.get(2)?,
            message: row.get::<_, Option<_>>(3)?.map(MessageId::from_bytes),
            part: row.get(4)?,
            modem: row.get(5)?,
            sim: row.get::<_, Option<String>>(6)?.map(|iccid| self.sim_label(iccid)),
            debtor: row.get(7)?,
            owed: if row.get(10)? {
                Some(OwedView { debt: row.get(11)?, creditor: row.get(12)?, debtor: row.get(13)? })
            } else {
                None
            },
            data: row.get(8)?,
            hash: ChainHash::from_stored(row.get(9)?),
        })
    }

    /// Adds the parts and what follows from them.
    fn complete(&self, conn: &Connection, mut view: MessageView) -> Result<MessageView, StoreError> {
        let row = MessageRow::by_key(conn, view.key)?;
        let segments = SegmentRow::of(conn, &row)?;
        view.parts = self.parts(conn, &row, view.report)?;
        let states: Vec<SegmentState> = segments.iter().map(|segment| segment.state.clone()).collect();
        let interim = view.parts.iter().any(|part| part.state == "accepted" && part.tp_status.is_some());
        view.report_state = report_state(view.report, interim, &states);
        let due = states.iter().filter_map(|state| match state {
            SegmentState::Waiting { due } => Some(*due),
            SegmentState::Offered { .. }
            | SegmentState::Accepted { .. }
            | SegmentState::Reported { .. }
            | SegmentState::Refused
            | SegmentState::Expired
            | SegmentState::Unknown { .. }
            | SegmentState::Withdrawn(_) => None,
        });
        let waiting: Vec<Timestamp> = due.collect();
        view.waiting = waiting.iter().min().map(|due| {
            let parts = u32::try_from(waiting.len()).unwrap_or(u32::MAX);
            let begun = waiting.len() < states.len();
            Question { paused: false, asked: row.due.min(*due), due: *due, expires: view.valid_until, parts, begun }
        });
        Ok(view)
    }

    fn parts(&self, conn: &Connection, message: &MessageRow, report: bool) -> Result<Vec<PartView>, StoreError> {
        let sql =
            "SELECT part, segment.state, tp_mr, sim.iccid, modem, offered_at, accepted_at, reported_at, tp_status,
             cause FROM segment LEFT JOIN sim ON sim.key = segment.sim WHERE segment.key >= ? AND segment.key < ?
             ORDER BY segment.key";
        let at = |ms: Option<i64>| ms.map(Timestamp::from_millis);
        let last = message.first_segment + message.parts;
        let rows = conn
            .prepare_cached(sql)?
            .query_map([message.first_segment, last], |row| {
                Ok(PartView {
                    part: row.get(0)?,
                    state: state_word(row.get(1)?),
                    tp_mr: row.get(2)?,
                    sim: row.get::<_, Option<String>>(3)?.map(|iccid| self.sim_label(iccid)),
                    modem: row.get(4)?,
                    offered_at: at(row.get(5)?),
                    accepted_at: at(row.get(6)?),
                    reported_at: at(row.get(7)?),
                    tp_status: row.get(8)?,
                    cause: row.get(9)?,
                    evidence: Vec::new(),
                })
            })?
            .collect::<Result<_, _>>();
        let mut parts: Vec<PartView> = rows?;
        let Some(recipient) = message.to else { return Ok(parts) };
        for part in parts.iter_mut().filter(|part| part.state == UNKNOWN) {
            let segment = message.first_segment + i64::from(part.part) - 1;
            part.evidence = evidence::of_part(conn, segment, recipient, report)?;
        }
        Ok(parts)
    }
}

/// The word for a part of which nobody knows.
const UNKNOWN: &str = "unknown";

pub(super) const MESSAGE: &str =
    "SELECT message.key, message.id, state, created_at, client, client_ref, recipient, text, purpose, priority,
     not_before, expires, encoding_asked, encoding, units, resend_after, max_segments, sim, sim_group, report, debtor,
     debt, message.creditor, message.batch, message.team, message.operator, tags, parts, parts_sent, origin.mode,
     origin.ladder, origin.step, origin.segment, origin.template, origin.version, origin.arm,
     (SELECT first.id FROM message AS first WHERE first.key = message.companion_of)
     FROM message LEFT JOIN origin ON origin.key = message.origin";

/// The row of the debt that an event is about.
macro_rules! debt_of_event {
    () => {
        "CASE WHEN event.type IN ('debt.changed', 'ladder.step', 'ladder.exit') AND json_valid(event.data)
         THEN json_extract(event.data, '$.debt') END"
    };
}

/// The log has rows alone, since ids are erased with what they name. The row of a debt that is gone may be another's by now,
/// which was taken in after the event.
pub(super) const EVENT: &str = concat!(
    "SELECT event.seq, event.at, event.type, message.id, event.part, event.modem, sim.iccid, message.debtor, event.data,
     event.hash, ",
    debt_of_event!(),
    " IS NOT NULL, debt.id, creditor.id, debtor.id FROM event LEFT JOIN message ON message.key = event.message
     LEFT JOIN sim ON sim.key = event.sim LEFT JOIN debt ON debt.entered_at <= event.at AND debt.key = ",
    debt_of_event!(),
    " LEFT JOIN creditor ON creditor.key = debt.creditor LEFT JOIN debtor ON debtor.key = debt.debtor"
);

/// What is about no debt, or about one to these creditors. One that is no longer kept is nobody's whom a message does not name.
const OF_DEBTS_TO: &str = concat!(
    "(event.message IS NOT NULL OR ",
    debt_of_event!(),
    " IS NULL OR creditor.id IN (SELECT value FROM json_each(?)))"
);

fn read_suppression(row: &Row<'_>) -> rusqlite::Result<SuppressionView> {
    let lifted_at: Option<i64> = row.get(11)?;
    let lifted = match lifted_at {
        Some(at) => Some(LiftView { at: Timestamp::from_millis(at), client: row.get(12)?, why: row.get(13)? }),
        None => None,
    };
    Ok(SuppressionView {
        key: row.get(0)?,
        number: row.get::<_, Option<i64>>(1)?.and_then(row::number),
        kind: row.get(2)?,
        purposes: Purposes::from_bits(row.get(3)?),
        creditor: row.get(4)?,
        effective: Timestamp::from_millis(row.get(5)?),
        source: row.get(6)?,
        client: row.get(7)?,
        why: row.get(8)?,
        inbound: row.get(9)?,
        at: Timestamp::from_millis(row.get(10)?),
        lifted,
    })
}

fn state_word(stored: i64) -> &'static str {
    match stored {
        code::WAITING => "waiting",
        code::OFFERED => "offered",
        code::ACCEPTED => "accepted",
        code::REPORTED => "reported",
        code::REFUSED => "refused",
        code::EXPIRED => "expired",
        code::UNKNOWN => UNKNOWN,
        _ => "withdrawn",
    }
}

pub(super) fn read_message(row: &Row<'_>) -> rusqlite::Result<MessageView> {
    let recipient: i64 = row.get(6)?;
    let state = message_state_of(row.get(2)?);
    let tags: Option<String> = row.get(26)?;
    Ok(MessageView {
        key: MessageKey(row.get(0)?),
        id: MessageId::from_bytes(row.get(1)?),
        state: state.ok_or(rusqlite::Error::IntegralValueOutOfRange(2, 0))?,
        created_at: Timestamp::from_millis(row.get(3)?),
        client: row.get(4)?,
        client_ref: row.get(5)?,
        to: match recipient {
            row::ERASED => None,
            stored => Some(row::number(stored).ok_or(rusqlite::Error::IntegralValueOutOfRange(6, stored))?),
        },
        text: Body(row.get(7)?),
        purpose: row.get(8)?,
        priority: row.get(9)?,
        not_before: row.get::<_, Option<i64>>(10)?.map(Timestamp::from_millis),
        valid_until: Timestamp::from_millis(row.get(11)?),
        encoding_asked: row.get(12)?,
        encoding: row.get(13)?,
        units: row.get(14)?,
        resend_after_ms: row.get(15)?,
        max_segments: row.get(16)?,
        sim: row.get(17)?,
        group: row.get(18)?,
        report: row.get(19)?,
        labels: Labels {
            debtor: row.get(20)?,
            debt: row.get(21)?,
            creditor: row.get(22)?,
            batch: row.get(23)?,
            team: row.get(24)?,
            operator: row.get(25)?,
            tags: tags.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default(),
            origin: read_origin(row, 29)?,
        },
        report_state: ReportState::None,
        segments: row.get(27)?,
        parts_sent: row.get(28)?,
        waiting: None,
        companion_of: row.get::<_, Option<_>>(36)?.map(MessageId::from_bytes),
        parts: Vec::new(),
    })
}

/// The condition that what came in answers a message of one of these creditors; none when the list is empty.
fn of_creditors(creditors: &[String]) -> Option<(&'static str, Value)> {
    (!creditors.is_empty()).then(|| ("message.creditor IN (SELECT value FROM json_each(?))", json_list(creditors)))
}

/// Words as one value, for `json_each`.
pub(super) fn json_list(words: &[String]) -> Value {
    Value::Text(serde_json::Value::from(words).to_string())
}
