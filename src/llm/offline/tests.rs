use std::sync::{Arc, LazyLock};

use futures_util::{FutureExt, StreamExt};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::chat::{CheckError, Message, SystemPrompt, Tool, ToolCall, ToolChoice, ToolKind, Toolbox};
use crate::llm::Tuning;
use crate::prompts::Prompts;
use crate::tools::Tools;

/// The shipped tools, or some of them.
struct Part(Tools, Vec<Tool>);

impl Toolbox for Part {
    fn tools(&self) -> &[Tool] {
        &self.1
    }

    fn check(&self, index: usize, arguments: &str) -> Result<Value, CheckError> {
        let index = self.0.position(&self.1[index].name).unwrap();
        self.0.check(index, arguments)
    }
}

fn toolbox(without: &[ToolKind]) -> Arc<dyn Toolbox> {
    let tools = Tools::embedded();
    let kept = tools.tools().iter().filter(|tool| !without.contains(&tool.kind)).cloned().collect();
    Arc::new(Part(tools, kept))
}

static PROMPTS: LazyLock<Arc<Prompts>> = LazyLock::new(|| Arc::new(Prompts::embedded()));

/// A call with the agent, played as the session would.
struct Call {
    language: String,
    toolbox: Arc<dyn Toolbox>,
    messages: Vec<Message>,
}

/// What came of one thing the caller said.
#[derive(Debug, Default, PartialEq)]
struct Heard {
    words: String,
    /// Tool names with their arguments, in order.
    calls: Vec<(String, Value)>,
}

impl Heard {
    fn call(&self, name: &str) -> Option<&Value> {
        self.calls.iter().find(|(called, _)| called == name).map(|(_, arguments)| arguments)
    }
}

impl Call {
    fn new(language: &str) -> Self {
        let greeting = Message::Assistant { text: "Hello, you talk to an AI.".into(), calls: Vec::new() };
        Self { language: language.into(), toolbox: toolbox(&[]), messages: vec![greeting] }
    }

    fn ask(&self, choice: ToolChoice) -> (String, Vec<ToolCall>) {
        ask(self.question(choice))
    }

    fn question(&self, choice: ToolChoice) -> Question {
        Question {
            system: SystemPrompt::new("system").into(),
            messages: self.messages.clone(),
            toolbox: self.toolbox.clone(),
            choice,
            attempt: 1,
            language: self.language.clone(),
            tuning: Tuning::default(),
            prompts: PROMPTS.clone(),
        }
    }

    /// Says something, runs the tools that are asked for, and listens until the agent has answered.
    fn say(&mut self, said: &str) -> Heard {
        self.messages.push(Message::User(said.into()));
        let mut heard = Heard::default();
        let mut choice = ToolChoice::Auto;
        for _ in 0..5 {
            let (words, calls) = self.ask(choice);
            heard.words.push_str(&words);
            self.messages.push(Message::Assistant { text: words.into(), calls: calls.clone() });
            if calls.is_empty() {
                return heard;
            }
            for call in calls {
                let index = self.toolbox.position(&call.name).expect("only tools that exist are asked for");
                let arguments = self.toolbox.check(index, call.arguments.expose()).expect("arguments fit");
                match self.toolbox.tools()[index].kind {
                    ToolKind::SwitchLanguage => {
                        self.language = arguments["language"].as_str().unwrap().to_owned()
                    }
                    ToolKind::Escalate | ToolKind::EndCall => choice = ToolChoice::Never,
                    ToolKind::Remember | ToolKind::External => {}
                }
                heard.calls.push((call.name, arguments));
                self.messages
                    .push(Message::Tool { call_id: call.id, content: r#"{"status":"done"}"#.into() });
            }
        }
        panic!("the agent asks for tools without end: {heard:?}");
    }
}

fn ask(question: Question) -> (String, Vec<ToolCall>) {
    let events = Offline.ask(question).collect::<Vec<_>>().now_or_never().expect("nothing is waited for");
    let mut words = String::new();
    let (last, deltas) = events.split_last().unwrap();
    for delta in deltas {
        let ModelEvent::Words(delta) = delta else { panic!("{delta:?}") };
        assert!(delta.trim_end().split(' ').count() <= 1, "one word at a time: {delta:?}");
        words.push_str(delta);
    }
    let ModelEvent::Done { calls, finish: Finish::Complete } = last else { panic!("{last:?}") };
    (words, calls.clone())
}

#[test]
fn with_no_settings_at_all_a_request_for_a_person_escalates() {
    let heard = Call::new("en-US").say("Can I please talk to a real person?");
    let escalate = heard.call("escalate").expect("it escalates");
    assert_eq!(escalate["reasonCode"], "caller_request");
    for key in ["reason", "callSummary"] {
        assert!(escalate[key].as_str().is_some_and(|text| !text.trim().is_empty()), "{key}");
    }
    assert!(["positive", "neutral", "negative"].contains(&escalate["sentiment"].as_str().unwrap()));
    assert_eq!(heard.words, "I am connecting you with a person now.");
}

#[test]
fn a_caller_is_answered_from_the_knowledge_and_led_on() {
    for (language, said, expected) in [
        ("en-US", "Where is my parcel?", "You can see where a parcel is at any time"),
        ("en-GB", "How much does it cost?", "six dollars"),
        ("en-US", "When do you open?", "Most parcel shops are open from nine to six"),
        ("en-US", "Are you a robot?", "not a language model"),
        ("es-US", "¿Eres un robot?", "ni tampoco un modelo de lenguaje"),
        ("es-MX", "¿Cuánto cuesta?", "seis dólares"),
        ("en-US", "help", "tracking a parcel, delivery times, missed delivery and changing an address"),
        ("en-US", "I've got a question", "I can tell you about these topics: tracking a parcel"),
        ("en-US", "It still hasn't arrived", "You can see where a parcel is at any time"),
        ("en-US", "I don't want a person", "All right. What else can I help you with?"),
        ("es-US", "Quiero saber cuánto cuesta enviar un paquete", "seis dólares"),
        ("en-US", "Thank you", "You are welcome."),
        ("en-US", "Hello", "Hello! What can I help you with?"),
        ("en-US", "What is the capital of France?", "I do not know that. Would you like me to connect you"),
        ("en-US", "There is a fire, call an ambulance", "911 or 112"),
        ("en-US", "My card is 4111 1111 1111 1111", "I did not keep it"),
        ("fr-FR", "Combien?", "I do not know that"),
    ] {
        let heard = Call::new(language).say(said);
        assert!(heard.words.contains(expected), "{said}: {heard:?}");
        assert_eq!(heard.calls, [], "{said}");
    }
}

#[test]
fn what_was_said_last_is_said_again() {
    let mut call = Call::new("en-US");
    let first = call.say("How much does it cost?");
    assert_eq!(call.say("Could you repeat that?"), first);
}

#[test]
fn an_upset_caller_is_offered_a_person_and_then_gets_one() {
    let mut call = Call::new("en-US");
    let first = call.say("This is ridiculous");
    assert!(
        first.words.contains("I am sorry") && first.words.contains("connect you with a person"),
        "{first:?}"
    );
    call.say("Where is my parcel?");
    let second = call.say("This is ridiculous, I have waited for three weeks");
    assert_eq!(second.call("escalate").unwrap()["reasonCode"], "upset_caller");
}

#[test]
fn a_rule_that_speaks_for_an_upset_caller_is_not_taken_for_a_request() {
    let code = |said: &str| {
        let mut call = Call::new("en-US");
        call.messages.push(Message::User(said.into()));
        let (_, calls) = call.ask(ToolChoice::Escalate);
        let arguments: Value = serde_json::from_str(calls[0].arguments.expose()).unwrap();
        arguments["reasonCode"].as_str().unwrap().to_owned()
    };
    for (said, expected) in [
        ("I am so disappointed, your service is terrible", "upset_caller"),
        ("This is ridiculous, get me a person", "caller_request"),
        ("I don't understand you", "not_understood"),
        ("Where is my parcel?", "caller_request"),
    ] {
        assert_eq!(code(said), expected, "{said}");
    }
}

#[test]
fn what_follows_a_greeting_is_answered_and_handed_over() {
    let mut call = Call::new("en-US");
    let first = call.say("Hi is your driver supposed to come around the back");
    assert!(first.words.contains("I do not know that"), "{first:?}");
    let heard = call.say("Yes please");
    let summary = heard.call("escalate").unwrap()["callSummary"].as_str().unwrap().to_owned();
    assert!(summary.contains("come around the back"), "{summary}");
}

#[test]
fn a_yes_after_an_offer_escalates_and_another_yes_does_not() {
    let mut call = Call::new("en-US");
    assert_eq!(call.say("Yes").calls, []);
    call.say("My parcel arrived broken");
    let heard = call.say("Yes, please.");
    let escalate = heard.call("escalate").unwrap();
    assert_eq!(
        (&escalate["reasonCode"], &escalate["topic"]),
        (&"caller_request".into(), &"Damaged parcels".into())
    );
    assert!(escalate["callSummary"].as_str().unwrap().contains("My parcel arrived broken"));
}

#[test]
fn an_offer_that_was_cut_off_was_not_made() {
    let mut call = Call::new("en-US");
    call.say("What is the capital of France?");
    call.messages.pop();
    call.messages.push(Message::Assistant { text: "I am sorry, I do".into(), calls: Vec::new() });
    assert_eq!(call.say("Yes").calls, []);
}

#[test]
fn a_declined_offer_goes_on_and_nothing_else_ends_the_call() {
    let mut call = Call::new("en-US");
    call.say("What is the capital of France?");
    assert_eq!(call.say("No").words, "All right. What else can I help you with?");
    assert!(call.say("When do you open?").words.ends_with("Is there anything else I can help you with?"));
    let heard = call.say("No");
    assert!(heard.call("end_call").is_some());
    assert_eq!(heard.words, "Thank you for calling. Goodbye.");
}

#[test]
fn a_second_question_without_an_answer_leads_to_a_person() {
    let mut call = Call::new("en-US");
    call.say("What is the capital of France?");
    let heard = call.say("And of Peru?");
    let escalate = heard.call("escalate").unwrap();
    assert_eq!(escalate["reasonCode"], "not_understood");
    assert!(escalate["callSummary"].as_str().unwrap().contains("And of Peru"));
    let mut call = Call::new("en-US");
    call.say("What is the capital of France?");
    call.say("When do you open?");
    assert_eq!(call.say("And of Peru?").calls, [], "they did not follow each other");
}

#[test]
fn a_number_is_remembered_and_read_back() {
    for said in ["My number is 1234 5678", "[keypad] 12345678"] {
        let heard = Call::new("en-US").say(said);
        assert_eq!(heard.call("remember").unwrap()["facts"]["number"], "12345678");
        assert!(heard.words.contains("I noted the number 1 2 3 4 5 6 7 8."), "{heard:?}");
    }
}

#[test]
fn a_number_and_a_request_in_one_breath_are_both_kept() {
    let heard = Call::new("en-US").say("I want to talk to a person about 12345678");
    let names: Vec<_> = heard.calls.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["remember", "escalate"]);
    assert!(heard.calls[1].1["callSummary"].as_str().unwrap().contains("number 12345678"));
}

#[test]
fn goodbye_ends_the_call() {
    for (language, said, expected) in [
        ("en-US", "Thanks, goodbye", "Thank you for calling. Goodbye."),
        ("en-US", "No, that's all", "Thank you for calling. Goodbye."),
        ("es-US", "Gracias, adiós", "Gracias por llamar. Adiós."),
    ] {
        let heard = Call::new(language).say(said);
        assert!(heard.call("end_call").is_some(), "{heard:?}");
        assert_eq!(heard.words, expected);
    }
}

#[test]
fn spanish_in_an_english_call_is_answered_in_spanish_and_back() {
    let mut call = Call::new("en-US");
    let heard = call.say("Hola, ¿dónde está mi paquete?");
    assert_eq!(heard.call("switch_language").unwrap()["language"], "es-US");
    assert!(heard.words.starts_with("Puede ver dónde está su paquete"), "{heard:?}");
    assert_eq!(call.say("¿Cuánto cuesta?").calls, []);
    let heard = call.say("Sorry, can we speak English please?");
    assert_eq!(heard.call("switch_language").unwrap()["language"], "en-US");
    assert!(heard.words.contains("we can speak English"), "{heard:?}");
}

#[test]
fn a_spanish_request_for_a_person_switches_and_escalates_at_once() {
    let heard = Call::new("en-US").say("Quiero hablar con una persona");
    let names: Vec<_> = heard.calls.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["switch_language", "escalate"]);
    assert_eq!(heard.words, "Le comunico ahora con una persona.");
    assert!(
        heard.calls[1].1["callSummary"].as_str().unwrap().contains("in Spanish: “Quiero hablar"),
        "{heard:?}"
    );
}

#[test]
fn missing_tools_are_done_without() {
    let mut call = Call::new("en-US");
    call.toolbox =
        toolbox(&[ToolKind::EndCall, ToolKind::Remember, ToolKind::SwitchLanguage, ToolKind::Escalate]);
    for (said, expected) in [
        ("12345678", "I noted the number"),
        ("¿Dónde está mi paquete?", "Puede ver dónde está"),
        ("I want to talk to a real person", "For a person, please press 0."),
        ("Goodbye", "Thank you for calling. Goodbye."),
    ] {
        let heard = call.say(said);
        assert!(heard.words.contains(expected), "{said}: {heard:?}");
        assert_eq!(heard.calls, []);
    }
}

#[test]
fn a_refused_escalation_is_tried_twice_and_then_the_key_is_named() {
    let mut call = Call::new("en-US");
    call.messages.push(Message::User("I want to talk to a real person".into()));
    for _ in 0..2 {
        let (words, calls) = call.ask(ToolChoice::Auto);
        assert_eq!((words.as_str(), calls[0].name.as_str()), ("", "escalate"));
        let result = Message::Tool { call_id: calls[0].id.clone(), content: r#"{"error":"no"}"#.into() };
        call.messages.extend([Message::Assistant { text: "".into(), calls }, result]);
    }
    let (words, calls) = call.ask(ToolChoice::Auto);
    assert_eq!((words.contains("please press 0"), calls), (true, Vec::new()));
}

#[test]
fn a_person_may_be_decided_on_before_the_caller_spoke() {
    let mut call = Call::new("en-US");
    call.messages.clear();
    let (words, calls) = call.ask(ToolChoice::Escalate);
    assert_eq!((words.as_str(), calls[0].name.as_str()), ("", "escalate"));
    assert!(
        call.toolbox.check(call.toolbox.position("escalate").unwrap(), calls[0].arguments.expose()).is_ok()
    );
}

#[test]
fn it_says_that_it_is_no_model() {
    assert_eq!(Offline.describe(), "embedded agent (fixed rules, no language model)");
}

/// Messages in any order, as no session would send them.
fn message() -> impl Strategy<Value = Message> {
    let said = prop_oneof![
        "\\PC{0,60}",
        "[0-9 \\-]{0,24}",
        prop::sample::select(vec![
            "Where is my parcel?",
            "yes",
            "no",
            "Hola",
            "goodbye",
            "a real person please",
            "12345678",
            "This is ridiculous",
            "repeat",
            "speak Spanish",
            "[keypad] 1",
            "ambulance",
        ])
        .prop_map(str::to_owned),
    ];
    let call = |name: String| ToolCall { id: "offline_0".into(), name, arguments: "{}".into() };
    let name = prop::sample::select(vec!["escalate", "end_call", "remember", "switch_language", "other"]);
    let calls = prop::collection::vec(name.prop_map(str::to_owned).prop_map(call), 0..3);
    prop_oneof![
        4 => said.prop_map(|said| Message::User(said.into())),
        1 => ("\\PC{0,60}", calls).prop_map(|(text, calls)| Message::Assistant { text: text.into(), calls }),
        1 => "\\PC{0,20}".prop_map(|content| Message::Tool { call_id: "offline_0".into(), content: content.into() }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_conversation_breaks_it(
        messages in prop::collection::vec(message(), 0..12),
        language in prop::sample::select(vec!["en-US", "es-MX", "fr-FR", ""]),
        missing in prop::sample::subsequence(vec![ToolKind::EndCall, ToolKind::Remember, ToolKind::SwitchLanguage], 0..=3),
    ) {
        let call = Call { language: language.into(), toolbox: toolbox(&missing), messages };
        for choice in [ToolChoice::Auto, ToolChoice::Never, ToolChoice::Escalate] {
            let (words, calls) = call.ask(choice);
            prop_assert_eq!(call.ask(choice), (words.clone(), calls.clone()), "the same again");
            for call_made in &calls {
                let index = call.toolbox.position(&call_made.name);
                prop_assert!(index.is_some_and(|index| call.toolbox.check(index, call_made.arguments.expose()).is_ok()));
            }
            match choice {
                ToolChoice::Auto => prop_assert!(!words.is_empty() || !calls.is_empty()),
                ToolChoice::Never => prop_assert!(calls.is_empty() && !words.is_empty()),
                ToolChoice::Escalate => prop_assert!(calls.iter().any(|call| call.name == "escalate")),
            }
        }
    }
}
