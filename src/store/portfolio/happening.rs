//! What happens to debts: taken in once, noted, and followed by what waits.

use rusqlite::{OptionalExtension as _, params};

use crate::contact::standing::Standing;
use crate::contact::{Reason as ContactReason, bounds};
use crate::dispatch::gate::Reason;
use crate::dunning::debt::{Debt, Status};
use crate::dunning::event::Happening;
use crate::dunning::money::Amount;
use crate::sms::id::{MessageId, MessageKey};
use crate::sms::lifecycle::SegmentState;
use crate::sms::message::Purpose;
use crate::sms::number::PhoneNumber;
use crate::sms::operational;

use super::super::StoreError;
use super::super::event::{About, EventKind};
use super::super::ladder::{CaseKey, Sending};
use super::super::record::addressee;
use super::super::row::SegmentRow;
use super::super::standing::{Whose, Word};
use super::super::suppression::Stopped;
use super::super::work::Work;
use super::debt::debt_of;
use super::{DebtKey, stored_day};

/// Something that happened, as it is told.
#[derive(Debug, Clone)]
pub struct Told {
    /// Of which debt, by the caller's id.
    pub debt: String,
    /// What.
    pub happening: Happening,
    /// The caller's name for it, by which it is taken in once.
    pub reference: Option<String>,
    /// Who tells it.
    pub client: String,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HappeningAnswer {
    /// It is noted. Of what was stopped nothing is accepted by the network that is not named.
    Noted {
        /// How the debt stands now.
        status: Status,
        /// What is owed now.
        amount: Amount,
        /// What that has stopped.
        stopped: Stopped,
        /// What the debtor is told.
        echo: Echo,
    },
    /// It was noted before, under the same reference. What is on the wire still is named again: the answer may have been lost.
    Repeated {
        /// How the debt stands now.
        status: Status,
        /// What is owed now.
        amount: Amount,
        /// What is stopped now.
        stopped: Stopped,
        /// What the debtor was told then.
        echo: Echo,
    },
    /// Another thing was noted under this reference.
    DuplicateRef,
    /// No debt has this id.
    NoDebt,
}

/// What a debtor is told at an event: a message, or nothing and why not. Nothing at all where nothing was to be said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Echo {
    /// The message.
    pub message: Option<MessageId>,
    /// Why there is none.
    pub untold: Option<Untold>,
}

/// Why an event that has a template brought no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untold {
    /// The code in the API.
    pub code: String,
    /// In words.
    pub detail: String,
}

/// A text for an event, written before the event is: it holds for one revision of the case.
#[derive(Debug)]
pub struct Prompt {
    /// Of which case.
    pub key: CaseKey,
    /// The revision that it was written from.
    pub revision: i64,
    /// The text, or why there is none.
    pub text: Result<Sending, Untold>,
}

impl Work<'_> {
    /// Takes in what happened to a debt, and tells the debtor nothing.
    pub fn happen(&mut self, told: &Told) -> Result<HappeningAnswer, StoreError> {
        self.happen_and_tell(told, None).map(|answer| answer.unwrap_or(HappeningAnswer::NoDebt))
    }

    /// Takes in what happened to a debt, and notes there why the text about it is left out.
    pub fn happen_untold(&mut self, told: &Told, untold: Untold) -> Result<HappeningAnswer, StoreError> {
        self.take_in(told, None, Some(&Err(untold))).map(|answer| answer.unwrap_or(HappeningAnswer::NoDebt))
    }

    /// Takes in what happened to a debt, and queues the text about it once what waited is stopped. `None` where the case is
    /// another by now than the text was written from: nothing happened yet.
    pub fn happen_and_tell(
        &mut self,
        told: &Told,
        prompt: Option<&Prompt>,
    ) -> Result<Option<HappeningAnswer>, StoreError> {
        self.take_in(told, prompt.map(|prompt| (prompt.key, prompt.revision)), prompt.map(|prompt| &prompt.text))
    }

    /// The same with the case and its revision for which a text holds, and the text.
    fn take_in(
        &mut self,
        told: &Told,
        basis: Option<(CaseKey, i64)>,
        text: Option<&Result<Sending, Untold>>,
    ) -> Result<Option<HappeningAnswer>, StoreError> {
        let Some((key, before)) = debt_of(self.conn, &told.debt)? else { return Ok(Some(HappeningAnswer::NoDebt)) };
        if let Some(is_same) = self.was_told(key, told)? {
            return self.tell_again(key, &before, told, is_same).map(Some);
        }
        if let Some((case, revision)) = basis
            && self.revision_of(case)? != Some(revision)
        {
            return Ok(None);
        }
        let event = self.note_happening(key, &before, told.happening, &told.client, told.reference.as_deref(), None)?;
        let mut after = before.clone();
        told.happening.apply(&mut after);
        self.rewrite_debt(&after, &told.client)?;
        self.follow_debt(key, Some(&before), &after)?;
        let mut stopped = self.debt_changed(key, &before, &after, Some((told.happening, event)))?;
        if let Happening::PaymentReceived { .. } = told.happening {
            stopped.add(self.claim_is_settled(&after.debtor, &told.client)?);
        }
        if told.happening == Happening::Reopened {
            stopped.add(self.dispute_is_settled(key, &after.debtor, &told.client)?);
            // What was paid or agreed is so no more, and what confirms it may wait for days.
            let confirmed = self.confirming(&self.open_about(key, &told.debt)?)?;
            self.take_back(&confirmed, &mut stopped)?;
        }
        let echo = text.map_or_else(|| Ok(Echo::default()), |text| self.echo(event, text))?;
        Ok(Some(HappeningAnswer::Noted { status: after.status, amount: after.amount, stopped, echo }))
    }

    /// Queues the text about an event, and notes it there.
    fn echo(&mut self, event: i64, text: &Result<Sending, Untold>) -> Result<Echo, StoreError> {
        let untold = match text {
            Ok(sending) if self.send(sending)?.is_some() => None,
            Ok(_) => {
                let detail = "no SIM on its route may ever send so many parts".to_owned();
                Some(Untold { code: "exceeds_budget".to_owned(), detail })
            }
            Err(untold) => Some(untold.clone()),
        };
        let message = text.as_ref().ok().filter(|_| untold.is_none()).map(|sending| sending.submission.id);
        let echo = Echo { message, untold };
        let untold = echo.untold.as_ref().map(|Untold { code, detail }| format!("{code} {detail}"));
        let sql = "UPDATE debt_event SET message = ?, untold = ? WHERE key = ?";
        let message = echo.message.map(|message| message.as_bytes().to_vec());
        self.conn.prepare_cached(sql)?.execute(params![message, untold, event])?;
        Ok(echo)
    }

    /// The answer to what was told before under the same reference.
    fn tell_again(
        &mut self,
        key: DebtKey,
        before: &Debt,
        told: &Told,
        is_same: bool,
    ) -> Result<HappeningAnswer, StoreError> {
        if !is_same {
            return Ok(HappeningAnswer::DuplicateRef);
        }
        let sql = "SELECT message, untold FROM debt_event WHERE client = ? AND ref = ?";
        let echo = self.conn.prepare_cached(sql)?.query_row(params![told.client, told.reference], |row| {
            let untold: Option<String> = row.get(1)?;
            let untold = untold.as_deref().and_then(|untold| untold.split_once(' '));
            let untold = untold.map(|(code, detail)| Untold { code: code.to_owned(), detail: detail.to_owned() });
            Ok(Echo { message: row.get::<_, Option<_>>(0)?.map(MessageId::from_bytes), untold })
        })?;
        // Texts that were queued since say how things are by now, and stay.
        let about = self.open_about(key, &before.id)?;
        let mut stopped = self.look_again(&about)?;
        for message in self.asking(&about)? {
            self.name_on_wire(message, &mut stopped)?;
        }
        Ok(HappeningAnswer::Repeated { status: before.status, amount: before.amount, stopped, echo })
    }

    /// Whether something was told under this reference: this, or something else.
    fn was_told(&self, debt: DebtKey, told: &Told) -> Result<Option<bool>, StoreError> {
        let Some(reference) = &told.reference else { return Ok(None) };
        let sql = "SELECT debt = ?3 AND kind = ?4 AND amount IS ?5 AND day IS ?6 FROM debt_event
             WHERE client = ?1 AND ref = ?2";
        let mut statement = self.conn.prepare_cached(sql)?;
        let values = params![
            told.client,
            reference,
            debt.0,
            told.happening.name(),
            told.happening.amount().map(Amount::hundredths),
            told.happening.day().map(stored_day),
        ];
        Ok(statement.query_row(values, |row| row.get(0)).optional()?)
    }

    /// Writes what happened to a debt that was `before`. Returns its row.
    fn note_happening(
        &self,
        debt: DebtKey,
        before: &Debt,
        happening: Happening,
        client: &str,
        reference: Option<&str>,
        inbound: Option<i64>,
    ) -> Result<i64, StoreError> {
        let is_promise = matches!(happening, Happening::Promise { .. });
        let ends = happening.day().filter(|_| is_promise).map(|until| stored_day(until) + self.grace_days());
        let mut settled = None;
        if let Happening::PaymentReceived { amount } = happening
            && before.status.is_owed()
        {
            settled = Some(amount.unwrap_or(before.amount));
        }
        self.conn
            .prepare_cached(
                "INSERT INTO debt_event (debt, at, kind, amount, day, ends, client, ref, inbound, settled)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                debt.0,
                self.now.as_millis(),
                happening.name(),
                happening.amount().map(Amount::hundredths),
                happening.day().map(stored_day),
                ends,
                client,
                reference,
                inbound,
                settled.map(Amount::hundredths),
            ])?;
        Ok(self.conn.last_insert_rowid())
    }

    /// Says in the log that a debt is another now, by what happened where that was told (and its row), and looks again at what waits for it.
    pub(super) fn debt_changed(
        &mut self,
        key: DebtKey,
        before: &Debt,
        after: &Debt,
        happened: Option<(Happening, i64)>,
    ) -> Result<Stopped, StoreError> {
        let happening = happened.map(|(happening, _)| happening);
        if before.status == after.status
            && before.amount == after.amount
            && before.due == after.due
            && happening.is_none()
        {
            return Ok(Stopped::default());
        }
        let mut data = serde_json::json!({
            "debt": key.0,
            "happening": happening.map(Happening::name),
            "entry": happened.map(|(_, entry)| entry),
            "was": before.status.name(),
            "status": after.status.name(),
            "until": after.status.until().map(|day| day.to_string()),
            "due": after.due.to_string(),
        });
        // What happened has the amount in its row. A status that a caller says comes with an amount of its own, which is
        // what is left; what was paid is what was owed before.
        let is_paid_now = after.status == Status::Paid && before.status != Status::Paid;
        if let (None, true, Some(told)) = (happening, is_paid_now, data.as_object_mut()) {
            told.insert("owed".to_owned(), before.amount.to_string().into());
        }
        self.event(EventKind::DebtChanged, &About { data: Some(data.to_string()), ..About::default() })?;
        let about = self.open_about(key, &after.id)?;
        let mut looked_at = self.open_of_debtor(&after.debtor)?;
        looked_at.extend(&about);
        looked_at.sort_unstable();
        looked_at.dedup();
        let mut stopped = self.look_again(&looked_at)?;
        let is_another = before.amount != after.amount || before.due != after.due;
        if is_another || happening.is_some_and(Happening::outdates_texts) {
            self.outdate(&about, &mut stopped)?;
        }
        Ok(stopped)
    }

    /// A debt is another debtor's now: what waits about it is for somebody who does not owe it.
    pub(super) fn debt_changed_hands(&mut self, key: DebtKey, before: &Debt) -> Result<(), StoreError> {
        self.look_at_cases_of(&before.debtor)?;
        let about = self.open_about(key, &before.id)?;
        self.outdate(&about, &mut Stopped::default())
    }

    /// A debtor has no longer some numbers: what waits for the debtor at these would reach somebody else.
    pub(super) fn numbers_are_gone(&mut self, debtor: &str, gone: &[PhoneNumber]) -> Result<(), StoreError> {
        let mut to_them = Vec::new();
        for key in self.open_of_debtor(debtor)? {
            let to = addressee(self.conn, key)?.number;
            if gone.iter().any(|number| number.is_same_line(to)) {
                to_them.push(key);
            }
        }
        let confirming = self.confirming(&to_them)?;
        self.take_back(&confirming, &mut Stopped::default())?;
        self.outdate(&to_them, &mut Stopped::default())
    }

    /// Takes back what waits of texts that say of a debt what is no longer so.
    fn outdate(&mut self, about: &[MessageKey], stopped: &mut Stopped) -> Result<(), StoreError> {
        let asking = self.asking(about)?;
        self.take_back(&asking, stopped)
    }

    /// Takes back what waits of some messages.
    fn take_back(&mut self, messages: &[MessageKey], stopped: &mut Stopped) -> Result<(), StoreError> {
        for key in messages {
            self.name_on_wire(*key, stopped)?;
            let Some((message, mut segments)) = self.readable(*key)? else { continue };
            if segments.iter().any(|row| matches!(row.state, SegmentState::Waiting { .. })) {
                stopped.stopped += 1;
                self.block(&message, &mut segments, Reason::Contact(ContactReason::Outdated))?;
            }
        }
        Ok(())
    }

    /// Those of some messages that ask for something.
    fn asking(&self, about: &[MessageKey]) -> Result<Vec<MessageKey>, StoreError> {
        let mut asking = Vec::new();
        for key in about {
            if bounds(addressee(self.conn, *key)?.purpose).minds_standing {
                asking.push(*key);
            }
        }
        Ok(asking)
    }

    /// Those of some messages that confirm something.
    fn confirming(&self, about: &[MessageKey]) -> Result<Vec<MessageKey>, StoreError> {
        let mut confirming = Vec::new();
        for key in about {
            if addressee(self.conn, *key)?.purpose == Purpose::Confirmation {
                confirming.push(*key);
            }
        }
        Ok(confirming)
    }

    /// Names a message that is on the wire, or may be.
    fn name_on_wire(&mut self, key: MessageKey, stopped: &mut Stopped) -> Result<(), StoreError> {
        let Some((_, segments)) = self.readable(key)? else { return Ok(()) };
        if segments.iter().any(SegmentRow::may_be_on_wire) {
            let id = self.public_id(key)?;
            stopped.on_wire.extend(id.filter(|id| !stopped.on_wire.contains(id)));
        }
        Ok(())
    }

    /// Messages about a debt of which something may still go.
    fn open_about(&self, key: DebtKey, id: &str) -> Result<Vec<MessageKey>, StoreError> {
        let mut found = self.open("SELECT key FROM message WHERE debt = ?1", &id)?;
        let with_others = "SELECT key FROM message WHERE key IN (SELECT message FROM message_debt WHERE debt = ?1)";
        found.extend(self.open(with_others, &key.0)?);
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// What a debtor said of a payment to come or made needs no proof any more.
    fn claim_is_settled(&mut self, debtor: &str, client: &str) -> Result<Stopped, StoreError> {
        let whose = Whose::Debtor(debtor.to_owned());
        match self.standing_of(&whose)? {
            Standing::Promised { .. } | Standing::Unconfirmed => {
                self.set_standing(&whose, Standing::Open, Word { client, inbound: None, message: None })
            }
            Standing::Open | Standing::Agreed | Standing::Disputed | Standing::Paid | Standing::Cancelled => {
                Ok(Stopped::default())
            }
        }
    }

    /// What a debtor denied in a text about a debt is answered when that debt is opened again. Whoever has died, or has denied
    /// another one since, is left in peace.
    fn dispute_is_settled(&mut self, debt: DebtKey, debtor: &str, client: &str) -> Result<Stopped, StoreError> {
        let sql = "SELECT 1 FROM standing JOIN debt_event ON debt_event.inbound = standing.inbound
             WHERE standing.debtor = ?1 AND state = 'disputed' AND debt_event.debt = ?2 AND kind = 'dispute'
             AND NOT EXISTS (SELECT 1 FROM suppression_act
             WHERE suppression_act.inbound = standing.inbound AND suppression_act.kind = 'deceased')";
        if !self.conn.prepare_cached(sql)?.exists(params![debtor, debt.0])? {
            return Ok(Stopped::default());
        }
        let word = Word { client, inbound: None, message: None };
        self.set_standing(&Whose::Debtor(debtor.to_owned()), Standing::Open, word)
    }

    /// Notes on the debts that a text was about what its debtor said of them.
    pub(in super::super) fn happen_by_word(
        &mut self,
        message: MessageKey,
        happening: Happening,
        inbound: i64,
    ) -> Result<(), StoreError> {
        for key in super::debts_of_message(self.conn, message)? {
            let id: String =
                self.conn.prepare_cached("SELECT id FROM debt WHERE key = ?")?.query_row([key.0], |row| row.get(0))?;
            let Some((_, before)) = debt_of(self.conn, &id)? else { continue };
            // What a person says never loosens what holds already.
            let holds = matches!(before.status, Status::Disputed | Status::Agreed | Status::Paid | Status::Cancelled);
            if holds {
                continue;
            }
            let entry = self.note_happening(key, &before, happening, operational::CLIENT, None, Some(inbound))?;
            let mut after = before.clone();
            happening.apply(&mut after);
            self.rewrite_debt(&after, operational::CLIENT)?;
            self.follow_debt(key, Some(&before), &after)?;
            self.debt_changed(key, &before, &after, Some((happening, entry)))?;
        }
        Ok(())
    }
}
