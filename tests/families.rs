//! The machine of a modem against each family that the emulator plays: it is recognised, sends, brings its report and an
//! incoming text, asks what is left on its SIM, and where reports are stored they outlive a closed port.
//!
//! Both are written by the same hands, so this proves that their tables agree, and nothing about hardware.

#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that fails")]

use std::time::Duration;

use recado::clock::{Instant, Now, Timestamp};
use recado::emulator::{self, Network, Profile, Profiles};
use recado::modem::{Config, Lease, Machine, Offer, Output, Settlement, UssdCode};
use recado::pdu::{Direction, EncodedPdu, Pdu, Tpdu, from_hex};
use recado::sms::id::{MessageKey, SegmentId};

const START: Timestamp = Timestamp::from_millis(1_796_130_000_000);

/// One modem, its port, and a clock.
struct Bench {
    machine: Machine,
    network: Network,
    elapsed: Duration,
    family: Option<&'static str>,
    settled: Vec<Settlement>,
    reports: usize,
    texts: Vec<String>,
    told: Vec<String>,
}

impl Bench {
    fn new(profile: Profile) -> Self {
        let config = emulator::Config { profiles: Profiles::new(vec![profile]), ..emulator::Config::default() };
        let network = Network::new(config, Now { instant: Instant::ZERO, utc: START });
        Self {
            machine: Machine::new(Config::default()),
            network,
            elapsed: Duration::ZERO,
            family: None,
            settled: Vec::new(),
            reports: 0,
            texts: Vec::new(),
            told: Vec::new(),
        }
    }

    fn instant(&self) -> Instant {
        Instant::from_origin(self.elapsed)
    }

    fn now(&self) -> Now {
        Now { instant: self.instant(), utc: START + self.elapsed }
    }

    fn open(&mut self) {
        self.network.port_opened(0, self.now());
        self.machine.port_opened(self.instant());
        self.carry();
    }

    fn close(&mut self) {
        self.machine.port_lost(self.instant());
        self.carry();
        self.network.port_closed(0, self.now());
        self.carry();
    }

    fn pass(&mut self, span: Duration) {
        let end = Instant::from_origin(self.elapsed + span);
        let next = |bench: &Self| [bench.machine.deadline(), bench.network.deadline()].into_iter().flatten().min();
        while let Some(at) = next(self).filter(|at| *at <= end) {
            self.elapsed = self.elapsed.max(at.since_origin());
            self.network.handle_timeout(self.now());
            self.machine.handle_timeout(self.instant());
            self.carry();
        }
        self.elapsed = end.since_origin();
    }

    /// Brings octets from one to the other until neither has any.
    fn carry(&mut self) {
        loop {
            if let Some(output) = self.machine.poll_output() {
                self.act(output);
            } else if let Some(output) = self.network.poll_output() {
                if let emulator::Output::Bytes { data, .. } = output {
                    self.machine.handle_bytes(&data, self.instant());
                }
            } else {
                break;
            }
        }
    }

    fn act(&mut self, output: Output) {
        match output {
            Output::Write(octets) => self.network.handle_bytes(0, &octets, self.now()),
            Output::Offer(segment) => self.machine.offer_answered(segment, Offer::Go, self.instant()),
            Output::Settled { result, .. } => self.settled.push(result),
            Output::Up { identity, .. } => self.family = Some(identity.profile),
            Output::Inbound(inbound) => {
                match Pdu::decode(&inbound.octets, Direction::Mt).unwrap().tpdu {
                    Tpdu::StatusReport(_) => self.reports += 1,
                    Tpdu::Deliver(deliver) => self.texts.push(deliver.user_data.text(deliver.tp_dcs).unwrap()),
                    Tpdu::Submit(_) => {}
                }
                self.machine.stored(inbound.handle, self.instant());
            }
            Output::Ussd(answer) => self.told.push(answer.text.unwrap()),
            Output::Call { .. }
            | Output::Pin { .. }
            | Output::Changed(_)
            | Output::Permit(_)
            | Output::Reset(_)
            | Output::Down { .. }
            | Output::Reopen { .. }
            | Output::Drained
            | Output::Note(_) => {}
        }
    }

    fn ask(&mut self, code: &str) {
        self.machine.request_ussd(UssdCode::new(code).unwrap(), self.instant()).unwrap();
        self.carry();
    }

    /// Sends "Oi" to +5511987654321 with a status report asked for.
    fn send(&mut self, number: i64) {
        let octets = from_hex(b"0021000D91551189674523F1000002CF34").unwrap();
        let lease = Lease {
            segment: SegmentId(number),
            message: MessageKey(number),
            part: 1,
            of: 1,
            pdu: EncodedPdu { tpdu_length: octets.len() - 1, octets },
            follows_soon: false,
        };
        self.machine.load(lease, self.instant()).unwrap();
        self.carry();
    }
}

fn check(profile: &str, family: &str, reports_outlive_a_closed_port: bool) {
    let mut bench = Bench::new(profile.parse().unwrap());
    bench.open();
    bench.pass(Duration::from_secs(90));
    assert_eq!(bench.family, Some(family), "{profile}");
    bench.send(1);
    bench.pass(Duration::from_secs(10));
    assert!(matches!(bench.settled[..], [Settlement::Accepted { .. }]), "{profile}: {:?}", bench.settled);
    assert_eq!(bench.reports, 1, "{profile}");
    let now = bench.now();
    bench.network.inbound(0, "+5511987654321", "alo", now).unwrap();
    bench.carry();
    bench.pass(Duration::from_secs(10));
    assert_eq!(bench.texts, ["alo"], "{profile}");

    bench.ask("*100#");
    bench.pass(Duration::from_secs(10));
    // A menu, in the form that was learnt.
    bench.ask("*111#");
    bench.pass(Duration::from_secs(10));
    bench.ask("1");
    bench.pass(Duration::from_secs(10));
    let balance = "Seu saldo: R$ 99,90\nValido ate 31/12";
    assert_eq!(bench.told, [balance, "1 Saldo\n2 Fim", balance], "{profile}");

    bench.send(2);
    bench.pass(Duration::from_secs(1));
    bench.close();
    bench.pass(Duration::from_secs(10));
    bench.open();
    bench.pass(Duration::from_secs(90));
    assert_eq!(bench.settled.len(), 2, "{profile}");
    assert_eq!(bench.reports, 1 + usize::from(reports_outlive_a_closed_port), "{profile}");
    assert_eq!(bench.texts.len(), 1, "{profile}: what was read left its store");
}

#[test]
fn each_family_is_recognised_and_brings_all_that_it_can() {
    check("generic", "generic", false);
    check("huawei", "huawei", true);
    check("quectel-ec25", "quectel-ec2x", false);
    check("sim800", "simcom-sim800", false);
    check("sim7600", "simcom-sim7x00", false);
    check("zte", "zte", true);
    check("wavecom", "wavecom", false);
    check("cinterion", "cinterion", true);
    check("u-blox", "u-blox", false);
    assert_eq!(Profile::all().count(), 9);
}
