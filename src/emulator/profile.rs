//! The modem families that can be played.

use std::str::FromStr;

/// A modem family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// A modem that keeps to the standards: slots from 1, `SM` and `ME`, status reports direct or stored, `+CCID`.
    #[default]
    Generic,
}

/// There is no profile of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("find a modem profile named {0:?}: there is generic")]
pub struct UnknownProfile(String);

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if name == "generic" { Ok(Self::Generic) } else { Err(UnknownProfile(name.to_owned())) }
    }
}

impl Profile {
    /// What `+CGMI`, `+CGMM` and `+CGMR` say.
    pub(super) fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Generic => ("Recado", "Emulated modem", "1.0"),
        }
    }
}
