//! Events, put together into requests within the limits of the API: 32 KB an event, 500 KB and 2,500 events a
//! batch. The sizes are those at which Segment's own libraries stop.

use crate::store::archive::Moment;
use crate::store::spool::Key;

use super::event::Event;

/// The largest event, in bytes.
pub(super) const LARGEST_EVENT: usize = 32 * 1024;
/// The largest batch, in bytes.
const LARGEST: usize = 480 * 1024;
/// How many events a batch may have.
const MOST: usize = 2_500;

/// Events that are sent in one request.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Where they come from.
    pub(super) keys: Vec<Key>,
    /// How many there are.
    pub(super) events: usize,
    /// Each as JSON, with commas between.
    json: String,
}

/// Whether the API takes an event at all.
pub(super) fn fits(event: &Event) -> bool {
    event.json.len() <= LARGEST_EVENT
}

/// Events in their order, those of one key always together: so a key is told as a whole, or not.
pub(super) fn batches(told: Vec<(Key, Vec<Event>)>) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    for (key, events) in told {
        let size: usize = events.iter().map(|event| event.json.len() + 1).sum();
        let fits = |batch: &Batch| batch.json.len() + size <= LARGEST && batch.events + events.len() <= MOST;
        if !batches.last().is_some_and(fits) {
            batches.push(Batch::default());
        }
        let Some(batch) = batches.last_mut() else { continue };
        for event in &events {
            if !batch.json.is_empty() {
                batch.json.push(',');
            }
            batch.json.push_str(&event.json);
        }
        batch.events += events.len();
        batch.keys.push(key);
    }
    batches
}

impl Batch {
    /// The request's body. `at` is when it is sent, in milliseconds since 1970.
    pub(super) fn body(&self, write_key: &str, at: u64) -> String {
        let head = serde_json::json!({ "writeKey": write_key, "sentAt": Moment(at) }).to_string();
        format!(r#"{{"batch":[{}],{}"#, self.json, &head[1..])
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::store::spool::Kind;

    fn told(name: &str, sizes: &[usize]) -> (Key, Vec<Event>) {
        let event = |size: &usize| Event { json: format!("\"{}\"", "x".repeat(size - 2)) };
        let key = Key { call_sid: name.parse().unwrap(), kind: Kind::Leg, session: 0 };
        (key, sizes.iter().map(event).collect())
    }

    #[test]
    fn a_batch_is_no_larger_than_the_api_takes_and_no_call_is_torn_apart() {
        let large = LARGEST_EVENT;
        let given: Vec<_> = (0..40).map(|call| told(&format!("CA{call}"), &[large, large])).collect();
        let batches = batches(given);
        assert_eq!(batches.iter().map(|batch| batch.events).sum::<usize>(), 80);
        assert_eq!(batches[0].keys.len(), 7);
        for batch in &batches {
            assert_eq!(batch.events, 2 * batch.keys.len());
            assert!(batch.body(&"k".repeat(64), 0).len() < 500_000);
        }
    }

    #[test]
    fn many_small_events_are_two_batches() {
        let given: Vec<_> = (0..2_600).map(|call| told(&format!("CA{call}"), &[2])).collect();
        let counts: Vec<_> = batches(given).iter().map(|batch| batch.events).collect();
        assert_eq!(counts, [2_500, 100]);
    }

    #[test]
    fn a_body_is_json_with_its_time_and_its_key() {
        let batch = batches(vec![told("CA1", &[4, 5])]).pop().unwrap();
        let body: Value = serde_json::from_str(&batch.body("a\"b", 1_767_225_600_000)).unwrap();
        assert_eq!(body["batch"], serde_json::json!(["xx", "xxx"]));
        assert_eq!(
            (&body["writeKey"], &body["sentAt"]),
            (&"a\"b".into(), &"2026-01-01T00:00:00.000Z".into())
        );
        assert!(batches(Vec::new()).is_empty());
    }

    #[test]
    fn an_event_fits_up_to_its_last_byte() {
        assert!(fits(&Event { json: "x".repeat(LARGEST_EVENT) }));
        assert!(!fits(&Event { json: "x".repeat(LARGEST_EVENT + 1) }));
    }
}
