//! Text as parts, and parts as text (TS 23.040 clauses 9.2.3.24.1, .15 and .16).
//!
//! Each part is filled before the next begins, which gives the fewest parts; the two septets of an extension character
//! and the two units of a surrogate pair stay in one part. Knows nothing of who sends the parts and when.

use std::num::NonZeroU8;
use std::ops::Range;

use super::text::{Change, Chosen, TextCoding, TextError, TextOptions, choose};
use crate::pdu::{
    Address, Coding, Concat, Dcs, EncodeError, EncodedPdu, NationalShift, Payload, Pdu, SubmitTpdu, Tpdu, Udh, UserData,
};

/// Most parts that a concatenated message can have.
pub const PARTS_MAX: u8 = u8::MAX;

/// "Part k of n", with 1 <= k <= n.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Part {
    number: NonZeroU8,
    total: NonZeroU8,
}

impl Part {
    /// The only part of its message.
    pub const ONLY: Self = Self { number: NonZeroU8::MIN, total: NonZeroU8::MIN };

    /// Part `number` of `total`; `None` unless 1 <= number <= total.
    pub fn new(number: u8, total: u8) -> Option<Self> {
        let part = Self { number: NonZeroU8::new(number)?, total: NonZeroU8::new(total)? };
        (number <= total).then_some(part)
    }

    /// Which part, from 1.
    pub fn number(self) -> u8 {
        self.number.get()
    }

    /// Of how many.
    pub fn total(self) -> u8 {
        self.total.get()
    }
}

/// One part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its place.
    pub part: Part,
    /// Header and payload.
    pub user_data: UserData,
}

/// All parts of one message: at least one, at most 255, in one coding and with one reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segments {
    coding: TextCoding,
    units: usize,
    parts: Vec<Segment>,
    changes: Vec<Change>,
}

impl Segments {
    /// The parts as SUBMIT TPDUs, without SMSC and validity, encoded. `report` asks for a status report.
    pub fn submits(&self, tp_da: Address, report: bool) -> Result<Vec<EncodedPdu>, EncodeError> {
        let tp_dcs = self.dcs(None);
        let encode = |segment: &Segment| {
            let user_data = segment.user_data.clone();
            let tpdu = SubmitTpdu {
                rd: false,
                rp: false,
                srr: report,
                tp_mr: 0,
                tp_da,
                tp_pid: 0,
                tp_dcs,
                validity: None,
                user_data,
            };
            Pdu { smsc: None, tpdu: Tpdu::Submit(tpdu) }.encode()
        };
        self.parts.iter().map(encode).collect()
    }

    /// Chooses a coding for `text` and divides it. `concat_ref` is used only if there is more than one part.
    pub fn new(text: &str, options: &TextOptions, concat_ref: u8) -> Result<Self, TextError> {
        let max = match options.max_segments {
            0 => PARTS_MAX,
            max => max,
        };
        let Chosen { coding, text, changes } = choose(text, options)?;
        // `choose` gives a coding that holds every character; an empty text has been refused.
        let layout = lay_out(&text, coding).ok_or(TextError::Empty)?;
        let needed = layout.part_count();
        let total = u8::try_from(needed).ok().filter(|total| *total <= max);
        let total = total.ok_or(TextError::TooLong { needed, max: max.into() })?;
        let segments = (1..=total).zip(&layout.parts).filter_map(|(number, range)| {
            let part = Part::new(number, total)?;
            let text = text.get(range.clone())?;
            let concat = Concat { reference: concat_ref.into(), total, seq: number, bits: 8 };
            let header = coding.header((total > 1).then_some(concat));
            Some(Segment { part, user_data: user_data(text, coding, header)? })
        });
        Ok(Self { coding, units: layout.units, parts: segments.collect(), changes })
    }

    /// The parts in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, Segment> {
        self.parts.iter()
    }

    /// How many parts there are, 1 to 255.
    pub fn count(&self) -> usize {
        self.parts.len()
    }

    /// The coding of every part.
    pub fn coding(&self) -> TextCoding {
        self.coding
    }

    /// TP-DCS of every part; `class` is 0 to 3.
    pub fn dcs(&self, class: Option<u8>) -> Dcs {
        self.coding.dcs(class)
    }

    /// Septets or UTF-16 units of the text, headers not counted.
    pub fn units(&self) -> usize {
        self.units
    }

    /// What transliteration changed.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// The text that these were made of, with what transliteration changed, as it is sent.
    pub fn sent_text(&self, text: &str) -> String {
        let mut changes = self.changes.iter().peekable();
        let mut sent = String::with_capacity(text.len());
        for (index, character) in text.chars().enumerate() {
            match changes.next_if(|change| change.original.index == index) {
                Some(change) => sent.push_str(&change.replacement),
                None => sent.push(character),
            }
        }
        sent
    }
}

impl<'a> IntoIterator for &'a Segments {
    type Item = &'a Segment;
    type IntoIter = std::slice::Iter<'a, Segment>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Where a text is divided.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Byte ranges of the text.
    parts: Vec<Range<usize>>,
    units: usize,
}

impl Layout {
    pub(super) fn part_count(&self) -> usize {
        self.parts.len()
    }
}

/// Divides `text`; `None` if a character does not fit into `coding` or there is none.
pub(super) fn lay_out(text: &str, coding: TextCoding) -> Option<Layout> {
    let units = coding.units(text).filter(|_| !text.is_empty())?;
    if units <= coding.capacity(coding.header(None).as_ref()) {
        return Some(Layout { parts: std::iter::once(0..text.len()).collect(), units });
    }
    // All references, totals and part numbers take the same room.
    let concat = Concat { reference: 0, total: 1, seq: 1, bits: 8 };
    let capacity = coding.capacity(coding.header(Some(concat)).as_ref());
    let mut parts = Vec::with_capacity(units / capacity + 1);
    let (mut start, mut used) = (0, 0);
    for (at, character) in text.char_indices() {
        let cost = coding.cost(character)?;
        if used + cost > capacity {
            parts.push(start..at);
            (start, used) = (at, 0);
        }
        used += cost;
    }
    parts.push(start..text.len());
    Some(Layout { parts, units })
}

fn user_data(text: &str, coding: TextCoding, header: Option<Udh>) -> Option<UserData> {
    Some(match coding.tables() {
        Some(tables) => UserData::from_septets(header, tables.encode(text)?),
        None => UserData::from_octets(header, text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
    })
}

/// The text of parts in their order; `None` if one of them is data and not text.
///
/// Units are joined before they are read, because other senders do divide pairs.
pub fn join<'a>(parts: impl IntoIterator<Item = (&'a UserData, Dcs)>) -> Option<String> {
    let mut text = String::new();
    let mut held = Held::Nothing;
    for (user_data, dcs) in parts {
        held = match (held, user_data.payload()) {
            (Held::Septets { shift, mut septets }, Payload::Septets(more)) if shift == shift_of(user_data) => {
                septets.extend_from_slice(more);
                Held::Septets { shift, septets }
            }
            (Held::Utf16(mut units), Payload::Octets(_)) => {
                units.extend(user_data.utf16(dcs)?);
                Held::Utf16(units)
            }
            (before, Payload::Septets(septets)) => {
                before.read(&mut text);
                Held::Septets { shift: shift_of(user_data), septets: septets.clone() }
            }
            (before, Payload::Octets(_)) => {
                before.read(&mut text);
                Held::Utf16(user_data.utf16(dcs)?)
            }
        };
    }
    held.read(&mut text);
    Some(text)
}

/// Units of one kind that wait to be read as text.
enum Held {
    Nothing,
    Septets { shift: NationalShift, septets: Vec<u8> },
    Utf16(Vec<u16>),
}

impl Held {
    fn read(self, text: &mut String) {
        match self {
            Self::Nothing => {}
            Self::Septets { shift, septets } => {
                Coding::of_identifiers(shift.locking, shift.single).decode(&septets, text);
            }
            Self::Utf16(units) => text.push_str(&String::from_utf16_lossy(&units)),
        }
    }
}

fn shift_of(user_data: &UserData) -> NationalShift {
    user_data.header().map(Udh::national).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::text::{CharacterAt, Encoding, NationalTable};
    use super::*;
    use proptest::prelude::*;

    fn options(encoding: Encoding) -> TextOptions {
        TextOptions { encoding, ..TextOptions::default() }
    }

    #[track_caller]
    fn check(text: &str, encoding: Encoding, coding: TextCoding, parts: usize) {
        let segments = Segments::new(text, &options(encoding), 7).unwrap();
        assert_eq!((segments.coding(), segments.count()), (coding, parts));
        assert_sound(&segments, text);
    }

    /// Every part fits, has the one header that it needs, and all together are the text.
    #[track_caller]
    fn assert_sound(segments: &Segments, text: &str) {
        let dcs = segments.dcs(None);
        assert_eq!(join(segments.iter().map(|segment| (&segment.user_data, dcs))).as_deref(), Some(text));
        let total = u8::try_from(segments.count()).unwrap();
        let mut apart = String::new();
        for (number, segment) in (1..=total).zip(segments) {
            assert_eq!(Some(segment.part), Part::new(number, total));
            let concat = segment.user_data.header().and_then(Udh::concat);
            let expected = Concat { reference: 7, total, seq: number, bits: 8 };
            assert_eq!(concat, (total > 1).then_some(expected));
            apart.push_str(&segment.user_data.text(dcs).unwrap());
            let units = match segment.user_data.payload() {
                Payload::Septets(septets) => septets.len(),
                Payload::Octets(octets) => octets.len() / 2,
            };
            assert!(units <= segments.coding().capacity(segment.user_data.header()));
        }
        assert_eq!(apart, text, "no character straddles parts");
    }

    #[test]
    fn parts_are_filled_to_the_standard_sizes() {
        let (auto, gsm7, ucs2) = (Encoding::Auto, TextCoding::Gsm7, TextCoding::Ucs2);
        check(&"x".repeat(160), auto, gsm7, 1);
        check(&"x".repeat(161), auto, gsm7, 2);
        check(&"x".repeat(306), auto, gsm7, 2);
        check(&"x".repeat(307), auto, gsm7, 3);
        check(&"\u{e3}".repeat(70), auto, ucs2, 1);
        check(&"\u{e3}".repeat(71), auto, ucs2, 2);
        check(&"\u{e3}".repeat(134), auto, ucs2, 2);
        check(&"\u{e3}".repeat(135), auto, ucs2, 3);
    }

    #[test]
    fn an_escape_pair_stays_in_one_part() {
        // 153 septets hold 76 pairs; the one left over stays empty.
        check(&"\u{20ac}".repeat(153), Encoding::Auto, TextCoding::Gsm7, 3);
        check(&format!("{}\u{20ac}{}", "x".repeat(152), "x".repeat(20)), Encoding::Auto, TextCoding::Gsm7, 2);
    }

    #[test]
    fn a_surrogate_pair_stays_in_one_part() {
        check(&format!("{}\u{1F600}{}", "x".repeat(66), "x".repeat(20)), Encoding::Auto, TextCoding::Ucs2, 2);
        check(&"\u{1F600}".repeat(35), Encoding::Auto, TextCoding::Ucs2, 1);
        check(&"\u{1F600}".repeat(67), Encoding::Auto, TextCoding::Ucs2, 3);
    }

    #[test]
    fn national_takes_the_tables_with_the_fewest_parts() {
        use NationalTable::{PorBoth, PorLocking, PorSingle};
        let (national, table) = (Encoding::National, TextCoding::National);
        check("Ol\u{e9}", national, TextCoding::Gsm7, 1);
        check("n\u{e3}o", national, table(PorSingle), 1);
        // 140 single shift pairs are more than 155 septets; locking shift takes one each.
        check(&"\u{e3}".repeat(140), national, table(PorLocking), 1);
        check(&"\u{ed}".repeat(70), national, table(PorSingle), 1);
        // The letters are in the locking table, which costs less; omega is in the single shift table alone.
        check(&"\u{f5}\u{e3}\u{ea}\u{3a9}".repeat(30), national, table(PorBoth), 1);
        check("\u{e3} \u{43d}", national, TextCoding::Ucs2, 1);
    }

    #[test]
    fn national_prefers_the_listed_tables_among_equals() {
        let listed = TextOptions {
            encoding: Encoding::National,
            national: vec![NationalTable::SpaSingle],
            ..TextOptions::default()
        };
        let coding = |text| Segments::new(text, &listed, 0).unwrap().coding();
        assert_eq!(coding("est\u{e1}"), TextCoding::National(NationalTable::SpaSingle));
        assert_eq!(coding("n\u{e3}o"), TextCoding::National(NationalTable::PorSingle));
    }

    #[test]
    fn national_headers_take_room_from_the_text() {
        check(
            &format!("\u{e3}{}", "x".repeat(153)),
            Encoding::National,
            TextCoding::National(NationalTable::PorSingle),
            1,
        );
        // Two parts of 149 septets, the pair of the first letter included.
        check(
            &format!("\u{e3}{}", "x".repeat(296)),
            Encoding::National,
            TextCoding::National(NationalTable::PorSingle),
            2,
        );
    }

    #[test]
    fn auto_uses_only_the_tables_that_are_listed() {
        let with = |national| TextOptions { national, ..TextOptions::default() };
        let coding = |options: &TextOptions| Segments::new("n\u{e3}o", options, 0).unwrap().coding();
        assert_eq!(coding(&with(vec![])), TextCoding::Ucs2);
        assert_eq!(coding(&with(vec![NationalTable::SpaSingle])), TextCoding::Ucs2);
        let listed = with(vec![NationalTable::SpaSingle, NationalTable::PorLocking]);
        assert_eq!(coding(&listed), TextCoding::National(NationalTable::PorLocking));
    }

    #[test]
    fn gsm7_names_every_character_that_it_lacks() {
        let lacking = |at: &[(char, usize)]| {
            let characters = at.iter().map(|(character, index)| CharacterAt { character: *character, index: *index });
            Err(TextError::NotEncodable { characters: characters.collect() })
        };
        let got = Segments::new("\u{e9} n\u{e3}o \u{1F600}", &options(Encoding::Gsm7), 0);
        assert_eq!(got, lacking(&[('\u{e3}', 3), ('\u{1F600}', 6)]));
    }

    #[test]
    fn transliterated_text_is_sent_and_reported() {
        let segments = Segments::new("n\u{e3}o \u{e9}", &options(Encoding::Transliterate), 7).unwrap();
        assert_sound(&segments, "nao \u{e9}");
        assert_eq!(segments.changes().len(), 1);
    }

    #[test]
    fn empty_and_oversized_texts_are_refused() {
        for encoding in Encoding::ALL {
            assert_eq!(Segments::new("", &options(encoding), 0), Err(TextError::Empty));
        }
        assert_eq!(Segments::new("\u{301}", &options(Encoding::Transliterate), 0), Err(TextError::Empty));
        let limited = TextOptions { max_segments: 2, ..TextOptions::default() };
        assert!(Segments::new(&"x".repeat(306), &limited, 0).is_ok());
        let too_long = |needed, max| Err(TextError::TooLong { needed, max });
        assert_eq!(Segments::new(&"x".repeat(307), &limited, 0), too_long(3, 2));
        assert_eq!(Segments::new(&"x".repeat(153 * 255), &TextOptions::default(), 0).map(|s| s.count()), Ok(255));
        assert_eq!(Segments::new(&"x".repeat(153 * 255 + 1), &TextOptions::default(), 0), too_long(256, 255));
    }

    #[test]
    fn pairs_that_others_divide_are_joined() {
        let euro = [UserData::from_septets(None, vec![b'a', 0x1B]), UserData::from_septets(None, vec![0x65, b'b'])];
        assert_eq!(join(euro.iter().map(|part| (part, Dcs(0)))).as_deref(), Some("a\u{20ac}b"));
        let smile = [UserData::from_octets(None, vec![0xD8, 0x3D]), UserData::from_octets(None, vec![0xDE, 0x00])];
        assert_eq!(join(smile.iter().map(|part| (part, Dcs(8)))).as_deref(), Some("\u{1F600}"));
    }

    #[test]
    fn parts_of_different_alphabets_are_read_apart() {
        let (plain, wide) = (UserData::from_septets(None, vec![b'a', 0x1B]), UserData::from_ucs2("\u{1F600}"));
        assert_eq!(join([(&plain, Dcs(0)), (&wide, Dcs(8)), (&plain, Dcs(0))]).as_deref(), Some("a \u{1F600}a "));
        let data = UserData::from_octets(None, vec![1]);
        assert_eq!(join([(&plain, Dcs(0)), (&data, Dcs(4))]), None);
        assert_eq!(join([]).as_deref(), Some(""));
    }

    #[test]
    fn a_part_is_one_of_its_message() {
        assert_eq!(Part::new(1, 1), Some(Part::ONLY));
        for (number, total) in [(0, 1), (2, 1), (0, 0), (1, 0)] {
            assert_eq!(Part::new(number, total), None);
        }
    }

    /// Letters that differ in what they cost, in every table.
    fn text() -> impl Strategy<Value = String> {
        let letter = prop::sample::select(
            "ax \u{e9}\u{e3}\u{f5}\u{ed}\u{f3}\u{f1}\u{20ac}[~\u{3a9}\n".chars().collect::<Vec<_>>(),
        );
        prop_oneof![
            prop::collection::vec(letter, 1..700).prop_map(String::from_iter),
            prop::collection::vec(any::<char>(), 1..300).prop_map(String::from_iter),
        ]
    }

    proptest! {
        #[test]
        fn joining_undoes_dividing(text in text(), encoding in prop::sample::select(vec![Encoding::Auto, Encoding::National, Encoding::Ucs2])) {
            let national = NationalTable::ALL.to_vec();
            let segments = Segments::new(&text, &TextOptions { encoding, national, max_segments: 0 }, 7).unwrap();
            assert_sound(&segments, &text);
            prop_assert_eq!(segments.coding().units(&text), Some(segments.units()));
        }
    }
}
