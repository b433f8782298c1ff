//! Findings of the API in the language of the page: by their code and what they are about; in the words of the API where nobody
//! has put a code into others.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::frame::Frame;

/// Something that is wrong or doubtful.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Finding {
    /// `error` or `warning`, where there are both.
    #[serde(default)]
    pub(super) severity: String,
    code: String,
    #[serde(default)]
    operands: BTreeMap<String, String>,
    pub(super) detail: String,
}

impl Frame {
    /// Says a finding of a group.
    pub(super) fn told(&self, group: &str, finding: &Finding) -> String {
        // Of what has many kinds under one code, one operand says which.
        let kind = finding.operands.get("problem").unwrap_or(&finding.code);
        let Some(words) = self.language.known(&format!("{group}.{kind}")) else { return finding.detail.clone() };
        let mut said = words.to_owned();
        for (name, value) in &finding.operands {
            said = said.replace(&format!("{{{name}}}"), &self.operand(name, value));
        }
        said
    }

    /// A value as people read it.
    fn operand(&self, name: &str, value: &str) -> String {
        match name {
            "condition" | "on" | "number" => self.tt(&format!("operand_{name}"), value),
            "stated" | "owed" | "rows" | "parts" | "over" | "per_day" => self.number(value),
            _ if name.ends_with("_time") => self.time(value),
            _ if name.ends_with("_day") => self.day(value),
            _ => value.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use axum::http::HeaderMap;
    use axum::http::header::ACCEPT_LANGUAGE;
    use serde_json::json;

    use super::super::words::Language;
    use super::*;
    use crate::dunning::import::{Doubt as RowDoubt, Wrong};
    use crate::dunning::template::{Fault, Finding as TemplateFinding, Must, Problem};
    use crate::dunning::{campaign, ladder};
    use crate::sms::number::NumberError;
    use crate::store::ladder::NoText;

    /// What a group says in all languages, and what it could.
    fn check(group: &str, codes: &[&str]) {
        for language in Language::ALL {
            let said: BTreeSet<&str> = language.group(group).into_keys().collect();
            let codes: BTreeSet<&str> = codes.iter().copied().collect();
            assert_eq!(said, codes, "{group} in {}", language.code());
        }
    }

    #[test]
    fn every_code_has_words_in_every_language_and_no_other_has() {
        check("finding_ladder", &[&ladder::Finding::CODES[..], &ladder::DOUBTS].concat());
        let faults = Fault::CODES.into_iter().filter(|code| *code != "fault").collect::<Vec<_>>();
        let duties = Must::ALL.map(Must::name);
        check("finding_template", &[&TemplateFinding::CODES[..], &faults, &Problem::CODES, &duties].concat());
        check("finding_row", &[&Wrong::CODES[..], &RowDoubt::CODES, &NumberError::CODES].concat());
        check("finding_letter", &NoText::CODES);
        check("finding_campaign", &[&campaign::WARNINGS[..], &campaign::OBSTACLES].concat());
    }

    #[test]
    fn every_problem_of_the_api_has_a_title_in_every_language() {
        let types = include_str!("../http/problem.rs").split("urn:recado:problem:").skip(1);
        let names: BTreeSet<&str> =
            types.filter_map(|rest| rest.split('"').next()).filter(|name| !name.starts_with('N')).collect();
        assert!(names.len() >= 18, "{names:?}");
        check("problem", &names.into_iter().collect::<Vec<_>>());
    }

    fn told(language: &str, group: &str, finding: serde_json::Value) -> String {
        let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, language.parse().unwrap())]);
        let frame = Frame::new(&headers, "/".to_owned(), None);
        frame.told(group, &serde_json::from_value(finding).unwrap())
    }

    #[test]
    fn a_finding_is_said_with_what_it_is_about_and_an_unknown_one_in_the_words_of_the_api() {
        let shadowed = json!({ "code": "shadowed", "operands": { "step": "d3", "by": "d3-b" }, "detail": "…" });
        assert_eq!(
            told("pt-BR", "finding_ladder", shadowed),
            "O passo d3 nunca sai: o d3-b sai no lugar dele, para todas as dívidas."
        );
        let fault =
            json!({ "code": "fault", "operands": { "problem": "unknown_filter", "name": "mony" }, "detail": "…" });
        assert_eq!(told("es", "finding_template", fault), "No existe el filtro «mony».");
        let amount = json!({ "code": "paper_due", "operands": { "paper": "boleto", "stated_day": "2026-11-30", "due_day": "2026-12-01" }, "detail": "…" });
        assert_eq!(told("en", "finding_row", amount), "The boleto is due on 2026-11-30, the debt on 2026-12-01.");
        let unknown = json!({ "code": "new", "detail": "something of a later release" });
        assert_eq!(told("pt-BR", "finding_ladder", unknown), "something of a later release");
    }
}
