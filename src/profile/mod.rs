//! Who calls, as Segment's Profile API knows it: looked up by phone number while a call comes in.
//!
//! A caller waits for this, so it has a deadline, and whatever fails the call goes on without. A number is no
//! proof of who speaks: what is found is the profile of a line.
//!
//! <https://www.twilio.com/docs/segment/unify/profile-api>

mod answer;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use secrecy::{ExposeSecret, SecretString};
use tracing::warn;
use url::form_urlencoded::byte_serialize;

use crate::breaker::{Breaker, Pass};
use crate::clock::now;
use crate::meters::Meters;
use crate::outbound;
use crate::routing::Fact;

/// How long a caller waits for a profile.
const DEADLINE: Duration = Duration::from_millis(400);
/// The same once the call is over.
const AFTERWARDS: Duration = Duration::from_secs(2);
/// How long a connection may stay unused.
const IDLE: Duration = Duration::from_secs(90);
/// How many failures in a row are too many.
const MOST_FAILURES: u32 = 5;
/// For how long nobody asks then.
const REST: Duration = Duration::from_secs(10);
/// How long a profile is taken for the present one: a call and its hand-off.
const FRESH: Duration = Duration::from_secs(5 * 60);
/// How much memory profiles may occupy, in bytes, roughly.
const LARGEST_CACHE: u64 = 32 * 1024 * 1024;
/// The most traits that are asked for, which is the most that are answered.
const LIMIT: usize = 200;
/// A number that is set aside for fiction.
const NOBODY: &str = "+15550100000";

/// Where profiles are.
#[derive(Debug, Clone)]
pub struct Service {
    /// Up to and without `/spaces`.
    pub base_url: String,
    /// The space.
    pub space: String,
    /// Its access token.
    pub token: SecretString,
}

/// Looks callers up.
pub struct Profiles {
    /// None: nobody is looked up.
    service: Option<Service>,
    /// The traits that are read; all others are dropped.
    listed: Vec<String>,
    client: reqwest::Client,
    cache: Cache<String, Arc<Profile>>,
    breaker: Breaker,
    meters: Arc<Meters>,
}

/// What is known of a caller. Its `Debug` prints no value.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// What came of looking.
    pub outcome: Outcome,
    /// Listed traits by name.
    pub traits: BTreeMap<String, Fact>,
}

/// What came of looking a caller up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// There is a profile.
    Found,
    /// There is none, or no number to look for.
    Unknown,
    /// Nobody knows: it could not be found out.
    Failed,
    /// Nobody is looked up.
    Off,
}

/// Why a profile could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failure {
    Late,
    Unreachable,
    Refused,
    RateLimited(Option<Duration>),
    Unavailable,
    Broken,
}

impl Profiles {
    /// Looks up at `service`, and reads the listed traits.
    ///
    /// # Errors
    ///
    /// When TLS cannot be set up.
    pub fn new(
        service: Option<Service>,
        listed: Vec<String>,
        meters: Arc<Meters>,
    ) -> Result<Self, reqwest::Error> {
        let client = outbound::client().pool_idle_timeout(IDLE).build()?;
        let cache = Cache::builder()
            .max_capacity(LARGEST_CACHE)
            .weigher(|_: &String, profile: &Arc<Profile>| profile.weight())
            .time_to_live(FRESH)
            .eviction_policy(EvictionPolicy::lru())
            .build();
        Ok(Self { service, listed, client, cache, breaker: Breaker::new(MOST_FAILURES, REST), meters })
    }

    /// The profile of whom we talk with. Takes 400 ms at most, and never fails: where nothing can be had, that is
    /// what the profile says.
    pub async fn find(&self, number: Option<&str>) -> Arc<Profile> {
        let Some(service) = &self.service else { return Arc::new(Outcome::Off.into()) };
        let Some(number) = number.and_then(phone) else { return Arc::new(Outcome::Unknown.into()) };
        if let Some(known) = self.cache.get(&number) {
            self.meters.profile_from_memory();
            return known;
        }
        let began = now();
        let Some(pass) = self.breaker.admit(began) else {
            self.meters.profile_looked_up("resting", None);
            return Arc::new(Outcome::Failed.into());
        };
        let asking = Asking { breaker: &self.breaker, pass: Some(pass) };
        let asked = tokio::time::timeout(DEADLINE, self.ask(service, &number)).await;
        let profile = match asked.unwrap_or(Err(Failure::Late)) {
            Ok(profile) => {
                asking.answered();
                self.meters.profile_looked_up(profile.outcome.word(), Some(took(began)));
                profile
            }
            Err(failure) => {
                asking.failed(failure);
                self.meters.profile_looked_up(failure.word(), Some(took(began)));
                warn!(error = failure.word(), "profile could not be looked up; the call goes on without");
                return Arc::new(Outcome::Failed.into());
            }
        };
        let profile = Arc::new(profile);
        self.cache.insert(number, profile.clone());
        profile
    }

    /// The profile of whom a call was with, once it is over. Nobody waits for it, so nothing is counted, and what fails
    /// here keeps no caller from being looked up. Nothing where it cannot be had now.
    pub async fn find_afterwards(&self, number: Option<&str>) -> Option<Arc<Profile>> {
        let Some(service) = &self.service else { return Some(Arc::new(Outcome::Off.into())) };
        let Some(number) = number.and_then(phone) else { return Some(Arc::new(Outcome::Unknown.into())) };
        if let Some(known) = self.cache.get(&number) {
            return Some(known);
        }
        let asked = tokio::time::timeout(AFTERWARDS, self.ask(service, &number)).await;
        let profile = Arc::new(asked.ok()?.ok()?);
        self.cache.insert(number, profile.clone());
        Some(profile)
    }

    async fn ask(&self, service: &Service, number: &str) -> Result<Profile, Failure> {
        ask(&self.client, service, &self.listed, number).await
    }
}

/// Whether the service answers its token, found out with a number that is nobody's. Without a profile is as good as with
/// one; else a word for what went wrong.
///
/// # Errors
///
/// When it does not answer, or refuses.
pub async fn probe(service: &Service) -> Result<Outcome, &'static str> {
    let client = outbound::client().build().map_err(|_| "no HTTPS client can be set up")?;
    let found = ask(&client, service, &[], NOBODY).await;
    found.map(|profile| profile.outcome).map_err(Failure::word)
}

async fn ask(
    client: &reqwest::Client,
    service: &Service,
    listed: &[String],
    number: &str,
) -> Result<Profile, Failure> {
    let url = address(service, listed, number);
    let request = client.get(url).basic_auth(service.token.expose_secret(), Some(""));
    // What the library says about an error has the address in it, and that has the number.
    let response = request.send().await.map_err(|_| Failure::Unreachable)?;
    let wait = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    match response.status() {
        StatusCode::OK => {
            let traits = answer::read(response, listed).await?;
            Ok(Profile { outcome: Outcome::Found, traits })
        }
        StatusCode::NOT_FOUND => Ok(Outcome::Unknown.into()),
        StatusCode::TOO_MANY_REQUESTS => Err(Failure::RateLimited(wait.map(Duration::from_secs))),
        status if status.is_client_error() => Err(Failure::Refused),
        _ => Err(Failure::Unavailable),
    }
}

/// The address of the traits of a line. Everything but letters and digits is encoded, as the API wants it.
fn address(service: &Service, listed: &[String], number: &str) -> String {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    let (base, space) = (service.base_url.trim_end_matches('/'), encoded(&service.space));
    let number = encoded(&number.to_lowercase());
    let mut url =
        format!("{base}/spaces/{space}/collections/users/profiles/phone:{number}/traits?limit={LIMIT}");
    if !listed.is_empty() {
        let names: Vec<_> = listed.iter().map(|name| encoded(name)).collect();
        url.push_str(&format!("&include={}", names.join(",")));
    }
    url
}

/// A number that a profile can have.
pub(crate) fn phone(number: &str) -> Option<String> {
    let number = number.trim();
    let digits = number.strip_prefix('+')?;
    let fits = (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| number.to_owned())
}

fn took(began: Instant) -> Duration {
    now().saturating_duration_since(began)
}

/// A request under way. Dropped without an answer, because the caller has gone, it frees its place.
struct Asking<'a> {
    breaker: &'a Breaker,
    pass: Option<Pass>,
}

impl Asking<'_> {
    fn answered(mut self) {
        if let Some(pass) = self.pass.take() {
            self.breaker.answered(pass);
        }
    }

    fn failed(mut self, failure: Failure) {
        let wait = if let Failure::RateLimited(wait) = failure { wait } else { None };
        if let Some(pass) = self.pass.take() {
            self.breaker.failed(pass, wait, now());
        }
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if let Some(pass) = self.pass.take() {
            self.breaker.left(pass);
        }
    }
}

impl Profile {
    fn weight(&self) -> u32 {
        /// What an entry takes beside its texts.
        const OVERHEAD: usize = 200;
        let trait_size = |(name, value): (&String, &Fact)| name.len() + value.text().len() + OVERHEAD;
        let size = OVERHEAD + self.traits.iter().map(trait_size).sum::<usize>();
        u32::try_from(size).unwrap_or(u32::MAX)
    }

    /// The traits with these names.
    pub fn named<'a>(&'a self, names: &'a [String]) -> impl Iterator<Item = (&'a str, &'a Fact)> {
        names.iter().filter_map(|name| Some((name.as_str(), self.traits.get(name)?)))
    }
}

impl From<Outcome> for Profile {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, traits: BTreeMap::new() }
    }
}

impl Outcome {
    /// Its word in rules.
    pub fn word(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
            Self::Off => "off",
        }
    }
}

impl Failure {
    fn word(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::RateLimited(_) => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::Broken => "broken",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_asked_for_as_the_api_wants_it() {
        let service = Service {
            base_url: "https://profiles.segment.com/v1/".into(),
            space: "spa_x".into(),
            token: "t".into(),
        };
        let listed =
            ["docs_last_2_days".to_owned(), "flex_last-interaction-sentiment".to_owned(), "a b?".to_owned()];
        let number = phone(" +15551230000").unwrap();
        assert_eq!(
            address(&service, &listed, &number),
            "https://profiles.segment.com/v1/spaces/spa_x/collections/users/profiles/phone:%2B15551230000/traits\
             ?limit=200&include=docs_last_2_days,flex_last-interaction-sentiment,a%20b%3F"
        );
    }

    #[test]
    fn what_is_no_number_has_no_profile() {
        for number in
            ["anonymous", "+", "15551230000", "sip:+15551230000@example.com", "+1555123000x", "client:jane"]
        {
            assert_eq!(phone(number), None, "{number}");
        }
    }
}
