//! The examples of `docs/api.md`: each is run in its language against a daemon with an emulated modem.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::common::{Daemon, LIMIT, Place, Process};
use super::{eventually, message, submit, texts, wait_for_state};

/// A language with how its examples are started and what their files end with.
#[derive(Clone, Copy)]
struct Language {
    folder: &'static str,
    program: &'static str,
    end: &'static str,
}

const CURL: Language = Language { folder: "curl", program: "sh", end: "sh" };
const PYTHON: Language = Language { folder: "python", program: "python3", end: "py" };
const NODE: Language = Language { folder: "node", program: "node", end: "mjs" };
const PHP: Language = Language { folder: "php", program: "php", end: "php" };

/// A daemon with a modem, and a folder for what an example needs.
struct House {
    place: Place,
    daemon: Daemon,
    language: Language,
    _emulator: Process,
}

impl House {
    fn new(language: Language) -> Self {
        let place = Place::new();
        let emulator = place.emulate(1, &["--airtime", "20ms", "--report-delay", "100ms", "--reply-rate", "0"]);
        let config = place.configure_emulated("1s", 1);
        let text = std::fs::read_to_string(&config).unwrap();
        std::fs::write(&config, format!("{text}[webhooks]\nallow_private = true\n")).unwrap();
        let daemon = Daemon::start(&config);
        daemon.wait_for_modem("modem0");
        Self { place, daemon, language, _emulator: emulator }
    }

    fn file(&self, name: &str) -> PathBuf {
        let Language { folder, end, .. } = self.language;
        Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples").join(folder).join(format!("{name}.{end}"))
    }

    fn command(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.language.program);
        command.arg(self.file(name)).args(arguments).env("PYTHONDONTWRITEBYTECODE", "1");
        command.env("RECADO_URL", format!("http://{}", self.daemon.door.address));
        command.env("RECADO_TOKEN", &self.daemon.door.token);
        command
    }

    /// What an example prints; it must end well.
    #[track_caller]
    fn run(&self, name: &str, arguments: &[&str]) -> String {
        let output = self.command(name, arguments).stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {said}{errors}\n{}", self.daemon.process.output());
        said
    }

    /// The messages that there are, by `client_ref`.
    fn referred(&self, reference: &str) -> Vec<Value> {
        self.daemon.door.list(&format!("/v1/messages?client_ref={reference}"))
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.daemon.door.ask("POST", path, Some(body)).unwrap();
        assert!((200..300).contains(&status), "{path}: {answer}");
        answer
    }
}

/// All of them but the endpoint, one after the other on one daemon.
fn each(language: Language) {
    let house = House::new(language);
    // One, twice.
    let first = house.run("submit", &["+5511987654321", "Sua parcela vence hoje."]);
    let again = house.run("submit", &["+5511987654321", "Sua parcela vence hoje."]);
    let found = house.referred("invoice-4711-%2B5511987654321");
    assert_eq!(found.len(), 1, "{first}{again}");
    let id = found[0]["id"].as_str().unwrap();
    assert!(first.contains(id) && again.contains(id), "{first}{again}");
    wait_for_state(&house.daemon, id, &["delivered"]);
    assert_eq!(texts(&house.place), ["Sua parcela vence hoje."]);

    // Many, of which one is no number, twice.
    let list = house.place.path("list");
    let numbers = ["+5511987654331", "+5511987654332", "+55113"];
    let rows: Vec<_> = numbers
        .iter()
        .map(|to| json!({ "to": to, "text": "Bom dia", "client_ref": format!("2026-11-{to}") }))
        .collect();
    let file = match language.folder {
        "curl" => json!(rows).to_string(),
        _ => numbers.map(|to| format!("{to};Bom dia\n")).concat(),
    };
    std::fs::write(&list, file).unwrap();
    for _ in 0..2 {
        let said = house.run("many", &[list.to_str().unwrap()]);
        for to in ["%2B5511987654331", "%2B5511987654332"] {
            let found = house.referred(&format!("2026-11-{to}"));
            assert_eq!(found.len(), 1, "{said}");
            assert!(said.contains(found[0]["id"].as_str().unwrap()), "{said}");
        }
        assert!(said.contains("to is "), "what is wrong with the third is told: {said}");
    }

    // Until it is known what became of it.
    let said = house.run("delivery", &["+5511987654341", "Aguardo"]);
    let (id, state) = said.trim().split_once(' ').unwrap();
    assert_eq!((state, &message(&house.daemon.door, id)["state"]), ("delivered", &json!("delivered")));
    let said = house.run("delivery", &["+5511987650001", "Aguardo"]);
    assert!(said.trim().ends_with(" undelivered"), "{said}");

    // What people answer.
    let asked = submit(&house.daemon.door, "+5511987650008", "Sua parcela venceu.");
    let answered = || {
        let items = house.daemon.door.get("/v1/inbox")["items"].as_array().unwrap().clone();
        items.into_iter().find(|item| item["message"] == asked.as_str())
    };
    let item = eventually(&house.daemon.process, "an answer", LIMIT, answered);
    let said = house.run("replies", &["0"]);
    for word in ["+5511987650008", "already_paid", &asked] {
        assert!(said.contains(word), "{word} in {said}");
    }
    let said = house.run("replies", &[&item["seq"].to_string()]);
    assert!(!said.contains("+5511987650008"), "nothing is behind the last: {said}");

    // A payment.
    house.post("/v1/creditors", &json!({ "id": "loja", "name": "Loja Azul", "zone": "America/Sao_Paulo", "language": "pt-BR", "currency": "BRL" }));
    let debtor = json!({ "id": "d1", "name": "Ana", "numbers": ["+5511987654351"] });
    house.post(
        "/v1/debts",
        &json!({ "id": "C-1/1", "creditor": "loja", "debtor": debtor, "amount": "80.00", "due": "2026-11-20" }),
    );
    house.post("/v1/pause", &json!({ "scope": "all", "reason": "so that it waits" }));
    let waits = house.post(
        "/v1/messages",
        &json!({ "to": "+5511987654351", "text": "Loja Azul: a parcela", "debtor": "d1", "debt": "C-1/1", "creditor": "loja" }),
    );
    let said = house.run("payment", &["C-1/1", "p-1"]);
    assert!(said.contains("paid"), "{said}");
    assert_eq!(message(&house.daemon.door, waits["id"].as_str().unwrap())["state"], "blocked", "{said}");
    let again = house.run("payment", &["C-1/1", "p-1"]);
    assert!(again.contains("paid"), "{again}");
}

#[test]
fn in_curl() {
    each(CURL);
}

#[test]
fn in_python() {
    each(PYTHON);
}

#[test]
fn in_node() {
    each(NODE);
}

#[test]
fn in_php() {
    each(PHP);
}

/// A port that nothing listens on at present.
fn port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// A webhook at this port; its secret.
fn webhook(house: &House, port: u16) -> String {
    let body = json!({ "url": format!("http://127.0.0.1:{port}/"), "types": ["message.delivered"] });
    house.post("/v1/webhooks", &body)["secret"].as_str().unwrap().to_owned()
}

/// An endpoint prints what is Recado's, once, and refuses what is not.
fn endpoint(language: Language) {
    let house = House::new(language);
    let port = port();
    let secret = webhook(&house, port);
    let mut command = match language.folder {
        "php" => {
            let mut command = Command::new("php");
            command.args(["-S", &format!("127.0.0.1:{port}")]).arg(house.file("webhook"));
            command
        }
        _ => house.command("webhook", &[&port.to_string()]),
    };
    let endpoint = Process::run_with(&mut command, &[("RECADO_WEBHOOK_SECRET", &secret)]);
    let forged = || {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
        let at = seconds();
        let request = format!(
            "POST / HTTP/1.1\r\nhost: here\r\nwebhook-id: evt_1\r\nwebhook-timestamp: {at}\r\nwebhook-signature: v1,AAAA\r\n\
             connection: close\r\ncontent-length: 2\r\n\r\n{{}}"
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        answer.split(' ').nth(1).map(ToOwned::to_owned)
    };
    assert_eq!(eventually(&endpoint, "an endpoint that listens", LIMIT, forged), "401", "{}", endpoint.output());
    let id = submit(&house.daemon.door, "+5511987654361", "Com aviso");
    endpoint.line(&format!("message.delivered {id}"));
    assert_eq!(endpoint.output().matches("message.delivered").count(), 1, "{}", endpoint.output());
}

/// The seconds of the civil clock.
fn seconds() -> i64 {
    recado::clock::Clock::host().now().utc.as_millis() / 1000
}

#[test]
fn an_endpoint_in_python() {
    endpoint(PYTHON);
}

#[test]
fn an_endpoint_in_node() {
    endpoint(NODE);
}

#[test]
fn an_endpoint_in_php() {
    endpoint(PHP);
}

#[test]
fn a_request_is_verified_in_the_shell() {
    let house = House::new(CURL);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let secret = webhook(&house, listener.local_addr().unwrap().port());
    submit(&house.daemon.door, "+5511987654371", "Com aviso");
    let (stream, _) = listener.accept().unwrap();
    let (mut reader, mut headers) = (BufReader::new(&stream), std::collections::BTreeMap::new());
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        let (name, value) = line.trim().split_once(": ").unwrap_or_default();
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    (&stream).write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    let verify = |body: &[u8]| {
        let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
        let mut command = house.command("webhook", &names.map(|name| headers[name].as_str()));
        let mut child = command.env("RECADO_WEBHOOK_SECRET", &secret).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(body).unwrap();
        child.wait().unwrap().success()
    };
    assert!(verify(&body));
    body[10] ^= 1;
    assert!(!verify(&body));
}
