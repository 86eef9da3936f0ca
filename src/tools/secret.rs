//! Keys that a manifest names and does not hold: `{"env": "PARCELS_TOKEN", "prefix": "Bearer "}`.

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::pii::Pii;

/// The shortest key that is looked for in what a tool answers.
const SHORTEST: usize = 6;

type Lookup = dyn Fn(&str) -> Option<SecretString> + Send + Sync;

/// Where keys are found by their names.
#[derive(Clone)]
pub struct Secrets(Arc<Lookup>);

impl Secrets {
    /// Asks `lookup` for a key whenever manifests are read.
    pub fn new(lookup: impl Fn(&str) -> Option<SecretString> + Send + Sync + 'static) -> Self {
        Self(Arc::new(lookup))
    }

    fn find(&self, name: &str) -> Option<SecretString> {
        (self.0)(name).filter(|secret| !secret.expose_secret().trim().is_empty())
    }
}

impl Default for Secrets {
    fn default() -> Self {
        Self::new(|_| None)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

/// A value in a manifest: a text, or a key by its name.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "expected a text, or a key such as {\"env\": \"PARCELS_TOKEN\"}")]
pub(super) enum Given {
    Text(String),
    Secret(Named),
}

/// A key by its name.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    env: String,
    #[serde(default)]
    prefix: String,
}

impl Named {
    /// The key, with what stands before it, and the key alone.
    ///
    /// # Errors
    ///
    /// When there is none of that name.
    pub(super) fn find(&self, secrets: &Secrets) -> Result<(Pii<String>, Pii<String>), String> {
        let found = secrets.find(&self.env);
        let found = found.ok_or_else(|| format!("the environment has no `{}`", self.env))?;
        let key = found.expose_secret().trim();
        Ok((format!("{}{key}", self.prefix).into(), key.into()))
    }

    /// The name, to be looked for in the file.
    pub(super) fn name(&self) -> &str {
        &self.env
    }
}

/// A text without the keys it may hold: an endpoint can answer with what it was asked.
pub(super) fn without(keys: &[Pii<String>], text: String) -> String {
    let long = keys.iter().map(Pii::expose).filter(|key| key.len() >= SHORTEST);
    long.fold(
        text,
        |text, key| if text.contains(key.as_str()) { text.replace(key.as_str(), "***") } else { text },
    )
}
