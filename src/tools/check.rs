//! Checks a tool's arguments before anything happens. What is wrong is told to the model, which can then mend it.

use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use serde_json::{Map, Value};

use crate::chat::CheckError;
use crate::handoff::cut;

/// The longest text for the model, in characters.
const LONGEST: usize = 500;
/// How many problems are named.
const MOST_PROBLEMS: usize = 8;

/// A compiled JSON schema.
#[derive(Debug)]
pub(super) struct Schema(Validator);

impl Schema {
    /// Compiles a schema. References to other documents are refused: nothing is fetched.
    pub(super) fn new(schema: &Value) -> Result<Self, String> {
        if schema.get("type").and_then(Value::as_str) != Some("object") {
            return Err("`parameters` must have \"type\": \"object\"".to_owned());
        }
        let compiled = jsonschema::options().offline().build(schema);
        compiled
            .map(Self)
            .map_err(|error| format!("`parameters` is no JSON schema: {}", cut(&error.to_string(), 200)))
    }

    /// The arguments, if they are JSON and fit. A model that needs none may leave them empty.
    pub(super) fn check(&self, arguments: &str) -> Result<Value, CheckError> {
        let arguments = match arguments.trim() {
            "" | "null" => Value::Object(Map::new()),
            text => serde_json::from_str(text).map_err(|error| {
                let place = format!("line {}, column {}", error.line(), error.column());
                refuse(format!("the arguments are not JSON: broken at {place}"))
            })?,
        };
        let problems: Vec<String> =
            self.0.iter_errors(&arguments).take(MOST_PROBLEMS).map(|e| problem(&e)).collect();
        if problems.is_empty() { Ok(arguments) } else { Err(refuse(problems.join("; "))) }
    }
}

fn refuse(text: String) -> CheckError {
    CheckError(cut(&text, LONGEST).into())
}

/// One problem: where, and which rule.
fn problem(error: &ValidationError<'_>) -> String {
    let path = path(error);
    let of = match &path {
        Some(path) => format!("`{path}`"),
        None => "the arguments".to_owned(),
    };
    let inside = |name: &str| match &path {
        Some(path) => format!("`{path}.{name}`"),
        None => format!("`{name}`"),
    };
    if let ValidationErrorKind::Required { property } = error.kind() {
        return format!("{} is required", inside(property.as_str().unwrap_or_default()));
    }
    if let ValidationErrorKind::AdditionalProperties { unexpected } = error.kind() {
        let names: Vec<String> = unexpected.iter().map(|name| inside(name)).collect();
        return format!("{} is not among the parameters", names.join(", "));
    }
    if let ValidationErrorKind::Enum { options } = error.kind() {
        let options: Vec<String> = options.as_array().into_iter().flatten().map(plain).collect();
        return format!("{of} must be one of {}", options.join(", "));
    }
    if let ValidationErrorKind::MinLength { limit: 1 } = error.kind() {
        return format!("{of} must not be empty");
    }
    if let ValidationErrorKind::MaxLength { limit } = error.kind() {
        return format!("{of} must have at most {limit} characters");
    }
    // The library's own words, without the value: it may be long, and the model knows it.
    format!("{of}: {}", error.masked_with("the value"))
}

/// Where the problem is, as a model would write it: `facts.number`.
fn path(error: &ValidationError<'_>) -> Option<String> {
    let pointer = error.instance_path().as_str();
    let path = pointer.trim_start_matches('/').replace('/', ".").replace("~1", "/").replace("~0", "~");
    (!path.is_empty()).then_some(path)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use crate::chat::Toolbox;
    use crate::tools::Tools;

    use super::*;

    fn check(tool: &str, arguments: &str) -> Result<Value, String> {
        let tools = Tools::embedded();
        let index = tools.position(tool).unwrap();
        tools.check(index, arguments).map_err(|error| error.0.into_inner())
    }

    const GOOD: &str = r#"{"reason":"asked","reasonCode":"caller_request","callSummary":"Wants a person.","sentiment":"neutral"}"#;

    #[test]
    fn arguments_that_fit_come_back_as_json() {
        assert_eq!(check("escalate", GOOD).unwrap()["reasonCode"], "caller_request");
        assert_eq!(
            check("remember", r#"{"facts":{"tracking_number":12345}}"#).unwrap()["facts"]["tracking_number"],
            12345
        );
        for nothing in ["", "  ", "null", "{}"] {
            assert_eq!(check("end_call", nothing), Ok(json!({})), "{nothing:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_words_for_the_model() {
        for (tool, arguments, expected) in [
            (
                "escalate",
                GOOD.replace("neutral", "furious"),
                "`sentiment` must be one of positive, neutral, negative",
            ),
            ("escalate", GOOD.replace("asked", ""), "`reason` must not be empty"),
            ("escalate", GOOD.replace("\"asked\"", "7"), "`reason`: the value is not of type \"string\""),
            (
                "escalate",
                GOOD.replace("asked", &"x".repeat(301)),
                "`reason` must have at most 300 characters",
            ),
            ("escalate", GOOD.replace("\"reason\":\"asked\",", ""), "`reason` is required"),
            (
                "escalate",
                GOOD.replace("\"reason\"", "\"why\""),
                "`reason` is required; `why` is not among the parameters",
            ),
            (
                "escalate",
                "{\"reason\":".to_owned(),
                "the arguments are not JSON: broken at line 1, column 10",
            ),
            ("end_call", "[]".to_owned(), "the arguments: the value is not of type \"object\""),
            ("remember", r#"{"facts":{"a":{"b":1}}}"#.to_owned(), "`facts.a`: the value is not of types"),
            ("remember", r#"{"facts":{}}"#.to_owned(), "`facts`: the value has less than 1 property"),
            (
                "switch_language",
                r#"{"language":"spanish please"}"#.to_owned(),
                "`language`: the value does not match",
            ),
        ] {
            let error = check(tool, &arguments).unwrap_err();
            assert!(error.starts_with(expected), "{arguments}: {error}");
        }
    }

    #[test]
    fn several_problems_are_told_at_once_and_briefly() {
        let error = check("escalate", "{}").unwrap_err();
        assert_eq!(
            error,
            "`reason` is required; `reasonCode` is required; `callSummary` is required; `sentiment` is required"
        );
        let many: Map<String, Value> = (0..400).map(|n| (format!("unknown_name_{n}"), json!(n))).collect();
        let error = check("end_call", &Value::Object(many).to_string()).unwrap_err();
        assert_eq!(error.chars().count(), LONGEST);
    }

    proptest! {
        #[test]
        fn no_arguments_make_the_check_panic_or_talk_at_length(arguments in "\\PC{0,200}") {
            if let Err(error) = check("escalate", &arguments) {
                prop_assert!(error.chars().count() <= LONGEST);
            }
        }
    }
}
