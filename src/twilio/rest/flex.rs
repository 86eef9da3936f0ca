//! Interactions of Flex: <https://www.twilio.com/docs/flex/developer/conversations/interactions-api>.

use serde::Deserialize;
use serde_json::Value;

use super::request::Request;
use super::{Client, Product, RestError};

/// An interaction, as far as we read it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Interaction {
    /// Its name, `KD…`.
    pub sid: String,
}

impl Client {
    /// Brings a conversation to Flex. A success says that it was accepted, and no more.
    ///
    /// # Errors
    ///
    /// When there is no answer, or none of success.
    pub async fn make_interaction(&self, channel: &Value, routing: &Value) -> Result<Interaction, RestError> {
        let request = Request::post(Product::Flex, &["v1", "Interactions"])
            .field("Channel", Some(channel))
            .field("Routing", Some(routing));
        self.ask(request).await
    }
}
