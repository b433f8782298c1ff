//! Who an emulated modem and its SIM say they are.
//!
//! Everything is taken from ranges that no real device or subscriber has: the IMEI from the test range (type allocation
//! codes that begin with 00, GSMA TS.06), the subscription from the test network 001-01 (ITU-T E.212), the ICCID from an
//! issuer that does not exist (ITU-T E.118). Check digits are right, so that software that looks at them is content.

use std::fmt::Write as _;

/// The names that one modem and its SIM carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// 15 digits with check digit: the modem.
    pub imei: String,
    /// 19 digits with check digit, beginning with 89: the SIM card.
    pub iccid: String,
    /// 15 digits: the subscription on the SIM.
    pub imsi: String,
    /// The SIM's own number in E.164 with leading `+`.
    pub msisdn: String,
}

impl Identity {
    /// The identity of modem `index` under `seed`. Modems of one seed differ, and so do most seeds.
    pub(super) fn new(seed: u64, index: usize) -> Self {
        let pool = seed % 10_000;
        let place = index % 100;
        Self {
            imei: with_check_digit(format!("00101701{pool:04}{place:02}")),
            iccid: with_check_digit(format!("895500000000{pool:04}{place:02}")),
            imsi: format!("0010100{pool:04}{place:04}"),
            // The last four digits stay clear of the numbers with a fixed fate.
            msisdn: format!("+551190{:03}{:04}", pool % 1000, 1000 + place),
        }
    }
}

/// Appends the Luhn check digit (ISO/IEC 7812-1 annex B).
fn with_check_digit(mut digits: String) -> String {
    let mut sum = 0;
    for (place, digit) in digits.bytes().rev().map(|b| u32::from(b - b'0')).enumerate() {
        let weighed = if place % 2 == 0 { digit * 2 } else { digit };
        sum += weighed / 10 + weighed % 10;
    }
    // Writing to a String cannot fail.
    write!(digits, "{}", (10 - sum % 10) % 10).unwrap_or_default();
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn check_digits_follow_the_standard() {
        // Numbers whose check digit is widely published.
        assert_eq!(with_check_digit("49015420323751".into()), "490154203237518");
        assert_eq!(with_check_digit("7992739871".into()), "79927398713");
    }

    #[test]
    fn a_pool_of_modems_has_distinct_well_formed_names() {
        let pool: Vec<Identity> = (0..64).map(|index| Identity::new(7, index)).collect();
        assert_eq!(pool.iter().map(|id| &id.imei).collect::<HashSet<_>>().len(), 64);
        assert_eq!(pool.iter().map(|id| &id.iccid).collect::<HashSet<_>>().len(), 64);
        assert_eq!(pool.iter().map(|id| &id.msisdn).collect::<HashSet<_>>().len(), 64);
        for id in &pool {
            assert_eq!((id.imei.len(), id.iccid.len(), id.imsi.len(), id.msisdn.len()), (15, 19, 15, 14));
            assert!(id.imei.starts_with("001017") && id.iccid.starts_with("89") && id.imsi.starts_with("00101"));
        }
        assert_ne!(Identity::new(7, 0).imei, Identity::new(8, 0).imei);
    }
}
