//! `+CMS ERROR` codes with their class and meaning (TS 27.005 clause 3.2.5, TS 24.011 annex E, TS 23.040 clause 9.2.3.22).
//!
//! From 512 on the meanings are those of one lineage of modules.

use super::Class::{
    self, ModemReset, OutcomeUnknown, Overloaded, PermanentMessage, PermanentRecipient, PermanentSim, RetryLater,
    RetryNow,
};

/// Class and meaning of a code.
pub(super) fn describe(code: u16) -> (Class, &'static str) {
    match code {
        0
        | 2..=7
        | 9
        | 12..=16
        | 18..=20
        | 23..=26
        | 31..=37
        | 39..=40
        | 43..=46
        | 48..=49
        | 51..=68
        | 70..=80
        | 82..=94
        | 100..=110
        | 112..=126 => (RetryLater, "unassigned relay cause; handle as 41 temporary failure"),
        1 => (PermanentRecipient, "destination number is well formed but not allocated"),
        8 => (PermanentSim, "operator has barred this subscription from sending"),
        10 => (PermanentSim, "outgoing traffic barred on this line"),
        11 => (RetryLater, "reserved cause"),
        17 => (RetryLater, "network failure before the service centre answered"),
        21 => (Overloaded, "short message refused by the network or service centre"),
        22 => (RetryLater, "memory capacity exceeded at the receiving side; or congestion"),
        27 => (RetryLater, "route towards the destination is out of service"),
        28 => (Overloaded, "sending subscriber not known to the network"),
        29 => (PermanentSim, "requested facility refused by this network"),
        30 => (PermanentRecipient, "subscriber unknown in the home register"),
        38 => (Overloaded, "network out of order"),
        41 => (RetryLater, "temporary network failure"),
        42 => (RetryLater, "congestion"),
        47 => (RetryLater, "no resources available; no detail"),
        50 => (Overloaded, "facility not part of this subscription"),
        69 => (Overloaded, "facility not implemented by the network"),
        81 => (RetryNow, "stale or wrong transfer reference"),
        95 => (PermanentMessage, "relay message semantically wrong"),
        96 => (PermanentMessage, "mandatory field of the relay message wrong (often SMSC address or PDU)"),
        97 => (PermanentMessage, "relay message type unknown to the peer"),
        98 => (RetryNow, "relay message does not fit the current protocol state"),
        99 => (PermanentMessage, "information element unknown to the peer"),
        111 => (RetryLater, "protocol error without detail"),
        127 => (RetryLater, "interworking failure without detail"),
        128 => (PermanentMessage, "telematic interworking not offered (TP-PID)"),
        129 => (PermanentMessage, "type 0 message not offered"),
        130 => (PermanentMessage, "message cannot be replaced"),
        131..=142 => (PermanentMessage, "reserved TP-PID failure"),
        143 => (PermanentMessage, "TP-PID refused; no detail"),
        144 => (PermanentMessage, "alphabet of the data coding scheme not offered"),
        145 => (PermanentMessage, "message class not offered"),
        146..=158 => (PermanentMessage, "reserved TP-DCS failure"),
        159 => (PermanentMessage, "TP-DCS refused; no detail"),
        160 => (PermanentMessage, "command cannot be carried out"),
        161 => (PermanentMessage, "command not offered"),
        162..=174 => (PermanentMessage, "reserved TP-command failure"),
        175 => (PermanentMessage, "command refused; no detail"),
        176 => (PermanentMessage, "TPDU type not offered"),
        177..=191 | 200..=207 | 214..=223 => (RetryLater, "reserved transfer-layer failure"),
        192 => (RetryLater, "service centre busy"),
        193 => (PermanentSim, "no subscription at the service centre"),
        194 => (RetryLater, "service centre failure"),
        195 => (PermanentRecipient, "recipient address invalid for the service centre"),
        196 => (PermanentRecipient, "recipient barred at the service centre"),
        197 => (OutcomeUnknown, "duplicate refused: service centre already holds a copy"),
        198 => (PermanentMessage, "validity period format not offered"),
        199 => (PermanentMessage, "validity period not offered"),
        208 => (RetryLater, "SIM message storage full"),
        209 => (RetryLater, "SIM cannot store messages"),
        210 => (ModemReset, "error inside the mobile"),
        211 => (RetryLater, "mobile memory full"),
        212 => (RetryLater, "SIM toolkit busy"),
        213 => (RetryLater, "SIM data download failed"),
        224..=254 => (RetryLater, "application specific failure"),
        255 => (RetryLater, "failure cause not given"),
        256 => (RetryLater, "vendor pre-standard: operation not allowed now"),
        257 => (PermanentSim, "vendor pre-standard: barred"),
        258 => (RetryNow, "vendor pre-standard: phone busy"),
        259 => (RetryNow, "vendor pre-standard: aborted by user"),
        260 => (PermanentRecipient, "vendor pre-standard: bad dial string"),
        261 => (RetryLater, "vendor pre-standard: supplementary service not run"),
        262 => (PermanentSim, "vendor pre-standard: SIM blocked"),
        263 => (PermanentMessage, "vendor pre-standard: bad block"),
        264..=299 | 306..=309 | 319 | 323..=329 | 333..=339 | 341..=499 | 501..=511 => (OutcomeUnknown, "reserved"),
        300 => (ModemReset, "equipment failure"),
        301 => (RetryNow, "message service of the equipment is reserved by another user"),
        302 => (RetryLater, "operation not allowed in the present state or storage"),
        303 => (PermanentMessage, "operation not offered"),
        304 => (PermanentMessage, "bad PDU-mode parameter (length or hex)"),
        305 => (PermanentMessage, "bad text-mode parameter"),
        310 => (PermanentSim, "no SIM"),
        311 => (PermanentSim, "SIM PIN needed"),
        312 => (PermanentSim, "device is locked to another SIM"),
        313 => (ModemReset, "SIM failure"),
        314 => (RetryNow, "SIM busy"),
        315 => (PermanentSim, "wrong SIM"),
        316 => (PermanentSim, "SIM PUK needed"),
        317 => (PermanentSim, "SIM PIN2 needed"),
        318 => (PermanentSim, "SIM PUK2 needed"),
        320 => (ModemReset, "storage failure"),
        321 => (PermanentMessage, "no such storage index"),
        322 => (RetryNow, "storage full"),
        330 => (PermanentSim, "service centre address unknown"),
        331 => (RetryLater, "no network service"),
        332 => (OutcomeUnknown, "network did not answer in time"),
        340 => (PermanentMessage, "no acknowledgement was expected"),
        500 => (OutcomeUnknown, "unknown error"),
        512 => (OutcomeUnknown, "vendor range: aborted by the user side"),
        513 => (RetryNow, "vendor range: could not store"),
        514 => (PermanentMessage, "vendor range: bad message status"),
        515 => (RetryNow, "vendor range: bad character in address; or module still busy initialising"),
        516 => (PermanentMessage, "vendor range: bad length"),
        517 => (PermanentMessage, "vendor range: bad character in PDU"),
        518 | 538 | 765 => (PermanentMessage, "vendor range: bad parameter"),
        519 => (PermanentMessage, "vendor range: bad length or character"),
        520 => (PermanentMessage, "vendor range: bad character in text"),
        521 => (OutcomeUnknown, "vendor range: internal timer ran out"),
        522 => (RetryLater, "vendor range: operation not allowed for the moment"),
        523..=531
        | 533
        | 536..=537
        | 539..=547
        | 552
        | 555..=603
        | 605..=614
        | 617..=638
        | 641..=763
        | 766
        | 768
        | 773..=u16::MAX => (OutcomeUnknown, "vendor range: no published meaning"),
        532 => (RetryLater, "vendor range: SIM not ready"),
        534 => (RetryLater, "vendor range: cell broadcast error"),
        535 => (RetryNow, "vendor range: protocol stack busy"),
        548 => (OutcomeUnknown, "vendor range: vendor error without published meaning"),
        549 => (PermanentMessage, "vendor range: PDU length wrong"),
        550 => (PermanentMessage, "vendor range: message type indicator wrong"),
        551 => (PermanentMessage, "vendor range: non-hex character in address"),
        553 => (PermanentMessage, "vendor range: PDU user data length wrong"),
        554 => (PermanentMessage, "vendor range: service centre address length wrong"),
        604 => (RetryLater, "vendor range: vendor: message storage command refused"),
        615 => (RetryLater, "vendor range: network failure"),
        616 => (RetryLater, "vendor range: network down"),
        639 => (RetryLater, "vendor range: service not available yet"),
        640 => (RetryLater, "vendor range: service not allowed for the moment"),
        764 => (PermanentMessage, "vendor range: missing parameter"),
        767 => (OutcomeUnknown, "vendor range: operation failed"),
        769 => (ModemReset, "vendor range: module component not available"),
        770 => (PermanentSim, "vendor range: SIM rejected by the network"),
        771 => (RetryNow, "vendor range: call set-up in progress"),
        772 => (ModemReset, "vendor range: SIM powered down"),
    }
}
