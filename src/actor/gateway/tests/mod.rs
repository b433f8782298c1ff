//! Situations of the queue: a real store, the real plan, and modems that are played by the test.

mod alarm;
mod answer;
mod aside;
mod balance;
mod budget;
mod campaign;
mod clock;
mod companion;
mod control;
mod conversation;
mod copied;
mod debt;
mod doubt;
mod erasure;
mod evidence;
mod fair;
mod identity;
mod inbound;
mod ladder;
mod lane;
mod parts;
mod person;
mod repeat;
mod report;
mod rest;
mod results;
mod retention;
mod season;
mod travel;
mod trigger;
mod unknown;
mod week;

use super::*;
use crate::contact::ContactSettings;
use crate::dispatch::balance::Rule;
use crate::dispatch::budget::Limits;
use crate::dispatch::gate::{Reason, Verdict};
use crate::dispatch::route::SimNames;
use crate::dispatch::sim::{Card, SimSettings};
use crate::modem::{ReturnedWhy, UnknownWhy};
use crate::pdu::{
    Address, Concat, DeliverTpdu, Direction, Pdu, Scts, StatusReportTpdu, SubmitTpdu, Tpdu, Udh, UserData,
};
use crate::sms::id::MessageId;
use crate::sms::lifecycle::{MessageState, SegmentState, message_state};
use crate::sms::message::{Body, Labels, OnUnknown, Purpose, Submission};
use crate::sms::number::{Country, PhoneNumber};
use crate::sms::outcome::Cause;
use crate::sms::sample;
use crate::sms::segment::Segments;
use crate::sms::text::TextOptions;
use crate::store::board::Scope;
use crate::store::control::{CancelAnswer, Decision, ResolveAnswer};
use crate::store::reader::Reader;
use crate::store::submit::{Ruling, SubmitAnswer};
use crate::store::view::{MessageView, Page};
use crate::store::{FREE_FLOOR, Settings};

const TO: &str = "5511987654321";

/// A gateway on a database of its own, with a hand on the clock.
struct Desk {
    folder: tempfile::TempDir,
    settings: Settings,
    gateway: Gateway,
    now: Timestamp,
    serial: u8,
    /// Something was deleted at the end of its time.
    gone: bool,
}

fn unlimited() -> Limits {
    Limits::none()
}

fn settings(limits: Limits) -> Settings {
    let names = SimNames { iccid: "sim-b".into(), name: Some("norte".into()), group: Some("vip".into()) };
    let cards = vec![Card { names, number: None, limits: limits.clone(), balance: Rule::default() }];
    Settings {
        sims: SimSettings { default: limits, balance: Rule::default(), cards },
        free_floor: FREE_FLOOR,
        country: Country::from_iso("BR").unwrap(),
        alarms: Vec::new(),
        contact: ContactSettings::none().into(),
    }
}

/// A message was taken in, and there is nothing to say of its hours.
const fn queued(verdict: Verdict) -> SubmitAnswer {
    SubmitAnswer::Queued(Ruling { verdict, warnings: Vec::new() })
}

impl Desk {
    fn new(limits: Limits) -> Self {
        Self::with(settings(limits))
    }

    fn with(settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-11-24T13:00:00Z".parse().unwrap();
        let store = Store::open(&folder.path().join("recado.db"), settings.clone(), now).unwrap();
        Self { folder, settings, gateway: Gateway::new(store).unwrap(), now, serial: 0, gone: false }
    }

    /// As after `kill -9`: nothing but the file is left.
    fn restart(&mut self) {
        let path = self.folder.path().join("recado.db");
        let store = Store::open(&path, self.settings.clone(), self.now).unwrap();
        self.gateway = Gateway::new(store).unwrap();
    }

    fn reader(&self) -> Reader {
        Reader::new(&self.folder.path().join("recado.db"), self.settings.sims.clone())
            .with_secret(self.settings.contact.secret.clone())
    }

    fn submission(&mut self, text: &str) -> Submission {
        self.serial += 1;
        let segments = Segments::new(text, &TextOptions::default(), self.serial).unwrap();
        let parts = segments.submits(Address::international(TO).unwrap(), true).unwrap();
        Submission {
            id: MessageId::new(self.now, [self.serial; 10]),
            client: "test".into(),
            client_ref: None,
            fingerprint: [self.serial; 32],
            to: PhoneNumber::from_digits(TO).unwrap(),
            text: Body(text.into()),
            purpose: Purpose::Collection,
            priority: 5,
            not_before: None,
            due: self.now,
            expires: self.now + Duration::from_secs(24 * 3600),
            encoding_asked: "auto",
            encoding: "gsm7",
            units: 1,
            on_unknown: OnUnknown::Hold,
            max_segments: None,
            sim: None,
            group: None,
            report: true,
            labels: Labels::default(),
            confirms_opt_out: false,
            parts,
        }
    }

    /// A name that no other message has.
    fn gateway_id(&self) -> MessageId {
        let seq = self.gateway.store().last_seq().to_be_bytes();
        let mut random = [0; 10];
        random[2..].copy_from_slice(&seq);
        MessageId::new(self.now, random)
    }

    fn try_submit(&mut self, submission: &Submission) -> SubmitAnswer {
        self.gateway.commit(self.now, |context| context.work.submit(submission)).unwrap()
    }

    fn submit(&mut self, text: &str) -> MessageId {
        let submission = self.submission(text);
        assert!(matches!(self.try_submit(&submission), SubmitAnswer::Queued(_)));
        submission.id
    }

    /// What the gate says of a message that waits.
    fn verdict(&mut self, id: MessageId) -> Verdict {
        let view = self.view(id);
        let question = view.waiting.unwrap();
        self.gateway.commit(self.now, |context| context.work.explain(view.key, question)).unwrap()
    }

    fn report(&mut self, modem: &str, reports: &[Report]) -> Vec<Order> {
        self.gateway.commit(self.now, |context| context.report(&ModemId::new(modem), reports)).unwrap()
    }

    /// A modem with this SIM is up and can send.
    fn plug(&mut self, modem: &str, iccid: &str) {
        self.report(modem, &[Report::Up { iccid: iccid.into() }, Report::Ready(true)]);
    }

    fn loads(&mut self) -> Vec<(String, Lease)> {
        let (orders, errors) = self.gateway.assign(self.now);
        assert!(errors.is_empty(), "{errors:?}");
        let load = |(modem, order): (ModemId, Order)| match order {
            Order::Load(lease) => (modem.as_str().to_owned(), lease),
            Order::Answer(..) | Order::Stored(_) | Order::Release(_) | Order::Ask(_) => panic!("expected a load"),
        };
        orders.into_iter().map(load).collect()
    }

    fn load(&mut self) -> (String, Lease) {
        let mut loads = self.loads();
        assert_eq!(loads.len(), 1, "{loads:?}");
        loads.remove(0)
    }

    fn offer(&mut self, modem: &str, segment: SegmentId) -> Offer {
        match self.report(modem, &[Report::Offer(segment)]).as_slice() {
            [Order::Answer(answered, offer)] if *answered == segment => *offer,
            other => panic!("expected an answer, got {other:?}"),
        }
    }

    fn settle(&mut self, modem: &str, segment: SegmentId, result: Settlement) {
        self.report(modem, &[Report::Settled { segment, result }]);
    }

    /// Puts what is next on the wire.
    fn hand_over(&mut self) -> (String, Lease) {
        let (modem, lease) = self.load();
        assert_eq!(self.offer(&modem, lease.segment), Offer::Go);
        (modem, lease)
    }

    /// Sends what is next.
    fn send(&mut self, tp_mr: u8) -> Lease {
        let (modem, lease) = self.hand_over();
        self.settle(&modem, lease.segment, Settlement::Accepted { tp_mr });
        lease
    }

    fn receive(&mut self, modem: &str, octets: Vec<u8>) {
        let handle = crate::modem::Handle(1);
        assert_eq!(self.report(modem, &[Report::Inbound { handle, octets }]), [Order::Stored(handle)]);
    }

    fn status_report(&mut self, modem: &str, tp_mr: u8, from: &str, tp_st: u8) {
        let at = Scts::new(2026, 11, 24, 10, 0, 0, -12).unwrap();
        let tpdu = StatusReportTpdu {
            mms: false,
            srq: false,
            lp: false,
            tp_mr,
            tp_ra: Address::from_number(from).unwrap(),
            tp_scts: at,
            tp_dt: at,
            tp_st,
            tp_pid: None,
            tp_dcs: None,
            user_data: None,
        };
        self.receive(modem, Pdu { smsc: None, tpdu: Tpdu::StatusReport(tpdu) }.encode().unwrap().octets);
    }

    fn view(&self, id: MessageId) -> MessageView {
        self.reader().message(id).unwrap().unwrap()
    }

    fn state(&self, id: MessageId) -> MessageState {
        self.view(id).state
    }

    fn cancel(&mut self, id: MessageId) -> CancelAnswer {
        self.gateway.commit(self.now, |context| context.work.cancel(id)).unwrap()
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        if self.gateway.store().board().deadline().is_some_and(|at| at <= self.now) {
            self.gateway.commit(self.now, |context| context.work.tick()).unwrap();
        }
    }

    /// Counts what is not counted yet, a few events at a time.
    fn roll_up(&mut self) {
        let reader = self.reader();
        while let Some(counted) = reader.roll_up(7, &results::prices()).unwrap() {
            assert!(self.gateway.commit(self.now, |context| context.work.count_up(&counted)).unwrap());
        }
    }

    /// What must hold at any time: events are numbered without gaps and chained, what is stored of a message follows from its parts, and
    /// what is counted as waiting waits.
    fn check(&self) {
        let events = self.reader().events(Page::After(0), 100_000, &[]).unwrap();
        let oldest = if self.gone { self.reader().oldest_event().unwrap() } else { 1 };
        for (event, seq) in events.iter().zip(oldest..) {
            assert_eq!(event.seq, seq);
        }
        assert_eq!(self.reader().verify(None).unwrap().and_then(|found| found.fault), None);
        let conn = self.gateway.store().connection();
        let recounted = crate::store::row::recount(conn).unwrap();
        assert_eq!(
            self.reader().tally().unwrap().into_iter().filter(|(_, n)| *n > 0).collect::<Vec<_>>(),
            recounted.tally
        );
        for (stored, segments) in recounted.messages {
            assert_eq!(stored, message_state(&segments));
            let dues: Vec<_> = segments.iter().filter_map(waiting_due).collect();
            assert!(dues.windows(2).all(|two| two[0] == two[1]), "parts of one message are due together: {dues:?}");
        }
        let sql = "SELECT count(*) FROM lane WHERE waiting <>
             (SELECT count(*) FROM segment WHERE segment.lane = lane.key AND state = 0)";
        let miscounted: u32 = conn.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(miscounted, 0);
    }
}

fn waiting_due(state: &SegmentState) -> Option<Timestamp> {
    if let SegmentState::Waiting { due } = state { Some(*due) } else { None }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.check();
            self.roll_up();
            if !self.gone {
                results::check(self.gateway.store().connection());
            }
        }
    }
}

fn deliver(from: &str, text: &str, concat: Option<Concat>) -> Vec<u8> {
    let header = concat.map(|concat| {
        let mut header = Udh::default();
        header.push_concat(concat);
        header
    });
    let octets: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let tpdu = DeliverTpdu {
        tp_oa: Address::from_number(from).or_else(|_| Address::alphanumeric(from)).unwrap(),
        ..sample::deliver(0, 0x08, UserData::from_octets(header, octets))
    };
    Pdu { smsc: None, tpdu: Tpdu::Deliver(tpdu) }.encode().unwrap().octets
}

fn submit_tpdu(lease: &Lease) -> SubmitTpdu {
    match Pdu::decode(&lease.pdu.octets, Direction::Mo).unwrap().tpdu {
        Tpdu::Submit(submit) => submit,
        Tpdu::Deliver(_) | Tpdu::StatusReport(_) => panic!("expected a SUBMIT"),
    }
}

fn long_text() -> String {
    "parcela em atraso ".repeat(20)
}

fn make_unknown(desk: &mut Desk, text: &str) -> MessageId {
    let id = desk.submit(text);
    let (modem, lease) = desk.hand_over();
    desk.settle(&modem, lease.segment, Settlement::Unknown { why: UnknownWhy::PortLost });
    assert_eq!(desk.state(id), MessageState::Unknown);
    id
}

fn resolve(desk: &mut Desk, id: MessageId, decision: Decision) -> ResolveAnswer {
    desk.gateway.commit(desk.now, |context| context.work.resolve(id, decision, "ana")).unwrap()
}
