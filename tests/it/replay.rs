//! Calls that were really held, replayed against other prompts from the command line.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::bridge::{SOON, TestBridge, escalation, task};
use super::model::{FakeModel, Step, after_tool, last_words};
use super::store::Folder;

fn say(text: &str) -> Vec<Step> {
    vec![Step::Say(text.to_owned())]
}

/// The model of the recorded calls: a person on "refund", an answer to all else.
fn then(request: &Value) -> Vec<Step> {
    let said = last_words(request);
    if after_tool(request) {
        say("Goodbye.")
    } else if said.contains("refund") {
        vec![Step::Tool("escalate", escalation())]
    } else {
        say("Your parcel arrives tomorrow.")
    }
}

/// What `warmline replay` printed, and its exit code.
fn replay(folder: &Folder, model: Option<&FakeModel>, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_warmline"));
    command.env_clear().env("DATABASE_URL", folder.url()).current_dir(folder.path()).stdin(Stdio::null());
    if let Some(model) = model {
        command.env("OPENAI_BASE_URL", &model.base_url).env("OPENAI_API_KEY", "sk-test");
    }
    let output = command.arg("replay").args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Two calls: one is answered and left, one asks for a refund in its second turn. Returns their SIDs.
async fn two_calls(folder: &Folder) -> (String, String) {
    let bridge = TestBridge::with(&[("DATABASE_URL", &folder.url())], then).await;
    let (mut left, mut conversation) = bridge.connected(0).await;
    conversation.say("where is my parcel, I am on +1 555 123 4567").await.unwrap();
    conversation.wait_reply(SOON).await.unwrap();
    conversation.hang_up().await.unwrap();
    left.finish(conversation).await.unwrap();
    let (mut escalated, mut conversation) = bridge.connected(0).await;
    conversation.say("where is my parcel").await.unwrap();
    conversation.wait_reply(SOON).await.unwrap();
    conversation.say("I want a refund").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    task(escalated.finish(conversation).await.unwrap());
    assert!(bridge.store.flush().await);
    (left.sid().to_owned(), escalated.sid().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_calls_are_replayed_against_another_model() {
    let folder = Folder::new("replay");
    let (left, escalated) = two_calls(&folder).await;
    // The same model: nothing changes, not even a word.
    let same = FakeModel::start(then).await;
    let (code, table, problem) = replay(&folder, Some(&same), &[]);
    assert_eq!(code, 0, "{table}{problem}");
    assert!(
        table.contains("2 calls replayed") && table.contains("  same                           2\n"),
        "{table}"
    );
    assert!(!table.contains("first different answer:"), "{table}");
    // Another one hands over at the first mention of a parcel, and keeps who wants a refund.
    let other = FakeModel::start(|request| {
        let said = last_words(request);
        if after_tool(request) {
            say("Goodbye.")
        } else if said.contains("555") {
            vec![Step::Tool("escalate", escalation())]
        } else {
            say("Certainly.")
        }
    })
    .await;
    let files = ["replay.html", "replay.json"].map(|name| folder.path().join(name));
    let [page, found] = files.each_ref().map(|path| path.to_str().unwrap());
    let arguments = ["--html", page, "--json", found, "--since", "1h", "--jobs", "1"];
    let (code, table, problem) = replay(&folder, Some(&other), &arguments);
    assert_eq!(code, 0, "{table}{problem}");
    let found: Value = serde_json::from_str(&std::fs::read_to_string(found).unwrap()).unwrap();
    assert_eq!(found["counts"], json!({"newly": 1, "no_longer": 1}), "{found}");
    let call =
        |sid: &str| found["calls"].as_array().unwrap().iter().find(|it| it["call_sid"] == sid).unwrap();
    assert_eq!(call(&left)["now"]["turn"], 1);
    assert_eq!(
        (&call(&escalated)["then"]["turn"], &call(&escalated)["now"]["how"]),
        (&json!(2), &json!("left"))
    );
    assert_eq!(call(&escalated)["diverged"], 1, "its first answer is another one");
    assert_eq!(call(&escalated)["then"]["sentiment"], "negative");
    let page = std::fs::read_to_string(page).unwrap();
    for (name, text) in [("page", &page), ("json", &found.to_string()), ("table", &table)] {
        assert!(!text.contains("555 123 4567"), "a number is on the {name}");
    }
    assert!(page.contains("where is my parcel, I am on +* *** *** ****"), "{page}");
    // By its name alone.
    let (_, table, _) = replay(&folder, Some(&other), &[&escalated]);
    assert!(table.contains("1 call replayed") && table.contains("no longer escalates"), "{table}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_replayed_without_a_store_and_bad_input_is_refused() {
    let folder = Folder::new("replay-export");
    let (left, escalated) = two_calls(&folder).await;
    let mut exported = Vec::new();
    for call in [&left, &escalated] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_warmline"));
        command.env_clear().env("DATABASE_URL", folder.url()).args(["calls", "export", call]);
        exported.extend(command.output().unwrap().stdout);
    }
    let file = folder.path().join("calls.jsonl");
    std::fs::write(&file, exported).unwrap();
    let file = file.to_str().unwrap();
    let empty = Folder::new("replay-nothing");
    // The embedded agent answers where there is no model; a refund is nothing that it hands over by itself.
    let (code, table, problem) = replay(&empty, None, &["--file", file]);
    assert_eq!(code, 0, "{table}{problem}");
    assert!(table.contains("2 calls replayed: embedded agent"), "{table}");
    let (code, _, problem) = replay(&empty, None, &[]);
    assert!(code == 1 && problem.contains("there is no database"), "{problem}");
    let (code, _, problem) = replay(&empty, None, &["--file", file, "--model", "gpt-x"]);
    assert!(code == 64 && problem.contains("OPENAI_API_KEY or OPENAI_BASE_URL"), "{problem}");
    std::fs::write(empty.path().join("bad.jsonl"), "\n{\"version\": 99}\n").unwrap();
    let (code, _, problem) = replay(&empty, None, &["--file", "bad.jsonl"]);
    assert!(code == 64 && problem.contains("bad.jsonl:2: this call has version 99"), "{problem}");
    let (code, _, problem) = replay(&empty, None, &["--since", "soon"]);
    assert!(code == 64 && problem.contains("30m, 12h or 7d"), "{problem}");
}
