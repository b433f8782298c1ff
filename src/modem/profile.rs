//! What families of modems do differently, as data. This is the profile that every modem can be brought up with.

use crate::at::Store;

/// Data of a family.
#[derive(Debug)]
pub(super) struct Profile {
    /// Ways to read the ICCID, tried in order. The last reads the elementary file 2FE2 itself.
    pub(super) iccid: &'static [&'static str],
    /// Parameters of `AT+CNMI`, best first: store and announce messages, route reports to the port, flush what was
    /// buffered. Many Qualcomm modems list `<ds>` 1 and refuse it; Cinterion modules insist on `<bfr>` 1.
    pub(super) indications: &'static [&'static str],
    /// Stores for received messages, best first. LTE modules have the better `ME`, old sticks have only `SM`.
    pub(super) stores: &'static [Store],
}

/// For modems that nobody has described yet.
pub(super) const GENERIC: Profile = Profile {
    iccid: &[
        "+QCCID",
        "+CICCID",
        "+CCID",
        "#CCID",
        "^SCID",
        "^ICCID?",
        "!ICCID?",
        "+ZICCID?",
        "+ICCID",
        "+CRSM=176,12258,0,0,10",
    ],
    indications: &[
        "+CNMI=2,1,0,1,0",
        "+CNMI=2,1,0,2,0",
        "+CNMI=2,1,0,1,1",
        "+CNMI=1,1,0,1,0",
        "+CNMI=3,1,0,1,1",
        "+CNMI=2,1,0,0,0",
    ],
    stores: &[Store::Equipment, Store::Sim],
};
