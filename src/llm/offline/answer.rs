//! What the agent answers: rules from the most urgent to the least.

use serde_json::{Value, json};

use super::dialogue::{Dialogue, Turn};
use super::hearing::{Heard, Number};
use super::language::Tongue;
use super::sentences as say;
use super::sentences::Sentence;
use super::summary::{self, Utterance, Why};
use crate::chat::{Say, ToolCall, ToolChoice, ToolKind};
use crate::llm::Question;
use crate::phrases::Meaning;
use crate::prompts::Prompts;

/// How often a refused `escalate` is tried in one turn. After the second the session writes the summary itself.
const MOST_TRIES: usize = 2;
/// How many topics are named to a caller who asks for help.
const NAMED_TOPICS: usize = 4;

/// What is said, and which tools are asked for.
#[derive(Debug, Default)]
pub(super) struct Reply {
    pub(super) words: String,
    pub(super) calls: Vec<ToolCall>,
}

/// Answers a question.
pub(super) fn reply(question: &Question, prompts: &Prompts) -> Reply {
    let dialogue = Dialogue::read(&question.messages);
    let hear = |said| Heard::new(said, &question.language, &prompts.knowledge);
    let last = dialogue.last().map(|turn| hear(turn.said));
    let signs = last.as_ref().map(|heard| heard.signs).unwrap_or_default();
    let tongue = signs.wanted.or(signs.spoken).unwrap_or_else(|| Tongue::of(&question.language));
    let agent = Agent { question, prompts, dialogue, last, tongue };
    let mut plan = agent.plan();
    if question.choice != ToolChoice::Never {
        agent.switch_first(&mut plan);
    }
    agent.carry_out(plan)
}

/// The agent in one moment of one call.
struct Agent<'a> {
    question: &'a Question,
    prompts: &'a Prompts,
    dialogue: Dialogue<'a>,
    /// What was made of the caller's last words.
    last: Option<Heard<'a>>,
    /// What to speak.
    tongue: Tongue,
}

/// Words, tools, or both.
#[derive(Debug, Default)]
struct Plan {
    words: String,
    calls: Vec<(ToolKind, Value)>,
}

impl Plan {
    fn say(words: impl Into<String>) -> Self {
        Self { words: words.into(), calls: Vec::new() }
    }

    fn call(kind: ToolKind, arguments: Value) -> Self {
        Self { words: String::new(), calls: vec![(kind, arguments)] }
    }
}

impl Agent<'_> {
    fn plan(&self) -> Plan {
        if self.question.choice == ToolChoice::Escalate {
            return self.escalate(self.why_decided());
        }
        let Some((turn, heard)) = self.dialogue.last().zip(self.last.as_ref()) else {
            return Plan::say(self.text(say::WELCOME));
        };
        if self.has_done(turn, ToolKind::Escalate) {
            return Plan::say(self.line(&self.prompts.lines.transfer, say::TRANSFER));
        }
        if self.has_done(turn, ToolKind::EndCall) {
            return Plan::say(self.line(&self.prompts.lines.farewell, say::FAREWELL));
        }
        self.urgent(heard).or_else(|| self.number(turn, heard)).unwrap_or_else(|| self.talk(heard))
    }

    /// What must not wait: danger, a person, an upset caller.
    fn urgent(&self, heard: &Heard<'_>) -> Option<Plan> {
        let before = self.dialogue.before_last();
        if heard.is(Meaning::Emergency) {
            return Some(self.saying(&[say::EMERGENCY, say::OFFER]));
        }
        if heard.is(Meaning::WantsPerson) {
            return Some(self.escalate(Why::Asked));
        }
        if heard.is(Meaning::Anger) {
            let angry = self.all_heard().filter(|heard| heard.is(Meaning::Anger)).take(2).count();
            return Some(match angry {
                0 | 1 => self.saying(&[say::SORRY_FOR_TROUBLE, say::OFFER]),
                _ => self.escalate(Why::Upset),
            });
        }
        let accepts = heard.is(Meaning::Yes) && heard.topic.is_none() && !heard.is(Meaning::No);
        (accepts && say::offers_person(before)).then(|| self.escalate(Why::AcceptedOffer))
    }

    /// A number is kept, and then its keeping is confirmed.
    fn number(&self, turn: &Turn<'_>, heard: &Heard<'_>) -> Option<Plan> {
        let number = match heard.number.as_ref()? {
            Number::Usable(number) => number,
            Number::TooLong => return Some(self.saying(&[say::NUMBER_TOO_LONG])),
        };
        if self.may_call(turn, ToolKind::Remember) {
            return Some(self.remember(number, heard));
        }
        let spelled: Vec<String> = number.chars().map(String::from).collect();
        let noted = format!("{} {}.", self.text(say::NOTED), spelled.join(" "));
        let follows = match heard.topic {
            Some(topic) => self.answer(&topic.answer),
            None => self.saying(&[say::CANNOT_LOOK_UP, say::OFFER]).words,
        };
        Some(Plan::say(format!("{noted} {follows}")))
    }

    /// Everything that is talk alone, and the end of the call.
    fn talk(&self, heard: &Heard<'_>) -> Plan {
        let before = self.dialogue.before_last();
        let declines = heard.is(Meaning::No);
        let done = heard.is_done || declines && say::asks_anything_else(before);
        if let Some(topic) = heard.topic {
            return Plan::say(self.answer(&topic.answer));
        }
        if heard.asks_what_we_are {
            return self.saying(&[say::WHAT_WE_ARE]);
        }
        if heard.is(Meaning::Goodbye) || done {
            return self.end_call();
        }
        if heard.asks_for_help {
            return Plan::say(self.topics());
        }
        if heard.asks_again && !before.is_empty() {
            return Plan::say(before);
        }
        if heard.signs.wanted.is_some() {
            return self.saying(&[say::IN_YOUR_LANGUAGE]);
        }
        self.courtesy(heard).unwrap_or_else(|| self.unknown())
    }

    fn courtesy(&self, heard: &Heard<'_>) -> Option<Plan> {
        if heard.declines {
            return Some(self.saying(&[say::ALL_RIGHT]));
        }
        if heard.is_unknown() {
            return None;
        }
        [
            (Meaning::Thanks, &[say::YOU_ARE_WELCOME, say::ANYTHING_ELSE][..]),
            (Meaning::No, &[say::ALL_RIGHT]),
            (Meaning::Greeting, &[say::WELCOME]),
            (Meaning::Yes, &[say::GO_AHEAD]),
        ]
        .into_iter()
        .find_map(|(meaning, sentences)| heard.is(meaning).then(|| self.saying(sentences)))
    }

    fn unknown(&self) -> Plan {
        let turns = self.all_heard().rev().take(2).take_while(Heard::is_unknown).count();
        if turns > 1 { self.escalate(Why::NotUnderstood) } else { self.saying(&[say::UNKNOWN, say::OFFER]) }
    }

    /// Why a rule beside the agent wants a person, as far as the caller's words tell. A key tells nothing.
    fn why_decided(&self) -> Why {
        let Some(heard) = &self.last else { return Why::Decided };
        if heard.is(Meaning::WantsPerson) {
            Why::Asked
        } else if heard.is_upset {
            Why::Upset
        } else if heard.is(Meaning::NotUnderstood) {
            Why::NotUnderstood
        } else {
            Why::Decided
        }
    }

    /// Asks for the tool; where that is not possible, tells the other way to a person.
    fn escalate(&self, why: Why) -> Plan {
        let tool = self.question.toolbox.of_kind(ToolKind::Escalate);
        let allowed = match (self.question.choice, self.dialogue.last(), tool) {
            (ToolChoice::Never, ..) => false,
            (ToolChoice::Auto, Some(turn), Some(tool)) => turn.calls_of(&tool.name).count() < MOST_TRIES,
            (ToolChoice::Escalate, ..) | (ToolChoice::Auto, None, _) | (ToolChoice::Auto, Some(_), None) => {
                true
            }
        };
        let Some(tool) = tool.filter(|_| allowed) else {
            let key = self.prompts.front.person_key;
            let press = key.map(|key| format!(" {} {key}.", self.text(say::PRESS)));
            return Plan::say(self.text(say::CANNOT_CONNECT).to_owned() + &press.unwrap_or_default());
        };
        let heard: Vec<Heard<'_>> = self.all_heard().collect();
        let said: Vec<Utterance<'_>> = self.dialogue.turns.iter().map(|turn| turn.said).zip(&heard).collect();
        let mut plan =
            Plan::call(ToolKind::Escalate, summary::arguments(tool, why, &said, &self.question.language));
        // A number in the same breath is not lost.
        if let Some((turn, heard)) = self.dialogue.last().zip(self.last.as_ref())
            && let Some(Number::Usable(number)) = &heard.number
            && self.question.choice == ToolChoice::Auto
            && self.may_call(turn, ToolKind::Remember)
        {
            plan.calls.splice(0..0, self.remember(number, heard).calls);
        }
        plan
    }

    fn remember(&self, number: &str, heard: &Heard<'_>) -> Plan {
        Plan::call(ToolKind::Remember, json!({"facts": {heard.number_name: number}}))
    }

    fn end_call(&self) -> Plan {
        match self.dialogue.last() {
            Some(turn) if self.may_call(turn, ToolKind::EndCall) => {
                Plan::call(ToolKind::EndCall, json!({"reason": "The caller said goodbye"}))
            }
            Some(_) | None => Plan::say(self.line(&self.prompts.lines.farewell, say::FAREWELL)),
        }
    }

    /// A caller who changes the language is answered in it: the switch comes first, and words wait for it.
    fn switch_first(&self, plan: &mut Plan) {
        let Some(turn) = self.dialogue.last() else { return };
        let spoken = self.question.language.split('-').next().unwrap_or_default();
        let changed =
            self.last.as_ref().is_some_and(|heard| heard.signs != super::language::Signs::default());
        if !changed || spoken == self.tongue.primary() || !self.may_call(turn, ToolKind::SwitchLanguage) {
            return;
        }
        let tag = self.prompts.front.tag_of(self.tongue.primary()).unwrap_or(self.tongue.usual_tag());
        plan.calls.insert(0, (ToolKind::SwitchLanguage, json!({"language": tag})));
        plan.words.clear();
    }

    fn carry_out(&self, plan: Plan) -> Reply {
        let toolbox = &self.question.toolbox;
        let names =
            plan.calls.into_iter().filter_map(|(kind, arguments)| Some((toolbox.of_kind(kind)?, arguments)));
        let call = |(index, (tool, arguments)): (usize, (&crate::chat::Tool, Value))| ToolCall {
            id: format!("offline_{}", self.dialogue.calls + index),
            name: tool.name.clone(),
            arguments: arguments.to_string().into(),
        };
        Reply { words: plan.words, calls: names.enumerate().map(call).collect() }
    }

    /// What is made of each thing the caller said, oldest first; the work is done for what is looked at.
    fn all_heard(&self) -> impl DoubleEndedIterator<Item = Heard<'_>> {
        let hear = |turn: &Turn<'_>| Heard::new(turn.said, &self.question.language, &self.prompts.knowledge);
        self.dialogue.turns.iter().map(hear)
    }

    /// Whether a tool exists, may be asked for, and was not asked for in this turn.
    fn may_call(&self, turn: &Turn<'_>, kind: ToolKind) -> bool {
        let tool = self.question.toolbox.of_kind(kind);
        let fresh = tool.is_some_and(|tool| turn.calls_of(&tool.name).next().is_none());
        fresh && self.question.choice != ToolChoice::Never
    }

    fn has_done(&self, turn: &Turn<'_>, kind: ToolKind) -> bool {
        self.question.toolbox.of_kind(kind).is_some_and(|tool| turn.has_done(&tool.name))
    }

    /// An answer from the knowledge, which leads on by itself if it ends in a question.
    fn answer(&self, answer: &str) -> String {
        if answer.ends_with('?') {
            return answer.to_owned();
        }
        format!("{answer} {}", self.text(say::ANYTHING_ELSE))
    }

    fn topics(&self) -> String {
        let article = self.prompts.knowledge.within(self.tongue.primary());
        let headings = article.into_iter().flat_map(|article| &article.topics).take(NAMED_TOPICS);
        let mut named: Vec<String> = headings.map(|topic| topic.heading.to_lowercase()).collect();
        let Some(last) = named.pop() else { return self.text(say::WHICH_TOPIC).to_owned() };
        let list = match named.is_empty() {
            true => last,
            false => format!("{} {} {last}", named.join(", "), self.text(say::AND)),
        };
        format!("{} {list}. {}", self.text(say::CAN_TELL), self.text(say::WHICH_TOPIC))
    }

    fn saying(&self, sentences: &[Sentence]) -> Plan {
        let words: Vec<&str> = sentences.iter().map(|sentence| self.text(*sentence)).collect();
        Plan::say(words.join(" "))
    }

    fn text(&self, sentence: Sentence) -> &'static str {
        sentence.within(self.tongue)
    }

    /// A line of the house where it has one in the language of the call.
    fn line(&self, line: &Say, otherwise: Sentence) -> String {
        line.within(&self.question.language).unwrap_or(self.text(otherwise)).to_owned()
    }
}
