//! What a call is started with. It does not change while the call lasts, whatever is edited meanwhile.

use std::sync::Arc;
use std::time::Duration;

use super::rules::Rules;
use crate::chat::{Say, Toolbox};
use crate::handoff::{DeskLinks, PromptVersion};
use crate::ids::CallSid;
use crate::mask::Also;

/// Everything a session needs to know before the first frame.
#[derive(Clone)]
pub struct Settings {
    /// The call.
    pub call_sid: CallSid,
    /// The number of this session in its call: 0, then how many times the call was reconnected.
    pub attempt: u8,
    /// When the session begins, since 1970. What is recorded counts from here.
    pub began: Duration,
    /// Names the hand-off this call may end in. New for every call.
    pub handoff_id: String,
    /// The language the call begins in, as a BCP 47 tag.
    pub language: String,
    /// The languages that the relay session declares, as BCP 47 tags.
    pub languages: Vec<String>,
    /// How the session begins.
    pub opening: Opening,
    /// Whether a second try of a question goes to another endpoint.
    pub has_fallback: bool,
    /// Which prompts and tools these are.
    pub prompts: PromptVersion,
    /// The tools the model may ask for.
    pub toolbox: Arc<dyn Toolbox>,
    /// The sentences we say ourselves.
    pub lines: Arc<Lines>,
    /// How long everything may take.
    pub timings: Timings,
    /// The key that leads to a person.
    pub person_key: Option<char>,
    /// How many keys complete an entry without `#`.
    pub keypad_length: Option<usize>,
    /// What leads to a person beside the model.
    pub rules: Arc<Rules>,
    /// Makes the link to the page of the hand-off, where it can be reached.
    pub desk: Option<Arc<dyn DeskLinks>>,
    /// What is hidden in the document beside what is hidden everywhere.
    pub hidden: Also,
}

/// How a session begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// Twilio speaks this greeting, because the TwiML told it to. It belongs to the conversation.
    Greeting(String),
    /// The caller speaks first.
    Silent,
    /// The line had dropped, and this session takes over. What is said when nothing is known of the
    /// conversation before.
    Reconnected(Option<String>),
    /// The caller was on the way to a person, nobody was free, and this session has the call again. What is said
    /// when nothing is known of the conversation before.
    Returned(Option<String>),
}

/// How long everything may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timings {
    /// When a late first word is bridged by a short line.
    pub filler: Duration,
    /// When the first request is given up for a second one.
    pub first_token: Duration,
    /// When the second is given up too.
    pub second_first_token: Duration,
    /// How long a reply may pause in the middle.
    pub stall: Duration,
    /// How long the model may take for the summary of a hand-off that is certain.
    pub summary: Duration,
    /// How long the model may think about its goodbye.
    pub goodbye_start: Duration,
    /// How long a goodbye may last beyond the time its characters take.
    pub goodbye_grace: Duration,
    /// The longest time without a sign of playback in which we still believe that a goodbye is being played.
    pub goodbye_longest: Duration,
    /// How long the way out of a call may take in all, whatever is still said or reported.
    pub leaving: Duration,
    /// How long `agentSpeaking off` may lag behind the last `tokensPlayed`.
    pub speaking_off: Duration,
    /// How many characters are spoken in a second.
    pub characters_per_second: u32,
    /// The silence that completes an entry on the keypad.
    pub keypad: Duration,
    /// How long the key for a person must stand alone.
    pub key_alone: Duration,
    /// How often a wait is bridged by another line.
    pub tool_line: Duration,
    /// How long after an interrupt that nothing followed a question is taken up again.
    pub ask_again: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            filler: Duration::from_millis(1_500),
            first_token: Duration::from_millis(3_000),
            second_first_token: Duration::from_millis(5_000),
            stall: Duration::from_millis(3_000),
            summary: Duration::from_millis(2_500),
            goodbye_start: Duration::from_millis(1_500),
            goodbye_grace: Duration::from_millis(1_500),
            goodbye_longest: Duration::from_millis(10_000),
            leaving: Duration::from_millis(45_000),
            speaking_off: Duration::from_millis(300),
            characters_per_second: 15,
            keypad: Duration::from_millis(3_000),
            key_alone: Duration::from_millis(1_000),
            tool_line: Duration::from_millis(3_000),
            ask_again: Duration::from_millis(3_000),
        }
    }
}

/// The sentences we say ourselves, in each language.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    /// Bridge a late first word or a slow tool; said in turn, so never the same twice in a row.
    pub fillers: Vec<Say>,
    /// Says that something failed and a person takes over.
    pub apology: Say,
    /// Says that a person takes over.
    pub transfer: Say,
    /// Ends a call that is done.
    pub farewell: Say,
    /// Says that the line had dropped.
    pub cut_off: Say,
    /// Says that nobody is free, and that the AI is there again.
    pub nobody_free: Say,
    /// Follows an answer that a limit of the provider cut in the middle.
    pub cut_short: Say,
    /// Asks a silent caller whether somebody is there.
    pub still_there: Say,
    /// Says that in danger the emergency number is to be called.
    pub emergency: Say,
    /// Says that the call is recorded, before it is.
    pub recording: Say,
    /// Says that nobody can take the call, asks for a message, and promises to call back.
    pub leave_message: Say,
    /// Thanks for the message, and promises again.
    pub message_left: Say,
    /// Says that nobody can take the call, where no message can be left either.
    pub call_later: Say,
    /// What whoever picks up hears before the caller.
    pub whisper: WhisperLines,
}

/// What is said to whoever picks up, and not to the caller. `{…}` stands for what is said in its place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WhisperLines {
    /// Says who calls: `{who}`.
    pub from: Say,
    /// Says it of a caller without a name: `{who}` is the end of the number.
    pub from_number: Say,
    /// Says it where neither is known.
    pub from_nobody: Say,
    /// Says that the caller is upset.
    pub upset: Say,
    /// Says that the caller is in a good mood.
    pub content: Say,
    /// Says which key takes the call: `{key}`.
    pub accept: Say,
}

impl Settings {
    /// The filler number `count` of a call.
    pub(super) fn filler(&self, count: usize, language: &str) -> Option<&str> {
        let index = count.checked_rem(self.lines.fillers.len())?;
        self.lines.fillers[index].within(language)
    }
}
