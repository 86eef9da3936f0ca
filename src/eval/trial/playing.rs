//! Plays the call of a trial, step by step. The clock stands still unless the model is waited for, and jumps to what
//! comes next where nobody is.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::agent::Asked;
use super::beginning;
use super::line::Line;
use super::script::Script;
use super::transcript::Transcript;
use super::{Over, Played, Setup, is_out_of_reach};
use crate::caller::player::Playback;
use crate::chat::{ModelError, ModelEvent};
use crate::clock;
use crate::eval::outcome::PRESSES;
use crate::eval::scenario::{Act, Answers};
use crate::handoff::{Handoff, Trigger};
use crate::pii::Pii;
use crate::relay::{Inbound, Info, Outbound, Speech};
use crate::session::{Input, Opening, Output, Outputs, Run, Session};

/// How long a caller takes to begin, once the agent is silent.
const REACTION: Duration = Duration::from_millis(500);
/// How long a caller waits for an answer before going on without one.
const UNANSWERED: Duration = Duration::from_secs(8);
/// How long anything may be waited for where no deadline says so. None of them should.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// More would mean that a call goes round in circles.
const MOST_STEPS: usize = 200_000;

/// A call while it is played.
pub(super) struct Playing<'a> {
    setup: &'a Setup<'a>,
    session: Session,
    opening: Outputs,
    /// The time in the call.
    now: Instant,
    line: Line,
    model: Asked,
    script: Result<Script, String>,
    transcript: Transcript,
    inputs: VecDeque<Input>,
    /// How often each tool was asked.
    runs: Vec<usize>,
    /// Which recorded runs of which tools were answered from.
    answered_from: BTreeSet<(usize, usize)>,
    turns: u32,
    /// When the caller last did something, and whether the agent has spoken since.
    acted: Instant,
    answered: bool,
    /// Since when the caller could speak.
    quiet: Option<Instant>,
    /// Until when the caller says nothing.
    silent: Instant,
    /// Until when real time counts, because the provider wants to be left alone.
    pause: Instant,
    /// Why the model could not be asked, unless it answered since.
    trouble: Option<ModelError>,
    over: Option<Over>,
}

impl<'a> Playing<'a> {
    pub(super) fn new(setup: &'a Setup<'a>) -> Self {
        let now = clock::now();
        let settings = beginning::settings(setup);
        let mut line = Line::new(settings.timings.characters_per_second);
        let mut transcript = Transcript::default();
        let greeting = match &settings.opening {
            Opening::Greeting(greeting) => Some(greeting.clone()),
            Opening::Silent | Opening::Reconnected(_) | Opening::Returned(_) => None,
        };
        if let Some(greeting) = greeting {
            let reply =
                line.speak(&Speech { token: greeting.as_str().into(), last: true, interruptible: None }, now);
            transcript.agent(reply, &greeting);
        }
        let script = Script::new(setup.scenario, setup.caller, &settings.language, setup.seed);
        let tools = settings.toolbox.tools().len();
        let (session, opening) = Session::new(settings, None, now);
        Self {
            setup,
            session,
            opening,
            now,
            line,
            model: Asked::new(setup, beginning::question(setup)),
            script,
            transcript,
            inputs: VecDeque::new(),
            runs: vec![0; tools],
            answered_from: BTreeSet::new(),
            turns: 0,
            acted: now,
            answered: true,
            quiet: None,
            silent: now,
            pause: now,
            trouble: None,
            over: None,
        }
    }

    /// Plays the call to its end.
    pub(super) async fn run(mut self) -> Played {
        let opening = std::mem::take(&mut self.opening);
        self.perform(opening);
        for _ in 0..MOST_STEPS {
            self.settle();
            if self.over.is_some() {
                break;
            }
            if !self.act().await {
                self.wait().await;
            }
        }
        if let Some(changes) = self.session.last_changes() {
            self.transcript.tools(&changes);
        }
        let over = match (self.trouble, self.over) {
            // A call that was decided otherwise did not need the answer that came too late.
            (Some(ModelError::Silent { .. }), Some(Over::Ended(handoff)))
                if handoff.context.trigger != Trigger::ModelFailure =>
            {
                Over::Ended(handoff)
            }
            (Some(error), _) => Over::Model(error),
            (None, Some(over)) => over,
            (None, None) => Over::Stuck("the call did not come to an end".to_owned()),
        };
        let language = self.session.language().to_owned();
        let (usage, first_token) = self.model.finish();
        Played { over, turns: self.turns, first_token, usage, transcript: self.transcript, language }
    }

    /// Tells the session everything that has happened by now.
    fn settle(&mut self) {
        loop {
            self.report();
            while let Some(input) = self.inputs.pop_front() {
                let outputs = self.session.handle_input(input, self.now);
                self.perform(outputs);
                if let Some(changes) = self.session.changes() {
                    self.transcript.tools(&changes);
                }
            }
            if self.line.next_report().is_none_or(|at| at > self.now) {
                break;
            }
        }
        let quiet = self.line.is_quiet() && !self.model.is_waited_for() && self.now >= self.pause;
        self.quiet = (quiet && !self.is_leaving()).then(|| self.quiet.unwrap_or(self.now));
    }

    /// Passes on what was played.
    fn report(&mut self) {
        for report in self.line.reports(self.now) {
            let frame = match report.what {
                Playback::Speaking(on) => Inbound::Info(Info::AgentSpeaking(on)),
                Playback::Played { reply, text } => {
                    if let Some(reply) = reply {
                        self.transcript.heard(reply, &text);
                    }
                    Inbound::Info(Info::TokensPlayed(text.into()))
                }
                Playback::Interrupted { heard, after } => {
                    self.transcript.cut();
                    Inbound::Interrupt { heard: heard.into(), after: Some(after) }
                }
            };
            self.inputs.push_back(Input::Frame(frame));
        }
    }

    fn is_leaving(&self) -> bool {
        self.session.summary(self.now).outcome.is_some()
    }

    /// The caller does what is due now. Whether anything was.
    async fn act(&mut self) -> bool {
        let cuts_in = self.cuts_in_at().is_some_and(|at| at <= self.now);
        if !cuts_in && self.acts_at().is_none_or(|at| at > self.now) {
            return false;
        }
        let next = match &mut self.script {
            Ok(script) => script.next(&self.transcript).await,
            Err(why) => Err(why.clone()),
        };
        match next {
            Ok(Some(act)) => self.do_act(act),
            Ok(None) => self.over = Some(Over::HungUp),
            Err(why) => self.over = Some(Over::Stuck(why)),
        }
        true
    }

    /// When the caller cuts in, if what is being played lasts until then.
    fn cuts_in_at(&self) -> Option<Instant> {
        let after = self.script.as_ref().ok()?.interrupts_after()?;
        self.line.heard_at(after, self.now).filter(|_| !self.is_leaving())
    }

    /// When the caller does the next thing, if nothing else happens before.
    fn acts_at(&self) -> Option<Instant> {
        let ready = self.quiet? + REACTION;
        let answered = if self.answered { ready } else { ready.max(self.acted + UNANSWERED) };
        Some(answered.max(self.silent))
    }

    fn do_act(&mut self, act: Act) {
        self.quiet = None;
        match act {
            Act::Say(words) => self.say(words),
            Act::Keys(keys) => {
                self.transcript.event(format!("{PRESSES} {keys}"));
                let frames = keys.chars().map(|digit| Input::Frame(Inbound::Dtmf { digit }));
                self.inputs.extend(frames);
                self.begin_turn();
            }
            Act::Silence(silence) => {
                self.transcript.event(format!("the caller says nothing for {} s", silence.as_secs_f64()));
                self.silent = self.now + silence;
            }
            Act::Interrupt { words, .. } => {
                if self.line.interrupt(self.now) {
                    self.speaking(true);
                    self.report();
                    self.speaking(false);
                } else {
                    self.transcript.event("the agent had finished before the caller could cut in".to_owned());
                }
                self.say(words);
            }
        }
    }

    fn say(&mut self, words: String) {
        self.transcript.caller(&words);
        self.speaking(true);
        self.speaking(false);
        let prompt = Inbound::Prompt { text: words.into(), language: None, last: true };
        self.inputs.push_back(Input::Frame(prompt));
        self.begin_turn();
    }

    fn speaking(&mut self, on: bool) {
        self.inputs.push_back(Input::Frame(Inbound::Info(Info::ClientSpeaking(on))));
    }

    fn begin_turn(&mut self) {
        self.turns += 1;
        self.line.count_anew();
        (self.acted, self.answered) = (self.now, false);
    }

    /// Waits for the model, in real time, or turns the clock to what comes next.
    async fn wait(&mut self) {
        let next = [self.session.deadline(), self.line.next_report(), self.cuts_in_at(), self.acts_at()];
        let next = next.into_iter().flatten().min().map(|at| at.max(self.now));
        if !self.model.is_waited_for() {
            return self.turn_clock(next).await;
        }
        // What is there already takes no time: so the embedded agent's calls are the same each time.
        if let Some((request, event)) = self.model.ready() {
            return self.hear_model(request, event);
        }
        let began = clock::now();
        let most = next.map_or(LONGEST_WAIT, |at| at.saturating_duration_since(self.now));
        match tokio::time::timeout(most, self.model.next()).await {
            Ok((request, event)) => {
                self.now += clock::now().saturating_duration_since(began).min(most);
                self.hear_model(request, event);
            }
            Err(_) => self.turn_to(next.unwrap_or(self.now + LONGEST_WAIT)),
        }
    }

    async fn turn_clock(&mut self, next: Option<Instant>) {
        if self.pause > self.now {
            let until = next.map_or(self.pause, |at| at.min(self.pause));
            tokio::time::sleep(until.saturating_duration_since(self.now)).await;
            return self.turn_to(until);
        }
        match next {
            Some(at) => self.turn_to(at),
            None => self.over = Some(Over::Stuck("nothing was to come any more".to_owned())),
        }
    }

    fn turn_to(&mut self, at: Instant) {
        self.now = at;
        // Reports of that moment come first: what was heard may move a deadline.
        if self.line.next_report().is_some_and(|report| report <= at) {
            return;
        }
        if self.session.deadline().is_some_and(|deadline| deadline <= at) {
            self.inputs.push_back(Input::DeadlinePassed);
        }
    }

    fn hear_model(&mut self, request: crate::session::RequestId, event: ModelEvent) {
        self.model.heard(&event, self.now);
        match &event {
            ModelEvent::Failed(error) => {
                self.pause = self.now + error.pause();
                self.note_trouble(error);
            }
            ModelEvent::Done { .. } => self.trouble = None,
            ModelEvent::Words(_) | ModelEvent::Progress => {}
        }
        self.inputs.push_back(Input::Model(request, event));
    }

    fn note_trouble(&mut self, error: &ModelError) {
        if is_out_of_reach(error) {
            self.trouble = Some(error.clone());
        }
    }

    fn perform(&mut self, mut outputs: Outputs) {
        for output in outputs.drain(..) {
            match output {
                Output::Send(frame) => self.send(frame),
                Output::Ask(ask) => {
                    let language = self.session.language().to_owned();
                    self.model.ask(ask, &language, self.now);
                }
                Output::Cancel(request) => self.model.cancel(request),
                Output::Run(run) => self.run_tool(&run),
                Output::Report(error) => self.note_trouble(&error),
                // A run is answered at once, and a document counts when it leaves.
                Output::Forget(_) | Output::Keep(_) => {}
            }
        }
        self.session.recycle(outputs);
    }

    fn send(&mut self, frame: Outbound) {
        match frame {
            Outbound::Text(speech) => {
                self.answered |= !speech.token.trim().is_empty();
                let reply = self.line.speak(&speech, self.now);
                self.transcript.agent(reply, &speech.token);
            }
            Outbound::Language(_) => {
                let language = self.session.language().to_owned();
                self.transcript.event(format!("the agent goes on in {language}"));
            }
            Outbound::End { handoff_data } => {
                let data = handoff_data.unwrap_or_default();
                let document = Handoff::read(&data, &beginning::call_sid(), beginning::HANDOFF);
                self.over = Some(match document {
                    Ok(handoff) => Over::Ended(Box::new(handoff)),
                    Err(error) => Over::Stuck(format!("the hand-off document cannot be read: {error}")),
                });
            }
            Outbound::Play(_) | Outbound::SendDigits { .. } => {}
        }
    }

    /// Answers for a tool of the business, as the scenario says.
    fn run_tool(&mut self, run: &Run) {
        let name = self.setup.agent.playbook.tools.name(run.tool);
        let count = self.runs.get_mut(run.tool).map_or(0, |count| {
            *count += 1;
            *count - 1
        });
        let result = match self.setup.scenario.tools.get(name) {
            Some(Answers::Well(answers)) => {
                let answer = answers.get(count).or(answers.last());
                Ok(Pii::from(answer.map_or_else(String::new, text)))
            }
            Some(Answers::Fails(why)) => Err(Pii::from(why.clone())),
            Some(Answers::Recorded(runs)) => {
                let is_left = |place| !self.answered_from.contains(&(run.tool, place));
                match Answers::recorded(runs, &run.arguments, is_left) {
                    Some(place) => {
                        self.answered_from.insert((run.tool, place));
                        runs[place].result.clone().map(Pii::from).map_err(Pii::from)
                    }
                    None => Err(Pii::from("the recorded call has no answer for this")),
                }
            }
            None => Err(Pii::from("the tool cannot be reached")),
        };
        self.inputs.push_back(Input::ToolDone(run.id, result));
    }
}

/// An answer as an endpoint would send it.
fn text(answer: &Value) -> String {
    answer.as_str().map_or_else(|| answer.to_string(), str::to_owned)
}
