//! Unstructured services: `AT+CUSD` (TS 27.007 clause 7.15).
//!
//! The text of an answer stays as the modem wrote it: what the octets stand for is decided in `modem`, by evidence.

use std::fmt;
use std::time::Duration;

use super::field::{after, number};
use super::{Allowed, Command, Line, Plain, Reply};

/// Time for the final result of both forms; some modems give it only after the answer of the network.
const RESULT: Duration = Duration::from_secs(30);

/// TS 23.038 clause 5: the default alphabet, language unspecified. Modems want it whatever the form of the string.
const DCS: i32 = 15;

/// `AT+CUSD=2`: ends a session, if there is one.
pub const CANCEL_USSD: Plain = Plain::new("+CUSD=2").allowed(RESULT);

/// `AT+CUSD=1,<str>,15`: a request, or the answer in a session that waits for one.
#[derive(Debug, Clone, Copy)]
pub struct RequestUssd<'a>(pub &'a str);

impl Command for RequestUssd<'_> {
    type Answer = ();

    fn line(&self) -> Line {
        Line::set("+CUSD", |set| set.with_int_parameter(1).with_string_parameter(self.0).with_int_parameter(DCS))
    }

    fn allowed(&self) -> Allowed {
        Allowed::Total(RESULT)
    }

    fn read(&self, _: &Reply) -> Option<()> {
        Some(())
    }
}

/// What became of a session, `<m>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UssdStatus {
    /// 0: nothing more is expected.
    Done,
    /// 1: the network waits for an answer.
    ReplyExpected,
    /// 2: the network ended it.
    Ended,
    /// 3: another client of the modem has answered.
    OtherClient,
    /// 4: the operation is not supported.
    NotSupported,
    /// 5: the network did not answer in its time.
    TimedOut,
}

impl UssdStatus {
    fn read(m: u8) -> Option<Self> {
        Some(match m {
            0 => Self::Done,
            1 => Self::ReplyExpected,
            2 => Self::Ended,
            3 => Self::OtherClient,
            4 => Self::NotSupported,
            5 => Self::TimedOut,
            _ => return None,
        })
    }

    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::ReplyExpected => "reply_expected",
            Self::Ended => "ended",
            Self::OtherClient => "other_client",
            Self::NotSupported => "not_supported",
            Self::TimedOut => "timeout",
        }
    }
}

/// `+CUSD: <m>[,<str>[,<dcs>]]`. Its `Debug` form does not show the text.
#[derive(Clone, PartialEq, Eq)]
pub struct UssdResult {
    /// What became of the session.
    pub status: UssdStatus,
    /// The text as it came, without its quotes and with the line ends inside.
    pub text: Option<Vec<u8>>,
    /// `<dcs>` as announced.
    pub dcs: Option<u8>,
}

impl fmt::Debug for UssdResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let octets = self.text.as_ref().map(Vec::len);
        write!(f, "UssdResult({:?}, {octets:?} octets, dcs {:?})", self.status, self.dcs)
    }
}

impl UssdResult {
    /// Reads a line, which may have line ends inside; `None` if it is another one.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let parameters = after(line, PREFIX)?;
        let (m, rest) = cut(parameters, parameters.iter().position(|&b| b == b','));
        let status = UssdStatus::read(number(m.trim_ascii())?)?;
        let rest = rest.map(<[u8]>::trim_ascii).unwrap_or_default();
        let (text, dcs) = if let Some(quoted) = rest.strip_prefix(b"\"") {
            // The last quote closes it: there may be others inside.
            let (text, tail) = cut(quoted, quoted.iter().rposition(|&b| b == b'"'));
            (text, tail.and_then(|tail| number(tail.trim_ascii().strip_prefix(b",")?.trim_ascii())))
        } else {
            let (text, tail) = cut(rest, rest.iter().rposition(|&b| b == b','));
            match tail.and_then(|dcs| number(dcs.trim_ascii())) {
                Some(dcs) => (text, Some(dcs)),
                None => (rest, None),
            }
        };
        Some(Self { status, text: (!text.is_empty()).then(|| text.to_vec()), dcs })
    }
}

const PREFIX: &str = "+CUSD:";

/// What stands before and after a place; nothing after it if there is none.
fn cut(octets: &[u8], at: Option<usize>) -> (&[u8], Option<&[u8]>) {
    match at.and_then(|at| Some((octets.get(..at)?, octets.get(at + 1..)?))) {
        Some((before, after)) => (before, Some(after)),
        None => (octets, None),
    }
}

/// Whether a line begins a text in quotes, which may go over several lines.
pub(super) fn begins_text(line: &[u8]) -> bool {
    text_of(line).is_some()
}

/// Whether the text that begins in these octets is over at their end: after a closing quote with `,<dcs>`, or after one
/// without if each quote that was opened is closed.
pub(super) fn ends_text(octets: &[u8]) -> bool {
    let Some(text) = text_of(octets.trim_ascii_end()) else { return true };
    let is_open = text.iter().fold(true, |is_open, &b| is_open ^ (b == b'"'));
    match text.iter().rposition(|&b| b == b'"').and_then(|at| text.get(at + 1..)) {
        Some(b"") => !is_open,
        Some(tail) => {
            let dcs = tail.strip_prefix(b",").map(<[u8]>::trim_ascii);
            dcs.is_some_and(|dcs| dcs.is_empty() || number::<u8>(dcs).is_some())
        }
        None => false,
    }
}

/// Whether these octets could end a text whose end was not recognised: they end in a quote.
pub(super) fn may_end_text(octets: &[u8]) -> bool {
    text_of(octets.trim_ascii_end()).is_some_and(|text| text.ends_with(b"\""))
}

/// What follows the opening quote.
fn text_of(line: &[u8]) -> Option<&[u8]> {
    let parameters = after(line, PREFIX)?;
    let (_, rest) = cut(parameters, parameters.iter().position(|&b| b == b','));
    rest?.trim_ascii_start().strip_prefix(b"\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Option<(UssdStatus, Option<&str>, Option<u8>)>) {
        let found = UssdResult::read(line.as_bytes());
        let text = |octets: Vec<u8>| String::from_utf8(octets).unwrap();
        let found = found.map(|result| (result.status, result.text.map(text), result.dcs));
        assert_eq!(found, expected.map(|(status, text, dcs)| (status, text.map(str::to_owned), dcs)), "{line}");
    }

    #[test]
    fn requests_as_written() {
        assert_eq!(RequestUssd("*100#").line().as_bytes(), b"AT+CUSD=1,\"*100#\",15\r");
        assert_eq!(CANCEL_USSD.line().as_bytes(), b"AT+CUSD=2\r");
    }

    #[test]
    fn answers_of_every_kind() {
        check("+CUSD: 0,\"Saldo 3,50\",15", Some((UssdStatus::Done, Some("Saldo 3,50"), Some(15))));
        check("+CUSD:1,\"1 Saldo\r\n2 Fim\", 0", Some((UssdStatus::ReplyExpected, Some("1 Saldo\r\n2 Fim"), Some(0))));
        check("+CUSD: 2", Some((UssdStatus::Ended, None, None)));
        check("+CUSD: 2,\"\",15", Some((UssdStatus::Ended, None, Some(15))));
        check("+CUSD: 3", Some((UssdStatus::OtherClient, None, None)));
        check("+CUSD: 4", Some((UssdStatus::NotSupported, None, None)));
        check("+CUSD: 5", Some((UssdStatus::TimedOut, None, None)));
        check("+CUSD: 0,\"AA180C3602\"", Some((UssdStatus::Done, Some("AA180C3602"), None)));
        check("+CUSD: 0,AA180C3602,15", Some((UssdStatus::Done, Some("AA180C3602"), Some(15))));
        check(
            "+CUSD: 0,\"diga \"sim\", ou \"nao\"\",15",
            Some((UssdStatus::Done, Some("diga \"sim\", ou \"nao\""), Some(15))),
        );
        check("+CUSD: 6,\"x\",15", None);
        check("+CUSD: ", None);
        check("+CUSATP: 0", None);
    }

    #[test]
    fn a_text_ends_at_its_closing_quote() {
        let check = |octets: &str, expected| assert_eq!(ends_text(octets.as_bytes()), expected, "{octets}");
        check("+CUSD: 2", true);
        check("+CUSD: 0,AA,15", true);
        check("+CUSD: 0,\"", false);
        check("+CUSD: 0,\"Saldo", false);
        check("+CUSD: 0,\"Saldo\"", true);
        check("+CUSD: 0,\"Saldo\",15", true);
        check("+CUSD: 0,\"Saldo\", 15 ", true);
        check("+CUSD: 0,\"Saldo\",", true);
        check("+CUSD: 0,\"Saldo\",dia", false);
        check("+CUSD: 0,\"diga \"sim\"", false);
        check("+CUSD: 0,\"diga \"sim\"\"", true);
        check("+CUSD: 0,\"tela de 15\"\",15", true);
    }
}
