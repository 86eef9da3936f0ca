//! From texts to [`Config`]. Every problem is kept, so that one start reports them all.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::attributes;
use super::file::File;
use super::routes::Within;
use super::target::{Line, Target};
use super::targets::{Around, usual, usual_places};
use super::{
    Access, Config, ConfigError, Console, ModelSettings, Models, Origin, Place, ProfileService, RestService,
    Source, TrackingService, shown, store, table, told,
};
use crate::handoff::Template;
use crate::hours::Hours;
use crate::ids::{AccountSid, WorkflowSid};
use crate::redact::Exits;
use crate::routing::Routes;
use crate::store::Options;

/// The shortest password of the console, in characters.
const SHORTEST_PASSWORD: usize = 8;
const DEFAULT_PORT: u16 = 8080;
const DEFAULT_BASE_URL: &str = "https://api.openai.com/v1";

/// Where settings come from: the process's environment, or a map in tests. Blank counts as unset.
pub trait Vars {
    /// The value of a setting.
    fn get(&self, name: &str) -> Option<String>;

    /// Where the value of a setting that is set comes from.
    fn source(&self, name: &str) -> Source {
        let _ = name;
        Source::Environment
    }
}

impl<V: Vars> Vars for &V {
    fn get(&self, name: &str) -> Option<String> {
        (**self).get(name)
    }

    fn source(&self, name: &str) -> Source {
        (**self).source(name)
    }
}

impl Vars for BTreeMap<String, String> {
    fn get(&self, name: &str) -> Option<String> {
        BTreeMap::get(self, name).cloned()
    }
}

/// The environment of the process, with what a `.env` file adds to it.
#[derive(Debug, Default)]
pub struct Environment(BTreeMap<String, (String, Source)>);

impl Environment {
    /// Reads the environment, and `.env` in the current folder if there is one.
    ///
    /// # Errors
    ///
    /// When `.env` cannot be read as `NAME=value` lines: says in which line, not what it holds.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    pub fn read() -> Result<Self, ConfigError> {
        let file = dotenv(Path::new(".env"))?.into_iter();
        let mut values: BTreeMap<_, _> = file.map(|(name, value)| (name, (value, Source::File))).collect();
        for setting in table::SETTINGS {
            if let Ok(value) = std::env::var(setting.name)
                && !value.trim().is_empty()
            {
                values.insert(setting.name.to_owned(), (value, Source::Environment));
            }
        }
        Ok(Self(values))
    }
}

fn dotenv(path: &Path) -> Result<BTreeMap<String, String>, ConfigError> {
    let Ok(lines) = dotenvy::from_path_iter(path) else { return Ok(BTreeMap::new()) };
    let read: Result<BTreeMap<String, String>, _> = lines.collect();
    // The library's own message quotes the line, which may hold a secret.
    read.map_err(|_| ConfigError(vec!["`.env` has a line that is not NAME=value".to_owned()]))
}

impl Vars for Environment {
    /// The file may name further variables, which hold secrets of its own.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    fn get(&self, name: &str) -> Option<String> {
        match self.0.get(name) {
            Some((value, _)) => Some(value.clone()),
            None if table::SETTINGS.iter().any(|setting| setting.name == name) => None,
            None => std::env::var(name).ok(),
        }
    }

    fn source(&self, name: &str) -> Source {
        self.0.get(name).map_or(Source::Default, |(_, source)| *source)
    }
}

/// Settings from the command line, over those of another source.
pub struct Overrides<V> {
    /// What the command line says.
    pub values: BTreeMap<String, String>,
    /// What is asked otherwise.
    pub rest: V,
}

impl<V: Vars> Vars for Overrides<V> {
    fn get(&self, name: &str) -> Option<String> {
        self.values.get(name).cloned().or_else(|| self.rest.get(name))
    }

    fn source(&self, name: &str) -> Source {
        if self.values.contains_key(name) { Source::CommandLine } else { self.rest.source(name) }
    }
}

/// Collects problems while settings are read.
struct Reader<'a, V> {
    vars: &'a V,
    problems: Vec<String>,
}

impl<V: Vars> Reader<'_, V> {
    fn text(&self, name: &str) -> Option<String> {
        debug_assert!(table::SETTINGS.iter().any(|setting| setting.name == name), "{name} is not listed");
        self.vars.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn parsed<T, E: std::fmt::Display>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(name)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                self.problems.push(format!("{name}: {error}"));
                None
            }
        }
    }

    /// What was read, or nothing and its problems.
    fn taken<T>(&mut self, read: Result<T, Vec<String>>) -> Option<T> {
        read.map_err(|problems| self.problems.extend(problems)).ok()
    }

    fn problem(&mut self, text: &str) {
        self.problems.push(text.to_owned());
    }
}

pub(super) fn config(vars: &impl Vars) -> Result<Config, ConfigError> {
    let mut read = Reader { vars, problems: Vec::new() };
    let file = file(&mut read);
    let tokens = tokens(&mut read);
    let signed = !tokens.is_empty();
    let port = read.parsed("PORT", |text| text.parse::<u16>().map_err(|_| "expected a number up to 65535"));
    let port = port.unwrap_or(DEFAULT_PORT);
    let bind = read.parsed("BIND", |text| text.parse::<IpAddr>().map_err(|_| "expected an IP address"));
    let public = read.parsed("PUBLIC_URL", Origin::parse);
    if !signed {
        if bind.is_some_and(|bind| !bind.is_loopback()) {
            read.problem(
                "BIND: without TWILIO_AUTH_TOKEN only a loopback address is served, since anybody could call",
            );
        }
        if read.text("PUBLIC_URL").is_some() {
            read.problem(
                "PUBLIC_URL: set TWILIO_AUTH_TOKEN too, or anybody who finds the address could call",
            );
        }
    }
    let account = read.parsed("TWILIO_ACCOUNT_SID", AccountSid::configured);
    let targets = targets(&mut read, &file, signed, account.as_ref());
    let hours = read.taken(file.hours.as_ref().map(|table| table.hours()).transpose()).flatten();
    let places = match file.has_targets() {
        true => read.taken(file.places()).unwrap_or_default(),
        false => usual_places(&targets),
    };
    let routes = routes(&mut read, &file, (&targets, &places), hours.as_ref());
    let attributes = template(&mut read, &file);
    let rest = rest(&mut read, account.as_ref(), tokens.first());
    if file.recording.enabled && (rest.is_none() || !signed) {
        read.problem(
            "[recording] enabled: recordings are started at Twilio's REST API, which needs TWILIO_AUTH_TOKEN, \
             TWILIO_ACCOUNT_SID, and TWILIO_API_KEY with TWILIO_API_SECRET if the token is not to be used for it",
        );
    }
    let everywhere = if signed { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::LOCALHOST };
    let tracking = tracking(&mut read, &file);
    let url = read.parsed("DATABASE_URL", store::url);
    let mut store = file.store.options(url);
    if let (Some(options), Some(service)) = (&mut store, &tracking) {
        options.tracked = service.wanted.tracked();
    }
    let config = Config {
        listen: SocketAddr::new(bind.unwrap_or(everywhere.into()), port),
        origin: public.unwrap_or_else(|| Origin::loopback(port)),
        access: if signed { Access::Signed(tokens) } else { Access::Loopback },
        account,
        rest,
        records: file.recording.enabled,
        targets,
        places,
        routes,
        attributes,
        hours,
        profiles: profiles(&mut read, &file),
        traits: file.profile.traits(),
        secret: read.parsed("WARMLINE_SECRET", secret),
        metrics_token: read.parsed("WARMLINE_METRICS_TOKEN", secret),
        models: models(&mut read),
        care: file.model.care(),
        prompts: read.text("WARMLINE_PROMPTS").map(PathBuf::from),
        tools: read.text("WARMLINE_TOOLS").map(PathBuf::from),
        timings: file.timings(),
        store,
        tracking,
        rules: file.rules.rules(),
        limits: file.limits(),
        console: console(&mut read, signed),
        desk: file.desk.desk(),
        redact: file.redact.exits(),
        shown: shown::all(vars),
        told: told::of_file(&file),
    };
    read.problems.extend(file.desk.problems());
    read.problems.extend(file.profile.problems());
    read.problems.extend(file.tracking.problems(&file.profile.traits().read));
    if read.problems.is_empty() { Ok(config) } else { Err(ConfigError(read.problems)) }
}

fn tokens(read: &mut Reader<'_, impl Vars>) -> Vec<SecretString> {
    let text = read.text("TWILIO_AUTH_TOKEN").unwrap_or_default();
    let tokens = text.split(',').map(str::trim).filter(|token| !token.is_empty());
    tokens.map(SecretString::from).collect()
}

/// Who may use the console: whoever knows the password, else whoever may call.
fn console(read: &mut Reader<'_, impl Vars>, signed: bool) -> Console {
    let password = |text: &str| {
        if text.chars().count() < SHORTEST_PASSWORD {
            Err("expected 8 characters or more")
        } else {
            Ok(SecretString::from(text))
        }
    };
    match read.parsed("WARMLINE_CONSOLE_PASSWORD", password) {
        Some(password) => Console::Password(password),
        None if signed => Console::Off,
        None => Console::Open,
    }
}

fn secret(text: &str) -> Result<SecretString, &'static str> {
    if text.len() < 16 { Err("expected 16 characters or more") } else { Ok(text.into()) }
}

/// The list of the file; without it the workflow, then the number.
fn targets(
    read: &mut Reader<'_, impl Vars>,
    file: &File,
    signed: bool,
    account: Option<&AccountSid>,
) -> Vec<Target> {
    let workflow = read.parsed("TWILIO_WORKFLOW_SID", str::parse::<WorkflowSid>);
    let number = read.parsed("HANDOFF_NUMBER", handoff_number);
    let vars = read.vars;
    let variable = |name: &str| vars.get(name).filter(|value| !value.trim().is_empty());
    match file.targets(&Around { account, variable: &variable }) {
        Some(Ok(targets)) => targets,
        Some(Err(problems)) => {
            read.problems.extend(problems);
            Vec::new()
        }
        None => {
            if signed && workflow.is_none() && number.is_none() {
                read.problem(
                    "TWILIO_WORKFLOW_SID or HANDOFF_NUMBER: one of them must say where people answer",
                );
            }
            // Without an account the document shows where a workflow would stand.
            let workflow = workflow.or_else(|| (!signed).then(WorkflowSid::nobody));
            usual(workflow, number)
        }
    }
}

/// The rules that say which way a call goes.
fn routes(
    read: &mut Reader<'_, impl Vars>,
    file: &File,
    (targets, places): (&[Target], &[Place]),
    hours: Option<&Hours>,
) -> Routes {
    // What is wrong with [hours] is told already.
    let has_hours = hours.is_some() || file.hours.is_some();
    let traits = file.profile.traits();
    let within = Within { text: &file.text, targets, places, traits: &traits, has_hours };
    read.taken(file.routes.routes(&within)).unwrap_or_default()
}

/// The template of Task attributes.
fn template(read: &mut Reader<'_, impl Vars>, file: &File) -> Template {
    let traits = file.profile.traits().read;
    let within = attributes::Within {
        text: &file.text,
        traits: &traits,
        has_hours: file.hours.is_some(),
        records: file.recording.enabled,
    };
    read.taken(file.attributes.template(&within)).unwrap_or_default()
}

/// Where profiles are: a space and its token, or nothing of both.
fn profiles(read: &mut Reader<'_, impl Vars>, file: &File) -> Option<ProfileService> {
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
fn tracking(read: &mut Reader<'_, impl Vars>, file: &File) -> Option<TrackingService> {
    let base_url = read.parsed("SEGMENT_TRACKING_BASE_URL", private_url);
    let write_key = read.text("SEGMENT_WRITE_KEY")?.into();
    let base_url = base_url.unwrap_or_else(|| file.tracking.base_url().to_owned());
    Some(TrackingService { base_url, write_key, wanted: file.tracking.wanted() })
}

/// How Twilio's REST API is asked: with an API key, else with the account's own token.
fn rest(
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
    let url = url::Url::parse(text).ok();
    let is_here = |url: &url::Url| match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let fits = url.is_some_and(|url| url.scheme() == "https" || (url.scheme() == "http" && is_here(&url)));
    if fits { Ok(text.to_owned()) } else { Err("expected an https URL (http is for this machine alone)") }
}

fn handoff_number(text: &str) -> Result<Line, &'static str> {
    phone_number(text)
        .or_else(|_| sip_address(text))
        .map_err(|_| "expected a number such as +15551230000 or an address such as sip:people@example.com")
}

pub(super) fn phone_number(text: &str) -> Result<Line, &'static str> {
    let digits = text.strip_prefix('+').unwrap_or_default();
    let fits = (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| Line::Phone(text.to_owned())).ok_or("number: expected one such as +15551230000")
}

pub(super) fn sip_address(text: &str) -> Result<Line, &'static str> {
    let address = text.strip_prefix("sip:").or_else(|| text.strip_prefix("sips:")).unwrap_or_default();
    let fits = address.contains('@') && !address.contains(char::is_whitespace);
    fits.then(|| Line::Sip(text.to_owned())).ok_or("sip: expected one such as sip:people@example.com")
}

fn models(read: &mut Reader<'_, impl Vars>) -> Option<Models> {
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

pub(super) fn store(vars: &impl Vars) -> Result<Option<Options>, ConfigError> {
    let mut read = Reader { vars, problems: Vec::new() };
    let file = file(&mut read);
    let store = file.store.options(read.parsed("DATABASE_URL", store::url));
    if read.problems.is_empty() { Ok(store) } else { Err(ConfigError(read.problems)) }
}

pub(super) fn redact(vars: &impl Vars) -> Result<Exits, ConfigError> {
    let mut read = Reader { vars, problems: Vec::new() };
    let exits = file(&mut read).redact.exits();
    if read.problems.is_empty() { Ok(exits) } else { Err(ConfigError(read.problems)) }
}

/// The file of settings with a structure; what is wrong with it is a problem, and its defaults go on.
fn file(read: &mut Reader<'_, impl Vars>) -> File {
    let named = read.text("WARMLINE_CONFIG").map(PathBuf::from);
    let path = named.clone().unwrap_or_else(|| "warmline.toml".into());
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(_) if named.is_none() => return File::default(),
        Err(error) => {
            read.problems.push(format!("WARMLINE_CONFIG: {}: {}", path.display(), error.kind()));
            return File::default();
        }
    };
    File::parse(&text).unwrap_or_else(|error| {
        read.problems.push(format!("{}: {error}", path.display()));
        File::default()
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn load(vars: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        let vars: BTreeMap<_, _> =
            vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::load(&vars).map_err(|error| error.0)
    }

    const WORKFLOW: &str = "WWbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    #[test]
    fn no_settings_at_all_serve_this_machine_with_the_embedded_agent() {
        let config = load(&[("PORT", " "), ("OPENAI_API_KEY", "")]).unwrap();
        assert!(config.is_open() && config.models.is_none());
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.origin.websocket("/x"), "ws://127.0.0.1:8080/x");
    }

    #[test]
    fn where_a_setting_comes_from_is_told() {
        let texts = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
        let vars = Overrides { values: texts("PORT", "9090"), rest: texts("BIND", "127.0.0.1") };
        let config = Config::load(&vars).unwrap();
        let source = |name: &str| config.shown.iter().find(|shown| shown.name == name).unwrap().source;
        assert_eq!(source("PORT"), Source::CommandLine);
        assert_eq!((source("BIND"), source("PUBLIC_URL")), (Source::Environment, Source::Default));
    }

    #[test]
    fn one_start_reports_every_problem_by_name_and_none_by_value() {
        let problems = load(&[
            ("PORT", "99999"),
            ("PUBLIC_URL", "https://bridge.example.com"),
            ("BIND", "0.0.0.0"),
            ("TWILIO_WORKFLOW_SID", "WWsecretive"),
            ("HANDOFF_NUMBER", "5551234"),
            ("WARMLINE_SECRET", "short"),
            ("OPENAI_BASE_URL", "localhost:1234"),
        ])
        .unwrap_err();
        for name in [
            "PORT",
            "PUBLIC_URL",
            "BIND",
            "TWILIO_WORKFLOW_SID",
            "HANDOFF_NUMBER",
            "WARMLINE_SECRET",
            "OPENAI_BASE_URL",
        ] {
            assert!(problems.iter().any(|problem| problem.starts_with(name)), "{name} in {problems:#?}");
        }
        let all = problems.join("\n");
        for value in ["99999", "secretive", "5551234", "short", "1234"] {
            assert!(!all.contains(value), "{value} in {all}");
        }
    }

    #[test]
    fn a_token_without_people_behind_it_is_refused() {
        let problems = load(&[("TWILIO_AUTH_TOKEN", "t")]).unwrap_err();
        assert!(problems[0].contains("HANDOFF_NUMBER"), "{problems:?}");
        let config = load(&[("TWILIO_AUTH_TOKEN", "one, two"), ("TWILIO_WORKFLOW_SID", WORKFLOW)]).unwrap();
        assert!(matches!(&config.access, Access::Signed(tokens) if tokens.len() == 2));
        assert_eq!(config.listen.ip().to_string(), "0.0.0.0");
        assert_eq!(config.origin.to_string(), "http://127.0.0.1:8080");
    }

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

    #[test]
    fn calls_are_recorded_only_where_a_recording_can_be_started() {
        let path = std::env::temp_dir().join(format!("warmline-recording-{}.toml", std::process::id()));
        std::fs::write(&path, "[recording]\nenabled = true\n").unwrap();
        let usual = [
            ("TWILIO_AUTH_TOKEN", "t"),
            ("TWILIO_WORKFLOW_SID", WORKFLOW),
            ("WARMLINE_CONFIG", path.to_str().unwrap()),
        ];
        let account = ("TWILIO_ACCOUNT_SID", "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        assert!(load(&[&usual[..], &[account]].concat()).unwrap().records);
        for settings in [usual.to_vec(), vec![usual[2], account]] {
            let problems = load(&settings).unwrap_err();
            assert!(problems.len() == 1 && problems[0].starts_with("[recording] enabled"), "{problems:?}");
        }
        std::fs::remove_file(&path).unwrap();
        assert!(!load(&usual[..2]).unwrap().records);
    }

    #[test]
    fn people_answer_at_a_number_or_a_sip_address() {
        assert_eq!(handoff_number("+15551230000"), Ok(Line::Phone("+15551230000".into())));
        assert!(matches!(handoff_number("sip:people@example.com"), Ok(Line::Sip(_))));
        assert!(handoff_number("sip:people").is_err());
    }

    #[test]
    fn a_file_names_the_place_of_its_mistake() {
        let error = File::parse("[timings]\nfiler = 3\n").unwrap_err();
        assert!(error.contains("line 2") && error.contains("filer"), "{error}");
        let file = File::parse("[timings]\nfiller = 100\n").unwrap();
        assert_eq!(file.timings().filler.as_millis(), 100);
    }

    #[test]
    fn the_example_file_holds_the_defaults() {
        let file = File::parse(include_str!("../../warmline.toml.example")).unwrap();
        assert_eq!(file.timings(), crate::session::Timings::default());
        assert_eq!(file.limits(), crate::config::Limits::default());
        assert!(!file.has_targets());
    }

    #[test]
    fn a_list_of_targets_takes_the_place_of_the_two_settings() {
        let path = std::env::temp_dir().join(format!("warmline-targets-{}.toml", std::process::id()));
        std::fs::write(&path, "[[targets]]\nqueue = \"support\"\n").unwrap();
        let settings = [("TWILIO_AUTH_TOKEN", "t"), ("WARMLINE_CONFIG", path.to_str().unwrap())];
        let listed = load(&settings).unwrap();
        assert_eq!(listed.targets, [Target::Queue("support".into()), Target::Voicemail]);
        assert!(listed.has_people());
        let both = load(&[&settings[..], &[("TWILIO_WORKFLOW_SID", WORKFLOW)]].concat()).unwrap();
        assert_eq!(both.targets, listed.targets);
        std::fs::write(&path, "[[targets]]\nqueue = \"\"\n[limits]\ncalls = 1\n").unwrap();
        let problems = load(&[&settings[..], &[("PORT", "x")]].concat()).unwrap_err();
        assert_eq!(problems.len(), 2, "{problems:?}");
        std::fs::remove_file(&path).unwrap();
    }
}
