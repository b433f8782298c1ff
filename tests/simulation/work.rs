//! What is asked of the gateway: messages with their number in every part.

use std::time::Duration;

use recado::clock::Timestamp;
use recado::pdu::Address;
use recado::sms::id::MessageId;
use recado::sms::message::{Body, Labels, OnUnknown, Purpose, Submission};
use recado::sms::number::PhoneNumber;
use recado::sms::segment::Segments;
use recado::sms::text::TextOptions;

use super::random::Random;

/// What the first two SIMs are called; messages may ask for one of them.
pub(crate) const SIMS: [&str; 2] = ["um", "dois"];

/// What is added to the number of a message for that of its twin.
pub(crate) const TWIN: usize = 500_000;

/// What to send, by chance.
#[derive(Clone)]
pub(crate) struct Task {
    pub(crate) number: usize,
    to: String,
    text: String,
    priority: u8,
    pub(crate) batch: Option<String>,
    sim: Option<String>,
    on_unknown: OnUnknown,
    due_in: Duration,
    valid_for: Duration,
    purpose: Purpose,
    debtor: Option<String>,
    random: [u8; 10],
}

impl Task {
    pub(crate) fn new(number: usize, parts_max: usize, random: &mut Random) -> Self {
        let parts = if random.once_in(3) { 1 + random.index(parts_max) } else { 1 };
        let fate = match random.below(8) {
            0 => 1 + random.index(7),
            _ => 5000,
        };
        let on_unknown = match random.below(3) {
            0 => OnUnknown::ResendAfter(random.seconds(30, 3600)),
            _ => OnUnknown::Hold,
        };
        let mut octets = [0; 10];
        octets[..8].copy_from_slice(&(number as u64).to_be_bytes());
        Self {
            number,
            to: format!("55119{number:04}{fate:04}"),
            // 153 septets a part; 12 a word.
            text: format!("msg {number:06} ").repeat(if parts == 1 { 1 } else { parts * 12 }),
            priority: random.pick(&[5, 5, 5, 0, 9, 3]),
            batch: random.pick(&[None, Some("a".to_owned()), Some("b".to_owned())]),
            sim: if random.once_in(8) { Some(random.pick(&SIMS).to_owned()) } else { None },
            on_unknown,
            due_in: if random.once_in(6) { random.seconds(1, 3600) } else { Duration::ZERO },
            valid_for: if random.once_in(6) { random.seconds(600, 3 * 3600) } else { Duration::from_secs(24 * 3600) },
            purpose: Purpose::Collection,
            debtor: None,
            random: octets,
        }
    }

    /// For that number and debtor instead, and for that purpose.
    pub(crate) fn address(&mut self, to: &str, debtor: Option<String>, purpose: Purpose) {
        (self.to, self.debtor, self.purpose) = (to.to_owned(), debtor, purpose);
    }

    /// The same text in another message, to another form of the number.
    pub(crate) fn twin(&self, to: String) -> Self {
        let number = self.number + TWIN;
        let mut random = self.random;
        random[..8].copy_from_slice(&(number as u64).to_be_bytes());
        Self { number, to, random, ..self.clone() }
    }

    /// Whether its number is one that the network refuses for now, for ever.
    pub(crate) fn is_refused_for_now(&self) -> bool {
        self.to.ends_with("0005")
    }

    /// As the door would make it; a repeat differs in nothing that counts.
    pub(crate) fn submission(&self, now: Timestamp) -> Submission {
        let reference = u8::try_from(self.number % 256).unwrap();
        let segments = Segments::new(&self.text, &TextOptions::default(), reference).unwrap();
        let tp_da = Address::international(&self.to).unwrap();
        Submission {
            id: MessageId::new(now, self.random),
            client: "sim".into(),
            client_ref: Some(format!("ref-{}", self.number)),
            fingerprint: [u8::try_from(self.number % 251).unwrap(); 32],
            to: PhoneNumber::from_digits(&self.to).unwrap(),
            text: Body(self.text.clone()),
            purpose: self.purpose,
            priority: self.priority,
            not_before: None,
            due: now + self.due_in,
            expires: now + self.due_in + self.valid_for,
            encoding_asked: "auto",
            encoding: "gsm7",
            units: u32::try_from(segments.units()).unwrap(),
            on_unknown: self.on_unknown,
            max_segments: None,
            sim: self.sim.clone(),
            group: None,
            report: true,
            labels: Labels { batch: self.batch.clone(), debtor: self.debtor.clone(), ..Labels::default() },
            confirms_opt_out: false,
            parts: segments.submits(tp_da, true).unwrap(),
        }
    }
}

/// The number of the message that this part belongs to.
pub(crate) fn number_in(part: &str) -> usize {
    let digits = part.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 6);
    digits.unwrap_or_else(|| panic!("no number in {part:?}")).parse().unwrap()
}
