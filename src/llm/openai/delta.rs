//! The chunks of an answer, read leniently: servers leave fields out, send empty ones, or add their own.

use std::fmt;
use std::sync::LazyLock;

use memchr::memchr2;
use memchr::memmem::Finder;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use smol_str::SmolStr;

use crate::chat::Fragment;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Chunk {
    #[serde(rename = "choices", deserialize_with = "first")]
    pub(super) choice: Option<Choice>,
    /// Some servers report a failure in the middle of a stream that began well.
    pub(super) error: Option<Value>,
}

impl Chunk {
    /// `None` for what is no chunk.
    pub(super) fn read(data: &[u8]) -> Option<Self> {
        let choices = choices(data);
        if let Some(words) = choices.and_then(words_alone) {
            let delta = Delta { content: Some(words), tool_calls: None };
            return Some(Self::of(Some(Choice { delta: Some(delta), finish_reason: None })));
        }
        // Looked at as a whole, text is a fifth of the work that it is string by string.
        let text = str::from_utf8(data).ok()?;
        let listed = choices.map(|choices| &text[text.len() - choices.len()..]);
        let listed = listed.and_then(|text| first(&mut serde_json::Deserializer::from_str(text)).ok());
        listed.map(Self::of).or_else(|| serde_json::from_str(text).ok())
    }

    fn of(choice: Option<Choice>) -> Self {
        Self { choice, error: None }
    }
}

/// What follows the key of the choices, in a chunk that seems whole and without an error. What a chunk says stands there;
/// more than half of it is an envelope, the same for every word. A key cannot stand in a text, where its quotation marks
/// would be escaped.
fn choices(data: &[u8]) -> Option<&[u8]> {
    const CHOICES: &str = "\"choices\":";
    // Made once: to make one costs more than to find something with it.
    static FINDERS: LazyLock<[Finder<'static>; 2]> =
        LazyLock::new(|| [Finder::new(CHOICES), Finder::new("\"error\"")]);
    let [choices, error] = &*FINDERS;
    let at = choices.find(data)? + CHOICES.len();
    (data.ends_with(b"}") && error.find(data).is_none()).then(|| &data[at..])
}

/// The words of choices that say nothing else, as OpenAI writes them: those of nearly every chunk. All others have to be
/// decoded, which is four times the work.
fn words_alone(choices: &[u8]) -> Option<SmolStr> {
    let rest = choices.strip_prefix(br#"[{"index":0,"delta":{"content":""#)?;
    // What has a backslash would have to be decoded, and goes no further.
    let (words, rest) = rest.split_at(memchr2(b'"', b'\\', rest)?);
    let rest = rest.strip_prefix(br#""}"#)?;
    let rest = rest.strip_prefix(br#","logprobs":null"#).unwrap_or(rest);
    rest.strip_prefix(br#","finish_reason":null}]"#)?;
    str::from_utf8(words).ok().map(SmolStr::from)
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
    pub(super) content: Option<SmolStr>,
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

/// The first of a list: one answer was asked for. `null` where a list belongs is an empty one.
fn first<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Choice>, D::Error> {
    struct First;

    impl<'de> Visitor<'de> for First {
        type Value = Option<Choice>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of choices")
        }

        fn visit_unit<E>(self) -> Result<Option<Choice>, E> {
            Ok(None)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut choices: A) -> Result<Option<Choice>, A::Error> {
            let first = choices.next_element()?;
            while choices.next_element::<IgnoredAny>()?.is_some() {}
            Ok(first)
        }
    }

    from.deserialize_any(First)
}

/// Whatever cannot be an index counts as absent.
fn index<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    let value = Option::<Value>::deserialize(from)?;
    Ok(value.and_then(|value| value.as_u64()).and_then(|index| index.try_into().ok()))
}

/// How many tokens a question took, in the last chunk where it was asked for.
#[derive(Debug, Deserialize)]
pub(super) struct Usage {
    pub(super) prompt_tokens: u64,
    pub(super) completion_tokens: u64,
}

impl Usage {
    /// Nothing where a chunk does not tell.
    pub(super) fn read(data: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Told {
            usage: Option<Usage>,
        }
        serde_json::from_slice::<Told>(data).ok()?.usage
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn words(chunk: &str) -> Option<String> {
        Chunk::read(chunk.as_bytes()).unwrap().choice?.delta?.content.map(String::from)
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

    fn alone(chunk: &[u8]) -> Option<SmolStr> {
        choices(chunk).and_then(words_alone)
    }

    fn general(chunk: &str) -> Option<Chunk> {
        serde_json::from_str(chunk).ok()
    }

    #[test]
    fn what_is_cut_off_or_an_error_is_read_the_general_way() {
        for chunk in [
            r#"{"choices":[{"delta":{"content":"Hi"}}]"#,
            r#"{"choices":[{"delta":{"content":"Hi"}"#,
            r#"{"choices":[],"error":{"message":"overloaded"}}"#,
            r#"{"error":"overloaded","choices":null}"#,
            r#"{"choices":"none"}"#,
            "[DONE]",
            "oops",
        ] {
            assert_eq!(
                format!("{:?}", Chunk::read(chunk.as_bytes())),
                format!("{:?}", general(chunk)),
                "{chunk}"
            );
        }
        assert!(Chunk::read(b"{\"choices\":[{\"delta\":{\"content\":\"\xff\"}}]}").is_none());
    }

    proptest! {
        #[test]
        fn the_envelope_makes_no_difference(
            content in "\\PC{0,12}|[\"\\\\:a-z{}\\[\\],]{0,24}|.?\"choices\":.?", model in "\\PC{0,8}|\"choices\":\\[\\]",
            before: bool, finish in prop_oneof![Just(json!(null)), Just(json!("stop")), Just(json!(""))],
        ) {
            let choices = json!([{"index": 0, "delta": {"content": content}, "finish_reason": finish}, {}]);
            let (choices, model) = (choices.to_string(), json!(model).to_string());
            let chunk = if before {
                format!(r#"{{"model":{model},"choices":{choices},"usage":null}}"#)
            } else {
                format!(r#"{{"choices": {choices}, "model": {model}}}"#)
            };
            prop_assert_eq!(format!("{:?}", Chunk::read(chunk.as_bytes())), format!("{:?}", general(&chunk)));
            prop_assert_eq!(words(&chunk), Some(content));
        }

        #[test]
        fn words_alone_are_what_is_read_the_general_way(
            content in "\\PC{0,12}|[\"\\\\a-z{}\\[\\]:,]{0,16}", logprobs: bool,
            front in prop_oneof![Just(""), Just(r#""id":"x","#), Just(r#""error":null,"#), Just(r#""a":"\"choices\":[]","#)],
            finish in prop_oneof![Just("null"), Just(r#""stop""#), Just("0")],
            behind in prop_oneof![Just(""), Just(r#","usage":null"#), Just(r#","error":{}"#)],
        ) {
            let logprobs = if logprobs { r#","logprobs":null"# } else { "" };
            let content = json!(content);
            let chunk = format!(
                r#"{{{front}"choices":[{{"index":0,"delta":{{"content":{content}}}{logprobs},"finish_reason":{finish}}}]{behind}}}"#
            );
            if let Some(alone) = alone(chunk.as_bytes()) {
                prop_assert!(general(&chunk).unwrap().error.is_none());
                let general = general(&chunk).unwrap().choice.unwrap().delta.unwrap();
                prop_assert_eq!(general.content, Some(alone));
            }
            for end in (0..chunk.len()).filter(|end| chunk.is_char_boundary(*end)) {
                prop_assert_eq!(alone(&chunk.as_bytes()[..end]), None);
            }
        }
    }

    #[test]
    fn the_chunks_that_come_most_say_words_alone() {
        let said = |chunk: &str| alone(chunk.as_bytes());
        let openai = r#"{"id":"c","choices":[{"index":0,"delta":{"content":" it\u0020is"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"k"}"#;
        assert_eq!(said(openai), None, "what is escaped has to be decoded");
        assert_eq!(said(&openai.replace("\\u0020", " ")).as_deref(), Some(" it is"));
        assert_eq!(
            said(r#"{"choices":[{"index":0,"delta":{"content":"é"},"finish_reason":null}]}"#).as_deref(),
            Some("é")
        );
        for other in [
            r#"{"choices":[{"index":0,"delta":{"content":"Hi","tool_calls":[]},"finish_reason":null}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}"#,
            r#"{"choices":[{"index":1,"delta":{"content":"Hi"},"finish_reason":null}]}"#,
            r#"{"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}],"error":{}}"#,
        ] {
            assert_eq!(said(other), None, "{other}");
        }
        assert!(
            alone(b"{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\xff\"},\"finish_reason\":null}]}")
                .is_none()
        );
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
