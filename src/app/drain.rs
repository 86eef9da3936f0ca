//! The end of a server: first its calls, then the process. No caller is cut off without having been handed over.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::http::Bridge;

/// How long sessions may take to give their calls to people, with the goodbye and the action.
const HAND_OVER: Duration = Duration::from_secs(10);

/// Waits until no call is left. New calls go to people meanwhile; live ones go on until the limit, or until
/// `hurry` is cancelled, and what remains then is given to people too.
pub(super) async fn drain(bridge: &Bridge, hurry: &CancellationToken) {
    bridge.draining.store(true, Ordering::Relaxed);
    info!(calls = bridge.calls.count(), "draining: new calls go to people, live ones go on");
    let over = tokio::select! {
        // First: where nobody is left there is nobody to hurry.
        biased;
        () = bridge.calls.all_left() => true,
        () = hurry.cancelled() => false,
        () = tokio::time::sleep(bridge.limits.drain) => false,
    };
    if over {
        return;
    }
    warn!(calls = bridge.calls.count(), "drain is over: the calls that are left go to people");
    bridge.calls.call_off();
    if tokio::time::timeout(HAND_OVER, bridge.calls.all_left()).await.is_err() {
        warn!(calls = bridge.calls.count(), "drain took too long");
    }
}
