//! The rules beside the model as settings change them. `tests/calls` has those that hold without any.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use warmline::chat::{Finish, ModelEvent, ToolChoice};
use warmline::relay::{Inbound, Outbound};
use warmline::session::rules::{AfterSilence, Emergencies, Rules};
use warmline::session::{Ask, Input, Opening, Output, Session, Settings};

use super::model::SettingsFile;
use crate::bridge::{FAST, SOON, TestBridge, task};
use crate::model::Step;
use crate::rehearsal::{rules, settings, start, toolbox};

/// A call whose clock is turned by hand.
struct Talk {
    session: Session,
    settings: Settings,
    now: Instant,
    /// What was said since it was last looked at.
    said: String,
    asked: Option<Ask>,
    document: Option<Value>,
}

impl Talk {
    fn with(change: impl FnOnce(&mut Rules)) -> Self {
        let mut own = rules();
        change(&mut own);
        let settings = Settings { rules: Arc::new(own), ..settings(toolbox()) };
        let now = start();
        let (session, _) = Session::new(settings.clone(), None, now);
        Self { session, settings, now, said: String::new(), asked: None, document: None }
    }

    fn input(&mut self, input: Input) {
        for output in self.session.handle_input(input, self.now) {
            match output {
                Output::Send(Outbound::Text(speech)) => self.said.push_str(&speech.token),
                Output::Send(Outbound::End { handoff_data }) => {
                    self.document = serde_json::from_str(&handoff_data.unwrap()).ok();
                }
                Output::Ask(ask) => self.asked = Some(ask),
                Output::Cancel(_) => self.asked = None,
                _ => {}
            }
        }
    }

    fn says(&mut self, words: &str) {
        self.input(Input::Frame(Inbound::Prompt { text: words.into(), language: None, last: true }));
    }

    fn passes(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.session.deadline().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.input(Input::DeadlinePassed);
        }
        self.now = until;
    }

    /// The model answers with these words.
    fn answers(&mut self, words: &str) {
        let ask = self.asked.take().expect("the model was asked");
        assert_eq!(ask.choice, ToolChoice::Auto);
        self.input(Input::Model(ask.id, ModelEvent::Words(words.into())));
        self.input(Input::Model(ask.id, ModelEvent::Done { calls: Vec::new(), finish: Finish::Complete }));
        self.said.clear();
    }

    /// The socket is lost, and the next session of the call goes on.
    fn reconnects(&mut self) {
        let settings = Settings { opening: Opening::Reconnected(None), ..self.settings.clone() };
        let (placeholder, _) = Session::new(settings.clone(), None, self.now);
        let memory = std::mem::replace(&mut self.session, placeholder).into_memory();
        (self.session, _) = Session::new(settings, Some(memory), self.now);
    }

    /// Whether the model is asked for an answer, and not for a summary.
    fn is_asked(&self) -> bool {
        self.asked.as_ref().is_some_and(|ask| ask.choice == ToolChoice::Auto)
    }

    /// What led to the hand-off; the way out takes its time.
    fn trigger(&mut self) -> String {
        self.passes(Duration::from_secs(15));
        let document = self.document.as_ref().expect("the call has ended");
        document["warmline"]["trigger"].as_str().unwrap().to_owned()
    }
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_silence_may_end_in_a_goodbye() {
    let mut talk = Talk::with(|rules| rules.after_silence = AfterSilence::Goodbye);
    talk.passes(24 * SECOND);
    assert_eq!(talk.said, "Are you still there?Goodbye.");
    assert_eq!(talk.trigger(), "silence");
    assert_eq!(talk.document.unwrap()["warmline"]["outcome"], "completed");
}

#[test]
fn without_the_rules_a_call_lasts_as_long_as_the_caller_wants() {
    let mut talk = Talk::with(|rules| {
        *rules = Rules {
            requests: false,
            emergencies: Emergencies::Off,
            silence: Duration::ZERO,
            after_silence: AfterSilence::Person,
            no_progress: 0,
            tool_errors: 0,
            upset: 0,
            longest: Duration::ZERO,
            most_turns: 0,
            keys: [].into(),
            topics: Vec::new(),
        };
    });
    for round in 0..200 {
        let words =
            ["this is terrible", "I want to talk to a person", "my house is on fire", "a stolen card"];
        talk.says(words[round / 2 % words.len()]);
        assert!(talk.is_asked(), "round {round}");
        talk.answers("I didn't understand that.");
        talk.passes(60 * SECOND);
        assert_eq!(talk.said, "", "round {round}");
    }
}

#[test]
fn a_call_that_lasted_long_goes_to_a_person_between_two_answers() {
    let mut talk = Talk::with(|rules| rules.longest = 60 * SECOND);
    for question in 0..6 {
        talk.passes(9 * SECOND);
        talk.says(&format!("question number {question}"));
        talk.answers("An answer.");
    }
    talk.passes(6 * SECOND - Duration::from_millis(1));
    assert_eq!(talk.said, "");
    talk.passes(Duration::from_millis(1));
    assert_eq!(talk.said, "I am connecting you now.");
    assert_eq!(talk.trigger(), "longest_duration");
}

#[test]
fn an_answer_under_way_may_end_before_the_call_is_handed_over() {
    let mut talk = Talk::with(|rules| rules.longest = 20 * SECOND);
    talk.passes(9 * SECOND);
    talk.says("tell me all");
    let ask = talk.asked.take().unwrap();
    // It goes on and on, and is cut after a while.
    for _ in 0..12 {
        talk.input(Input::Model(ask.id, ModelEvent::Words("More. ".into())));
        talk.passes(2 * SECOND);
    }
    talk.input(Input::Model(ask.id, ModelEvent::Words("More. ".into())));
    talk.passes(2 * SECOND - Duration::from_millis(1));
    assert!(!talk.said.contains("connecting"), "{}", talk.said);
    talk.passes(Duration::from_millis(1));
    assert!(talk.said.ends_with("I am connecting you now."), "{}", talk.said);
    assert_eq!(talk.trigger(), "longest_duration");
}

#[test]
fn what_was_counted_outlives_a_lost_line() {
    let mut talk = Talk::with(|rules| rules.longest = 30 * SECOND);
    talk.says("this is ridiculous");
    talk.answers("I am sorry.");
    talk.passes(9 * SECOND);
    talk.reconnects();
    talk.says("this is a terrible service");
    assert!(!talk.is_asked(), "upset a second time");
    assert_eq!(talk.trigger(), "sentiment");

    let mut talk = Talk::with(|rules| (rules.longest, rules.silence) = (30 * SECOND, Duration::ZERO));
    talk.says("hello there");
    talk.answers("Hello.");
    talk.passes(20 * SECOND);
    talk.says("and now");
    talk.answers("Now.");
    talk.reconnects();
    talk.passes(11 * SECOND);
    assert_eq!(talk.trigger(), "longest_duration");
}

#[test]
fn so_many_turns_are_answered_and_no_more() {
    let mut talk = Talk::with(|rules| rules.most_turns = 3);
    for words in ["one question", "another question", "a third question"] {
        talk.says(words);
        talk.answers("An answer.");
    }
    talk.says("a fourth question");
    assert!(!talk.is_asked());
    assert_eq!(talk.trigger(), "most_turns");
}

#[test]
fn an_emergency_is_met_as_the_settings_say() {
    let line = "In danger, call the emergency number.";
    let mut talk = Talk::with(|rules| rules.emergencies = Emergencies::Say);
    talk.says("there is a fire");
    assert_eq!(talk.said, line);
    assert!(talk.asked.is_none(), "the model was asked too");
    // Told once. After that the model deals with it.
    talk.says("yes, there is a fire");
    assert!(talk.is_asked());

    let mut talk = Talk::with(|rules| rules.emergencies = Emergencies::Person);
    talk.says("there is a fire");
    assert_eq!(talk.said, "I am connecting you now.");
    assert_eq!(talk.trigger(), "emergency");
}

#[test]
fn an_emergency_during_the_farewell_gets_a_person() {
    let mut talk = Talk::with(|rules| rules.after_silence = AfterSilence::Goodbye);
    talk.passes(24 * SECOND);
    talk.says("help, my house is on fire");
    assert_eq!(talk.trigger(), "emergency");
    assert_eq!(talk.document.unwrap()["warmline"]["outcome"], "escalated");
}

#[tokio::test]
async fn a_whole_server_asks_a_silent_caller_and_hands_over() {
    let file = SettingsFile::new(
        "[timings]\ncharacters_per_second = 400\n[rules]\nsilence = 150\n\
         [[rules.topics]]\nname = \"fraud\"\nphrases = [\"stolen card\"]\n",
    );
    let bridge =
        TestBridge::with(&[("WARMLINE_CONFIG", file.path())], |_| vec![Step::Say("Thank you.".to_owned())])
            .await;
    let (mut call, mut conversation) = bridge.connected(FAST).await;
    assert_eq!(conversation.wait_reply(SOON).await.unwrap().text, "Are you still there?");
    conversation.say("yes, I am here").await.unwrap();
    conversation.wait_words(SOON).await.unwrap();
    let messages = bridge.model.last_messages();
    let greeting = messages[0]["content"].as_str().unwrap();
    assert!(greeting.ends_with("How can I help? Are you still there?"), "{greeting}");
    assert_eq!(messages[1], json!({"role": "user", "content": "yes, I am here"}));
    conversation.until_end(SOON).await.unwrap();
    let document = task(call.finish(conversation).await.unwrap());
    assert_eq!(
        (&document["reasonCode"], &document["warmline"]["trigger"]),
        (&json!("silence"), &json!("silence"))
    );

    let (mut call, mut conversation) = bridge.connected(FAST).await;
    conversation.say("it is about a stolen card").await.unwrap();
    conversation.until_end(SOON).await.unwrap();
    let document = task(call.finish(conversation).await.unwrap());
    assert_eq!(
        (&document["warmline"]["trigger"], &document["warmline"]["topic"]),
        (&json!("topic"), &json!("fraud"))
    );
}
