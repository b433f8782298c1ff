//! What families of modems do differently, as data: one entry of [`FAMILIES`] per family.
//!
//! A family is recognised by what `AT+CGMI` and `AT+CGMM` say. Adding one is an entry here and a dialogue in
//! `tests/data/at`. No name of a family stands in logic: the machine obeys the fields. What is said of families comes from
//! manuals and field reports; where a firmware is known, it stands beside the line. Nothing was tried on hardware yet.

mod families;

use std::time::Duration;

use super::output::Identity;
use super::ussd::Form;
use crate::at::Store;

pub(super) use families::GENERIC;
use families::{FAMILIES, ICCID};

/// Data of a family.
#[derive(Debug)]
pub(super) struct Profile {
    /// Its name in the status.
    pub(super) name: &'static str,
    marks: &'static [Mark],
    /// Lines that silence chatter and route what is left of it to this port, written once the SIM is there. Each may fail.
    pub(super) start: &'static [&'static str],
    /// The family's own ways to read the ICCID, before those of all others.
    iccid: &'static [&'static str],
    /// Parameters of `AT+CNMI`, best first. Reports that are stored outlive a daemon that is down; they are asked for where
    /// the family is known to store them well, and never where it is known not to.
    pub(super) indications: &'static [&'static str],
    /// Stores for received messages, best first. LTE modems have the better `ME`, old sticks have only `SM`.
    pub(super) stores: &'static [Store],
    /// What turns the radio on; none where that starts the modem anew.
    pub(super) full_function: Option<&'static str>,
    /// What starts the modem anew, as after power-up.
    pub(super) reset: &'static str,
    /// Directly routed messages are to be acknowledged: `AT+CSMS=1` and `AT+CNMA`.
    pub(super) acknowledges: bool,
    /// What the modem needs between a final result and the next command.
    pub(super) pause: Duration,
    /// Stores in which `AT+CMGL` finds nothing: read place by place.
    pub(super) unlisted: &'static [Store],
    /// Forms of the text of `AT+CUSD`, the likeliest first.
    pub(super) ussd: &'static [Form],
    /// The modem may hang when an announced MMS push is read: it is deleted unread.
    pub(super) drops_pushes: bool,
}

/// Texts in what a modem says of itself, in lower case; an empty one is in everything.
#[derive(Debug)]
struct Mark {
    maker: &'static str,
    model: &'static str,
}

impl Profile {
    /// The family of a modem: the first that has a mark on it.
    pub(super) fn of(identity: &Identity) -> &'static Self {
        let lower = |text: &Option<String>| text.as_deref().unwrap_or_default().to_lowercase();
        let (maker, model) = (lower(&identity.manufacturer), lower(&identity.model));
        let is_on = |mark: &Mark| maker.contains(mark.maker) && model.contains(mark.model);
        FAMILIES.iter().find(|family| family.marks.iter().any(is_on)).unwrap_or(&GENERIC)
    }

    /// Way `n` to read the ICCID.
    pub(super) fn iccid(&self, n: usize) -> Option<&'static str> {
        let others = ICCID.iter().filter(|way| !self.iccid.contains(way));
        self.iccid.iter().chain(others).nth(n).copied()
    }
}

/// Parameters of commands that read the ICCID of the SIM in this modem, the best first.
pub(crate) fn ways_to_iccid(identity: &Identity) -> impl Iterator<Item = &'static str> + use<> {
    let profile = Profile::of(identity);
    (0..).map_while(|n| profile.iccid(n))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn check(maker: &str, model: &str, expected: &str) {
        let identity =
            Identity { manufacturer: Some(maker.to_owned()), model: Some(model.to_owned()), ..Identity::default() };
        assert_eq!(Profile::of(&identity).name, expected, "{maker} {model}");
    }

    #[test]
    fn families_by_what_modems_say_of_themselves() {
        check("huawei", "E173", "huawei");
        check("HUAWEI TECHNOLOGIES CO., LTD", "E3372", "huawei");
        check("ZTE INCORPORATED", "MF190", "zte");
        check("SIMCOM_Ltd", "SIMCOM_SIM800L", "simcom-sim800");
        check("SIMCOM INCORPORATED", "SIMCOM_SIM7600E-H", "simcom-sim7x00");
        check("SIMCOM INCORPORATED", "A7670E-FASE", "simcom-a76xx");
        check("Quectel", "EC25", "quectel-ec2x");
        check("Quectel", "EG91", "quectel-ec2x");
        check("Quectel", "EG915U", "quectel-ec200");
        check("Quectel", "EC200A", "quectel-ec200");
        check("Quectel_Ltd", "Quectel_M95", "quectel-m95");
        check("Telit", "LE910C4-EU", "telit");
        check("Multi-Tech", "HE910-D", "telit");
        check("u-blox", "SARA-U201", "u-blox");
        check("", "LISA-U200", "u-blox");
        check("Sierra Wireless, Incorporated", "MC7304", "sierra");
        check(" WAVECOM MODEM", " MULTIBAND  900E  1800 ", "wavecom");
        check("Sierra Wireless", "Q2687RD", "wavecom");
        check("SIEMENS", "TC35i", "cinterion");
        check("Cinterion", "BGS2-W", "cinterion");
        check("Alcatel", "X220", "mediatek");
        check("Recado", "Model 1", "generic");
        assert_eq!(Profile::of(&Identity::default()).name, "generic");
    }

    #[test]
    fn the_familys_own_way_to_the_iccid_comes_first_and_once() {
        for family in FAMILIES.iter().chain([&GENERIC]) {
            let ways: Vec<_> = (0..).map_while(|n| family.iccid(n)).collect();
            assert!(ways.starts_with(family.iccid), "{}", family.name);
            assert_eq!(ways.iter().collect::<BTreeSet<_>>().len(), ways.len(), "{}", family.name);
            assert!(ICCID.iter().all(|way| ways.contains(way)), "{}", family.name);
        }
    }

    #[test]
    fn entries_are_whole() {
        let mut names = BTreeSet::from([GENERIC.name]);
        for family in FAMILIES {
            assert!(names.insert(family.name), "{} twice", family.name);
            assert!(!family.marks.is_empty() && !family.stores.is_empty(), "{}", family.name);
            let lower = |text: &str| text.to_lowercase() == text;
            assert!(family.marks.iter().all(|mark| lower(mark.maker) && lower(mark.model)), "{}", family.name);
            assert!(family.marks.iter().all(|mark| !mark.maker.is_empty() || !mark.model.is_empty()));
            let indications = |text: &&&str| text.starts_with("+CNMI=");
            assert_eq!(family.indications.iter().filter(indications).count(), family.indications.len());
            assert!(!family.indications.is_empty(), "{}", family.name);
            assert!(!family.reset.is_empty() && !family.reset.starts_with("AT"), "{}", family.name);
        }
    }
}
