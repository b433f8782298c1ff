//! Unsolicited result codes: TS 27.005 clauses 3.4 and 3.5, TS 27.007 clauses 6 to 8, and the chatter of vendors.
//!
//! The list of chatter only keeps the count of unknown lines honest; a line that is missing here does no harm.

use super::field::{after, fields, number, unquoted};
use super::{Network, PinState, Registered, Store, UssdResult};

/// What the modem says on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsolicited {
    /// `+CMTI`: something was stored. Where is a hint, what is unknown until it is read.
    Stored(Option<Store>),
    /// `+CDSI`: the same, and the modem takes it for a status report.
    ReportStored(Option<Store>),
    /// `+CMTI` of an MMS push, as a SIM800 tells it: `+CMTI: "SM",1,"MMS PUSH",2,1`.
    PushStored {
        /// Where.
        store: Option<Store>,
        /// The place in it.
        place: u16,
    },
    /// `^SMMEMFULL`: the store is full and something waits behind it.
    StoreFull,
    /// `+CMT`, `+CDS` or `+CBM` with the PDU that followed.
    Routed {
        /// What the header announced.
        kind: Routed,
        /// SMSC field and TPDU in hexadecimal digits.
        pdu: Vec<u8>,
    },
    /// Registration has changed.
    Registration(Network, Registered),
    /// `RING` or `+CRING`.
    Ring,
    /// `+CLIP` with the caller's number, if the network shows it.
    Caller(Option<String>),
    /// `NO CARRIER` after a ring.
    CallEnded,
    /// The modem has started, or is going down: its settings are gone.
    Restarted,
    /// The state of the card has changed, or is said at the start.
    Card {
        /// There is one, and it wants nothing as far as the line tells.
        is_there: bool,
    },
    /// `+CMGS` while no command awaits it: a submission that was given up has been accepted.
    LateSubmit(u8),
    /// `+CUSD`: what the network answers to a request, or says of its own.
    Ussd(UssdResult),
}

/// Directly routed messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Routed {
    /// `+CMT`: SMS-DELIVER.
    Deliver,
    /// `+CDS`: SMS-STATUS-REPORT.
    StatusReport,
    /// `+CBM`: a cell broadcast page.
    Broadcast,
}

/// Type of address: international, of the ISDN plan (TS 24.008 clause 10.5.4.7).
const INTERNATIONAL: u8 = 145;

/// What a line may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Recognised {
    /// Complete.
    Whole(Unsolicited),
    /// A header whose PDU is on the next line.
    Header(Routed),
    /// Known and of no interest.
    Chatter,
}

/// Recognises an unsolicited line.
pub(super) fn recognise(line: &[u8]) -> Option<Recognised> {
    use Recognised::{Chatter, Header, Whole};
    let store = |parameters| fields(parameters).next().and_then(Store::read);
    if let Some(parameters) = after(line, "+CMTI:") {
        let is_push = fields(parameters).nth(2).is_some_and(|what| unquoted(what) == b"MMS PUSH");
        let push = fields(parameters).nth(1).and_then(number).filter(|_| is_push);
        let stored = Unsolicited::Stored(store(parameters));
        return Some(Whole(push.map_or(stored, |place| Unsolicited::PushStored { store: store(parameters), place })));
    }
    if let Some(parameters) = after(line, "+CDSI:") {
        return Some(Whole(Unsolicited::ReportStored(store(parameters))));
    }
    for (prefix, kind) in [("+CMT:", Routed::Deliver), ("+CDS:", Routed::StatusReport), ("+CBM:", Routed::Broadcast)] {
        if after(line, prefix).is_some() {
            return Some(Header(kind));
        }
    }
    for (prefix, network) in [("+CREG:", Network::Circuit), ("+CGREG:", Network::Packet), ("+CEREG:", Network::Evolved)]
    {
        if let Some(parameters) = after(line, prefix) {
            let stat = fields(parameters).next().and_then(number).unwrap_or_default();
            return Some(Whole(Unsolicited::Registration(network, Registered::from_stat(stat))));
        }
    }
    if line == b"RING" || after(line, "+CRING:").is_some() {
        return Some(Whole(Unsolicited::Ring));
    }
    if let Some(parameters) = after(line, "+CLIP:") {
        let digits = fields(parameters).next().map(unquoted).filter(|number| !number.is_empty());
        let is_international = fields(parameters).nth(1).and_then(number) == Some(INTERNATIONAL);
        // Some modems leave the plus to the type of the number.
        let caller = digits.map(|digits| {
            let plus = if is_international && !digits.starts_with(b"+") { "+" } else { "" };
            format!("{plus}{}", String::from_utf8_lossy(digits))
        });
        return Some(Whole(Unsolicited::Caller(caller)));
    }
    if let Some(result) = UssdResult::read(line) {
        return Some(Whole(Unsolicited::Ussd(result)));
    }
    if after(line, "^SMMEMFULL").is_some() {
        return Some(Whole(Unsolicited::StoreFull));
    }
    if STARTS.iter().any(|text| line == text.as_bytes())
        || START_PREFIXES.iter().any(|text| after(line, text).is_some())
    {
        return Some(Whole(Unsolicited::Restarted));
    }
    if let Some(is_there) = card(line) {
        return Some(Whole(Unsolicited::Card { is_there }));
    }
    CHATTER.iter().any(|prefix| line.starts_with(prefix.as_bytes())).then_some(Chatter)
}

/// What a line says about the card: TS 27.007 clause 8.3, and the lines of Quectel, Huawei, Telit, Cinterion and Wavecom.
fn card(line: &[u8]) -> Option<bool> {
    if let Some(code) = after(line, "+CPIN:") {
        return Some(PinState::read(code) == PinState::Ready);
    }
    let state = |prefix, place| -> Option<u8> { fields(after(line, prefix)?).nth(place).and_then(number) };
    // Which kind of card was found; said only when one was.
    if state("+QUSIM:", 0).is_some() {
        return Some(true);
    }
    // 0 is an invalid card, 1 to 4 one that is good for some domains, 240 and 255 none.
    if let Some(state) = state("^SIMST:", 0) {
        return Some((1..240).contains(&state));
    }
    // 2 is a call, 3 was a start, and the other numbers are steps of it.
    if let Some(step) = state("+WIND:", 0) {
        return (step < 2).then_some(step == 1);
    }
    let inserted = state("+QSIMSTAT:", 1).or(state("#QSS:", 0)).or(state("#SIMDET:", 0)).or(state("^SCKS:", 0));
    inserted.map(|inserted| inserted > 0)
}

/// First words after power-on and last words before power-off. What comes seconds later (`SMS Ready`) is chatter.
const STARTS: &[&str] = &["RDY", "+AT: READY", "NORMAL POWER DOWN", "POWERED DOWN"];

/// The same where more may follow: `*ATREADY: 1` of an A7670, `^SYSSTART AIRPLANE MODE` of Cinterion, `+WIND: 3` of Wavecom,
/// which takes commands from then on.
const START_PREFIXES: &[&str] = &["*ATREADY", "^SYSSTART", "+WIND: 3"];

/// Prefixes of lines that mean nothing to us, by family.
const CHATTER: &[&str] = &[
    // Start-up, after the first word.
    "+CFUN:",
    "Call Ready",
    "SMS Ready",
    "SMS DONE",
    "PB DONE",
    "+PBREADY",
    "^SYSLOADING",
    "+WIND:",
    "^BOOT:",
    "+SIM READY",
    "UNDER-VOLTAGE",
    "OVER-VOLTAGE", // Network and time.
    "+CIEV:",
    "+CGEV:",
    "+CTZV:",
    "+CTZU:",
    "+CTZE:",
    "+CTZR:",
    "+NITZ:",
    "*PSNWID:",
    "*PSUTTZ:",
    "DST:",
    "+CNSMOD:",
    // Calls.
    "+CCWA:",
    "MISSED_CALL:",
    "VOICE CALL:", // SIM toolkit.
    "+CUSATP:",
    "+CUSATEND",
    "+STIN:",
    "%NOTIFYEV", // Huawei.
    "^RSSI",
    "^HCSQ",
    "^HRSSILVL",
    "^LTERSRP",
    "^MODE",
    "^SRVST",
    "^DSFLOWRPT",
    "^NDISSTAT",
    "^NDISEND",
    "^CSNR",
    "^CEND",
    "^CONN",
    "^CONF",
    "^ORIG",
    "^STIN",
    "^CSCHANNELINFO",
    "^RFSWITCH",
    "^EONS",
    "^ECCLIST",
    "^LWURC",
    "^PDPDEACT",
    "^CCIN",
    // Cinterion.
    "^SBC", // ZTE, Telit, u-blox, Ericsson, Sierra and Wavecom, Quectel.
    "+ZUSIMR",
    "+ZPASR",
    "+ZDONR",
    "+ZPSTM",
    "+ZEND",
    "#STN",
    "+UU",
    "*EMRDY",
    "*E2NAP",
    "*EMWI",
    "+WWSM",
    "+QIND",
    "+QGPSURC",
    "+QLWURC",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Option<&Recognised>) {
        assert_eq!(recognise(line.as_bytes()).as_ref(), expected, "{line}");
    }

    #[test]
    fn lines_that_matter() {
        let whole = |urc| Some(Recognised::Whole(urc));
        check("+CMTI: \"SM\",3", whole(Unsolicited::Stored(Some(Store::Sim))).as_ref());
        check("+CDSI: \"SR\",1", whole(Unsolicited::ReportStored(Some(Store::Reports))).as_ref());
        let push = Unsolicited::PushStored { store: Some(Store::Sim), place: 1 };
        check("+CMTI: \"SM\",1,\"MMS PUSH\",2,1", whole(push).as_ref());
        check("+CMTI: \"XY\",1", whole(Unsolicited::Stored(None)).as_ref());
        check("+CMT: ,24", Some(&Recognised::Header(Routed::Deliver)));
        check("+CDS: 25", Some(&Recognised::Header(Routed::StatusReport)));
        check("+CREG: 5", whole(Unsolicited::Registration(Network::Circuit, Registered::Roaming)).as_ref());
        check("+CLIP: \"+5511988887777\",145", whole(Unsolicited::Caller(Some("+5511988887777".to_owned()))).as_ref());
        check("+CLIP: \"5511988887777\",145", whole(Unsolicited::Caller(Some("+5511988887777".to_owned()))).as_ref());
        check("+CLIP: \"11988887777\",129", whole(Unsolicited::Caller(Some("11988887777".to_owned()))).as_ref());
        check("+CLIP: \"\",128", whole(Unsolicited::Caller(None)).as_ref());
        for start in ["RDY", "*ATREADY: 1", "^SYSSTART", "^SYSSTART AIRPLANE MODE", "+WIND: 3"] {
            check(start, whole(Unsolicited::Restarted).as_ref());
        }
        check("^SMMEMFULL: \"SM\"", whole(Unsolicited::StoreFull).as_ref());
    }

    #[test]
    fn what_is_said_about_the_card() {
        let check = |line: &str, is_there| {
            check(line, Some(&Recognised::Whole(Unsolicited::Card { is_there })));
        };
        check("+CPIN: READY", true);
        check("+CPIN: SIM PIN2", true);
        check("+CPIN: SIM PIN", false);
        check("+CPIN: NOT READY", false);
        check("+CPIN: NOT INSERTED", false);
        check("+QUSIM: 1", true);
        check("^SIMST:1", true);
        check("^SIMST: 255,0", false);
        check("+QSIMSTAT: 1,0", false);
        check("#QSS: 1", true);
        check("#QSS: 0", false);
        check("#SIMDET: 0", false);
        check("^SCKS: 0", false);
        check("+WIND: 0", false);
        check("+WIND: 1", true);
    }

    #[test]
    fn chatter_is_known_and_the_rest_is_not() {
        check("^RSSI: 17", Some(&Recognised::Chatter));
        check("+UUSORD: 1,2", Some(&Recognised::Chatter));
        check("+WIND: 4", Some(&Recognised::Chatter));
        check("READY", None);
        check("rdy", None);
        check("+CMGS: 5", None);
    }
}
