//! `[desk]` of `warmline.toml`: the page for the person who takes a call.

use std::time::Duration;

use serde::Deserialize;

/// How long a link is valid where nothing else is set, in days: as long as what it shows is kept.
const DAYS: u32 = 30;
/// Where Flex is. What Twilio hosts for its customers under `twil.io` may be anybody's.
const FLEX: [&str; 1] = ["https://flex.twilio.com"];

/// The page for the person who takes a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desk {
    /// How long a link to it is valid.
    pub valid: Duration,
    /// Which pages may show it within themselves, as a Content-Security-Policy names them, beside our own.
    pub frame_ancestors: Vec<String>,
}

/// The table.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct DeskTable {
    link_days: Option<u32>,
    frame_ancestors: Option<Vec<String>>,
}

impl DeskTable {
    pub(super) fn desk(&self) -> Desk {
        let days = self.link_days.unwrap_or(DAYS).max(1);
        let usual = || FLEX.map(str::to_owned).to_vec();
        Desk {
            valid: Duration::from_secs(u64::from(days) * 24 * 60 * 60),
            frame_ancestors: self.frame_ancestors.clone().unwrap_or_else(usual),
        }
    }

    /// What is wrong with it. A value goes into a header, where anything else than an origin could mean more.
    pub(super) fn problems(&self) -> impl Iterator<Item = String> {
        let ancestors = self.frame_ancestors.iter().flatten();
        let wrong = ancestors.filter(|ancestor| !is_origin(ancestor));
        wrong.map(|_| "[desk] frame_ancestors: expected origins such as https://flex.twilio.com".to_owned())
    }
}

fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    let known = |c: char| c.is_ascii_alphanumeric() || "-.*:".contains(c);
    !host.is_empty() && host.chars().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flex_may_frame_the_desk_and_an_entry_that_is_no_origin_is_refused() {
        let desk = DeskTable::default().desk();
        assert_eq!(desk.frame_ancestors, FLEX);
        assert_eq!(desk.valid.as_secs(), 30 * 86_400);
        for (entry, fits) in [
            ("https://crm.example.com:8443", true),
            ("https://*.example.com", true),
            ("https://a.example; script-src *", false),
            ("example.com", false),
            ("https://example.com/desk", false),
            ("https://", false),
        ] {
            let table = DeskTable { frame_ancestors: Some(vec![entry.into()]), ..DeskTable::default() };
            assert_eq!(table.problems().next().is_none(), fits, "{entry}");
        }
    }
}
