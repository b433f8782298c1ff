//! What a failed submission means: the cause, the phase in which it came, and what may be done about it.
//!
//! Codes are those of TS 27.005 clause 3.2.5 (`+CMS ERROR`, of which 0 to 127 are RP causes of TS 24.011 and 128 to 255
//! TP causes of TS 23.040) and TS 27.007 clause 9.2 (`+CME ERROR`). This file knows one attempt only: counting causes per
//! SIM and per recipient is policy, and policy reads [`disposition`] and nothing else.

mod cme;
mod cms;

use std::fmt;
use std::str::FromStr;

/// How a modem said no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// `+CMS ERROR`.
    Cms(u16),
    /// `+CME ERROR`.
    Cme(u16),
    /// Bare `ERROR`.
    Error,
    /// `COMMAND NOT SUPPORT`.
    CommandNotSupport,
    /// `TOO MANY PARAMETERS`.
    TooManyParameters,
    /// `NO CARRIER`.
    NoCarrier,
    /// Another final text without a code.
    Unnamed,
}

/// Whether the PDU had gone out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// No octet of the PDU was written: nothing can have been sent.
    BeforePdu,
    /// The PDU and its 0x1A were written: the network may have it.
    AfterPdu,
}

/// The nature of a cause, whatever the phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// No SIM will reach this recipient.
    PermanentRecipient,
    /// The message itself is refused, on any SIM.
    PermanentMessage,
    /// Means the recipient on one network and the SIM on another.
    Overloaded,
    /// This SIM cannot send.
    PermanentSim,
    /// Passes with time.
    RetryLater,
    /// Passes within seconds.
    RetryNow,
    /// The modem needs its recovery ladder.
    ModemReset,
    /// Says nothing about what the network did.
    OutcomeUnknown,
}

/// What may be done with the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// Fail it: the recipient cannot be reached.
    FailRecipient,
    /// Fail it: nobody will take it in this form.
    FailMessage,
    /// Put it back for one try on another SIM.
    AnotherSim,
    /// Put it back and rest this SIM.
    RestSim,
    /// Put it back with a delay.
    RetryLater,
    /// Put it back; the same modem may repeat after a pause of 0.2 s, doubling.
    RetryNow,
    /// Put it back and let the modem recover.
    RecoverModem,
    /// The network may have accepted it: never repeat blindly.
    Unknown,
}

impl Cause {
    /// The nature of this cause.
    pub fn class(self) -> Class {
        match self {
            Self::Cms(code) => cms::describe(code).0,
            Self::Cme(code) => cme::describe(code).0,
            Self::Error | Self::CommandNotSupport | Self::TooManyParameters | Self::NoCarrier | Self::Unnamed => {
                Class::OutcomeUnknown
            }
        }
    }

    /// A short text for people.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Cms(code) => cms::describe(code).1,
            Self::Cme(code) => cme::describe(code).1,
            Self::Error => "modem gave no reason",
            Self::CommandNotSupport => "modem does not know the command",
            Self::TooManyParameters => "modem does not know a parameter",
            Self::NoCarrier => "modem lost its connection",
            Self::Unnamed => "modem gave a reason that no table has",
        }
    }
}

/// What may be done after `cause` came in `phase`.
///
/// Before the PDU nothing was sent, and what is unclear may be repeated. After it only a cause that the network issued, or
/// one that the modem raises before it transmits, proves that the message was refused.
pub fn disposition(cause: Cause, phase: Phase) -> Disposition {
    let class = if is_of_one_vendor(cause) { Class::OutcomeUnknown } else { cause.class() };
    match phase {
        Phase::AfterPdu if !proves_refusal(cause) => Disposition::Unknown,
        Phase::AfterPdu | Phase::BeforePdu => match class {
            Class::PermanentRecipient => Disposition::FailRecipient,
            Class::PermanentMessage => Disposition::FailMessage,
            Class::Overloaded => Disposition::AnotherSim,
            Class::PermanentSim => Disposition::RestSim,
            Class::RetryLater => Disposition::RetryLater,
            Class::RetryNow => Disposition::RetryNow,
            Class::ModemReset => Disposition::RecoverModem,
            Class::OutcomeUnknown if phase == Phase::BeforePdu => Disposition::RetryLater,
            Class::OutcomeUnknown => Disposition::Unknown,
        },
    }
}

fn proves_refusal(cause: Cause) -> bool {
    matches!(cause, Cause::Cms(0..=255 | 301..=305 | 310..=318 | 322 | 330 | 331))
}

/// From 512 on each vendor numbers for itself; the table holds one lineage of modules.
fn is_of_one_vendor(cause: Cause) -> bool {
    matches!(cause, Cause::Cms(512..))
}

/// The stable form for store and API: `cms-38`, `cme-14`, `error`.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cms(code) => write!(f, "cms-{code}"),
            Self::Cme(code) => write!(f, "cme-{code}"),
            Self::Error => f.write_str("error"),
            Self::CommandNotSupport => f.write_str("command-not-support"),
            Self::TooManyParameters => f.write_str("too-many-parameters"),
            Self::NoCarrier => f.write_str("no-carrier"),
            Self::Unnamed => f.write_str("unnamed"),
        }
    }
}

/// A text that is not the stable form of a cause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no cause is called {0:?}")]
pub struct CauseError(String);

impl FromStr for Cause {
    type Err = CauseError;

    fn from_str(text: &str) -> Result<Self, CauseError> {
        let unknown = || CauseError(text.to_owned());
        if let Some((kind @ ("cms" | "cme"), code)) = text.split_once('-') {
            let code = code.parse().ok().ok_or_else(unknown)?;
            return Ok(if kind == "cms" { Self::Cms(code) } else { Self::Cme(code) });
        }
        [Self::Error, Self::CommandNotSupport, Self::TooManyParameters, Self::NoCarrier, Self::Unnamed]
            .into_iter()
            .find(|cause| cause.to_string() == text)
            .ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cause: Cause, before: Disposition, after: Disposition) {
        assert_eq!(disposition(cause, Phase::BeforePdu), before, "{cause} before the PDU");
        assert_eq!(disposition(cause, Phase::AfterPdu), after, "{cause} after the PDU");
    }

    #[test]
    fn the_phase_decides_before_the_code() {
        use Disposition::{
            AnotherSim, FailMessage, FailRecipient, RecoverModem, RestSim, RetryLater, RetryNow, Unknown,
        };
        check(Cause::Cms(1), FailRecipient, FailRecipient);
        check(Cause::Cms(38), AnotherSim, AnotherSim);
        check(Cause::Cms(41), RetryLater, RetryLater);
        check(Cause::Cms(96), FailMessage, FailMessage);
        check(Cause::Cms(197), RetryLater, Unknown);
        check(Cause::Cms(210), RecoverModem, RecoverModem);
        check(Cause::Cms(255), RetryLater, RetryLater);
        check(Cause::Cms(256), RetryLater, Unknown);
        check(Cause::Cms(300), RecoverModem, Unknown);
        check(Cause::Cms(301), RetryNow, RetryNow);
        check(Cause::Cms(304), FailMessage, FailMessage);
        check(Cause::Cms(310), RestSim, RestSim);
        check(Cause::Cms(313), RecoverModem, RecoverModem);
        check(Cause::Cms(318), RestSim, RestSim);
        check(Cause::Cms(320), RecoverModem, Unknown);
        check(Cause::Cms(322), RetryNow, RetryNow);
        check(Cause::Cms(330), RestSim, RestSim);
        check(Cause::Cms(331), RetryLater, RetryLater);
        check(Cause::Cms(332), RetryLater, Unknown);
        check(Cause::Cms(500), RetryLater, Unknown);
        check(Cause::Cms(517), RetryLater, Unknown);
        check(Cause::Cme(10), RestSim, Unknown);
        check(Cause::Cme(14), RetryNow, Unknown);
        check(Cause::Error, RetryLater, Unknown);
        check(Cause::CommandNotSupport, RetryLater, Unknown);
        check(Cause::NoCarrier, RetryLater, Unknown);
    }

    #[test]
    fn classes_at_the_borders_of_the_tables() {
        let cms = |code| Cause::Cms(code).class();
        assert_eq!(
            [0, 8, 21, 22, 28].map(cms),
            [Class::RetryLater, Class::PermanentSim, Class::Overloaded, Class::RetryLater, Class::Overloaded]
        );
        assert_eq!(
            [127, 128, 176, 177, 255, 256].map(cms),
            [
                Class::RetryLater,
                Class::PermanentMessage,
                Class::PermanentMessage,
                Class::RetryLater,
                Class::RetryLater,
                Class::RetryLater
            ]
        );
        assert_eq!(
            [263, 264, 299, 300, 511, 512, 772].map(cms),
            [
                Class::PermanentMessage,
                Class::OutcomeUnknown,
                Class::OutcomeUnknown,
                Class::ModemReset,
                Class::OutcomeUnknown,
                Class::OutcomeUnknown,
                Class::ModemReset
            ]
        );
        let cme = |code| Cause::Cme(code).class();
        assert_eq!(
            [14, 16, 31, 515, 999].map(cme),
            [Class::RetryNow, Class::PermanentSim, Class::OutcomeUnknown, Class::RetryNow, Class::OutcomeUnknown]
        );
    }

    #[test]
    fn every_code_has_a_class_and_a_meaning() {
        for code in 0..=1023 {
            for cause in [Cause::Cms(code), Cause::Cme(code)] {
                assert!(!cause.meaning().is_empty());
                let before = disposition(cause, Phase::BeforePdu);
                assert_ne!(before, Disposition::Unknown, "{cause}: nothing was sent");
            }
            let after = disposition(Cause::Cms(code), Phase::AfterPdu);
            let known = matches!(code, 0..=255 | 301..=305 | 310..=318 | 322 | 330 | 331) && code != 197;
            assert_eq!(after != Disposition::Unknown, known, "{code}");
            assert_eq!(disposition(Cause::Cme(code), Phase::AfterPdu), Disposition::Unknown);
        }
    }

    #[test]
    fn causes_read_back_from_their_stable_form() {
        for cause in [Cause::Cms(38), Cause::Cme(0), Cause::Error, Cause::CommandNotSupport, Cause::Unnamed] {
            assert_eq!(cause.to_string().parse(), Ok(cause));
        }
        assert!("cms-x".parse::<Cause>().is_err());
        assert!("".parse::<Cause>().is_err());
    }
}
