//! `[recording]` of `warmline.toml`: whether calls are recorded.

use serde::Deserialize;

/// The table.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RecordingTable {
    pub(super) enabled: bool,
}
