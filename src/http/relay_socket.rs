//! `/voice/relay/{token}`: the socket of one session. Its signature was checked before this.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::BytesMut;
use futures_util::{SinkExt, StreamExt};
use tokio::time::{Sleep, sleep};
use tracing::{Instrument, info_span, warn};

use super::Shared;
use crate::clock::{now, since_epoch};
use crate::driver::{self, Call, Lost, Patience, Wire};
use crate::meters::Refusal;
use crate::relay::{MAX_FRAME, Outbound};
use crate::token::{Purpose, RelayPass};

/// tungstenite allocates and clears its read buffer for every call, and clears it again at every poll: with
/// its default of 128 KiB that is most of a call's memory and half of its work. A larger frame still fits.
const READ_BUFFER: usize = 1024;
/// How much may wait for a reader that does not read.
const WRITE_BUFFER: usize = 256 * 1024;

/// Opens the socket that the token admits.
pub(super) async fn open(
    State(bridge): State<Shared>,
    Path(token): Path<String>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let Ok(upgrade) = upgrade else {
        let hint = "this address is for a WebSocket\n";
        return (StatusCode::UPGRADE_REQUIRED, [(header::UPGRADE, "websocket")], hint).into_response();
    };
    let pass = bridge.keyring.open::<RelayPass>(Purpose::Relay, &token);
    let Some(pass) = pass.filter(|pass| pass.expires >= since_epoch().as_secs()) else {
        bridge.meters.refused(Refusal::Forged);
        warn!("relay address refused: forged, expired, or of another server's WARMLINE_SECRET");
        return (StatusCode::FORBIDDEN, "this address is not valid\n").into_response();
    };
    if !bridge.room.has_socket(bridge.sockets.len()) {
        warn!("relay socket refused: too many are open");
        return (StatusCode::SERVICE_UNAVAILABLE, "too many sockets are open\n").into_response();
    }
    let call = Call {
        playbook: bridge.playbook(&pass.call_sid, &pass.spoken),
        pass,
        model: bridge.model.clone(),
        profiles: bridge.ways.profiles.clone(),
        in_prompt: bridge.ways.in_prompt.clone(),
        calls: bridge.calls.clone(),
        store: bridge.store.clone(),
        meters: bridge.meters.clone(),
        timings: bridge.timings,
        rules: bridge.rules.clone(),
        patience: Patience { setup: bridge.limits.setup, send: bridge.limits.send },
        may_return: bridge.people.may_return(),
        desk: bridge.people.desk.clone(),
        hidden: bridge.people.hidden,
        recorder: bridge.recorder.clone().map(|recorder| recorder as Arc<dyn driver::Recorder>),
    };
    let span = info_span!("call", call.sid = %call.pass.call_sid);
    let (sockets, silence) = (bridge.sockets.clone(), bridge.limits.silence);
    limited(upgrade).on_upgrade(move |socket| {
        sockets.track_future(driver::run(Socket::new(socket, silence), call).instrument(span))
    })
}

/// The limits of every socket we accept.
pub fn limited(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(READ_BUFFER)
        .max_write_buffer_size(WRITE_BUFFER)
        .max_message_size(MAX_FRAME)
        .max_frame_size(MAX_FRAME)
}

/// How much room is made at a time for frames: more than one of them takes, as a rule.
const OUTGOING: usize = 256;

/// How many pings go out before a silent socket is given up.
const PINGS: u32 = 4;

/// A socket whose other end is asked for a sign of life. A peer that is gone without a word would otherwise keep
/// its place for ever.
struct Socket {
    inner: WebSocket,
    silence: Duration,
    heard: Instant,
    /// Kept from frame to frame: setting a timer up for each would cost more than reading it.
    alarm: Pin<Box<Sleep>>,
    /// Where frames are written, one after another. What has left makes room for the next.
    outgoing: BytesMut,
}

impl Socket {
    fn new(inner: WebSocket, silence: Duration) -> Self {
        Self {
            inner,
            silence,
            heard: now(),
            alarm: Box::pin(sleep(silence / PINGS)),
            outgoing: BytesMut::new(),
        }
    }

    /// The alarm went off: asks for a sign of life. False once none came for too long.
    fn is_alive(&mut self, context: &mut Context<'_>) -> bool {
        let silent = now().saturating_duration_since(self.heard);
        if silent >= self.silence {
            warn!("socket is silent, and does not answer pings");
            return false;
        }
        self.alarm.as_mut().reset((now() + self.silence / PINGS).into());
        // One that cannot leave now is not missed: the next one is another chance.
        if silent >= self.silence / PINGS && self.inner.poll_ready_unpin(context).is_ready() {
            let sent = self.inner.start_send_unpin(Message::Ping(Bytes::new()));
            if sent.is_ok() {
                let _ = self.inner.poll_flush_unpin(context);
            }
        }
        true
    }
}

impl Wire for Socket {
    type Text = Utf8Bytes;

    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Option<Utf8Bytes>> {
        loop {
            match self.inner.poll_next_unpin(context) {
                Poll::Ready(message) => {
                    self.heard = now();
                    match message {
                        Some(Ok(Message::Text(text))) => return Poll::Ready(Some(text)),
                        // Pings are answered below us; binary frames are nobody's here.
                        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_))) => {}
                        Some(Ok(Message::Close(_)) | Err(_)) | None => return Poll::Ready(None),
                    }
                }
                Poll::Pending => {
                    ready!(self.alarm.as_mut().poll(context));
                    if !self.is_alive(context) {
                        return Poll::Ready(None);
                    }
                }
            }
        }
    }

    async fn send(&mut self, frame: &Outbound) -> Result<(), Lost> {
        self.outgoing.reserve(OUTGOING);
        frame.write_json(&mut self.outgoing).map_err(|_| Lost)?;
        let text = self.outgoing.split().freeze();
        let text = Utf8Bytes::try_from(text).expect("what was a text is one");
        self.inner.send(Message::Text(text)).await.map_err(|_| Lost)
    }

    async fn close(&mut self, code: u16, reason: &'static str) {
        let frame = CloseFrame { code, reason: reason.into() };
        // The other end may be gone already.
        let _ = self.inner.send(Message::Close(Some(frame))).await;
    }
}
