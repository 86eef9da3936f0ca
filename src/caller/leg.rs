//! The other end of a `<Dial>`: somebody who is rung, hears what is whispered, presses keys, and is joined to the
//! caller or is not. And what else leads a call away: `<Redirect>`.
//!
//! <https://www.twilio.com/docs/voice/twiml/number#url>, <https://www.twilio.com/docs/voice/twiml/dial#action>

use std::collections::BTreeMap;

use super::call::{Call, sid};
use super::error::CallError;
use crate::twiml::Element;

/// How many documents a leg runs before it is taken for a loop.
const MOST_DOCUMENTS: usize = 10;

/// Whom the document rings: the first noun of its `<Dial>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// `Number`, `Sip` or `Client`.
    pub kind: String,
    /// The number, the address with its headers, or the identity.
    pub to: String,
    /// Seconds to ring.
    pub seconds: Option<u32>,
    /// The number that is shown; the caller's own without one.
    pub caller_id: Option<String>,
    /// The `<Parameter>`s of a client.
    pub parameters: BTreeMap<String, String>,
    /// What is heard before the caller.
    pub url: Option<String>,
    action: Option<String>,
}

/// Somebody who picked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leg {
    /// The call's identifier on this side.
    pub sid: String,
    /// What was whispered, sentence by sentence, with its language.
    pub heard: Vec<(String, String)>,
    /// Whether the caller was joined.
    pub joined: bool,
}

impl Call {
    /// Whom the document rings first.
    pub fn rung(&self) -> Option<Rung> {
        let dial = self.document()?.children.first().filter(|verb| verb.name == "Dial")?;
        let noun = dial.children.first()?;
        let parameters = noun.children.iter().filter(|child| child.name == "Parameter");
        let pair = |parameter: &Element| {
            Some((parameter.attribute("name")?.to_owned(), parameter.attribute("value")?.to_owned()))
        };
        Some(Rung {
            kind: noun.name.clone(),
            to: noun.child("Identity").map_or(&noun.text, |identity| &identity.text).trim().to_owned(),
            seconds: dial.attribute("timeout").and_then(|seconds| seconds.parse().ok()),
            caller_id: dial.attribute("callerId").map(str::to_owned),
            parameters: parameters.filter_map(pair).collect(),
            url: noun.attribute("url").map(str::to_owned),
            action: dial.attribute("action").map(str::to_owned),
        })
    }

    /// Whoever is rung picks up, hears the whisper, and presses one of these keys at each `<Gather>`; with none
    /// left nothing is pressed.
    ///
    /// # Errors
    ///
    /// When the document rings nobody, or a whisper has verbs that Twilio does not run there.
    pub async fn pick_up(&self, keys: &str) -> Result<Leg, CallError> {
        let rung = self.rung().ok_or(CallError::NobodyRung)?;
        let mut leg = Leg { sid: sid("CA"), heard: Vec::new(), joined: true };
        let mut keys = keys.chars();
        let mut next = rung.url.clone().map(|url| (url, None));
        for _ in 0..MOST_DOCUMENTS {
            let Some((url, digits)) = next.take() else { return Ok(leg) };
            let answer = self.ask_as(&leg.sid, &rung, &url, digits).await?;
            let Ok(document) = answer.twiml() else {
                // Twilio hangs up on who picked up.
                leg.joined = false;
                return Ok(leg);
            };
            for verb in &document.children {
                match verb.name.as_str() {
                    "Say" => leg.hear(verb),
                    "Pause" | "Play" => {}
                    "Gather" => {
                        verb.children
                            .iter()
                            .filter(|child| child.name == "Say")
                            .for_each(|say| leg.hear(say));
                        if let Some(key) = keys.next() {
                            next = Some((verb.attribute("action").unwrap_or(&url).to_owned(), Some(key)));
                        }
                    }
                    "Redirect" => next = Some((verb.text.trim().to_owned(), None)),
                    "Hangup" => {
                        leg.joined = false;
                        return Ok(leg);
                    }
                    _ => return Err(CallError::Whisper),
                }
                if next.is_some() {
                    break;
                }
            }
        }
        Err(CallError::Whisper)
    }

    async fn ask_as(
        &self,
        leg: &str,
        rung: &Rung,
        url: &str,
        digits: Option<char>,
    ) -> Result<super::Answer, CallError> {
        let mut fields = vec![
            ("CallSid", leg.to_owned()),
            ("ParentCallSid", self.sid().to_owned()),
            ("CallStatus", "in-progress".to_owned()),
            ("Direction", "outbound-dial".to_owned()),
            ("From", rung.caller_id.clone().unwrap_or_else(|| self.caller().to_owned())),
            ("To", rung.to.clone()),
        ];
        fields.extend(digits.map(|digit| ("Digits", digit.to_string())));
        self.ask_apart(url, &fields).await
    }

    /// The talk with who picked up is over, or there was none: tells the action of the `<Dial>`.
    ///
    /// # Errors
    ///
    /// When the document rings nobody or has no action, or the answer is not TwiML with status 200.
    pub async fn dial_over(&mut self, leg: &Leg) -> Result<&Element, CallError> {
        let action = self.rung().ok_or(CallError::NobodyRung)?.action.ok_or(CallError::NoAction)?;
        let joined = if leg.joined { "true" } else { "false" };
        // Also if nobody took it: it was picked up.
        let fields =
            [("DialCallStatus", "completed"), ("DialBridged", joined), ("DialCallSid", leg.sid.as_str())];
        self.callback(&action, &fields).await
    }

    /// Nobody picked up: tells the action of the `<Dial>`, with `no-answer`, `busy` or `failed`.
    ///
    /// # Errors
    ///
    /// As for [`Call::dial_over`].
    pub async fn not_picked_up(&mut self, status: &str) -> Result<&Element, CallError> {
        let action = self.rung().ok_or(CallError::NobodyRung)?.action.ok_or(CallError::NoAction)?;
        let fields = [("DialCallStatus", status), ("DialBridged", "false")];
        self.callback(&action, &fields).await
    }

    /// Where the document's first verb sends the call, after what it says, if it is a `<Redirect>`.
    pub fn redirected(&self) -> Option<&str> {
        let verb = self.document()?.children.iter().find(|verb| verb.name != "Say")?;
        let verb = Some(verb).filter(|verb| verb.name == "Redirect")?;
        Some(verb.text.trim())
    }

    /// Follows that `<Redirect>`.
    ///
    /// # Errors
    ///
    /// When there is none, or the answer is not TwiML with status 200.
    pub async fn follow(&mut self) -> Result<&Element, CallError> {
        let address = self.redirected().ok_or(CallError::NoRedirect)?.to_owned();
        self.callback(&address, &[]).await
    }
}

impl Leg {
    fn hear(&mut self, say: &Element) {
        self.heard.push((say.text.clone(), say.attribute("language").unwrap_or_default().to_owned()));
    }

    /// All that was whispered.
    pub fn words(&self) -> String {
        self.heard.iter().map(|(words, _)| words.as_str()).collect::<Vec<_>>().join(" ")
    }
}
