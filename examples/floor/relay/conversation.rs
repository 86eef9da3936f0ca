//! What is asked and what is said, as the JSON it came in and goes out as: nothing is decoded on the way.

use std::sync::Arc;

use serde_json::{Value, json};

const PROMPT: &str = include_str!("../../../prompts/agent.md");
const KNOWLEDGE: &str = include_str!("../../../prompts/knowledge.md");
const TOOLS: [&str; 4] = [
    include_str!("../../../tools/end_call.json"),
    include_str!("../../../tools/escalate.json"),
    include_str!("../../../tools/remember.json"),
    include_str!("../../../tools/switch_language.json"),
];

/// What is the same in every request: as long as the bridge's own.
#[derive(Debug)]
pub(super) struct Head {
    request: String,
    before: String,
    behind: String,
}

impl Head {
    pub(super) fn new(host: &str, path: &str) -> Self {
        let prompt = PROMPT.rsplit("+++").next().unwrap_or_default().replace("{{ knowledge }}", KNOWLEDGE);
        let system = json!({"role": "system", "content": prompt});
        let tools: Vec<Value> = TOOLS.iter().map(|text| tool(text)).collect();
        Self {
            request: format!(
                "POST /{path}/chat/completions HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
                 accept: text/event-stream\r\nauthorization: Bearer none\r\ncontent-length: "
            ),
            before: format!(r#"{{"model":"gpt-4.1-mini","stream":true,"messages":[{system}"#),
            behind: format!(r#"],"temperature":0.3,"tools":{},"tool_choice":"auto"}}"#, Value::Array(tools)),
        }
    }
}

fn tool(manifest: &str) -> Value {
    let manifest: Value = serde_json::from_str(manifest).expect("the manifests are JSON");
    let part = |name: &str| manifest[name].clone();
    let function = json!({
        "name": part("name"), "description": part("description"), "parameters": part("parameters"),
    });
    json!({"type": "function", "function": function})
}

/// One call's history.
#[derive(Debug)]
pub(super) struct Conversation {
    head: Arc<Head>,
    messages: Vec<u8>,
    /// Whether our own message is still being written.
    open: bool,
    request: Vec<u8>,
}

impl Conversation {
    pub(super) fn new(head: Arc<Head>) -> Self {
        Self { head, messages: Vec::new(), open: false, request: Vec::new() }
    }

    pub(super) fn caller(&mut self, words: &[u8]) {
        self.finish();
        self.messages.extend_from_slice(br#",{"role":"user","content":""#);
        self.messages.extend_from_slice(words);
        self.messages.extend_from_slice(br#""}"#);
    }

    pub(super) fn agent(&mut self, words: &[u8]) {
        if !self.open {
            self.open = true;
            self.messages.extend_from_slice(br#",{"role":"assistant","content":""#);
        }
        self.messages.extend_from_slice(words);
    }

    /// Our own message is over.
    pub(super) fn finish(&mut self) {
        if std::mem::take(&mut self.open) {
            self.messages.extend_from_slice(br#""}"#);
        }
    }

    /// The whole request.
    pub(super) fn request(&mut self) -> &[u8] {
        let Head { request, before, behind } = &*self.head;
        let length = before.len() + self.messages.len() + behind.len();
        self.request.clear();
        self.request.extend_from_slice(request.as_bytes());
        self.request.extend_from_slice(length.to_string().as_bytes());
        self.request.extend_from_slice(b"\r\n\r\n");
        self.request.extend_from_slice(before.as_bytes());
        self.request.extend_from_slice(&self.messages);
        self.request.extend_from_slice(behind.as_bytes());
        &self.request
    }
}

/// What a caller said, as it stands in the frame.
pub(super) fn prompt(frame: &[u8]) -> Option<&[u8]> {
    const KEY: &[u8] = br#""voicePrompt":""#;
    let at = memchr::memmem::find(frame, KEY)? + KEY.len();
    string(&frame[at..])
}

/// A string of JSON up to its end, undecoded.
pub(super) fn string(text: &[u8]) -> Option<&[u8]> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(&text[..at]);
        }
        at += 2;
    }
}

/// Appends a `text` frame.
pub(super) fn frame(out: &mut Vec<u8>, words: &[u8], last: bool) {
    out.extend_from_slice(br#"{"type":"text","token":""#);
    out.extend_from_slice(words);
    out.extend_from_slice(if last { br#"","last":true}"# } else { br#"","last":false}"# });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_ends_at_its_own_quotation_mark() {
        assert_eq!(string(br#"a\"b\\","last":1"#), Some(&br#"a\"b\\"#[..]));
        assert_eq!(string(br#"no end\""#), None);
        assert_eq!(prompt(br#"{"type":"prompt","voicePrompt":"hi","last":true}"#), Some(&b"hi"[..]));
    }

    #[test]
    fn a_request_holds_the_conversation_in_its_order() {
        let mut conversation = Conversation::new(Arc::new(Head::new("127.0.0.1:1", "v1")));
        conversation.caller(b"one");
        conversation.agent(b" a");
        conversation.agent(br#" \"b\""#);
        conversation.caller(b"two");
        let request = String::from_utf8(conversation.request().to_vec()).unwrap();
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("content-length: {}", body.len())));
        let body: Value = serde_json::from_str(body).unwrap();
        let said: Vec<&str> = body["messages"].as_array().unwrap()[1..]
            .iter()
            .map(|m| m["content"].as_str().unwrap())
            .collect();
        assert_eq!(said, ["one", r#" a "b""#, "two"]);
        assert_eq!(body["tools"].as_array().unwrap().len(), 4);
    }
}
