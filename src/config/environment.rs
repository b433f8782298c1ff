//! Variables of the environment that go over the file: `RECADO_HTTP__LISTEN` is `listen` of `[http]`.
//!
//! Only plain keys have one; modems and cards are named in the file alone.

use std::collections::BTreeMap;

/// What our variables begin with.
const PREFIX: &str = "RECADO_";

/// Where the credentials of a service are (systemd.exec(5)).
pub(super) const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Our variables, and where credentials are, read once at start.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The variables of this process. What is not UTF-8 is read with replacement characters, which no value has.
    pub fn of_process() -> Self {
        let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        std::env::vars_os().map(|(name, value)| (lossy(name), lossy(value))).collect()
    }

    /// The variable of a dotted key, such as `RECADO_HTTP__LISTEN` of `http.listen`.
    pub(super) fn name_of(key: &str) -> String {
        format!("{PREFIX}{}", key.to_ascii_uppercase().replace('.', "__"))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str).filter(|name| *name != CREDENTIALS)
    }
}

/// Keeps what begins like ours, and where credentials are.
impl FromIterator<(String, String)> for Environment {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(variables: T) -> Self {
        Self(variables.into_iter().filter(|(name, _)| name.starts_with(PREFIX) || name == CREDENTIALS).collect())
    }
}
