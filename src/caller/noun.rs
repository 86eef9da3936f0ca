//! What a `<Connect><ConversationRelay>` asks of Twilio, read as Twilio reads it.
//!
//! <https://www.twilio.com/docs/voice/twiml/connect/conversationrelay>

use std::collections::BTreeMap;

use super::speech::Interruptible;
use crate::twiml::Element;

/// One `<ConversationRelay>` and the `<Connect>` around it. What is absent has Twilio's default.
#[derive(Debug, Clone)]
pub struct Noun {
    /// Where the socket is, as written: this text is what gets signed.
    pub url: String,
    /// Where to ask what comes after the session, as written.
    pub action: Option<String>,
    /// Spoken when the session begins.
    pub greeting: Option<String>,
    /// What may cut the greeting off.
    pub greeting_interruptible: Interruptible,
    /// What may cut off a text that does not say so itself.
    pub interruptible: Interruptible,
    /// What the caller does while we talk, and without cutting in, that is reported all the same.
    pub reported_meanwhile: Interruptible,
    /// Whether keys are reported.
    pub keys: bool,
    /// Whether prompts are reported while the caller still speaks.
    pub partial_prompts: bool,
    /// Whether it is reported who speaks.
    pub speaker_events: bool,
    /// Whether it is reported what was played.
    pub tokens_played: bool,
    /// The language that recognised speech is reported in.
    pub language: String,
    /// What the `<Parameter>` elements carry.
    pub parameters: BTreeMap<String, String>,
}

impl Noun {
    /// The session a document asks for; `None` if it does not ask for any.
    pub fn read(document: &Element) -> Option<Self> {
        let connect = document.child("Connect")?;
        let noun = connect.child("ConversationRelay")?;
        let kind =
            |name, default| noun.attribute(name).and_then(Interruptible::from_attribute).unwrap_or(default);
        let on = |name| noun.attribute(name) == Some("true");
        let reported = |event| {
            // `debug` is where the reports were asked for in the protocol's first months.
            let lists = [noun.attribute("events"), noun.attribute("debug")];
            lists.into_iter().flatten().any(|list| list.split_whitespace().any(|name| name == event))
        };
        let language = noun.attribute("transcriptionLanguage").or_else(|| noun.attribute("language"));
        let parameters = noun.children.iter().filter(|child| child.name == "Parameter");
        let pair = |parameter: &Element| {
            Some((parameter.attribute("name")?.to_owned(), parameter.attribute("value")?.to_owned()))
        };
        Some(Self {
            url: noun.attribute("url")?.to_owned(),
            action: connect.attribute("action").map(str::to_owned),
            greeting: noun.attribute("welcomeGreeting").filter(|text| !text.is_empty()).map(str::to_owned),
            greeting_interruptible: kind("welcomeGreetingInterruptible", Interruptible::Any),
            interruptible: kind("interruptible", Interruptible::Any),
            reported_meanwhile: kind("reportInputDuringAgentSpeech", Interruptible::No),
            keys: on("dtmfDetection"),
            partial_prompts: on("partialPrompts"),
            speaker_events: reported("speaker-events"),
            tokens_played: reported("tokens-played"),
            language: language.filter(|tag| *tag != "multi").unwrap_or("en-US").to_owned(),
            parameters: parameters.filter_map(pair).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twiml::parse;

    #[test]
    fn what_is_absent_has_twilios_default() {
        let document =
            r#"<Response><Connect><ConversationRelay url="wss://a.example/r"/></Connect></Response>"#;
        let noun = Noun::read(&parse(document).unwrap()).unwrap();
        assert_eq!(noun.url, "wss://a.example/r");
        assert_eq!((noun.interruptible, noun.reported_meanwhile), (Interruptible::Any, Interruptible::No));
        assert_eq!(
            (noun.keys, noun.partial_prompts, noun.speaker_events, noun.tokens_played),
            (false, false, false, false)
        );
        assert_eq!((noun.action, noun.greeting, noun.language.as_str()), (None, None, "en-US"));
    }

    #[test]
    fn what_is_asked_for_is_granted() {
        let document = r#"<Response><Connect action="/next"><ConversationRelay url="wss://a.example/r"
            welcomeGreeting="Hi." welcomeGreetingInterruptible="none" interruptible="speech" dtmfDetection="true"
            reportInputDuringAgentSpeech="dtmf" partialPrompts="true" language="de-DE"
            events="speaker-events tokens-played"><Parameter name="tenant" value="acme"/>
            </ConversationRelay></Connect></Response>"#;
        let noun = Noun::read(&parse(document).unwrap()).unwrap();
        assert_eq!(noun.action.as_deref(), Some("/next"));
        assert_eq!(noun.greeting.as_deref(), Some("Hi."));
        let kinds = [noun.greeting_interruptible, noun.interruptible, noun.reported_meanwhile];
        assert_eq!(kinds, [Interruptible::No, Interruptible::Speech, Interruptible::Keys]);
        assert_eq!(
            (noun.keys, noun.partial_prompts, noun.speaker_events, noun.tokens_played),
            (true, true, true, true)
        );
        assert_eq!((noun.language.as_str(), noun.parameters["tenant"].as_str()), ("de-DE", "acme"));
    }

    #[test]
    fn a_document_without_a_session_asks_for_none() {
        assert!(Noun::read(&parse("<Response><Hangup/></Response>").unwrap()).is_none());
    }
}
