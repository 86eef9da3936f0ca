//! What the caller has heard of what we sent.
//!
//! Text is queued at Twilio and played in order; `tokensPlayed` reports say how far it got. The reports are
//! followed by their visible characters, because white space is where platforms differ.

use std::collections::VecDeque;

use super::history::ReplyId;

/// How many bytes of what was played are kept for telling a repeated report from a new one.
const TAIL: usize = 800;
/// How many pieces may wait to be reported before the oldest counts as heard.
const MOST_PIECES: usize = 256;

/// The queue of speech at the other end, as far as we know it.
#[derive(Debug, Default)]
pub(super) struct Playback {
    queue: VecDeque<Piece>,
    /// Whether this platform reports playback at all.
    reported: bool,
    /// Whether speech is being played, if that is reported.
    speaking: bool,
    /// What was played last.
    tail: String,
}

#[derive(Debug)]
struct Piece {
    /// The reply it belongs to, unless it is a line of our own.
    reply: Option<ReplyId>,
    /// Where the piece begins in the reply's text, in bytes.
    start: usize,
    text: String,
    /// How much of `text` was played, in bytes.
    played: usize,
}

impl Playback {
    /// An empty queue, of a platform that is known to report playback or not.
    pub(super) fn new(reported: bool) -> Self {
        Self { reported, ..Self::default() }
    }

    /// Adds text that was sent. `start` is where it begins in its reply.
    pub(super) fn queue(&mut self, reply: Option<ReplyId>, start: usize, text: &str) {
        if let Some(last) = self.queue.back_mut()
            && last.reply == reply
            && (reply.is_none() || last.start + last.text.len() == start)
        {
            last.text.push_str(text);
            return;
        }
        if self.queue.len() == MOST_PIECES {
            self.queue.pop_front();
        }
        self.queue.push_back(Piece { reply, start, text: text.to_owned(), played: 0 });
    }

    /// Takes a `tokensPlayed` report.
    pub(super) fn played(&mut self, text: &str) {
        self.reported = true;
        let wanted: Vec<char> = visible(text).collect();
        match self.visible_until(&wanted) {
            Some(skipped) => self.advance(skipped + wanted.len()),
            None if self.was_played(&wanted) => return,
            // The platform says it in other characters than we did.
            None => self.advance(wanted.len()),
        }
        // Trailing white space of the report was heard too, one character for another: which ones may differ.
        let blanks = text.chars().rev().take_while(|c| c.is_whitespace()).count();
        if let Some(piece) = self.queue.front_mut().filter(|piece| piece.played > 0) {
            let rest = piece.text[piece.played..].chars().take_while(|c| c.is_whitespace());
            piece.played += rest.take(blanks).map(char::len_utf8).sum::<usize>();
        }
        self.drop_played();
    }

    /// Takes an `agentSpeaking` report.
    pub(super) fn speaking(&mut self, on: bool) {
        self.speaking = on;
    }

    /// Whether speech is known to be playing.
    pub(super) fn is_speaking(&self) -> bool {
        self.speaking
    }

    /// Whether the platform reports playback.
    pub(super) fn is_reported(&self) -> bool {
        self.reported
    }

    /// How many characters are still to be played.
    pub(super) fn unplayed(&self) -> usize {
        self.queue.iter().map(|piece| piece.text[piece.played..].chars().count()).sum()
    }

    /// Counts everything queued as heard, if there are no reports that would say so.
    pub(super) fn settle(&mut self) {
        if !self.reported {
            // Not character by character: it is every word of every answer.
            for piece in self.queue.drain(..) {
                self.tail.push_str(&piece.text[piece.played..]);
            }
            self.shorten_tail();
        }
    }

    /// Empties the queue after the caller cut it off, and returns for each reply concerned how many bytes of
    /// it were heard.
    ///
    /// `utterance` is what the `interrupt` frame says was played of the segment that was cut.
    pub(super) fn interrupt(&mut self, utterance: &str) -> Vec<(ReplyId, usize)> {
        if self.reported {
            self.catch_up(utterance);
        } else {
            self.advance(self.heard_by_utterance(utterance));
        }
        self.cut()
    }

    /// How many bytes of a reply were heard, if not all of it was. Without reports all of it counts as heard.
    pub(super) fn heard_of(&self, reply: ReplyId) -> Option<usize> {
        let piece = self.queue.iter().find(|piece| piece.reply == Some(reply)).filter(|_| self.reported)?;
        Some(piece.start + piece.played)
    }

    /// The replies that are queued, in their order.
    pub(super) fn replies(&self) -> Vec<ReplyId> {
        let mut replies: Vec<ReplyId> = self.queue.iter().filter_map(|piece| piece.reply).collect();
        replies.dedup();
        replies
    }

    fn cut(&mut self) -> Vec<(ReplyId, usize)> {
        self.drop_played();
        let mut cuts: Vec<(ReplyId, usize)> = Vec::new();
        for piece in self.queue.drain(..) {
            if let Some(reply) = piece.reply
                && cuts.iter().all(|(known, _)| *known != reply)
            {
                cuts.push((reply, piece.start + piece.played));
            }
        }
        cuts
    }

    /// The fragment that was cut is reported before the `interrupt`, as a rule. Where it was not, the
    /// utterance is the text that comes next.
    fn catch_up(&mut self, utterance: &str) {
        let wanted: Vec<char> = visible(utterance).collect();
        let played = self.tail.chars().rev().filter(|c| !c.is_whitespace());
        let told = played.zip(wanted.iter().rev()).take_while(|(a, b)| a == *b).count();
        let next = self.upcoming().take(wanted.len());
        if !wanted.is_empty() && told < wanted.len() && next.eq(wanted.iter().copied()) {
            self.advance(wanted.len());
        }
    }

    /// Without reports: how many visible characters of the queue were heard, judged by the last place where
    /// the utterance stands. An utterance that stands nowhere says nothing, so all counts as heard.
    fn heard_by_utterance(&self, utterance: &str) -> usize {
        let wanted: Vec<char> = visible(utterance).collect();
        let sent: Vec<char> = self.upcoming().collect();
        if wanted.is_empty() {
            return 0;
        }
        let place = sent.windows(wanted.len()).rposition(|window| window == wanted);
        place.map_or(sent.len(), |place| place + wanted.len())
    }

    /// How many visible characters of the queue come before the reported ones: none as a rule, more when a
    /// report was lost. Nothing when they do not stand there.
    fn visible_until(&self, wanted: &[char]) -> Option<usize> {
        if wanted.is_empty() || self.upcoming().take(wanted.len()).eq(wanted.iter().copied()) {
            return Some(0);
        }
        let sent: Vec<char> = self.upcoming().collect();
        sent.windows(wanted.len()).position(|window| window == wanted)
    }

    /// Whether this was played, or counted as heard, before.
    fn was_played(&self, wanted: &[char]) -> bool {
        let tail: Vec<char> = visible(&self.tail).collect();
        tail.windows(wanted.len()).any(|window| window == wanted)
    }

    /// The visible characters that were not played yet.
    fn upcoming(&self) -> impl Iterator<Item = char> {
        self.queue.iter().flat_map(|piece| visible(&piece.text[piece.played..]))
    }

    /// Moves on by so many visible characters.
    fn advance(&mut self, mut count: usize) {
        for piece in &mut self.queue {
            let rest = piece.text[piece.played..].char_indices().filter(|(_, c)| !c.is_whitespace());
            let mut end = piece.played;
            for (at, character) in rest.take(count) {
                count -= 1;
                end = piece.played + at + character.len_utf8();
            }
            self.tail.push_str(&piece.text[piece.played..end]);
            piece.played = end;
            if count == 0 {
                break;
            }
        }
        self.shorten_tail();
    }

    fn shorten_tail(&mut self) {
        let from = self.tail.ceil_char_boundary(self.tail.len().saturating_sub(TAIL));
        self.tail.drain(..from);
    }

    fn drop_played(&mut self) {
        while self.queue.front().is_some_and(|piece| piece.text[piece.played..].trim().is_empty()) {
            self.queue.pop_front();
        }
    }
}

fn visible(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| !c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::history::History;
    use super::*;

    fn sent(texts: &[&str]) -> (Playback, Vec<ReplyId>) {
        let mut history = History::default();
        let mut playback = Playback::default();
        let queue = |text: &&str| {
            let id = history.open_reply();
            playback.queue(Some(id), 0, text);
            id
        };
        let ids = texts.iter().map(queue).collect();
        (playback, ids)
    }

    #[test]
    fn reports_say_how_much_of_a_reply_was_heard() {
        let (mut playback, ids) = sent(&["I heard: Holding. And more.", "A second reply."]);
        playback.played("I heard:");
        playback.played(" Holding.");
        assert_eq!(playback.interrupt("Holding."), [(ids[0], 17), (ids[1], 0)]);
        assert_eq!(playback.unplayed(), 0);
    }

    #[test]
    fn white_space_may_be_reported_as_another_one() {
        let (mut playback, ids) = sent(&["Vous êtes là\u{a0}? Bien."]);
        playback.played("Vous êtes là ");
        assert_eq!(playback.interrupt(""), [(ids[0], "Vous êtes là\u{a0}".len())]);
    }

    #[test]
    fn a_fragment_that_was_not_reported_is_taken_from_the_interrupt() {
        let (mut playback, ids) = sent(&["Sentence 1. Sentence 2 of ten. Sentence 3."]);
        playback.played("Sentence 1.");
        assert_eq!(playback.interrupt("Sentence 2 of"), [(ids[0], 25)]);
    }

    #[test]
    fn a_reported_fragment_is_not_counted_twice() {
        let (mut playback, ids) = sent(&["no no no no"]);
        playback.played("no no");
        assert_eq!(playback.interrupt("no"), [(ids[0], 5)]);
    }

    #[test]
    fn without_reports_the_last_place_of_the_utterance_counts() {
        let (mut playback, ids) = sent(&["Yes. Your parcel. Yes. It left on Monday."]);
        assert_eq!(playback.interrupt("Yes.  It left"), [(ids[0], 30)]);
        let (mut playback, ids) = sent(&["Hello there."]);
        assert_eq!(playback.interrupt(""), [(ids[0], 0)]);
        let (mut playback, ids) = sent(&["Hello there."]);
        assert_eq!(playback.interrupt("something else"), []);
        assert_eq!(ids.len(), 1);
    }

    #[test]
    fn a_report_of_what_counted_as_heard_moves_nothing() {
        let (mut playback, ids) = sent(&["Hello there.", "And more."]);
        playback.played("Hello there.");
        playback.played("there.");
        assert_eq!(playback.interrupt(""), [(ids[1], 0)]);
        let (mut playback, _) = sent(&["Hello there."]);
        playback.settle();
        let reply = History::default().open_reply();
        playback.queue(Some(reply), 0, "How are you?");
        playback.played("Hello");
        assert_eq!(playback.unplayed(), 12);
    }

    #[test]
    fn a_lost_report_is_made_up_for_by_the_next() {
        let (mut playback, ids) = sent(&["One. Two. Three. Four."]);
        playback.played("One.");
        playback.played(" Three.");
        assert_eq!(playback.interrupt(""), [(ids[0], 16)]);
    }

    proptest! {
        #[test]
        fn what_was_reported_is_what_was_heard(
            words in prop::collection::vec("[a-z,.é]{1,6}", 1..30), cut in any::<prop::sample::Index>(),
        ) {
            let text = words.join(" ");
            let (mut playback, ids) = sent(&[&text]);
            let at = cut.index(words.len());
            let mut heard = String::new();
            for word in &words[..at] {
                let report = if heard.is_empty() { word.clone() } else { format!(" {word}") };
                playback.played(&report);
                heard.push_str(&report);
            }
            let cuts = playback.interrupt("");
            if at == words.len() {
                prop_assert_eq!(cuts, []);
            } else {
                prop_assert_eq!(cuts, [(ids[0], heard.len())]);
            }
        }

        #[test]
        fn no_report_makes_it_panic(
            texts in prop::collection::vec(".{0,20}", 0..5), reports in prop::collection::vec(".{0,20}", 0..8),
        ) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let (mut playback, _) = sent(&texts);
            for report in &reports {
                playback.played(report);
            }
            for (_, heard) in playback.interrupt(reports.first().map_or("", String::as_str)) {
                prop_assert!(texts.iter().any(|text| text.is_char_boundary(heard)));
            }
        }
    }
}
