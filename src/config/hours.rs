//! `[hours]` of `warmline.toml`: the business's time zone, when it is open, and its holidays.

use serde::Deserialize;

use crate::hours::Hours;

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
    pub(super) fn hours(&self) -> Result<Hours, Vec<String>> {
        let days = [
            &self.monday,
            &self.tuesday,
            &self.wednesday,
            &self.thursday,
            &self.friday,
            &self.saturday,
            &self.sunday,
        ];
        let hours = Hours::new(&self.zone, &days.map(Clone::clone), &self.holidays);
        hours.map_err(|problems| problems.iter().map(|problem| format!("[hours] {problem}")).collect())
    }
}
