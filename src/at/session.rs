//! One dialogue: a command in flight, its answer, and everything the modem says in between.
//!
//! The session routes lines and keeps one deadline. It starts nothing by itself, repeats nothing, and does not know what an
//! answer means: after [`Ended::TimedOut`] the dialogue may be out of step, and bringing it back is the caller's work.

use std::collections::VecDeque;
use std::time::Duration;

use super::field::{fields, is_pdu, number};
use super::message::Submitted;
use super::unsolicited::{Recognised, recognise};
use super::{Allowed, Command, Failure, FinalResult, Frame, Framer, Reply, Routed, Takes, Unsolicited, VendorText};
use crate::clock::Instant;

/// Aborts a command that waits for a PDU (TS 27.005 clause 3.5.1).
const ESC: u8 = 0x1b;

/// Ends a PDU and submits it.
const CTRL_Z: u8 = 0x1a;

/// Time for the final result that some modems give after ESC.
const AFTER_ESC: Duration = Duration::from_secs(2);

/// A text over several lines whose end is not recognised is over when so long nothing has come.
const TEXT_IDLE: Duration = Duration::from_secs(2);

/// And at the latest so long after its beginning, however much the modem has to say: a result may stand behind it.
const TEXT_MAX: Duration = Duration::from_secs(10);

/// What the session reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// The modem waits for the PDU: [`Session::send_pdu`] or [`Session::escape`].
    Prompt,
    /// The command line came back. A PDU that comes back is dropped in silence: some modems show what is written at the
    /// prompt whatever `ATE0` said.
    Echo,
    /// The command is over.
    Finished(Finished),
    /// Said without being asked.
    Unsolicited(Unsolicited),
    /// A line that nobody knows; it was dropped. Its name is what stands before the colon, empty if it has none: the rest
    /// may hold numbers or text of a message.
    Unknown {
        /// Such as `+FOO`.
        name: String,
    },
    /// More than a bound allows; it was dropped.
    Overrun(Overrun),
}

/// Which bound was exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overrun {
    /// [`super::LINE_BYTES_MAX`].
    Line,
    /// [`super::REPLY_BYTES_MAX`]; reported once per answer.
    Reply,
}

/// The end of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// How.
    pub ended: Ended,
    /// The lines it took until then.
    pub reply: Reply,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// `OK`.
    Ok,
    /// Another final result.
    Failed(Failure),
    /// No final result in the time allowed.
    TimedOut,
    /// It was dropped.
    Lost,
}

/// The dialogue with one modem. After each verb take what is to be written; after each `handle_*` take outputs until there
/// is none. Lines are cut and routed only then, so that what the caller does about one line is in force for the next.
#[derive(Debug, Default)]
pub struct Session {
    framer: Framer,
    core: Core,
    /// When the last octets were read.
    heard_at: Instant,
    /// When those were read with which the present text began, while there is one.
    text_at: Instant,
}

#[derive(Debug, Default)]
struct Core {
    running: Option<Running>,
    /// Headers whose PDU has not come, the most recent last. A header of ours can stand below an unsolicited one.
    headers: Vec<Header>,
    /// What the modem would echo: the last command line without its CR, and the last PDU.
    written_line: Vec<u8>,
    written_pdu: Vec<u8>,
    /// A call comes in, and its `NO CARRIER` is not our command's.
    ringing: bool,
    writes: VecDeque<Vec<u8>>,
    outputs: VecDeque<Output>,
}

#[derive(Debug)]
struct Running {
    takes: Takes,
    allowed: Allowed,
    /// None while the modem waits for us.
    deadline: Option<Instant>,
    phase: PduPhase,
    reply: Reply,
    overrun: bool,
}

/// Where a command stands that asks for a PDU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PduPhase {
    /// It does not ask for one.
    Never,
    Awaited,
    Prompted,
    Sent,
    /// ESC was written instead of the PDU.
    Abandoned,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Header {
    Ours,
    Routed(Routed),
}

impl Session {
    /// Feeds what was read from the port.
    pub fn handle_bytes(&mut self, bytes: &[u8], now: Instant) {
        if !self.framer.is_within_text() {
            self.text_at = now;
        }
        self.heard_at = now;
        self.framer.feed(bytes);
        if let Some(running) = &mut self.core.running
            && let Allowed::SinceLastOctet(allowed) = running.allowed
        {
            running.deadline = Some(now + allowed);
        }
    }

    /// Ends the command if its time is over. A text without an end goes first: the result may stand behind it.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.text_deadline().is_some_and(|deadline| deadline <= now) {
            self.framer.end_text();
        } else if self.command_deadline().is_some_and(|deadline| deadline <= now) {
            self.framer.expect_no_prompt();
            self.core.finish(Ended::TimedOut);
        }
    }

    /// Starts a command. Ignored while another one runs: ask [`Session::is_idle`].
    pub fn start<C: Command>(&mut self, command: &C, now: Instant) {
        if !self.is_idle() {
            return;
        }
        let line = command.line().into_bytes();
        self.core.written_line.clear();
        self.core.written_line.extend_from_slice(line.trim_ascii_end());
        self.core.headers.retain(|header| *header != Header::Ours);
        let phase = if command.asks_for_pdu() {
            self.framer.await_prompt();
            PduPhase::Awaited
        } else {
            PduPhase::Never
        };
        self.core.running = Some(Running {
            takes: command.takes(),
            allowed: command.allowed(),
            deadline: Some(now + command.allowed().duration()),
            phase,
            reply: Reply::default(),
            overrun: false,
        });
        self.core.writes.push_back(line);
    }

    /// Writes a PDU, given in hexadecimal digits, and the 0x1A that submits it, in one write. Only at a prompt, and nothing but
    /// digits, so that no text ends where it likes: returns whether it was written.
    pub fn send_pdu(&mut self, digits: &str, allowed: Duration, now: Instant) -> bool {
        let Some(running) = self.core.running.as_mut().filter(|running| running.phase == PduPhase::Prompted) else {
            return false;
        };
        if !digits.bytes().all(|octet| octet.is_ascii_hexdigit()) {
            return false;
        }
        running.phase = PduPhase::Sent;
        running.deadline = Some(now + allowed);
        self.core.written_pdu.clear();
        self.core.written_pdu.extend_from_slice(digits.as_bytes());
        let mut octets = Vec::with_capacity(digits.len() + 1);
        octets.extend_from_slice(digits.as_bytes());
        octets.push(CTRL_Z);
        self.core.writes.push_back(octets);
        true
    }

    /// Gives up a command that waits for a PDU. Its final result, if the modem gives one, ends it; otherwise time does.
    /// Never after the PDU was written.
    pub fn escape(&mut self, now: Instant) {
        let Some(running) = self.core.running.as_mut() else { return };
        if matches!(running.phase, PduPhase::Awaited | PduPhase::Prompted) {
            running.deadline = Some(now + AFTER_ESC);
            running.phase = PduPhase::Abandoned;
            self.framer.expect_no_prompt();
            self.core.writes.push_back(vec![ESC]);
        }
    }

    /// Takes the modem out of a prompt, outside of any command. Nothing should follow before the modem has had time for it: what
    /// comes with the ESC may be lost, or be taken for text.
    pub fn interrupt(&mut self) {
        self.core.writes.push_back(vec![ESC]);
    }

    /// Ends what the modem may have of a command line, outside of any command.
    pub fn end_line(&mut self) {
        self.core.writes.push_back(vec![b'\r']);
    }

    /// Drops the command, with what it had taken. What the modem still says to it is unsolicited from now on.
    pub fn abandon(&mut self) -> Option<Finished> {
        self.framer.expect_no_prompt();
        self.core.headers.clear();
        self.core.writes.clear();
        self.core.running.take().map(|running| Finished { ended: Ended::Lost, reply: running.reply })
    }

    /// The port is gone: drops the command and forgets what was read.
    pub fn close(&mut self) -> Option<Finished> {
        let last = self.abandon();
        self.framer.clear();
        self.core = Core::default();
        last
    }

    /// Whether a command can be started.
    pub fn is_idle(&self) -> bool {
        self.core.running.is_none()
    }

    /// When [`Session::handle_timeout`] is due.
    pub fn deadline(&self) -> Option<Instant> {
        [self.command_deadline(), self.text_deadline()].into_iter().flatten().min()
    }

    fn command_deadline(&self) -> Option<Instant> {
        self.core.running.as_ref().and_then(|running| running.deadline)
    }

    fn text_deadline(&self) -> Option<Instant> {
        let limit = (self.heard_at + TEXT_IDLE).min(self.text_at + TEXT_MAX);
        self.framer.is_within_text().then_some(limit)
    }

    /// Octets for the port, to go out in one write.
    pub fn poll_write(&mut self) -> Option<Vec<u8>> {
        self.core.writes.pop_front()
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<Output> {
        loop {
            if let Some(output) = self.core.outputs.pop_front() {
                return Some(output);
            }
            match self.framer.next_frame()? {
                Frame::Line(line) => self.core.line(line),
                Frame::Prompt => self.core.prompt(),
                Frame::Overrun => self.core.outputs.push_back(Output::Overrun(Overrun::Line)),
            }
            if self.core.running.is_none() {
                self.framer.expect_no_prompt();
            }
        }
    }
}

impl Core {
    fn line(&mut self, line: &[u8]) {
        // Without case: some modems echo in capitals.
        if !self.written_line.is_empty() && line.eq_ignore_ascii_case(&self.written_line) {
            return self.outputs.push_back(Output::Echo);
        }
        if !self.written_pdu.is_empty() && line == self.written_pdu {
            return;
        }
        // A prompt that nobody awaits any more.
        if line == b">" {
            return;
        }
        if is_pdu(line) && self.pdu(line) {
            return;
        }
        if let Some(result) = FinalResult::read(line) {
            return self.final_result(result);
        }
        if self.is_ours(line) {
            if matches!(self.running.as_ref().map(|running| running.takes), Some(Takes::Entries(_))) {
                self.headers.push(Header::Ours);
            }
            return self.take(line);
        }
        match recognise(line) {
            Some(Recognised::Whole(unsolicited)) => self.unsolicited(unsolicited),
            Some(Recognised::Header(kind)) => {
                self.headers.retain(|header| *header == Header::Ours);
                self.headers.push(Header::Routed(kind));
            }
            Some(Recognised::Chatter) => {}
            None if self.running.as_ref().is_some_and(|running| running.takes == Takes::Text) => self.take(line),
            None => match Submitted::read(line) {
                Some(submitted) => self.unsolicited(Unsolicited::LateSubmit(submitted.tp_mr)),
                None => self.outputs.push_back(Output::Unknown { name: name_of(line) }),
            },
        }
    }

    fn prompt(&mut self) {
        if let Some(running) = self.running.as_mut().filter(|running| running.phase == PduPhase::Awaited) {
            running.phase = PduPhase::Prompted;
            running.deadline = None;
            self.outputs.push_back(Output::Prompt);
        }
    }

    /// Gives a PDU to the last header that waits for one; `false` if none does.
    fn pdu(&mut self, line: &[u8]) -> bool {
        match self.headers.pop() {
            Some(Header::Ours) => self.take(line),
            Some(Header::Routed(kind)) => self.unsolicited(Unsolicited::Routed { kind, pdu: line.to_vec() }),
            None => return false,
        }
        true
    }

    fn is_ours(&self, line: &[u8]) -> bool {
        // A reference before the PDU is out belongs to an earlier submission.
        let answering = self.running.as_ref().filter(|r| matches!(r.phase, PduPhase::Never | PduPhase::Sent));
        match answering.map_or(Takes::Nothing, |running| running.takes) {
            Takes::Nothing | Takes::Text => false,
            Takes::Lines(prefix) | Takes::Entries(prefix) => line.starts_with(prefix.as_bytes()),
            Takes::Pair(prefix) => {
                let second = super::field::after(line, prefix).and_then(|parameters| fields(parameters).nth(1));
                second.and_then(number::<u8>).is_some()
            }
        }
    }

    fn take(&mut self, line: &[u8]) {
        if let Some(running) = &mut self.running
            && !running.reply.push(line)
            && !running.overrun
        {
            running.overrun = true;
            self.outputs.push_back(Output::Overrun(Overrun::Reply));
        }
    }

    fn final_result(&mut self, result: FinalResult) {
        self.headers.clear();
        if self.ringing && result == FinalResult::Failed(Failure::Text(VendorText::NoCarrier)) {
            return self.unsolicited(Unsolicited::CallEnded);
        }
        if self.running.is_some() {
            self.finish(match result {
                FinalResult::Ok => Ended::Ok,
                FinalResult::Failed(failure) => Ended::Failed(failure),
            });
        }
    }

    fn finish(&mut self, ended: Ended) {
        if let Some(running) = self.running.take() {
            self.outputs.push_back(Output::Finished(Finished { ended, reply: running.reply }));
        }
    }

    fn unsolicited(&mut self, unsolicited: Unsolicited) {
        match unsolicited {
            Unsolicited::Ring | Unsolicited::Caller(_) => self.ringing = true,
            Unsolicited::CallEnded => self.ringing = false,
            Unsolicited::Stored(_)
            | Unsolicited::ReportStored(_)
            | Unsolicited::PushStored { .. }
            | Unsolicited::StoreFull
            | Unsolicited::Routed { .. }
            | Unsolicited::Registration(..)
            | Unsolicited::Restarted
            | Unsolicited::Card { .. }
            | Unsolicited::LateSubmit(_)
            | Unsolicited::Ussd(_) => {}
        }
        self.outputs.push_back(Output::Unsolicited(unsolicited));
    }
}

/// What stands before the colon of a line that begins like a result code; empty for anything else.
fn name_of(line: &[u8]) -> String {
    const NAME_BYTES_MAX: usize = 24;
    let prefixed = line.first().is_some_and(|b| matches!(b, b'+' | b'^' | b'#' | b'*' | b'%' | b'!' | b'$' | b'&'));
    let name = line.split(|&b| matches!(b, b':' | b',' | b' ')).next().unwrap_or_default();
    let plain = name.iter().skip(1).all(u8::is_ascii_alphabetic) && name.len() <= NAME_BYTES_MAX;
    if prefixed && plain { String::from_utf8_lossy(name).into_owned() } else { String::new() }
}

#[cfg(test)]
mod tests;
