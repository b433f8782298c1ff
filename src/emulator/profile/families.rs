//! One entry per family.

use std::time::Duration;

use super::{Chatter, Family, Indications, StoredReports};
use crate::emulator::storage::Memory;
use crate::emulator::ussd::Speech;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const BOTH: &[Memory] = &[Memory::Sm, Memory::Me];

/// A modem that keeps to the standards and is ready at once.
pub(super) const GENERIC: Family = Family {
    name: "generic",
    identity: ["Recado", "Emulated modem", "1.0"],
    boot: &[],
    stack_after: Duration::ZERO,
    stack_refusal: 302,
    chatter: None,
    accepted: &[],
    iccid: &[("+CCID", "+CCID: "), ("+ICCID", "+ICCID: ")],
    unknown: None,
    stores: BOTH,
    first_place: 1,
    indications: Indications { mode: 2, ds: 2, bfr_min: 0 },
    reports: StoredReports::Beside,
    ussd: Speech::CharacterSet,
    full: None,
    full_function_restarts: false,
    reset: "+CFUN=1,1",
    deaf_for: Duration::ZERO,
};

pub(super) static FAMILIES: [Family; 9] = [
    GENERIC,
    // E-series sticks.
    Family {
        name: "huawei",
        identity: ["huawei", "E173", "11.126.85.00.209"],
        boot: &[(ms(0), "^BOOT:26463,0,0,0,20"), (ms(800), "^SRVST:2"), (ms(900), "^SIMST:1")],
        stack_after: ms(1500),
        chatter: Some(Chatter { every: ms(3000), line: "^RSSI:18", ended_by: "^CURC=0" }),
        accepted: &["^CURC=0"],
        iccid: &[("^ICCID?", "^ICCID: ")],
        unknown: Some("COMMAND NOT SUPPORT"),
        first_place: 0,
        ussd: Speech::Packed,
        full: Some("^SMMEMFULL: \"SM\""),
        reset: "^RESET",
        ..GENERIC
    },
    // EC25, with its trap under `<ds>` 2.
    Family {
        name: "quectel-ec25",
        identity: ["Quectel", "EC25", "EC25EUXGAR08A05M1G"],
        boot: &[
            (ms(0), "RDY"),
            (ms(500), "+CPIN: READY"),
            (ms(600), "+QUSIM: 1"),
            (ms(1500), "+QIND: SMS DONE"),
            (ms(3000), "+QIND: PB DONE"),
        ],
        stack_after: ms(1500),
        accepted: &["+QURCCFG=\"urcport\",\"usbat\"", "+QINDCFG=\"csq\",0"],
        iccid: &[("+QCCID", "+QCCID: ")],
        stores: &[Memory::Me, Memory::Sm, Memory::Sr],
        first_place: 0,
        reports: StoredReports::Misnamed,
        ..GENERIC
    },
    Family {
        name: "sim800",
        identity: ["SIMCOM_Ltd", "SIMCOM_SIM800L", "Revision:1418B05SIM800L24"],
        boot: &[
            (ms(0), "RDY"),
            (ms(10), "+CFUN: 1"),
            (ms(300), "+CPIN: READY"),
            (ms(2000), "Call Ready"),
            (ms(3000), "SMS Ready"),
        ],
        stack_after: ms(3000),
        accepted: &["+CLTS=0", "+CIURC=0"],
        iccid: &[("+CCID", "")],
        indications: Indications { mode: 2, ds: 1, bfr_min: 0 },
        ..GENERIC
    },
    Family {
        name: "sim7600",
        identity: ["SIMCOM INCORPORATED", "SIMCOM_SIM7600E-H", "LE20B04SIM7600M22"],
        boot: &[(ms(0), "RDY"), (ms(500), "+CPIN: READY"), (ms(2500), "SMS DONE"), (ms(3500), "PB DONE")],
        stack_after: ms(2500),
        iccid: &[("+CICCID", "+ICCID: ")],
        stores: &[Memory::Me, Memory::Sm, Memory::Sr],
        first_place: 0,
        reports: StoredReports::Unreadable,
        reset: "+CRESET",
        ..GENERIC
    },
    // Floods its port until it is asked for its stores. Here it stands for those that know services in UTF-16 only.
    Family {
        name: "zte",
        identity: ["ZTE INCORPORATED", "MF190", "BD_MF190V1.0.0B04"],
        boot: &[(ms(0), "+ZUSIMR:2"), (ms(700), "+ZPASR: \"UMTS\"")],
        stack_after: ms(1000),
        chatter: Some(Chatter { every: ms(2000), line: "+ZUSIMR:2", ended_by: "+CPMS?" }),
        iccid: &[("+ZICCID?", "+ZICCID: ")],
        ussd: Speech::Ucs2,
        ..GENERIC
    },
    // Says 515 while it starts, and starts when it is told to be fully functional.
    Family {
        name: "wavecom",
        identity: [" WAVECOM MODEM", " MULTIBAND  900E  1800 ", "641b09gg.Q2403A 1320676 061804 14:38"],
        boot: &[(ms(0), "+WIND: 3"), (ms(300), "+WIND: 1"), (ms(1000), "+WIND: 7"), (ms(2000), "+WIND: 4")],
        stack_after: ms(2000),
        stack_refusal: 515,
        accepted: &["+WIND=0"],
        iccid: &[("+CCID", "+CCID: ")],
        stores: &[Memory::Sm, Memory::Sr],
        indications: Indications { mode: 2, ds: 1, bfr_min: 0 },
        full_function_restarts: true,
        reset: "+CFUN=1",
        ..GENERIC
    },
    // Insists on `<bfr>` 1.
    Family {
        name: "cinterion",
        identity: ["Cinterion", "BGS2-W", "REVISION 02.000"],
        boot: &[(ms(0), "^SYSSTART"), (ms(1200), "+CIEV: 2,4")],
        stack_after: ms(1200),
        iccid: &[("^SCID", "^SCID: ")],
        indications: Indications { mode: 3, ds: 2, bfr_min: 1 },
        ..GENERIC
    },
    // An older part, deaf after each final result.
    Family {
        name: "u-blox",
        identity: ["u-blox", "SARA-U201", "23.60"],
        boot: &[(ms(600), "+UUPSDD: 0")],
        stack_after: ms(800),
        iccid: &[("+CCID", "+CCID: ")],
        stores: &[Memory::Me, Memory::Sm],
        indications: Indications { mode: 2, ds: 1, bfr_min: 0 },
        deaf_for: ms(20),
        reset: "+CFUN=16",
        ..GENERIC
    },
];
