//! Links: `[text](destination)` keeps its text, a bare address keeps its host.

use super::glyph::Glyph;
use super::scan::{Rest, Scan, prefix, run};

/// What only an address begins with, so that a destination is known before its end.
const ADDRESSES: [&str; 9] = ["https://", "http://", "www.", "mailto:", "tel:", "/", "#", "./", "<"];

/// Whether `text`, which begins with `[`, begins with a link.
pub(super) fn link(text: &str, rest: Rest) -> Scan<()> {
    let mut depth = 0_u32;
    for (at, c) in text.char_indices() {
        match c {
            '[' => depth += 1,
            ']' if depth > 1 => depth -= 1,
            ']' => return closing(&text[at..], rest),
            _ if Glyph::of(c) == Glyph::LineBreak => return Scan::Not,
            _ => {}
        }
    }
    Scan::at_end(rest, Scan::Not)
}

/// Whether `text`, which begins with `]`, ends a link's text and begins its destination.
pub(super) fn closing(text: &str, rest: Rest) -> Scan<()> {
    match text[1..].chars().next() {
        Some('(') => destination(&text[2..], rest),
        Some(_) => Scan::Not,
        None => Scan::at_end(rest, Scan::Not),
    }
}

/// Whether `text` begins with a destination that no sentence could be.
pub(super) fn address(text: &str, rest: Rest) -> Scan<()> {
    let mut waits = false;
    for start in ADDRESSES {
        match prefix(text, start) {
            Scan::Is(()) => return Scan::Is(()),
            Scan::Wait => waits = true,
            Scan::Not => {}
        }
    }
    if waits { Scan::at_end(rest, Scan::Not) } else { Scan::Not }
}

/// Whether the text after `](` is a destination: no spaces before its `)` but for a quoted title.
fn destination(text: &str, rest: Rest) -> Scan<()> {
    address(text, rest).or(|| {
        let end = run(text, |c| !c.is_whitespace() && c != ')');
        match text[end..].trim_start_matches([' ', '\t']).chars().next() {
            Some(')' | '"' | '\'') => Scan::Is(()),
            Some(_) => Scan::Not,
            None if end == text.len() && rest == Rest::Full => Scan::Is(()),
            None => Scan::at_end(rest, Scan::Not),
        }
    })
}

/// A destination on its way out: it is never said, however long it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Destination {
    /// Inside the parentheses, this many deep.
    Path(u8),
    /// After the path.
    Gap,
    /// Inside a title, or an address in angle brackets, that this character ends.
    Title(char),
}

impl Destination {
    /// Reads one more character: where it leads, or nothing when the destination ended. The flag tells
    /// whether `c` is part of it.
    pub(super) fn read(self, c: char) -> (Option<Self>, bool) {
        if Glyph::of(c) == Glyph::LineBreak {
            return (None, false);
        }
        match (self, c) {
            (Self::Title(quote), _) if c == quote => (Some(Self::Gap), true),
            (Self::Title(_), _) => (Some(self), true),
            (Self::Path(depth), '(') => (Some(Self::Path(depth.saturating_add(1))), true),
            (Self::Path(depth), ')') if depth > 0 => (Some(Self::Path(depth - 1)), true),
            (_, ')') => (None, true),
            (_, ' ' | '\t') => (Some(Self::Gap), true),
            (Self::Path(0), '<') => (Some(Self::Title('>')), true),
            (Self::Path(_), _) => (Some(self), true),
            (Self::Gap, '"' | '\'') => (Some(Self::Title(c)), true),
            (Self::Gap, _) => (None, false),
        }
    }
}

/// The length of what stands before the host of the bare address that `text` begins with.
pub(super) fn before_host(text: &str, rest: Rest) -> Scan<usize> {
    for scheme in ["https://", "http://"] {
        match prefix(text, scheme) {
            Scan::Is(()) => return host(text, scheme.len(), rest),
            Scan::Wait => return Scan::at_end(rest, Scan::Not),
            Scan::Not => {}
        }
    }
    match prefix(text, "www.") {
        Scan::Is(()) => host_begins(&text[4..], 4, rest),
        Scan::Wait => Scan::at_end(rest, Scan::Not),
        Scan::Not => Scan::Not,
    }
}

/// The `www.` of a host is not said either.
fn host(text: &str, scheme: usize, rest: Rest) -> Scan<usize> {
    let world_wide = match prefix(&text[scheme..], "www.") {
        Scan::Is(()) => host_begins(&text[scheme + 4..], scheme + 4, rest),
        Scan::Wait => Scan::at_end(rest, Scan::Not),
        Scan::Not => Scan::Not,
    };
    world_wide.or(|| host_begins(&text[scheme..], scheme, rest))
}

fn host_begins(text: &str, before: usize, rest: Rest) -> Scan<usize> {
    match text.chars().next() {
        Some(c) if c.is_alphanumeric() => Scan::Is(before),
        Some(_) => Scan::Not,
        None => Scan::at_end(rest, Scan::Not),
    }
}

/// What a character of a bare address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// It belongs to the address.
    Inside,
    /// It belongs to the address only if the address goes on after it.
    Punctuation,
    /// It comes after the address.
    Outside,
}

impl Part {
    /// The part of `c` in what follows a host.
    pub(super) fn of(c: char) -> Self {
        match c {
            '.' | ',' | ':' | ';' | '!' | '?' | '\'' | '*' | '_' | '~' | ')' => Self::Punctuation,
            '"' | '<' | '>' | '[' | ']' | '{' | '}' | '|' | '\\' | '^' | '`' => Self::Outside,
            '!'..='~' => Self::Inside,
            c if c.is_alphanumeric() => Self::Inside,
            _ => Self::Outside,
        }
    }
}
