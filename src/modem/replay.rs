//! Replays the dialogues of `tests/data/at` against the machine. The format is described in `tests/data/at/README.md`.

use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

use super::script::{show, unescape};
use super::{Card, Config, Handle, Lease, Machine, Offer, Output, UssdCode, UssdRefusal};
use crate::clock::Instant;
use crate::pdu::{EncodedPdu, from_hex};
use crate::sms::id::{MessageKey, SegmentId};

/// The part of a test: a short SMS-SUBMIT whose last octet is its number.
pub(super) fn lease(number: u8, part: u8, of: u8, follows_soon: bool) -> Lease {
    let octets = from_hex(format!("00010004812143000001{number:02X}").as_bytes()).unwrap();
    Lease {
        segment: SegmentId(number.into()),
        message: MessageKey(1),
        part,
        of,
        pdu: EncodedPdu { tpdu_length: octets.len() - 1, octets },
        follows_soon,
    }
}

/// What a well-behaved modem says to a line of the bring-up.
pub(super) fn standard(line: &str) -> Option<String> {
    let body = match line.trim_end() {
        "AT+CGMI" => "Recado",
        "AT+CGMM" => "Model 1",
        "AT+CGMR" => "1.0",
        "AT+CGSN" => "353270040000016",
        "AT+CFUN?" => "+CFUN: 1",
        "AT+QCCID" => "+QCCID: 89550310000012345678",
        "AT+CPIN?" => "+CPIN: READY",
        "AT+CIMI" => "724050000000001",
        "AT+COPS?" => "+COPS: 0,2,\"72405\",7",
        "AT+CSQ" => "+CSQ: 17,99",
        "AT+CREG?" => "+CREG: 1,1",
        "AT+CEREG?" => "+CEREG: 1,0",
        "AT+CSCA?" => "+CSCA: \"+550101102010\",145",
        "AT+CPMS=?" => "+CPMS: (\"SM\"),(\"SM\"),(\"SM\")",
        "AT+CPMS?" => "+CPMS: \"SM\",0,30,\"SM\",0,30,\"SM\",0,30",
        "AT+CNMI?" => "+CNMI: 2,1,0,1,0",
        line if line.starts_with("AT+CPMS=") => "+CPMS: 0,30,0,30,0,30",
        line if line.starts_with("AT") => "",
        _ => return None,
    };
    Some(if body.is_empty() { "\r\nOK\r\n".to_owned() } else { format!("\r\n{body}\r\n\r\nOK\r\n") })
}

/// One replay.
struct Replay {
    machine: Machine,
    now: Instant,
    /// What the machine said and the script has not mentioned yet.
    said: VecDeque<String>,
    inbound: Vec<Handle>,
    /// Feed one octet at a time.
    single: bool,
}

impl Replay {
    fn new(config: Config, single: bool) -> Self {
        Self { machine: Machine::new(config), now: Instant::ZERO, said: VecDeque::new(), inbound: Vec::new(), single }
    }

    fn drain(&mut self) {
        while let Some(output) = self.machine.poll_output() {
            if let Output::Inbound(inbound) = &output {
                self.inbound.push(inbound.handle);
            }
            self.said.push_back(show(&output));
        }
    }

    fn feed(&mut self, bytes: &[u8]) {
        let size = if self.single { 1 } else { bytes.len().max(1) };
        for chunk in bytes.chunks(size) {
            self.machine.handle_bytes(chunk, self.now);
            self.drain();
        }
    }

    fn wait(&mut self, duration: Duration) {
        let until = self.now + duration;
        while let Some(at) = self.machine.deadline().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.machine.handle_timeout(self.now);
            self.drain();
        }
        self.now = until;
    }

    /// Answers everything in the standard way until the modem is up and its store has been swept.
    fn up(&mut self) {
        self.machine.port_opened(self.now);
        self.drain();
        self.wait(Duration::from_millis(400));
        self.answer_standard();
        let up = self.said.iter().any(|said| said.starts_with("up"));
        assert!(up, "the modem did not come up: {:?}", self.said);
        self.said.clear();
    }

    fn answer_standard(&mut self) {
        let mut answered = 0;
        while let Some(said) = self.said.get(answered).cloned() {
            answered += 1;
            if let Some(answer) = said.strip_prefix("> ").and_then(standard) {
                self.feed(answer.as_bytes());
            }
        }
    }

    fn expect(&mut self, expected: &str, at: &str) {
        let said = self.said.pop_front();
        assert_eq!(said.as_deref(), Some(expected), "at {at}; then {:?}", self.said);
    }

    fn act(&mut self, line: &str, at: &str) {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        if !matches!(verb, ">" | "=" | "up" | "standard") {
            assert!(self.said.is_empty(), "unmentioned before {at}: {:?}", self.said);
        }
        let now = self.now;
        match verb {
            ">" => self.expect(&format!("> {rest}"), at),
            "=" => self.expect(rest, at),
            "<" => self.feed(&unescape(rest)),
            "open" => self.machine.port_opened(now),
            "up" => self.up(),
            "standard" => {
                self.answer_standard();
                self.said.clear();
            }
            "lost" => self.machine.port_lost(now),
            "wait" => self.wait(duration(rest)),
            "load" => {
                let mut words = rest.split(' ');
                let mut number = || words.next().map_or(1, |word| word.parse().unwrap());
                let (segment, part, of) = (number(), number(), number());
                let loaded = self.machine.load(lease(segment, part, of, rest.ends_with("soon")), now);
                assert_eq!(loaded, Ok(()), "at {at}");
            }
            "refuses" => assert!(!self.machine.can_load(), "at {at}"),
            "release" => {
                let released = self.machine.release_next().map(|segment| segment.to_string());
                assert_eq!(released.as_deref(), Some(rest), "at {at}");
            }
            "go" => self.machine.offer_answered(SegmentId(rest.parse().unwrap()), Offer::Go, now),
            "no" => self.machine.offer_answered(SegmentId(rest.parse().unwrap()), Offer::Stop, now),
            "stored" => {
                let handle = self.inbound[rest.parse::<usize>().unwrap() - 1];
                self.machine.stored(handle, now);
            }
            "suspect" => self.machine.suspect(now),
            "permitted" => self.machine.reset_permitted(now),
            "reset" => self.machine.reset_done(rest == "done", now),
            "ussd" => assert_eq!(self.machine.request_ussd(UssdCode::new(rest).unwrap(), now), Ok(()), "at {at}"),
            "query" => assert_eq!(self.machine.query_ussd(UssdCode::new(rest).unwrap(), now), Ok(()), "at {at}"),
            "busy" => {
                let refused = self.machine.query_ussd(UssdCode::new(rest).unwrap(), now);
                assert_eq!(refused, Err(UssdRefusal::Busy), "at {at}");
            }
            "drain" => self.machine.stop(now),
            "cut" => self.machine.cut_short(now),
            _ => panic!("no such verb at {at}: {line}"),
        }
        self.drain();
    }
}

fn duration(text: &str) -> Duration {
    match text.strip_suffix("ms") {
        Some(millis) => Duration::from_millis(millis.parse().unwrap()),
        None => Duration::from_secs(text.strip_suffix('s').unwrap().parse().unwrap()),
    }
}

/// Replays one file; with `single`, one octet at a time.
pub(crate) fn replay(path: &Path, single: bool) {
    let script = std::fs::read_to_string(path).unwrap();
    let mut config = Config::default();
    let mut lines =
        script.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).peekable();
    while let Some((_, line)) = lines.next_if(|(_, line)| line.starts_with("card ")) {
        let mut words = line.split(' ').skip(1);
        let iccid = words.next().unwrap().to_owned();
        let mut card = Card { iccid, ..Card::default() };
        for word in words {
            match word.split_once('=') {
                Some(("pin", pin)) => card.pin = Some(pin.to_owned()),
                Some(("smsc", smsc)) => card.smsc = Some(smsc.to_owned()),
                Some(("roaming", allowed)) => card.roaming = allowed == "true",
                _ => panic!("no such setting: {word}"),
            }
        }
        config.cards.push(card);
    }
    let mut replay = Replay::new(config, single);
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    for (number, line) in lines {
        replay.act(line, &format!("{name}:{} ({line})", number + 1));
    }
    assert!(replay.said.is_empty(), "unmentioned at the end of {name}: {:?}", replay.said);
}

#[test]
fn recorded_dialogues() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/at");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    assert!(files.len() >= 30, "the dialogues are missing");
    // All of them run, so that one failure shows whether it stands alone.
    let fails = |path: &&std::path::PathBuf| {
        [false, true].iter().any(|single| std::panic::catch_unwind(|| replay(path, *single)).is_err())
    };
    let failed: Vec<_> = files.iter().filter(fails).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}
