//! What is drawn again and again: on a terminal over what stood there before, elsewhere a line for each change.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _};

use rustix::termios::tcgetwinsize;

use crate::cli::overview::{HEADING, Overview};
use crate::cli::print::{self, Printer, plain};

/// To a screen of its own, without a cursor (xterm, "The Alternate Screen Buffer").
const ENTER: &str = "\u{1b}[?1049h\u{1b}[?25l";
const LEAVE: &str = "\u{1b}[?25h\u{1b}[?1049l";

/// The place of the first sign; what is right of a line's end; what is below.
const HOME: &str = "\u{1b}[H";
const REST_OF_LINE: &str = "\u{1b}[K";
const REST_OF_SCREEN: &str = "\u{1b}[J";

/// Lines that want to be looked at.
const BOLD: &str = "\u{1b}[1m";
const ORDINARY: &str = "\u{1b}[m";

/// Where a watch shows itself.
#[derive(Debug)]
pub(super) enum Screen {
    /// Over what stood there; the lines that were drawn last.
    Terminal(Vec<String>),
    /// One line after the other; what was said of each modem last.
    Lines(BTreeMap<String, String>),
}

/// Rows and columns of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Size {
    rows: usize,
    columns: usize,
}

impl Screen {
    /// The terminal, where somebody looks at one.
    pub(super) fn of(printer: &Printer<'_>) -> Self {
        if !printer.is_json && io::stdout().is_terminal() {
            Self::Terminal(Vec::new())
        } else {
            Self::Lines(BTreeMap::new())
        }
    }

    pub(super) fn enter(&self, printer: &mut Printer<'_>) -> io::Result<()> {
        match self {
            Self::Terminal(_) => printer.raw(ENTER.as_bytes()),
            Self::Lines(_) => Ok(()),
        }
    }

    /// What was seen last stays on the terminal.
    pub(super) fn leave(&self, printer: &mut Printer<'_>) -> io::Result<()> {
        if let Self::Terminal(drawn) = self {
            printer.raw(LEAVE.as_bytes())?;
            drawn.iter().try_for_each(|line| printer.line(line))?;
        }
        printer.flush()
    }

    pub(super) fn show(&mut self, overview: &Overview, printer: &mut Printer<'_>) -> io::Result<()> {
        match self {
            Self::Terminal(drawn) => {
                *drawn = lines(overview);
                draw(drawn, &format!("{}  Ctrl-C ends", overview.clock.time()), printer)
            }
            Self::Lines(said) => say(overview, said, printer),
        }
    }

    /// The daemon is not there, for now.
    pub(super) fn lost(&mut self, why: &str, printer: &mut Printer<'_>) -> io::Result<()> {
        let why = plain(why);
        match self {
            Self::Terminal(drawn) => draw(drawn, &format!("as it was; no answer now: {why}  Ctrl-C ends"), printer),
            Self::Lines(said) => {
                // All is told again when it is back.
                said.clear();
                if printer.is_json {
                    return Ok(());
                }
                printer.line(&format!("no answer: {why}"))?;
                printer.flush()
            }
        }
    }
}

fn lines(overview: &Overview) -> Vec<String> {
    let rows: Vec<[String; 11]> = std::iter::once(HEADING.map(str::to_owned)).chain(overview.rows()).collect();
    let mut lines = overview.summary();
    lines.push(String::new());
    lines.extend(print::aligned(&rows));
    lines
}

fn draw(lines: &[String], foot: &str, printer: &mut Printer<'_>) -> io::Result<()> {
    let size = tcgetwinsize(io::stdout()).ok().filter(|size| size.ws_row > 0 && size.ws_col > 0);
    let size = size
        .map_or(Size { rows: 24, columns: 80 }, |size| Size { rows: size.ws_row.into(), columns: size.ws_col.into() });
    printer.raw(frame(lines, foot, size).as_bytes())?;
    printer.flush()
}

/// What makes a terminal of this size show these lines, with the foot at its end. What has no place is left out, and that it
/// is is said.
fn frame(lines: &[String], foot: &str, size: Size) -> String {
    let room = size.rows.saturating_sub(2);
    let left_out = lines.len().saturating_sub(room);
    let shown = if left_out > 0 { room.saturating_sub(1) } else { lines.len() };
    let more = (left_out > 0).then(|| format!("… {} more lines", lines.len() - shown));
    let mut text = HOME.to_owned();
    for line in lines.iter().take(shown).chain(&more) {
        let cut: String = line.chars().take(size.columns).collect();
        let wants_a_look = line.starts_with("alarm ") || line.starts_with("not ready") || line.contains("not sending");
        let (begin, end) = if wants_a_look { (BOLD, ORDINARY) } else { ("", "") };
        text.push_str(&format!("{begin}{cut}{end}{REST_OF_LINE}\r\n"));
    }
    let foot: String = foot.chars().take(size.columns).collect();
    text.push_str(&format!("{REST_OF_LINE}\r\n{foot}{REST_OF_LINE}{REST_OF_SCREEN}"));
    text
}

/// The modems of which something else is to be said than before.
fn say(overview: &Overview, said: &mut BTreeMap<String, String>, printer: &mut Printer<'_>) -> io::Result<()> {
    let modems = overview.modems.iter().map(|modem| (print::cell(modem, "id"), modem));
    for ((id, modem), row) in modems.zip(overview.rows()) {
        let [_, state, sim, operator, _, _, _, _, _, _, reason] = &row;
        let stands = format!("{state}  SIM {sim}  on {operator}  {reason}");
        if said.get(&id) == Some(&stands) {
            continue;
        }
        let line = || plain(&format!("{}  {id}  {stands}", overview.clock.time()));
        printer.line(&if printer.is_json { modem.to_string() } else { line() })?;
        said.insert(id, stands);
    }
    printer.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[&str], size: (usize, usize), expected: &[&str]) {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        let text = frame(&lines, "13:00:00  Ctrl-C ends", Size { rows: size.0, columns: size.1 });
        let plain = [HOME, REST_OF_LINE, REST_OF_SCREEN, BOLD, ORDINARY, "\r"];
        let text = plain.iter().fold(text, |text, code| text.replace(code, ""));
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn lines_are_cut_to_the_width_of_the_terminal() {
        check(&["ready", "aé日x"], (10, 3), &["rea", "aé日", "", "13:"]);
    }

    #[test]
    fn what_has_no_place_is_counted() {
        check(&["1", "2", "3"], (5, 40), &["1", "2", "3", "", "13:00:00  Ctrl-C ends"]);
        check(&["1", "2", "3", "4", "5"], (5, 40), &["1", "2", "… 3 more lines", "", "13:00:00  Ctrl-C ends"]);
        check(&["1", "2"], (0, 0), &["", ""]);
    }
}
