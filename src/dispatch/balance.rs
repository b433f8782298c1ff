//! What is left on a prepaid SIM: how it is asked, what the answer says, and when to ask again.
//!
//! Operators block SIMs that ask often, so it is done only where the configuration says so, once a day, and at most once an
//! hour when a refusal makes one think that nothing is left. Asking that was begun counts as done, whatever came of it. A
//! SIM under contract has no balance: where nothing is known of its operator nothing is asked.

mod amount;
mod operators;

use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;

use crate::clock::Timestamp;
use crate::sms::message::Body;
use crate::sms::outcome::Cause;

pub use amount::Amount;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// After a question that could not be asked.
const AGAIN: Duration = Duration::from_secs(10 * 60);

/// An answer by text that is later than this belongs to something else.
const ANSWER: Duration = HOUR;

/// An amount after the sign that pesos, reais and dollars share, for operators of which nothing is known.
static ANY_PATTERN: LazyLock<Option<Pattern>> = LazyLock::new(|| Pattern::new(r"\$\s*(-?[0-9][0-9.,]*)").ok());

/// How a balance is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// A code that the network answers.
    Code(String),
    /// A text that is answered by a text.
    Text {
        /// A short code.
        to: String,
        /// What to send.
        text: String,
    },
}

/// A regular expression with one capture, which is the amount.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

/// Why a text is no [`Pattern`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It is no regular expression.
    #[error("not a regular expression: {0}")]
    Syntax(String),
    /// It has no capture, or several.
    #[error("expected one capture (…), found {0}")]
    Captures(usize),
}

impl Pattern {
    /// Reads one.
    pub fn new(text: &str) -> Result<Self, PatternError> {
        let regex = Regex::new(text).map_err(|error| {
            // The last line says what is wrong; those before show where, in a form for a screen.
            let words = error.to_string();
            PatternError::Syntax(words.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned())
        })?;
        // The whole match counts as one.
        match regex.captures_len() - 1 {
            1 => Ok(Self(regex)),
            other => Err(PatternError::Captures(other)),
        }
    }

    /// The amount in a text.
    fn find(&self, text: &str) -> Option<Amount> {
        Amount::read(self.0.captures(text)?.get(1)?.as_str())
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Pattern {}

/// What the configuration says of a SIM's balance; what is not said is as its operator has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// Whether it is asked at all.
    pub asks: bool,
    /// How.
    pub question: Option<Question>,
    /// What the answer says.
    pub pattern: Option<Pattern>,
    /// An alarm is raised below this.
    pub low: Option<Amount>,
    /// The SIM rests at this and below.
    pub empty: Option<Amount>,
}

/// How the balance of one SIM is asked and judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// How.
    pub question: Question,
    pattern: Pattern,
    /// ISO 4217, where the operator is known.
    pub currency: Option<&'static str>,
    low: Amount,
    empty: Amount,
}

impl Rule {
    /// How a SIM is asked whose subscriber's identity begins with `home`; `None` where it is not.
    pub fn query(&self, home: Option<&str>) -> Option<Query> {
        if !self.asks {
            return None;
        }
        let operator = home.and_then(operators::of);
        let question = self.question.clone().or_else(|| operator.map(|operator| operator.question.clone()))?;
        let pattern = self.pattern.clone().or_else(|| operator.map(|operator| operator.pattern.clone()));
        Some(Query {
            question,
            pattern: pattern.or_else(|| ANY_PATTERN.clone())?,
            currency: operator.map(|operator| operator.currency.as_str()),
            low: self.low.or_else(|| operator.map(|operator| operator.low)).unwrap_or_default(),
            empty: self.empty.unwrap_or_default(),
        })
    }
}

/// The last answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The amount; `None` if it was not found in the text.
    pub amount: Option<Amount>,
    /// When it came.
    pub at: Timestamp,
    /// What the operator says, as it came.
    pub text: Body,
}

/// What an amount means for the SIM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Enough.
    Enough,
    /// Little is left.
    Low(Amount),
    /// Nothing is left.
    Empty(Amount),
}

/// The balance of one SIM.
#[derive(Debug, Clone)]
pub struct Account {
    query: Option<Query>,
    asked: Option<Timestamp>,
    reading: Option<Reading>,
    /// A refusal made one think that nothing is left.
    is_suspect: bool,
    not_before: Timestamp,
}

impl Account {
    /// As it was stored, asked not before `first`.
    pub fn new(query: Option<Query>, asked: Option<Timestamp>, reading: Option<Reading>, first: Timestamp) -> Self {
        Self { query, asked, reading, is_suspect: false, not_before: first }
    }

    /// How it is asked, if it is.
    pub fn query(&self) -> Option<&Query> {
        self.query.as_ref()
    }

    /// The last answer.
    pub fn reading(&self) -> Option<&Reading> {
        self.reading.as_ref()
    }

    /// When it was last asked.
    pub fn asked(&self) -> Option<Timestamp> {
        self.asked
    }

    /// The operator of the SIM is known now.
    pub fn set_query(&mut self, query: Option<Query>) {
        self.query = query;
    }

    /// When it is asked next.
    pub fn due(&self) -> Option<Timestamp> {
        self.query.as_ref()?;
        let pause = if self.is_suspect { HOUR } else { DAY };
        Some(self.asked.map_or(self.not_before, |asked| self.not_before.max(asked + pause)))
    }

    /// It is asked now. Returns how.
    pub fn ask(&mut self, now: Timestamp) -> Option<Question> {
        let question = self.query.as_ref()?.question.clone();
        self.asked = Some(now);
        self.is_suspect = false;
        Some(question)
    }

    /// It could not be asked, and the network heard nothing of it.
    pub fn not_asked(&mut self, now: Timestamp) {
        self.asked = None;
        self.not_before = now + AGAIN;
    }

    /// The SIM was refused a part. Some causes are what an operator says when nothing is left.
    pub fn refused(&mut self, cause: Cause) {
        self.is_suspect |= matches!(cause, Cause::Cms(21 | 50 | 69));
    }

    /// The clock was set back: nothing was asked in the future.
    pub fn draw_in(&mut self, now: Timestamp) {
        self.asked = self.asked.map(|asked| asked.min(now));
        self.not_before = self.not_before.min(now + HOUR);
    }

    /// The network's answer to a code, whoever asked. `None` if the code is another one.
    pub fn answered(&mut self, code: &str, text: &str, now: Timestamp) -> Option<Option<Level>> {
        let is_ours = matches!(&self.query.as_ref()?.question, Question::Code(own) if own == code);
        is_ours.then(|| self.read(text, now))
    }

    /// A text that came in. `None` if it is no answer.
    pub fn received(&mut self, sender: &str, text: &str, now: Timestamp) -> Option<Option<Level>> {
        let Question::Text { to, .. } = &self.query.as_ref()?.question else { return None };
        let is_answer = self.asked.is_some_and(|asked| now.saturating_since(asked) <= ANSWER) && sender == to;
        is_answer.then(|| self.read(text, now))
    }

    fn read(&mut self, text: &str, now: Timestamp) -> Option<Level> {
        let query = self.query.as_ref()?;
        let amount = query.pattern.find(text);
        self.reading = Some(Reading { amount, at: now, text: Body(text.to_owned()) });
        self.is_suspect = false;
        amount.map(|amount| match amount {
            amount if amount <= query.empty => Level::Empty(amount),
            amount if amount < query.low => Level::Low(amount),
            _ => Level::Enough,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_525_200_000);

    fn rule() -> Rule {
        Rule { asks: true, ..Rule::default() }
    }

    fn account(rule: &Rule, home: &str) -> Account {
        Account::new(rule.query(Some(home)), None, None, NOW)
    }

    #[test]
    fn nothing_is_asked_unless_it_is_configured_and_the_operator_is_known() {
        assert_eq!(Rule::default().query(Some("72405")), None);
        assert_eq!(rule().query(Some("72406")), None, "Vivo tells it by voice only");
        assert_eq!(rule().query(None), None);
        assert_eq!(account(&Rule::default(), "72405").due(), None);
        assert_eq!(account(&rule(), "724059").query().unwrap().question, Question::Code("*544#".to_owned()));
    }

    #[test]
    fn what_is_configured_goes_before_what_is_known_of_the_operator() {
        let own = Rule {
            question: Some(Question::Code("*1#".to_owned())),
            pattern: Pattern::new("saldo ([0-9]+)").ok(),
            low: Amount::read("7"),
            ..rule()
        };
        let mut account = account(&own, "72405");
        assert_eq!(account.query().unwrap().currency, Some("BRL"));
        assert_eq!(
            account.answered("*1#", "saldo 6 ou R$ 90,00", NOW),
            Some(Some(Level::Low(Amount::read("6").unwrap())))
        );
        assert_eq!(account.answered("*544#", "saldo 6", NOW), None);
        let mut unknown = Account::new(own.query(None), None, None, NOW);
        assert_eq!(unknown.query().unwrap().currency, None);
        assert_eq!(unknown.answered("*1#", "nada", NOW), Some(None), "what is not understood is kept");
        assert_eq!(unknown.reading().unwrap().text.0, "nada");
    }

    #[test]
    fn once_a_day_and_once_an_hour_on_suspicion() {
        let mut account = account(&rule(), "72405");
        assert_eq!(account.due(), Some(NOW));
        account.ask(NOW);
        assert_eq!(account.due(), Some(NOW + DAY));
        account.refused(Cause::Cms(38));
        assert_eq!(account.due(), Some(NOW + DAY));
        account.refused(Cause::Cms(21));
        assert_eq!(account.due(), Some(NOW + HOUR));
        account.ask(NOW + HOUR);
        account.refused(Cause::Cms(50));
        assert_eq!(account.due(), Some(NOW + HOUR * 2));
        account.answered("*544#", "Saldo R$ 90,00", NOW + HOUR);
        assert_eq!(account.due(), Some(NOW + HOUR + DAY));
        account.not_asked(NOW);
        assert_eq!(account.due(), Some(NOW + AGAIN));
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_end_the_asking() {
        let mut account = account(&rule(), "72405");
        account.ask(NOW + DAY * 300);
        account.draw_in(NOW);
        assert_eq!(account.due(), Some(NOW + DAY));
    }

    #[test]
    fn an_answer_by_text_comes_from_the_short_code_and_soon() {
        let mut account = account(&rule(), "33403");
        let Some(Question::Text { to, text }) = account.ask(NOW) else { panic!("asked otherwise") };
        assert_eq!((to.as_str(), text.as_str()), ("777", "SALDO"));
        assert_eq!(account.received("888", "Saldo $ 3", NOW), None);
        assert_eq!(account.received("777", "Saldo $ 3", NOW + DAY), None);
        assert_eq!(account.received("777", "Saldo $ 0.00", NOW), Some(Some(Level::Empty(Amount::default()))));
        assert_eq!(
            account.received("777", "Saldo $ 19.99", NOW),
            Some(Some(Level::Low(Amount::read("19.99").unwrap())))
        );
        assert_eq!(account.received("777", "Saldo $1,250.00 MXN", NOW), Some(Some(Level::Enough)));
        assert_eq!(account.reading().unwrap().amount.unwrap().to_string(), "1250.00");
    }

    #[test]
    fn a_pattern_has_one_capture() {
        assert_eq!(Pattern::new("saldo"), Err(PatternError::Captures(0)));
        assert_eq!(Pattern::new("(a)(b)"), Err(PatternError::Captures(2)));
        assert_eq!(Pattern::new("(?:a)(b"), Err(PatternError::Syntax("unclosed group".to_owned())));
    }
}
