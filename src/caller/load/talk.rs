//! What one caller does next. Does no input or output and is handed the time.

use std::sync::Arc;
use std::time::Duration;

use super::hearing::{Hearing, Sample, Standing};
use super::mark::{MOST, Question, Stamp, Wish};
use super::plan::{Dice, Plan};
use super::said::Said;

/// Between two partial prompts, and between the last one and the final one.
const SYLLABLE: Duration = Duration::from_millis(120);
/// From an interrupt to the end of what is said in it, on average.
const REMARK: Duration = Duration::from_millis(250);
/// How long a caller thinks before the first question at the most.
const FIRST: Duration = Duration::from_secs(2);
/// How long a caller listens for more after `end`.
const LINGER: Duration = Duration::from_millis(100);
/// How long a reply may take to be closed once its last word came.
const CLOSING: Duration = Duration::from_secs(2);

/// What is to be done on the line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing, until [`Talk::deadline`].
    Wait,
    /// A frame is to be sent, and [`Talk::due`] to be asked again.
    Send(String),
    /// The call is over: the server's session ended.
    Ended,
    /// The call is over: the caller hangs up.
    HangUp,
}

/// One caller in a call.
pub(super) struct Talk {
    plan: Arc<Plan>,
    call: u32,
    dice: Dice,
    phase: Phase,
    turn: u16,
    pub(super) hearing: Hearing,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// About to ask at `ask`; so many partial prompts come before.
    Thinking { ask: Duration, partials: u8 },
    /// The answer is heard. It is interrupted once so many words of it came.
    Listening { give_up: Duration, interrupt: Option<u16> },
    /// `end` came.
    Lingering { until: Duration },
}

impl Talk {
    pub(super) fn new(plan: Arc<Plan>, call: u32, number: u64, now: Duration) -> Self {
        let mut dice = Dice::new(plan.seed, number);
        let hearing = Hearing::new(call, plan.grace);
        // Those who come at the same time shall not ask at the same time.
        let ask = now + plan.think.min(FIRST).mul_f64(dice.share());
        let phase = Phase::Thinking { ask, partials: plan.partials };
        Self { plan, call, dice, phase, turn: 0, hearing }
    }

    /// When [`Talk::due`] is to be asked.
    pub(super) fn deadline(&self) -> Duration {
        match self.phase {
            Phase::Thinking { .. } if self.plan.idle => Duration::MAX,
            Phase::Thinking { ask, partials } => ask.saturating_sub(SYLLABLE * u32::from(partials)),
            Phase::Listening { give_up, .. } => give_up,
            Phase::Lingering { until } => until,
        }
    }

    /// Whether the call may end here without anything being owed.
    pub(super) fn may_leave(&self) -> bool {
        matches!(self.phase, Phase::Thinking { .. })
    }

    /// Whether an answer is under way.
    pub(super) fn is_answered(&self) -> bool {
        matches!(self.hearing.standing(), Standing::Answering { words: 1.. })
    }

    /// The deadline has passed.
    pub(super) fn due(&mut self, now: Duration) -> Step {
        match self.phase {
            // After an interrupt in the last turn: what is stale has had its time to come.
            Phase::Thinking { ask, partials: 0 } if ask <= now && self.has_asked_all() => Step::HangUp,
            Phase::Thinking { ask, partials: 0 } if ask <= now => self.ask(ask, now),
            Phase::Thinking { ask, partials } if partials > 0 && self.deadline() <= now => {
                self.phase = Phase::Thinking { ask, partials: partials - 1 };
                let words = &["tell ", "me ", "about ", "parcels "][..usize::from(4 - (partials.min(3)))];
                Step::Send(prompt(words.concat().trim_end(), false))
            }
            Phase::Listening { give_up, .. } if give_up <= now => {
                // Without its last frame an answer can be understood all the same.
                let goes_on = self.hearing.standing() == Standing::Closing && !self.hearing.wants_person();
                self.hearing.give_up();
                if goes_on { self.think(now) } else { Step::HangUp }
            }
            Phase::Lingering { until } if until <= now => Step::Ended,
            Phase::Thinking { .. } | Phase::Listening { .. } | Phase::Lingering { .. } => Step::Wait,
        }
    }

    /// Takes a frame of the server.
    pub(super) fn hear(&mut self, said: &Said<'_>, now: Duration, samples: &mut Vec<Sample>) -> Step {
        self.hearing.hear(said, now, samples);
        let Phase::Listening { interrupt, .. } = self.phase else {
            if self.hearing.standing() == Standing::Ended && !matches!(self.phase, Phase::Lingering { .. }) {
                self.phase = Phase::Lingering { until: now + LINGER };
            }
            return Step::Wait;
        };
        match self.hearing.standing() {
            Standing::Ended => {
                self.phase = Phase::Lingering { until: now + LINGER };
                Step::Wait
            }
            Standing::Idle => self.think(now),
            Standing::Closing => {
                self.phase = Phase::Listening { give_up: now + self.closing(), interrupt };
                Step::Wait
            }
            Standing::Answering { words } if interrupt.is_some_and(|after| words >= after) => {
                self.hearing.interrupt(now);
                self.phase = Phase::Thinking { ask: now + self.dice.about(REMARK), partials: 0 };
                Step::Send(
                    r#"{"type":"interrupt","utteranceUntilInterrupt":"","durationUntilInterruptMs":"400"}"#
                        .to_owned(),
                )
            }
            Standing::Answering { .. } => {
                self.phase = Phase::Listening { give_up: now + self.plan.patience, interrupt };
                Step::Wait
            }
        }
    }

    /// How long a reply that is whole may take to be closed; a goodbye, until `end`.
    fn closing(&self) -> Duration {
        if self.hearing.wants_person() { self.plan.patience } else { CLOSING }
    }

    fn has_asked_all(&self) -> bool {
        self.plan.turns > 0 && self.turn >= self.plan.turns || self.turn + 1 >= MOST
    }

    fn think(&mut self, now: Duration) -> Step {
        if self.has_asked_all() {
            return Step::HangUp;
        }
        let ask = now + self.dice.about(self.plan.think);
        self.phase = Phase::Thinking { ask, partials: self.plan.partials };
        Step::Wait
    }

    fn ask(&mut self, due: Duration, now: Duration) -> Step {
        self.turn += 1;
        let wish = if self.dice.happens(self.plan.escalations) { Wish::Person } else { Wish::Answer };
        let words = self.plan.words;
        let question = Question { call: self.call, turn: self.turn, words, wish, sent: Stamp::of(now) };
        self.hearing.ask(question, due);
        let interrupted = wish == Wish::Answer && words > 2 && self.dice.happens(self.plan.interrupts);
        // In its first half, so that there is something left to be stopped.
        let interrupt = interrupted.then(|| 1 + self.dice.below(usize::from(words / 2)) as u16);
        self.phase = Phase::Listening { give_up: now + self.plan.patience, interrupt };
        Step::Send(prompt(&question.spoken(), true))
    }
}

/// The words need no escaping.
fn prompt(words: &str, last: bool) -> String {
    format!(r#"{{"type":"prompt","voicePrompt":"{words}","lang":"en-US","last":{last}}}"#)
}

#[cfg(test)]
mod tests {
    use super::super::mark::{BEFORE_QUESTION, Kind, Word};
    use super::*;

    struct Line {
        talk: Talk,
        now: Duration,
        sent: Vec<String>,
        samples: Vec<Sample>,
    }

    impl Line {
        fn new(plan: Plan) -> Self {
            let now = Duration::from_secs(100);
            Self { talk: Talk::new(Arc::new(plan), 7, 1, now), now, sent: Vec::new(), samples: Vec::new() }
        }

        /// Lets time pass to the next deadline.
        fn pass(&mut self) -> Step {
            self.now = self.now.max(self.talk.deadline());
            let step = self.talk.due(self.now);
            if let Step::Send(frame) = &step {
                self.sent.push(frame.clone());
            }
            step
        }

        fn question(&self) -> Question {
            let questions = self.sent.iter().rev().filter_map(|frame| {
                let at = frame.find(BEFORE_QUESTION)? + BEFORE_QUESTION.len();
                Question::read(&frame.as_bytes()[at..])
            });
            questions.into_iter().next().unwrap()
        }

        fn answer(&mut self, words: std::ops::Range<u16>) -> Step {
            let question = self.question();
            let mut last = Step::Wait;
            for number in words {
                let mut token = String::new();
                let stamp = Stamp::of(self.now);
                Word { kind: Kind::Token, call: 7, turn: question.turn, number, stamp }.push_to(&mut token);
                last = self.hear(&Said::Text { token: token.into(), last: false });
            }
            last
        }

        fn hear(&mut self, said: &Said<'_>) -> Step {
            let step = self.talk.hear(said, self.now, &mut self.samples);
            if let Step::Send(frame) = &step {
                self.sent.push(frame.clone());
            }
            step
        }

        fn close(&mut self) -> Step {
            self.hear(&Said::Text { token: "".into(), last: true })
        }
    }

    #[test]
    fn a_caller_asks_listens_thinks_and_hangs_up_after_the_last_turn() {
        let mut line = Line::new(Plan { words: 3, turns: 2, ..Plan::default() });
        for turn in 1..=2 {
            assert!(matches!(line.pass(), Step::Send(_)));
            assert_eq!((line.question().turn, line.question().words), (turn, 3));
            line.answer(0..3);
            let step = line.close();
            assert_eq!(step, if turn == 2 { Step::HangUp } else { Step::Wait });
        }
        assert_eq!(line.talk.hearing.faults.total(), 0);
    }

    #[test]
    fn partial_prompts_come_before_the_final_one() {
        let mut line = Line::new(Plan { partials: 3, ..Plan::default() });
        for _ in 0..4 {
            assert!(matches!(line.pass(), Step::Send(_)));
        }
        let last: Vec<bool> = line.sent.iter().map(|frame| frame.contains(r#""last":true"#)).collect();
        assert_eq!(last, [false, false, false, true]);
        assert!(line.sent[2].contains(r#""tell me about""#), "{}", line.sent[2]);
    }

    #[test]
    fn a_caller_who_cuts_in_asks_something_else() {
        let mut line = Line::new(Plan { interrupts: 1.0, words: 40, ..Plan::default() });
        line.pass();
        let mut cut = false;
        for number in 0..20 {
            cut |=
                matches!(line.answer(number..number + 1), Step::Send(frame) if frame.contains("interrupt"));
        }
        assert!(cut);
        line.close();
        assert!(matches!(line.pass(), Step::Send(_)));
        assert_eq!(line.question().turn, 2);
    }

    #[test]
    fn a_question_counts_from_the_moment_it_was_due() {
        let mut line = Line::new(Plan { words: 1, ..Plan::default() });
        line.now = line.talk.deadline() + Duration::from_millis(30);
        line.pass();
        line.answer(0..1);
        assert_eq!(line.samples[0], Sample::FirstWord(Duration::from_millis(30)));
    }

    #[test]
    fn a_caller_who_is_not_answered_hangs_up() {
        let mut line = Line::new(Plan { words: 5, ..Plan::default() });
        line.pass();
        line.answer(0..2);
        assert_eq!(line.pass(), Step::HangUp);
        assert_eq!((line.talk.hearing.faults.unanswered, line.talk.hearing.faults.lost), (1, 3));
    }

    #[test]
    fn a_caller_who_wants_a_person_waits_for_the_end_and_a_little_longer() {
        let mut line = Line::new(Plan { escalations: 1.0, words: 2, ..Plan::default() });
        line.pass();
        assert_eq!(line.question().wish, Wish::Person);
        line.answer(0..2);
        line.close();
        assert_eq!(line.hear(&Said::End { handoff_data: None }), Step::Wait);
        assert_eq!(line.pass(), Step::Ended);
        assert_eq!(line.talk.hearing.faults.total(), 0);
    }

    #[test]
    fn an_idle_caller_does_nothing() {
        let line = Line::new(Plan { idle: true, ..Plan::default() });
        assert_eq!(line.talk.deadline(), Duration::MAX);
        assert!(line.talk.may_leave());
    }
}
