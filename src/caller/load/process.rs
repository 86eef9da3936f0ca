//! What a process takes of the machine, as Linux tells it in `/proc`.
//!
//! <https://man7.org/linux/man-pages/man5/proc.5.html>

use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A process on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process(u32);

/// What it took so far, and takes now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Time on a processor, all threads together.
    pub processor: Duration,
    /// Resident memory, in KiB.
    pub resident: u64,
    /// The most that was ever resident, in KiB.
    pub most_resident: u64,
    /// How often a thread waited for something.
    pub waits: u64,
    /// How often a thread was made to wait for its turn.
    pub preemptions: u64,
}

impl Process {
    /// The process with this number, if there is one.
    pub fn of(number: u32) -> Option<Self> {
        let process = Self(number);
        process.usage().map(|_| process)
    }

    /// This process.
    pub fn own() -> Self {
        Self(std::process::id())
    }

    /// The process that listens on this address, if it can be found: it is on this machine, and may be looked at.
    pub fn listening_on(address: SocketAddr) -> Option<Self> {
        let tables =
            ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| fs::read_to_string(path).unwrap_or_default());
        let inode = tables.iter().find_map(|table| listening(table, address.port()))?;
        let link = format!("socket:[{inode}]");
        let numbers = fs::read_dir("/proc")
            .ok()?
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        numbers.into_iter().find(|number: &u32| holds(*number, &link)).map(Self)
    }

    /// Its number.
    pub fn number(self) -> u32 {
        self.0
    }

    /// What it takes. `None` once it is gone, or where there is no `/proc`.
    pub fn usage(self) -> Option<Usage> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        let mut usage = Usage {
            resident: number_after(&status, "VmRSS:"),
            most_resident: number_after(&status, "VmHWM:"),
            ..Usage::default()
        };
        let mut nanoseconds = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.0)).ok()?.flatten() {
            let read = |name| fs::read_to_string(thread.path().join(name)).unwrap_or_default();
            let status = read("status");
            usage.waits += number_after(&status, "voluntary_ctxt_switches:");
            usage.preemptions += number_after(&status, "nonvoluntary_ctxt_switches:");
            nanoseconds += first_number(&read("schedstat"));
        }
        let ticks = fs::read_to_string(format!("/proc/{}/stat", self.0)).ok()?;
        // Threads that ended count in the process's own sum alone, and not every kernel has `schedstat`.
        let by_ticks = processor_time(&ticks);
        let by_threads = Duration::from_nanos(nanoseconds);
        usage.processor = if by_threads + TICK * 2 < by_ticks { by_ticks } else { by_threads };
        Some(usage)
    }
}

/// How long the processors of this machine were busy, all together, with whatever it was. Zero where the system does
/// not say.
pub fn machine_busy() -> Duration {
    busy(&fs::read_to_string("/proc/stat").unwrap_or_default())
}

/// Everything but `idle` and `iowait` of the first line.
fn busy(stat: &str) -> Duration {
    let fields = stat.lines().next().unwrap_or_default().split_whitespace().skip(1);
    let ticks = fields.take(8).enumerate().filter(|(place, _)| !matches!(place, 3 | 4));
    let ticks: u64 = ticks.map(|(_, ticks)| first_number(ticks)).sum();
    TICK * u32::try_from(ticks).unwrap_or(u32::MAX)
}

/// Linux counts in hundredths of a second for every program.
const TICK: Duration = Duration::from_millis(10);

fn holds(process: u32, link: &str) -> bool {
    let Ok(files) = fs::read_dir(format!("/proc/{process}/fd")) else { return false };
    files.flatten().any(|file| fs::read_link(file.path()).is_ok_and(|target| target.as_os_str() == link))
}

/// The inode of the socket that listens on a port, in a table like `/proc/net/tcp`.
fn listening(table: &str, port: u16) -> Option<&str> {
    const LISTENS: &str = "0A";
    table.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let local = fields.get(1)?.rsplit(':').next()?;
        let is_it = u16::from_str_radix(local, 16) == Ok(port) && fields.get(3) == Some(&LISTENS);
        is_it.then(|| fields.get(9).copied())?
    })
}

fn number_after(text: &str, name: &str) -> u64 {
    text.lines().find_map(|line| line.strip_prefix(name)).map_or(0, first_number)
}

fn first_number(text: &str) -> u64 {
    text.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// User and system time in `/proc/PID/stat`, whose second field may hold anything.
fn processor_time(stat: &str) -> Duration {
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).map(first_number).sum();
    TICK * u32::try_from(ticks).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_tables_are_read() {
        let stat = "42 (a b) c) S 1 42 42 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 3 0 100 1 1";
        assert_eq!(processor_time(stat), Duration::from_secs(2));
        assert_eq!(busy("cpu  10 20 30 400 50 1 2 3 0 0\ncpu0 1 1 1 1\n"), Duration::from_millis(660));
        let status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\nvoluntary_ctxt_switches:\t7\n\
                      nonvoluntary_ctxt_switches:\t3\n";
        assert_eq!(number_after(status, "VmRSS:"), 1024);
        assert_eq!(number_after(status, "voluntary_ctxt_switches:"), 7);
        let table = "  sl  local_address rem_address   st\n   0: 0100007F:1F90 0100007F:1234 01 0:0 0:0 0 0 0 11\n   \
                     1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1\n";
        assert_eq!(listening(table, 8080), Some("4711"));
        assert_eq!(listening(table, 8081), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_found_by_its_port() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let process = Process::listening_on(listener.local_addr().unwrap()).unwrap();
        assert_eq!(process, Process::own());
        assert!(process.usage().unwrap().resident > 0);
        assert_eq!(Process::of(u32::MAX), None);
    }
}
