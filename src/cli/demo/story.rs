//! The demo as it is told: what is done, and what comes of it, line by line.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use hyper::Method;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::sms::lifecycle::MessageState;

use super::super::client::{Ask, Client};
use super::super::failure::Failure;
use super::super::print::{Printer, cell, text as text_of};
use super::MODEMS;
use super::texts::{ANSWERS, OPTED_OUT, SAMPLE};

const ZONE: &str = "America/Sao_Paulo";

/// An act is settled in some fifteen seconds; a machine that needs longer than this does not work.
const PATIENCE: Duration = Duration::from_secs(90);

/// What is shown of a message.
#[derive(Debug)]
struct Shown {
    to: String,
    text: String,
    state: String,
    expected: Option<MessageState>,
    debtor: String,
    template: String,
}

/// The demo as it is told.
pub(super) struct Story<'a> {
    pub(super) printer: Printer<'a>,
    pub(super) client: Client,
    zone: TimeZone,
    messages: BTreeMap<String, Shown>,
    answers: usize,
    /// The last event that was told of.
    last: i64,
}

impl<'a> Story<'a> {
    pub(super) fn new(printer: Printer<'a>, client: Client) -> Self {
        let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
        Self { printer, client, zone, messages: BTreeMap::new(), answers: 0, last: 0 }
    }

    pub(super) fn introduce(&mut self, folder: &Path, url: &str, token: &str) -> Result<(), Failure> {
        let lines = [
            format!("{MODEMS} emulated modems, database in {}", folder.display()),
            "The civil clock starts on Tuesday 2026-11-24 10:00 in São Paulo.".to_owned(),
            String::new(),
            format!("page   {url}/login#{token}"),
            format!("API    {url}"),
            format!("token  {token}"),
            format!(
                "try    curl -s {url}/v1/messages -H 'Authorization: Bearer {token}' \
                 -d '{{\"to\":\"+5511900001099\",\"text\":\"Olá! Sua parcela vence hoje.\"}}'"
            ),
            String::new(),
        ];
        lines.iter().try_for_each(|line| self.printer.line(line))?;
        Ok(self.printer.flush()?)
    }

    /// Says something.
    pub(super) fn say(&mut self, line: &str) -> Result<(), Failure> {
        self.printer.line(line)?;
        Ok(self.printer.flush()?)
    }

    /// Asks the daemon for something.
    pub(super) async fn ask(&self, method: Method, path: &str, body: &Value) -> Result<Value, Failure> {
        self.client.ask(Ask { method, path, body: Some(body) }).await
    }

    /// Submits the sample of texts and shows what comes of it. Whether all came to what was expected.
    pub(super) async fn send_texts(&mut self) -> Result<bool, Failure> {
        self.submit().await?;
        let is_settled = self.watch(Self::texts_are_settled).await?;
        self.try_again().await?;
        self.conclude()?;
        Ok(is_settled)
    }

    async fn submit(&mut self) -> Result<(), Failure> {
        let field = |(to, text, _): &(&str, &str, MessageState)| json!({ "to": to, "text": text, "batch": "demo" });
        let body: Value = SAMPLE.iter().map(field).collect();
        let answer = self.ask(Method::POST, "/v1/messages", &body).await?;
        let items = answer.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        for (item, (to, text, expected)) in items.iter().zip(SAMPLE) {
            let shown = Shown {
                to: to.to_owned(),
                text: text.to_owned(),
                state: cell(item, "state"),
                expected: Some(expected),
                debtor: String::new(),
                template: String::new(),
            };
            self.messages.insert(cell(item, "id"), shown);
        }
        self.say(&format!("{} messages submitted, {} taken in.", SAMPLE.len(), self.messages.len()))
    }

    /// Writes once more to who has asked to be left alone.
    async fn try_again(&mut self) -> Result<(), Failure> {
        let body =
            json!({ "to": OPTED_OUT, "text": "Loja Aurora: Davi, sua parcela continua em aberto.", "batch": "demo" });
        let answer = self.ask(Method::POST, "/v1/messages", &body).await?;
        let (state, reason) =
            (cell(&answer, "state"), answer.pointer("/reason/detail").map(text_of).unwrap_or_default());
        self.say(&format!("          {state:<12} {OPTED_OUT:<15} once more: {reason}"))
    }

    /// Shows events until `is_enough`. False when that takes too long.
    pub(super) async fn watch(&mut self, is_enough: impl Fn(&Self) -> bool) -> Result<bool, Failure> {
        match tokio::time::timeout(PATIENCE, self.follow(is_enough)).await {
            Ok(followed) => followed.map(|()| true),
            Err(_elapsed) => Ok(false),
        }
    }

    /// Shows events until somebody ends the demo.
    pub(super) async fn stay_up(&mut self) -> Result<(), Failure> {
        self.say("The demo stays up. Press Ctrl-C to end it.")?;
        self.follow(|_| false).await
    }

    async fn follow(&mut self, is_enough: impl Fn(&Self) -> bool) -> Result<(), Failure> {
        let client = self.client.clone();
        let mut events = client.follow(self.last).await?;
        while !is_enough(self) {
            let event = events.next().await?;
            self.last = event.get("seq").and_then(Value::as_i64).unwrap_or(self.last);
            self.show(&event).await?;
        }
        Ok(())
    }

    async fn show(&mut self, event: &Value) -> Result<(), Failure> {
        let kind = cell(event, "type");
        let line = match kind.split_once('.') {
            Some(("message", state)) => self.show_message(event, state).await?,
            Some(("inbound", "received")) => self.show_answer(event).await?,
            _ => None,
        };
        match line {
            Some(line) => self.say(&format!("{}  {line}", self.civil(event))),
            None => Ok(()),
        }
    }

    async fn show_message(&mut self, event: &Value, state: &str) -> Result<Option<String>, Failure> {
        let id = cell(event, "message");
        if !self.messages.contains_key(&id) {
            let message = self.client.get(&format!("/v1/messages/{id}")).await?;
            let debtor = cell(&message, "debtor");
            // Of a message of the person who watches, or an answer of Recado's own, for which no report is asked.
            let has_report = message.get("report").and_then(Value::as_bool).unwrap_or(true);
            let expected = if has_report { MessageState::Delivered } else { MessageState::Accepted };
            let shown = Shown {
                to: cell(&message, "to"),
                text: cell(&message, "text"),
                state: String::new(),
                expected: debtor.is_empty().then_some(expected),
                debtor,
                template: message.pointer("/origin/template").map(text_of).unwrap_or_default(),
            };
            self.messages.insert(id.clone(), shown);
        }
        let Some(shown) = self.messages.get_mut(&id) else { return Ok(None) };
        if state == "held" {
            let not_before = event.pointer("/data/not_before").and_then(Value::as_str).unwrap_or_default();
            let code = event.pointer("/data/code").map(text_of).unwrap_or_default();
            let is_of_person = crate::contact::Reason::ALL.iter().any(|reason| reason.code() == code);
            let until = Some(civil(not_before, &self.zone)).filter(|until| !until.is_empty());
            let until = until.map_or_else(String::new, |until| format!(" until {until} here"));
            let is_told = is_of_person || code == crate::dispatch::gate::Reason::NotDue.code();
            return Ok(is_told.then(|| format!("{state:<12} {:<15} {code}{until}", shown.to)));
        }
        state.clone_into(&mut shown.state);
        let worth_a_line = !matches!(state, "queued" | "sending");
        Ok(worth_a_line.then(|| format!("{state:<12} {:<15} {}", shown.to, shorten(&shown.text))))
    }

    async fn show_answer(&mut self, event: &Value) -> Result<Option<String>, Failure> {
        let Some(seq) = event.pointer("/data/inbound").and_then(Value::as_i64) else { return Ok(None) };
        let page = self.client.get(&format!("/v1/inbox?after={}&limit=1", seq - 1)).await?;
        let Some(text) = page.pointer("/items/0") else { return Ok(None) };
        self.answers += 1;
        let effects = event.pointer("/data/understood/effects").map(text_of).unwrap_or_default();
        let (from, said) = (cell(text, "from"), shorten(&cell(text, "text")));
        Ok(Some(format!("{:<12} {from:<15} {said} -> {effects}", "answered")))
    }

    /// The time of an event on the demo's civil clock.
    fn civil(&self, event: &Value) -> String {
        civil(&cell(event, "at"), &self.zone)
    }

    /// How the text of a template to a debtor stands, as far as it was told of.
    pub(super) fn state_of(&self, debtor: &str, template: &str) -> Option<&str> {
        let mut texts = self.messages.values();
        texts.find(|shown| shown.debtor == debtor && shown.template == template).map(|shown| shown.state.as_str())
    }

    fn texts_are_settled(&self) -> bool {
        let is_as_expected = |shown: &Shown| shown.expected.is_none_or(|expected| shown.state == expected.name());
        self.answers >= ANSWERS && self.messages.values().all(is_as_expected)
    }

    fn conclude(&mut self) -> Result<(), Failure> {
        let astray: Vec<String> = self
            .messages
            .values()
            .filter_map(|shown| Some((shown, shown.expected?.name())))
            .filter(|(shown, expected)| shown.state != *expected)
            .map(|(shown, expected)| format!("{} is {}, expected {expected}", shown.to, shown.state))
            .collect();
        self.printer.line("")?;
        astray.iter().try_for_each(|line| self.printer.line(line))?;
        let settled = self.messages.len() - astray.len();
        self.say(&format!(
            "{settled} of {} messages came to what was expected; {} answers came in.",
            self.messages.len(),
            self.answers
        ))
    }
}

/// A time by the clocks of `zone`.
fn civil(at: &str, zone: &TimeZone) -> String {
    let at = at.parse::<Timestamp>().ok().and_then(Timestamp::to_jiff);
    at.map_or_else(String::new, |at| at.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string())
}

/// The beginning of a text.
fn shorten(text: &str) -> String {
    const SHOWN: usize = 100;
    let mut short: String = text.chars().take(SHOWN).collect();
    if text.chars().count() > SHOWN {
        short.push('…');
    }
    short
}
