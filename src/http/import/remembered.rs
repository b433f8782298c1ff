//! How files of a creditor were read last, so that nobody has to say it again.

use serde_json::{Map, Value, json};

use crate::dunning::import::{Dates, Decimals, Field};

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

    /// What of it holds for a file with some headings: files of one creditor may have two forms.
    pub(crate) fn fitting(&self, has: impl Fn(&str) -> bool) -> Self {
        let fits = |(_, heading): &&(Field, String)| heading.is_empty() || has(heading);
        let mapping = self.mapping.iter().filter(fits).cloned().collect();
        Self { mapping, decimals: self.decimals, dates: self.dates }
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
        let fitting = remembered().fitting(|heading| heading != "Fax");
        let fields: Vec<_> = fitting.mapping.iter().map(|(field, heading)| (*field, heading.as_str())).collect();
        assert_eq!(fields, [(Field::Due, "Vencto"), (Field::Phone, "Fone"), (Field::Status, "")]);
        assert_eq!(fitting.decimals, Some(Decimals::Comma));
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
