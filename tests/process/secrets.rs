//! What the process knows and nobody may read: its log at the most talkative, and its command line.

use std::process::Command;

use super::*;

const NUMBER: &str = "+5511912345678";
const TEXT: &str = "sentinela do corpo";
const NAME: &str = "Sentinela da Silva";
const PIN: &str = "73519264";

/// Everything happens once that has to do with a secret, with the log turned up as far as it goes.
#[test]
fn secrets_are_in_no_line_of_the_log_and_in_no_list_of_processes() {
    let place = Place::new();
    let _emulator = place.emulate(1, &["--airtime", "20ms", "--report-delay", "50ms", "--reply-rate", "1"]);
    let config = place.configure_emulated("1s", 1);
    let pin = place.path("sim.pin");
    std::fs::write(&pin, PIN).unwrap();
    std::fs::set_permissions(&pin, std::fs::Permissions::from_mode(0o600)).unwrap();
    for (name, file) in [("localhost.pem", "door.pem"), ("localhost.key", "door.key")] {
        let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls").join(name);
        std::fs::write(place.path(file), std::fs::read(from).unwrap()).unwrap();
        std::fs::set_permissions(place.path(file), std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let [cert, key] = ["door.pem", "door.key"].map(|name| place.path(name).display().to_string());
    let text = std::fs::read_to_string(&config).unwrap();
    let text = text.replace("[http]\n", &format!("[http]\ntls_cert = '{cert}'\ntls_key = '{key}'\n"));
    // The SIM of the first emulated modem, and one that is in none.
    let cards = format!(
        "[webhooks]\nallow_private = true\n[[sim.card]]\niccid = \"8955010000000000001\"\npin_file = '{}'\n",
        pin.display()
    );
    std::fs::write(&config, text + &cards).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_recado"));
    let command = command.args(["serve", "--config", config.to_str().unwrap()]);
    let process = Process::run_with(command, &[("RUST_LOG", "trace")]);
    let daemon = Daemon::of(process, &config);
    daemon.wait_for_modem("modem0");
    // The door is TLS; the socket of the command line takes the same requests.
    let ask = |method: &str, path: &str, body: &Value| {
        let stream = UnixStream::connect(place.path("recado.sock")).unwrap();
        exchange(stream, method, path, "", Some(body)).unwrap()
    };
    let hook = json!({ "url": "http://usuario:senha-sentinela@127.0.0.1:9/caminho-sentinela" });
    let (status, hook) = ask("POST", "/v1/webhooks", &hook);
    assert_eq!(status, 201, "{hook}");
    let (_, token) = ask("POST", "/v1/tokens", &json!({ "client": "crm", "role": "manager" }));
    let debtor = json!({ "id": "d-1", "name": NAME, "numbers": [NUMBER] });
    assert_eq!(ask("POST", "/v1/debtors", &debtor).0, 200);
    let (status, sent) = ask("POST", "/v1/messages", &json!({ "to": NUMBER, "text": TEXT, "debtor": "d-1" }));
    assert_eq!(status, 202, "{sent}");
    let seen = |path: &str, what: &str| ask("GET", path, &Value::Null).1.to_string().contains(what);
    eventually(&daemon.process, "an answer", LIMIT, || seen("/v1/inbox", NUMBER).then_some(()));
    eventually(&daemon.process, "a post that failed", LIMIT, || seen("/v1/webhooks/1/deliveries", "seq").then_some(()));
    // What is wrong is not repeated either: a token, a number, and a request that is no JSON.
    let wrong = Command::new(env!("CARGO_BIN_EXE_recado"))
        .args(["sims", "--url", &format!("https://localhost:{}", daemon.door.address.port())])
        .env("RECADO_TOKEN", "rcd_token-sentinela")
        .env("SSL_CERT_FILE", std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls/authority.pem"))
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(1), "{wrong:?}");
    assert_eq!(ask("POST", "/v1/messages", &json!({ "to": "+5511999sentinela", "text": TEXT })).0, 422);
    assert_eq!(ask("POST", "/v1/messages", &json!({ "para": NUMBER, "texto": TEXT })).0, 400);
    // Labels are shown in the log, and begin no line of it and turn nothing round.
    let turned = "lote\u{202e}etol";
    let labelled =
        json!({ "to": "+5511912345699", "text": "Oi", "batch": turned, "client_ref": turned, "creditor": turned });
    assert_eq!(ask("POST", "/v1/messages", &labelled).0, 202);
    for label in ["client_ref", "batch", "creditor", "debtor", "team", "operator"] {
        for hostile in ["a\nERROR recado: forged", "a\u{1b}[2J"] {
            let hostile = json!({ "to": NUMBER, "text": TEXT, label: hostile });
            assert_eq!(ask("POST", "/v1/messages", &hostile).0, 400, "{hostile}");
        }
    }
    assert_eq!(ask("POST", "/v1/pause", &json!({ "scope": "batch", "id": turned, "reason": turned })).0, 200);
    let number = daemon.process.id();
    let arguments = std::fs::read_to_string(format!("/proc/{number}/cmdline")).unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{number}/limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    let log = daemon.process.output();
    assert_eq!(daemon.process.signal("TERM").code(), Some(0));
    assert!(log.contains("TRACE"), "the log says all that it can");
    for line in log.lines() {
        assert!(line.starts_with("20") && line.get(10..11) == Some("T"), "one event, one line: {line:?}");
        let moves = |c: char| c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
        assert!(!line.contains(moves), "{line:?}");
    }
    let admin = std::fs::read_to_string(place.path("admin.token")).unwrap();
    let admin = admin.trim();
    let key = std::fs::read_to_string(place.path("door.key")).unwrap();
    let key = key.lines().nth(1).unwrap();
    let secrets = [
        NUMBER.trim_start_matches('+'),
        "12345678",
        TEXT,
        NAME,
        "Sentinela",
        "sentinela",
        PIN,
        admin,
        token["token"].as_str().unwrap(),
        hook["secret"].as_str().unwrap(),
        key,
    ];
    for secret in secrets {
        let told = log.lines().find(|line| line.contains(secret));
        assert_eq!(told, None, "{secret} is in the log");
        assert!(!arguments.contains(secret), "{secret} is in {arguments}");
    }
}
