//! A socket that costs little: many of them are held by one core.

use std::net::{IpAddr, SocketAddr};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async_tls_with_config};

use crate::caller::CallError;

/// A buffer is cleared at every look at the socket. Larger frames still fit.
const BUFFER: usize = 2048;

/// One session's socket.
pub(super) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What came.
pub(super) enum Received {
    Text(Utf8Bytes),
    /// A binary message, which no server of this protocol sends.
    Binary,
    /// Pings are answered by the library.
    Control,
    Gone,
}

impl Socket {
    /// Opens one, from this address of the machine if it matters.
    pub(super) async fn open(request: Request, source: Option<IpAddr>) -> Result<Self, CallError> {
        let refused = |error| match &error {
            Error::Http(response) => CallError::SocketRefused(response.status().as_u16()),
            _ => CallError::Socket(Box::new(error)),
        };
        let stream = connect(&request, source).await.map_err(|error| refused(Error::Io(error)))?;
        let config = WebSocketConfig::default().read_buffer_size(BUFFER).write_buffer_size(0);
        let opened = client_async_tls_with_config(request, stream, Some(config), None);
        let (socket, _) = Box::pin(opened).await.map_err(refused)?;
        Ok(Self(socket))
    }

    /// Sends a frame. False if the socket is gone.
    pub(super) async fn send(&mut self, frame: String) -> bool {
        self.0.send(Message::Text(frame.into())).await.is_ok()
    }

    /// Says that nothing more will come. The other side's frames can still be received.
    pub(super) async fn close(&mut self) {
        let frame =
            CloseFrame { code: 1000.into(), reason: Utf8Bytes::from_static("Closing websocket session") };
        // Who is gone already needs no goodbye.
        let _ = self.0.close(Some(frame)).await;
    }

    /// What comes next. May be dropped half way.
    pub(super) async fn receive(&mut self) -> Received {
        match self.0.next().await {
            Some(Ok(Message::Text(text))) => Received::Text(text),
            Some(Ok(Message::Binary(_))) => Received::Binary,
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Received::Control,
            Some(Ok(Message::Close(_)) | Err(_)) | None => Received::Gone,
        }
    }
}

async fn connect(request: &Request, source: Option<IpAddr>) -> std::io::Result<TcpStream> {
    let uri = request.uri();
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("wss") { 443 } else { 80 });
    let address = lookup_host((host, port)).await?.next();
    let address = address.ok_or_else(|| std::io::Error::other("the host has no address"))?;
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(source) = source {
        socket.bind(SocketAddr::new(source, 0))?;
    }
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
