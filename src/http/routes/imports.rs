//! `/v1/imports`: a file of debtors and debts as other programs write it, read by the daemon.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body as RequestBody;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt as _;
use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

use crate::dunning::import::{Dates, Decimals, Field, Import, Options, cells, outline};
use crate::store::reader::Reader;

use super::super::auth::{Caller, Scope};
use super::super::csv as table;
use super::super::dto::import::{ImportAnswer, ImportColumn, ImportColumns};
use super::super::dto::intake::TakenAnswer;
use super::super::dto::mapping::ImportMapping;
use super::super::import::{
    Begun, CsvFile, HEADING, Outcome, Remembered, Report, Run, at_home, carry_out, look_through, survey,
};
use super::super::json::{Key, Octets, Parameters, object};
use super::super::problem::{Document, Kind, Problem};
use super::super::{Site, aside};
use super::intake::take_debts;
use super::mapping::{check, own_creditor};
use super::submit::takes_in;

/// Octets of a file: some two million debts.
const FILE_MAX: u64 = 256 * 1024 * 1024;

/// A file that stands still so long while it comes does not come any more.
const STALLED_AFTER: Duration = Duration::from_secs(60);

/// Rows that are shown of a file before it is read.
const ROWS_SHOWN: usize = 5;

/// How a file is to be read.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ImportParameters {
    /// To whom is owed what stands in rows that name nobody.
    creditor: Option<String>,
    /// How the file is read where it is not as it was said last, as the JSON text of an `ImportMapping`. An import remembers
    /// it, a dry run does not.
    mapping: Option<String>,
    /// `true`: everything is checked and nothing stored.
    #[param(value_type = Option<bool>)]
    dry_run: Option<String>,
}

/// The parameters, understood.
struct Wish {
    creditor: Option<String>,
    remembered: Remembered,
    said: Remembered,
    is_dry: bool,
}

impl Wish {
    /// What is known of files of the creditor from now on.
    fn known(&self) -> Remembered {
        self.remembered.overruled(&self.said.mapping, self.said.decimals, self.said.dates)
    }
}

async fn wish(site: &Site, caller: &Caller, asked: ImportParameters) -> Result<Wish, Problem> {
    let creditor = own_creditor(asked.creditor, caller)?;
    let is_dry = match asked.dry_run.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Problem::bad("dry_run", "give `true` or `false`")),
    };
    let said: Option<ImportMapping> = asked.mapping.map(|text| object(text.as_bytes())).transpose()?;
    let said = said.unwrap_or_default();
    check(&said)?;
    let said = Remembered::read(&serde_json::to_value(&said).map_err(|error| Problem::internal(&error))?);
    let key = creditor.clone().unwrap_or_default();
    let stored = site.read(move |reader| reader.mapping(&key)).await?;
    let stored = stored.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let remembered = Remembered::read(&stored);
    Ok(Wish { creditor, remembered, said, is_dry })
}

/// What the columns of a file are, by its beginning: the headings and a few rows are enough.
#[utoipa::path(
    post,
    path = "/v1/imports/columns",
    operation_id = "lookAtImport",
    tag = "dunning",
    params(ImportParameters),
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = OK, description = "As it would be read", body = ImportColumns),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn columns(
    State(site): State<Site>,
    caller: Caller,
    Parameters(asked): Parameters<ImportParameters>,
    Octets(octets): Octets,
) -> Result<Json<ImportColumns>, Problem> {
    caller.needs(Scope::Send)?;
    let wish = wish(&site, &caller, asked).await?;
    let looked = aside(move || {
        let mut file = tempfile::tempfile()?;
        file.write_all(&octets)?;
        let mut file = CsvFile::new(file)?;
        let (reading, _) = wish.remembered.reading(&wish.said, file.heading());
        let outline = outline(file.heading(), &reading.mapping, wish.creditor.is_some());
        let mut shown = Vec::new();
        let mut rows = file.rows()?;
        while shown.len() < ROWS_SHOWN {
            let Some((record, _)) = rows.next_row()? else { break };
            if record.iter().any(|cell| !cell.trim_ascii().is_empty()) {
                shown.push(cells(record));
            }
        }
        Ok(ImportColumns {
            columns: outline
                .columns
                .into_iter()
                .map(|(heading, field)| ImportColumn { heading, field: field.map(Field::name) })
                .collect(),
            rows: shown,
            problems: outline.errors.iter().map(ToString::to_string).collect(),
            decimals: reading.decimals.map(Decimals::name),
            dates: reading.dates.and_then(Dates::name),
        })
    });
    looked.await?.map(Json).map_err(|error: io::Error| Problem::new(Kind::BadRequest, error.to_string()))
}

/// Import a file. It is read after the answer; `GET /v1/imports/{id}` tells how far that is. One goes at a time.
#[utoipa::path(
    post,
    path = "/v1/imports",
    operation_id = "import",
    tag = "dunning",
    params(ImportParameters),
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = ACCEPTED, description = "The file is here", body = ImportAnswer),
        (status = PAYLOAD_TOO_LARGE, description = "`too-large`: a file may have 256 MiB", body = Document),
        (status = "4XX", description = "A problem", body = Document),
        (status = SERVICE_UNAVAILABLE, description = "`busy`: another import is on its way", body = Document),
    )
)]
pub(super) async fn begin(
    State(site): State<Site>,
    caller: Caller,
    Parameters(asked): Parameters<ImportParameters>,
    body: RequestBody,
) -> Result<Response, Problem> {
    caller.needs(Scope::Send)?;
    takes_in(&site)?;
    let wish = wish(&site, &caller, asked).await?;
    let now = site.clock.now().utc;
    let begun = site.imports().begin(caller.client(), wish.is_dry, now);
    let begun =
        begun.ok_or_else(|| Problem::new(Kind::Busy, "another import is on its way; try again when it has ended"))?;
    let file = receive(body).await?;
    let answer = ImportAnswer::new(begun.run(), caller.eyes());
    let runtime = tokio::runtime::Handle::current();
    // Reading is work for a thread that may take long; it ends with the file, or when nothing is taken in any more.
    drop(tokio::task::spawn_blocking(move || runtime.block_on(carry(site, caller, wish, file, begun))));
    Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
}

/// Keeps a body in a file without a name.
async fn receive(mut body: RequestBody) -> Result<File, Problem> {
    let unkept = |error: io::Error| {
        tracing::warn!(%error, "a file to import could not be kept");
        Problem::new(Kind::NoSpace, "the file could not be kept while it is read; the log of the daemon says why")
    };
    let broken = || Problem::new(Kind::BadRequest, "the file did not come to its end");
    let file = aside(tempfile::tempfile).await?.map_err(unkept)?;
    let mut file = tokio::fs::File::from_std(file);
    let mut octets = 0;
    while let Some(frame) = timeout(STALLED_AFTER, body.frame()).await.map_err(|_elapsed| broken())? {
        let Ok(data) = frame.map_err(|_cut| broken())?.into_data() else { continue };
        octets += data.len() as u64;
        if octets > FILE_MAX {
            return Err(Problem::new(Kind::TooLarge, "a file may have 256 MiB; divide it"));
        }
        file.write_all(&data).await.map_err(unkept)?;
    }
    file.flush().await.map_err(unkept)?;
    Ok(file.into_std().await)
}

/// Why a file was not read to its end.
struct Broken(String);

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<Problem> for Broken {
    fn from(problem: Problem) -> Self {
        Self(problem.told().1.to_owned())
    }
}

async fn carry(site: Site, caller: Caller, wish: Wish, file: File, begun: Begun) {
    let run = Arc::clone(begun.run());
    let why = read(&site, &caller, wish, file, &run).await.err().map(|Broken(why)| why);
    run.end(site.clock.now().utc, why);
}

async fn read(site: &Site, caller: &Caller, wish: Wish, file: File, run: &Run) -> Result<(), Broken> {
    let mut file = CsvFile::new(file)?;
    let known = wish.known();
    let Wish { creditor, remembered, said, is_dry } = wish;
    let (reading, passed_over) = remembered.reading(&said, file.heading());
    let all = site.read(Reader::creditors).await?;
    let own = all.into_iter().filter(|creditor| caller.covers(Some(&creditor.id)));
    let creditors: BTreeMap<_, _> = own.map(|creditor| (creditor.id, creditor.currency)).collect();
    let currency = creditor.as_ref().map(|id| creditors.get(id).copied().ok_or_else(no_creditor)).transpose()?;
    let options = Options {
        creditor: creditor.clone(),
        creditors,
        country: at_home(currency),
        decimals: reading.decimals,
        dates: reading.dates.unwrap_or_default(),
        mapping: reading.mapping,
    };
    let import = looked_through(&mut file, options, known.mapping.clone())?;
    if !is_dry && known != remembered {
        let text = known.json().to_string();
        let client = caller.client().to_owned();
        site.writer.remember_mapping(creditor.unwrap_or_default(), text, client).await.map_err(Problem::from)?;
    }
    let mut report = Report::new(|told, is_error| {
        run.found(told, is_error);
        Ok(())
    });
    report.warned(&passed_over)?;
    let send = async |body: Vec<u8>| -> Result<Vec<Outcome>, Broken> {
        takes_in(site)?;
        let taken = take_debts(site, caller.clone(), body.into()).await?;
        Ok(taken.into_iter().map(outcome).collect())
    };
    carry_out(&mut file, &import, is_dry, &mut report, send, |part, counts| run.has_come(part, counts)).await
}

fn no_creditor() -> Problem {
    Problem::bad("creditor", "no creditor has this id; make the creditor known first")
}

fn looked_through(file: &mut CsvFile, options: Options, known: Vec<(Field, String)>) -> Result<Import, Broken> {
    let survey = survey(file, options, known);
    let told = |errors: Vec<_>| Broken(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "));
    let mut survey = survey.map_err(told)?;
    look_through(file, &mut survey)?;
    survey.conclude().map_err(|error| Broken(error.to_string()))
}

fn outcome(taken: Result<TakenAnswer, Problem>) -> Outcome {
    match taken {
        Ok(taken) => Outcome::Taken { is_created: taken.created, is_changed: taken.changed },
        Err(problem) => {
            let (field, detail) = problem.told();
            Outcome::Refused { field: field.unwrap_or_default().to_owned(), detail: detail.to_owned() }
        }
    }
}

/// An import of the caller's. A restart of the daemon forgets them.
#[utoipa::path(
    get,
    path = "/v1/imports/{id}",
    operation_id = "getImport",
    tag = "dunning",
    params(("id" = i64, Path, description = "Of the import")),
    responses(
        (status = OK, description = "How it stands", body = ImportAnswer),
        (status = NOT_FOUND, description = "`not-found`", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn show(
    State(site): State<Site>,
    caller: Caller,
    Key(id): Key<i64>,
) -> Result<Json<ImportAnswer>, Problem> {
    caller.needs(Scope::Send)?;
    let run = own(&site, &caller, id)?;
    Ok(Json(ImportAnswer::new(&run, caller.eyes())))
}

/// All errors and warnings of an import as CSV, up to 100 000. Without `pii` it does not say what stands in the cells.
#[utoipa::path(
    get,
    path = "/v1/imports/{id}/errors",
    operation_id = "getImportErrors",
    tag = "dunning",
    params(("id" = i64, Path, description = "Of the import")),
    responses(
        (status = OK, description = "The table", content((String = "text/csv"))),
        (status = NOT_FOUND, description = "`not-found`", body = Document),
        (status = "4XX", description = "A problem", body = Document),
    )
)]
pub(super) async fn errors(State(site): State<Site>, caller: Caller, Key(id): Key<i64>) -> Result<Response, Problem> {
    caller.needs(Scope::Send)?;
    let run = own(&site, &caller, id)?;
    let is_open = caller.eyes().see_people();
    let rows = run.findings().into_iter().map(|[line, column, kind, what, cell]| {
        vec![line, column, kind, what, if is_open { cell } else { String::new() }]
    });
    let mut answer = table::answer(&HEADING.map(str::to_owned), rows);
    let name = format!("attachment; filename=\"import-{}-errors.csv\"", run.id);
    if let Ok(name) = HeaderValue::from_str(&name) {
        answer.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(answer)
}

fn own(site: &Site, caller: &Caller, id: Option<i64>) -> Result<Arc<Run>, Problem> {
    let found = id.and_then(|id| site.imports().find(id, caller.client()));
    found.ok_or_else(|| {
        Problem::new(Kind::NotFound, "there is no import of yours with this id since the daemon was started")
    })
}
