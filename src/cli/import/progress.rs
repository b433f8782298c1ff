//! How far the reading of a file is, on the terminal.

use std::io::{self, IsTerminal as _};

/// Signs of a bar that is full.
const BAR: usize = 30;

/// A bar on the terminal.
pub(in super::super) struct Progress {
    shows: bool,
}

impl Progress {
    /// One that shows itself if somebody looks.
    pub(in super::super) fn new(is_wanted: bool) -> Self {
        Self { shows: is_wanted && io::stderr().is_terminal() }
    }

    #[expect(clippy::print_stderr, reason = "progress is for the terminal, not for what reads the output")]
    pub(in super::super) fn show(&mut self, part: u64, rows: u64) {
        if self.shows {
            eprint!("\r{}", bar(part, rows));
        }
    }

    #[expect(clippy::print_stderr, reason = "progress is for the terminal, not for what reads the output")]
    pub(in super::super) fn end(&mut self, rows: u64) {
        if self.shows {
            eprintln!("\r{}", bar(100, rows));
        }
    }
}

fn bar(part: u64, rows: u64) -> String {
    let full = usize::try_from(part).unwrap_or(100).min(100) * BAR / 100;
    format!("[{}{}] {part:>3} %  {rows} rows", "#".repeat(full), "-".repeat(BAR - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_grows_with_what_was_read() {
        assert_eq!(bar(0, 0), "[------------------------------]   0 %  0 rows");
        assert_eq!(bar(50, 1000), "[###############---------------]  50 %  1000 rows");
        assert_eq!(bar(100, 2000), "[##############################] 100 %  2000 rows");
    }
}
