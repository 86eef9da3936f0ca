//! One call, then and now.

use super::{Call, Change, Ending, Recorded};
use crate::eval::outcome::{End, Escalation, Line, PRESSES, Trial, Who};

/// Compares.
pub(super) fn call(recorded: Recorded, trial: Option<&Trial>) -> Call {
    let then = then(&recorded);
    let now = now(trial);
    let said_now = trial.map(|trial| trial.transcript.clone()).unwrap_or_default();
    let change = match recorded.beyond() {
        _ if matches!(now, Ending::Failed { .. }) => Change::Failed,
        Some(_) => Change::Beyond,
        None => change(&then, &now),
    };
    let diverged = trial.filter(|_| change != Change::Failed).and_then(|_| diverged(&recorded, &said_now));
    let said_then = lines(&recorded);
    let Recorded { call_sid, began_at, prompts, .. } = recorded;
    Call { call_sid, began_at, prompts, change, then, now, diverged, said_then, said_now }
}

fn then(recorded: &Recorded) -> Ending {
    match &recorded.handoff {
        Some(it) => Ending::Escalated(Escalation {
            turn: it.turn,
            reason_code: it.reason_code.clone(),
            reason: it.reason.clone(),
            sentiment: it.sentiment.clone(),
            summary: it.summary.clone(),
            trigger: it.trigger.clone(),
            targets: Vec::new(),
        }),
        None if recorded.outcome.as_deref() == Some("completed") => Ending::Completed,
        None => Ending::Left { turn: recorded.turns() },
    }
}

fn now(trial: Option<&Trial>) -> Ending {
    let Some(trial) = trial else {
        return Ending::Failed { why: "it was not begun: the replay was stopped before".to_owned() };
    };
    match &trial.end {
        End::Escalated(it) => Ending::Escalated(it.clone()),
        End::Completed => Ending::Completed,
        End::LeftByCaller => Ending::Left { turn: trial.turns },
        End::Failed { why } => Ending::Failed { why: why.clone() },
    }
}

fn change(then: &Ending, now: &Ending) -> Change {
    match (then, now) {
        (Ending::Escalated(then), Ending::Escalated(now)) => match now.turn.cmp(&then.turn) {
            std::cmp::Ordering::Less => Change::Earlier,
            std::cmp::Ordering::Equal => Change::Same,
            std::cmp::Ordering::Greater => Change::Later,
        },
        (Ending::Escalated(_), _) => Change::NoLonger,
        (_, Ending::Escalated(_)) => Change::Newly,
        _ => Change::Same,
    }
}

/// The first of the caller's turns whose answer is another. An answer that the caller cut off is the same if the new one
/// begins so.
fn diverged(recorded: &Recorded, now: &[Line]) -> Option<u32> {
    let answers = answers(now);
    let differs = |(turn, exchange): (usize, &super::Exchange)| {
        let then = words(&exchange.agent);
        let now = answers.get(turn).map(|answer| words(answer)).unwrap_or_default();
        let is_same = if exchange.interrupted { now.starts_with(&then) } else { now == then };
        (!is_same).then(|| u32::try_from(turn).unwrap_or(u32::MAX))
    };
    let first = recorded.exchanges.iter().enumerate().find_map(differs);
    let more = answers.len() > recorded.exchanges.len();
    first.or_else(|| more.then(|| u32::try_from(recorded.exchanges.len()).unwrap_or(u32::MAX)))
}

/// What the agent says after each of the caller's turns; the first is said before all of them.
fn answers(lines: &[Line]) -> Vec<String> {
    let mut answers = vec![String::new()];
    for line in lines {
        if begins_turn(line) {
            answers.push(String::new());
        } else if let Some(answer) = answers.last_mut().filter(|_| line.who == Who::Agent) {
            answer.push(' ');
            answer.push_str(&line.text);
        }
    }
    answers
}

/// Whether the caller does something: says words, or presses a key.
pub(super) fn begins_turn(line: &Line) -> bool {
    line.who == Who::Caller || line.who == Who::Event && line.text.starts_with(PRESSES)
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn lines(recorded: &Recorded) -> Vec<Line> {
    let mut lines = Vec::new();
    for exchange in &recorded.exchanges {
        let mut push = |who, text: String, interrupted| {
            if !text.is_empty() {
                lines.push(Line { who, text, interrupted });
            }
        };
        push(Who::Caller, exchange.caller.clone(), false);
        for tool in &exchange.tools {
            let result = tool.result.as_deref().unwrap_or("no result");
            push(Who::Tool, format!("{} {} → {result}", tool.name, tool.arguments), false);
        }
        push(Who::Agent, exchange.agent.clone(), exchange.interrupted);
    }
    lines
}
