//! Packing of septets into octets (TS 23.038 clause 6.1.2.1), with the fill bits that bring text after a user data header
//! to a septet boundary (TS 23.040 clause 9.2.3.24).
//!
//! Eight septets and seven octets are moved at once; the rest goes bit by bit through one accumulator.

/// Appends `fill` zero bits (0 to 6) and `septets` to `octets`. Unused bits of the last octet are zero.
pub(super) fn pack(septets: &[u8], fill: usize, octets: &mut Vec<u8>) {
    let mut bits = fill;
    let mut held: u64 = 0;
    let mut groups = septets.chunks_exact(8);
    for group in &mut groups {
        // 56 new bits after fewer than 7 held ones: at most 62.
        held |= close_up(group.first_chunk().copied().unwrap_or_default()) << bits;
        let [out @ .., last] = held.to_le_bytes();
        octets.extend_from_slice(&out);
        held = u64::from(last);
    }
    for septet in groups.remainder() {
        held |= u64::from(septet & 0x7F) << bits;
        bits += 7;
        if bits >= 8 {
            let [first, ..] = held.to_le_bytes();
            octets.push(first);
            held >>= 8;
            bits -= 8;
        }
    }
    if bits > 0 {
        let [first, ..] = held.to_le_bytes();
        octets.push(first);
    }
}

/// The `count` septets that follow `fill` bits (0 to 6). Fewer when `octets` end before.
pub(super) fn unpack(octets: &[u8], fill: usize, count: usize) -> Vec<u8> {
    let count = count.min((octets.len() * 8).saturating_sub(fill) / 7);
    let mut septets = Vec::with_capacity(count);
    let mut read = 0;
    while septets.len() + 8 <= count {
        let window = octets.get(read..).unwrap_or_default();
        // With fill bits a group of eight reaches into the eighth octet; the count above proves that it exists.
        let mut octets = [0; 8];
        for (to, from) in octets.iter_mut().zip(window) {
            *to = *from;
        }
        let word = u64::from_le_bytes(octets);
        septets.extend(spread(word >> fill));
        read += 7;
    }
    let mut held: u64 = 0;
    let mut bits = 0;
    let mut skip = fill;
    let mut source = octets.get(read..).unwrap_or_default().iter();
    while septets.len() < count {
        while bits < 7 + skip {
            held |= u64::from(source.next().copied().unwrap_or_default()) << bits;
            bits += 8;
        }
        held >>= skip;
        bits -= skip;
        skip = 0;
        septets.push(low_septet(held));
        held >>= 7;
        bits -= 7;
    }
    septets
}

/// The low 56 bits as eight octets of seven bits each, by halving: 28, then 14, then 7 bits apart.
fn spread(bits: u64) -> [u8; 8] {
    let bits = bits & 0x0000_0000_0FFF_FFFF | (bits & 0x00FF_FFFF_F000_0000) << 4;
    let bits = bits & 0x0000_3FFF_0000_3FFF | (bits & 0x0FFF_C000_0FFF_C000) << 2;
    let bits = bits & 0x007F_007F_007F_007F | (bits & 0x3F80_3F80_3F80_3F80) << 1;
    bits.to_le_bytes()
}

/// The inverse of [`spread`].
fn close_up(septets: [u8; 8]) -> u64 {
    let bits = u64::from_le_bytes(septets);
    let bits = bits & 0x007F_007F_007F_007F | (bits & 0x7F00_7F00_7F00_7F00) >> 1;
    let bits = bits & 0x0000_3FFF_0000_3FFF | (bits & 0x3FFF_0000_3FFF_0000) >> 2;
    bits & 0x0000_0000_0FFF_FFFF | (bits & 0x0FFF_FFFF_0000_0000) >> 4
}

fn low_septet(bits: u64) -> u8 {
    let [low, ..] = bits.to_le_bytes();
    low & 0x7F
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(septets: &[u8], fill: usize, expected: &[u8]) {
        let mut octets = Vec::new();
        pack(septets, fill, &mut octets);
        assert_eq!(octets, expected);
        assert_eq!(unpack(&octets, fill, septets.len()), septets);
    }

    #[test]
    fn seven_octets_hold_eight_septets() {
        check(b"", 0, &[]);
        check(b"a", 0, &[0x61]);
        check(b"hellohel", 0, &[0xE8, 0x32, 0x9B, 0xFD, 0x46, 0x97, 0xD9]);
    }

    #[test]
    fn fill_bits_come_before_the_first_septet() {
        check(b"a", 1, &[0xC2]);
        check(b"a", 2, &[0x84, 0x01]);
        // A header without text is still filled up, because TP-UDL counts whole septets.
        check(b"", 3, &[0]);
    }

    proptest! {
        #[test]
        fn unpacking_undoes_packing(septets in prop::collection::vec(0_u8..128, 0..161), fill in 0_usize..7) {
            let mut octets = Vec::new();
            pack(&septets, fill, &mut octets);
            prop_assert_eq!(octets.len(), (fill + septets.len() * 7).div_ceil(8));
            prop_assert_eq!(unpack(&octets, fill, septets.len()), septets);
        }
    }
}
