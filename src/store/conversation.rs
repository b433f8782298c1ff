//! Texts of a person and answers to them: who looks after it, what is answered, and what a person decides from it.
//!
//! A conversation is the business of whoever sent what its last text answers; everything that is changed by hand is an
//! event with who did it.

mod view;

use rusqlite::{OptionalExtension as _, Row, params};

use crate::contact::standing::Standing;
use crate::dispatch::gate::Verdict;
use crate::dispatch::route::Route;
use crate::sms::id::MessageKey;
use crate::sms::message::Submission;
use crate::sms::number::PhoneNumber;

use super::StoreError;
use super::event::{About, EventKind};
use super::row::{MessageRow, number};
use super::standing::{Whose, Word};
use super::submit::{Ruling, SubmitAnswer};
use super::suppression::Stopped;
use super::work::Work;

pub use view::{ConversationFilter, ConversationView, Turn, TurnsBefore, TurnsPage};

/// What a person does with a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Care {
    /// It is looked after by this person; by nobody where none is named.
    Assign(Option<String>),
    /// Nothing is to be done any more, until the next text.
    Close,
}

impl Care {
    /// The word in events.
    fn name(&self) -> &'static str {
        match self {
            Self::Assign(Some(_)) => "assigned",
            Self::Assign(None) => "unassigned",
            Self::Close => "closed",
        }
    }
}

/// How a conversation is looked after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cared {
    /// Whether it is open.
    pub is_open: bool,
    /// Whether a person is to read it.
    pub needs_person: bool,
    /// Who looks after it.
    pub assigned: Option<String>,
}

/// What became of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyAnswer {
    /// It went the way of every message.
    Submitted(SubmitAnswer),
    /// The SIM that received last is in no modem.
    SimGone,
    /// There is no such conversation.
    NotFound,
}

/// A row, as far as answers and decisions need it.
struct Thread {
    number: Option<PhoneNumber>,
    debtor: Option<String>,
    iccid: String,
    inbound: i64,
    /// What its last text answers.
    message: Option<MessageKey>,
}

impl Thread {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            number: number(row.get(0)?),
            debtor: row.get(1)?,
            iccid: row.get(2)?,
            inbound: row.get(3)?,
            message: row.get::<_, Option<i64>>(4)?.map(MessageKey),
        })
    }
}

impl Work<'_> {
    /// Changes who looks after a conversation, on the word of `client`. `None` where there is no such conversation.
    pub fn care(&mut self, conversation: i64, care: &Care, client: &str) -> Result<Option<Cared>, StoreError> {
        let Some(thread) = self.thread(conversation)? else { return Ok(None) };
        let read = |row: &Row<'_>| Ok(Cared { is_open: row.get(0)?, needs_person: row.get(1)?, assigned: row.get(2)? });
        let cared = match care {
            Care::Assign(to) => self
                .conn
                .prepare_cached(
                    "UPDATE conversation SET assigned = ? WHERE key = ? RETURNING is_open, needs_person, assigned",
                )?
                .query_row(params![to, conversation], read)?,
            Care::Close => self
                .conn
                .prepare_cached(
                    "UPDATE conversation SET is_open = 0, needs_person = 0 WHERE key = ?
                     RETURNING is_open, needs_person, assigned",
                )?
                .query_row([conversation], read)?,
        };
        self.note_change(conversation, care.name(), client, thread.message)?;
        Ok(Some(cared))
    }

    /// Takes an answer in that a person wrote. It goes by the SIM that received last; where that one is in no modem, by
    /// another if `any_sim` says so. Once it is taken in the conversation needs nobody any more.
    pub fn answer(
        &mut self,
        conversation: i64,
        submission: &Submission,
        any_sim: bool,
    ) -> Result<ReplyAnswer, StoreError> {
        // Where the SIM is by now does not matter to a repeat.
        if let Some(known) = self.find_ref(submission)? {
            return Ok(ReplyAnswer::Submitted(known));
        }
        let Some(Thread { iccid, .. }) = self.thread(conversation)? else { return Ok(ReplyAnswer::NotFound) };
        let is_there = self.board.sims.values().any(|sim| sim.card.names.iccid == iccid && sim.place.is_some());
        let (sim, route) = match (is_there, any_sim) {
            (true, _) => (Some(iccid.clone()), Route::Sim(iccid)),
            (false, true) => (None, Route::Any),
            (false, false) => return Ok(ReplyAnswer::SimGone),
        };
        let submission = Submission { sim, ..submission.clone() };
        let answer = self.submit_by(&submission, route)?;
        // What is blocked at once has answered nobody.
        if matches!(answer, SubmitAnswer::Queued(Ruling { verdict: Verdict::Go | Verdict::Hold { .. }, .. })) {
            self.conn
                .prepare_cached("UPDATE conversation SET needs_person = 0 WHERE key = ?")?
                .execute([conversation])?;
            let message = MessageRow::by_id(self.conn, submission.id)?.map(|message| message.key);
            self.note_change(conversation, "answered", &submission.client, message)?;
        }
        Ok(ReplyAnswer::Submitted(answer))
    }

    /// Notes how things stand with the person of a conversation: with the debtor, or with the number where no debtor is
    /// known. `None` where there is no such conversation.
    pub fn decide_standing(
        &mut self,
        conversation: i64,
        standing: Standing,
        client: &str,
    ) -> Result<Option<Stopped>, StoreError> {
        let Some(thread) = self.thread(conversation)? else { return Ok(None) };
        let Some(number) = thread.number else { return Ok(None) };
        let word = Word { client, inbound: Some(thread.inbound), message: thread.message };
        let Some(debtor) = thread.debtor else {
            return self.set_standing(&Whose::Number(number), standing, word).map(Some);
        };
        let mut stopped = self.set_standing(&Whose::Debtor(debtor), standing, word)?;
        // What the number said before its debtor was known would hold on beside what was decided.
        if self.standing_of(&Whose::Number(number))?.obstacle(self.now).is_some() {
            stopped.add(self.set_standing(&Whose::Number(number), Standing::Open, word)?);
        }
        Ok(Some(stopped))
    }

    fn thread(&self, conversation: i64) -> Result<Option<Thread>, StoreError> {
        let sql =
            "SELECT conversation.number, debtor, sim.iccid, conversation.inbound, inbound.message FROM conversation
             JOIN sim ON sim.key = conversation.sim LEFT JOIN inbound ON inbound.seq = conversation.inbound
             WHERE conversation.key = ?";
        Ok(self.conn.prepare_cached(sql)?.query_row([conversation], Thread::read).optional()?)
    }

    fn note_change(
        &mut self,
        conversation: i64,
        change: &str,
        client: &str,
        message: Option<MessageKey>,
    ) -> Result<(), StoreError> {
        let data = serde_json::json!({ "conversation": conversation, "change": change, "client": client });
        let about = About { message, data: Some(data.to_string()), ..About::default() };
        self.event(EventKind::ConversationChanged, &about)
    }
}
