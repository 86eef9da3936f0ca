//! The account: <https://www.twilio.com/docs/iam/api/account>.

use serde::Deserialize;

use super::request::Request;
use super::{Client, Product, RestError};

/// An account, as far as we read it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Account {
    /// `active`, `suspended` or `closed`.
    pub status: String,
    /// `Trial` or `Full`.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// What time it was at Twilio, as HTTP writes it.
    #[serde(skip)]
    pub date: Option<String>,
}

impl Client {
    /// Reads the account. An API key may not do this; the account's own token may.
    ///
    /// # Errors
    ///
    /// When there is no answer, or none of success.
    pub async fn read_account(&self) -> Result<Account, RestError> {
        let name = format!("{}.json", self.account());
        let answer = self.send(&Request::get(Product::Api, &["2010-04-01", "Accounts", &name])).await?;
        let account: Account = serde_json::from_value(answer.body).map_err(|_| RestError::Broken)?;
        Ok(Account { date: answer.date, ..account })
    }
}
