//! `[tools]` of `warmline.toml`: what tools may reach.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, de};

use super::values::listed;

/// The table.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ToolsTable {
    /// The hosts that may be at an address of a private network.
    hosts: Vec<HostName>,
}

/// A name, an address, or `*.` and the end of a name.
#[derive(Debug, Clone)]
struct HostName(String);

impl<'de> Deserialize<'de> for HostName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?.trim().to_owned();
        let name = text.strip_prefix("*.").unwrap_or(&text);
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
        if name.is_empty() || !name.chars().all(allowed) {
            return Err(de::Error::custom(
                "expected a host without scheme, port and path, such as \"parcels.internal\" or \"*.internal\"",
            ));
        }
        Ok(Self(text))
    }
}

impl ToolsTable {
    /// For people.
    pub(super) fn told(&self) -> Vec<(Cow<'static, str>, String)> {
        vec![("hosts".into(), listed(&self.hosts()))]
    }

    pub(super) fn hosts(&self) -> Vec<String> {
        self.hosts.iter().map(|host| host.0.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::config::file::File;

    #[test]
    fn hosts_are_names_and_addresses() {
        let file = File::parse(
            "[tools]\nhosts = [\"parcels.internal\", \"*.corp.example\", \"10.0.0.5\", \"fd00::5\"]",
        )
        .unwrap();
        assert_eq!(file.tools.hosts(), ["parcels.internal", "*.corp.example", "10.0.0.5", "fd00::5"]);
        for broken in ["https://a.example", "a.example/b", "", "*"] {
            let error = File::parse(&format!("[tools]\nhosts = [\"{broken}\"]")).unwrap_err();
            assert!(error.contains("expected a host without scheme"), "{error}");
        }
    }
}
