//! What is not said of a debtor or a debt that is told of again: it stays as it is stored.
//!
//! A file has no column for it, or a caller who asks for that leaves it out. What is said to be nothing is said: that takes
//! away what was stored.

use super::debt::Debt;
use super::debtor::Debtor;

/// Something that may be left unsaid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The debtor's name.
    Name,
    /// The debtor's identity document.
    Document,
    /// What the debtor is written in.
    Language,
    /// What kind of customer it is.
    Kind,
    /// Customer since.
    Since,
    /// Words about the debtor.
    DebtorTags,
    /// The debtor's numbers.
    Numbers,
    /// What the amounts of the debt are in.
    Currency,
    /// What it was at first.
    Original,
    /// Which instalment it is.
    Instalment,
    /// The contract.
    Contract,
    /// What was bought.
    Product,
    /// On which terms.
    Terms,
    /// The digitable line.
    Boleto,
    /// The Pix code.
    Pix,
    /// Where it can be paid or looked at.
    Link,
    /// What opens the link.
    AccessCode,
    /// The ladder that it goes by.
    Ladder,
    /// Words about the debt.
    Tags,
}

impl Part {
    /// What of a debtor may be left unsaid, with its name in the API.
    pub const OF_DEBTOR: [(Self, &str); 7] = [
        (Self::Name, "name"),
        (Self::Document, "document"),
        (Self::Language, "language"),
        (Self::Kind, "kind"),
        (Self::Since, "since"),
        (Self::DebtorTags, "tags"),
        (Self::Numbers, "numbers"),
    ];

    /// The same of a debt.
    pub const OF_DEBT: [(Self, &str); 12] = [
        (Self::Currency, "currency"),
        (Self::Original, "original_amount"),
        (Self::Instalment, "instalment"),
        (Self::Contract, "contract"),
        (Self::Product, "product"),
        (Self::Terms, "terms"),
        (Self::Boleto, "boleto"),
        (Self::Pix, "pix"),
        (Self::Link, "link"),
        (Self::AccessCode, "access_code"),
        (Self::Ladder, "ladder"),
        (Self::Tags, "tags"),
    ];
}

/// What nothing is said of; everything is said, unless something is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unsaid(u32);

impl FromIterator<Part> for Unsaid {
    fn from_iter<I: IntoIterator<Item = Part>>(parts: I) -> Self {
        Self(parts.into_iter().fold(0, |all, part| all | Self::bit(part)))
    }
}

impl Unsaid {
    fn bit(part: Part) -> u32 {
        1 << part as u32
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether nothing is said of this.
    pub fn has(self, part: Part) -> bool {
        self.0 & Self::bit(part) != 0
    }

    /// Gives a debtor what is known where nothing is said.
    pub fn complete_debtor(self, debtor: &mut Debtor, known: &Debtor) {
        let Debtor { id: _, name, document, language, kind, since, tags, numbers } = debtor;
        self.keep(Part::Name, name, &known.name);
        self.keep(Part::Document, document, &known.document);
        self.keep(Part::Language, language, &known.language);
        self.keep(Part::Kind, kind, &known.kind);
        self.keep(Part::Since, since, &known.since);
        self.keep(Part::DebtorTags, tags, &known.tags);
        self.keep(Part::Numbers, numbers, &known.numbers);
    }

    /// The same for a debt. What was owed in another currency says nothing of this one.
    pub fn complete_debt(self, debt: &mut Debt, known: &Debt) {
        self.keep(Part::Currency, &mut debt.currency, &known.currency);
        if debt.currency == known.currency {
            self.keep(Part::Original, &mut debt.original, &known.original);
        }
        self.keep(Part::Instalment, &mut debt.instalment, &known.instalment);
        self.keep(Part::Contract, &mut debt.contract, &known.contract);
        self.keep(Part::Product, &mut debt.product, &known.product);
        self.keep(Part::Terms, &mut debt.terms, &known.terms);
        self.keep(Part::Boleto, &mut debt.boleto, &known.boleto);
        self.keep(Part::Pix, &mut debt.pix, &known.pix);
        self.keep(Part::Link, &mut debt.link, &known.link);
        self.keep(Part::AccessCode, &mut debt.access_code, &known.access_code);
        self.keep(Part::Ladder, &mut debt.ladder, &known.ladder);
        self.keep(Part::Tags, &mut debt.tags, &known.tags);
    }

    fn keep<T: Clone>(self, part: Part, said: &mut T, known: &T) {
        if self.has(part) {
            said.clone_from(known);
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::dunning::money::Currency;
    use crate::dunning::sample;

    #[test]
    fn each_part_is_kept_for_itself() {
        let all = || Part::OF_DEBTOR.into_iter().chain(Part::OF_DEBT).map(|(part, _)| part);
        for part in all() {
            let unsaid = Unsaid::from_iter([part]);
            assert_eq!(all().filter(|other| unsaid.has(*other)).collect::<Vec<_>>(), [part]);
        }
        assert!(!all().any(|part| Unsaid::default().has(part)));
    }

    #[test]
    fn what_was_owed_at_first_stays_in_its_currency_alone() {
        let known = sample::debt("d1", "ana", date(2026, 11, 10));
        let told = Debt { original: "120.00".parse().unwrap(), amount: "120.00".parse().unwrap(), ..known.clone() };
        let original = |told: &Debt, parts: &[Part]| {
            let mut told = told.clone();
            parts.iter().copied().collect::<Unsaid>().complete_debt(&mut told, &known);
            told.original.to_string()
        };
        assert_eq!(original(&told, &[Part::Original]), "100.00");
        assert_eq!(original(&told, &[]), "120.00");
        let in_dollars = Debt { currency: Currency::Usd, ..told };
        assert_eq!(original(&in_dollars, &[Part::Original]), "120.00");
        assert_eq!(original(&in_dollars, &[Part::Original, Part::Currency]), "100.00");
    }
}
