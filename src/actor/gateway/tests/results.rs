//! What is counted of texts, and that it is what happened.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use rusqlite::Connection;
use serde_json::json;

use crate::dunning::debt::Debt;
use crate::dunning::event::Happening;
use crate::dunning::money::{Cost, Prices};
use crate::dunning::result::{Count, Dimension};
use crate::sms::message::{Mode, Origin};
use crate::store::rollup::{Every, HygieneFilter, NumberTrouble, StatsError, StatsQuestion, StatsRow, Total, cells};

use super::ladder::{MONDAY, debt, desk_with, with_debtor};
use super::*;

pub(super) fn prices() -> Prices {
    Prices { each: "0.0325".parse().unwrap(), cards: vec![("sim-b".to_owned(), "0.01".parse().unwrap())] }
}

/// What is counted is what the messages and the log say, whatever happened before.
pub(super) fn check(conn: &Connection) {
    let cells = cells(conn).unwrap();
    let mut counted: BTreeMap<(i64, i64, i64), i64> = BTreeMap::new();
    for ((origin, hour), cell) in &cells {
        for (state, code) in MessageState::ALL.into_iter().zip(0..) {
            let count = cell.counts.get(Count::In(state));
            if count != 0 {
                counted.insert((*origin, *hour, code), count);
            }
        }
        let all: i64 = MessageState::ALL.into_iter().map(|state| cell.counts.get(Count::In(state))).sum();
        assert_eq!(cell.counts.get(Count::Taken), all);
    }
    let sql = "SELECT coalesce(origin, 0), created_at / 3600000, state, count(*) FROM message
         WHERE companion_of IS NULL GROUP BY 1, 2, 3";
    let mut statement = conn.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?, row.get(2)?), row.get(3)?))).unwrap();
    assert_eq!(counted, rows.map(Result::unwrap).collect());
    let count = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let parts: u64 = cells.values().flat_map(|cell| cell.spent.values()).map(|spent| spent.parts).sum();
    assert_eq!(parts.cast_signed(), count("SELECT count(*) FROM event WHERE type = 'segment.accepted'"));
    let replied: i64 = cells.values().map(|cell| cell.counts.get(Count::Replied)).sum();
    let answered = "SELECT count(DISTINCT message) FROM event WHERE type IN ('inbound.received', 'inbound.partial')";
    assert_eq!(replied, count(answered));
}

fn desk() -> Desk {
    let mut settings = settings(unlimited());
    let lexicon = crate::config::replies::standard().into();
    settings.contact = ContactSettings { lexicon, ..ContactSettings::none() }.into();
    let mut desk = desk_with(settings);
    desk.texts(
        "atraso",
        &json!([
            { "name": "a", "segment": { "name": "todos" }, "body": "{{ sender }}: {{ total | money }} em atraso." },
            { "name": "b", "segment": { "name": "todos" }, "body": "{{ sender }}: faltam {{ total | money }}." },
        ]),
    );
    desk
}

fn question(by: &[Dimension]) -> StatsQuestion {
    StatsQuestion { by: by.to_vec(), ..StatsQuestion::new(TimeZone::get("America/Sao_Paulo").unwrap()) }
}

impl Desk {
    fn stats(&mut self, question: &StatsQuestion) -> Vec<StatsRow> {
        self.roll_up();
        let stats = self.reader().stats(question).unwrap().unwrap();
        assert_eq!(stats.behind, 0);
        stats.rows
    }

    /// The only row.
    fn result(&mut self, by: &[Dimension]) -> (Vec<String>, Total) {
        let mut rows = self.stats(&question(by));
        assert_eq!(rows.len(), 1, "{rows:?}");
        let row = rows.remove(0);
        (row.group, row.total)
    }

    fn take_debts(&mut self, debts: usize) {
        let items: Vec<_> = (0..debts)
            .map(|n| {
                let owed = Debt { debtor: format!("p{n}"), ..debt(&format!("d{n}"), MONDAY.yesterday().unwrap()) };
                with_debtor(owed, &[&format!("55119876543{n:02}")])
            })
            .collect();
        self.take_all(&items);
    }

    fn write_back(&mut self, from: &str, text: &str) {
        self.serial += 1;
        let octets = deliver(&format!("+{from}"), &format!("{text}{}", " ".repeat(usize::from(self.serial))), None);
        self.receive("m1", octets);
    }

    fn by_operator(&mut self, operator: &str) -> MessageId {
        let mut submission = self.submission(&format!("um texto de {operator} {}", self.serial));
        submission.labels = Labels { team: Some("azul".into()), operator: Some(operator.into()), ..Labels::default() };
        assert!(matches!(self.try_submit(&submission), SubmitAnswer::Queued(_)));
        submission.id
    }
}

fn counts(total: &Total, counts: &[Count]) -> Vec<i64> {
    counts.iter().map(|count| total.counts.get(*count)).collect()
}

#[test]
fn a_text_of_a_ladder_is_followed_to_the_payment() {
    let mut desk = desk();
    desk.take_debts(1);
    assert_eq!(desk.run_ladders().len(), 1);
    desk.send(1);
    desk.status_report("m1", 1, "+5511987654300", 0x00);
    desk.write_back("5511987654300", "pago na sexta");
    desk.write_back("5511987654300", "na sexta eu pago, prometo");
    desk.now = desk.now + Duration::from_secs(3 * 86_400);
    desk.tell("d0", Happening::PaymentReceived { amount: "60.00".parse().ok() });
    desk.tell("d0", Happening::PaymentReceived { amount: None });
    // It is owed no more: nothing is paid by this.
    desk.tell("d0", Happening::PaymentReceived { amount: None });
    let by = [
        Dimension::Creditor,
        Dimension::Ladder,
        Dimension::Step,
        Dimension::Segment,
        Dimension::Template,
        Dimension::Version,
        Dimension::Mode,
        Dimension::Operator,
    ];
    let (group, total) = desk.result(&by);
    assert_eq!(group, ["loja", "padrao", "d1", "todos", "atraso", "2", "ladder", ""]);
    let expected = [1, 1, 1, 1, 0];
    let asked = [Count::Taken, Count::In(MessageState::Delivered), Count::Replied, Count::Promised, Count::OptedOut];
    assert_eq!(counts(&total, &asked), expected);
    assert_eq!((total.counts.sent(), total.counts.waiting()), (1, 0));
    assert_eq!((total.spent.parts, total.spent.cost), (1, Cost(325)));
    assert_eq!(total.paid_debts(), 1);
    assert_eq!(total.paid_amounts()[0].1.to_string(), "110.50");
    let within = |within| StatsQuestion { within, ..question(&[]) };
    assert_eq!(desk.stats(&within(2))[0].total.paid_debts(), 0);
    assert_eq!(desk.stats(&within(3))[0].total.paid_debts(), 1);
}

#[test]
fn two_wordings_are_told_apart() {
    let mut desk = desk();
    desk.take_debts(12);
    assert_eq!(desk.run_ladders().len(), 12);
    let mut expected: BTreeMap<String, [i64; 2]> = BTreeMap::new();
    for mr in 1..=12 {
        let lease = desk.send(mr);
        let to = submit_tpdu(&lease).tp_da.number();
        let page = crate::store::view::MessageFilter {
            to: PhoneNumber::from_digits(to.trim_start_matches('+')),
            limit: 1,
            ..Default::default()
        };
        let view = desk.reader().messages(&page).unwrap().remove(0);
        let arm = view.labels.origin.wording.unwrap().arm;
        let of_arm = expected.entry(arm.clone()).or_default();
        of_arm[0] += 1;
        if arm == "a" {
            of_arm[1] += 1;
            desk.status_report("m1", mr, &to, 0x00);
        }
    }
    assert_eq!(expected.len(), 2, "{expected:?}");
    let rows = desk.stats(&question(&[Dimension::Template, Dimension::Arm]));
    let found: BTreeMap<String, [i64; 2]> = rows
        .iter()
        .map(|row| {
            let counts = &row.total.counts;
            (row.group[1].clone(), [counts.sent(), counts.get(Count::In(MessageState::Delivered))])
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn people_and_teams_are_told_apart_over_time() {
    let mut desk = desk();
    for operator in ["ana", "rui", "ana"] {
        desk.by_operator(operator);
        desk.now = desk.now + Duration::from_secs(12 * 3600);
    }
    let rows =
        desk.stats(&StatsQuestion { every: Some(Every::Day), ..question(&[Dimension::Team, Dimension::Operator]) });
    let found: Vec<_> = rows
        .iter()
        .map(|row| (row.group.join(" "), row.period.clone().unwrap(), row.total.counts.get(Count::Taken)))
        .collect();
    let row = |operator: &str, day: &str| (format!("azul {operator}"), day.to_owned(), 1);
    // It is 9:00 and 21:00 of Monday, and 9:00 of Tuesday.
    assert_eq!(found, [row("ana", "2026-11-23"), row("ana", "2026-11-24"), row("rui", "2026-11-23")]);
    let week = desk.stats(&StatsQuestion { every: Some(Every::Week), ..question(&[]) });
    assert_eq!(week.iter().map(|row| row.period.as_deref()).collect::<Vec<_>>(), [Some("2026-11-23")]);
    let hours = desk.stats(&StatsQuestion { every: Some(Every::Hour), ..question(&[]) });
    assert_eq!(hours[1].period.as_deref(), Some("2026-11-23T21:00:00-03:00"));
    let only = vec![(Dimension::Operator, "rui".to_owned())];
    assert_eq!(desk.stats(&StatsQuestion { only, ..question(&[]) })[0].total.counts.get(Count::Taken), 1);
    let until = desk.now - Duration::from_secs(24 * 3600);
    assert_eq!(desk.stats(&question(&[]).between(None, Some(until)))[0].total.counts.get(Count::Taken), 1);
    let few = StatsQuestion { rows_max: 1, ..question(&[Dimension::Operator]) };
    assert!(matches!(desk.reader().stats(&few).unwrap(), Err(StatsError::TooMany(1))));
}

#[test]
fn what_was_unknown_moves_when_it_is_settled_and_is_paid_for_once() {
    let mut desk = desk();
    let unknown = Count::In(MessageState::Unknown);
    let sent = make_unknown(&mut desk, "um");
    let resent = make_unknown(&mut desk, "dois");
    let given_up = make_unknown(&mut desk, "tres");
    assert_eq!(counts(&desk.result(&[]).1, &[Count::Taken, unknown]), [3, 3]);
    resolve(&mut desk, sent, Decision::Sent);
    resolve(&mut desk, resent, Decision::Resend);
    resolve(&mut desk, given_up, Decision::GiveUp);
    desk.send(9);
    let (_, total) = desk.result(&[]);
    let asked = [Count::Taken, unknown, Count::In(MessageState::Accepted), Count::In(MessageState::Failed)];
    assert_eq!(counts(&total, &asked), [3, 0, 2, 1]);
    assert_eq!(total.spent.parts, 2);
}

#[test]
fn texts_that_must_not_go_are_counted_as_blocked_and_cost_nothing() {
    let mut desk = desk();
    desk.submit("um");
    desk.send(1);
    desk.write_back(TO, "PARE");
    desk.submit("dois");
    let (_, total) = desk.result(&[]);
    let asked = [Count::Taken, Count::In(MessageState::Blocked), Count::Replied, Count::OptedOut];
    assert_eq!(counts(&total, &asked), [2, 1, 1, 1]);
    assert_eq!(total.spent.parts, 1);
}

#[test]
fn parts_cost_what_their_sim_costs() {
    let mut desk = desk();
    desk.submit(&long_text());
    let (modem, mut lease) = desk.hand_over();
    desk.settle(&modem, lease.segment, Settlement::Accepted { tp_mr: 1 });
    for tp_mr in 2..=lease.of {
        lease = desk.send(tp_mr);
    }
    let parts = u64::from(lease.of);
    assert!(parts > 1);
    desk.report("m1", &[Report::Down { reason: "unplugged".into() }]);
    desk.plug("m2", "sim-b");
    desk.submit("um");
    desk.send(9);
    let rows = desk.stats(&question(&[Dimension::Sim]));
    let found: Vec<_> =
        rows.iter().map(|row| (row.group[0].as_str(), row.total.spent.parts, row.total.spent.cost)).collect();
    assert_eq!(found, [("norte", 1, Cost(100)), ("sim-a", parts, Cost(325 * parts))]);
    assert!(rows.iter().all(|row| row.total.counts.get(Count::Taken) == 0), "a text is of no SIM");
    let only = vec![(Dimension::Sim, "norte".to_owned())];
    assert_eq!(desk.stats(&StatsQuestion { only, ..question(&[]) })[0].total.spent.parts, 1);
}

#[test]
fn what_was_counted_is_counted_once_whatever_happens_between() {
    let mut desk = desk();
    desk.submit("um");
    let reader = desk.reader();
    let counted = reader.roll_up(1_000, &prices()).unwrap().unwrap();
    // Killed before it was written.
    desk.restart();
    let again = reader.roll_up(1_000, &prices()).unwrap().unwrap();
    let add = |desk: &mut Desk, counted| {
        let now = desk.now;
        desk.gateway.commit(now, |context| context.work.count_up(counted)).unwrap()
    };
    assert!(add(&mut desk, &again));
    // And after it was written, before the answer came.
    assert!(!add(&mut desk, &counted));
    desk.restart();
    assert!(!add(&mut desk, &again));
    assert_eq!(desk.result(&[]).1.counts.get(Count::Taken), 1);
}

#[test]
fn a_payment_is_counted_for_the_last_text_before_it() {
    let mut desk = desk();
    desk.take_debts(1);
    desk.run_ladders();
    desk.send(1);
    desk.now = desk.now + Duration::from_secs(2 * 86_400);
    let mut submission = desk.submission("sobre a sua parcela");
    submission.labels = Labels {
        creditor: Some("loja".into()),
        debtor: Some("p0".into()),
        debt: Some("d0".into()),
        operator: Some("ana".into()),
        origin: Origin { mode: Mode::Single, ..Origin::default() },
        ..Labels::default()
    };
    desk.try_submit(&submission);
    desk.send(2);
    // It thanks and asks for nothing.
    let thanks =
        Submission { purpose: Purpose::Confirmation, labels: submission.labels.clone(), ..desk.submission("obrigado") };
    desk.try_submit(&thanks);
    desk.send(3);
    let paid = Debt { debtor: "p0".into(), ..debt("d0", MONDAY.yesterday().unwrap()) };
    let crate::store::portfolio::Item::Debt { debtor, debt, .. } = with_debtor(paid, &["5511987654300"]) else {
        panic!()
    };
    // By a file that says so, and that nothing is left of it.
    let status = Some(crate::dunning::debt::Status::Paid);
    let debt = Box::new(Debt { amount: "0.00".parse().unwrap(), ..*debt });
    desk.take_all(&[crate::store::portfolio::Item::Debt { debtor, debt, status }]);
    let rows = desk.stats(&question(&[Dimension::Mode, Dimension::Operator]));
    let found: Vec<_> = rows.iter().map(|row| (row.group.join(" "), row.total.paid_debts())).collect();
    assert_eq!(found, [("ladder ".to_owned(), 0), ("single ana".to_owned(), 1)]);
    assert_eq!(rows[1].total.paid_amounts()[0].1.to_string(), "110.50");
}

#[test]
fn results_of_others_are_not_seen_by_who_is_limited() {
    let mut desk = desk();
    for creditor in ["banco", "loja"] {
        let labels = Labels { creditor: Some(creditor.into()), ..Labels::default() };
        let submission = Submission { labels, ..desk.submission(creditor) };
        desk.try_submit(&submission);
    }
    let mine = StatsQuestion { creditors: vec!["loja".into()], ..question(&[Dimension::Creditor]) };
    let rows = desk.stats(&mine);
    assert_eq!(rows.iter().map(|row| row.group[0].as_str()).collect::<Vec<_>>(), ["loja"]);
}

#[test]
fn numbers_that_nothing_reaches_are_found() {
    let mut desk = desk();
    desk.take_debts(5);
    desk.take_all(&[with_debtor(Debt { debtor: "nobody".into(), ..debt("d9", MONDAY) }, &[])]);
    let submit = |desk: &mut Desk, n: usize| {
        let mut submission = desk.submission("um");
        submission.to = PhoneNumber::from_digits(&format!("55119876543{n:02}")).unwrap();
        desk.try_submit(&submission);
    };
    let mut mr = 0;
    // 0 gets its text; 1 fails for good twice; 2 gives no report three times; 3 is another person's; nothing went to 4.
    for (n, reports) in [(0, vec![0x00]), (1, vec![0x41, 0x43]), (2, vec![0x30, 0x30, 0x63]), (3, vec![0x00])] {
        for status in reports {
            submit(&mut desk, n);
            mr += 1;
            desk.send(mr);
            desk.status_report("m1", mr, &format!("+55119876543{n:02}"), status);
        }
    }
    desk.write_back("5511987654303", "numero errado");
    desk.roll_up();
    let filter = HygieneFilter {
        creditors: Vec::new(),
        trouble: None,
        sent_min: 3,
        country: Country::from_iso("BR").unwrap(),
        after: 0,
        limit: 100,
    };
    let page = desk.reader().hygiene(&filter).unwrap();
    let found: Vec<_> = page.items.iter().map(|one| (one.debtor.as_str(), one.trouble)).collect();
    let expected = [
        ("p1", NumberTrouble::NoNumber),
        ("p1", NumberTrouble::Dead),
        ("p2", NumberTrouble::NeverDelivered),
        ("p3", NumberTrouble::NoNumber),
        ("p3", NumberTrouble::WrongPerson),
        ("p4", NumberTrouble::Unconfirmed),
        ("nobody", NumberTrouble::NoNumber),
    ];
    assert_eq!(found, expected);
    assert_eq!(page.next, None);
    let dead = page.items[1].row;
    assert_eq!((dead.sent, dead.delivered, dead.undelivered, dead.last_status), (2, 0, 2, Some(0x43)));
    let first = desk.reader().hygiene(&HygieneFilter { limit: 1, ..filter.clone() }).unwrap();
    let rest = desk.reader().hygiene(&HygieneFilter { after: first.next.unwrap(), ..filter.clone() }).unwrap();
    assert_eq!((first.items.len(), rest.items.len()), (2, 5));
    let of_others = HygieneFilter { creditors: vec!["banco".into()], ..filter };
    assert!(desk.reader().hygiene(&of_others).unwrap().items.is_empty());
}
