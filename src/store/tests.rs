//! The same rules on both engines.

#[path = "../../tests/it/postgres.rs"]
mod postgres;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

use serde_json::json;
use sqlx::{AssertSqlSafe, Executor, Row};

use self::postgres::Postgres;
use super::archive::{Archive, ArchiveError, Filter};
use super::connect::Database;
use super::spool::{Claimed, Key, Kind, Tracked, Trimmed, Waiting};
use super::*;
use crate::chat::ToolCall;
use crate::handoff::{Outcome, PromptVersion, Speaker, Trigger};
use crate::mask::Also;
use crate::prompts::scratch::Scratch;
use crate::record::{Changes, State, Steps, ToolRun, Turn, TurnKey};

/// A database of one test.
struct Place {
    url: String,
    _folder: Scratch,
}

impl Place {
    fn sqlite() -> Self {
        let folder = Scratch::new();
        let url = format!("sqlite:{}", folder.path().join("calls.db").display());
        Self { url, _folder: folder }
    }

    /// A database of the one server that all tests of this process share.
    async fn postgres() -> Option<Self> {
        static SERVER: OnceLock<Option<Mutex<Postgres>>> = OnceLock::new();
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let server = SERVER.get_or_init(|| Postgres::start().map(Mutex::new)).as_ref()?;
        let name = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let (all, url) = {
            let server = server.lock().unwrap();
            (server.url("postgres"), server.url(&name))
        };
        let all = Database::new(&all.into()).unwrap().pool;
        all.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
        Some(Self { url, _folder: Scratch::new() })
    }

    fn options(&self) -> Options {
        Options {
            url: self.url.clone().into(),
            retention: Retention::Days(30),
            masked: true,
            tracked: Tracked::default(),
        }
    }

    /// A store with its writer running.
    fn store(&self) -> Running {
        Running::start(&self.options())
    }

    async fn archive(&self) -> Archive {
        Archive::open(&self.options()).await.unwrap()
    }
}

struct Running {
    store: Store,
    _writer: tokio::task::JoinSet<()>,
}

impl Running {
    fn start(options: &Options) -> Self {
        Self::within(options, LIMITS)
    }

    fn within(options: &Options, limits: Limits) -> Self {
        let (store, writer) = Store::open_within(options, limits).unwrap();
        let mut running = tokio::task::JoinSet::new();
        running.spawn(writer.run());
        Self { store, _writer: running }
    }
}

impl std::ops::Deref for Running {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test] async fn $name() { super::$name(super::Place::sqlite()).await; })*
        }
        #[cfg(feature = "postgres")]
        mod on_postgres {
            $(#[tokio::test] async fn $name() {
                if let Some(place) = super::Place::postgres().await { super::$name(place).await; }
            })*
        }
    };
}

on_both_engines!(
    a_call_comes_back_as_it_was_noted,
    a_turn_that_changes_is_written_once_and_keeps_its_steps,
    what_a_session_knows_is_no_news_once_a_later_one_began,
    a_hand_off_is_found_by_the_session_that_decided_it,
    what_must_not_lie_on_a_disk_is_replaced_before_it_is_written,
    a_deleted_call_stays_deleted_while_it_goes_on,
    calls_older_than_the_retention_are_deleted_with_everything,
    two_processes_may_start_on_one_new_database_at_once,
    every_earlier_schema_is_brought_up_to_date_with_what_it_holds,
    any_text_can_be_kept,
    many_rows_are_written_in_one_commit,
    a_backlog_is_written_piece_by_piece,
    a_node_that_was_cut_off_changes_nothing_that_is_newer,
    what_is_heard_late_of_a_hand_off_is_no_news,
    a_row_that_is_refused_keeps_no_other_from_being_written,
    a_call_whose_row_was_never_written_is_there_all_the_same,
    pages_go_on_behind_the_last_row_whatever_is_added,
    what_was_done_to_a_call_outlives_it,
    a_leg_is_told_once_and_an_escalation_when_its_person_is_known,
    a_leg_waits_for_a_call_that_may_come_back,
    what_two_nodes_claim_at_once_is_told_by_one_of_them,
    what_is_told_of_a_call_goes_with_it_or_when_it_is_too_old,
    news_of_a_recording_may_come_in_any_order,
);

fn call(name: &str) -> CallSid {
    name.parse().unwrap()
}

fn began(session: u8) -> What {
    What::Began(Began {
        session,
        came: Came::new(None, Some("inbound"), Some("+15551230000"), Some("+15559870000")),
        language: "en-US".into(),
        prompts: PromptVersion { variant: "brief".into(), version: "abc".into() },
        files: r#"{"agent.md":"You are Otto."}"#.into(),
    })
}

fn turn(session: u8, position: u32, who: Speaker, text: &str) -> Turn {
    Turn {
        key: TurnKey { session, position },
        who,
        text: text.into(),
        heard: text.chars().count(),
        interrupted: false,
        runs: Vec::new(),
        steps: Steps { began: 1_000, ..Steps::default() },
        answers: None,
    }
}

fn changed(session: u8, turns: Vec<Turn>) -> What {
    let facts = [("order".to_owned(), "4711".into())].into();
    let count = u32::try_from(turns.len()).unwrap();
    let state = State { language: "es-US".into(), facts, turns: count, reported: true, ..State::default() };
    What::Changed(Changes { session, turns, state })
}

fn handoff(call_sid: &CallSid, id: &str) -> Handoff {
    let mut handoff = Handoff::bare(call_sid.clone(), id.to_owned(), Trigger::Key);
    handoff.call_summary = "Wants the second charge back.".into();
    handoff
}

async fn pages_go_on_behind_the_last_row_whatever_is_added(place: Place) {
    let store = place.store();
    let database = Database::new(&place.options().url).unwrap();
    assert!(store.flush().await);
    let today = moment();
    let add = async |name: &str, at: u64, outcome: &str| {
        let sql =
            "INSERT INTO calls (call_sid, sessions, caller, outcome, began_at) VALUES ($1, 1, $2, $3, $4)";
        let row = sqlx::query(sql).bind(name.to_owned()).bind("+1").bind(outcome.to_owned());
        row.bind(i64::try_from(today + at).unwrap()).execute(&database.pool).await.unwrap();
    };
    for (name, at) in [("CA1", 10), ("CA2", 20), ("CA3", 20), ("CA4", 20), ("CA5", 30)] {
        add(name, at, if name == "CA3" { "escalated" } else { "closed" }).await;
    }
    store.note(&call("CA3"), What::Decided(0, Box::new(handoff(&call("CA3"), "HO1"))));
    store.note(&call("CA3"), What::Decided(1, Box::new(handoff(&call("CA3"), "HO2"))));
    assert!(store.flush().await);
    let archive = place.archive().await;
    let mut wanted = pages::Wanted { limit: 2, ..pages::Wanted::default() };
    let (mut names, mut documents) = (Vec::new(), 0);
    loop {
        let page = archive.page(&wanted).await.unwrap();
        // A call that begins meanwhile is no part of what follows.
        add(&format!("CB{}", names.len()), 40, "closed").await;
        documents += page.iter().filter(|listed| listed.document.is_some()).count();
        names.extend(page.iter().map(|listed| listed.call.call_sid.to_string()));
        let Some(last) = page.last() else { break };
        let name = last.call.call_sid.to_string();
        wanted.after = Some(pages::Place { at: last.call.began_at.0, name });
    }
    assert_eq!(names, ["CA5", "CA2", "CA3", "CA4", "CA1"]);
    assert_eq!(documents, 1);
    let escalated = pages::Wanted { outcome: Some("escalated".into()), limit: 9, ..pages::Wanted::default() };
    assert_eq!(archive.page(&escalated).await.unwrap().len(), 1);
    let nobody = pages::Wanted { caller: Some("+2".into()), limit: 9, ..pages::Wanted::default() };
    assert!(archive.page(&nobody).await.unwrap().is_empty());
    let handoffs = archive.handoffs(None, 9).await.unwrap();
    assert_eq!(handoffs.len(), 2);
    let (first, second) = (&handoffs[0].handoff, &handoffs[1].handoff);
    let after = pages::Place { at: first.decided_at.0, name: first.handoff_id.clone() };
    let rest = archive.handoffs(Some(&after), 9).await.unwrap();
    assert_eq!(
        rest.iter().map(|listed| &listed.handoff.handoff_id).collect::<Vec<_>>(),
        [&second.handoff_id]
    );
}

async fn what_was_done_to_a_call_outlives_it(place: Place) {
    let (store, sid) = (place.store(), call("CA1"));
    let deed = |id: &str, deed| audit::Audit { id: id.into(), deed, source: "console x".into() };
    store.note(&sid, began(0));
    store.note(&sid, What::Audited(deed("one", audit::Deed::Whisper)));
    store.note(&sid, What::Audited(deed("one", audit::Deed::Whisper)));
    assert!(store.flush().await);
    let archive = place.archive().await;
    archive.audit(&sid, &deed("two", audit::Deed::Reveal)).await.unwrap();
    archive.audit(&sid, &deed("two", audit::Deed::Reveal)).await.unwrap();
    assert_eq!(archive.delete(&[sid.clone(), call("CA2")], "command line").await.unwrap(), 1);
    let rows = archive.audits(None, 9).await.unwrap();
    let mut done: Vec<_> = rows.iter().map(|row| (row.what.as_str(), row.from.as_str())).collect();
    done.sort_unstable();
    assert_eq!(done, [("delete", "command line"), ("reveal", "console x"), ("whisper", "console x")]);
    assert!(rows.iter().all(|row| row.call_sid == sid));
    assert_eq!(archive.audits(None, 1).await.unwrap().len(), 1);
}

const TRACKED: Tracked = Tracked { leg: true, escalation: true };

fn left(outcome: Option<Outcome>) -> What {
    What::Left { outcome, trigger: None, session: 0 }
}

fn keys(claimed: &[Claimed]) -> Vec<Key> {
    claimed.iter().map(|claimed| claimed.key.clone()).collect()
}

fn kinds(claimed: &[Claimed]) -> Vec<Kind> {
    claimed.iter().map(|claimed| claimed.key.kind).collect()
}

async fn a_leg_is_told_once_and_an_escalation_when_its_person_is_known(place: Place) {
    let store = Running::start(&Options { tracked: TRACKED, ..place.options() });
    let (one, other) = (store.spool("one").unwrap(), store.spool("other").unwrap());
    let sid = call("CA1");
    store.note(&sid, began(0));
    store.note(&sid, changed(0, vec![turn(0, 0, Speaker::Caller, "one")]));
    store.note(&sid, What::Decided(0, Box::new(handoff(&sid, "HO1"))));
    store.note(&sid, left(Some(Outcome::Escalated)));
    assert!(store.flush().await);
    let told = one.claim(10).await.unwrap();
    assert_eq!(kinds(&told), [Kind::Leg]);
    let leg = &told[0].leg;
    assert_eq!((leg.outcome.as_deref(), leg.sessions), (Some("escalated"), 1));
    assert_eq!(leg.caller.as_ref().unwrap().expose(), "+15551230000");
    assert!(leg.ended_at.is_some() && leg.handed_over.as_ref().unwrap().handoff.context.handoff_id == "HO1");
    assert!(other.claim(10).await.unwrap().is_empty(), "another node tells it");
    one.done(&keys(&told)).await.unwrap();
    // The action says all of it again, perhaps to another node.
    store.note(&sid, What::Came(Came::default()));
    store.note(&sid, What::Decided(0, Box::new(handoff(&sid, "HO1"))));
    store.note(&sid, left(Some(Outcome::Escalated)));
    store.note(&sid, What::Delivered(DeliveryState::Queued.into()));
    assert!(store.flush().await);
    assert!(one.claim(10).await.unwrap().is_empty());
    assert_eq!(one.waiting().await.unwrap().count, 1, "the escalation, until a person is known");
    store.note(&sid, What::Taken(Taken::AfterQueue(30)));
    store.note(&sid, What::Delivered(DeliveryState::Answered.into()));
    assert!(store.flush().await);
    let told = other.claim(10).await.unwrap();
    assert_eq!(kinds(&told), [Kind::Escalation]);
    let handed_over = told[0].leg.handed_over.as_ref().unwrap();
    let waited = handed_over.answered_at.unwrap() - handed_over.decided_at;
    assert!((30_000..40_000).contains(&waited), "{waited}");
    assert_eq!(handed_over.state, "answered");
    assert!(one.claim(10).await.unwrap().is_empty());
    other.put_back().await.unwrap();
    let told = one.claim(10).await.unwrap();
    assert_eq!(kinds(&told), [Kind::Escalation]);
    one.done(&keys(&told)).await.unwrap();
    store.note(&sid, What::Over);
    assert!(store.flush().await);
    assert_eq!(one.waiting().await.unwrap(), Waiting::default());
}

async fn a_leg_waits_for_a_call_that_may_come_back(place: Place) {
    let store = Running::start(&Options { tracked: TRACKED, ..place.options() });
    let spool = store.spool("one").unwrap();
    let sid = call("CA1");
    store.note(&sid, began(0));
    store.note(&sid, left(None));
    assert!(store.flush().await);
    assert!(spool.claim(10).await.unwrap().is_empty());
    store.note(&sid, began(1));
    store.note(&sid, What::Left { outcome: Some(Outcome::Completed), trigger: None, session: 1 });
    store.note(&sid, What::Over);
    assert!(store.flush().await);
    let told = spool.claim(10).await.unwrap();
    assert_eq!((kinds(&told), told[0].leg.sessions), (vec![Kind::Leg], 2));
    assert_eq!(told[0].leg.outcome.as_deref(), Some("completed"));
    // A call whose process died is told once it is over.
    let orphan = call("CA2");
    store.note(&orphan, began(0));
    store.note(&orphan, What::Over);
    assert!(store.flush().await);
    assert_eq!(spool.waiting().await.unwrap().count, 2);
    // Where nobody is told, there is nothing to tell.
    let silent = Running::start(&place.options());
    let quiet = call("CA3");
    silent.note(&quiet, began(0));
    silent.note(&quiet, What::Decided(0, Box::new(handoff(&quiet, "HO3"))));
    silent.note(&quiet, left(Some(Outcome::Escalated)));
    silent.note(&quiet, What::Over);
    assert!(silent.flush().await);
    assert_eq!(spool.waiting().await.unwrap().count, 2);
}

async fn what_two_nodes_claim_at_once_is_told_by_one_of_them(place: Place) {
    let store = Running::start(&Options { tracked: TRACKED, ..place.options() });
    for number in 0..40 {
        let sid = call(&format!("CA{number}"));
        store.note(&sid, began(0));
        store.note(&sid, left(Some(Outcome::Completed)));
    }
    assert!(store.flush().await);
    let (one, other) = (store.spool("one").unwrap(), store.spool("other").unwrap());
    let (ours, theirs) = tokio::join!(one.claim(25), other.claim(25));
    let (ours, theirs) = (keys(&ours.unwrap()), keys(&theirs.unwrap()));
    let mut all: Vec<_> = ours.iter().chain(&theirs).collect();
    all.sort();
    let claimed = all.len();
    all.dedup();
    assert_eq!(all.len(), claimed, "something is told twice");
    assert!(claimed > 25, "{claimed}");
    one.done(&ours).await.unwrap();
    other.done(&theirs).await.unwrap();
    let rest = one.claim(40).await.unwrap();
    assert_eq!(rest.len(), 40 - claimed);
}

async fn what_is_told_of_a_call_goes_with_it_or_when_it_is_too_old(place: Place) {
    let store = Running::start(&Options { tracked: TRACKED, ..place.options() });
    let spool = store.spool("one").unwrap();
    for name in ["CA1", "CA2", "CA3"] {
        store.note(&call(name), began(0));
        store.note(&call(name), left(Some(Outcome::Completed)));
        assert!(store.flush().await);
    }
    assert_eq!(spool.waiting().await.unwrap().count, 3);
    place.archive().await.delete(&[call("CA3")], "test").await.unwrap();
    assert_eq!(spool.waiting().await.unwrap().count, 2);
    let day = Duration::from_secs(24 * 60 * 60);
    assert_eq!(spool.trim(day, 1).await.unwrap(), Trimmed { old: 0, overflow: 1 });
    let told = spool.claim(10).await.unwrap();
    assert_eq!(told.len(), 1);
    spool.done(&keys(&told)).await.unwrap();
    let old = "INSERT INTO tracking (call_sid, event, session, made_at, due_at, claimed_until) \
               VALUES ('CA1', 'leg', 0, 1, 1, 0)";
    Database::new(&place.url.clone().into()).unwrap().pool.execute(old).await.unwrap();
    assert_eq!(spool.trim(day, 10).await.unwrap(), Trimmed { old: 1, overflow: 0 });
    assert_eq!(spool.waiting().await.unwrap(), Waiting::default());
}

async fn a_call_comes_back_as_it_was_noted(place: Place) {
    let (store, sid) = (place.store(), call("CA1"));
    let mut said = turn(0, 1, Speaker::Agent, "Your order is on its way.");
    said.heard = 10;
    said.interrupted = true;
    said.steps.first_delta = Some(1_200);
    said.runs = vec![ToolRun {
        call: ToolCall { id: "c1".into(), name: "look_up".into(), arguments: r#"{"order":"4711"}"#.into() },
        result: Some("found".into()),
        secure: false,
        began: 1_100,
        ended: Some(1_150),
    }];
    let turns = vec![turn(0, 0, Speaker::Caller, "Where is it?"), said];
    store.note(&sid, began(0));
    store.note(&sid, changed(0, turns.clone()));
    assert!(store.flush().await);
    let memory = store.memory(&sid).await.unwrap();
    assert_eq!(memory.turns, turns);
    assert_eq!(memory.state.language, "es-US");
    assert_eq!(memory.state.facts["order"], "4711".into());
    assert_eq!(store.memory(&call("CA2")).await, None);

    store.note(&sid, What::Decided(0, Box::new(handoff(&sid, "HO1"))));
    store.note(&sid, What::Delivered(DeliveryState::Sent.into()));
    let queued = Delivery { target: Some("workflow:WW1".into()), state: DeliveryState::Queued };
    store.note(&sid, What::Delivered(queued));
    let (outcome, trigger) = (Some(Outcome::Escalated), Some(Trigger::Key));
    store.note(&sid, What::Left { outcome, trigger, session: 0 });
    assert!(store.flush().await);
    store.note(&sid, What::Delivered(DeliveryState::Answered.into()));
    assert!(store.flush().await);
    let whole = place.archive().await.read(&sid, Also::NOTHING).await.unwrap().unwrap();
    let whole = serde_json::to_value(&whole).unwrap();
    assert_eq!(whole["caller"], "+15551230000");
    assert_eq!(whole["outcome"], "escalated");
    assert_eq!((&whole["prompts"], &whole["promptVariant"]), (&"abc".into(), &"brief".into()));
    assert_eq!(whole["transcript"][1]["heard"], "Your order");
    assert_eq!(whole["transcript"][1]["tools"][0]["result"], "found");
    assert_eq!(whole["transcript"][1]["steps"]["firstDeltaAt"], "1970-01-01T00:00:01.200Z");
    assert_eq!(whole["triggers"][0]["name"], "key");
    let handed = &whole["handoffs"][0];
    assert_eq!((&handed["state"], &handed["target"]), (&json!("answered"), &json!("workflow:WW1")));
    assert_eq!(handed["document"]["callSummary"], "Wants the second charge back.");
}

async fn a_turn_that_changes_is_written_once_and_keeps_its_steps(place: Place) {
    let (store, sid) = (place.store(), call("CA1"));
    let mut said = turn(0, 0, Speaker::Agent, "One. Two.");
    said.steps.first_frame = Some(1_300);
    store.note(&sid, began(0));
    store.note(&sid, changed(0, vec![said.clone()]));
    store.flush().await;
    said.steps.first_frame = None;
    said.steps.heard = Some(1_400);
    said.heard = 4;
    store.note(&sid, changed(0, vec![said]));
    store.flush().await;
    let memory = store.memory(&sid).await.unwrap();
    assert_eq!(memory.turns.len(), 1);
    assert_eq!(memory.turns[0].heard_text(), "One.");
    assert_eq!(memory.turns[0].steps.first_frame, Some(1_300));
    assert_eq!(memory.turns[0].steps.heard, Some(1_400));
}

async fn what_a_session_knows_is_no_news_once_a_later_one_began(place: Place) {
    let (first, second, sid) = (place.store(), place.store(), call("CA1"));
    first.note(&sid, began(0));
    first.flush().await;
    second.note(&sid, began(1));
    second.note(&sid, changed(1, vec![turn(1, 0, Speaker::Caller, "Hello again")]));
    second.flush().await;
    // The node that lost the call writes late.
    let mut late = changed(0, vec![turn(0, 0, Speaker::Caller, "Hello")]);
    if let What::Changed(changes) = &mut late {
        changes.state.language = "fr-FR".into();
    }
    first.note(&sid, late);
    first.note(&sid, What::Left { outcome: None, trigger: None, session: 0 });
    first.flush().await;
    let memory = first.memory(&sid).await.unwrap();
    let said: Vec<_> = memory.turns.iter().map(|turn| turn.text.expose().as_str()).collect();
    assert_eq!(said, ["Hello", "Hello again"]);
    assert_eq!(memory.state.language, "es-US");
    let whole = place.archive().await.read(&sid, Also::NOTHING).await.unwrap().unwrap();
    assert_eq!((whole.call.outcome, whole.call.sessions), (None, 2), "it goes on");
}

async fn a_hand_off_is_found_by_the_session_that_decided_it(place: Place) {
    let (store, sid) = (place.store(), call("CA1"));
    store.note(&sid, began(0));
    store.note(&sid, What::Decided(0, Box::new(handoff(&sid, "HO1"))));
    store.flush().await;
    let found = store.decided(&sid, Some(0)).await.unwrap();
    assert_eq!(found.context.handoff_id, "HO1");
    assert_eq!(found.call_summary, "Wants the second charge back.".into());
    assert!(store.decided(&sid, None).await.is_some());
    assert!(store.decided(&sid, Some(1)).await.is_none());
    assert!(store.decided(&call("CA2"), None).await.is_none());
}

async fn what_must_not_lie_on_a_disk_is_replaced_before_it_is_written(place: Place) {
    let (store, sid) = (place.store(), call("CA1"));
    let mut asked = turn(0, 1, Speaker::Caller, "It is 123.");
    asked.answers = Some("And the security code?".into());
    let mut paid = turn(0, 2, Speaker::Agent, "I noted 4111 1111 1111 1111.");
    let run = |name: &str, arguments: &str, secure| ToolRun {
        call: ToolCall { id: name.into(), name: name.into(), arguments: arguments.into() },
        result: Some(r#"{"card":"4111111111111111"}"#.into()),
        secure,
        began: 1,
        ended: None,
    };
    paid.runs = vec![run("pay", r#"{"pin":"8642"}"#, true), run("note", r#"{"cvv":"789"}"#, false)];
    let card = turn(0, 0, Speaker::Caller, "[keypad] 4111111111111111");
    let mut what = changed(0, vec![card, asked, paid]);
    if let What::Changed(changes) = &mut what {
        changes.state.facts.insert("ssn".into(), "123456789".into());
    }
    let mut document = handoff(&sid, "HO1");
    document.call_summary = "Card 4111 1111 1111 1111, SSN 123-45-6789.".into();
    document.context.memory.insert("cvv".into(), "789".into());
    store.note(&sid, began(0));
    store.note(&sid, what);
    store.note(&sid, What::Decided(0, Box::new(document)));
    store.flush().await;
    let whole = place.archive().await.read(&sid, Also::NOTHING).await.unwrap().unwrap();
    let whole = serde_json::to_string(&whole).unwrap();
    for secret in ["411111111111", "4111 1111 1111", "123.", "8642", "789\"", "789\\", "123456789", "123-45"]
    {
        assert!(!whole.contains(secret), "{secret} in {whole}");
    }
    for kept in ["************1111", "It is ***.", "masked", "+15551230000"] {
        assert!(whole.contains(kept), "{kept} not in {whole}");
    }
}

async fn a_deleted_call_stays_deleted_while_it_goes_on(place: Place) {
    let (store, sid, other) = (place.store(), call("CA1"), call("CA2"));
    for sid in [&sid, &other] {
        store.note(sid, began(0));
        store.note(sid, changed(0, vec![turn(0, 0, Speaker::Caller, "my secret is numbat")]));
        store.note(sid, What::Decided(0, Box::new(handoff(sid, sid.as_str()))));
    }
    store.flush().await;
    let archive = place.archive().await;
    let of_number = Filter { caller: Some("+15551230000".into()), limit: 10 };
    assert_eq!(archive.list(&of_number).await.unwrap().len(), 2);
    assert_eq!(archive.delete(&[sid.clone(), call("CA3")], "a test").await.unwrap(), 1);
    store.note(&sid, changed(0, vec![turn(0, 1, Speaker::Caller, "and wombat")]));
    store.note(&sid, What::Decided(0, Box::new(handoff(&sid, "HO9"))));
    store.note(&sid, What::Left { outcome: None, trigger: None, session: 0 });
    store.flush().await;
    store.note(&sid, began(1));
    store.note(&sid, changed(1, vec![turn(1, 0, Speaker::Caller, "and quokka")]));
    store.flush().await;
    assert!(archive.read(&sid, Also::NOTHING).await.unwrap().is_none());
    let pool = &Database::new(&place.options().url).unwrap().pool;
    for table in ["calls", "turns", "tool_runs", "triggers", "handoffs"] {
        let sql = format!("SELECT COUNT(*) AS n FROM {table} WHERE call_sid = 'CA1'");
        let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(pool).await.unwrap();
        assert_eq!(row.get::<i64, _>("n"), 0, "{table}");
    }
    assert_eq!(archive.list(&of_number).await.unwrap().len(), 1);
}

async fn calls_older_than_the_retention_are_deleted_with_everything(place: Place) {
    let (store, old, new) = (place.store(), call("CA1"), call("CA2"));
    for sid in [&old, &new] {
        store.note(sid, began(0));
        store.note(sid, changed(0, vec![turn(0, 0, Speaker::Caller, "hello")]));
    }
    store.flush().await;
    let database = Database::new(&place.options().url).unwrap();
    for sql in [
        "UPDATE calls SET began_at = began_at - 2678400000 WHERE call_sid = 'CA1'",
        "INSERT INTO prompt_versions (version, files, last_used_at) VALUES ('old', '{}', 1)",
    ] {
        database.pool.execute(sql).await.unwrap();
    }
    let before = Retention::Days(30).before().unwrap();
    // The store's own writer looks for what is too old as well, and may have been first.
    assert!(archive::prune(database.clone(), before).await.unwrap() <= 1);
    assert_eq!(archive::prune(database.clone(), before).await.unwrap(), 0);
    let archive = place.archive().await;
    assert!(archive.read(&old, Also::NOTHING).await.unwrap().is_none());
    assert_eq!(archive.read(&new, Also::NOTHING).await.unwrap().unwrap().transcript.len(), 1);
    let versions =
        sqlx::query("SELECT version FROM prompt_versions").fetch_all(&database.pool).await.unwrap();
    assert_eq!(versions.iter().map(|row| row.get("version")).collect::<Vec<String>>(), ["abc"]);
    assert_eq!(Retention::Forever.before(), None);
}

async fn two_processes_may_start_on_one_new_database_at_once(place: Place) {
    let databases: Vec<_> = (0..6).map(|_| Database::new(&place.options().url).unwrap()).collect();
    let started = databases.iter().map(|database| database.prepare());
    for started in futures_util::future::join_all(started).await {
        started.unwrap();
    }
}

async fn every_earlier_schema_is_brought_up_to_date_with_what_it_holds(place: Place) {
    // What each change of the schema brought, filled in before the next one is applied.
    let held = [
        "INSERT INTO calls (call_sid, sessions, state, began_at) VALUES ('CA1', 1, '{}', 1); \
         INSERT INTO turns (call_sid, session, position, who, text, heard, interrupted, began_at) \
         VALUES ('CA1', 0, 0, 'caller', 'hello', 5, 0, 1)",
        "INSERT INTO handoffs (handoff_id, call_sid, session, document, state, decided_at, changed_at) \
         VALUES ('HO1', 'CA1', 0, '{\"reason\":\"r\"}', 'decided', 1, 1)",
        "INSERT INTO prompt_versions (version, files, last_used_at) VALUES ('v', '{}', 1)",
        "INSERT INTO audit (audit_id, at, what, call_sid, source) VALUES ('a', 1, 'reveal', 'CA1', 'console'); \
         UPDATE calls SET verified = 'TN-Validation-Passed-A'",
        "INSERT INTO tracking (call_sid, event, session, made_at, due_at, claimed_until) \
         VALUES ('CA1', 'leg', 0, 1, 1, 0); UPDATE handoffs SET answered_at = 2",
        "UPDATE calls SET recording_sid = 'RE1', recording_url = 'u', recording_state = 'completed', recording_seconds = 3",
        "UPDATE calls SET prompt_variant = 'brief'",
    ];
    assert_eq!(held.len(), connect::SCHEMAS, "a new migration needs a row here");
    let database = Database::new(&place.options().url).unwrap();
    for (count, rows) in (1..).zip(held) {
        database.migrate_to(count).await.unwrap();
        database.pool.execute(rows).await.unwrap();
    }
    database.prepare().await.unwrap();
    let store = place.store();
    assert_eq!(store.memory(&call("CA1")).await.unwrap().turns[0].text, "hello".into());
    assert!(store.decided(&call("CA1"), Some(0)).await.is_some());
    assert_eq!(store.recording(&call("CA1")).await.as_deref(), Some("u"));
}

async fn news_of_a_recording_may_come_in_any_order(place: Place) {
    use RecordingState::{Absent, Completed, InProgress};
    let store = place.store();
    // Each written by itself, then all of them in one commit.
    for (flushed, sid) in [(true, call("CA1")), (false, call("CA2"))] {
        store.note(&sid, began(0));
        for (state, seconds) in [(InProgress, None), (Completed, Some(42)), (InProgress, None)] {
            let (re, url) = (format!("RE{}", "0".repeat(32)), "https://api.twilio.com/x".to_owned());
            store.note(&sid, What::Recorded(Recorded { sid: re.parse().unwrap(), url, state, seconds }));
            if flushed {
                assert!(store.flush().await);
            }
        }
        assert!(store.flush().await);
        let recording = place.archive().await.kept(&sid).await.unwrap().unwrap().call.recording.unwrap();
        assert_eq!((recording.state.as_str(), recording.seconds), ("completed", Some(42)));
        assert_eq!(store.recording(&sid).await, Some(recording.url));
    }
    let gone = Recorded {
        sid: format!("RE{}", "0".repeat(32)).parse().unwrap(),
        url: "u".to_owned(),
        state: Absent,
        seconds: None,
    };
    store.note(&call("CA1"), What::Recorded(gone.clone()));
    store.note(&call("CA3"), What::Recorded(gone));
    assert!(store.flush().await);
    assert_eq!(store.recording(&call("CA1")).await, None);
    assert_eq!(store.recording(&call("CA3")).await, None, "a call that is not kept has no recording");
}

async fn a_backlog_is_written_piece_by_piece(place: Place) {
    let store = Running::within(&place.options(), Limits { piece: 7, ..LIMITS });
    for number in 0..20 {
        let sid = call(&format!("CA{number:03}"));
        store.note(&sid, began(0));
        let turns = (0..5).map(|at| turn(0, at, Speaker::Caller, "hello")).collect();
        store.note(&sid, changed(0, turns));
        store.note(&sid, What::Decided(0, Box::new(handoff(&sid, sid.as_str()))));
        store.note(&sid, What::Delivered(DeliveryState::Answered.into()));
    }
    assert!(store.flush().await);
    for number in 0..20 {
        let whole = place
            .archive()
            .await
            .read(&call(&format!("CA{number:03}")), Also::NOTHING)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((whole.transcript.len(), whole.handoffs[0].state.as_str()), (5, "answered"));
    }
}

/// Everything the first node knows is written after the second had the call.
async fn a_node_that_was_cut_off_changes_nothing_that_is_newer(place: Place) {
    let (first, second, sid) = (place.store(), place.store(), call("CA1"));
    second.note(&sid, began(1));
    second.note(&sid, changed(1, vec![turn(1, 0, Speaker::Caller, "Hello again")]));
    let left = |outcome, session| What::Left { outcome, trigger: None, session };
    second.note(&sid, left(Some(Outcome::Escalated), 1));
    second.flush().await;
    first.note(&sid, What::Came(Came::default()));
    first.note(&sid, began(0));
    let mut late = changed(0, vec![turn(0, 0, Speaker::Caller, "Hello")]);
    if let What::Changed(changes) = &mut late {
        changes.state.language = "fr-FR".into();
    }
    first.note(&sid, late);
    first.note(&sid, left(None, 0));
    first.flush().await;
    let whole = place.archive().await.read(&sid, Also::NOTHING).await.unwrap().unwrap();
    assert_eq!(whole.call.outcome.as_deref(), Some("escalated"));
    assert_eq!((whole.call.sessions, whole.call.language.as_deref()), (2, Some("es-US")));
    assert_eq!(whole.transcript.len(), 2);
}

async fn what_is_heard_late_of_a_hand_off_is_no_news(place: Place) {
    let (store, sid) = (place.store(), call("CA1"));
    let Some(open) = &store.store.open else { panic!("no store") };
    let began_at = moment();
    let note = |after, what| {
        let note = Note { call_sid: sid.clone(), at: began_at + after, what };
        open.orders.try_send(Order::Keep(note)).unwrap();
    };
    note(1_000, began(1));
    note(2_000, What::Decided(1, Box::new(handoff(&sid, "HO1"))));
    note(4_000, What::Delivered(DeliveryState::Answered.into()));
    store.flush().await;
    // Another node writes what it knew before, and what an older session decided later.
    note(3_000, What::Delivered(DeliveryState::Sent.into()));
    note(5_000, What::Decided(0, Box::new(handoff(&sid, "HO0"))));
    store.flush().await;
    note(6_000, What::Delivered(DeliveryState::Abandoned.into()));
    store.flush().await;
    let whole = place.archive().await.read(&sid, Also::NOTHING).await.unwrap().unwrap();
    let states: Vec<_> = whole.handoffs.iter().map(|h| (h.handoff_id.as_str(), h.state.as_str())).collect();
    assert_eq!(states, [("HO1", "abandoned"), ("HO0", "decided")]);
    assert_eq!(store.decided(&sid, None).await.unwrap().context.handoff_id, "HO1");
}

async fn a_row_that_is_refused_keeps_no_other_from_being_written(place: Place) {
    let (store, sid) = (place.store(), call("CA1"));
    assert!(store.flush().await);
    // As a database may refuse what this program does not know to be wrong.
    let database = Database::new(&place.options().url).unwrap();
    database.pool.execute("CREATE UNIQUE INDEX refused ON turns (text)").await.unwrap();
    store.note(&sid, began(0));
    let words = ["one", "two", "one", "three"];
    let turns = (0..).zip(words).map(|(at, word)| turn(0, at, Speaker::Caller, word)).collect();
    store.note(&sid, changed(0, turns));
    assert!(store.flush().await);
    assert_eq!((store.health().lost, store.health().away), (1, false));
    assert_eq!(store.memory(&sid).await.unwrap().turns.len(), 3);
}

async fn a_call_whose_row_was_never_written_is_there_all_the_same(place: Place) {
    let (store, sid) = (place.store(), call("CA1"));
    store.note(&sid, What::Came(Came::default()));
    store.note(&sid, began(2));
    store.note(&sid, What::Over);
    store.flush().await;
    let whole = place.archive().await.read(&sid, Also::NOTHING).await.unwrap().unwrap();
    assert_eq!(whole.call.caller, Some("+15551230000".into()));
    assert!(whole.call.sessions == 3 && whole.call.ended_at.is_some());
}

async fn any_text_can_be_kept(place: Place) {
    let (store, sid) = (place.store(), call("CA1"));
    let odd = "nul \0 quote ' \" back \\ $1 ? 😀 \u{202e} ö\u{301} \r\n;--";
    store.note(&sid, began(0));
    store.note(&sid, changed(0, vec![turn(0, 0, Speaker::Caller, odd)]));
    assert!(store.flush().await);
    let memory = store.memory(&sid).await.unwrap();
    assert_eq!(memory.turns[0].text.expose(), &odd.replace('\0', ""));
}

async fn many_rows_are_written_in_one_commit(place: Place) {
    let store = place.store();
    for number in 0..300 {
        let sid = call(&format!("CA{number:03}"));
        store.note(&sid, began(0));
        let turns = (0..3).map(|at| turn(0, at, Speaker::Caller, &format!("{number} {at}"))).collect();
        store.note(&sid, changed(0, turns));
    }
    assert!(store.flush().await);
    let archive = place.archive().await;
    let calls = archive.list(&Filter { caller: None, limit: 1_000 }).await.unwrap();
    assert_eq!(calls.len(), 300);
    let memory = store.memory(&call("CA123")).await.unwrap();
    assert_eq!(memory.turns[2].text.expose(), "123 2");
}

#[tokio::test]
async fn the_file_is_nobody_elses_to_read_and_forgets_what_was_deleted() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::sqlite();
    let path = place._folder.path().join("calls.db");
    std::fs::write(&path, "").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (store, sid) = (place.store(), call("CA1"));
    store.note(&sid, began(0));
    store.note(&sid, changed(0, vec![turn(0, 0, Speaker::Caller, "my secret is numbat")]));
    assert!(store.flush().await);
    let files = || {
        let files = std::fs::read_dir(place._folder.path()).unwrap();
        files.map(|file| file.unwrap().path()).collect::<Vec<_>>()
    };
    let holds = |word: &str| {
        let has = |path| std::fs::read(path).unwrap().windows(word.len()).any(|part| part == word.as_bytes());
        files().into_iter().any(has)
    };
    assert!(files().len() >= 2 && holds("numbat"), "the journal is there");
    for file in files() {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
    place.archive().await.delete(&[sid], "a test").await.unwrap();
    assert!(!holds("numbat"), "deleted, and still on the disk");
}

#[tokio::test]
async fn an_archive_makes_no_database() {
    let place = Place::sqlite();
    let missing = Archive::open(&place.options()).await.err();
    assert!(matches!(missing, Some(ArchiveError::Missing(_))), "{missing:?}");
}

#[tokio::test]
async fn what_was_noted_while_the_store_was_away_is_written_when_it_is_back() {
    let place = Place::sqlite();
    let folder = place._folder.path().join("later");
    let url = format!("sqlite:{}", folder.join("calls.db").display());
    let options = Options { url: url.into(), ..place.options() };
    let store = Running::start(&options);
    let sid = call("CA1");
    store.note(&sid, began(0));
    store.note(&sid, changed(0, vec![turn(0, 0, Speaker::Caller, "hello")]));
    assert!(!store.flush().await, "there is no such folder");
    store.note(&sid, changed(0, vec![turn(0, 1, Speaker::Agent, "Hi.")]));
    assert!(!store.flush().await);
    let health = store.health();
    assert!(health.away && health.waiting >= 3 && health.lost == 0, "{health:?}");
    std::fs::create_dir(&folder).unwrap();
    assert!(store.flush().await);
    assert_eq!(store.health(), Health::default());
    assert_eq!(store.memory(&sid).await.unwrap().turns.len(), 2);
}

#[tokio::test]
async fn what_waits_is_bounded_and_what_is_lost_is_counted() {
    let place = Place::sqlite();
    let folder = place._folder.path().join("later");
    let url = format!("sqlite:{}", folder.join("calls.db").display());
    let options = Options { url: url.into(), ..place.options() };
    let store = Running::within(&options, Limits { waiting: 20_000, ..LIMITS });
    let sid = call("CA1");
    store.note(&sid, began(0));
    assert!(!store.flush().await);
    // The same turn again and again takes the room of one.
    for heard in 0..500 {
        let mut said = turn(0, 0, Speaker::Agent, &"word ".repeat(100));
        said.heard = heard;
        store.note(&sid, changed(0, vec![said]));
    }
    store.flush().await;
    assert_eq!(store.health().lost, 0);
    for position in 1..100 {
        store.note(&sid, changed(0, vec![turn(0, position, Speaker::Caller, &"word ".repeat(100))]));
    }
    let other = call("CA2");
    store.note(&other, began(0));
    store.flush().await;
    let health = store.health();
    assert!(health.lost > 50 && health.waiting < 50, "{health:?}");
    std::fs::create_dir(&folder).unwrap();
    assert!(store.flush().await);
    let kept = store.memory(&sid).await.unwrap();
    assert_eq!(kept.turns.len() as u64, 100 - health.lost);
    assert_eq!(kept.turns[0].heard, 499);
    let archive = Archive::open(&options).await.unwrap();
    assert!(
        archive.read(&other, Also::NOTHING).await.unwrap().is_some(),
        "a call has room where words have none"
    );
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn a_server_that_crashes_and_comes_back_has_everything() {
    let Some(mut server) = Postgres::start() else { return };
    let options = Options {
        url: server.url("postgres").into(),
        retention: Retention::Forever,
        masked: true,
        tracked: Tracked::default(),
    };
    let (store, sid) = (Running::start(&options), call("CA1"));
    store.note(&sid, began(0));
    store.note(&sid, changed(0, vec![turn(0, 0, Speaker::Caller, "one")]));
    assert!(store.flush().await);
    server.stop();
    store.note(&sid, changed(0, vec![turn(0, 1, Speaker::Agent, "two")]));
    assert!(!store.flush().await);
    assert_eq!(store.memory(&sid).await, None, "a call does not wait for it");
    assert!(store.health().away);
    server.restart();
    store.note(&sid, changed(0, vec![turn(0, 2, Speaker::Caller, "three")]));
    let written = async { while !store.flush().await {} };
    tokio::time::timeout(Duration::from_secs(20), written).await.expect("it comes back in time");
    let memory = store.memory(&sid).await.unwrap();
    assert_eq!(memory.turns.len(), 3);
    assert_eq!(store.health(), Health::default());
}
