//! One file of rules by itself, beside the places that come with the program: what is wrong with it, without the others being
//! read again. A whole book has thousands of lines; whoever tries many texts has no time for them.

use std::path::Path;
use std::sync::OnceLock;

use super::super::environment::Environment;
use super::super::finding::Finding;
use super::super::replies;
use super::super::section::{Reading, Section};
use super::{Atlas, BUILT_IN, KnownPlaces, Sources, areas, contact, countries, holidays, wording, zones};

/// What is wrong with a text in the place of one of the files that come with the program.
pub(crate) fn findings_of(file: usize, text: &str) -> Vec<Finding> {
    let Some((name, _)) = BUILT_IN.get(file % BUILT_IN.len()) else { return Vec::new() };
    let (path, mut gathered) = (Path::new("built-in").join(name), Vec::new());
    let known = KnownPlaces { atlas: atlas(), is_whole: true };
    match *name {
        "countries.toml" => toml(&path, text, |root| drop(countries::read(root, zones(), &mut gathered))),
        "contact.toml" => toml(&path, text, |root| drop(contact::read(root, &known, &mut gathered))),
        "holidays.toml" => toml(&path, text, |root| drop(holidays::read(root, &known, &mut gathered))),
        "wording.toml" => toml(&path, text, |root| drop(wording::read(root, &mut gathered))),
        "replies.toml" => replies::read(&path, text).err().unwrap_or_default(),
        // What is left are the areas of countries.
        _ => areas::read(&path, text, zones()).1,
    }
}

fn toml(path: &Path, text: &str, read: impl FnOnce(&mut Section<'_, '_>)) -> Vec<Finding> {
    let environment = Environment::default();
    let mut reading = Reading::new(path, text, &environment);
    if let Some(table) = reading.parse() {
        let mut root = Section::root(&mut reading, &table);
        read(&mut root);
        root.finish();
    }
    reading.findings
}

/// The places that come with the program, read once.
fn atlas() -> &'static Atlas {
    static ATLAS: OnceLock<Atlas> = OnceLock::new();
    ATLAS.get_or_init(|| {
        let mut sources = Sources::new(None);
        let mut countries =
            sources.toml("countries.toml", |root| countries::read(root, zones(), &mut Vec::new())).unwrap_or_default();
        for (country, territory) in &mut countries {
            if let Some(source) = sources.take(&areas::file_of(*country)) {
                territory.areas = areas::read(&source.path, &source.text, zones()).0;
            }
        }
        Atlas::new(crate::sms::number::Country::BRAZIL, countries, zones().values().cloned().collect())
    })
}
