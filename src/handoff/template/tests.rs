use serde_json::json;

use super::super::{Extra, Trigger};
use super::*;

fn read(text: &str) -> Wanted {
    Wanted::read(text, &|_| Ok(())).unwrap()
}

fn template(entries: &[(&str, &str)]) -> Template {
    let entry = |(key, text): &(&str, &str)| {
        let (table, key) = key.split_once('.').map_or((None, *key), |(table, key)| (Some(table), key));
        Entry { table: table.map(str::to_owned), key: key.to_owned(), wanted: read(text) }
    };
    Template(entries.iter().map(entry).collect())
}

fn handoff() -> Handoff {
    let mut handoff = Handoff::bare("CA1".parse().unwrap(), "h1".into(), Trigger::Model);
    handoff.reason = "billing \"dispute\"".into();
    handoff.context.memory.insert("order_number".into(), "1182".into());
    handoff.context.turns = 3;
    handoff
}

fn contact() -> Contact {
    Contact { from: Some("+15551230000".into()), to: Some("+15559870000".into()), name: None }
}

fn known() -> Known {
    let traits = [("tier", json!("gold")), ("score", json!(7)), ("evil", json!("{reason}\",\"x\":1}{{"))];
    let traits = traits.map(|(name, value)| (name.to_owned(), Pii::new(value))).into();
    Known { traits, caller: Some(true), verified: "full", open: Some(true), recording: None }
}

fn task(entries: &[(&str, &str)]) -> Value {
    task_of(&handoff(), entries, &Extra::default())
}

fn task_of(handoff: &Handoff, entries: &[(&str, &str)], extra: &Extra) -> Value {
    let filled = template(entries).fill(handoff, &contact(), &known(), &|_, text| text);
    let extra = Extra { filled, ..extra.clone() };
    serde_json::from_str(&handoff.to_task_attributes_with(&contact(), &extra)).unwrap()
}

#[test]
fn a_reference_alone_keeps_its_kind_and_a_text_joins_them() {
    let task = task(&[
        ("tier", "{traits.tier}"),
        ("score", "{traits.score}"),
        ("known", "{caller.known}"),
        ("turns_text", "after {turns} turns"),
        ("hint", "{traits.tier} · {reason} · {traits.nothing}"),
        ("braces", "{{x}}"),
        ("open", "{inBusinessHours}"),
    ]);
    assert_eq!((&task["tier"], &task["score"], &task["known"]), (&json!("gold"), &json!(7), &json!(true)));
    assert_eq!(task["turns_text"], "after 3 turns");
    assert_eq!(task["hint"], "gold · billing \"dispute\" ·");
    assert_eq!((&task["braces"], &task["open"]), (&json!("{x}"), &json!("Yes")));
}

#[test]
fn what_is_not_known_leaves_no_key_and_our_own_value_in_place() {
    let task = task(&[
        ("tier", "{traits.nothing}"),
        ("name", "{call.name}"),
        ("hint", "for {traits.nothing}"),
        ("code", "{topic | traits.nothing | 'none'}"),
        ("customers.email", ""),
        ("customers.phone", ""),
        ("conversations.ivr_path", ""),
        ("type", ""),
    ]);
    let object = task.as_object().unwrap();
    assert!(!object.contains_key("tier") && !object.contains_key("hint") && !object.contains_key("type"));
    assert_eq!((&task["name"], &task["code"]), (&json!("+15551230000"), &json!("none")));
    assert_eq!(task["customers"], json!({"name": null, "phone": null, "email": null}));
    assert!(!task["conversations"].as_object().unwrap().contains_key("ivr_path"));
}

#[test]
fn no_value_is_read_again() {
    let task = task(&[("evil", "{traits.evil}"), ("more", "<{traits.evil}>")]);
    assert_eq!(task["evil"], "{reason}\",\"x\":1}{{");
    assert_eq!(task["more"], "<{reason}\",\"x\":1}{{>");
    assert!(task.get("x").is_none());
}

#[test]
fn numbers_stand_where_numbers_are_read() {
    let task = task(&[
        ("conversations.conversation_measure_1", "{facts.order_number}"),
        ("conversations.order", "{traits.tier}"),
        ("conversations.hold_time", "{caller.known}"),
        ("customers.business_value", "{traits.score}"),
    ]);
    assert_eq!(task["conversations"]["conversation_measure_1"], 1182);
    assert!(task["conversations"].get("order").is_none() && task["conversations"].get("hold_time").is_none());
    assert_eq!(task["customers"]["business_value"], 7);
}

#[test]
fn a_text_is_as_long_as_analytics_keep_it_and_an_address_is_whole() {
    let mut handoff = handoff();
    handoff.call_summary = "s".repeat(1_000).into();
    handoff.context.desk_url = Some(format!("https://bridge.example.com/desk/{}", "t".repeat(300)));
    let entries = [
        ("conversations.content", "{callSummary}"),
        ("page", "{deskUrl}"),
        ("digest", "{callSummary} and {reason}"),
    ];
    let task = task_of(&handoff, &entries, &Extra::default());
    for text in [&task["conversations"]["content"], &task["digest"]] {
        assert_eq!(text.as_str().unwrap().chars().count(), 128);
    }
    assert_eq!(task["page"].as_str(), handoff.context.desk_url.as_deref());
}

#[test]
fn the_attributes_of_a_rule_outrank_the_template() {
    let rule = Extra { attributes: [("skill".to_owned(), json!("billing"))].into(), ..Extra::default() };
    let task = task_of(&handoff(), &[("skill", "general"), ("level", "{turns}")], &rule);
    assert_eq!((&task["skill"], &task["level"]), (&json!("billing"), &json!(3)));
}

#[test]
fn what_is_hidden_is_hidden_across_references_but_who_calls_is_not() {
    let hide = |key: &str, text: String| {
        assert_ne!(key, "plain", "what refers to nothing hides nothing");
        text.replace("1182", "****").replace("+1555", "+****")
    };
    let mut handoff = handoff();
    handoff.context.memory.insert("half".into(), "11".into());
    handoff.context.memory.insert("other_half".into(), "82".into());
    let entries = template(&[
        ("one", "{facts.order_number}"),
        ("joined", "{facts.half}{facts.other_half}"),
        ("from", "{call.from}"),
        ("mixed", "{call.from}: {facts.order_number}, not +15550000000"),
        ("plain", "1182"),
        ("page", "{deskUrl}"),
    ]);
    handoff.context.desk_url = Some("https://bridge.example.com/desk/1182".into());
    let filled = entries.fill(&handoff, &contact(), &known(), &hide);
    let mut object = Map::new();
    filled.lay_over(&mut object, 9);
    assert_eq!(
        Value::Object(object),
        json!({"one": "****", "joined": "****", "from": "+15551230000",
               "mixed": "+15551230000: ****, not +****0000000", "plain": "1182",
               "page": "https://bridge.example.com/desk/1182"})
    );
}

#[test]
fn keys_are_left_out_from_the_last_on_once_the_summary_is_short() {
    let mut handoff = handoff();
    handoff.call_summary = "s".repeat(1_400).into();
    let names: Vec<String> = (0..30).map(|number| format!("key_{number}")).collect();
    let long = "x".repeat(120);
    let entries: Vec<_> = names.iter().map(|name| (name.as_str(), long.as_str())).collect();
    let some = task_of(&handoff, &entries[..10], &Extra::default());
    assert_eq!(names[..10].iter().filter(|name| some.get(name.as_str()).is_some()).count(), 10);
    assert!(some["warmline"].get("memory").is_none());
    assert!((301..1_400).contains(&some["callSummary"].as_str().unwrap().chars().count()));
    let all = task_of(&handoff, &entries, &Extra::default());
    let kept = names.iter().take_while(|name| all.get(name.as_str()).is_some()).count();
    assert!((10..20).contains(&kept), "{kept}");
    assert!(names[kept..].iter().all(|name| all.get(name.as_str()).is_none()));
    assert_eq!(all["callSummary"].as_str().unwrap().chars().count(), 300);
}

#[test]
fn every_reference_is_read_by_its_name() {
    for (name, source, _) in REFERENCES {
        assert_eq!(read(&format!("{{ {name} }}")), Wanted::Text(vec![Part::FirstOf(vec![source])]));
    }
    let named = |name: &str| Source::Trait(name.to_owned());
    assert_eq!(
        read("{traits[\"a } b\"] | traits.c-d|facts.e | 'f | }'}"),
        Wanted::Text(vec![Part::FirstOf(vec![
            named("a } b"),
            named("c-d"),
            Source::Fact("e".into()),
            Source::Text("f | }".into())
        ])])
    );
}
