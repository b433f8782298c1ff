//! The modem families that can be played, as data: what each says of itself, how it starts, what it accepts and refuses.
//!
//! Only what a driver meets is here. Times are those of a modem that starts fast. What is said of families comes from
//! manuals and field reports and not from the driver, which has a table of its own.

mod families;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::storage::Memory;
use super::ussd::Speech;
use families::FAMILIES;

/// A modem family.
#[derive(Clone, Copy)]
pub struct Profile(&'static Family);

/// Data of a family.
pub(super) struct Family {
    name: &'static str,
    /// What `+CGMI`, `+CGMM` and `+CGMR` say.
    pub(super) identity: [&'static str; 3],
    /// What it says after power-up, counted from when somebody opens the port.
    pub(super) boot: &'static [(Duration, &'static str)],
    /// Until then commands about messages are refused.
    pub(super) stack_after: Duration,
    /// By this.
    pub(super) stack_refusal: u16,
    /// What it says without end, and the command that ends it.
    pub(super) chatter: Option<Chatter>,
    /// Vendor commands that are taken and have no effect here.
    pub(super) accepted: &'static [&'static str],
    /// Commands that give the ICCID, with the name before the answer.
    pub(super) iccid: &'static [(&'static str, &'static str)],
    /// How what is not known is refused; `ERROR` where there is no text.
    pub(super) unknown: Option<&'static str>,
    /// The stores, first that after power-up.
    pub(super) stores: &'static [Memory],
    /// The number of the first place of a store.
    pub(super) first_place: usize,
    pub(super) indications: Indications,
    pub(super) reports: StoredReports,
    /// How it writes the texts of services.
    pub(super) ussd: Speech,
    /// What is said, instead of an announcement, when there is no room for what has come.
    pub(super) full: Option<&'static str>,
    /// `AT+CFUN=1` starts it anew.
    pub(super) full_function_restarts: bool,
    /// What starts it anew, written behind `AT`.
    pub(super) reset: &'static str,
    /// A command line is lost that comes sooner after a final result.
    pub(super) deaf_for: Duration,
}

/// Lines that come until a command ends them.
pub(super) struct Chatter {
    pub(super) every: Duration,
    pub(super) line: &'static str,
    /// As written behind `AT`.
    pub(super) ended_by: &'static str,
}

/// The values that `+CNMI` takes, up to and including.
pub(super) struct Indications {
    pub(super) mode: u8,
    pub(super) ds: u8,
    /// The least `<bfr>`.
    pub(super) bfr_min: u8,
}

/// What becomes of reports under `<ds>` 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StoredReports {
    /// Beside messages, and announced there.
    Beside,
    /// In `SR`, and announced as place 0 of `SM`.
    Misnamed,
    /// Announced in `SR`, where nothing is found.
    Unreadable,
}

/// There is no profile of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("find a modem profile named {name:?}: there is {}, and mixed for each in turn", names())]
pub struct UnknownProfile {
    name: String,
}

fn names() -> String {
    FAMILIES.iter().map(|family| family.name).collect::<Vec<_>>().join(", ")
}

impl Profile {
    /// Every family, the one that keeps to the standards first.
    pub fn all() -> impl Iterator<Item = Self> {
        FAMILIES.iter().map(Self)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    pub(super) fn family(self) -> &'static Family {
        self.0
    }
}

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::all().find(|profile| profile.name() == name).ok_or_else(|| UnknownProfile { name: name.to_owned() })
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl PartialEq for Profile {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Profile {}

/// Families for a pool of modems: the first for the first modem, and so on, in turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profiles(Vec<Profile>);

impl Profiles {
    /// These in turn; modems that keep to the standards if there are none.
    pub fn new(profiles: Vec<Profile>) -> Self {
        Self(profiles)
    }

    pub(super) fn of(&self, modem: usize) -> Profile {
        let turn = modem.checked_rem(self.0.len()).and_then(|turn| self.0.get(turn));
        turn.copied().unwrap_or(Profile(&families::GENERIC))
    }
}

impl Default for Profiles {
    fn default() -> Self {
        Self(vec![Profile(&families::GENERIC)])
    }
}

/// A name, several with commas between, or `mixed`.
impl FromStr for Profiles {
    type Err = UnknownProfile;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "mixed" {
            return Ok(Self(Profile::all().collect()));
        }
        text.split(',').map(|name| name.trim().parse()).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lists_and_all_in_turn() {
        let check = |text: &str, expected: &[&str]| {
            let profiles: Profiles = text.parse().unwrap();
            let names: Vec<_> = (0..expected.len()).map(|modem| profiles.of(modem).name()).collect();
            assert_eq!(names, expected, "{text}");
        };
        check("zte", &["zte", "zte"]);
        check("huawei, sim800", &["huawei", "sim800", "huawei"]);
        let all: Vec<_> = Profile::all().map(Profile::name).collect();
        assert_eq!(all.len(), 9);
        check("mixed", &[&all[..], &all[..2]].concat());
        assert_eq!(Profiles::new(Vec::new()).of(3).name(), "generic");
    }

    #[test]
    fn an_unknown_name_is_answered_with_those_there_are() {
        let error = "huawei,nokia".parse::<Profiles>().unwrap_err().to_string();
        assert!(error.contains("\"nokia\": there is generic, huawei") && error.contains("mixed"), "{error}");
    }
}
