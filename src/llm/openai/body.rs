//! The request: what the official API and the compatible servers all accept.

use async_openai::types::chat::{
    ChatCompletionNamedToolChoice, ChatCompletionTool, ChatCompletionToolChoiceOption, ChatCompletionTools,
    FunctionName, FunctionObject, ToolChoiceOptions,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::chat::{Message, ToolChoice, ToolKind};
use crate::llm::Question;

/// The body of a streaming request. The caller's words come last; nothing is appended.
#[derive(Serialize)]
pub(super) struct Request {
    model: String,
    stream: bool,
    messages: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<ChatCompletionTools>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<ChatCompletionToolChoiceOption>,
}

impl Request {
    pub(super) fn new(question: &Question, model: &str) -> Self {
        // `system`, not `developer`: every compatible server knows it.
        let system = json!({"role": "system", "content": &*question.system});
        let tools: Vec<ChatCompletionTools> = question.toolbox.tools().iter().map(tool).collect();
        Self {
            model: model.to_owned(),
            stream: true,
            messages: by_turns(std::iter::once(system).chain(question.messages.iter().map(message))),
            temperature: question.tuning.temperature,
            tool_choice: (!tools.is_empty()).then(|| tool_choice(question)),
            tools,
        }
    }
}

/// What we said in several pieces is one message: some models insist that caller and assistant take turns.
fn by_turns(messages: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut joined: Vec<Value> = Vec::with_capacity(messages.size_hint().0);
    for mut message in messages {
        let is_ours = |message: &Value| message["role"] == "assistant";
        match joined.last_mut() {
            Some(last) if is_ours(last) && is_ours(&message) && last.get("tool_calls").is_none() => {
                let text = |message: &Value| message["content"].as_str().unwrap_or_default().to_owned();
                message["content"] = format!("{} {}", text(last), text(&message)).trim().into();
                *last = message;
            }
            Some(_) | None => joined.push(message),
        }
    }
    joined
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

fn tool(tool: &crate::chat::Tool) -> ChatCompletionTools {
    ChatCompletionTools::Function(ChatCompletionTool {
        function: FunctionObject {
            name: tool.name.clone(),
            description: Some(tool.description.clone()),
            parameters: Some(tool.parameters.clone()),
            strict: None,
        },
    })
}

fn tool_choice(question: &Question) -> ChatCompletionToolChoiceOption {
    let escalate = || question.toolbox.of_kind(ToolKind::Escalate).map(|tool| tool.name.clone());
    let never = ChatCompletionToolChoiceOption::Mode(ToolChoiceOptions::None);
    match question.choice {
        ToolChoice::Auto => ChatCompletionToolChoiceOption::Mode(ToolChoiceOptions::Auto),
        ToolChoice::Never => never,
        ToolChoice::Escalate => escalate().map_or(never, |name| {
            let function = FunctionName { name };
            ChatCompletionToolChoiceOption::Function(ChatCompletionNamedToolChoice { function })
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_said_in_pieces_is_one_message() {
        let ours = |text: &str| json!({"role": "assistant", "content": text});
        let calling = json!({"role": "assistant", "content": null, "tool_calls": [{"id": "a"}]});
        let result = json!({"role": "tool", "tool_call_id": "a", "content": "x"});
        let caller = json!({"role": "user", "content": "hi"});
        let messages = [
            ours("Hello."),
            ours("Are you there?"),
            caller.clone(),
            ours("Wait."),
            calling,
            result.clone(),
            ours("Done."),
        ];
        let called = json!({"role": "assistant", "content": "Wait.", "tool_calls": [{"id": "a"}]});
        assert_eq!(
            by_turns(messages.into_iter()),
            [ours("Hello. Are you there?"), caller, called, result, ours("Done.")]
        );
    }
}
