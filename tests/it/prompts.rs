//! Prompts that are edited while calls go on, and variants of them that run side by side.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use warmline::caller::{Call, Conversation, Rate};
use warmline::mask::Also;

use super::bridge::{SOON, TestBridge, escalating, task};

/// A folder of prompts and tools, removed with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("warmline-prompts-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = Self(std::env::temp_dir().join(name));
        folder.write("prompts/agent.md", "You are Otto.");
        folder.write("tools/escalate.json", include_str!("../../tools/escalate.json"));
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    fn write(&self, name: &str, text: &str) {
        let file = self.0.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    async fn serve(&self, toml: &str) -> TestBridge {
        self.serve_with(toml, &[]).await
    }

    async fn serve_with(&self, toml: &str, more: &[(&str, &str)]) -> TestBridge {
        let (prompts, tools) = (self.path("prompts"), self.path("tools"));
        let mut settings = vec![("WARMLINE_PROMPTS", prompts.as_str()), ("WARMLINE_TOOLS", tools.as_str())];
        settings.extend(more);
        TestBridge::configured(toml, &settings, escalating).await
    }

    /// The command line in this folder.
    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        run_in(&self.0, arguments)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run_in(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_warmline"));
    let output = command.env_clear().current_dir(folder).args(arguments).stdin(Stdio::null()).output();
    let output = output.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The system prompt and the names of the tools that the model was told last.
fn told(bridge: &TestBridge) -> (String, Vec<String>) {
    let request = bridge.model.requests().pop().expect("a request");
    let tools = request["tools"].as_array().unwrap().iter();
    let tools = tools.map(|tool| tool["function"]["name"].as_str().unwrap().to_owned()).collect();
    (request["messages"][0]["content"].as_str().unwrap().to_owned(), tools)
}

async fn ask(bridge: &TestBridge, conversation: &mut Conversation) -> (String, Vec<String>) {
    let before = bridge.model.requests().len();
    conversation.say("go on please").await.unwrap();
    conversation.wait_until(SOON, |_| bridge.model.requests().len() > before).await.unwrap();
    conversation.wait_quiet(SOON).await.unwrap();
    told(bridge)
}

async fn figures(bridge: &TestBridge) -> String {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client.get(bridge.local("/metrics")).send().await.unwrap().text().await.unwrap()
}

/// The version that new calls of a variant begin with, as the figures tell it.
async fn version(bridge: &TestBridge, variant: &str) -> String {
    let begin = format!("warmline_prompt_version{{variant=\"{variant}\",version=\"");
    let figures = figures(bridge).await;
    let line = figures.lines().find(|line| line.starts_with(&begin)).expect("a version");
    line[begin.len()..].chars().take(12).collect()
}

async fn escalate(call: &mut Call, mut conversation: Conversation) -> Value {
    conversation.say("get me an humain").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    task(call.finish(conversation).await.unwrap())
}

/// What the record says of the prompts: variant and version.
async fn recorded(bridge: &TestBridge, call: &Call) -> (Option<String>, Option<String>) {
    assert!(bridge.store.flush().await);
    let archive = bridge.store.archive().unwrap();
    let whole = archive.read(&call.sid().parse().unwrap(), Also::NOTHING).await.unwrap().unwrap();
    (whole.call.prompt_variant, whole.call.prompts)
}

const REMEMBER: &str = include_str!("../../tools/remember.json");

#[tokio::test]
async fn a_call_keeps_what_it_began_with_and_the_next_one_has_the_edit() {
    let folder = Folder::new(&[]);
    let bridge = folder.serve("").await;
    let first = version(&bridge, "base").await;
    let (mut call, mut conversation) = bridge.connected(0).await;
    folder.write("prompts/agent.md", "You are Ottilie.");
    folder.write("tools/remember.json", REMEMBER);
    let otto = ("You are Otto.".to_owned(), vec!["escalate".to_owned()]);
    assert_eq!(ask(&bridge, &mut conversation).await, otto);

    // Also after its line had dropped.
    conversation.lose_line();
    assert!(call.finish(conversation).await.unwrap().child("Connect").is_some());
    let mut conversation = call.connect(Rate::per_second(0)).await.unwrap();
    conversation.wait_reply(SOON).await.unwrap();
    assert_eq!(ask(&bridge, &mut conversation).await, otto);

    let (mut next, mut other) = bridge.connected(0).await;
    let (system, tools) = ask(&bridge, &mut other).await;
    assert_eq!((system.as_str(), tools), ("You are Ottilie.", vec!["escalate".into(), "remember".into()]));
    let second = version(&bridge, "base").await;
    assert_ne!(first, second);

    // Each says which it had: in the Task, and in its record.
    for (call, conversation, version) in [(&mut call, conversation, first), (&mut next, other, second)] {
        let task = escalate(call, conversation).await;
        assert_eq!(task["warmline"]["promptVariant"], "base");
        assert_eq!(task["warmline"]["promptVersion"], version);
        assert_eq!(recorded(&bridge, call).await, (Some("base".to_owned()), Some(version)));
    }
}

#[tokio::test]
async fn an_edit_that_is_broken_is_told_by_the_figures_and_changes_nothing() {
    let folder = Folder::new(&[]);
    let bridge = folder.serve("").await;
    let before = version(&bridge, "base").await;
    folder.write("prompts/agent.md", "You are {{ nobody }}.");
    let (_call, mut conversation) = bridge.connected(0).await;
    assert_eq!(ask(&bridge, &mut conversation).await.0, "You are Otto.");
    assert!(figures(&bridge).await.contains("\nwarmline_prompts_broken 1\n"));
    assert_eq!(version(&bridge, "base").await, before);
    let broken = bridge.inner.shelf.in_force().broken;
    assert!(broken[0].to_string().contains("agent.md:1: undefined value"), "{broken:?}");
    folder.write("prompts/agent.md", "You are well.");
    assert!(figures(&bridge).await.contains("\nwarmline_prompts_broken 0\n"));
    assert_ne!(version(&bridge, "base").await, before);
}

#[tokio::test]
async fn a_canary_keeps_its_variant_on_every_node_and_says_so_everywhere() {
    let brief = [
        ("prompts/variants/brief/agent.md", "You are brief."),
        ("prompts/variants/brief/tools/remember.json", REMEMBER),
        ("prompts/variants.toml", "[brief]\nshare = 100"),
    ];
    let (folder, elsewhere) = (Folder::new(&brief), Folder::new(&brief[..2]));
    let bridge = folder.serve("").await;
    // The other node has the variant, and gives it to no call.
    let other = elsewhere.serve("").await;
    let (mut call, mut conversation) = bridge.connected(0).await;
    let (system, tools) = ask(&bridge, &mut conversation).await;
    assert_eq!((system.as_str(), tools.len()), ("You are brief.", 2));
    // Meanwhile the canary is called off.
    folder.write("prompts/variants.toml", "[brief]\nshare = 0");
    conversation.lose_line();
    call.reach(other.base.clone());
    assert!(call.finish(conversation).await.unwrap().child("Connect").is_some());
    let mut conversation = call.connect(Rate::per_second(0)).await.unwrap();
    conversation.wait_reply(SOON).await.unwrap();
    assert_eq!(ask(&other, &mut conversation).await.0, "You are brief.");
    let task = escalate(&mut call, conversation).await;
    assert_eq!(task["warmline"]["promptVariant"], "brief");
    let version = version(&bridge, "brief").await;
    assert_eq!(task["warmline"]["promptVersion"], version);
    assert_eq!(recorded(&bridge, &call).await, (Some("brief".to_owned()), Some(version)));
    let told = figures(&other).await;
    for line in [
        "warmline_sessions_total{outcome=\"escalated\",variant=\"brief\"} 1",
        "warmline_sessions_total{outcome=\"escalated\",variant=\"base\"} 0",
        "warmline_escalations_total{trigger=\"model\",reason=\"caller_request\",variant=\"brief\"} 1",
        "warmline_prompt_share{variant=\"brief\"} 0",
    ] {
        assert!(told.lines().any(|said| said == line), "{line} is not in:\n{told}");
    }
    let (_call, mut conversation) = bridge.connected(0).await;
    assert_eq!(ask(&bridge, &mut conversation).await.0, "You are Otto.");
}

#[tokio::test]
async fn a_node_without_the_version_goes_on_with_its_own() {
    let folder = Folder::new(&[("prompts/variants/brief/agent.md", "You are brief.")]);
    let file = folder.path("calls.db");
    let url = format!("sqlite:{file}");
    let toml = "[[routes.start]]\nto = \"ai\"\nprompts = \"brief\"\n";
    let store = [("DATABASE_URL", url.as_str())];
    let bridge = folder.serve_with(toml, &store).await;
    let first = version(&bridge, "brief").await;
    let (mut call, mut conversation) = bridge.connected(0).await;
    assert_eq!(ask(&bridge, &mut conversation).await.0, "You are brief.");
    assert!(bridge.store.flush().await);
    // The other node was rolled out with another text, and a third one without the variant.
    for (files, system, variant) in [
        (&[("prompts/variants/brief/agent.md", "You are short.")][..], "You are short.", "brief"),
        (&[][..], "You are Otto.", "base"),
    ] {
        let elsewhere = Folder::new(files);
        let other = elsewhere.serve_with("", &store).await;
        conversation.lose_line();
        call.reach(other.base.clone());
        assert!(call.finish(conversation).await.unwrap().child("Connect").is_some());
        conversation = call.connect(Rate::per_second(0)).await.unwrap();
        conversation.wait_reply(SOON).await.unwrap();
        assert_eq!(ask(&other, &mut conversation).await.0, system);
        // The record names what the call was begun with.
        assert_eq!(recorded(&other, &call).await, (Some("brief".to_owned()), Some(first.clone())));
        if variant == "base" {
            let task = escalate(&mut call, conversation).await;
            // The document names what the AI had when it handed over.
            assert_eq!(task["warmline"]["promptVariant"], "base");
            assert_eq!(task["warmline"]["promptVersion"], version(&other, "base").await);
            return;
        }
    }
}

#[tokio::test]
async fn a_rule_chooses_the_variant_and_one_that_went_away_is_the_base() {
    let folder = Folder::new(&[("prompts/variants/formal/agent.md", "You are formal.")]);
    let toml = "[[routes.start]]\nwhen = [\"from == '+15551230000'\"]\nto = \"ai\"\nprompts = \"formal\"\n";
    let bridge = folder.serve(toml).await;
    let (_call, mut conversation) = bridge.connected(0).await;
    assert_eq!(ask(&bridge, &mut conversation).await.0, "You are formal.");
    let mut call = bridge.twilio.call("+15551239999", "+15559870000");
    call.dial().await.unwrap();
    let mut conversation = call.connect(Rate::per_second(0)).await.unwrap();
    conversation.wait_quiet(SOON).await.unwrap();
    assert_eq!(ask(&bridge, &mut conversation).await.0, "You are Otto.");
    fs::remove_dir_all(folder.0.join("prompts/variants")).unwrap();
    let (_call, mut conversation) = bridge.connected(0).await;
    assert_eq!(ask(&bridge, &mut conversation).await.0, "You are Otto.");
}

#[tokio::test]
async fn a_call_that_never_met_the_ai_has_no_prompts() {
    let folder = Folder::new(&[]);
    let bridge = folder.serve("[[routes.start]]\nto = \"person\"\n").await;
    let task = task(bridge.call().dial().await.unwrap());
    assert_eq!(task["warmline"]["promptVariant"], Value::Null);
    let told = figures(&bridge).await;
    assert!(told.contains("trigger=\"routing\",reason=\"routing\",variant=\"none\"} 1"), "{told}");
}

#[test]
fn the_command_line_lists_compares_and_renders() {
    let folder = Folder::new(&[
        ("prompts/variants/brief/agent.md", "You are brief.\n{{ traits.tier | default('none') }}"),
        ("prompts/variants.toml", "[brief]\nshare = 12.5"),
        ("traits.json", "{\"tier\": \"gold\", \"secret\": 1}"),
        ("warmline.toml", "[profile]\ntraits = [\"tier\"]\nprompt = [\"tier\"]"),
    ]);
    let (code, listed, problems) = folder.run(&["prompts", "list"]);
    assert_eq!((code, problems.as_str()), (0, ""), "{listed}");
    assert!(listed.contains("brief") && listed.contains("12.5 %") && listed.contains("87.5 %"), "{listed}");
    assert!(listed.lines().all(|line| line.chars().count() <= 80), "{listed}");
    let (_, listed, _) = folder.run(&["prompts", "list", "--json"]);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed["variants"][1]["files"], json!(["agent.md"]));
    assert!(listed["variants"][0]["promptTokens"].as_u64() > Some(2));

    let (code, diff, _) = folder.run(&["prompts", "diff", "base", "brief"]);
    assert_eq!(code, 0);
    for line in ["-You are Otto.", "+You are brief.", "+none", "--- base: prompts/agent.md"] {
        assert!(diff.lines().any(|said| said == line), "{line} is not in:\n{diff}");
    }
    let same = folder.run(&["prompts", "diff", "base", "./prompts"]);
    assert!(same.0 == 0 && same.1.starts_with("no difference"), "{same:?}");

    let render = ["prompts", "render", "--variant", "brief", "--traits", "traits.json", "--json"];
    let (code, rendered, remarks) = folder.run(&render);
    assert!(code == 0 && remarks.contains("the trait secret is not in `prompt`"), "{remarks}");
    let rendered: Value = serde_json::from_str(&rendered).unwrap();
    let messages = &rendered["request"]["messages"];
    assert_eq!(messages[0]["content"], "You are brief.\ngold");
    assert_eq!(messages[1]["role"], "assistant");
    assert_eq!(messages[2], json!({"role": "user", "content": "Hello?"}));
    assert_eq!(rendered["request"]["tools"][0]["function"]["name"], "escalate");
    let (code, page, _) = folder.run(&["prompts", "render", "--says", "Where is it?"]);
    assert!(code == 0 && page.contains("\n--- user (about ") && page.contains("Where is it?"), "{page}");

    // What a call by share gets, and that it is the same every time.
    let (_, routed, _) = folder.run(&["route"]);
    assert!(routed.contains("with the prompts `base` (87.5 %) or `brief` (12.5 %), by share"), "{routed}");

    for (arguments, expected) in [
        (&["prompts", "diff", "base", "brif"][..], "there is no variant `brif`; there are: base, brief"),
        (&["prompts", "render", "--variant", "brif"], "there is no variant `brif`"),
        (&["prompts", "render", "--parameter", "x"], "--parameter x: expected NAME=VALUE"),
        (&["prompts", "render", "--traits", "none.json"], "none.json: could not be read"),
    ] {
        let (code, _, problem) = folder.run(arguments);
        assert!(code == 64 && problem.contains(expected), "{arguments:?}: {problem}");
    }
    folder.write("prompts/variants/brief/agent.md", "You are {{ brief }}.");
    let (code, listed, problems) = folder.run(&["prompts", "list"]);
    assert!(code == 1 && listed.contains("broken"), "{listed}");
    assert!(problems.contains("variants/brief/agent.md:1: undefined value"), "{problems}");
}

#[test]
fn a_rule_that_names_no_variant_is_refused_with_its_line() {
    let folder = Folder::new(&[
        ("prompts/variants/brief/agent.md", "You are brief."),
        ("warmline.toml", "[[routes.start]]\nto = \"ai\"\nprompts = \"brif\"\n"),
    ]);
    for command in [&["serve", "--port", "0"][..], &["route"], &["twiml"]] {
        let (code, _, problem) = folder.run(command);
        let expected =
            "routes, line 3, column 12: prompts: there is no variant `brif`; there are: base, brief";
        assert!(code == 64 && problem.contains(expected), "{command:?}: {problem}");
    }
    folder.write("warmline.toml", "[[routes.start]]\nname = \"all\"\nto = \"ai\"\nprompts = \"brief\"\n");
    let (code, routed, _) = folder.run(&["route", "--explain"]);
    assert!(code == 0 && routed.contains("the AI answers with the prompts `brief`"), "{routed}");
}

#[test]
fn the_example_variant_is_read_and_gets_no_calls() {
    let (code, listed, _) = run_in(Path::new(env!("CARGO_MANIFEST_DIR")), &["prompts", "list", "--json"]);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!((code, &listed["problems"]), (0, &json!([])));
    let variants = listed["variants"].as_array().unwrap();
    assert!(variants.len() > 1, "{listed}");
    for variant in variants {
        assert_eq!(variant["share"], if variant["name"] == "base" { 100.0 } else { 0.0 });
    }
}
