//! A person is erased: nothing of them is in the files any more, and they stay suppressed.

use std::path::PathBuf;

use jiff::civil::date;
use serde_json::Value;

use crate::contact;
use crate::contact::habit::Habit;
use crate::contact::secret::Secret;
use crate::contact::standing::Standing;
use crate::contact::suppression::{Kind, Purposes};
use crate::dunning::creditor::Creditor;
use crate::dunning::debt::Debt;
use crate::dunning::debtor::Debtor;
use crate::dunning::event::Happening;
use crate::dunning::sample;
use crate::store::campaign::CampaignRow;
use crate::store::erasure::{Begun, ErasureKey, ErasureOrder, ErasureView, Person, Stage};
use crate::store::portfolio::happening::Told;
use crate::store::portfolio::{Item, Taken, Untaken};
use crate::store::standing::{Whose, Word};
use crate::store::suppression::Act;

use super::*;

const ID: &str = "devedora-4711";
const NAME: &str = "Joaquina Xavier";
const DOCUMENT: &str = "12345678909";
const TEXT: &str = "Joaquina Xavier, pague o boleto 987-A";
const ANSWER: &str = "ja paguei em Curitiba";
const SUPPRESSED: Verdict = Verdict::Block { reason: Reason::Contact(contact::Reason::Suppressed) };

fn number() -> PhoneNumber {
    PhoneNumber::from_digits(TO).unwrap()
}

fn order(person: Person) -> ErasureOrder {
    ErasureOrder { person, reason: "asked for".into(), client: "dpo".into(), until: None, suppress: true }
}

fn debtor() -> Debtor {
    Debtor {
        name: Some(NAME.to_owned()),
        document: Some(DOCUMENT.to_owned()),
        numbers: vec![number()],
        ..sample::debtor(ID)
    }
}

fn portfolio() -> [Item; 2] {
    let debt = Debt { contract: Some("contrato-0815".into()), ..sample::debt("d1", ID, date(2026, 11, 10)) };
    let creditor = Creditor { id: "loja".into(), ..sample::creditor() };
    let debt = Item::Debt { debtor: Some(Box::new(debtor())), debt: Box::new(debt), status: None };
    [Item::Creditor(Box::new(creditor)), debt]
}

impl Desk {
    fn begin(&mut self, order: &ErasureOrder) -> Begun {
        self.gateway.commit(self.now, |context| context.work.begin_erasure(order)).unwrap().unwrap()
    }

    fn step(&mut self, key: ErasureKey) -> Stage {
        let stage = self.gateway.commit(self.now, |context| context.work.erase_some(key)).unwrap();
        if stage == Stage::Copy {
            assert!(self.gateway.store().truncate_log().unwrap());
            self.gateway.commit(self.now, |context| context.work.end_erasure(key)).unwrap();
        }
        stage
    }

    /// Goes on until there is nothing more to do now.
    pub(super) fn go_on(&mut self, key: ErasureKey) -> Stage {
        for _ in 0..500 {
            self.roll_up();
            match self.step(key) {
                Stage::More | Stage::Copy => {}
                Stage::Waits => {
                    // Results may have been behind.
                    self.roll_up();
                    match self.step(key) {
                        Stage::Waits => return Stage::Waits,
                        Stage::More | Stage::Copy | Stage::Held(_) | Stage::Done => {}
                    }
                }
                end @ (Stage::Held(_) | Stage::Done) => return end,
            }
        }
        panic!("the erasure does not end");
    }

    fn erasure(&self, key: ErasureKey) -> ErasureView {
        self.reader().erasure(key).unwrap().unwrap()
    }

    fn rows(&self, sql: &str) -> i64 {
        self.gateway.store().connection().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Everything of one person that a database can hold.
    fn life_of_a_debtor(&mut self) -> MessageId {
        self.plug("m1", "sim-a");
        self.gateway.commit(self.now, |context| context.work.take_each(&portfolio(), "erp")).unwrap();
        let mut delivered = self.submission(TEXT);
        delivered.client_ref = Some("ref-1".into());
        delivered.labels = Labels { debtor: Some(ID.into()), debt: Some("d1".into()), ..Labels::default() };
        self.try_submit(&delivered);
        self.send(1);
        self.status_report("m1", 1, "+5511987654321", 0);
        // One that the phone never gets, in UCS-2.
        let unicode = self.submission("Joaquina Xavier, você deve 99 €; ligue já 😀");
        self.try_submit(&unicode);
        self.send(2);
        self.status_report("m1", 2, "+5511987654321", 0x46);
        for (from, text, concat) in [
            ("+5511987654321", ANSWER, None),
            ("+551187654321", "sou eu, Joaquina Xavier", None),
            ("+5511987654321", "parte um", Some(Concat { reference: 7, total: 2, seq: 1, bits: 8 })),
        ] {
            self.receive("m1", deliver(from, text, concat));
        }
        // What nobody can read is kept too.
        let mut odd = deliver("+5511987654321", "x", None);
        odd.truncate(odd.len() - 9);
        self.receive("m1", odd);
        self.report("m1", &[Report::Call { from: Some(Sender::new("+5511987654321")) }]);
        // A report of a submission that nobody made.
        self.status_report("m1", 200, "+5511987654321", 0);
        let habit = Habit { preferred: vec!["09:00-18:00".parse().unwrap()], ..Habit::default() };
        let act = Act {
            kind: Kind::OptOut,
            purposes: Purposes::ALL,
            creditor: Some("loja".into()),
            effective: self.now,
            source: "letter".into(),
            client: "ana".into(),
            why: Some("Joaquina Xavier wrote".into()),
            inbound: None,
        };
        let told = Told {
            debt: "d1".into(),
            happening: Happening::PaymentReceived { amount: None },
            reference: Some("p-1".into()),
            client: "erp".into(),
        };
        let word = Word { client: "ana", inbound: None, message: None };
        self.gateway
            .commit(self.now, |context| {
                assert!(context.work.set_habit(ID, &habit, "erp")?.is_ok());
                context.work.set_standing(&Whose::Debtor(ID.into()), Standing::Disputed, word)?;
                context.work.set_standing(&Whose::Number(number()), Standing::Disputed, word)?;
                context.work.confirm_number(number(), None)?;
                context.work.happen(&told)?;
                context.work.suppress(&act, &[number()])?;
                context.work.lift(number(), |_| true, "ana", "Joaquina Xavier asked", None)
            })
            .unwrap();
        delivered.id
    }
}

/// What a search of the files must not find.
struct Needles(Vec<(&'static str, Vec<u8>)>);

impl Needles {
    fn of(desk: &Desk) -> Self {
        let mut needles = Vec::new();
        let mut add = |what, octets: &[u8]| needles.push((what, octets.to_vec()));
        for digits in [TO, "551187654321", "11987654321"] {
            add("number as digits", digits.as_bytes());
        }
        for number in [TO, "551187654321"] {
            let stored: u64 = number.parse().unwrap();
            // A record of SQLite has integers of this size in six octets.
            add("number as an integer", &stored.to_be_bytes()[2..]);
        }
        add("number in a PDU", &[0x55, 0x11, 0x89, 0x67, 0x45, 0x23, 0xF1]);
        add("the old form in a PDU", &[0x55, 0x11, 0x78, 0x56, 0x34, 0x12]);
        for text in [NAME, DOCUMENT, TEXT, ANSWER, "contrato-0815", ID, "você deve"] {
            add("text", text.as_bytes());
            let ucs2: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            add("text in UCS-2", &ucs2);
        }
        let mut statement = desk.gateway.store().connection().prepare("SELECT pdu FROM segment").unwrap();
        for pdu in statement.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap() {
            // Sixteen octets of the text as it is packed.
            let pdu = pdu.unwrap();
            add("text in a PDU", &pdu[pdu.len() - 16..]);
        }
        Self(needles)
    }

    /// What is found, and in which file.
    fn found(&self, desk: &Desk) -> Vec<(&'static str, PathBuf)> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(desk.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            let octets = std::fs::read(&path).unwrap();
            for (what, needle) in &self.0 {
                if octets.windows(needle.len()).any(|window| window == needle) {
                    found.push((*what, path.clone()));
                }
            }
        }
        found
    }
}

#[test]
fn of_an_erased_debtor_no_octet_is_left_in_the_files() {
    let mut desk = Desk::new(unlimited());
    let id = desk.life_of_a_debtor();
    let waiting = desk.submit("Joaquina Xavier, ainda");
    let needles = Needles::of(&desk);
    let kinds: std::collections::BTreeSet<&str> = needles.found(&desk).into_iter().map(|(what, _)| what).collect();
    assert_eq!(kinds.len(), 7, "{kinds:?}");
    let begun = desk.begin(&order(Person::Debtor(ID.into())));
    assert_eq!((begun.stopped.stopped, begun.stopped.on_wire), (1, vec![]));
    assert_eq!(desk.state(waiting), MessageState::Blocked);
    assert_eq!(desk.go_on(begun.key), Stage::Done);
    assert_eq!(needles.found(&desk), []);
    let view = desk.erasure(begun.key);
    assert_eq!(view.state, "done");
    let counts: Vec<(&str, u64)> = view.counts.iter().map(|(class, rows)| (class.as_str(), *rows)).collect();
    let expected = [
        ("calls", 1),
        ("conversations", 1),
        ("debtors", 1),
        ("debts", 1),
        ("messages", 3),
        ("numbers", 1),
        ("replies", 3),
        ("suppressions", 2),
    ];
    assert_eq!(counts, expected);
    // What became of messages stays, and the chain over the events holds.
    let seen = desk.view(id);
    assert_eq!(
        (seen.state, seen.to, seen.text.0.as_str(), seen.labels.debtor),
        (MessageState::Delivered, None, "", None)
    );
    assert_eq!(desk.rows("SELECT sum(messages) FROM tally"), 3);
    assert!(desk.reader().verify(None).unwrap().unwrap().holds());
    // Lists can still be read.
    assert_eq!(
        desk.reader().messages(&crate::store::view::MessageFilter { limit: 9, ..Default::default() }).unwrap().len(),
        3
    );
    assert_eq!(desk.reader().inbox(Page::After(0), 9, &[]).unwrap().len(), 2);
}

#[test]
fn who_comes_in_again_is_somebody_new_and_stays_suppressed() {
    let mut desk = Desk::new(unlimited());
    desk.life_of_a_debtor();
    let begun = desk.begin(&order(Person::Debtor(ID.into())));
    desk.go_on(begun.key);
    desk.gateway.commit(desk.now, |context| context.work.take_each(&portfolio(), "erp")).unwrap();
    assert_eq!(desk.reader().debtor(ID).unwrap().unwrap(), debtor());
    assert!(desk.reader().habit(ID).unwrap().is_none());
    let submission = desk.submission("de novo");
    assert_eq!(desk.try_submit(&submission), queued(SUPPRESSED));
    // Another step of an erasure that is done does nothing to the new one.
    assert_eq!(desk.step(begun.key), Stage::Done);
    assert!(desk.reader().debtor(ID).unwrap().is_some());
}

#[test]
fn who_comes_in_again_during_an_erasure_is_somebody_new_whatever_was_erased_by_then() {
    let mut come_in = 0;
    for steps in 0..60 {
        let mut desk = Desk::new(unlimited());
        desk.life_of_a_debtor();
        let begun = desk.begin(&order(Person::Debtor(ID.into())));
        let mut ended = false;
        for _ in 0..steps {
            desk.roll_up();
            ended = desk.step(begun.key) == Stage::Copy;
        }
        if ended {
            break;
        }
        let [_, item] = portfolio();
        let another = Debt { contract: None, ..sample::debt("d2", ID, date(2027, 3, 10)) };
        let another = Item::Debt { debtor: None, debt: Box::new(another), status: None };
        let taken = desk.gateway.commit(desk.now, |context| context.work.take_all(&[item, another], "erp")).unwrap();
        assert_eq!(taken, [Ok(Taken::Created); 2], "after {steps} steps");
        come_in += 1;
        assert_eq!(desk.go_on(begun.key), Stage::Done, "after {steps} steps");
        assert_eq!(desk.reader().debtor(ID).unwrap().unwrap(), debtor(), "after {steps} steps");
        let debts = "SELECT count(*) FROM debt JOIN dunning_case USING (creditor, debtor) WHERE status = 'open'";
        assert_eq!(desk.rows(debts), 2, "after {steps} steps");
        // Nothing of before is theirs.
        let before = "SELECT (SELECT count(*) FROM debt_event) + (SELECT count(*) FROM standing)
             + (SELECT count(*) FROM debtor_hours) + (SELECT count(*) FROM message WHERE text <> '')";
        assert_eq!(desk.rows(before), 0, "after {steps} steps");
    }
    assert!(come_in > 10, "{come_in}");
}

#[test]
fn a_debt_without_its_debtor_is_not_taken_in_while_the_debtor_is_erased() {
    let mut desk = Desk::new(unlimited());
    desk.life_of_a_debtor();
    let begun = desk.begin(&order(Person::Debtor(ID.into())));
    let another = Item::Debt { debtor: None, debt: Box::new(sample::debt("d2", ID, date(2027, 3, 10))), status: None };
    let taken = desk.gateway.commit(desk.now, |context| context.work.take_each(&[another], "erp")).unwrap();
    assert_eq!(taken, [Err(Untaken::NoDebtor)]);
    assert_eq!(desk.go_on(begun.key), Stage::Done);
    assert_eq!(desk.rows("SELECT (SELECT count(*) FROM debtor) + (SELECT count(*) FROM debt)"), 0);
}

#[test]
fn an_erasure_that_waits_leaves_what_came_in_again_with_its_texts() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.gateway.commit(desk.now, |context| context.work.take_each(&portfolio(), "erp")).unwrap();
    let mut old = desk.submission(TEXT);
    old.labels.debtor = Some(ID.into());
    desk.try_submit(&old);
    let (modem, lease) = desk.hand_over();
    let begun = desk.begin(&ErasureOrder { suppress: false, ..order(Person::Debtor(ID.into())) });
    assert_eq!(desk.go_on(begun.key), Stage::Waits);
    desk.gateway.commit(desk.now, |context| context.work.take_each(&portfolio(), "erp")).unwrap();
    let mut new = desk.submission("nova");
    new.labels.debtor = Some(ID.into());
    desk.try_submit(&new);
    let link = "INSERT INTO message_debt SELECT (SELECT max(key) FROM message), key FROM debt";
    assert_eq!(desk.gateway.store().connection().execute(link, []), Ok(1));
    desk.settle(&modem, lease.segment, Settlement::Accepted { tp_mr: 7 });
    desk.status_report("m1", 7, "+5511987654321", 0);
    assert_eq!(desk.go_on(begun.key), Stage::Done);
    assert_eq!(desk.view(old.id).text.0, "");
    assert_eq!((desk.view(new.id).text.0.as_str(), desk.state(new.id)), ("nova", MessageState::Queued));
    assert_eq!(desk.rows("SELECT count(*) FROM message_debt"), 1);
}

#[test]
fn of_a_debtor_with_many_debts_a_few_go_at_a_time() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let many: Vec<Item> = (0..95)
        .map(|each| sample::debt(&format!("many-{each}"), ID, date(2026, 11, 10)))
        .map(|debt| Item::Debt { debtor: None, debt: Box::new(debt), status: None })
        .collect();
    let items: Vec<Item> = portfolio().into_iter().chain(many).collect();
    desk.gateway.commit(desk.now, |context| context.work.take_each(&items, "erp")).unwrap();
    let begun = desk.begin(&order(Person::Debtor(ID.into())));
    desk.roll_up();
    desk.step(begun.key);
    let left = desk.rows("SELECT count(*) FROM debt");
    assert!((1..96).contains(&left), "{left}");
    assert_eq!(desk.go_on(begun.key), Stage::Done);
    assert_eq!(desk.rows("SELECT (SELECT count(*) FROM debtor) + (SELECT count(*) FROM debt)"), 0);
    let counts = desk.erasure(begun.key).counts;
    assert!(counts.contains(&("debts".to_owned(), 96)), "{counts:?}");
}

#[test]
fn a_text_on_the_wire_is_emptied_once_its_report_is_there() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit(TEXT);
    let (modem, lease) = desk.hand_over();
    let begun = desk.begin(&order(Person::Number(number())));
    assert_eq!(begun.stopped.on_wire, [id]);
    assert_eq!(desk.go_on(begun.key), Stage::Waits);
    assert_eq!((desk.erasure(begun.key).state.as_str(), desk.view(id).text.0.as_str()), ("waiting", TEXT));
    desk.settle(&modem, lease.segment, Settlement::Accepted { tp_mr: 7 });
    assert_eq!(desk.go_on(begun.key), Stage::Waits);
    desk.status_report("m1", 7, "+5511987654321", 0);
    assert_eq!(desk.go_on(begun.key), Stage::Done);
    let view = desk.view(id);
    assert_eq!((view.state, view.to, view.text.0.as_str()), (MessageState::Delivered, None, ""));
    assert_eq!(desk.rows("SELECT count(*) FROM number_health"), 0);
}

#[test]
fn what_stays_unknown_or_without_report_is_emptied_when_no_report_counts_any_more() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let unknown = make_unknown(&mut desk, TEXT);
    let begun = desk.begin(&order(Person::Number(number())));
    assert_eq!(desk.go_on(begun.key), Stage::Waits);
    desk.pass(Duration::from_secs(3 * 24 * 3600 + 1));
    assert_eq!(desk.go_on(begun.key), Stage::Done);
    assert_eq!((desk.state(unknown), desk.view(unknown).to), (MessageState::Unknown, None));
}

#[test]
fn an_erasure_goes_on_after_a_kill() {
    let mut desk = Desk::new(unlimited());
    desk.life_of_a_debtor();
    let needles = Needles::of(&desk);
    let begun = desk.begin(&order(Person::Debtor(ID.into())));
    for steps in 0..200 {
        desk.roll_up();
        desk.restart();
        assert_eq!(desk.reader().open_erasures().unwrap(), [begun.key], "after {steps} steps");
        let stage = desk.gateway.commit(desk.now, |context| context.work.erase_some(begun.key)).unwrap();
        if stage == Stage::Copy {
            break;
        }
    }
    // Killed before the log was truncated.
    desk.restart();
    assert_eq!(desk.go_on(begun.key), Stage::Done);
    assert_eq!(needles.found(&desk), []);
    assert_eq!(desk.reader().open_erasures().unwrap(), []);
}

#[test]
fn a_number_is_taken_from_its_debtor_who_stays() {
    let mut desk = Desk::new(unlimited());
    desk.life_of_a_debtor();
    let begun = desk.begin(&order(Person::Number(number())));
    assert_eq!(desk.go_on(begun.key), Stage::Done);
    let left = desk.reader().debtor(ID).unwrap().unwrap();
    assert_eq!((left.name.as_deref(), left.numbers), (Some(NAME), vec![]));
    assert_eq!(desk.rows("SELECT count(*) FROM debt"), 1);
    assert_eq!(desk.rows("SELECT count(*) FROM message WHERE recipient <> 0 OR text <> ''"), 0);
}

#[test]
fn a_number_of_two_debtors_stays_with_the_other_one() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let of = |id: &str| Item::Debtor(Box::new(Debtor { id: id.into(), ..debtor() }));
    desk.gateway.commit(desk.now, |context| context.work.take_each(&[of(ID), of("husband")], "erp")).unwrap();
    let begun = desk.begin(&order(Person::Debtor(ID.into())));
    desk.go_on(begun.key);
    assert_eq!(desk.reader().debtor("husband").unwrap().unwrap().numbers, [number()]);
    assert!(desk.reader().debtor(ID).unwrap().is_none());
    let submission = desk.submission("para o marido");
    assert_eq!(desk.try_submit(&submission), queued(Verdict::Go));
}

#[test]
fn who_may_be_texted_again_may_and_a_late_repeat_brings_no_second_text() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let mut first = desk.submission("um");
    first.client_ref = Some("r1".into());
    desk.try_submit(&first);
    desk.send(1);
    desk.status_report("m1", 1, "+5511987654321", 0);
    let begun = desk.begin(&ErasureOrder { suppress: false, ..order(Person::Number(number())) });
    desk.go_on(begun.key);
    assert_eq!(desk.try_submit(&first), SubmitAnswer::DuplicateRef(first.id));
    let second = desk.submission("dois");
    assert_eq!(desk.try_submit(&second), queued(Verdict::Go));
}

#[test]
fn budgets_of_recipients_stand_although_numbers_are_gone() {
    let mut desk = Desk::new(Limits { recipients_per_month: 1, ..unlimited() });
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.send(1);
    desk.status_report("m1", 1, "+5511987654321", 0);
    let begun = desk.begin(&order(Person::Number(number())));
    desk.go_on(begun.key);
    desk.restart();
    desk.plug("m1", "sim-a");
    let used = desk.gateway.store().board().sims(desk.now);
    let recipients = |sim: &crate::store::board::SimStatus| {
        sim.levels.iter().find(|one| one.period.name() == "recipients").map(|one| one.used)
    };
    assert_eq!(used.iter().filter_map(recipients).collect::<Vec<_>>(), [1]);
    assert_eq!(desk.rows("SELECT count(*) FROM spend WHERE recipient > 0"), 0);
}

#[test]
fn a_blocked_person_is_seen_by_an_export_alone_until_the_date() {
    let mut desk = Desk::new(unlimited());
    desk.life_of_a_debtor();
    let needles = Needles::of(&desk);
    let until = desk.now + Duration::from_secs(30 * 24 * 3600);
    let begun = desk.begin(&ErasureOrder { until: Some(until), ..order(Person::Debtor(ID.into())) });
    assert_eq!(desk.go_on(begun.key), Stage::Held(until));
    assert_eq!(desk.erasure(begun.key).state, "blocked");
    assert!(desk.reader().debtor(ID).unwrap().is_none());
    assert_eq!(desk.rows("SELECT count(*) FROM inbound WHERE text <> ''"), 0);
    let export = |desk: &Desk, person| {
        desk.reader().export(&person, &Secret::new([0; 32]), desk.now).unwrap().unwrap_or(Value::Null)
    };
    for person in [Person::Debtor(ID.into()), Person::Number(number())] {
        let held = export(&desk, person);
        assert_eq!(held.pointer("/blocked/0/tables/debtor/0/name"), Some(&NAME.into()), "{held:#}");
        assert_eq!(held.pointer("/blocked/0/tables/message/0/text"), Some(&TEXT.into()));
    }
    desk.now = until;
    desk.restart();
    assert_eq!(desk.go_on(begun.key), Stage::Done);
    assert_eq!(needles.found(&desk), []);
    assert_eq!(export(&desk, Person::Debtor(ID.into())), Value::Null);
}

#[test]
fn an_export_has_everything_and_nobody_elses() {
    let mut desk = Desk::new(unlimited());
    desk.life_of_a_debtor();
    let waiting = desk.submit("ainda");
    let other = Item::Debtor(Box::new(Debtor { name: Some("Rui".into()), numbers: vec![], ..sample::debtor("rui") }));
    desk.gateway.commit(desk.now, |context| context.work.take_each(&[other], "erp")).unwrap();
    let export = desk.reader().export(&Person::Debtor(ID.into()), &Secret::new([0; 32]), desk.now).unwrap().unwrap();
    let tables = export["tables"].as_object().unwrap();
    for (table, rows) in [
        ("message", 3),
        ("segment", 3),
        ("inbound", 2),
        ("received", 4),
        ("part_set", 1),
        ("call", 1),
        ("debtor", 1),
        ("debtor_number", 1),
        ("debt", 1),
        ("debt_event", 1),
        ("suppression", 1),
        ("standing", 2),
        ("debtor_hours", 1),
        ("confirmed_number", 1),
        ("conversation", 1),
        ("parked_report", 1),
    ] {
        assert_eq!(tables.get(table).and_then(Value::as_array).map(Vec::len), Some(rows), "{table}");
    }
    let written = export.to_string();
    assert!(written.contains(&waiting.to_string()) || written.contains("ainda"));
    assert!(written.contains("segment.accepted") && written.contains("Joaquina Xavier wrote"));
    assert!(!written.contains("Rui"));
    let nobody = desk.reader().export(&Person::Debtor("nobody".into()), &Secret::new([0; 32]), desk.now).unwrap();
    assert!(nobody.is_none());
}

#[test]
fn rows_of_a_list_are_emptied_and_the_list_goes_on_without_them() {
    let desk = Desk::new(unlimited());
    let conn = desk.gateway.store().connection();
    conn.execute_batch(
        "INSERT INTO campaign (key, name, definition, creditor, at, client, state, zone) VALUES (1, 'c', '{}', 'loja', 0, 'x', 'draft', 'UTC');
         INSERT INTO campaign_row VALUES (1, 1, 5511987654321, NULL, NULL, '{\"nome\":\"Joaquina\"}'), (1, 2, 5511987650000, NULL, NULL, NULL)",
    )
    .unwrap();
    let mut desk = desk;
    let begun = desk.begin(&order(Person::Number(number())));
    desk.go_on(begun.key);
    let left: Vec<CampaignRow> = {
        let key = crate::store::campaign::CampaignKey(1);
        desk.reader().campaign_rows(key, 0, 9).unwrap()
    };
    assert_eq!(left.iter().map(|row| (row.to.is_some(), row.given.len())).collect::<Vec<_>>(), [(false, 0), (true, 0)]);
}

#[test]
fn of_a_debtor_whom_nobody_knows_nothing_is_begun() {
    let mut desk = Desk::new(unlimited());
    let order = order(Person::Debtor("nobody".into()));
    let begun = desk.gateway.commit(desk.now, |context| context.work.begin_erasure(&order)).unwrap();
    assert!(begun.is_none());
}
