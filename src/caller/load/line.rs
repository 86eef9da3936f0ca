//! One line of a load: a call, and another one when it is over.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::hearing::Sample;
use super::mark::CALLS;
use super::plan::Plan;
use super::run::Target;
use super::said::Said;
use super::socket::{Received, Socket};
use super::talk::{Step, Talk};
use super::tally::Tally;
use crate::caller::call::sid;
use crate::caller::{Call, CallError, Noun, Twilio};
use crate::clock::since_boot;

/// How many calls are placed at the same moment at the most.
const DIALLING: usize = 64;
/// How long the server gets to answer a close frame.
const CLOSING: Duration = Duration::from_secs(2);
/// How long a line rests after a call that was not taken.
const REST: Duration = Duration::from_millis(250);
/// As good as never.
const LONG: Duration = Duration::from_secs(86_400);

/// What all lines share.
pub(super) struct World {
    pub(super) plan: Arc<Plan>,
    pub(super) target: Target,
    pub(super) twilio: Twilio,
    /// The address of this machine that sockets are opened from.
    pub(super) source: Option<IpAddr>,
    pub(super) tally: Mutex<Tally>,
    /// How many sessions go on.
    pub(super) connected: AtomicUsize,
    /// How many calls hear an answer.
    pub(super) answered: AtomicUsize,
    /// From when to when it is measured, in microseconds since the machine started.
    pub(super) from: AtomicU64,
    pub(super) until: AtomicU64,
    /// Calls end as soon as nothing is owed to them.
    pub(super) ending: CancellationToken,
    pub(super) dialling: Semaphore,
    pub(super) numbers: AtomicU32,
}

/// A session that goes on.
struct Session {
    call: Call,
    id: String,
    action: Option<String>,
    socket: Socket,
    /// The hand-off document of `end`, once that came.
    ended: Option<Option<String>>,
    /// What a frame told; kept to be used again.
    samples: Vec<Sample>,
}

impl World {
    pub(super) fn new(plan: Plan, target: Target, twilio: Twilio, source: Option<IpAddr>) -> Self {
        Self {
            plan: Arc::new(plan),
            target,
            twilio,
            source,
            tally: Mutex::default(),
            connected: AtomicUsize::new(0),
            answered: AtomicUsize::new(0),
            from: AtomicU64::new(u64::MAX),
            until: AtomicU64::new(u64::MAX),
            ending: CancellationToken::new(),
            dialling: Semaphore::new(DIALLING),
            numbers: AtomicU32::new(0),
        }
    }

    pub(super) fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_measured(&self, now: Duration) -> bool {
        let now = u64::try_from(now.as_micros()).unwrap_or(u64::MAX);
        now >= self.from.load(Ordering::Relaxed) && now < self.until.load(Ordering::Relaxed)
    }

    /// Places calls one after the other, until the load ends.
    pub(super) async fn keep_busy(self: Arc<Self>, line: usize) {
        let share = line as f64 / self.plan.calls as f64;
        tokio::select! {
            () = sleep(self.plan.ramp.mul_f64(share)) => {}
            () = self.ending.cancelled() => return,
        }
        while !self.ending.is_cancelled() {
            let number = self.numbers.fetch_add(1, Ordering::Relaxed);
            match Box::pin(self.dial(number)).await {
                Ok(session) => Box::pin(self.talk(session, number)).await,
                Err(_) => {
                    self.tally().faults.refused += 1;
                    sleep(REST).await;
                }
            }
            if self.plan.once {
                return;
            }
        }
    }

    /// Begins a call: its webhook, its socket, its first frame.
    async fn dial(&self, number: u32) -> Result<Session, CallError> {
        let _place = self.dialling.acquire().await;
        let began = since_boot();
        let mut call = self.twilio.call(&format!("+1555{number:07}"), "+15550100002");
        let (url, action, parameters) = match &self.target {
            Target::Webhook(url) => {
                let url = self.twilio.public(url.path());
                let document = call.callback(&url, &[("StirVerstat", "TN-Validation-Passed-A")]).await?;
                let noun = Noun::read(document).ok_or(CallError::NoSession)?;
                (noun.url, noun.action, noun.parameters)
            }
            Target::Socket(url) => (url.to_string(), None, Default::default()),
        };
        let mut socket = Box::pin(Socket::open(self.twilio.handshake(&url)?, self.source)).await?;
        let id = sid("VX");
        if !socket.send(call.setup_of(&id, &parameters).to_string()).await {
            return Err(CallError::Over);
        }
        call.answered();
        let mut tally = self.tally();
        tally.counts.calls += 1;
        tally.dialled.add(since_boot().saturating_sub(began));
        drop(tally);
        Ok(Session { call, id, action, socket, ended: None, samples: Vec::with_capacity(4) })
    }

    async fn talk(&self, mut session: Session, number: u32) {
        let mut talk = Talk::new(self.plan.clone(), number % CALLS, number.into(), since_boot());
        self.connected.fetch_add(1, Ordering::Relaxed);
        let goes_on = self.go_on(&mut session, &mut talk).await;
        if goes_on {
            session.socket.close().await;
            // What comes before the server's own close frame is heard like everything else.
            let rest = async { while self.receive(&mut session, &mut talk).await.is_some() {} };
            let _ = timeout(CLOSING, rest).await;
        } else {
            talk.hearing.faults.dropped += 1;
        }
        self.connected.fetch_sub(1, Ordering::Relaxed);
        let told = session.tell_action(goes_on).await;
        talk.hearing.finish();
        let mut tally = self.tally();
        tally.faults.actions += u64::from(!told);
        tally.counts.ends += u64::from(session.ended.is_some());
        tally.leave(&talk.hearing);
    }

    /// Returns whether the socket is still there when the call is over.
    async fn go_on(&self, session: &mut Session, talk: &mut Talk) -> bool {
        let mut armed = talk.deadline();
        let mut alarm = pin!(sleep_until(instant(armed)));
        loop {
            let step = tokio::select! {
                biased;
                step = self.receive(session, talk) => match step {
                    Some(step) => step,
                    None => return false,
                },
                () = &mut alarm => {
                    // Most deadlines are put off before they pass: the alarm looks when it rings.
                    let step = talk.due(since_boot());
                    armed = Duration::MAX;
                    step
                }
                () = self.ending.cancelled(), if talk.may_leave() => Step::HangUp,
            };
            match step {
                Step::Wait => {}
                Step::Send(frame) => {
                    self.count(&frame);
                    if !session.socket.send(frame).await {
                        return false;
                    }
                }
                Step::Ended | Step::HangUp => return true,
            }
            let deadline = talk.deadline();
            if deadline < armed {
                armed = deadline;
                alarm.as_mut().reset(instant(armed));
            }
        }
    }

    /// The next step after whatever comes; `None` when nothing will.
    async fn receive(&self, session: &mut Session, talk: &mut Talk) -> Option<Step> {
        let text = match session.socket.receive().await {
            Received::Text(text) => text,
            Received::Binary => {
                talk.hearing.faults.unreadable += 1;
                return Some(Step::Wait);
            }
            Received::Control => return Some(Step::Wait),
            Received::Gone => return None,
        };
        let now = since_boot();
        let said = Said::read(&text);
        let was_answered = talk.is_answered();
        let step = talk.hear(&said, now, &mut session.samples);
        if let Said::End { handoff_data } = &said {
            session.ended.get_or_insert_with(|| handoff_data.as_deref().map(str::to_owned));
        }
        match (was_answered, talk.is_answered()) {
            (false, true) => self.answered.fetch_add(1, Ordering::Relaxed),
            (true, false) => self.answered.fetch_sub(1, Ordering::Relaxed),
            _ => 0,
        };
        if !session.samples.is_empty() {
            self.tally().take(&session.samples, self.is_measured(now));
            session.samples.clear();
        }
        Some(step)
    }

    fn count(&self, frame: &str) {
        let mut tally = self.tally();
        if frame.starts_with(r#"{"type":"interrupt""#) {
            tally.counts.interrupts += 1;
        } else if frame.ends_with(r#""last":true}"#) {
            tally.counts.questions += 1;
        }
    }
}

impl Session {
    /// Tells the action how the session ended. False if it does not know what comes next.
    async fn tell_action(&mut self, closed: bool) -> bool {
        let Some(action) = &self.action else { return true };
        let mut fields = vec![("SessionId", self.id.as_str()), ("SessionDuration", "1")];
        let status = match &self.ended {
            Some(document) => {
                fields.extend(document.as_deref().map(|data| ("HandoffData", data)));
                "ended"
            }
            None if closed => "completed",
            None => {
                fields.extend([("ErrorCode", "64105"), ("ErrorMessage", "Websocket ended")]);
                "failed"
            }
        };
        fields.push(("SessionStatus", status));
        if status == "completed" {
            self.call.set("CallStatus", "completed");
        }
        self.call.callback(action, &fields).await.is_ok()
    }
}

/// A time since the machine started, as the runtime knows it.
fn instant(at: Duration) -> Instant {
    let left = at.saturating_sub(since_boot()).min(LONG);
    Instant::from_std(crate::clock::now() + left)
}
