//! Files of debtors and debts, read in pieces: by the command line, which sends them through the API, and by the API itself,
//! where a browser gives it the whole file.

mod file;
mod item;
mod remembered;
mod report;
mod runs;
mod united;

use std::io;

use tokio::task::yield_now;

use crate::dunning::import::{Fault, Field, HeadingError, Import, Options, Row, Survey};
use crate::dunning::money::Currency;
use crate::sms::number::Country;

pub(crate) use file::CsvFile;
use file::Rows;
pub(crate) use item::PATH;
pub(crate) use remembered::Remembered;
pub(crate) use report::{Counts, Findings, HEADING, Outcome, Report, Told};
pub(super) use runs::{Begun, Run, Runs, Snapshot};
use united::United;

/// Rows of one request: some hundred kilobytes.
const PIECE: usize = 1_000;

/// Lines after which reading lets others go on.
const BREATH: u64 = 16;

/// Rows that belong to one request, and those between them that cannot be read.
#[derive(Default)]
struct Piece {
    good: Vec<Row>,
    refused: Vec<Vec<Fault>>,
}

impl Piece {
    fn is_empty(&self) -> bool {
        self.good.is_empty() && self.refused.is_empty()
    }
}

/// Where a currency is at home.
pub(crate) fn at_home(currency: Option<Currency>) -> Country {
    let other = match currency {
        Some(Currency::Mxn) => return Country::MEXICO,
        Some(Currency::Usd) => Country::from_iso("US"),
        Some(Currency::Brl) | None => None,
    };
    other.unwrap_or(Country::BRAZIL)
}

/// Begins the first reading. Where the file cannot be read without headings of `known` that are passed over in the options,
/// it is said that it lacks them.
pub(crate) fn survey(
    file: &CsvFile,
    options: Options,
    known: Vec<(Field, String)>,
) -> Result<Survey, Vec<HeadingError>> {
    let whole = Options { mapping: known, ..options.clone() };
    Survey::new(file.heading(), options).map_err(|errors| Survey::new(file.heading(), whole).err().unwrap_or(errors))
}

/// The first reading.
pub(crate) fn look_through(file: &mut CsvFile, survey: &mut Survey) -> io::Result<()> {
    let mut rows = file.rows()?;
    while let Some((record, line)) = rows.next_row()? {
        survey.look(record, line);
    }
    Ok(())
}

/// The second reading: good rows are sent as [`PATH`] takes them, or counted alone where nothing is to be stored.
/// `shown` hears how far the reading is, in hundredths, after each piece.
pub(crate) async fn carry_out<E: From<io::Error>>(
    file: &mut CsvFile,
    import: &Import,
    is_dry: bool,
    report: &mut Report<'_>,
    mut send: impl AsyncFnMut(Vec<u8>) -> Result<Vec<Outcome>, E>,
    mut shown: impl FnMut(u64, &Counts),
) -> Result<(), E> {
    let united = United::of(file, import)?;
    let mut rows = file.rows()?;
    let mut piece = next_piece(&mut rows, import, &united).await?;
    while !piece.is_empty() {
        let sending = async {
            if is_dry || piece.good.is_empty() {
                return Ok(Vec::new());
            }
            send(item::written(&piece.good)).await
        };
        // One goes and the next is read; two on the way might arrive in the other order.
        let (outcomes, next) = tokio::join!(sending, next_piece(&mut rows, import, &united));
        note(&piece, (!is_dry).then_some(outcomes?), report)?;
        shown(rows.part(), &report.counts);
        piece = next?;
    }
    Ok(())
}

/// Reads the next rows. It lets others go on between them: the piece before is on its way.
async fn next_piece(rows: &mut Rows<'_>, import: &Import, united: &United) -> io::Result<Piece> {
    let mut piece = Piece::default();
    while piece.good.len() + piece.refused.len() < PIECE {
        let Some((record, line)) = rows.next_row()? else { break };
        match import.row(record, line) {
            Ok(None) => {}
            Ok(Some(mut row)) => {
                united.complete(&mut row.debtor);
                piece.good.push(row);
            }
            Err(faults) => piece.refused.push(faults),
        }
        if line % BREATH == 0 {
            yield_now().await;
        }
    }
    Ok(piece)
}

/// Notes what was found in rows and what became of them.
fn note(piece: &Piece, outcomes: Option<Vec<Outcome>>, report: &mut Report<'_>) -> io::Result<()> {
    piece.refused.iter().try_for_each(|faults| report.refused(faults))?;
    piece.good.iter().try_for_each(|row| report.warned(&row.warnings))?;
    let Some(outcomes) = outcomes else {
        report.fit(piece.good.len());
        return Ok(());
    };
    outcomes.into_iter().zip(&piece.good).try_for_each(|(outcome, row)| report.ended(row.line, outcome))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_where_the_money_is() {
        assert_eq!(at_home(None), Country::BRAZIL);
        assert_eq!(at_home(Some(Currency::Mxn)), Country::MEXICO);
        assert_eq!(at_home(Some(Currency::Usd)).to_string(), "US");
    }
}
