//! One emulated modem: the dialogue on its port (ITU-T V.250, TS 27.005 sections 3 and 4), its memory and its faults.
//!
//! It takes bytes and what the network sends, and gives bytes and [`Effect`]s for the network behind it to act on. It
//! does not know what becomes of a text once it has left. What a command answers is in `answers`.

use std::collections::VecDeque;

use super::answers;
use super::command::{self, Command, Form};
use super::fault::{Dice, Fault};
use super::identity::Identity;
use super::profile::{Profile, StoredReports};
use super::settings::{Radio, ReportRoute, Settings};
use super::storage::{Memory, Store};
use super::ussd::{PRICE, Said};
use super::wire::{Answer, ResultCode, Wire};
use crate::clock::Instant;
use crate::pdu::{self, Direction, EncodedPdu, Pdu, SubmitTpdu, Tpdu};

const CR: u8 = 0x0D;
const LF: u8 = 0x0A;
const ESC: u8 = 0x1B;
/// Ctrl-Z: submits what was written at the prompt.
const SUBMIT: u8 = 0x1A;
/// Longest command line and longest PDU text; the longest PDU has 352 digits. What is beyond is lost, and the line fails.
const INPUT_MAX: usize = 1024;
/// What is kept of bytes that come while a part is on the air.
const TYPE_AHEAD_MAX: usize = 512;

/// What the network behind a modem has to do.
#[derive(Debug)]
pub(super) enum Effect {
    /// Carry this part. The modem is deaf until one of the `end_submit` verbs.
    Submit(Box<Submission>),
    /// The port hangs up and returns by itself.
    Vanish,
    /// A deletion made room, or the radio came back: what waits may be tried again.
    Ready,
    /// The modem starts, and says so step by step.
    Boot,
    /// A code goes to the operator, in this turn of services; `None` if it was not understood.
    Ussd(u32, Option<String>),
}

/// A part on its way to the network.
#[derive(Debug, Clone)]
pub(super) struct Submission {
    pub(super) tpdu: SubmitTpdu,
    /// The PDU as it was written at the prompt.
    pub(super) hex: String,
}

/// What a modem suffers from until something helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ailment {
    /// It finds no network until it is told to join one (`AT+COPS=0`), or is reset.
    LostNetwork,
    /// It finds no network until it is reset.
    DeafRadio,
    /// It says nothing, and obeys nothing but the command that resets it.
    Mute,
    /// It says nothing and obeys nothing until its power is cut.
    Dead,
    /// Its SIM is busy until its power is cut.
    BusySim,
}

/// Where the dialogue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialogue {
    /// Reads a command line.
    Command,
    /// Reads the PDU of `AT+CMGS=tpdu_length`.
    Prompt { tpdu_length: usize, ignores_escape: bool },
    /// A part is on the air.
    Busy,
    /// Says nothing until the port is closed and opened.
    Hung,
    /// Not on the bus.
    Absent,
}

/// One modem.
#[derive(Debug)]
pub(super) struct Modem {
    pub(super) identity: Identity,
    pub(super) profile: Profile,
    pub(super) settings: Settings,
    pub(super) dice: Dice,
    sm: Store,
    me: Store,
    sr: Store,
    dialogue: Dialogue,
    is_open: bool,
    /// Nobody has opened the port since power-up.
    is_fresh: bool,
    /// When commands about messages are taken.
    stack_ready: Instant,
    /// The chatter of the family has not been ended.
    pub(super) chatters: bool,
    /// When the last final result was given.
    last_result: Option<Instant>,
    /// The command line or PDU text so far.
    input: Vec<u8>,
    type_ahead: Vec<u8>,
    /// Unsolicited lines that wait for the end of a prompt.
    held: Vec<String>,
    wire: Wire,
    effects: VecDeque<Effect>,
    /// TP-MR of the next part, kept on the SIM.
    tp_mr: u8,
    ailment: Option<Ailment>,
    /// What is left on the SIM, in hundredths.
    credit: u32,
    /// Counts what begins and ends a session with the operator.
    ussd_turn: u32,
    /// The operator waits for an answer.
    in_menu: bool,
}

impl Modem {
    pub(super) fn new(identity: Identity, profile: Profile, slots: usize, tp_mr: u8, credit: u32, dice: Dice) -> Self {
        let store = Store::new(slots, profile.family().first_place);
        Self {
            identity,
            profile,
            settings: start_settings(profile),
            dice,
            sm: store.clone(),
            me: store.clone(),
            sr: store,
            dialogue: Dialogue::Command,
            is_open: false,
            is_fresh: true,
            stack_ready: Instant::ZERO,
            chatters: profile.family().chatter.is_some(),
            last_result: None,
            input: Vec::new(),
            type_ahead: Vec::new(),
            held: Vec::new(),
            wire: Wire::default(),
            effects: VecDeque::new(),
            tp_mr,
            ailment: None,
            credit,
            ussd_turn: 0,
            in_menu: false,
        }
    }

    /// From now on it suffers from this.
    pub(super) fn afflict(&mut self, ailment: Ailment) {
        self.ailment = Some(ailment);
    }

    /// Its power was cut, which helps against everything.
    pub(super) fn heal(&mut self) {
        self.ailment = None;
    }

    /// It was told to join a network.
    pub(super) fn join(&mut self) {
        self.ailment.take_if(|ailment| *ailment == Ailment::LostNetwork);
    }

    /// It was told to start anew, as after power-up.
    pub(super) fn reset(&mut self) {
        self.ailment.take_if(|ailment| matches!(ailment, Ailment::LostNetwork | Ailment::DeafRadio | Ailment::Mute));
        self.effects.push_back(Effect::Vanish);
    }

    pub(super) fn has_busy_sim(&self) -> bool {
        self.ailment == Some(Ailment::BusySim)
    }

    fn is_mute(&self) -> bool {
        matches!(self.ailment, Some(Ailment::Mute | Ailment::Dead))
    }

    /// What the network has to do. Drain after each input.
    pub(super) fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Bytes that leave at `now`. Drain after each input.
    pub(super) fn poll_bytes(&mut self, now: Instant) -> Option<Vec<u8>> {
        self.wire.poll_bytes(now)
    }

    /// When bytes leave next.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.wire.deadline()
    }

    pub(super) fn store(&mut self, memory: Memory) -> &mut Store {
        match memory {
            Memory::Sm => &mut self.sm,
            Memory::Me => &mut self.me,
            Memory::Sr => &mut self.sr,
        }
    }

    pub(super) fn push_effect(&mut self, effect: Effect) {
        self.effects.push_back(effect);
    }

    /// Somebody opened the port.
    pub(super) fn open(&mut self, now: Instant) {
        self.is_open = self.dialogue != Dialogue::Absent;
        if self.is_open && std::mem::take(&mut self.is_fresh) {
            self.start(now);
        }
    }

    fn start(&mut self, now: Instant) {
        self.stack_ready = now + self.profile.family().stack_after;
        self.effects.push_back(Effect::Boot);
    }

    /// Starts anew without leaving the bus. SIM and stored messages stay.
    pub(super) fn restart(&mut self, now: Instant) {
        self.ailment.take_if(|ailment| matches!(ailment, Ailment::LostNetwork | Ailment::DeafRadio | Ailment::Mute));
        self.settings = start_settings(self.profile);
        self.chatters = self.profile.family().chatter.is_some();
        self.effects.push_back(Effect::Ready);
        self.start(now);
    }

    /// Whether somebody has the port open.
    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Whether commands about messages are taken.
    pub(super) fn is_stack_ready(&self, now: Instant) -> bool {
        now >= self.stack_ready
    }

    /// Nobody has the port open any more. Settings stay, and with `AT&D0` so does a prompt that ESC can end.
    pub(super) fn close(&mut self) {
        self.is_open = false;
        self.type_ahead.clear();
        self.wire.clear();
        match self.dialogue {
            Dialogue::Prompt { ignores_escape: false, .. } if !self.settings.dtr_resets => {}
            Dialogue::Prompt { .. } | Dialogue::Hung | Dialogue::Command => {
                self.dialogue = Dialogue::Command;
                self.input.clear();
                self.held.clear();
            }
            Dialogue::Busy | Dialogue::Absent => {}
        }
    }

    /// Power is gone: all but SIM and stored messages is lost.
    pub(super) fn power_off(&mut self) {
        self.close();
        self.dialogue = Dialogue::Absent;
        self.input.clear();
        self.held.clear();
        self.settings = start_settings(self.profile);
        self.chatters = self.profile.family().chatter.is_some();
        self.last_result = None;
        self.end_ussd();
    }

    /// Power is back.
    pub(super) fn power_on(&mut self) {
        if self.dialogue == Dialogue::Absent {
            self.dialogue = Dialogue::Command;
            self.is_fresh = true;
        }
    }

    /// Starts anew without leaving the bus and without a word, as its own watchdog makes it. SIM and stored messages stay.
    pub(super) fn restart_silently(&mut self) {
        let is_open = self.is_open;
        self.power_off();
        self.power_on();
        (self.is_open, self.is_fresh) = (is_open, false);
        self.ailment.take_if(|ailment| matches!(ailment, Ailment::LostNetwork | Ailment::DeafRadio | Ailment::Mute));
    }

    /// Whether the modem is on the bus.
    pub(super) fn is_present(&self) -> bool {
        self.dialogue != Dialogue::Absent
    }

    /// Whether the network can reach the modem and the modem the network.
    pub(super) fn is_registered(&self) -> bool {
        self.is_present() && self.has_network()
    }

    /// Whether it has found a network.
    pub(super) fn has_network(&self) -> bool {
        let finds_none = matches!(self.ailment, Some(Ailment::LostNetwork | Ailment::DeafRadio));
        self.settings.radio == Radio::Registered && !finds_none
    }

    /// Bytes from the port.
    pub(super) fn receive(&mut self, bytes: &[u8], now: Instant) {
        let mut rest = bytes;
        while let Some(after) = self.receive_some(rest, now) {
            rest = after;
        }
    }

    /// Takes what belongs to the present state of the dialogue and gives what comes after; `None` when nothing is left.
    fn receive_some<'a>(&mut self, bytes: &'a [u8], now: Instant) -> Option<&'a [u8]> {
        if bytes.is_empty() || !self.is_open {
            return None;
        }
        match self.dialogue {
            Dialogue::Command => Some(self.read_line(bytes, now)),
            Dialogue::Prompt { tpdu_length, ignores_escape } => {
                Some(self.read_pdu(bytes, tpdu_length, ignores_escape, now))
            }
            Dialogue::Busy => {
                let room = TYPE_AHEAD_MAX.saturating_sub(self.type_ahead.len());
                self.type_ahead.extend(bytes.iter().take(room));
                None
            }
            Dialogue::Hung | Dialogue::Absent => None,
        }
    }

    fn read_line<'a>(&mut self, bytes: &'a [u8], now: Instant) -> &'a [u8] {
        let end = bytes.iter().position(|b| *b == CR);
        let (chunk, rest) = bytes.split_at(end.map_or(bytes.len(), |at| at + 1));
        if self.settings.is_echo && !self.is_mute() {
            self.wire.send(chunk.to_vec(), now);
        }
        self.keep_input(chunk);
        if end.is_some() {
            let line = std::mem::take(&mut self.input);
            if self.is_mute() { self.overhear(&line, now) } else { self.run_line(&line, now) }
        }
        rest
    }

    fn read_pdu<'a>(&mut self, bytes: &'a [u8], tpdu_length: usize, ignores_escape: bool, now: Instant) -> &'a [u8] {
        let ends = |b: &u8| *b == SUBMIT || (*b == ESC && !ignores_escape);
        let end = bytes.iter().position(ends);
        let (chunk, rest) = bytes.split_at(end.map_or(bytes.len(), |at| at + 1));
        if self.settings.is_echo && !self.is_mute() {
            self.wire.send(chunk.to_vec(), now);
        }
        self.keep_input(chunk);
        match chunk.last() {
            Some(&ESC) if end.is_some() => {
                self.input.clear();
                self.dialogue = Dialogue::Command;
                self.answer(&Answer::of(ResultCode::Ok), now);
                self.send_held(now);
            }
            Some(&SUBMIT) => {
                self.dialogue = Dialogue::Command;
                self.send_held(now);
                let hex = std::mem::take(&mut self.input);
                if self.dice.strikes(Fault::Echo) && !self.settings.is_echo {
                    self.wire.send(hex.clone(), now);
                }
                self.submit(&hex, tpdu_length, now);
            }
            _ => {}
        }
        rest
    }

    /// Keeps what has a meaning in a line or PDU; control characters have none.
    fn keep_input(&mut self, chunk: &[u8]) {
        let room = INPUT_MAX.saturating_sub(self.input.len());
        self.input.extend(chunk.iter().filter(|b| !matches!(**b, CR | LF | ESC | SUBMIT)).take(room));
    }

    /// A modem that is mute may still obey the command that resets it.
    fn overhear(&mut self, line: &[u8], now: Instant) {
        let commands = command::parse(&String::from_utf8_lossy(line)).unwrap_or_default();
        let family = self.profile.family();
        let is_reset = |command: &Command| command.written().is_some_and(|written| written == family.reset);
        if self.ailment == Some(Ailment::Mute) && commands.iter().any(is_reset) {
            if family.full_function_restarts { self.restart(now) } else { self.reset() }
        }
    }

    fn run_line(&mut self, line: &[u8], now: Instant) {
        let text = String::from_utf8_lossy(line);
        let Some(commands) = command::parse(&text) else { return };
        let deaf_for = self.profile.family().deaf_for;
        if self.last_result.is_some_and(|at| now.saturating_since(at) < deaf_for) {
            return;
        }
        if self.dice.strikes(Fault::Vanish) {
            return self.effects.push_back(Effect::Vanish);
        }
        if self.dice.strikes(Fault::Hang) {
            return self.hang();
        }
        if self.dice.strikes(Fault::Echo) && !self.settings.is_echo {
            self.wire.send([line, b"\r"].concat(), now);
        }
        if self.dice.strikes(Fault::Garbage) {
            self.wire.send_garbage(&mut self.dice, now);
        }
        let mut answer = Answer::of(if line.len() < INPUT_MAX { ResultCode::Ok } else { ResultCode::Error });
        for command in &commands {
            if answer.result != ResultCode::Ok {
                break;
            }
            if let Command::Extended { name, form: Form::Set(length) } = command
                && name == "+CMGS"
            {
                match self.prompt(length, now) {
                    None => return,
                    Some(refusal) => answer.result = refusal,
                }
                break;
            }
            let next = answers::run(self, command, now);
            answer.units.extend(next.units);
            answer.result = next.result;
        }
        self.answer(&answer, now);
    }

    /// Opens the prompt of `AT+CMGS=length`; the result that refuses it otherwise.
    fn prompt(&mut self, length: &str, now: Instant) -> Option<ResultCode> {
        // A TPDU has 8 octets at least and 164 at most.
        let Some(tpdu_length) = length.trim().parse().ok().filter(|length| (8..=164).contains(length)) else {
            return Some(ResultCode::Cms(304));
        };
        if !self.is_stack_ready(now) {
            return Some(ResultCode::Cms(self.profile.family().stack_refusal));
        }
        if self.dice.strikes(Fault::NoPrompt) {
            return None;
        }
        let ignores_escape = self.dice.strikes(Fault::PromptSurvives);
        self.dialogue = Dialogue::Prompt { tpdu_length, ignores_escape };
        self.wire.send_prompt(&mut self.dice, now);
        None
    }

    fn submit(&mut self, hex: &[u8], tpdu_length: usize, now: Instant) {
        match read_submission(hex, tpdu_length) {
            None => self.answer(&Answer::of(ResultCode::Cms(304)), now),
            Some(_) if self.sm.is_jammed() || self.me.is_jammed() => {
                self.answer(&Answer::of(ResultCode::Cms(322)), now);
            }
            Some(_) if !self.is_registered() => self.answer(&Answer::of(ResultCode::Cms(331)), now),
            Some(submission) => {
                self.dialogue = Dialogue::Busy;
                self.effects.push_back(Effect::Submit(Box::new(submission)));
            }
        }
    }

    /// The reference of the part that the network takes now.
    pub(super) fn next_tp_mr(&mut self) -> u8 {
        let tp_mr = self.tp_mr;
        self.tp_mr = tp_mr.wrapping_add(1);
        tp_mr
    }

    /// The network took a part, which costs something.
    pub(super) fn pay(&mut self) {
        self.credit = self.credit.saturating_sub(PRICE);
    }

    /// What is left on the SIM, in hundredths.
    pub(super) fn credit(&self) -> u32 {
        self.credit
    }

    /// A code, or the answer to a menu.
    pub(super) fn ask_ussd(&mut self, written: &str) {
        self.ussd_turn += 1;
        let code = self.profile.family().ussd.read(self.settings.character_set, written);
        self.effects.push_back(Effect::Ussd(self.ussd_turn, code));
    }

    /// The session with the operator is over.
    pub(super) fn end_ussd(&mut self) {
        self.ussd_turn += 1;
        self.in_menu = false;
    }

    /// The operator has had time to answer. A session that was ended meanwhile gets none.
    pub(super) fn answer_ussd(&mut self, turn: u32, code: Option<&str>, now: Instant) {
        if turn != self.ussd_turn {
            return;
        }
        let said = code.map_or(Some(Said::NOT_UNDERSTOOD), |code| Said::to(code, self.in_menu, self.credit));
        let Some(Said { m, text }) = said else { return };
        self.in_menu = m == 1;
        let unit = match text {
            None => format!("+CUSD: {m}"),
            Some(text) => {
                let (written, dcs) = self.profile.family().ussd.write(self.settings.character_set, &text);
                format!("+CUSD: {m},\"{written}\",{dcs}")
            }
        };
        self.say_anyway(unit, now);
    }

    /// Says that the network took the part.
    pub(super) fn end_submit_accepted(&mut self, tp_mr: u8, now: Instant) {
        self.end_submit(Some(&Answer::line(format!("+CMGS: {tp_mr}"))), now);
    }

    /// Says why the network did not take the part.
    pub(super) fn end_submit_refused(&mut self, cause: u16, now: Instant) {
        self.end_submit(Some(&Answer::of(ResultCode::Cms(cause))), now);
    }

    /// Says nothing and goes on.
    pub(super) fn end_submit_silently(&mut self, now: Instant) {
        self.end_submit(None, now);
    }

    fn end_submit(&mut self, answer: Option<&Answer>, now: Instant) {
        if self.dialogue != Dialogue::Busy {
            return;
        }
        self.dialogue = Dialogue::Command;
        if let Some(answer) = answer {
            self.answer(answer, now);
        }
        let ahead = std::mem::take(&mut self.type_ahead);
        self.receive(&ahead, now);
    }

    /// Says nothing more until the port is closed and opened.
    pub(super) fn hang(&mut self) {
        self.dialogue = Dialogue::Hung;
        self.type_ahead.clear();
        self.wire.clear();
    }

    /// A status report from the network; `Err` gives it back when there is no room for it.
    pub(super) fn take_report(&mut self, pdu: EncodedPdu, now: Instant) -> Result<(), EncodedPdu> {
        match self.settings.cnmi.reports {
            ReportRoute::Nowhere => Ok(()),
            ReportRoute::Direct => {
                let unit = format!("+CDS: {}\r\n{}", pdu.tpdu_length, pdu.hex());
                self.say(unit, now);
                Ok(())
            }
            ReportRoute::Stored => {
                let place = match self.profile.family().reports {
                    StoredReports::Beside => {
                        let memory = self.settings.received;
                        format!("\"{}\",{}", memory.name(), self.keep(memory, pdu, now)?)
                    }
                    StoredReports::Misnamed => {
                        self.keep(Memory::Sr, pdu, now)?;
                        "\"SM\",0".to_owned()
                    }
                    StoredReports::Unreadable => "\"SR\",0".to_owned(),
                };
                self.say(format!("+CDSI: {place}"), now);
                Ok(())
            }
        }
    }

    /// A message from the network; `Err` gives it back when there is no room for it.
    pub(super) fn take_message(&mut self, pdu: EncodedPdu, now: Instant) -> Result<(), EncodedPdu> {
        let memory = self.settings.received;
        let index = self.keep(memory, pdu, now)?;
        if self.settings.cnmi.announces_messages {
            self.say(format!("+CMTI: \"{}\",{index}", memory.name()), now);
        }
        Ok(())
    }

    fn keep(&mut self, memory: Memory, pdu: EncodedPdu, now: Instant) -> Result<usize, EncodedPdu> {
        let is_last = self.dice.strikes(Fault::StorageFull);
        let store = self.store(memory);
        let Some(index) = store.put(pdu.clone()) else {
            if let Some(line) = self.profile.family().full {
                self.say(line.to_owned(), now);
            }
            return Err(pdu);
        };
        if is_last {
            store.jam();
        }
        Ok(index)
    }

    /// An unsolicited line. It is lost when nobody has the port open or unsolicited lines are off, and waits at a prompt.
    pub(super) fn say(&mut self, unit: String, now: Instant) {
        if self.settings.cnmi.forwards {
            self.say_anyway(unit, now);
        }
    }

    /// An unsolicited line that has nothing to do with messages. It is lost when nobody has the port open, and waits at a
    /// prompt.
    pub(super) fn say_anyway(&mut self, unit: String, now: Instant) {
        if !self.is_open || self.is_mute() {
            return;
        }
        match self.dialogue {
            Dialogue::Prompt { .. } => self.held.push(unit),
            Dialogue::Command | Dialogue::Busy => self.wire.send_unsolicited(&unit, now),
            Dialogue::Hung | Dialogue::Absent => {}
        }
    }

    fn send_held(&mut self, now: Instant) {
        for unit in std::mem::take(&mut self.held) {
            self.wire.send_unsolicited(&unit, now);
        }
    }

    fn answer(&mut self, answer: &Answer, now: Instant) {
        if self.is_open && !self.is_mute() {
            self.last_result = Some(now);
            self.wire.send_answer(answer, self.settings.manner, &mut self.dice, now);
        }
    }
}

/// What is in force after power-up.
fn start_settings(profile: Profile) -> Settings {
    Settings::new(profile.family().stores.first().copied().unwrap_or(Memory::Sm))
}

/// The part that was written at the prompt, when it is one and as long as announced.
fn read_submission(hex: &[u8], tpdu_length: usize) -> Option<Submission> {
    let octets = pdu::from_hex(hex).ok()?;
    let smsc_octets = 1 + usize::from(*octets.first()?);
    if octets.len() != smsc_octets + tpdu_length {
        return None;
    }
    match Pdu::decode(&octets, Direction::Mo).ok()?.tpdu {
        Tpdu::Submit(tpdu) => Some(Submission { tpdu, hex: String::from_utf8_lossy(hex).into_owned() }),
        Tpdu::Deliver(_) | Tpdu::StatusReport(_) => None,
    }
}
