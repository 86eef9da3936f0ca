//! The end of a server: first its calls, then the process. No caller is cut off without having been handed over.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::calls::Calls;
use crate::http::Bridge;

/// How long sessions may take to give their calls to people, with the goodbye and the action.
const HAND_OVER: Duration = Duration::from_secs(10);

/// Waits until no call is left. New calls go to people meanwhile; live ones go on until the limit, or until
/// `hurry` is cancelled, and what remains then is given to people too.
pub(super) async fn drain(bridge: &Bridge, hurry: &CancellationToken) {
    bridge.draining.store(true, Ordering::Relaxed);
    info!(calls = bridge.calls.count(), "draining: new calls go to people, live ones go on");
    if all_left(&bridge.calls, hurry, bridge.limits.drain).await {
        return;
    }
    warn!(calls = bridge.calls.count(), "drain is over: the calls that are left go to people");
    bridge.calls.call_off();
    if tokio::time::timeout(HAND_OVER, bridge.calls.all_left()).await.is_err() {
        warn!(calls = bridge.calls.count(), "drain took too long");
    }
}

/// Whether the last call left in time. Where nobody is left there is nobody to hurry.
async fn all_left(calls: &Calls, hurry: &CancellationToken, limit: Duration) -> bool {
    tokio::select! {
        biased;
        () = calls.all_left() => true,
        () = hurry.cancelled() => false,
        () = tokio::time::sleep(limit) => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn where_nobody_is_left_nobody_is_hurried() {
        let (calls, hurry) = (Arc::new(Calls::default()), CancellationToken::new());
        hurry.cancel();
        for _ in 0..64 {
            assert!(all_left(&calls, &hurry, Duration::ZERO).await);
        }
        let _presence = calls.enter(&"CA1".parse().unwrap());
        assert!(!all_left(&calls, &hurry, Duration::from_secs(60)).await);
    }
}
