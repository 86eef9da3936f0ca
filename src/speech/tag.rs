//! `<` and `&`: tags of HTML or SSML, and character references.

use super::glyph::Glyph;
use super::link;
use super::scan::{Rest, Scan, run};

/// Something in angle brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    /// A tag of this many bytes within a line of text. It may stand inside a word.
    Inline(usize),
    /// A tag of this many bytes that parts words, such as `<br>`, or a comment.
    Block(usize),
    /// An e-mail address of this many bytes with its brackets.
    Mail(usize),
    /// The bracket before a bare address.
    Link,
}

/// Elements that may stand inside a word.
const INLINE: [&str; 26] = [
    "a", "abbr", "b", "big", "cite", "code", "del", "em", "emphasis", "font", "i", "ins", "kbd", "lang",
    "mark", "phoneme", "prosody", "s", "say-as", "small", "span", "strong", "sub", "sup", "tt", "u",
];

/// Whether `text`, which begins with `<`, begins with a tag.
pub(super) fn tag(text: &str, rest: Rest) -> Scan<Tag> {
    let body = &text[1..];
    match body.chars().next() {
        None => return Scan::at_end(rest, Scan::Not),
        Some('!' | '?') => return declaration(body, rest),
        Some(c) if c != '/' && !c.is_ascii_alphanumeric() => return Scan::Not,
        Some(_) => {}
    }
    let kinds = [bracketed_link(body, rest), mail(body, rest), element(body, rest)];
    let found = kinds.iter().find(|kind| matches!(kind, Scan::Is(_)));
    let waits = kinds.iter().find(|kind| matches!(kind, Scan::Wait));
    found.or(waits).copied().unwrap_or(Scan::Not)
}

fn bracketed_link(body: &str, rest: Rest) -> Scan<Tag> {
    match link::before_host(body, rest) {
        Scan::Is(_) => Scan::Is(Tag::Link),
        Scan::Not => Scan::Not,
        Scan::Wait => Scan::Wait,
    }
}

/// `<!-- -->`, `<!DOCTYPE html>`, `<?xml ?>`
fn declaration(body: &str, rest: Rest) -> Scan<Tag> {
    let comment = body.starts_with("!--");
    let end = if comment { "-->" } else { ">" };
    match body[1..].chars().next() {
        Some(c) if !comment && c != '-' && !c.is_ascii_alphabetic() => Scan::Not,
        _ => match body.find(end) {
            Some(at) => Scan::Is(Tag::Block(1 + at + end.len())),
            None => Scan::at_end(rest, Scan::Not),
        },
    }
}

/// `<someone@example.com>`
fn mail(body: &str, rest: Rest) -> Scan<Tag> {
    let name = run(body, |c| c.is_ascii_alphanumeric() || ".+-_%".contains(c));
    let after = &body[name..];
    let host = match after.chars().next() {
        Some('@') => 1 + run(&after[1..], |c| c.is_ascii_alphanumeric() || ".-".contains(c)),
        Some(_) => return Scan::Not,
        None => return Scan::at_end(rest, Scan::Not),
    };
    match after[host..].chars().next() {
        Some('>') if host > 1 && name > 0 => Scan::Is(Tag::Mail(1 + name + host + 1)),
        Some(_) => Scan::Not,
        None => Scan::at_end(rest, Scan::Not),
    }
}

/// `<name attribute="value">`, `</name>`, `<name/>`. An attribute has a value: `a <b and c> d` compares.
fn element(body: &str, rest: Rest) -> Scan<Tag> {
    let start = usize::from(body.starts_with('/'));
    let end =
        start + run(&body[start..], |c| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_' | '.'));
    let name = &body[start..end];
    if name.chars().next().is_some_and(|c| !c.is_ascii_alphabetic()) {
        return Scan::Not;
    }
    let mut at = end;
    loop {
        let spaces = run(&body[at..], is_gap);
        at += spaces;
        let left = &body[at..];
        at += match left.chars().next() {
            None => return Scan::at_end(rest, Scan::Not),
            Some(_) if name.is_empty() => return Scan::Not,
            Some('>') => return Scan::Is(named(name, 1 + at + 1)),
            Some('/') => 1,
            Some(_) if spaces == 0 => return Scan::Not,
            Some(_) => match attribute(left, rest) {
                Scan::Is(length) => length,
                Scan::Not => return Scan::Not,
                Scan::Wait => return Scan::Wait,
            },
        };
    }
}

fn named(name: &str, length: usize) -> Tag {
    if INLINE.iter().any(|inline| inline.eq_ignore_ascii_case(name)) {
        Tag::Inline(length)
    } else {
        Tag::Block(length)
    }
}

fn is_gap(c: char) -> bool {
    matches!(c, ' ' | '\t') || Glyph::of(c) == Glyph::LineBreak
}

fn attribute(text: &str, rest: Rest) -> Scan<usize> {
    let name = run(text, |c| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_' | '.'));
    let equals = name + run(&text[name..], is_gap);
    match text[equals..].chars().next() {
        Some('=') if name > 0 => {}
        Some(_) => return Scan::Not,
        None => return Scan::at_end(rest, Scan::Not),
    }
    let start = equals + 1 + run(&text[equals + 1..], is_gap);
    let value = &text[start..];
    match value.chars().next() {
        None => Scan::at_end(rest, Scan::Not),
        Some(quote @ ('"' | '\'')) => match value[1..].find(quote) {
            Some(end) => Scan::Is(start + 1 + end + 1),
            None => Scan::at_end(rest, Scan::Not),
        },
        Some(_) => match run(value, |c| !is_gap(c) && !"\"'=<>`/".contains(c)) {
            0 => Scan::Not,
            length => Scan::Is(start + length),
        },
    }
}

/// Named references a language model writes; the rest of HTML's list is taken at its word.
const NAMED: [(&str, char); 18] = [
    ("&amp;", '&'),
    ("&lt;", '<'),
    ("&gt;", '>'),
    ("&quot;", '"'),
    ("&apos;", '\''),
    ("&nbsp;", ' '),
    ("&ndash;", '–'),
    ("&mdash;", '—'),
    ("&hellip;", '…'),
    ("&lsquo;", '‘'),
    ("&rsquo;", '’'),
    ("&ldquo;", '“'),
    ("&rdquo;", '”'),
    ("&euro;", '€'),
    ("&pound;", '£'),
    ("&cent;", '¢'),
    ("&deg;", '°'),
    ("&copy;", '©'),
];

/// The character reference that `text`, which begins with `&`, begins with: its length in bytes and its
/// meaning.
pub(super) fn reference(text: &str, rest: Rest) -> Scan<(usize, char)> {
    let mut waits = false;
    for (name, meaning) in NAMED {
        if text.starts_with(name) {
            return Scan::Is((name.len(), meaning));
        }
        waits |= name.starts_with(text);
    }
    if waits {
        return Scan::at_end(rest, Scan::Not);
    }
    numbered(text, rest)
}

/// `&#39;` or `&#x27;`
fn numbered(text: &str, rest: Rest) -> Scan<(usize, char)> {
    let Some(body) = text.strip_prefix("&#") else { return Scan::Not };
    let hex = body.starts_with(['x', 'X']);
    let (radix, start) = if hex { (16, 1) } else { (10, 0) };
    let length = run(&body[start..], |c| c.is_digit(radix));
    let end = start + length;
    match body[end..].chars().next() {
        _ if length > 7 => Scan::Not,
        Some(';') if length > 0 => {
            let number = u32::from_str_radix(&body[start..end], radix).ok();
            let meaning = number.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
            Scan::Is((2 + end + 1, if meaning == '\u{A0}' { ' ' } else { meaning }))
        }
        Some(_) => Scan::Not,
        None => Scan::at_end(rest, Scan::Not),
    }
}
