//! The attributes of a Task: golden documents, and that nothing a call or a profile holds breaks them or their limit.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use warmline::config::Config;
use warmline::handoff::{Author, Contact, Extra, Handoff, Known, Sentiment, Template, Trigger};
use warmline::mask::Also;
use warmline::pii::Pii;
use warmline::redact;

use super::bridge::{SOON, TestBridge, escalating, task};
use super::segment::{FakeSegment, Segment};

/// Each a `warmline.toml`, and the Task that it leads to.
const GOLDEN: [(&str, &str); 2] = [
    (
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/attributes/untouched.toml"),
        include_str!("../fixtures/attributes/untouched.json"),
    ),
    (
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/attributes/everything.toml"),
        include_str!("../fixtures/attributes/everything.json"),
    ),
];

fn template(path: &str) -> Template {
    let vars = BTreeMap::from([("WARMLINE_CONFIG".to_owned(), path.to_owned())]);
    Config::load(&vars).unwrap_or_else(|error| panic!("{path}: {error}")).attributes
}

fn handoff() -> Handoff {
    let sid = "CA00000000000000000000000000000001";
    let mut handoff = Handoff::bare(sid.parse().unwrap(), "HO1".into(), Trigger::Model);
    handoff.reason_code = "billing".into();
    handoff.reason = "billing dispute".into();
    handoff.call_summary = "Charged twice for \"1182\" & wants <a refund>.".into();
    handoff.sentiment = Sentiment::Negative;
    let context = &mut handoff.context;
    context.summary_by = Author::Model;
    context.language = "es-MX".into();
    (context.turns, context.seconds) = (3, 74);
    context.desk_url = Some("https://bridge.example.com/desk/token".into());
    context.memory.insert("order_number".into(), "1182".into());
    handoff
}

fn contact() -> Contact {
    let address = |text: &str| Some(Pii::from(text));
    Contact { from: address("+15551230000"), to: address("+15559870000"), name: address("Jane Doe") }
}

fn known() -> Known {
    let traits = [
        ("tier", json!("gold")),
        ("full name", json!("Jane \"J\" Doe")),
        ("revenue", json!(1250.5)),
        ("card", json!("4111111111111111")),
    ];
    let traits = traits.map(|(name, value)| (name.to_owned(), Pii::new(value))).into();
    Known { traits, caller: Some(true), verified: "full", open: Some(true), recording: None }
}

/// As the server hides.
fn hide(key: &str, text: String) -> String {
    let mut text = Pii::from(text);
    redact::text(&mut text, Some(key), Also::NOTHING);
    text.into_inner()
}

fn filled(template: &Template, handoff: &Handoff, contact: &Contact, known: &Known) -> String {
    let filled = template.fill(handoff, contact, known, &hide);
    handoff.to_task_attributes_with(contact, &Extra { filled, ..Extra::default() })
}

#[test]
fn the_documents_are_the_golden_ones() {
    for (toml, golden) in GOLDEN {
        let golden: Value = serde_json::from_str(golden).unwrap();
        let task = filled(&template(toml), &handoff(), &contact(), &known());
        let task: Value = serde_json::from_str(&task).unwrap();
        assert_eq!(task, golden, "{toml}:\n{task:#}");
    }
}

/// What Twilio and Flex write into the same document, as long as it gets.
fn of_twilio(from: &str, to: &str) -> Value {
    let mut keys = json!({
        "from": from, "caller": from, "to": to, "called": to,
        "direction": "outbound-dial", "call_status": "in-progress", "api_version": "2010-04-01",
        "call_sid": "CA0123456789abcdef0123456789abcdef", "account_sid": "AC0123456789abcdef0123456789abcdef",
        "worker_call_sid": "CA0123456789abcdef0123456789abcdef",
        "conference": {
            "sid": "CF0123456789abcdef0123456789abcdef",
            "participants": {
                "worker": "CA0123456789abcdef0123456789abcdef",
                "customer": "CA0123456789abcdef0123456789abcdef",
            },
        },
    });
    for end in ["from", "to", "caller", "called"] {
        keys[format!("{end}_city")] = "RANCHO SANTA MARGARITA".into();
        keys[format!("{end}_state")] = "CALIFORNIA".into();
        keys[format!("{end}_zip")] = "92688-0000".into();
        keys[format!("{end}_country")] = "US".into();
    }
    keys
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_task_fits_with_all_that_twilio_adds(
        summary in "[\\PC\"\\\\]{0,1800}",
        texts in proptest::collection::vec("[\\PC\"\\\\{}]{0,200}", 4),
        from in "(\\+[0-9]{7,15}|sip:[a-z0-9.]{1,120}@[a-z0-9.]{1,120}|anonymous)",
        to in "(\\+[0-9]{7,15}|sip:[a-z0-9.]{1,100}@[a-z]{1,20})",
        facts in 0..40usize,
    ) {
        let template = template(GOLDEN[1].0);
        let mut handoff = handoff();
        handoff.call_summary = summary.into();
        handoff.context.memory.extend((0..facts).map(|fact| (format!("fact_{fact}"), texts[0].clone().into())));
        handoff.context.memory.insert("order_number".into(), texts[1].clone().into());
        let mut known = known();
        known.traits.insert("tier".into(), Pii::new(texts[2].clone().into()));
        known.traits.insert("full name".into(), Pii::new(texts[3].clone().into()));
        let contact = Contact { from: Some(from.clone().into()), to: Some(to.clone().into()), name: None };
        let task = filled(&template, &handoff, &contact, &known);
        let mut all: Value = serde_json::from_str(&task).unwrap();
        for key in ["reasonCode", "reason", "callSummary", "sentiment", "warmline"] {
            prop_assert!(all.get(key).is_some(), "{key}");
        }
        for (key, value) in of_twilio(&from, &to).as_object().unwrap() {
            prop_assert!(all.get(key).is_none(), "{key} is Twilio's");
            all[key] = value.clone();
        }
        let length = all.to_string().chars().count();
        prop_assert!(length <= 4_096, "{length}");
    }
}

#[tokio::test]
async fn a_call_arrives_with_what_the_template_says_and_without_what_is_hidden() {
    let evil = "]]></Task>\",\"warmline\":{\"x\":1}{reason}";
    let segment = FakeSegment::start(Segment::Traits(json!({
        "tier": evil, "card": 4_111_111_111_111_111_u64, "mail": "jane@example.com", "half": "4242 4242", "score": 7,
    })))
    .await;
    let toml = "[profile]\ntraits = [\"tier\", \"card\", \"mail\", \"half\", \"score\"]\n\
                [redact]\ntask = [\"email\", \"phone\"]\n\
                [[routes.handoff]]\nattributes = { skill = \"by_rule\" }\n\
                [attributes]\nskill = \"by_template\"\nscore = \"{traits.score}\"\nwho = \"{call.from}\"\n\
                card = \"{traits.card}\"\nwhole = \"{traits.half} {traits.half}\"\nmail = \"write to {traits.mail}\"\n\
                [attributes.customers]\ncategory = \"{traits.tier}\"\n";
    let bridge = TestBridge::configured(toml, &segment.settings(), escalating).await;
    let (mut call, mut conversation) = bridge.connected(0).await;
    conversation.say("get me an humain").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    let task = task(call.finish(conversation).await.unwrap());
    assert_eq!((&task["skill"], &task["score"]), (&json!("by_rule"), &json!(7)));
    assert_eq!(task["customers"]["category"], evil);
    assert!(task["warmline"].get("x").is_none());
    assert_eq!(task["who"], "+15551230000", "who calls is not hidden");
    let text = task.to_string();
    for hidden in ["411111111111", "4242 4242 4242", "jane@"] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
    assert!(task["mail"].as_str().unwrap().starts_with("write to "), "{text}");
}
