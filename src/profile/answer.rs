//! Reads what the API answered: listed traits alone, whatever else comes, and no more than a profile may have.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::Failure;
use crate::handoff::tidy;
use crate::hours::moment;
use crate::routing::Fact;

/// The largest answer that is read, in bytes: five times what 200 traits of ordinary length take.
const LARGEST: usize = 1024 * 1024;
/// The longest value, in characters.
const LONGEST: usize = 200;
/// How many items of a list are kept, and how long each may be, in characters.
const MOST_ITEMS: usize = 20;
const LONGEST_ITEM: usize = 60;

pub(super) async fn read(
    mut response: reqwest::Response,
    listed: &[String],
) -> Result<BTreeMap<String, Fact>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| Failure::Unreachable)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(Failure::Broken);
        }
        body.extend_from_slice(&chunk);
    }
    traits(&body, listed).map_err(|_| Failure::Broken)
}

fn traits(body: &[u8], listed: &[String]) -> serde_json::Result<BTreeMap<String, Fact>> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let traits = Answer(listed).deserialize(&mut reader)?;
    reader.end()?;
    Ok(traits)
}

/// `{"traits": {…}, "cursor": {…}}`.
struct Answer<'a>(&'a [String]);

/// The traits themselves.
struct Listed<'a>(&'a [String]);

impl<'de> DeserializeSeed<'de> for Answer<'_> {
    type Value = BTreeMap<String, Fact>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Answer<'_> {
    type Value = BTreeMap<String, Fact>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with traits")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut traits = None;
        while let Some(key) = map.next_key::<String>()? {
            if key == "traits" {
                traits = Some(map.next_value_seed(Listed(self.0))?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        traits.ok_or_else(|| serde::de::Error::missing_field("traits"))
    }
}

impl<'de> DeserializeSeed<'de> for Listed<'_> {
    type Value = BTreeMap<String, Fact>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Listed<'_> {
    type Value = BTreeMap<String, Fact>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of traits")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut traits = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            if self.0.contains(&name) {
                if let Some(fact) = fact(&map.next_value::<Value>()?) {
                    traits.insert(name, fact);
                }
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(traits)
    }
}

/// The value of a trait, where it is one of ours; an object is nothing that a rule could ask about.
fn fact(value: &Value) -> Option<Fact> {
    match value {
        Value::Null | Value::Object(_) => None,
        Value::Bool(flag) => Some(Fact::Flag(*flag)),
        Value::Number(number) => number.as_f64().map(Fact::Number),
        Value::String(text) => {
            let text = tidy(text, LONGEST);
            match moment(&text) {
                Some(at) => Some(Fact::Time { text, at }),
                None => (!text.is_empty()).then_some(Fact::Text(text)),
            }
        }
        Value::Array(items) => {
            let item = |item: &Value| match item {
                Value::String(text) => Some(tidy(text, LONGEST_ITEM)),
                Value::Number(_) | Value::Bool(_) => Some(item.to_string()),
                Value::Null | Value::Array(_) | Value::Object(_) => None,
            };
            Some(Fact::List(items.iter().filter_map(item).take(MOST_ITEMS).collect()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn listed_traits_alone_are_read_each_as_what_it_is() {
        let body = r#"{"cursor":{"has_more":false},"traits":{"a":"x\n\u0007y","b":3,"c":true,"d":["p",1,null,{}],
            "e":{"deep":1},"f":null,"g":"2026-01-01T00:00:00Z","ssn":"078-05-1120","h":""}}"#;
        let traits = traits(body.as_bytes(), &listed(&["a", "b", "c", "d", "e", "f", "g", "h"])).unwrap();
        let expected = [
            ("a", Fact::Text("x y".into())),
            ("b", Fact::Number(3.0)),
            ("c", Fact::Flag(true)),
            ("d", Fact::List(vec!["p".into(), "1".into()])),
            ("g", Fact::Time { text: "2026-01-01T00:00:00Z".into(), at: 1_767_225_600 }),
        ];
        assert!(traits == expected.map(|(name, fact)| (name.to_owned(), fact)).into());
    }

    #[test]
    fn an_endless_value_is_cut_and_what_is_no_profile_is_refused() {
        let long = format!(r#"{{"traits":{{"a":"{}"}}}}"#, "x".repeat(100_000));
        let read = traits(long.as_bytes(), &listed(&["a"])).unwrap();
        assert_eq!(read["a"].text().chars().count(), LONGEST);
        for body in
            ["", "[]", "{}", r#"{"traits":[]}"#, r#"{"traits":{"a":1}"#, r#"{"traits":{}} x"#, "<html>"]
        {
            assert!(traits(body.as_bytes(), &listed(&["a"])).is_err(), "{body}");
        }
        let deep = format!(r#"{{"traits":{{"a":{}{}}}}}"#, "[".repeat(10_000), "]".repeat(10_000));
        assert!(traits(deep.as_bytes(), &listed(&["a"])).is_err(), "deeper than any profile");
    }
}
