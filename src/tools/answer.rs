//! What the model gets of what an endpoint answered: all of it, or the part that the manifest names.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Occasion;
use super::template::{Template, Values, plainly};

/// The longest text for the model, in bytes. More would cost the caller seconds of the model's time.
pub(super) const LONGEST: usize = 16 * 1024;

/// `answer` of a manifest, as it is written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerTable {
    /// A JSON Pointer: <https://www.rfc-editor.org/rfc/rfc6901>
    at: Option<String>,
    fields: Option<Vec<String>>,
    text: Option<String>,
}

/// What is taken of an answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Taking {
    at: Option<String>,
    fields: Option<Vec<String>>,
    text: Option<Template>,
}

impl AnswerTable {
    /// # Errors
    ///
    /// The key that is wrong, and why, in words for the person who edits the file.
    pub(super) fn read(self) -> Result<Taking, (&'static str, String)> {
        if self.at.as_ref().is_some_and(|at| !at.is_empty() && !at.starts_with('/')) {
            return Err(("at", "`at` must be a JSON pointer such as /parcel/state".to_owned()));
        }
        let text = self.text.as_deref().map(Template::parse).transpose().map_err(|cause| ("text", cause))?;
        Ok(Taking { at: self.at, fields: self.fields, text })
    }
}

impl Taking {
    /// The text for the model.
    ///
    /// # Errors
    ///
    /// When the answer has no such part, in words for the model.
    pub(super) fn of(&self, body: String, occasion: &Occasion) -> Result<String, String> {
        let taken = if self.is_all() { body } else { self.part(&body, occasion)? };
        if taken.len() > LONGEST { Err("the tool's answer was too long".to_owned()) } else { Ok(taken) }
    }

    fn is_all(&self) -> bool {
        self.at.is_none() && self.fields.is_none() && self.text.is_none()
    }

    fn part(&self, body: &str, occasion: &Occasion) -> Result<String, String> {
        let answer: Value =
            serde_json::from_str(body).map_err(|_| "the tool's answer was not JSON".to_owned())?;
        let part = match &self.at {
            Some(at) => answer.pointer(at).ok_or("the tool's answer had no such part")?,
            None => &answer,
        };
        let kept = match (&self.fields, part) {
            (None, part) => part.clone(),
            (Some(fields), Value::Array(items)) => items.iter().map(|item| keep(fields, item)).collect(),
            (Some(fields), part) => keep(fields, part),
        };
        match &self.text {
            None => Ok(kept.as_str().map_or_else(|| kept.to_string(), str::to_owned)),
            Some(text) => {
                let filled = text.fill(Values { arguments: &kept, occasion }, plainly);
                filled.ok().flatten().ok_or_else(|| "the tool's answer had no such part".to_owned())
            }
        }
    }
}

/// An object with these fields alone.
fn keep(fields: &[String], value: &Value) -> Value {
    let Value::Object(object) = value else { return value.clone() };
    let field = |name: &String| Some((name.clone(), object.get(name)?.clone()));
    Value::Object(fields.iter().filter_map(field).collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(table: &str, body: &str) -> Result<String, String> {
        let table: AnswerTable = serde_json::from_str(table).unwrap();
        table.read().map_err(|(_, cause)| cause)?.of(body.to_owned(), &Occasion::default())
    }

    #[test]
    fn the_model_gets_the_part_that_the_manifest_names() {
        let body = r#"{"parcel": {"state": "on its way", "eta": "Monday", "inside": 7}, "events": [{"at": "Ulm", "by": 3}]}"#;
        for (table, expected) in [
            (r"{}", body),
            (r#"{"at": "/parcel/state"}"#, "on its way"),
            (
                r#"{"at": "/parcel", "fields": ["eta", "state", "absent"]}"#,
                r#"{"eta":"Monday","state":"on its way"}"#,
            ),
            (r#"{"at": "/events", "fields": ["at"]}"#, r#"[{"at":"Ulm"}]"#),
            (r#"{"at": "/parcel", "text": "It is {state}, here {eta}."}"#, "It is on its way, here Monday."),
            (r#"{"text": "{parcel.inside} inside"}"#, "7 inside"),
        ] {
            assert_eq!(taken(table, body).as_deref(), Ok(expected), "{table}");
        }
    }

    #[test]
    fn an_answer_without_that_part_is_a_failure() {
        for (table, body, expected) in [
            (r#"{"at": "/parcel"}"#, "<html>", "the tool's answer was not JSON"),
            (r#"{"at": "/parcel"}"#, "{}", "the tool's answer had no such part"),
            (r#"{"text": "{state}"}"#, r#"{"state": [1]}"#, "the tool's answer had no such part"),
            (r#"{"at": "parcel"}"#, "{}", "`at` must be a JSON pointer"),
            (r#"{"text": "{state"}"#, "{}", "a `{` is not closed"),
        ] {
            assert!(taken(table, body).unwrap_err().starts_with(expected), "{table}");
        }
        assert_eq!(taken("{}", &"x".repeat(LONGEST + 1)).unwrap_err(), "the tool's answer was too long");
    }
}
