//! Starts the recordings of calls, beside the calls: whatever comes of it, no caller waits for it.
//!
//! <https://www.twilio.com/docs/voice/api/recording>

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, debug, info, info_span, warn};

use crate::config::Origins;
use crate::driver;
use crate::ids::{AccountSid, CallSid, RecordingSid};
use crate::meters::Meters;
use crate::store::{Recorded, RecordingState, Store, What};
use crate::twilio::rest::{Channels, Client, NewRecording};

/// How long a recording is remembered: the longest call of Twilio's takes a day, a hand-off comes sooner.
const REMEMBERED: Duration = Duration::from_secs(4 * 60 * 60);
/// How many are remembered.
const MOST: u64 = 20_000;
/// Where Twilio says what becomes of a recording.
pub(super) const PATH: &str = "/voice/recorded";

/// Starts recordings, and knows those that it started.
#[derive(Clone)]
pub struct Recorder {
    client: Client,
    origin: Origins,
    known: Cache<CallSid, Arc<str>>,
    /// Calls of which a recording was begun here.
    begun: Cache<CallSid, ()>,
    under_way: TaskTracker,
    store: Store,
    meters: Arc<Meters>,
}

impl Recorder {
    /// Starts recordings with this client, of whose account the calls have to be.
    pub fn new(client: Client, origin: Origins, store: Store, meters: Arc<Meters>) -> Self {
        let known = Cache::builder().max_capacity(MOST).time_to_live(REMEMBERED).build();
        let begun = Cache::builder().max_capacity(MOST).time_to_live(REMEMBERED).build();
        let under_way = TaskTracker::new();
        Self { client, origin, known, begun, under_way, store, meters }
    }

    /// Whether calls of this account are recorded.
    pub(super) fn records(&self, account: Option<&AccountSid>) -> bool {
        account == Some(self.client.account())
    }

    /// Where the recording of a call will be, if it has one. This process knows it at once where it was started here;
    /// else the store is asked, for a second at most.
    pub(super) async fn find(&self, call_sid: &CallSid) -> Option<String> {
        match self.known.get(call_sid) {
            Some(url) => Some(url.to_string()),
            None => self.store.recording(call_sid).await,
        }
    }

    /// Takes note of what Twilio says of a recording.
    pub(super) fn heard(
        &self,
        call_sid: &CallSid,
        sid: RecordingSid,
        state: RecordingState,
        seconds: Option<u64>,
    ) {
        let url = self.client.recording_url(&sid);
        match state {
            RecordingState::InProgress | RecordingState::Completed => {
                self.known.insert(call_sid.clone(), url.as_str().into());
            }
            RecordingState::Absent | RecordingState::Failed => self.known.invalidate(call_sid),
        }
        self.store.note(call_sid, What::Recorded(Recorded { sid, url, state, seconds }));
    }

    async fn start(self, call_sid: CallSid, session: u8) {
        // A recording goes on while the line is connected again. It has yet to begin where no session came to be.
        if session > 0 && self.find(&call_sid).await.is_some() {
            return;
        }
        let recording = NewRecording {
            channels: Channels::Dual,
            status_callback: Some(self.origin.http(PATH)),
            status_events: &["in-progress", "completed", "absent"],
        };
        match self.client.start_recording(&call_sid, &recording).await {
            Ok(started) => {
                self.meters.recorded("started");
                info!(recording.sid = %started.sid, "call is being recorded");
                self.heard(&call_sid, started.sid, RecordingState::InProgress, None);
            }
            Err(error) => {
                self.meters.recorded(error.word());
                warn!(%error, "call is not recorded, and goes on");
            }
        }
    }
}

impl driver::Recorder for Recorder {
    fn begin(&self, call_sid: &CallSid, account: Option<&AccountSid>, session: u8) {
        if !self.records(account) {
            // A call from the browser is no call of Twilio's.
            debug!("call of another account: it is not recorded");
            return;
        }
        if self.begun.contains_key(call_sid) {
            return;
        }
        self.begun.insert(call_sid.clone(), ());
        let span = info_span!("recording", call.sid = %call_sid);
        self.under_way.spawn(self.clone().start(call_sid.clone(), session).instrument(span));
    }
}
