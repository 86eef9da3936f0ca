//! The stream: what waits, what leaves, and what is dropped.
//!
//! The same characters give the same speech however they are cut, because each is looked at in turn, with
//! only those before it that still wait.
//!
//! Text without markup leaves as it came, byte for byte, but for line breaks: a line break and the spaces
//! around it become one space, since a voice would read the first line before the second arrived. Where a
//! list item, a heading or a table row ends without punctuation, it gets a full stop.

use std::fmt;

use super::glyph::Glyph;
use super::line::{self, Kind, Line, Marker};
use super::link::{self, Destination, Part};
use super::scan::{Rest, Scan, run};
use super::table::Table;
use super::voice::Voice;

/// How many characters are held back at most, until it is clear whether they are markup. A candidate that
/// is longer is text.
pub const MOST_HELD: usize = 64;

/// Makes one reply after another speakable while they stream.
pub struct Speakable {
    pub(super) table: &'static Table,
    pub(super) voice: Voice,
    pub(super) line: Line,
    pub(super) mode: Mode,
    /// How many link texts are open.
    pub(super) links: u32,
    /// Whether a `<` stands before the bare address that is being read.
    pub(super) bracketed: bool,
    /// The character before those held; a line break at the start.
    pub(super) before: char,
    held: String,
}

/// What the next character belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Text.
    Text,
    /// The host of a bare address. It is said.
    Host,
    /// What follows the host. It is not.
    Path,
    /// Where a link leads. It is not said.
    Destination(Destination),
}

impl Speakable {
    /// For replies in the language of this BCP-47 tag. Its primary subtag picks the words for `&`, `<` and
    /// the dots of a host name: `en`, `es`, `fr`, `de` or `pt`, and English for every other.
    pub fn new(language: &str) -> Self {
        Self {
            table: Table::of(language),
            voice: Voice::default(),
            line: Line::default(),
            mode: Mode::Text,
            links: 0,
            bracketed: false,
            before: '\n',
            held: String::with_capacity(MOST_HELD + 4),
        }
    }

    /// Appends to `out` what may be said now that `delta` has come.
    pub fn push(&mut self, delta: &str, out: &mut String) {
        let mut left = delta;
        while let Some(c) = left.chars().next() {
            let plain = if self.held.is_empty() { self.plain_run(left) } else { 0 };
            let (taken, after) = left.split_at(if plain > 0 { plain } else { c.len_utf8() });
            left = after;
            if plain > 0 {
                self.voice.say(taken, out);
                self.before = taken.chars().next_back().unwrap_or(self.before);
            } else {
                self.held.push(c);
                self.settle(Rest::Coming, out);
            }
        }
    }

    /// Appends to `out` what still waits, and starts afresh for the next reply.
    pub fn finish(&mut self, out: &mut String) {
        self.settle(Rest::Over, out);
        if self.line.ends_sentence() {
            self.voice.stop(out);
        }
        self.voice.finish(out);
        self.line = Line::default();
        (self.mode, self.links, self.bracketed, self.before) = (Mode::Text, 0, false, '\n');
    }

    /// How many characters wait for the next delta: at most [`MOST_HELD`].
    pub fn held(&self) -> usize {
        self.held.chars().count() + self.voice.held()
    }

    /// Takes from the held characters all that is decided, and then as much more as is too long to hold.
    fn settle(&mut self, rest: Rest, out: &mut String) {
        let mut held = std::mem::take(&mut self.held);
        let mut at = 0;
        loop {
            while at < held.len() {
                let Some(taken) = self.advance(&held[at..], rest, out) else { break };
                at += taken;
            }
            if held[at..].chars().count() + self.voice.held() <= MOST_HELD {
                break;
            }
            if !self.voice.release(out) {
                at += self.advance(&held[at..], Rest::Full, out).unwrap_or(held.len() - at);
            }
        }
        held.drain(..at);
        self.held = held;
    }

    /// Reads what `text` begins with, and tells its length in bytes; nothing when that has to wait.
    fn advance(&mut self, text: &str, rest: Rest, out: &mut String) -> Option<usize> {
        let c = text.chars().next()?;
        match self.mode {
            Mode::Text => self.text(c, text, rest, out),
            Mode::Host => self.host(c, text, rest, out),
            Mode::Path => self.path(c, text, rest),
            Mode::Destination(destination) => {
                let (next, inside) = destination.read(c);
                self.mode = next.map_or(Mode::Text, Mode::Destination);
                self.before = ')';
                Some(if inside { c.len_utf8() } else { 0 })
            }
        }
    }

    fn text(&mut self, c: char, text: &str, rest: Rest, out: &mut String) -> Option<usize> {
        let glyph = Glyph::of(c);
        let taken = match (glyph, c) {
            (Glyph::Silent, _) => return Some(c.len_utf8()),
            (Glyph::LineBreak, _) => self.break_line(c),
            (_, ' ' | '\t') => self.space(c),
            _ if !self.line.begun => match line::marker(text, rest) {
                Scan::Is(marker) => self.take_marker(marker, text, out),
                Scan::Not => return self.begin_line(glyph, out),
                Scan::Wait => return None,
            },
            (Glyph::Picture, _) => {
                self.voice.drop_apart();
                c.len_utf8()
            }
            (Glyph::Pause, _) => {
                self.voice.pause();
                c.len_utf8()
            }
            (Glyph::Spoken, _) => self.inline(c, text, rest, out)?,
        };
        // An escape is no neighbour: "snake\_case" is one word.
        if c != '\\' {
            self.before = text[..taken].chars().next_back().unwrap_or(c);
        }
        Some(taken)
    }

    fn break_line(&mut self, c: char) -> usize {
        self.line.next();
        self.voice.break_line();
        (self.links, self.bracketed) = (0, false);
        c.len_utf8()
    }

    fn space(&mut self, c: char) -> usize {
        self.line.indented |= !self.line.begun;
        self.voice.space(c);
        c.len_utf8()
    }

    /// Nothing is taken: the text itself comes next.
    fn begin_line(&mut self, glyph: Glyph, out: &mut String) -> Option<usize> {
        // Pictures at the start of lines are the bullets of a list.
        if self.line.begin() || glyph == Glyph::Picture {
            self.voice.stop(out);
        }
        Some(0)
    }

    fn take_marker(&mut self, marker: Marker, text: &str, out: &mut String) -> usize {
        let (kind, length) = match marker {
            Marker::Quote(length) => {
                self.voice.drop_mark();
                return length;
            }
            Marker::Blank(length) => (self.line.kind, length),
            Marker::Bullet(length) | Marker::Number(length) => (Kind::Item, length),
            Marker::Heading(length) => (Kind::Heading, length),
            Marker::Bar(length) => (Kind::Row, length),
        };
        self.line.kind = kind;
        self.voice.stop(out);
        if matches!(marker, Marker::Number(_) | Marker::Heading(_) | Marker::Bar(_)) {
            self.line.begin();
        }
        if matches!(marker, Marker::Number(_)) {
            self.voice.say(&text[..length], out);
        } else {
            self.voice.drop_mark();
        }
        length
    }

    fn host(&mut self, c: char, text: &str, rest: Rest, out: &mut String) -> Option<usize> {
        if c.is_alphanumeric() {
            self.voice.say(&text[..c.len_utf8()], out);
            return Some(c.len_utf8());
        }
        let next = text[c.len_utf8()..].chars().next();
        let more = match (c, next) {
            ('/', _) => true,
            ('.' | '-' | ':' | '?' | '#', None) if rest == Rest::Coming => return None,
            ('.' | '-', Some(next)) => next.is_alphanumeric(),
            (':', Some(next)) => next.is_ascii_digit(),
            ('?' | '#', Some(next)) => Part::of(next) == Part::Inside,
            _ => false,
        };
        match c {
            _ if !more => return self.leave_address(),
            '.' => self.voice.say_apart(self.table.dot, out),
            '-' => self.voice.say("-", out),
            _ => self.mode = Mode::Path,
        }
        Some(1)
    }

    fn path(&mut self, c: char, text: &str, rest: Rest) -> Option<usize> {
        match Part::of(c) {
            Part::Inside => Some(c.len_utf8()),
            Part::Outside => self.leave_address(),
            Part::Punctuation => {
                let length = run(text, |c| Part::of(c) == Part::Punctuation);
                match (text[length..].chars().next().map(Part::of), rest) {
                    (None, Rest::Coming) => None,
                    (Some(Part::Inside), _) | (None, Rest::Full) => Some(length),
                    _ => self.leave_address(),
                }
            }
        }
    }

    fn leave_address(&mut self) -> Option<usize> {
        (self.mode, self.before) = (Mode::Text, '/');
        Some(0)
    }

    /// How many bytes of `text`, which follows what was said, are nothing but speech. They need not wait,
    /// nor be looked at one by one.
    fn plain_run(&self, text: &str) -> usize {
        if self.mode != Mode::Text || !self.line.begun {
            return 0;
        }
        let flowing = matches!(self.line.kind, Kind::Prose | Kind::Item);
        let mut before = self.before;
        for (at, c) in text.char_indices() {
            let plain = match c {
                'h' | 'H' | 'w' | 'W' => {
                    !begins_word(before) || link::before_host(&text[at..], Rest::Coming) == Scan::Not
                }
                '!' => !may_begin_image(before),
                'a'..='z' | 'A'..='Z' | '0'..='9' | '\u{C0}'..='\u{5FF}' => true,
                '.' | ',' | ';' | '?' | '\'' | '"' | '(' | ')' | '$' | '%' | '/' | '@' | '+' | '=' => true,
                '-' | ':' | '#' => flowing,
                _ => false,
            };
            if !plain {
                return at;
            }
            before = c;
        }
        text.len()
    }
}

/// Never shows what is held: it is said in a call.
impl fmt::Debug for Speakable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Speakable").field("held", &self.held()).finish_non_exhaustive()
    }
}

/// Whether a bare address may stand after `before`.
pub(super) fn begins_word(before: char) -> bool {
    !before.is_alphanumeric() && !matches!(before, '@' | '.')
}

/// Whether a `!` after `before` may begin an image. It mostly ends a sentence, which should not wait.
pub(super) fn may_begin_image(before: char) -> bool {
    before.is_whitespace() || matches!(before, '[' | '(')
}
