//! Unstructured services: a code to the network, and what it answers (TS 27.007 clause 7.15).
//!
//! One session at a time. From its first command to its end no submission begins: a running send and a session can block
//! each other. What a code means, and who asked, is known outside.

mod form;
pub(super) mod text;

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

pub(super) use form::Form;

use super::output::{Note, Output};
use super::timers::{Timer, Timers};
use crate::at::{CANCEL_USSD, Ended, Finished, RequestUssd, Session, UssdResult, UssdStatus};
use crate::clock::Instant;

/// From the final result of a request to the answer of the network.
const ANSWER: Duration = Duration::from_secs(90);

/// How long a session is kept open for a person's answer. Nothing is sent meanwhile.
const REPLY: Duration = Duration::from_secs(60);

/// A session that ends without a word so soon was never understood: the form of the request is another one.
const SOON: Duration = Duration::from_secs(10);

/// What came of a request. Its `Debug` form does not show the text.
#[derive(Clone, PartialEq, Eq)]
pub struct UssdAnswer {
    /// What became of the session.
    pub status: UssdStatus,
    /// What the network says.
    pub text: Option<String>,
}

impl fmt::Debug for UssdAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UssdAnswer({:?}, {} characters)", self.status, self.text.as_ref().map_or(0, |t| t.chars().count()))
    }
}

/// Why a request is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UssdRefusal {
    /// The modem is not up and registered.
    #[error("the modem is not ready")]
    NotReady,
    /// Another request is under way.
    #[error("another request is under way")]
    Busy,
}

/// A code, or the answer in an open session: 1 to 182 of the digits, `*`, `#` and `+` (TS 22.090: what fits into a request).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UssdCode(String);

impl UssdCode {
    /// `None` if it is empty, too long, or has another character.
    pub fn new(text: &str) -> Option<Self> {
        let is_code = |octet: u8| octet.is_ascii_digit() || matches!(octet, b'*' | b'#' | b'+');
        ((1..=182).contains(&text.len()) && text.bytes().all(is_code)).then(|| Self(text.to_owned()))
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The session and what was learnt of the modem.
#[derive(Debug, Default)]
pub(super) struct Ussd {
    stage: Stage,
    request: Option<Request>,
    /// The form that this modem was seen to take.
    known: Option<Form>,
    /// The character set is not the one that other commands are used to.
    is_set: bool,
}

#[derive(Debug)]
struct Request {
    code: UssdCode,
    attended: bool,
    form: Form,
    /// Forms that are still to be tried.
    others: &'static [Form],
    /// It answers in an open session.
    replies: bool,
    written_at: Instant,
    /// It came before the final result.
    early: Option<UssdResult>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Idle,
    /// A request has no command yet.
    Waiting,
    /// This command is next.
    Due(Step),
    Running(Step),
    /// The network has the request.
    Asked,
    /// The network waits for an answer.
    Open,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Before each request: a session may be left.
    Cancel,
    CharacterSet,
    Request,
    /// Nobody waits for the rest of the session.
    Close,
    /// Back to the character set in which other answers are read.
    Restore,
}

impl Ussd {
    /// Takes a request, of which the forms of this modem's family are tried in turn. `attended` says that whoever asks can
    /// answer the network: then it goes into an open session, and one that it opens stays open.
    pub(super) fn request(
        &mut self,
        code: UssdCode,
        attended: bool,
        forms: &'static [Form],
        timers: &mut Timers,
    ) -> Result<(), UssdRefusal> {
        let replies = match self.stage {
            Stage::Idle => false,
            Stage::Open if attended => true,
            Stage::Open | Stage::Waiting | Stage::Due(_) | Stage::Running(_) | Stage::Asked => {
                return Err(UssdRefusal::Busy);
            }
        };
        timers.stop(Timer::Ussd);
        let (form, others) = match (self.known, forms.split_first()) {
            (Some(known), _) => (known, &[][..]),
            (None, Some((first, others))) => (*first, others),
            (None, None) => (Form::Plain, &[][..]),
        };
        self.request = Some(Request { code, attended, form, others, replies, written_at: Instant::ZERO, early: None });
        self.stage = if replies { Stage::Due(Step::Request) } else { Stage::Waiting };
        Ok(())
    }

    pub(super) fn is_ready(&self) -> bool {
        matches!(self.stage, Stage::Waiting | Stage::Due(_))
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(self.stage, Stage::Running(_))
    }

    /// Whether a session is under way, so that no submission may begin.
    pub(super) fn holds_the_line(&self) -> bool {
        !matches!(self.stage, Stage::Idle | Stage::Waiting)
    }

    /// What was learnt is not true of another modem.
    pub(super) fn forget_modem(&mut self) {
        self.known = None;
    }

    /// Starts the next command. The session is idle.
    pub(super) fn begin(&mut self, session: &mut Session, now: Instant) {
        let step = match self.stage {
            Stage::Waiting => Step::Cancel,
            Stage::Due(step) => step,
            Stage::Idle | Stage::Running(_) | Stage::Asked | Stage::Open => return,
        };
        self.stage = Stage::Running(step);
        match (step, &mut self.request) {
            (Step::CharacterSet, Some(request)) => {
                if let Some(command) = request.form.character_set() {
                    self.is_set = request.form == Form::Ucs2;
                    session.start(&command, now);
                } else {
                    self.stage = Stage::Due(Step::Request);
                    self.begin(session, now);
                }
            }
            (Step::Request, Some(request)) => {
                request.written_at = now;
                session.start(&RequestUssd(&request.form.write(request.code.as_str())), now);
            }
            (Step::Restore, _) => {
                self.is_set = false;
                session.start(&form::DEFAULT_SET, now);
            }
            (Step::Cancel | Step::Close | Step::CharacterSet | Step::Request, _) => session.start(&CANCEL_USSD, now),
        }
    }

    /// A command of ours has ended by a final result.
    pub(super) fn finished(
        &mut self,
        finished: &Finished,
        timers: &mut Timers,
        out: &mut VecDeque<Output>,
        now: Instant,
    ) {
        let Stage::Running(step) = self.stage else { return };
        match step {
            Step::Cancel => self.stage = Stage::Due(Step::CharacterSet),
            Step::CharacterSet => self.stage = Stage::Due(Step::Request),
            Step::Close | Step::Restore => self.rest(),
            Step::Request => {
                self.stage = Stage::Asked;
                let early = self.request.as_mut().and_then(|request| request.early.take());
                match (early, finished.ended) {
                    (Some(result), _) => self.told(result, timers, out, now),
                    (None, Ended::Ok) => timers.set(Timer::Ussd, now + ANSWER),
                    (None, _) if self.try_another_form() => {}
                    (None, _) => self.answer(UssdStatus::NotSupported, None, out),
                }
            }
        }
    }

    /// The network says something.
    pub(super) fn told(&mut self, result: UssdResult, timers: &mut Timers, out: &mut VecDeque<Output>, now: Instant) {
        match self.stage {
            // Some modems give the final result after the answer.
            Stage::Running(Step::Request) => {
                if let Some(request) = &mut self.request {
                    request.early = Some(result);
                }
            }
            Stage::Asked => {
                timers.stop(Timer::Ussd);
                self.judge(&result, timers, out, now);
            }
            Stage::Open => {
                if result.status != UssdStatus::ReplyExpected {
                    timers.stop(Timer::Ussd);
                    self.rest();
                }
            }
            Stage::Idle => {
                out.push_back(Output::Note(Note::UnaskedUssd));
                if result.status == UssdStatus::ReplyExpected {
                    self.stage = Stage::Due(Step::Close);
                }
            }
            // Of a session before.
            Stage::Waiting | Stage::Due(_) | Stage::Running(_) => {}
        }
    }

    fn judge(&mut self, result: &UssdResult, timers: &mut Timers, out: &mut VecDeque<Output>, now: Instant) {
        let Some(request) = &self.request else { return };
        let attended = request.attended;
        let is_soon = now.saturating_since(request.written_at) < SOON;
        if result.status == UssdStatus::Ended && result.text.is_none() && is_soon && self.try_another_form() {
            return;
        }
        let text = result.text.as_deref().map(|octets| text::decode(octets, result.dcs));
        if text.is_some() {
            self.known = self.request.as_ref().map(|request| request.form);
        }
        self.answer(result.status, text, out);
        match result.status {
            UssdStatus::ReplyExpected if attended => {
                self.stage = Stage::Open;
                timers.set(Timer::Ussd, now + REPLY);
            }
            UssdStatus::ReplyExpected => self.stage = Stage::Due(Step::Close),
            UssdStatus::Done
            | UssdStatus::Ended
            | UssdStatus::OtherClient
            | UssdStatus::NotSupported
            | UssdStatus::TimedOut => {}
        }
    }

    /// Begins anew with the next form, unless the present one is known to work or was the last.
    fn try_another_form(&mut self) -> bool {
        let Some(request) = self.request.as_mut().filter(|request| !request.replies) else { return false };
        let Some((next, others)) = request.others.split_first() else { return false };
        (request.form, request.others) = (*next, others);
        self.stage = Stage::Due(Step::Cancel);
        true
    }

    /// Time is over, for the network or for whoever was to answer it.
    pub(super) fn expired(&mut self, out: &mut VecDeque<Output>) {
        if self.stage == Stage::Asked {
            self.answer(UssdStatus::TimedOut, None, out);
        }
        self.stage = Stage::Due(Step::Close);
    }

    /// Nothing is under way any more; the modem may be in any state.
    pub(super) fn cut_off(&mut self, out: &mut VecDeque<Output>) {
        if self.request.take().is_some() {
            out.push_back(Output::Ussd(UssdAnswer { status: UssdStatus::TimedOut, text: None }));
        }
        self.stage = Stage::Idle;
        // A bring-up sets the character set.
        self.is_set = false;
    }

    fn answer(&mut self, status: UssdStatus, text: Option<String>, out: &mut VecDeque<Output>) {
        self.request = None;
        out.push_back(Output::Ussd(UssdAnswer { status, text }));
        self.rest();
    }

    /// The session is over.
    fn rest(&mut self) {
        self.stage = if self.is_set { Stage::Due(Step::Restore) } else { Stage::Idle };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_digits_and_a_few_signs() {
        for code in ["*100#", "#06#", "1", "+5511", &"1".repeat(182)] {
            assert_eq!(UssdCode::new(code).map(|code| code.0).as_deref(), Some(code));
        }
        for code in ["", "*100 #", "\"", "*100#;+CMGD=1", "saldo", &"1".repeat(183)] {
            assert_eq!(UssdCode::new(code), None, "{code}");
        }
    }

    #[test]
    fn what_the_network_says_stays_out_of_logs() {
        let answer = UssdAnswer { status: UssdStatus::Done, text: Some("Saldo 3,50".to_owned()) };
        assert_eq!(format!("{answer:?}"), "UssdAnswer(Done, 10 characters)");
    }
}
