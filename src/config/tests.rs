//! Whole configurations: what each mistake is answered with.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::dispatch::budget::Limits;

const FILE: &str = "recado.toml";

fn read(text: &str, variables: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let lines = |findings: Vec<Finding>| findings.iter().map(ToString::to_string).collect();
    let (config, reading) = Config::read_all(Path::new(FILE), text, &environment);
    if reading.findings.is_empty() { Ok(config) } else { Err(lines(reading.findings)) }
}

/// All lines of the answer, in order.
fn check(text: &str, expected: &[&str]) {
    assert_eq!(read(text, &[]).expect_err(text), expected, "{text}");
}

fn check_variables(variables: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(read("", variables).unwrap_err(), expected, "{variables:?}");
}

fn documented() -> &'static str {
    include_str!("../../config/recado.toml")
}

#[test]
fn the_documented_file_equals_the_defaults() {
    assert_eq!(read(documented(), &[]), Ok(Config::default()));
    assert_eq!(read("", &[]), Ok(Config::default()));
}

#[test]
fn a_command_is_a_program_with_its_arguments() {
    let config = read("[[modem]]\nport = \"/dev/a\"\npower_cycle = [\"uhubctl\", \"-p\", \"2\"]\n", &[]).unwrap();
    assert_eq!(config.modems[0].power_cycle.as_deref(), Some(["uhubctl", "-p", "2"].map(str::to_owned).as_slice()));
    for (written, found) in [("\"uhubctl -p 2\"", "\"uhubctl -p 2\""), ("[]", "an array"), ("[\"\"]", "an array")] {
        let expected = "modem[1].power_cycle: expected a program and its arguments, as a list of texts";
        let text = format!("[[modem]]\nport = \"/dev/a\"\npower_cycle = {written}\n");
        check(&text, &[&format!("recado.toml:3:15: {expected}, found {found}")]);
    }
}

/// With the examples uncommented the file has every key that the code asks for and no other, each with its comment.
#[test]
fn the_documented_file_has_every_key_with_a_comment() {
    let pin = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(pin.path(), "0000").unwrap();
    let uncomment = |line: &str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| c == '[' || c.is_ascii_lowercase()) => rest.to_owned(),
        _ => line.to_owned(),
    };
    let lines: Vec<String> = documented().lines().map(uncomment).collect();
    let text = lines.join("\n").replace("/etc/recado/vivo-1.pin", pin.path().to_str().unwrap());
    let environment = Environment::default();
    let (_, reading) = Config::read_all(Path::new(FILE), &text, &environment);
    assert_eq!(reading.findings, []);
    let mut section = String::new();
    let mut written = Vec::new();
    for line in &lines {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_matches(|c| c == '[' || c == ']').to_owned();
        } else if let Some((key, rest)) = line.split_once(" = ").filter(|(key, _)| !key.starts_with('#')) {
            assert!(rest.contains("# "), "{line}");
            written.push(format!("{section}.{key}"));
        }
    }
    let mut asked = reading.keys;
    written.sort();
    written.dedup();
    asked.sort();
    // Each element of an array is asked for all of its keys.
    asked.dedup();
    assert_eq!(written, asked);
}

#[test]
fn several_mistakes_are_reported_at_once() {
    check(
        "[http]\nlisten = \"nowhere\"\nlisen = 1\n\n[sim]\nper_minute = -1\nzone = \"America/Sao_Pablo\"\n[colours]\n",
        &[
            "recado.toml:2:10: http.listen: expected an IP address and a port such as 127.0.0.1:7670, found \"nowhere\"",
            "recado.toml:3:1: http.lisen: unknown key; did you mean listen?",
            "recado.toml:6:14: sim.per_minute: expected a whole number from 0 to 4294967295, found -1",
            "recado.toml:7:8: sim.zone: unknown time zone \"America/Sao_Pablo\"; did you mean America/Sao_Paulo?",
            "recado.toml:8:2: colours: unknown key",
        ],
    );
}

#[test]
fn values_of_another_kind_are_named() {
    check("store = 3\n", &["recado.toml:1:9: store: expected a table, found 3"]);
    check("modem = 3\n", &["recado.toml:1:9: modem: expected an array of tables, found 3"]);
    check("modem = [3]\n", &["recado.toml:1:10: modem[1]: expected a table, found 3"]);
    check("store.path = \"\"\n", &["recado.toml:1:14: store.path: expected the path of a file, found \"\""]);
    check(
        "http.allow_plaintext = \"yes\"\n",
        &["recado.toml:1:24: http.allow_plaintext: expected true or false, found \"yes\""],
    );
    check("sim.per_day = 1.5\n", &["recado.toml:1:15: sim.per_day: expected a whole number, found a float"]);
    check(
        "sim.reset_hour = 24\n",
        &["recado.toml:1:18: sim.reset_hour: expected a whole number from 0 to 23, found 24"],
    );
    check(
        "serve.drain = 45\n",
        &["recado.toml:1:15: serve.drain: expected a duration as text, such as \"90s\", found 45"],
    );
}

#[test]
fn durations_and_names_are_checked() {
    check(
        "serve.drain = \"45\"\nmessages.validity = \"0s\"\nregion.country = \"XX\"\n",
        &[
            "recado.toml:1:15: serve.drain: failed to read a duration from \"45\": expected one of the units ms, s, m, h, d",
            "recado.toml:3:18: region.country: unknown country \"XX\", expected an ISO 3166 code such as BR or MX",
            "recado.toml:2:21: messages.validity: expected more than 0 and at most 441d",
        ],
    );
    check(
        "[messages]\nencoding = \"utf8\"\nnational = [\"por-single\", \"tur-single\"]\n",
        &[
            "recado.toml:2:12: messages.encoding: unknown name \"utf8\", expected one of auto, gsm7, national, ucs2, transliterate",
            "recado.toml:3:12: messages.national: unknown name \"tur-single\", expected one of por-single, spa-single, por-locking, por-both",
        ],
    );
}

#[test]
fn plaintext_beyond_loopback_needs_a_word() {
    check(
        "http.listen = \"0.0.0.0:7670\"\n",
        &["recado.toml:1:15: http.listen: 0.0.0.0:7670 is not loopback and nothing is encrypted; \
           give tls_cert and tls_key, or say allow_plaintext = true if the network is trusted"],
    );
    let tls = "http.listen = \"0.0.0.0:7670\"\nhttp.tls_cert = \"/a.pem\"\nhttp.tls_key = \"/a.key\"\n";
    let files = TlsFiles { cert: "/a.pem".into(), key: "/a.key".into() };
    assert_eq!(read(tls, &[]).unwrap().http.tls, Some(files));
    let config = read("http.listen = \"0.0.0.0:7670\"\nhttp.allow_plaintext = true\n", &[]).unwrap();
    assert_eq!(config.http.listen.port(), 7670);
    assert!(read("http.listen = \"[::1]:0\"\n", &[]).is_ok());
}

#[test]
fn a_certificate_and_its_key_go_together_and_may_be_credentials() {
    check(
        "http.tls_cert = \"/a.pem\"\n",
        &["recado.toml:1:17: http.tls_cert: a certificate and its key go together; give tls_key too"],
    );
    check(
        "http.tls_key = \"/a.key\"\n",
        &["recado.toml:1:16: http.tls_key: a certificate and its key go together; give tls_cert too"],
    );
    let text = "http.tls_cert = \"credential:cert\"\nhttp.tls_key = \"credential:key\"\n";
    let missing = "failed to find the credential: it is there for the service only, by LoadCredential of its unit";
    check(
        text,
        &[
            &format!("recado.toml:1:17: http.tls_cert: {missing}"),
            &format!("recado.toml:2:16: http.tls_key: {missing}"),
        ],
    );
    let config = read(text, &[("CREDENTIALS_DIRECTORY", "/run/credentials/recado.service")]).unwrap();
    let file = |name: &str| Path::new("/run/credentials/recado.service").join(name);
    assert_eq!(config.http.tls, Some(TlsFiles { cert: file("cert"), key: file("key") }));
    check("http.burst = 0\n", &["recado.toml:1:14: http.burst: expected a whole number from 1 to 4294967295, found 0"]);
}

#[test]
fn modems_are_bound_once_and_named_once() {
    check(
        "[[modem]]\nport = \"/dev/ttyUSB0\"\n[[modem]]\nport = \"/dev/ttyUSB0\"\n[[modem]]\nname = \"a b\"\n",
        &[
            "recado.toml:4:8: modem[2].port: the same as recado.toml:2:8",
            "recado.toml:6:8: modem[3].name: expected a name without spaces, / or :, found \"a b\"",
            "recado.toml:5:1: modem[3]: names no modem; say one of port, imei and slot",
        ],
    );
    check(
        "[[modem]]\nport = \"/a/tty0\"\n[[modem]]\nport = \"/b/tty0\"\n",
        &["recado.toml:4:8: modem[2].name: the same as recado.toml:2:8"],
    );
    check(
        "[[modem]]\nport = \"/a/tty0\"\nslot = \"1-1\"\n[[modem]]\nimei = \"12\"\n[[modem]]\nslot = \"usb 1\"\n\
         [[modem]]\nimei = \"490154203237518\"\n[[modem]]\nimei = \"490154203237518\"\nname = \"x\"\n",
        &[
            "recado.toml:3:8: modem[1].slot: a modem is told by one of port, imei and slot, and recado.toml:2:8 says one already",
            "recado.toml:5:8: modem[2].imei: expected the 14 to 16 digits of an IMEI, as AT+CGSN tells them",
            "recado.toml:7:8: modem[3].slot: expected a place on the USB such as 1-1.4:1.2, found \"usb 1\"; recado probe shows them",
            "recado.toml:11:8: modem[5].imei: the same as recado.toml:9:8",
        ],
    );
    let config = read(
        "[[modem]]\nport = \"/a/tty0\"\n[[modem]]\nport = \"/b/tty0\"\nname = \"b\"\n\
         [[modem]]\nimei = \"490154203237518\"\n[[modem]]\nslot = \"1-1.4:1.2\"\n",
        &[],
    )
    .unwrap();
    let ids: Vec<_> = config.modems.iter().map(|modem| modem.id().to_string()).collect();
    assert_eq!(ids, ["tty0", "b", "490154203237518", "1-1.4-1.2"]);
}

#[test]
fn cards_are_checked_and_named_once() {
    let iccid = "8955010000000000001";
    check(
        &format!(
            "[[sim.card]]\niccid = \"{iccid}\"\nname = \"a\"\nnumber = \"+551132145678\"\n\
             [[sim.card]]\niccid = \"{iccid}\"\nname = \"a\"\nsmsc = \"centre\"\n\
             [[sim.card]]\niccid = \"12\"\npin_file = \"/nonexistent/pin\"\n"
        ),
        &[
            "recado.toml:4:10: sim.card[1].number: not a phone number: a landline, which cannot receive texts",
            "recado.toml:6:9: sim.card[2].iccid: the same as recado.toml:2:9",
            "recado.toml:7:8: sim.card[2].name: the same as recado.toml:3:8",
            "recado.toml:8:8: sim.card[2].smsc: expected the digits of a service centre, \
             with + if they begin with a country code",
            "recado.toml:10:9: sim.card[3].iccid: expected the 18 to 20 digits of a SIM card",
            "recado.toml:11:12: sim.card[3].pin_file: failed to read the file: entity not found",
        ],
    );
}

#[test]
fn a_pin_comes_from_a_file_that_others_cannot_read() {
    let pin = tempfile::NamedTempFile::new().unwrap();
    let text = format!("[[sim.card]]\niccid = \"8955010000000000001\"\npin_file = {:?}\n", pin.path());
    std::fs::write(pin.path(), "1234\n").unwrap();
    std::fs::set_permissions(pin.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
    check(
        &text,
        &["recado.toml:3:12: sim.card[1].pin_file: failed to trust the file: \
           everybody may read it (mode 0644); run chmod 600 on it"],
    );
    std::fs::set_permissions(pin.path(), std::fs::Permissions::from_mode(0o640)).unwrap();
    let config = read(&text, &[]).unwrap();
    assert_eq!(config.modem_settings().cards[0].pin.as_deref(), Some("1234"));
    assert!(!format!("{config:?}").contains("1234"));
    std::fs::write(pin.path(), "12ab").unwrap();
    check(
        &text,
        &["recado.toml:3:12: sim.card[1].pin_file: failed to find a PIN in the file: \
           expected 4 to 8 digits and nothing else"],
    );
}

#[test]
fn a_pin_may_be_a_credential_that_only_the_service_has() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("vivo-1");
    std::fs::write(&file, "1234\n").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o400)).unwrap();
    let text = "[[sim.card]]\niccid = \"8955010000000000001\"\npin_file = \"credential:vivo-1\"\n";
    let config = read(text, &[("CREDENTIALS_DIRECTORY", folder.path().to_str().unwrap())]).unwrap();
    assert_eq!(config.modem_settings().cards[0].pin.as_deref(), Some("1234"));
    check(
        text,
        &["recado.toml:3:12: sim.card[1].pin_file: failed to find the credential: \
           it is there for the service only, by LoadCredential of its unit"],
    );
}

#[test]
fn variables_go_over_the_file() {
    let text = "http.listen = \"127.0.0.1:1\"\nsim.per_day = 5\n";
    let variables = [
        ("RECADO_HTTP__LISTEN", "127.0.0.1:2"),
        ("RECADO_HTTP__ALLOW_PLAINTEXT", "true"),
        ("RECADO_SIM__PER_MINUTE", "0"),
        ("RECADO_MESSAGES__NATIONAL", "por-single, spa-single"),
        ("RECADO_URL", "http://127.0.0.1:7670"),
        ("OTHER__NAME", "x"),
    ];
    let config = read(text, &variables).unwrap();
    assert_eq!(config.http.listen.port(), 2);
    assert!(config.http.allow_plaintext);
    assert_eq!((config.sim.per_minute, config.sim.per_day), (0, 5));
    assert_eq!(config.messages.national, [NationalTable::PorSingle, NationalTable::SpaSingle]);
}

#[test]
fn wrong_and_unknown_variables_are_findings() {
    check_variables(
        &[("RECADO_SIM__PER_DAY", "many")],
        &["RECADO_SIM__PER_DAY: sim.per_day: expected a whole number from 0 to 4294967295, found \"many\""],
    );
    check_variables(
        &[("RECADO_HTTP__LISEN", "x"), ("RECADO_HTTP_LISTEN", "x"), ("RECADO_SIM__CARD", "x")],
        &[
            "RECADO_HTTP_LISTEN: unknown variable; did you mean RECADO_HTTP__LISTEN?",
            "RECADO_HTTP__LISEN: unknown variable; did you mean RECADO_HTTP__LISTEN?",
            "RECADO_SIM__CARD: unknown variable; did you mean RECADO_SIM__ZONE?",
        ],
    );
}

#[test]
fn all_syntax_errors_come_with_their_lines() {
    let findings = read("[http]\nlisten = \n[sim]\nper_day = 3\nper_day = 4\n", &[]).unwrap_err();
    let is_placed = |line: usize| findings.iter().any(|one| one.starts_with(&format!("recado.toml:{line}:")));
    assert!(is_placed(2) && is_placed(5), "{findings:?}");
}

#[test]
fn a_named_file_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.toml");
    let findings = Config::load(Some(&path), &Environment::default()).unwrap_err();
    assert_eq!(findings[0].problem, Problem::Unreadable(ErrorKind::NotFound));
    std::fs::write(&path, "sim.per_day = 7\n").unwrap();
    assert_eq!(Config::load(Some(&path), &Environment::default()).unwrap().sim.per_day, 7);
}

#[test]
fn cards_inherit_what_they_do_not_say() {
    let config = read(
        "[region]\ncountry = \"MX\"\n[sim]\nper_day = 50\nmin_gap = \"2s\"\nwarm_up = true\n[[sim.card]]\niccid = \"8955010000000000001\"\n\
         name = \"a\"\nnumber = \"55 1234 5678\"\ngroup = \"g\"\nzone = \"America/Tijuana\"\nreset_hour = 6\nper_day = 9\nper_hour = 7\n\
         per_month = 8\nrecipients_per_month = 3\nwarm_up = false\n",
        &[],
    )
    .unwrap();
    let settings = config.sim_settings();
    let zone = |name| jiff::tz::TimeZone::get(name).unwrap();
    let default = Limits {
        per_minute: 6,
        per_hour: 100,
        per_day: 50,
        per_month: 5000,
        recipients_per_month: 0,
        warm_up: true,
        min_gap: Duration::from_secs(2),
        zone: zone("America/Mexico_City"),
        reset_hour: 0,
    };
    let card = settings.card("8955010000000000001");
    let limits = Limits {
        per_minute: 6,
        per_hour: 7,
        per_day: 9,
        per_month: 8,
        recipients_per_month: 3,
        warm_up: false,
        min_gap: Duration::from_secs(2),
        zone: zone("America/Tijuana"),
        reset_hour: 6,
    };
    assert_eq!(card.limits, limits);
    assert_eq!(card.number.as_deref(), Some("+525512345678"));
    assert_eq!(card.names.group.as_deref(), Some("g"));
    assert_eq!(settings.default, default);
}

#[test]
fn files_lie_beside_the_database() {
    let config = read("store.path = \"/data/x.db\"\n", &[]).unwrap();
    assert_eq!(config.socket_path(), Path::new("/data/recado.sock"));
    assert_eq!(config.token_path(), Path::new("/data/admin.token"));
}

#[test]
fn mistakes_elsewhere_do_not_hide_the_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recado.toml");
    let locate = |text| {
        std::fs::write(&path, text).unwrap();
        Config::locate_socket(Some(&path), &Environment::default())
    };
    assert_eq!(locate("store.path = \"/data/x.db\"\nsim.per_day = \"x\"\n").unwrap(), Path::new("/data/recado.sock"));
    assert_eq!(locate("store.path = 3\nsim.per_day = \"x\"\n").unwrap_err().len(), 1);
    assert_eq!(locate("store.path = \n").unwrap_err().len(), 1);
}

#[test]
fn a_balance_is_asked_where_it_is_configured() {
    let rules = |text: &str| {
        let settings = read(text, &[]).unwrap().sim_settings();
        let asks = settings.cards.iter().map(|card| card.balance.asks).collect::<Vec<_>>();
        (settings.balance.asks, asks)
    };
    let cards = "[[sim.card]]\niccid = \"8955010000000000001\"\n[[sim.card]]\niccid = \"8955010000000000002\"\n";
    assert_eq!(rules(cards), (false, vec![false, false]));
    assert_eq!(
        rules(&format!("[sim]\nbalance = \"daily\"\n{cards}balance.ask = \"off\"\n")),
        (true, vec![true, false])
    );
    assert_eq!(rules(&format!("{cards}balance = {{ low = 5 }}\n")), (false, vec![false, true]));
    let config =
        read(&format!("{cards}balance = {{ sms_to = \"777\", sms_text = \"SALDO\", low = 5.5 }}\n"), &[]).unwrap();
    let rule = config.sim.cards.last().and_then(|card| card.balance.clone()).unwrap();
    assert_eq!(rule.low.unwrap().to_string(), "5.50");
    assert!(rule.question.is_some());
}

#[test]
fn what_asks_for_a_balance_is_checked() {
    let head = "[[sim.card]]\niccid = \"8955010000000000001\"\n[sim.card.balance]\n";
    let check = |line: &str, expected: &str| {
        check(&format!("{head}{line}\n"), &[&format!("recado.toml:4:{expected}")]);
    };
    check(
        "ussd = \"saldo\"",
        "8: sim.card[1].balance.ussd: expected a code of digits, *, # and + as text, such as \"*100#\", found \"saldo\"",
    );
    check("pattern = \"R\"", "11: sim.card[1].balance.pattern: expected one capture (…), found 0");
    check("low = \"5\"", "7: sim.card[1].balance.low: expected an amount such as 5 or 5.50, found \"5\"");
    check("low = 1.234", "7: sim.card[1].balance.low: expected an amount such as 5 or 5.50, found a float");
    check("sms_to = \"777\"", "10: sim.card[1].balance.ussd: a balance is asked by ussd, or by sms_to and sms_text");
    check("ask = \"hourly\"", "7: sim.card[1].balance.ask: expected \"daily\" or \"off\", found \"hourly\"");
}

#[test]
fn a_part_costs_what_its_sim_costs() {
    let card = "[[sim.card]]\niccid = \"8955010000000000001\"\nprice = 0.01\n";
    let prices = read(&format!("[sim]\nprice = 0.0325\n{card}"), &[]).unwrap().prices();
    let shown = ["8955010000000000001", "8955010000000000002"].map(|iccid| prices.of(iccid).to_string());
    assert_eq!(shown, ["0.0100", "0.0325"]);
    assert_eq!(Config::default().prices(), crate::dunning::money::Prices::default());
    let expected = "a price with at most four decimals, such as 0.0325";
    check("sim.price = 0.00001\n", &[&format!("recado.toml:1:13: sim.price: expected {expected}, found a float")]);
    check("sim.price = -1\n", &[&format!("recado.toml:1:13: sim.price: expected {expected}, found -1")]);
}
