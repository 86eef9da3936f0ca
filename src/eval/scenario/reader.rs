//! Reads the tables of a file key by key, so that one mistake does not hide the next.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::Problem;

/// A value, and where it stands.
pub(super) type Placed<'a> = Spanned<DeValue<'a>>;

/// A file while it is read.
pub(super) struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    /// Where each key stands, by its path.
    places: BTreeMap<String, usize>,
    /// Everything that is wrong.
    pub(super) problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, places: BTreeMap::new(), problems: Vec::new() }
    }

    /// The whole file, if it is TOML at all.
    pub(super) fn root(&mut self) -> Option<Placed<'a>> {
        match DeTable::parse(self.text) {
            Ok(table) => {
                let span = table.span();
                Some(Spanned::new(span, DeValue::Table(table.into_inner())))
            }
            Err(error) => {
                self.fault(&error, "");
                None
            }
        }
    }

    /// Hands over each key of a table with its value. One that is not listed is a mistake.
    pub(super) fn each(
        &mut self,
        path: &str,
        value: Placed<'a>,
        keys: &[&str],
        mut take: impl FnMut(&mut Self, &str, Placed<'a>),
    ) {
        self.entries(path, value, |reader, path, key, value| {
            if keys.contains(&key) {
                take(reader, key, value);
            } else {
                let known = keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
                reader.problem(path, format!("there is no such key; expected {known}"));
            }
        });
    }

    /// Hands over each entry of a table whose keys are free: its path, its key and its value.
    pub(super) fn entries(
        &mut self,
        path: &str,
        value: Placed<'a>,
        mut take: impl FnMut(&mut Self, &str, &str, Placed<'a>),
    ) {
        let at = value.span().start;
        let DeValue::Table(table) = value.into_inner() else {
            return self.problem_at(at, format!("`{path}` must be a table"));
        };
        for (key, value) in table {
            let at = key.span().start;
            let key: Cow<'_, str> = key.into_inner();
            let path = if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
            self.places.insert(path.clone(), at);
            take(self, &path, &key, value);
        }
    }

    /// Hands over each item of a list with its path.
    pub(super) fn items(
        &mut self,
        path: &str,
        value: Placed<'a>,
        mut take: impl FnMut(&mut Self, &str, Placed<'a>),
    ) {
        let at = value.span().start;
        let DeValue::Array(items) = value.into_inner() else {
            return self.problem_at(at, format!("`{path}` must be a list"));
        };
        for (item, number) in items.into_iter().zip(1..) {
            let path = format!("{path}[{number}]");
            self.places.insert(path.clone(), item.span().start);
            take(self, &path, item);
        }
    }

    /// A value as what it is to be.
    pub(super) fn take<T: DeserializeOwned>(&mut self, path: &str, value: Placed<'a>) -> Option<T> {
        let at = value.span().start;
        match T::deserialize(ValueDeserializer::from(value)) {
            Ok(value) => Some(value),
            Err(error) => {
                let at = error.span().map_or(at, |span| span.start);
                self.problem_at(at, format!("`{path}`: {}", error.message().trim()));
                None
            }
        }
    }

    /// A text that says something.
    pub(super) fn text(&mut self, path: &str, value: Placed<'a>) -> Option<String> {
        let text: String = self.take(path, value)?;
        let text = text.trim();
        if text.is_empty() {
            self.problem(path, "it is empty".to_owned());
            return None;
        }
        Some(text.to_owned())
    }

    /// Whether the file has this key.
    pub(super) fn has(&self, path: &str) -> bool {
        self.places.contains_key(path)
    }

    /// Something is wrong with the value of a key.
    pub(super) fn problem(&mut self, path: &str, cause: String) {
        let at = self.places.get(path).copied().unwrap_or_default();
        self.problem_at(at, format!("`{path}`: {cause}"));
    }

    /// Something is wrong with all of it.
    pub(super) fn problem_of_all(&mut self, cause: &str) {
        self.problems.push(Problem { file: self.file.to_owned(), line: 0, cause: cause.to_owned() });
    }

    fn fault(&mut self, error: &toml::de::Error, path: &str) {
        let at = error.span().map_or(0, |span| span.start);
        let name = if path.is_empty() { String::new() } else { format!("`{path}`: ") };
        self.problem_at(at, format!("{name}{}", error.message().trim()));
    }

    fn problem_at(&mut self, at: usize, cause: String) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        self.problems.push(Problem { file: self.file.to_owned(), line, cause });
    }
}
