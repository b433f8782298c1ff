//! The documents: what they name exists, what they quote is what it is, and what they list is all that there is.
//!
//! `UPDATE_DOCS=1 cargo test --test docs` writes what is quoted anew; look at the difference.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| unreadable(path, &error))
}

#[expect(clippy::panic, reason = "a test ends where something is not as it should be")]
fn unreadable(path: &str, error: &std::io::Error) -> String {
    panic!("{path}: {error}")
}

/// Every file of the repository, as git knows them, and those that are new.
fn files() -> Vec<String> {
    let listed = ["ls-files", "--cached", "--others", "--exclude-standard"];
    let listed = Command::new("git").args(listed).current_dir(root()).output().unwrap();
    assert!(listed.status.success(), "git lists the files");
    let names = String::from_utf8(listed.stdout).unwrap();
    let mut names: Vec<String> =
        names.lines().filter(|name| root().join(name).exists()).map(ToOwned::to_owned).collect();
    names.sort();
    names
}

fn documents() -> Vec<String> {
    files().into_iter().filter(|name| Path::new(name).extension().is_some_and(|end| end == "md")).collect()
}

/// The lines of a document that are no code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// The anchors of the headings of a document, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter(|line| line.starts_with('#'));
    headings
        .map(|heading| {
            let words = heading.trim_start_matches('#').trim().to_lowercase();
            let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

/// Where the links of a document lead.
fn links(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    for line in prose(text) {
        for (at, _) in line.match_indices("](") {
            let target = &line[at + 2..];
            links.push(target[..target.find(')').unwrap_or(target.len())].to_owned());
        }
    }
    links
}

#[test]
fn links_lead_somewhere() {
    let documents = documents();
    assert!(documents.len() > 8, "{documents:?}");
    for document in &documents {
        let text = read(document);
        for link in links(&text).iter().filter(|link| !link.contains("://") && !link.starts_with("mailto:")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let folder = root().join(document);
            let target = if path.is_empty() { folder } else { folder.parent().unwrap().join(path) };
            assert!(target.exists(), "{document}: {link} leads nowhere");
            if !anchor.is_empty() {
                let there = anchors(&fs::read_to_string(&target).unwrap());
                assert!(there.contains(anchor), "{document}: {link}: there are {there:?}");
            }
        }
    }
}

/// Writes a document if it was asked for, and else sees that it is as it would be written.
fn keep(path: &str, expected: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(root().join(path), expected).unwrap();
    }
    // Both are long; what differs is shown once it is written.
    assert!(read(path) == expected, "{path} is another one; UPDATE_DOCS=1 writes it anew: look at the difference");
}

/// The text with what stands between two marks replaced.
fn between(text: &str, name: &str, inside: &str) -> String {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let start = text.find(&open).unwrap() + open.len();
    let end = text.find(&close).unwrap();
    format!("{}{inside}{}", &text[..start], &text[end..])
}

#[test]
fn the_examples_stand_in_the_guide_as_they_are_run() {
    let guide = read("docs/api.md");
    let (mut written, mut quoted) = (String::new(), BTreeSet::new());
    let mut lines = guide.lines();
    while let Some(line) = lines.next() {
        writeln!(written, "{line}").unwrap();
        let Some(file) = line.strip_suffix("):").and_then(|line| line.split("](").nth(1)) else { continue };
        if !file.starts_with("examples/") {
            continue;
        }
        quoted.insert(format!("docs/{file}"));
        writeln!(written, "{}", lines.next().unwrap()).unwrap();
        let fence = lines.next().unwrap();
        assert!(fence.starts_with("```"), "{file} is followed by its text");
        writeln!(written, "{fence}\n{}```", read(&format!("docs/{file}"))).unwrap();
        lines.by_ref().find(|line| *line == "```").unwrap();
    }
    keep("docs/api.md", &written);
    let examples: BTreeSet<String> = files().into_iter().filter(|name| name.starts_with("docs/examples/")).collect();
    assert_eq!(quoted, examples, "each example is in the guide once");
}

/// The word before which a code of ours stands in a `match` of names.
fn names_in(path: &str, function: &str) -> BTreeSet<String> {
    let source = read(path);
    let body = &source[source.find(function).unwrap()..];
    let body = &body[..body.find("\n    }\n").unwrap()];
    let mut names = BTreeSet::new();
    for arm in body.split("=>").skip(1) {
        let mut quotes = arm.split('"');
        if let (Some(before), Some(name)) = (quotes.next(), quotes.next())
            && before.chars().all(|c| c.is_whitespace() || matches!(c, '(' | '{'))
        {
            names.insert(name.to_owned());
        }
    }
    assert!(names.len() > 3, "{path}: {names:?}");
    names
}

/// The codes in the first column of the table below a heading.
fn codes_below(text: &str, heading: &str) -> BTreeSet<String> {
    let section = &text[text.find(&format!("\n{heading}\n")).unwrap() + heading.len() + 2..];
    let section = &section[..section.find("\n#").unwrap_or(section.len())];
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    rows.map(ToOwned::to_owned).collect()
}

#[test]
fn every_code_is_in_the_page_about_what_goes_wrong() {
    let page = read("docs/troubleshooting.md");
    assert_eq!(codes_below(&page, "## Alarms"), names_in("src/store/alarm.rs", "fn words("));
    let reasons = [names_in("src/dispatch/gate.rs", "fn code("), names_in("src/contact/mod.rs", "fn code(")];
    assert_eq!(codes_below(&page, "### Reasons that hold a message"), reasons.into_iter().flatten().collect());
    let problems = names_in("src/http/problem.rs", "fn words(");
    let problems = problems.iter().map(|name| name.strip_prefix("urn:recado:problem:").unwrap().to_owned());
    assert_eq!(codes_below(&page, "## Problems"), problems.collect());
}

#[test]
fn alarms_have_words_in_three_languages() {
    let kinds = names_in("src/store/alarm.rs", "fn words(");
    for language in ["en", "pt-BR", "es"] {
        let words: toml::Table = read(&format!("src/web/words/{language}.toml")).parse().unwrap();
        for section in ["alarm", "alarm_do"] {
            let known: BTreeSet<String> = words[section].as_table().unwrap().keys().cloned().collect();
            assert_eq!(known, kinds, "{section} in {language}");
        }
    }
}

/// The names in the first column of a table of code, such as `pdu` and `daemon`.
fn modules_in(table: &str) -> BTreeSet<String> {
    let cells = table.lines().filter_map(|line| line.trim_start_matches("//! ").strip_prefix("| "));
    let cells = cells.map(|line| line.split(" |").next().unwrap());
    let names = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    names.map(ToOwned::to_owned).collect()
}

#[test]
fn the_code_maps_list_what_there_is() {
    let modules: BTreeSet<String> = fs::read_dir(root().join("src"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "lib" && name != "main")
        .collect();
    let architecture = read("ARCHITECTURE.md");
    let map = &architecture[architecture.find("## Code map").unwrap()..];
    assert_eq!(modules_in(&map[..map.find("In detail").unwrap()]), modules);
    let lib = read("src/lib.rs");
    let table = lib.lines().take_while(|line| line.starts_with("//!")).collect::<Vec<_>>().join("\n");
    let listed: BTreeSet<String> = modules_in(&table).iter().map(|name| name.replace(['[', ']'], "")).collect();
    assert_eq!(listed, modules);
}

/// What stands between backticks outside of code.
fn spans(text: &str) -> Vec<String> {
    prose(text).flat_map(|line| line.split('`').skip(1).step_by(2)).map(ToOwned::to_owned).collect()
}

#[test]
fn paths_and_tests_that_are_named_exist() {
    let names = files();
    let is_code = |name: &&String| Path::new(name).extension().is_some_and(|end| end == "rs" || end == "mjs");
    let sources: String = names.iter().filter(is_code).map(|name| read(name)).collect();
    for document in ["ARCHITECTURE.md", "CONTRIBUTING.md", "docs/operations.md"] {
        let text = read(document);
        for span in spans(&text) {
            let is_path = span.contains('/')
                && span.split('/').all(|part| {
                    !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
                });
            // Names that stand for those of the reader's own.
            let places = ["SITUATION", "000N"];
            let roots = ["src", "tests", "config", "docs", "fuzz", "packaging", "benches", "udev", "systemd"];
            if is_path
                && roots.contains(&span.split('/').next().unwrap())
                && !places.iter().any(|place| span.contains(place))
            {
                let is_there = root().join(&span).exists() || root().join("src").join(&span).exists();
                assert!(is_there, "{document}: there is no {span}");
            }
        }
        let words = text.split(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'));
        for test in words.filter(|word| word.matches('_').count() >= 4 && !word.starts_with('_')) {
            assert!(sources.contains(test), "{document}: there is no test {test}");
        }
    }
}

#[test]
fn commands_for_contributors_exist() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let benches: BTreeSet<&str> =
        manifest["bench"].as_array().unwrap().iter().map(|bench| bench["name"].as_str().unwrap()).collect();
    let after = |command: &str, word: &str| {
        command.split(&format!("{word} ")).nth(1).map(|rest| rest.split([' ', '`', ';']).next().unwrap().to_owned())
    };
    for span in spans(&read("CONTRIBUTING.md")) {
        if let Some(bench) = after(&span, "--bench") {
            assert!(benches.contains(bench.as_str()), "{span}");
        }
        if let Some(test) = after(&span, "--test").filter(|_| span.contains("cargo test")) {
            let there =
                [format!("tests/{test}.rs"), format!("tests/{test}/main.rs")].map(|file| root().join(file).exists());
            assert!(there.contains(&true), "{span}");
        }
        let script = span.split(' ').next().unwrap();
        if ["tests/", "fuzz/", "packaging/"].iter().any(|folder| script.starts_with(folder))
            && !script.contains('*')
            && !script.contains("SITUATION")
        {
            assert!(root().join(script).exists(), "{span}");
        }
    }
}

#[test]
fn the_readme_says_the_same_in_three_languages_and_is_short() {
    let shape = |text: &str| {
        let headings =
            prose(text).filter(|line| line.starts_with('#')).map(|line| line.split(' ').next().unwrap().len());
        let rows = prose(text).filter(|line| line.starts_with('|')).count();
        (headings.collect::<Vec<_>>(), rows)
    };
    let codes = |text: &str| -> Vec<String> {
        let cells = prose(text).filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        cells.map(ToOwned::to_owned).collect()
    };
    // Commands, keys and names; a place for the reader's own word is in the reader's language.
    let named = |text: &str| -> Vec<String> {
        let plain = |word: &str| {
            let is_place = word.len() > 2 && word.chars().all(|c| c.is_ascii_uppercase());
            if is_place { "…".to_owned() } else { word.to_owned() }
        };
        let whole = |span: &String| span.split(' ').map(plain).collect::<Vec<_>>().join(" ");
        let mut named: Vec<String> = spans(text).iter().map(whole).collect();
        named.sort();
        named
    };
    let english = read("README.md");
    assert!(english.lines().count() < 250);
    for other in ["README.pt-BR.md", "README.es.md"] {
        let text = read(other);
        assert_eq!(shape(&text), shape(&english), "{other}");
        assert_eq!(codes(&text), codes(&english), "{other}");
        assert_eq!(named(&text), named(&english), "{other}");
    }
}

/// Hours as the file of rules has them.
fn hours(rule: &toml::Table, day: &str) -> String {
    let Some(spans) = rule.get(day).and_then(toml::Value::as_array) else { return String::new() };
    if spans.is_empty() {
        return "–".to_owned();
    }
    spans.iter().map(|span| span.as_str().unwrap().replace(":00", "").replace('-', "–")).collect::<Vec<_>>().join(", ")
}

#[test]
fn the_page_about_the_law_has_every_rule() {
    let rules: toml::Table = read("config/rules/contact.toml").parse().unwrap();
    let word =
        |rule: &toml::Table, key: &str| rule.get(key).and_then(toml::Value::as_str).unwrap_or_default().to_owned();
    let place = |rule: &toml::Table| format!("{} {}", word(rule, "country"), word(rule, "state")).trim().to_owned();
    let of = |kind: &str| -> Vec<toml::Table> {
        rules[kind].as_array().unwrap().iter().map(|rule| rule.as_table().unwrap().clone()).collect()
    };
    let mut table = String::from(
        "| where | for | law | status | certain | Mon–Fri | Sat | Sun | holidays | looked up | name |\n|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for (kind, rule) in [("profile", of("profile")), ("rule", of("rule"))]
        .into_iter()
        .flat_map(|(kind, all)| all.into_iter().map(move |rule| (kind, rule)))
    {
        let purposes = rule.get("applies_to").map_or("all".to_owned(), |all| {
            all.as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect::<Vec<_>>().join(", ")
        });
        let status =
            if kind == "profile" { "profile, ours".to_owned() } else { word(&rule, "status").replace('_', " ") };
        let [mon_fri, sat, sun, holiday] = ["mon_fri", "sat", "sun", "holiday"].map(|day| hours(&rule, day));
        writeln!(
            table,
            "| {} | {purposes} | {} | {status} | {} | {mon_fri} | {sat} | {sun} | {holiday} | {} | `{}` |",
            place(&rule),
            word(&rule, "law"),
            word(&rule, "certainty"),
            word(&rule, "gathered"),
            word(&rule, "id"),
        )
        .unwrap();
    }
    let meanings = BTreeMap::from([
        ("itemise", "the original amount, what was added, and what is owed now"),
        ("name_creditor", "who writes, and to whom it is owed"),
        ("offer_opt_out", "a word by which the recipient stops the texts"),
    ]);
    let mut duties = String::from("| where | a text must have | law | looked up | name |\n|---|---|---|---|---|\n");
    for rule in of("content") {
        let must = meanings[word(&rule, "must").as_str()];
        let (law, gathered, id) = (word(&rule, "law"), word(&rule, "gathered"), word(&rule, "id"));
        writeln!(duties, "| {} | {must} | {law} | {gathered} | `{id}` |", place(&rule)).unwrap();
    }
    let page = between(&read("docs/law.md"), "rules", &table);
    keep("docs/law.md", &between(&page, "duties", &duties));
}

#[test]
fn the_checks_see_what_they_are_for() {
    assert_eq!(
        anchors("# A message is unknown\n```\n# no\n```\n## `x` & y's\n"),
        ["a-message-is-unknown", "x--ys"].map(String::from).into()
    );
    assert_eq!(links("see [a](b.md#c), [d](e)\n```\n[f](g)\n```\n"), ["b.md#c", "e"]);
}
