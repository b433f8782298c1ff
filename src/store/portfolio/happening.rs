//! What happens to debts: taken in once, noted, and followed by what waits.

use rusqlite::{OptionalExtension as _, params};

use crate::contact::standing::Standing;
use crate::contact::{Reason as ContactReason, bounds};
use crate::dispatch::gate::Reason;
use crate::dunning::debt::{Debt, Status};
use crate::dunning::event::Happening;
use crate::dunning::money::Amount;
use crate::sms::id::MessageKey;
use crate::sms::lifecycle::SegmentState;
use crate::sms::operational;

use super::super::StoreError;
use super::super::event::{About, EventKind};
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
    },
    /// It was noted before, under the same reference. What is on the wire still is named again: the answer may have been lost.
    Repeated {
        /// How the debt stands now.
        status: Status,
        /// What is owed now.
        amount: Amount,
        /// What is stopped now.
        stopped: Stopped,
    },
    /// Another thing was noted under this reference.
    DuplicateRef,
    /// No debt has this id.
    NoDebt,
}

impl Work<'_> {
    /// Takes in what happened to a debt.
    pub fn happen(&mut self, told: &Told) -> Result<HappeningAnswer, StoreError> {
        let Some((key, before)) = debt_of(self.conn, &told.debt)? else { return Ok(HappeningAnswer::NoDebt) };
        if let Some(is_same) = self.was_told(key, told)? {
            let Debt { status, amount, .. } = before;
            if !is_same {
                return Ok(HappeningAnswer::DuplicateRef);
            }
            // Texts that were queued since say how things are by now, and stay.
            let about = self.open_about(key, &before.id)?;
            let mut stopped = self.look_again(&about)?;
            for message in self.asking(&about)? {
                self.name_on_wire(message, &mut stopped)?;
            }
            return Ok(HappeningAnswer::Repeated { status, amount, stopped });
        }
        let entry = self.note_happening(key, &before, told.happening, &told.client, told.reference.as_deref(), None)?;
        let mut after = before.clone();
        told.happening.apply(&mut after);
        self.rewrite_debt(&after, &told.client)?;
        self.follow_debt(key, Some(&before), &after)?;
        let mut stopped = self.debt_changed(key, &before, &after, Some((told.happening, entry)))?;
        if let Happening::PaymentReceived { .. } = told.happening {
            stopped.add(self.claim_is_settled(&after.debtor, &told.client)?);
        }
        Ok(HappeningAnswer::Noted { status: after.status, amount: after.amount, stopped })
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
        let mut settled = None;
        if let Happening::PaymentReceived { amount } = happening
            && before.status.is_owed()
        {
            settled = Some(amount.unwrap_or(before.amount));
        }
        self.conn
            .prepare_cached(
                "INSERT INTO debt_event (debt, at, kind, amount, day, client, ref, inbound, settled)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                debt.0,
                self.now.as_millis(),
                happening.name(),
                happening.amount().map(Amount::hundredths),
                happening.day().map(stored_day),
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
        let data = serde_json::json!({
            "debt": key.0,
            "happening": happening.map(Happening::name),
            "entry": happened.map(|(_, entry)| entry),
            "was": before.status.name(),
            "status": after.status.name(),
            "until": after.status.until().map(|day| day.to_string()),
            "due": after.due.to_string(),
        });
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

    /// Takes back what waits of texts that say of a debt what is no longer so.
    fn outdate(&mut self, about: &[MessageKey], stopped: &mut Stopped) -> Result<(), StoreError> {
        for key in self.asking(about)? {
            self.name_on_wire(key, stopped)?;
            let Some((message, mut segments)) = self.readable(key)? else { continue };
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
