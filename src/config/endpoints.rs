//! The services of others: models, Twilio's REST API, Segment. Each is asked only where its settings are complete.

use secrecy::SecretString;

use super::file::File;
use super::vars::{Reader, Vars};
use super::{ModelSettings, Models, ProfileService, RestService, TrackingService};
use crate::ids::AccountSid;
use crate::outbound::is_private;

const DEFAULT_BASE_URL: &str = "https://api.openai.com/v1";

/// The models to ask; none without an address and a key.
pub(super) fn models(read: &mut Reader<'_, impl Vars>) -> Option<Models> {
    let http = |text: &str| {
        let known = text.starts_with("https://") || text.starts_with("http://");
        if known && url::Url::parse(text).is_ok() {
            Ok(text.to_owned())
        } else {
            Err("expected an http(s) URL")
        }
    };
    let base_url = read.parsed("OPENAI_BASE_URL", http);
    let key = read.text("OPENAI_API_KEY");
    let fallback_url = read.parsed("OPENAI_FALLBACK_BASE_URL", http);
    let fallback_model = read.text("OPENAI_FALLBACK_MODEL");
    let fallback_key = read.text("OPENAI_FALLBACK_API_KEY");
    if base_url.is_none() && key.is_none() {
        return None;
    }
    let base_url = base_url.unwrap_or_else(|| DEFAULT_BASE_URL.to_owned());
    let settings = |base_url: String, key: Option<String>, model: Option<String>| ModelSettings {
        base_url,
        key: key.unwrap_or_default().into(),
        model,
    };
    let fallback = (fallback_url.is_some() || fallback_model.is_some()).then(|| {
        let key = fallback_key.or(key.clone());
        settings(fallback_url.unwrap_or(base_url.clone()), key, fallback_model)
    });
    let model = read.text("OPENAI_MODEL");
    Some(Models { primary: settings(base_url, key, model), fallback })
}

/// Where profiles are: a space and its token, or nothing of both.
pub(super) fn profiles(read: &mut Reader<'_, impl Vars>, file: &File) -> Option<ProfileService> {
    let space = read.text("SEGMENT_SPACE_ID");
    let token = read.text("SEGMENT_PROFILE_TOKEN");
    let base_url = read.parsed("SEGMENT_PROFILE_BASE_URL", private_url);
    match (space, token) {
        (Some(space), Some(token)) => {
            let base_url = base_url.unwrap_or_else(|| file.profile.base_url().to_owned());
            Some(ProfileService { base_url, space, token: token.into() })
        }
        (None, None) => None,
        (Some(_), None) => {
            read.problem("SEGMENT_PROFILE_TOKEN: SEGMENT_SPACE_ID is of no use without it");
            None
        }
        (None, Some(_)) => {
            read.problem("SEGMENT_SPACE_ID: SEGMENT_PROFILE_TOKEN is of no use without it");
            None
        }
    }
}

/// Where what happened in calls is told: nowhere without a key.
pub(super) fn tracking(read: &mut Reader<'_, impl Vars>, file: &File) -> Option<TrackingService> {
    let base_url = read.parsed("SEGMENT_TRACKING_BASE_URL", private_url);
    let write_key = read.text("SEGMENT_WRITE_KEY")?.into();
    let base_url = base_url.unwrap_or_else(|| file.tracking.base_url().to_owned());
    Some(TrackingService { base_url, write_key, wanted: file.tracking.wanted() })
}

/// How Twilio's REST API is asked: with an API key, else with the account's own token.
pub(super) fn rest(
    read: &mut Reader<'_, impl Vars>,
    account: Option<&AccountSid>,
    token: Option<&SecretString>,
) -> Option<RestService> {
    let key = read.parsed("TWILIO_API_KEY", |text| {
        let hex = text.strip_prefix("SK").unwrap_or_default();
        let fits = hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit());
        if fits { Ok(text.to_owned()) } else { Err("expected `SK` and 32 hex digits") }
    });
    let secret = read.text("TWILIO_API_SECRET");
    let base_url = read.parsed("TWILIO_API_BASE_URL", private_url);
    let part = |text: &str| {
        let fits = text.len() <= 32
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(text.to_owned()) } else { Err("expected one such as `ie1` or `dublin`") }
    };
    let (edge, region) = (read.parsed("TWILIO_EDGE", part), read.parsed("TWILIO_REGION", part));
    if region.is_some() && read.text("TWILIO_EDGE").is_none() {
        read.problem("TWILIO_EDGE: Twilio's hosts in a region name an edge too, such as dublin for ie1");
    }
    let region = edge.map(|edge| (edge, region.unwrap_or_else(|| "us1".to_owned())));
    let (has_key, has_secret) = (read.text("TWILIO_API_KEY").is_some(), secret.is_some());
    if has_key && !has_secret {
        read.problem("TWILIO_API_SECRET: TWILIO_API_KEY is of no use without it");
    }
    if has_secret && !has_key {
        read.problem("TWILIO_API_KEY: TWILIO_API_SECRET is of no use without it");
    }
    if has_key && read.text("TWILIO_ACCOUNT_SID").is_none() {
        read.problem("TWILIO_ACCOUNT_SID: TWILIO_API_KEY is of no use without it");
    }
    let account = account?.clone();
    let (user, password) = match (key, secret, token) {
        (Some(key), Some(secret), _) => (key, secret.into()),
        (None, None, Some(token)) => (account.to_string(), token.clone()),
        _ => return None,
    };
    Some(RestService { account, user, password, region, base_url })
}

/// Secrets and callers' numbers travel there.
fn private_url(text: &str) -> Result<String, &'static str> {
    let fits = url::Url::parse(text).is_ok_and(|address| is_private(&address));
    if fits { Ok(text.to_owned()) } else { Err("expected an https URL (http is for this machine alone)") }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use crate::config::read::tests::{WORKFLOW, load};

    #[test]
    fn a_base_url_alone_switches_to_the_model() {
        let config = load(&[("OPENAI_BASE_URL", "http://127.0.0.1:1/v1"), ("OPENAI_FALLBACK_MODEL", "m2")]);
        let models = config.unwrap().models.unwrap();
        assert_eq!(models.primary.base_url, "http://127.0.0.1:1/v1");
        assert_eq!(models.fallback.unwrap().base_url, "http://127.0.0.1:1/v1");
    }

    #[test]
    fn callers_are_looked_up_where_a_space_and_its_token_are_set() {
        let space = ("SEGMENT_SPACE_ID", "spa_x");
        let token = ("SEGMENT_PROFILE_TOKEN", "secretive");
        let profiles = load(&[space, token]).unwrap().profiles.unwrap();
        assert_eq!(
            (profiles.base_url.as_str(), profiles.space.as_str()),
            ("https://profiles.segment.com/v1", "spa_x")
        );
        assert!(load(&[]).unwrap().profiles.is_none());
        let here = ("SEGMENT_PROFILE_BASE_URL", "http://127.0.0.1:1/v1");
        assert_eq!(load(&[space, token, here]).unwrap().profiles.unwrap().base_url, here.1);
        for (vars, name) in [
            (vec![space], "SEGMENT_PROFILE_TOKEN"),
            (vec![token], "SEGMENT_SPACE_ID"),
            (
                vec![space, token, ("SEGMENT_PROFILE_BASE_URL", "http://secretive.example.com")],
                "SEGMENT_PROFILE_BASE_URL",
            ),
        ] {
            let problems = load(&vars).unwrap_err();
            assert!(problems.len() == 1 && problems[0].starts_with(name), "{problems:?}");
            assert!(!problems[0].contains("secretive"), "{problems:?}");
        }
    }

    #[test]
    fn what_happened_is_told_where_a_key_is_set() {
        use crate::store::spool::Tracked;

        let key = ("SEGMENT_WRITE_KEY", "secretive");
        let config = load(&[key]).unwrap();
        let tracking = config.tracking.unwrap();
        assert_eq!(tracking.base_url, "https://api.segment.io/v1");
        assert_eq!(config.store.unwrap().tracked, Tracked { leg: true, escalation: true });
        let silent = load(&[]).unwrap();
        assert!(silent.tracking.is_none() && silent.store.unwrap().tracked == Tracked::default());
        for address in ["http://segment.example.com", "http://localhost.example.com/v1", "api.segment.io"] {
            let problems = load(&[key, ("SEGMENT_TRACKING_BASE_URL", address)]).unwrap_err();
            assert!(
                problems.len() == 1 && problems[0].starts_with("SEGMENT_TRACKING_BASE_URL"),
                "{problems:?}"
            );
            assert!(!problems[0].contains("localhost") && !problems[0].contains("secretive"), "{problems:?}");
        }
    }

    #[test]
    fn the_rest_api_is_asked_with_a_key_else_with_the_accounts_token() {
        let account = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        let key = format!("SK{}", "b".repeat(32));
        let usual = [("TWILIO_AUTH_TOKEN", "new, old"), ("TWILIO_WORKFLOW_SID", WORKFLOW)];
        let of = |more: &[(&str, &str)]| load(&[&usual[..], more].concat());
        assert!(of(&[]).unwrap().rest.is_none());
        let by_token = of(&[("TWILIO_ACCOUNT_SID", account)]).unwrap().rest.unwrap();
        assert_eq!((by_token.user.as_str(), by_token.password.expose_secret()), (account, "new"));
        let keyed =
            [("TWILIO_ACCOUNT_SID", account), ("TWILIO_API_KEY", key.as_str()), ("TWILIO_API_SECRET", "s")];
        let by_key = of(&keyed).unwrap().rest.unwrap();
        assert_eq!((by_key.user, by_key.password.expose_secret()), (key.clone(), "s"));
        let edge = [&keyed[..], &[("TWILIO_EDGE", "dublin"), ("TWILIO_REGION", "ie1")]].concat();
        let region = Some(("dublin".to_owned(), "ie1".to_owned()));
        assert_eq!(of(&edge).unwrap().rest.unwrap().region, region);
        for (more, name) in [
            (vec![keyed[0], keyed[1]], "TWILIO_API_SECRET"),
            (vec![keyed[0], keyed[2]], "TWILIO_API_KEY"),
            (vec![keyed[1], keyed[2]], "TWILIO_ACCOUNT_SID"),
            (vec![keyed[0], ("TWILIO_API_KEY", "secretive"), keyed[2]], "TWILIO_API_KEY"),
            (vec![keyed[0], ("TWILIO_REGION", "ie1")], "TWILIO_EDGE"),
            (vec![keyed[0], ("TWILIO_EDGE", "evil.example.com/")], "TWILIO_EDGE"),
            (vec![keyed[0], ("TWILIO_API_BASE_URL", "http://127.0.0.1.example.com")], "TWILIO_API_BASE_URL"),
        ] {
            let problems = of(&more).unwrap_err();
            assert!(problems.len() == 1 && problems[0].starts_with(name), "{problems:?}");
            assert!(
                !problems[0].contains("secretive") && !problems[0].contains("example.com"),
                "{problems:?}"
            );
        }
    }
}
