//! What was received: a text, a part of one (TS 23.040 clause 9.2.3.24.1), or nothing for a person.

use crate::pdu::{Concat, DeliverTpdu};

/// What a received DELIVER is to the people who wait for answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text, or a part of one.
    Text(Option<Concat>),
    /// Nothing for a person; the word says what.
    Other(&'static str),
}

/// TP-PID of a short message type 0, which is to be acknowledged and discarded (TS 23.040 clause 9.2.3.9).
const PID_TYPE_0: u8 = 0x40;
/// TP-PID of a data download to the SIM.
const PID_SIM_DOWNLOAD: u8 = 0x7F;

/// Tells texts from what modems receive besides.
pub fn classify(deliver: &DeliverTpdu) -> Kind {
    if deliver.tp_pid == PID_TYPE_0 {
        return Kind::Other("silent message");
    }
    if deliver.tp_pid == PID_SIM_DOWNLOAD {
        return Kind::Other("SIM download");
    }
    if deliver.user_data.text(deliver.tp_dcs).is_none() {
        return Kind::Other("binary message");
    }
    let concat = deliver.user_data.header().and_then(crate::pdu::Udh::concat);
    Kind::Text(concat.filter(|c| c.total > 1 && (1..=c.total).contains(&c.seq)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdu::{Address, Alphabet, Dcs, Scts, UserData};

    fn deliver(tp_pid: u8, alphabet: Alphabet, user_data: UserData) -> DeliverTpdu {
        DeliverTpdu {
            mms: false,
            sri: false,
            lp: false,
            rp: false,
            tp_oa: Address::from_number("+5511987654321").unwrap(),
            tp_pid,
            tp_dcs: Dcs::new(alphabet, None),
            tp_scts: Scts::new(2026, 11, 24, 10, 0, 0, -12).unwrap(),
            user_data,
        }
    }

    #[test]
    fn what_is_not_for_people_is_named() {
        let text = UserData::from_gsm7("x").unwrap();
        assert_eq!(classify(&deliver(0, Alphabet::Gsm7, text.clone())), Kind::Text(None));
        assert_eq!(classify(&deliver(0x40, Alphabet::Gsm7, text.clone())), Kind::Other("silent message"));
        assert_eq!(classify(&deliver(0x7F, Alphabet::Gsm7, text)), Kind::Other("SIM download"));
        let binary = UserData::from_octets(None, vec![1, 2, 3]);
        assert_eq!(classify(&deliver(0, Alphabet::EightBit, binary)), Kind::Other("binary message"));
    }
}
