//! What modems receive, and what is remembered of SIMs.

use super::*;
use crate::pdu::InformationElement;
use crate::sms::received::Skipped;
use crate::sms::sample;

#[test]
fn an_answer_is_tied_to_the_message_that_it_answers() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit("um");
    desk.send(5);
    desk.receive("m1", deliver("+5511987654321", "já paguei 😀", None));
    let inbox = desk.reader().inbox(Page::After(0), 10, &[]).unwrap();
    let texts: Vec<_> = inbox.iter().map(|i| (i.text.0.as_str(), i.message, i.parts)).collect();
    assert_eq!(texts, [("já paguei 😀", Some(id), 1)]);
}

#[test]
fn parts_arrive_in_any_order_over_restarts_and_twice() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let part = |seq| Some(Concat { reference: 9, total: 3, seq, bits: 8 });
    desk.receive("m1", deliver("+5511987654321", "três", part(3)));
    desk.receive("m1", deliver("+5511987654321", "um ", part(1)));
    desk.restart();
    desk.plug("m1", "sim-a");
    desk.receive("m1", deliver("+5511987654321", "um ", part(1)));
    assert!(desk.reader().inbox(Page::After(0), 10, &[]).unwrap().is_empty());
    desk.receive("m1", deliver("+5511987654321", "dois ", part(2)));
    desk.receive("m1", deliver("+5511987654321", "dois ", part(2)));
    let inbox = desk.reader().inbox(Page::After(0), 10, &[]).unwrap();
    let texts: Vec<_> = inbox.iter().map(|i| (i.text.0.as_str(), i.parts)).collect();
    assert_eq!(texts, [("um dois três", 3)]);
}

#[test]
fn what_cannot_be_decoded_is_kept_and_stops_nothing() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.receive("m1", vec![0x00, 0x04, 0xFF]);
    desk.receive("m1", deliver("Banco", "ok", None));
    assert_eq!(texts(&desk), ["ok"]);
    assert_eq!(skipped(&mut desk), [Skipped::Undecodable]);
    let sql = "SELECT pdu FROM received WHERE remark IS NOT NULL";
    let kept: Vec<u8> = desk.gateway.store().connection().query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(kept, [0x00, 0x04, 0xFF]);
}

fn texts(desk: &Desk) -> Vec<String> {
    desk.reader().inbox(Page::After(0), 100, &[]).unwrap().into_iter().map(|item| item.text.0).collect()
}

fn skipped(desk: &mut Desk) -> Vec<Skipped> {
    let facts = desk.gateway.take_facts();
    let skipped = |fact| if let Fact::Skipped(skipped) = fact { Some(skipped) } else { None };
    facts.into_iter().filter_map(skipped).collect()
}

/// A DELIVER as it is, from +5511987654321.
fn raw(tp_pid: u8, tp_dcs: u8, user_data: UserData) -> Vec<u8> {
    Pdu { smsc: None, tpdu: Tpdu::Deliver(sample::deliver(tp_pid, tp_dcs, user_data)) }.encode().unwrap().octets
}

fn plain(text: &str) -> UserData {
    UserData::from_gsm7(text).unwrap()
}

#[test]
fn what_is_not_for_people_is_taken_from_the_modem_and_counted() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let ports = InformationElement { iei: 0x05, data: vec![0x0B, 0x84, 0x23, 0xF0] };
    let push = UserData::from_octets(Some(Udh { elements: vec![ports] }), vec![1, 6, 7]);
    for octets in [
        raw(0x40, 0x00, plain("silent")),
        raw(0x7F, 0xF6, UserData::from_octets(None, vec![1, 2])),
        raw(0x00, 0xF5, push),
        raw(0x00, 0xC8, plain("voicemail")),
        raw(0x00, 0x04, UserData::from_octets(None, vec![3, 4])),
    ] {
        // Each is confirmed as stored, so that the modem deletes or acknowledges it.
        desk.receive("m1", octets);
    }
    assert_eq!(texts(&desk), Vec::<String>::new());
    let expected = [Skipped::Silent, Skipped::SimDownload, Skipped::Push, Skipped::Waiting, Skipped::Binary];
    assert_eq!(skipped(&mut desk), expected);
    let kinds: Vec<String> =
        desk.reader().events(Page::After(0), 100, &[]).unwrap().into_iter().map(|event| event.kind).collect();
    assert!(!kinds.iter().any(|kind| kind.starts_with("inbound")), "{kinds:?}");
}

#[test]
fn an_indication_with_a_text_and_a_class_0_message_are_texts() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.receive("m1", raw(0x00, 0xD8, plain("two calls")));
    desk.receive("m1", raw(0x00, 0xE8, UserData::from_ucs2("três")));
    desk.receive("m1", raw(0x00, 0x10, plain("class 0")));
    assert_eq!(texts(&desk), ["two calls", "três", "class 0"]);
}

#[test]
fn a_report_in_the_words_of_the_operator_is_a_text() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit("um");
    desk.send(1);
    desk.receive("m1", deliver("Operadora", "Sua mensagem foi entregue", None));
    assert_eq!(texts(&desk), ["Sua mensagem foi entregue"]);
    assert_eq!(desk.state(id), MessageState::Accepted);
}

const DAY: Duration = Duration::from_secs(24 * 3600);

fn part(reference: u16, total: u8, seq: u8, text: &str) -> Vec<u8> {
    deliver("+5511987654321", text, Some(Concat { reference, total, seq, bits: 8 }))
}

/// The same, as the centre got it at another time.
fn part_at(seconds: i64, reference: u16, total: u8, seq: u8, text: &str) -> Vec<u8> {
    let octets = part(reference, total, seq, text);
    let mut pdu = Pdu::decode(&octets, Direction::Mt).unwrap();
    if let Tpdu::Deliver(deliver) = &mut pdu.tpdu {
        let at = deliver.tp_scts.unix_seconds() + seconds;
        deliver.tp_scts = Scts::from_unix_seconds(at, -12).unwrap();
    }
    pdu.encode().unwrap().octets
}

/// What the inbox shows: text, parts, those that are missing, and what it replaces.
fn shown(desk: &Desk) -> Vec<(String, u32, Vec<u8>, Option<i64>)> {
    let inbox = desk.reader().inbox(Page::After(0), 100, &[]).unwrap();
    inbox.into_iter().map(|item| (item.text.0, item.parts, item.missing, item.replaces)).collect()
}

fn inbound_events(desk: &Desk) -> Vec<(String, String)> {
    let events = desk.reader().events(Page::After(0), 1_000, &[]).unwrap().into_iter();
    let inbound = events.filter(|event| event.kind.starts_with("inbound"));
    inbound.map(|event| (event.kind, without_understanding(&event.data.unwrap_or_default()))).collect()
}

/// What was understood has tests of its own.
fn without_understanding(data: &str) -> String {
    let mut data: serde_json::Value = serde_json::from_str(data).unwrap();
    data.as_object_mut().unwrap().remove("understood");
    data.to_string()
}

#[test]
fn a_text_without_its_rest_is_published_a_day_after_its_first_part() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.receive("m1", part(9, 4, 4, "quatro"));
    let first = desk.now;
    desk.pass(Duration::from_secs(20 * 3600));
    desk.receive("m1", part(9, 4, 1, "um"));
    assert_eq!(desk.gateway.store().board().deadline(), Some(first + DAY));
    desk.restart();
    desk.pass(Duration::from_secs(4 * 3600 - 1));
    assert_eq!(shown(&desk), []);
    desk.pass(Duration::from_secs(1));
    assert_eq!(shown(&desk), [("um […] quatro".to_owned(), 2, vec![2, 3], None)]);
    let expected = ("inbound.partial".to_owned(), r#"{"inbound":1,"missing":[2,3],"parts":2}"#.to_owned());
    assert_eq!(inbound_events(&desk), [expected]);
    desk.pass(DAY);
    assert_eq!(shown(&desk).len(), 1, "once");
    assert_eq!(desk.gateway.store().board().deadline(), None);
}

#[test]
fn parts_that_come_after_that_show_the_whole_text_again() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.receive("m1", part(9, 3, 1, "um "));
    desk.pass(DAY);
    desk.pass(3 * DAY);
    desk.restart();
    desk.plug("m1", "sim-a");
    desk.receive("m1", part(9, 3, 3, "três"));
    assert_eq!(shown(&desk).len(), 1, "the second may come too");
    desk.receive("m1", part(9, 3, 2, "dois "));
    let expected = [("um  […]".to_owned(), 1, vec![2, 3], None), ("um dois três".to_owned(), 3, Vec::new(), Some(1))];
    assert_eq!(shown(&desk), expected);
    let (kind, data) = inbound_events(&desk).pop().unwrap();
    assert_eq!((kind.as_str(), data.as_str()), ("inbound.received", r#"{"inbound":2,"parts":3,"replaces":1}"#));
    let received = desk.gateway.take_facts().into_iter().filter(|fact| matches!(fact, Fact::Received(_))).count();
    assert_eq!(received, 0, "since the restart nothing new was counted");
}

#[test]
fn late_parts_that_do_not_complete_it_wait_a_day_of_their_own() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.receive("m1", part(9, 3, 1, "um"));
    desk.pass(DAY);
    desk.receive("m1", part(9, 3, 3, "três"));
    desk.pass(DAY);
    let expected = [("um […]".to_owned(), 1, vec![2, 3], None), ("um […] três".to_owned(), 2, vec![2], Some(1))];
    assert_eq!(shown(&desk), expected);
}

#[test]
fn a_reference_that_comes_back_after_a_day_begins_another_text() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let day = 24 * 3600;
    // Both were kept by the modem while nobody read it.
    desk.receive("m1", part_at(0, 9, 2, 1, "antigo "));
    desk.receive("m1", part_at(day, 9, 2, 2, "novo"));
    assert_eq!(shown(&desk), []);
    desk.receive("m1", part_at(day + 4, 9, 2, 1, "texto "));
    assert_eq!(shown(&desk), [("texto novo".to_owned(), 2, Vec::new(), None)]);
    desk.pass(DAY);
    assert_eq!(shown(&desk).pop(), Some(("antigo  […]".to_owned(), 1, vec![2], None)));
}

#[test]
fn a_reference_that_comes_back_sooner_ends_the_text_before_it() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.receive("m1", part_at(0, 9, 2, 1, "antigo"));
    desk.receive("m1", part_at(3600, 9, 2, 1, "texto "));
    assert_eq!(shown(&desk), [("antigo […]".to_owned(), 1, vec![2], None)]);
    desk.receive("m1", part_at(3604, 9, 2, 2, "novo"));
    assert_eq!(shown(&desk).pop(), Some(("texto novo".to_owned(), 2, Vec::new(), None)));
    desk.receive("m1", part_at(7200, 9, 2, 2, "mais"));
    desk.receive("m1", part_at(7200, 9, 2, 1, "um a "));
    assert_eq!(shown(&desk).pop(), Some(("um a mais".to_owned(), 2, Vec::new(), None)));
}

#[test]
fn a_part_that_is_sent_twice_counts_once_also_when_the_text_is_published() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.receive("m1", part_at(0, 9, 2, 1, "um "));
    desk.receive("m1", part_at(30, 9, 2, 1, "um "));
    desk.receive("m1", part_at(2, 9, 2, 2, "dois"));
    desk.receive("m1", part_at(60, 9, 2, 2, "dois"));
    desk.pass(3 * DAY);
    assert_eq!(shown(&desk), [("um dois".to_owned(), 2, Vec::new(), None)]);
}

#[test]
fn parts_of_other_senders_totals_widths_and_sims_are_others() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.plug("m2", "sim-b");
    desk.receive("m1", part(9, 2, 1, "um "));
    desk.receive("m2", part(9, 2, 2, "x"));
    desk.receive("m1", part(9, 3, 2, "x"));
    desk.receive("m1", deliver("+5511900000000", "x", Some(Concat { reference: 9, total: 2, seq: 2, bits: 8 })));
    desk.receive("m1", deliver("+5511987654321", "x", Some(Concat { reference: 9, total: 2, seq: 2, bits: 16 })));
    assert_eq!(shown(&desk), []);
    desk.receive("m1", part(9, 2, 2, "dois"));
    assert_eq!(shown(&desk), [("um dois".to_owned(), 2, Vec::new(), None)]);
}

#[test]
fn a_clock_that_is_set_back_keeps_no_part_waiting_for_longer_than_a_day() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let true_time = desk.now;
    desk.now = desk.now + 30 * DAY;
    desk.receive("m1", part(9, 2, 1, "um"));
    desk.now = true_time;
    assert!(desk.loads().is_empty());
    desk.pass(DAY);
    assert_eq!(shown(&desk).len(), 1);
}

#[test]
fn an_answer_in_another_form_of_the_number_is_tied_and_goes_back_in_the_one_that_is_known() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.plug("m2", "sim-b");
    let labels = Labels { debtor: Some("d-7".into()), ..Labels::default() };
    let submission = Submission { labels, sim: Some("norte".into()), ..desk.submission("um") };
    desk.try_submit(&submission);
    assert_eq!(desk.hand_over().0, "m2");
    desk.settle("m2", SegmentId(1), Settlement::Accepted { tp_mr: 1 });
    // Before the ninth digit.
    desk.receive("m2", deliver("+551187654321", "quem fala?", None));
    let inbox = desk.reader().inbox(Page::After(0), 10, &[]).unwrap();
    assert_eq!((inbox[0].message, inbox[0].debtor.as_deref()), (Some(submission.id), Some("d-7")));
    assert_eq!(inbox[0].from.as_str(), "+551187654321");
    let answer = Submission { purpose: Purpose::Reply, ..desk.submission("de nada") };
    desk.try_submit(&answer);
    assert_eq!(desk.load().0, "m2");
}

#[test]
fn what_nobody_wrote_to_for_a_month_is_answered_by_nothing() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.send(1);
    desk.pass(30 * DAY + Duration::from_secs(1));
    desk.receive("m1", deliver("+5511987654321", "oi", None));
    desk.receive("m1", deliver("7654321", "Saldo", None));
    let inbox = desk.reader().inbox(Page::After(0), 10, &[]).unwrap();
    assert_eq!(inbox.iter().map(|item| item.message).collect::<Vec<_>>(), [None, None]);
}

#[test]
fn an_answer_by_the_sim_of_an_older_message_answers_that_one() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let older = desk.submit("um");
    desk.send(1);
    desk.report("m1", &[Report::Down { reason: "the port is gone".into() }]);
    desk.plug("m2", "sim-b");
    let newer = desk.submit("dois");
    desk.send(1);
    desk.plug("m1", "sim-a");
    for modem in ["m1", "m2"] {
        desk.receive(modem, deliver("+5511987654321", modem, None));
    }
    let inbox = desk.reader().inbox(Page::After(0), 10, &[]).unwrap();
    assert_eq!(inbox.iter().map(|item| item.message).collect::<Vec<_>>(), [Some(older), Some(newer)]);
}

#[test]
fn who_answers_an_unknown_message_answers_that_one() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = make_unknown(&mut desk, "um");
    desk.receive("m1", deliver("+5511987654321", "oi", None));
    assert_eq!(desk.reader().inbox(Page::After(0), 10, &[]).unwrap()[0].message, Some(id));
    assert_eq!(desk.state(id), MessageState::Unknown, "that is a hint and no proof");
}

#[test]
fn a_call_is_kept_with_the_last_message_to_the_caller_and_a_hidden_one_too() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit("um");
    desk.send(1);
    let from = |number: &str| Report::Call { from: Some(Sender::new(number)) };
    desk.report("m1", &[from("011987654321"), Report::Call { from: None }, from("+5511900000000")]);
    desk.restart();
    let calls = desk.reader().calls(Page::After(0), 10, &[]).unwrap();
    let calls: Vec<_> = calls.iter().map(|c| (c.from.as_ref().map(Sender::as_str), c.message)).collect();
    assert_eq!(calls, [(Some("011987654321"), Some(id)), (None, None), (Some("+5511900000000"), None)]);
    let events = inbound_events(&desk);
    assert_eq!(events.len(), 3);
    assert!(events.iter().all(|(kind, data)| kind == "inbound.call" && !data.contains("987654")), "{events:?}");
    assert!(desk.reader().inbox(Page::After(0), 10, &[]).unwrap().is_empty());
}

#[test]
fn a_pin_is_remembered_by_its_digest_until_its_sim_is_ready() {
    let mut desk = Desk::new(unlimited());
    let mark = [7; 32];
    desk.gateway.commit(desk.now, |context| context.work.spend_pin("sim-a", &mark)).unwrap();
    desk.restart();
    assert_eq!(desk.reader().refused_pins().unwrap(), [("sim-a".to_owned(), mark)]);
    desk.plug("m1", "sim-a");
    assert!(desk.reader().refused_pins().unwrap().is_empty());
    desk.submit("um");
    desk.send(1);
}

#[test]
fn a_text_that_begins_like_one_that_is_whole_is_another_text() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.receive("m1", part_at(0, 9, 2, 1, "Prezada, "));
    desk.receive("m1", part_at(2, 9, 2, 2, "paguei"));
    // The reference has come back within the day, with the same first part.
    desk.receive("m1", part_at(3600, 9, 2, 1, "Prezada, "));
    desk.receive("m1", part_at(3602, 9, 2, 2, "quando vence?"));
    assert_eq!(texts(&desk), ["Prezada, paguei", "Prezada, quando vence?"]);
    // And in the other order.
    desk.receive("m1", part_at(7202, 9, 2, 2, "obrigada"));
    desk.receive("m1", part_at(7200, 9, 2, 1, "Prezada, "));
    assert_eq!(texts(&desk).last().unwrap(), "Prezada, obrigada");
    assert_eq!(desk.gateway.deadline(desk.now), None, "nothing waits for its rest");
}

#[test]
fn a_part_that_comes_late_joins_the_parts_that_came_to_the_centre_with_it() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.receive("m1", part_at(0, 9, 2, 1, "um "));
    desk.receive("m1", part_at(7200, 9, 2, 1, "três "));
    desk.receive("m1", part_at(4, 9, 2, 2, "dois"));
    desk.receive("m1", part_at(7204, 9, 2, 2, "quatro"));
    let whole: Vec<String> = shown(&desk).into_iter().filter(|item| item.2.is_empty()).map(|item| item.0).collect();
    assert_eq!(whole, ["um dois", "três quatro"]);
}
