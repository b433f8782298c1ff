//! Amounts, days, names and documents as people of a language write them.
//!
//! Spaces are plain ones and months are without accents, so that what is written here never costs a text its alphabet. Knows
//! nothing of templates.

use jiff::civil::Date;

use crate::contact::reply::Language;

use super::super::money::{Amount, Currency};

/// What stands between given name and surname and is no name of its own.
const PARTICLES: [&str; 14] = ["da", "das", "de", "do", "dos", "e", "di", "du", "del", "la", "las", "los", "y", "von"];

/// Digits of a CPF.
const CPF_DIGITS: usize = 11;

/// A value that came from elsewhere, on one line and read as it is written: what turns the direction of a text around would turn
/// the amounts and days behind it around too.
pub(super) fn one_line(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(|c| !turns(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// An amount with its sign: `R$ 1.234,56`, `$1,234.56`.
pub(super) fn money(amount: Amount, currency: Currency, language: Language) -> String {
    let sign = match (currency, language) {
        (Currency::Brl, Language::Portuguese) => "R$ ",
        (Currency::Mxn, Language::Portuguese) => "MX$ ",
        (Currency::Usd, Language::Portuguese) => "US$ ",
        (Currency::Brl, Language::Spanish | Language::English) => "R$",
        (Currency::Mxn, Language::Spanish) | (Currency::Usd, Language::English) => "$",
        (Currency::Usd, Language::Spanish) => "US$",
        (Currency::Mxn, Language::English) => "MX$",
    };
    let (thousands, decimals) = match language {
        Language::Portuguese => ('.', ','),
        Language::Spanish | Language::English => (',', '.'),
    };
    let hundredths = amount.hundredths();
    let whole = (hundredths / 100).to_string();
    let mut text = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(thousands);
        }
        text.push(digit);
    }
    format!("{text}{decimals}{:02}", hundredths % 100)
}

/// A day in digits: `05/12/2026`, and `12/05/2026` in English, which is that of the United States.
pub(super) fn date(day: Date, language: Language) -> String {
    match language {
        Language::Portuguese | Language::Spanish => {
            format!("{:02}/{:02}/{:04}", day.day(), day.month(), day.year())
        }
        Language::English => format!("{:02}/{:02}/{:04}", day.month(), day.day(), day.year()),
    }
}

/// A day without its year: `5 dez`, `5 dic`, `Dec 5`.
pub(super) fn short_date(day: Date, language: Language) -> String {
    const PORTUGUESE: [&str; 12] = ["jan", "fev", "mar", "abr", "mai", "jun", "jul", "ago", "set", "out", "nov", "dez"];
    const SPANISH: [&str; 12] = ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"];
    const ENGLISH: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = |names: [&'static str; 12]| {
        let index = usize::from(day.month().unsigned_abs()).saturating_sub(1);
        names.get(index).copied().unwrap_or_default()
    };
    match language {
        Language::Portuguese => format!("{} {}", day.day(), month(PORTUGUESE)),
        Language::Spanish => format!("{} {}", day.day(), month(SPANISH)),
        Language::English => format!("{} {}", month(ENGLISH), day.day()),
    }
}

/// A name with capitals where they belong, if it was in capitals or in small letters throughout; else as it is.
pub(super) fn title(name: &str) -> String {
    let is_mixed = name.chars().any(char::is_uppercase) && name.chars().any(char::is_lowercase);
    let words = name.split_whitespace().enumerate().map(|(index, word)| {
        let small = word.to_lowercase();
        match () {
            () if is_mixed => word.to_owned(),
            () if index > 0 && PARTICLES.contains(&small.as_str()) => small,
            () => capitalised(&small),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// What a person is called: the first name, from `SILVA, MARIA` as well. What is no name alone – a particle, an initial –
/// brings the next word with it.
pub(super) fn first_name(name: &str) -> String {
    let (before, after) = name.split_once(',').unwrap_or(("", name));
    let given = if after.trim().is_empty() { before } else { after };
    let mut words = Vec::new();
    for word in given.split_whitespace() {
        words.push(word);
        let is_initial = word.trim_end_matches('.').chars().count() <= 1;
        if !is_initial && !PARTICLES.contains(&word.to_lowercase().as_str()) {
            break;
        }
    }
    title(&words.join(" "))
}

/// A document or a number of which enough is left to be known by its owner. The middle of a CPF, the end of others.
pub(super) fn mask(document: &str) -> String {
    let characters: Vec<char> = document.chars().filter(|character| character.is_alphanumeric()).collect();
    if characters.len() == CPF_DIGITS && characters.iter().all(char::is_ascii_digit) {
        let part = |from: usize| characters.iter().skip(from).take(3).collect::<String>();
        return format!("***.{}.{}-**", part(3), part(6));
    }
    let shown = match characters.len() {
        0..=4 => 0,
        5..=8 => 2,
        _ => 4,
    };
    let end: String = characters.iter().skip(characters.len() - shown).collect();
    format!("****{end}")
}

/// A capital at the beginning, and after a hyphen or an apostrophe.
fn capitalised(small: &str) -> String {
    let mut text = String::with_capacity(small.len());
    let mut is_start = true;
    for character in small.chars() {
        if is_start {
            text.extend(character.to_uppercase());
        } else {
            text.push(character);
        }
        is_start = matches!(character, '-' | '\'' | '\u{2019}');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{English, Portuguese, Spanish};
    use jiff::civil::date as day;

    #[test]
    fn amounts_are_written_as_in_the_country() {
        for (amount, currency, language, expected) in [
            ("1234.56", Currency::Brl, Portuguese, "R$ 1.234,56"),
            ("1234.56", Currency::Mxn, Spanish, "$1,234.56"),
            ("1234.56", Currency::Usd, English, "$1,234.56"),
            ("0.05", Currency::Brl, Portuguese, "R$ 0,05"),
            ("999.9", Currency::Brl, Portuguese, "R$ 999,90"),
            ("9999999999999.99", Currency::Brl, Portuguese, "R$ 9.999.999.999.999,99"),
            ("100000", Currency::Usd, Spanish, "US$100,000.00"),
            ("100000", Currency::Mxn, English, "MX$100,000.00"),
        ] {
            assert_eq!(money(amount.parse().unwrap(), currency, language), expected);
        }
    }

    #[test]
    fn days_are_written_as_in_the_country() {
        let fifth = day(2026, 12, 5);
        let written =
            [Portuguese, Spanish, English].map(|language| (date(fifth, language), short_date(fifth, language)));
        let expected = [("05/12/2026", "5 dez"), ("05/12/2026", "5 dic"), ("12/05/2026", "Dec 5")];
        assert_eq!(written, expected.map(|(long, short)| (long.to_owned(), short.to_owned())));
    }

    #[test]
    fn names_get_their_capitals() {
        for (name, full, first) in [
            ("MARIA DA SILVA", "Maria da Silva", "Maria"),
            ("jo\u{e3}o-pedro d'\u{e1}vila", "Jo\u{e3}o-Pedro D'\u{c1}vila", "Jo\u{e3}o-Pedro"),
            ("Maria McDonald", "Maria McDonald", "Maria"),
            ("DA SILVA", "Da Silva", "Da Silva"),
            ("SILVA, ANA", "Silva, Ana", "Ana"),
            ("SILVA,", "Silva,", "Silva"),
            ("J. CARLOS DE SOUZA", "J. Carlos de Souza", "J. Carlos"),
            ("  \u{c9}RICA  ", "\u{c9}rica", "\u{c9}rica"),
            ("", "", ""),
        ] {
            assert_eq!((title(name).as_str(), first_name(name).as_str()), (full, first), "{name}");
        }
    }

    #[test]
    fn documents_are_never_shown_whole() {
        for (document, expected) in [
            ("12345678901", "***.456.789-**"),
            ("123.456.789-01", "***.456.789-**"),
            ("12345678000190", "****0190"),
            ("PEPJ8001019Q8", "****19Q8"),
            ("123456", "****56"),
            ("1234", "****"),
            ("", "****"),
        ] {
            assert_eq!(mask(document), expected, "{document}");
        }
    }
}
