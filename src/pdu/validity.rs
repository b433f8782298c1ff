//! TP-VP, how long a message is worth delivering (TS 23.040 clause 9.2.3.12).

use super::error::DecodeError;
use super::reader::Reader;
use super::scts::Scts;

/// A validity period in one of its three formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Validity {
    /// One octet on a scale that coarsens from 5 minutes to a week.
    Relative(u8),
    /// A point in time.
    Absolute(Scts),
    /// Seven octets, of which the first says what the others mean. Reserved meanings are kept.
    Enhanced([u8; 7]),
}

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;
const DAY: u32 = 24 * HOUR;

impl Validity {
    /// The shortest relative period that is not below `seconds`; the longest there is (63 weeks) above that.
    pub fn relative(seconds: u32) -> Self {
        let steps = |from: u8, beyond: u32, step: u32| {
            from.saturating_add(u8::try_from(beyond.div_ceil(step)).unwrap_or(u8::MAX))
        };
        Self::Relative(match seconds {
            0 => 0,
            1..=43_200 => steps(0, seconds, 5 * MINUTE) - 1,
            43_201..=86_400 => steps(143, seconds - 12 * HOUR, 30 * MINUTE),
            86_401..=2_592_000 => steps(166, seconds, DAY),
            _ => steps(192, seconds, 7 * DAY),
        })
    }

    /// The period in seconds, where it is one and not a point in time, a reserved meaning or nothing.
    pub fn seconds(&self) -> Option<u32> {
        match self {
            Self::Relative(octet) => {
                let n = u32::from(*octet);
                Some(match octet {
                    0..=143 => (n + 1) * 5 * MINUTE,
                    144..=167 => 12 * HOUR + (n - 143) * 30 * MINUTE,
                    168..=196 => (n - 166) * DAY,
                    197..=255 => (n - 192) * 7 * DAY,
                })
            }
            Self::Absolute(_) => None,
            Self::Enhanced(octets) => enhanced_seconds(*octets),
        }
    }

    /// TP-VPF, the two bits of the first octet that name the format.
    pub(super) fn format_bits(self) -> u8 {
        match self {
            Self::Enhanced(_) => 0b01,
            Self::Relative(_) => 0b10,
            Self::Absolute(_) => 0b11,
        }
    }

    pub(super) fn decode(format_bits: u8, reader: &mut Reader<'_>) -> Result<Option<Self>, DecodeError> {
        Ok(match format_bits & 0b11 {
            0b00 => None,
            0b01 => Some(Self::Enhanced(reader.array()?)),
            0b10 => Some(Self::Relative(reader.octet()?)),
            _ => Some(Self::Absolute(Scts::decode(reader)?)),
        })
    }

    pub(super) fn encode(self, octets: &mut Vec<u8>) {
        match self {
            Self::Relative(octet) => octets.push(octet),
            Self::Absolute(at) => octets.extend_from_slice(&at.to_octets()),
            Self::Enhanced(field) => octets.extend_from_slice(&field),
        }
    }
}

/// Clause 9.2.3.12.3. An extension bit puts another octet of functionality before the period; the bits of those are
/// reserved, so the period's place is known and its meaning is that of the first octet.
fn enhanced_seconds(octets: [u8; 7]) -> Option<u32> {
    let [indicator, ..] = octets;
    let extensions = octets.iter().take_while(|octet| *octet & 0x80 != 0).count();
    let mut period = octets.iter().skip(extensions + 1).copied();
    match indicator & 0x07 {
        1 => Validity::Relative(period.next()?).seconds(),
        2 => period.next().map(u32::from),
        3 => {
            let [hours, minutes, seconds] =
                [two_digits(period.next()?)?, two_digits(period.next()?)?, two_digits(period.next()?)?];
            Some(hours * HOUR + minutes * MINUTE + seconds)
        }
        _ => None,
    }
}

fn two_digits(octet: u8) -> Option<u32> {
    let (tens, units) = (octet & 0x0F, octet >> 4);
    (tens < 10 && units < 10).then_some(u32::from(tens) * 10 + u32::from(units))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(octet: u8, seconds: u32) {
        assert_eq!(Validity::Relative(octet).seconds(), Some(seconds));
        assert_eq!(Validity::relative(seconds), Validity::Relative(octet));
    }

    #[test]
    fn the_scale_coarsens_in_four_ranges() {
        check(0, 5 * MINUTE);
        check(143, 12 * HOUR);
        check(144, 12 * HOUR + 30 * MINUTE);
        check(167, DAY);
        check(168, 2 * DAY);
        check(196, 30 * DAY);
        check(197, 35 * DAY);
        check(255, 63 * 7 * DAY);
    }

    #[test]
    fn a_period_is_never_cut_short() {
        assert_eq!(Validity::relative(0), Validity::Relative(0));
        assert_eq!(Validity::relative(5 * MINUTE + 1), Validity::Relative(1));
        assert_eq!(Validity::relative(12 * HOUR + 1), Validity::Relative(144));
        assert_eq!(Validity::relative(DAY + 1), Validity::Relative(168));
        assert_eq!(Validity::relative(30 * DAY + 1), Validity::Relative(197));
        assert_eq!(Validity::relative(u32::MAX), Validity::Relative(255));
    }

    #[test]
    fn the_enhanced_format_says_what_its_octets_mean() {
        let seconds = |octets| Validity::Enhanced(octets).seconds();
        assert_eq!(seconds([0x00, 1, 0, 0, 0, 0, 0]), None);
        assert_eq!(seconds([0x01, 167, 0, 0, 0, 0, 0]), Some(DAY));
        assert_eq!(seconds([0x42, 90, 0, 0, 0, 0, 0]), Some(90));
        assert_eq!(seconds([0x03, 0x10, 0x20, 0x30, 0, 0, 0]), Some(HOUR + 2 * MINUTE + 3));
        assert_eq!(seconds([0x03, 0x1A, 0x20, 0x30, 0, 0, 0]), None);
        assert_eq!(seconds([0x82, 0x00, 90, 0, 0, 0, 0]), Some(90));
        assert_eq!(seconds([0x05, 90, 0, 0, 0, 0, 0]), None);
        assert_eq!(seconds([0xFF; 7]), None);
    }
}
