//! Telephone numbers: <https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource>.

use serde::Deserialize;

use super::calls::Method;
use super::request::Request;
use super::{Client, Product, RestError};
use crate::ids::PhoneNumberSid;

/// How many are on a page.
const PAGE: usize = 100;

/// A number of the account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Number {
    /// Its name.
    pub sid: PhoneNumberSid,
    /// The number itself, in E.164.
    pub phone_number: String,
    /// What people call it.
    #[serde(default)]
    pub friendly_name: Option<String>,
    /// What is asked when a call comes in, …
    #[serde(default)]
    pub voice_url: Option<String>,
    /// … how, …
    #[serde(default)]
    pub voice_method: Option<String>,
    /// … and what is asked where that fails.
    #[serde(default)]
    pub voice_fallback_url: Option<String>,
    /// How that is asked.
    #[serde(default)]
    pub voice_fallback_method: Option<String>,
    /// Who is told how calls end, …
    #[serde(default)]
    pub status_callback: Option<String>,
    /// … and how.
    #[serde(default)]
    pub status_callback_method: Option<String>,
    /// An application that stands in place of the addresses.
    #[serde(default)]
    pub voice_application_sid: Option<String>,
    /// A trunk that stands in place of the addresses.
    #[serde(default)]
    pub trunk_sid: Option<String>,
}

/// Which numbers to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Those that match this number, or a part of it with `*`.
    pub phone_number: Option<String>,
    /// How many are on a page.
    pub page_size: Option<usize>,
}

/// What is to change. What is `None` stays; an empty text clears.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NumberChange {
    /// What is asked when a call comes in, …
    pub voice_url: Option<String>,
    /// … how, …
    pub voice_method: Option<Method>,
    /// … what is asked where that fails, …
    pub voice_fallback_url: Option<String>,
    /// … and how.
    pub voice_fallback_method: Option<Method>,
    /// Who is told how calls end, …
    pub status_callback: Option<String>,
    /// … and how.
    pub status_callback_method: Option<Method>,
    /// The application in place of the addresses.
    pub voice_application_sid: Option<String>,
    /// The trunk in place of the addresses.
    pub trunk_sid: Option<String>,
}

impl Client {
    /// Lists numbers.
    ///
    /// # Errors
    ///
    /// When there is no answer, or none of success.
    pub async fn numbers(&self, which: &Numbers, most: usize) -> Result<Vec<Number>, RestError> {
        let path = ["2010-04-01", "Accounts", self.account().as_str(), "IncomingPhoneNumbers.json"];
        let request = Request::get(Product::Api, &path)
            .query("PhoneNumber", which.phone_number.as_ref())
            .query("PageSize", Some(which.page_size.unwrap_or(PAGE)));
        self.list(request, "incoming_phone_numbers", most).await
    }

    /// Reads a number.
    ///
    /// # Errors
    ///
    /// When there is no answer, or none of success.
    pub async fn number(&self, number: &PhoneNumberSid) -> Result<Number, RestError> {
        let name = format!("{number}.json");
        self.ask(Request::get(Product::Api, &self.number_path(&name))).await
    }

    /// Changes a number.
    ///
    /// # Errors
    ///
    /// When there is no answer, or none of success.
    pub async fn change_number(
        &self,
        number: &PhoneNumberSid,
        change: &NumberChange,
    ) -> Result<Number, RestError> {
        let name = format!("{number}.json");
        let request = Request::post(Product::Api, &self.number_path(&name))
            .field("StatusCallback", change.status_callback.as_ref())
            .field("StatusCallbackMethod", change.status_callback_method.map(Method::word))
            .field("VoiceApplicationSid", change.voice_application_sid.as_ref())
            .field("VoiceFallbackMethod", change.voice_fallback_method.map(Method::word))
            .field("VoiceFallbackUrl", change.voice_fallback_url.as_ref())
            .field("VoiceMethod", change.voice_method.map(Method::word))
            .field("VoiceUrl", change.voice_url.as_ref())
            .field("TrunkSid", change.trunk_sid.as_ref());
        self.ask(request).await
    }

    fn number_path<'a>(&'a self, name: &'a str) -> [&'a str; 5] {
        ["2010-04-01", "Accounts", self.account().as_str(), "IncomingPhoneNumbers", name]
    }
}
