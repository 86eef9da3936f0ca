//! Our address while a tunnel may change it: new calls use the present one, and what was signed for one of the latest
//! still verifies.

use std::sync::Arc;

use tokio::sync::watch;

use super::Origin;

/// How many addresses are known at once. A call that is under way comes back under the one it began with.
const KEPT: usize = 4;

/// The address of this server. Cheap to clone; all clones know the same.
#[derive(Debug, Clone)]
pub struct Origins(Arc<watch::Sender<Vec<Origin>>>);

impl From<Origin> for Origins {
    fn from(origin: Origin) -> Self {
        Self(Arc::new(watch::Sender::new(vec![origin])))
    }
}

impl Origins {
    /// The present address.
    pub fn current(&self) -> Origin {
        self.0.borrow().first().expect("there always is an address").clone()
    }

    /// All that are known, the present one first.
    pub fn known(&self) -> Vec<Origin> {
        self.0.borrow().clone()
    }

    /// From now on this is the address. Returns whether it was another one.
    pub fn move_to(&self, origin: Origin) -> bool {
        self.0.send_if_modified(|known| {
            if known.first() == Some(&origin) {
                return false;
            }
            known.retain(|other| *other != origin);
            known.insert(0, origin);
            known.truncate(KEPT);
            true
        })
    }

    /// Hears of every other address from now on.
    pub fn changes(&self) -> watch::Receiver<Vec<Origin>> {
        self.0.subscribe()
    }

    /// The address of a path, for webhooks and links.
    pub fn http(&self, path_and_query: &str) -> String {
        self.current().http(path_and_query)
    }

    /// The address of a path, for the relay's socket.
    pub fn websocket(&self, path: &str) -> String {
        self.current().websocket(path)
    }

    /// Whether browsers reach it over TLS.
    pub fn is_secure(&self) -> bool {
        self.current().is_secure()
    }
}

impl std::fmt::Display for Origins {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.current().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(name: &str) -> Origin {
        Origin::parse(&format!("https://{name}.example.com")).unwrap()
    }

    #[test]
    fn the_latest_addresses_are_known_and_the_newest_is_used() {
        let origins = Origins::from(origin("a"));
        assert!(!origins.move_to(origin("a")), "that is where we are");
        for name in ["b", "c", "b", "d", "e"] {
            assert!(origins.clone().move_to(origin(name)));
        }
        assert_eq!(origins.http("/x"), "https://e.example.com/x");
        let known: Vec<_> = origins.known().iter().map(ToString::to_string).collect();
        assert_eq!(known, ["e", "d", "b", "c"].map(|name| format!("https://{name}.example.com")));
    }
}
