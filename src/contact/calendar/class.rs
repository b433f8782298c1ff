//! The class of a recipient: all with the same class may be texted at the same times.
//!
//! A class is where a recipient may be and which rules the purpose of a text asks for. It has a text form, in which it can be
//! stored and read back, whatever the rules have become meanwhile: they are not part of it.

use std::fmt;
use std::sync::Arc;

use crate::contact::place::{Atlas, Spot, State};
use crate::sms::message::Purpose;
use crate::sms::number::Country;

/// Which rules are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Rules about collecting debts.
    Collection,
    /// Those, and rules about selling.
    Promotion,
}

impl Scope {
    /// Both of them.
    pub(super) const ALL: [Self; 2] = [Self::Collection, Self::Promotion];

    /// The rules that a text for this purpose must heed; `None` for texts to own staff, which go at any time.
    pub fn of(purpose: Purpose) -> Option<Self> {
        match purpose {
            Purpose::Collection
            | Purpose::Reminder
            | Purpose::IdentityCheck
            | Purpose::Confirmation
            | Purpose::Reply => Some(Self::Collection),
            Purpose::Promotion => Some(Self::Promotion),
            Purpose::Operational => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Collection => "collection",
            Self::Promotion => "promotion",
        }
    }
}

/// A calendar class. Cheap to clone and to compare.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Class(Option<(Scope, Arc<[Spot]>)>);

/// The text of the class that is always open.
const ALWAYS: &str = "always";

impl Class {
    /// The class of texts for a purpose to somebody who may be at these spots.
    pub fn new(purpose: Purpose, spots: Arc<[Spot]>) -> Self {
        Self(Scope::of(purpose).map(|scope| (scope, spots)))
    }

    /// The class of its text form; `None` if it is none, or names a zone that this host does not know.
    pub fn parse(text: &str, atlas: &Atlas) -> Option<Self> {
        if text == ALWAYS {
            return Some(Self(None));
        }
        let (scope, spots) = text.split_once(',')?;
        let scope = Scope::ALL.into_iter().find(|one| one.name() == scope)?;
        let spots: Option<Arc<[Spot]>> = spots.split(',').map(|spot| parse_spot(spot, atlas)).collect();
        Some(Self(Some((scope, spots?))))
    }

    /// Which rules are asked, and where; `None` if it is always open.
    pub(super) fn parts(&self) -> Option<(Scope, &[Spot])> {
        self.0.as_ref().map(|(scope, spots)| (*scope, spots.as_ref()))
    }
}

fn parse_spot(text: &str, atlas: &Atlas) -> Option<Spot> {
    let (place, zone) = match text.split_once('@') {
        Some((place, zone)) => (place, Some(atlas.zone(zone)?.clone())),
        None => (text, None),
    };
    let (country, state) = match place.split_once('-') {
        Some((country, state)) => (country, Some(State::new(state)?)),
        None => (place, None),
    };
    Some(Spot { country: Country::from_iso(country)?, state, zone })
}

/// Such as `collection,BR-DF@America/Sao_Paulo,BR-GO@America/Sao_Paulo`, `promotion,US` or `always`.
impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((scope, spots)) = &self.0 else { return f.write_str(ALWAYS) };
        f.write_str(scope.name())?;
        for Spot { country, state, zone } in spots.iter() {
            write!(f, ",{country}")?;
            if let Some(state) = state {
                write!(f, "-{state}")?;
            }
            if let Some(zone) = zone {
                write!(f, "@{}", zone.name())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::tz::TimeZone;

    use super::*;
    use crate::contact::place::Zone;

    fn atlas() -> Atlas {
        let zones = ["America/Sao_Paulo", "Etc/GMT+3"].map(|name| Zone::new(name, TimeZone::UTC));
        Atlas::new(Country::BRAZIL, BTreeMap::new(), zones.into())
    }

    #[test]
    fn a_class_is_read_back_as_it_was_written() {
        for text in [
            "always",
            "collection,BR",
            "collection,BR-SP",
            "collection,BR@Etc/GMT+3",
            "promotion,BR-DF@America/Sao_Paulo,BR-GO@America/Sao_Paulo",
            "collection,MX-JAL@Etc/GMT+3",
        ] {
            let class = Class::parse(text, &atlas()).unwrap();
            assert_eq!(class.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_class_is_not_read() {
        for text in [
            "",
            "collection",
            "collection,",
            "telemarketing,BR",
            "collection,XX",
            "collection,BR-",
            "collection,BR-sp",
            "collection,BR-SP@",
            "collection,BR-SP@America/Atlantis",
            "collection,BR-SP,",
            "Always",
        ] {
            assert_eq!(Class::parse(text, &atlas()), None, "{text}");
        }
    }

    #[test]
    fn a_purpose_says_which_rules_are_asked() {
        let spots: Arc<[Spot]> = [Spot { country: Country::BRAZIL, state: State::new("SP"), zone: None }].into();
        let texts = Purpose::ALL.map(|purpose| Class::new(purpose, spots.clone()).to_string());
        let collection = "collection,BR-SP";
        let expected = [collection, collection, collection, "promotion,BR-SP", collection, collection, "always"]
            .map(str::to_owned);
        assert_eq!(texts, expected);
    }
}
