//! Emulated modems behind a sysfs that the test makes up.

use std::path::Path;

use super::*;
use crate::emulator;
use crate::serial::usb::fake::{Fake, Stick};

/// Emulated modems in a thread of their own for as long as this lives, and the paths of their ports.
struct Modems {
    runtime: tokio::runtime::Runtime,
    ports: Vec<PathBuf>,
    _folder: tempfile::TempDir,
}

fn emulate(modems: usize) -> Modems {
    emulate_as(modems, "generic")
}

fn emulate_as(modems: usize, profile: &str) -> Modems {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let ports = runtime.block_on(async {
        let profiles = emulator::Profiles::new(vec![profile.parse().unwrap()]);
        let config = emulator::Config { modems, profiles, ..emulator::Config::default() };
        let (handle, running) = emulator::pty::start(config, folder.path(), None, &Clock::host()).unwrap();
        let ports = running.paths().iter().map(|path| std::fs::canonicalize(path).unwrap()).collect();
        // Kept by the runtime until it ends.
        let mut task = JoinSet::new();
        task.spawn(async move {
            let _handle = handle;
            running.run().await.unwrap();
        });
        task.detach_all();
        ports
    });
    Modems { runtime, ports, _folder: folder }
}

fn check(args: &[&Path], roots: &Roots, json: bool) -> (Exit, String) {
    let args = ProbeArgs { ports: args.iter().map(|port| port.to_path_buf()).collect(), json, record: None };
    let mut output = Vec::new();
    let exit = run(&args, roots, &mut output).unwrap();
    (exit, String::from_utf8(output).unwrap().replace(roots.dev.to_str().unwrap(), "/dev"))
}

#[test]
fn what_is_plugged_in_is_shown_with_configuration_for_it() {
    let modems = emulate(2);
    let fake = Fake::new();
    fake.plug(&Stick::new("1-1", 0x2c7c, 0x0125).port(2, 0, "ttyUSB2").port(3, 0, "ttyUSB3"));
    fake.link("ttyUSB2", &modems.ports[0]);
    fake.plug(&Stick::new("1-2", 0x12d1, 0x1506).port(0, 1, "ttyUSB4").port(1, 3, "ttyUSB5").port(2, 2, "ttyUSB6"));
    fake.link("ttyUSB6", &modems.ports[1]);
    fake.plug(&Stick::new("1-3", 0x12d1, 0x14dc));
    fake.plug(&Stick::new("1-4", 0x0403, 0x6001).port(0, 0, "ttyUSB7"));
    fake.plug(&Stick::new("1-5", 0x2c7c, 0x0195).port(2, 0, "ttyUSB8"));
    fake.plug(&Stick::new("1-6", 0x046d, 0xc31c));
    let (exit, output) = check(&[], &fake.roots(), false);
    assert_eq!(exit, Exit::Done);
    // The columns are as wide as the path of this test's folder.
    let lines =
        output.lines().map(|line| line.split("  ").filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join("  "));
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r#"
    SLOT   PORT   MAKER   MODEL   FIRMWARE  IMEI   SIM  SIGNAL   SAYS
    1-1:1.2  /dev/ttyUSB2  Recado  Emulated modem  1.0   001017010000001  …0007  -71 dBm  answers
    1-2:1.2  /dev/ttyUSB6  Recado  Emulated modem  1.0   001017010000019  …0015  -71 dBm  answers
    1-3  -  -   Huawei E3372 HiLink   -   -  -  -  a network card without an AT port (HiLink); it needs the maker's stick firmware to send texts
    1-4:1.0  /dev/ttyUSB7  -   FTDI FT232 bridge   -   -  -  -  a bridge, behind which anything may be; ask it by `recado probe PORT`
    1-5:1.2  /dev/ttyUSB8  -   Quectel EG95 LTE modem  -   -  -  -  no such port; plug the modem in, or correct the path

    To name them, write this into the configuration:

    [[modem]]
    imei = "001017010000001"   # now at 1-1:1.2
    name = "modem-1"

    [[modem]]
    imei = "001017010000019"   # now at 1-2:1.2
    name = "modem-2"
    "#);
    modems.runtime.shutdown_background();
}

#[test]
fn modems_that_tell_one_imei_are_named_by_their_slots() {
    let (modems, clones) = (emulate(1), emulate(1));
    let fake = Fake::new();
    for (path, node, target) in [("1-1", "ttyUSB0", &modems), ("1-2", "ttyUSB1", &clones)] {
        fake.plug(&Stick::new(path, 0x2c7c, 0x0125).port(2, 0, node));
        fake.link(node, &target.ports[0]);
    }
    let (_, output) = check(&[], &fake.roots(), false);
    let written = |line: &str| output.lines().filter(|one| one.starts_with(line)).count();
    let bindings = [written("slot = \"1-1:1.2\""), written("slot = \"1-2:1.2\""), written("imei = ")];
    assert_eq!(bindings, [1, 1, 0], "{output}");
    modems.runtime.shutdown_background();
    clones.runtime.shutdown_background();
}

#[test]
fn a_port_that_is_named_is_asked_whatever_it_is() {
    let modems = emulate(1);
    let fake = Fake::new();
    let (exit, output) = check(&[&modems.ports[0], &fake.roots().dev.join("ttyS9")], &fake.roots(), true);
    assert_eq!(exit, Exit::Done);
    let items: Vec<Value> = output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [modem, absent] = items.as_slice() else { panic!("{output}") };
    assert_eq!((&modem["found"], &modem["says"]), (&json!(true), &json!("answers")));
    assert_eq!(modem["sim"].as_str().unwrap().chars().count(), 5, "{modem}");
    assert_eq!(absent["found"], false);
    assert!(absent["says"].as_str().unwrap().starts_with("no such port"), "{absent}");
    modems.runtime.shutdown_background();
}

#[test]
fn a_modem_that_is_deaf_after_each_result_is_asked_all_the_same() {
    let modems = emulate_as(1, "u-blox");
    let fake = Fake::new();
    let (exit, output) = check(&[&modems.ports[0]], &fake.roots(), true);
    let item: Value = serde_json::from_str(&output).unwrap();
    assert_eq!((exit, &item["model"], item["sim"].is_string()), (Exit::Done, &json!("SARA-U201"), true), "{item}");
    modems.runtime.shutdown_background();
}

#[test]
fn a_host_without_modems_is_a_negative_answer() {
    let fake = Fake::new();
    let (exit, output) = check(&[], &fake.roots(), false);
    assert_eq!(exit, Exit::Negative);
    assert!(output.starts_with("no USB modem found"), "{output}");
    assert_eq!(check(&[], &fake.roots(), true), (Exit::Negative, String::new()));
}

#[test]
fn a_recorded_bring_up_replays_and_names_nobody() {
    for profile in ["huawei", "quectel-ec25"] {
        let modems = emulate_as(1, profile);
        let fake = Fake::new();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("recorded.txt");
        let args = ProbeArgs { ports: modems.ports.clone(), json: false, record: Some(file.clone()) };
        let mut output = Vec::new();
        assert_eq!(run(&args, &fake.roots(), &mut output).unwrap(), Exit::Done);
        let script = std::fs::read_to_string(&file).unwrap();
        let imei = output_field(&output);
        assert!(script.contains("\n= up ") && !script.contains(&imei), "{script}");
        for single in [false, true] {
            crate::modem::replay(&file, single);
        }
        let again = run(&args, &fake.roots(), &mut Vec::new());
        assert!(matches!(again, Err(Failure::Io(_))), "what is there is not overwritten: {again:?}");
        modems.runtime.shutdown_background();
    }
}

/// The IMEI in the table.
fn output_field(output: &[u8]) -> String {
    let text = String::from_utf8(output.to_vec()).unwrap();
    let is_imei = |word: &&str| word.len() == 15 && word.bytes().all(|b| b.is_ascii_digit());
    text.split_whitespace().find(is_imei).unwrap().to_owned()
}

#[test]
fn of_several_modems_the_one_to_record_is_to_be_named() {
    let modems = emulate(2);
    let folder = tempfile::tempdir().unwrap();
    let record = Some(folder.path().join("recorded.txt"));
    let args = ProbeArgs { ports: modems.ports.clone(), json: false, record };
    let refused = run(&args, &Fake::new().roots(), &mut Vec::new());
    assert!(matches!(refused, Err(Failure::Usage(_))), "{refused:?}");
    modems.runtime.shutdown_background();
}
