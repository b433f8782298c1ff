//! The PIN of a SIM, kept in a file of its own so that the configuration can be shown to others.

use std::fmt;
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::credential::{NotAService, locate};

/// Permission of everybody to read.
const WORLD_READABLE: u32 = 0o004;

/// A PIN: 4 to 8 digits (3GPP TS 11.11, 9.3). It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(String);

/// Why there is no PIN in a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// The file cannot be read.
    #[error("read the file: {0}")]
    Unreadable(ErrorKind),
    /// It is a credential of a service, and this process is none.
    #[error(transparent)]
    NotAService(#[from] NotAService),
    /// Everybody can read it.
    #[error("trust the file: everybody may read it (mode {mode:04o}); run chmod 600 on it")]
    Exposed {
        /// Its permissions.
        mode: u32,
    },
    /// Something else is in it.
    #[error("find a PIN in the file: expected 4 to 8 digits and nothing else")]
    NotAPin,
}

impl Pin {
    /// Reads a file that holds a PIN and at most white space around it, or the credential of a service that is named so.
    pub(super) fn find(path: &Path, credentials: Option<&Path>) -> Result<Self, PinError> {
        Self::from_file(&locate(path, credentials)?)
    }

    /// Reads a file that holds a PIN and at most white space around it.
    pub(super) fn from_file(path: &Path) -> Result<Self, PinError> {
        let unreadable = |error: io::Error| PinError::Unreadable(error.kind());
        let mode = std::fs::metadata(path).map_err(unreadable)?.permissions().mode() & 0o7777;
        if mode & WORLD_READABLE != 0 {
            return Err(PinError::Exposed { mode });
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let pin = text.trim();
        let is_pin = (4..=8).contains(&pin.len()) && pin.bytes().all(|octet| octet.is_ascii_digit());
        if is_pin { Ok(Self(pin.to_owned())) } else { Err(PinError::NotAPin) }
    }

    /// The digits, for the modem.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(****)")
    }
}
