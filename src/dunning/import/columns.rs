//! Which column is what: by what the caller says, else by what the headings say.

use std::collections::BTreeMap;

use crate::suggest::closest;

use super::field::{Field, fold};

/// Characters of a heading that are compared and shown.
const HEADING_CHARS: usize = 60;

/// Why a file cannot be read by its headings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeadingError {
    /// There are no octets, or only empty cells.
    #[error("there are no headings in the first line")]
    Empty,
    /// Octets of UTF-16.
    #[error("the file is in UTF-16; save it as CSV in UTF-8")]
    Utf16,
    /// There is no such heading.
    #[error("no heading `{heading}` for {}{}", .field.name(), hint(.near.as_deref()))]
    NoSuchHeading {
        /// What it was to be.
        field: Field,
        /// As the caller wrote it.
        heading: String,
        /// What may have been meant.
        near: Option<String>,
    },
    /// Two columns may be the same.
    #[error("`{first}` and `{second}` may both be {name}; map {name} to one of them", name = .field.name())]
    Twice {
        /// What they may be.
        field: Field,
        /// The one.
        first: String,
        /// The other.
        second: String,
    },
    /// No column is what every row needs.
    #[error("no column is {name}; map {name} to a heading", name = .0.name())]
    Missing(Field),
    /// Nothing tells one debt from another.
    #[error("no column is the id of the debt; map debt to a heading, or contract and instalment to two")]
    NoDebtId,
    /// Nothing tells one debtor from another.
    #[error("no column is the id of the debtor; map debtor to a heading, or document")]
    NoDebtorId,
    /// Nothing tells to whom it is owed.
    #[error("no column is the creditor; name the creditor, or map creditor to a heading")]
    NoCreditor,
}

fn hint(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

/// The columns of a file.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    headings: Vec<String>,
    /// One place each, but for numbers and what belongs to them.
    places: BTreeMap<Field, usize>,
    phones: Vec<usize>,
    areas: Vec<usize>,
    confirmations: Vec<usize>,
}

impl Columns {
    /// Finds out what the columns are. `mapping` says it for fields that the headings do not; a field that is mapped to
    /// nothing is not read.
    pub(super) fn read(
        headings: Vec<String>,
        mapping: &[(Field, String)],
        has_creditor: bool,
    ) -> Result<Self, Vec<HeadingError>> {
        let (columns, errors) = Self::outline(headings, mapping, has_creditor);
        if errors.is_empty() { Ok(columns) } else { Err(errors) }
    }

    /// The same, as far as it can be found out, and what keeps a file from being read like that.
    pub(super) fn outline(
        headings: Vec<String>,
        mapping: &[(Field, String)],
        has_creditor: bool,
    ) -> (Self, Vec<HeadingError>) {
        let mut columns = Self {
            headings,
            places: BTreeMap::new(),
            phones: Vec::new(),
            areas: Vec::new(),
            confirmations: Vec::new(),
        };
        if columns.headings.iter().any(|heading| heading.contains('\0')) {
            return (columns, vec![HeadingError::Utf16]);
        }
        if columns.headings.iter().all(|heading| fold(heading).is_empty()) {
            return (columns, vec![HeadingError::Empty]);
        }
        let mut errors = Vec::new();
        let mut mapped = vec![false; columns.headings.len()];
        for (field, heading) in mapping.iter().filter(|(_, heading)| !heading.trim().is_empty()) {
            match columns.place_of(*field, heading) {
                Ok(place) => {
                    if let Some(mapped) = mapped.get_mut(place) {
                        *mapped = true;
                    }
                    errors.extend(columns.put(*field, place));
                }
                Err(error) => errors.push(error),
            }
        }
        for (place, is_mapped) in mapped.into_iter().enumerate() {
            let seems = columns.headings.get(place).and_then(|heading| Field::of_heading(heading));
            let free = seems.filter(|seems| !is_mapped && !mapping.iter().any(|(field, _)| field == seems));
            errors.extend(free.and_then(|field| columns.put(field, place)));
        }
        // Of a field whose heading is not there it is said already.
        let is_said =
            |missing: &HeadingError| mapping.iter().any(|(field, _)| *missing == HeadingError::Missing(*field));
        let missing = columns.missing(has_creditor).filter(|missing| errors.is_empty() || !is_said(missing));
        errors.extend(missing.collect::<Vec<_>>());
        (columns, errors)
    }

    /// The column that the caller means by a heading.
    fn place_of(&self, field: Field, heading: &str) -> Result<usize, HeadingError> {
        let folded = fold(heading);
        let exact = self.headings.iter().position(|one| one == heading.trim());
        exact.or_else(|| self.headings.iter().position(|one| fold(one) == folded)).ok_or_else(|| {
            let shown: String = heading.chars().take(HEADING_CHARS).collect();
            let known = self.headings.iter().filter(|one| one.chars().nth(HEADING_CHARS).is_none());
            let near = closest(&shown, known.map(String::as_str));
            HeadingError::NoSuchHeading { field, heading: shown, near }
        })
    }

    fn put(&mut self, field: Field, place: usize) -> Option<HeadingError> {
        let mut several = [
            (Field::Phone, &mut self.phones),
            (Field::Area, &mut self.areas),
            (Field::Confirmed, &mut self.confirmations),
        ];
        if let Some((_, places)) = several.iter_mut().find(|(one, _)| *one == field) {
            places.push(place);
            return None;
        }
        let before = self.places.insert(field, place)?;
        let heading = |place| self.heading(place).to_owned();
        Some(HeadingError::Twice { field, first: heading(before), second: heading(place) })
    }

    /// What no row can do without.
    fn missing(&self, has_creditor: bool) -> impl Iterator<Item = HeadingError> {
        let has = |field| self.places.contains_key(&field);
        let has_debt_id = has(Field::Debt) || (has(Field::Contract) && has(Field::Instalment));
        [
            (has(Field::Debtor) || has(Field::Document), HeadingError::NoDebtorId),
            (has_debt_id, HeadingError::NoDebtId),
            (has(Field::Creditor) || has_creditor, HeadingError::NoCreditor),
            (has(Field::Amount) || has(Field::Original), HeadingError::Missing(Field::Amount)),
            (has(Field::Due), HeadingError::Missing(Field::Due)),
        ]
        .into_iter()
        .filter_map(|(is_there, error)| (!is_there).then_some(error))
    }

    pub(super) fn place(&self, field: Field) -> Option<usize> {
        self.places.get(&field).copied()
    }

    /// The columns of numbers, in their order.
    pub(super) fn phones(&self) -> &[usize] {
        &self.phones
    }

    /// The column of the area code of a column of numbers, by its place among those: its own, or the only one.
    pub(super) fn area_of(&self, phone: usize) -> Option<usize> {
        match self.areas.as_slice() {
            [only] => Some(*only),
            several => several.get(phone).copied(),
        }
    }

    /// The column that says whether the number of a column of numbers is confirmed: the first belongs to the first. One alone
    /// says nothing of further numbers, since what is confirmed is told what is owed.
    pub(super) fn confirmation_of(&self, phone: usize) -> Option<usize> {
        self.confirmations.get(phone).copied()
    }

    pub(super) fn heading(&self, place: usize) -> &str {
        self.headings.get(place).map_or("", String::as_str)
    }

    pub(super) fn count(&self) -> usize {
        self.headings.len()
    }

    /// What each column is; `None` for those that are not read.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, Option<Field>)> {
        let field = |place: usize| {
            let one = self.places.iter().find(|(_, at)| **at == place).map(|(field, _)| *field);
            let several =
                [(Field::Phone, &self.phones), (Field::Area, &self.areas), (Field::Confirmed, &self.confirmations)];
            one.or_else(|| several.into_iter().find(|(_, at)| at.contains(&place)).map(|(field, _)| field))
        };
        self.headings.iter().enumerate().map(move |(place, heading)| (heading.as_str(), field(place)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(headings: &str, mapping: &[(Field, &str)]) -> Result<Columns, Vec<HeadingError>> {
        let mapping: Vec<_> = mapping.iter().map(|(field, heading)| (*field, (*heading).to_owned())).collect();
        Columns::read(headings.split(';').map(str::to_owned).collect(), &mapping, true)
    }

    /// The names of the columns' fields, a dash for one that is not read; or what is wrong.
    #[track_caller]
    fn check(headings: &str, mapping: &[(Field, &str)], expected: Result<&str, &[&str]>) {
        let read = columns(headings, mapping);
        let names = |columns: Columns| {
            let names: Vec<_> = columns.all().map(|(_, field)| field.map_or("-", Field::name)).collect();
            names.join(" ")
        };
        let read = read.map(names).map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>());
        let expected = expected.map(str::to_owned).map_err(|all| all.iter().map(ToString::to_string).collect());
        assert_eq!(read, expected, "{headings}");
    }

    #[test]
    fn headings_tell_what_columns_are() {
        check(
            "CPF;Nome;Telefone 1;Telefone 2;Contrato;Parcela;Valor;Vencimento;Loja",
            &[],
            Ok("document name phone phone contract instalment amount due -"),
        );
    }

    #[test]
    fn the_caller_knows_better() {
        let all = "cpf;divida;valor;valor atualizado;vencimento;obs";
        check(all, &[], Err(&["`valor` and `valor atualizado` may both be amount; map amount to one of them"]));
        check(all, &[(Field::Amount, "Valor Atualizado")], Ok("document debt - amount due -"));
        check(
            all,
            &[(Field::Original, "valor"), (Field::Amount, "valor atualizado"), (Field::Product, "obs")],
            Ok("document debt original_amount amount due product"),
        );
        check(
            "cpf;contrato;situacao;valor;vencimento",
            &[(Field::Debt, "contrato"), (Field::Status, "")],
            Ok("document debt - amount due"),
        );
        check(
            "id;divida;valor;venc;a;b",
            &[(Field::Debtor, "id"), (Field::Due, "venc"), (Field::Phone, "b"), (Field::Phone, "a")],
            Ok("debtor debt amount due phone phone"),
        );
    }

    #[test]
    fn all_that_is_missing_is_told_at_once() {
        let missing = [
            "no heading `telefon` for phone; did you mean `telefone`?",
            "no column is the id of the debtor; map debtor to a heading, or document",
            "no column is the id of the debt; map debt to a heading, or contract and instalment to two",
            "no column is amount; map amount to a heading",
            "no column is due; map due to a heading",
        ];
        check("nome;telefone;contrato", &[(Field::Phone, "telefon")], Err(&missing));
        let no_creditor = Columns::read(["cpf", "debt", "due", "amount"].map(str::to_owned).to_vec(), &[], false);
        assert_eq!(no_creditor.unwrap_err(), [HeadingError::NoCreditor]);
    }

    #[test]
    fn a_file_without_headings_is_told() {
        check("", &[], Err(&["there are no headings in the first line"]));
        check(";;", &[], Err(&["there are no headings in the first line"]));
        check("\0c\0p\0f", &[], Err(&["the file is in UTF-16; save it as CSV in UTF-8"]));
    }
}
