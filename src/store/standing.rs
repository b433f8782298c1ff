//! How things stand with people, as it is stored, and what a change means for messages that wait.

use rusqlite::params;

use crate::clock::Timestamp;
use crate::contact::Reason as ContactReason;
use crate::contact::standing::Standing;
use crate::dispatch::gate::{Question, Reason, Verdict};
use crate::dunning::debtor::Confirmation;
use crate::sms::id::MessageKey;
use crate::sms::lifecycle::{MessageState, SegmentState};
use crate::sms::number::PhoneNumber;

use super::StoreError;
use super::event::{About, EventKind};
use super::record::{self, addressee, stored_subscriber};
use super::row::{MessageRow, SegmentRow, message_code, stored_number};
use super::suppression::Stopped;
use super::work::{Effect, Work};

/// Whose standing it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// A debtor's, by the caller's id.
    Debtor(String),
    /// Whoever has this number, where no debtor is known.
    Number(PhoneNumber),
}

/// On whose word.
#[derive(Debug, Clone, Copy)]
pub struct Word<'a> {
    /// Who says it.
    pub client: &'a str,
    /// The inbound text that it rests on.
    pub inbound: Option<i64>,
    /// The message that this answers.
    pub message: Option<MessageKey>,
}

impl Work<'_> {
    /// Notes how things stand, and looks again at what waits.
    pub fn set_standing(&mut self, whose: &Whose, standing: Standing, word: Word<'_>) -> Result<Stopped, StoreError> {
        let (debtor, subscriber) = match whose {
            Whose::Debtor(debtor) => (Some(debtor.as_str()), None),
            Whose::Number(number) => (None, Some(stored_subscriber(*number))),
        };
        self.conn
            .prepare_cached("DELETE FROM standing WHERE debtor = ? OR subscriber = ?")?
            .execute(params![debtor, subscriber])?;
        self.conn
            .prepare_cached(
                "INSERT INTO standing (debtor, subscriber, state, until, at, client, inbound) VALUES (?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                debtor,
                subscriber,
                standing.name(),
                standing.until().map(Timestamp::as_millis),
                self.now.as_millis(),
                word.client,
                word.inbound,
            ])?;
        let until = standing.until().map(|until| until.to_string());
        let data = serde_json::json!({
            "standing": standing.name(), "until": until, "inbound": word.inbound, "client": word.client,
        });
        let about = About { message: word.message, data: Some(data.to_string()), ..About::default() };
        self.event(EventKind::DebtChanged, &about)?;
        let waiting = match whose {
            Whose::Debtor(debtor) => {
                self.look_at_cases_of(debtor)?;
                self.open_of_debtor(debtor)?
            }
            Whose::Number(number) => {
                self.look_at_cases_with(*number)?;
                self.open_of_number(*number)?
            }
        };
        self.look_again(&waiting)
    }

    /// Notes that the owner of a number has said who it is.
    pub fn confirm_number(&mut self, number: PhoneNumber, inbound: Option<i64>) -> Result<(), StoreError> {
        self.conn
            .prepare_cached("INSERT OR REPLACE INTO confirmed_number (subscriber, at, inbound) VALUES (?, ?, ?)")?
            .execute(params![stored_subscriber(number), self.now.as_millis(), inbound])?;
        // Of several numbers this one is texted from now on.
        self.look_at_cases_with(number)?;
        let waiting = self.open_of_number(number)?;
        self.look_again(&waiting).map(drop)
    }

    /// Notes what a caller says of a number: that it is confirmed, or that the caller no longer says so. What its owner said by
    /// text stands. False where that is nothing new.
    pub(super) fn confirm_by_caller(&mut self, said: Confirmation) -> Result<bool, StoreError> {
        let Confirmation { number, is_confirmed } = said;
        let subscriber = stored_subscriber(number);
        let changed = if is_confirmed {
            let sql = "INSERT INTO confirmed_number (subscriber, at) VALUES (?, ?) ON CONFLICT DO NOTHING";
            self.conn.prepare_cached(sql)?.execute(params![subscriber, self.now.as_millis()])?
        } else {
            let sql = "DELETE FROM confirmed_number WHERE subscriber = ? AND inbound IS NULL";
            self.conn.prepare_cached(sql)?.execute([subscriber])?
        };
        if changed > 0 {
            let waiting = self.open_of_number(number)?;
            self.look_again(&waiting)?;
        }
        Ok(changed > 0)
    }

    /// Forgets that: the number is somebody else's.
    pub(super) fn unconfirm_number(&mut self, number: PhoneNumber) -> Result<(), StoreError> {
        self.conn
            .prepare_cached("DELETE FROM confirmed_number WHERE subscriber = ?")?
            .execute([stored_subscriber(number)])?;
        Ok(())
    }

    /// Messages to a number of which something may still go.
    pub(super) fn open_of_number(&self, number: PhoneNumber) -> Result<Vec<MessageKey>, StoreError> {
        let mut found = Vec::new();
        for form in number.forms() {
            found.extend(self.open("SELECT key FROM message WHERE recipient = ?1", &stored_number(form))?);
        }
        Ok(found)
    }

    pub(super) fn open_of_debtor(&self, debtor: &str) -> Result<Vec<MessageKey>, StoreError> {
        self.open("SELECT key FROM message WHERE debtor = ?1", &debtor)
    }

    pub(super) fn open(&self, of: &str, value: &dyn rusqlite::ToSql) -> Result<Vec<MessageKey>, StoreError> {
        let [queued, sending, unknown] =
            [MessageState::Queued, MessageState::Sending, MessageState::Unknown].map(message_code);
        let mut statement = self.conn.prepare_cached(&format!("{of} AND state IN (?2, ?3, ?4)"))?;
        let rows = statement.query_map(params![value, queued, sending, unknown], |row| row.get(0).map(MessageKey))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Asks the gate again about messages that wait: some may go now, others never.
    pub(super) fn look_again(&mut self, messages: &[MessageKey]) -> Result<Stopped, StoreError> {
        let mut stopped = Stopped::default();
        for key in messages {
            let Some((message, mut segments)) = self.readable(*key)? else { continue };
            if segments.iter().any(SegmentRow::may_be_on_wire) && self.is_held_back(*key)? {
                stopped.on_wire.extend(self.public_id(*key)?);
            }
            let waits = |row: &&SegmentRow| matches!(row.state, SegmentState::Waiting { .. });
            let Some(first) = segments.iter().find(waits) else { continue };
            let due = message.due.max(self.now);
            let (put_off, tried) = (first.due > due, first.attempts > 0);
            let begun = segments.iter().any(|row| row.state.has_left());
            let question =
                Question { paused: false, asked: message.due, due, expires: message.expires, parts: 1, begun };
            let verdict = self.board.ask_about(self.conn, &message, None, question, self.now)?;
            let waits_for_first =
                matches!(verdict, Verdict::Hold { reason: Reason::Contact(ContactReason::Companion), .. });
            if let Verdict::Block { reason: Reason::Contact(_) } = verdict {
                stopped.stopped += 1;
                self.turn_away(&message, &mut segments, verdict)?;
            } else if put_off && !tried && !waits_for_first {
                // What waits after a failed attempt keeps its time.
                self.bring_forward(&message, &mut segments, due)?;
            }
        }
        Ok(stopped)
    }

    /// Whether a message would not go any more, whatever the hour, the last texts and the SIMs.
    fn is_held_back(&self, message: MessageKey) -> Result<bool, StoreError> {
        let to = addressee(self.conn, message)?;
        let record = record::read(self.conn, &self.board.contact, to, Some(message), true, self.now)?;
        Ok(record.obstacle(|_| None, self.now).is_some())
    }

    /// Puts what waits of a message back to an earlier place. When it is drawn the gate is asked again.
    pub(super) fn bring_forward(
        &mut self,
        message: &MessageRow,
        segments: &mut [SegmentRow],
        due: Timestamp,
    ) -> Result<(), StoreError> {
        for segment in segments.iter_mut() {
            if let SegmentState::Waiting { due: old } = &mut segment.state {
                *old = due;
                segment.due = due;
                self.save(segment)?;
            }
        }
        self.effect(Effect::Queued { lane: message.lane, priority: message.priority, due });
        Ok(())
    }
}
