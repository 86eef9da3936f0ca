//! One answer as it goes over the wire: OpenAI's events in HTTP's chunks.
//!
//! <https://platform.openai.com/docs/api-reference/chat-streaming/streaming>

use std::fmt::Write as _;
use std::time::Duration;

use super::request::Request;
use crate::caller::load::mark::{Kind, Question, Stamp, Word};

/// The answer's head, with what a provider's gateway usually adds.
const HEAD: &str = "HTTP/1.1 200 OK\r\n\
    content-type: text/event-stream; charset=utf-8\r\n\
    cache-control: no-cache\r\n\
    transfer-encoding: chunked\r\n\
    openai-processing-ms: 12\r\n\
    x-request-id: req_8e1f27c6c1de4d0b9d3a5f6b7c8d9e0f\r\n\r\n";

/// What stands before the delta of every event.
const BEFORE: &str = r#"data: {"id":"chatcmpl-CkLm7xQw2vT9bYh3RzNfPdAeSuGi","object":"chat.completion.chunk","created":1764240000,"model":"gpt-4.1-mini-2025-04-14","service_tier":"default","system_fingerprint":"fp_8f3c2a1b5d","choices":[{"index":0,"delta":"#;
/// And behind it, while the answer goes on.
const BEHIND: &str = r#","logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"kV9tQ2"}"#;

/// The `escalate` call that hands the call to a person, in the pieces in which models write arguments.
const ARGUMENTS: [&str; 6] = [
    r#"{\"reason\":\"cal"#,
    r#"ler asks for a person\","#,
    r#"\"reasonCode\":\"caller_request\",\"call"#,
    r#"Summary\":\"The caller asks about a parcel and wants "#,
    r#"to talk to a person.\",\"sentiment"#,
    r#"\":\"neutral\"}"#,
];

/// One answer: what is written next.
#[derive(Debug)]
pub(super) struct Answer {
    request: Request,
    received: Stamp,
    words: u16,
    next: u16,
}

/// Whether there is more to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum More {
    /// After the time between two writes.
    Later,
    /// Nothing.
    Nothing,
}

impl Answer {
    pub(super) fn new(request: Request, received: Stamp) -> Self {
        let words = match request {
            Request::Question(question) => question.words,
            Request::AfterTool | Request::Unmarked => 0,
        };
        Self { request, received, words, next: 0 }
    }

    /// Appends the next write, which leaves at `now`, with so many words.
    pub(super) fn push_to(&mut self, out: &mut String, together: u16, now: Duration) -> More {
        if self.next == 0 {
            out.push_str(HEAD);
            event(out, |out| out.push_str(r#"{"role":"assistant","content":"","refusal":null}"#));
        }
        let end = self.words.min(self.next.saturating_add(together));
        if let Request::Question(question) = self.request {
            for number in self.next..end {
                self.word(out, &question, number, now);
            }
        }
        self.next = end;
        if end < self.words {
            return More::Later;
        }
        self.finish(out);
        More::Nothing
    }

    fn word(&self, out: &mut String, question: &Question, number: u16, now: Duration) {
        let Question { call, turn, .. } = *question;
        event(out, |out| {
            out.push_str(r#"{"content":""#);
            if number == 0 {
                Word { kind: Kind::Receipt, call, turn, number, stamp: self.received }.push_to(out);
            }
            Word { kind: Kind::Token, call, turn, number, stamp: Stamp::of(now) }.push_to(out);
            out.push_str(r#""}"#);
        });
    }

    /// The end: a tool call perhaps, the reason, the usage, the mark.
    fn finish(&self, out: &mut String) {
        let reason = if self.request.wants_person() {
            tool_call(out);
            "tool_calls"
        } else {
            if self.words == 0 {
                event(out, |out| out.push_str(r#"{"content":"All right."}"#));
            }
            "stop"
        };
        chunk(out, |out| {
            let behind = BEHIND.replacen(":null}]", &format!(r#":"{reason}"}}]"#), 1);
            let _ = write!(out, "{BEFORE}{{}}{behind}\n\n");
        });
        chunk(out, |out| {
            let (before, _) = BEFORE.split_once(r#"{"index""#).unwrap_or_default();
            let words = self.words;
            let _ = write!(
                out,
                r#"{before}],"usage":{{"prompt_tokens":1200,"completion_tokens":{words},"total_tokens":{}}}}}"#,
                1200 + u32::from(words)
            );
            out.push_str("\n\n");
        });
        chunk(out, |out| out.push_str("data: [DONE]\n\n"));
        out.push_str("0\r\n\r\n");
    }
}

fn tool_call(out: &mut String) {
    event(out, |out| {
        out.push_str(r#"{"tool_calls":[{"index":0,"id":"call_Zk3vQ8mN1xYtR5bC","type":"function","function":{"name":"escalate","arguments":""}}]}"#);
    });
    for piece in ARGUMENTS {
        event(out, |out| {
            let _ = write!(out, r#"{{"tool_calls":[{{"index":0,"function":{{"arguments":"{piece}"}}}}]}}"#);
        });
    }
}

/// One event with this delta, in a chunk of its own.
fn event(out: &mut String, delta: impl FnOnce(&mut String)) {
    chunk(out, |out| {
        out.push_str(BEFORE);
        delta(out);
        out.push_str(BEHIND);
        out.push_str("\n\n");
    });
}

/// HTTP's chunk around what `body` writes. Its length has four digits, whatever it is.
fn chunk(out: &mut String, body: impl FnOnce(&mut String)) {
    let at = out.len();
    out.push_str("0000\r\n");
    let begins = out.len();
    body(out);
    let length = format!("{:04x}", out.len() - begins);
    out.replace_range(at..at + 4, &length);
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::load::mark::{Reader, Wish};
    use serde_json::Value;

    fn request(words: u16, wish: Wish) -> Request {
        let sent = Stamp::of(Duration::ZERO);
        Request::Question(Question { call: 5, turn: 2, words, wish, sent })
    }

    /// All writes of an answer.
    fn writes(request: Request, together: u16) -> Vec<String> {
        let mut answer = Answer::new(request, Stamp::of(Duration::from_secs(1)));
        let mut writes = Vec::new();
        loop {
            let mut out = String::new();
            let more = answer.push_to(&mut out, together, Duration::from_secs(2));
            writes.push(out);
            if more == More::Nothing {
                return writes;
            }
        }
    }

    /// The events of an answer, taken out of its chunks.
    fn events(text: &str) -> Vec<Value> {
        let (_, mut left) = text.split_once("\r\n\r\n").unwrap();
        let mut body = String::new();
        loop {
            let (length, rest) = left.split_once("\r\n").unwrap();
            let length = usize::from_str_radix(length, 16).unwrap();
            body.push_str(&rest[..length]);
            left = &rest[length + 2..];
            if length == 0 {
                break;
            }
        }
        assert!(left.is_empty());
        let mut lines: Vec<&str> = body.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines.pop(), Some("data: [DONE]"));
        lines.iter().map(|line| serde_json::from_str(line.strip_prefix("data: ").unwrap()).unwrap()).collect()
    }

    #[test]
    fn an_answer_is_streamed_as_openai_does() {
        let writes = writes(request(3, Wish::Answer), 1);
        assert_eq!(writes.len(), 3);
        assert!((300..400).contains(&writes[1].len()), "{} bytes for a token", writes[1].len());
        let events = events(&writes.concat());
        assert_eq!(events[0]["choices"][0]["delta"]["role"], "assistant");
        let said: String =
            events.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str()).collect();
        let mut words = Vec::new();
        assert!(!Reader::default().read(&said, |word| words.push((word.kind, word.number))));
        let token = |number| (Kind::Token, number);
        assert_eq!(words, [(Kind::Receipt, 0), token(0), token(1), token(2)]);
        assert_eq!(events[4]["choices"][0]["finish_reason"], "stop");
        assert_eq!(events[5]["usage"]["completion_tokens"], 3);
        assert_eq!(events.len(), 6);
    }

    #[test]
    fn several_words_may_go_into_one_write() {
        assert_eq!(writes(request(7, Wish::Answer), 3).len(), 3);
    }

    #[test]
    fn who_wants_a_person_gets_a_tool_call_whose_arguments_fit() {
        let events = events(&writes(request(2, Wish::Person), 1).concat());
        let deltas: Vec<&Value> =
            events.iter().map(|event| &event["choices"][0]["delta"]["tool_calls"][0]).collect();
        let first = deltas.iter().find(|delta| !delta["id"].is_null()).unwrap();
        assert_eq!(first["function"]["name"], "escalate");
        let arguments: String =
            deltas.iter().filter_map(|delta| delta["function"]["arguments"].as_str()).collect();
        let arguments: Value = serde_json::from_str(&arguments).unwrap();
        for name in ["reason", "reasonCode", "callSummary", "sentiment"] {
            assert!(arguments[name].is_string(), "{name}");
        }
        assert_eq!(events[events.len() - 2]["choices"][0]["finish_reason"], "tool_calls");
    }

    #[test]
    fn what_is_no_question_gets_a_plain_answer() {
        for request in [Request::AfterTool, Request::Unmarked] {
            let events = events(&writes(request, 1).concat());
            assert_eq!(events[1]["choices"][0]["delta"]["content"], "All right.");
        }
    }
}
