//! Commands whose answer is their final result.

use std::time::Duration;

use super::{Allowed, Command, Line, Reply};

/// A command without an answer, such as `E0` or `+CMEE=1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plain {
    text: &'static str,
    allowed: Duration,
}

impl Plain {
    /// `AT<text>`, allowed three seconds.
    pub const fn new(text: &'static str) -> Self {
        Self { text, allowed: Duration::from_secs(3) }
    }

    /// The same with another time limit.
    #[must_use]
    pub const fn allowed(self, allowed: Duration) -> Self {
        Self { allowed, ..self }
    }
}

impl Command for Plain {
    type Answer = ();

    fn line(&self) -> Line {
        Line::execute(self.text)
    }

    fn allowed(&self) -> Allowed {
        Allowed::Total(self.allowed)
    }

    fn read(&self, _: &Reply) -> Option<()> {
        Some(())
    }
}

/// `AT+CPIN=<pin>` (TS 27.007 clause 8.3). Three wrong ones lock the SIM: ask [`super::QueryPin`] first.
#[derive(Clone, Copy)]
pub struct EnterPin<'a>(pub &'a str);

impl std::fmt::Debug for EnterPin<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EnterPin")
    }
}

impl Command for EnterPin<'_> {
    type Answer = ();

    fn line(&self) -> Line {
        Line::set("+CPIN", |set| set.with_string_parameter(self.0))
    }

    fn allowed(&self) -> Allowed {
        Allowed::Total(Duration::from_secs(20))
    }

    fn read(&self, _: &Reply) -> Option<()> {
        Some(())
    }
}

/// `AT+CSCA=<number>,<type>` (TS 27.005 clause 3.3.1).
#[derive(Debug, Clone, Copy)]
pub struct SetSmsc<'a>(pub &'a str);

impl Command for SetSmsc<'_> {
    type Answer = ();

    fn line(&self) -> Line {
        /// TS 24.011 clause 8.2.5: international and national number in the ISDN plan.
        const INTERNATIONAL: i32 = 145;
        const UNKNOWN: i32 = 129;
        let kind = if self.0.starts_with('+') { INTERNATIONAL } else { UNKNOWN };
        Line::set("+CSCA", |set| set.with_string_parameter(self.0).with_int_parameter(kind))
    }

    fn allowed(&self) -> Allowed {
        Allowed::Total(Duration::from_secs(20))
    }

    fn read(&self, _: &Reply) -> Option<()> {
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_as_written() {
        assert_eq!(Plain::new("+CMEE=1").line().as_bytes(), b"AT+CMEE=1\r");
        assert_eq!(EnterPin("0000").line().as_bytes(), b"AT+CPIN=\"0000\"\r");
        assert_eq!(SetSmsc("+5511999").line().as_bytes(), b"AT+CSCA=\"+5511999\",145\r");
        assert_eq!(SetSmsc("11999").line().as_bytes(), b"AT+CSCA=\"11999\",129\r");
    }
}
