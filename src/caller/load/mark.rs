//! What a question and every word of its answer say about themselves, so that each can be recognised at the other
//! end: whose they are, which one, and when they left.
//!
//! A word has the form of plain speech without marks or addresses, so a server has no reason to change it. All
//! fields have a fixed width: words that a server joins or cuts in two can be told apart again.

use std::time::Duration;

/// No capitals, because a server may change their case, and no `h` or `w`, with which addresses begin.
const DIGITS: &[u8; 32] = b"0123456789abcdefgijkmnpqrstuvxyz";

/// How many calls can be told apart before their numbers begin again.
pub(super) const CALLS: u32 = 1 << 20;
/// How many turns a call may have, and how many words an answer.
pub(super) const MOST: u16 = 1 << 10;
/// What stands before a question, in the caller's words.
pub const BEFORE_QUESTION: &str = " parcel ";

/// A time as it is written down: microseconds, which begin again after some nine hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp(u64);

/// What the caller wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// An answer.
    Answer,
    /// A person, whom the model is to hand the call to.
    Person,
}

/// What a caller's words carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// Below `CALLS`.
    pub call: u32,
    /// Below `MOST`.
    pub turn: u16,
    /// Of how many words the answer is to be, below `MOST`.
    pub words: u16,
    /// What is wanted.
    pub wish: Wish,
    /// When the words left the caller.
    pub sent: Stamp,
}

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One token of the answer; its stamp says when the model wrote it.
    Token,
    /// Stands before the first token; its stamp says when the model had read the request.
    Receipt,
}

/// One word of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// What it is.
    pub kind: Kind,
    /// The call it belongs to.
    pub call: u32,
    /// The turn it answers.
    pub turn: u16,
    /// Its place in the answer, from 0.
    pub number: u16,
    /// See [`Kind`].
    pub stamp: Stamp,
}

impl Stamp {
    const BITS: u32 = 35;

    /// The stamp of a time since the machine started.
    pub fn of(time: Duration) -> Self {
        Self(u64::try_from(time.as_micros()).unwrap_or_default() & ((1 << Self::BITS) - 1))
    }

    /// How long after `earlier` this is; zero if it is before.
    pub fn since(self, earlier: Self) -> Duration {
        let between = self.0.wrapping_sub(earlier.0) & ((1 << Self::BITS) - 1);
        // More than half way round is a little backwards.
        Duration::from_micros(if between >> (Self::BITS - 1) == 0 { between } else { 0 })
    }
}

impl Question {
    /// Its length in bytes.
    pub const LENGTH: usize = 17;

    /// The caller's words, which hold it.
    pub fn spoken(&self) -> String {
        let mut text = String::with_capacity(48);
        text.push_str("tell me about");
        text.push_str(BEFORE_QUESTION);
        text.push('q');
        push(&mut text, self.call.into(), 4);
        push(&mut text, self.turn.into(), 2);
        push(&mut text, self.words.into(), 2);
        text.push(match self.wish {
            Wish::Answer => 'a',
            Wish::Person => 'p',
        });
        push(&mut text, self.sent.0, 7);
        text
    }

    /// Reads one from where it begins.
    pub fn read(text: &[u8]) -> Option<Self> {
        let text = text.get(..Self::LENGTH)?;
        let wish = match (text[0], text[9]) {
            (b'q', b'a') => Wish::Answer,
            (b'q', b'p') => Wish::Person,
            _ => return None,
        };
        Some(Self {
            call: u32::try_from(value(&text[1..5])?).ok()?,
            turn: u16::try_from(value(&text[5..7])?).ok()?,
            words: u16::try_from(value(&text[7..9])?).ok()?,
            wish,
            sent: Stamp(value(&text[10..])?),
        })
    }
}

impl Word {
    /// Its length in bytes.
    pub const LENGTH: usize = 16;

    /// Appends it, with a space before it as models write it.
    pub fn push_to(&self, text: &mut String) {
        text.push(' ');
        text.push(match self.kind {
            Kind::Token => 't',
            Kind::Receipt => 'r',
        });
        push(text, self.call.into(), 4);
        push(text, self.turn.into(), 2);
        push(text, self.number.into(), 2);
        push(text, self.stamp.0, 7);
    }

    /// Reads one from where it begins, without its space.
    pub fn read(text: &[u8]) -> Option<Self> {
        let text = text.get(..Self::LENGTH)?;
        let kind = match text[0] {
            b't' => Kind::Token,
            b'r' => Kind::Receipt,
            _ => return None,
        };
        Some(Self {
            kind,
            call: u32::try_from(value(&text[1..5])?).ok()?,
            turn: u16::try_from(value(&text[5..7])?).ok()?,
            number: u16::try_from(value(&text[7..9])?).ok()?,
            stamp: Stamp(value(&text[9..])?),
        })
    }
}

/// Puts words together again that a server has cut in two, and takes those apart that it has joined.
#[derive(Debug, Default)]
pub struct Reader {
    unread: String,
}

impl Reader {
    /// Takes a piece of speech, and hands over each word that is whole now. Returns whether anything else was
    /// said.
    pub fn read(&mut self, piece: &str, mut each: impl FnMut(Word)) -> bool {
        if self.unread.is_empty() {
            let (rest, other) = take_words(piece, &mut each);
            self.unread.push_str(rest);
            return other;
        }
        self.unread.push_str(piece);
        let text = std::mem::take(&mut self.unread);
        let (rest, other) = take_words(&text, &mut each);
        self.unread.push_str(rest);
        other
    }

    /// The reply is over: what is left is no word. Returns whether there was anything.
    pub fn finish(&mut self) -> bool {
        !std::mem::take(&mut self.unread).is_empty()
    }
}

/// Returns what may be the beginning of a word, and whether there was something that is none.
fn take_words<'a>(text: &'a str, each: &mut impl FnMut(Word)) -> (&'a str, bool) {
    let mut other = false;
    let mut left = text.trim_start();
    while !left.is_empty() {
        if let Some(word) = Word::read(left.as_bytes()) {
            each(word);
            left = left[Word::LENGTH..].trim_start();
            continue;
        }
        match left.find(char::is_whitespace) {
            // Too long for the beginning of a word, or there is a space behind it.
            None if left.len() < Word::LENGTH => return (left, other),
            None => return ("", true),
            Some(end) => {
                other = true;
                left = left[end..].trim_start();
            }
        }
    }
    ("", other)
}

fn push(text: &mut String, value: u64, digits: u32) {
    for place in (0..digits).rev() {
        text.push(char::from(DIGITS[(value >> (5 * place)) as usize & 31]));
    }
}

fn value(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |value, digit| Some(value << 5 | u64::from(place(*digit)?)))
}

/// The value of a digit.
fn place(digit: u8) -> Option<u8> {
    const NONE: u8 = u8::MAX;
    const PLACES: [u8; 256] = {
        let mut places = [NONE; 256];
        let mut at = 0;
        while at < DIGITS.len() {
            places[DIGITS[at] as usize] = at as u8;
            at += 1;
        }
        places
    };
    Some(PLACES[usize::from(digit)]).filter(|place| *place != NONE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech::Speakable;

    fn word(number: u16) -> Word {
        let stamp = Stamp::of(Duration::from_micros(123_456_789_012));
        Word { kind: Kind::Token, call: 70_001, turn: 3, number, stamp }
    }

    fn text(words: impl IntoIterator<Item = u16>) -> String {
        let mut text = String::new();
        words.into_iter().for_each(|number| word(number).push_to(&mut text));
        text
    }

    fn read(pieces: &[&str]) -> (Vec<u16>, bool) {
        let (mut reader, mut words, mut other) = (Reader::default(), Vec::new(), false);
        for piece in pieces {
            other |= reader.read(piece, |word| words.push(word.number));
        }
        (words, reader.finish() || other)
    }

    #[test]
    fn a_question_is_read_as_it_was_spoken() {
        let sent = Stamp::of(Duration::from_secs(5_000));
        let question = Question { call: CALLS - 1, turn: 1_023, words: 60, wish: Wish::Person, sent };
        let spoken = question.spoken();
        let at = spoken.rfind(BEFORE_QUESTION).unwrap() + BEFORE_QUESTION.len();
        assert_eq!(Question::read(&spoken.as_bytes()[at..]), Some(question));
        assert_eq!(Question::read(b"questions are w"), None);
    }

    #[test]
    fn a_word_is_read_as_it_was_written() {
        let text = text([1_023]);
        assert_eq!(text.len(), 1 + Word::LENGTH);
        assert_eq!(Word::read(&text.as_bytes()[1..]), Some(word(1_023)));
        assert_eq!(Word::read(b"the parcel is on"), None);
    }

    #[test]
    fn words_are_found_however_they_are_cut() {
        let whole = text(0..4);
        assert_eq!(read(&[&whole]), (vec![0, 1, 2, 3], false));
        for at in 0..whole.len() {
            assert_eq!(read(&[&whole[..at], &whole[at..]]), (vec![0, 1, 2, 3], false), "cut at {at}");
        }
        assert_eq!(read(&[&whole.replace(' ', "")]), (vec![0, 1, 2, 3], false), "without spaces");
    }

    #[test]
    fn other_speech_is_told_apart() {
        assert_eq!(read(&["One moment, please.", &text(0..2)]), (vec![0, 1], true));
        assert_eq!(read(&["One moment, please."]), (vec![], true));
        assert_eq!(read(&["Yes"]), (vec![], true));
        assert_eq!(read(&["supercalifragilisticexpialidocious"]), (vec![], true));
    }

    #[test]
    fn a_stamp_outlives_the_end_of_its_digits() {
        let end = Duration::from_micros(1 << Stamp::BITS);
        let (before, after) =
            (Stamp::of(end - Duration::from_millis(2)), Stamp::of(end + Duration::from_millis(1)));
        assert_eq!(after.since(before), Duration::from_millis(3));
        assert_eq!(before.since(after), Duration::ZERO);
    }

    #[test]
    fn our_own_filter_lets_every_word_through_by_itself() {
        let mut speakable = Speakable::new("en-US");
        for number in 0..40 {
            let (token, mut said) = (text([number]), String::new());
            speakable.push(&token, &mut said);
            assert_eq!(said.trim_start(), token.trim_start());
        }
    }
}
