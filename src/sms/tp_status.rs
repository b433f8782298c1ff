//! TP-Status of an SMS-STATUS-REPORT (3GPP TS 23.040 clause 9.2.3.15).
//!
//! No value ever puts a message back and none makes it unknown: the network has accepted it before.

/// The octet as received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TpStatus(pub u8);

/// What a report does to its segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reported {
    /// The recipient has it.
    Delivered,
    /// It stays accepted: still being tried, not confirmable, replaced, or a reserved value.
    KeepsAccepted,
    /// The recipient will not get it.
    Undelivered,
}

impl TpStatus {
    /// What the value does. Bit 7 is tested first: with it set, all other bits are reserved.
    pub fn reported(self) -> Reported {
        match self.0 {
            0x80..=0xff | 0x01..=0x3f => Reported::KeepsAccepted,
            0x00 => Reported::Delivered,
            0x40..=0x7f => Reported::Undelivered,
        }
    }

    /// Whether another report is to be expected: the service centre still tries.
    pub fn is_pending(self) -> bool {
        matches!(self.0, 0x20..=0x3f)
    }

    /// A short text for people.
    pub fn meaning(self) -> &'static str {
        match self.0 {
            0x00 => "received by the recipient",
            0x01 => "forwarded; service centre cannot confirm receipt",
            0x02 => "replaced by a later message at the service centre",
            0x03..=0x0f => "completed; reserved value",
            0x10..=0x1f => "completed; service-centre specific value",
            0x20 => "still trying: congestion",
            0x21 => "still trying: recipient busy",
            0x22 => "still trying: no response from recipient",
            0x23 => "still trying: service rejected",
            0x24 => "still trying: quality of service not available",
            0x25 => "still trying: error at recipient",
            0x26..=0x2f => "still trying: reserved value",
            0x30..=0x3f => "still trying: service-centre specific",
            0x40 => "failed for good: remote procedure error",
            0x41 => "failed for good: incompatible destination",
            0x42 => "failed for good: connection refused by recipient",
            0x43 => "failed for good: not obtainable",
            0x44 => "failed for good: quality of service not available",
            0x45 => "failed for good: no interworking",
            0x46 => "failed for good: validity period ran out",
            0x47 => "failed for good: deleted by the sender",
            0x48 => "failed for good: deleted by the service centre operator",
            0x49 => "failed for good: message does not exist at the service centre",
            0x4a..=0x4f => "failed for good: reserved value",
            0x50..=0x5f => "failed for good: service-centre specific",
            0x60 => "gave up after trying: congestion",
            0x61 => "gave up after trying: recipient busy",
            0x62 => "gave up after trying: no response from recipient",
            0x63 => "gave up after trying: service rejected",
            0x64 => "gave up after trying: quality of service not available",
            0x65 => "gave up after trying: error at recipient",
            0x66..=0x6f => "gave up after trying: reserved value",
            0x70..=0x7f => "gave up after trying: service-centre specific",
            0x80..=0xff => "reserved range",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: std::ops::RangeInclusive<u8>, expected: Reported, pending: bool) {
        for value in values {
            assert_eq!(TpStatus(value).reported(), expected, "{value:#04x}");
            assert_eq!(TpStatus(value).is_pending(), pending, "{value:#04x}");
            assert!(!TpStatus(value).meaning().is_empty());
        }
    }

    #[test]
    fn every_value_has_an_effect() {
        check(0x00..=0x00, Reported::Delivered, false);
        check(0x01..=0x1f, Reported::KeepsAccepted, false);
        check(0x20..=0x3f, Reported::KeepsAccepted, true);
        check(0x40..=0x7f, Reported::Undelivered, false);
        check(0x80..=0xff, Reported::KeepsAccepted, false);
    }
}
