//! What a file may hold, and what is said about one that makes no sense.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn read(text: &str) -> Result<Scenario, Vec<String>> {
    let read = scenario("shop/x.toml", "shop", "shop/x", text);
    read.map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

const WHOLE: &str = r#"
title = "Asks for a person"
tags = ["request"]
language = "en-US"
say = ["Hi", { keys = "0#" }, { silence = 1.5 }, { interrupt = "No.", after = 20 }]

[caller]
from = "+15550100000"
name = "Jane"
traits = { tier = "gold", age = 3 }
parameters = { tenant = "acme" }

[tools.find]
answer = [{ status = "here" }, "gone"]
[tools.broken]
error = "no"

[expect]
escalates = true
within_turns = 2
reason_code = ["caller_request"]
sentiment = ["neutral"]
summary = [["4711 0815", "47110815"], "damaged"]
outcome = "escalated"
says = [["nine"]]
never_says = ["refund"]
language = "es"
[[expect.tools]]
name = "remember"
arguments = { facts = { number = 4711 } }
[[expect.tools]]
name = "end_call"
never = true
"#;

#[test]
fn every_key_is_read() {
    let scenario = read(WHOLE).unwrap();
    let acts = [
        Act::Say("Hi".into()),
        Act::Keys("0#".into()),
        Act::Silence(Duration::from_millis(1_500)),
        Act::Interrupt { words: "No.".into(), after: 20 },
    ];
    assert_eq!(scenario.part, Part::Acts(acts.into()));
    assert_eq!(scenario.caller.traits["age"], 3);
    assert_eq!(scenario.tools["find"], Answers::Well(vec![json!({"status": "here"}), json!("gone")]));
    assert_eq!(scenario.tools["broken"], Answers::Fails("no".into()));
    assert_eq!(scenario.expect.summary.len(), 2);
    assert_eq!(scenario.expect.tools[0].arguments, Some(json!({"facts": {"number": 4711}})));
    assert!(scenario.expect.tools[1].never);
    assert_eq!(scenario.case().within_turns, Some(2));
}

#[test]
fn a_mistake_names_its_line_and_what_would_be_right() {
    const MINIMAL: &str = "title = \"t\"\nsay = [\"hi\"]\n[expect]\nescalates = true\n";
    read(MINIMAL).unwrap();
    let with = |from: &str, to: &str| MINIMAL.replace(from, to);
    let more = |text: &str| format!("{MINIMAL}{text}\n");
    for (text, expected) in [
        (with("\"hi\"", "{ keys = \"x\" }"), "x.toml:2: `say[1].keys`: expected up to 64 of 0-9, * and #"),
        (with("\"hi\"", "{ silence = 0 }"), "x.toml:2: `say[1].silence`: expected seconds, more than 0"),
        (with("\"hi\"", "{ interrupt = \"a\" }"), "x.toml:2: `say[1]`: an `interrupt` needs `after`"),
        (with("\"hi\"", "{ keys = \"1\", after = 2 }"), "`say[1].after`: only an `interrupt`"),
        (with("\"hi\"", "{ keys = \"1\", silence = 2 }"), "`say[1]`: expected a text, or one of"),
        (with("\"hi\"", "3"), "`say[1]`: expected a text, or one of"),
        (with("\"hi\"", "\" \""), "`say[1]`: it is empty"),
        (with("\"t\"", "7"), "x.toml:1: `title`: invalid type"),
        (with("escalates = true", ""), "nothing is expected"),
        (with("escalates = true", "escalates = \"yes\""), "x.toml:4: `expect.escalates`: invalid type"),
        (more("within_turns = 0"), "x.toml:5: `expect.within_turns`: expected a number from 1 to 100"),
        (more("sentiment = [\"sad\"]"), "x.toml:5: `expect.sentiment[1]`: expected `positive`"),
        (more("summary = []"), "`expect.summary`: an empty list expects nothing"),
        (with("escalates = true", "tools = []"), "`expect.tools`: an empty list expects nothing"),
        (with("escalates = true", "within_turns = 2"), "it is checked only if a person takes over"),
        (more("summary = [\"…\"]"), "`…` has neither a letter nor a digit"),
        (
            more("says = [\"A b\"]\nnever_says = [[\"c\", \"a, B\"]]"),
            "`expect.never_says[1]`: `says` wants the same",
        ),
        (more("language = \"spanish please\""), "expected a language tag"),
        (more("outcome = \"lost\""), "x.toml:5: `expect.outcome`: unknown variant `lost`"),
        (more("tools = [{ name = \"a\" }, { name = \"a\", never = true }]"), "`a` is expected too"),
        (more("tools = [{ never = true }]"), "needs the `name` of a tool"),
        (more("[tools.x]"), "`tools.x`: expected one of `answer` and `error`"),
        (more("[tools.x]\nanswer = 1979-05-27"), "dates, `inf` and `nan` have no place here"),
        (more("[simulated]\ngoal = \"g\""), "x.toml:5: `simulated`: `say` has the caller's words already"),
        (with("say = [\"hi\"]", "simulated = { temper = \"t\" }"), "needs a `goal`"),
        (with("title = \"t\"", "title = \"t"), "x.toml:1: "),
    ] {
        let problems = read(&text).unwrap_err().join("\n");
        assert!(problems.contains(expected), "{expected}:\n{problems}");
    }
}

#[test]
fn a_recorded_tool_answers_by_arguments_then_in_order() {
    let run = |order: u32| Run { arguments: json!({ "order": order }), result: Ok(order.to_string()) };
    let runs = [run(1), run(2), run(2)];
    let answer = |order: u32, used: &[usize]| {
        Answers::recorded(&runs, &json!({ "order": order }), |place| !used.contains(&place))
    };
    assert_eq!(answer(2, &[]), Some(1), "the same arguments");
    assert_eq!(answer(2, &[1]), Some(2), "the next with the same");
    assert_eq!(answer(1, &[0]), Some(0), "asked again, answered again");
    assert_eq!(answer(9, &[0]), Some(1), "others: the next in order");
    assert_eq!(answer(9, &[0, 1, 2]), None, "nothing is left");
}

proptest! {
    #[test]
    fn reading_never_panics(text in "\\PC{0,200}") {
        let _ = read(&text);
    }

    #[test]
    fn a_file_with_a_hole_or_a_foreign_piece_in_it_is_read_or_refused(
        from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(),
        piece in prop_oneof![Just(String::new()), "[\\[\\]{}=\",.0-9a-z \\n#-]{0,8}", "\\PC{0,4}"],
    ) {
        let places: Vec<usize> = WHOLE.char_indices().map(|(at, _)| at).collect();
        let (a, b) = (places[from.index(places.len())], places[to.index(places.len())]);
        let text = format!("{}{piece}{}", &WHOLE[..a.min(b)], &WHOLE[a.max(b)..]);
        if let Err(problems) = read(&text) {
            prop_assert!(!problems.is_empty());
        }
    }
}
