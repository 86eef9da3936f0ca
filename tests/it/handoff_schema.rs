//! `docs/handoff.schema.json` says what is written, no more and no less.

use std::collections::BTreeSet;
use std::iter::successors;

use jsonschema::Validator;
use serde_json::{Value, json};
use warmline::handoff::{
    Author, BUDGET, Contact, Extra, Handoff, KnownCaller, Line, Outcome, PromptVersion, Sentiment, Speaker,
    Trigger,
};
use warmline::pii::Pii;
use warmline::routing::{Condition, Moment};

const SCHEMA: &str = include_str!("../../docs/handoff.schema.json");

fn schema() -> Value {
    serde_json::from_str(SCHEMA).expect("the schema is JSON")
}

fn compiled(schema: &Value) -> Validator {
    jsonschema::options().offline().build(schema).expect("the schema is one")
}

/// The schema of the Task's attributes, which stands in the same file.
fn task_schema() -> Validator {
    compiled(&json!({"$schema": schema()["$schema"], "$ref": "#/$defs/task", "$defs": schema()["$defs"]}))
}

fn bare(trigger: Trigger) -> Handoff {
    Handoff::bare("CA00000000000000000000000000000001".parse().unwrap(), "HO1".into(), trigger)
}

/// A document with every key.
fn full() -> Handoff {
    let mut handoff = bare(Trigger::Model);
    handoff.reason_code = "billing".into();
    handoff.reason = "billing dispute".into();
    handoff.call_summary = "Charged twice for \"1182\" & wants <a refund>.".into();
    handoff.sentiment = Sentiment::Negative;
    let context = &mut handoff.context;
    context.summary_by = Author::Model;
    context.language = "es-MX".into();
    (context.turns, context.seconds) = (3, 74);
    context.prompts = Some(PromptVersion { variant: "brief".into(), version: "5c1f09ab77e0".into() });
    context.topic = Some("billing".into());
    context.desk_url = Some("https://bridge.example.com/desk/token".into());
    context.memory.insert("order_number".into(), "1182".into());
    context.transcript = vec![
        Line { who: Speaker::Agent, text: "Hello.".into() },
        Line { who: Speaker::Caller, text: "I was charged twice.".into() },
    ];
    handoff
}

fn completed() -> Handoff {
    let mut handoff = full();
    handoff.context.outcome = Outcome::Completed;
    handoff
}

/// A document of which much has to be cut.
fn long() -> Handoff {
    let mut handoff = full();
    handoff.call_summary = "\"long\" ".repeat(1_000).into();
    handoff.context.memory.extend((0..60).map(|fact| (format!("fact_{fact}"), "x".repeat(200).into())));
    handoff
}

/// Every trigger: a new one has to be added here to compile, and to the schema to pass.
fn triggers() -> impl Iterator<Item = Trigger> {
    successors(Some(Trigger::Model), |trigger| match trigger {
        Trigger::Model => Some(Trigger::Request),
        Trigger::Request => Some(Trigger::Key),
        Trigger::Key => Some(Trigger::ModelFailure),
        Trigger::ModelFailure => Some(Trigger::ToolFailure),
        Trigger::ToolFailure => Some(Trigger::BridgeFailure),
        Trigger::BridgeFailure => Some(Trigger::Silence),
        Trigger::Silence => Some(Trigger::NoProgress),
        Trigger::NoProgress => Some(Trigger::Sentiment),
        Trigger::Sentiment => Some(Trigger::LongestDuration),
        Trigger::LongestDuration => Some(Trigger::MostTurns),
        Trigger::MostTurns => Some(Trigger::Topic),
        Trigger::Topic => Some(Trigger::Emergency),
        Trigger::Emergency => Some(Trigger::Drain),
        Trigger::Drain => Some(Trigger::Overload),
        Trigger::Overload => Some(Trigger::Supervisor),
        Trigger::Supervisor => Some(Trigger::Routing),
        Trigger::Routing => None,
    })
}

fn contact() -> Contact {
    Contact {
        from: Some("+15551230000".into()),
        to: Some("+15559870000".into()),
        name: Some("Jane Doe".into()),
    }
}

/// What rules and a profile add to a Task.
fn extra() -> Extra {
    let traits = [("last-topic", json!("returns")), ("score", json!(7)), ("vip", json!(true))];
    Extra {
        attributes: [("skill".to_owned(), json!("billing")), ("level".to_owned(), json!(2))].into(),
        caller: Some(KnownCaller {
            known: true,
            verified: "full",
            traits: traits.map(|(name, value)| (name.to_owned(), Pii::new(value))).into(),
        }),
        recording: Some("https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1.mp3".to_owned()),
        ..Extra::default()
    }
}

fn written(handoff: &Handoff) -> Value {
    serde_json::from_str(&handoff.to_handoff_data()).unwrap()
}

#[track_caller]
fn check(schema: &Validator, document: &Value) {
    let errors: Vec<_> =
        schema.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?} in {document:#}");
}

#[test]
fn a_rule_of_routing_can_name_every_trigger() {
    for trigger in triggers() {
        let condition = format!("trigger == '{}'", trigger.word());
        let read = Condition::parse(&condition, Moment::Handoff, |_| false);
        assert!(read.is_ok(), "{condition}: {read:?}");
    }
}

#[test]
fn the_schema_is_one() {
    assert!(jsonschema::meta::is_valid(&schema()));
}

#[test]
fn every_document_fits_the_schema() {
    let schema = compiled(&schema());
    for handoff in triggers().map(bare).chain([full(), completed(), long()]) {
        let data = handoff.to_handoff_data();
        assert!(data.chars().count() <= BUDGET);
        check(&schema, &serde_json::from_str(&data).unwrap());
    }
}

#[test]
fn every_task_fits_the_schema() {
    let schema = task_schema();
    let nobody = Contact { from: Some("anonymous".into()), ..Contact::default() };
    for handoff in triggers().map(bare).chain([full(), long()]) {
        for contact in [contact(), nobody.clone(), Contact::default()] {
            let task = handoff.to_task_attributes(&contact);
            assert!(task.chars().count() <= BUDGET);
            check(&schema, &serde_json::from_str(&task).unwrap());
            let more = handoff.to_task_attributes_with(&contact, &extra());
            assert!(more.chars().count() <= BUDGET);
            check(&schema, &serde_json::from_str(&more).unwrap());
        }
    }
}

#[test]
fn the_schema_knows_no_key_that_is_never_written() {
    let schema = schema();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let known = |name: &str| keys(&schema["$defs"][name]["properties"]);
    let document = written(&full());
    assert_eq!(keys(&document), known("document"));
    let mut context = keys(&document["warmline"]);
    let task: Value = serde_json::from_str(&full().to_task_attributes_with(&contact(), &extra())).unwrap();
    context.extend(keys(&task["warmline"]));
    assert_eq!(context, known("context"));
    let caller = &schema["$defs"]["context"]["properties"]["caller"]["properties"];
    assert_eq!(keys(&task["warmline"]["caller"]), keys(caller));
    let plain: Value = serde_json::from_str(&full().to_task_attributes(&contact())).unwrap();
    assert_eq!(keys(&plain), &known("document") | &known("task"));
    assert_eq!(
        keys(&task["conversations"]),
        keys(&schema["$defs"]["task"]["properties"]["conversations"]["properties"])
    );
}

#[test]
fn a_document_without_one_of_its_keys_does_not_fit() {
    let schema = compiled(&schema());
    let whole = written(&bare(Trigger::Key));
    assert!(schema.is_valid(&whole));
    for path in ["", "/warmline"] {
        let keys: Vec<String> = whole.pointer(path).unwrap().as_object().unwrap().keys().cloned().collect();
        for key in keys {
            let mut less = whole.clone();
            less.pointer_mut(path).unwrap().as_object_mut().unwrap().remove(&key);
            assert!(!schema.is_valid(&less), "{path}/{key} may be missing");
        }
    }
}

#[test]
fn a_document_with_a_key_too_many_or_a_wrong_value_does_not_fit() {
    let schema = compiled(&schema());
    for (path, key, value) in [
        ("", "name", json!("Jane Doe")),
        ("", "sentiment", json!("furious")),
        ("", "callSummary", json!("x".repeat(1_501))),
        ("/warmline", "deskUrl", json!("javascript:alert(1)")),
        ("/warmline", "trigger", json!("whim")),
        ("/warmline", "version", json!(2)),
        ("/warmline", "memory", json!({"order-number": "1182"})),
        ("/warmline", "transcript", json!([{"who": "narrator", "text": "Meanwhile"}])),
    ] {
        let mut changed = written(&full());
        changed.pointer_mut(path).unwrap()[key] = value;
        assert!(!schema.is_valid(&changed), "{path}/{key} passes");
    }
}
