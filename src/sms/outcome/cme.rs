//! `+CME ERROR` codes with their class and meaning (TS 27.007 clause 9.2).
//!
//! The many causes of packet data, which a message service meets only by mistake, share one meaning.

use super::Class::{self, ModemReset, OutcomeUnknown, PermanentMessage, PermanentSim, RetryLater, RetryNow};

/// Class and meaning of a code.
pub(super) fn describe(code: u16) -> (Class, &'static str) {
    match code {
        0 => (ModemReset, "equipment failure"),
        1 => (ModemReset, "no link to the equipment"),
        2 => (RetryLater, "adaptor link reserved"),
        3 => (RetryLater, "operation not allowed in the present state"),
        4 => (PermanentMessage, "operation not offered"),
        5 => (PermanentSim, "device locked to another SIM: PIN needed"),
        6 => (PermanentSim, "device locked to its first SIM: PIN needed"),
        7 => (PermanentSim, "device locked to its first SIM: PUK needed"),
        8..=9
        | 19
        | 28..=29
        | 33..=39
        | 64..=99
        | 101
        | 120..=121
        | 123
        | 152..=170
        | 234..=255
        | 261
        | 263..=514
        | 516..=528
        | 530..=769
        | 771
        | 773..=u16::MAX => (OutcomeUnknown, "no published meaning"),
        10 => (PermanentSim, "no SIM"),
        11 => (PermanentSim, "SIM PIN needed"),
        12 => (PermanentSim, "SIM PUK needed"),
        13 => (ModemReset, "SIM failure"),
        14 => (RetryNow, "SIM busy"),
        15 => (PermanentSim, "wrong SIM"),
        16 => (PermanentSim, "wrong PIN or password"),
        17 => (PermanentSim, "SIM PIN2 needed"),
        18 => (PermanentSim, "SIM PUK2 needed"),
        20 => (RetryNow, "memory full"),
        21 => (PermanentMessage, "no such index"),
        22 => (PermanentMessage, "entry not found"),
        23 => (ModemReset, "memory failure"),
        24 => (PermanentMessage, "text too long"),
        25 => (PermanentMessage, "bad character in text"),
        26 => (PermanentMessage, "dial string too long"),
        27 => (PermanentMessage, "bad character in dial string"),
        30 => (RetryLater, "no network service"),
        31 => (OutcomeUnknown, "network did not answer in time"),
        32 => (RetryLater, "network allows emergency calls only"),
        40 => (PermanentSim, "network lock PIN needed"),
        41 => (PermanentSim, "network lock PUK needed"),
        42 => (PermanentSim, "network subset lock PIN needed"),
        43 => (PermanentSim, "network subset lock PUK needed"),
        44 => (PermanentSim, "service provider lock PIN needed"),
        45 => (PermanentSim, "service provider lock PUK needed"),
        46 => (PermanentSim, "corporate lock PIN needed"),
        47 => (PermanentSim, "corporate lock PUK needed"),
        48 => (PermanentSim, "hidden key needed"),
        49 => (PermanentMessage, "EAP method not offered"),
        50 => (PermanentMessage, "wrong parameters"),
        51 => (PermanentMessage, "command known but disabled"),
        52 => (RetryNow, "command aborted"),
        53 => (RetryLater, "not attached; access restricted"),
        54 => (RetryLater, "emergency calls only"),
        55 => (RetryLater, "access restricted"),
        56 => (PermanentSim, "SIM restricted to fixed dialling numbers"),
        57 => (RetryLater, "service out for the moment"),
        58 => (PermanentMessage, "language or alphabet not offered (USSD)"),
        59 => (PermanentMessage, "unexpected data value (USSD)"),
        60 => (RetryLater, "system failure in the network (USSD)"),
        61 => (PermanentMessage, "data missing (USSD)"),
        62 => (PermanentSim, "barred (USSD)"),
        63 => (RetryLater, "message waiting subscription failed"),
        100 => (OutcomeUnknown, "unknown error"),
        102 => (PermanentSim, "SIM unknown to the home network"),
        103 => (PermanentSim, "SIM refused as illegal"),
        104 => (RetryLater, "SIM unknown in the visitor register"),
        105 => (PermanentSim, "IMEI not accepted"),
        106 => (PermanentSim, "equipment refused as illegal"),
        107 => (PermanentSim, "packet service not allowed"),
        108 => (PermanentSim, "packet and circuit service not allowed"),
        109 => (RetryLater, "identity not derivable by the network"),
        110 => (RetryLater, "detached by the network"),
        111 => (PermanentSim, "network not allowed for this SIM"),
        112 => (RetryLater, "area not allowed"),
        113 => (PermanentSim, "roaming not allowed here"),
        114 => (PermanentSim, "packet service not allowed in this network"),
        115 => (RetryLater, "no suitable cell in the area"),
        116 => (RetryLater, "switching centre not reachable"),
        117 => (RetryLater, "network failure during attach"),
        118 => (RetryLater, "circuit domain unavailable"),
        119 => (RetryLater, "session management failure"),
        122 => (RetryLater, "congestion"),
        124
        | 126
        | 128
        | 130..=131
        | 134..=139
        | 143
        | 146..=148
        | 151
        | 171
        | 176
        | 178
        | 180
        | 182..=183
        | 185..=187
        | 190..=197
        | 199..=205
        | 207..=208
        | 210..=216
        | 219..=222
        | 226..=228
        | 230
        | 232..=233 => (RetryLater, "packet data: session or bearer refused"),
        125 | 127 | 129 | 133 | 149 | 177 | 189 | 217 | 229 | 231 => {
            (PermanentSim, "packet data: session or bearer refused")
        }
        132 | 140..=142 | 144..=145 | 150 | 172..=175 | 179 | 181 | 184 | 188 | 198 | 206 | 209 | 218 | 223..=225 => {
            (PermanentMessage, "packet data: session or bearer refused")
        }
        256 => (RetryLater, "vendor: operation not allowed now"),
        257 => (PermanentSim, "vendor: barred"),
        258 => (RetryNow, "vendor: phone busy"),
        259 => (RetryNow, "vendor: aborted by user"),
        260 => (PermanentMessage, "vendor: bad dial string"),
        262 => (PermanentSim, "vendor: SIM blocked"),
        515 => (RetryNow, "vendor (Wavecom): initialising or busy with a command"),
        529 => (RetryNow, "vendor (Wavecom): wait; SIM services loading"),
        770 => (PermanentSim, "vendor: SIM rejected by the network"),
        772 => (ModemReset, "vendor: SIM powered down"),
    }
}
