//! `warmline number` from a terminal's point of view, against an account that keeps what is set.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use super::fake_numbers::{FakeNumbers, account};
use super::rest::VECTORS;

const LINE: &str = "+15550100001";
const HERE: &str = "https://bridge.example.com";

/// A folder of its own, and the settings of the commands that run in it.
struct Desk {
    folder: PathBuf,
    settings: BTreeMap<&'static str, String>,
}

/// What a command said, and how it ended.
#[derive(Debug)]
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Desk {
    fn at(name: &str, api: &FakeNumbers) -> Self {
        let folder = std::env::temp_dir().join(format!("warmline-numbers-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let settings = BTreeMap::from([
            ("TWILIO_ACCOUNT_SID", account()),
            ("TWILIO_AUTH_TOKEN", "authtoken".to_owned()),
            ("TWILIO_API_BASE_URL", api.base_url.clone()),
            ("PUBLIC_URL", HERE.to_owned()),
        ]);
        Self { folder, settings }
    }

    async fn say(&self, line: &str) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_warmline"));
        command.current_dir(&self.folder).env_clear().envs(&self.settings);
        command.arg("number").args(line.split(' ')).stdin(Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let Output { status, stdout, stderr } = output;
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Said { code: status.code().unwrap(), out: text(stdout), err: text(stderr) }
    }

    fn file(&self) -> PathBuf {
        self.folder.join("warmline-numbers.json")
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn a_number_is_pointed_here_and_put_back_as_it_was() {
    let was = json!({"voice_fallback_url": "https://handler.twilio.com/twiml/EH1", "voice_method": "GET"});
    let api = FakeNumbers::start([(LINE, was), ("+15550100002", json!({}))]).await;
    let desk = Desk::at("back", &api);
    let original = api.number(LINE);
    let said = desk.say(&format!("set {LINE} --yes")).await;
    assert_eq!(said.code, 0, "{said:?}");
    for shown in
        ["voice URL", "https://demo.twilio.com/welcome/voice/", "https://bridge.example.com/voice/incoming"]
    {
        assert!(said.out.contains(shown), "{shown} in {said:?}");
    }
    let now = api.number(LINE);
    for (key, value) in [
        ("voice_url", "https://bridge.example.com/voice/incoming"),
        ("voice_method", "POST"),
        ("voice_fallback_url", "https://bridge.example.com/voice/fallback"),
        ("status_callback", "https://bridge.example.com/voice/status"),
    ] {
        assert_eq!(now[key], value);
    }
    // A second address, and the way back still leads to before the first.
    assert_eq!(
        desk.say(&format!("set {LINE} --yes --url https://other.example.com/voice/incoming")).await.code,
        0
    );
    assert_eq!(api.number(LINE)["voice_url"], "https://other.example.com/voice/incoming");
    let said = desk.say(&format!("show {LINE}")).await;
    assert!(said.out.contains("before it was pointed here") && said.out.contains("EH1"), "{said:?}");
    let said = desk.say(&format!("restore {LINE} --yes")).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(api.number(LINE), original);
    // Twice is harmless.
    let changes = api.changes().len();
    let said = desk.say(&format!("restore {LINE} --yes")).await;
    assert!(said.code == 0 && said.out.contains("put back already"), "{said:?}");
    assert_eq!((api.changes().len(), api.number(LINE)), (changes, original));
    // The other number was never touched.
    assert_eq!(api.number("+15550100002")["voice_url"], "https://demo.twilio.com/welcome/voice/");
}

#[tokio::test]
async fn the_fields_are_those_of_twilios_own_clients() {
    let api = FakeNumbers::start([(LINE, json!({}))]).await;
    let desk = Desk::at("fields", &api);
    assert_eq!(desk.say(&format!("set {LINE} --yes")).await.code, 0);
    let sent: BTreeMap<String, String> = api.changes().remove(0).into_iter().collect();
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let vector = vectors["requests"].as_array().unwrap().iter().find(|one| one["name"] == "update number");
    let fields: Vec<(String, String)> = serde_json::from_value(vector.unwrap()["form"].clone()).unwrap();
    for (name, value) in fields {
        let ours = sent.get(&name).unwrap_or_else(|| panic!("{name} is not sent"));
        // Where they lead is the vector's own choice; how is not.
        assert!(
            if name.ends_with("Method") { *ours == value } else { ours.starts_with(HERE) },
            "{name}={ours}"
        );
    }
    assert_eq!(sent.len(), 6, "{sent:?}");
}

#[tokio::test]
async fn nothing_is_changed_without_a_yes_or_in_a_rehearsal() {
    let api = FakeNumbers::start([(LINE, json!({}))]).await;
    let desk = Desk::at("asked", &api);
    let said = desk.say(&format!("set {LINE}")).await;
    assert!(said.code == 1 && said.err.contains("--yes"), "{said:?}");
    let said = desk.say(&format!("set {LINE} --dry-run")).await;
    assert!(
        said.code == 0 && said.out.contains("nothing was changed") && said.out.contains("->"),
        "{said:?}"
    );
    assert!(api.changes().is_empty() && !desk.file().exists());
    assert_eq!(std::fs::read_dir(&desk.folder).unwrap().count(), 0, "not even a store is made");
    for (line, says) in [
        (format!("set {LINE} --yes --url http://bridge.example.com"), "https"),
        (format!("set {LINE} --yes --fallback-url http://x.example.com"), "--fallback-url"),
    ] {
        let said = desk.say(&line).await;
        assert!(said.code == 64 && said.err.contains(says), "{said:?}");
    }
    let said = desk.say("set +15550100 --yes").await;
    assert!(said.code == 1 && said.err.contains("warmline number list"), "{said:?}");
    assert!(api.changes().is_empty());
}

#[tokio::test]
async fn without_a_way_back_nothing_is_changed() {
    let api = FakeNumbers::start([(LINE, json!({}))]).await;
    let desk = Desk::at("noway", &api);
    std::fs::write(desk.file(), "something else").unwrap();
    let said = desk.say(&format!("set {LINE} --yes")).await;
    assert!(said.code == 1 && said.err.contains("warmline-numbers.json"), "{said:?}");
    assert!(api.changes().is_empty());
}

#[tokio::test]
async fn the_store_is_a_second_way_back() {
    let api = FakeNumbers::start([(LINE, json!({}))]).await;
    let desk = Desk::at("store", &api);
    let original = api.number(LINE);
    assert_eq!(desk.say(&format!("set {LINE} --yes")).await.code, 0);
    std::fs::remove_file(desk.file()).unwrap();
    assert_eq!(desk.say(&format!("restore {LINE} --yes")).await.code, 0);
    assert_eq!(api.number(LINE), original);
    // And the file is enough where nothing else is kept, or can be.
    for store in ["none", "sqlite:/nowhere/at/all.db"] {
        let mut desk = Desk::at("file", &api);
        desk.settings.insert("DATABASE_URL", store.to_owned());
        let said = desk.say(&format!("set {LINE} --yes")).await;
        assert!(said.code == 0 && said.err.contains("warning") != (store == "none"), "{said:?}");
        assert_eq!(desk.say(&format!("restore {LINE} --yes")).await.code, 0);
        assert_eq!(api.number(LINE), original);
    }
}

#[tokio::test]
async fn who_owns_a_number_is_told_and_gets_it_back() {
    let owned = [
        ("voice_application_sid", format!("AP{}", "a".repeat(32))),
        ("trunk_sid", format!("TK{}", "b".repeat(32))),
    ];
    for (key, sid) in owned {
        let api = FakeNumbers::start([(LINE, json!({ key: sid }))]).await;
        let desk = Desk::at(key, &api);
        let original = api.number(LINE);
        let said = desk.say(&format!("set {LINE} --yes")).await;
        assert!(said.code == 1 && said.err.contains(&sid) && said.err.contains("--take-over"), "{said:?}");
        assert!(api.changes().is_empty());
        let said = desk.say(&format!("set {LINE} --yes --take-over")).await;
        assert!(said.code == 0 && said.err.contains("warning"), "{said:?}");
        assert_eq!(api.number(LINE)[key], "");
        assert_eq!(desk.say(&format!("restore {LINE} --yes")).await.code, 0);
        assert_eq!(api.number(LINE)[key], original[key]);
    }
    // A flow is an address like any other, and yet somebody's.
    let flow = format!("https://webhooks.twilio.com/v1/Accounts/{}/Flows/FW{}", account(), "c".repeat(32));
    let api = FakeNumbers::start([(LINE, json!({ "voice_url": flow }))]).await;
    let desk = Desk::at("flow", &api);
    let said = desk.say(&format!("set {LINE} --yes")).await;
    assert!(said.code == 0 && said.err.contains("Studio flow FW"), "{said:?}");
    assert_eq!(desk.say(&format!("restore {LINE} --yes")).await.code, 0);
    assert_eq!(api.number(LINE)["voice_url"], flow);
}

#[tokio::test]
async fn what_somebody_else_did_meanwhile_is_told() {
    let api = FakeNumbers::start([(LINE, json!({}))]).await;
    let desk = Desk::at("meanwhile", &api);
    assert_eq!(desk.say(&format!("set {LINE} --yes")).await.code, 0);
    api.edit(LINE, "voice_url", "https://theirs.example.com/");
    let said = desk.say(&format!("restore {LINE} --dry-run")).await;
    assert!(said.code == 0 && said.err.contains("somebody else"), "{said:?}");
    assert_eq!(api.number(LINE)["voice_url"], "https://theirs.example.com/");
    api.edit(LINE, "trunk_sid", "TKx");
    let said = desk.say(&format!("restore {LINE} --yes")).await;
    assert!(said.code == 0 && said.err.contains("trunk TKx"), "{said:?}");
    let now = api.number(LINE);
    assert_eq!(now["voice_url"], "https://demo.twilio.com/welcome/voice/");
    assert_eq!(now["trunk_sid"], "TKx", "what is theirs stays theirs");
}

#[tokio::test]
async fn a_change_that_twilio_refuses_is_told_and_hides_nothing() {
    let api = FakeNumbers::start([(LINE, json!({}))]).await;
    let desk = Desk::at("refused", &api);
    let original = api.number(LINE);
    api.refuse(true);
    let said = desk.say(&format!("set {LINE} --yes")).await;
    assert!(
        said.code == 1 && said.err.contains("21402") && said.err.contains("VoiceUrl is not valid"),
        "{said:?}"
    );
    api.refuse(false);
    assert_eq!(desk.say(&format!("set {LINE} --yes")).await.code, 0);
    assert_eq!(desk.say(&format!("restore {LINE} --yes")).await.code, 0);
    assert_eq!(api.number(LINE), original);
}

#[tokio::test]
async fn the_list_has_every_page_and_marks_what_leads_here() {
    let here = "https://bridge.example.com/voice/incoming";
    let api = FakeNumbers::start([
        (LINE, json!({ "voice_url": here })),
        ("+15550100002", json!({})),
        ("+15550100003", json!({ "voice_url": here, "voice_application_sid": "APx" })),
    ])
    .await;
    let desk = Desk::at("list", &api);
    let said = desk.say("list").await;
    assert!(said.code == 0 && said.out.contains("* 1 of 3 lead here"), "{said:?}");
    assert!(said.out.contains("* +15550100001") && said.out.contains("application APx"), "{said:?}");
    assert!(said.out.lines().all(|line| line.chars().count() <= 80), "{said:?}");
    let said = desk.say("list --json").await;
    let lines: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().map(|line| line["here"] == true).collect::<Vec<_>>(), [true, false, false]);
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let api = FakeNumbers::start([(LINE, json!({}))]).await;
    let mut desk = Desk::at("missing", &api);
    desk.settings.remove("PUBLIC_URL");
    let said = desk.say(&format!("set {LINE} --yes")).await;
    assert!(said.code == 64 && said.err.contains("--url") && said.err.contains("PUBLIC_URL"), "{said:?}");
    desk.settings.remove("TWILIO_AUTH_TOKEN");
    let said = desk.say("list").await;
    assert!(said.code == 64 && said.err.contains("TWILIO_API_KEY"), "{said:?}");
}
