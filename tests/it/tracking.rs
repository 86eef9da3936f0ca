//! What Segment is told of calls, on whole servers: while it takes everything, while it is in trouble, and when the
//! server that had something to tell is gone.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use warmline::caller::Call;
use warmline::clock::now;
use warmline::config::Config;
use warmline::store::archive::Archive;

use super::bridge::{SOON, TestBridge, WORKFLOW, escalation, task};
use super::model::{Step, after_tool, last_words};
use super::postgres::Postgres;
use super::secrets::Captured;
use super::segment::{FakeSegment, Segment};
use super::store::Folder;

/// What it answers.
#[derive(Debug, Clone, Copy)]
enum Reply {
    /// This status.
    Status(u16),
    /// Too many requests: come back after so many seconds.
    Later(&'static str),
    /// Nothing, ever.
    Silence,
}

/// A request that came.
#[derive(Debug, Clone)]
struct Asked {
    at: Instant,
    path: String,
    headers: HeaderMap,
    body: Value,
    taken: bool,
}

/// A fake of Segment's Tracking API.
struct FakeTracking {
    address: SocketAddr,
    base_url: String,
    state: Arc<Shared>,
    tasks: JoinSet<()>,
}

struct Shared {
    /// What is answered next; once there is nothing left, everything is taken.
    replies: Mutex<VecDeque<Reply>>,
    asked: watch::Sender<Vec<Asked>>,
}

impl FakeTracking {
    async fn start(replies: &[Reply]) -> Self {
        let mut fake = Self::dead().await;
        fake.state.replies.lock().unwrap().extend(replies);
        fake.revive().await;
        fake
    }

    /// Nobody listens at its address yet.
    async fn dead() -> Self {
        let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let state = Arc::new(Shared { replies: Mutex::default(), asked: watch::channel(Vec::new()).0 });
        Self { address, base_url: format!("http://{address}/v1"), state, tasks: JoinSet::new() }
    }

    async fn revive(&mut self) {
        let app = Router::new().fallback(answer).with_state(self.state.clone());
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
    }

    /// The settings that lead to it.
    fn settings(&self) -> [(&'static str, &str); 2] {
        [("SEGMENT_WRITE_KEY", "write-key"), ("SEGMENT_TRACKING_BASE_URL", &self.base_url)]
    }

    fn with<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        self.settings().iter().copied().chain(more.iter().copied()).collect()
    }

    /// Every request, once there are so many.
    async fn requests(&self, count: usize) -> Vec<Asked> {
        let mut asked = self.state.asked.subscribe();
        let there = asked.wait_for(|asked| asked.len() >= count);
        tokio::time::timeout(SOON, there).await.expect("the requests come").unwrap().clone()
    }

    /// Every event that was taken, once there are so many.
    async fn events(&self, count: usize) -> Vec<Value> {
        let mut asked = self.state.asked.subscribe();
        let there = asked.wait_for(|asked| events(asked).len() >= count);
        let there = tokio::time::timeout(SOON, there).await;
        let so_far = || events(&self.state.asked.borrow());
        let there = there.unwrap_or_else(|_| panic!("{count} events do not come: {:#?}", so_far())).unwrap();
        events(&there)
    }
}

fn events(asked: &[Asked]) -> Vec<Value> {
    let taken = asked.iter().filter(|asked| asked.taken);
    taken.flat_map(|asked| asked.body["batch"].as_array().unwrap().clone()).collect()
}

async fn answer(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let reply = shared.replies.lock().unwrap().pop_front().unwrap_or(Reply::Status(200));
    let taken = matches!(reply, Reply::Status(200));
    let body = serde_json::from_slice(&body).unwrap();
    let asked = Asked { at: now(), path: uri.to_string(), headers, body, taken };
    shared.asked.send_modify(|all| all.push(asked));
    match reply {
        Reply::Status(status) => {
            (StatusCode::from_u16(status).unwrap(), r#"{"success":true}"#).into_response()
        }
        Reply::Later(seconds) => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", seconds)]).into_response(),
        Reply::Silence => std::future::pending().await,
    }
}

fn agent(request: &Value) -> Vec<Step> {
    if after_tool(request) {
        vec![Step::Say("Goodbye then.".to_owned())]
    } else if last_words(request).contains("charged") {
        vec![Step::Tool("escalate", escalation())]
    } else {
        vec![Step::Say("Your parcel arrives tomorrow.".to_owned())]
    }
}

/// A call in which the model escalates; the queue has it.
async fn escalated(bridge: &TestBridge) -> Call {
    let (mut call, mut conversation) = bridge.connected(0).await;
    conversation.say("I was charged twice for my ocelot").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    task(call.finish(conversation).await.unwrap());
    call
}

/// A person had it for a while.
async fn answered(call: &mut Call, waited: &str) {
    call.callback("/voice/queued", &[("QueueResult", "bridged"), ("QueueTime", waited)]).await.unwrap();
}

fn named<'a>(events: &'a [Value], name: &str) -> &'a Value {
    events.iter().find(|event| event["event"] == name).unwrap_or_else(|| panic!("no {name} in {events:#?}"))
}

fn ids(events: &[Value]) -> Vec<&str> {
    let mut ids: Vec<_> = events.iter().map(|event| event["messageId"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids
}

async fn figures(bridge: &TestBridge) -> String {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client.get(bridge.local("/metrics")).send().await.unwrap().text().await.unwrap()
}

/// Waits until the server counts so.
async fn counted(bridge: &TestBridge, line: &str) {
    let there = async { while !figures(bridge).await.lines().any(|said| said == line) {} };
    let there = tokio::time::timeout(SOON, there).await;
    if there.is_err() {
        panic!("{line} is not in:\n{}", figures(bridge).await);
    }
}

#[tokio::test]
async fn a_call_is_told_in_flexs_words_and_its_escalation_once_a_person_answered() {
    let fake = FakeTracking::start(&[]).await;
    let log = Captured::default();
    let listening = log.listen();
    let bridge = TestBridge::with(&fake.settings(), agent).await;
    let mut call = escalated(&bridge).await;
    let told = fake.events(2).await;
    assert_eq!(told.len(), 2, "{told:#?}");
    answered(&mut call, "42").await;
    let told = fake.events(3).await;
    counted(&bridge, "warmline_tracking_sent_total 3").await;
    counted(&bridge, "warmline_tracking_waiting 0").await;
    drop(listening);
    let sid = call.sid();
    let expected = ["0:escalation", "engagement-completed", "engagement-initiated"]
        .map(|name| format!("warmline:{sid}:{name}"));
    assert_eq!(ids(&told), expected);
    let initiated = &named(&told, "Flex - Engagement Initiated")["properties"];
    assert_eq!(
        (&initiated["channelType"], &initiated["Direction"], &initiated["callSid"]),
        (&json!("Voice"), &json!("inbound"), &json!(sid))
    );
    assert!(initiated["Duration"].is_u64() && initiated["customerStartTime"].is_string(), "{initiated}");
    let completed = &named(&told, "Flex - Engagement Completed")["properties"];
    assert_eq!(
        (&completed["codes"]["dispositionCode"], &completed["sentiment"]),
        (&json!("escalated"), &json!("negative"))
    );
    let escalation = named(&told, "Escalation");
    let properties = &escalation["properties"];
    let waited = properties["waitSeconds"].as_u64().unwrap();
    assert!((42..47).contains(&waited), "{properties}");
    assert_eq!(
        (&properties["trigger"], &properties["reasonCode"], &properties["state"], &properties["target"]),
        (&json!("model"), &json!("caller_request"), &json!("answered"), &json!("workflow"))
    );
    let phone = json!([{"id": "+15551230000", "type": "phone", "collection": "users", "encoding": "none"}]);
    assert_eq!(escalation["context"]["externalIds"], phone);
    assert!(!escalation["anonymousId"].as_str().unwrap().contains("555"), "{escalation}");
    let requests = fake.requests(2).await;
    for Asked { path, headers, body, .. } in &requests {
        // "write-key:"
        assert!(path == "/v1/batch" && headers["authorization"] == "Basic d3JpdGUta2V5Og==", "{headers:?}");
        assert!(headers["content-type"] == "application/json" && !headers.contains_key("x-retry-count"));
        assert!(body["sentAt"].as_str().unwrap() >= escalation["timestamp"].as_str().unwrap());
        let text = body.to_string();
        assert!(!text.contains("ocelot") && !text.contains("1182"), "words were sent: {text}");
        assert!(!text.contains(WORKFLOW), "{text}");
    }
    let log = log.text();
    assert!(log.contains("call left the queue"), "nothing was captured");
    for secret in ["5551230000", "write-key", "d3JpdGUta2V5", "ocelot", "1182"] {
        let leak = log.lines().find(|line| line.contains(secret));
        assert!(leak.is_none(), "{secret} in: {leak:?}");
    }
}

#[tokio::test]
async fn traits_and_a_summary_leave_where_the_file_says_so_under_the_name_of_the_user() {
    let fake = FakeTracking::start(&[]).await;
    let profiles = FakeSegment::start(Segment::Traits(json!({"user_id": "u_123"}))).await;
    let toml = "[profile]\ntraits = [\"user_id\"]\n\
                [tracking]\nevents = [\"escalation\"]\nidentify = true\nuser_id = \"user_id\"\nsummary = true";
    let settings = fake.with(&profiles.settings());
    let bridge = TestBridge::configured(toml, &settings, agent).await;
    let mut call = escalated(&bridge).await;
    answered(&mut call, "1").await;
    let told = fake.events(2).await;
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told.iter().all(|event| event["userId"] == "u_123" && event.get("anonymousId").is_none()));
    let traits = &told.iter().find(|event| event["type"] == "identify").unwrap()["traits"];
    assert_eq!(traits["flex_last-interaction-outcome"], "escalated");
    assert_eq!(traits["flex_last-interaction-sentiment"], "negative");
    assert!(traits["flex_last-interaction-start-time"].is_string(), "{traits}");
    let properties = &named(&told, "Escalation")["properties"];
    assert_eq!(properties["summary"], escalation()["callSummary"]);
}

#[tokio::test]
async fn a_call_that_the_caller_ends_is_closed_and_no_escalation() {
    let fake = FakeTracking::start(&[]).await;
    let bridge = TestBridge::with(&fake.settings(), agent).await;
    let (mut call, mut conversation) = bridge.connected(0).await;
    conversation.say("where is it").await.unwrap();
    conversation.wait_words(SOON).await.unwrap();
    conversation.hang_up().await.unwrap();
    call.finish(conversation).await.unwrap();
    call.notify("/voice/status", &[("CallStatus", "completed")]).await.unwrap();
    let told = fake.events(2).await;
    let completed = &named(&told, "Flex - Engagement Completed")["properties"];
    assert_eq!(completed["codes"], json!({"dispositionCode": "closed"}));
    assert!(completed.get("sentiment").is_none() && told.len() == 2, "{told:#?}");
}

#[tokio::test]
async fn what_was_not_taken_is_sent_again_and_counts_once() {
    let fake = FakeTracking::start(&[Reply::Status(500), Reply::Later("2"), Reply::Status(408)]).await;
    let bridge = TestBridge::with(&fake.settings(), agent).await;
    escalated(&bridge).await;
    let told = fake.events(2).await;
    assert_eq!(told.len(), 2);
    let requests = fake.requests(4).await;
    let retries: Vec<_> = requests
        .iter()
        .map(|asked| asked.headers.get("x-retry-count").map(|count| count.to_str().unwrap().to_owned()))
        .collect();
    assert_eq!(retries, [None, Some("1".into()), Some("2".into()), Some("3".into())]);
    let pauses: Vec<_> = requests.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    assert!(pauses[0] >= Duration::from_millis(250), "{pauses:?}");
    assert!(pauses[1] >= Duration::from_secs(2), "{pauses:?}");
    let names = |asked: &Asked| {
        ids(asked.body["batch"].as_array().unwrap()).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(requests.iter().all(|asked| names(asked) == names(&requests[0])));
    for line in [
        "warmline_tracking_failed_total{kind=\"unavailable\"} 2",
        "warmline_tracking_failed_total{kind=\"rate_limited\"} 1",
        "warmline_tracking_sent_total 2",
        "warmline_tracking_dropped_total{reason=\"refused\"} 0",
    ] {
        counted(&bridge, line).await;
    }
}

#[tokio::test]
async fn what_is_refused_for_good_is_dropped_and_told_loudly() {
    let fake = FakeTracking::start(&[Reply::Status(401), Reply::Status(400)]).await;
    let log = Captured::default();
    let _listening = log.listen();
    let bridge = TestBridge::with(&fake.settings(), agent).await;
    escalated(&bridge).await;
    counted(&bridge, "warmline_tracking_failed_total{kind=\"unauthorised\"} 1").await;
    counted(&bridge, "warmline_tracking_dropped_total{reason=\"refused\"} 2").await;
    escalated(&bridge).await;
    counted(&bridge, "warmline_tracking_failed_total{kind=\"bad_request\"} 1").await;
    counted(&bridge, "warmline_tracking_dropped_total{reason=\"refused\"} 4").await;
    let third = escalated(&bridge).await;
    let told = fake.events(2).await;
    assert!(told.iter().all(|event| event["properties"]["callSid"] == third.sid()), "{told:#?}");
    assert_eq!(fake.requests(3).await.len(), 3, "what was refused is not sent again");
    counted(&bridge, "warmline_tracking_sent_total 2").await;
    let log = log.text();
    assert_eq!(log.matches("Segment refuses events").count(), 2, "{log}");
    assert!(log.contains("SEGMENT_WRITE_KEY") && log.contains("Segment takes events again"));
}

#[tokio::test]
async fn a_segment_that_hangs_or_is_away_delays_no_call() {
    let hanging = FakeTracking::start(&[Reply::Silence; 20]).await;
    let dead = FakeTracking::dead().await;
    for (fake, hangs) in [(&hanging, true), (&dead, false)] {
        let bridge = TestBridge::with(&fake.settings(), agent).await;
        escalated(&bridge).await;
        if hangs {
            fake.requests(1).await;
        } else {
            counted(&bridge, "warmline_tracking_failed_total{kind=\"unreachable\"} 1").await;
        }
        for _ in 0..3 {
            let began = now();
            let mut call = escalated(&bridge).await;
            answered(&mut call, "3").await;
            let took = now() - began;
            // Segment has ten seconds to answer.
            assert!(took < Duration::from_secs(5), "{took:?}");
        }
        counted(&bridge, "warmline_tracking_sent_total 0").await;
    }
}

/// Segment is away while a call is told, and the server ends: the next one tells it.
async fn the_next_server_tells_what_is_left(url: &str) {
    let mut fake = FakeTracking::dead().await;
    let mut bridge = TestBridge::with(&fake.with(&[("DATABASE_URL", url)]), agent).await;
    let mut call = escalated(&bridge).await;
    answered(&mut call, "7").await;
    counted(&bridge, "warmline_tracking_waiting 2").await;
    bridge.ending.cancel();
    bridge.ended(SOON).await;
    drop(bridge);
    fake.revive().await;
    let next = TestBridge::with(&fake.with(&[("DATABASE_URL", url)]), agent).await;
    let told = fake.events(3).await;
    let ids = ids(&told);
    assert!(ids.len() == 3 && ids.iter().all(|id| id.contains(call.sid())), "{ids:?}");
    assert!(named(&told, "Escalation")["properties"]["waitSeconds"].as_u64() >= Some(7));
    counted(&next, "warmline_tracking_waiting 0").await;
    // The third one has nothing to tell.
    let third = TestBridge::with(&fake.with(&[("DATABASE_URL", url)]), agent).await;
    escalated(&third).await;
    assert_eq!(fake.events(5).await.len(), 5);
}

#[tokio::test]
async fn a_restart_loses_no_event_on_sqlite() {
    let folder = Folder::new("tracking");
    the_next_server_tells_what_is_left(&folder.url()).await;
}

#[tokio::test]
async fn a_restart_loses_no_event_on_postgres() {
    let Some(server) = Postgres::start() else { return };
    the_next_server_tells_what_is_left(&server.url("postgres")).await;
}

#[tokio::test]
async fn of_nodes_that_share_a_database_one_tells_each_event() {
    let Some(server) = Postgres::start() else { return };
    let url = server.url("postgres");
    let fake = FakeTracking::start(&[]).await;
    let settings = fake.with(&[("DATABASE_URL", &url)]);
    let nodes = [TestBridge::with(&settings, agent).await, TestBridge::with(&settings, agent).await];
    let mut calls = Vec::new();
    for round in 0..6 {
        let mut call = escalated(&nodes[round % 2]).await;
        // A queue takes longer than a commit. What becomes of the call is heard by the other node.
        assert!(nodes[round % 2].store.flush().await);
        call.reach(nodes[(round + 1) % 2].base.clone());
        answered(&mut call, "5").await;
        calls.push(call);
    }
    let told = fake.events(18).await;
    let ids = ids(&told);
    let mut distinct = ids.clone();
    distinct.dedup();
    assert_eq!((ids.len(), distinct.len()), (18, 18), "{ids:?}");
    for event in told.iter().filter(|event| event["event"] == "Escalation") {
        assert!(event["properties"]["waitSeconds"].as_u64() >= Some(5), "{event}");
    }
    for node in &nodes {
        counted(node, "warmline_tracking_waiting 0").await;
    }
}

#[tokio::test]
async fn where_nothing_is_kept_it_is_told_from_memory_and_at_the_end_without_waiting() {
    let fake = FakeTracking::start(&[Reply::Status(503)]).await;
    let mut bridge = TestBridge::with(&fake.with(&[("DATABASE_URL", "none")]), agent).await;
    let mut call = escalated(&bridge).await;
    fake.events(2).await;
    answered(&mut call, "9").await;
    let told = fake.events(3).await;
    assert!(named(&told, "Escalation")["properties"]["waitSeconds"].as_u64() >= Some(9), "{told:#?}");
    // Nobody has answered yet when the server ends.
    let other = escalated(&bridge).await;
    fake.events(5).await;
    bridge.ending.cancel();
    bridge.ended(SOON).await;
    let told = fake.events(6).await;
    let last = told.last().unwrap();
    assert_eq!((&last["event"], &last["properties"]["callSid"]), (&json!("Escalation"), &json!(other.sid())));
    assert!(last["properties"].get("waitSeconds").is_none(), "{last}");
    assert_eq!(told.len(), 6);
}

#[tokio::test]
async fn a_deleted_call_is_not_told() {
    let folder = Folder::new("tracking-deleted");
    let url = folder.url();
    let mut fake = FakeTracking::dead().await;
    let bridge = TestBridge::with(&fake.with(&[("DATABASE_URL", &url)]), agent).await;
    let (deleted, kept) = (escalated(&bridge).await, escalated(&bridge).await);
    counted(&bridge, "warmline_tracking_waiting 4").await;
    let vars = std::collections::BTreeMap::from([("DATABASE_URL".to_owned(), url.clone())]);
    let archive = Archive::open(&Config::load_store(&vars).unwrap().unwrap()).await.unwrap();
    archive.delete(&[deleted.sid().parse().unwrap()], "test").await.unwrap();
    fake.revive().await;
    let told = fake.events(2).await;
    assert!(told.iter().all(|event| event["properties"]["callSid"] == kept.sid()), "{told:#?}");
    counted(&bridge, "warmline_tracking_waiting 1").await;
}

#[tokio::test]
async fn without_a_key_nobody_is_told() {
    let fake = FakeTracking::start(&[]).await;
    let [_, address] = fake.settings();
    let mut bridge = TestBridge::with(&[address], agent).await;
    let mut call = escalated(&bridge).await;
    answered(&mut call, "3").await;
    bridge.ending.cancel();
    bridge.ended(SOON).await;
    assert!(fake.state.asked.borrow().is_empty());
}
