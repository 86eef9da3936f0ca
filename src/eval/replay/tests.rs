use serde_json::{Value, json};

use super::*;
use crate::eval::outcome::Trial;
use crate::eval::scenario::Act;
use crate::eval::scratch::{escalated, results};

const BOTH: Also = Also { email: true, phone: true };

/// A recorded call: what was said in turns, and after which of them a person took over.
fn recorded(said: &[(&str, &str)], handoff: Option<u32>, trigger: &str) -> Recorded {
    let exchanges = said.iter().map(|(caller, agent)| Exchange {
        caller: (*caller).to_owned(),
        agent: (*agent).to_owned(),
        ..Exchange::default()
    });
    Recorded {
        call_sid: "CA1".to_owned(),
        began_at: "2026-11-01T10:00:00.000Z".to_owned(),
        prompts: None,
        outcome: None,
        exchanges: exchanges.collect(),
        handoff: handoff.map(|turn| HandOff {
            turn,
            reason_code: "billing".to_owned(),
            reason: "Call me at +1 555 123 4567".to_owned(),
            sentiment: "neutral".to_owned(),
            summary: "Mail jane@example.com".to_owned(),
            trigger: trigger.to_owned(),
        }),
    }
}

fn trial(end: Value, said: &[(&str, &str)]) -> Trial {
    let mut lines = Vec::new();
    for (caller, agent) in said {
        if !caller.is_empty() {
            lines.push(json!({"who": "caller", "text": caller, "interrupted": false}));
        }
        lines.push(json!({"who": "agent", "text": agent, "interrupted": false}));
    }
    let mut trial: Trial =
        serde_json::from_value(crate::eval::scratch::trial(0, 0, 1, end, Vec::new())).unwrap();
    trial.transcript = serde_json::from_value(Value::Array(lines)).unwrap();
    trial
}

fn replay(recorded: Recorded, trial: Option<Trial>) -> Call {
    let mut results = results(1, 1, Vec::new());
    results.trials.extend(trial);
    Replay::of(vec![recorded], &results, BOTH).unwrap().calls.remove(0)
}

const SAID: [(&str, &str); 3] = [("", "Hello."), ("Hi.", "Yes?"), ("Help!", "Of course.")];

#[test]
fn what_changed_is_told_by_the_turn_of_the_hand_off() {
    let left = || json!({"how": "left_by_caller"});
    let failed = json!({"how": "failed", "why": "out of reach"});
    for (then, trigger, now, change) in [
        (Some(2), "model", escalated(2), Change::Same),
        (Some(2), "model", escalated(1), Change::Earlier),
        (Some(1), "model", escalated(2), Change::Later),
        (Some(2), "request", left(), Change::NoLonger),
        (Some(2), "model", json!({"how": "completed"}), Change::NoLonger),
        (None, "", escalated(1), Change::Newly),
        (None, "", left(), Change::Same),
        (Some(2), "supervisor", left(), Change::Beyond),
        (Some(2), "model", failed, Change::Failed),
    ] {
        let call = replay(recorded(&SAID, then, trigger), Some(trial(now, &SAID)));
        assert_eq!(call.change, change, "{then:?} by {trigger:?}");
    }
    assert_eq!(replay(recorded(&SAID, None, ""), None).change, Change::Failed, "it was never begun");
}

#[test]
fn the_first_different_answer_is_found() {
    let at = |now: &[(&str, &str)]| {
        replay(recorded(&SAID, None, ""), Some(trial(json!({"how": "left_by_caller"}), now))).diverged
    };
    assert_eq!(at(&SAID), None);
    assert_eq!(
        at(&[("", "Hello."), ("Hi.", " Yes? "), ("Help!", "Of  course.")]),
        None,
        "white space tells nothing"
    );
    assert_eq!(at(&[("", "Good day."), ("Hi.", "Yes?"), ("Help!", "Of course.")]), Some(0));
    assert_eq!(at(&[("", "Hello."), ("Hi.", "Yes?"), ("Help!", "No.")]), Some(2));
    assert_eq!(at(&SAID[..2]), Some(2), "it was over before");
    // What the caller cut off may have gone on like this.
    let mut cut = recorded(&SAID, None, "");
    cut.exchanges[2] = Exchange { agent: "Of".to_owned(), interrupted: true, ..cut.exchanges[2].clone() };
    assert_eq!(replay(cut, Some(trial(json!({"how": "left_by_caller"}), &SAID))).diverged, None);
}

#[test]
fn numbers_and_addresses_are_masked_in_everything_that_is_shown() {
    let said = [("", "Your number, please?"), ("It is +1 555 123 4567, jane@example.com", "Thank you.")];
    let mut then = recorded(&said, Some(1), "model");
    then.exchanges[1].tools.push(Tool {
        name: "find".to_owned(),
        arguments: "{\"phone\":\"+1 555 123 4567\"}".to_owned(),
        result: Some("{\"mail\":\"jane@example.com\"}".to_owned()),
    });
    let mut results = results(1, 1, Vec::new());
    results.trials.push(trial(escalated(1), &said));
    for (also, is_shown) in [(BOTH, false), (Also::NOTHING, true)] {
        let replay = Replay::of(vec![then.clone()], &results, also).unwrap();
        let json = serde_json::to_string(&replay).unwrap();
        for text in [json, html(&replay)] {
            assert_eq!(text.contains("555 123 4567"), is_shown, "{text}");
        }
        assert_eq!(html(&replay).contains("jane@example.com"), is_shown);
        assert!(html(&replay).contains("find {&quot;phone&quot;"), "the rest of a tool's line stays");
    }
}

#[test]
fn a_table_says_what_changed_and_fits_80_columns() {
    let then = recorded(&SAID, Some(2), "model");
    let mut results = results(1, 1, Vec::new());
    results.trials.push(trial(json!({"how": "left_by_caller"}), &SAID[..2]));
    let table = table(&Replay::of(vec![then], &results, BOTH).unwrap());
    for shown in [
        "  no longer escalates            1\n",
        "CA1 no longer escalates\n  then  a person after turn 2: Call me at ",
        "  now   no person; the caller's words end after turn 2\n",
        "  first different answer: after turn 2\n",
    ] {
        assert!(table.contains(shown), "{shown} is not in\n{table}");
    }
    assert!(table.lines().all(|line| line.chars().count() <= 80));
}

#[test]
fn what_was_said_is_text_on_the_page() {
    let said = [("", "Hello."), ("<script>alert(1)</script>", "<img src=x onerror=alert(1)>")];
    let mut results = results(1, 1, Vec::new());
    results.trials.push(trial(json!({"how": "left_by_caller"}), &said));
    let page = html(&Replay::of(vec![recorded(&said[..1], None, "")], &results, BOTH).unwrap());
    assert_eq!(page.matches("<script").count(), 1);
    assert!(!page.contains("<img") && page.contains("the answers differ from here on"), "{page}");
}

#[test]
fn calls_become_scenarios_that_expect_nothing() {
    let set = scenarios(&[recorded(&SAID, None, ""), recorded(&SAID, Some(2), "key")]);
    assert_eq!(set.trades.len(), 1);
    assert_eq!(set.scenarios[1].name, "calls/000001");
    let Part::Acts(acts) = &set.scenarios[1].part else { panic!() };
    assert_eq!(acts.len(), 3, "two utterances, and the key");
}

#[test]
fn the_key_for_a_person_is_pressed_once() {
    let said = [("", "Hello."), ("Hi.", "Yes?"), ("[keypad] 0", "")];
    assert_eq!(
        recorded(&said, Some(2), "key").acts(),
        [Act::Say("Hi.".to_owned()), Act::Keys("0".to_owned())]
    );
    // Where another rule took the key before it became words.
    assert_eq!(
        recorded(&said[..2], Some(1), "key").acts(),
        [Act::Say("Hi.".to_owned()), Act::Keys("0".to_owned())]
    );
}
