//! Where calls are kept, and for how long.

use serde::Deserialize;

use crate::store::spool::Tracked;
use crate::store::{Options, Retention};

/// Where nothing else is set.
const DEFAULT_URL: &str = "sqlite:warmline.db";
/// What `DATABASE_URL` says when nothing is to be kept.
const NONE: &str = "none";
/// How many days calls are kept where nothing else is set.
const DAYS: u32 = 30;

/// `[store]`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct StoreTable {
    retention_days: Option<u32>,
    mask: Option<bool>,
}

impl StoreTable {
    /// What is to be kept; `None` when nothing is.
    pub(super) fn options(&self, url: Option<String>) -> Option<Options> {
        let url = url.unwrap_or_else(|| DEFAULT_URL.to_owned());
        let retention = match self.retention_days.unwrap_or(DAYS) {
            0 => Retention::Forever,
            days => Retention::Days(days),
        };
        let masked = self.mask.unwrap_or(true);
        (url != NONE).then(|| Options { url: url.into(), retention, masked, tracked: Tracked::default() })
    }
}

/// Checks `DATABASE_URL` as far as that needs no connection.
pub(super) fn url(text: &str) -> Result<String, &'static str> {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    match scheme {
        "sqlite" => {}
        "postgres" | "postgresql" if !cfg!(feature = "postgres") => {
            return Err("this program was built without PostgreSQL");
        }
        "postgres" | "postgresql" => {}
        _ if text == NONE => {}
        _ => return Err("expected sqlite:FILE, postgres://USER@HOST/DATABASE or none"),
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_kept_beside_the_server_unless_told_otherwise() {
        use secrecy::ExposeSecret;
        let options = StoreTable::default().options(None).unwrap();
        assert_eq!(options.url.expose_secret(), "sqlite:warmline.db");
        assert!(options.masked && options.retention == Retention::Days(30));
        assert!(StoreTable::default().options(Some("none".into())).is_none());
        let table = StoreTable { retention_days: Some(0), mask: Some(false) };
        let options = table.options(Some("sqlite:x".into())).unwrap();
        assert!(!options.masked && options.retention == Retention::Forever);
    }

    #[test]
    fn an_address_of_another_kind_is_refused() {
        for text in ["mysql://a/b", "warmline.db", "", "/var/lib/warmline.db", "None"] {
            assert!(url(text).is_err(), "{text}");
        }
    }
}
