//! `recado demo`: the whole thing on emulated modems – daemon, database, door, sample texts, reports and answers.
//!
//! It is a user of the API like any other: the sample goes in through the HTTP door and what becomes of it is read from the
//! event stream. The civil clock starts on a Tuesday at 10:00 in São Paulo, so that the demo is the same at any hour.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use hyper::Method;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::clock::{Clock, Timestamp};
use crate::config::{Config, Http, Sim, Store};
use crate::daemon::{Daemon, DaemonError, Options, Simulate};
use crate::emulator::{self, Rate};
use crate::sms::lifecycle::MessageState;
use crate::telemetry::log;

use super::client::{Ask, Client};
use super::exit::Exit;
use super::failure::Failure;
use super::print::{Printer, cell, text as text_of};
use super::serve::{StopSignals, runtime};

/// What `demo` was called with.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct DemoArgs {
    /// End when the sample is settled; the exit code says whether every message came to what was expected
    #[arg(long)]
    exit: bool,
}

/// Tuesday, 24 November 2026, 10:00 in São Paulo.
const START: Timestamp = Timestamp::from_millis(1_795_525_200_000);
const ZONE: &str = "America/Sao_Paulo";
const MODEMS: usize = 4;

/// The sample is settled in some fifteen seconds; a machine that needs longer than this does not work.
const PATIENCE: Duration = Duration::from_secs(90);

/// To whom, what, and what comes of it. The last four digits decide what the emulated network does with a text.
const SAMPLE: [(&str, &str, MessageState); 17] = [
    (
        "+5511900001011",
        "Loja Aurora: Olá Ana, a parcela 3/12 de R$ 148,90 vence amanhã. Pix e boleto no app. Já pagou? Desconsidere.",
        MessageState::Delivered,
    ),
    (
        "+5511900001012",
        "Loja Aurora: Bruno, a parcela de R$ 89,50 venceu em 20/11. Responda 1 para receber o Pix.",
        MessageState::Delivered,
    ),
    (
        "+5521900001013",
        "Loja Aurora: Carla, sua parcela está vencida há 15 dias. Temos uma proposta: 3x de R$ 61,00 sem juros, com a \
         primeira em 05/12. Para aceitar, responda SIM. Se preferir falar com a gente, ligue 0800 000 0000, de segunda a \
         sexta, das 8h às 18h. Para não receber mais mensagens, responda PARE.",
        MessageState::Delivered,
    ),
    (
        "+5581900000006",
        "Loja Aurora: Davi, identificamos uma parcela em aberto. Para não receber mais mensagens, responda PARE.",
        MessageState::Delivered,
    ),
    (
        "+5551900000007",
        "Loja Aurora: Elisa, podemos ajudar com a sua parcela? Responda a esta mensagem.",
        MessageState::Delivered,
    ),
    ("+5531900000001", "Loja Aurora: Fábio, a parcela de R$ 230,00 vence hoje.", MessageState::Undelivered),
    ("+5585900000003", "Loja Aurora: Gil, a parcela de R$ 75,00 venceu ontem.", MessageState::Failed),
    (
        "+529980001021",
        "Tienda Sol: Hola Hugo, su pago de $1,250.00 vence mañana. Pague en línea o en tienda. ¿Ya pagó? Ignore este aviso.",
        MessageState::Delivered,
    ),
    (
        "+529980001022",
        "Tienda Sol: Inés, su pago de $480.00 venció el 20/11. Responda 1 para recibir la referencia.",
        MessageState::Delivered,
    ),
    ("+529980000002", "Tienda Sol: Javier, gracias por su pago de $990.00.", MessageState::Accepted),
    (
        "+529980001023",
        "Tienda Sol: Karla, su cuenta tiene un saldo vencido. Podemos ofrecerle un plan de pagos a su medida. Responda a este \
         mensaje para que un asesor se comunique con usted. Horario: lunes a viernes de 8:00 a 20:00.",
        MessageState::Delivered,
    ),
    ("+529980000004", "Tienda Sol: Luis, su pago de $310.00 vence hoy.", MessageState::Delivered),
    (
        "+447700900131",
        "Aurora Store: Hi Mary, your payment of £45.00 is due tomorrow. Reply STOP to opt out.",
        MessageState::Delivered,
    ),
    (
        "+447700900132",
        "Aurora Store: Hi Noah, your payment of £120.00 was due on 20 Nov. Reply HELP for options, STOP to opt out.",
        MessageState::Delivered,
    ),
    (
        "+5571900000008",
        "Loja Aurora: Rita, a parcela de R$ 99,00 venceu em 18/11. Já pagou? Responda a esta mensagem.",
        MessageState::Delivered,
    ),
    ("+5541900000009", "Loja Aurora: Saulo, temos uma proposta para a sua parcela em aberto.", MessageState::Delivered),
    // It is 7:00 in Mexico City when the demo begins: the day of collection begins there at 8:00.
    ("+525510001024", "Tienda Sol: María, su pago de $620.00 vence mañana.", MessageState::Queued),
];

/// Numbers that always answer.
const ANSWERS: usize = 4;

/// Who has asked to be left alone by the end of the sample.
const OPTED_OUT: &str = "+5581900000006";

/// Runs the demo until Ctrl-C, or with `--exit` until the sample is settled.
pub(super) fn run(args: &DemoArgs, output: &mut dyn Write) -> Result<Exit, Failure> {
    // The story is told on standard output; the log is for those who ask for it.
    if std::env::var_os("RUST_LOG").is_some() {
        log::start(log::Format::Text)?;
    }
    let folder = tempfile::Builder::new().prefix("recado-demo-").tempdir()?;
    let runtime = runtime()?;
    runtime.block_on(async {
        let mut stop = StopSignals::new()?;
        let daemon = start(folder.path()).await?;
        let url = format!("http://{}", daemon.address());
        let token = std::fs::read_to_string(folder.path().join("admin.token"))?.trim().to_owned();
        let mut story = Story::new(Printer::new(output, false), Client::over_tcp(&url, Some(token.clone()))?);
        story.introduce(folder.path(), &url, &token)?;
        let outcome = tokio::select! {
            outcome = story.tell(args.exit) => outcome,
            () = stop.wait() => Ok(Exit::Done),
        };
        daemon.stop().await;
        outcome
    })
}

async fn start(folder: &Path) -> Result<Daemon, DaemonError> {
    let config = Config {
        store: Store { path: folder.join("recado.db") },
        http: Http { listen: free_address(), ..Http::default() },
        // A pace that can be watched; the default is meant for real lines.
        sim: Sim { per_minute: 30, min_gap: Duration::from_secs(1), ..Sim::default() },
        ..Config::default()
    };
    let emulated = emulator::Config {
        modems: MODEMS,
        report_delay: Duration::from_secs(2),
        reply_rate: Rate::new(0.3).unwrap_or(Rate::NEVER),
        reply_delay: Duration::from_secs(3),
        ..emulator::Config::default()
    };
    let simulate = Simulate { config: emulated, folder: folder.to_owned() };
    Daemon::start(Options { config, clock: Clock::starting_at(START), simulate: Some(simulate) }).await
}

/// The usual port, or any where that one is taken.
fn free_address() -> SocketAddr {
    let usual = Http::default().listen;
    match TcpListener::bind(usual) {
        Ok(_) => usual,
        Err(_) => (Ipv4Addr::LOCALHOST, 0).into(),
    }
}

/// What is shown of a message.
#[derive(Debug)]
struct Shown {
    to: String,
    text: String,
    state: String,
    expected: MessageState,
}

/// The demo as it is told.
struct Story<'a> {
    printer: Printer<'a>,
    client: Client,
    zone: TimeZone,
    messages: BTreeMap<String, Shown>,
    answers: usize,
}

impl<'a> Story<'a> {
    fn new(printer: Printer<'a>, client: Client) -> Self {
        let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
        Self { printer, client, zone, messages: BTreeMap::new(), answers: 0 }
    }

    fn introduce(&mut self, folder: &Path, url: &str, token: &str) -> Result<(), Failure> {
        let lines = [
            format!("{MODEMS} emulated modems, database in {}", folder.display()),
            "The civil clock starts on Tuesday 2026-11-24 10:00 in São Paulo.".to_owned(),
            String::new(),
            format!("API    {url}"),
            format!("token  {token}"),
            format!(
                "try    curl -s {url}/v1/messages -H 'Authorization: Bearer {token}' \
                 -d '{{\"to\":\"+5511900001099\",\"text\":\"Olá! Sua parcela vence hoje.\"}}'"
            ),
            String::new(),
        ];
        lines.iter().try_for_each(|line| self.printer.line(line))?;
        Ok(self.printer.flush()?)
    }

    /// Submits the sample and shows what comes of it.
    async fn tell(&mut self, ends: bool) -> Result<Exit, Failure> {
        self.submit().await?;
        let settled = match tokio::time::timeout(PATIENCE, self.follow(0, true)).await {
            Ok(followed) => followed?,
            Err(_elapsed) => 0,
        };
        self.try_again().await?;
        let exit = self.conclude()?;
        if ends {
            return Ok(exit);
        }
        self.printer.line("The demo stays up. Press Ctrl-C to end it.")?;
        self.printer.flush()?;
        self.follow(settled, false).await?;
        Ok(exit)
    }

    async fn submit(&mut self) -> Result<(), Failure> {
        let field = |(to, text, _): &(&str, &str, MessageState)| json!({ "to": to, "text": text, "batch": "demo" });
        let body: Value = SAMPLE.iter().map(field).collect();
        let answer = self.client.ask(Ask { method: Method::POST, path: "/v1/messages", body: Some(&body) }).await?;
        let items = answer.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        for (item, (to, text, expected)) in items.iter().zip(SAMPLE) {
            let shown = Shown { to: to.to_owned(), text: text.to_owned(), state: cell(item, "state"), expected };
            self.messages.insert(cell(item, "id"), shown);
        }
        self.printer.line(&format!("{} messages submitted, {} taken in.", SAMPLE.len(), self.messages.len()))?;
        Ok(self.printer.flush()?)
    }

    /// Writes once more to who has asked to be left alone.
    async fn try_again(&mut self) -> Result<(), Failure> {
        let body =
            json!({ "to": OPTED_OUT, "text": "Loja Aurora: Davi, sua parcela continua em aberto.", "batch": "demo" });
        let answer = self.client.ask(Ask { method: Method::POST, path: "/v1/messages", body: Some(&body) }).await?;
        let (state, reason) =
            (cell(&answer, "state"), answer.pointer("/reason/detail").map(text_of).unwrap_or_default());
        self.printer.line(&format!("          {state:<12} {OPTED_OUT:<15} once more: {reason}"))?;
        Ok(self.printer.flush()?)
    }

    /// Shows events until the sample is settled, or for ever. Returns the number of the last event.
    async fn follow(&mut self, after: i64, until_settled: bool) -> Result<i64, Failure> {
        let client = self.client.clone();
        let mut events = client.follow(after).await?;
        let mut last = after;
        while !(until_settled && self.is_settled()) {
            let event = events.next().await?;
            last = event.get("seq").and_then(Value::as_i64).unwrap_or(last);
            self.show(&event).await?;
        }
        Ok(last)
    }

    async fn show(&mut self, event: &Value) -> Result<(), Failure> {
        let kind = cell(event, "type");
        let line = match kind.split_once('.') {
            Some(("message", state)) => self.show_message(event, state).await?,
            Some(("inbound", "received")) => self.show_answer(event).await?,
            _ => None,
        };
        if let Some(line) = line {
            self.printer.line(&format!("{}  {line}", self.civil(event)))?;
            self.printer.flush()?;
        }
        Ok(())
    }

    async fn show_message(&mut self, event: &Value, state: &str) -> Result<Option<String>, Failure> {
        let id = cell(event, "message");
        if !self.messages.contains_key(&id) {
            let message = self.client.get(&format!("/v1/messages/{id}")).await?;
            // A message of the person who watches, or an answer of Recado's own, for which no report is asked.
            let has_report = message.get("report").and_then(Value::as_bool).unwrap_or(true);
            let expected = if has_report { MessageState::Delivered } else { MessageState::Accepted };
            let (to, text) = (cell(&message, "to"), cell(&message, "text"));
            self.messages.insert(id.clone(), Shown { to, text, state: String::new(), expected });
        }
        let Some(shown) = self.messages.get_mut(&id) else { return Ok(None) };
        if state == "held" {
            let not_before = event.pointer("/data/not_before").and_then(Value::as_str).unwrap_or_default();
            let code = event.pointer("/data/code").map(text_of).unwrap_or_default();
            let is_of_person = crate::contact::Reason::ALL.iter().any(|reason| reason.code() == code);
            let until = Some(civil(not_before, &self.zone)).filter(|until| !until.is_empty());
            let until = until.map_or_else(String::new, |until| format!(" until {until} here"));
            return Ok(is_of_person.then(|| format!("{state:<12} {:<15} {code}{until}", shown.to)));
        }
        state.clone_into(&mut shown.state);
        let worth_a_line = !matches!(state, "queued" | "sending");
        Ok(worth_a_line.then(|| format!("{state:<12} {:<15} {}", shown.to, shorten(&shown.text))))
    }

    async fn show_answer(&mut self, event: &Value) -> Result<Option<String>, Failure> {
        let Some(seq) = event.pointer("/data/inbound").and_then(Value::as_i64) else { return Ok(None) };
        let page = self.client.get(&format!("/v1/inbox?after={}&limit=1", seq - 1)).await?;
        let Some(text) = page.pointer("/items/0") else { return Ok(None) };
        self.answers += 1;
        let effects = event.pointer("/data/understood/effects").map(text_of).unwrap_or_default();
        let (from, said) = (cell(text, "from"), shorten(&cell(text, "text")));
        Ok(Some(format!("{:<12} {from:<15} {said} -> {effects}", "answered")))
    }

    /// The time of an event on the demo's civil clock.
    fn civil(&self, event: &Value) -> String {
        civil(&cell(event, "at"), &self.zone)
    }

    fn is_settled(&self) -> bool {
        self.answers >= ANSWERS && self.messages.values().all(|m| m.state == m.expected.name())
    }

    fn conclude(&mut self) -> Result<Exit, Failure> {
        self.printer.line("")?;
        let astray: Vec<String> = self
            .messages
            .values()
            .filter(|m| m.state != m.expected.name())
            .map(|m| format!("{} is {}, expected {}", m.to, m.state, m.expected.name()))
            .collect();
        astray.iter().try_for_each(|line| self.printer.line(line))?;
        let settled = self.messages.len() - astray.len();
        self.printer.line(&format!(
            "{settled} of {} messages came to what was expected; {} answers came in.",
            self.messages.len(),
            self.answers
        ))?;
        self.printer.flush()?;
        Ok(if self.is_settled() { Exit::Done } else { Exit::Negative })
    }
}

/// A time by the clocks of `zone`.
fn civil(at: &str, zone: &TimeZone) -> String {
    let at = at.parse::<Timestamp>().ok().and_then(Timestamp::to_jiff);
    at.map_or_else(String::new, |at| at.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string())
}

/// The beginning of a text.
fn shorten(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut short: String = text.chars().take(SHOWN).collect();
    if text.chars().count() > SHOWN {
        short.push('…');
    }
    short
}
