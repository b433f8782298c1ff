//! The chain over the event log: each event carries a hash of itself and of the hash before it, so that whoever kept one
//! hash sees every later change of what came before it.
//!
//! `hash = SHA-256("recado event 1" ‖ hash before ‖ seq ‖ at ‖ type ‖ message ‖ part ‖ modem ‖ sim ‖ data)`. A column is `00`
//! where it is null; `01` and 8 octets, big-endian, if it is an integer; `02`, its length in 8 octets and its UTF-8 if it is a
//! text. Before the first hash are 32 octets of zero.
//!
//! Only what stands in the event's own row is hashed: a message is named by its row's key, so that the chain holds when the
//! message is erased or, some day, gone. Keys could come back then; the event that queued a message therefore says its public
//! name too, and the event of a hand-over the ICCID (`seal`, `decision`).
//!
//! The chain begins with the first event that has a hash; events of older releases have none. It is no proof against somebody
//! who can write the database and computes it anew from there on: that is what heads kept outside are for.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::clock::Timestamp;
use crate::pdu::{from_hex, to_hex};

/// What is hashed first: no other use of SHA-256 begins so.
const TAG: &[u8] = b"recado event 1";

/// Milliseconds of a civil day in UTC.
const DAY_MS: i64 = 86_400_000;

/// The hash of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChainHash(pub [u8; 32]);

impl ChainHash {
    /// What stands before the first event of the chain.
    pub const ZERO: Self = Self([0; 32]);

    /// The hash that is stored as these octets; nothing where somebody put something else there, which a walk will find.
    pub(super) fn from_stored(octets: Option<Vec<u8>>) -> Option<Self> {
        octets.and_then(|octets| octets.try_into().ok()).map(Self)
    }
}

/// 64 digits in lower case.
impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0).to_lowercase())
    }
}

/// An end of the chain, as somebody may have kept it: `SEQ:HEX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The number of the event.
    pub seq: i64,
    /// Its hash.
    pub hash: ChainHash,
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

/// The text is no head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a head of the chain (SEQ:HEX, a number and 64 hexadecimal digits)")]
pub struct HeadError;

impl FromStr for Head {
    type Err = HeadError;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let (seq, hash) = s.split_once(':').ok_or(HeadError)?;
        let octets = from_hex(hash.as_bytes()).or(Err(HeadError))?;
        let hash = ChainHash(octets.try_into().or(Err(HeadError))?);
        seq.parse().map(|seq| Self { seq, hash }).or(Err(HeadError))
    }
}

/// The columns of an event, as they are stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns<'a> {
    pub(super) seq: i64,
    pub(super) at: i64,
    pub(super) kind: &'a [u8],
    pub(super) message: Option<i64>,
    pub(super) part: Option<i64>,
    pub(super) modem: Option<&'a [u8]>,
    pub(super) sim: Option<i64>,
    pub(super) data: Option<&'a [u8]>,
}

impl Columns<'_> {
    /// The hash of this event behind the one that has the hash `previous`.
    pub(super) fn hash(&self, previous: ChainHash) -> ChainHash {
        let mut digest = Sha256::new();
        digest.update(TAG);
        digest.update(previous.0);
        put_integer(&mut digest, Some(self.seq));
        put_integer(&mut digest, Some(self.at));
        put_text(&mut digest, Some(self.kind));
        put_integer(&mut digest, self.message);
        put_integer(&mut digest, self.part);
        put_text(&mut digest, self.modem);
        put_integer(&mut digest, self.sim);
        put_text(&mut digest, self.data);
        ChainHash(digest.finalize().into())
    }
}

pub(super) fn put_integer(digest: &mut Sha256, value: Option<i64>) {
    match value {
        None => digest.update([0]),
        Some(value) => {
            digest.update([1]);
            digest.update(value.to_be_bytes());
        }
    }
}

pub(super) fn put_text(digest: &mut Sha256, text: Option<&[u8]>) {
    match text {
        None => digest.update([0]),
        Some(text) => {
            digest.update([2]);
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text);
        }
    }
}

/// Why the chain does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The event, or its hash, is not what was written.
    Changed,
    /// There is no event with this number.
    Missing,
    /// The event has no hash, although events before it have.
    NoHash,
    /// The event has another hash than the one that somebody kept.
    OtherHead,
    /// The event went at the end of its time, and what was kept of the log says nothing of it.
    Gone,
}

impl Fault {
    /// The word in the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Missing => "missing",
            Self::NoHash => "no_hash",
            Self::OtherHead => "other_head",
            Self::Gone => "gone",
        }
    }

    /// What it means, in words for a person.
    pub fn detail(self) -> &'static str {
        match self {
            Self::Changed => "the event is not what was written",
            Self::Missing => "there is no event with this number",
            Self::NoHash => "the event has no hash, although events before it have",
            Self::OtherHead => {
                "the hash of the event is not the one that was kept: this event or one before it was changed"
            }
            Self::Gone => "the event went at the end of its time; compare a head of after that",
        }
    }
}

/// What a walk along the chain found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verification {
    /// Events of before the chain: nothing is known of them.
    pub before: u64,
    /// The number of the first event of the chain; `None` where no event has a hash.
    pub begins: Option<i64>,
    /// How many events of it hold.
    pub events: u64,
    /// The last one that holds.
    pub head: Option<Head>,
    /// The first event that does not hold, and why.
    pub fault: Option<(i64, Fault)>,
}

impl Verification {
    /// Whether nothing was changed, as far as the chain can tell.
    pub fn holds(&self) -> bool {
        self.fault.is_none()
    }
}

/// A walk along the chain, from its first event.
#[derive(Debug)]
pub(super) struct Walk {
    found: Verification,
    last: i64,
    /// A head that somebody kept, until it was met.
    kept: Option<Head>,
}

impl Walk {
    /// A walk that has seen nothing. `kept` is a head that the log must have.
    pub(super) fn new(kept: Option<Head>) -> Self {
        let found = Verification { before: 0, begins: None, events: 0, head: None, fault: None };
        Self { found, last: 0, kept }
    }

    /// The same of a log whose events up to `last` have gone, of which `head` is what was kept, if they were chained.
    pub(super) fn behind(last: i64, head: Option<Head>, kept: Option<Head>) -> Self {
        let mut walk = Self { last, ..Self::new(kept) };
        (walk.found.head, walk.found.begins) = (head, head.map(|head| head.seq + 1));
        if let Some(kept) = kept.filter(|kept| kept.seq <= last) {
            let is_there = head.filter(|head| head.seq == kept.seq);
            walk.found.fault = match is_there {
                Some(head) if head.hash == kept.hash => None,
                Some(_) => Some((kept.seq, Fault::OtherHead)),
                None => Some((kept.seq, Fault::Gone)),
            };
            walk.kept = None;
        }
        walk
    }

    /// Whether there is anything more to learn.
    pub(super) fn goes_on(&self) -> bool {
        self.found.fault.is_none()
    }

    /// The next event of the log and the hash that is stored with it.
    pub(super) fn look(&mut self, event: &Columns<'_>, stored: Option<&[u8]>) {
        if !self.goes_on() {
            return;
        }
        match self.judge(event, stored) {
            Ok(None) => self.found.before += 1,
            Ok(Some(head)) => {
                self.found.begins.get_or_insert(head.seq);
                self.found.events += 1;
                self.found.head = Some(head);
            }
            Err(fault) => self.found.fault = Some(fault),
        }
        self.last = event.seq;
    }

    fn judge(&mut self, event: &Columns<'_>, stored: Option<&[u8]>) -> Result<Option<Head>, (i64, Fault)> {
        let is_kept = self.kept.filter(|kept| kept.seq == event.seq);
        if stored.is_none() && self.found.begins.is_none() {
            return if is_kept.is_some() { Err((event.seq, Fault::NoHash)) } else { Ok(None) };
        }
        let expected = self.last + 1;
        if event.seq != expected {
            return Err((expected, Fault::Missing));
        }
        let stored = stored.ok_or((event.seq, Fault::NoHash))?;
        let hash = event.hash(self.found.head.map_or(ChainHash::ZERO, |head| head.hash));
        if hash.0 != *stored {
            return Err((event.seq, Fault::Changed));
        }
        if let Some(kept) = is_kept {
            if kept.hash != hash {
                return Err((event.seq, Fault::OtherHead));
            }
            self.kept = None;
        }
        Ok(Some(Head { seq: event.seq, hash }))
    }

    /// What was found, once the log is at its end.
    pub(super) fn finish(mut self) -> Verification {
        if let Some(kept) = self.kept.filter(|_| self.goes_on()) {
            self.found.fault = Some((kept.seq, Fault::Missing));
        }
        self.found
    }
}

/// Which day's head was published last. A head is published at the first commit of each civil day in UTC.
#[derive(Debug, Clone, Copy, Default)]
pub struct Daily {
    day: Option<i64>,
}

impl Daily {
    /// Nothing was published since `last`.
    pub fn since(last: Option<Timestamp>) -> Self {
        Self { day: last.map(day) }
    }

    /// Whether a commit at `now` is the first of its day. Says so once; a clock that was set back by a day begins that day
    /// anew.
    pub fn is_due(&mut self, now: Timestamp) -> bool {
        let today = day(now);
        self.day.replace(today) != Some(today)
    }
}

fn day(at: Timestamp) -> i64 {
    at.as_millis().div_euclid(DAY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(seq: i64) -> Columns<'static> {
        let (modem, data) = (Some(&b"m1"[..]), Some(&br#"{"tp_mr":7}"#[..]));
        let kind = &b"segment.accepted"[..];
        Columns { seq, at: 1_795_525_200_000 + seq, kind, message: Some(3), part: Some(1), modem, sim: Some(2), data }
    }

    /// Events 1 to `count` with their hashes, of which the first `before` have none.
    fn log(count: i64, before: i64) -> Vec<(Columns<'static>, Option<ChainHash>)> {
        let mut last = ChainHash::ZERO;
        let link = |seq| {
            let event = event(seq);
            let hash = (seq > before).then(|| event.hash(last));
            last = hash.unwrap_or(last);
            (event, hash)
        };
        (1..=count).map(link).collect()
    }

    fn walk(log: &[(Columns<'_>, Option<ChainHash>)], kept: Option<Head>) -> Verification {
        let mut walk = Walk::new(kept);
        for (event, hash) in log {
            walk.look(event, hash.as_ref().map(|hash| &hash.0[..]));
        }
        walk.finish()
    }

    /// A change of the log, and the first event that does not hold.
    fn check(change: impl FnOnce(&mut Vec<(Columns<'static>, Option<ChainHash>)>), expected: Option<(i64, Fault)>) {
        let mut log = log(9, 0);
        change(&mut log);
        assert_eq!(walk(&log, None).fault, expected);
    }

    fn drop_at(log: &mut Vec<(Columns<'static>, Option<ChainHash>)>, place: usize) {
        log.remove(place);
    }

    /// Everything from `place` on is computed anew, as somebody would who can write the database.
    fn forge(log: &mut [(Columns<'_>, Option<ChainHash>)], place: usize) {
        let mut last = place.checked_sub(1).and_then(|before| log[before].1).unwrap_or(ChainHash::ZERO);
        for (event, hash) in &mut log[place..] {
            last = event.hash(last);
            *hash = Some(last);
        }
    }

    #[test]
    fn what_nobody_touched_holds() {
        check(|_| (), None);
        assert_eq!(walk(&[], None), Walk::new(None).finish());
    }

    #[test]
    fn any_column_that_is_changed_is_seen() {
        check(|log| log[4].0.at += 1, Some((5, Fault::Changed)));
        check(|log| log[4].0.kind = b"segment.refused", Some((5, Fault::Changed)));
        check(|log| log[4].0.message = Some(4), Some((5, Fault::Changed)));
        check(|log| log[4].0.part = None, Some((5, Fault::Changed)));
        check(|log| log[4].0.modem = None, Some((5, Fault::Changed)));
        check(|log| log[4].0.sim = Some(1), Some((5, Fault::Changed)));
        check(|log| log[4].0.data = Some(br#"{"tp_mr":8}"#), Some((5, Fault::Changed)));
        check(|log| log[4].1 = Some(ChainHash([9; 32])), Some((5, Fault::Changed)));
        check(|log| log[4].1 = None, Some((5, Fault::NoHash)));
        check(|log| drop_at(log, 4), Some((5, Fault::Missing)));
        check(|log| drop_at(log, 0), Some((1, Fault::Missing)));
        check(|log| log.swap(4, 5), Some((5, Fault::Missing)));
    }

    #[test]
    fn a_text_that_moves_from_one_column_to_the_next_is_another_event() {
        let one = Columns { modem: Some(b"ab"), data: Some(b"c"), ..event(1) };
        let other = Columns { modem: Some(b"a"), data: Some(b"bc"), ..event(1) };
        assert_ne!(one.hash(ChainHash::ZERO), other.hash(ChainHash::ZERO));
        let part = Columns { message: None, part: Some(3), ..event(1) };
        let message = Columns { message: Some(3), part: None, ..event(1) };
        assert_ne!(part.hash(ChainHash::ZERO), message.hash(ChainHash::ZERO));
    }

    #[test]
    fn a_chain_that_was_computed_anew_is_betrayed_by_a_head_that_somebody_kept() {
        let honest = log(9, 0);
        let kept = Head { seq: 6, hash: honest[5].1.unwrap() };
        let mut forged = honest.clone();
        forged[2].0.data = None;
        forge(&mut forged, 2);
        assert!(walk(&forged, None).holds());
        assert_eq!(walk(&forged, Some(kept)).fault, Some((6, Fault::OtherHead)));
        assert!(walk(&honest, Some(kept)).holds());
    }

    #[test]
    fn an_end_that_was_cut_off_is_betrayed_by_a_head_that_somebody_kept() {
        let honest = log(9, 0);
        let kept = Head { seq: 8, hash: honest[7].1.unwrap() };
        assert!(walk(&honest[..7], None).holds());
        assert_eq!(walk(&honest[..7], Some(kept)).fault, Some((8, Fault::Missing)));
    }

    #[test]
    fn events_of_before_have_no_hash_and_the_chain_says_where_it_begins() {
        let log = log(9, 4);
        let found = walk(&log, None);
        assert_eq!((found.before, found.begins, found.events, found.holds()), (4, Some(5), 5, true));
        let of_before = Head { seq: 2, hash: ChainHash([1; 32]) };
        assert_eq!(walk(&log, Some(of_before)).fault, Some((2, Fault::NoHash)));
    }

    #[test]
    fn a_beginning_that_lost_its_hashes_is_seen_where_the_rest_begins() {
        check(|log| log[..3].iter_mut().for_each(|(_, hash)| *hash = None), Some((4, Fault::Changed)));
    }

    #[test]
    fn a_log_whose_beginning_went_is_walked_from_the_head_that_was_kept_of_it() {
        let log = log(9, 0);
        let head = |place: usize| Head { seq: log[place].0.seq, hash: log[place].1.unwrap() };
        let walk = |anchor: Option<Head>, kept: Option<Head>| {
            let mut walk = Walk::behind(4, anchor, kept);
            log[4..].iter().for_each(|(event, hash)| walk.look(event, hash.as_ref().map(|hash| &hash.0[..])));
            walk.finish()
        };
        let found = walk(Some(head(3)), None);
        assert_eq!((found.begins, found.events, found.head, found.fault), (Some(5), 5, Some(head(8)), None));
        // Whoever puts another beginning in its place is betrayed by what follows.
        let forged = Head { seq: 4, hash: ChainHash([9; 32]) };
        assert_eq!(walk(Some(forged), None).fault, Some((5, Fault::Changed)));
        assert!(walk(Some(head(3)), Some(head(3))).holds());
        assert_eq!(walk(Some(head(3)), Some(forged)).fault, Some((4, Fault::OtherHead)));
        assert_eq!(walk(Some(head(3)), Some(head(1))).fault, Some((2, Fault::Gone)));
        assert!(walk(Some(head(3)), Some(head(6))).holds());
    }

    #[test]
    fn a_head_is_read_as_it_is_written() {
        let head = Head { seq: 12, hash: ChainHash([0xAB; 32]) };
        assert_eq!(head.to_string().parse(), Ok(head));
        for text in ["", "12", "12:", "x:00", "12:abcd", &format!("12:{}", "g".repeat(64)), &format!("{head}0")] {
            assert_eq!(text.parse::<Head>(), Err(HeadError), "{text}");
        }
    }

    #[test]
    fn a_head_is_due_once_a_day() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let mut daily = Daily::since(None);
        assert!(daily.is_due(at("2026-11-24T13:00:00Z")));
        assert!(!daily.is_due(at("2026-11-24T23:59:59.999Z")));
        assert!(daily.is_due(at("2026-11-25T00:00:00Z")));
        assert!(!Daily::since(Some(at("2026-11-25T00:00:00Z"))).is_due(at("2026-11-25T22:00:00Z")));
        // What was published while the clock was wrong does not silence the days until then.
        assert!(Daily::since(Some(at("2027-01-01T00:00:00Z"))).is_due(at("2026-11-25T22:00:00Z")));
    }
}
