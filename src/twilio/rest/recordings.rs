//! Recordings of calls: <https://www.twilio.com/docs/voice/api/recording>.

use serde::Deserialize;

use super::request::Request;
use super::{Client, Product, RestError};
use crate::ids::{CallSid, RecordingSid};

/// A recording, as far as we read it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Recording {
    /// Its name.
    pub sid: RecordingSid,
    /// `in-progress`, `paused`, `stopped`, `completed` and so on.
    pub status: String,
}

/// Whether both ends are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channels {
    /// Both in one channel.
    Mono,
    /// Each in its own.
    Dual,
}

/// A recording to be started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRecording {
    /// How it is kept.
    pub channels: Channels,
    /// Who is told what becomes of it.
    pub status_callback: Option<String>,
    /// What is told: `in-progress`, `completed`, `absent`.
    pub status_events: &'static [&'static str],
}

/// Which recording of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhichRecording {
    /// The one that is under way.
    Current,
    /// This one.
    Named(RecordingSid),
}

/// What is to become of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordingStatus {
    /// It pauses, and silence is in its place.
    Paused,
    /// It goes on.
    InProgress,
    /// It is over.
    Stopped,
}

impl Client {
    /// Starts to record a live call.
    ///
    /// # Errors
    ///
    /// When there is no answer, or none of success: 21220 says that the call is over.
    pub async fn start_recording(
        &self,
        call: &CallSid,
        recording: &NewRecording,
    ) -> Result<Recording, RestError> {
        let path =
            ["2010-04-01", "Accounts", self.account().as_str(), "Calls", call.as_str(), "Recordings.json"];
        let channels = match recording.channels {
            Channels::Mono => "mono",
            Channels::Dual => "dual",
        };
        let events = recording.status_callback.as_ref().map(|_| recording.status_events.join(" "));
        let request = Request::post(Product::Api, &path)
            .field("RecordingChannels", Some(channels))
            .field("RecordingStatusCallback", recording.status_callback.as_ref())
            .field("RecordingStatusCallbackEvent", events);
        self.ask(request).await
    }

    /// Pauses, continues or ends a recording.
    ///
    /// # Errors
    ///
    /// When there is no answer, or none of success.
    pub async fn change_recording(
        &self,
        call: &CallSid,
        which: &WhichRecording,
        status: RecordingStatus,
    ) -> Result<Recording, RestError> {
        let name = match which {
            WhichRecording::Current => "Twilio.CURRENT.json".to_owned(),
            WhichRecording::Named(sid) => format!("{sid}.json"),
        };
        let account = self.account().as_str();
        let path = ["2010-04-01", "Accounts", account, "Calls", call.as_str(), "Recordings", &name];
        let (status, pause) = match status {
            RecordingStatus::Paused => ("paused", Some("silence")),
            RecordingStatus::InProgress => ("in-progress", None),
            RecordingStatus::Stopped => ("stopped", None),
        };
        let request = Request::post(Product::Api, &path);
        self.ask(request.field("Status", Some(status)).field("PauseBehavior", pause)).await
    }

    /// Where the sound of a recording is, once it is over. Who asks needs the account's credentials, unless the account
    /// lets everybody.
    pub fn recording_url(&self, recording: &RecordingSid) -> String {
        let path = format!("/2010-04-01/Accounts/{}/Recordings/{recording}.mp3", self.account());
        self.hosts.address(Product::Api, &path)
    }
}
