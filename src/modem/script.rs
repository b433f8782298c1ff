//! A recorded bring-up as a dialogue of `tests/data/at`, which the tests replay.
//!
//! What the modem said is taken from the record, without what is personal in it. What the driver writes and reports is not:
//! a machine is told the rest anew, so that the dialogue is known to replay, and an ICCID that was replaced in one form is
//! the same in the other.

use std::fmt::Write as _;
use std::time::Duration;

use super::output::Output;
use super::transcript::{Turn, redacted};
use super::{Config, Machine, Settlement};
use crate::clock::Instant;
use crate::pdu::to_hex;

/// The machine does not write to the dialogue without personal data what it wrote to the modem.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write the dialogue down: told anew, it goes another way after {} lines", .written)]
pub struct Diverges {
    /// Lines of the driver until then.
    pub written: usize,
}

/// The dialogue of a bring-up. It ends when the modem is up, or with the last turn.
pub fn bring_up<'a>(turns: impl IntoIterator<Item = Turn<'a>>) -> Result<String, Diverges> {
    let recorded = redacted(turns);
    let mut teller = Teller { machine: Machine::new(Config::default()), now: Instant::ZERO, script: String::new() };
    teller.script.push_str("open\n");
    teller.machine.port_opened(teller.now);
    let mut is_up = teller.tell();
    for line in recorded.lines() {
        if is_up {
            break;
        }
        is_up = match line.split_once(' ') {
            Some(("<", said)) => teller.hear(said),
            Some(("wait", millis)) => teller.wait(millis),
            _ => false,
        };
    }
    let written = |script: &str| -> Vec<String> {
        script.lines().filter(|line| line.starts_with("> ")).map(str::to_owned).collect()
    };
    let (before, after) = (written(&recorded), written(&teller.script));
    let same = before.iter().zip(&after).take_while(|(before, after)| before == after).count();
    if same < before.len().max(after.len()) {
        return Err(Diverges { written: same });
    }
    if is_up {
        // What the driver does next is no part of a bring-up.
        teller.script.push_str("standard\n");
    }
    Ok(teller.script)
}

/// A machine in its own time, and what is written down of it.
struct Teller {
    machine: Machine,
    now: Instant,
    script: String,
}

impl Teller {
    fn hear(&mut self, said: &str) -> bool {
        self.note(&format!("< {said}"));
        self.machine.handle_bytes(&unescape(said), self.now);
        self.tell()
    }

    fn wait(&mut self, millis: &str) -> bool {
        self.note(&format!("wait {millis}"));
        let millis = millis.strip_suffix("ms").and_then(|millis| millis.parse().ok()).unwrap_or_default();
        let until = self.now + Duration::from_millis(millis);
        let mut is_up = false;
        while let Some(at) = self.machine.deadline().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.machine.handle_timeout(self.now);
            is_up |= self.tell();
        }
        self.now = until;
        is_up
    }

    /// Writes down what the machine says, until it is up. True when it is.
    fn tell(&mut self) -> bool {
        let mut is_up = false;
        while let Some(output) = self.machine.poll_output() {
            is_up |= matches!(output, Output::Up { .. });
            if !is_up || !matches!(output, Output::Write(_)) {
                let said = show(&output);
                self.note(&if said.starts_with("> ") { said } else { format!("= {said}") });
            }
        }
        is_up
    }

    fn note(&mut self, line: &str) {
        // Writing to a String cannot fail.
        writeln!(self.script, "{line}").unwrap_or_default();
    }
}

/// The octets of a line of the modem.
pub(super) fn unescape(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        octets.push(match (octet, (octet == b'\\').then(|| rest.next()).flatten()) {
            (b'\\', Some(b'r')) => b'\r',
            (b'\\', Some(b'n')) => b'\n',
            (b'\\', Some(b's')) => b' ',
            (b'\\', Some(b'z')) => 0x1a,
            (plain, _) => plain,
        });
    }
    octets
}

/// A piece that was written, on one line.
fn escape(octets: &[u8]) -> String {
    let text = String::from_utf8_lossy(octets);
    let line = text.strip_suffix('\r').filter(|line| line.starts_with("AT")).unwrap_or(&text);
    line.replace('\r', "\\r").replace('\x1a', "\\z").replace('\x1b', "\\e")
}

/// What is said of an output.
pub(super) fn show(output: &Output) -> String {
    match output {
        Output::Write(octets) => format!("> {}", escape(octets)),
        Output::Offer(segment) => format!("offer {segment}"),
        Output::Settled { segment, result } => match result {
            Settlement::Accepted { tp_mr } => format!("accepted {segment} {tp_mr}"),
            Settlement::LateAccepted { tp_mr } => format!("late {segment} {tp_mr}"),
            Settlement::Refused { cause } => format!("refused {segment} {cause}"),
            Settlement::Unknown { why } => format!("unknown {segment} {why:?}"),
            Settlement::Returned { why } => format!("returned {segment} {why:?}"),
        },
        Output::Inbound(inbound) => format!("inbound {} {:?}", to_hex(&inbound.octets), inbound.origin),
        Output::Call { from } => format!("call {}", from.as_deref().unwrap_or("-")),
        Output::Ussd(answer) => {
            let text = answer.text.as_deref().unwrap_or("-").replace('\n', "\\n");
            format!("ussd {} {text}", answer.status.name())
        }
        Output::Pin { iccid } => format!("pin {iccid}"),
        Output::Up { identity, .. } => {
            let family = if identity.profile == "generic" { String::new() } else { format!(" {}", identity.profile) };
            let (imei, iccid) = (identity.imei.as_deref().unwrap_or("-"), identity.iccid.as_deref().unwrap_or("-"));
            format!("up {imei} {iccid}{family}")
        }
        Output::Changed(status) => {
            let full = if status.is_nearly_full { ", store nearly full" } else { "" };
            format!("changed {:?}{full}", status.registration)
        }
        Output::Down { reason, rung: Some(rung) } => format!("down {reason:?} {rung}"),
        Output::Down { reason, rung: None } => format!("down {reason:?}"),
        Output::Permit(is_wanted) => format!("permit {is_wanted}"),
        Output::Reset(reset) => format!("reset {reset:?}"),
        Output::Reopen { after } => format!("reopen {after:?}"),
        Output::Drained => "drained".to_owned(),
        Output::Note(note) => format!("note {note:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modem::replay::standard;

    const START: Duration = Duration::from_millis(200);

    /// A bring-up of a modem that answers in the standard way, but to these lines.
    fn recorded(own: &[(&str, &str)]) -> Vec<(bool, Vec<u8>)> {
        let (mut machine, mut turns) = (Machine::new(Config::default()), Vec::new());
        machine.port_opened(Instant::ZERO);
        let now = Instant::from_origin(START * 2);
        for at in [START, START * 2] {
            turns.extend(machine.poll_output().map(written));
            machine.handle_timeout(Instant::from_origin(at));
        }
        while let Some(output) = machine.poll_output() {
            if matches!(output, Output::Up { .. }) {
                break;
            }
            let line = show(&output);
            turns.push(written(output));
            let line = line.trim_start_matches("> ");
            let own = own.iter().find(|(asked, _)| *asked == line).map(|(_, answer)| (*answer).to_owned());
            if let Some(said) = own.or_else(|| standard(line)) {
                machine.handle_bytes(said.as_bytes(), now);
                turns.push((false, said.into_bytes()));
            }
        }
        turns
    }

    fn written(output: Output) -> (bool, Vec<u8>) {
        let Output::Write(octets) = output else { panic!("{output:?}") };
        (true, octets)
    }

    fn told(turns: &[(bool, Vec<u8>)]) -> Result<String, Diverges> {
        bring_up(turns.iter().flat_map(|(is_driver, octets)| {
            // It waits after the ESC and the CR at the beginning.
            let pause = [b"\x1b".as_slice(), b"\r"].contains(&octets.as_slice()).then_some(Turn::Pause(START));
            let turn = if *is_driver { Turn::Driver(octets) } else { Turn::Modem(octets) };
            std::iter::once(turn).chain(pause)
        }))
    }

    #[test]
    fn a_bring_up_is_told_without_imei_imsi_and_sim() {
        let script = told(&recorded(&[])).unwrap();
        assert!(script.starts_with("open\n> \\e\nwait 200ms\n> \\r\nwait 200ms\n> AT\n"), "{script}");
        let end = "= up 000000000000001 89000000000000000002\n= changed Home\nstandard\n";
        assert!(script.ends_with(end), "{script}");
        for personal in ["353270040000016", "89550310000012345678", "724050000000001", "550101102010"] {
            assert!(!script.contains(personal), "{script}");
        }
    }

    #[test]
    fn a_sim_whose_digits_are_swapped_stays_one_sim() {
        let crsm = "\r\n+CRSM: 144,0,\"985530010000214365F7\"\r\n\r\nOK\r\n";
        let own = [("AT+QCCID", "\r\nERROR\r\n"), ("AT+CRSM=176,12258,0,0,10", crsm)];
        let script = told(&recorded(&own)).unwrap();
        assert!(script.contains("98000000000000000"), "{script}");
        assert!(script.contains("\n= up 000000000000001 8900000000000000"), "{script}");
    }

    #[test]
    fn a_record_that_the_machine_would_not_make_is_refused() {
        let mut turns = recorded(&[]);
        turns.retain(|(_, octets)| octets != b"AT+CGMM\r");
        let diverges = told(&turns).unwrap_err();
        assert!(diverges.written > 5, "{diverges}");
    }
}
