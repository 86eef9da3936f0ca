//! Reads one scenario. Strictly: what is not understood would silently not be checked.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::act::act;
use super::check;
use super::reader::{Placed, Reader};
use super::{Answers, Caller, Expect, ExpectedTool, Part, Problem, Scenario, Simulated};
use crate::eval::spelled::Fact;
use crate::relay::LanguageTag;

/// After how many turns a simulated caller hangs up in any case, where the file does not say.
const MOST_TURNS: u32 = 12;
/// The most that a file may ask for.
const MOST_MOST_TURNS: u32 = 100;

/// What of a file was read so far.
#[derive(Default)]
struct Draft {
    title: Option<String>,
    tags: Vec<String>,
    language: Option<String>,
    acts: Vec<super::Act>,
    simulated: Option<Simulated>,
    caller: Caller,
    tools: BTreeMap<String, Answers>,
    expect: Expect,
}

/// Reads a scenario of this group and name.
///
/// # Errors
///
/// Everything that is wrong with it.
pub fn scenario(file: &str, group: &str, name: &str, text: &str) -> Result<Scenario, Vec<Problem>> {
    let mut reader = Reader::new(file, text);
    let mut draft = Draft::default();
    const KEYS: [&str; 8] = ["title", "tags", "language", "say", "caller", "simulated", "tools", "expect"];
    if let Some(root) = reader.root() {
        reader.each("", root, &KEYS, |reader, key, value| draft.take(reader, key, value));
        check::whole(&mut reader, &draft.expect);
    }
    let part = match draft.simulated {
        Some(simulated) => Part::Simulated(simulated),
        None => Part::Acts(draft.acts),
    };
    let (true, Some(title)) = (reader.problems.is_empty(), draft.title) else {
        reader.problems.sort_by_key(|problem| problem.line);
        return Err(reader.problems);
    };
    Ok(Scenario {
        name: name.to_owned(),
        group: group.to_owned(),
        title,
        tags: draft.tags,
        language: draft.language,
        part,
        caller: draft.caller,
        tools: draft.tools,
        expect: draft.expect,
    })
}

impl Draft {
    fn take<'a>(&mut self, reader: &mut Reader<'a>, key: &str, value: Placed<'a>) {
        match key {
            "title" => self.title = reader.text(key, value),
            "tags" => self.tags = texts(reader, key, value),
            "language" => self.language = language(reader, key, value),
            "say" => {
                let acts = &mut self.acts;
                reader.items(key, value, |reader, path, value| acts.extend(act(reader, path, value)));
            }
            "caller" => caller(reader, value, &mut self.caller),
            "simulated" => self.simulated = simulated(reader, value),
            "tools" => {
                let tools = &mut self.tools;
                reader.entries(key, value, |reader, path, name, value| {
                    tools.extend(answers(reader, path, value).map(|answers| (name.to_owned(), answers)));
                });
            }
            _ => expect(reader, value, &mut self.expect),
        }
    }
}

fn caller<'a>(reader: &mut Reader<'a>, value: Placed<'a>, caller: &mut Caller) {
    reader.each("caller", value, &["from", "name", "traits", "parameters"], |reader, key, value| {
        let path = format!("caller.{key}");
        match key {
            "from" => caller.from = reader.text(&path, value),
            "name" => caller.name = reader.text(&path, value),
            "traits" => reader.entries(&path, value, |reader, path, name, value| {
                caller.traits.extend(json(reader, path, value).map(|value| (name.to_owned(), value)));
            }),
            _ => caller.parameters = texts_by_name(reader, &path, value),
        }
    });
}

fn simulated<'a>(reader: &mut Reader<'a>, value: Placed<'a>) -> Option<Simulated> {
    let mut goal = None;
    let mut simulated = Simulated {
        goal: String::new(),
        temper: None,
        facts: BTreeMap::new(),
        opens: None,
        most_turns: MOST_TURNS,
    };
    const KEYS: [&str; 5] = ["goal", "temper", "facts", "opens", "most_turns"];
    reader.each("simulated", value, &KEYS, |reader, key, value| {
        let path = format!("simulated.{key}");
        match key {
            "goal" => goal = reader.text(&path, value),
            "temper" => simulated.temper = reader.text(&path, value),
            "facts" => simulated.facts = texts_by_name(reader, &path, value),
            "opens" => simulated.opens = reader.text(&path, value),
            _ => {
                simulated.most_turns = count(reader, &path, value, MOST_MOST_TURNS).unwrap_or(MOST_TURNS);
            }
        }
    });
    if !reader.has("simulated.goal") {
        reader.problem("simulated", "a caller that a model plays needs a `goal`".to_owned());
    }
    Some(Simulated { goal: goal?, ..simulated })
}

fn answers<'a>(reader: &mut Reader<'a>, path: &str, value: Placed<'a>) -> Option<Answers> {
    let mut found = None;
    reader.each(path, value, &["answer", "error"], |reader, key, value| {
        let path = format!("{path}.{key}");
        found = match key {
            "answer" => match json(reader, &path, value) {
                Some(Value::Array(list)) if list.is_empty() => {
                    reader.problem(&path, "the list of answers is empty".to_owned());
                    None
                }
                Some(Value::Array(list)) => Some(Answers::Well(list)),
                Some(one) => Some(Answers::Well(vec![one])),
                None => None,
            },
            _ => reader.text(&path, value).map(Answers::Fails),
        };
    });
    let has = |key: &str| reader.has(&format!("{path}.{key}"));
    if has("answer") == has("error") {
        reader.problem(path, "expected one of `answer` and `error`".to_owned());
    }
    found
}

/// The keys of `[expect]`.
pub(super) const EXPECTATIONS: [&str; 10] = [
    "escalates",
    "within_turns",
    "reason_code",
    "sentiment",
    "summary",
    "outcome",
    "says",
    "never_says",
    "language",
    "tools",
];

fn expect<'a>(reader: &mut Reader<'a>, value: Placed<'a>, expect: &mut Expect) {
    reader.each("expect", value, &EXPECTATIONS, |reader, key, value| {
        let path = format!("expect.{key}");
        match key {
            "escalates" => expect.escalates = reader.take(&path, value),
            "within_turns" => expect.within_turns = count(reader, &path, value, MOST_MOST_TURNS),
            "reason_code" => expect.reason_code = texts(reader, &path, value),
            "sentiment" => expect.sentiment = texts(reader, &path, value),
            "summary" => expect.summary = facts(reader, &path, value),
            "outcome" => expect.outcome = reader.take(&path, value),
            "says" => expect.says = facts(reader, &path, value),
            "never_says" => expect.never_says = facts(reader, &path, value),
            "language" => expect.language = language(reader, &path, value),
            _ => reader.items(&path, value, |reader, path, value| {
                expect.tools.extend(expected_tool(reader, path, value));
            }),
        }
    });
}

fn expected_tool<'a>(reader: &mut Reader<'a>, path: &str, value: Placed<'a>) -> Option<ExpectedTool> {
    let (mut name, mut arguments, mut never) = (None, None, false);
    reader.each(path, value, &["name", "arguments", "never"], |reader, key, value| {
        let path = format!("{path}.{key}");
        match key {
            "name" => name = reader.text(&path, value),
            "never" => never = reader.take(&path, value).unwrap_or_default(),
            _ => {
                arguments = json(reader, &path, value);
                if arguments.as_ref().is_some_and(|value| !value.is_object()) {
                    reader.problem(&path, "must be a table".to_owned());
                }
            }
        }
    });
    if !reader.has(&format!("{path}.name")) {
        reader.problem(path, "needs the `name` of a tool".to_owned());
    }
    Some(ExpectedTool { name: name?, arguments, never })
}

/// Facts, each by a text or by a list of its spellings.
fn facts<'a>(reader: &mut Reader<'a>, path: &str, value: Placed<'a>) -> Vec<Fact> {
    let mut facts = Vec::new();
    reader.items(path, value, |reader, path, value| {
        let spellings = if value.get_ref().is_str() {
            reader.text(path, value).into_iter().collect()
        } else {
            texts(reader, path, value)
        };
        if spellings.is_empty() {
            reader.problem(path, "expected a text, or a list of spellings".to_owned());
        }
        match Fact::new(spellings) {
            Ok(fact) => facts.push(fact),
            Err(blank) => reader.problem(path, format!("`{blank}` has neither a letter nor a digit")),
        }
    });
    facts
}

fn texts<'a>(reader: &mut Reader<'a>, path: &str, value: Placed<'a>) -> Vec<String> {
    let mut texts = Vec::new();
    reader.items(path, value, |reader, path, value| texts.extend(reader.text(path, value)));
    texts
}

fn texts_by_name<'a>(reader: &mut Reader<'a>, path: &str, value: Placed<'a>) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    reader.entries(path, value, |reader, path, name, value| {
        texts.extend(reader.text(path, value).map(|text| (name.to_owned(), text)));
    });
    texts
}

fn language<'a>(reader: &mut Reader<'a>, path: &str, value: Placed<'a>) -> Option<String> {
    let tag = reader.text(path, value)?;
    if LanguageTag::new(&tag).is_none() {
        reader.problem(path, "expected a language tag such as `en-US` or `es`".to_owned());
        return None;
    }
    Some(tag)
}

/// A number from 1.
fn count<'a>(reader: &mut Reader<'a>, path: &str, value: Placed<'a>, most: u32) -> Option<u32> {
    let count: u32 = reader.take(path, value)?;
    let fits = (1..=most).contains(&count);
    if !fits {
        reader.problem(path, format!("expected a number from 1 to {most}"));
    }
    fits.then_some(count)
}

/// A value as JSON has it. What JSON has no word for is refused.
fn json<'a>(reader: &mut Reader<'a>, path: &str, value: Placed<'a>) -> Option<Value> {
    let value: toml::Value = reader.take(path, value)?;
    let json = to_json(value);
    if json.is_none() {
        reader.problem(path, "dates, `inf` and `nan` have no place here: write a text".to_owned());
    }
    json
}

fn to_json(value: toml::Value) -> Option<Value> {
    Some(match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => serde_json::Number::from_f64(number)?.into(),
        toml::Value::Boolean(flag) => flag.into(),
        toml::Value::Datetime(_) => return None,
        toml::Value::Array(items) => Value::Array(items.into_iter().map(to_json).collect::<Option<_>>()?),
        toml::Value::Table(table) => {
            let entries = table.into_iter().map(|(name, value)| Some((name, to_json(value)?)));
            Value::Object(entries.collect::<Option<Map<_, _>>>()?)
        }
    })
}
