//! `warmline eval` from the command line: the shipped scenarios on the embedded agent, and others against scripted
//! models behind real sockets.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::bridge::escalation;
use super::model::{FakeModel, Step, after_tool, last_words};
use super::store::Folder;

/// What `warmline eval` printed, its exit code, and what it found.
struct Ran {
    code: i32,
    table: String,
    problem: String,
    found: Value,
}

fn say(text: &str) -> Vec<Step> {
    vec![Step::Say(text.to_owned())]
}

/// A folder with these files of scenarios.
fn written(name: &str, files: &[(&str, &str)]) -> Folder {
    let folder = Folder::new(name);
    for (file, text) in files {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn eval(folder: &Folder, model: Option<&FakeModel>, arguments: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_warmline"));
    command.env_clear().current_dir(folder.path()).stdin(Stdio::null());
    if let Some(model) = model {
        command.env("OPENAI_BASE_URL", &model.base_url).env("OPENAI_API_KEY", "sk-test");
    }
    command.env("OTHER_KEY", "sk-other").args(["eval", "--json", "found.json"]).args(arguments);
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let found = std::fs::read_to_string(folder.path().join("found.json")).unwrap_or_default();
    Ran {
        code: output.status.code().unwrap(),
        table: text(output.stdout),
        problem: text(output.stderr),
        found: serde_json::from_str(&found).unwrap_or_default(),
    }
}

fn check<'a>(trial: &'a Value, about: &str) -> &'a Value {
    let checks = trial["checks"].as_array().unwrap();
    checks.iter().find(|check| check["about"] == about).unwrap_or_else(|| panic!("no {about}: {trial}"))
}

fn lines(trial: &Value) -> Vec<String> {
    let lines = trial["transcript"].as_array().unwrap();
    lines
        .iter()
        .map(|line| format!("{} {}", line["who"].as_str().unwrap(), line["text"].as_str().unwrap()))
        .collect()
}

const REFUND: &str = r#"
title = "Wants a refund"
say = ["Where is my parcel?", "I want a refund, 4711 0815."]
[expect]
escalates = true
within_turns = 2
reason_code = ["caller_request"]
sentiment = ["negative"]
summary = [["Charged twice", "twice"]]
[[expect.tools]]
name = "escalate"
arguments = { reasonCode = "caller_request" }
"#;

fn refunds(request: &Value) -> Vec<Step> {
    if after_tool(request) {
        say("Goodbye.")
    } else if last_words(request).contains("refund") {
        vec![Step::Tool("escalate", escalation())]
    } else {
        say("It arrives tomorrow.")
    }
}

#[test]
fn the_shipped_scenarios_come_out_the_same_each_time_on_the_embedded_agent() {
    let folder = Folder::new("eval-shipped");
    let scenarios = concat!(env!("CARGO_MANIFEST_DIR"), "/evals");
    let arguments = [scenarios, "--skip-tag", "needs-model", "--skip-tag", "rule-gap", "--fail-under", "1"];
    let ran = || {
        let mut ran = eval(&folder, None, &arguments);
        assert_eq!(ran.code, 0, "{}{}", ran.table, ran.problem);
        for trial in ran.found["trials"].as_array_mut().unwrap() {
            trial["lasted"] = json!(0);
        }
        ran
    };
    let (first, second) = (ran(), ran());
    assert!(first.found["trials"].as_array().unwrap().len() > 70, "{}", first.table);
    assert_eq!(first.found["trials"], second.found["trials"]);
    assert!(first.table.contains("Not tried, for want of a model that plays the caller"), "{}", first.table);
}

#[test]
fn what_an_agent_of_rules_cannot_do_is_found_out() {
    let folder = Folder::new("eval-unable");
    let scenarios = concat!(env!("CARGO_MANIFEST_DIR"), "/evals");
    let ran = eval(&folder, None, &[scenarios, "--only", "internet/outage*", "--fail-under", "1"]);
    assert_eq!(ran.code, 1, "{}", ran.table);
    assert_eq!(check(&ran.found["trials"][0], "tool")["met"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_escalation_is_measured_with_tokens_price_and_seed() {
    let model = FakeModel::start(|request| {
        let usage = r#"{"choices":[],"usage":{"prompt_tokens":1000,"completion_tokens":10}}"#;
        let mut steps = refunds(request);
        steps.push(Step::Raw(Box::leak(format!("data: {usage}\n\n").into_boxed_str())));
        steps
    })
    .await;
    let folder = written("eval-escalation", &[("evals/shop/refund.toml", REFUND)]);
    let arguments =
        ["evals", "--model", "m-1", "--seed", "7", "--trials", "2", "--price-in", "2", "--price-out", "4"];
    let ran = eval(&folder, Some(&model), &arguments);
    assert_eq!(ran.code, 0, "{}{}", ran.table, ran.problem);
    let trial = &ran.found["trials"][0];
    assert_eq!(trial["end"]["how"], "escalated", "{trial}");
    assert_eq!((&trial["end"]["turn"], &trial["end"]["trigger"]), (&json!(2), &json!("model")));
    for check in trial["checks"].as_array().unwrap() {
        assert_eq!(check["met"], true, "{check}");
    }
    assert_eq!(trial["checks"].as_array().unwrap().len(), 6);
    // Two answers and the goodbye.
    let usage = &trial["usage"];
    assert_eq!(
        (&usage["questions"], &usage["prompt"], &usage["completion"]),
        (&json!(3), &json!(3000), &json!(30))
    );
    assert_eq!((&usage["estimated"], &usage["price"]), (&json!(false), &json!(0.00612)));
    let requests = model.requests();
    assert!(requests.iter().all(|request| request["stream_options"]["include_usage"] == true));
    assert!(requests.iter().all(|request| request["model"] == "m-1"));
    let seeds: std::collections::BTreeSet<u64> =
        requests.iter().map(|request| request["seed"].as_u64().unwrap()).collect();
    assert_eq!(seeds, [7, 8].into());
    // Where a server does not want to be asked, it is not, and the tokens are estimated.
    let ran = eval(&folder, Some(&model), &["evals", "--estimate-tokens"]);
    assert!(model.requests().last().unwrap().get("stream_options").is_none());
    assert_eq!(ran.found["trials"][0]["usage"]["estimated"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn tools_of_the_business_answer_as_the_scenario_says() {
    let model = FakeModel::start(|request| {
        let messages = request["messages"].as_array().unwrap();
        let result = messages.last().unwrap()["content"].as_str().unwrap_or_default();
        match after_tool(request) {
            true if result.contains("depot") => say("It is in the depot."),
            true => say(&format!("I cannot see it: {result}")),
            false => vec![Step::Tool("find_parcel", json!({"number": "47110815"}))],
        }
    })
    .await;
    // Nobody listens at its address, and nobody is asked there.
    let tool = r#"{"name": "find_parcel", "description": "Finds a parcel.", "parameters": {"type": "object",
        "properties": {"number": {"type": "string"}}}, "http": {"url": "https://parcels.example.com/find"}}"#;
    let scenario = |answer: &str, says: &str| {
        format!(
            "title = \"t\"\nsay = [\"Where is 4711 0815?\", \"And now?\"]\n{answer}\n[expect]\nsays = [\"{says}\"]\n\
             [[expect.tools]]\nname = \"find_parcel\"\narguments = {{ number = \"4711 0815\" }}\n\
             [[expect.tools]]\nname = \"end_call\"\nnever = true\n"
        )
    };
    let answers = r#"[tools.find_parcel]
answer = [{ status = "on its way" }, { status = "in the depot" }]"#;
    let found = scenario(answers, "in the depot");
    let fails = scenario("[tools.find_parcel]\nerror = \"no such parcel\"", "no such parcel");
    let absent = scenario("", "cannot be reached");
    let folder = written(
        "eval-tools",
        &[
            ("evals/shop/tools/find_parcel.json", tool),
            ("evals/shop/tools/escalate.json", include_str!("../../tools/escalate.json")),
            ("evals/shop/found.toml", &found),
            ("evals/shop/fails.toml", &fails),
            ("evals/shop/absent.toml", &absent),
        ],
    );
    let ran = eval(&folder, Some(&model), &["evals", "--fail-under", "1"]);
    assert_eq!(ran.code, 0, "{}{}", ran.table, ran.problem);
    let trial = ran.found["trials"].as_array().unwrap().iter().find(|trial| trial["case"] == 2).unwrap();
    let first = "tool find_parcel {\"number\":\"47110815\"} → {\"status\":\"on its way\"}";
    assert!(lines(trial).contains(&first.to_owned()), "{trial}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_out_of_reach_is_no_missed_escalation() {
    let model = FakeModel::start(|_| vec![Step::Status(401)]).await;
    let folder = written("eval-401", &[("evals/shop/refund.toml", REFUND)]);
    let ran = eval(&folder, Some(&model), &["evals"]);
    assert_eq!(ran.code, 1, "{}", ran.table);
    let trial = &ran.found["trials"][0];
    assert_eq!(trial["end"]["how"], "failed");
    assert!(trial["end"]["why"].as_str().unwrap().contains("status 401: check OPENAI_API_KEY"), "{trial}");
    assert_eq!(trial["checks"], json!([]));
    assert!(!ran.table.contains("Missed escalations"), "{}", ran.table);
    // One that is silent where its goodbye is due has decided the call before.
    let speechless = FakeModel::start(|request| match after_tool(request) {
        true => vec![Step::Hold],
        false => refunds(request),
    })
    .await;
    let ran = eval(&folder, Some(&speechless), &["evals", "--fail-under", "1"]);
    assert_eq!(ran.code, 0, "{}{}", ran.table, ran.problem);
    // A model that fails once, and answers when asked again, was held all the same.
    let asked = std::sync::atomic::AtomicU32::new(0);
    let shaky =
        FakeModel::start(move |request| match asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 => vec![Step::Status(503)],
            _ => refunds(request),
        })
        .await;
    let ran = eval(&folder, Some(&shaky), &["evals", "--fail-under", "1"]);
    assert_eq!(ran.code, 0, "{}{}", ran.table, ran.problem);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_models_are_compared_on_the_same_scenarios() {
    let model = FakeModel::start(|request| match request["model"] == "bad" {
        true => say("It arrives tomorrow."),
        false => refunds(request),
    })
    .await;
    let folder = written("eval-compare", &[("evals/shop/refund.toml", REFUND)]);
    let ran = |a: &str, b: &str| {
        eval(
            &folder,
            Some(&model),
            &["evals", "--trials", "3", "--compare", a, b, "--fail-under", "missed=0"],
        )
    };
    let worse = ran("model:good", "model:bad");
    assert_eq!(worse.code, 1, "the second counts: {}", worse.table);
    let better = ran("model:bad", "model:good");
    assert_eq!(better.code, 0, "{}{}", better.table, better.problem);
    assert_eq!(better.found["trials"].as_array().unwrap().len(), 6);
    assert!(better.table.contains("model:good compared with model:bad"), "{}", better.table);
    let refused = ran("model:good", "nowhere");
    assert!(refused.code == 64 && refused.problem.contains("`nowhere`"), "{}", refused.problem);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_cuts_in_has_heard_no_more_than_that() {
    let model = FakeModel::start(|request| match last_words(request) {
        "Tell me everything." => {
            say("First there is the depot, and then there is the road. The secret is last.")
        }
        _ => say("Of course."),
    })
    .await;
    let scenario = r#"
title = "Cuts in"
say = ["Tell me everything.", { interrupt = "Stop.", after = 30 }, { silence = 2 }, { keys = "5#" }]
[expect]
escalates = false
never_says = ["secret"]
says = ["depot"]
"#;
    let folder = written("eval-interrupt", &[("evals/shop/cuts_in.toml", scenario)]);
    let ran = eval(&folder, Some(&model), &["evals", "--fail-under", "1"]);
    assert_eq!(ran.code, 0, "{}{}", ran.table, ran.problem);
    let trial = &ran.found["trials"][0];
    let cut =
        trial["transcript"].as_array().unwrap().iter().find(|line| line["interrupted"] == true).unwrap();
    assert_eq!(cut["text"], "First there is the depot, and");
    assert_eq!(trial["turns"], 3);
    assert!(lines(trial).contains(&"event the caller presses 5#".to_owned()), "{trial}");
    // The model knows no more of its answer than the caller.
    let said = model.requests().into_iter().find(|request| last_words(request) == "Stop.").unwrap();
    assert!(said["messages"].to_string().contains("First there is the depot, and\""), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_model_plays_the_caller_and_a_third_one_judges() {
    let model = FakeModel::start(refunds).await;
    let caller = FakeModel::start(|request| {
        let heard = last_words(request);
        if heard.contains("tomorrow") {
            say("Caller: I want a refund for 4711 0815. [hang up]")
        } else {
            say("[hang up]")
        }
    })
    .await;
    let judge = FakeModel::start(|_| say("Here: {\"score\": 1, \"why\": \"Brusque.\"}")).await;
    let scenario = r#"
title = "Wants a refund"
[simulated]
goal = "Get a refund"
temper = "impatient"
facts = { tracking_number = "4711 0815" }
opens = "Where is my parcel?"
[expect]
escalates = true
within_turns = 2
"#;
    let folder = written(
        "eval-simulated",
        &[("evals/shop/simulated.toml", scenario), ("evals/shop/plain.toml", REFUND)],
    );
    let ran = eval(&folder, Some(&model), &["evals"]);
    assert_eq!(ran.found["skipped"], json!(["shop/simulated"]), "{}{}", ran.table, ran.problem);
    assert_eq!(ran.found["cases"].as_array().unwrap().len(), 1);
    let arguments = [
        "evals",
        "--only",
        "simulated",
        "--caller-model",
        "c-1",
        "--caller-base-url",
        &caller.base_url,
        "--caller-key",
        "OTHER_KEY",
        "--judge",
        "j-1",
        "--judge-base-url",
        &judge.base_url,
        "--fail-under",
        "1",
    ];
    let ran = eval(&folder, Some(&model), &arguments);
    assert_eq!(ran.code, 0, "an opinion is no evidence: {}{}", ran.table, ran.problem);
    let trial = &ran.found["trials"][0];
    assert_eq!(trial["judgement"], json!({"score": 1, "why": "Brusque."}));
    assert_eq!((&ran.found["judge"], &ran.found["caller"]), (&json!("j-1"), &json!("c-1")));
    assert!(lines(trial).contains(&"caller I want a refund for 4711 0815.".to_owned()), "{trial}");
    let request = &caller.requests()[0];
    let told = request["messages"][0]["content"].as_str().unwrap();
    for part in ["Get a refund", "impatient", "- tracking number: 4711 0815"] {
        assert!(told.contains(part), "{told}");
    }
    assert!(request.get("tools").is_none(), "{request}");
    let ran = eval(&folder, Some(&model), &["evals", "--caller-model", "c-1", "--caller-key", "NOT_SET"]);
    assert!(ran.code == 64 && ran.problem.contains("NOT_SET is not set"), "{}", ran.problem);
}

#[test]
fn every_mistake_of_every_file_is_told_at_once() {
    let folder = written(
        "eval-mistakes",
        &[
            (
                "evals/shop/one.toml",
                "title = \"t\"\nsay = [\"hi\"]\nspeed = 2\n[expect]\nescalates = false\n",
            ),
            ("evals/shop/two.toml", "title = \"t\"\n[expect]\nescalates = true\noutcome = \"left\"\n"),
        ],
    );
    let ran = eval(&folder, None, &["evals"]);
    assert_eq!(ran.code, 64);
    for expected in [
        "evals/shop/one.toml:3: `speed`: there is no such key",
        "evals/shop/two.toml: nobody speaks",
        "evals/shop/two.toml:4: `expect.outcome`: it contradicts `escalates`",
    ] {
        assert!(ran.problem.contains(expected), "{expected}: {}", ran.problem);
    }
    for (arguments, expected) in [
        (&["evals", "--trials", "0"][..], "--trials"),
        (&["evals/shop/one.toml", "--fail-under", "two"][..], "--fail-under"),
        (&["nowhere"][..], "nowhere: it cannot be listed"),
    ] {
        let ran = eval(&folder, None, arguments);
        assert!(ran.code == 64 && ran.problem.contains(expected), "{expected}: {}", ran.problem);
    }
}
