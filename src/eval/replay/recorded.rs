//! A call as it is kept, as far as a replay needs it. It is read in the form of `warmline calls export`, whichever
//! version of the bridge wrote it: keys that are not known are passed over.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::eval::scenario::{Act, Answers, Run};
use crate::store::archive::VERSION;

/// What nobody but the bridge, its operators or time decides: no prompt and no model would have done otherwise.
const BEYOND: [&str; 6] =
    ["drain", "overload", "supervisor", "routing", "bridge_failure", "longest_duration"];
/// The trigger of a hand-off that a key led to.
const KEY: &str = "key";
/// How an entry on the keypad stands among the words.
const KEYPAD: &str = "[keypad] ";

/// One call.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// Its name.
    pub call_sid: String,
    /// When it came in, as it is written.
    pub began_at: String,
    /// The version of its prompts.
    pub prompts: Option<String>,
    /// `escalated`, `completed` or `closed`.
    pub outcome: Option<String>,
    /// What was said, in turns: what the caller said, and what the agent answered. The first has no words of the
    /// caller's.
    pub exchanges: Vec<Exchange>,
    /// The hand-off that counts: the first.
    pub handoff: Option<HandOff>,
}

/// What the caller said, and what came of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Exchange {
    /// The caller's words.
    pub caller: String,
    /// The agent's, as far as they were heard.
    pub agent: String,
    /// Whether the caller cut them off.
    pub interrupted: bool,
    /// The tools that were called meanwhile.
    pub tools: Vec<Tool>,
}

/// A tool that was called.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it was asked with, as text.
    pub arguments: String,
    /// What it answered.
    #[serde(default)]
    pub result: Option<String>,
}

/// What a person got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOff {
    /// After which of the caller's turns.
    pub turn: u32,
    /// `reasonCode`.
    pub reason_code: String,
    /// `reason`.
    pub reason: String,
    /// `sentiment`.
    pub sentiment: String,
    /// `callSummary`.
    pub summary: String,
    /// What led to it.
    pub trigger: String,
}

/// Why a call cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It is something else.
    #[error("this is no call of `warmline calls export`: {0}")]
    Foreign(#[from] serde_json::Error),
    /// A newer version wrote it.
    #[error("this call has version {0}, and this version of warmline reads up to {VERSION}: use a newer one")]
    Newer(u32),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Exported {
    version: u32,
    call_sid: String,
    began_at: String,
    #[serde(default)]
    prompts: Option<String>,
    #[serde(default)]
    outcome: Option<String>,
    #[serde(default)]
    transcript: Vec<Said>,
    #[serde(default)]
    handoffs: Vec<Exchanged>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    who: String,
    text: String,
    #[serde(default)]
    heard: Option<String>,
    #[serde(default)]
    interrupted: bool,
    steps: Steps,
    #[serde(default)]
    tools: Vec<Tool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Steps {
    began_at: String,
}

/// A hand-off.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Exchanged {
    decided_at: String,
    document: Value,
}

impl Recorded {
    /// Reads an exported call.
    ///
    /// # Errors
    ///
    /// When it is none, or of a newer version.
    pub fn read(text: &str) -> Result<Self, RecordError> {
        /// Asked first: of a newer version nothing else may be understood.
        #[derive(Deserialize)]
        struct Head {
            version: u32,
        }
        let Head { version } = serde_json::from_str(text)?;
        if version > VERSION {
            return Err(RecordError::Newer(version));
        }
        let exported: Exported = serde_json::from_str(text)?;
        debug_assert_eq!(exported.version, version);
        let is_escalation = |it: &&Exchanged| text_at(&it.document, "/warmline/outcome") != "completed";
        let first = exported.handoffs.iter().find(is_escalation);
        // Times of one form and zone: they are in order as text.
        let before = |said: &Said| first.is_none_or(|it| said.steps.began_at <= it.decided_at);
        let turn = turns(&exchanges(exported.transcript.iter().filter(|said| before(said))));
        let handoff = first.map(|it| HandOff::read(&it.document, turn));
        Ok(Self {
            exchanges: exchanges(exported.transcript.iter()),
            call_sid: exported.call_sid,
            began_at: exported.began_at,
            prompts: exported.prompts,
            outcome: exported.outcome,
            handoff,
        })
    }

    /// How many times the caller spoke.
    pub fn turns(&self) -> u32 {
        turns(&self.exchanges)
    }

    /// What led to a person although no prompt and no model had a part in it.
    pub fn beyond(&self) -> Option<&str> {
        let trigger = &self.handoff.as_ref()?.trigger;
        BEYOND.contains(&trigger.as_str()).then_some(trigger)
    }

    /// What the caller does in a replay.
    pub fn acts(&self) -> Vec<Act> {
        let said = self.exchanges.iter().map(|it| it.caller.as_str()).filter(|words| !words.is_empty());
        let mut acts: Vec<Act> = said.map(act).collect();
        // The key for a person stands among the words, unless another rule took it first.
        if let Some(it) = self.handoff.as_ref().filter(|it| it.trigger == KEY) {
            let at = acts.len().min(it.turn as usize);
            if !matches!(at.checked_sub(1).and_then(|before| acts.get(before)), Some(Act::Keys(_))) {
                acts.insert(at, Act::Keys("0".to_owned()));
            }
        }
        acts
    }

    /// What each tool answered, by its name.
    pub fn answers(&self) -> BTreeMap<String, Answers> {
        let mut runs: BTreeMap<String, Vec<Run>> = BTreeMap::new();
        for tool in self.exchanges.iter().flat_map(|it| &it.tools) {
            let Some(result) = &tool.result else { continue };
            let arguments = serde_json::from_str(&tool.arguments).unwrap_or(Value::Null);
            let run = Run { arguments, result: result_of(result) };
            runs.entry(tool.name.clone()).or_default().push(run);
        }
        runs.into_iter().map(|(name, runs)| (name, Answers::Recorded(runs))).collect()
    }
}

impl HandOff {
    fn read(document: &Value, turn: u32) -> Self {
        let text = |path| text_at(document, path).to_owned();
        Self {
            turn,
            reason_code: text("/reasonCode"),
            reason: text("/reason"),
            sentiment: text("/sentiment"),
            summary: text("/callSummary"),
            trigger: text("/warmline/trigger"),
        }
    }
}

/// Words, or an entry on the keypad.
fn act(words: &str) -> Act {
    let keys = words.strip_prefix(KEYPAD).map(str::trim);
    let is_key = |c: char| c.is_ascii_digit() || matches!(c, '*' | '#');
    match keys.filter(|keys| !keys.is_empty() && keys.chars().all(is_key)) {
        Some(keys) => Act::Keys(keys.to_owned()),
        None => Act::Say(words.to_owned()),
    }
}

/// An answer, or the failure that a model was told.
fn result_of(result: &str) -> Result<String, String> {
    let value: Option<Value> = serde_json::from_str(result).ok();
    let failure = value.as_ref().and_then(|value| value.as_object()).filter(|object| object.len() == 1);
    match failure.and_then(|object| object.get("error")?.as_str()) {
        Some(error) => Err(error.to_owned()),
        None => Ok(result.to_owned()),
    }
}

/// Turns in pairs: what a caller says in several utterances before anything is heard of an answer is one.
fn exchanges<'a>(transcript: impl Iterator<Item = &'a Said>) -> Vec<Exchange> {
    let mut exchanges = vec![Exchange::default()];
    for said in transcript {
        let text = said.text.trim();
        let is_caller = said.who == "caller";
        let last = exchanges.len() - 1;
        if is_caller && !text.is_empty() {
            // An entry on the keypad is none of the words before or after it.
            let is_entry = text.starts_with(KEYPAD) || exchanges[last].caller.starts_with(KEYPAD);
            let is_answered = !exchanges[last].agent.is_empty() || !exchanges[last].tools.is_empty();
            let is_new = last == 0 || is_entry || is_answered;
            if is_new {
                exchanges.push(Exchange { caller: text.to_owned(), ..Exchange::default() });
            } else {
                join(&mut exchanges[last].caller, text);
            }
        } else if !is_caller {
            join(&mut exchanges[last].agent, said.heard.as_deref().unwrap_or(text).trim());
            exchanges[last].interrupted |= said.interrupted;
        }
        let last = exchanges.len() - 1;
        exchanges[last].tools.extend(said.tools.iter().cloned());
    }
    exchanges
}

fn join(to: &mut String, text: &str) {
    if !to.is_empty() && !text.is_empty() {
        to.push(' ');
    }
    to.push_str(text);
}

fn turns(exchanges: &[Exchange]) -> u32 {
    u32::try_from(exchanges.iter().filter(|it| !it.caller.is_empty()).count()).unwrap_or(u32::MAX)
}

fn text_at<'a>(document: &'a Value, path: &str) -> &'a str {
    document.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(who: &str, text: &str, second: u32, tools: Value) -> Value {
        json!({"who": who, "text": text, "heard": text, "interrupted": false, "session": 0,
            "steps": {"beganAt": format!("2026-11-01T10:00:{second:02}.000Z")}, "tools": tools})
    }

    fn exported(transcript: Vec<Value>, trigger: &str) -> String {
        json!({"version": 1, "callSid": "CA1", "beganAt": "2026-11-01T10:00:00.000Z", "outcome": "escalated",
            "a later key": 1, "transcript": transcript, "handoffs": [{"handoffId": "HO1", "decidedAt": "2026-11-01T10:00:20.000Z",
            "document": {"reasonCode": "billing", "reason": "Twice", "sentiment": "negative", "callSummary": "Charged.",
                "warmline": {"trigger": trigger, "outcome": "escalated"}}}]})
        .to_string()
    }

    #[test]
    fn a_call_is_read_in_exchanges_and_its_hand_off_by_the_callers_turn() {
        let run = json!([{"name": "find", "arguments": "{\"order\": 4711}", "result": "{\"late\":true}"},
            {"name": "find", "arguments": "{\"order\": 1}", "result": "{\"error\":\"no answer in time\"}"}]);
        let call = Recorded::read(&exported(
            vec![
                said("agent", "Hello.", 0, json!([])),
                said("caller", "My parcel", 2, json!([])),
                said("caller", "is late.", 3, json!([])),
                said("agent", "Which one?", 4, run),
                said("caller", "[keypad] 4711", 8, json!([])),
                said("agent", "One moment.", 9, json!([])),
                said("caller", "Thanks.", 30, json!([])),
            ],
            "model",
        ))
        .unwrap();
        let words: Vec<&str> = call.exchanges.iter().map(|it| it.caller.as_str()).collect();
        assert_eq!(words, ["", "My parcel is late.", "[keypad] 4711", "Thanks."]);
        assert_eq!(
            (call.turns(), call.handoff.as_ref().unwrap().turn),
            (3, 2),
            "thanks came after it was decided"
        );
        assert_eq!(call.acts()[1], Act::Keys("4711".to_owned()));
        let Some(Answers::Recorded(runs)) = call.answers().remove("find") else { panic!() };
        assert_eq!(
            runs[0],
            Run { arguments: json!({"order": 4711}), result: Ok("{\"late\":true}".to_owned()) }
        );
        assert_eq!(runs[1].result, Err("no answer in time".to_owned()));
    }

    #[test]
    fn a_key_is_pressed_again_and_an_operators_deed_is_not_judged() {
        let words = vec![said("caller", "Hello?", 2, json!([])), said("agent", "Yes?", 3, json!([]))];
        let pressed = Recorded::read(&exported(words.clone(), "key")).unwrap();
        assert_eq!(pressed.acts(), [Act::Say("Hello?".to_owned()), Act::Keys("0".to_owned())]);
        assert_eq!(pressed.beyond(), None);
        assert_eq!(Recorded::read(&exported(words, "supervisor")).unwrap().beyond(), Some("supervisor"));
    }

    #[test]
    fn what_is_no_call_or_too_new_is_refused() {
        assert!(
            Recorded::read("{\"calls\": 1}")
                .unwrap_err()
                .to_string()
                .contains("no call of `warmline calls export`")
        );
        let newer = exported(Vec::new(), "model").replace("\"version\":1", "\"version\":2");
        assert!(Recorded::read(&newer).unwrap_err().to_string().contains("version 2"));
    }
}
