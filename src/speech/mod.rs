//! Text on its way to speech.
//!
//! A voice reads out what it is given: `**` becomes "asterisk asterisk", a link its whole address, and a
//! stray `<` or `&` may be taken for SSML. So what the model writes is made speakable while it streams:
//! every delta leaves at once, and only what may still turn into markup waits for the next one.
//! <https://www.twilio.com/docs/voice/conversationrelay/websocket-messages>

mod glyph;
mod inline;
mod line;
mod link;
mod scan;
mod speakable;
mod table;
mod tag;
mod voice;

pub use speakable::{MOST_HELD, Speakable};

/// A whole text made speakable: what a [`Speakable`] says of it, however it is cut into deltas.
pub fn speakable(text: &str, language: &str) -> String {
    let mut spoken = String::with_capacity(text.len());
    let mut speakable = Speakable::new(language);
    speakable.push(text, &mut spoken);
    speakable.finish(&mut spoken);
    spoken
}

#[cfg(test)]
mod tests;
