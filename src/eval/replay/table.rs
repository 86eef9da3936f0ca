//! A replay for a terminal of 80 columns.

use std::fmt::Write;

use super::{Change, Replay};
use crate::eval::report::{plain, wrapped};

/// What no replay can know.
pub(super) const LIMIT: &str = "A replay feeds what callers said then. Once an answer differs, a real caller might \
                                have said something else: what follows the first different answer is a guess.";

/// What changed, call by call.
pub fn table(replay: &Replay) -> String {
    let mut page = String::new();
    let subject = &replay.subject;
    let calls = replay.calls.len();
    let heading = format!(
        "{calls} {} replayed: {}, prompts {} ({})",
        if calls == 1 { "call" } else { "calls" },
        subject.model,
        subject.prompts,
        subject.version
    );
    wrapped(&mut page, &plain(&heading), "");
    page.push('\n');
    for change in Change::ALL {
        if let Some(count) = replay.counts.get(&change) {
            let _ = writeln!(page, "  {:<26}{count:>6}", change.words());
        }
    }
    for call in &replay.calls {
        page.push('\n');
        wrapped(&mut page, &plain(&format!("{} {}", call.call_sid, call.change.words())), "");
        if call.change == Change::Same && call.diverged.is_none() {
            continue;
        }
        wrapped(&mut page, &plain(&call.then.words()), "  then  ");
        wrapped(&mut page, &plain(&call.now.words()), "  now   ");
        match call.diverged {
            Some(0) => wrapped(&mut page, "the greeting differs", "  first different answer: "),
            Some(turn) => wrapped(&mut page, &format!("after turn {turn}"), "  first different answer: "),
            None => {}
        }
    }
    page.push('\n');
    wrapped(&mut page, LIMIT, "");
    page
}
