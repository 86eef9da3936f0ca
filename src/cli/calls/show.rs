//! One call as a page of 80 columns.

use super::list::{lasted, minute};
use crate::handoff::Speaker;
use crate::store::archive::{HandedOff, Moment, Said, Whole};

const WIDTH: usize = 80;
/// How far everything but the first line of a paragraph is moved in.
const INDENT: usize = 17;

/// The whole call.
pub(super) fn page(whole: &Whole) -> String {
    let call = &whole.call;
    let mut page = Page::default();
    page.field("call", call.call_sid.as_str());
    let number = |number: &Option<crate::pii::Pii<String>>| {
        number.as_ref().map_or("unknown", |number| number.expose().as_str()).to_owned()
    };
    page.field("caller", &format!("{}, on {}", number(&call.caller), number(&call.line)));
    page.field("began", &format!("{} UTC, lasted {}", minute(call.began_at), lasted(call)));
    let sessions = match call.sessions {
        0 => ", never reached the agent".to_owned(),
        1 => String::new(),
        more => format!(", {more} sessions: the line dropped"),
    };
    page.field("turns", &format!("{}{sessions}", call.turns.unwrap_or(0)));
    page.field("language", call.language.as_deref().unwrap_or("unknown"));
    let variant = call.prompt_variant.as_ref().map_or(String::new(), |variant| format!("{variant} "));
    page.field("prompts", &format!("{variant}{}", call.prompts.as_deref().unwrap_or("unknown")));
    page.field("ended", call.outcome.as_deref().unwrap_or("not yet, or its process died"));
    if let Some(recording) = &call.recording {
        page.field("recording", &format!("{} ({})", recording.url, recording.state));
    }
    for (name, fact) in &whole.facts {
        page.field("fact", &format!("{name} = {}", fact.expose()));
    }
    for trigger in &whole.triggers {
        page.field("trigger", &format!("{} at {}", trigger.name, second(trigger.happened_at)));
    }
    page.0.push('\n');
    for said in &whole.transcript {
        turn(&mut page, said);
    }
    for handoff in &whole.handoffs {
        page.0.push('\n');
        hand_off(&mut page, handoff);
    }
    page.0
}

fn turn(page: &mut Page, said: &Said) {
    let who = match said.who {
        Speaker::Caller => "caller",
        Speaker::Agent => "agent",
    };
    let (heard, text) = (said.heard.expose(), said.text.expose());
    let unheard = text.strip_prefix(heard.as_str()).unwrap_or_default().trim();
    let mut words = heard.trim().to_owned();
    if !unheard.is_empty() {
        let why = if said.interrupted { "cut off" } else { "not heard" };
        words.push_str(&format!(" [{why}: {unheard}]"));
    }
    page.field(&format!("{} {who}", second(said.steps.began_at)), words.trim());
    if let Some(first) = said.steps.first_frame_at.filter(|_| said.steps.first_delta_at.is_some()) {
        page.field("", &format!("(first word after {} ms)", first.0.saturating_sub(said.steps.began_at.0)));
    }
    for tool in &said.tools {
        let took = tool.ended_at.map(|ended| ended.0.saturating_sub(tool.began_at.0));
        let took = took.map_or("not finished".to_owned(), |took| format!("{took} ms"));
        page.field("  tool", &format!("{} {} ({took})", tool.name, tool.arguments.expose()));
    }
}

fn hand_off(page: &mut Page, handoff: &HandedOff) {
    let document = handoff.document.expose();
    let text = |key: &str| document.get(key).and_then(|value| value.as_str()).unwrap_or("–").to_owned();
    page.field("hand-off", &handoff.handoff_id);
    page.field("state", &format!("{} at {}", handoff.state, second(handoff.changed_at)));
    page.field("target", handoff.target.as_deref().unwrap_or("none yet"));
    page.field("reason", &format!("{} ({})", text("reason"), text("reasonCode")));
    page.field("sentiment", &text("sentiment"));
    page.field("summary", &text("callSummary"));
}

/// `06:25:09`
fn second(moment: Moment) -> String {
    moment.to_string().chars().skip(11).take(8).collect()
}

#[derive(Default)]
struct Page(String);

impl Page {
    /// A paragraph behind a name, broken between words.
    fn field(&mut self, name: &str, text: &str) {
        let mut line = format!("{name:<INDENT$}");
        debug_assert!(name.len() < INDENT, "a name runs into its text");
        let mut is_empty = true;
        // What a caller said may hold anything; a terminal must not obey it.
        for word in text.split_whitespace().flat_map(pieces) {
            let word: String = word.chars().filter(|c| !c.is_control()).collect();
            if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.line(&line);
                line = " ".repeat(INDENT);
                is_empty = true;
            }
            if !is_empty {
                line.push(' ');
            }
            line.push_str(&word);
            is_empty = false;
        }
        self.line(&line);
    }

    fn line(&mut self, line: &str) {
        self.0.push_str(line.trim_end());
        self.0.push('\n');
    }
}

/// A word in parts that fit into a line.
fn pieces(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    letters.chunks(WIDTH - INDENT).map(|part| part.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_fits_80_columns_and_a_terminal_obeys_nothing_in_it() {
        let mut page = Page::default();
        page.field("06:25:09 caller", &format!("hello \u{1b}[2J {} {}", "x".repeat(200), "word ".repeat(40)));
        assert!(page.0.lines().all(|line| line.chars().count() <= 80), "{}", page.0);
        assert!(!page.0.contains('\u{1b}') && page.0.lines().count() > 4);
    }
}
