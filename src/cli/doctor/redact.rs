//! What must not leave the house in a report: numbers of people, of SIMs and of modems, tokens, secrets and addresses of mail.
//!
//! Reports are put together of what is known to be harmless; this goes over every word of them all the same, because names of
//! ports and modems, reasons and words of other programs may hold anything.

use std::net::Ipv4Addr;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Tokens of the API and secrets of webhooks, by what they begin with.
static SECRET: LazyLock<Regex> = LazyLock::new(|| compiled(r"\b(rcd|whsec)_[A-Za-z0-9_+/=-]+"));

/// Who logs in to an address.
static LOGIN: LazyLock<Regex> = LazyLock::new(|| compiled(r"://[^/@\s]*@"));

static MAIL: LazyLock<Regex> = LazyLock::new(|| compiled(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+"));

/// Digits as people write numbers: with spaces, hyphens, brackets, slashes and dots between.
static NUMBER: LazyLock<Regex> = LazyLock::new(|| compiled(r"\+?\d(?:[ ()/\u{a0}-]{0,2}\d|\.\d{3,})+"));

/// With fewer digits a number is nobody's.
const DIGITS: usize = 7;

/// `2026-11-24`, perhaps with an hour behind it.
static DATE: LazyLock<Regex> = LazyLock::new(|| compiled(r"^(19|20)\d\d-[01]\d-[0-3]\d( \d\d)?$"));

fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a literal, and a test uses it")
}

/// The same words without what must not leave the house.
pub(super) fn redact(text: &str) -> String {
    let text = SECRET.replace_all(text, "[secret]");
    let text = LOGIN.replace_all(&text, "://[login]@");
    let text = MAIL.replace_all(&text, "[mail]");
    NUMBER.replace_all(&text, |found: &Captures<'_>| number(&found[0])).into_owned()
}

fn number(found: &str) -> String {
    let digits: String = found.chars().filter(char::is_ascii_digit).collect();
    if digits.len() < DIGITS || DATE.is_match(found) || found.parse::<Ipv4Addr>().is_ok() {
        return found.to_owned();
    }
    // As in metrics: that many tell SIMs of one house apart, and nobody finds a SIM by them.
    match digits.get(digits.len().saturating_sub(4)..) {
        Some(last) if digits.starts_with("89") && (18..=20).contains(&digits.len()) => format!("[SIM ..{last}]"),
        _ => format!("[{} digits]", digits.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(redact(text), expected);
    }

    #[test]
    fn numbers_are_found_however_they_are_written() {
        for number in [
            "+5511987654321",
            "5511987654321",
            "+55 11 98765-4321",
            "(11) 98765-4321",
            "55.1234.5678",
            "98765 4321",
            "490154203237518",
            "724051234567890",
            "11/98765/4321",
        ] {
            let redacted = redact(&format!("to {number}, please"));
            assert!(
                redacted.contains(" digits]") && !redacted.contains("321") && !redacted.contains("5678"),
                "{redacted}"
            );
        }
        check("usb-Maker_IMEI490154203237518-if02-port0", "usb-Maker_IMEI[15 digits]-if02-port0");
        check("SIM 8955031234567890123 rests", "SIM [SIM ..0123] rests");
    }

    #[test]
    fn tokens_secrets_logins_and_mail_are_found() {
        check("expected an address, found \"rcd_Ab-9_xyz\"", "expected an address, found \"[secret]\"");
        check("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw=", "[secret]");
        check("https://ana:pass@crm.example/hook", "https://[login]@crm.example/hook");
        check("ask ana.silva@crm.example.br", "ask [mail]");
    }

    #[test]
    fn what_support_needs_stays() {
        for text in [
            "2026-11-24T13:00:00.000Z",
            "since 2026-11-24 13:00",
            "5.15.0-1053-aws",
            "6.12.48+deb13-amd64",
            "192.168.100.200:7670",
            "/dev/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0-port0",
            "1-1.4:1.2",
            "in use by cat (process 412345)",
            "2c7c:0125",
        ] {
            check(text, text);
        }
    }
}
