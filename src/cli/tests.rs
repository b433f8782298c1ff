//! Whole commands against a daemon that gives canned answers over a Unix socket.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use clap::CommandFactory;
use hyper::body::{Bytes, Frame};
use serde_json::{Value, json};

use super::exit::Exit;
use super::*;

const ID: &str = "0193a8f0-0000-7000-8000-000000000001";

/// How a command ended and what it printed.
struct Ended {
    exit: u8,
    output: String,
    errors: String,
}

fn command(args: &[&str]) -> Ended {
    let arguments = Arguments::try_parse_from(std::iter::once("recado").chain(args.iter().copied())).unwrap();
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    let exit = run(arguments, &Environment::default(), io::empty(), &mut output, &mut errors).unwrap();
    let text = |octets| String::from_utf8(octets).unwrap();
    Ended { exit, output: text(output), errors: text(errors) }
}

/// Runs a command while `daemon` answers.
fn ask(daemon: Router, args: &[&str]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("recado.sock");
    let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    listener.set_nonblocking(true).unwrap();
    let args: Vec<&str> = args.iter().copied().chain(["--socket", socket.to_str().unwrap()]).collect();
    serving(
        async move || axum::serve(tokio::net::UnixListener::from_std(listener).unwrap(), daemon).await,
        || command(&args),
    )
}

/// Runs `work` while a server runs on another thread.
fn serving<T>(serve: impl AsyncFnOnce() -> io::Result<()> + Send, work: impl FnOnce() -> T) -> T {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                tokio::select! {
                    outcome = serve() => outcome.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        let outcome = work();
        drop(stop);
        outcome
    })
}

/// Answers every request to `path` with the same document.
fn answering(path: &str, status: u16, document: Value) -> Router {
    let document = Arc::new(document);
    Router::new().route(path, axum::routing::any(move || async move { answer(status, &document) }))
}

fn answer(status: u16, document: &Value) -> Response {
    (StatusCode::from_u16(status).unwrap(), document.to_string()).into_response()
}

/// Keeps what was asked: method, path with query, and body.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Vec<String>>>);

impl Asked {
    fn answering(&self, status: u16, document: Value) -> Router {
        let asked = self.clone();
        let document = Arc::new(document);
        Router::new().fallback(move |request: Request| async move {
            let (head, body) = request.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            let line = format!("{} {} {}", head.method, head.uri, String::from_utf8_lossy(&body));
            asked.0.lock().unwrap().push(line.trim_end().to_owned());
            answer(status, &document)
        })
    }

    fn lines(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }
}

/// A body that gives its octets and then stays open, as a stream of events does.
struct Open(Option<Bytes>);

impl hyper::body::Body for Open {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.take().map_or(Poll::Pending, |octets| Poll::Ready(Some(Ok(Frame::data(octets)))))
    }
}

fn message(state: &str, reason: Option<(&str, Option<&str>)>) -> Value {
    let not_before = reason.and_then(|(_, at)| at);
    let reason = reason.map(|(code, _)| json!({"code": code, "detail": "as the gate says"}));
    json!({"id": ID, "state": state, "to": "+5511987654321", "segments": 1, "encoding": "gsm7", "units": 5,
           "not_before": not_before, "reason": reason})
}

/// A daemon whose message goes through `states`, with an event for each.
fn life(states: Vec<Value>, stays_open: bool) -> Router {
    let first = states.first().cloned().unwrap();
    let event = |seq| {
        let event = json!({"seq": seq, "at": "2026-11-24T13:00:00.000Z", "type": "message.x", "message": ID});
        format!("id: {seq}\nevent: message.x\ndata: {event}\n\n")
    };
    let other = "data: {\"seq\":8,\"at\":\"2026-11-24T13:00:00.000Z\",\"message\":\"another\"}\n\n".to_owned();
    let events: String = std::iter::once(other).chain((1..states.len()).map(event)).collect();
    let later = Arc::new(Mutex::new(states.into_iter().skip(1).collect::<VecDeque<_>>()));
    let log = move |request: Request| async move {
        if request.uri().query() == Some("limit=1") {
            return answer(200, &json!({"items": [{"seq": 7}], "next": null}));
        }
        assert_eq!(request.uri().query(), Some("after=7"));
        assert_eq!(request.headers()["accept"], "text/event-stream");
        let body = if stays_open { Body::new(Open(Some(events.into()))) } else { Body::from(events) };
        Response::new(body)
    };
    Router::new()
        .route("/v1/messages", axum::routing::post(move || async move { answer(202, &first) }))
        .route("/v1/events", get(log))
        .route(
            &format!("/v1/messages/{ID}"),
            get(move || async move { answer(200, &later.lock().unwrap().pop_front().unwrap()) }),
        )
}

#[test]
fn a_self_test_waits_for_the_network() {
    let test = json!({"message": ID});
    let message =
        |state: &str| json!({"id": ID, "state": state, "to": "+5511900000001", "segments": 1, "encoding": "gsm7"});
    let daemon = |state: &str| {
        answering("/v1/sims/norte%201/test", 202, test.clone())
            .merge(answering("/v1/events", 200, json!({"items": [], "next": null})))
            .merge(answering(&format!("/v1/messages/{ID}"), 200, message(state)))
    };
    let ended = ask(daemon("accepted"), &["modems", "test", "norte 1"]);
    assert_eq!(ended.exit, Exit::Done.code(), "{}", ended.errors);
    assert!(ended.output.contains("accepted"), "{}", ended.output);
    let ended = ask(daemon("failed"), &["modems", "test", "norte 1", "--to", "11900000001"]);
    assert_eq!(ended.exit, Exit::Negative.code());
}

/// The exit code of `send --wait`, given the states that the message goes through.
fn check_wait(wait: &str, states: &[Value], expected: Exit) {
    let ended = ask(life(states.to_vec(), true), &["send", "+5511987654321", "hello", wait, "--timeout", "100ms"]);
    assert_eq!(ended.exit, expected.code(), "{wait} {states:?}: {}", ended.errors);
}

#[test]
fn arguments_are_consistent() {
    Arguments::command().debug_assert();
}

#[test]
fn arguments_that_make_no_sense_are_usage_errors() {
    let refuse = |args: &[&str]| {
        let error = Arguments::try_parse_from(std::iter::once("recado").chain(args.iter().copied())).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{args:?}");
    };
    refuse(&["send", "+5511987654321"]);
    refuse(&["send", "+5511987654321", "hello", "--timeout", "1s"]);
    refuse(&["send", "+5511987654321", "hello", "--wait=read"]);
    refuse(&["send", "+5511987654321", "hello", "--priority", "10"]);
    refuse(&["send", "+5511987654321", "hello", "--not-before", "tomorrow"]);
    refuse(&["messages", "12"]);
    refuse(&["evidence", "12"]);
    refuse(&["evidence", ID, "--head", "12"]);
    refuse(&["messages", ID, "--state", "queued"]);
    refuse(&["messages", "--cancel"]);
    refuse(&["messages", ID, "--cancel", "--resolve", "sent"]);
    refuse(&["pause"]);
    refuse(&["pause", "batch"]);
    refuse(&["events", "--follow", "--limit", "1"]);
    refuse(&["token", "create", "--client", "crm"]);
    assert_eq!(command(&["pause", "all", "of-it", "--socket", "/nonexistent"]).exit, Exit::Usage.code());
    assert_eq!(command(&["sims", "--url", "ftp://example.com"]).exit, Exit::Usage.code());
}

#[test]
fn without_a_daemon_the_socket_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("recado.toml");
    std::fs::write(&config, format!("store.path = {:?}\n", folder.path().join("recado.db"))).unwrap();
    let ended = command(&["status", "--config", config.to_str().unwrap()]);
    assert_eq!(ended.exit, Exit::Unreachable.code());
    insta::assert_snapshot!(ended.errors.replace(folder.path().to_str().unwrap(), "FOLDER"), @r"error: failed to reach the daemon at FOLDER/recado.sock: No such file or directory (os error 2); is `recado serve` running there? name another with --socket or --url");
}

#[test]
fn a_wrong_configuration_is_told_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("recado.toml");
    std::fs::write(&config, "[store]\npath = 3\n").unwrap();
    let ended = command(&["status", "--config", config.to_str().unwrap()]);
    assert_eq!(ended.exit, Exit::Configuration.code());
    insta::assert_snapshot!(ended.errors.replace(folder.path().to_str().unwrap(), "FOLDER"), @r"error: FOLDER/recado.toml:2:8: store.path: expected the path of a file, found 3");
}

#[test]
fn somebody_else_at_the_address_is_no_daemon() {
    let ended = ask(Router::new(), &["sims"]);
    assert_eq!(ended.exit, Exit::Unreachable.code());
    assert!(ended.errors.contains("HTTP status 404"), "{}", ended.errors);
}

#[test]
fn a_message_that_was_taken_is_done() {
    let asked = Asked::default();
    let daemon = asked.answering(202, message("queued", None));
    let flags = "--client-ref r --purpose reminder --priority 9 --not-before 2026-11-24T10:00:00-03:00 --ttl 2h \
                 --encoding ucs2 --resend-after 30m --max-segments 3 --sim a --no-report --debtor d --debt e \
                 --creditor c --batch b --team t --operator o --tag x --tag y";
    let args: Vec<&str> = ["send", "+5511987654321", "hello"].into_iter().chain(flags.split_whitespace()).collect();
    let ended = ask(daemon, &args);
    assert_eq!((ended.exit, ended.errors.as_str()), (0, ""));
    insta::assert_snapshot!(format!("{}\n{}", asked.lines(), ended.output), @r#"
    POST /v1/messages {"batch":"b","client_ref":"r","creditor":"c","debt":"e","debtor":"d","encoding":"ucs2","max_segments":3,"not_before":"2026-11-24T13:00:00.000Z","on_unknown":{"resend_after":"30m"},"operator":"o","priority":9,"purpose":"reminder","report":false,"sim":"a","tags":["x","y"],"team":"t","text":"hello","to":"+5511987654321","ttl":"2h"}
    0193a8f0-0000-7000-8000-000000000001 to +5511987654321, 1 part in gsm7: queued
    "#);
}

#[test]
fn one_thing_is_told_as_one() {
    let lift = ["suppressions", "lift", "+5511987654321", "--why", "letter"];
    for (entries, expected) in [(1, "1 entry lifted\n"), (2, "2 entries lifted\n")] {
        let ended = ask(answering("/v1/suppressions/lift", 200, json!({ "entries": entries })), &lift);
        assert_eq!(ended.output, expected);
    }
}

#[test]
fn what_is_said_behind_the_numbers_of_a_suppression_is_no_number() {
    let asked = Asked::default();
    let stopped = json!({ "added": 2, "stopped": 1, "on_wire": [], "refused": [] });
    let add = ["suppressions", "add", "+5511987654321", "11987654322", "--kind", "opt_out", "--creditor", "c-1"];
    let ended = ask(asked.answering(200, stopped), &add);
    assert_eq!((ended.output.as_str(), ended.exit), ("2 added, 1 message stopped, 0 on the wire\n", 0));
    let body = r#"{"creditor":"c-1","kind":"opt_out","numbers":["+5511987654321","11987654322"]}"#;
    assert_eq!(asked.lines(), format!("POST /v1/suppressions {body}"));
}

#[test]
fn what_is_warned_of_is_told_below_the_message() {
    let mut warned = message("queued", None);
    warned["warnings"] = json!([{"code": "several_states", "detail": "texts must be allowed in each"}]);
    let ended = ask(answering("/v1/messages", 202, warned), &["send", "+5561987654321", "hello"]);
    assert_eq!(ended.exit, 0);
    insta::assert_snapshot!(ended.output, @r"
    0193a8f0-0000-7000-8000-000000000001 to +5511987654321, 1 part in gsm7: queued
    warning: texts must be allowed in each
    ");
}

#[test]
fn a_field_that_was_not_given_is_not_sent() {
    let asked = Asked::default();
    let ended = ask(asked.answering(202, message("queued", None)), &["send", "11987654321", "-", "--json"]);
    assert_eq!(asked.lines(), r#"POST /v1/messages {"text":"-","to":"11987654321"}"#);
    assert_eq!(ended.output, format!("{}\n", message("queued", None)));
}

#[test]
fn a_message_that_the_gate_holds_says_why() {
    let held = message("queued", Some(("paused", None)));
    let ended = ask(answering("/v1/messages", 202, held), &["send", "+5511987654321", "hello"]);
    assert_eq!(ended.exit, Exit::Held.code());
    insta::assert_snapshot!(ended.output, @r"0193a8f0-0000-7000-8000-000000000001 to +5511987654321, 1 part in gsm7: queued, held (paused): as the gate says");
    let exit = |code| {
        let held = message("queued", Some((code, Some("2026-11-24T13:00:05.000Z"))));
        ask(answering("/v1/messages", 202, held), &["send", "+5511987654321", "hello"]).exit
    };
    assert_eq!(exit("sim_pace"), Exit::Done.code());
    assert_eq!(exit("not_due"), Exit::Done.code());
    assert_eq!(exit("sim_budget"), Exit::Held.code());
}

#[test]
fn a_refused_message_is_a_negative_answer_with_the_field() {
    let problem = json!({"type": "urn:recado:problem:bad-number", "title": "Not a number that can be texted",
                         "status": 422, "field": "to", "detail": "too short for its country"});
    let ended = ask(answering("/v1/messages", 422, problem), &["send", "+5511", "hello"]);
    assert_eq!(ended.exit, Exit::Negative.code());
    assert_eq!(ended.errors, "error: to: too short for its country (bad-number)\n");
    assert_eq!(ended.output, "");
}

#[test]
fn waiting_ends_with_what_became_of_the_message() {
    let queued = || message("queued", None);
    let state = |state| message(state, None);
    check_wait("--wait", &[queued(), state("sending"), state("accepted")], Exit::Done);
    check_wait("--wait", &[queued(), state("delivered")], Exit::Done);
    check_wait("--wait=delivered", &[queued(), state("accepted"), state("delivered")], Exit::Done);
    check_wait("--wait=delivered", &[queued(), state("accepted"), state("undelivered")], Exit::Negative);
    check_wait("--wait", &[queued(), state("failed")], Exit::Negative);
    check_wait("--wait", &[queued(), state("expired")], Exit::Negative);
    check_wait("--wait", &[queued(), state("cancelled")], Exit::Negative);
    check_wait("--wait", &[queued(), state("blocked")], Exit::Held);
    check_wait("--wait", &[queued(), state("sending"), state("unknown")], Exit::Unknown);
    // A repeat of a reference answers with the end of the first message.
    check_wait("--wait", &[state("accepted")], Exit::Done);
}

#[test]
fn waiting_in_vain_is_a_timeout_and_held_is_held() {
    let held = |code, until| message("queued", Some((code, until)));
    check_wait("--wait", &[message("queued", None)], Exit::Timeout);
    check_wait("--wait=delivered", &[message("queued", None), message("accepted", None)], Exit::Timeout);
    check_wait("--wait", &[held("paused", None)], Exit::Held);
    check_wait("--wait", &[message("queued", None), held("no_sim", None)], Exit::Held);
    check_wait("--wait", &[held("sim_pace", Some("2026-11-24T13:00:00.050Z"))], Exit::Timeout);
    check_wait(
        "--wait",
        &[held("sim_pace", Some("2026-11-24T13:00:00.050Z")), message("sending", None), message("accepted", None)],
        Exit::Done,
    );
}

#[test]
fn what_is_held_beyond_the_patience_is_not_waited_for() {
    let states = vec![message("queued", None), message("queued", Some(("not_due", Some("2026-11-25T13:00:00.000Z"))))];
    let ended = ask(life(states, true), &["send", "+5511987654321", "hello", "--wait", "--timeout", "10m"]);
    assert_eq!(ended.exit, Exit::Held.code());
    insta::assert_snapshot!(ended.output, @r"
    0193a8f0-0000-7000-8000-000000000001 to +5511987654321, 1 part in gsm7: queued
    0193a8f0-0000-7000-8000-000000000001 queued, held until 2026-11-25T13:00:00.000Z (not_due): as the gate says
    ");
}

#[test]
fn a_daemon_that_stops_while_waited_for_leaves_the_name_of_the_message() {
    for json in [true, false] {
        let args = ["send", "+5511987654321", "hello", "--wait", "--json"];
        let ended = ask(life(vec![message("queued", None)], false), if json { &args } else { &args[..4] });
        assert_eq!(ended.exit, Exit::Unreachable.code());
        assert!(ended.output.contains(ID) && ended.errors.contains("ended the stream"), "{}", ended.errors);
    }
}

#[test]
fn a_report_that_is_not_asked_for_is_not_waited_for() {
    let args = ["send", "+5511987654321", "hello", "--wait=delivered", "--no-report", "--socket", "/nonexistent"];
    assert_eq!(command(&args).exit, Exit::Usage.code());
}

#[test]
fn messages_are_listed_with_what_holds_them() {
    let asked = Asked::default();
    let mut second = message("queued", Some(("sim_budget", Some("2026-11-25T03:00:00.000Z"))));
    second["parts_sent"] = json!(0);
    second["report_state"] = json!("none");
    let page = json!({"items": [message("accepted", None), second], "next": "abc"});
    let args = ["messages", "--state", "queued", "--batch", "b c", "--to", "+55", "--limit", "2"];
    let ended = ask(asked.answering(200, page.clone()), &args);
    insta::assert_snapshot!(format!("{}\n{}", asked.lines(), ended.output), @r"
    GET /v1/messages?state=queued&batch=b%20c&to=%2B55&limit=2
    ID                                    TO              PARTS  REPORT  STATE
    0193a8f0-0000-7000-8000-000000000001  +5511987654321  -/1    -       accepted
    0193a8f0-0000-7000-8000-000000000001  +5511987654321  0/1    none    queued, held until 2026-11-25T03:00:00.000Z (sim_budget): as the gate says
    there are more: --cursor abc
    ");
    let ended = ask(answering("/v1/messages", 200, page), &["messages", "--json"]);
    assert_eq!(ended.output.lines().count(), 2);
    assert!(ended.output.lines().all(|line| serde_json::from_str::<Value>(line).unwrap()["id"] == ID));
}

#[test]
fn one_message_comes_with_its_parts_and_its_history() {
    let mut whole = message("accepted", None);
    whole["text"] = json!("two\nlines");
    whole["tags"] = json!([]);
    whole["parts"] =
        json!([{"part": 1, "state": "accepted", "sim": "a", "modem": "m", "accepted_at": "T", "cause": null}]);
    whole["history"] = json!([{"seq": 1, "at": "T", "type": "message.queued", "data": {}}]);
    let ended = ask(answering(&format!("/v1/messages/{ID}"), 200, whole), &["messages", ID]);
    insta::assert_snapshot!(ended.output, @r"
    state     accepted
    encoding  gsm7
    id        0193a8f0-0000-7000-8000-000000000001
    segments  1
    text      two\nlines
    to        +5511987654321
    units     5

    PART  STATE     SIM  MODEM  ACCEPTED  CAUSE
    1     accepted  a    m      T         -

    SEQ  AT  EVENT           PART  MODEM  DATA
    1    T   message.queued  -     -      {}
    ");
}

#[test]
fn cancelling_and_settling_ask_for_exactly_that() {
    let asked = Asked::default();
    let cancelled = ask(asked.answering(200, message("cancelled", None)), &["messages", ID, "--cancel"]);
    assert_eq!(cancelled.output, format!("{ID} cancelled\n"));
    let settled = ask(asked.answering(200, message("queued", None)), &["messages", ID, "--resolve", "give-up"]);
    assert_eq!(settled.exit, 0);
    insta::assert_snapshot!(asked.lines(), @r#"
    DELETE /v1/messages/0193a8f0-0000-7000-8000-000000000001
    GET /v1/messages/0193a8f0-0000-7000-8000-000000000001
    POST /v1/messages/0193a8f0-0000-7000-8000-000000000001/resolve {"decision":"give_up"}
    "#);
    let problem = json!({"type": "urn:recado:problem:conflict", "detail": "a part is on the wire", "state": "sending"});
    let late = ask(asked.answering(409, problem), &["messages", ID, "--cancel"]);
    assert_eq!((late.exit, late.errors.as_str()), (1, "error: a part is on the wire (conflict, state sending)\n"));
}

#[test]
fn what_is_known_about_an_unknown_part_is_shown_with_it_and_with_the_decision() {
    let mut unknown = message("unknown", None);
    let seen = json!({"code": "seen", "detail": "no answer within 150 s", "suggests": null, "at": null});
    let answered = json!({"code": "answered", "detail": "the recipient has written", "suggests": "sent", "at": "T"});
    unknown["parts"] = json!([
        {"part": 1, "state": "accepted", "evidence": []},
        {"part": 2, "state": "unknown", "cause": "no-answer", "evidence": [seen, answered]},
    ]);
    let table = "
What is known about part 2:

SUGGESTS  AT  SEEN
-         -   no answer within 150 s
sent      T   the recipient has written
";
    let path = format!("/v1/messages/{ID}");
    let shown = ask(answering(&path, 200, unknown.clone()), &["messages", ID]);
    assert!(shown.output.ends_with(table), "{}", shown.output);
    let asked = Asked::default();
    let settled = ask(asked.answering(200, unknown), &["messages", ID, "--resolve", "sent"]);
    assert_eq!(settled.output, format!("{table}{ID} unknown\n"));
}

#[test]
fn calls_are_listed_apart_from_texts() {
    let call = json!({"seq": 1, "at": "T", "from": null, "to_sim": "a", "debtor": "d-1"});
    let listed = ask(answering("/v1/calls", 200, json!({"items": [call]})), &["inbox", "--calls"]);
    insta::assert_snapshot!(listed.output, @r"
    SEQ  AT  FROM  SIM  DEBTOR
    1    T   -     a    d-1
    ");
}

#[test]
fn alarms_are_listed_and_cleared() {
    let alarm = json!({"id": 3, "raised_at": "T", "cleared_at": null, "kind": "modem_dead", "sim": null, "modem": "m1",
                       "detail": "nothing answers on this port"});
    let listed = ask(answering("/v1/alarms", 200, json!({"items": [alarm]})), &["alarms"]);
    insta::assert_snapshot!(listed.output, @r"
    ID  RAISED  CLEARED  KIND        SIM  MODEM  DETAIL
    3   T       -        modem_dead  -    m1     nothing answers on this port
    ");
    let asked = Asked::default();
    let cleared = ask(asked.answering(200, json!({"id": 3, "cleared": true})), &["alarms", "clear", "3"]);
    assert_eq!((asked.lines().as_str(), cleared.output.as_str()), ("POST /v1/alarms/3/clear", "cleared alarm 3\n"));
    assert_eq!(cleared.exit, Exit::Done.code());
}

#[test]
fn the_inbox_reads_downwards_in_time() {
    let text = |seq: i64| json!({"seq": seq, "at": "T", "from": "+5511987654321", "to_sim": "a", "intents": ["opt_out", "dispute"], "text": "oi\u{7}"});
    let asked = Asked::default();
    let newest = ask(asked.answering(200, json!({"items": [text(2), text(1)]})), &["inbox"]);
    let after = ask(asked.answering(200, json!({"items": [text(1), text(2)]})), &["inbox", "--after", "0"]);
    assert_eq!(newest.output, after.output);
    insta::assert_snapshot!(format!("{}\n{}", asked.lines(), after.output), @r"
    GET /v1/inbox
    GET /v1/inbox?after=0
    SEQ  AT  FROM            SIM  INTENTS          TEXT
    1    T   +5511987654321  a    opt_out,dispute  oi\u{7}
    2    T   +5511987654321  a    opt_out,dispute  oi\u{7}
    ");
}

fn conversation() -> Value {
    json!({"id": 7, "number": "+5511987654321", "debtor": null, "sim": "a", "state": "open", "needs_person": true,
           "assigned": null, "last_at": "T", "last_text": "quem fala?", "last_intents": [], "standing": "open",
           "standing_until": null})
}

#[test]
fn conversations_are_listed_and_shown() {
    let asked = Asked::default();
    let page = json!({"items": [conversation()], "next": "b5"});
    let args = ["conversations", "--needs-person", "--state", "open", "--assigned", "ana", "--limit", "1"];
    let listed = ask(asked.answering(200, page), &args);
    let mut whole = conversation();
    whole["messages"] = json!([
        {"direction": "out", "id": ID, "at": "T1", "text": "sua parcela", "purpose": "collection", "state": "delivered",
         "operator": null},
        {"direction": "in", "seq": 5, "at": "T2", "text": "quem\u{7} fala?", "intents": ["help"]},
        {"direction": "out", "id": ID, "at": "T3", "text": "Loja Aurora", "purpose": "reply", "state": "queued",
         "operator": "ana"},
    ]);
    whole["next"] = json!("t3.4");
    let shown = ask(asked.answering(200, whole), &["conversations", "show", "7", "--cursor", "t9.9"]);
    insta::assert_snapshot!(format!("{}\n{}\n{}", asked.lines(), listed.output, shown.output), @r"
    GET /v1/conversations?state=open&needs_person=true&assigned=ana&limit=1
    GET /v1/conversations/7?cursor=t9.9
    ID  AT  NUMBER          DEBTOR  SIM  STATE                 STANDING  ASSIGNED  INTENTS  TEXT
    7   T   +5511987654321  -       a    open, needs a person  open      -         -        quem fala?
    there are more: --cursor b5

    state     open, needs a person
    number    +5511987654321
    sim       a
    standing  open

    AT  WHO       STATE      INTENTS  TEXT
    T1  we        delivered  -        sua parcela
    T2  they      -          help     quem\u{7} fala?
    T3  we (ana)  queued     -        Loja Aurora
    there are more: --cursor t3.4
    ");
}

#[test]
fn a_conversation_is_answered_assigned_closed_and_decided() {
    let asked = Asked::default();
    let taken = message("queued", Some(("sim_resting", None)));
    let held = ask(asked.answering(202, taken), &["conversations", "reply", "7", "-5%", "--operator", "ana"]);
    assert_eq!(held.exit, Exit::Held.code());
    let cared = json!({"id": 7, "state": "open", "needs_person": true, "assigned": "ana"});
    let assigned = ask(asked.answering(200, cared), &["conversations", "assign", "7", "ana"]);
    let cared = json!({"id": 7, "state": "closed", "needs_person": false, "assigned": null});
    let left = ask(asked.answering(200, cared.clone()), &["conversations", "assign", "7", "--nobody"]);
    let closed = ask(asked.answering(200, cared), &["conversations", "close", "7"]);
    let decided = json!({"stopped": 2, "on_wire": [ID]});
    let args = ["conversations", "standing", "7", "promised", "--until", "2026-12-01T00:00:00Z"];
    let decided = ask(asked.answering(200, decided), &args);
    let output = [held.output, assigned.output, left.output, closed.output, decided.output].concat();
    insta::assert_snapshot!(format!("{}\n{output}", asked.lines()), @r#"
    POST /v1/conversations/7/reply {"any_sim":false,"client_ref":null,"operator":"ana","text":"-5%"}
    POST /v1/conversations/7/assign {"to":"ana"}
    POST /v1/conversations/7/assign {"to":null}
    POST /v1/conversations/7/close
    POST /v1/conversations/7/standing {"standing":"promised","until":"2026-12-01T00:00:00Z"}
    0193a8f0-0000-7000-8000-000000000001 to +5511987654321, 1 part in gsm7: queued, held (sim_resting): as the gate says
    7 open, needs a person, assigned to ana
    7 closed, assigned to nobody
    7 closed, assigned to nobody
    2 messages stopped, 1 on the wire
    "#);
}

#[test]
fn endpoints_are_added_tested_and_looked_after() {
    let webhook = json!({"id": 3, "state": "failing", "url": "https://x.example/hook", "types": ["message.*"], "seq": 90,
                         "waiting": 4, "dead": 1, "reason": null, "secret": "whsec_abc", "events": 7, "removed": true,
                         "delivered": false, "status": 500, "took_ms": 12, "error": "answered 500", "answer": "no\u{7}"});
    let asked = Asked::default();
    let mut told = String::new();
    for args in [
        &["webhook", "add", "https://x.example/hook", "--type", "message.*", "--pii", "--batch", "50"] as &[&str],
        &["webhook", "show", "3"],
        &["webhook", "disable", "3"],
        &["webhook", "enable", "3"],
        &["webhook", "rotate", "3", "--keep-old", "2h"],
        &["webhook", "replay", "3", "--from", "12", "--dead"],
        &["webhook", "remove", "3"],
    ] {
        let ended = ask(asked.answering(200, webhook.clone()), args);
        assert_eq!(ended.exit, Exit::Done.code(), "{args:?}: {}", ended.errors);
        told.push_str(&ended.output);
    }
    let test = ask(asked.answering(200, webhook.clone()), &["webhook", "test", "3"]);
    assert_eq!(test.exit, Exit::Negative.code(), "{}", test.errors);
    let list = ask(asked.answering(200, json!({"items": [webhook], "next": null})), &["webhook", "list"]).output;
    let deliveries = json!({"items": [
        {"seq": 12, "type": "message.failed", "state": "dead", "attempts": 12, "at": "T", "next": null, "status": 422,
         "took_ms": 9, "error": "answered 422"},
    ]});
    let state = ["webhook", "deliveries", "3", "--state", "dead", "--limit", "5"];
    let deliveries = ask(asked.answering(200, deliveries), &state).output;
    insta::assert_snapshot!(format!("{told}\n{}\n{list}\n{deliveries}\n{}", test.output, asked.lines()), @r#"
    webhook 3 to https://x.example/hook
    secret, which is not shown again: whsec_abc
    ID  STATE    URL                     TYPES      SEQ  WAITING  DEAD  REASON
    3   failing  https://x.example/hook  message.*  90   4        1     -
    ID  STATE    URL                     TYPES      SEQ  WAITING  DEAD  REASON
    3   failing  https://x.example/hook  message.*  90   4        1     -
    ID  STATE    URL                     TYPES      SEQ  WAITING  DEAD  REASON
    3   failing  https://x.example/hook  message.*  90   4        1     -
    whsec_abc
    webhook 3 goes on from 12: 7 events
    removed webhook 3

    not taken: status 500, 12 ms
    error: answered 500
    answer: no\u{7}

    ID  STATE    URL                     TYPES      SEQ  WAITING  DEAD  REASON
    3   failing  https://x.example/hook  message.*  90   4        1     -

    SEQ  TYPE            STATE  ATTEMPTS  AT  NEXT  STATUS  MS  ERROR
    12   message.failed  dead   12        T   -     422     9   answered 422

    POST /v1/webhooks {"batch":50,"creditors":null,"pii":true,"types":["message.*"],"url":"https://x.example/hook"}
    GET /v1/webhooks/3
    PATCH /v1/webhooks/3 {"enabled":false}
    PATCH /v1/webhooks/3 {"enabled":true}
    POST /v1/webhooks/3/rotate {"keep_old":"2h"}
    POST /v1/webhooks/3/replay {"from":12,"only":"dead"}
    DELETE /v1/webhooks/3
    POST /v1/webhooks/3/test
    GET /v1/webhooks
    GET /v1/webhooks/3/deliveries?state=dead&limit=5
    "#);
}

#[test]
fn events_are_listed_and_followed() {
    let items = json!([
        {"seq": 2, "at": "T", "type": "modem.up", "modem": "m", "sim": "a", "data": {"x": 1}},
        {"seq": 1, "at": "T", "type": "segment.offered", "message": ID, "part": 1, "modem": "m"},
    ]);
    let ended = ask(answering("/v1/events", 200, json!({"items": items})), &["events"]);
    insta::assert_snapshot!(ended.output, @r#"
    SEQ  AT  EVENT            ABOUT                                     DATA
    1    T   segment.offered  0193a8f0-0000-7000-8000-000000000001/1 m  -
    2    T   modem.up         m a                                       {"x":1}
    "#);
    let followed = ask(life(vec![message("queued", None); 3], false), &["events", "--follow", "--json"]);
    assert_eq!(followed.exit, Exit::Unreachable.code());
    assert_eq!(followed.output.lines().count(), 3);
    let gone = json!({"type": "urn:recado:problem:gone", "detail": "the oldest kept event is 90", "oldest": 90});
    let ended = ask(answering("/v1/events", 410, gone), &["events", "--follow", "--after", "3"]);
    assert_eq!(ended.exit, Exit::Negative.code());
    assert!(ended.errors.contains("(gone, oldest 90)"), "{}", ended.errors);
}

#[test]
fn modems_and_sims_are_tables() {
    let modems = json!({"items": [
        {"id": "tty0", "port": "/dev/tty0", "model": "EC25", "state": "ready", "sim": "a", "operator": "Vivo",
         "registration": "home", "signal_dbm": -71, "reason": null,
         "last_fault": {"reason": "a command got no answer", "at": "2026-11-24T13:00:00.000Z", "rung": 2}},
        {"id": "b", "port": "/dev/tty1", "state": "dead", "rung": 7, "reason": "the port is not there"},
    ]});
    let sims = json!({"items": [
        {"iccid": "8955010000000000001", "name": "a", "state": "ready", "budget": [
            {"period": "minute", "limit": 6, "used": 2}, {"period": "hour", "limit": 100, "used": 9},
            {"period": "day", "limit": 300, "used": 10}, {"period": "recipients", "limit": 500, "used": 8}],
         "balance": {"amount": "12.34", "currency": "BRL", "at": "T", "text": "Saldo R$ 12,34"},
         "queue_ends_at": "2026-11-24T14:00:00.000Z"},
        {"iccid": "8955010000000000002", "state": "resting", "reason": "paused", "budget": []},
    ]});
    let modems = ask(answering("/v1/modems", 200, modems), &["modems"]).output;
    let sims = ask(answering("/v1/sims", 200, sims), &["sims"]).output;
    insta::assert_snapshot!(format!("{modems}\n{sims}"), @r"
    ID    STATE  PORT       MODEL  SIM  OPERATOR  NETWORK  SIGNAL   RUNG  REASON                 LAST FAULT
    tty0  ready  /dev/tty0  EC25   a    Vivo      home     -71 dBm  -     -                      2026-11-24T13:00:00.000Z: a command got no answer (rung 2)
    b     dead   /dev/tty1  -      -    -         -        -        7     the port is not there  -

    ICCID                NAME  NUMBER  GROUP  STATE    SPENT                                                        BALANCE    QUEUE ENDS                REASON
    8955010000000000001  a     -       -      ready    2/6 a minute, 9/100 an hour, 10/300 a day, 8/500 recipients  12.34 BRL  2026-11-24T14:00:00.000Z  -
    8955010000000000002  -     -       -      resting  -                                                            -          -                         paused
    ");
}

#[test]
fn status_is_negative_while_nothing_can_be_sent() {
    let since = "2026-11-24T13:00:00.000Z";
    let pauses = json!({"items": [
        {"scope": "all", "id": null, "reason": null, "since": since, "client": "local"},
        {"scope": "batch", "id": "november", "reason": "wrong\u{7} amount", "since": since, "client": "ana"},
    ]});
    let daemon = |status, is_sending: bool| {
        let ready = json!({"ready": is_sending, "accepting": true, "sending": is_sending,
                           "reasons": if is_sending { vec![] } else { vec!["no modem is up"] }});
        let waits =
            json!({"items": [{"reason": {"code": "no_sim", "detail": "as the gate says"}, "not_before": null}]});
        answering("/readyz", status, ready)
            .merge(answering("/v1/modems", 200, json!({"items": [{"id": "tty0", "state": "absent", "reason": "unplugged"}]})))
            .merge(answering("/v1/sims", 200, json!({"items": []})))
            .merge(answering("/v1/alarms", 200, json!({"items": [
                {"id": 4, "kind": "modem_dead", "detail": "modem tty0 is dead", "raised_at": since, "cleared_at": null},
                {"id": 3, "kind": "modem_dead", "detail": "over", "raised_at": since, "cleared_at": since},
            ]})))
            .merge(answering("/v1/session", 200, json!({"now": "2026-11-25T13:00:00.000Z", "zone": "America/Sao_Paulo"})))
            .merge(answering("/v1/messages", 200, waits))
            .merge(answering("/v1/pause", 200, pauses.clone()))
            .route("/metrics", get(|| async { "recado_messages{state=\"queued\"} 7\n" }))
    };
    let down = ask(daemon(503, false), &["status"]);
    assert_eq!(down.exit, Exit::Negative.code());
    insta::assert_snapshot!(down.output, @r"
    not ready: accepting, not sending
      no modem is up
    messages: 7 queued
    waiting (of the newest 1): 1 no_sim
    paused: all, since 24 Nov 10:00, by local
    paused: batch november, since 24 Nov 10:00, by ana: wrong\u{7} amount
    alarm 4, since 24 Nov 10:00: modem tty0 is dead
      do: unplug the modem and plug it in again, or replace it; then `recado alarms clear ID` if it does not come back
    MODEM  STATE   SIM  OPERATOR  SIGNAL  LAST SENT  HOUR  DAY  MONTH  QUEUE ENDS  REASON
    tty0   absent  -    -         -       -          -     -    -      -           unplugged
    ");
    let up = ask(daemon(200, true), &["status", "--json"]);
    assert_eq!(up.exit, 0);
    let status: Value = serde_json::from_str(&up.output).unwrap();
    assert_eq!(status["messages"], json!({"queued": 7}));
    assert_eq!(status["ready"]["sending"], json!(true));
    assert_eq!(status["pauses"], pauses["items"]);
}

#[test]
fn pausing_names_what_is_paused() {
    let asked = Asked::default();
    let run = |args: &[&str]| ask(asked.answering(200, json!({})), args).output;
    let output = [
        run(&["pause", "all"]),
        run(&["pause", "batch", "november", "--reason", "wrong amount"]),
        run(&["resume", "sim", "vivo-1"]),
    ];
    insta::assert_snapshot!(format!("{}\n{}", asked.lines(), output.concat()), @r#"
    POST /v1/pause {"scope":"all"}
    POST /v1/pause {"id":"november","reason":"wrong amount","scope":"batch"}
    POST /v1/resume {"id":"vivo-1","scope":"sim"}
    paused all
    paused batch november
    resumed sim vivo-1
    "#);
}

#[test]
fn tokens_are_made_listed_and_revoked() {
    let asked = Asked::default();
    let token = json!({"key": 2, "token": "rcd_x", "client": "crm", "scopes": ["send", "read"]});
    let create = ["token", "create", "--client", "crm", "--scope", "send,read", "--expires", "2027-01-01T00:00:00Z"];
    let created = ask(asked.answering(201, token), &create);
    assert_eq!(created.output, "rcd_x\n");
    let page = json!({"items": [{"key": 2, "client": "crm", "scopes": ["send", "read"], "creditors": []}]});
    let listed = ask(asked.answering(200, page), &["token", "list"]);
    let revoked = ask(asked.answering(204, Value::Null), &["token", "revoke", "2"]);
    assert_eq!(revoked.output, "revoked 2\n");
    let role = ["token", "create", "--client", "ana", "--role", "operator"];
    ask(asked.answering(201, json!({"token": "rcd_y"})), &role);
    let rotated = ask(asked.answering(201, json!({"token": "rcd_z"})), &["token", "rotate", "2", "--grace", "1h"]);
    assert_eq!(rotated.output, "rcd_z\n");
    insta::assert_snapshot!(format!("{}\n{}", asked.lines(), listed.output), @r#"
    POST /v1/tokens {"client":"crm","expires_at":"2027-01-01T00:00:00.000Z","scopes":["send","read"]}
    GET /v1/tokens
    DELETE /v1/tokens/2
    POST /v1/tokens {"client":"ana","role":"operator"}
    POST /v1/tokens/2/rotate {"grace":"1h"}
    KEY  CLIENT  ROLE  SCOPES     CREDITORS  EXPIRES  LAST USED  REVOKED
    2    crm     -     send,read  -          -        -          -
    "#);
}

#[test]
fn a_token_is_replaced_by_the_name_of_its_client_where_that_has_one() {
    let tokens = |rest: Value| {
        let mut items = vec![
            json!({"key": 1, "client": "crm", "expires_at": null, "revoked_at": "2026-11-01T00:00:00Z"}),
            json!({"key": 2, "client": "crm", "expires_at": "2026-11-01T00:00:00Z", "revoked_at": null}),
            json!({"key": 3, "client": "crm", "expires_at": null, "revoked_at": null, "token": "rcd_z"}),
        ];
        items.extend(rest.as_array().cloned().unwrap_or_default());
        // One daemon answers both questions alike.
        json!({"items": items, "token": "rcd_z"})
    };
    let asked = Asked::default();
    let rotated = ask(asked.answering(200, tokens(json!([]))), &["token", "rotate", "crm"]);
    assert_eq!((rotated.exit, rotated.output.as_str()), (0, "rcd_z\n"), "{}", rotated.errors);
    assert_eq!(asked.lines(), "GET /v1/tokens\nPOST /v1/tokens/3/rotate {}");
    let two = json!([{"key": 4, "client": "crm", "expires_at": null, "revoked_at": null}]);
    for (page, client) in [(two, "crm"), (json!([]), "erp")] {
        let refused = ask(Asked::default().answering(200, tokens(page)), &["token", "rotate", client]);
        assert_eq!(refused.exit, Exit::Usage.code(), "{}", refused.errors);
    }
}

#[test]
fn over_tcp_the_token_is_shown() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let daemon = Router::new().fallback(|request: Request| async move {
        let bearer = request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
        answer(200, &json!({"items": [{"iccid": bearer}]}))
    });
    let serve = async move || axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), daemon).await;
    let ended = serving(serve, || command(&["sims", "--url", &url, "--token", "rcd_x", "--json"]));
    assert_eq!(ended.output, "{\"iccid\":\"Bearer rcd_x\"}\n");
}

#[test]
fn what_the_network_says_is_printed_and_decides_the_exit_code() {
    let check = |status: &str, text: Option<&str>, exit: Exit, printed: &str| {
        let asked = Asked::default();
        let daemon = asked.answering(200, json!({"status": status, "text": text}));
        let ended = ask(daemon, &["modems", "ussd", "desk 1", "*100#"]);
        assert_eq!((ended.exit, ended.output.as_str()), (exit.code(), printed), "{status} {}", ended.errors);
        assert_eq!(asked.lines(), "POST /v1/modems/desk%201/ussd {\"code\":\"*100#\"}");
    };
    check("done", Some("Saldo: R$ 3,50\nValido\u{1b}"), Exit::Done, "Saldo: R$ 3,50\nValido\\u{1b}\n");
    check("reply_expected", Some("1 Saldo"), Exit::Done, "1 Saldo\n(reply expected)\n");
    check("ended", Some("Fim"), Exit::Done, "Fim\n(ended)\n");
    check("ended", None, Exit::Negative, "(ended)\n");
    check("not_supported", None, Exit::Negative, "(not supported)\n");
    check("timeout", None, Exit::Timeout, "(timeout)\n");
    let busy = json!({"type": "urn:recado:problem:busy", "title": "Too much at once", "status": 503, "detail": "busy"});
    assert_eq!(
        ask(answering("/v1/modems/m1/ussd", 503, busy), &["modems", "ussd", "m1", "1"]).exit,
        Exit::Negative.code()
    );
    let done = json!({"status": "done", "text": "Saldo"});
    let ended = ask(answering("/v1/modems/m1/ussd", 200, done), &["modems", "ussd", "m1", "1", "--json"]);
    assert_eq!(ended.output, "{\"status\":\"done\",\"text\":\"Saldo\"}\n");
}

/// A daemon with the evidence of one message, and what a walk along its chain finds.
fn archive(matches: &Value, chain: Value) -> Router {
    let evidence = json!({
        "id": ID, "created_at": "2026-11-24T13:00:00.000Z", "client": "crm", "purpose": "collection", "creditor": null,
        "to": "+5511987654321", "text": "Oi", "salt": "00ff", "matches": matches,
        "events": [
            {"seq": 3, "at": "T1", "type": "message.queued", "data": {"text_hash": "ab", "to_hash": "cd"}, "hash": "01"},
            {"seq": 4, "at": "T2", "type": "segment.offered", "part": 1, "modem": "m1", "sim": "norte",
             "data": {"local": ["2026-11-24T10:00-03:00"], "suppression": "clear"}, "hash": "02"},
        ],
    });
    answering(&format!("/v1/messages/{ID}/evidence"), 200, evidence).merge(answering("/v1/evidence/chain", 200, chain))
}

fn unbroken() -> Value {
    json!({"holds": true, "before": 2, "begins": 3, "events": 7, "last": 9, "hash": "09", "fault": null})
}

fn as_queued() -> Value {
    json!({"id": true, "to": true, "text": null, "holds": true})
}

#[test]
fn evidence_is_told_in_its_order_with_what_the_chain_says() {
    let ended = ask(archive(&as_queued(), unbroken()), &["evidence", ID]);
    assert_eq!(ended.exit, Exit::Done.code(), "{}", ended.errors);
    insta::assert_snapshot!(ended.output, @r"
    id          0193a8f0-0000-7000-8000-000000000001
    created_at  2026-11-24T13:00:00.000Z
    client      crm
    purpose     collection
    creditor    -
    to          +5511987654321
    text        Oi
    salt        00ff
    id is       as queued
    to is       as queued
    text is     cannot be told

    SEQ  AT  EVENT            PART  SIM    MODEM  SAYS
    3    T1  message.queued   -     -      -      text_hash ab; to_hash cd
    4    T2  segment.offered  1     norte  m1     local 2026-11-24T10:00-03:00; suppression clear

    The chain holds: 7 events from 3 to 9, head 9:09; 2 events of before the chain cannot be verified
    ");
}

#[test]
fn a_chain_that_does_not_hold_is_a_negative_answer_and_names_the_event() {
    let fault = json!({"seq": 5, "code": "changed", "detail": "the event is not what was written"});
    let broken =
        json!({"holds": false, "before": 0, "begins": 3, "events": 2, "last": 4, "hash": "04", "fault": fault});
    let ended = ask(archive(&as_queued(), broken), &["evidence", ID]);
    assert_eq!(ended.exit, Exit::Negative.code(), "{}", ended.errors);
    let verdict = "THE CHAIN DOES NOT HOLD from event 5 on: the event is not what was written\n";
    assert!(ended.output.ends_with(verdict), "{}", ended.output);
}

#[test]
fn events_that_are_not_in_the_chain_prove_nothing() {
    let event = json!({"seq": 3, "at": "T1", "type": "message.queued", "data": {}});
    let evidence =
        json!({"id": ID, "matches": {"id": null, "to": null, "text": null, "holds": true}, "events": [event]});
    let chain =
        json!({"holds": true, "before": 3, "begins": null, "events": 0, "last": null, "hash": null, "fault": null});
    let daemon = answering(&format!("/v1/messages/{ID}/evidence"), 200, evidence).merge(answering(
        "/v1/evidence/chain",
        200,
        chain,
    ));
    let ended = ask(daemon, &["evidence", ID]);
    assert_eq!(ended.exit, Exit::Negative.code(), "{}", ended.errors);
    let verdict = "NOT IN THE CHAIN: 1 of these events, of which nothing is known\n\
                   No event has a hash: nothing can be verified; 3 events of before the chain cannot be verified\n";
    assert!(ended.output.ends_with(verdict), "{}", ended.output);
}

#[test]
fn a_text_that_is_not_the_one_that_was_queued_is_a_negative_answer() {
    let other = json!({"id": true, "to": true, "text": false, "holds": false});
    let ended = ask(archive(&other, unbroken()), &["evidence", ID, "--json"]);
    assert_eq!(ended.exit, Exit::Negative.code(), "{}", ended.errors);
    let told: Value = serde_json::from_str(&ended.output).unwrap();
    assert_eq!((&told["holds"], &told["chain"]["holds"]), (&json!(false), &json!(true)));
}

#[test]
fn a_head_that_was_kept_is_asked_about() {
    let asked = Asked::default();
    let head = format!("12:{}", "ab".repeat(32));
    ask(asked.answering(200, json!({"holds": true, "matches": {"holds": true}})), &["evidence", ID, "--head", &head]);
    let expected = format!("GET /v1/messages/{ID}/evidence\nGET /v1/evidence/chain?head={}", head.replace(':', "%3A"));
    assert_eq!(asked.lines(), expected);
}

/// A daemon with a creditor, which takes what is sent: the second item of each array not.
fn collector(asked: &Asked) -> Router {
    let asked = asked.clone();
    let answered = move |request: Request| {
        let asked = asked.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            asked.0.lock().unwrap().push(format!("{} {}", head.method, head.uri));
            let sent: Value = serde_json::from_slice(&body).unwrap_or_default();
            let taken = |(index, item): (usize, &Value)| match index {
                1 => json!({"type": "urn:recado:problem:conflict", "field": "id", "detail": "it is taken", "index": 1}),
                _ => json!({"id": item["id"], "created": true, "changed": false, "warnings": []}),
            };
            let document = match head.uri.path() {
                "/v1/creditors" => json!({"items": [{"id": "loja", "currency": "BRL"}], "next": null}),
                "/v1/imports/mapping" => json!({"columns": {"due": ["Dia"]}, "decimals": null, "dates": null}),
                _ => {
                    asked.0.lock().unwrap().extend(sent.as_array().unwrap().iter().map(ToString::to_string));
                    json!({"items": sent.as_array().unwrap().iter().enumerate().map(taken).collect::<Vec<_>>()})
                }
            };
            answer(200, &document)
        }
    };
    Router::new().fallback(answered)
}

const PORTFOLIO: &str = "CPF;Nome;Fone;Contrato;Parcela;Valor;Dia;Loja\n\
                         111;Ana;11 98765-4321;c1;1/2;1.234,56;24/11/2026;sul\n\
                         222;Bia;11 3333-4444;c2;1/2;10,00;24/11/2026;sul\n\
                         333;Caio;;c3;2/2;20,00;25/11/2026;sul\n\
                         444;Davi;11 98765-4321;c4;1;30,00;31/02/2026;sul\n";

/// Runs an import of that file and gives the lines of a report of all errors, if one is asked for.
fn import(daemon: Router, file: &str, args: &[&str]) -> (Ended, String) {
    let folder = tempfile::tempdir().unwrap();
    let (path, errors) = (folder.path().join("portfolio.csv"), folder.path().join("errors.csv"));
    std::fs::write(&path, file).unwrap();
    let mut all = vec!["import", path.to_str().unwrap(), "--errors", errors.to_str().unwrap()];
    all.extend(args);
    let ended = ask(daemon, &all);
    (ended, std::fs::read_to_string(errors).unwrap_or_default())
}

#[test]
fn a_half_broken_file_imports_its_good_rows_and_explains_the_others() {
    let asked = Asked::default();
    let (ended, errors) = import(collector(&asked), PORTFOLIO, &["--creditor", "loja"]);
    insta::assert_snapshot!(format!("{}{}exit {}", ended.output, ended.errors, ended.exit), @r#"
    line 3, Fone: a landline, which cannot receive texts: "11 3333-4444"
    line 5, Dia: not a day such as 31/12/2026 or 2026-12-31: "31/02/2026"
    line 4, id: it is taken
    warning: line 4, Fone: there is no number
    4 rows read, 1 created, 0 changed, 0 as they were, 3 refused
    exit 1
    "#);
    insta::assert_snapshot!(errors, @r#"
    line,column,kind,what,cell
    3,Fone,error,"a landline, which cannot receive texts",11 3333-4444
    5,Dia,error,not a day such as 31/12/2026 or 2026-12-31,31/02/2026
    4,Fone,warning,there is no number,
    4,id,error,it is taken,
    "#);
    insta::assert_snapshot!(asked.lines(), @r#"
    GET /v1/creditors
    GET /v1/imports/mapping?creditor=loja
    POST /v1/debts?unsaid=keep
    {"amount":"1234.56","contract":"c1","creditor":"loja","debtor":{"document":"111","id":"111","name":"Ana","numbers":["+5511987654321"]},"due":"2026-11-24","id":"c1/1","instalment":{"number":1,"of":2},"status":null}
    {"amount":"20.00","contract":"c3","creditor":"loja","debtor":{"document":"333","id":"333","name":"Caio","numbers":[]},"due":"2026-11-25","id":"c3/2","instalment":{"number":2,"of":2},"status":null}
    "#);
}

#[test]
fn a_dry_run_shows_how_a_file_is_read_and_stores_nothing() {
    let asked = Asked::default();
    let (ended, _) =
        import(collector(&asked), PORTFOLIO, &["--creditor", "loja", "--map", "product=loja", "--dry-run"]);
    insta::assert_snapshot!(format!("{}exit {}", ended.output, ended.exit), @r#"
    encoding: UTF-8
    COLUMN    READ AS
    CPF       document
    Nome      name
    Fone      phone
    Contrato  contract
    Parcela   instalment
    Valor     amount
    Dia       due
    Loja      product
    line 3, Fone: a landline, which cannot receive texts: "11 3333-4444"
    line 5, Dia: not a day such as 31/12/2026 or 2026-12-31: "31/02/2026"
    warning: line 4, Fone: there is no number
    4 rows read, 2 can be stored, 2 refused; nothing was stored
    exit 1
    "#);
    insta::assert_snapshot!(asked.lines(), @r"
    GET /v1/creditors
    GET /v1/imports/mapping?creditor=loja
    ");
}

#[test]
fn headings_of_other_files_are_passed_over_and_told() {
    let asked = Asked::default();
    let file = "CPF;Contrato;Parcela;Valor;Vencimento\n111;c1;1/2;1,50;24/11/2026\n";
    let (ended, errors) = import(collector(&asked), file, &["--creditor", "loja"]);
    insta::assert_snapshot!(format!("{}{}exit {}", ended.output, ended.errors, ended.exit), @r"
    warning: line 1, Dia: no such heading, which was due in a file before; what is stored of it stays
    1 rows read, 1 created, 0 changed, 0 as they were, 0 refused
    exit 0
    ");
    assert!(errors.contains("1,Dia,warning,"), "{errors}");
    assert!(!asked.lines().contains("PUT"), "what was remembered still is: {}", asked.lines());
}

#[test]
fn what_is_said_of_a_file_is_remembered() {
    let asked = Asked::default();
    let (ended, _) = import(collector(&asked), PORTFOLIO, &["--creditor", "loja", "--dates", "dmy", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&ended.output).unwrap()["created"], 1);
    assert!(asked.lines().contains("PUT /v1/imports/mapping?creditor=loja\n"), "{}", asked.lines());
}

#[test]
fn a_file_that_cannot_be_read_says_what_is_missing() {
    let ended = |file: &str, args: &[&str]| import(collector(&Asked::default()), file, args).0;
    let missing = ended("Nome;Valor\nAna;1\n", &[]);
    assert_eq!(missing.exit, 2);
    insta::assert_snapshot!(missing.errors, @r"
    error: failed to import: no heading `Dia` for due
      no column is the id of the debtor; map debtor to a heading, or document
      no column is the id of the debt; map debt to a heading, or contract and instalment to two
      no column is the creditor; name the creditor, or map creditor to a heading
    ");
    let unclear = ended("CPF;divida;Valor;Dia\n1;x;1.234;24/11/2026\n", &["--creditor", "loja"]);
    insta::assert_snapshot!(unclear.errors, @r"
    error: failed to import: line 2: an amount such as 1.234 may be a thousand or a fraction; say decimals: comma or point, with --decimals
    ");
    assert_eq!(ended(PORTFOLIO, &["--creditor", "outra"]).exit, 2);
}

#[test]
fn debts_and_creditors_are_shown() {
    let asked = Asked::default();
    let debt = json!({"id": "x1", "creditor": "loja", "debtor": "d1", "amount": "10.00", "currency": "BRL",
                      "due": "2026-11-24", "status": "open", "until": null});
    let listed = ask(asked.answering(200, json!({"items": [debt], "next": null})), &["debts", "--status", "open"]);
    insta::assert_snapshot!(listed.output, @r"
    ID  CREDITOR  DEBTOR  AMOUNT  CURRENCY  DUE         STATUS  UNTIL
    x1  loja      d1      10.00   BRL       2026-11-24  open    -
    ");
    let one = ask(asked.answering(200, debt.clone()), &["debts", "a/b"]);
    insta::assert_snapshot!(one.output, @r"
    amount    10.00
    creditor  loja
    currency  BRL
    debtor    d1
    due       2026-11-24
    id        x1
    status    open
    until     -
    ");
    ask(asked.answering(200, json!({"id": "d1", "numbers": ["+5511987654321"]})), &["debtors", "d1"]);
    let set = ["creditors", "set", "loja", "--name", "Loja", "--zone", "UTC", "--language", "en", "--currency", "USD"];
    let on = ["--on", "payment_received=obrigado"];
    let warnings = ["on payment_received: no template \"obrigado\" is approved"];
    let answer = json!({"id": "loja", "created": true, "changed": false, "warnings": warnings});
    let created = ask(asked.answering(200, answer), &[&set[..], &on].concat());
    assert_eq!(created.output, format!("created\nwarning: {}\n", warnings[0]));
    insta::assert_snapshot!(asked.lines(), @r#"
    GET /v1/debts?status=open
    GET /v1/debts/a%2Fb
    GET /v1/debtors/d1
    GET /v1/creditors
    POST /v1/creditors {"currency":"USD","id":"loja","ladder":null,"language":"en","name":"Loja","on":{"payment_received":"obrigado"},"sender":null,"zone":"UTC"}
    "#);
}

#[test]
fn numbers_of_a_debtor_are_confirmed_by_name() {
    let asked = Asked::default();
    let answer = json!({"id": "d1", "created": false, "changed": true, "warnings": []});
    let noted = ask(asked.answering(200, answer.clone()), &["debtors", "confirm", "d1", "11 98765-4321"]);
    assert_eq!((noted.exit, noted.output.as_str()), (0, "noted\n"), "{}", noted.errors);
    ask(asked.answering(200, answer), &["debtors", "confirm", "d1", "+5511987654321", "--not"]);
    insta::assert_snapshot!(asked.lines(), @r#"
    POST /v1/debtors?unsaid=keep {"confirmed":["11 98765-4321"],"id":"d1"}
    POST /v1/debtors?unsaid=keep {"id":"d1","unconfirmed":["+5511987654321"]}
    "#);
}

#[test]
fn what_is_not_said_of_a_creditor_stays() {
    let known = json!({"id": "loja", "sender": "LOJA", "ladder": "leve", "on": {"promise": "ok", "dispute": "ouvido"}});
    let page =
        json!({"items": [{"id": "outra", "ladder": "dura"}, known], "next": null, "created": false, "changed": true});
    let set = |id, args: &[&str]| {
        let asked = Asked::default();
        let set = ["creditors", "set", id, "--name", "L", "--zone", "UTC", "--language", "en", "--currency", "USD"];
        let ended = ask(asked.answering(200, page.clone()), &[&set[..], args].concat());
        assert_eq!(ended.exit, 0, "{}", ended.errors);
        let lines = asked.lines();
        let (_, body) = lines.split_once("POST /v1/creditors ").unwrap();
        let body: Value = serde_json::from_str(body).unwrap();
        ["sender", "ladder", "on"].map(|name| body[name].clone())
    };
    let on = known["on"].clone();
    assert_eq!(set("loja", &[]), [json!("LOJA"), json!("leve"), on.clone()]);
    assert_eq!(set("loja", &["--sender", "Loja", "--ladder", "dura"]), [json!("Loja"), json!("dura"), on.clone()]);
    assert_eq!(set("loja", &["--no-ladder"]), [json!("LOJA"), Value::Null, on]);
    let some = ["--on", "promise=", "--on", "payment_received=obrigado"];
    assert_eq!(set("loja", &some)[2], json!({"dispute": "ouvido", "payment_received": "obrigado"}));
    assert_eq!(set("nova", &[]), [Value::Null, Value::Null, json!({})]);
}

#[test]
fn a_template_is_saved_from_a_file_and_its_newest_version_approved() {
    let asked = Asked::default();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lembrete.toml");
    std::fs::write(&file, "name = 'lembrete'\n[[text]]\nname = 'a'\nbody = 'x'\n").unwrap();
    let finding = json!({"severity": "error", "code": "no_sender", "text": "a", "detail": "who?"});
    let stored = json!({"name": "lembrete", "version": 2, "approved_by": "local", "findings": [finding]});
    let save = ask(asked.answering(200, stored.clone()), &["template", "save", file.to_str().unwrap()]);
    assert_eq!(save.output, "lembrete is in version 2\nerror: a: who? (no_sender)\n", "{}", save.errors);
    let versions = json!({"version": 2, "items": [stored], "approved_by": "local"});
    let approve = ask(asked.answering(200, versions), &["template", "approve", "lembrete"]);
    assert_eq!((approve.exit, approve.output.as_str()), (0, "lembrete 2 is approved by local\n"), "{}", approve.errors);
    insta::assert_snapshot!(asked.lines(), @r#"
    PUT /v1/templates/lembrete {"text":[{"body":"x","name":"a"}]}
    GET /v1/templates/lembrete
    POST /v1/templates/lembrete/approve {"version":2}
    "#);
}

#[test]
fn a_preview_shows_texts_and_refusals() {
    let taken = json!({"text": "Oi", "arm": "a", "segments": 1, "encoding": "gsm7", "units": 2, "room": 158, "companion_segments": 2});
    let refusal = json!({"code": "unfilled", "detail": "nothing to fill pix with"});
    let rows = json!([
        {"debtor": "d1", "creditor": "loja", "taken": taken, "refusal": null},
        {"debtor": "d2", "creditor": "loja", "taken": null, "refusal": refusal},
    ]);
    let survey =
        json!({"parts": 3, "cost": "0.10", "arms": [{"arm": "a", "over_limit": 1}, {"arm": "b", "over_limit": 0}]});
    let daemon = answering("/v1/templates/t/preview", 200, json!({"rows": rows, "survey": survey}));
    let ended = ask(daemon, &["template", "preview", "t"]);
    assert_eq!(ended.exit, Exit::Negative.code(), "{}", ended.errors);
    insta::assert_snapshot!(ended.output, @r"
    DEBTOR  CREDITOR  ARM  PARTS  ENCODING  UNITS  ROOM  TEXT
    d1      loja      a    1+2    gsm7      2      158   Oi
    d2      loja      -    -      -         -      -     unfilled: nothing to fill pix with
    3 parts in all, cost 0.10
    a: 1 text too long
    ");
}

#[test]
fn a_template_in_a_file_is_looked_at_without_a_daemon() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.toml");
    let lint = |body: &str| {
        std::fs::write(&file, format!("name = 't'\n[[text]]\nname = 'a'\nbody = '{body}'\n")).unwrap();
        command(&["template", "lint", file.to_str().unwrap()])
    };
    let unknown = lint("{{ sender }} {{ valor }}");
    assert!(unknown.output.starts_with("error: a:1:17: "), "{}{}", unknown.output, unknown.errors);
    assert_eq!(unknown.exit, Exit::Negative.code());
    let unsigned = lint("Oi");
    assert!(unsigned.output.contains("(no_sender)"), "{}", unsigned.output);
    assert_eq!(lint("{{ sender }}: oi").exit, Exit::Done.code());
    let there = |options: &[&str]| command(&[&["template", "lint", file.to_str().unwrap()], options].concat());
    let mexico = there(&["--country", "mx"]);
    assert!(mexico.output.contains("(name_creditor"), "{}{}", mexico.output, mexico.errors);
    assert_eq!(mexico.exit, Exit::Negative.code());
    assert_eq!(there(&[]).exit, Exit::Done.code(), "some states of the country ask for more");
    assert_eq!(there(&["--state", "SP"]).output, "");
    let rio = there(&["--country", "BR", "--state", "RJ", "--state", "SP"]);
    assert!(rio.output.starts_with("error: a: "), "{}{}", rio.output, rio.errors);
    assert_eq!(rio.exit, Exit::Negative.code());
    for senseless in [&["--state", "XX"][..], &["--country", "BR", "--country", "MX", "--state", "SP"]] {
        assert_eq!(there(senseless).exit, Exit::Usage.code(), "{senseless:?}");
    }
    std::fs::write(&file, "[[text]]\n").unwrap();
    let unnamed = command(&["template", "lint", file.to_str().unwrap()]);
    assert_eq!(unnamed.exit, Exit::Usage.code());
    assert!(unnamed.errors.ends_with("name: give one at the head of the file\n"), "{}", unnamed.errors);
}

#[test]
fn a_segment_is_counted_and_so_is_that_of_each_step_of_a_ladder() {
    let count = json!({"debts": 12, "debtors": 10, "asked_for": 9});
    let daemon = answering("/v1/segments/count", 200, count.clone());
    let ended = ask(daemon, &["segment", "count", "--creditor", "loja", r#"{"days_late": {"min": 5}}"#]);
    assert_eq!(ended.exit, Exit::Done.code(), "{}", ended.errors);
    insta::assert_snapshot!(ended.output, @r"
    STEP  DEBTORS  DEBTS  ASKED FOR
    -     10       12     9
    ");
    let late = json!({"days_late": {"min": 5}});
    let steps =
        json!([{"id": "d3", "on": "D+3", "text": "t", "segment": late}, {"id": "d9", "on": "D+9", "text": "t"}]);
    let ladder = json!({"name": "leve", "version": 1, "definition": {"steps": steps}, "findings": []});
    let daemon = answering("/v1/ladders/leve", 200, ladder).merge(answering("/v1/segments/count", 200, count));
    let ended = ask(daemon, &["segment", "count", "--creditor", "loja", "--ladder", "leve"]);
    insta::assert_snapshot!(ended.output, @r"
    STEP  DEBTORS  DEBTS  ASKED FOR
    d3    10       12     9
    d9    10       12     9
    ");
    let both = ["recado", "segment", "count", "--creditor", "loja", "--ladder", "leve", "{}"];
    assert!(Arguments::try_parse_from(both).is_err());
}

#[test]
fn a_ladder_is_shown_step_by_step() {
    let steps = json!([{"id": "d3", "on": "D+3", "roll": "next", "text": "t"}, {"id": "carta", "on": "D+60", "exit": "letter"}]);
    let finding = json!({"severity": "warning", "code": "no_template", "detail": "nothing is approved"});
    let ladder = json!({"name": "leve", "version": 1, "definition": {"steps": steps}, "findings": [finding]});
    let problems = json!({"items": [{"debtor": "d7", "creditor": "loja", "problem": "no template \"t\" is approved"}], "next": "c1.7"});
    let daemon =
        answering("/v1/ladders/leve", 200, ladder).merge(answering("/v1/ladders/leve/problems", 200, problems));
    let ended = ask(daemon, &["ladder", "show", "leve"]);
    insta::assert_snapshot!(ended.output, @r#"
    STEP   ON    ROLL  TEXT  EXIT    SEGMENT
    d3     D+3   next  t     -       -
    carta  D+60  -     -     letter  -
    warning: nothing is approved (no_template)
    no text for d7: no template "t" is approved
    and more; GET /v1/ladders/NAME/problems has all of them
    "#);
}

#[test]
fn a_plan_is_listed_and_counted() {
    let items = json!([
        {"debtor": "d1", "creditor": "loja", "debt": "x1", "step": "d3", "outcome": "text", "template": "t", "segments": 1,
         "not_before": "2026-11-30T13:00:00Z"},
        {"debtor": "d1", "creditor": "loja", "debt": "x2", "step": "d3", "outcome": "with", "with": "x1"},
        {"debtor": "d2", "creditor": "loja", "debt": "x3", "step": "d3", "outcome": "skipped", "why": "promise",
         "detail": "its day falls inside a promise", "until": "2026-12-02"},
    ]);
    let finding = json!({"severity": "warning", "code": "outside_hours", "detail": "step d3 comes outside the hours"});
    let page = json!({"items": items, "debtors": 3, "next": null, "findings": [finding, finding]});
    let asked = Asked::default();
    let args = ["ladder", "plan", "leve", "--creditor", "loja", "--date", "2026-11-30"];
    let ended = ask(asked.answering(200, page.clone()), &args);
    insta::assert_snapshot!(ended.output, @r"
    DEBTOR  DEBT  STEP  OUTCOME  WHAT  WHEN                  WHY
    d1      x1    d3    text     t     2026-11-30T13:00:00Z  -
    d1      x2    d3    with     x1    -                     -
    d2      x3    d3    skipped  -     -                     its day falls inside a promise until 2026-12-02

    STEP  OUTCOME  WHY      DEBTS
    d3    skipped  promise  1
    d3    text     -        1
    d3    with     -        1
    of 3 debtors
    warning: step d3 comes outside the hours (outside_hours)
    ");
    let summary = ask(asked.answering(200, page), &["ladder", "plan", "leve", "--summary", "--json"]);
    assert_eq!(summary.output.lines().count(), 4, "{}", summary.output);
    assert!(summary.output.ends_with("\"severity\":\"warning\"}}\n"), "{}", summary.output);
    insta::assert_snapshot!(asked.lines(), @r"
    GET /v1/ladders/leve/plan?creditor=loja&date=2026-11-30&limit=1000
    GET /v1/ladders/leve/plan?limit=1000
    ");
    let ran = json!({"cases": 3, "texts": 1, "exits": 0, "problems": 1, "changed": 0});
    let ended = ask(asked.answering(200, ran), &["ladder", "run"]);
    insta::assert_snapshot!(ended.output, @r"
    DEBTORS  TEXTS  EXITS  PROBLEMS  CHANGED MEANWHILE
    3        1      0      1         0
    ");
}

#[test]
fn results_are_printed_with_shares_and_as_they_are_for_programs_and_spreadsheets() {
    let asked = Asked::default();
    let texts = json!({"queued": 120, "sent": 100, "delivered": 93, "replied": 7, "promised": 3, "opted_out": 1,
                       "wrong_person": 0, "paid_debts": 12, "paid": [{"currency": "BRL", "amount": "1320.00"}]});
    let row = json!({"group": {"creditor": "loja", "step": ""}, "period": "2026-11-23", "texts": texts, "parts": 101,
                     "cost": "3.2825"});
    let stats = json!({"rows": [row], "zone": "America/Sao_Paulo", "within_days": 30, "behind": 4});
    let args = ["stats", "--by", "creditor,step", "--every", "week", "--since", "2026-11-01", "--within", "30d"];
    let ended = ask(asked.answering(200, stats.clone()), &args);
    insta::assert_snapshot!(format!("{}\n{}", asked.lines(), ended.output), @r"
    GET /v1/stats?by=creditor%2Cstep&every=week&since=2026-11-01&within=30d
    CREDITOR  STEP  WHEN        QUEUED  SENT  DELIVERED   REPLIED   PROMISED  OPTED OUT  WRONG  PAID        AMOUNT       PARTS  COST
    loja      -     2026-11-23  120     100   93 (93.0%)  7 (7.0%)  3 (3.0%)  1 (1.0%)   0      12 (12.0%)  1320.00 BRL  101    3.2825
    not counted yet: 4 events
    ");
    let json = ask(answering("/v1/stats", 200, stats), &["stats", "--json"]);
    assert_eq!(json.output.lines().count(), 1);
    let daemon = Router::new().route("/v1/stats", get(|| async { "sim,parts\r\nnorte,1\r\n" }));
    assert_eq!(ask(daemon, &["stats", "--by", "sim", "--csv"]).output, "sim,parts\r\nnorte,1\r\n");
    let problem =
        json!({"type": "urn:recado:problem:bad-request", "title": "t", "status": 400, "detail": "no", "field": "by"});
    let refused = ask(answering("/v1/stats", 400, problem), &["stats", "--by", "x", "--csv"]);
    assert_eq!((refused.exit, refused.output.as_str()), (Exit::Negative.code(), ""));
}

#[test]
fn the_way_of_a_debtor_is_printed_in_order() {
    let asked = Asked::default();
    let page = json!({"items": [
        {"place": 1, "at": "T1", "kind": "debt.taken_in", "debt": "x1", "amount": "110.00", "details": {"due": "2026-11-30"}},
        {"place": 2, "at": "T2", "kind": "text", "debt": "x1", "message": ID, "text": "Oi", "details": {}},
    ], "next": "a2"});
    let ended = ask(asked.answering(200, page), &["debtors", "journey", "d 1", "--limit", "2"]);
    insta::assert_snapshot!(format!("{}\n{}", asked.lines(), ended.output), @r"
    GET /v1/debtors/d%201/journey?limit=2
    PLACE  AT  WHAT           DEBT  DETAILS                        TEXT
    1      T1  debt.taken_in  x1    due 2026-11-30, amount 110.00  -
    2      T2  text           x1    -                              Oi
    there is more: --after 2
    ");
}

#[test]
fn numbers_that_want_looking_after_are_listed_and_exported() {
    let asked = Asked::default();
    let found = json!({"debtor": "=d1", "number": "+5511987654321", "trouble": "dead", "sent": 4, "delivered": 0, "undelivered": 4,
                       "last_status": "failed for good: not obtainable", "last_report_at": "T", "answered_at": null});
    let listed = ask(asked.answering(200, json!({"items": [found], "next": "a7"})), &["hygiene", "--trouble", "dead"]);
    let exported = ask(asked.answering(200, json!({"items": [found], "next": null})), &["hygiene", "--csv"]);
    insta::assert_snapshot!(format!("{}\n{}\n{}", asked.lines(), listed.output, exported.output), @r"
    GET /v1/hygiene?trouble=dead
    GET /v1/hygiene?limit=1000
    DEBTOR  NUMBER          TROUBLE  SENT  DELIVERED  LAST REPORT                      ANSWERED
    =d1     +5511987654321  dead     4     0          failed for good: not obtainable  -
    there may be more: --cursor a7

    debtor,number,trouble,sent,delivered,undelivered,last_status,last_report_at,answered_at
    '=d1,+5511987654321,dead,4,0,4,failed for good: not obtainable,T,
    ");
}

#[test]
fn a_person_is_erased_and_what_came_of_it_is_told() {
    let asked = Asked::default();
    let done = json!({"id": 7, "state": "done", "erased": {"messages": 3, "debts": 1}});
    let args = ["erase", "debtor", "cpf 1/2", "--reason", "pedido", "--allow-again"];
    let ended = ask(asked.answering(202, done.clone()), &args);
    assert_eq!((ended.exit, ended.output.as_str()), (0, "erasure 7: done\n  debts 1\n  messages 3\n"));
    assert_eq!(asked.lines(), r#"POST /v1/erasures {"debtor":"cpf 1/2","reason":"pedido","suppress":false}"#);
    let asked = Asked::default();
    let blocked = json!({"id": 8, "state": "blocked", "erased": {}});
    let args =
        ["erase", "number", "+5511987654321", "--reason", "pedido", "--block-until", "2027-01-01T00:00:00Z", "--json"];
    let ended = ask(asked.answering(202, blocked.clone()), &args);
    assert_eq!(ended.output, format!("{blocked}\n"));
    let body = r#"{"mode":"block","number":"+5511987654321","reason":"pedido","suppress":true,"until":"2027-01-01T00:00:00Z"}"#;
    assert_eq!(asked.lines(), format!("POST /v1/erasures {body}"));
}

#[test]
fn an_erasure_that_waits_says_for_what() {
    let waiting = json!({"id": 7, "state": "waiting", "erased": {}});
    let ended = ask(answering("/v1/erasures", 202, waiting), &["erase", "debtor", "ana", "--reason", "pedido"]);
    let expected = "erasure 7: waiting; a text is on its way, or its report: the rest is erased after it\n";
    assert_eq!((ended.exit, ended.output.as_str()), (0, expected));
}

#[test]
fn an_export_is_one_document() {
    let asked = Asked::default();
    let document = json!({"debtor": [{"id": "cpf 1/2"}]});
    let ended = ask(asked.answering(200, document.clone()), &["export", "debtor", "cpf 1/2", "--json"]);
    assert_eq!((ended.exit, ended.output), (0, format!("{document}\n")));
    assert_eq!(asked.lines(), "GET /v1/debtors/cpf%201%2F2/export");
    let asked = Asked::default();
    ask(asked.answering(200, document), &["export", "number", "+5511987654321"]);
    assert_eq!(asked.lines(), "GET /v1/export?number=%2B5511987654321");
}

#[test]
fn the_audit_is_a_table_of_who_did_what() {
    let asked = Asked::default();
    let entry = json!({"seq": 3, "at": "2026-11-24T13:00:00.000Z", "client": "crm", "token": 2, "kind": "refused",
                       "route": "POST /v1/pause", "object": "pause", "id": null, "items": 0, "times": 1, "status": 409});
    let page = json!({"items": [entry], "next": null});
    let args = ["audit", "--kind", "refused", "--client", "crm", "--debtor", "a b"];
    let ended = ask(asked.answering(200, page), &args);
    assert_eq!(asked.lines(), "GET /v1/audit?client=crm&kind=refused&debtor=a%20b");
    insta::assert_snapshot!(ended.output, @r"
    SEQ  AT                        CLIENT  KIND         ROUTE           ABOUT    ITEMS  TIMES
    3    2026-11-24T13:00:00.000Z  crm     refused 409  POST /v1/pause  pause -  0      1
    ");
}

/// A configuration for a database in this folder.
fn configured(folder: &std::path::Path) -> String {
    let config = folder.join("recado.toml");
    std::fs::write(&config, format!("store.path = {:?}\n", folder.join("recado.db"))).unwrap();
    config.to_str().unwrap().to_owned()
}

#[test]
fn a_copy_is_made_looked_through_and_put_back_by_commands() {
    let folder = tempfile::tempdir().unwrap();
    let config = configured(folder.path());
    let copy = folder.path().join("copy.db");
    let copy = copy.to_str().unwrap();
    let none = command(&["backup", copy, "--config", &config]);
    assert_eq!(none.exit, Exit::Negative.code(), "{}", none.output);
    let settings = crate::store::Settings {
        sims: crate::config::Config::default().sim_settings(),
        free_floor: 0,
        country: crate::config::Config::default().region.country,
        alarms: Vec::new(),
        contact: crate::contact::ContactSettings::none().into(),
    };
    let path = folder.path().join("recado.db");
    let store = crate::store::Store::open(&path, settings, crate::clock::Timestamp::from_millis(0)).unwrap();
    let made = command(&["backup", copy, "--config", &config]);
    assert_eq!((made.exit, made.errors.as_str()), (0, ""), "{}", made.output);
    assert!(made.output.contains("suppression.key is not in it"), "{}", made.output);
    let again = command(&["backup", copy, "--config", &config]);
    assert!(
        again.exit == Exit::Negative.code() && again.errors.contains("there is a file already"),
        "{}",
        again.errors
    );
    let verified = command(&["verify", copy]);
    assert_eq!(verified.exit, 0, "{}", verified.output);
    insta::assert_snapshot!(verified.output, @r"
    structure: as it should be
    references: as it should be
    counts: as it should be
    states: as it should be
    chain of events: as it should be
    chain of the audit: as it should be
    ");
    drop(store);
    // A daemon that runs holds this.
    let lock = crate::daemon::lock(&path).unwrap();
    let running = command(&["restore", copy, "--config", &config]);
    assert!(running.exit == Exit::Negative.code() && running.errors.contains("another daemon"), "{}", running.errors);
    drop(lock);
    let restored = command(&["restore", copy, "--config", &config]);
    assert_eq!((restored.exit, restored.errors.as_str()), (0, ""));
    assert!(restored.output.contains("everything is paused at the next start"), "{}", restored.output);
    assert_eq!(
        std::fs::read_dir(folder.path())
            .unwrap()
            .filter(|entry| { entry.as_ref().unwrap().file_name().to_string_lossy().contains(".replaced-") })
            .count(),
        1
    );
}

#[test]
fn a_database_that_is_not_what_it_should_be_is_told_with_exit_code_1() {
    let folder = tempfile::tempdir().unwrap();
    let config = configured(folder.path());
    std::fs::write(folder.path().join("recado.db"), "x".repeat(4096)).unwrap();
    let none = folder.path().join("none.db");
    let none = none.to_str().unwrap();
    let missing = command(&["verify", none]).errors;
    assert!(missing.starts_with(&format!("error: {none}: No such file")), "{missing}");
    let ended = command(&["verify", "--config", &config]);
    assert_eq!(ended.exit, Exit::Negative.code());
    assert!(ended.errors.contains("not a database of Recado"), "{}", ended.errors);
}
