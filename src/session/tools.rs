//! Tools within a turn: arguments are checked before anything happens, every call gets one result, and the
//! results go back in the order of the calls.

use std::time::Instant;

use serde_json::{Value, json};

use super::history::ReplyId;
use super::leaving::ESCALATED;
use super::turn::{Purpose, Stage};
use super::{Output, Run, RunId, Session};
use crate::chat::{Effect, Tool, ToolCall, ToolKind};
use crate::handoff::{Handoff, Outcome, Trigger, facts};
use crate::pii::Pii;
use crate::relay::{LanguageSwitch, LanguageTag, Outbound};

/// How many times in one turn the model may ask for tools.
const MOST_ROUNDS: u8 = 5;

/// How many facts a call keeps.
const MOST_FACTS: usize = 50;

/// What a model is told of a tool that may have changed something when it was given up.
const UNKNOWN: &str = "no answer in time; whether it was done is not known, so do not ask again";

/// The tools of one answer while some of them run.
#[derive(Debug)]
pub(super) struct Running {
    reply: ReplyId,
    pending: Vec<Pending>,
    /// Set when one of the calls ends the session, which waits for the others.
    leave: Option<Box<Handoff>>,
    /// Whether an escalation was asked for in words that do not fit its schema.
    bad_escalation: bool,
    /// Whether one of the calls came to nothing.
    failed: bool,
    /// When the wait is bridged by another line.
    line_at: Option<Instant>,
}

#[derive(Debug)]
struct Pending {
    run: RunId,
    position: usize,
    give_up: Instant,
    effect: Effect,
}

/// A run that nobody waits for any more, and that is not broken off.
#[derive(Debug)]
pub(super) struct RunningOn {
    reply: ReplyId,
    pending: Pending,
}

impl RunningOn {
    pub(super) fn deadline(&self) -> Instant {
        self.pending.give_up
    }
}

impl Running {
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.pending.iter().map(|pending| pending.give_up).chain(self.line_at).min()
    }

    /// Leaves once the last run is over. The first wish counts, but a person outranks the end of the call.
    fn leave_with(&mut self, handoff: Handoff) {
        if self.leave.is_none() || (!self.escalates() && handoff.context.outcome == Outcome::Escalated) {
            self.leave = Some(Box::new(handoff));
        }
    }

    /// Whether a person takes over once the last run is over. Nothing the caller does can take that back.
    pub(super) fn escalates(&self) -> bool {
        self.leave.as_ref().is_some_and(|handoff| handoff.context.outcome == Outcome::Escalated)
    }

    /// What one of the calls wished for, without waiting for the others any longer.
    pub(super) fn take_wish(&mut self) -> Option<(Handoff, ReplyId)> {
        Some((*self.leave.take()?, self.reply))
    }
}

impl Session {
    /// Runs the tools an answer asked for. Its words, if it had any, were spoken.
    pub(super) fn run_tools(&mut self, reply: ReplyId, calls: Vec<ToolCall>, now: Instant) {
        self.counts.rounds += 1;
        let mut running = Running {
            reply,
            pending: Vec::new(),
            leave: None,
            bad_escalation: false,
            failed: false,
            line_at: None,
        };
        self.note_calls(reply, calls.clone());
        if self.counts.rounds > MOST_ROUNDS {
            for position in 0..calls.len() {
                self.history.answer(reply, position, &failure("too many tools in one turn"));
            }
            return self.give_up(Trigger::ToolFailure, now);
        }
        let mut say = None;
        for (position, call) in calls.iter().enumerate() {
            if let Some(line) = self.run_tool(&mut running, position, call, now) {
                say = say.or(Some(line));
            }
        }
        match say.filter(|_| !running.pending.is_empty()) {
            Some(line) if self.history.said(reply).trim().is_empty() => self.speak_line(&line),
            Some(_) | None => {}
        }
        self.stage = Stage::Running(running);
        self.bridge_tools();
        self.conclude_tools(now);
    }

    /// Adds the calls of a reply to the history.
    pub(super) fn note_calls(&mut self, reply: ReplyId, calls: Vec<ToolCall>) {
        let toolbox = &self.settings.toolbox;
        let is_secure = |name: &str| toolbox.position(name).is_some_and(|at| toolbox.tools()[at].secure);
        self.history.calls(reply, calls, is_secure);
    }

    /// The next line is due a while after the last one was heard.
    fn bridge_tools(&mut self) {
        let bridge = self.bridge_at();
        if let Stage::Running(running) = &mut self.stage {
            running.line_at = Some(bridge);
        }
    }

    /// Starts or does what one call asks for. Returns the line that bridges its run.
    fn run_tool(
        &mut self,
        running: &mut Running,
        position: usize,
        call: &ToolCall,
        now: Instant,
    ) -> Option<String> {
        let toolbox = self.settings.toolbox.clone();
        let Some(index) = toolbox.position(&call.name) else {
            let names: Vec<&str> = toolbox.tools().iter().map(|tool| tool.name.as_str()).collect();
            let answer = failure(&format!("no such tool; there are: {}", names.join(", ")));
            self.history.answer(running.reply, position, &answer);
            running.failed = true;
            return None;
        };
        let tool = &toolbox.tools()[index];
        let arguments = match toolbox.check(index, call.arguments.expose()) {
            Ok(arguments) => arguments,
            Err(error) => {
                running.failed = true;
                running.bad_escalation |= tool.kind == ToolKind::Escalate;
                self.history.answer(running.reply, position, &failure(error.0.expose()));
                return None;
            }
        };
        if tool.kind == ToolKind::External {
            return self.start_run(running, position, tool, index, arguments, now);
        }
        let answer = self.run_own(tool.kind, &arguments, running, now);
        self.history.answer(running.reply, position, &answer);
        None
    }

    fn start_run(
        &mut self,
        running: &mut Running,
        position: usize,
        tool: &Tool,
        index: usize,
        arguments: Value,
        now: Instant,
    ) -> Option<String> {
        let run = RunId(self.counts.runs);
        self.counts.runs += 1;
        running.pending.push(Pending { run, position, give_up: now + tool.timeout, effect: tool.effect });
        self.out.push(Output::Run(Run { id: run, tool: index, arguments }));
        tool.say.within(&self.language).filter(|line| !line.is_empty()).map(str::to_owned)
    }

    /// Does what the session's own tools do, and returns the result for the model.
    fn run_own(&mut self, kind: ToolKind, arguments: &Value, running: &mut Running, now: Instant) -> String {
        match kind {
            ToolKind::Escalate => {
                let handoff = self.model_handoff(arguments, now);
                // Other tools beside it may take a while, and the line may drop meanwhile.
                self.keep(handoff.clone());
                running.leave_with(handoff);
                ESCALATED.to_owned()
            }
            ToolKind::EndCall => {
                running.leave_with(self.farewell(arguments, now));
                r#"{"status":"the call ends; say goodbye in one short sentence"}"#.to_owned()
            }
            ToolKind::SwitchLanguage => self.switch_language(arguments),
            ToolKind::Remember => {
                self.remember(arguments);
                json!({"status": "remembered", "facts": self.memory.len()}).to_string()
            }
            ToolKind::External => failure("not run here"),
        }
    }

    /// Keeps facts that travel with the hand-off.
    pub(super) fn remember(&mut self, arguments: &Value) {
        let facts = facts(arguments.get("facts").and_then(Value::as_object));
        self.memory.extend(facts);
        while self.memory.len() > MOST_FACTS {
            self.memory.pop_last();
        }
    }

    fn switch_language(&mut self, arguments: &Value) -> String {
        let wanted = arguments.get("language").and_then(Value::as_str).unwrap_or_default();
        match self.declared(wanted).and_then(LanguageTag::new) {
            Some(tag) => {
                self.language = tag.as_str().to_owned();
                self.send(Outbound::Language(LanguageSwitch::both(tag)));
                json!({"status": "switched", "language": self.language}).to_string()
            }
            None => failure(&format!("this call can be held in: {}", self.settings.languages.join(", "))),
        }
    }

    /// The language of the relay session that a tag means: Twilio speaks no other.
    fn declared(&self, wanted: &str) -> Option<&str> {
        let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let languages = self.settings.languages.iter().map(String::as_str);
        let exact = languages.clone().find(|tag| tag.eq_ignore_ascii_case(wanted));
        exact.or_else(|| languages.clone().find(|tag| primary(tag) == primary(wanted)))
    }

    pub(super) fn tool_done(&mut self, run: RunId, result: Result<Pii<String>, Pii<String>>, now: Instant) {
        match result {
            Ok(result) => self.answer_run(run, &result.into_inner(), false),
            Err(error) => self.answer_run(run, &failure(error.expose()), true),
        }
        self.conclude_tools(now);
    }

    fn answer_run(&mut self, run: RunId, answer: &str, failed: bool) {
        if let Some(at) = self.running_on.iter().position(|run_on| run_on.pending.run == run) {
            let RunningOn { reply, pending } = self.running_on.swap_remove(at);
            return self.history.answer(reply, pending.position, answer);
        }
        let Stage::Running(running) = &mut self.stage else { return };
        let Some(at) = running.pending.iter().position(|pending| pending.run == run) else { return };
        let position = running.pending.swap_remove(at).position;
        running.failed |= failed;
        self.history.answer(running.reply, position, answer);
    }

    /// Waits no longer for the tools of an answer. What only reads is broken off; what changes something runs on,
    /// and the model is told of its result with the next question.
    pub(super) fn let_go(&mut self, running: Running) {
        let reply = running.reply;
        for pending in running.pending {
            match pending.effect {
                Effect::Read => self.out.push(Output::Forget(pending.run)),
                Effect::Write => {
                    self.history.runs_on(reply, pending.position);
                    self.running_on.push(RunningOn { reply, pending });
                }
            }
        }
    }

    /// Gives up what ran on for too long.
    pub(super) fn running_on_passed(&mut self, now: Instant) {
        let late = self.running_on.iter().filter(|run_on| run_on.deadline() <= now);
        let late: Vec<RunId> = late.map(|run_on| run_on.pending.run).collect();
        for run in late {
            self.out.push(Output::Forget(run));
            self.answer_run(run, &failure(UNKNOWN), true);
        }
    }

    pub(super) fn tools_passed(&mut self, now: Instant) {
        let Stage::Running(running) = &mut self.stage else { return };
        let late = running.pending.iter().filter(|pending| pending.give_up <= now);
        let late: Vec<(RunId, Effect)> = late.map(|pending| (pending.run, pending.effect)).collect();
        let line_due = running.line_at.is_some_and(|at| at <= now);
        for (run, effect) in late {
            self.out.push(Output::Forget(run));
            let why = match effect {
                Effect::Read => "no answer in time",
                Effect::Write => UNKNOWN,
            };
            self.answer_run(run, &failure(why), true);
        }
        self.conclude_tools(now);
        if line_due && matches!(self.stage, Stage::Running(_)) {
            let next = self.speak_filler();
            if let Stage::Running(running) = &mut self.stage {
                running.line_at = next;
            }
        }
    }

    /// Once every call is answered: leaves, or asks the model to go on.
    fn conclude_tools(&mut self, now: Instant) {
        let Stage::Running(running) = &mut self.stage else { return };
        if !running.pending.is_empty() {
            return;
        }
        let (reply, bad_escalation, failed) = (running.reply, running.bad_escalation, running.failed);
        // Of two wishes, one of them in the wrong words, the one for a person counts.
        let leave = running
            .leave
            .take()
            .filter(|leave| !bad_escalation || leave.context.outcome == Outcome::Escalated);
        self.stage = Stage::Idle;
        let too_many_failed = self.tools_failed(failed);
        match leave {
            // The right wish in the wrong words: the model may put it right, once, and do nothing else.
            None if bad_escalation => self.arm(Trigger::Model.into(), Some(reply), now),
            None if too_many_failed => self.give_up(Trigger::ToolFailure, now),
            None => self.ask(Purpose::Answer, 1, now),
            Some(handoff) => self.leave(*handoff, reply, now),
        }
    }
}

fn failure(error: &str) -> String {
    json!({ "error": error }).to_string()
}
