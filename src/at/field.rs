//! Parameters of an information response (V.250 clause 5.7.1): split, unquote, recognise.

/// The comma-separated parameters after a prefix such as `+CSQ:`. Commas inside quotes do not split.
pub fn fields(parameters: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(parameters);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut quoted = false;
        let comma = text.iter().position(|&b| {
            quoted ^= b == b'"';
            b == b',' && !quoted
        });
        let (field, tail) = match comma {
            Some(at) => (text.get(..at)?, text.get(at + 1..)),
            None => (text, None),
        };
        rest = tail;
        Some(field.trim_ascii())
    })
}

/// The content of a quoted parameter; one without quotes as it is.
pub fn unquoted(field: &[u8]) -> &[u8] {
    let inner = field.strip_prefix(b"\"").unwrap_or(field);
    inner.strip_suffix(b"\"").unwrap_or(inner)
}

/// A decimal number without sign; `None` when it is anything else or does not fit.
pub(super) fn number<N: TryFrom<u64>>(field: &[u8]) -> Option<N> {
    if field.is_empty() || field.len() > 18 || !field.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = field.iter().fold(0_u64, |value, digit| value * 10 + u64::from(digit - b'0'));
    N::try_from(value).ok()
}

/// What follows `prefix`, trimmed, if the line starts with it.
pub(super) fn after<'a>(line: &'a [u8], prefix: &str) -> Option<&'a [u8]> {
    line.strip_prefix(prefix.as_bytes()).map(<[u8]>::trim_ascii)
}

/// A line of hexadecimal digits that is long enough to be a PDU with its SMSC field.
pub(super) fn is_pdu(line: &[u8]) -> bool {
    /// An SMS-STATUS-REPORT has 20 octets and more, the shortest SMS-DELIVER 16; half of that leaves room for broken ones.
    const DIGITS_MIN: usize = 16;
    line.len() >= DIGITS_MIN && line.iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<_> = fields(text.as_bytes()).map(|field| String::from_utf8_lossy(field).into_owned()).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn commas_split_outside_quotes_only() {
        check("17,99", &["17", "99"]);
        check("1,0,,24", &["1", "0", "", "24"]);
        check("\"a,b\", 3", &["\"a,b\"", "3"]);
        check("\"open, 3", &["\"open, 3"]);
        check("", &[""]);
    }

    #[test]
    fn numbers_that_do_not_fit_are_none() {
        assert_eq!(number::<u8>(b"255"), Some(255));
        assert_eq!(number::<u8>(b"256"), None);
        assert_eq!(number::<u64>(b"99999999999999999999"), None);
        assert_eq!(number::<u32>(b"-1"), None);
        assert_eq!(number::<u32>(b""), None);
    }
}
