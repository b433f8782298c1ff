//! What a network says to a code: any text, announced in any coding. The first octet says whether one is announced, the second which.

use crate::modem::decode_ussd;
use crate::pdu::{pack_ussd, unpack_ussd};

pub(super) fn check(octets: &[u8]) {
    let [announced, dcs, text @ ..] = octets else { return };
    let dcs = (announced % 2 == 1).then_some(*dcs);
    assert!(decode_ussd(text, dcs).len() <= text.len() * 4, "an answer is longer than its octets can say");
    let unpacked = unpack_ussd(text);
    if let Some(packed) = pack_ussd(&unpacked) {
        let again = unpack_ussd(&packed);
        assert_eq!(again.trim_end_matches(['\r', '@']), unpacked.trim_end_matches(['\r', '@']), "packed and unpacked");
    }
}
