//! `[[routes.start]]` and `[[routes.handoff]]` of `warmline.toml`: the rules that say which way a call goes.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use toml::Spanned;

use super::reserved::is_taken;
use super::{NamedVariant, Place, ProfileTraits, Target};
use crate::routing::{Condition, Handover, KNOWN, Moment, Routes, Rule, Rules, Start, TRAITS};

/// The most rules of a kind, and conditions of a rule.
const MOST_RULES: usize = 100;
const MOST_CONDITIONS: usize = 20;
/// The longest name or code, in characters.
const LONGEST_NAME: usize = 64;
/// The most characters that the attributes of a rule may take of the Task, as JSON.
const MOST_ATTRIBUTES: usize = 600;
/// The longest value of an attribute, in characters: Flex Insights keeps no more.
const LONGEST_VALUE: usize = 128;

/// The longest name of a voice: an identifier of ElevenLabs with its model and settings.
const LONGEST_VOICE: usize = 100;

/// Keys of a Task that it has in any case.
const USUAL: [&str; 4] = ["name", "type", "customers", "conversations"];

/// The two lists.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RoutesTable {
    start: Vec<StartTable>,
    handoff: Vec<HandoffTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StartTable {
    #[serde(default)]
    name: Option<Spanned<String>>,
    #[serde(default)]
    when: Vec<Spanned<String>>,
    to: ToWord,
    #[serde(default)]
    language: Option<Spanned<String>>,
    #[serde(default)]
    voice: Option<Spanned<String>>,
    #[serde(default)]
    prompts: Option<Spanned<String>>,
    #[serde(default)]
    reason_code: Option<Spanned<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ToWord {
    Ai,
    Person,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct HandoffTable {
    name: Option<Spanned<String>>,
    when: Vec<Spanned<String>>,
    targets: Vec<Spanned<String>>,
    priority: Option<u32>,
    attributes: BTreeMap<Spanned<String>, Value>,
}

/// What rules may refer to.
pub(super) struct Within<'a> {
    /// The text of the file, which tells lines and columns.
    pub(super) text: &'a str,
    /// The targets.
    pub(super) targets: &'a [Target],
    /// Those of them that have names.
    pub(super) places: &'a [Place],
    /// The traits that are read.
    pub(super) traits: &'a ProfileTraits,
    /// Whether there are business hours.
    pub(super) has_hours: bool,
}

impl RoutesTable {
    pub(super) fn routes(&self, within: &Within<'_>) -> Result<Routes, Vec<String>> {
        let mut check = Check { within, problems: Vec::new() };
        let start = self.start.iter().zip(1..).map(|(rule, number)| check.start(rule, number)).collect();
        let handoff =
            self.handoff.iter().zip(1..).map(|(rule, number)| check.handoff(rule, number)).collect();
        check.order("start", self.start.iter().map(|rule| rule.when.len()));
        check.order("handoff", self.handoff.iter().map(|rule| rule.when.len()));
        let routes = Routes { start: Rules(start), handoff: Rules(handoff) };
        if check.problems.is_empty() { Ok(routes) } else { Err(check.problems) }
    }

    /// The variants of the prompts that rules name, with their places in the file, `text`.
    pub(super) fn variants(&self, text: &str) -> Vec<NamedVariant> {
        let named = self.start.iter().filter_map(|rule| rule.prompts.as_ref());
        let named = named.map(|name| {
            let place = format!("routes, {}", place(text, name.span().start + 1));
            NamedVariant { name: name.get_ref().clone(), place }
        });
        named.collect()
    }
}

struct Check<'a> {
    within: &'a Within<'a>,
    problems: Vec<String>,
}

impl Check<'_> {
    fn start(&mut self, table: &StartTable, number: usize) -> Rule<Start> {
        let reason_code = table.reason_code.as_ref().map(|code| self.short("reason_code", code));
        if let (ToWord::Ai, Some(code)) = (table.to, &table.reason_code) {
            self.problem(code.span().start, "reason_code: only a call that goes to a person has one");
        }
        let language = table.language.as_ref().map(|tag| self.tag(tag));
        let voice = table.voice.as_ref().map(|voice| self.voice(voice));
        let prompts = table.prompts.as_ref().map(|name| self.short("prompts", name));
        let of_the_ai = table.language.as_ref().or(table.voice.as_ref()).or(table.prompts.as_ref());
        if let (ToWord::Person, Some(text)) = (table.to, of_the_ai) {
            let cause = "language, voice, prompts: only a call that the AI answers has them";
            self.problem(text.span().start, cause);
        }
        let decision = match table.to {
            ToWord::Ai => Start::Agent { language, voice, prompts },
            ToWord::Person => Start::Person { reason_code },
        };
        let name = self.name(table.name.as_ref(), number);
        Rule { name, when: self.conditions(&table.when, Moment::Start), decision }
    }

    fn handoff(&mut self, table: &HandoffTable, number: usize) -> Rule<Handover> {
        let mut targets = Vec::new();
        for name in &table.targets {
            match self.within.places.iter().find(|place| place.name == *name.get_ref()) {
                Some(place) if targets.contains(place) => {
                    self.problem(name.span().start, "targets: named twice");
                }
                Some(_)
                    if targets
                        .last()
                        .is_some_and(|before| self.target(before).is_some_and(Target::is_last)) =>
                {
                    self.problem(name.span().start, "targets: nothing comes back from the one before");
                }
                Some(place) if targets.is_empty() && self.target(place) == Some(&Target::Agent) => {
                    self.problem(name.span().start, "targets: somebody has to be tried before the AI again");
                    targets.push(place.clone());
                }
                Some(place) => targets.push(place.clone()),
                None => {
                    let names: Vec<_> = self.within.places.iter().map(|place| place.name.as_str()).collect();
                    let cause = format!("targets: no target has this name; there are: {}", names.join(", "));
                    self.problem(name.span().start, &cause);
                }
            }
        }
        let attributes = self.attributes(&table.attributes);
        let decision = Handover { targets, priority: table.priority, attributes };
        let name = self.name(table.name.as_ref(), number);
        Rule { name, when: self.conditions(&table.when, Moment::Handoff), decision }
    }

    fn target(&self, place: &Place) -> Option<&Target> {
        self.within.targets.get(place.place)
    }

    /// A BCP 47 tag by its form; whether Twilio speaks it, Twilio knows.
    fn tag(&mut self, text: &Spanned<String>) -> String {
        let tag = text.get_ref();
        let mut parts = tag.split('-');
        let primary = parts.next().unwrap_or_default();
        let begins = (2..=3).contains(&primary.len()) && primary.bytes().all(|b| b.is_ascii_alphabetic());
        let follows =
            |part: &str| (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
        if !begins || !parts.all(follows) {
            self.problem(text.span().start, "language: expected a tag such as es-US");
        }
        tag.clone()
    }

    /// A voice by its form; whether a provider has it, Twilio knows.
    fn voice(&mut self, text: &Spanned<String>) -> String {
        let voice = text.get_ref();
        let fits = (1..=LONGEST_VOICE).contains(&voice.len())
            && voice.bytes().all(|b| b.is_ascii_graphic() && !b"<>&\"'".contains(&b));
        if !fits {
            self.problem(text.span().start, "voice: expected a provider's name of one, without spaces");
        }
        voice.clone()
    }

    fn conditions(&mut self, texts: &[Spanned<String>], at: Moment) -> Vec<Condition> {
        let mut conditions = Vec::new();
        for text in texts {
            let listed = |name: &str| self.within.traits.read.iter().any(|listed| listed == name);
            let begins = text.span().start;
            match Condition::parse(text.get_ref(), at, listed) {
                Err(fault) => self.problem(begins + 1 + fault.at, &format!("when: {}", fault.cause)),
                Ok(condition) if !self.within.has_hours && is_by_hours(condition.fact()) => {
                    let cause =
                        format!("when: `{}` is known only with a `zone` in [hours]", condition.fact());
                    self.problem(begins + 1, &cause);
                }
                Ok(condition) => conditions.push(condition),
            }
        }
        if texts.len() > MOST_CONDITIONS {
            self.problem(
                texts[0].span().start,
                &format!("when: expected at most {MOST_CONDITIONS} conditions"),
            );
        }
        conditions
    }

    fn attributes(&mut self, table: &BTreeMap<Spanned<String>, Value>) -> BTreeMap<String, Value> {
        let mut attributes = BTreeMap::new();
        for (name, value) in table {
            let at = name.span().start;
            let name = name.get_ref();
            let readable = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let begins = name.starts_with(|c: char| c.is_ascii_alphabetic());
            if !begins || !name.chars().all(readable) || name.chars().count() > LONGEST_NAME {
                // An expression of a workflow would read `a-b` as a subtraction.
                self.problem(at, "attributes: expected names of letters, digits and _, a letter first");
            } else if is_taken(name) || USUAL.contains(&name.as_str()) {
                self.problem(at, "attributes: the Task has a key of this name already");
            }
            let short = |text: &String| text.chars().count() <= LONGEST_VALUE;
            match value {
                Value::Number(_) | Value::Bool(_) => {}
                Value::String(text) if short(text) => {}
                Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => self.problem(
                    at,
                    "attributes: expected a text of at most 128 characters, a number, true or false",
                ),
            }
            attributes.insert(name.clone(), value.clone());
        }
        if let Some((name, _)) = table.first_key_value() {
            let length = serde_json::to_string(&attributes).unwrap_or_default().chars().count();
            if length > MOST_ATTRIBUTES {
                let cause =
                    format!("attributes: {length} characters as JSON; {MOST_ATTRIBUTES} are the most");
                self.problem(name.span().start, &cause);
            }
        }
        attributes
    }

    /// A rule without conditions applies always, so nothing may follow it.
    fn order(&mut self, kind: &str, conditions: impl ExactSizeIterator<Item = usize>) {
        let rules = conditions.len();
        if rules > MOST_RULES {
            self.problems.push(format!("[[routes.{kind}]]: expected at most {MOST_RULES} of them"));
        }
        for (count, number) in conditions.zip(1..) {
            if count == 0 && number < rules {
                self.problems.push(format!(
                    "[[routes.{kind}]] number {number} has no `when`, so it applies always: it must be the last"
                ));
            }
        }
    }

    fn name(&mut self, name: Option<&Spanned<String>>, number: usize) -> String {
        name.map_or_else(|| format!("rule {number}"), |name| self.short("name", name))
    }

    fn short(&mut self, key: &str, text: &Spanned<String>) -> String {
        let fits = !text.get_ref().trim().is_empty()
            && text.get_ref().chars().count() <= LONGEST_NAME
            && !text.get_ref().chars().any(char::is_control);
        if !fits {
            self.problem(text.span().start, &format!("{key}: expected 1 to {LONGEST_NAME} characters"));
        }
        text.get_ref().clone()
    }

    fn problem(&mut self, at: usize, cause: &str) {
        self.problems.push(format!("routes, {}: {cause}", place(self.within.text, at)));
    }
}

/// Where in a file a byte stands, for people.
fn place(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("line {line}, column {column}")
}

fn is_by_hours(fact: &str) -> bool {
    !fact.starts_with(TRAITS) && KNOWN.iter().any(|known| known.name == fact && known.by_hours)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Studio;
    use crate::config::file::File;
    use crate::ids::AccountSid;

    fn read(text: &str) -> Result<Routes, Vec<String>> {
        let file = File::parse(text).map_err(|error| vec![error])?;
        let traits = ProfileTraits { read: vec!["a".into(), "b-c".into()], ..ProfileTraits::default() };
        let places = [("billing", 0), ("again", 1), ("general", 2), ("flow", 3)];
        let places = places.map(|(name, place)| Place { name: name.to_owned(), place });
        let queue = |name: &str| Target::Queue(name.to_owned());
        let flow = format!("FW{}", "0".repeat(32)).parse().unwrap();
        let studio = Studio { account: AccountSid::phone(), flow };
        let targets = [queue("billing"), Target::Agent, queue("general"), Target::Studio(studio)];
        let within = Within { text, targets: &targets, places: &places, traits: &traits, has_hours: false };
        file.routes.routes(&within)
    }

    #[test]
    fn rules_are_read_in_their_order() {
        let routes = read(
            "[[routes.start]]\nname = \"heavy reader\"\nwhen = [\"traits.a > 0\"]\nto = \"person\"\nreason_code = \"docs\"\n\
             [[routes.start]]\nto = \"ai\"\nlanguage = \"es-US\"\nvoice = \"Lupe-Neural\"\nprompts = \"brief\"\n\
             [[routes.handoff]]\nwhen = ['traits.b-c == \"x\"', \"turns > 3\"]\ntargets = [\"general\", \"billing\"]\n\
             priority = 7\nattributes = { skill = \"billing\", level = 2, vip = true }\n",
        )
        .unwrap();
        let start: Vec<_> =
            routes.start.0.iter().map(|rule| (rule.name.as_str(), rule.decision.word())).collect();
        assert_eq!(start, [("heavy reader", "person"), ("rule 2", "ai")]);
        let spoken = Start::Agent {
            language: Some("es-US".into()),
            voice: Some("Lupe-Neural".into()),
            prompts: Some("brief".into()),
        };
        assert_eq!(routes.start.0[1].decision, spoken);
        let decision = &routes.handoff.0[0].decision;
        let places: Vec<_> = decision.targets.iter().map(|place| place.place).collect();
        assert_eq!((places, decision.priority, decision.attributes.len()), (vec![2, 0], Some(7), 3));
    }

    #[test]
    fn every_mistake_is_told_with_line_and_column() {
        for (text, expected) in [
            (
                "[[routes.start]]\nwhen = [\"sentimnt == 'x'\"]\nto = \"ai\"",
                "line 2, column 10: when: unknown fact",
            ),
            (
                "[[routes.start]]\nwhen = [\n  'calls ~ 3',\n]\nto = \"ai\"",
                "line 3, column 10: when: unknown operator",
            ),
            (
                "[[routes.start]]\nwhen = [\"turns > 1\"]\nto = \"ai\"",
                "line 2, column 10: when: `turns` is not known",
            ),
            (
                "[[routes.start]]\nwhen = ['traits.z > 1']\nto = \"ai\"",
                "line 2, column 10: when: the trait `z`",
            ),
            (
                "[[routes.start]]\nwhen = [\"hours == 'open'\"]\nto = \"ai\"",
                "line 2, column 10: when: `hours` is known",
            ),
            (
                "[[routes.start]]\nto = \"person\"\nprompts = \"brief\"",
                "line 3, column 11: language, voice, prompts: only",
            ),
            ("[[routes.start]]\nto = \"ai\"\nprompts = \"\"", "line 3, column 11: prompts: expected 1 to 64"),
            ("[[routes.start]]\nto = \"ai\"\nreason_code = \"x\"", "line 3, column 15: reason_code"),
            (
                "[[routes.start]]\nto = \"ai\"\nlanguage = \"Spanish\"",
                "line 3, column 12: language: expected",
            ),
            ("[[routes.start]]\nto = \"ai\"\nvoice = \"a b\"", "line 3, column 9: voice: expected"),
            (
                "[[routes.start]]\nto = \"person\"\nlanguage = \"es-US\"",
                "line 3, column 12: language, voice, prompts: only",
            ),
            (
                "[[routes.handoff]]\ntargets = [\"again\", \"billing\"]",
                "line 2, column 12: targets: somebody has",
            ),
            (
                "[[routes.handoff]]\ntargets = [\"flow\", \"billing\"]",
                "line 2, column 20: targets: nothing comes",
            ),
            (
                "[[routes.handoff]]\ntargets = [\"billing\", \"bilingual\"]",
                "line 2, column 23: targets: no target",
            ),
            (
                "[[routes.handoff]]\ntargets = [\"billing\", \"billing\"]",
                "line 2, column 23: targets: named twice",
            ),
            ("[[routes.handoff]]\nattributes = { a-b = 1 }", "line 2, column 16: attributes: expected names"),
            (
                "[[routes.handoff]]\nattributes = { name = \"x\" }",
                "line 2, column 16: attributes: the Task has",
            ),
            (
                "[[routes.handoff]]\nattributes = { x = [1] }",
                "line 2, column 16: attributes: expected a text",
            ),
            ("[[routes.handoff]]\nname = \"\"", "line 2, column 8: name"),
            ("[[routes.handoff]]\npriority = -1", "line 2"),
            ("[[routes.start]]\nto = \"robot\"", "line 2"),
            ("[[routes.start]]\nwhn = []\nto = \"ai\"", "line 2"),
            ("[[routes.start]]\nto = \"ai\"\n[[routes.start]]\nto = \"person\"", "number 1 has no `when`"),
        ] {
            let problems = read(text).unwrap_err();
            assert!(problems.len() == 1 && problems[0].contains(expected), "{text}: {problems:?}");
        }
        let long = (0..6).map(|n| format!("k{n} = \"{}\"", "x".repeat(110))).collect::<Vec<_>>().join(", ");
        let problems = read(&format!("[[routes.handoff]]\nattributes = {{ {long} }}")).unwrap_err();
        assert!(problems[0].contains("600 are the most"), "{problems:?}");
    }
}
