//! Balances of prepaid SIMs: asked when they are due, kept as they come, and judged.

use std::time::Duration;

use rusqlite::{Connection, params};

use crate::clock::Timestamp;
use crate::dispatch::balance::{Account, Amount, Level, Question, Reading, Rule};
use crate::dispatch::health::RestReason;
use crate::dispatch::route::Route;
use crate::modem::UssdCode;
use crate::sms::id::SimKey;
use crate::sms::message::Body;
use crate::sms::number::{PhoneNumber, Sender};
use crate::sms::operational;

use super::StoreError;
use super::alarm::{AlarmKind, Subject};
use super::work::Work;

/// SIMs that were never asked are not all asked in the first minute.
const MINUTE: Duration = Duration::from_secs(60);
const SPREAD: u32 = 60;

/// The account of a SIM as it was stored.
pub(super) fn account(conn: &Connection, sim: SimKey, rule: &Rule, now: Timestamp) -> Result<Account, StoreError> {
    let sql = "SELECT home, balance_asked, balance_at, balance_text, balance FROM sim WHERE key = ?";
    let mut statement = conn.prepare_cached(sql)?;
    let (home, asked, reading) = statement.query_row([sim.0], |row| {
        let at: Option<i64> = row.get(2)?;
        let (text, amount) = (row.get::<_, Option<String>>(3)?, row.get::<_, Option<i64>>(4)?);
        let reading = at.map(|at| Reading {
            amount: amount.map(Amount::from_hundredths),
            at: Timestamp::from_millis(at),
            text: Body(text.unwrap_or_default()),
        });
        Ok((row.get::<_, Option<String>>(0)?, row.get::<_, Option<i64>>(1)?, reading))
    })?;
    let place = u32::try_from(sim.0.rem_euclid(i64::from(SPREAD))).unwrap_or_default();
    let first = now + MINUTE * (1 + place);
    let mut account = Account::new(rule.query(home.as_deref()), asked.map(Timestamp::from_millis), reading, first);
    account.draw_in(now);
    Ok(account)
}

impl Work<'_> {
    /// The operator that a SIM is of, by the beginning of its subscriber's identity.
    pub fn home(&mut self, sim: SimKey, code: &str) -> Result<(), StoreError> {
        self.conn
            .prepare_cached("UPDATE sim SET home = ?1 WHERE key = ?2 AND home IS NOT ?1")?
            .execute(params![code, sim.0])?;
        if let Some(entry) = self.board.sims.get_mut(&sim) {
            entry.account.set_query(entry.card.balance.query(Some(code)));
        }
        Ok(())
    }

    /// Asks the SIMs that are due.
    pub(super) fn ask_balances(&mut self) -> Result<(), StoreError> {
        let due: Vec<SimKey> = self
            .board
            .sims
            .iter()
            .filter(|(_, sim)| sim.balance_due().is_some_and(|at| at <= self.now))
            .map(|(key, _)| *key)
            .collect();
        for sim in due {
            let Some(entry) = self.board.sims.get_mut(&sim) else { continue };
            let question = entry.account.ask(self.now);
            let iccid = entry.card.names.iccid.clone();
            self.save_account(sim)?;
            match question {
                // What was configured was checked.
                Some(Question::Code(code)) => self.ask(UssdCode::new(&code).map(|code| (sim, code))),
                Some(Question::Text { to, text }) => {
                    self.give_up_lost(sim)?;
                    self.send_question(iccid, &to, &text)?;
                }
                None => {}
            }
        }
        Ok(())
    }

    fn send_question(&mut self, iccid: String, to: &str, text: &str) -> Result<(), StoreError> {
        let Some(to) = PhoneNumber::from_digits(to) else { return Ok(()) };
        let Ok(mut submission) = operational::question(self.own_id(), to, text, self.now) else { return Ok(()) };
        submission.sim = Some(iccid.clone());
        self.enqueue(&submission, Route::Sim(iccid))?;
        Ok(())
    }

    /// The modem of the SIM did not take the question.
    pub fn not_asked(&mut self, sim: SimKey) -> Result<(), StoreError> {
        if let Some(entry) = self.board.sims.get_mut(&sim) {
            entry.account.not_asked(self.now);
        }
        self.save_account(sim)
    }

    /// What the network says to a code, asked by us or by a person.
    pub fn told(&mut self, sim: SimKey, code: &UssdCode, text: &str) -> Result<(), StoreError> {
        let now = self.now;
        let entry = self.board.sims.get_mut(&sim);
        match entry.and_then(|entry| entry.account.answered(code.as_str(), text, now)) {
            Some(level) => self.judge(sim, level),
            None => Ok(()),
        }
    }

    /// A text that came in, which may be an answer about the balance.
    pub(super) fn told_by_text(&mut self, sim: SimKey, sender: &Sender, text: &str) -> Result<(), StoreError> {
        let now = self.now;
        let entry = self.board.sims.get_mut(&sim);
        match entry.and_then(|entry| entry.account.received(sender.as_str(), text, now)) {
            Some(level) => self.judge(sim, level),
            None => Ok(()),
        }
    }

    /// Keeps an answer and does what follows from it; `None` if there was no amount in it.
    fn judge(&mut self, sim: SimKey, level: Option<Level>) -> Result<(), StoreError> {
        self.save_account(sim)?;
        let subject = Subject::sim(sim);
        let now = self.now;
        let Some(entry) = self.board.sims.get_mut(&sim) else { return Ok(()) };
        match level {
            None => Ok(()),
            Some(Level::Empty(_)) => {
                if entry.health.used_up(now) {
                    self.begin_rest(sim, RestReason::Empty)
                } else {
                    Ok(())
                }
            }
            Some(level @ (Level::Low(_) | Level::Enough)) => {
                if entry.health.topped_up() {
                    self.end_rest(sim)?;
                }
                match level {
                    Level::Low(amount) => {
                        self.raise(AlarmKind::BalanceLow, subject, &format!("{amount} is left; top it up"))
                    }
                    Level::Enough | Level::Empty(_) => self.clear(AlarmKind::BalanceLow, subject),
                }
            }
        }
    }

    fn save_account(&self, sim: SimKey) -> Result<(), StoreError> {
        let Some(entry) = self.board.sims.get(&sim) else { return Ok(()) };
        let reading = entry.account.reading();
        self.conn
            .prepare_cached(
                "UPDATE sim SET balance_asked = ?, balance_at = ?, balance_text = ?, balance = ? WHERE key = ?",
            )?
            .execute(params![
                entry.account.asked().map(Timestamp::as_millis),
                reading.map(|reading| reading.at.as_millis()),
                reading.map(|reading| &reading.text.0),
                reading.and_then(|reading| reading.amount).map(Amount::as_hundredths),
                sim.0,
            ])?;
        Ok(())
    }
}
