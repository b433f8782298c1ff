//! SMS-SUBMIT, from the mobile to the centre (TS 23.040 clause 9.2.2.2).

use super::address::Address;
use super::dcs::Dcs;
use super::error::{DecodeError, EncodeError};
use super::reader::Reader;
use super::user_data::UserData;
use super::validity::Validity;
use super::{HAS_HEADER, REPLY_PATH, bit};

/// TP-MTI of SMS-SUBMIT.
pub(super) const MTI: u8 = 0b01;
/// TP-RD in the first octet.
const REJECT_DUPLICATES: u8 = 0x04;
/// TP-SRR in the first octet.
const STATUS_REPORT_REQUEST: u8 = 0x20;
/// Where TP-VPF lies in the first octet.
const FORMAT_SHIFT: u8 = 3;

/// A message to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SubmitTpdu {
    /// TP-RD: the centre is to refuse a message that it still holds with the same reference and destination.
    pub rd: bool,
    /// TP-RP: a reply path is asked for.
    pub rp: bool,
    /// TP-SRR: a status report is asked for.
    pub srr: bool,
    /// TP-MR. Modems replace it by their own.
    pub tp_mr: u8,
    /// TP-DA, the recipient.
    pub tp_da: Address,
    /// TP-PID.
    pub tp_pid: u8,
    /// TP-DCS.
    pub tp_dcs: Dcs,
    /// TP-VP.
    pub validity: Option<Validity>,
    /// TP-UD.
    pub user_data: UserData,
}

impl SubmitTpdu {
    pub(super) fn decode(first: u8, reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let tp_mr = reader.octet()?;
        let tp_da = Address::decode(reader)?;
        let tp_pid = reader.octet()?;
        let tp_dcs = Dcs(reader.octet()?);
        let validity = Validity::decode(first >> FORMAT_SHIFT, reader)?;
        let user_data = UserData::decode(reader, tp_dcs, first & HAS_HEADER != 0)?;
        Ok(Self {
            rd: first & REJECT_DUPLICATES != 0,
            rp: first & REPLY_PATH != 0,
            srr: first & STATUS_REPORT_REQUEST != 0,
            tp_mr,
            tp_da,
            tp_pid,
            tp_dcs,
            validity,
            user_data,
        })
    }

    pub(super) fn encode(&self, octets: &mut Vec<u8>) -> Result<(), EncodeError> {
        let format = self.validity.map_or(0, Validity::format_bits) << FORMAT_SHIFT;
        octets.push(
            MTI | format
                | bit(self.rd, REJECT_DUPLICATES)
                | bit(self.srr, STATUS_REPORT_REQUEST)
                | bit(self.user_data.header().is_some(), HAS_HEADER)
                | bit(self.rp, REPLY_PATH),
        );
        octets.push(self.tp_mr);
        self.tp_da.encode(octets);
        octets.push(self.tp_pid);
        octets.push(self.tp_dcs.0);
        if let Some(validity) = self.validity {
            validity.encode(octets);
        }
        self.user_data.encode(self.tp_dcs, octets)
    }
}
