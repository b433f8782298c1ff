//! The program as a process of its own.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A process that ends with this value.
pub(crate) struct Process(Child);

impl Process {
    /// Runs `recado` with these arguments. What it says is not kept.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_recado"));
        let silent = command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(silent.spawn().unwrap())
    }

    /// Starts emulated modems with their ports in `folder`; the ports, once they are there.
    pub(crate) async fn emulate(folder: &Path, modems: usize, more: &[&str]) -> (Self, Vec<PathBuf>) {
        fs::create_dir_all(folder).unwrap();
        let count = modems.to_string();
        let process =
            Self::start(&[&["emulate", "--modems", &count, "--dir", folder.to_str().unwrap()], more].concat());
        let ports: Vec<PathBuf> = (0..modems).map(|modem| folder.join(format!("modem{modem}"))).collect();
        while !ports.iter().all(|port| port.exists()) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        (process, ports)
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        self.0.kill().unwrap_or_default();
        self.0.wait().unwrap();
    }
}

/// Writes a configuration for these ports into `folder`, with its database there, and gives the file.
pub(crate) fn configure(folder: &Path, listen: &str, more: &str, ports: &[PathBuf]) -> PathBuf {
    let database = folder.join("recado.db");
    let mut text = format!(
        "[store]\npath = '{}'\n[http]\nlisten = '{listen}'\n[modems]\ndiscover = false\n{more}",
        database.display()
    );
    for (index, port) in ports.iter().enumerate() {
        writeln!(text, "[[modem]]\nport = '{}'\nname = 'm{index}'", port.display()).unwrap();
    }
    let file = folder.join("recado.toml");
    fs::write(&file, text).unwrap();
    file
}
