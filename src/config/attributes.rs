//! `[attributes]` of `warmline.toml`: the template of Task attributes.

use serde::Deserialize;
use serde_json::{Number, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::reserved::{FLEXS, OURS, TWILIOS};
use crate::handoff::{Entry, INSIGHTS, Source, Template, Wanted, is_number};

/// The most keys, the longest name of one, and the longest text, in characters.
const MOST_KEYS: usize = 100;
const LONGEST_NAME: usize = 64;
const LONGEST_TEXT: usize = 128;

/// What Flex Insights or Salted CX reads of a customer; numbers stand in [`is_number`].
pub(super) const CUSTOMERS: &[&str] = &[
    "name",
    "external_id",
    "phone",
    "email",
    "customer_link",
    "customer_attribute_#",
    "customer_label_#",
    "acquisition_date",
    "category",
    "customer_manager",
    "gender",
    "geo_location",
    "market_segment",
    "organization",
    "year_of_birth",
    "zip",
    "acquisition_cost",
    "business_value",
    "state",
    "country",
    "region",
    "segment",
];
/// What they read of a conversation. `#` stands for a number.
pub(super) const CONVERSATIONS: &[&str] = &[
    "segment_link",
    "abandoned",
    "abandoned_phase",
    "activity",
    "campaign",
    "case",
    "channel",
    "content",
    "conversation_id",
    "conversation_attribute_#",
    "conversation_label_#",
    "conversation_measure_#",
    "destination",
    "direction",
    "external_contact",
    "followed_by",
    "handling_department_id",
    "handling_department_name",
    "handling_department_name_in_hierarchy",
    "handling_team_id",
    "handling_team_name",
    "handling_team_name_in_hierarchy",
    "hang_up_by",
    "in_business_hours",
    "initiated_by",
    "initiative",
    "ivr_path",
    "language",
    "outcome",
    "preceded_by",
    "productive",
    "queue",
    "service_level",
    "source",
    "virtual",
    "workflow",
    "communication_channel",
    "order",
    "activity_time",
    "average_response_time",
    "first_response_time",
    "focus_time",
    "hold_time",
    "ivr_time",
    "company_contact",
    "attribute_#",
    "category",
    "fact_#",
    "outcome_category",
    "priority",
    "reason",
];

/// The table. Its values are read from the text of the file, which tells their places.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct AttributesTable(#[expect(dead_code, reason = "read from the text")] toml::Table);

/// What a template may refer to.
pub(super) struct Within<'a> {
    /// The text of the file.
    pub(super) text: &'a str,
    /// The traits that are read.
    pub(super) traits: &'a [String],
    /// Whether there are business hours.
    pub(super) has_hours: bool,
    /// Whether calls are recorded.
    pub(super) records: bool,
}

impl AttributesTable {
    pub(super) fn template(&self, within: &Within<'_>) -> Result<Template, Vec<String>> {
        let mut check = Check { within, problems: Vec::new(), entries: Vec::new() };
        // What is wrong with the file as a whole is told already.
        let Ok(file) = DeTable::parse(within.text) else { return Ok(Template::default()) };
        let Some(table) = file.get_ref().get("attributes").and_then(|table| table.get_ref().as_table())
        else {
            return Ok(Template::default());
        };
        check.table(None, table);
        check.entries.sort_by_key(|(at, _)| *at);
        if let Some((at, _)) = check.entries.get(MOST_KEYS) {
            check.problem(*at, &format!("expected at most {MOST_KEYS} keys"));
        }
        let entries = check.entries.into_iter().map(|(_, entry)| entry).collect();
        if check.problems.is_empty() { Ok(Template(entries)) } else { Err(check.problems) }
    }
}

struct Check<'a> {
    within: &'a Within<'a>,
    problems: Vec<String>,
    entries: Vec<(usize, Entry)>,
}

impl Check<'_> {
    fn table(&mut self, name: Option<&str>, table: &DeTable<'_>) {
        for (key, value) in table {
            let at = key.span().start;
            if let Err(cause) = allowed(name, key.get_ref()) {
                self.problem(at, &cause);
                continue;
            }
            match (name, value.get_ref().as_table()) {
                (None, Some(inner)) => self.table(Some(key.get_ref()), inner),
                (Some(_), Some(_)) => self.problem(at, "a table within a table is more than readers expect"),
                (None, None) if INSIGHTS.contains(&key.get_ref().as_ref()) => {
                    self.problem(at, "this is a table, as in [attributes.customers]");
                }
                (_, None) => {
                    if let Some(wanted) = self.wanted(name, key.get_ref(), value) {
                        let (table, key) = (name.map(str::to_owned), key.get_ref().to_string());
                        self.entries.push((at, Entry { table, key, wanted }));
                    }
                }
            }
        }
    }

    fn wanted(&mut self, table: Option<&str>, key: &str, value: &Spanned<DeValue<'_>>) -> Option<Wanted> {
        let at = value.span().start;
        let plain = match value.get_ref() {
            DeValue::String(text) => return self.text(table, key, at, text),
            DeValue::Boolean(flag) => Some(Value::Bool(*flag)),
            DeValue::Integer(digits) => {
                i64::from_str_radix(digits.as_str(), digits.radix()).ok().map(Into::into)
            }
            DeValue::Float(digits) => digits.as_str().parse().ok().and_then(Number::from_f64).map(Into::into),
            DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
        };
        let Some(plain) = plain else {
            self.problem(at, "expected a text, a number, true or false");
            return None;
        };
        if plain.is_boolean() && table.is_some_and(|table| is_number(table, key)) {
            self.problem(at, "Flex Insights takes a number here");
        }
        Some(Wanted::Plain(plain))
    }

    fn text(&mut self, table: Option<&str>, key: &str, at: usize, text: &str) -> Option<Wanted> {
        let is_insight = table.is_some_and(|table| INSIGHTS.contains(&table));
        let fits = |source: &Source| self.within.knows(source, is_insight);
        // The quote stands before the text.
        let wanted = match Wanted::read(text, &fits) {
            Ok(wanted) => wanted,
            Err(fault) => {
                self.problem(at + 1 + fault.at, &fault.cause);
                return None;
            }
        };
        let refers = wanted.sources().next().is_some();
        if !refers && text.chars().count() > LONGEST_TEXT {
            self.problem(
                at,
                &format!("expected at most {LONGEST_TEXT} characters: Flex Insights keeps no more"),
            );
        }
        if !refers && !text.is_empty() && table.is_some_and(|table| is_number(table, key)) {
            self.problem(at, "Flex Insights takes a number here");
        }
        Some(wanted)
    }

    fn problem(&mut self, at: usize, cause: &str) {
        let before = self.within.text.get(..at).unwrap_or(self.within.text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        self.problems.push(format!("attributes, line {line}, column {column}: {cause}"));
    }
}

impl Within<'_> {
    fn knows(&self, source: &Source, is_insight: bool) -> Result<(), String> {
        let problem = if let Source::Trait(name) = source
            && !self.traits.contains(name)
        {
            format!("the trait `{name}` is not listed in `traits` of [profile]")
        } else if *source == Source::InBusinessHours && !self.has_hours {
            "`inBusinessHours` is known only with a `zone` in [hours]".to_owned()
        } else if *source == Source::RecordingUrl && !self.records {
            "`recordingUrl` is known only where [recording] is `enabled`".to_owned()
        } else if *source == Source::DeskUrl && is_insight {
            "Flex Insights would cut `deskUrl`; put it at the top level".to_owned()
        } else {
            return Ok(());
        };
        Err(problem)
    }
}

/// Whether the settings may have a key of this name.
fn allowed(table: Option<&str>, key: &str) -> Result<(), String> {
    let readable = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let begins = key.starts_with(|c: char| c.is_ascii_alphabetic());
    if !begins || !key.chars().all(readable) || key.len() > LONGEST_NAME {
        return Err(format!(
            "expected names of letters, digits and _, a letter first, at most {LONGEST_NAME} of them: \
             an expression of a workflow reads `a-b` as a subtraction"
        ));
    }
    match table {
        None if OURS.contains(&key) => {
            Err(format!("`{key}` is the hand-off's own, and is there in any case"))
        }
        None if TWILIOS.contains(&key) => Err(format!("`{key}` is Twilio's, and is there in any case")),
        None if FLEXS.contains(&key) => Err(format!("`{key}` is how Flex leads the conversation")),
        None => Ok(()),
        Some(table) => {
            let known = match table {
                "customers" => CUSTOMERS,
                "conversations" => CONVERSATIONS,
                _ => return Ok(()),
            };
            let stem = key.trim_end_matches(|c: char| c.is_ascii_digit());
            let reads = |known: &&&str| {
                known.strip_suffix('#').map_or(**known == key, |begin| begin == stem && stem != key)
            };
            match known.iter().find(reads) {
                Some(_) => Ok(()),
                None => Err(format!(
                    "neither Flex Insights nor Salted CX reads `{table}.{key}`; docs/ATTRIBUTES.md has all that they read"
                )),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::file::File;

    fn read(text: &str) -> Result<Template, Vec<String>> {
        let file = File::parse(text).map_err(|error| vec![error])?;
        let traits = ["tier".to_owned(), "last topic".to_owned()];
        file.attributes.template(&Within { text, traits: &traits, has_hours: false, records: false })
    }

    #[test]
    fn keys_keep_the_order_of_the_file() {
        let template = read(
            "[attributes]\nzeta = \"{traits.tier}\"\nalpha = 1_000\nvip = true\nrate = 0.5\nname = \"\"\n\
             [attributes.customers]\ncategory = '{traits[\"last topic\"] | \"none\"}'\n\
             [attributes.escalation]\nsource = \"voice-ai\"\n",
        )
        .unwrap();
        let keys: Vec<_> =
            template.0.iter().map(|entry| (entry.table.as_deref(), entry.key.as_str())).collect();
        let expected = [
            (None, "zeta"),
            (None, "alpha"),
            (None, "vip"),
            (None, "rate"),
            (None, "name"),
            (Some("customers"), "category"),
            (Some("escalation"), "source"),
        ];
        assert_eq!(keys, expected);
        assert_eq!(template.0[1].wanted, Wanted::Plain(1_000.into()));
        assert_eq!(template.0[4].wanted, Wanted::Nothing);
        assert_eq!(read("").unwrap(), Template::default());
    }

    #[test]
    fn every_mistake_is_told_with_line_and_column() {
        for (text, expected) in [
            ("[attributes]\na = \"{resonCode}\"", "line 2, column 7: unknown reference `resonCode`"),
            ("[attributes]\na = 1\nb = \"x {facts.order-number} y\"", "line 3, column 9: facts have names"),
            ("[attributes]\na = \"{traits.secret}\"", "line 2, column 7: the trait `secret` is not listed"),
            ("[attributes]\na = \"{inBusinessHours}\"", "line 2, column 7: `inBusinessHours` is known only"),
            ("[attributes]\na = \"{recordingUrl}\"", "line 2, column 7: `recordingUrl` is known only"),
            ("[attributes]\na = \"{reason\"", "line 2, column 6: `{` without a `}`"),
            ("[attributes]\na = \"reason}\"", "line 2, column 12: `}` without a `{`"),
            ("[attributes]\na = \"{reason, topic}\"", "line 2, column 13: expected `|` or `}`"),
            ("[attributes]\na = \"{}\"", "line 2, column 7: expected a reference"),
            ("[attributes]\nskill-level = 1", "line 2, column 1: expected names of letters"),
            ("[attributes.own]\nskill-level = 1", "line 2, column 1: expected names of letters"),
            ("[attributes]\ncallSummary = \"\"", "line 2, column 1: `callSummary` is the hand-off's own"),
            ("[attributes]\nsentiment = \"positive\"", "line 2, column 1: `sentiment` is the hand-off's own"),
            ("[attributes.warmline]\nx = 1", "line 1, column 13: `warmline` is the hand-off's own"),
            ("[attributes]\ncall_sid = \"x\"", "line 2, column 1: `call_sid` is Twilio's"),
            ("[attributes]\nconference = \"x\"", "line 2, column 1: `conference` is how Flex"),
            ("[attributes]\ncustomers = \"x\"", "line 2, column 1: this is a table"),
            ("[attributes.conversations]\nsgement_link = \"x\"", "line 2, column 1: neither Flex Insights"),
            ("[attributes.conversations]\nattribute_ = \"x\"", "line 2, column 1: neither Flex Insights"),
            (
                "[attributes.conversations]\nsource = \"{deskUrl}\"",
                "line 2, column 12: Flex Insights would cut",
            ),
            (
                "[attributes.conversations]\nivr_time = \"long\"",
                "line 2, column 12: Flex Insights takes a number",
            ),
            (
                "[attributes.conversations]\nivr_time = true",
                "line 2, column 12: Flex Insights takes a number",
            ),
            ("[attributes.a.b]\nc = 1", "line 1, column 15: a table within a table"),
            ("[attributes]\na = [\"x\"]", "line 2, column 5: expected a text, a number"),
        ] {
            let problems = read(text).unwrap_err();
            assert!(problems.len() == 1 && problems[0].contains(expected), "{text}: {problems:?}");
        }
        let long = format!("[attributes]\na = \"{}\"\nb = \"{{x}}\"", "x".repeat(129));
        assert_eq!(read(&long).unwrap_err().len(), 2, "all are told at once");
        let many = (0..=MOST_KEYS).map(|n| format!("k{n} = 1\n")).collect::<String>();
        assert!(read(&format!("[attributes]\n{many}")).unwrap_err()[0].contains("line 102"));
    }

    #[test]
    fn what_analytics_read_can_be_set() {
        let key = |known: &str| known.replace('#', "1");
        for (table, known) in [("customers", CUSTOMERS), ("conversations", CONVERSATIONS)] {
            for name in known {
                assert_eq!(allowed(Some(table), &key(name)), Ok(()), "{name}");
            }
        }
        let text = "[attributes.conversations]\nfact_01 = \"x\"\nconversation_attribute_10 = \"y\"";
        assert_eq!(read(text).unwrap().0.len(), 2);
    }

    #[test]
    fn the_documentation_has_every_key_and_reference() {
        let document = include_str!("../../docs/ATTRIBUTES.md");
        for (table, known) in [("customers", CUSTOMERS), ("conversations", CONVERSATIONS)] {
            for name in known {
                let name = format!("`{table}.{}`", name.replace('#', "N"));
                assert!(document.contains(&name), "{name}");
            }
        }
        for (name, _, meaning) in crate::handoff::REFERENCES {
            assert!(document.contains(&format!("| `{{{name}}}` | {meaning} |")), "{name}");
        }
    }
}
