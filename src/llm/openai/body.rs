//! The request: what the official API and the compatible servers all accept.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_openai::types::chat::{
    ChatCompletionNamedToolChoice, ChatCompletionToolChoiceOption, FunctionName, ToolChoiceOptions,
};
use serde::ser::SerializeSeq as _;
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::chat::{Message, ToolChoice, ToolKind, Toolbox};
use crate::llm::Question;

/// The body of a streaming request. The caller's words come last; nothing is appended. It borrows all that it says:
/// a conversation is long, and is sent with every question.
#[derive(Serialize)]
pub(super) struct Request<'a> {
    model: &'a str,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    messages: Messages<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<ChatCompletionToolChoiceOption>,
}

/// Asks for a last chunk that says how many tokens it were.
#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// The system prompt, and then what was said.
struct Messages<'a> {
    system: &'a RawValue,
    said: Vec<Said<'a>>,
}

#[derive(Serialize)]
struct System<'a> {
    role: &'static str,
    content: &'a RawValue,
}

impl Serialize for Messages<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(1 + self.said.len()))?;
        // `system`, not `developer`: every compatible server knows it.
        list.serialize_element(&System { role: "system", content: self.system })?;
        self.said.iter().try_for_each(|said| list.serialize_element(said))?;
        list.end()
    }
}

/// A message.
#[derive(Debug, PartialEq, Serialize)]
struct Said<'a> {
    role: &'static str,
    /// `null` where the model only asked for tools.
    content: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Call<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Call<'a> {
    id: &'a str,
    r#type: &'static str,
    function: Called<'a>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Called<'a> {
    name: &'a str,
    arguments: &'a str,
}

#[derive(Serialize)]
struct Tool<'a> {
    r#type: &'static str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
}

/// Tools as a request has them. They are the same in every question of a playbook, so they are written once.
#[derive(Default)]
pub(super) struct Described(Mutex<Vec<Known>>);

struct Known {
    toolbox: Weak<dyn Toolbox>,
    written: Option<Arc<RawValue>>,
}

impl Described {
    /// Nothing where there are no tools.
    pub(super) fn tools(&self, toolbox: &Arc<dyn Toolbox>) -> Option<Arc<RawValue>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found =
            known.iter().find(|known| std::ptr::addr_eq(known.toolbox.as_ptr(), Arc::as_ptr(toolbox)));
        if let Some(found) = found {
            return found.written.clone();
        }
        // Those of playbooks that no call has any more.
        known.retain(|known| known.toolbox.strong_count() > 0);
        let tools: Vec<Tool<'_>> = toolbox.tools().iter().map(Tool::of).collect();
        let written = Some(tools).filter(|tools| !tools.is_empty());
        let written = written.and_then(|tools| to_raw_value(&tools).ok()).map(Arc::from);
        known.push(Known { toolbox: Arc::downgrade(toolbox), written: written.clone() });
        written
    }
}

impl<'a> Request<'a> {
    /// `tools` are those of the question, as [`Described`] has them.
    pub(super) fn new(question: &'a Question, model: &'a str, tools: Option<&'a RawValue>) -> Self {
        Self {
            model,
            stream: true,
            stream_options: question.tuning.tokens.as_ref().map(|_| StreamOptions { include_usage: true }),
            messages: Messages {
                system: question.system.written(),
                said: by_turns(question.messages.iter().map(Said::of)),
            },
            temperature: question.tuning.temperature,
            seed: question.tuning.seed,
            tool_choice: tools.map(|_| tool_choice(question)),
            tools,
        }
    }
}

/// What we said in several pieces is one message: some models insist that caller and assistant take turns.
fn by_turns<'a>(messages: impl Iterator<Item = Said<'a>>) -> Vec<Said<'a>> {
    const OURS: &str = "assistant";
    let mut joined: Vec<Said<'a>> = Vec::with_capacity(messages.size_hint().0);
    for mut message in messages {
        match joined.last_mut() {
            Some(last) if last.role == OURS && message.role == OURS && last.tool_calls.is_empty() => {
                let before = last.content.take().unwrap_or_default();
                let text = message.content.take().unwrap_or_default();
                message.content = Some(format!("{before} {text}").trim().to_owned().into());
                *last = message;
            }
            Some(_) | None => joined.push(message),
        }
    }
    joined
}

impl<'a> Said<'a> {
    fn plain(role: &'static str, text: &'a str) -> Self {
        Self { role, content: Some(text.into()), tool_calls: Vec::new(), tool_call_id: None }
    }

    fn of(message: &'a Message) -> Self {
        match message {
            Message::User(text) => Self::plain("user", text.expose()),
            Message::Assistant { text, calls } => {
                let said = Self::plain("assistant", text.expose());
                let content = said.content.filter(|text| calls.is_empty() || !text.is_empty());
                Self { content, tool_calls: calls.iter().map(Call::of).collect(), ..said }
            }
            Message::Tool { call_id, content } => {
                Self { tool_call_id: Some(call_id), ..Self::plain("tool", content.expose()) }
            }
        }
    }
}

impl<'a> Call<'a> {
    fn of(call: &'a crate::chat::ToolCall) -> Self {
        let function = Called { name: &call.name, arguments: arguments(call) };
        Self { id: &call.id, r#type: "function", function }
    }
}

impl<'a> Tool<'a> {
    fn of(tool: &'a crate::chat::Tool) -> Self {
        let crate::chat::Tool { name, description, parameters, .. } = tool;
        Self { r#type: "function", function: Function { name, description, parameters } }
    }
}

/// What the model wrote, if it is an object: servers that read the arguments of earlier calls fail on others.
fn arguments(call: &crate::chat::ToolCall) -> &str {
    let text = call.arguments.expose();
    let object = serde_json::from_str::<serde_json::Map<String, Value>>(text).is_ok();
    if object { text } else { "{}" }
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
    use serde_json::json;

    use super::*;

    #[test]
    fn what_we_said_in_pieces_is_one_message() {
        let ours = |text: &'static str| Said::plain("assistant", text);
        let function = Called { name: "f", arguments: "{}" };
        let call = || vec![Call { id: "a", r#type: "function", function: Called { ..function } }];
        let calling = Said { content: None, tool_calls: call(), ..ours("") };
        let result = || Said { tool_call_id: Some("a"), ..Said::plain("tool", "x") };
        let caller = || Said::plain("user", "hi");
        let messages = [
            ours("Hello."),
            ours("Are you there?"),
            caller(),
            ours("Wait."),
            calling,
            result(),
            ours("Done."),
        ];
        let called = Said { tool_calls: call(), ..ours("Wait.") };
        assert_eq!(
            by_turns(messages.into_iter()),
            [ours("Hello. Are you there?"), caller(), called, result(), ours("Done.")]
        );
    }

    struct Listed(Vec<crate::chat::Tool>);

    impl Toolbox for Listed {
        fn tools(&self) -> &[crate::chat::Tool] {
            &self.0
        }

        fn check(&self, _: usize, _: &str) -> Result<Value, crate::chat::CheckError> {
            Ok(Value::Null)
        }
    }

    #[test]
    fn tools_are_written_once_for_each_playbook_that_is_in_use() {
        let tool = |name: &str| crate::chat::Tool {
            name: name.into(),
            description: "d".into(),
            parameters: json!({"type": "object"}),
            say: crate::chat::Say::default(),
            timeout: std::time::Duration::ZERO,
            kind: ToolKind::External,
            secure: false,
            effect: crate::chat::Effect::Read,
        };
        let toolbox = |names: &[&str]| -> Arc<dyn Toolbox> {
            Arc::new(Listed(names.iter().map(|n| tool(n)).collect()))
        };
        let described = Described::default();
        let (one, other, none) = (toolbox(&["a"]), toolbox(&["b"]), toolbox(&[]));
        let written = described.tools(&one).unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(written.get()).unwrap(),
            json!([{"type": "function", "function":
                {"name": "a", "description": "d", "parameters": {"type": "object"}}}])
        );
        assert!(Arc::ptr_eq(&written, &described.tools(&one).unwrap()));
        assert!(described.tools(&other).unwrap().get().contains("\"b\""));
        assert!(described.tools(&none).is_none());
        drop((one, other));
        described.tools(&toolbox(&["c"]));
        assert_eq!(described.0.lock().unwrap().len(), 2, "what no call has is forgotten");
    }

    #[test]
    fn a_message_has_what_its_role_needs() {
        let json = |message: Message| serde_json::to_value(Said::of(&message)).unwrap();
        let arguments = |text: &str| crate::chat::ToolCall {
            id: "c1".into(),
            name: "track".into(),
            arguments: text.into(),
        };
        let asked = |text: &str, call: &str| {
            json(Message::Assistant { text: text.into(), calls: vec![arguments(call)] })
        };
        assert_eq!(json(Message::User("hi".into())), json!({"role": "user", "content": "hi"}));
        assert_eq!(
            json(Message::Assistant { text: "".into(), calls: Vec::new() }),
            json!({"role": "assistant", "content": ""})
        );
        let call = |arguments: &str| json!([{"id": "c1", "type": "function", "function": {"name": "track", "arguments": arguments}}]);
        assert_eq!(
            asked("", "{\"a\":1}"),
            json!({"role": "assistant", "content": null, "tool_calls": call("{\"a\":1}")})
        );
        assert_eq!(
            asked("One moment.", "broken"),
            json!({"role": "assistant", "content": "One moment.", "tool_calls": call("{}")})
        );
        assert_eq!(
            json(Message::Tool { call_id: "c1".into(), content: "done".into() }),
            json!({"role": "tool", "tool_call_id": "c1", "content": "done"})
        );
    }
}
