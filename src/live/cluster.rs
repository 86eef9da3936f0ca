//! What nodes tell each other: which calls they have, that they are there, and what is to be done with a call
//! that another one has. Every letter is sealed, because whoever may use the database may speak there, and fits
//! into a notification of PostgreSQL.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::card::{Gone, LiveCall};
use crate::calls::Order;
use crate::ids::CallSid;
use crate::token::{Keyring, Purpose};

/// The longest letter before it is sealed, in bytes: a notification of PostgreSQL has less than 8000, sealing
/// makes four characters of three bytes and adds 23.
const LONGEST: usize = 5_900;

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
    Order(Errand),
    /// This call was deleted.
    Deleted(CallSid),
    /// These sessions of the console were ended.
    SignedOut(Vec<String>),
}

/// An order for a call that another node has.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Errand {
    #[serde(rename = "c")]
    pub(super) call_sid: CallSid,
    #[serde(rename = "o")]
    pub(super) order: Order,
    /// Makes it another one, so that nobody can have it carried out again.
    #[serde(rename = "i")]
    pub(super) once: String,
    /// Until when it counts, in seconds since 1970.
    #[serde(rename = "x")]
    pub(super) until: u64,
}

/// Writes and reads the letters of a node.
#[derive(Clone)]
pub(super) struct Pen {
    from: Arc<str>,
    keyring: Arc<Keyring>,
}

impl std::fmt::Debug for Pen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pen(..)")
    }
}

impl Pen {
    pub(super) fn new(from: Arc<str>, keyring: Arc<Keyring>) -> Self {
        Self { from, keyring }
    }

    /// A letter as it is sent.
    pub(super) fn write(&self, says: Says) -> String {
        self.keyring.seal(Purpose::Letter, &Letter { from: self.from.to_string(), says })
    }

    /// A letter that another node with our key wrote.
    pub(super) fn read(&self, text: &str) -> Option<Letter> {
        let letter: Letter = self.keyring.open(Purpose::Letter, text)?;
        (*letter.from != *self.from).then_some(letter)
    }

    /// As few letters as hold all of these, each short enough. What does not fit into a letter of its own is
    /// left out.
    pub(super) fn pack<T: Serialize + Clone>(
        &self,
        items: &[T],
        says: impl Fn(Vec<T>) -> Says,
    ) -> Vec<String> {
        let length = |item: &T| serde_json::to_vec(item).map_or(usize::MAX / 2, |text| text.len() + 1);
        let empty = Letter { from: self.from.to_string(), says: says(Vec::new()) };
        let empty = serde_json::to_vec(&empty).map_or(0, |text| text.len());
        let mut letters = Vec::new();
        let (mut held, mut size) = (Vec::new(), empty);
        for item in items {
            let more = length(item);
            if empty + more > LONGEST {
                continue;
            }
            if size + more > LONGEST {
                letters.push(self.write(says(std::mem::take(&mut held))));
                size = empty;
            }
            held.push(item.clone());
            size += more;
        }
        if !held.is_empty() {
            letters.push(self.write(says(held)));
        }
        letters
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::nonce;

    /// What a notification of PostgreSQL holds.
    const HELD: usize = 7_999;

    fn pen(from: &str, secret: &str) -> Pen {
        Pen::new(from.into(), Arc::new(Keyring::new([&secret.into()])))
    }

    fn gone(name: String) -> Gone {
        Gone { call_sid: name.parse().unwrap(), outcome: Some("closed".into()), trigger: None }
    }

    #[test]
    fn any_number_of_calls_fits_into_letters_that_fit() {
        let many: Vec<Gone> = (0..1_000).map(|number| gone(format!("CA{number}"))).collect();
        let letters = pen("node", "secret").pack(&many, Says::Gone);
        assert!(letters.len() > 1 && letters.iter().all(|letter| letter.len() <= HELD));
        let read = letters.iter().flat_map(|letter| {
            let Says::Gone(gone) = pen("other", "secret").read(letter).unwrap().says else {
                panic!("another letter")
            };
            gone
        });
        assert_eq!(read.collect::<Vec<_>>(), many);
        assert!(pen("node", "secret").pack(&[] as &[Gone], Says::Gone).is_empty());
    }

    fn errand(call_sid: &str, order: Order) -> Says {
        Says::Order(Errand { call_sid: call_sid.parse().unwrap(), order, once: nonce(), until: u64::MAX })
    }

    #[test]
    fn the_longest_order_fits() {
        let order = Order::Whisper("\u{1}".repeat(500).into());
        let says = errand(&"C".repeat(64), order.clone());
        let letter = pen(&"n".repeat(80), "secret").write(says);
        assert!(letter.len() <= HELD, "{}", letter.len());
        let read = pen("other", "secret").read(&letter).unwrap().says;
        assert!(matches!(read, Says::Order(errand) if errand.order == order));
    }

    #[test]
    fn nobody_is_believed_who_does_not_have_the_key() {
        let order = || errand("CA1", Order::HandOver(None));
        let forged = pen("node", "another secret").write(order());
        let bare = serde_json::to_string(&Letter { from: "node".into(), says: order() }).unwrap();
        for text in [forged.as_str(), bare.as_str(), "{}", ""] {
            assert!(pen("other", "secret").read(text).is_none(), "{text}");
        }
        let own = pen("node", "secret").write(order());
        assert!(pen("node", "secret").read(&own).is_none(), "what a node says itself is no news");
        assert!(pen("other", "secret").read(&own).is_some());
    }
}
