//! All that is known of a person when a message is for them.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::clock::Timestamp;
use crate::sms::message::Purpose;

use super::calendar::Class;
use super::frequency::{self, History, Limits};
use super::standing::Standing;
use super::suppression::Entry;
use super::{Addressee, Bounds, Lasts, Obstacle, Reason, bounds};

/// An answer to a text is one within this time; later it is a text of its own.
pub const REPLY_WITHIN: Duration = Duration::from_secs(24 * 3600);

/// What holds a companion until its time.
const BEFORE_ITS_FIRST: Obstacle = Obstacle { reason: Reason::Companion, lasts: Lasts::Open };

/// Whether a message follows another one, with which it counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Companion {
    /// It stands for itself.
    #[default]
    No,
    /// It follows one that the network has not taken.
    Waits,
    /// It follows one that the network has taken.
    Follows,
}

/// What is known of the person whom a message is for, looked up once and asked about as many times as one likes.
#[derive(Debug, Clone)]
pub struct Record {
    /// To whom and why.
    pub addressee: Addressee,
    /// What the ledger holds about the number.
    pub entries: Vec<Entry>,
    /// Whether the number may be texted while only listed ones are.
    pub is_listed: bool,
    /// How things stand.
    pub standing: Standing,
    /// Whether texts that ask for payment wait until the number is confirmed, and it is not.
    pub needs_confirmation: bool,
    /// What the person had and said.
    pub history: History,
    /// How often is allowed.
    pub limits: Limits,
    /// The hours that hold where the person may be.
    pub class: Class,
    /// Where the person's days begin and end.
    pub zone: TimeZone,
    /// Parts of this message have gone: what follows belongs to them.
    pub begun: bool,
    /// Whether it follows another message.
    pub companion: Companion,
}

impl Addressee {
    /// What binds a text to them at `at`, where they wrote last at `answered_at`. A reply to nobody is a text like any other.
    pub fn bounds(&self, answered_at: Option<Timestamp>, at: Timestamp) -> Bounds {
        let is_reply = self.purpose == Purpose::Reply && !self.confirms_opt_out;
        let answers = || answered_at.is_some_and(|last| at.saturating_since(last) <= REPLY_WITHIN);
        if is_reply && !answers() { bounds(Purpose::Collection) } else { bounds(self.purpose) }
    }
}

impl Record {
    /// The first thing in the way at `at`. `window` says what the hours of contact are at a time.
    pub fn obstacle(&self, window: impl Fn(Timestamp) -> Option<Obstacle>, at: Timestamp) -> Option<Obstacle> {
        let bounds = self.bounds(at);
        self.suppressed(at)
            .or_else(|| (!self.is_listed).then_some(Obstacle { reason: Reason::NotListed, lasts: Lasts::Open }))
            .or_else(|| bounds.minds_standing.then(|| self.held_by_standing(at)).flatten())
            .or_else(|| (self.companion == Companion::Waits).then_some(BEFORE_ITS_FIRST))
            .or_else(|| window(at))
            .or_else(|| (bounds.is_capped && !self.is_counted()).then(|| self.too_often(at)).flatten())
    }

    /// Whether it was counted before: its first part, or the message that it follows.
    pub fn is_counted(&self) -> bool {
        self.begun || self.companion != Companion::No
    }

    fn bounds(&self, at: Timestamp) -> Bounds {
        self.addressee.bounds(self.history.answered_at, at)
    }

    fn suppressed(&self, at: Timestamp) -> Option<Obstacle> {
        let Addressee { purpose, creditor, confirms_opt_out, .. } = &self.addressee;
        let covers = |entry: &Entry| entry.covers(*purpose, creditor.as_deref(), at);
        let is_forbidden = !confirms_opt_out && self.entries.iter().any(covers);
        is_forbidden.then_some(Obstacle { reason: Reason::Suppressed, lasts: Lasts::ForGood })
    }

    fn held_by_standing(&self, at: Timestamp) -> Option<Obstacle> {
        let is_offer = self.addressee.purpose == Purpose::Promotion;
        let standing = self.standing.obstacle(at).filter(|_| !is_offer || self.standing.holds_offers());
        let unconfirmed = Obstacle { reason: Reason::Unconfirmed, lasts: Lasts::Open };
        standing.or(self.needs_confirmation.then_some(unconfirmed))
    }

    fn too_often(&self, at: Timestamp) -> Option<Obstacle> {
        let mut limits = self.limits;
        if self.addressee.purpose == Purpose::Reply {
            // It is the answer that gave peace.
            limits.quiet_after_reply = Duration::ZERO;
        }
        frequency::obstacle(&limits, &self.history, self.addressee.text, &self.zone, at)
    }
}

#[cfg(test)]
mod tests {
    use super::super::frequency::Touch;
    use super::super::suppression::{Kind, Purposes};
    use super::super::{Habit, TextMark};
    use super::*;
    use crate::sms::number::PhoneNumber;

    const NOW: Timestamp = Timestamp::from_millis(1_795_525_200_000);
    const HOUR: Duration = Duration::from_secs(3600);

    fn record(purpose: Purpose) -> Record {
        Record {
            addressee: Addressee {
                number: PhoneNumber::from_digits("5511987654321").unwrap(),
                purpose,
                debtor: None,
                creditor: None,
                debt: None,
                text: TextMark([1; 16]),
                confirms_opt_out: false,
                habit: Habit::default(),
            },
            entries: Vec::new(),
            is_listed: true,
            standing: Standing::Open,
            needs_confirmation: false,
            history: History::default(),
            limits: Limits { max_per_day: 1, ..Limits::default() },
            class: Class::new(Purpose::Operational, [].into()),
            zone: TimeZone::UTC,
            begun: false,
            companion: Companion::No,
        }
    }

    fn texted(purpose: Purpose) -> Record {
        let touches = vec![Touch { at: NOW, text: TextMark([2; 16]) }];
        Record { history: History { touches, ..History::default() }, ..record(purpose) }
    }

    fn suppressed(purpose: Purpose) -> Record {
        let entry = Entry { kind: Kind::OptOut, purposes: Purposes::ALL, creditor: None, effective: NOW };
        Record { entries: vec![entry], ..record(purpose) }
    }

    fn closed(at: Timestamp) -> Obstacle {
        Obstacle { reason: Reason::Window, lasts: Lasts::Until(at + HOUR) }
    }

    fn check(record: &Record, expected: Option<Reason>) {
        let found = record.obstacle(|_| None, NOW).map(|obstacle| obstacle.reason);
        assert_eq!(found, expected, "{}", record.addressee.purpose.name());
    }

    #[test]
    fn nothing_in_the_way_is_nothing() {
        for purpose in Purpose::ALL {
            check(&record(purpose), None);
        }
    }

    #[test]
    fn who_is_suppressed_gets_nothing_of_any_purpose() {
        for purpose in Purpose::ALL {
            check(&suppressed(purpose), Some(Reason::Suppressed));
        }
    }

    #[test]
    fn the_confirmation_of_an_opt_out_goes_although_suppressed() {
        let mut confirmation = suppressed(Purpose::Reply);
        confirmation.addressee.confirms_opt_out = true;
        check(&confirmation, None);
    }

    #[test]
    fn caps_bind_what_asks_and_not_what_answers() {
        for purpose in [Purpose::Collection, Purpose::Reminder, Purpose::IdentityCheck, Purpose::Promotion] {
            check(&texted(purpose), Some(Reason::FrequencyDay));
        }
        for purpose in [Purpose::Confirmation, Purpose::Operational] {
            check(&texted(purpose), None);
        }
        let mut reply = texted(Purpose::Reply);
        reply.history.answered_at = Some(NOW - HOUR);
        check(&reply, None);
    }

    #[test]
    fn a_reply_to_nobody_is_a_text_like_any_other() {
        check(&texted(Purpose::Reply), Some(Reason::FrequencyDay));
        let mut late = texted(Purpose::Reply);
        late.history.answered_at = Some(NOW - 25 * HOUR);
        check(&late, Some(Reason::FrequencyDay));
    }

    #[test]
    fn who_has_paid_may_get_an_offer_and_is_not_asked_again() {
        let paid = |purpose| Record { standing: Standing::Paid, ..record(purpose) };
        check(&paid(Purpose::Collection), Some(Reason::Paid));
        check(&paid(Purpose::Promotion), None);
    }

    #[test]
    fn a_promise_holds_what_asks_and_nothing_else() {
        for purpose in Purpose::ALL {
            let promised = Record { standing: Standing::Promised { until: NOW + HOUR }, ..record(purpose) };
            let asks = matches!(purpose, Purpose::Collection | Purpose::Reminder | Purpose::Promotion);
            let mut promised = promised;
            promised.history.answered_at = (purpose == Purpose::Reply).then_some(NOW);
            check(&promised, asks.then_some(Reason::Promise));
        }
    }

    #[test]
    fn a_number_that_is_to_be_confirmed_first_gets_the_question_only() {
        let waits = |purpose| Record { needs_confirmation: true, ..record(purpose) };
        check(&waits(Purpose::Collection), Some(Reason::Unconfirmed));
        check(&waits(Purpose::IdentityCheck), None);
    }

    #[test]
    fn the_order_is_that_of_the_gate() {
        let all = Record {
            is_listed: false,
            standing: Standing::Disputed,
            history: texted(Purpose::Collection).history,
            ..suppressed(Purpose::Collection)
        };
        let reason = |record: &Record| record.obstacle(|at| Some(closed(at)), NOW).map(|obstacle| obstacle.reason);
        assert_eq!(reason(&all), Some(Reason::Suppressed));
        let all = Record { entries: Vec::new(), ..all };
        assert_eq!(reason(&all), Some(Reason::NotListed));
        let all = Record { is_listed: true, ..all };
        assert_eq!(reason(&all), Some(Reason::Disputed));
        let all = Record { standing: Standing::Open, ..all };
        assert_eq!(reason(&all), Some(Reason::Window));
        assert_eq!(all.obstacle(|_| None, NOW).map(|obstacle| obstacle.reason), Some(Reason::FrequencyDay));
    }

    #[test]
    fn parts_that_follow_are_no_further_text_but_keep_the_hours() {
        let follows = Record { begun: true, ..texted(Purpose::Collection) };
        check(&follows, None);
        assert_eq!(follows.obstacle(|at| Some(closed(at)), NOW), Some(closed(NOW)));
    }
}
