//! Writes a batch, in one transaction.

use std::collections::BTreeMap;

use sqlx::{AnyPool, Connection};

use super::batch::{Batch, CallRow};
use super::rows::{self, Row, Statement, Table, Update, Value, Work};
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
        "turns",
        "state",
        "outcome",
        "ended_at",
        "began_at",
    ],
    keys: 1,
    call: None,
    // What was known before stays known; a call that goes on has not ended.
    set: "account_sid = COALESCE(calls.account_sid, excluded.account_sid), \
          direction = COALESCE(calls.direction, excluded.direction), \
          caller = COALESCE(calls.caller, excluded.caller), \
          line = COALESCE(calls.line, excluded.line), \
          prompts = COALESCE(calls.prompts, excluded.prompts), \
          language = COALESCE(excluded.language, calls.language), \
          sessions = CASE WHEN excluded.sessions > calls.sessions THEN excluded.sessions \
                     ELSE calls.sessions END, \
          turns = COALESCE(excluded.turns, calls.turns), \
          state = COALESCE(excluded.state, calls.state), \
          outcome = excluded.outcome, \
          ended_at = excluded.ended_at",
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
    call: Some(0),
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
    call: Some(0),
    set: "result = excluded.result, ended_at = excluded.ended_at",
});

static TRIGGERS: Statement = Statement::Insert(Table {
    name: "triggers",
    columns: &["call_sid", "session", "name", "happened_at"],
    keys: 3,
    call: Some(0),
    set: "happened_at = triggers.happened_at",
});

static HANDOFFS: Statement = Statement::Insert(Table {
    name: "handoffs",
    columns: &["handoff_id", "call_sid", "session", "document", "state", "decided_at", "changed_at"],
    keys: 1,
    call: Some(1),
    set: "document = excluded.document, changed_at = excluded.changed_at",
});

/// The latest hand-off of the call is the one that is under way.
static DELIVERIES: Statement = Statement::Change(Update {
    table: "handoffs",
    columns: 4,
    set: "target = COALESCE(given.column2, handoffs.target), state = given.column3, \
          changed_at = given.column4",
    which: "handoffs.call_sid = given.column1 AND handoffs.decided_at = \
            (SELECT MAX(latest.decided_at) FROM handoffs AS latest \
             WHERE latest.call_sid = handoffs.call_sid)",
});

static PROMPTS: Statement = Statement::Insert(Table {
    name: "prompt_versions",
    columns: &["version", "files", "last_used_at"],
    keys: 1,
    call: None,
    set: "last_used_at = excluded.last_used_at",
});

/// Writes all of it, or nothing.
pub(super) async fn write(pool: AnyPool, work: Work) -> sqlx::Result<()> {
    let mut connection = pool.acquire().await?;
    let mut transaction = connection.begin().await?;
    rows::execute(&mut transaction, work).await?;
    transaction.commit().await
}

/// What has to be written, in an order that every process keeps: two that write the same rows never wait for
/// each other in a circle.
pub(super) fn work(batch: &Batch) -> Work {
    let (created, changed) = calls(batch);
    let mut work = Work::new();
    for (statement, rows) in [
        (&PROMPTS, prompts(batch)),
        (&CALLS, created),
        (&CALL_CHANGES, changed),
        (&TURNS, each(&batch.turns, turn)),
        (&TOOL_RUNS, tool_runs(batch)),
        (&TRIGGERS, triggers(batch)),
        (&HANDOFFS, handoffs(batch)),
        (&DELIVERIES, deliveries(batch)),
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

fn prompts(batch: &Batch) -> Vec<Row> {
    each(&batch.prompts, |version, (files, at)| {
        vec![Value::text(version), Value::text(files), Value::number(*at)]
    })
}

/// The rows that may be new, and the changes of those that are not.
fn calls(batch: &Batch) -> (Vec<Row>, Vec<Row>) {
    let (mut created, mut changed) = (Vec::new(), Vec::new());
    for (call_sid, row) in &batch.calls {
        let values = CallValues::of(row);
        match &row.created {
            Some(new) => created.push(vec![
                call(call_sid),
                Value::some_text(new.came.account_sid.as_ref().map(|sid| sid.as_str())),
                Value::some_text(new.came.direction.as_deref()),
                pii(new.came.caller.as_ref()),
                pii(new.came.line.as_ref()),
                values.language,
                Value::some_text(new.prompts.as_deref()),
                Value::number(new.sessions),
                values.turns,
                values.state,
                values.outcome,
                values.ended_at,
                Value::number(new.at),
            ]),
            None => changed.push(vec![
                call(call_sid),
                values.language,
                values.turns,
                values.state,
                values.outcome,
                values.ended_at,
                row.session.map_or(Value::number(i64::MAX), |session| Value::number(i64::from(session) + 1)),
            ]),
        }
    }
    (created, changed)
}

struct CallValues {
    language: Value,
    turns: Value,
    state: Value,
    outcome: Value,
    ended_at: Value,
}

impl CallValues {
    fn of(row: &CallRow) -> Self {
        let state = row.state.as_ref();
        let begun_in = row.created.as_ref().and_then(|created| created.language.as_deref());
        let language = state.map(|state| state.language.as_str()).or(begun_in);
        Self {
            language: Value::some_text(language),
            turns: Value::some_number(state.map(|state| u64::from(state.turns))),
            state: Value::some_text(state.and_then(|state| serde_json::to_string(state).ok()).as_deref()),
            outcome: Value::some_text(row.ended.and_then(|ended| ended.outcome)),
            ended_at: Value::some_number(row.ended.map(|ended| ended.at)),
        }
    }
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
            Value::text("decided"),
            Value::number(handoff.at),
            Value::number(handoff.at),
        ]
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
