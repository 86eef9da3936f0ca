//! What the server sends, as far as a load is concerned: words, closers, `end`.

use std::borrow::Cow;

use serde::Deserialize;

/// One frame of the server.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said<'a> {
    /// A piece of speech, and whether it closes the reply.
    Text { token: Cow<'a, str>, last: bool },
    /// The session is over, with a document perhaps.
    End { handoff_data: Option<Cow<'a, str>> },
    /// Anything else that Twilio knows.
    Other,
    /// No frame at all.
    Unreadable,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    token: Option<Cow<'a, str>>,
    #[serde(default)]
    last: bool,
    #[serde(borrow, default)]
    handoff_data: Option<Cow<'a, str>>,
}

impl<'a> Said<'a> {
    pub(super) fn read(text: &'a str) -> Self {
        match serde_json::from_str::<Wire<'a>>(text) {
            Ok(Wire { kind, token, last, handoff_data }) => match &*kind {
                "text" => Self::Text { token: token.unwrap_or_default(), last },
                "end" => Self::End { handoff_data },
                "play" | "sendDigits" | "language" => Self::Other,
                _ => Self::Unreadable,
            },
            Err(_) => Self::Unreadable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_whatever_stands_beside() {
        let text = |token: &'static str, last| Said::Text { token: token.into(), last };
        assert_eq!(Said::read(r#"{"type":"text","token":" a","last":false}"#), text(" a", false));
        assert_eq!(
            Said::read(r#"{ "last": true, "token": "", "interruptible": true, "type": "text" }"#),
            text("", true)
        );
        assert_eq!(Said::read(r#"{"type":"text","token":"a\nb"}"#), text("a\nb", false));
        let end = Said::End { handoff_data: Some(r#"{"reason":"x"}"#.into()) };
        assert_eq!(Said::read(r#"{"type":"end","handoffData":"{\"reason\":\"x\"}"}"#), end);
        assert_eq!(Said::read(r#"{"type":"end"}"#), Said::End { handoff_data: None });
        assert_eq!(Said::read(r#"{"type":"language","ttsLanguage":"es-US"}"#), Said::Other);
        assert_eq!(Said::read(r#"{"type":"speak"}"#), Said::Unreadable);
        assert_eq!(Said::read("hello"), Said::Unreadable);
    }
}
