//! Final result codes: V.250 clause 5.7.2, TS 27.005 clause 3.2.5, TS 27.007 clause 9.2, and what vendors say instead.
//!
//! A line that is not listed here never ends a command.

use super::field::{after, number};

/// How a command ended, as the modem says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinalResult {
    /// `OK` or `0`.
    Ok,
    /// Anything else.
    Failed(Failure),
}

/// A final result other than `OK`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// `+CMS ERROR: <code>`, in numbers or in words.
    Cms(u16),
    /// `+CME ERROR: <code>`, in numbers or in words.
    Cme(u16),
    /// `ERROR` or `4`.
    Error,
    /// A final line without a code.
    Text(VendorText),
}

/// Final lines that carry no code. Closed, so that they can label a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VendorText {
    /// `COMMAND NOT SUPPORT`: Huawei sticks.
    CommandNotSupport,
    /// `TOO MANY PARAMETERS`: Huawei sticks.
    TooManyParameters,
    /// `NO CARRIER`, also the end of a call.
    NoCarrier,
    /// `BUSY`.
    Busy,
    /// `NO ANSWER`.
    NoAnswer,
    /// `NO DIALTONE`.
    NoDialtone,
    /// `+CMS ERROR:` with words that no table has.
    UnnamedCms,
    /// `+CME ERROR:` with words that no table has.
    UnnamedCme,
}

impl FinalResult {
    /// Reads a line; `None` if it is not final.
    pub fn read(line: &[u8]) -> Option<Self> {
        if let Some(code) = after(line, "+CMS ERROR:") {
            let code = number(code).or_else(|| named(CMS_WORDS, code));
            return Some(Self::Failed(code.map_or(Failure::Text(VendorText::UnnamedCms), Failure::Cms)));
        }
        if let Some(code) = after(line, "+CME ERROR:") {
            let code = number(code).or_else(|| named(CME_WORDS, code));
            return Some(Self::Failed(code.map_or(Failure::Text(VendorText::UnnamedCme), Failure::Cme)));
        }
        let failure = match line {
            b"OK" | b"0" => return Some(Self::Ok),
            b"ERROR" | b"4" => Failure::Error,
            b"NO CARRIER" | b"3" => Failure::Text(VendorText::NoCarrier),
            b"NO DIALTONE" | b"6" => Failure::Text(VendorText::NoDialtone),
            b"BUSY" | b"7" => Failure::Text(VendorText::Busy),
            b"NO ANSWER" | b"8" => Failure::Text(VendorText::NoAnswer),
            b"COMMAND NOT SUPPORT" => Failure::Text(VendorText::CommandNotSupport),
            b"TOO MANY PARAMETERS" => Failure::Text(VendorText::TooManyParameters),
            _ => return None,
        };
        Some(Self::Failed(failure))
    }
}

fn named(words: &[(&str, u16)], text: &[u8]) -> Option<u16> {
    words.iter().find(|(word, _)| word.as_bytes().eq_ignore_ascii_case(text)).map(|(_, code)| *code)
}

/// The words of TS 27.005 clause 3.2.5, sent while `AT+CMEE=2` of an earlier user is in force.
const CMS_WORDS: &[(&str, u16)] = &[
    ("ME failure", 300),
    ("SMS service of ME reserved", 301),
    ("operation not allowed", 302),
    ("operation not supported", 303),
    ("invalid PDU mode parameter", 304),
    ("invalid text mode parameter", 305),
    ("(U)SIM not inserted", 310),
    ("SIM not inserted", 310),
    ("(U)SIM PIN required", 311),
    ("SIM PIN required", 311),
    ("PH-(U)SIM PIN required", 312),
    ("PH-SIM PIN required", 312),
    ("(U)SIM failure", 313),
    ("SIM failure", 313),
    ("(U)SIM busy", 314),
    ("SIM busy", 314),
    ("(U)SIM wrong", 315),
    ("SIM wrong", 315),
    ("(U)SIM PUK required", 316),
    ("SIM PUK required", 316),
    ("(U)SIM PIN2 required", 317),
    ("SIM PIN2 required", 317),
    ("(U)SIM PUK2 required", 318),
    ("SIM PUK2 required", 318),
    ("memory failure", 320),
    ("invalid memory index", 321),
    ("memory full", 322),
    ("SMSC address unknown", 330),
    ("no network service", 331),
    ("network timeout", 332),
    ("no +CNMA acknowledgement expected", 340),
    ("unknown error", 500),
];

/// The words of TS 27.007 clause 9.2 that a message service can meet.
const CME_WORDS: &[(&str, u16)] = &[
    ("phone failure", 0),
    ("no connection to phone", 1),
    ("operation not allowed", 3),
    ("operation not supported", 4),
    ("PH-SIM PIN required", 5),
    ("SIM not inserted", 10),
    ("SIM PIN required", 11),
    ("SIM PUK required", 12),
    ("SIM failure", 13),
    ("SIM busy", 14),
    ("SIM wrong", 15),
    ("incorrect password", 16),
    ("SIM PIN2 required", 17),
    ("SIM PUK2 required", 18),
    ("memory full", 20),
    ("invalid index", 21),
    ("not found", 22),
    ("memory failure", 23),
    ("no network service", 30),
    ("network timeout", 31),
    ("network not allowed - emergency calls only", 32),
    ("incorrect parameters", 50),
    ("unknown", 100),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Option<FinalResult>) {
        assert_eq!(FinalResult::read(line.as_bytes()), expected, "{line}");
    }

    #[test]
    fn final_lines() {
        let failed = |failure| Some(FinalResult::Failed(failure));
        check("OK", Some(FinalResult::Ok));
        check("0", Some(FinalResult::Ok));
        check("4", failed(Failure::Error));
        check("ERROR", failed(Failure::Error));
        check("+CMS ERROR: 38", failed(Failure::Cms(38)));
        check("+CMS ERROR:500", failed(Failure::Cms(500)));
        check("+CMS ERROR: SIM not inserted", failed(Failure::Cms(310)));
        check("+CME ERROR: SIM busy", failed(Failure::Cme(14)));
        check("+CME ERROR: 14", failed(Failure::Cme(14)));
        check("+CMS ERROR: 99999", failed(Failure::Text(VendorText::UnnamedCms)));
        check("+CME ERROR: out of cheese", failed(Failure::Text(VendorText::UnnamedCme)));
        check("COMMAND NOT SUPPORT", failed(Failure::Text(VendorText::CommandNotSupport)));
        check("NO CARRIER", failed(Failure::Text(VendorText::NoCarrier)));
    }

    #[test]
    fn other_lines_end_nothing() {
        for line in ["OKAY", "+CMGS: 0", "00", "ERROR 4", "+CPIN: READY", "ok then", "RING", "2"] {
            check(line, None);
        }
    }
}
