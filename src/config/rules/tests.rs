//! Files of rules: what each mistake is answered with.

use std::collections::BTreeSet;

use super::*;

const GATHERED: &str = "gathered = \"2026-11-22\"\n";

/// Loads with these files in a folder of the user's; the findings name the files alone.
fn load(files: &[(&str, &str)], policy: &Policy) -> Result<RuleBook, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let region = Region { rules: policy.clone(), rules_dir: Some(folder.path().to_owned()), ..Region::default() };
    let name = format!("{}/", folder.path().display());
    let lines = |findings: Vec<Finding>| findings.iter().map(|one| one.to_string().replace(&name, "")).collect();
    RuleBook::load(&region, &Contact::default()).map_err(lines)
}

/// All findings, in order.
fn check(files: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(load(files, &Policy::Auto).expect_err("a mistake"), expected);
}

/// A rule file with the default profile of Brazil, and this below it.
fn contact(below: &str) -> String {
    let days = "mon_fri = [\"08:00-20:00\"]\nsat = []\nsun = []";
    format!("[[profile]]\nid = \"br_default\"\ncountry = \"BR\"\nlaw = \"ours\"\n{GATHERED}{days}\n{below}")
}

/// The head of a rule on lines 9 to 15 of [`contact`].
fn rule(below: &str) -> String {
    contact(&format!(
        "[[rule]]\nid = \"a\"\ncountry = \"BR\"\nlaw = \"a law\"\nstatus = \"in_force\"\ncertainty = \"high\"\n\
         applies_to = [\"collection\"]\n{below}"
    ))
}

#[test]
fn what_comes_with_the_program_is_whole() {
    let region = Region::default();
    let book = RuleBook::load(&region, &Contact::default()).unwrap();
    assert_eq!((book.rules, book.holidays), (27, 68));
    assert_eq!((book.wording.cautions.len(), book.wording.duties.len()), (22, 4));
    for (name, _) in BUILT_IN {
        assert!(
            book.gathered.iter().any(|one| one.place.to_string().contains(name)) || name.starts_with("areas"),
            "{name}"
        );
    }
}

#[test]
fn several_mistakes_are_reported_at_once() {
    let files = [(
        "contact.toml",
        &*rule(
            "mon_fri = [\"08:00-20:00\", \"19:00-21:00\"]\nsat = [\"8-14\"]\nsun = [\"08:00-25:00\"]\nholliday = []\n\
             tue = []\ngathered = \"2026-13-01\"\n",
        ),
    )];
    check(
        &files,
        &[
            "contact.toml:21:12: rule[1].gathered: expected a date such as 2026-11-22, found \"2026-13-01\"",
            "contact.toml:16:11: rule[1].mon_fri: 08:00-20:00 and 19:00-21:00 overlap",
            "contact.toml:20:7: rule[1].tue: the same as contact.toml:16:11",
            "contact.toml:17:7: rule[1].sat: expected two times of a day such as 08:00-20:00, found \"8-14\"",
            "contact.toml:18:7: rule[1].sun: expected times from 00:00 to 24:00, found \"08:00-25:00\"",
            "contact.toml:19:1: rule[1].holliday: unknown key; did you mean holiday?",
        ],
    );
}

#[test]
fn places_and_words_that_are_not_known_are_findings() {
    let text = contact(
        "[[rule]]\nid = \"br_default\"\ncountry = \"BR\"\nstate = \"SB\"\nlaw = \"a law\"\nstatus = \"law\"\n\
         certainty = \"sure\"\napplies_to = [\"sms\"]\ngathered = \"2026-11-22\"\n\
         [[rule]]\nid = \"b\"\ncountry = \"AR\"\nlaw = \"a law\"\nstatus = \"in_force\"\ncertainty = \"high\"\n\
         applies_to = []\ngathered = \"2026-11-22\"\n[colours]\n",
    );
    let states =
        "AC, AL, AM, AP, BA, CE, DF, ES, GO, MA, MG, MS, MT, PA, PB, PE, PI, PR, RJ, RN, RO, RR, RS, SC, SE, SP, TO";
    check(
        &[("contact.toml", &text)],
        &[
            "contact.toml:10:6: rule[1].id: the same as contact.toml:2:6",
            &format!("contact.toml:12:9: rule[1].state: unknown name \"SB\", expected one of {states}"),
            "contact.toml:14:10: rule[1].status: unknown name \"law\", \
             expected one of in_force, self_regulation, practice, bill, unclear, revoked",
            "contact.toml:15:13: rule[1].certainty: unknown name \"sure\", expected one of high, medium, low",
            "contact.toml:16:14: rule[1].applies_to: unknown name \"sms\", expected one of collection, telemarketing",
            "contact.toml:20:11: rule[2].country: it is not known where AR is; list it in countries.toml",
            "contact.toml:24:14: rule[2].applies_to: expected a list of collection and telemarketing, found an array",
            "contact.toml:26:2: colours: unknown key",
        ],
    );
}

#[test]
fn a_profile_that_leaves_days_open_is_refused() {
    let text = format!("[[profile]]\nid = \"br_default\"\ncountry = \"BR\"\nlaw = \"ours\"\n{GATHERED}mon_fri = []\n");
    let says = "says nothing of sat, sun; a profile speaks of every day, with [] for one on which nothing may be sent";
    check(&[("contact.toml", &text)], &[&format!("contact.toml:1:1: profile[1]: {says}")]);
}

#[test]
fn a_country_with_rules_has_a_profile() {
    let text = rule(GATHERED).replace("br_default", "mine");
    let expected = "contact.toml: there is no profile br_default, which goes with the rules of its country";
    check(&[("contact.toml", &text)], &[expected]);
    let missing = load(&[("contact.toml", &rule(GATHERED))], &Policy::Profile("br_strict".to_owned())).unwrap_err();
    let expected = "contact.toml: region.rules: unknown name \"br_strict\", expected one of auto, none, br_default";
    assert_eq!(missing, [expected]);
}

#[test]
fn holidays_are_told_in_one_way() {
    let text = format!(
        "{GATHERED}holiday = [\n\
         {{ country = \"BR\", name = \"a\", date = \"02-30\" }},\n\
         {{ country = \"BR\", name = \"b\" }},\n\
         {{ country = \"BR\", name = \"c\", date = \"01-01\", easter = 1 }},\n\
         {{ country = \"BR\", name = \"d\", month = 2, weekday = \"mon\" }},\n\
         {{ country = \"BR\", name = \"e\", month = 13, weekday = \"monday\", nth = 6 }},\n\
         {{ country = \"BR\", name = \"f\", easter = -100 }},\n\
         {{ country = \"BR\", name = \"g\", date = \"01-01\", step = 6 }},\n\
         {{ country = \"BR\", name = \"h\", date = \"01-01\", moves_to = \"monday\" }},\n\
         {{ country = \"BR\", date = \"01-01\" }},\n]\n"
    );
    let ways = "a day is told by one of date, easter, and month with weekday and nth";
    check(
        &[("holidays.toml", &text)],
        &[
            "holidays.toml:3:38: holiday[1].date: expected a month and a day as text, such as \"12-25\", found \"02-30\"",
            &format!("holidays.toml:4:1: holiday[2]: {ways}"),
            &format!("holidays.toml:5:1: holiday[3]: {ways}"),
            &format!("holidays.toml:6:1: holiday[4]: {ways}"),
            "holidays.toml:7:39: holiday[5].month: expected a whole number from 1 to 12, found 13",
            "holidays.toml:7:53: holiday[5].weekday: unknown name \"monday\", expected one of mon, tue, wed, thu, fri, sat, sun",
            "holidays.toml:7:69: holiday[5].nth: expected a whole number from 1 to 5, found 6",
            "holidays.toml:8:40: holiday[6].easter: expected a whole number from -80 to 250, found -100",
            "holidays.toml:9:54: holiday[7].step: counts years from since, which is missing",
            "holidays.toml:10:58: holiday[8].moves_to: unknown name \"monday\", expected one of friday",
            "holidays.toml:11:1: holiday[9].name: missing",
        ],
    );
}

#[test]
fn area_codes_are_checked_line_by_line() {
    let text = "# ours\narea,states,zones,certainty\n11,SP,America/Sao_Paulo,high\n11,SP,America/Sao_Paulo,high\n\
                x1,sp|RJ,America/Sao_Pablo,sure\n21,RJ\n\n";
    check(
        &[("areas_br.csv", text)],
        &[
            "areas_br.csv:4:1: area: the same as areas_br.csv:3:1",
            "areas_br.csv:5:1: area: expected 1 to 5 digits of an area code, found \"x1\"",
            "areas_br.csv:5:1: states: expected capital letters of states, found \"sp\"",
            "areas_br.csv:5:1: zones: unknown time zone \"America/Sao_Pablo\"; did you mean America/Sao_Paulo?",
            "areas_br.csv:5:1: certainty: unknown name \"sure\", expected one of high, medium, low",
            "areas_br.csv:6:1: expected 4 fields, found 2",
        ],
    );
    let heading = "expected the heading area,states,zones,certainty and lines below it";
    check(&[("areas_br.csv", "ddd,uf\n11,SP\n")], &[&format!("areas_br.csv:1:1: {heading}")]);
    check(&[("areas_br.csv", "area,states,zones,certainty\n")], &[&format!("areas_br.csv: {heading}")]);
}

#[test]
fn countries_are_checked() {
    let text = format!(
        "{GATHERED}[[country]]\ncode = \"BR\"\n[[country]]\ncode = \"BR\"\n[[country]]\ncode = \"AR\"\n[[country]]\n\
         code = \"PR\"\nzones = [\"America/Porto_Rico\"]\npart_of = {{ country = \"US\" }}\n"
    );
    check(
        &[("countries.toml", &text)],
        &[
            "countries.toml:5:8: country[2].code: the same as countries.toml:3:8",
            "countries.toml:10:9: country[4].zones: unknown time zone \"America/Porto_Rico\"; did you mean America/Puerto_Rico?",
            "countries.toml:11:11: country[4].part_of.state: missing",
        ],
    );
    let text = format!("{GATHERED}[[country]]\ncode = \"BR\"\n[[country]]\ncode = \"AR\"\n");
    let found =
        load(&[("countries.toml", &text), ("contact.toml", &contact("")), ("holidays.toml", GATHERED)], &Policy::Auto);
    let expected = "countries.toml: no time zones of AR are known; say zones, or give its area codes in areas_ar.csv";
    assert_eq!(found.unwrap_err(), [expected]);
}

#[test]
fn a_misspelt_file_is_not_passed_over() {
    check(
        &[("contacts.toml", ""), ("README.md", "")],
        &["contacts.toml: not a file of rules; did you mean contact.toml?"],
    );
    check(&[("contact.toml", "[[rule\n")], &["contact.toml:1:7: unclosed array table, expected `]]`"]);
    let region = Region { rules_dir: Some("/nonexistent/rules".into()), ..Region::default() };
    let findings = RuleBook::load(&region, &Contact::default()).unwrap_err();
    assert_eq!(findings[0].to_string(), "/nonexistent/rules: region.rules_dir: cannot be read: entity not found");
}

#[test]
fn a_file_of_the_user_stands_for_the_one_of_its_name() {
    let text = rule(&format!("mon_fri = [\"10:00-12:00\"]\n{GATHERED}"));
    let book = load(&[("contact.toml", &text)], &Policy::Auto).unwrap();
    assert_eq!((book.rules, book.holidays), (2, 68));
}

#[test]
fn a_country_of_the_user_has_areas_of_its_own() {
    let countries = format!("{GATHERED}[[country]]\ncode = \"BR\"\n[[country]]\ncode = \"AR\"\n");
    let areas = "area,states,zones,certainty\n11,BA,America/Argentina/Buenos_Aires,high\n";
    let files = [
        ("countries.toml", &*countries),
        ("areas_ar.csv", areas),
        ("contact.toml", &contact("")),
        ("holidays.toml", GATHERED),
    ];
    let book = load(&files, &Policy::Auto).unwrap();
    let number = crate::sms::number::PhoneNumber::from_digits("541123456789").unwrap();
    let purpose = crate::sms::message::Purpose::Collection;
    let found = book.calendar.locate(number, &crate::contact::place::Residence::default(), purpose);
    let class = crate::contact::calendar::Class::new(purpose, found.spots);
    assert_eq!(class.to_string(), "collection,AR-BA@America/Argentina/Buenos_Aires");
}

#[test]
fn what_was_looked_up_more_than_a_year_ago_is_told() {
    let text = rule("gathered = \"2025-03-01\"\n");
    let book = load(&[("contact.toml", &text)], &Policy::Auto).unwrap();
    let old = |today: &str| -> Vec<String> {
        let today = today.parse().unwrap();
        book.outdated(today).into_iter().map(|one| one.id.clone()).collect()
    };
    assert_eq!(old("2026-03-01"), [""; 0]);
    assert_eq!(old("2026-03-02"), ["a"]);
    assert_eq!(old("2027-11-23").len(), 6);
}

#[test]
fn a_file_or_a_setting_that_differs_is_another_edition() {
    let edition = |files: &[(&str, &str)], policy: &Policy| load(files, policy).unwrap().edition;
    let standard = edition(&[], &Policy::Auto);
    assert_eq!(standard, edition(&[], &Policy::Auto));
    let of_their_own = contact("");
    let files = [("contact.toml", of_their_own.as_str())];
    assert_ne!(standard, edition(&files, &Policy::Auto));
    assert_ne!(
        edition(&files, &Policy::Auto),
        edition(&[("contact.toml", &format!("{of_their_own}\n"))], &Policy::Auto)
    );
    assert_ne!(standard, edition(&[], &Policy::None));
}

#[test]
fn words_that_would_never_be_found_are_refused() {
    let caution = |phrases: &str| {
        format!(
            "{GATHERED}[[caution]]\nid = \"a\"\nlanguage = \"pt-BR\"\nkind = \"threat\"\nphrases = {phrases}\n\
             reason = \"b\"\ncertainty = \"high\"\n"
        )
    };
    let expected =
        "expected a list of phrases in small letters without accents, such as [\"last chance\", \"arrest*\"]";
    let line = |found: &str| format!("wording.toml:6:11: caution[1].phrases: {expected}, found {found}");
    check(&[("wording.toml", &caution("[\"Preso\"]"))], &[&line("an array")]);
    check(&[("wording.toml", &caution("[]"))], &[&line("an array")]);
    check(
        &[("wording.toml", &caution("[\"x\"]").replace("threat", "thread"))],
        &["wording.toml:5:8: caution[1].kind: unknown name \"thread\", expected one of threat, pressure, debt"],
    );
}

#[test]
fn a_duty_to_offer_a_way_out_says_which_words_do() {
    let duty = format!(
        "[[content]]\nid = \"a\"\ncountry = \"BR\"\nlaw = \"b\"\nmust = \"offer_opt_out\"\ncertainty = \"low\"\n{GATHERED}"
    );
    check(&[("contact.toml", &contact(&duty))], &["contact.toml:13:8: content[1].words: missing"]);
}

#[test]
fn rules_that_bind_are_told_once_with_their_law() {
    let told = |policy: &Policy| -> Vec<String> {
        let book = load(&[], policy).unwrap();
        book.calendar.rules().into_iter().map(|rule| rule.id.clone()).collect()
    };
    let auto = told(&Policy::Auto);
    let once: BTreeSet<_> = auto.iter().collect();
    assert_eq!(auto.len(), once.len());
    assert!(auto.contains(&"br_default".to_owned()) && auto.iter().any(|id| id.starts_with("br-")), "{auto:?}");
    assert_eq!(told(&Policy::None), [""; 0]);
}
