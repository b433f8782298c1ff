//! The same submission again, after its message is over.

use super::*;

fn first(desk: &mut Desk) -> Submission {
    let first = Submission { client_ref: Some("A1".into()), ..desk.submission("um") };
    assert!(matches!(desk.try_submit(&first), SubmitAnswer::Queued(_)));
    desk.pass(Duration::from_secs(25 * 3600));
    assert_eq!(desk.state(first.id), MessageState::Expired);
    first
}

#[test]
fn a_repeat_of_what_has_expired_is_a_repeat() {
    let mut desk = Desk::new(unlimited());
    let first = first(&mut desk);
    // As with a validity from the due time, which every submission reckons anew.
    let expires = desk.now + Duration::from_secs(24 * 3600);
    let repeat = Submission { id: MessageId::new(desk.now, [77; 10]), due: desk.now, expires, ..first.clone() };
    assert_eq!(desk.try_submit(&repeat), SubmitAnswer::Repeated(first.id));
    assert!(desk.reader().message(repeat.id).unwrap().is_none());
}

#[test]
fn a_repeat_with_the_time_at_which_it_expired_is_told_how_the_first_stands() {
    let mut desk = Desk::new(unlimited());
    let first = first(&mut desk);
    let repeat = Submission { id: MessageId::new(desk.now, [77; 10]), ..first.clone() };
    assert_eq!(desk.try_submit(&repeat), SubmitAnswer::Repeated(first.id));
}
