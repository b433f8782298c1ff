//! What a SIM's own record says: whether it may carry debtors' messages, and from when.
//!
//! A SIM **rests** when what happened speaks of the SIM and not of a recipient: a cause that names it, one cause for three
//! recipients in a row, or two outcomes in a row that nobody knows (a SIM without SMS service answers every submission in a
//! way that proves nothing, and would drain the queue into `unknown`). It comes back only when a text to one of our own
//! numbers was accepted, never by trying a debtor's message. One that has nothing left comes back when it is topped up.
//!
//! Congestion **backs off** the line for a while. It ends by itself.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::sms::outcome::{Cause, Disposition, Phase};

/// Recipients that one cause must meet in a row before it is taken for the SIM's.
const SAME_CAUSE: usize = 3;

/// Unknown outcomes in a row after which the SIM rests.
const UNKNOWN: u8 = 2;

/// First and longest time for which a line keeps still after congestion; it doubles between.
const BACK_OFF: Duration = Duration::from_secs(30);
const BACK_OFF_MAX: Duration = Duration::from_secs(15 * 60);

/// Between the self-tests of a resting SIM. The last one is repeated.
const TESTS: [Duration; 3] =
    [Duration::from_secs(5 * 60), Duration::from_secs(30 * 60), Duration::from_secs(2 * 60 * 60)];

/// Why a SIM rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestReason {
    /// The network or the modem named the SIM.
    Cause(Cause),
    /// Three recipients in a row were refused for one cause that can mean either.
    SameCause(Cause),
    /// Two outcomes in a row are unknown.
    Unknown,
    /// It is prepaid, and nothing is left on it.
    Empty,
}

impl RestReason {
    /// In words for a person.
    pub fn detail(self) -> String {
        match self {
            Self::Cause(cause) => format!("refused: {} ({cause})", cause.meaning()),
            Self::SameCause(cause) => {
                format!("{SAME_CAUSE} recipients in a row were refused: {} ({cause})", cause.meaning())
            }
            Self::Empty => "nothing is left on it; it comes back when it is topped up".to_owned(),
            Self::Unknown => format!("the outcome of {UNKNOWN} submissions in a row is unknown"),
        }
    }
}

/// The stored form.
impl fmt::Display for RestReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cause(cause) => write!(f, "cause:{cause}"),
            Self::SameCause(cause) => write!(f, "same:{cause}"),
            Self::Unknown => f.write_str("unknown"),
            Self::Empty => f.write_str("empty"),
        }
    }
}

/// A text that is not the stored form of a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a reason to rest")]
pub struct RestReasonError;

impl FromStr for RestReason {
    type Err = RestReasonError;

    fn from_str(text: &str) -> Result<Self, RestReasonError> {
        let cause = |text: &str| text.parse().or(Err(RestReasonError));
        match text.split_once(':') {
            Some(("cause", name)) => cause(name).map(Self::Cause),
            Some(("same", name)) => cause(name).map(Self::SameCause),
            None if text == "unknown" => Ok(Self::Unknown),
            None if text == "empty" => Ok(Self::Empty),
            _ => Err(RestReasonError),
        }
    }
}

/// A rest and how it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    /// Why.
    pub reason: RestReason,
    /// Since when.
    pub since: Timestamp,
    /// Self-tests that were tried.
    pub tests: u32,
    /// When the next one is due.
    pub next_test: Timestamp,
}

impl Rest {
    /// One that begins now.
    pub fn begin(reason: RestReason, now: Timestamp) -> Self {
        let [first, ..] = TESTS;
        Self { reason, since: now, tests: 0, next_test: now + first }
    }

    /// A self-test goes out now: the next one is due later.
    pub fn test(&mut self, now: Timestamp) {
        self.tests = self.tests.saturating_add(1);
        let place = usize::try_from(self.tests).unwrap_or(usize::MAX).min(TESTS.len() - 1);
        self.next_test = now + TESTS.get(place).copied().unwrap_or_default();
    }
}

/// The record of one SIM. Counters begin anew with the daemon; a rest is stored.
#[derive(Debug, Clone, Default)]
pub struct Health {
    /// The rest, while there is one.
    pub rest: Option<Rest>,
    unknown: u8,
    /// The last cause that can mean either, and whom it met since the last success.
    overloaded: Option<(Cause, Vec<u64>)>,
    setbacks: u32,
    closed_until: Timestamp,
}

impl Health {
    /// A SIM that rested when the daemon last ran, or did not.
    pub fn new(rest: Option<Rest>) -> Self {
        Self { rest, ..Self::default() }
    }

    /// Until when congestion keeps the line still.
    pub fn closed_until(&self) -> Timestamp {
        self.closed_until
    }

    /// The network took a part.
    pub fn accepted(&mut self) {
        let rest = self.rest.take();
        *self = Self { rest, ..Self::default() };
    }

    /// A part to `recipient` was refused. Gives the reason if the SIM has to rest now.
    pub fn refused(
        &mut self,
        cause: Cause,
        phase: Phase,
        disposition: Disposition,
        recipient: u64,
        now: Timestamp,
    ) -> Option<RestReason> {
        // Before the PDU the modem alone has spoken, which says nothing of the outcomes that the SIM gives.
        if phase == Phase::AfterPdu {
            self.unknown = 0;
        }
        let reason = match disposition {
            Disposition::RestSim => Some(RestReason::Cause(cause)),
            Disposition::AnotherSim => self.met(cause, recipient).then_some(RestReason::SameCause(cause)),
            Disposition::RetryLater => {
                self.back_off(now);
                None
            }
            Disposition::FailRecipient
            | Disposition::FailMessage
            | Disposition::RetryNow
            | Disposition::RecoverModem
            | Disposition::Unknown => None,
        };
        reason.filter(|reason| self.begin(*reason, now))
    }

    /// The outcome of a part is not known. Gives the reason if the SIM has to rest now.
    pub fn lost_sight(&mut self, now: Timestamp) -> Option<RestReason> {
        self.unknown = self.unknown.saturating_add(1);
        (self.unknown >= UNKNOWN).then_some(RestReason::Unknown).filter(|reason| self.begin(*reason, now))
    }

    /// Nothing is left on the SIM. True if it rests from now on.
    pub fn used_up(&mut self, now: Timestamp) -> bool {
        self.begin(RestReason::Empty, now)
    }

    /// Something is left on the SIM. True if that ends its rest.
    pub fn topped_up(&mut self) -> bool {
        let ends = self.rest.is_some_and(|rest| rest.reason == RestReason::Empty);
        if ends {
            self.proven();
        }
        ends
    }

    /// The clock was set back: what is waited for comes as soon as it would have.
    pub fn set_back(&mut self, by: Duration) {
        self.closed_until = self.closed_until - by;
        if let Some(rest) = &mut self.rest {
            rest.next_test = rest.next_test - by;
        }
    }

    /// It may carry debtors' messages again.
    pub fn proven(&mut self) {
        *self = Self::default();
    }

    /// True when this is a new rest.
    fn begin(&mut self, reason: RestReason, now: Timestamp) -> bool {
        let is_new = self.rest.is_none();
        self.rest.get_or_insert_with(|| Rest::begin(reason, now));
        is_new
    }

    /// Whether `cause` has met enough recipients.
    fn met(&mut self, cause: Cause, recipient: u64) -> bool {
        let recipients = match &mut self.overloaded {
            Some((known, recipients)) if *known == cause => recipients,
            other => &mut other.insert((cause, Vec::new())).1,
        };
        if !recipients.contains(&recipient) {
            recipients.push(recipient);
        }
        recipients.len() >= SAME_CAUSE
    }

    fn back_off(&mut self, now: Timestamp) {
        let wait = BACK_OFF.saturating_mul(2_u32.saturating_pow(self.setbacks)).min(BACK_OFF_MAX);
        self.setbacks = self.setbacks.saturating_add(1);
        self.closed_until = now + wait;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);
    const BARRED: Cause = Cause::Cms(8);
    const EITHER: Cause = Cause::Cms(38);

    fn refuse(health: &mut Health, cause: Cause, disposition: Disposition, recipient: u64) -> Option<RestReason> {
        health.refused(cause, Phase::AfterPdu, disposition, recipient, NOW)
    }

    #[test]
    fn a_cause_that_names_the_sim_rests_it_at_once_and_is_said_once() {
        let mut health = Health::default();
        let reason = RestReason::Cause(BARRED);
        assert_eq!(refuse(&mut health, BARRED, Disposition::RestSim, 1), Some(reason));
        assert_eq!(refuse(&mut health, BARRED, Disposition::RestSim, 2), None);
        assert_eq!(health.rest, Some(Rest::begin(reason, NOW)));
    }

    #[test]
    fn one_cause_rests_the_sim_when_it_met_three_recipients_in_a_row() {
        let mut health = Health::default();
        for recipient in [1, 2, 2, 1] {
            assert_eq!(refuse(&mut health, EITHER, Disposition::AnotherSim, recipient), None);
        }
        assert_eq!(refuse(&mut health, EITHER, Disposition::AnotherSim, 3), Some(RestReason::SameCause(EITHER)));
    }

    #[test]
    fn a_success_or_another_cause_between_begins_the_count_anew() {
        let mut health = Health::default();
        refuse(&mut health, EITHER, Disposition::AnotherSim, 1);
        refuse(&mut health, EITHER, Disposition::AnotherSim, 2);
        health.accepted();
        assert_eq!(refuse(&mut health, EITHER, Disposition::AnotherSim, 3), None);
        assert_eq!(refuse(&mut health, Cause::Cms(21), Disposition::AnotherSim, 4), None);
        refuse(&mut health, EITHER, Disposition::AnotherSim, 5);
        assert_eq!(refuse(&mut health, EITHER, Disposition::AnotherSim, 6), None);
    }

    #[test]
    fn a_bad_number_says_nothing_about_the_sim() {
        let mut health = Health::default();
        for recipient in 0..20 {
            assert_eq!(refuse(&mut health, Cause::Cms(1), Disposition::FailRecipient, recipient), None);
        }
        assert_eq!(health.closed_until(), Timestamp::default());
    }

    #[test]
    fn two_unknown_outcomes_in_a_row_rest_it() {
        let mut health = Health::default();
        assert_eq!(health.lost_sight(NOW), None);
        health.accepted();
        assert_eq!(health.lost_sight(NOW), None);
        refuse(&mut health, Cause::Cms(1), Disposition::FailRecipient, 1);
        assert_eq!(health.lost_sight(NOW), None, "a refusal is an answer too");
        assert_eq!(health.lost_sight(NOW), Some(RestReason::Unknown));
    }

    #[test]
    fn congestion_backs_off_and_a_success_ends_it() {
        let mut health = Health::default();
        let mut waits = Vec::new();
        for _ in 0..7 {
            refuse(&mut health, Cause::Cms(42), Disposition::RetryLater, 1);
            waits.push(health.closed_until().saturating_since(NOW).as_secs());
        }
        assert_eq!(waits, [30, 60, 120, 240, 480, 900, 900]);
        assert_eq!(health.rest, None);
        health.accepted();
        assert_eq!(health.closed_until(), Timestamp::default());
    }

    #[test]
    fn an_accepted_part_does_not_end_a_rest_but_a_proof_does() {
        let mut health = Health::new(Some(Rest::begin(RestReason::Unknown, NOW)));
        health.accepted();
        assert!(health.rest.is_some(), "a part that was on the wire when the rest began proves nothing");
        health.proven();
        assert_eq!(health.rest, None);
    }

    #[test]
    fn tests_become_rare() {
        let mut rest = Rest::begin(RestReason::Unknown, NOW);
        let mut waits = vec![rest.next_test.saturating_since(NOW).as_secs() / 60];
        for _ in 0..3 {
            rest.test(NOW);
            waits.push(rest.next_test.saturating_since(NOW).as_secs() / 60);
        }
        assert_eq!(waits, [5, 30, 120, 120]);
        assert_eq!(rest.tests, 3);
    }

    #[test]
    fn a_reason_survives_storage() {
        for reason in [RestReason::Cause(BARRED), RestReason::SameCause(EITHER), RestReason::Unknown, RestReason::Empty]
        {
            assert_eq!(reason.to_string().parse(), Ok(reason));
        }
        for text in ["", "cause", "cause:nonsense", "same:", "else:cms-1"] {
            assert_eq!(text.parse::<RestReason>(), Err(RestReasonError), "{text:?}");
        }
    }
}
