//! Whether there is room for another call. A call that cannot be served well goes to a person at once.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::calls::Calls;
use crate::clock::now;
use crate::config::Limits;
use crate::ids::CallSid;

/// How long a measured size of the process holds.
const FRESH: Duration = Duration::from_secs(1);

/// How much this server takes on.
pub struct Room {
    calls: usize,
    memory: u64,
    measured: Mutex<Option<(Instant, u64)>>,
}

impl Room {
    /// As much as the limits say.
    pub fn new(limits: &Limits) -> Self {
        Self { calls: limits.calls, memory: limits.memory, measured: Mutex::default() }
    }

    /// Holds a place for a call. Where there is none, says what there is no room in.
    pub(super) fn take(&self, calls: &Calls, call_sid: &CallSid) -> Result<(), &'static str> {
        if self.occupied() > self.memory {
            Err("memory")
        } else if !calls.expect(call_sid, self.calls) {
            Err("calls")
        } else {
            Ok(())
        }
    }

    /// Whether there may be another socket. Each call has one, and for a moment two when it is connected again.
    pub(super) fn has_socket(&self, open: usize) -> bool {
        open < self.calls.saturating_mul(2)
    }

    /// The memory that the process occupies, in bytes; 0 where the system does not say.
    pub(super) fn occupied(&self) -> u64 {
        let mut measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now();
        match *measured {
            Some((at, bytes)) if now.saturating_duration_since(at) < FRESH => bytes,
            _ => {
                let bytes = resident();
                *measured = Some((now, bytes));
                bytes
            }
        }
    }
}

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}
