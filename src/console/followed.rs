//! A call as everybody sees it who follows it: read and written once for each change, however many look on.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::OnceCell;

use crate::ids::CallSid;

/// What there is to tell of a call, and whether that is the last of it.
pub(super) type Told = (Bytes, bool);

/// What was told of each call with the latest change. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Followed(Arc<Mutex<Latest>>);

#[derive(Default)]
struct Latest {
    change: u64,
    calls: HashMap<CallSid, Arc<OnceCell<Told>>>,
}

impl Followed {
    /// What is told of a call with a change, made by whoever asks first. Who is behind gets what is newer.
    pub(super) async fn once<F>(&self, change: u64, call_sid: &CallSid, make: impl FnOnce() -> F) -> Told
    where
        F: Future<Output = Told>,
    {
        self.place(change, call_sid).get_or_init(make).await.clone()
    }

    fn place(&self, change: u64, call_sid: &CallSid) -> Arc<OnceCell<Told>> {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if change > latest.change {
            latest.change = change;
            latest.calls.clear();
        }
        latest.calls.entry(call_sid.clone()).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_change_is_told_to_all_and_made_once() {
        let (followed, made) = (Followed::default(), AtomicU32::new(0));
        let tell = async |change: u64, call_sid: &str| {
            let make = async || {
                tokio::task::yield_now().await;
                let number = made.fetch_add(1, Ordering::SeqCst) + 1;
                (Bytes::from(number.to_string()), false)
            };
            followed.once(change, &call_sid.parse().unwrap(), make).await.0
        };
        let (one, two) = tokio::join!(tell(1, "CA1"), tell(1, "CA1"));
        assert_eq!((one, two), ("1".into(), "1".into()));
        assert_eq!((tell(1, "CA2").await, tell(2, "CA1").await), ("2".into(), "3".into()));
        assert_eq!(tell(1, "CA1").await, Bytes::from("3"), "who is behind gets what is newer");
    }
}
