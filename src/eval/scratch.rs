//! Results made by hand, for tests.

use serde_json::{Value, json};

use super::outcome::Results;

/// A check.
pub(crate) fn check(about: &str, met: bool) -> Value {
    json!({"about": about, "expected": format!("{about} as it should be"), "found": "something else", "met": met})
}

/// How a trial ends with a person.
pub(crate) fn escalated(turn: u32) -> Value {
    json!({"how": "escalated", "turn": turn, "reason_code": "billing", "reason": "Charged twice", "sentiment": "negative",
        "summary": "The caller was charged twice.", "trigger": "model", "targets": ["billing"]})
}

/// A trial.
pub(crate) fn trial(subject: usize, case: usize, number: u32, end: Value, checks: Vec<Value>) -> Value {
    json!({"subject": subject, "case": case, "number": number, "end": end, "turns": 2, "checks": checks,
    "first_token": [100 + 100 * number, 400], "lasted": 1_234, "judgement": null,
    "usage": {"questions": 2, "prompt": 1_000, "completion": 100, "estimated": false, "price": null},
    "transcript": [
        {"who": "agent", "text": "Hello, how can I help?", "interrupted": false},
        {"who": "caller", "text": "I was charged twice.", "interrupted": false},
        {"who": "tool", "text": "find_invoice {} → {\"amount\":12}", "interrupted": false},
    ]})
}

/// Results of these trials, with four scenarios in two groups.
pub(crate) fn results(subjects: usize, repeats: u32, trials: Vec<Value>) -> Results {
    let subject = |label: &str| json!({"label": label, "prompts": "embedded", "version": "0a1b2c3d", "model": "embedded agent"});
    let case = |name: &str, escalates: Option<bool>| {
        json!({"name": name, "title": "Somebody calls", "group": name.split('/').next(), "tags": ["near-miss"],
            "escalates": escalates, "within_turns": escalates.filter(|it| *it).map(|_| 2)})
    };
    let subjects: Vec<Value> = ["v1", "v2"].into_iter().take(subjects).map(subject).collect();
    let value = json!({"format": 1, "began": 1_790_000_000_000_u64, "lasted": 61_000, "repeats": repeats,
        "subjects": subjects, "trials": trials, "judge": null, "caller": null, "skipped": [], "a later key": {"is": "passed over"},
        "cases": [case("bank/asks", Some(true)), case("bank/keeps", Some(false)), case("parcel/asks", Some(true)), case("parcel/either", None)]});
    serde_json::from_value(value).unwrap()
}

/// Two trials of each scenario: one escalation missed, one needless, one trial not held, one never begun.
pub(crate) fn mixed() -> Results {
    let failed = json!({"how": "failed", "why": "the model is out of reach: check OPENAI_BASE_URL"});
    let left = json!({"how": "left_by_caller"});
    let asks = |met| vec![check("escalates", met), check("summary_fact", met), check("summary_fact", false)];
    results(
        1,
        2,
        vec![
            trial(0, 0, 1, escalated(2), vec![check("escalates", true), check("summary_fact", true)]),
            trial(0, 0, 2, left.clone(), asks(false)),
            trial(0, 1, 1, escalated(5), vec![check("stays_with_agent", false), check("tool", true)]),
            trial(0, 1, 2, left.clone(), vec![check("stays_with_agent", true), check("tool", false)]),
            trial(0, 2, 1, escalated(4), vec![check("escalates", true), check("sentiment", false)]),
            trial(0, 2, 2, failed, vec![]),
            trial(0, 3, 1, left, vec![]),
        ],
    )
}
