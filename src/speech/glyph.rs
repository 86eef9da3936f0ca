//! Which characters make no speech: pictures, marks that only steer the eye, and invisible ones.
//!
//! Ranges after <https://www.unicode.org/reports/tr51/>, widened to whole blocks where a block holds
//! nothing that is read aloud.

/// What a character does to speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Glyph {
    /// It is read aloud, or shapes how its neighbours are read.
    Spoken,
    /// A picture. It is dropped, and parts the words on its two sides.
    Picture,
    /// An arrow or a bullet between two phrases: a short pause.
    Pause,
    /// Invisible: variation selectors, joiners, direction marks, control characters. It vanishes without a
    /// trace.
    Silent,
    /// It ends a line.
    LineBreak,
}

impl Glyph {
    /// The part `c` plays in speech.
    pub(super) fn of(c: char) -> Self {
        match c {
            '\n' | '\r' | '\u{0B}' | '\u{0C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Self::LineBreak,
            '\t' | ' '..='~' => Self::Spoken,
            _ if is_silent(c) => Self::Silent,
            _ if is_bullet(c) => Self::Pause,
            _ if is_picture(c) => Self::Picture,
            '\u{2190}'..='\u{21FF}' => Self::Pause,
            _ => Self::Spoken,
        }
    }
}

/// A bullet that stands for `-` at the start of a line.
pub(super) fn is_bullet(c: char) -> bool {
    matches!(c, '•' | '‣' | '⁃' | '◦' | '●' | '○' | '■' | '▪' | '▫' | '\u{2219}')
}

fn is_silent(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}'
            | '\u{61C}'
            | '\u{180E}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFD}'
            | '\u{E0000}'..='\u{E0FFF}')
}

fn is_picture(c: char) -> bool {
    matches!(c,
        // The frame around a keycap: its digit is text and stays.
        '\u{20E3}'
        | '\u{203C}' | '\u{2049}' | '\u{2139}'
        | '\u{2194}'..='\u{2199}' | '\u{21A9}' | '\u{21AA}'
        | '\u{231A}' | '\u{231B}' | '\u{2328}' | '\u{23CF}' | '\u{23E9}'..='\u{23FA}'
        | '\u{24C2}'
        | '\u{25AA}'..='\u{25FF}'
        // Weather, zodiac, chess, dingbats; not the circled digits, which are numbers.
        | '\u{2600}'..='\u{2775}' | '\u{2794}'..='\u{27BF}'
        | '\u{2934}' | '\u{2935}'
        | '\u{2B00}'..='\u{2BFF}'
        | '\u{3030}' | '\u{303D}' | '\u{3297}' | '\u{3299}'
        | '\u{1F000}'..='\u{1FAFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_of_the_languages_spoken_and_their_punctuation_are_read() {
        for c in "aZ09 \t.,;:!?'\"()-–—…“”‘’«»¿¡€£$%§°ñáéíóúüçàâêôõãäößœÑ№½²❶™".chars()
        {
            assert_eq!(Glyph::of(c), Glyph::Spoken, "{c}");
        }
    }

    #[test]
    fn every_piece_of_an_emoji_sequence_is_dropped() {
        for c in "👩🏽‍🚒🏴󠁧󠁢󠁳󠁣󠁴󠁿🇲🇽❤️✅☎️⭐⏰🆗🫶🃏▶️ℹ️".chars()
        {
            assert_ne!(Glyph::of(c), Glyph::Spoken, "{c} U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn invisible_characters_are_silent() {
        for c in ['\0', '\u{7}', '\u{1B}', '\u{7F}', '\u{9F}', '\u{AD}', '\u{200B}', '\u{FEFF}'] {
            assert_eq!(Glyph::of(c), Glyph::Silent, "U+{:04X}", u32::from(c));
        }
    }
}
