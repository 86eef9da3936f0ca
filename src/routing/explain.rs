//! Why a rule decided, and why the ones before it did not.

use serde::Serialize;

use super::{Facts, Rules};

/// The rules that were asked, up to the one that decided.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// The place of the rule that applies, from 1; none where the usual way is taken.
    pub fired: Option<usize>,
    /// Every rule that was asked.
    pub tried: Vec<Tried>,
}

/// One rule that was asked.
#[derive(Debug, Clone, Serialize)]
pub struct Tried {
    /// Its place, from 1.
    pub rule: usize,
    /// Its name.
    pub name: String,
    /// Whether it applies.
    pub applies: bool,
    /// Its conditions.
    pub conditions: Vec<Checked>,
}

/// One condition. Holds values of the caller: it is for people, and never for a log.
#[derive(Clone, Serialize)]
pub struct Checked {
    /// As it was written.
    pub condition: String,
    /// The fact it is about.
    pub fact: String,
    /// What is known of that; none where nothing is.
    pub value: Option<String>,
    /// Whether it holds.
    pub holds: bool,
}

impl<D> Rules<D> {
    /// What [`Rules::decide`] decides, and why.
    pub fn explain(&self, facts: &Facts) -> Explanation {
        let mut tried = Vec::new();
        for (rule, number) in self.0.iter().zip(1..) {
            let checked = rule.when.iter().map(|condition| Checked {
                condition: condition.text().to_owned(),
                fact: condition.fact().to_owned(),
                value: facts.get(condition.fact()).map(super::Fact::text),
                holds: condition.holds(facts),
            });
            let conditions: Vec<_> = checked.collect();
            let applies = conditions.iter().all(|condition| condition.holds);
            tried.push(Tried { rule: number, name: rule.name.clone(), applies, conditions });
            if applies {
                return Explanation { fired: Some(number), tried };
            }
        }
        Explanation { fired: None, tried }
    }
}

impl std::fmt::Debug for Checked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checked").field("condition", &self.condition).field("holds", &self.holds).finish()
    }
}
