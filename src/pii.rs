//! What identifies a caller, or was said in a call, and must never reach a log line.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A value whose `Debug` never prints it, and which has no `Display`.
///
/// [`Pii::expose`] is the one way to the value, so that a search for `expose(` lists every use.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pii<T>(T);

impl<T> Pii<T> {
    /// Wraps a value at the edge where it enters.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for the one place that needs it.
    pub fn expose(&self) -> &T {
        &self.0
    }

    /// The value itself, given up.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl From<&str> for Pii<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl From<String> for Pii<String> {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl<T> fmt::Debug for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pii(..)")
    }
}

/// An address without what may be a secret in it: a name and password before the host, and what follows a
/// question mark. Other texts stay as they are.
pub fn bare_address(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_prints_the_value() {
        let number = Pii::from("+15551230000");
        assert_eq!(format!("{number:?}"), "Pii(..)");
        assert_eq!(number.expose(), "+15551230000");
    }
}
