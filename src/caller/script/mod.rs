//! `.call` files: one conversation each, as data.
//!
//! The same file format serves the tests of the call's rules (with a scripted model and a clock turned by hand)
//! and `chat --script` (a live server, real time). One item per line, UTF-8; blank lines and `#` comments count
//! for nothing.
//!
//! ```text
//! < where is my order          the caller says it; `< "hangup"` in quotation marks is never a command
//! < ... where is               a partial prompt
//! < press 5                    a key
//! < interrupt after "Your o"   the caller cuts in once these words were heard
//! < played "Your order"        a playback report      (`< speaking on`, `< speaking off`)
//! < hangup                     the caller is gone
//! < {"type":"prompt",…}        a frame, verbatim
//! m words "Your order "        a delta of the model
//! m call lookup_order {"id":1} a tool call; what follows the name is taken as it is, broken or not
//! m progress                   the model writes on at a tool call
//! m done                       the model's answer is complete   (`m fail REASON`: it never will be)
//! m done length                it ends because of a limit      (`m done filtered`, `m done unsaid`)
//! t lookup_order "left today"  the oldest run of this tool without an answer gets one   (`t NAME fail "why"`)
//! s take over "she knows her"  somebody at the console takes the call   (`s take over`: without a reason)
//! s whisper "offer a refund"   somebody at the console tells the model something
//! ~ 1500ms                     time passes             (`~ 2s`)
//! > your order left            the next reply contains these words, in any case
//! > {"type":"end"}             exactly this frame comes next
//! > ask                        the model is asked      (`> ask [{"role":"user",…}]`: with these messages)
//! > ask notes "- a\n- b"       with these notes from the console, beside the conversation
//! > ask again                  a second time           (`> ask escalate`: it must; `> ask goodbye`: no tools)
//! > cancel                     the model's answer is no longer wanted
//! > run lookup_order {"id":1}  a tool is run           (`> run lookup_order`: with whatever arguments)
//! > forget lookup_order        nobody waits for that run any longer
//! = escalated reasonCode=billing callSummary~"charged twice"
//! ```
//!
//! The last line may state the outcome: `escalated`, `completed` or `hungup`, and what the hand-off document
//! holds: `path=value` for exactly that, `path~value` for text that contains it, in any case.

use std::time::Duration;

use serde_json::{Value, json};

mod outcome;
mod read;

pub use outcome::{Check, Comparison, Outcome, OutcomeKind};
pub use read::{Cause, Mistake, parse};

/// One item of a script.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Where it stands in the file, from 1.
    pub number: usize,
    /// What it says.
    pub item: Item,
}

/// What one line says.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// `<`: Twilio sends, because of what the caller does.
    Caller(Cue),
    /// `m`: what the model does.
    Model(Move),
    /// `t`: what a tool answers.
    Tool(Answer),
    /// `s`: somebody at the console.
    Supervisor(Wish),
    /// `~`: time passes.
    Wait(Duration),
    /// `>`: what has to come of it.
    Expect(Expectation),
    /// `=`: how the call ends.
    Ends(Outcome),
}

/// What reaches us from the caller's side.
#[derive(Debug, Clone, PartialEq)]
pub enum Cue {
    /// A frame, verbatim.
    Frame(String),
    /// The caller speaks.
    Says {
        /// The whole utterance so far.
        words: String,
        /// Whether it is complete.
        last: bool,
    },
    /// The caller presses a key.
    Press(char),
    /// The caller cuts in.
    Interrupt {
        /// The words just heard.
        after: String,
    },
    /// Twilio reports that this was played.
    Played(String),
    /// Twilio reports that our speech began (true) or ceased.
    Speaking(bool),
    /// The caller hangs up.
    HangUp,
}

/// What the scripted model does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    /// Says a piece of its answer.
    Words(String),
    /// Calls a tool.
    Call {
        /// The tool.
        name: String,
        /// The arguments as the model wrote them: JSON, unless the script is about broken arguments.
        arguments: String,
    },
    /// Writes on at a tool call.
    Progress,
    /// Completes its answer.
    Done(Stop),
    /// Breaks off.
    Fail(String),
}

/// Why a scripted answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// All was said.
    Complete,
    /// A limit of the provider cut it.
    Length,
    /// The provider's filter stopped it.
    Filtered,
    /// The stream closed without a reason.
    Unsaid,
}

/// What a tool answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The tool. Its oldest run without an answer is meant, also when nobody waits for it any longer.
    pub tool: String,
    /// Its result, or why there is none.
    pub result: Result<String, String>,
}

/// What somebody at the console wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// A person takes over, for this reason.
    TakeOver(Option<String>),
    /// The model is to know this.
    Whisper(String),
}

/// What has to happen next.
#[derive(Debug, Clone, PartialEq)]
pub enum Expectation {
    /// We send exactly this frame.
    Frame(Value),
    /// The next reply contains these words, in any case.
    Words(String),
    /// The model is asked.
    Ask(Question),
    /// The model is told to stop.
    Cancel,
    /// A tool is run, with these arguments if the script names them.
    Run {
        /// The tool.
        tool: String,
        /// What it is given.
        arguments: Option<Value>,
    },
    /// A run of this tool is given up.
    Forget(String),
}

/// What the model is asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Question {
    /// For what; `None` for an answer, asked for the first time.
    pub manner: Option<Manner>,
    /// What it is told beside the conversation; `None` where nothing new is.
    pub notes: Option<String>,
    /// With these messages, the system's left out; `None` for any.
    pub messages: Option<Vec<Value>>,
}

/// For what the model is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// The same question a second time, because its first answer failed.
    Again,
    /// The summary of a hand-off: it may do nothing but escalate.
    Escalate,
    /// Last words: it may not ask for tools.
    Goodbye,
}

impl Item {
    /// Whether it means something only where the script also plays the model and the tools: not on a live call.
    pub fn needs_scripted_model(&self) -> bool {
        match self {
            Self::Model(_) | Self::Tool(_) | Self::Supervisor(_) => true,
            Self::Expect(expectation) => match expectation {
                Expectation::Ask(_)
                | Expectation::Cancel
                | Expectation::Run { .. }
                | Expectation::Forget(_) => true,
                Expectation::Frame(_) | Expectation::Words(_) => false,
            },
            Self::Caller(_) | Self::Wait(_) | Self::Ends(_) => false,
        }
    }

    /// Whether it means something only where the script also plays Twilio's loudspeaker: not on a live call,
    /// which reports for itself what was heard.
    pub fn needs_scripted_playback(&self) -> bool {
        matches!(self, Self::Caller(Cue::Played(_) | Cue::Speaking(_)))
    }
}

impl Cue {
    /// The frame Twilio sends for it; `None` for a hang-up, which is the end of the socket.
    pub fn to_frame(&self) -> Option<String> {
        let info = |name: &str, value: &str| json!({ "type": "info", "name": name, "value": value });
        Some(
            match self {
                Self::Frame(frame) => return Some(frame.clone()),
                Self::Says { words, last } => {
                    json!({ "type": "prompt", "voicePrompt": words, "lang": "en-US", "last": last })
                }
                Self::Press(key) => json!({ "type": "dtmf", "digit": key.to_string() }),
                Self::Interrupt { after } => {
                    let milliseconds = super::speech::Rate::SPEECH.time_for(after).as_millis() as u64;
                    json!({
                        "type": "interrupt",
                        "utteranceUntilInterrupt": after,
                        "durationUntilInterruptMs": milliseconds,
                    })
                }
                Self::Played(text) => info("tokensPlayed", text),
                Self::Speaking(on) => info("agentSpeaking", if *on { "on" } else { "off" }),
                Self::HangUp => return None,
            }
            .to_string(),
        )
    }
}
