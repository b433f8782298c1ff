//! How far a long work is, on the terminal.

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
    pub(in super::super) fn show(&mut self, part: u64, done: u64, what: &str) {
        if self.shows {
            eprint!("\r{}", bar(part, done, what));
        }
    }

    #[expect(clippy::print_stderr, reason = "progress is for the terminal, not for what reads the output")]
    pub(in super::super) fn end(&mut self, done: u64, what: &str) {
        if self.shows {
            eprintln!("\r{}", bar(100, done, what));
        }
    }

    /// How much is done of what nobody knows the whole of.
    #[expect(clippy::print_stderr, reason = "progress is for the terminal, not for what reads the output")]
    pub(in super::super) fn count(&mut self, done: u64, what: &str) {
        if self.shows {
            eprint!("\r{done} {what}");
        }
    }

    /// Ends a line of [`Self::count`].
    #[expect(clippy::print_stderr, reason = "progress is for the terminal, not for what reads the output")]
    pub(in super::super) fn counted(&mut self) {
        if self.shows {
            eprintln!();
        }
    }
}

fn bar(part: u64, done: u64, what: &str) -> String {
    let full = usize::try_from(part).unwrap_or(100).min(100) * BAR / 100;
    format!("[{}{}] {part:>3} %  {done} {what}", "#".repeat(full), "-".repeat(BAR - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_grows_with_what_was_read() {
        assert_eq!(bar(0, 0, "rows"), "[------------------------------]   0 %  0 rows");
        assert_eq!(bar(50, 1000, "rows"), "[###############---------------]  50 %  1000 rows");
        assert_eq!(bar(100, 2000, "steps"), "[##############################] 100 %  2000 steps");
    }
}
