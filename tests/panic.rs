//! What a panic leaves in the log. The hook belongs to a whole process, so this test has one of its own, and in it another.

use std::process::Command;

use recado::telemetry::log::{self, Format};

/// Set in the process that is to panic.
const CHILD: &str = "RECADO_TEST_PANICS";

const NUMBER: &str = "+5511987654321";
const TEXT: &str = "a parcela venceu";

#[test]
fn a_panic_says_where_and_repeats_no_words() {
    if std::env::var_os(CHILD).is_some() {
        log::start(Format::Text).unwrap();
        panic!("cannot send {TEXT:?} to {NUMBER}");
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    let child = child.args(["--nocapture", "--exact", "a_panic_says_where_and_repeats_no_words"]);
    let output = child.env(CHILD, "1").env_remove("RUST_LOG").env("RUST_BACKTRACE", "full").output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(said.contains("ERROR") && said.contains("panic place=\"tests/panic.rs:"), "{said}");
    assert!(!said.contains(NUMBER) && !said.contains("98765") && !said.contains(TEXT), "{said}");
}
