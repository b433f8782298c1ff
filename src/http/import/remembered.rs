//! How files of a creditor were read last, so that nobody has to say it again.

use serde_json::{Map, Value, json};

use csv::ByteRecord;

use crate::dunning::import::{Dates, Decimals, Doubt, Field, Finding, Warning, has_heading};

/// What holds for files of a creditor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Remembered {
    pub(crate) mapping: Vec<(Field, String)>,
    pub(crate) decimals: Option<Decimals>,
    pub(crate) dates: Option<Dates>,
}

impl Remembered {
    /// From the API's object.
    pub(crate) fn read(document: &Value) -> Self {
        let columns = document.get("columns").and_then(Value::as_object);
        let headings = |(name, headings): (&String, &Value)| {
            let field = Field::from_name(name)?;
            let headings = headings.as_array()?.iter().filter_map(Value::as_str);
            Some(headings.map(|heading| (field, heading.to_owned())).collect::<Vec<_>>())
        };
        let word = |name| document.get(name).and_then(Value::as_str);
        Self {
            mapping: columns.into_iter().flatten().filter_map(headings).flatten().collect(),
            decimals: word("decimals").and_then(Decimals::from_name),
            dates: word("dates").and_then(Dates::from_name),
        }
    }

    /// What holds when something else is said now: of a field that is named, only that.
    pub(crate) fn overruled(
        &self,
        mapping: &[(Field, String)],
        decimals: Option<Decimals>,
        dates: Option<Dates>,
    ) -> Self {
        let is_said = |field: &Field| mapping.iter().any(|(said, _)| said == field);
        let kept = self.mapping.iter().filter(|(field, _)| !is_said(field));
        Self {
            mapping: kept.chain(mapping).cloned().collect(),
            decimals: decimals.or(self.decimals),
            dates: dates.or(self.dates),
        }
    }

    /// How a file with this line of headings is read where `said` is said of it now. Files of one creditor may have two
    /// forms: what was said last of headings that this one does not have is passed over, and that is told.
    pub(crate) fn reading(&self, said: &Self, line: &ByteRecord) -> (Self, Vec<Warning>) {
        let known = self.overruled(&said.mapping, said.decimals, said.dates);
        let fits =
            |one: &(Field, String)| said.mapping.contains(one) || one.1.trim().is_empty() || has_heading(line, &one.1);
        let (mapping, missing): (Vec<_>, Vec<_>) = known.mapping.into_iter().partition(fits);
        let warning = |(field, heading)| Finding {
            line: 1,
            column: Some(heading),
            cell: String::new(),
            what: Doubt::NoHeading(field),
        };
        (Self { mapping, ..known }, missing.into_iter().map(warning).collect())
    }

    /// As the API takes it.
    pub(crate) fn json(&self) -> Value {
        let mut columns = Map::new();
        for (field, heading) in &self.mapping {
            let headings = columns.entry(field.name()).or_insert_with(|| json!([]));
            if let Some(headings) = headings.as_array_mut() {
                headings.push(json!(heading));
            }
        }
        json!({
            "columns": columns,
            "decimals": self.decimals.map(Decimals::name),
            "dates": self.dates.and_then(Dates::name),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remembered() -> Remembered {
        let mapping = [(Field::Due, "Vencto"), (Field::Phone, "Fone"), (Field::Phone, "Fax"), (Field::Status, "")];
        Remembered {
            mapping: mapping.map(|(field, heading)| (field, heading.to_owned())).to_vec(),
            decimals: Some(Decimals::Comma),
            dates: None,
        }
    }

    #[test]
    fn what_was_said_comes_back() {
        let json = remembered().json();
        assert_eq!(json["columns"], json!({ "due": ["Vencto"], "phone": ["Fone", "Fax"], "status": [""] }));
        assert_eq!(Remembered::read(&json), remembered());
        assert_eq!(Remembered::read(&json!({ "columns": {}, "decimals": null, "dates": null })), Remembered::default());
    }

    #[test]
    fn what_a_file_does_not_have_is_passed_over() {
        let line = ByteRecord::from(vec!["CPF", "Fone", "vencto"]);
        let (reading, warnings) = remembered().reading(&Remembered::default(), &line);
        let fields: Vec<_> = reading.mapping.iter().map(|(field, heading)| (*field, heading.as_str())).collect();
        assert_eq!(fields, [(Field::Due, "Vencto"), (Field::Phone, "Fone"), (Field::Status, "")]);
        assert_eq!(reading.decimals, Some(Decimals::Comma));
        let told: Vec<_> = warnings.iter().map(|one| (one.line, one.column.as_deref(), one.what)).collect();
        assert_eq!(told, [(1, Some("Fax"), Doubt::NoHeading(Field::Phone))]);
        // What is said now must be there: it is not passed over.
        let said = Remembered { mapping: vec![(Field::Phone, "Celular".to_owned())], ..Remembered::default() };
        let (reading, warnings) = remembered().reading(&said, &line);
        assert!(warnings.is_empty() && reading.mapping.contains(&said.mapping[0]));
    }

    #[test]
    fn what_is_said_now_goes_before() {
        let now = remembered().overruled(&[(Field::Phone, "Celular".to_owned())], None, Some(Dates::YearFirst));
        let phones: Vec<_> = now.mapping.iter().filter(|(field, _)| *field == Field::Phone).collect();
        assert_eq!(phones, [&(Field::Phone, "Celular".to_owned())]);
        assert_eq!((now.mapping.len(), now.decimals, now.dates), (3, Some(Decimals::Comma), Some(Dates::YearFirst)));
        assert_eq!(remembered().overruled(&[], None, None), remembered());
    }
}
