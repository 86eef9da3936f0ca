//! `/voice/relay/{token}`: the socket of one session. Its signature was checked before this.

use std::pin::Pin;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::time::{Sleep, sleep, timeout};
use tracing::{Instrument, info_span, warn};

use super::Shared;
use crate::clock::{now, since_epoch};
use crate::driver::{self, Call, Lost, Patience, Wire};
use crate::relay::MAX_FRAME;
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
        warn!("relay address refused: forged, expired, or of another server's WARMLINE_SECRET");
        return (StatusCode::FORBIDDEN, "this address is not valid\n").into_response();
    };
    if !bridge.room.has_socket(bridge.sockets.len()) {
        warn!("relay socket refused: too many are open");
        return (StatusCode::SERVICE_UNAVAILABLE, "too many sockets are open\n").into_response();
    }
    let call = Call {
        playbook: bridge.calls.pinned(&pass.call_sid, || bridge.shelf.current()),
        pass,
        model: bridge.model.clone(),
        calls: bridge.calls.clone(),
        store: bridge.store.clone(),
        timings: bridge.timings,
        rules: bridge.rules.clone(),
        patience: Patience { setup: bridge.limits.setup, send: bridge.limits.send },
        desk: bridge.people.desk.clone(),
        hidden: bridge.people.hidden,
    };
    let span = info_span!("call", call.sid = %call.pass.call_sid);
    let (sockets, silence) = (bridge.sockets.clone(), bridge.limits.silence);
    limited(upgrade).on_upgrade(move |socket| {
        sockets.track_future(Box::pin(driver::run(Socket::new(socket, silence), call)).instrument(span))
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

/// How many pings go out before a silent socket is given up.
const PINGS: u32 = 4;
/// How long a ping may take to leave. The next one is another chance.
const PING: Duration = Duration::from_secs(1);

/// A socket whose other end is asked for a sign of life. A peer that is gone without a word would otherwise keep
/// its place for ever.
struct Socket {
    inner: WebSocket,
    silence: Duration,
    heard: Instant,
    /// Kept from frame to frame: setting a timer up for each would cost more than reading it.
    alarm: Pin<Box<Sleep>>,
}

impl Socket {
    fn new(inner: WebSocket, silence: Duration) -> Self {
        Self { inner, silence, heard: now(), alarm: Box::pin(sleep(silence / PINGS)) }
    }

    /// The alarm went off: asks for a sign of life. False once none came for too long.
    async fn is_alive(&mut self) -> bool {
        let silent = now().saturating_duration_since(self.heard);
        if silent >= self.silence {
            warn!("socket is silent, and does not answer pings");
            return false;
        }
        let again = now() + self.silence / PINGS;
        self.alarm.as_mut().reset(again.into());
        if silent >= self.silence / PINGS {
            let _ = timeout(PING, self.inner.send(Message::Ping(Bytes::new()))).await;
        }
        true
    }
}

impl Wire for Socket {
    type Text = Utf8Bytes;

    async fn receive(&mut self) -> Option<Utf8Bytes> {
        loop {
            let message = tokio::select! {
                biased;
                message = self.inner.recv() => message,
                () = self.alarm.as_mut() => {
                    if self.is_alive().await {
                        continue;
                    }
                    return None;
                }
            };
            self.heard = now();
            match message {
                Some(Ok(Message::Text(text))) => return Some(text),
                // Pings are answered below us; binary frames are nobody's here.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
            }
        }
    }

    async fn send(&mut self, text: String) -> Result<(), Lost> {
        self.inner.send(Message::Text(text.into())).await.map_err(|_| Lost)
    }

    async fn close(&mut self, code: u16, reason: &'static str) {
        let frame = CloseFrame { code, reason: reason.into() };
        // The other end may be gone already.
        let _ = self.inner.send(Message::Close(Some(frame))).await;
    }
}
