//! The call's socket by tokio-tungstenite.

use bytes::BytesMut;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::{READ_BUFFER, Socket};

pub(super) struct Raw {
    socket: WebSocketStream<TcpStream>,
    text: Utf8Bytes,
    frame: Vec<u8>,
    /// Frames are cut off here; the space comes back when they have left.
    space: BytesMut,
}

impl Raw {
    pub(super) async fn accept(stream: TcpStream) -> Option<Self> {
        stream.set_nodelay(true).ok()?;
        let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER);
        let accepted = Box::pin(tokio_tungstenite::accept_async_with_config(stream, Some(config)));
        let socket = accepted.await.ok()?;
        Some(Self { socket, text: Utf8Bytes::default(), frame: Vec::new(), space: BytesMut::new() })
    }
}

impl Socket for Raw {
    async fn receive(&mut self) -> Option<&[u8]> {
        loop {
            match self.socket.next().await? {
                Ok(Message::Text(text)) => {
                    self.text = text;
                    return Some(self.text.as_str().as_bytes());
                }
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    async fn send(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Option<()> {
        self.frame.clear();
        write(&mut self.frame);
        self.space.extend_from_slice(&self.frame);
        let text = Utf8Bytes::try_from(self.space.split().freeze()).ok()?;
        self.socket.send(Message::Text(text)).await.ok()
    }
}
