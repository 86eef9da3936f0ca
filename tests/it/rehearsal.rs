//! A call without a line: a `.call` file plays Twilio, the model and the clock to one session, and says what
//! the session must do, in this order and nothing else.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use warmline::caller::script::{
    Answer, Cue, Expectation, Item, Line, Manner, Move, OutcomeKind, Question, Stop, Wish, parse,
};
use warmline::chat::{Finish, Message, ModelError, ModelEvent, Obstacle, Say, ToolCall, ToolChoice, Toolbox};
use warmline::handoff::{Handoff, Outcome, PromptVersion};
use warmline::mask::Also;
use warmline::relay::{Inbound, Outbound};
use warmline::session::rules::{KeyMeaning, Rules, Topic};
use warmline::session::{
    Ask, Input, Lines, Opening, Output, RequestId, Run, RunId, Session, Settings, Timings,
};
use warmline::tools::Tools;

/// The sentences of every rehearsal, so that tuning the real ones breaks no test.
pub(crate) fn lines() -> Lines {
    let say = |en: &str, es: &str| {
        Say::new(BTreeMap::from([("en".to_owned(), en.to_owned()), ("es".to_owned(), es.to_owned())]))
    };
    Lines {
        fillers: vec![say("One moment.", "Un momento."), say("Still looking.", "Sigo buscando.")],
        apology: say(
            "Sorry, something went wrong. A person takes over.",
            "Lo siento. Le paso con una persona.",
        ),
        transfer: say("I am connecting you now.", "Le paso ahora."),
        farewell: say("Goodbye.", "Adiós."),
        cut_off: say("Sorry, we were cut off.", "Perdone, se cortó."),
        cut_short: say("I have to stop there. Shall I go on?", "Tengo que parar. ¿Sigo?"),
        still_there: say("Are you still there?", "¿Sigue ahí?"),
        emergency: say("In danger, call the emergency number.", "En peligro, llame a emergencias."),
        ..Lines::default()
    }
}

/// What every rehearsal begins with.
pub(crate) fn settings(toolbox: Arc<dyn Toolbox>) -> Settings {
    Settings {
        call_sid: "CA00000000000000000000000000000001".parse().unwrap(),
        attempt: 0,
        began: Duration::from_secs(1_000),
        handoff_id: "HO1".into(),
        language: "en-US".into(),
        languages: ["en-US", "es-US", "es-MX"].map(str::to_owned).into(),
        has_fallback: false,
        opening: Opening::Greeting("Hello, this is an AI. How can I help?".into()),
        prompts: PromptVersion { variant: "base".into(), version: "0a1b2c3d4e5f".into() },
        toolbox,
        lines: Arc::new(lines()),
        timings: Timings::default(),
        person_key: Some('0'),
        keypad_length: None,
        rules: Arc::new(rules()),
        desk: None,
        hidden: Also::NOTHING,
    }
}

/// The rules of every rehearsal: the defaults, two keys and a topic.
pub(crate) fn rules() -> Rules {
    let fraud = ["stolen card", "identity theft"].map(str::to_owned);
    let topic = Topic::new("fraud", Some("fraud_desk".into()), &fraud, &["identity theft insurance".into()]);
    let keys = [
        ('8', KeyMeaning::Person("billing".into())),
        ('9', KeyMeaning::Say("What are your opening hours?".into())),
    ];
    Rules { keys: keys.into(), topics: vec![topic], ..Rules::default() }
}

/// The shipped tools and one that runs outside the session.
pub(crate) fn toolbox() -> Arc<dyn Toolbox> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tools");
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Tools::client().expect("a client");
    Arc::new(Tools::load(&folder, &client).expect("the fixture tools load"))
}

/// Plays a file.
///
/// # Panics
///
/// Where the session did something else than the file says, naming the line.
pub(crate) fn check_call(path: &Path) {
    let text = std::fs::read_to_string(path).unwrap();
    let script = parse(&text).unwrap_or_else(|mistakes| panic!("{}: {mistakes:?}", path.display()));
    let mut rehearsal = Rehearsal::new(path.display().to_string());
    for line in script {
        rehearsal.play(&line);
    }
    rehearsal.nothing_left("the end of the file");
    rehearsal.rules_hold();
}

struct Rehearsal {
    name: String,
    session: Session,
    now: Instant,
    outputs: VecDeque<Output>,
    /// The request that `m` lines answer: the latest, even if it was cancelled.
    asked: Option<RequestId>,
    calls: Vec<ToolCall>,
    /// The runs that have not answered, oldest first, also those nobody waits for.
    runs: Vec<(String, RunId)>,
    toolbox: Arc<dyn Toolbox>,
    sent: Vec<Value>,
    kept: Option<Handoff>,
    hung_up: bool,
}

impl Rehearsal {
    fn new(name: String) -> Self {
        let now = start();
        let toolbox = toolbox();
        let (session, opening) = Session::new(settings(toolbox.clone()), None, now);
        assert!(opening.is_empty(), "the greeting is Twilio's to say");
        Self {
            name,
            session,
            now,
            outputs: VecDeque::new(),
            asked: None,
            calls: Vec::new(),
            runs: Vec::new(),
            toolbox,
            sent: Vec::new(),
            kept: None,
            hung_up: false,
        }
    }

    fn play(&mut self, line: &Line) {
        let place = format!("{}:{}", self.name, line.number);
        if !matches!(line.item, Item::Expect(_)) {
            self.nothing_left(&place);
        }
        match &line.item {
            Item::Caller(Cue::HangUp) => self.hung_up = true,
            Item::Caller(cue) => {
                let frame = cue.to_frame().expect("only a hang-up has no frame");
                // As the driver does: a frame that cannot be read costs nothing.
                if let Ok(frame) = Inbound::parse(&frame) {
                    self.input(Input::Frame(frame));
                }
            }
            Item::Model(action) => self.model(action, &place),
            Item::Tool(answer) => self.tool(answer, &place),
            Item::Supervisor(wish) => self.input(match wish {
                Wish::TakeOver(reason) => Input::HandOver(reason.as_deref().map(Into::into)),
                Wish::Whisper(note) => Input::Whisper(note.as_str().into()),
            }),
            Item::Wait(time) => self.wait(*time),
            Item::Expect(expected) => self.expect(expected, &place),
            Item::Ends(outcome) => {
                let document = self.kept.as_ref().map(|kept| {
                    serde_json::from_str::<Value>(&kept.to_handoff_data()).expect("documents are JSON")
                });
                let differences = outcome.differences(self.ending(), document.as_ref());
                assert!(differences.is_empty(), "{place}: {}", differences.join("; "));
            }
        }
    }

    fn ending(&self) -> OutcomeKind {
        match self.kept.as_ref().map(|kept| kept.context.outcome) {
            Some(Outcome::Escalated) => OutcomeKind::Escalated,
            Some(Outcome::Completed) => OutcomeKind::Completed,
            None => OutcomeKind::HungUp,
        }
    }

    fn input(&mut self, input: Input) {
        let outputs = self.session.handle_input(input, self.now);
        for output in outputs {
            match &output {
                Output::Ask(ask) => {
                    self.asked = Some(ask.id);
                    every_call_has_one_result(ask);
                }
                Output::Send(frame) => self.sent.push(serde_json::from_str(&frame.to_json()).unwrap()),
                Output::Keep(handoff) => {
                    self.kept = Some((**handoff).clone());
                    continue;
                }
                // For the log alone.
                Output::Report(_) => continue,
                Output::Run(run) => self.runs.push((self.tool_name(run).to_owned(), run.id)),
                Output::Cancel(_) | Output::Forget(_) => {}
            }
            self.outputs.push_back(output);
        }
    }

    fn model(&mut self, action: &Move, place: &str) {
        let request = self.asked.unwrap_or_else(|| panic!("{place}: the model was not asked"));
        let event = match action {
            Move::Words(words) => ModelEvent::Words(words.into()),
            Move::Call { name, arguments } => {
                let id = format!("call_{}", self.calls.len());
                self.calls.push(ToolCall { id, name: name.clone(), arguments: arguments.as_str().into() });
                return;
            }
            Move::Progress => ModelEvent::Progress,
            Move::Done(finish) => {
                ModelEvent::Done { calls: std::mem::take(&mut self.calls), finish: ending(*finish) }
            }
            Move::Fail(reason) => ModelEvent::Failed(failure(reason)),
        };
        self.input(Input::Model(request, event));
    }

    fn tool(&mut self, answer: &Answer, place: &str) {
        let oldest = self.runs.iter().position(|(tool, _)| *tool == answer.tool);
        let oldest = oldest.unwrap_or_else(|| panic!("{place}: {} does not run", answer.tool));
        let (_, run) = self.runs.remove(oldest);
        let result = match &answer.result {
            Ok(result) => Ok(result.as_str().into()),
            Err(why) => Err(why.as_str().into()),
        };
        self.input(Input::ToolDone(run, result));
    }

    fn tool_name(&self, run: &Run) -> &str {
        &self.toolbox.tools()[run.tool].name
    }

    /// Turns the clock, stopping wherever the session wants to be called.
    fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(deadline) = self.session.deadline().filter(|deadline| *deadline <= until) {
            assert!(deadline > self.now || self.session.deadline() == Some(deadline), "time runs forward");
            self.now = self.now.max(deadline);
            self.input(Input::DeadlinePassed);
            let again = self.session.deadline() == Some(deadline);
            assert!(!again, "{}: the deadline that passed was not dealt with", self.name);
        }
        self.now = until;
    }

    fn expect(&mut self, expected: &Expectation, place: &str) {
        match expected {
            Expectation::Words(words) => {
                let reply = self.reply(place);
                let found = reply.to_lowercase().contains(&words.to_lowercase());
                assert!(found, "{place}: the reply was {reply:?}");
            }
            Expectation::Frame(frame) => {
                let mut sent = match self.next(place) {
                    Output::Send(frame) => serde_json::from_str::<Value>(&frame.to_json()).unwrap(),
                    other => panic!("{place}: instead came {other:?}"),
                };
                // The document is checked by the `=` line.
                if frame.get("handoffData").is_none() {
                    sent.as_object_mut().unwrap().remove("handoffData");
                }
                assert_eq!(&sent, frame, "{place}");
            }
            Expectation::Ask(question) => match self.next(place) {
                Output::Ask(ask) => agrees(&ask, question, place),
                other => panic!("{place}: instead came {other:?}"),
            },
            Expectation::Run { tool, arguments } => match self.next(place) {
                Output::Run(run) => {
                    assert_eq!(self.tool_name(&run), tool, "{place}");
                    assert_eq!(arguments.as_ref().unwrap_or(&run.arguments), &run.arguments, "{place}");
                }
                other => panic!("{place}: instead came {other:?}"),
            },
            Expectation::Forget(tool) => match self.next(place) {
                Output::Forget(run) => {
                    let named = self.runs.iter().find(|(_, id)| *id == run);
                    assert_eq!(named.map(|(name, _)| name.as_str()), Some(tool.as_str()), "{place}");
                }
                other => panic!("{place}: instead came {other:?}"),
            },
            Expectation::Cancel => match self.next(place) {
                Output::Cancel(_) => {}
                other => panic!("{place}: instead came {other:?}"),
            },
        }
    }

    /// The text frames up to the one that closes the reply.
    fn reply(&mut self, place: &str) -> String {
        let mut reply = String::new();
        loop {
            match self.next(place) {
                Output::Send(Outbound::Text(speech)) => {
                    reply.push_str(&speech.token);
                    if speech.last {
                        return reply;
                    }
                }
                other => panic!("{place}: in the middle of the reply {reply:?} came {other:?}"),
            }
        }
    }

    fn next(&mut self, place: &str) -> Output {
        self.outputs.pop_front().unwrap_or_else(|| panic!("{place}: nothing more came"))
    }

    fn nothing_left(&self, place: &str) {
        let left: Vec<String> = self
            .outputs
            .iter()
            .map(|output| match output {
                Output::Send(frame) => frame.to_json(),
                other => format!("{other:?}"),
            })
            .collect();
        assert!(left.is_empty(), "{place}: before this came {left:#?}");
    }

    /// What must hold in every call, whatever the file says.
    fn rules_hold(&self) {
        let ends = self.sent.iter().filter(|frame| frame["type"] == "end").count();
        assert!(ends <= 1, "{}: `end` was sent {ends} times", self.name);
        if ends == 1 {
            let last = self.sent.last().unwrap();
            assert_eq!(last["type"], "end", "{}: something followed `end`", self.name);
            is_a_document(last["handoffData"].as_str().expect("`handoffData` is a string"));
        }
        let mut open = false;
        for frame in self.sent.iter().filter(|frame| frame["type"] == "text") {
            let (token, last) = (frame["token"].as_str().unwrap(), frame["last"].as_bool().unwrap());
            assert!(open || !token.is_empty(), "{}: an empty closer without a reply", self.name);
            open = !last;
        }
        assert!(!open || ends == 0, "{}: `end` came before the reply was closed", self.name);
    }
}

/// What must hold of every hand-off document, as Twilio carries it.
pub(crate) fn is_a_document(handoff_data: &str) {
    assert!(handoff_data.chars().count() <= 3_000, "{} characters", handoff_data.chars().count());
    let document: Value = serde_json::from_str(handoff_data).expect("documents are JSON");
    for key in ["reasonCode", "reason", "callSummary", "sentiment"] {
        assert!(document[key].is_string(), "no {key}");
    }
}

/// Rule 5 of a call, in every request.
pub(crate) fn every_call_has_one_result(ask: &Ask) {
    let mut due: VecDeque<&str> = VecDeque::new();
    for message in &ask.messages {
        match message {
            Message::Assistant { calls, .. } => {
                assert!(due.is_empty(), "calls without results: {due:?}");
                due.extend(calls.iter().map(|call| call.id.as_str()));
            }
            Message::Tool { call_id, .. } => assert_eq!(due.pop_front(), Some(call_id.as_str())),
            Message::User(_) => assert!(due.is_empty(), "calls without results: {due:?}"),
        }
    }
    assert!(due.is_empty(), "calls without results: {due:?}");
}

fn agrees(ask: &Ask, question: &Question, place: &str) {
    match question.manner {
        Some(Manner::Again) => assert_eq!(ask.attempt, 2, "{place}: the question was new"),
        Some(Manner::Escalate) => assert_eq!(ask.choice, ToolChoice::Escalate, "{place}"),
        Some(Manner::Goodbye) => assert_eq!(ask.choice, ToolChoice::Never, "{place}"),
        None => assert_eq!((ask.attempt, ask.choice), (1, ToolChoice::Auto), "{place}"),
    }
    let told = ask.notes.as_ref().map(|notes| notes.expose().as_str());
    assert_eq!(told, question.notes.as_deref(), "{place}: what the model is told beside the conversation");
    if let Some(messages) = &question.messages {
        assert_eq!(Value::from(messages.clone()), rendered(&ask.messages), "{place}");
    }
}

/// Messages as a script writes them.
fn rendered(messages: &[Message]) -> Value {
    let render = |message: &Message| match message {
        Message::User(text) => json!({"role": "user", "content": text}),
        Message::Assistant { text, calls } if calls.is_empty() => {
            json!({"role": "assistant", "content": text})
        }
        Message::Assistant { text, calls } => {
            let names: Vec<_> = calls.iter().map(|call| call.name.as_str()).collect();
            json!({"role": "assistant", "content": text, "calls": names})
        }
        Message::Tool { content, .. } => json!({"role": "tool", "content": content}),
    };
    messages.iter().map(render).collect()
}

fn ending(finish: Stop) -> Finish {
    match finish {
        Stop::Complete => Finish::Complete,
        Stop::Length => Finish::Length,
        Stop::Filtered => Finish::Filtered,
        Stop::Unsaid => Finish::Unsaid,
    }
}

fn failure(reason: &str) -> ModelError {
    let (reason, retry_after) = match reason.split_once(' ') {
        Some((reason, wait)) => (reason, Some(Duration::from_millis(wait.parse().expect("milliseconds")))),
        None => (reason, None),
    };
    match reason {
        "unreachable" => ModelError::Unreachable(Obstacle::Refused),
        "refused" => ModelError::Refused { status: 401 },
        "toolong" => ModelError::TooLong,
        "limited" => ModelError::RateLimited { retry_after },
        "unavailable" => ModelError::Unavailable { status: 500, retry_after },
        "broken" => ModelError::Broken,
        "resting" => ModelError::Resting,
        other => panic!("no failure is called {other}"),
    }
}

#[expect(clippy::disallowed_methods, reason = "the hand-turned clock begins somewhere")]
pub(crate) fn start() -> Instant {
    Instant::now()
}
