//! The people of a scene with rules: what they may be sent is told by an account of its own, from what was answered to callers
//! and what was heard, and held against each part that the network takes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::civil::Date;
use recado::clock::{Instant, Timestamp};
use recado::contact::frequency::Limits;
use recado::contact::suppression::{Kind, Purposes};
use recado::emulator::LogLine;
use recado::pdu::{Direction, Pdu, Tpdu};
use recado::sms::id::MessageId;
use recado::sms::message::Purpose;

use super::hours::{Place, Policy};
use super::reply::{HELP, Meaning, OPTED_OUT, meaning_of};
use super::work::TWIN;
use super::world::part_of;

/// From the offer to the network it takes a part no longer than that.
pub(crate) const ON_ITS_WAY: Duration = Duration::from_secs(15);

/// Something that changed, and what it was before.
#[derive(Debug)]
struct Lately<T> {
    now: T,
    before: Option<(Instant, T)>,
}

impl<T: PartialEq> Lately<T> {
    fn new(now: T) -> Self {
        Self { now, before: None }
    }

    /// What is said a second time changes nothing: what it was before still counts for what is on its way.
    fn change(&mut self, to: T, at: Instant) {
        if self.now == to {
            return;
        }
        self.before = Some((at, std::mem::replace(&mut self.now, to)));
    }

    /// What a part that arrives at `at` may have been asked about.
    fn any(&self, at: Instant, suits: impl Fn(&T) -> bool) -> bool {
        let before = self.before.as_ref().filter(|(since, _)| at.saturating_since(*since) <= ON_ITS_WAY);
        suits(&self.now) || before.is_some_and(|(_, before)| suits(before))
    }
}

/// Hours of a debtor's own: only between, and never between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Own {
    pub(crate) only: Option<(i8, i8)>,
    pub(crate) never: Option<(i8, i8)>,
    /// Where the debtor is, where the number does not tell.
    pub(crate) place: Option<Place>,
}

/// How things stand, as far as texts are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stand {
    /// Nothing is in the way.
    Open,
    /// Paid, or agreed: an offer may go.
    Settled,
    /// Not sure, or disputed.
    Doubtful,
    Promised(Timestamp),
}

impl Stand {
    fn forbids(self, purpose: Purpose, at: Timestamp) -> bool {
        let asks = matches!(purpose, Purpose::Collection | Purpose::Reminder);
        let may_annoy = asks || purpose == Purpose::Promotion;
        match self {
            Self::Open => false,
            Self::Settled => asks,
            Self::Doubtful => may_annoy,
            Self::Promised(until) => may_annoy && at < until,
        }
    }
}

/// On whose word something holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Word {
    /// A caller's, about the debtor.
    Debtor,
    /// A caller's, about the number.
    Number,
    /// The person's.
    Own,
}

/// Something that forbids texts from the moment of its answer on.
#[derive(Debug)]
struct Bar<T> {
    what: T,
    since: Instant,
    /// What the answer said to be on the wire; of what follows from a text nothing is answered.
    on_wire: Option<BTreeSet<MessageId>>,
}

impl<T> Bar<T> {
    fn passes(&self, id: Option<MessageId>, at: Instant) -> bool {
        let is_named = self.on_wire.as_ref().is_none_or(|named| id.is_some_and(|id| named.contains(&id)));
        is_named && at.saturating_since(self.since) <= ON_ITS_WAY
    }
}

#[derive(Debug)]
struct Ban {
    kind: Kind,
    purposes: Purposes,
    /// From when, where that is not at once.
    effective: Option<Timestamp>,
}

/// The first part of a text that was taken.
#[derive(Debug)]
struct Text {
    number: usize,
    at: Instant,
    host: Timestamp,
    counts: bool,
}

/// One person, with one number and, where a caller says so, one debtor.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) digits: String,
    pub(crate) place: Place,
    pub(crate) debtor: Option<String>,
    own: Lately<Own>,
    bans: Vec<Bar<Ban>>,
    stands: BTreeMap<Word, Bar<Stand>>,
    texts: Vec<Text>,
    has_written: bool,
    opt_outs: usize,
    confirmations: usize,
}

impl Person {
    pub(crate) fn new(index: usize, place: Place, fate: usize, with_debtor: bool) -> Self {
        let prefix = place.prefix();
        let line = if place.is_mexican() {
            let middle = (8100 + 10 * index).to_string();
            format!("{}{fate:04}", &middle[..8 - prefix.len()])
        } else {
            format!("9{:04}{fate:04}", 8100 + index)
        };
        Self {
            digits: format!("{prefix}{line}"),
            place,
            debtor: with_debtor.then(|| format!("d-{index}")),
            own: Lately::new(Own::default()),
            bans: Vec::new(),
            stands: BTreeMap::new(),
            texts: Vec::new(),
            has_written: false,
            opt_outs: 0,
            confirmations: 0,
        }
    }

    /// The number as it was before it got its ninth digit.
    pub(crate) fn old_digits(&self) -> Option<String> {
        (!self.place.is_mexican()).then(|| format!("{}{}", &self.digits[..4], &self.digits[5..]))
    }

    /// Where the debtor may be, and the hours of his own that hold.
    fn is_open(&self, policy: Policy, own: Own, is_promotion: bool, at: Timestamp) -> bool {
        let place = own.place.unwrap_or(self.place);
        let hour = place.local(at).hour();
        let within = |span: Option<(i8, i8)>| span.map(|(from, to)| (from..to).contains(&hour));
        place.is_open(policy, is_promotion, at)
            && within(own.only).unwrap_or(true)
            && !within(own.never).unwrap_or(false)
    }

    /// The day by the clocks where the person is, or may be.
    fn days(&self, at: Timestamp) -> (Date, Date) {
        let day = |place: Place| place.local(at).date();
        (day(self.place), day(self.own.now.place.unwrap_or(self.place)))
    }
}

/// What a transaction did for a person.
#[derive(Debug)]
pub(crate) enum Note {
    Banned {
        person: usize,
        kind: Kind,
        purposes: Purposes,
        effective: Option<Timestamp>,
        on_wire: Vec<MessageId>,
    },
    Lifted {
        person: usize,
    },
    Stood {
        person: usize,
        word: Word,
        stand: Stand,
        on_wire: Vec<MessageId>,
    },
    Own {
        person: usize,
        own: Own,
    },
    Policy(Policy),
    /// A text came in: SMSC field and TPDU.
    Heard(Vec<u8>),
}

/// Everybody in the scene, and the rules.
#[derive(Debug)]
pub(crate) struct People {
    pub(crate) persons: Vec<Person>,
    policy: Lately<Policy>,
    often: Limits,
    /// Whom each message is for, and why.
    pub(crate) tasks: BTreeMap<usize, (usize, Purpose)>,
    heard: BTreeSet<Vec<u8>>,
}

/// When something happened, by every clock that may have been asked.
pub(crate) struct Moment {
    pub(crate) at: Instant,
    /// The host's clock at that time and for as long before as a part may be on its way.
    pub(crate) hosts: Vec<Timestamp>,
    /// Somebody has set the host's clock.
    pub(crate) was_set: bool,
}

impl People {
    pub(crate) fn new(persons: Vec<Person>, policy: Policy, often: Limits) -> Self {
        Self { persons, policy: Lately::new(policy), often, tasks: BTreeMap::new(), heard: BTreeSet::new() }
    }

    pub(crate) fn index_of(&self, digits: &str) -> Option<usize> {
        let is_same = |person: &Person| person.digits == digits || person.old_digits().as_deref() == Some(digits);
        self.persons.iter().position(is_same)
    }

    /// What holds from now on.
    pub(crate) fn note(&mut self, note: Note, at: Instant, host: Timestamp) {
        match note {
            Note::Banned { person, kind, purposes, effective, on_wire } => {
                let on_wire = Some(on_wire.into_iter().collect());
                let what = Ban { kind, purposes, effective };
                self.persons[person].bans.push(Bar { what, since: at, on_wire });
            }
            Note::Lifted { person } => self.persons[person].bans.clear(),
            Note::Stood { person, word, stand, on_wire } => {
                let stands = &mut self.persons[person].stands;
                // It may be what the person's own word was about.
                stands.remove(&Word::Own);
                stands.insert(word, Bar { what: stand, since: at, on_wire: Some(on_wire.into_iter().collect()) });
            }
            Note::Own { person, own } => self.persons[person].own.change(own, at),
            Note::Policy(policy) => self.policy.change(policy, at),
            Note::Heard(octets) => self.hear(octets, at, host),
        }
    }

    fn hear(&mut self, octets: Vec<u8>, at: Instant, host: Timestamp) {
        let Ok(Pdu { tpdu: Tpdu::Deliver(deliver), .. }) = Pdu::decode(&octets, Direction::Mt) else { return };
        let Some(text) = deliver.user_data.text(deliver.tp_dcs) else { return };
        let Some(index) = self.index_of(&deliver.tp_oa.digits()) else { return };
        // What a modem gives twice was written once.
        if !self.heard.insert(octets) {
            return;
        }
        let person = &mut self.persons[index];
        person.has_written = true;
        let mut ban = |kind| {
            let what = Ban { kind, purposes: Purposes::ALL, effective: None };
            person.bans.push(Bar { what, since: at, on_wire: None });
        };
        let stand = match meaning_of(&text) {
            Some(Meaning::OptsOut) => {
                person.opt_outs += 1;
                return ban(Kind::OptOut);
            }
            Some(Meaning::IsAnother) => return ban(Kind::WrongPerson),
            Some(Meaning::OptsIn) => return person.bans.retain(|ban| ban.what.kind != Kind::OptOut),
            Some(Meaning::HasPaid) => Stand::Doubtful,
            // Today at least, by whatever clock.
            Some(Meaning::Promises) => {
                let midnight = person.place.local(host).end_of_day().unwrap();
                Stand::Promised(Timestamp::from_jiff(midnight.timestamp()))
            }
            None => return,
        };
        // A promise takes the place of an earlier one.
        if let Stand::Promised(until) = stand {
            for bar in person.stands.values_mut() {
                if let Stand::Promised(known) = &mut bar.what {
                    *known = until.min(*known);
                }
            }
        }
        // What a caller has settled stays so, whatever is said.
        let is_settled = person.stands.values().any(|bar| bar.what == Stand::Settled);
        let stand = if is_settled { Stand::Settled } else { stand };
        person.stands.entry(Word::Own).or_insert(Bar { what: stand, since: at, on_wire: None });
    }

    /// The network took a part: whether it should have come to that.
    pub(crate) fn taken(&mut self, line: &LogLine, id: impl Fn(usize) -> Option<MessageId>, moment: &Moment) {
        let Some(index) = self.index_of(line.to.trim_start_matches('+')) else { return };
        let is_own = |text: &str| line.text.starts_with(text);
        let is_confirmation = is_own(OPTED_OUT);
        let number = (!is_confirmation && !is_own(HELP)).then(|| part_of(line).0);
        let purpose = number.map_or(Purpose::Reply, |number| self.tasks[&number].1);
        let id = number.and_then(id);
        let told = format!("message {number:?} ({}) to {} at {}", purpose.name(), line.to, moment.hosts[0]);
        self.check_hours(index, purpose, number.is_some(), moment, &told);
        let person = &mut self.persons[index];
        if is_confirmation {
            person.confirmations += 1;
            assert!(person.confirmations <= person.opt_outs, "confirmed twice: {told}");
        } else {
            person.check_bars(purpose, id, moment, &told);
        }
        let part = line.concat.map_or(1, |concat| concat.part);
        if let Some(number) = number.filter(|_| part == 1) {
            self.check_frequency(index, number, purpose, moment, &told);
        }
    }

    /// `of_debtor` where a caller says whose message it is: an answer of Recado's own goes by the number alone.
    fn check_hours(&self, index: usize, purpose: Purpose, of_debtor: bool, moment: &Moment, told: &str) {
        let person = &self.persons[index];
        let is_promotion = purpose == Purpose::Promotion;
        let by_number = Own::default();
        let suits = |policy: Policy, own: Own| {
            let own = if of_debtor { own } else { by_number };
            moment.hosts.iter().any(|at| person.is_open(policy, own, is_promotion, *at))
        };
        let is_open = self.policy.any(moment.at, |policy| person.own.any(moment.at, |own| suits(*policy, *own)));
        assert!(
            purpose == Purpose::Operational || is_open,
            "outside the hours of {:?} ({:?}, {:?}): {told}",
            person.place,
            self.policy,
            person.own
        );
    }

    fn check_frequency(&mut self, index: usize, number: usize, purpose: Purpose, moment: &Moment, told: &str) {
        let person = &self.persons[index];
        // An answer to nobody is a text like any other.
        let asks = match purpose {
            Purpose::Reply => !person.has_written,
            Purpose::Collection | Purpose::Reminder | Purpose::Promotion | Purpose::IdentityCheck => true,
            Purpose::Confirmation | Purpose::Operational => false,
        };
        let host = moment.hosts[0];
        if asks && !moment.was_set {
            // What does not count itself holds up nothing that is offered after it, and may arrive after that.
            let counts = purpose != Purpose::IdentityCheck;
            let was_before = |text: &Text| counts || moment.at.saturating_since(text.at) > ON_ITS_WAY;
            let is_other = |text: &&Text| text.counts && text.number != number && was_before(text);
            let others: Vec<&Text> = person.texts.iter().filter(is_other).collect();
            let distinct = |texts: Vec<&&Text>| texts.iter().map(|text| text.number).collect::<BTreeSet<_>>().len();
            // It was counted when it was offered: around midnight that is not told from here.
            let today = person.days(host);
            let is_today =
                |text: &&&Text| person.days(text.host) == today && person.days(text.host - ON_ITS_WAY) == today;
            let had = distinct(others.iter().filter(is_today).collect());
            let most = |limit: u32| if limit == 0 { usize::MAX } else { usize::try_from(limit).unwrap() };
            assert!(had < most(self.often.max_per_day), "{had} today already: {told}");
            // No scene lasts for a week.
            let had = distinct(others.iter().collect());
            assert!(had < most(self.often.max_per_week), "{had} this week already: {told}");
            let least = self.often.min_gap.saturating_sub(ON_ITS_WAY);
            let near = others.iter().find(|text| moment.at.saturating_since(text.at) < least);
            let near = near.map(|text| (text, self.tasks[&text.number].1));
            assert!(near.is_none(), "within {least:?} after {near:?}: {told}");
            let is_same =
                self.often.same_text_days > 0 && others.iter().any(|text| text.number % TWIN == number % TWIN);
            assert!(!is_same, "the same text once more: {told}");
        }
        let counts = asks && purpose != Purpose::IdentityCheck;
        self.persons[index].texts.push(Text { number, at: moment.at, host, counts });
    }
}

impl Person {
    fn check_bars(&self, purpose: Purpose, id: Option<MessageId>, moment: &Moment, told: &str) {
        let first = moment.hosts.iter().min().unwrap();
        for ban in &self.bans {
            let binds = ban.what.purposes.has(purpose) && ban.what.effective.is_none_or(|from| from <= *first);
            assert!(!binds || ban.passes(id, moment.at), "suppressed by {ban:?}: {told}");
        }
        for (word, stand) in &self.stands {
            let last = moment.hosts.iter().max().unwrap();
            let binds = stand.what.forbids(purpose, *last);
            assert!(!binds || stand.passes(id, moment.at), "held by {stand:?} ({word:?}): {told}");
        }
    }
}
