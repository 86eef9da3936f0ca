//! One thread that writes all streams at their times.
//!
//! A task for each stream would be woken for each word, and the runtime's timer knows milliseconds only: with
//! hundreds of streams, words would leave in bursts, and be measured as if the server were slow.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use tokio::net::TcpStream;

use super::Pace;
use super::chunk::{Answer, More};
use crate::caller::load::plan::Dice;
use crate::clock::since_boot;

/// What is due within this time is written together, so that the thread is not woken for each word of all.
const GRAIN: Duration = Duration::from_micros(100);
/// How many streams may wait to be taken up.
const WAITING: usize = 16_384;
/// How long the second half of a write is held back that was cut in two.
const HALF: Duration = Duration::from_micros(300);

/// The thread. It ends with its last handle.
#[derive(Debug, Clone)]
pub(super) struct Wheel(SyncSender<Stream>);

/// One answer on its way.
#[derive(Debug)]
pub(super) struct Stream {
    connection: Arc<TcpStream>,
    answer: Answer,
    dice: Dice,
    /// When the first word was due; the others follow at the rate.
    began: Duration,
    /// How many writes there were.
    writes: u32,
    due: Duration,
    /// What the connection has not taken yet.
    unwritten: Vec<u8>,
    /// Whether all was said but for what is unwritten.
    finished: bool,
}

impl Wheel {
    pub(super) fn start(pace: Pace) -> Self {
        let (sender, streams) = sync_channel(WAITING);
        std::thread::spawn(move || turn(&streams, &pace));
        Self(sender)
    }

    /// Takes up a stream. False if the thread is gone.
    pub(super) fn add(&self, stream: Stream) -> bool {
        self.0.try_send(stream).is_ok()
    }
}

fn turn(streams: &std::sync::mpsc::Receiver<Stream>, pace: &Pace) {
    let mut heap: BinaryHeap<Reverse<Stream>> = BinaryHeap::new();
    let mut scratch = String::new();
    loop {
        let next = match heap.peek() {
            None => streams.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(Reverse(first)) => streams.recv_timeout(first.due.saturating_sub(since_boot()).max(GRAIN)),
        };
        match next {
            Ok(stream) => heap.push(Reverse(stream)),
            Err(RecvTimeoutError::Timeout) => {}
            // The streams are of no use without the connections' tasks.
            Err(RecvTimeoutError::Disconnected) => return,
        }
        while let Ok(stream) = streams.try_recv() {
            heap.push(Reverse(stream));
        }
        let now = since_boot();
        while heap.peek().is_some_and(|Reverse(first)| first.due <= now) {
            let Some(Reverse(mut stream)) = heap.pop() else { break };
            if stream.write(&mut scratch, pace) {
                heap.push(Reverse(stream));
            }
        }
    }
}

impl Stream {
    pub(super) fn new(
        connection: Arc<TcpStream>,
        answer: Answer,
        pace: &Pace,
        number: u64,
        now: Duration,
    ) -> Self {
        let began = now + pace.first;
        let dice = Dice::new(pace.seed, number);
        Self {
            connection,
            answer,
            dice,
            began,
            writes: 0,
            due: began,
            unwritten: Vec::new(),
            finished: false,
        }
    }

    /// Writes what is due. Returns whether there is more.
    fn write(&mut self, scratch: &mut String, pace: &Pace) -> bool {
        if !self.unwritten.is_empty() {
            return match self.send_rest() {
                Some(true) if self.finished => false,
                Some(true) => {
                    self.due = self.next_due(pace);
                    true
                }
                Some(false) => {
                    self.due = since_boot() + HALF;
                    true
                }
                None => false,
            };
        }
        scratch.clear();
        // The stamp is taken just before the write: what the model itself is late does not count.
        self.finished = self.answer.push_to(scratch, pace.together, since_boot()) == More::Nothing;
        self.writes += 1;
        let bytes = scratch.as_bytes();
        let first =
            if pace.split && bytes.len() > 1 { 1 + self.dice.below(bytes.len() - 1) } else { bytes.len() };
        let written = match self.connection.try_write(&bytes[..first]) {
            Ok(written) => written,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            // Whoever asked has hung up.
            Err(_) => return false,
        };
        self.unwritten.extend_from_slice(&bytes[written..]);
        self.due = if self.unwritten.is_empty() { self.next_due(pace) } else { since_boot() + HALF };
        !(self.finished && self.unwritten.is_empty())
    }

    /// Whether all is written now; `None` when the connection is gone.
    fn send_rest(&mut self) -> Option<bool> {
        match self.connection.try_write(&self.unwritten) {
            Ok(written) => {
                self.unwritten.drain(..written);
                Some(self.unwritten.is_empty())
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Some(false),
            Err(_) => None,
        }
    }

    fn next_due(&mut self, pace: &Pace) -> Duration {
        let pause = f64::from(pace.together) / pace.rate;
        let jitter = pace.jitter * pause * (self.dice.share() - 0.5);
        self.began + Duration::from_secs_f64((pause * f64::from(self.writes) + jitter).max(0.0))
    }
}

impl PartialEq for Stream {
    fn eq(&self, other: &Self) -> bool {
        self.due == other.due
    }
}

impl Eq for Stream {}

impl PartialOrd for Stream {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Stream {
    fn cmp(&self, other: &Self) -> Ordering {
        self.due.cmp(&other.due)
    }
}
