//! What must be true, whatever happened: the database against itself and against what the network took.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use recado::clock::Timestamp;
use recado::dispatch::gate::{Reason, Verdict};
use recado::emulator::Fault;
use recado::sms::id::{MessageId, ModemId, SimKey};
use recado::sms::lifecycle::{Carrier, MessageState, SegmentState, Withdrawal, message_state};
use recado::sms::operational;
use recado::store::view::{MessageFilter, MessageView};
use rusqlite::Connection;

use super::world::{Taken, World};

/// A part as the log names it: number of the message and place.
type Part = (usize, u8);

/// A state from its stored code, with a carrier and times that do not matter.
fn state_of(code: i64) -> SegmentState {
    let at = Timestamp::from_millis(0);
    let by = || Carrier { modem: ModemId::new("m"), sim: SimKey(0) };
    match code {
        0 => SegmentState::Waiting { due: at },
        2 => SegmentState::Offered { to: by(), at },
        3 => SegmentState::Accepted { by: by(), tp_mr: None, at },
        5 => SegmentState::Refused,
        6 => SegmentState::Expired,
        7 => SegmentState::Unknown { with: by(), since: at },
        8 => SegmentState::Withdrawn(Withdrawal::Cancelled),
        9 => SegmentState::Withdrawn(Withdrawal::Blocked),
        10 => SegmentState::Withdrawn(Withdrawal::PartRefused),
        code => panic!("segment code {code}"),
    }
}

/// Events without gaps and chained; states and counts as their parts say.
pub(crate) fn consistent(world: &World) {
    let conn = world.beside();
    let (count, first, last): (i64, i64, i64) = conn
        .query_row("SELECT count(*), coalesce(min(seq), 1), coalesce(max(seq), 0) FROM event", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
    assert_eq!((first, last), (1, count), "events have gaps");
    assert_eq!(world.reader.verify(None).unwrap().and_then(|found| found.fault), None, "the chain does not hold");
    let mut parts: HashMap<i64, Vec<SegmentState>> = HashMap::new();
    let mut statement = conn.prepare("SELECT message, state, tp_status FROM segment ORDER BY key").unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let state = match row.get(1).unwrap() {
            4 => {
                let by = Carrier { modem: ModemId::new("m"), sim: SimKey(0) };
                let at = Timestamp::from_millis(0);
                SegmentState::Reported { by, tp_mr: None, tp_status: row.get(2).unwrap(), at }
            }
            code => state_of(code),
        };
        parts.entry(row.get(0).unwrap()).or_default().push(state);
    }
    let mut tally: BTreeMap<i64, i64> = BTreeMap::new();
    let mut statement = conn.prepare("SELECT key, state, parts_sent, parts FROM message").unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (key, stored, sent, of): (i64, i64, usize, usize) =
            (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap(), row.get(3).unwrap());
        let parts = &parts[&key];
        let expected = message_state(parts);
        assert_eq!(MessageState::ALL[usize::try_from(stored).unwrap()], expected, "message {key}: {parts:?}");
        assert_eq!(sent, parts.iter().filter(|part| part.is_sent()).count(), "parts sent of message {key}");
        assert_eq!(of, parts.len());
        *tally.entry(stored).or_default() += 1;
    }
    let mut statement = conn.prepare("SELECT state, messages FROM tally WHERE messages != 0").unwrap();
    let counted: BTreeMap<i64, i64> =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
    assert_eq!(counted, tally, "tally");
}

/// What waits, and why.
#[derive(Debug)]
pub(crate) struct Look {
    at: Timestamp,
    waiting: BTreeMap<Vec<u8>, (MessageView, Verdict)>,
    on_the_wire: usize,
    policies: usize,
    spent: i64,
}

impl Look {
    pub(crate) fn is_settled(&self) -> bool {
        self.on_the_wire == 0
            && self.policies == 0
            && self.waiting.values().all(|(_, verdict)| match verdict {
                // Until somebody says otherwise.
                Verdict::Hold { reason: Reason::Paused, .. }
                | Verdict::Hold { reason: Reason::Contact(_), until: None } => true,
                Verdict::Hold { reason: Reason::SimBudget | Reason::Contact(_), until: Some(until) } => {
                    until.saturating_since(self.at) > Duration::from_secs(3600)
                }
                _ => false,
            })
    }
}

fn messages(world: &World, state: Option<MessageState>) -> Vec<MessageView> {
    world.reader.messages(&MessageFilter { limit: u32::MAX, state, ..MessageFilter::default() }).unwrap()
}

fn count(conn: &Connection, sql: &str) -> usize {
    conn.query_row(sql, [], |row| row.get(0)).unwrap()
}

pub(crate) fn look(world: &mut World) -> Look {
    let now = world.utc();
    let mut waiting = BTreeMap::new();
    let queued = messages(world, Some(MessageState::Queued));
    for view in queued.into_iter().chain(messages(world, Some(MessageState::Sending))) {
        if let (Some(question), Some(gateway)) = (view.waiting, world.gateway.as_mut()) {
            let verdict = gateway.commit(now, |context| context.work.explain(view.key, question)).unwrap();
            waiting.insert(view.id.as_bytes().to_vec(), (view, verdict));
        }
    }
    let conn = world.beside();
    Look {
        at: now,
        waiting,
        on_the_wire: count(conn, "SELECT count(*) FROM segment WHERE state = 2"),
        policies: count(
            conn,
            "SELECT count(*) FROM segment JOIN message ON message.key = segment.message
             WHERE segment.state = 7 AND resent = 0 AND resend_after IS NOT NULL",
        ),
        spent: conn
            .query_row("SELECT count(*) FROM event WHERE type = 'segment.offered'", [], |row| row.get(0))
            .unwrap(),
    }
}

pub(crate) fn all_ready(world: &World) {
    let Some(gateway) = &world.gateway else { panic!("not running") };
    let sims = gateway.store().board().sims(world.utc());
    assert_eq!(sims.len(), world.modems, "SIMs seen");
    let on_the_wire = count(world.beside(), "SELECT count(*) FROM segment WHERE state = 2");
    for sim in sims {
        // While somebody has paused something or its budget is spent, a self-test may not go either; and it may
        // be under way.
        let is_spent = sim.levels.iter().any(|level| level.used >= level.limit);
        let may_rest = sim.rest.is_some() && (is_spent || !world.pauses.is_empty() || on_the_wire > 0);
        assert!(
            matches!(sim.state, "ready" | "paused") || may_rest,
            "SIM {} is {} long after the faults",
            sim.card.names.iccid,
            sim.state
        );
    }
}

/// Since the last look something that could go went, and nothing has been on the wire all the time.
pub(crate) fn nothing_is_stuck(world: &World, before: Option<&Look>, now: &Look) {
    let Some(before) = before else { return };
    let can_go = |look: &Look| -> BTreeSet<Vec<u8>> {
        let goes = look.waiting.iter().filter(|(_, (_, verdict))| *verdict == Verdict::Go);
        goes.map(|(id, _)| id.clone()).collect()
    };
    if before.spent == now.spent {
        let stuck: Vec<_> = can_go(before).intersection(&can_go(now)).cloned().collect();
        let stuck: Vec<_> = stuck.iter().map(|id| &now.waiting[id]).collect();
        assert!(stuck.is_empty(), "could go and does not: {stuck:#?}");
        assert_eq!(now.on_the_wire, 0, "on the wire for minutes");
    }
    let overdue = now.waiting.values().filter(|(view, _)| view.valid_until < before.at).count();
    assert_eq!(overdue, 0, "waits beyond its validity (seed {})", world.seed);
}

/// Decisions about parts, which have events of this type: the numbers of those. `segment.returned` is a decision to send it once
/// more, `segment.accepted` one that it was sent.
fn decisions(conn: &Connection, kind: &str) -> HashMap<(i64, u8), Vec<i64>> {
    let mut statement =
        conn.prepare("SELECT message, part, seq FROM event WHERE type = ? AND data LIKE '%decision%'").unwrap();
    let mut decisions: HashMap<(i64, u8), Vec<i64>> = HashMap::new();
    let mut rows = statement.query([kind]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        decisions.entry((row.get(0).unwrap(), row.get(1).unwrap())).or_default().push(row.get(2).unwrap());
    }
    decisions
}

pub(crate) fn at_the_end(world: &World) {
    consistent(world);
    let conn = world.beside();
    let mut log: HashMap<Part, Vec<&Taken>> = HashMap::new();
    for taken in &world.log {
        if let Some(part) = taken.part {
            log.entry(part).or_default().push(taken);
        }
    }
    let resent = decisions(conn, "segment.returned");
    let said = decisions(conn, "segment.accepted");
    let callers = messages(world, None).into_iter().filter(|view| view.client != operational::CLIENT);
    let views: HashMap<[u8; 16], MessageView> = callers.map(|view| (*view.id.as_bytes(), view)).collect();
    assert_eq!(views.len(), world.accepted.len(), "a message too many or too few");
    for (&number, id) in &world.accepted {
        let id: &MessageId = id;
        let view = views.get(id.as_bytes()).unwrap_or_else(|| panic!("message {number} is lost"));
        account(world, number, view, &log, &resent, &said);
    }
    for part in log.keys() {
        assert!(world.accepted.contains_key(&part.0), "sent, but not accepted: {part:?}");
    }
    budgets(world, conn);
    unknowns(world, conn);
}

fn account(
    world: &World,
    number: usize,
    view: &MessageView,
    log: &HashMap<Part, Vec<&Taken>>,
    resent: &HashMap<(i64, u8), Vec<i64>>,
    said: &HashMap<(i64, u8), Vec<i64>>,
) {
    assert!(!matches!(view.state, MessageState::Sending if view.waiting.is_none()), "on the wire for ever: {view:#?}");
    if let Some(at) = world.cancelled.get(&number) {
        assert_eq!(view.state, MessageState::Cancelled, "message {number}");
        for lines in (1..=u8::try_from(view.segments).unwrap()).filter_map(|part| log.get(&(number, part))) {
            assert!(lines.iter().all(|taken| taken.at <= *at), "message {number} was sent after it was cancelled");
        }
    }
    for part in &view.parts {
        let seen = log.get(&(number, part.part)).map(Vec::as_slice).unwrap_or_default();
        let decided = resent.get(&(view.key.0, part.part)).map(Vec::as_slice).unwrap_or_default();
        for pair in seen.windows(2) {
            let between = decided.iter().any(|seq| *seq > pair[0].seq && *seq <= pair[1].seq);
            assert!(
                between,
                "message {number} part {} left twice without a decision; events {:?}, decided {decided:?}",
                part.part,
                seen.iter().map(|taken| taken.seq).collect::<Vec<_>>()
            );
        }
        let is_sent = matches!(part.state, "accepted" | "reported");
        // Chance does not know what it says.
        if is_sent && !said.contains_key(&(view.key.0, part.part)) {
            assert!(!seen.is_empty(), "message {number} part {} was never sent: {view:#?}", part.part);
        }
    }
}

/// Every part that the network took was counted, and no limit was broken by what was counted.
fn budgets(world: &World, conn: &Connection) {
    let limits = &world.settings.sims.default;
    let mut spent: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    let mut statement = conn.prepare("SELECT sim, at, parts FROM spend WHERE parts > 0 ORDER BY at").unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let parts = row.get::<_, usize>(2).unwrap();
        spent.entry(row.get(0).unwrap()).or_default().extend(std::iter::repeat_n(row.get::<_, i64>(1).unwrap(), parts));
    }
    let total: usize = spent.values().map(Vec::len).sum();
    assert!(total >= world.log.len(), "{} parts were taken and {total} counted", world.log.len());
    let in_minute = usize::try_from(limits.per_minute).unwrap();
    let in_hour = usize::try_from(limits.per_hour).unwrap();
    let in_day = usize::try_from(limits.per_day).unwrap();
    let in_month = usize::try_from(limits.per_month).unwrap();
    for times in spent.values() {
        // A clock that was set back shows the same times twice.
        if world.clock_set_back.is_zero() {
            check_window(times, in_minute, 60_000);
            check_window(times, in_hour, 3_600_000);
        }
        check_days(times, in_day);
        assert!(in_month == 0 || world.ends_a_month || times.len() <= in_month, "more than {in_month} in a month");
    }
    // From the offer to the network it takes a part as long as the prompt and the order may; the offer is good for ten
    // seconds and the modem for two more.
    for modem in 0..world.modems {
        let taken: Vec<&Taken> = world.log.iter().filter(|taken| taken.modem == modem).collect();
        let recipients: BTreeSet<u64> = taken.iter().map(|taken| taken.to).collect();
        let most = usize::try_from(limits.recipients_per_month).unwrap();
        assert!(
            most == 0 || world.ends_a_month || recipients.len() <= most,
            "{} recipients of modem {modem}",
            recipients.len()
        );
        // A clock that is set forward ends a window, as far as anybody who looks at that clock can tell.
        if !world.clock_set_forward {
            let times: Vec<i64> =
                taken.iter().map(|taken| i64::try_from(taken.at.since_origin().as_millis()).unwrap()).collect();
            check_window(&times, in_minute, 60_000 - 15_000);
            check_window(&times, in_hour, 3_600_000 - 15_000);
        }
    }
}

fn check_window(times: &[i64], most: usize, window_ms: i64) {
    if most > 0 {
        for window in times.windows(most + 1) {
            assert!(window[most] - window[0] >= window_ms, "more than {most} in {window_ms} ms: {window:?}");
        }
    }
}

fn check_days(times: &[i64], in_day: usize) {
    if in_day > 0 {
        let mut days: BTreeMap<i64, usize> = BTreeMap::new();
        for at in times {
            *days.entry(at / 86_400_000).or_default() += 1;
        }
        assert!(days.values().all(|used| *used <= in_day), "more than {in_day} in a day: {days:?}");
    }
}

/// Not more is unknown than trouble explains.
fn unknowns(world: &World, conn: &Connection) {
    let sql = "SELECT json_extract(data, '$.cause'), count(*) FROM event WHERE type = 'segment.unknown' GROUP BY 1";
    let mut statement = conn.prepare(sql).unwrap();
    let causes: BTreeMap<String, usize> =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect();
    let ended = causes.get("daemon-ended").copied().unwrap_or(0);
    assert!(ended <= world.crashes * world.modems, "{causes:?} by {} crashes", world.crashes);
    let stopped = causes.get("daemon-stopped").copied().unwrap_or(0);
    assert!(stopped <= world.stops * world.modems, "{causes:?} by {} stops", world.stops);
    let harmless = |fault: &Fault| {
        matches!(
            fault,
            Fault::Split
                | Fault::Echo
                | Fault::DoubleCr
                | Fault::Urc
                | Fault::EarlyReport
                | Fault::ReportLoss
                | Fault::ReportDup
                | Fault::NoPrompt
        )
    };
    if world.faults.iter().all(|given| harmless(&given.fault)) {
        let others: usize = causes.values().sum::<usize>() - ended - stopped;
        let reasons = world.unplugs + world.ailments + world.restarts;
        assert!(others <= reasons, "unknown without a reason: {causes:?}, {reasons} modems out or ill");
    }
}
