//! Whole numbers in as few octets as they need: seven bits in each, the lowest first, and the eighth says that more follow.
//! Small ones below zero are small too (zigzag).

/// Writes a number.
pub(super) fn write(octets: &mut Vec<u8>, number: i64) {
    let mut rest = ((number << 1) ^ (number >> 63)).cast_unsigned();
    while rest >= 0x80 {
        octets.push(u8::try_from(rest & 0x7f).unwrap_or_default() | 0x80);
        rest >>= 7;
    }
    octets.push(u8::try_from(rest).unwrap_or_default());
}

/// Takes a number off the front; `None` where there is no whole one.
pub(super) fn read(octets: &mut &[u8]) -> Option<i64> {
    // Most take one octet.
    if let [first @ 0..0x80, rest @ ..] = *octets {
        *octets = rest;
        return Some(i64::from(first >> 1) ^ -i64::from(first & 1));
    }
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = octets.split_first()?;
        *octets = rest;
        number |= u64::from(first & 0x7f).checked_shl(shift)?;
        if first & 0x80 == 0 {
            return Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(numbers: Vec<i64>) {
            let mut octets = Vec::new();
            for number in &numbers {
                write(&mut octets, *number);
            }
            let mut rest = octets.as_slice();
            let read: Vec<i64> = std::iter::from_fn(|| read(&mut rest)).collect();
            prop_assert_eq!(read, numbers);
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn any_octets_are_read_to_an_end(octets: Vec<u8>) {
            let mut rest = octets.as_slice();
            let numbers = std::iter::from_fn(|| read(&mut rest)).count();
            prop_assert!(numbers <= octets.len());
        }
    }

    #[test]
    fn small_numbers_take_one_octet() {
        for number in [0, 1, -1, 63, -64] {
            let mut octets = Vec::new();
            write(&mut octets, number);
            assert_eq!(octets.len(), 1, "{number}");
        }
    }
}
