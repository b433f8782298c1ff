//! How a command ended. The numbers are a contract with scripts.

/// Exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Exit {
    /// Done.
    Done = 0,
    /// The answer is no.
    Negative = 1,
    /// The command was called wrongly.
    Usage = 2,
    /// The configuration is wrong, or what it names cannot be used until a person does something.
    Configuration = 3,
    /// There is no daemon, or it went away.
    Unreachable = 4,
    /// The gate holds the message, or forbids it.
    Held = 5,
    /// Nobody knows whether the message left.
    Unknown = 6,
    /// Nothing came of it in time.
    Timeout = 7,
}

impl Exit {
    /// The number.
    pub(super) fn code(self) -> u8 {
        self as u8
    }
}
