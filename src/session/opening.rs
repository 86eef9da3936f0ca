//! How a session begins: with the greeting, or by going on where an earlier one of the call stopped.

use std::time::Instant;

use super::history::Step;
use super::turn::Purpose;
use super::{Opening, Session};
use crate::relay::{LanguageSwitch, LanguageTag, Outbound};

impl Session {
    /// The first words, unless the caller has them.
    pub(super) fn open(&mut self, restored: bool, now: Instant) {
        match self.settings.opening.clone() {
            // Twilio says it, and it can be interrupted like any reply.
            Opening::Greeting(greeting) => {
                let reply = self.history.open_reply();
                self.history.say(reply, &greeting);
                self.playback.queue(Some(reply), 0, &greeting);
                self.history.mark(reply, Step::Finished);
                self.quiet_since = now + self.speaking_time(&greeting);
            }
            Opening::Silent => {}
            Opening::Reconnected(afresh) => self.reopen(afresh.filter(|_| !restored), now),
            Opening::Returned(afresh) => self.come_back(afresh.filter(|_| !restored)),
        }
    }

    /// Goes on after the line had dropped: says so, in the language spoken before, and takes up the question
    /// that was not answered. Where nothing is known of the conversation, it begins afresh.
    fn reopen(&mut self, afresh: Option<String>, now: Instant) {
        self.speak_as_before();
        let open_question = self.history.awaits_answer();
        let line = self.settings.lines.cut_off.within(&self.language).unwrap_or_default().to_owned();
        if open_question {
            // A line of the bridge: the caller's words stay the last of the conversation.
            self.speak_line(&line);
            self.close_cycle();
            return self.ask(Purpose::Answer, 1, now);
        }
        self.begin_with(&line, afresh);
    }

    /// Goes on after nobody was free: says so. What the caller wanted last was a person, so nothing is taken up.
    fn come_back(&mut self, afresh: Option<String>) {
        self.speak_as_before();
        let line = self.settings.lines.nobody_free.within(&self.language).unwrap_or_default().to_owned();
        self.begin_with(&line, afresh);
    }

    /// Switches to the language of the session before.
    fn speak_as_before(&mut self) {
        if self.language != self.settings.language
            && let Some(tag) = LanguageTag::new(&self.language)
        {
            self.send(Outbound::Language(LanguageSwitch::both(tag)));
        }
    }

    fn begin_with(&mut self, line: &str, afresh: Option<String>) {
        self.speak_reply(line);
        if let Some(greeting) = afresh {
            self.speak_reply(&greeting);
        }
        self.close_cycle();
    }
}
