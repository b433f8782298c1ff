//! What lies between a word and the disk, seen from outside: every call of the daemon that reads, writes or syncs, in the
//! order in which the kernel saw them.
//!
//! A `202` is written only after a sync of the log that began after its request was read, and a PDU only after one that
//! began after the result before it. What the disk makes of a sync is not shown. Needs strace.

use std::collections::HashMap;
use std::process::Command;

use serde_json::json;

use super::common::{Daemon, LIMIT, Place, Process};
use super::eventually;

/// Texts that wait and go one right after the other, and texts that have the daemon to themselves.
const QUEUED: usize = 40;
const ALONE: usize = 20;

/// Two for a text that goes alone, its offer and its result, and now and then one for the head of a log that begins anew.
const EACH_MAX: f64 = 2.5;

/// What the daemon did, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// It had a request in hand that asks for this.
    Submit,
    Pause,
    Resume,
    /// The log was synced, or another file.
    SyncLog,
    SyncOther,
    /// It gave a `202`.
    Answer,
    /// It had the result of a part in hand.
    Result,
    Pdu,
}

/// One call: where in the trace it began and where it was over.
#[derive(Debug, Clone, Copy)]
struct Call {
    what: What,
    began: usize,
    ended: usize,
}

/// Puts together what the trace tells in two pieces where another thread came in between.
fn calls(trace: &str) -> Vec<Call> {
    let mut unfinished: HashMap<&str, (usize, &str)> = HashMap::new();
    let mut calls = Vec::new();
    for (place, line) in trace.lines().enumerate() {
        let (thread, said) = line.split_once(' ').unwrap();
        let said = said.trim_start();
        if let Some(begun) = said.strip_suffix("<unfinished ...>") {
            unfinished.insert(thread, (place, begun));
        } else if let Some((_, rest)) = said.split_once(" resumed>") {
            let (began, begun) = unfinished.remove(thread).unwrap();
            calls.extend(what(&format!("{begun}{rest}")).map(|what| Call { what, began, ended: place }));
        } else {
            calls.extend(what(said).map(|what| Call { what, began: place, ended: place }));
        }
    }
    calls
}

fn what(call: &str) -> Option<What> {
    let (name, rest) = call.split_once('(')?;
    let is_port = rest.split(',').next().is_some_and(|file| file.contains("</dev/pts/"));
    match name {
        "fsync" | "fdatasync" if rest.contains("-wal>") => Some(What::SyncLog),
        "fsync" | "fdatasync" => Some(What::SyncOther),
        "recvfrom" | "read" if rest.contains("\"POST /v1/messages ") => Some(What::Submit),
        "recvfrom" | "read" if rest.contains("\"POST /v1/pause ") => Some(What::Pause),
        "recvfrom" | "read" if rest.contains("\"POST /v1/resume ") => Some(What::Resume),
        "read" if is_port && rest.contains("+CMGS: ") => Some(What::Result),
        "write" if is_port && rest.contains("\\32\"") => Some(What::Pdu),
        "write" | "writev" | "sendto" if rest.contains("\"HTTP/1.1 202 ") => Some(What::Answer),
        _ => None,
    }
}

/// A stretch of the trace.
struct Stretch<'a>(&'a [Call]);

impl<'a> Stretch<'a> {
    fn count(&self, what: What) -> usize {
        self.of(what).count()
    }

    fn of(&self, what: What) -> impl Iterator<Item = &'a Call> {
        self.0.iter().filter(move |call| call.what == what)
    }

    /// Syncs of the log that began after `from` was over and were over before `to` began.
    fn syncs_between(&self, from: &Call, to: &Call) -> usize {
        self.of(What::SyncLog).filter(|sync| sync.began > from.ended && sync.ended < to.began).count()
    }

    /// For each call of this kind, the last of that kind that was over before it.
    fn each_after(&self, what: What, before: What) -> Vec<(&'a Call, &'a Call)> {
        let last = |call: &Call| self.of(before).filter(|before| before.ended < call.began).last();
        self.of(what).filter_map(|call| Some((last(call)?, call))).collect()
    }

    #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
    fn per(&self, what: What) -> f64 {
        self.count(What::SyncLog) as f64 / self.count(what) as f64
    }
}

#[test]
fn no_answer_and_no_pdu_is_written_before_its_commit_is_synced() {
    let is_there = Command::new("strace").arg("--version").output().is_ok();
    assert!(is_there, "this test needs strace (apt-get install strace); `--skip syncs::` leaves it out");
    let place = Place::new();
    let _emulator = place.emulate(1, &["--airtime", "20ms", "--reply-rate", "0"]);
    let config = place.configure_emulated("10s", 1);
    let trace = place.path("trace");
    let mut command = Command::new("strace");
    // `-D`: the daemon is our own child, and strace its neighbour. `-y`: with the paths of descriptors.
    command.args([
        "-D",
        "-f",
        "-y",
        "-s",
        "700",
        "-e",
        "trace=fsync,fdatasync,read,recvfrom,write,writev,sendto",
        "-o",
    ]);
    command.arg(&trace).arg(env!("CARGO_BIN_EXE_recado")).args(["serve", "--config"]).arg(&config);
    let daemon = Daemon::of(Process::run(&mut command), &config);
    daemon.wait_for_modem("modem0");
    let door = &daemon.door;
    let post = |path: &str, body| door.ask("POST", path, Some(&body)).unwrap().0;
    // Without reports, which have syncs of their own.
    let submit = |number: usize| {
        let to = format!("+55119{:08}", 60_000_009 + number * 10);
        let answer = post("/v1/messages", json!({ "to": to, "text": "Sua fatura vence hoje", "report": false }));
        assert_eq!(answer, 202);
    };
    let settled = || eventually(&daemon.process, "everything sent", LIMIT, || door.is_settled().then_some(()));
    assert_eq!(post("/v1/pause", json!({ "scope": "all" })), 200);
    (0..QUEUED).for_each(submit);
    assert_eq!(post("/v1/resume", json!({ "scope": "all" })), 200);
    settled();
    for number in QUEUED..QUEUED + ALONE {
        submit(number);
        settled();
    }
    assert_eq!(place.witness().len(), QUEUED + ALONE);
    // Marks the end in the trace: a stop has syncs of its own.
    assert_eq!(post("/v1/pause", json!({ "scope": "all" })), 200);
    assert!(daemon.process.signal("TERM").success());
    let trace = std::fs::read_to_string(trace).unwrap();
    assert!(trace.contains("+++ exited with 0 +++"), "the trace has no end");
    let calls = calls(&trace);

    let at = |what| calls.iter().position(|call| call.what == what).unwrap();
    let (pause, resume) = (at(What::Pause), at(What::Resume));
    let alone = calls.iter().enumerate().filter(|(_, call)| call.what == What::Submit).nth(QUEUED).unwrap().0;
    let end = calls.iter().rposition(|call| call.what == What::Pause).unwrap();
    let (all, submitting) = (Stretch(&calls), Stretch(&calls[pause..resume]));
    let (sending, alone) = (Stretch(&calls[resume..alone]), Stretch(&calls[alone..end]));

    let answers = all.each_after(What::Answer, What::Submit);
    assert_eq!(answers.len(), QUEUED + ALONE, "202s in the trace");
    for (request, answer) in answers {
        assert!(all.syncs_between(request, answer) >= 1, "202 before its sync: {request:?} {answer:?}");
    }
    // One right after the other: the sync of an offer lies between the result before it and its PDU.
    let offers = sending.each_after(What::Pdu, What::Result);
    assert_eq!(offers.len(), QUEUED - 1, "PDUs in the trace");
    for (result, pdu) in offers {
        assert!(sending.syncs_between(result, pdu) >= 1, "PDU before its sync: {result:?} {pdu:?}");
    }
    // Alone: one sync is that of the submit, and the PDU waits for another.
    let offers = alone.each_after(What::Pdu, What::Submit);
    assert_eq!(offers.len(), ALONE, "PDUs in the trace");
    for (request, pdu) in offers {
        assert!(alone.syncs_between(request, pdu) >= 2, "PDU before its sync: {request:?} {pdu:?}");
    }
    let (per_answer, per_offer) = (submitting.per(What::Submit), sending.per(What::Pdu));
    let per_offer_alone = alone.per(What::Pdu) - per_answer;
    println!(
        "syncs of the log: {per_answer:.2} per 202 ({QUEUED} submits one after the other), {per_offer:.2} per offer with its \
         result while work waits ({QUEUED}), {per_offer_alone:.2} per offer with its result for a text that goes alone \
         ({ALONE}, the 202 taken off); {} syncs of other files in all, by the copying of the log",
        all.count(What::SyncOther)
    );
    for (name, each) in [("202", per_answer), ("offer", per_offer), ("offer alone", per_offer_alone)] {
        assert!((0.5..=EACH_MAX).contains(&each), "{each} syncs per {name}");
    }
}
