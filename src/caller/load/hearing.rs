//! One call's ear: what was to be said against what was said. Does no input or output and is handed the time.

use std::time::Duration;

use super::faults::Faults;
use super::mark::{Kind, Question, Reader, Stamp, Wish, Word};
use super::said::Said;

/// Something that was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sample {
    /// From the model's write of a word to its arrival here.
    Word(Duration),
    /// From the moment the caller was to have spoken to the first word of the answer.
    FirstWord(Duration),
    /// From the caller's words to the request at the model.
    Asked(Duration),
}

/// Where the call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is owed by the server.
    Idle,
    /// An answer is under way, and so many words of it have come.
    Answering {
        /// How many words have come.
        words: u16,
    },
    /// All words have come, and the reply is not closed.
    Closing,
    /// The server sent `end`.
    Ended,
}

/// What one call has heard.
#[derive(Debug)]
pub struct Hearing {
    call: u32,
    grace: Duration,
    current: Option<Turn>,
    before: Option<Turn>,
    reader: Reader,
    /// Whether anything was said since a reply was last closed.
    said: bool,
    ended: bool,
    /// Pieces of speech that were not part of an answer: greetings, fillers, goodbyes.
    pub others: u64,
    /// Requests to the model beyond one for each question.
    pub asked_again: u64,
    /// What went wrong.
    pub faults: Faults,
}

#[derive(Debug)]
struct Turn {
    question: Question,
    /// When it was to be asked, which may be before it was.
    due: Duration,
    arrived: Seen,
    count: u16,
    highest: u16,
    interrupted: Option<Duration>,
    /// A receipt came.
    receipt: bool,
    closed: bool,
}

/// Which words of an answer have come.
#[derive(Debug, Default)]
struct Seen([u64; 16]);

impl Hearing {
    /// The ear of the call with this number. `grace` is how long words may be on their way after an interrupt.
    pub fn new(call: u32, grace: Duration) -> Self {
        Self {
            call,
            grace,
            current: None,
            before: None,
            reader: Reader::default(),
            said: false,
            ended: false,
            others: 0,
            asked_again: 0,
            faults: Faults::default(),
        }
    }

    /// The caller asked something, which was to happen at `due`.
    pub fn ask(&mut self, question: Question, due: Duration) {
        self.settle_before();
        self.before = self.current.take();
        self.current = Some(Turn {
            question,
            due,
            arrived: Seen::default(),
            count: 0,
            highest: 0,
            interrupted: None,
            receipt: false,
            closed: false,
        });
    }

    /// The caller cut in.
    pub fn interrupt(&mut self, now: Duration) {
        if let Some(turn) = &mut self.current {
            turn.interrupted = Some(now);
        }
    }

    /// Where the call stands.
    pub fn standing(&self) -> Standing {
        match &self.current {
            _ if self.ended => Standing::Ended,
            Some(turn) if turn.closed && !turn.wants_person() || turn.interrupted.is_some() => Standing::Idle,
            Some(turn) if turn.is_whole() => Standing::Closing,
            Some(turn) => Standing::Answering { words: turn.count },
            None => Standing::Idle,
        }
    }

    /// Whether a person was asked for.
    pub fn wants_person(&self) -> bool {
        self.current.as_ref().is_some_and(Turn::wants_person)
    }

    /// Takes a frame, and adds to `samples` what it told.
    pub(super) fn hear(&mut self, said: &Said<'_>, now: Duration, samples: &mut Vec<Sample>) {
        match said {
            Said::End { .. } if self.ended => self.faults.ends_doubled += 1,
            Said::End { .. } => self.end(),
            _ if self.ended => self.faults.after_end += 1,
            Said::Text { token, last } => self.text(token, *last, now, samples),
            Said::Other => self.others += 1,
            Said::Unreadable => self.faults.unreadable += 1,
        }
    }

    /// Nobody waits any longer for what is owed.
    pub fn give_up(&mut self) {
        match self.standing() {
            Standing::Idle | Standing::Ended => {}
            _ if self.current.as_ref().is_some_and(|turn| turn.wants_person() && turn.is_whole()) => {
                self.faults.ends_lost += 1;
            }
            Standing::Closing => {}
            Standing::Answering { .. } => {
                self.faults.unanswered += 1;
                self.faults.lost += self.missing();
            }
        }
    }

    /// The call is over: what is left open stays open.
    pub fn finish(&mut self) {
        self.settle_before();
        self.before = self.current.take();
        self.settle_before();
    }

    fn text(&mut self, token: &str, last: bool, now: Duration, samples: &mut Vec<Sample>) {
        self.said |= !token.is_empty();
        let mut reader = std::mem::take(&mut self.reader);
        let mut other = reader.read(token, |word| self.word(word, now, samples));
        other |= last && reader.finish();
        self.others += u64::from(other);
        self.reader = reader;
        if last {
            self.close();
        }
    }

    fn word(&mut self, word: Word, now: Duration, samples: &mut Vec<Sample>) {
        let (call, grace, faults) = (self.call, self.grace, &mut self.faults);
        let is = |turn: &&mut Turn| turn.question.turn == word.turn;
        if word.call != call {
            faults.foreign += 1;
        } else if let Some(turn) = self.current.as_mut().filter(is) {
            match word.kind {
                Kind::Receipt if turn.receipt => self.asked_again += 1,
                Kind::Receipt => {
                    turn.receipt = true;
                    samples.push(Sample::Asked(word.stamp.since(turn.question.sent)));
                }
                Kind::Token => {
                    if turn.count == 0 && word.number == 0 {
                        samples.push(Sample::FirstWord(now.saturating_sub(turn.due)));
                    }
                    samples.push(Sample::Word(Stamp::of(now).since(word.stamp)));
                    turn.take(word.number, now, grace, faults);
                }
            }
        } else if let Some(turn) = self.before.as_mut().filter(is) {
            let again = word.kind == Kind::Token && !turn.arrived.insert(word.number);
            *(if again { &mut faults.doubled } else { &mut faults.stale }) += 1;
        } else if self.current.as_ref().is_some_and(|turn| word.turn < turn.question.turn) {
            faults.stale += 1;
        } else {
            faults.foreign += 1;
        }
    }

    /// A reply was closed: the one before, if it still was open and this one has not begun.
    fn close(&mut self) {
        let began = |turn: &Turn| turn.count > 0;
        let said = std::mem::take(&mut self.said);
        let current_began = self.current.as_ref().is_some_and(began);
        let open_before =
            self.before.as_mut().filter(|turn| turn.count > 0 && !turn.closed && !current_began);
        if let Some(turn) = open_before {
            turn.closed = true;
            return;
        }
        match &mut self.current {
            Some(turn) if !turn.closed && turn.count > 0 => {
                turn.closed = true;
                if turn.interrupted.is_none() {
                    self.faults.lost += self.missing();
                }
            }
            // A closer of a greeting or of a line between; or one that closes nothing.
            Some(_) | None if said => {}
            Some(_) => self.faults.closed_again += 1,
            None => {}
        }
    }

    fn end(&mut self) {
        self.ended = true;
        match &self.current {
            Some(turn) if turn.wants_person() => {
                if !turn.closed {
                    self.faults.lost += self.missing();
                }
            }
            Some(turn) => {
                self.faults.ends_unasked += 1;
                if !turn.closed && turn.interrupted.is_none() {
                    self.faults.lost += self.missing();
                }
            }
            None => self.faults.ends_unasked += 1,
        }
    }

    fn missing(&self) -> u64 {
        self.current.as_ref().map_or(0, |turn| u64::from(turn.question.words.saturating_sub(turn.count)))
    }

    /// A reply that began had to be closed by the time of the next question.
    fn settle_before(&mut self) {
        if self.before.take().is_some_and(|turn| turn.count > 0 && !turn.closed && !turn.wants_person()) {
            self.faults.unclosed += 1;
        }
    }
}

impl Turn {
    fn wants_person(&self) -> bool {
        self.question.wish == Wish::Person
    }

    fn is_whole(&self) -> bool {
        self.count >= self.question.words
    }

    fn take(&mut self, number: u16, now: Duration, grace: Duration, faults: &mut Faults) {
        if !self.arrived.insert(number) {
            faults.doubled += 1;
            return;
        }
        if self.count > 0 && number < self.highest {
            faults.reordered += 1;
        }
        self.highest = self.highest.max(number);
        self.count += 1;
        if self.closed || self.interrupted.is_some_and(|at| now > at + grace) {
            faults.stale += 1;
        }
    }
}

impl Seen {
    /// Whether it is new.
    fn insert(&mut self, number: u16) -> bool {
        let (word, bit) = (usize::from(number / 64) % 16, 1 << (number % 64));
        let is_new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_millis(500);
    const CALL: u32 = 7;

    struct Call {
        hearing: Hearing,
        samples: Vec<Sample>,
        now: Duration,
        turn: u16,
    }

    impl Call {
        fn new() -> Self {
            let now = Duration::from_secs(100);
            Self { hearing: Hearing::new(CALL, GRACE), samples: Vec::new(), now, turn: 0 }
        }

        fn asked(words: u16) -> Self {
            let mut call = Self::new();
            call.ask(words, Wish::Answer);
            call
        }

        fn ask(&mut self, words: u16, wish: Wish) {
            self.turn += 1;
            let sent = Stamp::of(self.now);
            let question = Question { call: CALL, turn: self.turn, words, wish, sent };
            self.hearing.ask(question, self.now);
        }

        fn word_of(&mut self, call: u32, turn: u16, number: u16) -> &mut Self {
            let mut token = String::new();
            Word { kind: Kind::Token, call, turn, number, stamp: Stamp::of(self.now) }.push_to(&mut token);
            self.now += Duration::from_millis(1);
            self.text(&token, false)
        }

        fn word(&mut self, number: u16) -> &mut Self {
            self.word_of(CALL, self.turn, number)
        }

        fn text(&mut self, token: &str, last: bool) -> &mut Self {
            self.hearing.hear(&Said::Text { token: token.into(), last }, self.now, &mut self.samples);
            self
        }

        fn close(&mut self) -> &mut Self {
            self.text("", true)
        }

        fn end(&mut self) -> &mut Self {
            self.hearing.hear(&Said::End { handoff_data: None }, self.now, &mut self.samples);
            self
        }

        fn faults(&mut self) -> Vec<(&'static str, u64)> {
            self.hearing.finish();
            self.hearing.faults.each().into_iter().filter(|(_, count)| *count > 0).collect()
        }
    }

    #[test]
    fn an_answer_that_comes_as_it_should_has_no_fault() {
        let mut call = Call::asked(3);
        call.word(0).word(1);
        assert_eq!(call.hearing.standing(), Standing::Answering { words: 2 });
        call.word(2);
        assert_eq!(call.hearing.standing(), Standing::Closing);
        call.close();
        assert_eq!(call.hearing.standing(), Standing::Idle);
        let delay = Sample::Word(Duration::from_millis(1));
        assert_eq!(call.samples[..3], [Sample::FirstWord(Duration::from_millis(1)), delay, delay]);
        assert_eq!(call.faults(), []);
    }

    #[test]
    fn a_receipt_tells_when_the_model_was_asked() {
        let mut call = Call::asked(1);
        let mut token = String::new();
        let stamp = Stamp::of(call.now + Duration::from_micros(300));
        for kind in [Kind::Receipt, Kind::Token] {
            Word { kind, call: CALL, turn: 1, number: 0, stamp }.push_to(&mut token);
        }
        call.text(&token, false).close();
        assert_eq!(call.samples[0], Sample::Asked(Duration::from_micros(300)));
        assert_eq!(call.faults(), []);
    }

    #[test]
    fn words_of_another_call_or_turn_are_foreign() {
        let mut call = Call::asked(1);
        call.word_of(8, 1, 0).word_of(CALL, 2, 0).word(0).close();
        assert_eq!(call.faults(), [("foreign words", 2)]);
    }

    #[test]
    fn words_that_never_come_are_lost() {
        let mut call = Call::asked(3);
        call.word(0).word(2).close();
        assert_eq!(call.faults(), [("lost words", 1)]);
    }

    #[test]
    fn words_that_come_again_are_doubled() {
        let mut call = Call::asked(2);
        call.word(0).word(0).word(1).close();
        call.ask(1, Wish::Answer);
        call.word_of(CALL, 1, 1).word(0).close();
        assert_eq!(call.faults(), [("doubled words", 2)]);
    }

    #[test]
    fn words_that_come_late_are_reordered() {
        let mut call = Call::asked(3);
        call.word(1).word(0).word(2).close();
        assert_eq!(call.faults(), [("reordered words", 1)]);
    }

    #[test]
    fn what_is_on_its_way_when_the_caller_cuts_in_is_no_fault() {
        let mut call = Call::asked(60);
        call.word(0);
        call.hearing.interrupt(call.now);
        assert_eq!(call.hearing.standing(), Standing::Idle);
        call.word(1).close();
        call.ask(1, Wish::Answer);
        call.word(0).close();
        assert_eq!(call.faults(), []);
    }

    #[test]
    fn words_after_an_acknowledged_interrupt_are_stale() {
        let mut call = Call::asked(60);
        call.word(0);
        call.hearing.interrupt(call.now);
        call.close().word(1);
        call.ask(1, Wish::Answer);
        call.word_of(CALL, 1, 2).word(0).close();
        assert_eq!(call.faults(), [("stale words", 2)]);
    }

    #[test]
    fn words_long_after_an_interrupt_are_stale() {
        let mut call = Call::asked(60);
        call.word(0);
        call.hearing.interrupt(call.now);
        call.now += GRACE + Duration::from_millis(1);
        call.word(1).close();
        assert_eq!(call.faults(), [("stale words", 1)]);
    }

    #[test]
    fn an_interrupted_reply_is_closed_before_the_next_begins() {
        let mut call = Call::asked(60);
        call.word(0);
        call.hearing.interrupt(call.now);
        call.ask(1, Wish::Answer);
        call.close().word(0).close();
        assert_eq!(call.faults(), [], "the first closer is that of the reply that was cut off");
        let mut call = Call::asked(60);
        call.word(0);
        call.hearing.interrupt(call.now);
        call.ask(1, Wish::Answer);
        call.word(0).close();
        assert_eq!(call.faults(), [("unclosed replies", 1)]);
    }

    #[test]
    fn an_answer_that_never_comes_is_told() {
        let mut call = Call::asked(5);
        call.word(0);
        call.hearing.give_up();
        assert_eq!(call.faults(), [("lost words", 4), ("unanswered questions", 1), ("unclosed replies", 1)]);
    }

    #[test]
    fn a_reply_is_closed_once() {
        let mut call = Call::asked(1);
        call.word(0).close().close();
        call.text("Are you still there?", true);
        assert_eq!(call.faults(), [("replies closed again", 1)]);
    }

    #[test]
    fn greetings_and_lines_between_are_other_speech() {
        let mut call = Call::new();
        call.text("Hello.", true);
        call.ask(1, Wish::Answer);
        call.text("One moment. ", false).word(0).close();
        assert_eq!(call.hearing.others, 2);
        assert_eq!(call.faults(), []);
    }

    #[test]
    fn a_person_who_was_asked_for_ends_the_session_once() {
        let mut call = Call::new();
        call.ask(2, Wish::Person);
        call.word(0).word(1).close();
        assert_ne!(call.hearing.standing(), Standing::Idle);
        call.end();
        assert_eq!(call.hearing.standing(), Standing::Ended);
        assert_eq!(call.faults(), []);
        call.end().word(0);
        assert_eq!(call.faults(), [("doubled `end`", 1), ("frames after `end`", 1)]);
    }

    #[test]
    fn an_end_that_never_comes_is_lost_and_one_that_nobody_wanted_is_told() {
        let mut call = Call::new();
        call.ask(1, Wish::Person);
        call.word(0).close();
        call.hearing.give_up();
        assert_eq!(call.faults(), [("lost `end`", 1)]);
        let mut call = Call::asked(2);
        call.word(0).end();
        assert_eq!(call.faults(), [("lost words", 1), ("unclosed replies", 1), ("unasked `end`", 1)]);
    }
}
