//! What a file must hold, and what in it contradicts itself.

use super::read::EXPECTATIONS;
use super::reader::Reader;
use super::{Expect, Outcome};
use crate::handoff::Sentiment;

/// Checks what no single key can tell.
pub(super) fn whole(reader: &mut Reader<'_>, expect: &Expect) {
    if !reader.has("title") {
        reader.problem_of_all("`title` is missing: one line that says what the scenario is about");
    }
    match (reader.has("say"), reader.has("simulated")) {
        (false, false) => reader.problem_of_all("nobody speaks: expected `say` or `[simulated]`"),
        (true, true) => {
            reader.problem("simulated", "`say` has the caller's words already: one of the two".to_owned());
        }
        (true, false) if !reader.has("say[1]") => {
            reader.problem("say", "nothing is said: it is an empty list".to_owned());
        }
        _ => {}
    }
    if !EXPECTATIONS.iter().any(|key| reader.has(&format!("expect.{key}"))) {
        reader.problem_of_all("nothing is expected: `[expect]` is missing or empty");
    }
    for key in ["reason_code", "sentiment", "summary", "says", "never_says", "tools"] {
        let path = format!("expect.{key}");
        if reader.has(&path) && !reader.has(&format!("{path}[1]")) {
            reader.problem(&path, "an empty list expects nothing".to_owned());
        }
    }
    let holds_for_all = ["escalates", "outcome", "says", "never_says", "language", "tools"];
    let told = EXPECTATIONS.iter().find(|key| reader.has(&format!("expect.{key}")));
    if let Some(key) = told
        && !holds_for_all.iter().any(|key| reader.has(&format!("expect.{key}")))
    {
        let cause = "it is checked only if a person takes over: add `escalates = true`, or what holds without a person";
        reader.problem(&format!("expect.{key}"), cause.to_owned());
    }
    contradictions(reader, expect);
    for (word, number) in expect.sentiment.iter().zip(1..) {
        if Sentiment::from_word(word).word() != word {
            let path = format!("expect.sentiment[{number}]");
            reader.problem(&path, "expected `positive`, `neutral` or `negative`".to_owned());
        }
    }
}

fn contradictions(reader: &mut Reader<'_>, expect: &Expect) {
    let of_escalations = ["within_turns", "reason_code", "sentiment", "summary"];
    let nobody = match (expect.escalates, expect.outcome) {
        (Some(false), _) => Some("`escalates = false`"),
        (_, Some(Outcome::Completed)) => Some("`outcome = \"completed\"`"),
        (_, Some(Outcome::Left)) => Some("`outcome = \"left\"`"),
        (Some(true) | None, Some(Outcome::Escalated) | None) => None,
    };
    if let Some(nobody) = nobody {
        for key in of_escalations {
            let path = format!("expect.{key}");
            if reader.has(&path) {
                reader.problem(
                    &path,
                    format!("it tells of a person who takes over, and {nobody} says that none does"),
                );
            }
        }
    }
    let contradicts = match (expect.escalates, expect.outcome) {
        (Some(true), Some(outcome)) => outcome != Outcome::Escalated,
        (Some(false), Some(outcome)) => outcome == Outcome::Escalated,
        (None, _) | (_, None) => false,
    };
    if contradicts {
        reader.problem("expect.outcome", "it contradicts `escalates`".to_owned());
    }
    for (never, number) in expect.never_says.iter().zip(1..) {
        if expect.says.iter().any(|fact| fact.shares_spelling(never)) {
            let path = format!("expect.never_says[{number}]");
            reader.problem(&path, "`says` wants the same words".to_owned());
        }
    }
    for (tool, number) in expect.tools.iter().zip(1..) {
        let wanted = |other: &&super::ExpectedTool| other.name == tool.name && !other.never;
        let excludes =
            |other: &super::ExpectedTool| tool.arguments.is_none() || tool.arguments == other.arguments;
        if tool.never && expect.tools.iter().filter(wanted).any(excludes) {
            let path = format!("expect.tools[{number}]");
            reader.problem(&path, format!("`{}` is expected too", tool.name));
        }
    }
}
