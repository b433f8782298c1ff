//! Which debts a step or a text is for: conditions that must all hold.
//!
//! A condition on something that is not known of a debt does not hold: who is for customers of a year leaves out those of
//! whom nobody knows since when. Knows neither steps nor texts, and not how a segment is written down.

mod bounds;

use std::fmt;

use crate::contact::reply::{Intent, Language};

use super::case::{Case, Past};
use super::debt::Debt;
use super::money::{Amount, Currency};

pub use bounds::{Bounds, Word};

use bounds::{allows, allows_word, list_covers, lists_meet};

/// Conditions that must all hold. The default has none, and is everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Segment {
    /// What results are told apart by. It is no condition.
    pub label: Label,
    /// Days since the debt was due, below 0 before.
    pub days_late: Bounds<i32>,
    /// Days since the debt was taken in.
    pub age_days: Bounds<i32>,
    /// What is owed now, of this debt alone.
    pub amount: Bounds<Amount>,
    /// What it is owed in, one of these.
    pub currency: Vec<Currency>,
    /// What was bought, one of these.
    pub product: Vec<Word>,
    /// On which terms, one of these.
    pub terms: Vec<Word>,
    /// Which of several instalments.
    pub instalment: Bounds<u16>,
    /// The debt or the debtor has one of these tags.
    pub tags_any: Vec<Word>,
    /// Neither the debt nor the debtor has any of these tags.
    pub tags_none: Vec<Word>,
    /// The kind of customer, one of these.
    pub kind: Vec<Word>,
    /// Days for which the debtor has been a customer.
    pub customer_for: Bounds<i32>,
    /// What the debtor is written in, one of these.
    pub language: Vec<Language>,
    /// How the debtor paid before, one of these.
    pub history: Vec<History>,
    /// Promises that were not kept.
    pub promises_broken: Bounds<u32>,
    /// Texts since the last answer.
    pub attempts: Bounds<u32>,
    /// What the last answer wanted, one of these; `None` for no answer, or one that was not understood.
    pub last_reply: Vec<Option<Intent>>,
}

/// The name of a segment. Segments that differ in it alone are one: all names are equal.
#[derive(Debug, Clone, Eq, Default)]
pub struct Label(pub Option<String>);

impl PartialEq for Label {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

/// How a debtor paid before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum History {
    /// Three debts or more were paid, one in ten of them late at most, and no promise was broken.
    GoodPayer,
    /// Two promises or more were broken, or two debts or more were paid late and they are half of what was paid or more.
    RepeatOffender,
    /// Too little is known, or it is mixed.
    Other,
}

impl History {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::GoodPayer, Self::RepeatOffender, Self::Other];

    /// What the past makes of a debtor. Nobody is both.
    pub fn of(past: Past) -> Self {
        let Past { paid, paid_late, promises_broken, .. } = past;
        if promises_broken >= 2 || (paid_late >= 2 && paid_late.saturating_mul(2) >= paid) {
            Self::RepeatOffender
        } else if promises_broken == 0 && paid >= 3 && paid_late.saturating_mul(10) <= paid {
            Self::GoodPayer
        } else {
            Self::Other
        }
    }

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GoodPayer => "good_payer",
            Self::RepeatOffender => "repeat_offender",
            Self::Other => "other",
        }
    }

    /// The history with this word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|history| history.name() == name)
    }
}

/// Why a segment is empty whatever the debts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contradiction {
    /// The least of this condition is more than its most.
    Bounds(&'static str),
    /// Every tag of which one is asked for is one that must not be there.
    Tags,
}

impl Contradiction {
    /// The condition that cannot hold.
    pub fn condition(&self) -> &'static str {
        match self {
            Self::Bounds(condition) => condition,
            Self::Tags => "tags_any",
        }
    }
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bounds(condition) => write!(f, "the least of {condition} is more than its most"),
            Self::Tags => f.write_str("tags are asked for that must not be there"),
        }
    }
}

impl Segment {
    /// Whether a debt of a case is in it, on the day of the case.
    pub fn matches(&self, case: &Case, debt: &Debt) -> bool {
        self.holds_of_debt(case, debt) && self.holds_of_debtor(case) && self.holds_of_past(case.past)
    }

    fn holds_of_debt(&self, case: &Case, debt: &Debt) -> bool {
        let has_tag = |tag: &Word| debt.tags.iter().chain(&case.debtor.tags).any(|one| tag.is(one));
        let entered = case.entered.get(&debt.id);
        let age = entered.and_then(|entered| case.today.since(*entered).ok()).map(|span| span.get_days());
        self.days_late.holds(debt.days_late(case.today))
            && self.age_days.holds_known(age)
            && self.amount.holds(debt.amount)
            && allows(&self.currency, &debt.currency)
            && allows_word(&self.product, debt.product.as_deref())
            && allows_word(&self.terms, debt.terms.as_deref())
            && self.instalment.holds_known(debt.instalment.map(|instalment| instalment.number))
            && (self.tags_any.is_empty() || self.tags_any.iter().any(has_tag))
            && !self.tags_none.iter().any(has_tag)
    }

    fn holds_of_debtor(&self, case: &Case) -> bool {
        let debtor = &case.debtor;
        let customer_for = debtor.since.and_then(|since| case.today.since(since).ok()).map(|span| span.get_days());
        allows_word(&self.kind, debtor.kind.as_deref())
            && self.customer_for.holds_known(customer_for)
            && allows(&self.language, &debtor.language.unwrap_or(case.creditor.language))
    }

    fn holds_of_past(&self, past: Past) -> bool {
        allows(&self.history, &History::of(past))
            && self.promises_broken.holds(past.promises_broken)
            && self.attempts.holds(past.attempts)
            && allows(&self.last_reply, &past.last_intent)
    }

    /// Whether no debt can be in it.
    pub fn contradiction(&self) -> Option<Contradiction> {
        let bounds = [
            ("days_late", self.days_late.is_empty()),
            ("age_days", self.age_days.is_empty()),
            ("amount", self.amount.is_empty()),
            ("instalment", self.instalment.is_empty()),
            ("customer_for", self.customer_for.is_empty()),
            ("promises_broken", self.promises_broken.is_empty()),
            ("attempts", self.attempts.is_empty()),
        ];
        if let Some((condition, _)) = bounds.into_iter().find(|(_, is_empty)| *is_empty) {
            return Some(Contradiction::Bounds(condition));
        }
        excludes(&self.tags_none, &self.tags_any).then_some(Contradiction::Tags)
    }

    /// Whether some debt could be in both. Says yes where it cannot tell.
    pub fn overlaps(&self, other: &Self) -> bool {
        let Self {
            label: _,
            days_late,
            age_days,
            amount,
            currency,
            product,
            terms,
            instalment,
            tags_any,
            tags_none,
            kind,
            customer_for,
            language,
            history,
            promises_broken,
            attempts,
            last_reply,
        } = self;
        days_late.overlaps(&other.days_late)
            && age_days.overlaps(&other.age_days)
            && amount.overlaps(&other.amount)
            && lists_meet(currency, &other.currency)
            && lists_meet(product, &other.product)
            && lists_meet(terms, &other.terms)
            && instalment.overlaps(&other.instalment)
            && !excludes(tags_none, &other.tags_any)
            && !excludes(&other.tags_none, tags_any)
            && lists_meet(kind, &other.kind)
            && customer_for.overlaps(&other.customer_for)
            && lists_meet(language, &other.language)
            && lists_meet(history, &other.history)
            && promises_broken.overlaps(&other.promises_broken)
            && attempts.overlaps(&other.attempts)
            && lists_meet(last_reply, &other.last_reply)
    }

    /// Whether every debt that is in the other one is in this one. Says no where it cannot tell.
    pub fn covers(&self, other: &Self) -> bool {
        let Self {
            label: _,
            days_late,
            age_days,
            amount,
            currency,
            product,
            terms,
            instalment,
            tags_any,
            tags_none,
            kind,
            customer_for,
            language,
            history,
            promises_broken,
            attempts,
            last_reply,
        } = self;
        days_late.covers(&other.days_late)
            && age_days.covers(&other.age_days)
            && amount.covers(&other.amount)
            && list_covers(currency, &other.currency)
            && list_covers(product, &other.product)
            && list_covers(terms, &other.terms)
            && instalment.covers(&other.instalment)
            && list_covers(tags_any, &other.tags_any)
            && tags_none.iter().all(|tag| other.tags_none.contains(tag))
            && list_covers(kind, &other.kind)
            && customer_for.covers(&other.customer_for)
            && list_covers(language, &other.language)
            && list_covers(history, &other.history)
            && promises_broken.covers(&other.promises_broken)
            && attempts.covers(&other.attempts)
            && list_covers(last_reply, &other.last_reply)
    }
}

/// Whether nothing has one of the tags that are asked for and none of those that must not be there.
fn excludes(none: &[Word], any: &[Word]) -> bool {
    !any.is_empty() && any.iter().all(|tag| none.contains(tag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dunning::creditor::Creditor;
    use crate::dunning::debt::Instalment;
    use crate::dunning::debtor::Debtor;
    use crate::dunning::sample;
    use jiff::civil::date;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::sync::Arc;

    /// A debtor of three years with one debt of 250.00, four days late.
    fn case() -> Case {
        let creditor =
            Creditor { name: "Loja".to_owned(), sender: "Loja".to_owned(), zone: TimeZone::UTC, ..sample::creditor() };
        let debtor = Debtor {
            kind: Some("Pessoa Física".to_owned()),
            since: Some(date(2023, 11, 14)),
            tags: vec!["ouro".to_owned()],
            ..sample::debtor("p1")
        };
        let debt = Debt {
            original: "230.00".parse().unwrap(),
            amount: "250.00".parse().unwrap(),
            instalment: Some(Instalment { number: 3, of: 12 }),
            product: Some("Cartão".to_owned()),
            tags: vec!["parcelado".to_owned()],
            ..sample::debt("d1", "p1", date(2026, 11, 10))
        };
        let past = Past { paid: 4, paid_late: 0, promises_broken: 0, attempts: 2, last_intent: Some(Intent::Help) };
        Case {
            creditor: Arc::new(creditor),
            debtor,
            debts: vec![debt],
            past,
            today: date(2026, 11, 14),
            entered: BTreeMap::from([("d1".to_owned(), date(2026, 11, 4))]),
            happened: None,
        }
    }

    fn words(words: &[&str]) -> Vec<Word> {
        words.iter().map(|word| Word::new(word)).collect()
    }

    fn check(segment: &Segment, expected: bool) {
        let case = case();
        assert_eq!(segment.matches(&case, &case.debts[0]), expected, "{segment:?}");
    }

    /// Conditions that hold of the case, and the same ones turned so that they do not.
    fn conditions() -> Vec<(Segment, Segment)> {
        let amount = |text: &str| text.parse::<Amount>().unwrap();
        let s = Segment::default;
        vec![
            (Segment { days_late: Bounds::between(4, 4), ..s() }, Segment { days_late: Bounds::from(5), ..s() }),
            (Segment { age_days: Bounds::between(10, 10), ..s() }, Segment { age_days: Bounds::up_to(9), ..s() }),
            (
                Segment { amount: Bounds::up_to(amount("250.00")), ..s() },
                Segment { amount: Bounds::from(amount("250.01")), ..s() },
            ),
            (Segment { currency: vec![Currency::Brl], ..s() }, Segment { currency: vec![Currency::Mxn], ..s() }),
            (Segment { product: words(&["CARTÃO"]), ..s() }, Segment { product: words(&["empréstimo"]), ..s() }),
            (Segment { instalment: Bounds::from(2), ..s() }, Segment { instalment: Bounds::up_to(2), ..s() }),
            (Segment { tags_any: words(&["ouro", "prata"]), ..s() }, Segment { tags_any: words(&["prata"]), ..s() }),
            (Segment { tags_none: words(&["prata"]), ..s() }, Segment { tags_none: words(&["parcelado"]), ..s() }),
            (Segment { kind: words(&["pessoa física"]), ..s() }, Segment { kind: words(&["empresa"]), ..s() }),
            (Segment { customer_for: Bounds::from(365), ..s() }, Segment { customer_for: Bounds::up_to(365), ..s() }),
            (
                Segment { language: vec![Language::Portuguese], ..s() },
                Segment { language: vec![Language::Spanish], ..s() },
            ),
            (
                Segment { history: vec![History::GoodPayer], ..s() },
                Segment { history: vec![History::RepeatOffender], ..s() },
            ),
            (Segment { promises_broken: Bounds::up_to(0), ..s() }, Segment { promises_broken: Bounds::from(1), ..s() }),
            (Segment { attempts: Bounds::between(1, 2), ..s() }, Segment { attempts: Bounds::from(3), ..s() }),
            (Segment { last_reply: vec![None, Some(Intent::Help)], ..s() }, Segment { last_reply: vec![None], ..s() }),
        ]
    }

    #[test]
    fn each_condition_keeps_a_debt_in_or_out() {
        check(&Segment::default(), true);
        for (holding, turned) in conditions() {
            check(&holding, true);
            check(&turned, false);
        }
    }

    #[test]
    fn what_nobody_knows_is_in_no_condition() {
        check(&Segment { terms: words(&["30 dias"]), ..Segment::default() }, false);
        let mut case = case();
        case.debtor.since = None;
        let old = Segment { customer_for: Bounds::from(0), ..Segment::default() };
        assert!(!old.matches(&case, &case.debts[0]));
    }

    #[test]
    fn everything_covers_each_condition_and_is_covered_by_none() {
        for (holding, turned) in conditions() {
            for one in [holding, turned] {
                assert!(Segment::default().covers(&one) && !one.covers(&Segment::default()), "{one:?}");
                assert!(one.covers(&one) && one.overlaps(&one) && one.overlaps(&Segment::default()), "{one:?}");
            }
        }
    }

    #[test]
    fn conditions_that_exclude_each_other_do_not_overlap() {
        let late = |days_late| Segment { days_late, ..Segment::default() };
        assert!(!late(Bounds::up_to(3)).overlaps(&late(Bounds::from(4))));
        assert!(late(Bounds::up_to(4)).overlaps(&late(Bounds::from(4))));
        let gold = Segment { tags_any: words(&["ouro"]), ..Segment::default() };
        let others = Segment { tags_none: words(&["ouro"]), ..Segment::default() };
        assert!(!gold.overlaps(&others) && !others.overlaps(&gold));
    }

    fn segments() -> impl Strategy<Value = Segment> {
        let bounds = || (prop::option::of(0..3), prop::option::of(0..3)).prop_map(|(min, max)| Bounds { min, max });
        let tags = || prop::sample::subsequence(vec!["a", "b"], 0..=2).prop_map(|tags| words(&tags));
        let kinds = prop::sample::subsequence(vec!["a", "b"], 0..=2).prop_map(|kinds| words(&kinds));
        (bounds(), tags(), tags(), kinds, bounds()).prop_map(|(days_late, tags_any, tags_none, kind, customer_for)| {
            Segment { days_late, tags_any, tags_none, kind, customer_for, ..Segment::default() }
        })
    }

    fn cases() -> impl Strategy<Value = Case> {
        let tags = || prop::sample::subsequence(vec!["A", "B"], 0..=2);
        let kind = prop::option::of(prop::sample::select(vec!["a", "b", "c"]));
        let since = prop::option::of(12_i8..=14);
        (12_i8..=14, since, tags(), tags(), kind).prop_map(|(due, since, tags, more, kind)| {
            let mut case = case();
            case.debts[0].due = date(2026, 11, due);
            case.debts[0].tags = tags.into_iter().map(ToOwned::to_owned).collect();
            case.debtor.tags = more.into_iter().map(ToOwned::to_owned).collect();
            case.debtor.since = since.map(|day| date(2026, 11, day));
            case.debtor.kind = kind.map(ToOwned::to_owned);
            case
        })
    }

    proptest! {
        #[test]
        fn what_is_said_of_two_segments_is_true_of_every_debt(one in segments(), other in segments(), case in cases()) {
            let is_in = |segment: &Segment| segment.matches(&case, &case.debts[0]);
            if is_in(&one) && is_in(&other) {
                prop_assert!(one.overlaps(&other) && other.overlaps(&one));
            }
            if one.covers(&other) && is_in(&other) {
                prop_assert!(is_in(&one));
            }
            if one.contradiction().is_some() {
                prop_assert!(!is_in(&one));
            }
        }
    }

    #[test]
    fn segments_that_can_never_match_are_found() {
        let late = Segment { days_late: Bounds::between(10, 3), ..Segment::default() };
        assert_eq!(late.contradiction(), Some(Contradiction::Bounds("days_late")));
        let tags = Segment { tags_any: words(&["vip"]), tags_none: words(&["VIP", "x"]), ..Segment::default() };
        assert_eq!(tags.contradiction(), Some(Contradiction::Tags));
        let either = Segment { tags_any: words(&["vip", "ouro"]), tags_none: words(&["vip"]), ..Segment::default() };
        assert_eq!(either.contradiction(), None);
        assert_eq!(Segment::default().contradiction(), None);
    }

    #[test]
    fn nobody_is_a_good_payer_and_a_repeat_offender() {
        let past = |paid, paid_late, promises_broken| Past { paid, paid_late, promises_broken, ..Past::default() };
        for (past, expected) in [
            (past(0, 0, 0), History::Other),
            (past(2, 0, 0), History::Other),
            (past(3, 0, 0), History::GoodPayer),
            (past(20, 2, 0), History::GoodPayer),
            (past(19, 2, 0), History::Other),
            (past(20, 0, 1), History::Other),
            (past(4, 2, 0), History::RepeatOffender),
            (past(5, 2, 0), History::Other),
            (past(20, 0, 2), History::RepeatOffender),
        ] {
            assert_eq!(History::of(past), expected, "{past:?}");
        }
    }

    #[test]
    fn words_come_back() {
        for history in History::ALL {
            assert_eq!(History::from_name(history.name()), Some(history));
        }
        assert_eq!(History::from_name("bad"), None);
    }
}
