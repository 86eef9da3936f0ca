//! Telephone numbers of the account: pointing one here, and putting it back as it was.
//!
//! What a number asked before is kept twice before anything is changed: in a file and in the store. Numbers are never
//! bought, released or otherwise touched.
//!
//! <https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource>

mod book;
mod history;
mod wiring;

pub use book::{Book, BookError, Kept};
pub use history::{Change, Deed, before};
pub use wiring::{Difference, Owner, Places, Wiring};

use crate::ids::PhoneNumberSid;
pub use crate::twilio::rest::Number;
use crate::twilio::rest::{Client, Numbers, RestError};

/// How many numbers are listed at most: as many as fifty full pages have.
const MOST: usize = 5_000;

/// Why a number is not the one that was meant.
#[derive(Debug, thiserror::Error)]
pub enum NumberError {
    /// There is no such number.
    #[error("the account has no number {0}: `warmline number list` shows those it has")]
    Unknown(String),
    /// Twilio did not answer, or not with success.
    #[error("{0}")]
    Rest(#[from] RestError),
}

/// Every number of the account.
///
/// # Errors
///
/// When Twilio does not answer, or not with success.
pub async fn all(client: &Client) -> Result<Vec<Number>, RestError> {
    client.numbers(&Numbers::default(), MOST).await
}

/// The number of the account that is written so: in E.164, or as its SID.
///
/// # Errors
///
/// When there is none, or Twilio does not answer with success.
pub async fn find(client: &Client, written: &str) -> Result<Number, NumberError> {
    if let Ok(sid) = written.parse::<PhoneNumberSid>() {
        return match client.number(&sid).await {
            Err(RestError::NotFound(_)) => Err(NumberError::Unknown(written.to_owned())),
            read => Ok(read?),
        };
    }
    // Twilio's filter finds parts of numbers too.
    let which = Numbers { phone_number: Some(written.to_owned()), page_size: None };
    let found = client.numbers(&which, MOST).await?;
    let exact = found.into_iter().find(|number| number.phone_number == written);
    exact.ok_or_else(|| NumberError::Unknown(written.to_owned()))
}
