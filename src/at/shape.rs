//! Short answers of fixed shape, read by the `at-commands` matcher.
//!
//! Its limits (numbers are `i32` and a longer run of digits overflows; a missing quote shifts it) are kept away here: a
//! line that could meet them is not given to it.

use at_commands::parser::CommandParser;

/// Digits that always fit an `i32`.
const DIGITS_MAX: usize = 9;

/// A matcher placed behind `prefix`; `None` if the line has another prefix or numbers beyond the matcher.
pub(super) fn matcher<'a>(line: &'a [u8], prefix: &str) -> Option<CommandParser<'a, ()>> {
    let plain = line.starts_with(prefix.as_bytes())
        && line.split(|b| !b.is_ascii_digit()).all(|digits| digits.len() <= DIGITS_MAX);
    plain.then(|| CommandParser::parse(line).expect_identifier(prefix.as_bytes()))
}

/// The first number of an answer, whatever follows it.
pub(super) fn one<N: TryFrom<i32>>(line: &[u8], prefix: &str) -> Option<N> {
    let head = line.split(|&b| b == b',').next()?;
    let (first,) = matcher(head, prefix)?.expect_int_parameter().finish().ok()?;
    N::try_from(first).ok()
}

/// The first two numbers of an answer.
pub(super) fn two<N: TryFrom<i32>>(line: &[u8], prefix: &str) -> Option<(N, N)> {
    let (first, second) = matcher(line, prefix)?.expect_int_parameter().expect_int_parameter().finish().ok()?;
    Some((N::try_from(first).ok()?, N::try_from(second).ok()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Command as _, QueryStores, Reply, Usage};
    use super::*;

    #[test]
    fn numbers_behind_a_prefix() {
        assert_eq!(two::<u8>(b"+CSQ: 17,99", "+CSQ:"), Some((17, 99)));
        assert_eq!(two::<u8>(b"+CSQ:17,99", "+CSQ:"), Some((17, 99)));
        assert_eq!(one::<u8>(b"+CMGS: 255", "+CMGS:"), Some(255));
        assert_eq!(one::<u8>(b"+CMGS: 256", "+CMGS:"), None);
        assert_eq!(one::<u8>(b"+CMGS: -1", "+CMGS:"), None);
        assert_eq!(one::<u32>(b"+CMGS: 99999999999", "+CMGS:"), None);
        assert_eq!(one::<u8>(b"+CMGS:", "+CMGS:"), None);
        assert_eq!(one::<u8>(b"+CMGW: 1", "+CMGS:"), None);
    }

    proptest! {
        #[test]
        fn no_line_upsets_the_matcher(tail in prop::collection::vec(prop_oneof![
            Just(b'"'), Just(b','), Just(b'-'), Just(b'+'), Just(b' '), b'0'..=b'9', any::<u8>()
        ], 0..24)) {
            let signal = [b"+CSQ:".as_slice(), &tail].concat();
            let _: Option<(i32, i32)> = two(&signal, "+CSQ:");
            let mut stores = Reply::default();
            stores.push(&[b"+CPMS:".as_slice(), &tail].concat());
            let _: Option<Usage> = QueryStores.read(&stores);
        }
    }
}
