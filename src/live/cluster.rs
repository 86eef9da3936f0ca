//! What nodes tell each other: which calls they have, that they are there, and what is to be done with a call
//! that another one has. Every letter fits into a notification of PostgreSQL.

use serde::{Deserialize, Serialize};

use super::card::{Gone, LiveCall};
use crate::calls::Order;
use crate::ids::CallSid;

/// The longest letter, in bytes: a notification of PostgreSQL has less than 8000.
const LONGEST: usize = 7_900;

/// Something one node says to all.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Letter {
    #[serde(rename = "n")]
    pub(super) from: String,
    #[serde(rename = "s")]
    pub(super) says: Says,
}

/// What it says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Says {
    /// It is there, and so many look on there.
    Alive(usize),
    /// It wants to know every call.
    Tell,
    /// It has these calls.
    Calls(Vec<LiveCall>),
    /// These of its calls are over.
    Gone(Vec<Gone>),
    /// Whoever has the call is to do this.
    Order(CallSid, Order),
    /// A session of the console was ended.
    SignedOut(String),
}

impl Letter {
    pub(super) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// A letter as it is sent.
pub(super) fn write(from: &str, says: Says) -> String {
    serde_json::to_string(&Letter { from: from.to_owned(), says }).unwrap_or_default()
}

/// As few letters as hold all of these, each short enough. What does not fit into a letter of its own is left
/// out.
pub(super) fn pack<T: Serialize + Clone>(
    from: &str,
    items: &[T],
    says: impl Fn(Vec<T>) -> Says,
) -> Vec<String> {
    let length = |item: &T| serde_json::to_vec(item).map_or(usize::MAX / 2, |text| text.len() + 1);
    let empty = write(from, says(Vec::new())).len();
    let mut letters = Vec::new();
    let (mut held, mut size) = (Vec::new(), empty);
    for item in items {
        let more = length(item);
        if empty + more > LONGEST {
            continue;
        }
        if size + more > LONGEST {
            letters.push(write(from, says(std::mem::take(&mut held))));
            size = empty;
        }
        held.push(item.clone());
        size += more;
    }
    if !held.is_empty() {
        letters.push(write(from, says(held)));
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone(name: String) -> Gone {
        Gone { call_sid: name.parse().unwrap(), outcome: Some("closed".into()), trigger: None }
    }

    #[test]
    fn any_number_of_calls_fits_into_letters_that_fit() {
        let many: Vec<Gone> = (0..1_000).map(|number| gone(format!("CA{number}"))).collect();
        let letters = pack("node", &many, Says::Gone);
        assert!(letters.len() > 1 && letters.iter().all(|letter| letter.len() <= LONGEST));
        let read = letters.iter().flat_map(|letter| {
            let Says::Gone(gone) = Letter::read(letter).unwrap().says else { panic!("another letter") };
            gone
        });
        assert_eq!(read.collect::<Vec<_>>(), many);
        assert!(pack("node", &[] as &[Gone], Says::Gone).is_empty());
    }

    #[test]
    fn the_longest_order_fits() {
        let order = Order::Whisper("\u{1}".repeat(500).into());
        let letter = write(&"n".repeat(80), Says::Order("C".repeat(64).parse().unwrap(), order.clone()));
        assert!(letter.len() <= LONGEST, "{}", letter.len());
        assert!(matches!(Letter::read(&letter).unwrap().says, Says::Order(_, read) if read == order));
        assert!(Letter::read("{}").is_none() && Letter::read("").is_none());
    }
}
