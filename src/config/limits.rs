//! `[limits]` of `warmline.toml`: how much a server takes on, and how long it waits for the other end.

use std::time::Duration;

use serde::Deserialize;

/// How many calls are served without a setting, if the open files allow as many.
const MOST_CALLS: usize = 10_000;
/// A call needs its socket and a connection to the model.
const FILES_PER_CALL: usize = 2;
/// Open files that are left for webhooks and everything else, and for the 256 who may look on (`src/live`).
const OTHER_FILES: usize = 128 + 256;

/// How much a server takes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Calls that are served at once, those that have their TwiML and no socket yet counted.
    pub calls: usize,
    /// How much memory the process may occupy, in bytes, while it still takes calls.
    pub memory: u64,
    /// How long live calls may go on once the server is to end.
    pub drain: Duration,
    /// How long a socket may be open without a `setup`.
    pub setup: Duration,
    /// How long one frame may take to leave.
    pub send: Duration,
    /// How long a socket may say nothing, not even the answer to a ping.
    pub silence: Duration,
    /// How long a new connection may take to send its first request, and any request its body. Twilio gives up
    /// a webhook after 15 s.
    pub request: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls: MOST_CALLS,
            memory: 1024 * MIB,
            drain: Duration::from_secs(600),
            setup: Duration::from_secs(10),
            send: Duration::from_secs(5),
            silence: Duration::from_secs(120),
            request: Duration::from_secs(10),
        }
    }
}

const MIB: u64 = 1024 * 1024;
/// The shortest time that can be set, in milliseconds.
const SHORTEST: u64 = 50;

/// The table: times in milliseconds, memory in MiB.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct LimitsTable {
    calls: Option<usize>,
    memory: Option<u64>,
    drain: Option<u64>,
    setup: Option<u64>,
    send: Option<u64>,
    silence: Option<u64>,
    request: Option<u64>,
}

impl LimitsTable {
    /// The limits; `open_files` is how many this process may have.
    pub(super) fn limits(&self, open_files: Option<usize>) -> Limits {
        let usual = Limits::default();
        let time =
            |value: Option<u64>, usual| value.map_or(usual, |ms| Duration::from_millis(ms.max(SHORTEST)));
        let affordable = open_files.map(|files| files.saturating_sub(OTHER_FILES) / FILES_PER_CALL);
        Limits {
            calls: self
                .calls
                .unwrap_or_else(|| affordable.map_or(usual.calls, |most| most.clamp(1, usual.calls))),
            memory: self.memory.map_or(usual.memory, |mib| mib.saturating_mul(MIB)),
            drain: self.drain.map_or(usual.drain, Duration::from_millis),
            setup: time(self.setup, usual.setup),
            send: time(self.send, usual.send),
            silence: time(self.silence, usual.silence),
            request: time(self.request, usual.request),
        }
    }
}

/// How many files this process may have open, where the system says so.
pub(super) fn open_files() -> Option<usize> {
    soft_limit(&std::fs::read_to_string("/proc/self/limits").ok()?)
}

fn soft_limit(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_setting_the_open_files_say_how_many_calls_are_served() {
        let limits = |open_files| LimitsTable::default().limits(open_files).calls;
        assert_eq!((limits(None), limits(Some(1_000_000))), (10_000, 10_000));
        assert_eq!((limits(Some(1_024)), limits(Some(64))), (320, 1));
        let set = LimitsTable { calls: Some(20_000), ..LimitsTable::default() };
        assert_eq!(set.limits(Some(1_024)).calls, 20_000, "who sets it knows better");
    }

    #[test]
    fn the_systems_own_table_is_read() {
        let table = "Limit                     Soft Limit           Hard Limit           Units     \n\
                     Max open files            20000                1048576              files     \n";
        assert_eq!(soft_limit(table), Some(20_000));
        assert_eq!(
            soft_limit("Max open files            unlimited            unlimited            files"),
            None
        );
    }
}
