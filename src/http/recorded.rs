//! `/voice/recorded`: Twilio says what became of the recording of a call.
//!
//! <https://www.twilio.com/docs/voice/api/recording#recordingstatuscallback>

use axum::Extension;
use axum::extract::State;
use tracing::{info, warn};

use super::form::Form;
use super::{Shared, Twiml};
use crate::store::RecordingState;
use crate::twiml::Response;

/// Takes note.
pub(super) async fn answer(State(bridge): State<Shared>, Extension(form): Extension<Form>) -> Twiml {
    let call_sid = form.call_sid();
    let state = form.word("RecordingStatus").and_then(RecordingState::from_word);
    let sid = form.text("RecordingSid").and_then(|sid| sid.parse().ok());
    let seconds = form.word("RecordingDuration").and_then(|seconds| seconds.parse().ok());
    let (call, recording) = (call_sid.as_ref().map(tracing::field::display), form.word("RecordingSid"));
    match (&bridge.recorder, call_sid.as_ref(), sid, state) {
        (Some(recorder), Some(call_sid), Some(sid), Some(state)) => {
            match state {
                RecordingState::InProgress => {}
                RecordingState::Completed => {
                    info!(call.sid = call, recording.sid = recording, seconds, "call was recorded");
                    bridge.meters.recorded(state.word());
                }
                RecordingState::Absent | RecordingState::Failed => {
                    let code = form.word("ErrorCode");
                    warn!(
                        call.sid = call,
                        recording.sid = recording,
                        code,
                        state = state.word(),
                        "there is no recording"
                    );
                    bridge.meters.recorded(state.word());
                }
            }
            recorder.heard(call_sid, sid, state, seconds);
        }
        _ => warn!(call.sid = call, recording.sid = recording, "news of a recording that cannot be used"),
    }
    (&Response::new()).into()
}
