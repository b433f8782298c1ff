//! A dialogue that was recorded, in the form of `tests/data/at`, without what is personal in it.
//!
//! Numbers of seven digits and more (of people, SIMs and modems), PINs, cells, and the addresses and texts of PDUs are
//! replaced by others of the same length. A number gets the same replacement wherever it stands. Codes, times and the rest
//! of a PDU stay, because they are what a dialogue is recorded for. A PDU that cannot be read keeps nothing but its length.

use std::fmt::Write as _;
use std::time::Duration;

use crate::pdu::{Address, Direction, Payload, Pdu, Tpdu, Udh, UserData, from_hex};

/// Shorter runs of digits are codes, places and lengths.
const NUMBER_DIGITS_MIN: usize = 7;

/// Shorter runs of hexadecimal digits are no PDU.
const PDU_DIGITS_MIN: usize = 16;

/// Lines whose quoted parameters are numbers, names or texts of people, or the place of a cell.
const PRIVATE: &[&str] =
    &["+CUSD", "+CMT:", "+CMGL", "+CMGR", "+CLIP", "+CCWA", "+CNUM", "+CPBR", "+CREG", "+CGREG", "+CEREG"];

/// Lines that carry a PIN or a password.
const SECRET: &[&str] = &["+CPIN=", "+CLCK=", "+CPWD="];

/// What happened on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn<'a> {
    /// The modem said this.
    Modem(&'a [u8]),
    /// The driver wrote this.
    Driver(&'a [u8]),
    /// Nothing, for so long.
    Pause(Duration),
}

/// Writes turns down. Pieces of one line are joined, and pauses within a line come after it.
pub fn redacted<'a>(turns: impl IntoIterator<Item = Turn<'a>>) -> String {
    let (mut script, mut redactor, mut said) = (String::new(), Redactor::default(), Vec::new());
    let mut kept_back = Duration::ZERO;
    for turn in turns {
        match turn {
            Turn::Modem(octets) => said.extend_from_slice(octets),
            Turn::Pause(pause) if is_within_a_line(&said) => kept_back += pause,
            Turn::Pause(pause) => {
                redactor.modem(&mut said, &mut script);
                let pause = pause + std::mem::take(&mut kept_back);
                // Writing to a String cannot fail.
                writeln!(script, "wait {}ms", pause.as_millis()).unwrap_or_default();
            }
            Turn::Driver(octets) => {
                redactor.modem(&mut said, &mut script);
                redactor.driver(octets, &mut script);
            }
        }
    }
    redactor.modem(&mut said, &mut script);
    script
}

fn is_within_a_line(said: &[u8]) -> bool {
    said.last().is_some_and(|last| !matches!(last, b'\r' | b'\n' | b' ' | b'>'))
}

/// What was replaced so far.
#[derive(Debug, Default)]
struct Redactor {
    numbers: Vec<String>,
    /// A quoted text goes on in the next line.
    in_text: bool,
}

impl Redactor {
    fn modem(&mut self, said: &mut Vec<u8>, script: &mut String) {
        if !said.is_empty() {
            let text = self.octets(said, Direction::Mt);
            said.clear();
            let text = text.strip_suffix(' ').map_or(text.clone(), |rest| format!("{rest}\\s"));
            writeln!(script, "< {text}").unwrap_or_default();
        }
    }

    fn driver(&mut self, octets: &[u8], script: &mut String) {
        let line = octets.strip_suffix(b"\r").filter(|line| line.starts_with(b"AT")).unwrap_or(octets);
        let text = self.octets(line, Direction::Mo);
        writeln!(script, "> {text}").unwrap_or_default();
    }

    /// All lines of a piece, with what ends them.
    fn octets(&mut self, octets: &[u8], direction: Direction) -> String {
        let mut text = String::new();
        for piece in octets.split_inclusive(|b| matches!(b, b'\r' | b'\n' | 0x1a | 0x1b)) {
            let (line, end) = match piece.split_last() {
                Some((b'\r', line)) => (line, "\\r"),
                Some((b'\n', line)) => (line, "\\n"),
                Some((0x1a, line)) => (line, "\\z"),
                Some((0x1b, line)) => (line, "\\e"),
                _ => (piece, ""),
            };
            let printable = |&b: &u8| if (b' '..=b'~').contains(&b) && b != b'\\' { char::from(b) } else { '?' };
            text += &self.line(&line.iter().map(printable).collect::<String>(), direction);
            text += end;
        }
        text
    }

    fn line(&mut self, line: &str, direction: Direction) -> String {
        let is_number = line.len() <= 20 && line.bytes().all(|b| b.is_ascii_digit());
        let is_hex = line.len() >= PDU_DIGITS_MIN && line.bytes().all(|b| b.is_ascii_hexdigit());
        if is_hex && !is_number {
            return pdu(line, direction).unwrap_or_else(|| "0".repeat(line.len()));
        }
        if SECRET.iter().any(|name| line.contains(name)) {
            return line.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        }
        let is_private = self.in_text || PRIVATE.iter().any(|name| line.contains(name));
        let line = if is_private { self.quoted(line) } else { line.to_owned() };
        self.numbers(&line)
    }

    /// Replaces what stands in quotes.
    fn quoted(&mut self, line: &str) -> String {
        let mut inside = self.in_text;
        let mask = |c: char| {
            inside ^= c == '"';
            match c {
                '0'..='9' if inside => '0',
                c if inside && c.is_ascii_alphabetic() => 'x',
                c => c,
            }
        };
        let masked = line.chars().map(mask).collect();
        // Only texts of the network go over several lines.
        self.in_text = inside && (self.in_text || line.contains("+CUSD"));
        masked
    }

    /// Replaces long runs of digits.
    fn numbers(&mut self, line: &str) -> String {
        let mut text = String::new();
        let mut rest = line;
        while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
            let (before, from) = rest.split_at(start);
            let (run, after) = from.split_at(from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len()));
            text += before;
            text += &if run.len() < NUMBER_DIGITS_MIN { run.to_owned() } else { self.number(run) };
            rest = after;
        }
        text + rest
    }

    fn number(&mut self, run: &str) -> String {
        let known = self.numbers.iter().position(|number| number == run);
        let place = known.unwrap_or_else(|| {
            self.numbers.push(run.to_owned());
            self.numbers.len() - 1
        });
        // An ICCID is known by its beginning, in order or with swapped digits.
        let kept = if run.len() >= 18 && (run.starts_with("89") || run.starts_with("98")) { 2 } else { 0 };
        let (head, tail) = run.split_at(kept);
        let width = tail.len();
        format!("{head}{:0>width$}", place + 1)
    }
}

/// A PDU without addresses and text; `None` when it cannot be read or would have another length.
fn pdu(digits: &str, direction: Direction) -> Option<String> {
    let mut pdu = Pdu::decode(&from_hex(digits.as_bytes()).ok()?, direction).ok()?;
    pdu.smsc = match pdu.smsc {
        Some(smsc) => Some(address(&smsc)?),
        None => None,
    };
    match &mut pdu.tpdu {
        Tpdu::Deliver(tpdu) => {
            tpdu.tp_oa = address(&tpdu.tp_oa)?;
            tpdu.user_data = user_data(&tpdu.user_data);
        }
        Tpdu::Submit(tpdu) => {
            tpdu.tp_da = address(&tpdu.tp_da)?;
            tpdu.user_data = user_data(&tpdu.user_data);
        }
        Tpdu::StatusReport(tpdu) => {
            tpdu.tp_ra = address(&tpdu.tp_ra)?;
            tpdu.user_data = tpdu.user_data.as_ref().map(user_data);
        }
    }
    let encoded = pdu.encode().ok()?.hex();
    (encoded.len() == digits.len()).then_some(encoded)
}

fn address(address: &Address) -> Option<Address> {
    if address.is_alphanumeric() {
        return Address::alphanumeric(&"x".repeat(address.number().chars().count())).ok();
    }
    Address::new(address.ton(), address.npi(), &"0".repeat(address.digits().len())).ok()
}

/// The same header, as far as it says how to read the text, and as much text.
fn user_data(data: &UserData) -> UserData {
    /// TS 23.040 clause 9.2.3.24: parts, ports, and tables of languages.
    const KEPT: [u8; 6] = [0x00, 0x04, 0x05, 0x08, 0x24, 0x25];
    let header = data.header().cloned().map(|mut header: Udh| {
        for element in header.elements.iter_mut().filter(|element| !KEPT.contains(&element.iei)) {
            element.data.fill(0);
        }
        header
    });
    match data.payload() {
        Payload::Septets(septets) => UserData::from_septets(header, vec![b'x'; septets.len()]),
        // An x in UCS-2.
        Payload::Octets(octets) => {
            UserData::from_octets(header, [0, b'x'].into_iter().cycle().take(octets.len()).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(turns: &[Turn<'_>], expected: &[&str]) {
        let script = redacted(turns.iter().copied());
        assert_eq!(script.lines().collect::<Vec<_>>(), expected);
    }

    fn check_line(line: &str, expected: &str) {
        check(&[Turn::Modem(line.as_bytes())], &[&format!("< {expected}")]);
    }

    #[test]
    fn a_dialogue_as_it_is_replayed() {
        let turns = [
            Turn::Driver(b"\x1b"),
            Turn::Pause(Duration::from_millis(200)),
            Turn::Driver(b"\r"),
            Turn::Driver(b"AT+CGSN\r"),
            Turn::Modem(b"\r\n353270"),
            Turn::Pause(Duration::from_millis(3)),
            Turn::Modem(b"040000016\r\n\r\nOK\r\n"),
            Turn::Driver(b"AT+CMGS=16\r"),
            Turn::Modem(b"\r\n> "),
            Turn::Pause(Duration::from_millis(5)),
            Turn::Driver(b"0021000D91551189674523F1000002CF34\x1a"),
            Turn::Modem(b"\r\n+CMGS: 5\r\n\r\nOK\r\n"),
        ];
        let expected = [
            "> \\e",
            "wait 200ms",
            "> \\r",
            "> AT+CGSN",
            "< \\r\\n000000000000001\\r\\n\\r\\nOK\\r\\n",
            "> AT+CMGS=16",
            "< \\r\\n>\\s",
            "wait 8ms",
            "> 0021000D91000000000000F0000002783C\\z",
            "< \\r\\n+CMGS: 5\\r\\n\\r\\nOK\\r\\n",
        ];
        check(&turns, &expected);
    }

    #[test]
    fn what_is_personal_is_replaced_and_the_rest_stays() {
        check_line("+QCCID: 89550310000012345678", "+QCCID: 89000000000000000001");
        check_line("+CRSM: 144,0,\"985530010000214365F7\"", "+CRSM: 144,0,\"980000000000000001F7\"");
        check_line("+CSCA: \"+550101102010\",145", "+CSCA: \"+000000000001\",145");
        check_line("+CREG: 2,1,\"00A1\",\"01D3C1A2\",7", "+CREG: 2,1,\"00x0\",\"00x0x0x0\",7");
        check_line("+CUSD: 0,\"Saldo R$ 3,50\",15", "+CUSD: 0,\"xxxxx x$ 0,00\",15");
        check_line("+CUSD: 0,\"Oi\nAna\",15\r\n\"OK\"", "+CUSD: 0,\"xx\\nxxx\",15\\r\\n\"OK\"");
        check_line("+CMGL: 3,1,\"Ana\",24", "+CMGL: 3,1,\"xxx\",24");
        check_line("+CLIP: \"11999\",129", "+CLIP: \"00000\",129");
        check_line("+COPS: 0,2,\"72405\",7", "+COPS: 0,2,\"72405\",7");
        check_line("+CMS ERROR: 38", "+CMS ERROR: 38");
        check_line("11.126.85.00.209", "11.126.85.00.209");
        check_line("a\\b\u{1}", "a?b?");
        check(&[Turn::Driver(b"AT+CPIN=\"4711\"\r")], &["> AT+CPIN=\"0000\""]);
        check(&[Turn::Driver(b"AT+CRSM=176,12258,0,0,10\r")], &["> AT+CRSM=176,12258,0,0,10"]);
    }

    #[test]
    fn a_number_is_the_same_wherever_it_stands() {
        let script = redacted([Turn::Modem(b"724050000000001 724050000000002 724050000000001")]);
        assert_eq!(script, "< 000000000000001 000000000000002 000000000000001\n");
    }

    #[test]
    fn a_pdu_that_cannot_be_read_keeps_its_length_only() {
        check_line("0791448720003023AAAA", "00000000000000000000");
    }

    proptest! {
        #[test]
        fn no_number_gets_through(number in "[1-9][0-9]{6,19}", before in "[A-Z+:, \"]{0,12}", after in "[, \"\r]{1,4}") {
            let line = format!("{before}{number}{after}");
            let script = redacted([Turn::Modem(line.as_bytes())]);
            prop_assert!(!script.contains(&number), "{script}");
        }

        #[test]
        fn any_octets_are_written_down(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            let script = redacted([Turn::Modem(&octets), Turn::Driver(&octets)]);
            prop_assert!(script.lines().all(|line| line.starts_with("< ") || line.starts_with("> ")));
        }
    }
}
