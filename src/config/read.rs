//! From texts to [`Config`]. Every problem is kept, so that one start reports them all.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use secrecy::SecretString;

use super::attributes;
use super::endpoints::{models, profiles, rest, tracking};
use super::file::File;
use super::routes::Within;
use super::target::{Line, Target};
use super::targets::{Around, usual, usual_places};
use super::vars::{Reader, Vars};
use super::{Access, Config, ConfigError, Console, Origin, Place, shown, store, told};
use crate::handoff::Template;
use crate::hours::Hours;
use crate::ids::{AccountSid, WorkflowSid};
use crate::redact::Exits;
use crate::routing::Routes;
use crate::store::Options;

/// The shortest password of the console, in characters.
const SHORTEST_PASSWORD: usize = 8;
const DEFAULT_PORT: u16 = 8080;

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
        variants: file.routes.variants(&file.text),
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
        Some(Ok(targets)) => {
            if signed && !targets.iter().any(Target::needs_nothing_of_us) {
                read.problem(
                    "[[targets]]: one of them must be a workflow, queue, number, sip, client or studio: a webhook, the AI and \
                     a voicemail are of no use to a caller while this server cannot be asked",
                );
            }
            targets
        }
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
pub(super) mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::{Overrides, Source};

    pub(in crate::config) fn load(vars: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        let vars: BTreeMap<_, _> =
            vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::load(&vars).map_err(|error| error.0)
    }

    pub(in crate::config) const WORKFLOW: &str = "WWbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

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
    fn somebody_is_reached_while_this_server_cannot_be_asked() {
        let path = std::env::temp_dir().join(format!("warmline-people-{}.toml", std::process::id()));
        let settings = [("TWILIO_AUTH_TOKEN", "t"), ("WARMLINE_CONFIG", path.to_str().unwrap())];
        for (list, is_enough) in [("voicemail = true", false), ("queue = \"support\"", true)] {
            std::fs::write(&path, format!("[[targets]]\n{list}\n")).unwrap();
            let loaded = load(&settings);
            assert_eq!(loaded.is_ok(), is_enough, "{loaded:?}");
        }
        std::fs::remove_file(&path).unwrap();
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
