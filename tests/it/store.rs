//! What is kept of calls, on whole servers: while all is well, while the database is in trouble, and when the
//! process that held a call is killed.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use secrecy::SecretString;
use serde_json::{Value, json};
use url::Url;
use warmline::caller::{Call, Conversation, Rate, Twilio};
use warmline::config::Config;
use warmline::ids::CallSid;
use warmline::mask::Also;
use warmline::store::archive::Archive;
use warmline::twiml::Element;

use super::bridge::{FAST, PUBLIC, SOON, TOKEN, TestBridge, WORKFLOW, escalation, task};
use super::model::{FakeModel, Step, after_tool, last_words};
use super::postgres::{Postgres, REQUIRED, tell};

fn say(text: &str) -> Vec<Step> {
    vec![Step::Say(text.to_owned())]
}

/// Answers, remembers, talks long, escalates.
fn helpful(request: &Value) -> Vec<Step> {
    let said = last_words(request);
    if after_tool(request) {
        say("Noted, thank you.")
    } else if said.contains("4711") {
        vec![Step::Tool("remember", json!({"facts": {"order": "4711"}}))]
    } else if said.contains("long story") {
        vec![Step::Say("First came the rain. Then came the wind. Last came the snow. ".repeat(4)), Step::Hold]
    } else if said.contains("charged twice") {
        vec![Step::Tool("escalate", escalation())]
    } else {
        say("Your parcel arrives tomorrow.")
    }
}

/// A folder that goes with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("warmline-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn url(&self) -> String {
        format!("sqlite:{}", self.0.join("calls.db").display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn record(url: &str, call: &Call) -> Value {
    let vars = BTreeMap::from([("DATABASE_URL".to_owned(), url.to_owned())]);
    let options = Config::load_store(&vars).unwrap().unwrap();
    let call_sid: CallSid = call.sid().parse().unwrap();
    let archive = Archive::open(&options).await.unwrap();
    serde_json::to_value(archive.read(&call_sid, Also::NOTHING).await.unwrap()).unwrap()
}

/// What was heard, turn by turn.
fn heard(record: &Value) -> Vec<String> {
    let turns = record["transcript"].as_array().unwrap().iter();
    turns.map(|turn| turn["heard"].as_str().unwrap().trim().to_owned()).collect()
}

#[tokio::test]
async fn a_call_leaves_a_whole_record() {
    let folder = Folder::new("record");
    let url = folder.url();
    let bridge = TestBridge::with(&[("DATABASE_URL", &url)], helpful).await;
    let (mut call, mut conversation) = bridge.connected(60).await;
    conversation.say("my order is 4711").await.unwrap();
    conversation.wait_reply(SOON).await.unwrap();
    conversation.say("tell me a long story").await.unwrap();
    conversation.interrupt_after("First came the rain. Then", SOON).await.unwrap();
    conversation.say("I was charged twice, my card is 4111 1111 1111 1111").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    task(call.finish(conversation).await.unwrap());
    call.callback("/voice/queued", &[("QueueResult", "bridged")]).await.unwrap();
    call.notify("/voice/status", &[("CallStatus", "completed")]).await.unwrap();
    assert!(bridge.store.flush().await);
    let record = record(&url, &call).await;
    assert_eq!(record["caller"], "+15551230000");
    assert_eq!(record["outcome"], "escalated");
    assert_eq!(record["turns"], 3);
    assert_eq!(record["facts"]["order"], "4711");
    assert_eq!(record["triggers"][0]["name"], "model");
    let turns = record["transcript"].as_array().unwrap();
    let tool = turns.iter().find_map(|turn| turn["tools"][0].as_object()).unwrap();
    assert_eq!((&tool["name"], tool["endedAt"].is_string()), (&json!("remember"), true));
    let cut = turns.iter().find(|turn| turn["interrupted"] == true).expect("the story was cut off");
    assert_eq!(cut["heard"].as_str().unwrap().trim(), "First came the rain. Then", "{cut}");
    assert!(cut["text"].as_str().unwrap().starts_with("First came the rain. Then came"), "{cut}");
    for step in ["beganAt", "firstDeltaAt", "firstFrameAt", "speakingAt", "finishedAt"] {
        assert!(cut["steps"][step].is_string(), "{step} in {cut}");
    }
    assert!(cut["steps"]["beganAt"].as_str() <= cut["steps"]["speakingAt"].as_str());
    let handoff = &record["handoffs"][0];
    assert_eq!(
        (&handoff["state"], &handoff["target"]),
        (&json!("answered"), &json!(format!("workflow:{WORKFLOW}")))
    );
    assert_eq!(handoff["document"]["reason"], "billing dispute");
    assert!(record["endedAt"].is_string());
    assert!(!record.to_string().contains("1111 1111 1111 1111"), "the card is on the disk: {record}");
}

#[tokio::test]
async fn a_call_that_the_caller_ends_is_closed_and_hands_nothing_over() {
    let folder = Folder::new("closed");
    let url = folder.url();
    let bridge = TestBridge::with(&[("DATABASE_URL", &url)], helpful).await;
    let (mut call, mut conversation) = bridge.connected(0).await;
    conversation.say("where is it").await.unwrap();
    conversation.wait_words(SOON).await.unwrap();
    conversation.hang_up().await.unwrap();
    call.finish(conversation).await.unwrap();
    bridge.model.quiet().await;
    let mut found = Value::Null;
    while found["outcome"].is_null() {
        assert!(bridge.store.flush().await);
        found = record(&url, &call).await;
    }
    assert_eq!((&found["outcome"], &found["handoffs"]), (&json!("closed"), &json!([])));
}

#[tokio::test]
async fn a_drained_call_that_never_met_the_agent_is_kept_too() {
    let folder = Folder::new("drained");
    let url = folder.url();
    let bridge = TestBridge::with(&[("DATABASE_URL", &url)], helpful).await;
    let (_live, _conversation) = bridge.connected(0).await;
    bridge.ending.cancel();
    let mut call = bridge.call();
    while call.dial().await.unwrap().child("Enqueue").is_none() {
        call = bridge.call();
    }
    assert!(bridge.store.flush().await);
    let record = record(&url, &call).await;
    assert_eq!((&record["outcome"], &record["sessions"]), (&json!("escalated"), &json!(0)));
    assert_eq!(record["handoffs"][0]["state"], "queued");
}

/// Waits until the store is back and has everything.
async fn written(bridge: &TestBridge) {
    let written = async { while !bridge.store.flush().await {} };
    tokio::time::timeout(SOON, written).await.expect("the store is back in time");
}

/// One turn of a call goes on as if nothing was wrong.
async fn answers(conversation: &mut Conversation) {
    conversation.say("where is it").await.unwrap();
    assert!(conversation.wait_words(SOON).await.unwrap().text.contains("tomorrow"));
}

#[tokio::test]
async fn a_database_that_never_answers_costs_a_call_nothing() {
    // Takes connections, and says nothing.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://nobody@{}/calls", silent.local_addr().unwrap());
    let bridge = TestBridge::with(&[("DATABASE_URL", &url)], helpful).await;
    let (mut call, mut conversation) = bridge.connected(0).await;
    answers(&mut conversation).await;
    conversation.lose_line();
    call.finish(conversation).await.unwrap();
    let mut conversation = call.connect(Rate::Instant).await.unwrap();
    conversation.say("I was charged twice").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    assert_eq!(task(call.finish(conversation).await.unwrap())["reason"], "billing dispute");
    drop(silent);
}

#[tokio::test]
async fn a_server_that_crashes_in_mid_call_gets_everything_when_it_is_back() {
    let Some(mut server) = Postgres::start() else { return };
    let url = server.url("postgres");
    let bridge = TestBridge::with(&[("DATABASE_URL", &url)], helpful).await;
    let (call, mut conversation) = bridge.connected(0).await;
    answers(&mut conversation).await;
    assert!(bridge.store.flush().await);
    server.stop();
    answers(&mut conversation).await;
    assert!(!bridge.store.flush().await, "there is no server");
    let (other, mut second) = bridge.connected(0).await;
    answers(&mut second).await;
    let health = bridge.store.health();
    assert!(health.away && health.waiting > 0, "{health:?}");
    server.restart();
    answers(&mut conversation).await;
    written(&bridge).await;
    assert!(!bridge.store.health().away && bridge.store.health().lost == 0);
    assert_eq!(heard(&record(&url, &call).await).len(), 7, "a greeting and three turns");
    assert_eq!(heard(&record(&url, &other).await).len(), 3);
}

/// A disk of the test's own; `None`, and a line that says so, where none can be had.
struct Disk(Folder);

impl Disk {
    fn new(name: &str) -> Option<Self> {
        let folder = Folder::new(name);
        if mount(&["-t", "tmpfs", "-o", "size=512k", "tmpfs"], &folder.0) {
            return Some(Self(folder));
        }
        assert!(std::env::var_os(REQUIRED).is_none(), "cannot mount, and {REQUIRED} is set");
        tell("tests of a disk in trouble did NOT run: mounting one takes root");
        None
    }

    /// Once nobody has a file of it open for writing any more.
    async fn remount(&self, mode: &str) {
        let remounted = async {
            while !mount(&["-o", &format!("remount,{mode}")], &self.0.0) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(SOON, remounted).await.expect("the disk can be remounted");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0.0).status();
    }
}

fn mount(arguments: &[&str], folder: &Path) -> bool {
    let mounted = Command::new("mount").args(arguments).arg(folder).stderr(Stdio::null()).status();
    mounted.is_ok_and(|status| status.success())
}

#[tokio::test]
async fn a_full_disk_costs_calls_nothing_and_the_gap_is_filled() {
    let Some(disk) = Disk::new("full") else { return };
    let url = disk.0.url();
    let bridge = TestBridge::with(&[("DATABASE_URL", &url)], helpful).await;
    let (call, mut conversation) = bridge.connected(0).await;
    answers(&mut conversation).await;
    assert!(bridge.store.flush().await);
    let filler = disk.0.0.join("filler");
    let _ = std::fs::write(&filler, vec![7; 1024 * 1024]);
    while bridge.store.flush().await {
        answers(&mut conversation).await;
    }
    answers(&mut conversation).await;
    assert!(bridge.store.health().away);
    std::fs::remove_file(&filler).unwrap();
    written(&bridge).await;
    assert_eq!(bridge.store.health().lost, 0);
    let turns = bridge.model.requests().len();
    assert_eq!(heard(&record(&url, &call).await).len(), 1 + 2 * turns);
}

#[tokio::test]
async fn a_file_that_cannot_be_written_costs_calls_nothing_and_the_gap_is_filled() {
    let Some(disk) = Disk::new("readonly") else { return };
    let url = disk.0.url();
    {
        let mut before = TestBridge::with(&[("DATABASE_URL", &url)], helpful).await;
        assert!(before.store.flush().await);
        before.ending.cancel();
        before.ended(SOON).await;
    }
    disk.remount("ro").await;
    let bridge = TestBridge::with(&[("DATABASE_URL", &url)], helpful).await;
    let (call, mut conversation) = bridge.connected(0).await;
    answers(&mut conversation).await;
    assert!(!bridge.store.flush().await);
    assert!(bridge.store.health().away);
    disk.remount("rw").await;
    written(&bridge).await;
    assert_eq!(heard(&record(&url, &call).await).len(), 3);
}

/// A process of its own, which can be killed.
struct Node {
    process: Child,
    base: Url,
}

impl Node {
    fn start(url: &str, model: &FakeModel) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_warmline"))
            .env_clear()
            .envs([
                ("PORT", "0"),
                ("BIND", "127.0.0.1"),
                ("PUBLIC_URL", PUBLIC),
                ("TWILIO_AUTH_TOKEN", TOKEN),
                ("TWILIO_WORKFLOW_SID", WORKFLOW),
                ("OPENAI_BASE_URL", model.base_url.as_str()),
                ("DATABASE_URL", url),
                ("RUST_LOG", "warn"),
            ])
            .current_dir(std::env::temp_dir())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let listening = lines.map_while(Result::ok).find_map(|line| {
            let address = line.trim().strip_prefix("listening")?.split_whitespace().next()?;
            Url::parse(address).ok()
        });
        Self { process, base: listening.expect("the process says where it listens") }
    }

    fn twilio(&self) -> Twilio {
        let (public, account) = (Url::parse(PUBLIC).unwrap(), format!("AC{}", "a".repeat(32)));
        Twilio::new(self.base.clone(), public, account, Some(SecretString::from(TOKEN))).unwrap()
    }

    /// As `kill -9` does.
    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn connected(node: &Node, rate: u32) -> (Call, Conversation) {
    let mut call = node.twilio().call("+15551230000", "+15559870000");
    call.dial().await.unwrap();
    let mut conversation = call.connect(Rate::per_second(rate)).await.unwrap();
    conversation.wait_quiet(SOON).await.unwrap();
    (call, conversation)
}

/// Waits, while speech is played, until the record of a call holds something.
async fn until_kept(
    url: &str,
    call: &Call,
    conversation: &mut Conversation,
    is_there: impl Fn(&Value) -> bool,
) {
    let kept = async {
        loop {
            let record = record(url, call).await;
            if record.is_object() && is_there(&record) {
                return;
            }
        }
    };
    tokio::select! {
        () = kept => {}
        () = conversation.rest(SOON) => panic!("it is not kept in time"),
    }
}

/// The node dies; what Twilio is told to do next, by the other one.
async fn fail_over(from: &mut Node, to: &Node, call: &mut Call, mut conversation: Conversation) -> Element {
    from.kill();
    conversation.until_end(SOON).await.unwrap();
    call.reach(to.base.clone());
    call.finish(conversation).await.unwrap().clone()
}

/// The first node is killed in mid-sentence; the second goes on with the conversation.
async fn a_conversation_outlives_its_process(url: &str) {
    let model = FakeModel::start(helpful).await;
    let mut first = Node::start(url, &model);
    let second = Node::start(url, &model);
    let (mut call, mut conversation) = connected(&first, 60).await;
    conversation.say("my order is 4711").await.unwrap();
    conversation.wait_reply(SOON).await.unwrap();
    conversation.say("tell me a long story").await.unwrap();
    until_kept(url, &call, &mut conversation, |record| {
        heard(record).iter().any(|text| text.contains("First came the rain."))
    })
    .await;
    let document = fail_over(&mut first, &second, &mut call, conversation).await;
    let relay = &document.child("Connect").unwrap().children[0];
    assert_eq!(relay.attribute("welcomeGreeting"), None, "greeted again");
    let mut conversation = call.connect(Rate::per_second(FAST)).await.unwrap();
    let sorry = conversation.wait_words(SOON).await.unwrap().text;
    assert!(sorry.contains("cut off"), "{sorry}");
    answers(&mut conversation).await;
    let messages = serde_json::to_string(&model.last_messages()).unwrap();
    for remembered in
        ["my order is 4711", "Noted, thank you.", "tell me a long story", "First came the rain."]
    {
        assert!(messages.contains(remembered), "{remembered} was forgotten: {messages}");
    }
    assert!(!messages.contains("snow. First"), "the model believes that all of it was heard");
    conversation.say("I was charged twice").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    let task = task(call.finish(conversation).await.unwrap());
    assert_eq!(task["warmline"]["memory"]["order"], "4711", "facts travel on");
    assert!(task["warmline"]["turns"].as_u64() >= Some(4), "turns are counted on: {task}");
    let mut kept = Value::Null;
    while kept["outcome"].is_null() {
        kept = record(url, &call).await;
    }
    assert_eq!((&kept["sessions"], &kept["outcome"]), (&json!(2), &json!("escalated")));
}

/// The caller had asked for a person when the node was killed: the other one asks nothing.
async fn a_pending_escalation_outlives_its_process(url: &str) {
    let model = FakeModel::start(|request| {
        if request["tool_choice"].is_object() { vec![Step::Hold] } else { helpful(request) }
    })
    .await;
    let mut first = Node::start(url, &model);
    let second = Node::start(url, &model);
    let (mut call, mut conversation) = connected(&first, 0).await;
    answers(&mut conversation).await;
    conversation.say("please let me talk to a real person").await.unwrap();
    until_kept(url, &call, &mut conversation, |record| record["handoffs"][0].is_object()).await;
    let document = fail_over(&mut first, &second, &mut call, conversation).await;
    let task = task(&document);
    assert_eq!(task["warmline"]["trigger"], "request");
    assert!(task["warmline"]["transcript"].to_string().contains("where is it"), "{task}");
}

/// A code that no other try can mend, on a node that has never seen the call: the person knows what was said.
#[tokio::test]
async fn a_person_knows_what_was_said_to_a_process_that_died() {
    let folder = Folder::new("known");
    let url = folder.url();
    let model = FakeModel::start(helpful).await;
    let mut first = Node::start(&url, &model);
    let second = Node::start(&url, &model);
    let (mut call, mut conversation) = connected(&first, 0).await;
    conversation.say("my order is 4711").await.unwrap();
    conversation.wait_reply(SOON).await.unwrap();
    until_kept(&url, &call, &mut conversation, |record| heard(record).concat().contains("Noted")).await;
    first.kill();
    call.reach(second.base.clone());
    let action = conversation.noun().action.clone().unwrap();
    let fields = [("SessionId", "VX1"), ("SessionStatus", "failed"), ("ErrorCode", "64110")];
    let task = task(call.callback(&action, &fields).await.unwrap());
    assert_eq!(task["warmline"]["memory"]["order"], "4711", "{task}");
    assert!(task["callSummary"].as_str().unwrap().contains("my order is 4711"), "{task}");
    let mut kept = Value::Null;
    while kept["handoffs"][0]["state"] != "queued" {
        kept = record(&url, &call).await;
    }
    assert_eq!(kept["outcome"], "escalated");
}

#[tokio::test]
async fn calls_are_listed_exported_and_deleted_from_outside() {
    let folder = Folder::new("outside");
    let url = folder.url();
    let bridge = TestBridge::with(&[("DATABASE_URL", &url)], helpful).await;
    let (call, mut conversation) = bridge.connected(0).await;
    answers(&mut conversation).await;
    assert!(bridge.store.flush().await);
    until_kept(&url, &call, &mut conversation, |record| heard(record).concat().contains("tomorrow.")).await;
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_warmline"));
        command.env_clear().env("DATABASE_URL", &url).current_dir(&folder.0);
        let output = command.arg("calls").args(arguments).stdin(Stdio::null()).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, listed) = run(&["list"]);
    assert!(code == 0 && listed.contains(call.sid()) && !listed.contains("+15551230000"), "{listed}");
    assert!(listed.lines().all(|line| line.chars().count() <= 80), "{listed}");
    let (_, shown) = run(&["show", call.sid()]);
    assert!(shown.contains("Your parcel arrives tomorrow.") && shown.contains("+15551230000"), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    let (_, exported) = run(&["export", "--number", "+1 555 123-0000"]);
    let exported: Value = serde_json::from_str(&exported).expect("one object on one line");
    assert_eq!((&exported["version"], &exported["callSid"]), (&json!(1), &json!(call.sid())));
    assert_eq!(run(&["delete", call.sid()]).0, 1, "nobody was asked");
    assert_eq!(run(&["delete", "--number", "+15551230000", "--yes"]), (0, "1 call deleted\n".to_owned()));
    for command in ["show", "export", "delete"] {
        assert_eq!(run(&[command, call.sid()]).0, 1, "{command} of what is not there");
    }
    assert_eq!(run(&["export"]).0, 64);
    assert_eq!(run(&["list"]), (0, "no calls\n".to_owned()));
}

#[tokio::test]
async fn a_conversation_outlives_its_process_on_postgres() {
    let Some(server) = Postgres::start() else { return };
    a_conversation_outlives_its_process(&server.url("postgres")).await;
}

#[tokio::test]
async fn a_conversation_outlives_its_process_on_sqlite() {
    let folder = Folder::new("outlives");
    a_conversation_outlives_its_process(&folder.url()).await;
}

#[tokio::test]
async fn a_pending_escalation_outlives_its_process_on_postgres() {
    let Some(server) = Postgres::start() else { return };
    a_pending_escalation_outlives_its_process(&server.url("postgres")).await;
}

#[tokio::test]
async fn a_pending_escalation_outlives_its_process_on_sqlite() {
    let folder = Folder::new("pending");
    a_pending_escalation_outlives_its_process(&folder.url()).await;
}
