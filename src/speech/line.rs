//! What a line begins with: list markers, headings, quotes, rules, fences and table bars.
//!
//! Block structure after <https://spec.commonmark.org/0.31.2/>, as far as a voice needs it.

use super::glyph::{Glyph, is_bullet};
use super::scan::{Rest, Scan, prefix, run};

/// What a line is, which decides how it ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// Flowing text: its line breaks are spaces.
    #[default]
    Prose,
    /// A list item.
    Item,
    /// A heading.
    Heading,
    /// A row of a table.
    Row,
}

/// A mark at the start of a line, with its length in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    /// `- `, with the box of a task if there is one. Dropped; another marker may follow.
    Bullet(usize),
    /// `1. ` without its space. A number is a word, so it is said.
    Number(usize),
    /// `## `, dropped.
    Heading(usize),
    /// `> `, dropped; another marker may follow.
    Quote(usize),
    /// The first `|` of a table row, dropped.
    Bar(usize),
    /// A whole line without words: a rule, an underline, a code fence. Dropped up to its line break.
    Blank(usize),
}

/// Looks for a marker where only spaces stand before `text` in its line.
pub(super) fn marker(text: &str, rest: Rest) -> Scan<Marker> {
    match text.chars().next() {
        Some('-' | '*' | '+' | '=' | '_') => rule(text, rest).or(|| bullet(text, rest)),
        Some('#') => heading(text, rest),
        Some('>') => quote(text, rest),
        Some('|') => Scan::Is(Marker::Bar(1)),
        Some('`' | '~') => fence(text, rest),
        Some('0'..='9') => number(text, rest),
        Some(c) if is_bullet(c) => bullet(text, rest),
        _ => Scan::Not,
    }
}

/// Where a line is at, between two characters.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// What the line is, as far as is known.
    pub(super) kind: Kind,
    /// Text has begun, so that no marker can follow.
    pub(super) begun: bool,
    /// Spaces stand before its text.
    pub(super) indented: bool,
    /// How the last line with text ended.
    before: Option<Kind>,
    /// There was an empty line since.
    parted: bool,
}

impl Line {
    /// Begins the next line.
    pub(super) fn next(&mut self) {
        if self.begun {
            (self.before, self.parted) = (Some(self.kind), false);
        } else {
            self.parted = true;
        }
        (self.kind, self.begun, self.indented) = (Kind::Prose, false, false);
    }

    /// Begins the line's text, and tells whether the line before was a sentence of its own. The text of a
    /// list item goes on in an indented line.
    pub(super) fn begin(&mut self) -> bool {
        self.begun = true;
        let goes_on = self.kind == Kind::Prose && self.indented && !self.parted;
        match self.before.take() {
            Some(Kind::Heading | Kind::Row) => true,
            Some(Kind::Item) => !goes_on,
            Some(Kind::Prose) | None => false,
        }
    }

    /// Whether the reply, if it ends here, ends in a line that is a sentence of its own.
    pub(super) fn ends_sentence(&self) -> bool {
        if self.begun {
            self.kind != Kind::Prose
        } else {
            self.before.is_some_and(|kind| kind != Kind::Prose)
        }
    }
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

fn is_break(c: char) -> bool {
    Glyph::of(c) == Glyph::LineBreak
}

/// `---`, `***`, `===`, `|---|`: a line of nothing but these, with at least two of them.
fn rule(text: &str, rest: Rest) -> Scan<Marker> {
    let Some(mark) = text.chars().next() else { return Scan::Not };
    let length = run(text, |c| c == mark || is_blank(c) || (mark == '-' && matches!(c, '|' | ':')));
    let many = text[..length].chars().filter(|c| *c == mark).count() > 1;
    match text[length..].chars().next() {
        Some(c) if is_break(c) && many => Scan::Is(Marker::Blank(length)),
        Some(_) => Scan::Not,
        None if many => Scan::at_end(rest, Scan::Is(Marker::Blank(length))),
        None => Scan::at_end(rest, Scan::Not),
    }
}

fn bullet(text: &str, rest: Rest) -> Scan<Marker> {
    let Some(mark) = text.chars().next() else { return Scan::Not };
    if matches!(mark, '=' | '_') {
        return Scan::Not;
    }
    let after = &text[mark.len_utf8()..];
    match after.chars().next() {
        Some(c) if is_blank(c) => task_box(&after[1..], rest, mark.len_utf8() + 1),
        Some(c) if is_break(c) => Scan::Is(Marker::Bullet(mark.len_utf8())),
        // These are no text anyway, so no space is needed after them.
        Some(_) if is_bullet(mark) => Scan::Is(Marker::Bullet(mark.len_utf8())),
        Some(_) => Scan::Not,
        None => Scan::at_end(rest, Scan::Is(Marker::Bullet(mark.len_utf8()))),
    }
}

/// `[ ] ` or `[x] ` after a bullet of `length` bytes.
fn task_box(text: &str, rest: Rest, length: usize) -> Scan<Marker> {
    let bare = Scan::Is(Marker::Bullet(length));
    for task in ["[ ] ", "[x] "] {
        match prefix(text, task) {
            Scan::Is(()) => return Scan::Is(Marker::Bullet(length + task.len())),
            Scan::Wait => return Scan::at_end(rest, bare),
            Scan::Not => {}
        }
    }
    bare
}

fn heading(text: &str, rest: Rest) -> Scan<Marker> {
    let marks = run(text, |c| c == '#');
    match text[marks..].chars().next() {
        _ if marks > 6 => Scan::Not,
        Some(c) if is_blank(c) => Scan::Is(Marker::Heading(marks + 1)),
        Some(c) if is_break(c) => Scan::Is(Marker::Heading(marks)),
        Some(_) => Scan::Not,
        None => Scan::at_end(rest, Scan::Is(Marker::Heading(marks))),
    }
}

fn quote(text: &str, rest: Rest) -> Scan<Marker> {
    match text[1..].chars().next() {
        // ">5" and ">=5" compare; "> 5" quotes.
        Some('0'..='9' | '=') => Scan::Not,
        Some(c) if is_blank(c) => Scan::Is(Marker::Quote(2)),
        Some(_) => Scan::Is(Marker::Quote(1)),
        None => Scan::at_end(rest, Scan::Is(Marker::Quote(1))),
    }
}

/// Three or more backticks or tildes and at most one word, the name of a language.
fn fence(text: &str, rest: Rest) -> Scan<Marker> {
    let Some(mark) = text.chars().next() else { return Scan::Not };
    let marks = run(text, |c| c == mark);
    if marks < 3 && marks < text.len() {
        return Scan::Not;
    }
    let word = marks + run(&text[marks..], |c| c != mark && c != '`' && !is_blank(c) && !is_break(c));
    let length = word + run(&text[word..], is_blank);
    match text[length..].chars().next() {
        Some(c) if is_break(c) => Scan::Is(Marker::Blank(length)),
        Some(_) => Scan::Not,
        None if rest == Rest::Over && marks >= 3 => Scan::Is(Marker::Blank(length)),
        None => Scan::at_end(rest, Scan::Not),
    }
}

fn number(text: &str, rest: Rest) -> Scan<Marker> {
    let digits = run(text, |c| c.is_ascii_digit());
    let mut after = text[digits..].chars();
    if digits > 9 {
        return Scan::Not;
    }
    match (after.next(), after.next()) {
        (Some('.' | ')'), Some(c)) if is_blank(c) => Scan::Is(Marker::Number(digits + 1)),
        (None, _) | (Some('.' | ')'), None) => Scan::at_end(rest, Scan::Not),
        _ => Scan::Not,
    }
}
