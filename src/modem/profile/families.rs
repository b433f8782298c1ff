//! The families, in the order in which they are looked for: a narrower mark stands before a wider one.

use std::time::Duration;

use super::{Mark, Profile};
use crate::at::Store;
use crate::modem::ussd::Form;

/// Every known way to read the ICCID. The last reads the elementary file 2FE2 itself.
pub(super) const ICCID: &[&str] = &[
    "+QCCID",
    "+CICCID",
    "+CCID",
    "#CCID",
    "^SCID",
    "^ICCID?",
    "!ICCID?",
    "+ZICCID?",
    "+ICCID",
    "+CRSM=176,12258,0,0,10",
];

/// Routed reports only: for families whose stored reports get lost on the way.
const ROUTED: &[&str] = &["+CNMI=2,1,0,1,0", "+CNMI=1,1,0,1,0", "+CNMI=2,1,0,1,1", "+CNMI=2,1,0,0,0"];

/// Stored reports first.
const STORED: &[&str] =
    &["+CNMI=2,1,0,2,0", "+CNMI=2,1,0,1,0", "+CNMI=1,1,0,2,0", "+CNMI=1,1,0,1,0", "+CNMI=2,1,0,0,0"];

const EQUIPMENT_FIRST: &[Store] = &[Store::Equipment, Store::Sim];
const SIM_FIRST: &[Store] = &[Store::Sim, Store::Equipment];

const NO_PAUSE: Duration = Duration::ZERO;

/// For modems that nobody has described yet: store and announce messages, route reports to the port. Many Qualcomm modems
/// list `<ds>` 1 and refuse it.
pub(in crate::modem) const GENERIC: Profile = Profile {
    name: "generic",
    marks: &[],
    start: &[],
    iccid: &[],
    indications: &[
        "+CNMI=2,1,0,1,0",
        "+CNMI=2,1,0,2,0",
        "+CNMI=2,1,0,1,1",
        "+CNMI=1,1,0,1,0",
        "+CNMI=3,1,0,1,1",
        "+CNMI=2,1,0,0,0",
    ],
    stores: EQUIPMENT_FIRST,
    full_function: Some("+CFUN=1"),
    reset: "+CFUN=1,1",
    acknowledges: false,
    pause: NO_PAUSE,
    unlisted: &[],
    ussd: &[Form::Plain, Form::Ucs2, Form::Packed],
    drops_pushes: false,
};

const fn maker(maker: &'static str) -> Mark {
    Mark { maker, model: "" }
}

const fn model(model: &'static str) -> Mark {
    Mark { maker: "", model }
}

pub(super) const FAMILIES: &[Profile] = &[
    // E1xx, E17x, E3131, E3372 as a stick. Reports are stored beside messages, places count from 0, and a full store is told
    // by `^SMMEMFULL` instead of `+CMTI`. `AT^CURC=0` ends `^RSSI ^HCSQ ^MODE ^DSFLOWRPT`. Codes of services
    // are packed; some take text after `AT^USSDMODE=0`.
    Profile {
        name: "huawei",
        marks: &[maker("huawei")],
        start: &["^CURC=0"],
        iccid: &["^ICCID?"],
        indications: STORED,
        stores: SIM_FIRST,
        reset: "^RESET",
        ussd: &[Form::Packed, Form::Plain, Form::Ucs2],
        ..GENERIC
    },
    // MF1xx and MF6xx send `+ZUSIMR:2` without end until they were asked for their stores, and crash of it.
    Profile {
        name: "zte",
        marks: &[maker("zte")],
        start: &["+CPMS?"],
        iccid: &["+ZICCID?"],
        indications: STORED,
        ..GENERIC
    },
    // ASR and Unisoc chips. They stand before the Qualcomm ones, whose marks are wider.
    Profile {
        name: "quectel-ec200",
        marks: &[
            Mark { maker: "quectel", model: "ec200" },
            Mark { maker: "quectel", model: "eg912" },
            Mark { maker: "quectel", model: "eg915" },
            Mark { maker: "quectel", model: "eg916" },
        ],
        start: QUECTEL,
        iccid: &["+QCCID"],
        indications: ROUTED,
        ..GENERIC
    },
    // Answers storage commands with 604 while it is busy.
    Profile {
        name: "quectel-m95",
        marks: &[Mark { maker: "quectel", model: "m95" }],
        iccid: &["+QCCID"],
        indications: ROUTED,
        stores: SIM_FIRST,
        ..GENERIC
    },
    // EC2x, EG9x, EC21. Never `<ds>` 2: reports then go to `SR` and are announced as `+CDSI: "SM",0`.
    Profile {
        name: "quectel-ec2x",
        marks: &[maker("quectel")],
        start: QUECTEL,
        iccid: &["+QCCID"],
        indications: ROUTED,
        ..GENERIC
    },
    Profile {
        name: "simcom-a76xx",
        marks: &[Mark { maker: "simcom", model: "a76" }, model("a7670")],
        iccid: &["+CICCID"],
        indications: ROUTED,
        reset: "+CRESET",
        ..GENERIC
    },
    // Never `<ds>` 2: `SR` announces a place that is then read as 321.
    Profile {
        name: "simcom-sim7x00",
        marks: &[Mark { maker: "simcom", model: "sim7" }, model("simcom_sim7")],
        iccid: &["+CICCID"],
        indications: ROUTED,
        reset: "+CRESET",
        ..GENERIC
    },
    // SIM800 and SIM900. `AT+CLTS=0` and `AT+CIURC=0` end `*PSUTTZ` and `Call Ready`. Reading an MMS push,
    // `+CMTI: "SM",1,"MMS PUSH",2,1`, can hang the module.
    Profile {
        name: "simcom-sim800",
        marks: &[maker("simcom")],
        start: &["+CLTS=0", "+CIURC=0"],
        iccid: &["+CCID"],
        indications: ROUTED,
        stores: SIM_FIRST,
        drops_pushes: true,
        ..GENERIC
    },
    // TC35, MC55, BGS2, EHSx: `<bfr>` 1 is demanded by several, TC35 knows only mode 3. What is routed wants `AT+CNMA`.
    // They stand before Telit, under whose name they are sold now.
    Profile {
        name: "cinterion",
        marks: &[maker("cinterion"), maker("siemens"), maker("gemalto"), maker("thales")],
        iccid: &["^SCID"],
        indications: &[
            "+CNMI=2,1,0,2,1",
            "+CNMI=2,1,0,1,1",
            "+CNMI=3,1,0,1,1",
            "+CNMI=3,2,0,1,1",
            "+CNMI=2,1,0,1,0",
            "+CNMI=2,1,0,0,1",
        ],
        stores: SIM_FIRST,
        acknowledges: true,
        ..GENERIC
    },
    // HE910, LE910, ME910, also inside boxes of other makers. No command may go to the SIM while a part is sent; the
    // machine has one command under way at a time on any modem. `AT#STIA=0` ends `#STN:`.
    Profile {
        name: "telit",
        marks: &[maker("telit"), model("he910"), model("le910"), model("me910")],
        start: &["#STIA=0"],
        iccid: &["#CCID"],
        indications: &["+CNMI=2,1,0,1,0", "+CNMI=1,1,0,1,0", "+CNMI=2,1,0,0,0", "+CNMI=2,2,0,1,0"],
        reset: "#REBOOT",
        ..GENERIC
    },
    // SARA, LISA, TOBY. Older parts lose a command that comes within 20 ms of a final result.
    Profile {
        name: "u-blox",
        marks: &[maker("u-blox"), model("sara-"), model("lisa-"), model("toby-")],
        iccid: &["+CCID"],
        indications: ROUTED,
        pause: Duration::from_millis(20),
        reset: "+CFUN=16",
        ..GENERIC
    },
    // Q24xx, Q26xx, Fastrack, the later ones under the name of Sierra. `AT+CFUN=1` starts the modem anew. With messages
    // routed what comes while the port is closed is lost, so that is the last choice.
    Profile {
        name: "wavecom",
        marks: &[maker("wavecom"), model("q24"), model("q26"), model("fastrack")],
        start: &["+WIND=0"],
        iccid: &["+CCID"],
        indications: &["+CNMI=2,1,0,1,0", "+CNMI=1,1,0,1,0", "+CNMI=1,1,0,0,0", "+CNMI=1,2,0,1,0"],
        stores: SIM_FIRST,
        full_function: None,
        reset: "+CFUN=1",
        ..GENERIC
    },
    // MC and EM modules may start in low-power mode.
    Profile {
        name: "sierra",
        marks: &[maker("sierra")],
        iccid: &["!ICCID?"],
        full_function: Some("+CFUN=1,0"),
        reset: "!RESET",
        ..GENERIC
    },
    // Alcatel, Longcheer, D-Link and Olicard sticks on chips of MediaTek. Reports go to `SR`, `+CDSI: "SR",n`; it must be
    // selected before it is read, and lists of it are empty.
    Profile {
        name: "mediatek",
        marks: &[
            maker("alcatel"),
            maker("tct mobile"),
            maker("t & a mobile"),
            maker("longcheer"),
            maker("d-link"),
            maker("olicard"),
            maker("mediatek"),
            maker("mtk"),
        ],
        indications: STORED,
        stores: SIM_FIRST,
        unlisted: &[Store::Reports],
        ..GENERIC
    },
];

/// Unsolicited lines come to one port only; signal is asked for.
const QUECTEL: &[&str] = &["+QURCCFG=\"urcport\",\"usbat\"", "+QINDCFG=\"csq\",0"];
