//! Campaigns: one text to many people, once. Whom it is for, what it says, and who of them is left out and why.
//!
//! Knows nothing of queues and hours: whether a text that is written may go is asked of the gate when it is handed over. What
//! is decided here is what would make no sense to queue at all.

use std::fmt;

use crate::clock::Timestamp;
use crate::sms::message::Purpose;

use super::case::Case;
use super::debt::{Debt, Status};
use super::ladder::Stop;
use super::segment::Segment;

/// Most characters of a campaign's name.
pub const NAME_CHARACTERS_MAX: usize = 64;

/// A campaign as somebody wrote it. It is never changed after that; a list gets its rows before it begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Campaign {
    /// The caller's name for it, which is also the batch of its messages.
    pub name: String,
    /// For whom it is sent, by the caller's id.
    pub creditor: String,
    /// The team that sends it.
    pub team: Option<String>,
    /// The person who sends it.
    pub operator: Option<String>,
    /// Why; a template knows by itself.
    pub purpose: Purpose,
    /// 0 to 9, 9 most urgent.
    pub priority: u8,
    /// The SIM that it must leave by.
    pub sim: Option<String>,
    /// The group of SIMs that it must leave by.
    pub group: Option<String>,
    /// Parts that are handed over in a day at most, so that something of the SIMs is left for others.
    pub per_day: Option<u32>,
    /// When it begins once it is started; at once if nothing is said.
    pub start_at: Option<Timestamp>,
    /// What was not sent by then is not sent any more.
    pub valid_until: Option<Timestamp>,
    /// To whom.
    pub audience: Audience,
    /// What.
    pub content: Content,
}

/// The words of what somebody may want to know of a campaign.
pub const WARNINGS: [&str; 7] = [
    "rows_since_test",
    "longer_than_tested",
    "outlives_validity",
    "outlives_forecast",
    "threat",
    "pressure",
    "debt_shown",
];

/// The words of what keeps a campaign from having texts at all.
pub const OBSTACLES: [&str; 3] = ["no_template", "faulty", "no_creditor"];

/// To whom a campaign is sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Audience {
    /// To whoever owes something of this kind to the creditor.
    Segment {
        /// Of which kind.
        segment: Box<Segment>,
        /// What it is called in results.
        name: Option<String>,
        /// One text for each debt, instead of one for all debts of a debtor.
        each: bool,
    },
    /// To a list, row by row.
    Rows,
}

/// What a campaign says.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// The same to everybody. `Debug` shows nothing of it.
    Text(String),
    /// A template, by its name.
    Template(String),
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} characters)", text.chars().count()),
            Self::Template(name) => f.debug_tuple("Template").field(name).finish(),
        }
    }
}

/// How far a campaign has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// It is being written: rows are added, it is looked at and test sent.
    Draft,
    /// It begins at its time.
    Scheduled,
    /// Its texts are queued and leave.
    Running,
    /// A person holds it.
    Paused,
    /// Nothing of it waits any more.
    Done,
    /// A person ended it.
    Cancelled,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Draft, Self::Scheduled, Self::Running, Self::Paused, Self::Done, Self::Cancelled];

    /// The word in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state with this word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// Why somebody gets no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LeftOut {
    /// It is paid.
    Paid,
    /// It is agreed upon.
    Agreed,
    /// Payment is promised.
    Promised,
    /// It is disputed.
    Disputed,
    /// It is owed no more.
    Cancelled,
    /// No more texts are wanted.
    OptedOut,
    /// The numbers are another person's.
    WrongPerson,
    /// The debtor has died.
    Deceased,
    /// There is no number, or none that may be texted.
    NoNumber,
    /// The number has a text of this campaign already.
    Duplicate,
    /// No such debtor, or the debtor owes nothing to this creditor.
    NotFound,
    /// What the row gives fills no template.
    BadValue,
    /// It has more parts than the campaign may send in a day.
    ExceedsShare,
    /// It has more parts than any SIM may send.
    ExceedsBudget,
    /// Its validity is over.
    Expired,
    /// What is stored of it cannot be read.
    Unreadable,
}

impl LeftOut {
    /// The code in answers.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Agreed => "agreed",
            Self::Promised => "promise",
            Self::Disputed => "disputed",
            Self::Cancelled => "cancelled",
            Self::OptedOut => "opted_out",
            Self::WrongPerson => "wrong_person",
            Self::Deceased => "deceased",
            Self::NoNumber => "no_number",
            Self::Duplicate => "duplicate",
            Self::NotFound => "not_found",
            Self::BadValue => "bad_value",
            Self::ExceedsShare => "exceeds_share",
            Self::ExceedsBudget => "exceeds_budget",
            Self::Expired => "expired",
            Self::Unreadable => "unreadable",
        }
    }
}

impl From<Stop> for LeftOut {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::OptOut => Self::OptedOut,
            Stop::WrongPerson => Self::WrongPerson,
            Stop::Deceased => Self::Deceased,
        }
    }
}

/// Why no text for this purpose is about a debt that stands so; `None` where one may be.
pub fn obstacle(status: Status, purpose: Purpose) -> Option<LeftOut> {
    let is_free = matches!(purpose, Purpose::Confirmation | Purpose::Reply | Purpose::Operational);
    // Offers go to those who paid, too: they are the ones who may get better terms.
    let is_offer = purpose == Purpose::Promotion;
    match status {
        _ if is_free => None,
        Status::Open => None,
        Status::Paid | Status::Agreed if is_offer => None,
        Status::Promised { .. } => Some(LeftOut::Promised),
        Status::Agreed => Some(LeftOut::Agreed),
        Status::Disputed => Some(LeftOut::Disputed),
        Status::Paid => Some(LeftOut::Paid),
        Status::Cancelled => Some(LeftOut::Cancelled),
    }
}

/// The texts of a case: for each, the debts that it is about, or why there is none. Nothing where the case is not meant.
pub fn texts<'a>(
    case: &'a Case,
    segment: &Segment,
    purpose: Purpose,
    each: bool,
) -> Vec<Result<Vec<&'a Debt>, LeftOut>> {
    let meant: Vec<&Debt> = case.debts.iter().filter(|debt| segment.matches(case, debt)).collect();
    about(&meant, purpose, each)
}

/// The same for debts that were named.
pub fn about<'a>(meant: &[&'a Debt], purpose: Purpose, each: bool) -> Vec<Result<Vec<&'a Debt>, LeftOut>> {
    let judged = meant.iter().map(|debt| obstacle(debt.status, purpose).map_or(Ok(*debt), Err));
    if each {
        return judged.map(|debt| debt.map(|debt| vec![debt])).collect();
    }
    let (mut good, mut bad) = (Vec::new(), None);
    for debt in judged {
        match debt {
            Ok(debt) => good.push(debt),
            Err(why) => bad = bad.or(Some(why)),
        }
    }
    match bad {
        Some(why) if good.is_empty() => vec![Err(why)],
        None if good.is_empty() => Vec::new(),
        _ => vec![Ok(good)],
    }
}

/// What tells texts of a campaign to one number apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject<T> {
    /// Whose debt it is about, where that is said.
    pub debtor: Option<T>,
    /// Which debt, where it is about one before others.
    pub debt: Option<T>,
}

/// Whether a text is no better than another one of the same campaign to the same number: it is, where each is about a debt of
/// its own of the same debtor.
pub fn is_repeat<T: PartialEq>(before: &Subject<T>, now: &Subject<T>) -> bool {
    now.debtor.is_none() || before.debtor != now.debtor || before.debt == now.debt
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use jiff::civil::date;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::dunning::case::Past;
    use crate::dunning::creditor::Creditor;
    use crate::dunning::sample;
    use crate::dunning::segment::Bounds;

    fn case(debts: &[(&str, i8, Status)]) -> Case {
        let creditor =
            Creditor { name: "Loja".to_owned(), sender: "Loja".to_owned(), zone: TimeZone::UTC, ..sample::creditor() };
        let debtor = sample::debtor("ana");
        let debt = |(id, due, status): &(&str, i8, Status)| Debt {
            original: "10".parse().unwrap(),
            amount: "10".parse().unwrap(),
            status: *status,
            ..sample::debt(id, "ana", date(2026, 11, *due))
        };
        let debts = debts.iter().map(debt).collect();
        Case {
            creditor: Arc::new(creditor),
            debtor,
            debts,
            past: Past::default(),
            today: date(2026, 11, 24),
            entered: BTreeMap::new(),
            happened: None,
        }
    }

    #[track_caller]
    fn check(debts: &[(&str, i8, Status)], purpose: Purpose, each: bool, expected: &[Result<&str, LeftOut>]) {
        let case = case(debts);
        let late = Segment { days_late: Bounds { min: Some(1), max: None }, ..Segment::default() };
        let told = texts(&case, &late, purpose, each)
            .into_iter()
            .map(|text| text.map(|debts| debts.iter().map(|debt| debt.id.as_str()).collect::<Vec<_>>().join("+")));
        let expected: Vec<Result<String, LeftOut>> = expected.iter().map(|text| text.map(ToOwned::to_owned)).collect();
        assert_eq!(told.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn debts_of_a_debtor_travel_together_unless_each_is_asked_for() {
        let two = [("a", 1, Status::Open), ("b", 2, Status::Open), ("not late", 30, Status::Open)];
        check(&two, Purpose::Collection, false, &[Ok("a+b")]);
        check(&two, Purpose::Collection, true, &[Ok("a"), Ok("b")]);
        check(&two[2..], Purpose::Collection, false, &[]);
        check(&two[2..], Purpose::Collection, true, &[]);
    }

    #[test]
    fn what_is_not_asked_for_any_more_is_left_out_with_the_reason() {
        let until = date(2026, 11, 30);
        check(&[("a", 1, Status::Paid)], Purpose::Collection, false, &[Err(LeftOut::Paid)]);
        check(&[("a", 1, Status::Promised { until })], Purpose::Reminder, false, &[Err(LeftOut::Promised)]);
        check(&[("a", 1, Status::Disputed), ("b", 1, Status::Open)], Purpose::Collection, false, &[Ok("b")]);
        let each = [Err(LeftOut::Disputed), Ok("b")];
        check(&[("a", 1, Status::Disputed), ("b", 1, Status::Open)], Purpose::Collection, true, &each);
    }

    #[test]
    fn offers_and_thanks_go_to_those_who_paid() {
        check(&[("a", 1, Status::Paid)], Purpose::Promotion, false, &[Ok("a")]);
        check(&[("a", 1, Status::Paid)], Purpose::Confirmation, false, &[Ok("a")]);
        check(&[("a", 1, Status::Disputed)], Purpose::Promotion, false, &[Err(LeftOut::Disputed)]);
    }

    #[test]
    fn a_number_gets_a_second_text_for_another_debt_of_the_same_debtor_only() {
        let subject = |debtor, debt| Subject { debtor, debt };
        let ana = subject(Some("ana"), Some("d1"));
        for (now, expected) in [
            (subject(Some("ana"), Some("d2")), false),
            (subject(Some("ana"), None), false),
            (ana.clone(), true),
            (subject(Some("bia"), Some("d2")), true),
            (subject(None, None), true),
        ] {
            assert_eq!(is_repeat(&ana, &now), expected, "{now:?}");
        }
        assert!(is_repeat(&subject(Some("ana"), None), &subject(Some("ana"), None)));
    }

    #[test]
    fn states_come_back_by_their_words() {
        for state in State::ALL {
            assert_eq!(State::from_name(state.name()), Some(state));
        }
    }
}
