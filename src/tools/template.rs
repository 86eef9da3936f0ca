//! Texts with places for values: `{number}`, `{address.city}`, `{call.language}`. A brace itself is written twice.
//!
//! What may stand at a place is known when the manifest is read; how a value is written depends on where the text
//! goes, so that no value can be more than a value.

use serde_json::Value;

use super::Occasion;

/// A text that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Place(Place),
}

/// Where a value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// As it is written.
    name: String,
    source: Source,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    /// A checked argument, by its path.
    Argument(Vec<String>),
    Call(Fact),
}

/// What is known of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fact {
    Sid,
    Language,
    Direction,
    From,
    To,
    Trait(String),
}

/// What the places are filled from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values<'a> {
    /// The checked arguments, or what a tool answered.
    pub(super) arguments: &'a Value,
    pub(super) occasion: &'a Occasion,
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    ///
    /// What is wrong, in words for the person who edits the file.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let (mut plain, mut rest) = (String::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let (brace, after) = rest[at..].split_at(1);
            if let Some(after) = after.strip_prefix(brace) {
                plain.push_str(brace);
                rest = after;
                continue;
            }
            if brace == "}" {
                return Err("a `}` closes nothing; a brace itself is written `}}`".to_owned());
            }
            let Some((name, after)) = after.split_once('}') else {
                return Err("a `{` is not closed; a brace itself is written `{{`".to_owned());
            };
            if !plain.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut plain)));
            }
            parts.push(Part::Place(Place::parse(name)?));
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Text(plain));
        }
        Ok(Self(parts))
    }

    pub(super) fn places(&self) -> impl Iterator<Item = &Place> {
        self.0.iter().filter_map(|part| match part {
            Part::Place(place) => Some(place),
            Part::Text(_) => None,
        })
    }

    /// The place that is all of the text.
    pub(super) fn alone(&self) -> Option<&Place> {
        match self.0.as_slice() {
            [Part::Place(place)] => Some(place),
            _ => None,
        }
    }

    /// The text with its values, each written by `write`; nothing where one of them is absent.
    ///
    /// # Errors
    ///
    /// When a value is a list or an object. The text is meant for the model.
    pub(super) fn fill(
        &self,
        values: Values<'_>,
        write: fn(&str, &mut String),
    ) -> Result<Option<String>, String> {
        let mut filled = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Place(place) => match place.text(values)? {
                    Some(value) => write(&value, &mut filled),
                    None => return Ok(None),
                },
            }
        }
        Ok(Some(filled))
    }
}

impl Place {
    fn parse(name: &str) -> Result<Self, String> {
        let known =
            "`call.sid`, `call.language`, `call.direction`, `call.from`, `call.to` and `call.traits.NAME`";
        let source = match name.strip_prefix("call.") {
            Some("sid") => Source::Call(Fact::Sid),
            Some("language") => Source::Call(Fact::Language),
            Some("direction") => Source::Call(Fact::Direction),
            Some("from") => Source::Call(Fact::From),
            Some("to") => Source::Call(Fact::To),
            Some(other) => match other.strip_prefix("traits.") {
                Some(name) if !name.is_empty() => Source::Call(Fact::Trait(name.to_owned())),
                Some(_) | None => {
                    return Err(format!("`{{{name}}}` is not known of a call; there are {known}"));
                }
            },
            None => Source::Argument(name.split('.').map(str::to_owned).collect()),
        };
        let allowed = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        let is_name = |part: &str| !part.is_empty() && part.chars().all(allowed);
        if matches!(source, Source::Argument(_)) && !name.split('.').all(is_name) {
            return Err(format!("`{{{name}}}` names no argument; a brace itself is written `{{{{`"));
        }
        Ok(Self { name: name.to_owned(), source })
    }

    /// As it is written.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The argument it needs, and whether it is a part of that one.
    pub(super) fn argument(&self) -> Option<&str> {
        match &self.source {
            Source::Argument(path) => path.first().map(String::as_str),
            Source::Call(_) => None,
        }
    }

    /// The value itself, if there is one.
    pub(super) fn value(&self, values: Values<'_>) -> Option<Value> {
        match &self.source {
            Source::Argument(path) => {
                let mut found = Some(values.arguments);
                for name in path {
                    found = found.and_then(|value| value.get(name));
                }
                found.filter(|value| !value.is_null()).cloned()
            }
            Source::Call(fact) => fact.of(values.occasion).map(Value::from),
        }
    }

    fn text(&self, values: Values<'_>) -> Result<Option<String>, String> {
        match self.value(values) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(value @ (Value::Bool(_) | Value::Number(_))) => Ok(Some(value.to_string())),
            Some(Value::Array(_) | Value::Object(_)) => {
                Err(format!("`{}` must be a text or a number", self.name))
            }
        }
    }
}

impl Fact {
    fn of(&self, occasion: &Occasion) -> Option<String> {
        let exposed = |value: &Option<crate::pii::Pii<String>>| value.as_ref().map(|v| v.expose().clone());
        match self {
            Self::Sid => Some(occasion.call_sid.clone()),
            Self::Language => Some(occasion.language.clone()),
            Self::Direction => Some(occasion.direction.clone()),
            Self::From => exposed(&occasion.from),
            Self::To => exposed(&occasion.to),
            Self::Trait(name) => occasion.traits.get(name).map(|value| value.expose().clone()),
        }
    }
}

/// Writes a value as it is.
pub(super) fn plainly(value: &str, to: &mut String) {
    to.push_str(value);
}

/// Writes a value so that it is one segment of a path, or one value of a query, and nothing else.
pub(super) fn percent_encoded(value: &str, to: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            to.push(char::from(byte));
        } else {
            let digit = |half: u8| char::from(b"0123456789ABCDEF"[usize::from(half)]);
            to.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fill(template: &str, arguments: &Value) -> Result<Option<String>, String> {
        let occasion = Occasion { call_sid: "CA1".into(), language: "en-US".into(), ..Occasion::default() };
        Template::parse(template)?.fill(Values { arguments, occasion: &occasion }, plainly)
    }

    #[test]
    fn places_take_arguments_and_facts_of_the_call() {
        let arguments = json!({"number": "12", "count": 3, "sure": true, "at": {"city": "Ulm"}});
        for (template, expected) in [
            ("{number}", "12"),
            ("a {number} b {count}{sure}", "a 12 b 3true"),
            ("{at.city}", "Ulm"),
            ("{call.sid}/{call.language}", "CA1/en-US"),
            ("{{number}} }}", "{number} }"),
            ("", ""),
        ] {
            assert_eq!(fill(template, &arguments), Ok(Some(expected.to_owned())), "{template}");
        }
        assert_eq!(fill("x{absent}", &arguments), Ok(None));
        assert_eq!(fill("{call.from}", &arguments), Ok(None));
        assert_eq!(fill("{at}", &arguments), Err("`at` must be a text or a number".to_owned()));
    }

    #[test]
    fn what_is_no_template_is_refused_where_the_file_is_read() {
        for (template, expected) in [
            ("{number", "a `{` is not closed"),
            ("number}", "a `}` closes nothing"),
            ("{}", "`{}` names no argument"),
            ("{a b}", "`{a b}` names no argument"),
            ("{call.mother}", "`{call.mother}` is not known of a call; there are `call.sid`"),
            ("{call.traits.}", "`{call.traits.}` is not known"),
        ] {
            let error = Template::parse(template).unwrap_err();
            assert!(error.starts_with(expected), "{template}: {error}");
        }
    }
}
