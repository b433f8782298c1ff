//! A file of debts through the program as a person calls it.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::floor::{Rows, floor};
use super::process::{Process, configure};
use super::support::{load, median, rate};
use recado::clock::Clock;

const TARGET: Duration = Duration::from_secs(20);

/// Rows that come of a debt, in the order in which one names the other; and debts of one commit.
const ROWS: Rows = Rows { tables: &["debtor", "debtor_number", "debt", "dunning_case", "track"], at_once: 1_000 };

pub(crate) async fn measure(disk: &Path, rows: usize) {
    let folder = tempfile::tempdir_in(disk).unwrap();
    let folder = folder.path();
    let clock = Clock::host();
    let config = configure(folder, "127.0.0.1:0", "", &[]);
    let config = config.to_str().unwrap();
    let daemon = Process::start(&["serve", "--config", config]);
    while !folder.join("recado.sock").exists() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let place = ["--zone", "America/Sao_Paulo", "--language", "pt-BR", "--currency", "BRL", "--config", config];
    recado(&[&["creditors", "set", "loja", "--name", "Loja Azul"], &place[..]].concat()).await;
    let file = folder.join("portfolio.csv");
    std::fs::write(&file, csv(rows)).unwrap();
    let began = clock.now().instant;
    let of_file =
        ["import", file.to_str().unwrap(), "--creditor", "loja", "--map", "debt=contrato", "--config", config];
    let peak = recado(&of_file).await;
    let took = clock.now().instant.saturating_since(began);
    let of_daemon = memory_kb(daemon.id(), "VmHWM");
    drop(daemon);
    let floor = median(&[0; 3].map(|_| floor(folder, &clock, rows, &ROWS).as_secs_f64()));
    println!(
        "{:<10} {rows} debts: {:.1} s ({:.0} debts/s; target under {} s); bare SQLite with the same rows {floor:.1} s; most memory: import {:.1} MB, daemon {:.1} MB; load {}",
        "import",
        took.as_secs_f64(),
        rate(rows, took),
        TARGET.as_secs(),
        f64::from(peak) / 1024.0,
        f64::from(of_daemon) / 1024.0,
        load()
    );
}

/// Runs the program to its end; the most memory that it was seen with, in kB.
async fn recado(arguments: &[&str]) -> u32 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_recado"));
    let silent = command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
    let mut child = silent.spawn().unwrap();
    let mut peak = 0;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{arguments:?}: {status}");
            return peak;
        }
        peak = peak.max(memory_kb(child.id(), "VmHWM"));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A line of what the kernel knows of a process; 0 once it has ended.
fn memory_kb(process: u32, line: &str) -> u32 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let found = status.lines().find_map(|each| each.strip_prefix(line)?.strip_prefix(':'));
    found.and_then(|value| value.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// As spreadsheets write it. Every third debtor owes twice.
fn csv(rows: usize) -> String {
    let mut text = String::from("contrato;cpf;nome;telefone;valor;vencimento;produto\n");
    for row in 0..rows {
        let debtor = row - row / 4;
        writeln!(
            text,
            "C-{row};{};MARIA DA SILVA {debtor};(11) 9{:04}-{:04};1.{:03},{:02};{:02}/{:02}/2026;CREDIARIO",
            cpf(debtor),
            6_000 + debtor / 10_000,
            debtor % 10_000,
            row % 1_000,
            row % 100,
            row % 28 + 1,
            row % 11 + 1
        )
        .unwrap();
    }
    text
}

/// A number with its check digits (Receita Federal, modulo 11).
fn cpf(number: usize) -> String {
    let mut digits: Vec<usize> =
        format!("{:09}", 100_000_000 + number * 7).bytes().map(|digit| usize::from(digit - b'0')).collect();
    for _ in 0..2 {
        let weights = (2..=digits.len() + 1).rev();
        let sum: usize = digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum();
        digits.push(sum * 10 % 11 % 10);
    }
    digits.iter().map(|digit| char::from(b'0' + u8::try_from(*digit).unwrap())).collect()
}
