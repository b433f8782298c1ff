//! Which SIMs a message may leave by.

use std::fmt;

/// The route that a caller asked for. Together with the batch it names a lane.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Route {
    /// Any SIM.
    #[default]
    Any,
    /// One SIM, by its configured name or its ICCID.
    Sim(String),
    /// Any SIM of a configured group.
    Group(String),
    /// The self-test of one SIM, by its ICCID: open while it rests.
    Test(String),
}

/// How a SIM is called.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SimNames {
    /// ICCID.
    pub iccid: String,
    /// Its configured name.
    pub name: Option<String>,
    /// Its configured group.
    pub group: Option<String>,
}

impl SimNames {
    /// How it is called before people and in labels: its name, or the last four digits of its ICCID.
    pub fn label(&self) -> String {
        let last = || self.iccid.get(self.iccid.len().saturating_sub(4)..).unwrap_or_default();
        self.name.as_deref().unwrap_or_else(last).to_owned()
    }
}

impl Route {
    /// Whether a SIM is on this route.
    pub fn admits(&self, sim: &SimNames) -> bool {
        match self {
            Self::Any => true,
            Self::Sim(wanted) => sim.iccid == *wanted || sim.name.as_ref() == Some(wanted),
            Self::Group(wanted) => sim.group.as_ref() == Some(wanted),
            Self::Test(wanted) => sim.iccid == *wanted,
        }
    }

    /// Whether it is a self-test, which a SIM that rests may carry.
    pub fn is_test(&self) -> bool {
        matches!(self, Self::Test(_))
    }

    /// The route that was stored as `text`.
    pub fn from_stored(text: &str) -> Self {
        match text.split_once(':') {
            Some(("sim", name)) => Self::Sim(name.to_owned()),
            Some(("group", name)) => Self::Group(name.to_owned()),
            Some(("test", iccid)) => Self::Test(iccid.to_owned()),
            _ => Self::Any,
        }
    }
}

/// The stored form: empty, `sim:NAME`, `group:NAME` or `test:ICCID`.
impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => Ok(()),
            Self::Sim(name) => write!(f, "sim:{name}"),
            Self::Group(name) => write!(f, "group:{name}"),
            Self::Test(iccid) => write!(f, "test:{iccid}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_survives_storage() {
        for route in [Route::Any, Route::Sim("norte: 1".into()), Route::Group("vip".into()), Route::Test("8955".into())]
        {
            assert_eq!(Route::from_stored(&route.to_string()), route);
        }
    }

    #[test]
    fn a_sim_without_a_name_is_called_by_four_digits() {
        let label = |name: Option<&str>, iccid: &str| {
            SimNames { iccid: iccid.into(), name: name.map(str::to_owned), group: None }.label()
        };
        assert_eq!(label(Some("norte"), "8955031234567890123"), "norte");
        assert_eq!(label(None, "8955031234567890123"), "0123");
        assert_eq!(label(None, "12"), "12");
    }

    #[test]
    fn a_sim_is_found_by_name_iccid_or_group() {
        let sim = SimNames { iccid: "8955001".into(), name: Some("norte".into()), group: Some("vip".into()) };
        assert!(Route::Any.admits(&sim));
        assert!(Route::Sim("norte".into()).admits(&sim));
        assert!(Route::Sim("8955001".into()).admits(&sim));
        assert!(Route::Group("vip".into()).admits(&sim));
        assert!(!Route::Sim("sul".into()).admits(&sim));
        assert!(!Route::Group("norte".into()).admits(&sim));
    }
}
