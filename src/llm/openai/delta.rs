//! The chunks of an answer, read leniently: servers leave fields out, send empty ones, or add their own.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::chat::Fragment;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Chunk {
    #[serde(deserialize_with = "lenient")]
    pub(super) choices: Vec<Choice>,
    /// Some servers report a failure in the middle of a stream that began well.
    pub(super) error: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Choice {
    pub(super) delta: Option<Delta>,
    pub(super) finish_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Delta {
    pub(super) content: Option<String>,
    pub(super) tool_calls: Option<Vec<ToolCallDelta>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ToolCallDelta {
    #[serde(deserialize_with = "index")]
    index: Option<u32>,
    id: Option<String>,
    function: Option<FunctionDelta>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FunctionDelta {
    name: Option<String>,
    /// A text in pieces; some servers send the whole object at once, as JSON.
    arguments: Option<Value>,
}

impl From<ToolCallDelta> for Fragment {
    fn from(delta: ToolCallDelta) -> Self {
        let function = delta.function.unwrap_or_default();
        let arguments = function.arguments.and_then(|arguments| match arguments {
            Value::String(text) => Some(text),
            Value::Null => None,
            Value::Object(_) | Value::Array(_) | Value::Bool(_) | Value::Number(_) => {
                Some(arguments.to_string())
            }
        });
        Self { index: delta.index, id: delta.id, name: function.name, arguments }
    }
}

/// Reads the chunks of an answer without a server: the words, and the tool calls. For `fuzz/` alone.
#[cfg(fuzzing)]
pub fn read_chunks<'a>(data: impl Iterator<Item = &'a str>) -> (String, Vec<crate::chat::ToolCall>) {
    let mut words = String::new();
    let mut calls = crate::chat::ToolCallAssembly::default();
    let chunks = data.filter_map(|line| serde_json::from_str::<Chunk>(line).ok());
    for delta in chunks.filter_map(|chunk| chunk.choices.into_iter().next()?.delta) {
        words.push_str(&delta.content.unwrap_or_default());
        delta.tool_calls.unwrap_or_default().into_iter().for_each(|fragment| calls.push(fragment.into()));
    }
    (words, calls.finish())
}

/// `null` where a list belongs is an empty list.
fn lenient<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Choice>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// Whatever cannot be an index counts as absent.
fn index<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    let value = Option::<Value>::deserialize(from)?;
    Ok(value.and_then(|value| value.as_u64()).and_then(|index| index.try_into().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(chunk: &str) -> Option<String> {
        let chunk: Chunk = serde_json::from_str(chunk).unwrap();
        chunk.choices.into_iter().next()?.delta?.content
    }

    #[test]
    fn what_compatible_servers_send_is_read() {
        for chunk in [
            r#"{"choices":[{"delta":{"content":"Hi"},"finish_reason":""}]}"#,
            r#"{"id":1,"created":1.5,"choices":[{"index":0,"delta":{"content":"Hi","role":null},"logprobs":null}]}"#,
            r#"{"choices":[{"delta":{"content":"Hi","reasoning_content":"…"},"finish_reason":"eos"}],"usage":{}}"#,
        ] {
            assert_eq!(words(chunk).as_deref(), Some("Hi"), "{chunk}");
        }
        for chunk in [r#"{}"#, r#"{"choices":null}"#, r#"{"choices":[],"usage":{"total_tokens":3}}"#] {
            assert_eq!(words(chunk), None, "{chunk}");
        }
    }

    #[test]
    fn arguments_may_come_as_text_or_as_an_object() {
        for arguments in [r#""{\"a\":1}""#, r#"{"a":1}"#] {
            let delta = format!(r#"{{"index":-1,"function":{{"name":"x","arguments":{arguments}}}}}"#);
            let delta: ToolCallDelta = serde_json::from_str(&delta).unwrap();
            let fragment = Fragment::from(delta);
            assert_eq!(fragment.index, None);
            assert_eq!(fragment.arguments.as_deref(), Some(r#"{"a":1}"#));
        }
    }
}
