//! How Twilio plays what it is sent: a model of speech that is handed the time.
//!
//! Text is cut into clauses, each clause takes time to speak, and each is reported when it was heard. The facts
//! are those of recorded calls: reports keep leading spaces, so that they concatenate to the text; the last one
//! and the end of speaking fall on the same moment; an interrupt reports the fragment of the clause that was
//! playing and drops everything behind it.
//!
//! <https://www.twilio.com/docs/voice/conversationrelay/websocket-messages>

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::speech::{By, Interruptible, Rate, first_clause_end};

/// One `text` frame as the player takes it.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    /// Spoken as it is.
    pub token: &'a str,
    /// Closes the talk cycle, so that what has no clause end yet is spoken too.
    pub last: bool,
    /// What may cut it off.
    pub interruptible: Interruptible,
    /// Which reply it belongs to; handed back with each report.
    pub reply: usize,
}

/// Something heard on the line, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The moment it happened, at or before the moment it was asked for.
    pub at: Instant,
    /// What happened.
    pub what: Playback,
}

/// What the player reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Playback {
    /// Speech began (true) or ceased.
    Speaking(bool),
    /// This was heard.
    Played {
        /// The reply it belongs to; `None` for keys pressed on our behalf.
        reply: Option<usize>,
        /// A clause, or the fragment of one that was cut.
        text: String,
    },
    /// The caller cut in.
    Interrupted {
        /// What was heard of the clause that was playing. Not of the whole reply.
        heard: String,
        /// How long that clause had been playing.
        after: Duration,
    },
}

/// The loudspeaker of one session.
#[derive(Debug)]
pub struct Player {
    rate: Rate,
    /// Text after the last clause end: not spoken until more arrives, or the talk cycle closes.
    loose: Option<Clause>,
    queue: VecDeque<Clause>,
    playing: Option<(Clause, Instant)>,
    speaking: bool,
    held: bool,
    reports: VecDeque<Report>,
}

#[derive(Debug)]
struct Clause {
    text: String,
    interruptible: Interruptible,
    reply: Option<usize>,
}

impl Player {
    /// A silent line.
    pub fn new(rate: Rate) -> Self {
        Self {
            rate,
            loose: None,
            queue: VecDeque::new(),
            playing: None,
            speaking: false,
            held: false,
            reports: VecDeque::new(),
        }
    }

    /// Queues a piece of a reply.
    pub fn speak(&mut self, words: Words<'_>, now: Instant) {
        self.advance(now);
        let of_another_kind = |loose: &mut Clause| {
            loose.reply != Some(words.reply) || loose.interruptible != words.interruptible
        };
        if let Some(ended) = self.loose.take_if(of_another_kind) {
            self.queue.push_back(ended);
        }
        let mut text = self.loose.take().map_or_else(String::new, |loose| loose.text);
        text.push_str(words.token);
        let clause = |text| Clause { text, interruptible: words.interruptible, reply: Some(words.reply) };
        while let Some(end) = first_clause_end(&text) {
            let rest = text.split_off(end);
            self.queue.push_back(clause(std::mem::replace(&mut text, rest)));
        }
        if !text.is_empty() {
            let left = clause(text);
            if words.last { self.queue.push_back(left) } else { self.loose = Some(left) }
        }
        self.advance(now);
    }

    /// Queues keys behind the speech. They are reported like words.
    pub fn press(&mut self, digits: &str, now: Instant) {
        self.advance(now);
        self.queue.push_back(Clause {
            text: digits.to_owned(),
            interruptible: Interruptible::Any,
            reply: None,
        });
        self.advance(now);
    }

    /// What happened until now and was not reported yet, in order.
    pub fn poll(&mut self, now: Instant) -> Vec<Report> {
        self.advance(now);
        self.reports.drain(..).collect()
    }

    /// When [`Player::poll`] has something to report, if nothing else happens before.
    pub fn next_report(&self) -> Option<Instant> {
        match (self.reports.front(), &self.playing) {
            (Some(report), _) => Some(report.at),
            (None, Some((clause, since))) if !self.held => Some(*since + self.rate.time_for(&clause.text)),
            (None, _) => None,
        }
    }

    /// What may cut off the text that is being played; `None` in silence.
    pub fn playing(&self) -> Option<Interruptible> {
        self.playing.as_ref().map(|(clause, _)| clause.interruptible)
    }

    /// The caller cuts in. False, and nothing changes, in silence and over a text that may not be cut.
    pub fn interrupt(&mut self, by: By, now: Instant) -> bool {
        self.advance(now);
        let Some((clause, since)) = self.playing.take_if(|(clause, _)| clause.interruptible.allows(by))
        else {
            return false;
        };
        let after = now.saturating_duration_since(since);
        let heard = self.rate.heard_after(&clause.text, after).to_owned();
        self.cut(clause.reply, heard, after, now);
        true
    }

    /// Keeps the clause that is being played from ending, so that what arrives behind it is not heard yet.
    /// When it is let go, it ends as if it had never been held.
    pub fn hold(&mut self, held: bool, now: Instant) {
        self.advance(now);
        self.held = held;
        self.advance(now);
    }

    /// The caller lets everything up to and including `words` be heard at once, and then cuts in. False, and
    /// nothing changes, if they are not waiting to be heard, or may not be cut off.
    pub fn interrupt_after(&mut self, words: &str, by: By, now: Instant) -> bool {
        self.advance(now);
        let waiting = || self.playing.iter().map(|(clause, _)| clause).chain(&self.queue);
        let text: String = waiting().map(|clause| clause.text.as_str()).collect();
        let Some(end) = text.find(words).map(|start| start + words.len()) else { return false };
        let mut start = 0;
        let index = waiting().position(|clause| {
            start += clause.text.len();
            start >= end
        });
        let Some(clause) = index.and_then(|index| waiting().nth(index)) else { return false };
        if !clause.interruptible.allows(by) {
            return false;
        }
        let heard = clause.text[..end - (start - clause.text.len())].to_owned();
        let reply = clause.reply;
        for _ in 0..index.unwrap_or_default() {
            self.finish_clause(now);
        }
        let after = self.rate.time_for(&heard);
        self.cut(reply, heard, after, now);
        true
    }

    /// The line goes dead: nothing more is heard or reported.
    pub fn silence(&mut self) {
        *self = Self::new(self.rate);
    }

    fn cut(&mut self, reply: Option<usize>, heard: String, after: Duration, now: Instant) {
        self.playing = None;
        self.queue.clear();
        self.loose = None;
        let utterance = heard.trim().to_owned();
        if !heard.is_empty() {
            self.report(Playback::Played { reply, text: heard }, now);
        }
        self.report(Playback::Interrupted { heard: utterance, after }, now);
        self.report(Playback::Speaking(false), now);
        self.speaking = false;
    }

    fn advance(&mut self, now: Instant) {
        self.begin_clause(now);
        while let Some((clause, since)) = self.playing.as_ref().filter(|_| !self.held) {
            let end = *since + self.rate.time_for(&clause.text);
            if end > now {
                break;
            }
            self.finish_clause(end);
        }
    }

    fn begin_clause(&mut self, at: Instant) {
        if self.playing.is_some() {
            return;
        }
        self.playing = self.queue.pop_front().map(|clause| (clause, at));
        let speaking = self.playing.is_some();
        if std::mem::replace(&mut self.speaking, speaking) != speaking {
            self.report(Playback::Speaking(speaking), at);
        }
    }

    fn finish_clause(&mut self, at: Instant) {
        if let Some((clause, _)) = self.playing.take() {
            self.report(Playback::Played { reply: clause.reply, text: clause.text }, at);
        }
        self.begin_clause(at);
    }

    fn report(&mut self, what: Playback, at: Instant) {
        self.reports.push_back(Report { at, what });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A player at ten characters per second and a clock that is turned by hand.
    struct Line {
        player: Player,
        now: Instant,
        start: Instant,
    }

    impl Line {
        fn new() -> Self {
            let start = crate::clock::now();
            Self { player: Player::new(Rate::per_second(10)), now: start, start }
        }

        fn speak(&mut self, token: &str, last: bool) {
            self.speak_so(token, last, Interruptible::Any);
        }

        fn speak_so(&mut self, token: &str, last: bool, interruptible: Interruptible) {
            self.player.speak(Words { token, last, interruptible, reply: 0 }, self.now);
        }

        fn wait(&mut self, milliseconds: u64) {
            self.now += Duration::from_millis(milliseconds);
        }

        /// What happened, one line each, with the milliseconds since the start.
        fn heard(&mut self) -> Vec<String> {
            let reports = self.player.poll(self.now);
            reports.into_iter().map(|report| self.line(report)).collect()
        }

        fn line(&self, report: Report) -> String {
            let at = (report.at - self.start).as_millis();
            match report.what {
                Playback::Speaking(on) => format!("{at} speaking {on}"),
                Playback::Played { text, .. } => format!("{at} played {text:?}"),
                Playback::Interrupted { heard, after } => {
                    format!("{at} interrupted after {heard:?} {}", after.as_millis())
                }
            }
        }
    }

    #[test]
    fn clauses_are_reported_as_the_recorded_calls_have_them() {
        let mut line = Line::new();
        for (token, last) in [("I", false), (" heard:", false), (" Holding.", true)] {
            line.speak(token, last);
        }
        assert_eq!(line.heard(), ["0 speaking true"]);
        line.wait(800);
        assert_eq!(line.heard(), ["800 played \"I heard:\""]);
        line.wait(5_000);
        assert_eq!(line.heard(), ["1700 played \" Holding.\"", "1700 speaking false"]);
    }

    #[test]
    fn words_without_a_clause_end_wait_for_the_close() {
        let mut line = Line::new();
        line.speak("one moment", false);
        line.wait(60_000);
        assert_eq!(line.heard(), Vec::<String>::new());
        assert_eq!(line.player.next_report(), None);
        line.speak("", true);
        line.wait(1_000);
        assert_eq!(
            line.heard(),
            ["60000 speaking true", "61000 played \"one moment\"", "61000 speaking false"]
        );
    }

    #[test]
    fn a_pause_between_clauses_is_a_pause_even_if_nobody_looked() {
        let mut line = Line::new();
        line.speak("Wait.", false);
        line.wait(2_000);
        line.speak(" Here.", true);
        line.wait(2_000);
        let lines = [
            "0 speaking true",
            "500 played \"Wait.\"",
            "500 speaking false",
            "2000 speaking true",
            "2600 played \" Here.\"",
            "2600 speaking false",
        ];
        assert_eq!(line.heard(), lines);
    }

    #[test]
    fn a_number_is_not_cut_at_its_point() {
        let mut line = Line::new();
        line.speak("It costs 3.50, or so.", true);
        line.wait(5_000);
        let played: Vec<_> = line.heard().into_iter().filter(|line| line.contains("played")).collect();
        assert_eq!(played, ["1400 played \"It costs 3.50,\"", "2100 played \" or so.\""]);
    }

    #[test]
    fn an_interrupt_reports_the_words_of_the_clause_that_was_playing_and_drops_the_rest() {
        let mut line = Line::new();
        line.speak("Sentence 1. Sentence 2 of many. Sentence 3.", true);
        line.wait(1_100);
        assert_eq!(line.heard(), ["0 speaking true", "1100 played \"Sentence 1.\""]);
        line.wait(1_550);
        assert!(line.player.interrupt(By::Speech, line.now));
        let lines = [
            "2650 played \" Sentence 2 of\"",
            "2650 interrupted after \"Sentence 2 of\" 1550",
            "2650 speaking false",
        ];
        assert_eq!(line.heard(), lines);
        line.wait(60_000);
        assert_eq!(line.heard(), Vec::<String>::new());
    }

    #[test]
    fn an_interrupt_before_the_first_word_was_over_has_heard_nothing() {
        let mut line = Line::new();
        line.speak("Certainly.", true);
        line.wait(300);
        assert!(line.player.interrupt(By::Speech, line.now));
        assert_eq!(line.heard(), ["0 speaking true", "300 interrupted after \"\" 300", "300 speaking false"]);
    }

    #[test]
    fn nothing_cuts_off_silence_or_what_may_not_be_cut() {
        let mut line = Line::new();
        assert!(!line.player.interrupt(By::Speech, line.now));
        line.speak_so("I am connecting you.", true, Interruptible::No);
        line.wait(500);
        assert!(!line.player.interrupt(By::Speech, line.now));
        assert!(!line.player.interrupt_after("connecting", By::Key, line.now));
        line.wait(1_500);
        let lines = ["0 speaking true", "2000 played \"I am connecting you.\"", "2000 speaking false"];
        assert_eq!(line.heard(), lines);
    }

    #[test]
    fn a_key_cuts_only_where_keys_may() {
        let mut line = Line::new();
        line.speak_so("Press one now.", true, Interruptible::Keys);
        line.wait(500);
        assert!(!line.player.interrupt(By::Speech, line.now));
        assert!(line.player.interrupt(By::Key, line.now));
    }

    #[test]
    fn a_caller_who_waits_for_words_hears_all_up_to_them() {
        let mut line = Line::new();
        line.speak("Your parcel left. It arrives tomorrow morning, I think.", true);
        assert!(!line.player.interrupt_after("next week", By::Speech, line.now));
        assert!(line.player.interrupt_after("arrives tomorrow", By::Speech, line.now));
        let lines = [
            "0 speaking true",
            "0 played \"Your parcel left.\"",
            "0 played \" It arrives tomorrow\"",
            "0 interrupted after \"It arrives tomorrow\" 2000",
            "0 speaking false",
        ];
        assert_eq!(line.heard(), lines);
        assert_eq!(line.player.next_report(), None);
    }

    #[test]
    fn what_is_held_is_not_heard_however_fast_the_line_is() {
        let mut line = Line::new();
        line.player = Player::new(Rate::Instant);
        line.player.hold(true, line.now);
        line.speak("One. Two.", false);
        line.wait(500);
        line.speak(" Three.", true);
        assert_eq!(line.heard(), ["0 speaking true"]);
        assert_eq!(line.player.next_report(), None);
        assert!(line.player.interrupt_after("Two", By::Speech, line.now));
        let lines = [
            "500 played \"One.\"",
            "500 played \" Two\"",
            "500 interrupted after \"Two\" 0",
            "500 speaking false",
        ];
        assert_eq!(line.heard(), lines);
        line.speak("Four.", true);
        line.player.hold(false, line.now);
        assert_eq!(line.heard(), ["500 speaking true", "500 played \"Four.\"", "500 speaking false"]);
    }

    #[test]
    fn an_instant_line_has_heard_everything_at_once() {
        let mut line = Line::new();
        line.player = Player::new(Rate::per_second(0));
        line.speak("Hello there.", true);
        line.player.press("12#", line.now);
        assert_eq!(line.player.playing(), None);
        let lines = [
            "0 speaking true",
            "0 played \"Hello there.\"",
            "0 speaking false",
            "0 speaking true",
            "0 played \"12#\"",
            "0 speaking false",
        ];
        assert_eq!(line.heard(), lines);
    }

    #[test]
    fn a_dead_line_reports_nothing() {
        let mut line = Line::new();
        line.speak("Hello there.", true);
        line.player.silence();
        line.wait(60_000);
        assert_eq!(line.heard(), Vec::<String>::new());
    }

    fn tokens() -> impl Strategy<Value = Vec<(String, u64)>> {
        prop::collection::vec(("[a-z .,:é。3]{0,8}|.{0,5}", 0..900_u64), 0..20)
    }

    proptest! {
        #[test]
        fn what_was_played_is_what_was_sent(tokens in tokens(), rate in 0..40_u32) {
            let mut line = Line::new();
            line.player = Player::new(Rate::per_second(rate));
            let mut reports = Vec::new();
            for (index, (token, pause)) in tokens.iter().enumerate() {
                let kind = if index % 3 == 0 { Interruptible::No } else { Interruptible::Any };
                line.speak_so(token, false, kind);
                line.wait(*pause);
                reports.extend(line.player.poll(line.now));
            }
            line.speak("", true);
            line.wait(1_000_000);
            reports.extend(line.player.poll(line.now));
            prop_assert_eq!(played(&reports), tokens.iter().map(|(token, _)| token.as_str()).collect::<String>());
            prop_assert!(reports.is_sorted_by_key(|report| report.at));
            let speaking = reports.iter().filter_map(|report| match report.what {
                Playback::Speaking(on) => Some(on),
                Playback::Played { .. } | Playback::Interrupted { .. } => None,
            });
            for (index, on) in speaking.enumerate() {
                prop_assert_eq!(on, index % 2 == 0);
            }
            prop_assert_eq!(line.player.next_report(), None);
        }

        #[test]
        fn nobody_hears_more_than_was_sent(tokens in tokens(), after in 0..20_000_u64, words in "[a-z .]{1,3}") {
            let mut line = Line::new();
            let sent: String = tokens.iter().map(|(token, _)| token.as_str()).collect();
            for (token, pause) in &tokens {
                line.speak(token, false);
                line.wait(*pause);
            }
            line.speak("", true);
            line.wait(after);
            let cut = line.player.interrupt_after(&words, By::Speech, line.now)
                || line.player.interrupt(By::Speech, line.now);
            let reports = line.player.poll(line.now);
            let heard = played(&reports);
            prop_assert!(sent.starts_with(&heard));
            if let Some(Playback::Interrupted { heard: fragment, .. }) =
                reports.iter().map(|report| &report.what).find(|what| matches!(what, Playback::Interrupted { .. }))
            {
                prop_assert!(cut && heard.trim_end().ends_with(fragment.as_str()));
            } else {
                prop_assert!(!cut);
            }
            line.wait(1_000_000);
            prop_assert!(!cut || line.player.poll(line.now).is_empty());
        }
    }

    fn played(reports: &[Report]) -> String {
        let text = |report: &Report| match &report.what {
            Playback::Played { text, .. } => Some(text.clone()),
            Playback::Speaking(_) | Playback::Interrupted { .. } => None,
        };
        reports.iter().filter_map(text).collect()
    }
}
