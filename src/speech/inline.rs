//! Marks within a line: emphasis, code, links, tags, comparisons and table bars.
//!
//! - An asterisk is said only where it multiplies: between two spaces, or between two digits, which it then
//!   parts ("2*3" must not become "23"). Every other one is emphasis or a footnote's, and is dropped.
//! - An underscore inside a word stays, every other one is dropped. One `~` stays, two are dropped.

use super::glyph::Glyph;
use super::line::Kind;
use super::link::{self, Destination};
use super::scan::{Rest, Scan, run};
use super::speakable::{Mode, Speakable, begins_word, may_begin_image};
use super::tag::{self, Tag};

impl Speakable {
    /// Reads what `text`, which begins with `c`, begins with; nothing when that has to wait.
    pub(super) fn inline(&mut self, c: char, text: &str, rest: Rest, out: &mut String) -> Option<usize> {
        match c {
            '*' | '_' | '~' => self.emphasis(c, text, rest, out),
            '`' => self.drop_mark(1),
            '[' => self.open_bracket(text, rest, out),
            ']' => self.close_bracket(text, rest, out),
            '!' if may_begin_image(self.before) => self.exclamation(text, rest, out),
            '<' => self.less(text, rest, out),
            '>' => self.greater(text, rest, out),
            '&' => self.ampersand(text, rest, out),
            '\\' => self.backslash(text, rest, out),
            '|' => self.bar(),
            '#' if self.line.kind == Kind::Heading => self.closing_hashes(text, rest, out),
            '-' | ':' if self.line.kind == Kind::Row => self.cell_rule(text, rest, out),
            'h' | 'H' | 'w' | 'W' if begins_word(self.before) => self.bare_address(text, rest, out),
            _ => self.say(&text[..c.len_utf8()], out),
        }
    }

    fn say(&mut self, text: &str, out: &mut String) -> Option<usize> {
        self.voice.say(text, out);
        Some(text.len())
    }

    fn drop_mark(&mut self, length: usize) -> Option<usize> {
        self.voice.drop_mark();
        Some(length)
    }

    fn emphasis(&mut self, mark: char, text: &str, rest: Rest, out: &mut String) -> Option<usize> {
        let length = run(text, |c| c == mark);
        let next = text[length..].chars().next();
        if next.is_none() && rest == Rest::Coming {
            return None;
        }
        let (before, after) = (self.before, next.unwrap_or('\n'));
        let within = |kind: fn(char) -> bool| kind(before) && kind(after);
        match mark {
            '*' if within(|c| c.is_ascii_digit()) => {
                self.voice.say_apart(&text[..length], out);
                Some(length)
            }
            '*' if length == 1 && within(|c| c == ' ') => self.say("*", out),
            '_' if within(char::is_alphanumeric) => self.say(&text[..length], out),
            '~' if length == 1 => self.say("~", out),
            _ => self.drop_mark(length),
        }
    }

    fn open_bracket(&mut self, text: &str, rest: Rest, out: &mut String) -> Option<usize> {
        match link::link(text, rest) {
            Scan::Is(()) => {
                self.links += 1;
                self.drop_mark(1)
            }
            Scan::Not => self.say("[", out),
            Scan::Wait => None,
        }
    }

    /// A link text that was too long to wait for has no open bracket any more, but its address is known as
    /// one.
    fn close_bracket(&mut self, text: &str, rest: Rest, out: &mut String) -> Option<usize> {
        let closing = match text.strip_prefix("](") {
            Some(destination) if self.links == 0 => link::address(destination, rest),
            Some(_) => link::closing(text, rest),
            None if text.len() == 1 => Scan::at_end(rest, Scan::Not),
            None => Scan::Not,
        };
        match closing {
            Scan::Is(()) => {
                self.links = self.links.saturating_sub(1);
                self.mode = Mode::Destination(Destination::Path(0));
                self.drop_mark(2)
            }
            Scan::Not => self.say("]", out),
            Scan::Wait => None,
        }
    }

    fn exclamation(&mut self, text: &str, rest: Rest, out: &mut String) -> Option<usize> {
        let image = match text[1..].chars().next() {
            Some('[') => link::link(&text[1..], rest),
            Some(_) => Scan::Not,
            None => Scan::at_end(rest, Scan::Not),
        };
        match image {
            Scan::Is(()) => {
                self.links += 1;
                self.drop_mark(2)
            }
            Scan::Not => self.say("!", out),
            Scan::Wait => None,
        }
    }

    fn less(&mut self, text: &str, rest: Rest, out: &mut String) -> Option<usize> {
        match tag::tag(text, rest) {
            Scan::Is(Tag::Inline(length)) => self.drop_mark(length),
            Scan::Is(Tag::Block(length)) => {
                self.voice.drop_apart();
                Some(length)
            }
            Scan::Is(Tag::Mail(length)) => {
                self.voice.say(&text[1..length - 1], out);
                Some(length)
            }
            Scan::Is(Tag::Link) => {
                self.bracketed = true;
                self.drop_mark(1)
            }
            Scan::Not if text.starts_with("<=") => self.word(self.table.at_most, 2, out),
            Scan::Not => self.word(self.table.less, 1, out),
            Scan::Wait => None,
        }
    }

    /// Half of an arrow, or a bracket that nothing opened, compares nothing.
    fn greater(&mut self, text: &str, rest: Rest, out: &mut String) -> Option<usize> {
        if std::mem::take(&mut self.bracketed) {
            return self.drop_mark(1);
        }
        match text[1..].chars().next() {
            None if rest == Rest::Coming => None,
            Some('=') => self.word(self.table.at_least, 2, out),
            Some(next)
                if !matches!(self.before, '-' | '=' | '>' | '<' | '~' | '|')
                    && next != '>'
                    && Glyph::of(next) != Glyph::LineBreak =>
            {
                self.word(self.table.greater, 1, out)
            }
            _ => {
                self.voice.drop_apart();
                Some(1)
            }
        }
    }

    fn word(&mut self, word: &str, length: usize, out: &mut String) -> Option<usize> {
        self.voice.say_apart(word, out);
        Some(length)
    }

    fn ampersand(&mut self, text: &str, rest: Rest, out: &mut String) -> Option<usize> {
        match tag::reference(text, rest) {
            Scan::Is((length, meaning)) => {
                self.refer(meaning, out);
                Some(length)
            }
            // "&&" is one "and".
            Scan::Not if self.before == '&' => {
                self.voice.drop_apart();
                Some(1)
            }
            Scan::Not => self.word(self.table.and, 1, out),
            Scan::Wait => None,
        }
    }

    /// Says a character that was written as a reference. What it means is known, so it never opens markup.
    fn refer(&mut self, meaning: char, out: &mut String) {
        match (meaning, Glyph::of(meaning)) {
            ('&', _) => self.voice.say_apart(self.table.and, out),
            ('<', _) => self.voice.say_apart(self.table.less, out),
            ('>', _) => self.voice.say_apart(self.table.greater, out),
            (' ' | '\t', _) => self.voice.space(' '),
            ('*' | '`', _) => self.voice.drop_mark(),
            (_, Glyph::Spoken) => self.voice.say(meaning.encode_utf8(&mut [0; 4]), out),
            (_, Glyph::Pause) => self.voice.pause(),
            (_, Glyph::Silent) => self.voice.drop_mark(),
            (_, Glyph::Picture | Glyph::LineBreak) => self.voice.drop_apart(),
        }
    }

    fn backslash(&mut self, text: &str, rest: Rest, out: &mut String) -> Option<usize> {
        match text[1..].chars().next() {
            None if rest == Rest::Coming => None,
            Some(next) if next.is_ascii_punctuation() => self.drop_mark(1),
            _ => self.say("\\", out),
        }
    }

    fn bar(&mut self) -> Option<usize> {
        if self.line.kind == Kind::Prose {
            self.line.kind = Kind::Row;
        }
        self.voice.pause();
        Some(1)
    }

    /// The second half of `## Heading ##`.
    fn closing_hashes(&mut self, text: &str, rest: Rest, out: &mut String) -> Option<usize> {
        let length = run(text, |c| c == '#');
        match text[length..].chars().next() {
            None if rest == Rest::Coming => None,
            Some(next) if Glyph::of(next) != Glyph::LineBreak => self.say(&text[..length], out),
            _ => self.drop_mark(length),
        }
    }

    /// `---` or `:-:` in a table: the line under its head.
    fn cell_rule(&mut self, text: &str, rest: Rest, out: &mut String) -> Option<usize> {
        if !matches!(self.before, ' ' | '|') {
            return self.say(&text[..1], out);
        }
        let length = run(text, |c| matches!(c, '-' | ':'));
        let dashes = text[..length].matches('-').count();
        match text[length..].chars().next() {
            None if rest == Rest::Coming => None,
            None | Some(' ' | '|' | '\n' | '\r') if dashes > 2 || (dashes > 0 && length > dashes) => {
                self.drop_mark(length)
            }
            _ => self.say(&text[..1], out),
        }
    }

    fn bare_address(&mut self, text: &str, rest: Rest, out: &mut String) -> Option<usize> {
        match link::before_host(text, rest) {
            Scan::Is(length) => {
                self.mode = Mode::Host;
                Some(length)
            }
            Scan::Not => self.say(&text[..1], out),
            Scan::Wait => None,
        }
    }
}
