//! What a modem answers to each command: TS 27.005 for messages, TS 27.007 for the rest, ITU-T V.250 for the basic set.
//!
//! `+CMGS` opens a prompt and belongs to the dialogue. What is not listed here is answered by `ERROR`.

use super::command::{Command, Form, values};
use super::modem::{Effect, Modem};
use super::profile::{Family, Indications};
use super::settings::{Cnmi, Radio, ReportRoute};
use super::storage::{Entry, Memory};
use super::ussd::CharacterSet;
use super::wire::{Answer, ResultCode};
use crate::clock::Instant;

const OK: ResultCode = ResultCode::Ok;
const ERROR: ResultCode = ResultCode::Error;
/// Incorrect parameters.
const BAD_VALUE: ResultCode = ResultCode::Cme(50);
const SIM_BUSY: ResultCode = ResultCode::Cme(14);
/// Operation not allowed.
const NOT_ALLOWED: ResultCode = ResultCode::Cms(302);
const BAD_INDEX: ResultCode = ResultCode::Cms(321);
/// The network of the emulator: the test network of ITU-T E.212.
const OPERATOR: (&str, &str) = ("Recado Test", "00101");
/// Commands with a number that is taken and has no effect here.
const WITHOUT_EFFECT: [&str; 3] = ["+IFC", "+CNMP", "+CGSMS"];

/// Commands about messages, which need what some families start last.
const OF_THE_STACK: [&str; 9] = ["+CMGF", "+CSMS", "+CSCA", "+CPMS", "+CNMI", "+CMMS", "+CMGL", "+CMGR", "+CMGD"];

/// Runs one command and gives its answer.
pub(super) fn run(modem: &mut Modem, command: &Command, now: Instant) -> Answer {
    if let Some(answer) = command.written().and_then(|written| of_the_family(modem, &written)) {
        return answer;
    }
    match command {
        Command::Extended { name, .. } if OF_THE_STACK.contains(&name.as_str()) && !modem.is_stack_ready(now) => {
            Answer::of(ResultCode::Cms(modem.profile.family().stack_refusal))
        }
        Command::Extended { .. } | Command::Basic { .. } => {
            let answer = of_the_standard(modem, command, now);
            match modem.profile.family().unknown {
                Some(words) if answer.result == ERROR => Answer::of(ResultCode::Text(words)),
                _ => answer,
            }
        }
    }
}

/// What only this family knows.
fn of_the_family(modem: &mut Modem, written: &str) -> Option<Answer> {
    let family = modem.profile.family();
    if family.chatter.as_ref().is_some_and(|chatter| chatter.ended_by == written) {
        modem.chatters = false;
    }
    if written == family.reset && !family.full_function_restarts {
        modem.reset();
        return Some(Answer::of(OK));
    }
    if family.accepted.contains(&written) {
        return Some(Answer::of(OK));
    }
    let (_, prefix) = family.iccid.iter().find(|(command, _)| *command == written)?;
    Some(Answer::line(format!("{prefix}{}", modem.identity.iccid)))
}

fn of_the_standard(modem: &mut Modem, command: &Command, now: Instant) -> Answer {
    match command {
        Command::Basic { name, value } => Answer::of(basic(modem, name, *value)),
        Command::Extended { name, form } => match form {
            Form::Execute => execute(modem, name),
            Form::Read => read(modem, name),
            Form::Test => test(modem.profile.family(), name),
            Form::Set(value) => set(modem, name, value, now),
        },
    }
}

fn basic(modem: &mut Modem, name: &str, value: u32) -> ResultCode {
    let settings = &mut modem.settings;
    match (name, value) {
        ("E", 0 | 1) => settings.is_echo = value == 1,
        ("Q", 0 | 1) => settings.manner.is_quiet = value == 1,
        ("V", 0 | 1) => settings.manner.is_verbose = value == 1,
        ("&D", 0..=2) => settings.dtr_resets = value != 0,
        ("S0", _) | ("&C" | "H", 0 | 1) => {}
        _ => return ERROR,
    }
    OK
}

fn execute(modem: &mut Modem, name: &str) -> Answer {
    let [maker, model, revision] = modem.profile.family().identity;
    Answer::line(match name {
        "+CGMI" => maker.to_owned(),
        "+CGMM" => model.to_owned(),
        "+CGMR" => revision.to_owned(),
        "+CGSN" => modem.identity.imei.clone(),
        "+CIMI" => modem.identity.imsi.clone(),
        "+CNUM" => format!("+CNUM: \"\",\"{}\",145", modem.identity.msisdn),
        "+CSQ" => {
            let signal = if matches!(modem.settings.radio, Radio::Off(_)) { 99 } else { 21 };
            format!("+CSQ: {signal},99")
        }
        "+CHUP" => return Answer::of(OK),
        // Only direct reports under `+CSMS=1` ask for an acknowledgement, and this modem does not insist.
        "+CNMA" => return Answer::of(if modem.settings.csms == 1 { OK } else { ResultCode::Cms(340) }),
        "+CMGL" => return list(modem, "0"),
        _ => return Answer::of(ERROR),
    })
}

fn read(modem: &mut Modem, name: &str) -> Answer {
    let settings = &modem.settings;
    let [creg, cgreg, cereg] = settings.registration_reports;
    let stat = u8::from(modem.has_network());
    Answer::line(match name {
        "+CMEE" => format!("+CMEE: {}", settings.manner.cmee),
        "+CFUN" => format!("+CFUN: {}", if let Radio::Off(value) = settings.radio { value } else { 1 }),
        "+CPIN" if modem.has_busy_sim() => return Answer::of(SIM_BUSY),
        "+CPIN" => "+CPIN: READY".to_owned(),
        "+CREG" => format!("+CREG: {creg},{stat}"),
        "+CGREG" => format!("+CGREG: {cgreg},{stat}"),
        "+CEREG" => format!("+CEREG: {cereg},{stat}"),
        "+COPS" if stat == 0 && settings.radio == Radio::Registered => "+COPS: 0".to_owned(),
        "+COPS" => match (settings.radio, settings.operator_format) {
            (Radio::Registered, 2) => format!("+COPS: 0,2,\"{}\",7", OPERATOR.1),
            (Radio::Registered, format) => format!("+COPS: 0,{format},\"{}\",7", OPERATOR.0),
            (Radio::Deregistered | Radio::Off(_), _) => "+COPS: 2".to_owned(),
        },
        "+CMGF" => "+CMGF: 0".to_owned(),
        "+CSMS" => format!("+CSMS: {},1,1,1", settings.csms),
        "+CSCA" => format!("+CSCA: \"{}\",145", settings.csca),
        "+CMMS" => format!("+CMMS: {}", settings.cmms),
        "+CNMI" => {
            let Cnmi { mode, announces_messages, reports, bfr, .. } = settings.cnmi;
            format!("+CNMI: {mode},{},0,{},{bfr}", u8::from(announces_messages), reports as u8)
        }
        "+CPMS" => {
            let stores = [settings.read, settings.written, settings.received];
            let told = stores.map(|memory| format!("\"{}\",{}", memory.name(), occupancy(modem, memory)));
            format!("+CPMS: {}", told.join(","))
        }
        _ => return Answer::of(ERROR),
    })
}

fn test(family: &Family, name: &str) -> Answer {
    let values = match name {
        "+CNMI" => {
            let Indications { mode, ds, bfr_min } = family.indications;
            let bfr = if bfr_min == 0 { "(0,1)" } else { "(1)" };
            return Answer::line(format!("+CNMI: (0-{mode}),(0,1),(0),(0-{ds}),{bfr}"));
        }
        "+CPMS" => {
            let named = |memories: Vec<Memory>| {
                memories.iter().map(|memory| format!("\"{}\"", memory.name())).collect::<Vec<_>>().join(",")
            };
            let (read, received) = (named(family.stores.to_vec()), named(receiving(family).collect()));
            return Answer::line(format!("+CPMS: ({read}),({received}),({received})"));
        }
        "+CMGF" => "(0)",
        "+CMMS" | "+CMEE" => "(0-2)",
        "+CMGL" => "(0,1,4)",
        "+CMGD" => "(),(0,1,4)",
        "+CFUN" => "(0,1,4),(0,1)",
        "+CSMS" | "+CREG" | "+CGREG" | "+CEREG" => "(0,1)",
        "+CMGS" | "+CMGR" | "+CSCA" | "+CSQ" | "+CNMA" => return Answer::of(OK),
        _ => return Answer::of(ERROR),
    };
    Answer::line(format!("{name}: {values}"))
}

fn set(modem: &mut Modem, name: &str, value: &str, now: Instant) -> Answer {
    let given = values(value);
    let first = given.first().copied().unwrap_or_default();
    let number = first.parse::<u8>().ok();
    let settings = &mut modem.settings;
    let result = match (name, number) {
        ("+CMEE", Some(mode @ 0..=2)) => keep(&mut settings.manner.cmee, mode),
        ("+CREG", Some(mode @ 0..=1)) => keep(&mut settings.registration_reports[0], mode),
        ("+CGREG", Some(mode @ 0..=1)) => keep(&mut settings.registration_reports[1], mode),
        ("+CEREG", Some(mode @ 0..=1)) => keep(&mut settings.registration_reports[2], mode),
        ("+CSMS", Some(service @ 0..=1)) => {
            settings.csms = service;
            return Answer::line("+CSMS: 1,1,1".to_owned());
        }
        ("+CMMS", Some(mode @ 0..=2)) => keep(&mut settings.cmms, mode),
        ("+CMGF", Some(0)) => OK,
        ("+CSCA", _) if !first.is_empty() => {
            first.clone_into(&mut settings.csca);
            OK
        }
        ("+CFUN", Some(mode @ (0 | 1 | 4))) => {
            return Answer::of(set_radio(modem, mode, given.get(1) == Some(&"1"), now));
        }
        ("+COPS", Some(mode)) => return Answer::of(set_operator(modem, mode, given.get(1).copied(), now)),
        ("+CNMI", _) => set_cnmi(modem, &given),
        ("+CSCS", _) => match CharacterSet::from_name(first) {
            Some(set) => {
                settings.character_set = set;
                OK
            }
            None => BAD_VALUE,
        },
        ("+CUSD", Some(mode @ 0..=2)) => ussd(modem, mode, given.get(1).copied()),
        ("+CPMS", _) => return set_memories(modem, &given),
        ("+CMGL", Some(_)) => return list(modem, first),
        ("+CMGR", _) => return read_entry(modem, first),
        ("+CMGD", _) => return Answer::of(delete(modem, first, given.get(1).copied())),
        (name, Some(_)) if WITHOUT_EFFECT.contains(&name) => OK,
        ("+CMEE" | "+CREG" | "+CGREG" | "+CEREG" | "+CFUN" | "+COPS" | "+CUSD", _) => BAD_VALUE,
        ("+CSMS" | "+CMMS" | "+CMGF" | "+CSCA" | "+CMGL", _) => NOT_ALLOWED,
        _ => ERROR,
    };
    Answer::of(result)
}

fn keep(setting: &mut u8, value: u8) -> ResultCode {
    *setting = value;
    OK
}

/// `AT+CUSD=<n>[,<str>]`: 1 with a text asks, 2 ends a session.
fn ussd(modem: &mut Modem, mode: u8, written: Option<&str>) -> ResultCode {
    match (mode, written) {
        (2, _) => modem.end_ussd(),
        (1, Some(written)) if modem.is_registered() => modem.ask_ussd(written),
        // No network service.
        (1, Some(_)) => return ResultCode::Cme(30),
        _ => {}
    }
    OK
}

fn set_radio(modem: &mut Modem, mode: u8, resets: bool, now: Instant) -> ResultCode {
    if resets {
        modem.reset();
        return OK;
    }
    if mode == 1 && modem.profile.family().full_function_restarts {
        modem.restart(now);
        return OK;
    }
    change_radio(modem, if mode == 1 { Radio::Registered } else { Radio::Off(mode) }, now);
    OK
}

fn set_operator(modem: &mut Modem, mode: u8, format: Option<&str>, now: Instant) -> ResultCode {
    match (mode, format) {
        (0, _) if matches!(modem.settings.radio, Radio::Off(_)) => return ResultCode::Cme(4),
        (0, _) => change(modem, now, |modem| {
            modem.join();
            modem.settings.radio = Radio::Registered;
        }),
        (2, _) => change_radio(modem, Radio::Deregistered, now),
        (3, Some("0" | "1")) => modem.settings.operator_format = 0,
        (3, Some("2")) => modem.settings.operator_format = 2,
        _ => return BAD_VALUE,
    }
    OK
}

fn change_radio(modem: &mut Modem, radio: Radio, now: Instant) {
    change(modem, now, |modem| modem.settings.radio = radio);
}

/// Does something to the registration, and says so if it is another one then.
pub(super) fn change(modem: &mut Modem, now: Instant, work: impl FnOnce(&mut Modem)) {
    let before = modem.has_network();
    work(modem);
    let stat = u8::from(modem.has_network());
    if stat == u8::from(before) {
        return;
    }
    if stat == 1 {
        modem.push_effect(Effect::Ready);
    }
    for (name, reports) in ["+CREG", "+CGREG", "+CEREG"].into_iter().zip(modem.settings.registration_reports) {
        if reports == 1 {
            modem.say(format!("{name}: {stat}"), now);
        }
    }
}

fn set_cnmi(modem: &mut Modem, given: &[&str]) -> ResultCode {
    let mut numbers = [0; 5];
    for (number, text) in numbers.iter_mut().zip(given) {
        let Ok(value) = text.parse::<u8>() else { return NOT_ALLOWED };
        *number = value;
    }
    let [mode, mt @ 0..=1, 0, ds, bfr @ 0..=1] = numbers else { return NOT_ALLOWED };
    let allowed = &modem.profile.family().indications;
    if mode > allowed.mode || ds > allowed.ds || bfr < allowed.bfr_min {
        return NOT_ALLOWED;
    }
    let reports = match ds {
        0 => ReportRoute::Nowhere,
        1 => ReportRoute::Direct,
        2 => ReportRoute::Stored,
        _ => return NOT_ALLOWED,
    };
    modem.settings.cnmi = Cnmi { mode, forwards: mode != 0, announces_messages: mt == 1, reports, bfr };
    OK
}

fn set_memories(modem: &mut Modem, given: &[&str]) -> Answer {
    let family = modem.profile.family();
    let memories: Option<Vec<Memory>> = given.iter().map(|name| Memory::from_name(name)).collect();
    let can_read = |memory| family.stores.contains(&memory);
    let can_receive = |memory| receiving(family).any(|known| known == memory);
    let settings = &mut modem.settings;
    match memories.as_deref() {
        Some(&[read]) if can_read(read) => settings.read = read,
        Some(&[read, written]) if can_read(read) && can_receive(written) => {
            (settings.read, settings.written) = (read, written);
        }
        Some(&[read, written, received]) if can_read(read) && can_receive(written) && can_receive(received) => {
            (settings.read, settings.written, settings.received) = (read, written, received);
        }
        _ => return Answer::of(NOT_ALLOWED),
    }
    let stores = [settings.read, settings.written, settings.received];
    let told = stores.map(|memory| occupancy(modem, memory));
    Answer::line(format!("+CPMS: {}", told.join(",")))
}

/// The stores in which messages can be received.
fn receiving(family: &Family) -> impl Iterator<Item = Memory> {
    family.stores.iter().copied().filter(|memory| *memory != Memory::Sr)
}

/// `<used>,<total>` of `+CPMS`.
fn occupancy(modem: &mut Modem, memory: Memory) -> String {
    let store = modem.store(memory);
    format!("{},{}", store.used(), store.total())
}

/// `AT+CMGL=<stat>`: 0 unread, 1 read, 4 all. What is listed counts as read from then on.
fn list(modem: &mut Modem, stat: &str) -> Answer {
    let (unread, read) = match stat {
        "0" => (true, false),
        "1" => (false, true),
        "4" => (true, true),
        _ => return Answer::of(NOT_ALLOWED),
    };
    let memory = modem.settings.read;
    let entries = modem.store(memory).entries_mut();
    let listed = entries.filter(|(_, entry)| if entry.is_read { read } else { unread });
    let units = listed.map(|(index, entry)| format!("+CMGL: {index},{}", show(entry))).collect();
    Answer { units, result: OK }
}

fn read_entry(modem: &mut Modem, index: &str) -> Answer {
    let memory = modem.settings.read;
    match index.parse().ok().and_then(|index| modem.store(memory).entry_mut(index)) {
        Some(entry) => Answer::line(format!("+CMGR: {}", show(entry))),
        None => Answer::of(BAD_INDEX),
    }
}

/// `<stat>,[<alpha>],<length>` and the PDU, which is read by this.
fn show(entry: &mut Entry) -> String {
    let stat = u8::from(std::mem::replace(&mut entry.is_read, true));
    format!("{stat},,{}\r\n{}", entry.pdu.tpdu_length, entry.pdu.hex())
}

/// `AT+CMGD=<index>[,<flag>]`: flag 1 deletes what was read, 4 everything.
fn delete(modem: &mut Modem, index: &str, flag: Option<&str>) -> ResultCode {
    let memory = modem.settings.read;
    let store = modem.store(memory);
    match flag {
        None | Some("0") => {
            if !index.parse().is_ok_and(|index| store.delete(index)) {
                return BAD_INDEX;
            }
        }
        Some("1") => store.delete_all(true),
        Some("4") => store.delete_all(false),
        Some(_) => return NOT_ALLOWED,
    }
    modem.push_effect(Effect::Ready);
    OK
}
