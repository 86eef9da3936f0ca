//! What has been said so far, and the space that is owed before the next word.
//!
//! A space cannot be taken back once it was sent, so it waits for its neighbour: dropped markup takes it
//! along, a full stop goes before it, a line break swallows it.

/// The writing side: decides about spaces, pauses and full stops, never about markup.
#[derive(Debug, Default)]
pub(super) struct Voice {
    /// Spaces and tabs read since the last spoken character.
    spaces: String,
    /// Something was dropped among those spaces: one space is enough for all of them.
    collapses: bool,
    /// A word and its neighbour must not touch.
    parted: bool,
    /// A table cell or an arrow ended here.
    paused: bool,
    /// A line ended here.
    broken: bool,
    /// Whether anything was said in this reply.
    started: bool,
    last: Option<char>,
    /// The last character that is not a closing quote or bracket: it tells whether a sentence has ended.
    ending: Option<char>,
}

impl Voice {
    /// Says `text`, which is not empty and does not begin with a space.
    pub(super) fn say(&mut self, text: &str, out: &mut String) {
        let Some(first) = text.chars().next() else { return };
        self.pay_space(first, out);
        out.push_str(text);
        self.started = true;
        self.last = text.chars().next_back();
        self.ending = text.chars().rev().find(|c| !is_closer(*c) && !c.is_whitespace()).or(self.ending);
    }

    /// Says a word of the table, apart from its neighbours.
    pub(super) fn say_apart(&mut self, words: &str, out: &mut String) {
        self.parted = true;
        self.say(words, out);
        self.parted = true;
    }

    /// Reads a space or a tab.
    pub(super) fn space(&mut self, c: char) {
        let spare = !self.spaces.is_empty() && (self.collapses || self.parted || self.paused);
        if !self.broken && !spare {
            self.spaces.push(c);
        }
    }

    /// A mark without sound was dropped. The words on its two sides stay one word.
    pub(super) fn drop_mark(&mut self) {
        self.collapses |= !self.spaces.is_empty() || !self.started;
    }

    /// Something that stood for itself was dropped. The words on its two sides stay two.
    pub(super) fn drop_apart(&mut self) {
        self.parted = true;
    }

    /// A table cell or an arrow ended: a comma, unless the line ends here as well.
    pub(super) fn pause(&mut self) {
        self.paused |= self.started && !self.broken;
    }

    /// A line ended.
    pub(super) fn break_line(&mut self) {
        self.forget_space();
        self.broken = true;
    }

    /// Ends the sentence, if it has not ended itself.
    pub(super) fn stop(&mut self, out: &mut String) {
        if self.started && !self.ending.is_some_and(ends_clause) {
            out.push('.');
            (self.last, self.ending) = (Some('.'), Some('.'));
            if !self.broken {
                self.forget_space();
            }
        }
    }

    /// How many characters wait here.
    pub(super) fn held(&self) -> usize {
        self.spaces.len() + usize::from(self.broken) + usize::from(self.paused)
    }

    /// Lets waiting spaces go, and tells whether there were any.
    pub(super) fn release(&mut self, out: &mut String) -> bool {
        if self.spaces.is_empty() {
            return false;
        }
        out.push_str(if self.owes_one() { " " } else { &self.spaces });
        self.last = Some(' ');
        self.spaces.clear();
        true
    }

    /// Ends the reply: spaces at its end are kept only as they were written. The next reply starts afresh.
    pub(super) fn finish(&mut self, out: &mut String) {
        if !self.owes_one() {
            out.push_str(&self.spaces);
        }
        self.forget_space();
        (self.started, self.last, self.ending) = (false, None, None);
    }

    /// Whether dropped markup has made the spaces as written void.
    fn owes_one(&self) -> bool {
        self.broken || self.paused || self.parted || self.collapses
    }

    fn pay_space(&mut self, next: char, out: &mut String) {
        if self.owes_one() {
            if self.started {
                self.pay_one(next, out);
            }
            self.forget_space();
        } else if !self.spaces.is_empty() {
            out.push_str(&self.spaces);
            self.spaces.clear();
        }
    }

    fn pay_one(&mut self, next: char, out: &mut String) {
        let hugs = (self.paused || self.parted) && is_closing(next);
        if self.paused && !hugs && !self.ending.is_some_and(ends_clause) {
            out.push(',');
        }
        let opened = self.last.is_some_and(is_opening);
        let wanted = self.broken || self.paused || !self.spaces.is_empty() || (self.parted && !opened);
        if wanted && !hugs && self.last != Some(' ') {
            out.push(' ');
        }
    }

    fn forget_space(&mut self) {
        self.spaces.clear();
        (self.collapses, self.parted, self.paused, self.broken) = (false, false, false, false);
    }
}

fn ends_clause(c: char) -> bool {
    matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '…' | '。' | '！' | '？' | '：' | '；' | '，' | '、')
}

/// Punctuation that hangs on the word before it.
fn is_closing(c: char) -> bool {
    ends_clause(c) || matches!(c, ')' | ']' | '}' | '”' | '’' | '»')
}

fn is_closer(c: char) -> bool {
    matches!(c, '"' | '\'' | ')' | ']' | '}' | '”' | '’' | '»' | '›')
}

fn is_opening(c: char) -> bool {
    matches!(c, '(' | '[' | '{' | '“' | '‘' | '«' | '¿' | '¡')
}
