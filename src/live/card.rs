//! One call of the board: notes in, what is shown of it out. Time is an argument.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::handoff::{Handoff, Outcome, PromptVersion, Sentiment, Speaker, Trigger, cut};
use crate::ids::{AccountSid, CallSid};
use crate::mask::Also;
use crate::phrases::{Mood, mood};
use crate::pii::Pii;
use crate::record::{Changes, Turn};
use crate::redact;
use crate::store::archive::{Call, HandedOff, Kept, Moment, Triggered};
use crate::store::{Began, Came, Delivery, DeliveryState, Recorded, Recording, What};

/// How much of the last words is shown, in characters.
const LAST_WORDS: usize = 240;
/// How fast speech is taken to be where playback is not reported, in characters a second.
const RATE: u64 = 15;
/// How long a call whose socket is gone may take to come back, or to be handed on, in milliseconds.
const COMES_BACK: u64 = 15_000;
/// How long a call is shown that waits for a person or has one, without a word from Twilio, in milliseconds.
const LONGEST: u64 = 4 * 60 * 60 * 1000;

/// A call as the board shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LiveCall {
    /// The call.
    #[schema(value_type = String)]
    pub call_sid: CallSid,
    /// Whom we talk with, shown by the ends of the number.
    pub caller: Option<String>,
    /// Our own number.
    pub line: Option<String>,
    /// The language spoken, as a BCP 47 tag.
    pub language: Option<String>,
    /// Where it stands.
    pub state: LiveState,
    /// `positive`, `neutral` or `negative`; none before the caller said anything.
    #[schema(value_type = Option<String>)]
    pub sentiment: Option<Sentiment>,
    /// How many times the caller was answered.
    pub turns: u32,
    /// When it came in.
    #[schema(value_type = String, format = DateTime)]
    pub began_at: Moment,
    /// What was said last.
    pub last_words: Option<LastWords>,
    /// What leads to a person.
    #[schema(value_type = Option<String>)]
    pub trigger: Option<Trigger>,
    /// The node that has it.
    pub node: String,
    /// Whether that is the one that answers.
    pub own: bool,
    /// Whether it comes from the browser.
    pub phone: bool,
}

/// What was said last in a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LastWords {
    /// `caller` or `agent`.
    #[schema(value_type = String)]
    pub who: Speaker,
    /// The words, at most 240 characters of them.
    pub text: String,
}

/// Where a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum LiveState {
    /// It has its TwiML, and no session yet.
    Ringing,
    /// It is the caller's turn.
    Listening,
    /// The caller waits for an answer.
    Thinking,
    /// We speak.
    Speaking,
    /// It is on its way to a person, or to its end.
    Leaving,
    /// It waits for a person.
    Queued,
    /// A person has it.
    WithPerson,
}

/// A call that is not live any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Gone {
    /// The call.
    #[schema(value_type = String)]
    pub call_sid: CallSid,
    /// `escalated`, `completed` or `closed`.
    pub outcome: Option<String>,
    /// What led to a person.
    #[schema(value_type = Option<String>)]
    pub trigger: Option<Trigger>,
}

/// What a session has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Ringing,
    Talking,
    Leaving,
    Queued,
    WithPerson,
    Over,
}

/// All that is known of a call.
#[derive(Debug)]
pub(super) struct Card {
    came: Came,
    began: u64,
    /// When anything was heard of it last.
    heard: u64,
    language: Option<String>,
    prompts: Option<PromptVersion>,
    sessions: u8,
    answered: u32,
    facts: std::collections::BTreeMap<String, Pii<String>>,
    reported: bool,
    turns: Vec<Turn>,
    phase: Phase,
    /// When the first words of the latest answer left.
    answering: Option<u64>,
    /// Set while no session runs, once one has.
    left: Option<(u64, Option<Outcome>)>,
    handoffs: Vec<Decided>,
    mood: Option<Sentiment>,
    mood_is_old: bool,
    /// Its recording.
    recording: Option<Recorded>,
}

#[derive(Debug)]
struct Decided {
    session: u8,
    at: u64,
    handoff: Box<Handoff>,
    delivery: Delivery,
    changed: u64,
}

impl Card {
    pub(super) fn new(at: u64) -> Self {
        Self {
            came: Came::default(),
            began: at,
            heard: at,
            language: None,
            prompts: None,
            sessions: 0,
            answered: 0,
            facts: std::collections::BTreeMap::new(),
            reported: false,
            turns: Vec::new(),
            phase: Phase::Ringing,
            answering: None,
            left: None,
            handoffs: Vec::new(),
            mood: None,
            mood_is_old: false,
            recording: None,
        }
    }

    /// Takes a note.
    pub(super) fn fold(&mut self, at: u64, what: What) {
        self.heard = self.heard.max(at);
        match what {
            What::Came(came) => self.came(came),
            What::Began(began) => self.began(began),
            What::Changed(changes) => self.changed(changes),
            What::Answering => self.answering = Some(at),
            What::Decided(session, handoff) => self.decided(session, handoff, at),
            What::Delivered(delivery) => self.delivered(delivery, at),
            What::Left { outcome, .. } => self.left = Some((at, outcome)),
            What::Over => self.phase = Phase::Over,
            What::Recorded(recorded) => self.recording = Some(recorded),
            What::Audited(_) | What::Taken(_) => {}
        }
    }

    fn came(&mut self, came: Came) {
        let Came { account_sid, direction, caller, line, verified } = came;
        let known = &mut self.came;
        known.account_sid = known.account_sid.take().or(account_sid);
        known.direction = known.direction.take().or(direction);
        known.caller = known.caller.take().or(caller);
        known.line = known.line.take().or(line);
        known.verified = known.verified.take().or(verified);
    }

    fn began(&mut self, began: Began) {
        self.came(began.came);
        self.language.get_or_insert(began.language);
        self.prompts.get_or_insert(began.prompts);
        self.sessions = self.sessions.max(began.session.saturating_add(1));
        self.phase = Phase::Talking;
        (self.left, self.answering) = (None, None);
    }

    fn changed(&mut self, changes: Changes) {
        let Changes { turns, state, .. } = changes;
        for mut turn in turns {
            self.mood_is_old |= turn.who == Speaker::Caller;
            // What it answers stands before it.
            turn.answers = None;
            match self.turns.binary_search_by_key(&turn.key, |known| known.key) {
                Ok(at) => self.turns[at] = turn,
                Err(at) => {
                    if self.turns.is_empty() {
                        // Many calls never have more than a greeting while somebody looks.
                        self.turns.reserve_exact(1);
                    }
                    self.turns.insert(at, turn);
                }
            }
        }
        if !state.language.is_empty() {
            self.language = Some(state.language);
        }
        (self.answered, self.facts, self.reported) = (state.turns, state.facts, state.reported);
    }

    fn decided(&mut self, session: u8, handoff: Box<Handoff>, at: u64) {
        let id = &handoff.context.handoff_id;
        match self.handoffs.iter_mut().find(|known| known.handoff.context.handoff_id == *id) {
            Some(known) => known.handoff = handoff,
            None => {
                let delivery = DeliveryState::Decided.into();
                self.handoffs.push(Decided { session, at, handoff, delivery, changed: at });
            }
        }
        if matches!(self.phase, Phase::Ringing | Phase::Talking) {
            self.phase = Phase::Leaving;
        }
    }

    fn delivered(&mut self, delivery: Delivery, at: u64) {
        self.phase = match delivery.state {
            DeliveryState::Decided | DeliveryState::Sent | DeliveryState::Returned => self.phase,
            DeliveryState::Queued | DeliveryState::Dialled | DeliveryState::Voicemail => Phase::Queued,
            DeliveryState::Answered | DeliveryState::Passed => Phase::WithPerson,
            DeliveryState::Message | DeliveryState::Abandoned | DeliveryState::Completed => Phase::Over,
        };
        if let Some(decided) = self.handoffs.last_mut() {
            let target = delivery.target.or(decided.delivery.target.take());
            decided.delivery = Delivery { target, state: delivery.state };
            decided.changed = at;
        }
    }

    /// Whether it is live no more.
    pub(super) fn is_gone(&self, now: u64) -> bool {
        let silent = now.saturating_sub(self.heard);
        match (self.phase, self.left) {
            (Phase::Over, _) => true,
            (Phase::Ringing, _) => silent > COMES_BACK,
            (Phase::Talking | Phase::Leaving, Some((at, _))) => now.saturating_sub(at) > COMES_BACK,
            (Phase::Talking | Phase::Leaving, None) => false,
            (Phase::Queued | Phase::WithPerson, _) => silent > LONGEST,
        }
    }

    /// Whether a session should be telling of it, and nothing was heard for a while. In a long pause nothing is.
    pub(super) fn is_silent(&self, now: u64) -> bool {
        let talking = matches!(self.phase, Phase::Talking | Phase::Leaving) && self.left.is_none();
        talking && now.saturating_sub(self.heard) > COMES_BACK
    }

    /// What is told of it once it is gone.
    pub(super) fn gone(&self, call_sid: &CallSid) -> Gone {
        Gone {
            call_sid: call_sid.clone(),
            outcome: self.outcome().map(str::to_owned),
            trigger: self.trigger(),
        }
    }

    /// When it looks different by itself, if it will.
    pub(super) fn changes_at(&self) -> Option<u64> {
        (self.phase == Phase::Talking).then(|| self.turns.last().and_then(|turn| self.spoken_until(turn)))?
    }

    /// Where it stands.
    pub(super) fn state(&self, now: u64) -> LiveState {
        match self.phase {
            Phase::Ringing => LiveState::Ringing,
            Phase::Leaving | Phase::Over => LiveState::Leaving,
            Phase::Queued => LiveState::Queued,
            Phase::WithPerson => LiveState::WithPerson,
            Phase::Talking => self.turns.last().map_or(LiveState::Listening, |last| self.talk(last, now)),
        }
    }

    fn talk(&self, last: &Turn, now: u64) -> LiveState {
        let answering = self.answering.is_some_and(|at| at >= last.steps.began);
        if last.who == Speaker::Caller || !last.runs.is_empty() {
            let later = self
                .answering
                .is_some_and(|at| Some(at) >= last.runs.iter().filter_map(|run| run.ended).max());
            return if answering && later { LiveState::Speaking } else { LiveState::Thinking };
        }
        if last.interrupted {
            return LiveState::Listening;
        }
        if last.steps.finished.is_none() {
            let begun = answering || last.steps.first_frame.is_some();
            return if begun { LiveState::Speaking } else { LiveState::Thinking };
        }
        match self.spoken_until(last) {
            Some(until) if now < until => LiveState::Speaking,
            Some(_) | None => LiveState::Listening,
        }
    }

    /// Until when a finished answer is to be heard, where no report has ended it.
    fn spoken_until(&self, turn: &Turn) -> Option<u64> {
        let steps = &turn.steps;
        if turn.who == Speaker::Caller || turn.interrupted || steps.heard.is_some() {
            return None;
        }
        let from = steps.speaking.or(steps.first_frame).or(steps.finished)?;
        let length = turn.text.expose().chars().count() as u64 * 1_000 / RATE;
        // Where playback is reported the report is waited for, for a while.
        let patience = if self.reported { length + 5_000 } else { 0 };
        Some(from + length + patience)
    }

    fn outcome(&self) -> Option<&'static str> {
        let decided = self.handoffs.last().map(|decided| decided.handoff.context.outcome);
        match (decided, self.left, self.phase) {
            (Some(Outcome::Escalated), ..) => Some("escalated"),
            (Some(Outcome::Completed), ..) => Some("completed"),
            (None, Some(_), _) | (None, None, Phase::Over) => Some("closed"),
            (None, None, _) => None,
        }
    }

    fn trigger(&self) -> Option<Trigger> {
        let context = &self.handoffs.last()?.handoff.context;
        (context.outcome == Outcome::Escalated).then_some(context.trigger)
    }

    fn sentiment(&mut self) -> Option<Sentiment> {
        if let Some(decided) = self.handoffs.last() {
            return Some(decided.handoff.sentiment);
        }
        if std::mem::take(&mut self.mood_is_old) {
            let said = self.turns.iter().filter(|turn| turn.who == Speaker::Caller);
            let language = self.language.as_deref().unwrap_or("en");
            self.mood = Some(match mood(said.map(|turn| turn.text.expose().as_str()), language) {
                Mood::Positive => Sentiment::Positive,
                Mood::Neutral => Sentiment::Neutral,
                Mood::Negative => Sentiment::Negative,
            });
        }
        self.mood
    }

    fn last_words(&self, also: Also) -> Option<LastWords> {
        let last = self.turns.iter().rposition(|turn| !turn.text.expose().trim().is_empty())?;
        // What was asked tells what is answered; an entry or two before it are enough.
        let mut turns = self.turns[last.saturating_sub(3)..=last].to_vec();
        redact::conversation(&mut turns, also);
        let turn = turns.pop()?;
        Some(LastWords { who: turn.who, text: cut(turn.text.expose().trim(), LAST_WORDS) })
    }

    /// As the board shows it.
    pub(super) fn view(&mut self, call_sid: &CallSid, node: &str, also: Also, now: u64) -> LiveCall {
        LiveCall {
            call_sid: call_sid.clone(),
            caller: self.came.caller.as_ref().map(|caller| redact::number(caller.expose())),
            line: self.came.line.as_ref().map(|line| line.expose().clone()),
            language: self.language.clone(),
            state: self.state(now),
            sentiment: self.sentiment(),
            turns: self.answered,
            began_at: Moment(self.began),
            last_words: self.last_words(also),
            trigger: self.trigger(),
            node: node.to_owned(),
            own: true,
            phone: self.came.account_sid == Some(AccountSid::phone()),
        }
    }

    /// All that is known of it, with nothing hidden, in the form in which it is kept.
    pub(super) fn kept(&self, call_sid: &CallSid) -> Kept {
        let decided = self.handoffs.iter();
        let escalated = decided.clone().filter(|d| d.handoff.context.outcome == Outcome::Escalated);
        let triggered = |decided: &Decided| Triggered {
            session: decided.session,
            name: decided.handoff.context.trigger.word(),
            happened_at: Moment(decided.at),
        };
        let handed_off = |decided: &Decided| HandedOff {
            handoff_id: decided.handoff.context.handoff_id.clone(),
            session: decided.session,
            target: decided.delivery.target.clone(),
            state: decided.delivery.state.word().to_owned(),
            decided_at: Moment(decided.at),
            changed_at: Moment(decided.changed),
            document: Pii::new(serde_json::from_str(&decided.handoff.to_handoff_data()).unwrap_or_default()),
        };
        Kept {
            call: Call {
                call_sid: call_sid.clone(),
                account_sid: self.came.account_sid.as_ref().map(ToString::to_string),
                direction: self.came.direction.clone(),
                caller: self.came.caller.clone(),
                line: self.came.line.clone(),
                language: self.language.clone(),
                prompts: self.prompts.as_ref().map(|prompts| prompts.version.clone()),
                prompt_variant: self.prompts.as_ref().map(|prompts| prompts.variant.clone()),
                sessions: self.sessions.into(),
                turns: (self.sessions > 0).then_some(self.answered),
                outcome: self.left.and(self.outcome()).map(str::to_owned),
                began_at: Moment(self.began),
                ended_at: self.left.map(|(at, _)| Moment(at)),
                verified: self.came.verified.clone(),
                recording: self.recording.clone().map(Recording::from),
            },
            facts: self.facts.clone(),
            turns: self.turns.clone(),
            triggers: escalated.map(triggered).collect(),
            handoffs: decided.map(handed_off).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{State, Steps, TurnKey};

    const ALL: Also = Also { email: true, phone: true };

    fn sid() -> CallSid {
        "CA1".parse().unwrap()
    }

    fn turn(position: u32, who: Speaker, text: &str, began: u64) -> Turn {
        Turn {
            key: TurnKey { session: 0, position },
            who,
            text: text.into(),
            heard: text.chars().count(),
            interrupted: false,
            runs: Vec::new(),
            steps: Steps { began, ..Steps::default() },
            answers: None,
        }
    }

    fn answer(position: u32, text: &str, began: u64) -> Turn {
        let mut turn = turn(position, Speaker::Agent, text, began);
        turn.steps.first_frame = Some(began + 100);
        turn.steps.finished = Some(began + 200);
        turn
    }

    fn changed(turns: Vec<Turn>) -> What {
        let state = State { language: "en-US".into(), turns: 1, ..State::default() };
        What::Changed(Changes { session: 0, turns, state })
    }

    fn talking(at: u64) -> Card {
        let mut card = Card::new(at);
        card.fold(at, What::Came(Came::new(None, None, Some("+15551230001"), Some("+15559870000"))));
        assert_eq!(card.state(at), LiveState::Ringing);
        card.fold(
            at,
            What::Began(Began {
                session: 0,
                came: Came::default(),
                language: "en-US".into(),
                prompts: PromptVersion { variant: "base".into(), version: "v".into() },
                files: "{}".into(),
            }),
        );
        card
    }

    #[test]
    fn a_call_says_whose_turn_it_is() {
        let mut card = talking(0);
        assert_eq!(card.state(0), LiveState::Listening);
        card.fold(10, changed(vec![turn(0, Speaker::Caller, "where is it", 10)]));
        assert_eq!(card.state(20), LiveState::Thinking);
        card.fold(30, What::Answering);
        assert_eq!(card.state(30), LiveState::Speaking);
        // 45 characters take three seconds from the first frame on.
        card.fold(40, changed(vec![answer(1, &"x".repeat(45), 20)]));
        assert_eq!((card.state(50), card.changes_at()), (LiveState::Speaking, Some(3_120)));
        assert_eq!(card.state(3_120), LiveState::Listening);
        let mut cut = answer(1, &"x".repeat(45), 20);
        cut.interrupted = true;
        card.fold(60, changed(vec![cut]));
        assert_eq!(card.state(70), LiveState::Listening);
    }

    #[test]
    fn a_call_is_followed_to_its_person() {
        let mut card = talking(0);
        let mut handoff = Handoff::bare(sid(), "HO1".into(), Trigger::Key);
        handoff.sentiment = Sentiment::Negative;
        card.fold(10, What::Decided(0, Box::new(handoff)));
        assert_eq!(card.state(10), LiveState::Leaving);
        card.fold(20, What::Left { outcome: Some(Outcome::Escalated), trigger: None, session: 0 });
        card.fold(
            30,
            What::Delivered(Delivery { target: Some("queue".into()), state: DeliveryState::Queued }),
        );
        assert_eq!((card.state(30), card.is_gone(COMES_BACK * 9)), (LiveState::Queued, false));
        card.fold(40, What::Delivered(DeliveryState::Answered.into()));
        assert_eq!(card.state(40), LiveState::WithPerson);
        let kept = card.kept(&sid());
        assert_eq!(
            (kept.handoffs[0].target.as_deref(), kept.handoffs[0].state.as_str()),
            (Some("queue"), "answered")
        );
        assert_eq!(kept.triggers[0].name, "key");
        card.fold(50, What::Over);
        assert!(card.is_gone(50));
        let gone = card.gone(&sid());
        assert_eq!((gone.outcome.as_deref(), gone.trigger), (Some("escalated"), Some(Trigger::Key)));
    }

    #[test]
    fn a_lost_line_has_a_while_to_come_back() {
        let mut card = talking(0);
        card.fold(10, What::Left { outcome: None, trigger: None, session: 0 });
        assert!(!card.is_gone(10 + COMES_BACK) && card.is_gone(11 + COMES_BACK));
        assert_eq!(card.gone(&sid()).outcome.as_deref(), Some("closed"));
        let mut unanswered = Card::new(0);
        unanswered.fold(0, What::Came(Came::default()));
        assert!(unanswered.is_gone(COMES_BACK + 1));
    }

    #[test]
    fn what_is_shown_is_hidden_first() {
        let mut card = talking(0);
        card.fold(
            10,
            changed(vec![
                answer(0, "What is your phone number?", 5),
                turn(
                    1,
                    Speaker::Caller,
                    "555 1234, card 4111 1111 1111 1111. This is terrible, I am furious",
                    10,
                ),
            ]),
        );
        let view = card.view(&sid(), "node", ALL, 10);
        let words = view.last_words.unwrap();
        assert_eq!((words.who, view.sentiment), (Speaker::Caller, Some(Sentiment::Negative)));
        assert!(!words.text.contains("555") && !words.text.contains("4111"), "{}", words.text);
        assert_eq!(view.caller.as_deref(), Some("+15•••••0001"));
        assert!(!view.phone && view.own);
        assert!(
            card.kept(&sid()).turns[1].text.expose().contains("4111"),
            "a call goes on with what was said"
        );
    }
}
