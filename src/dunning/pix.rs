//! Pix codes to copy and paste: BR Codes.
//!
//! Banco Central do Brasil, Manual do BR Code 2.0, which follows EMV QR Code Specification for Payment Systems, Merchant-
//! Presented Mode 1.1: fields of a two-digit id, a two-digit length and a value; the last is a checksum of all before it
//! (CRC-16 of ISO/IEC 13239, polynomial 1021, begun with FFFF). A code is read to see whether it can be paid and what it
//! says; the text itself is never changed. Whether the key exists, and what a code with an address instead of a key is
//! for, only a bank can say.

use std::fmt;

use super::money::Amount;
use super::paper::{Mismatch, Paper};

/// What marks the account field of Pix among those of other arrangements.
const GUI: &str = "br.gov.bcb.pix";

/// The real (ISO 4217).
const CURRENCY: &str = "986";

/// Longer than any that an app reads.
const CHARS_MAX: usize = 1024;

/// A Pix code that can be paid, as far as its text tells. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Pix {
    text: String,
    amount: Option<Amount>,
    merchant: String,
    txid: Option<String>,
}

/// Why a text is no Pix code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PixError {
    /// The text does not divide into fields.
    #[error("not a pix code: it does not divide into fields after character {after}")]
    Form {
        /// Characters that were understood.
        after: usize,
    },
    /// Longer than such codes are.
    #[error("longer than {CHARS_MAX} characters")]
    TooLong,
    /// A field is not there.
    #[error("field {0:02} is missing")]
    Missing(u8),
    /// A field stands twice.
    #[error("field {0:02} stands twice")]
    Twice(u8),
    /// A field has a value that no Pix code has.
    #[error("field {0:02} is not that of a pix code")]
    Value(u8),
    /// The account is of another arrangement.
    #[error("it names no pix key")]
    NotPix,
    /// The checksum is another: the text was cut or changed.
    #[error("the checksum is wrong: the code was cut or changed")]
    Checksum,
}

impl fmt::Debug for Pix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pix").finish_non_exhaustive()
    }
}

impl Pix {
    /// Reads a code.
    pub fn parse(text: &str) -> Result<Self, PixError> {
        if text.chars().nth(CHARS_MAX).is_some() {
            return Err(PixError::TooLong);
        }
        // Lengths count characters; of a name with accents some programs count octets.
        let fields = Fields::read(text, Unit::Character);
        let fields = fields.or_else(|error| Fields::read(text, Unit::Octet).map_err(|_same| error))?;
        fields.begins_and_ends()?;
        if checksum(text) != Some(true) {
            return Err(PixError::Checksum);
        }
        let is = |id: u8, expected: &str| match fields.one(id)? {
            value if value.eq_ignore_ascii_case(expected) => Ok(()),
            _ => Err(PixError::Value(id)),
        };
        is(0, "01")?;
        let accounts = (26..=51).flat_map(|id| fields.all(id));
        let is_pix = accounts.filter_map(|account| Fields::read(account, fields.unit).ok()).any(|account| {
            account.one(0).is_ok_and(|gui| gui.eq_ignore_ascii_case(GUI))
                && (account.one(1).is_ok() || account.one(25).is_ok())
        });
        if !is_pix {
            return Err(PixError::NotPix);
        }
        fields.one(52)?;
        is(53, CURRENCY)?;
        is(58, "BR")?;
        let merchant = fields.one(59)?.to_owned();
        fields.one(60)?;
        let more = Fields::read(fields.one(62)?, fields.unit).map_err(|_form| PixError::Value(62))?;
        // Three stars stand for none.
        let txid = more.one(5).map_err(|_none| PixError::Value(62))?;
        let txid = (txid != "***").then(|| txid.to_owned());
        Ok(Self { text: text.to_owned(), amount: fields.amount()?, merchant, txid })
    }

    /// The code itself.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The amount in reais; `None` where the payer or the bank's answer names it.
    pub fn amount(&self) -> Option<Amount> {
        self.amount
    }

    /// Who is paid, as the payer will read it.
    pub fn merchant(&self) -> &str {
        &self.merchant
    }

    /// By what the payment is known to whom it is paid.
    pub fn txid(&self) -> Option<&str> {
        self.txid.as_deref()
    }

    /// What it says otherwise than a debt of this amount.
    pub fn mismatch(&self, owed: Amount) -> Option<Mismatch> {
        Mismatch::of_amount(Paper::Pix, self.amount, owed)
    }
}

/// What lengths count.
#[derive(Debug, Clone, Copy)]
enum Unit {
    Character,
    Octet,
}

/// Fields in their order.
struct Fields<'a> {
    all: Vec<(u8, &'a str)>,
    unit: Unit,
}

impl<'a> Fields<'a> {
    fn read(text: &'a str, unit: Unit) -> Result<Self, PixError> {
        let (mut all, mut rest) = (Vec::new(), text);
        while !rest.is_empty() {
            let after = || PixError::Form { after: text.chars().count() - rest.chars().count() };
            let number = |digits: Option<&str>| {
                let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
                digits.and_then(|digits| digits.parse().ok()).ok_or_else(after)
            };
            let (id, length): (u8, u8) = (number(rest.get(..2))?, number(rest.get(2..4))?);
            let value = rest.get(4..).unwrap_or_default();
            let length = usize::from(length);
            let end = match unit {
                Unit::Octet => length,
                Unit::Character => value.char_indices().nth(length).map_or(value.len(), |(at, _)| at),
            };
            let is_whole = matches!(unit, Unit::Octet) || value.chars().take(length).count() == length;
            let (value, next) = value.split_at_checked(end).filter(|_| is_whole).ok_or_else(after)?;
            all.push((id, value));
            rest = next;
        }
        Ok(Self { all, unit })
    }

    /// The first and the last field have their places.
    fn begins_and_ends(&self) -> Result<(), PixError> {
        match (self.all.first(), self.all.last()) {
            (Some((0, _)), Some((63, value))) if value.len() == 4 => Ok(()),
            (Some((0, _)), Some((63, _))) => Err(PixError::Value(63)),
            (Some((0, _)), _) => Err(PixError::Missing(63)),
            _ => Err(PixError::Missing(0)),
        }
    }

    fn all(&self, id: u8) -> impl Iterator<Item = &'a str> {
        self.all.iter().filter(move |(one, _)| *one == id).map(|(_, value)| *value)
    }

    /// The value of a field that stands once.
    fn one(&self, id: u8) -> Result<&'a str, PixError> {
        let mut values = self.all(id);
        match (values.next(), values.next()) {
            (Some(value), None) if !value.is_empty() => Ok(value),
            (Some(_), None) => Err(PixError::Value(id)),
            (None, _) => Err(PixError::Missing(id)),
            (Some(_), Some(_)) => Err(PixError::Twice(id)),
        }
    }

    /// The amount, where one other than zero is stated.
    fn amount(&self) -> Result<Option<Amount>, PixError> {
        let text = match self.one(54) {
            Err(PixError::Missing(_)) => return Ok(None),
            stated => stated?,
        };
        let amount: Amount = text.parse().map_err(|_form| PixError::Value(54))?;
        Ok(Some(amount).filter(|amount| *amount != Amount::default()))
    }
}

/// Whether the last four characters are the checksum of all before them.
fn checksum(text: &str) -> Option<bool> {
    let (covered, stated) = text.split_at_checked(text.len().checked_sub(4)?)?;
    Some(u16::from_str_radix(stated, 16).ok()? == crc_16(covered.as_bytes()))
}

/// CRC-16 with polynomial 1021, begun with FFFF, nothing reflected.
fn crc_16(octets: &[u8]) -> u16 {
    octets.iter().fold(0xFFFF, |crc, octet| {
        (0..8).fold(crc ^ (u16::from(*octet) << 8), |crc, _| {
            let shifted = crc << 1;
            if crc & 0x8000 == 0 { shifted } else { shifted ^ 0x1021 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The static code of the manual, without an amount.
    const MANUAL: &str = "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865802BR5913Fulano de Tal6008BRASILIA62070503***63041D3D";

    fn field(id: u8, value: &str) -> String {
        format!("{id:02}{:02}{value}", value.chars().count())
    }

    fn sealed(fields: &str) -> String {
        let covered = format!("{fields}6304");
        format!("{covered}{:04X}", crc_16(covered.as_bytes()))
    }

    /// A code with a field in place of the usual one; an empty one leaves it out.
    fn with(id: u8, instead: &str) -> String {
        let account = field(0, "BR.GOV.BCB.PIX") + &field(1, "+5511987654321");
        let usual = [
            (0, field(0, "01")),
            (26, field(26, &account)),
            (52, field(52, "0000")),
            (53, field(53, "986")),
            (54, field(54, "1234.56")),
            (58, field(58, "BR")),
            (59, field(59, "Loja da Praca")),
            (60, field(60, "SAO PAULO")),
            (62, field(62, &field(5, "C0123"))),
        ];
        let fields = usual.map(|(usual_id, usual)| if usual_id == id { instead.to_owned() } else { usual });
        sealed(&fields.concat())
    }

    #[track_caller]
    fn check(text: &str, expected: Result<(Option<&str>, &str, Option<&str>), PixError>) {
        let read = Pix::parse(text);
        let said = read.as_ref().map_err(|error| *error);
        let said = said.map(|pix| (pix.amount().map(|amount| amount.to_string()), pix.merchant(), pix.txid()));
        let said = said.as_ref().map(|(amount, merchant, txid)| (amount.as_deref(), *merchant, *txid));
        assert_eq!(said.map_err(|error| *error), expected, "{text}");
    }

    #[test]
    fn the_checksum_is_the_known_one() {
        assert_eq!(crc_16(b"123456789"), 0x29B1);
    }

    #[test]
    fn codes_say_whom_and_how_much() {
        check(MANUAL, Ok((None, "Fulano de Tal", None)));
        check(&with(99, ""), Ok((Some("1234.56"), "Loja da Praca", Some("C0123"))));
        check(&with(54, &field(54, "0.00")), Ok((None, "Loja da Praca", Some("C0123"))));
        check(&with(54, &field(54, "100")), Ok((Some("100.00"), "Loja da Praca", Some("C0123"))));
        assert_eq!(Pix::parse(MANUAL).unwrap().text(), MANUAL);
    }

    #[test]
    fn a_code_of_a_bank_names_an_address_and_others_may_stand_beside_it() {
        let address = field(0, GUI) + &field(25, "pix.example.com/qr/v2/cobv/9d36b84f");
        check(&with(26, &field(26, &address)), Ok((Some("1234.56"), "Loja da Praca", Some("C0123"))));
        let other = field(26, &field(0, "com.example.card")) + &field(27, &address);
        check(&with(26, &other), Ok((Some("1234.56"), "Loja da Praca", Some("C0123"))));
    }

    #[test]
    fn lengths_of_names_with_accents_count_characters_or_octets() {
        check(&with(59, "5913Loja da Praça"), Ok((Some("1234.56"), "Loja da Praça", Some("C0123"))));
        check(&with(59, "5914Loja da Praça"), Ok((Some("1234.56"), "Loja da Praça", Some("C0123"))));
    }

    #[test]
    fn what_is_wrong_is_told_by_its_field() {
        check("", Err(PixError::Missing(0)));
        check("hello", Err(PixError::Form { after: 0 }));
        check(&MANUAL.replace("Fulano", "Sicran"), Err(PixError::Checksum));
        check(&MANUAL[..MANUAL.len() - 1], Err(PixError::Form { after: MANUAL.len() - 8 }));
        check(&MANUAL[..MANUAL.len() - 8], Err(PixError::Missing(63)));
        check(&with(53, &field(53, "840")), Err(PixError::Value(53)));
        check(&with(53, ""), Err(PixError::Missing(53)));
        check(&with(54, &field(54, "1234,56")), Err(PixError::Value(54)));
        check(&with(54, &field(54, "1.00").repeat(2)), Err(PixError::Twice(54)));
        check(&with(59, ""), Err(PixError::Missing(59)));
        check(&with(62, ""), Err(PixError::Missing(62)));
        check(&with(26, &field(26, &field(0, "com.example.card"))), Err(PixError::NotPix));
        check(&with(26, &field(26, &field(0, GUI))), Err(PixError::NotPix));
        check(&"0".repeat(CHARS_MAX + 1), Err(PixError::TooLong));
    }

    #[test]
    fn an_amount_that_differs_is_told() {
        let owed: Amount = "1200.00".parse().unwrap();
        let stated = "1234.56".parse().unwrap();
        let pix = Pix::parse(&with(99, "")).unwrap();
        assert_eq!(pix.mismatch(owed), Some(Mismatch::Amount { paper: Paper::Pix, stated, owed }));
        assert_eq!(pix.mismatch(stated), None);
        assert_eq!(Pix::parse(MANUAL).unwrap().mismatch(owed), None);
        assert_eq!(format!("{pix:?}"), "Pix { .. }");
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".{0,80}|[0-9A-Za-zç.]{0,200}") {
            prop_assert!(Pix::parse(&text).is_err());
        }

        #[test]
        fn a_changed_character_is_found(place in 0_usize..MANUAL.len(), to in "[0-9a-zA-Z]") {
            let mut changed = MANUAL.to_owned();
            changed.replace_range(place..=place, &to);
            prop_assume!(!changed.eq_ignore_ascii_case(MANUAL));
            prop_assert!(Pix::parse(&changed).is_err());
        }
    }
}
