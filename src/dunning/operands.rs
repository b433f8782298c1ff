//! What a finding is made of, by name: beside its code, for whoever says it in another language.

use std::collections::BTreeMap;
use std::fmt::Display;

/// Named values. What a finding is about, never what a row holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Operands(BTreeMap<&'static str, String>);

impl Operands {
    /// None.
    pub fn none() -> Self {
        Self::default()
    }

    /// One.
    pub fn of(name: &'static str, value: impl Display) -> Self {
        Self::default().and(name, value)
    }

    /// With another one.
    #[must_use]
    pub fn and(mut self, name: &'static str, value: impl Display) -> Self {
        self.0.insert(name, value.to_string());
        self
    }

    /// By their names.
    pub fn into_map(self) -> BTreeMap<&'static str, String> {
        self.0
    }
}
