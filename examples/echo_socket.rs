//! Sends back whatever a socket receives, with the limits of the relay's own sockets: for a conformance kit,
//! which checks how RFC 6455 is kept. `.ci/run` plays kosoku against it.
//!
//! ```text
//! cargo run --example echo_socket -- 9001
//! ```

#![expect(clippy::print_stdout, reason = "an example speaks to its terminal")]

use std::error::Error;

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use warmline::app::serve_router;
use warmline::http::limited_socket;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::args().nth(1).ok_or("which port?")?.parse::<u16>()?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("echoing at ws://{}/", listener.local_addr()?);
    let upgrade = |upgrade: WebSocketUpgrade| async { limited_socket(upgrade).on_upgrade(echo) };
    serve_router(listener, Router::new().route("/", get(upgrade)), CancellationToken::new()).await;
    Ok(())
}

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        // Pings and closes are answered below us.
        if matches!(message, Message::Text(_) | Message::Binary(_)) && socket.send(message).await.is_err() {
            return;
        }
    }
}
