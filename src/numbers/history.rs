//! What was done to a number, and what it was before.

use serde::{Deserialize, Serialize};

use super::Wiring;
use crate::ids::{AccountSid, PhoneNumberSid};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Deed {
    /// The number was to be pointed here. Noted before it was done, so it may have failed.
    Set,
    /// It was put back. Noted afterwards.
    Restore,
}

/// One change of a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Names it.
    pub id: String,
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// The account of the number.
    pub account: AccountSid,
    /// The number, in E.164.
    pub number: String,
    /// Its name at Twilio.
    pub sid: PhoneNumberSid,
    /// What was done.
    pub deed: Deed,
    /// What it asked before.
    pub old: Wiring,
    /// What it was to ask since.
    pub new: Wiring,
}

/// What a number asked before it was pointed here. Nothing if it never was, or was put back.
///
/// Several changes in a row lead back to before the first of them. Where somebody else changed the number between two
/// of ours, what they made of it is what it was before.
pub fn before(changes: &[Change]) -> Option<&Wiring> {
    // The first is what it was before, and all are states that we know of since.
    let mut known: Vec<&Wiring> = Vec::new();
    for change in changes {
        match change.deed {
            Deed::Restore => known.clear(),
            Deed::Set => {
                if !known.contains(&&change.old) {
                    known = vec![&change.old];
                }
                known.push(&change.new);
            }
        }
    }
    known.first().copied()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::numbers) fn wiring(url: &str) -> Wiring {
        Wiring { voice_url: url.to_owned(), ..Wiring::default() }
    }

    pub(in crate::numbers) fn change(at: u64, deed: Deed, old: &str, new: &str) -> Change {
        Change {
            id: at.to_string(),
            at,
            account: "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".parse().unwrap(),
            number: "+15550100001".into(),
            sid: "PNaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".parse().unwrap(),
            deed,
            old: wiring(old),
            new: wiring(new),
        }
    }

    fn leads_back(changes: &[(Deed, &str, &str)]) -> Option<String> {
        let changes: Vec<_> =
            changes.iter().zip(0..).map(|((deed, old, new), at)| change(at, *deed, old, new)).collect();
        before(&changes).map(|wiring| wiring.voice_url.clone())
    }

    #[test]
    fn the_way_back_leads_to_before_the_first_change() {
        use Deed::{Restore, Set};
        let to = |url: &str| Some(url.to_owned());
        assert_eq!(leads_back(&[]), None);
        assert_eq!(leads_back(&[(Set, "o", "a")]), to("o"));
        assert_eq!(leads_back(&[(Set, "o", "a"), (Set, "a", "b"), (Set, "b", "a")]), to("o"));
        assert_eq!(leads_back(&[(Set, "o", "a"), (Restore, "a", "o")]), None);
        assert_eq!(leads_back(&[(Set, "o", "a"), (Restore, "a", "o"), (Set, "p", "a")]), to("p"));
        // Somebody else was there between.
        assert_eq!(leads_back(&[(Set, "o", "a"), (Set, "theirs", "b")]), to("theirs"));
    }

    #[test]
    fn a_change_that_failed_does_not_hide_what_was_before() {
        use Deed::Set;
        // The second was noted, and never done.
        let changes = [(Set, "o", "a"), (Set, "a", "b"), (Set, "a", "c")];
        assert_eq!(leads_back(&changes), Some("o".to_owned()));
        assert_eq!(leads_back(&[(Set, "o", "a"), (Set, "o", "b")]), Some("o".to_owned()));
    }
}
