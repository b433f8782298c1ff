//! The user data header and its information elements (TS 23.040 clause 9.2.3.24). Elements that Recado gives no meaning
//! are kept as they came.

use super::error::{DecodeError, DecodeErrorKind};
use super::reader::Reader;

/// Concatenation with an 8-bit reference, clause 9.2.3.24.1.
const CONCAT_8: u8 = 0x00;
/// Concatenation with a 16-bit reference, clause 9.2.3.24.8.
const CONCAT_16: u8 = 0x08;
/// Application ports of 16 bits, clause 9.2.3.24.4.
const PORTS_16: u8 = 0x05;
/// National language single shift, clause 9.2.3.24.15.
const SINGLE_SHIFT: u8 = 0x24;
/// National language locking shift, clause 9.2.3.24.16.
const LOCKING_SHIFT: u8 = 0x25;

/// One information element.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InformationElement {
    /// Information element identifier.
    pub iei: u8,
    /// Its data, without the length octet.
    pub data: Vec<u8>,
}

/// Which part of which concatenated message this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Concat {
    /// Reference that all parts share.
    pub reference: u16,
    /// Number of parts, at least 1.
    pub total: u8,
    /// This part, from 1 to `total`.
    pub seq: u8,
    /// Width of the reference: 8 or 16.
    pub bits: u8,
}

/// National language identifiers that the header names, unknown ones included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct NationalShift {
    /// Replaces the default alphabet.
    pub locking: Option<u8>,
    /// Replaces the extension table.
    pub single: Option<u8>,
}

/// A user data header.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Udh {
    /// The elements in their order.
    pub elements: Vec<InformationElement>,
}

impl Udh {
    /// Adds the element that makes this message a part of a larger one.
    pub fn push_concat(&mut self, concat: Concat) {
        let [high, low] = concat.reference.to_be_bytes();
        let element = if concat.bits == 16 {
            InformationElement { iei: CONCAT_16, data: vec![high, low, concat.total, concat.seq] }
        } else {
            InformationElement { iei: CONCAT_8, data: vec![low, concat.total, concat.seq] }
        };
        self.elements.push(element);
    }

    /// Adds the elements that name national tables.
    pub fn push_national(&mut self, shift: NationalShift) {
        let single = shift.single.map(|language| (SINGLE_SHIFT, language));
        let locking = shift.locking.map(|language| (LOCKING_SHIFT, language));
        let named = single.into_iter().chain(locking);
        self.elements.extend(named.map(|(iei, language)| InformationElement { iei, data: vec![language] }));
    }

    /// The concatenation, if there is one. As the clause says, the last of several counts, and one whose part number is 0
    /// or beyond the total, or whose total is 0, is ignored.
    pub fn concat(&self) -> Option<Concat> {
        self.elements.iter().rev().find_map(|element| {
            let (reference, total, seq, bits) = match (element.iei, element.data.as_slice()) {
                (CONCAT_8, &[reference, total, seq]) => (u16::from(reference), total, seq, 8),
                (CONCAT_16, &[high, low, total, seq]) => (u16::from_be_bytes([high, low]), total, seq, 16),
                _ => return None,
            };
            (1..=total).contains(&seq).then_some(Concat { reference, total, seq, bits })
        })
    }

    /// The national languages; the last of several elements of one kind counts.
    pub fn national(&self) -> NationalShift {
        NationalShift { locking: self.language(LOCKING_SHIFT), single: self.language(SINGLE_SHIFT) }
    }

    fn language(&self, iei: u8) -> Option<u8> {
        self.elements.iter().rev().find_map(|element| match element.data.as_slice() {
            &[language] if element.iei == iei => Some(language),
            _ => None,
        })
    }

    /// The application port of 16 bits that the message is for, if it is for one. The last of several counts.
    pub fn destination_port(&self) -> Option<u16> {
        self.elements.iter().rev().find_map(|element| match (element.iei, element.data.as_slice()) {
            (PORTS_16, &[high, low, _, _]) => Some(u16::from_be_bytes([high, low])),
            _ => None,
        })
    }

    /// Octets on the wire, with the length octet.
    pub fn octet_count(&self) -> usize {
        1 + self.elements.iter().map(|element| 2 + element.data.len()).sum::<usize>()
    }

    /// Septets that the header takes in a 7-bit message, fill bits included.
    pub fn septet_count(&self) -> usize {
        (self.octet_count() * 8).div_ceil(7)
    }

    /// Reads a header from the front of `user_data`, which begins at `offset`.
    pub(super) fn decode(user_data: &[u8], offset: usize) -> Result<Self, DecodeError> {
        let too_long =
            |header| Reader::error_at(offset, DecodeErrorKind::HeaderTooLong { header, user_data: user_data.len() });
        let (length, after) = user_data.split_first().ok_or_else(|| too_long(1))?;
        let length = usize::from(*length);
        let mut rest = after.get(..length).ok_or_else(|| too_long(length + 1))?;
        let mut elements = Vec::new();
        while let Some((&iei, after)) = rest.split_first() {
            let at = offset + 1 + length - rest.len();
            let (&length, after) =
                after.split_first().ok_or_else(|| Reader::error_at(at, DecodeErrorKind::ElementLengthMissing))?;
            let (data, after) = after.split_at_checked(usize::from(length)).ok_or_else(|| {
                let kind = DecodeErrorKind::ElementTooLong { element: usize::from(length), left: after.len() };
                Reader::error_at(at, kind)
            })?;
            elements.push(InformationElement { iei, data: data.to_vec() });
            rest = after;
        }
        Ok(Self { elements })
    }

    /// Appends the header. The caller has checked that it fits into user data, so no length exceeds an octet.
    pub(super) fn encode(&self, octets: &mut Vec<u8>) {
        let length = |count: usize| u8::try_from(count).unwrap_or(u8::MAX);
        octets.push(length(self.octet_count() - 1));
        for element in &self.elements {
            octets.extend_from_slice(&[element.iei, length(element.data.len())]);
            octets.extend_from_slice(&element.data);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(octets: &[u8]) -> Udh {
        Udh::decode(octets, 0).unwrap()
    }

    #[track_caller]
    fn check_concat(octets: &[u8], expected: Option<(u16, u8, u8, u8)>) {
        let got = decode(octets).concat().map(|c| (c.reference, c.total, c.seq, c.bits));
        assert_eq!(got, expected);
    }

    #[test]
    fn concatenation_has_references_of_two_widths() {
        check_concat(&[5, 0, 3, 0xAB, 3, 1], Some((0xAB, 3, 1, 8)));
        check_concat(&[6, 8, 4, 0xAB, 0xCD, 3, 3], Some((0xABCD, 3, 3, 16)));
        check_concat(&[0], None);
    }

    #[test]
    fn impossible_part_numbers_are_ignored() {
        check_concat(&[5, 0, 3, 0xAB, 3, 0], None);
        check_concat(&[5, 0, 3, 0xAB, 3, 4], None);
        check_concat(&[5, 0, 3, 0xAB, 0, 0], None);
        check_concat(&[4, 0, 2, 0xAB, 3], None);
    }

    #[test]
    fn the_last_of_several_concatenations_counts() {
        check_concat(&[11, 0, 3, 1, 2, 1, 8, 4, 0, 9, 2, 2], Some((9, 2, 2, 16)));
        check_concat(&[11, 8, 4, 0, 9, 2, 2, 0, 3, 1, 2, 1], Some((1, 2, 1, 8)));
    }

    #[test]
    fn national_languages_are_named_one_by_one() {
        let both = decode(&[6, 0x24, 1, 3, 0x25, 1, 99]);
        assert_eq!(both.national(), NationalShift { locking: Some(99), single: Some(3) });
        assert_eq!(decode(&[0]).national(), NationalShift::default());
    }

    #[test]
    fn a_port_stands_before_that_of_the_sender() {
        assert_eq!(decode(&[6, 5, 4, 0x0B, 0x84, 0x23, 0xF0]).destination_port(), Some(2948));
        assert_eq!(decode(&[4, 5, 2, 0x0B, 0x84]).destination_port(), None);
    }

    #[test]
    fn unknown_elements_are_kept_in_order() {
        let octets = [9, 0x70, 2, 1, 2, 5, 0, 0xA0, 1, 7];
        let header = decode(&octets);
        assert_eq!(header.elements.iter().map(|element| element.iei).collect::<Vec<_>>(), [0x70, 5, 0xA0]);
        let mut encoded = Vec::new();
        header.encode(&mut encoded);
        assert_eq!(encoded, octets);
    }

    #[track_caller]
    fn check_bad(octets: &[u8], offset: usize, kind: DecodeErrorKind) {
        assert_eq!(Udh::decode(octets, 100), Err(DecodeError { offset, kind }));
    }

    #[test]
    fn lengths_beyond_the_bounds_are_located() {
        check_bad(&[], 100, DecodeErrorKind::HeaderTooLong { header: 1, user_data: 0 });
        check_bad(&[4, 0, 3, 1], 100, DecodeErrorKind::HeaderTooLong { header: 5, user_data: 4 });
        check_bad(&[3, 0, 2, 1], 101, DecodeErrorKind::ElementTooLong { element: 2, left: 1 });
        check_bad(&[4, 0x24, 1, 3, 0], 104, DecodeErrorKind::ElementLengthMissing);
    }
}
