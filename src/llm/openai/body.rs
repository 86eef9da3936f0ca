//! The request: what the official API and the compatible servers all accept.

use serde::Serialize;
use serde_json::{Value, json};

use crate::chat::{Message, ToolChoice, ToolKind};
use crate::llm::Question;

/// The body of a streaming request. The caller's words come last; nothing is appended.
#[derive(Serialize)]
pub(super) struct Body {
    model: String,
    stream: bool,
    messages: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Value>,
}

impl Body {
    pub(super) fn new(question: &Question, model: &str) -> Self {
        // `system`, not `developer`: every compatible server knows it.
        let system = json!({"role": "system", "content": &*question.system});
        let tools: Vec<Value> = question.toolbox.tools().iter().map(tool).collect();
        Self {
            model: model.to_owned(),
            stream: true,
            messages: std::iter::once(system).chain(question.messages.iter().map(message)).collect(),
            temperature: question.tuning.temperature,
            tool_choice: (!tools.is_empty()).then(|| tool_choice(question)),
            tools,
        }
    }
}

fn message(message: &Message) -> Value {
    match message {
        Message::User(text) => json!({"role": "user", "content": text}),
        Message::Assistant { text, calls } if calls.is_empty() => {
            json!({"role": "assistant", "content": text})
        }
        Message::Assistant { text, calls } => {
            let content = Some(text.expose()).filter(|text| !text.is_empty());
            let call = |call: &crate::chat::ToolCall| {
                json!({
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": arguments(call)},
                })
            };
            json!({
                "role": "assistant",
                "content": content,
                "tool_calls": calls.iter().map(call).collect::<Vec<_>>(),
            })
        }
        Message::Tool { call_id, content } => {
            json!({"role": "tool", "tool_call_id": call_id, "content": content})
        }
    }
}

/// What the model wrote, if it is an object: servers that read the arguments of earlier calls fail on others.
fn arguments(call: &crate::chat::ToolCall) -> &str {
    let text = call.arguments.expose();
    let object = serde_json::from_str::<serde_json::Map<String, Value>>(text).is_ok();
    if object { text } else { "{}" }
}

fn tool(tool: &crate::chat::Tool) -> Value {
    json!({
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
    })
}

fn tool_choice(question: &Question) -> Value {
    let escalate = || question.toolbox.of_kind(ToolKind::Escalate).map(|tool| &tool.name);
    match question.choice {
        ToolChoice::Auto => json!("auto"),
        ToolChoice::Never => json!("none"),
        ToolChoice::Escalate => match escalate() {
            Some(name) => json!({"type": "function", "function": {"name": name}}),
            None => json!("none"),
        },
    }
}
