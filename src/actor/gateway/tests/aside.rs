//! Rows that cannot be read, and the work beside them that goes on.

use super::*;

impl Desk {
    fn sql(&self, sql: &str, id: MessageId) -> usize {
        self.gateway.store().connection().execute(sql, [id.as_bytes()]).unwrap()
    }

    /// No number has this digit.
    fn spoil(&self, id: MessageId) {
        assert_eq!(self.sql("UPDATE message SET recipient = -5 WHERE id = ?", id), 1);
    }

    /// Messages that were set aside since the last call.
    fn set_aside(&mut self) -> Vec<i64> {
        let key = |fact| if let Fact::SetAside { table: "message", key, .. } = fact { Some(key) } else { None };
        self.gateway.take_facts().into_iter().filter_map(key).collect()
    }

    /// A person looks after it: the rest is as it should be.
    fn bury(&self, id: MessageId) {
        for sql in [
            "UPDATE tally SET messages = messages - 1 WHERE state = (SELECT state FROM message WHERE id = ?)",
            "DELETE FROM segment WHERE message = (SELECT key FROM message WHERE id = ?)",
            "DELETE FROM message WHERE id = ?",
        ] {
            self.sql(sql, id);
        }
        self.check();
    }
}

#[test]
fn a_message_that_cannot_be_read_stops_nothing_else_that_is_due_and_is_told_once() {
    let mut desk = Desk::new(unlimited());
    let (bad, good) = (desk.submit("um"), desk.submit("dois"));
    desk.spoil(bad);
    desk.pass(Duration::from_secs(24 * 3600));
    assert_eq!(desk.state(good), MessageState::Expired);
    assert_eq!(desk.set_aside(), [1]);
    assert_eq!(desk.gateway.store().board().deadline(), None, "it is not due any more");
    desk.restart();
    desk.pass(Duration::from_secs(3600));
    assert_eq!(desk.set_aside(), [0; 0]);
    desk.bury(bad);
}

#[test]
fn an_unknown_part_that_cannot_be_read_does_not_stop_the_policies_of_others() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let on_unknown = OnUnknown::ResendAfter(Duration::from_secs(1800));
    let [bad, good] = ["um", "dois"].map(|text| {
        let submission = Submission { on_unknown, ..desk.submission(text) };
        desk.try_submit(&submission);
        let (modem, lease) = desk.hand_over();
        desk.settle(&modem, lease.segment, Settlement::Unknown { why: UnknownWhy::PortLost });
        submission.id
    });
    desk.spoil(bad);
    desk.pass(Duration::from_secs(1800));
    assert_eq!(desk.set_aside(), [1]);
    desk.send(1);
    assert_eq!(desk.state(good), MessageState::Accepted);
    desk.bury(bad);
}

#[test]
fn a_message_that_cannot_be_read_is_looked_past_in_the_queue() {
    for spoiled in [
        "UPDATE message SET recipient = -5 WHERE id = ?",
        "UPDATE segment SET pdu = x'00' WHERE message = (SELECT key FROM message WHERE id = ?)",
        "UPDATE segment SET attempts = -1 WHERE message = (SELECT key FROM message WHERE id = ?)",
    ] {
        let mut desk = Desk::new(unlimited());
        desk.plug("m1", "sim-a");
        let (bad, good) = (desk.submit("um"), desk.submit("dois"));
        assert_eq!(desk.sql(spoiled, bad), 1);
        desk.send(1);
        assert_eq!((desk.state(good), desk.set_aside()), (MessageState::Accepted, vec![1]));
        assert!(desk.loads().is_empty());
        desk.bury(bad);
    }
}

#[test]
fn a_start_with_a_part_on_the_wire_that_cannot_be_read_settles_the_others() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk.plug("m2", "sim-b");
    let (bad, good) = (desk.submit("um"), desk.submit("dois"));
    for (modem, lease) in desk.loads() {
        assert_eq!(desk.offer(&modem, lease.segment), Offer::Go);
    }
    desk.spoil(bad);
    desk.restart();
    assert_eq!(desk.state(good), MessageState::Unknown);
    desk.bury(bad);
}

#[test]
fn parts_of_a_text_that_are_not_there_do_not_stop_other_texts() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let part = |reference| Some(Concat { reference, total: 2, seq: 1, bits: 8 });
    desk.receive("m1", deliver("+5511987654321", "um", part(1)));
    desk.receive("m1", deliver("+5511987654321", "dois", part(2)));
    let sql = "UPDATE received SET part_set = NULL WHERE part_set = 1";
    assert_eq!(desk.gateway.store().connection().execute(sql, []).unwrap(), 1);
    desk.pass(Duration::from_secs(24 * 3600));
    let texts: Vec<String> =
        desk.reader().inbox(Page::After(0), 10, &[]).unwrap().into_iter().map(|item| item.text.0).collect();
    assert_eq!(texts, ["dois […]"]);
    assert_eq!(desk.gateway.deadline(desk.now), None);
}
