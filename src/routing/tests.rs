//! Conditions one by one, and what holds for all rules and facts.

use proptest::prelude::*;

use super::*;

const NOW: i64 = 1_800_000_000;

fn condition(text: &str) -> Result<Condition, Fault> {
    Condition::parse(text, Moment::Handoff, |name| name != "secret")
}

fn facts() -> Facts {
    let mut facts = Facts::at(NOW);
    for (name, value) in [
        ("from", "+15551230000"),
        ("sentiment", "negative"),
        ("time", "08:30"),
        ("date", "2026-12-24"),
        ("language", "es-US"),
        ("traits.tier", " Gold "),
        ("traits.count", "3"),
    ] {
        facts.set(name, Fact::Text(value.to_owned()));
    }
    facts.set("turns", Fact::Number(4.0));
    facts.set("traits.docs_last_2_days", Fact::Number(2.0));
    facts.set("traits.vip", Fact::Flag(true));
    facts.set("traits.odd name?", Fact::Text("x".into()));
    facts.set("traits.flex_last-interaction-topics", Fact::List(vec!["Billing".into(), "returns".into()]));
    let an_hour_ago = Fact::Time { text: "an hour ago".into(), at: NOW - 3_600 };
    facts.set("traits.flex_last-interaction-start-time", an_hour_ago);
    facts.set("traits.stamp", Fact::Number((NOW - 60) as f64 * 1_000.0));
    facts
}

#[test]
fn every_operator_holds_and_fails_as_it_says() {
    let facts = facts();
    for (text, holds) in [
        ("sentiment == \"negative\"", true),
        ("sentiment != 'negative'", false),
        ("sentiment in ['neutral', 'negative']", true),
        ("sentiment not in ['neutral','negative']", false),
        ("from starts with '+1'", true),
        ("from starts with '+44'", false),
        ("language contains 'ES'", true),
        ("language == 'ES-us'", true),
        ("turns > 4", false),
        ("turns>=4", true),
        ("turns < 4.5", true),
        ("turns <= 3", false),
        ("turns == 4", true),
        ("time >= '08:30'", true),
        ("time < '08:30'", false),
        ("date == '2026-12-24'", true),
        ("date > '2026-12-24'", false),
        ("traits.docs_last_2_days > 0", true),
        ("traits.docs_last_2_days == '2'", true),
        ("traits.count > 2", true),
        ("traits.tier == 'gold'", true),
        ("traits.tier > 0", false),
        ("traits.vip == true", true),
        ("traits.vip == 'true'", true),
        ("traits.vip != false", true),
        ("traits['odd name?'] == 'x'", true),
        ("traits.flex_last-interaction-topics contains 'billing'", true),
        ("traits.flex_last-interaction-topics contains 'bill'", false),
        ("traits.flex_last-interaction-start-time within 24h", true),
        ("traits.flex_last-interaction-start-time within 59m", false),
        ("traits.flex_last-interaction-start-time older than 59m", true),
        ("traits.flex_last-interaction-start-time older than 1d", false),
        ("traits.stamp within 1m", true),
        ("traits.tier within 7d", false),
        ("traits.vip is known", true),
        ("traits.vip is missing", false),
        ("traits.nothing is missing", true),
        // What is not known is neither one thing nor another.
        ("traits.nothing == 'x'", false),
        ("traits.nothing != 'x'", false),
        ("traits.nothing not in ['x']", false),
        ("traits.nothing < 3", false),
    ] {
        assert_eq!(
            condition(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}")).holds(&facts),
            holds,
            "{text}"
        );
    }
}

#[test]
fn a_mistake_is_told_by_its_place() {
    for (text, at, cause) in [
        ("sentimnt == 'negative'", 0, "unknown fact `sentimnt`"),
        ("  sentiment = 'negative'", 12, "unknown operator"),
        ("sentiment like 'x'", 10, "unknown operator `like`"),
        ("sentiment == 'sad'", 13, "always one of positive"),
        ("sentiment > 'negative'", 10, "says nothing"),
        ("turns > 'many'", 8, "expected a number"),
        ("turns contains '4'", 6, "says nothing"),
        ("time > '8:30'", 7, "time of day"),
        ("date == 'soon'", 8, "expected a date"),
        ("traits.secret == 1", 0, "not listed"),
        ("traits['secret'] == 1", 0, "not listed"),
        ("traits.x within 3 weeks", 16, "such as 30m"),
        ("traits.x within h", 16, "such as 30m"),
        ("traits.x == gold", 12, "in quotes"),
        ("traits.x == 'gold", 12, "no end"),
        ("traits.x in 'gold'", 12, "a list"),
        ("traits.x in ['a' 'b']", 17, ", or ]"),
        ("turns > 3 and turns < 5", 10, "one condition"),
        ("", 0, "unknown fact"),
    ] {
        let fault = condition(text).unwrap_err();
        assert!(fault.at == at && fault.cause.contains(cause), "{text}: {fault:?}");
    }
    let early = Condition::parse("sentiment == 'negative'", Moment::Start, |_| true).unwrap_err();
    assert!(early.cause.contains("not known when a call comes in"), "{early:?}");
}

#[test]
fn nothing_of_a_caller_is_printed_for_a_log() {
    let facts = facts();
    let rules = Rules(vec![Rule {
        name: "gold".into(),
        when: vec![condition("traits.tier == 'silver'").unwrap()],
        decision: (),
    }]);
    let explained = rules.explain(&facts);
    assert_eq!(explained.tried[0].conditions[0].value.as_deref(), Some(" Gold "));
    let printed = format!("{facts:?} {explained:?} {:?}", facts.get("from"));
    assert!(!printed.contains("Gold") && !printed.contains("5551230000"), "{printed}");
}

fn any_fact() -> impl Strategy<Value = Fact> {
    prop_oneof![
        "\\PC{0,12}".prop_map(Fact::Text),
        prop_oneof![Just("negative"), Just("open"), Just("12:00"), Just("3")]
            .prop_map(|word| Fact::Text(word.into())),
        any::<f64>().prop_map(Fact::Number),
        any::<bool>().prop_map(Fact::Flag),
        proptest::collection::vec("[a-c]{1,2}", 0..3).prop_map(Fact::List),
        any::<i64>().prop_map(|at| Fact::Time { text: "t".into(), at }),
    ]
}

fn any_facts() -> impl Strategy<Value = Facts> {
    let names = prop_oneof![
        proptest::sample::select(KNOWN.iter().map(|known| known.name).collect::<Vec<_>>())
            .prop_map(str::to_owned),
        "[ab]".prop_map(|name| format!("{TRAITS}{name}")),
    ];
    (any::<i64>(), proptest::collection::btree_map(names, any_fact(), 0..8)).prop_map(|(now, values)| {
        let mut facts = Facts::at(now);
        values.into_iter().for_each(|(name, value)| facts.set(&name, value));
        facts
    })
}

fn any_condition() -> impl Strategy<Value = Condition> {
    let texts = [
        "sentiment == 'negative'",
        "hours != 'open'",
        "time >= '12:00'",
        "turns < 3",
        "calls > 0.5",
        "from starts with '+'",
        "topic contains 'a'",
        "language in ['a', 'b']",
        "traits.a is known",
        "traits.a is missing",
        "traits.b within 24h",
        "traits.b older than 1m",
        "traits.a not in ['a', 3, true]",
        "traits.b >= -1",
        "traits.a contains 'a'",
        "day == 'monday'",
    ];
    proptest::sample::select(texts.to_vec()).prop_map(|text| condition(text).unwrap())
}

fn any_rules() -> impl Strategy<Value = Rules<usize>> {
    let rule = proptest::collection::vec(any_condition(), 0..3);
    proptest::collection::vec(rule, 0..6).prop_map(|rules| {
        let rule = |(decision, when)| Rule { name: format!("rule {decision}"), when, decision };
        Rules(rules.into_iter().enumerate().map(rule).collect())
    })
}

proptest! {
    #[test]
    fn every_fact_set_gets_one_answer_always_the_same_and_explained(rules in any_rules(), facts in any_facts()) {
        let decided = rules.decide(&facts).map(|(place, rule)| (place, rule.decision));
        prop_assert_eq!(decided, rules.decide(&facts.clone()).map(|(place, rule)| (place, rule.decision)));
        let explained = rules.explain(&facts);
        prop_assert_eq!(explained.fired, decided.map(|(place, _)| place + 1));
        // All before the one that applies do not, and each says which condition failed.
        let before = explained.tried.len() - usize::from(explained.fired.is_some());
        for tried in &explained.tried[..before] {
            prop_assert!(!tried.applies && tried.conditions.iter().any(|condition| !condition.holds));
        }
        prop_assert_eq!(explained.tried.len(), explained.fired.unwrap_or(rules.0.len()));
        // A rule that always applies leaves nothing undecided.
        let mut rules = rules;
        rules.0.push(Rule { name: "default".into(), when: Vec::new(), decision: usize::MAX });
        prop_assert!(rules.decide(&facts).is_some());
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,40}") {
        if let Err(fault) = condition(&text) {
            prop_assert!(fault.at <= text.len() && text.is_char_boundary(fault.at));
        }
    }

    #[test]
    fn no_near_condition_makes_it_panic(
        words in proptest::collection::vec(proptest::sample::select(vec![
            "traits.a", "traits[", "'a'", "]", "==", ">", "in", "[", ",", "é", "is", "known", "within", "3h", "turns", "'",
        ]), 0..7),
    ) {
        let _ = condition(&words.join(" "));
    }
}
