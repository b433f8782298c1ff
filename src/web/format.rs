//! Times, days, numbers and amounts as people of a language write them.

use jiff::Timestamp;
use jiff::civil::Date;

use super::frame::Frame;
use super::words::Language;

/// Everything but the unreserved characters as octets (RFC 3986, 2.1).
pub(super) fn encode(text: &str) -> String {
    let octet = |octet: u8| match octet {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(octet).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(octet).collect()
}

impl Language {
    fn date_form(self) -> &'static str {
        match self {
            Self::Portuguese | Self::Spanish => "%d/%m/%Y",
            Self::English => "%Y-%m-%d",
        }
    }

    /// What parts thousands, and what stands before decimals. In Mexico a point stands before decimals.
    fn marks(self) -> (char, char) {
        match self {
            Self::Portuguese => ('.', ','),
            Self::Spanish | Self::English => (',', '.'),
        }
    }
}

impl Frame {
    /// A time to the minute, where the gateway is: the hour alone for one of today.
    pub(super) fn time(&self, at: &str) -> String {
        let Some((then, now)) = self.local(at).zip(self.now()) else { return at.to_owned() };
        let form =
            if then.date() == now.date() { "%H:%M".to_owned() } else { format!("{} %H:%M", self.language.date_form()) };
        then.strftime(&form).to_string()
    }

    /// A time with the day of the week: the day alone says enough within a week.
    pub(super) fn moment(&self, at: &str) -> String {
        let Some((then, now)) = self.local(at).zip(self.now()) else { return at.to_owned() };
        let ahead = now.date().until(then.date()).map_or(i32::MAX, |span| span.get_days());
        let weekday = self.tt("weekday", &then.strftime("%A").to_string().to_lowercase());
        match ahead {
            0 => then.strftime("%H:%M").to_string(),
            1..=6 => format!("{weekday} {}", then.strftime("%H:%M")),
            _ => format!("{weekday} {}", self.time(at)),
        }
    }

    /// A time to the second.
    pub(super) fn exact(&self, at: &str) -> String {
        let form = format!("{} %H:%M:%S", self.language.date_form());
        self.local(at).map_or_else(|| at.to_owned(), |then| then.strftime(&form).to_string())
    }

    /// A day such as `2026-11-30`.
    pub(super) fn day(&self, day: &str) -> String {
        let read = day.parse::<Date>().ok();
        read.map_or_else(|| day.to_owned(), |day| day.strftime(self.language.date_form()).to_string())
    }

    /// A whole number, or one with decimals such as an amount of the API.
    pub(super) fn number(&self, number: impl std::fmt::Display) -> String {
        let (thousands, decimals) = self.language.marks();
        let text = number.to_string();
        let (whole, rest) = text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
        let mut grouped = String::new();
        let digits = whole.trim_start_matches('-');
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place) % 3 == 0 {
                grouped.push(thousands);
            }
            grouped.push(digit);
        }
        let sign = if whole.starts_with('-') { "-" } else { "" };
        match rest {
            Some(rest) => format!("{sign}{grouped}{decimals}{rest}"),
            None => format!("{sign}{grouped}"),
        }
    }

    /// An amount with its currency.
    pub(super) fn money(&self, currency: &str, amount: &str) -> String {
        let sign = match currency {
            "BRL" => "R$",
            "MXN" => "$",
            "USD" => "US$",
            other => other,
        };
        format!("{sign}\u{a0}{}", self.number(amount))
    }

    fn local(&self, at: &str) -> Option<jiff::Zoned> {
        Some(at.parse::<Timestamp>().ok()?.to_zoned(self.zone().clone()))
    }

    /// What time it is for the daemon, where it is.
    pub(super) fn now(&self) -> Option<jiff::Zoned> {
        self.local(&self.session.as_ref()?.now)
    }
}
