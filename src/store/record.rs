//! What is known of the person whom a message is for, looked up for the gate.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::clock::Timestamp;
use crate::contact::frequency::{History, Touch};
use crate::contact::standing::Standing;
use crate::contact::{Addressee, Bounds, Companion, ContactSettings, Habit, Record, TextMark, bounds};
use crate::dispatch::gate::{Question, Reason, Verdict};
use crate::sms::id::{MessageKey, SimKey};
use crate::sms::message::{Purpose, Submission};
use crate::sms::number::PhoneNumber;

use super::StoreError;
use super::board::Board;
use super::companion::{self, whole};
use super::habit::with_habit;
use super::known::Known;
use super::portfolio;
use super::row::{self, MessageRow, stored_number};
use super::suppression;
use super::work::Work;

/// Whether the same text waits for a number. So many messages to it are looked at, newest first.
const SAME_WAITS: &str =
    "SELECT 1 FROM (SELECT state, text_mark FROM message WHERE recipient = ?1 ORDER BY key DESC LIMIT 64)
     WHERE state = 0 AND text_mark = ?2";

/// What a number or a debtor had.
const HAD_BY_NUMBER: &str = "SELECT at, text_mark FROM touch WHERE subscriber = ?1 AND at > ?2 AND message IS NOT ?3";
const HAD_BY_DEBTOR: &str = "SELECT at, text_mark FROM touch WHERE debtor = ?1 AND at > ?2 AND message IS NOT ?3";

/// When a number wrote last, in the form that is asked for: whoever answers nothing is stored as the network shows them.
const ANSWERED: &str = "SELECT max(at) FROM inbound WHERE number = ?";

/// To whom a submission goes and why.
pub(super) fn addressee_of(submission: &Submission) -> Addressee {
    Addressee {
        number: submission.to,
        purpose: submission.purpose,
        debtor: submission.labels.debtor.clone(),
        creditor: submission.labels.creditor.clone(),
        debt: submission.labels.debt.clone(),
        text: TextMark::of(&submission.text.0),
        confirms_opt_out: submission.confirms_opt_out,
        habit: Habit::default(),
    }
}

/// To whom a stored message goes and why.
pub(super) fn addressee(conn: &Connection, message: MessageKey) -> Result<Addressee, StoreError> {
    let read = |row: &Row<'_>| {
        let (purpose, mark): (String, Option<[u8; 16]>) = (row.get(1)?, row.get(4)?);
        // What a later release wrote is held to the strictest rules.
        let purpose = Purpose::from_name(&purpose).unwrap_or(Purpose::Promotion);
        let text = TextMark(mark.unwrap_or_default());
        let (debtor, creditor, confirms_opt_out, debt) = (row.get(2)?, row.get(3)?, row.get(5)?, row.get(6)?);
        let number = row::number(row.get(0)?);
        let habit = Habit::default();
        Ok(number.map(|number| Addressee { number, purpose, debtor, creditor, debt, text, confirms_opt_out, habit }))
    };
    let sql =
        "SELECT recipient, purpose, debtor, creditor, text_mark, confirms_opt_out, debt FROM message WHERE key = ?";
    let found = conn.prepare_cached(sql)?.query_row([message.0], read).optional()?.flatten();
    found.ok_or(StoreError::Corrupt { table: "message", key: message.0, what: "recipient or absent" })
}

/// What is known of `addressee`, of whom `message` is one that is stored already. `begun` says that parts of it have gone.
pub(super) fn read(
    conn: &Connection,
    contact: &ContactSettings,
    addressee: Addressee,
    message: Option<MessageKey>,
    begun: bool,
    now: Timestamp,
) -> Result<Record, StoreError> {
    let Addressee { number, purpose, .. } = addressee;
    let since = now - contact.frequency.looks_back();
    let known = Known::of(conn, &addressee, since)?;
    let addressee = if known.habit { with_habit(conn, addressee)? } else { addressee };
    // Whether a reply is one is told by the history.
    let asks = if purpose == Purpose::Reply { Purpose::Collection } else { purpose };
    let Bounds { is_capped, minds_standing, .. } = bounds(asks);
    let mut entries = if known.entries { suppression::entries(conn, number)? } else { Vec::new() };
    if known.erased {
        entries.extend(suppression::erased_entries(conn, &contact.secret, number)?);
    }
    // A reply is one by what came before it, whatever is limited.
    let asks_history = is_capped && (purpose == Purpose::Reply || !contact.frequency.is_none());
    let history =
        if asks_history { history(conn, contact, &addressee, message, known, since)? } else { History::default() };
    let of_debts =
        if minds_standing && known.debts { standing_of(conn, &addressee, message, now)? } else { Standing::Open };
    let of_person = if minds_standing && known.standing {
        standing(conn, addressee.debtor.as_deref(), &[number], purpose, now)?
    } else {
        Standing::Open
    };
    let standing = strictest([of_debts, of_person], purpose, now);
    let needs_confirmation = minds_standing && contact.confirm_numbers && confirmed(conn, number)?.is_none();
    let is_listed = contact.only_to.is_empty()
        || purpose == Purpose::Operational
        || contact.only_to.iter().any(|listed| listed.is_same_line(number));
    let companion = message.map_or(Ok(Companion::No), |message| companion::companion(conn, message))?;
    let (class, zone) = contact.hours(&addressee);
    Ok(Record {
        entries,
        is_listed,
        standing,
        needs_confirmation,
        history,
        limits: contact.frequency,
        class,
        zone,
        begun,
        companion,
        addressee,
    })
}

fn history(
    conn: &Connection,
    contact: &ContactSettings,
    addressee: &Addressee,
    message: Option<MessageKey>,
    known: Known,
    since: Timestamp,
) -> Result<History, StoreError> {
    let number = stored_number(addressee.number);
    let touches = if known.touches { touches(conn, addressee, message, since)? } else { Vec::new() };
    let answered_at = if known.answers { answered_at(conn, addressee.number)? } else { None };
    let same_waits = message.is_none()
        && known.messages
        && contact.frequency.same_text_days > 0
        && conn.prepare_cached(SAME_WAITS)?.exists(params![number, addressee.text.0])?;
    Ok(History { touches, answered_at, same_waits })
}

fn touches(
    conn: &Connection,
    addressee: &Addressee,
    message: Option<MessageKey>,
    since: Timestamp,
) -> Result<Vec<Touch>, StoreError> {
    let (since, message) = (since.as_millis(), message.map(|message| message.0));
    let touch = |row: &Row<'_>| {
        let mark: Option<[u8; 16]> = row.get(1)?;
        Ok(Touch { at: Timestamp::from_millis(row.get(0)?), text: TextMark(mark.unwrap_or_default()) })
    };
    let mut by_number = conn.prepare_cached(HAD_BY_NUMBER)?;
    let subscriber = stored_subscriber(addressee.number);
    let mut touches =
        by_number.query_map(params![subscriber, since, message], touch)?.collect::<Result<Vec<_>, _>>()?;
    if let Some(debtor) = &addressee.debtor {
        let mut by_debtor = conn.prepare_cached(HAD_BY_DEBTOR)?;
        for found in by_debtor.query_map(params![debtor, since, message], touch)? {
            let found = found?;
            // Most are found by both.
            if !touches.contains(&found) {
                touches.push(found);
            }
        }
    }
    Ok(touches)
}

/// How the debts stand that a text is about: those that it names, else all of its debtor.
fn standing_of(
    conn: &Connection,
    addressee: &Addressee,
    message: Option<MessageKey>,
    now: Timestamp,
) -> Result<Standing, StoreError> {
    match (&addressee.debt, &addressee.debtor) {
        (Some(debt), _) => portfolio::standing_of_debts(conn, debt, message, now),
        (None, Some(debtor)) => portfolio::standing_of_all_debts(conn, debtor, now),
        (None, None) => Ok(Standing::Open),
    }
}

/// Of what is known the strictest that holds texts of this purpose.
fn strictest(known: impl IntoIterator<Item = Standing>, purpose: Purpose, now: Timestamp) -> Standing {
    let is_offer = purpose == Purpose::Promotion;
    let holds = |standing: &Standing| standing.obstacle(now).is_some() && (!is_offer || standing.holds_offers());
    known.into_iter().filter(holds).max_by_key(|standing| standing.severity()).unwrap_or_default()
}

/// When whoever has a number wrote last.
fn answered_at(conn: &Connection, number: PhoneNumber) -> Result<Option<Timestamp>, StoreError> {
    let mut last: Option<i64> = None;
    for form in number.forms() {
        let at = conn.prepare_cached(ANSWERED)?.query_row([stored_number(form)], |row| row.get(0))?;
        last = last.max(at);
    }
    Ok(last.map(Timestamp::from_millis))
}

/// The strictest of what is known of the debtor and of these numbers, as far as it holds texts of this purpose.
pub(super) fn standing(
    conn: &Connection,
    debtor: Option<&str>,
    numbers: &[PhoneNumber],
    purpose: Purpose,
    now: Timestamp,
) -> Result<Standing, StoreError> {
    let read = |row: &Row<'_>| {
        let until: Option<i64> = row.get(1)?;
        Ok(Standing::from_name(&row.get::<_, String>(0)?, until.map(Timestamp::from_millis)))
    };
    let mut found = Vec::new();
    if let Some(debtor) = debtor {
        let mut statement = conn.prepare_cached("SELECT state, until FROM standing WHERE debtor = ?")?;
        found.extend(statement.query_row([debtor], read).optional()?);
    }
    let mut statement = conn.prepare_cached("SELECT state, until FROM standing WHERE subscriber = ?")?;
    for number in numbers {
        found.extend(statement.query_row([stored_subscriber(*number)], read).optional()?);
    }
    // What a later release wrote is no reason to ask for money.
    let known = found.into_iter().map(|standing| standing.unwrap_or(Standing::Disputed));
    Ok(strictest(known, purpose, now))
}

/// That a number is known to be the debtor's, and on whose word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confirmed {
    /// When it was said first.
    pub at: Timestamp,
    /// Whether its owner said it by text; else a caller did.
    pub is_by_owner: bool,
}

impl Confirmed {
    /// The word in the API for whose word it is.
    pub fn by(self) -> &'static str {
        if self.is_by_owner { "reply" } else { "caller" }
    }
}

/// Whether a number is confirmed.
pub(super) fn confirmed(conn: &Connection, number: PhoneNumber) -> Result<Option<Confirmed>, StoreError> {
    let mut statement = conn.prepare_cached("SELECT at, inbound FROM confirmed_number WHERE subscriber = ?")?;
    let read = |row: &Row<'_>| {
        let is_by_owner = row.get::<_, Option<i64>>(1)?.is_some();
        Ok(Confirmed { at: Timestamp::from_millis(row.get(0)?), is_by_owner })
    };
    Ok(statement.query_row([stored_subscriber(number)], read).optional()?)
}

/// The integer as which a subscriber is stored.
pub(super) fn stored_subscriber(number: PhoneNumber) -> i64 {
    i64::try_from(number.subscriber()).unwrap_or(i64::MAX)
}

impl Board {
    /// Asks the gate about a stored message.
    pub(super) fn ask_about(
        &self,
        conn: &Connection,
        message: &MessageRow,
        only: Option<SimKey>,
        question: Question,
        now: Timestamp,
    ) -> Result<Verdict, StoreError> {
        let record = self.record_of(conn, message, question, now)?;
        self.ask_with(conn, message, only, question, &record, now)
    }

    /// What is known of the recipient of a stored message.
    pub(super) fn record_of(
        &self,
        conn: &Connection,
        message: &MessageRow,
        question: Question,
        now: Timestamp,
    ) -> Result<Record, StoreError> {
        let addressee = addressee(conn, message.key)?;
        read(conn, &self.contact, addressee, Some(message.key), question.begun, now)
    }

    /// Asks the gate about a stored message, of whose recipient this is known.
    pub(super) fn ask_with(
        &self,
        conn: &Connection,
        message: &MessageRow,
        only: Option<SimKey>,
        question: Question,
        record: &Record,
        now: Timestamp,
    ) -> Result<Verdict, StoreError> {
        let Some(info) = self.lanes.get(&message.lane) else {
            return Ok(Verdict::Hold { reason: Reason::NoSim, until: None });
        };
        let verdict = self.ask_lines(conn, info, only, question, Some(record), now)?;
        let is_counted = info.begun || record.is_counted();
        Ok(match self.campaign(info).filter(|_| !is_counted && self.has_share(info)) {
            Some(campaign) => campaign.limits(verdict, whole(conn, message)?),
            None => verdict,
        })
    }
}

impl Work<'_> {
    /// Notes that a person is texted, where that counts.
    pub(super) fn touch(&mut self, message: MessageKey, to: &Addressee) -> Result<(), StoreError> {
        // Whether a reply is one is told by what came before it.
        let answered_at = if to.purpose == Purpose::Reply { answered_at(self.conn, to.number)? } else { None };
        if !to.bounds(answered_at, self.now).counts {
            return Ok(());
        }
        let Addressee { number, debtor, text, .. } = to;
        self.conn
            .prepare_cached(
                "INSERT INTO touch (message, at, subscriber, debtor, text_mark) VALUES (?, ?, ?, ?, ?)
                 ON CONFLICT (message) DO UPDATE SET at = excluded.at",
            )?
            .execute(params![message.0, self.now.as_millis(), stored_subscriber(*number), debtor, text.0])?;
        Ok(())
    }

    /// Takes back that a person is texted: nothing of the message has left, nor may have.
    pub(super) fn untouch(&mut self, message: MessageKey) -> Result<(), StoreError> {
        self.conn.prepare_cached("DELETE FROM touch WHERE message = ?")?.execute([message.0])?;
        Ok(())
    }
}
