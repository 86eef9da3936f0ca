//! What the model sends: an answer, or what the plan makes of it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::endpoint::Tag;
use crate::plan::{ModelFault, Turn, Wish};
use crate::tally::Tally;

/// A piece of an answer.
pub(crate) enum Piece {
    Data(String),
    Wait(Duration),
    /// Nothing more, and the stream stays open.
    Hold,
    /// The connection breaks off.
    Cut,
}

/// A whole answer: a refusal, or pieces.
pub(crate) struct Steps {
    pub(crate) refusal: Option<Refusal>,
    pub(crate) pieces: Vec<Piece>,
}

/// An answer with a status that is not 200.
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) header: Option<(&'static str, String)>,
    pub(crate) body: &'static str,
}

/// Words in an answer, and how many of them make a clause.
const WORDS: usize = 8;
const CLAUSE: usize = 4;
const PACE: Duration = Duration::from_millis(10);

impl Steps {
    /// A call nobody knows: what it asks is answered without a tag.
    pub(crate) fn lost() -> Self {
        Self { refusal: None, pieces: vec![words("Please go on."), finish(Some("stop"))] }
    }

    fn refusal(status: u16, header: Option<(&'static str, String)>, body: &'static str) -> Self {
        Self { refusal: Some(Refusal { status, header, body }), pieces: Vec::new() }
    }
}

/// What is sent for the request that is number `asked` of its turn, and number `request_number` of all.
pub(crate) fn steps(
    turn: &Turn,
    tag: Tag,
    asked: usize,
    request_number: u64,
    request: &Value,
    speed: u64,
    tally: &Tally,
) -> Steps {
    let fault = turn.fault.filter(|_| turn.lasting || asked == 0);
    if let Some(fault) = fault {
        let name = format!("{fault:?}");
        tally.fault(format!("model {name}").to_lowercase());
    }
    // Last words and summaries have rules of their own: their words may come from a request that an interrupt
    // found under way.
    let kind = if request["tool_choice"].is_null() || request["tool_choice"] == "auto" { 'a' } else { 'g' };
    let word = format!("{tag}q{request_number}{kind}");
    let said = speech(&word, WORDS);
    let thinking = Piece::Wait(turn.thinking);
    let part = |finish: Vec<Piece>| {
        let mut pieces = vec![head(), Piece::Wait(turn.thinking)];
        pieces.extend(speech(&word, 3));
        pieces.extend(finish);
        Steps { refusal: None, pieces }
    };
    let whole = |pieces: Vec<Piece>| Steps { refusal: None, pieces };
    let call = |name: &str, arguments: &str| {
        whole(vec![head(), Piece::Wait(turn.thinking), tool(name, arguments), finish(Some("tool_calls"))])
    };
    match fault {
        None => {}
        Some(ModelFault::Status(status)) => return Steps::refusal(status, None, "{}"),
        Some(ModelFault::RateLimit(None)) => return Steps::refusal(429, None, "{}"),
        Some(ModelFault::RateLimit(Some(ms))) => {
            return Steps::refusal(429, Some(("retry-after-ms", ms.to_string())), "{}");
        }
        Some(ModelFault::TooLong) => {
            return Steps::refusal(400, None, r#"{"error":{"code":"context_length_exceeded"}}"#);
        }
        Some(ModelFault::Silent) => return whole(vec![head(), Piece::Hold]),
        Some(ModelFault::Stall) => return part(vec![Piece::Hold]),
        Some(ModelFault::Truncated) => return part(vec![]),
        Some(ModelFault::Disconnect) => return part(vec![Piece::Cut]),
        Some(ModelFault::Garbage) => {
            return part(vec![Piece::Data("data: {\"choices\": [}\n\n".to_owned())]);
        }
        Some(ModelFault::Empty) => return whole(vec![head(), finish(Some("stop"))]),
        Some(ModelFault::Filtered) => return part(vec![finish(Some("content_filter"))]),
        Some(ModelFault::Length) => return part(vec![finish(Some("length"))]),
        Some(ModelFault::LengthAtOnce) => return whole(vec![head(), finish(Some("length"))]),
        Some(ModelFault::UnknownTool) => return call("no_such_tool", "{}"),
        Some(ModelFault::BadArguments) => return call("find_parcel", "{\"number\": 4711"),
        Some(ModelFault::BadEscalation) => return call("escalate", r#"{"reason":""}"#),
        Some(ModelFault::ToolLoop) => return call("remember", r#"{"facts":{"again":"yes"}}"#),
        Some(ModelFault::EndlessCall) => return whole(endless(speed)),
    }
    let wants = |name: &str| request["tool_choice"]["function"]["name"] == name;
    if wants("escalate") || (turn.wish == Wish::Escalation && kind == 'a') {
        return call("escalate", &escalation(tag));
    }
    if turn.wish == Wish::Goodbye && kind == 'a' {
        return call("end_call", "{}");
    }
    let after_tool =
        request["messages"].as_array().and_then(|all| all.last()).is_some_and(|m| m["role"] == "tool");
    if turn.tool.is_some() && kind == 'a' && !after_tool {
        return call("find_parcel", &json!({ "number": tag.to_string() }).to_string());
    }
    let mut pieces = vec![head(), thinking];
    pieces.extend(said);
    pieces.push(finish(Some("stop")));
    whole(pieces)
}

/// A tool call that never ends, in pieces that keep coming.
fn endless(speed: u64) -> Vec<Piece> {
    let mut pieces = vec![head(), tool("remember", "{\"facts\": {\"a\": \"")];
    for _ in 0..400 {
        pieces.push(Piece::Wait(Duration::from_millis(800) / speed as u32));
        pieces.push(chunk(json!({"tool_calls": [{"index": 0, "function": {"arguments": "x"}}]}), None));
    }
    pieces
}

fn speech(word: &str, count: usize) -> Vec<Piece> {
    let said = |index: usize| {
        let stop = if (index + 1).is_multiple_of(CLAUSE) { "." } else { "" };
        [words(&format!("{word}{stop} ")), Piece::Wait(PACE)]
    };
    (0..count).flat_map(said).collect()
}

fn escalation(tag: Tag) -> String {
    json!({
        "reason": "billing dispute",
        "reasonCode": "caller_request",
        "callSummary": format!("The caller of {tag} was charged twice."),
        "sentiment": "neutral",
    })
    .to_string()
}

fn head() -> Piece {
    chunk(json!({"role": "assistant", "content": ""}), None)
}

fn words(text: &str) -> Piece {
    chunk(json!({ "content": text }), None)
}

fn tool(name: &str, arguments: &str) -> Piece {
    let call = json!({"index": 0, "id": "call_0", "type": "function",
                      "function": {"name": name, "arguments": arguments}});
    chunk(json!({ "tool_calls": [call] }), None)
}

fn finish(reason: Option<&str>) -> Piece {
    let Piece::Data(last) = chunk(json!({}), reason) else { return Piece::Cut };
    Piece::Data(format!("{last}data: [DONE]\n\n"))
}

fn chunk(delta: Value, finish: Option<&str>) -> Piece {
    let chunk = json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}],
    });
    Piece::Data(format!("data: {chunk}\n\n"))
}
