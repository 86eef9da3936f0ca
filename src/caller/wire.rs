//! The client's end of the socket. Every step may be dropped half way and taken up again: nothing is lost, and
//! nothing is sent twice.

use std::collections::VecDeque;

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::error::CallError;

/// A socket, and what waits to be sent.
pub(super) struct Wire {
    socket: Option<WebSocketStream<MaybeTlsStream<TcpStream>>>,
    outbox: VecDeque<Message>,
    /// Handed to the socket, and perhaps not to the network yet.
    unflushed: bool,
}

/// What came from the server.
pub(super) enum Received {
    Text(Utf8Bytes),
    Binary,
    Control,
    /// The server closes, with its code.
    Close(Option<u16>),
    /// Nothing will come any more.
    Gone,
}

impl Wire {
    /// Opens a socket, without Nagle's delay.
    pub(super) async fn open(request: Request) -> Result<Self, CallError> {
        let refused = |error| {
            if let Error::Http(response) = &error {
                return CallError::SocketRefused(response.status().as_u16());
            }
            CallError::Socket(Box::new(error))
        };
        let opened = Box::pin(connect_async_with_config(request, None, true)).await;
        let (socket, _) = opened.map_err(refused)?;
        Ok(Self { socket: Some(socket), outbox: VecDeque::new(), unflushed: false })
    }

    /// Puts a frame into the queue.
    pub(super) fn push(&mut self, frame: &Value) {
        self.push_text(frame.to_string());
    }

    /// Puts a message into the queue, whatever it is.
    pub(super) fn push_text(&mut self, message: String) {
        self.outbox.push_back(Message::Text(message.into()));
    }

    /// Closes after what is queued.
    pub(super) fn push_close(&mut self, code: u16, reason: &'static str) {
        let frame = CloseFrame { code: code.into(), reason: Utf8Bytes::from_static(reason) };
        self.outbox.push_back(Message::Close(Some(frame)));
    }

    /// Sends what is queued. False if the socket cannot take it: it is gone then.
    pub(super) async fn flush(&mut self) -> bool {
        let Some(socket) = &mut self.socket else { return self.outbox.is_empty() };
        while let Some(message) = self.outbox.front() {
            if socket.feed(message.clone()).await.is_err() {
                return false;
            }
            self.outbox.pop_front();
            self.unflushed = true;
        }
        if self.unflushed {
            let sent = socket.flush().await.is_ok();
            self.unflushed = false;
            return sent;
        }
        true
    }

    /// Waits for what the server sends next.
    pub(super) async fn receive(&mut self) -> Received {
        match &mut self.socket {
            Some(socket) => Received::of(socket.next().await),
            None => Received::Gone,
        }
    }

    /// What the server has sent already, if anything.
    pub(super) fn receive_now(&mut self) -> Option<Received> {
        self.socket.as_mut()?.next().now_or_never().map(Received::of)
    }

    /// Drops the line as it is: no close frame, like a network that fails.
    pub(super) fn drop_line(&mut self) {
        self.socket = None;
        self.outbox.clear();
    }
}

impl Received {
    fn of(message: Option<Result<Message, Error>>) -> Self {
        match message {
            Some(Ok(Message::Text(text))) => Self::Text(text),
            Some(Ok(Message::Binary(_))) => Self::Binary,
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Self::Control,
            Some(Ok(Message::Close(frame))) => Self::Close(frame.map(|frame| frame.code.into())),
            Some(Err(_)) | None => Self::Gone,
        }
    }
}
