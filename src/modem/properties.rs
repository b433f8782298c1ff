//! What holds whatever the modem says, whatever is asked, and however long it takes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::replay::{lease, standard};
use super::{Config, Machine, Offer, Output, Settlement, UssdCode};
use crate::clock::Instant;
use crate::sms::id::SegmentId;

#[derive(Debug, Clone)]
enum Action {
    /// The modem does what is expected of it.
    Answer,
    /// The modem says something.
    Say(Vec<u8>),
    Wait(Duration),
    Load(bool),
    Release,
    Offer(Offer),
    Stored,
    Ussd,
    Lost,
    Opened,
    Suspect,
    Permit,
    Reset(bool),
    Drain,
}

fn action() -> impl Strategy<Value = Action> {
    let piece = prop_oneof![
        Just(b"\r\n> ".to_vec()),
        Just(b"\r\nOK\r\n".to_vec()),
        Just(b"\r\nERROR\r\n".to_vec()),
        Just(b"\r\n+CMS ERROR: 38\r\n".to_vec()),
        Just(b"\r\n+CMGS: 7\r\n".to_vec()),
        Just(b"\r\n+CREG: 1\r\n".to_vec()),
        Just(b"\r\n+CREG: 2\r\n".to_vec()),
        Just(b"\r\n+CMTI: \"SM\",1\r\n".to_vec()),
        Just(b"\r\n+CDS: 25\r\n07914487200030AA\r\n".to_vec()),
        Just(b"\r\nRDY\r\n".to_vec()),
        Just(b"\r\nRING\r\n".to_vec()),
        Just(b"\r\n+CPIN: NOT READY\r\n".to_vec()),
        Just(b"\r\n+CPIN: READY\r\n".to_vec()),
        Just(b"\r\nNO CARRIER\r\n".to_vec()),
        Just(b"\r\n+CUSD: 0,\"Saldo\r\n5\",15\r\n".to_vec()),
        Just(b"\r\n+CUSD: 1,\"1 Saldo\",15\r\n".to_vec()),
        Just(b"\r\n+CUSD: 2\r\n".to_vec()),
        Just(b"AT+CMGS=10\r".to_vec()),
        Just(b"\x1a\x1b>\r".to_vec()),
        prop::collection::vec(any::<u8>(), 1..6),
    ];
    let pause = prop_oneof![Just(200), Just(1000), Just(10_000), Just(61_000), Just(150_000)];
    prop_oneof![
        12 => Just(Action::Answer),
        4 => piece.prop_map(Action::Say),
        2 => pause.prop_map(|millis| Action::Wait(Duration::from_millis(millis))),
        6 => any::<bool>().prop_map(Action::Load),
        1 => Just(Action::Release),
        5 => prop_oneof![4 => Just(Offer::Go), 1 => Just(Offer::Stop)].prop_map(Action::Offer),
        2 => Just(Action::Stored),
        1 => Just(Action::Ussd),
        1 => Just(Action::Lost),
        2 => Just(Action::Opened),
        1 => Just(Action::Suspect),
        2 => Just(Action::Permit),
        1 => any::<bool>().prop_map(Action::Reset),
    ]
}

/// A keeper that believes nothing.
struct Witness {
    machine: Machine,
    /// One of the family that needs a pause after each final result.
    slow: bool,
    now: Instant,
    up: bool,
    loaded: u8,
    offered: BTreeSet<SegmentId>,
    answered: BTreeMap<SegmentId, Offer>,
    written: BTreeSet<SegmentId>,
    settled: BTreeMap<SegmentId, Settlement>,
    inbound: Vec<super::Handle>,
    /// Requests to the network that were taken, and those that were answered.
    asked: usize,
    told: usize,
    unanswered: Vec<Vec<u8>>,
}

impl Witness {
    fn new(slow: bool) -> Self {
        Self {
            machine: Machine::new(Config::default()),
            slow,
            now: Instant::ZERO,
            up: false,
            loaded: 0,
            offered: BTreeSet::new(),
            answered: BTreeMap::new(),
            written: BTreeSet::new(),
            settled: BTreeMap::new(),
            inbound: Vec::new(),
            asked: 0,
            told: 0,
            unanswered: Vec::new(),
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.machine.poll_output() {
            match output {
                Output::Write(octets) => self.wrote(octets),
                Output::Offer(segment) => assert!(self.offered.insert(segment), "{segment} is offered once"),
                Output::Settled { segment, result } => self.settled(segment, result),
                Output::Inbound(inbound) => self.inbound.push(inbound.handle),
                Output::Up { .. } => self.up = true,
                Output::Down { .. } => self.up = false,
                Output::Ussd(_) => self.told += 1,
                Output::Call { .. }
                | Output::Pin { .. }
                | Output::Changed(_)
                | Output::Reopen { .. }
                | Output::Permit(_)
                | Output::Reset(_)
                | Output::Drained
                | Output::Note(_) => {}
            }
        }
    }

    fn wrote(&mut self, octets: Vec<u8>) {
        if octets.contains(&0x1a) {
            let text = String::from_utf8(octets.clone()).unwrap();
            let number = (1..=self.loaded).find(|&n| text == format!("{}\x1a", lease(n, 1, 1, false).pdu.hex()));
            let segment = SegmentId(number.expect("0x1A is written after a PDU only").into());
            assert!(self.up, "{segment} goes out to a modem that is up");
            assert_eq!(self.answered.get(&segment), Some(&Offer::Go), "{segment} goes out on Go only");
            assert!(!self.settled.contains_key(&segment), "{segment} was settled before");
            assert!(self.written.insert(segment), "{segment} goes out once");
        }
        self.unanswered.push(octets);
    }

    fn settled(&mut self, segment: SegmentId, result: Settlement) {
        let before = self.settled.insert(segment, result);
        let written = self.written.contains(&segment);
        match result {
            Settlement::LateAccepted { .. } => {
                assert!(matches!(before, Some(Settlement::Unknown { .. })), "{segment} was {before:?} before");
                return;
            }
            Settlement::Returned { .. } => assert!(!written, "{segment} was written"),
            Settlement::Accepted { .. } | Settlement::Refused { .. } | Settlement::Unknown { .. } => {
                assert!(written, "{segment} was not written");
            }
        }
        assert_eq!(before, None, "{segment} is settled once");
        let asked = self.offered.contains(&segment);
        assert!(!asked || self.answered.contains_key(&segment), "{segment} is settled after its answer");
    }

    fn answer(&mut self) {
        if self.unanswered.is_empty() {
            return;
        }
        let line = self.unanswered.remove(0);
        let text = String::from_utf8_lossy(&line).into_owned();
        let answer = match standard(&text) {
            _ if text.starts_with("AT+CMGS=") => "\r\n> ".to_owned(),
            _ if text.starts_with("AT+CGMI") && self.slow => "\r\nu-blox\r\n\r\nOK\r\n".to_owned(),
            _ if text.ends_with('\x1a') => "\r\n+CMGS: 1\r\n\r\nOK\r\n".to_owned(),
            Some(answer) => answer,
            None => return,
        };
        self.machine.handle_bytes(answer.as_bytes(), self.now);
        if self.slow {
            self.drain();
            self.wait(Duration::from_millis(20));
        }
    }

    fn wait(&mut self, pause: Duration) {
        let until = self.now + pause;
        let mut steps = 0;
        while let Some(at) = self.machine.deadline().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.machine.handle_timeout(self.now);
            self.drain();
            steps += 1;
            assert!(steps < 10_000, "time stands still");
        }
        self.now = until;
    }

    fn offer(&mut self, answer: Offer) {
        let open = self.offered.iter().find(|segment| !self.answered.contains_key(segment)).copied();
        if let Some(segment) = open {
            self.answered.insert(segment, answer);
            self.machine.offer_answered(segment, answer, self.now);
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Answer => self.answer(),
            Action::Say(octets) => self.machine.handle_bytes(&octets, self.now),
            Action::Wait(pause) => self.wait(pause),
            Action::Load(soon) => {
                if self.loaded < u8::MAX && self.machine.can_load() {
                    self.loaded += 1;
                    self.machine.load(lease(self.loaded, 1, 1, soon), self.now).unwrap();
                }
            }
            Action::Release => {
                if let Some(segment) = self.machine.release_next() {
                    self.settled(segment, Settlement::Returned { why: super::ReturnedWhy::Stopped });
                }
            }
            Action::Offer(answer) => self.offer(answer),
            Action::Stored => {
                for handle in std::mem::take(&mut self.inbound) {
                    self.machine.stored(handle, self.now);
                }
            }
            Action::Ussd => {
                let taken = self.machine.request_ussd(UssdCode::new("*100#").unwrap(), self.now).is_ok();
                self.asked += usize::from(taken);
            }
            Action::Lost => {
                self.machine.port_lost(self.now);
                self.unanswered.clear();
            }
            Action::Opened => self.machine.port_opened(self.now),
            Action::Suspect => self.machine.suspect(self.now),
            Action::Permit => self.machine.reset_permitted(self.now),
            Action::Reset(is_done) => self.machine.reset_done(is_done, self.now),
            Action::Drain => self.machine.stop(self.now),
        }
        self.drain();
    }

    fn up(&mut self) {
        self.act(Action::Opened);
        self.wait(Duration::from_millis(400));
        for _ in 0..80 {
            self.act(Action::Answer);
        }
        assert!(self.machine.can_load(), "the modem is up");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_guess_and_no_loss(slow: bool, actions in prop::collection::vec(action(), 0..120)) {
        let mut witness = Witness::new(slow);
        witness.up();
        for action in actions {
            witness.act(action);
        }
        for action in [Action::Drain, Action::Lost, Action::Offer(Offer::Go), Action::Offer(Offer::Go)] {
            witness.act(action);
        }
        prop_assert_eq!(witness.settled.len(), usize::from(witness.loaded), "every lease is settled");
        prop_assert_eq!(witness.asked, witness.told, "every request is answered");
        prop_assert!(witness.written.iter().all(|segment| witness.settled.contains_key(segment)));
    }
}

/// The property above is worth something only if its modem can also send.
#[test]
fn the_witness_sees_parts_go_out() {
    for slow in [false, true] {
        let mut witness = Witness::new(slow);
        witness.up();
        for _ in 0..3 {
            witness.act(Action::Load(false));
            for action in [Action::Offer(Offer::Go), Action::Answer, Action::Answer] {
                witness.act(action);
            }
        }
        assert_eq!(witness.written.len(), 3);
        assert!(witness.settled.values().all(|result| matches!(result, Settlement::Accepted { tp_mr: 1 })));
    }
}
