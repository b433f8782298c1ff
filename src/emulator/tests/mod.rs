//! The model by situations, in virtual time: a bench with one hand on the clock.

mod ailments;
mod dialogue;
mod families;
mod faults;
mod network;
mod seed;
mod services;

use std::time::Duration;

use super::*;
use crate::clock::{Instant, Now, Timestamp};
use crate::pdu::{Address, Alphabet, Concat, Dcs, Direction, Pdu, SubmitTpdu, Tpdu, Udh, UserData};

const START: Timestamp = Timestamp::from_millis(1_796_130_000_000);
const TO: &str = "+5511987654321";

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A network, its outputs sorted, and a clock that stands still unless told.
struct Bench {
    network: Network,
    elapsed: Duration,
    /// What each modem wrote and nobody read yet.
    written: Vec<String>,
    /// The sizes of the pieces in which it was written.
    pieces: Vec<usize>,
    accepted: Vec<LogLine>,
    /// Modems that hung up and returned, as `-0` and `+0`.
    comings: Vec<String>,
}

impl Bench {
    fn new(config: Config) -> Self {
        let now = Now { instant: Instant::ZERO, utc: START };
        let modems = config.modems;
        let mut bench = Self {
            network: Network::new(config, now),
            elapsed: Duration::ZERO,
            written: vec![String::new(); modems],
            pieces: Vec::new(),
            accepted: Vec::new(),
            comings: Vec::new(),
        };
        for modem in 0..modems {
            bench.network.port_opened(modem, now);
        }
        bench
    }

    /// One modem after a driver's start-up, at 300 ms airtime and 5 s report delay.
    fn started(faults: &[&str]) -> Self {
        let mut bench = Self::new(Config { seed: 1, ..Config::default() });
        bench.start_up();
        // Faults begin after the start-up, or it would not end.
        let faults: Vec<FaultRate> = faults.iter().map(|fault| fault.parse().unwrap()).collect();
        bench.network.set_faults(&faults);
        bench
    }

    fn start_up(&mut self) {
        self.command("ATE0");
        self.command("AT&D0");
        self.command("AT+CMEE=1");
        self.command("AT+CNMI=2,1,0,1,0");
        self.command("AT+CPMS=\"ME\",\"ME\",\"ME\"");
    }

    fn now(&self) -> Now {
        Now { instant: Instant::from_origin(self.elapsed), utc: START + self.elapsed }
    }

    fn drain(&mut self) {
        while let Some(output) = self.network.poll_output() {
            match output {
                Output::Bytes { modem, data } => {
                    self.pieces.push(data.len());
                    self.written[modem].push_str(&String::from_utf8_lossy(&data));
                }
                Output::Accepted(line) => self.accepted.push(*line),
                Output::HangUp { modem } => self.comings.push(format!("-{modem}")),
                Output::Return { modem } => self.comings.push(format!("+{modem}")),
            }
        }
    }

    fn write(&mut self, bytes: &str) {
        self.network.handle_bytes(0, bytes.as_bytes(), self.now());
        self.drain();
    }

    fn close(&mut self) {
        self.network.port_closed(0, self.now());
        self.drain();
    }

    fn open(&mut self) {
        self.network.port_opened(0, self.now());
        self.drain();
    }

    fn inbound(&mut self, from: &str, text: &str) {
        self.network.inbound(0, from, text, self.now()).unwrap();
        self.drain();
    }

    /// Lets `span` pass, stopping at each deadline.
    fn pass(&mut self, span: Duration) {
        let end = self.elapsed + span;
        while let Some(at) = self.network.deadline().filter(|at| at.since_origin() <= end) {
            self.elapsed = self.elapsed.max(at.since_origin());
            self.network.handle_timeout(self.now());
            self.drain();
        }
        self.elapsed = end;
    }

    /// What the first modem wrote since the last look, without empty lines.
    fn read(&mut self) -> Vec<String> {
        let written = std::mem::take(&mut self.written[0]);
        written.split(['\r', '\n']).filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    fn command(&mut self, line: &str) -> Vec<String> {
        self.write(&format!("{line}\r"));
        self.read()
    }

    /// Submits a text as a driver does, up to 0x1A.
    fn submit(&mut self, to: &str, text: &str) {
        let (length, hex) = submit_pdu(to, text, None);
        self.write(&format!("AT+CMGS={length}\r"));
        self.write(&format!("{hex}\u{1a}"));
    }

    /// Submits a text, waits for 400 ms and gives what was said after the prompt.
    fn send(&mut self, to: &str) -> Vec<String> {
        self.submit(to, "Oi");
        self.pass(ms(400));
        let mut said = self.read();
        assert_eq!(said.remove(0), "> ");
        said
    }
}

pub(super) fn submit_pdu(to: &str, text: &str, concat: Option<Concat>) -> (usize, String) {
    let plain = UserData::from_gsm7(text).unwrap();
    let user_data = match (concat, plain.payload()) {
        (Some(concat), crate::pdu::Payload::Septets(septets)) => {
            let mut header = Udh::default();
            header.push_concat(concat);
            UserData::from_septets(Some(header), septets.clone())
        }
        _ => plain,
    };
    let tpdu = SubmitTpdu {
        rd: false,
        rp: false,
        srr: true,
        tp_mr: 0,
        tp_da: Address::from_number(to).unwrap(),
        tp_pid: 0,
        tp_dcs: Dcs::new(Alphabet::Gsm7, None),
        validity: None,
        user_data,
    };
    let encoded = Pdu { smsc: None, tpdu: Tpdu::Submit(tpdu) }.encode().unwrap();
    (encoded.tpdu_length, encoded.hex())
}

/// The status reports among `lines`: reference and status.
fn reports(lines: &[String]) -> Vec<(u8, u8)> {
    let pdus = lines.iter().filter_map(|line| Pdu::decode_hex(line, Direction::Mt).ok());
    let reports = pdus.filter_map(|pdu| match pdu.tpdu {
        Tpdu::StatusReport(report) => Some((report.tp_mr, report.tp_st)),
        Tpdu::Deliver(_) | Tpdu::Submit(_) => None,
    });
    reports.collect()
}

/// The texts of the messages among `lines`.
fn texts(lines: &[String]) -> Vec<String> {
    let pdus = lines.iter().filter_map(|line| Pdu::decode_hex(line, Direction::Mt).ok());
    let texts = pdus.filter_map(|pdu| match pdu.tpdu {
        Tpdu::Deliver(deliver) => deliver.user_data.text(deliver.tp_dcs),
        Tpdu::StatusReport(_) | Tpdu::Submit(_) => None,
    });
    texts.collect()
}
