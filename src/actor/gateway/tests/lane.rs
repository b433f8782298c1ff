//! Lanes of batches that are over.

use super::*;

const DAY: Duration = Duration::from_secs(24 * 3600);

impl Desk {
    fn submit_in(&mut self, batch: &str) -> MessageId {
        let labels = Labels { batch: Some(batch.into()), ..Labels::default() };
        let submission = Submission { labels, ..self.submission("um") };
        assert!(matches!(self.try_submit(&submission), SubmitAnswer::Queued(_)));
        submission.id
    }

    fn batches(&self) -> Vec<String> {
        let mut statement =
            self.gateway.store().connection().prepare("SELECT batch FROM lane WHERE batch <> '' ORDER BY key").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }
}

#[test]
fn the_lane_of_a_batch_that_is_over_for_a_day_is_removed_and_made_again_when_it_is_used() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    for (tp_mr, batch) in [(1, "a"), (2, "b")] {
        desk.submit_in(batch);
        desk.send(tp_mr);
    }
    let waiting = desk.submit_in("c");
    desk.pass(Duration::from_secs(24 * 3600 - 1));
    // One of a day ago that is used again is not over.
    desk.submit_in("b");
    assert_eq!(desk.batches(), ["a", "b", "c"]);
    desk.pass(Duration::from_secs(1));
    assert_eq!(desk.batches(), ["b", "c"], "and the last number is not given twice");
    desk.check();
    let again = desk.submit_in("a");
    assert_eq!(desk.batches(), ["b", "c", "a"]);
    desk.send(3);
    desk.send(4);
    assert_eq!((desk.state(again), desk.state(waiting)), (MessageState::Accepted, MessageState::Expired));
}

#[test]
fn a_lane_to_which_something_may_come_back_stays() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let lost = desk.submit_in("a");
    let (modem, lease) = desk.hand_over();
    desk.settle(&modem, lease.segment, Settlement::Unknown { why: UnknownWhy::PortLost });
    desk.submit_in("b");
    desk.send(1);
    desk.pass(3 * DAY);
    assert_eq!(desk.batches(), ["a", "b"]);
    resolve(&mut desk, lost, Decision::GiveUp);
    desk.pass(DAY);
    assert_eq!(desk.batches(), ["b"]);
}

#[test]
fn many_lanes_are_removed_in_small_steps_also_after_a_restart() {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    for number in 0..120_u8 {
        desk.submit_in(&format!("batch {number}"));
        desk.send(number);
    }
    desk.now = desk.now + 2 * DAY;
    desk.restart();
    let mut left = Vec::new();
    for _ in 0..3 {
        desk.pass(Duration::ZERO);
        left.push(desk.batches().len());
    }
    assert_eq!(left, [70, 20, 1]);
}
