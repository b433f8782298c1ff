//! What tests of several modules receive.

use crate::pdu::{Address, Dcs, DeliverTpdu, Scts, UserData};

/// A DELIVER from +5511987654321.
pub(crate) fn deliver(tp_pid: u8, tp_dcs: u8, user_data: UserData) -> DeliverTpdu {
    DeliverTpdu {
        mms: false,
        sri: false,
        lp: false,
        rp: false,
        tp_oa: Address::from_number("+5511987654321").unwrap(),
        tp_pid,
        tp_dcs: Dcs(tp_dcs),
        tp_scts: Scts::new(2026, 11, 24, 10, 0, 0, -12).unwrap(),
        user_data,
    }
}
