//! A CSV file that is read twice, a row at a time, and how far the reading is.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, ErrorKind, IsTerminal as _, Read, Seek as _, SeekFrom};
use std::path::Path;
use std::rc::Rc;

use csv::{ByteRecord, Position, Reader};

use crate::dunning::import::delimiter;

/// Octets of a row: more are a quote that is not closed, and would be the rest of the file.
const ROW_OCTETS: usize = 1024 * 1024;

/// Signs of a bar that is full.
const BAR: usize = 30;

/// A file with a line of headings.
pub(super) struct CsvFile {
    file: File,
    octets: u64,
    delimiter: u8,
    heading: ByteRecord,
}

/// One reading of the rows.
pub(super) struct Rows<'a> {
    reader: Reader<Bounded<'a>>,
    record: ByteRecord,
    /// Octets that the row may still have.
    left: Rc<Cell<usize>>,
    octets: u64,
}

/// Refuses to read more than a row may have.
struct Bounded<'a> {
    file: &'a File,
    left: Rc<Cell<usize>>,
}

impl Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.left.get();
        if left == 0 {
            let told = "a row has more than a mebibyte: is a quote not closed?";
            return Err(io::Error::new(ErrorKind::InvalidData, told));
        }
        let read = self.file.read(buffer)?;
        self.left.set(left.saturating_sub(read));
        Ok(read)
    }
}

impl CsvFile {
    /// Opens a file, or keeps the standard input in one that has no name.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if path.as_os_str() != "-" {
            return Self::new(File::open(path)?);
        }
        let mut kept = tempfile::tempfile()?;
        io::copy(&mut io::stdin().lock(), &mut kept)?;
        Self::new(kept)
    }

    fn new(mut file: File) -> io::Result<Self> {
        let octets = file.metadata()?.len();
        file.rewind()?;
        let delimiter = delimiter(BufReader::new(&file).fill_buf()?);
        let mut all = Self { file, octets, delimiter, heading: ByteRecord::new() };
        let mut heading = ByteRecord::new();
        let mut rows = all.from_the_first_line()?;
        if rows.read()? {
            heading.clone_from(&rows.record);
        }
        all.heading = heading;
        Ok(all)
    }

    /// The cells of the first line.
    pub(super) fn heading(&self) -> io::Result<&ByteRecord> {
        Ok(&self.heading)
    }

    /// The rows below the headings, from the first.
    pub(super) fn rows(&mut self) -> io::Result<Rows<'_>> {
        let mut rows = self.from_the_first_line()?;
        rows.read()?;
        Ok(rows)
    }

    fn from_the_first_line(&mut self) -> io::Result<Rows<'_>> {
        self.file.seek(SeekFrom::Start(0))?;
        let left = Rc::new(Cell::new(ROW_OCTETS));
        let source = Bounded { file: &self.file, left: Rc::clone(&left) };
        let mut options = csv::ReaderBuilder::new();
        options.has_headers(false).flexible(true).delimiter(self.delimiter).buffer_capacity(64 * 1024);
        Ok(Rows { reader: options.from_reader(source), record: ByteRecord::new(), left, octets: self.octets })
    }
}

impl Rows<'_> {
    fn read(&mut self) -> io::Result<bool> {
        self.left.set(ROW_OCTETS);
        let line = self.reader.position().line();
        self.reader.read_byte_record(&mut self.record).map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => io::Error::new(error.kind(), format!("line {line}: {error}")),
            other => io::Error::other(format!("line {line}: {other:?}")),
        })
    }

    /// The next row and the line on which it begins.
    pub(super) fn next_row(&mut self) -> io::Result<Option<(&ByteRecord, u64)>> {
        let line = |record: &ByteRecord| record.position().map_or(0, Position::line);
        Ok(self.read()?.then(|| (&self.record, line(&self.record))))
    }

    /// How much of the file was read, in hundredths.
    pub(super) fn part(&self) -> u64 {
        (self.reader.position().byte() * 100).checked_div(self.octets).unwrap_or(100).min(100)
    }
}

/// A bar on the terminal.
pub(super) struct Progress {
    shows: bool,
}

impl Progress {
    /// One that shows itself if somebody looks.
    pub(super) fn new(is_wanted: bool) -> Self {
        Self { shows: is_wanted && io::stderr().is_terminal() }
    }

    #[expect(clippy::print_stderr, reason = "progress is for the terminal, not for what reads the output")]
    pub(super) fn show(&mut self, part: u64, rows: u64) {
        if self.shows {
            eprint!("\r{}", bar(part, rows));
        }
    }

    #[expect(clippy::print_stderr, reason = "progress is for the terminal, not for what reads the output")]
    pub(super) fn end(&mut self, rows: u64) {
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
    use std::io::Write as _;

    use super::*;

    fn file(text: &str) -> CsvFile {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        CsvFile::new(file).unwrap()
    }

    fn lines(file: &mut CsvFile) -> Vec<(u64, usize)> {
        let mut rows = file.rows().unwrap();
        let mut lines = Vec::new();
        while let Some((record, line)) = rows.next_row().unwrap() {
            lines.push((line, record.len()));
        }
        lines
    }

    #[test]
    fn a_file_is_read_as_often_as_one_likes() {
        let mut file = file("a;b,c\r\n1;2\r\n\"3\n4\";5;6\r\n\r\n7\r\n");
        assert_eq!(file.heading().unwrap(), &ByteRecord::from(vec!["a", "b,c"]));
        for _ in 0..2 {
            assert_eq!(lines(&mut file), [(2, 2), (3, 3), (6, 1)]);
        }
    }

    #[test]
    fn an_empty_file_has_no_headings_and_no_rows() {
        let mut file = file("");
        assert_eq!((file.heading().unwrap().len(), lines(&mut file).len()), (0, 0));
    }

    #[test]
    fn a_quote_that_is_not_closed_does_not_swallow_the_file() {
        let mut file = file(&format!("a;b\n1;2\n\"3;{}", "4\n".repeat(ROW_OCTETS)));
        let mut rows = file.rows().unwrap();
        assert!(rows.next_row().unwrap().is_some());
        let error = rows.next_row().unwrap_err();
        assert_eq!(error.to_string(), "line 3: a row has more than a mebibyte: is a quote not closed?");
    }

    #[test]
    fn a_bar_grows_with_what_was_read() {
        assert_eq!(bar(0, 0), "[------------------------------]   0 %  0 rows");
        assert_eq!(bar(50, 1000), "[###############---------------]  50 %  1000 rows");
        assert_eq!(bar(100, 2000), "[##############################] 100 %  2000 rows");
    }
}
