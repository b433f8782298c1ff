//! A CSV file that is read twice, a row at a time, and how far the reading is.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read, Seek as _, SeekFrom};
use std::path::Path;
use std::rc::Rc;

use csv::{ByteRecord, Reader};

use crate::dunning::import::delimiter;

/// Octets of a row: more are a quote that is not closed, and would be the rest of the file.
const ROW_OCTETS: usize = 1024 * 1024;

/// A file with a line of headings.
pub(crate) struct CsvFile {
    file: File,
    octets: u64,
    ends_its_last_line: bool,
    delimiter: u8,
    heading: ByteRecord,
}

/// One reading of the rows.
pub(crate) struct Rows<'a> {
    reader: Reader<Bounded<'a>>,
    record: ByteRecord,
    /// Octets that the row may still have.
    left: Rc<Cell<usize>>,
    octets: u64,
    ends_its_last_line: bool,
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
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        if path.as_os_str() != "-" {
            return Self::new(File::open(path)?);
        }
        let mut kept = tempfile::tempfile()?;
        io::copy(&mut io::stdin().lock(), &mut kept)?;
        Self::new(kept)
    }

    /// A file that is open, from its beginning.
    pub(crate) fn new(mut file: File) -> io::Result<Self> {
        let octets = file.metadata()?.len();
        let mut last = [b'\n'];
        if octets > 0 {
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
        }
        file.rewind()?;
        let delimiter = delimiter(BufReader::new(&file).fill_buf()?);
        let ends_its_last_line = last == [b'\n'];
        let mut all = Self { file, octets, ends_its_last_line, delimiter, heading: ByteRecord::new() };
        let mut rows = all.rewound()?;
        rows.read()?;
        let mut heading = std::mem::take(&mut rows.record);
        heading.trim();
        all.heading = heading;
        Ok(all)
    }

    /// The cells of the first line.
    pub(crate) fn heading(&self) -> &ByteRecord {
        &self.heading
    }

    /// The rows below the headings, from the first.
    pub(crate) fn rows(&mut self) -> io::Result<Rows<'_>> {
        let mut rows = self.rewound()?;
        rows.read()?;
        Ok(rows)
    }

    fn rewound(&mut self) -> io::Result<Rows<'_>> {
        self.file.seek(SeekFrom::Start(0))?;
        let left = Rc::new(Cell::new(ROW_OCTETS));
        let source = Bounded { file: &self.file, left: Rc::clone(&left) };
        let mut options = csv::ReaderBuilder::new();
        options.has_headers(false).flexible(true).delimiter(self.delimiter).buffer_capacity(64 * 1024);
        // Of a line end of two octets the reader would leave one for the next row, and count the line there.
        options.terminator(csv::Terminator::Any(b'\n'));
        let (octets, ends_its_last_line) = (self.octets, self.ends_its_last_line);
        Ok(Rows { reader: options.from_reader(source), record: ByteRecord::new(), left, octets, ends_its_last_line })
    }
}

impl Rows<'_> {
    fn read(&mut self) -> io::Result<bool> {
        self.left.set(ROW_OCTETS);
        let line = self.reader.position().line();
        self.reader.read_byte_record(&mut self.record).map_err(|error| {
            let error = io::Error::from(error);
            io::Error::new(error.kind(), format!("line {line}: {error}"))
        })
    }

    /// The next row and the line on which it begins.
    pub(crate) fn next_row(&mut self) -> io::Result<Option<(&ByteRecord, u64)>> {
        if !self.read()? {
            return Ok(None);
        }
        // The reader counts from before the empty lines that it passes over; from the end of the row it is exact.
        let within = self.record.as_slice().split(|octet| *octet == b'\n').skip(1).count() as u64;
        let end = self.reader.position();
        let is_last = end.byte() == self.octets && !self.ends_its_last_line;
        let line = end.line().saturating_sub(within + u64::from(!is_last));
        Ok(Some((&self.record, line)))
    }

    /// How much of the file was read, in hundredths.
    pub(crate) fn part(&self) -> u64 {
        (self.reader.position().byte() * 100).checked_div(self.octets).unwrap_or(100).min(100)
    }
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

    /// Of each row its line, its cells, and whether nothing stands in it.
    fn lines(file: &mut CsvFile) -> Vec<(u64, usize, bool)> {
        let mut rows = file.rows().unwrap();
        let mut lines = Vec::new();
        while let Some((record, line)) = rows.next_row().unwrap() {
            lines.push((line, record.len(), record.as_slice().trim_ascii().is_empty()));
        }
        lines
    }

    #[test]
    fn a_file_is_read_as_often_as_one_likes() {
        let text = "a;b,c\n1;2\n\"3\n4\";5;6\n\n\n7\n8";
        for text in [text, &text.replace('\n', "\r\n"), &format!("\u{feff}{text}\n")] {
            let mut file = file(text);
            assert_eq!(file.heading(), &ByteRecord::from(vec!["a", "b,c"]));
            for _ in 0..2 {
                let lines = lines(&mut file);
                let of_cells = lines.iter().filter(|(_, cells, is_blank)| !(*cells == 1 && *is_blank));
                let of_cells: Vec<_> = of_cells.map(|(line, cells, _)| (*line, *cells)).collect();
                assert_eq!(of_cells, [(2, 2), (3, 3), (7, 1), (8, 1)], "{text:?}");
            }
        }
    }

    #[test]
    fn an_empty_file_has_no_headings_and_no_rows() {
        let mut file = file("");
        assert_eq!((file.heading().len(), lines(&mut file).len()), (0, 0));
    }

    #[test]
    fn a_quote_that_is_not_closed_does_not_swallow_the_file() {
        let mut file = file(&format!("a;b\n1;2\n\"3;{}", "4\n".repeat(ROW_OCTETS)));
        let mut rows = file.rows().unwrap();
        assert!(rows.next_row().unwrap().is_some());
        let error = rows.next_row().unwrap_err();
        assert_eq!(error.to_string(), "line 3: a row has more than a mebibyte: is a quote not closed?");
    }
}
