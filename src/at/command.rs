//! What a command is: its line, the answer it takes, the time it is allowed, and whether a PDU follows.

use std::fmt;
use std::time::Duration;

use at_commands::builder::{CommandBuilder, Set};

use super::Reply;

/// Time for a command that touches neither SIM nor network; modems answer these in milliseconds.
const PLAIN: Duration = Duration::from_secs(3);

/// A command with its answer type. Implemented by values that say what is asked, such as [`super::Submit`].
pub trait Command {
    /// What the modem's answer means.
    type Answer;

    /// The command line as written, ending with CR.
    fn line(&self) -> Line;

    /// Which lines belong to the answer.
    fn takes(&self) -> Takes {
        Takes::Nothing
    }

    /// How long the final result may take.
    fn allowed(&self) -> Allowed {
        Allowed::Total(PLAIN)
    }

    /// Whether the modem prompts for a PDU. Such a command, and no other, is aborted by ESC.
    fn asks_for_pdu(&self) -> bool {
        false
    }

    /// Reads the answer; `None` when the reply has another shape than the clause says.
    fn read(&self, reply: &Reply) -> Option<Self::Answer>;
}

/// Which lines of the modem belong to the answer of the running command. All other lines are unsolicited or unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// None but the final result.
    Nothing,
    /// Lines with this prefix.
    Lines(&'static str),
    /// Lines with this prefix in the form of a query, `<n>,<state>…`. The unsolicited form of the same prefix has one
    /// number, or a number and a quoted area code.
    Pair(&'static str),
    /// Lines with this prefix, each followed by a line with a PDU.
    Entries(&'static str),
    /// Every line that is neither final nor a known unsolicited one: identities come with and without a prefix.
    Text,
}

/// How long a command may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// From the command line to the final result.
    Total(Duration),
    /// From the last octet read; for long lists on slow ports.
    SinceLastOctet(Duration),
}

impl Allowed {
    pub(super) fn duration(self) -> Duration {
        match self {
            Self::Total(duration) | Self::SinceLastOctet(duration) => duration,
        }
    }
}

/// A command line with its CR. Its `Debug` form shows no parameter: a PIN may be among them.
#[derive(Clone, PartialEq, Eq)]
pub struct Line(Vec<u8>);

impl Line {
    /// `AT<name>`.
    pub(super) fn execute(name: &str) -> Self {
        Self::build(|buffer| {
            CommandBuilder::create_execute(buffer, true).named(name).finish_with(b"\r").map(<[u8]>::len)
        })
    }

    /// `AT<name>?`.
    pub(super) fn query(name: &str) -> Self {
        Self::build(|buffer| CommandBuilder::create_query(buffer, true).named(name).finish_with(b"\r").map(<[u8]>::len))
    }

    /// `AT<name>=?`.
    pub(super) fn test(name: &str) -> Self {
        Self::build(|buffer| CommandBuilder::create_test(buffer, true).named(name).finish_with(b"\r").map(<[u8]>::len))
    }

    /// `AT<name>=<parameters>`.
    pub(super) fn set(name: &str, parameters: impl Fn(CommandBuilder<'_, Set>) -> CommandBuilder<'_, Set>) -> Self {
        Self::build(|buffer| {
            let builder = CommandBuilder::create_set(buffer, true).named(name);
            parameters(builder).finish_with(b"\r").map(<[u8]>::len)
        })
    }

    /// The builder needs its room beforehand and says how much it lacked.
    fn build(write: impl Fn(&mut [u8]) -> Result<usize, usize>) -> Self {
        let mut bytes = vec![0; 32];
        let written = write(&mut bytes).or_else(|needed| {
            bytes.resize(needed, 0);
            write(&mut bytes)
        });
        bytes.truncate(written.unwrap_or_default());
        Self(bytes)
    }

    /// The octets to write.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.split(|&b| matches!(b, b'=' | b'\r')).next().unwrap_or_default();
        write!(f, "{}", String::from_utf8_lossy(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_of_every_form() {
        assert_eq!(Line::execute("+CNMA").as_bytes(), b"AT+CNMA\r");
        assert_eq!(Line::execute("").as_bytes(), b"AT\r");
        assert_eq!(Line::query("+CPMS").as_bytes(), b"AT+CPMS?\r");
        assert_eq!(Line::test("+CPMS").as_bytes(), b"AT+CPMS=?\r");
        assert_eq!(Line::set("+CMGS", |set| set.with_int_parameter(23)).as_bytes(), b"AT+CMGS=23\r");
    }

    #[test]
    fn a_line_longer_than_the_first_guess() {
        let long = "7".repeat(200);
        let line = Line::set("+CSCA", |set| set.with_string_parameter(&long));
        assert_eq!(line.as_bytes(), format!("AT+CSCA=\"{long}\"\r").as_bytes());
    }

    #[test]
    fn parameters_stay_out_of_logs() {
        assert_eq!(format!("{:?}", Line::set("+CPIN", |set| set.with_string_parameter("1234"))), "AT+CPIN");
    }
}
