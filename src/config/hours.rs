//! `[hours]` of `warmline.toml`: the business's time zone, when it is open, and its holidays.

use std::borrow::Cow;

use serde::Deserialize;

use super::values::listed;
use crate::hours::{DAYS, Hours};

/// The table: spans such as `09:00-17:30` for each day.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct HoursTable {
    zone: String,
    monday: Vec<String>,
    tuesday: Vec<String>,
    wednesday: Vec<String>,
    thursday: Vec<String>,
    friday: Vec<String>,
    saturday: Vec<String>,
    sunday: Vec<String>,
    holidays: Vec<String>,
}

impl HoursTable {
    fn days(&self) -> [&Vec<String>; 7] {
        [
            &self.monday,
            &self.tuesday,
            &self.wednesday,
            &self.thursday,
            &self.friday,
            &self.saturday,
            &self.sunday,
        ]
    }

    /// What the table says, for people.
    pub(super) fn told(&self) -> Vec<(Cow<'static, str>, String)> {
        let days = DAYS.into_iter().zip(self.days()).filter(|(_, spans)| !spans.is_empty());
        let days = days.map(|(day, spans)| (day.into(), listed(spans)));
        let zone = ("zone".into(), self.zone.clone());
        std::iter::once(zone).chain(days).chain([("holidays".into(), listed(&self.holidays))]).collect()
    }

    pub(super) fn hours(&self) -> Result<Hours, Vec<String>> {
        let hours = Hours::new(&self.zone, &self.days().map(Clone::clone), &self.holidays);
        hours.map_err(|problems| problems.iter().map(|problem| format!("[hours] {problem}")).collect())
    }
}
