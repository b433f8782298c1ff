//! Codes by which debts are paid: any text may stand where a Pix code or a boleto is expected.

use jiff::civil::date;

use crate::dunning::boleto::Boleto;
use crate::dunning::money::Amount;
use crate::dunning::pix::Pix;

pub(super) fn check(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let due = date(2026, 11, 24);
    if let Ok(pix) = Pix::parse(&text) {
        assert_eq!(Pix::parse(pix.text()).as_ref(), Ok(&pix), "a code is another one once it is written");
        pix.mismatch(Amount::default());
    }
    if let Ok(boleto) = Boleto::parse(&text) {
        let again = Boleto::parse(boleto.line());
        assert_eq!(again.as_ref(), Ok(&boleto), "a line is another one once it is written");
        boleto.mismatches(boleto.amount().unwrap_or_default(), due);
        for near in [jiff::civil::Date::MIN, due, jiff::civil::Date::MAX] {
            boleto.due(near);
        }
    }
}
