//! TP-UD: an optional header and a payload in septets or octets (TS 23.040 clause 9.2.3.24).
//!
//! Knows how units become characters within one part. Joining parts is for those who hold all of them.

use super::dcs::{Alphabet, Dcs};
use super::error::{DecodeError, DecodeErrorKind, EncodeError};
use super::reader::Reader;
use super::septets;
use super::tables::{Coding, GSM7};
use super::udh::Udh;

/// Most septets of user data, header included.
pub const SEPTETS_MAX: usize = 160;
/// Most octets of user data, header included.
pub const OCTETS_MAX: usize = 140;

/// The user data of one TPDU.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct UserData {
    header: Option<Udh>,
    payload: Payload,
}

/// What follows the header.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Payload {
    /// Unpacked septets, each below 128.
    Septets(Vec<u8>),
    /// Octets.
    Octets(Vec<u8>),
}

impl Default for Payload {
    fn default() -> Self {
        Self::Septets(Vec::new())
    }
}

impl UserData {
    /// Septets, of which the low seven bits count, for the codings of [`Alphabet::Gsm7`].
    pub fn from_septets(header: Option<Udh>, mut septets: Vec<u8>) -> Self {
        for septet in &mut septets {
            *septet &= 0x7F;
        }
        Self { header, payload: Payload::Septets(septets) }
    }

    /// Octets, for all other codings.
    pub fn from_octets(header: Option<Udh>, octets: Vec<u8>) -> Self {
        Self { header, payload: Payload::Octets(octets) }
    }

    /// Text in the default alphabet without header; `None` if a character is not in it.
    pub fn from_gsm7(text: &str) -> Option<Self> {
        GSM7.encode(text).map(|septets| Self { header: None, payload: Payload::Septets(septets) })
    }

    /// Text in UTF-16 without header.
    pub fn from_ucs2(text: &str) -> Self {
        Self::from_octets(None, text.encode_utf16().flat_map(u16::to_be_bytes).collect())
    }

    /// The header, if the message has one.
    pub fn header(&self) -> Option<&Udh> {
        self.header.as_ref()
    }

    /// What follows the header.
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// The text, as far as this part alone tells it; `None` for 8-bit and compressed data.
    ///
    /// A code without a character is a space, half a surrogate pair or half a unit the replacement character.
    pub fn text(&self, dcs: Dcs) -> Option<String> {
        match &self.payload {
            Payload::Septets(septets) => {
                let mut text = String::with_capacity(septets.len() + septets.len() / 4);
                self.coding().decode(septets, &mut text);
                Some(text)
            }
            Payload::Octets(_) => self.utf16(dcs).map(|units| String::from_utf16_lossy(&units)),
        }
    }

    /// The UTF-16 units of a UCS-2 payload; a last odd octet is the replacement character.
    pub fn utf16(&self, dcs: Dcs) -> Option<Vec<u16>> {
        let Payload::Octets(octets) = &self.payload else { return None };
        if dcs.alphabet() != Alphabet::Ucs2 || dcs.is_compressed() {
            return None;
        }
        let (units, odd) = octets.as_chunks::<2>();
        let mut units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
        units.extend(odd.first().map(|_| 0xFFFD));
        Some(units)
    }

    /// The tables of a septet payload.
    pub fn coding(&self) -> Coding {
        let shift = self.header.as_ref().map(Udh::national).unwrap_or_default();
        Coding::of_identifiers(shift.locking, shift.single)
    }

    /// Reads TP-UDL and TP-UD.
    pub(super) fn decode(reader: &mut Reader<'_>, dcs: Dcs, has_header: bool) -> Result<Self, DecodeError> {
        let length_offset = reader.offset();
        let length = usize::from(reader.octet()?);
        let octet_count = if dcs.is_septets() { (length * 7).div_ceil(8) } else { length };
        if dcs.is_septets() && length > SEPTETS_MAX {
            return Err(Reader::error_at(length_offset, DecodeErrorKind::TooManySeptets { septets: length }));
        }
        if octet_count > OCTETS_MAX {
            return Err(Reader::error_at(length_offset, DecodeErrorKind::TooManyOctets { octets: length }));
        }
        let offset = reader.offset();
        let octets = reader.take(octet_count)?;
        let header = if has_header { Some(Udh::decode(octets, offset)?) } else { None };
        let header_octets = header.as_ref().map_or(0, Udh::octet_count);
        let after_header = octets.get(header_octets..).unwrap_or_default();
        if !dcs.is_septets() {
            return Ok(Self::from_octets(header, after_header.to_vec()));
        }
        let header_septets = header.as_ref().map_or(0, Udh::septet_count);
        let Some(count) = length.checked_sub(header_septets) else {
            let kind = DecodeErrorKind::HeaderTooLong { header: header_octets, user_data: octet_count };
            return Err(Reader::error_at(offset, kind));
        };
        let fill = header_septets * 7 - header_octets * 8;
        Ok(Self { header, payload: Payload::Septets(septets::unpack(after_header, fill, count)) })
    }

    /// Writes TP-UDL and TP-UD.
    pub(super) fn encode(&self, dcs: Dcs, octets: &mut Vec<u8>) -> Result<(), EncodeError> {
        let header_septets = self.header.as_ref().map_or(0, Udh::septet_count);
        let header_octets = self.header.as_ref().map_or(0, Udh::octet_count);
        let (units, max) = match &self.payload {
            Payload::Septets(septets) if dcs.is_septets() => (header_septets + septets.len(), SEPTETS_MAX),
            Payload::Octets(data) if !dcs.is_septets() => (header_octets + data.len(), OCTETS_MAX),
            Payload::Septets(_) | Payload::Octets(_) => return Err(EncodeError::PayloadMismatch),
        };
        let length = u8::try_from(units).ok().filter(|_| units <= max);
        octets.push(length.ok_or(EncodeError::UserDataTooLong { units, max })?);
        if let Some(header) = &self.header {
            header.encode(octets);
        }
        match &self.payload {
            Payload::Septets(septets) => septets::pack(septets, header_septets * 7 - header_octets * 8, octets),
            Payload::Octets(data) => octets.extend_from_slice(data),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(octets: &[u8], dcs: u8, has_header: bool, expected: Result<&str, (usize, DecodeErrorKind)>) {
        let got = UserData::decode(&mut Reader::new(octets), Dcs(dcs), has_header);
        let got = got.map(|user_data| user_data.text(Dcs(dcs)).unwrap()).map_err(|e| (e.offset, e.kind));
        assert_eq!(got.as_deref().map_err(|e| *e), expected);
    }

    #[test]
    fn text_in_each_alphabet_is_read() {
        check(&[5, 0xE8, 0x32, 0x9B, 0xFD, 0x06], 0, false, Ok("hello"));
        check(&[6, 0x00, 0x41, 0xD8, 0x3D, 0xDE, 0x00], 8, false, Ok("A\u{1F600}"));
        check(&[0], 0, false, Ok(""));
    }

    #[test]
    fn fill_bits_come_after_the_header() {
        // Six octets of header are seven septets with one fill bit.
        check(&[8, 5, 0, 3, 1, 1, 1, b'a' << 1], 0, true, Ok("a"));
    }

    #[test]
    fn half_units_show_a_replacement() {
        check(&[2, 0xD8, 0x3D], 8, false, Ok("\u{FFFD}"));
        check(&[3, 0x00, 0x41, 0x00], 8, false, Ok("A\u{FFFD}"));
    }

    #[test]
    fn escapes_without_a_character_show_the_main_table_or_a_space() {
        let text = |septets: &[u8]| UserData::from_septets(None, septets.to_vec()).text(Dcs(0)).unwrap();
        assert_eq!(text(&[0x1B, b'A']), "A");
        assert_eq!(text(&[0x1B, 0x1B, b'A']), " A");
        assert_eq!(text(&[b'A', 0x1B]), "A ");
        assert_eq!(text(&[0x1B, 0x65]), "\u{20AC}");
    }

    #[test]
    fn eight_bit_and_compressed_data_are_no_text() {
        for dcs in [0x04, 0xF5, 0x20, 0x28] {
            let user_data = UserData::decode(&mut Reader::new(&[1, 0x41]), Dcs(dcs), false).unwrap();
            assert_eq!(user_data.payload(), &Payload::Octets(vec![0x41]));
            assert_eq!(user_data.text(Dcs(dcs)), None);
        }
    }

    #[test]
    fn lengths_beyond_a_message_are_refused() {
        let long = [&[161], [0; 200].as_slice()].concat();
        check(&long, 0, false, Err((0, DecodeErrorKind::TooManySeptets { septets: 161 })));
        let long = [&[141], [0; 200].as_slice()].concat();
        check(&long, 8, false, Err((0, DecodeErrorKind::TooManyOctets { octets: 141 })));
        check(&[4, 0, 0], 8, false, Err((1, DecodeErrorKind::Truncated { needed: 4, left: 2 })));
        // Six octets of header need seven septets.
        let short = DecodeErrorKind::HeaderTooLong { header: 6, user_data: 6 };
        check(&[6, 5, 0, 3, 1, 1, 1], 0, true, Err((1, short)));
    }

    #[test]
    fn what_does_not_fit_is_not_encoded() {
        let encode = |user_data: UserData, dcs| user_data.encode(Dcs(dcs), &mut Vec::new());
        let too_long = |units, max| Err(EncodeError::UserDataTooLong { units, max });
        assert_eq!(encode(UserData::from_septets(None, vec![0; 160]), 0), Ok(()));
        assert_eq!(encode(UserData::from_septets(None, vec![0; 161]), 0), too_long(161, 160));
        assert_eq!(encode(UserData::from_octets(None, vec![0; 300]), 4), too_long(300, 140));
        let header = Udh { elements: vec![super::super::InformationElement { iei: 0x70, data: vec![0; 300] }] };
        assert_eq!(encode(UserData::from_octets(Some(header), Vec::new()), 4), too_long(303, 140));
        assert_eq!(encode(UserData::from_octets(None, Vec::new()), 0), Err(EncodeError::PayloadMismatch));
        assert_eq!(encode(UserData::from_septets(None, Vec::new()), 8), Err(EncodeError::PayloadMismatch));
    }
}
