//! `[[targets]]` of `warmline.toml`: where people answer, in the order in which they are tried.

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::Place;
use super::read::{phone_number, sip_address};
use super::table::SETTINGS;
use super::target::{Line, Ring, Studio, Target, Webhook};
use crate::ids::{AccountSid, WorkflowSid};
use crate::outbound::is_private;

/// The longest name of a voice queue, or of a target.
const LONGEST_NAME: usize = 64;
/// The longest identity of a client.
const LONGEST_IDENTITY: usize = 256;
/// How long somebody may be rung, in seconds.
const RINGS: std::ops::RangeInclusive<u32> = 5..=600;
/// The shortest secret that requests are signed with, in bytes.
const SHORTEST_SECRET: usize = 16;

/// The most entries of a list. Each is a verb with a document of its own, and Twilio reads at most 64 KiB.
const MOST: usize = 10;

const KINDS: &str = "expected exactly one of workflow, queue, number, sip, client, studio, webhook, ai = true, voicemail = true";

/// One entry: exactly one of its keys says what it is.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TargetTable {
    name: Option<String>,
    workflow: Option<String>,
    queue: Option<String>,
    number: Option<String>,
    sip: Option<String>,
    client: Option<String>,
    studio: Option<String>,
    webhook: Option<String>,
    ai: Option<bool>,
    voicemail: Option<bool>,
    // Of a number, a SIP address, a client.
    ring: Option<u32>,
    caller_id: Option<String>,
    answer_on_bridge: Option<bool>,
    context: Option<bool>,
    whisper: Option<bool>,
    accept_key: Option<String>,
    // Of a webhook.
    secret_env: Option<String>,
}

/// What entries refer to.
pub(super) struct Around<'a> {
    /// The account, where one is configured.
    pub(super) account: Option<&'a AccountSid>,
    /// The environment, by name.
    pub(super) variable: &'a dyn Fn(&str) -> Option<String>,
}

impl TargetTable {
    fn target(&self, around: &Around<'_>) -> Result<Target, &'static str> {
        let yes = |flag: Option<bool>| flag.filter(|wanted| *wanted);
        let keys = [
            self.workflow.as_deref().map(|sid| {
                sid.parse().map(Target::Workflow).map_err(|_| "workflow: expected WW and 32 hex digits")
            }),
            self.queue.as_deref().map(queue),
            self.number.as_deref().map(|number| self.ring(phone_number(number)?)),
            self.sip.as_deref().map(|address| self.ring(sip_address(address)?)),
            self.client.as_deref().map(|identity| self.ring(client(identity)?)),
            self.studio.as_deref().map(|flow| studio(flow, around.account)),
            self.webhook.as_deref().map(|url| self.webhook(url, around)),
            yes(self.ai).map(|_| Ok(Target::Agent)),
            yes(self.voicemail).map(|_| Ok(Target::Voicemail)),
        ];
        let mut said = keys.into_iter().flatten();
        let (Some(target), None) = (said.next(), said.next()) else { return Err(KINDS) };
        let target = target?;
        match self.misplaced(&target) {
            Some(problem) => Err(problem),
            None => Ok(target),
        }
    }

    /// What is said of a kind that has no such key.
    fn misplaced(&self, target: &Target) -> Option<&'static str> {
        let of_ring = self.ring.is_some()
            || self.caller_id.is_some()
            || self.answer_on_bridge.is_some()
            || self.whisper.is_some()
            || self.accept_key.is_some();
        if of_ring && !matches!(target, Target::Ring(_)) {
            return Some(
                "ring, caller_id, answer_on_bridge, whisper, accept_key: only a number, sip or client has them",
            );
        }
        let sends = matches!(target, Target::Ring(Ring { line: Line::Sip(_) | Line::Client(_), .. }));
        if self.context.is_some() && !sends {
            return Some("context: only a sip address or a client has it");
        }
        let signed = matches!(target, Target::Webhook(_));
        (self.secret_env.is_some() && !signed).then_some("secret_env: only a webhook has it")
    }

    fn ring(&self, line: Line) -> Result<Target, &'static str> {
        let mut ring = Ring::new(line);
        if let Some(seconds) = self.ring {
            if !RINGS.contains(&seconds) {
                return Err("ring: expected 5 to 600 seconds");
            }
            ring.seconds = seconds;
        }
        if let Some(shown) = &self.caller_id {
            // Twilio lets a client show a client.
            let named = shown.strip_prefix("client:").is_some_and(|name| client(name).is_ok());
            let fits = phone_number(shown).is_ok() || (named && matches!(ring.line, Line::Client(_)));
            ring.caller_id =
                Some(fits.then(|| shown.clone()).ok_or("caller_id: expected a number such as +15551230000")?);
        }
        if let Some(key) = &self.accept_key {
            let mut keys = key.chars();
            ring.accept_key = match (keys.next(), keys.next()) {
                (None, _) => None,
                (Some(digit), None) if digit.is_ascii_digit() => Some(digit),
                (Some(_), _) => return Err("accept_key: expected one of 0 to 9, or \"\" for none"),
            };
        }
        ring.answer_on_bridge = self.answer_on_bridge.unwrap_or(ring.answer_on_bridge);
        ring.context = self.context.unwrap_or(ring.context);
        ring.whisper = self.whisper.unwrap_or(ring.whisper);
        Ok(Target::Ring(ring))
    }

    fn webhook(&self, url: &str, around: &Around<'_>) -> Result<Target, &'static str> {
        let address =
            Url::parse(url).map_err(|_| "webhook: expected an address such as https://example.com/calls")?;
        // The document holds what a caller said.
        if !is_private(&address) {
            return Err("webhook: expected an https address (http is for this machine alone)");
        }
        let name = self.secret_env.as_deref().unwrap_or_default();
        let is_name = name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        if !is_name {
            return Err("secret_env: expected the name of the environment variable that holds the secret");
        }
        if SETTINGS.iter().any(|setting| setting.name == name) {
            return Err(
                "secret_env: the variable is a setting of ours; the receiver needs a secret of its own",
            );
        }
        let secret = (around.variable)(name).map(|secret| secret.trim().to_owned());
        let secret = secret.filter(|secret| secret.len() >= SHORTEST_SECRET);
        let secret = secret.ok_or("secret_env: the variable is not set, or shorter than 16 characters")?;
        Ok(Target::Webhook(Webhook { url: url.to_owned(), secret: SecretString::from(secret) }))
    }
}

fn queue(name: &str) -> Result<Target, &'static str> {
    let fits = !name.trim().is_empty() && name.chars().count() <= LONGEST_NAME;
    if fits {
        Ok(Target::Queue(name.to_owned()))
    } else {
        Err("queue: expected a name of 1 to 64 characters")
    }
}

fn client(identity: &str) -> Result<Line, &'static str> {
    let usual = |c: char| c.is_ascii_alphanumeric() || "_-.@+~".contains(c);
    let fits = (1..=LONGEST_IDENTITY).contains(&identity.len()) && identity.chars().all(usual);
    fits.then(|| Line::Client(identity.to_owned()))
        .ok_or("client: expected an identity of 1 to 256 letters, digits and _-.@+~")
}

fn studio(flow: &str, account: Option<&AccountSid>) -> Result<Target, &'static str> {
    let flow = flow.parse().map_err(|_| "studio: expected FW and 32 hex digits")?;
    let account = account.ok_or("studio: TWILIO_ACCOUNT_SID must say whose flow it is")?.clone();
    Ok(Target::Studio(Studio { account, flow }))
}

/// The names that rules of routing know targets by, as the file has them.
pub(super) fn places(tables: &[TargetTable]) -> Result<Vec<Place>, Vec<String>> {
    let mut places: Vec<Place> = Vec::new();
    let mut problems = Vec::new();
    for (place, table) in tables.iter().enumerate() {
        let Some(name) = &table.name else { continue };
        let problem = |what| format!("[[targets]] number {}: name: {what}", place + 1);
        if name.trim().is_empty() || name.chars().count() > LONGEST_NAME {
            problems.push(problem("expected 1 to 64 characters"));
        } else if places.iter().any(|other| other.name == *name) {
            problems.push(problem("another target has it"));
        } else {
            places.push(Place { name: name.clone(), place });
        }
    }
    if problems.is_empty() { Ok(places) } else { Err(problems) }
}

/// The names of the usual targets.
pub(super) fn usual_places(targets: &[Target]) -> Vec<Place> {
    let name = |(place, target): (usize, &Target)| {
        let name = match target {
            Target::Workflow(_) => "workflow",
            Target::Ring(_) => "number",
            Target::Queue(_) | Target::Studio(_) | Target::Webhook(_) | Target::Agent | Target::Voicemail => {
                return None;
            }
        };
        Some(Place { name: name.to_owned(), place })
    };
    targets.iter().enumerate().filter_map(name).collect()
}

/// The list as the file has it; a voicemail stands at its end in any case.
pub(super) fn targets(tables: &[TargetTable], around: &Around<'_>) -> Result<Vec<Target>, Vec<String>> {
    let mut targets = Vec::new();
    let mut problems = Vec::new();
    for (table, number) in tables.iter().zip(1..) {
        let mut problem = |what: &str| problems.push(format!("[[targets]] number {number}: {what}"));
        match table.target(around) {
            // Values may be numbers of people, so none is quoted.
            Err(what) => problem(what),
            Ok(_) if targets.contains(&Target::Voicemail) => problem("nothing can follow a voicemail"),
            Ok(_) if table.name.is_none() && targets.iter().any(Target::is_last) => {
                problem(
                    "nothing comes back from a studio flow: give this a `name`, for rules to reach it by",
                );
            }
            Ok(Target::Agent) if number == 1 => problem("ai: somebody has to be tried before it"),
            Ok(target) => targets.push(target),
        }
    }
    if tables.len() > MOST {
        problems.push(format!("[[targets]]: expected at most {MOST} of them"));
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(with_voicemail(targets))
}

/// The list where the file has none: the workflow, then the number.
pub(super) fn usual(workflow: Option<WorkflowSid>, number: Option<Line>) -> Vec<Target> {
    let workflow = workflow.map(Target::Workflow);
    let number = number.map(|line| Target::Ring(Ring::new(line)));
    with_voicemail(workflow.into_iter().chain(number).collect())
}

fn with_voicemail(mut targets: Vec<Target>) -> Vec<Target> {
    if targets.last() != Some(&Target::Voicemail) {
        targets.push(Target::Voicemail);
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Tables {
        targets: Vec<TargetTable>,
    }

    fn read(toml: &str) -> Result<Vec<Target>, Vec<String>> {
        let account = AccountSid::phone();
        let variable = |name: &str| (name == "CENTRE_SECRET").then(|| "0123456789abcdef".to_owned());
        let around = Around { account: Some(&account), variable: &variable };
        targets(&toml::from_str::<Tables>(toml).unwrap().targets, &around)
    }

    #[test]
    fn a_list_keeps_its_order_and_ends_in_a_voicemail() {
        let list = "[[targets]]\nqueue = \"support\"\n[[targets]]\nnumber = \"+15550001111\"\n\
                    [[targets]]\nsip = \"sip:people@example.com\"\n";
        let ring = |line| Target::Ring(Ring::new(line));
        let expected = [
            Target::Queue("support".into()),
            ring(Line::Phone("+15550001111".into())),
            ring(Line::Sip("sip:people@example.com".into())),
            Target::Voicemail,
        ];
        assert_eq!(read(list).unwrap(), expected);
        assert!(read(&"[[targets]]\nqueue = \"a\"\n".repeat(11)).is_err(), "more than a document holds");
        assert_eq!(read(&format!("{list}[[targets]]\nvoicemail = true\n")).unwrap(), expected);
    }

    #[test]
    fn who_is_rung_can_be_rung_in_many_ways() {
        let ring = |keys: &str| {
            let target = read(&format!("[[targets]]\n{keys}\n")).unwrap().swap_remove(0);
            let Target::Ring(ring) = target else { panic!("{target:?}") };
            ring
        };
        let number = ring("number = \"+15550001111\"");
        assert_eq!((number.whisper, number.accept_key, number.seconds), (true, Some('1'), 30));
        assert_eq!(ring("client = \"jane\"").accept_key, None, "who accepts a call there is no machine");
        let keys = "ring = 12\ncaller_id = \"+15559990000\"\nanswer_on_bridge = false\nwhisper = false\n\
                    accept_key = \"5\"\ncontext = false";
        let expected = Ring {
            line: Line::Client("jane".into()),
            seconds: 12,
            caller_id: Some("+15559990000".into()),
            answer_on_bridge: false,
            context: false,
            whisper: false,
            accept_key: Some('5'),
        };
        assert_eq!(ring(&format!("client = \"jane\"\n{keys}")), expected);
        assert_eq!(ring("number = \"+15550001111\"\naccept_key = \"\"").accept_key, None);
    }

    #[test]
    fn what_does_not_fit_a_kind_is_told() {
        let flow = format!("studio = \"FW{}\"", "0".repeat(32));
        let webhook = "webhook = \"https://centre.example.com/calls\"";
        let long = format!("client = \"{}\"", "x".repeat(257));
        for (keys, problem) in [
            ("queue = \"a\"\nring = 10", "ring, caller_id"),
            ("number = \"+15550001111\"\nring = 4", "ring: expected"),
            ("number = \"+15550001111\"\ncaller_id = \"client:jane\"", "caller_id"),
            ("number = \"+15550001111\"\naccept_key = \"12\"", "accept_key"),
            ("number = \"+15550001111\"\naccept_key = \"#\"", "accept_key"),
            ("number = \"+15550001111\"\ncontext = true", "context"),
            ("client = \"a b\"", "client: expected"),
            (long.as_str(), "client: expected"),
            ("studio = \"FW1\"", "studio: expected"),
            (webhook, "secret_env: expected"),
            ("webhook = \"http://centre.example.com/\"\nsecret_env = \"CENTRE_SECRET\"", "webhook: expected"),
            (
                "webhook = \"https://c.example/\"\nsecret_env = \"OTHER\"",
                "secret_env: the variable is not set",
            ),
            ("webhook = \"https://c.example/\"\nsecret_env = \"TWILIO_AUTH_TOKEN\"", "a setting of ours"),
            ("webhook = \"https://c.example/\"\nsecret_env = \"lower\"", "secret_env: expected"),
            ("queue = \"a\"\nsecret_env = \"CENTRE_SECRET\"", "secret_env: only"),
            ("ai = true", "somebody has to be tried"),
            (&format!("{flow}\n[[targets]]\nqueue = \"a\""), "nothing comes back"),
        ] {
            let problems = read(&format!("[[targets]]\n{keys}\n")).unwrap_err();
            assert!(problems.len() == 1 && problems[0].contains(problem), "{keys}: {problems:?}");
        }
        let known =
            format!("{webhook}\nsecret_env = \"CENTRE_SECRET\"\n[[targets]]\nai = true\n[[targets]]\n{flow}");
        let kinds = |targets: Vec<Target>| targets.iter().map(Target::kind).collect::<Vec<_>>();
        assert_eq!(
            kinds(read(&format!("[[targets]]\n{known}\n")).unwrap()),
            ["webhook", "ai", "studio", "voicemail"]
        );
        assert!(read(&format!("[[targets]]\n{flow}\n[[targets]]\nname = \"x\"\nqueue = \"a\"\n")).is_ok());
    }

    #[test]
    fn a_name_stands_for_one_place() {
        let places = |toml: &str| places(&toml::from_str::<Tables>(toml).unwrap().targets);
        let two = "[[targets]]\nqueue = \"a\"\n[[targets]]\nname = \"x\"\nqueue = \"b\"\n";
        assert_eq!(places(two).unwrap(), [Place { name: "x".into(), place: 1 }]);
        assert!(places(&format!("{two}{two}")).unwrap_err()[0].contains("number 4"));
        assert!(places("[[targets]]\nname = \" \"\nqueue = \"a\"").is_err());
    }

    #[test]
    fn every_mistake_is_told_by_its_place_and_without_its_value() {
        let problems = read(
            "[[targets]]\nworkflow = \"WWsecretive\"\n[[targets]]\n[[targets]]\nqueue = \"a\"\nnumber = \"+15550001111\"\n\
             [[targets]]\nnumber = \"5551234\"\n[[targets]]\nvoicemail = true\n[[targets]]\nqueue = \"late\"\n",
        )
        .unwrap_err();
        let places: Vec<_> =
            problems.iter().map(|problem| &problem["[[targets]] number ".len()..][..1]).collect();
        assert_eq!(places, ["1", "2", "3", "4", "6"], "{problems:#?}");
        for value in ["secretive", "5551234\"", "5550001111"] {
            assert!(!problems.concat().contains(value), "{problems:#?}");
        }
    }
}
