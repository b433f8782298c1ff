//! The house: which part of the crate may know which, and what pure parts must not touch.
//!
//! The arrows are those of ARCHITECTURE.md. A new one is a design change: it is made there and here together.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test ends where something is not as it should be")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each part and the parts that it may use, besides itself. `clock` gives values to all; reading it is guarded by clippy.
const ARROWS: &[(&str, &[&str])] = &[
    ("pdu", &[]),
    ("clock", &[]),
    ("suggest", &[]),
    ("at", &["clock"]),
    ("sms", &["pdu", "clock"]),
    ("contact", &["sms", "clock"]),
    ("dunning", &["contact", "sms", "clock", "suggest"]),
    ("modem", &["at", "pdu", "sms", "clock"]),
    ("dispatch", &["contact", "sms", "clock"]),
    ("store", &["sms", "contact", "dunning", "dispatch", "modem", "pdu", "clock"]),
    ("config", &["sms", "contact", "dunning", "modem", "dispatch", "clock", "suggest"]),
    ("serial", &[]),
    ("telemetry", &[]),
    ("emulator", &["pdu", "clock"]),
    (
        "actor",
        &["at", "pdu", "sms", "contact", "dunning", "modem", "dispatch", "store", "serial", "telemetry", "clock"],
    ),
    (
        "http",
        &["pdu", "sms", "contact", "dunning", "dispatch", "modem", "store", "actor", "telemetry", "clock", "suggest"],
    ),
    // It asks the API as a browser would, and knows nothing behind it but the names of purposes, variables and conditions.
    ("web", &["http", "dunning", "sms"]),
];

/// What ties everything together may use everything.
const WIRING: &[&str] = &["daemon", "cli", "fuzz"];

/// Parts without IO, tasks, clocks or threads.
const PURE: &[&str] = &["pdu", "suggest", "at", "sms", "contact", "dunning", "modem", "dispatch"];

/// The emulator's model is pure as well; these are its edges.
const EMULATOR_EDGES: &[&str] = &["edge.rs", "pty.rs", "duplex.rs"];

const IMPURE: &[&str] = &[
    "tokio::",
    "std::fs",
    "std::net",
    "std::io",
    "std::thread",
    "std::process",
    "std::env",
    "rusqlite::",
    "Instant::now",
    "SystemTime",
    "Timestamp::now",
    "Zoned::now",
    "getrandom",
    "async fn",
    "async move",
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn rust_files(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_file() {
        if path.extension().is_some_and(|e| e == "rs") {
            files.push(path.to_owned());
        }
        return;
    }
    for entry in fs::read_dir(path).unwrap() {
        rust_files(&entry.unwrap().path(), files);
    }
}

/// The files of a part with what is not test code and not a comment.
fn code_of(part: &str) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for root in [source().join(part), source().join(format!("{part}.rs"))] {
        if root.exists() {
            rust_files(&root, &mut files);
        }
    }
    let test_modules: BTreeSet<String> = files.iter().flat_map(|file| test_modules(file)).collect();
    // The files of a folder of tests are tests too.
    let is_test = |file: &PathBuf| {
        let inside = file.strip_prefix(source()).unwrap().with_extension("");
        inside.iter().any(|name| test_modules.contains(name.to_str().unwrap()))
    };
    files.into_iter().filter(|file| !is_test(file)).map(|file| (file.clone(), code(&file))).collect()
}

/// Modules that a file declares for tests only.
fn test_modules(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let declared = lines.windows(2).filter(|pair| pair[0].trim() == "#[cfg(test)]");
    declared
        .filter_map(|pair| {
            Some(pair[1].trim().trim_start_matches("pub(crate) ").strip_prefix("mod ")?.strip_suffix(';')?.to_owned())
        })
        .collect()
}

fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let body = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = body.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Parts of the crate that the code names: `crate::x`, also inside braces and after renaming imports.
fn named(code: &str) -> BTreeSet<String> {
    let mut parts = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let names = match rest.strip_prefix('{') {
            Some(group) => group.split('}').next().unwrap().split(',').collect::<Vec<_>>(),
            None => vec![rest],
        };
        for name in names {
            let name: String = name.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            parts.insert(name);
        }
    }
    parts
}

#[test]
fn every_part_is_in_the_plan() {
    let known: BTreeSet<&str> = ARROWS.iter().map(|(part, _)| *part).chain(WIRING.iter().copied()).collect();
    for entry in fs::read_dir(source()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let known = known.contains(name.as_str()) || ["lib", "main"].contains(&name.as_str());
        assert!(known, "src/{name} is not in the plan of the house");
    }
}

#[test]
fn parts_know_only_what_they_may() {
    for (part, allowed) in ARROWS {
        for (file, code) in code_of(part) {
            for name in named(&code) {
                let is_part = ARROWS.iter().any(|(p, _)| *p == name) || WIRING.contains(&name.as_str());
                let may = name == *part || allowed.contains(&name.as_str()) || !is_part;
                assert!(may, "{} uses {name}, which {part} must not know", file.display());
            }
        }
    }
}

#[test]
fn pure_parts_touch_nothing() {
    let model = code_of("emulator").into_iter().filter(|(file, _)| {
        let name = file.file_name().unwrap().to_str().unwrap();
        !EMULATOR_EDGES.contains(&name)
    });
    let pure = PURE.iter().flat_map(|part| code_of(part));
    for (file, code) in pure.chain(model) {
        for word in IMPURE {
            assert!(!code.contains(word), "{} is pure and must not name {word}", file.display());
        }
    }
}

#[test]
fn the_checks_see_what_they_are_for() {
    assert_eq!(
        named("use crate::store::Store;\nuse crate::{at, sms::id};"),
        ["at", "sms", "store"].map(String::from).into()
    );
    assert!(code_of("pdu").len() > 5);
    assert!(code_of("clock").iter().any(|(_, code)| code.contains("SystemTime")));
}

/// Names of the tests of the crate.
fn tests() -> BTreeSet<String> {
    let mut files = Vec::new();
    for root in ["src", "tests"] {
        rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(root), &mut files);
    }
    let mut names = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            if line == "#[test]" || line.starts_with("#[tokio::test") {
                is_test = true;
            } else if let Some(rest) = line.trim_start_matches("async ").strip_prefix("fn ") {
                if is_test {
                    names.insert(rest.split(['(', '<']).next().unwrap().to_owned());
                }
                is_test = false;
            }
        }
    }
    names
}

/// What is said to be defended is proved by tests that are there.
#[test]
fn every_threat_names_a_test_that_exists() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/threats.md")).unwrap();
    let (defended, open) = page.split_once("## What is not defended").expect("the page says what is not defended");
    assert!(open.lines().filter(|line| line.starts_with("- **")).count() > 5);
    let tests = tests();
    let is_row = |line: &&str| line.starts_with("| ") && !line.starts_with("| what they try");
    let rows: Vec<&str> = defended.lines().filter(is_row).collect();
    assert!(rows.len() > 30, "{} rows", rows.len());
    for row in rows {
        let proof = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let named: Vec<&str> = proof.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "no test is named: {row}");
        for name in named {
            assert!(tests.contains(name), "there is no test {name}: {row}");
        }
    }
}
