//! `warmline.toml`: settings that have a structure. An unknown key is an error, with its place.

use std::time::Duration;

use serde::Deserialize;

use super::Place;
use super::attributes::AttributesTable;
use super::desk::DeskTable;
use super::hours::HoursTable;
use super::limits::{Limits, LimitsTable, open_files};
use super::model::ModelTable;
use super::profile::ProfileTable;
use super::recording::RecordingTable;
use super::redact::RedactTable;
use super::routes::RoutesTable;
use super::rules::RulesTable;
use super::store::StoreTable;
use super::target::Target;
use super::targets::{Around, TargetTable, places, targets};
use super::tools::ToolsTable;
use super::tracking::TrackingTable;
use crate::session::Timings;

/// The file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct File {
    timings: TimingsTable,
    pub(super) model: ModelTable,
    pub(super) rules: RulesTable,
    pub(super) store: StoreTable,
    limits: LimitsTable,
    pub(super) desk: DeskTable,
    pub(super) redact: RedactTable,
    targets: Vec<TargetTable>,
    pub(super) hours: Option<HoursTable>,
    pub(super) profile: ProfileTable,
    pub(super) tracking: TrackingTable,
    pub(super) routes: RoutesTable,
    pub(super) attributes: AttributesTable,
    pub(super) recording: RecordingTable,
    pub(super) tools: ToolsTable,
    /// The file itself: what is wrong with a rule is told by line and column.
    #[serde(skip)]
    pub(super) text: String,
}

/// `[timings]`, all in milliseconds but the rate.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct TimingsTable {
    filler: Option<u64>,
    first_token: Option<u64>,
    second_first_token: Option<u64>,
    stall: Option<u64>,
    summary: Option<u64>,
    goodbye_start: Option<u64>,
    goodbye_grace: Option<u64>,
    goodbye_longest: Option<u64>,
    leaving: Option<u64>,
    speaking_off: Option<u64>,
    keypad: Option<u64>,
    key_alone: Option<u64>,
    tool_line: Option<u64>,
    ask_again: Option<u64>,
    characters_per_second: Option<u32>,
}

/// The shortest time that can be set, in milliseconds.
const SHORTEST: u64 = 50;

impl File {
    /// Reads the file's text.
    ///
    /// # Errors
    ///
    /// What is wrong, with line and column.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let file: Result<Self, _> = toml::from_str(text);
        let mut file = file.map_err(|error| error.to_string().trim_end().replace('\n', "\n    "))?;
        file.text = text.to_owned();
        Ok(file)
    }

    /// The names of the targets in the file.
    pub(super) fn places(&self) -> Result<Vec<Place>, Vec<String>> {
        places(&self.targets)
    }

    /// Whether the file says where people answer.
    pub(super) fn has_targets(&self) -> bool {
        !self.targets.is_empty()
    }

    /// Where people answer, if the file says so.
    pub(super) fn targets(&self, around: &Around<'_>) -> Option<Result<Vec<Target>, Vec<String>>> {
        self.has_targets().then(|| targets(&self.targets, around))
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits.limits(open_files())
    }

    pub(super) fn timings(&self) -> Timings {
        let table = &self.timings;
        let mut timings = Timings::default();
        let set = |timing: &mut Duration, value: Option<u64>| {
            if let Some(value) = value {
                // Less than this is no time to a caller, and would only keep the session busy.
                *timing = Duration::from_millis(value.max(SHORTEST));
            }
        };
        set(&mut timings.filler, table.filler);
        set(&mut timings.first_token, table.first_token);
        set(&mut timings.second_first_token, table.second_first_token);
        set(&mut timings.stall, table.stall);
        set(&mut timings.summary, table.summary);
        set(&mut timings.goodbye_start, table.goodbye_start);
        set(&mut timings.goodbye_grace, table.goodbye_grace);
        set(&mut timings.goodbye_longest, table.goodbye_longest);
        set(&mut timings.leaving, table.leaving);
        set(&mut timings.speaking_off, table.speaking_off);
        set(&mut timings.keypad, table.keypad);
        set(&mut timings.key_alone, table.key_alone);
        set(&mut timings.tool_line, table.tool_line);
        set(&mut timings.ask_again, table.ask_again);
        timings.characters_per_second =
            table.characters_per_second.unwrap_or(timings.characters_per_second).max(1);
        timings
    }
}
