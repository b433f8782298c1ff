//! Portfolio files: any octets may be one. The first octet chooses how numbers, days and columns are written.

use std::collections::BTreeMap;

use csv::{ByteRecord, ReaderBuilder, Terminator};

use crate::dunning::import::{Dates, Decimals, Field, Options, Survey, delimiter, outline};
use crate::dunning::money::Currency;
use crate::sms::number::Country;

pub(super) fn check(octets: &[u8]) {
    let [choice, file @ ..] = octets else { return };
    let mut records = records(file).into_iter();
    let (_, mut heading) = records.next().unwrap_or_default();
    heading.trim();
    let has_creditor = choice & 1 == 1;
    outline(&heading, &[], has_creditor);
    let Ok(mut survey) = Survey::new(&heading, options(*choice, &heading)) else { return };
    let rows: Vec<(u64, ByteRecord)> = records.collect();
    for (line, row) in &rows {
        survey.look(row, *line);
    }
    let Ok(import) = survey.conclude() else { return };
    for (line, row) in &rows {
        if let Err(faults) = import.row(row, *line) {
            assert!(!faults.is_empty(), "a row is refused without a fault");
            assert!(faults.iter().all(|fault| fault.line == *line), "a fault of another line");
        }
    }
}

/// The rows with their lines, read like the file of an import.
fn records(file: &[u8]) -> Vec<(u64, ByteRecord)> {
    let mut options = ReaderBuilder::new();
    options.has_headers(false).flexible(true).delimiter(delimiter(file)).terminator(Terminator::Any(b'\n'));
    let read = options.from_reader(file).into_byte_records();
    let lined = |record: ByteRecord| (record.position().map_or(0, csv::Position::line), record);
    read.map_while(Result::ok).map(lined).collect()
}

fn options(choice: u8, heading: &ByteRecord) -> Options {
    let named = heading.get(0).map(|cell| String::from_utf8_lossy(cell).into_owned());
    let mapping = named.filter(|_| choice & 0x40 != 0).map(|heading| (Field::Debtor, heading));
    Options {
        creditor: (choice & 1 == 1).then(|| "loja".to_owned()),
        creditors: BTreeMap::from([("loja".to_owned(), Currency::Brl), ("banco".to_owned(), Currency::Usd)]),
        country: if choice & 2 == 0 { Country::BRAZIL } else { Country::MEXICO },
        decimals: match choice >> 2 & 3 {
            0 => Some(Decimals::Comma),
            1 => Some(Decimals::Point),
            _ => None,
        },
        dates: if choice & 0x10 == 0 { Dates::Any } else { Dates::DayFirst },
        mapping: mapping.into_iter().collect(),
    }
}
