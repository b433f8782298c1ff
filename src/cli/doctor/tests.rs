//! Reports of hosts that are made of files.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use super::*;
use crate::contact::ContactSettings;
use crate::serial::usb::fake::{Fake, Stick};
use crate::sms::id::MessageId;
use crate::sms::number::PhoneNumber;
use crate::sms::operational;
use crate::store::webhook::{EndpointTerms, EndpointUrl, SigningKey, Wanted};
use crate::store::{Settings, Store};

const START: &str = "2026-11-24T13:00:00Z";

const ICCID: &str = "8955010000000004711";

/// A host, and a folder for a database and its configuration.
struct Place {
    folder: tempfile::TempDir,
    usb: Fake,
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap(), usb: Fake::new() };
        for (path, text) in [
            ("etc/os-release", "NAME=x\nPRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\n"),
            ("etc/group", "root:x:0:\ndialout:x:20:\nrecado:x:900:\n"),
            ("proc/sys/kernel/osrelease", "6.12.48+deb13-amd64\n"),
            ("proc/uptime", "86400.52 100.0\n"),
            (
                "proc/self/status",
                "Name:\trecado\nUid:\t900\t900\t900\t900\nGid:\t900\t900\t900\t900\nGroups:\t20 900 \n",
            ),
            ("proc/812/comm", "ModemManager\n"),
            ("run/systemd/timesync/synchronized", ""),
        ] {
            place.write(path, text);
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The report about this configuration, with FOLDER as the folder's name.
    fn report(&self, config: &str, environment: &Environment, json: bool) -> (Exit, String) {
        let config = config.replace("FOLDER", self.folder.path().to_str().unwrap());
        let args = DoctorArgs { config: Some(self.write("recado.toml", &config)), json, output: None };
        let machine = Machine::of(self.folder.path(), self.usb.roots());
        let mut output = Vec::new();
        let clock = Clock::starting_at(START.parse().unwrap());
        let exit = run(&args, environment, &machine, &clock, &mut output).unwrap();
        let output = String::from_utf8(output).unwrap().replace(self.usb.roots().dev.to_str().unwrap(), "/dev");
        (exit, output.replace(self.folder.path().to_str().unwrap(), "FOLDER"))
    }

    /// A database with a message to this number and an endpoint, whose daemon has ended.
    fn store(&self, to: &str, text: &str, url: &str) {
        let config = Config::default();
        let settings = Settings {
            sims: config.sim_settings(),
            free_floor: 0,
            country: config.region.country,
            alarms: Vec::new(),
            contact: ContactSettings::none().into(),
        };
        let now = START.parse().unwrap();
        let mut store = Store::open(&self.path("recado.db"), settings, now).unwrap();
        let to = PhoneNumber::from_digits(to).unwrap();
        let message = operational::answer(MessageId::new(now, [1; 10]), to, text, now).unwrap();
        let wanted = Wanted(vec!["message.queued".to_owned()]);
        let terms = EndpointTerms {
            url: EndpointUrl(url.to_owned()),
            wanted,
            creditors: Vec::new(),
            pii: true,
            batch: 0,
            enabled: true,
        };
        let modem = crate::sms::id::ModemId::new("490154203237518");
        store
            .commit(now, |work| {
                work.submit(&message)?;
                work.create_webhook(&terms, SigningKey(*b"a secret of the webhook, 32 long"), "local")?;
                let sim = work.modem_up(&modem, ICCID)?;
                work.modem_down(&modem, Some(sim), "asked +5511987650000 and 724051234567890 said no")
            })
            .unwrap();
    }
}

#[test]
fn a_report_says_what_is_wrong_where_and_what_to_do() {
    let place = Place::new();
    place.usb.plug(&Stick::new("1-1", 0x2c7c, 0x0125).port(2, 0, "ttyUSB0"));
    place.usb.plug(&Stick::new("1-2", 0x1111, 0x2222));
    let config = "[store]\npath = \"FOLDER/recado.db\"\n[http]\nlisen = 1\n[sim]\nper_day = 200\n[[modem]]\nport = \"FOLDER/tty\"\n";
    let (exit, report) = place.report(config, &Environment::default(), false);
    assert_eq!(exit, Exit::Negative);
    let free = report.lines().find_map(|line| line.split("free octets of the disk").nth(1)).unwrap().trim();
    let report = report.replace(free, "[free]").replace(env!("CARGO_PKG_VERSION"), "[version]");
    // How wide columns are is up to the folder's name.
    let lines = report.lines().map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect());
    let lines: Vec<Vec<&str>> = lines.collect();
    let report: Vec<String> = lines.into_iter().map(|cells| cells.join("  ")).collect();
    insta::assert_snapshot!(report.join("\n").replace(std::env::consts::ARCH, "[arch]"));
}

#[test]
fn it_is_a_json_object_too_and_a_file_that_only_its_owner_reads() {
    let place = Place::new();
    place.store("5511987654321", "Ola", "https://crm.example/hook");
    let config =
        "[store]\npath = \"FOLDER/recado.db\"\n[[sim.card]]\niccid = \"8955010000000004711\"\nname = \"norte\"\n";
    let (_, report) = place.report(config, &Environment::default(), true);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["database"]["structure"], "sound", "{report:#}");
    assert_eq!(report["database"]["messages"], serde_json::json!([{"state": "queued", "count": 1}]));
    assert_eq!(report["database"]["last_faults"][0]["event"], "modem.down");
    assert_eq!(report["database"]["webhooks"][0]["enabled"], true);
    assert_eq!(report["daemon"]["reachable"], false);
    let set = report["configuration"]["set_beside_the_defaults"].as_array().unwrap();
    let value = |key: &str| set.iter().find(|row| row["key"] == key).unwrap()["value"].clone();
    assert_eq!(
        (value("sim.card[1].iccid"), value("sim.card[1].name")),
        ("(set; not shown)".into(), "\"norte\"".into())
    );
    let written = place.path("report.txt");
    let args = DoctorArgs { config: Some(place.path("recado.toml")), json: false, output: Some(written.clone()) };
    let machine = Machine::of(place.folder.path(), place.usb.roots());
    let mut output = Vec::new();
    let mut write = || run(&args, &Environment::default(), &machine, &Clock::host(), &mut output);
    write().unwrap();
    assert!(matches!(write(), Err(Failure::Written { .. })), "a file that is there is not written over");
    assert_eq!(std::fs::metadata(&written).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(std::fs::read_to_string(&written).unwrap().contains("DATABASE"));
}

#[test]
fn without_daemon_database_and_a_file_that_can_be_read_there_is_a_report_too() {
    let place = Place::new();
    for config in ["[store\n", "[store]\npath = 3\n", "\u{0}"] {
        let (exit, report) = place.report(config, &Environment::default(), false);
        assert_eq!(exit, Exit::Negative, "{config:?}");
        assert!(report.contains("FOLDER/recado.toml:") && report.contains("Debian GNU/Linux 13"), "{report}");
    }
    place.write("recado.db", &"no database ".repeat(20));
    let (_, report) = place.report("[store]\npath = \"FOLDER/recado.db\"\n", &Environment::default(), false);
    assert!(report.contains("not a database of Recado"), "{report}");
}

/// Whatever may be said of people, lines and secrets, in every place where it can be written: none of it comes out.
#[test]
fn nothing_leaves_the_house() {
    let place = Place::new();
    let pin = place.write("norte.pin", "739146");
    std::fs::set_permissions(&pin, std::fs::Permissions::from_mode(0o600)).unwrap();
    place.write("admin.token", "rcd_ThisIsTheFirstTokenOfAll_0123456789abcdef\n");
    place.store("5511987654321", "Ola Maria, sua divida", "https://joao:senha77@crm.example/hooks/T0KENPATH");
    place.write("dev/serial/usb-Maker_490154203237518-if00", "");
    let config = r#"
[store]
path = "FOLDER/recado.db"
[http]
listen = "rcd_inTheWrongPlace"
hosts = ["maria-cobranca.example"]
token = "rcd_unknownKey"
[contact]
opt_out_text = "Voce nao recebe mais de Maria"
help_text = ["Somos Cobranca Silva"]
only_to = ["+55 11 98765-4322"]
[alarms]
sms_to = ["+55119876543230000000"]
[[modem]]
imei = "490154203237519"
power_cycle = ["relay", "--password", "abretesesamo"]
[[modem]]
port = "FOLDER/dev/serial/usb-Maker_490154203237518-if00"
name = "(11) 98765-4324"
[sim]
zone = "+5511987654325"
[[sim.card]]
iccid = "8955010000000004711"
name = "55 11 98765 4326"
number = "+5511987654327"
group = "pin 8955010000000004712"
smsc = "+550101102010"
pin_file = "FOLDER/norte.pin"
pin = "739146"
[sim.card.balance]
sms_to = "777123"
sms_text = "SALDO DE MARIA"
pattern = '(Maria'
"#;
    let variables = [
        ("RECADO_TOKEN", "rcd_ofTheEnvironment"),
        ("RECADO_CONTACT__HELP_TEXT", "Fale com Maria"),
        ("RECADO_ALARMS__SMS_TO", "+5511987654328"),
        ("RECADO_HTTP__HOTS", "whsec_MisspeltVariable"),
    ];
    let environment: Environment =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let secrets = [
        "739146",
        "rcd_",
        "whsec_",
        "Maria",
        "MARIA",
        "maria-",
        "divida",
        "joao",
        "senha77",
        "T0KENPATH",
        "crm.example",
        "Silva",
        "abretesesamo",
        "490154203237518",
        "490154203237519",
        "724051234567890",
        "98765",
        "5511",
        "8955010000000004711",
        "8955010000000004712",
        "0101102010",
        "777123",
        "a secret of the webhook",
    ];
    for json in [false, true] {
        let (_, report) = place.report(config, &environment, json);
        for secret in secrets {
            assert!(!report.contains(secret), "{secret} in {report}");
        }
        for known in ["sim.card[1].pin_file", "modem.down", "http.listen", "RECADO_HTTP__HOTS", "alarms.sms_to"] {
            assert!(report.contains(known), "{known} is not in {report}");
        }
    }
}
