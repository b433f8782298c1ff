//! The words of the pages in three languages.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Language {
    Portuguese,
    Spanish,
    English,
}

type Catalogue = HashMap<String, String>;

static PORTUGUESE: LazyLock<Catalogue> = LazyLock::new(|| read(include_str!("words/pt-BR.toml")));
static SPANISH: LazyLock<Catalogue> = LazyLock::new(|| read(include_str!("words/es.toml")));
static ENGLISH: LazyLock<Catalogue> = LazyLock::new(|| read(include_str!("words/en.toml")));

/// Keys are dotted: those of a table begin with its name.
fn read(text: &str) -> Catalogue {
    let document: toml::Table = text.parse().expect("the words are written correctly: a test reads them");
    let mut words = Catalogue::new();
    gather(&document, "", &mut words);
    words
}

fn gather(table: &toml::Table, prefix: &str, words: &mut Catalogue) {
    for (key, value) in table {
        let key = format!("{prefix}{key}");
        if let Some(inner) = value.as_table() {
            gather(inner, &format!("{key}."), words);
        } else {
            words.insert(key, value.as_str().unwrap_or_default().to_owned());
        }
    }
}

impl Language {
    pub(super) const ALL: [Self; 3] = [Self::Portuguese, Self::Spanish, Self::English];

    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Portuguese => "pt-BR",
            Self::Spanish => "es",
            Self::English => "en",
        }
    }

    /// Its own name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Portuguese => "Português",
            Self::Spanish => "Español",
            Self::English => "English",
        }
    }

    pub(super) fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// The first that a browser wants and that there is (RFC 9110, 12.5.4); Portuguese otherwise. Weights are in falling order as
    /// browsers write them.
    pub(super) fn wanted(header: &str) -> Self {
        let mut tags = header.split(',').filter_map(|range| range.split(';').next()?.trim().split('-').next());
        let known = |tag: &str| {
            Self::ALL
                .into_iter()
                .find(|language| language.code().split('-').next().is_some_and(|own| own.eq_ignore_ascii_case(tag)))
        };
        tags.find_map(known).unwrap_or(Self::Portuguese)
    }

    /// The words of a key; the key itself where there are none, which a test sees.
    pub(super) fn word(self, key: &str) -> String {
        self.known(key).map_or_else(|| key.to_owned(), str::to_owned)
    }

    /// The words of a group, by the names in it.
    pub(super) fn group(self, group: &str) -> BTreeMap<&'static str, &'static str> {
        let own = |(key, words): (&'static String, &'static String)| {
            Some((key.strip_prefix(group)?.strip_prefix('.')?, words.as_str()))
        };
        self.catalogue().iter().filter_map(own).collect()
    }

    /// The words of a key, if there are any.
    pub(super) fn known(self, key: &str) -> Option<&'static str> {
        self.catalogue().get(key).map(String::as_str)
    }

    fn catalogue(self) -> &'static Catalogue {
        match self {
            Self::Portuguese => &PORTUGUESE,
            Self::Spanish => &SPANISH,
            Self::English => &ENGLISH,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_language_has_all_words() {
        let keys = |catalogue: &'static Catalogue| catalogue.keys().collect::<BTreeSet<_>>();
        let all = keys(&ENGLISH);
        for (language, catalogue) in [("pt-BR", keys(&PORTUGUESE)), ("es", keys(&SPANISH))] {
            let missing: Vec<_> = all.symmetric_difference(&catalogue).collect();
            assert!(missing.is_empty(), "{language} and en differ in {missing:?}");
        }
        assert!(Language::ALL.iter().all(|language| !language.word("app.name").is_empty()));
    }

    #[test]
    fn every_word_of_a_page_is_in_the_catalogue_and_every_word_of_it_is_used() {
        let pages = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web");
        let mut texts = String::new();
        for folder in ["html", "pages", "assets", "."] {
            for entry in std::fs::read_dir(pages.join(folder)).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() {
                    texts.push_str(&std::fs::read_to_string(path).unwrap());
                }
            }
        }
        let asked = regex::Regex::new(r#"\.(?:t|word|said)\("([a-z0-9_.]+)"[,)]"#).unwrap();
        for found in asked.captures_iter(&texts) {
            assert!(ENGLISH.contains_key(&found[1]), "no words for {}", &found[1]);
        }
        // A key that is put together is asked for by what it begins with.
        let begun = regex::Regex::new(r#"(?:tt|named|told)\("([a-z0-9_.]+)""#).unwrap();
        let mut beginnings: Vec<String> = begun.captures_iter(&texts).map(|found| format!("{}.", &found[1])).collect();
        // Those of operands are put together from their names.
        beginnings.push("operand_".to_owned());
        let whole: BTreeSet<&str> =
            asked.captures_iter(&texts).filter_map(|found| Some(found.get(1)?.as_str())).collect();
        let idle: Vec<_> = ENGLISH
            .keys()
            .filter(|key| !whole.contains(key.as_str()) && !beginnings.iter().any(|begun| key.starts_with(begun)))
            .collect();
        assert!(idle.is_empty(), "nobody asks for {idle:?}");
    }

    #[test]
    fn a_browser_gets_the_first_language_that_there_is() {
        for (header, expected) in [
            ("pt-BR,pt;q=0.9,en;q=0.8", Language::Portuguese),
            ("es-MX,es;q=0.9", Language::Spanish),
            ("de-DE,de;q=0.9,en-US;q=0.8", Language::English),
            ("ja", Language::Portuguese),
            ("", Language::Portuguese),
        ] {
            assert_eq!(Language::wanted(header), expected, "{header}");
        }
    }
}
