//! What modems receive, and what is remembered of SIMs.

use super::*;

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
    assert_eq!(desk.reader().inbox(Page::After(0), 10, &[]).unwrap().len(), 1);
    let sql = "SELECT count(*) FROM received WHERE remark IS NOT NULL";
    let kept: i64 = desk.gateway.store().connection().query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 1);
}

#[test]
fn a_refused_pin_is_remembered_by_its_digest() {
    let mut desk = Desk::new(unlimited());
    let mark = [7; 32];
    desk.report("m1", &[Report::PinRefused { iccid: "sim-a".into(), mark }]);
    desk.restart();
    assert_eq!(desk.reader().refused_pins().unwrap(), [("sim-a".to_owned(), mark)]);
    desk.plug("m1", "sim-a");
    desk.submit("um");
    desk.send(1);
}
