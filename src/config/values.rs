//! What `warmline.toml` says, for people: every value that is in force, in the order of its example.

use std::borrow::Cow;
use std::time::Duration;

use super::{Config, ModelCare, told};
use crate::handoff::Entry;
use crate::mask::Also;
use crate::session::Timings;
use crate::session::rules::{AfterSilence, Emergencies, KeyMeaning, Rules, Topic};
use crate::store::{Options, Retention};

/// A table of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileTable {
    /// Its name, such as `timings`; of a list with the entry's number, such as `targets 1`.
    pub name: Cow<'static, str>,
    /// Each key with its value, and the value's unit.
    pub values: Vec<(Cow<'static, str>, String)>,
}

/// A value, or that there is none.
const NOTHING: &str = "nothing";

impl Config {
    /// The tables of `warmline.toml` with what is in force, also where the file says nothing.
    pub fn file_tables(&self) -> Vec<FileTable> {
        let table = |name: &'static str, values: Vec<(&'static str, String)>| {
            let values = values.into_iter().map(|(key, value)| (key.into(), value));
            FileTable { name: name.into(), values: values.collect() }
        };
        let mut tables = vec![
            table("store", store(self.store.as_ref())),
            table("timings", timings(&self.timings)),
            table("model", model(&self.care)),
            table("rules", rules(&self.rules)),
            table("redact", self.hidden()),
            table("desk", self.framed()),
            table("limits", self.limited()),
            table("attributes", self.added()),
            table("recording", vec![("enabled", self.records.to_string())]),
        ];
        tables.extend(self.told.iter().cloned());
        let routes = &self.routes;
        tables.extend(routes.start.0.iter().zip(1..).map(|(rule, number)| told::start(rule, number)));
        tables.extend(routes.handoff.0.iter().zip(1..).map(|(rule, number)| told::handoff(rule, number)));
        let targets = self.targets.iter().enumerate();
        tables.extend(targets.map(|(place, target)| told::target(target, place, &self.places)));
        tables
    }

    fn hidden(&self) -> Vec<(&'static str, String)> {
        let exits = &self.redact;
        let each = [
            ("console", exits.console),
            ("desk", exits.desk),
            ("task", exits.task),
            ("export", exits.export),
            ("tracking", exits.tracking),
        ];
        each.map(|(name, also)| (name, kinds(also))).into()
    }

    fn framed(&self) -> Vec<(&'static str, String)> {
        let days = self.desk.valid.as_secs() / (24 * 60 * 60);
        vec![("link_days", days.to_string()), ("frame_ancestors", listed(&self.desk.frame_ancestors))]
    }

    fn added(&self) -> Vec<(&'static str, String)> {
        let name = |entry: &Entry| match &entry.table {
            Some(table) => format!("{table}.{}", entry.key),
            None => entry.key.clone(),
        };
        vec![("keys", listed(&self.attributes.0.iter().map(name).collect::<Vec<_>>()))]
    }

    fn limited(&self) -> Vec<(&'static str, String)> {
        let limits = &self.limits;
        vec![
            ("calls", limits.calls.to_string()),
            ("memory", format!("{} MiB", limits.memory / (1024 * 1024))),
            ("drain", ms(limits.drain)),
            ("setup", ms(limits.setup)),
            ("send", ms(limits.send)),
            ("silence", ms(limits.silence)),
            ("request", ms(limits.request)),
        ]
    }
}

/// Nothing where nothing is kept.
fn store(options: Option<&Options>) -> Vec<(&'static str, String)> {
    let Some(options) = options else { return Vec::new() };
    let days = match options.retention {
        Retention::Days(days) => days,
        Retention::Forever => 0,
    };
    vec![("retention_days", days.to_string()), ("mask", options.masked.to_string())]
}

fn timings(timings: &Timings) -> Vec<(&'static str, String)> {
    vec![
        ("filler", ms(timings.filler)),
        ("first_token", ms(timings.first_token)),
        ("second_first_token", ms(timings.second_first_token)),
        ("stall", ms(timings.stall)),
        ("summary", ms(timings.summary)),
        ("goodbye_start", ms(timings.goodbye_start)),
        ("goodbye_grace", ms(timings.goodbye_grace)),
        ("goodbye_longest", ms(timings.goodbye_longest)),
        ("leaving", ms(timings.leaving)),
        ("speaking_off", ms(timings.speaking_off)),
        ("keypad", ms(timings.keypad)),
        ("key_alone", ms(timings.key_alone)),
        ("tool_line", ms(timings.tool_line)),
        ("ask_again", ms(timings.ask_again)),
        ("characters_per_second", timings.characters_per_second.to_string()),
    ]
}

fn model(care: &ModelCare) -> Vec<(&'static str, String)> {
    vec![
        ("most_failures", care.most_failures.to_string()),
        ("rest", ms(care.rest)),
        ("hedge", ms(care.hedge.unwrap_or_default())),
    ]
}

fn rules(rules: &Rules) -> Vec<(&'static str, String)> {
    let emergencies = match rules.emergencies {
        Emergencies::Off => "off",
        Emergencies::Say => "say",
        Emergencies::Person => "person",
        Emergencies::Both => "both",
    };
    let after_silence = match rules.after_silence {
        AfterSilence::Person => "person",
        AfterSilence::Goodbye => "goodbye",
    };
    let key = |(key, meaning): (&char, &KeyMeaning)| match meaning {
        KeyMeaning::Person(code) => format!("{key}: person ({code})"),
        KeyMeaning::Say(text) => format!("{key}: say ({text})"),
    };
    let keys: Vec<String> = rules.keys.iter().map(key).collect();
    let topics: Vec<&str> = rules.topics.iter().map(Topic::name).collect();
    vec![
        ("requests", rules.requests.to_string()),
        ("emergencies", emergencies.to_owned()),
        ("silence", ms(rules.silence)),
        ("after_silence", after_silence.to_owned()),
        ("no_progress", rules.no_progress.to_string()),
        ("tool_errors", rules.tool_errors.to_string()),
        ("upset", rules.upset.to_string()),
        ("longest", format!("{} s", rules.longest.as_secs())),
        ("most_turns", rules.most_turns.to_string()),
        ("keys", listed(&keys)),
        ("topics", listed(&topics)),
    ]
}

fn ms(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}

fn kinds(also: Also) -> String {
    let kinds = [("email", also.email), ("phone", also.phone)];
    listed(&kinds.iter().filter(|(_, hidden)| *hidden).map(|(name, _)| *name).collect::<Vec<_>>())
}

pub(super) fn listed(values: &[impl AsRef<str>]) -> String {
    let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
    if values.is_empty() { NOTHING.to_owned() } else { values.join(", ") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_key_of_the_example_file_is_told_with_its_default() {
        let example: toml::Table = toml::from_str(include_str!("../../warmline.toml.example")).unwrap();
        let tables = Config::load(&BTreeMap::new()).unwrap().file_tables();
        for (table, keys) in &example {
            let told = tables.iter().find(|told| told.name == *table);
            let told = told.unwrap_or_else(|| panic!("[{table}] is not told"));
            for (key, value) in keys.as_table().unwrap() {
                let (_, shown) = told.values.iter().find(|(name, _)| name == key).unwrap_or_else(|| {
                    panic!("{key} of [{table}] is not told");
                });
                // How many calls depends on the machine.
                if key == "calls" {
                    continue;
                }
                let list = |values: &Vec<toml::Value>| {
                    listed(&values.iter().filter_map(toml::Value::as_str).collect::<Vec<_>>())
                };
                let text = value.as_str().map(str::to_owned).or_else(|| value.as_array().map(list));
                let number = value.as_integer().map(|number| number.to_string());
                let yes = value.as_bool().map(|yes| yes.to_string());
                let expected = text.or(number).or(yes).unwrap();
                let shown = shown.trim_end_matches(" ms").trim_end_matches(" s").trim_end_matches(" MiB");
                assert_eq!(shown, expected, "{key} of [{table}]");
            }
        }
    }
}
