//! Accepts connections and answers them. `axum::serve` would wait for ever for a request that never comes, so
//! hyper is used directly, with limits on time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::serve::{Listener, ListenerExt};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tracing::warn;

use crate::console::Peer;

/// How long a connection may be idle. Longer than the 60 s of common load balancers: the one who closes first
/// must be the one who sends, or a request meets a closed door.
const IDLE: Duration = Duration::from_secs(75);
/// How long answers that are under way at the end may take to leave.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// Answers until `stop` is cancelled, and finishes the answers that are under way then. A connection whose first
/// request does not come within `patience` is closed.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    patience: Duration,
    stop: CancellationToken,
) {
    // Twilio's frames are small and many: Nagle would hold each until the one before is acknowledged.
    let mut listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            warn!(%error, "TCP_NODELAY could not be set");
        }
    });
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            (stream, from) = listener.accept() => {
                let peer = Peer(from.ip());
                connections.spawn(connection(stream, peer, router.clone(), patience, stop.clone()));
            }
            Some(_) = connections.join_next() => {}
            () = stop.cancelled() => break,
        }
    }
    drop(listener);
    let finished = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(LAST_ANSWERS, finished).await;
}

/// One connection. A socket that is upgraded leaves it.
async fn connection(
    stream: TcpStream,
    peer: Peer,
    router: Router,
    patience: Duration,
    stop: CancellationToken,
) {
    let begun = Arc::new(AtomicBool::new(false));
    let begins = begun.clone();
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        begins.store(true, Ordering::Relaxed);
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        router.clone().oneshot(request)
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut serving = std::pin::pin!(serving);
    let mut late = std::pin::pin!(tokio::time::sleep(patience));
    let (mut unproven, mut stopping) = (true, false);
    loop {
        tokio::select! {
            // Whatever went wrong went wrong between the other end and the network.
            _ = serving.as_mut() => return,
            () = late.as_mut(), if unproven => {
                if !begun.load(Ordering::Relaxed) {
                    return;
                }
                unproven = false;
            }
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                serving.as_mut().graceful_shutdown();
            }
        }
    }
}
