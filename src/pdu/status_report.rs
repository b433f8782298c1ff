//! SMS-STATUS-REPORT, from the centre to the mobile (TS 23.040 clause 9.2.2.3).

use super::address::Address;
use super::dcs::Dcs;
use super::error::{DecodeError, EncodeError};
use super::reader::Reader;
use super::scts::Scts;
use super::user_data::UserData;
use super::{HAS_HEADER, LOOP_PREVENTION, NO_MORE_MESSAGES, STATUS_REPORT, bit};

/// TP-MTI of SMS-STATUS-REPORT.
pub(super) const MTI: u8 = 0b10;
/// Bits of TP-PI (clause 9.2.3.27).
const HAS_PID: u8 = 0x01;
const HAS_DCS: u8 = 0x02;
const HAS_USER_DATA: u8 = 0x04;
const ANOTHER_INDICATOR: u8 = 0x80;

/// What became of a message sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StatusReportTpdu {
    /// TP-MMS as the bit is: `true` says that no more messages wait at the centre.
    pub mms: bool,
    /// TP-SRQ: the report is about an SMS-COMMAND and not an SMS-SUBMIT.
    pub srq: bool,
    /// TP-LP, loop prevention.
    pub lp: bool,
    /// TP-MR of the message reported on.
    pub tp_mr: u8,
    /// TP-RA, its recipient.
    pub tp_ra: Address,
    /// TP-SCTS, when the centre got the message.
    pub tp_scts: Scts,
    /// TP-DT, when it was delivered or given up or, for a temporary status, last tried.
    pub tp_dt: Scts,
    /// TP-ST.
    pub tp_st: u8,
    /// TP-PID, if there is one.
    pub tp_pid: Option<u8>,
    /// TP-DCS, if there is one; without it user data is in the default alphabet.
    pub tp_dcs: Option<Dcs>,
    /// TP-UD, if there is one.
    pub user_data: Option<UserData>,
}

impl StatusReportTpdu {
    pub(super) fn decode(first: u8, reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let tp_mr = reader.octet()?;
        let tp_ra = Address::decode(reader)?;
        let tp_scts = Scts::decode(reader)?;
        let tp_dt = Scts::decode(reader)?;
        let tp_st = reader.octet()?;
        let indicator = decode_indicator(reader)?;
        let tp_pid = if indicator & HAS_PID != 0 { Some(reader.octet()?) } else { None };
        let tp_dcs = if indicator & HAS_DCS != 0 { Some(Dcs(reader.octet()?)) } else { None };
        let user_data = if indicator & HAS_USER_DATA != 0 {
            Some(UserData::decode(reader, tp_dcs.unwrap_or_default(), first & HAS_HEADER != 0)?)
        } else {
            None
        };
        Ok(Self {
            mms: first & NO_MORE_MESSAGES != 0,
            srq: first & STATUS_REPORT != 0,
            lp: first & LOOP_PREVENTION != 0,
            tp_mr,
            tp_ra,
            tp_scts,
            tp_dt,
            tp_st,
            tp_pid,
            tp_dcs,
            user_data,
        })
    }

    pub(super) fn encode(&self, octets: &mut Vec<u8>) -> Result<(), EncodeError> {
        let header = self.user_data.as_ref().and_then(UserData::header);
        octets.push(
            MTI | bit(self.mms, NO_MORE_MESSAGES)
                | bit(self.lp, LOOP_PREVENTION)
                | bit(self.srq, STATUS_REPORT)
                | bit(header.is_some(), HAS_HEADER),
        );
        octets.push(self.tp_mr);
        self.tp_ra.encode(octets);
        octets.extend_from_slice(&self.tp_scts.to_octets());
        octets.extend_from_slice(&self.tp_dt.to_octets());
        octets.push(self.tp_st);
        let indicator = bit(self.tp_pid.is_some(), HAS_PID)
            | bit(self.tp_dcs.is_some(), HAS_DCS)
            | bit(self.user_data.is_some(), HAS_USER_DATA);
        if indicator != 0 {
            octets.push(indicator);
        }
        octets.extend(self.tp_pid);
        octets.extend(self.tp_dcs.map(|dcs| dcs.0));
        match &self.user_data {
            Some(user_data) => user_data.encode(self.tp_dcs.unwrap_or_default(), octets),
            None => Ok(()),
        }
    }
}

/// TP-PI. It is absent when nothing follows TP-ST, or only the FF octets that fill a SIM record; further indicator octets
/// have no meaning yet.
fn decode_indicator(reader: &mut Reader<'_>) -> Result<u8, DecodeError> {
    if reader.rest().iter().all(|octet| *octet == 0xFF) {
        return Ok(0);
    }
    let indicator = reader.octet()?;
    let mut last = indicator;
    while last & ANOTHER_INDICATOR != 0 {
        last = reader.octet()?;
    }
    Ok(indicator)
}
