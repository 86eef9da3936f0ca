//! What a number asks when a call comes in, and who stands in place of that.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::twilio::rest::{Method, Number, NumberChange};

/// What a number asks, and how. An empty text stands for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Wiring {
    /// Asked when a call comes in.
    pub voice_url: String,
    /// `POST` or `GET`.
    pub voice_method: String,
    /// Asked where that fails.
    pub voice_fallback_url: String,
    /// `POST` or `GET`.
    pub voice_fallback_method: String,
    /// Told how calls end.
    pub status_callback: String,
    /// `POST` or `GET`.
    pub status_callback_method: String,
    /// An application in place of the addresses.
    pub voice_application_sid: String,
    /// A trunk in place of the addresses.
    pub trunk_sid: String,
}

/// Our addresses for a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// `/voice/incoming`.
    pub incoming: String,
    /// `/voice/fallback`, or a document elsewhere.
    pub fallback: String,
    /// `/voice/status`.
    pub status: String,
}

/// Who decides about a number's calls, other than the address of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// An application: the addresses do not count.
    Application(String),
    /// A trunk: the addresses do not count.
    Trunk(String),
    /// A flow of Studio, by its address.
    Flow(String),
}

/// One thing that is to be otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What.
    pub what: &'static str,
    /// How it is.
    pub from: String,
    /// How it is to be.
    pub to: String,
}

impl Wiring {
    /// That of a number.
    pub fn of(number: &Number) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        Self {
            voice_url: text(&number.voice_url),
            voice_method: text(&number.voice_method),
            voice_fallback_url: text(&number.voice_fallback_url),
            voice_fallback_method: text(&number.voice_fallback_method),
            status_callback: text(&number.status_callback),
            status_callback_method: text(&number.status_callback_method),
            voice_application_sid: text(&number.voice_application_sid),
            trunk_sid: text(&number.trunk_sid),
        }
    }

    /// The same with our addresses. Who stands in their place stays, unless it is to be taken over from them.
    #[must_use]
    pub fn pointed_at(&self, places: &Places, take_over: bool) -> Self {
        let post = || "POST".to_owned();
        let owner = |sid: &String| if take_over { String::new() } else { sid.clone() };
        Self {
            voice_url: places.incoming.clone(),
            voice_method: post(),
            voice_fallback_url: places.fallback.clone(),
            voice_fallback_method: post(),
            status_callback: places.status.clone(),
            status_callback_method: post(),
            voice_application_sid: owner(&self.voice_application_sid),
            trunk_sid: owner(&self.trunk_sid),
        }
    }

    /// What is to be otherwise.
    pub fn difference(&self, to: &Self) -> Vec<Difference> {
        let pairs = self.named().into_iter().zip(to.named());
        pairs
            .filter(|((_, from), (_, to))| from != to)
            .map(|((what, from), (_, to))| Difference { what, from: from.to_owned(), to: to.to_owned() })
            .collect()
    }

    /// What Twilio is to be asked for, for a number that is as `self`, so that it becomes as `to`. The addresses are
    /// always named, since they only make sense together; an owner only where it changes.
    pub fn change(&self, to: &Self) -> NumberChange {
        let owner = |from: &String, to: &String| (from != to).then(|| to.clone());
        NumberChange {
            voice_url: Some(to.voice_url.clone()),
            voice_method: Method::named(&to.voice_method),
            voice_fallback_url: Some(to.voice_fallback_url.clone()),
            voice_fallback_method: Method::named(&to.voice_fallback_method),
            status_callback: Some(to.status_callback.clone()),
            status_callback_method: Method::named(&to.status_callback_method),
            voice_application_sid: owner(&self.voice_application_sid, &to.voice_application_sid),
            trunk_sid: owner(&self.trunk_sid, &to.trunk_sid),
        }
    }

    /// Who decides about calls in place of an address, if anybody.
    pub fn owner(&self) -> Option<Owner> {
        if !self.trunk_sid.is_empty() {
            return Some(Owner::Trunk(self.trunk_sid.clone()));
        }
        if !self.voice_application_sid.is_empty() {
            return Some(Owner::Application(self.voice_application_sid.clone()));
        }
        let address = Url::parse(&self.voice_url).ok()?;
        let host = address.host_str()?;
        let hooks = host.starts_with("webhooks.") && host.ends_with(".twilio.com");
        let mut path = address.path_segments()?;
        let flow = path.find(|part| part.starts_with("FW"))?;
        hooks.then(|| Owner::Flow(flow.to_owned()))
    }

    /// Whether calls to the number come to this address.
    pub fn leads_to(&self, incoming: &str) -> bool {
        self.voice_url == incoming && !self.owner().is_some_and(|owner| owner.outranks_addresses())
    }

    fn named(&self) -> [(&'static str, &str); 8] {
        [
            ("voice URL", &self.voice_url),
            ("voice method", &self.voice_method),
            ("fallback URL", &self.voice_fallback_url),
            ("fallback method", &self.voice_fallback_method),
            ("status callback", &self.status_callback),
            ("status method", &self.status_callback_method),
            ("application", &self.voice_application_sid),
            ("trunk", &self.trunk_sid),
        ]
    }

    /// Everything that is set, by what it is.
    pub fn lines(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.named().into_iter().filter(|(_, value)| !value.is_empty())
    }
}

impl Owner {
    /// Whether the number's addresses do not count while this is set.
    pub fn outranks_addresses(&self) -> bool {
        matches!(self, Self::Application(_) | Self::Trunk(_))
    }
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Application(sid) => write!(f, "application {sid}"),
            Self::Trunk(sid) => write!(f, "trunk {sid}"),
            Self::Flow(sid) => write!(f, "Studio flow {sid}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places() -> Places {
        Places {
            incoming: "https://b.example.com/voice/incoming".into(),
            fallback: "https://b.example.com/voice/fallback".into(),
            status: "https://b.example.com/voice/status".into(),
        }
    }

    #[test]
    fn only_what_differs_is_a_difference_and_an_owner_changes_only_when_it_is_taken_over() {
        let was = Wiring {
            voice_url: "https://old.example.com/".into(),
            voice_method: "POST".into(),
            trunk_sid: "TK1".into(),
            ..Wiring::default()
        };
        let kept = was.pointed_at(&places(), false);
        let what: Vec<_> = was.difference(&kept).into_iter().map(|difference| difference.what).collect();
        assert_eq!(
            what,
            ["voice URL", "fallback URL", "fallback method", "status callback", "status method"]
        );
        assert_eq!(was.change(&kept).trunk_sid, None);
        assert!(!kept.leads_to(&places().incoming), "a trunk stands in place of the addresses");
        let taken = was.pointed_at(&places(), true);
        assert_eq!(was.change(&taken).trunk_sid, Some(String::new()));
        assert!(taken.leads_to(&places().incoming));
        // The way back names everything again, also what was empty.
        let back = taken.change(&was);
        assert_eq!((back.voice_fallback_url, back.trunk_sid), (Some(String::new()), Some("TK1".into())));
        assert_eq!(back.voice_fallback_method, None);
    }

    #[test]
    fn who_owns_a_number_is_told() {
        let of = |url: &str, application: &str| {
            let voice_application_sid = application.to_owned();
            Wiring { voice_url: url.to_owned(), voice_application_sid, ..Wiring::default() }.owner()
        };
        let flow = "https://webhooks.twilio.com/v1/Accounts/AC1/Flows/FW1";
        assert_eq!(of(flow, ""), Some(Owner::Flow("FW1".into())));
        assert_eq!(of(flow, "AP1"), Some(Owner::Application("AP1".into())));
        for nobody in ["", "https://webhooks.twilio.com.example.com/FW1", "https://b.example.com/FW1", "x"] {
            assert_eq!(of(nobody, ""), None, "{nobody}");
        }
    }
}
