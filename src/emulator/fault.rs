//! Trouble that an emulated modem can make, and how often.
//!
//! What each fault does is written in the documentation of [`Fault`]. A fault has a *rate per occasion*: at each
//! occasion one number is drawn from a stream that belongs to this fault, this modem and the seed, so that turning one
//! fault on does not move the others.

use std::fmt;
use std::str::FromStr;

use super::random::SplitMix64;

/// A share of all occasions, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Rate(f64);

impl Rate {
    /// At no occasion.
    pub const NEVER: Self = Self(0.0);
    /// At every occasion.
    pub const ALWAYS: Self = Self(1.0);

    /// A rate; `None` unless `share` is from 0 to 1.
    pub fn new(share: f64) -> Option<Self> {
        (0.0..=1.0).contains(&share).then_some(Self(share))
    }

    /// The share, from 0 to 1.
    pub fn get(self) -> f64 {
        self.0
    }
}

/// Why a text is not a [`Rate`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read a rate from {0:?}: expected a number from 0 to 1, such as 0.05")]
pub struct RateError(String);

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.trim().parse().ok().and_then(Self::new).ok_or_else(|| RateError(text.to_owned()))
    }
}

/// One kind of trouble. "Part" is one SMS-SUBMIT, "line" one command line, "answer" what follows one line or PDU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Per accepted part: the network took it, the modem never answers. The modem is ready for the next command.
    DropResult,
    /// Per part: neither taken by the network nor answered. The modem is ready for the next command.
    DropBeforeSend,
    /// Per accepted part: the answer comes 10 to 180 s after the airtime. Until then the modem is deaf: what is written
    /// meanwhile is kept (512 bytes) and done afterwards.
    LateResult,
    /// Per answer: its bytes come in two to four pieces, 1 to 50 ms apart.
    Split,
    /// Per line: 1 to 24 random bytes before the answer; no CR, no LF and no `>` among them.
    Garbage,
    /// Per line and per PDU: it is echoed although echo is off.
    Echo,
    /// Per answer: its lines end in CR CR LF.
    DoubleCr,
    /// Per answer and per prompt: an unsolicited line somewhere before, between or after its lines, or after the prompt.
    /// A header line and its PDU stay together.
    Urc,
    /// Per accepted part that asks for a report: the report is there before the `+CMGS` line.
    EarlyReport,
    /// Per report: it never comes.
    ReportLoss,
    /// Per report: it comes a second time, 1 to 5 s later.
    ReportDup,
    /// Per part: the answer is `+CMS ERROR` with this code after the airtime; the network did not take it.
    Cms(u16),
    /// Per `AT+CMGS`: no prompt and no answer. The modem is ready for the next command.
    NoPrompt,
    /// Per line and per PDU: the modem says nothing more until the port is closed and opened. A PDU at which it hangs was
    /// taken by the network.
    Hang,
    /// Per line and per PDU: the port hangs up at once and returns after 2 to 8 s as after power-up. A PDU at which this
    /// happens was taken by the network in one case of two. SIM and stored messages survive.
    Vanish,
    /// Per stored delivery: the store counts as full after it. Further deliveries wait at the service centre and every
    /// part is answered by `+CMS ERROR: 322` until something is deleted.
    StorageFull,
    /// Per prompt: ESC is ignored there, so that bytes written afterwards become part of the PDU. Only 0x1A ends this
    /// prompt, or closing and opening the port.
    PromptSurvives,
}

/// Every fault by its name; `cms` needs a code and is not in it.
const NAMES: [(&str, Fault); 16] = [
    ("drop_result", Fault::DropResult),
    ("drop_before_send", Fault::DropBeforeSend),
    ("late_result", Fault::LateResult),
    ("split", Fault::Split),
    ("garbage", Fault::Garbage),
    ("echo", Fault::Echo),
    ("double_cr", Fault::DoubleCr),
    ("urc", Fault::Urc),
    ("early_report", Fault::EarlyReport),
    ("report_loss", Fault::ReportLoss),
    ("report_dup", Fault::ReportDup),
    ("no_prompt", Fault::NoPrompt),
    ("hang", Fault::Hang),
    ("vanish", Fault::Vanish),
    ("storage_full", Fault::StorageFull),
    ("prompt_survives", Fault::PromptSurvives),
];

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Cms(code) = self {
            return write!(f, "cms={code}");
        }
        let name = NAMES.iter().find(|(_, fault)| fault == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

/// A fault and how often it happens, written `drop_result=0.05` or `cms=38=0.1`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaultRate {
    /// What happens.
    pub fault: Fault,
    /// At which share of its occasions.
    pub rate: Rate,
}

/// Why a text is not a [`FaultRate`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// No such fault.
    #[error("find a fault named {name:?}: known are {known} and cms=CODE")]
    Unknown {
        /// The name as given.
        name: String,
        /// All names, separated by spaces.
        known: String,
    },
    /// There is no `=RATE` behind the name.
    #[error("read the fault {0:?}: expected NAME=RATE or cms=CODE=RATE")]
    NoRate(String),
    /// The rate is not a number from 0 to 1.
    #[error(transparent)]
    Rate(#[from] RateError),
    /// `cms` without a code from 0 to 65535.
    #[error("read a +CMS code from {0:?}: expected cms=CODE=RATE, such as cms=38=0.1")]
    Code(String),
}

impl FromStr for FaultRate {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, rest) = text.split_once('=').unwrap_or((text, ""));
        if name == "cms" {
            let (code, rate) = rest.split_once(['=', ':']).ok_or_else(|| FaultError::Code(rest.to_owned()))?;
            let code = code.parse().ok().ok_or_else(|| FaultError::Code(code.to_owned()))?;
            return Ok(Self { fault: Fault::Cms(code), rate: rate.parse()? });
        }
        let Some((_, fault)) = NAMES.iter().find(|(known, _)| *known == name) else {
            let known = NAMES.map(|(known, _)| known).join(" ");
            return Err(FaultError::Unknown { name: name.to_owned(), known });
        };
        if rest.is_empty() {
            return Err(FaultError::NoRate(text.to_owned()));
        }
        Ok(Self { fault: *fault, rate: rest.parse()? })
    }
}

/// The faults of one modem with their streams.
#[derive(Debug, Clone)]
pub(super) struct Dice {
    faults: Vec<(FaultRate, SplitMix64)>,
    /// For what a fault does once it happens: places, delays, bytes.
    pub(super) detail: SplitMix64,
}

impl Dice {
    /// The dice of one modem; `stream` tells the modems of a seed apart.
    pub(super) fn new(rates: &[FaultRate], seed: u64, stream: u64) -> Self {
        let stream_of = |fault: Fault| {
            let code = if let Fault::Cms(code) = fault { u64::from(code) + 100 } else { 0 };
            let place = NAMES.iter().position(|(_, named)| *named == fault).map_or(code, |place| place as u64);
            stream.wrapping_mul(100_000) + place + 1
        };
        let faults = rates
            .iter()
            .filter(|given| given.rate > Rate::NEVER)
            .map(|given| (*given, SplitMix64::new(seed, stream_of(given.fault))))
            .collect();
        Self { faults, detail: SplitMix64::new(seed, stream.wrapping_mul(100_000)) }
    }

    /// Whether `fault` happens at this occasion.
    pub(super) fn strikes(&mut self, fault: Fault) -> bool {
        let mut given = self.faults.iter_mut().filter(|(given, _)| given.fault == fault);
        given.any(|(given, random)| random.chance(given.rate))
    }

    /// The `+CMS` code that ends this part, if one does.
    pub(super) fn cms(&mut self) -> Option<u16> {
        self.faults.iter_mut().find_map(|(given, random)| {
            let Fault::Cms(code) = given.fault else { return None };
            random.chance(given.rate).then_some(code)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, fault: Fault, rate: f64) {
        let expected = FaultRate { fault, rate: Rate::new(rate).unwrap() };
        assert_eq!(text.parse(), Ok(expected), "{text}");
    }

    #[test]
    fn every_fault_reads_by_its_name() {
        for (name, fault) in NAMES {
            check(&format!("{name}=0.05"), fault, 0.05);
            assert_eq!(fault.to_string(), name);
        }
        check("cms=38=0.1", Fault::Cms(38), 0.1);
        check("cms=500:1", Fault::Cms(500), 1.0);
        assert_eq!(Fault::Cms(38).to_string(), "cms=38");
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let said = "drop_results=0.1".parse::<FaultRate>().unwrap_err().to_string();
        for (name, _) in NAMES {
            assert!(said.contains(name), "{said}");
        }
        assert!(said.contains("drop_results") && said.contains("cms=CODE"), "{said}");
    }

    #[test]
    fn what_is_missing_or_out_of_range_is_named() {
        let error = |text: &str| text.parse::<FaultRate>().unwrap_err();
        assert_eq!(error("split"), FaultError::NoRate("split".into()));
        assert_eq!(error("split=2"), FaultError::Rate(RateError("2".into())));
        assert_eq!(error("split=NaN"), FaultError::Rate(RateError("NaN".into())));
        assert_eq!(error("cms=0.1"), FaultError::Code("0.1".into()));
        assert_eq!(error("cms=x=0.1"), FaultError::Code("x".into()));
        assert_eq!(error("cms=38"), FaultError::Code("38".into()));
    }

    #[test]
    fn one_fault_does_not_move_another() {
        let rate = |text: &str| text.parse::<FaultRate>().unwrap();
        let mut alone = Dice::new(&[rate("split=0.5")], 9, 1);
        let mut both = Dice::new(&[rate("hang=0.5"), rate("split=0.5")], 9, 1);
        for _ in 0..100 {
            both.strikes(Fault::Hang);
            assert_eq!(alone.strikes(Fault::Split), both.strikes(Fault::Split));
        }
    }
}
