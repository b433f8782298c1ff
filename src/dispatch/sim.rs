//! What the configuration says of SIMs: names, groups and limits.

use super::balance::Rule;
use super::budget::Limits;
use super::route::SimNames;

/// The limits that every SIM has, and the SIMs for which something else is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimSettings {
    /// For SIMs that are not listed.
    pub default: Limits,
    /// How the balance of SIMs is asked that are not listed.
    pub balance: Rule,
    /// SIMs that are listed.
    pub cards: Vec<Card>,
}

/// One listed SIM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// ICCID, name and group.
    pub names: SimNames,
    /// Its own number, as configured.
    pub number: Option<String>,
    /// Its limits.
    pub limits: Limits,
    /// How its balance is asked.
    pub balance: Rule,
}

impl SimSettings {
    /// What holds for the SIM with this ICCID.
    pub fn card(&self, iccid: &str) -> Card {
        let listed = self.cards.iter().find(|card| card.names.iccid == iccid).cloned();
        listed.unwrap_or_else(|| Card {
            names: SimNames { iccid: iccid.to_owned(), name: None, group: None },
            number: None,
            limits: self.default.clone(),
            balance: self.balance.clone(),
        })
    }
}
