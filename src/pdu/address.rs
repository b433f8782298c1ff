//! Addresses (TS 23.040 clause 9.1.2.5): numbers in semi-octets and names in septets.
//!
//! An address keeps its semi-octets as they came, so that it is written back unchanged; it knows nothing of number plans.

use std::fmt;

use super::error::{DecodeError, DecodeErrorKind};
use super::reader::Reader;
use super::septets;
use super::tables;

/// Type-of-number value of an international number.
pub const TON_INTERNATIONAL: u8 = 1;
/// Type-of-number value of a name.
pub const TON_ALPHANUMERIC: u8 = 5;
/// Numbering-plan value of E.164.
pub const NPI_ISDN: u8 = 1;

/// Most octets of an address value, and twice as many semi-octets.
const VALUE_OCTETS: usize = 10;
/// What the semi-octets 0 to 14 stand for; 15 is filler.
const SEMI_OCTETS: &[u8; 15] = b"0123456789*#abc";

/// Whom a message comes from or goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Address {
    ton: u8,
    npi: u8,
    /// Semi-octets in use.
    length: u8,
    value: [u8; VALUE_OCTETS],
}

/// Why a text is no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// A character that is neither a digit nor one of `*#abc`, or not in the default alphabet for a name.
    #[error("character {index} has no place in an address")]
    BadCharacter {
        /// Index of the character.
        index: usize,
    },
    /// More than 20 digits, or more than 11 septets of a name.
    #[error("address is too long")]
    TooLong,
    /// No digit at all.
    #[error("address is empty")]
    Empty,
}

impl Address {
    /// A number with stated type and plan, of which the three and four low bits count; a name if the type says so.
    pub fn new(ton: u8, npi: u8, digits: &str) -> Result<Self, AddressError> {
        if ton & 0x07 == TON_ALPHANUMERIC {
            return Ok(Self { npi: npi & 0x0F, ..Self::alphanumeric(digits)? });
        }
        let mut value = [0xFF; VALUE_OCTETS];
        let mut length = 0_u8;
        for (index, digit) in digits.bytes().enumerate() {
            let semi_octet = SEMI_OCTETS.iter().position(|known| *known == digit.to_ascii_lowercase());
            let semi_octet = semi_octet.and_then(|at| u8::try_from(at).ok());
            let semi_octet = semi_octet.ok_or(AddressError::BadCharacter { index })?;
            let octet = value.get_mut(index / 2).ok_or(AddressError::TooLong)?;
            *octet = if index % 2 == 0 { 0xF0 | semi_octet } else { *octet & 0x0F | semi_octet << 4 };
            length += 1;
        }
        if length == 0 {
            return Err(AddressError::Empty);
        }
        Ok(Self { ton: ton & 0x07, npi: npi & 0x0F, length, value })
    }

    /// An international number, with or without its leading `+`.
    pub fn international(number: &str) -> Result<Self, AddressError> {
        Self::new(TON_INTERNATIONAL, NPI_ISDN, number.strip_prefix('+').unwrap_or(number))
    }

    /// A number of unknown type in the telephone plan: short codes and numbers as dialled.
    pub fn unknown(number: &str) -> Result<Self, AddressError> {
        Self::new(0, NPI_ISDN, number)
    }

    /// International with a leading `+`, as dialled without.
    pub fn from_number(number: &str) -> Result<Self, AddressError> {
        if number.starts_with('+') { Self::international(number) } else { Self::unknown(number) }
    }

    /// A name in the default alphabet, at most 11 septets.
    pub fn alphanumeric(name: &str) -> Result<Self, AddressError> {
        let bad_character = || name.chars().position(|character| tables::GSM7.cost(character).is_none()).unwrap_or(0);
        let name_septets =
            tables::GSM7.encode(name).ok_or_else(|| AddressError::BadCharacter { index: bad_character() })?;
        let mut packed = Vec::with_capacity(VALUE_OCTETS);
        septets::pack(&name_septets, 0, &mut packed);
        let mut value = [0; VALUE_OCTETS];
        value.get_mut(..packed.len()).ok_or(AddressError::TooLong)?.copy_from_slice(&packed);
        let length = u8::try_from((name_septets.len() * 7).div_ceil(4)).ok().ok_or(AddressError::TooLong)?;
        if length == 0 {
            return Err(AddressError::Empty);
        }
        Ok(Self { ton: TON_ALPHANUMERIC, npi: 0, length, value })
    }

    /// Type of number, 3 bits.
    pub fn ton(&self) -> u8 {
        self.ton
    }

    /// Numbering plan identification, 4 bits.
    pub fn npi(&self) -> u8 {
        self.npi
    }

    /// Whether this is a name and not a number.
    pub fn is_alphanumeric(&self) -> bool {
        self.ton == TON_ALPHANUMERIC
    }

    /// The digits without prefix, or the name.
    pub fn digits(&self) -> String {
        if self.is_alphanumeric() {
            let count = usize::from(self.length) * 4 / 7;
            let mut name = String::with_capacity(count);
            tables::GSM7.decode(&septets::unpack(&self.value, 0, count), &mut name);
            return name;
        }
        let semi_octets = self.value.iter().flat_map(|octet| [octet & 0x0F, octet >> 4]).take(usize::from(self.length));
        semi_octets.filter_map(|at| SEMI_OCTETS.get(usize::from(at)).copied().map(char::from)).collect()
    }

    /// The number as people write it: with a leading `+` if international; the name itself for a name.
    pub fn number(&self) -> String {
        self.to_string()
    }

    /// Reads length, type and value as in TP-OA, TP-DA and TP-RA, where the length counts semi-octets.
    pub(super) fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let offset = reader.offset();
        let length = reader.octet()?;
        if usize::from(length) > VALUE_OCTETS * 2 {
            return Err(Reader::error_at(offset, DecodeErrorKind::AddressTooLong { digits: length.into() }));
        }
        let type_of_address = reader.octet()?;
        let octets = reader.take(usize::from(length).div_ceil(2))?;
        Ok(Self::from_wire(type_of_address, octets, length))
    }

    /// Reads an SMSC field (TS 24.011 clause 8.2.5.1), where the length counts octets with the type. `None` when it is 0.
    pub(super) fn decode_smsc(reader: &mut Reader<'_>) -> Result<Option<Self>, DecodeError> {
        let offset = reader.offset();
        let Some(count) = usize::from(reader.octet()?).checked_sub(1) else { return Ok(None) };
        if count > VALUE_OCTETS {
            return Err(Reader::error_at(offset, DecodeErrorKind::AddressTooLong { digits: count * 2 }));
        }
        let type_of_address = reader.octet()?;
        let octets = reader.take(count)?;
        let is_number = type_of_address >> 4 & 0x07 != TON_ALPHANUMERIC;
        let filler = usize::from(is_number && octets.last().is_some_and(|last| last >> 4 == 0x0F));
        let length = u8::try_from(count * 2 - filler).unwrap_or_default();
        Ok(Some(Self::from_wire(type_of_address, octets, length)))
    }

    fn from_wire(type_of_address: u8, octets: &[u8], length: u8) -> Self {
        let ton = type_of_address >> 4 & 0x07;
        let filler = if ton == TON_ALPHANUMERIC { 0x00 } else { 0xFF };
        let mut value = [filler; VALUE_OCTETS];
        for (to, from) in value.iter_mut().zip(octets) {
            *to = *from;
        }
        if length % 2 == 1
            && let Some(last) = value.get_mut(usize::from(length / 2))
        {
            // The unused half says nothing; one form of it makes equal addresses equal.
            *last = *last & 0x0F | filler & 0xF0;
        }
        Self { ton, npi: type_of_address & 0x0F, length, value }
    }

    pub(super) fn encode(&self, octets: &mut Vec<u8>) {
        octets.push(self.length);
        self.encode_value(octets);
    }

    pub(super) fn encode_smsc(&self, octets: &mut Vec<u8>) {
        octets.push(self.length.div_ceil(2) + 1);
        self.encode_value(octets);
    }

    fn encode_value(&self, octets: &mut Vec<u8>) {
        octets.push(0x80 | self.ton << 4 | self.npi);
        octets.extend(self.value.iter().take(usize::from(self.length).div_ceil(2)));
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = if self.ton == TON_INTERNATIONAL { "+" } else { "" };
        write!(f, "{prefix}{}", self.digits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(octets: &[u8], expected: &str) {
        let address = Address::decode(&mut Reader::new(octets)).unwrap();
        assert_eq!(address.number(), expected);
        let mut encoded = Vec::new();
        address.encode(&mut encoded);
        assert_eq!(encoded, octets);
    }

    #[test]
    fn numbers_have_a_plus_only_if_international() {
        check(&[4, 0x91, 0x21, 0x43], "+1234");
        check(&[4, 0xA1, 0x21, 0x43], "1234");
        check(&[3, 0x81, 0x21, 0xF3], "123");
        check(&[6, 0x81, 0xA0, 0xCB, 0xED], "0*#abc");
        check(&[0, 0x91], "+");
    }

    #[test]
    fn names_are_septets_counted_in_semi_octets() {
        check(&[2, 0xD0, 0x41], "A");
        check(&[13, 0xD0, 0xC2, 0x72, 0x99, 0x9D, 0x76, 0x97, 0x01], "Beeline");
        let name = Address::alphanumeric("Loja Exempl").unwrap();
        assert_eq!((name.number().as_str(), name.length), ("Loja Exempl", 20));
        assert_eq!(Address::alphanumeric("Loja Exemplo"), Err(AddressError::TooLong));
        assert_eq!(Address::alphanumeric("n\u{E3}o"), Err(AddressError::BadCharacter { index: 1 }));
    }

    #[test]
    fn the_unused_half_octet_makes_no_difference() {
        let with = |last| Address::decode(&mut Reader::new(&[3, 0x81, 0x21, last])).unwrap();
        assert_eq!(with(0x03), with(0xF3));
    }

    #[test]
    fn smsc_lengths_count_octets() {
        let decode = |octets: &[u8]| Address::decode_smsc(&mut Reader::new(octets));
        assert_eq!(decode(&[0]), Ok(None));
        let smsc = decode(&[3, 0x91, 0x21, 0xF3]).unwrap().unwrap();
        assert_eq!(smsc, Address::international("123").unwrap());
        let mut encoded = Vec::new();
        smsc.encode_smsc(&mut encoded);
        assert_eq!(encoded, [3, 0x91, 0x21, 0xF3]);
        let too_long = DecodeErrorKind::AddressTooLong { digits: 22 };
        assert_eq!(decode(&[12, 0x91]), Err(DecodeError { offset: 0, kind: too_long }));
    }

    #[test]
    fn more_than_twenty_digits_are_refused() {
        assert_eq!(Address::international("+12345678901234567890").unwrap().number(), "+12345678901234567890");
        assert_eq!(Address::international("123456789012345678901"), Err(AddressError::TooLong));
        let too_long = DecodeErrorKind::AddressTooLong { digits: 21 };
        let octets = [&[21, 0x91], [0; 11].as_slice()].concat();
        assert_eq!(Address::decode(&mut Reader::new(&octets)), Err(DecodeError { offset: 0, kind: too_long }));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        assert_eq!(Address::from_number("+"), Err(AddressError::Empty));
        assert_eq!(Address::from_number("+55 11"), Err(AddressError::BadCharacter { index: 2 }));
        assert_eq!(Address::from_number("55\u{E9}1"), Err(AddressError::BadCharacter { index: 2 }));
    }
}
