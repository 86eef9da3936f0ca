//! What holds in every call, whatever happens in whatever order: random calls with a clock turned by hand.
//!
//! Every request to the model is answered in a letter of its own, so that each letter on the wire tells whose
//! words these are; callers speak in Greek letters, which must never be spoken back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::sample::Index;
use warmline::chat::{Finish, Message, ModelError, ModelEvent, Obstacle, ToolCall, ToolChoice, Toolbox};
use warmline::handoff::Speaker;
use warmline::handoff::Trigger;
use warmline::record::{Changes, Memory, Turn, TurnKey};
use warmline::relay::{Inbound, Info, Outbound};
use warmline::session::{Ask, Input, Opening, Output, Outputs, RequestId, RunId, Session, Settings};

use super::rehearsal::{every_call_has_one_result, is_a_document, lines, settings, start, toolbox};

const GREETING: &str = "Hello, this is an AI. How can I help?";
/// How long a call may last in which nothing more happens.
const ALL_OF_IT: Duration = Duration::from_secs(600);
/// How long the way out may take.
const WAY_OUT: Duration = Duration::from_secs(60);

static TOOLBOX: LazyLock<Arc<dyn Toolbox>> = LazyLock::new(toolbox);

/// Every sentence that is ours.
static OWN_LINES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let lines = lines();
    let mut says = vec![lines.apology, lines.transfer, lines.farewell, lines.cut_off, lines.cut_short];
    // What is said in an emergency, and then that a person takes over, is one line.
    let both = ["en", "es"].map(|tag| {
        let line = |say: &warmline::chat::Say| say.within(tag).unwrap_or_default().to_owned();
        (tag.to_owned(), format!("{} {}", line(&lines.emergency), line(&says[1])))
    });
    says.extend([lines.still_there, lines.emergency, warmline::chat::Say::new(both.into())]);
    says.extend(lines.fillers);
    says.extend(TOOLBOX.tools().iter().map(|tool| tool.say.clone()));
    let spoken = |say: &warmline::chat::Say| {
        ["en", "es", "fr", "de", "pt"].map(|tag| say.within(tag).unwrap_or_default().to_owned())
    };
    says.iter().flat_map(spoken).filter(|line| !line.is_empty()).collect()
});

/// Something that happens in a random call.
#[derive(Debug, Clone)]
enum Step {
    Prompt {
        words: String,
        last: bool,
    },
    Interrupt(Heard),
    Key(char),
    /// The key for a person, alone.
    PersonKey,
    Played(Heard),
    Speaking(bool),
    Frame(String),
    /// The model does something about the latest request, or about any.
    Model(Option<Index>, Says),
    Tool(Index, bool),
    /// Time passes, and every deadline is kept.
    Wait(u64),
    /// The driver is late: time passes, and nobody has told the session.
    Lag(u64),
    /// The model goes on and on, and so do the reports.
    Dawdle,
    /// The bridge cannot go on.
    Relinquish,
    Reconnect,
}

/// What the caller is said to have heard.
#[derive(Debug, Clone)]
enum Heard {
    Anything(String),
    /// So many characters of what is being played.
    Next(usize),
}

#[derive(Debug, Clone)]
enum Says {
    /// `X` stands for the letter of the request.
    Words(String),
    Done(Vec<(&'static str, &'static str)>, Finish),
    Failed(ModelError),
}

fn step() -> impl Strategy<Value = Step> {
    let request = || prop_oneof![4 => Just(None), 1 => any::<Index>().prop_map(Some)];
    let heard =
        || prop_oneof![3 => (0..40usize).prop_map(Heard::Next), 1 => ".{0,12}".prop_map(Heard::Anything)];
    let talk = prop_oneof![2 => "X{1,4} ?X{0,3}[ .,]?", 1 => "[X .,*_`<>\\[\\]()#\\n\u{a0}&!|~-]{1,12}"];
    let says = prop_oneof![
        9 => talk.prop_map(Says::Words),
        5 => (calls(), finish()).prop_map(|(calls, finish)| Says::Done(calls, finish)),
        1 => prop::sample::select(FAILURES).prop_map(Says::Failed),
    ];
    // Most words mean nothing to anybody, and some mean something to a rule.
    let telling = prop::sample::select(TELLING).prop_map(str::to_owned);
    let words = prop_oneof![7 => "[α-ω]{1,4}( [α-ω]{1,4})?", 1 => telling];
    let keys: Vec<char> = "0123456789*#".chars().collect();
    let key = prop_oneof![2 => Just('0'), 1 => Just('#'), 3 => prop::sample::select(keys)];
    let wait = prop_oneof![2 => 0..400u64, 2 => 400..3_100u64, 1 => 3_100..12_000u64];
    prop_oneof![
        4 => (words, prop::bool::weighted(0.8)).prop_map(|(words, last)| Step::Prompt { words, last }),
        3 => heard().prop_map(Step::Interrupt),
        3 => key.prop_map(Step::Key),
        2 => Just(Step::PersonKey),
        4 => heard().prop_map(Step::Played),
        2 => any::<bool>().prop_map(Step::Speaking),
        1 => "\\{\"type\":\"(x|error|info|prompt)\"(,\"value\":\"[a-z]{0,3}\")?\\}".prop_map(Step::Frame),
        15 => (request(), says).prop_map(|(request, says)| Step::Model(request, says)),
        2 => (any::<Index>(), any::<bool>()).prop_map(|(run, fine)| Step::Tool(run, fine)),
        5 => wait.prop_map(Step::Wait),
        1 => (0..2_000u64).prop_map(Step::Lag),
        1 => Just(Step::Dawdle),
        1 => Just(Step::Relinquish),
        1 => Just(Step::Reconnect),
    ]
}

const TELLING: &[&str] = &[
    "this is ridiculous",
    "I don't understand",
    "where is my parcel",
    "I want to talk to a person",
    "it is about a stolen card",
    "there is a fire",
];

const FAILURES: &[ModelError] = &[
    ModelError::Unreachable(Obstacle::Name),
    ModelError::Refused { status: 401 },
    ModelError::BadRequest { status: 400 },
    ModelError::TooLong,
    ModelError::RateLimited { retry_after: None },
    ModelError::RateLimited { retry_after: Some(Duration::from_secs(20)) },
    ModelError::Unavailable { status: 503, retry_after: Some(Duration::from_secs(1)) },
    ModelError::Broken,
    ModelError::Resting,
    ModelError::Empty,
];

const ESCALATE: &str = r#"{"reason":"r","reasonCode":"c","callSummary":"s","sentiment":"neutral"}"#;

/// The calls of an answer: none as a rule.
fn calls() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    let call = prop::sample::select(vec![
        ("escalate", ESCALATE),
        ("escalate", r#"{"reason":""}"#),
        ("end_call", "{}"),
        ("remember", r#"{"facts":{"number":"1182"}}"#),
        ("remember", "{"),
        ("switch_language", r#"{"language":"es-US"}"#),
        ("switch_language", r#"{"language":"de"}"#),
        ("lookup_order", r#"{"number":"1182"}"#),
        ("lookup_order", r#"{"number":"1183"}"#),
        ("lookup_order", r#"{"order":1}"#),
        ("check_depot", ""),
        ("no_such_tool", "{}"),
    ]);
    prop_oneof![3 => Just(Vec::new()), 4 => prop::collection::vec(call, 1..4)]
}

/// How an answer ends: well, as a rule.
fn finish() -> impl Strategy<Value = Finish> {
    let cut = prop::sample::select(vec![Finish::Length, Finish::Filtered, Finish::Unsaid]);
    prop_oneof![8 => Just(Finish::Complete), 1 => cut]
}

/// What a random call is started with.
#[derive(Debug, Clone)]
struct Kind {
    opening: Opening,
    person_key: Option<char>,
    keypad_length: Option<usize>,
}

impl Kind {
    fn settings(self) -> Settings {
        let Self { opening, person_key, keypad_length } = self;
        Settings { opening, person_key, keypad_length, ..settings(TOOLBOX.clone()) }
    }
}

fn kind() -> impl Strategy<Value = Kind> {
    let opening = prop_oneof![
        4 => Just(Opening::Greeting(GREETING.into())),
        1 => Just(Opening::Silent),
        1 => Just(Opening::Reconnected(None)),
        1 => Just(Opening::Returned(None)),
    ];
    let key = prop_oneof![3 => Just(Some('0')), 1 => Just(None)];
    let length = prop::option::weighted(0.3, 1..5usize);
    (opening, key, length).prop_map(|(opening, person_key, keypad_length)| Kind {
        opening,
        person_key,
        keypad_length,
    })
}

/// A random call, and what must be true of it.
struct Watch {
    session: Session,
    settings: Settings,
    now: Instant,
    /// The first letter of its alphabet.
    alphabet: u32,
    /// How many requests there were, also in earlier sessions of the call.
    requests: u32,
    /// Every request of this session, with its letter, and the one that is not over.
    letters: BTreeMap<RequestId, char>,
    outstanding: Option<RequestId>,
    /// What the latest request allows.
    choice: ToolChoice,
    runs: Vec<RunId>,
    /// The runs somebody waits for.
    awaited: BTreeSet<RunId>,
    calls: usize,
    /// What was sent of each answer.
    sent: BTreeMap<char, String>,
    /// What was sent since the caller last cut in, each character with the answer it belongs to, and how many
    /// of them were played.
    queue: Vec<(char, Option<char>)>,
    played: usize,
    /// If every report is true: the visible characters of each answer that were not lost before they were played.
    heard: Option<BTreeMap<char, String>>,
    cycle_open: bool,
    ended: bool,
    /// When the call was on its way out for certain.
    leaving: Option<Instant>,
    /// Whether a document was kept.
    kept: bool,
    /// The turns as they were recorded last.
    recorded: BTreeMap<TurnKey, Turn>,
    /// Whether a person was asked for in a way that nothing takes back.
    escalated: bool,
}

impl Watch {
    fn new(settings: Settings, alphabet: u32) -> Self {
        let now = start();
        let (session, opening) = Session::new(settings.clone(), None, now);
        let mut watch = Self {
            session,
            settings,
            now,
            alphabet,
            requests: 0,
            letters: BTreeMap::new(),
            outstanding: None,
            choice: ToolChoice::Auto,
            runs: Vec::new(),
            awaited: BTreeSet::new(),
            calls: 0,
            sent: BTreeMap::new(),
            queue: Vec::new(),
            played: 0,
            heard: None,
            cycle_open: false,
            ended: false,
            leaving: None,
            kept: false,
            recorded: BTreeMap::new(),
            escalated: false,
        };
        if let Opening::Greeting(greeting) = &watch.settings.opening {
            watch.queue.extend(greeting.chars().map(|c| (c, None)));
        }
        watch.outputs(opening, None);
        watch
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Prompt { words, last } => {
                self.frame(Inbound::Prompt { text: words.as_str().into(), language: None, last: *last });
            }
            Step::Interrupt(heard) => {
                let heard = self.played_now(heard);
                self.lose();
                self.frame(Inbound::Interrupt { heard: heard.into(), after: None });
            }
            Step::Key(digit) => self.frame(Inbound::Dtmf { digit: *digit }),
            Step::PersonKey => {
                self.frame(Inbound::Dtmf { digit: '0' });
                self.wait(Duration::from_secs(1));
            }
            Step::Played(text) => {
                let text = self.played_now(text);
                self.frame(Inbound::Info(Info::TokensPlayed(text.into())));
            }
            Step::Speaking(on) => self.frame(Inbound::Info(Info::AgentSpeaking(*on))),
            Step::Frame(text) => {
                if let Ok(frame) = Inbound::parse(text) {
                    self.frame(frame);
                }
            }
            Step::Model(which, says) => self.model(which.as_ref(), says),
            Step::Tool(run, fine) => {
                if let Some(run) = (!self.runs.is_empty()).then(|| *run.get(&self.runs)) {
                    let result = if *fine { Ok("found".into()) } else { Err("status 500".into()) };
                    self.awaited.remove(&run);
                    self.input(Input::ToolDone(run, result), None);
                }
            }
            Step::Wait(time) => self.wait(Duration::from_millis(*time)),
            Step::Lag(time) => self.now += Duration::from_millis(*time),
            Step::Dawdle => {
                for round in 0..30 {
                    self.wait(Duration::from_millis(2_500));
                    self.model(None, &Says::Words("X, ".into()));
                    self.frame(Inbound::Info(Info::AgentSpeaking(round % 2 == 0)));
                }
            }
            Step::Relinquish => {
                self.input(Input::Relinquish(Trigger::Drain), None);
                assert!(self.leaving.is_some(), "nobody takes the call over");
                let soon = self.session.deadline().is_none_or(|at| at <= self.now + Duration::from_secs(8));
                assert!(soon, "the server would not wait for that");
            }
            Step::Reconnect => self.reconnect(),
        }
        self.nobody_waits_for_ever();
    }

    fn model(&mut self, which: Option<&Index>, says: &Says) {
        let known: Vec<RequestId> = self.letters.keys().copied().collect();
        let Some(latest) = known.last() else { return };
        let request = *which.map_or(latest, |which| which.get(&known));
        let event = match says {
            Says::Words(words) => {
                ModelEvent::Words(words.replace('X', &self.letters[&request].to_string()).into())
            }
            Says::Done(calls, finish) => ModelEvent::Done {
                calls: calls.iter().map(|(name, arguments)| self.call(name, arguments)).collect(),
                finish: *finish,
            },
            Says::Failed(error) => ModelEvent::Failed(error.clone()),
        };
        // A stream says nothing after it is over, but late news of a cancelled one may come.
        let speaks = (self.outstanding == Some(request)).then_some(request);
        if !matches!(event, ModelEvent::Words(_)) && speaks.is_some() {
            self.outstanding = None;
            // What a filter stopped, or broke off without a reason, may lack the half of it.
            let escalates = matches!(
                says,
                Says::Done(calls, Finish::Complete | Finish::Length) if calls.contains(&("escalate", ESCALATE))
            );
            if escalates && self.choice == ToolChoice::Auto {
                self.certain();
            }
        }
        self.input(Input::Model(request, event), speaks);
    }

    fn call(&mut self, name: &str, arguments: &str) -> ToolCall {
        self.calls += 1;
        ToolCall { id: format!("call_{}", self.calls), name: name.into(), arguments: arguments.into() }
    }

    fn played_now(&mut self, heard: &Heard) -> String {
        let text = match heard {
            Heard::Anything(text) => text.clone(),
            // White space is where platforms differ.
            Heard::Next(count) => {
                self.upcoming().take(*count).map(|c| if c == '\u{a0}' { ' ' } else { c }).collect()
            }
        };
        self.played = (self.played + text.chars().count()).min(self.queue.len());
        text
    }

    fn upcoming(&self) -> impl Iterator<Item = char> {
        self.queue[self.played..].iter().map(|(character, _)| *character)
    }

    /// What was not played never will be.
    fn lose(&mut self) {
        for (character, letter) in self.queue.drain(..).skip(self.played).rev() {
            if let (Some(heard), Some(letter), false) = (&mut self.heard, letter, character.is_whitespace()) {
                assert_eq!(heard.get_mut(&letter).and_then(String::pop), Some(character));
            }
        }
        self.played = 0;
    }

    fn frame(&mut self, frame: Inbound) {
        self.input(Input::Frame(frame), None);
    }

    fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        let mut last = None;
        while let Some(deadline) = self.session.deadline().filter(|deadline| *deadline <= until) {
            assert_ne!(last, Some(deadline), "a deadline that passed was not dealt with");
            last = Some(deadline);
            self.now = self.now.max(deadline);
            self.input(Input::DeadlinePassed, None);
        }
        self.now = self.now.max(until);
    }

    /// The socket is lost, and the next session of the call goes on.
    fn reconnect(&mut self) {
        if self.leaving.is_some() {
            return;
        }
        self.settings.attempt = self.settings.attempt.saturating_add(1);
        let settings = Settings { opening: Opening::Reconnected(None), ..self.settings.clone() };
        let (placeholder, _) = Session::new(settings.clone(), None, self.now);
        let mut left = std::mem::replace(&mut self.session, placeholder);
        self.record(left.last_changes());
        let memory = left.into_memory();
        self.matches_the_record(&memory);
        if !memory.state.reported && memory.turns.iter().all(|turn| turn.who == Speaker::Agent) {
            // Nothing is known to have been heard: the call begins afresh.
            self.recorded.clear();
        }
        let (session, opening) = Session::new(settings, Some(memory), self.now);
        self.session = session;
        (self.outstanding, self.cycle_open) = (None, false);
        self.letters.clear();
        self.runs.clear();
        self.awaited.clear();
        self.lose();
        self.outputs(opening, None);
    }

    /// `speaks` is the request whose words may be sent because of this input.
    fn input(&mut self, input: Input, speaks: Option<RequestId>) {
        let outputs = self.session.handle_input(input, self.now);
        self.outputs(outputs, speaks);
        let changes = self.session.changes();
        self.record(changes);
    }

    /// What a store would hold.
    fn record(&mut self, changes: Option<Changes>) {
        for turn in changes.into_iter().flat_map(|changes| changes.turns) {
            assert!(turn.heard <= turn.text.expose().chars().count(), "more was heard than said");
            self.recorded.insert(turn.key, turn);
        }
    }

    /// Another process goes on from the record as this one would from its own memory.
    fn matches_the_record(&self, memory: &Memory) {
        let is_something = |turn: &&Turn| !turn.heard_text().trim().is_empty() || !turn.runs.is_empty();
        let plain = |turn: &Turn| Turn { answers: None, ..turn.clone() };
        let here: Vec<Turn> = memory.turns.iter().filter(is_something).map(plain).collect();
        let there: Vec<Turn> = self.recorded.values().filter(is_something).map(plain).collect();
        assert_eq!(there.len(), here.len(), "turns are missing");
        for (there, here) in there.iter().zip(&here) {
            assert_eq!(format!("{there:?}"), format!("{here:?}"));
            assert_eq!(there.heard_text(), here.heard_text());
            assert_eq!(there.text, here.text);
        }
    }

    fn outputs(&mut self, outputs: Outputs, speaks: Option<RequestId>) {
        for output in outputs {
            assert!(!self.ended, "after `end` came {output:?}");
            match output {
                Output::Send(frame) => self.sent(frame, speaks),
                Output::Ask(ask) => self.asked(&ask),
                Output::Cancel(request) => {
                    assert_eq!(self.outstanding.take(), Some(request), "cancelled what is over");
                }
                Output::Run(run) => {
                    assert!(!self.runs.contains(&run.id), "a run's name was used twice");
                    self.runs.push(run.id);
                    self.awaited.insert(run.id);
                }
                Output::Forget(run) => assert!(self.awaited.remove(&run), "forgot what is over"),
                Output::Report(_) => {}
                Output::Keep(_) => {
                    if !std::mem::replace(&mut self.kept, true) {
                        self.leaving = Some(self.now);
                    }
                }
            }
        }
        assert_eq!(self.session.has_ended(), self.ended);
    }

    fn sent(&mut self, frame: Outbound, speaks: Option<RequestId>) {
        match frame {
            Outbound::Text(speech) => {
                assert!(self.cycle_open || !speech.token.is_empty(), "a closer without a reply");
                assert!(speech.last || !speech.token.is_empty(), "an empty token");
                self.cycle_open = !speech.last;
                self.spoken(&speech.token, speaks);
            }
            Outbound::End { handoff_data } => {
                assert!(!self.cycle_open, "`end` before the reply was closed");
                assert_eq!(self.outstanding, None, "`end` while the model is asked");
                let data = handoff_data.expect("a document");
                is_a_document(&data);
                assert!(!self.escalated || data.contains(r#""outcome":"escalated""#), "hung up on: {data}");
                self.ended = true;
            }
            Outbound::Language(_) => {}
            Outbound::Play(_) | Outbound::SendDigits { .. } => panic!("{frame:?} out of nowhere"),
        }
    }

    fn spoken(&mut self, token: &str, speaks: Option<RequestId>) {
        assert!(!token.chars().any(|c| ('α'..='ω').contains(&c)), "the caller's words in {token:?}");
        if token.is_empty() || OWN_LINES.contains(token.trim()) {
            self.queue.extend(token.chars().map(|c| (c, None)));
            return;
        }
        let letter = speaks.map(|request| self.letters[&request]);
        let letter = letter.unwrap_or_else(|| panic!("{token:?} although no model was speaking"));
        let foreign = token.chars().find(|c| (0x4E00..0xD800).contains(&u32::from(*c)) && *c != letter);
        assert_eq!(foreign, None, "another answer's words in {token:?}");
        self.sent.entry(letter).or_default().push_str(token);
        self.queue.extend(token.chars().map(|c| (c, Some(letter))));
        if let Some(heard) = &mut self.heard {
            heard.entry(letter).or_default().extend(token.chars().filter(|c| !c.is_whitespace()));
        }
    }

    fn asked(&mut self, ask: &Ask) {
        assert_eq!(self.outstanding.replace(ask.id), None, "two questions at once");
        let letter = char::from_u32(self.alphabet + self.requests).unwrap();
        self.requests += 1;
        assert_eq!(self.letters.insert(ask.id, letter), None, "a request's name was used twice");
        self.choice = ask.choice;
        if ask.choice == ToolChoice::Escalate {
            self.certain();
        }
        every_call_has_one_result(ask);
        let last = ask.messages.last();
        assert!(matches!(last, Some(Message::User(_) | Message::Tool { .. })), "the last message is ours");
        let mut told = BTreeSet::new();
        for message in &ask.messages {
            if let Message::Assistant { text, .. } = message {
                let letter = self.source(text.expose());
                assert!(letter.is_none_or(|letter| told.insert(letter)), "one answer told twice");
            }
        }
        self.told_is_heard(ask);
    }

    /// Where every report is true, the model is told what was heard: not more, and not less.
    fn told_is_heard(&self, ask: &Ask) {
        let Some(heard) = &self.heard else { return };
        let told = ask.messages.iter().filter_map(|message| match message {
            Message::Assistant { text, .. } => {
                let visible: String = text.expose().chars().filter(|c| !c.is_whitespace()).collect();
                visible.chars().next().filter(|c| self.sent.contains_key(c)).map(|letter| (letter, visible))
            }
            Message::User(_) | Message::Tool { .. } => None,
        });
        let left = heard.iter().filter(|(_, heard)| !heard.is_empty());
        let left: BTreeMap<char, String> = left.map(|(letter, heard)| (*letter, heard.clone())).collect();
        assert_eq!(told.collect::<BTreeMap<_, _>>(), left, "the model is told something else than was heard");
    }

    /// Whose words the model is told that we said.
    fn source(&self, text: &str) -> Option<char> {
        let lines = lines();
        let own = [lines.cut_off, lines.still_there];
        let own = own.iter().flat_map(|line| ["en", "es"].map(|tag| line.within(tag).unwrap()));
        if own.chain([GREETING]).any(|line| line.starts_with(text)) {
            return None;
        }
        // A space that sets an answer apart from a line of ours is sent, and no part of it.
        let begins = |sent: &str| {
            sent.starts_with(text) || sent.strip_prefix(' ').is_some_and(|sent| sent.starts_with(text))
        };
        let found = self.sent.iter().find(|(_, sent)| begins(sent));
        let (letter, _) = found.unwrap_or_else(|| panic!("{text:?} was never said"));
        text.contains(*letter).then_some(*letter)
    }

    fn certain(&mut self) {
        self.escalated = true;
        self.leaving = self.leaving.or(Some(self.now));
    }

    fn nobody_waits_for_ever(&self) {
        let deadline = self.session.deadline();
        if self.outstanding.is_some() || !self.awaited.is_empty() {
            assert!(deadline.is_some(), "something is awaited without a deadline");
        }
        if let Some(leaving) = self.leaving.filter(|_| !self.ended) {
            assert!(deadline.is_some_and(|at| at <= leaving + WAY_OUT), "the way out has no end");
        }
        assert!(!self.ended || deadline.is_none(), "a deadline after the end");
    }

    fn over(mut self) -> String {
        // A caller who says nothing more gets a person, whatever was under way.
        self.wait(ALL_OF_IT);
        assert!(self.ended, "a call without an end");
        assert_eq!(self.outstanding, None, "the model is still asked");
        self.sent.into_values().collect()
    }
}

/// What happens in a call whose platform reports truly what it plays.
#[derive(Debug, Clone)]
enum TrueStep {
    Prompt,
    Words(usize),
    Done,
    /// So many characters are played.
    Plays(usize),
    /// The caller cuts in after so many words more, which were reported or not.
    Interrupt(usize, bool),
    Wait(u64),
    Reconnect,
}

fn true_step() -> impl Strategy<Value = TrueStep> {
    prop_oneof![
        3 => Just(TrueStep::Prompt),
        6 => (1..4usize).prop_map(TrueStep::Words),
        2 => Just(TrueStep::Done),
        4 => (1..9usize).prop_map(TrueStep::Plays),
        2 => (0..3usize, any::<bool>()).prop_map(|(words, reported)| TrueStep::Interrupt(words, reported)),
        2 => (0..2_000u64).prop_map(TrueStep::Wait),
        1 => Just(TrueStep::Reconnect),
    ]
}

impl Watch {
    fn true_step(&mut self, step: &TrueStep, number: usize) {
        match step {
            TrueStep::Prompt => self.step(&Step::Prompt { words: "α".into(), last: true }),
            TrueStep::Words(count) => {
                // No word comes twice in a call: else no platform could say which of them it played.
                let words: String = (0..*count).map(|word| format!("X{number}-{word} ")).collect();
                self.step(&Step::Model(None, Says::Words(words)));
            }
            TrueStep::Done => self.step(&Step::Model(None, Says::Done(Vec::new(), Finish::Complete))),
            TrueStep::Plays(count) => self.step(&Step::Played(Heard::Next(*count))),
            TrueStep::Interrupt(words, reported) => self.true_interrupt(*words, *reported),
            TrueStep::Wait(time) => self.step(&Step::Wait(*time)),
            TrueStep::Reconnect => self.step(&Step::Reconnect),
        }
    }

    fn true_interrupt(&mut self, words: usize, reported: bool) {
        let rest: String = self.upcoming().collect();
        let length: usize = rest.split_inclusive(' ').take(words).map(|word| word.chars().count()).sum();
        let part = |at: usize| self.queue.get(at).map(|(_, letter)| *letter);
        let begins = self.played == 0
            || self.queue[self.played - 1].0 == ' '
            || rest.starts_with(' ')
            || part(self.played - 1) != part(self.played);
        let text = self.played_now(&Heard::Next(length));
        if reported || !begins {
            self.frame(Inbound::Info(Info::TokensPlayed(text.as_str().into())));
        }
        self.lose();
        self.frame(Inbound::Interrupt { heard: text.into(), after: None });
    }
}

#[test]
fn the_session_after_a_dropped_line_greets_nobody_and_knows_what_was_heard() {
    let kind = Kind { opening: Opening::Greeting(GREETING.into()), person_key: None, keypad_length: None };
    let mut call = Watch::new(kind.settings(), 0x4E00);
    call.step(&Step::Played(Heard::Next(GREETING.len())));
    call.step(&Step::Prompt { words: "α".into(), last: true });
    call.step(&Step::Model(None, Says::Words("X one. X two.".into())));
    call.step(&Step::Played(Heard::Next(6)));
    call.step(&Step::Reconnect);
    assert_eq!(call.upcoming().collect::<String>(), "Sorry, we were cut off.");
    call.heard = Some(BTreeMap::from([('一', "一one.".to_owned())]));
    call.step(&Step::Prompt { words: "β".into(), last: true });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_happens_breaks_a_rule(
        kind in kind(), steps in prop::collection::vec(step(), 1..80),
    ) {
        let mut watch = Watch::new(kind.settings(), 0x4E00);
        for step in &steps {
            watch.step(step);
        }
        watch.over();
    }

    #[test]
    fn the_model_is_told_what_the_caller_heard(steps in prop::collection::vec(true_step(), 1..60)) {
        let kind = Kind { opening: Opening::Greeting(GREETING.into()), person_key: None, keypad_length: None };
        let mut watch = Watch::new(kind.settings(), 0x4E00);
        watch.step(&Step::Played(Heard::Next(GREETING.len())));
        watch.heard = Some(BTreeMap::new());
        for (number, step) in steps.iter().enumerate() {
            watch.true_step(step, number);
        }
    }

    #[test]
    fn two_calls_never_share_a_word(
        kinds in [kind(), kind()], steps in prop::collection::vec((any::<bool>(), step()), 1..80),
    ) {
        let [one, other] = kinds;
        let (mut one, mut other) = (Watch::new(one.settings(), 0x4E00), Watch::new(other.settings(), 0xAC00));
        for (which, step) in &steps {
            (if *which { &mut one } else { &mut other }).step(step);
        }
        let letters = |text: String| text.chars().filter(|c| u32::from(*c) >= 0x4E00).collect::<BTreeSet<_>>();
        prop_assert!(letters(one.over()).is_disjoint(&letters(other.over())));
    }
}
