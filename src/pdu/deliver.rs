//! SMS-DELIVER, from the centre to the mobile (TS 23.040 clause 9.2.2.1).

use super::address::Address;
use super::dcs::Dcs;
use super::error::{DecodeError, EncodeError};
use super::reader::Reader;
use super::scts::Scts;
use super::user_data::UserData;
use super::{HAS_HEADER, LOOP_PREVENTION, NO_MORE_MESSAGES, REPLY_PATH, STATUS_REPORT, bit};

/// TP-MTI of SMS-DELIVER.
pub(super) const MTI: u8 = 0b00;

/// A message received.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeliverTpdu {
    /// TP-MMS as the bit is: `true` says that no more messages wait at the centre.
    pub mms: bool,
    /// TP-SRI: the sender gets a status report.
    pub sri: bool,
    /// TP-LP, loop prevention.
    pub lp: bool,
    /// TP-RP: a reply path is set.
    pub rp: bool,
    /// TP-OA, the sender.
    pub tp_oa: Address,
    /// TP-PID.
    pub tp_pid: u8,
    /// TP-DCS.
    pub tp_dcs: Dcs,
    /// TP-SCTS, when the centre got the message.
    pub tp_scts: Scts,
    /// TP-UD.
    pub user_data: UserData,
}

impl DeliverTpdu {
    pub(super) fn decode(first: u8, reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let tp_oa = Address::decode(reader)?;
        let tp_pid = reader.octet()?;
        let tp_dcs = Dcs(reader.octet()?);
        let tp_scts = Scts::decode(reader)?;
        let user_data = UserData::decode(reader, tp_dcs, first & HAS_HEADER != 0)?;
        Ok(Self {
            mms: first & NO_MORE_MESSAGES != 0,
            sri: first & STATUS_REPORT != 0,
            lp: first & LOOP_PREVENTION != 0,
            rp: first & REPLY_PATH != 0,
            tp_oa,
            tp_pid,
            tp_dcs,
            tp_scts,
            user_data,
        })
    }

    pub(super) fn encode(&self, octets: &mut Vec<u8>) -> Result<(), EncodeError> {
        octets.push(
            MTI | bit(self.mms, NO_MORE_MESSAGES)
                | bit(self.lp, LOOP_PREVENTION)
                | bit(self.sri, STATUS_REPORT)
                | bit(self.user_data.header().is_some(), HAS_HEADER)
                | bit(self.rp, REPLY_PATH),
        );
        self.tp_oa.encode(octets);
        octets.push(self.tp_pid);
        octets.push(self.tp_dcs.0);
        octets.extend_from_slice(&self.tp_scts.to_octets());
        self.user_data.encode(self.tp_dcs, octets)
    }
}
