//! An answer whose course the endpoint's breaker learns of.

use std::sync::Arc;
use std::time::Instant;

use futures_util::{Stream, StreamExt};
use tracing::{info, warn};

use super::Ready;
use crate::breaker::{Change, Pass};
use crate::chat::{ModelError, ModelEvent};
use crate::clock::now;
use crate::llm::Answer;

/// One request, from leave to ask until what came of it is known.
pub(super) struct Watch {
    ready: Arc<Ready>,
    /// Given back once.
    pass: Option<Pass>,
    /// When the request was made, or its last event came.
    last_sign: Instant,
}

impl Watch {
    /// Begins a request, unless the endpoint is left alone.
    pub(super) fn begin(ready: Arc<Ready>) -> Option<Self> {
        let last_sign = now();
        let pass = Some(ready.breaker.admit(last_sign)?);
        Some(Self { ready, pass, last_sign })
    }

    /// The same answer, watched.
    pub(super) fn over(mut self, answer: impl Stream<Item = ModelEvent> + Send + 'static) -> Answer {
        Box::pin(answer.inspect(move |event| self.saw(event)))
    }

    fn saw(&mut self, event: &ModelEvent) {
        self.last_sign = now();
        let breaker = &self.ready.breaker;
        let change = match event {
            ModelEvent::Words(_) | ModelEvent::Progress => {
                self.pass.as_mut().map_or(Change::None, |pass| breaker.began(pass))
            }
            ModelEvent::Done { .. } => self.pass.take().map_or(Change::None, |pass| breaker.answered(pass)),
            ModelEvent::Failed(error) => self.pass.take().map_or(Change::None, |pass| match blame(error) {
                true => breaker.failed(pass, Some(error.pause()), self.last_sign),
                false => breaker.answered(pass),
            }),
        };
        self.tell(change);
    }

    fn tell(&self, change: Change) {
        match change {
            Change::None => {}
            Change::Opened => warn!(endpoint = self.ready.name, "model endpoint is left alone for a while"),
            Change::Closed => info!(endpoint = self.ready.name, "model endpoint answers again"),
        }
    }
}

/// Nobody waits any longer. Where the endpoint had not given a sign for as long as a caller can wait, that is
/// its failure; else the caller spoke or hung up.
impl Drop for Watch {
    fn drop(&mut self) {
        let Some(pass) = self.pass.take() else { return };
        let now = now();
        // The session's clock began a moment before this one.
        let silence = self.ready.silence * 9 / 10;
        if now.saturating_duration_since(self.last_sign) >= silence {
            self.tell(self.ready.breaker.failed(pass, None, now));
        } else {
            self.ready.breaker.left(pass);
        }
    }
}

/// Whether the endpoint is to blame, and not the question.
fn blame(error: &ModelError) -> bool {
    match error {
        ModelError::Unreachable(_)
        | ModelError::Silent { .. }
        | ModelError::Refused { .. }
        | ModelError::RateLimited { .. }
        | ModelError::Unavailable { .. }
        | ModelError::Broken => true,
        ModelError::BadRequest { .. }
        | ModelError::TooLong
        | ModelError::Endless
        | ModelError::Empty
        | ModelError::CutShort
        | ModelError::Filtered
        | ModelError::Resting => false,
    }
}
