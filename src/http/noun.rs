//! The noun that opens a relay session: who speaks in which language, as the prompt's front matter has it, unless a
//! rule chose otherwise for the call.
//!
//! <https://www.twilio.com/docs/voice/twiml/connect/conversationrelay>

use crate::playbook::Playbook;
use crate::prompts::{FrontMatter, SpokenLanguage};
use crate::token::Spoken;
use crate::twiml::{Language, Relay, RelayAttribute};

/// Twilio's own choice where none is made.
const DEFAULT_PROVIDER: &str = "ElevenLabs";

/// What belongs to one language: of another one it would speak or hear nonsense.
const OF_A_LANGUAGE: [RelayAttribute; 6] = [
    RelayAttribute::TtsProvider,
    RelayAttribute::Voice,
    RelayAttribute::TranscriptionProvider,
    RelayAttribute::SpeechModel,
    RelayAttribute::TtsLanguage,
    RelayAttribute::TranscriptionLanguage,
];

/// What is not as the prompt has it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Speech<'a> {
    /// Who speaks, where the provider before could not.
    pub provider: Option<&'a str>,
    /// What a rule chose, if any did.
    pub spoken: Option<&'a Spoken>,
}

/// Who is to speak where `failed` could not. Where that is not known, it was whom the prompt names for the language of
/// the call.
pub(super) fn other_provider(failed: Option<&str>, playbook: &Playbook, spoken: &Spoken) -> String {
    let front = &playbook.prompts.front;
    let attributes = front.relay_attributes();
    let named = match spoken.language.as_ref().filter(|language| **language != front.language) {
        Some(language) => {
            let declared = front.languages.iter().find(|declared| declared.code == *language);
            declared.and_then(|declared| declared.tts_provider.as_deref())
        }
        None => attributes.get(&RelayAttribute::TtsProvider).copied(),
    };
    let failed = failed.or(named).unwrap_or(DEFAULT_PROVIDER);
    if failed == DEFAULT_PROVIDER { "Google".to_owned() } else { DEFAULT_PROVIDER.to_owned() }
}

/// The noun of a session.
pub fn relay(url: &str, playbook: &Playbook, greet: bool, speech: Speech<'_>) -> Relay {
    let front = &playbook.prompts.front;
    let Speech { provider, spoken } = speech;
    let first = spoken.and_then(|spoken| spoken.language.as_deref()).unwrap_or(&front.language);
    let voice = spoken.and_then(|spoken| spoken.voice.as_deref());
    let mut relay = Relay::new(url);
    if let Some(greeting) = front.greeting(first).filter(|_| greet) {
        relay = relay.greeting(greeting);
    }
    relay = relay.set(RelayAttribute::Language, first);
    let mut attributes = front.relay_attributes();
    if first != front.language {
        attributes.retain(|attribute, _| !OF_A_LANGUAGE.contains(attribute));
        if let Some(declared) = front.languages.iter().find(|declared| declared.code == first) {
            attributes.extend(of_language(declared));
        }
    }
    if let Some(voice) = voice {
        attributes.insert(RelayAttribute::Voice, voice);
    }
    if let Some(provider) = provider {
        // A voice is its provider's own.
        attributes.remove(&RelayAttribute::Voice);
        attributes.insert(RelayAttribute::TtsProvider, provider);
    }
    for (attribute, value) in attributes {
        relay = relay.set(attribute, value);
    }
    let usual = (first != front.language).then(|| usual(front));
    let declared = usual.iter().chain(&front.languages).cloned().map(|mut declared| {
        if let Some(voice) = voice.filter(|_| declared.code == first) {
            declared.voice = Some(voice.to_owned());
        }
        declared
    });
    declared.fold(relay, |relay, declared| relay.language(language(&declared, provider)))
}

/// The attributes of a language that is declared.
fn of_language(declared: &SpokenLanguage) -> impl Iterator<Item = (RelayAttribute, &str)> {
    let SpokenLanguage { code: _, tts_provider, voice, transcription_provider, speech_model } = declared;
    let attributes = [
        (RelayAttribute::TtsProvider, tts_provider),
        (RelayAttribute::Voice, voice),
        (RelayAttribute::TranscriptionProvider, transcription_provider),
        (RelayAttribute::SpeechModel, speech_model),
    ];
    attributes.into_iter().filter_map(|(attribute, value)| Some((attribute, value.as_deref()?)))
}

/// The prompt's own language, for a call that begins in another one and may come back to it.
fn usual(front: &FrontMatter) -> SpokenLanguage {
    let attributes = front.relay_attributes();
    let text = |attribute| attributes.get(&attribute).map(|value| (*value).to_owned());
    SpokenLanguage {
        code: front.language.clone(),
        tts_provider: text(RelayAttribute::TtsProvider),
        voice: text(RelayAttribute::Voice),
        transcription_provider: text(RelayAttribute::TranscriptionProvider),
        speech_model: text(RelayAttribute::SpeechModel),
    }
}

fn language(spoken: &SpokenLanguage, provider: Option<&str>) -> Language {
    let mut language = Language::new(&spoken.code);
    if let Some(provider) = provider.or(spoken.tts_provider.as_deref()) {
        language = language.tts_provider(provider);
    }
    if let Some(voice) = spoken.voice.as_ref().filter(|_| provider.is_none()) {
        language = language.voice(voice);
    }
    if let Some(provider) = &spoken.transcription_provider {
        language = language.transcription_provider(provider);
    }
    match &spoken.speech_model {
        Some(model) => language.speech_model(model),
        None => language,
    }
}
