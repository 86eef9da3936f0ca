//! Takes out of a replayed call what must not leave: with the means of every other exit.

use super::{Call, Ending};
use crate::eval::outcome::{Line, PRESSES, Who};
use crate::handoff::{Line as Said, Speaker};
use crate::mask::{Also, mask_also, mask_json_also};
use crate::redact;

/// Hides what `also` names, and what is hidden everywhere.
pub(super) fn hide(call: &mut Call, also: Also) {
    let asked: Vec<&str> = call
        .said_then
        .iter()
        .chain(&call.said_now)
        .filter(|line| line.who == Who::Agent)
        .map(|it| it.text.as_str())
        .collect();
    // A summary quotes answers without their questions.
    let asked = asked.join(" ");
    for ending in [&mut call.then, &mut call.now] {
        if let Ending::Escalated(it) = ending {
            for text in [&mut it.reason, &mut it.summary] {
                *text = mask_also(text, Some(&asked), also).into_owned();
            }
        }
    }
    for lines in [&mut call.said_then, &mut call.said_now] {
        hide_lines(lines, also);
    }
}

fn hide_lines(lines: &mut [Line], also: Also) {
    // What is keyed answers a question as words do: the question tells what the digits are.
    let speaker = |line: &Line| match line.who {
        Who::Caller => Some(Speaker::Caller),
        Who::Agent => Some(Speaker::Agent),
        Who::Event if line.text.starts_with(PRESSES) => Some(Speaker::Caller),
        Who::Tool | Who::Event => None,
    };
    let said =
        lines.iter().filter_map(|line| Some(Said { who: speaker(line)?, text: line.text.as_str().into() }));
    let mut said: Vec<Said> = said.collect();
    redact::lines(&mut said, also);
    let mut said = said.into_iter();
    for line in lines {
        line.text = match speaker(line) {
            Some(_) => said.next().map(|said| said.text.into_inner()).unwrap_or_default(),
            None => hide_tool(&line.text, also),
        };
    }
}

/// `find_order {"card": "…"} → {"state": "…"}`: its keys tell what its values are.
fn hide_tool(text: &str, also: Also) -> String {
    let Some((call, result)) = text.split_once(" → ") else {
        return mask_also(text, None, also).into_owned();
    };
    let (name, arguments) = call.split_once(' ').unwrap_or((call, ""));
    format!("{name} {} → {}", mask_json_also(arguments, also), mask_json_also(result, also))
}
