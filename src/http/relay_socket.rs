//! `/voice/relay/{token}`: the socket of one session. Its signature was checked before this.

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tracing::{Instrument, info_span, warn};

use super::Shared;
use crate::clock::since_epoch;
use crate::driver::{self, Call, Lost, Wire};
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
    let call = Call {
        playbook: bridge.calls.pinned(&pass.call_sid, || bridge.shelf.current()),
        pass,
        model: bridge.model.clone(),
        calls: bridge.calls.clone(),
        store: bridge.store.clone(),
        timings: bridge.timings,
        rules: bridge.rules.clone(),
    };
    let span = info_span!("call", call.sid = %call.pass.call_sid);
    let sockets = bridge.sockets.clone();
    upgrade
        .read_buffer_size(READ_BUFFER)
        .max_write_buffer_size(WRITE_BUFFER)
        .max_message_size(MAX_FRAME)
        .max_frame_size(MAX_FRAME)
        .on_upgrade(move |socket| {
            sockets.track_future(Box::pin(driver::run(Socket(socket), call)).instrument(span))
        })
}

struct Socket(WebSocket);

impl Wire for Socket {
    type Text = Utf8Bytes;

    async fn receive(&mut self) -> Option<Utf8Bytes> {
        loop {
            match self.0.recv().await {
                Some(Ok(Message::Text(text))) => return Some(text),
                // Pings are answered below us; binary frames are nobody's here.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Binary(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
            }
        }
    }

    async fn send(&mut self, text: String) -> Result<(), Lost> {
        self.0.send(Message::Text(text.into())).await.map_err(|_| Lost)
    }

    async fn close(&mut self, code: u16, reason: &'static str) {
        let frame = CloseFrame { code, reason: reason.into() };
        // The other end may be gone already.
        let _ = self.0.send(Message::Close(Some(frame))).await;
    }
}
