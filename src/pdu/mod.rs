//! The short message as it travels: TPDUs of TS 23.040 clause 9.2 with the SMSC field that modems put before them
//! (TS 27.005 clause 4), and the alphabets of TS 23.038.
//!
//! Decoding takes any octets and gives a whole PDU or one located error, never a part of one. Unknown and reserved values
//! are kept; what is malformed is refused; octets after the end are ignored. This module knows nothing of modems, of
//! messages made of several PDUs, or of time zones. Vectors from other implementations are in `tests/data/pdu`.

mod address;
mod dcs;
mod deliver;
mod error;
mod hex;
mod reader;
mod scts;
mod septets;
mod status_report;
mod submit;
mod tables;
mod udh;
mod user_data;
mod ussd;
mod validity;

pub use address::{Address, AddressError, NPI_ISDN, TON_ALPHANUMERIC, TON_INTERNATIONAL};
pub use dcs::{Alphabet, Dcs, MessageWaiting, Waiting};
pub use deliver::DeliverTpdu;
pub use error::{DecodeError, DecodeErrorKind, EncodeError};
pub use hex::{from_hex, to_hex};
pub use scts::Scts;
pub use status_report::StatusReportTpdu;
pub use submit::SubmitTpdu;
pub use tables::{Coding, GSM7, Language};
pub use udh::{Concat, InformationElement, NationalShift, Udh};
pub use user_data::{OCTETS_MAX, Payload, SEPTETS_MAX, UserData};
pub use ussd::{pack_ussd, unpack_ussd};
pub use validity::Validity;

use reader::Reader;

/// TP-MMS in the first octet of DELIVER and STATUS-REPORT.
const NO_MORE_MESSAGES: u8 = 0x04;
/// TP-LP in the first octet of DELIVER and STATUS-REPORT.
const LOOP_PREVENTION: u8 = 0x08;
/// TP-SRI of DELIVER and TP-SRQ of STATUS-REPORT.
const STATUS_REPORT: u8 = 0x20;
/// TP-UDHI.
const HAS_HEADER: u8 = 0x40;
/// TP-RP of SUBMIT and DELIVER.
const REPLY_PATH: u8 = 0x80;

/// Which way a TPDU travels. TP-MTI means something else in each direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Mobile terminated: DELIVER and STATUS-REPORT.
    Mt,
    /// Mobile originated: SUBMIT.
    Mo,
}

/// A TPDU with the SMSC field before it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pdu {
    /// The service centre; `None` leaves the choice to the modem.
    pub smsc: Option<Address>,
    /// The message.
    pub tpdu: Tpdu,
}

/// The message types that Recado exchanges.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Tpdu {
    /// SMS-SUBMIT.
    Submit(SubmitTpdu),
    /// SMS-DELIVER.
    Deliver(DeliverTpdu),
    /// SMS-STATUS-REPORT.
    StatusReport(StatusReportTpdu),
}

/// A PDU ready for `AT+CMGS`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EncodedPdu {
    /// SMSC field and TPDU.
    pub octets: Vec<u8>,
    /// Octets of the TPDU alone, which is what `AT+CMGS=` counts.
    pub tpdu_length: usize,
}

impl EncodedPdu {
    /// The octets in upper-case hexadecimal.
    pub fn hex(&self) -> String {
        to_hex(&self.octets)
    }
}

impl Pdu {
    /// Reads SMSC field and TPDU. Octets after the end are ignored.
    ///
    /// A reserved message type towards the mobile is read as DELIVER, as TS 23.040 clause 9.2.3.1 asks.
    pub fn decode(octets: &[u8], direction: Direction) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(octets);
        let smsc = Address::decode_smsc(&mut reader)?;
        let offset = reader.offset();
        let first = reader.octet()?;
        let mti = first & 0b11;
        let tpdu = match (direction, mti) {
            (Direction::Mt, deliver::MTI | 0b11) => Tpdu::Deliver(DeliverTpdu::decode(first, &mut reader)?),
            (Direction::Mt, status_report::MTI) => Tpdu::StatusReport(StatusReportTpdu::decode(first, &mut reader)?),
            (Direction::Mo, submit::MTI) => Tpdu::Submit(SubmitTpdu::decode(first, &mut reader)?),
            _ => return Err(Reader::error_at(offset, DecodeErrorKind::UnsupportedType { mti })),
        };
        Ok(Self { smsc, tpdu })
    }

    /// Reads hexadecimal digits of either case, such as a line of a modem.
    pub fn decode_hex(digits: impl AsRef<[u8]>, direction: Direction) -> Result<Self, DecodeError> {
        Self::decode(&from_hex(digits.as_ref())?, direction)
    }

    /// Writes SMSC field and TPDU.
    pub fn encode(&self) -> Result<EncodedPdu, EncodeError> {
        // SMSC 12, address 12, validity 7, the rest of a TPDU's head at most 20, user data 140.
        let mut octets = Vec::with_capacity(192);
        match &self.smsc {
            Some(smsc) => smsc.encode_smsc(&mut octets),
            None => octets.push(0),
        }
        let smsc_length = octets.len();
        match &self.tpdu {
            Tpdu::Submit(tpdu) => tpdu.encode(&mut octets)?,
            Tpdu::Deliver(tpdu) => tpdu.encode(&mut octets)?,
            Tpdu::StatusReport(tpdu) => tpdu.encode(&mut octets)?,
        }
        Ok(EncodedPdu { tpdu_length: octets.len() - smsc_length, octets })
    }
}

/// `mask` if `is_set`.
fn bit(is_set: bool, mask: u8) -> u8 {
    if is_set { mask } else { 0 }
}

#[cfg(test)]
mod tests;
