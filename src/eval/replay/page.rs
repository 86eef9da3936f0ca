//! A replay as one page that needs nothing beside itself.

use serde::Serialize;

use super::compared::begins_turn;
use super::table::LIMIT;
use super::{Call, Change, Ending, Replay};
use crate::eval::outcome::Line;
use crate::eval::report::render;

const PAGE: &str = include_str!("page.html");

#[derive(Serialize)]
struct Page<'a> {
    replay: &'a Replay,
    limit: &'static str,
    counts: Vec<(&'static str, u32)>,
    /// Calls that changed, that could not be replayed, and the rest.
    sorted: [usize; 3],
    calls: Vec<View<'a>>,
}

#[derive(Serialize)]
struct View<'a> {
    call: &'a Call,
    state: &'static str,
    change: &'static str,
    then: EndingView<'a>,
    now: EndingView<'a>,
    said: [Vec<LineView<'a>>; 2],
}

#[derive(Serialize)]
struct EndingView<'a> {
    words: String,
    summary: Option<&'a str>,
}

#[derive(Serialize)]
struct LineView<'a> {
    #[serde(flatten)]
    line: &'a Line,
    /// Whether the answers differ from here on.
    forks: bool,
}

/// What changed, with both conversations side by side.
pub fn html(replay: &Replay) -> String {
    let calls: Vec<View<'_>> = replay.calls.iter().map(view).collect();
    let of = |state: &str| calls.iter().filter(|call| call.state == state).count();
    let counts = Change::ALL.into_iter().filter_map(|it| Some((it.words(), *replay.counts.get(&it)?)));
    let page = Page {
        replay,
        limit: LIMIT,
        counts: counts.collect(),
        sorted: [of("unmet"), of("unheld"), of("met")],
        calls,
    };
    render(PAGE, &page)
}

fn view(call: &Call) -> View<'_> {
    let state = match call.change {
        Change::NoLonger | Change::Newly | Change::Earlier | Change::Later => "unmet",
        Change::Failed => "unheld",
        Change::Same | Change::Beyond => "met",
    };
    View {
        call,
        state,
        change: call.change.words(),
        then: ending(&call.then),
        now: ending(&call.now),
        said: [forked(&call.said_then, call.diverged), forked(&call.said_now, call.diverged)],
    }
}

fn ending(ending: &Ending) -> EndingView<'_> {
    let summary = match ending {
        Ending::Escalated(it) => Some(it.summary.as_str()),
        Ending::Completed | Ending::Left { .. } | Ending::Failed { .. } => None,
    };
    EndingView { words: ending.words(), summary }
}

/// The lines, with a mark on the first that differs: the agent's after that turn.
fn forked(lines: &[Line], diverged: Option<u32>) -> Vec<LineView<'_>> {
    let mut turn = 0;
    let mut is_marked = false;
    let mut views = Vec::with_capacity(lines.len());
    for line in lines {
        let is_turn = begins_turn(line);
        turn += u32::from(is_turn);
        let forks = !is_marked && !is_turn && diverged.is_some_and(|at| turn >= at);
        is_marked |= forks;
        views.push(LineView { line, forks });
    }
    views
}
