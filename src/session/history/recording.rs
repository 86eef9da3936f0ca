//! What of the conversation is to be recorded, and the conversation taken up again from its record.

use super::{Call, Entry, History, LOST, Reply, ReplyId, Said};
use crate::handoff::Speaker;
use crate::pii::Pii;
use crate::record::{ToolRun, Turn, TurnKey};

/// A step of a reply that is noted in the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum Step {
    /// The model's first word arrived.
    FirstDelta,
    /// The platform began to speak it.
    Speaking,
    /// The model had nothing more to say.
    Finished,
    /// More of it was heard.
    Progress,
    /// All of it was heard.
    Heard,
}

impl History {
    /// The conversation of an earlier session, going on in session number `session` of the call.
    pub(in crate::session) fn restored(turns: Vec<Turn>, session: u8) -> Self {
        let mut history = Self { next: TurnKey { session, position: 0 }, ..Self::default() };
        for turn in turns {
            let said = match turn.who {
                Speaker::Caller => Said::Caller(turn.text),
                Speaker::Agent => {
                    let id = ReplyId(history.next_reply);
                    history.next_reply += 1;
                    let heard = turn.heard_text().len();
                    let mut text = turn.text.into_inner();
                    let unheard = text.split_off(heard);
                    let calls = turn.runs.into_iter().map(Call::from).collect();
                    Said::Reply(Reply { id, text, unheard, interrupted: turn.interrupted, calls })
                }
            };
            let (key, steps) = (turn.key, turn.steps);
            history.entries.push(Entry { key, steps, changed: false, recorded: true, said });
        }
        history.drop_empty();
        history
    }

    /// Sets the time of the input that is being handled.
    pub(in crate::session) fn set_time(&mut self, at: u64) {
        self.at = at;
    }

    /// Notes a step of a reply; the first time counts.
    pub(in crate::session) fn mark(&mut self, id: ReplyId, step: Step) {
        let at = self.at;
        let Some((entry, _)) = self.entry(id) else { return };
        let when = match step {
            Step::FirstDelta => &mut entry.steps.first_delta,
            Step::Speaking => &mut entry.steps.speaking,
            Step::Finished => &mut entry.steps.finished,
            // Playback may catch up with a reply that is still being written: then it was not heard to its end.
            Step::Heard if entry.steps.finished.is_none() => &mut Some(at),
            Step::Heard => &mut entry.steps.heard,
            Step::Progress => &mut Some(at),
        };
        when.get_or_insert(at);
        *entry.changed = true;
        // The first word and the first sound are recorded with what follows them.
        self.news |= !matches!(step, Step::FirstDelta | Step::Speaking);
    }

    /// The turns that changed, once something changed that is worth recording. `heard` tells how many bytes of
    /// a reply were heard, where not all of it was.
    pub(in crate::session) fn take_news(&mut self, heard: impl Fn(ReplyId) -> Option<usize>) -> Vec<Turn> {
        if !std::mem::take(&mut self.news) {
            return Vec::new();
        }
        let mut turns = std::mem::take(&mut self.gone);
        let changed = |(_, entry): &(usize, &Entry)| entry.changed && !entry.is_empty();
        for (index, entry) in self.entries.iter().enumerate().filter(changed) {
            let question = question_before(&self.entries[..index], entry);
            turns.push(entry.turn(entry.heard(&heard), question));
        }
        for entry in self.entries.iter_mut().filter(|entry| entry.changed && !entry.is_empty()) {
            entry.changed = false;
            entry.recorded = true;
        }
        turns
    }

    /// From here on also words that nothing has followed yet are worth recording.
    pub(in crate::session) fn close(&mut self) {
        self.news = true;
    }

    /// The whole conversation. `heard` tells how many bytes of a reply were heard, where not all of it was.
    pub(in crate::session) fn turns(&self, heard: impl Fn(ReplyId) -> Option<usize>) -> Vec<Turn> {
        self.entries.iter().map(|entry| entry.turn(entry.heard(&heard), None)).collect()
    }
}

impl Entry {
    /// How many bytes of it were heard.
    fn heard(&self, of: impl Fn(ReplyId) -> Option<usize>) -> usize {
        match &self.said {
            Said::Reply(reply) => of(reply.id).unwrap_or(usize::MAX),
            Said::Caller(_) => usize::MAX,
        }
    }

    /// The entry as it is recorded, when at most `heard` bytes of it were heard. `question` is what it answers.
    pub(super) fn turn(&self, heard: usize, question: Option<String>) -> Turn {
        let (who, text, heard, interrupted, runs) = match &self.said {
            Said::Caller(text) => {
                (Speaker::Caller, text.clone(), text.expose().chars().count(), false, Vec::new())
            }
            Said::Reply(reply) => {
                let heard = reply.text[..heard.min(reply.text.len())].chars().count();
                let text = Pii::from([reply.text.as_str(), &reply.unheard].concat());
                let runs = reply.calls.iter().map(ToolRun::from).collect();
                (Speaker::Agent, text, heard, reply.interrupted, runs)
            }
        };
        let answers = question.map(Pii::from);
        Turn { key: self.key, who, text, heard, interrupted, runs, steps: self.steps, answers }
    }
}

impl From<ToolRun> for Call {
    fn from(run: ToolRun) -> Self {
        let ToolRun { call, result, secure, began, ended } = run;
        Self { call, result, secure, unanswered: LOST, began, ended }
    }
}

impl From<&Call> for ToolRun {
    fn from(asked: &Call) -> Self {
        Self {
            call: asked.call.clone(),
            result: asked.result.clone(),
            secure: asked.secure,
            began: asked.began,
            ended: asked.ended,
        }
    }
}

/// What we had said before the caller's words: before these, or before those that our own entry answers.
fn question_before(earlier: &[Entry], entry: &Entry) -> Option<String> {
    let is_caller = |entry: &&Entry| matches!(entry.said, Said::Caller(_));
    // Tools that were called without a word asked the caller nothing.
    let is_silent = |entry: &Entry| matches!(&entry.said, Said::Reply(reply) if reply.text.trim().is_empty());
    let mut earlier = earlier.iter().rev().filter(|entry| !is_silent(entry)).peekable();
    if !is_caller(&entry) {
        while earlier.next_if(|entry| !is_caller(entry)).is_some() {}
    }
    // Who says something more answers the same question still.
    while earlier.next_if(is_caller).is_some() {}
    let mut ours: Vec<&str> = Vec::new();
    while let Some(Entry { said: Said::Reply(reply), .. }) = earlier.next_if(|entry| !is_caller(entry)) {
        ours.push(&reply.text);
    }
    ours.reverse();
    (!ours.is_empty()).then(|| ours.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::ToolCall;

    fn words(turns: &[Turn]) -> Vec<(u32, &str, &str)> {
        turns.iter().map(|turn| (turn.key.position, turn.text.expose().as_str(), turn.heard_text())).collect()
    }

    #[test]
    fn more_words_alone_are_no_news_but_are_recorded_with_what_follows() {
        let mut history = History::default();
        history.caller("where is it");
        let reply = history.open_reply();
        assert_eq!(words(&history.take_news(|_| None)), [(0, "where is it", "where is it")]);
        history.say(reply, "It is ");
        assert_eq!(history.take_news(|_| None), []);
        history.say(reply, "here.");
        history.mark(reply, Step::Finished);
        assert_eq!(words(&history.take_news(|_| Some(5))), [(1, "It is here.", "It is")]);
        assert_eq!(history.take_news(|_| None), []);
    }

    #[test]
    fn what_was_cut_off_stays_in_the_record() {
        let mut history = History::default();
        let reply = history.open_reply();
        history.say(reply, "One. Two. Three.");
        history.mark(reply, Step::Finished);
        history.take_news(|_| None);
        history.forget_beyond(reply, 9);
        history.forget_beyond(reply, 4);
        let turns = history.take_news(|_| None);
        assert_eq!(words(&turns), [(0, "One. Two. Three.", "One.")]);
        assert!(turns[0].interrupted);
        assert_eq!(history.said(reply), "One.");
    }

    #[test]
    fn a_reply_of_which_nothing_was_heard_is_recorded_as_such() {
        let mut history = History::default();
        let reply = history.open_reply();
        history.say(reply, "Hello.");
        history.mark(reply, Step::Finished);
        history.take_news(|_| None);
        history.forget_beyond(reply, 0);
        history.caller("wait");
        assert_eq!(words(&history.take_news(|_| None)), [(0, "Hello.", ""), (1, "wait", "wait")]);
    }

    #[test]
    fn tools_without_words_part_no_answer_from_its_question() {
        let mut history = History::default();
        let reply = history.open_reply();
        history.say(reply, "What is the security code?");
        history.caller("wait");
        let tools = history.open_reply();
        let call = ToolCall { id: "1".into(), name: "found".into(), arguments: "{}".into() };
        history.calls(tools, vec![call], |_| false);
        history.answer(tools, 0, "{}");
        history.caller("123");
        let turns = history.take_news(|_| None);
        assert_eq!(turns.last().unwrap().answers, Some("What is the security code?".into()));
    }

    #[test]
    fn a_restored_conversation_goes_on_in_its_own_session() {
        let mut history = History::default();
        history.caller("my order is 7");
        let reply = history.open_reply();
        history.say(reply, "Thank you. One moment.");
        history.forget_beyond(reply, 10);
        let mut restored = History::restored(history.turns(|_| None), 1);
        assert_eq!(restored.take_news(|_| None), []);
        restored.caller("hello");
        let turns = restored.take_news(|_| None);
        assert_eq!(turns[0].key, TurnKey { session: 1, position: 0 });
        assert_eq!(turns[0].answers, Some("Thank you.".into()));
        assert_eq!(restored.messages().len(), 3);
        // An unanswered question is one message with what is said next, also over a reconnect.
        let mut again = History::restored(restored.turns(|_| None), 2);
        again.caller("still there?");
        let turns = again.take_news(|_| None);
        assert_eq!((turns[0].key.session, turns[0].text.expose().as_str()), (1, "hello still there?"));
    }
}
