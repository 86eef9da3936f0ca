//! What writes a batch.

use std::collections::BTreeMap;

use super::audit::AUDIT;
use super::batch::{Batch, CallRow};
use super::note::DeliveryState;
use super::recording::{self, RECORDINGS};
use super::rows::{self, Row, Statement, Table, Update, Value, Work};
use super::spool::{Due, Kind};
use crate::ids::CallSid;
use crate::pii::Pii;
use crate::record::{ToolRun, Turn, TurnKey};

static CALLS: Statement = Statement::Insert(Table {
    name: "calls",
    columns: &[
        "call_sid",
        "account_sid",
        "direction",
        "caller",
        "line",
        "language",
        "prompts",
        "sessions",
        "began_at",
        "verified",
        "prompt_variant",
    ],
    keys: 1,
    when: "NOT EXISTS (SELECT 1 FROM deleted_calls AS deleted WHERE deleted.call_sid = given.column1)",
    // What was known before stays known. A call that goes on in a later session has not ended.
    set: "account_sid = COALESCE(calls.account_sid, excluded.account_sid), \
          direction = COALESCE(calls.direction, excluded.direction), \
          caller = COALESCE(calls.caller, excluded.caller), \
          line = COALESCE(calls.line, excluded.line), \
          language = COALESCE(calls.language, excluded.language), \
          prompt_variant = CASE WHEN calls.prompts IS NULL THEN excluded.prompt_variant \
                                ELSE calls.prompt_variant END, \
          prompts = COALESCE(calls.prompts, excluded.prompts), \
          verified = COALESCE(calls.verified, excluded.verified), \
          outcome = CASE WHEN excluded.sessions > calls.sessions THEN NULL ELSE calls.outcome END, \
          ended_at = CASE WHEN excluded.sessions > calls.sessions THEN NULL ELSE calls.ended_at END, \
          began_at = CASE WHEN excluded.began_at < calls.began_at THEN excluded.began_at \
                     ELSE calls.began_at END, \
          sessions = CASE WHEN excluded.sessions > calls.sessions THEN excluded.sessions \
                     ELSE calls.sessions END",
});

/// What a session knows is no news once a later session of the same call has begun.
static CALL_CHANGES: Statement = Statement::Change(Update {
    table: "calls",
    columns: 7,
    set: "language = COALESCE(given.column2, calls.language), \
          turns = COALESCE(given.column3, calls.turns), \
          state = COALESCE(given.column4, calls.state), \
          outcome = COALESCE(given.column5, calls.outcome), \
          ended_at = COALESCE(given.column6, calls.ended_at)",
    which: "calls.call_sid = given.column1 AND calls.sessions <= given.column7",
});

/// The leg of a call is told once. That it was told is seen by its outcome, which the same transaction writes
/// after this: a call that has one and no row here was told already.
static LEGS: Statement = Statement::Insert(Table {
    name: "tracking",
    columns: &["call_sid", "event", "session", "made_at", "due_at", "claimed_until"],
    keys: 3,
    when: "EXISTS (SELECT 1 FROM calls WHERE calls.call_sid = given.column1 AND (calls.outcome IS NULL \
           OR EXISTS (SELECT 1 FROM tracking AS known WHERE known.call_sid = given.column1 \
           AND known.event = given.column2)))",
    set: "made_at = excluded.made_at, \
          due_at = CASE WHEN excluded.due_at < tracking.due_at THEN excluded.due_at ELSE tracking.due_at END",
});

/// A call that is over although its process did not live to tell the end of its session.
static ORPHANS: Statement = Statement::Insert(Table {
    name: "tracking",
    columns: &["call_sid", "event", "session", "made_at", "due_at", "claimed_until"],
    keys: 3,
    when: "EXISTS (SELECT 1 FROM calls WHERE calls.call_sid = given.column1 AND calls.outcome IS NULL)",
    set: "due_at = tracking.due_at",
});

/// The same for an escalation, which is told by the row of its hand-off.
static ESCALATIONS: Statement = Statement::Insert(Table {
    name: "tracking",
    columns: &["call_sid", "event", "session", "made_at", "due_at", "claimed_until"],
    keys: 3,
    when: "EXISTS (SELECT 1 FROM calls WHERE calls.call_sid = given.column1) \
           AND NOT EXISTS (SELECT 1 FROM handoffs AS known WHERE known.call_sid = given.column1 \
           AND known.session = given.column3)",
    set: "due_at = tracking.due_at",
});

/// What is waited for no longer is told now.
static SETTLED: Statement = Statement::Change(Update {
    table: "tracking",
    columns: 2,
    set: "due_at = given.column2",
    which: "tracking.call_sid = given.column1 AND tracking.due_at > given.column2",
});

/// A call that was deleted gets no more rows.
const OF_A_CALL: &str = "EXISTS (SELECT 1 FROM calls WHERE calls.call_sid = given.column1)";

static TURNS: Statement = Statement::Insert(Table {
    name: "turns",
    columns: &[
        "call_sid",
        "session",
        "position",
        "who",
        "text",
        "heard",
        "interrupted",
        "began_at",
        "first_delta_at",
        "first_frame_at",
        "speaking_at",
        "finished_at",
        "heard_at",
    ],
    keys: 3,
    when: OF_A_CALL,
    set: "text = excluded.text, heard = excluded.heard, interrupted = excluded.interrupted, \
          first_delta_at = COALESCE(excluded.first_delta_at, turns.first_delta_at), \
          first_frame_at = COALESCE(excluded.first_frame_at, turns.first_frame_at), \
          speaking_at = COALESCE(excluded.speaking_at, turns.speaking_at), \
          finished_at = COALESCE(excluded.finished_at, turns.finished_at), \
          heard_at = COALESCE(excluded.heard_at, turns.heard_at)",
});

static TOOL_RUNS: Statement = Statement::Insert(Table {
    name: "tool_runs",
    columns: &[
        "call_sid",
        "session",
        "position",
        "place",
        "run_id",
        "name",
        "arguments",
        "secure",
        "result",
        "began_at",
        "ended_at",
    ],
    keys: 4,
    when: OF_A_CALL,
    set: "result = excluded.result, ended_at = excluded.ended_at",
});

static TRIGGERS: Statement = Statement::Insert(Table {
    name: "triggers",
    columns: &["call_sid", "session", "name", "happened_at"],
    keys: 3,
    when: OF_A_CALL,
    set: "happened_at = triggers.happened_at",
});

static HANDOFFS: Statement = Statement::Insert(Table {
    name: "handoffs",
    columns: &["handoff_id", "call_sid", "session", "document", "state", "decided_at", "changed_at"],
    keys: 1,
    when: "EXISTS (SELECT 1 FROM calls WHERE calls.call_sid = given.column2)",
    set: "document = excluded.document",
});

/// The hand-off of the latest session is the one that is under way. What is heard of it late is no news.
static DELIVERIES: Statement = Statement::Change(Update {
    table: "handoffs",
    columns: 4,
    set: "target = COALESCE(given.column2, handoffs.target), state = given.column3, \
          changed_at = given.column4",
    which: "handoffs.call_sid = given.column1 AND handoffs.changed_at <= given.column4 \
            AND NOT EXISTS (SELECT 1 FROM handoffs AS later WHERE later.call_sid = handoffs.call_sid \
            AND (later.session > handoffs.session OR (later.session = handoffs.session \
            AND later.decided_at > handoffs.decided_at)))",
});

/// The first who took the hand-off that is under way.
static TAKEN: Statement = Statement::Change(Update {
    table: "handoffs",
    columns: 3,
    set: "answered_at = COALESCE(handoffs.answered_at, given.column2, handoffs.changed_at + given.column3)",
    which: "handoffs.call_sid = given.column1 \
            AND NOT EXISTS (SELECT 1 FROM handoffs AS later WHERE later.call_sid = handoffs.call_sid \
            AND (later.session > handoffs.session OR (later.session = handoffs.session \
            AND later.decided_at > handoffs.decided_at)))",
});

static PROMPTS: Statement = Statement::Insert(Table {
    name: "prompt_versions",
    columns: &["version", "files", "last_used_at"],
    keys: 1,
    when: "TRUE",
    set: "last_used_at = excluded.last_used_at",
});

/// What has to be written: a call before what belongs to it, and last what all processes write.
pub(super) fn work(batch: &Batch) -> Work {
    let (created, changed) = calls(batch);
    let mut work = Work::new();
    for (statement, rows) in [
        (&CALLS, created),
        (&LEGS, legs(batch, |row| row.leg)),
        (&ORPHANS, legs(batch, |row| row.orphan)),
        (&CALL_CHANGES, changed),
        (&RECORDINGS, recording::rows(&batch.recordings)),
        (&TURNS, each(&batch.turns, turn)),
        (&TOOL_RUNS, tool_runs(batch)),
        (&TRIGGERS, triggers(batch)),
        (&ESCALATIONS, escalations(batch)),
        (&HANDOFFS, handoffs(batch)),
        (&TAKEN, taken(batch)),
        (&DELIVERIES, deliveries(batch)),
        (&SETTLED, each(&batch.settled, |call_sid, at| vec![call(call_sid), Value::number(*at)])),
        (&PROMPTS, prompts(batch)),
        (&AUDIT, audits(batch)),
    ] {
        rows::add(&mut work, statement, rows);
    }
    work
}

fn each<K, V>(map: &BTreeMap<K, V>, row: impl Fn(&K, &V) -> Row) -> Vec<Row> {
    map.iter().map(|(key, value)| row(key, value)).collect()
}

fn call(call_sid: &CallSid) -> Value {
    Value::text(call_sid.as_str())
}

fn audits(batch: &Batch) -> Vec<Row> {
    each(&batch.audits, |id, (call_sid, audit, at)| {
        let (what, source) = (audit.deed.word(), &audit.source);
        vec![Value::text(id), Value::number(*at), Value::text(what), call(call_sid), Value::text(source)]
    })
}

fn prompts(batch: &Batch) -> Vec<Row> {
    each(&batch.prompts, |version, (files, at)| {
        vec![Value::text(version), Value::text(files), Value::number(*at)]
    })
}

/// The rows that may be new, and what is known of all of them.
fn calls(batch: &Batch) -> (Vec<Row>, Vec<Row>) {
    let mut created = Vec::new();
    for (call_sid, row) in &batch.calls {
        if let Some(new) = &row.created {
            created.push(vec![
                call(call_sid),
                Value::some_text(new.came.account_sid.as_ref().map(|sid| sid.as_str())),
                Value::some_text(new.came.direction.as_deref()),
                pii(new.came.caller.as_ref()),
                pii(new.came.line.as_ref()),
                Value::some_text(new.language.as_deref()),
                Value::some_text(new.prompts.as_ref().map(|prompts| prompts.version.as_str())),
                Value::number(new.sessions),
                Value::number(new.at),
                Value::some_text(new.came.verified.as_deref()),
                Value::some_text(new.prompts.as_ref().map(|prompts| prompts.variant.as_str())),
            ]);
        }
    }
    let known = batch.calls.iter().filter(|(_, row)| row.state.is_some() || row.ended.is_some());
    (created, known.map(|(call_sid, row)| changes(call_sid, row)).collect())
}

fn changes(call_sid: &CallSid, row: &CallRow) -> Row {
    let state = row.state.as_ref();
    vec![
        call(call_sid),
        Value::some_text(state.map(|state| state.language.as_str())),
        Value::some_number(state.map(|state| u64::from(state.turns))),
        Value::some_text(state.and_then(|state| serde_json::to_string(state).ok()).as_deref()),
        Value::some_text(row.ended.and_then(|ended| ended.outcome)),
        Value::some_number(row.ended.map(|ended| ended.at)),
        row.session.map_or(Value::number(i64::MAX), |session| Value::number(i64::from(session) + 1)),
    ]
}

fn pii(text: Option<&Pii<String>>) -> Value {
    Value::some_text(text.map(|text| text.expose().as_str()))
}

fn turn((call_sid, key): &(CallSid, TurnKey), turn: &Turn) -> Row {
    let steps = &turn.steps;
    vec![
        call(call_sid),
        Value::number(key.session),
        Value::number(key.position),
        Value::text(turn.who.word()),
        Value::text(turn.text.expose()),
        Value::number(turn.heard as u64),
        Value::number(u8::from(turn.interrupted)),
        Value::number(steps.began),
        Value::some_number(steps.first_delta),
        Value::some_number(steps.first_frame),
        Value::some_number(steps.speaking),
        Value::some_number(steps.finished),
        Value::some_number(steps.heard),
    ]
}

fn tool_runs(batch: &Batch) -> Vec<Row> {
    let runs = batch.turns.iter().flat_map(|((call_sid, key), turn)| {
        let row = move |(place, run): (usize, &ToolRun)| {
            vec![
                call(call_sid),
                Value::number(key.session),
                Value::number(key.position),
                Value::number(place as u64),
                Value::text(&run.call.id),
                Value::text(&run.call.name),
                Value::text(run.call.arguments.expose()),
                Value::number(u8::from(run.secure)),
                pii(run.result.as_ref()),
                Value::number(run.began),
                Value::some_number(run.ended),
            ]
        };
        turn.runs.iter().enumerate().map(row)
    });
    runs.collect()
}

fn triggers(batch: &Batch) -> Vec<Row> {
    each(&batch.triggers, |(call_sid, session, name), at| {
        vec![call(call_sid), Value::number(*session), Value::text(name), Value::number(*at)]
    })
}

fn handoffs(batch: &Batch) -> Vec<Row> {
    each(&batch.handoffs, |handoff_id, handoff| {
        vec![
            Value::text(handoff_id),
            call(&handoff.call_sid),
            Value::number(handoff.session),
            Value::text(&handoff.document),
            Value::text(DeliveryState::Decided.word()),
            Value::number(handoff.at),
            Value::number(handoff.at),
        ]
    })
}

fn legs(batch: &Batch, due: impl Fn(&CallRow) -> Option<Due>) -> Vec<Row> {
    let due = |(call_sid, row): (&CallSid, &CallRow)| Some(tracked(call_sid, Kind::Leg, 0, due(row)?));
    batch.calls.iter().filter_map(due).collect()
}

fn escalations(batch: &Batch) -> Vec<Row> {
    let mut due = BTreeMap::new();
    for row in batch.handoffs.values() {
        if let Some(escalation) = row.escalation {
            // A statement may not write one row twice.
            due.entry((&row.call_sid, row.session)).or_insert(escalation);
        }
    }
    due.into_iter().map(|((sid, session), due)| tracked(sid, Kind::Escalation, session, due)).collect()
}

fn tracked(call_sid: &CallSid, kind: Kind, session: u8, due: Due) -> Row {
    vec![
        call(call_sid),
        Value::text(kind.word()),
        Value::number(session),
        Value::number(due.made_at),
        Value::number(due.due_at),
        Value::number(0),
    ]
}

fn taken(batch: &Batch) -> Vec<Row> {
    each(&batch.taken, |call_sid, taken| {
        vec![call(call_sid), Value::some_number(taken.at), Value::some_number(taken.after)]
    })
}

fn deliveries(batch: &Batch) -> Vec<Row> {
    each(&batch.deliveries, |call_sid, (delivery, at)| {
        vec![
            call(call_sid),
            Value::some_text(delivery.target.as_deref()),
            Value::text(delivery.state.word()),
            Value::number(*at),
        ]
    })
}
