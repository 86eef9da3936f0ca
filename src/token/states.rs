//! What travels in our addresses from one request of Twilio to the next.

use serde::{Deserialize, Serialize};

use crate::ids::{AccountSid, CallSid};

/// What a relay URL admits: one session of one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelayPass {
    /// The call.
    #[serde(rename = "c")]
    pub call_sid: CallSid,
    /// The account the call's webhook named.
    #[serde(rename = "a")]
    pub account_sid: Option<AccountSid>,
    /// 0 for the first session of a call, then how many times it was reconnected.
    #[serde(rename = "t")]
    pub attempt: u8,
    /// Makes every URL another one, so that a captured handshake is worth nothing later.
    #[serde(rename = "n")]
    pub nonce: String,
    /// When it stops being valid, in seconds since 1970.
    #[serde(rename = "x")]
    pub expires: u64,
    /// How the network vouches for the caller's number, as routing words it.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<String>,
    /// How it is spoken, where that is not as the prompt has it.
    #[serde(rename = "s", default, skip_serializing_if = "Spoken::is_usual")]
    pub spoken: Spoken,
    /// Whether the caller was on the way to a person and nobody was free.
    #[serde(rename = "b", default, skip_serializing_if = "std::ops::Not::not")]
    pub returned: bool,
}

/// What the `action` URL remembers, so that every node counts alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionState {
    /// The call.
    #[serde(rename = "c")]
    pub call_sid: CallSid,
    /// The [`RelayPass::attempt`] of the session that ended.
    #[serde(rename = "t")]
    pub attempt: u8,
    /// Who spoke in it, where that is not whom the prompt names.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// How it is spoken, where that is not as the prompt has it.
    #[serde(rename = "s", default, skip_serializing_if = "Spoken::is_usual")]
    pub spoken: Spoken,
    /// Where the next hand-off goes on, if people were tried before.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub resumed: Option<Resumed>,
    /// How the network vouched for the caller's number. Twilio says so when the call comes in.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<String>,
}

/// What the `action` URL of a target remembers, so that every node knows which one is next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetState {
    /// The call.
    #[serde(rename = "c")]
    pub call_sid: CallSid,
    /// Where the target stands in the list that is tried.
    #[serde(rename = "n")]
    pub target: u8,
    /// The rule of routing that chose the list, by its place in the settings; none chose all of them.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<u8>,
    /// The language spoken, as a BCP 47 tag.
    #[serde(rename = "l")]
    pub language: String,
    /// How the call came here.
    #[serde(rename = "k", default, skip_serializing_if = "Course::is_first")]
    pub course: Course,
}

/// What a call did before it went to people, so that it can go back to the AI.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// The [`RelayPass::attempt`] of its last session.
    #[serde(rename = "t", default)]
    pub session: u8,
    /// How often it came back to the AI because nobody was free.
    #[serde(rename = "b", default)]
    pub returns: u8,
    /// How it is spoken, where that is not as the prompt has it.
    #[serde(rename = "s", default, skip_serializing_if = "Spoken::is_usual")]
    pub spoken: Spoken,
    /// How the network vouched for the caller's number.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<String>,
}

/// How a call is spoken, as a rule or a share of calls chose it. What is absent is as the prompt has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spoken {
    /// The language it begins in, as a BCP 47 tag.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The provider's name of the voice.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub voice: Option<String>,
    /// The variant of the prompts; none for the base.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

/// Where a list of targets goes on once the AI has a call again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumed {
    /// The [`TargetState::target`] that was the AI.
    #[serde(rename = "n")]
    pub target: u8,
    /// The [`TargetState::rule`] of the list.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<u8>,
    /// The [`Course::returns`] by now.
    #[serde(rename = "b")]
    pub returns: u8,
}

/// What the address of a whisper remembers: it is asked by the leg of the person called, which is another call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhisperState {
    /// The caller's call.
    #[serde(rename = "c")]
    pub call_sid: CallSid,
    /// The [`TargetState::target`] that is called.
    #[serde(rename = "n")]
    pub target: u8,
    /// The language spoken, as a BCP 47 tag.
    #[serde(rename = "l")]
    pub language: String,
    /// Whether it is said who calls, why, and in what mood.
    #[serde(rename = "w", default)]
    pub summary: bool,
    /// Whether the leg shows another number than the caller's.
    #[serde(rename = "o", default)]
    pub shows_another: bool,
    /// The key that takes the call; without one it is taken by picking up.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub key: Option<char>,
}

impl Course {
    fn is_first(&self) -> bool {
        *self == Self::default()
    }
}

impl Spoken {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}
