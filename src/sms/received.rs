//! What was received: a text, a part of one (TS 23.040 clause 9.2.3.24.1), or nothing for a person.

use crate::pdu::{Concat, DeliverTpdu, Udh};

/// What a received DELIVER is to the people who wait for answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text, or a part of one.
    Text(Option<Concat>),
    /// Nothing for a person.
    Other(Skipped),
}

/// What is received and no text for a person. It is kept, deleted from the modem, and counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Skipped {
    /// A short message type 0, to be acknowledged and discarded (TS 23.040 clause 9.2.3.9).
    Silent,
    /// A data download to the SIM.
    SimDownload,
    /// A WAP push, such as the notice of an MMS.
    Push,
    /// Data for a program.
    Binary,
    /// An indication that something waits elsewhere, such as voicemail, without a text to keep.
    Waiting,
    /// A page of a cell broadcast.
    Broadcast,
    /// It could not be decoded.
    Undecodable,
}

impl Skipped {
    /// The word in metrics and in the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::SimDownload => "sim_download",
            Self::Push => "push",
            Self::Binary => "binary",
            Self::Waiting => "waiting",
            Self::Broadcast => "broadcast",
            Self::Undecodable => "undecodable",
        }
    }
}

/// TP-PID of a short message type 0.
const PID_TYPE_0: u8 = 0x40;
/// TP-PID of a data download to the SIM.
const PID_SIM_DOWNLOAD: u8 = 0x7F;

/// WAP push, connectionless, and the same with encryption (IANA `wap-push`, `wap-pushsecure`).
const PUSH_PORTS: [u16; 2] = [2948, 2949];

/// Tells texts from what modems receive besides.
pub fn classify(deliver: &DeliverTpdu) -> Kind {
    if let Some(skipped) = skipped(deliver) {
        return Kind::Other(skipped);
    }
    let concat = deliver.user_data.header().and_then(Udh::concat);
    Kind::Text(concat.filter(|c| c.total > 1))
}

fn skipped(deliver: &DeliverTpdu) -> Option<Skipped> {
    match deliver.tp_pid {
        PID_TYPE_0 => return Some(Skipped::Silent),
        PID_SIM_DOWNLOAD => return Some(Skipped::SimDownload),
        _ => {}
    }
    let port = deliver.user_data.header().and_then(Udh::destination_port);
    if port.is_some_and(|port| PUSH_PORTS.contains(&port)) {
        return Some(Skipped::Push);
    }
    let Some(text) = deliver.user_data.text(deliver.tp_dcs) else { return Some(Skipped::Binary) };
    let waiting = deliver.tp_dcs.message_waiting()?;
    // Of those that are to be kept, some say nothing but that something waits.
    (waiting.is_discardable || text.is_empty()).then_some(Skipped::Waiting)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdu::{InformationElement, UserData};
    use crate::sms::sample::deliver;

    fn check(tp_pid: u8, tp_dcs: u8, user_data: UserData, expected: Option<Skipped>) {
        let expected = expected.map_or(Kind::Text(None), Kind::Other);
        assert_eq!(classify(&deliver(tp_pid, tp_dcs, user_data)), expected, "{tp_pid:02X} {tp_dcs:02X}");
    }

    fn text() -> UserData {
        UserData::from_gsm7("x").unwrap()
    }

    fn for_port(port: u16, octets: Vec<u8>) -> UserData {
        let [high, low] = port.to_be_bytes();
        let element = InformationElement { iei: 0x05, data: vec![high, low, 0x23, 0xF0] };
        UserData::from_octets(Some(Udh { elements: vec![element] }), octets)
    }

    #[test]
    fn what_is_not_for_people_is_named() {
        check(0x00, 0x00, text(), None);
        check(0x40, 0x00, text(), Some(Skipped::Silent));
        check(0x7F, 0xF6, UserData::from_octets(None, vec![1, 2, 3]), Some(Skipped::SimDownload));
        check(0x00, 0x04, UserData::from_octets(None, vec![1, 2, 3]), Some(Skipped::Binary));
        check(0x00, 0xF5, for_port(2948, vec![1, 6]), Some(Skipped::Push));
        check(0x00, 0xF5, for_port(2949, vec![1, 6]), Some(Skipped::Push));
        check(0x00, 0xF5, for_port(5505, vec![1, 6]), Some(Skipped::Binary));
        check(0x00, 0x08, for_port(5505, vec![0, b'x']), None);
    }

    #[test]
    fn replaceable_and_class_0_messages_are_texts() {
        check(0x41, 0x00, text(), None);
        check(0x00, 0x10, text(), None);
        check(0x00, 0x18, UserData::from_ucs2("x"), None);
    }

    #[test]
    fn of_what_waits_elsewhere_only_the_groups_with_a_text_to_keep_are_texts() {
        for discarded in 0xC0..=0xCF {
            check(0x00, discarded, text(), Some(Skipped::Waiting));
        }
        for kept in 0xD0..=0xDF {
            check(0x00, kept, text(), None);
        }
        for kept in 0xE0..=0xEF {
            check(0x00, kept, UserData::from_ucs2("x"), None);
        }
        check(0x00, 0xD8, UserData::from_gsm7("").unwrap(), Some(Skipped::Waiting));
    }
}
