//! When an endpoint wants to be asked again (RFC 9110, 10.2.3): a number of seconds or a date in any of its three forms
//! (5.6.7). Pure.
//!
//! A date is held against the clock of the endpoint where its answer tells it (`Date`), so that clocks which differ change
//! nothing, and else against ours.

use std::time::Duration;

use hyper::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use crate::clock::Timestamp;

/// `Sun, 06 Nov 1994 08:49:37 GMT`, and the two forms of before: `Sunday, 06-Nov-94 08:49:37 GMT` and
/// `Sun Nov  6 08:49:37 1994`.
const FORMS: [&str; 3] = ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

/// How long to wait; `None` where nothing is said that can be understood. A date that is over is no time at all.
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let said = text(headers, RETRY_AFTER)?;
    if said.bytes().all(|octet| octet.is_ascii_digit()) {
        return said.parse().ok().map(Duration::from_secs);
    }
    let at = date(said)?;
    let now = text(headers, DATE).and_then(date).unwrap_or(now);
    Some(at.saturating_since(now))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn date(text: &str) -> Option<Timestamp> {
    let parsed: DateTime = FORMS.iter().find_map(|form| strtime::parse(form, text).ok()?.to_datetime().ok())?;
    let at = parsed.to_zoned(TimeZone::UTC).ok()?.timestamp();
    Some(Timestamp::from_millis(at.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-24T13:00:00Z";

    fn check(headers: &[(HeaderName, &str)], expected: Option<u64>) {
        let headers: HeaderMap = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        let asked = retry_after(&headers, NOW.parse().unwrap());
        assert_eq!(asked, expected.map(Duration::from_secs), "{headers:?}");
    }

    #[test]
    fn seconds_and_dates_of_all_three_forms_are_understood() {
        for (said, expected) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Tue, 24 Nov 2026 13:30:00 GMT", Some(1_800)),
            ("Tuesday, 24-Nov-26 13:30:00 GMT", Some(1_800)),
            ("Tue Nov 24 13:30:00 2026", Some(1_800)),
            ("Wed Dec  2 13:00:00 2026", Some(8 * 86_400)),
            ("Tue, 24 Nov 2026 12:00:00 GMT", Some(0)),
            ("Mon, 24 Nov 2026 13:30:00 GMT", None),
            ("Tue, 24 Nov 2026 13:30:00 +0300", None),
            ("tomorrow", None),
            ("-1", None),
            ("1.5", None),
            ("99999999999999999999", None),
            ("", None),
        ] {
            check(&[(RETRY_AFTER, said)], expected);
        }
        check(&[], None);
    }

    #[test]
    fn a_date_is_held_against_the_clock_of_the_endpoint() {
        let at = (RETRY_AFTER, "Tue, 24 Nov 2026 11:05:00 GMT");
        check(&[at.clone(), (DATE, "Tue, 24 Nov 2026 11:00:00 GMT")], Some(300));
        check(&[at, (DATE, "some day")], Some(0));
    }
}
