//! What an inbound text changes: it is understood when it is published, and followed in the same transaction.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use rusqlite::{OptionalExtension as _, params};
use serde_json::Value;

use crate::clock::Timestamp;
use crate::contact::Addressee;
use crate::contact::reply::{
    Context, Effect, Evidence, Language, LastAsked, Pause, Suppression, Understanding, understand,
};
use crate::contact::standing::Standing;
use crate::contact::suppression::{Entry, Kind, Purposes};
use crate::dispatch::route::Route;
use crate::dunning::event::Happening;
use crate::sms::id::{MessageKey, SimKey};
use crate::sms::message::{Labels, Purpose};
use crate::sms::number::{Country, PhoneNumber};
use crate::sms::operational;

use super::StoreError;
use super::record::addressee;
use super::standing::{Whose, Word};
use super::suppression::Act;
use super::tie::Tie;
use super::view::{Seen, Understood};
use super::work::Work;

/// A text that is followed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    /// Its number.
    pub(super) seq: i64,
    /// Who wrote.
    pub(super) number: PhoneNumber,
    /// What it answers.
    pub(super) message: Option<MessageKey>,
    /// The SIM that received it.
    pub(super) sim: SimKey,
}

/// What of an understanding is told: words of the rules, never of the text.
pub(super) fn told(understood: &Understanding) -> Value {
    let seen = |one: &Evidence| serde_json::json!({ "intent": one.intent.code(), "phrase": one.phrase });
    let mut told = serde_json::json!({
        "intents": understood.intents.iter().map(|intent| intent.code()).collect::<Vec<_>>(),
        "seen_by": understood.evidence.iter().map(seen).collect::<Vec<_>>(),
        "effects": understood.effects.iter().map(|effect| effect.code()).collect::<Vec<_>>(),
        "doubts": understood.doubts.iter().map(|doubt| doubt.code()).collect::<Vec<_>>(),
    });
    if let (Some(date), Some(told)) = (understood.promise_date, told.as_object_mut()) {
        told.insert("promise_date".to_owned(), date.to_string().into());
    }
    told
}

/// What was told of an understanding, as it is stored. Nothing of a row that says nothing.
pub(super) fn retold(stored: &str) -> Option<Understood> {
    let told: Value = serde_json::from_str(stored).ok()?;
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
    let list = |name: &str| told.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let words = |name: &str| list(name).iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect();
    let seen = |one: &Value| Some(Seen { intent: text(one, "intent")?, phrase: text(one, "phrase")? });
    Some(Understood {
        intents: words("intents"),
        effects: words("effects"),
        doubts: words("doubts"),
        seen_by: list("seen_by").iter().filter_map(seen).collect(),
        promise_date: text(&told, "promise_date"),
    })
}

impl Work<'_> {
    /// What a text wants. `None` where nobody could be answered: its sender is a name or a service, or one of our own.
    pub(super) fn understand(&self, seq: i64, body: &str, tie: Tie) -> Result<Option<Understanding>, StoreError> {
        let Some(number) = tie.number.filter(|number| !number.is_short_code() && !self.is_ours(*number)) else {
            return Ok(None);
        };
        let zone = self.board.contact.zone(number);
        let context = Context {
            last_asked: self.last_asked(tie.message)?,
            language: language_of(number),
            today: civil_date(self.now, &zone),
        };
        let understood = understand(body, context, &self.board.contact.lexicon);
        self.conn
            .prepare_cached("UPDATE inbound SET understood = ? WHERE seq = ?")?
            .execute(params![told(&understood).to_string(), seq])?;
        Ok(Some(understood))
    }

    fn last_asked(&self, message: Option<MessageKey>) -> Result<LastAsked, StoreError> {
        let Some(message) = message else { return Ok(LastAsked::Nothing) };
        let answered = addressee(self.conn, message)?;
        Ok(if answered.confirms_opt_out {
            LastAsked::OptOutConfirmation
        } else if answered.purpose == Purpose::IdentityCheck {
            LastAsked::IdentityCheck
        } else {
            LastAsked::Nothing
        })
    }

    /// Does what follows from a text.
    pub(super) fn follow(&mut self, answer: &Answer, understood: &Understanding) -> Result<(), StoreError> {
        let Labels { debtor, creditor, .. } = self.labels_of(answer)?;
        let mut needs_person = understood.needs_person();
        for effect in &understood.effects {
            match effect {
                Effect::SuppressNumber { kind } => {
                    self.suppress_by_word(answer, *kind, creditor.clone(), understood)?;
                }
                Effect::PauseLadder { cause } => {
                    if let (Some(message), Some(happening)) = (answer.message, self.happening_of(*cause, answer.number))
                    {
                        self.happen_by_word(message, happening, answer.seq)?;
                    }
                    if let Some(standing) = self.standing_after(*cause, answer.number) {
                        self.stand_by_word(answer, debtor.as_deref(), standing)?;
                        // A wish to stop is meant for the number, whoever else is asked for there.
                        if *cause == Pause::PerhapsStop && debtor.is_some() {
                            self.stand_by_word(answer, None, standing)?;
                        }
                    }
                }
                Effect::LiftOptOut => {
                    let why = "the person asked for it";
                    // What was asked of one creditor is not taken back by a word to another.
                    let is_meant = |entry: &Entry| {
                        entry.kind.is_lifted_by_opt_in()
                            && (creditor.is_none() || entry.creditor.is_none() || entry.creditor == creditor)
                    };
                    self.lift(answer.number, is_meant, operational::CLIENT, why, Some(answer.seq))?;
                }
                Effect::ConfirmNumber => self.confirm_number(answer.number, Some(answer.seq))?,
                Effect::SendHelp => {
                    let help = self.board.contact.answers.help.clone();
                    needs_person |= help.is_empty() || !self.send_by_itself(answer, &help, false)?;
                }
                Effect::AskPerson => {}
            }
            // Of somebody who has died nobody is written to, by whatever number.
            if let Effect::SuppressNumber { kind: Suppression::Deceased } = effect {
                self.stand_by_word(answer, debtor.as_deref(), Standing::Disputed)?;
            }
        }
        self.converse(answer, debtor.as_deref(), needs_person)
    }

    /// Reads a text once more for its promise, which what stands of a person and what is noted on debts may rest on still.
    pub(super) fn promise_again(
        &mut self,
        answer: &Answer,
        body: &str,
        (stands, is_noted): (bool, bool),
    ) -> Result<(), StoreError> {
        let tie = Tie { message: answer.message, number: Some(answer.number) };
        let Some(understood) = self.understand(answer.seq, body, tie)? else { return Ok(()) };
        let Labels { debtor, .. } = self.labels_of(answer)?;
        for effect in understood.effects {
            let Effect::PauseLadder { cause: cause @ Pause::Promise { .. } } = effect else { continue };
            let happening = self.happening_of(cause, answer.number).filter(|_| is_noted);
            if let (Some(message), Some(happening)) = (answer.message, happening) {
                self.happen_by_word(message, happening, answer.seq)?;
            }
            if let Some(standing) = self.standing_after(cause, answer.number).filter(|_| stands) {
                self.stand_by_word(answer, debtor.as_deref(), standing)?;
            }
        }
        Ok(())
    }

    /// Whose business a text is: that of what it answers.
    fn labels_of(&self, answer: &Answer) -> Result<Labels, StoreError> {
        let Some(message) = answer.message else { return Ok(Labels::default()) };
        let Addressee { debtor, creditor, .. } = addressee(self.conn, message)?;
        Ok(Labels { debtor, creditor, ..Labels::default() })
    }

    fn suppress_by_word(
        &mut self,
        answer: &Answer,
        kind: Suppression,
        creditor: Option<String>,
        understood: &Understanding,
    ) -> Result<(), StoreError> {
        let (kind, creditor) = match kind {
            Suppression::OptOut => (Kind::OptOut, creditor),
            Suppression::WrongPerson => (Kind::WrongPerson, None),
            Suppression::Deceased => (Kind::Deceased, None),
        };
        let act = Act {
            kind,
            purposes: Purposes::ALL,
            creditor,
            effective: self.now,
            source: "reply".to_owned(),
            client: operational::CLIENT.to_owned(),
            why: understood.evidence.first().map(|seen| seen.phrase.clone()),
            inbound: Some(answer.seq),
        };
        let stopped = self.suppress(&act, &[answer.number])?;
        let answers = &self.board.contact.answers;
        if kind == Kind::OptOut && answers.confirms_opt_out && stopped.added > 0 {
            let language = understood.evidence.iter().find_map(|seen| seen.language);
            let text = answers.opt_out(language.or(language_of(answer.number)).unwrap_or(Language::English)).to_owned();
            self.send_by_itself(answer, &text, true)?;
        }
        Ok(())
    }

    fn standing_after(&self, cause: Pause, number: PhoneNumber) -> Option<Standing> {
        let contact = &self.board.contact;
        Some(match cause {
            Pause::Dispute => Standing::Disputed,
            Pause::AlreadyPaid | Pause::PerhapsStop => Standing::Unconfirmed,
            Pause::Promise { until } => {
                let zone = contact.zone(number);
                let day = self.promised_day(until, number);
                let over = day.tomorrow().ok().and_then(|next| next.to_zoned(zone).ok());
                let over = over.map_or(self.now, |next| Timestamp::from_jiff(next.timestamp()));
                Standing::Promised { until: over + contact.promise_grace }
            }
            // An answer gives peace by itself.
            Pause::Contact => return None,
        })
    }

    /// What a debtor says of the debts that a text was about. Whether it is paid is for their keeper to say.
    fn happening_of(&self, cause: Pause, number: PhoneNumber) -> Option<Happening> {
        match cause {
            Pause::Dispute => Some(Happening::Dispute),
            Pause::Promise { until } => Some(Happening::Promise { until: self.promised_day(until, number) }),
            Pause::AlreadyPaid | Pause::PerhapsStop | Pause::Contact => None,
        }
    }

    /// A promise without a day is one for today.
    fn promised_day(&self, until: Option<Date>, number: PhoneNumber) -> Date {
        until.unwrap_or_else(|| civil_date(self.now, &self.board.contact.zone(number)))
    }

    /// What a person says never loosens what holds already: a promise after a dispute leaves the dispute.
    fn stand_by_word(&mut self, answer: &Answer, debtor: Option<&str>, standing: Standing) -> Result<(), StoreError> {
        let whose = debtor.map_or(Whose::Number(answer.number), |debtor| Whose::Debtor(debtor.to_owned()));
        let known = self.standing_of(&whose)?;
        let holds = known.obstacle(self.now).is_some();
        if holds && known.severity() > standing.severity() {
            return Ok(());
        }
        let word = Word { client: operational::CLIENT, inbound: Some(answer.seq), message: answer.message };
        self.set_standing(&whose, standing, word).map(drop)
    }

    /// Sends an answer of Recado's own, by the SIM that received. False when such an answer went within a day already.
    fn send_by_itself(&mut self, answer: &Answer, text: &str, confirms_opt_out: bool) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM message WHERE recipient = ? AND client = ? AND created_at > ? LIMIT 1";
        let since = (self.now - crate::contact::REPLY_WITHIN).as_millis();
        let number = super::row::stored_number(answer.number);
        let went = self.conn.prepare_cached(sql)?.exists(params![number, operational::CLIENT, since])?;
        if went && !confirms_opt_out {
            return Ok(false);
        }
        let Ok(mut submission) = operational::answer(self.own_id(), answer.number, text, self.now) else {
            return Ok(false);
        };
        submission.confirms_opt_out = confirms_opt_out;
        // What is written back to it belongs to them too.
        submission.labels = self.labels_of(answer)?;
        let iccid = self.board.sims.get(&answer.sim).map(|sim| sim.card.names.iccid.clone());
        submission.sim.clone_from(&iccid);
        self.enqueue(&submission, iccid.map_or(Route::Any, Route::Sim))?;
        Ok(true)
    }

    /// The row of a conversation, made at its first text.
    fn converse(&mut self, answer: &Answer, debtor: Option<&str>, needs_person: bool) -> Result<(), StoreError> {
        self.conn
            .prepare_cached(
                "INSERT INTO conversation (subscriber, number, debtor, sim, inbound, at, is_open, needs_person)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7)
                 ON CONFLICT (subscriber) DO UPDATE SET debtor = coalesce(?3, debtor), sim = ?4, inbound = ?5, at = ?6,
                 is_open = 1, needs_person = max(needs_person, ?7)",
            )?
            .execute(params![
                super::record::stored_subscriber(answer.number),
                super::row::stored_number(answer.number),
                debtor,
                answer.sim.0,
                answer.seq,
                self.now.as_millis(),
                needs_person,
            ])?;
        Ok(())
    }

    /// How things stand, as it is stored.
    pub(super) fn standing_of(&self, whose: &Whose) -> Result<Standing, StoreError> {
        let (debtor, subscriber) = match whose {
            Whose::Debtor(debtor) => (Some(debtor.as_str()), None),
            Whose::Number(number) => (None, Some(super::record::stored_subscriber(*number))),
        };
        let mut statement =
            self.conn.prepare_cached("SELECT state, until FROM standing WHERE debtor = ? OR subscriber = ?")?;
        let found = statement
            .query_row(params![debtor, subscriber], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Option<i64>>(1)?)))
            .optional()?;
        let read = |(name, until): (String, Option<i64>)| Standing::from_name(&name, until.map(Timestamp::from_millis));
        Ok(found.and_then(read).unwrap_or_default())
    }
}

fn civil_date(at: Timestamp, zone: &TimeZone) -> Date {
    at.to_jiff().map_or(Date::MAX, |at| at.to_zoned(zone.clone()).date())
}

/// The language that people with such a number are mostly written to in.
fn language_of(number: PhoneNumber) -> Option<Language> {
    let (country, _) = number.plan()?;
    [(Country::BRAZIL, Language::Portuguese), (Country::MEXICO, Language::Spanish)]
        .into_iter()
        .find_map(|(home, language)| (home == country).then_some(language))
        .or(Some(Language::English))
}
