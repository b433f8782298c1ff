//! What scenes with rules have: people, hours, limits, and what callers do to people while all goes its way.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use recado::actor::gateway::Context;
use recado::clock::Timestamp;
use recado::config::Config;
use recado::config::rules::RuleBook;
use recado::contact::ContactSettings;
use recado::contact::calendar::{self, Calendar, Span};
use recado::contact::edition::Edition;
use recado::contact::frequency::Limits;
use recado::contact::habit::Habit;
use recado::contact::reply::Lexicon;
use recado::contact::settings::Answers;
use recado::contact::standing::Standing;
use recado::contact::suppression::{Kind, Purposes};
use recado::sms::message::Purpose;
use recado::sms::number::PhoneNumber;
use recado::store::StoreError;
use recado::store::standing::{Whose, Word as OnWord};
use recado::store::suppression::Act as Decision;

use super::hours::{Place, Policy};
use super::person::{Note, Own, People, Person, Stand, Word};
use super::random::Random;
use super::reply::{HELP, OPTED_OUT};
use super::work::Task;

/// Hours close or open, or a holiday comes, within what a scene lasts after these.
const STARTS: [&str; 12] = [
    "2026-11-24T13:00:00Z",
    "2026-11-24T13:00:00Z",
    "2026-11-24T22:15:00Z",
    "2026-11-25T10:30:00Z",
    "2026-11-20T13:00:00Z",
    "2026-11-19T22:15:00Z",
    "2026-11-21T16:15:00Z",
    "2026-11-22T14:00:00Z",
    "2026-11-16T14:30:00Z",
    "2026-11-30T11:15:00Z",
    "2026-12-24T20:15:00Z",
    "2026-11-24T20:15:00Z",
];

/// Rules as they come with the program, under one policy.
struct Book {
    calendar: Arc<Calendar>,
    lexicon: Arc<Lexicon>,
    edition: Edition,
}

static BOOKS: LazyLock<Vec<(Policy, Book)>> = LazyLock::new(|| Policy::ALL.map(|policy| (policy, book(policy))).into());

fn book(policy: Policy) -> Book {
    let mut config = Config::default();
    let profile = |name: &str| calendar::Policy::Profile(name.to_owned());
    config.region.rules = match policy {
        Policy::None => calendar::Policy::None,
        Policy::Auto => calendar::Policy::Auto,
        Policy::BrDefault => profile("br_default"),
        Policy::BrStrict => profile("br_strict"),
        Policy::MxDefault => profile("mx_default"),
    };
    let book = RuleBook::load(&config.region, &config.contact).unwrap();
    Book { calendar: book.calendar.into(), lexicon: book.lexicon.into(), edition: book.edition }
}

fn known(policy: Policy) -> &'static Book {
    &BOOKS.iter().find(|(known, _)| *known == policy).unwrap().1
}

/// The rules of a scene, and whom they protect.
pub(crate) struct Law {
    pub(crate) start: Timestamp,
    pub(crate) people: People,
    pub(crate) contact: ContactSettings,
    policy: Policy,
    often: Limits,
}

impl Law {
    /// Rules and people by chance, and the tasks made theirs.
    pub(crate) fn by_chance(tasks: &mut Vec<Task>, random: &mut Random) -> Self {
        let policy = random.pick(&Policy::ALL);
        let often = often(random);
        let fates = [5000, 5000, 5000, 5000, 1, 2, 4, 6, 7, 8, 9, 6];
        let persons = 5 + random.index(12);
        let person = |index| {
            let (place, fate) = (random.pick(&Place::ALL), random.pick(&fates));
            Person::new(index, place, fate, random.once_in(2))
        };
        let mut people = People::new((0..persons).map(person).collect(), policy, often);
        let mut twins = Vec::new();
        for task in tasks.iter_mut() {
            let index = random.index(persons);
            let person = &people.persons[index];
            let purpose = purpose(random);
            task.address(&person.digits, person.debtor.clone(), purpose);
            people.tasks.insert(task.number, (index, purpose));
            if let Some(old) = person.old_digits().filter(|_| purpose == Purpose::Collection && random.once_in(6)) {
                let twin = task.twin(old);
                people.tasks.insert(twin.number, (index, purpose));
                twins.push(twin);
            }
        }
        // Some come at once, others later.
        for twin in twins {
            let place = random.index(tasks.len());
            tasks.insert(place, twin);
        }
        let start = random.pick(&STARTS).parse().unwrap();
        let answers = Answers { confirms_opt_out: true, opt_out: OPTED_OUT.to_owned(), help: HELP.to_owned() };
        let Book { calendar, lexicon, edition } = known(policy);
        let contact = ContactSettings {
            calendar: Arc::clone(calendar),
            lexicon: Arc::clone(lexicon),
            edition: *edition,
            answers,
            frequency: often,
            ..ContactSettings::none()
        };
        Self { start, people, contact, policy, often }
    }

    pub(crate) fn told(&self) -> String {
        format!("from {}, {:?}, {:?}, {} people", self.start, self.policy, self.often, self.people.persons.len())
    }
}

fn purpose(random: &mut Random) -> Purpose {
    random.pick(&[
        Purpose::Collection,
        Purpose::Collection,
        Purpose::Collection,
        Purpose::Collection,
        Purpose::Reminder,
        Purpose::Promotion,
        Purpose::Confirmation,
        Purpose::IdentityCheck,
        Purpose::Reply,
        Purpose::Operational,
    ])
}

fn often(random: &mut Random) -> Limits {
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    Limits {
        max_per_day: random.pick(&[0, 0, 1, 2, 3]),
        max_per_week: random.pick(&[0, 0, 2, 3, 5]),
        same_text_days: random.pick(&[0, 1, 7]),
        min_gap: random.pick(&[minutes(0), minutes(2), minutes(20), minutes(60), minutes(240)]),
        quiet_after_reply: random.pick(&[minutes(0), minutes(0), minutes(30)]),
    }
}

/// What a caller does to somebody, or to the rules.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Suppress { person: usize, number: PhoneNumber, kind: Kind, purposes: Purposes, later: Duration },
    Lift { person: usize, number: PhoneNumber },
    Stand { person: usize, whose: Whose, standing: Standing },
    Own { person: usize, debtor: String, own: Own },
    Reload(Policy),
}

impl Act {
    /// One that concerns somebody.
    pub(crate) fn by_chance(people: &People, index: usize, now: Timestamp, random: &mut Random) -> Self {
        let person = &people.persons[index];
        let new = PhoneNumber::from_digits(&person.digits).unwrap();
        let old = person.old_digits().filter(|_| random.once_in(4));
        let number = old.map_or(new, |old| PhoneNumber::from_digits(&old).unwrap());
        match random.below(16) {
            0..5 => Self::Suppress {
                person: index,
                number,
                kind: random.pick(&[Kind::Manual, Kind::Register, Kind::Deceased]),
                purposes: random.pick(&[
                    Purposes::ALL,
                    Purposes::of(&[Purpose::Promotion]),
                    Purposes::of(&[Purpose::Collection, Purpose::Reminder]),
                ]),
                later: random.pick(&[Duration::ZERO, Duration::ZERO, Duration::from_secs(600)]),
            },
            5..7 => Self::Lift { person: index, number },
            7..12 => {
                let whose = match &person.debtor {
                    Some(debtor) if random.once_in(2) => Whose::Debtor(debtor.clone()),
                    _ => Whose::Number(number),
                };
                let until = now + random.seconds(600, 6 * 3600);
                let standing = random.pick(&[
                    Standing::Open,
                    Standing::Paid,
                    Standing::Disputed,
                    Standing::Agreed,
                    Standing::Unconfirmed,
                    Standing::Promised { until },
                ]);
                Self::Stand { person: index, whose, standing }
            }
            12..15 => match &person.debtor {
                Some(debtor) => Self::Own { person: index, debtor: debtor.clone(), own: own(person, random) },
                None => Self::Lift { person: index, number },
            },
            _ => Self::Reload(random.pick(&Policy::ALL)),
        }
    }

    /// Does it, and says what holds if it is committed.
    pub(crate) fn run(&self, context: &mut Context<'_, '_>, now: Timestamp) -> Result<Note, StoreError> {
        let work = &mut *context.work;
        Ok(match self {
            Self::Suppress { person, number, kind, purposes, later } => {
                let effective = now + *later;
                let act = Decision {
                    kind: *kind,
                    purposes: *purposes,
                    creditor: None,
                    effective,
                    source: "chance".into(),
                    client: "chance".into(),
                    why: None,
                    inbound: None,
                };
                let on_wire = work.suppress(&act, &[*number])?.on_wire;
                let effective = (!later.is_zero()).then_some(effective);
                Note::Banned { person: *person, kind: *kind, purposes: *purposes, effective, on_wire }
            }
            Self::Lift { person, number } => {
                work.lift(*number, |_| true, "chance", "chance", None)?;
                Note::Lifted { person: *person }
            }
            Self::Stand { person, whose, standing } => {
                let word = OnWord { client: "chance", inbound: None, message: None };
                let on_wire = work.set_standing(whose, *standing, word)?.on_wire;
                let word = match whose {
                    Whose::Debtor(_) => Word::Debtor,
                    Whose::Number(_) => Word::Number,
                };
                let stand = match standing {
                    Standing::Open => Stand::Open,
                    Standing::Paid | Standing::Cancelled | Standing::Agreed => Stand::Settled,
                    Standing::Disputed | Standing::Unconfirmed => Stand::Doubtful,
                    Standing::Promised { until } => Stand::Promised(*until),
                };
                Note::Stood { person: *person, word, stand, on_wire }
            }
            Self::Own { person, debtor, own } => {
                work.set_habit(debtor, &habit(*own), "chance")?.unwrap();
                Note::Own { person: *person, own: *own }
            }
            Self::Reload(policy) => {
                let Book { calendar, lexicon, edition } = known(*policy);
                work.set_rules(Arc::clone(calendar), Arc::clone(lexicon), *edition);
                Note::Policy(*policy)
            }
        })
    }

    /// The rules with which the next process starts, if this changes them.
    pub(crate) fn rules(&self, contact: &ContactSettings) -> Option<ContactSettings> {
        let Self::Reload(policy) = self else { return None };
        let Book { calendar, lexicon, edition } = known(*policy);
        let (calendar, lexicon) = (Arc::clone(calendar), Arc::clone(lexicon));
        Some(ContactSettings { calendar, lexicon, edition: *edition, ..contact.clone() })
    }
}

/// Hours that a debtor asks for. Somebody who has moved stays in the country of the number.
fn own(person: &Person, random: &mut Random) -> Own {
    let (only, never) =
        random.pick(&[(None, None), (Some((10, 16)), None), (None, Some((12, 14))), (Some((7, 19)), Some((9, 11)))]);
    let is_moved = !person.place.is_mexican() && random.once_in(3);
    Own { only, never, place: is_moved.then_some(Place::Manaus) }
}

fn habit(own: Own) -> Habit {
    let spans = |hours: Option<(i8, i8)>| -> Vec<Span> {
        hours.iter().map(|(from, to)| format!("{from:02}:00-{to:02}:00").parse().unwrap()).collect()
    };
    let is_moved = own.place.is_some();
    Habit {
        state: is_moved.then(|| "AM".to_owned()),
        zone: is_moved.then(|| "America/Manaus".to_owned()),
        preferred: spans(own.only),
        forbidden: spans(own.never),
    }
}
