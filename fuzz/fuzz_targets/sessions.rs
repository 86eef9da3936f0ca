//! Any sequence of inputs, at any times: the rules of a call hold. The tests in `tests/it/rules.rs` know more
//! rules and try fewer sequences.
#![no_main]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use warmline::chat::{
    CheckError, Effect, Finish, Message, ModelError, ModelEvent, Say, Tool, ToolCall, ToolKind, Toolbox,
};
use warmline::handoff::{BUDGET, PromptVersion, Trigger};
use warmline::mask::Also;
use warmline::relay::{Inbound, Info, Outbound};
use warmline::session::{
    Ask, Input, Lines, Opening, Output, Outputs, RequestId, RunId, Session, Settings, Timings,
};

/// How long a call may last in which nothing more happens.
const ALL_OF_IT: Duration = Duration::from_secs(600);
/// How long the way out may take.
const WAY_OUT: Duration = Duration::from_secs(60);

fuzz_target!(|data: &[u8]| {
    let mut bytes = data.iter().copied();
    let mut call = Call::new(bytes.next().unwrap_or_default());
    while let Some(step) = bytes.next() {
        call.step(step, bytes.next().unwrap_or_default());
    }
    call.over();
});

/// The shipped tools and one that runs outside, with schemas as simple as the session allows.
struct Tools(Vec<Tool>);

impl Tools {
    fn new() -> Self {
        let tool = |name: &str, kind| Tool {
            name: name.to_owned(),
            description: String::new(),
            parameters: json!({}),
            say: say("One moment."),
            timeout: Duration::from_secs(4),
            kind,
            secure: false,
            effect: if name == "book" { Effect::Write } else { Effect::Read },
        };
        Self(vec![
            tool("escalate", ToolKind::Escalate),
            tool("end_call", ToolKind::EndCall),
            tool("switch_language", ToolKind::SwitchLanguage),
            tool("remember", ToolKind::Remember),
            tool("look_up", ToolKind::External),
            tool("book", ToolKind::External),
        ])
    }
}

impl Toolbox for Tools {
    fn tools(&self) -> &[Tool] {
        &self.0
    }

    fn check(&self, index: usize, arguments: &str) -> Result<Value, CheckError> {
        let value: Value = serde_json::from_str(arguments).map_err(|_| CheckError("no JSON".into()))?;
        let fits = self.0[index].kind != ToolKind::Escalate || value["reason"].is_string();
        if fits { Ok(value) } else { Err(CheckError("no reason".into())) }
    }
}

fn say(sentence: &str) -> Say {
    Say::new(BTreeMap::from([("en".to_owned(), sentence.to_owned())]))
}

fn settings(kind: u8) -> Settings {
    let opening = match kind % 3 {
        0 => Opening::Greeting("Hello, this is an AI.".to_owned()),
        1 => Opening::Silent,
        _ => Opening::Reconnected(Some("Hello again.".to_owned())),
    };
    Settings {
        call_sid: "CA1".parse().expect("a call"),
        attempt: 0,
        began: Duration::from_secs(1_000),
        handoff_id: "HO1".to_owned(),
        prompts: PromptVersion { variant: "base".to_owned(), version: "0a1b2c3d4e5f".to_owned() },
        language: "en-US".to_owned(),
        languages: vec!["en-US".to_owned(), "es-US".to_owned()],
        opening,
        has_fallback: kind & 4 > 0,
        toolbox: Arc::new(Tools::new()),
        lines: Arc::new(Lines {
            fillers: vec![say("One moment, please."), say("I am still looking.")],
            apology: say("I am sorry."),
            transfer: say("I am connecting you."),
            farewell: say("Goodbye."),
            cut_off: say("We were cut off."),
            ..Lines::default()
        }),
        timings: Timings::default(),
        rules: Arc::default(),
        desk: None,
        hidden: Also::NOTHING,
        person_key: (kind & 8 == 0).then_some('0'),
        keypad_length: (kind & 16 > 0).then_some(4),
    }
}

/// A call, and what must be true of it.
struct Call {
    session: Session,
    settings: Settings,
    now: Instant,
    asked: BTreeSet<RequestId>,
    latest: Option<RequestId>,
    outstanding: Option<RequestId>,
    runs: Vec<RunId>,
    awaited: BTreeSet<RunId>,
    calls: usize,
    cycle_open: bool,
    ended: bool,
    /// Since when a document is kept.
    leaving: Option<Instant>,
}

impl Call {
    fn new(kind: u8) -> Self {
        let (settings, now) = (settings(kind), Instant::now());
        let (session, opening) = Session::new(settings.clone(), None, now);
        let mut call = Self {
            session,
            settings,
            now,
            asked: BTreeSet::new(),
            latest: None,
            outstanding: None,
            runs: Vec::new(),
            awaited: BTreeSet::new(),
            calls: 0,
            cycle_open: false,
            ended: false,
            leaving: None,
        };
        call.outputs(opening);
        call
    }

    fn step(&mut self, step: u8, with: u8) {
        match step % 20 {
            0 | 1 => self.prompt(with),
            2 => self.frame(Inbound::Interrupt { heard: words(with).into(), after: None }),
            3 => self.frame(Inbound::Dtmf { digit: char::from(b"0123456789*#"[usize::from(with % 12)]) }),
            4 => self.frame(Inbound::Info(Info::TokensPlayed(words(with).into()))),
            5 => self.frame(Inbound::Info(Info::AgentSpeaking(with % 2 == 0))),
            6 => self.frame(Inbound::Info(Info::ClientSpeaking(with % 2 == 0))),
            7 | 8 | 9 => self.model(ModelEvent::Words(words(with).into())),
            10 | 11 => self.done(with),
            12 => self.model(ModelEvent::Progress),
            13 => self.model(ModelEvent::Failed(match with % 4 {
                0 => ModelError::TooLong,
                1 => ModelError::Refused { status: 401 },
                2 => ModelError::RateLimited { retry_after: Some(Duration::from_millis(u64::from(with))) },
                _ => ModelError::Broken,
            })),
            14 => self.tool(with),
            15 | 16 => self.wait(Duration::from_millis(u64::from(with) * 20)),
            // The driver is late, and nobody has told the session.
            17 => self.dawdle(Duration::from_millis(u64::from(with) * 10)),
            18 if with % 16 == 0 => self.input(Input::Relinquish(Trigger::Drain)),
            18 if with % 16 == 1 => self.input(Input::HandOver((with > 128).then(|| "a reason".into()))),
            18 => self.input(Input::Whisper("be kind".into())),
            19 if with % 8 == 0 => self.reconnect(),
            _ => self.wait(Duration::from_secs(u64::from(with % 16))),
        }
        self.nobody_waits_for_ever();
    }

    fn prompt(&mut self, with: u8) {
        let text = match with % 6 {
            0 => "can I talk to a real person please".to_owned(),
            1 => "x".repeat(usize::from(with) * 64),
            _ => words(with),
        };
        self.frame(Inbound::Prompt { text: text.into(), language: None, last: with % 5 > 0 });
    }

    fn done(&mut self, with: u8) {
        let all = [
            ("escalate", r#"{"reason":"billing","callSummary":"Charged twice."}"#),
            ("escalate", "{}"),
            ("end_call", "{}"),
            ("switch_language", r#"{"language":"es"}"#),
            ("remember", r#"{"facts":{"order":"1182"}}"#),
            ("look_up", "{}"),
            ("book", "{}"),
            ("no_such_tool", "{}"),
        ];
        let asked = all.iter().enumerate().filter(|(bit, _)| with & 1 << bit > 0);
        let calls: Vec<ToolCall> = asked
            .map(|(bit, (name, arguments))| ToolCall {
                id: format!("call_{}_{bit}", self.calls),
                name: (*name).to_owned(),
                arguments: (*arguments).into(),
            })
            .collect();
        self.calls += 1;
        self.model(ModelEvent::Done { calls, finish: Finish::Complete });
    }

    fn model(&mut self, event: ModelEvent) {
        let Some(latest) = self.latest else { return };
        if matches!(event, ModelEvent::Done { .. } | ModelEvent::Failed(_)) && self.outstanding == Some(latest) {
            self.outstanding = None;
        }
        self.input(Input::Model(latest, event));
    }

    fn tool(&mut self, with: u8) {
        let Some(run) = self.runs.get(usize::from(with) % self.runs.len().max(1)).copied() else { return };
        self.awaited.remove(&run);
        self.input(Input::ToolDone(run, if with % 2 == 0 { Ok("found".into()) } else { Err("status 500".into()) }));
    }

    fn reconnect(&mut self) {
        if self.leaving.is_some() {
            return;
        }
        self.settings.attempt = self.settings.attempt.saturating_add(1);
        let settings = Settings { opening: Opening::Reconnected(None), ..self.settings.clone() };
        let (placeholder, _) = Session::new(settings.clone(), None, self.now);
        let memory = std::mem::replace(&mut self.session, placeholder).into_memory();
        let (session, opening) = Session::new(settings, Some(memory), self.now);
        self.session = session;
        (self.latest, self.outstanding, self.cycle_open) = (None, None, false);
        self.asked.clear();
        self.runs.clear();
        self.awaited.clear();
        self.outputs(opening);
    }

    fn frame(&mut self, frame: Inbound) {
        self.input(Input::Frame(frame));
    }

    /// The way out takes longer by as much as the driver is late.
    fn dawdle(&mut self, time: Duration) {
        self.now += time;
        if let Some(leaving) = &mut self.leaving {
            *leaving += time;
        }
    }

    fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        let mut last = None;
        while let Some(deadline) = self.session.deadline().filter(|deadline| *deadline <= until) {
            assert_ne!(last, Some(deadline), "a deadline that passed was not dealt with");
            last = Some(deadline);
            self.now = self.now.max(deadline);
            self.input(Input::DeadlinePassed);
        }
        self.now = self.now.max(until);
    }

    fn input(&mut self, input: Input) {
        let outputs = self.session.handle_input(input, self.now);
        self.outputs(outputs);
    }

    fn outputs(&mut self, outputs: Outputs) {
        for output in outputs {
            assert!(!self.ended, "after `end` came {output:?}");
            match output {
                Output::Send(frame) => self.sent(frame),
                Output::Ask(ask) => self.ask(&ask),
                Output::Cancel(request) => assert_eq!(self.outstanding.take(), Some(request)),
                Output::Run(run) => {
                    assert!(!self.runs.contains(&run.id), "a run's name was used twice");
                    self.runs.push(run.id);
                    self.awaited.insert(run.id);
                }
                Output::Forget(run) => assert!(self.awaited.remove(&run), "forgot what is over"),
                Output::Keep(_) => self.leaving = self.leaving.or(Some(self.now)),
                Output::Report(_) => {}
            }
        }
        assert_eq!(self.session.has_ended(), self.ended);
        for turn in self.session.changes().into_iter().flat_map(|changes| changes.turns) {
            assert!(turn.heard <= turn.text.expose().chars().count(), "more was heard than said");
        }
    }

    fn sent(&mut self, frame: Outbound) {
        match frame {
            Outbound::Text(speech) => {
                assert!(self.cycle_open || !speech.token.is_empty(), "a closer without a reply");
                assert!(speech.last || !speech.token.is_empty(), "an empty token");
                self.cycle_open = !speech.last;
            }
            Outbound::End { handoff_data } => {
                assert!(!self.cycle_open, "`end` before the reply was closed");
                assert_eq!(self.outstanding, None, "`end` while the model is asked");
                let data = handoff_data.expect("a document");
                assert!(data.chars().count() <= BUDGET);
                self.ended = true;
            }
            Outbound::Language(_) => {}
            Outbound::Play(_) | Outbound::SendDigits { .. } => panic!("{frame:?} out of nowhere"),
        }
    }

    fn ask(&mut self, ask: &Ask) {
        assert_eq!(self.outstanding.replace(ask.id), None, "two questions at once");
        assert!(self.asked.insert(ask.id), "a request's name was used twice");
        self.latest = Some(ask.id);
        let last = ask.messages.last();
        assert!(matches!(last, Some(Message::User(_) | Message::Tool { .. })), "the last message is ours");
        let mut due: Vec<&str> = Vec::new();
        for message in &ask.messages {
            match message {
                Message::Tool { call_id, .. } => assert_eq!(due.pop(), Some(call_id.as_str())),
                Message::User(_) => assert!(due.is_empty(), "a call without a result"),
                Message::Assistant { calls, .. } => {
                    assert!(due.is_empty(), "a call without a result");
                    due.extend(calls.iter().rev().map(|call| call.id.as_str()));
                }
            }
        }
        assert!(due.is_empty(), "a call without a result");
    }

    fn nobody_waits_for_ever(&self) {
        let deadline = self.session.deadline();
        // What changes something comes to its end after the session's, under a deadline of its own.
        let awaits = !self.awaited.is_empty() && !self.ended;
        if self.outstanding.is_some() || awaits {
            assert!(deadline.is_some(), "something is awaited without a deadline");
        }
        if let Some(leaving) = self.leaving.filter(|_| !self.ended) {
            assert!(deadline.is_some_and(|at| at <= leaving + WAY_OUT), "the way out has no end");
        }
    }

    fn over(mut self) {
        // A caller who says nothing more gets a person, whatever was under way.
        self.wait(ALL_OF_IT);
        assert!(self.ended, "a call without an end");
        assert_eq!(self.outstanding, None, "the model is still asked");
    }
}

/// Some words, with and without markup.
fn words(with: u8) -> String {
    let all = ["Your parcel ", "arrives **tomorrow**. ", " ", "[here](https://example.com) ", "", "é…\u{a0}", "- one\n"];
    let count = usize::from(with >> 4) % 4;
    all.iter().cycle().skip(usize::from(with)).take(count).copied().collect()
}
