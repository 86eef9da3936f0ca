//! One phone call: its webhooks in order, and the sessions between them.
//!
//! <https://www.twilio.com/docs/voice/twiml#request-parameters>

use std::collections::BTreeMap;
use std::fmt;

use secrecy::SecretString;
use serde_json::{Value, json};
use url::Url;

use super::conversation::Conversation;
use super::error::CallError;
use super::line::{Answer, Twilio, resolve};
use super::listening::{Ending, Listener};
use super::noun::Noun;
use super::speech::Rate;
use super::wire::Wire;
use crate::clock;
use crate::pii::Pii;
use crate::twiml::Element;

/// A call, from the first ring. What the server answers last is its [`Call::document`].
pub struct Call {
    twilio: Twilio,
    sid: String,
    from: Pii<String>,
    to: String,
    status: &'static str,
    more: Vec<(String, String)>,
    request: Option<Request>,
    document: Option<Element>,
}

/// The last webhook, kept to be sent again.
#[derive(Clone)]
struct Request {
    url: String,
    fields: Vec<(String, String)>,
    idempotency_token: String,
}

impl Call {
    pub(super) fn new(twilio: Twilio, from: &str, to: &str) -> Self {
        Self {
            twilio,
            sid: sid("CA"),
            from: from.into(),
            to: to.to_owned(),
            status: "ringing",
            more: Vec::new(),
            request: None,
            document: None,
        }
    }

    /// The call's identifier.
    pub fn sid(&self) -> &str {
        &self.sid
    }

    /// The document Twilio runs now: the last answer.
    pub fn document(&self) -> Option<&Element> {
        self.document.as_ref()
    }

    /// Sets a field of every request from now on, such as `ForwardedFrom`, or replaces one that is there.
    pub fn set(&mut self, name: &str, value: &str) {
        self.more.retain(|(known, _)| known != name);
        self.more.push((name.to_owned(), value.to_owned()));
    }

    /// From now on the call's requests reach another node behind the same public address.
    pub fn reach(&mut self, base: Url) {
        self.twilio = self.twilio.reached_at(base);
    }

    /// Signs with another token, or none, from now on.
    pub fn sign_with(&mut self, auth_token: Option<SecretString>) {
        self.twilio = self.twilio.signing_with(auth_token);
    }

    /// Rings: asks the number's Voice URL what to do.
    ///
    /// # Errors
    ///
    /// When the answer is not TwiML with status 200.
    pub async fn dial(&mut self) -> Result<&Element, CallError> {
        let url = self.twilio.public("/voice/incoming");
        self.request(url, &[("StirVerstat", "TN-Validation-Passed-A")]).await
    }

    /// Takes over a document that was meant for another call.
    pub fn steal_document(&mut self, other: &Self) {
        self.document.clone_from(&other.document);
        self.request.clone_from(&other.request);
    }

    /// Asks an address of the last document (or an absolute one) what to do, with these fields beside the
    /// usual ones. The answer is the call's document from then on.
    ///
    /// # Errors
    ///
    /// When the answer is not TwiML with status 200.
    pub async fn callback(&mut self, address: &str, fields: &[(&str, &str)]) -> Result<&Element, CallError> {
        let url = self.resolve(address)?;
        self.request(url, fields).await
    }

    /// Tells an address something that decides nothing, such as a status; whatever it answers is returned.
    ///
    /// # Errors
    ///
    /// When there is no answer at all.
    pub async fn notify(&self, address: &str, fields: &[(&str, &str)]) -> Result<Answer, CallError> {
        self.twilio.post(&self.resolve(address)?, &self.fields_and(fields), &hex()).await
    }

    /// Who calls.
    pub(super) fn caller(&self) -> &str {
        self.from.expose()
    }

    /// Asks an address with these fields in place of the call's own: another leg.
    pub(super) async fn ask_apart(
        &self,
        address: &str,
        fields: &[(&str, String)],
    ) -> Result<Answer, CallError> {
        let mut sent = self.fields();
        sent.retain(|(name, _)| fields.iter().all(|(replaced, _)| replaced != name));
        sent.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        self.twilio.post(&self.resolve(address)?, &sent, &hex()).await
    }

    /// Sends the last request once more, as Twilio does when an answer got lost.
    ///
    /// # Errors
    ///
    /// When the answer is not TwiML with status 200.
    pub async fn repeat(&mut self) -> Result<&Element, CallError> {
        let request = self.request.clone().ok_or(CallError::NothingToRepeat)?;
        self.run(request).await
    }

    /// Opens the session the document asks for. The greeting is being played when this returns.
    ///
    /// # Errors
    ///
    /// When the document asks for none, or its socket cannot be opened.
    pub async fn connect(&mut self, rate: Rate) -> Result<Conversation, CallError> {
        let mut conversation = self.open(rate).await?;
        let setup = self.setup(&conversation);
        conversation.listener.wire.push(&setup);
        conversation.listener.greet();
        conversation.listener.send().await?;
        self.status = "in-progress";
        Ok(conversation)
    }

    /// Opens the socket and says nothing, not even `setup`; nor is there a greeting.
    ///
    /// # Errors
    ///
    /// When the document asks for no session, or its socket cannot be opened.
    pub async fn open(&self, rate: Rate) -> Result<Conversation, CallError> {
        let noun = self.document.as_ref().and_then(Noun::read).ok_or(CallError::NoSession)?;
        let wire = Wire::open(self.twilio.handshake(&noun.url)?).await?;
        Ok(Conversation { listener: Listener::new(sid("VX"), noun, wire, rate) })
    }

    /// The first frame of a session of this call.
    pub fn setup(&self, conversation: &Conversation) -> Value {
        self.setup_of(conversation.session(), &conversation.noun().parameters)
    }

    /// The first frame of a session with this identifier.
    pub(super) fn setup_of(&self, session: &str, parameters: &BTreeMap<String, String>) -> Value {
        json!({
            "type": "setup",
            "sessionId": session,
            "accountSid": self.twilio.account_sid(),
            "parentCallSid": "",
            "callSid": self.sid,
            "from": self.from.expose(),
            "to": self.to,
            "forwardedFrom": self.field("ForwardedFrom"),
            "callType": "PSTN",
            "callerName": self.field("CallerName"),
            "direction": "inbound",
            "callStatus": self.status.to_uppercase().replace('-', "_"),
            "customParameters": parameters,
        })
    }

    /// The session began, outside of [`Call::connect`].
    pub(super) fn answered(&mut self) {
        self.status = "in-progress";
    }

    /// Tells the session's action how it ended, and takes what the call does next.
    ///
    /// # Errors
    ///
    /// When the session is not over or has no action, or the answer is not TwiML with status 200.
    pub async fn finish(&mut self, conversation: Conversation) -> Result<&Element, CallError> {
        let Listener { session, noun, ending, opened, ended, .. } = conversation.listener;
        let ending = ending.ok_or(CallError::StillOpen)?;
        let seconds = ended.unwrap_or_else(clock::now).saturating_duration_since(opened).as_secs();
        let mut fields = vec![("SessionId", session), ("SessionDuration", seconds.to_string())];
        let mut failed = |code: u32, message: String| {
            fields.extend([("ErrorCode", code.to_string()), ("ErrorMessage", message)]);
            "failed"
        };
        let status = match ending {
            Ending::Lost { .. } => failed(64105, "Websocket ended".to_owned()),
            Ending::Failed { code, message } => failed(code, message),
            Ending::HungUp => {
                self.status = "completed";
                "completed"
            }
            Ending::Ended { handoff_data } => {
                fields.extend(handoff_data.map(|data| ("HandoffData", data)));
                "ended"
            }
        };
        fields.push(("SessionStatus", status.to_owned()));
        let action = noun.action.ok_or(CallError::NoAction)?;
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.callback(&action, &fields).await
    }

    /// An address as the last document means it.
    fn resolve(&self, address: &str) -> Result<String, CallError> {
        let document = self.request.as_ref().map_or_else(|| self.twilio.public("/"), |last| last.url.clone());
        Ok(resolve(&Url::parse(&document).map_err(|_| CallError::Address)?, address))
    }

    async fn request(&mut self, url: String, fields: &[(&str, &str)]) -> Result<&Element, CallError> {
        let fields = self.fields_and(fields);
        self.run(Request { url, fields, idempotency_token: hex() }).await
    }

    fn fields_and(&self, more: &[(&str, &str)]) -> Vec<(String, String)> {
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.fields().into_iter().chain(more).collect()
    }

    async fn run(&mut self, request: Request) -> Result<&Element, CallError> {
        let Request { url, fields, idempotency_token } = self.request.insert(request);
        let answer = self.twilio.post(url, fields, idempotency_token).await?;
        Ok(self.document.insert(answer.twiml()?))
    }

    fn field(&self, name: &str) -> &str {
        self.more.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// What every voice request carries, in Twilio's words.
    fn fields(&self) -> Vec<(String, String)> {
        let from = self.from.expose().as_str();
        let mut fields = vec![
            ("AccountSid".to_owned(), self.twilio.account_sid()),
            ("ApiVersion".to_owned(), "2010-04-01"),
            ("CallSid".to_owned(), &self.sid),
            ("CallStatus".to_owned(), self.status),
            ("Direction".to_owned(), "inbound"),
        ];
        let ends = [("From", from), ("Caller", from), ("To", self.to.as_str()), ("Called", self.to.as_str())];
        for (end, number) in ends {
            let caller = matches!(end, "From" | "Caller");
            let place = if caller { ["OAKLAND", "CA", "94601", "US"] } else { ["", "", "", "US"] };
            fields.push((end.to_owned(), number));
            fields.extend(
                ["City", "State", "Zip", "Country"].map(|part| format!("{end}{part}")).into_iter().zip(place),
            );
        }
        fields.retain(|(name, _)| self.more.iter().all(|(replaced, _)| replaced != name));
        let fields = fields.into_iter().map(|(name, value)| (name, value.to_owned()));
        fields.chain(self.more.iter().cloned()).collect()
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("sid", &self.sid).finish_non_exhaustive()
    }
}

pub(super) fn sid(prefix: &str) -> String {
    format!("{prefix}{}", hex())
}

/// 32 random hex digits.
fn hex() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    format!("{:032x}", u128::from_be_bytes(bytes))
}
