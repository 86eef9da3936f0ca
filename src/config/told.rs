//! The parts of `warmline.toml` that differ from business to business, for people: its hours, which traits of callers
//! are read, every rule of routing and every target. Secrets are not told, and numbers by their ends.

use std::borrow::Cow;

use super::file::File;
use super::values::{FileTable, listed};
use super::{Place, Ring, Target};
use crate::mask::{Also, mask_also};
use crate::routing::{Condition, Handover, Rule, Start};

/// A secret, in place of its value.
const HIDDEN: &str = "hidden";

type Value = (Cow<'static, str>, String);

/// The hours, the traits and what Segment is told, as the file has them.
pub(super) fn of_file(file: &File) -> Vec<FileTable> {
    let hours = file.hours.as_ref().map(|hours| hours.told()).unwrap_or_default();
    vec![
        table("hours".to_owned(), hours),
        table("profile".to_owned(), file.profile.told()),
        table("tracking".to_owned(), file.tracking.told()),
    ]
}

/// The rules for calls that come in.
pub(super) fn start(rule: &Rule<Start>, number: usize) -> FileTable {
    let mut values = of_rule(&rule.name, &rule.when);
    values.push(value("to", rule.decision.word()));
    match &rule.decision {
        Start::Agent { language, voice, prompts } => {
            values.extend(language.as_ref().map(|language| value("language", language)));
            values.extend(voice.as_ref().map(|voice| value("voice", voice)));
            values.extend(prompts.as_ref().map(|prompts| value("prompts", prompts)));
        }
        Start::Person { reason_code } => {
            values.extend(reason_code.as_ref().map(|code| value("reason_code", code)));
        }
    }
    table(format!("routes.start {number}"), values)
}

/// The rules for calls that go to people.
pub(super) fn handoff(rule: &Rule<Handover>, number: usize) -> FileTable {
    let Handover { targets, priority, attributes } = &rule.decision;
    let mut values = of_rule(&rule.name, &rule.when);
    let names: Vec<&str> = targets.iter().map(|place| place.name.as_str()).collect();
    values.push(value("targets", if names.is_empty() { "all".to_owned() } else { names.join(", ") }));
    values.extend(priority.map(|priority| value("priority", priority)));
    values.extend(
        attributes.iter().map(|(name, text)| (format!("attributes.{name}").into(), text.to_string())),
    );
    table(format!("routes.handoff {number}"), values)
}

fn of_rule(name: &str, when: &[Condition]) -> Vec<Value> {
    // A condition may be about a number.
    let also = Also { email: true, phone: true };
    let conditions: Vec<_> = when.iter().map(|condition| mask_also(condition.text(), None, also)).collect();
    let when = if conditions.is_empty() { "always".to_owned() } else { conditions.join(", ") };
    vec![value("name", name), value("when", when)]
}

/// A target: its name where it has one, its kind, and what is said about it.
pub(super) fn target(target: &Target, place: usize, places: &[Place]) -> FileTable {
    let named = places.iter().find(|named| named.place == place);
    let mut values: Vec<Value> = named.map(|named| value("name", &named.name)).into_iter().collect();
    values.push(value(target.kind(), target.shown()));
    match target {
        Target::Ring(ring) => values.extend(of_ring(ring)),
        Target::Webhook(_) => values.push(value("secret_env", HIDDEN)),
        Target::Workflow(_) | Target::Queue(_) | Target::Studio(_) | Target::Agent | Target::Voicemail => {}
    }
    table(format!("targets {}", place + 1), values)
}

fn of_ring(ring: &Ring) -> Vec<Value> {
    let key = ring.accept_key.map_or_else(|| listed(&[""; 0]), String::from);
    let caller_id = ring.caller_id.as_deref().map(crate::redact::number);
    let mut values = vec![value("ring", format!("{} s", ring.seconds))];
    values.extend(caller_id.map(|number| value("caller_id", number)));
    values.push(value("answer_on_bridge", ring.answer_on_bridge));
    values.push(value("context", ring.context));
    values.push(value("whisper", ring.whisper));
    values.push(value("accept_key", key));
    values
}

fn table(name: String, values: Vec<Value>) -> FileTable {
    FileTable { name: name.into(), values }
}

fn value(name: &'static str, text: impl ToString) -> Value {
    (name.into(), text.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::config::Config;

    const FILE: &str = r#"
[hours]
zone = "Europe/Berlin"
monday = ["09:00-12:00", "13:00-17:30"]
holidays = ["12-25"]
[profile]
region = "eu"
traits = ["tier"]
task = ["tier"]
[[routes.start]]
name = "friends"
when = ["from == '+15551230000'", "hours == 'open'"]
to = "ai"
language = "es-US"
voice = "Lupe-Neural"
prompts = "brief"
[[routes.start]]
to = "person"
reason_code = "default"
[[routes.handoff]]
targets = ["centre", "desk"]
priority = 3
attributes = { skill = "billing" }
[[targets]]
name = "desk"
number = "+15550001111"
caller_id = "+15559990000"
[[targets]]
name = "centre"
webhook = "https://centre.example.com/calls?key=hunter2-hunter2"
secret_env = "CENTRE_SECRET"
[[targets]]
ai = true
[[targets]]
client = "jane"
accept_key = "2"
"#;

    #[test]
    fn hours_traits_rules_and_targets_are_told_and_no_secret() {
        let path = std::env::temp_dir().join(format!("warmline-told-{}.toml", std::process::id()));
        std::fs::write(&path, FILE).unwrap();
        let secret = "hunter2-hunter2-hunter2";
        let vars = [("WARMLINE_CONFIG", path.to_str().unwrap()), ("CENTRE_SECRET", secret)];
        let vars: BTreeMap<_, _> = vars.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let config = Config::load(&vars).unwrap();
        std::fs::remove_file(&path).unwrap();
        let tables = config.file_tables();
        let told = |name: &str| -> Vec<String> {
            let table = tables.iter().find(|table| table.name == name);
            let table = table.unwrap_or_else(|| panic!("[{name}] is not told"));
            table.values.iter().map(|(name, value)| format!("{name}={value}")).collect()
        };
        assert_eq!(
            told("hours"),
            ["zone=Europe/Berlin", "monday=09:00-12:00, 13:00-17:30", "holidays=12-25"]
        );
        assert_eq!(told("profile"), ["region=eu", "traits=tier", "prompt=nothing", "task=tier"]);
        let friends = told("routes.start 1");
        assert!(friends[1].contains("hours == 'open'") && !friends[1].contains("5551230000"), "{friends:?}");
        assert_eq!(friends[2..], ["to=ai", "language=es-US", "voice=Lupe-Neural", "prompts=brief"]);
        assert_eq!(
            told("routes.start 2"),
            ["name=rule 2", "when=always", "to=person", "reason_code=default"]
        );
        assert_eq!(
            told("routes.handoff 1")[2..],
            ["targets=centre, desk", "priority=3", "attributes.skill=\"billing\""]
        );
        assert_eq!(
            told("targets 1"),
            [
                "name=desk",
                "number=+15•••••1111",
                "ring=30 s",
                "caller_id=+15•••••0000",
                "answer_on_bridge=true",
                "context=true",
                "whisper=true",
                "accept_key=1"
            ]
        );
        let centre = ["name=centre", "webhook=https://centre.example.com/calls", "secret_env=hidden"];
        assert_eq!(told("targets 2"), centre);
        assert_eq!(told("targets 3"), ["ai=true"]);
        assert_eq!(told("targets 4")[0], "client=jane");
        assert_eq!(told("targets 5"), ["voicemail=true"]);
        let all = format!("{tables:?}{config:?}");
        assert!(!all.contains("hunter2-hunter2-hunter2"), "{all}");
        assert!(!format!("{tables:?}").contains("hunter2"));
    }
}
