//! `[tracking]` of `warmline.toml`: what of a call is told to Segment.

use std::borrow::Cow;

use serde::Deserialize;

use super::Wanted;
use super::profile::Region;
use super::values::listed;

/// The hosts of the two regions.
const US: &str = "https://api.segment.io/v1";
const EU: &str = "https://events.eu1.segmentapis.com/v1";
/// The longest name of the AI, in characters.
const LONGEST: usize = 100;

/// The table.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TrackingTable {
    region: Region,
    events: Option<Vec<Told>>,
    identify: bool,
    user_id: Option<String>,
    agent: Option<String>,
    topic: Option<bool>,
    summary: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Told {
    Engagement,
    Escalation,
}

impl TrackingTable {
    /// Where events go, unless the settings name another address.
    pub(super) fn base_url(&self) -> &'static str {
        match self.region {
            Region::Us => US,
            Region::Eu => EU,
        }
    }

    pub(super) fn wanted(&self) -> Wanted {
        let told = |event| self.events.as_ref().is_none_or(|events| events.contains(&event));
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        Wanted {
            engagement: told(Told::Engagement),
            escalation: told(Told::Escalation),
            identify: self.identify,
            user_id: filled(&self.user_id),
            agent: filled(&self.agent),
            topic: self.topic.unwrap_or(true),
            summary: self.summary,
        }
    }

    /// What the table says, for people.
    pub(super) fn told(&self) -> Vec<(Cow<'static, str>, String)> {
        let wanted = self.wanted();
        let events = [("engagement", wanted.engagement), ("escalation", wanted.escalation)];
        let events: Vec<_> = events.iter().filter(|(_, told)| *told).map(|(name, _)| *name).collect();
        vec![
            ("region".into(), self.region.word().to_owned()),
            ("events".into(), listed(&events)),
            ("identify".into(), wanted.identify.to_string()),
            ("user_id".into(), wanted.user_id.unwrap_or_default()),
            ("agent".into(), wanted.agent.unwrap_or_default()),
            ("topic".into(), wanted.topic.to_string()),
            ("summary".into(), wanted.summary.to_string()),
        ]
    }

    /// What is wrong with it. `traits` are those that are read of a profile.
    pub(super) fn problems(&self, traits: &[String]) -> Vec<String> {
        let mut problems = Vec::new();
        let Wanted { user_id, agent, .. } = self.wanted();
        if let Some(name) = user_id.filter(|name| !traits.contains(name)) {
            problems.push(format!("[tracking] user_id: `{name}` is not listed in [profile] `traits`"));
        }
        if agent.is_some_and(|agent| agent.chars().count() > LONGEST || agent.trim() != agent) {
            problems.push(format!("[tracking] agent: expected a name of at most {LONGEST} characters"));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use crate::config::file::File;
    use crate::store::spool::Tracked;

    #[test]
    fn everything_but_words_and_traits_is_told_unless_the_file_says_otherwise() {
        let wanted = File::default().tracking.wanted();
        assert!(wanted.engagement && wanted.escalation && wanted.topic);
        assert!(!wanted.identify && !wanted.summary && wanted.user_id.is_none() && wanted.agent.is_none());
        let example = File::parse(include_str!("../../warmline.toml.example")).unwrap();
        assert_eq!(example.tracking.wanted(), wanted);
        let file = File::parse("[tracking]\nevents = []\nidentify = true\nregion = \"eu\"").unwrap();
        assert_eq!(file.tracking.wanted().tracked(), Tracked { leg: true, escalation: false });
        assert_eq!(file.tracking.base_url(), "https://events.eu1.segmentapis.com/v1");
    }

    #[test]
    fn the_name_of_a_user_is_a_trait_that_is_read() {
        let problems = |text: &str| {
            let file = File::parse(text)?;
            Ok::<_, String>(file.tracking.problems(&file.profile.traits().read))
        };
        let named = "[profile]\ntraits = [\"user_id\"]\n[tracking]\nuser_id = \"user_id\"\nagent = \"Otto\"";
        assert_eq!(problems(named), Ok(Vec::new()));
        assert_eq!(problems("[tracking]\nuser_id = \"user_id\"\nagent = \" \"").unwrap().len(), 2);
        assert!(problems("[tracking]\nevents = [\"words\"]").is_err());
    }
}
