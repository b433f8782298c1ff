//! Weeks of a few debtors by chance: whatever is submitted, refused, lost, stopped and restarted, nobody is texted outside the
//! hours, more often than is allowed, or after a suppression.

use std::collections::BTreeMap;

use jiff::civil::Weekday;

use crate::config::Config;
use crate::config::rules::RuleBook;
use crate::contact::frequency::Limits as Often;
use crate::contact::suppression::{Kind, Purposes};
use crate::store::suppression::Act;

use super::*;

const SEEDS: u64 = 6;
const STEPS: usize = 300;
const NUMBERS: [&str; 4] = ["5511987650001", "5511987650002", "5511987650003", "551187650003"];

/// A stream that a seed decides (xorshift64*).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound
    }
}

fn desk(often: Often) -> Desk {
    let config = Config::default();
    let book = RuleBook::load(&config.region, &config.contact).unwrap();
    let mut contact = ContactSettings::none();
    contact.calendar = book.calendar.into();
    contact.frequency = often;
    let mut settings = settings(unlimited());
    settings.contact = contact.into();
    Desk::with(settings)
}

fn submit(desk: &mut Desk, chance: &mut Chance) {
    let to = NUMBERS[usize::try_from(chance.below(4)).unwrap()];
    let number = PhoneNumber::from_digits(to).unwrap();
    let text = if chance.below(6) == 0 { long_text() } else { format!("texto {}", chance.below(5)) };
    let labels = Labels {
        debtor: (chance.below(2) == 0).then(|| format!("d-{}", number.subscriber())),
        batch: (chance.below(3) == 0).then(|| "lote".to_owned()),
        ..Labels::default()
    };
    let id = MessageId::new(desk.now, std::array::from_fn(|_| u8::try_from(chance.below(256)).unwrap()));
    let expires = desk.now + Duration::from_secs((1 + chance.below(96)) * 3600);
    let mut submission = Submission { id, expires, to: number, labels, ..desk.submission(&text) };
    submission.serial_digest(chance);
    desk.try_submit(&submission);
}

impl Submission {
    fn serial_digest(&mut self, chance: &mut Chance) {
        self.fingerprint = std::array::from_fn(|_| u8::try_from(chance.below(256)).unwrap());
    }
}

fn work(desk: &mut Desk, chance: &mut Chance) {
    for (modem, lease) in desk.loads() {
        if desk.offer(&modem, lease.segment) == Offer::Stop {
            continue;
        }
        let result = match chance.below(8) {
            0 => Settlement::Refused { cause: Cause::Cms(1) },
            1 => Settlement::Returned { why: ReturnedWhy::NoPrompt },
            2 => Settlement::Unknown { why: UnknownWhy::PortLost },
            _ => Settlement::Accepted { tp_mr: u8::try_from(chance.below(256)).unwrap() },
        };
        desk.settle(&modem, lease.segment, result);
    }
}

/// When each person was texted: first parts that left, or may have.
fn texts(desk: &Desk) -> BTreeMap<u64, Vec<Timestamp>> {
    let conn = desk.gateway.store().connection();
    let sql = "SELECT recipient, offered_at FROM segment JOIN message ON message.key = segment.message
         WHERE part = 1 AND segment.state IN (3, 4, 7) ORDER BY offered_at";
    let mut statement = conn.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))).unwrap();
    let mut texts: BTreeMap<u64, Vec<Timestamp>> = BTreeMap::new();
    for row in rows {
        let (recipient, at) = row.unwrap();
        let number = PhoneNumber::from_digits(&recipient.to_string()).unwrap();
        texts.entry(number.subscriber()).or_default().push(Timestamp::from_millis(at));
    }
    texts
}

fn local(at: Timestamp) -> jiff::Zoned {
    at.to_jiff().unwrap().in_tz("America/Sao_Paulo").unwrap()
}

/// São Paulo by hand: 8 to 20 on weekdays, 8 to 14 on Saturdays. No holiday lies in the weeks that are played.
fn is_lawful(at: Timestamp) -> bool {
    let local = local(at);
    match local.weekday() {
        Weekday::Sunday => false,
        Weekday::Saturday => (8..14).contains(&local.hour()),
        Weekday::Monday | Weekday::Tuesday | Weekday::Wednesday | Weekday::Thursday | Weekday::Friday => {
            (8..20).contains(&local.hour())
        }
    }
}

#[test]
fn nobody_is_texted_too_often_too_late_or_after_a_suppression() {
    let often = Often {
        max_per_day: 1,
        max_per_week: 3,
        same_text_days: 2,
        min_gap: Duration::from_secs(4 * 3600),
        ..Often::default()
    };
    let mut sent = 0;
    for seed in 1..=SEEDS {
        let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut desk = desk(often);
        desk.plug("m1", "sim-a");
        desk.plug("m2", "sim-b");
        let mut suppressed: Option<(u64, Timestamp)> = None;
        for step in 0..STEPS {
            match chance.below(10) {
                0..=3 => submit(&mut desk, &mut chance),
                4..=6 => work(&mut desk, &mut chance),
                7..=8 => desk.pass(Duration::from_secs(60 + chance.below(5 * 3600))),
                _ if chance.below(4) == 0 => {
                    desk.restart();
                    desk.plug("m1", "sim-a");
                    desk.plug("m2", "sim-b");
                }
                _ => {}
            }
            if step == STEPS / 2 {
                let number = PhoneNumber::from_digits(NUMBERS[0]).unwrap();
                let act = Act {
                    kind: Kind::Manual,
                    purposes: Purposes::ALL,
                    creditor: None,
                    effective: desk.now,
                    source: "test".into(),
                    client: "test".into(),
                    why: None,
                    inbound: None,
                };
                desk.gateway.commit(desk.now, |context| context.work.suppress(&act, &[number])).unwrap();
                suppressed = Some((number.subscriber(), desk.now));
            }
        }
        for (person, times) in texts(&desk) {
            sent += times.len();
            for (index, at) in times.iter().enumerate() {
                assert!(is_lawful(*at), "seed {seed}: {at}");
                let stopped = suppressed.is_some_and(|(number, since)| number == person && *at > since);
                assert!(!stopped, "seed {seed}: {at} is after the suppression");
                let day = local(*at).date();
                let before = &times[..index];
                assert!(before.iter().all(|other| local(*other).date() != day), "seed {seed}: two on {day}");
                let week = day.saturating_sub(jiff::ToSpan::days(6));
                let within = before.iter().filter(|other| local(**other).date() >= week).count();
                assert!(within < 3, "seed {seed}: {within} in the week before {at}");
                let gap = before.last().map(|other| at.saturating_since(*other));
                assert!(gap.is_none_or(|gap| gap >= often.min_gap), "seed {seed}: {gap:?} before {at}");
            }
        }
    }
    assert!(sent > 20, "so few texts prove little: {sent}");
}
