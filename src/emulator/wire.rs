//! The modem's side of the line on its way out: result codes (ITU-T V.250 section 5.7), and the faults that bend bytes.

use std::collections::VecDeque;
use std::time::Duration;

use super::fault::{Dice, Fault};
use crate::clock::Instant;

/// How an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ResultCode {
    Ok,
    Error,
    /// A `+CME ERROR` of TS 27.007 section 9.2.
    Cme(u16),
    /// A `+CMS ERROR` of TS 27.005 section 3.2.5.
    Cms(u16),
    /// A vendor's words.
    Text(&'static str),
}

/// What a modem says to one line or PDU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// Information lines; a header and its PDU are one unit with CR LF between them.
    pub(super) units: Vec<String>,
    pub(super) result: ResultCode,
}

impl Answer {
    pub(super) fn of(result: ResultCode) -> Self {
        Self { units: Vec::new(), result }
    }

    pub(super) fn line(unit: String) -> Self {
        Self { units: vec![unit], result: ResultCode::Ok }
    }
}

/// How results are written: `Q`, `V` and `+CMEE`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub(super) is_quiet: bool,
    pub(super) is_verbose: bool,
    pub(super) cmee: u8,
}

/// Unsolicited lines that real modems throw in (several families), for the fault `urc`.
const CHATTER: [&str; 10] = [
    "^RSSI:18",
    "^HCSQ:\"WCDMA\",30,30,58",
    "+CREG: 1",
    "+CIEV: 2,4",
    "+ZUSIMR:2",
    "RING",
    "+CSQ: 17,99",
    "+QIND: SMS DONE",
    "*PSUTTZ: 26,11,24,13,0,0,\"-12\",0",
    "^DSFLOWRPT:00000041,00000000,00000000,0000000000000000,0000000000000000,00000000,00000000",
];

/// Bytes on their way out.
#[derive(Debug, Clone, Default)]
pub(super) struct Wire {
    /// In order; each waits for its time, which never lies before that of the one ahead.
    pieces: VecDeque<(Instant, Vec<u8>)>,
}

impl Wire {
    /// When the next piece may leave.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.pieces.front().map(|(due, _)| *due)
    }

    /// The next piece that may leave at `now`.
    pub(super) fn poll_bytes(&mut self, now: Instant) -> Option<Vec<u8>> {
        let (due, _) = self.pieces.front()?;
        if *due > now {
            return None;
        }
        self.pieces.pop_front().map(|(_, bytes)| bytes)
    }

    /// Forgets what has not left.
    pub(super) fn clear(&mut self) {
        self.pieces.clear();
    }

    /// Sends bytes as they are, behind what is on its way.
    pub(super) fn send(&mut self, bytes: Vec<u8>, now: Instant) {
        let due = self.pieces.back().map_or(now, |(due, _)| now.max(*due));
        self.pieces.push_back((due, bytes));
    }

    /// Sends an unsolicited line, or a header and its PDU.
    pub(super) fn send_unsolicited(&mut self, unit: &str, now: Instant) {
        self.send(format!("\r\n{unit}\r\n").into_bytes(), now);
    }

    /// Sends an answer, with what the faults make of it.
    pub(super) fn send_answer(&mut self, answer: &Answer, manner: Manner, dice: &mut Dice, now: Instant) {
        let end = if dice.strikes(Fault::DoubleCr) { "\r\r\n" } else { "\r\n" };
        let mut lines: Vec<String> = Vec::with_capacity(answer.units.len() + 2);
        let open = if manner.is_verbose { end } else { "" };
        for unit in &answer.units {
            lines.push(format!("{open}{}{end}", unit.replace("\r\n", end)));
        }
        if !manner.is_quiet {
            lines.push(result_line(answer.result, manner, end));
        }
        if let Some(chatter) = chatter(dice) {
            let places = lines.len() as u64 + 1;
            let place = usize::try_from(dice.detail.below(places)).unwrap_or(0);
            lines.insert(place, format!("{end}{chatter}{end}"));
        }
        self.send_maybe_split(lines.concat().into_bytes(), dice, now);
    }

    /// Sends the prompt of `+CMGS`.
    pub(super) fn send_prompt(&mut self, dice: &mut Dice, now: Instant) {
        let mut bytes = b"\r\n> ".to_vec();
        if let Some(chatter) = chatter(dice) {
            bytes.extend_from_slice(format!("\r\n{chatter}\r\n").as_bytes());
        }
        self.send_maybe_split(bytes, dice, now);
    }

    /// Sends noise: no CR, no LF, nothing that looks like a prompt.
    pub(super) fn send_garbage(&mut self, dice: &mut Dice, now: Instant) {
        let count = 1 + dice.detail.below(24);
        let noise = (0..count).map(|_| dice.detail.byte()).map(|b| if b"\r\n>".contains(&b) { 0xFF } else { b });
        let noise = noise.collect();
        self.send(noise, now);
    }

    fn send_maybe_split(&mut self, mut bytes: Vec<u8>, dice: &mut Dice, now: Instant) {
        if !dice.strikes(Fault::Split) {
            self.send(bytes, now);
            return;
        }
        let mut due = now;
        for _ in 0..=dice.detail.below(3) {
            let cut = usize::try_from(dice.detail.below(bytes.len() as u64)).unwrap_or(0);
            let rest = bytes.split_off(cut);
            self.send(bytes, due);
            due = due + dice.detail.between(Duration::from_millis(1), Duration::from_millis(50));
            bytes = rest;
        }
        self.send(bytes, due);
    }
}

/// The line that the fault `urc` throws in at this occasion, if it happens.
fn chatter(dice: &mut Dice) -> Option<&'static str> {
    if dice.strikes(Fault::Urc) { dice.detail.pick(&CHATTER).copied() } else { None }
}

fn result_line(result: ResultCode, manner: Manner, end: &str) -> String {
    let (text, digit) = match result {
        ResultCode::Ok => ("OK".to_owned(), Some(0)),
        ResultCode::Error => ("ERROR".to_owned(), Some(4)),
        ResultCode::Text(text) => (text.to_owned(), None),
        ResultCode::Cme(_) if manner.cmee == 0 => ("ERROR".to_owned(), Some(4)),
        ResultCode::Cme(code) => (format!("+CME ERROR: {}", code_or_text(code, manner, cme_text)), None),
        ResultCode::Cms(code) => (format!("+CMS ERROR: {}", code_or_text(code, manner, cms_text)), None),
    };
    match (manner.is_verbose, digit) {
        (true, _) => format!("{end}{text}{end}"),
        (false, Some(digit)) => format!("{digit}\r"),
        (false, None) => format!("{text}\r"),
    }
}

fn code_or_text(code: u16, manner: Manner, text: fn(u16) -> Option<&'static str>) -> String {
    let text = if manner.cmee == 2 { text(code) } else { None };
    text.map_or_else(|| code.to_string(), str::to_owned)
}

/// TS 27.007 section 9.2.1, as far as this modem says it.
fn cme_text(code: u16) -> Option<&'static str> {
    match code {
        4 => Some("operation not supported"),
        50 => Some("incorrect parameters"),
        _ => None,
    }
}

/// TS 27.005 section 3.2.5 and TS 24.011 annex E.2, as far as this modem says it by itself.
fn cms_text(code: u16) -> Option<&'static str> {
    match code {
        1 => Some("unassigned (unallocated) number"),
        38 => Some("network out of order"),
        302 => Some("operation not allowed"),
        304 => Some("invalid PDU mode parameter"),
        321 => Some("invalid memory index"),
        322 => Some("memory full"),
        331 => Some("no network service"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANNER: Manner = Manner { is_quiet: false, is_verbose: true, cmee: 1 };

    fn check(answer: &Answer, manner: Manner, expected: &str) {
        let mut wire = Wire::default();
        wire.send_answer(answer, manner, &mut Dice::new(&[], 0, 0), Instant::ZERO);
        let bytes = wire.poll_bytes(Instant::ZERO).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
    }

    #[test]
    fn results_are_written_as_asked() {
        let numeric = Manner { is_verbose: false, ..MANNER };
        let quiet = Manner { is_quiet: true, ..MANNER };
        let plain = Manner { cmee: 0, ..MANNER };
        let wordy = Manner { cmee: 2, ..MANNER };
        check(&Answer::line("+CSQ: 20,99".into()), MANNER, "\r\n+CSQ: 20,99\r\n\r\nOK\r\n");
        check(&Answer::line("+CSQ: 20,99".into()), numeric, "+CSQ: 20,99\r\n0\r");
        check(&Answer::line("+CSQ: 20,99".into()), quiet, "\r\n+CSQ: 20,99\r\n");
        check(&Answer::of(ResultCode::Error), numeric, "4\r");
        check(&Answer::of(ResultCode::Cme(50)), plain, "\r\nERROR\r\n");
        check(&Answer::of(ResultCode::Cme(50)), MANNER, "\r\n+CME ERROR: 50\r\n");
        check(&Answer::of(ResultCode::Cme(50)), wordy, "\r\n+CME ERROR: incorrect parameters\r\n");
        check(&Answer::of(ResultCode::Cms(304)), plain, "\r\n+CMS ERROR: 304\r\n");
        check(&Answer::of(ResultCode::Cms(331)), wordy, "\r\n+CMS ERROR: no network service\r\n");
        check(&Answer::of(ResultCode::Text("COMMAND NOT SUPPORT")), MANNER, "\r\nCOMMAND NOT SUPPORT\r\n");
        check(&Answer::of(ResultCode::Cms(512)), wordy, "\r\n+CMS ERROR: 512\r\n");
    }

    #[test]
    fn pieces_keep_their_order_and_wait_for_their_time() {
        let later = Instant::ZERO + Duration::from_millis(5);
        let mut wire = Wire::default();
        wire.send(b"a".to_vec(), Instant::ZERO);
        wire.send(b"b".to_vec(), later);
        wire.send(b"c".to_vec(), Instant::ZERO);
        assert_eq!(wire.poll_bytes(Instant::ZERO), Some(b"a".to_vec()));
        assert_eq!((wire.poll_bytes(Instant::ZERO), wire.deadline()), (None, Some(later)));
        assert_eq!((wire.poll_bytes(later), wire.poll_bytes(later)), (Some(b"b".to_vec()), Some(b"c".to_vec())));
    }
}
