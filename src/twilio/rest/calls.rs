//! Calls: <https://www.twilio.com/docs/voice/api/call-resource>.

use serde::Deserialize;

use super::request::Request;
use super::{Client, Product, RestError};
use crate::ids::CallSid;

/// A call, as far as we read it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Call {
    /// Its name.
    pub sid: CallSid,
    /// `queued`, `ringing`, `in-progress`, `completed` and so on.
    pub status: String,
}

/// How an address is to be requested.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Method {
    /// With a form.
    #[default]
    Post,
    /// With parameters in the address.
    Get,
}

/// What is to become of a live call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallChange {
    /// It goes on with this document: 4,000 characters at most.
    Twiml(String),
    /// It goes on with the document at this address.
    Redirect(String, Method),
    /// It is hung up, whatever its state.
    Complete,
    /// It is given up before anybody answered.
    Cancel,
}

/// A call to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewCall {
    /// Whom to call.
    pub to: String,
    /// As whom.
    pub from: String,
    /// Where its document is.
    pub url: String,
    /// Who is told how it goes.
    pub status_callback: Option<String>,
    /// What is told: `initiated`, `ringing`, `answered`, `completed`.
    pub status_events: Vec<&'static str>,
    /// How long it may ring, in seconds.
    pub timeout: Option<u32>,
}

impl Method {
    /// The method with this name, if it is one that numbers can have.
    pub fn named(word: &str) -> Option<Self> {
        [Self::Post, Self::Get].into_iter().find(|method| method.word().eq_ignore_ascii_case(word))
    }

    /// The word for it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Get => "GET",
        }
    }
}

impl Client {
    /// Reads a call.
    ///
    /// # Errors
    ///
    /// When there is no answer, or none of success.
    pub async fn call(&self, call: &CallSid) -> Result<Call, RestError> {
        self.ask(Request::get(Product::Api, &self.call_path(&json_name(call)))).await
    }

    /// Changes a live call.
    ///
    /// # Errors
    ///
    /// When there is no answer, or none of success: 21220 says that the call is over.
    pub async fn change_call(&self, call: &CallSid, change: &CallChange) -> Result<Call, RestError> {
        let request = Request::post(Product::Api, &self.call_path(&json_name(call)));
        self.ask(match change {
            CallChange::Twiml(document) => request.field("Twiml", Some(document)),
            CallChange::Redirect(url, method) => {
                request.field("Url", Some(url)).field("Method", Some(method.word()))
            }
            CallChange::Complete => request.field("Status", Some("completed")),
            CallChange::Cancel => request.field("Status", Some("canceled")),
        })
        .await
    }

    /// Makes a call.
    ///
    /// # Errors
    ///
    /// When there is no answer, or none of success. After [`RestError::Late`] and [`RestError::Lost`] the telephone may
    /// ring all the same.
    pub async fn make_call(&self, call: &NewCall) -> Result<Call, RestError> {
        let request =
            Request::post(Product::Api, &["2010-04-01", "Accounts", self.account().as_str(), "Calls.json"])
                .field("To", Some(&call.to))
                .field("From", Some(&call.from))
                .field("StatusCallback", call.status_callback.as_ref())
                .fields("StatusCallbackEvent", &call.status_events)
                .field("Timeout", call.timeout)
                .field("Url", Some(&call.url));
        self.ask(request).await
    }

    fn call_path<'a>(&'a self, name: &'a str) -> [&'a str; 5] {
        ["2010-04-01", "Accounts", self.account().as_str(), "Calls", name]
    }
}

fn json_name(call: &CallSid) -> String {
    format!("{call}.json")
}
