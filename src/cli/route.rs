//! `warmline route`: which way a call would go, and why.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::{USAGE, complain, load};
use crate::app::{StartError, shelf};
use crate::clock::since_epoch;
use crate::config::{Config, Vars};
use crate::hours::moment;
use crate::http::verified;
use crate::ids::CallSid;
use crate::mask::Also;
use crate::playbook::{InForce, Shelf};
use crate::prompts::BASE;
use crate::routing::{
    Condition, Explanation, Fact, Facts, Handover, KNOWN, Kind, Moment, Rules, Start, TRAITS,
};
use crate::store::archive::{Archive, Whole};

/// What to decide, and by which facts.
#[derive(Debug, Args)]
#[command(about = "Say which way a call would go, and which rule decides that")]
pub struct RouteArgs {
    /// When rules are asked
    #[arg(long, value_enum, default_value_t = At::Start)]
    at: At,
    /// A fact, such as traits.docs_last_2_days=3; can be given again
    #[arg(long = "fact", value_name = "NAME=VALUE")]
    facts: Vec<String>,
    /// Begin with what is kept of this call, CA…; traits are not kept
    #[arg(long, value_name = "SID")]
    call: Option<CallSid>,
    /// Say of every rule that was asked why it applies or does not
    #[arg(long)]
    explain: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum At {
    /// A call comes in
    Start,
    /// A call goes to a person
    Handoff,
}

/// What was decided, for people and for programs.
struct Decided {
    explanation: Explanation,
    words: String,
    json: Value,
}

/// Decides and prints.
#[expect(clippy::print_stdout, reason = "a command line speaks to its terminal")]
pub fn run(vars: &impl Vars, args: &RouteArgs) -> ExitCode {
    let config = match load(vars) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let mut facts = match &args.call {
        None => told_by_hours(&config, since_epoch()),
        Some(call) => match kept(&config, call) {
            Ok(facts) => facts,
            Err(problem) => {
                complain(&problem);
                return ExitCode::FAILURE;
            }
        },
    };
    let shelf = match shelf(&config) {
        Ok(shelf) => Some(shelf),
        Err(error @ StartError::Settings(_)) => return super::not_started(&error),
        // Which way a call goes is asked by the rules, also while a prompt is broken.
        Err(_) => None,
    };
    if let (At::Start, Some(_), Some(shelf)) = (&args.at, &args.call, &shelf) {
        // Before the first word nobody has spoken another one.
        facts.set_text("language", Some(&shelf.latest().prompts.front.language));
    }
    for text in &args.facts {
        match fact(text, &config) {
            Ok((name, value)) => facts.set(&name, value),
            Err(problem) => {
                complain(&format!("--fact {text}: {problem}"));
                return ExitCode::from(USAGE);
            }
        }
    }
    let decided = match args.at {
        At::Start => {
            let mut decided = decide(&config.routes.start, &facts, start);
            if let Some(shelf) = &shelf {
                decided.share(shelf, args.call.as_ref());
            }
            decided
        }
        At::Handoff => decide(&config.routes.handoff, &facts, handoff),
    };
    if args.json {
        let fired = decided.explanation.fired;
        let mut said = json!({ "rule": fired, "decision": decided.json });
        if args.explain {
            said["tried"] = json!(decided.explanation.tried);
        }
        println!("{said:#}");
    } else {
        print!("{}", page(&decided, args.explain));
    }
    ExitCode::SUCCESS
}

impl Decided {
    /// Says which prompts the call gets by the shares, where no rule chose them; without a call, which it may get.
    fn share(&mut self, shelf: &Shelf, call: Option<&CallSid>) {
        let InForce { playbooks, .. } = shelf.in_force();
        let shares: BTreeMap<&str, f64> =
            playbooks.iter().map(|(playbook, share)| (playbook.variant(), *share)).collect();
        let is_open = self.json["to"] == "ai" && self.json.get("prompts").is_none();
        if !is_open || shares.get(BASE) == Some(&100.0) {
            return;
        }
        match call {
            Some(call) => {
                let playbook = shelf.choose(call.as_str(), None);
                let (name, share) = (playbook.variant(), shares[playbook.variant()]);
                self.words.push_str(&format!(" with the prompts `{name}`, by their share of {share} %"));
                self.json["prompts"] = json!(name);
            }
            None => {
                let shares = shares.iter().filter(|(_, share)| **share > 0.0);
                let shares: Vec<String> =
                    shares.map(|(name, share)| format!("`{name}` ({share} %)")).collect();
                self.words.push_str(&format!(" with the prompts {}, by share", shares.join(" or ")));
            }
        }
        self.json["shares"] = json!(shares);
    }
}

fn decide<D>(rules: &Rules<D>, facts: &Facts, say: impl Fn(Option<&D>) -> (String, Value)) -> Decided {
    let (words, json) = say(rules.decide(facts).map(|(_, rule)| &rule.decision));
    Decided { explanation: rules.explain(facts), words, json }
}

fn start(decision: Option<&Start>) -> (String, Value) {
    match decision.unwrap_or(&Start::default()) {
        Start::Agent { language, voice, prompts } => {
            let mut words = "the AI answers".to_owned();
            let mut said = json!({ "to": "ai" });
            if let Some(language) = language {
                words.push_str(&format!(" in {language}"));
                said["language"] = json!(language);
            }
            if let Some(voice) = voice {
                words.push_str(&format!(" with the voice {voice}"));
                said["voice"] = json!(voice);
            }
            if let Some(prompts) = prompts {
                words.push_str(&format!(" with the prompts `{prompts}`"));
                said["prompts"] = json!(prompts);
            }
            (words, said)
        }
        Start::Person { reason_code } => {
            let code = reason_code.as_deref().unwrap_or("routing");
            let words = format!("a person answers at once, reason code {code}");
            (words, json!({ "to": "person", "reasonCode": code }))
        }
    }
}

fn handoff(decision: Option<&Handover>) -> (String, Value) {
    let usual = Handover::default();
    let Handover { targets, priority, attributes } = decision.unwrap_or(&usual);
    let names: Vec<&str> = targets.iter().map(|place| place.name.as_str()).collect();
    let mut words = match names[..] {
        [] => "all targets in their order".to_owned(),
        _ => names.join(", then "),
    };
    if let Some(priority) = priority {
        words.push_str(&format!("; priority {priority}"));
    }
    if !attributes.is_empty() {
        words.push_str(&format!("; attributes {}", json!(attributes)));
    }
    let json = json!({
        "targets": (!names.is_empty()).then_some(names), "priority": priority, "attributes": attributes,
    });
    (words, json)
}

fn page(decided: &Decided, explain: bool) -> String {
    let mut page = String::new();
    let explanation = &decided.explanation;
    for tried in explanation.tried.iter().filter(|_| explain) {
        let applies = if tried.applies { "applies" } else { "does not apply" };
        page.push_str(&format!("rule {} ({}) {applies}\n", tried.rule, tried.name));
        for checked in &tried.conditions {
            let mark = if checked.holds { "holds" } else { "fails" };
            let value = match &checked.value {
                Some(value) => format!("it is {value:?}"),
                None => "it is not known".to_owned(),
            };
            page.push_str(&format!("  {mark}  {}  ({value})\n", checked.condition));
        }
    }
    let by = match explanation.tried.last().filter(|tried| tried.applies) {
        Some(tried) => format!("rule {} ({})", tried.rule, tried.name),
        None => "no rule applies, so the usual way".to_owned(),
    };
    page.push_str(&format!("{}\n  by {by}\n", decided.words));
    page
}

/// What the business's clock says at a moment.
fn told_by_hours(config: &Config, at: Duration) -> Facts {
    let mut facts = Facts::at(i64::try_from(at.as_secs()).unwrap_or(i64::MAX));
    if let Some(local) = config.hours.as_ref().map(|hours| hours.at(at)) {
        facts.set_text("hours", Some(local.hours));
        facts.set_text("day", Some(local.day));
        facts.set_text("time", Some(&local.time));
        facts.set_text("date", Some(&local.date));
    }
    facts
}

/// A fact as it is given: its name and its value, as what it is.
fn fact(text: &str, config: &Config) -> Result<(String, Fact), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    let (name, value) = (name.trim(), value.trim());
    if let Some(listed) = name.strip_prefix(TRAITS) {
        if !config.traits.read.iter().any(|known| known == listed) {
            return Err(
                "the trait is not listed in `traits` of [profile], so no rule can ask about it".to_owned()
            );
        }
        return Ok((name.to_owned(), trait_value(value)));
    }
    let known = KNOWN.iter().find(|known| known.name == name).ok_or("there is no such fact")?;
    // What a rule could compare it with is what it can be.
    let as_written = match known.kind {
        Kind::Number => value.to_owned(),
        Kind::Text | Kind::Words(_) | Kind::Clock | Kind::Date | Kind::Trait => {
            let quote = if value.contains('\'') { '"' } else { '\'' };
            format!("{quote}{value}{quote}")
        }
    };
    Condition::parse(&format!("{name} == {as_written}"), Moment::Handoff, |_| false)
        .map_err(|fault| fault.cause)?;
    Ok((
        name.to_owned(),
        match (known.kind, value.parse()) {
            (Kind::Number, Ok(number)) => Fact::Number(number),
            (_, _) => Fact::Text(value.to_owned()),
        },
    ))
}

/// A trait as JSON has it; what is no JSON is a text.
pub(super) fn trait_value(value: &str) -> Fact {
    match serde_json::from_str(value) {
        Ok(Value::Bool(flag)) => Fact::Flag(flag),
        Ok(Value::Number(number)) => Fact::Number(number.as_f64().unwrap_or_default()),
        Ok(Value::Array(items)) => {
            let text = |item: Value| item.as_str().map_or_else(|| item.to_string(), str::to_owned);
            Fact::List(items.into_iter().map(text).collect())
        }
        Ok(Value::String(text)) => Fact::Text(text),
        Ok(Value::Null | Value::Object(_)) | Err(_) => match moment(value) {
            Some(at) => Fact::Time { text: value.to_owned(), at },
            None => Fact::Text(value.to_owned()),
        },
    }
}

/// The facts of a call that is kept, at the time at which it came in.
fn kept(config: &Config, call: &CallSid) -> Result<Facts, String> {
    let options = config.store.as_ref().ok_or("DATABASE_URL is `none`: nothing is kept of calls")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let whole = runtime.block_on(async {
        let archive = Archive::open(options).await.map_err(|error| error.to_string())?;
        archive.read(call, Also::NOTHING).await.map_err(|error| error.to_string())
    });
    let whole = whole?;
    whole.map(|whole| recorded(config, &whole)).ok_or_else(|| format!("nothing is kept of the call {call}"))
}

fn recorded(config: &Config, whole: &Whole) -> Facts {
    let call = &whole.call;
    let mut facts = told_by_hours(config, Duration::from_millis(call.began_at.0));
    let number =
        |number: &Option<crate::pii::Pii<String>>| number.as_ref().map(|number| number.expose().clone());
    // The rules are asked with Twilio's words: of a call that went out, ours is the number that calls.
    let outbound = call.direction.as_ref().is_some_and(|direction| direction.starts_with("outbound"));
    let (from, to) = if outbound { (&call.line, &call.caller) } else { (&call.caller, &call.line) };
    facts.set_text("from", number(from).as_deref());
    facts.set_text("to", number(to).as_deref());
    facts.set_text("direction", call.direction.as_deref());
    facts.set_text("language", call.language.as_deref());
    facts.set_text("verified", Some(verified(call.verified.as_deref())));
    let Some(document) = whole.handoffs.last().map(|handoff| handoff.document.expose()) else { return facts };
    let ours = &document["warmline"];
    facts.set_text("sentiment", document["sentiment"].as_str());
    facts.set_text("reason_code", document["reasonCode"].as_str());
    facts.set_text("topic", ours["topic"].as_str());
    facts.set_text("trigger", ours["trigger"].as_str());
    for name in ["turns", "seconds"] {
        if let Some(number) = ours[name].as_f64() {
            facts.set(name, Fact::Number(number));
        }
    }
    facts
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn config(example: &str) -> Config {
        let path = format!("{}/examples/routing/{example}.toml", env!("CARGO_MANIFEST_DIR"));
        let vars: BTreeMap<String, String> = [("WARMLINE_CONFIG".to_owned(), path)].into();
        Config::load(&vars).unwrap()
    }

    #[test]
    fn a_fact_is_taken_as_what_it_is() {
        let config = config("docs-readers");
        assert!(fact("turns=3", &config) == Ok(("turns".into(), Fact::Number(3.0))));
        assert!(fact("traits.docs_last_2_days=3", &config).unwrap().1 == Fact::Number(3.0));
        assert!(fact("sentiment = negative", &config).unwrap().1 == Fact::Text("negative".into()));
        for wrong in ["turns", "turns=many", "sentiment=sad", "mood=bad", "traits.tier=gold", "time=8"] {
            assert!(fact(wrong, &config).is_err(), "{wrong}");
        }
        assert!(trait_value("[\"a\", 1]") == Fact::List(vec!["a".into(), "1".into()]));
        assert!(trait_value("gold") == Fact::Text("gold".into()));
        assert!(matches!(trait_value("2026-01-01"), Fact::Time { .. }));
    }

    #[test]
    fn the_page_says_which_rule_decides_and_why_the_others_do_not() {
        let config = config("docs-readers");
        let mut facts = Facts::at(0);
        facts.set("profile", Fact::Text("failed".into()));
        let decided = decide(&config.routes.start, &facts, start);
        assert_eq!(
            page(&decided, true),
            "rule 1 (has read the docs) does not apply\n\
             \x20 fails  traits.docs_last_2_days > 0  (it is not known)\n\
             rule 2 (profile failed) applies\n\
             \x20 holds  profile == 'failed'  (it is \"failed\")\n\
             a person answers at once, reason code profile_failed\n\
             \x20 by rule 2 (profile failed)\n"
        );
        let spoken =
            Start::Agent { language: Some("es-US".into()), voice: Some("Lupe-Neural".into()), prompts: None };
        let (words, said) = start(Some(&spoken));
        assert_eq!(words, "the AI answers in es-US with the voice Lupe-Neural");
        assert_eq!(said, json!({ "to": "ai", "language": "es-US", "voice": "Lupe-Neural" }));
        let (words, _) = handoff(None);
        assert_eq!(words, "all targets in their order");
    }
}
