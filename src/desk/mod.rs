//! The page of one hand-off, as text: what the person needs in two seconds first, the conversation last.

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, context};
use serde::Serialize;

use crate::handoff::{Handoff, Speaker};
use crate::record::Turn;
use crate::store::archive::Kept;

const PAGE: &str = include_str!("page.html");
const EXPIRED: &str = include_str!("expired.html");

/// What the page shows. Texts are as they were said; the template escapes them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Page {
    caller: Option<String>,
    verified: String,
    /// `yes`, `no` or `unknown`: how far the number can be believed.
    trust: &'static str,
    line: Option<String>,
    began: Option<String>,
    language: String,
    reason: String,
    reason_code: String,
    trigger: String,
    sentiment: String,
    summary: String,
    summary_by: String,
    topic: Option<String>,
    facts: Vec<(String, String)>,
    transcript: Vec<Line>,
    /// Whether the conversation is only its end.
    shortened: bool,
    call_sid: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Line {
    /// `caller` or `agent`.
    who: &'static str,
    /// How long after the call began, where that is known: `0:05`.
    at: Option<String>,
    heard: String,
    /// What was said and not heard.
    unheard: String,
    interrupted: bool,
}

impl Page {
    /// From everything that is known of the call.
    pub fn from_kept(kept: &Kept, handoff_id: &str) -> Option<Self> {
        let handoff = kept.handoffs.iter().find(|handoff| handoff.handoff_id == handoff_id)?;
        let document = serde_json::to_string(handoff.document.expose()).ok()?;
        let document = Handoff::read(&document, &kept.call.call_sid, handoff_id).ok()?;
        let mut page = Self::from_document(&document);
        page.caller = kept.call.caller.as_ref().map(|caller| caller.expose().clone());
        page.line = kept.call.line.as_ref().map(|line| line.expose().clone());
        page.began = Some(kept.call.began_at.to_string());
        (page.trust, page.verified) = verified(kept.call.verified.as_deref());
        // Facts that did not fit into the document are here too.
        page.facts = kept.facts.iter().map(|(name, fact)| (name.clone(), fact.expose().clone())).collect();
        if !kept.turns.is_empty() {
            let began = kept.call.began_at.0;
            page.transcript = kept.turns.iter().filter_map(|turn| Line::of_turn(turn, began)).collect();
            page.shortened = false;
        }
        Some(page)
    }

    /// From the document alone.
    pub fn from_document(document: &Handoff) -> Self {
        let context = &document.context;
        let line = |line: &crate::handoff::Line| Line {
            who: who(line.who),
            at: None,
            heard: line.text.expose().clone(),
            unheard: String::new(),
            interrupted: false,
        };
        let facts = context.memory.iter();
        let (trust, verified) = verified(None);
        Self {
            caller: None,
            verified,
            trust,
            line: None,
            began: None,
            language: context.language.clone(),
            reason: document.reason.expose().clone(),
            reason_code: document.reason_code.clone(),
            trigger: context.trigger.word().replace('_', " "),
            sentiment: word(document.sentiment),
            summary: document.call_summary.expose().clone(),
            summary_by: word(context.summary_by),
            topic: context.topic.as_ref().map(|topic| topic.expose().clone()),
            facts: facts.map(|(name, fact)| (name.clone(), fact.expose().clone())).collect(),
            transcript: context.transcript.iter().map(line).collect(),
            shortened: true,
            call_sid: context.call_sid.to_string(),
        }
    }
}

impl Line {
    /// A turn of a call that began at a time, in milliseconds. One without words is none.
    fn of_turn(turn: &Turn, began: u64) -> Option<Self> {
        let seconds = turn.steps.began.saturating_sub(began) / 1000;
        let (text, heard) = (turn.text.expose(), turn.heard_text());
        let unheard = text[heard.len()..].trim().to_owned();
        let line = Self {
            who: who(turn.who),
            at: Some(format!("{}:{:02}", seconds / 60, seconds % 60)),
            heard: heard.trim().to_owned(),
            unheard,
            interrupted: turn.interrupted,
        };
        (!line.heard.is_empty() || !line.unheard.is_empty()).then_some(line)
    }
}

fn who(who: Speaker) -> &'static str {
    match who {
        Speaker::Caller => "caller",
        Speaker::Agent => "agent",
    }
}

fn word(value: impl Serialize) -> String {
    let word = serde_json::to_value(value).ok();
    word.as_ref().and_then(|word| word.as_str()).unwrap_or_default().to_owned()
}

/// What Twilio says of the number, for somebody who has to decide whether to believe it.
///
/// <https://www.twilio.com/docs/voice/trusted-calling-with-shakenstir>
fn verified(word: Option<&str>) -> (&'static str, String) {
    let (trust, words) = match word {
        Some("TN-Validation-Passed-A") => {
            ("yes", "The network vouches for the number. Who is calling was not verified.")
        }
        Some("TN-Validation-Passed-B" | "TN-Validation-Passed-C") => (
            "unknown",
            "The network vouches for where the call came from, not for the number. Who is calling was not verified.",
        ),
        Some(word) if word.starts_with("TN-Validation-Failed") => {
            ("no", "The network says that the number may be forged. Who is calling was not verified.")
        }
        Some(_) | None => ("unknown", "Not verified: the number is what the network sent."),
    };
    (trust, words.to_owned())
}

/// The page.
pub fn page(page: &Page) -> String {
    render(PAGE, context! { page => minijinja::Value::from(Serde(page)) })
}

/// What is shown where a link does not fit any more.
pub fn expired() -> String {
    render(EXPIRED, context! {})
}

fn render(template: &str, values: minijinja::Value) -> String {
    let mut environment = Environment::new();
    // Whatever a file is called: everything here goes into a page.
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment
        .render_named_str("desk.html", template, values)
        .expect("the template is compiled in and tested")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handoff::{Line as Said, Trigger};

    fn document() -> Handoff {
        let mut document = Handoff::bare("CA1".parse().unwrap(), "HO1".into(), Trigger::Key);
        document.reason = "<script>alert(1)</script>".into();
        document.call_summary = "Charged twice & \"upset\"".into();
        document.context.memory.insert("order".into(), "'><img src=x>".into());
        document.context.transcript = vec![Said { who: Speaker::Caller, text: "</li><b>hi</b>".into() }];
        document
    }

    #[test]
    fn what_a_caller_says_is_text_on_the_page() {
        let page = page(&Page::from_document(&document()));
        for forged in ["<script", "<img", "<b>"] {
            assert!(!page.contains(forged), "{forged} in {page}");
        }
        for shown in ["&lt;script&gt;", "Charged twice &amp; &quot;upset&quot;", "&lt;b&gt;hi"] {
            assert!(page.contains(shown), "{shown} not in {page}");
        }
        assert!(!page.contains(" style=") && !page.contains("onclick"), "the policy forbids both");
        assert!(expired().contains("<!doctype html>"));
    }

    #[test]
    fn what_was_cut_off_is_shown_as_cut_off() {
        let turn = Turn {
            key: crate::record::TurnKey::default(),
            who: Speaker::Agent,
            text: "One. Two.".into(),
            heard: 4,
            interrupted: true,
            runs: Vec::new(),
            steps: crate::record::Steps::default(),
            answers: None,
        };
        let turn = Turn { steps: crate::record::Steps { began: 66_000, ..turn.steps }, ..turn };
        let line = Line::of_turn(&turn, 1_000).unwrap();
        assert_eq!((line.heard.as_str(), line.unheard.as_str(), line.interrupted), ("One.", "Two.", true));
        assert_eq!(line.at.as_deref(), Some("1:05"));
        let shown = page(&Page { transcript: vec![line], ..Page::from_document(&document()) });
        assert!(shown.contains("<s><span class=\"aside\">cut off: </span>Two.</s>"), "{shown}");
    }

    #[test]
    fn a_number_is_believed_no_more_than_the_network_does() {
        let believed = |word| verified(Some(word)).0;
        assert!(verified(Some("TN-Validation-Passed-A")).1.starts_with("The network vouches for the number"));
        assert!(verified(Some("TN-Validation-Failed-C")).1.contains("forged"));
        assert!(verified(Some("anything")).1.starts_with("Not verified"));
        let words =
            ["TN-Validation-Passed-A", "TN-Validation-Passed-C", "TN-Validation-Failed-A", "anything"];
        assert_eq!(words.map(believed), ["yes", "unknown", "no", "unknown"]);
    }
}
